"""Why not the obvious car: the nearest, or the one responsible, where another one was sent."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dispatch.domain import Plan, Problem
from dispatch.explain.choices import Alternatives, Choice, Planned, first_visits, is_fixed
from dispatch.explain.standing import Standing
from dispatch.reasons import Reason
from dispatch.sending import Bools, Floats, State, offers

SOONER_MINUTES = 1.0
"""Less than this is no difference anybody on the road would see."""
SAME_YUAN = 1.0
BOTH = "nearest_responsible_one"
"""Where one responder is the nearest and the responsible one."""


@dataclass(frozen=True, slots=True)
class Why:
    """Where the first visit of a case is not by the obvious responder: what sending that one would mean.

    `nearest` would be there first if it had nothing else to do, `responsible` answers for the
    place; None where that one is sent (or no sooner than who is). `sent_minutes` is the planned
    arrival. `reason` is one sentence about the first of them, `reasons` one for each.
    """

    case_id: str
    stop_id: str
    sent_id: str
    sent_minutes: float
    nearest: Choice | None
    responsible: Choice | None
    reasons: tuple[Reason, ...]

    @property
    def reason(self) -> Reason:
        """The sentence to show where there is room for one."""
        return self.reasons[0]

    @property
    def price_yuan(self) -> float | None:
        """What sending the one of the sentence would cost in all; None where it has no seat for it."""
        choice = self.nearest or self.responsible
        return choice.price_yuan if choice else None

    @property
    def brief(self) -> Reason | None:
        """The same for the sheet of who is sent: nothing about other cases; None where there is nothing to say."""
        price = self.price_yuan
        if price is None or price <= SAME_YUAN:
            return None
        params = {key: self.reason.params[key] for key in ("which", "responder", "minutes")}
        return Reason("INSTEAD_BRIEF", {**params, "yuan": round(price)})


def why_not_the_obvious(problem: Problem, plan: Plan) -> dict[str, Why]:
    """By case id, for every case whose first visit is not by the nearest or the responsible one.

    Prices are exact for the routes involved (`dispatch.explain.seating`); the plan must keep
    every rule.
    """
    state, standing = State.start(problem), Standing.of(problem, plan)
    kinds = _Kinds(problem)
    found = {}
    for case_id, planned in first_visits(problem, plan).items():
        why = why_of(standing, planned, state, kinds)
        if why is not None:
            found[case_id] = why
    return found


def why_of(standing: Standing, planned: Planned, state: State, kinds: _Kinds | None = None) -> Why | None:
    """The same for one visit of the plan; None where the obvious responder makes it."""
    problem, case, place = standing.problem, planned.case, planned.place
    if is_fixed(problem, planned):
        return None
    offered = offers(state, case, place)
    arrive = np.where(offered.possible, offered.arrive, math.inf)
    rows = dict(
        _obvious(kinds or _Kinds(problem), arrive, place.codes, state.roster.number[planned.responder.id])
    )
    if not rows:
        return None
    if len(set(rows.values())) == 1 and len(rows) > 1:
        rows = {BOTH: rows["nearest_one"]}
    ways = Alternatives(standing, planned, state)
    found = {which: ways.choice(problem.responders[row], float(arrive[row])) for which, row in rows.items()}
    sentences = tuple(_sentence(standing, planned, which, choice) for which, choice in found.items())
    return Why(
        case.id,
        planned.stop.id,
        planned.responder.id,
        planned.stop.arrive,
        found.get("nearest_one", found.get(BOTH)),
        found.get("responsible_one", found.get(BOTH)),
        sentences,
    )


class _Kinds:
    """Which rows answer for a code, and which are of a kind; made once for many cases."""

    def __init__(self, problem: Problem) -> None:
        self.kind = np.array([one.kind for one in problem.responders], dtype=object)
        self.rows: dict[str, list[int]] = {}
        for row, one in enumerate(problem.responders):
            for code in one.jurisdiction:
                self.rows.setdefault(code, []).append(row)

    def answering(self, codes: frozenset[str]) -> Bools:
        answers = np.zeros(len(self.kind), dtype=np.bool_)
        for code in codes:
            answers[self.rows.get(code, [])] = True
        return answers


def _obvious(kinds: _Kinds, arrive: Floats, codes: frozenset[str], sent: int) -> Iterator[tuple[str, int]]:
    """Row of the nearest, and of the one that answers for the place, where it is not the one sent.

    Answering counts among responders of the same kind, else among police stations: that the
    county's squad answers for the whole county is not what anybody calls obvious.
    """
    best = int(arrive.argmin()) if len(arrive) else sent
    if best != sent and arrive[best] + SOONER_MINUTES <= arrive[sent]:
        yield "nearest_one", best
    answers = kinds.answering(codes)
    if answers[sent]:
        return
    for kind in dict.fromkeys((kinds.kind[sent], "station")):
        own = np.where(answers & (kinds.kind == kind), arrive, math.inf)
        if math.isfinite(own.min(initial=math.inf)):
            yield "responsible_one", int(own.argmin())
            return


def _sentence(standing: Standing, planned: Planned, which: str, choice: Choice) -> Reason:
    who = standing.crew[choice.responder_id]
    params = {
        "which": which,
        "responder": who.name or who.id,
        "minutes": max(0, round(choice.soonest_minutes)),
        "sent_minutes": max(0, round(planned.stop.arrive)),
    }
    if choice.price_yuan is None or choice.arrive_minutes is None:
        return Reason("INSTEAD_NO_ROOM", params)
    params["yuan"] = round(abs(choice.price_yuan))
    if choice.price_yuan < -SAME_YUAN:
        return Reason("INSTEAD_CHEAPER", params)
    if choice.price_yuan <= SAME_YUAN:
        return Reason("INSTEAD_SAME", params)
    moved = choice.pushed_out if choice.pushed_out != planned.case.id else None  # its own second place
    if moved is not None and choice.pushed_to is not None:
        other = standing.crew[choice.pushed_to]
        return Reason("INSTEAD_PASSES_ON", {**params, "case": moved, "other": other.name or other.id})
    if moved is not None:
        return Reason("INSTEAD_PUSHES_OUT", {**params, "case": moved})
    if choice.arrive_minutes > choice.soonest_minutes + SOONER_MINUTES:
        return Reason("INSTEAD_WAITS", {**params, "arrive_minutes": round(choice.arrive_minutes)})
    return Reason("INSTEAD_DEARER", params)
