"""Seeded dispatch days with short crews, on any terrain. What is drawn, and from what, stands here in one place.

Types of fraud, amounts, probabilities, hazards, deadlines, who may go and minutes of service are
those of data/triage.toml; prices those of data/planning.toml; visits a shift those of
data/duty.toml. The shares below are judgements of a county's afternoon, none is measured. They
were chosen before any policy was run on them and are the same for every size and place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from benchmarks.terrain import AT, Minutes, Settlement, Terrain, Town, chosen
from dispatch.domain import (
    KINDS,
    Case,
    Hold,
    Kind,
    Place,
    Prices,
    Problem,
    Profile,
    Responder,
    Shift,
    Tier,
)
from dispatch.intake.triage_rules import TriageRules
from dispatch.loss import quantise
from dispatch.settings import Duty, Planning, section

WORK_PER_CREW = (8.0, 15.0)
"""Visits for every crew on duty: drawn evenly, once a day."""
KIND_SHARES = {"station": 0.55, "town": 0.20, "village": 0.20, "county": 0.05}
TIER_SHARES = {"critical": 0.15, "high": 0.35, "medium": 0.35, "low": 0.15}
TYPE_SHARES = {
    "fake_jobs": 0.33, "investment": 0.15, "customer_service": 0.12, "shopping": 0.10, "impersonated_police": 0.08,
    "loan": 0.08, "acquaintance": 0.05, "romance": 0.04, "gaming": 0.03, "other": 0.02,
}  # fmt: skip
AMOUNT_SIGMA = 0.8
"""Amounts are lognormal about the type's, with this spread."""
HAZARD_FACTORS = (1.0, 1.1, 1.3, 1.56, 1.95)
"""Warned again, on the phone, disbelieving, and these together."""
AGE_MINUTES = 15.0
"""Mean time since the last sign that the money was there."""
POLICE_SHARE = {"critical": 0.6, "high": 0.4, "medium": 0.1, "low": 0.05}
FEMALE_NEEDED, FEMALE_ON_CREW = 0.04, 0.3
WINDOW_SHARE, HOLD_SHARE = 0.08, 0.2
PLACES_SHARES = (0.6, 0.3, 0.1)
"""One, two, three candidate places."""
PROBABILITIES = ((0.9,), (0.6, 0.3), (0.45, 0.3, 0.2))
HOME_SCATTER_KM, FIX_SCATTER_KM = 0.3, 1.5
FIX_ELSEWHERE = 0.4
"""A second place is in another settlement altogether, else near home."""
BREAK_SHARE, BUSY_SHARE = 0.33, 0.3
KM_PER_DEGREE = 111.2


@dataclass(frozen=True, slots=True)
class Crowd:
    """Cases and responders without roads: what a day is made of."""

    cases: tuple[Case, ...]
    responders: tuple[Responder, ...]


def make_day(terrain: Terrain, visits: int, seed: int) -> Problem:
    """A day of so many cases; the same for the same terrain, number and seed."""
    crowd = make_crowd(terrain, visits, np.random.default_rng([seed, visits]))
    return measured(crowd.cases, crowd.responders, terrain.minutes)


def make_crowd(terrain: Terrain, visits: int, rng: np.random.Generator, prefix: str = "") -> Crowd:
    """Cases and short crews; ids begin with `prefix`."""
    crews = max(2, round(visits / float(rng.uniform(*WORK_PER_CREW))))
    responders = _responders(terrain, crews, rng, prefix)
    rules = section(TriageRules, "triage")
    cases = [_case(terrain, rules, rng, f"{prefix}c{number}") for number in range(visits)]
    hazards, classes = quantise([case.hazard_per_hour for case in cases])
    return Crowd(
        tuple(
            replace(case, hazard_per_hour=float(hazard), hazard_class=int(number))
            for case, hazard, number in zip(cases, hazards, classes, strict=True)
        ),
        tuple(responders),
    )


