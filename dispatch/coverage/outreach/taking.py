"""Taking the best next session again and again, compiled: gains only fall, so few are looked at twice."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from dispatch.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def _gain(one: int, start: Ints, cell: Ints, share: Floats, left: Floats) -> float:
    total = 0.0
    for at in range(start[one], start[one + 1]):
        total += left[cell[at]] * share[at]
    return total


@compiled
def _take(  # noqa: PLR0917
    one: int, start: Ints, cell: Ints, share: Floats, part: Ints, covered: Floats, left: Floats
) -> None:
    for at in range(start[one], start[one + 1]):
        c = cell[at]
        won = left[c] * share[at]
        left[c] -= won
        covered[part[c]] += won


@compiled
def most_gain(  # noqa: PLR0917
    start: Ints,
    cell: Ints,
    share: Floats,
    venue: Ints,
    limit: Ints,
    part: Ints,
    covered: Floats,
    left: Floats,
    used: Ints,
    option: Ints,
    gain: Floats,
    taken: int,
) -> int:
    """Fill `option` and `gain` from `taken` on with what gains most; how many there are then.

    `left`, `covered` and `used` are changed. Where two gain the same the lower number goes first.
    """
    heap = [(-_gain(one, start, cell, share, left), one) for one in range(len(venue))]
    heapq.heapify(heap)
    while taken < len(option) and heap:
        _, one = heapq.heappop(heap)
        if used[venue[one]] >= limit[venue[one]]:
            continue
        now = _gain(one, start, cell, share, left)
        if now <= 0.0:
            continue
        if heap and (-now, one) > heap[0]:
            heapq.heappush(heap, (-now, one))
            continue
        _take(one, start, cell, share, part, covered, left)
        used[venue[one]] += 1
        option[taken], gain[taken] = one, now
        taken += 1
        heapq.heappush(heap, (-_gain(one, start, cell, share, left), one))
    return taken


@compiled
def to_floor(  # noqa: PLR0917
    start: Ints,
    cell: Ints,
    share: Floats,
    venue: Ints,
    limit: Ints,
    part: Ints,
    part_total: Floats,
    covered: Floats,
    left: Floats,
    used: Ints,
    floor: float,
    option: Ints,
    gain: Floats,
) -> int:
    """Fill `option` and `gain` until every town is at the floor, or nothing helps; how many there are then.

    Greedy on Σ_towns min(share covered, floor), which has diminishing returns too (Krause et al. 2008).
    """
    won = np.zeros(len(part_total))
    heap = [(-1e300, one) for one in range(len(venue))]
    taken = 0
    while taken < len(option) and heap:
        _, one = heapq.heappop(heap)
        if used[venue[one]] >= limit[venue[one]]:
            continue
        for at in range(start[one], start[one + 1]):
            won[part[cell[at]]] += left[cell[at]] * share[at]
        help_now = 0.0
        for at in range(start[one], start[one + 1]):
            town = part[cell[at]]
            short = floor * part_total[town] - covered[town]
            if won[town] > 0.0 and short > 1e-9 * part_total[town]:
                help_now += min(won[town], short) / part_total[town]
            won[town] = 0.0
        if help_now <= 0.0:
            continue
        if heap and (-help_now, one) > heap[0]:
            heapq.heappush(heap, (-help_now, one))
            continue
        gain[taken] = _gain(one, start, cell, share, left)
        _take(one, start, cell, share, part, covered, left)
        used[venue[one]] += 1
        option[taken] = one
        taken += 1
        heapq.heappush(heap, (-help_now, one))
    return taken
