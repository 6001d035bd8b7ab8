"""A new alert for a plan that is there: its row becomes a case, its places are measured on the plan's roads."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dispatch.area import Area, open_area
from dispatch.day.building import open_roads
from dispatch.day.planning import locate_cases
from dispatch.day.request import Request, Rules
from dispatch.domain import Case, Problem, TravelMinutes
from dispatch.errors import BadInput
from dispatch.intake.alerts import Alerts, parse_alerts, read_alerts
from dispatch.intake.triage import Triage, triage
from dispatch.places.gazetteer import Gazetteer
from dispatch.planfile import PlanFile
from dispatch.reasons import Reason
from dispatch.roads.closures import Closure
from dispatch.roads.travel import Travel
from dispatch.settings import data_folder
from dispatch.suggest import NewMinutes

EXAMPLE = '{"alert_id": "N1", "alerted_at": "2026-05-01T14:00", "risk": "critical", "address": "…"}'
Points = NDArray[np.float64]
"""Shape (n, 2), longitude and latitude."""
MOST_CASES = 20
"""New cases answered for at once: more are a plan's work."""


def area_of(file: PlanFile, name_or_folder: str | None = None) -> Area:
    """The area a plan was made on: the folder given, else the bundled one of its hash.

    Raises
    ------
    BadInput
        There is none, or its roads are not those of the plan: minutes of other roads would be wrong.
    """
    wanted, called = str(file.area.get("hash", "")), str(file.area.get("name", "?"))
    if name_or_folder is not None:
        area = open_area(name_or_folder)
        if area.hash != wanted:
            raise BadInput(
                f"{name_or_folder} is not the area the plan was made on ({called}, hash {wanted[:12]}; found "
                f"{area.hash[:12]}): its minutes would not be those of the plan; give that area, or plan again"
            )
        return area
    for folder in sorted(path.parent for path in data_folder().glob("*/area.toml")):
        area = open_area(folder.name)
        if area.hash == wanted:
            return area
    raise BadInput(
        f"the plan's area ({called}, hash {wanted[:12]}) is none of the bundled ones; give its folder with --area"
    )


def new_alerts(row_or_file: str, rules: Rules, time_zone: str) -> Alerts:
    """The alerts of a file, of a JSON object or list of objects, or of a heading line and rows of CSV.

    Raises
    ------
    BadInput
        None of these, or no usable row: the first fault is told.
    """
    text = row_or_file.strip()
    if text.startswith(("{", "[")):
        alerts = parse_alerts(_json_frame(text), Path("ROW"), rules.columns, time_zone)
    elif "\n" in text:
        alerts = parse_alerts(_csv_frame(text), Path("ROW"), rules.columns, time_zone)
    else:
        path = Path(row_or_file)
        if not path.is_file():
            raise BadInput(
                f"found {row_or_file[:200]!r}, neither a file that is there nor a JSON object; expected a file of alerts"
                f" or {EXAMPLE}"
            )
        return read_alerts(path, rules.columns, time_zone)
    if not len(alerts.rows):
        fault = alerts.rejected.iloc[0] if len(alerts.rejected) else None
        raise BadInput(
            "the alert is empty"
            if fault is None
            else f"the alert cannot be used: {fault['column']} is {fault['found']!r:.80}, expected {fault['expected']}"
        )
    return alerts


def new_cases(
    file: PlanFile,
    gazetteer: Gazetteer,
    rules: Rules,
    alerts: Alerts,
    at: datetime,
    *,
    over: Collection[str] = (),
) -> tuple[list[Case], list[tuple[str, Reason]]]:
    """The cases of new alerts at that moment, located; and those that are none, by id, with the reason.

    Loss is counted from the plan's own moment, where the new case's evidence is as old as it is at
    `at`: what is still to be saved and every moment of the new case are shifted by the difference.
    `over` are ids of cases the plan knew and is done with.

    Raises
    ------
    BadInput
        Too many at once.
    """
    sorted_out = triage(alerts.rows, at, rules.triage)
    request = Request(alerts=None, at=at)
    cases, _ = locate_cases(sorted_out, alerts.rows, gazetteer, request, rules)
    if len(cases) > MOST_CASES:
        raise BadInput(f"{len(cases)} new cases at once, at most {MOST_CASES}: plan again with all alerts")
    later = (at - file.problem.at).total_seconds() / 60.0
    known = {case.id for case in file.problem.cases} | set(over)
    twins = known & {case.id for case in cases}
    fresh = [on_the_clock_of(_classed(file.problem, case), later) for case in cases if case.id not in twins]
    return fresh, [*_no_cases(sorted_out), *((one, Reason("IN_THE_PLAN")) for one in sorted(twins))]


def measured(problem: Problem, case: Case, travels: Mapping[str, Travel]) -> dict[str, NewMinutes]:
    """Minutes between the places of a new case and everything, for `dispatch.suggest.with_case`."""
    new = np.array([(place.lon, place.lat) for place in case.places], float).reshape(-1, 2)
    return {name: _minutes(travel, problem, problem.travel[name], new) for name, travel in travels.items()}


