"""Worlds made up for the measurements of `benchmarks.simulate`, and small ones for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dispatch.domain import KINDS, PROFILES, TIERS
from dispatch.simulate import Demand, Policy, Roads, Units, World, Zones
from dispatch.simulate.world import HOURS

EVER = 1e15


def demand(zones: int, classes: int = 1, **given: Any) -> Demand:
    """Alerts spread evenly over all zones: 1 an hour, met at once by anybody, 30 fixed minutes at the door."""
    fields: dict[str, Any] = {
        "ids": tuple(f"c{number}" for number in range(classes)),
        "rate_per_hour": np.ones((classes, HOURS)),
        "zone_share": np.full((classes, zones), 1.0 / max(zones, 1)),
        "tier": np.zeros(classes, np.int64),
        "amount_yuan": np.full(classes, 50_000.0),
        "amount_cv": np.zeros(classes),
        "transfer_probability": np.full(classes, 0.4),
        "hazard_per_hour": np.full(classes, 0.6),
        "hold_until_minutes": np.zeros(classes),
        "hold_fraction": np.ones(classes),
        "due_minutes": np.full(classes, 60.0),
        "late_yuan_per_minute": np.zeros(classes),
        "call_minutes": np.zeros((classes, 0)),
        "call_share": np.zeros((classes, 24)),
        "visit_after_calls": np.zeros(classes, np.int64),
        "kind_open_minutes": np.zeros((classes, len(KINDS))),
        "service_minutes": np.full((classes, len(KINDS)), 30.0),
        "service_law": "fixed",
        "service_cv": 0.0,
        "search_minutes": np.zeros(classes),
        "wrong_share": np.zeros(classes),
        "told_share": np.ones(classes),
        "wrong_zones": np.full((zones, 0), -1, np.int64),
    }
    return Demand(**(fields | given))


def units(home: Any, zones: int, **given: Any) -> Units:
    """Station cars always on duty, answering for every zone."""
    base = np.asarray(home, np.int64)
    count = len(base)
    fields: dict[str, Any] = {
        "ids": tuple(f"u{number}" for number in range(count)),
        "kind": np.zeros(count, np.int64),
        "profile": np.zeros(count, np.int64),
        "home": base,
        "max_visits": np.full(count, 10**9),
        "duty_at": np.arange(count + 1),
        "duty_from": np.zeros(count),
        "duty_to": np.full(count, np.inf),
        "standby": np.full((count, 24), -1),
        "own": np.ones((count, zones), np.bool_),
        "reach": np.ones((count, zones), np.bool_),
    }
    return Units(**(fields | given))


def roads(one_table: Any, **given: Any) -> Roads:
    """One table for everybody at any hour."""
    table = np.asarray(one_table, np.float32)
    fields: dict[str, Any] = {
        "minutes": table[None],
        "row_of_zone": np.arange(len(table)),
        "table_of": np.zeros((len(PROFILES), HOURS), np.int64),
        "kmh": np.full(1, 40.0),
    }
    return Roads(**(fields | given))


def policy(**given: Any) -> Policy:
    """Nearest, without caps or prices."""
    shape = (len(TIERS), len(KINDS))
    fields: dict[str, Any] = {
        "rule": "nearest",
        "cap_minutes": np.full(shape, np.inf),
        "neighbour_yuan": np.zeros(len(KINDS)),
        "neighbour_after_minutes": np.zeros(len(KINDS)),
    }
    return Policy(**(fields | given))


def zones(count: int, **given: Any) -> Zones:
    """So many zones of one county, nowhere in particular."""
    fields: dict[str, Any] = {
        "ids": tuple(f"z{number}" for number in range(count)),
        "county": np.zeros(count, np.int64),
        "lon": np.full(count, 111.0),
        "lat": np.full(count, 22.0),
    }
    return Zones(**(fields | given))


def queue(servers: int, alerts_per_hour: float, hours: float, **given: Any) -> World:
    """A plain queue: units all at one place, no roads, first come first served, minutes as given.

    Nobody loses money; each minute of lateness costs everybody the same, so whoever came first is
    first, and nobody is given up.
    """
    ask = demand(
        1,
        rate_per_hour=np.full((1, HOURS), alerts_per_hour),
        hazard_per_hour=np.zeros(1),
        due_minutes=np.zeros(1),
        late_yuan_per_minute=np.ones(1),
        **given,
    )
    return World(
        zones(1),
        roads(np.zeros((1, 1))),
        units(np.zeros(servers), 1),
        ask,
        policy(give_up_minutes=1e12, divert=True),
        horizon_minutes=hours * 60.0,
        hour_minutes=EVER,
    )


__all__ = ["demand", "policy", "queue", "replace", "roads", "units", "zones"]
