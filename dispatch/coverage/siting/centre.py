"""The p-centre with a proof: the least radius at which the sites allowed can cover everybody.

Binary search over the distinct minutes. Each radius asks a set-covering question, smaller once
rows and columns another one implies are gone, and answered by the first that knows: interchange
finds a cover; tolls, or branch and bound on them, show that none leaves nobody out; HiGHS decides
the rest. The value is always a number of the table, so a proof is exact.

References
----------
E. Minieka (1970), The m-center problem, SIAM Review 12.
S. Elloumi, M. Labbé, Y. Pochet (2004), A new formulation and resolution method for the p-center
problem, INFORMS Journal on Computing 16, 84–94.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.siting.branching import branch
from dispatch.coverage.siting.found import Found
from dispatch.coverage.siting.implied import essential
from dispatch.coverage.siting.interchange import CLOSED, FIXED, OPEN, kicked
from dispatch.coverage.siting.limits import Limits
from dispatch.coverage.siting.program import Floats, Program, seconds_left

Mask = NDArray[np.bool_]
NODES_AT_ONCE = 20
MOST_NODES = 60
STEPS_A_NODE = 100


def solve_centre(minutes: Floats, limits: Limits, until: float, start: Mask | None = None) -> Found:
    """The sites whose farthest demand is nearest, and a proved bound, in the unit of `minutes`.

    Parameters
    ----------
    minutes : (sites, demands)
        `inf` where a site cannot serve; every demand has a site that can.
    until
        CPU seconds of this process at which to stop.

    Returns
    -------
    Found
        `value` is `inf` where no choice of sites the limits allow serves everybody.
    """
    radii = np.unique(minutes[np.isfinite(minutes)])
    low = int(np.searchsorted(radii, float(minutes.min(axis=0).max()))) if len(radii) else 0
    best, value, high = _farthest(minutes, limits, start)
    high = int(np.searchsorted(radii, value)) if math.isfinite(value) else len(radii)
    used: set[str] = {"interchange"}
    unknown = False
    while low < high:
        middle = (low + high) // 2
        answer, engine = cover_within(minutes <= radii[middle], limits, until)
        used.add(engine)
        if answer is None:
            unknown = True
            break
        if not answer.any():
            low = middle + 1
            continue
        best, value = answer, float(minutes[answer].min(axis=0).max())
        high = int(np.searchsorted(radii, value))
    bound = float(radii[low]) if low < len(radii) else math.inf
    if not unknown and math.isfinite(value):
        bound = value
    return Found(best, value, bound, "+".join(sorted(used)))


def _farthest(minutes: Floats, limits: Limits, start: Mask | None) -> tuple[Mask, float, int]:
    """Sites taken one by one for the demand that is worst off, and its minutes."""
    state = limits.begin(start if start is not None else np.zeros(len(minutes), bool))
    while True:
        served = minutes[state > CLOSED].min(axis=0, initial=math.inf)
        spent = limits.price[:, state == OPEN].sum(axis=1)
        fits = np.all(spent[:, None] + limits.price <= limits.most[:, None] * (1 + 1e-9) + 1e-9, axis=0)
        fits &= state == CLOSED
        if not fits.any():
            return state > CLOSED, float(served.max()), 0
        worst = minutes[:, int(served.argmax())]
        state[
            int(np.where(fits, worst, math.inf).argmin())
            if np.isfinite(worst[fits]).any()
            else int(fits.argmax())
        ] = OPEN


def cover_within(reach: Mask, limits: Limits, until: float) -> tuple[Mask | None, str]:
    """Sites that cover every demand, all False if there are none, None if time ran out; and who knew.

    Parameters
    ----------
    reach : (sites, demands)
        Who covers whom.
    """
    nobody = np.zeros(len(reach), bool)
    left = ~reach[limits.fixed].any(axis=0)
    if not left.any():
        return limits.fixed.copy(), "fixed sites"
    fitting = np.flatnonzero(
        ~limits.fixed & np.all(limits.price <= limits.most[:, None] * (1 + 1e-9), axis=0)
    )
    columns, rows = essential(reach[np.ix_(fitting, np.flatnonzero(left))], limits.price[1, fitting])
    columns = fitting[columns]
    if not reach[np.ix_(columns, np.flatnonzero(left)[rows])].any(axis=0).all():
        return nobody, "domination"
    small = reach[np.ix_(columns, np.flatnonzero(left)[rows])]
    inner = Limits(np.zeros(len(columns), bool), np.ascontiguousarray(limits.price[:, columns]), limits.most)
    chosen, engine = _decide(small, inner, until)
    if chosen is None or not chosen.any():
        return (None if chosen is None else nobody), engine
    answer = limits.fixed.copy()
    answer[columns[chosen]] = True
    return answer, engine


def _decide(reach: Mask, limits: Limits, until: float) -> tuple[Mask | None, str]:
    """A cover within the limits, none (all False), or None when time is over."""
    cost = np.where(reach, 0.0, 1.0)
    never = np.ones(reach.shape[1])
    for seed in range(2):
        state = limits.begin(None, seed=seed)
        if kicked(cost, never, limits.price, limits.most, state, 20, seed + 1) == 0:
            return state > CLOSED, "interchange"
    if not limits.money_binds:
        top, best = _branch(cost, never, limits, until)
        if best.any() or not top:
            return best, "branching"
    return _program(reach, limits, until)


def _branch(cost: Floats, never: Floats, limits: Limits, until: float) -> tuple[int, Mask]:
    """Branch and bound for nobody left out: nodes left, and the cover if there is one."""
    sites, demands = cost.shape
    order = np.argsort(cost.T, axis=1, kind="stable").astype(np.int64)
    near = np.ascontiguousarray(np.take_along_axis(cost.T, order, 1))
    deep = sites + 3
    states, tolls, bounds = np.zeros((deep, sites), np.int64), np.zeros((deep, demands, 1)), np.zeros(deep)
    states[0] = np.where(limits.fixed, FIXED, CLOSED)
    tolls[0, :, 0] = 1.0 / np.maximum(1.0, (cost == 0).sum(axis=0))
    best, top, done, value = np.zeros(sites, bool), 1, 0, 1.0
    number = int(min(limits.most[0], sites))
    while top and done < MOST_NODES and value > 0 and seconds_left(until) > 0:
        top, value = branch(
            order, near, never, np.ones(1), number, states, tolls, bounds, top,
            value, 1.0, best, NODES_AT_ONCE, STEPS_A_NODE,
        )  # fmt: skip
        done += NODES_AT_ONCE
    return top, best


def _program(reach: Mask, limits: Limits, until: float) -> tuple[Mask | None, str]:
    """The covering question put to HiGHS."""
    sites, demands = reach.shape
    program = Program()
    program.add_columns(limits.price[0], 0.0, 1.0, whole=True)
    limits.add_to(program, np.arange(sites))
    demand, site = np.nonzero(reach.T)
    program.add_rows(demand, site, 1.0, 1.0, math.inf, demands)
    done = program.solve(seconds_left(until))
    if done.values is not None:
        return done.values[:sites] > 0.5, "highs"
    return (np.zeros(sites, bool) if done.infeasible else None), "highs"
