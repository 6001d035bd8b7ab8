"""What meets where: the ends of edges at every junction, and the way each of them sets out."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.network import BACKWARD, FORWARD, Network

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LOOK_METRES = 25.0
"""The direction of a road at a junction is that of its nearest metres, bends apart."""
METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Junctions:
    """The edge ends at each junction: `ends[start[v]:start[v + 1]]` meet at junction v.

    The end of edge e where it is drawn from is numbered e, the other one e + edges.
    """

    start: Integers
    ends: Integers

    def at(self, nodes: Integers) -> tuple[Integers, Integers]:
        """All ends at `nodes` (k,), and for each the row of its junction in `nodes`."""
        count = self.start[nodes + 1] - self.start[nodes]
        row = np.repeat(np.arange(len(nodes)), count)
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return self.ends[np.repeat(self.start[nodes], count) + within], row


_KNOWN: WeakKeyDictionary[Network, Junctions] = WeakKeyDictionary()


def junctions_of(network: Network) -> Junctions:
    """The junctions of a network, worked out the first time they are asked for."""
    known = _KNOWN.get(network)
    if known is None:
        node = np.concatenate([network.edge_from, network.edge_to])
        start = np.concatenate([[0], np.cumsum(np.bincount(node, minlength=network.node_count))])
        known = _KNOWN[network] = Junctions(start.astype(np.int64), np.argsort(node, kind="stable"))
    return known


def may_leave_by(network: Network, ends: Integers, profile: str) -> NDArray[np.bool_]:
    """Whether `profile` may drive away from the junction along each edge end, shape (k,)."""
    edge, far = ends % network.edge_count, ends >= network.edge_count
    bit = np.where(far, BACKWARD[profile], FORWARD[profile])
    return (network.edge_access[edge] & bit) > 0


def bearings_leaving(network: Network, ends: Integers) -> Floats:
    """Compass bearing of each edge end, away from its junction over `LOOK_METRES`, shape (k,)."""
    edge, far = ends % network.edge_count, ends >= network.edge_count
    first, last = network.shape_start[edge], network.shape_start[edge + 1] - 1
    here, stop = np.where(far, last, first), np.where(far, first, last)
    step = np.where(far, -1, 1)
    lon, lat = network.shape_lon, network.shape_lat
    narrow = np.cos(np.radians(lat[here]))
    origin = np.column_stack([lon[here], lat[here]])
    goal, left = origin.copy(), np.full(len(ends), LOOK_METRES)
    rows = np.flatnonzero(here != stop)
    while len(rows):  # one point of every line further, until each has gone far enough
        here[rows] += step[rows]
        onto = np.column_stack([lon[here[rows]], lat[here[rows]]])
        move = onto - goal[rows]
        metres = np.hypot(move[:, 0] * narrow[rows], move[:, 1]) * METRES_PER_DEGREE
        share = np.minimum(1.0, left[rows] / np.maximum(metres, 1e-9))
        goal[rows] += share[:, None] * move
        left[rows] -= metres
        rows = rows[(left[rows] > 0) & (here[rows] != stop[rows])]
    east, north = ((goal - origin) * np.column_stack([narrow, np.ones(len(ends))])).T
    bearing: Floats = np.degrees(np.arctan2(east, north)) % 360
    return bearing


def signed_turn(before: Floats, after: Floats) -> Floats:
    """Degrees from one bearing to another, -180 to 180, right positive."""
    turned: Floats = (after - before + 180) % 360 - 180
    return turned
