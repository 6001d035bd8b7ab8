"""A route as GPX 1.1: a waypoint a stop, the route through them, and the track that is driven."""

from __future__ import annotations

import math
from datetime import UTC
from typing import Any

from dispatch.reasons import Language
from dispatch.sheets import words
from dispatch.sheets.book import RouteSheet, SheetBook, SheetStop
from dispatch.sheets.messages import eta, title, where

CREATOR = "field-dispatch"


def route_gpx(book: SheetBook, sheet: RouteSheet, language: Language = "zh") -> str:
    """One responder's route as GPX text; positions in WGS-84, a leg without a known road as its two ends.

    A neighbour's is no different: it holds the order, the time, the tier and the place alone.
    """
    from gpxpy import gpx  # noqa: PLC0415 - only where a track is asked for

    file = gpx.GPX()
    file.creator = CREATOR
    file.name = f"{sheet.name} · {title(book, language)}"
    mark = [words.label("practice", language)] if book.synthetic else []
    file.description = " · ".join([*mark, f"{words.label('plan', language)} {book.plan_id}"])
    file.time = book.at.astimezone(UTC)
    file.keywords = sheet.responder_id
    known = [stop for stop in sheet.stops if math.isfinite(stop.spot.lon) and math.isfinite(stop.spot.lat)]
    file.waypoints = [
        gpx.GPXWaypoint(stop.spot.lat, stop.spot.lon, **_told(book, stop, language)) for stop in known
    ]
    base = sheet.base_lonlat
    ends = [gpx.GPXRoutePoint(base[1], base[0], name=words.label("from", language))] if base else []
    points = [
        gpx.GPXRoutePoint(stop.spot.lat, stop.spot.lon, **_told(book, stop, language)) for stop in known
    ]
    file.routes = [gpx.GPXRoute(name=sheet.name, description=file.description)]
    file.routes[0].points = [*ends, *points]
    track = gpx.GPXTrack(name=sheet.name)
    track.segments = [
        gpx.GPXTrackSegment([gpx.GPXTrackPoint(float(lat), float(lon)) for lon, lat in stop.leg])
        for stop in sheet.stops
        if len(stop.leg) > 1
    ]
    file.tracks = [track] if track.segments else []
    return str(file.to_xml(version="1.1"))


def _told(book: SheetBook, stop: SheetStop, language: Language) -> dict[str, Any]:
    facts = [
        f"{words.label('arrive', language)} {eta(book, stop, language)}",
        words.coded(stop.tier, language),
        where(stop.spot, language),
    ]
    if stop.spot.radius_metres >= 1:
        facts.append(words.label("within", language, words.distance(stop.spot.radius_metres, language)))
    return {
        "name": f"{stop.order} {stop.code or stop.stop_id}",
        "description": " · ".join(facts),
        "symbol": "Flag, Red",
    }
