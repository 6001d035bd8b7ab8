"""Compiled greedy, exchange and Lagrangian bound for covering models, on sparse rows.

Every covering model is one: demand i, weight w_i, earns ``w_i·level[0]`` for the first open site
that covers it, ``w_i·level[1]`` for the second, and so on, never rising. MCLP has one level,
backup two, MEXCLP as many as there are units (`(1-q)q^k`). What is minimised is what is not earned.

References
----------
R. Church, C. ReVelle (1974), The maximal covering location problem, Papers in Regional Science 32.
M. S. Daskin (1983), A maximum expected covering location model, Transportation Science 17.
R. D. Galvão, C. ReVelle (1996), A Lagrangean heuristic for the maximal covering problem, EJOR 88.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.compiled import compiled
from dispatch.coverage.siting.interchange import (
    CLOSED,
    NOBODY,
    OPEN,
    SLIGHT,
    Floats,
    Ints,
    fits,
    spent_on,
)


@compiled
def change(
    j: int, by: int, site_begin: Ints, site_row: Ints, row_begin: Ints, row_site: Ints,
    weight: Floats, level: Floats, count: Ints, gain: Floats,
) -> float:  # fmt: skip
    """Open (`by` 1) or close (-1) site j: counts and gains of all sites follow; what is earned more."""
    earned = 0.0
    for at in range(site_begin[j], site_begin[j + 1]):
        i = site_row[at]
        before, after = count[i], count[i] + by
        count[i] = after
        earned += by * weight[i] * level[min(before, after)]
        rise = weight[i] * (level[after] - level[before])
        if rise != 0.0:
            for other in range(row_begin[i], row_begin[i + 1]):
                gain[row_site[other]] += rise
    return earned


@compiled
def begin(
    state: Ints, site_begin: Ints, site_row: Ints, row_begin: Ints, row_site: Ints,
    weight: Floats, level: Floats, count: Ints, gain: Floats,
) -> float:  # fmt: skip
    """Fill counts and gains for the open sites; what they earn."""
    count[:] = 0
    for j in range(len(state)):
        gain[j] = 0.0
        for at in range(site_begin[j], site_begin[j + 1]):
            gain[j] += weight[site_row[at]] * level[0]
    earned = 0.0
    for j in range(len(state)):
        if state[j] != CLOSED:
            earned += change(j, 1, site_begin, site_row, row_begin, row_site, weight, level, count, gain)
    return earned


@compiled
def best_entry(
    price: Floats, limit: Floats, state: Ints, gain: Floats, number: float, money: float, per_money: bool
) -> int:
    """The closed site that earns most (for its money, if so wished) and fits the limits; NOBODY if none."""
    found, most = NOBODY, SLIGHT
    for j in range(len(state)):
        if state[j] == CLOSED and gain[j] > SLIGHT and fits(price, limit, number, money, j, NOBODY):
            value = gain[j] / max(price[1, j], SLIGHT) if per_money else gain[j]
            if value > most:
                found, most = j, value
    return found


@compiled
def fill(
    price: Floats, limit: Floats, state: Ints, site_begin: Ints, site_row: Ints, row_begin: Ints, row_site: Ints,
    weight: Floats, level: Floats, count: Ints, gain: Floats, per_money: bool,
) -> float:  # fmt: skip
    """Greedy: open what earns most as long as the limits allow; what is earned more."""
    earned = 0.0
    while True:
        number, money = spent_on(price, state)
        enter = best_entry(price, limit, state, gain, number, money, per_money)
        if enter == NOBODY:
            return earned
        state[enter] = OPEN
        earned += change(enter, 1, site_begin, site_row, row_begin, row_site, weight, level, count, gain)


@compiled
def exchange(
    price: Floats, limit: Floats, state: Ints, site_begin: Ints, site_row: Ints, row_begin: Ints, row_site: Ints,
    weight: Floats, level: Floats, count: Ints, gain: Floats,
) -> float:  # fmt: skip
    """Close each open site for the best other until nothing is gained; what is earned more."""
    earned = 0.0
    improved = True
    while improved:
        improved = False
        for leave in np.random.permutation(np.flatnonzero(state == OPEN)):
            state[leave] = CLOSED
            lost = -change(leave, -1, site_begin, site_row, row_begin, row_site, weight, level, count, gain)
            number, money = spent_on(price, state)
            enter = best_entry(price, limit, state, gain, number, money, False)
            if enter == NOBODY or gain[enter] <= lost * (1.0 + SLIGHT) + SLIGHT:
                enter = leave
            state[enter] = OPEN
            earned -= lost
            earned += change(enter, 1, site_begin, site_row, row_begin, row_site, weight, level, count, gain)
            improved = improved or enter != leave
        more = fill(
            price, limit, state, site_begin, site_row, row_begin, row_site, weight, level, count, gain, False
        )
        improved = improved or more > 0.0
        earned += more
    return earned


@compiled
def search(
    price: Floats, limit: Floats, state: Ints, site_begin: Ints, site_row: Ints, row_begin: Ints, row_site: Ints,
    weight: Floats, level: Floats, rounds: int, seed: int,
) -> float:  # fmt: skip
    """Greedy from `state`, exchange, and `rounds` times again after a few sites were closed or replaced.

    A round that earns a little less may be built upon; `state` ends as the best. What it earns.
    """
    np.random.seed(seed)
    rows, sites = len(row_begin) - 1, len(state)
    count, gain = np.zeros(rows, np.int64), np.zeros(sites)
    now = begin(state, site_begin, site_row, row_begin, row_site, weight, level, count, gain)
    now += fill(
        price,
        limit,
        state,
        site_begin,
        site_row,
        row_begin,
        row_site,
        weight,
        level,
        count,
        gain,
        limit[1] < np.inf,
    )
    now += exchange(
        price, limit, state, site_begin, site_row, row_begin, row_site, weight, level, count, gain
    )
    best, kept, base = now, state.copy(), state.copy()
    based = now
    for _n in range(rounds):
        opened = np.flatnonzero(state == OPEN)
        if len(opened) == 0:
            break
        times = 1 + np.random.randint(min(4, len(opened)))
        for leave in np.random.choice(opened, times, replace=False):
            state[leave] = CLOSED
            now += change(leave, -1, site_begin, site_row, row_begin, row_site, weight, level, count, gain)
        for _ in range(times):
            enter = np.random.randint(sites)
            number, money = spent_on(price, state)
            if state[enter] == CLOSED and fits(price, limit, number, money, enter, NOBODY):
                state[enter] = OPEN
                now += change(enter, 1, site_begin, site_row, row_begin, row_site, weight, level, count, gain)
        now += fill(
            price, limit, state, site_begin, site_row, row_begin, row_site, weight, level, count, gain, False
        )
        now += exchange(
            price, limit, state, site_begin, site_row, row_begin, row_site, weight, level, count, gain
        )
        if now > best * (1.0 + SLIGHT) + SLIGHT:
            best = now
            kept[:] = state
        if now >= based - 0.01 * abs(based) * np.random.random() ** 3:
            base[:] = state
            based = now
        else:
            state[:] = base
            now = begin(state, site_begin, site_row, row_begin, row_site, weight, level, count, gain)
    state[:] = kept
    return begin(state, site_begin, site_row, row_begin, row_site, weight, level, count, gain)


@compiled
def toll_bound(
    toll: Floats, site_begin: Ints, site_row: Ints, weight: Floats, level: Floats, need: Ints, worth: Floats
) -> float:  # fmt: skip
    """Of tolls on ``N_i + Σ_k z_ik >= need_i``: the part without sites; `worth[j] = -Σ_i toll_i` of site j."""
    total = 0.0
    for i in range(len(toll)):
        total += toll[i] * need[i]
        for k in range(need[i]):
            total += min(0.0, weight[i] * level[k] - toll[i])
    for j in range(len(site_begin) - 1):
        worth[j] = 0.0
        for at in range(site_begin[j], site_begin[j + 1]):
            worth[j] -= toll[site_row[at]]
    return total


@compiled
def toll_slope(
    toll: Floats, site_begin: Ints, site_row: Ints, chosen: NDArray[np.bool_], weight: Floats, level: Floats,
    need: Ints, slope: Floats,
) -> None:  # fmt: skip
    """Fill how far each row is from being met by the sites chosen."""
    for i in range(len(toll)):
        slope[i] = need[i]
        for k in range(need[i]):
            if weight[i] * level[k] < toll[i]:
                slope[i] -= 1.0
    for j in range(len(site_begin) - 1):
        if chosen[j]:
            for at in range(site_begin[j], site_begin[j + 1]):
                slope[site_row[at]] -= 1.0
