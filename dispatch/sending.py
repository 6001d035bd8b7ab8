"""One case at a time: who would be there first, who averts most. All responders at once.

`State` is where everybody is after what was decided so far; `offers` is what each
responder could do for one case at one place from there, `companions` what each could do as
the second of two; `nearest` and `averts_most` choose among offers. The planner's baseline,
suggestions and the simulation share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dispatch.carry_on import fixed_visits
from dispatch.domain import TIERS, Case, Place, Problem, Profile, Route
from dispatch.loss import MOVED_TOLERANCE_MINUTES, loss_curve, loss_rate, never_yuan
from dispatch.one_case import NOBODY, first_there, most_saved
from dispatch.rules import matters_too_little
from dispatch.timeline import Clock

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

NOWHERE = -1
"""Place number of a responder that is where it sets out."""
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
    start: Ints
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
            np.array(
                [problem.start_index.get(one.id, problem.base_index[one.id]) for one in crew], dtype=np.int64
            ),
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
        return self._in_reach(place) & self._any(self.kinds, case.may_go)

    def skilled(self, case: Case) -> Bools:
        """Who has every skill the case needs."""
        able = np.ones(len(self.ready), dtype=np.bool_)
        for need in case.needs:
            able &= self._any(self.skills, (need,))
        return able

    def unpinned(self, case: Case) -> Bools:
        """Who a dispatcher's pin leaves for the case: everyone, one, or nobody; never who was refused there."""
        pin = self.problem.pinned.get(case.id)
        free = np.full(len(self.ready), pin is None)
        if pin is not None and pin in self.number:
            free[self.number[pin]] = True
        return free & self._welcome(case)

    def may_visit(self, case: Case, place: Place) -> Bools:
        """`rules.may_visit` for every responder at once, but for whether a road leads there."""
        if matters_too_little(self.problem, case):
            return np.zeros(len(self.ready), dtype=np.bool_)
        return self.on_duty & self.unpinned(case) & self.entitled(case, place) & self.skilled(case)

    def may_accompany(self, case: Case, place: Place) -> Bools:
        """`rules.may_accompany` for every responder at once, but for whether a road leads there."""
        if matters_too_little(self.problem, case) or self.problem.pinned.get(case.id) == "":
            return np.zeros(len(self.ready), dtype=np.bool_)
        able = self.on_duty & self._in_reach(place) & self._any(self.kinds, case.partners)
        return able & self._welcome(case)

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
            there[rows] = np.where(
                away, table.between[here, column], table.from_base[self.start[rows], column]
            )
            back[rows] = table.to_base[column, base]
            home_now[rows] = np.where(away, table.to_base[here, base], 0.0)
        return there, back, home_now

    def _welcome(self, case: Case) -> Bools:
        """Who was not refused there before."""
        free = np.ones(len(self.ready), dtype=np.bool_)
        free[[self.number[one] for one in case.refused_by if one in self.number]] = False
        return free

    def _in_reach(self, place: Place) -> Bools:
        reach = self._any(self.own, place.codes)
        if not self.problem.prices.strict:
            reach |= self._any(self.neighbours, place.codes | {"*"})
        return reach

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
        """Everyone where it sets out, or at the end of its fixed stops."""
        roster = roster or Roster.of(problem)
        crew = len(problem.responders)
        state = cls(roster, np.full(crew, NOWHERE, np.int64), roster.ready.copy(), np.zeros(crew, np.int64))
        return state.at_the_end(Clock(problem).routes(fixed_visits(problem))) if problem.heads else state

    def at_the_end(self, routes: Iterable[Route]) -> State:
        """The state once these routes have been driven from the start, but for the way home."""
        at, free, visits = self.at.copy(), self.free.copy(), self.visits.copy()
        for route in routes:
            if route.stops:
                row = self.roster.number[route.responder_id]
                at[row] = self.roster.problem.place_index[route.stops[-1].place_id]
                free[row], visits[row] = route.stops[-1].leave, len(route.stops)
        return State(self.roster, at, free, visits)

    def after(self, offer: Offer) -> State:
        """The state once the offer is taken up; this one stays as it is."""
        at, free, visits = self.at.copy(), self.free.copy(), self.visits.copy()
        for who, leave in ((offer.responder_id, offer.leave), (offer.partner_id, offer.partner_leave)):
            if who is not None:
                row = self.roster.number[who]
                at[row] = self.roster.problem.place_index[offer.place_id]
                free[row] = leave
                visits[row] += 1
        return State(self.roster, at, free, visits)


@dataclass(frozen=True, slots=True)
class Offers:
    """What each responder could do for one case at one place, after its other visits.

    One value per responder, in the problem's order. `allowed` is by the rules of who may
    go; `possible` also by shift, window and number of visits. `over_shift` is how many
    minutes too late it would be home (negative: to spare). `averted_yuan` and `cost_yuan`
    are of this visit alone: the drive, the neighbours, one more visit of many, and keeping
    what people were told, which counts against it.
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
    """One responder's visit to one case, appended to what it does already; with a partner where it takes two."""

    case_id: str
    place_id: str
    responder_id: str
    drive_minutes: float
    arrive: float
    contact: float
    leave: float
    averted_yuan: float
    cost_yuan: float
    partner_id: str | None = None
    partner_leave: float = 0.0


