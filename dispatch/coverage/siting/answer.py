"""What a question of siting is answered with: sites, a proved bound, what they gain, and what one more would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dispatch.coverage.siting.question import Model

Unit = Literal["weight", "weight_minutes", "minutes", "sites", "cost", "yuan"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A site of the answer: `worth` is what would be lost without it, in the answer's unit.

    Of set covering it is the weight nobody else covers.
    """

    index: int
    name: str
    existing: bool
    worth: float


@dataclass(frozen=True, slots=True)
class OneMore:
    """A site not chosen, and what it would gain beside the answer, in the answer's unit."""

    index: int
    name: str
    gain: float


@dataclass(frozen=True, slots=True)
class Point:
    """The answer if only so many were added."""

    add: int
    objective: float
    bound: float


@dataclass(frozen=True, slots=True)
class GroupShare:
    """A county's share (0 to 1) of weight within reach, today and then."""

    name: str
    today: float
    then: float


@dataclass(frozen=True, slots=True)
class Siting:
    """The answer.

    `objective`, `bound` and `today` are in `unit`; `more_is_better` says which way. No choice the
    question allows is better than `bound`. `gain` is how much better than today, never negative;
    of set covering, the weight it covers more. `closed` are existing sites given up.
    `covered`, `covered_today` and `total` are weights within `reach_minutes`.
    """

    model: Model
    unit: Unit
    more_is_better: bool
    sites: tuple[Chosen, ...]
    closed: tuple[str, ...]
    objective: float
    bound: float
    today: float
    gain: float
    engine: str
    cpu_seconds: float
    reach_minutes: float
    covered: float
    covered_today: float
    total: float
    unreachable: tuple[int, ...]
    one_more: tuple[OneMore, ...]
    curve: tuple[Point, ...]
    groups: tuple[GroupShare, ...]

    @property
    def added(self) -> tuple[Chosen, ...]:
        """The sites that do not stand today."""
        return tuple(one for one in self.sites if not one.existing)

    @property
    def gap_percent(self) -> float:
        """How far the objective may be from the best, in percent of it."""
        return gap_percent(self.objective, self.bound)

    @property
    def proved(self) -> bool:
        """Whether no other choice is better, to a fifty-thousandth of a percent."""
        return self.gap_percent <= 2e-5


def gap_percent(objective: float, bound: float) -> float:
    """100·|objective - bound| ÷ |objective|; 0 where they are equal."""
    if objective == bound:
        return 0.0
    return 100.0 * abs(objective - bound) / max(abs(objective), 1e-12)
