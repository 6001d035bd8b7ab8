"""Located cases, people on duty and roads become one `Problem`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dispatch import loss
from dispatch.area import Area
from dispatch.day.request import Rules
from dispatch.domain import Case, Plan, Prices, Problem, Responder, TravelMinutes
from dispatch.roads.closures import Closure, applied
from dispatch.roads.travel import Leg, Travel

Point = tuple[float, float]
Minutes = Callable[[str, NDArray[np.float64], NDArray[np.float64]], TravelMinutes]
"""Profile, bases (n, 2), places (m, 2), lon and lat → the minutes between them."""


def open_roads(
    area: Area,
    responders: Iterable[Responder],
    at: datetime,
    rules: Rules,
    closures: Sequence[Closure] = (),
) -> dict[str, Travel]:
    """One `Travel` per profile somebody on duty uses, at the speeds of that hour, by the roads open then."""
    return {
        profile: Travel(
            area.network,
            profile,
            departure=at,
            closures=applied(closures, profile, at),
            speeds=rules.speeds,
            cache=area.cache_folder(),
        )
        for profile in sorted({responder.profile for responder in responders})
    }


def build_problem(
    cases: Sequence[Case],
    responders: Sequence[Responder],
    travels: Mapping[str, Travel],
    at: datetime,
    rules: Rules,
    *,
    minutes: Minutes | None = None,
) -> Problem:
    """The moment's decision: hazards in at most eight classes, minutes between all points.

    Responders who share a base share a row of the travel minutes. `minutes`, given a profile,
    the bases and the places, says them where they need not all be measured on the roads.
    """
    measure = minutes or (lambda name, bases, places: travels[name].problem_minutes(bases, places))
    bases = {(round(one.lon, 6), round(one.lat, 6)): 0 for one in responders}
    base_number = {point: number for number, point in enumerate(bases)}
    places = [place for case in cases for place in case.places]
    base_points = np.array(list(bases), float).reshape(-1, 2)
    place_points = np.array([(place.lon, place.lat) for place in places], float).reshape(-1, 2)
    planning = rules.planning
    return Problem(
        at=at,
        horizon_minutes=planning.horizon_minutes,
        cases=_classed(cases),
        responders=tuple(responders),
        base_index={one.id: base_number[round(one.lon, 6), round(one.lat, 6)] for one in responders},
        place_index={place.id: number for number, place in enumerate(places)},
        travel={name: measure(name, base_points, place_points) for name in travels},
        prices=Prices(
            neighbour_yuan=planning.neighbour_yuan,
            drive_yuan_per_minute=planning.drive_yuan_per_minute,
            strict=planning.strict,
            balance_yuan=planning.balance_yuan,
        ),
        min_stake_yuan=rules.triage.min_stake_yuan,
    )


def roads_driven(problem: Problem, plan: Plan, travels: Mapping[str, Travel]) -> dict[str, Leg]:
    """The road to each stop by stop id, and home by ``<responder id>/home``."""
    points = {place.id: (place.lon, place.lat) for case in problem.cases for place in case.places}
    names: dict[str, list[str]] = {profile: [] for profile in travels}
    ends: dict[str, list[tuple[Point, Point]]] = {profile: [] for profile in travels}
    for responder, route in zip(problem.responders, plan.routes, strict=True):
        base = (responder.lon, responder.lat)
        here = problem.start_points.get(responder.id, base)
        way = [here, *(points[stop.place_id] for stop in route.stops), base]
        if route.stops:
            names[responder.profile] += [*(stop.id for stop in route.stops), f"{responder.id}/home"]
            ends[responder.profile] += pairwise(way)
    legs: dict[str, Leg] = {}
    for profile, pairs in ends.items():
        driven = travels[profile].paths([one for one, _ in pairs], [other for _, other in pairs])
        legs |= dict(zip(names[profile], driven, strict=True))
    return legs


def _classed(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Every part of the program computes with the same quantised hazard."""
    if not cases:
        return ()
    hazards, classes = loss.quantise([case.hazard_per_hour for case in cases])
    return tuple(
        replace(case, hazard_per_hour=float(hazard), hazard_class=int(number))
        for case, hazard, number in zip(cases, hazards, classes, strict=True)
    )
