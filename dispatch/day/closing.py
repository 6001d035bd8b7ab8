"""What closures do to one plan: who is cut off by which, and which begin on a road it uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dispatch.area import Area
from dispatch.day.request import Request, Rules
from dispatch.domain import Place, Plan, Problem, Responder
from dispatch.reasons import Reason
from dispatch.roads.closure_file import REJECTED_COLUMNS, ClosureFile, read_closures
from dispatch.roads.closures import PASSABLE, Closure, applied
from dispatch.roads.network import Network
from dispatch.roads.travel import Leg, Travel
from dispatch.rules import clock_time
from dispatch.sending import NOWHERE, Roster

Floats = NDArray[np.float64]

NAMED = 5
"""Responders or closures a sentence lists before it says how many more."""


def closures_of(area: Area, request: Request, rules: Rules) -> ClosureFile:
    """What the closures file of the request says; nothing where there is none."""
    if request.closures is None:
        return ClosureFile((), pd.DataFrame(columns=list(REJECTED_COLUMNS)), ())
    return read_closures(request.closures, area.network, area.time_zone, rules.closures)


def cut_off(problem: Problem, travels: Mapping[str, Travel], closures: Sequence[Closure]) -> dict[str, str]:
    """Place id → name of the closure without which somebody who may go would get there and back.

    Only places nobody who may go reaches, and only closures in force that shut a road. Where
    none is alone in the way, those on the way are named together.
    """
    if not any(one.shut and one.in_force(problem.at) for one in closures):
        return {}
    roster = Roster.of(problem)
    nowhere = np.full(len(problem.responders), NOWHERE)
    detours: dict[str, _Detours] = {}
    named: dict[str, str] = {}
    for case in problem.cases:
        able = roster.unpinned(case) & roster.skilled(case)
        for place in case.places:
            allowed = able & roster.entitled(case, place)
            there, back, _ = roster.drives(nowhere, place)
            if not allowed.any() or np.isfinite(there + back)[allowed].any():
                continue
            for profile, rows in roster.profiles:
                who = [problem.responders[row] for row in rows[allowed[rows]]]
                if who and profile not in detours:
                    detours[profile] = _Detours(travels[profile], problem.at, closures)
                found = detours[profile].in_the_way(who, place) if who else []
                if found:
                    named[place.id] = "、".join(one.name for one in found[:NAMED])
                    break
    return named


class _Detours:
    """The roads of one profile as if shut ones could be crept along, and without one closure each."""

    def __init__(self, travel: Travel, at: datetime, closures: Sequence[Closure]) -> None:
        self.travel, self.at = travel, at
        self.closures = [one for one in closures if one.in_force(at) and travel.profile in one.profiles]
        self._creeping = self._under(self.closures, shut_factor=PASSABLE)
        self._without: dict[str, Travel] = {}

    def in_the_way(self, who: Sequence[Responder], place: Place) -> list[Closure]:
        """What shuts the way of the quickest of them: one closure if it alone does; none if no road leads."""
        bases = np.array([(one.lon, one.lat) for one in who])
        there = np.array([(place.lon, place.lat)])
        minutes = self._creeping.matrix(bases, there)[:, 0] + self._creeping.matrix(there, bases)[0]
        base = bases[[int(minutes.argmin())]]
        if not np.isfinite(minutes.min()):
            return []
        crossed = [*self._crossed(base, there), *self._crossed(there, base)]
        distinct = list({one.id: one for one in crossed}.values())
        for one in distinct if len(distinct) > 1 else ():
            without = self._lifted(one)
            if np.isfinite(without.matrix(base, there)[0, 0] + without.matrix(there, base)[0, 0]):
                return [one]
        return distinct

    def _crossed(self, start: Floats, end: Floats) -> list[Closure]:
        """Closures that shut a road of the way, in the order of the file."""
        driven = np.array(self._creeping.path(start, end).edges, np.int64)
        return [one for one in self.closures if one.shut and np.isin(driven, one.edges).any()]

    def _lifted(self, closure: Closure) -> Travel:
        if closure.id not in self._without:
            others = [one for one in self.closures if one is not closure]
            self._without[closure.id] = self._under(others)
        return self._without[closure.id]

    def _under(self, closures: Sequence[Closure], shut_factor: float = 0.0) -> Travel:
        held = applied(closures, self.travel.profile, self.at, shut_factor=shut_factor)
        return self.travel.reweighted(closures=held)


def begin_on_routes(
    problem: Problem, plan: Plan, legs: Mapping[str, Leg], closures: Sequence[Closure]
) -> tuple[Reason, ...]:
    """A warning for each closure that begins within the horizon on a road the plan uses.

    ``CLOSES_AHEAD`` names responders who pass it after it begins by the plan, `CLOSES_BEHIND`
    those who are through before: they must not be late.
    """
    until = problem.at + timedelta(minutes=problem.horizon_minutes)
    warnings = []
    for closure in closures:
        if closure.begins is None or not closure.begins_within(problem.at, until):
            continue
        begins_minutes = (closure.begins - problem.at) / timedelta(minutes=1)
        passing = _passing(problem, plan, legs, closure)
        for code, late in (("CLOSES_AHEAD", True), ("CLOSES_BEHIND", False)):
            names = [name for name, minutes in passing.items() if (minutes > begins_minutes) == late]
            if names:
                params = {
                    "closure": closure.name,
                    "what": "shut" if closure.shut else "slowed",
                    "time": clock_time(problem, begins_minutes),
                    "responders": [
                        *names[:NAMED],
                        *([f"+{len(names) - NAMED}"] if len(names) > NAMED else []),
                    ],
                }
                warnings.append(Reason(code, params))
    return tuple(warnings)


def _passing(problem: Problem, plan: Plan, legs: Mapping[str, Leg], closure: Closure) -> dict[str, float]:
    """Responder's name → minutes at the end of its last leg over the closure's edges."""
    passing = dict[str, float]()
    for responder, route in zip(problem.responders, plan.routes, strict=True):
        if responder.profile not in closure.profiles or not route.stops:
            continue
        ends = {stop.id: stop.arrive for stop in route.stops} | {f"{responder.id}/home": route.home}
        over = [
            minutes
            for leg, minutes in ends.items()
            if leg in legs and np.isin(np.array(legs[leg].edges, np.int64), closure.edges).any()
        ]
        if over:
            passing[responder.name or responder.id] = max(over)
    return passing


def closure_rows(
    network: Network, problem: Problem, closures: Sequence[Closure]
) -> tuple[dict[str, Any], ...]:
    """Closures in force, and those that begin within the horizon, as `plan.json` keeps them."""
    until = problem.at + timedelta(minutes=problem.horizon_minutes)
    length = network.edge_length_metres
    return tuple(
        {
            "id": one.id,
            "name": one.name,
            "reason": one.reason,
            "factor": one.factor,
            "from": one.begins.isoformat() if one.begins else None,
            "to": one.ends.isoformat() if one.ends else None,
            "in_force": one.in_force(problem.at),
            "profiles": sorted(one.profiles),
            "edges": len(one.edges),
            "road_metres": round(float(length[one.edges].astype(np.float64).sum())),
        }
        for one in closures
        if one.in_force(problem.at) or one.begins_within(problem.at, until)
    )


def closing_notes(problem: Problem, file: ClosureFile) -> tuple[str, ...]:
    """How many closures count now, and what the file's reader noted."""
    if not file.closures:
        return file.notes
    until = problem.at + timedelta(minutes=problem.horizon_minutes)
    counts = defaultdict[str, int](int)
    for one in file.closures:
        if one.in_force(problem.at):
            counts["in force"] += 1
        elif one.begins_within(problem.at, until):
            counts["beginning within the horizon"] += 1
        else:
            counts["over, or after the horizon"] += 1
    said = ", ".join(f"{count} {what}" for what, count in sorted(counts.items(), reverse=True))
    return (f"closures at {clock_time(problem, 0.0)}: {said}", *file.notes)
