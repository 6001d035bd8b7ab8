"""Which unit each place belongs to, and which station answers for it: by outline, else by road."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dispatch.roads.plane import Plane
from dispatch.roads.travel import Travel
from dispatch.roads.twins import unite

Integers = NDArray[np.int64]
UPPER = {
    "province": (),
    "city": ("province",),
    "county": ("city", "province"),
    "township": ("county", "city"),
    "village": ("township", "county"),
    "hamlet": ("township", "county"),
}
"""Levels a unit's parent may have, the nearest first."""
UPPER_OF_THINGS = ("village", "township", "county")
BY_ROAD = ("township", "county")
"""Levels whose nearest seat by road stands in where no outline holds the place."""
ANSWERED_FOR = ("township", "village")


@dataclass(frozen=True, slots=True)
class Belonging:
    """The gazetteer with its parents, the outlines with theirs, and how they were found.

    `by_road` counts, by level of the parent, the places whose parent is only the nearest
    seat by road; `station_of` maps each township and village to its nearest station; `twice`
    is how many entries were another's twin.
    """

    gazetteer: pd.DataFrame
    boundaries: gpd.GeoDataFrame
    by_road: dict[str, int] = field(default_factory=dict)
    station_of: dict[str, str] = field(default_factory=dict)
    twice: int = 0


def belong(gazetteer: pd.DataFrame, boundaries: gpd.GeoDataFrame, travel: Travel) -> Belonging:
    """Fill the parents: the innermost outline around a place, else the nearest seat by road.

    What the map holds twice becomes one unit first, see `dispatch.roads.twins`. Streets of
    one name in one township become one entry.
    """
    gazetteer, boundaries, twice = unite(gazetteer, boundaries)
    points = gazetteer[["lon", "lat"]].to_numpy(dtype=np.float64)
    levels = gazetteer["level"].to_numpy(dtype=object)
    codes = gazetteer["code"].to_numpy(dtype=object)
    parent = np.full(len(gazetteer), "", dtype=object)
    around = {level: _around(boundaries, level, points) for level in set(boundaries["level"])}
    by_road: dict[str, int] = {}
    for level in dict.fromkeys(levels):
        rows = np.flatnonzero(levels == level)
        for upper in UPPER.get(level, UPPER_OF_THINGS):
            empty = rows[parent[rows] == ""]
            if upper in around:
                parent[empty] = around[upper][empty]
            empty = rows[parent[rows] == ""]
            seats = np.flatnonzero(levels == upper)
            if upper in BY_ROAD and len(seats) and len(empty):
                parent[empty] = codes[seats[nearest_seat(travel, points[empty], points[seats])]]
                by_road[upper] = by_road.get(upper, 0) + len(empty)
    filled = _merge_streets(gazetteer.assign(parent=parent))
    outline_parent = boundaries["code"].map(dict(zip(codes, parent, strict=True))).fillna("")
    return Belonging(
        filled, boundaries.assign(parent=outline_parent), by_road, stations_by_road(filled, travel), twice
    )


def stations_by_road(gazetteer: pd.DataFrame, travel: Travel) -> dict[str, str]:
    """The station each township and village is quickest reached from; {} without stations."""
    stations = gazetteer[gazetteer["level"] == "police"]
    places = gazetteer[gazetteer["level"].isin(ANSWERED_FOR)]
    if not len(stations) or not len(places):
        return {}
    lonlat = [table[["lon", "lat"]].to_numpy(dtype=np.float64) for table in (places, stations)]
    rows = nearest_seat(travel, *lonlat)
    return dict(zip(places["code"], stations["code"].to_numpy(dtype=object)[rows], strict=True))


def nearest_seat(travel: Travel, points: NDArray[np.float64], seats: NDArray[np.float64]) -> Integers:
    """Row of the seat each point is quickest reached from; the nearest over the ground if none."""
    _, row = travel.nearest_of(points, seats)
    lost = np.flatnonzero(row < 0)
    if len(lost):
        plane = Plane(float(np.median(seats[:, 1])))
        row[lost] = cKDTree(plane.project(*seats.T)).query(plane.project(*points[lost].T))[1]
    return row


def _around(boundaries: gpd.GeoDataFrame, level: str, points: NDArray[np.float64]) -> NDArray[np.object_]:
    """Code of the outline of that level around each point, "" where there is none."""
    rows = boundaries[boundaries["level"] == level]
    codes, found = rows["code"].to_numpy(dtype=object), np.full(len(points), "", dtype=object)
    tree = shapely.STRtree(rows.geometry.to_numpy())
    point, outline = tree.query(shapely.points(points), predicate="within")
    order = np.lexsort((codes[outline].astype(str), point))[::-1]  # of several, the first code stays
    found[point[order]] = codes[outline[order]]
    return found


def _merge_streets(gazetteer: pd.DataFrame) -> pd.DataFrame:
    """Of the streets with one name in one township only the longest stays."""
    street = gazetteer["level"] == "street"
    longest = gazetteer[street].sort_values(["radius_metres", "code"], ascending=[False, True])
    kept = longest.drop_duplicates(["name", "parent"]).index
    return gazetteer[~street | gazetteer.index.isin(kept)].reset_index(drop=True)
