"""The same minutes by networkx, from the network's columns alone: slow, plain, and nobody else's code.

It shares with `dispatch.roads.travel` the speed table and the places where points snap; weights,
turn restrictions and the search are done again here.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from dispatch.roads.network import BACKWARD, FORWARD, PROFILE_BIT, Network
from dispatch.roads.plane import metres_between
from dispatch.roads.snap import Snaps
from dispatch.roads.speeds import default_speeds

Floats = NDArray[np.float64]
MS_PER_MINUTE = 60_000.0
START = "start"


class Oracle:
    """One profile of a network as a `networkx.DiGraph` of whole milliseconds, at plain average speeds.

    Arc e runs along edge e as drawn, arc e + edges against it. A junction is a node; where a
    turn out of an arc is forbidden, that arc ends at a node of its own, which lacks the turn.
    With `multigraph` the same arcs are a `networkx.MultiDiGraph`, as OSMnx makes them: slower.
    """

    def __init__(self, network: Network, profile: str = "car", *, multigraph: bool = False) -> None:
        speeds = default_speeds()
        self.network, self.walk_ms_per_metre = network, 3600.0 / speeds.walk_kmh  # km/h -> ms/m
        kmh = speeds.edge_kmh(network, profile)
        whole = network.edge_length_metres.astype(np.float64) * 3600.0 / np.where(kmh > 0, kmh, np.nan)
        allowed = np.concatenate(
            [network.edge_access & FORWARD[profile], network.edge_access & BACKWARD[profile]]
        )
        self.ms = np.where(allowed > 0, np.nan_to_num(np.tile(np.rint(whole), 2), nan=np.inf), np.inf)
        self.tail = np.concatenate([network.edge_from, network.edge_to]).tolist()
        self.head = np.concatenate([network.edge_to, network.edge_from]).tolist()
        self._banned = self._forbidden(PROFILE_BIT[profile])
        self._nodes_at: dict[int, list[tuple[object, frozenset[int]]]] = defaultdict(list)
        for junction in range(network.node_count):
            self._nodes_at[junction].append((junction, frozenset()))
        for arc, banned in self._banned.items():
            self._nodes_at[self.head[arc]].append((("after", arc), banned))
        self.graph: Any = nx.DiGraph()
        self.graph.add_nodes_from(range(network.node_count))
        for arc in np.flatnonzero(np.isfinite(self.ms)).tolist():
            for node in self._before(arc):
                self._link(node, self._after(arc), int(self.ms[arc]))
        if multigraph:
            self.graph = nx.MultiDiGraph(self.graph)

    def minutes(self, origin: Floats, start: Snaps, goals: Floats, ends: Snaps) -> tuple[Floats, float]:
        """Minutes from one snapped point to all of `goals` (n, 2), shape (n,), and networkx's CPU seconds."""
        ms, seconds = self._sweep(start)
        found = [self._arrive(ms, ends.row(column)) for column in range(len(goals))]
        direct = [
            self._direct(origin, start, goals[column], ends.row(column)) for column in range(len(goals))
        ]
        return np.minimum(found, direct) / MS_PER_MINUTE, seconds

    def nearest(self, starts: Snaps) -> Floats:
        """Minutes from the quickest of the snapped points to every junction, shape (nodes,)."""
        ms, _ = self._sweep(starts)
        junctions = range(self.network.node_count)
        return np.array([self._at(ms, junction) for junction in junctions]) / MS_PER_MINUTE

    def _forbidden(self, bit: int) -> dict[int, frozenset[int]]:
        """For each arc with restricted turns at its head, the arcs it may not turn into."""
        network = self.network
        leaving: dict[int, set[int]] = defaultdict(set)
        for arc, junction in enumerate(self.tail):
            leaving[junction].add(arc)
        banned: dict[int, set[int]] = defaultdict(set)
        only: dict[int, set[int]] = defaultdict(set)
        edges = network.edge_count
        for row in np.flatnonzero(network.turn_profiles & bit).tolist():
            out, into = int(network.turn_from_edge[row]), int(network.turn_to_edge[row])
            via = int(network.turn_via_node[row])
            if not {into, into + edges} & leaving[via]:
                continue  # it names edges that do not meet
            named = only if network.turn_only[row] else banned
            for arc in (out, out + edges):
                if self.head[arc] == via and np.isfinite(self.ms[arc]):
                    named[arc] |= {into, into + edges} & leaving[via]
        for arc, kept in only.items():
            banned[arc] |= leaving[self.head[arc]] - kept
        return {arc: frozenset(turns) for arc, turns in banned.items()}

    def _before(self, arc: int) -> list[object]:
        """The nodes one may set out along an arc from."""
        return [node for node, banned in self._nodes_at[self.tail[arc]] if arc not in banned]

    def _after(self, arc: int) -> object:
        """The node an arc leads to."""
        return ("after", arc) if arc in self._banned else self.head[arc]

    def _link(self, node: object, other: object, ms: int) -> None:
        known = self.graph.has_edge(node, other)
        if self.graph.is_multigraph() or not known or self.graph[node][other]["ms"] > ms:
            self.graph.add_edge(node, other, ms=ms)

    def _sweep(self, starts: Snaps) -> tuple[dict[object, int], float]:
        """Milliseconds from the quickest of the snapped points to every node, and the CPU seconds."""
        for row in range(len(starts)):
            self._leave(starts.row(row))
        before = time.process_time()
        ms = nx.single_source_dijkstra_path_length(self.graph, START, weight="ms")
        seconds = time.process_time() - before
        self.graph.remove_node(START)
        return ms, seconds

    def _leave(self, start: Snaps) -> None:
        self.graph.add_node(START)
        if (edge := int(start.edge[0])) < 0:
            return
        walk, fraction = self._walk_ms(start), float(start.fraction[0])
        for arc, share in ((edge, 1 - fraction), (edge + self.network.edge_count, fraction)):
            if share == 0:  # standing on the junction
                self._link(START, self.head[arc], walk)
            elif np.isfinite(self.ms[arc]):
                self._link(START, self._after(arc), walk + int(np.rint(share * self.ms[arc])))

    def _arrive(self, ms: dict[object, int], end: Snaps) -> float:
        if (edge := int(end.edge[0])) < 0:
            return np.inf
        best, fraction = np.inf, float(end.fraction[0])
        for arc, share in ((edge, fraction), (edge + self.network.edge_count, 1 - fraction)):
            if share == 0:
                best = min(best, self._at(ms, self.tail[arc]))
            elif np.isfinite(self.ms[arc]):
                there = min(ms.get(node, np.inf) for node in self._before(arc))
                best = min(best, there + np.rint(share * self.ms[arc]))
        return best + self._walk_ms(end)

    def _at(self, ms: dict[object, int], junction: int) -> float:
        return min(ms.get(node, np.inf) for node, _ in self._nodes_at[junction])

    def _direct(self, origin: Floats, start: Snaps, goal: Floats, end: Snaps) -> float:
        """Along one edge without passing a junction, or straight over the ground between two such points."""
        if start.edge[0] != end.edge[0] or start.edge[0] < 0:
            return np.inf
        edge, share = int(start.edge[0]), float(end.fraction[0] - start.fraction[0])
        ways = [(edge, share), (edge + self.network.edge_count, -share)]
        best = min((np.rint(part * self.ms[arc]) for arc, part in ways if part > 0), default=np.inf)
        if share == 0:
            best = 0.0 if np.isfinite(self.ms[[arc for arc, _ in ways]]).any() else np.inf
        best += self._walk_ms(start) + self._walk_ms(end)
        straight = float(metres_between(*origin, *goal))
        if straight <= start.walk_metres[0] + end.walk_metres[0]:
            best = min(best, float(np.rint(straight * self.walk_ms_per_metre)))
        return float(best)

    def _walk_ms(self, snap: Snaps) -> int:
        return int(np.rint(snap.walk_metres[0] * self.walk_ms_per_metre))