def offers(state: State, case: Case, place: Place, allowed: Bools | None = None) -> Offers:
    """What every responder could do for the case at this place, from where it is.

    Parameters
    ----------
    allowed
        Who is considered, where it is not everyone the rules allow.
    """
    allowed = state.roster.may_visit(case, place) if allowed is None else allowed
    there, _, _ = state.roster.drives(state.at, place)
    found = _offered(state, case, place, allowed=allowed, start=_start(state, case, place, there))
    return _less_if_as_told(state.roster, case, found, np.arange(len(there)))


def companions(state: State, case: Case, place: Place, lead: int) -> Offers:
    """What every responder could do as the second, with that row of the roster in the lead.

    Contacts are common to both; whether it is `possible` also asks whether the leader, who may
    have to wait, is home in time. Yuan are of the visit, so of both.
    """
    roster = state.roster
    there, _, _ = roster.drives(state.at, place)
    first = np.full(len(there), lead)
    allowed = roster.may_accompany(case, place) & (np.arange(len(there)) != lead)
    begin = _start(state, case, place, there, first)
    found = _offered(state, case, place, allowed=allowed, start=begin)
    own = _offered(state, case, place, allowed=allowed, start=begin, rows=first)
    both = replace(found, possible=found.possible & own.possible, cost_yuan=found.cost_yuan + own.cost_yuan)
    return _less_if_as_told(roster, case, both, first)


def _start(state: State, case: Case, place: Place, there: Floats, first: Ints | None = None) -> Floats:
    """When each could begin, together with those rows where some are given."""
    roster = state.roster
    arrive = _drive(state.free, there, roster)
    teams = [np.arange(len(arrive))] if first is None else [np.arange(len(arrive)), first]
    start: Floats = np.maximum(np.maximum.reduce([arrive[rows] for rows in teams]), case.window[0])
    service = _service(roster, case)
    for rows in teams * len(teams):  # each break moves the start once at most
        pause_from, pause_to = roster.break_start[rows], roster.break_end[rows]
        overlaps = (start < pause_to) & (start + place.search_minutes + service[rows] > pause_from)
        start = np.where(overlaps, pause_to, start)
    return start


def _offered(
    state: State, case: Case, place: Place, *, allowed: Bools, start: Floats, rows: Ints | None = None
) -> Offers:
    """The offers of everybody, or of those rows, who begin at `start`."""
    roster, problem = state.roster, state.roster.problem
    rows = np.arange(len(start)) if rows is None else rows
    there, back, home_now = (column[rows] for column in roster.drives(state.at, place))
    contact = start + place.search_minutes
    leave = contact + _service(roster, case)[rows]
    home, ends = _drive(leave, back, roster, rows), roster.ends[rows]
    possible = allowed & np.isfinite(home) & (home <= ends + _TOLERANCE_MINUTES)
    possible &= contact <= case.window[1] + _TOLERANCE_MINUTES
    possible &= (state.visits < roster.max_visits)[rows]
    averted = never_yuan(case, problem.horizon_minutes) - loss_curve(case, contact, problem.horizon_minutes)
    cost = roster.neighbour_yuan(place)[rows] + problem.prices.balance_yuan * state.visits[rows]
    if problem.prices.drive_yuan_per_minute:
        ways = np.isfinite(there + back)
        longer = np.where(ways, there + back, np.inf) - home_now
        cost = cost + problem.prices.drive_yuan_per_minute * longer
    over = np.subtract(home, ends, out=np.full(len(home), np.inf), where=np.isfinite(home))
    arrive = _drive(state.free, roster.drives(state.at, place)[0], roster)[rows]
    return Offers(
        place.id, allowed, possible, there, arrive, contact, leave, over, place.probability * averted, cost
    )


def _service(roster: Roster, case: Case) -> Floats:
    """Minutes at the door by responder."""
    service = np.zeros(len(roster.ready))
    for kind, rows in roster.kinds.items():
        service[rows] = case.service_minutes.get(kind, 0.0)
    return service


def _less_if_as_told(roster: Roster, case: Case, found: Offers, leads: Ints) -> Offers:
    """The offers, cheaper by a change for those that are what people were told; `leads` are rows of leaders."""
    told, problem = roster.problem.told.get(case.id), roster.problem
    if told is None or told.place_id != found.place_id or not problem.prices.change_yuan:
        return found
    kept = leads == roster.number.get(told.responder_id, NOWHERE)
    kept &= np.abs(found.contact - told.contact_minutes) <= (
        problem.prices.moved_minutes + MOVED_TOLERANCE_MINUTES
    )
    if told.partner_id is not None:
        kept &= np.arange(len(leads)) == roster.number.get(told.partner_id, NOWHERE)
    return replace(found, cost_yuan=found.cost_yuan - problem.prices.change_yuan * kept)


