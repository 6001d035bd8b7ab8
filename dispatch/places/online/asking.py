"""Asking one provider about the addresses the area's names do not settle, and weighing what it says."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast, get_args
from urllib.parse import urlsplit

from dispatch import datum
from dispatch.errors import BadInput
from dispatch.places.answers import Meant, Reading
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.online.cache import Cache
from dispatch.places.online.providers import Bounds, Fetch, OnlineFailed, Said, question
from dispatch.places.online.settings import HelperName, OnlineSettings, online_settings
from dispatch.places.online.web import fetch as ask_web
from dispatch.places.settings import default_settings
from dispatch.places.text import clean
from dispatch.reasons import Reason

_GIVE_UP_AFTER = 3  # failures in a row: the server is not there
_COARSE = ("province", "city", "county")
_LONGEST_ADDRESS = 100  # signs sent


@dataclass(slots=True)
class Helper:
    """One provider, ready to be asked; counts what it was asked in this run."""

    name: HelperName
    settings: OnlineSettings
    cache: Cache
    key: str
    fetch: Fetch
    now: Callable[[], datetime]
    pause: Callable[[float], None]
    asked: int = 0
    failures: int = 0
    _next_at: float = 0.0

    @property
    def title(self) -> str:
        """What people call it."""
        return self.settings.helpers[self.name].title

    @property
    def host(self) -> str:
        """Where the addresses go."""
        return urlsplit(self.settings.helpers[self.name].url).hostname or ""

    def look_up(self, address: str, bounds: Bounds) -> list[Said] | None:
        """Places in the provider's datum, from the cache if it was asked before; None if it may not be asked.

        Raises
        ------
        OnlineFailed
            No usable answer.
        BadInput
            The provider refused the key.
        """
        text = " ".join(address.split())[:_LONGEST_ADDRESS]
        known = self.cache.get(text, self.now())
        if known is not None:
            return known
        if self.asked >= self.settings.most_questions or self.failures >= _GIVE_UP_AFTER:
            return None
        chosen = self.settings.helpers[self.name]
        self._wait(1.0 / chosen.per_second)
        self.asked += 1
        try:
            places = question(self.name, chosen, self.key, bounds)(
                text, self.fetch, self.settings.timeout_seconds
            )
        except OnlineFailed:
            self.failures += 1
            raise
        self.failures = 0
        self.cache.put(text, places, self.now())
        return places

    def _wait(self, seconds: float) -> None:
        """Not more than so often, counted from question to question."""
        here = time.monotonic()
        if here < self._next_at:
            self.pause(self._next_at - here)
        self._next_at = max(here, self._next_at) + seconds


def helper(
    name: str,
    overlay: Mapping[str, Any] | None = None,
    *,
    folder: Path | None,
    environment: Mapping[str, str] | None = None,
    fetch: Fetch = ask_web,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    pause: Callable[[float], None] = time.sleep,
) -> Helper:
    """The provider of that name with its key; nothing is asked yet.

    Parameters
    ----------
    name
        ``amap``, ``tianditu`` or ``nominatim``.
    overlay
        The user's settings; the bundled ones if None.
    folder
        Where answers are kept; None: nowhere.
    environment
        Where the key stands; the process's own if None.

    Raises
    ------
    BadInput
        No provider of that name, or its key is not in the environment.
    """
    if name not in get_args(HelperName):
        raise BadInput(f"--online: found {name[:40]!r}, expected one of {', '.join(get_args(HelperName))}")
    known = cast("HelperName", name)
    settings = online_settings(overlay)
    variable = settings.helpers[known].key_variable
    key = (os.environ if environment is None else environment).get(variable, "").strip() if variable else ""
    if variable and not key:
        raise BadInput(f"--online {name} needs a key: put it into the environment variable {variable}")
    path = folder / f"online-{name}.json" if folder else None
    return Helper(known, settings, Cache(path, settings.keep_days), key, fetch, now, pause)


def ask(readings: Iterable[Reading], chosen: Helper, gazetteer: Gazetteer) -> Iterator[Reading]:
    """Each reading, bettered by what the provider says where the area's names do not settle it.

    An address that is settled, empty, or names a place outside the area is not sent. What the
    provider finds outside the area is not taken. A provider that fails leaves the reading as
    it was, with a note; after some failures in a row it is not asked again.
    """
    bounds = _bounds(gazetteer)
    try:
        for reading in readings:
            yield _bettered(reading, chosen, gazetteer, bounds)
    finally:
        chosen.cache.save()


def _bettered(reading: Reading, chosen: Helper, gazetteer: Gazetteer, bounds: Bounds) -> Reading:
    if not _worth_asking(reading, chosen.settings):
        return reading
    try:
        said = chosen.look_up(reading.address, bounds)
    except OnlineFailed as cause:
        return replace(reading, note=Reason("ONLINE_FAILED", {"helper": chosen.name, "detail": str(cause)}))
    if said is None:
        return replace(reading, note=Reason("ONLINE_NOT_ASKED", {"helper": chosen.name}))
    places = [one for one in (_meant(one, chosen, gazetteer) for one in said) if one is not None]
    if not places:
        code = "ONLINE_ELSEWHERE" if said else "ONLINE_UNKNOWN"
        return reading if reading.note else replace(reading, note=Reason(code, {"helper": chosen.name}))
    return weigh(reading, places[0], gazetteer, chosen.settings)


def _worth_asking(reading: Reading, settings: OnlineSettings) -> bool:
    if len(clean(reading.address)) < 2 or (reading.note and reading.note.code == "OTHER_CITY"):
        return False
    best = reading.candidates[0] if reading.candidates else None
    return (
        best is None
        or best.probability < settings.enough_probability
        or best.radius_metres > settings.enough_metres
    )


def _meant(said: Said, chosen: Helper, gazetteer: Gazetteer) -> Meant | None:
    """What the provider said, in WGS-84, under the area's own units; None outside the area or too coarse."""
    source = chosen.settings.helpers[chosen.name].datum
    lon, lat = (float(one) for one in datum.convert(said.lon, said.lat, source, "WGS84"))
    radius = default_settings().level_radius_metres.get(said.level)
    if radius is None or said.level in _COARSE or not gazetteer.inside(lon, lat)[0]:
        return None
    code = next((str(one[0]) for one in reversed(gazetteer.admin(lon, lat)) if one[0]), "")
    path = gazetteer.path(code)
    if said.level == "township":
        path.pop("village", None)
    if said.level not in path:
        path[said.level] = said.name
    return Meant(path, said.level, lon, lat, radius, 0.0, "", "", source=chosen.name)


