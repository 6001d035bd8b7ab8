"""The same points and routes through folium's own layers, for `benchmarks.maps`.

They get less than our map: no roads, no places but the first, a name and a tier in the popup.
What their pages would fetch is answered by the browser test's own hand from the files this
project carries (a newer markercluster than folium names), and by nothing where it has no part
in drawing points, so that no network is in any figure.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import folium
import folium.plugins

import maps
from maps.page import vendored

JQUERY = """window.$ = (what) => typeof what === 'string'
  ? [...new DOMParser().parseFromString(what, 'text/html').body.children] : { ready: (act) => act() };"""

Rival = Callable[[maps.PlanView], folium.Map]


def marker_cluster(view: maps.PlanView) -> folium.Map:
    """`folium.plugins.MarkerCluster` of a `folium.Marker` a case."""
    ground, cluster = _ground(view), folium.plugins.MarkerCluster()
    for case in view.cases:
        place = case.places[0]
        folium.Marker([place.lat, place.lon], popup=f"{case.id} {case.name}", tooltip=case.tier).add_to(
            cluster
        )
    return cluster.add_to(ground)._parent


def fast_marker_cluster(view: maps.PlanView) -> folium.Map:
    """`folium.plugins.FastMarkerCluster` of points with a text each."""
    ground = _ground(view)
    rows = [
        [case.places[0].lat, case.places[0].lon, f"{case.id} {case.name} {case.tier}"] for case in view.cases
    ]
    callback = "function (row) { return L.marker(new L.LatLng(row[0], row[1])).bindPopup(row[2]); }"
    folium.plugins.FastMarkerCluster(rows, callback=callback).add_to(ground)
    return ground


def geojson(view: maps.PlanView) -> folium.Map:
    """`folium.GeoJson` of circles drawn on canvas."""
    ground = _ground(view)
    features = [
        {
            "type": "Feature",
            "properties": {"id": case.id, "name": case.name, "tier": case.tier},
            "geometry": {"type": "Point", "coordinates": [case.places[0].lon, case.places[0].lat]},
        }
        for case in view.cases
    ]
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        marker=folium.CircleMarker(radius=5, fill=True),
        popup=folium.GeoJsonPopup(fields=["id", "name", "tier"]),
    ).add_to(ground)
    return ground


RIVALS: dict[str, Rival] = {
    "MarkerCluster": marker_cluster,
    "FastMarkerCluster": fast_marker_cluster,
    "GeoJson": geojson,
}


def write(ground: folium.Map, path: Path) -> None:
    """The map as folium writes it."""
    ground.save(str(path))


def answered(address: str) -> dict[str, Any]:
    """What the browser is given for an address of a rival's page."""
    tail = address.rsplit("/", 1)[-1]
    known = {
        "leaflet.js": ("leaflet", "dist/leaflet.js"),
        "leaflet.css": ("leaflet", "dist/leaflet.css"),
        "leaflet.markercluster.js": ("leaflet.markercluster", "dist/leaflet.markercluster.js"),
        "MarkerCluster.css": ("leaflet.markercluster", "dist/MarkerCluster.css"),
        "MarkerCluster.Default.css": ("leaflet.markercluster", "dist/MarkerCluster.Default.css"),
    }
    kind = "text/css" if tail.endswith(".css") else "text/javascript"
    body = vendored(*known[tail]) if tail in known else JQUERY if tail.startswith("jquery") else ""
    return {"status": 200, "content_type": kind, "body": body}


def _ground(view: maps.PlanView) -> folium.Map:
    first = view.cases[0].places[0]
    ground = folium.Map(
        [first.lat, first.lon], zoom_start=10, tiles=None, prefer_canvas=True, max_zoom=18, maxZoom=18
    )
    for route in view.routes:
        latlon = [(lat, lon) for stop in route.stops for lon, lat in stop.leg.tolist()]
        folium.PolyLine(latlon, weight=3).add_to(ground)
    return ground
