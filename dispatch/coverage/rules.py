"""The settings coverage reads: the dispatcher's own, whoever holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from dispatch.domain import KINDS, Case, Tier
from dispatch.intake.triage_rules import TriageRules
from dispatch.places.settings import PlaceSettings
from dispatch.roads.closures import ClosureSettings
from dispatch.roads.speeds import Speeds
from dispatch.settings import Duty, Planning


class Rules(Protocol):
    """What `dispatch.day.read_rules` gives: every setting in force for one plan."""

    @property
    def planning(self) -> Planning:
        """Clock, thresholds and prices."""

    @property
    def duty(self) -> Duty:
        """Who is on duty where no file says so."""

    @property
    def triage(self) -> TriageRules:
        """Who needs a visit, by whom, what is at stake."""

    @property
    def places(self) -> PlaceSettings:
        """How sure a place is, how long looking for a door takes."""

    @property
    def speeds(self) -> Speeds:
        """How fast a profile drives."""

    @property
    def closures(self) -> ClosureSettings:
        """How drawings of closures meet the roads."""

    @property
    def columns(self) -> Mapping[str, str]:
        """The user's own headings, and ours for them."""


def fresh_case(name: str, rules: TriageRules, tier: Tier | None, fraud_type: str = "") -> Case:
    """An alert that has just come in, of that tier and type, without a place.

    Who may go is who may go at once (`first` of the tier, and whoever brings a needed skill): kinds
    that may follow later are for alerts nobody took. Without a tier everybody may go, and what is
    at stake is that of the default risk.
    """
    kind = fraud_type or rules.default_fraud_type
    usual, weight = rules.fraud_types[kind], rules.tiers[tier or rules.default_risk]
    needs = {skill: need.kinds for skill, need in rules.needs.items() if kind in need.fraud_types}
    may_go = {*weight.first, *(one for kinds in needs.values() for one in kinds)} if tier else {*KINDS}
    probability = min(usual.transfer_probability * weight.transfer_probability_factor, rules.most_probability)
    return Case(
        id=name,
        tier=tier or rules.default_risk,
        fraud_type=kind,
        stake_yuan=usual.amount_yuan * probability,
        hazard_per_hour=usual.hazard_per_hour,
        places=(),
        amount_yuan=usual.amount_yuan,
        transfer_probability=probability,
        service_minutes={str(one): minutes for one, minutes in rules.service_minutes.items()},
        needs=frozenset(needs) if tier else frozenset(),
        due_minutes=weight.due_minutes,
        late_yuan_per_minute=weight.late_yuan_per_minute,
        may_go=frozenset(may_go),
    )
