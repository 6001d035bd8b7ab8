"""How the search scales, and how fast it plans again: ``python -m benchmarks.search_scaling``.

Two questions, on days of `benchmarks.day_maker` in one synthetic city. Iterations a CPU second at
2,000 visits over those at 200 (goal: at least 0.5). And when 10 of 300 visits change (ten cases
closed, ten new): the gap of a warm search of 0.3 CPU seconds to a cold one of 15 (goal: at most 0.5 %).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.day_maker import make_day, measured
from benchmarks.terrain import city, flat_minutes
from dispatch import routing
from dispatch.domain import Problem
from dispatch.loss import plan_loss
from dispatch.search.model import Model, model_of
from dispatch.search.run import Found, search

SMALL, LARGE = 200, 2_000
RATIO_GOAL, GAP_GOAL_PERCENT = 0.5, 0.5
REPLAN_VISITS, CHANGED = 300, 10
SPEED_SECONDS = 5.0
"""Long enough for the heat to fall: hot iterations, which accept nearly everything, cost more."""


def rate(visits: int, seed: int, cpu_seconds: float) -> dict[str, Any]:
    """Iterations a CPU second on one day."""
    model = model_of(_day(visits, seed))
    begun = time.process_time()
    found = search(model.day, seconds=cpu_seconds, seed=seed)
    used = time.process_time() - begun
    return {
        "visits": visits,
        "seed": seed,
        "nodes": len(model.day.node),
        "crews": len(model.day.crew),
        "iterations": found.iterations,
        "cpu_seconds": round(used, 2),
        "iterations_a_second": round(found.iterations / used),
    }


def replan(seed: int, warm_seconds: float, cold_seconds: float) -> dict[str, Any]:
    """A day planned for long; ten cases go, ten come; warm for a moment against cold for long."""
    before, after = changed_day(REPLAN_VISITS, CHANGED, seed)
    old, new = model_of(before), model_of(after)
    planned = search(old.day, seconds=cold_seconds, seed=seed)
    start = carried_over(after, old, new, planned)
    begun = time.process_time()
    warm = search(new.day, seconds=warm_seconds, seed=seed, start=start, warm=True)
    warm_cpu = time.process_time() - begun
    cold = search(new.day, seconds=cold_seconds, seed=seed + 1)
    yuan = {name: _yuan(after, new, found) for name, found in (("warm", warm), ("cold", cold))}
    return {
        "visits": REPLAN_VISITS,
        "changed": CHANGED,
        "seed": seed,
        "warm_cpu_seconds": round(warm_cpu, 2),
        "warm_yuan": round(yuan["warm"]),
        "cold_cpu_seconds": cold_seconds,
        "cold_yuan": round(yuan["cold"]),
        "gap_percent": round(100.0 * (yuan["warm"] / yuan["cold"] - 1.0), 3),
    }


def changed_day(visits: int, changed: int, seed: int) -> tuple[Problem, Problem]:
    """A day, and the same with the first so many cases gone and as many new ones."""
    whole = _day(visits + changed, seed)
    order = np.random.default_rng([seed, 7]).permutation(len(whole.cases))
    cases = [whole.cases[row] for row in order]
    return (
        measured(cases[:visits], whole.responders, flat_minutes),
        measured(cases[changed:], whole.responders, flat_minutes),
    )


def carried_over(after: Problem, old: Model, new: Model, planned: Found) -> list[list[int]]:
    """The routes of before without those who are gone, as numbers of the new day."""
    still = {place.id for case in after.cases for place in case.places}
    visits = {
        who: [visit for visit in route if visit.place_id in still]
        for who, route in old.visits(planned.routes).items()
    }
    return new.numbers(visits)


def _yuan(problem: Problem, model: Model, found: Found) -> float:
    """By the independent evaluator."""
    return plan_loss(problem, routing.assemble(problem, model.visits(found.routes), "search")).objective_yuan


def _day(visits: int, seed: int) -> Problem:
    return make_day(city(0, 113.0, 33.0, 1), visits, seed)


def report(rates: Sequence[dict[str, Any]], replans: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Everything measured and the two goals."""
    mean = {
        size: statistics.mean(row["iterations_a_second"] for row in rates if row["visits"] == size)
        for size in (SMALL, LARGE)
    }
    ratio = mean[LARGE] / mean[SMALL]
    gap = statistics.mean(row["gap_percent"] for row in replans)
    return {
        "rates": list(rates),
        "ratio": round(ratio, 3),
        "replans": list(replans),
        "replan_gap_percent_mean": round(gap, 3),
        "replan_gap_percent_worst": max(row["gap_percent"] for row in replans),
        "met": {"ratio at least 0.5": ratio >= RATIO_GOAL, "re-plan within 0.5 %": gap <= GAP_GOAL_PERCENT},
    }


def main() -> None:
    """Measure, print lines or one JSON object."""
    options = argparse.ArgumentParser(description="iterations a second by size; warm re-plans")
    options.add_argument("--seeds", default="1,2,3", help="joined by commas")
    options.add_argument("--cpu-seconds", type=float, default=SPEED_SECONDS, help="for each rate")
    options.add_argument("--warm-seconds", type=float, default=0.3)
    options.add_argument("--cold-seconds", type=float, default=15.0)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    try:
        seeds = [int(cell) for cell in given.seeds.split(",")]
    except ValueError:
        options.error(f"--seeds is {given.seeds!r}, expected whole numbers joined by commas")
    if min(seeds) < 0 or min(given.cpu_seconds, given.warm_seconds, given.cold_seconds) <= 0:
        options.error("--seeds at least 0, all seconds above 0")
    search(model_of(_day(20, 1)).day, iterations=5)  # compile before anything is timed
    rates = [rate(visits, seed, given.cpu_seconds) for seed in seeds for visits in (SMALL, LARGE)]
    replans = [replan(seed, given.warm_seconds, given.cold_seconds) for seed in seeds]
    found = report(rates, replans)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    for row in (*rates, *replans):
        print(", ".join(f"{key} {value}" for key, value in row.items()))
    gap = found["replan_gap_percent_mean"]
    print(f"ratio {found['ratio']} (goal ≥ {RATIO_GOAL}); re-plan gap {gap} % (goal ≤ {GAP_GOAL_PERCENT} %)")


if __name__ == "__main__":
    main()
