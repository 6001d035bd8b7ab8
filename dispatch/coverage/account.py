"""A coverage as plain values: what `coverage.json` holds, tables and maps are drawn from, two of which compare.

Shares close: within the goal + uncovered + no road + no known place = 1, of all demand.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.area import Area
from dispatch.coverage.demand import DemandPoint
from dispatch.coverage.hypercube import NOBODY
from dispatch.coverage.reach import Reach, percentile
from dispatch.coverage.supply import on_shift
from dispatch.domain import KINDS
from dispatch.errors import BadInput, MissingInput, SchemaError
from dispatch.intake.ground import Ground

SCHEMA = 1
FILE = "coverage.json"
USUAL_GOAL_MINUTES = 30.0
BLUR_DEGREES = 0.01
"""Where no village is known, an alert is shown in a cell of some kilometre, never at its door."""
Account = dict[str, Any]


def account(
    area: Area, reached: Reach, goal_minutes: float | None = None, inputs: Mapping[str, str] | None = None
) -> Account:
    """Everything a reader is told; infinite minutes are None.

    Parameters
    ----------
    goal_minutes
        One of the thresholds: what "uncovered" means. 30 where that is one, else the middle one.
    inputs
        Name of an option → name of the file it named.

    Raises
    ------
    BadInput
        The goal is none of the thresholds.
    """
    supply, demand, ground = reached.supply, reached.demand, Ground(area.gazetteer)
    goal = goal_of(reached.thresholds, goal_minutes)
    points = _points(reached, ground)
    units = [_unit(reached, goal, ("area", "", area.name), None)]
    for level, key in (("county", "county"), ("town", "town")):
        codes = np.array([getattr(one, key) for one in demand.points], dtype=object)
        units += [
            _unit(reached, goal, (level, code, ground.name(code)), codes == code)
            for code in sorted(set(codes))
        ]
    duty = supply.on_duty
    return {
        "schema": SCHEMA,
        "kind": "reach",
        "area": {
            "name": area.name,
            "folder": area.folder.name if area.folder else "",
            "hash": area.hash,
            "synthetic": area.synthetic,
            "time_zone": area.time_zone,
        },
        "at": supply.at.isoformat(),
        "minutes": list(reached.thresholds),
        "goal_minutes": goal,
        "unit": demand.unit,
        "total": demand.total,
        "per_hour": reached.load.per_hour if reached.load else None,
        "busy_model": None
        if reached.load is None
        else ("hypercube" if reached.load.exact else "hypercube, approximate"),
        "median_minutes": _finite(percentile(reached, 0.5)),
        "ninetieth_minutes": _finite(percentile(reached, 0.9)),
        "on_duty": {kind: sum(one.kind == kind for one in duty) for kind in KINDS},
        "known": {kind: sum(one.kind == kind for one in supply.everyone) for kind in KINDS},
        "added": sorted(supply.added),
        "closures": len([one for one in supply.closures if one.in_force(supply.at)]),
        "inputs": dict(inputs or {}),
        "units": units,
        "points": points,
        "responders": _responders(reached),
    }


def goal_of(thresholds: Sequence[float], goal: float | None) -> float:
    """The threshold "uncovered" is measured by."""
    if goal is None:
        return USUAL_GOAL_MINUTES if USUAL_GOAL_MINUTES in thresholds else thresholds[len(thresholds) // 2]
    if goal not in thresholds:
        raise BadInput(
            f"--goal is {goal:g}; expected one of --minutes: {', '.join(f'{one:g}' for one in thresholds)}"
        )
    return goal


def _unit(
    reached: Reach, goal: float, where: tuple[str, str, str], rows: NDArray[np.bool_] | None
) -> dict[str, Any]:
    """The figures of one unit, `where` being its level, code and name."""
    level, code, name = where
    weight = reached.demand.weights
    at = reached.thresholds.index(goal)
    within = reached.share(reached.within, rows)
    no_road, unplaced = (
        float(reached.share(reached.no_road, rows)),
        float(reached.share(reached.unplaced, rows)),
    )
    return {
        "level": level,
        "code": code,
        "name": name,
        "points": int(len(weight) if rows is None else rows.sum()),
        "weight": float(weight.sum() if rows is None else weight[rows].sum()),
        "within": within.tolist(),
        "twice": reached.share(reached.twice, rows).tolist(),
        "expected": None if reached.expected is None else reached.share(reached.expected, rows).tolist(),
        "by_kind": {kind: reached.share(reached.by_kind[n], rows).tolist() for n, kind in enumerate(KINDS)},
        "uncovered": max(0.0, 1.0 - float(within[at]) - no_road - unplaced),
        "no_road": no_road,
        "unplaced": unplaced,
    }


def _points(reached: Reach, ground: Ground) -> dict[str, list[Any]]:
    """One column each; an alert is shown at its village, or in a coarse cell, never at its door."""
    demand, found, crew = reached.demand, reached.found, reached.supply.responders
    first_spot = np.full(len(demand.points), NOBODY)
    for spot in np.lexsort((-demand.spots.weight, demand.spots.point))[::-1]:
        first_spot[demand.spots.point[spot]] = spot  # the likeliest place comes last, and stays
    who = [_names(found.who[spot], crew) if spot != NOBODY else ("", "") for spot in first_spot]
    shown = [
        _shown(one, ground, blur=demand.days is not None and one.hour is not None) for one in demand.points
    ]
    return {
        "id": [one.id for one in demand.points],
        "name": [one.name for one in demand.points],
        "county": [ground.name(one.county) for one in demand.points],
        "town": [ground.name(one.town) for one in demand.points],
        "lon": [lon for lon, _ in shown],
        "lat": [lat for _, lat in shown],
        "weight": demand.weights.tolist(),
        "nearest": [_finite(one) for one in reached.nearest],
        "second": [_finite(one) for one in reached.second],
        "first_responder": [first for first, _ in who],
        "second_responder": [second for _, second in who],
        "within": reached.within.round(6).T.tolist(),
        "expected": None if reached.expected is None else reached.expected.round(6).T.tolist(),
        "no_road": reached.no_road.round(6).tolist(),
        "unplaced": reached.unplaced.round(6).tolist(),
    }


def _names(numbers: NDArray[np.int64], crew: Sequence[Any]) -> tuple[str, str]:
    first, second = (crew[int(one)].name if one != NOBODY else "" for one in numbers[:2])
    return first, second


def _shown(point: DemandPoint, ground: Ground, *, blur: bool) -> tuple[float | None, float | None]:
    place = max(point.case.places, key=lambda one: one.probability, default=None)
    if place is None:
        return None, None
    if not blur:
        return place.lon, place.lat
    if place.village and ground.name(place.village):
        spot = ground.spot(place.village)
        return spot.lon, spot.lat
    return tuple(
        round((math.floor(one / BLUR_DEGREES) + 0.5) * BLUR_DEGREES, 6) for one in (place.lon, place.lat)
    )  # type: ignore[return-value]


def _responders(reached: Reach) -> dict[str, list[Any]]:
    """Who can be sent, with how busy each is; nothing personal."""
    supply, found = reached.supply, reached.found
    first = found.who[:, 0] != NOBODY
    taken = np.bincount(
        found.who[first, 0], reached.demand.spots.weight[first], minlength=len(supply.responders)
    )
    return {
        "id": [one.id for one in supply.responders],
        "kind": [one.kind for one in supply.responders],
        "name": [one.name for one in supply.responders],
        "lon": [one.lon for one in supply.responders],
        "lat": [one.lat for one in supply.responders],
        "profile": [one.profile for one in supply.responders],
        "on_duty": [on_shift(one) for one in supply.responders],
        "added": [one.id in supply.added for one in supply.responders],
        "first_for_weight": taken.round(3).tolist(),
        "busy_share": None if reached.load is None else reached.load.share.round(4).tolist(),
    }


def _finite(minutes: float) -> float | None:
    return round(float(minutes), 3) if math.isfinite(minutes) else None


def read_account(folder: Path) -> Account:
    """The account of a folder that `dispatch coverage reach` wrote.

    Raises
    ------
    MissingInput, SchemaError, BadInput
        No such folder; of another version; damaged.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        raise MissingInput(path, "dispatch coverage reach AREA --out DIR")
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        datetime.fromisoformat(given["at"])
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError, RecursionError) as cause:
        raise BadInput(f"{path} is damaged ({str(cause)[:80]}); make it again") from cause
    if given.get("schema") != SCHEMA or given.get("kind") != "reach":
        raise SchemaError(
            f"{path} is {given.get('kind')!r:.30} of schema {given.get('schema')!r:.10}, expected 'reach' of {SCHEMA}"
        )
    expected = {
        "minutes": list,
        "units": list,
        "points": dict,
        "responders": dict,
        "total": (int, float),
        "area": dict,
        "unit": str,
    }
    for key, kind in expected.items():
        if not isinstance(given.get(key), kind):  # type: ignore[arg-type]
            raise BadInput(f"{path}: {key} is missing or damaged; make it again")
    return dict(given)
