"""The radius formulation of the p-median: z (demand, radius) is 1 where no open site is that near.

References
----------
S. García, M. Labbé, A. Marín (2011), Solving large p-median problems with a radius formulation,
INFORMS Journal on Computing 23, 546–556.
S. Elloumi (2010), A tighter formulation of the p-median problem, J. of Combinatorial Optimization 19.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.siting.program import Floats, Program


def add_radii(
    program: Program, cost: Floats, never: Floats, possible: NDArray[np.bool_], left_out: NDArray[np.bool_]
) -> float:
    """Add the z and their rows to a program whose first columns are the sites of `cost`; the constant part.

    ``cost_i = D_1 + Σ_k (D_{k+1} - D_k) z_k``, ``z_k + Σ_{j: c_ij = D_k} y_j >= z_{k-1}``, ``z_0 = 1``.

    Parameters
    ----------
    cost, possible : (sites, demands)
        What a demand costs at a site, and which of these an answer may use.
    never, left_out : (demands,)
        What it costs with nobody, and whether an answer may leave it so.
    """
    demand, site = np.nonzero(possible.T)
    value = cost[site, demand]
    end = np.flatnonzero(left_out)
    # a last level without sites where being served by nobody is possible
    demand, site, value = (
        np.concatenate([demand, end]),
        np.concatenate([site, np.full(len(end), -1)]),
        np.concatenate([value, never[end]]),
    )
    turn = np.lexsort((value, demand))
    demand, site, value = demand[turn], site[turn], value[turn]
    if not len(demand):
        return 0.0
    fresh = np.ones(len(demand), bool)
    fresh[1:] = (demand[1:] != demand[:-1]) | (value[1:] > value[:-1])
    level = np.cumsum(fresh) - 1
    owner, radius = demand[fresh], value[fresh]
    levels = len(owner)
    last = np.append(owner[1:] != owner[:-1], True)
    begins = np.append(True, owner[1:] != owner[:-1])
    rise = np.where(last, 0.0, np.append(radius[1:], 0.0) - radius)
    first = program.add_columns(rise, 0.0, np.where(last, 0.0, 1.0), whole=False)
    free = np.zeros(levels, bool)
    free[level[site < 0]] = True  # needs no site: no row
    number = np.cumsum(~free) - 1
    rows = np.flatnonzero(~free)
    chained = rows[~begins[rows]]
    served = (site >= 0) & ~free[level]
    program.add_rows(
        np.concatenate([number[rows], number[chained], number[level[served]]]),
        np.concatenate([first + rows, first + chained - 1, site[served]]),
        np.concatenate([np.ones(len(rows)), -np.ones(len(chained)), np.ones(int(served.sum()))]),
        np.where(begins[rows], 1.0, 0.0),
        np.full(len(rows), math.inf),
        len(rows),
    )
    return float(radius[begins].sum())
