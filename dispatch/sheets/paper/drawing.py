"""A route's drawing for print: roads and water of the area under it, then its legs, as one SVG of numbers alone.

Words (numbers of stops, names, the scale) are set by the template over it, in the sheet's own font.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.sheets.sketch import WIDTH, Frame, Sketch

Points = list[list[float]]

MOST_ROADS = 500
"""Roads drawn under one route; where the frame holds more, the smaller ones are left out."""
RANKS = ((2, 3.2, "#bdbdbd"), (5, 2.1, "#cccccc"), (255, 1.1, "#dadada"))
"""Up to which class of road (`maps.ROAD_CLASSES`), how wide in units, in which grey."""
LAKE, RIVER = "#e6e9ec", "#d3d9de"
LEG, CASING = "#1f3a5f", "#ffffff"


class Ground:
    """The area's roads and water (a `maps.Basemap`, or None), found by where they are.

    Built once for a book; asked once for every sheet.
    """

    def __init__(self, basemap: Any = None) -> None:
        roads: Any = getattr(basemap, "roads", None)
        self._roads: Any = roads if roads is not None and len(roads.rank) else None
        if self._roads is not None:
            start = np.asarray(roads.start, np.int64)
            lon, lat = np.asarray(roads.lon, np.float64), np.asarray(roads.lat, np.float64)
            self._boxes = np.column_stack(
                [
                    np.minimum.reduceat(lon, start[:-1]),
                    np.minimum.reduceat(lat, start[:-1]),
                    np.maximum.reduceat(lon, start[:-1]),
                    np.maximum.reduceat(lat, start[:-1]),
                ]
            )
        shapes = [
            (one.level, np.asarray(line, float))
            for one in getattr(basemap, "water", ())
            for line in one.lines
        ]
        self._water = [
            (level, line, (*line.min(axis=0).tolist(), *line.max(axis=0).tolist()))
            for level, line in shapes
            if len(line) > 1 and line.shape[1:] == (2,)
        ]

    def roads(self, frame: Frame) -> list[tuple[int, NDArray[np.float64]]]:
        """Class and points (k, 2) of the roads in a frame, smaller ones left out where there are too many."""
        if self._roads is None:
            return []
        west, south, east, north = frame.seen
        box = self._boxes
        inside = (box[:, 0] < east) & (box[:, 2] > west) & (box[:, 1] < north) & (box[:, 3] > south)
        found = np.flatnonzero(inside)
        rank = np.asarray(self._roads.rank)[found]
        order = np.argsort(rank, kind="stable")[: MOST_ROADS + 1]
        if len(order) > MOST_ROADS:  # a class is drawn whole or not at all, but the first always
            order = order[rank[order] < max(int(rank[order[-1]]), int(rank[order[0]]) + 1)][:MOST_ROADS]
        start = self._roads.start
        runs = [(int(start[one]), int(start[one + 1])) for one in found[order]]
        if not runs:
            return []
        points = np.column_stack(
            [np.concatenate([axis[a:b] for a, b in runs]) for axis in (self._roads.lon, self._roads.lat)]
        )
        lines = np.split(frame.place(points), np.cumsum([b - a for a, b in runs])[:-1])
        return list(zip(rank[order].tolist(), lines, strict=True))

    def water(self, frame: Frame) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Level (`lake`, `river`) and points (k, 2) of the water in a frame."""
        west, south, east, north = frame.seen
        for level, line, (left, low, right, high) in self._water:
            if left < east and right > west and low < north and high > south:
                yield level, frame.place(line)


