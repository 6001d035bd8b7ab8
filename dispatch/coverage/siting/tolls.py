"""Compiled Lagrangian bounds for median costs: what sites are worth under tolls, and how tolls should move.

Demand i is served by the nearest open site, and where several levels count (units that may be busy)
by the second nearest with share ``level[1]``, and so on. Relaxing "each level of a demand is served
once" with tolls u_ik lets each site choose for itself: site j is worth
``Σ_i min(0, min_k(level_k·c_ij - u_ik))``, and serves a demand at one level at most.

References
----------
G. Cornuéjols, M. Fisher, G. Nemhauser (1977), Location of bank accounts to optimize float,
Management Science 23, 789–810.
L. V. Snyder, M. S. Daskin (2005), Reliability models for facility location: the expected failure
cost case, Transportation Science 39, 400–416.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dispatch.compiled import compiled
from dispatch.coverage.siting.interchange import FIXED, SLIGHT, Floats, Ints

MEMORY = 0.7
"""Of the last direction of steps, what the next keeps."""


@compiled
def _taken(cost: float, level: Floats, toll: Floats, never: float) -> tuple[float, int]:
    """The most a site gains from a demand over the levels: (not positive, level or -1)."""
    least, at = 0.0, -1
    for k in range(len(level)):
        over = level[k] * cost - min(toll[k], level[k] * never)
        if over < least:
            least, at = over, k
    return least, at


@compiled
def _dearest(level: Floats, toll: Floats, never: float) -> float:
    """The cost from which on no level is worth serving."""
    most = 0.0
    for k in range(len(level)):
        most = max(most, min(toll[k] / level[k], never))
    return most


@compiled
def priced_sites(
    order: Ints, cost: Floats, never: Floats, level: Floats, toll: Floats, worth: Floats
) -> float:
    """Fill what each site is worth under `toll` (demands, levels); the sum of the tolls paid.

    `order`, `cost` (demands, near): sites by rising cost for each demand. Being served by nobody costs
    ``level_k·never``, so no toll above it counts.
    """
    demands, near = order.shape
    worth[:] = 0.0
    total = 0.0
    for i in range(demands):
        for k in range(len(level)):
            total += min(toll[i, k], level[k] * never[i])
        most = _dearest(level, toll[i], never[i])
        for n in range(near):
            if cost[i, n] >= most:
                break
            least, _ = _taken(cost[i, n], level, toll[i], never[i])
            worth[order[i, n]] += least
    return total


@compiled
def slopes(
    order: Ints,
    cost: Floats,
    never: Floats,
    level: Floats,
    toll: Floats,
    chosen: NDArray[np.bool_],
    slope: Floats,
) -> float:
    """Fill how far each level of each demand is from being served once by the sites chosen; the sum of squares."""
    demands, near = order.shape
    square = 0.0
    for i in range(demands):
        for k in range(len(level)):
            slope[i, k] = 1.0
        most = _dearest(level, toll[i], never[i])
        for n in range(near):
            if cost[i, n] >= most:
                break
            if chosen[order[i, n]]:
                _, k = _taken(cost[i, n], level, toll[i], never[i])
                if k >= 0:
                    slope[i, k] -= 1.0
        for k in range(len(level)):
            # a toll above being served by nobody changes nothing
            if slope[i, k] > 0.0 and toll[i, k] >= level[k] * never[i]:
                slope[i, k] = 0.0
            square += slope[i, k] * slope[i, k]
    return square


@compiled
def deflected(slope: Floats, direction: Floats, toll: Floats, level: Floats, never: Floats) -> float:
    """Add the slope to what is left of earlier ones; the sum of squares, tolls that cannot rise left out.

    Steps that remember zigzag less: on covering models the bound reaches within a few percent of the
    linear program's what without memory stays far below (Camerini, Fratta, Maffioli 1975).
    """
    square = 0.0
    for i in range(len(slope)):
        for k in range(len(level)):
            direction[i, k] = slope[i, k] + MEMORY * direction[i, k]
            if direction[i, k] > 0.0 and toll[i, k] >= level[k] * never[i]:
                direction[i, k] = 0.0
            square += direction[i, k] * direction[i, k]
    return square


@compiled
def cheapest_sites(
    worth: Floats, price: Floats, budget: float, state: Ints, chosen: NDArray[np.bool_]
) -> tuple[float, float]:
    """The best fraction of a limit for sites by worth; (their worth, what one more unit of it is worth).

    `chosen` is what a dispatcher would open: whole sites in order of worth for their price, and the fixed.
    """
    sites = len(worth)
    total = 0.0
    key = np.full(sites, math.inf)
    for j in range(sites):
        chosen[j] = state[j] == FIXED
        if state[j] == FIXED:
            total += worth[j]
        elif worth[j] < 0.0 and price[j] <= budget + SLIGHT:
            if price[j] <= 0.0:
                total += worth[j]
                chosen[j] = True
            else:
                key[j] = worth[j] / price[j]
    left, fee = budget, 0.0
    for j in np.argsort(key):
        if key[j] == math.inf:
            break
        share = min(1.0, max(0.0, left + SLIGHT) / price[j])
        if share < 1.0:
            fee = -key[j]
            total += max(0.0, left) * key[j]
            break
        total += worth[j]
        chosen[j] = True
        left -= price[j]
    return total, fee
