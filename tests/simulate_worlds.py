"""Small random worlds with everything in them at once, a number for each."""

import numpy as np

from benchmarks import simulate_worlds as made
from dispatch.simulate import Surge, World


def random_world(seed, **policy):
    """Up to 7 zones and 5 units of all kinds, hours with roads of their own, shifts, ladders, calls, wrong addresses."""
    chance = np.random.default_rng(seed)
    zones, units, classes = int(chance.integers(1, 8)), int(chance.integers(0, 6)), int(chance.integers(1, 4))
    points = chance.random((zones, 2)) * 40.0
    table = np.abs(points[:, None] - points[None]).sum(axis=2)
    minutes = np.stack([table, table * 1.5]).astype(np.float32)
    if chance.random() < 0.3:
        minutes[1][chance.random((zones, zones)) < 0.2] = np.inf
    edges = [np.sort(chance.random(int(chance.integers(1, 3)) * 2) * 1200.0) for _ in range(units)]
    own = chance.random((units, zones)) < 0.5
    fields = {
        "rule": str(chance.choice(["nearest", "loss"])),
        "cap_minutes": chance.choice([np.inf, 40.0, 25.0], (4, 4)),
        "neighbour_yuan": chance.choice([0.0, 300.0], 4),
        "neighbour_after_minutes": chance.choice([0.0, 7.0], 4),
        "drive_yuan_per_minute": float(chance.choice([0.0, 2.0])),
        "balance_yuan": float(chance.choice([0.0, 100.0])),
        "min_stake_yuan": float(chance.choice([0.0, 2000.0])),
        "give_up_minutes": float(chance.choice([90.0, 400.0])),
        "home_by_shift_end": bool(chance.random() < 0.5),
        "divert": bool(chance.random() < 0.6),
        "redispatch": bool(chance.random() < 0.4),
        "redispatch_gain_minutes": float(chance.choice([0.0, 3.0])),
        "standby": bool(chance.random() < 0.4),
    }
    return World(
        made.zones(zones, county=chance.integers(0, 2, zones)),
        made.roads(
            table,
            minutes=minutes,
            table_of=chance.integers(0, 2, (3, 168)) if chance.random() < 0.5 else np.zeros((3, 168), int),
            kmh=np.array([40.0, 30.0]),
        ),
        made.units(
            chance.integers(0, zones, units),
            zones,
            kind=chance.integers(0, 4, units),
            profile=chance.integers(0, 3, units),
            max_visits=chance.choice([2, 99], units),
            duty_at=np.concatenate([[0], np.cumsum([len(one) // 2 for one in edges])]).astype(np.int64),
            duty_from=np.concatenate([one[::2] for one in edges] or [[]]),
            duty_to=np.concatenate([one[1::2] for one in edges] or [[]]),
            standby=chance.integers(-1, zones, (units, 24)),
            own=own,
            reach=own | (chance.random((units, zones)) < 0.6),
        ),
        made.demand(
            zones,
            classes,
            rate_per_hour=chance.random((classes, 168)) * 3.0,
            zone_share=chance.random((classes, zones)) + 0.01,
            tier=chance.integers(0, 4, classes),
            amount_cv=chance.choice([0.0, 0.8], classes),
            hazard_per_hour=chance.choice([0.0, 0.3, 1.5], classes),
            hold_until_minutes=chance.choice([0.0, 30.0], classes),
            hold_fraction=chance.choice([0.5, 1.0], classes),
            due_minutes=chance.choice([20.0, 60.0], classes),
            late_yuan_per_minute=chance.choice([0.0, 6.0], classes),
            call_minutes=np.sort(chance.choice([0.0, 5.0, 12.0, np.inf], (classes, 2)), axis=1),
            call_share=chance.random((classes, 24)) * 0.4,
            visit_after_calls=chance.integers(0, 3, classes),
            kind_open_minutes=chance.choice([0.0, 0.0, 10.0, np.inf], (classes, 4)),
            service_minutes=chance.choice([0.0, 15.0, 30.0], (classes, 4)),
            service_law=str(chance.choice(["fixed", "lognormal", "exponential"])),
            service_cv=0.7,
            search_minutes=chance.choice([0.0, 3.0], classes),
            wrong_share=chance.choice([0.0, 0.4], classes),
            told_share=np.full(classes, 0.6),
            wrong_zones=np.tile(np.arange(zones), (zones, 1))[:, : min(3, zones)],
        ),
        made.policy(**(fields | policy)),
        horizon_minutes=1200.0,
        warm_up_minutes=float(chance.choice([0.0, 200.0])),
        first_hour=int(chance.integers(0, 168)),
        surges=(Surge(300.0, 420.0, 4.0, np.arange(zones) < 2),) if chance.random() < 0.4 else (),
    )
