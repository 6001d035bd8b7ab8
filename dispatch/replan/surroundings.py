"""Crews and roads as they are at the moment of a re-plan, and as the old plan had them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd

from dispatch.area import Area
from dispatch.domain import Responder
from dispatch.intake.responders import Roster
from dispatch.replan.before import Before
from dispatch.replan.events import Event
from dispatch.replan.onward import aged
from dispatch.replan.progress import Standing
from dispatch.roads.closure_file import ClosureFile, closures_in
from dispatch.roads.closures import Closure, applied
from dispatch.roads.speeds import Speeds
from dispatch.roads.travel import Travel
from dispatch.settings import section


def closures_now(area: Area, before: Before, events: Sequence[Event]) -> ClosureFile:
    """Those kept and not reopened, and those reported."""
    opened = {event.value for event in events if event.kind == "opened"}
    stay = tuple(one for one in before.kept.closures if not {one.id, one.name} & opened)
    features = [
        (event.row, _feature(event, number)) for number, event in enumerate(events) if event.kind == "closure"
    ]
    if not features:
        return ClosureFile(stay, pd.DataFrame(columns=["number", "name", "column", "found", "expected"]), ())
    found = closures_in(features, area.network, area.time_zone, before.rules.closures)
    return ClosureFile((*stay, *found.closures), found.rejected, found.notes)


def _feature(event: Event, number: int) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [event.lon, event.lat]} if event.lon == event.lon else None
    slowed = event.factor == event.factor and event.factor > 0
    given: dict[str, Any] = {
        "id": f"E{event.at:%m%d-%H%M}-{number + 1}",
        "road": event.road,
        "from": event.at.isoformat(),
        "reason": event.value,
        "name": event.road or event.value,
    }
    given |= {"factor": event.factor} if slowed else {"closed": True}
    if event.until is not None:
        given["to"] = event.until.isoformat()
    if point is not None and event.radius_metres == event.radius_metres:
        given["radius_metres"] = event.radius_metres
    return {"type": "Feature", "geometry": point, "properties": given}


def roster_now(
    before: Before, crews: Roster | None, standing: Mapping[str, Standing], minutes: float
) -> Roster:
    """Everybody, with what is known of them now."""
    if crews is None:
        nobody_refused = pd.DataFrame(columns=["row", "column", "found", "expected", "raw"])
        team = tuple(aged(one, standing[one.id], minutes) for one in before.file.problem.responders)
        return Roster(team, nobody_refused, dict(before.kept.phones))
    team = tuple(_as_read(one, standing.get(one.id)) for one in crews.responders)
    return replace(crews, responders=team)


def _as_read(one: Responder, standing: Standing | None) -> Responder:
    """A responder of a file read for this moment, with what was reported of it."""
    if standing is None:
        return one
    left = max(0, one.max_visits - len(standing.over))
    free = max(one.free_at_minutes, standing.free_at_minutes)
    status = "off" if "off" in {one.status, standing.status} else one.status
    return replace(one, max_visits=left, free_at_minutes=free, status=status)


def roads_then(
    before: Before, area: Area, roads: Mapping[str, Travel], now: Sequence[Closure], at: datetime
) -> dict[str, Travel]:
    """The roads as the old plan had them; the same object where nothing is different."""
    old_at, file = before.file.problem.at, before.file
    speeds = section(Speeds, "speeds", file.settings)
    as_it_was = (
        file.area.get("hash") == area.hash and speeds == before.rules.speeds and old_at.hour == at.hour
    )
    found = {}
    for profile, travel in roads.items():
        was, are = applied(before.kept.closures, profile, old_at), applied(now, profile, at)
        same = len(was) == len(are) and all(
            one.factor == other.factor and one.edges.tolist() == other.edges.tolist()
            for one, other in zip(was, are, strict=True)
        )
        if same and as_it_was:
            found[profile] = travel
        else:
            found[profile] = travel.reweighted(departure=old_at, closures=was, speeds=speeds)
    return found
