"""Roads: from extract to minutes, every figure beside its goal: ``python -m benchmarks.roads``.

CPU seconds of one thread, after preparation; each piece runs in a process of its own. What is
timed is checked in the same run: minutes from the contraction hierarchy against SciPy on the
whole matrix and against networkx on a sample, exactly.

Goals are for huaibei-plain.osm.pbf; other extracts may be named and are measured the same
way. Without any, and where that file is not beside the repository, a seeded town is made.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.extracts import BESIDE, lattice

GOAL_EXTRACT = "huaibei-plain.osm.pbf"
THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
PACKAGES = ("numpy", "scipy", "shapely", "networkx", "osmium", "pyroutingkit")

Goals = tuple[tuple[str, str, str, float | None], ...]
TOWN_GOALS: Goals = (
    ("extract → area, s", "import_cpu_seconds", "≤", 15),
    ("extract → area, peak MB", "import_megabytes", "≤", 1500),
    ("reopening the area, s", "open_cpu_seconds", "≤", 0.5),
    ("{side} × {side}, s", "square_cpu_seconds", "≤", 3),
    ("{side} × {side}, times SciPy", "square_scipy_ratio", "≥", 8),
    ("{side} × {side}, times networkx, graph as OSMnx's", "square_multigraph_ratio", "≥", 200),
    ("{side} × {side}, times networkx, leanest graph", "square_networkx_ratio", "≥", 200),
    ("{side} × {side}, as many junctions of invented roads, s", "made_square_cpu_seconds", "", None),
    ("{tenth} × {wide}, s", "wide_cpu_seconds", "≤", 0.6),
    ("nearest of {stations} stations, every junction, s", "nearest_cpu_seconds", "≤", 0.1),
    ("one path with line and names, median ms", "path_median_cpu_milliseconds", "≤", 2),
    ("re-weight the whole network, s", "reweight_whole_cpu_seconds", "≤", 0.5),
    ("re-weight 50 edges, s", "reweight_few_cpu_seconds", "≤", 0.01),
)
MILLION_GOALS: Goals = (
    ("{nodes} junctions: nearest of {stations}, s", "million_nearest_cpu_seconds", "≤", 1.5),
    ("{nodes} junctions: {side} × {side}, s", "million_square_cpu_seconds", "≤", 45),
    ("{nodes} junctions: peak MB, preparation included", "million_peak_megabytes", "≤", 3000),
)
"""What is measured, under which key, and the goal."""


def run(**works: Mapping[str, Any]) -> dict[str, Any]:
    """Pieces of work, one after the other in a process of their own with one thread; what they find."""
    command = [sys.executable, "-m", "benchmarks.road_work", json.dumps(works)]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=root, env=os.environ | THREADS
    )
    if done.returncode:
        sys.exit(f"{', '.join(works)} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure_town(
    extract: Path, sizes: Mapping[str, int], scratch: Path, options: argparse.Namespace
) -> dict[str, Any]:
    """Everything that is asked of one extract; when quick, in one process, and memory is that of all."""
    folder = str(scratch / "area")
    asked = {key: sizes[key] for key in ("side", "wide", "stations", "paths", "sample")}
    works: dict[str, dict[str, Any]] = {
        "importing": {"extract": str(extract.resolve()), "folder": folder},
        "opening": {"folder": folder},
        "town": {"folder": folder, "seed": options.seed, **asked},
    }
    if options.quick:
        return run(**works)
    return {key: value for name, given in works.items() for key, value in run(**{name: given}).items()}


def table(
    goals: Goals,
    found: Mapping[str, Any],
    sizes: Mapping[str, int],
    *,
    bound: bool,
) -> list[dict[str, Any]]:
    """A row for each goal: what, measured, goal, and whether it is met; no goal where none is set."""
    rows = []
    named = {**sizes, "tenth": sizes["side"] // 10, "nodes": f"{sizes['nodes']:,}"}
    for what, key, relation, goal in goals:
        value = found[key]
        row = {"what": what.format_map(named), "measured": float(f"{value:.3g}"), "goal": None, "met": None}
        if bound and goal is not None:
            met = value <= goal if relation == "≤" else value >= goal
            row |= {"goal": f"{relation} {goal:g}", "met": met}
        rows.append(row)
    return rows


def machine() -> dict[str, Any]:
    """What the figures were measured on; the load says whether others worked on it too."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "processor": (models or [platform.processor() or platform.machine()])[0],
        "cores": os.cpu_count(),
        "threads_used": 1,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": versions,
    }


