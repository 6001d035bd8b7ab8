"""What a plan must keep: `audit` recomputes a plan and lists every breach.

The audit never trusts a time the planner wrote, and shares no arithmetic with `timeline`:
one rule, one function, one sentence when it is broken. Fixed first stops (`Problem.heads`)
are facts: that they come late, run over a shift, or go where their crew may not go any
more is no breach. Whatever a plan adds to them keeps every rule.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from dispatch.carry_on import changes_allowed
from dispatch.domain import Case, Place, Plan, Problem, Responder, Route, Stop
from dispatch.eligible import in_reach_of_its_office, matters_too_little, may_accompany, may_visit, too_late
from dispatch.loss import changes
from dispatch.moments import Deadlock, Moments, Whereabouts, recompute
from dispatch.reasons import CATALOGUE, Reason, parameters, say

__all__ = [
    "RULES",
    "TOLERANCE_MINUTES",
    "Breach",
    "audit",
    "clock_time",
    "in_reach_of_its_office",
    "matters_too_little",
    "may_accompany",
    "may_visit",
    "too_late",
    "window_text",
]

TOLERANCE_MINUTES = 0.001


class Breach(str):
    """One broken rule: its sentence in English, and the reason to say it in Chinese."""

    reason: Reason

    def __new__(cls, code: str, **params: Any) -> Self:
        """A breach of that code of the catalogue."""
        reason = Reason(code, params)
        one = super().__new__(cls, say(reason, "en"))
        one.reason = reason
        return one

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """What copies and other processes make it again from."""
        return (self.reason.code,), dict(self.reason.params)

    @property
    def code(self) -> str:
        """The stable code of the rule that is broken."""
        return self.reason.code


# --- the audit ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Bench:
    """The plan on the bench: the problem's things by id, and the stops that make sense."""

    problem: Problem
    plan: Plan
    cases: dict[str, Case]
    places: dict[str, tuple[Case, Place]]
    responders: dict[str, Responder]

    def routes(self) -> Iterator[tuple[Responder, Route]]:
        """Routes of known responders whose stops are all known."""
        for route in self.plan.routes:
            if route.responder_id in self.responders and all(self.knows(stop) for stop in route.stops):
                yield self.responders[route.responder_id], route

    def stops(self) -> Iterator[tuple[Responder, Case, Place, Stop]]:
        """Every known stop with its responder, case and place."""
        for responder, route in self.routes():
            for stop in route.stops:
                case, place = self.places[stop.place_id]
                yield responder, case, place, stop

    def chosen(self) -> Iterator[tuple[Responder, Case, Place, Stop]]:
        """Those of the stops that are not fixed: what a plan answers for."""
        for responder, case, place, stop in self.stops():
            if (case.id, place.id) not in self.head(responder.id):
                yield responder, case, place, stop

    def head(self, responder_id: str) -> tuple[tuple[str, str], ...]:
        """The fixed first stops of a responder."""
        return self.problem.heads.get(responder_id, ())

    def moments(self) -> dict[str, tuple[list[Moments], Whereabouts]]:
        """When everything happens, recomputed; `Deadlock` where nothing can."""
        return recompute(
            self.problem,
            {
                responder.id: (responder, [self.places[stop.place_id] for stop in route.stops])
                for responder, route in self.routes()
            },
        )

    def knows(self, stop: Stop) -> bool:
        """Whether the stop's place is one of its case's."""
        return stop.place_id in self.places and self.places[stop.place_id][0].id == stop.case_id


def audit(problem: Problem, plan: Plan) -> list[Breach]:
    """Every rule the plan breaks, in the rules' order; empty means it may be published."""
    bench = _Bench(
        problem,
        plan,
        {case.id: case for case in problem.cases},
        {place.id: (case, place) for case in problem.cases for place in case.places},
        {responder.id: responder for responder in problem.responders},
    )
    return [breach for rule in RULES for breach in rule(bench)]


def _one_route_each(bench: _Bench) -> Iterator[Breach]:
    """One route per responder, in the problem's order."""
    expected = [responder.id for responder in bench.problem.responders]
    found = [route.responder_id for route in bench.plan.routes]
    if expected != found:
        odd = next((pair for pair in zip(expected, found, strict=False) if pair[0] != pair[1]), None)
        said = odd or (f"{len(expected)}", f"{len(found)}")
        yield Breach("ROUTES_MISMATCH", expected=said[0], found=said[1])


