"""Alerts on their way into the ledger and out again, one row of the file a row of the ledger."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, func, select

from dispatch.intake.alerts import ALERTS, COLUMNS
from dispatch.intake.fields import normal_phone
from dispatch.ledger.keeper import Keeper, case_now, chunks, insert_states, save, written
from dispatch.ledger.schema import PERSONAL, alert, case_state
from dispatch.ledger.schema import event as event_table
from dispatch.ledger.sealing import Seal
from dispatch.ledger.state import ANSWERED, CaseNow, Event, advance

BATCH = 20_000
NAMES = tuple(one.name for one in COLUMNS)
TIMES = tuple(one.name for one in COLUMNS if one.holds == "time")
NUMBERS = tuple(one.name for one in COLUMNS if one.holds == "number")
FLAGS = tuple(one.name for one in COLUMNS if one.holds == "flag")
FACTS = tuple(one for one in NAMES if one not in {*PERSONAL, "lon", "lat", "alert_id"})
"""What an alert says that is not about who the person is or where."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of alert rows: new ones kept, known ones passed over; `cases` they belong to, new cases among them."""

    new_rows: int
    known_rows: int
    cases: tuple[str, ...] = ()
    new_cases: tuple[str, ...] = ()


@dataclass
class _Sorting:
    """Whose case each alert is, while a batch goes in."""

    by_alert: dict[str, str] = field(default_factory=dict)
    by_person: dict[str, str] = field(default_factory=dict)
    known_rows: set[str] = field(default_factory=set)


def record_alerts(
    keeper: Keeper, connection: Connection, rows: pd.DataFrame, *, at: datetime, by: str
) -> Recorded:
    """Keep alert rows (`dispatch.intake.alerts.ALERTS`); a row that is there already is passed over.

    An alert of a person whose case is open joins that case; else it opens one under its own id.
    """
    ALERTS.check(rows)
    records = [_record(one) for one in rows.sort_values("alerted_at", kind="stable").to_dict("records")]
    new_rows, cases, fresh = 0, dict[str, None](), dict[str, None]()
    for part in chunks(records, BATCH):
        count, touched, opened = _record_batch(keeper, connection, part, at, by)
        new_rows += count
        if len(part) == BATCH and connection.dialect.name == "postgresql":
            for table in (
                alert,
                case_state,
                event_table,
            ):  # within one transaction nobody else tells it how large they are
                connection.exec_driver_sql(f"ANALYZE {table.name}")
        cases |= dict.fromkeys(touched)
        fresh |= dict.fromkeys(opened)
    return Recorded(new_rows, len(records) - new_rows, tuple(cases), tuple(fresh))


def _record_batch(
    keeper: Keeper, connection: Connection, records: Sequence[dict[str, Any]], at: datetime, by: str
) -> tuple[int, list[str], list[str]]:
    seal = keeper.seal
    keyed = [(one, *_keys(one, seal)) for one in records]
    sorting = _sorting(connection, keyed)
    events: list[Event] = []
    kept: list[dict[str, Any]] = []
    for record, row_key, person_key, place_key in keyed:
        if row_key in sorting.known_rows:
            continue
        sorting.known_rows.add(row_key)
        alert_id = record["alert_id"]
        first = alert_id not in sorting.by_alert
        case_id = (
            sorting.by_alert.get(alert_id) or (person_key and sorting.by_person.get(person_key)) or alert_id
        )
        sorting.by_alert[alert_id] = case_id
        if person_key:
            sorting.by_person.setdefault(person_key, case_id)
        events.append(Event("alerted", at, by, case_id, body=_told(record, first_row=first)))
        kept.append(
            _kept(record, case_id, seal)
            | {"row_key": row_key, "person_key": person_key, "place_key": place_key}
        )
    if not events:
        return 0, [], []
    done = written(connection, events, [None] * len(events))
    for row, event in zip(kept, done, strict=True):
        row["event_seq"] = event.seq
    connection.execute(alert.insert(), kept)
    opened = _advance_cases(connection, done)
    return len(done), [str(event.case_id) for event in done], opened


def _sorting(connection: Connection, keyed: Sequence[tuple[Any, str, str | None, str]]) -> _Sorting:
    """What the ledger knows of these alerts already."""
    found = _Sorting()
    for part in chunks(keyed, 500):
        ids = {one[0]["alert_id"] for one in part}
        for row in connection.execute(
            select(alert.c.alert_id, alert.c.case_id).where(alert.c.alert_id.in_(ids))
        ):
            found.by_alert[row.alert_id] = row.case_id
        people = {one[2] for one in part if one[2]}
        open_people = (
            select(alert.c.person_key, alert.c.case_id)
            .join(case_state, case_state.c.case_id == alert.c.case_id)
            .where(alert.c.person_key.in_(people), case_state.c.closed_at.is_(None))
            .order_by(alert.c.row_id)
        )
        for row in connection.execute(open_people) if people else ():
            found.by_person.setdefault(row.person_key, row.case_id)
        keys = {one[1] for one in part}
        found.known_rows |= set(connection.scalars(select(alert.c.row_key).where(alert.c.row_key.in_(keys))))
    return found


