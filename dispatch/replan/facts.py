"""Events against what is known: ids settled, rows that cannot be true refused, and what each case came to.

What was counted before is counted no more, so one file may grow through the night.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pandas as pd

from dispatch.domain import Place, Plan, Problem
from dispatch.intake.columns import REJECTED_COLUMNS
from dispatch.intake.fields import normal_phone
from dispatch.redact import clean
from dispatch.replan import history
from dispatch.replan.events import OF_CASE, STEPS, Event, too_old
from dispatch.replan.history import DueVisits, Life, Visited

OF_STOP = frozenset({*STEPS, "unsigned", "outcome"})


class Untrue(ValueError):
    """A row that does not fit what is known: which column, what it holds, what was expected."""

    def __init__(self, column: str, found: str, expected: str) -> None:
        super().__init__(expected)
        self.column, self.found, self.expected = column, found, expected


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true now. `events` are the new ones in order, ids settled; `skipped` were counted before.

    `lives` by case id; `gone`: case id → moment its planned visit became needless; `corrected` are
    cases whose place was put right.
    """

    events: tuple[Event, ...]
    lives: Mapping[str, Life]
    gone: Mapping[str, datetime]
    corrected: frozenset[str]
    rejected: pd.DataFrame
    skipped: int
    keys: tuple[tuple[str, ...], ...] = ()


@dataclass
class _Court:
    """Hears one event after the other."""

    problem: Problem
    plan: Plan
    case_of: Mapping[str, str]
    at: datetime
    stale_hours: float
    hold_fraction: Mapping[str, float]
    due: DueVisits
    lives: dict[str, Life]
    gone: dict[str, datetime] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)
    reported: set[tuple[str, str]] = field(default_factory=set)

    def hear(self, event: Event) -> Event:
        """The event with its ids settled; `Untrue` if it cannot be."""
        if event.at > self.at:
            raise Untrue("at", event.at.isoformat(), f"不晚于 --at {self.at:%H:%M} (not after --at)")
        if too_old(event, self.at, self.stale_hours):
            raise Untrue(
                "at", event.at.isoformat(), f"{self.stale_hours:g} 小时内 (within {self.stale_hours:g} h)"
            )
        event = self._settled_ids(event)
        if event.kind == "hold":
            event = replace(event, factor=self.hold_fraction[event.value])
        if event.kind in OF_CASE and not self._led_to_second_visit(event):
            self._of_case(event)
        return event

    def _led_to_second_visit(self, event: Event) -> bool:
        """Whether it is of the visit before: a plan that began with the second one knows of it."""
        life = self.lives.get(event.case_id)
        due = life.second_visit_at if life else None
        return due is not None and event.kind == "outcome" and event.at < due - history.EARLY

    def _settled_ids(self, event: Event) -> Event:
        case_id, who = event.case_id, event.responder_id
        if case_id:
            case_id = self.case_of.get(case_id, "")
            if not case_id:
                raise Untrue(
                    "case", event.case_id, "方案中的警情或预警编号 (a case of the plan, or an alert of one)"
                )
        if who:
            who = self._responder(who)
        if event.kind == "outcome" and not who:
            waiting = self._not_yet_told(case_id, who)
            who = waiting.responder_id if waiting else ""
        if event.kind in OF_STOP and not who:
            who = next((one for one, stop in self._stops(case_id) if stop.leads), "")
            if not who and event.kind != "outcome":
                raise Untrue("case", event.case_id, "方案中有人前往的警情 (a case somebody is sent to)")
        if event.kind in OF_STOP and not case_id:
            ahead = [
                stop.case_id
                for route in self.plan.routes
                if route.responder_id == who
                for stop in route.stops
                if (who, stop.case_id) not in self.reported
            ]
            if not ahead:
                raise Untrue(
                    "responder", event.responder_id, "方案中有任务的处置力量 (a responder with a stop)"
                )
            case_id = ahead[0]
        return replace(event, case_id=case_id, responder_id=who)

    def _responder(self, said: str) -> str:
        for one in self.problem.responders:
            if said == one.id:
                return said
        named = [one.id for one in self.problem.responders if said == one.name]
        if len(named) != 1:
            raise Untrue(
                "responder", said, "方案中的处置力量编号或名称 (the id or name of a responder of the plan)"
            )
        return named[0]

    def _stops(self, case_id: str) -> list[tuple[str, Any]]:
        return [
            (route.responder_id, stop)
            for route in self.plan.routes
            for stop in route.stops
            if stop.case_id == case_id
        ]

    def _of_case(self, event: Event) -> None:
        life = self.lives.get(event.case_id, Life(event.case_id))
        if life.settled and life.settled != history.UNREPORTED and event.kind in {"answered", "outcome"}:
            since = f"{life.settled_at:%H:%M}" if life.settled_at else ""
            raise Untrue(
                "case",
                event.case_id,
                f"未办结的警情 (an open case; this one is {life.settled} since {since})",
            )
        match event.kind:
            case "answered":
                life = history.after_call(life, event)
            case "hold" | "release":
                life = history.after_hold(life, event)
            case "place":
                life = history.after_correction(life, event)
                self.corrected.add(event.case_id)
                self.gone[event.case_id] = event.at
            case "outcome":
                life = history.after_visit(life, self._visited(event), self.due)
                self.reported.add((event.responder_id, event.case_id))
        if life.settled and life.settled != history.UNREPORTED:
            self.gone.setdefault(event.case_id, event.at)
        self.lives[event.case_id] = life

    def _not_yet_told(self, case_id: str, who: str) -> Visited | None:
        """The visit of an earlier plan that waits for its report."""
        life = self.lives.get(case_id, Life(case_id))
        return next(
            (
                one
                for one in reversed(life.visits)
                if one.outcome == history.NOT_YET_TOLD and who in {"", one.responder_id}
            ),
            None,
        )

    def _visited(self, event: Event) -> Visited:
        crews = {one.id: one for one in self.problem.responders}
        places = {place.id: place for case in self.problem.cases for place in case.places}
        waiting = self._not_yet_told(event.case_id, event.responder_id)
        if waiting is not None:
            return replace(waiting, at=event.at, outcome=event.value)
        stop = next((stop for who, stop in self._stops(event.case_id) if who == event.responder_id), None)
        place: Place | None = places.get(stop.place_id) if stop else None
        if place is None:
            own = [one for case in self.problem.cases if case.id == event.case_id for one in case.places]
            place = own[0] if own else None
        return Visited(
            at=event.at,
            responder_id=event.responder_id,
            kind=crews[event.responder_id].kind if event.responder_id in crews else "",
            place_id=place.id if place else "",
            lon=place.lon if place else float("nan"),
            lat=place.lat if place else float("nan"),
            outcome=event.value,
        )


