"""How long an extract takes to become an area, and an area to open: ``python -m benchmarks.area_import``.

CPU seconds of one process and its peak memory; the extracts are named on the command line,
else those beside the repository are used, else a seeded lattice of our own.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.extracts import BESIDE, lattice
from dispatch.area import import_area, open_area
from dispatch.roads.travel import Travel

GOALS_SECONDS = {"gushi.osm.pbf": 5.0, "huaibei-plain.osm.pbf": 15.0}
OPEN_GOAL_SECONDS = 0.5


def cpu_seconds(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work gives, and the CPU seconds it took."""
    start = time.process_time()
    return work(), time.process_time() - start


def measure(extract: Path, folder: Path, places: int = 350, bases: int = 1500) -> dict[str, Any]:
    """One extract: import, open, and the travel minutes of a large problem on it."""
    area, importing = cpu_seconds(lambda: import_area(extract, folder))
    _, opening = cpu_seconds(lambda: open_area(folder))
    travel, building = cpu_seconds(lambda: Travel(area.network, "car"))
    rng = np.random.default_rng(1)
    nodes = np.column_stack([area.network.node_lon, area.network.node_lat])
    points = nodes[rng.integers(len(nodes), size=places + bases)] + rng.normal(0, 0.002, (places + bases, 2))
    table, travelling = cpu_seconds(lambda: travel.problem_minutes(points[places:], points[:places]))
    return {
        "extract": extract.name,
        "junctions": area.network.node_count,
        "edges": area.network.edge_count,
        "import_cpu_seconds": round(importing, 2),
        "goal_seconds": GOALS_SECONDS.get(extract.name),
        "open_cpu_seconds": round(opening, 3),
        "open_goal_seconds": OPEN_GOAL_SECONDS,
        "travel_build_cpu_seconds": round(building, 3),
        f"minutes_{bases}_bases_{places}_places_cpu_seconds": round(travelling, 2),
        "share_reachable": round(float(np.isfinite(table.from_base).mean()), 4),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,  # kB -> MB
    }


def main() -> None:
    """Measure, print a line an extract or one JSON list."""
    parser = argparse.ArgumentParser(description="CPU seconds from extract to area")
    parser.add_argument("extracts", nargs="*", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a small town: whether it works, not how fast")
    given = parser.parse_args()
    points = {"places": 20, "bases": 30} if given.quick else {}
    with tempfile.TemporaryDirectory() as scratch:
        beside = [BESIDE / name for name in GOALS_SECONDS if (BESIDE / name).exists() and not given.quick]
        extracts = (
            given.extracts or beside or [lattice(Path(scratch) / "lattice.osm", 25 if given.quick else 60)]
        )
        results = [
            measure(extract, Path(scratch) / f"area{n}", **points) for n, extract in enumerate(extracts)
        ]
    if given.json:
        print(json.dumps(results, indent=1))
    else:
        for one in results:
            print("; ".join(f"{key} {value}" for key, value in one.items()))


if __name__ == "__main__":
    main()
