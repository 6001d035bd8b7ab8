"""Left out only because no more people may be told anew: another reason than crews with more to save elsewhere."""

from __future__ import annotations

from dataclasses import replace

from dispatch import loss
from dispatch.carry_on import changes_allowed
from dispatch.domain import Case, LeftOut, Plan, Problem
from dispatch.explain.seating import OTHERS_TRIED, Seat, Seating
from dispatch.explain.standing import Standing, orders_of
from dispatch.reasons import Reason
from dispatch.sending import offers


def with_limit_named(problem: Problem, plan: Plan) -> tuple[LeftOut, ...]:
    """Those left out, with `LIMIT_ON_CHANGES` where a visit would pay if more changes were allowed.

    Asked only where the limit is used up: each case that is left to crews busy elsewhere is put in at its
    cheapest seat among those there soonest, nobody pushed out, by every rule but the limit.
    """
    busy = [one for one in plan.left_out if one.reason.code == "NO_CAPACITY"]
    if problem.max_changes is None or not busy:
        return plan.left_out
    if len(loss.changes(problem, plan)) < changes_allowed(problem):
        return plan.left_out
    free = replace(problem, max_changes=None)
    seating = Seating(Standing(free, orders_of(plan)))
    cases = {case.id: case for case in problem.cases}
    seats = {one.case_id: _best_seat(seating, cases[one.case_id]) for one in busy}
    return tuple(_named(one, seats.get(one.case_id), problem) for one in plan.left_out)


def _named(one: LeftOut, seat: Seat | None, problem: Problem) -> LeftOut:
    if seat is None or seat.more_yuan >= 0:
        return one
    who = next(each for each in problem.responders if each.id == seat.responder_id)
    said = {"limit": problem.max_changes, "responder": who.name or who.id, "yuan": round(-seat.more_yuan)}
    return replace(one, reason=Reason("LIMIT_ON_CHANGES", said))


def _best_seat(seating: Seating, case: Case) -> Seat | None:
    soonest: dict[str, float] = {}
    for place in case.places:
        found = offers(seating.state, case, place)
        for row in found.possible.nonzero()[0]:
            who = seating.problem.responders[row].id
            soonest[who] = min(soonest.get(who, float("inf")), float(found.contact[row]))
    near = set(sorted(soonest, key=lambda who: soonest[who])[:OTHERS_TRIED])
    crews = [one for one in seating.problem.responders if one.id in near]
    seats = (seating.best_place(case, one, push=False) for one in crews)
    return min((seat for seat in seats if seat), key=lambda seat: seat.more_yuan, default=None)
