"""A short, deterministic polish of routes on the exact objective.

One move does all: take a case out and give it the seat that costs least, anywhere, or
none. That inserts cases left out, drops visits that cost more than they save, and moves
visits between routes. It is no search: `improve` stops at the first local optimum. Fixed
stops and visits that take two stay as they are, and the limit on changes is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.carry_on import changes_allowed
from dispatch.domain import Case, Place, Problem, Responder
from dispatch.loss import MOVED_TOLERANCE_MINUTES, balance_yuan, loss_yuan, neighbour_yuan, never_yuan
from dispatch.sending import Bools, State, in_order, offers
from dispatch.timeline import TOLERANCE_MINUTES, Clock, Visit, begin, drive, service_minutes

Routes = dict[str, list[Visit]]
"""Visits in order by responder id; who is not in it stays."""

_GAIN_YUAN = 1e-6


@dataclass(frozen=True, slots=True)
class Seat:
    """A place of a case, and who could plausibly take it if they did nothing else.

    `rows` number those responders, soonest contact first; `possible` is everyone who could
    be there in time, whatever it costs; `soonest` the first contact any of those makes for
    whom the visit pays, `net_yuan` the most a visit there saves.
    """

    case: Case
    place: Place
    rows: tuple[int, ...]
    possible: Bools
    soonest: float
    net_yuan: float


def seats(problem: Problem, each: int) -> dict[str, tuple[Seat, ...]]:
    """Per case id its places worth a visit, the one that saves most first.

    Parameters
    ----------
    each
        How many responders of each kind are kept per place: those making contact soonest.
    """
    state = State.start(problem)
    found: dict[str, tuple[Seat, ...]] = {}
    fixed = {case_id for head in problem.heads.values() for case_id, _ in head}
    for case in problem.cases:
        if case.partners or case.id in fixed:  # decided elsewhere: two at once, or already on the way
            found[case.id] = ()
            continue
        options = [_seat(problem, state, case, place, each) for place in case.places]
        found[case.id] = tuple(sorted((one for one in options if one), key=lambda one: -one.net_yuan))
    return found


def _seat(problem: Problem, state: State, case: Case, place: Place, each: int) -> Seat | None:
    offered = offers(state, case, place)
    net = offered.averted_yuan - offered.cost_yuan
    worth = offered.possible & ((net > 0) | bool(problem.pinned.get(case.id)))
    if not worth.any():
        return None
    kept: list[int] = []
    for rows in state.roster.kinds.values():
        mine = rows[worth[rows]]
        kept += mine[np.argsort(offered.contact[mine], kind="stable")[:each]].tolist()
    kept.sort(key=lambda row: (offered.contact[row], row))
    soonest = float(offered.contact[worth].min())
    return Seat(case, place, tuple(kept), offered.possible, soonest, float(net[worth].max()))


@dataclass(frozen=True, slots=True)
class Meeting:
    """When a visit that two make begins, and who comes along."""

    begins: float
    second: str | None


NEVER = Meeting(math.inf, None)


class Worth:
    """What a responder's route adds to the objective, in yuan; `inf` where it breaks a rule.

    A visit that takes two is judged at the moment the two meet, `meets` by place id: a route
    that is there in time is worth what it says, and one that is not breaks a rule.
    """

    def __init__(self, problem: Problem, routes: Mapping[str, Sequence[Visit]] | None = None) -> None:
        self.problem = problem
        self.clock = Clock(problem)
        self.never = {case.id: never_yuan(case, problem.horizon_minutes) for case in problem.cases}
        self.told = sum(case.id in problem.told for case in problem.cases)
        self.changes_allowed = changes_allowed(problem)
        self.meets = self.meetings(routes or {})

    def meetings(self, routes: Mapping[str, Sequence[Visit]]) -> dict[str, Meeting]:
        """Each visit that two make, by place id; it begins at `inf` where they wait for each other in a circle."""
        cases = self.clock.cases
        if not any(cases[visit.case_id].partners for visits in routes.values() for visit in visits):
            return {}
        return {
            stop.place_id: Meeting(stop.contact - stop.search_minutes, stop.partner_id)
            for route in self.clock.routes(routes)
            for stop in route.stops
            if stop.partner_id is not None and stop.leads
        }

    def yuan(self, responder: Responder, visits: Sequence[Visit]) -> float:
        """Prices paid less loss averted by these visits in this order; an empty route is 0."""
        return self.route(responder, visits)[0]

    def route(self, responder: Responder, visits: Sequence[Visit]) -> tuple[float, int]:
        """`yuan`, and how many of the visits are as people were told."""
        problem, shift = self.problem, responder.shift
        head = problem.heads.get(responder.id, ())
        if len(visits) < len(head) or any(v[:2] != fixed for v, fixed in zip(visits, head, strict=False)):
            return math.inf, 0
        if not visits:
            return 0.0, 0
        free_of_rules = len(visits) <= len(head)
        if len(visits) > responder.max_visits and not free_of_rules:
            return math.inf, 0
        now, here, driven, as_told = responder.ready_minutes, None, 0.0, 0
        total = balance_yuan(problem, len(visits))
        for number, visit in enumerate(visits):
            case, place = self.clock.cases[visit.case_id], self.clock.places[visit.place_id]
            minutes = problem.drive_minutes(responder, here, place.id)
            length = place.search_minutes + service_minutes(case, responder)
            start = begin(drive(now, minutes, shift), length, case, shift)
            if case.partners:
                there, start = start, self.meets.get(place.id, NEVER).begins
                if there > start + TOLERANCE_MINUTES:
                    return math.inf, 0
            contact = start + place.search_minutes
            late = number >= len(head) and not contact <= case.window[1] + TOLERANCE_MINUTES
            if late or math.isinf(contact):
                return math.inf, 0
            total += neighbour_yuan(problem, responder, place)
            if visit.leads:
                averted = self.never[case.id] - loss_yuan(case, contact, problem.horizon_minutes)
                total -= place.probability * averted
                as_told += self._as_told(responder, visit, contact)
            driven += minutes
            now, here = start + length, place.id
        back = problem.drive_minutes(responder, here, None)
        home = drive(now, back, shift)
        if math.isinf(home) or (home > shift.end + TOLERANCE_MINUTES and not free_of_rules):
            return math.inf, 0
        total -= problem.prices.change_yuan * as_told
        return total + problem.prices.drive_yuan_per_minute * (driven + back), as_told

    def total(self, routes: Mapping[str, Sequence[Visit]]) -> tuple[int, int, float]:
        """What must be small, in this order: changes beyond the limit, pinned cases left out, yuan.

        The yuan are those all routes add to nobody going and nobody being told anything.
        """
        self.meets = self.meetings(routes)
        visited = {visit.case_id for visits in routes.values() for visit in visits}
        forgotten = sum(bool(who) and case_id not in visited for case_id, who in self.problem.pinned.items())
        found = [self.route(one, routes.get(one.id, ())) for one in self.problem.responders]
        changed = self.told - sum(as_told for _, as_told in found)
        yuan = sum(yuan for yuan, _ in found) + self.problem.prices.change_yuan * self.told
        return max(0, changed - int(min(self.changes_allowed, self.told))), forgotten, yuan

    def _as_told(self, responder: Responder, visit: Visit, contact: float) -> bool:
        told = self.problem.told.get(visit.case_id)
        if told is None or (told.responder_id, told.place_id) != (responder.id, visit.place_id):
            return False
        moved = abs(contact - told.contact_minutes)
        if moved > self.problem.prices.moved_minutes + MOVED_TOLERANCE_MINUTES:
            return False
        return told.partner_id in (None, self.meets.get(visit.place_id, NEVER).second)


def improve(
    problem: Problem,
    routes: Mapping[str, Sequence[Visit]],
    chairs: Mapping[str, Sequence[Seat]],
    *,
    passes: int = 4,
    go_on: Callable[[], bool] = lambda: True,
) -> Routes:
    """Re-seat each case in turn until a whole pass finds nothing, or `passes` are done.

    Parameters
    ----------
    chairs
        What `seats` found: the places and responders tried for each case.
    go_on
        Asked before every case; the polish stops where it says no.
    """
    polish = _Polish(problem, routes)
    order = in_order(problem)
    for _ in range(passes):
        moved = False
        for case in order:
            if not go_on():
                return polish.result(routes)
            moved |= polish.reseat(case, chairs.get(case.id, ()))
        if not moved:
            break
    return polish.result(routes)


class _Polish:
    """Routes being improved. `spare` is how many more of the cases told may change."""

    def __init__(self, problem: Problem, routes: Mapping[str, Sequence[Visit]]) -> None:
        self.problem = problem
        self.crew = {one.id: one for one in problem.responders}
        self.worth = Worth(problem, routes)
        self.routes: Routes = {who: list(visits) for who, visits in routes.items() if visits}
        as_told = sum(self.worth.route(self.crew[who], visits)[1] for who, visits in self.routes.items())
        self.spare = max(
            0, int(min(self.worth.changes_allowed, self.worth.told)) - (self.worth.told - as_told)
        )
        self.fixed = {case_id for head in problem.heads.values() for case_id, _ in head}

    def result(self, begun: Mapping[str, Sequence[Visit]]) -> Routes:
        """The routes, unless those begun with are better: a meeting that moved may cost more than a seat saved."""
        found: Routes = {who: visits for who, visits in self.routes.items() if visits}
        before: Routes = {who: list(visits) for who, visits in begun.items() if visits}
        return found if self.worth.total(found) <= self.worth.total(before) else before

    def reseat(self, case: Case, chairs: Sequence[Seat]) -> bool:
        """Give the case its cheapest seat; whether that changed anything."""
        sits = [who for who, visits in self.routes.items() for visit in visits if visit.case_id == case.id]
        if case.partners or case.id in self.fixed or len(sits) > 1:
            return False
        owner = sits[0] if sits else None
        before = self.routes.get(owner, []) if owner else []
        without = [visit for visit in before if visit.case_id != case.id]
        pinned = bool(self.problem.pinned.get(case.id))
        now, as_told = self._more(owner, before, without) if owner else (math.inf if pinned else 0.0, 0)
        best, kept, where = now, as_told, None
        if owner and not pinned and now > 0 and as_told <= self.spare:
            best, kept, where = 0.0, 0, (owner, without)  # leaving it out is better than where it sits
        for seat in chairs:
            for row in seat.rows:
                who = self.problem.responders[row].id
                visits = without if who == owner else self.routes.get(who, [])
                bare = self.worth.route(self.crew[who], visits)
                for position in range(len(self.problem.heads.get(who, ())), len(visits) + 1):
                    tried = [*visits[:position], Visit(case.id, seat.place.id), *visits[position:]]
                    yuan, told = self.worth.route(self.crew[who], tried)
                    added, told = yuan - bare[0], told - bare[1]
                    if added < best - _GAIN_YUAN and as_told - told <= self.spare:
                        best, kept, where = added, told, (who, tried)
        if where is None:
            return False
        if owner:
            self.routes[owner] = without
        self.routes[where[0]] = where[1]
        self.spare += kept - as_told
        return True

    def _more(self, who: str, full: Sequence[Visit], bare: Sequence[Visit]) -> tuple[float, int]:
        """Yuan, and visits as told, that the one route has more than the other."""
        one, other = (self.worth.route(self.crew[who], visits) for visits in (full, bare))
        return one[0] - other[0], one[1] - other[1]
