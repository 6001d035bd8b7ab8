"""Answer a question of siting: the model's own method, then what it gains, one more, and the curve."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dispatch.coverage.siting.answer import Chosen, GroupShare, OneMore, Point, Siting, Unit
from dispatch.coverage.siting.centre import solve_centre
from dispatch.coverage.siting.constrained import solve_constrained
from dispatch.coverage.siting.covering import solve_cover
from dispatch.coverage.siting.found import Found
from dispatch.coverage.siting.median import solve_median
from dispatch.coverage.siting.program import Floats
from dispatch.coverage.siting.question import Model, Question
from dispatch.coverage.siting.setcover import solve_backup, solve_setcover
from dispatch.coverage.siting.standing import folded, unfolded, worths
from dispatch.errors import BadInput

Mask = NDArray[np.bool_]
FIRST_SHARE = 0.6
"""Of the time, what the answer may take; the rest is for the curve."""
UNITS: dict[Model, Unit] = {
    "mclp": "weight", "backup": "weight", "mexclp": "weight", "pmedian": "weight_minutes",
    "pcenter": "minutes", "lscp": "sites", "loss": "yuan",
}  # fmt: skip
MORE_IS_BETTER = frozenset({"mclp", "backup", "mexclp"})


def site(asked: Question, *, seconds: float = 60.0, gap: float = 0.0, most_named: int = 20) -> Siting:
    """Where to open sites.

    Parameters
    ----------
    seconds
        CPU seconds for the answer and its curve together.
    gap
        Relative gap (0.01 is 1 %) that is good enough; 0 proves.
    most_named
        How many of "one more of …" to name.

    Raises
    ------
    BadInput
        No choice keeps the floors or capacities, or covers everybody (p-centre).
    """
    began = time.process_time()
    found = found_of(asked, began + FIRST_SHARE * seconds, gap)
    objective, bound = told(asked, found.value), told(asked, found.bound)
    today = measure(asked, asked.existing)
    covers = _covered(asked, asked.existing), _covered(asked, found.open)
    gain = covers[1] - covers[0] if asked.model == "lscp" else abs(objective - today)
    if asked.model == "lscp":
        today = 0.0
    ranking, worth = _one_more(asked, found.open), worths(asked, found.open)
    return Siting(
        model=asked.model,
        unit="cost" if asked.model == "lscp" and _by_cost(asked) else UNITS[asked.model],
        more_is_better=asked.model in MORE_IS_BETTER,
        sites=tuple(
            Chosen(int(j), asked.sites[j], bool(asked.existing[j]), float(worth[j]))
            for j in np.flatnonzero(found.open)
        ),
        closed=tuple(asked.sites[j] for j in np.flatnonzero(asked.existing & ~found.open)),
        objective=objective,
        bound=bound,
        today=today,
        gain=gain if math.isfinite(gain) else math.inf,
        engine=found.engine,
        cpu_seconds=time.process_time() - began,
        reach_minutes=asked.reach_minutes,
        covered=covers[1],
        covered_today=covers[0],
        total=float(asked.weight.sum()),
        unreachable=tuple(map(int, asked.unreachable)),
        one_more=ranking[:most_named],
        curve=_curve(asked, found, began + seconds, gap),
        groups=_groups(asked, found.open),
    )


def _by_cost(asked: Question) -> bool:
    return bool(np.any(asked.price != 1))


def found_of(asked: Question, until: float, gap: float, start: Mask | None = None) -> Found:
    """The model's own method; `value` and `bound` as it minimises them."""
    few = folded(asked)
    begun = few.existing if start is None or few is not asked else start
    found = _solved(few, until, gap, begun)
    return replace(found, open=unfolded(asked, found.open))


def _solved(asked: Question, until: float, gap: float, begun: Mask) -> Found:
    everybody = asked.model == "lscp" or asked.fewest_first  # who covers all keeps any floor that can be kept
    if asked.capacity is not None or (asked.floor_share > 0 and not everybody):
        return _with_rest(asked, solve_constrained(asked, until, gap))
    if asked.model in {"pmedian", "loss"}:
        cost, never = asked.cost
        found = solve_median(cost, never, asked.limits, until, level=asked.level, start=begun, gap=gap)
        return _with_rest(asked, found)
    if asked.model == "pcenter":
        reachable = np.isfinite(asked.minutes).any(axis=0)
        found = solve_centre(asked.minutes[:, reachable], asked.limits, until, start=begun)
        if not math.isfinite(found.value):
            raise BadInput(
                f"{asked.add} more sites cannot reach everybody by road, however far: "
                f"{_worst(asked, found.open)} has no way from those chosen; add more"
            )
        return found
    reach = csr_array(asked.reach.astype(np.float64))
    if asked.model == "lscp":
        price = np.where(asked.existing, 0.0, asked.price) if _by_cost(asked) else np.ones(len(asked.sites))
        return solve_setcover(reach, price, asked.fixed, until, gap)
    if asked.fewest_first:
        return solve_backup(reach, asked.weight, np.ones(len(asked.sites)), asked.fixed, until, gap)[1]
    return solve_cover(reach, asked.weight, asked.level, asked.limits, until, start=begun, gap=gap)


