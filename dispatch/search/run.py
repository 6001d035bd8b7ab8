"""The driver: heat, time, and the best routes found."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.search.anneal import (
    ABSENT,
    BEST,
    BEST_MISSED,
    CHANGED,
    FINE_YUAN,
    MISSED,
    RUNNING,
    STATE_COLUMNS,
    STEP,
    VALUE,
    VERSION,
    WHOLE_STEPS,
    WORSE,
    WORSE_REMEMBERED,
    Scratch,
    anneal,
    refresh_all,
    scratch_for,
)
from dispatch.search.arrays import (
    CAPACITY,
    CLOSES,
    DROP_YUAN,
    KEPT,
    LATE_YUAN,
    LEADS,
    LOAD,
    MATE,
    MUST,
    OPENS,
    SEARCH_MINUTES,
    STAKE_YUAN,
    TOLD,
    TOLD_FROM,
    TOLD_MATE,
    Day,
    Floats,
    Tours,
    empty_tours,
)
from dispatch.search.draws import draws_from

log = logging.getLogger(__name__)

FIRST_FINE, DEARER, CHEAPER = 5.0, 1.05, 0.97
MOST_FINE = 1e4
"""Times the first fine, where what must be visited cannot all be visited."""
FIRST_TAKEN, LAST_TAKEN = 0.5, 0.02
"""Share of the steps that come out worse which are accepted, at the start and at the end of a round."""
FIRST_TAKEN_WARM, LAST_TAKEN_WARM = 0.02, 0.01
"""The same where the routes to begin from are nearly right already."""
ROUND_ITERATIONS, MOST_ROUNDS = 800, 6
"""Iterations a node that one round of cooling deserves; with time for more the search heats up again."""
ROUNDS_SEEN_AT = 0.05
"""Share of the time after which it is known how many rounds there will be."""
MOST_TURNED, SHORT = 0.95, 12.0
"""Share of the steps that rearrange segments in endless routes, and the mean length up to which none do."""
CHUNK, LOOK_SECONDS = 400, 0.01
"""Steps between two looks at the heat; where time is the limit, seconds between two looks at the clock."""


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
    meetings: Mapping[int, float] | None = None,
    turned: float | None = None,
    warm: bool = False,
) -> Found:
    """The best routes found in `seconds` of `clock`, or in `iterations`.

    The same seed and iterations give the same routes. Ctrl-C gives the best so far.

    Parameters
    ----------
    start
        Routes to begin from, node numbers by crew; they must fit.
    warm
        Whether `start` is nearly right already: the search begins cool, and changes what it must.
    longest
        Stops in a route at most; default: as capacities allow.
    meetings
        When the turn of those two begins who come together in `start`, by number of the leader's node.
    turned
        Share of the steps that rearrange whole segments; default: the more the longer the routes are.
    """
    nodes = len(day.node)
    if nodes == 0 or not len(day.crew):
        return Found([[] for _ in day.crew], float(day.node[:, DROP_YUAN].sum()), 0)
    begun_with = max((len(stops) for stops in start or ()), default=0)
    tours = empty_tours(day, max(longest or _longest(day), begun_with))
    for k, stops in enumerate(start or ()):
        tours.order[k, : len(stops)] = stops
        tours.length[k] = len(stops)
    must = day.node[:, MUST] > 0
    day = day._replace(node=day.node.copy())
    state = np.zeros(STATE_COLUMNS)
    for v, moment in (meetings or {}).items():
        _agree(day, tours, v, moment)
    _start(day, tours, state, must)
    room = scratch_for(day, tours)
    chance = draws_from(seed)
    anneal(day, tours, room, state, chance, 0, 1.0, 0.0)  # compile before the clock starts
    first_taken, last_taken = (FIRST_TAKEN_WARM, LAST_TAKEN_WARM) if warm else (FIRST_TAKEN, LAST_TAKEN)
    most_fine = MOST_FINE * state[FINE_YUAN]
    begun, done, heat, rounds, chunk = clock(), 0, 0.0, 0, CHUNK
    try:
        while True:
            share = done / iterations if iterations is not None else (clock() - begun) / (seconds or 1e-9)
            if share >= 1.0:
                break
            if rounds == 0 and share > ROUNDS_SEEN_AT:
                rounds = _rounds(state[STEP] / share, nodes)
            phase = share * max(1, rounds) % 1.0
            heat = _heat(room, state, heat, first_taken * (last_taken / first_taken) ** phase)
            step = 1 if done == 0 else chunk
            if iterations is not None:
                step = min(step, iterations - done)
            before, state[WHOLE_STEPS] = state[STEP], 0.0
            share_turned = _turned(state, nodes) if turned is None else turned
            anneal(day, tours, room, state, chance, step, max(heat, 1e-12), share_turned)
            done += step
            if iterations is None:
                chunk = _chunk(done / max(clock() - begun, 1e-9))
            if must.any():
                _adapt_fine(day, state, must, state[STEP] - before, most_fine)
    except KeyboardInterrupt:
        log.warning("stopped after %d iterations; the best routes so far are kept", done)
    routes = [[int(v) for v in room.best_order[k, : room.best_length[k]]] for k in range(len(day.crew))]
    return Found(routes, float(state[BEST]), done)


def _turned(state: Floats, nodes: int) -> float:
    mean_length = (nodes - state[ABSENT]) / max(1.0, state[RUNNING])
    return float(MOST_TURNED * max(0.0, 1.0 - SHORT / max(1.0, mean_length)))


def _chunk(steps_each_second: float) -> int:
    """Steps between two looks at the clock when so many are made a second."""
    return int(min(max(20.0, LOOK_SECONDS * steps_each_second), 10_000))


def _rounds(iterations: float, nodes: int) -> int:
    """How many times to cool in so many iterations."""
    return int(min(max(1.0, round(iterations / (ROUND_ITERATIONS * nodes))), MOST_ROUNDS))


def _heat(room: Scratch, state: Floats, heat: float, taken: float) -> float:
    """The heat at which the share `taken` of the latest worse steps would be accepted, approached by halves.

    W. Ben-Ameur, "Computing the initial temperature of simulated annealing", Computational
    Optimization and Applications 29(3), 2004.
    """
    count = int(min(state[WORSE], WORSE_REMEMBERED))
    if count < 50:
        return heat
    worse = room.worse[:count]
    low, high = 1e-6 * float(worse.mean()), 10.0 * float(worse.mean())
    for _ in range(12):
        middle = math.sqrt(low * high)
        if np.exp(-worse / middle).mean() > taken:
            high = middle
        else:
            low = middle
    return math.sqrt(low * high) if heat == 0.0 else math.sqrt(heat * math.sqrt(low * high))


def _start(day: Day, tours: Tours, state: Floats, must: NDArray[np.bool_]) -> None:
    """What `state` is before the first step; the fine begins as large as any node is dear."""
    state[FINE_YUAN] = 0.0
    value = refresh_all(day, tours)
    out = (tours.where[:, 0] < 0) & (day.node[:, LEADS] > 0)
    state[VALUE], state[BEST] = value, value
    state[VERSION] = 1.0
    state[CHANGED] = (day.node[:, TOLD] > 0).sum() - tours.whole[:, KEPT].sum()
    state[ABSENT], state[RUNNING] = out.sum(), (tours.length > 0).sum()
    state[MISSED] = state[BEST_MISSED] = (out & must).sum()
    if must.any():
        farthest = float(day.drive[np.isfinite(day.drive)].max(initial=1.0))
        dearest = float((day.node[:, LATE_YUAN] * farthest + day.node[:, STAKE_YUAN]).max())
        _fine(day, state, must, FIRST_FINE * dearest)


def _agree(day: Day, tours: Tours, v: int, moment: float) -> None:
    """Note when the turn of two begins, and whether the second is whom people were told."""
    w = int(day.node[v, MATE]) - 1
    day.node[[v, w], OPENS] = moment
    day.node[[v, w], CLOSES] = moment + day.node[v, SEARCH_MINUTES]
    crews = [k for k in range(len(day.crew)) if w in tours.order[k, : tours.length[k]]]
    if day.node[v, TOLD_MATE] and day.node[v, TOLD_MATE] - 1 not in crews:
        day.node[v, TOLD_FROM] = math.inf


def _adapt_fine(day: Day, state: Floats, must: NDArray[np.bool_], steps: float, most: float) -> None:
    """Dearer while too few steps visit all that must be visited, cheaper else: a wall is hard to search along.

    While nobody has ever visited them all it only grows, up to `most`: then it cannot be done.
    """
    if state[BEST_MISSED] > 0:
        factor = DEARER if state[FINE_YUAN] < most else 1.0
    else:
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