def measured(cases: Sequence[Case], responders: Sequence[Responder], minutes: Minutes) -> Problem:
    """The problem of these, with the minutes of a terrain."""
    planning = section(Planning, "planning")
    places = [place for case in cases for place in case.places]
    points = np.array([(place.lon, place.lat) for place in places], np.float64).reshape(-1, 2)
    stands = list(dict.fromkeys((one.lon, one.lat) for one in responders))
    number = {stand: row for row, stand in enumerate(stands)}
    bases = np.array(stands, np.float64).reshape(-1, 2)
    profiles = sorted({one.profile for one in responders}) or ["car"]
    return Problem(
        at=AT,
        horizon_minutes=planning.horizon_minutes,
        cases=tuple(cases),
        responders=tuple(responders),
        base_index={one.id: number[one.lon, one.lat] for one in responders},
        place_index={place.id: row for row, place in enumerate(places)},
        travel={profile: minutes(profile, bases, points) for profile in profiles},
        prices=Prices(dict(planning.neighbour_yuan), planning.drive_yuan_per_minute, planning.strict),
    )


def _case(terrain: Terrain, rules: TriageRules, rng: np.random.Generator, name: str) -> Case:
    tier = cast("Tier", _one_of(TIER_SHARES, rng))
    fraud = _one_of(TYPE_SHARES, rng)
    kind, table = rules.fraud_types[fraud], rules.tiers[tier]
    amount = kind.amount_yuan * float(rng.lognormal(-(AMOUNT_SIGMA**2) / 2.0, AMOUNT_SIGMA))
    chance = min(rules.most_probability, kind.transfer_probability * table.transfer_probability_factor)
    hazard = min(kind.hazard_per_hour * float(rng.choice(HAZARD_FACTORS)), rules.hazard.most_per_hour)
    age = float(rng.exponential(AGE_MINUTES))
    police = bool(rng.random() < POLICE_SHARE[tier])
    female = bool(rng.random() < FEMALE_NEEDED)
    may_go = set(table.first) | (set(table.follow) if age >= table.follow_after_minutes else set())
    if police or female:
        may_go |= {"station", "county"}
    opens = float(rng.uniform(15.0, 120.0)) if rng.random() < WINDOW_SHARE else 0.0
    closes = opens + float(rng.uniform(60.0, 240.0)) if opens else np.inf
    held = rng.random() < HOLD_SHARE
    hold = Hold(float(rng.uniform(15.0, 90.0)), float(rng.choice((0.0, 0.1, 0.3))))
    long = float(rng.lognormal(0.0, 0.3))
    return Case(
        id=name,
        tier=tier,
        fraud_type=fraud,
        stake_yuan=round(amount * chance * float(np.exp(-hazard * age / 60.0)), 2),  # minutes -> hours
        hazard_per_hour=hazard,
        places=_places(terrain, rng, name),
        amount_yuan=round(amount, 2),
        transfer_probability=chance,
        safe_minutes_ago=age,
        service_minutes={kind: round(rules.service_minutes[kind] * long, 1) for kind in KINDS},
        needs=frozenset({"police"} if police else set()) | frozenset({"female"} if female else set()),
        window=(opens, closes),
        due_minutes=max(0.0, table.due_minutes - age),
        late_yuan_per_minute=table.late_yuan_per_minute,
        hold=hold if held else None,
        may_go=frozenset(may_go),
    )


def _places(terrain: Terrain, rng: np.random.Generator, name: str) -> tuple[Place, ...]:
    count = int(rng.choice(len(PLACES_SHARES), p=PLACES_SHARES))
    weights = [one.weight for one in terrain.settlements]
    home = terrain.settlements[int(chosen(weights, 1, rng)[0])]
    made = []
    for number, probability in enumerate(PROBABILITIES[count]):
        there, scatter, radius = home, HOME_SCATTER_KM, float(rng.uniform(30.0, 150.0))
        if number:
            scatter, radius = FIX_SCATTER_KM, float(rng.uniform(150.0, 800.0))
            if rng.random() < FIX_ELSEWHERE:
                there = terrain.settlements[int(chosen(weights, 1, rng)[0])]
        town = terrain.towns[there.town]
        made.append(
            _place(
                there, town, rng, name=f"{name}/{number}", spread=(scatter, radius), probability=probability
            )
        )
    return tuple(made)


def _place(
    there: Settlement,
    town: Town,
    rng: np.random.Generator,
    *,
    name: str,
    spread: tuple[float, float],
    probability: float,
) -> Place:
    """Scattered about a settlement; `spread` is by how many km, and the radius in metres to be searched."""
    scatter, radius = spread
    east, north = rng.normal(0.0, scatter / KM_PER_DEGREE, 2)
    return Place(
        id=name,
        lon=there.lon + float(east) / float(np.cos(np.radians(there.lat))),
        lat=there.lat + float(north),
        radius_metres=radius,
        probability=probability,
        source="home" if name.endswith("/0") else "fix",
        county=town.county,
        township=town.code,
        village=there.code,
        search_minutes=round(2.0 + radius / 80.0, 1),  # 12 minutes for 800 m
    )


