"""A leg as a list of steps: only what a driver has to decide, and how far until the next time.

A bend without a junction is no step, nor is a junction where the road plainly goes on. Going
straight on is one only where the road changes its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.course import LEVELS, Course, Crossings, Stretches, crossings, stretches
from dispatch.roads.decisions import (
    SLIGHT_DEGREES,
    Cut,
    Motorway,
    Turn,
    decisions,
    same_street,
    street_of,
    turn_of,
)
from dispatch.roads.network import CLASSES
from dispatch.roads.plane import bearing_degrees

__all__ = ["Motorway", "Part", "Step", "Turn", "directions"]

Floats = NDArray[np.float64]

NAMED_METRES, UNNAMED_METRES = 150.0, 500.0
"""A shorter stretch of another name, or of none, on the way straight on is not told apart."""
DETOUR_METRES = 1000.0
"""Nor is a longer one (a bridge) where the name before returns behind it."""
RAMP_METRES = 3000.0
"""A slip road up to this long bears the name of the motorway it leads to."""
DOORSTEP_METRES = 15.0
"""A walk shorter than this, beside a drive, is the pavement: nobody needs to be told."""
MOST_STEPS = 14
"""A longer list is not read: its middle is said in one step, by the streets it follows."""
FIRST_STEPS, LAST_STEPS = 2, 4
"""How many steps at the start and the end of a long list are never summed up."""
MOST_VIA = 5
"""Streets named by a step that sums up others, the longest of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one street (or of unnamed road of one class), or a walk off the road.

    `road` is a class of the network, or ``walk``; `lonlat` has shape (k, 2).
    """

    street: str
    road: str
    metres: float
    minutes: float
    lonlat: Floats


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: what to do, then `metres` and `minutes` along `street` until the next.

    `street` is "" where the road has no name; `road` is its class, or ``walk``; `compass`
    numbers the eight winds from north, clockwise, of the way it sets out. `exit_number` counts
    the exits of a roundabout from where it is entered (0: it is not left again); `stays` where
    the street is the one before; `at_end` at the stem of a T-junction; `motorway` where one is
    joined or left; `via` names the streets of a step that stands for several; a walk may be the
    `last` step of a drive, or the `sole` one of its leg.
    """

    turn: Turn
    street: str
    road: str
    metres: float
    minutes: float
    compass: int
    exit_number: int | None = None
    stays: bool = False
    at_end: bool = False
    motorway: Motorway = ""
    via: tuple[str, ...] = ()
    last: bool = False
    sole: bool = False


@dataclass(frozen=True, slots=True)
class _Block:
    """Stretches from `first` up to `stop` that bear one name."""

    street: str
    first: int
    stop: int
    metres: float

    def with_(self, other: _Block, street: str | None = None) -> _Block:
        """Both as one, under `street` or the name that is longer on the road."""
        known = self.street if self.metres >= other.metres else other.street
        return _Block(known if street is None else street, self.first, other.stop, self.metres + other.metres)


def directions(parts: Sequence[Part], course: Course | None, most: int = MOST_STEPS) -> tuple[Step, ...]:
    """The steps of a leg, its walks from `parts`, its drive from `course`; their metres are the leg's.

    A walk of a few metres beside a drive is counted with it. A leg of no length has no step. Of
    the drive there are at most `most` steps, if it follows streets with names.
    """
    if course is None or not course.runs:
        return tuple(replace(_walked(part), sole=True) for part in parts if part.road == "walk")
    steps = _shortened(_driven(course), most)
    before = [part for part in parts[:1] if part.road == "walk"]
    after = [part for part in parts[1:][-1:] if part.road == "walk"]
    for part, at in (*((part, 0) for part in before), *((part, -1) for part in after)):
        if part.metres < DOORSTEP_METRES:
            near = steps[at]
            steps[at] = replace(near, metres=near.metres + part.metres, minutes=near.minutes + part.minutes)
    return (
        *(_walked(part) for part in before if part.metres >= DOORSTEP_METRES),
        *steps,
        *(replace(_walked(part), last=True) for part in after if part.metres >= DOORSTEP_METRES),
    )


def _walked(part: Part) -> Step:
    return Step("walk", "", "walk", part.metres, part.minutes, _wind(bearing_degrees(part.lonlat)))


def _wind(bearing: float) -> int:
    return round(bearing / 45) % 8


def _driven(course: Course) -> list[Step]:
    way = stretches(course)
    met = crossings(course, way)
    cuts = decisions(course, way, met)
    steps: list[Step] = []
    for cut, stop in zip(cuts, [*(cut.first for cut in cuts[1:]), len(way.edge)], strict=True):
        first, *others = _steps_of(cut, stop, course, way, met)
        stays = bool(steps and first.street) and same_street(steps[-1].street, first.street)
        steps += [replace(first, stays=stays), *others]
    return steps


