"""What the ledger says at a moment: open cases, what is overdue, the shift page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from dispatch.domain import TIERS
from dispatch.ledger.errors import unknown
from dispatch.ledger.keeper import chunks
from dispatch.ledger.limits import LedgerSettings
from dispatch.ledger.schema import case_state, hold_state, instruction_state, promise_state
from dispatch.ledger.state import STEPS


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case nobody has closed. `version` is what a writer who has read this passes on.

    `tier`, `fraud_type`, `amount_yuan` are as alerts say, None where none does. `responder_id`
    is under way with `instruction_id`; `refused_by` were refused at the door. `next_visit_at`: a
    second visit is due then and nothing else is to be done; `due_visits` are that and those after it.
    """

    case_id: str
    version: int
    opened_at: datetime
    alerted_at: datetime
    tier: str | None
    fraud_type: str | None
    amount_yuan: float | None
    warnings: int
    attempts: int
    contact_result: str | None
    last_attempt_at: datetime | None
    safe_at: datetime | None
    hold_until: datetime | None
    hold_fraction: float | None
    hold_kind: str | None
    visits: int
    last_outcome: str | None
    outcome_at: datetime | None
    refused_by: tuple[str, ...]
    instruction_id: str | None
    responder_id: str | None
    next_visit_at: datetime | None
    due_visits: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Instruction:
    """Somebody is to go to a case; each step with its moment and by whom, None if not yet."""

    instruction_id: str
    case_id: str
    version: int
    plan_id: str | None
    responder_id: str
    responder_kind: str | None
    responder_name: str | None
    place_id: str | None
    stop_id: str | None
    tier: str | None
    drafted_at: datetime
    depart_by: datetime | None
    contact_by: datetime | None
    sent_at: datetime | None
    sent_by: str | None
    signed_at: datetime | None
    signed_by: str | None
    departed_at: datetime | None
    departed_by: str | None
    arrived_at: datetime | None
    arrived_by: str | None
    met_at: datetime | None
    met_by: str | None
    reported_at: datetime | None
    reported_by: str | None
    cancelled_at: datetime | None
    cancelled_by: str | None
    outcome: str | None
    other_reports: tuple[Mapping[str, Any], ...]
    escalated: tuple[str, ...]
    ended_at: datetime | None

    @property
    def step(self) -> str:
        """The last step done: ``drafted`` before it is sent."""
        done = [step for step in STEPS if getattr(self, f"{step}_at") is not None]
        return done[-1] if done else "drafted"

    @property
    def who(self) -> str:
        """The responder's name, or its id."""
        return self.responder_name or self.responder_id


@dataclass(frozen=True, slots=True)
class Overdue:
    """An instruction whose next `step` was due at `due_at`; `escalated` once the duty lead was told of it."""

    instruction: Instruction
    step: str
    due_at: datetime
    late_minutes: float
    escalated: bool


@dataclass(frozen=True, slots=True)
class StandingHold:
    """A hold on a case: until `until` its hazard runs at `fraction` (0 to 1) of itself."""

    hold_id: str
    case_id: str
    kind: str
    fraction: float
    placed_at: datetime
    placed_by: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """What somebody was promised, and by when; `text` is empty once forgotten."""

    promise_id: str
    case_id: str
    made_at: datetime
    made_by: str
    due_at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class Handover:
    """The shift page at `at`. `open` cases, nobody sent there, come the worst risk first.

    Cases under way stand in `under_way`, those waiting for a second visit apart.

    `people` holds name, phone and address by case id, as they are: whoever shows them masks them.
    """

    at: datetime
    open: tuple[OpenCase, ...]
    under_way: tuple[Instruction, ...]
    unsigned: tuple[Instruction, ...]
    overdue: tuple[Overdue, ...]
    second_visits: tuple[OpenCase, ...]
    holds_expiring: tuple[StandingHold, ...]
    promises: tuple[Promise, ...]
    conflicting: tuple[Instruction, ...]
    people: Mapping[str, Mapping[str, str]]


def open_cases(connection: Connection, at: datetime, *, waiting: bool | None = False) -> list[OpenCase]:
    """Cases not closed and known at `at`, oldest first.

    `waiting` False: those to be worked on, second visits once due among them; True: only those
    that wait for a second visit still to come; None: both.
    """
    query = select(case_state).where(case_state.c.closed_at.is_(None), case_state.c.opened_at <= at)
    ahead = case_state.c.next_visit_at.is_not(None) & (case_state.c.next_visit_at > at)
    if waiting is not None:
        query = query.where(ahead if waiting else ~ahead | case_state.c.next_visit_at.is_(None))
    rows = connection.execute(query.order_by(case_state.c.opened_at, case_state.c.case_id))
    return [_open_case(row) for row in rows.mappings()]


def urgency(one: OpenCase) -> tuple[int, float, str]:
    """Sorts the worst risk first, then the most money."""
    tier = TIERS.index(one.tier) if one.tier in TIERS else len(TIERS)
    return tier, -(one.amount_yuan or 0.0), one.case_id


