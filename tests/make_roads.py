"""Tiny road networks on the equator, where a metre is the same both ways, and an oracle for their times."""

from __future__ import annotations

import heapq
import math

import numpy as np
from hypothesis import strategies as st

from dispatch.roads.network import BACKWARD, CLASSES, FORWARD, PROFILE_BIT, Network
from dispatch.roads.plane import line_metres, metres_between
from dispatch.roads.speeds import default_speeds
from dispatch.roads.travel import Travel

AHEAD, BACK = sum(FORWARD.values()), sum(BACKWARD.values())
BOTH = AHEAD + BACK
ON_FOOT = FORWARD["foot"] + BACKWARD["foot"]
EVERYBODY = sum(PROFILE_BIT.values())
METRE = 1 / 110_574.27  # degrees of latitude at the equator, where a metre is the same both ways to 0.7 %
PLAIN = default_speeds().model_copy(
    update={
        "kmh": {p: dict.fromkeys(CLASSES, 60.0) for p in FORWARD},
        "highest_kmh": dict.fromkeys(FORWARD, 60.0),
        "snap_margin_metres": 0.0,
    }
)
"""60 km/h everywhere, 1 km a minute; no piece of road is preferred."""


def roads(nodes, edges, turns=()):
    """Edges are (from, to, access bits[, bulge]); nodes stand in metres. Turns are (edge, node, edge, only[, bits]).

    An edge bulges sideways by a share of its length; a ring is a triangle 400 m high.
    """
    nodes = np.array(nodes, float).reshape(-1, 2)
    lines = [_line(nodes[e[0]], nodes[e[1]], e[3] if len(e) > 3 else 0.0) * METRE for e in edges]
    count, points = len(edges), np.concatenate([*lines, np.zeros((0, 2))])
    turn = np.array([(*t[:4], t[4] if len(t) > 4 else EVERYBODY) for t in turns], np.int64).reshape(-1, 5)
    return Network(
        node_lon=nodes[:, 0] * METRE, node_lat=nodes[:, 1] * METRE,
        edge_from=np.array([e[0] for e in edges], np.int32), edge_to=np.array([e[1] for e in edges], np.int32),
        edge_length_metres=np.array([line_metres(line) for line in lines], np.float32),
        edge_class=np.full(count, CLASSES.index("secondary"), np.uint8),
        edge_access=np.array([e[2] for e in edges], np.uint8),
        edge_maxspeed_kmh=np.full(count, np.nan, np.float32), edge_name=np.full(count, -1, np.int32),
        edge_osm_id=np.arange(count), names=np.array([], np.str_),
        shape_start=np.cumsum([0, *map(len, lines)]), shape_lon=points[:, 0], shape_lat=points[:, 1],
        turn_from_edge=turn[:, 0].astype(np.int32), turn_via_node=turn[:, 1].astype(np.int32),
        turn_to_edge=turn[:, 2].astype(np.int32), turn_only=turn[:, 3].astype(np.bool_),
        turn_profiles=turn[:, 4].astype(np.uint8),
    )  # fmt: skip


def _line(start, stop, bulge):
    if (start == stop).all():
        return np.array([start, start + np.array([300, 400]), start + np.array([-300, 400]), stop])
    if not bulge:
        return np.array([start, stop])
    along = stop - start
    return np.array([start, (start + stop) / 2 + bulge * np.array([-along[1], along[0]]), stop])


def at(*metres):
    """Points at these metres east and north."""
    return np.array(metres, float).reshape(-1, 2) * METRE


def travel(network, profile="car", **more):
    """A `Travel` at 60 km/h everywhere."""
    return Travel(network, profile, **{"speeds": PLAIN} | more)


@st.composite
def towns(draw, turns=True):
    """A small town and points in it: one-ways, parallel edges, rings, several pieces, turn restrictions."""
    count = draw(st.integers(2, 8))
    cell = st.tuples(st.integers(0, 5), st.integers(0, 5))
    cells = draw(st.lists(cell, min_size=count, max_size=count, unique=True))
    number = st.integers(0, count - 1)
    access = st.sampled_from([BOTH, BOTH, AHEAD, BACK, ON_FOOT, AHEAD | ON_FOOT])
    bulge = st.sampled_from([0.0, 0.0, 0.25, -0.4])
    edges = draw(st.lists(st.tuples(number, number, access, bulge), min_size=1, max_size=14))
    edge = st.integers(0, len(edges) - 1)
    asked = draw(
        st.lists(st.tuples(edge, st.booleans(), edge, st.booleans(), st.integers(1, 7)), max_size=8 * turns)
    )
    bans = [(a, edges[a][far], b, only and not b % 3, bits) for a, far, b, only, bits in asked]
    place = st.tuples(st.floats(-1, 6), st.floats(-1, 6)) | cell
    points = draw(st.lists(place, min_size=2, max_size=5))
    network = roads([(700 * x, 700 * y) for x, y in cells], edges, bans)
    return network, at(*[(700 * x, 700 * y) for x, y in points])