def svg_of(sketch: Sketch, ground: Ground) -> str:
    """The drawing as SVG: nothing in it but numbers of ours."""
    height = sketch.height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height:g}">',
        '<g fill="none" stroke-linecap="round" stroke-linejoin="round">',
    ]
    parts += [under(sketch, ground)]
    parts += [
        f'<circle cx="{one.true_x:g}" cy="{one.true_y:g}" r="{one.ring:g}" fill="#000000" fill-opacity="0.05" '
        f'stroke="#333333" stroke-width="1" stroke-dasharray="3 2"/>'
        for one in sketch.markers
        if one.ring
    ]
    parts += [
        f'<polyline stroke="{CASING}" stroke-width="6.4" points="{one}"/>'
        for one in (*sketch.lines, *sketch.dashed)
    ]
    parts += [f'<polyline stroke="{LEG}" stroke-width="3.2" points="{one}"/>' for one in sketch.lines]
    parts += [
        f'<polyline stroke="{LEG}" stroke-width="2.4" stroke-dasharray="6 5" points="{one}"/>'
        for one in sketch.dashed
    ]
    parts += [
        f'<path fill="{LEG}" stroke="#ffffff" stroke-width="1.4" d="M8 0L-5 -6.5L-2.4 0L-5 6.5Z" '
        f'transform="translate({one.x:g} {one.y:g}) rotate({one.degrees:g})"/>'
        for one in sketch.arrows
    ]
    parts += [
        f'<path stroke="#000000" stroke-width="1" d="M{one.true_x:g} {one.true_y:g}L{one.x:g} {one.y:g}"/>'
        f'<circle cx="{one.true_x:g}" cy="{one.true_y:g}" r="3" fill="#000000"/>'
        for one in sketch.markers
        if one.moved
    ]
    return "".join([*parts, "</g></svg>"])


def under(sketch: Sketch, ground: Ground) -> str:
    """What lies under the drawing, water and roads, as SVG paths: nothing in them but numbers of ours."""
    lakes: list[Points] = []
    rivers: list[Points] = []
    for level, points in ground.water(sketch.frame):
        (lakes if level == "lake" else rivers).extend(
            _clipped([points], sketch.height, closed=level == "lake")
        )
    parts = [f'<path fill="{LAKE}" d="{_path(lakes, closed=True)}"/>'] if lakes else []
    parts += [f'<path stroke="{RIVER}" stroke-width="2.4" d="{_path(rivers)}"/>'] if rivers else []
    return "".join([*parts, *_roads(ground.roads(sketch.frame), sketch.height)])


def _roads(roads: Iterable[tuple[int, NDArray[np.float64]]], height: float) -> list[str]:
    """One path a width, the smallest roads first so that the larger lie on them."""
    groups: list[list[NDArray[np.float64]]] = [[] for _ in RANKS]
    for rank, points in roads:
        groups[next(at for at, (most, _, _) in enumerate(RANKS) if rank <= most)].append(points)
    return [
        f'<path stroke="{grey}" stroke-width="{width:g}" d="{path}"/>'
        for (_, width, grey), lines in reversed(list(zip(RANKS, groups, strict=True)))
        if (path := _path(_clipped(lines, height)))
    ]


def _clipped(lines: list[NDArray[np.float64]], height: float, *, closed: bool = False) -> list[Points]:
    """The parts of lines (of areas, where `closed`) inside the drawing, without bends too small to see."""
    if not lines:
        return []
    if closed:
        shapes = [shapely.make_valid(shapely.polygons(line)) for line in lines if len(line) > 3]
    else:
        # all lines at once: one call for hundreds of roads
        index = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
        shapes = list(shapely.linestrings(np.concatenate(lines), indices=index))
    seen = shapely.clip_by_rect(np.array(shapes, dtype=object), 0.0, 0.0, WIDTH, height)
    parts = shapely.get_parts(shapely.simplify(seen, 0.6))
    if closed:
        parts = shapely.get_exterior_ring(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
    parts = parts[(shapely.get_type_id(parts) != shapely.GeometryType.POINT) & ~shapely.is_empty(parts)]
    length = shapely.length(parts)
    parts = parts[(length > 1.0) & np.isfinite(length)]
    ends = np.cumsum(shapely.get_num_coordinates(parts)).tolist()
    points = shapely.get_coordinates(parts).tolist()
    return [points[start:end] for start, end in pairwise([0, *ends])]


def _path(lines: Iterable[Points], *, closed: bool = False) -> str:
    end = "Z" if closed else ""
    return "".join(
        "M" + "L".join([f"{x:.1f} {y:.1f}" for x, y in line]) + end for line in lines if len(line) > 1
    )
