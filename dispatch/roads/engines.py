"""Two engines behind one door: SciPy's Dijkstra, and a contraction hierarchy where it pays.

Both run on the same whole milliseconds and agree exactly. Which one answers is decided by
the size of the question, and said in the log.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dispatch.roads import cch
from dispatch.roads.arcs import Arcs, arcs_of
from dispatch.roads.cache import read_order, write_order
from dispatch.roads.doors import Doors, Found
from dispatch.roads.network import Network
from dispatch.roads.sweeps import Layout, SciPyEngine

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
EngineName = Literal["auto", "scipy", "cch"]

CHUNK_CELLS = 8_000_000
"""Distances held at once between states: 64 MB of float64."""
ROW_COST = 1300.0
"""Searching from one state costs as much as reading the distances to this many."""
INSERT_COST = 170.0
"""Making points states of their own costs as much as this many searches."""

log = logging.getLogger(__name__)


class Engine(Protocol):
    """Milliseconds and ways between doors; `inf` and None where there is no way."""

    name: str

    def matrix(self, starts: Doors, ends: Doors) -> Floats:
        """From every point of `starts` to every one of `ends`, shape (starts, ends)."""

    def path(self, starts: Doors, ends: Doors) -> Found | None:
        """From one point to another."""


class Frame:
    """What all profiles and moments of one network share; threads may use it together.

    Parameters
    ----------
    arcs
        The network's arcs.
    cache
        Folder for the contraction order, which is dear to find; None keeps nothing.
    """

    def __init__(self, arcs: Arcs, cache: Path | None = None) -> None:
        self.arcs, self.layout, self.cache = arcs, Layout.of(arcs), cache
        self._lock = threading.Lock()
        self._order: NDArray[np.uint32] | None = None
        self._topology: cch.Topology | None = None
        self._broken = not (cch.is_installed() and arcs.state_count)

    def seconds_to_make(self) -> float:
        """About how long `topology` would take now: 0 once made, `inf` where it cannot be made."""
        size = self.arcs.state_count / 1e5
        if self._broken:
            return np.inf
        if self._topology is not None:
            return 0.0
        if self._order is None and self.cache is not None:
            self._order = read_order(self.cache, self.arcs)
        return 0.005 + (0.1 * size if self._order is not None else 3.1 * size**1.24)

    def topology(self) -> cch.Topology | None:
        """The hierarchy's topology, from the cache or made now; None where that fails."""
        with self._lock:
            if self._topology is None and not self._broken:
                try:
                    self._topology = self._make()
                except (OSError, RuntimeError, MemoryError) as cause:
                    log.warning("roads: no contraction hierarchy (%s); SciPy answers everything", cause)
                    self._broken = True
            return self._topology

    def _make(self) -> cch.Topology:
        arcs, start = self.arcs, time.perf_counter()
        order = self._order if self._order is not None or self.cache is None else read_order(self.cache, arcs)
        made = cch.Topology(arcs.tail, arcs.head, arcs.state_lon, arcs.state_lat, order)
        if order is None and self.cache is not None:
            write_order(self.cache, arcs, made.order)
        log.info(
            "roads: contraction hierarchy of %d junctions and %d arcs %s in %.2f s",
            arcs.state_count, arcs.arc_count, "made" if order is None else "read from the cache",
            time.perf_counter() - start,
        )  # fmt: skip
        return made


_FRAMES: WeakKeyDictionary[Network, Frame] = WeakKeyDictionary()
_FRAMES_LOCK = threading.Lock()


def frame_of(network: Network, cache: Path | None = None) -> Frame:
    """The frame of a network, made the first time it is asked for; a cache given later is used."""
    with _FRAMES_LOCK:
        frame = _FRAMES.get(network)
        if frame is None:
            frame = _FRAMES[network] = Frame(arcs_of(network))
        if cache is not None:
            frame.cache = cache
        return frame


class Engines:
    """The engines of one profile's weights, and the choice between them.

    With "auto", SciPy answers until what the hierarchy would have saved so far, this question
    included, is worth making it.
    """

    def __init__(
        self, frame: Frame, arc_ms: Floats, wanted: EngineName = "auto", like: Engines | None = None
    ) -> None:
        self.frame, self.arc_ms, self.wanted = frame, arc_ms, wanted
        self.scipy = SciPyEngine(frame.layout, arc_ms)
        self._lock = threading.Lock()
        self._spent_seconds = 0.0
        self._said = ""
        self._hierarchy: HierarchyEngine | None = None
        # Weights that differ in a few arcs share one metric: changing it back and forth is cheaper than a second.
        few = like is not None and np.count_nonzero(like.arc_ms != arc_ms) <= cch.FEW_ARCS
        self._metrics: _Metrics = like._metrics if like is not None and few else _Metrics()

    def engine_for(self, sweeps: int) -> Engine:
        """Who answers a question that takes SciPy so many sweeps over the network."""
        size = self.frame.arcs.state_count / 1e5
        saved = sweeps * (3e-5 + 0.0168 * size**1.33)
        with self._lock:
            self._spent_seconds += saved
            seconds = self.frame.seconds_to_make()
            customise = 0.0 if self._hierarchy else 0.002 + 0.03 * size
            worth = self.wanted == "cch" or self._spent_seconds >= seconds + customise
            if self.wanted != "scipy" and worth and self._hierarchy is None:
                topology = self.frame.topology()
                if topology is not None:
                    metric = self._metrics.of(topology)
                    self._hierarchy = HierarchyEngine(self.frame.arcs, metric, cch.whole_weights(self.arc_ms))
            chosen: Engine = self._hierarchy if self._hierarchy is not None and worth else self.scipy
            if chosen.name != self._said:
                self._said = chosen.name
                log.info(
                    "roads: %s answers %d sweeps over %d junctions; SciPy would take about %.2f s so far, a"
                    " contraction hierarchy %.2f s to make",
                    chosen.name, sweeps, self.frame.arcs.state_count, self._spent_seconds, seconds,
                )  # fmt: skip
        return chosen


