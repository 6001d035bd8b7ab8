"""The ways a road could take: street blocks inside towns, a triangulation of the country between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import Delaunay, cKDTree

from practice.land import Land, Points, strewn
from practice.settle import Settled

OPEN_METRES = 640.0
"""Spacing of the points between villages."""


@dataclass(frozen=True)
class Lattice:
    """Points (n) and possible road pieces (m) between them."""

    xy: Points
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    metres: NDArray[np.float64]
    effort: NDArray[np.float64]  # metres, more where it climbs
    bridge: NDArray[np.bool_]  # crosses a river
    grid: NDArray[np.int64]  # number of the street grid a piece lies in, -1 outside
    line: NDArray[np.int64]  # street line in that grid: even rows, odd columns; -1 outside
    seat: NDArray[np.int64]  # point of each town's seat
    village: NDArray[np.int64]  # point of each village
    height: NDArray[np.float64]

    @cached_property
    def _order(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        key = np.minimum(self.tail, self.head) * len(self.xy) + np.maximum(self.tail, self.head)
        order = np.argsort(key)
        return key[order], order

    def pieces(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number of the piece joining each a and b."""
        key, order = self._order
        return np.asarray(order[np.searchsorted(key, np.minimum(a, b) * len(self.xy) + np.maximum(a, b))])

    def graph(self, cost: NDArray[np.float64]) -> csr_array:
        """A symmetric matrix of `cost` a piece; pieces of infinite cost left out."""
        row, column, piece = self._sides
        cell = cost[piece]
        use = np.isfinite(cell)
        start = np.concatenate([[0], np.cumsum(np.bincount(row[use], minlength=len(self.xy)))])
        return csr_array((cell[use], column[use], start.astype(np.int32)), shape=(len(self.xy),) * 2)

    @cached_property
    def _sides(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
        """Row, column and piece of every cell of the matrix, in its order: two a piece, no two pieces join the same."""
        row, column = np.concatenate([self.tail, self.head]), np.concatenate([self.head, self.tail])
        order = np.lexsort((column, row))
        return row[order].astype(np.int32), column[order].astype(np.int32), order % len(self.tail)


def build_lattice(land: Land, settled: Settled, seed: int = 31) -> Lattice:
    """Lay the lattice over the land; every seat and village is one of its points."""
    points = [grid.xy for grid in settled.grids]
    start = np.cumsum([0, *[len(part) for part in points]])
    streets = np.vstack(points)
    off_grid = settled.village_xy[~settled.village_grid]
    seats = land.towns[["x", "y"]].to_numpy(float)
    gridded = {grid.town for grid in settled.grids}
    bare = np.array([town for town in range(len(seats)) if town not in gridded], int)
    near_street = cKDTree(streets).query(seats[bare])
    own_point = bare[near_street[0] > 120.0]
    anchors = np.vstack([streets, off_grid, seats[own_point]])
    xy = np.vstack([anchors, _open_country(land, anchors, seed)])
    seat = np.zeros(len(seats), np.int64)
    for number, grid in enumerate(settled.grids):
        seat[grid.town] = start[number] + grid.centre
    seat[bare] = near_street[1]
    seat[own_point] = len(streets) + len(off_grid) + np.arange(len(own_point))
    village = np.zeros(len(settled.village_xy), np.int64)
    village[~settled.village_grid] = len(streets) + np.arange(len(off_grid))
    village[settled.village_grid] = cKDTree(streets).query(settled.village_xy[settled.village_grid])[1]
    tail, head, grid_of, line = _pieces(settled, xy, start)
    keep, bridge = _dry(land, xy, tail, head)
    tail, head, grid_of, line, bridge = tail[keep], head[keep], grid_of[keep], line[keep], bridge[keep]
    height = land.height(xy)
    metres = np.hypot(*(xy[tail] - xy[head]).T)
    climb = np.abs(height[tail] - height[head])
    effort = np.round(metres * (1 + 0.0012 * (height[tail] + height[head]) / 2) + 9.0 * climb, 2)
    effort *= np.where(grid_of < 0, 1.0, np.where(avenues(settled, grid_of, line), 0.8, 1.7))
    return Lattice(xy, tail, head, metres, effort, bridge, grid_of, line, seat, village, height)


def _open_country(land: Land, anchors: Points, seed: int) -> Points:
    """Points between the settlements, none in water or too near to one, fewer in the hills."""
    rng = np.random.default_rng(seed)
    fill = strewn(rng, land.whole, OPEN_METRES)
    water = shapely.union_all([*land.rivers.values(), *land.lakes.values(), land.sea])
    keep = cKDTree(anchors).query(fill)[0] > 300.0
    keep &= shapely.distance(shapely.points(fill), water) > 140.0
    keep &= rng.random(len(fill)) > np.clip(land.height(fill) / 2200.0, 0.0, 0.4)
    return fill[keep]


def _pieces(settled: Settled, xy: Points, start: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Blocks inside each grid, triangle sides elsewhere."""
    owner = np.full(len(xy), -1)
    tails, heads, grids, lines = [], [], [], []
    for number, grid in enumerate(settled.grids):
        owner[start[number] : start[number + 1]] = number
        index = {
            (int(r), int(c)): start[number] + i
            for i, (r, c) in enumerate(zip(grid.row, grid.column, strict=True))
        }
        for (row, column), here in index.items():
            for there, line in (((row, column + 1), 2 * row), ((row + 1, column), 2 * column + 1)):
                if there in index:
                    tails.append(here)
                    heads.append(index[there])
                    grids.append(number)
                    lines.append(line)
    corners = Delaunay(xy).simplices
    sides = np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    sides = np.unique(sides, axis=0)
    inside = (owner[sides[:, 0]] >= 0) & (owner[sides[:, 0]] == owner[sides[:, 1]])
    sides = sides[~inside & (np.hypot(*(xy[sides[:, 0]] - xy[sides[:, 1]]).T) < 2600.0)]
    none = np.full(len(sides), -1)
    return (np.concatenate([np.array(tails, np.int64), sides[:, 0]]), np.concatenate([np.array(heads, np.int64), sides[:, 1]]),
            np.concatenate([np.array(grids, np.int64), none]), np.concatenate([np.array(lines, np.int64), none]))  # fmt: skip


def avenues(settled: Settled, grid_of: NDArray[np.int64], line: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pieces lie on a wide street: the middle ones of a town, every fourth of a city."""
    middle = np.array([[grid.row[grid.centre], grid.column[grid.centre]] for grid in settled.grids])
    every = np.array([4 if grid.city else 1000 for grid in settled.grids])
    offset = line // 2 - middle[grid_of, line % 2]
    return np.asarray((grid_of >= 0) & (offset % every[grid_of] == 0))


def _dry(
    land: Land, xy: Points, tail: NDArray[np.int64], head: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pieces stay on dry land inside the city, and which of them cross a river."""
    pieces = shapely.linestrings(np.stack([xy[tail], xy[head]], axis=1))
    within = land.whole.buffer(150.0)
    shapely.prepare(within)
    keep = shapely.contains(within, pieces)
    blocked = shapely.STRtree(pieces)
    for water in [*land.lakes.values(), land.sea]:
        keep[blocked.query(water.buffer(25.0), predicate="intersects")] = False
    bridge = np.zeros(len(tail), bool)
    for river in land.rivers.values():
        bridge[blocked.query(river, predicate="intersects")] = True
    return keep, bridge
