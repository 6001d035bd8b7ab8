"""Pricing for real crews: shifts, breaks, windows, eligibility, any loss curve (`labels`)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from dispatch.search.bound.columns import Column, Priced
from dispatch.search.bound.labels import best_routes, soonest_table
from dispatch.search.bound.zones import MADE, MOST, NUMBER, Floats, Ints, Zone

ROOM = 60_000
"""Labels kept for one crew; where more are needed the next coarser level is used."""
LEVELS = ((8, 0.0), (3, 0.0), (1, 0.5), (1, 2.0), (1, 10.0))
"""Size of the ng-sets, and the step in minutes to which leaving times are rounded down."""
ROUTES_EACH = 60
HOPS = 16
"""A quick answer goes on from a node to so many nearest ones only."""


class CrewPricing:
    """Asks every crew of a zone for its best routes."""

    has_quick = True

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.nodes = len(zone.node)
        self.numbers = zone.crew[:, NUMBER].astype(np.int64)
        self.soonest = soonest_table(
            zone.node, zone.crew, zone.start, zone.home, zone.extra_yuan, zone.setting
        )
        self.near = [_near(zone, size) for size, _ in LEVELS]
        self.hops = _near(zone, HOPS + 1)[0][:, 1:]
        self.level = [0] * len(zone.crew)
        longest = int(min((zone.crew[:, MOST] - zone.crew[:, MADE]).max(), self.nodes))
        self.found = np.empty((ROUTES_EACH, max(longest, 1)), np.int64)
        self.found_yuan = np.empty(ROUTES_EACH)
        self.label_int, self.label_yuan = np.empty((ROOM, 6), np.int64), np.empty((ROOM, 2))

    def first_tolls(self) -> Floats:
        """Each node at the most anyone could save going there first."""
        most: Floats = np.maximum(0.0, self.soonest.max(axis=0))
        return most

    def price(self, toll: Floats, go_on: Callable[[], bool], *, strict: bool = True) -> Priced | None:
        """The most each crew saves beyond the tolls (with `strict`), and its best routes."""
        beyond, columns = np.zeros(len(self.level)), list[Column]()
        for k in range(len(self.level)):
            if not go_on():
                return None
            best, count = self._ask(k, toll, strict=strict)
            beyond[k] = -best
            for route, reduced in zip(self.found[:count], self.found_yuan[:count], strict=True):
                nodes = tuple(route[route >= 0].tolist())
                columns.append(Column(k, nodes, float(toll[list(nodes)].sum() - reduced)))
        return Priced(beyond, columns)

    def _ask(self, k: int, toll: Floats, *, strict: bool) -> tuple[float, int]:
        zone = self.zone
        while True:
            level = self.level[k]
            near, slot = self.near[level]
            best, count = best_routes(
                zone.node,
                zone.crew,
                zone.start,
                zone.home,
                zone.extra_yuan,
                zone.between,
                zone.setting,
                toll,
                self.soonest,
                near,
                slot,
                k,
                LEVELS[level][1],
                strict,
                self.hops,
                self.label_int,
                self.label_yuan,
                self.found,
                self.found_yuan,
            )
            if not math.isnan(best):
                return best, count
            if level + 1 < len(LEVELS):
                self.level[k] += 1
            else:
                self.label_int = np.empty((2 * len(self.label_int), 6), np.int64)
                self.label_yuan = np.empty((len(self.label_int), 2))


def _near(zone: Zone, size: int) -> tuple[Ints, Ints]:
    """The ng-sets (n, size), each node first in its own, and every node's place in every set or -1."""
    between = zone.between.min(axis=0)
    between = np.minimum(between, between.T)
    np.fill_diagonal(between, -1.0)
    near = np.argsort(between, axis=1, kind="stable")[:, :size].astype(np.int64)
    slot = np.full(between.shape, -1, np.int64)
    np.put_along_axis(slot, near, np.broadcast_to(np.arange(near.shape[1]), near.shape), axis=1)
    return near, slot
