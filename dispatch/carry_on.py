"""What carrying on as told comes to: the least that `Problem.max_changes` can ask for.

A crew breaks down, a road closes: some of what people were told cannot be kept by anybody.
Carrying on keeps every fixed stop, then everything told in the order of its contacts, by those
who were named, each at the end of its route, and skips what no longer fits. What that changes
nobody can help; a plan may change as many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from dispatch.domain import Case, Place, Plan, Problem, Responder, Route, Stop, Told
from dispatch.eligible import leader, may_accompany, may_visit
from dispatch.loss import changes
from dispatch.moments import Moments, Whereabouts, meet, recompute
from dispatch.timeline import Visit

TOLERANCE_MINUTES = 1e-6


def changes_allowed(problem: Problem) -> float:
    """How many of the cases told may change: `max_changes`, or what nobody can help; `inf` without a limit."""
    if problem.max_changes is None:
        return math.inf
    if problem.max_changes >= len(problem.told):
        return problem.max_changes
    return max(problem.max_changes, len(changes(problem, carried_on(problem))))


def carried_on(problem: Problem) -> Plan:
    """The routes of carrying on as told, which keep every rule; it says nothing of who is left out."""
    stops: dict[str, list[Stop]] = {one.id: [] for one in problem.responders}
    now = _keep_heads(problem, stops)
    fixed = {place_id for head in problem.heads.values() for _, place_id in head}
    told = [(problem.told[case.id], case) for case in problem.cases if case.id in problem.told]
    for one, case in sorted(told, key=lambda pair: pair[0].contact_minutes):
        place = next((place for place in case.places if place.id == one.place_id), None)
        if place is not None and place.id not in fixed:
            _take_up(problem, stops, now, case, place)
    routes = [Route(who, tuple(made), now[who].home(problem) if made else 0.0) for who, made in stops.items()]
    return Plan("", tuple(routes), (), "as told")


def fixed_visits(problem: Problem) -> dict[str, list[Visit]]:
    """The fixed first stops as visits by responder id; of two who come together one leads."""
    places = {place.id: (case, place) for case in problem.cases for place in case.places}
    teams: dict[str, list[str]] = {}
    for who, head in problem.heads.items():
        for _, place_id in head:
            teams.setdefault(place_id, []).append(who)
    leads = {
        place_id: team[0] if len(team) == 1 else leader(problem, *places[place_id], team)
        for place_id, team in teams.items()
    }
    return {
        who: [Visit(case_id, place_id, leads[place_id] == who) for case_id, place_id in head]
        for who, head in problem.heads.items()
        if head
    }


def heads_of_both(
    problem: Problem, orders: Mapping[str, Sequence[Visit]], heads: Mapping[str, Sequence[tuple[str, str]]]
) -> dict[str, tuple[tuple[str, str], ...]]:
    """The fixed first stops, grown until a visit two make is fixed for both: the other's route up to it, too."""
    together = {case.id for case in problem.cases if case.partners}
    both, grown = {who: tuple(head) for who, head in heads.items()}, True
    while grown:
        grown = False
        shared = {place_id for head in both.values() for case_id, place_id in head if case_id in together}
        for who, own in orders.items():
            joint = [at for at, visit in enumerate(own, start=1) if visit.place_id in shared]
            if joint and len(both.get(who, ())) < max(joint):
                both[who] = tuple((visit.case_id, visit.place_id) for visit in own[: max(joint)])
                grown = True
    return both


def _keep_heads(problem: Problem, stops: dict[str, list[Stop]]) -> dict[str, Whereabouts]:
    """Note the fixed stops; where everybody is after them."""
    places = {place.id: (case, place) for case in problem.cases for place in case.places}
    visits = fixed_visits(problem)
    ways = recompute(
        problem,
        {
            one.id: (one, [places[visit.place_id] for visit in visits.get(one.id, ())])
            for one in problem.responders
        },
    )
    for who, head in visits.items():
        for visit, found in zip(head, ways[who][0], strict=True):
            others = [one for one in visits if one != who and visit[:2] in problem.heads[one]]
            team = [who, *others] if visit.leads else [*others, who]
            stops[who].append(_stop(*places[visit.place_id], found, team, who))
    return {who: after for who, (_, after) in ways.items()}


def _take_up(
    problem: Problem,
    stops: dict[str, list[Stop]],
    now: dict[str, Whereabouts],
    case: Case,
    place: Place,
) -> None:
    """Append the visit people were told of to the routes of those named, if that fits."""
    team = _team(problem, case, place, problem.told[case.id])
    if not team:
        return
    moments = meet(problem, case, place, [now[one.id] for one in team])
    after = {
        one.id: Whereabouts(one, found["leave"], place.id) for one, found in zip(team, moments, strict=True)
    }
    timely = moments[0]["contact"] <= case.window[1] + TOLERANCE_MINUTES
    if timely and all(_fits(problem, after[one.id], len(stops[one.id]) + 1) for one in team):
        now.update(after)
        names = [one.id for one in team]
        for who, found in zip(names, moments, strict=True):
            stops[who].append(_stop(case, place, found, names, who))


def _team(problem: Problem, case: Case, place: Place, told: Told) -> list[Responder]:
    """Who was named and may still go, the leader first; nobody if one of them may not."""
    crews = {one.id: one for one in problem.responders}
    lead, second = crews.get(told.responder_id), crews.get(told.partner_id or "")
    if lead is None or may_visit(problem, lead, case, place) is not None:
        return []
    if not case.partners:
        return [lead]
    if second is None or second.id == lead.id or may_accompany(problem, second, case, place) is not None:
        return []
    return [lead, second]


def _fits(problem: Problem, after: Whereabouts, visits: int) -> bool:
    home = after.home(problem)
    in_time = math.isfinite(home) and home <= after.responder.shift.end + TOLERANCE_MINUTES
    return in_time and visits <= after.responder.max_visits


def _stop(case: Case, place: Place, found: Moments, team: Sequence[str], who: str) -> Stop:
    partner = next((one for one in team if one != who), None)
    return Stop(
        id=f"{who}:{place.id}",
        case_id=case.id,
        place_id=place.id,
        drive_minutes=found["drive_minutes"],
        arrive=found["arrive"],
        wait_minutes=found["wait_minutes"],
        search_minutes=found["search_minutes"],
        contact=found["contact"],
        leave=found["leave"],
        partner_id=partner,
        leads=who == team[0],
    )
