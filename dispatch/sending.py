"""One case at a time: who would be there first, who averts most. All responders at once.

`State` is where everybody is after what was decided so far; `offers` is what each
responder could do for one case at one place from there; `nearest` and `averts_most`
choose among offers. The planner's baseline, suggestions and the simulation share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.domain import TIERS, Case, Place, Problem, Profile, Responder
from dispatch.loss import loss_curve, loss_rate, never_yuan
from dispatch.rules import matters_too_little

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

NOWHERE = -1
"""Place number of a responder that is at its base."""
_NO_BREAK = -1.0
_TOLERANCE_MINUTES = 1e-9


@dataclass(frozen=True, slots=True)
class Roster:
    """The problem's responders as columns, in its order; made once, read many times."""

    problem: Problem
    number: Mapping[str, int]
    ready: Floats
    ends: Floats
    break_start: Floats
    break_end: Floats
    base: Ints
    max_visits: Ints
    on_duty: Bools
    profiles: tuple[tuple[Profile, Ints], ...]
    kinds: Mapping[str, Ints]
    skills: Mapping[str, Ints]
    own: Mapping[str, Ints]
    neighbours: Mapping[str, Ints]

    @classmethod
    def of(cls, problem: Problem) -> Roster:
        """The roster of a problem."""
        crew = problem.responders
        pauses = [(one.shift.break_start, one.shift.break_end) for one in crew]
        broken = [(a, b) if a is not None and b is not None else (_NO_BREAK, _NO_BREAK) for a, b in pauses]
        profiles = _by((one.profile,) for one in crew)
        return cls(
            problem,
            {one.id: row for row, one in enumerate(crew)},
            np.array([one.ready_minutes for one in crew], dtype=np.float64),
            np.array([one.shift.end for one in crew], dtype=np.float64),
            np.array([a for a, _ in broken], dtype=np.float64),
            np.array([b for _, b in broken], dtype=np.float64),
            np.array([problem.base_index[one.id] for one in crew], dtype=np.int64),
            np.array([one.max_visits for one in crew], dtype=np.int64),
            np.array([one.status != "off" for one in crew], dtype=np.bool_),
            tuple((crew[rows[0]].profile, rows) for rows in profiles.values()),
            _by((one.kind,) for one in crew),
            _by(one.skills for one in crew),
            _by(one.jurisdiction for one in crew),
            _by(one.neighbours for one in crew),
        )

    def entitled(self, case: Case, place: Place) -> Bools:
        """Who may go there by kind and jurisdiction, on duty or not."""
        allowed = self._any(self.own, place.codes)
        if not self.problem.prices.strict:
            allowed |= self._any(self.neighbours, place.codes | {"*"})
        return allowed & self._any(self.kinds, case.may_go)

    def skilled(self, case: Case) -> Bools:
        """Who has every skill the case needs."""
        able = np.ones(len(self.ready), dtype=np.bool_)
        for need in case.needs:
            able &= self._any(self.skills, (need,))
        return able

    def unpinned(self, case: Case) -> Bools:
        """Who a dispatcher's pin leaves for the case: everyone, one, or nobody."""
        pin = self.problem.pinned.get(case.id)
        free = np.full(len(self.ready), pin is None)
        if pin is not None and pin in self.number:
            free[self.number[pin]] = True
        return free

    def may_visit(self, case: Case, place: Place) -> Bools:
        """`rules.may_visit` for every responder at once, but for whether a road leads there."""
        if matters_too_little(self.problem, case):
            return np.zeros(len(self.ready), dtype=np.bool_)
        return self.on_duty & self.unpinned(case) & self.entitled(case, place) & self.skilled(case)

    def neighbour_yuan(self, place: Place) -> Floats:
        """What a visit there would cost each responder for being outside its own."""
        price = np.zeros(len(self.ready))
        for kind, rows in self.kinds.items():
            price[rows] = self.problem.prices.neighbour_yuan.get(kind, 0.0)
        price[self._any(self.own, place.codes)] = 0.0
        return price

    def drives(self, at: Ints, place: Place) -> tuple[Floats, Floats, Floats]:
        """Minutes from where everyone is to the place, from there to base, from here to base."""
        there, back, home_now = (np.empty(len(at)) for _ in range(3))
        column = self.problem.place_index[place.id]
        for profile, rows in self.profiles:
            table = self.problem.travel[profile]
            base, here = self.base[rows], at[rows]
            away = here != NOWHERE
            there[rows] = np.where(away, table.between[here, column], table.from_base[base, column])
            back[rows] = table.to_base[column, base]
            home_now[rows] = np.where(away, table.to_base[here, base], 0.0)
        return there, back, home_now

    def _any(self, table: Mapping[str, Ints], keys: Iterable[str]) -> Bools:
        rows = np.zeros(len(self.ready), dtype=np.bool_)
        for key in keys:
            if key in table:
                rows[table[key]] = True
        return rows


@dataclass(frozen=True, slots=True)
class State:
    """Where every responder is after its last visit so far: place number, free at, visits made."""

    roster: Roster
    at: Ints
    free: Floats
    visits: Ints

    @classmethod
    def start(cls, problem: Problem, roster: Roster | None = None) -> State:
        """Everyone at its base."""
        roster = roster or Roster.of(problem)
        crew = len(problem.responders)
        return cls(roster, np.full(crew, NOWHERE, np.int64), roster.ready.copy(), np.zeros(crew, np.int64))

    def after(self, offer: Offer) -> State:
        """The state once the offer is taken up; this one stays as it is."""
        at, free, visits = self.at.copy(), self.free.copy(), self.visits.copy()
        row = self.roster.number[offer.responder_id]
        at[row] = self.roster.problem.place_index[offer.place_id]
        free[row] = offer.leave
        visits[row] += 1
        return State(self.roster, at, free, visits)


