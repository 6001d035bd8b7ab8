"""Roads shut or slowed for a while: which edges, how much, from when to when, for whom.

Pure values; `closure_file` reads them, `closure_match` finds their edges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dispatch.domain import PROFILES
from dispatch.settings import Section

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAST_FACTOR = 0.01
"""Slower than this is closed, and must be said so."""
PASSABLE = 0.02
"""Speed factor of a closed edge where the question is which closure is in the way."""


class ClosureSettings(Section):
    """`[closures]`: how drawings meet the roads (data/closures.toml)."""

    point_radius_metres: float = Field(gt=0.0, le=1000.0)
    largest_radius_metres: float = Field(gt=0.0, le=50_000.0)
    line_metres: float = Field(gt=0.0, le=500.0)
    junction_metres: float = Field(ge=0.0, le=100.0)
    much_share: float = Field(ge=0.0, le=1.0)
    far_apart_metres: float = Field(gt=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """Edges that are shut (`factor` 0) or slowed (speed × `factor`, above 0), and why.

    `share` (edges) is the part of each edge, 0 to 1, a slow-down lies on; None is all of it.
    A shut edge is shut from junction to junction. It holds from `begins` (included) to `ends`
    (excluded), None being open, for `profiles`. `geometry` is what was drawn (shapely,
    WGS-84), None where only a street was named.
    """

    edges: Integers
    factor: float = 0.0
    reason: str = ""
    name: str = ""
    id: str = ""
    begins: datetime | None = None
    ends: datetime | None = None
    profiles: frozenset[str] = frozenset(PROFILES)
    share: Floats | None = None
    geometry: Any = None

    @property
    def shut(self) -> bool:
        """Whether nobody gets through."""
        return self.factor == 0

    def in_force(self, at: datetime) -> bool:
        """Whether it holds at that moment."""
        return (self.begins is None or self.begins <= at) and (self.ends is None or at < self.ends)

    def begins_within(self, at: datetime, until: datetime) -> bool:
        """Whether it is not yet in force at `at`, but will be before `until`."""
        return self.begins is not None and at < self.begins < until

    @property
    def edge_factors(self) -> Floats:
        """Factor of the speed over each whole edge, shape (edges,).

        Over an edge of which a share s is slowed to f, a trip takes (1 - s) + s / f times as long.
        """
        if self.shut or self.share is None:
            return np.full(len(self.edges), self.factor)
        factors: Floats = np.round(1.0 / ((1.0 - self.share) + self.share / self.factor), 3)
        return np.maximum(factors, LEAST_FACTOR)


def applied(
    closures: Iterable[Closure], profile: str, at: datetime, *, shut_factor: float = 0.0
) -> tuple[Closure, ...]:
    """What a `Travel` of that profile and moment takes: every edge once, at its worst.

    Two reports of one street do not slow it twice, so one more closure never makes any
    edge faster, and the order of the file does not matter.

    Parameters
    ----------
    shut_factor
        What stands for shut; above 0, shut roads become a last resort instead.
    """
    held = [one for one in closures if profile in one.profiles and one.in_force(at) and len(one.edges)]
    if not held:
        return ()
    edges = np.concatenate([one.edges for one in held])
    factor = np.concatenate([one.edge_factors for one in held])
    factor = np.where(factor == 0, shut_factor, factor)
    worst = np.lexsort((factor, edges))
    edges, factor = edges[worst], factor[worst]
    first = np.concatenate([[True], np.diff(edges) != 0])
    edges, factor = edges[first], factor[first]
    return tuple(Closure(edges[factor == value], float(value)) for value in np.unique(factor))
