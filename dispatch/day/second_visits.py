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


def rows_again(remembered: Remembered) -> dict[str, list[int]]:
    """By the ledger's case id, the rows of whoever is to be visited a second time, whatever the telephone said."""
    own: dict[str, list[int]] = {case_id: [] for case_id in remembered.second_visits}
    for row, alert_id in zip(remembered.rows.index, remembered.rows["alert_id"], strict=True):
        case_id = remembered.case_of[str(alert_id)]
        if case_id in own:
            own[case_id].append(int(row))
    return {case_id: rows for case_id, rows in own.items() if rows}


def rows_opened(remembered: Remembered) -> pd.DataFrame:
    """The ledger's rows, those of second visits as the visits before have left them."""
    rows = remembered.rows
    lives = lives_of(remembered)
    cells: dict[tuple[int, str], Any] = {}
    for case_id, own in rows_again(remembered).items():
        cells |= rows_now(rows, own, lives[case_id])
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
