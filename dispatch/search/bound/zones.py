"""A problem cut into zones for the proof: what a plan could save at most, and by whom.

Every case costs what never coming costs, and each visit saves a part of it. A *node* is one
candidate place of one case and saves its own share (places exclude each other, so the shares
add up). Where two responders must meet, the place is two nodes, one for who leads and one for
who comes along, each with half the share: contact is made once the later is there, so no plan
saves more than the halves do, each at its own arrival.

Crews that could do exactly the same are one row with a number. Fixed first stops are facts:
their saving is counted at once and the crew begins where they end. A zone is a set of nodes
and crews of which no crew may visit a node outside; zones are bounded one by one.

What is left out only makes a plan cheaper, never dearer: that a told contact may not come
earlier than promised, how many promises may change, which two people meet.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dispatch.domain import KINDS, Case, Place, Problem, Responder
from dispatch.loss import loss_yuan, neighbour_yuan, never_yuan
from dispatch.rules import TOLERANCE_MINUTES
from dispatch.sending import Roster
from dispatch.timeline import begin, drive, service_minutes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# columns of `Zone.node`; yuan are already times the share of the node
STAKE_YUAN, HAZARD, LATE_YUAN, DUE, OPENS, CLOSES, SEARCH, HOLD_UNTIL, HOLD_FRACTION, NEVER_YUAN = range(10)
SERVICE = 10
"""Column of `Zone.node` from which on stand the minutes of service, one a kind of crew."""
# columns of `Zone.crew`
KIND, PROFILE, READY, ENDS, PAUSE_FROM, PAUSE_TO, MOST, MADE, HOME_MINUTES, NUMBER = range(10)
# columns of `Zone.setting`
HORIZON, DRIVE_YUAN, BALANCE_YUAN = range(3)


class Zone(NamedTuple):
    """Nodes (n) and crews (k) that share nobody with other zones.

    `node` (n, 10 + kinds): stake in yuan, hazard per minute, yuan a minute late, due, opens,
    closes, search minutes, hold until and its fraction, yuan if nobody comes, service minutes
    by kind. `crew` (k, 10): kind, profile, ready, ends, break from and to (inf without one),
    most visits in all, visits already fixed, minutes from where it starts to its base (0 if it
    need not move), and how many such crews there are. `start` (k, n) minutes from where a crew
    sets out, `home` (k, n) minutes back to its base, `extra_yuan` (k, n) what the visit costs
    beside its drive (inf: not allowed). `between` (profiles, n, n) minutes. `setting`: horizon
    minutes, yuan a minute driven, yuan of balance. `faithful`: no minutes had to be lowered.
    """

    node: Floats
    crew: Floats
    start: Floats
    home: Floats
    extra_yuan: Floats
    between: Floats
    setting: Floats
    faithful: bool


class _Node(NamedTuple):
    case: Case
    place: Place
    share: float
    leads: bool


class _Start(NamedTuple):
    """Where a responder's choices begin: after its fixed stops, at `place` (None: where it sets out)."""

    place: str | None
    ready: float
    made: int
    saved_yuan: float


def zones_of(problem: Problem) -> tuple[float, tuple[Zone, ...]]:
    """What is lost if nobody is sent beyond the fixed stops, in yuan, and the zones that can save of it."""
    starts = {one.id: _after_head(problem, one) for one in problem.responders}
    constant = sum(never_yuan(case, problem.horizon_minutes) for case in problem.cases)
    constant += problem.prices.change_yuan * sum(case.id in problem.told for case in problem.cases)
    constant -= sum(one.saved_yuan for one in starts.values())
    fixed = {place for head in problem.heads.values() for _, place in head}
    nodes = [node for node in _nodes(problem) if node.place.id not in fixed]
    rows, columns, extra = _pairs(problem, nodes)
    size = len(nodes) + len(problem.responders)
    links = coo_array((np.ones(len(rows)), (rows, columns + len(nodes))), (size, size))
    _, label = connected_components(links, directed=False)
    order = np.argsort(label[rows], kind="stable")
    cuts = np.flatnonzero(np.diff(label[rows][order])) + 1
    zones = tuple(
        _zone(problem, nodes, starts, rows[part], columns[part], extra[part])
        for part in np.split(order, cuts)
        if len(part)
    )
    return constant, zones


