"""From laid pieces to a road network: chains between junctions, drawn as winding lines, expressways added."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from dispatch.roads.network import BACKWARD, FORWARD, Network
from practice.land import Points, Waves, spline, to_lonlat
from practice.lattice import Lattice
from practice.ways import NONE, RANK, Ways

_GEOD = Geod(ellps="WGS84")
_BENDS = [(Waves(301, 1400.0), Waves(302, 1400.0), 62.0), (Waves(303, 420.0), Waves(304, 420.0), 15.0)]

ALL = sum(FORWARD.values()) + sum(BACKWARD.values())
ACCESS = {
    "motorway": FORWARD["car"],
    "track": ALL - FORWARD["car"] - BACKWARD["car"],
    "path": FORWARD["foot"] + BACKWARD["foot"],
}
ONE_WAY = FORWARD["car"] + FORWARD["motorcycle"] + FORWARD["foot"] + BACKWARD["foot"]
SIGNED_KMH = {"trunk": 80.0, "primary": 70.0, "secondary": 60.0}


@dataclass
class Roads:
    """Edges being collected; lines are in metres, ends included; `ends` number `nodes`."""

    nodes: list[tuple[float, float]] = field(default_factory=list)
    ends: list[tuple[int, int]] = field(default_factory=list)
    lines: list[Points] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)
    access: list[int] = field(default_factory=list)
    kmh: list[float] = field(default_factory=list)
    name: list[str] = field(default_factory=list)

    def node(self, xy: Points) -> int:
        """A new junction."""
        self.nodes.append((float(xy[0]), float(xy[1])))
        return len(self.nodes) - 1

    def edge(self, a: int, b: int, line: Points, *, rank: int, access: int, kmh: float, name: str) -> None:
        """A new edge from junction a to b; the line's ends are set on the junctions."""
        line = np.array(line, float)
        line[0], line[-1] = self.nodes[a], self.nodes[b]
        self.ends.append((a, b))
        self.lines.append(line)
        self.rank.append(rank)
        self.access.append(access)
        self.kmh.append(kmh)
        self.name.append(name)


def bend(xy: Points, calm: cKDTree, height: NDArray[np.float64]) -> Points:
    """Shift points by a smooth field, so that roads wind; streets (`calm`) stay where they are."""
    near = calm.query(xy)[0]
    ease = np.clip((near - 60.0) / 900.0, 0.0, 1.0) * np.clip(0.85 + height / 700.0, 0.85, 1.6)
    shift = sum(np.column_stack([a(xy), b(xy)]) * size for a, b, size in _BENDS)
    return np.asarray(np.round(xy + shift * ease[:, None], 2))


def build_chains(ways: Ways, calm: cKDTree) -> tuple[Roads, NDArray[np.int64]]:
    """Edges between junctions, and the junction of each lattice point (-1 for none)."""
    lattice = ways.lattice
    laid = np.flatnonzero(ways.rank != NONE)
    kept = _junctions(ways, laid)
    roads, number = Roads(), np.full(len(lattice.xy), -1)
    placed = bend(lattice.xy[kept], calm, lattice.height[kept])
    for point, xy in zip(kept, placed, strict=True):
        number[point] = roads.node(xy)
    around: dict[int, list[int]] = {}
    for piece in laid:
        around.setdefault(int(lattice.tail[piece]), []).append(int(piece))
        around.setdefault(int(lattice.head[piece]), []).append(int(piece))
    used: set[int] = set()
    for point in kept:
        for piece in around[int(point)]:
            if piece not in used:
                chain, pieces = _follow(lattice, int(point), piece, number, around)
                used.update(pieces)
                _add_chain(roads, ways, chain=chain, pieces=pieces, number=number, calm=calm)
    return roads, number


def _junctions(ways: Ways, laid: NDArray[np.int64]) -> NDArray[np.int64]:
    """Points where roads meet, end or change, and those where people live."""
    lattice = ways.lattice
    ends = np.concatenate([lattice.tail[laid], lattice.head[laid]])
    kind = np.tile(
        ways.rank[laid].astype(np.int64) * 10_000_000 + (ways.name[laid] + 1) * 10 + ways.way[laid] + 1, 2
    )
    size = len(lattice.xy)
    degree = np.bincount(ends, minlength=size)
    low, high = np.full(size, np.iinfo(np.int64).max), np.full(size, -1)
    np.minimum.at(low, ends, kind)
    np.maximum.at(high, ends, kind)
    keep = (degree > 0) & ((degree != 2) | (low != high))
    keep[lattice.village] |= degree[lattice.village] > 0
    keep[lattice.seat] |= degree[lattice.seat] > 0
    return np.flatnonzero(keep)


