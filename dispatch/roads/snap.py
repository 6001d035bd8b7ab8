"""Points to edges: the nearest way a profile may use, and where on it."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dispatch.errors import BadInput
from dispatch.roads.network import Network
from dispatch.roads.plane import Plane, metres_between

Floats = NDArray[np.float64]
JUNCTION_METRES = 0.5
FIRST_REACH_METRES = 200.0
"""How far around a point at a closed edge an open one is looked for first; then twice as far, and so on."""


@dataclass(frozen=True, slots=True)
class Snaps:
    """Where points (n) meet the road.

    `edge` (n, int64) is -1 where the profile has no way at all; `fraction` (n) runs from 0
    at the edge's first junction to 1 at its last; `walk_metres` (n) lie between the point
    and `lonlat` (n, 2), the place on the road.
    """

    edge: NDArray[np.int64]
    fraction: Floats
    walk_metres: Floats
    lonlat: Floats

    def __len__(self) -> int:
        return len(self.edge)

    def row(self, which: int | NDArray[np.int64]) -> Snaps:
        """Those of the asked row or rows."""
        rows = np.atleast_1d(which)
        return Snaps(self.edge[rows], self.fraction[rows], self.walk_metres[rows], self.lonlat[rows])


def as_points(points: object) -> Floats:
    """Longitudes and latitudes as an array (n, 2); BadInput names the first that is no place on Earth."""
    lonlat = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    wrong = ~(np.abs(lonlat) <= np.array([180.0, 90.0])).all(axis=1)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadInput(f"point {row} is {tuple(lonlat[row])}, expected longitude and latitude in degrees")
    return lonlat


@dataclass(frozen=True, slots=True)
class _Group:
    """Edges (k), their lines on the plane, the tree of these, and which are closed (None: no one is)."""

    edges: NDArray[np.int64]
    lines: NDArray[np.object_]
    tree: shapely.STRtree
    closed: NDArray[np.bool_] | None = None

    def nearest(self, points: NDArray[np.object_]) -> tuple[NDArray[np.int64], Floats]:
        """Row of the nearest open line to each point, and its distance on the plane."""
        (_, row), metres = self.tree.query_nearest(points, all_matches=False, return_distance=True)
        if self.closed is not None:
            self._away_from_closed(points, row, metres)
        return row, metres

    def _away_from_closed(self, points: NDArray[np.object_], row: NDArray[np.int64], metres: Floats) -> None:
        """Where the nearest line is closed, look around it, farther and farther, for an open one."""
        closed = np.zeros(0, np.bool_) if self.closed is None else self.closed
        left = np.flatnonzero(closed[row])
        reach = np.maximum(2 * metres[left], FIRST_REACH_METRES)
        while len(left):
            point, line = self.tree.query(points[left], predicate="dwithin", distance=reach)
            point, line = point[~closed[line]], line[~closed[line]]
            apart = shapely.distance(points[left[point]], self.lines[line])
            order = np.lexsort((line, apart, point))
            found, first = np.unique(point[order], return_index=True)
            row[left[found]], metres[left[found]] = line[order[first]], apart[order[first]]
            missed = np.setdiff1d(np.arange(len(left)), found)
            left, reach = left[missed], 2 * reach[missed]


class Snapper:
    """Snaps points to the edges of one profile; read-only once made, so threads may share it.

    Edges whose two ends lie in the longest strongly connected piece are preferred: another
    is chosen only when it is nearer by `margin_metres`. Closures do not change the pieces: who
    lives behind a closed bridge is there still, and is not reached.
    """

    def __init__(
        self, network: Network, ahead: NDArray[np.bool_], back: NDArray[np.bool_], margin_metres: float
    ) -> None:
        self._margin_metres = margin_metres
        self._plane = Plane(float(np.median(network.node_lat)) if network.node_count else 0.0)
        usable = np.flatnonzero((ahead | back) & (network.edge_length_metres > 0))
        piece = largest_piece(network, ahead, back)
        main = piece[network.edge_from[usable]] & piece[network.edge_to[usable]]
        self._groups = [self._index(network, edges) for edges in (usable[main], usable[~main]) if len(edges)]

    def without(self, edges: NDArray[np.int64]) -> Snapper:
        """The same, but nothing snaps to some edges; at no cost."""
        other = copy(self)
        shut = [np.isin(group.edges, edges) for group in self._groups]
        other._groups = [
            replace(group, closed=closed) if closed.any() else group
            for group, closed in zip(self._groups, shut, strict=True)
            if not closed.all()
        ]
        return other

    def snap(self, points: object) -> Snaps:
        """The nearest usable place on a road for each point, shape (n, 2), lon and lat."""
        lonlat = as_points(points)
        if not self._groups or not len(lonlat):
            none = np.full(len(lonlat), np.inf)
            return Snaps(np.full(len(lonlat), -1), np.zeros(len(lonlat)), none, lonlat.copy())
        places = shapely.points(self._plane.project(lonlat[:, 0], lonlat[:, 1]))
        best = self._groups[0]
        row, metres = best.nearest(places)
        edge, line = best.edges[row], best.lines[row]
        far = np.flatnonzero(metres > self._margin_metres)  # no other piece is nearer than that by the margin
        if len(self._groups) == 2 and len(far):
            other = self._groups[1]
            row, there = other.nearest(places[far])
            nearer = there + self._margin_metres < metres[far]
            edge[far[nearer]] = other.edges[row[nearer]]
            line[far[nearer]] = other.lines[row[nearer]]
        fraction = _settle(shapely.line_locate_point(line, places, normalized=True), shapely.length(line))
        on_road = shapely.line_interpolate_point(line, fraction, normalized=True)
        there = self._plane.unproject(shapely.get_coordinates(on_road))
        walk_metres = metres_between(lonlat[:, 0], lonlat[:, 1], there[:, 0], there[:, 1])
        return Snaps(edge, fraction, walk_metres, there)

    def _index(self, network: Network, edges: NDArray[np.int64]) -> _Group:
        counts = np.diff(network.shape_start)[edges]
        rows = np.repeat(network.shape_start[edges] - np.cumsum(counts) + counts, counts)
        rows = rows + np.arange(counts.sum())
        xy = self._plane.project(network.shape_lon[rows], network.shape_lat[rows])
        lines = np.asarray(
            shapely.linestrings(xy, indices=np.repeat(np.arange(len(edges)), counts)), dtype=np.object_
        )
        tree = shapely.STRtree(lines)
        tree.query_nearest(lines[0].interpolate(0))  # GEOS builds on the first question: not under threads
        return _Group(edges, lines, tree)


def _settle(fraction: Floats, length_metres: Floats) -> Floats:
    """A place within half a metre of an edge's end is that end: there one-ways do not bind."""
    from_end = (1 - fraction) * length_metres
    settled = np.where(fraction * length_metres < JUNCTION_METRES, 0.0, fraction)
    return np.where(from_end < JUNCTION_METRES, 1.0, np.clip(settled, 0, 1))


def largest_piece(network: Network, ahead: NDArray[np.bool_], back: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which junctions lie in the longest strongly connected piece, shape (nodes,)."""
    if not network.edge_count:
        return np.zeros(network.node_count, dtype=bool)
    tail = np.concatenate([network.edge_from[ahead], network.edge_to[back]])
    head = np.concatenate([network.edge_to[ahead], network.edge_from[back]])
    shape = (network.node_count, network.node_count)
    graph = coo_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=shape)
    _, label = connected_components(graph.tocsr(), directed=True, connection="strong")
    within = (ahead | back) & (label[network.edge_from] == label[network.edge_to])
    metres = np.bincount(label[network.edge_from], network.edge_length_metres * within)
    return np.asarray(label == metres.argmax())
