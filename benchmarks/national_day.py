"""A national day zone by zone: 40,000 visits in 340 synthetic cities: ``python -m benchmarks.national_day``.

Cities are jurisdictions of their own on a jittered grid, large and small, each with the short crews of
`benchmarks.day_maker`; county squads may help anywhere, and a third of the station crews may cross into
the next cities. `dispatch.zones` solves every city on all processors, then mends the boundaries.
Reported: wall seconds, peak memory of all processes together, and what the boundaries saved.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmarks.day_maker import Crowd, make_crowd, measured
from benchmarks.terrain import city, flat_minutes
from dispatch.domain import Case, Problem, Responder
from dispatch.runner import processes_here
from dispatch.zones import Zoned, Zoning, solve_zones

SPACING_DEGREES = 0.9
"""Between neighbouring cities, some 95 km; their towns reach some 45 km out, so they touch."""
SIZE_SIGMA = 0.6
"""City sizes are lognormal with this spread."""
CROSSING_SHARE = 0.33
GOAL_MINUTES, GOAL_GIGABYTES = 10.0, 4.0
_WATCH_SECONDS = 0.5


def make_nation(visits: int, cities: int, seed: int) -> tuple[Crowd, Zoning]:
    """Everyone of the nation, and which city each belongs to."""
    rng = np.random.default_rng([seed, visits, cities])
    columns = math.ceil(math.sqrt(cities))
    sizes = rng.lognormal(0.0, SIZE_SIGMA, cities)
    counts = np.maximum(1, np.floor(sizes / sizes.sum() * visits)).astype(int)
    counts[np.argsort(-counts)[: max(0, visits - int(counts.sum()))]] += 1
    cases: list[Case] = []
    responders: list[Responder] = []
    of_case, of_responder = dict[str, str](), dict[str, str]()
    for number in range(cities):
        lon = 104.0 + (number % columns + float(rng.uniform(-0.2, 0.2))) * SPACING_DEGREES
        lat = 25.0 + (number // columns + float(rng.uniform(-0.2, 0.2))) * SPACING_DEGREES
        terrain = city(number, lon, lat, seed)
        crowd = make_crowd(terrain, int(counts[number]), rng, prefix=f"{number:03d}")
        crew = [_may_cross(one, rng) for one in crowd.responders]
        cases += crowd.cases
        responders += crew
        of_case |= dict.fromkeys([case.id for case in crowd.cases], terrain.name)
        of_responder |= dict.fromkeys([one.id for one in crew], terrain.name)
    return Crowd(tuple(cases), tuple(responders)), Zoning(of_case, of_responder)


def _may_cross(one: Responder, rng: np.random.Generator) -> Responder:
    """A third of the station crews may help the cities around."""
    crosses = one.kind == "station" and rng.random() < CROSSING_SHARE
    return replace(one, neighbours=one.neighbours | {"*"}) if crosses else one


def measure(cases: Sequence[Case], responders: Sequence[Responder]) -> Problem:
    """The problem of these alone, on flat ground."""
    return measured(cases, responders, flat_minutes)


class Memory:
    """Peak resident bytes of this process and its children together, looked at twice a second."""

    def __init__(self) -> None:
        self.peak_bytes, self._stop = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_WATCH_SECONDS):
            self.peak_bytes = max(self.peak_bytes, resident_bytes())


def resident_bytes() -> int:
    """Of this process and its children, shared pages counted for each; 0 where the system does not say."""
    children = Path("/proc/self/task")
    if not children.is_dir():
        return 0
    ids = ["self"]
    for task in children.iterdir():
        ids += (task / "children").read_text().split()
    total = 0
    for one in ids:
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * resource.getpagesize()
        except (OSError, IndexError):  # it has just ended
            continue
    return total


def report_of(crowd: Crowd, found: Zoned, wall: float, memory: Memory) -> dict[str, Any]:
    """Figures and goals."""
    visited = len(found.plan.visited)
    accounted = visited + len(found.plan.left_out)
    gigabytes = memory.peak_bytes / 1e9
    return {
        "visits": len(crowd.cases),
        "crews": len(crowd.responders),
        "cities": found.zones,
        "processes": processes_here(),
        "wall_seconds": round(wall, 1),
        "wall_seconds_by_stage": dict(found.seconds),
        "peak_gigabytes": round(gigabytes, 2),
        "visited": visited,
        "nobody_lost": accounted == len(crowd.cases),
        "cities_alone_yuan": round(found.zones_yuan),
        "boundaries_saved_yuan": round(found.saved_yuan),
        "boundaries_saved_percent": round(100.0 * found.saved_yuan / found.zones_yuan, 3),
        "boundary_cases": found.boundary_cases,
        "boundaries": found.boundaries,
        "boundaries_better": found.boundaries_better,
        "cases_visited_from_another_city": found.crossings,
        "met": {
            "at most 10 minutes": wall <= GOAL_MINUTES * 60.0,
            "at most 4 GB": 0.0 < gigabytes <= GOAL_GIGABYTES,
        },
    }


def main() -> None:
    """Make the nation, solve it, print lines or one JSON object."""
    options = argparse.ArgumentParser(description="a national day, zone by zone")
    options.add_argument("--visits", type=int, default=40_000)
    options.add_argument("--cities", type=int, default=340)
    options.add_argument(
        "--seconds", type=float, default=480.0, help="wall seconds to think; the whole takes some more"
    )
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--quick", action="store_true", help="2,000 visits in 17 cities, 20 seconds")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    if given.quick:
        given.visits, given.cities, given.seconds = 2_000, 17, 20.0
    if not (given.cities >= 1 and given.visits >= given.cities and given.seconds > 0 and given.seed >= 0):
        options.error(
            "--cities at least 1, --visits at least one a city, --seconds above 0, --seed at least 0"
        )
    with Memory() as memory:
        begun = time.perf_counter()
        crowd, zoning = make_nation(given.visits, given.cities, given.seed)
        making = time.perf_counter() - begun
        found = solve_zones(
            crowd.cases, crowd.responders, zoning, measure,
            seconds=given.seconds, report=lambda text: print(text, file=sys.stderr, flush=True),
        )  # fmt: skip
        wall = time.perf_counter() - begun
    figures = report_of(crowd, found, wall, memory) | {"seconds_making_the_day": round(making, 1)}
    print(
        json.dumps(figures, indent=1)
        if given.json
        else "\n".join(f"{key}: {value}" for key, value in figures.items())
    )


if __name__ == "__main__":
    main()
