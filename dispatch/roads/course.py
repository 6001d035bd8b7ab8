"""What a driver meets along a leg: at every junction the turn taken, and the ways not taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.junctions import (
    Floats,
    Integers,
    bearings_leaving,
    junctions_of,
    may_leave_by,
    signed_turn,
)
from dispatch.roads.network import CLASSES, Network

Booleans = NDArray[np.bool_]

LEAST_METRES = 0.5
"""Shorter pieces of road (a gate, a rest of an edge) have no direction and no junction of their own."""
LEVEL = {
    "motorway": 0, "trunk": 1, "primary": 1, "secondary": 2, "tertiary": 2, "unclassified": 3,
    "residential": 3, "living_street": 3, "service": 4, "track": 4, "path": 5, "footway": 5, "steps": 5,
    "ferry": 0,
}  # fmt: skip
"""How easily one road is taken for another: those two levels apart are not."""
LOWLY = 4
AHEAD_DEGREES, ASIDE_DEGREES = 35.0, 55.0
"""A road within the one of straight on looks like the way ahead; one beyond the other lies to a side."""
LEVELS = np.array([LEVEL[name] for name in CLASSES])
"""`LEVEL` by class number."""
_MOTORWAY = CLASSES.index("motorway")


@dataclass(frozen=True, slots=True)
class Run:
    """Part of one edge, from fraction `start` to fraction `stop` of its line, in `ms`."""

    edge: int
    start: float
    stop: float
    ms: float


@dataclass(frozen=True, slots=True)
class Course:
    """The driven runs of a leg, in order, as `profile` drives them."""

    network: Network
    profile: str
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Stretches:
    """The runs (r) worth a word, in order; the metres and minutes of the others are in them.

    `leaving`, `arriving` (r) number the edge ends at which each begins and stops, as
    `Junctions` does; `setting_out`, `coming_in` (r) are the bearings driven there.
    """

    edge: Integers
    metres: Floats
    minutes: Floats
    leaving: Integers
    arriving: Integers
    setting_out: Floats
    coming_in: Floats
    road_class: Integers
    name: Integers
    ring: Booleans


@dataclass(frozen=True, slots=True)
class Crossings:
    """Between stretch i and stretch i + 1 (r - 1 rows): the turn in degrees, right positive, and what else is there.

    `others` counts the ways not taken that might be mistaken for it; `straightest` is how far
    from straight on the straightest of them is (180: none), `rival` the turn of the one
    nearest to ours (NaN: none) and `rival_level` its level; `tempting` where even a lowly road
    goes on straighter than ours; `at_end` where ours and another lie to either side and none goes
    on ahead (T); `motorways` counts those among the others; `exits` the roads by which a roundabout may be left here, `nearer`
    those of them before ours.
    """

    turn: Floats
    others: Integers
    straightest: Floats
    rival: Floats
    rival_level: Integers
    tempting: Booleans
    at_end: Booleans
    motorways: Integers
    exits: Integers
    nearer: Integers


def stretches(course: Course) -> Stretches:
    """The runs of a course as columns, pieces under `LEAST_METRES` added to the one before."""
    network, runs = course.network, course.runs
    edge = np.array([run.edge for run in runs], np.int64)
    share = np.array([run.stop - run.start for run in runs])
    metres = np.abs(share) * network.edge_length_metres[edge].astype(np.float64)
    minutes = np.array([run.ms for run in runs]) / 60_000.0  # ms -> min
    kept = np.flatnonzero(metres >= LEAST_METRES)
    if not len(kept):
        kept = np.array([int(metres.argmax())])
    first = np.concatenate([[0], kept[1:]])  # where the pieces counted with each begin
    edge, back = edge[kept], share[kept] < 0
    leaving = edge + network.edge_count * back
    arriving = edge + network.edge_count * ~back
    bearing = bearings_leaving(network, np.concatenate([leaving, arriving]))
    return Stretches(
        edge=edge,
        metres=np.add.reduceat(metres, first),
        minutes=np.add.reduceat(minutes, first),
        leaving=leaving,
        arriving=arriving,
        setting_out=bearing[: len(kept)],
        coming_in=(bearing[len(kept) :] + 180) % 360,
        road_class=network.edge_class[edge].astype(np.int64),
        name=network.edge_name[edge].astype(np.int64),
        ring=network.edge_roundabout[edge] & (course.profile != "foot"),
    )


def crossings(course: Course, way: Stretches) -> Crossings:
    """The turn between every two stretches, measured against the other ways out of the junction."""
    network, pairs = course.network, len(way.edge) - 1
    turn = signed_turn(way.coming_in[:-1], way.setting_out[1:])
    turn[way.arriving[:-1] == way.leaving[1:]] = 180.0
    end, row = _ways_out(course, way)
    angle = signed_turn(way.coming_in[row], bearings_leaving(network, end))
    level, ours = LEVELS[network.edge_class[end % network.edge_count]], LEVELS[way.road_class]
    worth = np.maximum(ours[:-1], ours[1:])[row]
    alike = (level < worth + 2) & ((level < LOWLY) | (level <= worth))
    count = np.bincount(row[alike], minlength=pairs)
    off_straight = np.abs(angle)
    opposite = (angle * turn[row] < 0) & (np.abs(off_straight - 90) <= 90 - ASIDE_DEGREES)
    rival, rival_level = _nearest_rival(row[alike], angle[alike], level[alike], turn)
    ring_way = network.edge_roundabout[end % network.edge_count]
    before_ours = np.where(turn[row] >= 0, angle > turn[row], angle < turn[row]) & ~ring_way
    return Crossings(
        turn=turn,
        others=count,
        straightest=_least(row[alike], off_straight[alike], pairs),
        rival=rival,
        rival_level=rival_level,
        tempting=_any(
            row, (off_straight < np.abs(turn[row]) - 10) & (level <= np.maximum(LOWLY, worth)), pairs
        ),
        at_end=(np.abs(turn) >= ASIDE_DEGREES)
        & ~_any(row, off_straight <= AHEAD_DEGREES, pairs)
        & _any(row, alike & opposite, pairs),
        motorways=np.bincount(
            row[alike & (network.edge_class[end % network.edge_count] == _MOTORWAY)], minlength=pairs
        ),
        exits=np.bincount(row[~ring_way], minlength=pairs),
        nearer=np.bincount(row[before_ours], minlength=pairs),
    )


def _ways_out(course: Course, way: Stretches) -> tuple[Integers, Integers]:
    """The edge ends the profile may leave by and does not, between two stretches; and between which."""
    network = course.network
    here, there = _node_of(network, way.arriving[:-1]), _node_of(network, way.leaving[1:])
    apart = np.flatnonzero(here != there)  # a gate, or a piece too short to count, lies between
    end, at = junctions_of(network).at(np.concatenate([here, there[apart]]))
    row = np.concatenate([np.arange(len(here)), apart])[at]
    theirs = (end == way.arriving[:-1][row]) | (end == way.leaving[1:][row])
    long = network.edge_length_metres[end % network.edge_count] >= LEAST_METRES
    kept = ~theirs & long & may_leave_by(network, end, course.profile)
    return end[kept], row[kept]


def _node_of(network: Network, ends: Integers) -> Integers:
    edge = ends % network.edge_count
    far = ends >= network.edge_count
    return np.where(far, network.edge_to[edge], network.edge_from[edge]).astype(np.int64)


def _least(row: Integers, value: Floats, rows: int) -> Floats:
    least = np.full(rows, 180.0)
    np.minimum.at(least, row, value)
    return least


def _any(row: Integers, true: Booleans, rows: int) -> Booleans:
    return np.bincount(row[true], minlength=rows) > 0


def _nearest_rival(row: Integers, angle: Floats, level: Integers, turn: Floats) -> tuple[Floats, Integers]:
    """Of every row the angle nearest to its turn, and its level; NaN and the highest where there is none."""
    rival, rival_level = np.full(len(turn), np.nan), np.full(len(turn), LOWLY + 2)
    order = np.argsort(-np.abs(signed_turn(turn[row], angle)), kind="stable")  # the nearest is written last
    rival[row[order]] = angle[order]
    rival_level[row[order]] = level[order]
    return rival, rival_level
