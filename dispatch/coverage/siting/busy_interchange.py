"""Compiled interchange where the second, third, … nearest unit counts too, because the first may be busy.

Keeps the nearest few open sites of each demand, so what opening one site and closing another would
change is known from these alone.
"""

from __future__ import annotations

import math

import numpy as np

from dispatch.compiled import compiled
from dispatch.coverage.siting.interchange import (
    CLOSED,
    FIXED,
    NOBODY,
    OPEN,
    SLIGHT,
    Floats,
    Ints,
    fits,
    kick,
    spent_on,
)


@compiled
def nearest_open(order: Ints, near: Floats, never: Floats, state: Ints, who: Ints, cost: Floats) -> None:
    """Fill the nearest open sites of each demand, as many as `who` (demands, levels + 1) has room for."""
    demands, sites = order.shape
    room = who.shape[1]
    for i in range(demands):
        k = 0
        for n in range(sites):
            if k == room or near[i, n] >= never[i]:
                break
            if state[order[i, n]] != CLOSED:
                who[i, k], cost[i, k] = order[i, n], near[i, n]
                k += 1
        while k < room:
            who[i, k], cost[i, k] = NOBODY, never[i]
            k += 1


@compiled
def _with(level: Floats, cost: Floats, skip: int, extra: float) -> float:
    """A demand's cost with the site at place `skip` of its list closed (-1: none) and one at `extra` opened."""
    total, k, inserted = 0.0, 0, False
    for n in range(len(cost)):
        if k == len(level):
            break
        if n == skip:
            continue
        if not inserted and extra < cost[n]:
            total += level[k] * extra
            k, inserted = k + 1, True
            if k == len(level):
                break
        total += level[k] * cost[n]
        k += 1
    return total


@compiled
def busy_interchange(
    by_site: Floats, order: Ints, near: Floats, never: Floats, level: Floats, price: Floats, limit: Floats, state: Ints
) -> float:  # fmt: skip
    """Exchange, or add while the limits allow, until nothing is gained; the cost reached.

    `by_site` (sites, demands) is the cost; `order`, `near` (demands, sites) the same, sorted; `level`
    what the nearest, second nearest, … site counts.
    """
    sites, demands = by_site.shape
    levels = len(level)
    who, cost = np.zeros((demands, levels + 1), np.int64), np.zeros((demands, levels + 1))
    now, loss, less = np.zeros(demands), np.zeros(sites), np.zeros(sites)
    lost = np.zeros((demands, levels))
    while True:
        nearest_open(order, near, never, state, who, cost)
        loss[:] = 0.0
        total = 0.0
        for i in range(demands):
            now[i] = _with(level, cost[i], -1, math.inf)
            total += now[i]
            for k in range(levels):
                if who[i, k] != NOBODY:
                    lost[i, k] = _with(level, cost[i], k, math.inf) - now[i]
                    loss[who[i, k]] += lost[i, k]
        number, money = spent_on(price, state)
        gained, enter, leave = SLIGHT * (1.0 + abs(total)), NOBODY, NOBODY
        for j in range(sites):
            if state[j] != CLOSED:
                continue
            less[:] = 0.0
            gain = 0.0
            for i in range(demands):
                value = by_site[j, i]
                if value >= cost[i, levels]:
                    continue  # even with one closed it would not be asked
                after = _with(level, cost[i], -1, value)
                gain += now[i] - after
                for k in range(levels):
                    if who[i, k] != NOBODY:
                        less[who[i, k]] += lost[i, k] - (_with(level, cost[i], k, value) - after)
            if fits(price, limit, number, money, j, NOBODY):
                if gain > gained:
                    gained, enter, leave = gain, j, NOBODY
                continue
            for k in range(sites):
                if state[k] == OPEN and fits(price, limit, number, money, j, k):
                    net = gain - loss[k] + less[k]
                    if net > gained:
                        gained, enter, leave = net, j, k
        if enter == NOBODY:
            return total
        state[enter] = OPEN
        if leave != NOBODY:
            state[leave] = CLOSED


@compiled
def busy_kicked(
    by_site: Floats, order: Ints, near: Floats, never: Floats, level: Floats, price: Floats, limit: Floats,
    state: Ints, rounds: int, seed: int,
) -> float:  # fmt: skip
    """Interchange, then `rounds` times again after a few random exchanges; `state` ends as the best."""
    np.random.seed(seed)
    lowest = busy_interchange(by_site, order, near, never, level, price, limit, state)
    kept = state.copy()
    if np.sum(state != FIXED) < 2:
        return lowest
    for n in range(rounds):
        state[:] = kept
        kick(price, limit, state, 1 + n % 4)
        total = busy_interchange(by_site, order, near, never, level, price, limit, state)
        if total < lowest - SLIGHT * (1.0 + abs(lowest)):
            lowest = total
            kept[:] = state
    state[:] = kept
    return lowest
