"""Published instances as days for the search, and what every benchmark of them shares.

The value of an answer is recomputed here from its routes, in plain Python, apart from the search.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.search.arrays import CREW_COLUMNS, SERVICE, Day
from dispatch.search.model import NEIGHBOURS, nearest_nodes
from dispatch.search.run import search

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Instance:
    """Customers (n) and one depot, numbered n; `minutes` (n + 1, n + 1) between them.

    `reward` (n) is what not visiting a customer costs; `demand` (n) counts against the
    `capacity` of each of `vehicles`. With `home_counts` the return is an arrival, too;
    with `must` everybody has to be visited.
    """

    name: str
    minutes: Floats
    vehicles: int
    reward: Floats
    demand: Floats
    capacity: float = np.inf
    home_counts: bool = False
    must: bool = False


def day_of(instance: Instance) -> Day:
    """The instance as a day: every minute until arrival costs one yuan."""
    n, vehicles = len(instance.reward), instance.vehicles
    node = np.zeros((n, SERVICE + 1))
    node[:, 3] = 1.0  # yuan a minute late, due at 0
    node[:, 6] = np.inf  # no window
    node[:, 8] = instance.demand
    node[:, 10] = 1.0  # no hold
    node[:, 11] = np.where(instance.must, 0.0, instance.reward)
    node[:, 12] = instance.must
    crew = np.zeros((vehicles, CREW_COLUMNS))
    crew[:, 0] = n
    crew[:, 4:7] = np.inf  # no end, no break
    crew[:, 7] = instance.capacity
    crew[:, 8] = float(instance.home_counts)
    drive = np.ascontiguousarray(instance.minutes[None])
    return Day(
        drive=drive,
        node=node,
        crew=crew,
        price=np.zeros((vehicles, n)),
        setting=np.array([np.inf, 0.0, 0.0]),
        near=nearest_nodes(drive, n, NEIGHBOURS),
        offers=np.tile(np.arange(vehicles, dtype=np.int64), (n, 1)),
    )


def cost_of(instance: Instance, routes: Sequence[Sequence[int]]) -> float:
    """Sum of arrivals and of the rewards of those not visited, from the routes alone.

    Raises
    ------
    ValueError
        A customer is visited twice, or a vehicle carries more than it can.
    """
    seen = [v for route in routes for v in route]
    if len(set(seen)) < len(seen) or len(routes) > instance.vehicles:
        raise ValueError(f"{instance.name}: a customer is visited twice, or there are too many routes")
    total = float(instance.reward.sum() - sum(instance.reward[v] for v in seen))
    for route in routes:
        if sum(instance.demand[v] for v in route) > instance.capacity + 1e-9:
            raise ValueError(f"{instance.name}: a vehicle carries more than {instance.capacity}")
        clock, here = 0.0, len(instance.reward)
        for v in route:
            clock += float(instance.minutes[here, v])
            total += clock
            here = v
        if instance.home_counts and route:
            total += clock + float(instance.minutes[here, len(instance.reward)])
    return total


def best_known(
    path: Path, given: Path | None, column: str, key: Callable[[Path], Iterable[str]]
) -> float | None:
    """The published best of an instance, from `given` or the best_known.csv beside or above it."""
    for table in (
        [given] if given else [path.parent / "best_known.csv", path.parent.parent / "best_known.csv"]
    ):
        if table is None or not table.exists():
            continue
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["instance"] in set(key(path)):
                    return float(row[column])
    return None


def run(instance: Instance, seed: int, cpu_seconds: float) -> tuple[list[list[int]], float]:
    """Routes found in so many CPU seconds, and the seconds used."""
    day, start = day_of(instance), time.process_time()
    found = search(day, seconds=cpu_seconds, seed=seed, longest=len(instance.reward))
    return found.routes, time.process_time() - start


def warm_up() -> None:
    """Compile before anything is timed."""
    minutes = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))
    search(day_of(Instance("warm", minutes, 1, np.full(3, 1e6), np.ones(3))), iterations=5)


def parser(about: str) -> argparse.ArgumentParser:
    """The options every such benchmark takes."""
    options = argparse.ArgumentParser(description=about)
    options.add_argument("files", nargs="+", type=Path)
    options.add_argument("--cpu-seconds", type=float, default=5.0)
    options.add_argument("--seeds", default="1", help="numbers joined by commas")
    options.add_argument(
        "--best", type=Path, help="a CSV of instance and best value; default: best_known.csv beside"
    )
    options.add_argument("--json", action="store_true")
    return options


def report(rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """One JSON list, or a line a run and the mean gap."""
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        gap = "–" if row["gap_percent"] is None else f"{row['gap_percent']:+.3f} %"
        print(
            f"{row['instance']:<20} seed {row['seed']}  {row['value']:>12,.2f}  {gap}  {row['cpu_seconds']:.1f} s"
        )
    gaps = [row["gap_percent"] for row in rows if row["gap_percent"] is not None]
    if gaps:
        print(f"mean gap {statistics.mean(gaps):+.3f} % of {len(gaps)} runs, worst {max(gaps):+.3f} %")
