"""Tiny and large views of made-up plans, for the tests of the maps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np

from maps import (
    Basemap,
    Comparison,
    Label,
    MapCase,
    MapPlace,
    MapResponder,
    MapRoute,
    MapRow,
    MapStop,
    Outline,
    PlanView,
    Roads,
    Summary,
)

SHANGHAI = timezone(timedelta(hours=8))
AT = datetime(2026, 5, 1, 14, 0, tzinfo=SHANGHAI)
WEST, SOUTH = 115.60, 32.10
TIERS = ("critical", "high", "medium", "low")
KINDS = ("station", "town", "village", "county")
FRAUDS = ("impersonated_police", "fake_jobs", "investment", "customer_service", "loan")


def place(number: str = "A-1", lon: float = WEST + 0.05, lat: float = SOUTH + 0.05, **over) -> MapPlace:
    return MapPlace(
        **{
            "id": f"{number}/0",
            "lon": lon,
            "lat": lat,
            "radius_metres": 300.0,
            "label": "秀水街道沿河村",
            **over,
        }
    )


def case(number: str = "A-1", **over) -> MapCase:
    given = {
        "id": number,
        "tier": "critical",
        "fraud_type": "impersonated_police",
        "stake_yuan": 96_000.0,
        "amount_yuan": 120_000.0,
        "hazard_per_hour": 2.0,
        "places": (place(number),),
        "name": "李某",
        "phone": "138****0001",
        "reasons": (("预警等级为特高危", "risk is critical"),),
    }
    return MapCase(**{**given, **over})


def responder(number: str = "P-1", **over) -> MapResponder:
    given = {
        "id": number,
        "kind": "station",
        "name": "城关派出所一组",
        "lon": WEST + 0.02,
        "lat": SOUTH + 0.02,
        "phone": "0376-000110",
        "shift": (-360.0, 240.0),
    }
    return MapResponder(**{**given, **over})


def stop(of: MapCase, contact: float = 12.0, **over) -> MapStop:
    there = of.places[0]
    given = {
        "id": f"S-{of.id}",
        "case_id": of.id,
        "place_id": there.id,
        "drive_minutes": 10.0,
        "arrive": contact - 2,
        "contact": contact,
        "leave": contact + 30,
        "search_minutes": 2.0,
        "leg": np.array([[WEST + 0.02, SOUTH + 0.02], [WEST + 0.02, there.lat], [there.lon, there.lat]]),
        "leg_metres": 5200.0,
    }
    return MapStop(**{**given, **over})


def summary(planned: int = 1, left_out: int = 1, **over) -> Summary:
    given = {
        "received": 24 + planned + left_out,
        "rejected": 2,
        "not_yet": 2,
        "no_visit": 20,
        "planned": planned,
        "left_out": left_out,
        "nobody_yuan": 180_000.0,
        "expected_yuan": 74_000.0,
        "averted_yuan": 106_000.0,
        "share_reached_30_minutes": 0.5,
        "nearest": Comparison("nearest", planned, left_out, 91_000.0, 89_000.0, 0.4),
        "no_visit_reasons": ((("电话已劝阻", "persuaded by phone"), 20),),
        "rejected_reasons": ((("坐标系：应为 WGS84 等", "datum: expected WGS84 …"), 2),),
    }
    return Summary(**{**given, **over})


def view(**over) -> PlanView:
    """One case visited by one crew, one case nobody goes to."""
    seen = case()
    missed = case(
        "A-2",
        tier="high",
        stake_yuan=40_000.0,
        places=(place("A-2", WEST + 0.09, SOUTH + 0.03),),
        name="王某",
        left_out=("没有道路可达（沿河村）", "no road leads to 沿河村"),
    )
    given = {
        "area": "固始县",
        "at": AT,
        "horizon_minutes": 720.0,
        "summary": summary(),
        "cases": (seen, missed),
        "responders": (responder(), responder("P-2", name="城关派出所二组")),
        "routes": (MapRoute("P-1", (stop(seen),), home=55.0, averted_yuan=61_000.0),),
        "basemap": basemap(),
        "attribution": "© OpenStreetMap contributors",
    }
    return PlanView(**{**given, **over})


def night(**over) -> PlanView:
    """A night with one of everything: tiers, kinds, two towns, a doubtful place, none at all, rows that are no case."""
    people = [
        case("A-1", town="秀水街道", county="固始县", instruction="【指令 1/2】S-A-1 李某", cadre_instruction="【指令 1/2】S-A-1",
             obvious=("最近的城关派出所二组 8 分钟可到", "the nearest could be there in 8 min"), price_yuan=1_200.0),
        case("A-2", tier="high", fraud_type="loan", stake_yuan=60_000.0, name="王某", town="蓼城街道", county="固始县",
             places=(place("A-2", WEST + 0.08, SOUTH + 0.08), place("A-2", WEST + 0.02, SOUTH + 0.09, id="A-2/1", source="fix",
                     radius_metres=800.0, probability=0.3, age_minutes=12.0)), instruction="【指令 2/2】S-A-2"),
        case("A-3", tier="medium", fraud_type="investment", stake_yuan=50_000.0, name="张某", town="蓼城街道", county="固始县",
             places=(place("A-3", WEST + 0.03, SOUTH + 0.03, label="蓼城街道东关村"),)),
        case("A-4", tier="high", fraud_type="loan", stake_yuan=40_000.0, name="赵某", town="秀水街道", county="固始县",
             duty_id="P-2", places=(place("A-4", WEST + 0.09, SOUTH + 0.03),),
             left_out=("没有道路可达（沿河村）", "no road leads to 沿河村"),
             review=(("最可能的地点误差约 2000 米", "known to about 2000 m only"),), review_yuan=21_000.0),
        case("A-5", tier="critical", stake_yuan=30_000.0, name="钱某", places=(), left_out=("没有可用地点", "no usable place")),
    ]  # fmt: skip
    crews = (
        responder(areas=("411525",), jurisdiction="固始县", base="城关派出所"),
        responder("P-2", name="城关派出所二组", shift=(30.0, 240.0)),
        responder("V-1", kind="village", name="东关村干部", profile="foot", phone="0376-000222",
                  lon=WEST + 0.035, lat=SOUTH + 0.035),
        responder("V-2", kind="village", name="沿河村干部", status="off"),
    )  # fmt: skip
    one, two, three = (people[at] for at in range(3))
    routes = (
        MapRoute("P-1", (stop(one, earliest=9.0, latest=19.0), stop(two, 60.0, wait_minutes=6.0)),
                 home=110.0, averted_yuan=61_000.0),
        MapRoute("V-1", (stop(three, 20.0),), home=65.0, averted_yuan=9_000.0),
    )  # fmt: skip
    rows = (
        MapRow("#62", "rejected", ("坐标系：应为 WGS84", "datum: expected WGS84")),
        MapRow("B-9", "notYet", ("预警时间晚于方案时刻", "alerted later")),
        MapRow("C-7", "noVisit", ("电话已劝阻", "persuaded by phone")),
        MapRow("A-2b", "noVisit", ("与警情 A-2 为同一人，已合并", "same person as case A-2"), "A-2"),
    )
    given = {
        "cases": tuple(people),
        "responders": crews,
        "routes": routes,
        "rows": rows,
        "summary": summary(
            3,
            2,
            received=9,
            rejected=1,
            not_yet=1,
            no_visit=2,
            lower_bound_yuan=60_000.0,
            prices_yuan=1_000.0,
            gap_percent=25.0,
        ),
        "synthetic": True,  # a night that stands still
    }
    return view(**{**given, **over})


def basemap(columns: int = 12) -> Basemap:
    """A square of streets, one boundary, one river, one lake, a few names."""
    lines, ranks = [], []
    for step in range(columns + 1):
        share = 0.12 * step / columns
        rank = 2 if step == columns // 2 else 4 if step % 3 == 0 else 6
        lines += [
            np.array([[WEST + share, SOUTH], [WEST + share, SOUTH + 0.12]]),
            np.array([[WEST, SOUTH + share], [WEST + 0.12, SOUTH + share]]),
        ]
        ranks += [rank, rank]
    ring = np.array([[0, 0], [0.13, 0], [0.13, 0.13], [0, 0.13], [0, 0]]) + np.array(
        [WEST - 0.005, SOUTH - 0.005]
    )
    lake = np.array([[0, 0], [0.01, 0], [0.012, 0.008], [0, 0]]) + np.array([WEST + 0.08, SOUTH + 0.08])
    river = np.column_stack([WEST + np.linspace(0, 0.12, 9), SOUTH + 0.06 + 0.01 * np.sin(np.arange(9))])
    return Basemap(
        roads=roads(lines, ranks, ["中山大道" if rank == 2 else "" for rank in ranks]),
        water=(Outline("史河", "river", (river,)), Outline("秀水湖", "lake", (lake,))),
        boundaries=(Outline("固始县", "county", (ring,), "411525"),),
        labels=(
            Label("固始县", "county", WEST + 0.06, SOUTH + 0.07, 10),
            Label("秀水街道", "township", WEST + 0.03, SOUTH + 0.09, 5),
            Label("沿河村", "village", WEST + 0.05, SOUTH + 0.05, 1),
        ),
    )


def roads(lines, ranks, names) -> Roads:
    known = sorted({name for name in names if name})
    points = np.concatenate(lines)
    return Roads(
        points[:, 0],
        points[:, 1],
        np.cumsum([0, *(len(line) for line in lines)]),
        np.array(ranks, np.uint8),
        np.array([known.index(name) if name else -1 for name in names], np.int32),
        known,
    )


def day(cases: int = 60, crews: int = 14, seed: int = 0, ground: Basemap | None = None, **over) -> PlanView:
    """A whole made-up day: crews with routes of a few stops, and cases left out."""
    random = np.random.default_rng(seed)
    made = [_random_case(random, number) for number in range(cases)]
    team = [_random_responder(random, number) for number in range(crews)]
    seen = made[: int(cases * 0.8)]
    missed = [
        replace(
            one,
            left_out=(
                "能去的力量都在处置损失更大的警情",
                "everyone who may go is on cases with more to lose",
            ),
        )
        for one in made[len(seen) :]
    ]
    routes = [
        _random_route(crew, seen[number::crews]) for number, crew in enumerate(team) if seen[number::crews]
    ]
    given = {
        "cases": (*seen, *missed),
        "responders": tuple(team),
        "routes": tuple(routes),
        "summary": summary(len(seen), len(missed), averted_yuan=3_214_000.0, expected_yuan=1_930_000.0),
        "basemap": ground or basemap(),
    }
    return view(**{**given, **over})


def _random_case(random: np.random.Generator, number: int) -> MapCase:
    name = f"A-{number:05d}"
    spots = WEST + 0.12 * random.random(2), SOUTH + 0.12 * random.random(2)
    homes = place(name, spots[0][0], spots[1][0], probability=0.6)
    fix = place(
        name,
        spots[0][1],
        spots[1][1],
        id=f"{name}/1",
        probability=0.3,
        source="fix",
        radius_metres=800.0,
        age_minutes=12.0,
    )
    return case(
        name,
        tier=TIERS[number % 4],
        fraud_type=FRAUDS[number % len(FRAUDS)],
        stake_yuan=float(random.integers(5_000, 300_000)),
        hazard_per_hour=float(random.choice([0.2, 0.5, 1.0, 2.0])),
        due_minutes=60.0,
        late_yuan_per_minute=20.0,
        places=(homes, fix) if number % 3 == 0 else (homes,),
    )


def _random_responder(random: np.random.Generator, number: int) -> MapResponder:
    lon, lat = WEST + 0.12 * random.random(), SOUTH + 0.12 * random.random()
    return responder(f"P-{number}", kind=KINDS[number % 4], name=f"城关第{number + 1}组", lon=lon, lat=lat)


def _random_route(crew: MapResponder, visits: list[MapCase]) -> MapRoute:
    stops, here, clock = [], (crew.lon, crew.lat), 0.0
    for visit in visits:
        there = (visit.places[0].lon, visit.places[0].lat)
        clock += 14
        leg = np.array([here, (here[0], there[1]), there])
        stops.append(stop(visit, clock, leave=clock + 25, leg=leg))
        here, clock = there, clock + 25
    back = np.array([here, (crew.lon, here[1]), (crew.lon, crew.lat)])
    return MapRoute(crew.id, tuple(stops), home=clock + 15, averted_yuan=50_000.0 * len(stops), home_leg=back)
