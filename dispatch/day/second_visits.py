"""Second visits a ledger says are due, planned by the rules that re-planning has for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from dispatch.domain import Case
from dispatch.replan import history
from dispatch.replan.follow_ups import pursued, rows_now
from dispatch.replan.history import Life
from dispatch.replan.settings import ReplanSettings

if TYPE_CHECKING:
    from dispatch.ledger.planning import Remembered


def lives_of(remembered: Remembered) -> dict[str, Life]:
    """By the ledger's case id: met and persuaded before, the first visit that is still to come now open."""
    return {
        case_id: Life(case_id, second_visit_at=due[0], due_visits=tuple(due[1:]))
        for case_id, due in remembered.second_visits.items()
    }


def rows_opened(remembered: Remembered, visit_after_warnings: int) -> pd.DataFrame:
    """The ledger's rows, those of second visits so that triage makes cases of them whatever the telephone said."""
    rows = remembered.rows
    own: dict[str, list[int]] = {}
    for row, alert_id in zip(rows.index, rows["alert_id"], strict=True):
        own.setdefault(remembered.case_of[str(alert_id)], []).append(int(row))
    cells: dict[tuple[int, str], Any] = {}
    for case_id, life in lives_of(remembered).items():
        if case_id in own:
            cells |= rows_now(rows, own[case_id], life, visit_after_warnings)
    if not cells:
        return rows
    rows = rows.copy()
    for (row, column), value in cells.items():
        rows.at[row, column] = value
    return rows


def opened(
    cases: Sequence[Case], remembered: Remembered, at: datetime, settings: ReplanSettings
) -> list[Case]:
    """The cases, second visits with what is at risk again, when they are due and who may make them."""
    lives = lives_of(remembered)
    known = [(case, lives.get(remembered.known_as(case))) for case in cases]
    return [pursued(case, life, at, settings).case if life else case for case, life in known]


def past_of(cases: Sequence[Case], remembered: Remembered) -> Mapping[str, Any]:
    """What a re-plan of this plan has to know of them."""
    lives = lives_of(remembered)
    known = {case.id: lives.get(remembered.known_as(case)) for case in cases}
    told = {
        case_id: history.to_json(replace(life, case_id=case_id)) for case_id, life in known.items() if life
    }
    return {"cases": told} if told else {}