def facts(
    problem: Problem,
    plan: Plan,
    events: Sequence[Event],
    *,
    at: datetime,
    case_of: Mapping[str, str],
    lives: Mapping[str, Life],
    counted: Iterable[Sequence[str]],
    stale_hours: float,
    hold_fraction: Mapping[str, float],
    due: DueVisits,
) -> Facts:
    """Hear all events in order.

    Parameters
    ----------
    case_of
        Any alert's id → its case's.
    counted
        Keys of events counted before.
    """
    court = _Court(problem, plan, case_of, at, stale_hours, hold_fraction, due, dict(lives))
    known = {tuple(one) for one in counted}
    heard: list[Event] = []
    rejected: list[tuple[int, str, str, str, str]] = []
    skipped = 0
    for event in events:
        try:
            true = court.hear(event) if event.key not in known else None
        except Untrue as untrue:
            found = clean(untrue.found, 80)
            rejected.append((event.row, untrue.column, found, untrue.expected, clean(event.as_given, 400)))
            continue
        if true is None:
            skipped += 1
            continue
        known |= {event.key, true.key}
        heard.append(true)
    return Facts(
        tuple(heard),
        court.lives,
        court.gone,
        frozenset(court.corrected),
        pd.DataFrame(rejected, columns=list(REJECTED_COLUMNS)).astype({"row": "int64"}),
        skipped,
        tuple(sorted(known)),
    )


def for_partners(plan: Plan, events: Sequence[Event]) -> list[Event]:
    """The events, those of a visit that two make repeated for the second."""
    mates = {
        (route.responder_id, stop.case_id): stop.partner_id
        for route in plan.routes
        for stop in route.stops
        if stop.partner_id
    }
    found = list(events)
    for one in events:
        mate = mates.get((one.responder_id, one.case_id))
        if mate and one.kind in {"met", "outcome"}:
            found.append(replace(one, responder_id=mate))
    return sorted(found, key=lambda one: one.at)


def people_of(rows: pd.DataFrame) -> dict[str, list[int]]:
    """Case id → numbers of its rows, its own first: alerts of one telephone are one person's, as triage has it."""
    first: dict[str, Any] = {}
    phones = [normal_phone(one) for one in rows["phone"]]
    columns = zip(rows.index, rows["alert_id"], rows["alerted_at"], phones, strict=True)
    group_of: dict[str, str] = {}
    groups: dict[str, list[tuple[Any, int, str]]] = {}
    for row, alert_id, moment, phone in columns:
        key = group_of.setdefault(alert_id, f"tel:{phone}" if phone else f"id:{alert_id}")
        if phone and key.startswith("id:"):  # another row of the alert names the telephone
            group_of[alert_id] = f"tel:{phone}"
            groups.setdefault(f"tel:{phone}", []).extend(groups.pop(key, []))
            key = group_of[alert_id]
        groups.setdefault(key, []).append((moment, int(row), alert_id))
        if alert_id not in first or moment < first[alert_id]:
            first[alert_id] = moment
    people = {}
    for group in groups.values():
        ordered = sorted(group, key=lambda one: (first[one[2]], one[1]))
        people[ordered[0][2]] = [row for _, row, _ in ordered]
    return people
