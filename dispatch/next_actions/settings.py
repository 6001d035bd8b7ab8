"""`[actions]`: what can be done beside going there (data/actions.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from dispatch.reasons import FRAUD_TYPES
from dispatch.settings import AtLeastZero, Section, Share, section

ActionName = Literal["ring", "relative", "hold", "cut_line"]
DeskName = Literal["duty", "bank", "carrier"]
Result = Literal["none", "unreached", "busy", "off", "refused", "disbelieved", "persuaded"]
Portion = Annotated[float, Share]


class Desk(Section):
    """`[actions.desks.*]`: people who do one kind of thing."""

    hands: int = Field(ge=1, le=500)


class Action(Section):
    """`[actions.actions.*]`: one thing that can be done about a case."""

    desk: DeskName
    minutes: float = Field(gt=0.0)
    unreached_minutes: float | None = Field(default=None, gt=0.0)
    reached_probability: float = Field(default=1.0, ge=0.0, le=1.0)
    success_probability: float = Share
    failed_factor: float = Field(default=1.0, ge=0.0, le=1.0)
    most_failed: int = Field(default=100, ge=0)
    effect_after_minutes: float = AtLeastZero
    lasts_hours: float | None = Field(default=None, gt=0.0)
    hazard_fraction: float = Field(default=1.0, ge=0.0, le=1.0)
    by_type: dict[str, Portion] = Field(default_factory=dict)
    closes: bool = False
    result_factor: dict[Result, Portion] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_types(self) -> Self:
        if unknown := sorted(set(self.by_type) - set(FRAUD_TYPES)):
            raise ValueError(f"by_type names unknown {', '.join(unknown)}; known: {', '.join(FRAUD_TYPES)}")
        return self

    def reached(self, failed: int) -> float:
        """Chance (0 to 1) that somebody answers after so many failures; 0 where it is offered no more."""
        return self.reached_probability * self.failed_factor**failed if failed < self.most_failed else 0.0

    def chance(self, failed: int, result: str) -> float:
        """Chance (0 to 1) that it works; `result` is how the last call ended."""
        factor = dict(self.result_factor.items()).get(result, 1.0)  # type: ignore[call-overload]
        return float(self.reached(failed) * self.success_probability * factor)

    def work_minutes(self, failed: int) -> float:
        """Minutes of a person it is expected to take."""
        reached = self.reached(failed)
        unreached = self.minutes if self.unreached_minutes is None else self.unreached_minutes
        return reached * self.minutes + (1.0 - reached) * unreached

    def fraction(self, fraud_type: str) -> float:
        """What success leaves of the hazard (0 to 1) of that type of fraud."""
        return self.by_type.get(fraud_type, self.hazard_fraction)


class NextSettings(Section):
    """`[actions]`: everything in data/actions.toml."""

    look_ahead_minutes: float = Field(gt=0.0)
    least_yuan: float = AtLeastZero
    found_probability: float = Share
    desks: dict[DeskName, Desk]
    actions: dict[ActionName, Action]

    @model_validator(mode="after")
    def _staffed(self) -> Self:
        for name, action in self.actions.items():
            if action.desk not in self.desks:
                raise ValueError(f"action {name} is done by desk {action.desk}, which is not in desks")
        return self


def next_settings(overlay: Mapping[str, Any] | None = None) -> NextSettings:
    """The settings in force: data/actions.toml with the user's `[actions]` laid over it.

    Raises
    ------
    SettingsError
        Naming the key, what was found and what is known.
    """
    return section(NextSettings, "actions", overlay)
