"""Whole milliseconds of every way for one profile and moment, closures laid over them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dispatch.errors import BadInput
from dispatch.roads.network import BACKWARD, FORWARD, Network
from dispatch.roads.speeds import Speeds

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
MS_PER_METRE_AT_1_KMH = 3600.0


class Slowing(Protocol):
    """What closes (`factor` 0) or slows (speed × `factor`) some edges."""

    @property
    def edges(self) -> Integers:
        """Numbers of the edges, shape (k,)."""

    @property
    def factor(self) -> float:
        """Of the speed, 0 or more."""


@dataclass(frozen=True, slots=True)
class EdgeTimes:
    """How long each edge (m) takes when nothing is closed: `kmh` and whole `ms`, `inf` where no one goes.

    `ahead`, `back` (m) say which ways the profile may use at all.
    """

    length_metres: Floats
    kmh: Floats
    ms: Floats
    ahead: NDArray[np.bool_]
    back: NDArray[np.bool_]

    @classmethod
    def of(cls, network: Network, profile: str, speeds: Speeds, hour: int | None) -> EdgeTimes:
        """The times of one profile, at one hour or on average."""
        kmh = speeds.edge_kmh(network, profile, hour)
        length = network.edge_length_metres.astype(np.float64)
        ms = _whole_ms(length, kmh)
        ahead = ((network.edge_access & FORWARD[profile]) > 0) & (kmh > 0)
        back = ((network.edge_access & BACKWARD[profile]) > 0) & (kmh > 0)
        return cls(length, kmh, ms, ahead, back)

    def slowed(self, closures: Iterable[Slowing]) -> tuple[Floats, Integers]:
        """Milliseconds with closures, shape (m,), and the edges that none gets through any more.

        Closures of one edge multiply. BadInput where one names an edge that is not there, or
        a factor that is none.
        """
        held = list(closures)
        for closure in held:
            self._check(closure)
        if not held:
            return self.ms, np.zeros(0, np.int64)
        touched = np.unique(np.concatenate([np.asarray(one.edges, np.int64) for one in held]))
        kmh, ms = self.kmh.copy(), self.ms.copy()
        for closure in held:
            kmh[np.asarray(closure.edges, np.int64)] *= closure.factor
        ms[touched] = _whole_ms(self.length_metres[touched], kmh[touched])
        return ms, touched[np.isinf(ms[touched]) & np.isfinite(self.ms[touched])]

    def way_ms(self, ms: Floats) -> Floats:
        """Of every way, shape (2m,): along the edges as drawn, then against; `inf` where closed."""
        return np.concatenate([np.where(self.ahead, ms, np.inf), np.where(self.back, ms, np.inf)])

    def _check(self, closure: Slowing) -> None:
        edges = np.asarray(closure.edges)
        if edges.size and (edges.dtype.kind not in "ui" or edges.min() < 0 or edges.max() >= len(self.ms)):
            raise BadInput(
                f"a closure names edges {edges.min()} to {edges.max()}; the roads have {len(self.ms)}"
            )
        if not (np.isfinite(closure.factor) and closure.factor >= 0):
            raise BadInput(f"a closure's factor is {closure.factor}, expected 0 (closed) or above")


def _whole_ms(length_metres: Floats, kmh: Floats) -> Floats:
    ms = np.full(len(kmh), np.inf)
    np.divide(length_metres * MS_PER_METRE_AT_1_KMH, kmh, out=ms, where=kmh > 0)
    whole: Floats = np.rint(ms)
    return whole
