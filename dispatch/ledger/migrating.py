"""Making a ledger, and bringing an older one up to this version's schema."""

from __future__ import annotations

import secrets
from pathlib import Path

from sqlalchemy import Connection, inspect, select

from dispatch.errors import BadInput, SchemaError
from dispatch.ledger.place import PG_SCHEMA
from dispatch.ledger.schema import HEAD, meta
from dispatch.ledger.sealing import KEY_VARIABLE, Seal

MARK = "field-dispatch ledger"
_CHECK, _CHECKED = "key_check", "the key fits"


def migrate(connection: Connection) -> None:
    """Run every migration that is not yet in, inside the connection's own transaction."""
    from alembic import command  # noqa: PLC0415 - a third of a second, needed only here
    from alembic.config import Config  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {PG_SCHEMA}")
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def first_entries(connection: Connection, key: bytes | None) -> None:
    """What a new ledger knows of itself: that it is one, its pepper, and a text only its key opens."""
    pepper = secrets.token_bytes(32)
    entries = {"is": MARK, "pepper": pepper.hex()}
    if key is not None:
        entries[_CHECK] = Seal(key, pepper).close(_CHECKED, _CHECK)
    connection.execute(meta.insert(), [{"key": name, "value": value} for name, value in entries.items()])


def revision_of(connection: Connection) -> str | None:
    """The migration the ledger stands at; None if it is empty.

    Raises
    ------
    BadInput
        The database holds something else.
    """
    schema = PG_SCHEMA if connection.dialect.name == "postgresql" else None
    tables = set(inspect(connection).get_table_names(schema=schema))
    if not tables:
        return None
    known = {row.key: row.value for row in connection.execute(select(meta))} if "meta" in tables else {}
    if known.get("is") != MARK or "alembic_version" not in tables:
        raise BadInput("the database is there but holds no ledger; choose another --ledger")
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def check_revision(revision: str, name: str) -> None:
    """SchemaError unless this version reads that schema."""
    if revision < HEAD:
        raise SchemaError(
            f"{name} has schema {revision}, this version needs {HEAD}; run: dispatch ledger upgrade --ledger {name}"
        )
    if revision > HEAD:
        raise SchemaError(
            f"{name} has schema {revision}, this version reads {HEAD}; use the version that wrote it"
        )


def seal_of(connection: Connection, key: bytes | None, name: str) -> Seal:
    """The seal of a ledger with the key of the environment.

    Raises
    ------
    BadInput
        The ledger is sealed and the key is missing or another one.
    """
    known = {row.key: row.value for row in connection.execute(select(meta))}
    pepper = bytes.fromhex(known["pepper"])
    if _CHECK not in known:
        return Seal(None, pepper)
    if key is None:
        raise BadInput(f"{name} is sealed with a key; set {KEY_VARIABLE} to it")
    seal = Seal(key, pepper)
    try:
        seal.open(known[_CHECK], _CHECK)
    except BadInput as cause:
        raise BadInput(
            f"{name} is sealed with another key than {KEY_VARIABLE} holds; set the right one"
        ) from cause
    return seal
