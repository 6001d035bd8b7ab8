"""How far one gets, as areas on a grid: one sweep of the roads for each kind, however many bases.

`Travel.isochrone` draws one base finely; a region with a thousand bases takes it a minute. Here
every cell of a grid is asked what a demand there would be: road, door and walk.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from dispatch.area import Area
from dispatch.coverage.supply import Supply, on_shift
from dispatch.domain import KINDS
from dispatch.roads.extract import CRS

Floats = NDArray[np.float64]

TOGETHER = "together"
LEAST_CELL_METRES = 250.0
MOST_CELLS = 40_000


def isochrones(area: Area, supply: Supply, thresholds: Sequence[float]) -> gpd.GeoDataFrame:
    """Where each kind, and all together, get to within each threshold, from bases manned and free now.

    Roads alone count: whom a jurisdiction lets go where, the shares know.

    Returns
    -------
    gpd.GeoDataFrame
        WGS-84; columns `kind` (of `domain.KINDS`, or "together"), `minutes`, `geometry` (polygons of the
        grid's fineness); kinds nobody is on duty of are left out.
    """
    lonlat, inside, cell, origin = _grid(area)
    minutes = _minutes(supply, lonlat)
    rows = []
    for kind in (TOGETHER, *KINDS):
        if kind in minutes:
            whole = np.full(inside.shape, np.inf)
            whole[inside] = minutes[kind]
            rows += [(kind, limit, _area(whole <= limit, cell, origin)) for limit in thresholds]
    table = gpd.GeoDataFrame(
        {"kind": [kind for kind, _, _ in rows], "minutes": [limit for _, limit, _ in rows]},
        geometry=[shape for _, _, shape in rows],
        crs=area.metric_crs,
    )
    return table.to_crs(CRS)


def _minutes(supply: Supply, lonlat: Floats) -> dict[str, Floats]:
    """Minutes to every cell by the quickest of each kind, and of all."""
    ready = [one for one in supply.responders if on_shift(one) and one.ready_minutes <= 0.0]
    found: dict[str, Floats] = {}
    for profile, travel in supply.travels.items():
        for kind in KINDS:
            bases = sorted(
                {(one.lon, one.lat) for one in ready if one.profile == profile and one.kind == kind}
            )
            if bases:
                minutes, _ = travel.nearest_of(lonlat, np.array(bases))
                for name in (kind, TOGETHER):
                    found[name] = np.minimum(found[name], minutes) if name in found else minutes
    return found


def _grid(area: Area) -> tuple[Floats, NDArray[np.bool_], float, tuple[float, float]]:
    """Middles of the cells inside the area: lon, lat; which cells of the whole grid; size; its corner, metres."""
    network = area.network
    there = pyproj.Transformer.from_crs(CRS, area.metric_crs, always_xy=True)
    x, y = there.transform(network.node_lon, network.node_lat)
    counties = area.boundaries[area.boundaries["level"] == "county"].geometry.to_crs(area.metric_crs)
    outline = shapely.union_all(counties.to_numpy())
    if outline.is_empty:
        outline = shapely.box(x.min(), y.min(), x.max(), y.max()).buffer(1000.0)
    west, south, east, north = outline.bounds
    cell = max(LEAST_CELL_METRES, math.sqrt((east - west) * (north - south) / MOST_CELLS))
    columns, rows = math.ceil((east - west) / cell), math.ceil((north - south) / cell)
    across, up = np.meshgrid(west + (np.arange(columns) + 0.5) * cell, south + (np.arange(rows) + 0.5) * cell)
    shapely.prepare(outline)
    inside = shapely.contains_xy(outline, across, up)
    lon, lat = there.transform(across[inside], up[inside], direction="INVERSE")
    return np.column_stack([lon, lat]), inside, cell, (west, south)


def _area(reached: NDArray[np.bool_], cell: float, origin: tuple[float, float]) -> shapely.Geometry:
    """The reached cells as polygons: single ones smoothed away, runs of a row as boxes, joined, stairs made slopes."""
    smooth = ndimage.median_filter(reached.astype(np.int8), size=3)
    step = np.diff(np.pad(smooth, ((0, 0), (1, 1))), axis=1)
    row, start = np.nonzero(step == 1)
    _, stop = np.nonzero(step == -1)
    west, south = origin
    boxes = shapely.box(west + start * cell, south + row * cell, west + stop * cell, south + (row + 1) * cell)
    return shapely.simplify(shapely.union_all(boxes), 0.8 * cell)
