"""Which unit a point lies in, and why a point cannot be of the area, with the likely cause."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from dispatch import datum
from dispatch.places.gazetteer import ADMIN, Gazetteer
from dispatch.reasons import Reason


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A point (WGS-84) and the units it lies in by level, from the province down; and what is nearest.

    `path` ends where nothing more is known. `nearest` is the entry of any level closest to the
    point as the crow flies, `nearest_metres` how far.
    """

    lon: float
    lat: float
    path: Mapping[str, str]
    codes: Mapping[str, str]
    nearest: str = ""
    nearest_metres: float = math.inf


def reverse(gazetteer: Gazetteer, lon: float, lat: float, source_datum: str) -> Whereabouts | Reason:
    """The administrative path of a point, or why it cannot lie in the area.

    Raises
    ------
    BadInput
        No datum, or an unknown one.
    """
    x, y = (float(one) for one in datum.convert(lon, lat, source_datum, "WGS84"))
    if not (math.isfinite(x) and math.isfinite(y)) or not gazetteer.inside(x, y)[0]:
        return refusal(gazetteer, x, y, shown=(lon, lat))
    finest = next((str(one[0]) for one in reversed(gazetteer.admin(x, y)) if one[0]), "")
    path = gazetteer.path(finest)
    rows = gazetteer.chain(gazetteer.row_of[finest]) if finest else []
    row, metres = gazetteer.nearest_entry(x, y)
    return Whereabouts(
        lon=x,
        lat=y,
        path={level: path[level] for level in ADMIN if level in path},
        codes={gazetteer.level[row]: gazetteer.code[row] for row in rows},
        nearest=gazetteer.name[row] if row >= 0 else "",
        nearest_metres=metres,
    )


def refusal(gazetteer: Gazetteer, lon: float, lat: float, shown: tuple[float, float] | None = None) -> Reason:
    """Why a WGS-84 point outside the area is refused; `shown` is it as it was given.

    Likely causes are tried in turn: nothing but zeros, swapped, a lost decimal point, metres of
    a projection, a lost sign.
    """
    given = shown or (lon, lat)
    params = {"lon": _short(given[0]), "lat": _short(given[1])}
    if not all(map(math.isfinite, given)) or given == (0.0, 0.0):
        return Reason("COORDINATE_EMPTY", params)
    if gazetteer.inside(lat, lon)[0]:
        return Reason("LON_LAT_SWAPPED", params)
    if max(map(abs, given)) > 360.0:
        cause = "DECIMAL_POINT_LOST" if _rescaled(gazetteer, *given) else "COORDINATE_PROJECTED"
        return Reason(cause, params)
    if gazetteer.inside(-lon, lat)[0] or gazetteer.inside(lon, -lat)[0] or gazetteer.inside(-lon, -lat)[0]:
        return Reason("SIGN_LOST", params)
    metres = float(gazetteer.metres_to_nearest(lon, lat)[0])
    return Reason("OUTSIDE_AREA", {**params, "km": round(metres / 1000) if math.isfinite(metres) else "?"})


def _rescaled(gazetteer: Gazetteer, lon: float, lat: float) -> bool:
    """Whether the digits with a decimal point after the third and the second lie in the area."""
    digits = [len(str(int(abs(one)))) for one in (lon, lat)]
    x, y = lon / 10.0 ** max(0, digits[0] - 3), lat / 10.0 ** max(0, digits[1] - 2)
    return bool(gazetteer.inside(x, y)[0])


def _short(value: float) -> float | str:
    return round(value, 5) if math.isfinite(value) else "?"
