"""Tiny worlds: a test names only what it is about.

The world is flat and measured in minutes: `at=10` or `at=(10, 5)` is where something
stands, and a drive takes |dx| + |dy| minutes by car, times the profile's slowness. Now is 14:00.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
from hypothesis import strategies as st

from dispatch.domain import (
    KINDS,
    TIERS,
    Case,
    Hold,
    LeftOut,
    Place,
    Plan,
    Prices,
    Problem,
    Responder,
    Route,
    Shift,
    Stop,
    Told,
    TravelMinutes,
)

NOW = datetime(2026, 5, 1, 14, 0, tzinfo=timezone(timedelta(hours=8), "Asia/Shanghai"))
HORIZON_MINUTES = 360.0
ORIGIN = (111.0, 22.0)
DEGREES_PER_MINUTE = 0.001
SLOWNESS = {"car": 1.0, "motorcycle": 1.5, "foot": 6.0}

Point = float | tuple[float, float]


def lonlat(at: Point) -> tuple[float, float]:
    """The world's minutes as degrees."""
    x, y = at if isinstance(at, tuple) else (at, 0.0)
    return ORIGIN[0] + x * DEGREES_PER_MINUTE, ORIGIN[1] + y * DEGREES_PER_MINUTE


def place(at: Point = 10.0, **given: Any) -> Place:
    """A place where the person surely is, in village v1 of town t1; its id comes from the case."""
    lon, lat = lonlat(at)
    fields: dict[str, Any] = {
        "id": "",
        "radius_metres": 50.0,
        "probability": 1.0,
        "county": "k1",
        "township": "t1",
        "village": "v1",
    }
    return Place(lon=lon, lat=lat, **(fields | given))


def case(name: str = "c1", at: Point = 10.0, places: Sequence[Place] | None = None, **given: Any) -> Case:
    """A critical case of 60,000 yuan losing 1 % a minute at first; anyone may go, 10 minutes on site."""
    where = [place(at)] if places is None else places
    named = tuple(_named(one, f"{name}/{number}") for number, one in enumerate(where))
    fields: dict[str, Any] = {
        "tier": "critical",
        "fraud_type": "investment",
        "stake_yuan": 60_000.0,
        "hazard_per_hour": 0.6,
        "service_minutes": dict.fromkeys(KINDS, 10.0),
    }
    return Case(id=name, places=named, **(fields | given))


def responder(name: str = "r1", at: Point = 0.0, shift_minutes: float = 480.0, **given: Any) -> Responder:
    """A station car on duty for eight hours from now, answering for town t1."""
    lon, lat = lonlat(at)
    fields: dict[str, Any] = {
        "kind": "station",
        "name": f"crew {name}",
        "shift": Shift(0.0, shift_minutes),
        "jurisdiction": frozenset({"t1"}),
    }
    return Responder(id=name, lon=lon, lat=lat, **(fields | given))


def problem(
    responders: Sequence[Responder] = (),
    cases: Sequence[Case] = (),
    *,
    no_road: Collection[str] = (),
    no_way_back: Collection[str] = (),
    starts: Mapping[str, Point] | None = None,
    **given: Any,
) -> Problem:
    """The problem of these; no road leads to the places `no_road`, none home from `no_way_back`.

    `starts` is where responders set out from, by id; the others set out from their base.
    """
    bases = list(dict.fromkeys((one.lon, one.lat) for one in responders))
    points = [*bases, *map(lonlat, (starts or {}).values())]
    places = [one for each in cases for one in each.places]
    fields: dict[str, Any] = {
        "at": NOW,
        "horizon_minutes": HORIZON_MINUTES,
        "base_index": {one.id: bases.index((one.lon, one.lat)) for one in responders},
        "place_index": {one.id: number for number, one in enumerate(places)},
        "start_points": {who: lonlat(at) for who, at in (starts or {}).items()},
        "start_index": {who: len(bases) + number for number, who in enumerate(starts or {})},
        "travel": {
            profile: _travel(points, places, slow, no_road, no_way_back) for profile, slow in SLOWNESS.items()
        },
    }
    return Problem(cases=tuple(cases), responders=tuple(responders), **(fields | given))


