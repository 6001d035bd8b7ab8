"""Which pieces of the lattice become roads, of what class and name: main roads first, then down to the tracks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import Delaunay, cKDTree

from dispatch.roads.network import CLASSES
from practice.land import Land, to_metres
from practice.lattice import Lattice
from practice.seats import EXITS, PRIMARIES, TRUNKS
from practice.settle import Settled
from practice.streets import street_names

NONE = 255
RANK = {name: number for number, name in enumerate(CLASSES)}
BRIDGE_METRES = 2600.0
"""What a new bridge costs a main road, as metres of detour it would rather take."""


@dataclass
class Ways:
    """What has been laid so far, a value a lattice piece; `way` is +1 or -1 where one-way."""

    lattice: Lattice
    rank: NDArray[np.uint8]
    name: NDArray[np.int32]
    way: NDArray[np.int8]
    names: list[str]

    def name_of(self, text: str) -> int:
        """The number of a name, new or known."""
        if text not in self.names:
            self.names.append(text)
        return self.names.index(text)

    def lay(self, pieces: NDArray[np.int64], rank: int, name: int = -1) -> None:
        """Make these pieces a road of `rank` unless they are a better one already."""
        better = pieces[self.rank[pieces] > rank]
        self.rank[better] = rank
        self.name[better] = name

    def points(self) -> NDArray[np.bool_]:
        """Which lattice points lie on a road."""
        on = np.zeros(len(self.lattice.xy), bool)
        laid = self.rank != NONE
        on[self.lattice.tail[laid]] = on[self.lattice.head[laid]] = True
        return on


def lay_ways(land: Land, settled: Settled, lattice: Lattice, seed: int = 41) -> Ways:
    """Lay everything but the expressways."""
    count = len(lattice.tail)
    ways = Ways(
        lattice, np.full(count, NONE, np.uint8), np.full(count, -1, np.int32), np.zeros(count, np.int8), []
    )
    rng = np.random.default_rng(seed)
    _lay_main(land, ways)
    _lay_county(land, ways)
    _lay_villages(ways)
    _lay_loops(ways, rng)
    _lay_hamlets(ways, rng)
    _lay_shortcuts(ways, rng)
    _lay_streets(settled, ways, rng)
    _drop_strays(ways, rng)
    return ways


def _lay_main(land: Land, ways: Ways) -> None:
    """Trunk and primary roads along their towns, and out of the city."""
    seat = dict(zip(land.towns["code"], ways.lattice.seat, strict=True))
    for kind, roads in (("trunk", TRUNKS), ("primary", PRIMARIES)):
        for name, towns in roads:
            for here, there in pairwise(towns):
                _route(ways, seat[here], seat[there], RANK[kind], ways.name_of(name))
    for name, town, border in EXITS:
        target = int(cKDTree(ways.lattice.xy).query(to_metres(np.array([border]))[0])[1])
        rank = RANK["trunk" if name.endswith("国道") else "primary"]
        _route(ways, seat[town], target, rank, ways.name_of(name))


def _route(ways: Ways, origin: int, target: int, rank: int, name: int) -> None:
    """Lay the cheapest way; roads there already, and bridges above all, are reused."""
    lattice = ways.lattice
    cost = lattice.effort + np.where(lattice.bridge, BRIDGE_METRES, 0.0)
    cost = np.where(ways.rank <= rank, lattice.effort * 0.55, np.where(ways.rank != NONE, cost * 0.75, cost))
    before = dijkstra(lattice.graph(cost), indices=origin, return_predecessors=True)[1]
    ways.lay(_pieces_back(lattice, before, np.array([target])), rank, name)


def _pieces_back(
    lattice: Lattice, before: NDArray[np.int32], targets: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The pieces on the trees' ways from `targets` back to the roots."""
    seen: set[int] = set()
    for target in targets:
        here = int(target)
        while before[here] >= 0 and here not in seen:
            seen.add(here)
            here = int(before[here])
    heads = np.array(sorted(seen), np.int64)
    return lattice.pieces(before[heads].astype(np.int64), heads) if len(heads) else heads


