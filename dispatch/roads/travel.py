"""How long it takes: minutes between points, over the roads and the walk at both ends.

Points snap to edges, so part of an edge is part of its time; the leg off the road is walked
and counted. Weights are whole milliseconds, so every answer is exact and the same anywhere.
Turn costs and turn restrictions are not in these times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from dispatch.domain import Minutes, TravelMinutes
from dispatch.errors import BadInput
from dispatch.roads.closures import Closure
from dispatch.roads.leg import Leg, Run, assemble, no_way
from dispatch.roads.network import BACKWARD, FORWARD, Network
from dispatch.roads.plane import metres_between
from dispatch.roads.snap import Floats, Snapper, Snaps, as_points
from dispatch.roads.speeds import Speeds, default_speeds

__all__ = ["Closure", "Leg", "Snaps", "Travel"]

Integers = NDArray[np.int64]
MS_PER_MINUTE = 60_000.0
CHUNK_CELLS = 8_000_000
"""Distances held at once: sources × junctions; 64 MB of float64."""


@dataclass(frozen=True, slots=True)
class _Doors:
    """How n snapped points join the graph, at the first and last junction of their edge.

    `node` (n, 2); `ms` (n, 2), the walk included, `inf` where that way is closed.
    """

    node: Integers
    ms: Floats


class Travel:
    """Minutes for one profile of one network, at one departure; threads may share it.

    Parameters
    ----------
    network
        The roads.
    profile
        ``car``, ``motorcycle`` or ``foot``.
    departure
        Local time of setting out: its hour picks the factors of `speeds`. None: plain averages.
    closures
        Edges closed or slowed.
    speeds
        Another speed table than the one that comes with the program.
    """

    def __init__(
        self,
        network: Network,
        profile: str,
        departure: datetime | None = None,
        closures: Iterable[Closure] = (),
        speeds: Speeds | None = None,
    ) -> None:
        if profile not in FORWARD:
            raise BadInput(f"profile is {profile!r}, expected one of {', '.join(FORWARD)}")
        speeds = speeds or default_speeds()
        self.network, self.profile = network, profile
        self._walk_ms_per_metre = 3600.0 / speeds.walk_kmh  # km/h -> ms/m
        kmh = speeds.edge_kmh(network, profile, departure.hour if departure else None)
        for closure in closures:
            kmh[closure.edges] *= closure.factor
        whole = np.full(network.edge_count, np.inf)
        np.divide(network.edge_length_metres.astype(np.float64) * 3600.0, kmh, out=whole, where=kmh > 0)
        access = network.edge_access
        self._ahead = np.where((access & FORWARD[profile]) > 0, np.rint(whole), np.inf)
        self._back = np.where((access & BACKWARD[profile]) > 0, np.rint(whole), np.inf)
        self._snapper = Snapper(
            network, np.isfinite(self._ahead), np.isfinite(self._back), speeds.snap_margin_metres
        )
        self._onward, self._arc = _graph(network, self._ahead, self._back)
        self._inward = csr_array(self._onward.T.tocsr())

    def snap(self, points: object) -> Snaps:
        """The nearest place on a usable road for each point, shape (n, 2), lon and lat."""
        return self._snapper.snap(points)

    def matrix(self, sources: object, targets: object) -> Minutes:
        """Minutes from every source to every target, shape (n, m); `inf` where no way leads.

        Parameters
        ----------
        sources, targets
            WGS-84 longitude and latitude, shapes (n, 2) and (m, 2). Repeated points cost nothing.

        Raises
        ------
        BadInput
            A point is not a place on Earth.
        """
        origin, _, origin_row = _distinct(sources)
        goal, _, goal_row = _distinct(targets)
        starts, ends = self.snap(origin), self.snap(goal)
        if len(goal) < len(origin):
            table = self._sweep(self._inward, self._arriving(ends), self._leaving(starts)).T
        else:
            table = self._sweep(self._onward, self._leaving(starts), self._arriving(ends))
        row, column, ms = self._direct(origin, starts, goal, ends)
        np.minimum.at(table, (row, column), ms)
        return np.ascontiguousarray(table[np.ix_(origin_row, goal_row)]) / MS_PER_MINUTE

    def problem_minutes(self, bases: object, places: object) -> TravelMinutes:
        """What a problem needs: bases to places, back, and between, in two sweeps from the places."""
        base, place = as_points(bases), as_points(places)
        onward = self.matrix(place, np.concatenate([base, place]))
        return TravelMinutes(
            from_base=self.matrix(base, place),
            to_base=np.ascontiguousarray(onward[:, : len(base)]),
            between=np.ascontiguousarray(onward[:, len(base) :]),
        )

    def nearest(self, facilities: object) -> tuple[Minutes, Integers]:
        """From the quickest of `facilities` (k, 2) to every junction, in one sweep.

        Returns
        -------
        minutes, facility
            Both (nodes,): `inf` and -1 where none reaches the junction.
        """
        base, first, _ = _distinct(facilities)
        ms, number = self._quickest(self.snap(base))
        return ms / MS_PER_MINUTE, np.append(first, -1)[number]

    def nearest_of(self, points: object, facilities: object) -> tuple[Minutes, Integers]:
        """From the quickest of `facilities` (k, 2) to each of `points` (n, 2), in one sweep.

        Returns
        -------
        minutes, facility
            Both (n,): `inf` and -1 where none reaches the point.
        """
        goal, _, goal_row = _distinct(points)
        base, first, _ = _distinct(facilities)
        starts, ends = self.snap(base), self.snap(goal)
        ms, number = self._quickest(starts)
        if not len(ms):
            return np.full(len(goal_row), np.inf), np.full(len(goal_row), -1)
        doors = self._arriving(ends)
        through = ms[doors.node] + doors.ms
        side, rows = through.argmin(axis=1), np.arange(len(goal))
        best = through[rows, side]
        chosen = np.where(np.isfinite(best), number[doors.node[rows, side]], -1)
        for b, p, direct in zip(*self._direct(base, starts, goal, ends), strict=True):
            if direct < best[p]:
                best[p], chosen[p] = direct, b
        return best[goal_row] / MS_PER_MINUTE, np.append(first, -1)[chosen][goal_row]

    def path(self, origin: object, target: object) -> Leg:
        """The quickest way from one point to another, with the walk at both ends.

        It takes the minutes `matrix` gives. Where no way leads, they are `inf`.
        """
        ends = np.concatenate([as_points(origin), as_points(target)])
        snaps = self.snap(ends)
        start, end = snaps.row(0), snaps.row(1)
        direct = self._direct(ends[:1], start, ends[1:], end)[2]
        direct_ms = float(direct[0]) if len(direct) else np.inf
        if (ends[0] == ends[1]).all():
            return assemble(self.network, ends, [], (0.0, 0.0))
        graph = _with_doors(self._onward, self._leaving(start))
        ms, before = dijkstra(graph, indices=self.network.node_count, return_predecessors=True)
        arrival = self._arriving(end)
        through = ms[arrival.node[0]] + arrival.ms[0] if start.edge[0] >= 0 else np.array([np.inf])
        walks = tuple(self._walk_ms(snaps))
        if min(direct_ms, through.min()) == np.inf:
            return no_way(ends)
        if direct_ms <= through.min():
            along = self._along(start, end)
            if along.ms + sum(walks) > direct_ms:  # over the ground is shorter than round by the road
                return assemble(self.network, ends, [], (direct_ms, 0.0))
            return assemble(self.network, ends, [along], (walks[0], walks[1]))
        runs = self._trace(before, start, end, int(through.argmin()))
        return assemble(self.network, ends, runs, (walks[0], walks[1]))

    def _sweep(self, graph: csr_array, starts: _Doors, ends: _Doors) -> Minutes:
        """Milliseconds from each start's doors to each end's, shape (starts, ends)."""
        nodes = graph.shape[0]
        table = np.full((len(starts.node), len(ends.node)), np.inf)
        if not nodes:
            return table
        step = max(1, CHUNK_CELLS // nodes)
        for low in range(0, len(table), step):
            part = slice(low, min(low + step, len(table)))
            joined = _with_doors(graph, _Doors(starts.node[part], starts.ms[part]))
            ms = dijkstra(joined, indices=np.arange(nodes, joined.shape[0]))
            table[part] = np.minimum(
                ms[:, ends.node[:, 0]] + ends.ms[:, 0], ms[:, ends.node[:, 1]] + ends.ms[:, 1]
            )
        return table

    def _quickest(self, starts: Snaps) -> tuple[Minutes, Integers]:
        """Milliseconds from the quickest start to every junction, and its number; `inf` and -1."""
        nodes = self.network.node_count
        if not nodes or not len(starts):
            return np.full(nodes, np.inf), np.full(nodes, -1)
        joined = _with_doors(self._onward, self._leaving(starts))
        ms, _, source = dijkstra(
            joined, indices=np.arange(nodes, joined.shape[0]), min_only=True, return_predecessors=True
        )
        return ms[:nodes], np.where(np.isfinite(ms[:nodes]), source[:nodes] - nodes, -1)

    def _leaving(self, snaps: Snaps) -> _Doors:
        """From the points onto the graph: back to the edge's first junction, on to its last."""
        return self._doors(snaps, self._back, self._ahead)

    def _arriving(self, snaps: Snaps) -> _Doors:
        """From the graph to the points: on from the edge's first junction, back from its last."""
        return self._doors(snaps, self._ahead, self._back)

    def _doors(self, snaps: Snaps, near_first: Floats, near_last: Floats) -> _Doors:
        if not self.network.edge_count:
            return _Doors(np.zeros((len(snaps), 2), np.int64), np.full((len(snaps), 2), np.inf))
        edge = np.maximum(snaps.edge, 0)
        node = np.column_stack([self.network.edge_from[edge], self.network.edge_to[edge]])
        first = _part(snaps.fraction, near_first[edge])
        last = _part(1 - snaps.fraction, near_last[edge])
        ms = np.column_stack(
            [
                np.where(snaps.fraction == 0, 0.0, first),  # standing on a junction, one-way or not
                np.where(snaps.fraction == 1, 0.0, last),
            ]
        )
        ms[snaps.edge < 0] = np.inf
        return _Doors(node.astype(np.int64), ms + self._walk_ms(snaps)[:, None])

    def _walk_ms(self, snaps: Snaps) -> Floats:
        return np.rint(snaps.walk_metres * self._walk_ms_per_metre)

    def _direct(
        self, origin: Floats, starts: Snaps, goal: Floats, ends: Snaps
    ) -> tuple[Integers, Integers, Floats]:
        """Pairs on one edge: row, column, and the milliseconds without passing a junction.

        Two points off the same edge may also be walked between, straight over the ground,
        where that is no farther than their two walks to the road.
        """
        row, column = _same_edge(starts.edge, ends.edge)
        start, end, edge = starts.row(row), ends.row(column), starts.edge[row]
        walks = self._walk_ms(start) + self._walk_ms(end)
        ms = np.full(len(row), np.inf)
        for whole, sign in ((self._ahead[edge], 1), (self._back[edge], -1)):
            share = sign * (end.fraction - start.fraction)
            ms = np.where(share >= 0, np.minimum(ms, _part(share, whole)), ms)
        ms += walks
        straight = metres_between(*origin[row].T, *goal[column].T)
        over_ground = straight <= start.walk_metres + end.walk_metres
        on_foot = np.where(over_ground, np.rint(straight * self._walk_ms_per_metre), np.inf)
        return row, column, np.minimum(ms, on_foot)

    def _along(self, start: Snaps, end: Snaps) -> Run:
        """From one point to another of the same edge, without passing a junction."""
        edge, low, high = int(start.edge[0]), float(start.fraction[0]), float(end.fraction[0])
        whole = self._ahead[[edge]] if low <= high else self._back[[edge]]
        return Run(edge, low, high, float(_part(np.array([abs(high - low)]), whole)[0]))

    def _trace(self, before: NDArray[np.int32], start: Snaps, end: Snaps, side: int) -> list[Run]:
        """The runs of a path, read back from the predecessors of one sweep."""
        leaving, arriving = self._leaving(start), self._arriving(end)
        walk = self._walk_ms(start)[0], self._walk_ms(end)[0]
        node = int(arriving.node[0, side])
        middle: list[Run] = []
        while (previous := int(before[node])) != self.network.node_count:
            edge, forward = self._edge_between(previous, node)
            ms = self._ahead[edge] if forward else self._back[edge]
            middle.append(Run(edge, *((0.0, 1.0) if forward else (1.0, 0.0)), float(ms)))
            node = previous
        exit_ms = np.where(leaving.node[0] == node, leaving.ms[0], np.inf)
        out = int(exit_ms.argmin())
        first = Run(int(start.edge[0]), float(start.fraction[0]), float(out), float(exit_ms[out] - walk[0]))
        last = Run(
            int(end.edge[0]), float(side), float(end.fraction[0]), float(arriving.ms[0, side] - walk[1])
        )
        return [first, *middle[::-1], last]

    def _edge_between(self, tail: int, head: int) -> tuple[int, bool]:
        """The quickest edge from one junction to the next, and whether it is driven as drawn."""
        low, high = self._onward.indptr[tail], self._onward.indptr[tail + 1]
        arc = int(self._arc[low + int(np.flatnonzero(self._onward.indices[low:high] == head)[0])])
        return arc % self.network.edge_count, arc < self.network.edge_count


