"""What stops each responder from visiting a case that is left out: a code of the catalogue for everyone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dispatch.domain import Case, Place, Problem, Responder
from dispatch.eligible import in_reach_of_its_office, matters_too_little, may_visit
from dispatch.explain.choices import stop_of
from dispatch.explain.seating import Seat, Seating
from dispatch.explain.standing import Standing
from dispatch.loss import loss_yuan, never_yuan
from dispatch.reasons import Reason
from dispatch.rules import clock_time, window_text
from dispatch.sending import State
from dispatch.timeline import TOLERANCE_MINUTES, Clock, Visit

NAMED = 6
"""Responders a sentence names before it counts the rest."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Why one responder does not go. Where it could, `seat` is its cheapest, dearer than it saves."""

    responder_id: str
    reason: Reason
    seat: Seat | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Responders stopped by one rule, in the order of the problem."""

    code: str
    bars: tuple[Bar, ...]

    def names(self, problem: Problem) -> list[str]:
        """The first few by name, then how many more."""
        crew = {one.id: one for one in problem.responders}
        named = [crew[bar.responder_id].name or bar.responder_id for bar in self.bars[:NAMED]]
        return [*named, *([f"+{len(self.bars) - NAMED}"] if len(self.bars) > NAMED else [])]


def bars(standing: Standing, case: Case, state: State | None = None) -> list[Bar]:
    """For every responder the first thing that keeps it from the case, as the plan stands.

    Asked in this order: pins and what is left to save; kind, jurisdiction, skill; duty and road;
    the shift and the window if it had nothing else to do; the number of visits; room beside what
    it does already; what the visit would cost the others. Of several places the one it comes
    nearest to being allowed at counts.
    """
    seating = Seating(standing, state)
    return [_bar(seating, case, one) for one in standing.problem.responders]


def groups(found: Iterable[Bar]) -> list[Group]:
    """The bars by code: those nearest to going first."""
    by_code: dict[str, list[Bar]] = {}
    for bar in found:
        by_code.setdefault(bar.reason.code, []).append(bar)
    order = {code: number for number, code in enumerate(reversed(ORDER))}
    return [Group(code, tuple(by_code[code])) for code in sorted(by_code, key=lambda code: order[code])]


ORDER = (
    "NO_PLACE",
    "PIN_BROKEN",
    "TOO_LITTLE_LEFT",
    "WRONG_KIND",
    "OUTSIDE_JURISDICTION",
    "LACKS_SKILL",
    "REFUSED_BEFORE",
    "OFF_DUTY",
    "CLOSED_ROAD",
    "UNREACHABLE",
    "OVER_SHIFT",
    "WINDOW_BROKEN",
    "TOO_MANY_VISITS",
    "NO_PARTNER",
    "NO_ROOM",
    "COSTS_MORE_THAN_IT_SAVES",
    "WOULD_PAY",
)
"""The codes, farthest from going first."""


def _bar(seating: Seating, case: Case, one: Responder) -> Bar:
    if not case.places:
        return Bar(one.id, Reason("NO_PLACE", {"detail": "no_candidate"}))
    reasons = [_not_allowed(seating.problem, case, place, one) for place in case.places]
    allowed = [place for place, reason in zip(case.places, reasons, strict=True) if reason is None]
    stops = [reason for reason in reasons if reason is not None]
    if allowed:
        alone = {place.id: _not_alone(seating.standing.worth.clock, case, place, one) for place in allowed}
        stops = [reason for reason in alone.values() if reason is not None]
        allowed = [place for place in allowed if alone[place.id] is None]
    if not allowed:
        return Bar(one.id, max(stops, key=lambda reason: ORDER.index(reason.code)))
    return _with_the_rest(seating, case, allowed, one)


def _not_allowed(problem: Problem, case: Case, place: Place, one: Responder) -> Reason | None:
    """The rules that know no clock, one by one; `eligible.may_visit` has the same ones."""
    pin = problem.pinned.get(case.id)
    if pin is not None and pin != one.id:
        return Reason("PIN_BROKEN", {"case": case.id, "pinned": pin or "nobody", "responder": one.id})
    if matters_too_little(problem, case):
        return Reason("TOO_LITTLE_LEFT", {"case": case.id, "stake_yuan": round(case.stake_yuan)})
    name = one.name or one.id
    if one.kind not in case.may_go:
        return Reason("WRONG_KIND", {"responder": name, "kind": one.kind, "case": case.id})
    if not in_reach_of_its_office(problem, one, place):
        return Reason("OUTSIDE_JURISDICTION", {"responder": name, "case": case.id, "place": place.id})
    if lacking := sorted(case.needs - one.skills):
        return Reason("LACKS_SKILL", {"responder": name, "case": case.id, "needs": lacking})
    if one.status == "off":
        return Reason("OFF_DUTY", {"responder": name})
    return may_visit(problem, one, case, place)  # a road leads there and back


def _not_alone(clock: Clock, case: Case, place: Place, one: Responder) -> Reason | None:
    """What stops it if it had nothing but its fixed stops to do."""
    problem = clock.problem
    head = [Visit(*fixed) for fixed in problem.heads.get(one.id, ())]
    route = clock.route(one, [*head, Visit(case.id, place.id)])
    over = route.home - one.shift.end
    if not over <= TOLERANCE_MINUTES:
        return Reason("OVER_SHIFT", {"responder": one.name or one.id, "minutes": _up(over)})
    contact = route.stops[-1].contact
    if contact > case.window[1] + TOLERANCE_MINUTES:
        params = {
            "stop": one.name or one.id,
            "window": window_text(problem, case),
            "contact": clock_time(problem, contact),
        }
        return Reason("WINDOW_BROKEN", params)
    if len(route.stops) > one.max_visits:
        return Reason(
            "TOO_MANY_VISITS",
            {"responder": one.name or one.id, "visits": len(route.stops), "limit": one.max_visits},
        )
    return None


def _with_the_rest(seating: Seating, case: Case, places: Sequence[Place], one: Responder) -> Bar:
    """What stops it beside the visits it makes already."""
    standing, name = seating.standing, one.name or one.id
    own = standing.visits(one.id)
    if len(own) >= one.max_visits:
        params = {"responder": name, "visits": len(own) + 1, "limit": one.max_visits}
        return Bar(one.id, Reason("TOO_MANY_VISITS", params))
    seats = [seat for place in places if (seat := seating.best(case, place, one, push=False))]
    if not seats:
        if case.partners:
            return Bar(one.id, Reason("NO_PARTNER", {"kinds": sorted(case.partners)}))
        return Bar(one.id, Reason("NO_ROOM", {"responder": name, "visits": len(own)}))
    seat = min(seats, key=lambda found: found.more_yuan)
    averted = _averted(seating, case, seat)
    if seat.more_yuan >= 0:
        params = {"price_yuan": round(seat.more_yuan + averted), "averted_yuan": round(averted)}
        return Bar(one.id, Reason("COSTS_MORE_THAN_IT_SAVES", params), seat)
    params = {"responder": name, "yuan": round(-seat.more_yuan)}
    return Bar(one.id, Reason("WOULD_PAY", params), seat)


def _averted(seating: Seating, case: Case, seat: Seat) -> float:
    """What the visit itself saves, in yuan."""
    horizon = seating.problem.horizon_minutes
    contact = stop_of(seating.standing, seat).contact
    saved = never_yuan(case, horizon) - loss_yuan(case, contact, horizon)
    return case.place(seat.place_id).probability * saved


def _up(minutes: float) -> float | str:
    return math.ceil(minutes - 1e-9) if math.isfinite(minutes) else "∞"
