"""Seeded roads of any size, for measuring: ``road_network(nodes, seed)``.

A bent grid of streets thinned at random until its junctions are as often dead ends, three-ways
and crossings as in OpenStreetMap extracts; through roads that run on; dual carriageways with few
interchanges; rivers with few bridges; one-way streets and forbidden turns. All invented: it says
nothing about any place, only about how long a computer takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dispatch.errors import BadInput
from dispatch.roads.network import BACKWARD, CLASSES, FORWARD, PROFILE_BIT, Network
from dispatch.roads.plane import metres_between

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SPACING_DEGREES = 0.0035  # some 350 m between lines of the grid
SOUTH_WEST = (110.0, 21.5)
FEWEST_NODES, MOST_NODES = 500, 4_000_000
NODES_KEPT = 0.64  # of the grid's crossings, first guess: the rest is cut off, or only a bend
LINE_CLASSES = {"primary": 0.07, "secondary": 0.08, "tertiary": 0.10}
"""Share of the grid's lines that are through roads of a class."""
LOCAL_CLASSES = {"unclassified": 0.35, "residential": 0.40, "service": 0.18, "track": 0.07}
DUAL_CLASSES = {"motorway": (160, 24), "trunk": (80, 6)}
"""Two lines of so many are a dual carriageway, which others meet at one line of so many."""
BLOCK_LINES = 12
RIVER_EVERY, BRIDGED = 90, 0.6
THROUGH_KEPT, LOCAL_KEPT_LOW, LOCAL_KEPT_HIGH = 0.93, 0.40, 0.62
ONE_WAY_STREETS, RESTRICTED_JUNCTIONS = 0.04, 0.005


@dataclass(frozen=True, slots=True)
class _Streets:
    """Straight streets (s) between crossings (c) of a grid, before bends are joined.

    `way` is 0 for both directions, 1 for tail to head, -1 for head to tail; `line` numbers
    the grid's line the street is part of, columns after rows.
    """

    lon: Floats
    lat: Floats
    tail: Integers
    head: Integers
    line: Integers
    road_class: Integers
    way: Integers


def road_network(nodes: int, seed: int = 1) -> Network:
    """Exactly `nodes` junctions of invented roads; the same seed gives the same roads.

    Raises
    ------
    BadInput
        `nodes` is not between 500 and 4,000,000.

    Notes
    -----
    Memory and seconds grow with `nodes`: a million takes some ten seconds and 1.5 GB.
    """
    if not FEWEST_NODES <= nodes <= MOST_NODES:
        raise BadInput(f"{nodes} junctions asked for, expected {FEWEST_NODES} to {MOST_NODES}")
    streets, bend = _streets_for(nodes, seed)
    rng = np.random.default_rng(seed + 1)
    joined = np.zeros(len(bend), np.bool_)
    joined[rng.permutation(np.flatnonzero(bend))[: len(bend) - nodes]] = True
    return _network(streets, joined, rng)


def _streets_for(nodes: int, seed: int) -> tuple[_Streets, Flags]:
    """Streets whose crossings, all but few of their bends joined, are as many as asked for."""
    crossings = nodes / NODES_KEPT
    for attempt in range(40):
        streets = _largest_piece(_streets(ceil(np.sqrt(crossings)), np.random.default_rng(seed)))
        bend = _bends(streets)
        least = len(bend) - int(bend.sum())
        fewest = nodes * 0.95 * 0.98**attempt  # a small grid grows in large steps: ask for less each time
        if fewest <= least <= nodes <= len(bend):
            return streets, bend
        crossings *= (nodes + fewest) / 2 / least
    raise BadInput(f"no grid of streets gives {nodes} junctions with seed {seed}; try another seed")


