"""Sheets in every format but paper, 2,000 of them: ``python -m benchmarks.sheet_formats``.

The made-up book of `benchmarks.sheets`, written format by format in one process: CPU and wall seconds, files, megabytes, and
how much memory each format took beyond what was held before it. ``--json``, ``--routes``, ``--quick`` (small).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.sheets import made_book
from dispatch.sheets import write_sheets
from dispatch.sheets.write import FORMATS


def measured(routes: int) -> dict[str, Any]:
    """What each format takes for a book of that many routes."""
    book = made_book(routes)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found: dict[str, Any] = {"sheets": routes, "stops": sum(len(one.stops) for one in book.sheets)}
    for name in (one for one in FORMATS if one != "pdf"):
        with tempfile.TemporaryDirectory() as folder:
            wall, cpu = time.perf_counter(), time.process_time()
            paths = write_sheets(book, Path(folder), formats=[name])
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            size = sum(path.stat().st_size for path in paths)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found[name] = {
            "files": len(paths),
            "megabytes": round(size / 1e6, 1),
            "cpu_seconds": round(cpu, 2),
            "wall_seconds": round(wall, 2),
            "more_memory_megabytes": round((peak - held) / 1024),
        }
        held = peak
    return found | {"load": round(os.getloadavg()[0], 1)}


def main() -> None:
    """Measure and say so."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--routes", type=int, default=2_000)
    given = parser.parse_args()
    found = measured(10 if given.quick else given.routes)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    for name, values in found.items():
        print(name, values)


if __name__ == "__main__":
    main()
