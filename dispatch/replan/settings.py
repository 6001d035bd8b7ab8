"""`[replan]`: how a plan under way goes on (data/replan.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from dispatch.domain import Kind
from dispatch.settings import AtLeastZero, Section, Share, section

Missed = Literal["not_home", "not_found", "wrong_place", "not_attempted", "unsafe"]


class RetryRule(Section):
    """`[replan.retry.*]`: when and where a visit that met nobody is made again."""

    after_minutes: float = AtLeastZero
    place_share: float = Share
    other_share: float = Share


class Retry(Section):
    """`[replan.retry]`: visits that met nobody."""

    tries_at_most: int = Field(ge=1, le=20)
    then_may_go: tuple[Kind, ...]
    not_home: RetryRule
    not_found: RetryRule
    wrong_place: RetryRule
    not_attempted: RetryRule
    unsafe: RetryRule

    def rule(self, outcome: str) -> RetryRule | None:
        """The rule after that outcome; None where the visit is not to be made again."""
        found = getattr(self, outcome, None)
        return found if isinstance(found, RetryRule) else None


class Unsafe(Section):
    """`[replan.unsafe]`: who goes where a team found it unsafe."""

    needs: tuple[str, ...]
    may_go: tuple[Kind, ...] = Field(min_length=1)


class FollowUp(Section):
    """`[replan.follow_up]`: second visits to people who were persuaded."""

    opens_minutes_before: float = AtLeastZero
    due_minutes_after: float = AtLeastZero
    stake_share: float = Share
    may_go: tuple[Kind, ...] = Field(min_length=1)


class ReplanSettings(Section):
    """`[replan]`: everything in data/replan.toml."""

    search_seconds: float = Field(gt=0.0, le=600.0)
    change_yuan: float = AtLeastZero
    moved_minutes: float = AtLeastZero
    first_stop_yuan: float = AtLeastZero
    unreported_goes_as_planned: bool
    unsigned_minutes_at_most: float = AtLeastZero
    position_minutes_at_most: float = AtLeastZero
    door_metres_at_most: float = AtLeastZero
    stale_report_hours: float = Field(gt=0.0)
    ladder: tuple[Kind, ...] = Field(min_length=1)
    retry: Retry
    unsafe: Unsafe
    follow_up: FollowUp

    @field_validator("ladder")
    @classmethod
    def _each_once(cls, kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
        if len(set(kinds)) < len(kinds):
            raise ValueError("each kind stands on the ladder once")
        return kinds


def replan_settings(overlay: Mapping[str, Any] | None = None) -> ReplanSettings:
    """The settings in force: data/replan.toml with the user's `[replan]` laid over it."""
    return section(ReplanSettings, "replan", overlay)
