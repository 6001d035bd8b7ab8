"""How busy each unit is when alerts are taken by the first free one of a list: Larson's hypercube.

Units differ: who is first on many lists is busy more often, so what a map of distances shows as
covered may be covered by somebody who is out. Exactly for a few units, by Larson's approximation
for any number.

References
----------
Larson & Odoni, *Urban Operations Research* (1981), §5.4 (exact, infinite line), §5.5 (approximation);
Larson, "Approximating the performance of urban emergency service systems", *Oper. Res.* 23 (1975) 845–868.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.queues import erlang_c
from dispatch.errors import BadInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

EXACT_UNITS = 10
"""Up to so many units every combination of busy ones, 2 to the power of them, is solved for."""
SWEEPS = 200
MOST_BUSY = 0.999
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Busy:
    """How busy the units are, and who answers.

    `share` (units,) of the time; `answers` (atoms, k) is the share of an atom's alerts its k-th unit
    takes at once; `waits` (atoms,) of those that find its whole list out.
    """

    share: Floats
    answers: Floats
    waits: Floats
    exact: bool
    sweeps: int = 0


def exact(rates: Sequence[float], lists: Integers, service_hours: Floats) -> Busy:
    """Every state of the units solved for; who finds all busy waits in one line.

    Parameters
    ----------
    rates
        Alerts an hour of each atom.
    lists
        (atoms, units): the units in the order in which each atom asks for them, all of them.
    service_hours
        (units,) mean time an alert takes a unit.

    Raises
    ------
    BadInput
        More than `EXACT_UNITS` units, lists that leave some out, or more work than they can do.
    """
    units = len(service_hours)
    if (
        units > EXACT_UNITS
        or lists.shape != (len(rates), units)
        or (np.sort(lists, axis=1) != np.arange(units)).any()
    ):
        raise BadInput(
            f"the exact model takes at most {EXACT_UNITS} units, all of them on every list; found {units}"
        )
    leave = 1.0 / service_hours
    total = math.fsum(rates)
    if total >= leave.sum():
        raise BadInput(
            f"{total:g} alerts an hour are more than {units} units can take: {leave.sum():.3g} an hour"
        )
    states = np.arange(2**units)
    out = (states[:, None] >> np.arange(units)) & 1 == 1
    flow = np.zeros((len(states), len(states)))
    for rate, order in zip(rates, lists, strict=True):
        free = ~out[:-1][:, order]
        first = order[free.argmax(axis=1)]
        np.add.at(flow, (states[:-1] | (1 << first), states[:-1]), rate)
    for unit in range(units):
        busy = states[out[:, unit]]
        flow[busy & ~(1 << unit), busy] += leave[unit]
    flow -= np.diag(flow.sum(axis=0))
    flow[0] = 1.0
    shares = np.linalg.solve(flow, np.eye(len(states))[0])
    beyond = total / leave.sum()
    line = shares[-1] * beyond / (1.0 - beyond)  # states with somebody waiting, all units out
    shares, line = shares / (1.0 + line), line / (1.0 + line)
    answers = np.zeros(lists.shape)
    for atom, order in enumerate(lists):
        taken = (~out[:-1][:, order]).argmax(axis=1)
        answers[atom] = np.bincount(taken, shares[:-1], minlength=units)
    waits = np.full(len(lists), shares[-1] + line)
    return Busy(shares @ out + line, answers, waits, exact=True)


def correction(units: int, share: float, before: int) -> float:
    """Q(N, ρ, k): by how much k units being out together is likelier than chance has it (Larson 1975, eq. 21).

    Q(N,ρ,k) = Σ_{j=k}^{N−1} (N−k−1)!(N−j)/(j−k)! · N^j/N! · ρ^(j−k) · P0 / (1−ρ), P0 of M/M/N.
    """
    if before == 0:
        return 1.0
    load = units * share
    logs = [n * math.log(load) - math.lgamma(n + 1) for n in range(units)]
    logs.append(units * math.log(load) - math.lgamma(units + 1) - math.log(1.0 - share))
    most = max(logs)
    idle = -most - math.log(math.fsum(math.exp(one - most) for one in logs))
    terms = [
        math.lgamma(units - before) + math.log(units - j) - math.lgamma(j - before + 1)
        + j * math.log(units) - math.lgamma(units + 1) + (j - before) * math.log(share) + idle
        for j in range(before, units)
    ]  # fmt: skip
    return math.fsum(math.exp(one) for one in terms) / (1.0 - share)


def approximate(
    rates: Sequence[float],
    lists: Integers,
    service_hours: Floats,
    *,
    tolerance: float = 1e-6,
    decimals: int | None = None,
) -> Busy:
    """Larson's approximation: sweeps over the units until their shares stand still.

    Lists may leave units out (those that may not go there), filled up with -1 at their end. Who finds
    the whole list out waits for the first of it to be free. Every alert is taken once, so shares
    are scaled to that after every sweep.

    Parameters
    ----------
    tolerance
        Largest change of a share at which the sweeps end.
    decimals
        Figures each sweep is rounded to, as by hand; None computes on.

    Raises
    ------
    BadInput
        More work than the units can do.
    """
    units, hours = len(service_hours), np.asarray(service_hours, np.float64)
    work, asked = np.asarray(rates, np.float64), lists != NOBODY
    reached = asked.any(axis=1)
    alerts = float(work[reached].sum())
    first = hours[lists[reached, 0]]
    mean = float(work[reached] @ first) / units if units else 0.0
    if mean >= 1.0:
        raise BadInput(
            f"{work.sum():g} alerts an hour are work for {mean * units:.1f} units; {units} are on duty"
        )
    if not mean > 0:
        return Busy(
            np.zeros(units), (asked.cumsum(axis=1) == 1) & asked, (~reached).astype(float), exact=False
        )
    factor = np.array([correction(units, mean, k) if k < units else 0.0 for k in range(lists.shape[1])])
    full = bool(reached.all()) and bool((asked.sum(axis=1) == units).all())
    in_line = erlang_c(units, mean * units)
    share = np.full(units, mean)
    sweep, change = 0, math.inf
    while sweep < SWEEPS and change > tolerance + 1e-12:
        sweep += 1
        ahead, all_out = _ahead(share, lists, asked)
        asks = np.where(asked, work[:, None] * factor * ahead, 0.0)
        gets = np.bincount(lists[asked], asks[asked], minlength=units) * hours
        waiting = np.full(len(work), in_line) if full else all_out
        each = np.where(reached, work * waiting / np.maximum(asked.sum(axis=1), 1), 0.0)
        line = (
            np.bincount(lists[asked], np.broadcast_to(each[:, None], lists.shape)[asked], minlength=units)
            * hours
        )
        fresh = (gets + line) / (1.0 + gets)
        fresh = fresh if decimals is None else fresh.round(decimals)
        fresh = np.minimum(fresh * (alerts / (fresh / hours).sum()), MOST_BUSY)
        fresh = fresh if decimals is None else fresh.round(decimals)
        change, share = float(np.abs(fresh - share).max()), fresh
    return _answers(share, lists, asked, factor, sweep)


def _ahead(share: Floats, lists: Integers, asked: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Chance that all before each on its list are out, and that the whole list is."""
    out = np.where(asked, share[lists], 1.0)
    together = np.cumprod(out, axis=1)
    ahead = np.concatenate([np.ones((len(lists), 1)), together[:, :-1]], axis=1)
    return ahead, np.where(asked.any(axis=1), together[:, -1], 1.0)


def _answers(share: Floats, lists: Integers, asked: NDArray[np.bool_], factor: Floats, sweeps: int) -> Busy:
    """Who answers how often; corrected chances are never more than what is left to answer."""
    ahead, _ = _ahead(share, lists, asked)
    free = np.where(asked, 1.0 - share[lists], 0.0)
    answers = np.where(asked, np.minimum(factor * ahead, 1.0) * free, 0.0)
    total = answers.sum(axis=1, keepdims=True)
    answers = answers / np.maximum(total, 1.0)
    return Busy(share, answers, 1.0 - answers.sum(axis=1), exact=False, sweeps=sweeps)
