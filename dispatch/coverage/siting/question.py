"""One question of siting: candidate sites, demand, what may be opened, and what is to be best."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.siting.limits import Limits
from dispatch.coverage.siting.program import Floats, Ints
from dispatch.errors import BadInput

Mask = NDArray[np.bool_]
Model = Literal["mclp", "pmedian", "pcenter", "lscp", "backup", "mexclp", "loss"]
MODELS: tuple[Model, ...] = get_args(Model)
COVERING: frozenset[Model] = frozenset({"mclp", "backup", "mexclp", "lscp"})
"""Models in which what counts is who is within `reach_minutes`."""
LEAST_SHARE = 1e-9
"""A cover that counts less than this share of the weight is not modelled."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked. Sites s, demands d.

    Parameters
    ----------
    sites, demands
        Names, as an answer or an error says them (with the row of a file, where they came from one).
    minutes : (s, d)
        From a site to a demand; `inf` where it does not serve it.
    weight : (d,)
        0 or more.
    existing, fixed : (s,)
        Sites that stand today; of these, those that stay. The others may be moved.
    add
        Sites opened beyond those that stand; None: as many as the budget allows.
    price, budget
        What opening costs, and what there is. A site that stands costs nothing.
    capacity : (s,)
        Weight a site can serve; None: any.
    group, floor_share
        County of each demand, and the share of each county's weight that must be within reach.
    reach_minutes
        Within reach, for the covering models and the floor.
    unreached_minutes
        p-median: what counts for a demand nobody reaches.
    busy_share
        Share of the time (0 to below 1) a unit is out, for `mexclp` and `loss`.
    first_share
        `backup`: of the weight, what the first cover earns; the second the rest; 0.5 to 1.
    units_asked
        `loss`: how many units are tried, the nearest first, before it is as if nobody came.
    loss_yuan : (s, d), never_yuan : (d,)
        `loss`: yuan lost if a site's unit comes, and if nobody does, weight included.
    """

    model: Model
    sites: tuple[str, ...]
    demands: tuple[str, ...]
    minutes: Floats
    weight: Floats
    existing: Mask
    fixed: Mask
    add: int | None = None
    price: Floats = field(default_factory=lambda: np.zeros(0))
    budget: float = math.inf
    capacity: Floats | None = None
    group: tuple[str, ...] = ()
    floor_share: float = 0.0
    reach_minutes: float = 30.0
    unreached_minutes: float = 480.0
    busy_share: float = 0.0
    first_share: float = 0.5
    units_asked: int = 4
    loss_yuan: Floats | None = None
    never_yuan: Floats | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be answered, each in one sentence naming the row."""
        if not len(self.price):
            object.__setattr__(self, "price", np.ones(len(self.sites)))
        _refuse_shapes(self)
        _refuse_values(self)
        _refuse_reach(self)
        _refuse_limits(self)
        _refuse_floors(self)

    @property
    def limits(self) -> Limits:
        """What may be opened, beside the fixed: movable sites may be opened again, at no cost."""
        moving = int((self.existing & ~self.fixed).sum())
        number = math.inf if self.add is None else self.add + moving
        return Limits.of(self.fixed, number, np.where(self.existing, 0.0, self.price), self.budget)

    @property
    def reach(self) -> Mask:
        """Who is within reach of whom, (s, d)."""
        within: Mask = self.minutes <= self.reach_minutes
        return within

    @property
    def fewest_first(self) -> bool:
        """LSCP-B: the fewest sites that cover everybody, and of these the most weight covered twice."""
        return self.model == "backup" and self.add is None and not math.isfinite(self.budget)

    @property
    def level(self) -> Floats:
        """What the first, second, … cover of a demand earns of its weight; for `loss`, what each unit counts."""
        if self.fewest_first:
            return np.array([0.0, 1.0])
        if self.model == "backup":
            return np.array([self.first_share, 1.0 - self.first_share])
        if self.model not in {"mexclp", "loss"} or self.busy_share == 0:
            return np.ones(1)
        most = len(self.sites)
        if self.add is not None:
            most = min(most, self.add + int(self.existing.sum()))
        if self.model == "loss":
            most = min(most, self.units_asked)
        level = (1.0 - self.busy_share) * self.busy_share ** np.arange(max(1, most), dtype=np.float64)
        return np.asarray(level[level >= LEAST_SHARE] if self.model == "mexclp" else level, np.float64)

    @property
    def cost(self) -> tuple[Floats, Floats]:
        """Of p-median and loss: what a demand costs at a site (s, d), and with nobody (d,)."""
        if self.model == "loss" and self.loss_yuan is not None and self.never_yuan is not None:
            return np.minimum(self.loss_yuan, self.never_yuan), self.never_yuan
        never = self.unreached_minutes * self.weight
        with np.errstate(invalid="ignore"):
            cost = np.where(np.isfinite(self.minutes), self.minutes * self.weight, math.inf)
        return np.minimum(cost, never), never.astype(np.float64)

    @property
    def unreachable(self) -> Ints:
        """Demands no site serves at all, or for covering models none within reach."""
        served = self.reach if self.model in COVERING else np.isfinite(self.minutes)
        return np.flatnonzero(~served.any(axis=0))