@dataclass(frozen=True, slots=True)
class Rule:
    """Who of several is sent: the compiled choice of one, and the same as keys to sort all by."""

    first: Callable[[Offers, Bools], int]
    keys: Callable[[Offers], Sequence[Floats]]


NEAREST = Rule(
    lambda found, rows: first_there(rows, found.contact, found.drive),
    lambda found: (found.contact, found.drive),
)
AVERTS_MOST = Rule(
    lambda found, rows: most_saved(rows, found.averted_yuan - found.cost_yuan, found.contact),
    lambda found: (found.cost_yuan - found.averted_yuan, found.contact),
)


def nearest(problem: Problem, state: State, case: Case) -> Offer | None:
    """The eligible responder that gets there first; None if no visit saves more than it costs.

    Each place is offered to whoever makes contact there first; among places the one that
    averts most is chosen. Ties go to the shorter drive, then to the order of the problem.
    A case pinned to a responder goes to it at any cost. Where it takes two, whoever can be
    there first with them comes along.
    """
    return _choose(problem, state, case, NEAREST)


def averts_most(problem: Problem, state: State, case: Case) -> Offer | None:
    """The visit that averts most for what it costs; None if no visit saves more than it costs."""
    return _choose(problem, state, case, AVERTS_MOST)


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


def _choose(problem: Problem, state: State, case: Case, rule: Rule) -> Offer | None:
    """The best offer of each place by the rule, then the place that averts most net."""
    best: Offer | None = None
    pinned = bool(problem.pinned.get(case.id))
    for place in case.places:
        offer = _best_there(problem, state, case, place, rule)
        if offer is None or not (pinned or offer.averted_yuan > offer.cost_yuan):
            continue
        if best is None or offer.averted_yuan - offer.cost_yuan > best.averted_yuan - best.cost_yuan:
            best = offer
    return best


def _best_there(problem: Problem, state: State, case: Case, place: Place, rule: Rule) -> Offer | None:
    """The first by the rule of those who can make a visit that pays, or one at all where the case is pinned."""
    found = offers(state, case, place)
    rows = found.possible if problem.pinned.get(case.id) or case.partners else _worth(found)
    if not case.partners:
        alone = rule.first(found, rows)
        return None if alone == NOBODY else _offer(problem, case, found, alone)
    for lead in _ranked(found, rows, rule.keys):
        both = companions(state, case, place, lead)
        if (second := rule.first(both, both.possible)) != NOBODY:
            return _with_second(problem, _offer(problem, case, found, lead), both, second)
    return None


def _worth(found: Offers) -> Bools:
    worth: Bools = found.possible & (found.averted_yuan > found.cost_yuan)
    return worth


def _ranked(found: Offers, rows: Bools, key: Callable[[Offers], Sequence[Floats]]) -> list[int]:
    """Numbers of those rows, the best first; equals in the order of the problem."""
    numbers = np.flatnonzero(rows)
    order = np.lexsort([column[numbers] for column in reversed(key(found))])
    return [int(row) for row in numbers[order]]


def _offer(problem: Problem, case: Case, found: Offers, row: int) -> Offer:
    columns = (found.drive, found.arrive, found.contact, found.leave, found.averted_yuan, found.cost_yuan)
    drive, arrive, contact, leave, averted, cost = (float(column[row]) for column in columns)
    who = problem.responders[row].id
    return Offer(case.id, found.place_id, who, drive, arrive, contact, leave, averted, cost)


def _with_second(problem: Problem, alone: Offer, both: Offers, second: int) -> Offer:
    """The leader's drive and arrival, the contact both make, each one's own leaving, the yuan of both."""
    contact = float(both.contact[second])
    return replace(
        alone,
        contact=contact,
        leave=contact + alone.leave - alone.contact,
        averted_yuan=float(both.averted_yuan[second]),
        cost_yuan=float(both.cost_yuan[second]),
        partner_id=problem.responders[second].id,
        partner_leave=float(both.leave[second]),
    )


def _drive(depart: Floats, minutes: Floats, roster: Roster, rows: Ints | None = None) -> Floats:
    """`timeline.drive` for every responder at once, or for those rows."""
    pause_from, pause_to = roster.break_start, roster.break_end
    if rows is not None:
        pause_from, pause_to = pause_from[rows], pause_to[rows]
    arrive = depart + minutes
    paused = (depart < pause_to) & (arrive > pause_from)
    late: Floats = arrive + np.where(paused, pause_to - np.maximum(depart, pause_from), 0.0)
    return late


def _by(keys_of_rows: Iterable[Iterable[str]]) -> dict[str, Ints]:
    """Row numbers by key, keys in order of first appearance."""
    rows: dict[str, list[int]] = {}
    for row, keys in enumerate(keys_of_rows):
        for key in keys:
            rows.setdefault(key, []).append(row)
    return {key: np.array(numbers, dtype=np.int64) for key, numbers in rows.items()}
