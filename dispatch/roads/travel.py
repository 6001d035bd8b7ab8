"""How long it takes: minutes between points, over the roads and the walk at both ends.

Points snap to edges, so part of an edge is part of its time; the leg off the road is walked
and counted. Turn restrictions are kept; a turn itself costs nothing. Weights are whole
milliseconds, so every answer is exact and the same whichever engine gives it.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dispatch.domain import Minutes, TravelMinutes
from dispatch.errors import BadInput, MissingExtra
from dispatch.roads import cch
from dispatch.roads.closures import Closure
from dispatch.roads.doors import Doors, Found, arriving, leaving, part_ms
from dispatch.roads.engines import EngineName, Engines, frame_of
from dispatch.roads.leg import Leg, Run, assemble, no_way
from dispatch.roads.network import FORWARD, Network
from dispatch.roads.plane import metres_between
from dispatch.roads.reach import Reach, reach_of
from dispatch.roads.snap import Floats, Snapper, Snaps, as_points
from dispatch.roads.speeds import Speeds, default_speeds
from dispatch.roads.times import EdgeTimes, Slowing

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Closure", "Leg", "Snaps", "Travel"]

Integers = NDArray[np.int64]
MS_PER_MINUTE = 60_000.0
AS_BEFORE: object = object()


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
        Edges closed or slowed: each has `edges` and a `factor` of the speed, 0 where closed.
    speeds
        Another speed table than the one that comes with the program.
    cache
        Folder in which what is dear to prepare is kept (`Area.cache_folder`). None keeps nothing.
    engine
        "auto" chooses by the size of the questions; "scipy" and "cch" leave no choice.

    Raises
    ------
    BadInput
        The profile is unknown, or a closure names an edge that is not there.
    MissingExtra
        "cch" is asked for and pyroutingkit is not installed.
    """

    def __init__(
        self,
        network: Network,
        profile: str,
        departure: datetime | None = None,
        closures: Iterable[Slowing] = (),
        speeds: Speeds | None = None,
        *,
        cache: Path | None = None,
        engine: EngineName = "auto",
    ) -> None:
        if profile not in FORWARD:
            raise BadInput(f"profile is {profile!r}, expected one of {', '.join(FORWARD)}")
        if engine == "cch" and not cch.is_installed():
            raise MissingExtra("pyroutingkit", "fast-roads")
        self.network, self.profile, self.departure = network, profile, departure
        self._speeds = speeds or default_speeds()
        self._closures: tuple[Slowing, ...] = tuple(closures)
        self._frame, self._wanted = frame_of(network, cache), engine
        self._times = EdgeTimes.of(network, profile, self._speeds, departure.hour if departure else None)
        self._open_snapper = Snapper(
            network, self._times.ahead, self._times.back, self._speeds.snap_margin_metres
        )
        self._weigh(None)

    def _weigh(self, like: Engines | None) -> None:
        """Lay the closures over the times; nothing may be asked before."""
        ms, closed = self._times.slowed(self._closures)
        self._snapper = self._open_snapper.without(closed) if len(closed) else self._open_snapper
        self.walk_ms_per_metre = 3600.0 / self._speeds.walk_kmh  # km/h -> ms/m
        self._way_ms = self._times.way_ms(ms)
        arc_ms = self._frame.arcs.arc_ms(self._way_ms, self.profile)
        self._engines = Engines(self._frame, arc_ms, self._wanted, like)

    def reweighted(
        self,
        departure: datetime | object | None = AS_BEFORE,
        closures: Iterable[Slowing] | object = AS_BEFORE,
        speeds: Speeds | object = AS_BEFORE,
    ) -> Travel:
        """Another `Travel` of the same roads and profile; what is not given stays as it is.

        It answers as one made from nothing would, in a fraction of the time. This one is unchanged.
        """
        other = copy(self)
        if departure is not AS_BEFORE:
            other.departure = departure  # type: ignore[assignment]
        if closures is not AS_BEFORE:
            other._closures = tuple(closures)  # type: ignore[arg-type]
        if speeds is not AS_BEFORE:
            other._speeds = speeds  # type: ignore[assignment]
        if departure is not AS_BEFORE or speeds is not AS_BEFORE:
            hour = other.departure.hour if other.departure else None
            times = EdgeTimes.of(self.network, self.profile, other._speeds, hour)
            same = np.array_equal(times.ahead, self._times.ahead) and np.array_equal(
                times.back, self._times.back
            )
            margin = other._speeds.snap_margin_metres
            if not same or margin != self._speeds.snap_margin_metres:
                other._open_snapper = Snapper(self.network, times.ahead, times.back, margin)
            other._times = times
        other._weigh(self._engines)
        return other

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
        engine = self._engines.engine_for(min(len(origin), len(goal)))
        table = engine.matrix(self._leaving(starts), self._arriving(ends))
        row, column, ms = self._direct(origin, starts, goal, ends)
        np.minimum.at(table, (row, column), ms)
        return np.ascontiguousarray(table[np.ix_(origin_row, goal_row)]) / MS_PER_MINUTE

    def problem_minutes(self, bases: object, places: object) -> TravelMinutes:
        """What a problem needs: bases to places, back, and between."""
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
        ms, number = self._engines.scipy.quickest(self._leaving(self.snap(base)))
        nodes, copies = self.network.node_count, self._frame.arcs.copy_node
        best, chosen = ms[:nodes].copy(), number[:nodes].copy()
        for copy_ms, copy_number, node in zip(ms[nodes:], number[nodes:], copies, strict=True):
            if copy_ms < best[node]:
                best[node], chosen[node] = copy_ms, copy_number
        return best / MS_PER_MINUTE, np.append(first, -1)[chosen]

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
        ms, number = self._engines.scipy.quickest(self._leaving(starts))
        doors = self._arriving(ends)
        through = ms[doors.state] + doors.ms
        best = doors.least(through)
        chosen = np.full(len(goal), -1)
        hit = np.flatnonzero(np.isfinite(through) & (through == best[doors.point]))[::-1]
        chosen[doors.point[hit]] = number[doors.state[hit]]
        for b, p, direct in zip(*self._direct(base, starts, goal, ends), strict=True):
            if direct < best[p]:
                best[p], chosen[p] = direct, b
        return best[goal_row] / MS_PER_MINUTE, np.append(first, -1)[chosen][goal_row]

    def path(self, origin: object, target: object) -> Leg:
        """The quickest way from one point to another, with the walk at both ends.

        It takes the minutes `matrix` gives. Where no way leads, they are `inf`.
        """
        ends = np.concatenate([as_points(origin), as_points(target)])
        return self._path(ends, self.snap(ends))

    def paths(self, origins: object, targets: object) -> list[Leg]:
        """The same for many pairs of points, both (n, 2): snapped to the roads at once."""
        ends = np.stack([as_points(origins), as_points(targets)], axis=1)
        snaps = self.snap(ends.reshape(-1, 2))
        return [self._path(two, snaps.row(np.array([2 * n, 2 * n + 1]))) for n, two in enumerate(ends)]

    def _path(self, ends: Floats, snaps: Snaps) -> Leg:
        if (ends[0] == ends[1]).all() and snaps.edge[0] >= 0:
            return assemble(self.network, ends, [], (0.0, 0.0), self.profile)
        start, end = snaps.row(0), snaps.row(1)
        direct = self._direct(ends[:1], start, ends[1:], end)[2]
        direct_ms = float(direct[0]) if len(direct) else np.inf
        out, into = self._leaving(start), self._arriving(end)
        found = self._engines.engine_for(1).path(out, into)
        walks = (float(self._walk_ms(start)[0]), float(self._walk_ms(end)[0]))
        if found is None and direct_ms == np.inf:
            return no_way(ends)
        if found is None or direct_ms <= found.ms:
            along = self._along(start, end)
            if along.ms + sum(walks) > direct_ms:  # over the ground is shorter than round by the road
                return assemble(self.network, ends, [], (direct_ms, 0.0), self.profile)
            return assemble(self.network, ends, [along], walks, self.profile)
        runs = self._runs(found, out, into, start, end)
        return assemble(self.network, ends, runs, walks, self.profile)

    def reach(self, points: object) -> Reach:
        """How the quickest of `points` (n, 2) drives every edge: which part of it, and when.

        Each part of an edge is in it once, by the quicker of the ways that lead there; the edges
        on which the points stand once more for each.
        """
        base, _, _ = _distinct(points)
        snaps = self.snap(base)
        ms, _ = self._engines.scipy.quickest(self._leaving(snaps))
        return reach_of(
            self._frame.arcs,
            self._way_ms,
            self._engines.arc_ms,
            ms,
            snaps=snaps,
            walk_ms=self._walk_ms(snaps),
        )

    def isochrone(self, points: object, minutes: Iterable[float], metric_crs: str) -> gpd.GeoDataFrame:
        """Where one gets to from the quickest of `points` (n, 2) within some minutes.

        See `dispatch.roads.isochrone.isochrones`, which also lists the columns.
        """
        from dispatch.roads.isochrone import isochrones  # noqa: PLC0415 - loads geopandas

        return isochrones(self, points, minutes, metric_crs)

    def _leaving(self, snaps: Snaps) -> Doors:
        return leaving(self._frame.arcs, self._way_ms, snaps, self._walk_ms(snaps))

    def _arriving(self, snaps: Snaps) -> Doors:
        return arriving(self._frame.arcs, self._engines.arc_ms, snaps, self._walk_ms(snaps))

    def _walk_ms(self, snaps: Snaps) -> Floats:
        return np.rint(snaps.walk_metres * self.walk_ms_per_metre)

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
        for way, sign in ((edge, 1), (edge + self.network.edge_count, -1)):
            share = sign * (end.fraction - start.fraction)
            ms = np.where(share >= 0, np.minimum(ms, part_ms(share, self._way_ms[way])), ms)
        ms += walks
        straight = metres_between(*origin[row].T, *goal[column].T)
        over_ground = straight <= start.walk_metres + end.walk_metres
        on_foot = np.where(over_ground, np.rint(straight * self.walk_ms_per_metre), np.inf)
        return row, column, np.minimum(ms, on_foot)

    def _along(self, start: Snaps, end: Snaps) -> Run:
        """From one point to another of the same edge, without passing a junction."""
        edge, low, high = int(start.edge[0]), float(start.fraction[0]), float(end.fraction[0])
        way = edge if low <= high else edge + self.network.edge_count
        return Run(edge, low, high, float(part_ms(np.array([abs(high - low)]), self._way_ms[[way]])[0]))

    def _runs(self, found: Found, out: Doors, into: Doors, start: Snaps, end: Snaps) -> list[Run]:
        """The runs of a path: out of the first edge, along the arcs, into the last edge."""
        edges = self.network.edge_count
        ways = self._frame.arcs.way[found.arcs]
        middle = zip(
            (ways % max(edges, 1)).tolist(), (ways < edges).tolist(), self._way_ms[ways].tolist(), strict=True
        )
        walks = self._walk_ms(start)[0], self._walk_ms(end)[0]
        side, last_side = float(out.side[found.start]), float(into.side[found.end])
        first_ms, last_ms = float(out.ms[found.start] - walks[0]), float(into.ms[found.end] - walks[1])
        return [
            Run(int(start.edge[0]), float(start.fraction[0]), side, first_ms),
            *(Run(edge, *((0.0, 1.0) if ahead else (1.0, 0.0)), ms) for edge, ahead, ms in middle),
            Run(int(end.edge[0]), last_side, float(end.fraction[0]), last_ms),
        ]


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
