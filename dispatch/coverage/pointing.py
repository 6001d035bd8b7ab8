"""Where a row of a table points: a coordinate with its datum, inside the area; what is wrong is said by likely cause."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from dispatch import datum
from dispatch.intake import words
from dispatch.intake.alerts import coordinate_fault
from dispatch.intake.columns import Faults
from dispatch.places.gazetteer import Gazetteer


def coordinate(
    row: int, cells: dict[str, Any], gazetteer: Gazetteer, faults: Faults
) -> tuple[float, float] | None:
    """Longitude and latitude (WGS-84) of a row that has one of the two; None, with a fault noted, where they are no point."""
    lon, lat = cells["lon"], cells["lat"]
    if pd.isna(lon) or pd.isna(lat):
        faults.add(row, "lon" if pd.isna(lon) else "lat", "", "经纬度须成对 (both, or neither)")
        return None
    if not cells["datum"]:
        faults.add(row, "datum", "", words.DATUM_KNOWN)
        return None
    if fault := coordinate_fault(lon, lat):
        faults.add(row, fault[0], f"{lon:g}, {lat:g}", fault[1])
        return None
    x, y = (float(one) for one in datum.convert(lon, lat, cells["datum"], "WGS84"))
    if not math.isfinite(x + y) or not gazetteer.inside(x, y)[0]:
        faults.add(row, "lon", f"{lon:g}, {lat:g}", "本辖区内的经纬度 (a point inside the area)")
        return None
    return x, y
