"""GeoJSON geometry, taken apart by hand: nothing unbounded, nothing that is not a number."""

from __future__ import annotations

import math
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.intake.fields import Unclear

MAX_POINTS = 20_000
"""Of one feature; its lines and outlines together are at most so long:"""
MAX_DEGREES = 30.0
MAX_SPOTS = 500
"""Points of a MultiPoint."""
MAX_MENDED = 60
"""Points of an outline that crosses itself: mending is as dear as all its crossings."""
DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
WANTED = "Point、LineString 或 Polygon (a Point, LineString or Polygon, or several of one kind)"
POSITIONS = "WGS-84 经度、纬度数字 (pairs of numbers, longitude and latitude in WGS-84 degrees)"
LINE_FEWEST, RING_FEWEST = 2, 4


def geometry_of(raw: Any) -> BaseGeometry:
    """The shape of a GeoJSON geometry; heights are dropped, crossed outlines mended.

    Raises
    ------
    Unclear
        Saying what was expected.
    """
    kind = raw.get("type") if isinstance(raw, dict) else None
    if not isinstance(kind, str) or kind not in DEPTH:
        raise Unclear(WANTED)
    rows = [raw.get("coordinates")]
    for _ in range(DEPTH[kind]):
        if not all(isinstance(row, list) for row in rows):
            raise Unclear(POSITIONS)
        rows = [row for outer in rows for row in outer]
        most = MAX_SPOTS if kind == "MultiPoint" else MAX_POINTS
        if len(rows) > most:
            raise Unclear(f"至多 {most} 个点 (at most {most} points a feature)")
    for row in rows:
        _position(row)
    if not rows:
        raise Unclear(POSITIONS)
    shape = _shape(kind, raw["coordinates"])
    if shape.length > MAX_DEGREES:
        raise Unclear(
            f"总长不超过 {MAX_DEGREES:.0f} 度 (lines of at most {MAX_DEGREES:.0f} degrees together)"
        )
    shape = _mended(shape, len(rows)) if kind.endswith("Polygon") else shape
    if shape.is_empty or (kind.endswith("LineString") and shape.length == 0):
        raise Unclear("不为空的图形 (a shape that is not empty)")
    return shape


def _mended(shape: BaseGeometry, points: int) -> BaseGeometry:
    """An outline that crosses itself, as the areas it surrounds."""
    if shape.is_valid:
        return shape
    if points > MAX_MENDED:
        raise Unclear("不自相交的多边形 (an outline that does not cross itself)")
    valid = shapely.make_valid(shape)
    areas = [part for part in shapely.get_parts(valid) if part.geom_type.endswith("Polygon")]
    return shapely.union_all(areas)


def _position(row: Any) -> tuple[float, float]:
    if not isinstance(row, list) or len(row) < 2:
        raise Unclear(POSITIONS)
    pair = row[:2]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in pair):
        raise Unclear(POSITIONS)
    try:
        lon, lat = float(pair[0]), float(pair[1])
    except OverflowError as cause:
        raise Unclear(POSITIONS) from cause
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise Unclear(POSITIONS)
    return lon, lat


def _shape(kind: str, rows: Any) -> BaseGeometry:
    if kind == "Point":
        return shapely.Point(_position(rows))
    if kind == "MultiPoint":
        return shapely.MultiPoint([_position(row) for row in rows])
    if kind == "LineString":
        return _line(rows)
    if kind == "MultiLineString":
        return shapely.MultiLineString([_line(row) for row in rows])
    if kind == "Polygon":
        return _polygon(rows)
    return shapely.MultiPolygon([_polygon(row) for row in rows])


def _line(rows: list[Any]) -> shapely.LineString:
    if len(rows) < LINE_FEWEST:
        raise Unclear("至少两个点的线 (a line of two points or more)")
    return shapely.LineString([_position(row) for row in rows])


def _polygon(rings: list[Any]) -> shapely.Polygon:
    if not rings or any(len(ring) < RING_FEWEST for ring in rings):
        raise Unclear("首尾相接、至少四个点的多边形 (closed rings of four points or more)")
    outer, *holes = ([_position(row) for row in ring] for ring in rings)
    return shapely.Polygon(outer, holes)
