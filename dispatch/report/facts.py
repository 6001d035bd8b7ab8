"""What a report is computed from: people alerted, visits to them, and nothing by which one of them is known.

Readers (`from_ledger`, `from_plans`) make these; `figures` counts them. All moments are in the area's zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dispatch.domain import Tier

Fate = Literal["not_yet", "no_visit", "planned", "left_out"]

MET = frozenset({"met_persuaded", "met_refused"})


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody was to go to a person.

    `sent`, `signed`: an instruction went out, and was signed for; `late` are its steps that were late by the limits.
    `outcome` is one of `dispatch.reasons.OUTCOMES`, None if nobody reported; `was_there`: they arrived, met, or
    reported what they found. `planned_at` and `reached_at` are of the same thing (arrival, else
    contact), None where one is not known. `averted_yuan` is what the plan expected of it, None where it did not say.
    """

    kind: str = ""
    sent: bool = False
    signed: bool = False
    late: tuple[str, ...] = ()
    was_there: bool = False
    outcome: str | None = None
    met_at: datetime | None = None
    planned_at: datetime | None = None
    reached_at: datetime | None = None
    averted_yuan: float | None = None

    @property
    def met(self) -> bool:
        """Whether the person was met."""
        return self.outcome in MET or self.met_at is not None


@dataclass(frozen=True, slots=True)
class Person:
    """One person alerted in the period, from the first of its alerts on.

    `amount_yuan` is what an alert says is at risk. `by_phone`: persuaded by telephone;
    `defrauded`: money went after the alert, as far as is known.
    """

    alerted_at: datetime
    fate: Fate
    tier: Tier | None = None
    fraud_type: str | None = None
    county: str = ""
    station: str = ""
    amount_yuan: float | None = None
    by_phone: bool = False
    defrauded: bool = False
    visits: tuple[Visit, ...] = ()

    @property
    def visited(self) -> bool:
        """Whether somebody was at the door."""
        return any(one.was_there for one in self.visits)

    @property
    def met(self) -> bool:
        """Whether the person was met at a door."""
        return any(one.met for one in self.visits)

    @property
    def persuaded(self) -> bool:
        """Whether a visit persuaded the person."""
        return any(one.outcome == "met_persuaded" for one in self.visits)

    @property
    def overdue(self) -> bool:
        """Whether an instruction was late in some step."""
        return any(one.late for one in self.visits if one.sent)

    @property
    def first_met_at(self) -> datetime | None:
        """When somebody first met the person."""
        return min((one.met_at for one in self.visits if one.met_at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Facts:
    """All of a period. `alerts` are the moments of its alerts, each id once: several may be of one person.

    `rejected` rows of the file, None where nobody kept them. `steps_known`: whether sending, signing and lateness
    were recorded; `synthetic`: whether the people are invented.
    """

    people: tuple[Person, ...] = ()
    alerts: tuple[datetime, ...] = ()
    rejected: int | None = None
    steps_known: bool = True
    synthetic: bool = False
