"""Retention: personal data erased from the rows, then from the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, func, select

from dispatch.ledger.schema import PERSONAL, alert, case_state, words

PATIENCE_MILLISECONDS = 1000
"""How long readers of an older moment are waited for before the log is called not clean."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Cases whose personal data is gone; `kept_open` are as old but not closed, and were left alone.

    `clean`: nothing of it is left in the file. False means that somebody else had the ledger
    open: the rows are erased, their old bytes are not yet overwritten; forget again.
    """

    cases: int
    rows: int
    kept_open: int
    clean: bool = False


def erase(connection: Connection, before: datetime) -> Forgotten:
    """Empty the personal columns of cases closed before `before`."""
    old = select(case_state.c.case_id).where(case_state.c.closed_at < before)
    due = alert.c.case_id.in_(old) & alert.c.forgotten_at.is_(None)
    cases = connection.scalar(select(func.count(func.distinct(alert.c.case_id))).where(due)) or 0
    kept_open = connection.scalar(
        select(func.count())
        .select_from(case_state)
        .where(case_state.c.closed_at.is_(None), case_state.c.alerted_at < before)
    )
    emptied = dict.fromkeys((*PERSONAL, "lon", "lat", "point", "person_key", "row_key", "place_key"))
    done = connection.execute(alert.update().where(due).values(**emptied, forgotten_at=datetime.now(UTC)))
    connection.execute(words.delete().where(words.c.case_id.in_(old)))
    return Forgotten(cases, done.rowcount, int(kept_open or 0))


def scrub(engine: Engine) -> bool:
    """Overwrite what was erased: whether nothing of it is left in the database's files.

    SQLite writes the whole file anew and empties its log; PostgreSQL rewrites the two tables.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in (alert, words):
                connection.exec_driver_sql(f"VACUUM (FULL) {table.name}")
        return True
    raw = engine.raw_connection()  # SQLite vacuums outside any transaction
    try:
        cursor = raw.cursor()
        cursor.execute("VACUUM")
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MILLISECONDS}")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.close()
    finally:
        raw.close()
    return not busy
