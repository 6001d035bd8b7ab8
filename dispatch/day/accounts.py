"""The numbers a plan is judged by, and the sum that must close."""

from __future__ import annotations

import math
from typing import Any

from dispatch import loss
from dispatch.domain import Plan, Problem
from dispatch.search.bound import gap_share


def accounts(
    problem: Problem,
    plan: Plan,
    nearest: Plan,
    *,
    received: int,
    rejected: int,
    not_yet: int,
    no_visit: int,
    thresholds: tuple[int, ...],
    settled: int | None = None,
) -> dict[str, Any]:
    """What `--json` prints, without the seconds.

    The counts are rows of the alert file; a case is one of them. `settled` cases were met,
    withdrawn or passed on since the first plan; None where there was none before.

    Raises
    ------
    AssertionError
        The sum does not close: a row was lost or counted twice, which is our mistake.
    """
    table = {
        "received": received,
        "rejected_rows": rejected,
        "not_yet": not_yet,
        "no_visit_needed": no_visit,
        **({} if settled is None else {"settled": settled}),
        "cases": len(problem.cases),
    } | _numbers(problem, plan, thresholds)
    explained = rejected + not_yet + no_visit + (settled or 0) + table["visited"] + table["left_out"]
    if received != explained or table["cases"] != table["visited"] + table["left_out"]:
        raise AssertionError(f"the sum does not close: {table}")
    table["nearest"] = _numbers(problem, nearest, thresholds)
    table["gap_percent"] = _gap_percent(problem, plan)
    return table


def _numbers(problem: Problem, plan: Plan, thresholds: tuple[int, ...]) -> dict[str, Any]:
    money = loss.plan_loss(problem, plan)
    shares = {
        f"share_reached_{minutes}_minutes": round(loss.share_reached(problem, plan, minutes), 4)
        for minutes in thresholds
    }
    return {
        "visited": len(plan.visited),
        "left_out": len(plan.left_out),
        "loss_if_nobody_yuan": round(money.nobody_yuan, 2),
        "expected_loss_yuan": round(money.expected_yuan, 2),
        "averted_yuan": round(money.averted_yuan, 2),
        "prices_yuan": round(money.prices_yuan, 2),
        **shares,
        "travel_minutes": round(_travel_minutes(problem, plan), 1),
    }


def _travel_minutes(problem: Problem, plan: Plan) -> float:
    """All driving, the way home included."""
    total = 0.0
    for responder, route in zip(problem.responders, plan.routes, strict=True):
        if route.stops:
            total += sum(stop.drive_minutes for stop in route.stops)
            total += problem.drive_minutes(responder, route.stops[-1].place_id, None)
    return total


def _gap_percent(problem: Problem, plan: Plan) -> float | None:
    """By how many percent the plan is above the best there can be, at most; rounded up, so that it stays true."""
    gap = gap_share(loss.plan_loss(problem, plan).objective_yuan, plan.lower_bound_yuan)
    return None if gap is None else math.ceil(gap * 10_000 - 1e-6) / 100
