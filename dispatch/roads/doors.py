"""How snapped points join the arcs: the states they are left into and reached from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.arcs import Arcs, spread
from dispatch.roads.snap import Snaps

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Doors:
    """Ways (d) between `count` points and the arcs, in order of points; a point may have none.

    Point `point[i]` is `ms[i]` (finite, the walk included) from state `state[i]`, by the end
    `side[i]` of its edge: 0 the first junction, 1 the last.
    """

    count: int
    point: Integers
    state: Integers
    ms: Floats
    side: Integers

    def rows(self, low: int, high: int) -> Doors:
        """Those of the points from `low` up to `high`, numbered anew."""
        part = slice(*np.searchsorted(self.point, [low, high]))
        return Doors(high - low, self.point[part] - low, self.state[part], self.ms[part], self.side[part])

    def least(self, values: Floats) -> Floats:
        """The smallest of `values` (d, …) of each point's doors, shape (count, …); `inf` without doors."""
        least = np.full((self.count, *values.shape[1:]), np.inf)
        if len(self.point):
            first = np.flatnonzero(np.concatenate([[True], np.diff(self.point) != 0]))
            least[self.point[first]] = np.minimum.reduceat(values, first, axis=0)
        return least


@dataclass(frozen=True, slots=True)
class Found:
    """A quickest way: its milliseconds, the doors it leaves and arrives by, and the arcs between."""

    ms: float
    start: int
    end: int
    arcs: list[int]


def leaving(arcs: Arcs, way_ms: Floats, snaps: Snaps, walk_ms: Floats) -> Doors:
    """From the points onto the arcs: back to the edge's first junction, on to its last.

    Who comes to a junction along the edge is bound by its turn restrictions; who stands on
    the junction is not.
    """
    within = np.flatnonzero((snaps.edge >= 0) & (snaps.fraction > 0) & (snaps.fraction < 1))
    ahead = snaps.edge[within]
    parts = [_standing(arcs, snaps, walk_ms, every_copy=False)]
    for way, share, side in (
        (ahead + arcs.edge_count, snaps.fraction[within], 0),
        (ahead, 1 - snaps.fraction[within], 1),
    ):
        ms = part_ms(share, way_ms[way]) + walk_ms[within]
        parts.append((within, arcs.way_head[way], ms, np.full(len(within), side)))
    return _joined(len(snaps), parts)


def arriving(arcs: Arcs, arc_ms: Floats, snaps: Snaps, walk_ms: Floats) -> Doors:
    """From the arcs to the points: on from the edge's first junction, back from its last.

    The edge is entered from every state that may turn into it; a junction is reached in any
    of its states.
    """
    within = np.flatnonzero((snaps.edge >= 0) & (snaps.fraction > 0) & (snaps.fraction < 1))
    ahead = snaps.edge[within]
    parts = [_standing(arcs, snaps, walk_ms, every_copy=True)]
    for way, share, side in (
        (ahead, snaps.fraction[within], 0),
        (ahead + arcs.edge_count, 1 - snaps.fraction[within], 1),
    ):
        row, arc = spread(arcs.way_start[way], arcs.way_start[way + 1] - arcs.way_start[way])
        ms = part_ms(share[row], arc_ms[arc]) + walk_ms[within[row]]
        parts.append((within[row], arcs.tail[arc], ms, np.full(len(row), side)))
    return _joined(len(snaps), parts)


_Part = tuple[Integers, Integers, Floats, Integers]


def _standing(arcs: Arcs, snaps: Snaps, walk_ms: Floats, *, every_copy: bool) -> _Part:
    """Doors of the points that stand on a junction: no part of an edge to pay, one-way or not."""
    point = np.flatnonzero((snaps.edge >= 0) & ((snaps.fraction == 0) | (snaps.fraction == 1)))
    side = (snaps.fraction[point] == 1).astype(np.int64)
    state = arcs.way_node[snaps.edge[point] + side * arcs.edge_count]
    if every_copy:
        row, state = arcs.states_of(state)
        point, side = point[row], side[row]
    return point, state, walk_ms[point], side


def _joined(count: int, parts: list[_Part]) -> Doors:
    """The open doors in order of points, of several into one state the quickest."""
    point, state, ms, side = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((side, ms, state, point))
    order = order[np.isfinite(ms[order])]
    again = (np.diff(point[order]) == 0) & (np.diff(state[order]) == 0)
    order = order[np.concatenate([[True], ~again])[: len(order)]]
    return Doors(count, point[order], state[order], ms[order], side[order])


def part_ms(share: Floats, whole_ms: Floats) -> Floats:
    """Whole milliseconds of a share (0 to 1) of each edge; `inf` where the edge is closed."""
    ms = np.full(len(whole_ms), np.inf)
    np.multiply(share, whole_ms, out=ms, where=np.isfinite(whole_ms))
    rounded: Floats = np.rint(ms)
    return rounded
