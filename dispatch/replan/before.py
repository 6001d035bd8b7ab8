"""The plan that goes on, as its folder holds it."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.day.keeping import Kept
from dispatch.day.request import Rules
from dispatch.ledger.limits import LedgerSettings
from dispatch.planfile import PlanFile
from dispatch.replan.settings import ReplanSettings


@dataclass(frozen=True, slots=True)
class Before:
    """The plan that goes on: `plan.json`, `history.json`, and the rules in force from now on."""

    file: PlanFile
    kept: Kept
    rules: Rules
    settings: ReplanSettings
    ledger: LedgerSettings
