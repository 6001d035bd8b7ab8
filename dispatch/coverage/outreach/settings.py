"""`data/outreach.toml`: groups, kinds of venue, and how much of a group one session reaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from dispatch.settings import Section, Share, section


class Group(Section):
    """`[groups.NAME]`: who may be spoken to; `risk` weighs one resident of it against one of another."""

    zh: str
    en: str
    residents_share: float = Share
    risk: float = Field(ge=0.0, le=1e6)


class VenueKind(Section):
    """`[kinds.NAME]`: how many fit, when it may be used, and which share of a group comes from next door."""

    zh: str
    en: str
    capacity: int = Field(ge=1, le=100_000)
    days_between: int = Field(ge=1, le=366)
    weekdays: tuple[int, ...] = Field(min_length=1)
    begins: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    minutes: int = Field(ge=5, le=600)
    come_share: dict[str, float]


class OutreachSettings(Section):
    """`[outreach]`: see the comments of `data/outreach.toml`."""

    profile: str
    within_minutes: float = Field(gt=0.0, le=240.0)
    decay_minutes: float = Field(gt=0.0, le=240.0)
    spill_share: float = Share
    lasting_share: float = Share
    installed_protects_share: float = Share
    past_session_share: float = Share
    groups: dict[str, Group] = Field(min_length=1)
    kinds: dict[str, VenueKind] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name, kind in self.kinds.items():
            if unknown := sorted(kind.come_share.keys() - self.groups.keys()):
                raise ValueError(f"kinds.{name}.come_share names unknown groups: {', '.join(unknown)}")
            if any(not 0.0 <= share <= 1.0 for share in kind.come_share.values()):
                raise ValueError(f"kinds.{name}.come_share must lie in 0 to 1")
            if any(not 1 <= day <= 7 for day in kind.weekdays):
                raise ValueError(f"kinds.{name}.weekdays must lie in 1 (Monday) to 7 (Sunday)")
        return self


def outreach_settings(overlay: Mapping[str, Any] | None = None) -> OutreachSettings:
    """The settings, with the user's `[outreach]` laid over them."""
    return section(OutreachSettings, "outreach", overlay)
