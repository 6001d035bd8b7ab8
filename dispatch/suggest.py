"""One more case, now: who could take it, when, and what that takes from everybody else.

Each responder who may go is given the case at its cheapest seat in the plan as it stands, timed
exactly; the best few are told with everyone who is moved by it. Nothing else is solved again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dispatch.carry_on import heads_of_both
from dispatch.domain import Case, Minutes, Plan, Problem, Responder, Route, Stop, TravelMinutes
from dispatch.explain.choices import timed
from dispatch.explain.seating import Seat, Seating
from dispatch.explain.standing import Standing, orders_of
from dispatch.loss import loss_yuan, never_yuan
from dispatch.rules import may_visit
from dispatch.timeline import Visit

MOST = 5
MOVED_MINUTES = 1.0
"""Nobody is told of less."""


@dataclass(frozen=True, slots=True)
class Move:
    """A visit of the plan that is made later (negative: sooner) or, where `later_minutes` is None, not made.

    `lost_yuan` is what it averts less. `after_id` makes it then, mostly whoever made it before.
    """

    case_id: str
    place_id: str
    before_id: str
    after_id: str | None
    later_minutes: float | None
    lost_yuan: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One responder who could take the case.

    `averted_yuan` is saved at the new case, `elsewhere_yuan` lost and paid more everywhere else for
    it: drives, jurisdictions, and those who wait longer. `number` is its place in the route, from 1.
    """

    responder_id: str
    place_id: str
    number: int
    arrive_minutes: float
    contact_minutes: float
    drive_minutes: float
    averted_yuan: float
    elsewhere_yuan: float
    moves: tuple[Move, ...]
    partner_id: str | None = None

    @property
    def net_yuan(self) -> float:
        """What the whole plan loses and pays less with it; below 0 it is not worth it."""
        return self.averted_yuan - self.elsewhere_yuan


def suggest(problem: Problem, plan: Plan, case: Case, most: int = MOST) -> list[Suggestion]:
    """The responders to whom the case is best given, the best first; empty where nobody can go.

    Parameters
    ----------
    problem
        It has the case, with travel minutes to its places (`with_case`).
    plan
        A plan of the problem that keeps every rule and does not visit the case.
    """
    seating = Seating(Standing(problem, orders_of(plan)))
    found = [
        seat
        for one in problem.responders
        if any(may_visit(problem, one, case, place) is None for place in case.places)
        and (seat := seating.best_place(case, one)) is not None
    ]
    found.sort(key=lambda seat: (seat.more_yuan, seat.responder_id))
    return [_suggestion(seating.standing, case, seat) for seat in found[:most]]


@dataclass(frozen=True, slots=True)
class NewMinutes:
    """Minutes between n new places, b bases and p places of a problem, for one profile.

    Shapes: `from_base` (b, n), `to_base` (n, b), `from_places` (p, n), `to_places` (n, p),
    `among` (n, n); `inf` where no way leads.
    """

    from_base: Minutes
    to_base: Minutes
    from_places: Minutes
    to_places: Minutes
    among: Minutes


def with_case(problem: Problem, case: Case, travel: Mapping[str, NewMinutes]) -> Problem:
    """The problem with one more case.

    Parameters
    ----------
    travel
        By profile the minutes between its places and everything else.

    Raises
    ------
    ValueError
        A case or place of that id is there already.
    """
    old = len(next(iter(problem.travel.values())).to_base) if problem.travel else 0
    index = {place.id: old + number for number, place in enumerate(case.places)}
    return replace(
        problem,
        cases=(*problem.cases, case),
        place_index={**problem.place_index, **index},
        travel={name: _joined(table, travel[name]) for name, table in problem.travel.items()},
    )


