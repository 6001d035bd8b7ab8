"""The keys of a scenario file, checked; `data/scenario.toml` says what each means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from dispatch.domain import Kind, Profile, Tier
from dispatch.settings import AtLeastZero, Section, Share

Clock = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
OfDay = Annotated[tuple[float, ...], Field(min_length=24, max_length=24)]
MOST_REPLICATIONS = 100_000
_NAME = re.compile(r"[\w-]{1,60}")


class ClockKeys(Section):
    """`[clock]`."""

    begins: datetime
    days: float = Field(gt=0.0, le=400.0)
    warm_up_days: float = AtLeastZero

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.warm_up_days >= self.days:
            raise ValueError(
                f"warm_up_days is {self.warm_up_days:g}, expected less than days ({self.days:g})"
            )
        return self


class RunKeys(Section):
    """`[run]`."""

    replications: int = Field(ge=1, le=MOST_REPLICATIONS)
    seed: int = Field(ge=0)
    half_width: float = Field(ge=0.0, le=0.5)
    most_replications: int = Field(ge=1, le=MOST_REPLICATIONS)


class SurgeKeys(Section):
    """`[[demand.surges]]`."""

    begins: datetime = Field(alias="from")
    ends: datetime = Field(alias="to")
    factor: float = Field(ge=1.0, le=1000.0)
    places: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends <= self.begins:
            raise ValueError(f"from {self.begins} to {self.ends}: it must end after it begins")
        return self


class DemandKeys(Section):
    """`[demand]`."""

    source: Literal["residents", "alerts", "table"] = Field(alias="from")
    alerts_per_day: float = Field(ge=0.0, le=1e7)
    alerts: str
    alerts_share: float = Share
    table: str
    amount_cv: float = Field(ge=0.0, le=10.0)
    hour_share: OfDay
    weekday_share: Annotated[tuple[float, ...], Field(min_length=7, max_length=7)]
    tier_share: dict[Tier, float]
    fraud_share: dict[str, float]
    surges: tuple[SurgeKeys, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        shares = {
            "hour_share": self.hour_share,
            "weekday_share": self.weekday_share,
            "tier_share": self.tier_share.values(),
            "fraud_share": self.fraud_share.values(),
        }
        for name, values in shares.items():
            if min(values, default=-1.0) < 0.0 or not sum(values) > 0.0:
                raise ValueError(f"{name} must hold proportions of 0 or more, not all 0")
        if self.source == "alerts" and not self.alerts:
            raise ValueError('from = "alerts" needs a file: alerts = "…"')
        if self.source == "table" and not self.table:
            raise ValueError('from = "table" needs a file: table = "…"')
        return self


class PhoneKeys(Section):
    """`[phone]`."""

    attempts: int = Field(ge=0, le=50)
    first_after_minutes: float = AtLeastZero
    minutes_between: float = AtLeastZero
    settled_share: OfDay
    visit_after_calls: dict[Tier, int]

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if not all(0.0 <= one <= 1.0 for one in self.settled_share):
            raise ValueError("settled_share must lie between 0 and 1")
        if any(one < 0 for one in self.visit_after_calls.values()):
            raise ValueError("visit_after_calls must be 0 or more")
        return self


class CrewKeys(Section):
    """`[responders.NAME]`: more responders."""

    kind: Kind
    base: str
    cars: int = Field(ge=0, le=1000)
    shift: tuple[Clock, Clock] = ("00:00", "24:00")
    profile: Profile | None = None
    max_visits: int | None = Field(default=None, ge=1, le=1000)


class ResponderKeys(Section):
    """`[responders]`; every table in it but `move` is a `CrewKeys`."""

    file: str
    jurisdiction: str
    without: tuple[str, ...]
    move: dict[str, str]
    crews: dict[str, CrewKeys] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, values: Any) -> Any:
        """Tables under names of the user's own are crews."""
        if not isinstance(values, Mapping):
            return values
        own = {
            name
            for name, value in values.items()
            if name not in cls.model_fields and isinstance(value, Mapping)
        }
        if bad := sorted(name for name in own if not _NAME.fullmatch(name)):
            raise ValueError(f"crews are named with letters, digits, _ and -; found {bad[0]!r:.60}")
        kept = {name: value for name, value in values.items() if name not in own}
        return kept | {"crews": {**values.get("crews", {}), **{name: values[name] for name in own}}}


class TravelKeys(Section):
    """`[travel]`."""

    weather: str
    closures: str
    closed_from: Clock
    closed_to: Clock
    speed_factor: float = Field(gt=0.0, le=100.0)


class GeocodeKeys(Section):
    """`[geocode]`."""

    wrong_share: float = Share
    told_share: float = Share
    search_minutes: float = Field(ge=0.0, le=240.0)


class ServiceKeys(Section):
    """`[service]`."""

    law: Literal["lognormal", "exponential", "fixed"]
    cv: float = Field(ge=0.0, le=10.0)
    minutes: dict[Kind, Annotated[float, Field(ge=0.0, le=1440.0)]]


class StandbyKeys(Section):
    """`[policy.standby.NAME]`."""

    at: str
    begins: Clock = Field(default="00:00", alias="from")
    ends: Clock = Field(default="24:00", alias="to")


class PolicyKeys(Section):
    """`[policy]`."""

    rule: Literal["nearest", "loss", "search"]
    cap_minutes: float = Field(gt=0.0)
    own_first_minutes: float = AtLeastZero
    strict: bool
    give_up_minutes: float = Field(gt=0.0, le=100_000.0)
    home_by_shift_end: bool
    divert: bool
    redispatch: bool
    redispatch_gain_minutes: float = AtLeastZero
    search_every_minutes: float = Field(gt=0.0)
    search_iterations: int = Field(ge=1)
    standby: dict[str, StandbyKeys] = Field(default_factory=dict)
    escalation: dict[Tier, dict[Kind, Annotated[float, Field(ge=0.0)]]] = Field(default_factory=dict)


class Scenario(Section):
    """A whole scenario file; paths in it have been made absolute."""

    name: str = Field(min_length=1, max_length=100)
    area: str
    settings: str
    clock: ClockKeys
    run: RunKeys
    demand: DemandKeys
    phone: PhoneKeys
    responders: ResponderKeys
    travel: TravelKeys
    geocode: GeocodeKeys
    service: ServiceKeys
    policy: PolicyKeys
