"""One leg of a route as it is driven: its line, its streets, its walked ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.course import Course, Run
from dispatch.roads.directions import Part, Step, directions
from dispatch.roads.lines import cut_lines
from dispatch.roads.network import CLASSES, Network
from dispatch.roads.plane import metres_between
from dispatch.roads.wording import Language, Said, say_step, step_words

__all__ = ["Leg", "Part", "Run", "assemble", "no_way"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


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
        return tuple(say_step(step, language, self._profile) for step in self.steps())

    def words(self, language: Language = "zh") -> tuple[Said, ...]:
        """The leg's directions for a list with columns, one row a step."""
        return tuple(step_words(step, language, self._profile) for step in self.steps())

    def words_in(self, *languages: Language) -> tuple[tuple[Said, ...], ...]:
        """`words` in each of these languages, the steps found once."""
        steps = self.steps()
        return tuple(
            tuple(step_words(one, language, self._profile) for one in steps) for language in languages
        )

    @property
    def _profile(self) -> str:
        return self.course.profile if self.course else "foot"


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
    edge, start, stop, ms = np.array([(run.edge, run.start, run.stop, run.ms) for run in runs], np.float64).T
    edges = edge.astype(np.int64)
    lonlat, row = cut_lines(network, edges, start, stop)
    metres = np.abs(stop - start) * network.edge_length_metres[edges]
    parts = [
        _walk(np.vstack([ends[:1], lonlat[:1]]), walks_ms[0]),
        *_stretches(network, edges, metres, ms / 60_000, lonlat=lonlat, row=row),
        _walk(np.vstack([lonlat[-1:], ends[1:]]), walks_ms[1]),
    ]
    told = [part for part in parts if part.metres > 0 or part.minutes > 0] or parts[1:2]
    return _leg(told, Course(network, profile, tuple(runs)))


def _stretches(
    network: Network, edge: Integers, metres: Floats, minutes: Floats, *, lonlat: Floats, row: Integers
) -> Iterator[Part]:
    """The parts of driven runs (r): edges of one street are one, unnamed ones are told apart by class.

    Point i of `lonlat` is of run `row[i]`.
    """
    name, road_class = network.edge_name[edge], network.edge_class[edge].astype(np.int64)
    label = np.where(name >= 0, name, -1 - road_class)
    new = np.concatenate([[True], label[1:] != label[:-1]])
    first = np.flatnonzero(new)
    longest = np.lexsort((metres, np.cumsum(new)))[np.append(first[1:], len(edge)) - 1]
    bounds = np.append(np.searchsorted(row, first), len(row)).tolist()
    columns = zip(
        edge[first].tolist(),
        road_class[longest].tolist(),
        np.add.reduceat(metres, first).tolist(),
        np.add.reduceat(minutes, first).tolist(),
        pairwise(bounds),
        strict=True,
    )
    for one, road, length, time, (low, high) in columns:
        yield Part(network.name_of(one), CLASSES[road], length, time, lonlat[low:high])


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


def _walk(ends: Floats, ms: float) -> Part:
    metres = float(metres_between(*ends[0], *ends[1]))
    return Part("", "walk", metres if ms > 0 else 0.0, ms / 60_000, ends)
