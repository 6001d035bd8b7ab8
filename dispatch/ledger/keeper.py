"""The one way in and out of a ledger's tables: events are appended, states follow in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from threading import local
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, func, select

from dispatch.errors import BadInput
from dispatch.ledger.errors import Conflict, plainly, unknown
from dispatch.ledger.place import LEDGER_WRITE, engine_of, shown
from dispatch.ledger.schema import STATES, case_state, event, words
from dispatch.ledger.sealing import Seal
from dispatch.ledger.state import TABLES, CaseNow, Event, Row, advance, fold

CHUNK = 2_000
"""Cases folded and written at a time when states are rebuilt."""


class Keeper:
    """An engine with the seal of its ledger; every block of `reading` or `writing` is one transaction."""

    def __init__(self, url: URL, engine: Engine | None = None) -> None:
        self.url = url
        self.name = shown(url)
        self.engine = engine or engine_of(url)
        self.seal = Seal(None, b"")
        self.zone: tzinfo = UTC
        self._own = local()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A look at one moment of the ledger, whatever others write meanwhile; within `writing`, as it stands there."""
        if (held := self._held) is not None:
            yield held
            return
        with plainly(self.name), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is the only writer; it is committed whole when the block ends, or not at all.

        A block within a block is part of it: all of the outer one is committed, or nothing.
        """
        if (held := self._held) is not None:
            yield held
            return
        with (
            plainly(self.name),
            self.engine.connect().execution_options(**{LEDGER_WRITE: True}) as connection,
            connection.begin(),
        ):
            self._own.connection = connection
            try:
                yield connection
            finally:
                self._own.connection = None

    @property
    def _held(self) -> Connection | None:
        """The transaction this thread is writing in."""
        connection: Connection | None = getattr(self._own, "connection", None)
        return connection

    def append(
        self, connection: Connection, one: Event, note: str = "", token: str | None = None
    ) -> Event | None:
        """Write an event with its words, and what follows from it; None if `token` was written before.

        Raises
        ------
        BadInput
            The event is of something the ledger does not hold.
        """
        if (
            token is not None
            and connection.scalar(select(event.c.seq).where(event.c.token == token)) is not None
        ):
            return None
        recorded = written(connection, [one], [token])[0]
        if note:
            sealed = self.seal.close(note, f"words {one.case_id}")
            connection.execute(
                words.insert().values(event_seq=recorded.seq, case_id=one.case_id or "", text=sealed)
            )
        if one.case_id is not None and one.kind != "shown":
            now = case_now(connection, one.case_id)
            try:
                advance(now, recorded)
            except LookupError as cause:
                raise BadInput(f"{cause.args[0]!s}; see: dispatch ledger show") from cause
            save(connection, now)
        return recorded

    def words_of(self, connection: Connection, seqs: Sequence[int]) -> dict[int, str]:
        """The words recorded with events, opened; events without any are absent."""
        found: dict[int, str] = {}
        for part in chunks(seqs, 500):
            rows = connection.execute(select(words).where(words.c.event_seq.in_(part)))
            found |= {row.event_seq: self.seal.open(row.text, f"words {row.case_id}") for row in rows}
        return found


def written(connection: Connection, events: Sequence[Event], tokens: Sequence[str | None]) -> list[Event]:
    """Append events in order; given back with their numbers."""
    recorded_at = datetime.now(UTC)
    rows = [
        {
            "at": one.at, "recorded_at": recorded_at, "by": one.by, "kind": one.kind, "case_id": one.case_id,
            "instruction_id": one.instruction_id, "plan_id": one.plan_id, "token": token, "body": dict(one.body),
        }
        for one, token in zip(events, tokens, strict=True)
    ]  # fmt: skip
    if connection.dialect.name == "sqlite":  # the only writer: numbers follow on, and need not be asked for
        last = (
            connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'event'").scalar() or 0
        )
        seqs = list(range(last + 1, last + 1 + len(rows)))
    else:
        seqs = list(
            connection.scalars(
                select(func.nextval("event_seq_seq")).select_from(func.generate_series(1, len(rows)))
            )
        )
    connection.execute(event.insert(), [row | {"seq": seq} for row, seq in zip(rows, seqs, strict=True)])
    return [
        replace(one, at=one.at.astimezone(UTC), seq=seq, recorded_at=recorded_at)
        for one, seq in zip(events, seqs, strict=True)
    ]


def event_of(row: Any) -> Event:
    """A row of `event`."""
    return Event(
        row.kind,
        row.at,
        row.by,
        row.case_id,
        row.instruction_id,
        row.plan_id,
        row.body,
        row.seq,
        row.recorded_at,
    )


def case_now(connection: Connection, case_id: str) -> CaseNow:
    """The state of one case as it stands; empty if it is new."""
    now = CaseNow()
    for table, part in TABLES:
        rows = connection.execute(select(table).where(table.c.case_id == case_id)).mappings().all()
        if part == "case":
            now.case = dict(rows[0]) if rows else None
        else:
            key = table.primary_key.columns[0].name
            getattr(now, part).update({row[key]: dict(row) for row in rows})
    return now


def save(connection: Connection, now: CaseNow) -> None:
    """Put one case's state in place of what stood there."""
    for table, rows in _rows(now):
        key = table.primary_key.columns[0]
        here = [row[key.name] for row in rows]
        known = set(connection.scalars(select(key).where(key.in_(here))))
        for row in rows:
            if row[key.name] in known:
                connection.execute(table.update().where(key == row[key.name]).values(row))
            else:
                connection.execute(table.insert().values(row))


