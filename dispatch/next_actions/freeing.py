"""Which visits an ask would free: those not worth their cost any more once it has worked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dispatch.domain import Plan, Problem
from dispatch.explain.standing import Standing
from dispatch.loss import plan_loss
from dispatch.next_actions.effects import eased
from dispatch.next_actions.ranking import Ask
from dispatch.routing import solve


@dataclass(frozen=True, slots=True)
class Freed:
    """What becomes unnecessary if every ask of a list works.

    `cases` lose their visits, `crews` have nothing left to do, `crew_minutes` are what all crews
    are back home earlier by.
    """

    cases: tuple[str, ...] = ()
    crews: tuple[str, ...] = ()
    crew_minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class Resolved:
    """The day solved again, every ask of a list having worked: `cases` not visited any more, `crews` that stay.

    `reached` are cases left out before and visited then; `more_yuan` what that saves beyond
    keeping the plan as it is.
    """

    cases: tuple[str, ...]
    crews: tuple[str, ...]
    reached: tuple[str, ...]
    more_yuan: float


def eased_problem(problem: Problem, asks: Sequence[Ask]) -> Problem:
    """The day once every one of these has worked; nobody is pinned to who has been reached."""
    cases = {case.id: case for case in problem.cases}
    for ask in asks:
        if ask.case_id in cases:
            cases[ask.case_id] = eased(cases[ask.case_id], ask.effect)
    reached = {ask.case_id for ask in asks if ask.effect.closes}
    pinned = {case: who for case, who in problem.pinned.items() if case not in reached}
    return replace(problem, cases=tuple(cases[case.id] for case in problem.cases), pinned=pinned)


def freed(problem: Problem, plan: Plan, asks: Sequence[Ask]) -> Freed:
    """Visits of these cases that cost more than they save once every ask has worked, dropped one by one.

    Each time the one whose absence saves most goes, all routes it touches timed again; visits
    that are fixed, pinned or begun before the ask takes effect stay.
    """
    easy = eased_problem(problem, asks)
    begins: dict[str, float] = {}
    for ask in asks:
        begins[ask.case_id] = max(begins.get(ask.case_id, 0.0), ask.effect.begins)
    ahead: dict[str, str] = {
        stop.place_id: stop.case_id
        for route in plan.routes
        for stop in route.stops
        if stop.case_id in begins
        and stop.contact > begins[stop.case_id]
        and not easy.pinned.get(stop.case_id)
    }
    before = Standing.of(easy, plan)
    standing, gone = before, list[str]()
    while ahead:
        gains = {place: standing.more_yuan(standing.without(place)) for place in ahead}
        place = min(gains, key=lambda one: (gains[one], one))
        if not gains[place] < 0:
            break
        standing = standing.with_routes(standing.without(place))
        gone.append(ahead.pop(place))
    still = {visit.case_id for own in standing.routes.values() for visit in own}
    idle = tuple(who for who in before.routes if who not in standing.routes)
    return Freed(
        tuple(one for one in dict.fromkeys(gone) if one not in still),
        idle,
        _busy_minutes(before) - _busy_minutes(standing),
    )


class Solver:
    """The day solved again from a plan, for so many seconds each time, with and without asks having worked.

    The plan itself may be improved in that time: an ask is credited with what is found beyond that.
    """

    def __init__(self, problem: Problem, plan: Plan, seconds: float) -> None:
        self.problem, self.seconds = problem, seconds
        self.base = self._again(problem, plan)
        later = self._again(problem, self.base)
        self.anyway_yuan = _gain(problem, self.base, later)
        self.anyway = later

    def resolved(self, asks: Sequence[Ask]) -> Resolved:
        """What solving the day again comes to, every ask having worked."""
        easy = eased_problem(self.problem, asks)
        again = self._again(easy, self.base)
        before, after = self.anyway.visited, again.visited
        idle = _crews(self.anyway) - _crews(again)
        return Resolved(
            tuple(case.id for case in easy.cases if case.id in before - after),
            tuple(one.id for one in easy.responders if one.id in idle),
            tuple(case.id for case in easy.cases if case.id in after - before),
            max(0.0, _gain(easy, self.base, again) - self.anyway_yuan),
        )

    def _again(self, problem: Problem, start: Plan) -> Plan:
        return solve(problem, "search", seconds=self.seconds, start=start)


def _gain(problem: Problem, before: Plan, after: Plan) -> float:
    return plan_loss(problem, before).objective_yuan - plan_loss(problem, after).objective_yuan


def _crews(plan: Plan) -> frozenset[str]:
    return frozenset(route.responder_id for route in plan.routes if route.stops)


def _busy_minutes(standing: Standing) -> float:
    """From setting out to being home, of all crews."""
    clock = standing.worth.clock
    total = 0.0
    for route in clock.routes(standing.routes):
        if route.stops:
            first = route.stops[0]
            total += route.home - (first.arrive - first.drive_minutes)
    return total
