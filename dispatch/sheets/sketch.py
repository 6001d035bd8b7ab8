"""A route drawn small: its legs, numbered stops, north and a scale, as shapes a template only places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.reasons import Language
from dispatch.sheets.book import RouteSheet, SheetStop
from dispatch.sheets.words import distance

WIDTH, LOWEST, HIGHEST = 360.0, 170.0, 300.0  # in the drawing's own units, about CSS pixels
MARGIN = 34.0
MARKER, GAP = 11.0, 3.0
LETTER = 11.0
SMALLEST_METRES = 300.0
METRES_PER_DEGREE = 111_320.0

Point = tuple[float, float]
Points = NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Marker:
    """A numbered disc at (`x`, `y`), standing for (`true_x`, `true_y`); `ring` is its search radius."""

    text: str
    x: float
    y: float
    true_x: float
    true_y: float
    ring: float = 0.0
    label: str = ""
    label_x: float = 0.0
    label_y: float = 0.0
    anchor: str = "start"

    @property
    def moved(self) -> bool:
        """Whether it had to make room for another."""
        return math.hypot(self.x - self.true_x, self.y - self.true_y) > 1.0


@dataclass(frozen=True, slots=True)
class Arrow:
    """The way a leg is driven: at (`x`, `y`), `degrees` clockwise from east."""

    x: float
    y: float
    degrees: float


@dataclass(frozen=True, slots=True)
class Sketch:
    """All shapes of one route's drawing, in its own units; `dashed` are legs with no known road.

    `frame` places anything else on it.
    """

    width: float
    height: float
    lines: tuple[str, ...]
    dashed: tuple[str, ...]
    arrows: tuple[Arrow, ...]
    markers: tuple[Marker, ...]
    base: Marker | None
    bar: float
    bar_text: str
    frame: Frame


def sketch_of(route: RouteSheet, language: Language = "zh") -> Sketch | None:
    """The drawing of a route; None where no stop has a usable position."""
    stops = [stop for stop in route.stops if _usable((stop.spot.lon, stop.spot.lat))]
    if not stops:
        return None
    start = route.base_lonlat if route.base_lonlat and _usable(route.base_lonlat) else None
    legs = _legs(stops, start)
    frame = Frame.around([line for line, _ in legs] + [_here(stop) for stop in stops])
    lines: list[str] = []
    dashed: list[str] = []
    arrows: list[Arrow] = []
    for lonlat, known in legs:
        points = frame.place(lonlat)
        (lines if known else dashed).append(_text_of(_thinned(points)))
        arrows.extend(_arrow(points))
    base = None
    if start:
        x, y = map(float, frame.place(np.array([start]))[0])
        base = Marker("", x, y, x, y)
    metres = _round_metres(frame.metres_per_unit * 90.0)
    return Sketch(
        width=WIDTH,
        height=round(frame.height, 1),
        lines=tuple(lines),
        dashed=tuple(dashed),
        arrows=tuple(arrows),
        markers=_markers(stops, frame, base),
        base=base,
        bar=round(metres / frame.metres_per_unit, 1),
        bar_text=distance(metres, language) if metres < 1000 or metres % 1000 == 0 else f"{metres:.0f} m",
        frame=frame,
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """From lon/lat to the drawing: equal scale both ways, north up."""

    west: float
    north: float
    narrowing: float
    metres_per_unit: float
    left: float
    top: float
    height: float

    @classmethod
    def around(cls, lines: Sequence[Points]) -> Frame:
        """The frame around all points of some lines, with a margin."""
        lonlat = np.concatenate(lines)
        (west, south), (east, north) = lonlat.min(axis=0), lonlat.max(axis=0)
        narrowing = math.cos(math.radians((south + north) / 2.0))
        wide = max((east - west) * narrowing * METRES_PER_DEGREE, 1e-6)
        tall = max((north - south) * METRES_PER_DEGREE, 1e-6)
        inner = WIDTH - 2 * MARGIN
        height = min(
            max(inner * tall / max(wide, SMALLEST_METRES), LOWEST - 2 * MARGIN), HIGHEST - 2 * MARGIN
        )
        scale = max(wide / inner, tall / height, SMALLEST_METRES / inner)
        return cls(
            west=float(west),
            north=float(north),
            narrowing=narrowing,
            metres_per_unit=scale,
            left=MARGIN + (inner - wide / scale) / 2.0,
            top=MARGIN + (height - tall / scale) / 2.0,
            height=height + 2 * MARGIN,
        )

    def place(self, lonlat: Points) -> Points:
        """Points (k, 2) of the drawing for lon/lat (k, 2)."""
        per_degree = METRES_PER_DEGREE / self.metres_per_unit
        x = self.left + (lonlat[:, 0] - self.west) * self.narrowing * per_degree
        y = self.top + (self.north - lonlat[:, 1]) * per_degree
        return np.column_stack([x, y])

    @property
    def seen(self) -> Box:
        """West, south, east and north of what the whole drawing shows."""
        per_degree = METRES_PER_DEGREE / self.metres_per_unit
        west = self.west - self.left / (self.narrowing * per_degree)
        north = self.north + self.top / per_degree
        return west, north - self.height / per_degree, west + WIDTH / (self.narrowing * per_degree), north


def _usable(lonlat: Point) -> bool:
    return all(map(math.isfinite, lonlat)) and abs(lonlat[0]) <= 180 and abs(lonlat[1]) <= 85


def _here(stop: SheetStop) -> Points:
    return np.array([[stop.spot.lon, stop.spot.lat]])


def _legs(stops: Sequence[SheetStop], start: Point | None) -> list[tuple[Points, bool]]:
    """Each stop's leg and whether its road is known; else a straight line from the point before."""
    legs: list[tuple[Points, bool]] = []
    before = start
    for stop in stops:
        here = (stop.spot.lon, stop.spot.lat)
        if len(stop.leg) > 1 and np.abs(stop.leg).max(initial=0.0) <= 180.0:
            legs.append((stop.leg, True))
        elif before is not None:
            legs.append((np.array([before, here]), False))
        before = here
    return legs