def _nodes(problem: Problem) -> Iterator[_Node]:
    for case in problem.cases:
        for place in case.places:
            if case.partners:
                yield _Node(case, place, place.probability / 2, leads=True)
                yield _Node(case, place, place.probability / 2, leads=False)
            else:
                yield _Node(case, place, place.probability, leads=True)


def _pairs(problem: Problem, nodes: Sequence[_Node]) -> tuple[Ints, Ints, Floats]:
    """Who may go where: node rows, responder rows, and what the visit costs beside its drive."""
    roster = Roster.of(problem)
    rows, columns, extra = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for number, (case, place, _, leads) in enumerate(nodes):
        allowed = roster.may_visit(case, place) if leads else roster.may_accompany(case, place)
        price = roster.neighbour_yuan(place)
        told = problem.told.get(case.id)
        if leads and told is not None and told.place_id == place.id and told.responder_id in roster.number:
            price[roster.number[told.responder_id]] -= problem.prices.change_yuan
        able = np.flatnonzero(allowed)
        rows.append(np.full(len(able), number))
        columns.append(able)
        extra.append(price[able])
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(extra)


def _after_head(problem: Problem, responder: Responder) -> _Start:
    """What the fixed stops save, and where and when they leave the responder.

    A stop of two is timed as if the other were there: the true moment is no earlier.
    """
    head = problem.heads.get(responder.id, ())
    cases = {case.id: case for case in problem.cases} if head else {}
    here, now, saved, driven = None, responder.ready_minutes, 0.0, 0.0
    for case_id, place_id in head:
        case = cases[case_id]
        place, minutes = case.place(place_id), problem.drive_minutes(responder, here, place_id)
        length = place.search_minutes + service_minutes(case, responder)
        start = begin(drive(now, minutes, responder.shift), length, case, responder.shift)
        share = place.probability / (2 if case.partners else 1)
        never = never_yuan(case, problem.horizon_minutes)
        saved += share * (never - loss_yuan(case, start + place.search_minutes, problem.horizon_minutes))
        saved -= neighbour_yuan(problem, responder, place)
        told = problem.told.get(case_id)
        if told is not None and told.responder_id == responder.id and told.place_id == place_id:
            saved += problem.prices.change_yuan
        here, now, driven = place_id, start + length, driven + minutes
    if head:
        driven += problem.drive_minutes(responder, here, None)
    saved -= problem.prices.drive_yuan_per_minute * driven if driven else 0.0
    saved -= problem.prices.balance_yuan * len(head) * (len(head) - 1) / 2
    return _Start(here, now, len(head), saved)


