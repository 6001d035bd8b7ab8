"""Writing into a ledger: each method one transaction, several of them one within `Recording.together`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

import pandas as pd
from sqlalchemy import select

from dispatch.domain import Plan, Problem
from dispatch.errors import BadInput
from dispatch.ledger import alerts, reading
from dispatch.ledger.alerts import Recorded
from dispatch.ledger.errors import unknown
from dispatch.ledger.keeper import Keeper, refuse_stale
from dispatch.ledger.limits import HoldKind, LedgerSettings
from dispatch.ledger.planning import plan_events
from dispatch.ledger.reading import Instruction, Overdue
from dispatch.ledger.schema import promise_state
from dispatch.ledger.state import Event
from dispatch.reasons import OUTCOMES

RESULTS = ("unreached", "busy", "off", "refused", "disbelieved", "persuaded")
CHANNELS = ("phone", "relative", "message", "other")
ASKED = ("bank", "carrier", "relative")
WORD = re.compile(r"[a-z][a-z_]{0,59}")
"""What a word without a person in it looks like: a code."""
STEP_KINDS = ("sent", "signed", "departed", "arrived", "met", "cancelled")


class Recording:
    """The writing half of a `Ledger`."""

    _keeper: Keeper
    settings: LedgerSettings

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything written in this block is one transaction: all of it is committed when it ends, or nothing.

        What is read in it is the ledger as the block has left it so far.
        """
        with self._keeper.writing():
            yield

    def record_alerts(self, rows: pd.DataFrame, *, at: datetime, by: str) -> Recorded:
        """Keep alert rows as `dispatch.intake.alerts.read_alerts` gives them; those there already change nothing.

        Raises
        ------
        TableError
            `rows` is not such a table.
        """
        with self._keeper.writing() as connection:
            return alerts.record_alerts(self._keeper, connection, rows, at=at, by=by)

    def record(
        self, one: Event, *, note: str = "", version: int | None = None, token: str | None = None
    ) -> Event | None:
        """Append one event of a case, its words apart; None if `token` was recorded before.

        The methods below make the events; use them where one fits.

        Raises
        ------
        Conflict
            The case is not at `version`.
        BadInput
            The event is of something the ledger does not hold.
        """
        return self.record_together(
            [one],
            notes=[note],
            versions={str(one.case_id): version} if version is not None else {},
            tokens=[token],
        )[0]

    def record_together(
        self,
        events: Sequence[Event],
        *,
        notes: Sequence[str] = (),
        versions: Mapping[str, int] | None = None,
        tokens: Sequence[str | None] = (),
    ) -> list[Event | None]:
        """Append several events in one transaction: all of them, or none."""
        with self._keeper.writing() as connection:
            refuse_stale(connection, versions or {}, self._keeper.zone)
            return [
                self._keeper.append(
                    connection,
                    one,
                    notes[n] if n < len(notes) else "",
                    tokens[n] if n < len(tokens) else None,
                )
                for n, one in enumerate(events)
            ]

    def record_contact(
        self,
        case_id: str,
        result: str,
        *,
        at: datetime,
        by: str,
        channel: str = "phone",
        note: str = "",
        version: int | None = None,
    ) -> None:
        """A call or another attempt to reach the person: `RESULTS`, by one of `CHANNELS`.

        Persuaded closes the case, unless settings want a second visit after that.
        """
        _one_of("result", result, RESULTS)
        _one_of("channel", channel, CHANNELS)
        body: dict[str, Any] = {"result": result, "channel": channel}
        due = self.settings.due_visits("phone_persuaded", at) if result == "persuaded" else None
        if due is not None:
            body["due_visits"] = due
        self.record(Event("rang", at, by, case_id, body=body), note=note, version=version)

    def record_failed_ask(
        self, case_id: str, asked: str, *, at: datetime, by: str, note: str = "", version: int | None = None
    ) -> None:
        """A bank, a carrier or a relative (`ASKED`) was asked for a hold and did not grant it.

        Asking a second time has less chance; nothing else of the case changes: the person was not rung.
        """
        _one_of("asked", asked, ASKED)
        body = {"result": "refused", "channel": asked}
        self.record(Event("rang", at, by, case_id, body=body), note=note, version=version)

    def place_hold(
        self,
        case_id: str,
        kind: HoldKind,
        until: datetime,
        *,
        at: datetime,
        by: str,
        fraction: float | None = None,
        version: int | None = None,
    ) -> str:
        """A hold until `until`; `fraction` of the hazard is left (default: settings, by kind). Gives the hold's id."""
        _one_of("hold", kind, tuple(self.settings.hold_fraction))
        left = self.settings.hold_fraction[kind] if fraction is None else fraction
        if not 0 <= left <= 1:
            raise BadInput(f"a hold leaves a fraction of the hazard between 0 and 1, found {left}")
        if until <= at:
            raise BadInput(f"a hold ends after it begins, found {until.isoformat()}")
        hold_id = f"H-{uuid4().hex[:10]}"
        body = {"hold_id": hold_id, "kind": kind, "fraction": left, "until": until.isoformat()}
        self.record(Event("held", at, by, case_id, body=body), version=version)
        return hold_id

    def release_hold(
        self, case_id: str, hold_id: str, *, at: datetime, by: str, version: int | None = None
    ) -> None:
        """A hold ends before its time."""
        self.record(Event("released", at, by, case_id, body={"hold_id": hold_id}), version=version)

    def promise(
        self, case_id: str, text: str, due_at: datetime, *, at: datetime, by: str, version: int | None = None
    ) -> str:
        """Something promised to somebody, to be done by `due_at`; gives the promise's id."""
        if not text.strip():
            raise BadInput("a promise needs its words: what was promised, and to whom")
        promise_id = f"P-{uuid4().hex[:10]}"
        body = {"promise_id": promise_id, "due_at": due_at.isoformat()}
        self.record(Event("promised", at, by, case_id, body=body), note=text, version=version)
        return promise_id

    def keep_promise(self, promise_id: str, *, at: datetime, by: str) -> None:
        """A promise was kept."""
        with self._keeper.writing() as connection:
            case_id = connection.scalar(
                select(promise_state.c.case_id).where(promise_state.c.promise_id == promise_id)
            )
            if case_id is None:
                raise unknown("promise", promise_id)
            self._keeper.append(connection, Event("kept", at, by, case_id, body={"promise_id": promise_id}))

    def record_plan(
        self,
        problem: Problem,
        plan: Plan,
        *,
        at: datetime,
        by: str,
        versions: Mapping[str, int] | None = None,
        summary: Mapping[str, Any] | None = None,
        shown_to: str | None = None,
    ) -> list[Instruction]:
        """Keep a plan and draft its instructions, one a stop; the same plan of the same moment changes nothing.

        Drafts of the same cases that were never sent are cancelled. `versions`: case id → version
        read when planning; `shown_to`: who sees the plan (default: `by`).

        Raises
        ------
        Conflict
            A case changed while the plan was made: the difference, and nothing is written.
        BadInput
            A planned case is not in the ledger.
        """
        with self._keeper.writing() as connection:
            refuse_stale(connection, versions or {}, self._keeper.zone)
            events = plan_events(
                connection, problem, plan, at=at, by=by, summary=summary or {}, shown_to=shown_to or by
            )
            for one in events:
                self._keeper.append(connection, one)
            drafted = [str(one.instruction_id) for one in events if one.kind == "drafted"]
            return reading.instructions_of(connection, drafted)

    def step(
        self,
        instruction_id: str,
        step: str,
        *,
        at: datetime,
        by: str,
        note: str = "",
        version: int | None = None,
    ) -> Instruction:
        """An instruction was sent, signed 签收, departed for, arrived at, met or cancelled.

        `version` is the instruction's. A step that was noted before stays as it was noted first.
        """
        return self.steps([instruction_id], step, at=at, by=by, note=note, version=version)[0]

    def steps(
        self,
        instruction_ids: Sequence[str],
        step: str,
        *,
        at: datetime,
        by: str,
        note: str = "",
        version: int | None = None,
        versions: Mapping[str, int] | None = None,
    ) -> list[Instruction]:
        """The same step of several instructions, all or none (a whole plan sent at once).

        `version` is the instruction's, `versions` are those of cases: refused if one has changed since.
        """
        _one_of("step", step, STEP_KINDS)
        with self._keeper.writing() as connection:
            refuse_stale(connection, versions or {}, self._keeper.zone)
            for one in reading.instructions_of(connection, instruction_ids):
                if version is not None and one.version != version:
                    raise BadInput(
                        f"instruction {one.instruction_id} is at version {one.version} ({one.step}), you read {version}; "
                        "nothing was written: look at it, then record again"
                    )
                if getattr(one, f"{step}_at") is None:
                    self._keeper.append(
                        connection, Event(step, at, by, one.case_id, one.instruction_id), note
                    )
            return reading.instructions_of(connection, instruction_ids)

    def record_outcome(
        self,
        outcome: str,
        *,
        at: datetime,
        by: str,
        instruction_id: str | None = None,
        case_id: str | None = None,
        met_at: datetime | None = None,
        transferred_at: datetime | None = None,
        note: str = "",
        version: int | None = None,
        token: str | None = None,
    ) -> str:
        """What came of a visit (`dispatch.reasons.OUTCOMES`): ``recorded``, ``same`` or ``conflict``.

        Of an instruction, or of a case nobody was sent to. Reporting the same twice changes
        nothing; a different second report of an instruction is kept beside the first.
        `version` is the case's.
        """
        _one_of("outcome", outcome, OUTCOMES)
        with self._keeper.writing() as connection:
            known = reading.instructions_of(connection, [instruction_id])[0] if instruction_id else None
            case_id = known.case_id if known else case_id
            if case_id is None:
                raise BadInput("an outcome is of an instruction or of a case: name one")
            if known and known.outcome == outcome:
                return "same"
            if version is not None:
                refuse_stale(connection, {case_id: version}, self._keeper.zone)
            body: dict[str, Any] = {"outcome": outcome}
            for name, moment in (("met_at", met_at), ("transferred_at", transferred_at)):
                if moment is not None:
                    body[name] = moment.isoformat()
            due = self.settings.due_visits("met_persuaded", at) if outcome == "met_persuaded" else None
            if due is not None:
                body["due_visits"] = due
            plan_id = known.plan_id if known else None
            one = Event("reported", at, by, case_id, instruction_id, plan_id, body)
            if self._keeper.append(connection, one, note, token) is None:
                return "same"
            return "conflict" if known and known.outcome else "recorded"

    def record_shown(
        self,
        to: str,
        what: str,
        *,
        at: datetime,
        by: str,
        cases: Sequence[str] = (),
        plan_id: str | None = None,
    ) -> None:
        """Somebody was shown something of these cases (a map, a sheet, the shift page): the audit trail."""
        body = {"to": to, "what": what, "cases": list(cases)}
        self.record(Event("shown", at, by, plan_id=plan_id, body=body))

    def close_case(
        self, case_id: str, why: str, *, at: datetime, by: str, note: str = "", version: int | None = None
    ) -> None:
        """Nothing more is to be done. A `why` that is no code may tell of a person: it is kept, and erased, with the note."""
        if not WORD.fullmatch(why):
            why, note = "closed", " ".join(part for part in (why, note) if part)
        self.record(Event("closed", at, by, case_id, body={"why": why}), note=note, version=version)

    def reopen_case(
        self, case_id: str, *, at: datetime, by: str, note: str = "", version: int | None = None
    ) -> None:
        """A closed case is open again."""
        self.record(Event("reopened", at, by, case_id), note=note, version=version)

    def escalate(self, at: datetime, *, by: str) -> list[Overdue]:
        """Note that the duty lead is told of every step overdue for long enough; gives those told of now."""
        with self._keeper.writing() as connection:
            found = [
                one
                for one in reading.overdue_at(reading.live_instructions(connection), at, self.settings)
                if not one.escalated and one.late_minutes >= self.settings.escalate_after_minutes
            ]
            for one in found:
                body = {"step": one.step, "to": self.settings.duty_lead}
                own = one.instruction
                self._keeper.append(
                    connection, Event("escalated", at, by, own.case_id, own.instruction_id, body=body)
                )
        return found


def _one_of(what: str, found: str, known: Sequence[str]) -> None:
    if found not in known:
        raise BadInput(f"{what}: found {found!r:.40}, expected one of {', '.join(known)}")
