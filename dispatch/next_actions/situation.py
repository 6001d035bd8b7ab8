"""What is known of each open case when somebody asks what to do next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pandas as pd

from dispatch.domain import Case, Plan, Problem
from dispatch.errors import BadInput
from dispatch.intake.triage import Triage
from dispatch.ledger.ledger import Ledger
from dispatch.ledger.reading import Instruction, OpenCase
from dispatch.ledger.state import Event
from dispatch.loss import quantise
from dispatch.next_actions.effects import Contacts, Effect
from dispatch.next_actions.settings import NextSettings

HOLD_ACTIONS: Mapping[str, str] = {"bank": "hold", "line": "cut_line", "relative": "relative"}
"""Which action a hold of the ledger came of."""

ASKED_OF: Mapping[str, str] = {"bank": "hold", "carrier": "cut_line"}
"""Which action an ask of the ledger that failed was."""

_STILL_OPEN = frozenset({"disbelieved", "refused", "busy", "off", "unreached"})


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried: failures so far by action, and how the last call ended (``none``: not called)."""

    failed: Mapping[str, int] = field(default_factory=dict)
    result: str = "none"


@dataclass(frozen=True, slots=True)
class Subject:
    """One open case: the visits planned as `contacts`, what is in force, what was tried.

    `only` are the actions it may be offered; empty means all.
    """

    case: Case
    contacts: Contacts = ()
    in_force: tuple[Effect, ...] = ()
    tried: Tried = Tried()
    only: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Situation:
    """All open cases. `now_minutes` is how long after `at` somebody asks; all minutes count from `at`.

    `problem` and `plan` are None where no plan was given: then nothing is said of visits freed.
    `overdue` cases have a planned contact that has passed, and nobody has said what came of it.
    """

    at: datetime
    horizon_minutes: float
    subjects: tuple[Subject, ...]
    now_minutes: float = 0.0
    problem: Problem | None = None
    plan: Plan | None = None
    overdue: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    synthetic: bool = False


def tried_of(case: Case) -> Tried:
    """What the reasons of a case tell of calls made."""
    failed, result = 0, "none"
    for reason in case.reasons:
        if reason.code in {"UNREACHED", "DISBELIEVES"}:
            result = str(reason.params.get("result", result))
            failed = max(failed, int(reason.params.get("attempts") or 1))
    return Tried({"ring": failed}, result)


def of_plan(problem: Problem, plan: Plan, now: datetime | None = None) -> Situation:
    """The cases of a plan, at its own moment or later."""
    now_minutes = max(0.0, ((now or problem.at) - problem.at) / timedelta(minutes=1))
    visits: dict[str, list[tuple[float, float]]] = {}
    chance = {place.id: place.probability for case in problem.cases for place in case.places}
    for route in plan.routes:
        for stop in route.stops:
            if stop.leads:
                visits.setdefault(stop.case_id, []).append((stop.contact, chance[stop.place_id]))
    subjects = tuple(
        Subject(case, tuple(visits.get(case.id, ())), (), tried_of(case)) for case in problem.cases
    )
    late = tuple(
        one.case.id for one in subjects if now_minutes and any(at <= now_minutes for at, _ in one.contacts)
    )
    return Situation(problem.at, problem.horizon_minutes, subjects, now_minutes, problem, plan, late)


def with_calls(situation: Situation, calls: pd.DataFrame) -> Situation:
    """The situation with those who need no visit yet and are to be rung: rows of `calls.csv`."""
    known = {one.case.id for one in situation.subjects}
    more = [
        Subject(
            Case(
                id=str(row["alert_id"]),
                tier=row["tier"],
                fraud_type=str(row["fraud_type"]),
                stake_yuan=float(row["stake_yuan"]),
                hazard_per_hour=float(row["hazard_per_hour"]),
                places=(),
                amount_yuan=float(row["stake_yuan"]),
            ),
            tried=Tried({"ring": int(row["attempts"])}, str(row["contact_result"] or "none")),
            only=frozenset({"ring"}),
        )
        for row in calls.to_dict("records")
        if str(row["alert_id"]) not in known
    ]
    return replace(situation, subjects=situation.subjects + tuple(more))


def with_ledger(situation: Situation, ledger: Ledger, now: datetime) -> Situation:
    """The situation as the ledger knows it: closed cases gone, attempts counted, holds in force."""
    book = _Book(ledger, now, situation.at)
    kept: list[Subject] = []
    closed: list[str] = []
    overdue: list[str] = []
    for subject in situation.subjects:
        known = book.case_of(subject.case)
        if known is None:
            kept.append(subject)
        elif known.case_id not in book.open:
            closed.append(subject.case.id)
        else:
            kept.append(book.told(subject, known, situation.now_minutes))
            if known.outcome_at is None and any(at <= situation.now_minutes for at, _ in subject.contacts):
                overdue.append(subject.case.id)
    return replace(situation, subjects=tuple(kept), closed=tuple(closed), overdue=tuple(overdue))


