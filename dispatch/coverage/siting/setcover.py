"""Set covering: the fewest, or cheapest, sites that cover everybody who can be; and then as often as possible twice.

References
----------
C. Toregas, R. Swain, C. ReVelle, L. Bergman (1971), The location of emergency service facilities,
Operations Research 19, 1363–1373.
K. Hogan, C. ReVelle (1986), Concepts and applications of backup coverage, Management Science 32.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dispatch.coverage.siting.covering import merged
from dispatch.coverage.siting.found import Found
from dispatch.coverage.siting.implied import essential
from dispatch.coverage.siting.limits import Limits
from dispatch.coverage.siting.program import Floats, Program, seconds_left
from dispatch.coverage.siting.scip import solve_large

Mask = NDArray[np.bool_]


def solve_setcover(reach: csr_array, price: Floats, fixed: Mask, until: float, gap: float = 0.0) -> Found:
    """The cheapest sites that cover every demand some site reaches; `value` is what they cost beside the fixed.

    Parameters
    ----------
    reach : (sites, demands)
        Sparse; an entry where a site covers a demand. Demands nobody reaches are left aside.
    price : (sites,)
        Of each site; ones for the fewest.
    """
    small, _, _ = merged(reach, np.ones(reach.shape[1]))
    open_rows = np.flatnonzero(~(np.asarray(small[fixed].sum(axis=0)).ravel() > 0))
    dense = small[:, open_rows].toarray() > 0
    movable = np.flatnonzero(~fixed)
    columns, rows = essential(dense[movable], price[movable])
    columns = movable[columns]
    if not len(rows):
        return Found(fixed.copy(), 0.0, 0.0, "fixed sites")
    kernel = dense[np.ix_(columns, rows)]
    program = Program()
    program.add_columns(price[columns], 0.0, 1.0, whole=True)
    demand, site = np.nonzero(kernel.T)
    program.add_rows(demand, site, 1.0, 1.0, math.inf, len(rows))
    begun = _greedy(kernel, price[columns])
    done = program.solve(seconds_left(until), start=begun.astype(float), gap=gap)
    chosen, value = begun, float(price[columns][begun].sum())
    if done.values is not None and (other := float(price[columns][done.values > 0.5].sum())) < value:
        chosen, value = done.values > 0.5, other
    bound = done.bound
    if np.all(price == np.rint(price)):
        bound = math.ceil(bound - 1e-6)
    opened = fixed.copy()
    opened[columns[chosen]] = True
    return Found(opened, value, min(value, max(0.0, bound)), "highs")


def solve_backup(
    reach: csr_array, weight: Floats, price: Floats, fixed: Mask, until: float, gap: float = 0.0
) -> tuple[Found, Found]:
    """LSCP-B: of the cheapest covers, one that covers most weight twice; (the cover, the backup).

    The backup's `value` is the weight covered less than twice, of what two sites could reach.
    """
    first = solve_setcover(reach, price, fixed, until, gap)
    rows, weights, _ = merged(reach, weight)
    by_row = csr_array(rows.T)
    twice = np.flatnonzero(np.diff(by_row.indptr) >= 2)
    program = Program()
    sites, demands = rows.shape
    program.add_columns(np.zeros(sites), fixed.astype(float), 1.0, whole=True)
    z = program.add_columns(weights[twice], 0.0, 1.0, whole=False)
    pair = np.repeat(np.arange(demands), np.diff(by_row.indptr))
    rank = np.full(demands, -1)
    rank[twice] = np.arange(len(twice))
    program.add_rows(
        np.concatenate([pair, twice]),
        np.concatenate([by_row.indices, z + np.arange(len(twice))]),
        1.0,
        np.where(rank >= 0, 2.0, 1.0),
        math.inf,
        demands,
    )
    movable = np.flatnonzero(~fixed)
    limits = Limits.of(fixed, math.inf, price, first.value)
    limits.add_to(program, np.arange(sites))
    if not len(movable):
        return first, first
    times = np.asarray(rows[first.open].sum(axis=0)).ravel()
    start = np.concatenate([first.open.astype(float), (times[twice] < 2).astype(float)])
    done = solve_large(program, sites, seconds_left(until), start=start, gap=gap)
    opened = first.open if done.values is None else done.values[:sites] > 0.5
    times = np.asarray(rows[opened].sum(axis=0)).ravel()
    value = float(weights[twice][times[twice] < 2].sum())
    return first, Found(opened, value, min(value, max(0.0, done.bound)), f"{first.engine}+{done.engine}")


def _greedy(kernel: Mask, price: Floats) -> Mask:
    """A cover, by the most left to cover for the price; then without those it can spare."""
    left = np.ones(kernel.shape[1], bool)
    chosen = np.zeros(len(kernel), bool)
    while left.any():
        gain = kernel[:, left].sum(axis=1) / np.maximum(price, 1e-9)
        pick = int(gain.argmax())
        chosen[pick] = True
        left &= ~kernel[pick]
    for spare in np.flatnonzero(chosen)[::-1]:
        chosen[spare] = False
        if not kernel[chosen].any(axis=0).all():
            chosen[spare] = True
    return chosen
