"""A question of siting of an area: its roads, its people on duty, its demand, and where more could stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.area import Area
from dispatch.coverage.candidates import Spot, bases
from dispatch.coverage.demand import Demand
from dispatch.coverage.siting.answer import Siting
from dispatch.coverage.siting.question import Model, Question
from dispatch.coverage.supply import AT_ONCE, Supply, contacts, roads, site_minutes
from dispatch.domain import KINDS
from dispatch.errors import BadInput
from dispatch.loss import loss_curve, never_yuan
from dispatch.places.gazetteer import Gazetteer

Floats = NDArray[np.float64]
BUSY_MODELS: frozenset[Model] = frozenset({"mexclp", "loss"})
ALERTS = 1000.0
"""Demand that is no alerts is taken as so many, shared by its weights: then loss is yuan for these."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and where its sites and demands are.

    Asked of several hours, its demands are those of the first hour, then those of the next, and so on.
    """

    question: Question
    spots: tuple[Spot, ...]
    site_lonlat: Floats
    demand_lonlat: Floats
    demand_town: tuple[str, ...]
    thousand: bool
    """Whether yuan are for a thousand alerts, not for those of a table."""
    hours: int = 1


@dataclass(frozen=True, slots=True)
class _Hour:
    """One hour: who stands then; minutes of these, then of the candidates, to every place; the hour's share of the demand."""

    standing: tuple[Spot, ...]
    minutes: Floats
    share: float


def question_of(
    area: Area,
    supply: Supply | Sequence[tuple[Supply, float]],
    demand: Demand,
    candidates: Sequence[Spot],
    model: Model,
    *,
    movable: bool = False,
    **given: Any,
) -> Asked:
    """The question as `siting` takes it; `given` goes to `Question`.

    Each candidate place of a demand is a demand of its own, with its part of the weight: all models
    but the p-centre are linear in it. Who stands today serves whom it may by kind, jurisdiction and skill, from
    when it is free until its shift ends, as in `reach`; a new site whom its kind may serve, in its own hours.

    Parameters
    ----------
    supply
        The people of one moment, or of several, each with its share of the demand: place and hour are
        then one demand, and a crew that stands at one hour is another site than at the next.

    Raises
    ------
    BadInput
        As `Question`; or sites of several hours are to be moved.
    """
    moments = [(supply, 1.0)] if isinstance(supply, Supply) else list(supply)
    if movable and len(moments) > 1:
        raise BadInput("--fixed none with --hours: a crew of one hour cannot be moved alone; ask of one hour")
    within = float(given.get("reach_minutes", 30.0))
    each = model in BUSY_MODELS
    hours = [
        _hour(area, one, demand, candidates, each=each, within=within, share=share) for one, share in moments
    ]
    standing = _named(hours, [one.at for one, _ in moments])
    spots = (*standing, *candidates)
    minutes = _stacked(hours, len(standing), len(candidates))
    names, place, horizon = (
        Gazetteer(area.gazetteer, area.boundaries),
        demand.spots,
        moments[0][0].rules.planning.horizon_minutes,
    )
    existing = np.array([one.existing for one in spots])
    capacity = np.array([one.capacity for one in spots])
    labels = [_label(demand, int(point)) for point in place.point]
    counties = [_name(names, demand.points[int(point)].county) for point in place.point]
    shares = np.array([one.share for one in hours])
    question = Question(
        model=model,
        sites=tuple(one.name for one in spots),
        demands=tuple(
            label if len(hours) == 1 else f"{label} {one.at:%H:%M}" for one, _ in moments for label in labels
        ),
        minutes=minutes,
        weight=np.outer(shares, place.weight).ravel(),
        existing=existing,
        fixed=existing & (not movable),
        price=np.array([one.cost for one in spots]),
        capacity=capacity if np.isfinite(capacity).any() else None,
        group=tuple(counties * len(hours)),
        unreached_minutes=horizon,
        **(_loss(demand, minutes, shares, horizon) if model == "loss" else {}),
        **given,
    )
    towns = [_name(names, demand.points[int(point)].town) for point in place.point]
    lonlat = np.array([(one.lon, one.lat) for one in spots])
    where = np.tile(place.lonlat, (len(hours), 1))
    return Asked(
        question, spots, lonlat, where, tuple(towns * len(hours)), demand.unit != "alerts", len(hours)
    )


def _hour(
    area: Area,
    supply: Supply,
    demand: Demand,
    candidates: Sequence[Spot],
    *,
    each: bool,
    within: float,
    share: float,
) -> _Hour:
    """Who stands at that hour, or comes on duty soon enough to be within reach; and who is how far from where."""
    soon = [one for one in supply.responders if one.shift.start <= 0.0 or one.shift.start < within]
    standing, number = bases(soon, each=each)
    base = {one.id: at for one, at in zip(soon, number, strict=True)}
    minutes = np.full((len(standing) + len(candidates), len(demand.spots.weight)), math.inf)
    at_base = np.array([base.get(one.id, -1) for one in supply.responders], np.int64)
    known = at_base >= 0
    count = minutes.shape[1]
    for low in range(0, count, AT_ONCE) if known.any() else ():
        part = range(low, min(low + AT_ONCE, count))
        for spot, contact in zip(part, contacts(supply, demand, part), strict=True):
            np.minimum.at(minutes[:, spot], at_base[known], contact[known])
    minutes[len(standing) :] = _candidate_minutes(area, supply, demand, candidates)
    return _Hour(standing, minutes, share)


