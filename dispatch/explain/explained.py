"""One case explained: everything a dispatcher asks about it, as plain values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from dispatch.domain import Case, Plan, Problem, Responder, Stop
from dispatch.errors import BadInput
from dispatch.explain.bars import Group, bars, groups
from dispatch.explain.choices import Choice, choices, first_visits, is_fixed
from dispatch.explain.exact import Solving, exact_prices
from dispatch.explain.lifts import Lift, lifts
from dispatch.explain.obvious import Why, why_of
from dispatch.explain.sensitivity import Turn, sensitivity
from dispatch.explain.slack import Slack, slack_of
from dispatch.explain.standing import Standing
from dispatch.loss import expected_yuan, never_yuan
from dispatch.reasons import Reason
from dispatch.rules import audit
from dispatch.sending import State


@dataclass(frozen=True, slots=True)
class Going:
    """One visit of the case: who makes it, as which of its stops (from 1), and how late it may be."""

    responder: Responder
    number: int
    stop: Stop
    slack: Slack


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a case is visited as it is, or not at all.

    `never_yuan` is lost if nobody comes, `planned_yuan` under the plan. Of a planned case
    `visits` in the order of their contacts, `choices` for the first of them, the cheapest first,
    and `why` where the obvious responder was not sent; of one left out `left_out` with what stops
    everyone and what it would take. `turns` where they were asked for. `fixed`: the first visit is
    under way, and nobody else is asked.
    """

    case: Case
    never_yuan: float
    planned_yuan: float
    visits: tuple[Going, ...] = ()
    choices: tuple[Choice, ...] = ()
    why: Why | None = None
    left_out: Reason | None = None
    stopped: tuple[Group, ...] = ()
    lifts: tuple[Lift, ...] = ()
    turns: tuple[Turn, ...] = ()
    fixed: bool = False

    @property
    def next_best(self) -> Choice | None:
        """The cheapest responder beside the one sent."""
        return next((one for one in self.choices if not one.sent and one.price_yuan is not None), None)


def explain(
    problem: Problem,
    plan: Plan,
    case_id: str,
    *,
    exact: bool = False,
    guesses: Literal["case", "all"] | None = None,
    solving: Solving = Solving(),
) -> Explained:
    """Everything there is to say about one case of a plan.

    Parameters
    ----------
    exact
        Price the cheapest choices by solving the day again too.
    guesses
        Solve it again with hazards and probabilities half and double: of this case, or of all.

    Raises
    ------
    BadInput
        The plan has no such case, or breaks a rule: nothing said about it would be true.
    """
    case = next((one for one in problem.cases if one.id == case_id), None)
    if case is None:
        known = [one.id for one in problem.cases if case_id and case_id in one.id][:5]
        hint = f"; similar: {', '.join(known)}" if known else ""
        raise BadInput(f"the plan has no case {case_id!r:.60} among its {len(problem.cases)}{hint}")
    if breaches := audit(problem, plan):
        raise BadInput(
            f"the plan breaks {len(breaches)} rules ({breaches[0]}); see all with: dispatch check PLAN"
        )
    about = case_id if guesses == "case" else None
    turns = tuple(sensitivity(problem, plan, about, solving)) if guesses else ()
    never = never_yuan(case, problem.horizon_minutes)
    if case.id not in plan.visited:
        return _left_out(problem, plan, case, never, turns)
    planned = first_visits(problem, plan)[case.id]
    state, standing = State.start(problem), Standing.of(problem, plan)
    listed = choices(problem, plan, planned, state)
    if exact and not is_fixed(problem, planned):
        listed = exact_prices(problem, plan, planned, listed, solving=solving)
    visits = _visits(problem, plan, case)
    contacts = [
        (one.stop.contact, case.place(one.stop.place_id).probability) for one in visits if one.stop.leads
    ]
    return Explained(
        case,
        never,
        expected_yuan(case, contacts, problem.horizon_minutes),
        visits,
        tuple(listed),
        why_of(standing, planned, state),
        turns=turns,
        fixed=is_fixed(problem, planned),
    )


def _left_out(problem: Problem, plan: Plan, case: Case, never: float, turns: tuple[Turn, ...]) -> Explained:
    standing = Standing.of(problem, plan)
    reason = next(one.reason for one in plan.left_out if one.case_id == case.id)
    return Explained(
        case,
        never,
        never,
        left_out=reason,
        stopped=tuple(groups(bars(standing, case))),
        lifts=tuple(lifts(problem, standing, case)),
        turns=turns,
    )


def _visits(problem: Problem, plan: Plan, case: Case) -> tuple[Going, ...]:
    found = [
        Going(one, number + 1, stop, slack_of(problem, one, route, number))
        for one, route in zip(problem.responders, plan.routes, strict=True)
        for number, stop in enumerate(route.stops)
        if stop.case_id == case.id
    ]
    return tuple(sorted(found, key=lambda one: (one.stop.contact, not one.stop.leads)))


def finite(value: float | None) -> float | None:
    """A number fit for JSON, to a hundredth; None for none and for never."""
    return None if value is None or not math.isfinite(value) else round(value, 2)