@dataclass(slots=True)
class _Metrics:
    """One metric, made when first needed, for weights that differ little."""

    metric: cch.Metric | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, topology: cch.Topology) -> cch.Metric:
        with self.lock:
            if self.metric is None:
                self.metric = cch.Metric(topology)
            return self.metric


class HierarchyEngine:
    """Answers by a customizable contraction hierarchy; threads may share it."""

    name = "the contraction hierarchy"

    def __init__(self, arcs: Arcs, metric: cch.Metric, weights: cch.Weights) -> None:
        self._arcs, self._metric, self._weights = arcs, metric, weights

    def matrix(self, starts: Doors, ends: Doors) -> Floats:
        """From every point of `starts` to every one of `ends`, shape (starts, ends)."""
        if not len(starts.point) or not len(ends.point):
            return np.full((starts.count, ends.count), np.inf)
        sources, targets = len(np.unique(starts.state)), len(np.unique(ends.state))
        few, many = sorted((starts.count, ends.count))
        if sources * (1 + targets / ROW_COST) > INSERT_COST + few * (1 + many / ROW_COST):
            return self._with_points(starts, ends)
        table = np.empty((starts.count, ends.count))
        step = max(1, CHUNK_CELLS // (4 * max(1, len(ends.point))))
        for low in range(0, starts.count, step):
            high = min(low + step, starts.count)
            table[low:high] = self._between_states(starts.rows(low, high), ends)
        return table

    def path(self, starts: Doors, ends: Doors) -> Found | None:
        """From one point to another, the quickest over all their doors."""
        best: Found | None = None
        for i in np.argsort(starts.ms, kind="stable").tolist():
            for j in range(len(ends.point)):
                doors_ms = float(starts.ms[i] + ends.ms[j])
                if best is not None and doors_ms >= best.ms:
                    continue
                ms, arcs = self._metric.path(self._weights, int(starts.state[i]), int(ends.state[j]))
                if doors_ms + ms < (best.ms if best else float(cch.CLOSED)):
                    best = Found(doors_ms + ms, i, j, arcs)
        return best

    def _between_states(self, starts: Doors, ends: Doors) -> Floats:
        """Each different state searched from once, then the quickest pair of doors."""
        if not len(starts.point):
            return np.full((starts.count, ends.count), np.inf)
        source, source_row = np.unique(starts.state, return_inverse=True)
        target, target_row = np.unique(ends.state, return_inverse=True)
        ms = self._metric.matrix(self._weights, source, target)
        to_points = ends.least(ms.T[target_row] + ends.ms[:, None])
        table: Floats = starts.least(to_points.T[source_row] + starts.ms[:, None])
        table[table >= cch.CLOSED] = np.inf
        return table

    def _with_points(self, starts: Doors, ends: Doors) -> Floats:
        """Every point a state of its own, contracted before all others: one search a point.

        Nothing new comes between the states, as a point's doors are the ends of one edge, so
        the order found for the network serves. With fewer ends than starts all is searched
        backwards.
        """
        arcs, base = self._arcs, self._metric.topology
        first, last = arcs.state_count, arcs.state_count + starts.count
        points = starts.count + ends.count
        aside = np.zeros(points)  # an order being given, places do not matter
        tail = np.concatenate([arcs.tail, first + starts.point, ends.state])
        head = np.concatenate([arcs.head, starts.state, last + ends.point])
        sources, targets = first + np.arange(starts.count), last + np.arange(ends.count)
        backwards = ends.count < starts.count
        if backwards:
            tail, head, sources, targets = head, tail, targets, sources
        topology = cch.Topology(
            tail,
            head,
            np.concatenate([arcs.state_lon, aside]),
            np.concatenate([arcs.state_lat, aside]),
            np.concatenate([first + np.arange(points), base.order]),
        )
        weights = np.concatenate([self._weights, cch.whole_weights(np.concatenate([starts.ms, ends.ms]))])
        weights.setflags(write=False)
        table = cch.Metric(topology).matrix(weights, sources, targets)
        return np.ascontiguousarray(table.T) if backwards else table
