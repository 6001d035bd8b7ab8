"""When an ordered list of visits of one responder happens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from dispatch.domain import Case, Place, Problem, Responder, Route, Shift, Stop

TOLERANCE_MINUTES = 1e-6


class Visit(NamedTuple):
    """One visit to make: a case at one of its places."""

    case_id: str
    place_id: str


def drive(depart: float, drive_minutes: float, shift: Shift) -> float:
    """When a drive begun at `depart` arrives; it pauses while the break lasts."""
    arrive = depart + drive_minutes
    if shift.break_start is None or shift.break_end is None:
        return arrive
    if depart < shift.break_end and arrive > shift.break_start:
        arrive += shift.break_end - max(depart, shift.break_start)
    return arrive


def begin(arrive: float, visit_minutes: float, case: Case, shift: Shift) -> float:
    """When a visit begins: inside the window, and not interrupted by the break."""
    start = max(arrive, case.window[0])
    if shift.break_start is None or shift.break_end is None:
        return start
    overlaps = start < shift.break_end and start + visit_minutes > shift.break_start
    return shift.break_end if overlaps else start


def service_minutes(case: Case, responder: Responder) -> float:
    """Minutes at the door after first contact, for this kind of responder."""
    return float(case.service_minutes.get(responder.kind, 0.0))


class Clock:
    """Times the routes of one problem. Look-ups are made once; nothing is remembered between routes."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.cases = {case.id: case for case in problem.cases}
        self.places = {place.id: place for case in problem.cases for place in case.places}

    def route(self, responder: Responder, visits: Sequence[Visit]) -> Route:
        """The route of these visits in this order, feasible or not (`feasible` tells).

        Moments are `inf` from the first place no road leads to. An empty route is home at 0.
        """
        stops = []
        now, here = responder.ready_minutes, None
        for number, visit in enumerate(visits, start=1):
            stop = self.stop(responder, f"{responder.id}:{number}", now, here, visit)
            stops.append(stop)
            now, here = stop.leave, visit.place_id
        back = (
            drive(now, self.problem.drive_minutes(responder, here, None), responder.shift) if stops else 0.0
        )
        return Route(responder.id, tuple(stops), back)

    def stop(self, responder: Responder, stop_id: str, now: float, here: str | None, visit: Visit) -> Stop:
        """One stop of a responder that is free at `now` at place `here` (None: its base)."""
        case, place = self.cases[visit.case_id], self.places[visit.place_id]
        minutes = self.problem.drive_minutes(responder, here, visit.place_id)
        arrive = drive(now, minutes, responder.shift)
        length = place.search_minutes + service_minutes(case, responder)
        start = begin(arrive, length, case, responder.shift)
        return Stop(
            id=stop_id,
            case_id=case.id,
            place_id=place.id,
            drive_minutes=minutes,
            arrive=arrive,
            wait_minutes=start - arrive if math.isfinite(start) else 0.0,
            search_minutes=place.search_minutes,
            contact=start + place.search_minutes,
            leave=start + length,
        )

    def feasible(self, responder: Responder, route: Route) -> bool:
        """Whether the timed route keeps shift, windows and the number of visits."""
        if not route.stops:
            return True
        if (
            len(route.stops) > responder.max_visits
            or not route.home <= responder.shift.end + TOLERANCE_MINUTES
        ):
            return False
        return math.isfinite(route.home) and all(
            stop.contact <= self.cases[stop.case_id].window[1] + TOLERANCE_MINUTES for stop in route.stops
        )

    def place(self, visit: Visit) -> Place:
        """The place of a visit."""
        return self.places[visit.place_id]
