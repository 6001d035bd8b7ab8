"""Edges and turn restrictions become arcs between states; the same arcs for every profile.

A state is a junction, or the copy of a junction for those who come out of one edge and may
not turn everywhere. Only junctions that restrict somebody have copies. Who sets out at a
junction, or comes out of an edge without a restriction, is at the junction itself.

Turning back at a junction that no restriction names is allowed: a banned turn may be made by
going on, turning round and coming back, as on the road.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.network import BACKWARD, FORWARD, PROFILE_BIT, Network

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Arcs:
    """Arcs (a) between states (s), of the ways (2m) of a network's edges (m).

    Way e runs along edge e as drawn, way m + e against it. States 0 to n - 1 are the
    junctions; state n + i is a copy of junction `copy_node[i]`, in order of junctions.
    `way_head` (2m) is the state one is in after a way. Arc `i` leads from `tail[i]` to
    `head[i]` over `way[i]`, not for the profiles whose `PROFILE_BIT` is in `banned[i]`; arcs
    are in order of ways, `way_start` (2m + 1) saying where each way's begin. Ways nobody
    may use have no arcs.
    """

    node_count: int
    copy_node: Integers
    tail: Integers
    head: Integers
    way: Integers
    banned: NDArray[np.uint8]
    way_start: Integers
    way_head: Integers
    way_node: Integers
    state_lon: Floats
    state_lat: Floats

    @property
    def state_count(self) -> int:
        """Junctions and copies."""
        return self.node_count + len(self.copy_node)

    @property
    def arc_count(self) -> int:
        """How many arcs, parallel ones and rings included."""
        return len(self.tail)

    @property
    def edge_count(self) -> int:
        """How many edges the arcs stand for."""
        return len(self.way_head) // 2

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what a contraction order depends on: states and arcs."""
        digest = hashlib.sha256(f"{self.state_count} {self.arc_count}\n".encode())
        for column in (self.tail, self.head):
            digest.update(column.astype("<u4").tobytes())
        return digest.hexdigest()

    def states_of(self, nodes: Integers) -> tuple[Integers, Integers]:
        """Each junction's states: the row of `nodes` they belong to, and the states themselves."""
        low = np.searchsorted(self.copy_node, nodes, side="left")
        row, copy = spread(low, np.searchsorted(self.copy_node, nodes, side="right") - low)
        rows = np.concatenate([np.arange(len(nodes)), row])
        return rows, np.concatenate([nodes, self.node_count + copy])

    def arc_ms(self, way_ms: Floats, profile: str) -> Floats:
        """Milliseconds of every arc for one profile, shape (a,); `inf` where it may not go."""
        ms: Floats = way_ms[self.way]
        ms[(self.banned & PROFILE_BIT[profile]) > 0] = np.inf
        return ms


def arcs_of(network: Network) -> Arcs:
    """The arcs of a network, its turn restrictions kept.

    A restriction whose edges do not meet at its junction says nothing and is passed over.
    Of several ``only`` restrictions for who comes out of one edge, any may be followed.
    """
    edges, nodes = network.edge_count, network.node_count
    start_node = np.concatenate([network.edge_from, network.edge_to]).astype(np.int64)
    end_node = np.concatenate([network.edge_to, network.edge_from]).astype(np.int64)
    ahead, back = sum(FORWARD.values()), sum(BACKWARD.values())
    usable = np.concatenate([(network.edge_access & ahead) > 0, (network.edge_access & back) > 0])
    rules = _rules(network)
    keys = sorted(rules)  # by junction, then by the edge one comes out of
    copy_node = np.array([node for node, _ in keys], np.int64)
    way_head = end_node.copy()
    for number, (node, edge) in enumerate(keys):
        for along in (edge, edge + edges):
            if end_node[along] == node:
                way_head[along] = nodes + number
    way = np.flatnonzero(usable)
    tail, banned = start_node[way], np.zeros(len(way), np.uint8)
    out = _ways_out(start_node, usable, np.unique(copy_node))
    extra = [
        (nodes + number, leaving, rules[key].get(leaving % edges, 0))
        for number, key in enumerate(keys)
        for leaving in out[key[0]]
    ]
    more = np.array(extra, np.int64).reshape(-1, 3)
    way = np.concatenate([way, more[:, 1]])
    order = np.argsort(way, kind="stable")
    way, tail = way[order], np.concatenate([tail, more[:, 0]])[order]
    node_of_state = np.concatenate([np.arange(nodes), copy_node])
    return Arcs(
        node_count=nodes, copy_node=copy_node, tail=tail, head=way_head[way], way=way,
        banned=np.concatenate([banned, more[:, 2].astype(np.uint8)])[order],
        way_start=np.searchsorted(way, np.arange(2 * edges + 1)),
        way_head=way_head, way_node=start_node,
        state_lon=network.node_lon[node_of_state], state_lat=network.node_lat[node_of_state],
    )  # fmt: skip


def spread(start: Integers, count: Integers) -> tuple[Integers, Integers]:
    """Runs of numbers `start[i]`, `start[i] + 1`, … (`count[i]` of them), and the row i of each."""
    row = np.repeat(np.arange(len(start)), count)
    within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, np.repeat(start, count) + within


def _rules(network: Network) -> dict[tuple[int, int], dict[int, int]]:
    """By junction and edge one comes out of: the edges some may not go into, and for whom (bits)."""
    only: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    banned: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    rows = zip(
        network.turn_via_node.tolist(), network.turn_from_edge.tolist(), network.turn_to_edge.tolist(),
        network.turn_only.tolist(), network.turn_profiles.tolist(), strict=True,
    )  # fmt: skip
    for node, source, target, is_only, profiles in rows:
        if all(node in (network.edge_from[edge], network.edge_to[edge]) for edge in (source, target)):
            kept = (only if is_only else banned)[node, source]
            kept[target] = kept.get(target, 0) | profiles
    meeting = _edges_at(network, {node for node, _ in only})
    for (node, source), allowed in only.items():
        for bit in PROFILE_BIT.values():
            followed = {target for target, profiles in allowed.items() if profiles & bit}
            for target in meeting[node] if followed else ():
                if target not in followed:
                    kept = banned[node, source]
                    kept[target] = kept.get(target, 0) | bit
    return dict(banned)


def _edges_at(network: Network, nodes: set[int]) -> dict[int, list[int]]:
    """The edges that end at each of some junctions."""
    at: dict[int, list[int]] = {node: [] for node in nodes}
    for ends in (network.edge_from, network.edge_to):
        edges = np.flatnonzero(np.isin(ends, list(nodes)))
        for node, edge in zip(ends[edges].tolist(), edges.tolist(), strict=True):
            at[node].append(edge)
    return at


def _ways_out(start_node: Integers, usable: NDArray[np.bool_], nodes: Integers) -> dict[int, list[int]]:
    """The usable ways that begin at each of some junctions."""
    out: dict[int, list[int]] = {node: [] for node in nodes.tolist()}
    ways = np.flatnonzero(usable & np.isin(start_node, nodes))
    for node, way in zip(start_node[ways].tolist(), ways.tolist(), strict=True):
        out[node].append(way)
    return out
