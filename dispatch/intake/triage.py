"""Which alerts need somebody at the door, and what each is worth: every row is accounted for.

The numbers are those of data/triage.toml (`TriageRules`). What was lost already
(`amount_lost`) takes nothing from what is at risk: an alert says what may still go, and where
it does not, the type's usual amount may. It only makes another transfer likelier.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from dispatch.domain import TIERS, Case, Tier
from dispatch.intake.alerts import ALERTS
from dispatch.intake.merging import (
    Alert,
    Person,
    alerts_known,
    contact_in,
    people_in,
    person_in,
    warnings_in,
)
from dispatch.intake.triage_rules import TriageRules, triage_rules
from dispatch.reasons import Reason

__all__ = ["Person", "Triage", "TriageRules", "triage", "triage_rules"]

NO_VISIT_COLUMNS = ("row", "alert_id", "code", "params")
NOT_YET_COLUMNS = ("row", "alert_id", "alerted_at")
CALL_COLUMNS = (
    "rank", "alert_id", "row", "tier", "fraud_type", "attempts", "contact_result", "stake_yuan",
    "hazard_per_hour", "saved_yuan", "call_minutes", "saved_yuan_per_call_minute",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Triage:
    """What became of the rows: rows of `no_visit` and `not_yet`, and the cases, add up to them.

    `cases` have no places yet. `case_rows`: case id → row numbers, its own row first.
    `people`: case id → person. `calls` ranks those better rung first; `call_people` are
    theirs, by alert id.
    """

    cases: tuple[Case, ...]
    case_rows: Mapping[str, tuple[int, ...]]
    people: Mapping[str, Person]
    no_visit: pd.DataFrame
    not_yet: pd.DataFrame
    calls: pd.DataFrame
    call_people: Mapping[str, Person]


@dataclass(frozen=True, slots=True)
class Subject:
    """One person's alerts, weighed. Minutes are before `at`; `on_call_minutes` None: not on a call."""

    group: tuple[Alert, ...]
    tier: Tier
    fraud_type: str
    warnings: int
    result: str
    attempts: int
    on_call_minutes: float | None
    amount_yuan: float
    transfer_probability: float
    hazard_per_hour: float
    safe_minutes_ago: float
    alerted_minutes_ago: float

    @property
    def id(self) -> str:
        """The id of the first alert: it stays when more alerts come."""
        return self.group[0].id

    @property
    def stake_yuan(self) -> float:
        """A·p·e^(−λs): what is still expected to be there to save, s since the last sign of it."""
        left = math.exp(-self.hazard_per_hour * self.safe_minutes_ago / 60.0)
        return self.amount_yuan * self.transfer_probability * left


def triage(
    rows: pd.DataFrame, at: datetime, rules: TriageRules, again: Collection[int] = frozenset()
) -> Triage:
    """Sort alerts into cases, calls and those that need nothing, as known at `at` (with its zone).

    `rows` as `dispatch.intake.alerts.read_alerts` gives them, indexed by row number. Rows later
    than `at` are not known yet. Hazards are not quantised here. Whoever has one of the rows `again` is
    to be visited whatever the telephone says: a retry, a second visit, a new alert after one.

    Raises
    ------
    TableError
        `rows` is not such a table.
    """
    ALERTS.check(rows)
    late = rows["alerted_at"].gt(at)
    subjects = [_weigh(group, at, rules) for group in people_in(alerts_known(rows.loc[~late], at))]
    cases, case_rows, people, call_people = [], {}, {}, {}
    no_visit: list[tuple[int, str, str, dict[str, Any]]] = []
    calls: list[Subject] = []
    for subject in subjects:
        reasons = visit_reasons(subject, rules)
        goes_again = any(row in again for alert in subject.group for row in alert.rows)
        if goes_again and not reasons and subject.warnings > 1:
            reasons = (Reason("WARNED_REPEATEDLY", {"warnings": subject.warnings}),)
        if subject.result == "persuaded" or not (reasons or goes_again):
            code = "PERSUADED" if subject.result == "persuaded" else "RING_FIRST"
            no_visit += [(row, alert.id, code, {}) for alert in subject.group for row in alert.rows]
            if code == "RING_FIRST":
                calls.append(subject)
                call_people[subject.id] = person_in(subject.group)
            continue
        cases.append(_case(subject, reasons, at, rules))
        case_rows[subject.id] = tuple(row for alert in subject.group for row in alert.rows)
        people[subject.id] = person_in(subject.group)
        no_visit += _merged(subject)
    return Triage(
        cases=tuple(cases),
        case_rows=case_rows,
        people=people,
        no_visit=_by_row(pd.DataFrame(no_visit, columns=list(NO_VISIT_COLUMNS))),
        not_yet=_not_yet(rows.loc[late]),
        calls=_ranked(calls, rules),
        call_people=call_people,
    )


