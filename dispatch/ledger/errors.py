"""What can go wrong between a ledger and those who write into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, tzinfo

from sqlalchemy.exc import DBAPIError, OperationalError

from dispatch.errors import BadInput, DispatchError
from dispatch.ledger.state import Event


class Conflict(DispatchError, RuntimeError):
    """A case changed after it was read; nothing of the second attempt was written.

    `since` are the events the writer had not seen, by case: the difference.
    """

    def __init__(self, changed: dict[str, tuple[int, int, tuple[Event, ...]]], zone: tzinfo = UTC) -> None:
        self.changed = changed
        self.since = {case_id: events for case_id, (_, _, events) in changed.items()}
        lines = [
            f"case {case_id} is at version {found}, you read {expected}; since then: "
            + "; ".join(said(event, zone) for event in events[-5:])
            for case_id, (expected, found, events) in list(changed.items())[:5]
        ]
        more = f" (and {len(changed) - 5} more cases)" if len(changed) > 5 else ""
        super().__init__(" | ".join(lines) + more + ". Nothing was written: look at it, then record again")


class LedgerBusy(DispatchError, TimeoutError):
    """Somebody else is writing for longer than we wait."""


def said(event: Event, zone: tzinfo) -> str:
    """An event in a few words, without personal data."""
    about = [
        str(event.body[name])
        for name in ("result", "outcome", "kind", "why", "responder_id")
        if name in event.body
    ]
    return " ".join([f"{event.at.astimezone(zone):%m-%d %H:%M}", event.by, event.kind, *about])


@contextmanager
def plainly(name: str) -> Iterator[None]:
    """A database's own errors become ours, in one line."""
    try:
        yield
    except DBAPIError as cause:
        text = " ".join(str(cause.orig).split())[:200]
        if isinstance(cause, OperationalError) and any(
            one in text for one in ("locked", "lock timeout", "busy")
        ):
            raise LedgerBusy(f"{name} is being written to by somebody else ({text}); try again") from cause
        if isinstance(cause, OperationalError) and "readonly" in text:
            raise BadInput(f"{name} may only be read; use an account that may write") from cause
        if any(one in text for one in ("not a database", "malformed", "file is encrypted", "disk I/O")):
            raise BadInput(
                f"{name} is no ledger, or is damaged ({text}); restore a backup: dispatch ledger restore"
            ) from cause
        if isinstance(cause, OperationalError):
            raise BadInput(f"{name} cannot be reached ({text}); check --ledger") from cause
        raise


def unknown(what: str, key: str, near: Sequence[str] = ()) -> BadInput:
    """An id that the ledger does not hold."""
    hint = f"; it has {', '.join(near)}" if near else ""
    return BadInput(f"{what} {key} is not in the ledger{hint}; see: dispatch ledger show")
