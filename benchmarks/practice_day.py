"""The practice day through the command line, and its plan against the nearest policy: ``python -m benchmarks.practice_day``.

Wall and CPU seconds of the whole process, several runs, the median printed. ``--alerts``,
``--area`` and ``--at`` plan any other day with the same command.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dispatch.settings import data_folder


def one_run(options: argparse.Namespace, out: Path) -> dict[str, Any]:
    """Plan once in a process of its own; its summary, seconds and stages."""
    command = [sys.executable, "-m", "dispatch.cli", "plan", options.alerts, "--area", options.area]
    command += ["--at", options.at, "--out", out, "--force", "--json", "--seconds", str(options.seconds)]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    stages = json.loads((out / "run.json").read_text())["seconds"]
    return {"wall_seconds": wall, "cpu_seconds": cpu, "stages": stages, "summary": json.loads(done.stdout)}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """The median of several runs, and what the plan is worth against `nearest`."""
    with tempfile.TemporaryDirectory() as scratch:
        runs = [one_run(options, Path(scratch) / "plan") for _ in range(options.runs)]
    summary = runs[-1]["summary"]
    nearest = summary["nearest"]
    return {
        "seconds_given": options.seconds,
        "runs": options.runs,
        "wall_seconds": round(statistics.median(run["wall_seconds"] for run in runs), 1),
        "cpu_seconds": round(statistics.median(run["cpu_seconds"] for run in runs), 1),
        "stages_wall_seconds": {
            name: round(statistics.median(run["stages"][name] for run in runs), 2)
            for name in runs[0]["stages"]
        },
        "cases": summary["cases"],
        "visited": summary["visited"],
        "expected_loss_yuan": round(summary["expected_loss_yuan"]),
        "nearest_expected_loss_yuan": round(nearest["expected_loss_yuan"]),
        "below_nearest_percent": round(
            100 * (1 - summary["expected_loss_yuan"] / max(nearest["expected_loss_yuan"], 1e-9)), 2
        ),
        "share_reached_30_minutes": summary["share_reached_30_minutes"],
        "nearest_share_reached_30_minutes": nearest["share_reached_30_minutes"],
    }


def main() -> None:
    """Measure, print lines or one JSON object."""
    parser = argparse.ArgumentParser(description="a day's plan through the command line")
    parser.add_argument("--alerts", type=Path, default=data_folder() / "maoming" / "alerts.csv")
    parser.add_argument("--area", default="maoming")
    parser.add_argument("--at", default="2026-05-01T14:00")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        print("\n".join(f"{key}: {value}" for key, value in found.items()))


if __name__ == "__main__":
    main()
