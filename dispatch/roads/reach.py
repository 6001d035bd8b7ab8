"""Which part of every edge is driven by whom sets out somewhere, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.arcs import Arcs
from dispatch.roads.snap import Snaps

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reach:
    """Parts (r) of edges as they are driven: from fraction `start` at `start_ms` to fraction `stop`.

    A whole edge would take `whole_ms`, finite. Where an edge is driven from both ends, the
    parts stop where they meet.
    """

    edge: Integers
    start: Floats
    stop: Floats
    start_ms: Floats
    whole_ms: Floats


def reach_of(
    arcs: Arcs, way_ms: Floats, arc_ms: Floats, state_ms: Floats, *, snaps: Snaps, walk_ms: Floats
) -> Reach:
    """The reach of who is in every state at `state_ms`, having left from `snaps` with `walk_ms` behind it."""
    edges = arcs.edge_count
    open_ = np.isfinite(arc_ms) & np.isfinite(state_ms[arcs.tail])
    entered = np.full(2 * edges, np.inf)
    np.minimum.at(entered, arcs.way[open_], state_ms[arcs.tail[open_]])
    from_first, from_last = entered[:edges], entered[edges:]
    meet = _meeting(from_first, from_last, way_ms[:edges], way_ms[edges:])
    ahead, back = (np.flatnonzero(np.isfinite(one)) for one in (from_first, from_last))
    pieces = [
        (ahead, np.zeros(len(ahead)), meet[ahead], from_first[ahead], way_ms[ahead]),
        (back, np.ones(len(back)), meet[back], from_last[back], way_ms[back + edges]),
    ]
    for way, end in ((snaps.edge, 1.0), (snaps.edge + edges, 0.0)):
        on = np.flatnonzero((snaps.edge >= 0) & (snaps.fraction > 0) & (snaps.fraction < 1))
        on = on[np.isfinite(way_ms[way[on]])]
        pieces.append(
            (snaps.edge[on], snaps.fraction[on], np.full(len(on), end), walk_ms[on], way_ms[way[on]])
        )
    return Reach(*(np.concatenate(column) for column in zip(*pieces, strict=True)))


def _meeting(from_first: Floats, from_last: Floats, ahead_ms: Floats, back_ms: Floats) -> Floats:
    """Fraction at which those who drive an edge from either end meet; the far end where only one does."""
    meet = np.where(np.isfinite(from_first), 1.0, 0.0)
    both = np.isfinite(from_first) & np.isfinite(from_last) & (ahead_ms + back_ms > 0)
    lead = from_last[both] - from_first[both] + back_ms[both]
    meet[both] = np.clip(lead / (ahead_ms[both] + back_ms[both]), 0.0, 1.0)
    return meet
