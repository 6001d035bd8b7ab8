"""Maoming's real names on invented points, for tests of names and places."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

LISTS = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "maoming"
MISSING = f"no lists of names in ../shared/data/{LISTS.name}"


@cache
def maoming() -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Gazetteer and county polygons: points random within the right county, codes real."""
    towns = pd.read_csv(LISTS / "townships.csv", dtype=str)
    villages = pd.read_csv(LISTS / "villages.csv", dtype=str)
    counties = gpd.read_file(LISTS / "counties.geojson")
    chance = np.random.default_rng(20260501)
    rows = [entry("440900", "茂名市", "city", 110.92, 21.66)]
    for one in counties.itertuples():
        inside = one.geometry.representative_point()
        rows.append(entry(one.adcode, one.name, "county", inside.x, inside.y, "440900"))
    shape = dict(zip(counties["adcode"], counties.geometry, strict=True))
    for lists, level, parent in ((towns, "township", "county_code"), (villages, "village", "township_code")):
        for county, group in lists.groupby("county_code"):
            points = _scatter(shape[county], len(group), chance)
            for one, (lon, lat) in zip(group.to_dict("records"), points, strict=True):
                rows.append(entry(one["code"], one["name"], level, lon, lat, one[parent]))
    polygons = gpd.GeoDataFrame(
        {"code": counties["adcode"], "name": counties["name"], "level": "county", "parent": "440900"},
        geometry=counties.geometry,
        crs=4326,
    )
    return pd.DataFrame(rows), polygons


def entry(
    code: str, name: str, level: str, lon: float, lat: float, parent: str = "",
    aliases: str = "", radius_metres: float = float("nan"),
) -> dict[str, object]:  # fmt: skip
    """One row of a gazetteer."""
    return {
        "code": code, "name": name, "level": level, "lon": lon, "lat": lat, "parent": parent,
        "aliases": aliases, "residents": float("nan"), "radius_metres": radius_metres,
    }  # fmt: skip


def _scatter(shape: shapely.Geometry, count: int, chance: np.random.Generator) -> np.ndarray:
    west, south, east, north = shape.bounds
    points = np.empty((0, 2))
    while len(points) < count:
        more = np.column_stack([chance.uniform(west, east, 400), chance.uniform(south, north, 400)])
        points = np.vstack([points, more[shapely.contains_xy(shape, more[:, 0], more[:, 1])]])
    return points[:count]
