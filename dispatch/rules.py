"""What a plan must keep. `may_visit` says who may go; `audit` recomputes a plan and lists every breach.

The audit never trusts a time the planner wrote, and shares no arithmetic with `timeline`:
one rule, one function, one sentence when it is broken.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from dispatch.domain import Case, Place, Plan, Problem, Responder, Route, Shift, Stop
from dispatch.reasons import CATALOGUE, Reason, parameters, say

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


# --- who may go -----------------------------------------------------------------------------


def may_visit(problem: Problem, responder: Responder, case: Case, place: Place) -> Reason | None:
    """The first reason why `responder` may not visit the case at this place; None if it may.

    Says nothing about time: shifts, windows and what else it has to do are the route's.
    A pin narrows who may go and lifts the least stake; it lifts no other rule.
    """
    pin = problem.pinned.get(case.id)
    if pin == "":
        return Reason("PINNED_OUT")
    if pin is not None and pin != responder.id:
        return Reason("PINNED_ELSEWHERE", {"responder": pin})
    if matters_too_little(problem, case):
        return too_late(case)
    if responder.kind not in case.may_go or not in_reach_of_its_office(problem, responder, place):
        return Reason("OUT_OF_JURISDICTION")
    if missing := case.needs - responder.skills:
        return Reason("NO_SKILL", {"needs": sorted(missing)})
    out, home = _there_and_back(problem, responder, place)
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


def _each_place_once(bench: _Bench) -> Iterator[Breach]:
    """A place is visited once at most."""
    visits = Counter((stop.case_id, stop.place_id) for route in bench.plan.routes for stop in route.stops)
    for (case_id, place_id), times in visits.items():
        if times > 1:
            yield Breach("VISITED_TWICE", case=case_id, place=place_id, times=times)


def _times_are_right(bench: _Bench) -> Iterator[Breach]:
    """Every moment is what the problem's minutes make it."""
    for responder, route in bench.routes():
        free, here = max(0.0, responder.shift.start, responder.free_at_minutes), None
        for stop in route.stops:
            found = _recompute(bench, responder, free, here, stop)
            for what, minutes in found.items():
                yield from _differs(stop.id, what, getattr(stop, what), minutes)
            free, here = found["leave"], stop.place_id
        home = _pass_break(free, bench.problem.drive_minutes(responder, here, None), responder.shift)
        yield from _differs(responder.id, "back", route.home, home if route.stops else 0.0)


def _home_before_the_shift_ends(bench: _Bench) -> Iterator[Breach]:
    """A responder is home before its shift ends."""
    for responder, route in bench.routes():
        if route.stops:
            last = route.stops[-1]
            back = bench.problem.drive_minutes(responder, last.place_id, None)
            over = max(route.home, _pass_break(last.leave, back, responder.shift)) - responder.shift.end
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
    """The visit begins after the window opens, and contact is made before it closes."""
    for _, case, place, stop in bench.stops():
        opens, closes = case.window
        early = stop.contact - place.search_minutes < opens - TOLERANCE_MINUTES
        if early or not stop.contact <= closes + TOLERANCE_MINUTES:
            contact = clock_time(bench.problem, stop.contact)
            yield Breach(
                "WINDOW_BROKEN", stop=stop.id, window=window_text(bench.problem, case), contact=contact
            )


def _no_more_visits_than_agreed(bench: _Bench) -> Iterator[Breach]:
    """A responder makes at most `max_visits` visits."""
    for responder, route in bench.routes():
        if len(route.stops) > responder.max_visits:
            yield Breach(
                "TOO_MANY_VISITS", responder=responder.id, visits=len(route.stops), limit=responder.max_visits
            )


def _on_duty(bench: _Bench) -> Iterator[Breach]:
    """Nobody off duty is sent."""
    for responder, route in bench.routes():
        if route.stops and responder.status == "off":
            yield Breach("OFF_DUTY", responder=responder.id)


def _right_kind(bench: _Bench) -> Iterator[Breach]:
    """Only kinds the case admits go there."""
    for responder, case, _, _ in bench.stops():
        if responder.kind not in case.may_go:
            yield Breach("WRONG_KIND", responder=responder.id, kind=responder.kind, case=case.id)


def _right_skills(bench: _Bench) -> Iterator[Breach]:
    """Who goes has every skill the case needs."""
    for responder, case, _, _ in bench.stops():
        if lacking := sorted(case.needs - responder.skills):
            yield Breach("LACKS_SKILL", responder=responder.id, case=case.id, needs=lacking)


def _own_or_neighbour(bench: _Bench) -> Iterator[Breach]:
    """Own jurisdiction, or a neighbour's where that is allowed."""
    for responder, case, place, _ in bench.stops():
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
    """A pinned case is visited by its responder, or by nobody if pinned out."""
    for responder, case, _, _ in bench.stops():
        pin = bench.problem.pinned.get(case.id)
        if pin is not None and pin != responder.id:
            yield Breach("PIN_BROKEN", case=case.id, pinned=pin or "nobody", responder=responder.id)


def _matters(bench: _Bench) -> Iterator[Breach]:
    """Nobody is sent where too little is left to save."""
    for _, case, _, _ in bench.stops():
        if matters_too_little(bench.problem, case):
            yield Breach("TOO_LITTLE_LEFT", case=case.id, stake_yuan=round(case.stake_yuan))


RULES: tuple[Callable[[_Bench], Iterator[Breach]], ...] = (
    _one_route_each,
    _stops_are_known,
    _stop_ids_differ,
    _nobody_is_forgotten,
    _reasons_are_whole,
    _each_place_once,
    _times_are_right,
    _home_before_the_shift_ends,
    _not_before_it_can,
    _breaks_are_kept,
    _windows_are_kept,
    _no_more_visits_than_agreed,
    _on_duty,
    _right_kind,
    _right_skills,
    _own_or_neighbour,
    _a_road_leads,
    _pins_are_kept,
    _matters,
)


# --- the audit's own arithmetic -------------------------------------------------------------


def _recompute(
    bench: _Bench, responder: Responder, free: float, here: str | None, stop: Stop
) -> dict[str, float]:
    """The moments of a stop, from the problem alone."""
    case, place = bench.places[stop.place_id]
    shift = responder.shift
    drive = bench.problem.drive_minutes(responder, here, stop.place_id)
    arrive = _pass_break(free, drive, shift)
    service = float(case.service_minutes.get(responder.kind, 0.0))
    start = arrive if arrive > case.window[0] else case.window[0]
    if shift.break_start is not None and shift.break_end is not None:
        done_before = start + place.search_minutes + service <= shift.break_start
        if not done_before and start < shift.break_end:
            start = shift.break_end
    return {
        "drive_minutes": drive,
        "arrive": arrive,
        "wait_minutes": start - arrive if math.isfinite(arrive) else 0.0,
        "search_minutes": place.search_minutes,
        "contact": start + place.search_minutes,
        "leave": start + place.search_minutes + service,
    }


def _pass_break(depart: float, drive: float, shift: Shift) -> float:
    """Arrival of a drive made in two parts: before the break, and what is left after it."""
    if shift.break_start is None or shift.break_end is None or depart >= shift.break_end:
        return depart + drive
    before = max(0.0, shift.break_start - depart)
    if drive <= before and depart <= shift.break_start:
        return depart + drive
    return shift.break_end + (drive - before)


def _there_and_back(problem: Problem, responder: Responder, place: Place) -> tuple[float, float]:
    return (
        problem.drive_minutes(responder, None, place.id),
        problem.drive_minutes(responder, place.id, None),
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
