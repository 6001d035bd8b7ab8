"""WGS-84, CGCS2000, GCJ-02 and BD-09: the same place under four pairs of numbers.

Everything in the project is kept as WGS-84. CGCS2000 differs from it by centimetres, less
than any evidence here is worth, and is taken as equal. GCJ-02 is moved by 300-700 m inside
China; BD-09 is GCJ-02 moved once more.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dispatch.errors import BadInput

Degrees = NDArray[np.float64]
Shift = Callable[[Degrees, Degrees], tuple[Degrees, Degrees]]

DATUMS: tuple[str, ...] = ("WGS84", "CGCS2000", "GCJ02", "BD09")

CHINA = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north of where GCJ-02 is moved; outside, it is WGS-84."""

_SPELLINGS = MappingProxyType({
    "WGS84": "WGS84", "EPSG4326": "WGS84", "4326": "WGS84", "GPS": "WGS84",
    "CGCS2000": "CGCS2000", "EPSG4490": "CGCS2000", "4490": "CGCS2000", "国家2000": "CGCS2000",
    "GCJ02": "GCJ02", "GCJ": "GCJ02", "AMAP": "GCJ02", "高德": "GCJ02", "火星坐标": "GCJ02",
    "BD09": "BD09", "BD09LL": "BD09", "BAIDU": "BD09", "百度": "BD09",
})  # fmt: skip
_SEMI_MAJOR_METRES = 6378245.0  # Krasovsky 1940, as the public approximation of GCJ-02 has it
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_FULL_CIRCLE = 360.0  # degrees
_ROUNDS = 50
_STILL = 1e-12  # degrees; 1e-8 is a millimetre


def known_datum(text: str) -> str:
    """The datum `text` names, one of `DATUMS`; hyphens, blanks and case are free.

    Raises
    ------
    BadInput
        The text is empty or names no datum known here: none is ever assumed.
    """
    key = "".join(sign for sign in str(text).upper() if sign not in " -_:")
    if key not in _SPELLINGS:
        found = f"{str(text)[:40]!r}" if key else "no datum"
        raise BadInput(f"{found} given for a coordinate; expected one of {', '.join(DATUMS)}")
    return _SPELLINGS[key]


def convert(lon: ArrayLike, lat: ArrayLike, source: str, target: str) -> tuple[Degrees, Degrees]:
    """Move coordinates in degrees from one datum to another; what can be no degrees becomes NaN.

    `lon` and `lat` are of one shape, and so are the two float64 arrays returned. There and
    back again is the same point to less than a millimetre. Outside `CHINA` GCJ-02 equals
    WGS-84; BD-09 keeps its own small shift everywhere, as its published formula has it.

    Raises
    ------
    BadInput
        An unknown datum, or arrays of different shapes.

    References
    ----------
    The formulas are the public approximations of both shifts (``eviltransform``,
    ``coordtransform``); the exact ones are not published. Inverses are solved here by
    fixed-point iteration, where one step alone leaves up to 4.5 m.
    """
    start, end = known_datum(source), known_datum(target)
    x, y = np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)
    if x.shape != y.shape:
        raise BadInput(f"longitudes have shape {x.shape}, latitudes {y.shape}; give one of each per point")
    if _STEPS[start] == _STEPS[end]:
        return x, y
    shape = x.shape
    x, y = (np.where(np.abs(one) <= _FULL_CIRCLE, one, np.nan).ravel() for one in (x, y))
    for step in range(_STEPS[start], _STEPS[end], -1):
        x, y = (_bd09_to_gcj02 if step == 2 else _gcj02_to_wgs84)(x, y)
    for step in range(_STEPS[start], _STEPS[end]):
        x, y = (_wgs84_to_gcj02 if step == 0 else _gcj02_to_bd09)(x, y)
    return x.reshape(shape), y.reshape(shape)


_STEPS = MappingProxyType({"WGS84": 0, "CGCS2000": 0, "GCJ02": 1, "BD09": 2})


def _inside_china(lon: Degrees, lat: Degrees, margin: float = 0.0) -> NDArray[np.bool_]:
    west, south, east, north = CHINA
    wide = (lon >= west - margin) & (lon <= east + margin)
    return np.asarray(wide & (lat >= south - margin) & (lat <= north + margin))


def _gcj02_shift(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Degrees by which GCJ-02 moves a WGS-84 point, the border of China not looked at."""
    x, y = lon - 105.0, lat - 35.0
    pi = np.pi
    root = np.sqrt(np.abs(x))
    waves = (20.0 * np.sin(6.0 * x * pi) + 20.0 * np.sin(2.0 * x * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    north += (20.0 * np.sin(y * pi) + 40.0 * np.sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * pi) + 320.0 * np.sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    east += (20.0 * np.sin(x * pi) + 40.0 * np.sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * pi) + 300.0 * np.sin(x / 30.0 * pi)) * 2.0 / 3.0
    radians = np.radians(lat)
    magic = 1.0 - _ECCENTRICITY_SQUARED * np.sin(radians) ** 2
    meridian_metres = _SEMI_MAJOR_METRES * (1.0 - _ECCENTRICITY_SQUARED) / (magic * np.sqrt(magic))
    parallel_metres = _SEMI_MAJOR_METRES / np.sqrt(magic) * np.cos(radians)
    return np.degrees(east / parallel_metres), np.degrees(north / meridian_metres)  # metres -> degrees


def _gcj02_everywhere(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    east, north = _gcj02_shift(lon, lat)
    return lon + east, lat + north


def _wgs84_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    return _where_inside(_inside_china(lon, lat), lon, lat, _gcj02_everywhere)


def _gcj02_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    # A shifted point may fall just over the border of CHINA, so a little more is solved,
    # and what the solution says decides whether the point had been moved at all.
    near = _inside_china(lon, lat, margin=0.1)
    x, y = _where_inside(near, lon, lat, lambda a, b: _solve(_gcj02_everywhere, a, b))
    moved = _inside_china(x, y, margin=1e-9)
    return np.where(moved, x, lon), np.where(moved, y, lat)


def _where_inside(
    inside: NDArray[np.bool_], lon: Degrees, lat: Degrees, move: Shift
) -> tuple[Degrees, Degrees]:
    x, y = lon.copy(), lat.copy()
    if inside.any():
        x[inside], y[inside] = move(lon[inside], lat[inside])
    return x, y


def _gcj02_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    waves = np.pi * 3000.0 / 180.0
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * waves)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * waves)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _bd09_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    return _solve(_gcj02_to_bd09, lon, lat)


def _solve(forward: Shift, lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """The points that `forward` moves to (lon, lat), by fixed-point iteration."""
    x, y = lon.copy(), lat.copy()
    for _ in range(_ROUNDS):
        ahead_x, ahead_y = forward(x, y)
        miss_x, miss_y = lon - ahead_x, lat - ahead_y
        x, y = x + miss_x, y + miss_y
        if not (np.maximum(np.abs(miss_x), np.abs(miss_y)) > _STILL).any():
            break
    return x, y
