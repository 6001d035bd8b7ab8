"""Questions with a floor for every county, or with capacities: whole integer programs, by HiGHS or SCIP.

Here nothing is merged across counties and nothing searched: the program says it all.
"""

from __future__ import annotations

import math

import numpy as np

from dispatch.coverage.siting.found import Found
from dispatch.coverage.siting.program import Floats, Ints, Program, Solved, seconds_left
from dispatch.coverage.siting.question import Question
from dispatch.coverage.siting.scip import solve_large
from dispatch.errors import BadInput

LARGEST = 3_000_000
"""Pairs of site and demand beyond which such a question is refused."""


def solve_constrained(asked: Question, until: float, gap: float) -> Found:
    """Sites that keep floors and capacities; `value` and `bound` as the model minimises them.

    Raises
    ------
    BadInput
        Nothing keeps them; or the question is too large.
    """
    if asked.model == "pcenter":
        return _centre(asked, until)
    program = Program()
    limits = asked.limits
    price = limits.price[1] if math.isfinite(asked.budget) or np.any(asked.price != 1) else limits.price[0]
    sites = len(asked.sites)
    program.add_columns(
        np.where(asked.fixed, 0.0, price) if asked.model == "lscp" else np.zeros(sites),
        asked.fixed.astype(float),
        1.0,
        whole=True,
    )
    if asked.model != "lscp":
        limits.add_to(program, np.arange(sites))
    constant = _capacitated(program, asked) if asked.capacity is not None else _free(program, asked)
    done = _solved(program, asked, until, gap)
    if done.values is None:
        raise BadInput(_nothing(asked, infeasible=done.infeasible))
    value = done.objective + constant
    return Found(done.values[:sites] > 0.5, value, min(value, done.bound + constant), done.engine)


def _solved(program: Program, asked: Question, until: float, gap: float) -> Solved:
    if program.matrix().nnz > LARGEST:
        raise BadInput(
            f"{len(asked.sites)} sites and {len(asked.demands)} demands are too many for a floor or capacities; "
            "name fewer candidates with --candidates, or leave out the floor"
        )
    return solve_large(program, len(asked.sites), seconds_left(until), gap=gap)


def _nothing(asked: Question, *, infeasible: bool) -> str:
    if not infeasible:
        return "no answer was found in the time given; give more --seconds"
    what = [f"a floor of {asked.floor_share:.0%} in every county"] if asked.floor_share > 0 else []
    what += ["the capacities"] if asked.capacity is not None else []
    number = (
        "the sites allowed" if asked.add is None else f"{asked.add} more site{'s' if asked.add != 1 else ''}"
    )
    return (
        f"{number} cannot keep {' and '.join(what)}, though all candidates together might; "
        "add more, raise --budget or lower --floor"
    )


# who covers whom, without capacities


def _pairs(asked: Question) -> tuple[Ints, Ints]:
    """(demand, site) within reach, by demand."""
    demand, site = np.nonzero(asked.reach.T)
    return demand.astype(np.int64), site.astype(np.int64)


def _free(program: Program, asked: Question) -> float:
    """The value part of a model without capacities, and its floors; the constant part."""
    if asked.model in {"pmedian", "loss"}:
        constant = _layered(program, asked)
        first, turn = _missing(program, asked, np.zeros(1)) if asked.floor_share > 0 else (0, None)
    elif asked.model == "lscp":
        first, constant = 0, 0.0
        demand, site = _pairs(asked)
        reached = np.unique(demand)
        row = np.searchsorted(reached, demand)
        program.add_rows(row, site, 1.0, 1.0, math.inf, len(reached))
        turn = None  # everybody who can be covered is: a floor is kept or was refused
    else:
        first, turn = _missing(program, asked, asked.level)
        constant = 0.0
    if turn is not None:
        _floors(program, asked, first + turn, covered=False)
    return constant


def _missing(program: Program, asked: Question, level: Floats) -> tuple[int, Ints]:
    """Columns z_ik = 1 where the k-th cover of a demand is missing; the first, and where each demand begins.

    Demands nobody can reach have theirs too, always 1: their weight is not in the value.
    """
    demand, site = _pairs(asked)
    covers = np.bincount(demand, minlength=len(asked.demands))
    need = np.maximum(1, np.minimum(len(level), covers)).astype(np.int64)
    begins = np.append(0, np.cumsum(need))
    owner = np.repeat(np.arange(len(need)), need)
    reachable = covers[owner] > 0
    cost = np.where(reachable, asked.weight[owner] * level[np.arange(len(owner)) - begins[owner]], 0.0)
    first = program.add_columns(cost, 0.0, 1.0, whole=False)
    program.add_rows(
        np.concatenate([demand, owner]),
        np.concatenate([site, first + np.arange(len(owner))]),
        1.0,
        need.astype(float),
        math.inf,
        len(need),
    )
    return first, begins[:-1]


