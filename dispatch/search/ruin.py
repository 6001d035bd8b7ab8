"""Taking stops out: strings of neighbours, remembered so that they can be put back. Compiled.

Slack induction by string removals: Christiaens and Vanden Berghe, Transportation Science
54(2), 2020. Seldom-visited nodes are tried again beside the removed.
"""

from __future__ import annotations

from dispatch.search.arrays import (
    BASE,
    DROP_YUAN,
    HAZARD_PER_MINUTE,
    LATE_YUAN,
    LOAD,
    PROFILE,
    STAKE_YUAN,
    Floats,
    Ints,
)
from dispatch.search.compiled import compiled
from dispatch.search.draws import Draws, draw, draw_below

REMOVED_ON_AVERAGE = 10.0
LONGEST_STRING = 10.0
SPLIT_SHARE = 0.5
SPARED_MORE_SHARE = 0.5
RETRIED_ABSENT, RETRIED_ANYWHERE = 8, 3


@compiled
def keep(
    order: Ints, length: Ints, stop: Floats, fact: Floats, whole: Floats,
    log: Ints, marked: Ints, kept_order: Ints, kept_length: Ints, kept_stop: Floats, kept_fact: Floats,
    kept_whole: Floats, k: int, touched: int,
) -> int:  # fmt: skip
    """Remember route `k` before its first change in this iteration; how many are remembered now."""
    if marked[k]:
        return touched
    marked[k] = 1
    log[touched] = k
    kept_length[k] = length[k]
    for i in range(length[k]):
        kept_order[k, i] = order[k, i]
        for c in range(fact.shape[2]):
            kept_fact[k, i, c] = fact[k, i, c]
    for i in range(length[k] + 1):
        for c in range(stop.shape[2]):
            kept_stop[k, i, c] = stop[k, i, c]
    for c in range(whole.shape[1]):
        kept_whole[k, c] = whole[k, c]
    return touched + 1


@compiled
def undo(
    order: Ints, length: Ints, stop: Floats, fact: Floats, whole: Floats, where: Ints,
    log: Ints, kept_order: Ints, kept_length: Ints, kept_stop: Floats, kept_fact: Floats,
    kept_whole: Floats, touched: int,
) -> None:  # fmt: skip
    """Put every remembered route back as it was."""
    for t in range(touched):
        k = log[t]
        for i in range(length[k]):
            where[order[k, i], 0] = -1
    for t in range(touched):
        k = log[t]
        length[k] = kept_length[k]
        for i in range(kept_length[k]):
            order[k, i] = kept_order[k, i]
            where[order[k, i], 0], where[order[k, i], 1] = k, i
            for c in range(fact.shape[2]):
                fact[k, i, c] = kept_fact[k, i, c]
        for i in range(kept_length[k] + 1):
            for c in range(stop.shape[2]):
                stop[k, i, c] = kept_stop[k, i, c]
        for c in range(whole.shape[1]):
            whole[k, c] = kept_whole[k, c]


@compiled
def choose_strings(chance: Draws, mean_length: float) -> tuple[float, int]:
    """The longest string of this iteration, and from how many routes one is taken."""
    longest = min(LONGEST_STRING, mean_length)
    most = 4.0 * REMOVED_ON_AVERAGE / (1.0 + longest) - 1.0
    return longest, int(draw(chance) * most + 1.0)


@compiled
def take_string(
    chance: Draws, order: Ints, length: Ints, where: Ints, removed: Ints,
    k: int, head: int, at: int, longest: float, count: int,
) -> tuple[int, int]:  # fmt: skip
    """Take a string of stops around number `at` out of route `k`, perhaps sparing some in its middle.

    The first `head` stops stay. The route's times are not brought up to date here. Gives the
    new number removed, and the first stop that changed.
    """
    end = length[k]
    here = end - head
    size = min(here, int(draw(chance) * min(float(here), longest) + 1.0))
    spared = 0
    if 1 < size < here and draw(chance) < SPLIT_SHARE:
        spared = 1
        while size + spared < here and draw(chance) < SPARED_MORE_SHARE:
            spared += 1
    window = size + spared
    lowest, highest = max(head, at - window + 1), min(at, end - window)
    first = lowest + draw_below(chance, highest - lowest + 1)
    spare_from = first + 1 + draw_below(chance, size - 1) if spared else end
    kept = first
    for i in range(first, end):
        v = order[k, i]
        if i < first + window and not spare_from <= i < spare_from + spared:
            removed[count] = v
            count += 1
            where[v, 0] = -1
        else:
            order[k, kept] = v
            kept += 1
    length[k] = kept
    return count, first


@compiled
def add_absent(
    chance: Draws, near: Ints, centre: int, removed: Ints, absent: Ints, absent_at: Ints, absents: int, count: int
) -> int:  # fmt: skip
    """Add a few of those nobody visits to the removed: near the ruin first, then any; the new number removed."""
    if absents <= RETRIED_ABSENT:
        for a in range(absents):
            removed[count + a] = absent[a]
        return count + absents
    before, most = count, count + RETRIED_ABSENT
    for n in range(-1, near.shape[1]):
        v = centre if n < 0 else near[centre, n]
        if v >= 0 and absent_at[v] >= 0 and count < most - RETRIED_ANYWHERE:
            removed[count] = v
            count += 1
    while count < most:
        v = absent[draw_below(chance, absents)]
        twice = False
        for r in range(before, count):
            twice = twice or removed[r] == v
        if twice:
            most -= 1
        else:
            removed[count] = v
            count += 1
    return count


@compiled
def sort_removed(
    chance: Draws, drive: Floats, node: Floats, crew: Floats, offers: Ints, removed: Ints, key: Floats, count: int
) -> None:  # fmt: skip
    """In what order they are put back: at random, by load, worth, what they lose a minute, or distance."""
    way = draw_below(chance, 11)
    for r in range(count):
        v = removed[r]
        if way < 4:
            key[r] = draw(chance)
        elif way < 5:
            key[r] = -(node[v, STAKE_YUAN] * node[v, HAZARD_PER_MINUTE] + node[v, LATE_YUAN])
        elif way < 6:
            key[r] = -node[v, DROP_YUAN]
        elif way < 8:
            key[r] = -node[v, LOAD]
        else:
            k = offers[v, 0]
            away = drive[int(crew[k, PROFILE]), int(crew[k, BASE]), v] if k >= 0 else 0.0
            key[r] = away if way == 8 else -away
    for r in range(1, count):  # insertion sort: there are some ten of them
        first, v, i = key[r], removed[r], r - 1
        while i >= 0 and key[i] > first:
            key[i + 1], removed[i + 1] = key[i], removed[i]
            i -= 1
        key[i + 1], removed[i + 1] = first, v
