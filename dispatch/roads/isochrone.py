"""How far one gets within some minutes, as polygons: by road, and on foot from the road.

Every reached part of an edge is widened by what can still be walked from it. It is a map, not
a test of one place: `Travel.nearest_of` gives a place's own minutes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from dispatch.errors import BadInput
from dispatch.roads.arcs import spread
from dispatch.roads.lines import cut_lines
from dispatch.roads.reach import Reach

if TYPE_CHECKING:
    from dispatch.roads.travel import Travel

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
ROAD_METRES = 30.0
"""A reached road is at least this wide to either side."""
WALK_METRES = 1000.0
"""Nobody is taken to walk farther than this from the road."""
WALK_STEP_METRES = 50.0
"""Widths are rounded down to whole steps of this: parts of one width are widened together."""
PART_MS = 30_000.0
"""A long edge is cut into parts of this, each as wide as from its end."""
HOLE_SQUARE_METRES = (2 * WALK_METRES) ** 2
"""Smaller holes are filled: from the roads around them nothing in them is too far to walk."""
MS_PER_MINUTE = 60_000.0


def isochrones(travel: Travel, points: object, minutes: Iterable[float], metric_crs: str) -> gpd.GeoDataFrame:
    """Where one gets to from the quickest of `points` within each of `minutes`.

    Parameters
    ----------
    travel
        Whose roads, profile and hour.
    points
        WGS-84 longitude and latitude, shape (n, 2).
    minutes
        Above 0, in any order.
    metric_crs
        Projected, in metres: the area's.

    Returns
    -------
    gpd.GeoDataFrame
        In `metric_crs`, one row for each of `minutes`, in their order: columns `minutes`,
        `geometry` (a polygon, or several; empty where no point reaches anything). More minutes always hold fewer.

    Raises
    ------
    BadInput
        A number of minutes is not above 0, or the CRS is not projected, or not in metres.
    """
    asked = [float(one) for one in minutes]
    if any(not (np.isfinite(one) and one > 0) for one in asked):
        raise BadInput(f"minutes are {asked}, expected numbers above 0")
    to_metres = _to_metres(metric_crs)
    reach = travel.reach(points)
    shapes: dict[float, shapely.Geometry] = {}
    before = shapely.MultiPolygon()
    for limit in sorted(set(asked)):
        by_road = _widened(travel, reach, limit * MS_PER_MINUTE, to_metres)
        on_foot = _around(travel, points, limit * MS_PER_MINUTE, to_metres)
        before = shapes[limit] = shapely.union(before, _filled(shapely.union(by_road, on_foot)))
    return gpd.GeoDataFrame({"minutes": asked}, geometry=[shapes[one] for one in asked], crs=metric_crs)


def _to_metres(metric_crs: str) -> pyproj.Transformer:
    try:
        crs = pyproj.CRS.from_user_input(metric_crs)
    except pyproj.exceptions.CRSError as cause:
        raise BadInput(f"CRS is {metric_crs!r:.60}, expected a projected one such as EPSG:32650") from cause
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        raise BadInput(f"CRS is {metric_crs!r:.60}, expected a projected one in metres such as EPSG:32650")
    return pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)


def _widened(
    travel: Travel, reach: Reach, limit_ms: float, to_metres: pyproj.Transformer
) -> shapely.Geometry:
    """The reached roads, each part as wide as can still be walked from its end."""
    edge, start, stop, end_ms = _parts(reach, limit_ms)
    lonlat, row = cut_lines(travel.network, edge, start, stop)
    if not len(row):
        return shapely.MultiPolygon()
    xy = np.column_stack(to_metres.transform(lonlat[:, 0], lonlat[:, 1]))
    lines = shapely.linestrings(xy, indices=row)
    width = np.minimum((limit_ms - end_ms) / travel.walk_ms_per_metre, WALK_METRES)
    width = np.maximum(np.floor(width / WALK_STEP_METRES) * WALK_STEP_METRES, ROAD_METRES)
    lines = shapely.simplify(lines, width * 0.05, preserve_topology=False)
    return shapely.union_all(shapely.buffer(lines, width, quad_segs=4))


def _parts(reach: Reach, limit_ms: float) -> tuple[Integers, Floats, Floats, Floats]:
    """The parts driven within the limit, long ones cut: edge, start, stop, and the milliseconds at the stop."""
    span = np.abs(reach.stop - reach.start)
    left = np.maximum(limit_ms - reach.start_ms, 0.0)
    share = np.divide(left, reach.whole_ms, out=np.full(len(left), np.inf), where=reach.whole_ms > 0)
    kept = np.flatnonzero((reach.start_ms <= limit_ms) & (span > 0))
    span = np.minimum(span, share)[kept]
    whole, start = reach.whole_ms[kept], reach.start[kept]
    sign = np.sign(reach.stop[kept] - start)
    count = np.maximum(np.ceil(span * whole / PART_MS), 1).astype(np.int64)
    row, number = spread(np.zeros(len(kept), np.int64), count)
    low, high = (span[row] * (number + more) / count[row] for more in (0, 1))
    begin, end = (np.clip(start[row] + sign[row] * one, 0.0, 1.0) for one in (low, high))
    return reach.edge[kept][row], begin, end, reach.start_ms[kept][row] + high * whole[row]


def _around(
    travel: Travel, points: object, limit_ms: float, to_metres: pyproj.Transformer
) -> shapely.Geometry:
    """What is walked to from the points themselves."""
    lonlat = np.asarray(points, np.float64).reshape(-1, 2)
    xy = np.column_stack(to_metres.transform(lonlat[:, 0], lonlat[:, 1]))
    width = min(limit_ms / travel.walk_ms_per_metre, WALK_METRES)
    return shapely.union_all(shapely.buffer(shapely.points(xy), width, quad_segs=4))


def _filled(shape: shapely.Geometry) -> shapely.Geometry:
    """Without its small holes."""
    polygons = []
    for polygon in shapely.get_parts(shape):
        holes = [ring for ring in polygon.interiors if shapely.Polygon(ring).area >= HOLE_SQUARE_METRES]
        polygons.append(shapely.Polygon(polygon.exterior, holes))
    return shapely.union_all(polygons)
