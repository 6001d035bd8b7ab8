"""Dispatch days with short crews: search, OR-Tools and nearest in one run: ``python -m benchmarks.dispatch_days``.

Days of `benchmarks.day_maker` on the roads of Gushi (where the extract lies beside the
repository) and of the practice area. Every policy gets the same CPU seconds of one thread; OR-Tools is
the best of its set-ups, each with all of them, begun from `nearest`. What a plan loses is
recomputed by `dispatch.loss`, and every plan is audited. `nearest` needs no time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import extracts
from benchmarks.day_maker import make_day
from benchmarks.terrain import Terrain, imported, practice
from dispatch import routing
from dispatch.domain import Plan, Problem
from dispatch.errors import DispatchError
from dispatch.improve import improve, seats
from dispatch.loss import plan_loss
from dispatch.ortools_model import solve_orders
from dispatch.rules import audit
from dispatch.timeline import Visit

CPU_SHARE = 0.93
"""A run that got less than this of its CPU seconds is made again with more time by the clock."""
TRIES = 3
POLISH_SHARE = 0.15
"""Of OR-Tools' seconds, kept for the polish on the exact loss."""
BELOW_ORTOOLS_PERCENT, BELOW_NEAREST_PERCENT = 3.0, 15.0
"""The goals: on average at 5 s."""

Solve = Callable[[Problem, Plan, float], Plan]
"""(problem, the plan of `nearest`, wall seconds) -> plan."""


def by_search(problem: Problem, nearest: Plan, seconds: float) -> Plan:
    """The policy `search`."""
    del nearest
    return routing.solve(problem, "search", seconds=seconds)


def ortools_policy(problem: Problem, nearest: Plan, seconds: float) -> Plan:
    """The policy `ortools`: crews that could matter, from `nearest` polished, polished again."""
    del nearest
    return routing.solve(problem, "ortools", seconds=seconds)


def ortools_whole(problem: Problem, nearest: Plan, seconds: float) -> Plan:
    """OR-Tools with every crew in its model, from `nearest` as it is, polished at the end."""
    return _ortools(problem, nearest, seconds, start=nearest)


def ortools_own_start(problem: Problem, nearest: Plan, seconds: float) -> Plan:
    """The same from OR-Tools' own first routes."""
    return _ortools(problem, nearest, seconds, start=None)


ORTOOLS: dict[str, Solve] = {
    "policy": ortools_policy,
    "all crews": ortools_whole,
    "own start": ortools_own_start,
}


def _ortools(problem: Problem, nearest: Plan, seconds: float, start: Plan | None) -> Plan:
    begun = time.monotonic()
    chairs = seats(problem, routing.PLAUSIBLE_EACH)
    first = _visits(start) if start is not None else {}
    found = solve_orders(
        problem,
        [chairs[case.id][0] for case in problem.cases if chairs[case.id]],
        problem.responders,
        first,
        settled={},
        seconds=max(0.05, seconds * (1.0 - POLISH_SHARE) - (time.monotonic() - begun)),
        iterations=None,
    )
    routes = routing.mend(problem, found or _visits(nearest))
    routes = improve(problem, routes, chairs, go_on=lambda: time.monotonic() - begun < seconds)
    return routing.assemble(problem, routes, "ortools")


def _visits(plan: Plan) -> dict[str, list[Visit]]:
    return {
        route.responder_id: [Visit(stop.case_id, stop.place_id) for stop in route.stops]
        for route in plan.routes
        if route.stops
    }


def at_equal_cpu(solve: Solve, problem: Problem, nearest: Plan, cpu_seconds: float) -> tuple[Plan, float]:
    """The plan and the CPU seconds it took; policies watch the clock, so a busy machine gives them more of it."""
    wall = cpu_seconds
    for _ in range(TRIES):
        start = time.process_time()
        plan = solve(problem, nearest, wall)
        used = time.process_time() - start
        if used >= CPU_SHARE * cpu_seconds:
            break
        wall *= min(3.0, cpu_seconds / max(used, 0.05))
    if breaches := audit(problem, plan):
        raise RuntimeError(f"a plan breaks a rule: {breaches[0]}")
    return plan, used