def live_instructions(connection: Connection) -> list[Instruction]:
    """Instructions that have not ended, oldest first."""
    query = select(instruction_state).where(instruction_state.c.ended_at.is_(None))
    rows = connection.execute(
        query.order_by(instruction_state.c.drafted_at, instruction_state.c.instruction_id)
    )
    return [instruction_of(row) for row in rows.mappings()]


def overdue_at(instructions: Sequence[Instruction], at: datetime, settings: LedgerSettings) -> list[Overdue]:
    """Instructions whose next step should have happened before `at`, the latest first."""
    late = []
    for one in instructions:
        step, due_at = _next_step(one, settings)
        if due_at is not None and due_at < at:
            minutes = (at - due_at) / timedelta(minutes=1)
            late.append(Overdue(one, step, due_at, round(minutes, 1), step in one.escalated))
    return sorted(late, key=lambda found: (-found.late_minutes, found.instruction.instruction_id))


def standing_holds(connection: Connection, at: datetime, until: datetime) -> list[StandingHold]:
    """Holds in force at `at` that end before `until`, the first to end first."""
    query = select(hold_state).where(
        hold_state.c.released_at.is_(None), hold_state.c.until >= at, hold_state.c.until <= until
    )
    rows = connection.execute(query.order_by(hold_state.c.until, hold_state.c.hold_id))
    fields = StandingHold.__dataclass_fields__
    return [StandingHold(**{name: row[name] for name in fields}) for row in rows.mappings()]


def open_promises(connection: Connection) -> list[tuple[Promise, int]]:
    """Promises not yet kept, the first due first, each with the event that holds its words."""
    rows = connection.execute(
        select(promise_state).where(promise_state.c.kept_at.is_(None)).order_by(promise_state.c.due_at)
    )
    fields = ("promise_id", "case_id", "made_at", "made_by", "due_at")
    return [(Promise(**{name: row[name] for name in fields}), row["event_seq"]) for row in rows.mappings()]


def instruction_of(row: RowMapping) -> Instruction:
    """A row of `instruction_state`."""
    values = {name: row[name] for name in Instruction.__dataclass_fields__}
    values["other_reports"] = tuple(values["other_reports"])
    values["escalated"] = tuple(values["escalated"])
    return Instruction(**values)


def near(lon: float, lat: float, other: tuple[float, float]) -> float:
    """Metres between two points as the crow flies, by the haversine on a sphere of 6,371,009 m."""
    x, y = other
    p, q = math.radians(lat), math.radians(y)
    half = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(math.radians(x - lon) / 2) ** 2
    return 2 * 6_371_009 * math.asin(min(1.0, math.sqrt(half)))


def _open_case(row: RowMapping) -> OpenCase:
    values = {name: row[name] for name in OpenCase.__dataclass_fields__}
    values["refused_by"] = tuple(values["refused_by"])
    values["due_visits"] = tuple(datetime.fromisoformat(one) for one in values["due_visits"])
    return OpenCase(**values)


def _next_step(one: Instruction, settings: LedgerSettings) -> tuple[str, datetime | None]:
    """The step that must come next and when it is due; a later step done stands for those before it."""
    limits = dict(settings.limits.items())[one.tier or "medium"]  # type: ignore[index]
    latest = one.contact_by + timedelta(minutes=limits.late_minutes) if one.contact_by else None
    if one.met_at:
        return "reported", one.met_at + timedelta(minutes=limits.report_minutes)
    if one.departed_at or one.arrived_at:
        return "met", latest
    if one.signed_at:
        free_at = max(
            one.signed_at, one.depart_by or one.signed_at
        )  # a later stop is left for when its turn comes
        return "departed", free_at + timedelta(minutes=limits.depart_minutes)
    if one.sent_at:
        return "signed", one.sent_at + timedelta(minutes=limits.sign_minutes)
    return "sent", one.drafted_at + timedelta(minutes=limits.sign_minutes)


def one_case(connection: Connection, case_id: str) -> OpenCase | None:
    """A case by its id, open or closed."""
    row = connection.execute(select(case_state).where(case_state.c.case_id == case_id)).mappings().first()
    return _open_case(row) if row else None


def disputed_reports(connection: Connection, since: datetime) -> list[Instruction]:
    """Instructions reported since then in two ways that differ."""
    query = select(instruction_state).where(instruction_state.c.reported_at >= since)
    rows = connection.execute(query.order_by(instruction_state.c.reported_at)).mappings()
    return [instruction_of(row) for row in rows if row["other_reports"]]


def instructions_of(connection: Connection, ids: Sequence[str]) -> list[Instruction]:
    """Instructions in the order of `ids`. BadInput if the ledger lacks one."""
    found: dict[str, Instruction] = {}
    for part in chunks(ids, 500):
        rows = connection.execute(
            select(instruction_state).where(instruction_state.c.instruction_id.in_(part))
        )
        found |= {row["instruction_id"]: instruction_of(row) for row in rows.mappings()}
    if missing := [one for one in ids if one not in found]:
        raise unknown("instruction", missing[0])
    return [found[one] for one in ids]
