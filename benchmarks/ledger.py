"""How fast a ledger of a million alerts answers: ``python -m benchmarks.ledger``.

Alerts are invented by a seed. All but `--open` of their cases are closed, as in a centre that has
worked for years; then the questions of a duty room are asked, each some times, on one thread.
``--ledger URL`` asks PostgreSQL (an empty database) in place of a SQLite file in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dispatch.intake.alerts import ALERTS, COLUMNS
from dispatch.ledger import Event, Ledger
from dispatch.ledger.keeper import chunks, written
from dispatch.ledger.schema import case_state
from dispatch.reasons import FRAUD_TYPES

START = datetime(2024, 1, 1, tzinfo=UTC)
CHUNK = 100_000
GOAL_MILLISECONDS = 100.0


def invented(first: int, count: int, seed: int) -> pd.DataFrame:
    """Alert rows numbered from `first`: a person each, one a minute."""
    draw = np.random.default_rng([seed, first])
    number = np.arange(first, first + count)
    moments = pd.Series(START + timedelta(seconds=1) * 60 * number, dtype="datetime64[us, UTC]")
    columns: dict[str, Any] = {}
    for one in COLUMNS:
        if one.holds == "time":
            columns[one.name] = pd.Series(pd.NaT, index=range(count), dtype="datetime64[us, UTC]")
        elif one.holds == "number":
            columns[one.name] = np.full(count, np.nan)
        elif one.holds == "flag":
            columns[one.name] = np.zeros(count, bool)
        else:
            columns[one.name] = pd.Series("", index=range(count), dtype="str")
    columns["alert_id"] = pd.Series([f"A{n:08d}" for n in number], dtype="str")
    columns["alerted_at"] = moments
    columns["risk"] = pd.Series(draw.choice(["critical", "high", "medium", "low"], count), dtype="str")
    columns["fraud_type"] = pd.Series(draw.choice(list(FRAUD_TYPES), count), dtype="str")
    columns["name"] = pd.Series([f"演练{n % 997}" for n in number], dtype="str")
    columns["phone"] = pd.Series([f"190{n:08d}" for n in number], dtype="str")
    columns["address"] = pd.Series([f"演练镇演练村{n % 500}号" for n in number], dtype="str")
    columns["lon"], columns["lat"] = draw.uniform(110.5, 111.5, count), draw.uniform(21.4, 22.6, count)
    columns["datum"] = pd.Series("WGS84", index=range(count), dtype="str")
    columns["amount_at_risk"] = draw.lognormal(10, 1, count).round()
    return ALERTS.check(pd.DataFrame(columns))


def fill(ledger: Ledger, count: int, left_open: int, seed: int) -> float:
    """Record `count` alerts and close all but the last `left_open` cases; the CPU seconds."""
    start = time.process_time()
    for first in range(0, count, CHUNK):
        rows = invented(first, min(CHUNK, count - first), seed)
        ledger.record_alerts(rows, at=START, by="bench")
        done = rows["alert_id"][rows.index + first < count - left_open]
        _close(ledger, list(done))
        print(f"  {first + len(rows):,}", file=sys.stderr)
    return time.process_time() - start


def _close(ledger: Ledger, case_ids: list[str]) -> None:
    """Close cases by the thousand: an event each, the state set beside it."""
    for part in chunks(case_ids, 5000):
        with ledger._keeper.writing() as connection:
            events = [Event("closed", START, "bench", one, body={"why": "bench"}) for one in part]
            recorded = written(connection, events, [None] * len(events))
            for some in chunks(recorded, 500):
                ids = [one.case_id for one in some]
                connection.execute(
                    case_state.update()
                    .where(case_state.c.case_id.in_(ids))
                    .values(closed_at=START, closed_why="bench", version=2)
                )


def timed(work: Callable[[], Any], repeats: int) -> dict[str, float]:
    """Median and slowest milliseconds: of this process's CPU, and of the wall."""
    cpu, wall = [], []
    for _ in range(repeats):
        start, clock = time.process_time(), time.perf_counter()
        work()
        cpu.append(1000 * (time.process_time() - start))
        wall.append(1000 * (time.perf_counter() - clock))
    return {
        "cpu_median": round(statistics.median(cpu), 2),
        "cpu_slowest": round(max(cpu), 2),
        "wall_median": round(statistics.median(wall), 2),
    }


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description="The ledger's speed")
    parser.add_argument("--alerts", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=2_000, help="cases left open")
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ledger", help="an empty PostgreSQL database; default: a SQLite file")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.create(given.ledger or Path(folder) / "ledger.db")
        seconds = fill(ledger, given.alerts, given.open, given.seed)
        now = START + timedelta(minutes=given.alerts + 1)
        cases = ledger.open_cases(now)
        one = cases[len(cases) // 2].case_id
        questions: dict[str, Callable[[], Any]] = {
            "open_cases": lambda: ledger.open_cases(now),
            "overdue": lambda: ledger.overdue(now),
            "handover": lambda: ledger.handover(now),
            "rows_to_plan": lambda: ledger.remembered(now, "Asia/Shanghai"),
            "one_case": lambda: ledger.history(one),
            "record_a_call": lambda: ledger.record_contact(one, "busy", at=now, by="bench"),
        }
        report = {
            "alerts": given.alerts,
            "open": len(cases),
            "database": "postgresql" if given.ledger else "sqlite",
            "fill_cpu_seconds": round(seconds, 1),
            "megabytes": None if given.ledger else round((Path(folder) / "ledger.db").stat().st_size / 1e6),
            "goal_open_cases_milliseconds": GOAL_MILLISECONDS,
            "milliseconds": {name: timed(work, given.repeats) for name, work in questions.items()},
        }
    if given.json:
        print(json.dumps(report, indent=1))
        return
    print(
        f"{report['alerts']:,} alerts, {report['open']:,} open; filled in {report['fill_cpu_seconds']} CPU seconds"
    )
    for name, found in report["milliseconds"].items():
        cpu, wall, worst = found["cpu_median"], found["wall_median"], found["cpu_slowest"]
        print(f"{name:14} {cpu:8.1f} ms CPU  {wall:8.1f} ms wall  (slowest {worst:.1f})")


if __name__ == "__main__":
    main()
