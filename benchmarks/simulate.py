"""The simulation against queueing theory, the clock and SimPy: ``python -m benchmarks.simulate --json``.

Every row is one function; ``--only NAME`` runs some, ``--quick`` gives each 25 seconds at most, which is enough.
Seconds are CPU seconds of one core, compilation apart.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from benchmarks import simulate_runs as runs
from benchmarks import simulate_worlds as made
from benchmarks.simulate_controls import of_queue, totals
from benchmarks.simulate_simpy import SimPyModel
from benchmarks.simulate_simpy_manual import City
from dispatch.simulate import Replication, Tape, World, draw_tape, replicate
from dispatch.simulate.arrays import REACHED

Row = dict[str, Any]
HALF_WIDTH_SHARE = 0.005
CONFIDENCE = 0.99
LEAST = 12
"""So many replications, and two for each control variate, before an interval is looked at."""


def interval(values: np.ndarray, controls: np.ndarray) -> tuple[float, float]:
    """Mean and half-width of the 99 % t interval of replications, by linear control variates of mean 0."""
    design = np.column_stack([np.ones(len(values)), controls])
    fitted, *_ = np.linalg.lstsq(design, values, rcond=None)
    left = values - design @ fitted
    freedom = len(values) - design.shape[1]
    variance = left @ left / freedom * np.linalg.inv(design.T @ design)[0, 0]
    return float(fitted[0]), float(stats.t.ppf(0.5 + CONFIDENCE / 2, freedom) * math.sqrt(variance))


def against(
    name: str,
    world: World,
    seconds: float,
    wanted: dict[str, float],
    read: Callable[[Replication], list[float]],
    *,
    known_before: Callable[[World, Tape], list[float]] = of_queue,
) -> list[Row]:
    """Replications until every half-width is small enough or the time is over, against the known values.

    `known_before` are the control variates of a tape.
    """
    expected = world.demand.rate_per_hour.sum(axis=0)[0] * world.horizon_minutes / 60.0
    values, controls, begun = [], [], time.process_time()
    while True:
        tape = draw_tape(world, 2026, len(values))
        result = replicate(world, tape)
        values.append(read(result))
        controls.append(known_before(world, tape))
        if len(values) < LEAST + 2 * len(controls[0]):
            continue
        found = [interval(column, np.array(controls)) for column in np.array(values).T]
        enough = all(
            half <= HALF_WIDTH_SHARE * known for (_, half), known in zip(found, wanted.values(), strict=True)
        )
        if enough or time.process_time() - begun > seconds:
            break
    rows = []
    for (measure, known), (mean, half) in zip(wanted.items(), found, strict=True):
        rows.append(
            {
                "row": name,
                "measure": measure,
                "known": round(known, 6),
                "mean": round(mean, 6),
                "half_width_percent": round(100 * half / known, 3),
                "inside": abs(mean - known) <= half,
                "replications": len(values),
                "alerts": int(expected) * len(values),
                "seconds": round(time.process_time() - begun, 1),
            }
        )
    return rows


def found_empty(result: Replication) -> float:
    """Share of alerts that find nobody in the system (it sees time averages: Wolff 1982)."""
    gone = np.searchsorted(np.sort(result.closed), result.alert, side="left")
    return float((gone == np.arange(len(result.alert))).mean())


def mm3(seconds: float, days: float = 250.0) -> list[Row]:
    """M/M/3 with 300 arrivals and 182.5 services a unit server: p0 .17754, Lq .352, Wq .001175 (here in days)."""
    service = np.full((1, 4), 1440.0 / 182.5)
    world = made.queue(3, 300 / 24, 24.0 * days, service_law="exponential", service_minutes=service)
    load = 300 / 182.5
    p0 = 1 / (1 + load + load**2 / 2 + load**3 / 6 / (1 - load / 3))
    lq = p0 * load**3 / 6 * (load / 3) / (1 - load / 3) ** 2

    def read(result: Replication) -> list[float]:
        wait = float((result.dispatched - result.ready).mean()) / 1440.0
        return [found_empty(result), float(len(result.alert)) / days * wait, wait]

    return against("M/M/3", world, seconds, {"p0": p0, "Lq": lq, "Wq": lq / 300}, read)


def mm10(seconds: float) -> list[Row]:
    """M/M/10 at 7 erlang: the wait by Erlang's C formula, in service times."""
    load, servers = 7.0, 10
    top = load**servers / math.factorial(servers) * servers / (servers - load)
    waits = top / (sum(load**k / math.factorial(k) for k in range(servers)) + top)
    world = made.queue(
        servers, load, 10_000.0, service_law="exponential", service_minutes=np.full((1, 4), 60.0)
    )

    def read(result: Replication) -> list[float]:
        return [float((result.dispatched - result.ready).mean()) / 60.0]

    return against("M/M/10", world, seconds, {"Wq": waits / (servers - load)}, read)