def weigh(reading: Reading, said: Meant, gazetteer: Gazetteer, settings: OnlineSettings) -> Reading:
    """Put a provider's place beside the area's own candidates; probabilities still sum to at most 1.

    Where it lies within a candidate's circle the two are one: the finer position at
    `agreed_share`, or the candidate's own probability if that is more. Where none agrees it
    gets `alone_share` of what the candidates leave over, and they keep theirs.
    """
    near = [
        one
        for one in reading.candidates
        if _metres(one, said, gazetteer) <= one.radius_metres + settings.agree_metres
    ]
    if near:
        best = max(near, key=lambda one: one.probability)
        share = max(best.probability, settings.agreed_share)
        others = sum(one.probability for one in reading.candidates if one is not best)
        scale = min(1.0, (1.0 - share) / others) if others > 0 else 1.0
        finer = said if said.radius_metres < best.radius_metres else best
        merged = replace(
            finer, probability=round(share, 6), used=best.used, unused=best.unused, source=said.source
        )
        rest = [
            replace(one, probability=round(one.probability * scale, 6))
            for one in reading.candidates
            if one is not best
        ]
        candidates = [merged, *rest]
        note = None
    else:
        left = 1.0 - sum(one.probability for one in reading.candidates)
        share = round(max(0.0, left) * settings.alone_share, 6)
        candidates = [*reading.candidates, replace(said, probability=share, unused=reading.address)]
        note = Reason("ONLINE_ALONE", {"helper": said.source})
    candidates.sort(key=lambda one: -one.probability)
    return Reading(reading.address, tuple(candidates), note)


def _metres(one: Meant, other: Meant, gazetteer: Gazetteer) -> float:
    (ax, ay), (bx, by) = gazetteer.xy_metres([one.lon, other.lon], [one.lat, other.lat])
    return math.hypot(ax - bx, ay - by)


def _bounds(gazetteer: Gazetteer) -> Bounds:
    """Around every entry of the area, with the reach of one on each side."""
    placed = [one for one in zip(gazetteer.lon, gazetteer.lat, strict=True) if all(map(math.isfinite, one))]
    if not placed:
        return (-180.0, -90.0, 180.0, 90.0)
    lon, lat = zip(*placed, strict=True)
    side = gazetteer.reach_metres / 111_195.0
    return (
        max(-180.0, min(lon) - side), max(-90.0, min(lat) - side), min(180.0, max(lon) + side), min(90.0, max(lat) + side),
    )  # fmt: skip