def plan_roads(
    file: PlanFile, area: Area, rules: Rules, closures: Sequence[Closure], at: datetime
) -> dict[str, Travel]:
    """The roads the plan was measured on; its minutes stay one snapshot, so the hour is the plan's.

    Raises
    ------
    BadInput
        Closures were in force and are not given again.
    """
    shut = [one for one in file.closures if one.get("in_force")]
    if shut and not closures:
        raise BadInput(
            f"the plan was made with {len(shut)} closures in force ({shut[0].get('name', '?')}); give the same file "
            "with --closures"
        )
    return open_roads(area, file.problem.responders, at, rules, closures)


def _minutes(travel: Travel, problem: Problem, known: TravelMinutes, new: Points) -> NewMinutes:
    places, bases = known.to_base.shape
    points = np.concatenate([_base_points(problem, bases), _place_points(problem, places)])
    out, into = travel.matrix(new, np.concatenate([points, new])), travel.matrix(points, new)
    return NewMinutes(
        from_base=into[:bases],
        to_base=out[:, :bases],
        from_places=into[bases:],
        to_places=out[:, bases : bases + places],
        among=out[:, bases + places :],
    )


def _base_points(problem: Problem, count: int) -> Points:
    points = np.full((count, 2), np.nan)
    for one in problem.responders:
        points[problem.base_index[one.id]] = (one.lon, one.lat)
        if one.id in problem.start_index and one.id in problem.start_points:
            points[problem.start_index[one.id]] = problem.start_points[one.id]
    return _filled(points)


def _place_points(problem: Problem, count: int) -> Points:
    points = np.full((count, 2), np.nan)
    for case in problem.cases:
        for place in case.places:
            points[problem.place_index[place.id]] = (place.lon, place.lat)
    return _filled(points)


def _filled(points: Points) -> Points:
    """Rows nothing stands at, which nobody asks about, as the first that is known."""
    known = np.isfinite(points[:, 0])
    if known.any():
        points[~known] = points[known][0]
    return points


def on_the_clock_of(case: Case, later: float) -> Case:
    """The case with its moments counted from the plan's own, `later` minutes before.

    The loss curve runs from the plan's moment: with e^(λ·later) times the stake it is, from `later`
    on, what it was from now on.
    """
    if later <= 0:
        return case
    fraction = case.hold.fraction if case.hold is not None and case.hold.until_minutes > 0 else 1.0
    grown = float(np.exp(case.hazard_per_hour * fraction * later / 60.0))
    hold = case.hold and replace(case.hold, until_minutes=case.hold.until_minutes + later)
    return replace(
        case,
        stake_yuan=case.stake_yuan * grown,
        window=(case.window[0] + later, case.window[1] + later),
        due_minutes=case.due_minutes + later,
        hold=hold,
    )


def _classed(problem: Problem, case: Case) -> Case:
    """The class of the plan whose hazard is nearest: every part computes with the same few."""
    known = {one.hazard_per_hour: one.hazard_class for one in problem.cases}
    if not known:
        return case
    nearest = min(known, key=lambda hazard: abs(hazard - case.hazard_per_hour))
    return replace(case, hazard_per_hour=nearest, hazard_class=known[nearest])


def _no_cases(sorted_out: Triage) -> list[tuple[str, Reason]]:
    columns = (sorted_out.no_visit[name] for name in ("alert_id", "code", "params"))
    said = [(str(alert), Reason(code, params)) for alert, code, params in zip(*columns, strict=True)]
    return said + [(str(alert), Reason("NOT_YET")) for alert in sorted_out.not_yet["alert_id"]]


def _json_frame(text: str) -> pd.DataFrame:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise BadInput(f"the alert is not JSON ({cause}); expected an object such as {EXAMPLE}") from cause
    rows = raw if isinstance(raw, list) else [raw]
    if not rows or not all(isinstance(one, dict) for one in rows):
        raise BadInput(f"the alert is no JSON object; expected one such as {EXAMPLE}")
    names = list(dict.fromkeys(str(name) for one in rows for name in one))
    cells = [{name: _cell(one.get(name)) for name in names} for one in rows]
    return pd.DataFrame(cells, columns=names, index=pd.RangeIndex(2, 2 + len(rows), name="row"))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def _csv_frame(text: str) -> pd.DataFrame:
    rows = [row for row in csv.reader(text.splitlines()) if row]
    heads = [head.strip() for head in rows[0]]
    if len(set(heads)) != len(heads):
        raise BadInput("the heading line of the alert names a column twice")
    cells = [dict(zip(heads, [*row, *([""] * len(heads))], strict=False)) for row in rows[1:]]
    return pd.DataFrame(cells, columns=heads, index=pd.RangeIndex(2, 2 + len(cells), name="row"))