def _with_rest(asked: Question, found: Found) -> Found:
    """With what is lost when all units asked are busy."""
    rest = _rest(asked, asked.cost[1])
    return replace(found, value=found.value + rest, bound=found.bound + rest)


def _worst(asked: Question, opened: Mask) -> str:
    unreached = ~np.isfinite(asked.minutes[opened]).any(axis=0) & np.isfinite(asked.minutes).any(axis=0)
    return asked.demands[int(unreached.argmax())]


def told(asked: Question, value: float) -> float:
    """What the method minimises, as the answer says it: covering models say what is earned."""
    if asked.model not in MORE_IS_BETTER:
        return value
    return measure(asked, np.ones(len(asked.sites), bool)) - value


def measure(asked: Question, opened: Mask) -> float:
    """What these sites come to in the model's unit; of set covering, their number."""
    if asked.model == "lscp":
        return float(
            (np.where(asked.existing, 0.0, asked.price) if _by_cost(asked) else np.ones(len(opened)))[
                opened & ~asked.fixed
            ].sum()
        )
    if asked.model == "pcenter":
        reachable = np.isfinite(asked.minutes).any(axis=0)
        return float(asked.minutes[opened][:, reachable].min(axis=0, initial=math.inf).max(initial=0.0))
    if asked.model in {"pmedian", "loss"}:
        cost, never = asked.cost
        level = asked.level
        return float((level @ _nearest(cost, never, opened, len(level))).sum()) + _rest(asked, never)
    times = asked.reach[opened].sum(axis=0)
    earns = np.append(0.0, np.cumsum(asked.level))
    return float((asked.weight * earns[np.minimum(times, len(earns) - 1)]).sum())


def _rest(asked: Question, never: Floats) -> float:
    """What is lost when all units asked are busy."""
    if asked.model != "loss" or not asked.busy_share:
        return 0.0
    return (1.0 - float(asked.level.sum())) * float(never.sum())


def _nearest(cost: Floats, never: Floats, opened: Mask, levels: int) -> Floats:
    """The least costs of each demand, (levels, d)."""
    padded = np.vstack([cost[opened], *[never] * levels])
    nearest: Floats = np.sort(np.partition(padded, levels - 1, axis=0)[:levels], axis=0)
    return nearest


def _covered(asked: Question, opened: Mask) -> float:
    return float(asked.weight[asked.reach[opened].any(axis=0)].sum())


def _one_more(asked: Question, opened: Mask) -> tuple[OneMore, ...]:
    """Every site not chosen by what it would gain beside the answer, the best first."""
    closed = np.flatnonzero(~opened)
    if asked.model in {"pmedian", "loss"}:
        cost, never = asked.cost
        level = asked.level
        nearest = _nearest(cost, never, opened, len(level))
        now = float((level @ nearest).sum())
        gains = [
            now - float((level @ np.sort(np.vstack([nearest, cost[j]]), axis=0)[:-1]).sum()) for j in closed
        ]
    elif asked.model == "pcenter":
        reachable = np.isfinite(asked.minutes).any(axis=0)
        best = asked.minutes[opened][:, reachable].min(axis=0, initial=math.inf)
        gains = [float(best.max() - np.minimum(best, asked.minutes[j, reachable]).max()) for j in closed]
    else:
        level = asked.level if asked.model != "lscp" else np.array([1.0, 1.0])
        times = asked.reach[opened].sum(axis=0)
        following = asked.weight * np.append(level, 0.0)[np.minimum(times, len(level))]
        gains = list(map(float, asked.reach[closed] @ following))
    turn = sorted(range(len(closed)), key=lambda n: (-gains[n], int(closed[n])))
    return tuple(OneMore(int(closed[n]), asked.sites[closed[n]], gains[n]) for n in turn)


def _curve(asked: Question, found: Found, until: float, gap: float) -> tuple[Point, ...]:
    """The answers if 1, 2, … were added, up to the answer's own number; set covering: the weight they cover."""
    new = int((found.open & ~asked.existing).sum())
    most = asked.add if asked.add is not None else new
    if most == 0:
        return ()
    points = []
    model: Model = "mclp" if asked.model == "lscp" or asked.fewest_first else asked.model
    for number in range(1, most + 1):
        part = replace(asked, model=model, add=number)
        if number == asked.add and model == asked.model:
            points.append(Point(number, told(asked, found.value), told(asked, found.bound)))
            continue
        now = time.process_time()
        stop = now + max(0.5, (until - now) / (most - number + 1))
        try:
            one = found_of(part, stop, gap)
        except BadInput:
            continue  # so few keep no floor, or reach not everybody
        points.append(Point(number, told(part, one.value), told(part, one.bound)))
    return tuple(points)


def _groups(asked: Question, opened: Mask) -> tuple[GroupShare, ...]:
    """Of each county, the share of weight within reach today and then."""
    before, after = asked.reach[asked.existing].any(axis=0), asked.reach[opened].any(axis=0)
    shares = []
    for name in sorted(set(asked.group)):
        own = np.array([one == name for one in asked.group])
        total = float(asked.weight[own].sum())
        if total > 0:
            shares.append(
                GroupShare(
                    name,
                    float(asked.weight[own & before].sum()) / total,
                    float(asked.weight[own & after].sum()) / total,
                )
            )
    return tuple(shares)
