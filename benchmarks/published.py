"""Published instances as days for the search, and what every benchmark of them shares.

The value of an answer is recomputed by `benchmarks.judge`, apart from the search.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.judge import Judge, NotAnAnswer
from benchmarks.published_files import EARTH_RADIUS_KM, PI, Published
from dispatch.errors import BadInput, DispatchError, MissingInput
from dispatch.search.arrays import (
    CAPACITY,
    DROP_YUAN,
    DUE,
    HOME_YUAN,
    LATE_YUAN,
    LOAD,
    MUST,
    Day,
    blank_crews,
    blank_nodes,
    setting_row,
    transposed,
)
from dispatch.search.model import NEIGHBOURS, nearest_nodes
from dispatch.search.run import search

Floats = NDArray[np.float64]

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data" / "benchmarks"
"""Instances beside the repository, used where no file is named."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One kind of published problem: how it is read, what counts, and who judges.

    With `must` everybody has to be visited, else whoever is not costs their profit; with
    `home_counts` the return to the depot is an arrival, too; `larger_is_better` where profit is collected.
    """

    about: str
    read: Callable[[Path], Published]
    judge: Judge
    must: bool = True
    home_counts: bool = False
    larger_is_better: bool = False
    cpu_seconds: float = 5.0
    seeds: str = "1"


@dataclass(frozen=True, slots=True)
class Known:
    """What a table says of an instance; all None where there is no table or no row."""

    name: str | None = None
    value: float | None = None
    vehicles: int | None = None
    tolerance: float = 0.0
    """Half of the last digit printed: closer than this is the same value."""


def minutes_of(file: Published) -> Floats:
    """Distances (n + 1, n + 1) as minutes; the depot, number 0 in the file, is the last row."""
    order = [*range(1, file.customers + 1), 0]
    if file.metric == "EXPLICIT":
        return np.array(file.table)[np.ix_(order, order)]
    points = np.array(file.points)[order]
    square = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    if file.metric == "GEO":
        return _on_the_globe(points)
    if file.metric == "ATT":
        exact = np.sqrt(square / 10.0)
        whole = np.floor(exact + 0.5)
        return np.asarray(whole + (whole < exact), np.float64)
    exact = np.sqrt(square)
    rounded: dict[str, Callable[[Floats], Floats]] = {
        "EXACT": lambda far: far,
        "EUC_2D": lambda far: np.floor(far + 0.5),
        "CEIL_2D": np.ceil,
    }
    return rounded[file.metric](exact)


def _on_the_globe(points: Floats) -> Floats:
    degrees = np.trunc(points)
    north, east = (PI * (degrees + 5.0 * (points - degrees) / 3.0) / 180.0).T
    q1 = np.cos(east[:, None] - east[None])
    q2, q3 = np.cos(north[:, None] - north[None]), np.cos(north[:, None] + north[None])
    cosine = np.minimum(1.0, 0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3))
    far: Floats = np.floor(EARTH_RADIUS_KM * np.arccos(cosine) + 1.0)
    np.fill_diagonal(far, 0.0)
    return far


def day_of(file: Published, kind: Benchmark, vehicles: int) -> Day:
    """The instance as a day: every minute until arrival costs one yuan, leaving out the profit."""
    n = file.customers
    node = blank_nodes(n, 1)
    node[:, LATE_YUAN] = 1.0
    node[:, DUE] = 0.0
    node[:, LOAD] = file.demand[1:] if file.demand else 0.0
    if kind.must:
        node[:, MUST] = 1.0
    else:
        node[:, DROP_YUAN] = file.profit[1:]
    crew = blank_crews([n] * vehicles)
    crew[:, CAPACITY] = file.capacity
    crew[:, HOME_YUAN] = float(kind.home_counts)
    drive = np.ascontiguousarray(minutes_of(file)[None])
    return Day(
        drive=drive,
        back=transposed(drive),
        node=node,
        crew=crew,
        price=np.zeros((vehicles, n)),
        setting=setting_row(),
        near=nearest_nodes(drive, n, NEIGHBOURS),
        offers=np.tile(np.arange(vehicles, dtype=np.int64), (n, 1)),
    )


def known(path: Path, given: Path | None) -> Known:
    """The row of an instance in `given`, or in the best_known.csv beside the file or above it.

    The table has a column `instance`, one whose name begins with `best_known` (or `best`,
    `value`), and perhaps `vehicles` or `servers`. A row is found by the folder and name of the
    file, its name, or its name without the ending.

    Raises
    ------
    MissingInput, BadInput
        `given` is not there; or a table is no such table.
    """
    if given is not None and not given.is_file():
        raise MissingInput(given)
    tables = (
        [given]
        if given
        else [folder / "best_known.csv" for folder in (path.resolve().parent, path.resolve().parent.parent)]
    )
    names = (f"{path.resolve().parent.name}/{path.name}", path.name, path.stem)
    for table in tables:
        rows = _rows(table) if table.is_file() else {}
        for name in names:
            if name in rows:
                return rows[name]
    return Known()


def _rows(table: Path) -> dict[str, Known]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows, heads = list(reader), [head or "" for head in reader.fieldnames or ()]
    except (UnicodeDecodeError, csv.Error):
        raise BadInput(f"{table}: not a CSV table in UTF-8") from None
    best = [head for head in heads if head.startswith("best_known")] or [
        h for h in heads if h in ("best", "value")
    ]
    if "instance" not in heads or not best:
        raise BadInput(f"{table}: columns are {', '.join(heads)}; expected instance and best_known…")
    fleet = next((head for head in heads if head in ("vehicles", "servers")), None)
    found = {}
    for number, row in enumerate(rows, start=2):
        said, vehicles = (row[best[0]] or "").strip(), (row[fleet] or "").strip() if fleet else ""
        try:
            value = float(said) if said else None
            cars = int(vehicles) if vehicles else None
        except ValueError:
            raise BadInput(f"{table} row {number}: {said!r}, {vehicles!r}; expected numbers") from None
        digits = len(said.partition(".")[2])
        name = (row["instance"] or "").strip()
        found[name] = Known(name, value, cars, 0.5 * 10.0**-digits if digits else 0.0)
    return found


def run_one(
    kind: Benchmark, path: Path, best: Known, *, vehicles: int | None, seed: int, cpu_seconds: float
) -> dict[str, Any]:
    """One instance, one seed: the row to print. `routes` are in it only where they beat the published best."""
    file = kind.read(path)
    fleet = vehicles or best.vehicles or file.vehicles
    if fleet is None:
        raise BadInput(
            f"{path}: neither the file nor a best_known.csv says how many vehicles; give --vehicles"
        )
    day, start = day_of(file, kind, fleet), time.process_time()
    found = search(day, seconds=cpu_seconds, seed=seed, longest=file.customers)
    seconds = time.process_time() - start
    routes = [[v + 1 for v in route] for route in found.routes]
    row: dict[str, Any] = {
        "instance": best.name or (path.stem if path.suffix in (".txt", ".tsp") else path.name),
        "seed": seed,
        "value": None,
        "best_known": best.value,
        "gap_percent": None,
        "cpu_seconds": round(seconds, 2),
    }
    try:
        value = kind.judge(path, fleet, routes)
    except NotAnAnswer as why:
        print(f"no answer in {seconds:.1f} s: {why}", file=sys.stderr)
        return row
    row["value"] = round(value, 4)
    if best.value:
        worse = best.value - value if kind.larger_is_better else value - best.value
        row["gap_percent"] = round(100.0 * worse / best.value, 4)
        if worse < -best.tolerance - 1e-9:
            row["routes"] = [route for route in routes if route]
    return row


def warm_up(kind: Benchmark) -> None:
    """Compile before anything is timed."""
    line = tuple((float(x), 0.0) for x in range(4))
    tiny = Published(Path("warm"), "EXACT", line, demand=(0.0,) * 4, capacity=9.0, profit=(9.0,) * 4)
    search(day_of(tiny, kind, 1), iterations=5)


def main(kind: Benchmark, default_files: Sequence[Path], arguments: Sequence[str] | None = None) -> None:
    """Run every file with every seed and report."""
    options = argparse.ArgumentParser(description=kind.about)
    options.add_argument(
        "files", nargs="*", type=Path, help="instances; default: those beside the repository"
    )
    options.add_argument("--vehicles", type=int, help="default: as the file or best_known.csv says")
    options.add_argument("--cpu-seconds", type=float, default=kind.cpu_seconds)
    options.add_argument("--seeds", default=kind.seeds, help="whole numbers joined by commas")
    options.add_argument(
        "--best", type=Path, help="a CSV of instance and best value; default: best_known.csv beside"
    )
    options.add_argument("--json", action="store_true")
    given = options.parse_args(arguments)
    files = [path for path in given.files if path.suffix != ".csv"] or (
        [] if given.files else list(default_files)
    )
    try:
        seeds = [int(seed) for seed in given.seeds.split(",")]
    except ValueError:
        options.error(f"--seeds is {given.seeds!r}, expected whole numbers joined by commas, like 1,2,3")
    if not files:
        options.error("name instance files; none lie beside the repository")
    if given.cpu_seconds <= 0 or (given.vehicles is not None and given.vehicles < 1) or min(seeds) < 0:
        options.error("--cpu-seconds is above 0, --vehicles at least 1, --seeds at least 0")
    rows = []
    try:
        instances = [
            (path, kind.read(path), known(path, given.best)) for path in files
        ]  # bad files before any work
        for note in dict.fromkeys(note for _, file, _ in instances for note in file.notes):
            print(f"note: {note}", file=sys.stderr)
        warm_up(kind)
        for path, _, best in instances:
            for seed in seeds:
                rows.append(
                    run_one(
                        kind, path, best, vehicles=given.vehicles, seed=seed, cpu_seconds=given.cpu_seconds
                    )
                )
                print(_line(rows[-1]), file=sys.stderr if given.json else sys.stdout, flush=True)
    except DispatchError as error:
        options.error(str(error))
    report(rows, as_json=given.json)


def report(rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """One JSON list; or the mean gap, and the routes of what beats the published best."""
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    gaps = [row["gap_percent"] for row in rows if row["gap_percent"] is not None]
    if gaps:
        print(f"mean gap {statistics.mean(gaps):+.3f} % of {len(gaps)} runs, worst {max(gaps):+.3f} %")
    print(f"at the best known or better: {sum(gap <= 5e-4 for gap in gaps)} of {len(rows)} runs")
    for row in rows:
        for number, route in enumerate(row.get("routes", ()), start=1):
            stops = " ".join(map(str, route))
            print(f"better than published: {row['instance']} {row['value']:.2f}, route {number}: {stops}")


def _line(row: dict[str, Any]) -> str:
    gap = "–" if row["gap_percent"] is None else f"{row['gap_percent']:+.3f} %"
    value = "–" if row["value"] is None else f"{row['value']:,.2f}"
    return f"{row['instance']:<24} seed {row['seed']}  {value:>14}  {gap}  {row['cpu_seconds']:.1f} s"
