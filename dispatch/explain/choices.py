"""Why this responder: everyone who may go, by arrival and by what giving the visit to each would cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dispatch.domain import Case, Place, Plan, Problem, Responder, Route, Stop
from dispatch.eligible import may_visit
from dispatch.explain.seating import Seat, Seating
from dispatch.explain.standing import Standing
from dispatch.loss import loss_yuan, never_yuan
from dispatch.sending import State, offers


@dataclass(frozen=True, slots=True)
class Choice:
    """One responder who may make the visit.

    `soonest_minutes` is its arrival if it had nothing but its fixed stops to do (`inf` where it
    cannot be there in its shift and the window), `arrive_minutes` its arrival once the visit is
    given to it; None where no seat of its day takes the visit. `price_yuan` is what the whole plan
    loses and pays more then, `case_yuan` what this visit alone saves less. `exact_yuan` is the
    price by solving the day again, where that was asked.
    """

    responder_id: str
    sent: bool
    soonest_minutes: float
    arrive_minutes: float | None = None
    price_yuan: float | None = None
    case_yuan: float | None = None
    partner_id: str | None = None
    pushed_out: str | None = None
    pushed_to: str | None = None
    exact_yuan: float | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A visit of the plan: who makes it (and leads), and the place."""

    case: Case
    place: Place
    responder: Responder
    stop: Stop


def first_visits(problem: Problem, plan: Plan) -> dict[str, Planned]:
    """The first visit of each case visited, by case id; the one that leads, where two come."""
    cases = {case.id: case for case in problem.cases}
    crew = {one.id: one for one in problem.responders}
    first: dict[str, tuple[str, Stop]] = {}
    for route in plan.routes:
        for stop in route.stops:
            known = first.get(stop.case_id)
            if stop.leads and (known is None or stop.contact < known[1].contact):
                first[stop.case_id] = (route.responder_id, stop)
    return {
        case_id: Planned(cases[case_id], cases[case_id].place(stop.place_id), crew[who], stop)
        for case_id, (who, stop) in first.items()
    }


class Alternatives:
    """What giving one visit of the plan to somebody else would come to."""

    def __init__(self, standing: Standing, planned: Planned, state: State) -> None:
        self.planned, self.standing, self.problem = planned, standing, standing.problem
        bare = standing.without(planned.place.id)
        self.seating = Seating(standing.with_routes(bare), state)
        as_planned = {who: standing.visits(who) for who in bare}
        self.now_yuan = self.seating.standing.more_yuan(as_planned)

    def seat(self, responder: Responder) -> Seat | None:
        """The cheapest way to give it the visit; `more_yuan` against nobody making it."""
        return self.seating.best(self.planned.case, self.planned.place, responder)

    def choice(self, responder: Responder, soonest_minutes: float) -> Choice:
        """The responder as a choice; the one sent stays as it is."""
        planned = self.planned
        if responder.id == planned.responder.id:
            stop = planned.stop
            return Choice(responder.id, True, soonest_minutes, stop.arrive, 0.0, 0.0, stop.partner_id)
        seat = self.seat(responder)
        if seat is None:
            return Choice(responder.id, False, soonest_minutes)
        stop = stop_of(self.standing, seat)
        return Choice(
            responder.id,
            False,
            soonest_minutes,
            stop.arrive,
            seat.more_yuan - self.now_yuan,
            self._saved(planned.stop) - self._saved(stop),
            seat.partner_id,
            seat.pushed_out,
            seat.pushed_to,
        )

    def _saved(self, stop: Stop) -> float:
        case, horizon = self.planned.case, self.problem.horizon_minutes
        return self.planned.place.probability * (
            never_yuan(case, horizon) - loss_yuan(case, stop.contact, horizon)
        )


def choices(problem: Problem, plan: Plan, planned: Planned, state: State | None = None) -> list[Choice]:
    """Everyone who may make the visit, the cheapest first; those with no seat for it last, by arrival.

    Of a visit that is fixed only the one who makes it.
    """
    state = state or State.start(problem)
    stop = planned.stop
    if is_fixed(problem, planned):
        return [Choice(planned.responder.id, True, stop.arrive, stop.arrive, 0.0, 0.0, stop.partner_id)]
    ways = Alternatives(Standing.of(problem, plan), planned, state)
    found = offers(state, planned.case, planned.place)
    listed = [
        ways.choice(one, float(found.arrive[row]) if found.possible[row] else math.inf)
        for row, one in enumerate(problem.responders)
        if one.id == planned.responder.id or may_visit(problem, one, planned.case, planned.place) is None
    ]

    def order(one: Choice) -> tuple[float, bool, float, str]:
        price = math.inf if one.price_yuan is None else one.price_yuan
        return price, not one.sent, one.soonest_minutes, one.responder_id

    return sorted(listed, key=order)


def is_fixed(problem: Problem, planned: Planned) -> bool:
    """Whether the visit is one of its responder's fixed stops: nobody else is asked."""
    return (planned.case.id, planned.place.id) in problem.heads.get(planned.responder.id, ())


def stop_of(standing: Standing, seat: Seat) -> Stop:
    """The stop of the leader in its seat, timed."""
    return next(
        stop for stop in timed(standing, seat)[seat.responder_id].stops if stop.place_id == seat.place_id
    )


def timed(standing: Standing, seat: Seat) -> dict[str, Route]:
    """The routes a seat changes, as they would happen."""
    clock = standing.worth.clock
    together = any(standing.takes_two(visit) for own in seat.routes.values() for visit in own)
    if together:
        routes = clock.routes({**standing.routes, **seat.routes})
        return {route.responder_id: route for route in routes if route.responder_id in seat.routes}
    return {who: clock.route(standing.crew[who], own) for who, own in seat.routes.items()}