def _lay_county(land: Land, ways: Ways) -> None:
    """County roads between relative neighbours: towns with no third town nearer to both."""
    xy = land.towns[["x", "y"]].to_numpy(float)
    away = np.hypot(*(xy[:, None, :] - xy[None]).transpose(2, 0, 1))
    pairs = []
    for a in range(len(xy)):
        for b in range(a + 1, len(xy)):
            third = np.maximum(away[a], away[b])
            third[[a, b]] = np.inf
            if third.min() > away[a, b] * 0.86:
                pairs.append((float(away[a, b]), a, b))
    for number, (_, a, b) in enumerate(sorted(pairs)):
        name = ways.name_of(f"{601 + number}县道")
        _route(ways, ways.lattice.seat[a], ways.lattice.seat[b], RANK["secondary"], name)


def _forest(
    ways: Ways, targets: NDArray[np.int64], *, bridges: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Join `targets` to the roads by cheapest ways that share; the pieces, and how many targets use each."""
    lattice = ways.lattice
    new = np.where(
        lattice.bridge & (ways.rank == NONE), BRIDGE_METRES * 3 if bridges else np.inf, lattice.effort
    )
    graph = lattice.graph(new)
    roots = np.flatnonzero(ways.points())
    metres, before, _ = dijkstra(graph, indices=roots, min_only=True, return_predecessors=True)
    users = np.zeros(len(lattice.xy), np.int64)
    np.add.at(users, targets, np.isfinite(metres[targets]))
    for here in np.argsort(-np.where(np.isfinite(metres), metres, -1.0), kind="stable"):
        if users[here] and before[here] >= 0:
            users[before[here]] += users[here]
    heads = np.flatnonzero((users > 0) & (before >= 0) & np.isfinite(metres))
    return lattice.pieces(before[heads].astype(np.int64), heads), users[heads]


def _lay_villages(ways: Ways) -> None:
    """Every village gets a road; one shared by many villages is a township road."""
    village = np.unique(ways.lattice.village)
    for bridges in (False, True):
        waiting = village[~ways.points()[village]]
        if len(waiting):
            pieces, users = _forest(ways, waiting, bridges=bridges)
            ways.lay(pieces[users >= 3], RANK["tertiary"])
            ways.lay(pieces[users < 3], RANK["unclassified"])


def _lay_loops(ways: Ways, rng: np.random.Generator) -> None:
    """Join neighbouring villages whose way to each other is a long way round."""
    lattice, village = ways.lattice, np.unique(ways.lattice.village)
    corners = Delaunay(lattice.xy[village]).simplices
    sides = np.unique(
        np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1), axis=0
    )
    crow = np.hypot(*(lattice.xy[village[sides[:, 0]]] - lattice.xy[village[sides[:, 1]]]).T)
    sides, crow = sides[crow < 4200.0], crow[crow < 4200.0]
    laid = lattice.graph(np.where(ways.rank != NONE, lattice.metres, np.inf))
    cost = np.where(ways.rank != NONE, lattice.effort * 0.4, lattice.effort)
    cost[lattice.bridge & (ways.rank == NONE)] = np.inf
    wanted = rng.random(len(sides)) < 0.75
    for number in np.unique(sides[:, 0]):
        mine = np.flatnonzero(sides[:, 0] == number)
        origin, ends = village[number], village[sides[mine, 1]]
        by_road = dijkstra(laid, indices=origin, limit=14_000.0)[ends]
        far = ends[(by_road > 1.9 * crow[mine]) & wanted[mine]]
        if len(far):
            metres, before = dijkstra(
                lattice.graph(cost), indices=origin, limit=9000.0, return_predecessors=True
            )
            pieces = _pieces_back(lattice, before, far[np.isfinite(metres[far])])
            ways.lay(pieces, RANK["unclassified"])
            cost[pieces] = lattice.effort[pieces] * 0.4


def _lay_hamlets(ways: Ways, rng: np.random.Generator) -> None:
    """Hamlets at points still empty; their last stretch is often a track."""
    lattice = ways.lattice
    outside = np.ones(len(lattice.xy), bool)
    inside = lattice.grid >= 0
    outside[lattice.tail[inside]] = outside[lattice.head[inside]] = False
    empty = np.flatnonzero(outside & ~ways.points())
    chance = np.clip(0.78 - lattice.height[empty] / 900.0, 0.22, 0.74)
    pieces, users = _forest(ways, empty[rng.random(len(empty)) < chance], bridges=False)
    leaf = (users == 1) & (rng.random(len(pieces)) < 0.3)
    ways.lay(pieces[~leaf], RANK["unclassified"])
    high = lattice.height[lattice.head[pieces]] > 330.0
    ways.lay(pieces[leaf & ~high], RANK["track"])
    ways.lay(pieces[leaf & high], RANK["path"])


def _lay_shortcuts(ways: Ways, rng: np.random.Generator) -> None:
    """A few field tracks that close loops."""
    lattice, on = ways.lattice, ways.points()
    free = (ways.rank == NONE) & ~lattice.bridge & (lattice.grid < 0) & on[lattice.tail] & on[lattice.head]
    pieces = np.flatnonzero(free & (lattice.metres < 900.0))
    pieces = pieces[rng.random(len(pieces)) < 0.09]
    ways.lay(pieces, RANK["track"])


def _lay_streets(settled: Settled, ways: Ways, rng: np.random.Generator) -> None:
    """Fill the town grids: avenues, residential streets, some of them one-way, some never built."""
    lattice = ways.lattice
    for number, grid in enumerate(settled.grids):
        mine = np.flatnonzero((lattice.grid == number) & ~(lattice.bridge & (ways.rank == NONE)))
        line = lattice.line[mine]
        middle = (int(grid.row[grid.centre]), int(grid.column[grid.centre]))
        offset = np.where(line % 2 == 0, line // 2 - middle[0], line // 2 - middle[1])
        avenue = offset % (4 if grid.city else 50) == 0
        gone = ~avenue & (rng.random(len(mine)) < (0.07 if grid.city else 0.13)) & (ways.rank[mine] == NONE)
        ways.lay(mine[avenue], RANK["tertiary"])
        rest = mine[~avenue & ~gone]
        small = np.isin(lattice.line[rest] // 2 % 7, (3,)) & (rng.random(len(rest)) < 0.6)
        ways.lay(rest[~small], RANK["residential"])
        ways.lay(rest[small], RANK["living_street"])
        _join_grid(ways, mine[gone])
        for piece, text in zip(mine, street_names(lattice, grid, mine, offset, rng), strict=True):
            ways.name[piece] = ways.name_of(text)
        if grid.city:
            oneway = (ways.rank[mine] >= RANK["residential"]) & (offset % 4 % 2 == 1) & (line // 2 % 3 != 0)
            ways.way[mine[oneway]] = np.where(offset[oneway] % 4 == 1, 1, -1)


def _join_grid(ways: Ways, gone: NDArray[np.int64]) -> None:
    """Build those of the missing streets after all without which a corner would be cut off."""
    lattice = ways.lattice
    part = connected_components(_laid(ways), directed=False)[1]
    for piece in gone:
        a, b = part[lattice.tail[piece]], part[lattice.head[piece]]
        if a != b:
            ways.rank[piece] = RANK["residential"]
            part = np.where(part == b, a, part)


def _laid(ways: Ways) -> csr_array:
    """The roads laid so far, as a graph."""
    return ways.lattice.graph(np.where(ways.rank != NONE, 1.0, np.inf))


def _drop_strays(ways: Ways, rng: np.random.Generator) -> None:
    """Keep the main network; then add a few forest tracks that really join nothing."""
    lattice = ways.lattice
    part = connected_components(_laid(ways), directed=False)[1]
    on = ways.points()
    main = np.bincount(part[on]).argmax()
    stray = (ways.rank != NONE) & (part[lattice.tail] != main)
    ways.rank[stray], ways.name[stray], ways.way[stray] = NONE, -1, 0
    by_car = lattice.graph(np.where(ways.rank < RANK["track"], 1.0, np.inf))
    part = connected_components(by_car, directed=False)[1]
    beyond = (ways.rank < RANK["track"]) & (part[lattice.tail] != part[lattice.seat[0]])
    ways.rank[beyond] = RANK["track"]  # beyond a track there is only track
    on = ways.points()
    alone = np.flatnonzero(
        ~on[lattice.tail] & ~on[lattice.head] & (lattice.height[lattice.tail] > 250.0) & (lattice.grid < 0)
    )
    for piece in rng.permutation(alone)[:4]:
        ways.rank[piece] = RANK["track"]
