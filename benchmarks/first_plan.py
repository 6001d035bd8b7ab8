"""The first plan of a fresh install: what compiling costs once: ``python -m benchmarks.first_plan``.

Two processes one after the other, with a cache of compiled code that is empty at the first: CPU seconds from
start to a plan of a day of 20 visits. The difference is the compiling (goal: at most 60 s).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from typing import Any

GOAL_SECONDS = 60.0
WORK = """
from benchmarks.day_maker import make_day
from benchmarks.terrain import city
from dispatch import routing
plan = routing.solve(make_day(city(0, 113.0, 33.0, 1), 20, 1), "search", iterations=200)
assert plan.visited
"""


def plan_once(cache: str) -> float:
    """CPU seconds of one process, its compiled code kept in `cache`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", WORK],
        env={**os.environ, "NUMBA_CACHE_DIR": cache},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure() -> dict[str, Any]:
    """The first and the second plan."""
    with tempfile.TemporaryDirectory() as cache:
        first, second = plan_once(cache), plan_once(cache)
    return {
        "first_cpu_seconds": round(first, 1),
        "second_cpu_seconds": round(second, 1),
        "compiling_cpu_seconds": round(first - second, 1),
        "goal_cpu_seconds": GOAL_SECONDS,
        "met": first - second <= GOAL_SECONDS,
    }


def main() -> None:
    """Measure, print lines or one JSON object."""
    options = argparse.ArgumentParser(description="what compiling costs once")
    options.add_argument("--json", action="store_true")
    found = measure()
    if options.parse_args().json:
        print(json.dumps(found, indent=1))
    else:
        print("\n".join(f"{key}: {value}" for key, value in found.items()))


if __name__ == "__main__":
    main()
