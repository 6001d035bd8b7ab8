"""The most a zone's crews can save, by column generation: a master over routes, tolls, and routes again.

The master chooses fractions of known routes, at most one visit a node and one route a crew; its
duals are tolls. Whatever the tolls, no plan saves more than

    Σ toll  +  Σ over crews of the most a route of that crew saves beyond its tolls,

the Lagrangian bound (Geoffrion, Mathematical Programming Study 2, 1974), so stopping at any
moment leaves a true one. Tolls half way between the best so far and the master's (in-out
separation; Ben-Ameur and Neto, Networks 49(1), 2007) keep it from swinging.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from dispatch.search.bound.zones import Floats, Ints

HALF_WAY = 0.5
SLOW_SHARE = 0.05
"""Quick answers are asked for while each closes at least this share of what is still open."""
SLIGHT_YUAN = 1e-6


class Column(NamedTuple):
    """A route as the master sees it: its crew's row, the nodes in order, what it saves in yuan."""

    crew: int
    nodes: tuple[int, ...]
    saves_yuan: float


class Priced(NamedTuple):
    """What crews can still do under tolls: the most each kind saves beyond them, and such routes."""

    beyond_yuan: Floats
    columns: list[Column]


class Pricing(Protocol):
    """Finds the routes worth having. `numbers` (k) are how many crews of each kind there are.

    With `has_quick`, `price(…, strict=False)` finds routes sooner, but proves nothing.
    """

    numbers: Ints
    nodes: int
    has_quick: bool

    def first_tolls(self) -> Floats:
        """Tolls (n) under which no crew saves anything: each node at the most anyone could save there."""
        ...

    def price(self, toll: Floats, go_on: Callable[[], bool], *, strict: bool = True) -> Priced | None:
        """Under these tolls; None if `go_on` said no before all crews were asked."""
        ...


def most_saved_yuan(
    pricing: Pricing, go_on: Callable[[], bool], enough_yuan: Callable[[float], float]
) -> tuple[float, bool]:
    """A saving no plan of the zone exceeds, and whether more time would hardly lower it.

    `enough_yuan` of a saving is what it may still be above the master's when it is good enough.
    """
    center = pricing.first_tolls()
    best, before = float(center.sum()), -np.inf
    master = _Master(pricing.nodes, pricing.numbers)
    master.add(_to_begin_with(pricing, center, go_on))
    while go_on():
        toll, fee, value = master.solve()
        if best - value <= enough_yuan(best):
            return best, True
        if pricing.has_quick and value - before > SLOW_SHARE * (best - value):
            before = value
            quick = pricing.price(toll, go_on, strict=False)
            if quick is not None and master.add(_worth_having(quick, toll, fee)):
                continue
        before = value
        for share in (HALF_WAY, 0.0):
            tried = share * center + (1 - share) * toll
            priced = pricing.price(tried, go_on)
            if priced is None:
                return best, False
            bound = float(tried.sum() + (pricing.numbers * priced.beyond_yuan).sum())
            if bound < best:
                best, center = bound, tried
            if master.add(_worth_having(priced, toll, fee)):
                break
        else:
            return best, True
    return best, False


def _to_begin_with(pricing: Pricing, toll: Floats, go_on: Callable[[], bool]) -> Sequence[Column]:
    """Routes found when visits are half as dear as they could be."""
    priced = pricing.price(toll / 2, go_on)
    return [] if priced is None else priced.columns


def _worth_having(priced: Priced, toll: Floats, fee: Floats) -> Iterator[Column]:
    """Routes that save more than their tolls and their crew's fee in the master."""
    for one in priced.columns:
        if one.saves_yuan - toll[list(one.nodes)].sum() - fee[one.crew] > SLIGHT_YUAN:
            yield one


class _Master:
    """The linear program over routes; rows are nodes, then crews."""

    def __init__(self, nodes: int, numbers: Ints) -> None:
        self.nodes = nodes
        self.known: set[tuple[int, tuple[int, ...]]] = set()
        import highspy  # noqa: PLC0415 - half a second, and who asks for a gap needs none of it

        self.program = highspy.Highs()
        self.program.setOptionValue("output_flag", False)
        self.program.setOptionValue("threads", 1)
        self.program.setOptionValue("simplex_strategy", 4)  # primal: new columns leave the basis feasible
        most = np.concatenate([np.ones(nodes), numbers.astype(np.float64)])
        empty = np.zeros(0, np.int32)
        self.program.addRows(
            len(most),
            np.full(len(most), -np.inf),
            most,
            0,
            np.zeros(len(most), np.int32),
            empty,
            np.zeros(0),
        )

    def add(self, columns: Iterable[Column]) -> int:
        """How many of these were new."""
        new = []
        for one in columns:
            if (one.crew, one.nodes) not in self.known:
                self.known.add((one.crew, one.nodes))
                new.append(one)
        if not new:
            return 0
        starts, index, value = [], list[int](), list[float]()
        for one in new:
            starts.append(len(index))
            times = dict[int, int]()
            for v in one.nodes:
                times[v] = times.get(v, 0) + 1
            index += [*times, self.nodes + one.crew]
            value += [*map(float, times.values()), 1.0]
        self.program.addCols(
            len(new),
            np.array([-one.saves_yuan for one in new]),
            np.zeros(len(new)),
            np.full(len(new), np.inf),
            len(index),
            np.array(starts, np.int32),
            np.array(index, np.int32),
            np.array(value),
        )
        return len(new)

    def solve(self) -> tuple[Floats, Floats, float]:
        """Tolls (n), fees of the crews (k), and the most saved by fractions of the known routes."""
        self.program.run()
        dual = np.maximum(0.0, -np.array(self.program.getSolution().row_dual))
        value = -float(self.program.getInfo().objective_function_value)
        return dual[: self.nodes], dual[self.nodes :], value
