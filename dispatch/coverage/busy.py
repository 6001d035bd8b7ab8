"""Coverage by units that are out a share of the time, as often as alerts come in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.demand import Demand
from dispatch.coverage.hypercube import EXACT_UNITS, NOBODY, Busy, approximate, exact
from dispatch.coverage.supply import Coming, Supply
from dispatch.errors import BadInput

Floats = NDArray[np.float64]
MINUTES = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """How busy each responder is at that rate of alerts, and who answers at each spot.

    `share` (responders,) of the time, in the order of `Supply.responders`, 0 for whoever is on no
    list; `answers` (spots, k) beside `Coming.who`; `waits` (spots,) of alerts that find all of them out.
    """

    per_hour: float
    share: Floats
    answers: Floats
    waits: Floats
    exact: bool


def load_of(supply: Supply, demand: Demand, found: Coming, per_hour: float) -> Load:
    """Share the alerts of an hour over the demand, and see who is out how often.

    An alert takes its unit the way there and back and the minutes at the door of its kind.

    Raises
    ------
    BadInput
        The rate is not above 0, nobody can reach any demand, or the work is more than all can do.
    """
    if not per_hour > 0:
        raise BadInput(f"--per-hour is {per_hour:g}; expected more than 0 alerts an hour")
    weight = demand.spots.weight
    reached = (found.who[:, 0] != NOBODY) & (weight > 0)
    if not reached.any():
        raise BadInput("nobody on duty can reach any of the demand: nobody can be busy with it")
    units = np.unique(found.who[reached][found.who[reached] != NOBODY])
    number = np.full(len(supply.responders) + 1, NOBODY)
    number[units] = np.arange(len(units))
    lists = number[found.who[reached]]  # -1 stays -1: the last of `number` is
    rates = per_hour * weight[reached] / weight[reached].sum()
    hours = _hours(supply, found, reached, rates)[units]
    busy = _solve(rates, lists, hours)
    share, answers = np.zeros(len(supply.responders)), np.zeros(found.who.shape)
    share[units] = busy.share
    answers[reached, : busy.answers.shape[1]] = busy.answers
    waits = np.zeros(len(weight))
    waits[reached] = busy.waits
    return Load(per_hour, share, answers, waits, busy.exact)


def _solve(rates: Floats, lists: NDArray[np.int64], hours: Floats) -> Busy:
    """Exactly where few units stand on every list, else by the approximation."""
    units = len(hours)
    whole = lists[:, :units]
    if units <= EXACT_UNITS and lists.shape[1] >= units and (whole != NOBODY).all():
        return exact(rates.tolist(), whole, hours)
    return approximate(rates.tolist(), lists, hours)


def _hours(supply: Supply, found: Coming, reached: NDArray[np.bool_], rates: Floats) -> Floats:
    """Hours an alert takes each responder: its mean way where it comes first (else on any list), twice, and the door."""
    crew = len(supply.responders)
    who, minutes = found.who[reached], found.minutes[reached]
    on_list = who != NOBODY
    way = np.zeros(crew)
    for columns in (slice(None), slice(0, 1)):
        asked = on_list[:, columns]
        weights = np.broadcast_to(rates[:, None], who.shape)[:, columns][asked]
        total = np.bincount(who[:, columns][asked], weights, minlength=crew)
        driven = np.bincount(who[:, columns][asked], weights * minutes[:, columns][asked], minlength=crew)
        way = np.where(total > 0, driven / np.maximum(total, 1e-300), way)
    door = np.array([supply.rules.triage.service_minutes[one.kind] for one in supply.responders])
    hours: Floats = (2.0 * way + door) / MINUTES
    return np.maximum(hours, 1.0 / MINUTES)
