"""Signed speed limits in all the ways mappers write them.

References
----------
OpenStreetMap wiki: Key:maxspeed (2024). Regulation on the Implementation of the Road Traffic
Safety Law of China (State Council 405), art. 45 and 46, for limits given by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

import numpy as np

NAMED_KMH = {
    "motorway": 120.0,
    "expressway": 100.0,
    "trunk": 80.0,
    "rural": 70.0,
    "urban": 50.0,
    "nsl_restricted": 50.0,
    "living_street": 20.0,
    "bicycle_road": 30.0,
    "walk": 6.0,
}
"""Limits given by name (``CN:urban``); the numbers are China's, whatever the country said."""
NO_LIMIT = {
    "none", "no", "signals", "variable", "unlimited", "unposted", "national", "implicit", "sign", "signs",
    "default", "unknown",
}  # fmt: skip
HIGHEST_KMH = 150.0
KMH_IN = {"mph": 1.609344, "mi/h": 1.609344, "knots": 1.852, "knot": 1.852, "kn": 1.852, "kt": 1.852}
_SPEED = re.compile(
    r"(\d{1,4}(?:\.\d{1,3})?)\s*"
    r"(mph|mi/h|knots|knot|kn|kt|km/h|kmh|kph|kmph|(?:公里|千米|km)(?:/(?:小时|时|h))?)?\.?"
)
_ZONE = re.compile(r"(?:zone:?|maxspeed:?)?(\d{1,3})")


def signed_kmh(tags: Mapping[str, str]) -> float | None:
    """The limit of a way in km/h: of both directions the lower; NaN unsigned, None unreadable.

    Advice (``maxspeed:advisory``), limits of some hours and those of lorries are no limits here.
    """
    keys = ("maxspeed", "maxspeed:forward", "maxspeed:backward")
    given = [read_speed(tags[key]) for key in keys if key in tags]
    if not given:
        named = [read_speed(tags[key]) for key in ("maxspeed:type", "zone:maxspeed") if key in tags]
        return next((kmh for kmh in named if kmh is not None), np.nan)
    known = [speed for speed in given if speed is not None]
    limits = [speed for speed in known if not np.isnan(speed)]
    return min(limits) if limits else (np.nan if known else None)


def read_speed(text: str) -> float | None:
    """A `maxspeed` value in km/h; NaN where it sets no limit, None where it cannot be read.

    Knows ``60``, ``60 km/h``, ``40 mph``, ``10 knots``, ``60公里/小时``, ``CN:urban``,
    ``DE:zone:30``, ``walk``, ``none``; of several (``60;80``) the lowest counts.
    """
    speeds = [_one_speed(part) for part in re.split(r"[;|,]", unicodedata.normalize("NFKC", text[:200]))]
    known = [speed for speed in speeds if speed is not None]
    if not known:
        return None
    limits = [speed for speed in known if not np.isnan(speed)]
    return min(limits) if limits else np.nan


def _one_speed(text: str) -> float | None:
    text = text.strip().lower()
    if text in NO_LIMIT:
        return np.nan
    if found := _SPEED.fullmatch(text):
        return _plausible(float(found[1]) * KMH_IN.get(found[2] or "", 1.0))
    country, colon, zone = text.rpartition(":") if ":zone:" not in text else text.partition(":")
    if zone in NAMED_KMH and len(country) <= 20:
        return NAMED_KMH[zone]
    found = _ZONE.fullmatch(zone) if colon or zone.startswith("zone") else None
    return _plausible(float(found[1])) if found else None


def _plausible(kmh: float) -> float | None:
    return kmh if 0 < kmh <= HIGHEST_KMH else None
