"""A plan somebody edited: what it breaks, when everything happens then, and what it costs.

The times a person wrote are not trusted: the visits are timed anew, and every rule is asked of
those times. That a time is written wrong is a breach of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dispatch.carry_on import heads_of_both
from dispatch.domain import Plan, Problem, Stop
from dispatch.explain.choices import first_visits
from dispatch.explain.standing import Orders, orders_of
from dispatch.loss import PlanLoss, plan_loss
from dispatch.planfile import Decided
from dispatch.reasons import Reason
from dispatch.routing import assemble, solve
from dispatch.rules import Breach, audit
from dispatch.timeline import Visit

WRITTEN = "TIMES_WRONG"
BY_THE_CLOCK = frozenset({"OVER_SHIFT", "TOO_EARLY", "BREAK_BROKEN", "WINDOW_BROKEN", "TOO_MANY_CHANGES"})
"""Rules that must be asked of the times as they would be, not as they are written."""

MOVED_MINUTES = 1.0
"""A contact that moves by less has not moved."""
POLICY = "edited"


@dataclass(frozen=True, slots=True)
class Difference:
    """One case decided otherwise than by the machine. None is nobody, and never; minutes are of first contact."""

    case_id: str
    before_id: str | None
    after_id: str | None
    before_minutes: float | None
    after_minutes: float | None

    @property
    def later_minutes(self) -> float | None:
        """How much later contact is made; negative is sooner."""
        if self.before_minutes is None or self.after_minutes is None:
            return None
        return self.after_minutes - self.before_minutes

    @property
    def reason(self) -> Reason:
        """The difference as a code with parameters; ids stand for responders."""
        params: dict[str, Any] = {"case": self.case_id, "before": self.before_id, "after": self.after_id}
        if self.before_id is None:
            return Reason("DIFF_ADDED", params)
        if self.after_id is None:
            return Reason("DIFF_DROPPED", params)
        minutes = self.later_minutes or 0.0
        params["minutes"] = round(abs(minutes))
        if self.before_id == self.after_id:
            return Reason("DIFF_LATER" if minutes > 0 else "DIFF_SOONER", params)
        return Reason("DIFF_GIVEN_LATER" if minutes > 0 else "DIFF_GIVEN_SOONER", params)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a plan breaks and what it comes to.

    `plan` holds the same visits timed anew, those who are out being explained; `loss` is its.
    `wrong_times` are breaches of what is written, `breaches` all others. `machine` is the plan
    to compare with and `differences` what is decided otherwise; None and empty without one.
    """

    plan: Plan
    breaches: tuple[Breach, ...]
    wrong_times: tuple[Breach, ...]
    loss: PlanLoss
    machine: Plan | None = None
    machine_loss: PlanLoss | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing is broken and every time is right."""
        return not self.breaches and not self.wrong_times


def check(problem: Problem, plan: Plan, machine: Plan | None = None) -> Checked:
    """Audit a plan against every rule, time it anew, and compare it with the machine's."""
    timed = retimed(problem, plan)
    written = audit(problem, plan)
    again = [breach for breach in audit(problem, timed) if breach.code in BY_THE_CLOCK]
    rules = [breach for breach in written if breach.code not in BY_THE_CLOCK and breach.code != WRITTEN]
    return Checked(
        timed,
        tuple(rules + again),
        tuple(breach for breach in written if breach.code == WRITTEN),
        plan_loss(problem, timed),
        machine,
        plan_loss(problem, machine) if machine else None,
        tuple(differences(problem, machine, timed)) if machine else (),
    )


def retimed(problem: Problem, plan: Plan) -> Plan:
    """The plan's visits timed anew; see `plan_of`."""
    return replace(plan_of(problem, orders_of(plan), plan.policy, plan.seed), parent=plan.parent)


def decided_plan(problem: Problem, decided: Decided) -> Plan:
    """What the machine decided, timed by the problem as it is now."""
    orders = {who: [Visit(*one) for one in visits] for who, visits in decided.routes.items()}
    return replace(plan_of(problem, orders, POLICY), id=decided.plan_id)


def plan_of(problem: Problem, orders: Orders, policy: str, seed: int = 0) -> Plan:
    """The plan of those visits that make sense, timed, everyone left out being explained.

    Skipped are unknown responders, places their case does not have, and visits to a place that has
    all it takes already.
    """
    places = {place.id: case for case in problem.cases for place in case.places}
    known = {one.id for one in problem.responders}
    seen: dict[str, int] = {}
    kept: dict[str, list[Visit]] = {}
    for who, visits in orders.items():
        for visit in visits if who in known else ():
            case = places.get(visit.place_id)
            if case is None or case.id != visit.case_id:
                continue
            seen[visit.place_id] = seen.get(visit.place_id, 0) + 1
            if seen[visit.place_id] <= (2 if case.partners else 1):
                kept.setdefault(who, []).append(visit)
    return assemble(problem, kept, policy, seed)


