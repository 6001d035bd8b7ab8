"""A plan some minutes later, nothing reported: where everybody is by then, on the roads that are open then.

What re-planning starts from (`dispatch.replan.onward`), without triage and without deciding anew: quick
enough to ask a question of the plan while somebody waits on the telephone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dispatch.area import Area
from dispatch.carry_on import carried_on
from dispatch.day.building import open_roads
from dispatch.day.closing import cut_off
from dispatch.domain import Case, LeftOut, Plan, Problem
from dispatch.explain import left_out_reason
from dispatch.explain.standing import Standing as Orders
from dispatch.explain.standing import orders_of
from dispatch.replan.before import Before
from dispatch.replan.onward import onward
from dispatch.replan.progress import Standing, standings
from dispatch.replan.surroundings import closures_now, roads_then, roster_now
from dispatch.roads.travel import Travel
from dispatch.rules import audit


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """The problem and the plan as they stand at a moment, and the roads they were measured on."""

    problem: Problem
    plan: Plan
    travels: Mapping[str, Travel]


def meanwhile(area: Area, before: Before, at: datetime) -> Meanwhile:
    """The plan at `at`: what is over is dropped, what is under way is fixed, the rest is as told.

    Where a road that was shut since keeps a crew from going on as told, it keeps what it can
    (`dispatch.carry_on.carried_on`).
    """
    old, plan = before.file.problem, before.file.plan
    minutes = (at - old.at) / timedelta(minutes=1)
    standing = standings(
        old,
        plan.routes,
        [],
        gone={},
        minutes=minutes,
        settings=before.settings,
        silent_before=frozenset(before.kept.past.get("silent", ())),
    )
    closures = closures_now(area, before, [])
    crews = roster_now(before, None, standing, minutes).responders
    roads = open_roads(area, crews, at, before.rules, closures.closures)
    left = onward(
        old,
        plan,
        _open_cases(old, plan, standing, minutes),
        standings=standing,
        travels=roads,
        old_roads=roads_then(before, area, roads, closures.closures, at),
        minutes=minutes,
        crews=crews,
        rules=before.rules,
        settings=before.settings,
        pinned=old.pinned,
        max_changes=None,
    )
    problem = replace(left.problem, cut_off=cut_off(left.problem, roads, closures.closures))
    orders = orders_of(left.start)
    now = replace(left.start, routes=Orders(problem, orders).worth.clock.routes(orders))
    now = _explained(problem, now, plan)
    if audit(problem, now):
        now = _explained(problem, replace(now, routes=carried_on(problem).routes), plan)
    return Meanwhile(problem, now, roads)


def _explained(problem: Problem, now: Plan, before: Plan) -> Plan:
    """The plan with everybody it leaves out, for the reason the plan before gave where it gave one."""
    known = {one.case_id: one for one in before.left_out}
    now = replace(now, left_out=())
    out = tuple(
        known.get(case.id) or LeftOut(case.id, left_out_reason(problem, now, case))
        for case in problem.cases
        if case.id not in now.visited
    )
    return replace(now, left_out=out)


def _open_cases(old: Problem, plan: Plan, standing: Mapping[str, Standing], minutes: float) -> list[Case]:
    """Cases somebody still goes to, or nobody ever did, as old as they are then."""
    over = {stop.id for one in standing.values() for stop in one.over}
    ahead = {stop.case_id for route in plan.routes for stop in route.stops if stop.id not in over}
    open_ = [case for case in old.cases if case.id in ahead or case.id not in plan.visited]
    return [later(case, minutes) for case in open_ if case.window[1] >= minutes or case.id in ahead]


def later(case: Case, minutes: float) -> Case:
    """The case `minutes` later: what is still to be saved of it, its moments counted from then.

    While a hold runs the hazard ran at its fraction: ``stake·e^(−λ(f·held + rest))``.
    """
    hold = case.hold
    held = min(minutes, max(0.0, hold.until_minutes)) if hold else 0.0
    fraction = hold.fraction if hold else 1.0
    gone = case.hazard_per_hour * (fraction * held + minutes - held) / 60.0
    still = hold and replace(hold, until_minutes=hold.until_minutes - minutes)
    return replace(
        case,
        stake_yuan=case.stake_yuan * math.exp(-gone),
        safe_minutes_ago=case.safe_minutes_ago + minutes,
        window=(max(0.0, case.window[0] - minutes), max(0.0, case.window[1] - minutes)),
        due_minutes=max(0.0, case.due_minutes - minutes),
        hold=still if still and still.until_minutes > 0 else None,
    )
