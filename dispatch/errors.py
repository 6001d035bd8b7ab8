"""What can go wrong for a user, each said as: what was found, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class DispatchError(Exception):
    """Base of every error a user can mend; the command line prints it in one line."""


class MissingInput(DispatchError, FileNotFoundError):
    """A file or folder the work needs is not there."""

    def __init__(self, path: Path | str, made_by: str = "") -> None:
        hint = f"; make it with: {made_by}" if made_by else ""
        super().__init__(f"{path} is missing{hint}")


class BadInput(DispatchError, ValueError):
    """A file is there, but what it holds cannot be used."""


class TableError(BadInput):
    """A table breaks its contract; every fault at once."""

    def __init__(self, table: str, faults: Sequence[str]) -> None:
        self.table, self.faults = table, tuple(faults)
        super().__init__(f"{table}: " + "; ".join(faults))


class SettingsError(BadInput):
    """A settings file holds an unknown key or a value out of range."""


class OutputExists(DispatchError, FileExistsError):
    """The output is there already and --force was not given."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(f"{path} exists already; choose another --out, or replace it with --force")


class SchemaError(BadInput):
    """A folder or file was written under a schema this version does not read."""


class MissingExtra(DispatchError, ImportError):
    """An optional library is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(f"{module} is not installed; run: pip install 'field-dispatch[{extra}]'")


class PlanBroken(DispatchError, RuntimeError):
    """A policy made a plan that breaks a rule: our mistake, and the plan must not be used."""

    def __init__(self, policy: str, breaches: Sequence[str]) -> None:
        self.breaches = tuple(breaches)
        more = f" (and {len(breaches) - 1} more)" if len(breaches) > 1 else ""
        super().__init__(
            f"the plan of policy {policy} breaks a rule and was thrown away: {breaches[0]}{more}; "
            "use --policy nearest, and report this"
        )
