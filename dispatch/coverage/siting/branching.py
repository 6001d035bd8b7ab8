"""Compiled branch and bound for p-median costs: open or close one site, and bound again by tolls.

Depth first; each node begins from its parent's tolls, closes and opens for good what reduced
costs decide, and tries the sites its bound has chosen. Made for what `median` leaves open: tens
of sites, whose bound is a fraction of a percent below the answer.

References
----------
N. Christofides, J. E. Beasley (1982), A tree search algorithm for the p-median problem,
European Journal of Operational Research 10, 196–204.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dispatch.compiled import compiled
from dispatch.coverage.siting.interchange import CLOSED, OPEN, Floats, Ints
from dispatch.coverage.siting.tolls import deflected, priced_sites, slopes

SHUT = -1
"""Closed for good below this node."""
TOLERANCE = 1e-7


@compiled
def _choose(worth: Floats, state: Ints, number: int, chosen: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Sum of the worths of the open and the `number` best free; worth of the last chosen and the next."""
    total, taken = 0.0, 0
    key = np.full(len(worth), math.inf)
    for j in range(len(worth)):
        chosen[j] = state[j] >= OPEN
        if chosen[j]:
            total += worth[j]
            if state[j] == OPEN:
                taken += 1
        elif state[j] == CLOSED:
            key[j] = worth[j]
    last, following = 0.0, 0.0
    for j in np.argsort(key):
        if key[j] == math.inf:
            break
        if taken == number:
            following = key[j]
            break
        chosen[j] = True
        total += key[j]
        last = key[j]
        taken += 1
    return total, last, following


@compiled
def served(order: Ints, near: Floats, never: Floats, level: Floats, chosen: NDArray[np.bool_]) -> float:
    """What all demand costs with the sites chosen, each level served by the next nearest."""
    demands, sites = order.shape
    total = 0.0
    for i in range(demands):
        k = 0
        for n in range(sites):
            if k == len(level) or near[i, n] >= never[i]:
                break
            if chosen[order[i, n]]:
                total += level[k] * near[i, n]
                k += 1
        while k < len(level):
            total += level[k] * never[i]
            k += 1
    return total


@compiled
def _decide(
    state: Ints, worth: Floats, chosen: NDArray[np.bool_], last: float, following: float, room: float
) -> None:
    """Open or shut for good what the other way would cost more than `room`."""
    for j in range(len(state)):
        if state[j] != CLOSED:
            continue
        if chosen[j]:
            if following - worth[j] > room:
                state[j] = OPEN
        elif worth[j] - last > room:
            state[j] = SHUT


@compiled
def branch(
    order: Ints, near: Floats, never: Floats, level: Floats, number: int,
    states: Ints, tolls: Floats, bounds: Floats, top: int,
    value: float, step: float, best: NDArray[np.bool_], nodes: int, steps: int,
) -> tuple[int, float]:  # fmt: skip
    """Take up to `nodes` nodes from the stack; (nodes left on it, value of the best sites, in `best`).

    `states`, `tolls`, `bounds` are the stack, deep enough for all sites twice; `number` sites are
    opened beside the fixed. Only answers cheaper than ``value - step`` are looked for.
    """
    demands, sites = order.shape
    worth, slope, chosen = np.zeros(sites), np.zeros((demands, len(level))), np.zeros(sites, np.bool_)
    direction = np.zeros_like(slope)
    kept_worth, kept_chosen, often = np.zeros(sites), np.zeros(sites, np.bool_), np.zeros(sites)
    for _ in range(nodes):
        if top == 0:
            break
        top -= 1
        slack = TOLERANCE * (1.0 + 1e-6 * abs(value))
        if bounds[top] > value - step + slack:
            continue
        state, toll, kept_toll = states[top].copy(), tolls[top].copy(), tolls[top].copy()
        low, last, following, theta, stalled = -math.inf, 0.0, 0.0, 1.0, 0
        pruned, counted = False, 0
        direction[:] = 0.0
        often[:] = 0.0
        for _n in range(steps):
            paid = priced_sites(order, near, never, level, toll, worth)
            total, one, two = _choose(worth, state, number, chosen)
            bound = paid + total
            if bound > value - step + slack:
                pruned = True
                break
            counted += 1
            for j in range(sites):
                often[j] += 1.0 if chosen[j] else 0.0
            if bound > low:
                low, last, following, stalled = bound, one, two, 0
                kept_toll[:], kept_worth[:], kept_chosen[:] = toll, worth, chosen
            else:
                stalled += 1
                if stalled == 8:
                    theta, stalled = theta / 2, 0
                    toll[:] = kept_toll
                    direction[:] = 0.0
                    continue
            slopes(order, near, never, level, toll, chosen, slope)
            square = deflected(slope, direction, toll, level, never)
            if square == 0.0 or theta < 1e-3:
                break
            move = theta * (value - bound) / square
            for i in range(demands):
                for k in range(len(level)):
                    toll[i, k] = min(toll[i, k], level[k] * never[i]) + move * direction[i, k]
        if pruned:
            continue
        _decide(state, kept_worth, kept_chosen, last, following, value - step - low + slack)
        opened = np.sum(state == OPEN)
        free = np.sum(state == CLOSED)
        if opened + free <= number or opened >= number:
            # what is left is decided: all that is free, or nothing more
            for j in range(sites):
                kept_chosen[j] = state[j] >= OPEN or (state[j] == CLOSED and opened < number)
        reached = served(order, near, never, level, kept_chosen)
        if reached < value - 0.5 * step:
            value = reached
            best[:] = kept_chosen
        if opened + free <= number or opened >= number:
            continue
        pick, most = -1, -1.0
        for j in range(sites):
            if state[j] == CLOSED:
                share = often[j] / max(1, counted)
                doubt = share * (1.0 - share)
                if doubt > most or (doubt == most and kept_worth[j] < kept_worth[pick]):
                    pick, most = j, doubt
        for way in (SHUT, OPEN):
            states[top], tolls[top], bounds[top] = state, kept_toll, low
            states[top, pick] = way
            top += 1
    return top, value
