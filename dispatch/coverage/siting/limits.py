"""How many sites may be opened, for how much money, and which stand already."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.siting.interchange import CLOSED, FIXED, OPEN
from dispatch.coverage.siting.program import Floats, Ints, Program
from dispatch.coverage.siting.tolls import cheapest_sites


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """What may be opened.

    Parameters
    ----------
    fixed : (sites,)
        Sites that stay open and count for no limit.
    price : (2, sites)
        What opening a site takes of each limit: one of the number, its cost of the money.
    most : (2,)
        Sites opened at most, money spent at most; `inf` for no limit.
    """

    fixed: NDArray[np.bool_]
    price: Floats
    most: Floats

    @classmethod
    def of(
        cls, fixed: NDArray[np.bool_], number: float, cost: Floats | None = None, money: float = math.inf
    ) -> Limits:
        """Limits on the number of sites opened beside the fixed, and on what they cost."""
        sites = len(fixed)
        paid = np.zeros(sites) if cost is None else np.asarray(cost, np.float64)
        return cls(
            fixed,
            np.ascontiguousarray(np.vstack([np.ones(sites), paid])),
            np.array([number, money], np.float64),
        )

    @property
    def money_binds(self) -> bool:
        """Whether there is a limit on money."""
        return math.isfinite(self.most[1])

    def begin(self, wanted: NDArray[np.bool_] | None, seed: int = 0) -> Ints:
        """The fixed sites and as many of those wanted (or drawn) as the limits allow."""
        state = np.where(self.fixed, FIXED, CLOSED).astype(np.int64)
        turn = (
            np.random.default_rng(seed).permutation(len(state)) if wanted is None else np.flatnonzero(wanted)
        )
        spent = np.zeros(2)
        for j in turn:
            after = spent + self.price[:, j]
            if state[j] == CLOSED and np.all(after <= self.most * (1 + 1e-9) + 1e-9):
                state[j], spent = OPEN, after
        return state

    def best_of(self, worth: Floats, chosen: NDArray[np.bool_]) -> tuple[float, Floats]:
        """The least total of `worth` (never positive) the limits allow, at most; and each site's fee.

        A relaxation: of the two limits the one that binds more counts, by fractions. `chosen` is filled.
        """
        state = np.where(self.fixed, FIXED, CLOSED)
        total, fee = cheapest_sites(worth, self.price[0], self.most[0], state, chosen)
        fees = fee * self.price[0]
        if self.money_binds:
            other = np.zeros_like(chosen)
            money, rate = cheapest_sites(worth, self.price[1], self.most[1], state, other)
            if money > total:
                chosen[:] = other
                total, fees = money, rate * self.price[1]
        return total, np.where(self.fixed, 0.0, fees)

    def add_to(self, program: Program, sites: Ints, first: int = 0) -> None:
        """Add a row for each limit over the columns of `sites`, the first of which is `first`."""
        movable = np.flatnonzero(~self.fixed[sites])
        for price, most in zip(self.price, self.most, strict=True):
            if math.isfinite(most) and len(movable):
                program.add_rows(
                    np.zeros(len(movable), np.int64),
                    first + movable,
                    price[sites[movable]],
                    -math.inf,
                    most,
                    1,
                )