def _follow(
    lattice: Lattice, start: int, piece: int, number: NDArray[np.int64], around: dict[int, list[int]]
) -> tuple[list[int], list[int]]:
    """Walk from a junction along `piece` to the next junction: points and pieces passed."""
    chain, pieces = [start], [piece]
    while True:
        here = int(lattice.head[piece] if lattice.tail[piece] == chain[-1] else lattice.tail[piece])
        chain.append(here)
        if number[here] >= 0:
            return chain, pieces
        piece = next(one for one in around[here] if one != piece)
        pieces.append(piece)


def _add_chain(
    roads: Roads, ways: Ways, *, chain: list[int], pieces: list[int], number: NDArray[np.int64], calm: cKDTree
) -> None:
    lattice, first = ways.lattice, pieces[0]
    rank, grid = int(ways.rank[first]), bool(lattice.grid[first] >= 0)
    xy = lattice.xy[chain]
    if len(xy) > 3 and not grid and chain[0] != chain[-1]:
        for _ in range(2 if rank <= RANK["secondary"] else 1):
            xy[1:-1] = 0.5 * xy[1:-1] + 0.25 * (xy[:-2] + xy[2:])
    if not grid:
        xy = spline(xy, 110.0)
        height = np.interp(np.linspace(0, 1, len(xy)), [0, 1], lattice.height[[chain[0], chain[-1]]])
        xy = bend(xy, calm, height)
    kind = next(name for name, value in RANK.items() if value == rank)
    access, way = ACCESS.get(kind, ALL), int(ways.way[first])
    if way:
        access = ONE_WAY
        if way != (1 if lattice.tail[first] == chain[0] else -1):
            chain, xy = chain[::-1], xy[::-1]
    kmh = SIGNED_KMH.get(kind, np.nan) if not grid else (40.0 if rank <= RANK["tertiary"] else np.nan)
    name = ways.names[ways.name[first]] if ways.name[first] >= 0 else ""
    ends = int(number[chain[0]]), int(number[chain[-1]])
    roads.edge(*ends, xy, rank=rank, access=access, kmh=kmh, name=name)


def open_dead_ends(roads: Roads) -> None:
    """Make one-way streets two-way where a car could not come back from them."""
    streets = np.array(roads.rank) != RANK["motorway"]
    for _ in range(50):
        ends, access = np.array(roads.ends), np.array(roads.access)
        forth, back = (access & FORWARD["car"]) > 0, (access & BACKWARD["car"]) > 0
        tail = np.concatenate([ends[forth, 0], ends[back, 1]])
        head = np.concatenate([ends[forth, 1], ends[back, 0]])
        graph = csr_array((np.ones(len(tail)), (tail, head)), shape=(len(roads.nodes),) * 2)
        part = connected_components(graph, connection="strong")[1]
        main = part == np.bincount(part).argmax()
        trapped = streets & (access == ONE_WAY) & ~(main[ends[:, 0]] & main[ends[:, 1]])
        if not trapped.any():
            return
        for edge in np.flatnonzero(trapped):
            roads.access[edge] = ALL


def to_network(roads: Roads) -> Network:
    """Columns on disk: degrees, lengths on the ellipsoid, shapes thinned to 4 m."""
    thin = shapely.simplify(np.array([shapely.linestrings(line) for line in roads.lines]), 4.0)
    counts = shapely.get_num_coordinates(thin)
    start = np.concatenate([[0], np.cumsum(counts)])
    shape = to_lonlat(shapely.get_coordinates(thin))
    hop = np.zeros(len(shape))
    hop[1:] = _GEOD.inv(shape[:-1, 0], shape[:-1, 1], shape[1:, 0], shape[1:, 1])[2]
    hop[start[:-1]] = 0.0
    names = sorted({name for name in roads.name if name})
    number = {name: i for i, name in enumerate(names)}
    ends, nodes = np.array(roads.ends, np.int32), to_lonlat(np.array(roads.nodes))
    return Network(
        node_lon=nodes[:, 0],
        node_lat=nodes[:, 1],
        edge_from=ends[:, 0].copy(),
        edge_to=ends[:, 1].copy(),
        edge_length_metres=np.round(np.maximum(np.add.reduceat(hop, start[:-1]), 1.0), 1).astype(np.float32),
        edge_class=np.array(roads.rank, np.uint8),
        edge_access=np.array(roads.access, np.uint8),
        edge_maxspeed_kmh=np.array(roads.kmh, np.float32),
        edge_name=np.array([number.get(name, -1) for name in roads.name], np.int32),
        edge_osm_id=-1 - np.arange(len(ends), dtype=np.int64),  # negative: not from OpenStreetMap
        names=np.array(names),
        shape_start=start.astype(np.int64),
        shape_lon=shape[:, 0].copy(),
        shape_lat=shape[:, 1].copy(),
    )
