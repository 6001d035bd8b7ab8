"""Sheets on paper, 2,000 of them: ``python -m benchmarks.sheets``.

A made-up book: 2,000 crews with one to six stops (three on average) in villages of the practice area, each stop with
a second place, a note, six turns on average, what to say and a QR code, drawn over the area's own roads; and the
overviews of its counties, towns and stations. Printed by as many processes as there are processors; wall and CPU seconds,
peak memory of the parent (which holds the book) and of a worker when the last sheet is written, for a tenth of the
book beside the whole: flat if they are alike. What the overviews take is told apart.
``--json``, ``--routes``, ``--quick`` (small, says nothing about goals).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from multiprocessing import forkserver
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from rich.console import Console
from rich.progress import Progress

from dispatch.area import open_area
from dispatch.day.drawing import basemap
from dispatch.reasons import FRAUD_TYPES, Reason
from dispatch.runner import processes_here
from dispatch.settings import data_folder
from dispatch.sheets import RouteSheet, SheetBook, SheetStop, Spot, Tried, Turn, write_sheets
from dispatch.sheets.book import Unvisited
from dispatch.sheets.scripts import GENERAL, load_scripts

GOAL_SECONDS, GOAL_GROWTH = 60.0, 1.15
STOPS = (1, 2, 3, 4, 5, 6)
STOP_SHARES = (0.15, 0.25, 0.25, 0.2, 0.1, 0.05)
AT = datetime(2026, 5, 1, 14, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
TIERS = ("critical", "high", "medium", "low")
STREETS = ("人民路", "228国道", "解放中路", "乡村道路", "285省道", "迎宾街")
SURNAMES, GIVEN = "陈李张王黄梁吴林罗杨郑邓", "明海芳丽强英华军玲伟"


def made_book(routes: int, seed: int = 1) -> SheetBook:
    """A book of so many crews, the same for the same seed, over the ground of the practice area."""
    rng = np.random.default_rng(seed)
    area = open_area(data_folder() / "maoming")
    table = area.gazetteer
    names = dict(zip(table["code"].astype(str), table["name"].astype(str), strict=True))
    villages = table[table["level"].eq("village")].reset_index(drop=True)
    lonlat = villages[["lon", "lat"]].to_numpy(float)
    codes = villages["code"].astype(str).tolist()
    spots = [
        _spot(rng, lonlat[at], names.get(code[:6], ""), names.get(code[:9], ""), names[code])
        for at, code in enumerate(codes)
    ]
    scripts, other = load_scripts("zh"), load_scripts("en")
    sheets = []
    for number in range(routes):
        home = int(rng.integers(len(spots)))
        order = np.argsort(np.abs(lonlat - lonlat[home]).sum(axis=1))
        near = [spots[at] for at in order[: 12 * int(rng.integers(2, 8))]]
        chosen = [near[int(at)] for at in rng.integers(len(near), size=2 * rng.choice(STOPS, p=STOP_SHARES))]
        sheets.append(_sheet(rng, number, tuple(map(float, lonlat[home])), chosen, (scripts, other)))
    return SheetBook(
        area_name="茂名演练辖区",
        plan_id="measured",
        at=AT,
        sheets=tuple(sheets),
        synthetic=True,
        attribution="演练数据 / practice data",
        left_out=routes // 10,
        unvisited=tuple(_unvisited(rng, number, spots) for number in range(routes // 10)),
        every_door=scripts[GENERAL],
        every_door_other=other[GENERAL],
        ground=basemap(area),
    )


def _sheet(rng: Any, number: int, base: tuple[float, float], spots: list[Spot], scripts: Any) -> RouteSheet:
    stops = []
    before, clock = base, AT
    for order, (spot, second) in enumerate(zip(spots[::2], spots[1::2], strict=True), start=1):
        clock += timedelta(minutes=float(rng.uniform(5, 45)))
        stops.append(_stop(rng, (number, order), clock, (before, spot, second), scripts))
        before = (spot.lon, spot.lat)
        clock += timedelta(minutes=30)
    return RouteSheet(
        responder_id=f"R-{number:04d}",
        name=f"{spots[0].town}派出所{number:04d}组",
        kind="station",
        profile="car",
        stops=tuple(stops),
        shift_from=AT,
        shift_to=AT + timedelta(hours=12),
        home_at=clock,
        home_minutes=12.0,
        home_metres=9_000.0,
        home_turns=_turns(rng, 4),
        phone=f"1900000{number:04d}",
        base=spots[0].county + spots[0].town,
        base_lonlat=base,
        county=spots[0].county,
        town=spots[0].town,
    )


def _stop(
    rng: Any, numbers: tuple[int, int], clock: datetime, places: tuple[Any, Spot, Spot], scripts: Any
) -> SheetStop:
    (number, order), (before, spot, second) = numbers, places
    fraud = str(rng.choice(sorted(FRAUD_TYPES)))
    line = np.linspace(before, (spot.lon, spot.lat), 60) + rng.normal(0, 0.0015, (60, 2))
    return SheetStop(
        order=order,
        stop_id=f"R-{number:04d}:{order}",
        case_id=f"A0501-{number:04d}{order}",
        tier=str(rng.choice(TIERS)),
        fraud_type=fraud,
        arrive_at=clock,
        contact_at=clock + timedelta(minutes=4),
        leave_at=clock + timedelta(minutes=30),
        drive_minutes=float(rng.uniform(5, 45)),
        spot=spot,
        latest_at=AT + timedelta(minutes=float(rng.uniform(60, 400))),
        due_at=AT + timedelta(minutes=60),
        amount_band_yuan=(50_000.0, 100_000.0),
        second=second,
        name=str(rng.choice(list(SURNAMES))) + "*" + str(rng.choice(list(GIVEN))),
        phone=f"190****{int(rng.integers(10_000)):04d}",
        note="被诱导下载陌生软件，家属在外地" if rng.random() < 0.5 else "",
        tried=Tried(int(rng.integers(1, 9)), "busy"),
        reasons=(
            Reason("HIGH_RISK", {"tier": "high"}),
            Reason("LONG_CALL", {"minutes": int(rng.integers(20, 90))}),
        ),
        along="village",
        needs=("police",),
        drive_metres=float(rng.uniform(1_000, 30_000)),
        turns=_turns(rng, int(rng.integers(3, 10))),
        leg=line,
        code=f"{number:04d}{order}",
        script=scripts[0][fraud],
        script_other=scripts[1][fraud],
    )


def _turns(rng: Any, count: int) -> tuple[Turn, ...]:
    return tuple(
        Turn(f"{'左右'[int(rng.integers(2))]}转进入{rng.choice(STREETS)}", f"{rng.uniform(0.1, 9):.1f}公里")
        for _ in range(count)
    )


def _spot(rng: Any, lonlat: Any, county: str, town: str, village: str) -> Spot:
    address = f"{county}{town}{village}{int(rng.integers(1, 400))}号"
    return Spot(
        label=county + town + village,
        source="home",
        level="point",
        probability=float(rng.uniform(0.2, 0.9)),
        radius_metres=float(rng.uniform(40, 900)),
        age_minutes=None,
        lon=float(lonlat[0]),
        lat=float(lonlat[1]),
        address=address,
        county=county,
        town=town,
        village=village,
    )


def _unvisited(rng: Any, number: int, spots: list[Spot]) -> Unvisited:
    spot = spots[int(rng.integers(len(spots)))]
    return Unvisited(
        case_id=f"A0501-L{number:04d}",
        tier="medium",
        fraud_type="loan",
        reason=Reason("HIGH_RISK", {"tier": "high"}),
        county=spot.county,
        town=spot.town,
        village=spot.village,
    )


def measured(routes: int) -> dict[str, Any]:
    """Print a made-up book into a folder that is removed again; what that took. Alone in its session."""
    book = made_book(routes)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    before, started = _cpu_seconds(), time.perf_counter()
    made: list[str] = []
    sheets: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Progress(console=Console(stderr=True), transient=True) as bar,
    ):
        task = bar.add_task("pdf", total=routes)

        def written(name: str) -> None:
            made.append(name)
            bar.update(task, completed=min(len(made), routes))
            if len(made) == routes:
                sheets["seconds"] = time.perf_counter() - started
                sheets["cpu_seconds"] = _cpu_seconds() - before
                sheets["worker_megabytes"] = _worker_megabytes()

        paths = write_sheets(book, Path(folder), formats=["pdf"], written=written)
        seconds, cpu_seconds = time.perf_counter() - started, _cpu_seconds() - before
        sizes = [path.stat().st_size for path in paths[:routes]]
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # its workers count as ours once it has ended
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "sheets": routes,
        "stops": sum(len(sheet.stops) for sheet in book.sheets),
        "seconds": round(sheets["seconds"], 1),
        "cpu_seconds": round(sheets["cpu_seconds"], 1),
        "overviews": len(paths) - routes,
        "overview_seconds": round(seconds - sheets["seconds"], 1),
        "overview_cpu_seconds": round(cpu_seconds - sheets["cpu_seconds"], 1),
        "kilobytes_per_sheet": round(sum(sizes) / routes / 1000, 1),
        "book_megabytes": round(held / 1024),
        "peak_megabytes": round(own.ru_maxrss / 1024),
        "peak_worker_megabytes": round(sheets["worker_megabytes"]),
        "overview_peak_worker_megabytes": round(children.ru_maxrss / 1024),
    }


def _cpu_seconds() -> float:
    """CPU seconds so far of every process of this session, those that have ended too (Linux)."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended; its parent counts it
            continue
        if int(fields[3]) == os.getsid(0):
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _worker_megabytes() -> float:
    """The largest peak of a worker that is alive (Linux)."""
    peaks = [0.0]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(folder.name) != os.getpid() and os.getsid(int(folder.name)) == os.getsid(0):
                found = [line for line in (folder / "status").read_text().splitlines() if "VmHWM" in line]
                peaks += [int(line.split()[1]) / 1024 for line in found]
        except OSError:
            continue
    return max(peaks)


