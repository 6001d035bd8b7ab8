"""Expressways: two one-way carriageways, interchanges at main roads, ramps where two expressways meet."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from practice.chains import ACCESS, Roads
from practice.land import Points, Waves, spline, to_metres
from practice.seats import EXPRESSWAYS
from practice.ways import RANK

APART_METRES = 8500.0
HALF_METRES = 13.0  # axis to the middle of a carriageway
MEET = {"包茂高速": "沈海高速", "云茂高速": "包茂高速"}
"""Expressways that end at another."""
RAMP_KMH, ROAD_KMH = 40.0, 110.0
_ONE_WAY = {"rank": RANK["motorway"], "access": ACCESS["motorway"]}


@dataclass
class _Axis:
    """One expressway: its axis and the stations along it where something joins, each carriageway apart."""

    name: str
    line: BaseGeometry
    stops: tuple[dict[float, int], dict[float, int]]  # metre along the axis -> junction, per carriageway

    def at(self, metre: float, side: int) -> Points:
        """A point of the carriageway: side 0 follows the axis, 1 comes back; traffic keeps right."""
        a, b = (shapely.get_coordinates(self.line.interpolate(metre + d))[0] for d in (-20.0, 20.0))
        along = (b - a) / np.hypot(*(b - a))
        return np.asarray((a + b) / 2 + np.array([along[1], -along[0]]) * HALF_METRES * (1 - 2 * side))

    def stop(self, roads: Roads, metre: float, side: int) -> int:
        """The junction of that carriageway at that metre, made if new."""
        if metre not in self.stops[side]:
            self.stops[side][metre] = roads.node(np.round(self.at(metre, side), 2))
        return self.stops[side][metre]


def add_expressways(roads: Roads) -> None:
    """Add them all to `roads`."""
    main = [i for i, rank in enumerate(roads.rank) if rank <= RANK["secondary"]]
    lines = shapely.STRtree([shapely.linestrings(roads.lines[i]) for i in main])
    corners = np.array(sorted({end for i in main for end in roads.ends[i]}))
    axes = {name: _axis(number, name) for number, name in enumerate(EXPRESSWAYS)}
    forks = {a: axes[b].line.project(shapely.Point(axes[a].line.coords[-1])) for a, b in MEET.items()}
    for name, axis in axes.items():
        busy = [forks[a] for a, b in MEET.items() if b == name]
        for metre in _crossings(axis, lines, busy, ends_in_fork=name in forks):
            _interchange(roads, axis, metre, corners)
    for a, b in MEET.items():
        _fork(roads, axes[a], axes[b], forks[a])
    for name, axis in axes.items():
        _carriageways(roads, axis, ends_in_fork=name in forks)


def _axis(number: int, name: str) -> _Axis:
    """A smooth line through the points it is to pass, swaying a little."""
    axis = spline(to_metres(np.array(EXPRESSWAYS[name])), 150.0)
    far = np.minimum(np.arange(len(axis)), np.arange(len(axis))[::-1])
    sway = np.column_stack([Waves(410 + number, 6000.0)(axis), Waves(420 + number, 6000.0)(axis)]) * 260.0
    line = axis + sway * np.clip(far / 15.0, 0, 1)[:, None]
    return _Axis(name, shapely.linestrings(np.round(line, 1)), ({}, {}))


def _crossings(axis: _Axis, lines: shapely.STRtree, busy: list[float], *, ends_in_fork: bool) -> list[float]:
    """Where main roads pass under, `APART_METRES` apart and clear of the forks at `busy`."""
    metres = []
    for hit in lines.query(axis.line, predicate="intersects"):
        cut = lines.geometries[hit].intersection(axis.line)
        metres += [axis.line.project(shapely.Point(xy)) for xy in shapely.get_coordinates(cut)]
    end = axis.line.length - (4000 if ends_in_fork else 1500)
    chosen: list[float] = []
    for metre in sorted(metres):
        clear = all(abs(metre - other) > 3500 for other in busy) and 1500 < metre < end
        if clear and (not chosen or metre - chosen[-1] >= APART_METRES):
            chosen.append(metre)
    return chosen


def _interchange(roads: Roads, axis: _Axis, metre: float, corners: NDArray[np.int64]) -> None:
    """A diamond: off and on for each carriageway, at the nearest junction a little off the axis."""
    middle = shapely.get_coordinates(axis.line.interpolate(metre))[0]
    places = np.array([roads.nodes[corner] for corner in corners])
    near = np.argsort(np.hypot(*(places - middle).T), kind="stable")[:12]
    away = shapely.distance(shapely.points(places[near]), axis.line)
    foot = int(corners[near[np.where(away > 220.0, away, away + 5000.0).argmin()]])
    for side, ahead in ((0, 1.0), (1, -1.0)):
        off, on = axis.stop(roads, metre - 420 * ahead, side), axis.stop(roads, metre + 420 * ahead, side)
        _ramp(roads, axis, off, foot, metre=metre - 200 * ahead, side=side, name=axis.name + "出口")
        _ramp(roads, axis, foot, on, metre=metre + 200 * ahead, side=side, name=axis.name + "入口")


def _ramp(roads: Roads, axis: _Axis, a: int, b: int, *, metre: float, side: int, name: str) -> None:
    """A curved one-way link that leaves or joins along the carriageway."""
    start, end = np.array(roads.nodes[a]), np.array(roads.nodes[b])
    control = axis.at(metre, side) + (axis.at(metre, side) - axis.at(metre, 1 - side)) * 2.0
    t = np.linspace(0, 1, 9)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end
    roads.edge(a, b, np.round(curve, 1), **_ONE_WAY, kmh=RAMP_KMH, name=name)


def _fork(roads: Roads, ending: _Axis, through: _Axis, metre: float) -> None:
    """Where `ending` stops at `through`: a link for each of the four movements."""
    last, name = ending.line.length - 900.0, ending.name + "匝道"
    out, back = ending.stop(roads, last, 0), ending.stop(roads, last, 1)
    for side, ahead in ((0, 1.0), (1, -1.0)):
        joins, leaves = (through.stop(roads, metre + 700 * ahead * way, side) for way in (1, -1))
        _ramp(roads, through, out, joins, metre=metre + 200 * ahead, side=side, name=name)
        _ramp(roads, through, leaves, back, metre=metre - 200 * ahead, side=side, name=name)


def _carriageways(roads: Roads, axis: _Axis, *, ends_in_fork: bool) -> None:
    """The carriageways between the stops; both share a junction where they leave the area."""
    total = axis.line.length
    outer = [0.0] if ends_in_fork else [0.0, total]
    for metre in outer:
        shared = roads.node(np.round(shapely.get_coordinates(axis.line.interpolate(metre))[0], 2))
        axis.stops[0][metre] = axis.stops[1][metre] = shared
    for side in (0, 1):
        metres = sorted(axis.stops[side])
        for low, high in pairwise(metres):
            steps = np.linspace(low, high, max(2, int((high - low) / 140.0) + 1))
            line = np.array([axis.at(float(np.clip(step, 20.0, total - 20.0)), side) for step in steps])
            a, b = axis.stops[side][low], axis.stops[side][high]
            if side:
                a, b, line = b, a, line[::-1]
            roads.edge(a, b, np.round(line, 1), **_ONE_WAY, kmh=ROAD_KMH, name=axis.name)