def _stops_are_known(bench: _Bench) -> Iterator[Breach]:
    """Every stop is at a place of its case."""
    for route in bench.plan.routes:
        for stop in route.stops:
            if not bench.knows(stop):
                yield Breach("UNKNOWN_STOP", stop=stop.id, case=stop.case_id, place=stop.place_id)


def _stop_ids_differ(bench: _Bench) -> Iterator[Breach]:
    """No two stops share an id."""
    ids = Counter(stop.id for route in bench.plan.routes for stop in route.stops)
    for stop_id, times in ids.items():
        if times > 1:
            yield Breach("REPEATED_STOP", stop=stop_id)


def _nobody_is_forgotten(bench: _Bench) -> Iterator[Breach]:
    """Every case is visited or left out, not both; nobody else is left out."""
    out = Counter(left.case_id for left in bench.plan.left_out)
    visited = bench.plan.visited
    for case_id in bench.cases:
        if case_id not in visited and case_id not in out:
            yield Breach("FORGOTTEN", case=case_id)
        if case_id in visited and case_id in out:
            yield Breach("BOTH_WAYS", case=case_id)
    for case_id, times in out.items():
        if case_id not in bench.cases:
            yield Breach("LEFT_OUT_UNKNOWN", case=case_id)
        if times > 1:
            yield Breach("LEFT_OUT_TWICE", case=case_id)


def _reasons_are_whole(bench: _Bench) -> Iterator[Breach]:
    """Everyone left out has a reason of the catalogue with all its parameters."""
    for left in bench.plan.left_out:
        code = left.reason.code
        if code not in CATALOGUE or not parameters(code) <= set(left.reason.params):
            yield Breach("UNEXPLAINED", case=left.case_id, given=code)


def _heads_are_kept(bench: _Bench) -> Iterator[Breach]:
    """A route begins with its fixed stops, in their order."""
    routes = {route.responder_id: route.stops for route in bench.plan.routes}
    for who, head in bench.problem.heads.items():
        found = [(stop.case_id, stop.place_id) for stop in routes.get(who, ())]
        for number, (case_id, place_id) in enumerate(head):
            if number >= len(found) or found[number] != (case_id, place_id):
                yield Breach("HEAD_CHANGED", responder=who, number=number + 1, case=case_id, place=place_id)
                break


def _each_place_once(bench: _Bench) -> Iterator[Breach]:
    """A place is visited once at most, where nobody must come along."""
    visits = Counter((stop.case_id, stop.place_id) for route in bench.plan.routes for stop in route.stops)
    for (case_id, place_id), times in visits.items():
        together = case_id in bench.cases and bench.cases[case_id].partners
        if times > 1 and not together:
            yield Breach("VISITED_TWICE", case=case_id, place=place_id, times=times)


def _two_come_together(bench: _Bench) -> Iterator[Breach]:
    """Where two are needed two come, one of them leading, the other of a kind that accompanies; elsewhere one."""
    teams: dict[str, list[tuple[Responder, Stop]]] = {}
    for responder, _, place, stop in bench.stops():
        teams.setdefault(place.id, []).append((responder, stop))
    for place_id, team in teams.items():
        case = bench.places[place_id][0]
        fault = _fault_of(case, team)
        if fault:
            yield Breach("PARTNER_MISSING", case=case.id, place=place_id, fault=fault)


def _fault_of(case: Case, team: list[tuple[Responder, Stop]]) -> str:
    if not case.partners:
        single = all(stop.leads and stop.partner_id is None for _, stop in team)
        return "" if single else "nobody_asked"
    if len(team) != 2:
        return "comes_alone" if len(team) < 2 else "too_many_come"
    (one, first), (other, second) = team
    if one.id == other.id:
        return "same_responder"
    if (first.partner_id, second.partner_id) != (other.id, one.id):
        return "not_named"
    if first.leads == second.leads:
        return "no_leader"
    return "" if (other if first.leads else one).kind in case.partners else "wrong_kind"