def _travel(
    bases: Sequence[tuple[float, float]],
    places: Sequence[Place],
    slow: float,
    no_road: Collection[str],
    no_way_back: Collection[str],
) -> TravelMinutes:
    base = np.array(bases, dtype=np.float64).reshape(-1, 2)
    spot = np.array([(one.lon, one.lat) for one in places], dtype=np.float64).reshape(-1, 2)

    def minutes(origins: np.ndarray, targets: np.ndarray) -> np.ndarray:
        metric = np.abs(origins[:, None, :] - targets[None, :, :]).sum(axis=2)
        return np.round(metric / DEGREES_PER_MINUTE * slow, 6)

    out, home, between = minutes(base, spot), minutes(spot, base), minutes(spot, spot)
    for number, one in enumerate(places):
        if one.id in no_road:
            out[:, number] = math.inf
            between[:, number] = math.inf
        if one.id in no_way_back:
            home[number, :] = math.inf
    return TravelMinutes(out, home, between)


def _named(one: Place, name: str) -> Place:
    return one if one.id else replace(one, id=name)


def stop(name: str = "r1:1", case_id: str = "c1", place_id: str = "c1/0", **given: Any) -> Stop:
    """A stop ten minutes away, contact on arrival, ten minutes long."""
    fields: dict[str, Any] = {
        "drive_minutes": 10.0,
        "arrive": 10.0,
        "wait_minutes": 0.0,
        "search_minutes": 0.0,
        "contact": 10.0,
        "leave": 20.0,
    }
    return Stop(id=name, case_id=case_id, place_id=place_id, **(fields | given))


def plan(routes: Sequence[Route] = (), left_out: Sequence[LeftOut] = (), **given: Any) -> Plan:
    """A plan by hand."""
    fields: dict[str, Any] = {"id": "p", "policy": "by hand"}
    return Plan(routes=tuple(routes), left_out=tuple(left_out), **(fields | given))


# --- any day at all (hypothesis) ------------------------------------------------------------

_TOWNS = ("t1", "t2", "t3")
_POINTS = st.tuples(st.integers(0, 30), st.integers(0, 30))
_POLICE = frozenset({"police"})


