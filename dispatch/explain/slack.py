"""How late a stop may be before something breaks, and what each minute costs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dispatch.domain import Problem, Responder, Route
from dispatch.loss import loss_yuan
from dispatch.timeline import TOLERANCE_MINUTES, begin, drive, service_minutes

LATE_MINUTES = 10.0
"""The delay whose cost is told: what a wrong turn or a closed barrier takes."""


@dataclass(frozen=True, slots=True)
class Slack:
    """How late one stop of a route may be.

    It may be reached `minutes` later (`inf`: nothing ever breaks) before the window of the case
    `breaks` is missed, or, where that is "", the shift overrun. `late_yuan` is what
    `LATE_MINUTES` later costs this route.
    """

    minutes: float
    breaks: str | None
    late_yuan: float


def slack_of(problem: Problem, responder: Responder, route: Route, number: int) -> Slack:
    """The slack of one stop of a route (numbers from 0), whoever it meets not being moved.

    Delays carry over to the stops after it, and waiting soaks them up.
    """
    way = _Way(problem, responder, route, number)
    allowed, breaks = way.allowed()
    now = way.lost_yuan(0.0)
    return Slack(allowed, breaks, way.lost_yuan(LATE_MINUTES) - now)


class _Way:
    """The rest of a route, from one of its stops on."""

    def __init__(self, problem: Problem, responder: Responder, route: Route, number: int) -> None:
        self.problem, self.responder = problem, responder
        self.stops = route.stops[number:]
        self.first_chosen = max(0, len(problem.heads.get(responder.id, ())) - number)
        self.free = len(route.stops) <= len(problem.heads.get(responder.id, ()))
        self.cases = {case.id: case for case in problem.cases}

    def later(self, minutes: float) -> tuple[list[float], float]:
        """Contacts, and the moment it is home, where the first of the stops is reached so much later."""
        contacts, now, here = list[float](), 0.0, None
        shift = self.responder.shift
        for at, stop in enumerate(self.stops):
            case = self.cases[stop.case_id]
            place = case.place(stop.place_id)
            arrive = stop.arrive + minutes
            if at > 0:
                arrive = drive(now, self.problem.drive_minutes(self.responder, here, place.id), shift)
            length = place.search_minutes + service_minutes(case, self.responder)
            start = begin(arrive, length, case, shift)
            if stop.partner_id is not None:
                start = max(start, stop.contact - stop.search_minutes)
            contacts.append(start + place.search_minutes)
            now, here = start + length, place.id
        return contacts, drive(now, self.problem.drive_minutes(self.responder, here, None), shift)

    def broken(self, minutes: float) -> str | None:
        """What breaks: the id of a case whose window closes, or "" for the shift; None if nothing does."""
        contacts, home = self.later(minutes)
        for at, (stop, contact) in enumerate(zip(self.stops, contacts, strict=True)):
            if at >= self.first_chosen and contact > self.cases[stop.case_id].window[1] + TOLERANCE_MINUTES:
                return stop.case_id
        if not self.free and home > self.responder.shift.end + TOLERANCE_MINUTES:
            return ""
        return None

    def allowed(self) -> tuple[float, str | None]:
        """How many minutes, to a hundredth, and what breaks after that."""
        ends = [self.responder.shift.end, *(self.cases[stop.case_id].window[1] for stop in self.stops)]
        high = max((end for end in ends if math.isfinite(end)), default=0.0) + 1.0
        first = self.broken(high)
        if first is None:
            return math.inf, None
        low = 0.0
        while high - low > 0.01:
            middle = (low + high) / 2
            found = self.broken(middle)
            low, high, first = (middle, high, first) if found is None else (low, middle, found)
        return low, first

    def lost_yuan(self, minutes: float) -> float:
        """Expected loss at these stops."""
        horizon = self.problem.horizon_minutes
        contacts, _ = self.later(minutes)
        return sum(
            self.cases[stop.case_id].place(stop.place_id).probability
            * loss_yuan(self.cases[stop.case_id], contact, horizon)
            for stop, contact in zip(self.stops, contacts, strict=True)
            if stop.leads
        )
