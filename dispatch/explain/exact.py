"""Prices by solving the day again: one visit pinned to each responder in turn, everything else free.

A place of a case carries its own share of the loss, so a case of several places is the same
problem as several cases of one: the visit in question becomes a case of its own and is pinned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dispatch.domain import Case, Plan, Problem
from dispatch.eligible import may_visit
from dispatch.explain.choices import Alternatives, Choice, Planned
from dispatch.explain.standing import Standing, orders_of
from dispatch.loss import plan_loss
from dispatch.routing import assemble, solve
from dispatch.sending import State
from dispatch.timeline import Visit

POLICY = "search"
REST = "~"
"""What the id of a case's other places ends with while one of them is looked at alone."""


@dataclass(frozen=True, slots=True)
class Solving:
    """How long each solving again may think: steps of the search, the same answer every time."""

    iterations: int = 20_000
    seed: int = 0


def exact_prices(
    problem: Problem,
    plan: Plan,
    planned: Planned,
    listed: Sequence[Choice],
    *,
    solving: Solving = Solving(),
    most: int = 5,
) -> list[Choice]:
    """The choices with `exact_yuan` for the one sent and those cheapest by insertion, at most so many.

    Each is the objective with the visit pinned to that responder, less the least of all that was
    found, pinned or not; all are solved from the plan as it is and given the same steps. What
    insertion finds is where the pinned search begins: `exact_yuan` is above `price_yuan` by no
    more than what solving again saves (`exact_yuan` of the one sent, at least).
    """
    apart, alone = visit_apart(problem, planned)
    begun = _renamed(orders_of(plan), planned)
    standing = Standing(apart, begun)
    ways = Alternatives(standing, alone, State.start(apart))
    others = [one.responder_id for one in listed if not one.sent][:most]
    found = {
        who: yuan
        for who in (planned.responder.id, *others)
        if (yuan := _pinned(apart, alone, standing, ways, who, solving)) is not None
    }
    least = min([_objective(apart, _solved(apart, begun, solving)), *found.values()])
    return [
        replace(one, exact_yuan=found[one.responder_id] - least) if one.responder_id in found else one
        for one in listed
    ]


def visit_apart(problem: Problem, planned: Planned) -> tuple[Problem, Planned]:
    """The same problem with the visit's place as a case of its own."""
    case, place = planned.case, planned.place
    others = tuple(one for one in case.places if one.id != place.id)
    if not others:
        return problem, planned
    alone, rest = replace(case, places=(place,)), replace(case, id=case.id + REST, places=others)
    cases: list[Case] = []
    for one in problem.cases:
        cases += [alone, rest] if one.id == case.id else [one]
    pinned, told = dict(problem.pinned), dict(problem.told)
    if case.id in pinned:
        pinned[rest.id] = pinned[case.id]
    if case.id in told and told[case.id].place_id != place.id:
        told[rest.id] = told.pop(case.id)
    heads = {
        who: tuple(_rename(case_id, place_id, planned) for case_id, place_id in head)
        for who, head in problem.heads.items()
    }
    apart = replace(problem, cases=tuple(cases), pinned=pinned, told=told, heads=heads)
    return apart, replace(planned, case=alone)


def _pinned(  # noqa: PLR0917 - one caller
    apart: Problem,
    alone: Planned,
    standing: Standing,
    ways: Alternatives,
    responder_id: str,
    solving: Solving,
) -> float | None:
    """The objective with the visit pinned; None if that responder cannot make it at all."""
    who = standing.crew[responder_id]
    if may_visit(apart, who, alone.case, alone.place) is not None:
        return None
    begun: Mapping[str, Sequence[Visit]] = standing.routes
    if responder_id != alone.responder.id:
        seat = ways.seat(who)
        begun = {**ways.seating.standing.routes, **(seat.routes if seat else {})}
    pinned = replace(apart, pinned={**apart.pinned, alone.case.id: responder_id})
    found = _solved(pinned, begun, solving)
    return _objective(pinned, found) if alone.case.id in found.visited else None


def _solved(problem: Problem, begun: Mapping[str, Sequence[Visit]], solving: Solving) -> Plan:
    start = assemble(problem, begun, POLICY)
    return solve(problem, POLICY, iterations=solving.iterations, seed=solving.seed, start=start)


def _objective(problem: Problem, plan: Plan) -> float:
    return plan_loss(problem, plan).objective_yuan


def _renamed(orders: Mapping[str, Sequence[Visit]], planned: Planned) -> dict[str, list[Visit]]:
    return {
        who: [Visit(*_rename(visit.case_id, visit.place_id, planned), visit.leads) for visit in own]
        for who, own in orders.items()
    }


def _rename(case_id: str, place_id: str, planned: Planned) -> tuple[str, str]:
    rest = case_id == planned.case.id and place_id != planned.place.id
    return (case_id + REST if rest else case_id), place_id
