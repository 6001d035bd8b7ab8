"""How long the names of a large area take to load, and what they take up: ``python -m benchmarks.gazetteer_load``.

100,000 entries are written as an area folder holds them and read back: CPU seconds from the file to
a gazetteer that answers, the best of some runs, and the most memory the process ever took.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.address_large import ENTRIES, frame
from dispatch.places.gazetteer import Gazetteer
from dispatch.roads.layers import read_gazetteer, write_gazetteer

GOAL_SECONDS = 0.5
GOAL_MEGABYTES = 300


def measure(entries: int, runs: int) -> dict[str, Any]:
    """CPU seconds to load so many entries, and the peak of memory after the first."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "gazetteer.csv"
        write_gazetteer(frame(entries), path)
        seconds = []
        for _ in range(runs):
            start = time.process_time()
            loaded = Gazetteer(read_gazetteer(path))
            seconds.append(time.process_time() - start)
    return {
        "entries": len(loaded),
        "load_cpu_seconds": round(min(seconds), 3),
        "goal_seconds": GOAL_SECONDS,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,  # kB -> MB
        "goal_megabytes": GOAL_MEGABYTES,
    }


def main() -> None:
    """Measure; print a line or JSON."""
    parser = argparse.ArgumentParser(description="CPU seconds to load an area's names")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="few entries: whether it works, not how fast")
    given = parser.parse_args()
    found = measure(2_000 if given.quick else ENTRIES, 1 if given.quick else 5)
    print(json.dumps(found, indent=1) if given.json else "; ".join(f"{k} {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
