"""Visits two make together: they agree on a moment, and both routes are timed by it. Compiled.

The agreed moment stands as the window of both nodes, so that each route can be timed alone and
nobody can wait in a circle: who is there earlier waits, and a route that would be late does not
fit. After each step every moment is drawn forward to the later of the two arrivals.
"""

from __future__ import annotations

import math

from dispatch.search.arrays import (
    BALANCE_YUAN,
    BASE,
    CLOSES,
    CONTACT,
    DECAY,
    DEPART,
    DRIVE_YUAN,
    DROP_YUAN,
    ENDS,
    HEAD,
    HOME_YUAN,
    KIND,
    LATE,
    LEADS,
    LEG,
    MATE,
    OPENS,
    PAUSE_FROM,
    PAUSE_TO,
    PROFILE,
    RATE,
    REACH,
    SEARCH_MINUTES,
    SERVICE,
    SLACK,
    START,
    TOLD_FROM,
    TOLD_MATE,
    WINDOW_CLOSES,
    WINDOW_OPENS,
    WORD_FROM,
    Floats,
    Ints,
)  # fmt: skip
from dispatch.search.compiled import compiled
from dispatch.search.insertion import may_take, two_best, walk_tail
from dispatch.search.routes import NOWHERE, TOLERANCE_MINUTES, arrive, node_cost


@compiled
def agree(
    node: Floats, kept_nodes: Ints, kept_words: Floats, kept: int, v: int, opens: float, closes: float, word: float
) -> int:  # fmt: skip
    """Write a moment (or a whole window) for both nodes, remembering what stood there; how much is remembered."""
    for one in (v, int(node[v, MATE]) - 1):
        kept_nodes[kept] = one
        kept_words[kept, 0], kept_words[kept, 1] = node[one, OPENS], node[one, CLOSES]
        kept_words[kept, 2] = node[one, TOLD_FROM]
        node[one, OPENS], node[one, CLOSES] = opens, closes
        if node[one, LEADS] > 0.0:
            node[one, TOLD_FROM] = word
        kept += 1
    return kept


@compiled
def part(node: Floats, kept_nodes: Ints, kept_words: Floats, kept: int, v: int) -> int:
    """Forget the moment the two at `v` agreed on; how much is remembered to undo it."""
    return agree(
        node, kept_nodes, kept_words, kept, v,
        node[v, WINDOW_OPENS], node[v, WINDOW_CLOSES], node[v, WORD_FROM],
    )  # fmt: skip


@compiled
def take_back(node: Floats, kept_nodes: Ints, kept_words: Floats, kept: int) -> None:
    """Put back what `agree` and `part` wrote over, the latest first."""
    for i in range(kept - 1, -1, -1):
        one = kept_nodes[i]
        node[one, OPENS], node[one, CLOSES] = kept_words[i, 0], kept_words[i, 1]
        node[one, TOLD_FROM] = kept_words[i, 2]


@compiled
def begin_both(node: Floats, crew: Floats, v: int, k: int, j: int, first: float, second: float) -> float:
    """When the turn of crews `k` and `j` at node `v` begins: both there, the window open, nobody's break in it."""
    start = max(first, second, node[v, WINDOW_OPENS])
    while True:
        later = start
        for one in (k, j):
            length = node[v, SEARCH_MINUTES] + node[v, SERVICE + int(crew[one, KIND])]
            if later < crew[one, PAUSE_TO] and later + length > crew[one, PAUSE_FROM]:
                later = crew[one, PAUSE_TO]
        if later <= start:
            return float(start)
        start = later


@compiled
def _added(
    drive: Floats, back: Floats, node: Floats, crew: Floats, price: Floats, setting: Floats,
    order: Ints, length: Ints, stop: Floats, fact: Floats, k: int, at: int, v: int, start: float, most: float,
) -> float:  # fmt: skip
    """Yuan that node `v` adds to route `k` at position `at`, its turn beginning at `start`; inf if it does not fit."""
    base, profile, end = int(crew[k, BASE]), int(crew[k, PROFILE]), length[k]
    before = int(crew[k, START]) if at == 0 else order[k, at - 1]
    follower = order[k, at] if at < end else base
    contact = start + node[v, SEARCH_MINUTES]
    leave = contact + node[v, SERVICE + int(crew[k, KIND])]
    onward = drive[profile, v, follower]
    added = price[k, v] + setting[BALANCE_YUAN] * end + node_cost(node, setting, k, v, contact)
    added += setting[DRIVE_YUAN] * (back[profile, v, before] + onward - stop[k, at, LEG])
    if added >= most:
        return math.inf
    arrival = arrive(crew, k, leave, onward)
    delay = arrival - stop[k, at, REACH]
    if at == end or 0.0 <= delay <= stop[k, at, SLACK]:
        home = stop[k, end, REACH] + delay
        added += stop[k, at, LATE] * delay
        if at < end:
            for c in range(stop.shape[2] - DECAY):
                added -= stop[k, at, DECAY + c] * math.expm1(-setting[RATE + c] * delay)
    else:
        tail, home = walk_tail(drive, node, crew, setting, order, length, fact, k, at, arrival)
        added += tail + crew[k, HOME_YUAN] * (home - stop[k, end, REACH])
    return added if home <= crew[k, ENDS] + TOLERANCE_MINUTES else math.inf


