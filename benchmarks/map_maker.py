"""Made-up days of any size for measuring maps: ``map_view(cases, seed)``.

Invented roads (`road_maker`), towns the cases crowd around, 300 routes of 200 points each and
everybody else left out; texts as long and as different as in the practice area. Nobody in it
exists, and it says nothing but how long a browser takes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

import maps
from benchmarks.road_maker import road_network
from dispatch.roads.network import Network

ROUTES, ROUTE_POINTS, STOPS = 300, 200, 5
ROAD_NODES = 74_000  # as many junctions as give 100,000 edges
CREWS_IDLE = 1_200
AT = datetime(2026, 5, 1, 14, 0, tzinfo=timezone(timedelta(hours=8)))
TIERS, TIER_SHARE = ("critical", "high", "medium", "low"), (0.06, 0.24, 0.40, 0.30)
FRAUDS = ("impersonated_police", "fake_jobs", "investment", "customer_service", "loan")
HAZARDS = (0.05, 0.12, 0.28, 0.45, 0.7, 1.1, 2.1, 3.0)
KINDS = ("station", "town", "village", "county")
SURNAMES, GIVEN = "陈李黄梁林吴何邓周杨张朱", "明丽华强芳伟玲军敏静涛霞勇艳杰"
REASONS = (
    ("预警等级为特高危", "risk is critical"),
    ("电话劝阻四次未接通", "four calls were not answered"),
    ("被害人不信劝阻", "does not believe the caller"),
    ("线路一直占线", "the line is always busy"),
)
OUT = tuple(
    (f"能去的力量都在处置损失更大的警情（第 {n} 片区）", f"everyone who may go is on cases with more to lose (part {n})")
    for n in range(40)
)  # fmt: skip

Floats = NDArray[np.float64]


def map_view(
    cases: int, seed: int = 1, *, road_nodes: int = ROAD_NODES, routes: int = ROUTES
) -> maps.PlanView:
    """A day of `cases` cases; the first ones are planned, `STOPS` a route."""
    random = np.random.default_rng(seed)
    network = road_network(road_nodes, seed)
    junctions = np.column_stack([network.node_lon, network.node_lat])
    towns = junctions[random.choice(len(junctions), 80, replace=False)]
    crews = [
        _crew(number, spot, random) for number, spot in enumerate(_crowd(towns, routes + CREWS_IDLE, random))
    ]
    spots = _crowd(towns, cases, random)
    near = min(cases, routes * STOPS)  # those who are visited live around their crew
    spots[:near] = [(crews[number // STOPS].lon, crews[number // STOPS].lat) for number in range(near)]
    spots[:near] += random.normal(0, 0.02, (near, 2))
    made = [_case(number, spot, random) for number, spot in enumerate(spots)]
    plans, planned = [], 0
    for crew in crews[:routes]:
        mine = made[planned : planned + STOPS]
        planned += len(mine)
        if mine:
            plans.append(_route(crew, mine, random))
    shown = [_with(one, number, planned) for number, one in enumerate(made)]
    return maps.PlanView(
        area="测量用辖区",
        at=AT,
        horizon_minutes=720.0,
        summary=_summary(cases, planned),
        cases=tuple(shown),
        responders=tuple(crews),
        routes=tuple(plans),
        basemap=_ground(network, towns, random),
        attribution="演练数据",
        synthetic=True,
    )


def _crowd(towns: Floats, size: int, random: np.random.Generator) -> Floats:
    """Points around towns of very different size, (size, 2): lon, lat."""
    weight = 1 / np.arange(1, len(towns) + 1)
    of = random.choice(len(towns), size, p=weight / weight.sum())
    return towns[of] + random.normal(0, 0.03, (size, 2))


def _case(number: int, spot: Floats, random: np.random.Generator) -> maps.MapCase:
    village = f"第{int(random.integers(400))}村"
    places = [
        _place(f"A-{number:06d}/0", spot, village, source="home", probability=0.6, radius=80.0, age=None)
    ]
    if number % 3 == 0:
        fix = spot + random.normal(0, 0.01, 2)
        places.append(
            _place(
                f"A-{number:06d}/1",
                fix,
                village,
                source="fix",
                probability=0.35,
                radius=700.0,
                age=float(random.integers(1, 90)),
            )
        )
    amount = float(np.round(random.lognormal(10.5, 1.2), -2))
    return maps.MapCase(
        id=f"A-{number:06d}",
        tier=str(random.choice(TIERS, p=TIER_SHARE)),
        fraud_type=FRAUDS[number % len(FRAUDS)],
        stake_yuan=round(amount * float(random.uniform(0.3, 0.9)), 2),
        hazard_per_hour=HAZARDS[int(random.integers(8))],
        places=tuple(places),
        amount_yuan=amount,
        due_minutes=float(random.integers(30, 240)),
        late_yuan_per_minute=20.0,
        name=f"{random.choice(list(SURNAMES))}{random.choice(list(GIVEN))}{random.choice(list(GIVEN))}",
        phone=f"1{int(random.integers(3 * 10**9, 10**10)):010d}",
        address=f"第{number % 12}镇{village}{int(random.integers(1, 300))}号",
        note="" if number % 4 else f"自称正在办理业务，通话 {int(random.integers(1, 90))} 分钟",
        warnings=int(random.integers(1, 5)),
        reasons=REASONS[: 1 + number % 3],
        needs=("police",) if number % 5 == 0 else (),
    )


def _place(
    name: str,
    spot: Floats,
    village: str,
    *,
    source: str,
    probability: float,
    radius: float,
    age: float | None,
) -> maps.MapPlace:
    why = (f"{village}，误差约 {radius:.0f} 米", f"{village}, within about {radius:.0f} m")
    return maps.MapPlace(name, float(spot[0]), float(spot[1]), radius, probability, source, village, age, why)


def _with(one: maps.MapCase, number: int, planned: int) -> maps.MapCase:
    return one if number < planned else replace(one, left_out=OUT[number % len(OUT)])


def _crew(number: int, spot: Floats, random: np.random.Generator) -> maps.MapResponder:
    return maps.MapResponder(
        id=f"P-{number:05d}",
        kind=KINDS[int(random.choice(4, p=(0.25, 0.25, 0.4, 0.1)))],
        name=f"第{number}组",
        lon=float(spot[0]),
        lat=float(spot[1]),
        phone=f"0668-{number:06d}",
        shift=(-360.0, 240.0),
    )


def _route(crew: maps.MapResponder, visits: list[maps.MapCase], random: np.random.Generator) -> maps.MapRoute:
    """Legs that wander like roads, `ROUTE_POINTS` points in all, the way home included."""
    here, clock, stops = np.array([crew.lon, crew.lat]), 0.0, []
    leg_points = ROUTE_POINTS // (len(visits) + 1)
    for visit in visits:
        place = visit.places[0]
        there = np.array([place.lon, place.lat])
        clock += 12.0
        stops.append(
            maps.MapStop(
                id=f"S-{visit.id}",
                case_id=visit.id,
                place_id=place.id,
                drive_minutes=10.0,
                arrive=clock,
                contact=clock + 2.0,
                leave=clock + 25.0,
                search_minutes=2.0,
                leg=_wander(here, there, leg_points, random),
                leg_metres=float(np.hypot(*(there - here)) * 130_000),
            )
        )
        here, clock = there, clock + 25.0
    home = _wander(here, np.array([crew.lon, crew.lat]), ROUTE_POINTS - leg_points * len(visits), random)
    return maps.MapRoute(crew.id, tuple(stops), home=clock + 12, averted_yuan=50_000.0, home_leg=home)


def _wander(start: Floats, end: Floats, points: int, random: np.random.Generator) -> Floats:
    share = np.linspace(0, 1, points)[:, None]
    sway = np.cumsum(random.normal(0, 1, (points, 2)), axis=0)
    sway -= share * sway[-1]  # a bridge: it leaves and arrives where it should
    sway[0] = 0
    return start + share * (end - start) + sway * 0.0006


def _ground(network: Network, towns: Floats, random: np.random.Generator) -> maps.Basemap:
    roads = maps.Roads(
        network.shape_lon, network.shape_lat, network.shape_start,
        network.edge_class, network.edge_name, [str(name) for name in network.names],
    )  # fmt: skip
    labels = [
        maps.Label(f"第{n}镇", "township", float(at[0]), float(at[1]), 80.0 - n) for n, at in enumerate(towns)
    ]
    labels += [
        maps.Label(f"第{n}村", "village", float(at[0]), float(at[1]), 1.0)
        for n, at in enumerate(_crowd(towns, 2_000, random))
    ]
    return maps.Basemap(roads=roads, labels=tuple(labels))


def _summary(cases: int, planned: int) -> maps.Summary:
    return maps.Summary(
        received=cases,
        rejected=0,
        not_yet=0,
        no_visit=0,
        planned=planned,
        left_out=cases - planned,
        nobody_yuan=9e8,
        expected_yuan=8e8,
        averted_yuan=1e8,
        share_reached_30_minutes=0.1,
    )