def visit_reasons(subject: Subject, rules: TriageRules) -> tuple[Reason, ...]:
    """Every rule that sends somebody, and a long call if one is on; empty if none does."""
    visit, reasons = rules.visit, []
    if subject.tier in visit.high_risk:
        reasons.append(Reason("HIGH_RISK", {"tier": subject.tier}))
    if subject.warnings >= visit.warned_times_at_least:
        reasons.append(Reason("WARNED_REPEATEDLY", {"warnings": subject.warnings}))
    needed = dict(visit.unreached_attempts_at_least.items()).get(subject.result)  # type: ignore[call-overload]
    if needed is not None and subject.attempts >= needed:
        reasons.append(Reason("UNREACHED", {"attempts": subject.attempts, "result": subject.result}))
    if subject.result in visit.disbelieving:
        reasons.append(Reason("DISBELIEVES", {"result": subject.result}))
    long_call = (
        subject.on_call_minutes is not None and subject.on_call_minutes >= rules.hazard.long_call_minutes
    )
    if reasons and long_call:
        reasons.append(Reason("LONG_CALL", {"minutes": round(subject.on_call_minutes or 0.0)}))
    return tuple(reasons)


def hazard_per_hour(
    fraud_type: str, warnings: int, on_call_minutes: float | None, result: str, rules: TriageRules
) -> float:
    """The type's hazard, raised by warnings, a call in progress and disbelief."""
    raised = rules.hazard
    hazard = rules.fraud_types[fraud_type].hazard_per_hour
    hazard *= raised.per_warning_factor ** (min(max(warnings, 1), raised.warnings_counted_at_most) - 1)
    if on_call_minutes is not None:
        hazard *= raised.on_call_factor
        if on_call_minutes >= raised.long_call_minutes:
            hazard *= raised.long_call_factor
    if result == "disbelieved":
        hazard *= raised.disbelieved_factor
    return min(hazard, raised.most_per_hour)


def _weigh(group: tuple[Alert, ...], at: datetime, rules: TriageRules) -> Subject:
    tier = min((alert.tier for alert in group if alert.tier), key=TIERS.index, default=rules.default_risk)
    types = [alert.fraud_type for alert in group if alert.fraud_type]
    fraud_type = types[-1] if types else rules.default_fraud_type
    usual = rules.fraud_types[fraud_type]
    amounts = [alert.amount_yuan for alert in group if alert.amount_yuan is not None]
    probability = usual.transfer_probability * rules.tiers[tier].transfer_probability_factor
    if any(alert.lost_yuan > 0 for alert in group):
        probability *= rules.already_lost_probability_factor
    result, attempts = contact_in(group)
    warnings = warnings_in(group)
    on_call = _on_call_minutes(group, at)
    return Subject(
        group=group,
        tier=tier,
        fraud_type=fraud_type,
        warnings=warnings,
        result=result,
        attempts=attempts,
        on_call_minutes=on_call,
        amount_yuan=max(amounts, default=usual.amount_yuan),
        transfer_probability=min(probability, rules.most_probability),
        hazard_per_hour=hazard_per_hour(fraud_type, warnings, on_call, result, rules),
        safe_minutes_ago=_minutes(max(alert.safe_at for alert in group), at),
        alerted_minutes_ago=_minutes(group[0].alerted_at, at),
    )


def _on_call_minutes(group: Sequence[Alert], at: datetime) -> float | None:
    """How long the call in progress lasts, 0 if nobody noted its beginning; None without one."""
    talking = [alert for alert in group if alert.on_call]
    if not talking:
        return None
    return max((_minutes(one.call_started_at, at) for one in talking if one.call_started_at), default=0.0)


