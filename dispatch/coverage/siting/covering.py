"""Covering models: how much demand the sites allowed can cover, once or again, and a proved bound.

Minimise what is not earned, ``Σ_i Σ_k w_i·level_k·z_ik`` with ``N_i + Σ_k z_ik >= K_i``: the
minimise-uncovered form. As levels never rise, the z fill in their order by themselves, and only the
sites need be whole.

References
----------
R. Church, C. ReVelle (1974), The maximal covering location problem. M. S. Daskin (1983), A maximum
expected covering location model. K. Hogan, C. ReVelle (1986), Concepts and applications of backup
coverage, Management Science 32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dispatch.coverage.siting.cover_search import search, toll_bound, toll_slope
from dispatch.coverage.siting.found import Found
from dispatch.coverage.siting.interchange import CLOSED
from dispatch.coverage.siting.limits import Limits
from dispatch.coverage.siting.program import Floats, Ints, Program, Solved, seconds_left
from dispatch.coverage.siting.scip import DIRECT_SITES, solve_scip
from dispatch.coverage.siting.tolls import MEMORY

Mask = NDArray[np.bool_]
ROUNDS = 50
SEARCH_SHARE = 0.25
"""Of the time left, what the search may take before the bound, and the bound before the program."""
ROUNDS_MOST = 4000
STALLED = 30
STEPS = 6000
SHRINK = 1.2
ENTRIES_RELAXED = 150_000
"""Entries up to which the linear program is solved too."""
ENTRIES_MOST = 3_000_000
"""Entries beyond which no integer program is tried."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Demands with the same cover set as one: who covers them, what they weigh.

    `reach` (sites, rows) has ones; `weight` (rows,); `level` (k,) what the first, second, … cover
    of a demand earns of its weight.
    """

    reach: csr_array
    weight: Floats
    level: Floats


def merged(reach: csr_array, weight: Floats) -> tuple[csr_array, Floats, Ints]:
    """Demands with the same sites in reach as one row; (reach, weights, row of each demand or -1).

    Demands no site reaches, or that weigh nothing, are in no row.
    """
    by_demand = csr_array(reach.T)
    by_demand.sort_indices()
    keys = np.random.default_rng(0).integers(1, 1 << 62, (reach.shape[0], 2), dtype=np.int64)
    sums = np.zeros((by_demand.shape[0], 2), np.int64)
    owner = np.repeat(np.arange(by_demand.shape[0]), np.diff(by_demand.indptr))
    np.add.at(sums, owner, keys[by_demand.indices])  # 2 x 62 bits: sets differ where sums do
    useful = (np.diff(by_demand.indptr) > 0) & (weight > 0)
    row = np.full(len(weight), -1, np.int64)
    if useful.any():
        _, first, inverse = np.unique(sums[useful], axis=0, return_index=True, return_inverse=True)
        row[useful] = inverse.ravel()
        keep = np.flatnonzero(useful)[first]
        total: Floats = np.bincount(row[useful], weights=weight[useful], minlength=len(first)).astype(
            np.float64
        )
        return csr_array(by_demand[keep].T), total, row
    return csr_array((reach.shape[0], 0)), np.zeros(0), row


def solve_cover(
    reach: csr_array,
    weight: Floats,
    level: Floats,
    limits: Limits,
    until: float,
    start: Mask | None = None,
    gap: float = 0.0,
) -> Found:
    """The sites that earn most, as what is left unearned: `value` and `bound` are to be small.

    Parameters
    ----------
    reach : (sites, demands)
        Sparse; an entry where a site covers a demand.
    weight : (demands,)
    level : (k,)
        What the first, second, … cover earns of a demand's weight; never rising.
    until
        CPU seconds of this process at which to stop.
    start
        Sites to begin with.
    gap
        Relative gap (of what is earned) that is good enough.
    """
    problem = _problem(reach, weight, level)
    state = limits.begin(start if start is not None else np.zeros(reach.shape[0], bool))
    scan = _Scan.of(problem, limits)
    earned = scan.search(state, ROUNDS, 1)
    if reach.shape[0] <= DIRECT_SITES:
        return _direct(problem, scan, limits, state, until, gap)
    return _large(scan, limits, state, earned, until, gap)


def _problem(reach: csr_array, weight: Floats, level: Floats) -> Rows:
    rows, weights, _ = merged(reach, np.asarray(weight, np.float64))
    deepest = int(np.diff(csr_array(rows.T).indptr).max(initial=0))
    level = np.asarray(level, np.float64)[: max(1, deepest)]
    return Rows(rows, weights, level)


@dataclass(frozen=True, slots=True, eq=False)
class _Scan:
    """The rows as the compiled functions take them."""

    site_begin: Ints
    site_row: Ints
    row_begin: Ints
    row_site: Ints
    weight: Floats
    level: Floats
    need: Ints
    limits: Limits

    @classmethod
    def of(cls, problem: Rows, limits: Limits) -> _Scan:
        by_row = csr_array(problem.reach.T)
        covered = np.diff(by_row.indptr)
        level = np.zeros(int(covered.max(initial=0)) + 2)
        level[: len(problem.level)] = problem.level
        return cls(
            problem.reach.indptr.astype(np.int64),
            problem.reach.indices.astype(np.int64),
            by_row.indptr.astype(np.int64),
            by_row.indices.astype(np.int64),
            problem.weight,
            level,
            np.minimum(len(problem.level), covered).astype(np.int64),
            limits,
        )

    @property
    def ideal(self) -> float:
        """What is earned if every site is open."""
        return float((self.weight * np.append(0.0, np.cumsum(self.level))[self.need]).sum())

    def search(self, state: Ints, rounds: int, seed: int) -> float:
        """Better `state`; what it earns."""
        return float(
            search(
                self.limits.price, self.limits.most, state, self.site_begin, self.site_row,
                self.row_begin, self.row_site, self.weight, self.level, rounds, seed,
            )
        )  # fmt: skip

    def earned(self, opened: Mask) -> float:
        """What these sites earn."""
        times = np.zeros(len(self.weight), np.int64)
        for j in np.flatnonzero(opened):
            times[self.site_row[self.site_begin[j] : self.site_begin[j + 1]]] += 1
        return float((self.weight * np.append(0.0, np.cumsum(self.level))[times]).sum())


def _program(scan: _Scan, limits: Limits, opened: Mask, closed: Mask) -> tuple[Program, Ints]:
    """The minimise-uncovered form; sites `opened` and `closed` for good. And the first z of each row."""
    program = Program()
    sites = len(opened)
    program.add_columns(
        np.zeros(sites), (opened | limits.fixed).astype(float), np.where(closed, 0.0, 1.0), whole=True
    )
    limits.add_to(program, np.arange(sites))
    rows = len(scan.weight)
    owner = np.repeat(np.arange(rows), scan.need)
    first = np.append(0, np.cumsum(scan.need))
    turn = np.arange(len(owner)) - first[owner]
    z = program.add_columns(scan.weight[owner] * scan.level[turn], 0.0, 1.0, whole=False)
    pair_row = np.repeat(np.arange(rows), np.diff(scan.row_begin))
    program.add_rows(
        np.concatenate([pair_row, owner]),
        np.concatenate([scan.row_site, z + np.arange(len(owner))]),
        1.0,
        scan.need.astype(float),
        math.inf,
        rows,
    )
    return program, first


def _values(scan: _Scan, opened: Mask, first: Ints) -> Floats:
    """The columns of a program where these sites are open."""
    times = np.zeros(len(scan.weight), np.int64)
    for j in np.flatnonzero(opened):
        times[scan.site_row[scan.site_begin[j] : scan.site_begin[j + 1]]] += 1
    owner = np.repeat(np.arange(len(scan.weight)), scan.need)
    turn = np.arange(len(owner)) - first[owner]
    return np.concatenate([opened.astype(float), (turn >= times[owner]).astype(float)])


def _direct(problem: Rows, scan: _Scan, limits: Limits, state: Ints, until: float, gap: float) -> Found:
    nothing = np.zeros(len(state), bool)
    program, first = _program(scan, limits, nothing, nothing)
    start = _values(scan, state > CLOSED, first)
    # with one level SCIP closes in a third of the time HiGHS needs; with more it is the other way round
    solve = solve_scip if len(problem.level) == 1 else Program.solve
    done = solve(program, seconds_left(until), start=start, gap=gap)
    opened, value = _better(scan, state > CLOSED, done)
    return Found(opened, value, min(value, max(0.0, done.bound)), done.engine)


def _better(scan: _Scan, opened: Mask, done: Solved) -> tuple[Mask, float]:
    """The better of the sites known and those of the program, and what they leave unearned."""
    value = scan.ideal - scan.earned(opened)
    if done.values is not None:
        other = done.values[: len(opened)] > 0.5
        left = scan.ideal - scan.earned(other)
        if left < value:
            return other, left
    return opened, value


def _large(scan: _Scan, limits: Limits, state: Ints, earned: float, until: float, gap: float) -> Found:
    """Search, bound by tolls, then an integer program of what the two leave open."""
    share = seconds_left(until)
    stop = until - (1 - SEARCH_SHARE) * share
    rounds = ROUNDS
    for seed in range(2, 100):
        if rounds > ROUNDS_MOST or seconds_left(stop) == 0:
            break
        earned = scan.search(state, ROUNDS, seed)
        rounds += ROUNDS
    value = scan.ideal - earned
    bound, reduced = _tolls(scan, limits, value, gap, until - (1 - 2 * SEARCH_SHARE) * share)
    engine = "greedy+exchange+lagrange"
    if value - bound > gap * earned and len(scan.site_row) <= ENTRIES_RELAXED:
        linear = _linear(scan, limits, until)
        if linear[0] > bound:
            bound, reduced = linear
    opened = state > CLOSED
    if value - bound <= max(gap * earned, 1e-9 * scan.ideal) or seconds_left(until) < 1:
        return Found(opened, value, min(value, bound), engine)
    room = value - bound
    shut = (reduced > room) & ~limits.fixed
    stay = (reduced < -room) & ~limits.fixed
    program, first = _program(scan, limits, stay, shut)
    if program.matrix().nnz > ENTRIES_MOST:
        return Found(opened, value, min(value, bound), engine)
    done = solve_scip(program, seconds_left(until), start=_values(scan, opened, first), gap=gap)
    opened, value = _better(scan, opened, done)
    return Found(opened, value, min(value, max(bound, done.bound)), f"{engine}+scip")


def _tolls(scan: _Scan, limits: Limits, value: float, gap: float, until: float) -> tuple[float, Floats]:
    """The best bound subgradients find on what is left unearned; with the reduced costs of the sites."""
    sites, rows = len(scan.site_begin) - 1, len(scan.weight)
    most = scan.weight * scan.level[0]
    often = np.diff(scan.row_begin) * max(1.0, min(limits.most[0], sites)) / max(1, sites)
    toll = most / np.maximum(1.0, often)
    worth, slope, direction = np.zeros(sites), np.zeros(rows), np.zeros(rows)
    chosen = np.zeros(sites, bool)
    best, kept, reduced = -math.inf, toll.copy(), np.zeros(sites)
    theta, stalled = 1.0, 0
    for _ in range(STEPS):
        part = toll_bound(toll, scan.site_begin, scan.site_row, scan.weight, scan.level, scan.need, worth)
        saved, fee = limits.best_of(worth, chosen)
        bound = part + saved
        stalled += 1
        if bound > best:
            best, kept, reduced, stalled = bound, toll.copy(), worth + fee, 0
        if value - best <= gap * (scan.ideal - value) or seconds_left(until) == 0:
            break
        if stalled >= STALLED:
            theta, stalled, toll = theta / SHRINK, 0, kept.copy()
            direction[:] = 0.0
            continue
        toll_slope(toll, scan.site_begin, scan.site_row, chosen, scan.weight, scan.level, scan.need, slope)
        direction = slope + MEMORY * direction
        direction[((toll <= 0) & (direction < 0)) | ((toll >= most) & (direction > 0))] = 0.0
        square = float(direction @ direction)
        if square == 0 or theta < 1e-3:
            break
        toll = np.clip(toll + theta * (value - bound) / square * direction, 0.0, most)
    return best, reduced


def _linear(scan: _Scan, limits: Limits, until: float) -> tuple[float, Floats]:
    """The bound of the linear program and the reduced costs of the sites, by HiGHS."""
    nothing = np.zeros(len(limits.fixed), bool)
    program, _ = _program(scan, limits, nothing, nothing)
    return program.relax(seconds_left(until), len(limits.fixed))
