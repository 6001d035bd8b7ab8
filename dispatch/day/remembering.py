"""Planning from a ledger: its open cases come in, the plan and its instructions go back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from dispatch.day.second_visits import opened, rows_again, rows_opened
from dispatch.domain import Case
from dispatch.errors import BadInput
from dispatch.intake.alerts import Alerts
from dispatch.intake.columns import REJECTED_COLUMNS
from dispatch.intake.triage import NO_VISIT_COLUMNS, Triage
from dispatch.redact import clean
from dispatch.replan.settings import ReplanSettings

if TYPE_CHECKING:
    from dispatch.day.planning import Day
    from dispatch.ledger import Instruction, Ledger
    from dispatch.ledger.planning import Remembered


def alerts_of(remembered: Remembered) -> Alerts:
    """The rows of the ledger's open cases, as if read from a file. BadInput if there is none."""
    if not len(remembered.rows):
        raise BadInput("the ledger has no open case at that moment: there is nothing to plan")
    rows = rows_opened(remembered)
    return Alerts(rows, pd.DataFrame(columns=list(REJECTED_COLUMNS)))


def again_of(remembered: Remembered) -> frozenset[int]:
    """Rows of whoever is a case whatever the telephone said."""
    return frozenset(row for own in rows_again(remembered).values() for row in own)


def without_under_way(sorted_out: Triage, remembered: Remembered) -> Triage:
    """Cases somebody is on his way to are planned no more; their rows say who it is."""
    going = {case.id: remembered.known_as(case) for case in sorted_out.cases}
    going = {case_id: known for case_id, known in going.items() if known in remembered.under_way}
    if not going:
        return sorted_out
    rows = []
    for case_id, known in going.items():
        who = clean(remembered.under_way[known].who)
        rows.append((sorted_out.case_rows[case_id][0], case_id, "UNDER_WAY", {"responder": who}))
    added = pd.DataFrame(rows, columns=list(NO_VISIT_COLUMNS))
    no_visit = (
        pd.concat([sorted_out.no_visit, added], ignore_index=True) if len(sorted_out.no_visit) else added
    )
    return replace(
        sorted_out,
        cases=tuple(case for case in sorted_out.cases if case.id not in going),
        case_rows={key: value for key, value in sorted_out.case_rows.items() if key not in going},
        people={key: value for key, value in sorted_out.people.items() if key not in going},
        no_visit=no_visit.sort_values("row", kind="stable").reset_index(drop=True),
    )


def as_remembered(
    cases: Sequence[Case], remembered: Remembered, at: datetime, settings: ReplanSettings
) -> list[Case]:
    """The cases with the holds in force on them and who was refused there; second visits as such."""
    found = []
    for case in cases:
        known = remembered.known_as(case)
        refused = case.refused_by | frozenset(remembered.refused_by.get(known, ()))
        found.append(replace(case, hold=remembered.holds.get(known, case.hold), refused_by=refused))
    return opened(found, remembered, at, settings)


def notes_of(remembered: Remembered) -> tuple[str, ...]:
    """What of the ledger a reader of the plan might not expect."""
    due = len(remembered.second_visits)
    return (f"{due} second visits are due and planned with the others",) if due else ()


def keep_plan(ledger: Ledger, day: Day, remembered: Remembered, by: str) -> list[Instruction]:
    """Write the plan, its instructions and who is shown it; Conflict if a case has changed since it was read."""
    planned = {remembered.known_as(case) for case in day.problem.cases}
    versions = {case_id: version for case_id, version in remembered.versions.items() if case_id in planned}
    summary = told_of(day.summary, day.area.name, synthetic=day.area.synthetic)
    return ledger.record_plan(
        day.problem, day.plan, at=day.request.at, by=by, versions=versions, summary=summary
    )


def told_of(summary: Mapping[str, Any], area: str, *, synthetic: bool) -> dict[str, Any]:
    """A plan's numbers as the ledger keeps them: with the area they are of, and whether its people are invented."""
    return {**summary, "area": area, "synthetic": synthetic}
