"""Rearranging whole segments: turned round, moved, or tails exchanged between two routes. Compiled.

Taking out a few stops and putting them back one by one hardly ever moves a whole
neighbourhood; in long routes that is what is missing (2-opt, or-opt and 2-opt* of the
literature: Croes 1958; Or 1976; Potvin and Rousseau 1995).
"""

from __future__ import annotations

from dispatch.search.arrays import (
    CAPACITY,
    CLOSES,
    CONTACT,
    ENDS,
    HEAD,
    HOME,
    LOADED,
    Floats,
    Ints,
)
from dispatch.search.compiled import compiled
from dispatch.search.draws import Draws, draw, draw_below
from dispatch.search.routes import NOWHERE, TOLERANCE_MINUTES

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
def rearrange_one(chance: Draws, order: Ints, length: Ints, head: int, k: int, at: int, to: int) -> int:
    """Bring stop `to` of route `k` next to stop `at`; the first stop that changed.

    Half the time the stops between are turned round; else a segment that begins or ends at
    `to` moves to `at`, now and then turned.
    """
    if draw(chance) < 0.5:
        first, last = (at + 1, to) if at < to else (to, at - 1)
        turn(order, k, first, last)
        return first
    if at < to:  # move [to, last] to stand after `at`: what stands between follows it
        last = min(length[k] - 1, to + draw_below(chance, LONGEST_MOVED))
        first, middle = at + 1, to
    else:  # move [first, to] to stand before `at`
        first = max(head, to - draw_below(chance, LONGEST_MOVED))
        middle, last = to + 1, at - 1
    if middle <= first or middle > last:
        return first
    turn(order, k, first, middle - 1)
    turn(order, k, middle, last)
    turn(order, k, first, last)
    if draw(chance) < 0.3:
        moved = last - middle + 1 if at < to else middle - first
        if at < to:
            turn(order, k, first, first + moved - 1)
        else:
            turn(order, k, last - moved + 1, last)
    return first


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
