"""The audit's own arithmetic: when everything happens, from the problem alone.

It shares nothing with `timeline`, so that a mistake in one is seen by the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from dispatch.domain import Case, Place, Problem, Responder, Shift

Moments = dict[str, float]
"""`drive_minutes, arrive, wait_minutes, search_minutes, contact, leave` of one stop."""


class Deadlock(Exception):
    """Two visits, each of which waits for somebody who is to make the other first; `places` of them."""

    def __init__(self, places: Sequence[str]) -> None:
        super().__init__(", ".join(places))
        self.places = tuple(dict.fromkeys(places))


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A responder free at `free`, at place `here` (None: where it set out)."""

    responder: Responder
    free: float
    here: str | None = None

    @classmethod
    def at_first(cls, responder: Responder) -> Whereabouts:
        """Before anything: on shift, free, and not before now."""
        return cls(responder, max(0.0, responder.shift.start, responder.free_at_minutes))

    def home(self, problem: Problem) -> float:
        """When it is home if it goes there now."""
        return pass_break(
            self.free, problem.drive_minutes(self.responder, self.here, None), self.responder.shift
        )


def meet(problem: Problem, case: Case, place: Place, team: Sequence[Whereabouts]) -> list[Moments]:
    """The moments of one visit, for each who comes; they begin together, when the last is there."""
    drives = [problem.drive_minutes(one.responder, one.here, place.id) for one in team]
    arrivals = [
        pass_break(one.free, drive, one.responder.shift) for one, drive in zip(team, drives, strict=True)
    ]
    service = [float(case.service_minutes.get(one.responder.kind, 0.0)) for one in team]
    start, moved = max(case.window[0], *arrivals), True
    while moved:  # each break moves the start once at most
        moved = False
        for one, minutes in zip(team, service, strict=True):
            pause = _pause(one.responder.shift)
            done_before = start + place.search_minutes + minutes <= pause[0]
            if not done_before and start < pause[1]:
                start, moved = pause[1], True
    contact = start + place.search_minutes
    return [
        {
            "drive_minutes": drive,
            "arrive": arrive,
            "wait_minutes": start - arrive if math.isfinite(start) else 0.0,
            "search_minutes": place.search_minutes,
            "contact": contact,
            "leave": contact + minutes,
        }
        for drive, arrive, minutes in zip(drives, arrivals, service, strict=True)
    ]


def recompute(
    problem: Problem, routes: Mapping[str, tuple[Responder, Sequence[tuple[Case, Place]]]]
) -> dict[str, tuple[list[Moments], Whereabouts]]:
    """The moments of every stop by responder id, and where each is in the end.

    Stops of two responders at one place of a case that asks for partners are one visit.

    Raises
    ------
    Deadlock
        Some of them wait for each other.
    """
    now = {who: Whereabouts.at_first(responder) for who, (responder, _) in routes.items()}
    told: dict[str, list[Moments]] = {who: [] for who in routes}
    for names, case, place in _in_order(routes):
        for who, moments in zip(names, meet(problem, case, place, [now[who] for who in names]), strict=True):
            told[who].append(moments)
            now[who] = Whereabouts(now[who].responder, moments["leave"], place.id)
    return {who: (told[who], now[who]) for who in routes}


def _in_order(
    routes: Mapping[str, tuple[Responder, Sequence[tuple[Case, Place]]]],
) -> list[tuple[list[str], Case, Place]]:
    """Visits with those who make them, each after all that its makers do before."""
    visits: dict[tuple[str, int], tuple[list[str], Case, Place]] = {}
    order: TopologicalSorter[tuple[str, int]] = TopologicalSorter()
    pairs: dict[str, tuple[str, int]] = {}
    for who, (_, stops) in routes.items():
        before: tuple[str, int] | None = None
        for number, (case, place) in enumerate(stops):
            key = (who, number)
            first = pairs.setdefault(place.id, key) if case.partners else key
            if first != key and who not in visits[first][0] and len(visits[first][0]) < 2:
                key = first
            visits.setdefault(key, ([], case, place))[0].append(who)
            order.add(key, *([before] if before is not None else []))
            before = key
    try:
        return [visits[key] for key in order.static_order()]
    except CycleError as cause:
        raise Deadlock([visits[key][2].id for key in cause.args[1]]) from cause


def pass_break(depart: float, drive: float, shift: Shift) -> float:
    """Arrival of a drive made in two parts: before the break, and what is left after it."""
    start, end = _pause(shift)
    if depart >= end:
        return depart + drive
    before = max(0.0, start - depart)
    if drive <= before and depart <= start:
        return depart + drive
    return end + (drive - before)


def _pause(shift: Shift) -> tuple[float, float]:
    """The break; without one, no moment lies before its end."""
    if shift.break_start is None or shift.break_end is None:
        return -math.inf, -math.inf
    return shift.break_start, shift.break_end
