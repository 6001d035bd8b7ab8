"""Rearranging whole segments: turned round, moved, or tails exchanged between two routes. Compiled.

Taking out a few stops and putting them back one by one hardly ever moves a whole
neighbourhood; in long routes that is what is missing (2-opt, or-opt and 2-opt* of the
literature: Croes 1958; Or 1976; Potvin and Rousseau 1995).
"""

from __future__ import annotations

import math

from dispatch.search.arrays import (
    BALANCE_YUAN,
    BASE,
    CAPACITY,
    CLOSES,
    CONTACT,
    COST_SO_FAR,
    DECAY,
    DEPART,
    DRIVE_YUAN,
    ENDS,
    HEAD,
    HOME,
    HOME_YUAN,
    KIND,
    LATE,
    LEG,
    LOADED,
    PROFILE,
    RATE,
    REACH,
    SEARCH_MINUTES,
    SERVICE,
    SLACK,
    START,
    Floats,
    Ints,
)
from dispatch.search.compiled import compiled
from dispatch.search.draws import Draws, draw, draw_below
from dispatch.search.insertion import walk_tail
from dispatch.search.routes import NOWHERE, TOLERANCE_MINUTES, arrive, begin, node_cost

NEAREST_TRIED = 12
LONGEST_MOVED = 30


@compiled
def turn(order: Ints, k: int, first: int, last: int) -> None:
    """Turn round the stops `first` to `last` of route `k`."""
    while first < last:
        order[k, first], order[k, last] = order[k, last], order[k, first]
        first, last = first + 1, last - 1


@compiled
def choose_neighbours(chance: Draws, crew: Floats, where: Ints, near: Ints, nodes: int) -> tuple[int, int]:
    """A node and one of its nearest, both visited and free to move; NOWHERE if chance did not find any."""
    v = draw_below(chance, nodes)
    u = near[v, draw_below(chance, min(NEAREST_TRIED, near.shape[1]))]
    if u < 0 or where[v, 0] == NOWHERE or where[u, 0] == NOWHERE:
        return NOWHERE, NOWHERE
    if where[v, 1] < crew[where[v, 0], HEAD] or where[u, 1] < crew[where[u, 0], HEAD]:
        return NOWHERE, NOWHERE
    return v, u


@compiled
def rearrange_one(
    chance: Draws, order: Ints, length: Ints, head: int, k: int, at: int, to: int
) -> tuple[int, int]:
    """Bring stop `to` of route `k` next to stop `at`; the first and the last stop that changed.

    Half the time the stops between are turned round; else a segment that begins or ends at
    `to` moves to `at`, now and then turned.
    """
    if draw(chance) < 0.5:
        first, last = (at + 1, to) if at < to else (to, at - 1)
        turn(order, k, first, last)
        return first, last
    if at < to:  # move [to, last] to stand after `at`: what stands between follows it
        last = min(length[k] - 1, to + draw_below(chance, LONGEST_MOVED))
        first, middle = at + 1, to
    else:  # move [first, to] to stand before `at`
        first = max(head, to - draw_below(chance, LONGEST_MOVED))
        middle, last = to + 1, at - 1
    if middle <= first or middle > last:
        return first, first - 1
    turn(order, k, first, middle - 1)
    turn(order, k, middle, last)
    turn(order, k, first, last)
    if draw(chance) < 0.3:
        moved = last - middle + 1 if at < to else middle - first
        if at < to:
            turn(order, k, first, first + moved - 1)
        else:
            turn(order, k, last - moved + 1, last)
    return first, last


@compiled
def rearranged_yuan(
    drive: Floats, node: Floats, crew: Floats, price: Floats, setting: Floats,
    order: Ints, length: Ints, stop: Floats, fact: Floats, k: int, first: int, last: int,
) -> float:  # fmt: skip
    """What route `k` costs more now that its stops `first` to `last` stand otherwise; inf if it does not fit.

    What is known of its stops is still that of the order before; nothing is written.
    """
    base, profile, kind, end = int(crew[k, BASE]), int(crew[k, PROFILE]), int(crew[k, KIND]), length[k]
    clock, before = stop[k, first, DEPART], int(crew[k, START]) if first == 0 else order[k, first - 1]
    change = -fact[k, last, COST_SO_FAR] + (fact[k, first - 1, COST_SO_FAR] if first > 0 else 0.0)
    for i in range(first, last + 1):
        v = order[k, i]
        minutes = drive[profile, before, v]
        contact = begin(node, crew, k, v, arrive(crew, k, clock, minutes)) + node[v, SEARCH_MINUTES]
        if not contact <= node[v, CLOSES] + TOLERANCE_MINUTES:
            return math.inf
        change += price[k, v] + setting[DRIVE_YUAN] * minutes + setting[BALANCE_YUAN] * i
        change += node_cost(node, setting, k, v, contact)
        clock, before = contact + node[v, SERVICE + kind], v
    follower = order[k, last + 1] if last + 1 < end else base
    minutes = drive[profile, before, follower]
    change += setting[DRIVE_YUAN] * (minutes - stop[k, last + 1, LEG])
    arrival = arrive(crew, k, clock, minutes)
    delay, was_home = arrival - stop[k, last + 1, REACH], stop[k, end, REACH]
    if last + 1 == end or 0.0 <= delay <= stop[k, last + 1, SLACK]:
        home = was_home + delay
        change += stop[k, last + 1, LATE] * delay
        if last + 1 < end:
            for c in range(stop.shape[2] - DECAY):
                if stop[k, last + 1, DECAY + c] > 0.0:
                    change -= stop[k, last + 1, DECAY + c] * math.expm1(-setting[RATE + c] * delay)
    else:
        tail, home = walk_tail(drive, node, crew, setting, order, length, fact, k, last + 1, arrival)
        change += tail + crew[k, HOME_YUAN] * (home - was_home)
    return float(change) if home <= crew[k, ENDS] + TOLERANCE_MINUTES else math.inf


@compiled
def exchange_tails(order: Ints, length: Ints, k: int, at: int, other: int, there: int) -> bool:
    """Give route `k` after its stop `at` the stops of `other` from `there` on, and the other way round.

    False, and nothing done, where a route would grow longer than its room.
    """
    mine, its = length[k] - at - 1, length[other] - there
    if at + 1 + its > order.shape[1] or there + mine > order.shape[1]:
        return False
    for i in range(max(mine, its)):
        left, right = (
            order[k, min(at + 1 + i, order.shape[1] - 1)],
            order[other, min(there + i, order.shape[1] - 1)],
        )
        if i < its:
            order[k, at + 1 + i] = right
        if i < mine:
            order[other, there + i] = left
    length[k], length[other] = at + 1 + its, there + mine
    return True


@compiled
def fits(
    node: Floats, crew: Floats, price: Floats, order: Ints, length: Ints, fact: Floats, whole: Floats,
    k: int, first: int,
) -> bool:  # fmt: skip
    """Whether a refreshed route keeps its shift, its load, and from stop `first` on windows and who may go."""
    if whole[k, HOME] > crew[k, ENDS] + TOLERANCE_MINUTES:
        return False
    if whole[k, LOADED] > crew[k, CAPACITY] + TOLERANCE_MINUTES:
        return False
    for i in range(first, length[k]):
        v = order[k, i]
        if not (fact[k, i, CONTACT] <= node[v, CLOSES] + TOLERANCE_MINUTES and price[k, v] < 1e300):
            return False
    return True
