"""Backup and restore: SQLite by its online backup, PostgreSQL by pg_dump; whole files or none."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL

from dispatch.errors import BadInput, MissingInput, OutputExists
from dispatch.ledger.migrating import MARK
from dispatch.ledger.place import PG_SCHEMA, WAIT_SECONDS, file_of, ledger_url, make_file, shown

PAGES_AT_A_TIME = 4096
_PG_MAGIC = b"PGDMP"


def backup(url: str | Path | None, target: Path, *, force: bool = False) -> int:
    """Copy a ledger to `target` while others go on writing; the bytes written.

    The copy is of one moment, readable by its owner only, and appears whole or not at all.

    Raises
    ------
    OutputExists, MissingInput, BadInput
        `target` is there; there is no ledger; the copy does not hold together.
    """
    if target.exists() and not force:
        raise OutputExists(target)
    place = ledger_url(url)
    with _beside(target) as fresh:
        path = file_of(place)
        if path is None:
            _pg("pg_dump", place, "--format=custom", f"--schema={PG_SCHEMA}", "--no-owner", f"--file={fresh}")
        else:
            if not path.is_file():
                raise MissingInput(path, made_by=f"dispatch ledger init --ledger {path}")
            _copy_sqlite(path, fresh)
            check_copy(fresh)
        _sync(fresh)
        fresh.replace(target)
    return target.stat().st_size


def restore(source: Path, url: str | Path | None, *, force: bool = False) -> None:
    """Put a backup where the ledger is; with `force` over what is there, in one transaction.

    Whoever has the ledger open meanwhile sees the old one or the new one. What was forgotten
    after the backup was made comes back with it: forget again.

    Raises
    ------
    OutputExists, MissingInput, BadInput
        There is a ledger and no `force`; the backup is missing, damaged or of the other kind.
    """
    if not source.is_file():
        raise MissingInput(source, made_by="dispatch ledger backup")
    place = ledger_url(url)
    path = file_of(place)
    with source.open("rb") as file:
        head = file.read(16)
    if head.startswith(_PG_MAGIC) != (path is None):
        kinds = ("PostgreSQL", "SQLite") if path is not None else ("SQLite", "PostgreSQL")
        raise BadInput(
            f"{source} is no backup of a {kinds[1]} ledger (or one of {kinds[0]}); choose the right --ledger"
        )
    if path is None:
        _restore_postgres(source, place, force=force)
        return
    check_copy(source)
    if path.exists() and path.stat().st_size and not force:
        raise OutputExists(path)
    if path.exists() and path.stat().st_size:
        _copy_sqlite(source, path)
        return
    with _beside(path) as fresh:
        _copy_sqlite(source, fresh)
        _sync(fresh)
        fresh.replace(path)


def check_copy(path: Path) -> None:
    """BadInput unless a file is a whole ledger."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            [sound] = connection.execute("PRAGMA integrity_check(1)").fetchone()
            mark = connection.execute("SELECT value FROM meta WHERE key = 'is'").fetchone()
    except sqlite3.DatabaseError as cause:
        raise BadInput(f"{path} is no ledger, or is damaged ({cause}); use another backup") from cause
    if sound != "ok" or mark != (MARK,):
        raise BadInput(f"{path} is damaged ({sound}); use another backup")


def _copy_sqlite(source: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(source, timeout=WAIT_SECONDS)) as old,
            closing(sqlite3.connect(target, timeout=WAIT_SECONDS)) as new,
        ):
            old.backup(new, pages=PAGES_AT_A_TIME)
    except sqlite3.Error as cause:
        raise BadInput(f"{source} could not be copied to {target} ({cause}); nothing was changed") from cause


def _restore_postgres(source: Path, place: URL, *, force: bool) -> None:
    found = _psql(place, f"SELECT count(*) FROM pg_namespace WHERE nspname = '{PG_SCHEMA}'")  # noqa: S608 - a constant
    if found != "0" and not force:
        raise OutputExists(shown(place))
    _psql(place, "CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public")
    replace = ("--clean", "--if-exists") if found != "0" else ()
    _pg("pg_restore", place, *replace, "--no-owner", "--single-transaction", "--exit-on-error", str(source))


def _psql(place: URL, statement: str) -> str:
    return _pg("psql", place, "--no-psqlrc", "--tuples-only", "--no-align", f"--command={statement}").strip()


def _pg(tool: str, place: URL, *arguments: str) -> str:
    """Run one of PostgreSQL's own tools; the password goes by the environment, where no process list shows it."""
    found = shutil.which(tool)
    if found is None:
        raise BadInput(
            f"{tool} is not installed; install PostgreSQL's client programs (apt-get install postgresql-client)"
        )
    plain = place.set(drivername="postgresql", password=None).render_as_string()
    environment = os.environ | ({"PGPASSWORD": str(place.password)} if place.password else {})
    done = subprocess.run(  # noqa: S603 - a program by its name, arguments as a list
        [found, f"--dbname={plain}", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BadInput(f"{tool} failed: {' '.join(done.stderr.split())[:300]}; nothing was changed")
    return done.stdout


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A file of our own beside the target; gone if the work is not finished."""
    fresh = target.with_name(f".{target.name}.new-{os.getpid()}-{secrets.token_hex(4)}")
    make_file(fresh)
    try:
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
