"""What of an extract is of the area: outlines that hold a road of it, places within reach of one.

Extracts carry more than they cover: the outline of a neighbour, the seat of the province.
Counted as the area's own, they would let an address in another city pass for one here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dispatch.places.text import clean, core
from dispatch.roads.extract import Extract
from dispatch.roads.network import Network
from dispatch.roads.plane import Plane

REACH_METRES = 15_000.0
"""A place farther than this from every road cannot be visited, and is no place of the area."""
SEATS = ("province", "city", "county")
"""Units so large that their own point may lie far from the part that is in the extract."""

Flags = NDArray[np.bool_]


def near_roads(extract: Extract) -> Extract:
    """An extract without the outlines and places that are not of its roads; both counted as dropped.

    An outline stays if a junction lies in it, or if it lies itself in a province, city or
    county that does, and within `REACH_METRES` of a road. A place stays within
    `REACH_METRES` of a road; the point of a `SEATS` unit also where its outline stays.
    """
    network = extract.network
    if not network.node_count:
        return extract
    boundaries = extract.boundaries[_outlines_kept(extract.boundaries, network)].reset_index(drop=True)
    table = extract.gazetteer
    kept = _within_reach(network, table[["lon", "lat"]].to_numpy(dtype=np.float64))
    kept |= table["code"].isin(_seats_outlined(table, boundaries)).to_numpy()
    fresh = {
        "outlines_outside": len(extract.boundaries) - len(boundaries),
        "places_outside": int((~kept).sum()),
    }
    counts = extract.dropped | {key: count for key, count in fresh.items() if count}
    return replace(
        extract,
        gazetteer=table[kept].reset_index(drop=True),
        boundaries=boundaries,
        dropped=dict(sorted(counts.items())),
    )


def _within_reach(network: Network, lonlat: NDArray[np.float64]) -> Flags:
    """Which points have a junction, or a bend of a road, within `REACH_METRES`."""
    plane = Plane(float(np.median(network.node_lat)))
    near = np.zeros(len(lonlat), dtype=bool)
    for lon, lat in ((network.node_lon, network.node_lat), (network.shape_lon, network.shape_lat)):
        left = np.flatnonzero(~near)  # bends are many and decide few: asked only where no junction is near
        if len(left) and len(lon):
            tree = cKDTree(plane.project(lon, lat))
            metres, _ = tree.query(plane.project(*lonlat[left].T), distance_upper_bound=REACH_METRES)
            near[left] = np.isfinite(metres)
    return near


def _outlines_kept(boundaries: gpd.GeoDataFrame, network: Network) -> Flags:
    shapes = boundaries.geometry.to_numpy()
    kept = np.zeros(len(shapes), dtype=bool)
    if not len(shapes):
        return kept
    junctions = shapely.STRtree(shapely.points(network.node_lon, network.node_lat))
    kept[np.unique(junctions.query(shapes, predicate="intersects")[0])] = True
    upper = shapes[kept & boundaries["level"].isin(SEATS).to_numpy()]
    small = np.flatnonzero(~kept & ~boundaries["level"].isin(SEATS).to_numpy())
    if not len(upper) or not len(small):
        return kept
    middles = shapely.point_on_surface(shapes[small])
    lies_in = np.unique(shapely.STRtree(upper).query(middles, predicate="within")[0])
    lonlat = np.column_stack([shapely.get_x(middles), shapely.get_y(middles)])
    kept[small[lies_in]] = _within_reach(network, lonlat[lies_in])
    return kept


def _seats_outlined(table: pd.DataFrame, boundaries: gpd.GeoDataFrame) -> Iterator[str]:
    """Codes of points that a kept outline of their level and name holds."""
    named = [core(clean(name), level) for name, level in zip(table["name"], table["level"], strict=True)]
    for outline in boundaries[boundaries["level"].isin(SEATS)].itertuples():
        same = table[
            (table["level"] == outline.level) & (np.array(named) == core(clean(outline.name), outline.level))
        ]
        yield from same["code"][shapely.contains_xy(outline.geometry, same["lon"], same["lat"])]
