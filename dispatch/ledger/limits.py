"""`[ledger]`: limits by tier, second visits, holds (data/ledger.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from dispatch.domain import TIERS, Tier
from dispatch.settings import AtLeastZero, Section, section

HoldKind = Literal["bank", "line", "relative"]
After = Literal["met_persuaded", "phone_persuaded"]


class StepLimits(Section):
    """`[ledger.limits.*]`: minutes each step may take."""

    sign_minutes: float = Field(gt=0.0)
    depart_minutes: float = Field(gt=0.0)
    late_minutes: float = AtLeastZero
    report_minutes: float = Field(gt=0.0)


class LedgerSettings(Section):
    """`[ledger]`: everything in data/ledger.toml."""

    time_zone: str
    duty_lead: str = Field(min_length=1, max_length=60)
    escalate_after_minutes: float = AtLeastZero
    hold_expiring_minutes: float = AtLeastZero
    second_visit_hours: tuple[float, ...]
    second_visits_after: tuple[After, ...]
    hold_fraction: dict[HoldKind, float]
    limits: dict[Tier, StepLimits]

    @property
    def zone(self) -> ZoneInfo:
        """The zone moments are shown in."""
        return ZoneInfo(self.time_zone)

    @field_validator("time_zone")
    @classmethod
    def _a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as cause:
            raise ValueError("a time zone such as Asia/Shanghai") from cause
        return name

    @field_validator("second_visit_hours")
    @classmethod
    def _ahead(cls, hours: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 < one <= 24 * 365 for one in hours) or list(hours) != sorted(set(hours)):
            raise ValueError("hours must be positive and rise")
        return hours

    @field_validator("hold_fraction")
    @classmethod
    def _shares(cls, fractions: dict[HoldKind, float]) -> dict[HoldKind, float]:
        if bad := [kind for kind, value in fractions.items() if not 0 <= value <= 1]:
            raise ValueError(f"{', '.join(bad)} must be 0 to 1")
        return fractions

    @field_validator("limits")
    @classmethod
    def _every_tier(cls, limits: dict[Tier, StepLimits]) -> dict[Tier, StepLimits]:
        if missing := [tier for tier in TIERS if tier not in limits]:
            raise ValueError(f"{', '.join(missing)} is missing")
        return limits

    def due_visits(self, after: After, at: datetime) -> list[str] | None:
        """Moments of the second visits that `after` calls for; None where it calls for none."""
        if after not in self.second_visits_after:
            return None
        return [(at + timedelta(hours=hours)).isoformat() for hours in self.second_visit_hours]


def ledger_settings(overlay: Mapping[str, Any] | None = None) -> LedgerSettings:
    """The settings in force: data/ledger.toml with the user's `[ledger]` laid over it."""
    return section(LedgerSettings, "ledger", overlay)
