"""The p-median with a proof, also where units are busy: interchange, Lagrange, and what is left between.

1. Interchange from many starts gives an answer.
2. Tolls (`tolls`) give a bound in one sweep; subgradients raise it, and each step's sites start an
   interchange.
3. With bound B and answer V, a site whose reduced cost exceeds V - B is in no better answer. What is
   left goes to branch and bound, and if that takes too many nodes to HiGHS in the radius formulation.

References
----------
N. Christofides, J. E. Beasley (1982), A tree search algorithm for the p-median problem, EJOR 10.
P. Avella, A. Sassano, I. Vasil'ev (2007), Computational study of large-scale p-median problems,
Mathematical Programming 109.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.siting.branching import branch, served
from dispatch.coverage.siting.busy_interchange import busy_interchange, busy_kicked
from dispatch.coverage.siting.found import Found
from dispatch.coverage.siting.interchange import CLOSED, FIXED, OPEN, interchange, kicked
from dispatch.coverage.siting.limits import Limits
from dispatch.coverage.siting.program import Floats, Ints, Program, seconds_left
from dispatch.coverage.siting.radius import add_radii
from dispatch.coverage.siting.tolls import deflected, priced_sites, slopes

Mask = NDArray[np.bool_]
ENOUGH = 1e-7
"""Answers of numbers that are not whole: one is proved best if none can be better by this share."""
STEPS = 3000
STALLED = 20
STARTS_EVERY = 25
NODES_AT_ONCE = 50
FIRST_NODES, ALL_NODES = 500, 1_000_000_000
STEPS_A_NODE = 60
LARGEST_PROGRAM = 20_000
"""Assignments left beyond which branch and bound goes on and HiGHS is not asked."""
MANY = 4_000_000
"""Entries beyond which interchange is too dear to repeat."""


def solve_median(
    cost: Floats,
    never: Floats,
    limits: Limits,
    until: float,
    *,
    level: Floats | None = None,
    start: Mask | None = None,
    gap: float = 0.0,
) -> Found:
    """The sites that serve all demand at least cost, and a proved bound.

    Parameters
    ----------
    cost : (sites, demands)
        What demand i costs where site j serves it, weight included, never negative.
    never : (demands,)
        What it costs where nobody does.
    until
        CPU seconds of this process at which to stop (`time.process_time`).
    level : (levels,)
        What the nearest, second nearest, … open site counts, falling; default: the nearest alone.
    start
        Sites to begin with.
    gap
        Relative gap that is good enough.

    Returns
    -------
    Found
        Levels no site fills are paid at `never`.
    """
    search = _Search.of(
        cost, never, np.ones(1) if level is None else np.asarray(level, np.float64), limits, gap, until
    )
    state, value = search.first(start)
    dual, state, value = _ascend(search, state, value)
    bound = search.rounded(dual.bound, value)
    if search.enough(bound, value):
        return Found(state > CLOSED, value, bound, "interchange+lagrange")
    state, value, bound, engine = _close(search, dual, state, value)
    return Found(state > CLOSED, value, bound, f"interchange+lagrange{engine}")


@dataclass(slots=True, eq=False)
class _Dual:
    """The best bound so far, and the tolls, worths and fees of the sites it came from."""

    bound: float
    toll: Floats
    worth: Floats
    fee: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """One question in the shapes the compiled functions take."""

    cost: Floats
    order: Ints
    near: Floats
    never: Floats
    level: Floats
    limits: Limits
    whole: bool
    gap: float
    until: float

    @classmethod
    def of(
        cls, cost: Floats, never: Floats, level: Floats, limits: Limits, gap: float, until: float
    ) -> _Search:
        cost = np.ascontiguousarray(np.minimum(cost, never), dtype=np.float64)
        order = np.argsort(cost.T, axis=1, kind="stable").astype(np.int64)
        near = np.ascontiguousarray(np.take_along_axis(cost.T, order, 1))
        whole = all(bool(np.all(one == np.rint(one))) for one in (cost, never, level))
        return cls(cost, order, near, np.asarray(never, np.float64), level, limits, whole, gap, until)

    @property
    def quick(self) -> bool:
        """Whether interchange is cheap enough to be begun anew; each level looks at all of the costs."""
        return self.cost.size * len(self.level) <= MANY

    def first(self, start: Mask | None) -> tuple[Ints, float]:
        """Sites by interchange from a few starts, and their cost."""
        state = self.limits.begin(start)
        value = self.kicked(state, 10 if self.quick else 0, 1)
        for n in range(6 if self.quick else 0):
            if seconds_left(self.until) == 0:
                break
            again = state.copy() if n % 2 else self.limits.begin(None, seed=n + 1)
            other = self.kicked(again, 10, n + 2)
            if other < value:
                value, state = other, again
        return state, value

    def kicked(self, state: Ints, rounds: int, seed: int) -> float:
        """Better `state` by interchange and kicks; its cost."""
        price, most = self.limits.price, self.limits.most
        if len(self.level) == 1:
            scale = float(self.level[0])
            return scale * float(kicked(self.cost, self.never, price, most, state, rounds, seed))
        return float(
            busy_kicked(
                self.cost,
                self.order,
                self.near,
                self.never,
                self.level,
                price,
                most,
                state,
                max(1, rounds // 3),
                seed,
            )
        )

    def improved(self, state: Ints) -> float:
        """Better `state` by interchange; its cost."""
        price, most = self.limits.price, self.limits.most
        if len(self.level) == 1:
            demands = len(self.never)
            room = np.zeros(demands, np.int64), np.zeros(demands), np.zeros(demands)
            return float(self.level[0]) * float(interchange(self.cost, self.never, price, most, state, *room))
        return float(
            busy_interchange(self.cost, self.order, self.near, self.never, self.level, price, most, state)
        )

    def value_of(self, opened: Mask) -> float:
        """What these sites cost."""
        return float(served(self.order, self.near, self.never, self.level, opened))

    def step(self, value: float) -> float:
        """A better answer is better by at least this."""
        return 1.0 if self.whole else max(ENOUGH, self.gap) * abs(value)

    def rounded(self, bound: float, value: float) -> float:
        """The bound, rounded up where every cost is whole, and never above the answer."""
        if self.whole:
            bound = math.ceil(bound - 1e-6 * max(1.0, abs(bound) * 1e-6))
        return min(bound, value)

    def enough(self, bound: float, value: float) -> bool:
        """Whether the answer is proved as far as is asked."""
        return value - bound <= max(self.gap, ENOUGH) * abs(value)


def _ascend(search: _Search, state: Ints, value: float) -> tuple[_Dual, Ints, float]:
    """Raise the bound by subgradients; sites chosen on the way start interchanges."""
    sites, _demands = search.cost.shape
    ceiling = search.never[:, None] * search.level[None, :]
    toll = _first_tolls(search, state)
    worth, slope, chosen = np.zeros(sites), np.zeros_like(toll), np.zeros(sites, bool)
    direction = np.zeros_like(toll)
    dual = _Dual(-math.inf, toll, worth.copy(), np.zeros(sites))
    theta, stalled = 1.5, 0
    tried: set[bytes] = set()
    for step in range(STEPS):
        paid = priced_sites(search.order, search.near, search.never, search.level, toll, worth)
        saved, fee = search.limits.best_of(worth, chosen)
        bound = paid + saved
        stalled += 1
        if bound > dual.bound + 1e-9 * abs(bound):
            dual, stalled = _Dual(bound, toll.copy(), worth.copy(), fee), 0
        if step % STARTS_EVERY == 0 and chosen.tobytes() not in tried and search.quick:
            tried.add(chosen.tobytes())
            again = search.limits.begin(chosen)
            other = search.improved(again)
            if other < value:
                value, state = other, again
        if search.enough(search.rounded(dual.bound, value), value) or seconds_left(search.until) == 0:
            break
        if stalled >= STALLED:
            theta, stalled, toll = theta / 1.5, 0, dual.toll.copy()
            direction[:] = 0.0
            continue
        slopes(search.order, search.near, search.never, search.level, toll, chosen, slope)
        square = deflected(slope, direction, toll, search.level, search.never)
        if square == 0 or theta < 1e-4:
            break
        toll = np.minimum(toll, ceiling) + theta * (value - bound) / square * direction
    return dual, state, value


def _first_tolls(search: _Search, state: Ints) -> Floats:
    """Between the cost of a level and of the next: what a demand would pay to keep its own."""
    levels = len(search.level)
    padded = np.vstack([search.cost[state > CLOSED], *[search.never] * (levels + 1)])
    nearest = np.sort(padded, axis=0)[: levels + 1].T
    tolls: Floats = search.level * (nearest[:, :-1] + nearest[:, 1:]) / 2
    return tolls


@dataclass(frozen=True, slots=True, eq=False)
class _Rest:
    """What reduced costs leave: sites `alive`, those `opened` for good, within `room` of the bound."""

    alive: Ints
    opened: Mask
    room: float
    reduced: Floats

    @classmethod
    def of(cls, search: _Search, dual: _Dual, value: float) -> _Rest:
        room = value - search.step(value) - dual.bound + 1e-6 * max(1.0, abs(value) * 1e-6)
        reduced, fixed = dual.worth + dual.fee, search.limits.fixed
        alive = np.flatnonzero((reduced <= room) | fixed)
        return cls(alive, (reduced < -room)[alive] | fixed[alive], room, reduced[alive])

    def state_of(self, search: _Search, inside: Mask) -> Ints:
        """The state of all sites where of those alive these are open."""
        state = np.where(search.limits.fixed, FIXED, CLOSED).astype(np.int64)
        chosen = self.alive[inside]
        state[chosen] = np.where(search.limits.fixed[chosen], FIXED, OPEN)
        return state

    def possible(self, search: _Search, dual: _Dual) -> tuple[Mask, Mask]:
        """Assignments (alive, demands), and being left out (demands,), that a better answer may use."""
        toll = np.minimum(dual.toll[:, 0] / search.level[0], search.never)
        cost = search.cost[self.alive]
        over = search.level[0] * np.maximum(0.0, cost - toll) + np.maximum(0.0, self.reduced)[:, None]
        return (over <= self.room) & (cost < search.never), search.level[0] * (
            search.never - toll
        ) <= self.room


def _close(search: _Search, dual: _Dual, state: Ints, value: float) -> tuple[Ints, float, float, str]:
    """Prove the answer or better it among what reduced costs leave; state, value, bound, engine."""
    rest = _Rest.of(search, dual, value)
    single = len(search.level) == 1
    small = single and int(rest.possible(search, dual)[0].sum()) <= LARGEST_PROGRAM
    if search.limits.money_binds:
        if not single:
            return state, value, search.rounded(dual.bound, value), ""
        return (*_program(search, rest, dual, state, value), "+highs")
    state, value, bound, left = _branch(search, rest, dual, state, value, FIRST_NODES if small else ALL_NODES)
    if not left or not small or seconds_left(search.until) == 0:
        return state, value, bound, "+branching"
    return (*_program(search, rest, dual, state, value), "+branching+highs")


def _branch(
    search: _Search, rest: _Rest, dual: _Dual, state: Ints, value: float, most_nodes: int
) -> tuple[Ints, float, float, bool]:
    """Branch and bound; state, value, bound, and whether nodes are left."""
    sites, demands, levels = len(rest.alive), len(search.never), len(search.level)
    cost = search.cost[rest.alive]
    order = np.argsort(cost.T, axis=1, kind="stable").astype(np.int64)
    near = np.ascontiguousarray(np.take_along_axis(cost.T, order, 1))
    deep = sites + 3
    states, tolls, bounds = (
        np.zeros((deep, sites), np.int64),
        np.zeros((deep, demands, levels)),
        np.zeros(deep),
    )
    fixed = search.limits.fixed[rest.alive]
    states[0] = np.where(fixed, FIXED, np.where(rest.opened, OPEN, CLOSED))
    tolls[0], bounds[0] = dual.toll, dual.bound
    best, top, done = np.zeros(sites, bool), 1, 0
    number = int(min(search.limits.most[0], sites))
    step, reached = search.step(value), value
    while top and done < most_nodes and seconds_left(search.until) > 0:
        top, reached = branch(
            order, near, search.never, search.level, number, states, tolls, bounds, top,
            reached, step, best, NODES_AT_ONCE, STEPS_A_NODE,
        )  # fmt: skip
        done += NODES_AT_ONCE
    if best.any():
        state = rest.state_of(search, best)
        value = search.value_of(state > CLOSED)
    proved = value - (0.0 if search.whole else step)
    if top:
        proved = min(proved, float(bounds[:top].min()))
    return state, value, search.rounded(max(dual.bound, proved), value), top > 0


def _program(
    search: _Search, rest: _Rest, dual: _Dual, state: Ints, value: float
) -> tuple[Ints, float, float]:
    """The radius formulation of what is left, by HiGHS; state, value, bound."""
    step, scale = search.step(value), float(search.level[0])
    possible, left_out = rest.possible(search, dual)
    program = Program()
    program.add_columns(np.zeros(len(rest.alive)), rest.opened.astype(float), 1.0, whole=True)
    search.limits.add_to(program, rest.alive)
    constant = add_radii(program, scale * search.cost[rest.alive], scale * search.never, possible, left_out)
    done = program.solve(seconds_left(search.until), gap=search.gap, below=value - 0.5 * step - constant)
    proved = value - (0.0 if search.whole else step)
    bound = proved if done.infeasible else min(proved, done.bound + constant)
    if done.values is not None:
        found = rest.state_of(search, done.values[: len(rest.alive)] > 0.5)
        other = search.value_of(found > CLOSED)
        if other < value:
            state, value = found, other
    return state, value, search.rounded(max(dual.bound, bound), value)
