"""Sites that stand: many that stay are a few to a solver; and what each open site is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.siting.program import Floats
from dispatch.coverage.siting.question import COVERING, Question

Mask = NDArray[np.bool_]


def levels_of(asked: Question) -> int:
    """How many of the nearest open sites count for a demand."""
    return 1 if asked.model in {"lscp", "pcenter", "mclp", "pmedian"} else len(asked.level)


def folded(asked: Question) -> Question:
    """The same question with as many fixed sites as count for one demand.

    Only the nearest few of the fixed sites count for a demand, and all of them stay: a site at the
    least minutes of any, one at the second least … are worth to every demand what all are together.
    They come first, and the other sites follow in their order. As it is where that saves nothing.
    """
    levels, rows = levels_of(asked), np.flatnonzero(asked.fixed)
    if len(rows) <= levels or (asked.capacity is not None and np.isfinite(asked.capacity[rows]).any()):
        return asked
    free = np.flatnonzero(~asked.fixed)
    kept = rows[:levels]

    def fold(table: Floats) -> Floats:
        return np.vstack(
            [np.sort(np.partition(table[rows], levels - 1, axis=0)[:levels], axis=0), table[free]]
        )

    both = np.concatenate([kept, free])
    return replace(
        asked,
        sites=tuple(asked.sites[j] for j in both),
        minutes=fold(asked.minutes),
        loss_yuan=None if asked.loss_yuan is None else fold(asked.loss_yuan),
        existing=asked.existing[both],
        fixed=asked.fixed[both],
        price=asked.price[both],
        capacity=None if asked.capacity is None else asked.capacity[both],
    )


def unfolded(asked: Question, opened: Mask) -> Mask:
    """Which sites of the question are open, where these of the folded one are."""
    if len(opened) == len(asked.sites):
        return opened
    whole = asked.fixed.copy()
    whole[~asked.fixed] = opened[len(opened) - int((~asked.fixed).sum()) :]
    return whole


def worths(asked: Question, opened: Mask) -> Floats:
    """What would be lost without each open site, in the answer's unit, shape (s,); of set covering, weight.

    Without a site each demand turns to its next: only the nearest few and one more of each are looked at.
    """
    worth = np.zeros(len(asked.sites))
    if asked.model in COVERING:
        level = np.ones(1) if asked.model == "lscp" else asked.level
        times = asked.reach[opened].sum(axis=0)
        last = np.where(
            (times > 0) & (times <= len(level)), level[np.clip(times - 1, 0, len(level) - 1)], 0.0
        )
        worth[opened] = asked.reach[opened] @ (asked.weight * last)
        return worth
    sites = np.flatnonzero(opened)
    if asked.model == "pcenter":
        near, who = _nearest(asked.minutes[:, np.isfinite(asked.minutes).any(axis=0)], sites, 2)
        with np.errstate(invalid="ignore"):
            later = np.where(near[1] > near[0].max(), near[1] - near[0].max(), 0.0)
        np.maximum.at(worth, who[0][who[0] >= 0], later[who[0] >= 0])
        return worth
    cost, never = asked.cost
    level = asked.level
    near, who = _nearest(cost, sites, len(level) + 1, never)
    step = level[:, None] * np.diff(near, axis=0)
    for rank in range(len(level)):
        known = who[rank] >= 0
        np.add.at(worth, who[rank][known], step[rank:].sum(axis=0)[known])
    return worth


def _nearest(
    cost: Floats, sites: NDArray[np.int64], levels: int, never: Floats | None = None
) -> tuple[Floats, NDArray[np.int64]]:
    """The least costs (levels, d) of each demand among those sites, and whose they are; `never` or `inf`, of -1, beyond."""
    filler = np.full(cost.shape[1], np.inf) if never is None else never
    padded = np.vstack([cost[sites], *[filler] * levels])
    owner = np.concatenate([sites, np.full(levels, -1)])
    order = np.argpartition(padded, levels - 1, axis=0)[:levels]
    near = np.take_along_axis(padded, order, axis=0)
    turn = np.argsort(near, axis=0, kind="stable")
    return np.take_along_axis(near, turn, axis=0), owner[np.take_along_axis(order, turn, axis=0)]