def load() -> float | None:
    """Processes waiting for a processor over the last minute, where the system counts them."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def measure(options: argparse.Namespace, sizes: Mapping[str, int]) -> dict[str, Any]:
    """All extracts, then the million; with every check in one place."""
    report: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load_before": load(),
        "sizes": dict(sizes),
        "extracts": [],
    }
    found: dict[str, Any]
    with tempfile.TemporaryDirectory() as scratch:
        beside = BESIDE / GOAL_EXTRACT
        extracts = options.extracts or ([beside] if beside.exists() and not options.quick else [])
        extracts = extracts or [lattice(Path(scratch) / "lattice.osm", side=25 if options.quick else 150)]
        for number, extract in enumerate(extracts):
            found = measure_town(extract, sizes, Path(scratch) / str(number), options)
            bound = extract.name == GOAL_EXTRACT and not options.quick
            rows = table(TOWN_GOALS, found, sizes, bound=bound)
            report["extracts"].append({"extract": extract.name, "table": rows, "details": found})
    if not options.skip_million:
        asked = {"side": sizes["side"], "stations": sizes["stations"], "sample": sizes["sample_million"]}
        found = run(million={"nodes": sizes["nodes"], "seed": options.seed, **asked})
        report["million"] = {
            "table": table(MILLION_GOALS, found, sizes, bound=not options.quick),
            "details": found,
        }
    report["checks"] = checks(report)
    report["same_answers"] = all(report["checks"].values())
    report["load_after"] = load()
    return report


def checks(report: Mapping[str, Any]) -> dict[str, bool]:
    """Every comparison of answers, by name; true where it held in all parts of the report."""
    parts = [*report["extracts"], *([report["million"]] if "million" in report else [])]
    made = [
        (key, value) for part in parts for key, value in part["details"].items() if key.startswith("same_")
    ]
    return {key: all(value for name, value in made if name == key) for key, _ in made}


def show(report: Mapping[str, Any]) -> str:
    """The report as lines: what, measured, goal."""
    lines = [f"{report['at']}  {report['machine']['processor']}, load {report['load_before']}"]
    parts = [
        *report["extracts"],
        *([{"extract": "invented", **report["million"]}] if "million" in report else []),
    ]
    for part in parts:
        lines.append(part["extract"])
        for row in part["table"]:
            verdict = {True: "met", False: "MISSED", None: ""}[row["met"]]
            lines.append(f"  {row['what']:<55} {row['measured']:>10g}  {row['goal'] or '':<8} {verdict}")
    wrong = [key for key, same in report["checks"].items() if not same]
    lines.append("same answers" if not wrong else f"ANSWERS DIFFER: {', '.join(wrong)}")
    return "\n".join(lines)


def main() -> None:
    """Measure, print lines or one JSON object; exit 1 where answers differ."""
    parser = argparse.ArgumentParser(description="travel minutes, measured against their goals")
    parser.add_argument("extracts", nargs="*", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--skip-million", action="store_true", help="leave out the network of a million junctions"
    )
    parser.add_argument("--sample", type=int, default=20, help="sources that networkx is asked from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it works, not how fast")
    options = parser.parse_args()
    if missing := [str(extract) for extract in options.extracts if not extract.is_file()]:
        parser.error(f"{', '.join(missing)}: no such file; name OpenStreetMap extracts (.osm.pbf, .osm)")
    if options.sample < 1:
        parser.error(f"--sample is {options.sample}, expected 1 or more")
    full = {"side": 1000, "wide": 5000, "stations": 100, "paths": 200, "nodes": 1_000_000}
    quick = {"side": 40, "wide": 80, "stations": 5, "paths": 5, "nodes": 3000}
    sizes = quick if options.quick else full
    sizes |= {"sample": min(options.sample, sizes["side"]), "sample_million": 3 if options.quick else 5}
    report = measure(options, sizes)
    print(json.dumps(report, indent=1, ensure_ascii=False) if options.json else show(report))
    sys.exit(0 if report["same_answers"] else 1)


if __name__ == "__main__":
    main()