def measure(terrain: Terrain, visits: int, seed: int, cpu_seconds: float) -> dict[str, Any]:
    """One day, every policy."""
    problem = make_day(terrain, visits, seed)
    nearest = routing.solve(problem, "nearest")
    row: dict[str, Any] = {
        "terrain": terrain.name,
        "visits": visits,
        "seed": seed,
        "crews": len(problem.responders),
        "nobody_yuan": round(plan_loss(problem, nearest).nobody_yuan),
        "nearest_yuan": _yuan(problem, nearest),
    }
    plan, used = at_equal_cpu(by_search, problem, nearest, cpu_seconds)
    row |= {
        "search_yuan": _yuan(problem, plan),
        "search_visited": len(plan.visited),
        "search_cpu_seconds": round(used, 2),
    }
    rivals: dict[str, float] = {}
    took = []
    for name, solve in ORTOOLS.items():
        plan, used = at_equal_cpu(solve, problem, nearest, cpu_seconds)
        rivals[name] = _yuan(problem, plan)
        took.append(used)
    row |= {
        "ortools_yuan": min(rivals.values()),
        "ortools_set_ups_yuan": rivals,
        "ortools_cpu_seconds": round(min(took), 2),
    }
    for rival in ("ortools", "nearest"):
        row[f"below_{rival}_percent"] = round(100.0 * (1.0 - row["search_yuan"] / row[f"{rival}_yuan"]), 2)
    return row


def _yuan(problem: Problem, plan: Plan) -> float:
    """What all policies make small: expected loss and prices."""
    return round(plan_loss(problem, plan).objective_yuan)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The means, the worst, and whether the goals are met."""
    below = [row["below_ortools_percent"] for row in rows]
    nearest = [row["below_nearest_percent"] for row in rows]
    return {
        "days": len(rows),
        "below_ortools_percent_mean": round(statistics.mean(below), 2),
        "below_ortools_percent_worst": min(below),
        "below_nearest_percent_mean": round(statistics.mean(nearest), 2),
        "below_nearest_percent_worst": min(nearest),
        "met": {
            "3 % below OR-Tools on average": statistics.mean(below) >= BELOW_ORTOOLS_PERCENT,
            "never above OR-Tools": min(below) >= 0.0,
            "15 % below nearest on average": statistics.mean(nearest) >= BELOW_NEAREST_PERCENT,
        },
    }


def terrains(names: list[str], scratch: Path) -> Iterator[Terrain]:
    """The areas asked for; an extract that is not there is passed over."""
    gushi = extracts.BESIDE / "gushi.osm.pbf"
    if "gushi" in names and gushi.is_file():
        yield imported(gushi, scratch)
    if "practice" in names:
        yield practice()


def main() -> None:
    """Measure, print a line a day and the means, or one JSON object."""
    options = argparse.ArgumentParser(description="search, OR-Tools and nearest on days with short crews")
    options.add_argument(
        "--sizes",
        default="100,300,1000",
        help="visits, joined by commas; the full run: 100,200,500,1000,2000",
    )
    options.add_argument("--seeds", default="1", help="joined by commas")
    options.add_argument("--areas", default="gushi,practice")
    options.add_argument("--cpu-seconds", type=float, default=5.0)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    try:
        sizes, seeds = ([int(cell) for cell in text.split(",")] for text in (given.sizes, given.seeds))
    except ValueError:
        options.error(
            f"--sizes {given.sizes!r}, --seeds {given.seeds!r}: expected whole numbers joined by commas"
        )
    names = given.areas.split(",")
    if min(sizes) < 1 or min(seeds) < 0 or given.cpu_seconds <= 0 or not set(names) <= {"gushi", "practice"}:
        options.error(
            "--sizes at least 1, --seeds at least 0, --cpu-seconds above 0, --areas of gushi, practice"
        )
    rows = []
    try:
        with tempfile.TemporaryDirectory() as scratch:
            for terrain in terrains(names, Path(scratch)):
                routing.solve(
                    make_day(terrain, 5, 0), "search", iterations=5
                )  # compile before anything is timed
                for visits in sizes:
                    for seed in seeds:
                        rows.append(measure(terrain, visits, seed, given.cpu_seconds))
                        if not given.json:
                            print(_line(rows[-1]), flush=True)
    except DispatchError as error:
        options.error(str(error))
    if not rows:
        options.error("no area to measure on: the extract does not lie beside the repository")
    if given.json:
        print(json.dumps({"days": rows, "summary": summary(rows)}, indent=1, ensure_ascii=False))
    else:
        print("\n".join(f"{key}: {value}" for key, value in summary(rows).items()))


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['terrain']} {row['visits']} visits, {row['crews']} crews, seed {row['seed']}: nearest {row['nearest_yuan']:,.0f}, "
        f"ortools {row['ortools_yuan']:,.0f}, search {row['search_yuan']:,.0f} "
        f"(−{row['below_ortools_percent']} %, −{row['below_nearest_percent']} %)"
    )


if __name__ == "__main__":
    main()