def _nobody_waits_in_a_circle(bench: _Bench) -> Iterator[Breach]:
    """No two visits wait for each other's responders."""
    try:
        bench.moments()
    except Deadlock as found:
        yield Breach("PARTNER_DEADLOCK", places=list(found.places))


def _times_are_right(bench: _Bench) -> Iterator[Breach]:
    """Every moment is what the problem's minutes make it."""
    try:
        moments = bench.moments()
    except Deadlock:
        return
    for responder, route in bench.routes():
        found, after = moments[responder.id]
        for stop, expected in zip(route.stops, found, strict=True):
            for what, minutes in expected.items():
                yield from _differs(stop.id, what, getattr(stop, what), minutes)
        home = after.home(bench.problem) if route.stops else 0.0
        yield from _differs(responder.id, "back", route.home, home)


def _home_before_the_shift_ends(bench: _Bench) -> Iterator[Breach]:
    """A responder is home before its shift ends, unless it makes its fixed stops only."""
    for responder, route in bench.routes():
        if len(route.stops) > len(bench.head(responder.id)):
            last = route.stops[-1]
            back = Whereabouts(responder, last.leave, last.place_id).home(bench.problem)
            over = max(route.home, back) - responder.shift.end
            if not over <= TOLERANCE_MINUTES:
                yield Breach("OVER_SHIFT", responder=responder.id, minutes=_whole(over))


def _not_before_it_can(bench: _Bench) -> Iterator[Breach]:
    """Nobody leaves before the shift starts, before it is free, or before now."""
    for responder, route in bench.routes():
        if route.stops:
            early = responder.ready_minutes - (route.stops[0].arrive - route.stops[0].drive_minutes)
            if early > TOLERANCE_MINUTES:
                yield Breach("TOO_EARLY", responder=responder.id, minutes=_whole(early))


def _breaks_are_kept(bench: _Bench) -> Iterator[Breach]:
    """No visit overlaps the break."""
    for responder, _, _, stop in bench.stops():
        pause = (responder.shift.break_start, responder.shift.break_end)
        if pause[0] is None or pause[1] is None:
            continue
        start = stop.contact - stop.search_minutes
        if min(stop.leave, pause[1]) - max(start, pause[0]) > TOLERANCE_MINUTES:
            yield Breach("BREAK_BROKEN", stop=stop.id)


def _windows_are_kept(bench: _Bench) -> Iterator[Breach]:
    """The visit begins after the window opens, and contact is made before it closes, unless the stop is fixed."""
    for responder, case, place, stop in bench.stops():
        opens, closes = case.window
        early = stop.contact - place.search_minutes < opens - TOLERANCE_MINUTES
        late = not stop.contact <= closes + TOLERANCE_MINUTES
        if early or (late and (case.id, place.id) not in bench.head(responder.id)):
            contact = clock_time(bench.problem, stop.contact)
            yield Breach(
                "WINDOW_BROKEN", stop=stop.id, window=window_text(bench.problem, case), contact=contact
            )


def _no_more_visits_than_agreed(bench: _Bench) -> Iterator[Breach]:
    """A responder makes at most `max_visits` visits, or its fixed stops."""
    for responder, route in bench.routes():
        if len(route.stops) > max(responder.max_visits, len(bench.head(responder.id))):
            yield Breach(
                "TOO_MANY_VISITS", responder=responder.id, visits=len(route.stops), limit=responder.max_visits
            )


def _on_duty(bench: _Bench) -> Iterator[Breach]:
    """Nobody off duty is sent anywhere new."""
    for responder, route in bench.routes():
        if responder.status == "off" and len(route.stops) > len(bench.head(responder.id)):
            yield Breach("OFF_DUTY", responder=responder.id)


def _right_kind(bench: _Bench) -> Iterator[Breach]:
    """Only kinds the case admits go there, or lead."""
    for responder, case, _, stop in bench.chosen():
        if stop.leads and responder.kind not in case.may_go:
            yield Breach("WRONG_KIND", responder=responder.id, kind=responder.kind, case=case.id)


def _never_the_one_refused(bench: _Bench) -> Iterator[Breach]:
    """Nobody is sent again to a person who refused it."""
    for responder, case, _, _ in bench.chosen():
        if responder.id in case.refused_by:
            yield Breach("REFUSED_BEFORE", responder=responder.name or responder.id, case=case.id)