def _thinned(points: Points) -> Points:
    """Without the bends nobody can see at this size (Douglas–Peucker, half a unit)."""
    kept: Points = shapely.get_coordinates(shapely.simplify(shapely.linestrings(points), 0.5))
    return kept


def _text_of(points: Points) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _arrow(points: Points) -> list[Arrow]:
    """One arrow half way along a leg, none on a leg too short to carry it."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    if along[-1] < 40.0:
        return []
    ends = [np.array([np.interp(where, along, points[:, axis]) for axis in (0, 1)]) for where in
            (along[-1] / 2 - 4.0, along[-1] / 2 + 4.0)]  # fmt: skip
    (x, y), (dx, dy) = (ends[0] + ends[1]) / 2, ends[1] - ends[0]
    return [Arrow(round(float(x), 1), round(float(y), 1), round(math.degrees(math.atan2(dy, dx)), 0))]


def _markers(stops: Sequence[SheetStop], frame: Frame, base: Marker | None) -> tuple[Marker, ...]:
    taken: list[Point] = [(base.x, base.y)] if base else []
    spots = []
    for stop in stops:
        true_x, true_y = map(float, frame.place(_here(stop))[0])
        spots.append((stop, (true_x, true_y), _free_spot((true_x, true_y), taken, frame)))
        taken.append(spots[-1][2])
    boxes: list[Box] = [(x - MARKER, y - MARKER, x + MARKER, y + MARKER) for x, y in taken]
    boxes += [
        (0.0, frame.height - 24.0, 130.0, frame.height),
        (WIDTH - 30.0, 0.0, WIDTH, 44.0),
    ]  # scale, north
    markers = []
    for stop, true, (x, y) in spots:
        ring = stop.spot.radius_metres / frame.metres_per_unit
        text, label_x, label_y, anchor = _label(stop.spot.village or stop.spot.town, (x, y), frame, boxes)
        markers.append(
            Marker(
                text=str(stop.order),
                x=round(x, 1),
                y=round(y, 1),
                true_x=round(true[0], 1),
                true_y=round(true[1], 1),
                ring=round(ring, 1) if MARKER < ring < WIDTH else 0.0,
                label=text,
                label_x=round(label_x, 1),
                label_y=round(label_y, 1),
                anchor=anchor,
            )
        )
    return tuple(markers)


def _free_spot(true: Point, taken: Sequence[Point], frame: Frame) -> Point:
    """The nearest place for a disc where it covers no other."""
    apart = 2 * MARKER + GAP
    for turn in range(120):
        reach, angle = (turn // 12 + (turn > 0)) * apart / 2, turn * math.pi / 6
        x, y = true[0] + reach * math.cos(angle), true[1] + reach * math.sin(angle)
        inside = MARKER < x < WIDTH - MARKER and MARKER < y < frame.height - MARKER
        if inside and all(math.hypot(x - other, y - above) >= apart for other, above in taken):
            return x, y
    return true


def _label(name: str, at: Point, frame: Frame, boxes: list[Box]) -> tuple[str, float, float, str]:
    """A name beside its disc where there is room, else none; its box joins `boxes`."""
    short = name if len(name) <= 12 else name[:11] + "…"
    wide = sum(LETTER if ord(one) > 0x2E7F else LETTER * 0.56 for one in short)
    off = MARKER + GAP
    for x, y, anchor, left in (
        (at[0] + off, at[1] + 4, "start", at[0] + off),
        (at[0] - off, at[1] + 4, "end", at[0] - off - wide),
        (at[0], at[1] + off + 9, "middle", at[0] - wide / 2),
        (at[0], at[1] - off - 1, "middle", at[0] - wide / 2),
    ):
        box = (left, y - LETTER, left + wide, y + 3)
        inside = box[0] > 2 and box[2] < WIDTH - 2 and box[1] > 2 and box[3] < frame.height - 2
        if short and inside and not any(_overlap(box, other) for other in boxes):
            boxes.append(box)
            return short, x, y, anchor
    return "", 0.0, 0.0, "start"


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _round_metres(most: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is not over `most`."""
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (5.0, 2.0, 1.0) if step * power <= most)