def mg1(seconds: float) -> list[Row]:
    """M/G/1, log-normal minutes of variation 1.2 at load 0.7: 2.84667 service times (Pollaczek and Khinchine)."""
    world = made.queue(
        1, 0.7, 150_000.0, service_law="lognormal", service_cv=1.2, service_minutes=np.full((1, 4), 60.0)
    )

    def read(result: Replication) -> list[float]:
        return [float((result.dispatched - result.ready).mean()) / 60.0]

    return against("M/G/1", world, seconds, {"Wq": 0.7 / 0.3 * (1 + 1.2**2) / 2}, read)


def hypercube(seconds: float) -> list[Row]:
    """Larson and Odoni's three-server city (Urban Operations Research, 5.4.3): workloads and P'Q, exact."""
    rates = np.array([0.50, 0.25, 0.35, 0.40])
    order = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 0, 1)]
    table = np.full((7, 7), 4e-6)
    np.fill_diagonal(table, 0.0)
    for zone, units in enumerate(order):
        for rank, unit in enumerate(units):
            table[zone, 4 + unit] = table[4 + unit, zone] = (rank + 1) * 1e-6
    world = made.queue(3, 1.5, 100_000.0, service_law="exponential", service_minutes=np.full((1, 4), 60.0))
    ask = replace(
        world.demand,
        zone_share=np.concatenate([rates / rates.sum(), np.zeros(3)])[None],
        wrong_zones=np.full((7, 0), -1),
    )
    world = replace(
        world, zones=made.zones(7), roads=made.roads(table), units=made.units([4, 5, 6], 7), demand=ask
    )

    def read(result: Replication) -> list[float]:
        waited = float((result.dispatched - result.ready > 1e-3).mean())
        return [*(result.busy / world.horizon_minutes).tolist(), waited]

    known = {"workload 1": 0.557364, "workload 2": 0.473372, "workload 3": 0.469264, "P'Q": 0.236842}
    return against("hypercube", world, seconds, known, read, known_before=totals)