def _candidate_minutes(area: Area, supply: Supply, demand: Demand, candidates: Sequence[Spot]) -> Floats:
    """Minutes from every candidate on duty at that hour to every place its kind may be sent to."""
    minutes = _minutes(area, supply, demand, candidates)
    clock = supply.at.hour * 60 + supply.at.minute
    cases = [demand.points[int(point)].case for point in demand.spots.point]
    may = {
        kind: np.array([kind in case.may_go for case in cases]) for kind in {one.kind for one in candidates}
    }
    for row, one in enumerate(candidates):
        minutes[row, ~may[one.kind]] = math.inf
        if not one.stands_at(clock):
            minutes[row] = math.inf
    return minutes


def _named(hours: Sequence[_Hour], moments: Sequence[datetime]) -> tuple[Spot, ...]:
    """Who stands at each hour; of several hours the name says which."""
    if len(hours) == 1:
        return hours[0].standing
    return tuple(
        replace(spot, name=f"{spot.name} {at:%H:%M}")
        for hour, at in zip(hours, moments, strict=True)
        for spot in hour.standing
    )


def _stacked(hours: Sequence[_Hour], standing: int, candidates: int) -> Floats:
    """One matrix: who stands at an hour serves the demands of that hour, a candidate those of all."""
    if len(hours) == 1:
        return hours[0].minutes
    count = hours[0].minutes.shape[1]
    minutes = np.full((standing + candidates, count * len(hours)), math.inf)
    first = 0
    for turn, one in enumerate(hours):
        own = slice(turn * count, (turn + 1) * count)
        minutes[first : first + len(one.standing), own] = one.minutes[: len(one.standing)]
        minutes[standing:, own] = one.minutes[len(one.standing) :]
        first += len(one.standing)
    return minutes


def shares_of(demand: Demand, hours: Sequence[int]) -> Floats:
    """What part of the demand falls between each hour and the next: by the table's alerts, else by the time it lasts."""
    rate = demand.per_hour
    even = np.ones(24) if rate is None or not rate.sum() > 0 else rate
    lasts = np.zeros(24, np.int64)
    for turn in range(24):
        passed = [one for one in hours if one <= turn] or list(hours)
        lasts[turn] = hours.index(max(passed))
    return np.bincount(lasts, even, len(hours)) / float(even.sum())


def once_each(found: Siting, asked: Asked, most: int = 20) -> Siting:
    """The answer with one more of every place named once, where several units could stand."""
    seen: set[tuple[float, ...]] = set()
    kept = []
    for one in found.one_more:
        spot = asked.spots[one.index]
        key = (spot.lon, spot.lat, spot.cost, *spot.hours)
        if spot.unit == 0 or key not in seen:
            kept.append(one)
        if spot.unit:
            seen.add(key)
    return replace(found, one_more=tuple(kept[:most]))


def _minutes(area: Area, supply: Supply, demand: Demand, spots: Sequence[Spot]) -> Floats:
    """From every site to first contact at every place, each on its own profile."""
    minutes = np.full((len(spots), len(demand.spots.weight)), math.inf)
    for profile in sorted({one.profile for one in spots}):
        rows = [number for number, one in enumerate(spots) if one.profile == profile]
        travel = supply.travels.get(profile) or roads(area, profile, supply.at, supply.rules, supply.closures)
        points = np.array([(spots[row].lon, spots[row].lat) for row in rows])
        minutes[rows] = site_minutes(travel, points, demand.spots)
    return minutes


def _loss(demand: Demand, minutes: Floats, shares: Floats, horizon: float) -> dict[str, Any]:
    """Yuan lost if a site's unit comes to each place, and if nobody does."""
    scale = 1.0 if demand.unit == "alerts" else ALERTS / demand.total
    place = demand.spots
    count = len(place.weight)
    loss = np.zeros_like(minutes)
    never = np.zeros(minutes.shape[1])
    for column in range(minutes.shape[1]):
        point, weight = place.point[column % count], place.weight[column % count]
        case = replace(demand.points[int(point)].case, late_yuan_per_minute=0.0)
        yuan = scale * weight * shares[column // count]
        loss[:, column] = yuan * loss_curve(case, minutes[:, column], horizon)
        never[column] = yuan * never_yuan(case, horizon)
    return {"loss_yuan": loss, "never_yuan": never}


def _label(demand: Demand, point: int) -> str:
    one = demand.points[point]
    return f"{one.name} (row {one.row})" if one.row is not None else one.name


def _name(names: Gazetteer, code: str) -> str:
    return names.name[names.row_of[code]] if code and code in names else ""


def kind_of(text: str) -> str:
    """A kind of responder; BadInput if it is none."""
    if text not in KINDS:
        raise BadInput(f"--kind: found {text!r}, expected one of {', '.join(KINDS)}")
    return text
