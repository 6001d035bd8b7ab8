"""What to do next beside going there: ring, ask the bank, ask the carrier; by yuan saved per minute of work."""

from dispatch.next_actions.advice import Advice, DeskList, advise
from dispatch.next_actions.settings import NextSettings, next_settings
from dispatch.next_actions.situation import Situation, of_ledger, of_plan, with_calls, with_ledger

__all__ = [
    "Advice",
    "DeskList",
    "NextSettings",
    "Situation",
    "advise",
    "next_settings",
    "of_ledger",
    "of_plan",
    "with_calls",
    "with_ledger",
]