def _layered(program: Program, asked: Question) -> float:
    """p-median and loss: a row for each demand and cost, covered by the sites no dearer; the constant part.

    ``cost_i = Σ_k level_k·D_1 + Σ_r (D_{r+1} - D_r)·Σ_k level_k·z_irk`` with
    ``Σ_{j: c_ij <= D_r} y_j + Σ_k z_irk >= K``: what a dearer unit adds, as often as it is needed.
    """
    cost, never = asked.cost
    level = asked.level
    levels = len(level)
    kept = np.sort(np.vstack([cost[asked.fixed], *[never] * levels]), axis=0)[levels - 1]
    constant, entries = 0.0, 0
    row_of, column_of, rise = list[Ints](), list[Ints](), list[float]()
    for i in range(len(never)):
        near = np.flatnonzero(cost[:, i] < kept[i])
        if not len(near):
            constant += float(level.sum() * kept[i])
            continue
        turn = near[np.argsort(cost[near, i], kind="stable")]
        radii, first = np.unique(cost[turn, i], return_index=True)
        constant += float(level.sum() * radii[0])
        ends = np.append(first[1:], len(turn))
        for step, end in zip(np.diff(np.append(radii, kept[i])), ends, strict=True):
            row_of.append(np.full(end, len(rise)))
            column_of.append(turn[:end])
            rise.append(float(step))
        entries += int(ends.sum())
        if entries > LARGEST:
            raise BadInput(
                f"{len(asked.sites)} sites and {len(asked.demands)} demands are too many for a floor in the model {asked.model}; "
                "keep the existing sites fixed or name fewer candidates"
            )
    rows = len(rise)
    if not rows:
        return constant
    owner = np.repeat(np.arange(rows), levels)
    z = program.add_columns(np.array(rise)[owner] * np.tile(level, rows), 0.0, 1.0, whole=False)
    program.add_rows(
        np.concatenate([*row_of, owner]),
        np.concatenate([*column_of, z + np.arange(len(owner))]),
        1.0,
        float(levels),
        math.inf,
        rows,
    )
    return constant


def _floors(
    program: Program, asked: Question, column: Ints, *, covered: bool, share: Ints | None = None
) -> None:
    """A row for each county: the share of its weight within reach. `column` of each demand (or pair) is 1 where not."""
    if asked.floor_share <= 0:
        return
    names = sorted(set(asked.group))
    number = np.array([names.index(one) for one in asked.group])
    total = np.bincount(number, weights=asked.weight, minlength=len(names))
    if covered and share is not None:
        demand = share
        program.add_rows(
            number[demand],
            column,
            asked.weight[demand],
            asked.floor_share * total * (1 - 1e-9),
            math.inf,
            len(names),
        )
        return
    # Σ w (1 - z) >= floor·total
    program.add_rows(
        number, column, asked.weight, -math.inf, (1 - asked.floor_share) * total * (1 + 1e-9), len(names)
    )


# with capacities


def _capacitated(program: Program, asked: Question, within: float = math.inf) -> float:
    """Shares x of a demand served by a site, no more than the site can bear; the constant part."""
    capacity = np.zeros(len(asked.sites)) if asked.capacity is None else asked.capacity
    limit = asked.reach_minutes if asked.model in {"mclp", "lscp"} else within
    demand, site = np.nonzero(((asked.minutes <= limit) & np.isfinite(asked.minutes)).T)
    if asked.model in {"pmedian", "loss"}:
        cost, never = asked.cost
        paid = cost[site, demand] - never[demand]
        constant = float(never.sum())
    else:
        paid = -asked.weight[demand] if asked.model == "mclp" else np.zeros(len(demand))
        constant = float(asked.weight[np.unique(demand)].sum()) if asked.model == "mclp" else 0.0
    if len(demand) > LARGEST:
        raise BadInput(
            f"{len(demand)} pairs of site and demand are too many for capacities; name fewer candidates"
        )
    x = program.add_columns(paid, 0.0, 1.0, whole=False)
    number = np.arange(len(demand))
    must = asked.model in {"lscp", "pcenter"}
    reached = np.unique(demand)
    row = np.searchsorted(reached, demand)
    program.add_rows(row, x + number, 1.0, 1.0 if must else -math.inf, 1.0, len(reached))
    program.add_rows(
        np.tile(number, 2),
        np.concatenate([x + number, site]),
        np.repeat([1.0, -1.0], len(demand)),
        -math.inf,
        0.0,
        len(demand),
    )
    bounded = np.flatnonzero(np.isfinite(capacity))
    inside = np.isin(site, bounded)
    rank = np.searchsorted(bounded, site[inside])
    program.add_rows(
        np.concatenate([rank, np.arange(len(bounded))]),
        np.concatenate([x + number[inside], bounded]),
        np.concatenate([asked.weight[demand[inside]], -capacity[bounded]]),
        -math.inf,
        0.0,
        len(bounded),
    )
    near = asked.minutes[site, demand] <= asked.reach_minutes
    _floors(program, asked, x + number[near], covered=True, share=demand[near].astype(np.int64))
    return constant


def _centre(asked: Question, until: float) -> Found:
    """The least radius that keeps capacities and floors, by binary search."""
    weighing = asked.minutes[:, np.isfinite(asked.minutes).any(axis=0)]
    radii = np.unique(weighing[np.isfinite(weighing)])
    low, high = int(np.searchsorted(radii, float(weighing.min(axis=0).max()))), len(radii)
    best, engine = None, "highs"
    while low < high:
        middle = (low + high) // 2
        program = Program()
        program.add_columns(np.zeros(len(asked.sites)), asked.fixed.astype(float), 1.0, whole=True)
        asked.limits.add_to(program, np.arange(len(asked.sites)))
        if asked.capacity is not None:
            _capacitated(program, asked, within=float(radii[middle]))
        else:
            demand, site = np.nonzero((asked.minutes <= radii[middle]).T)
            reached = np.unique(demand)
            program.add_rows(np.searchsorted(reached, demand), site, 1.0, 1.0, math.inf, len(reached))
            first, turn = _missing(program, asked, np.zeros(1))
            _floors(program, asked, first + turn, covered=False)
        done = _solved(program, asked, until, 0.0)
        engine = done.engine
        if done.values is not None:
            best, high = done.values[: len(asked.sites)] > 0.5, middle
        elif done.infeasible:
            low = middle + 1
        else:
            break
    if best is None:
        raise BadInput(_nothing(asked, infeasible=low >= high))
    return Found(best, float(radii[high]), float(radii[low]), engine)
