"""What replications say together: means with t intervals, and paired differences between scenarios."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean of independent replications and half the width of its interval; NaN where too few say anything."""

    mean: float
    half_width: float
    replications: int
    level: float = LEVEL

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.mean + self.half_width

    @property
    def apart_from_zero(self) -> bool:
        """Whether 0 lies outside the interval; for a difference: whether the two can be told apart."""
        return bool(np.isfinite(self.half_width) and (self.low > 0.0 or self.high < 0.0))


def estimate(values: NDArray[np.float64], level: float = LEVEL) -> Estimate:
    """Student's t interval for the mean of `values` (R,); replications without a value (NaN) are left out.

    The half width is `inf` with a single value, 0 where all are the same.
    """
    kept = np.asarray(values, np.float64)
    kept = kept[np.isfinite(kept)]
    count = len(kept)
    if count < 2:
        return Estimate(
            float(kept[0]) if count else float("nan"), float("inf") if count else float("nan"), count, level
        )
    spread = float(kept.std(ddof=1)) / np.sqrt(count)
    return Estimate(float(kept.mean()), _quantile(level, count) * spread, count, level)


def difference(values: NDArray[np.float64], against: NDArray[np.float64], level: float = LEVEL) -> Estimate:
    """The interval of the mean of `values - against`, replication by replication.

    Both played the same tapes (common random numbers), so what chance does to both falls out.

    Raises
    ------
    ValueError
        The two have not the same number of replications.
    """
    if len(values) != len(against):
        raise ValueError(
            f"{len(values)} replications against {len(against)}: only the same tapes can be compared"
        )
    return estimate(np.asarray(values, np.float64) - np.asarray(against, np.float64), level)


def variance_ratio(values: NDArray[np.float64], against: NDArray[np.float64]) -> float:
    """How many times smaller the variance of the paired difference is than that of two independent runs."""
    paired = float(np.var(np.asarray(values) - np.asarray(against), ddof=1))
    apart = float(np.var(values, ddof=1) + np.var(against, ddof=1))
    return apart / paired if paired > 0.0 else float("inf")


def replications_for(values: NDArray[np.float64], half_width: float, level: float = LEVEL) -> int:
    """How many replications in all would bring the half width down to this, by the spread seen so far."""
    kept = np.asarray(values, np.float64)
    kept = kept[np.isfinite(kept)]
    if len(kept) < 2:
        return 2
    spread = float(kept.std(ddof=1))
    count = len(kept)
    while count < 10_000_000 and _quantile(level, count) * spread / np.sqrt(count) > half_width:
        wanted = (_quantile(level, count) * spread / half_width) ** 2
        count = max(count + 1, int(np.ceil(wanted)))
    return count


def _quantile(level: float, count: int) -> float:
    """Student's t with `count` - 1 degrees of freedom (`scipy.special` alone: `scipy.stats` takes a second to load)."""
    return float(stdtrit(count - 1, 0.5 + level / 2.0))
