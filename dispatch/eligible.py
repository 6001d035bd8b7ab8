"""Who may go where: kinds, jurisdiction, skills, pins, roads. Nothing here knows a clock."""

from __future__ import annotations

import math
from collections.abc import Collection

from dispatch.domain import Case, Place, Problem, Responder
from dispatch.reasons import Reason


def may_visit(problem: Problem, responder: Responder, case: Case, place: Place) -> Reason | None:
    """The first reason why `responder` may not visit (or lead a visit to) the case at this place.

    None if it may. Says nothing about time: shifts, windows and what else it has to do are the
    route's. A pin narrows who may go and lifts the least stake; it lifts no other rule.
    """
    pin = problem.pinned.get(case.id)
    if pin == "":
        return Reason("PINNED_OUT")
    if pin is not None and pin != responder.id:
        return Reason("PINNED_ELSEWHERE", {"responder": pin})
    if matters_too_little(problem, case):
        return too_late(case)
    if responder.id in case.refused_by:
        return Reason("REFUSED_BEFORE", {"responder": responder.name or responder.id})
    if responder.kind not in case.may_go or not in_reach_of_its_office(problem, responder, place):
        return Reason("OUT_OF_JURISDICTION")
    if missing := case.needs - responder.skills:
        return Reason("NO_SKILL", {"needs": sorted(missing)})
    return _can_be_there(problem, responder, case, place)


def may_accompany(problem: Problem, responder: Responder, case: Case, place: Place) -> Reason | None:
    """The first reason why `responder` may not come as the second of two; None if it may.

    Its kind is one of the case's `partners`, and its office reaches there; who may lead, what
    skills are needed and to whom the case is pinned are the leader's.
    """
    if problem.pinned.get(case.id) == "":
        return Reason("PINNED_OUT")
    if matters_too_little(problem, case):
        return too_late(case)
    if responder.id in case.refused_by:
        return Reason("REFUSED_BEFORE", {"responder": responder.name or responder.id})
    if responder.kind not in case.partners:
        return Reason("NO_PARTNER", {"kinds": sorted(case.partners)})
    if not in_reach_of_its_office(problem, responder, place):
        return Reason("OUT_OF_JURISDICTION")
    return _can_be_there(problem, responder, case, place)


def leader(problem: Problem, case: Case, place: Place, team: Collection[str]) -> str:
    """Which of two known responders leads: one that may while the other may accompany.

    Where both could: whom people were told, then the first of the problem. Where neither may,
    the one whose partner is at least of a kind that accompanies.
    """
    crews = [one for one in problem.responders if one.id in team]
    told = problem.told.get(case.id)

    def unfit(lead: Responder) -> tuple[bool, bool, bool]:
        others = [one for one in crews if one.id != lead.id]
        return (
            not all(one.kind in case.partners for one in others),
            may_visit(problem, lead, case, place) is not None,
            told is None or told.responder_id != lead.id,
        )

    return min(crews, key=unfit).id


def in_reach_of_its_office(problem: Problem, responder: Responder, place: Place) -> bool:
    """Whether the place lies in the responder's jurisdiction, or in a neighbour's it may enter."""
    if place.codes & responder.jurisdiction:
        return True
    if problem.prices.strict:
        return False
    return "*" in responder.neighbours or bool(place.codes & responder.neighbours)


def matters_too_little(problem: Problem, case: Case) -> bool:
    """Whether too little is left to save; a case a dispatcher pinned always matters."""
    return case.stake_yuan < problem.min_stake_yuan and not problem.pinned.get(case.id)


def too_late(case: Case) -> Reason:
    """Why a case that matters too little stays out."""
    params = {"minutes": round(case.safe_minutes_ago), "stake_yuan": round(case.stake_yuan)}
    return Reason("TOO_LATE_TO_MATTER", params)


def _can_be_there(problem: Problem, responder: Responder, case: Case, place: Place) -> Reason | None:
    """On duty, and a road leads there and home."""
    out = problem.drive_minutes(responder, None, place.id)
    home = problem.drive_minutes(responder, place.id, None)
    if not math.isfinite(out + home):
        closure = problem.cut_off.get(place.id)
        return (
            Reason("CLOSED_ROAD", {"closure": closure})
            if closure
            else Reason("UNREACHABLE", {"place": place.source})
        )
    if responder.status == "off":
        trip = out + place.search_minutes + case.service_minutes.get(responder.kind, 0.0) + home
        return Reason(
            "OUT_OF_SHIFT", {"responder": responder.name or responder.id, "minutes": math.ceil(trip)}
        )
    return None
