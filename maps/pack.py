"""Lines as whole numbers: counts of points and steps between them, a sixth of the same points as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maps.block import Integers, Whole
from maps.view import Lines, Roads

UNITS_PER_DEGREE = 100_000
"""One unit is 1e-5 degrees, 1.1 m: less than a pixel at zoom 17."""


def pack_lines(lines: Sequence[Lines]) -> dict[str, Whole]:
    """Lines (k, 2) of degrees as `counts` of points and `points`, deltas running through all."""
    counts = np.array([len(line) for line in lines], np.int64)
    points = np.concatenate([np.empty((0, 2)), *lines])
    return _packed(counts, points[:, 0], points[:, 1])


def pack_roads(roads: Roads) -> dict[str, object]:
    """Roads sorted by class, each run of edges of one street joined into one line.

    Returns
    -------
    dict
        `counts`, `points` as in `pack_lines`; `ranks` and `name` (numbers into `names`,
        -1 for none), one a line; `names`, only those that occur.
    """
    order = np.argsort(roads.rank, kind="stable")
    start, stop = roads.start[:-1][order], roads.start[1:][order]
    order, start, stop = (part[stop - start >= 2] for part in (order, start, stop))
    rank, name = roads.rank[order].astype(np.int64), roads.name[order].astype(np.int64)
    unit = np.column_stack([_units(roads.lon), _units(roads.lat)])
    joins = np.zeros(len(order), bool)
    if len(order) > 1:
        touches = (unit[stop[:-1] - 1] == unit[start[1:]]).all(axis=1)
        joins[1:] = touches & (rank[1:] == rank[:-1]) & (name[1:] == name[:-1])
    # an edge that continues the one before gives its points without the shared first one
    first, counts = start + joins, stop - start - joins
    ends = np.cumsum(counts)
    index = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - counts), counts)
    heads = np.flatnonzero(~joins)
    lengths = np.add.reduceat(counts, heads) if len(heads) else counts
    used = np.unique(name[heads][name[heads] >= 0])
    renumbered = np.where(name[heads] >= 0, np.searchsorted(used, name[heads]), -1)
    packed: dict[str, object] = dict(_packed(lengths, roads.lon[index], roads.lat[index]))
    return packed | {
        "ranks": Whole(_deltas(rank[heads])),
        "name": Whole(_deltas(renumbered)),
        "names": [str(roads.names[number]) for number in used],
    }


def _packed(counts: Integers, lon: Lines, lat: Lines) -> dict[str, Whole]:
    deltas = np.column_stack([_deltas(_units(lon)), _deltas(_units(lat))])
    return {"counts": Whole(counts), "points": Whole(deltas.ravel())}


def _deltas(values: Integers) -> Integers:
    out = values.copy()
    out[1:] -= values[:-1]
    return out


def _units(degrees: Lines) -> Integers:
    units: Integers = np.rint(np.asarray(degrees, float) * UNITS_PER_DEGREE).astype(np.int64)
    return units
