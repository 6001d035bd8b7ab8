"""Who is on duty at each hour of a day by the files there are, and how long an alert takes a crew."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dispatch.area import Area
from dispatch.coverage.demand import HOURS, Demand
from dispatch.coverage.rules import Rules
from dispatch.coverage.supply import everybody, roads
from dispatch.domain import Kind
from dispatch.errors import BadInput
from dispatch.intake.ground import Ground
from dispatch.intake.shifts import default_shift

DAY_MINUTES = 1440.0


def on_duty_by_hour(
    area: Area,
    day: datetime,
    rules: Rules,
    kind: Kind,
    *,
    responders: Path | None = None,
    jurisdiction: Path | None = None,
) -> dict[str, NDArray[np.int64]]:
    """By county code, how many responders of that kind are on shift in the middle of each hour, shape (24,).

    Who has no shift in the file is on by the shares of `[duty]`; status off counts as off.
    """
    zone = ZoneInfo(area.time_zone)
    midnight = day.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    anyone = everybody(area, midnight, rules, responders=responders, jurisdiction=jurisdiction, share=1.0)
    stated = {
        one.id
        for one in everybody(
            area, midnight, rules, responders=responders, jurisdiction=jurisdiction, share=0.0
        )
    }
    ground = Ground(area.gazetteer)
    found: dict[str, NDArray[np.int64]] = {}
    for one in anyone:
        if one.kind != kind or one.status == "off":
            continue
        counties = sorted({ground.above(code, "county") or "" for code in one.jurisdiction}) or [""]
        there = found.setdefault(counties[0], np.zeros(HOURS, np.int64))
        for hour in range(HOURS):
            moment = 60.0 * hour + 30.0
            if one.id in stated:  # a shift by the clock comes back every day
                there[hour] += any(
                    one.shift.start <= moment + k * DAY_MINUTES < one.shift.end for k in (-1, 0, 1)
                )
            else:
                at = midnight + timedelta(minutes=moment)
                there[hour] += default_shift(one.id, one.kind, at, rules.duty) is not None
    return found


def task_minutes(
    area: Area, day: datetime, rules: Rules, kind: Kind, demand: Demand, *, responders: Path | None = None
) -> dict[str, float]:
    """By county code, minutes an alert takes: there and back from the nearest base of that kind, and at the door.

    Raises
    ------
    BadInput
        Nobody of that kind is known.
    """
    people = [
        one for one in everybody(area, day, rules, responders=responders, share=1.0) if one.kind == kind
    ]
    if not people:
        raise BadInput(
            f"the area has nobody of kind {kind}; give --task-minutes, or --kind of those there are"
        )
    spots = demand.spots
    minutes = np.full(len(spots.weight), np.inf)
    for profile in sorted({one.profile for one in people}):
        bases = np.array(sorted({(one.lon, one.lat) for one in people if one.profile == profile}))
        minutes = np.minimum(minutes, roads(area, profile, day, rules).nearest_of(spots.lonlat, bases)[0])
    way = 2.0 * minutes + spots.search_minutes + rules.triage.service_minutes[kind]
    counties = np.array([demand.points[int(row)].county for row in spots.point], dtype=object)
    reached = np.isfinite(way) & (spots.weight > 0)
    usual = (
        float(np.average(way[reached], weights=spots.weight[reached]))
        if reached.any()
        else rules.triage.service_minutes[kind]
    )
    found = {}
    for county in {one.county for one in demand.points}:
        rows = reached & (counties == county)
        found[county] = float(np.average(way[rows], weights=spots.weight[rows])) if rows.any() else usual
    return found