def _steps_of(cut: Cut, stop: int, course: Course, way: Stretches, met: Crossings) -> list[Step]:
    """The steps from a decision up to stretch `stop`: the first by its turn, others as the road goes."""
    blocks = _settled(_blocks(cut.named_from, stop, course, way), ramp=bool(cut.motorway))
    steps = []
    for number, block in enumerate(blocks):
        begin = block.first if number else cut.first
        step = Step(
            turn=_bend(float(met.turn[begin - 1])) if number else cut.turn,
            street=block.street,
            road=_usual_class(way, block),
            metres=float(way.metres[begin : block.stop].sum()),
            minutes=float(way.minutes[begin : block.stop].sum()),
            compass=_wind(float(way.setting_out[block.first])),
        )
        if not number:
            step = replace(step, exit_number=cut.exit_number, at_end=cut.at_end, motorway=cut.motorway)
        steps.append(step)
    return steps


def _bend(degrees: float) -> Turn:
    return "straight" if abs(degrees) < SLIGHT_DEGREES else turn_of(degrees)


def _usual_class(way: Stretches, block: _Block) -> str:
    part = slice(block.first, block.stop)
    return CLASSES[int(np.bincount(way.road_class[part], way.metres[part]).argmax())]


def _blocks(first: int, stop: int, course: Course, way: Stretches) -> list[_Block]:
    blocks: list[_Block] = []
    for at in range(first, stop):
        one = _Block(street_of(course, way, at), at, at + 1, float(way.metres[at]))
        if blocks and same_street(blocks[-1].street, one.street):
            blocks[-1] = blocks[-1].with_(one)
        else:
            blocks.append(one)
    return blocks


def _settled(blocks: list[_Block], *, ramp: bool) -> list[_Block]:
    """The blocks that deserve a step of their own, the others joined to them."""
    at = 0
    while at < len(blocks):
        joined = _join(blocks, at, ramp=ramp and at == 0)
        if joined is None:
            at += 1
        else:
            blocks, at = joined, 0
    return blocks


def _join(blocks: list[_Block], at: int, *, ramp: bool) -> list[_Block] | None:
    """The blocks with number `at` joined to a neighbour, None where it stands alone."""
    block, street = blocks[at], blocks[at].street
    before, after = blocks[at - 1] if at else None, blocks[at + 1] if at + 1 < len(blocks) else None
    if before and after and same_street(before.street, after.street) and block.metres < DETOUR_METRES:
        whole = before.with_(block, before.street).with_(after)
        return [*blocks[: at - 1], whole, *blocks[at + 2 :]]
    if block.metres >= (RAMP_METRES if ramp and not street else NAMED_METRES if street else UNNAMED_METRES):
        return None
    if before:
        return [*blocks[: at - 1], before.with_(block, before.street), *blocks[at + 1 :]]
    if after:
        return [block.with_(after, after.street or street), *blocks[at + 2 :]]
    return None


def _shortened(steps: list[Step], most: int) -> list[Step]:
    """At most `most` steps where that can be: some in the middle, on named streets, become one.

    Streets with names can be followed in order without being told each turn; unnamed ones
    cannot, so where too few are named the list stays longer.
    """
    for over in range(len(steps) - most, 0, -1):
        runs = [(at, steps[at : at + over + 1]) for at in range(FIRST_STEPS, len(steps) - over - LAST_STEPS)]
        named = [(at, run) for at, run in runs if all(step.street and not step.motorway for step in run)]
        if named:
            at, middle = max(named, key=lambda one: _greatness(one[1]))
            return [*steps[:at], _summed_up(middle), *steps[at + over + 1 :]]
    return steps


def _summed_up(steps: Sequence[Step]) -> Step:
    lengths: dict[str, float] = {}
    for step in steps:
        lengths[step.street] = lengths.get(step.street, 0.0) + step.metres
    longest = sorted(lengths, key=lambda street: -lengths[street])[:MOST_VIA]
    return replace(
        steps[0],
        metres=sum(step.metres for step in steps),
        minutes=sum(step.minutes for step in steps),
        via=tuple(street for street in lengths if street in longest),
    )


def _greatness(steps: Sequence[Step]) -> float:
    """How much of some steps is on great roads."""
    weighed = sum(step.metres / (1 + LEVELS[CLASSES.index(step.road)]) for step in steps)
    return float(weighed) / max(1.0, sum(step.metres for step in steps))