def _graph(network: Network, ahead: Floats, back: Floats) -> tuple[csr_array, Integers]:
    """Milliseconds from junction to junction, of parallel edges the quickest, and which edge that is.

    An arc against its edge's drawing is numbered after all edges.
    """
    tail = np.concatenate([network.edge_from, network.edge_to]).astype(np.int64)
    head = np.concatenate([network.edge_to, network.edge_from]).astype(np.int64)
    ms = np.concatenate([ahead, back])
    arc = np.flatnonzero(np.isfinite(ms) & (tail != head))
    arc = arc[np.lexsort((ms[arc], head[arc], tail[arc]))]
    first = np.concatenate([[True], (np.diff(tail[arc]) != 0) | (np.diff(head[arc]) != 0)])[: len(arc)]
    arc = arc[first]
    tail, head, ms = tail[arc], head[arc], ms[arc]
    start = np.searchsorted(tail, np.arange(network.node_count + 1))
    shape = (network.node_count, network.node_count)
    return csr_array((ms, head.astype(np.int32), start.astype(np.int32)), shape=shape), arc


def _with_doors(graph: csr_array, doors: _Doors) -> csr_array:
    """The graph with one more node a point, numbered after the junctions, and arcs out of its doors."""
    nodes, points = graph.shape[0], len(doors.node)
    ms = doors.ms.copy()
    ring = doors.node[:, 0] == doors.node[:, 1]
    ms[ring, 0] = ms[ring].min(axis=1, initial=np.inf)
    ms[ring, 1] = np.inf
    open_ = np.isfinite(ms)
    start = np.concatenate([graph.indptr, graph.indptr[-1] + np.cumsum(open_.sum(axis=1))])
    head = np.concatenate([graph.indices, doors.node[open_]])
    data = np.concatenate([graph.data, ms[open_]])
    shape = (nodes + points, nodes + points)
    return csr_array((data, head.astype(np.int32), start.astype(np.int32)), shape=shape)


def _part(share: Floats, whole_ms: Floats) -> Floats:
    """Whole milliseconds of a share (0 to 1) of each edge; `inf` where the edge is closed."""
    ms = np.full(len(whole_ms), np.inf)
    np.multiply(share, whole_ms, out=ms, where=np.isfinite(whole_ms))
    rounded: Floats = np.rint(ms)
    return rounded


def _same_edge(starts: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """All pairs (row, column) whose points snapped to one edge."""
    order = np.argsort(ends, kind="stable")
    low = np.searchsorted(ends[order], starts, side="left")
    count = np.where(starts >= 0, np.searchsorted(ends[order], starts, side="right") - low, 0)
    row = np.repeat(np.arange(len(starts)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return row, order[np.repeat(low, count) + within]


def _distinct(points: object) -> tuple[Floats, Integers, Integers]:
    """Each different point once, the row it first stands in, and every row's number among them."""
    lonlat = as_points(points)
    if not len(lonlat):
        return lonlat, np.zeros(0, np.int64), np.zeros(0, np.int64)
    distinct, first, row = np.unique(lonlat, axis=0, return_index=True, return_inverse=True)
    return distinct, first, row.reshape(-1)
