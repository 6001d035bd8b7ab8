"""Ruin and recreate with annealing, compiled: take neighbouring stops out, put them back better.

The removed and a few of the absent are inserted again greedily, now and then blinking past the
best position, and the result is accepted by simulated annealing. Insertion looks only next to
a node's neighbours and at the crews that could do most for it, so an iteration does not grow
with the day; a rejected one is undone route by route.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from dispatch.search.arrays import COST_YUAN, DROP_YUAN, MUST, Day, Floats, Ints, Tours
from dispatch.search.routes import NOWHERE, best_in_route, refresh
from dispatch.search.ruin import add_absent, choose_strings, keep, sort_removed, take_string, undo

BLINK = 0.01
VALUE, BEST, ABSENT, RUNNING, MISSED, BEST_MISSED, FINE_YUAN, WHOLE_STEPS = range(8)
"""Columns of `state`: yuan now, yuan at best, nodes nobody visits, routes with stops; nodes missed that
must be visited, now and at best, the fine for each (in VALUE, not in BEST), steps with no more than that."""


class Scratch(NamedTuple):
    """Room the search works in, made once.

    `log` lists the `marked` crews of an iteration, `kept_*` their routes as they were; `dirty`
    marks routes that differ from the best; `seen` routes already priced for a node.
    """

    log: Ints
    marked: Ints
    kept_order: Ints
    kept_length: Ints
    kept_stop: Floats
    kept_whole: Floats
    dirty: Ints
    removed: Ints
    key: Floats
    seen: Ints
    absent: Ints
    best_order: Ints
    best_length: Ints


def scratch_for(tours: Tours) -> Scratch:
    """Room for a search over these tours; the best is what they are now."""
    crews, longest = tours.order.shape
    nodes = len(tours.where)
    absent = np.zeros(nodes, np.int64)
    out = np.flatnonzero(tours.where[:, 0] < 0)
    absent[: len(out)] = out
    return Scratch(
        log=np.zeros(crews, np.int64),
        marked=np.zeros(crews, np.int64),
        kept_order=np.zeros((crews, longest), np.int64),
        kept_length=np.zeros(crews, np.int64),
        kept_stop=np.zeros_like(tours.stop),
        kept_whole=np.zeros_like(tours.whole),
        dirty=np.zeros(crews, np.int64),
        removed=np.zeros(nodes, np.int64),
        key=np.zeros(nodes),
        seen=np.zeros(crews, np.int64),
        absent=absent,
        best_order=tours.order.copy(),
        best_length=tours.length.copy(),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def seed_randomness(seed: int) -> None:
    """Seed the compiled generator: the same seed and iterations give the same routes."""
    np.random.seed(seed)


@njit(cache=True, nogil=True, error_model="numpy")
def refresh_all(day: Day, tours: Tours) -> float:
    """Recompute every route; the cost of all and of everything not visited, in yuan."""
    drive, node, crew, price, setting, _, _ = day
    order, length, stop, whole, where = tours
    total = 0.0
    for k in range(len(crew)):
        refresh(drive, node, crew, price, setting, order, length, stop, whole, where, k, 0)
        total += whole[k, COST_YUAN]
    for v in range(len(node)):
        if where[v, 0] == NOWHERE:
            total += node[v, DROP_YUAN]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _best_place(
    drive: Floats, node: Floats, crew: Floats, price: Floats, setting: Floats, near: Ints, offers: Ints,
    order: Ints, length: Ints, stop: Floats, whole: Floats, where: Ints, seen: Ints, v: int, stamp: int,
) -> tuple[int, int]:  # fmt: skip
    """The cheapest crew and position for node `v`, cheaper than leaving it out; NOWHERE if none is."""
    best, best_crew, best_at = node[v, DROP_YUAN], NOWHERE, 0
    for n in range(near.shape[1] + offers.shape[1]):
        if n < near.shape[1]:
            other = near[v, n]
            k = where[other, 0] if other >= 0 else NOWHERE
            if k == NOWHERE:
                continue
        else:
            k = offers[v, n - near.shape[1]]
            if k == NOWHERE:
                break
        if seen[k] == stamp:
            continue
        seen[k] = stamp
        added, at = best_in_route(
            drive, node, crew, price, setting, order, length, stop, whole, k, v, best, BLINK
        )
        if at != NOWHERE:
            best, best_crew, best_at = added, k, at
    return best_crew, best_at


@njit(cache=True, nogil=True, error_model="numpy")
def anneal(
    day: Day, tours: Tours, room: Scratch, state: Floats, first: int, iterations: int, heat: float
) -> None:
    """`iterations` of ruin and recreate at one heat, in yuan.

    `state`, `tours` and `room` are changed in place. `first`
    numbers the iterations, so that marks of earlier ones do not count.
    """
    drive, node, crew, price, setting, near, offers = day
    order, length, stop, whole, where = tours
    log, marked, kept_order, kept_length, kept_stop, kept_whole = room[:6]
    removed, key, seen, absent = room.removed, room.key, room.seen, room.absent
    nodes = len(node)
    for step in range(iterations):
        # ruin
        longest, strings = choose_strings((nodes - state[ABSENT]) / max(1.0, state[RUNNING]))
        centre, touched, count = np.random.randint(nodes), 0, 0
        for n in range(-1, near.shape[1]):
            v = centre if n < 0 else near[centre, n]
            k = where[v, 0] if v >= 0 else NOWHERE
            if k == NOWHERE or marked[k]:
                continue
            touched = keep(
                order,
                length,
                stop,
                whole,
                log,
                marked,
                kept_order,
                kept_length,
                kept_stop,
                kept_whole,
                k,
                touched,
            )
            count, first_changed = take_string(order, length, where, removed, k, where[v, 1], longest, count)
            refresh(drive, node, crew, price, setting, order, length, stop, whole, where, k, first_changed)
            if touched >= strings:
                break
        change, from_routes = 0.0, count
        count = add_absent(removed, absent, int(state[ABSENT]), count)
        for r in range(from_routes, count):
            change -= node[removed[r], DROP_YUAN]
        # recreate
        sort_removed(drive, node, crew, offers, removed, key, count)
        stamp = (first + step) * 1_000_003 + 1
        for r in range(count):
            v = removed[r]
            k, at = _best_place(
                drive, node, crew, price, setting, near, offers,
                order, length, stop, whole, where, seen, v, stamp + r,
            )  # fmt: skip
            if k == NOWHERE:
                change += node[v, DROP_YUAN]
                continue
            touched = keep(
                order,
                length,
                stop,
                whole,
                log,
                marked,
                kept_order,
                kept_length,
                kept_stop,
                kept_whole,
                k,
                touched,
            )
            for i in range(length[k], at, -1):
                order[k, i] = order[k, i - 1]
            order[k, at] = v
            length[k] += 1
            refresh(drive, node, crew, price, setting, order, length, stop, whole, where, k, at)
        # accept or undo
        for t in range(touched):
            change += whole[log[t], COST_YUAN] - kept_whole[log[t], COST_YUAN]
        if change < -heat * math.log(np.random.random()):
            state[VALUE] += change
            _accept(node, length, where, room, state, touched, count)
        else:
            undo(
                order,
                length,
                stop,
                whole,
                where,
                log,
                kept_order,
                kept_length,
                kept_stop,
                kept_whole,
                touched,
            )
        for t in range(touched):
            marked[log[t]] = 0
        if state[MISSED] <= state[BEST_MISSED]:
            state[WHOLE_STEPS] += 1.0
            yuan = state[VALUE] - state[FINE_YUAN] * state[MISSED]
            if state[MISSED] < state[BEST_MISSED] or yuan < state[BEST] - 1e-9:
                state[BEST], state[BEST_MISSED] = yuan, state[MISSED]
                _remember_best(order, length, room)


@njit(cache=True, nogil=True, error_model="numpy")
def _accept(
    node: Floats, length: Ints, where: Ints, room: Scratch, state: Floats, touched: int, count: int
) -> None:
    """Bring the absent and the number of running routes up to date."""
    absent, kept = room.absent, 0
    for a in range(int(state[ABSENT])):
        if where[absent[a], 0] == NOWHERE:
            absent[kept] = absent[a]
            kept += 1
    old = kept
    for r in range(count):
        v = room.removed[r]
        if where[v, 0] == NOWHERE:
            known = False
            for a in range(old):
                known = known or absent[a] == v
            if not known:
                absent[kept] = v
                kept += 1
    state[ABSENT], state[MISSED] = kept, 0.0
    for a in range(kept):
        state[MISSED] += node[absent[a], MUST]
    for t in range(touched):
        k = room.log[t]
        room.dirty[k] = 1
        state[RUNNING] += int(length[k] > 0) - int(room.kept_length[k] > 0)


@njit(cache=True, nogil=True, error_model="numpy")
def _remember_best(order: Ints, length: Ints, room: Scratch) -> None:
    """Copy the routes that changed since the last best."""
    for k in range(len(length)):
        if room.dirty[k]:
            room.dirty[k] = 0
            room.best_length[k] = length[k]
            for i in range(length[k]):
                room.best_order[k, i] = order[k, i]
