"""Cumulative VRP: sum of arrival times, capacity and fleet fixed: ``python -m benchmarks.ccvrp FILE… --vehicles K``.

Files of Christofides, Mingozzi and Toth; without ``--vehicles`` the fleet is read from
best_known.csv beside the file. Ngueveu, Prins and Wolfler Calvo, Computers & Operations
Research 37(11), 2010.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from benchmarks.published import Instance, best_known, cost_of, parser, report, run, warm_up

LEFT_OUT_YUAN = 1e7
"""Everybody must be visited."""


def read(path: Path, vehicles: int) -> Instance:
    """Customers, capacity, depot, then x, y and demand a line."""
    lines = [[float(cell) for cell in line.split()] for line in path.read_text().splitlines() if line.strip()]
    n, capacity = int(lines[0][0]), lines[0][1]
    customers = np.array([line[:3] for line in lines[2 : 2 + n]])
    points = np.vstack([customers[:, :2], [lines[1][:2]]])
    minutes = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    return Instance(
        path.stem, minutes, vehicles, np.full(n, LEFT_OUT_YUAN), customers[:, 2], capacity, must=True
    )


def fleet(path: Path) -> int:
    """The number of vehicles best_known.csv gives for the file."""
    with (path.parent / "best_known.csv").open(encoding="utf-8", newline="") as file:
        return next(int(row["vehicles"]) for row in csv.DictReader(file) if row["instance"] == path.stem)


def main() -> None:
    """Run every file with every seed."""
    options = parser("cumulative VRP")
    options.add_argument("--vehicles", type=int)
    given = options.parse_args()
    warm_up()
    rows = []
    for path in given.files:
        instance = read(path, given.vehicles or fleet(path))
        best = best_known(path, given.best, "best_known", lambda one: (one.stem, one.name))
        for seed in map(int, given.seeds.split(",")):
            routes, seconds = run(instance, seed, given.cpu_seconds)
            value = cost_of(instance, routes)
            rows.append(
                {
                    "instance": path.stem,
                    "seed": seed,
                    "value": round(value, 4),
                    "best_known": best,
                    "gap_percent": None if best is None else round(100 * (value / best - 1), 4),
                    "cpu_seconds": round(seconds, 2),
                }
            )
    report(rows, as_json=given.json)


if __name__ == "__main__":
    main()
