"""Two coverages of the same demand: what was gained, what was lost, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dispatch.coverage.account import Account
from dispatch.errors import BadInput


@dataclass(frozen=True, slots=True)
class Change:
    """One unit, before and after; `within` and `expected` are pairs of shares by threshold."""

    level: str
    code: str
    name: str
    weight: float
    before: tuple[float, ...]
    after: tuple[float, ...]
    expected_before: tuple[float, ...] | None = None
    expected_after: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`gained` and `lost` are numbers of demand points whose share within the goal rose or fell, most weight first."""

    before: Account
    after: Account
    minutes: tuple[float, ...]
    goal_minutes: float
    changes: tuple[Change, ...]
    gained: tuple[int, ...]
    lost: tuple[int, ...]


def compare(before: Account, after: Account) -> Comparison:
    """What `after` has over `before`, at the thresholds and by the goal of the first.

    Raises
    ------
    BadInput
        The two are not of the same demand, or have no threshold in common.
    """
    _refuse_strangers(before, after)
    minutes = [one for one in before["minutes"] if one in after["minutes"]]
    if not minutes:
        raise BadInput(
            f"the two have no threshold in common: {before['minutes']} and {after['minutes']} minutes"
        )
    goal = before["goal_minutes"] if before["goal_minutes"] in minutes else minutes[len(minutes) // 2]
    units = {(one["level"], one["code"]): one for one in after["units"]}
    changes = []
    for one in before["units"]:
        other = units.get((one["level"], one["code"]))
        if other is not None:
            changes.append(_change(one, other, before["minutes"], after["minutes"], minutes))
    weight = np.array(before["points"]["weight"])
    step = _at(after, goal) - _at(before, goal)
    gained = [int(row) for row in np.argsort(-weight * step, kind="stable") if step[row] > 1e-9]
    lost = [int(row) for row in np.argsort(weight * step, kind="stable") if step[row] < -1e-9]
    return Comparison(before, after, tuple(minutes), goal, tuple(changes), tuple(gained), tuple(lost))


def _refuse_strangers(before: Account, after: Account) -> None:
    ids, others = before["points"]["id"], after["points"]["id"]
    if ids != others:
        differ = len(set(ids) ^ set(others))
        raise BadInput(
            f"the two are not of the same demand: {len(ids)} and {len(others)} points, {differ} only in one; "
            "make both with the same --demand"
        )
    weights = zip(ids, before["points"]["weight"], after["points"]["weight"], strict=True)
    if (
        first := next((name for name, one, other in weights if abs(one - other) > 1e-6 * max(1.0, one)), None)
    ) is not None:
        raise BadInput(
            f"the two weigh demand differently, {first} first of all; make both with the same --demand"
        )


def _change(
    one: dict[str, Any],
    other: dict[str, Any],
    limits: Sequence[float],
    others: Sequence[float],
    minutes: Sequence[float],
) -> Change:
    def shares(unit: dict[str, Any], key: str, given: Sequence[float]) -> tuple[float, ...] | None:
        return None if unit[key] is None else tuple(float(unit[key][given.index(limit)]) for limit in minutes)

    return Change(
        level=one["level"],
        code=one["code"],
        name=one["name"],
        weight=one["weight"],
        before=shares(one, "within", limits) or (),
        after=shares(other, "within", others) or (),
        expected_before=shares(one, "expected", limits),
        expected_after=shares(other, "expected", others),
    )


def _at(given: Account, goal: float) -> Any:
    return np.array(given["points"]["within"])[:, given["minutes"].index(goal)]
