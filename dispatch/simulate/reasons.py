"""Why somebody was never met: asked afterwards, of the world as it was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.simulate.arrays import GIVEN_UP, NOT_FOUND, OPENS, Ground
from dispatch.simulate.tape import Tape
from dispatch.simulate.world import Bools, World

WHYS: dict[int, str] = {
    0: "",
    1: "not_found",
    2: "nobody_allowed",
    3: "no_road",
    4: "too_far",
    5: "nobody_on_duty",
    6: "nobody_free",
}
"""Reached or phoned; wrong address; no kind or jurisdiction; no road; beyond the cap; nobody on duty; all else."""


def whys(world: World, ground: Ground, tape: Tape, outcome: NDArray[np.int8]) -> NDArray[np.int8]:
    """The code of `WHYS` of every alert (N)."""
    why = np.zeros(len(outcome), np.int8)
    why[outcome == NOT_FOUND] = 1
    rows = np.flatnonzero(outcome == GIVEN_UP)
    if not len(rows):
        return why
    pairs = np.column_stack([tape.believed[rows], tape.demand_class[rows]])
    kinds, member = np.unique(pairs, axis=0, return_inverse=True)
    for number, (zone, sort) in enumerate(kinds):
        alike = rows[member.ravel() == number]
        able, code = _able(world, ground, int(zone), int(sort))
        why[alike] = code or [
            _later(world, able, float(tape.ready[row]), float(tape.minute[row])) for row in alike
        ]
    return why


def _able(world: World, ground: Ground, zone: int, sort: int) -> tuple[Bools, int]:
    """Who could ever go there from home, or why nobody."""
    units, tier = world.units, int(world.demand.tier[sort])
    able = (ground.may[:, zone] > 0) & np.isfinite(ground.sort[sort, OPENS + units.kind])
    if not able.any():
        return able, 2
    tables = np.unique(world.roads.table_of, axis=1)[units.profile]
    minutes = ground.minutes[tables, world.roads.row_of_zone[units.home][:, None], zone].min(axis=1)
    able = able & np.isfinite(minutes)
    if not able.any():
        return able, 3
    able = able & (minutes <= world.policy.cap_minutes[tier, units.kind])
    return able, 0 if able.any() else 4


def _later(world: World, able: Bools, ready: float, alert: float) -> int:
    """Whether any of them was on duty while the case waited."""
    units, end = world.units, alert + world.policy.give_up_minutes
    owner = np.repeat(np.arange(len(units.ids)), np.diff(units.duty_at))
    there = able[owner] & (units.duty_from < end) & (units.duty_to > ready)
    return 6 if there.any() else 5
