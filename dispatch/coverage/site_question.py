"""A question of siting of an area: its roads, its people on duty, its demand, and where more could stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.area import Area
from dispatch.coverage.candidates import Spot, bases
from dispatch.coverage.demand import Demand
from dispatch.coverage.siting.question import Model, Question
from dispatch.coverage.supply import Supply, entitled, roads, site_minutes
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
    """A question, and where its sites and demands are."""

    question: Question
    spots: tuple[Spot, ...]
    site_lonlat: Floats
    demand_lonlat: Floats
    demand_town: tuple[str, ...]
    thousand: bool
    """Whether yuan are for a thousand alerts, not for those of a table."""


def question_of(
    area: Area,
    supply: Supply,
    demand: Demand,
    candidates: Sequence[Spot],
    model: Model,
    *,
    movable: bool = False,
    **given: Any,
) -> Asked:
    """The question as `siting` takes it; `given` goes to `Question`.

    Each candidate place of a demand is a demand of its own, with its part of the weight: all models
    but the p-centre are linear in it. Who stands today serves whom it may by kind, jurisdiction and skill;
    a new site whom its kind may serve.

    Raises
    ------
    BadInput
        As `Question`.
    """
    names = Gazetteer(area.gazetteer, area.boundaries)
    today = bases(supply.on_duty, each=model in BUSY_MODELS)
    spots = (*(spot for spot, _ in today), *candidates)
    minutes = _minutes(area, supply, demand, spots)
    may = np.ones(minutes.shape, bool)
    if today:
        may[: len(today)] = entitled([one for _, one in today], demand, strict=supply.rules.planning.strict)
    place = demand.spots
    cases = [demand.points[int(point)].case for point in place.point]
    for number, one in enumerate(candidates, start=len(today)):
        may[number] = (
            [one.kind in case.may_go for case in cases]
            if len({case.may_go for case in cases}) > 1
            else one.kind in cases[0].may_go
        )
    minutes = np.where(may, minutes, math.inf)
    existing = np.array([one.existing for one in spots])
    capacity = np.array([one.capacity for one in spots])
    counties = tuple(_name(names, demand.points[int(point)].county) for point in place.point)
    question = Question(
        model=model,
        sites=tuple(one.name for one in spots),
        demands=tuple(_label(demand, int(point)) for point in place.point),
        minutes=minutes,
        weight=place.weight,
        existing=existing,
        fixed=existing & (not movable),
        price=np.array([one.cost for one in spots]),
        capacity=capacity if np.isfinite(capacity).any() else None,
        group=counties,
        unreached_minutes=supply.rules.planning.horizon_minutes,
        **(_loss(demand, minutes, supply.rules.planning.horizon_minutes) if model == "loss" else {}),
        **given,
    )
    towns = tuple(_name(names, demand.points[int(point)].town) for point in place.point)
    lonlat = np.array([(one.lon, one.lat) for one in spots])
    return Asked(question, tuple(spots), lonlat, place.lonlat, towns, demand.unit != "alerts")


def _minutes(area: Area, supply: Supply, demand: Demand, spots: Sequence[Spot]) -> Floats:
    """From every site to first contact at every place, each on its own profile."""
    minutes = np.full((len(spots), len(demand.spots.weight)), math.inf)
    for profile in sorted({one.profile for one in spots}):
        rows = [number for number, one in enumerate(spots) if one.profile == profile]
        travel = supply.travels.get(profile) or roads(area, profile, supply.at, supply.rules, supply.closures)
        points = np.array([(spots[row].lon, spots[row].lat) for row in rows])
        minutes[rows] = site_minutes(travel, points, demand.spots)
    return minutes


def _loss(demand: Demand, minutes: Floats, horizon: float) -> dict[str, Any]:
    """Yuan lost if a site's unit comes to each place, and if nobody does."""
    scale = 1.0 if demand.unit == "alerts" else ALERTS / demand.total
    place = demand.spots
    loss = np.zeros_like(minutes)
    never = np.zeros(minutes.shape[1])
    for column, (point, weight) in enumerate(zip(place.point, place.weight, strict=True)):
        case = replace(demand.points[int(point)].case, late_yuan_per_minute=0.0)
        loss[:, column] = scale * weight * loss_curve(case, minutes[:, column], horizon)
        never[column] = scale * weight * never_yuan(case, horizon)
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
