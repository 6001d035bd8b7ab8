"""Choosing prevention sessions on a made-up region: seconds, share covered, and the gap to the bound.

python -m benchmarks.outreach [--villages 1900] [--groups 4] [--venues 2500] [--sessions 1800] [--seeds 1,2,3]
    [--floor 0] [--json]
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from dispatch.coverage.outreach.choosing import Offers, choose

TOWNS = 127
SIDE_KM = 100.0


def region(seed: int, villages: int, groups: int, venues: int) -> Offers:
    """Villages and venues scattered over a square, residents log-normal, a part covered already."""
    rng = np.random.default_rng(seed)
    home = rng.random((villages, 2)) * SIDE_KM
    hall = np.vstack([home, rng.random((max(0, venues - villages), 2)) * SIDE_KM])[:venues]
    residents = rng.lognormal(7.5, 0.6, (villages, 1)) * rng.dirichlet(np.full(groups, 8.0), villages)
    risk, covered = rng.uniform(0.5, 2.0, groups), rng.uniform(0.0, 0.5, (villages, groups))
    near = cKDTree(home).query_ball_point(hall, 5.0)
    start, cell, share = [0], [], []
    for at in range(venues):
        around = np.array(near[at], np.int64)
        fall = np.exp(-np.linalg.norm(home[around] - hall[at], axis=1) / 2.0)
        capacity = rng.choice([60.0, 120.0, 300.0])
        for group in range(groups):
            come = fall[:, None] * np.where(np.arange(groups) == group, 0.4, 0.08)
            come *= 0.7 * min(1.0, capacity / max(float((residents[around] * come).sum()), 1e-9))
            cell.append((around[:, None] * groups + np.arange(groups)).reshape(-1))
            share.append(come.reshape(-1))
            start.append(start[-1] + len(around) * groups)
    worth = residents * risk
    part = np.repeat(rng.integers(0, TOWNS, villages), groups)
    return Offers(
        start=np.array(start, np.int64),
        cell=np.concatenate(cell),
        share=np.concatenate(share),
        venue=np.repeat(np.arange(venues), groups),
        limit=rng.choice([2, 4, 6], venues).astype(np.int64),
        weight=(worth * (1.0 - covered)).reshape(-1),
        part=part,
        part_total=np.bincount(part, worth.reshape(-1), TOWNS).astype(float),
        part_covered=np.bincount(part, (worth * covered).reshape(-1), TOWNS).astype(float),
    )


def measure(  # noqa: PLR0917
    seed: int, villages: int, groups: int, venues: int, sessions: int, floor: float
) -> dict[str, Any]:
    """One row: choosing and bounding, after the loops are compiled."""
    offers = region(seed, villages, groups, venues)
    choose(region(0, 20, groups, 20), 2, floor / 1e6)
    began, wall = time.process_time(), time.perf_counter()
    chosen = choose(offers, sessions, floor)
    return {
        "instance": f"{villages} villages x {groups} groups x {venues} venues, {sessions} sessions, seed {seed}",
        "model": "outreach",
        "value": round(chosen.value, 1),
        "bound": round(chosen.bound, 1),
        "gap_percent": round(chosen.gap_percent, 4),
        "cpu_seconds": round(time.process_time() - began, 3),
        "wall_seconds": round(time.perf_counter() - wall, 3),
        "sessions_for_floor": chosen.for_floor,
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (("villages", 1900), ("groups", 4), ("venues", 2500), ("sessions", 1800)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--floor", type=float, default=0.0)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = [
        measure(int(seed), given.villages, given.groups, given.venues, given.sessions, given.floor)
        for seed in given.seeds.split(",")
    ]
    if given.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print("{instance}: gap {gap_percent} %, {cpu_seconds} s CPU, {wall_seconds} s wall".format(**row))


if __name__ == "__main__":
    main()
