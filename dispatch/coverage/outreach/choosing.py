"""Which sessions to hold: lazy greedy on diminishing returns, and a bound no choice can beat.

A cell is one group of one village: `weight` is what there is to gain in it (residents × risk, those
covered already left out). A session of option *o* covers the share `a[o, c]` of what is left in cell *c*, so
after `x[o]` sessions of each option the gain is

    f(x) = Σ_c weight_c · (1 − Π_o (1 − a[o, c]) ** x_o)

At most `sessions` in all and `limit` at each venue. f is monotone with diminishing returns, so taking the best
next session again and again is within a half of the best choice there is (Fisher, Nemhauser & Wolsey 1978; 1 − 1/e
where no venue is full: Nemhauser, Wolsey & Fisher 1978). Gains only fall, so a session whose gain computed earlier
is beaten need not be looked at (Minoux 1978).

The bound is much closer than that guarantee. With b = −ln(1 − a), f(x) = Σ weight·(1 − exp(−Σ x_o b)) is concave
also between whole numbers, so for any x in the polytope P of both limits f(x) + max_{y in P} ∇f(x)·(y − x) is at
least the best choice; steps of Frank & Wolfe (1956; Jaggi 2013) from the greedy answer bring it down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.outreach.taking import most_gain, to_floor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_SHARE = 0.999_999
"""A session never covers a cell for certain: b stays finite."""
BOUND_STEPS = 60
GOOD_GAP = 0.002
"""The bound is not lowered further once it is this close."""


@dataclass(frozen=True, slots=True)
class Offers:
    """Options as sparse rows: cells `cell[start[o]:start[o+1]]` with shares `share`, at venue `venue[o]`.

    `weight` (C,) is what each cell has to give, `limit` (V,) how many sessions each venue can hold,
    `part` (C,) the town of each cell (0…T−1), `part_total` (T,) and `part_covered` (T,) what each town has
    in all and what is covered before any session, in the unit of `weight`.
    """

    start: Ints
    cell: Ints
    share: Floats
    venue: Ints
    limit: Ints
    weight: Floats
    part: Ints
    part_total: Floats
    part_covered: Floats

    def __post_init__(self) -> None:
        if not (self.share >= 0.0).all() or not (self.share <= MOST_SHARE).all():
            raise ValueError("shares must lie in 0 to 0.999999")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Options in the order they were taken, the gain of each when it was taken, and what is proved.

    `for_floor` of the first sessions were taken to bring every town to the floor. `bound` is the most any choice of
    as many sessions can gain (without a floor, so with one too).
    """

    option: Ints
    gain: Floats
    for_floor: int
    bound: float
    part_share: Floats
    """Share of each town covered in the end; NaN where a town has nothing to cover."""

    @property
    def value(self) -> float:
        """What is gained, in the unit of `weight`."""
        return float(self.gain.sum())

    @property
    def gap_percent(self) -> float:
        """How far above the value the bound is."""
        return max(0.0, 100.0 * (self.bound - self.value) / self.bound) if self.bound > 0.0 else 0.0


class FloorOutOfReach(Exception):
    """Not every town can be brought to the floor: which is worst, and how far it got."""

    def __init__(self, part: int, share: float) -> None:
        self.part, self.share = part, share
        super().__init__(f"town {part} reaches {share:.3f}")


def choose(offers: Offers, sessions: int, floor: float = 0.0) -> Chosen:
    """The sessions to hold, most gained first (after those the floor asks for), and the bound.

    Raises
    ------
    FloorOutOfReach
        The floor cannot be reached with so many sessions by the greedy choice.
    """
    count = len(offers.venue)
    left, used = offers.weight.copy(), np.zeros(len(offers.limit), np.int64)
    covered = offers.part_covered.copy()
    option = np.full(sessions, -1, np.int64)
    gain = np.zeros(sessions)
    columns = (offers.start, offers.cell, offers.share, offers.venue, offers.limit, offers.part)
    taken = 0
    if floor > 0.0:
        taken = to_floor(*columns, offers.part_total, covered, left, used, floor, option, gain)
        share = _shares(covered, offers.part_total)
        if np.nanmin(share, initial=1.0) < floor - 1e-9:
            worst = int(np.nanargmin(share))
            raise FloorOutOfReach(worst, float(share[worst]))
    first = taken
    if count:
        taken = most_gain(*columns, covered, left, used, option, gain, taken)
    option, gain = option[:taken], gain[:taken]
    times = np.bincount(option, minlength=count).astype(np.float64)
    bound = _bound(offers, times, sessions, float(gain.sum())) if count else 0.0
    return Chosen(option, gain, first, bound, _shares(covered, offers.part_total))


def value_of(offers: Offers, times: Floats) -> float:
    """What `times` (O,) sessions of each option gain: f, from its definition."""
    return float(offers.weight.sum() - _left(offers, times).sum())


def _shares(covered: Floats, total: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0.0, covered / total, np.nan)


def _left(offers: Offers, times: Floats) -> Floats:
    rate = np.repeat(times, np.diff(offers.start)) * -np.log1p(-offers.share)
    return offers.weight * np.exp(-np.bincount(offers.cell, rate, minlength=len(offers.weight)))


def _bound(offers: Offers, times: Floats, sessions: int, value: float) -> float:
    """The least of f(x) + max_{y in P} ∇f(x)·(y − x) over the points met on the way up from `times`."""
    rate = -np.log1p(-offers.share)
    rows = np.repeat(np.arange(len(offers.venue)), np.diff(offers.start))
    worth = offers.weight.sum()
    x = times.copy()
    best = math.inf
    for _ in range(BOUND_STEPS):
        left = _left(offers, x)
        slope = _sums(rows, left[offers.cell] * rate, len(offers.venue))
        y = _steepest(slope, offers, sessions)
        best = min(best, worth - left.sum() + float(slope @ (y - x)))
        if best - value <= GOOD_GAP * best:
            break
        x += _step(offers, left, y - x, rows, rate) * (y - x)
    return min(best, float(worth))


def _sums(at: Ints, what: Floats, count: int) -> Floats:
    return np.asarray(np.bincount(at, what, minlength=count), np.float64)


def _steepest(slope: Floats, offers: Offers, sessions: int) -> Floats:
    """The corner of P that climbs most: each venue full of its best option, best venues first."""
    order = np.lexsort((np.arange(len(slope)), -slope))
    _, first = np.unique(offers.venue[order], return_index=True)
    heads = order[np.sort(first)]
    room = offers.limit[offers.venue[heads]].astype(np.float64)
    before = np.concatenate([[0.0], np.cumsum(room)[:-1]])
    y = np.zeros(len(slope))
    y[heads] = np.clip(sessions - before, 0.0, room) * (slope[heads] > 0.0)
    return y


def _step(offers: Offers, left: Floats, way: Floats, rows: Ints, rate: Floats) -> float:
    """How far (0 to 1) along `way` f is greatest: its slope there falls, so halve the interval."""
    drop = np.bincount(offers.cell, way[rows] * rate, minlength=len(left))
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2.0
        if float((left * drop * np.exp(-middle * drop)).sum()) > 0.0:
            low = middle
        else:
            high = middle
    return low
