"""Ways become a network: cut at junctions, joined where nothing changes, barriers built in.

A point of a way is a junction where other than two stretches meet, or where class, access,
limit or name change. Everything between two junctions is one edge, its drawn line kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.barriers import with_barriers
from dispatch.roads.network import BACKWARD, FORWARD, Network
from dispatch.roads.pieces import drop_loose, keep_turns
from dispatch.roads.plane import metres_between
from dispatch.roads.turns import Stretches, Turns, edges_of

Integers = NDArray[np.int64]
AHEAD, BACK = sum(FORWARD.values()), sum(BACKWARD.values())
FAR_DEGREES, FAR_TIMES = 1.0, 6.0
"""A point lies outside when it is farther from the middle than both say: 6 × the usual."""


@dataclass(frozen=True, slots=True)
class Ways:
    """Ways (w) as columns, their points numbered into `lon` and `lat` (NaN: place unknown).

    Way i passes `node[start[i]:start[i + 1]]`. `name` numbers `names`, -1 none.
    `barrier_node` (b) are points with something across the way; `barrier_access` (b) the
    bits of those who pass. `turns` restricts turns at points from way to way.
    """

    start: Integers
    node: Integers
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    road_class: NDArray[np.uint8]
    access: NDArray[np.uint8]
    maxspeed_kmh: NDArray[np.float32]
    name: NDArray[np.int32]
    osm_id: Integers
    roundabout: NDArray[np.bool_]
    names: tuple[str, ...]
    barrier_node: Integers
    barrier_access: NDArray[np.uint8]
    turns: Turns = field(default_factory=Turns)


@dataclass(frozen=True, slots=True)
class _Segments:
    """Straight pieces (s) of ways, in the order they are drawn."""

    tail: Integers
    head: Integers
    way: Integers


def simplify(ways: Ways) -> tuple[Network, Counter[str]]:
    """The network of all ways, and how many things were dropped by what name."""
    dropped: Counter[str] = Counter()
    ways = _blank_far_points(ways, dropped)
    segments = _segments(ways, dropped)
    chains = _chains(ways, segments)
    network, point = _network(ways, segments, chains)
    network = _with_turns(network, point, ways.turns, _stretches(ways, segments, chains), dropped)
    network = with_barriers(network, point, ways.barrier_node, ways.barrier_access)
    network = _without_split_turns(network, dropped)
    return drop_loose(network, dropped), dropped


def _blank_far_points(ways: Ways, dropped: Counter[str]) -> Ways:
    """Points on the wrong continent lose their place, so that ways break there."""
    known = np.isfinite(ways.lon) & np.isfinite(ways.lat)
    if not known.any():
        return ways
    away = np.maximum(
        np.abs(ways.lon - np.median(ways.lon[known])), np.abs(ways.lat - np.median(ways.lat[known]))
    )
    usual = float(np.percentile(away[known], 90))
    far = known & (away > max(FAR_DEGREES, FAR_TIMES * usual))
    dropped["nodes_outside"] += int(far.sum())
    return replace(ways, lon=np.where(far, np.nan, ways.lon), lat=np.where(far, np.nan, ways.lat))


def _segments(ways: Ways, dropped: Counter[str]) -> _Segments:
    lengths = np.diff(ways.start)
    way = np.repeat(np.arange(len(lengths)), lengths)
    tail, head = ways.node[:-1], ways.node[1:]
    known = np.isfinite(ways.lon) & np.isfinite(ways.lat)
    dropped["nodes_missing"] += int((~known).sum()) - dropped["nodes_outside"]
    keep = (way[:-1] == way[1:]) & (tail != head) & known[tail] & known[head]
    return _Segments(tail[keep], head[keep], way[:-1][keep])


def _signature(ways: Ways) -> Integers:
    """One number for all that must be equal for two ways to be one edge."""
    speed = np.nan_to_num(ways.maxspeed_kmh, nan=-1.0)
    table = np.column_stack([ways.road_class, ways.access, np.rint(speed), ways.name, ways.roundabout])
    table = table.astype(np.int64)
    if not len(table):
        return np.zeros(0, np.int64)
    return np.unique(table, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _junctions(ways: Ways, segments: _Segments) -> NDArray[np.bool_]:
    """Which points end edges, shape (points,)."""
    count, points = len(segments.tail), len(ways.lon)
    half = np.concatenate([segments.tail, segments.head])
    is_junction: NDArray[np.bool_] = np.bincount(half, minlength=points) != 2
    order = np.argsort(half, kind="stable")
    order = order[~is_junction[half[order]]]
    one, other = order[0::2], order[1::2]
    sign = _signature(ways)[segments.way]
    differs = sign[one % count] != sign[other % count]
    access = ways.access[segments.way[one % count]]
    two_way = (access & AHEAD) << 1 == (access & BACK)
    clash = ((one < count) == (other < count)) & ~two_way  # both leave it, or both arrive
    is_junction[half[one[differs | clash]]] = True
    is_junction[ways.barrier_node] = True
    is_junction[ways.turns.via] = True
    return is_junction


@dataclass(frozen=True, slots=True)
class _Chains:
    """Edges to be: chain c is made of parts `start[c]:start[c + 1]`.

    A part is a run of segments `first`, `count` long, driven against its drawing where
    `flipped`.
    """

    start: Integers
    first: Integers
    count: Integers
    flipped: NDArray[np.bool_]


def _chains(ways: Ways, segments: _Segments) -> _Chains:
    total = len(segments.tail)
    is_junction = _junctions(ways, segments)
    same = (segments.way[1:] == segments.way[:-1]) & (segments.tail[1:] == segments.head[:-1])
    begins = np.concatenate([[True], ~same | is_junction[segments.tail[1:]]])[:total]
    first = np.flatnonzero(begins)
    count = np.diff(np.append(first, total))
    tail, head = segments.tail[first], segments.head[first + count - 1]
    loose_tail, loose_head = ~is_junction[tail], ~is_junction[head]
    alone = ~loose_tail & ~loose_head | (tail == head)
    order: list[tuple[int, bool]] = [(int(part), False) for part in np.flatnonzero(alone)]
    start = list(range(len(order) + 1))
    for chain in _joined(tail, head, loose_tail, loose_head, np.flatnonzero(~alone)):
        order.extend(chain)
        start.append(len(order))
    parts = np.array([part for part, _ in order], dtype=np.int64)
    flipped = np.array([back for _, back in order], dtype=bool)
    return _Chains(np.array(start), first[parts], count[parts], flipped)


def _joined(
    tail: Integers,
    head: Integers,
    loose_tail: NDArray[np.bool_],
    loose_head: NDArray[np.bool_],
    parts: Integers,
) -> Iterator[list[tuple[int, bool]]]:
    """Parts that go on across the end of a way, strung together; rings start anywhere."""
    meeting: dict[int, list[int]] = {}
    for part in parts.tolist():
        for loose, node in ((loose_tail[part], int(tail[part])), (loose_head[part], int(head[part]))):
            if loose:
                meeting.setdefault(node, []).append(part)
    seen: set[int] = set()
    ends = [part for part in parts.tolist() if not (loose_tail[part] and loose_head[part])]
    for begin in [*ends, *parts.tolist()]:
        if begin in seen:
            continue
        part, back = begin, bool(loose_tail[begin]) and not loose_head[begin]
        chain = []
        while True:
            seen.add(part)
            chain.append((part, back))
            node = int(tail[part] if back else head[part])
            following = [one for one in meeting.get(node, []) if one not in seen]
            if not following:
                break
            part = following[0]
            back = int(head[part]) == node
        yield chain


def _network(ways: Ways, segments: _Segments, chains: _Chains) -> tuple[Network, Integers]:
    """The network, and which point of the ways each of its junctions is."""
    tail, head, shape_start, shape_node = _lines(segments, chains)
    lead = chains.start[:-1]
    way = segments.way[chains.first[lead]] if len(lead) else np.zeros(0, np.int64)
    access = ways.access[way]
    access = np.where(chains.flipped[lead], swap_directions(access), access).astype(np.uint8)
    used, row = np.unique(np.concatenate([tail, head]), return_inverse=True)
    number: NDArray[np.int32] = np.reshape(row, -1).astype(np.int32)
    lon, lat = ways.lon[shape_node], ways.lat[shape_node]
    steps = metres_between(lon[:-1], lat[:-1], lon[1:], lat[1:])
    along = np.concatenate([[0.0], np.cumsum(steps)])
    metres = along[shape_start[1:] - 1] - along[shape_start[:-1]] if len(lead) else np.zeros(0)
    network = Network(
        node_lon=ways.lon[used],
        node_lat=ways.lat[used],
        edge_from=number[: len(tail)],
        edge_to=number[len(tail) :],
        edge_length_metres=metres.astype(np.float32),
        edge_class=ways.road_class[way],
        edge_access=access,
        edge_maxspeed_kmh=ways.maxspeed_kmh[way],
        edge_name=ways.name[way],
        edge_osm_id=ways.osm_id[way],
        edge_roundabout=ways.roundabout[way],
        names=np.array(ways.names, dtype=np.str_),
        shape_start=shape_start,
        shape_lon=lon,
        shape_lat=lat,
    )
    return network, used


def _lines(segments: _Segments, chains: _Chains) -> tuple[Integers, Integers, Integers, Integers]:
    """First and last point of each chain, and the points of all lines end to end."""
    if not len(chains.first):
        none = np.zeros(0, np.int64)
        return none, none, np.zeros(1, np.int64), none
    row, flipped, steps = _rows(chains)
    begin = np.where(flipped, segments.head[row], segments.tail[row])
    end = np.where(flipped, segments.tail[row], segments.head[row])
    last = end[steps[1:] - 1]
    shape_node = np.insert(begin, steps[1:], last)
    return begin[steps[:-1]], last, steps + np.arange(len(steps)), shape_node


def _rows(chains: _Chains) -> tuple[Integers, NDArray[np.bool_], Integers]:
    """Segments in the order chains drive them, which of them are flipped, where each chain begins."""
    within = np.arange(chains.count.sum()) - np.repeat(np.cumsum(chains.count) - chains.count, chains.count)
    flipped = np.repeat(chains.flipped, chains.count)
    first, count = np.repeat(chains.first, chains.count), np.repeat(chains.count, chains.count)
    row = np.where(flipped, first + count - 1 - within, first + within)
    return row, flipped, np.concatenate([[0], np.cumsum(chains.count)])[chains.start]


def swap_directions(access: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Access bits of an edge drawn the other way round."""
    return ((access & AHEAD) << 1 | (access & BACK) >> 1).astype(np.uint8)


