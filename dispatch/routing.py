"""Problem to plan: the policies, and the one door to them, `solve`."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from dispatch.carry_on import carried_on, fixed_visits
from dispatch.domain import LeftOut, Plan, Problem, Responder, Route
from dispatch.errors import PlanBroken, SettingsError
from dispatch.explain import left_out_reason
from dispatch.improve import Routes, Seat, Worth, improve, seats
from dispatch.rules import audit, may_accompany, may_visit
from dispatch.search.model import model_of
from dispatch.search.run import search
from dispatch.sending import Roster, State, in_order, nearest
from dispatch.timeline import Clock, Visit

DEFAULT_POLICY = "search"
DEFAULT_SECONDS = 5.0
PLAUSIBLE_EACH = 4
"""Responders of each kind a case is offered to: those there soonest."""
_RESERVE_SECONDS = 0.15
_RESERVE_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a policy may think: wall `seconds`, or `iterations` for the same answer every time."""

    seconds: float | None = None
    iterations: int | None = None


class Policy(Protocol):
    """A way to decide. The planner and the simulator call the same one."""

    def __call__(self, problem: Problem, *, effort: Effort, seed: int = 0, start: Plan | None = None) -> Plan:
        """A plan that passes the audit and forgets nobody."""
        ...


def assign_nearest(
    problem: Problem, *, effort: Effort = Effort(), seed: int = 0, start: Plan | None = None
) -> Plan:
    """Give each case, by tier and then by loss rate, to the eligible responder there first.

    A baseline, not an optimum: fast, and simple enough to explain on the radio. It plans
    afresh: `effort` and the routes of `start` change nothing.
    """
    del effort
    return assemble(problem, _nearest_routes(problem), "nearest", seed, start)


def plan_with_ortools(
    problem: Problem, *, effort: Effort = Effort(), seed: int = 0, start: Plan | None = None
) -> Plan:
    """Improve on `nearest` with OR-Tools' routing and a polish on the exact objective.

    Never worse than `nearest`, nor than `start` where that still fits: the best of them is
    kept. With `iterations` and no `seconds` the answer is the same every time.
    """
    return assemble(problem, _best_with_ortools(problem, effort, start), "ortools", seed, start)


def _best_with_ortools(problem: Problem, effort: Effort, start: Plan | None) -> Routes:
    """The best of `nearest`, `start`, their polish, and what the solver makes of the best of these."""
    begun = time.monotonic()

    def left() -> float:
        return effort.seconds - (time.monotonic() - begun) if effort.seconds is not None else math.inf

    def go_on() -> bool:
        return left() > 0

    worth = Worth(problem)
    chairs = seats(problem, PLAUSIBLE_EACH)
    pool = [_nearest_routes(problem)]
    if start is not None:
        pool.append(mend(problem, _orders(start)))
    pool.append(improve(problem, min(pool, key=worth.total), chairs, go_on=go_on))
    first = min(pool, key=worth.total)
    reserve = min(_RESERVE_SECONDS + _RESERVE_SHARE * (effort.seconds or 0.0), 1.5)
    if left() > reserve:
        seconds = left() - reserve if effort.seconds is not None else None
        settled = _settled(problem, first)
        from dispatch.ortools_model import solve_orders  # noqa: PLC0415 - loads OR-Tools

        found = solve_orders(
            problem,
            *_pruned(problem, chairs, first, settled),
            first,
            settled=settled,
            seconds=seconds,
            iterations=effort.iterations,
        )
        whole = {**settled, **found}  # the model knows plausible crews only
        pool.append(improve(problem, mend(problem, whole), chairs, go_on=go_on))
    return min(pool, key=worth.total)


def plan_by_search(
    problem: Problem, *, effort: Effort = Effort(), seed: int = 0, start: Plan | None = None
) -> Plan:
    """Compiled ruin and recreate on the exact loss; several places of a case may be visited.

    It begins from `start`, where that still fits, else from `nearest`, and is never worse.
    With `iterations` and no `seconds` the answer is the same every time.
    """
    begun = time.monotonic()
    worth = Worth(problem)
    pool = [_nearest_routes(problem)] if start is None else [mend(problem, _orders(start))]
    if problem.told:
        pool.append(as_told(problem))
    first = min(pool, key=worth.total)
    model = model_of(problem)
    seconds = None
    if effort.seconds is not None:
        seconds = max(0.0, effort.seconds - (time.monotonic() - begun))
    found = search(
        model.day,
        seconds=seconds,
        iterations=effort.iterations,
        seed=seed,
        start=model.numbers(first),
        clock=time.monotonic,
        meetings=model.meetings(first),
        warm=start is not None or bool(problem.told),
    )
    best = min((first, model.visits(found.routes)), key=worth.total)
    return assemble(problem, best, "search", seed, start)


