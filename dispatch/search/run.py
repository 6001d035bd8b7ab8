"""The driver: heat, time, and the best routes found."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.search.anneal import (
    ABSENT,
    BEST,
    BEST_MISSED,
    FINE_YUAN,
    MISSED,
    RUNNING,
    VALUE,
    WHOLE_STEPS,
    anneal,
    refresh_all,
    scratch_for,
    seed_randomness,
)
from dispatch.search.arrays import (
    CAPACITY,
    DROP_YUAN,
    LATE_YUAN,
    LOAD,
    MUST,
    STAKE_YUAN,
    Day,
    Floats,
    Tours,
    empty_tours,
)

log = logging.getLogger(__name__)

FIRST_FINE, DEARER, CHEAPER = 5.0, 1.05, 0.97
HOTTEST, COLDEST = 0.6, 2e-3
"""Heat at the start and the end, in shares of the mean cost of a node."""
CHUNK = 400
"""Iterations between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Found:
    """Node numbers of each route, their cost, and how many iterations it took."""

    routes: list[list[int]]
    cost_yuan: float
    iterations: int


def search(
    day: Day,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 0,
    start: Sequence[Sequence[int]] | None = None,
    clock: Callable[[], float] = time.process_time,
    longest: int | None = None,
) -> Found:
    """The best routes found in `seconds` of `clock`, or in `iterations`.

    The same seed and iterations give the same routes. Ctrl-C gives the best so far.

    Parameters
    ----------
    start
        Routes to begin from, node numbers by crew; they must fit. The search begins cooler.
    longest
        Stops in a route at most; default: as capacities allow.
    """
    nodes = len(day.node)
    if nodes == 0 or not len(day.crew):
        return Found([[] for _ in day.crew], float(day.node[:, DROP_YUAN].sum()), 0)
    tours = empty_tours(day, longest or _longest(day))
    for k, stops in enumerate(start or ()):
        tours.order[k, : len(stops)] = stops
        tours.length[k] = len(stops)
    must = day.node[:, MUST] > 0
    day = day._replace(node=day.node.copy())
    state = np.zeros(8)
    _start(day, tours, state, must)
    room = scratch_for(tours)
    seed_randomness(seed)
    anneal(day, tours, room, state, 0, 0, 1.0)  # compile before the clock starts
    begun, done = clock(), 0
    try:
        while True:
            share = done / iterations if iterations is not None else (clock() - begun) / (seconds or 1e-9)
            if share >= 1.0:
                break
            heat = max(state[BEST], 0.0) / nodes * HOTTEST * (COLDEST / HOTTEST) ** share if done else 0.0
            step = 1 if done == 0 else CHUNK
            if iterations is not None:
                step = min(step, iterations - done)
            state[WHOLE_STEPS] = 0.0
            anneal(day, tours, room, state, done, step, max(heat, 1e-12))
            done += step
            if must.any():
                _adapt_fine(day, state, must, step)
    except KeyboardInterrupt:
        log.warning("stopped after %d iterations; the best routes so far are kept", done)
    routes = [[int(v) for v in room.best_order[k, : room.best_length[k]]] for k in range(len(day.crew))]
    return Found(routes, float(state[BEST]), done)


def _start(day: Day, tours: Tours, state: Floats, must: NDArray[np.bool_]) -> None:
    """What `state` is before the first step; the fine begins as large as any node is dear."""
    state[FINE_YUAN] = 0.0
    value = refresh_all(day, tours)
    out = tours.where[:, 0] < 0
    state[VALUE], state[BEST] = value, value
    state[ABSENT], state[RUNNING] = out.sum(), (tours.length > 0).sum()
    state[MISSED] = state[BEST_MISSED] = (out & must).sum()
    if must.any():
        farthest = float(day.drive[np.isfinite(day.drive)].max(initial=1.0))
        dearest = float((day.node[:, LATE_YUAN] * farthest + day.node[:, STAKE_YUAN]).max())
        _fine(day, state, must, FIRST_FINE * dearest)


def _adapt_fine(day: Day, state: Floats, must: NDArray[np.bool_], steps: int) -> None:
    """Dearer while too few steps visit all that must be visited, cheaper else: a wall is hard to search along."""
    factor = DEARER if state[WHOLE_STEPS] < steps / 2 else CHEAPER
    _fine(day, state, must, state[FINE_YUAN] * factor)


def _fine(day: Day, state: Floats, must: NDArray[np.bool_], yuan: float) -> None:
    added = yuan - state[FINE_YUAN]
    day.node[must, DROP_YUAN] += added
    state[VALUE] += added * state[MISSED]
    state[FINE_YUAN] = yuan


def _longest(day: Day) -> int:
    """As many stops as the roomiest crew can carry of the smallest loads."""
    load = day.node[:, LOAD]
    lightest = float(load.min(initial=np.inf))
    roomiest = float(day.crew[:, CAPACITY].max(initial=0.0))
    if lightest <= 0.0 or not math.isfinite(roomiest):
        return len(load)
    return min(len(load), max(1, int(roomiest / lightest + 1e-9)))
