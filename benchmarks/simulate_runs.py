"""Whole runs of the practice area: from the command to the report, and over a Dask cluster against this process."""

from __future__ import annotations

import pickle
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from distributed import LocalCluster

from dispatch.area import open_area
from dispatch.day import read_rules
from dispatch.runner import Task, run
from dispatch.runner.blocks import Block
from dispatch.simulate.results.experiment import Shared, one_replication, places_of
from dispatch.simulate.scenarios import practice, read_scenario
from dispatch.simulate.scenarios.building import Built, build

Row = dict[str, Any]
GOAL_SECONDS = 10.0
PIECE = 12
"""Replications of ten days in one task of the comparison with Dask: somewhat more than half a second."""


def practice_run(seconds: float) -> list[Row]:
    """40 replications of 10 days, `loss`, report and map included: the command in a process of its own, roads measured before."""
    times = 3 if seconds > 30 else 1
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "practice.toml"
        scenario.write_text("", encoding="utf-8")
        build(read_scenario(scenario), open_area("maoming"), read_rules(None))  # roads once, as in any area
        for workers in (1, 2):
            took = [
                _whole(scenario, Path(folder) / f"{workers}-{number}", workers) for number in range(times)
            ]
            rows.append(
                {
                    "row": "40 replications x 10 days, loss, report included",
                    "workers": workers,
                    "seconds": round(min(one for one, _ in took), 2),
                    "cpu_seconds": round(min(cpu for _, cpu in took), 2),
                    "goal": GOAL_SECONDS,
                }
            )
    return rows


def _whole(scenario: Path, out: Path, workers: int) -> tuple[float, float]:
    """Wall and CPU seconds of the command, everything it starts included."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    start = "from dispatch.cli import main; main()"  # what the console script does
    command = [sys.executable, "-c", start, "simulate", str(scenario), "--workers", str(workers)]
    subprocess.run([*command, "--out", str(out)], check=True, capture_output=True)
    took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if not (out / "report.html").is_file():
        raise RuntimeError("the run wrote no report")
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def several(shared: Shared, first: int) -> Block:
    """`PIECE` replications as one task; the last one's block."""
    for number in range(first, first + PIECE):
        block = one_replication(shared, number)
    return block


def dask(seconds: float) -> list[Row]:
    """The same tasks by one worker of a local Dask cluster and in this process, turn by turn.

    The best wall seconds of several rounds each; the start of the cluster is left out.
    """
    built = _practice()
    shared = Shared(built.world, 1, places_of(built), (15, 30, 60))
    count, rounds = 8, 5 if seconds > 30 else 2
    tasks = [Task(f"t{number}", number * PIECE) for number in range(count)]
    one_replication(shared, 0)
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        _timed(tasks[:1], shared, cluster.scheduler_address)  # the worker has loaded what it needs
        pairs = [
            (_timed(tasks, shared, None), _timed(tasks, shared, cluster.scheduler_address))
            for _ in range(rounds)
        ]
    here, there = (min(pair[side][0] for pair in pairs) for side in (0, 1))
    here_blocks, there_blocks = pairs[0][0][1], pairs[0][1][1]
    same = all(
        one[name].tobytes() == other[name].tobytes()
        for one, other in zip(here_blocks, there_blocks, strict=True)
        for name in one
    )
    return [
        {
            "row": "Dask local cluster against in-process",
            "tasks": count,
            "seconds_a_task": round(here / count, 2),
            "in_process_seconds": round(here, 2),
            "dask_seconds": round(there, 2),
            "overhead_percent": round(100 * (there / here - 1), 1),
            "same_bits": same,
            "world_megabytes": round(_megabytes(built), 1),
            "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
        }
    ]


def _timed(tasks: list[Task], shared: Shared, cluster: str | None) -> tuple[float, list[Block]]:
    begun = time.perf_counter()
    blocks = [block for _, block in run(several, tasks, shared=shared, cluster=cluster)]
    return time.perf_counter() - begun, blocks


def _practice() -> Built:
    return build(practice(), open_area("maoming"), read_rules(None))


def _megabytes(built: Built) -> float:
    """What travels to every worker once."""
    return len(pickle.dumps(built.world)) / 1e6
