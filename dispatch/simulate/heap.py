"""What is to come, in order: a binary heap of moments, compiled. Equal moments go by their keys."""

from __future__ import annotations

from dispatch.simulate.arrays import HEAP, ORDER, SCRATCH, Play
from dispatch.simulate.compiled import inner

KEY_STEP = 1 << 40
"""A key is the kind of what happens times this, plus whom it happens to."""


@inner
def push(p: Play, minute: float, key: int, stamp: int) -> None:
    """Something is to come at that minute; there is room for it."""
    at = p.tally[HEAP]
    p.tally[HEAP] += 1
    heap = p.heap
    while at > 0:
        above = (at - 1) >> 1
        if heap[above, 0] < minute or (heap[above, 0] == minute and heap[above, 1] <= key):
            break
        heap[at, 0], heap[at, 1], heap[at, 2] = heap[above, 0], heap[above, 1], heap[above, 2]
        at = above
    heap[at, 0], heap[at, 1], heap[at, 2] = minute, key, stamp


@inner
def drop_first(p: Play) -> None:
    """Take out the first; it is at 0 until then."""
    p.tally[HEAP] -= 1
    size, heap = p.tally[HEAP], p.heap
    minute, key, stamp = heap[size, 0], heap[size, 1], heap[size, 2]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        other = below + 1
        if other < size and (
            heap[other, 0] < heap[below, 0]
            or (heap[other, 0] == heap[below, 0] and heap[other, 1] < heap[below, 1])
        ):
            below = other
        if minute < heap[below, 0] or (minute == heap[below, 0] and key <= heap[below, 1]):
            break
        heap[at, 0], heap[at, 1], heap[at, 2] = heap[below, 0], heap[below, 1], heap[below, 2]
        at = below
    heap[at, 0], heap[at, 1], heap[at, 2] = minute, key, stamp


@inner
def order_queue(p: Play, count: int) -> None:
    """Sort the first `count` of the list `ORDER` by `SCRATCH`, then by number (heap sort)."""
    order = p.lists[ORDER]
    for start in range(count // 2 - 1, -1, -1):
        _sink(p, start, count)
    for end in range(count - 1, 0, -1):
        order[0], order[end] = order[end], order[0]
        _sink(p, 0, end)


@inner
def _sink(p: Play, at: int, size: int) -> None:
    """Let the case at that place sink below those that come later."""
    order = p.lists[ORDER]
    while True:
        below = 2 * at + 1
        if below >= size:
            return
        if below + 1 < size and _later(p, order[below + 1], order[below]):
            below += 1
        if not _later(p, order[below], order[at]):
            return
        order[at], order[below] = order[below], order[at]
        at = below


@inner
def _later(p: Play, one: int, other: int) -> bool:
    """Whether a case comes after another."""
    mine, its = p.times[one, SCRATCH], p.times[other, SCRATCH]
    return bool(mine > its or (mine == its and one > other))
