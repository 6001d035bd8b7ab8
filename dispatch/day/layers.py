"""A plan as GeoPackage layers, for QGIS: cases, places, responders, routes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
from shapely import LineString, MultiLineString, Point

from dispatch.day.closing import closure_rows
from dispatch.day.planning import Day
from dispatch.reasons import say

WGS84 = "EPSG:4326"


def write_geopackage(day: Day, path: Path) -> None:
    """Write `plan.gpkg`: layers cases, places, responders, routes and closures in WGS-84.

    It holds no name, phone or address; a case without a place has an empty point.
    """
    layers = {
        "cases": _cases(day),
        "places": _places(day),
        "responders": _responders(day),
        "routes": _routes(day),
        "closures": _closures(day),
    }
    # the folder is on the disk before it shows (`dispatch.store`): no layer needs to wait for the disk by itself
    pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": "OFF"})
    for layer, table in layers.items():
        if len(table):
            table.to_file(path, layer=layer, driver="GPKG", engine="pyogrio")


def _cases(day: Day) -> gpd.GeoDataFrame:
    stops = {stop.case_id: (route.responder_id, stop) for route in day.plan.routes for stop in route.stops}
    left_out = {one.case_id: one.reason for one in day.plan.left_out}
    rows = []
    for case in day.problem.cases:
        responder, stop = stops.get(case.id, (None, None))
        reason = left_out.get(case.id)
        best = max(case.places, key=lambda place: place.probability, default=None)
        rows.append(
            {
                "case_id": case.id,
                "tier": case.tier,
                "fraud_type": case.fraud_type,
                "stake_yuan": case.stake_yuan,
                "hazard_per_hour": case.hazard_per_hour,
                "responder_id": responder,
                "contact_at": _moment(day, stop.contact) if stop else None,
                "left_out_code": reason.code if reason else None,
                "left_out_zh": say(reason, "zh") if reason else None,
                "left_out_en": say(reason, "en") if reason else None,
                "geometry": Point(best.lon, best.lat) if best else Point(),
            }
        )
    return _table(rows)


def _places(day: Day) -> gpd.GeoDataFrame:
    return _table(
        [
            {
                "place_id": place.id,
                "case_id": case.id,
                "source": place.source,
                "level": place.level,
                "probability": place.probability,
                "radius_metres": place.radius_metres,
                "search_minutes": place.search_minutes,
                "geometry": Point(place.lon, place.lat),
            }
            for case in day.problem.cases
            for place in case.places
        ]
    )


def _responders(day: Day) -> gpd.GeoDataFrame:
    visits = {route.responder_id: len(route.stops) for route in day.plan.routes}
    return _table(
        [
            {
                "responder_id": one.id,
                "kind": one.kind,
                "name": one.name,
                "profile": one.profile,
                "status": one.status,
                "shift_from": _moment(day, one.shift.start),
                "shift_to": _moment(day, one.shift.end),
                "visits": visits.get(one.id, 0),
                "geometry": Point(one.lon, one.lat),
            }
            for one in day.problem.responders
        ]
    )


def _routes(day: Day) -> gpd.GeoDataFrame:
    """One row a leg, the way home included, drawn along the roads."""
    rows = []
    for route in day.plan.routes:
        stops: list[Any] = [*route.stops, None] if route.stops else []
        for order, stop in enumerate(stops, start=1):
            leg = day.legs[stop.id if stop else f"{route.responder_id}/home"]
            rows.append(
                {
                    "responder_id": route.responder_id,
                    "order": order,
                    "stop_id": stop.id if stop else None,
                    "case_id": stop.case_id if stop else None,
                    "drive_minutes": leg.minutes,
                    "metres": leg.metres,
                    "arrive_at": _moment(day, stop.arrive if stop else route.home),
                    "geometry": _line(leg.lonlat),
                }
            )
    return _table(rows)


def _closures(day: Day) -> gpd.GeoDataFrame:
    """One row a closure of the plan, drawn as the roads it lies on."""
    network = day.area.network
    by_id = {one.id: one for one in day.closures.closures}
    return _table(
        [
            {
                **{key: row[key] for key in ("id", "name", "reason", "factor", "from", "to", "in_force")},
                "profiles": ", ".join(row["profiles"]),
                "geometry": MultiLineString([network.shape(edge) for edge in by_id[row["id"]].edges]),
            }
            for row in closure_rows(network, day.problem, day.closures.closures)
        ]
    )


def _line(lonlat: np.ndarray) -> LineString:
    return LineString(lonlat) if len(lonlat) > 1 else LineString()


def _moment(day: Day, minutes: float) -> str:
    moment: datetime = day.problem.at + timedelta(minutes=minutes)
    return moment.isoformat(timespec="seconds")


def _table(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=WGS84) if rows else gpd.GeoDataFrame()