def insert_states(connection: Connection, states: Sequence[CaseNow]) -> None:
    """Write the states of many new cases."""
    for position in range(len(TABLES)):
        table = TABLES[position][0]
        rows = [row for now in states for row in _rows(now)[position][1]]
        if rows:
            connection.execute(table.insert(), rows)


def rebuild(connection: Connection) -> int:
    """Throw the derived tables away and fold them anew from the events; the number of cases."""
    for table in reversed(STATES):
        connection.execute(table.delete())
    count = 0
    for states in _folded(connection):
        insert_states(connection, states)
        count += len(states)
    return count


def refuse_stale(connection: Connection, versions: Mapping[str, int], zone: tzinfo = UTC) -> None:
    """Conflict if a case is not at the version the writer read."""
    changed: dict[str, tuple[int, int, tuple[Event, ...]]] = {}
    for part in chunks(list(versions), 500):
        rows = connection.execute(
            select(case_state.c.case_id, case_state.c.version).where(case_state.c.case_id.in_(part))
        )
        found = {row.case_id: row.version for row in rows}
        for case_id in part:
            if case_id not in found:
                raise unknown("case", case_id)
            if found[case_id] != versions[case_id]:
                since = _since(connection, case_id, versions[case_id])
                changed[case_id] = (versions[case_id], found[case_id], since)
    if changed:
        raise Conflict(changed, zone)


def chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Slices of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _since(connection: Connection, case_id: str, version: int) -> tuple[Event, ...]:
    """The events of a case after its first `version`; showing it to somebody counts for none."""
    rows = connection.execute(
        select(event).where(event.c.case_id == case_id, event.c.kind != "shown").order_by(event.c.seq)
    ).all()
    return tuple(event_of(row) for row in rows[max(0, version) :])


def _rows(now: CaseNow) -> list[tuple[Table, list[Row]]]:
    parts: list[tuple[Table, list[Row]]] = []
    for table, part in TABLES:
        held = getattr(now, part)
        parts.append((table, ([held] if held else []) if part == "case" else list(held.values())))
    return parts


def cases_of(connection: Connection, case_ids: Sequence[str] | None = None) -> Iterator[list[Event]]:
    """The events of each case in order, case after case: of these cases, or of all from one pass over all events."""
    query = select(event).where(event.c.kind != "shown").order_by(event.c.case_id, event.c.seq)
    if case_ids is not None:
        for part in chunks(case_ids, 500):
            yield from _case_by_case(connection.execute(query.where(event.c.case_id.in_(part))))
        return
    every = query.where(event.c.case_id.is_not(None))
    yield from _case_by_case(connection.execute(every, execution_options={"yield_per": CHUNK}))


def _case_by_case(rows: Iterable[Any]) -> Iterator[list[Event]]:
    own: list[Event] = []
    for row in rows:
        if own and row.case_id != own[0].case_id:
            yield own
            own = []
        own.append(event_of(row))
    if own:
        yield own


def _folded(connection: Connection) -> Iterator[list[CaseNow]]:
    """States of all cases, some thousand at a time."""
    batch: list[CaseNow] = []
    for own in cases_of(connection):
        batch.append(fold(own))
        if len(batch) >= CHUNK:
            yield batch
            batch = []
    if batch:
        yield batch
