"""A PostgreSQL server with PostGIS that lives as long as the tests: in a folder of its own, on a socket in it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from dispatch.ledger.place import PG_SCHEMA
from tools import system_needs

OWNER = "postgres"


class Server:
    """A running server with one database, whose ledger `empty_database` throws away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"postgresql://{OWNER}@/{OWNER}?host={folder}"

    def run(self, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs as the server's owner, and expect success."""
        tool = system_needs.postgres()
        assert tool is not None
        done = subprocess.run(
            [tool.parent / name, *arguments],
            capture_output=True,
            text=True,
            check=False,
            **_as_owner(self.folder),
        )
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr or done.stdout}")

    def empty_database(self) -> str:
        """The database's URL, with no ledger in it; PostGIS stays, for making it takes seconds."""
        with psycopg.connect(self.url) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {PG_SCHEMA} CASCADE")
        return self.url

    @property
    def data(self) -> Path:
        """Where its files are."""
        return self.folder / "data"


def _as_owner(folder: Path) -> dict[str, object]:
    """PostgreSQL refuses to run as root: then it runs as the user its package has made."""
    rights = {"cwd": folder}
    return rights | ({"user": OWNER, "group": OWNER, "extra_groups": []} if os.geteuid() == 0 else {})


@contextmanager
def running() -> Iterator[Server]:
    """A server without network, without durability: it is thrown away."""
    folder = Path(tempfile.mkdtemp(prefix="ledger-pg-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam(OWNER)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    server = Server(folder)
    try:
        server.run(
            "initdb", "--pgdata", str(server.data), "--username", OWNER, "--auth", "trust", "--encoding", "UTF8",
            "--no-locale", "--no-sync",
        )  # fmt: skip
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off -c full_page_writes=off"
        server.run(
            "pg_ctl", "start", "--wait", "--silent", "--pgdata", str(server.data), "--log", str(folder / "log"),
            "--options", options,
        )  # fmt: skip
        yield server
    finally:
        if (server.data / "postmaster.pid").exists():
            server.run("pg_ctl", "stop", "--mode", "immediate", "--silent", "--pgdata", str(server.data))
        shutil.rmtree(folder, ignore_errors=True)
