"""Reading a ledger: each method sees one moment of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Connection, func, select

from dispatch.domain import Hold
from dispatch.ledger import alerts, reading
from dispatch.ledger.errors import unknown
from dispatch.ledger.keeper import Keeper, cases_of, event_of
from dispatch.ledger.limits import LedgerSettings
from dispatch.ledger.planning import Remembered
from dispatch.ledger.reading import Handover, Instruction, OpenCase, Overdue, Promise, StandingHold
from dispatch.ledger.schema import alert, event, instruction_state
from dispatch.ledger.state import CaseNow, Event, fold


class Looking:
    """The reading half of a `Ledger`."""

    _keeper: Keeper
    settings: LedgerSettings

    def open_cases(self, at: datetime) -> list[OpenCase]:
        """Cases to be worked on at `at`, oldest first: not closed, and not merely waiting for a second visit."""
        with self._keeper.reading() as connection:
            return reading.open_cases(connection, at)

    def case(self, case_id: str) -> OpenCase:
        """One case, open or closed. BadInput if the ledger does not hold it."""
        with self._keeper.reading() as connection:
            found = reading.one_case(connection, case_id)
        if found is None:
            raise unknown("case", case_id)
        return found

    def people(self, case_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Name, phone and address by case id, as they are; empty where unknown or forgotten."""
        with self._keeper.reading() as connection:
            return alerts.persons(self._keeper, connection, case_ids)

    def history(self, case_id: str) -> list[tuple[Event, str]]:
        """Everything that happened to a case, in order, each event with its words."""
        with self._keeper.reading() as connection:
            rows = connection.execute(
                select(event).where(event.c.case_id == case_id).order_by(event.c.seq)
            ).all()
            if not rows:
                raise unknown("case", case_id)
            words = self._keeper.words_of(connection, [row.seq for row in rows])
        return [(event_of(row), words.get(row.seq, "")) for row in rows]

    def shown(self, case_id: str) -> list[Event]:
        """Who was shown this case, in order."""
        with self._keeper.reading() as connection:
            rows = connection.execute(select(event).where(event.c.kind == "shown").order_by(event.c.seq))
            return [event_of(row) for row in rows if case_id in row.body.get("cases", ())]

    def whole_cases(self) -> Iterator[tuple[CaseNow, list[Event]]]:
        """Every case with its state and its events in order, folded in one pass: for statistics."""
        with self._keeper.reading() as connection:
            for own in cases_of(connection):
                yield fold(own), own

    def instructions(self, *, case_id: str | None = None, plan_id: str | None = None) -> list[Instruction]:
        """Instructions of a case, of a plan, or all that have not ended; oldest first."""
        with self._keeper.reading() as connection:
            if case_id is None and plan_id is None:
                return reading.live_instructions(connection)
            query = select(instruction_state)
            for column, value in (
                (instruction_state.c.case_id, case_id),
                (instruction_state.c.plan_id, plan_id),
            ):
                query = query if value is None else query.where(column == value)
            rows = connection.execute(
                query.order_by(instruction_state.c.drafted_at, instruction_state.c.instruction_id)
            )
            return [reading.instruction_of(row) for row in rows.mappings()]

    def instruction(self, instruction_id: str) -> Instruction:
        """One instruction. BadInput if the ledger does not hold it."""
        with self._keeper.reading() as connection:
            return reading.instructions_of(connection, [instruction_id])[0]

    def overdue(self, at: datetime) -> list[Overdue]:
        """Instructions whose next step is late by the limits of their tier, the latest first."""
        with self._keeper.reading() as connection:
            return reading.overdue_at(reading.live_instructions(connection), at, self.settings)

    def due_visits(self, at: datetime) -> list[OpenCase]:
        """Cases whose second visit is due at `at`."""
        return [one for one in self.open_cases(at) if one.next_visit_at is not None]

    def holds(self, at: datetime) -> list[StandingHold]:
        """Holds in force at `at`, the first to end first."""
        with self._keeper.reading() as connection:
            return reading.standing_holds(connection, at, at + timedelta(days=3650))

    def promises(self) -> list[Promise]:
        """Promises not yet kept, the first due first."""
        with self._keeper.reading() as connection:
            return self._promises(connection)

    def handover(self, at: datetime) -> Handover:
        """The shift page: everything the next shift must know, as of one moment of the ledger."""
        with self._keeper.reading() as connection:
            to_do = reading.open_cases(connection, at)
            live = reading.live_instructions(connection)
            late = reading.overdue_at(live, at, self.settings)
            until = at + timedelta(minutes=self.settings.hold_expiring_minutes)
            expiring = reading.standing_holds(connection, at, until)
            promises = self._promises(connection)
            second = [one for one in to_do if one.next_visit_at is not None]
            disputed = reading.disputed_reports(connection, at - timedelta(days=3))
            named = [case.case_id for case in to_do] + [one.case_id for one in (*live, *disputed)]
            named += [hold.case_id for hold in expiring] + [promise.case_id for promise in promises]
            people = alerts.persons(self._keeper, connection, sorted(set(named)))
        untouched = [one for one in to_do if one.instruction_id is None and one.next_visit_at is None]
        return Handover(
            at=at,
            open=tuple(sorted(untouched, key=reading.urgency)),
            under_way=tuple(live),
            unsigned=tuple(one for one in live if one.sent_at and one.step == "sent"),
            overdue=tuple(late),
            second_visits=tuple(second),
            holds_expiring=tuple(expiring),
            promises=tuple(promises),
            conflicting=tuple(disputed),
            people=people,
        )

    def cases_near(
        self, lon: float, lat: float, radius_metres: float, at: datetime
    ) -> list[tuple[OpenCase, float]]:
        """Open cases with a point within `radius_metres` (WGS-84), nearest first, with the metres."""
        with self._keeper.reading() as connection:
            cases = {one.case_id: one for one in reading.open_cases(connection, at, waiting=None)}
            nearest: dict[str, float] = {}
            for case_id, x, y in alerts.points(self._keeper, connection, list(cases)):
                metres = reading.near(lon, lat, (x, y))
                if metres <= min(radius_metres, nearest.get(case_id, radius_metres)):
                    nearest[case_id] = metres
        return [
            (cases[case_id], metres) for case_id, metres in sorted(nearest.items(), key=lambda pair: pair[1])
        ]

    def remembered(
        self, at: datetime, time_zone: str, *, second_visits_within: timedelta | None = None
    ) -> Remembered:
        """What planning starts from: the open cases' alert rows, holds, who is under way, and the versions read.

        Second visits are among them if they fall due `second_visits_within` of `at`, or were due before;
        None: they are left to others.
        """
        with self._keeper.reading() as connection:
            cases = reading.open_cases(connection, at, waiting=None)
            soon = at + (second_visits_within or timedelta())
            second = {
                one.case_id: one.due_visits
                for one in cases
                if second_visits_within is not None and one.next_visit_at and one.next_visit_at <= soon
            }
            to_plan = [one for one in cases if one.next_visit_at is None or one.case_id in second]
            sent = [one for one in reading.live_instructions(connection) if one.sent_at]
            rows, case_of = alerts.open_alerts(
                self._keeper, connection, [one.case_id for one in to_plan], time_zone
            )
        return Remembered(
            rows=rows,
            case_of=case_of,
            holds={
                one.case_id: Hold((one.hold_until - at) / timedelta(minutes=1), one.hold_fraction or 0.0)
                for one in to_plan
                if one.hold_until is not None and one.hold_until > at
            },
            under_way={one.case_id: one for one in sent},
            versions={one.case_id: one.version for one in to_plan},
            refused_by={one.case_id: one.refused_by for one in to_plan if one.refused_by},
            second_visits=second,
        )

    def alert_rows(self, since: datetime, until: datetime, time_zone: str) -> pd.DataFrame:
        """Rows of alerts raised from `since` on and before `until`, as `dispatch.intake.alerts` gives them."""
        within = (alert.c.alerted_at >= since) & (alert.c.alerted_at < until)
        with self._keeper.reading() as connection:
            cases = sorted(connection.scalars(select(alert.c.case_id).where(within).distinct()))
            rows, _ = alerts.open_alerts(self._keeper, connection, cases, time_zone)
        return rows.loc[(rows["alerted_at"] >= since) & (rows["alerted_at"] < until)]

    def alerted(self, windows: Iterable[tuple[datetime, datetime]]) -> Iterator[list[Event]]:
        """Every case with an alert raised in one of the windows (from, before): all its events, in order."""
        with self._keeper.reading() as connection:
            found: set[str] = set()
            for since, until in windows:
                within = (alert.c.alerted_at >= since) & (alert.c.alerted_at < until)
                found |= set(connection.scalars(select(alert.c.case_id).where(within).distinct()))
            yield from cases_of(connection, sorted(found))

    def first_alerted_at(self) -> datetime | None:
        """When the first alert was raised; None of an empty ledger."""
        with self._keeper.reading() as connection:
            first: datetime | None = connection.scalar(select(func.min(alert.c.alerted_at)))
        return first

    def events(
        self, kinds: Iterable[str] = (), *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Event]:
        """Every event in order, or those of some kinds, from `since` to `until`.

        They are read in one transaction, a few thousand at a time.
        """
        wanted = tuple(kinds)
        query = select(event).order_by(event.c.seq)
        query = query.where(event.c.kind.in_(wanted)) if wanted else query
        query = query if since is None else query.where(event.c.at >= since)
        query = query if until is None else query.where(event.c.at <= until)
        with self._keeper.reading() as connection:
            for row in connection.execute(query, execution_options={"yield_per": 2000}):
                yield event_of(row)

    def _promises(self, connection: Connection) -> list[Promise]:
        found = reading.open_promises(connection)
        words = self._keeper.words_of(connection, [seq for _, seq in found])
        return [dataclasses.replace(one, text=words.get(seq, "")) for one, seq in found]