def rarely(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Mostly `usual`; each of `others` now and then."""
    return st.integers(0, 3 * len(others) + len(others) - 1).map(
        lambda pick: others[pick % len(others)] if pick >= 3 * len(others) else usual
    )


@st.composite
def shifts(draw: st.DrawFn) -> Shift:
    """A shift that may have begun, end soon, or hold a break."""
    start = float(draw(st.integers(-60, 40)))
    end = start + draw(rarely(st.integers(120, 480), st.integers(0, 90)).flatmap(lambda one: one))
    if draw(st.booleans()) or end - start < 60:
        return Shift(start, end)
    pause = start + draw(st.integers(0, int(end - start) - 40))
    return Shift(start, end, pause, pause + draw(st.integers(1, 40)))


@st.composite
def crews(draw: st.DrawFn, number: int) -> Responder:
    """A responder of any kind: mostly free, able and entitled; or busy, off, or a stranger."""
    return responder(
        f"r{number}",
        at=draw(_POINTS),
        kind=draw(rarely("station", "village", "county", "town")),
        shift=draw(shifts()),
        profile=draw(rarely("car", "motorcycle", "foot")),
        skills=draw(rarely(_POLICE, frozenset(), frozenset({"police", "female"}))),
        jurisdiction=draw(rarely(frozenset(_TOWNS), frozenset({"t1"}), frozenset({"t2"}), frozenset())),
        neighbours=draw(st.sampled_from((frozenset({"k1"}), frozenset({"*"}), frozenset[str]()))),
        max_visits=draw(rarely(10, 0, 1, 2)),
        free_at_minutes=draw(rarely(0.0, 25.0, 500.0)),
        status=draw(rarely("free", "busy", "off")),
    )


@st.composite
def spots(draw: st.DrawFn) -> list[Place]:
    """Up to three candidate places whose probabilities sum to at most 1."""
    count = draw(rarely(1, 2, 3, 0))
    shares = [draw(st.integers(2, 10)) for _ in range(count)]
    whole = max(10, sum(shares))
    return [
        place(
            draw(_POINTS),
            probability=share / whole,
            township=draw(rarely("t1", "t2", "t3", None)),
            search_minutes=draw(rarely(0.0, 7.0)),
        )
        for share in shares
    ]


@st.composite
def alarms(draw: st.DrawFn, number: int) -> Case:
    """A case with any of: window, due moment, hold, needs, several places."""
    opens = draw(rarely(0.0, 30.0))
    due = draw(rarely(math.inf, 15.0, 60.0))
    return case(
        f"c{number}",
        places=draw(spots()),
        tier=draw(st.sampled_from(TIERS)),
        stake_yuan=draw(st.sampled_from((20_000.0, 300_000.0, 60_000.0, 800.0, 0.0))),
        hazard_per_hour=draw(st.sampled_from((1.0, 0.3, 3.0, 0.0))),
        service_minutes=dict.fromkeys(KINDS, float(draw(st.integers(0, 30)))) | {"village": 5.0},
        needs=draw(rarely(frozenset(), _POLICE, frozenset({"female"}))),
        window=(opens, opens + draw(rarely(math.inf, 45.0))),
        due_minutes=due,
        late_yuan_per_minute=0.0 if math.isinf(due) else 20.0,
        hold=draw(rarely(None, Hold(40.0, 0.0), Hold(90.0, 0.2))),
        may_go=draw(rarely(frozenset(KINDS), frozenset({"station"}), frozenset({"village", "town"}))),
    )


@st.composite
def days(draw: st.DrawFn, most_responders: int = 4, most_cases: int = 7, under_way: bool = False) -> Problem:
    """Any day: crews short or absent, cases none, unreachable, pinned, or worth nothing.

    With `under_way` a day that has begun: crews away from their base, stops that are fixed,
    people told who comes when, cases that need two, and prices on changes and on long routes.
    """
    hands_free = draw(st.integers(1, most_responders)) if draw(rarely(True, False)) else 0
    team = [draw(crews(number)) for number in range(hands_free)]
    wanted = [draw(alarms(number)) for number in range(draw(st.integers(0, most_cases)))]
    if under_way:
        kinds = st.sampled_from((frozenset({"village"}), frozenset({"station"}), frozenset(KINDS)))
        wanted = [replace(one, partners=draw(kinds)) if draw(rarely(False, True)) else one for one in wanted]
        hosts = st.sampled_from((frozenset({"r0"}), frozenset({"r0", "r1", "gone"})))
        wanted = [
            replace(one, refused_by=draw(hosts)) if draw(rarely(False, True)) else one for one in wanted
        ]
    ids = [one.id for each in wanted for one in each.places]
    cut = draw(st.frozensets(st.sampled_from(ids), max_size=1)) if ids else frozenset[str]()
    stranded = draw(st.frozensets(st.sampled_from(ids), max_size=1)) if ids else frozenset[str]()
    hands = [*[one.id for one in team], "", "nobody knows"]
    pinned: dict[str, str] = {}
    if wanted and draw(rarely(False, True)):
        pinned = {draw(st.sampled_from(wanted)).id: draw(st.sampled_from(hands))}
    prices = Prices(
        neighbour_yuan={"station": 500.0, "village": 2_000.0},
        drive_yuan_per_minute=draw(st.sampled_from((3.0, 0.0, 50.0))),
        strict=draw(rarely(False, True)),
        change_yuan=draw(st.sampled_from((0.0, 300.0, 20_000.0))) if under_way else 0.0,
        moved_minutes=draw(st.sampled_from((15.0, 0.0))) if under_way else 15.0,
        balance_yuan=draw(st.sampled_from((0.0, 200.0, 5_000.0))) if under_way else 0.0,
    )
    more: dict[str, Any] = {}
    if under_way:
        free = [one for one in wanted if one.id not in pinned]
        more = {
            "starts": {one.id: draw(_POINTS) for one in team if draw(rarely(False, True))},
            "heads": draw(heads(team, free, cut | stranded)),
            "told": {
                one.id: draw(promises(one, hands)) for one in wanted if one.places and draw(st.booleans())
            },
            "max_changes": draw(st.sampled_from((None, 0, 1, 2))),
        }
    return problem(
        team,
        wanted,
        no_road=cut,
        no_way_back=stranded,
        prices=prices,
        pinned=pinned,
        min_stake_yuan=draw(rarely(0.0, 1_000.0)),
        cut_off=dict.fromkeys(cut, "G325 K12") if draw(st.booleans()) else {},
        **more,
    )


@st.composite
def heads(
    draw: st.DrawFn, team: Sequence[Responder], wanted: Sequence[Case], shunned: Collection[str]
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Fixed first stops of some responders, at places a road leads to and from; pairs where two are needed."""
    fixed: dict[str, tuple[tuple[str, str], ...]] = {}
    for one in wanted:
        open_places = [each.id for each in one.places if each.id not in shunned]
        if not team or not open_places or not draw(rarely(False, True)):
            continue
        goes = [draw(st.sampled_from(team))]
        if one.partners:
            others = [who for who in team if who.id != goes[0].id and who.kind in one.partners]
            if not others:
                continue
            goes.append(draw(st.sampled_from(others)))
        stop = (one.id, draw(st.sampled_from(open_places)))
        for who in goes:
            fixed[who.id] = (*fixed.get(who.id, ()), stop)
    return fixed


@st.composite
def promises(draw: st.DrawFn, one: Case, hands: Sequence[str]) -> Told:
    """What was told about a case: by chance what will be planned, mostly not."""
    return Told(
        draw(st.sampled_from(hands)),
        draw(st.sampled_from(one.places)).id,
        float(draw(st.integers(0, 90))),
        draw(st.sampled_from(hands)) if one.partners and draw(st.booleans()) else None,
    )


def big_day(
    *,
    cases: int,
    crews: int,
    cadres: int = 0,
    seed: int = 0,
    counties: int = 5,
    towns: int = 20,
    villages: int = 16,
) -> Problem:
    """A seeded day as large as asked: police crews by town, a squad a county, cadres by village.

    Towns lie in a square of `towns` × 25 square minutes or so, villages around their town.
    """
    rng = np.random.default_rng(seed)
    side = 12.0 * math.sqrt(towns * counties)
    centres = rng.uniform(0, side, (counties * towns, 2))
    spread = rng.normal(0, 5, (counties * towns, villages, 2))

    def codes(town: int, village: int) -> dict[str, str]:
        return {"county": f"k{town // towns}", "township": f"t{town}", "village": f"t{town}v{village}"}

    def spot(town: int, village: int) -> tuple[float, float]:
        x, y = centres[town] + spread[town, village]
        return float(x), float(y)

    team = []
    for number in range(crews):
        town = number % len(centres)
        county = f"k{town // towns}"
        kind = "county" if number % 20 == 19 else "station"
        own = {county} if kind == "county" else {f"t{town}"}
        pause = Shift(-120, 360, 240, 270) if number % 3 == 0 else Shift(-120, 360)
        team.append(
            responder(
                f"r{number}",
                (float(centres[town, 0]), float(centres[town, 1])),
                kind=kind,
                shift=pause,
                skills=frozenset({"police"}),
                jurisdiction=frozenset(own),
                neighbours=frozenset({"*"} if kind == "county" else {county}),
            )
        )
    for number in range(cadres):
        town, village = number % len(centres), number // len(centres) % villages
        team.append(
            responder(
                f"z{number}",
                spot(town, village),
                kind="village",
                profile="motorcycle",
                jurisdiction=frozenset({f"t{town}v{village}"}),
                neighbours=frozenset({f"t{town}"}),
            )
        )
    wanted = []
    for number in range(cases):
        town, village = int(rng.integers(len(centres))), int(rng.integers(villages))
        other = int(rng.integers(villages))
        home = place(spot(town, village), probability=0.7, search_minutes=2.0, **codes(town, village))
        fix = place(spot(town, other), probability=0.25, search_minutes=8.0, **codes(town, other))
        police = bool(rng.random() < 0.5)
        wanted.append(
            case(
                f"c{number}",
                places=[home, fix] if rng.random() < 0.4 else [home],
                tier=TIERS[int(rng.integers(4))],
                stake_yuan=float(np.round(rng.lognormal(10, 1))),
                hazard_per_hour=float(rng.choice((0.15, 0.4, 0.8, 1.5, 2.5))),
                needs=frozenset({"police"}) if police else frozenset(),
                service_minutes=dict.fromkeys(KINDS, 25.0),
            )
        )
    prices = Prices({"station": 800.0, "village": 1_500.0, "county": 300.0}, drive_yuan_per_minute=3.0)
    return problem(team, wanted, prices=prices)