def _refuse_shapes(asked: Question) -> None:
    if asked.model not in MODELS:
        raise BadInput(f"model {asked.model!r} is unknown; choose one of {', '.join(MODELS)}")
    if not asked.sites:
        raise BadInput("there are no candidate sites; give --candidates FILE with at least one row")
    if not asked.demands:
        raise BadInput("there is no demand; give --demand FILE with at least one row of weight above 0")
    shape = (len(asked.sites), len(asked.demands))
    if asked.minutes.shape != shape:
        raise ValueError(f"minutes are {asked.minutes.shape}, expected {shape}: a row for each site")
    if asked.model == "loss" and (asked.loss_yuan is None or asked.never_yuan is None):
        raise ValueError("the model loss needs loss_yuan and never_yuan")


def _refuse_values(asked: Question) -> None:
    _refuse_first(asked.demands, asked.weight, "weight", "0 or more")
    _refuse_first(asked.sites, asked.price, "cost", "0 or more")
    if asked.capacity is not None:
        _refuse_first(
            asked.sites, np.where(np.isposinf(asked.capacity), 0.0, asked.capacity), "capacity", "0 or more"
        )
        if asked.model in {"backup", "mexclp"} or (asked.model == "loss" and asked.busy_share > 0):
            raise BadInput(
                f"capacities and the model {asked.model} with busy or second units do not go together: a demand "
                "would be counted against several sites; leave out the column capacity, or use mclp, pmedian, lscp, pcenter"
            )
    if not np.any(asked.weight > 0):
        raise BadInput(f"all {len(asked.demands)} demand points weigh 0: nothing is to be gained anywhere")
    if np.isnan(asked.minutes).any() or (asked.minutes < 0).any():
        site, demand = np.argwhere(~(asked.minutes >= 0))[0]
        raise BadInput(
            f"minutes from {asked.sites[site]} to {asked.demands[demand]} are no number of 0 or more"
        )
    for name, value, low, high in (
        ("busy share", asked.busy_share, 0.0, 0.999),
        ("first share", asked.first_share, 0.5, 1.0),
        ("floor", asked.floor_share, 0.0, 1.0),
    ):
        if not low <= value <= high:
            raise BadInput(f"{name}: found {value:g}, expected {low:g} to {high:g}")


def _refuse_first(names: tuple[str, ...], values: Floats, what: str, expected: str) -> None:
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(wrong):
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise BadInput(f"{names[wrong[0]]}: {what} is {values[wrong[0]]:g}, expected {expected}{more}")


def _refuse_reach(asked: Question) -> None:
    weighing = asked.weight > 0
    served = asked.reach if asked.model in COVERING else np.isfinite(asked.minutes)
    if served[:, weighing].any():
        return
    near = np.where(weighing[None, :], asked.minutes, math.inf)
    site, demand = np.unravel_index(int(near.argmin()), near.shape)
    if not math.isfinite(near[site, demand]):
        raise BadInput(
            f"no candidate reaches any demand: {asked.sites[0]} has no way to {asked.demands[int(weighing.argmax())]}, nor has "
            "any other; check the coordinates, the profile and the closures"
        )
    raise BadInput(
        f"no candidate reaches any demand within {asked.reach_minutes:g} minutes: the nearest pair, {asked.sites[site]} and "
        f"{asked.demands[demand]}, is {near[site, demand]:.0f} minutes apart; give a larger --within"
    )


def _refuse_limits(asked: Question) -> None:
    new = int((~asked.existing).sum())
    if asked.add is not None and asked.add < 0:
        raise BadInput(f"--add: found {asked.add}, expected 0 or more")
    if asked.add is not None and asked.add > new:
        raise BadInput(
            f"--add {asked.add}: only {new} candidate{'s' if new != 1 else ''} could be opened ({asked.sites[-1]} is the last); "
            "name more candidates or add fewer"
        )
    if not asked.budget >= 0:
        raise BadInput(f"--budget: found {asked.budget:g}, expected 0 or more")
    if asked.add is None and not math.isfinite(asked.budget) and asked.model not in {"lscp", "backup"}:
        raise BadInput(f"the model {asked.model} needs --add (how many) or --budget (how much)")


def _refuse_floors(asked: Question) -> None:
    """A county that all candidates together cannot bring to the floor is named."""
    if asked.floor_share <= 0:
        return
    within = asked.reach.any(axis=0)
    for name in sorted(set(asked.group)):
        own = np.array([one == name for one in asked.group])
        total, most = float(asked.weight[own].sum()), float(asked.weight[own & within].sum())
        if most < asked.floor_share * total * (1 - 1e-9):
            raise BadInput(
                f"{name or 'the demand of no county'}: a floor of {asked.floor_share:.0%} cannot be kept, "
                f"all {len(asked.sites)} sites together have {most / total:.0%} of it within {asked.reach_minutes:g} minutes; "
                "lower --floor or name candidates there"
            )