def _alone(routes: int) -> dict[str, Any]:
    """One measurement in a fresh process: peaks of memory are a process's for its whole life."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sheets", "--one", "--routes", str(routes)],
        stdout=subprocess.PIPE, check=True, text=True, start_new_session=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def report(routes: int, *, quick: bool) -> dict[str, Any]:
    """A tenth of the book and the whole, each in a process of its own, against the goals."""
    load = os.getloadavg()[0]
    tenth, whole = _alone(max(routes // 10, 1)), _alone(routes)
    workers = whole["peak_worker_megabytes"] / max(tenth["peak_worker_megabytes"], 1)
    return {
        "machine": {"processors": processes_here(), "load_before": round(load, 2)},
        "tenth": tenth,
        "whole": whole,
        "worker_growth": round(workers, 3),
        "goals": {
            "seconds": {"at_most": GOAL_SECONDS, "met": None if quick else whole["seconds"] <= GOAL_SECONDS},
            "worker_growth": {"at_most": GOAL_GROWTH, "met": None if quick else workers <= GOAL_GROWTH},
        },
    }


def main() -> None:
    """Measure and say so."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--routes", type=int, default=2_000)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    routes = 10 if given.quick else given.routes
    found = measured(routes) if given.one else report(routes, quick=given.quick or routes < 2_000)
    if given.json or given.one:
        print(json.dumps(found, indent=1))
        return
    for name in ("tenth", "whole"):
        print(name, "  ".join(f"{key} {value}" for key, value in found[name].items()))
    print("goals", found["goals"])


if __name__ == "__main__":
    main()