def differences(problem: Problem, before: Plan, after: Plan) -> Iterator[Difference]:
    """Cases whose first visit is another one's, at another time, or made or not made at all."""
    one, other = first_visits(problem, before), first_visits(problem, after)
    for case in problem.cases:
        was, now = one.get(case.id), other.get(case.id)
        found = Difference(
            case.id,
            was.responder.id if was else None,
            now.responder.id if now else None,
            was.stop.contact if was else None,
            now.stop.contact if now else None,
        )
        moved = abs(found.later_minutes or 0.0)
        if found.before_id != found.after_id or moved >= MOVED_MINUTES:
            yield found


@dataclass(frozen=True, slots=True)
class Kept:
    """What of an edited plan is kept when the rest is solved again.

    `heads` are the routes somebody put in an order of his own, whole; `pinned` the cases in them by
    responder id, and those taken out of the plan by "".
    """

    heads: Mapping[str, tuple[tuple[str, str], ...]]
    pinned: Mapping[str, str]


def kept_of(problem: Problem, machine: Plan | None, edited: Plan, routes: Sequence[str] = ()) -> Kept:
    """Which routes and cases to keep.

    Parameters
    ----------
    machine
        What was decided: a route that only lost visits is free, as is one nobody touched. None:
        every route is kept.
    routes
        Ids of responders whose routes are kept instead.
    """
    now = orders_of(edited)
    before = orders_of(machine) if machine else {}
    chosen = set(routes) or {who for who, own in now.items() if not _in_order(own, before.get(who, []))}
    chosen |= set(problem.heads)
    heads = {who: tuple(visit[:2] for visit in now.get(who, [])) for who in chosen}
    for who, head in problem.heads.items():
        if who in heads and len(heads[who]) < len(head):
            heads[who] = head
    heads = heads_of_both(problem, now, heads)
    pinned = {case_id: who for who, head in heads.items() for case_id, _ in head if _leads(now, who, case_id)}
    if machine is not None:
        gone = machine.visited - edited.visited
        pinned |= {case.id: "" for case in problem.cases if case.id in gone}
    return Kept({who: head for who, head in heads.items() if head}, pinned)


def reoptimised(
    problem: Problem,
    edited: Plan,
    kept: Kept,
    *,
    policy: str = "search",
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 0,
) -> tuple[Problem, Plan]:
    """The rest solved again around what is kept.

    Returns
    -------
    problem, plan
        The problem pins what was kept, so that a later plan keeps it too; the order of visits is
        the plan's alone.

    Raises
    ------
    PlanBroken
        What is kept breaks a rule: check first.
    """
    pinned = {**problem.pinned, **kept.pinned}
    around = replace(problem, heads=kept.heads, pinned=pinned)
    found = solve(
        around, policy, seconds=seconds, iterations=iterations, seed=seed, start=retimed(around, edited)
    )
    decided = replace(problem, pinned=pinned)
    return decided, replace(assemble(decided, orders_of(found), policy, seed), parent=edited.id)


def orders_from(
    problem: Problem, plan: Plan, rows: Sequence[Mapping[str, str]]
) -> tuple[Orders, list[Breach]]:
    """Orders as a table of stops says: `responder_id`, `order`, `case_id`, and `place_id` or `stop_id` where known.

    A row of an unknown responder or case is a breach and skipped. Without a place the one the plan
    has that case at counts, else its likeliest. Who leads, where two come, is as in the plan.
    """
    cases = {case.id: case for case in problem.cases}
    known = {one.id for one in problem.responders}
    by_stop = {stop.id: stop for route in plan.routes for stop in route.stops}
    by_case: dict[str, Stop] = {}
    for stop in by_stop.values():
        by_case.setdefault(stop.case_id, stop)
    found: dict[str, list[tuple[float, int, Visit]]] = {}
    breaches = []
    for number, row in enumerate(rows):
        who, case = row.get("responder_id", ""), cases.get(row.get("case_id", ""))
        named = by_stop.get(row.get("stop_id", ""))
        mine = named is not None and named.case_id == row.get("case_id")
        planned = named if mine else by_case.get(row.get("case_id", ""))
        likeliest = max(case.places, key=lambda one: one.probability, default=None) if case else None
        place = row.get("place_id") or (planned.place_id if planned else likeliest.id if likeliest else "")
        if case is None or who not in known or all(place != one.id for one in case.places):
            breaches.append(
                Breach(
                    "UNKNOWN_STOP",
                    stop=f"{who or '?'}:{number + 1}",
                    case=row.get("case_id", ""),
                    place=place,
                )
            )
            continue
        visit = Visit(case.id, place, planned.leads if planned and planned.place_id == place else True)
        found.setdefault(who, []).append((_number(row.get("order", ""), number), number, visit))
    return {who: [visit for _, _, visit in sorted(own)] for who, own in found.items()}, breaches


def _number(text: str, otherwise: int) -> float:
    try:
        value = float(text)
    except ValueError:
        return float(otherwise)
    return value if math.isfinite(value) else float(otherwise)


def _in_order(own: Sequence[Visit], before: Sequence[Visit]) -> bool:
    """Whether these visits are some of those of before, in the order of before."""
    rest = iter(before)
    return all(visit in rest for visit in own)


def _leads(orders: Mapping[str, Sequence[Visit]], who: str, case_id: str) -> bool:
    return all(visit.leads for visit in orders.get(who, ()) if visit.case_id == case_id)
