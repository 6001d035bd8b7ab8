"""Who is within reach at one moment: minutes, shares of the demand, what is not covered, and by whom.

Pure: what was read goes in, figures come out. Shares are of all demand, the part at no known place
and the part no road leads to included; both are counted apart, so that the sum closes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.busy import Load, load_of
from dispatch.coverage.demand import Demand, refuse_nothing
from dispatch.coverage.supply import Coming, Supply, coming
from dispatch.errors import BadInput

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_THRESHOLDS = 6


@dataclass(frozen=True, slots=True)
class Reach:
    """What the coverage of one moment is; n demand points, T thresholds.

    `nearest` and `second` (n,) are minutes to the quickest and the second quickest who may go, the mean
    over a point's places, `inf` where nobody can. `within` (T, n), `twice` (T, n), `expected` (T, n, None without a
    rate of alerts) and `by_kind` (4, T, n) are shares, 0 to 1, of each point within each threshold: by somebody, by
    two, by somebody who is not out, by each of `domain.KINDS`. `no_road` (n,) is the share no base of
    anybody, on duty or not, has a road to; `unplaced` (n,) what is at no known place.
    """

    supply: Supply
    demand: Demand
    thresholds: tuple[float, ...]
    found: Coming
    nearest: Floats
    second: Floats
    within: Floats
    twice: Floats
    by_kind: Floats
    no_road: Floats
    unplaced: Floats
    load: Load | None = None
    expected: Floats | None = None

    def share(self, table: Floats, rows: Bools | None = None) -> Floats:
        """Shares (0 to 1) of the weight of those points, or of all, over the last axis of `table`."""
        weight = self.demand.weights if rows is None else np.where(rows, self.demand.weights, 0.0)
        total = weight.sum()
        shares: Floats = table @ weight / total if total > 0 else table @ weight
        return shares


def reach(
    supply: Supply, demand: Demand, thresholds: Sequence[float], per_hour: float | None = None
) -> Reach:
    """Measure the coverage of one moment.

    Parameters
    ----------
    thresholds
        Minutes from the moment to first contact, above 0.
    per_hour
        Alerts an hour in the whole area: with it, units are out as often as those keep them busy.

    Raises
    ------
    BadInput
        No demand, thresholds that are none, a rate that cannot be.
    """
    refuse_nothing(demand)
    limits = thresholds_of(thresholds)
    found = coming(supply, demand)
    spots, count = demand.spots, len(demand.points)
    shares = np.array([place.probability for place in spots.places], dtype=np.float64)

    def by_point(values: Floats) -> Floats:
        """Shares of spots (…, m) as shares of points (…, n)."""
        flat = values.reshape(-1, values.shape[-1]) * shares
        summed = np.zeros((len(flat), count))
        for number, one in enumerate(flat):
            summed[number] = np.bincount(spots.point, one, minlength=count)
        return summed.reshape(*values.shape[:-1], count)

    within = np.array(limits)[:, None]
    load = load_of(supply, demand, found, per_hour) if per_hour is not None else None
    expected = None
    if load is not None:
        expected = by_point(
            np.stack([(load.answers * (found.minutes <= limit)).sum(axis=1) for limit in limits])
        )
    return Reach(
        supply=supply,
        demand=demand,
        thresholds=limits,
        found=found,
        nearest=_mean(by_point, found.minutes[:, 0]),
        second=_mean(by_point, found.minutes[:, 1]),
        within=by_point((found.minutes[:, 0] <= within).astype(np.float64)),
        twice=by_point((found.minutes[:, 1] <= within).astype(np.float64)),
        by_kind=by_point((found.by_kind.T[:, None, :] <= within).astype(np.float64)),
        no_road=by_point((~found.by_road).astype(np.float64)),
        unplaced=1.0 - np.array([one.placed_share for one in demand.points]),
        load=load,
        expected=expected,
    )


def thresholds_of(minutes: Iterable[float]) -> tuple[float, ...]:
    """Thresholds in rising order, each once; BadInput if they are not some minutes above 0."""
    limits = tuple(sorted(set(minutes)))
    if (
        not limits
        or len(limits) > MOST_THRESHOLDS
        or any(not (math.isfinite(one) and one > 0) for one in limits)
    ):
        given = ",".join(f"{one:g}" for one in limits)
        raise BadInput(
            f"--minutes is {given!r}, expected 1 to {MOST_THRESHOLDS} numbers above 0, such as 15,30,60"
        )
    return limits


def _mean(by_point: Callable[[Floats], Floats], minutes: Floats) -> Floats:
    """Mean minutes over the places somebody can come to; `inf` where there is none."""
    can = np.isfinite(minutes)
    reached = by_point(can.astype(np.float64))
    summed = by_point(np.where(can, minutes, 0.0))
    mean: Floats = np.where(reached > 0, summed / np.where(reached > 0, reached, 1.0), np.inf)
    return mean


def percentile(reached: Reach, share: float) -> float:
    """Minutes within which that share of all demand is met; `inf` if so much is met by nobody."""
    minutes, weight = reached.found.minutes[:, 0], reached.demand.spots.weight
    order = np.argsort(minutes, kind="stable")
    met = np.cumsum(weight[order]) / reached.demand.total
    at = int(np.searchsorted(met, share - 1e-12))
    return float(minutes[order[at]]) if at < len(order) else math.inf
