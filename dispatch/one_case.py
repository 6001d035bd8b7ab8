"""The compiled rule of one case: what waiting costs it, and who of several is sent.

`dispatch.sending` asks it for the planner, `dispatch.simulate` for every case of a replication:
one rule, two clocks. Scalars and columns only; minutes count from the moment the stake is of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Function = TypeVar("Function", bound=Callable[..., object])

NOBODY = -1
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: Function, *, inner: bool = False) -> Function:
    """Compiled at its first call and kept on disk; it makes no array.

    What is `inner` is called by compiled code alone: without a door for Python it is compiled in half the time.
    """
    options = _OPTIONS | {"no_cpython_wrapper": inner, "no_cfunc_wrapper": inner}
    return cast("Function", njit(**options)(function))


@compiled
def exposure(minutes: float, hazard_per_minute: float, hold_until: float, hold_fraction: float) -> float:
    """`loss.exposure`: hazard gathered from 0 to `minutes` (no unit)."""
    held = min(minutes, max(0.0, hold_until))
    return hazard_per_minute * (held * hold_fraction + (minutes - held))


@compiled
def loss_at(  # noqa: PLR0917  # compiled: columns one by one
    contact: float,
    stake_yuan: float,
    hazard_per_minute: float,
    hold_until: float,
    hold_fraction: float,
    due: float,
    late_yuan: float,
    horizon: float,
) -> float:
    """`loss.loss_yuan`: expected loss in yuan if the right door opens at `contact` (minutes)."""
    minutes = min(max(contact, 0.0), horizon)
    loss = stake_yuan * -np.expm1(-exposure(minutes, hazard_per_minute, hold_until, hold_fraction))
    if late_yuan != 0.0 and minutes > due:
        loss += late_yuan * (minutes - due)
    return float(loss)


@compiled
def rate_at(  # noqa: PLR0917
    minutes: float,
    stake_yuan: float,
    hazard_per_minute: float,
    hold_until: float,
    hold_fraction: float,
    due: float,
    late_yuan: float,
) -> float:
    """`loss.loss_rate` after `minutes`: how fast it then loses money, in yuan a minute."""
    left = stake_yuan * np.exp(-exposure(minutes, hazard_per_minute, hold_until, hold_fraction))
    rate = left * hazard_per_minute * (hold_fraction if minutes < hold_until else 1.0)
    return float(rate + (late_yuan if minutes >= due else 0.0))


@compiled
def there_first(contact: float, drive: float, best_contact: float, best_drive: float) -> bool:
    """The rule `nearest`: whether this contact is sooner, or as soon after a shorter drive."""
    return contact < best_contact or (contact == best_contact and drive < best_drive)


@compiled
def saves_more(net_yuan: float, contact: float, best_net_yuan: float, best_contact: float) -> bool:
    """The rule `loss`: whether this visit averts more for what it costs, or as much sooner."""
    return net_yuan > best_net_yuan or (net_yuan == best_net_yuan and contact < best_contact)


@compiled
def first_there(rows: Bools, contact: Floats, drive: Floats) -> int:
    """The row that `there_first` puts before all others; equals in their order; -1 if there is none."""
    best = NOBODY
    for row in range(len(rows)):
        if rows[row] and (best < 0 or there_first(contact[row], drive[row], contact[best], drive[best])):
            best = row
    return best


@compiled
def most_saved(rows: Bools, net_yuan: Floats, contact: Floats) -> int:
    """The row that `saves_more` puts before all others; equals in their order; -1 if there is none."""
    best = NOBODY
    for row in range(len(rows)):
        if rows[row] and (best < 0 or saves_more(net_yuan[row], contact[row], net_yuan[best], contact[best])):
            best = row
    return best
