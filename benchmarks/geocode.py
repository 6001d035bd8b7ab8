"""How often addresses are placed right, how sure it says it is, and how fast: ``python -m benchmarks.geocode``.

Addresses are written by a seeded generator from the real names of the practice area and, where
the extract lies beside the repository, of the plain north of the Huai; every corruption alone and
in pairs. What each determines comes from the lists, not from the geocoder. Then the frozen set
written by hand, other tools on the same rows, and 100,000 entries in a process of their own.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import address_rivals, address_tables
from benchmarks.address_hand import hand_figures
from benchmarks.address_large import measure_apart
from benchmarks.address_maker import Maker, Row
from benchmarks.address_names import Characters, Names
from benchmarks.address_scores import LIKELY, Result, figures, unit_key
from dispatch.area import import_area, open_area
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.geocode import geocode, geocoder

LEAST_ROWS = 600
EXTRACT = Path(__file__).resolve().parents[2] / "shared" / "data" / "roads" / "huaibei-plain.osm.pbf"


def answer(rows: Sequence[Row], gazetteer: Gazetteer, names: Names) -> tuple[list[Result], float]:
    """What the geocoder says to each row, and the CPU seconds of the calls."""
    geocode([row.text for row in rows[:20]], gazetteer)
    start = time.process_time()
    found = geocode([row.text for row in rows], gazetteer, [row.hint for row in rows])
    seconds = time.process_time() - start
    reader = geocoder(gazetteer)
    results = []
    for row, candidates in zip(rows, found, strict=True):
        likely = bool(candidates) and candidates[0].probability >= LIKELY
        note = "" if likely else reader.look_up(row.text, row.hint).note
        codes = tuple(one.code for one in candidates)
        keys = tuple(unit_key(code, row, gazetteer, names) for code in codes)
        results.append(Result(row, keys, tuple(one.probability for one in candidates), note, codes))
    return results, seconds


def gazetteers(extract: Path | None) -> dict[str, Gazetteer]:
    """The practice area's names, and an extract's where there is one."""
    practice = open_area("maoming")
    found = {"maoming": Gazetteer(practice.gazetteer, practice.boundaries)}
    if extract is not None and extract.is_file():
        with tempfile.TemporaryDirectory() as folder:
            area = import_area(extract, Path(folder) / "area")
            found[extract.name.removesuffix(".osm.pbf")] = Gazetteer(area.gazetteer, area.boundaries)
    return found


def measure(gazetteer: Gazetteer, count: int, seed: int) -> tuple[list[Result], dict[str, Any]]:
    """One area: rows of one seed, answered group by group."""
    names = Names(gazetteer, Characters())
    rows = list(Maker(names, seed).rows(count))
    results: list[Result] = []
    seconds = {}
    for group in dict.fromkeys(row.group for row in rows):
        found, seconds[group] = answer([row for row in rows if row.group == group], gazetteer, names)
        results += found
    mixed = [group for group in ("one", "two") if group in seconds]
    found_figures = figures(results, seconds)
    number = sum(one.row.group in mixed for one in results)
    found_figures["addresses_per_second"]["corrupted mix"] = round(
        number / sum(seconds[one] for one in mixed)
    )
    return results, found_figures


def main() -> None:
    """Measure, print the tables or one JSON object."""
    parser = argparse.ArgumentParser(description="Addresses against their labels")
    parser.add_argument("--rows", type=int, default=60_000, help="rows in all (default 60,000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--extract", type=Path, default=EXTRACT, help="an OSM extract for a second area")
    parser.add_argument("--sample", type=int, default=1000, help="rows that other tools are given too")
    parser.add_argument("--missed", action="store_true", help="also list addresses that were missed")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.rows < LEAST_ROWS:
        parser.error(f"--rows {given.rows}: at least {LEAST_ROWS}, so that every kind of row is there")
    areas = gazetteers(given.extract)
    report: dict[str, Any] = {"seed": given.seed, "areas": {}}
    for n, (name, gazetteer) in enumerate(areas.items()):
        # two thirds of the rows are the practice area's
        count = given.rows if len(areas) == 1 else given.rows * (2, 1)[n] // 3
        results, report["areas"][name] = measure(gazetteer, count, given.seed + n)
        if n == 0:
            report["others"] = address_rivals.compare(results, given.sample, given.seed)
    report["by_hand"] = hand_figures(areas["maoming"])
    report["large"] = measure_apart()
    report["goals"] = address_tables.goals(report)
    if given.json:
        json.dump(report, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(address_tables.text(report, missed=given.missed))


if __name__ == "__main__":
    main()
