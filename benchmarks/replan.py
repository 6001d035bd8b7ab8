"""Re-planning: how fast, and what is lost by it: ``python -m benchmarks.replan --json``.

*Times*: the practice day (306 cases) planned at 14:00, twenty events at 14:30: seconds of the search,
CPU (all processes) and wall of the whole re-plan in a process that is up (events to decided plan, and
writing all outputs), and of the command as a process of its own.

*Loss*: the scripted night with events that do not hang on the plan (calls, a flood, new alerts, a hold, a
breakdown), under three ways to go on: re-planning with its prices and limit; solving anew at each
step, nothing told, longer; never re-planning. Each case is priced once, from the moment it was known, at the
contacts it really got by the last plan; cases reached by telephone are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import night
from dispatch import loss, routing
from dispatch.area import Area, open_area
from dispatch.day import Request, plan_day, write_day
from dispatch.domain import Case, Plan, Problem
from dispatch.planfile import PlanFile, read_plan
from dispatch.replan.events import EventFile, read_events
from dispatch.replan.folders import read_before, write_replanned
from dispatch.replan.replanning import Effort, Replanned, replan
from dispatch.routing import Effort as Thinking
from dispatch.settings import data_folder
from dispatch.tables import write_csv

SEARCH_GOAL, ALL_GOAL, GAP_GOAL_PERCENT = 1.0, 3.0, 1.0
WAYS = ("re-planned", "solved anew", "never re-planned")
DAY_AT = night.NOON


def practice_events(file: PlanFile, path: Path) -> None:
    """Twenty events on the practice day: calls, outcomes, holds, breakdowns, delays."""
    stops = sorted(
        (
            (stop.contact, stop.case_id, route.responder_id)
            for route in file.plan.routes
            for stop in route.stops
        ),
    )
    met, later = [one for one in stops if one[0] <= 20.0], [one for one in stops if one[0] > 45.0]
    rows = [
        *(night.row("answered", DAY_AT + timedelta(minutes=20), case=case) for _, case, _ in later[:4]),
        *(
            night.row("outcome", DAY_AT + timedelta(minutes=29), case=case, responder=who, value=outcome)
            for (_, case, who), outcome in zip(
                met,
                ("met_persuaded", "met_persuaded", "met_refused", "not_home", "not_home", "elsewhere"),
                strict=False,
            )
        ),
        *(
            night.row("hold", DAY_AT + timedelta(minutes=25), case=case, until="2026-05-01 18:00:00")
            for _, case, _ in later[4:7]
        ),
        *(night.row("ill", DAY_AT + timedelta(minutes=28), responder=who) for _, _, who in later[7:9]),
        *(
            night.row("delayed", DAY_AT + timedelta(minutes=22), responder=who, minutes="10")
            for _, _, who in later[9:14]
        ),
    ]
    write_csv(pd.DataFrame(rows), path)


def times(area: Area, runs: int, scratch: Path) -> dict[str, Any]:
    """Medians over several runs on the practice day."""
    before = scratch / "practice"
    request = Request(
        data_folder() / "maoming" / "alerts.csv", DAY_AT, policy="search", seconds=2.0, bound_seconds=0.0
    )
    write_day(plan_day(area, request), before)
    events = scratch / "events.csv"
    practice_events(read_plan(before), events)
    at = DAY_AT + timedelta(minutes=30)
    inside = [_inside(area, before, events, at, scratch / f"inside-{run}") for run in range(runs + 1)][1:]
    outside = [_outside(before, events, at, scratch / f"outside-{run}") for run in range(runs)]
    medians = {
        key: round(statistics.median(one[key] for one in rows), 2)
        for rows in (inside, outside)
        for key in rows[0]
        if isinstance(rows[0][key], float)
    }
    return {"cases": inside[0]["cases"], "events": inside[0]["events"], "runs": runs} | medians


def _inside(area: Area, before: Path, events: Path, at: datetime, out: Path) -> dict[str, Any]:
    """One re-plan in this process, with the copy of it that writes sheets beside."""
    cpu, wall = _cpu_seconds(), time.perf_counter()
    past = read_before(before)
    news = read_events(events, {}, area.time_zone)
    searched, shared = [0.0], [0.0]
    with _search_timed(searched), _copies_timed(shared):
        done = replan(area, past, news, at)
        decided, decided_wall = _cpu_seconds() - cpu, time.perf_counter() - wall
        write_replanned(done, out)
    return {
        "cases": len(done.day.problem.cases),
        "events": len(done.facts.events),
        "search_wall_seconds": searched[0],
        "decided_cpu_seconds": decided,
        "decided_wall_seconds": decided_wall,
        "written_cpu_seconds": _cpu_seconds() - cpu,
        "longest_chain_cpu_seconds": _cpu_seconds() - cpu - shared[0],
        "written_wall_seconds": time.perf_counter() - wall,
    }


@contextmanager
def _copies_timed(seconds: list[float]) -> Iterator[None]:
    """Adds up the CPU that two processes spent at one time: what is left is what two free cores would wait for."""
    fork, wait = os.fork, os.waitpid
    begun: dict[int, float] = {}

    def forked() -> int:
        process = fork()
        begun[process] = time.process_time()
        return process

    def waited(process: int, options: int) -> tuple[int, int]:
        _, status, usage = os.wait4(process, options)
        seconds[0] += min(usage.ru_utime + usage.ru_stime, time.process_time() - begun[process])
        return process, status

    os.fork, os.waitpid = forked, waited
    try:
        yield
    finally:
        os.fork, os.waitpid = fork, wait


def _cpu_seconds() -> float:
    """Of this process and of those it has started and seen end."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


