"""What it would take: the cheapest change of the day that would get a case visited.

Each change is made to the problem, and the case put into the plan as it stands; what that saves
is the change's worth. Nothing else is moved, so solving the day again may save more, never less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dispatch.domain import KINDS, Case, Problem, Responder, Shift
from dispatch.eligible import may_visit
from dispatch.explain.choices import timed
from dispatch.explain.seating import Seat, Seating
from dispatch.explain.standing import Standing
from dispatch.reasons import Reason

WORTH_YUAN = 1.0
"""A change that saves less is none."""
ENOUGH_SHARE = 0.5
"""Of what any number of minutes would save: fewer minutes that save so much are the cheaper change."""


@dataclass(frozen=True, slots=True)
class Lift:
    """One change and what it averts: losses and prices of the whole plan less those of now.

    `kinds` are one or two of `CHANGES`; `minutes` are added to the shift of `responder_id`, where
    that is (part of) the change. For a crew that is added `responder_id` is one it would be like.
    """

    kinds: tuple[str, ...]
    responder_id: str
    place_id: str
    averted_yuan: float
    minutes: float = 0.0
    reason: Reason | None = None


Change = Callable[[Problem, Case], Problem]


def _one_more_visit(problem: Problem, _: Case) -> Problem:
    crew = tuple(replace(one, max_visits=one.max_visits + 1) for one in problem.responders)
    return replace(problem, responders=crew)


def _longer_shifts(problem: Problem, _: Case) -> Problem:
    crew = tuple(replace(one, shift=replace(one.shift, end=math.inf)) for one in problem.responders)
    return replace(problem, responders=crew)


def _neighbours(problem: Problem, _: Case) -> Problem:
    crew = tuple(replace(one, neighbours=one.neighbours | {"*"}) for one in problem.responders)
    return replace(problem, responders=crew, prices=replace(problem.prices, strict=False))


def _any_kind(problem: Problem, case: Case) -> Problem:
    return _with_case(problem, replace(case, may_go=frozenset(KINDS)))


def _any_skill(problem: Problem, case: Case) -> Problem:
    return _with_case(problem, replace(case, needs=frozenset()))


def _alone(problem: Problem, case: Case) -> Problem:
    return _with_case(problem, replace(case, partners=frozenset()))


def _no_window(problem: Problem, case: Case) -> Problem:
    return _with_case(problem, replace(case, window=(0.0, math.inf)))


def _no_pin(problem: Problem, case: Case) -> Problem:
    return replace(problem, pinned={key: who for key, who in problem.pinned.items() if key != case.id})


def _no_threshold(problem: Problem, case: Case) -> Problem:
    if case.stake_yuan < WORTH_YUAN:
        return problem  # all that a visit would still save is the price of being late
    return replace(problem, min_stake_yuan=min(problem.min_stake_yuan, case.stake_yuan))


def _called_in(problem: Problem, _: Case) -> Problem:
    crew = tuple(
        replace(one, status="free", shift=Shift(0.0, problem.horizon_minutes)) if one.status == "off" else one
        for one in problem.responders
    )
    return replace(problem, responders=crew)


ADDED = "+"
"""What the id of a crew that is added begins with."""


def _one_more_crew(problem: Problem, case: Case) -> Problem:
    """One more of every sort at every base that may go, ready now, for as long as the horizon."""
    like: dict[object, Responder] = {}
    for one in problem.responders:
        sort = (problem.base_index[one.id], one.kind, one.profile, one.skills, one.jurisdiction)
        like.setdefault((*sort, one.neighbours), one)
    fresh = Shift(0.0, problem.horizon_minutes)
    added = [
        replace(one, id=ADDED + one.id, status="free", free_at_minutes=0.0, max_visits=10, shift=fresh)
        for one in like.values()
    ]
    added = [
        one
        for one in added
        if any(_could(problem, one, case, place_id) for place_id in (place.id for place in case.places))
    ]
    base = {one.id: problem.base_index[one.id[len(ADDED) :]] for one in added}
    return replace(
        problem,
        responders=(*problem.responders, *added),
        base_index={**problem.base_index, **base},
    )


def _could(problem: Problem, one: Responder, case: Case, place_id: str) -> bool:
    """Whether kind, skill and office of a crew not of the problem suit the place."""
    known = replace(one, id=one.id[len(ADDED) :])
    return may_visit(_no_pin(problem, case), known, case, case.place(place_id)) is None


CHANGES: Mapping[str, Change] = {
    "pin": _no_pin,
    "visit": _one_more_visit,
    "minutes": _longer_shifts,
    "neighbour": _neighbours,
    "alone": _alone,
    "call_in": _called_in,
    "kind": _any_kind,
    "skill": _any_skill,
    "window": _no_window,
    "crew": _one_more_crew,
    "threshold": _no_threshold,
}
"""Every change that is tried, the cheapest to arrange first."""

TOGETHER = (("visit", "minutes"), ("neighbour", "minutes"), ("neighbour", "visit"), ("call_in", "neighbour"))
"""Two changes at once, tried where none alone helps."""


def lifts(problem: Problem, standing: Standing, case: Case) -> list[Lift]:
    """What each change would avert, the cheapest to arrange first; empty if nothing helps.

    One for each kind of change: the responder it averts most by, and for added minutes the fewest
    that avert at least half of that.
    """
    found = [one for kind in CHANGES if (one := _lifted(problem, standing, case, (kind,)))]
    if not found:
        found = [one for kinds in TOGETHER if (one := _lifted(problem, standing, case, kinds))]
    return found


def _lifted(problem: Problem, standing: Standing, case: Case, kinds: tuple[str, ...]) -> Lift | None:
    changed = problem
    for kind in kinds:
        case_now = next(one for one in changed.cases if one.id == case.id)
        changed = CHANGES[kind](changed, case_now)
    if changed == problem:
        return None
    before = {one.id: one for one in problem.responders}
    world = Standing(changed, standing.routes)
    seating = Seating(world)
    now = next(one for one in changed.cases if one.id == case.id)
    seats = [
        Lift(kinds, one.id.removeprefix(ADDED), seat.place_id, -seat.more_yuan, _over(before, world, seat))
        for one in changed.responders
        if not (kinds == ("crew",) and one.id in before)
        for place in now.places
        for seat in seating.all(now, place, one)
        if seat.more_yuan < -WORTH_YUAN
    ]
    best = _cheapest(seats)
    return best and replace(best, reason=_said(problem, best))


def _over(before: Mapping[str, Responder], world: Standing, seat: Seat) -> float:
    """By how many minutes the shifts of those who go are too short for it."""
    routes = timed(world, seat)
    return max(
        max(0.0, route.home - before[who].shift.end) if who in before else 0.0
        for who, route in routes.items()
    )


def _cheapest(seats: list[Lift]) -> Lift | None:
    if not seats:
        return None
    most = max(seat.averted_yuan for seat in seats)
    enough = [seat for seat in seats if seat.averted_yuan >= ENOUGH_SHARE * most]
    if "minutes" in seats[0].kinds:
        return min(enough, key=lambda seat: (math.ceil(seat.minutes), -seat.averted_yuan))
    return max(seats, key=lambda seat: seat.averted_yuan)


def _said(problem: Problem, lift: Lift) -> Reason:
    who = next(one for one in problem.responders if one.id == lift.responder_id)
    params = {"responder": who.name or who.id, "yuan": round(lift.averted_yuan)}
    if "minutes" in lift.kinds:
        params["minutes"] = math.ceil(lift.minutes - 1e-9)
    return Reason("LIFT_" + "_".join(lift.kinds).upper(), params)


def _with_case(problem: Problem, case: Case) -> Problem:
    return replace(problem, cases=tuple(case if one.id == case.id else one for one in problem.cases))
