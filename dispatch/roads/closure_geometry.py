"""GeoJSON geometry, taken apart by hand: nothing unbounded, nothing that is not a number."""

from __future__ import annotations

import math
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.intake.fields import Unclear

MAX_POINTS = 20_000
"""Of one feature."""
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
        if len(rows) > MAX_POINTS:
            raise Unclear(f"至多 {MAX_POINTS} 个点 (at most {MAX_POINTS} points a feature)")
    for row in rows:
        _position(row)
    if not rows:
        raise Unclear(POSITIONS)
    shape = _shape(kind, raw["coordinates"])
    shape = shapely.make_valid(shape) if kind.endswith("Polygon") else shape
    if kind.endswith("Polygon") and shape.geom_type not in {"Polygon", "MultiPolygon"}:
        areas = [part for part in shapely.get_parts(shape) if part.geom_type.endswith("Polygon")]
        shape = shapely.union_all(areas)
    if shape.is_empty or (kind.endswith("LineString") and shape.length == 0):
        raise Unclear("不为空的图形 (a shape that is not empty)")
    return shape


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
