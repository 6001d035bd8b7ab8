"""The ledger: what happened to each case, who did it, and who was shown what."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

from dispatch.errors import BadInput, MissingInput
from dispatch.ledger import erasing
from dispatch.ledger.errors import plainly
from dispatch.ledger.keeper import Keeper, rebuild
from dispatch.ledger.limits import LedgerSettings, ledger_settings
from dispatch.ledger.looking import Looking
from dispatch.ledger.migrating import check_revision, first_entries, migrate, revision_of, seal_of
from dispatch.ledger.place import file_of, ledger_url, make_file
from dispatch.ledger.recording import Recording
from dispatch.ledger.schema import HEAD
from dispatch.ledger.sealing import KEY_VARIABLE, key_of
from dispatch.ledger.state import Event


class Ledger(Recording, Looking):
    """One ledger, open. Every method is a transaction of its own: it happens whole or not at all.

    Moments carry their zone. `by` is who did it, `at` when it happened (not when it was typed).
    Writers who have read a case pass its `version`; if the case has changed since, `Conflict`
    says how and nothing is written.
    """

    def __init__(self, keeper: Keeper, settings: LedgerSettings) -> None:
        self._keeper = keeper
        self.settings = settings

    @classmethod
    def open(
        cls,
        url: str | Path | None = None,
        *,
        key: bytes | None = None,
        settings: LedgerSettings | None = None,
    ) -> Ledger:
        """Open a ledger: a file, ``sqlite:///FILE`` or ``postgresql://…``; None is the user's own.

        `key` (32 bytes) opens a sealed one; by default that of the environment.

        Raises
        ------
        MissingInput, BadInput, SchemaError, MissingExtra
            There is none; it is no ledger, or its key is missing or another; it has another schema.
        """
        keeper = Keeper(ledger_url(url))
        path = file_of(keeper.url)
        if path is not None and not path.is_file():
            raise MissingInput(keeper.name, made_by=f"dispatch ledger init --ledger {keeper.name}")
        with keeper.reading() as connection:
            revision = revision_of(connection)
            if revision is None:
                raise MissingInput(
                    f"a ledger in {keeper.name}", f"dispatch ledger init --ledger {keeper.name}"
                )
            check_revision(revision, keeper.name)
            keeper.seal = seal_of(connection, key or key_of(), keeper.name)
        settings = settings or ledger_settings()
        keeper.zone = settings.zone
        return cls(keeper, settings)

    @classmethod
    def create(
        cls,
        url: str | Path | None = None,
        *,
        sealed: bool = False,
        key: bytes | None = None,
        settings: LedgerSettings | None = None,
    ) -> Ledger:
        """Make a new ledger; with `sealed`, personal columns are encrypted with `key` (default: the environment's).

        Raises
        ------
        BadInput
            There is something already, it cannot be written, or the key is missing.
        """
        keeper = Keeper(ledger_url(url))
        key = key or key_of()
        if sealed and key is None:
            raise BadInput(
                f"a sealed ledger needs a key in {KEY_VARIABLE}; make one with: openssl rand -hex 32"
            )
        path = file_of(keeper.url)
        if path is not None:
            make_file(path)
        with keeper.writing() as connection:
            if revision_of(connection) is not None:
                raise BadInput(f"{keeper.name} holds a ledger already; use it, or choose another --ledger")
            migrate(connection)
            first_entries(connection, key if sealed else None)
        return cls.open(url, key=key, settings=settings)

    @classmethod
    def upgrade(cls, url: str | Path | None = None) -> tuple[str, str]:
        """Bring an older ledger to this version's schema; the migrations before and after."""
        keeper = Keeper(ledger_url(url))
        path = file_of(keeper.url)
        if path is not None and not path.is_file():
            raise MissingInput(keeper.name, made_by=f"dispatch ledger init --ledger {keeper.name}")
        with keeper.writing() as connection:
            before = revision_of(connection)
            if before is None:
                raise MissingInput(
                    f"a ledger in {keeper.name}", f"dispatch ledger init --ledger {keeper.name}"
                )
            if before < HEAD:
                migrate(connection)
                rebuild(connection)
            else:
                check_revision(before, keeper.name)
        return before, HEAD

    @property
    def name(self) -> str:
        """Where it is, without a password."""
        return self._keeper.name

    @property
    def sealed(self) -> bool:
        """Whether personal columns are encrypted."""
        return self._keeper.seal.on

    def rebuild(self) -> int:
        """Compute all derived state anew from the events; the number of cases."""
        with self._keeper.writing() as connection:
            return rebuild(connection)

    def forget(
        self, before: datetime, *, at: datetime | None = None, by: str = "ledger"
    ) -> erasing.Forgotten:
        """Erase personal data of cases closed before `before`, from the file itself; statistics stay.

        Names, telephones, addresses, accounts, notes, points and every recorded word go; events,
        outcomes, moments and amounts stay under the case's number.
        """
        with self._keeper.writing() as connection:
            done = erasing.erase(connection, before)
            body = {"before": before.isoformat(), "cases": done.cases, "kept_open": done.kept_open}
            self._keeper.append(connection, Event("forgot", at or datetime.now(UTC), by, body=body))
        with plainly(self.name):
            return dataclasses.replace(done, clean=erasing.scrub(self._keeper.engine))