def _streets(side: int, rng: np.random.Generator) -> _Streets:
    """Which streets of a side × side grid there are, of what class, open which way."""
    number = np.arange(side * side).reshape(side, side)
    east = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    north = np.stack([number[:-1].ravel(), number[1:].ravel()])
    tail, head = np.concatenate([east, north], axis=1)
    along_row = np.arange(len(tail)) < east.shape[1]
    line = np.where(along_row, tail // side, side + tail % side)
    line_class, line_way, meets = _lines(side, rng)
    block = (side // BLOCK_LINES + 1) * (tail // side // BLOCK_LINES) + tail % side // BLOCK_LINES
    local = rng.choice(
        list(map(CLASSES.index, LOCAL_CLASSES)), size=len(tail), p=list(LOCAL_CLASSES.values())
    )
    road_class = np.where(line_class[line] >= 0, line_class[line], local[block])
    town = _town_share(tail % side, tail // side, rng)
    chance = LOCAL_KEPT_LOW + (LOCAL_KEPT_HIGH - LOCAL_KEPT_LOW) * town
    chance = np.where(line_class[line] >= 0, THROUGH_KEPT, chance)
    secondary = CLASSES.index("secondary")
    wet = _crosses_river(along_row, tail % side, tail // side, side, rng)
    chance = np.where(wet, np.where(road_class <= secondary, BRIDGED, 0.0), chance)
    way = line_way[line]
    chance = np.where(way != 0, 1.0, chance)
    for end in (tail, head):  # a dual carriageway is met at its interchanges only
        crossed = np.where(along_row, side + end % side, end // side)
        chance = np.where((way == 0) & (line % meets[crossed] > 0), 0.0, chance)
    street = (line_class[line] < 0) & (rng.random(len(tail)) < ONE_WAY_STREETS)
    way = np.where(street, rng.choice([-1, 1], size=len(tail)), way)
    kept = rng.random(len(tail)) < chance
    lon, lat = _places(side, rng)
    return _Streets(lon, lat, tail[kept], head[kept], line[kept], road_class[kept], way[kept])


def _lines(side: int, rng: np.random.Generator) -> tuple[Integers, Integers, Integers]:
    """Class of every row and column (-1: local streets), its direction, and at which lines others meet it."""
    shares = [*LINE_CLASSES.values(), 1 - sum(LINE_CLASSES.values())]
    line_class = rng.choice([*map(CLASSES.index, LINE_CLASSES), -1], size=2 * side, p=shares)
    way, meets = np.zeros(2 * side, dtype=np.int64), np.ones(2 * side, dtype=np.int64)
    within = np.arange(2 * side) % side
    for name, (every, interchange) in reversed(DUAL_CLASSES.items()):
        for step, direction in ((0, 1), (1, -1)):
            carriageway = within % every == every // 4 + step
            line_class[carriageway], way[carriageway] = CLASSES.index(name), direction
            meets[carriageway] = interchange
    return line_class, way, meets


def _town_share(column: Integers, row: Integers, rng: np.random.Generator) -> Floats:
    """0 in open country to 1 in a town, smooth over some tens of streets."""
    waves = rng.uniform(20, 60, size=6)
    turns, starts = rng.uniform(0, 2 * np.pi, size=6), rng.uniform(0, 2 * np.pi, size=6)
    height = np.zeros(len(column))
    for wave, turn, start in zip(waves, turns, starts, strict=True):
        height += np.sin((column * np.cos(turn) + row * np.sin(turn)) * 2 * np.pi / wave + start)
    return 1 / (1 + np.exp(-1.5 * height))


def _crosses_river(
    along_row: Flags, column: Integers, row: Integers, side: int, rng: np.random.Generator
) -> Flags:
    """Streets that step over a river; rivers wander north and east, one every so many lines."""
    wet = np.zeros(len(column), dtype=np.bool_)
    for middle in range(RIVER_EVERY // 2, side, RIVER_EVERY):
        for over, at, beside in ((along_row, column, row), (~along_row, row, column)):
            bed = middle + np.cumsum(rng.choice([-1, 0, 1], size=side, p=[0.2, 0.6, 0.2]))
            wet |= over & (at == bed[beside])
            # where the bed steps aside it also lies across the streets that run along it
            low, high = np.minimum(bed[:-1], bed[1:]), np.maximum(bed[:-1], bed[1:])
            step = np.minimum(beside, side - 2)
            wet |= ~over & (beside < side - 1) & (at > low[step]) & (at <= high[step])
    return wet


def _places(side: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Where the crossings lie: the grid stretched and squeezed by long waves, each moved a little."""
    row, column = np.divmod(np.arange(side * side), side)
    axes = []
    for along, across in ((column, row), (row, column)):
        wave, start = rng.uniform(40, 70), rng.uniform(0, 2 * np.pi)
        bent = along + 0.75 * wave / (2 * np.pi) * np.sin(2 * np.pi * along / wave + start)
        bent = bent + 3 * np.sin(2 * np.pi * across / rng.uniform(80, 120))
        axes.append(bent + rng.uniform(-0.12, 0.12, size=len(along)))
    return SOUTH_WEST[0] + SPACING_DEGREES * axes[0], SOUTH_WEST[1] + SPACING_DEGREES * axes[1]


def _largest_piece(streets: _Streets) -> _Streets:
    """Only what hangs together, whatever the one-ways; crossings numbered anew."""
    count = len(streets.lon)
    graph = coo_array(
        (np.ones(len(streets.tail), np.int8), (streets.tail, streets.head)), shape=(count, count)
    )
    _, label = connected_components(graph.tocsr(), directed=False)
    within = label == np.bincount(label).argmax()
    number = np.cumsum(within) - 1
    kept = within[streets.tail]
    return _Streets(
        streets.lon[within], streets.lat[within],
        number[streets.tail[kept]], number[streets.head[kept]],
        streets.line[kept], streets.road_class[kept], streets.way[kept],
    )  # fmt: skip


def _leaving(streets: _Streets) -> Integers:
    """The crossing each half-street leaves: 2s runs from s's tail to its head, 2s + 1 back."""
    return np.column_stack([streets.tail, streets.head]).ravel()


def _twins(streets: _Streets, degree: Integers) -> tuple[Integers, Integers]:
    """The two half-streets that leave each crossing of two streets."""
    leaves = _leaving(streets)
    half = np.flatnonzero(degree[leaves] == 2)
    half = half[np.argsort(leaves[half], kind="stable")]
    return half[::2], half[1::2]


def _bends(streets: _Streets) -> Flags:
    """Crossings where one street only runs on as another of its class and direction."""
    degree = np.bincount(_leaving(streets), minlength=len(streets.lon))
    one, other = _twins(streets, degree)
    outward = np.column_stack([streets.way, -streets.way]).ravel()
    alike = (streets.road_class[one // 2] == streets.road_class[other // 2]) & (
        outward[one] == -outward[other]
    )
    bends = np.zeros(len(streets.lon), np.bool_)
    bends[_leaving(streets)[one[alike]]] = True
    return bends


def _chains(streets: _Streets, joined: Flags) -> tuple[Integers, Integers, Integers]:
    """Half-streets in the order they are driven, which chain each is in, and each chain's last.

    A chain runs between two crossings that stay; of its two directions the one that starts
    with the lower half-street is kept.
    """
    leaves = _leaving(streets)
    degree = np.bincount(leaves, minlength=len(streets.lon))
    one, other = _twins(streets, degree)
    onward = np.full(len(leaves), -1)
    bend = joined[leaves[one]]
    onward[one[bend] ^ 1], onward[other[bend] ^ 1] = other[bend], one[bend]
    start = np.flatnonzero(~joined[leaves])
    last, chain, half = start.copy(), np.arange(len(start)), start
    order: list[tuple[Integers, Integers]] = []
    while len(half):
        order.append((chain, half))
        last[chain] = half
        chain, half = chain[onward[half] >= 0], onward[half][onward[half] >= 0]
    chains = np.concatenate([chain for chain, _ in order])
    halves = np.concatenate([half for _, half in order])
    kept = start < (last ^ 1)
    number = np.cumsum(kept) - 1
    part = kept[chains]
    chains, halves = number[chains[part]], halves[part]
    sort = np.argsort(chains, kind="stable")
    return halves[sort], chains[sort], last[kept]


def _network(streets: _Streets, joined: Flags, rng: np.random.Generator) -> Network:
    """Chains of streets as edges, with their drawn lines, access and forbidden turns."""
    half, chain, last = _chains(streets, joined)
    leaves = _leaving(streets)
    first = half[np.searchsorted(chain, np.arange(len(last)))]
    number = np.cumsum(~joined) - 1
    x, y, start = _drawn(streets, half, chain, len(last), rng)
    metres = metres_between(x[:-1], y[:-1], x[1:], y[1:])
    metres[start[1:-1] - 1] = 0.0  # from the end of one line to the begin of the next
    of = first // 2
    way = np.where(first % 2 == 0, streets.way[of], -streets.way[of])
    road_class = streets.road_class[of]
    named = road_class <= CLASSES.index("tertiary")
    lines, name = np.unique(streets.line[of], return_inverse=True)
    edge_from, edge_to = number[leaves[first]], number[leaves[last ^ 1]]
    turns = _forbidden_turns(edge_from, edge_to, rng)
    return Network(
        node_lon=streets.lon[~joined],
        node_lat=streets.lat[~joined],
        edge_from=edge_from.astype(np.int32),
        edge_to=edge_to.astype(np.int32),
        edge_length_metres=np.add.reduceat(metres, start[:-1]).astype(np.float32),
        edge_class=road_class.astype(np.uint8),
        edge_access=_access(way, road_class),
        edge_maxspeed_kmh=np.full(len(of), np.nan, np.float32),
        edge_name=np.where(named, name, -1).astype(np.int32),
        edge_osm_id=np.arange(1, len(of) + 1),
        names=np.array([f"X{line:04d}" for line in lines]),
        shape_start=start,
        shape_lon=x,
        shape_lat=y,
        **turns,
    )


def _drawn(
    streets: _Streets, half: Integers, chain: Integers, chains: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Integers]:
    """Lines of all chains: each street from its first crossing over a middle point a little aside."""
    leaves = _leaving(streets)
    tail, head = leaves[half], leaves[half ^ 1]
    ends = np.append(np.diff(chain) != 0, True)
    per_street = np.where(ends, 3, 2)
    begin = np.cumsum(per_street) - per_street
    aside = rng.normal(0, 0.06, size=(len(streets.tail), 2))[half // 2]
    axes = []
    for axis, place in enumerate((streets.lon, streets.lat)):
        drawn = np.empty(int(per_street.sum()))
        drawn[begin] = place[tail]
        drawn[begin + 1] = (place[tail] + place[head]) / 2 + SPACING_DEGREES * aside[:, axis]
        drawn[begin[ends] + 2] = place[head[ends]]
        axes.append(drawn)
    start = np.concatenate(
        [[0], np.cumsum(np.bincount(chain, per_street, minlength=chains).astype(np.int64))]
    )
    return axes[0], axes[1], start


def _access(way: Integers, road_class: Integers) -> NDArray[np.uint8]:
    """Direction bits: carriageways bind everyone and bar walkers, one-way streets only drivers."""
    driven = FORWARD["car"] | FORWARD["motorcycle"], BACKWARD["car"] | BACKWARD["motorcycle"]
    walked = np.where(road_class == CLASSES.index("motorway"), 0, FORWARD["foot"] | BACKWARD["foot"])
    return (driven[0] * (way >= 0) + driven[1] * (way <= 0) + walked).astype(np.uint8)


def _forbidden_turns(edge_from: Integers, edge_to: Integers, rng: np.random.Generator) -> dict[str, Any]:
    """One forbidden turn at some of the junctions of three streets or more."""
    node = np.concatenate([edge_from, edge_to])
    edge = np.tile(np.arange(len(edge_from)), 2)
    order = np.argsort(node, kind="stable")
    degree = np.bincount(node)
    low = np.cumsum(degree) - degree
    busy = np.flatnonzero(degree >= 3)
    via = np.sort(rng.choice(busy, size=max(1, round(len(busy) * RESTRICTED_JUNCTIONS)), replace=False))
    out = rng.integers(degree[via])
    into = (out + 1 + rng.integers(degree[via] - 1)) % degree[via]
    return {
        "turn_from_edge": edge[order[low[via] + out]].astype(np.int32),
        "turn_via_node": via.astype(np.int32),
        "turn_to_edge": edge[order[low[via] + into]].astype(np.int32),
        "turn_only": np.zeros(len(via), np.bool_),
        "turn_profiles": np.full(len(via), PROFILE_BIT["car"] | PROFILE_BIT["motorcycle"], np.uint8),
    }
