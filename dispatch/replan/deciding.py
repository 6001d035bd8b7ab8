"""Deciding anew: what is frozen stays, a crew on the road keeps its next stop unless a change gains enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dispatch import loss, routing
from dispatch.domain import LeftOut, Plan, Problem, Route, Stop
from dispatch.eligible import may_visit
from dispatch.reasons import Reason
from dispatch.replan.limited import with_limit_named
from dispatch.replan.onward import Onward
from dispatch.routing import plan_id
from dispatch.rules import audit


def decide(
    day: Onward,
    *,
    policy: str,
    seconds: float | None,
    iterations: int | None,
    seed: int,
    first_stop_yuan: float,
) -> Plan:
    """The plan from now on, its routes as told where that is cheap.

    Raises
    ------
    PlanBroken
        No plan that keeps every rule was found: nothing is to be changed.
    """
    kept = _with_first_stops(day.problem, day.first_stops)
    if kept is None:
        return _solved(day.problem, day.start, policy, seconds, iterations, seed)
    half = None if seconds is None else seconds / 2
    steady = _solved(kept, day.start, policy, half, iterations, seed)
    free = _solved(day.problem, replace(steady, id=day.start.id), policy, half, iterations, seed)
    free = replace(free, parent=day.start.id)
    if audit(day.problem, steady):  # keeping them cannot be had without breaking a rule
        return free
    moved = sum(
        _first(free, who) != head[0] for who, head in kept.heads.items() if who not in day.problem.heads
    )
    gain = (
        loss.plan_loss(day.problem, steady).objective_yuan - loss.plan_loss(day.problem, free).objective_yuan
    )
    return free if gain > first_stop_yuan * moved else steady


def _solved(  # noqa: PLR0917 - one caller's knobs, in order
    problem: Problem, start: Plan, policy: str, seconds: float | None, iterations: int | None, seed: int
) -> Plan:
    return routing.solve(problem, policy, seconds=seconds, iterations=iterations, seed=seed, start=start)


def _with_first_stops(problem: Problem, first: Mapping[str, tuple[str, str]]) -> Problem | None:
    """The problem with next stops fixed too, where their crew may still go; None if there is none to fix."""
    crews = {one.id: one for one in problem.responders}
    cases = {case.id: case for case in problem.cases}
    taken = {stop for head in problem.heads.values() for stop in head}
    fixed: dict[str, tuple[tuple[str, str], ...]] = {}
    for who, (case_id, place_id) in first.items():
        case = cases.get(case_id)
        if case is None or case.partners or who not in crews or (case_id, place_id) in taken:
            continue
        if may_visit(problem, crews[who], case, case.place(place_id)) is None:
            fixed[who] = ((case_id, place_id),)
    return replace(problem, heads={**problem.heads, **fixed}) if fixed else None


def _first(plan: Plan, who: str) -> tuple[str, str] | None:
    for route in plan.routes:
        if route.responder_id == who and route.stops:
            return route.stops[0].case_id, route.stops[0].place_id
    return None


def finished(plan: Plan, day: Onward, spent: Mapping[str, Reason]) -> Plan:
    """The plan with the state of stops under way, and why a case nobody goes to any more is left out."""

    def stated(who: str, number: int, stop: Stop) -> Stop:
        one = day.frozen.get(who)
        return replace(stop, state=one.head.state) if one is not None and number == 0 else stop

    routes = tuple(
        Route(
            route.responder_id,
            tuple(stated(route.responder_id, number, stop) for number, stop in enumerate(route.stops)),
            route.home,
        )
        for route in plan.routes
    )
    left_out = tuple(
        LeftOut(one.case_id, spent[one.case_id]) if one.case_id in spent else one
        for one in with_limit_named(day.problem, plan)
    )
    named = replace(plan, routes=routes, left_out=left_out)
    return replace(named, id=plan_id(named))
