"""The settings of triage (data/triage.toml): every number a centre may want to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import Field, field_validator, model_validator

from dispatch.domain import KINDS, TIERS, Kind, Tier
from dispatch.reasons import FRAUD_TYPES
from dispatch.settings import AtLeastZero, Section, Share, section

Result = Literal["unreached", "busy", "off", "refused", "disbelieved"]
NoAnswer = Literal["unreached", "busy", "off"]
AtLeastOne = Field(ge=1.0)
K = TypeVar("K")
V = TypeVar("V")


class FraudType(Section):
    """`[fraud_types]`: what a type of fraud takes, how likely, how fast."""

    amount_yuan: float = AtLeastZero
    transfer_probability: float = Share
    hazard_per_hour: float = Field(gt=0.0, le=100.0)


class TierRules(Section):
    """`[tiers.*]`: how soon, and who may go."""

    transfer_probability_factor: float = Field(gt=0.0)
    due_minutes: float = Field(gt=0.0)
    late_yuan_per_minute: float = AtLeastZero
    first: tuple[Kind, ...] = Field(min_length=1)
    follow: tuple[Kind, ...] = ()
    follow_after_minutes: float = AtLeastZero
    along: Kind | None = None
    along_required: bool = False

    @model_validator(mode="after")
    def _who_is_required(self) -> TierRules:
        if self.along_required and self.along is None:
            raise ValueError("along_required asks for somebody to come along: name a kind in along")
        return self


class VisitRules(Section):
    """`[visit]`: when an alert needs somebody at the door."""

    high_risk: tuple[Tier, ...]
    warned_times_at_least: int = Field(ge=1)
    disbelieving: tuple[Result, ...]
    unreached_attempts_at_least: dict[NoAnswer, int]


class HazardRules(Section):
    """`[hazard]`: what raises the hazard of a fraud type; the factors multiply."""

    per_warning_factor: float = AtLeastOne
    warnings_counted_at_most: int = Field(ge=1)
    on_call_factor: float = AtLeastOne
    long_call_minutes: float = Field(gt=0.0)
    long_call_factor: float = AtLeastOne
    disbelieved_factor: float = AtLeastOne
    most_per_hour: float = Field(gt=0.0, le=100.0)


class Need(Section):
    """`[needs.*]`: what asks for a skill, and the kinds that bring it whatever the tier says."""

    fraud_types: tuple[str, ...] = ()
    contact_results: tuple[Result, ...] = ()
    kinds: tuple[Kind, ...] = Field(min_length=1)

    @field_validator("fraud_types")
    @classmethod
    def _known(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_known_fraud_types(dict.fromkeys(types)))


class CallRules(Section):
    """`[calls]`: what a call is worth and takes; the formulas stand in the file."""

    answered_share: float = Share
    answered_again_factor: float = Share
    on_call_answered_factor: float = Share
    persuaded_share: float = Share
    answered_minutes: float = Field(gt=0.0)
    unanswered_minutes: float = Field(gt=0.0)
    horizon_minutes: float = Field(gt=0.0)


class TriageRules(Section):
    """`[triage]`: everything in data/triage.toml."""

    min_stake_yuan: float = AtLeastZero
    default_risk: Tier
    default_fraud_type: str
    already_lost_probability_factor: float = AtLeastOne
    most_probability: float = Share
    fraud_types: dict[str, FraudType]
    visit: VisitRules
    hazard: HazardRules
    tiers: dict[Tier, TierRules]
    needs: dict[str, Need]
    service_minutes: dict[Kind, float]
    calls: CallRules

    @field_validator("default_fraud_type")
    @classmethod
    def _a_fraud_type(cls, name: str) -> str:
        return next(iter(_known_fraud_types({name: None})))

    @field_validator("fraud_types", mode="before")
    @classmethod
    def _only_fraud_types(cls, types: Any) -> Any:
        return _known_fraud_types(types) if isinstance(types, Mapping) else types

    @field_validator("fraud_types")
    @classmethod
    def _every_fraud_type(cls, types: dict[str, FraudType]) -> dict[str, FraudType]:
        return dict(_complete(types, FRAUD_TYPES))

    @field_validator("tiers")
    @classmethod
    def _every_tier(cls, tiers: dict[Tier, TierRules]) -> dict[Tier, TierRules]:
        return dict(_complete(tiers, TIERS))

    @field_validator("service_minutes")
    @classmethod
    def _every_kind(cls, minutes: dict[Kind, float]) -> dict[Kind, float]:
        if bad := [kind for kind, value in minutes.items() if not 0 <= value <= 1440]:
            raise ValueError(f"minutes of {', '.join(bad)} must be 0 to 1440")
        return dict(_complete(minutes, KINDS))


def triage_rules(overlay: Mapping[str, Any] | None = None) -> TriageRules:
    """The rules in force: data/triage.toml with the user's `[triage]` laid over it."""
    return section(TriageRules, "triage", overlay)


def _known_fraud_types(given: Mapping[str, V]) -> Mapping[str, V]:
    if unknown := [name for name in given if name not in FRAUD_TYPES]:
        raise ValueError(f"unknown {', '.join(unknown)}; known: {', '.join(FRAUD_TYPES)}")
    return given


def _complete(given: Mapping[K, V], expected: Any) -> Mapping[K, V]:
    if missing := [str(name) for name in expected if name not in given]:
        raise ValueError(f"{', '.join(missing)} is missing")
    return given
