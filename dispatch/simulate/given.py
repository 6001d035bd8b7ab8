"""Alerts that did come, in the numbers of a world: what a replication plays in place of drawn ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dispatch.simulate.tape import Tape, draw_tape, tape_of_alerts
from dispatch.simulate.world import Demand, Floats, Ints, World


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """One row an alert, by `minute`: its `demand_class` and `zone` (-1: nobody knows where)."""

    minute: Floats
    demand_class: Ints
    zone: Ints


def tape_for(world: World, seed: int, number: int, past: Given | None = None) -> Tape:
    """The tape of a replication: all of it drawn, or around alerts that did come."""
    if past is None:
        return draw_tape(world, seed, number)
    zone = placed(past, world.demand, np.random.default_rng([seed, number, len(past.zone)]))
    return tape_of_alerts(world, past.minute, past.demand_class, zone, seed, number)


def placed(alerts: Given, demand: Demand, chance: np.random.Generator) -> Ints:
    """A zone for every alert: its own, or one drawn by the shares of its class."""
    zone, u = alerts.zone.copy(), chance.random(len(alerts.zone))
    for row in np.flatnonzero(zone < 0):
        upto = np.cumsum(demand.zone_share[alerts.demand_class[row]])
        zone[row] = min(int(np.searchsorted(upto, u[row] * upto[-1], side="right")), len(upto) - 1)
    return zone