POLICIES: dict[str, Policy] = {
    "nearest": assign_nearest,
    "ortools": plan_with_ortools,
    "search": plan_by_search,
}


def solve(
    problem: Problem,
    policy: str = DEFAULT_POLICY,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 0,
    start: Plan | None = None,
) -> Plan:
    """Decide who visits whom, when, and who is left out and why.

    Parameters
    ----------
    policy
        A name in `POLICIES`.
    seconds, iterations
        How long to think: wall seconds, or solver iterations (the same answer every time).
        With neither, 5 seconds.
    start
        A plan to begin from; it becomes the new plan's parent.

    Raises
    ------
    SettingsError
        An unknown policy, or a limit that is not positive.
    PlanBroken
        The plan breaks a rule: a mistake of this program, and the plan must not be used.
    """
    if policy not in POLICIES:
        raise SettingsError(f"policy {policy!r} is unknown; choose one of {', '.join(POLICIES)}")
    if seconds is not None and not 0 < seconds < math.inf:
        raise SettingsError(f"--seconds is {seconds}; give a number above 0")
    if iterations is not None and iterations < 1:
        raise SettingsError(f"--iterations is {iterations}; give a whole number, at least 1")
    if seconds is None and iterations is None:
        seconds = DEFAULT_SECONDS
    plan = POLICIES[policy](problem, effort=Effort(seconds, iterations), seed=seed, start=start)
    if breaches := audit(problem, plan):
        raise PlanBroken(policy, breaches)
    return plan


def assemble(
    problem: Problem,
    routes: Mapping[str, Sequence[Visit]],
    policy: str,
    seed: int = 0,
    parent: Plan | None = None,
) -> Plan:
    """The plan of these visits: timed, with everyone left out explained, and its stable id."""
    clock, roster = Clock(problem), Roster.of(problem)
    timed, state = clock.routes(routes), State.start(problem, roster)
    plan = Plan("", timed, (), policy, seed, parent.id if parent else None)
    visited = plan.visited
    out = tuple(
        LeftOut(case.id, left_out_reason(problem, plan, case, roster, state))
        for case in problem.cases
        if case.id not in visited
    )
    plan = replace(plan, left_out=out)
    return replace(plan, id=plan_id(plan))


def plan_id(plan: Plan) -> str:
    """A name made of what the plan says: same routes, left out, policy and seed, same id."""
    content = [
        plan.policy,
        plan.seed,
        [[route.responder_id, *(_said(route))] for route in plan.routes if route.stops],
        [[left.case_id, left.reason.code] for left in plan.left_out],
    ]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def mend(problem: Problem, routes: Mapping[str, Sequence[Visit]]) -> Routes:
    """The routes with every visit taken out that is unknown, not allowed, repeated, alone where it takes two, or too late.

    They begin with the fixed stops. Where a route does not fit, the visit whose absence costs
    least is dropped, until it does. The limit on changes is not looked at.
    """
    worth = Worth(problem)
    whole = _without_halves(worth, _allowed(worth, routes))
    worth.meets = worth.meetings(whole)
    unsure = list(problem.responders)
    while unsure:
        one = unsure[-1]
        visits, fixed = whole[one.id], len(problem.heads.get(one.id, ()))
        if not math.isinf(worth.yuan(one, visits)) or len(visits) <= fixed:
            unsure.pop()
            continue
        shorter = [visits[:k] + visits[k + 1 :] for k in range(fixed, len(visits))]
        whole[one.id] = min(shorter, key=lambda tried: worth.yuan(one, tried))
        if worth.meets:  # whoever was to meet there comes to nobody, and everyone after may meet sooner
            whole = _without_halves(worth, whole)
            worth.meets = worth.meetings(whole)
            unsure = list(problem.responders)
    return {who: visits for who, visits in whole.items() if visits}


