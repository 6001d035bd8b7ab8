"""Pricing where every minute of everyone's waiting costs the same: positions instead of clocks.

Read from its end, a route's drive into the last stop delays one person, the one before it two,
and so on: the cost needs no clock, only how many stops follow (Ngueveu, Prins and Wolfler
Calvo, Computers & Operations Research 37(11), 2010, for the objective; Christofides, Mingozzi
and Toth, Mathematical Programming 20, 1981, for routes by load that may repeat a stop, but not
at once: v, u, v is excluded, longer ways round are not).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit

from dispatch.search.bound.columns import Column, Priced
from dispatch.search.bound.zones import (
    BALANCE_YUAN,
    CLOSES,
    DRIVE_YUAN,
    DUE,
    ENDS,
    HAZARD,
    HORIZON,
    KIND,
    LATE_YUAN,
    MADE,
    MOST,
    NUMBER,
    OPENS,
    PAUSE_FROM,
    PROFILE,
    READY,
    SEARCH,
    SERVICE,
    STAKE_YUAN,
    Floats,
    Ints,
    Zone,
)

ROUTES = 60
TINY_YUAN = 1e-9
LONGEST_SHIFT_MINUTES = 1e6


@dataclass(frozen=True, slots=True)
class Even:
    """Nodes (n) at which each minute until contact costs `yuan_per_minute`, and crews all alike.

    `minutes` (n, n) from one contact to the next, `first` (n) to a first contact; `demand` (n)
    whole numbers counting against `capacity`; `never_yuan` (n) what nobody coming costs.
    """

    minutes: Floats
    first: Floats
    demand: Ints
    capacity: int
    crews: int
    never_yuan: Floats
    yuan_per_minute: float = 1.0


def even(zone: Zone) -> Even | None:
    """The zone as positions, or None where clocks are needed."""
    node, crew = zone.node, zone.crew
    length = node[:, SEARCH] + node[:, SERVICE + int(crew[0, KIND])]
    plain = (
        len(crew) == 1
        and not zone.setting[[DRIVE_YUAN, BALANCE_YUAN]].any()
        and not zone.extra_yuan.any()
        and not (node[:, STAKE_YUAN] * node[:, HAZARD]).any()
        and np.ptp(node[:, LATE_YUAN]) == 0
        and node[0, LATE_YUAN] > 0
        and (node[:, DUE] <= 0).all()
        and (node[:, OPENS] <= crew[0, READY]).all()
        and np.isinf(node[:, CLOSES]).all()
        and crew[0, ENDS] > LONGEST_SHIFT_MINUTES
        and np.isinf(crew[0, PAUSE_FROM])
        and np.isfinite(zone.start).all()
        and np.isfinite(zone.between).all()
    )
    if not plain:
        return None
    # from contact to contact: serve here, drive, search there; lateness stops at the horizon, as `never` does
    serve = length - node[:, SEARCH]
    return Even(
        minutes=zone.between[int(crew[0, PROFILE])] + serve[:, None] + node[None, :, SEARCH],
        first=crew[0, READY] + zone.start[0] + node[:, SEARCH],
        demand=np.ones(len(node), np.int64),
        capacity=int(min(crew[0, MOST] - crew[0, MADE], len(node))),
        crews=int(crew[0, NUMBER]),
        never_yuan=node[:, LATE_YUAN] * (zone.setting[HORIZON] - np.minimum(node[:, DUE], 0.0)),
        yuan_per_minute=float(node[0, LATE_YUAN]),
    )


class CountPricing:
    """Asks for the best routes of alike crews by position, load and node."""

    has_quick = False

    def __init__(self, even: Even) -> None:
        self.even = even
        self.nodes = len(even.first)
        self.numbers = np.array([even.crews], np.int64)
        self.longest = self.longest_route(even.demand, even.capacity)

    @staticmethod
    def longest_route(demand: Ints, capacity: int) -> int:
        """How many stops a crew can make at most."""
        return int(np.searchsorted(np.cumsum(np.sort(demand)), capacity, side="right"))

    def first_tolls(self) -> Floats:
        """Each node at what a crew going there first saves."""
        most: Floats = np.maximum(0.0, self.even.never_yuan - self.even.yuan_per_minute * self.even.first)
        return most

    def price(self, toll: Floats, go_on: Callable[[], bool], *, strict: bool = True) -> Priced | None:
        """The most a crew saves beyond the tolls, and routes that do."""
        del go_on, strict  # one call is short
        one = self.even
        if not self.longest:
            return Priced(np.zeros(1), [])
        charge = toll - one.never_yuan
        rate = one.yuan_per_minute
        cost, follows, _, second_follows = positions(
            rate * one.minutes, one.demand, one.capacity, self.longest, charge
        )
        places = np.arange(1, self.longest + 1)
        whole = cost[1:].min(axis=1) + rate * places[:, None] * one.first[None, :]
        load = cost[1:].argmin(axis=1)
        beyond = max(0.0, -float(whole.min()))
        columns = []
        for cell in np.argsort(whole, axis=None)[:ROUTES]:
            p, v = divmod(int(cell), self.nodes)
            if whole[p, v] >= -TINY_YUAN:
                break
            route = way_back(one.demand, follows, second_follows, p + 1, int(load[p, v]), v)
            columns.append(self.column(route))
        return Priced(np.array([beyond]), columns)

    def column(self, route: list[int]) -> Column:
        """A route with what it saves."""
        one = self.even
        now, saves = 0.0, 0.0
        for number, v in enumerate(route):
            now += one.minutes[route[number - 1], v] if number else one.first[v]
            saves += one.never_yuan[v] - one.yuan_per_minute * now
        return Column(0, tuple(route), float(saves))


def way_back(demand: Ints, follows: Ints, second_follows: Ints, p: int, load: int, v: int) -> list[int]:
    """The route that begins at node v with p stops and that load, from the tables of `positions`."""
    route, before = [v], -1
    while p > 1:
        after = int(follows[p, load, v])
        if after == before:
            after = int(second_follows[p, load, v])
        before, load, p, v = v, load - int(demand[v]), p - 1, after
        route.append(v)
    return route


@njit(cache=True)
def positions(
    yuan: Floats, demand: Ints, capacity: int, longest: int, charge: Floats
) -> tuple[Floats, Ints, Floats, Ints]:
    """Least cost of a tail beginning at node v with p stops and a load: best, and best by another next node.

    Tables (longest + 1, capacity + 1, n): cost, next node, second cost, its next node. The
    drive from v to the next delays all p - 1 stops behind it.
    """
    n = len(charge)
    shape = (longest + 1, capacity + 1, n)
    cost, follows = np.full(shape, np.inf), np.full(shape, -1, np.int64)
    second, second_follows = np.full(shape, np.inf), np.full(shape, -1, np.int64)
    some = np.zeros((longest + 1, capacity + 1), np.bool_)
    for v in range(n):
        if demand[v] <= capacity:
            cost[1, demand[v], v] = charge[v]
            some[1, demand[v]] = True
    for p in range(1, longest):
        for load in range(capacity + 1):
            if not some[p, load]:
                continue
            for u in range(n):
                to = load + demand[u]
                if to > capacity:
                    continue
                best, best_at, next_best, next_at = np.inf, -1, np.inf, -1
                for v in range(n):
                    # v may not go on to u, from where we come
                    tail = second[p, load, v] if follows[p, load, v] == u else cost[p, load, v]
                    whole = tail + p * yuan[u, v]
                    if whole < next_best and v != u:
                        if whole < best:
                            next_best, next_at = best, best_at
                            best, best_at = whole, v
                        else:
                            next_best, next_at = whole, v
                if best < np.inf:
                    some[p + 1, to] = True
                    cost[p + 1, to, u], follows[p + 1, to, u] = best + charge[u], best_at
                    second[p + 1, to, u], second_follows[p + 1, to, u] = next_best + charge[u], next_at
    return cost, follows, second, second_follows