def _right_skills(bench: _Bench) -> Iterator[Breach]:
    """Who goes, or leads, has every skill the case needs."""
    for responder, case, _, stop in bench.chosen():
        if stop.leads and (lacking := sorted(case.needs - responder.skills)):
            yield Breach("LACKS_SKILL", responder=responder.id, case=case.id, needs=lacking)


def _own_or_neighbour(bench: _Bench) -> Iterator[Breach]:
    """Own jurisdiction, or a neighbour's where that is allowed."""
    for responder, case, place, _ in bench.chosen():
        if not in_reach_of_its_office(bench.problem, responder, place):
            yield Breach("OUTSIDE_JURISDICTION", responder=responder.id, case=case.id, place=place.id)


def _a_road_leads(bench: _Bench) -> Iterator[Breach]:
    """A road leads to every stop, and home from the last."""
    for responder, route in bench.routes():
        here: str | None = None
        for stop in route.stops:
            if not math.isfinite(bench.problem.drive_minutes(responder, here, stop.place_id)):
                yield Breach("NO_ROAD", stop=stop.id)
            here = stop.place_id
        if route.stops and not math.isfinite(bench.problem.drive_minutes(responder, here, None)):
            yield Breach("NO_ROAD", stop=route.stops[-1].id)


def _pins_are_kept(bench: _Bench) -> Iterator[Breach]:
    """A pinned case is visited, or led, by its responder, or by nobody if pinned out."""
    for responder, case, _, stop in bench.stops():
        pin = bench.problem.pinned.get(case.id)
        if stop.leads and pin is not None and pin != responder.id:
            yield Breach("PIN_BROKEN", case=case.id, pinned=pin or "nobody", responder=responder.id)


def _matters(bench: _Bench) -> Iterator[Breach]:
    """Nobody is sent where too little is left to save."""
    for _, case, _, _ in bench.chosen():
        if matters_too_little(bench.problem, case):
            yield Breach("TOO_LITTLE_LEFT", case=case.id, stake_yuan=round(case.stake_yuan))


def _few_are_told_anew(bench: _Bench) -> Iterator[Breach]:
    """Of what people were told no more changes than allowed, or than nobody can help."""
    if bench.problem.max_changes is None:
        return
    allowed = changes_allowed(bench.problem)
    found = changes(bench.problem, bench.plan)
    if len(found) > allowed:
        yield Breach("TOO_MANY_CHANGES", changes=len(found), limit=int(allowed), cases=list(found))


RULES: tuple[Callable[[_Bench], Iterator[Breach]], ...] = (
    _one_route_each,
    _stops_are_known,
    _stop_ids_differ,
    _nobody_is_forgotten,
    _reasons_are_whole,
    _heads_are_kept,
    _each_place_once,
    _two_come_together,
    _nobody_waits_in_a_circle,
    _times_are_right,
    _home_before_the_shift_ends,
    _not_before_it_can,
    _breaks_are_kept,
    _windows_are_kept,
    _no_more_visits_than_agreed,
    _on_duty,
    _right_kind,
    _never_the_one_refused,
    _right_skills,
    _own_or_neighbour,
    _a_road_leads,
    _pins_are_kept,
    _matters,
    _few_are_told_anew,
)


def _differs(stop: str, what: str, said: float, found: float) -> Iterator[Breach]:
    same = said == found or abs(said - found) <= TOLERANCE_MINUTES
    if not same:  # a NaN is never the same
        yield Breach("TIMES_WRONG", stop=stop, what=what, said=_whole(said, 2), found=_whole(found, 2))


def _whole(minutes: float, digits: int = 1) -> float | str:
    """Minutes fit for a sentence and for JSON."""
    return round(minutes, digits) if math.isfinite(minutes) else "∞"


def clock_time(problem: Problem, minutes: float) -> str:
    """A moment of the problem as HH:MM of its own zone; "" if it never comes."""
    if not math.isfinite(minutes):
        return ""
    return f"{problem.at + timedelta(minutes=minutes):%H:%M}"


def window_text(problem: Problem, case: Case) -> str:
    """A case's window as HH:MM–HH:MM; open-ended where it never closes."""
    return f"{clock_time(problem, case.window[0])}–{clock_time(problem, case.window[1])}"
