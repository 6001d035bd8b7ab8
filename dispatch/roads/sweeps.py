"""The engine that needs no preparation: SciPy's Dijkstra over compressed rows of arcs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from dispatch.roads.arcs import Arcs
from dispatch.roads.cch import CLOSED
from dispatch.roads.doors import Doors, Found

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
CHUNK_CELLS = 8_000_000
"""Distances held at once: sources × states; 64 MB of float64."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Arcs in order of tail and head, without rings; of parallel arcs the quickest counts.

    Pair p of states has the arcs `order[first[p]:first[p + 1]]` and leads to `head[p]`;
    state s has the pairs from `start[s]` up to `start[s + 1]`. `inward` lists the pairs in
    order of head and tail, `inward_start` and `inward_head` being theirs.
    """

    order: Integers
    first: Integers
    start: Integers
    head: Integers
    inward: Integers
    inward_start: Integers
    inward_head: Integers

    @classmethod
    def of(cls, arcs: Arcs) -> Layout:
        """The layout of some arcs; it serves any weights."""
        order = np.lexsort((arcs.head, arcs.tail))
        order = order[arcs.tail[order] != arcs.head[order]]
        tail, head = arcs.tail[order], arcs.head[order]
        first = np.flatnonzero(
            np.concatenate([[True], (np.diff(tail) != 0) | (np.diff(head) != 0)])[: len(order)]
        )
        tail, head = tail[first], head[first]
        inward = np.lexsort((tail, head))
        states = np.arange(arcs.state_count + 1)
        return cls(
            order=order, first=first, start=np.searchsorted(tail, states), head=head, inward=inward,
            inward_start=np.searchsorted(head[inward], states), inward_head=tail[inward],
        )  # fmt: skip


class SciPyEngine:
    """Answers by sweeps over the whole network; nothing to prepare, threads may share it."""

    name = "SciPy"

    def __init__(self, layout: Layout, arc_ms: Floats) -> None:
        self._layout, self._arc_ms = layout, arc_ms
        ms = arc_ms[layout.order]
        self._pair_ms = np.minimum.reduceat(ms, layout.first) if len(ms) else ms

    @cached_property
    def onward(self) -> csr_array:
        """Milliseconds from state to state, closed pairs left out."""
        return _open_rows(self._layout.start, self._layout.head, self._pair_ms)

    @cached_property
    def inward(self) -> csr_array:
        """The same read backwards."""
        layout = self._layout
        return _open_rows(layout.inward_start, layout.inward_head, self._pair_ms[layout.inward])

    def matrix(self, starts: Doors, ends: Doors) -> Floats:
        """From every point of `starts` to every one of `ends`, shape (starts, ends)."""
        if ends.count < starts.count:
            return self._sweep(self.inward, ends, starts).T
        return self._sweep(self.onward, starts, ends)

    def path(self, starts: Doors, ends: Doors) -> Found | None:
        """From one point to another, in one sweep."""
        if not len(starts.point) or not len(ends.point):
            return None
        states = self.onward.shape[0]
        graph = _with_doors(self.onward, starts)
        ms, before = dijkstra(graph, indices=states, return_predecessors=True)
        through = ms[ends.state] + ends.ms
        end = int(through.argmin())
        if through[end] >= CLOSED:
            return None
        arcs: list[int] = []
        state = int(ends.state[end])
        while (previous := int(before[state])) != states:
            arcs.append(self._arc(previous, state))
            state = previous
        return Found(float(through[end]), int(np.flatnonzero(starts.state == state)[0]), end, arcs[::-1])

    def quickest(self, starts: Doors) -> tuple[Floats, Integers]:
        """Milliseconds from the quickest point to every state, and its number; `inf` and -1."""
        states = self.onward.shape[0]
        if not states or not starts.count:
            return np.full(states, np.inf), np.full(states, -1)
        joined = _with_doors(self.onward, starts)
        ms, _, source = dijkstra(
            joined, indices=np.arange(states, joined.shape[0]), min_only=True, return_predecessors=True
        )
        reached = ms[:states] < CLOSED
        return np.where(reached, ms[:states], np.inf), np.where(reached, source[:states] - states, -1)

    def _sweep(self, graph: csr_array, starts: Doors, ends: Doors) -> Floats:
        states = graph.shape[0]
        table = np.full((starts.count, ends.count), np.inf)
        if not states or not len(ends.point):
            return table
        step = max(1, CHUNK_CELLS // states)
        for low in range(0, starts.count, step):
            part = starts.rows(low, min(low + step, starts.count))
            joined = _with_doors(graph, part)
            ms = dijkstra(joined, indices=np.arange(states, joined.shape[0]))
            table[low : low + part.count] = ends.least(ms.T[ends.state] + ends.ms[:, None]).T
        table[table >= CLOSED] = np.inf
        return table

    def _arc(self, tail: int, head: int) -> int:
        """The quickest arc from one state to another."""
        layout = self._layout
        low, high = layout.start[tail], layout.start[tail + 1]
        pair = int(low + np.searchsorted(layout.head[low:high], head))
        last = layout.first[pair + 1] if pair + 1 < len(layout.first) else len(layout.order)
        arcs = layout.order[layout.first[pair] : last]
        return int(arcs[self._arc_ms[arcs].argmin()])


def _open_rows(start: Integers, head: Integers, ms: Floats) -> csr_array:
    kept = np.isfinite(ms)
    count = np.concatenate([[0], np.cumsum(kept)])[start]
    shape = (len(start) - 1, len(start) - 1)
    return csr_array((ms[kept], head[kept].astype(np.int32), count.astype(np.int32)), shape=shape)


def _with_doors(graph: csr_array, doors: Doors) -> csr_array:
    """The graph with one more state a point, numbered after the others, and arcs out of its doors."""
    states = graph.shape[0]
    count = np.cumsum(np.bincount(doors.point, minlength=doors.count))
    start = np.concatenate([graph.indptr, graph.indptr[-1] + count])
    head = np.concatenate([graph.indices, doors.state])
    shape = (states + doors.count, states + doors.count)
    data = np.concatenate([graph.data, doors.ms])
    return csr_array((data, head.astype(np.int32), start.astype(np.int32)), shape=shape)
