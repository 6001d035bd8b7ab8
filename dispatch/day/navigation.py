"""Links that open a place in a navigation service, each in the service's own datum.

They carry a point and nothing else: no name, no address, no case.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import maps
from dispatch.datum import convert

AMAP = "https://uri.amap.com/navigation?to={lon:.6f},{lat:.6f}&mode=car&coordinate=gaode"
BAIDU = "https://api.map.baidu.com/marker?location={lat:.6f},{lon:.6f}&title=*&content=*&output=html&coord_type=bd09ll"
GEO = "geo:{lat:.6f},{lon:.6f}"
SERVICES = (("amap", AMAP, "GCJ02"), ("baidu", BAIDU, "BD09"), ("geo", GEO, "WGS84"))


def with_navigation(view: maps.PlanView) -> maps.PlanView:
    """The view with links to AMap, Baidu and the device's own map beside every place."""
    places = [place for case in view.cases for place in case.places]
    lon, lat = np.array([(one.lon, one.lat) for one in places], float).reshape(-1, 2).T
    moved = [(name, form, *convert(lon, lat, "WGS84", datum)) for name, form, datum in SERVICES]
    links = {
        place.id: tuple((name, form.format(lon=x[at], lat=y[at])) for name, form, x, y in moved)
        for at, place in enumerate(places)
    }
    cases = tuple(
        replace(case, places=tuple(replace(place, links=links[place.id]) for place in case.places))
        for case in view.cases
    )
    return replace(view, cases=cases)