def _advance_cases(connection: Connection, events: Iterable[Event]) -> list[str]:
    """Move the states of the cases these events are of; the ids of those that are new."""
    by_case: dict[str, list[Event]] = {}
    for event in events:
        by_case.setdefault(str(event.case_id), []).append(event)
    known: set[str] = set()
    for part in chunks(list(by_case), 500):
        known |= set(connection.scalars(select(case_state.c.case_id).where(case_state.c.case_id.in_(part))))
    fresh = []
    for case_id, own in by_case.items():
        now = case_now(connection, case_id) if case_id in known else CaseNow()
        for event in own:
            advance(now, event)
        if case_id in known:
            save(connection, now)
        else:
            fresh.append(now)
    insert_states(connection, fresh)
    return [case_id for case_id in by_case if case_id not in known]


def open_alerts(
    keeper: Keeper, connection: Connection, case_ids: Sequence[str], time_zone: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The alert rows of cases, as `read_alerts` gives them, and alert id → case id.

    A row that came again with other values stands for the place it was of. What the ledger
    knows of calls and of money still there is laid over the rows.
    """
    kept: dict[tuple[str, str], Mapping[str, Any]] = {}
    states: dict[str, Any] = {}
    for part in chunks(case_ids, 500):
        rows = connection.execute(select(alert).where(alert.c.case_id.in_(part)).order_by(alert.c.row_id))
        for row in rows.mappings():
            kept[row["alert_id"], row["place_key"] or str(row["row_id"])] = dict(row)
        for state in connection.execute(select(case_state).where(case_state.c.case_id.in_(part))):
            states[state.case_id] = state
    ordered = sorted(kept.values(), key=lambda row: int(row["row_id"]))
    newest = {row["case_id"]: row["alert_id"] for row in sorted(ordered, key=lambda row: row["alerted_at"])}
    records = [
        _opened(
            row, keeper.seal, states[row["case_id"]] if newest[row["case_id"]] == row["alert_id"] else None
        )
        for row in ordered
    ]
    frame = _frame(records, ZoneInfo(time_zone))
    return frame, {str(row["alert_id"]): str(row["case_id"]) for row in ordered}


def persons(keeper: Keeper, connection: Connection, case_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Case id → name, phone, address as the newest alert that says them; forgotten ones are empty."""
    found: dict[str, dict[str, str]] = {
        case_id: dict.fromkeys(("name", "phone", "address"), "") for case_id in case_ids
    }
    columns = [alert.c[name] for name in ("alert_id", "case_id", "name", "phone", "address")]
    for part in chunks(case_ids, 500):
        for row in connection.execute(
            select(*columns).where(alert.c.case_id.in_(part)).order_by(alert.c.row_id)
        ).mappings():
            for name in ("name", "phone", "address"):
                if row[name]:
                    found[row["case_id"]][name] = keeper.seal.open(row[name], _belongs(name, row["alert_id"]))
    return found


def points(
    keeper: Keeper, connection: Connection, case_ids: Sequence[str]
) -> Iterator[tuple[str, float, float]]:
    """Case id, lon and lat of every point its alerts give."""
    columns = [alert.c[name] for name in ("alert_id", "case_id", "lon", "lat", "point")]
    for part in chunks(case_ids, 500):
        for row in connection.execute(select(*columns).where(alert.c.case_id.in_(part))).mappings():
            lon, lat = _point(dict(row), keeper.seal)
            if lon is not None and lat is not None:
                yield row["case_id"], lon, lat


def count_alerts(connection: Connection) -> int:
    """Rows of alerts in the ledger."""
    return int(connection.scalar(select(func.count()).select_from(alert)) or 0)


def _record(values: Mapping[Any, Any]) -> dict[str, Any]:
    """A row of the table as JSON values: moments ISO 8601, unknown ones None."""
    record: dict[str, Any] = {}
    for name in NAMES:
        value = values.get(name)
        if (
            value is None
            or value == ""
            or (isinstance(value, float) and math.isnan(value))
            or value is pd.NaT
        ):
            record[name] = None
        elif name in TIMES:
            record[name] = pd.Timestamp(value).isoformat()
        elif name in FLAGS:
            record[name] = bool(value)
        else:
            record[name] = float(value) if name in NUMBERS else str(value)
    return record


def _keys(record: Mapping[str, Any], seal: Seal) -> tuple[str, str | None, str]:
    """Fingerprints of the row, the person and the place."""
    row_key = seal.fingerprint(json.dumps(record, ensure_ascii=False, sort_keys=True))
    phone = normal_phone(record["phone"] or "")
    where = [record[name] for name in ("alert_id", "location_source", "address", "lon", "lat")]
    place_key = seal.fingerprint(json.dumps(where, ensure_ascii=False))
    return row_key, seal.fingerprint(f"tel:{phone}") if phone else None, place_key


def _told(record: Mapping[str, Any], *, first_row: bool) -> dict[str, Any]:
    """What the event says of the alert: nothing about who and where."""
    safe_at = record["last_safe_at"]
    if safe_at is None and record["contact_result"] in ANSWERED:
        safe_at = record["last_attempt_at"]
    told = {
        "alert_id": record["alert_id"],
        "alerted_at": record["alerted_at"],
        "tier": record["risk"],
        "fraud_type": record["fraud_type"],
        "amount_yuan": record["amount_at_risk"],
        "lost_yuan": record["amount_lost"],
        "warnings": None if record["warnings"] is None else int(record["warnings"]),
        "attempts": None if record["call_attempts"] is None else int(record["call_attempts"]),
        "contact_result": record["contact_result"],
        "last_attempt_at": record["last_attempt_at"],
        "safe_at": safe_at,
        "on_call": record["on_call"],
        "first_row": first_row,
    }
    return {name: value for name, value in told.items() if value is not None}


def _belongs(column: str, alert_id: str) -> str:
    return f"{column} {alert_id}"


def _kept(record: Mapping[str, Any], case_id: str, seal: Seal) -> dict[str, Any]:
    alert_id = record["alert_id"]
    row: dict[str, Any] = {
        "alert_id": alert_id,
        "case_id": case_id,
        "alerted_at": datetime.fromisoformat(record["alerted_at"]),
        "facts": {name: record[name] for name in FACTS if record[name] is not None},
    }
    for name in PERSONAL:
        row[name] = seal.close(record[name], _belongs(name, alert_id)) if record[name] else None
    lon, lat = record["lon"], record["lat"]
    located = lon is not None and lat is not None
    sealed = seal.on and located
    return row | {
        "lon": None if sealed else lon,
        "lat": None if sealed else lat,
        "point": seal.close(f"{lon!r} {lat!r}", _belongs("point", alert_id)) if sealed else None,
    }


def _point(row: Mapping[str, Any], seal: Seal) -> tuple[float | None, float | None]:
    if row["point"] is not None:
        lon, lat = seal.open(row["point"], _belongs("point", row["alert_id"])).split()
        return float(lon), float(lat)
    return row["lon"], row["lat"]


def _opened(row: Mapping[str, Any], seal: Seal, state: Any) -> dict[str, Any]:
    """A row of the ledger as a row of the table; `state` is laid over the newest alert of a case."""
    record: dict[str, Any] = dict.fromkeys(NAMES) | dict(row["facts"]) | {"alert_id": row["alert_id"]}
    record["lon"], record["lat"] = _point(row, seal)
    for name in PERSONAL:
        record[name] = seal.open(row[name], _belongs(name, row["alert_id"])) if row[name] else None
    if state is not None:
        record["call_attempts"] = max(record["call_attempts"] or 0, state.attempts)
        if state.contact_result:
            record["contact_result"], record["last_attempt_at"] = (
                state.contact_result,
                state.last_attempt_at.isoformat(),
            )
        if state.safe_at:
            record["last_safe_at"] = state.safe_at.isoformat()
    return record


def _frame(records: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> pd.DataFrame:
    """The table `ALERTS` describes, numbered from 1."""
    columns: dict[str, Any] = {}
    for name in NAMES:
        cells = [record[name] for record in records]
        if name in TIMES:
            moments = pd.to_datetime(pd.Series(cells, dtype="object"), utc=True, format="ISO8601")
            columns[name] = moments.dt.tz_convert(zone).array
        elif name in NUMBERS:
            columns[name] = pd.array(
                [math.nan if one is None else float(one) for one in cells], dtype="float64"
            )
        elif name in FLAGS:
            columns[name] = pd.array([bool(one) for one in cells], dtype="bool")
        else:
            columns[name] = pd.array([one or "" for one in cells], dtype="str")
    frame = pd.DataFrame(columns, index=pd.RangeIndex(1, len(records) + 1, name="row"))
    return ALERTS.check(frame)
