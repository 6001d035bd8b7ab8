"""Past alerts as demand: located, and asked for by the dispatcher's own rules."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pandas as pd

from dispatch.coverage.demand import Demand, point_of
from dispatch.coverage.rules import Rules, fresh_case
from dispatch.domain import Tier
from dispatch.errors import BadInput
from dispatch.intake.alerts import parse_alerts
from dispatch.intake.triage import triage
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.locate import locate_rows

_DAY_HOURS = 24.0
Wanted = tuple[str, tuple[int, ...], Tier | None, str]
"""Alert id, rows of the file, risk, type of fraud."""


def alert_demand(
    frame: pd.DataFrame, path: Path, gazetteer: Gazetteer, rules: Rules, time_zone: str, *, every_alert: bool
) -> Demand:
    """Past alerts, one each: those triage sends somebody to, or every one.

    Raises
    ------
    BadInput
        No row is a usable alert, or none of them needs a visit.
    """
    alerts = parse_alerts(frame, path, rules.columns, time_zone)
    rows = alerts.rows
    if not len(rows):
        why = alerts.rejected.iloc[0] if len(alerts.rejected) else None
        found = (
            f"; the first, row {why['row']}, column {why['column']}: expected {why['expected']}"
            if why is not None
            else ""
        )
        raise BadInput(f"{path}: none of its {alerts.received} rows is a usable alert{found}")
    wanted = _every(rows) if every_alert else _sent_to(rows, rules)
    if not wanted:
        raise BadInput(
            f"{path}: none of its {len(rows)} alerts needs a visit by [triage]; --every-alert counts all of them"
        )
    points, zone = [], ZoneInfo(time_zone)
    for alert, numbers, risk, fraud_type in wanted:
        own = rows.loc[list(numbers)]
        alerted_at = own["alerted_at"].max().to_pydatetime()
        places = locate_rows(alert, own, gazetteer, rules.places, alerted_at).places
        case = replace(
            fresh_case(alert, rules.triage, risk or rules.triage.default_risk, fraud_type), places=places
        )
        hour = int(alerted_at.astimezone(zone).hour)
        points.append(point_of(case, gazetteer, name="", weight=1.0, row=int(numbers[0]), hour=hour))
    span = rows["alerted_at"].max() - rows["alerted_at"].min()
    days = max(1.0, math.ceil(span.total_seconds() / 3600.0 / _DAY_HOURS))
    notes = [f"demand: {len(points):,} alerts of {rows['alert_id'].nunique():,} in {days:.0f} days"]
    if len(alerts.rejected):
        first = alerts.rejected.iloc[0]
        notes.append(
            f"{path}: {len(alerts.rejected)} rows could not be used; the first, row {first['row']}, column "
            f"{first['column']}: expected {first['expected']}"
        )
    return Demand(tuple(points), "alerts", alerts.rejected, tuple(notes), days)


def _every(rows: pd.DataFrame) -> list[Wanted]:
    """Each alert id with its rows, risk and type."""
    wanted = []
    for alert, own in rows.groupby("alert_id", sort=False):
        risk = next((one for one in own["risk"] if one), None)
        fraud = next((one for one in own["fraud_type"] if one), "")
        wanted.append(
            (str(alert), tuple(int(row) for row in own.index), cast("Tier | None", risk), str(fraud))
        )
    return wanted


def _sent_to(rows: pd.DataFrame, rules: Rules) -> list[Wanted]:
    """Those the dispatcher's triage makes cases of, several alerts of one person being one."""
    last = rows["alerted_at"].max().to_pydatetime()
    found = triage(rows, last, rules.triage)
    return [(case.id, found.case_rows[case.id], case.tier, case.fraud_type) for case in found.cases]
