"""The drawn lines of many parts of edges at once, cut where they begin and stop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.arcs import spread
from dispatch.roads.network import Network

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def cut_lines(network: Network, edge: Integers, start: Floats, stop: Floats) -> tuple[Floats, Integers]:
    """The lines of edges `edge` (r) from fraction `start` to fraction `stop`, against the drawing where that is less.

    Returns
    -------
    lonlat, row
        All points, shape (k, 2), in order along the lines, and which of the r lines each is of,
        shape (k,). Every line has at least its two ends.
    """
    if not len(edge):
        return np.zeros((0, 2)), np.zeros(0, np.int64)
    first = network.shape_start[edge]
    row, point = spread(first, network.shape_start[edge + 1] - first)
    lon, lat = network.shape_lon[point], network.shape_lat[point]
    fraction = _fractions(lon, lat, row)
    low, high = np.minimum(start, stop), np.maximum(start, stop)
    inner = (fraction > low[row]) & (fraction < high[row])
    lines = np.arange(len(edge))
    place = 2 * row + fraction  # grows along every line, and from line to line
    lon_lat = np.column_stack([lon, lat])[inner]
    count = np.bincount(row[inner], minlength=len(edge)) + 2
    last = np.cumsum(count) - 1
    first = last - count + 1
    within = np.arange(len(lon_lat)) - (first - 2 * lines)[row[inner]]
    against = start > stop
    lonlat = np.empty((last[-1] + 1, 2))
    lonlat[np.where(against[row[inner]], last[row[inner]] - 1 - within, first[row[inner]] + 1 + within)] = (
        lon_lat
    )
    for ends, share in ((first, start), (last, stop)):
        lonlat[ends, 0] = np.interp(2 * lines + share, place, lon)
        lonlat[ends, 1] = np.interp(2 * lines + share, place, lat)
    return lonlat, np.repeat(lines, count)


def _fractions(lon: Floats, lat: Floats, row: Integers) -> Floats:
    """How far along its line each point is, 0 to 1; `row` says of which line it is."""
    begins = np.concatenate([[True], np.diff(row) != 0])
    east = np.diff(lon, prepend=lon[0]) * np.cos(np.radians(lat))
    step = np.where(begins, 0.0, np.hypot(east, np.diff(lat, prepend=lat[0])))
    along = np.cumsum(step)
    along -= along[begins][row - row[0]]
    ends = np.concatenate([begins[1:], [True]])
    whole = along[ends][row - row[0]]
    fraction: Floats = np.divide(along, whole, out=np.zeros(len(along)), where=whole > 0)
    fraction[ends] = 1.0
    return fraction
