"""What each alert cost: as the loss curve expects it, and as the tape has it. The two stay apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dispatch.simulate.tape import Tape
from dispatch.simulate.world import Bools, Floats, World


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """Per alert, in yuan: the curve at its contact, the curve without one, lateness, and what did go."""

    modelled: Floats
    nobody: Floats
    late: Floats
    realised: Floats
    transferred: Bools


def losses_of(world: World, tape: Tape, contact: Floats) -> Losses:
    """The losses of all alerts; `contact` (minute, NaN: none) is when somebody reached them, or a call.

    With transfers at the tape's moments the mean of `realised` is that of `modelled`, whoever is
    sent: `stake·(1 − e^(−Λ))` is the chance of a transfer before the contact, times the amount.
    """
    demand, sort, give_up = world.demand, tape.demand_class, world.policy.give_up_minutes
    waited = np.minimum(np.where(np.isnan(contact), np.inf, contact) - tape.minute, give_up)
    late = demand.late_yuan_per_minute[sort] * np.maximum(0.0, waited - demand.due_minutes[sort])
    transferred = tape.transfer < tape.minute + waited
    return Losses(
        _curve(world, tape, waited),
        _curve(world, tape, np.full(len(waited), give_up)),
        np.where(demand.late_yuan_per_minute[sort] > 0, late, 0.0),
        np.where(transferred, tape.amount_yuan, 0.0),
        transferred,
    )


def _curve(world: World, tape: Tape, waited: Floats) -> Floats:
    """`loss.loss_yuan` without lateness, of every alert after so many minutes."""
    demand, sort = world.demand, tape.demand_class
    held = np.minimum(waited, np.maximum(0.0, demand.hold_until_minutes[sort]))
    gathered = demand.hazard_per_hour[sort] / 60.0 * (held * demand.hold_fraction[sort] + (waited - held))
    lost: Floats = tape.stake_yuan * -np.expm1(-gathered)
    return lost