def of_ledger(
    ledger: Ledger, sorted_out: Triage, now: datetime, horizon_minutes: float, settings: NextSettings
) -> Situation:
    """The ledger's open cases without a plan: visits are those under way, by their instructions."""
    hazards, _ = quantise([case.hazard_per_hour for case in sorted_out.cases])
    book = _Book(ledger, now, now)
    subjects = []
    for case, hazard in zip(sorted_out.cases, hazards, strict=True):
        known = book.case_of(case)
        going = [one for one in book.under_way.get(known.case_id if known else case.id, ()) if one.contact_by]
        contacts = tuple(
            (max(0.0, _minutes(one.contact_by, now)), settings.found_probability) for one in going[:1]
        )
        subject = Subject(replace(case, hazard_per_hour=float(hazard)), contacts, (), tried_of(case))
        subjects.append(book.told(subject, known, 0.0) if known else subject)
    return with_calls(Situation(now, horizon_minutes, tuple(subjects)), sorted_out.calls)


class _Book:
    """What the ledger says of all open cases at one moment. Minutes count from `at`."""

    def __init__(self, ledger: Ledger, now: datetime, at: datetime) -> None:
        self.ledger, self.at, self.now = ledger, at, now
        self.open: dict[str, OpenCase] = {one.case_id: one for one in ledger.open_cases(now)}
        self.case_ids = ledger.remembered(now, str(ledger.settings.zone)).case_of
        self.under_way: dict[str, list[Instruction]] = {}
        for one in ledger.instructions():
            self.under_way.setdefault(one.case_id, []).append(one)

    def case_of(self, case: Case) -> OpenCase | None:
        """The ledger's own case of a case of the plan; None if it does not know it."""
        for one in (case.id, *case.alert_ids):
            case_id = self.case_ids.get(one, one)
            if case_id in self.open:
                return self.open[case_id]
        try:
            return self.ledger.case(case.id)
        except BadInput:
            return None

    def told(self, subject: Subject, known: OpenCase, now_minutes: float) -> Subject:
        """The subject with what the ledger knows of it."""
        case = subject.case
        events = [event for event, _ in self.ledger.history(known.case_id) if event.at <= self.now]
        contacts = subject.contacts
        if known.outcome_at is not None:  # a visit came back and the case is still open: it did not help
            contacts = tuple(one for one in contacts if one[0] > now_minutes)
        in_force = [*subject.in_force, *_holds(events, self.at)]
        safe = _minutes(known.safe_at, self.at) if known.safe_at else None
        if safe is not None and -safe < case.safe_minutes_ago:
            case = _seen_safe(case, -safe)
            if safe > 0:  # it was still there then: nothing can have been lost before
                in_force.append(Effect(0.0, safe, 0.0))
        return replace(
            subject,
            case=case,
            contacts=contacts,
            in_force=tuple(in_force),
            tried=_tried(known, events, subject),
        )


def _seen_safe(case: Case, minutes_ago: float) -> Case:
    """The case, the money having been seen so long before the plan's moment (negative: after it)."""
    ago = max(0.0, minutes_ago)
    newer = case.safe_minutes_ago - ago
    stake = case.stake_yuan * math.exp(case.hazard_per_hour * newer / 60.0)
    most = case.amount_yuan * case.transfer_probability
    return replace(case, stake_yuan=min(stake, max(most, case.stake_yuan)), safe_minutes_ago=ago)


def _tried(known: OpenCase, events: Sequence[Event], subject: Subject) -> Tried:
    failed = dict(subject.tried.failed)
    failed["ring"] = max(failed.get("ring", 0), known.attempts)
    for event in events:
        channel = str(event.body.get("channel", "")) if event.kind == "rang" else ""
        if channel in ASKED_OF:
            failed[ASKED_OF[channel]] = failed.get(ASKED_OF[channel], 0) + 1
        if channel == "relative":
            if event.body["result"] in _STILL_OPEN:
                failed["relative"] = failed.get("relative", 0) + 1
            failed["ring"] = max(0, failed["ring"] - 1)  # the ledger counts every attempt as a call
    return Tried(failed, known.contact_result or subject.tried.result)


def _holds(events: Sequence[Event], at: datetime) -> list[Effect]:
    """Holds placed and not released, in minutes from `at`."""
    placed: dict[str, Effect] = {}
    for event in events:
        if event.kind == "held":
            until = _minutes(datetime.fromisoformat(event.body["until"]), at)
            placed[event.body["hold_id"]] = Effect(
                _minutes(event.at, at), until, float(event.body["fraction"])
            )
        elif event.kind == "released":
            placed.pop(event.body["hold_id"], None)
    return list(placed.values())


def _minutes(moment: datetime | None, at: datetime) -> float:
    return (moment - at) / timedelta(minutes=1) if moment else 0.0
