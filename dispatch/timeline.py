"""When ordered lists of visits happen: of one responder alone, or of all, some of whom meet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from dispatch.domain import Case, Place, Problem, Responder, Route, Shift, Stop

TOLERANCE_MINUTES = 1e-6


class Visit(NamedTuple):
    """One visit to make: a case at one of its places; False where it goes along with who leads."""

    case_id: str
    place_id: str
    leads: bool = True


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


def begin_together(
    arrivals: Sequence[float], visit_minutes: Sequence[float], case: Case, shifts: Sequence[Shift]
) -> float:
    """When a visit of several begins: all there, inside the window, nobody's break in it."""
    start = max(arrivals)
    while True:
        later = start
        for minutes, shift in zip(visit_minutes, shifts, strict=True):
            later = begin(later, minutes, case, shift)
        if later <= start:
            return start
        start = later


def service_minutes(case: Case, responder: Responder) -> float:
    """Minutes at the door after first contact, for this kind of responder."""
    return float(case.service_minutes.get(responder.kind, 0.0))


class Clock:
    """Times the routes of one problem. Look-ups are made once; nothing is remembered between routes."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.cases = {case.id: case for case in problem.cases}
        self.places = {place.id: place for case in problem.cases for place in case.places}

    def routes(self, visits: Mapping[str, Sequence[Visit]]) -> tuple[Route, ...]:
        """All routes, in the problem's order. Two who visit one place of a case that asks for partners meet.

        Visits that wait for each other in a circle never happen: their moments are `inf`.
        """
        crew = self.problem.responders
        mates = self._mates(visits)
        if not mates:
            return tuple(self.route(one, visits.get(one.id, ())) for one in crew)
        made: dict[str, list[Stop]] = {one.id: [] for one in crew}
        while any(self._advance(one, visits, made, mates) for one in crew):
            pass  # until nobody can go on
        return tuple(self._whole(one, visits.get(one.id, ()), made[one.id]) for one in crew)

    def route(self, responder: Responder, visits: Sequence[Visit]) -> Route:
        """The route of these visits in this order, feasible or not (`feasible` tells), as if nobody came along.

        Moments are `inf` from the first place no road leads to. An empty route is home at 0.
        """
        stops: list[Stop] = []
        for visit in visits:
            stops.append(self._next(responder, stops, visit))
        return self._whole(responder, (), stops)

    def stop(self, responder: Responder, stop_id: str, now: float, here: str | None, visit: Visit) -> Stop:
        """One stop of a responder that is free at `now` at place `here` (None: where it sets out)."""
        case, place = self.cases[visit.case_id], self.places[visit.place_id]
        minutes = self.problem.drive_minutes(responder, here, visit.place_id)
        arrive = drive(now, minutes, responder.shift)
        length = place.search_minutes + service_minutes(case, responder)
        stop = Stop(stop_id, case.id, place.id, minutes, arrive, 0.0, place.search_minutes, arrive, arrive)
        stop = replace(stop, leads=visit.leads)
        return _begun(stop, begin(arrive, length, case, responder.shift), length)

    def _next(self, responder: Responder, stops: Sequence[Stop], visit: Visit) -> Stop:
        """The stop that follows these, by the responder alone."""
        now, here = (stops[-1].leave, stops[-1].place_id) if stops else (responder.ready_minutes, None)
        return self.stop(responder, f"{responder.id}:{len(stops) + 1}", now, here, visit)

    def _mates(self, visits: Mapping[str, Sequence[Visit]]) -> dict[tuple[str, int], tuple[str, int]]:
        """Which visit (responder id, position) is one with which of another responder."""
        waiting: dict[str, tuple[str, int]] = {}
        mates: dict[tuple[str, int], tuple[str, int]] = {}
        for one in self.problem.responders:
            for number, visit in enumerate(visits.get(one.id, ())):
                if self.cases[visit.case_id].partners:
                    key = (one.id, number)
                    first = waiting.setdefault(visit.place_id, key)
                    if first[0] != one.id and first not in mates:
                        mates[first], mates[key] = key, first
        return mates

    def _advance(
        self,
        responder: Responder,
        visits: Mapping[str, Sequence[Visit]],
        made: dict[str, list[Stop]],
        mates: Mapping[tuple[str, int], tuple[str, int]],
    ) -> bool:
        """Make the responder's visits up to the next whose other half is not there yet; whether it made any."""
        mine, stops = visits.get(responder.id, ()), made[responder.id]
        begun = len(stops)
        while len(stops) < len(mine):
            visit = mine[len(stops)]
            mate = mates.get((responder.id, len(stops)))
            if mate is None:
                stops.append(self._next(responder, stops, visit))
                continue
            if len(made[mate[0]]) != mate[1]:
                break
            other = next(one for one in self.problem.responders if one.id == mate[0])
            self._meet((responder, other), (visit, visits[mate[0]][mate[1]]), made)
        return len(stops) > begun

    def _meet(
        self, team: tuple[Responder, Responder], pair: tuple[Visit, Visit], made: dict[str, list[Stop]]
    ) -> None:
        """Append the one visit two make to the stops of both."""
        case, place = self.cases[pair[0].case_id], self.places[pair[0].place_id]
        alone = [self._next(one, made[one.id], visit) for one, visit in zip(team, pair, strict=True)]
        lengths = [place.search_minutes + service_minutes(case, one) for one in team]
        start = begin_together([stop.arrive for stop in alone], lengths, case, [one.shift for one in team])
        for one, other, stop, length in zip(team, team[::-1], alone, lengths, strict=True):
            made[one.id].append(replace(_begun(stop, start, length), partner_id=other.id))

    def _whole(self, responder: Responder, visits: Sequence[Visit], stops: Sequence[Stop]) -> Route:
        """The route of these stops; visits beyond them never happen."""
        never = [
            replace(
                self.stop(responder, f"{responder.id}:{number}", math.inf, None, visit),
                drive_minutes=math.inf,
            )
            for number, visit in enumerate(visits[len(stops) :], start=len(stops) + 1)
        ]
        if not stops and not never:
            return Route(responder.id)
        last = (never or stops)[-1]
        back = self.problem.drive_minutes(responder, last.place_id, None)
        return Route(responder.id, (*stops, *never), drive(last.leave, back, responder.shift))

    def feasible(self, responder: Responder, route: Route) -> bool:
        """Whether the timed route keeps shift, windows and the number of visits; of fixed stops none is asked."""
        if not route.stops:
            return True
        if not math.isfinite(route.home):
            return False
        head = self.problem.heads.get(responder.id, ())
        if len(route.stops) <= len(head):
            return True
        if len(route.stops) > responder.max_visits:
            return False
        return route.home <= responder.shift.end + TOLERANCE_MINUTES and all(
            stop.contact <= self.cases[stop.case_id].window[1] + TOLERANCE_MINUTES
            for stop in route.stops[len(head) :]
        )

    def place(self, visit: Visit) -> Place:
        """The place of a visit."""
        return self.places[visit.place_id]


def _begun(stop: Stop, start: float, length: float) -> Stop:
    """The stop, begun at `start`."""
    return replace(
        stop,
        wait_minutes=start - stop.arrive if math.isfinite(start) else 0.0,
        contact=start + stop.search_minutes,
        leave=start + length,
    )
