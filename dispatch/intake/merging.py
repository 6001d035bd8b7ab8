"""Rows become people: rows of one alert are its places, alerts of one phone are one case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import pandas as pd

from dispatch.domain import TIERS, Tier
from dispatch.intake.fields import normal_phone

ANSWERED = frozenset({"disbelieved", "persuaded"})
"""Results of calls in which we spoke to the person, who then still had the money."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is about; kept apart from the case from here on."""

    name: str = ""
    phone: str = ""
    address: str = ""
    note: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert, of one or several rows (its places), as known at the moment of the plan.

    Unknown is None, or "" in text; `amount_yuan` is what its rows name, not a default.
    """

    id: str
    rows: tuple[int, ...]
    alerted_at: datetime
    tier: Tier | None
    fraud_type: str
    amount_yuan: float | None
    lost_yuan: float
    on_call: bool
    call_started_at: datetime | None
    attempts: int
    result: str
    result_at: datetime
    safe_at: datetime
    warnings: int | None
    window_from: datetime | None
    window_to: datetime | None
    person: Person


def alerts_known(rows: pd.DataFrame, at: datetime) -> list[Alert]:
    """The alerts in `rows`, oldest first; what a row says of moments after `at` is not known yet."""
    by_id: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for row, values in zip(rows.index, rows.to_dict("records"), strict=True):
        record = {str(name): None if _is_missing(value) else value for name, value in values.items()}
        by_id.setdefault(str(record["alert_id"]), []).append((int(row), record))
    alerts = [_alert(identity, group, at) for identity, group in by_id.items()]
    return sorted(alerts, key=lambda alert: (alert.alerted_at, alert.rows[0]))


def people_in(alerts: Iterable[Alert]) -> list[tuple[Alert, ...]]:
    """Alerts of one telephone together, in their order; one without a telephone stays alone."""
    groups: dict[str, list[Alert]] = {}
    for alert in alerts:
        phone = normal_phone(alert.person.phone)
        groups.setdefault(f"tel:{phone}" if phone else f"id:{alert.id}", []).append(alert)
    return [tuple(group) for group in groups.values()]


def warnings_in(group: Sequence[Alert]) -> int:
    """How often the person was warned: a running count if it runs, at least one more per alert."""
    total = 0
    for alert in group:
        total = max(total + 1, alert.warnings or 0)
    return total


def contact_in(group: Sequence[Alert]) -> tuple[str, int]:
    """How the last call ended ("" if none did), and the calls so far over all alerts.

    A person persuaded before a new alert came is not persuaded any more.
    """
    spoken = [alert for alert in group if alert.result]
    attempts = sum(alert.attempts for alert in group)
    if not spoken:
        return "", attempts
    last = max(spoken, key=lambda alert: (alert.result_at, alert.alerted_at))
    if last.result == "persuaded" and last is not group[-1] and last.result_at < group[-1].alerted_at:
        return "", sum(alert.attempts for alert in group[group.index(last) + 1 :])
    return last.result, attempts


def person_in(group: Sequence[Alert]) -> Person:
    """What is said of the person, the newest alert first; differing notes are joined."""
    people = [alert.person for alert in reversed(group)]
    notes = dict.fromkeys(person.note for person in people if person.note)
    return Person(
        name=_first(person.name for person in people),
        phone=_first(person.phone for person in people),
        address=_first(person.address for person in people),
        note="；".join(notes),
        account=_first(person.account for person in people),
    )


def _alert(identity: str, group: Sequence[tuple[int, Mapping[str, Any]]], at: datetime) -> Alert:
    records = [record for _, record in group]

    def first(name: str) -> Any:
        return next((record[name] for record in records if record.get(name) not in {None, ""}), None)

    def most(name: str) -> float | None:
        return max((float(record[name]) for record in records if record.get(name) is not None), default=None)

    alerted_at = min(record["alerted_at"] for record in records).to_pydatetime()
    called = [
        record
        for record in records
        if record.get("last_attempt_at") is None or record["last_attempt_at"] <= at
    ]
    result, result_at = _last_result(called, alerted_at)
    attempts = max(
        (record["call_attempts"] for record in called if record.get("call_attempts") is not None), default=0
    )
    talking = [
        record for record in records if record.get("on_call") and _known(record, "call_started_at", at)
    ]
    tiers = [record["risk"] for record in records if record.get("risk")]
    safe = [
        record["last_safe_at"].to_pydatetime() for record in records if record.get("last_safe_at") is not None
    ]
    safe = [moment for moment in safe if moment <= at]
    return Alert(
        id=identity,
        rows=tuple(row for row, _ in group),
        alerted_at=alerted_at,
        tier=cast("Tier", min(tiers, key=TIERS.index)) if tiers else None,
        fraud_type=first("fraud_type") or "",
        amount_yuan=most("amount_at_risk"),
        lost_yuan=most("amount_lost") or 0.0,
        on_call=bool(talking),
        call_started_at=_earliest(record.get("call_started_at") for record in talking),
        attempts=max(int(attempts), 1 if result else 0),
        result=result,
        result_at=result_at,
        safe_at=max(safe) if safe else max(alerted_at, result_at if result in ANSWERED else alerted_at),
        warnings=None if most("warnings") is None else int(most("warnings") or 0),
        window_from=first("window_from"),
        window_to=first("window_to"),
        person=Person(*(first(name) or "" for name in ("name", "phone", "address", "note", "account"))),
    )


def _last_result(called: Sequence[Mapping[str, Any]], alerted_at: datetime) -> tuple[str, datetime]:
    """How the last call ended and when; without a time of its own, when the alert came."""
    results = [
        (
            alerted_at
            if record.get("last_attempt_at") is None
            else record["last_attempt_at"].to_pydatetime(),
            record,
        )
        for record in called
        if record.get("contact_result")
    ]
    if not results:
        return "", alerted_at
    moment, record = max(results, key=lambda pair: pair[0])
    return str(record["contact_result"]), moment


def _known(record: Mapping[str, Any], name: str, at: datetime) -> bool:
    return record.get(name) is None or bool(record[name] <= at)


def _earliest(moments: Iterable[Any]) -> datetime | None:
    return min((moment.to_pydatetime() for moment in moments if moment is not None), default=None)


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def _is_missing(value: Any) -> bool:
    return value is None or bool(pd.isna(value))
