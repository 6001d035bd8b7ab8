"""Points that cannot belong to one jurisdiction: nowhere on Earth, or on another continent."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

APART_DEGREES = 10.0
"""Roads are on two continents where nothing lies between them over this many degrees, some 1,000 km."""


def why_astray(lon: NDArray[np.float64], lat: NDArray[np.float64], label: Callable[[int], str]) -> str | None:
    """Which point cannot belong and why, in words; None if all may.

    Parameters
    ----------
    lon, lat
        Degrees, shape (n,). NaN and anything off the globe cannot belong.
    label
        The name of a point by its row.
    """
    wrong = np.flatnonzero(~((np.abs(lon) <= 180) & (np.abs(lat) <= 90)))
    if len(wrong):
        row = int(wrong[0])
        return (
            f"{label(row)} lies at {lon[row]:.7g}, {lat[row]:.7g}, expected longitude and latitude in degrees"
        )
    for degrees in (lon, lat):
        order = np.argsort(degrees, kind="stable")
        gaps = np.flatnonzero(np.diff(degrees[order]) > APART_DEGREES)
        if len(gaps):
            below = int(gaps[0]) + 1
            row = int(order[0] if below * 2 <= len(order) else order[-1])
            return (
                f"{label(row)} lies at {lon[row]:.4f}, {lat[row]:.4f}, more than {APART_DEGREES:.0f} degrees "
                "from the other roads, on another continent"
            )
    return None
