"""Customizable contraction hierarchies of pyroutingkit, behind a guard.

The library checks nothing: a number out of range, a damaged saved topology, an empty graph
or one metric used by two threads end the process; strided, fractional, negative or huge
weights give wrong answers in silence. Here each of these is an exception or cannot happen.

References
----------
Dibbelt, Strasser, Wagner, Customizable Contraction Hierarchies, J. Exp. Algorithmics 21 (2016).
"""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Weights = NDArray[np.uint32]

CLOSED = np.uint32(2**31 - 1)
"""The library's infinity; a way of this many milliseconds (24.8 days) or more is no way."""
FEW_ARCS = 2_000
"""Up to this many changed weights, changing them beats customising anew."""


def is_installed() -> bool:
    """Whether pyroutingkit is there (the extra ``fast-roads``)."""
    return importlib.util.find_spec("pyroutingkit") is not None


def whole_weights(ms: ArrayLike) -> Weights:
    """Milliseconds as the weights of arcs; `inf`, and what is too long to add up, is closed.

    Raises
    ------
    ValueError
        Not a row of numbers, or one of them is NaN, negative, or not whole.
    """
    given = np.asarray(ms)
    if given.ndim != 1 or given.dtype.kind not in "uif":
        raise ValueError(f"weights are {given.dtype} of shape {given.shape}, expected one row of numbers")
    values = given.astype(np.float64)
    whole = np.isinf(values) | (values == np.rint(values))
    wrong = np.flatnonzero(~(whole & (values >= 0)))
    if len(wrong):
        raise ValueError(f"weight {wrong[0]} is {values[wrong[0]]}, expected whole milliseconds from 0 up")
    weights = np.minimum(values, float(CLOSED)).astype(np.uint32)
    weights.setflags(write=False)
    return weights


class Topology:
    """Which states and arcs there are, and the order in which they are contracted.

    Parameters
    ----------
    tail, head
        The states each arc leads from and to, shapes (arcs,).
    lon, lat
        Where the states are, shapes (states,).
    order
        A contraction order found before, shape (states,), the first contracted first. With it
        nothing is searched for: 40 times as fast.

    Raises
    ------
    ValueError, IndexError
        The columns do not fit each other, or an arc ends at a state that is not there.
    """

    def __init__(
        self, tail: ArrayLike, head: ArrayLike, lon: ArrayLike, lat: ArrayLike, order: ArrayLike | None = None
    ) -> None:
        places = [np.ascontiguousarray(one, np.float32) for one in (lat, lon)]
        self.state_count = len(places[0])
        if self.state_count == 0 or any(one.shape != (self.state_count,) for one in places):
            raise ValueError(
                f"places of shapes {[one.shape for one in places]}, expected one row each, not empty"
            )
        if not all(np.isfinite(one).all() for one in places):
            raise ValueError("a state's place is not a number")
        ends = [_numbers(one, self.state_count, "the end of an arc") for one in (tail, head)]
        if len(ends[0]) != len(ends[1]):
            raise ValueError(f"arcs have {len(ends[0])} tails and {len(ends[1])} heads")
        self.arc_count = len(ends[0])
        library = importlib.import_module("pyroutingkit")
        if library.INF_WEIGHT != CLOSED:
            raise ValueError(f"pyroutingkit's infinity is {library.INF_WEIGHT}, expected {CLOSED}")
        self._raw = library.CCHTopology()
        with tempfile.TemporaryDirectory(prefix="dispatch-roads-") as scratch:
            if order is None:
                self._raw.build(*ends, *places, self.state_count)
                self._raw.save(scratch)
                self.order = np.fromfile(Path(scratch) / "order", np.uint32)
            else:
                self.order = _numbers(order, self.state_count, "a state of the order")
                self._load(Path(scratch), ends)

    def _load(self, scratch: Path, ends: list[Weights]) -> None:
        """Let the library read what was written a moment before, in a folder only we can write to."""
        count = self.state_count
        if len(self.order) != count or (np.bincount(self.order, minlength=count) != 1).any():
            raise ValueError("the order does not name every state once")
        rank = np.empty(count, np.uint32)
        rank[self.order] = np.arange(count, dtype=np.uint32)
        columns = {"tail": ends[0], "head": ends[1], "order": self.order, "rank": rank}
        for name, column in (columns | {"node_count": np.array([count], np.uint32)}).items():
            column.tofile(scratch / name)
        self._raw.load(str(scratch))


class Metric:
    """Distances over one topology, for one set of weights at a time; threads take turns.

    Every question names its weights (made by `whole_weights`). Those of the last question
    cost nothing; others that differ in few arcs are changed, else all are customised.
    """

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._raw = importlib.import_module("pyroutingkit").CCHMetric(topology._raw)
        self._lock = threading.Lock()
        self._current: Weights | None = None

    def matrix(self, weights: Weights, sources: ArrayLike, targets: ArrayLike) -> Floats:
        """Milliseconds from every source state to every target state, shape (n, m); `inf` for no way."""
        ends = [_numbers(one, self.topology.state_count, "a state") for one in (sources, targets)]
        with self._set(weights) as raw:
            whole = raw.distances_many_to_many(*ends)
        ms: Floats = whole.astype(np.float64)
        ms[whole >= CLOSED] = np.inf
        return ms

    def path(self, weights: Weights, source: int, target: int) -> tuple[float, list[int]]:
        """Milliseconds from one state to another, and the arcs on the way; `inf` and none for no way."""
        ends = _numbers([source, target], self.topology.state_count, "a state")
        with self._set(weights) as raw:
            ms, _, arcs = raw.query(int(ends[0]), int(ends[1]))
        return (np.inf, []) if ms >= CLOSED else (float(ms), arcs)

    def prepare(self, weights: Weights) -> None:
        """Set the weights now, so that the next question with them need not."""
        with self._set(weights):
            pass

    @contextmanager
    def _set(self, weights: Weights) -> Iterator[Any]:
        """The library's metric with these weights, for one thread alone."""
        if (
            weights.shape != (self.topology.arc_count,)
            or weights.dtype != np.uint32
            or weights.flags.writeable
        ):
            raise ValueError(
                f"weights are {weights.dtype} of shape {weights.shape}, expected those of whole_weights for"
                f" {self.topology.arc_count} arcs"
            )
        with self._lock:
            if weights is not self._current:
                current, self._current = self._current, None  # a failure leaves nothing half changed
                self._change(current, weights)
                self._current = weights
            yield self._raw

    def _change(self, current: Weights | None, weights: Weights) -> None:
        if current is not None:
            changed = np.flatnonzero(current != weights)
            if len(changed) <= FEW_ARCS:
                if len(changed):
                    self._raw.update_weights(
                        changed.astype(np.uint32), np.ascontiguousarray(weights[changed])
                    )
                return
        self._raw.customize(weights, 1)


def _numbers(given: ArrayLike, limit: int, what: str) -> Weights:
    """Whole numbers below `limit` as the library takes them; ValueError or IndexError otherwise."""
    values = np.asarray(given)
    if values.ndim != 1 or (values.size and values.dtype.kind not in "ui"):
        raise ValueError(f"{what}: {values.dtype} of shape {values.shape}, expected one row of whole numbers")
    if values.size and (values.min() < 0 or values.max() >= limit):
        raise IndexError(
            f"{what} is {values.max() if values.max() >= limit else values.min()}, there are {limit}"
        )
    return np.ascontiguousarray(values, np.uint32)
