"""The area's gazetteer as intake needs it: what a name means, what lies in what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dispatch.domain import Kind
from dispatch.intake.fields import normal
from dispatch.tables import Table

EVERYWHERE = "*"
_DEEPEST = 8
_PREFERRED: Mapping[str, tuple[str, ...]] = {
    "station": ("police", "township", "village"),
    "town": ("township", "village"),
    "village": ("village", "hamlet", "township"),
    "county": ("county", "police"),
}
_ANSWERS_FOR: Mapping[str, tuple[str, ...]] = {
    "station": ("township", "village", "county"),
    "town": ("township", "village"),
    "village": ("village", "hamlet", "township"),
    "county": ("county", "city", "township"),
}
GAZETTEER = Table(
    "gazetteer",
    {"code": "text", "name": "text", "level": "text", "lon": "number", "lat": "number", "parent": "text", "aliases": "text"},
    key="code",
    optional=frozenset({"aliases"}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spot:
    """One entry of the gazetteer; WGS-84."""

    code: str
    name: str
    level: str
    lon: float
    lat: float
    parent: str


class Ground:
    """Names and codes of an area, looked up exactly: a file that names a base means that base."""

    def __init__(self, gazetteer: pd.DataFrame) -> None:
        frame = GAZETTEER.check(gazetteer)
        aliases = _texts(frame["aliases"]) if "aliases" in frame else [""] * len(frame)
        self._spots: dict[str, Spot] = {}
        self._named: dict[str, list[str]] = {}
        parts = (
            frame["code"],
            frame["name"],
            frame["level"],
            frame["lon"],
            frame["lat"],
            _texts(frame["parent"]),
        )
        for (code, name, level, lon, lat, parent), others in zip(
            zip(*parts, strict=True), aliases, strict=True
        ):
            self._spots[code] = Spot(code, name, level, float(lon), float(lat), parent)
            for spelling in {normal(name), *(normal(one) for one in str(others).split("|"))} - {""}:
                self._named.setdefault(spelling, []).append(code)
        self._levels: dict[str, tuple[list[str], NDArray[np.float64]]] = {}

    def name(self, code: str) -> str:
        """What the entry of that code is called, "" if there is none."""
        return self._spots[code].name if code in self._spots else ""

    def spot(self, code: str) -> Spot:
        """The entry of that code; KeyError if there is none."""
        return self._spots[code]

    def base(self, text: str, kind: str) -> tuple[Spot, ...]:
        """What a responder's base may mean: a code, else entries of that name, likeliest level only."""
        return self._find(text, _PREFERRED.get(kind, ()))

    def territory(self, text: str, kind: str) -> tuple[Spot, ...]:
        """What a place a responder answers for may mean, by code or name."""
        return self._find(text, _ANSWERS_FOR.get(kind, ("village", "township", "county")))

    def above(self, code: str, level: str) -> str | None:
        """The entry of `level` in which `code` lies, itself included; None if not known."""
        for _ in range(_DEEPEST):
            spot = self._spots.get(code)
            if spot is None or spot.level == level:
                return spot.code if spot else None
            code = spot.parent
        return None

    def nearest(self, level: str, lon: float, lat: float) -> str | None:
        """The entry of `level` closest as the crow flies; None if the area has none."""
        if level not in self._levels:
            here = [
                one
                for one in self._spots.values()
                if one.level == level and np.isfinite([one.lon, one.lat]).all()
            ]
            points = np.array([(one.lon, one.lat) for one in here], dtype=np.float64).reshape(-1, 2)
            self._levels[level] = [one.code for one in here], points
        codes, points = self._levels[level]
        if not codes:
            return None
        east = (points[:, 0] - lon) * np.cos(np.radians(lat))  # a degree of longitude shrinks with latitude
        return codes[int(np.argmin(east**2 + (points[:, 1] - lat) ** 2))]

    def close_by(self, spots: tuple[Spot, ...], lon: float, lat: float) -> tuple[Spot, ...]:
        """Those of several namesakes that lie in the township of that point; all if none does."""
        township = self.nearest("township", lon, lat)
        inside = tuple(spot for spot in spots if township and self.above(spot.code, "township") == township)
        here = tuple(spot for spot in inside or spots if (spot.lon, spot.lat) == (lon, lat))
        return here or inside or spots

    def home_ground(self, kind: Kind, lon: float, lat: float) -> frozenset[str]:
        """What a responder answers for when nothing says so: its own level where its base stands."""
        level = {"station": "township", "town": "township", "village": "village", "county": "county"}[kind]
        code = self.nearest(level, lon, lat)
        if kind == "county" and (township := self.nearest("township", lon, lat)):
            code = self.above(township, "county") or code  # a county's point may lie nearer to another's town
        return frozenset({code} if code else ())

    def neighbours(self, kind: Kind, jurisdiction: Iterable[str]) -> frozenset[str]:
        """Where it may help out: a cadre in its township, an officer or a crew in its county, a squad anywhere.

        Where the county is not known, crews and officers may go anywhere.
        """
        if kind == "county":
            return frozenset({EVERYWHERE})
        level = "township" if kind == "village" else "county"
        codes = {found for code in jurisdiction if (found := self.above(code, level))}
        return frozenset(codes or ({EVERYWHERE} if kind != "village" else ()))

    def _find(self, text: str, levels: tuple[str, ...]) -> tuple[Spot, ...]:
        if text in self._spots:
            return (self._spots[text],)
        found = [self._spots[code] for code in self._named.get(normal(text), ())]
        for level in levels:
            if chosen := [one for one in found if one.level == level]:
                return tuple(chosen)
        return tuple(found)


def _texts(column: pd.Series) -> list[str]:
    """A column of text as a file gives it back: one that was all blank comes as numbers."""
    return ["" if pd.isna(one) else str(one) for one in column]
