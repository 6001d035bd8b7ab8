"""The scripted night on the practice area: 40 alerts at 20:00, and what happens until 21:00.

The alerts are people of the practice day, six hours later. What happens is chosen from the plan
that is under way, so the story can be told of any plan: somebody who is to be met later answers
the telephone, a crew on the road breaks down. `docs/night.md` tells it, `tests/test_night.py`
runs it, ``python -m benchmarks.replan`` measures it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import shapely

from dispatch.area import Area, open_area
from dispatch.day import Request, plan_day, read_rules, write_day
from dispatch.domain import Stop
from dispatch.intake.alerts import read_alerts
from dispatch.intake.triage import triage
from dispatch.ledger import Ledger
from dispatch.planfile import PlanFile, read_plan
from dispatch.replan.events import read_events
from dispatch.replan.folders import read_before, write_replanned
from dispatch.replan.remembering import heard, keep
from dispatch.replan.replanning import Effort, Replanned, replan
from dispatch.settings import data_folder
from dispatch.tables import write_csv

CASES, NEW = 40, 3
DESK = "一号席"
COUNTY, COUNTY_NAME = "440904", "电白区"
ZONE = ZoneInfo("Asia/Shanghai")
NOON, EVENING = datetime(2026, 5, 1, 14, tzinfo=ZONE), datetime(2026, 5, 1, 20, tzinfo=ZONE)
TIMES = ("预警时间", "定位时间", "通话开始", "最近拨打", "资金安全时间", "可访起", "可访止")
HEADINGS = (
    "event",
    "at",
    "case",
    "responder",
    "value",
    "until",
    "minutes",
    "lon",
    "lat",
    "datum",
    "radius_metres",
)
MAX_CHANGES = 8

Rows = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Scene:
    """The plan under way at a moment of the night."""

    at: datetime
    folder: Path
    file: PlanFile

    def ahead(self, after_minutes: float) -> Iterator[tuple[str, Stop]]:
        """Stops with contact so long after this moment, the first first, each with its responder's id."""
        since = (self.at - self.file.problem.at) / timedelta(minutes=1) + after_minutes
        stops = [(route.responder_id, stop) for route in self.file.plan.routes for stop in route.stops]
        yield from sorted(
            (pair for pair in stops if pair[1].contact > since and pair[1].leads),
            key=lambda pair: (pair[1].contact, pair[1].case_id),
        )

    def reached(self) -> Iterator[tuple[str, Stop]]:
        """Stops at which the crew has arrived by now and not yet left before this plan, the last to arrive first."""
        until = (self.at - self.file.problem.at) / timedelta(minutes=1)
        stops = [(route.responder_id, stop) for route in self.file.plan.routes for stop in route.stops]
        yield from sorted(
            (pair for pair in stops if pair[1].contact <= until and pair[1].leads),
            key=lambda pair: (-pair[1].contact, pair[1].case_id),
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of the night, and what is reported then."""

    clock: str
    zh: str
    en: str
    happens: Callable[[Scene], Rows]

    @property
    def at(self) -> datetime:
        """The moment."""
        hour, minute = map(int, self.clock.split(":"))
        return EVENING.replace(hour=hour, minute=minute)


def four_answer(scene: Scene) -> Rows:
    """Four people who are to be met later answer the telephone and are persuaded."""
    return [
        row("answered", scene.at - timedelta(minutes=2), case=stop.case_id, value="persuaded")
        for _, stop in _distinct(scene.ahead(5.0), 4)
    ]


def a_road_floods(scene: Scene) -> Rows:
    """The way to a stop still to come is under water at its middle, 250 m around."""
    legs = gpd.read_file(scene.folder / "plan.gpkg", layer="routes")
    for _, stop in scene.ahead(25.0):
        leg = legs.loc[legs["stop_id"].eq(stop.id)].iloc[0]
        if leg["metres"] > 4_000:
            point = leg.geometry.interpolate(0.5, normalized=True)
            where = {
                "lon": f"{point.x:.6f}",
                "lat": f"{point.y:.6f}",
                "datum": "WGS84",
                "radius_metres": "250",
            }
            return [row("closure", scene.at, value="积水", **where)]
    raise LookupError("no way is long enough to be flooded")


def three_critical_and_a_hold(scene: Scene) -> Rows:
    """Three new critical alerts; the bank holds the money of somebody to be met later."""
    shared = {"经度": "lon", "纬度": "lat", "坐标系": "datum", "误差半径": "radius_metres", "备注": "note"}
    new = [
        {str(key): str(value) for key, value in one.items()} | {"event": "alert", "at": one["预警时间"]}
        for one in to_come().rename(columns=shared).to_dict("records")
    ]
    _, held = next(scene.ahead(20.0))
    until = _said(scene.at + timedelta(hours=4))
    return [*new, row("hold", scene.at, case=held.case_id, value="bank", until=until)]


def doors_stay_shut(scene: Scene) -> Rows:
    """Of those visited by now two are not at home, one refuses, one has sent the money already."""
    outcomes = ("not_home", "not_home", "met_refused", "already_transferred")
    met = _distinct(scene.reached(), len(outcomes))
    return [
        row("outcome", scene.at - timedelta(minutes=1), case=stop.case_id, responder=who, value=outcome)
        for (who, stop), outcome in zip(met, outcomes, strict=True)
    ]


def a_car_breaks_down(scene: Scene) -> Rows:
    """The car of a crew with a visit to come breaks down; another crew has not signed for ten minutes."""
    broken = next(who for who, _ in scene.ahead(1.0))
    unsigned, stop = next(
        pair for pair in scene.ahead(10.0) if pair[1].state == "planned" and pair[0] != broken
    )
    return [
        row("ill", scene.at, responder=broken, value="车辆故障"),
        row("unsigned", scene.at, case=stop.case_id, responder=unsigned, minutes="10"),
    ]


STEPS: tuple[Step, ...] = (
    Step("20:10", "四人接通电话，已劝阻", "four answer the phone", four_answer),
    Step("20:20", "一条道路积水封闭", "a road floods", a_road_floods),
    Step("20:30", "新增三起特高危，银行止付一起", "three new critical alerts, one hold by the bank", three_critical_and_a_hold),
    Step("20:45", "两人不在家，一人不信，一人已转账", "two not home, one refuses, one has paid already", doors_stay_shut),
    Step("21:00", "一辆车故障，一条指令十分钟未签收", "a car breaks down, one instruction is unsigned", a_car_breaks_down),
)  # fmt: skip


def _chosen() -> tuple[pd.DataFrame, list[str], dict[str, list[int]]]:
    """The practice day as text, the people of the night, and the rows of each."""
    path = data_folder() / "maoming" / "alerts.csv"
    read = read_alerts(path, {}, ZONE.key)
    found = triage(read.rows, NOON, read_rules(None).triage)
    here = _in_county(read.rows)
    wanted = [case.id for case in found.cases if here[found.case_rows[case.id][0]]]
    people = wanted[: CASES + NEW]
    if len(people) < CASES + NEW:
        raise LookupError(
            f"the night needs {CASES + NEW} people of {COUNTY_NAME}, the practice day has {len(people)}"
        )
    text = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return text, people, {one: list(found.case_rows[one]) for one in people}


def _in_county(rows: pd.DataFrame) -> dict[int, bool]:
    """Whether a row's person is in the county: by its address, else by its point (all are WGS-84 once read)."""
    area = open_area("maoming")
    county = next(one for one in area.boundaries.geometry[area.boundaries["code"].astype(str).eq(COUNTY)])
    inside = shapely.contains_xy(county, rows["lon"].to_numpy(), rows["lat"].to_numpy())
    named = rows["address"].str.contains(COUNTY_NAME[:2]) | (rows["address"].eq("") & inside)
    return {int(row): bool(one) for row, one in named.items()}  # type: ignore[call-overload] # rows are numbered


def responders() -> pd.DataFrame:
    """Who is on duty in the county at night: every second late crew of its stations, some towns, the squad."""
    path = data_folder() / "maoming" / "responders.csv"
    text = pd.read_csv(path, dtype=str, keep_default_na=False)
    own = text[text["responder_id"].str.contains(COUNTY)]
    late = own[own["kind"].eq("station") & own["shift_from"].eq("14:00")][::2]
    towns, squad = own[own["kind"].eq("town")][::4].copy(), own[own["kind"].eq("county")].copy()
    for night in (towns, squad):
        night["shift_from"], night["shift_to"], night["break_from"], night["break_to"] = (
            "18:00",
            "02:00",
            "",
            "",
        )
    chosen = pd.concat([late, towns, squad]).copy()
    chosen["status"], chosen["free_at"], chosen["break_from"], chosen["break_to"] = "free", "", "", ""
    return chosen


def alerts() -> pd.DataFrame:
    """The rows of 40 people, six hours after noon's."""
    text, people, rows = _chosen()
    numbers = sorted(row for one in people[:CASES] for row in rows[one])
    return _later(
        text.iloc[[number - 2 for number in numbers]]
    )  # row 2 of the file is the first below the headings


def to_come() -> pd.DataFrame:
    """Three people whose alerts come at 20:28, critical."""
    text, people, rows = _chosen()
    new = _later(text.iloc[[rows[one][0] - 2 for one in people[CASES:]]]).copy()
    for heading in ("预警时间", "最近拨打"):
        new[heading] = _said(EVENING + timedelta(minutes=28))
    new["预警等级"] = "特高危"
    for heading in ("定位时间", "通话开始", "资金安全时间"):
        new[heading] = ""
    return new


def _later(rows: pd.DataFrame) -> pd.DataFrame:
    moved = rows.copy()
    for heading in TIMES:
        moved[heading] = [
            _said(datetime.fromisoformat(one) + (EVENING - NOON)) if one.strip() else ""
            for one in moved[heading]
        ]
    return moved


def begin(
    area: Area,
    folder: Path,
    *,
    iterations: int | None = None,
    seconds: float | None = None,
    ledger: Ledger | None = None,
) -> Path:
    """Plan the evening at 20:00 into ``folder/plan-2000``, and into a ledger."""
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(alerts(), folder / "alerts.csv")
    write_csv(responders(), folder / "responders.csv")
    request = Request(
        folder / "alerts.csv", EVENING, responders=folder / "responders.csv", policy="search",
        iterations=iterations, seconds=seconds, bound_seconds=0.0,
    )  # fmt: skip
    out = folder / "plan-2000"
    day = plan_day(area, request)
    write_day(day, out)
    if ledger is not None:
        ledger.record_alerts(day.alerts.rows, at=EVENING, by=DESK)
        ledger.record_plan(day.problem, day.plan, at=EVENING, by=DESK)
        _sent_and_signed(ledger, EVENING)
    return out


def _sent_and_signed(ledger: Ledger, at: datetime) -> None:
    """Everything that was drafted goes out and is signed for at once."""
    drafted = [one.instruction_id for one in ledger.instructions() if one.step == "drafted"]
    for step in ("sent", "signed"):
        ledger.steps(drafted, step, at=at, by=DESK)


def go_on(
    area: Area,
    step: Step,
    before: Path,
    *,
    effort: Effort,
    max_changes: int | None = MAX_CHANGES,
    ledger: Ledger | None = None,
) -> tuple[Replanned, Path, Rows]:
    """Let one step happen: its events file, and the plan that follows, beside the plan before, and in a ledger."""
    folder = before.parent
    rows = step.happens(Scene(step.at, before, read_plan(before)))
    name = step.clock.replace(":", "")
    write_csv(pd.DataFrame(rows).fillna(""), folder / f"events-{name}.csv")
    past = read_before(before)
    news = read_events(folder / f"events-{name}.csv", dict(past.rules.columns), area.time_zone)
    told = None
    if ledger is not None:
        hours = past.settings.stale_report_hours
        told = heard(ledger, past.file, news, step.at, time_zone=area.time_zone, hours=hours)
        news = told.events
    done = replan(area, past, news, step.at, max_changes=max_changes, effort=effort)
    out = folder / f"plan-{name}"
    write_replanned(done, out)
    if ledger is not None and told is not None:
        keep(ledger, done, told, DESK)
        _sent_and_signed(ledger, step.at)
    return done, out, rows


def _distinct(stops: Iterator[tuple[str, Stop]], count: int) -> list[tuple[str, Stop]]:
    """The first stops of so many different cases."""
    found: dict[str, tuple[str, Stop]] = {}
    for who, stop in stops:
        found.setdefault(stop.case_id, (who, stop))
        if len(found) == count:
            break
    if len(found) < count:
        raise LookupError(f"{count} visits are needed, the plan has {len(found)}")
    return list(found.values())


def row(event: str, at: datetime, **cells: str) -> dict[str, str]:
    """One row of an events file."""
    return {**dict.fromkeys(HEADINGS, ""), "event": event, "at": _said(at), **cells}


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
