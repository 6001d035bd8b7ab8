"""Where a ledger lives: its URL, its engine, and the rights of its file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import platformdirs
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from dispatch.errors import BadInput, MissingExtra

PG_SCHEMA = "dispatch_ledger"
"""The PostgreSQL schema all tables stand in."""

WAIT_SECONDS = 10.0
"""How long a writer waits for another one."""

LEDGER_WRITE = "ledger_write"


def default_path() -> Path:
    """The ledger of this user: in the user's state directory."""
    return platformdirs.user_state_path("field-dispatch") / "ledger.db"


def ledger_url(given: str | Path | None) -> URL:
    """A file name, ``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME`` as a URL; None is `default_path`.

    Raises
    ------
    BadInput
        Another kind of database, or a URL that names none.
    """
    text = str(default_path()) if given is None or str(given) == "default" else str(given)
    if "://" not in text:
        if not text.strip():
            raise BadInput(
                "--ledger is empty; expected a file, sqlite:///FILE or postgresql://USER@HOST/NAME"
            )
        return URL.create("sqlite", database=str(Path(text).expanduser().absolute()))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as cause:
        raise BadInput(
            "--ledger is no URL that can be read; expected sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from cause
    if url.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        return url.set(database=str(Path(url.database).absolute()))
    raise BadInput(
        f"--ledger: found {url.render_as_string(hide_password=True)}, "
        "expected a file, sqlite:///FILE or postgresql://USER@HOST/NAME"
    )


def shown(url: URL) -> str:
    """The ledger's name as a person reads it, without a password."""
    return url.database or "" if url.drivername == "sqlite" else url.render_as_string(hide_password=True)


def file_of(url: URL) -> Path | None:
    """The SQLite file; None for a server."""
    return Path(str(url.database)) if url.drivername == "sqlite" else None


def make_file(path: Path) -> None:
    """An empty file only its owner may read; SQLite gives its own files beside it the same rights."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as cause:
        raise BadInput(f"cannot write {path} ({cause.strerror}); choose another --ledger") from cause


def engine_of(url: URL) -> Engine:
    """An engine whose transactions are whole: readers see one moment, writers wait for each other."""
    if url.drivername == "sqlite":
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": WAIT_SECONDS})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": int(WAIT_SECONDS)})
    except ModuleNotFoundError as cause:
        raise MissingExtra("psycopg", "postgres") from cause
    event.listen(engine, "connect", _set_up_postgres)
    event.listen(engine, "begin", _begin_postgres)
    return engine


def _set_up_sqlite(connection: Any, _: Any) -> None:
    """Durable and tidy: every commit is on the disk, what is deleted is overwritten."""
    connection.isolation_level = None  # transactions begin where we say so
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {int(WAIT_SECONDS * 1000)}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "temp_store = MEMORY",  # a sort must not leave names in a temporary file
        "trusted_schema = OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(LEDGER_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_up_postgres(connection: Any, _: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {PG_SCHEMA}, public")
        cursor.execute(f"SET lock_timeout TO '{int(WAIT_SECONDS)}s'")
    connection.commit()


def _begin_postgres(connection: Connection) -> None:
    """Writers queue, so that events are numbered in the order they are committed."""
    if connection.get_execution_options().get(LEDGER_WRITE, False):
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7301)")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