def _allowed(worth: Worth, routes: Mapping[str, Sequence[Visit]]) -> Routes:
    """Fixed stops, then what is known, allowed and not repeated; an empty list for who stays."""
    problem, clock = worth.problem, worth.clock
    whole: Routes = {one.id: [] for one in problem.responders} | fixed_visits(problem)
    seen = Counter(visit.place_id for visits in whole.values() for visit in visits)
    for responder in problem.responders:
        for visit in routes.get(responder.id, ()):
            case = clock.cases.get(visit.case_id)
            if case is None or visit.place_id not in clock.places:
                continue
            place = clock.place(visit)
            if place not in case.places or seen[place.id] >= (2 if case.partners else 1):
                continue
            bar = may_visit if visit.leads else may_accompany
            if bar(problem, responder, case, place) is None:
                whole[responder.id].append(visit)
                seen[place.id] += 1
    return whole


def _without_halves(worth: Worth, routes: Routes) -> Routes:
    """The routes without visits that take two and have one, or twice the same, or two of the same part."""
    parts: dict[str, list[tuple[str, bool]]] = {}
    for who, visits in routes.items():
        for visit in visits:
            parts.setdefault(visit.place_id, []).append((who, visit.leads))

    def whole(visit: Visit) -> bool:
        team = parts[visit.place_id]
        if not worth.clock.cases[visit.case_id].partners:
            return visit.leads
        return len({who for who, _ in team}) == len({leads for _, leads in team}) == len(team) == 2

    return {who: [visit for visit in visits if whole(visit)] for who, visits in routes.items()}


def _nearest_routes(problem: Problem) -> Routes:
    """After the fixed stops each case to the nearest; first as people were told, where too much would change."""
    worth = Worth(problem)
    routes = _send(problem, State.start(problem), fixed_visits(problem))
    if worth.total(routes)[0] == 0:
        return routes
    told = carried_on(problem)
    state = State.start(replace(problem, heads={})).at_the_end(told.routes)
    return _send(problem, state, _orders(told))


def _send(problem: Problem, state: State, begun: Mapping[str, Sequence[Visit]]) -> Routes:
    """The routes begun, and everyone not visited yet given to the nearest."""
    routes: Routes = {who: list(visits) for who, visits in begun.items() if visits}
    visited = {visit.case_id for visits in routes.values() for visit in visits}
    for case in in_order(problem):
        offer = nearest(problem, state, case) if case.id not in visited else None
        if offer is not None:
            visit = Visit(offer.case_id, offer.place_id)
            routes.setdefault(offer.responder_id, []).append(visit)
            if offer.partner_id is not None:
                routes.setdefault(offer.partner_id, []).append(visit._replace(leads=False))
            state = state.after(offer)
    return routes


def as_told(problem: Problem) -> Routes:
    """Everyone keeps the fixed stops and what people were told, as far as that can be."""
    return _orders(carried_on(problem))


def _orders(plan: Plan) -> Routes:
    return {
        route.responder_id: [Visit(stop.case_id, stop.place_id, stop.leads) for stop in route.stops]
        for route in plan.routes
        if route.stops
    }


def _settled(problem: Problem, routes: Mapping[str, Sequence[Visit]]) -> Routes:
    """What the solver leaves alone: fixed stops, and everything up to the last visit that takes two."""
    together = {case.id for case in problem.cases if case.partners}
    settled: Routes = {}
    for who, visits in routes.items():
        joint = [number for number, visit in enumerate(visits, start=1) if visit.case_id in together]
        settled[who] = list(visits[: max(len(problem.heads.get(who, ())), *joint, 0)])
    return settled


def _pruned(
    problem: Problem,
    chairs: Mapping[str, Sequence[Seat]],
    routes: Mapping[str, Sequence[Visit]],
    settled: Mapping[str, Sequence[Visit]],
) -> tuple[list[Seat], list[Responder]]:
    """One place per case (the one visited now, else the one that saves most) and the crews in question."""
    done = {visit.case_id for visits in settled.values() for visit in visits}
    now = {visit.case_id: visit.place_id for visits in routes.values() for visit in visits}
    chosen, wanted = [], set(routes)
    for case in problem.cases:
        options = chairs[case.id]
        if not options or case.id in done:
            continue
        seat = next((one for one in options if one.place.id == now.get(case.id)), options[0])
        chosen.append(seat)
        wanted |= {problem.responders[row].id for row in seat.rows}
    return chosen, [one for one in problem.responders if one.id in wanted]


def _said(route: Route) -> list[list[str | float]]:
    return [[stop.case_id, stop.place_id, round(stop.contact, 3)] for stop in route.stops]