@compiled
def _there(
    back: Floats, crew: Floats, order: Ints, stop: Floats, k: int, at: int, v: int
) -> float:  # fmt: skip
    """When crew `k` arrives at node `v` if that is its stop number `at`."""
    before = int(crew[k, START]) if at == 0 else order[k, at - 1]
    return arrive(crew, k, stop[k, at, DEPART], back[int(crew[k, PROFILE]), v, before])


@compiled
def best_pair(
    drive: Floats, back: Floats, node: Floats, crew: Floats, price: Floats, setting: Floats, offers: Ints,
    order: Ints, length: Ints, stop: Floats, fact: Floats, whole: Floats, v: int,
) -> tuple[int, int, int, int, float, float]:  # fmt: skip
    """Who leads at which position, who comes along at which, when their turn begins, and the word told.

    The cheapest found, cheaper than leaving the case out; NOWHERE if there is none. Both nodes
    must be free of any moment agreed on. The leaders tried are the cheapest of those offered if
    nobody had to wait; of who comes along every position of everyone offered is tried.
    """
    w = int(node[v, MATE]) - 1
    lowest, lead, lead_at, along, along_at = node[v, DROP_YUAN], NOWHERE, 0, NOWHERE, 0
    moment, said = 0.0, node[v, WORD_FROM]
    for n in range(2 * offers.shape[1]):
        k = offers[v, n // 2]
        if k == NOWHERE:
            break
        if not may_take(node, crew, price, whole, k, v):
            continue
        yuan, at, next_yuan, next_at = two_best(
            drive, back, node, crew, price, setting, order, length, stop, fact, k, v
        )
        if n % 2:
            yuan, at = next_yuan, next_at
        if at == NOWHERE or yuan >= lowest:
            continue
        arrival = _there(back, crew, order, stop, k, at, v)
        for m in range(offers.shape[1]):
            j = offers[w, m]
            if j == NOWHERE:
                break
            if j == k or not may_take(node, crew, price, whole, j, w):
                continue
            mismatch = node[v, TOLD_MATE] > 0.0 and node[v, TOLD_MATE] != j + 1
            word = math.inf if mismatch else node[v, WORD_FROM]
            for there in range(int(crew[j, HEAD]), length[j] + 1):
                other = _there(back, crew, order, stop, j, there, w)
                start = begin_both(node, crew, v, k, j, arrival, other)
                if not start + node[v, SEARCH_MINUTES] <= node[v, WINDOW_CLOSES] + TOLERANCE_MINUTES:
                    continue
                node[v, TOLD_FROM] = word
                added = _added(
                    drive,
                    back,
                    node,
                    crew,
                    price,
                    setting,
                    order,
                    length,
                    stop,
                    fact,
                    k,
                    at,
                    v,
                    start,
                    lowest,
                )
                node[v, TOLD_FROM] = node[v, WORD_FROM]
                if added >= lowest:
                    continue
                added += _added(
                    drive,
                    back,
                    node,
                    crew,
                    price,
                    setting,
                    order,
                    length,
                    stop,
                    fact,
                    j,
                    there,
                    w,
                    start,
                    lowest,
                )
                if added < lowest:
                    lowest, lead, lead_at, along, along_at = added, k, at, j, there
                    moment, said = start, word
    return lead, lead_at, along, along_at, moment, said


@compiled
def earlier(node: Floats, crew: Floats, stop: Floats, fact: Floats, where: Ints, v: int) -> float:
    """The earliest moment the two at node `v` can begin as their routes stand; inf if it is that already."""
    w = int(node[v, MATE]) - 1
    k, j = where[v, 0], where[w, 0]
    at, there = where[v, 1], where[w, 1]
    first = arrive(crew, k, stop[k, at, DEPART], stop[k, at, LEG])
    second = arrive(crew, j, stop[j, there, DEPART], stop[j, there, LEG])
    start = begin_both(node, crew, v, k, j, first, second)
    return start if start < fact[k, at, CONTACT] - node[v, SEARCH_MINUTES] else math.inf
