"""A short, deterministic polish of routes on the exact objective.

One move does all: take a case out and give it the seat that costs least, anywhere, or
none. That inserts cases left out, drops visits that cost more than they save, and moves
visits between routes. It is no search: `improve` stops at the first local optimum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.domain import Case, Place, Problem, Responder
from dispatch.loss import loss_yuan, neighbour_yuan, never_yuan
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
    for case in problem.cases:
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


class Worth:
    """What a responder's route adds to the objective, in yuan; `inf` where it breaks a rule."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.clock = Clock(problem)
        self.never = {case.id: never_yuan(case, problem.horizon_minutes) for case in problem.cases}

    def yuan(self, responder: Responder, visits: Sequence[Visit]) -> float:
        """Prices paid less loss averted by these visits in this order; an empty route is 0."""
        if not visits:
            return 0.0
        if len(visits) > responder.max_visits:
            return math.inf
        problem, shift = self.problem, responder.shift
        now, here, driven, total = responder.ready_minutes, None, 0.0, 0.0
        for visit in visits:
            case, place = self.clock.cases[visit.case_id], self.clock.places[visit.place_id]
            minutes = problem.drive_minutes(responder, here, place.id)
            length = place.search_minutes + service_minutes(case, responder)
            start = begin(drive(now, minutes, shift), length, case, shift)
            contact = start + place.search_minutes
            if not contact <= case.window[1] + TOLERANCE_MINUTES or math.isinf(contact):
                return math.inf
            averted = self.never[case.id] - loss_yuan(case, contact, problem.horizon_minutes)
            total += neighbour_yuan(problem, responder, place) - place.probability * averted
            driven += minutes
            now, here = start + length, place.id
        back = problem.drive_minutes(responder, here, None)
        home = drive(now, back, shift)
        if math.isinf(home) or home > shift.end + TOLERANCE_MINUTES:
            return math.inf
        return total + problem.prices.drive_yuan_per_minute * (driven + back)

    def total(self, routes: Mapping[str, Sequence[Visit]]) -> tuple[int, float]:
        """Pinned cases left out, then yuan added by all routes: what must be small, in this order."""
        visited = {visit.case_id for visits in routes.values() for visit in visits}
        forgotten = sum(bool(who) and case_id not in visited for case_id, who in self.problem.pinned.items())
        crew = {responder.id: responder for responder in self.problem.responders}
        return forgotten, sum(self.yuan(crew[who], visits) for who, visits in routes.items())


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
    worth = Worth(problem)
    better: Routes = {who: list(visits) for who, visits in routes.items() if visits}
    order = in_order(problem)
    for _ in range(passes):
        moved = False
        for case in order:
            if not go_on():
                return {who: visits for who, visits in better.items() if visits}
            moved |= _reseat(problem, worth, better, case, chairs.get(case.id, ()))
        if not moved:
            break
    return {who: visits for who, visits in better.items() if visits}


def _reseat(problem: Problem, worth: Worth, routes: Routes, case: Case, chairs: Sequence[Seat]) -> bool:
    """Give the case its cheapest seat, in place; whether that changed anything."""
    crew = problem.responders
    sits = next((who for who, visits in routes.items() if any(v.case_id == case.id for v in visits)), None)
    before = list(routes.get(sits, ())) if sits else []
    gain_now = 0.0
    if sits:
        routes[sits] = [visit for visit in before if visit.case_id != case.id]
        owner = next(one for one in crew if one.id == sits)
        gain_now = worth.yuan(owner, before) - worth.yuan(owner, routes[sits])
    pinned = bool(problem.pinned.get(case.id))
    best, where = (gain_now if sits else (math.inf if pinned else 0.0)), None
    if sits and not pinned and gain_now > 0:
        best = 0.0  # leaving it out is better than where it sits
    for seat in chairs:
        for row in seat.rows:
            visits = routes.get(crew[row].id, [])
            bare = worth.yuan(crew[row], visits)
            for position in range(len(visits) + 1):
                tried = [*visits[:position], Visit(case.id, seat.place.id), *visits[position:]]
                added = worth.yuan(crew[row], tried) - bare
                if added < best - _GAIN_YUAN:
                    best, where = added, (crew[row].id, tried)
    if where is not None:
        routes[where[0]] = where[1]
        return True
    if sits and (pinned or gain_now <= 0):
        routes[sits] = before
        return False
    return sits is not None