def _stretches(ways: Ways, segments: _Segments, chains: _Chains) -> Stretches:
    """The segments with the edge each has become part of."""
    row, _, steps = _rows(chains)
    edge = np.zeros(len(segments.tail), np.int64)
    edge[row] = np.repeat(np.arange(len(chains.start) - 1), np.diff(steps))
    return Stretches(segments.tail, segments.head, segments.way, ways.access[segments.way], edge)


def _with_turns(
    network: Network, point: Integers, restrictions: Turns, stretches: Stretches, dropped: Counter[str]
) -> Network:
    """The network with its restrictions, from edge to edge; `point` as `_network` gives it."""
    if not len(restrictions.via) or not network.edge_count:
        return network
    (out, into), turns = edges_of(restrictions, stretches, dropped)
    node = np.searchsorted(point, turns.via)
    table = np.column_stack([out, node, into, turns.only, turns.profiles]).astype(np.int64)
    table = np.unique(table, axis=0)
    return replace(
        network,
        turn_from_edge=table[:, 0].astype(np.int32),
        turn_via_node=table[:, 1].astype(np.int32),
        turn_to_edge=table[:, 2].astype(np.int32),
        turn_only=table[:, 3].astype(bool),
        turn_profiles=table[:, 4].astype(np.uint8),
    )


def _without_split_turns(network: Network, dropped: Counter[str]) -> Network:
    """Restrictions at a junction that a barrier has cut apart bind nobody any more."""
    via = network.turn_via_node
    meets = np.ones(len(via), bool)
    for edge in (network.turn_from_edge, network.turn_to_edge):
        meets &= (network.edge_from[edge] == via) | (network.edge_to[edge] == via)
    dropped["turns_unclear"] += int((~meets).sum())
    return keep_turns(network, meets)
