"""Why a case is left out, as a code of the catalogue with its parameters.

The questions are asked in order, each of those the last one left: is there a place at all,
may anyone go, has anyone the skill, does a road lead there, is the shift long enough, is
the window met, can somebody come along where it takes two, is it worth it. Where every answer
is yes, the crews have more to save elsewhere.
"""

from __future__ import annotations

import math

import numpy as np

from dispatch.domain import Case, Place, Plan, Problem
from dispatch.reasons import Reason
from dispatch.rules import clock_time, matters_too_little, too_late, window_text
from dispatch.sending import Bools, Offers, Roster, State, companions, offers


def left_out_reason(
    problem: Problem, plan: Plan, case: Case, roster: Roster | None = None, state: State | None = None
) -> Reason:
    """Why the plan has no visit to the case.

    Each responder is judged as if it had nothing else to do; so `NO_CAPACITY` means that
    somebody could go and a visit would pay, but those who may are needed elsewhere.

    Parameters
    ----------
    roster
        The problem's roster, where one is at hand: asking for many cases is faster with it.
    state
        Where everybody starts (`State.start`), likewise.

    Raises
    ------
    ValueError
        The plan does visit the case.
    """
    if case.id in plan.visited:
        raise ValueError(f"case {case.id} is visited: there is no reason why not")
    if not case.places:
        return Reason("NO_PLACE", {"detail": "no_candidate"})
    if problem.pinned.get(case.id) == "":
        return Reason("PINNED_OUT")
    if matters_too_little(problem, case):
        return too_late(case)
    state = state or State.start(problem, roster)
    return _nobody_may(problem, state.roster, case) or _nobody_can(problem, state, case)


def _nobody_may(problem: Problem, roster: Roster, case: Case) -> Reason | None:
    """Pins, jurisdiction, then skills: the rules that know no clock."""
    free = roster.unpinned(case)
    entitled = [free & roster.entitled(case, place) for place in case.places]
    if not any(who.any() for who in entitled):
        refused = [roster.number[one] for one in sorted(case.refused_by) if one in roster.number]
        if any(roster.entitled(case, place)[refused].any() for place in case.places):
            names = [problem.responders[row].name or problem.responders[row].id for row in refused]
            return Reason("REFUSED_BEFORE", {"responder": names})
        return Reason("OUT_OF_JURISDICTION")
    able = roster.skilled(case)
    if not any((who & able).any() for who in entitled):
        who = np.logical_or.reduce(entitled)
        held = frozenset[str]().union(
            *(problem.responders[row].skills for row in np.flatnonzero(who & roster.on_duty))
        )
        # where each need is met by someone, but all by nobody, name them all
        return Reason("NO_SKILL", {"needs": sorted(case.needs - held) or sorted(case.needs)})
    return None


def _nobody_can(problem: Problem, state: State, case: Case) -> Reason:
    """Roads, shifts, windows, yuan: what the clock and the map say."""
    roster = state.roster
    able = roster.unpinned(case) & roster.skilled(case)
    # a visit by someone off duty is looked at too: "off shift" names who would be closest
    asked = [
        (place, offers(state, case, place, allowed=able & roster.entitled(case, place)))
        for place in case.places
    ]
    led = [(place, found, found.allowed & np.isfinite(found.over_shift)) for place, found in asked]
    if not any(who.any() for _, _, who in led):
        return _no_road(problem, [place for place, found in asked if found.allowed.any()])
    staffed = [(place, found, who & roster.on_duty & (found.over_shift <= 0)) for place, found, who in led]
    if not any(who.any() for _, _, who in staffed):
        return _off_shift(problem, roster, led)
    timely = [(place, found, who & (found.contact <= case.window[1])) for place, found, who in staffed]
    if not any(who.any() for _, _, who in timely):
        earliest = min(float(found.contact[who].min()) for _, found, who in staffed if who.any())
        window = window_text(problem, case)
        return Reason("WINDOW_MISSED", {"window": window, "earliest": clock_time(problem, earliest)})
    if case.partners:
        timely = _with_second(state, case, timely)
        if not timely:
            return Reason("NO_PARTNER", {"kinds": sorted(case.partners)})
    return _not_worth_it(timely) or _busy(problem, timely)


def _no_road(problem: Problem, places: list[Place]) -> Reason:
    for place in places:
        if place.id in problem.cut_off:
            return Reason("CLOSED_ROAD", {"closure": problem.cut_off[place.id]})
    return Reason("UNREACHABLE", {"place": places[0].source})


_Asked = list[tuple[Place, Offers, Bools]]


def _off_shift(problem: Problem, roster: Roster, led: _Asked) -> Reason:
    """Who would be least late, and by how much; who is off duty is late by the whole trip."""
    best, closest = math.inf, 0
    for _, found, who in led:
        trip = found.over_shift + roster.ends - roster.ready
        short = np.where(roster.on_duty, found.over_shift, trip)
        row = int(np.where(who, short, np.inf).argmin())
        if who[row] and short[row] < best:
            best, closest = float(short[row]), row
    responder = problem.responders[closest]
    params = {"responder": responder.name or responder.id, "minutes": math.ceil(best - 1e-9)}
    return Reason("OUT_OF_SHIFT", params)


def _with_second(state: State, case: Case, timely: _Asked) -> _Asked:
    """What every second could do with each of those who may lead, where any can."""
    asked = [
        (place, companions(state, case, place, int(lead)))
        for place, _, who in timely
        for lead in np.flatnonzero(who)
    ]
    return [(place, both, both.possible) for place, both in asked if both.possible.any()]


def _not_worth_it(timely: _Asked) -> Reason | None:
    best = None
    for _, found, who in timely:
        for row in np.flatnonzero(who):
            pair = (float(found.averted_yuan[row]), float(found.cost_yuan[row]))
            if best is None or pair[0] - pair[1] > best[0] - best[1]:
                best = pair
    if best is None or best[0] > best[1]:
        return None
    return Reason("COSTS_MORE_THAN_IT_SAVES", {"price_yuan": round(best[1]), "averted_yuan": round(best[0])})


def _busy(problem: Problem, timely: _Asked) -> Reason:
    sooner, name = math.inf, ""
    for _, found, who in timely:
        row = int(np.where(who, found.arrive, np.inf).argmin())
        if who[row] and found.arrive[row] < sooner:
            sooner, name = (
                float(found.arrive[row]),
                problem.responders[row].name or problem.responders[row].id,
            )
    return Reason("NO_CAPACITY", {"responder": name, "minutes": round(sooner)})
