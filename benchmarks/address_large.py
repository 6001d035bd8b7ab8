"""100,000 entries in a process of their own: seconds to load, addresses a second, memory in all."""

from __future__ import annotations

import csv
import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dispatch.places.gazetteer import COLUMNS, Gazetteer
from dispatch.places.geocode import geocode
from dispatch.settings import data_folder

ENTRIES = 100_000
_COUNTIES, _TOWNS, _VILLAGES = 40, 24, 100


def frame(entries: int = ENTRIES, seed: int = 1) -> pd.DataFrame:
    """A prefecture's worth of made-up names: 40 counties of 24 towns of about 100 villages.

    Names are signs of real village names put together anew, so that they repeat as real ones do.
    """
    rng = random.Random(seed)
    with (data_folder() / "maoming" / "gazetteer.csv").open(encoding="utf-8", newline="") as file:
        signs = [row["name"][:2] for row in csv.DictReader(file) if row["level"] == "village"]
    rows: list[tuple[str, str, str, float, float, str]] = [("44", "广东省", "province", 112.0, 23.0, "")]
    for c in range(_COUNTIES):
        county, x, y = f"{440000 + c}", 110.0 + c % 8 * 0.6, 21.0 + c // 8 * 0.6
        rows.append((county, _name(rng, signs, 2) + "县", "county", x, y, "44"))
        for t in range(_TOWNS):
            town, tx, ty = f"{county}{t:03d}", x + t % 5 * 0.1, y + t // 5 * 0.1
            rows.append((town, _name(rng, signs, 2) + "镇", "township", tx, ty, county))
            for v in range(_VILLAGES + 5):
                at = (tx + v % 10 * 0.01, ty + v // 10 * 0.01)
                name = _name(rng, signs, rng.choice((2, 2, 2, 3))) + rng.choice(
                    ("村委会", "村委会", "村委会", "社区")
                )
                rows.append((f"{town}{v:03d}", name, "village", *at, town))
    made = pd.DataFrame(rows[:entries], columns=["code", "name", "level", "lon", "lat", "parent"])
    return made.assign(aliases="", residents=np.nan, radius_metres=np.nan)[list(COLUMNS)]


def _name(rng: random.Random, signs: list[str], length: int) -> str:
    return "".join(rng.choice(rng.choice(signs)) for _ in range(length))


def measure(entries: int = ENTRIES, addresses: int = 5000, seed: int = 1) -> dict[str, Any]:
    """In this process: build, read addresses, and the most memory that was ever taken."""
    table = frame(entries, seed)
    imports = peak_megabytes()
    start = time.process_time()
    gazetteer = Gazetteer(table)
    building = time.process_time() - start
    rng = random.Random(seed + 1)
    villages = [row for row in range(len(gazetteer)) if gazetteer.level[row] == "village"]
    start = time.process_time()
    geocode(["茂名"], gazetteer)
    first = time.process_time() - start
    chosen = rng.sample(villages, addresses)
    texts = ["".join(gazetteer.name[unit] for unit in gazetteer.chain(row)) for row in chosen]
    start = time.process_time()
    found = geocode(texts, gazetteer)
    reading = time.process_time() - start
    right = sum(
        bool(one) and one[0].code == gazetteer.code[row] for one, row in zip(found, chosen, strict=True)
    )
    return {
        "entries": len(gazetteer),
        "build_cpu_seconds": round(building, 2),
        "first_address_cpu_seconds": round(first, 2),
        "addresses_per_second": round(addresses / reading),
        "right_village": round(right / addresses, 4),
        "imports_and_table_megabytes": imports,
        "peak_megabytes": peak_megabytes(),
    }


def peak_megabytes() -> int:
    """The most memory this process ever held. Linux counts a parent's peak in `ru_maxrss`, so it is asked first."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024  # kB -> MB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure_apart() -> dict[str, Any]:
    """The same in a fresh process, so that nothing measured before counts."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.address_large"],
        cwd=Path(__file__).resolve().parents[1], capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(run.stdout)
    return found


if __name__ == "__main__":
    json.dump(measure(), sys.stdout)
