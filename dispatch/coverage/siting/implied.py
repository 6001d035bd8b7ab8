"""Rows and columns of a covering question that others imply, taken out of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.coverage.siting.program import Floats, Ints

Mask = NDArray[np.bool_]
MOST_LINES = 6000
"""More lines than this are not compared with each other: the table of pairs would not fit."""


def essential(reach: Mask, price: Floats) -> tuple[Ints, Ints]:
    """Columns and rows that no other one implies: numbers of sites, numbers of demands.

    A demand whose sites include all sites of another is covered with it; a site that covers no more
    than another no dearer one is not needed.

    Parameters
    ----------
    reach : (sites, demands)
    price : (sites,)
    """
    columns, rows = np.arange(reach.shape[0]), np.arange(reach.shape[1])
    while True:
        before = len(columns), len(rows)
        if len(rows) <= MOST_LINES:
            rows = rows[~_has_another(reach[np.ix_(columns, rows)].T)]
        if len(columns) <= MOST_LINES:
            columns = columns[~_lies_in_another(reach[np.ix_(columns, rows)], price[columns])]
        if (len(columns), len(rows)) == before:
            return columns, rows


def _inside(lines: Mask) -> Mask:
    """inside[a, b]: all of line a is in line b."""
    part = lines.astype(np.float32)
    inside: Mask = part @ part.T == part.sum(axis=1)[:, None]
    return inside


def _earlier(equal: Mask) -> Mask:
    """Of equal lines, each with an earlier one."""
    number = np.arange(len(equal))
    return equal & (number[None, :] < number[:, None])


def _has_another(lines: Mask) -> Mask:
    inside = _inside(lines)
    equal = inside & inside.T
    return np.asarray(((inside.T & ~equal) | _earlier(equal)).any(axis=1))


def _lies_in_another(lines: Mask, price: Floats) -> Mask:
    inside = _inside(lines) & (price[None, :] <= price[:, None])
    equal = inside & inside.T
    return np.asarray(((inside & ~equal) | _earlier(equal)).any(axis=1))
