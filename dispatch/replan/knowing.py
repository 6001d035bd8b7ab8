"""What is known now: every alert's row, whose it is, and which cases are to be planned.

Rows never leave: those of settled cases are told apart with their reason, so the sum closes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from dispatch.day.keeping import Kept
from dispatch.day.request import Rules
from dispatch.domain import Case, Place, Plan, Problem
from dispatch.intake.alerts import Alerts
from dispatch.intake.triage import NO_VISIT_COLUMNS, Triage, triage
from dispatch.places.evidence import Refused
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.locate import Located, locate_rows
from dispatch.places.review import CHECKED, Fix, fixed
from dispatch.replan import history
from dispatch.replan.facts import people_of
from dispatch.replan.follow_ups import goes_again, rows_now
from dispatch.replan.history import Corrected, Life, Visited
from dispatch.replan.progress import Standing
from dispatch.replan.settings import ReplanSettings

SETTLED_CODES = frozenset({*history.SETTLED.values(), history.WITHDRAWN, history.UNREPORTED})
SAME_POINT_DEGREES = 5e-6


@dataclass(frozen=True, slots=True)
class Known:
    """Alerts so far. `people`: case id → numbers of its rows, its own first; `case_of`: alert id → case id."""

    rows: pd.DataFrame
    rejected: pd.DataFrame
    people: Mapping[str, Sequence[int]]
    case_of: Mapping[str, str]
    alerted_at: Mapping[int, datetime]
    quiet: frozenset[int] = frozenset()

    @property
    def alerts(self) -> Alerts:
        """As if all of them had come in one file."""
        return Alerts(self.rows, self.rejected)


def known(kept: Kept, new: Alerts) -> Known:
    """The rows kept and the new ones, numbered on; a row that is there already is not counted twice."""
    fresh = new.rows.loc[~_there_already(new.rows, kept.rows)]
    start = int(max([*kept.rows.index, *kept.rejected["row"], 1]))
    fresh = fresh.set_axis(pd.RangeIndex(start + 1, start + 1 + len(fresh)), axis="index")
    rows = pd.concat([kept.rows, fresh]) if len(fresh) else kept.rows
    rejected = pd.concat([kept.rejected, new.rejected]) if len(new.rejected) else kept.rejected
    people = people_of(rows)
    ids = rows["alert_id"].to_dict()
    case_of = {str(ids[row]): case_id for case_id, own in people.items() for row in own}
    moments = dict(zip(rows.index.tolist(), rows["alerted_at"].dt.to_pydatetime(), strict=True))
    return Known(rows, rejected.reset_index(drop=True), people, case_of, moments, kept.quiet)


def _there_already(new: pd.DataFrame, old: pd.DataFrame) -> np.ndarray:
    """Which of the new rows say what a row known already says: one file may grow through the night."""
    if not len(new):
        return np.zeros(0, np.bool_)
    columns = ["alert_id", "alerted_at", "phone", "address", "lon", "lat", "fix_at"]
    seen = set(map(tuple, old[columns].astype("str").to_numpy()))
    return np.array([tuple(one) in seen for one in new[columns].astype("str").to_numpy()], np.bool_)


def settled_by_plan(
    lives: Mapping[str, Life], old: Problem, plan: Plan, standings: Mapping[str, Standing], at: datetime
) -> dict[str, Life]:
    """The lives, with visits that are over by the plan and not reported on told apart, where none is still to come."""
    found = dict(lives)
    over = {stop.id for standing in standings.values() for stop in standing.over}
    ahead = {stop.case_id for route in plan.routes for stop in route.stops if stop.id not in over}
    kinds = {one.id: one.kind for one in old.responders}
    places = {place.id: place for case in old.cases for place in case.places}
    for who, standing in standings.items():
        for stop in standing.unreported:
            life = found.get(stop.case_id, Life(stop.case_id))
            if not stop.leads or life.settled:
                continue
            place = places[stop.place_id]
            moment = min(at, old.at + timedelta(minutes=stop.leave))
            visit = Visited(moment, who, kinds[who], place.id, place.lon, place.lat, "")
            waits = (
                stop.case_id not in ahead and not life.told
            )  # what is known of it decides, where something is
            found[stop.case_id] = history.unreported(life, visit, last=waits)
    return found


def reopened(
    lives: Mapping[str, Life], now: Known, at: datetime, settings: ReplanSettings
) -> dict[str, Life]:
    """The lives, open again where a new alert came or a second visit may be made."""
    found = dict(lives)
    for case_id, life in lives.items():
        if not life.settled or life.settled_at is None or case_id not in now.people:
            continue
        moments = [now.alerted_at[row] for row in now.people[case_id]]
        newest = max((one for one in moments if one <= at), default=None)
        if newest is not None and newest > life.settled_at:
            found[case_id] = history.returned(life, newest)
        else:
            found[case_id] = history.second_visit_due(life, at, settings.follow_up.opens_minutes_before)
    return found


def sorted_out(
    now: Known, lives: Mapping[str, Life], at: datetime, rules: Rules, names: Mapping[str, str]
) -> Triage:
    """Triage of everybody who is not settled, as calls and visits have left them; the settled stand in `no_visit`.

    `names`: responder id → what dispatchers call it.
    """
    cells: dict[tuple[int, str], Any] = {}
    settled: list[tuple[int, str, str, dict[str, str]]] = []
    aside: list[int] = []
    again: set[int] = set()
    ids = now.rows["alert_id"].to_dict()
    for case_id, life in lives.items():
        own = now.people.get(case_id)
        if own is None:
            continue
        if life.settled:
            aside += own
            settled += _settled_rows(now, case_id, life, names)
        else:
            known_rows = [row for row in own if now.alerted_at[row] <= at]
            cells |= rows_now(now.rows, known_rows, life)
            if goes_again(life):
                again.update(known_rows)
    for case_id, own in now.people.items():
        if case_id not in lives and now.quiet.issuperset(own):
            aside += own
            settled += [(row, str(ids[row]), "PERSUADED", {}) for row in own]
    rows = now.rows.drop(index=aside).copy() if aside or cells else now.rows
    for (row, column), value in cells.items():
        rows.at[row, column] = value
    found = triage(rows, at, rules.triage, again)
    if not settled:
        return found
    added = pd.DataFrame(settled, columns=list(NO_VISIT_COLUMNS))
    no_visit = pd.concat([found.no_visit, added], ignore_index=True) if len(found.no_visit) else added
    return replace(found, no_visit=no_visit.sort_values("row", kind="stable").reset_index(drop=True))


def _settled_rows(
    now: Known, case_id: str, life: Life, names: Mapping[str, str]
) -> list[tuple[int, str, str, dict[str, str]]]:
    first, *others = now.people[case_id]
    who = names.get(life.settled_by, life.settled_by) or "–"
    moment = f"{life.settled_at:%m-%d %H:%M}" if life.settled_at else ""
    rows = [(first, case_id, life.settled, {"time": moment, "responder": who})]
    for row in others:
        alert_id = str(now.rows.at[row, "alert_id"])
        rows.append(
            (row, alert_id, "SAME_ALERT" if alert_id == case_id else "SAME_PERSON", {"case": case_id})
        )
    return rows


def located(
    sorted_out: Triage,
    now: Known,
    lives: Mapping[str, Life],
    old: Problem,
    *,
    corrected: frozenset[str],
    gazetteer: Gazetteer,
    rules: Rules,
    at: datetime,
) -> tuple[list[Case], dict[str, tuple[Refused, ...]]]:
    """Every case with its places. Where no evidence is new and none ages, they are those of the old plan.

    A place that stays keeps its id, so that what people were told of it can be compared.
    """
    before = {case.id: case for case in old.cases}
    minutes = (at - old.at) / timedelta(minutes=1)
    table = now.rows.loc[sorted({row for own in sorted_out.case_rows.values() for row in own})]
    table = table.astype(object)  # rows are taken one case at a time
    cases, unplaced = [], {}
    for case in sorted_out.cases:
        life, known_case = lives.get(case.id, Life(case.id)), before.get(case.id)
        own = list(sorted_out.case_rows[case.id])
        if known_case is not None and case.id not in corrected and _unchanged(known_case, case, life):
            places = tuple(_later(place, minutes, rules) for place in known_case.places)
            cases.append(replace(case, places=places))
            continue
        found = locate_rows(case.id, table.loc[own], gazetteer, rules.places, at)
        if life.corrected is not None:
            found = fixed(case.id, found, _fix(life.corrected, own[0]), gazetteer, rules.places)
        places = _named_as_before(found, known_case)
        cases.append(replace(case, places=places))
        if found.refused:
            unplaced[case.id] = found.refused
    return cases, unplaced


def _unchanged(before: Case, case: Case, life: Life) -> bool:
    """Whether evidence of the place is what it was: no new row, no fix that ages, no visit that met nobody."""
    if life.visits or not before.places or set(before.alert_ids) != set(case.alert_ids):
        return False
    checked = all(place.level == CHECKED for place in before.places)
    return checked or all(place.age_minutes is None for place in before.places)


def _later(place: Place, minutes: float, rules: Rules) -> Place:
    """The place with the whole search before it: at a stop under way a part of it was done."""
    age = None if place.age_minutes is None else place.age_minutes + minutes
    search = round(rules.places.search.minutes(place.radius_metres), 2)
    return replace(place, age_minutes=age, search_minutes=search)


def _fix(said: Corrected, row: int) -> Fix:
    if said.lon is None or said.lat is None:
        return Fix("address", row, address=said.address)
    radius = said.radius_metres if said.radius_metres is not None else float("nan")
    return Fix("point", row, said.lon, said.lat, radius)


def _named_as_before(found: Located, before: Case | None) -> tuple[Place, ...]:
    """The places, those of the old plan under their old ids and the others under ids nobody had."""
    if before is None:
        return found.places
    old = list(before.places)
    taken = {place.id for place in old}
    named: list[Place] = []
    number = 1
    for place in found.places:
        same = next((one for one in old if _same_point(one, place)), None)
        if same is not None:
            old.remove(same)
            named.append(replace(place, id=same.id))
            continue
        while f"{before.id}/{number}" in taken:
            number += 1
        taken.add(f"{before.id}/{number}")
        named.append(replace(place, id=f"{before.id}/{number}"))
    return tuple(named)


def _same_point(one: Place, other: Place) -> bool:
    return abs(one.lon - other.lon) <= SAME_POINT_DEGREES and abs(one.lat - other.lat) <= SAME_POINT_DEGREES