@contextmanager
def _search_timed(seconds: list[float]) -> Iterator[None]:
    """Adds up the seconds of `routing.search`."""
    own = routing.search

    def timed(*given: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        try:
            return own(*given, **named)
        finally:
            seconds[0] += time.perf_counter() - begun

    routing.search = timed  # type: ignore[assignment]
    try:
        yield
    finally:
        routing.search = own  # type: ignore[assignment]


def _outside(before: Path, events: Path, at: datetime, out: Path) -> dict[str, Any]:
    """One re-plan as a command."""
    command = [
        sys.executable,
        "-m",
        "dispatch.cli",
        "replan",
        before,
        "--at",
        at.isoformat(),
        "--events",
        events,
    ]
    usage, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [*map(str, command), "--out", str(out), "--json"], capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, 3}:
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
    return {"command_cpu_seconds": cpu, "command_wall_seconds": time.perf_counter() - wall}


# --- what is lost ---------------------------------------------------------------------------


def fixed_events(first: PlanFile, folder: Path) -> list[tuple[datetime, Path]]:
    """The night's events that do not hang on how it goes on, chosen from the plan of 20:00."""
    scene = night.Scene(night.EVENING + timedelta(minutes=10), folder / "plan-2000", first)
    answered = night.four_answer(scene)
    reached = {row["case"] for row in answered}
    flood = night.a_road_floods(replace(scene, at=night.EVENING + timedelta(minutes=20)))
    third = replace(scene, at=night.EVENING + timedelta(minutes=30))
    new = [row for row in night.three_critical_and_a_hold(third) if row["event"] == "alert"]
    held = next(stop for _, stop in third.ahead(30.0) if stop.case_id not in reached)
    hold = night.row("hold", third.at, case=held.case_id, value="bank", until="2026-05-02 00:30:00")
    last = night.EVENING + timedelta(minutes=60)
    broken = next(who for who, stop in replace(scene, at=last).ahead(1.0))
    steps = [
        (scene.at, answered),
        (night.EVENING + timedelta(minutes=20), flood),
        (third.at, [*new, hold]),
        (last, [night.row("ill", last, responder=broken)]),
    ]
    files = []
    for at, rows in steps:
        path = folder / f"fixed-{at:%H%M}.csv"
        write_csv(pd.DataFrame(rows).fillna(""), path)
        files.append((at, path))
    return files


def solved_anew(problem: Problem, *, effort: Thinking, seed: int = 0, start: Plan | None = None) -> Plan:
    """The search from nothing: what was told counts for nothing, and it thinks three times as long."""
    del start
    longer = Thinking(
        None if effort.seconds is None else 3 * effort.seconds,
        None if effort.iterations is None else 3 * effort.iterations,
    )
    return routing.plan_by_search(replace(problem, told={}, max_changes=None), effort=longer, seed=seed)


def as_told(problem: Problem, *, effort: Thinking, seed: int = 0, start: Plan | None = None) -> Plan:
    """Nobody re-plans: everyone carries on as told."""
    del effort
    return routing.assemble(problem, routing.as_told(problem), "as_told", seed, start)


def lost(area: Area, seed: int, seconds: float, scratch: Path) -> dict[str, Any]:
    """Yuan lost on the night under each way to go on."""
    folder = scratch / f"night-{seed}"
    begun = night.begin(area, folder, seconds=seconds * 3)
    files = fixed_events(read_plan(begun), folder)
    routing.POLICIES.update({"solved_anew": solved_anew, "as_told": as_told})
    found = {}
    try:
        for way, policy, limit in zip(
            WAYS, ("search", "solved_anew", "as_told"), (night.MAX_CHANGES, None, None), strict=True
        ):
            effort = Effort(policy, seconds=seconds, seed=seed)
            found[way] = _yuan(area, begun, files, folder / policy, effort=effort, limit=limit)
    finally:
        del routing.POLICIES["solved_anew"], routing.POLICIES["as_told"]
    return {"seed": seed, **{way: round(yuan) for way, yuan in found.items()}}


