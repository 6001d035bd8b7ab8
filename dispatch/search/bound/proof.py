"""`lower_bound`: a number of yuan no plan can beat, how it was proved, and what it says."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from dispatch.domain import KINDS, Plan, Problem
from dispatch.loss import plan_loss
from dispatch.reasons import Reason
from dispatch.search.bound.columns import most_saved_yuan
from dispatch.search.bound.counting import CountPricing, Even, even
from dispatch.search.bound.crews import CrewPricing
from dispatch.search.bound.exact import best_saved_yuan, is_small
from dispatch.search.bound.zones import NEVER_YUAN, SERVICE, Zone, shorten, zones_of

Method = Literal["exact", "columns", "relaxed", "none"]

DEFAULT_SECONDS = 5.0
USELESS_GAP = 0.5
"""A bound the plan is more than this share above says nothing worth printing."""
ENOUGH = 1e-5
"""A zone's bound is done when it is within this share of what its master could still reach."""
SMALL_YUAN = 1.0
DUST = 1e-9
"""Share of all losses taken off for the rounding of sums."""


@dataclass(frozen=True, slots=True)
class Bound:
    """No plan's objective (`loss.plan_loss`) is below `yuan`; None where nothing useful was proved.

    `method`: ``exact``, the best there is; ``columns``, column generation that came to its end;
    ``relaxed``, a Lagrangian relaxation stopped by the clock; ``none``. `says` is the
    sentence for whoever reads the number.
    """

    yuan: float | None
    method: Method
    says: Reason

    def gap(self, plan_yuan: float) -> float | None:
        """By what share a plan of that objective can be above the best, at most; None without a bound."""
        return gap_share(plan_yuan, self.yuan)


def gap_share(plan_yuan: float, bound_yuan: float | None) -> float | None:
    """By what share `plan_yuan` is above the bound, never below 0; None where that means nothing."""
    if bound_yuan is None or bound_yuan <= 0:
        return None
    return max(0.0, plan_yuan / bound_yuan - 1.0)


def lower_bound(problem: Problem, *, seconds: float = DEFAULT_SECONDS, plan: Plan | None = None) -> Bound:
    """A number of yuan that the objective of no plan of this problem is below.

    Zones that share no crew and no place are bounded one by one and added up: small ones
    exactly, others by column generation or, where the clock stops it, by the Lagrangian
    relaxation it had reached. Every rule of `rules.audit` counts but those that would make the
    zones dearer still: how many promises may change, that a told contact may not come earlier,
    which two people meet where two must.

    Parameters
    ----------
    seconds
        Wall seconds, about; any number of them leaves a valid bound, more a better one.
    plan
        Where given, a bound this plan is more than half above is not told (`method` "none").
    """
    compile_once()
    until = time.monotonic() + seconds
    constant, zones = zones_of(problem)
    zones = tuple(sorted(zones, key=_size))
    left, saved, exact, ended = sum(map(_size, zones)), 0.0, _is_faithful(problem), True
    for zone in zones:
        share = _size(zone) / left
        left -= _size(zone)
        found, settled, finished = _saved(zone, _until(time.monotonic(), until, share))
        saved, exact, ended = saved + found, exact and settled, ended and finished
    yuan = constant - saved - DUST * constant
    return _told(problem, plan, yuan, "exact" if exact else "columns" if ended else "relaxed", len(zones))


@cache
def compile_once() -> None:
    """Compile, or load what was compiled before: seconds on the first use of an installation, not on the clock."""
    node = np.zeros((1, SERVICE + len(KINDS)))
    crew = np.array([[0.0, 0.0, 0.0, 1.0, np.inf, np.inf, 1.0, 0.0, 0.0, 1.0]])
    spot, way = np.zeros((1, 1)), np.zeros((1, 1, 1))
    shorten(way)
    zone = Zone(node, crew, spot, spot, spot, way, np.array([1.0, 0.0, 0.0]), faithful=True)
    CrewPricing(zone).price(np.full(1, -1.0), lambda: True)
    best_saved_yuan(zone)


def positions_bound(even: Even, seconds: float) -> tuple[float, bool]:
    """The bound of nodes and crews alike in all but place and load, and whether it came to its end."""
    never = float(even.never_yuan.sum())
    go_on = _until(time.monotonic(), time.monotonic() + seconds, 1.0)
    saved, ended = most_saved_yuan(
        CountPricing(even), go_on, lambda saved: ENOUGH * max(never - saved, SMALL_YUAN)
    )
    return (never - saved) * (1.0 - DUST), ended


def _saved(zone: Zone, go_on: Callable[[], bool]) -> tuple[float, bool, bool]:
    """The most a zone can save; whether that is exact; whether more time would not help."""
    if is_small(zone):
        return best_saved_yuan(zone), zone.faithful, True
    never = float(zone.node[:, NEVER_YUAN].sum())
    alike = even(zone)
    pricing = CountPricing(alike) if alike is not None else CrewPricing(zone)
    found, ended = most_saved_yuan(pricing, go_on, lambda saved: ENOUGH * max(never - saved, SMALL_YUAN))
    return found, False, ended


def _size(zone: Zone) -> float:
    """What a zone is given of the time: pricing grows with its crews and their places."""
    return float(len(zone.crew) * len(zone.node))


def _until(now: float, until: float, share: float) -> Callable[[], bool]:
    moment = now + share * (until - now)
    return lambda: time.monotonic() < moment


def _is_faithful(problem: Problem) -> bool:
    """Whether the zones leave out nothing of the problem."""
    pairs = any(case.partners for case in problem.cases)
    return not pairs and not problem.told and problem.max_changes is None


def _told(problem: Problem, plan: Plan | None, yuan: float, method: Method, zones: int) -> Bound:
    gap = gap_share(plan_loss(problem, plan).objective_yuan, yuan) if plan is not None else 0.0
    if gap is None or gap > USELESS_GAP:
        return Bound(None, "none", Reason("NO_BOUND"))
    code = {"exact": "BOUND_EXACT", "columns": "BOUND_COLUMNS", "relaxed": "BOUND_RELAXED"}[method]
    return Bound(yuan, method, Reason(code, {"yuan": round(yuan), "zones": zones}))