def as_of(problem: Problem, plan: Plan, minutes: float) -> tuple[Problem, Plan]:
    """The plan `minutes` after it was made: what has begun is fixed, who is idle starts then at the earliest.

    A visit has begun once somebody has set out to it. Who has left its last visit counts as free at
    its base once it is home; what it has done is dropped. Moments still count from `Problem.at`.
    """
    if minutes <= 0:
        return problem, plan
    crews: list[Responder] = []
    heads: dict[str, tuple[tuple[str, str], ...]] = {}
    orders: dict[str, list[Visit]] = {}
    for one, route in zip(problem.responders, plan.routes, strict=True):
        sets_out = (one.ready_minutes, *(stop.leave for stop in route.stops))
        begun = [stop for stop, at in zip(route.stops, sets_out, strict=False) if at < minutes]
        over = bool(route.stops) and len(begun) == len(route.stops) and route.stops[-1].leave <= minutes
        if over and all(stop.partner_id is None for stop in route.stops):
            left = max(0, one.max_visits - len(route.stops))
            free = max(one.free_at_minutes, route.home, minutes)
            crews.append(replace(one, free_at_minutes=free, max_visits=left))
            continue
        if begun:
            heads[one.id] = tuple((stop.case_id, stop.place_id) for stop in begun)
            crews.append(one)
        else:
            crews.append(replace(one, free_at_minutes=max(one.free_at_minutes, minutes)))
        orders[one.id] = [Visit(stop.case_id, stop.place_id, stop.leads) for stop in route.stops]
    heads = heads_of_both(problem, orders, heads)
    now = replace(problem, responders=tuple(crews), heads={**problem.heads, **heads})
    now = replace(now, heads={who: head for who, head in now.heads.items() if who in orders})
    routes = Standing(now, orders).worth.clock.routes(orders)
    return now, replace(plan, routes=routes)


def _suggestion(standing: Standing, case: Case, seat: Seat) -> Suggestion:
    problem = standing.problem
    after = timed(standing, seat)
    stops = after[seat.responder_id].stops
    number = next(at for at, stop in enumerate(stops) if stop.place_id == seat.place_id)
    stop = stops[number]
    averted = _saved(problem, case, stop)
    return Suggestion(
        seat.responder_id,
        seat.place_id,
        number + 1,
        stop.arrive,
        stop.contact,
        stop.drive_minutes,
        averted,
        seat.more_yuan + averted,
        _moves(standing, seat, after),
        seat.partner_id,
    )


def _moves(standing: Standing, seat: Seat, after: Mapping[str, Route]) -> tuple[Move, ...]:
    """Every visit of the routes changed that is made at another time, by another, or not at all."""
    problem, clock = standing.problem, standing.worth.clock
    before = timed(standing, replace(seat, routes={who: standing.visits(who) for who in after}))
    was = {stop.place_id: (who, stop) for who, route in before.items() for stop in route.stops if stop.leads}
    now = {stop.place_id: (who, stop) for who, route in after.items() for stop in route.stops if stop.leads}
    moves = []
    for place_id, (who, stop) in was.items():
        case = clock.cases[stop.case_id]
        then = now.get(place_id)
        lost = _saved(problem, case, stop) - (_saved(problem, case, then[1]) if then else 0.0)
        later = then[1].contact - stop.contact if then else None
        if later is None or abs(later) >= MOVED_MINUTES or (then and then[0] != who):
            moves.append(Move(case.id, place_id, who, then[0] if then else None, later, lost))
    return tuple(sorted(moves, key=lambda move: -move.lost_yuan))


def _saved(problem: Problem, case: Case, stop: Stop) -> float:
    horizon = problem.horizon_minutes
    saved = never_yuan(case, horizon) - loss_yuan(case, stop.contact, horizon)
    return case.place(stop.place_id).probability * saved


def _joined(old: TravelMinutes, new: NewMinutes) -> TravelMinutes:
    above = np.concatenate([old.between, new.from_places], axis=1)
    below = np.concatenate([new.to_places, new.among], axis=1)
    return TravelMinutes(
        np.concatenate([old.from_base, new.from_base], axis=1),
        np.concatenate([old.to_base, new.to_base], axis=0),
        np.concatenate([above, below], axis=0),
    )
