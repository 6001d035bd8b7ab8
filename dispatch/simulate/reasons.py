"""Why somebody was never met: asked afterwards, of the world as it was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.domain import KINDS
from dispatch.simulate.arrays import (
    CAP,
    DUTY_AT,
    GIVEN_UP,
    HOME,
    KIND,
    NOT_FOUND,
    OPENS,
    PROFILE,
    TIER,
    Ground,
)
from dispatch.simulate.choosing import between
from dispatch.simulate.compiled import compiled, inner
from dispatch.simulate.tape import Tape
from dispatch.simulate.world import Floats, Ints, World

NOBODY_ALLOWED, NO_ROAD, TOO_FAR, NOBODY_ON_DUTY, NOBODY_FREE = range(2, 7)

WHYS: dict[int, str] = {
    0: "",
    1: "not_found",
    NOBODY_ALLOWED: "nobody_allowed",
    NO_ROAD: "no_road",
    TOO_FAR: "too_far",
    NOBODY_ON_DUTY: "nobody_on_duty",
    NOBODY_FREE: "nobody_free",
}
"""Reached or phoned; wrong address; no kind or jurisdiction; no road; beyond the cap; nobody on duty; all else."""


def whys(world: World, ground: Ground, tape: Tape, outcome: NDArray[np.int8]) -> NDArray[np.int8]:
    """The code of `WHYS` of every alert (N)."""
    why = np.zeros(len(outcome), np.int8)
    why[outcome == NOT_FOUND] = 1
    rows = np.flatnonzero(outcome == GIVEN_UP)
    if len(rows):
        where = np.column_stack([tape.believed[rows], tape.demand_class[rows]])
        waits = np.column_stack([tape.ready[rows], tape.minute[rows] + world.policy.give_up_minutes])
        found = np.zeros(len(rows), np.int8)
        _nobody_came(ground, np.unique(world.roads.table_of, axis=1), where, waits, found)
        why[rows] = found
    return why


@compiled
def _nobody_came(g: Ground, periods: Ints, where: Ints, waits: Floats, found: NDArray[np.int8]) -> None:
    """Why nobody came to each case: how near to going the unit was that came nearest to it.

    `periods` (profiles, P) tables of minutes; `where` (zone, class), `waits` (from minute, to minute).
    """
    for row in range(len(where)):
        found[row] = NOBODY_ALLOWED
        for u in range(len(g.unit)):
            if g.may[u, where[row, 0]] > 0:
                found[row] = max(found[row], _bar(g, periods, u, where[row], waits[row]))
            if found[row] == NOBODY_FREE:
                break


@inner
def _bar(g: Ground, periods: Ints, u: int, place: Ints, wait: Floats) -> int:
    """What kept a unit that answers for a zone (`place`: zone, class) from leaving home for it while the case waited."""
    sort, kind = g.sort[place[1]], g.unit[u, KIND]
    if not sort[OPENS + kind] < np.inf:
        return NOBODY_ALLOWED
    minutes = np.inf
    for period in range(periods.shape[1]):
        table = periods[g.unit[u, PROFILE], period]
        minutes = min(minutes, between(g, table, g.unit[u, HOME], place[0]))
    if minutes == np.inf:
        return NO_ROAD
    if minutes > g.rule[CAP + len(KINDS) * int(sort[TIER]) + kind]:
        return TOO_FAR
    last = g.unit[u + 1, DUTY_AT] if u + 1 < len(g.unit) else len(g.duty)
    for duty in range(g.unit[u, DUTY_AT], last):
        if g.duty[duty, 0] < wait[1] and g.duty[duty, 1] > wait[0]:
            return NOBODY_FREE
    return NOBODY_ON_DUTY
