"""Why not the obvious car: the nearest, or the one responsible, where another one was sent."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from dispatch import loss
from dispatch.domain import Case, Plan, Problem, Route, Stop
from dispatch.reasons import Reason
from dispatch.sending import Bools, Offers, Roster, State, offers

SOONER_MINUTES = 1.0
"""Less than this is no difference anybody on the road would see."""


def obvious_reasons(problem: Problem, plan: Plan) -> dict[str, Reason]:
    """By case id, one reason where the first visit is not by the obvious responder.

    The obvious one is who would arrive first if it had nothing else to do, and where that one is
    sent or no sooner, whoever on duty answers for the place. Its minutes and yuan are for this
    case alone: as if it drove there straight away. What re-planning the whole day around that
    would cost is not known here.
    """
    state = State.start(problem)
    cases = {case.id: case for case in problem.cases}
    routes = {route.responder_id: route for route in plan.routes}
    first: dict[str, tuple[str, Stop]] = {}
    for route in plan.routes:
        for stop in route.stops:
            known = first.get(stop.case_id)
            if known is None or stop.contact < known[1].contact:
                first[stop.case_id] = (route.responder_id, stop)
    found = {}
    for case_id, sent in first.items():
        reason = _reason(problem, state, cases[case_id], sent, routes)
        if reason:
            found[case_id] = reason
    return found


def duty_responders(problem: Problem) -> dict[str, str]:
    """By case id, who answers for its likeliest place: whose duty phone to ring where nobody is sent."""
    roster, found = Roster.of(problem), {}
    for case in problem.cases:
        for place in sorted(case.places, key=lambda one: -one.probability):
            answers = _answers(problem, place.codes)
            rows = np.flatnonzero(answers & roster.entitled(case, place))
            if len(rows):
                row = min(rows, key=lambda at: (not roster.on_duty[at], roster.ready[at], at))
                found[case.id] = problem.responders[row].id
                break
    return found


def _reason(
    problem: Problem, state: State, case: Case, sent: tuple[str, Stop], routes: Mapping[str, Route]
) -> Reason | None:
    """The first sentence that holds; None where the obvious responder was sent."""
    responder_id, stop = sent
    place = case.place(stop.place_id)
    found = offers(state, case, place)
    row = state.roster.number[responder_id]
    never = loss.never_yuan(case, problem.horizon_minutes)
    planned_yuan = place.probability * (never - loss.loss_yuan(case, stop.contact, problem.horizon_minutes))
    for which, best in _obvious(problem, found, place.codes, row):
        other = problem.responders[best]
        gain = float(found.averted_yuan[best]) - planned_yuan
        cost = float(found.cost_yuan[best]) - float(found.cost_yuan[row])
        params = {
            "which": which,
            "responder": other.name or other.id,
            "minutes": max(0, round(float(found.arrive[best]))),
            "sent_minutes": max(0, round(stop.arrive)),
            "yuan": round(abs(gain)),
            "better": "saves_more" if gain >= 0 else "saves_less",
        }
        route = routes.get(other.id)
        if route and route.stops:
            params |= {
                "visits": len(route.stops),
                "case": route.stops[0].case_id,
                "route_yuan": round(_saved(problem, route)),
            }
            return Reason("OBVIOUS_BUSY", params)
        if cost > max(gain, 0.0):
            return Reason("OBVIOUS_COSTS", params | {"cost_yuan": round(cost)})
        return Reason("OBVIOUS_FREE" if gain > cost else "OBVIOUS_LATER", params)
    return None


def _obvious(problem: Problem, found: Offers, codes: frozenset[str], sent: int) -> Iterator[tuple[str, int]]:
    """Row of the nearest, then of the one that answers for the place, where it is not the one sent.

    Answering counts among responders of the same kind, else among police stations: that the
    county's squad answers for the whole county is not what anybody calls obvious.
    """
    arrive = np.where(found.possible, found.arrive, math.inf)
    best = int(arrive.argmin())
    if best != sent and arrive[best] + SOONER_MINUTES <= arrive[sent]:
        yield "nearest_one", best
    answers = _answers(problem, codes)
    if answers[sent]:
        return
    for kind in dict.fromkeys((problem.responders[sent].kind, "station")):
        own = np.where(answers & _of_kind(problem, kind), arrive, math.inf)
        if math.isfinite(own.min(initial=math.inf)):
            yield "responsible_one", int(own.argmin())
            return


def _of_kind(problem: Problem, kind: str) -> Bools:
    return np.array([one.kind == kind for one in problem.responders], dtype=np.bool_)


def _answers(problem: Problem, codes: frozenset[str]) -> Bools:
    return np.array([bool(codes & one.jurisdiction) for one in problem.responders], dtype=np.bool_)


def _saved(problem: Problem, route: Route) -> float:
    """What the visits of a route keep from being lost, in yuan."""
    cases = {case.id: case for case in problem.cases}
    total = 0.0
    for stop in route.stops:
        case = cases[stop.case_id]
        never = loss.never_yuan(case, problem.horizon_minutes)
        reached = loss.loss_yuan(case, stop.contact, problem.horizon_minutes)
        total += case.place(stop.place_id).probability * (never - reached)
    return total