def province(alerts_per_hour: float, hours: float, **policy: Any) -> World:
    """2,000 zones on a plane of 100 by 100 km, 120 units of four kinds: ladder, calls, cap, jurisdictions."""
    chance = np.random.default_rng(7)
    zones, count = 2000, 120
    where = chance.random((zones, 2)) * 100.0
    table = np.linalg.norm(where[:, None] - where[None], axis=2) * 1.3 / 45.0 * 60.0
    home, county = (
        chance.choice(zones, count, replace=False),
        (where[:, 0] // 25 * 4 + where[:, 1] // 25).astype(int),
    )
    kind = np.arange(count) % 4
    ladder = np.array(
        [[0.0, 0.0, 15.0, 0.0], [0.0, 0.0, 5.0, 15.0], [10.0, 0.0, 0.0, 30.0], [30.0, 10.0, 0.0, 60.0]]
    )
    ask = made.demand(
        zones,
        4,
        ids=("critical", "high", "medium", "low"),
        rate_per_hour=np.outer([0.1, 0.3, 0.4, 0.2], np.full(168, alerts_per_hour)),
        zone_share=np.tile(chance.gamma(1.0, size=zones), (4, 1)),
        tier=np.arange(4),
        amount_cv=np.full(4, 1.0),
        hazard_per_hour=np.array([1.2, 0.8, 0.5, 0.25]),
        late_yuan_per_minute=np.zeros(4),
        call_minutes=np.tile([2.0, 10.0, 25.0], (4, 1)),
        call_share=np.full((4, 24), 0.12),
        kind_open_minutes=ladder,
        service_law="lognormal",
        service_cv=0.6,
        search_minutes=np.full(4, 3.0),
        wrong_zones=np.full((zones, 0), -1),
    )
    crews = made.units(home, zones, kind=kind, own=county[home][:, None] == county[None])
    rules = {"cap_minutes": np.full((4, 4), 60.0), "neighbour_yuan": np.full(4, 300.0), "rule": "loss"}
    rules |= {"give_up_minutes": 720.0, "drive_yuan_per_minute": 1.0}
    return World(
        made.zones(zones, county=county),
        made.roads(table),
        crews,
        ask,
        made.policy(**(rules | policy)),
        hours * 60.0,
    )


def timed(world: World, tape: Tape, times: int = 3) -> tuple[Replication, float]:
    """A replication and the median CPU seconds it takes, compiled before."""
    result, took = replicate(world, tape), []
    for _ in range(times):
        begun = time.process_time()
        replicate(world, tape)
        took.append(time.process_time() - begun)
    return result, float(np.median(took))


def speed(seconds: float) -> list[Row]:
    """State changes a second, one core, the full dispatch loop, with no queue and with a heavy one."""
    rows = []
    hours = 2400.0 if seconds > 30 else 1200.0
    for name, rate in (("speed, no queue", 20.0), ("speed, heavy queue", 160.0)):
        for rule in ("nearest", "loss"):
            world = province(rate, hours if rate < 100 else hours / 5, rule=rule)
            result, took = timed(world, draw_tape(world, 1))
            rows.append(
                {
                    "row": name,
                    "rule": rule,
                    "state_changes": result.changes,
                    "alerts": len(result.alert),
                    "mean_waiting": round(float(result.backlog.mean()), 1),
                    "events_per_second": round(result.changes / took),
                    "seconds": round(took, 2),
                }
            )
    return rows


SIMPY: dict[str, Callable[[World, Tape], Any]] = {
    "simpy, as its manual writes it": City,
    "simpy, stripped to its clock": SimPyModel,
}


def against_simpy(seconds: float) -> list[Row]:
    """The same model with SimPy on the same tape, in the same run: who was met when is the same."""
    rows = []
    for rate in (20.0, 90.0):
        world = province(
            rate, 240.0 if seconds > 30 else 96.0, rule="nearest", divert=False, neighbour_yuan=np.zeros(4),
            drive_yuan_per_minute=0.0,
        )  # fmt: skip
        tape = draw_tape(world, 1)
        result, took = timed(world, tape)
        asked = result.needs_visit
        for name, written in SIMPY.items():
            model, begun = written(world, tape), time.process_time()
            model.run()
            simpy_took = time.process_time() - begun
            same = np.isclose(model.contact[asked], result.contact[asked], rtol=0, atol=1e-6, equal_nan=True)
            rows.append(
                {
                    "row": name,
                    "alerts_per_hour": rate,
                    "reached": int((result.outcome == REACHED).sum()),
                    "same_share": round(float(same.mean()), 6),
                    "events_per_second": round(result.changes / took),
                    "simpy_events_per_second": round(result.changes / simpy_took),
                    "times": round(simpy_took / took, 1),
                }
            )
    return rows


def planned(seconds: float) -> list[Row]:
    """What planning the queue averts over the rule of one case, and what it costs: 8 hours of a heavy queue."""
    rows, tapes = [], range(1, 4 if seconds > 30 else 3)
    averted = {}
    for rule, every in (("loss", 0.0), ("search", 10.0), ("search", 5.0)):
        world = province(160.0, 8.0, rule=rule, search_every_minutes=every, search_iterations=2000)
        begun = time.process_time()
        found = [replicate(world, draw_tape(world, seed)) for seed in tapes]
        took = (time.process_time() - begun) / len(tapes)
        averted[every] = sum(float((one.nobody_yuan - one.modelled_yuan).sum()) for one in found)
        rows.append(
            {
                "row": "planned queue",
                "rule": rule,
                "every_minutes": every,
                "replications": len(tapes),
                "longest_queue": max(one.longest_queue for one in found),
                "more_averted_percent": round(100.0 * (averted[every] / averted[0.0] - 1.0), 2),
                "seconds_a_replication": round(took, 2),
            }
        )
    return rows


def common_numbers(seconds: float) -> list[Row]:
    """Variance of the difference of two scenarios (one more car) with the same tapes, and with different ones."""
    pairs = 60 if seconds > 30 else 30
    base = province(40.0, 72.0)
    more = replace(base, units=_one_more(base, 1000))
    same = np.array([_measures(base, more, (number, number)) for number in range(pairs)])
    apart = np.array([_measures(base, more, (number, 10_000 + number)) for number in range(pairs)])
    ratio = apart.var(axis=0, ddof=1) / same.var(axis=0, ddof=1)
    return [
        {
            "row": "common random numbers",
            "measure": name,
            "pairs": pairs,
            "variance_times_smaller": round(float(one), 1),
        }
        for name, one in zip(("reached within 30 min", "expected loss"), ratio, strict=True)
    ]


def _measures(one: World, other: World, seeds: tuple[int, int]) -> np.ndarray:
    """Differences of the share reached within 30 minutes and of the mean expected loss."""
    found = []
    for world, seed in zip((one, other), seeds, strict=True):
        result = replicate(world, draw_tape(world, 5, seed))
        waited = (result.contact - result.alert)[result.needs_visit]
        found.append([float((waited <= 30).mean()), float(result.modelled_yuan.mean())])
    return np.subtract(found[1], found[0])


def _one_more(world: World, zone: int) -> Any:
    units = world.units
    return made.units(
        [*units.home, zone],
        len(world.zones.ids),
        kind=np.append(units.kind, 0),
        own=np.vstack([units.own, world.zones.county[zone] == world.zones.county]),
    )


ROWS: dict[str, Callable[[float], list[Row]]] = {
    "mm3": mm3,
    "mm10": mm10,
    "mg1": mg1,
    "hypercube": hypercube,
    "speed": speed,
    "simpy": against_simpy,
    "search": planned,
    "common": common_numbers,
    "practice": runs.practice_run,
    "dask": runs.dask,
}
"""A row to be shown is one function of the seconds it may take."""


def main(arguments: list[str] | None = None) -> None:
    """Run the rows; print lines, or one JSON list."""
    options = argparse.ArgumentParser(description="the simulation against theory, the clock and SimPy")
    options.add_argument("--quick", action="store_true", help="about 30 seconds each at most")
    options.add_argument("--only", choices=ROWS, nargs="+", default=list(ROWS))
    options.add_argument("--json", action="store_true")
    given = options.parse_args(arguments)
    warm = made.queue(1, 1.0, 10.0)
    replicate(warm, draw_tape(warm, 1))
    rows: list[Row] = []
    for name in given.only:
        for row in ROWS[name](25.0 if given.quick else 240.0):
            rows.append(row)
            out = sys.stderr if given.json else sys.stdout
            print("  ".join(f"{key} {value}" for key, value in row.items()), file=out, flush=True)
    if given.json:
        print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
