"""Compiled vertex interchange for p-median costs: which open site to exchange for which closed one.

Whitaker's fast interchange as Resende and Werneck tell it: what an insertion gains, what a removal
loses, and a correction where both touch the same demand, all in one pass over the costs.
`cost[j, i]` is what demand i costs (weight included) when site j serves it.

References
----------
M. G. C. Resende, R. F. Werneck (2007), A fast swap-based local search procedure for location
problems, Annals of Operations Research 150, 205–230.
P. Hansen, N. Mladenović (1997), Variable neighborhood search for the p-median, Location Science 5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CLOSED, OPEN, FIXED = 0, 1, 2
NOBODY = -1
SLIGHT = 1e-9


@compiled
def two_nearest(cost: Floats, state: Ints, first: Ints, best: Floats, second: Floats, never: Floats) -> float:
    """Fill who serves each demand, at what cost, and the second best cost; the sum of the best."""
    sites, demands = cost.shape
    for i in range(demands):
        first[i], best[i], second[i] = NOBODY, never[i], never[i]
    for j in range(sites):
        if state[j] == CLOSED:
            continue
        for i in range(demands):
            value = cost[j, i]
            if value < best[i]:
                second[i], best[i], first[i] = best[i], value, j
            elif value < second[i]:
                second[i] = value
    total = 0.0
    for i in range(demands):
        total += best[i]
    return total


@compiled
def spent_on(price: Floats, state: Ints) -> tuple[float, float]:
    """What the open sites that are not fixed take of the two limits."""
    number, money = 0.0, 0.0
    for j in range(len(state)):
        if state[j] == OPEN:
            number += price[0, j]
            money += price[1, j]
    return number, money


@compiled
def fits(price: Floats, limit: Floats, number: float, money: float, enter: int, leave: int) -> bool:
    """Whether `enter` may be opened beside what is spent, `leave` (or NOBODY) closed for it."""
    number, money = number + price[0, enter], money + price[1, enter]
    if leave != NOBODY:
        number, money = number - price[0, leave], money - price[1, leave]
    return bool(number <= limit[0] + SLIGHT and money <= limit[1] * (1.0 + SLIGHT) + SLIGHT)


@compiled
def interchange(
    cost: Floats, never: Floats, price: Floats, limit: Floats, state: Ints, first: Ints, best: Floats, second: Floats
) -> float:  # fmt: skip
    """Exchange, or add while the limits allow, until nothing is gained; the cost reached.

    `state` says which sites are open, and changes; `price` (2, sites) is what each takes of the
    two limits, number and money.
    """
    sites, demands = cost.shape
    loss, less = np.zeros(sites), np.zeros(sites)
    total = two_nearest(cost, state, first, best, second, never)
    while True:
        number, money = spent_on(price, state)
        for j in range(sites):
            loss[j] = 0.0
        for i in range(demands):
            if first[i] != NOBODY:
                loss[first[i]] += second[i] - best[i]
        gained, enter, leave = SLIGHT * (1.0 + abs(total)), NOBODY, NOBODY
        for j in range(sites):
            if state[j] != CLOSED:
                continue
            for k in range(sites):
                less[k] = 0.0
            gain = 0.0
            for i in range(demands):
                value = cost[j, i]
                if value < best[i]:
                    gain += best[i] - value
                    if first[i] != NOBODY:
                        less[first[i]] += second[i] - best[i]
                elif value < second[i]:
                    less[first[i]] += second[i] - value
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
        total = two_nearest(cost, state, first, best, second, never)


@compiled
def kick(price: Floats, limit: Floats, state: Ints, times: int) -> None:
    """Open `times` closed sites drawn at random, and close others until the limits hold."""
    openable = np.flatnonzero(state != FIXED)
    for _ in range(times):
        enter = openable[np.random.randint(len(openable))]
        if state[enter] != CLOSED or not fits(price, limit, 0.0, 0.0, enter, NOBODY):
            continue
        number, money = spent_on(price, state)
        while not fits(price, limit, number, money, enter, NOBODY):
            leave = openable[np.random.randint(len(openable))]
            if state[leave] == OPEN:
                state[leave] = CLOSED
                number, money = spent_on(price, state)
        state[enter] = OPEN


@compiled
def kicked(
    cost: Floats, never: Floats, price: Floats, limit: Floats, state: Ints, rounds: int, seed: int
) -> float:
    """Interchange, then `rounds` times again after a few random exchanges; `state` ends as the best."""
    demands = cost.shape[1]
    np.random.seed(seed)
    first = np.zeros(demands, np.int64)
    best, second = np.zeros(demands), np.zeros(demands)
    lowest = interchange(cost, never, price, limit, state, first, best, second)
    kept = state.copy()
    if np.sum(state != FIXED) < 2:
        return lowest
    for n in range(rounds):
        state[:] = kept
        kick(price, limit, state, 1 + n % 4)
        total = interchange(cost, never, price, limit, state, first, best, second)
        if total < lowest - SLIGHT * (1.0 + abs(lowest)):
            lowest = total
            kept[:] = state
    state[:] = kept
    return lowest