def _yuan(
    area: Area,
    begun: Path,
    files: list[tuple[datetime, Path]],
    folder: Path,
    *,
    effort: Effort,
    limit: int | None,
) -> float:
    folder.mkdir()
    known: dict[str, tuple[datetime, Case]] = {}
    contacts: dict[str, dict[str, tuple[datetime, float]]] = {}
    first = read_plan(begun)
    _remember(known, first.problem)
    before, closed = begun, set[str]()
    done: Replanned | None = None
    for at, path in files:
        past = read_before(before)
        if effort.policy == "solved_anew":
            past = replace(
                past, settings=past.settings.model_copy(update={"change_yuan": 0.0, "first_stop_yuan": 0.0})
            )
        news: EventFile = read_events(path, dict(past.rules.columns), area.time_zone)
        done = replan(area, past, news, at, max_changes=limit, effort=effort)
        for standing in done.standings.values():
            for stop in standing.over:
                moment = past.file.problem.at + timedelta(minutes=stop.contact)
                place = _place(past.file.problem, stop.case_id, stop.place_id)
                contacts.setdefault(stop.case_id, {}).setdefault(place[0], (moment, place[1]))
        _remember(known, done.day.problem)
        closed |= {event.case_id for event in done.facts.events if event.kind == "answered"}
        before = folder / f"plan-{at:%H%M}"
        write_replanned(done, before)
    assert done is not None
    for route in done.day.plan.routes:
        for stop in route.stops:
            if stop.leads:
                moment = done.day.problem.at + timedelta(minutes=stop.contact)
                place = _place(done.day.problem, stop.case_id, stop.place_id)
                contacts.setdefault(stop.case_id, {}).setdefault(place[0], (moment, place[1]))
    return sum(
        _case_yuan(case, since, contacts.get(case_id, {}), first.problem.horizon_minutes)
        for case_id, (since, case) in known.items()
        if case_id not in closed
    )


def _remember(known: dict[str, tuple[datetime, Case]], problem: Problem) -> None:
    for case in problem.cases:
        known.setdefault(case.id, (problem.at, case))


def _place(problem: Problem, case_id: str, place_id: str) -> tuple[str, float]:
    """A name for the point of a place, and how likely the person is there."""
    place = next(case for case in problem.cases if case.id == case_id).place(place_id)
    return f"{place.lon:.4f},{place.lat:.4f}", place.probability


def _case_yuan(
    case: Case, since: datetime, contacts: Mapping[str, tuple[datetime, float]], horizon_minutes: float
) -> float:
    pairs = [((moment - since) / timedelta(minutes=1), chance) for moment, chance in contacts.values()]
    total = sum(chance for _, chance in pairs)
    scale = 1.0 / total if total > 1.0 else 1.0
    return loss.expected_yuan(case, [(minutes, chance * scale) for minutes, chance in pairs], horizon_minutes)


def report(found: Mapping[str, Any], nights: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything with the goals beside it."""
    mean = {way: statistics.mean(one[way] for one in nights) for way in WAYS} if nights else {}
    gap = 100 * (mean[WAYS[0]] / mean[WAYS[1]] - 1) if nights else None
    never = 100 * (mean[WAYS[2]] / mean[WAYS[0]] - 1) if nights else None
    return {
        "times": dict(found),
        "nights": nights,
        "mean_yuan": {way: round(yuan) for way, yuan in mean.items()},
        "above_solving_anew_percent": None if gap is None else round(gap, 2),
        "never_re_planning_costs_percent_more": None if never is None else round(never, 2),
        "met": {
            f"search ≤ {SEARCH_GOAL:g} s": found["search_wall_seconds"] <= SEARCH_GOAL,
            f"command ≤ {ALL_GOAL:g} s": found["command_wall_seconds"] <= ALL_GOAL,
            f"decided and written ≤ {ALL_GOAL:g} s once up": found["written_wall_seconds"] <= ALL_GOAL,
            f"within {GAP_GOAL_PERCENT:g} % of solving anew": gap is not None and gap <= GAP_GOAL_PERCENT,
        },
    }


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--nights", type=int, default=3, help="seeds of the night")
    options.add_argument("--seconds", type=float, default=0.9, help="search of one re-plan of the night")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    area = open_area("maoming")
    with tempfile.TemporaryDirectory() as scratch:
        found = times(area, given.runs, Path(scratch))
        nights = [lost(area, seed, given.seconds, Path(scratch)) for seed in range(given.nights)]
    result = report(found, nights)
    if given.json:
        print(json.dumps(result, ensure_ascii=False))
        return
    for key, value in (*found.items(), *result["mean_yuan"].items(), *result["met"].items()):
        print(f"{key:45} {value}")


if __name__ == "__main__":
    main()
