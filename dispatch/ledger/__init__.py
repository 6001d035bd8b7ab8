"""What happened to each case: alerts, calls, plans, instructions, outcomes, holds, promises, who saw what.

A name is imported when it is first asked for: who wants the limits needs no database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dispatch.ledger.alerts import Recorded
    from dispatch.ledger.errors import Conflict, LedgerBusy
    from dispatch.ledger.ledger import Ledger
    from dispatch.ledger.limits import LedgerSettings, ledger_settings
    from dispatch.ledger.planning import Remembered
    from dispatch.ledger.reading import Handover, Instruction, OpenCase, Overdue, Promise, StandingHold
    from dispatch.ledger.state import Event

__all__ = [
    "Conflict",
    "Event",
    "Handover",
    "Instruction",
    "Ledger",
    "LedgerBusy",
    "LedgerSettings",
    "OpenCase",
    "Overdue",
    "Promise",
    "Recorded",
    "Remembered",
    "StandingHold",
    "ledger_settings",
]

_HOMES = {
    "alerts": ("Recorded",),
    "errors": ("Conflict", "LedgerBusy"),
    "ledger": ("Ledger",),
    "limits": ("LedgerSettings", "ledger_settings"),
    "planning": ("Remembered",),
    "reading": ("Handover", "Instruction", "OpenCase", "Overdue", "Promise", "StandingHold"),
    "state": ("Event",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"dispatch.ledger.{home}"), name)
    raise AttributeError(f"module 'dispatch.ledger' has no attribute {name!r}")