def _responders(terrain: Terrain, crews: int, rng: np.random.Generator, prefix: str) -> list[Responder]:
    """Stations spread over the counties by residents, each answering for the towns nearest to it."""
    kinds: list[Kind] = ["station", "county"]
    kinds += [cast("Kind", _one_of(KIND_SHARES, rng)) for _ in range(crews - 2)]
    lived = np.bincount(
        [one.town for one in terrain.settlements],
        [one.weight for one in terrain.settlements],
        minlength=len(terrain.towns),
    )
    seats = _spread(terrain, lived, kinds.count("station"), rng)
    duty, answers = section(Duty, "duty"), _answers(terrain, seats)
    made = []
    for number, kind in enumerate(kinds):
        town_number = seats.pop() if kind == "station" else int(chosen(lived.tolist(), 1, rng)[0])
        town = terrain.towns[town_number]
        lon, lat, own, neighbours = town.lon, town.lat, answers.get(town_number, {town.code}), {town.county}
        if kind == "town":
            own = {town.code}
        elif kind == "county":
            own, neighbours = {town.county}, {"*"}
        elif kind == "village":
            mine = [one for one in terrain.settlements if one.town == town_number]
            home = mine[int(rng.integers(len(mine)))]
            lon, lat, own, neighbours = home.lon, home.lat, {home.code}, {town.code}
        skills = {"police"} if kind in {"station", "county"} else set()
        if rng.random() < FEMALE_ON_CREW:
            skills.add("female")
        pause = float(rng.uniform(30.0, 150.0))
        breaks = (pause, pause + 30.0) if rng.random() < BREAK_SHARE else (None, None)
        made.append(
            Responder(
                id=f"{prefix}r{number}",
                kind=kind,
                name=f"{town.code} {kind}",
                lon=lon,
                lat=lat,
                shift=Shift(-60.0, float(rng.uniform(180.0, 540.0)), *breaks),
                profile=cast("Profile", duty.profile[kind]),
                skills=frozenset(skills),
                jurisdiction=frozenset(own),
                neighbours=frozenset(neighbours),
                max_visits=duty.max_visits[kind],
                free_at_minutes=float(rng.uniform(5.0, 60.0)) if rng.random() < BUSY_SHARE else 0.0,
            )
        )
    return made


def _spread(terrain: Terrain, lived: np.ndarray, stations: int, rng: np.random.Generator) -> list[int]:
    """Numbers of the towns that have a station: counties in turn by residents, towns by residents within."""
    counties = sorted({town.county for town in terrain.towns})
    towns_of = {
        name: [row for row, town in enumerate(terrain.towns) if town.county == name] for name in counties
    }
    people = {name: float(sum(lived[row] for row in towns_of[name])) for name in counties}
    given = dict.fromkeys(counties, 0)
    seats: list[int] = []
    for _ in range(stations):
        name = max(counties, key=lambda one: (people[one] / (2 * given[one] + 1), one))  # Sainte-Laguë
        given[name] += 1
        free = [row for row in towns_of[name] if row not in seats] or towns_of[name]
        seats.append(free[int(chosen([float(lived[row]) + 1e-9 for row in free], 1, rng)[0])])
    return seats


def _answers(terrain: Terrain, seats: Sequence[int]) -> dict[int, set[str]]:
    """By seat the codes of the towns of its county nearest to it."""
    answers: dict[int, set[str]] = {}
    for town in terrain.towns:
        mine = [row for row in set(seats) if terrain.towns[row].county == town.county]
        if mine:
            nearest = min(
                mine,
                key=lambda row: (
                    (terrain.towns[row].lon - town.lon) ** 2 + (terrain.towns[row].lat - town.lat) ** 2
                ),
            )
            answers.setdefault(nearest, set()).add(town.code)
    return answers


def _one_of(shares: dict[str, float], rng: np.random.Generator) -> str:
    return list(shares)[int(chosen(list(shares.values()), 1, rng)[0])]