def _case(subject: Subject, reasons: tuple[Reason, ...], at: datetime, rules: TriageRules) -> Case:
    tier = rules.tiers[subject.tier]
    may_go = {*tier.first}
    if subject.alerted_minutes_ago >= tier.follow_after_minutes:
        may_go |= {*tier.follow}
    needs = {}
    for skill, need in rules.needs.items():
        if subject.fraud_type in need.fraud_types or subject.result in need.contact_results:
            needs[skill] = need.kinds
            may_go |= {*need.kinds}
    return Case(
        id=subject.id,
        tier=subject.tier,
        fraud_type=subject.fraud_type,
        stake_yuan=subject.stake_yuan,
        hazard_per_hour=subject.hazard_per_hour,
        places=(),
        amount_yuan=subject.amount_yuan,
        transfer_probability=subject.transfer_probability,
        safe_minutes_ago=subject.safe_minutes_ago,
        service_minutes={str(kind): minutes for kind, minutes in rules.service_minutes.items()},
        needs=frozenset(needs),
        window=_window(subject.group, at),
        due_minutes=max(0.0, tier.due_minutes - subject.alerted_minutes_ago),
        late_yuan_per_minute=tier.late_yuan_per_minute,
        may_go=frozenset(may_go),
        along=tier.along,
        partners=frozenset({tier.along} if tier.along_required and tier.along else ()),
        reasons=reasons,
        alert_ids=tuple(alert.id for alert in subject.group),
        warnings=subject.warnings,
    )


def _window(group: Sequence[Alert], at: datetime) -> tuple[float, float]:
    """The newest alert's visiting times, in minutes from `at`; an open end is 0 or infinite."""
    for alert in reversed(group):
        if alert.window_from is not None or alert.window_to is not None:
            opens = (
                -_minutes(alert.window_from, at, past_only=False) if alert.window_from is not None else 0.0
            )
            closes = (
                -_minutes(alert.window_to, at, past_only=False) if alert.window_to is not None else math.inf
            )
            return max(0.0, opens), closes
    return 0.0, math.inf


def _merged(subject: Subject) -> list[tuple[int, str, str, dict[str, Any]]]:
    """The rows of a case beside its first: more places of one alert, more alerts of one person."""
    first, *others = subject.group
    same = [(row, first.id, "SAME_ALERT", {"case": subject.id}) for row in first.rows[1:]]
    return same + [
        (row, alert.id, "SAME_PERSON", {"case": subject.id}) for alert in others for row in alert.rows
    ]


def _ranked(subjects: Sequence[Subject], rules: TriageRules) -> pd.DataFrame:
    lines = [_call(subject, rules) for subject in subjects]
    lines.sort(key=lambda line: (-line["saved_yuan_per_call_minute"], line["alert_id"]))
    ranked = [{"rank": rank, **line} for rank, line in enumerate(lines, start=1)]
    return pd.DataFrame(ranked, columns=list(CALL_COLUMNS))


def _call(subject: Subject, rules: TriageRules) -> dict[str, Any]:
    """What ringing this person is worth; the formulas stand in data/triage.toml."""
    calls = rules.calls
    answered = calls.answered_share * calls.answered_again_factor**subject.attempts
    if subject.on_call_minutes is not None:
        answered *= calls.on_call_answered_factor
    lost_otherwise = subject.stake_yuan * -math.expm1(-subject.hazard_per_hour * calls.horizon_minutes / 60.0)
    saved = answered * calls.persuaded_share * lost_otherwise
    minutes = answered * calls.answered_minutes + (1.0 - answered) * calls.unanswered_minutes
    return {
        "alert_id": subject.id,
        "row": subject.group[0].rows[0],
        "tier": subject.tier,
        "fraud_type": subject.fraud_type,
        "attempts": subject.attempts,
        "contact_result": subject.result,
        "stake_yuan": round(subject.stake_yuan, 2),
        "hazard_per_hour": round(subject.hazard_per_hour, 4),
        "saved_yuan": round(saved, 2),
        "call_minutes": round(minutes, 2),
        "saved_yuan_per_call_minute": round(saved / minutes, 2),
    }


def _not_yet(late: pd.DataFrame) -> pd.DataFrame:
    table = late.loc[:, ["alert_id", "alerted_at"]].copy()
    table.insert(0, "row", late.index)
    return table.reset_index(drop=True)


def _by_row(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values("row", kind="stable").reset_index(drop=True)


def _minutes(moment: datetime, at: datetime, *, past_only: bool = True) -> float:
    """Minutes from `moment` to `at`; what lies ahead counts as now if `past_only`."""
    minutes = (at - moment).total_seconds() / 60.0
    return max(0.0, minutes) if past_only else minutes
