"""What happened to each case: alerts, calls, plans, instructions, outcomes, holds, promises, who saw what."""

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
