"""Points to edges: the nearest way a profile may use, and where on it."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

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
    """Edges (k), their lines on the plane, and the tree of these."""

    edges: NDArray[np.int64]
    lines: NDArray[np.object_]
    tree: shapely.STRtree


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
        self._closed = np.zeros(network.edge_count, np.bool_)

    def without(self, edges: NDArray[np.int64]) -> Snapper:
        """The same, but nothing snaps to some edges; at no cost."""
        other = copy(self)
        other._closed = np.zeros(len(self._closed), np.bool_)
        other._closed[edges] = True
        other._groups = [group for group in self._groups if not other._closed[group.edges].all()]
        return other

    def snap(self, points: object) -> Snaps:
        """The nearest usable place on a road for each point, shape (n, 2), lon and lat."""
        lonlat = as_points(points)
        best = self._nearest(0, lonlat)
        if len(self._groups) == 2 and len(lonlat):
            other = self._nearest(1, lonlat)
            nearer = other.walk_metres + self._margin_metres < best.walk_metres
            best = Snaps(
                np.where(nearer, other.edge, best.edge),
                np.where(nearer, other.fraction, best.fraction),
                np.where(nearer, other.walk_metres, best.walk_metres),
                np.where(nearer[:, None], other.lonlat, best.lonlat),
            )
        return best

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

    def _nearest(self, group: int, lonlat: Floats) -> Snaps:
        if not self._groups or not len(lonlat):
            none = np.full(len(lonlat), np.inf)
            return Snaps(np.full(len(lonlat), -1), np.zeros(len(lonlat)), none, lonlat.copy())
        edges, lines = self._groups[group].edges, self._groups[group].lines
        points = shapely.points(self._plane.project(lonlat[:, 0], lonlat[:, 1]))
        row = self._nearest_open(self._groups[group], points)
        line = lines[row]
        fraction = _settle(shapely.line_locate_point(line, points, normalized=True), shapely.length(line))
        on_road = shapely.line_interpolate_point(line, fraction, normalized=True)
        there = self._plane.unproject(shapely.get_coordinates(on_road))
        walk_metres = metres_between(lonlat[:, 0], lonlat[:, 1], there[:, 0], there[:, 1])
        return Snaps(edges[row], fraction, walk_metres, there)

    def _nearest_open(self, group: _Group, points: NDArray[np.object_]) -> NDArray[np.int64]:
        """Row of the group's nearest open line to each point; of those at a closed one, looked for around it."""
        row: NDArray[np.int64] = group.tree.query_nearest(points, all_matches=False)[1]
        closed = self._closed[group.edges]
        left = np.flatnonzero(closed[row])
        reach = np.maximum(2 * shapely.distance(points[left], group.lines[row[left]]), FIRST_REACH_METRES)
        while len(left):
            point, line = group.tree.query(points[left], predicate="dwithin", distance=reach)
            point, line = point[~closed[line]], line[~closed[line]]
            metres = shapely.distance(points[left[point]], group.lines[line])
            order = np.lexsort((line, metres, point))
            found, first = np.unique(point[order], return_index=True)
            row[left[found]] = line[order[first]]
            missed = np.setdiff1d(np.arange(len(left)), found)
            left, reach = left[missed], 2 * reach[missed]
        return row


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
