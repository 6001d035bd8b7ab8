"""The driver: heat, time, and the best routes found."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.search.anneal import BEST, anneal, refresh_all, scratch_for, seed_randomness
from dispatch.search.arrays import CAPACITY, DROP_YUAN, LOAD, Day, empty_tours

log = logging.getLogger(__name__)

HOTTEST, COLDEST = 0.6, 2e-4
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
    value = refresh_all(day, tours)
    room = scratch_for(tours)
    state = np.array([value, value, (tours.where[:, 0] < 0).sum(), (tours.length > 0).sum()], np.float64)
    seed_randomness(seed)
    anneal(day, tours, room, state, 0, 0, 1.0)  # compile before the clock starts
    begun, done = clock(), 0
    try:
        while True:
            share = done / iterations if iterations is not None else (clock() - begun) / (seconds or 1e-9)
            if share >= 1.0:
                break
            heat = state[BEST] / nodes * HOTTEST * (COLDEST / HOTTEST) ** share if done else 1e-12
            step = 1 if done == 0 else CHUNK
            if iterations is not None:
                step = min(step, iterations - done)
            anneal(day, tours, room, state, done, step, heat)
            done += step
    except KeyboardInterrupt:
        log.warning("stopped after %d iterations; the best routes so far are kept", done)
    routes = [[int(v) for v in room.best_order[k, : room.best_length[k]]] for k in range(len(day.crew))]
    return Found(routes, float(state[BEST]), done)


def _longest(day: Day) -> int:
    """As many stops as the roomiest crew can carry of the smallest loads."""
    load = day.node[:, LOAD]
    lightest = float(load.min(initial=np.inf))
    roomiest = float(day.crew[:, CAPACITY].max(initial=0.0))
    if lightest <= 0.0 or not math.isfinite(roomiest):
        return len(load)
    return min(len(load), max(1, int(roomiest / lightest + 1e-9)))
