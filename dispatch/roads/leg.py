"""One leg of a route as it is driven: its line, its streets, its walked ends."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.course import Course, Run
from dispatch.roads.directions import Part, Step, directions
from dispatch.roads.network import CLASSES, Network
from dispatch.roads.plane import Plane, metres_between
from dispatch.roads.wording import Language, say_step

__all__ = ["Leg", "Part", "Run", "assemble", "no_way"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Leg:
    """From one point to another: minutes and metres of the whole leg, the walks included.

    `lonlat` (k, 2) runs from the origin to the target; `streets` are the names passed, in
    order; `walk_metres` lie off the road at both ends together; `parts` add up to the leg;
    `edges` are those of the network it runs over, in order, and `course` is that drive, None
    where all is walked. Where no way leads, `minutes` and `metres` are `inf` and the line is straight.
    """

    minutes: float
    metres: float
    lonlat: Floats
    streets: tuple[str, ...] = ()
    walk_metres: float = 0.0
    parts: tuple[Part, ...] = ()
    edges: tuple[int, ...] = ()

    course: Course | None = field(default=None, repr=False, compare=False)

    def steps(self) -> tuple[Step, ...]:
        """What to do on the way, in order; none where no way leads or there is none to go."""
        return directions(self.parts, self.course)

    def sentences(self, language: Language = "zh") -> tuple[str, ...]:
        """The leg's directions, one sentence a step."""
        profile = self.course.profile if self.course else "foot"
        return tuple(say_step(step, language, profile) for step in self.steps())


def assemble(
    network: Network,
    ends: Floats,
    runs: list[Run],
    walks_ms: tuple[float, float],
    profile: str = "car",
) -> Leg:
    """The leg from `ends[0]` over the runs to `ends[1]`, shape (2, 2); `walks_ms` at either end.

    Without runs, the leg is one straight walk of `walks_ms[0]`. Whose leg it is decides which
    ways out of a junction its directions count.
    """
    if not runs:
        return _leg([_walk(ends, walks_ms[0])])
    lines = [_line(network, run) for run in runs]
    parts = [_walk(np.vstack([ends[:1], lines[0][:1]]), walks_ms[0])]
    first = 0
    for index in range(1, len(runs) + 1):
        if index < len(runs) and _label(network, runs[index]) == _label(network, runs[first]):
            continue
        parts.append(_stretch(network, runs[first:index], lines[first:index]))
        first = index
    parts.append(_walk(np.vstack([lines[-1][-1:], ends[1:]]), walks_ms[1]))
    told = [part for part in parts if part.metres > 0 or part.minutes > 0] or parts[1:2]
    return _leg(told, Course(network, profile, tuple(runs)))


def no_way(ends: Floats) -> Leg:
    """The leg between two points no road joins."""
    return Leg(np.inf, np.inf, ends.copy())


def _leg(parts: list[Part], course: Course | None = None) -> Leg:
    lonlat = np.vstack([part.lonlat for part in parts])
    moved = np.concatenate([[True], (np.diff(lonlat, axis=0) != 0).any(axis=1)])
    names = [part.street for part in parts if part.street]
    return Leg(
        minutes=sum(part.minutes for part in parts),
        metres=sum(part.metres for part in parts),
        lonlat=lonlat[moved] if moved.sum() > 1 else lonlat[[0, -1]],
        streets=tuple(name for i, name in enumerate(names) if i == 0 or name != names[i - 1]),
        walk_metres=sum(part.metres for part in parts if part.road == "walk"),
        parts=tuple(parts),
        edges=tuple(run.edge for run in course.runs) if course else (),
        course=course,
    )


def _label(network: Network, run: Run) -> tuple[str, int]:
    """Edges of one street are one part; unnamed ones are told apart by class."""
    name = network.name_of(run.edge)
    return name, -1 if name else int(network.edge_class[run.edge])


def _stretch(network: Network, runs: list[Run], lines: list[Floats]) -> Part:
    metres = sum(abs(run.stop - run.start) * float(network.edge_length_metres[run.edge]) for run in runs)
    longest = max(runs, key=lambda run: abs(run.stop - run.start) * network.edge_length_metres[run.edge])
    return Part(
        street=network.name_of(runs[0].edge),
        road=CLASSES[network.edge_class[longest.edge]],
        metres=metres,
        minutes=sum(run.ms for run in runs) / 60_000,  # ms -> min
        lonlat=np.vstack(lines),
    )


def _walk(ends: Floats, ms: float) -> Part:
    metres = float(metres_between(*ends[0], *ends[1]))
    return Part("", "walk", metres if ms > 0 else 0.0, ms / 60_000, ends)


def _line(network: Network, run: Run) -> Floats:
    """The drawn line of a run, shape (k, 2), in the direction it is driven."""
    shape = network.shape(run.edge)
    if run.start > run.stop:
        return _cut(shape, run.stop, run.start)[::-1]
    return _cut(shape, run.start, run.stop)


def _cut(shape: Floats, start: float, stop: float) -> Floats:
    if start <= 0 and stop >= 1:
        return shape
    xy = Plane(float(shape[0, 1])).project(shape[:, 0], shape[:, 1])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    low, high = start * along[-1], stop * along[-1]
    inside = shape[(along > low) & (along < high)]
    cuts = np.column_stack([np.interp([low, high], along, shape[:, axis]) for axis in (0, 1)])
    return np.vstack([cuts[:1], inside, cuts[1:]])