def banned(network, profile, source, node, target):
    """Whether who comes out of edge `source` at `node` may not go into edge `target`."""
    bound = (network.turn_profiles & PROFILE_BIT[profile]) > 0
    here = bound & (network.turn_from_edge == source) & (network.turn_via_node == node)
    ends = np.column_stack([network.edge_from, network.edge_to])
    meets = (ends[network.turn_to_edge] == network.turn_via_node[:, None]).any(axis=1)
    here &= meets & (ends[source] == node).any()
    only = network.turn_to_edge[here & network.turn_only]
    never = network.turn_to_edge[here & ~network.turn_only]
    return bool(target in never or (len(only) and target not in only))


def slow_matrix(car, points):
    """Minutes between all points, from way to way without any copies of junctions: what `matrix` must give."""
    drive = _Drive(car, points)
    count = range(len(points))
    return np.array([[min(drive.road(i, j), drive.direct(i, j)) for j in count] for i in count]) / 60_000


class _Drive:
    """One profile's ways, each a state: to have driven it and be at its end."""

    def __init__(self, car, points):
        self.network, self.profile, self.points = car.network, car.profile, points
        self.snaps, self.ms, self.m = car.snap(points), car._way_ms, car.network.edge_count
        self.tail = np.concatenate([self.network.edge_from, self.network.edge_to])
        self.head = np.concatenate([self.network.edge_to, self.network.edge_from])
        self.walk = np.rint(self.snaps.walk_metres * 800)  # 4.5 km/h is 800 ms a metre
        self.driven = [self._all_from(i) for i in range(len(points))]

    def part(self, share, way):
        return round(share * self.ms[way]) if np.isfinite(self.ms[way]) else math.inf

    def standing(self, i):
        """The junction a point stands on, -1 for none."""
        end = {0: self.tail, 1: self.head}.get(self.snaps.fraction[i])
        return -1 if end is None else end[self.snaps.edge[i]]

    def onto(self, i):
        """Both ways from the point along its edge, and the share of the edge that lies ahead."""
        edge, fraction = self.snaps.edge[i], self.snaps.fraction[i]
        return ((edge, 1 - fraction), (edge + self.m, fraction))

    def _all_from(self, i):
        """When each way has been driven by who sets out from a point."""
        if self.snaps.edge[i] < 0:
            return {}
        if self.standing(i) >= 0:
            heap = [(self.ms[w], w) for w in range(2 * self.m) if self.tail[w] == self.standing(i)]
        else:
            heap = [(self.part(share, way), way) for way, share in self.onto(i)]
        heapq.heapify(heap)
        done = {}
        while heap:
            ms, way = heapq.heappop(heap)
            if np.isfinite(ms) and way not in done:
                done[way] = ms
                for on in range(2 * self.m):
                    if self.may_turn(way, on):
                        heapq.heappush(heap, (ms + self.ms[on], on))
        return done

    def may_turn(self, way, on):
        node = self.head[way]
        return self.tail[on] == node and not banned(
            self.network, self.profile, way % self.m, node, on % self.m
        )

    def road(self, i, j):
        """Over at least one junction."""
        if min(self.snaps.edge[[i, j]]) < 0:
            return math.inf
        at_junctions = [(ms, way) for way, ms in self.driven[i].items()]
        there = self.standing(j)
        if there >= 0:
            times = [ms for ms, way in at_junctions if self.head[way] == there]
            times += [0] * int(self.standing(i) == there)
        else:
            last = [(on, self.part(1 - share, on)) for on, share in self.onto(j)]
            times = [ms + more for ms, way in at_junctions for on, more in last if self.may_turn(way, on)]
            times += [more for on, more in last if self.tail[on] == self.standing(i)]
        return min(times, default=math.inf) + self.walk[i] + self.walk[j]

    def direct(self, i, j):
        """Along the one edge both points are on, or straight over the ground."""
        if self.snaps.edge[i] != self.snaps.edge[j] or self.snaps.edge[i] < 0:
            return math.inf
        share = self.snaps.fraction[j] - self.snaps.fraction[i]
        way = self.snaps.edge[i] + (self.m if share < 0 else 0)
        both = [self.part(abs(share), way)] + ([0] if share == 0 else [])
        straight = metres_between(*self.points[i], *self.points[j])
        near = straight <= self.snaps.walk_metres[[i, j]].sum()
        return min(
            min(both) + self.walk[i] + self.walk[j], round(float(straight) * 800) if near else math.inf
        )