def _zone(
    problem: Problem,
    nodes: Sequence[_Node],
    starts: Mapping[str, _Start],
    rows: Ints,
    columns: Ints,
    extra: Floats,
) -> Zone:
    """One zone as arrays, its crews that are alike put together."""
    kept, row = np.unique(rows, return_inverse=True)
    crews, column = np.unique(columns, return_inverse=True)
    inside = [nodes[number] for number in kept]
    price = np.full((len(crews), len(kept)), math.inf)
    price[column, row] = extra
    team = [problem.responders[number] for number in crews]
    profiles = sorted({one.profile for one in team})
    points = np.array([problem.place_index[node.place.id] for node in inside], np.int64)
    between = np.stack([problem.travel[name].between[np.ix_(points, points)] for name in profiles])
    faithful = shorten(between) <= TOLERANCE_MINUTES
    start, home = np.empty(price.shape), np.empty(price.shape)
    known = dict[tuple[str, int, int | str], tuple[Floats, Floats]]()
    for k, one in enumerate(team):
        begin_at = starts[one.id].place or problem.start_index.get(one.id, problem.base_index[one.id])
        key = (one.profile, problem.base_index[one.id], begin_at)
        if key not in known:
            ends = _ends(problem, one, starts[one.id], points)
            way = between[profiles.index(one.profile)]
            known[key] = (ends[0][:, None] + way).min(axis=0), (way + ends[1][None, :]).min(axis=1)
            faithful &= all(map(_same, known[key], ends))
        start[k], home[k] = known[key]
    price[~np.isfinite(start + home)] = math.inf  # no road, not even by way of another visit
    crew = np.array([_crew(problem, one, starts[one.id], profiles.index(one.profile)) for one in team])
    same = np.column_stack([crew, start, home, price])
    _, first, number = np.unique(same, axis=0, return_index=True, return_counts=True)
    crew = crew[first]
    crew[:, NUMBER] = number
    return Zone(
        node=np.array([_node(problem, node) for node in inside]),
        crew=crew,
        start=start[first],
        home=home[first],
        extra_yuan=price[first],
        between=between,
        setting=np.array(
            [problem.horizon_minutes, problem.prices.drive_yuan_per_minute, problem.prices.balance_yuan]
        ),
        faithful=faithful,
    )


def _ends(problem: Problem, responder: Responder, start: _Start, points: Ints) -> tuple[Floats, Floats]:
    """Minutes from where a responder's choices begin to each point, and from each point home."""
    table, base = problem.travel[responder.profile], problem.base_index[responder.id]
    if start.place is not None:
        out = table.between[problem.place_index[start.place], points]
    else:
        out = table.from_base[problem.start_index.get(responder.id, base), points]
    return out, table.to_base[points, base]


def _same(lowered: Floats, given: Floats) -> bool:
    return np.allclose(lowered, given, rtol=0.0, atol=TOLERANCE_MINUTES)


def _node(problem: Problem, node: _Node) -> list[float]:
    case, share = node.case, node.share
    held = case.hold is not None and case.hold.until_minutes > 0
    return [
        share * case.stake_yuan,
        case.hazard_per_hour / 60.0,  # per hour -> per minute
        share * case.late_yuan_per_minute,
        case.due_minutes,
        case.window[0],
        case.window[1] + TOLERANCE_MINUTES,
        node.place.search_minutes,
        case.hold.until_minutes if held and case.hold else 0.0,
        case.hold.fraction if held and case.hold else 1.0,
        share * never_yuan(case, problem.horizon_minutes),
        *(case.service_minutes.get(kind, 0.0) for kind in KINDS),
    ]


def _crew(problem: Problem, one: Responder, start: _Start, profile: int) -> list[float]:
    pause = (one.shift.break_start, one.shift.break_end)
    broken = pause if pause[0] is not None and pause[1] is not None else (math.inf, math.inf)
    away = problem.drive_minutes(one, start.place, None) if start.place is not None else 0.0
    return [
        KINDS.index(one.kind),
        profile,
        start.ready,
        one.shift.end + TOLERANCE_MINUTES,
        broken[0] if broken[0] is not None else math.inf,
        broken[1] if broken[1] is not None else math.inf,
        one.max_visits,
        start.made,
        away,
        1.0,
    ]


@njit(cache=True)
def shorten(between: Floats) -> float:
    """Lower minutes (profiles, n, n) in place until no detour is quicker; by how much at most.

    A visit left out then never makes a route later or longer, which the pricing relies on
    (Floyd, Communications of the ACM 5(6), 1962). Roads give such minutes but for rounding.
    """
    n, most = between.shape[1], 0.0
    for p in range(between.shape[0]):
        given, way = between[p].copy(), between[p]
        for u in range(n):
            way[u, u] = 0.0
        for u in range(n):
            for a in range(n):
                to = way[a, u]
                if to < np.inf:
                    for b in range(n):
                        way[a, b] = min(way[a, b], to + way[u, b])
        for a in range(n):
            for b in range(n):
                if a != b and way[a, b] < given[a, b]:
                    most = max(most, given[a, b] - way[a, b])
    return most