@dataclass(frozen=True, slots=True)
class Offers:
    """What each responder could do for one case at one place, after its other visits.

    One value per responder, in the problem's order. `allowed` is by the rules of who may
    go; `possible` also by shift, window and number of visits. `over_shift` is how many
    minutes too late it would be home (negative: to spare). `averted_yuan` and `cost_yuan`
    are of this visit alone.
    """

    place_id: str
    allowed: Bools
    possible: Bools
    drive: Floats
    arrive: Floats
    contact: Floats
    leave: Floats
    over_shift: Floats
    averted_yuan: Floats
    cost_yuan: Floats


@dataclass(frozen=True, slots=True)
class Offer:
    """One responder's visit to one case, appended to what it does already."""

    case_id: str
    place_id: str
    responder_id: str
    drive_minutes: float
    arrive: float
    contact: float
    leave: float
    averted_yuan: float
    cost_yuan: float


def offers(state: State, case: Case, place: Place, allowed: Bools | None = None) -> Offers:
    """What every responder could do for the case at this place, from where it is.

    Parameters
    ----------
    allowed
        Who is considered, where it is not everyone the rules allow.
    """
    roster, problem = state.roster, state.roster.problem
    there, back, home_now = roster.drives(state.at, place)
    arrive = _drive(state.free, there, roster)
    service = np.zeros(len(arrive))
    for kind, rows in roster.kinds.items():
        service[rows] = case.service_minutes.get(kind, 0.0)
    length = place.search_minutes + service
    start = np.maximum(arrive, case.window[0])
    overlaps = (start < roster.break_end) & (start + length > roster.break_start)
    start = np.where(overlaps, roster.break_end, start)
    contact, leave = start + place.search_minutes, start + length
    home = _drive(leave, back, roster)
    allowed = roster.may_visit(case, place) if allowed is None else allowed
    possible = allowed & np.isfinite(home) & (home <= roster.ends + _TOLERANCE_MINUTES)
    possible &= (contact <= case.window[1] + _TOLERANCE_MINUTES) & (state.visits < roster.max_visits)
    averted = never_yuan(case, problem.horizon_minutes) - loss_curve(case, contact, problem.horizon_minutes)
    cost = roster.neighbour_yuan(place)
    if problem.prices.drive_yuan_per_minute:
        ways = np.isfinite(there + back)
        longer = np.where(ways, there + back, np.inf) - home_now
        cost = cost + problem.prices.drive_yuan_per_minute * longer
    over = np.subtract(home, roster.ends, out=np.full(len(home), np.inf), where=np.isfinite(home))
    return Offers(
        place.id, allowed, possible, there, arrive, contact, leave, over, place.probability * averted, cost
    )


def nearest(problem: Problem, state: State, case: Case) -> Offer | None:
    """The eligible responder that gets there first; None if no visit saves more than it costs.

    Each place is offered to whoever makes contact there first; among places the one that
    averts most is chosen. Ties go to the shorter drive, then to the order of the problem.
    A case pinned to a responder goes to it at any cost.
    """
    return _choose(problem, state, case, lambda found: (found.contact, found.drive))


def averts_most(problem: Problem, state: State, case: Case) -> Offer | None:
    """The visit that averts most for what it costs; None if no visit saves more than it costs."""
    return _choose(problem, state, case, lambda found: (found.cost_yuan - found.averted_yuan, found.contact))


def in_order(problem: Problem) -> list[Case]:
    """Cases by tier, then by how fast they lose money, then by id; those pinned to someone first."""
    return sorted(
        problem.cases,
        key=lambda case: (
            not problem.pinned.get(case.id),
            TIERS.index(case.tier),
            -loss_rate(case),
            case.id,
        ),
    )


def _choose(
    problem: Problem, state: State, case: Case, key: Callable[[Offers], Sequence[Floats]]
) -> Offer | None:
    """The best offer of each place by `key`, then the place that averts most net."""
    best: Offer | None = None
    pinned = bool(problem.pinned.get(case.id))
    for place in case.places:
        found = offers(state, case, place)
        worth = found.possible if pinned else found.possible & (found.averted_yuan > found.cost_yuan)
        rows = np.flatnonzero(worth)
        if not len(rows):
            continue
        row = int(rows[np.lexsort([column[rows] for column in reversed(key(found))])[0]])
        offer = _offer(problem.responders[row], row, case, found)
        if best is None or offer.averted_yuan - offer.cost_yuan > best.averted_yuan - best.cost_yuan:
            best = offer
    return best


def _offer(responder: Responder, row: int, case: Case, found: Offers) -> Offer:
    columns = (found.drive, found.arrive, found.contact, found.leave, found.averted_yuan, found.cost_yuan)
    return Offer(case.id, found.place_id, responder.id, *(float(column[row]) for column in columns))


def _drive(depart: Floats, minutes: Floats, roster: Roster) -> Floats:
    """`timeline.drive` for every responder at once."""
    arrive = depart + minutes
    paused = (depart < roster.break_end) & (arrive > roster.break_start)
    late: Floats = arrive + np.where(paused, roster.break_end - np.maximum(depart, roster.break_start), 0.0)
    return late


def _by(keys_of_rows: Iterable[Iterable[str]]) -> dict[str, Ints]:
    """Row numbers by key, keys in order of first appearance."""
    rows: dict[str, list[int]] = {}
    for row, keys in enumerate(keys_of_rows):
        for key in keys:
            rows.setdefault(key, []).append(row)
    return {key: np.array(numbers, dtype=np.int64) for key, numbers in rows.items()}
