"""New names joined to those an area has: what is there already is not added twice.

An entry is known by name, level and where it lies: in the same unit, or within some metres.
A known one keeps its code, since responders and jurisdictions speak of it, and learns the
official code and other spellings as aliases.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dispatch.places.addressing import Speller, Spoken
from dispatch.places.gazetteer import ADMIN, COLUMNS, METRES_PER_DEGREE, Gazetteer
from dispatch.places.library import Names, level_of_name, plain_code
from dispatch.places.settings import PlaceSettings, default_settings
from dispatch.places.text import clean, core
from dispatch.places.whereabouts import refusal
from dispatch.reasons import Reason

SAME_METRES = MappingProxyType({
    "province": 300_000.0, "city": 100_000.0, "county": 30_000.0, "township": 5_000.0, "village": 1_500.0,
    "hamlet": 500.0, "street": 1_000.0, "door": 50.0,
})  # fmt: skip
"""Entries of one name and level are one place within so many metres; 150 for any other level."""
BORDER_METRES = 2_000.0
"""Outlines are drawn this loosely: so far over a county's border an address is still believed."""
_TOWNSHIP, _COUNTY = ADMIN.index("township"), ADMIN.index("county")


@dataclass(frozen=True, slots=True)
class Joined:
    """The area's gazetteer with the new names, and what became of every row of the file.

    `added` counts by level; `known` is how many the area had already; `unplaced` how many of
    the added are known to lie in their unit, and no more; `refused` is by row of the file.
    """

    table: pd.DataFrame
    added: Mapping[str, int]
    known: int
    unplaced: int
    refused: tuple[tuple[int, Reason], ...]


@dataclass(slots=True)
class _Entry:
    code: str
    name: str
    level: str
    lon: float
    lat: float
    parent: int
    radius_metres: float
    lineage: list[int]
    aliases: dict[str, None] = field(default_factory=dict)
    fresh: bool = True

    @property
    def placed(self) -> bool:
        return math.isfinite(self.lon) and math.isfinite(self.lat)


def join_names(
    table: pd.DataFrame,
    boundaries: gpd.GeoDataFrame | None,
    names: Names,
    settings: PlaceSettings | None = None,
) -> Joined:
    """Join what `read_list` or `read_library` read to an area's gazetteer.

    A unit without coordinates takes the point of the hamlet of its name in its unit, else the
    point and the radius of the unit it lies in: no more is known of it. Of an address the
    units are taken off, and what is left is its name; where the county it names and its
    coordinate are more than `BORDER_METRES` apart it is refused.

    Parameters
    ----------
    table
        The area's gazetteer; its rows keep their order and come first in the result.
    boundaries
        The area's outlines, or None.
    names
        What was read of a file.
    settings
        `[places]`, for the radius of levels; the bundled ones if None.
    """
    joiner = _Joiner(table, boundaries, settings or default_settings())
    refused = [*names.refused]
    is_library = "address" in names.table
    records = cast("list[dict[str, object]]", names.table.to_dict("records"))
    for number, row in enumerate(records):
        why = joiner.refusals_of(names.table)[number]
        why = why or (joiner.add_address(row, number) if is_library else joiner.add_unit(row))
        if why is not None:
            refused.append((int(str(row["row"])), why))
    return joiner.joined(table, tuple(sorted(refused, key=lambda one: one[0])))


class _Joiner:
    """Everything known so far, looked up by code and by name; grows row by row."""

    def __init__(
        self, table: pd.DataFrame, boundaries: gpd.GeoDataFrame | None, settings: PlaceSettings
    ) -> None:
        self.gazetteer = Gazetteer(table, boundaries)
        self.settings = settings
        self.entries: list[_Entry] = []
        self.codes: dict[str, int] = {}
        self.named: dict[tuple[str, str], list[int]] = {}
        self.speller = Speller()
        self.official: set[int] = set()
        self.known = self.unplaced = 0
        gazetteer = self.gazetteer
        for row in range(len(gazetteer)):
            lineage = gazetteer.lineage[row]
            above = [unit for unit in lineage if unit not in (-1, row)]
            entry = _Entry(
                gazetteer.code[row], gazetteer.name[row], gazetteer.level[row], float(gazetteer.lon[row]),
                float(gazetteer.lat[row]), above[-1] if above else -1,
                float(gazetteer.own_radius_metres[row]), lineage,
                dict.fromkeys(filter(None, gazetteer.aliases[row].split("|"))), fresh=False,
            )  # fmt: skip
            official = gazetteer.official_code.get(row, "")
            self._keep(entry, (official,))
            self.official |= {row} if official else set()
        self.speller.look_around(gazetteer.name)
        self._counties = self._outlines(boundaries)
        self._refusals: list[Reason | None] | None = None
        self._units: list[tuple[int, int, int]] = []

    def refusals_of(self, table: pd.DataFrame) -> list[Reason | None]:
        """Per row why its coordinate cannot be of this area, and the units it lies in, all at once."""
        if self._refusals is None:
            lon, lat = table["lon"].to_numpy(np.float64), table["lat"].to_numpy(np.float64)
            inside = self.gazetteer.inside(lon, lat) | ~np.isfinite(lon)
            self._refusals = [
                None if fine else refusal(self.gazetteer, float(x), float(y))
                for fine, x, y in zip(inside, lon, lat, strict=True)
            ]
            rows = [
                [self.codes.get(str(code), -1) for code in codes] for codes in self.gazetteer.admin(lon, lat)
            ]
            self._units = list(zip(*rows, strict=True))
        return self._refusals

    def add_unit(self, row: Mapping[str, object]) -> Reason | None:
        """A row of an administrative list."""
        code, name, level = str(row["code"]), str(row["name"]), str(row["level"])
        lon, lat, radius = (float(row[key]) for key in ("lon", "lat", "radius_metres"))  # type: ignore[arg-type]
        if code in self.codes:
            self._learn(self.codes[code], name, code, row)
            return None
        parent = self._parent_by_code(str(row["parent"]))
        if parent < 0 and math.isfinite(lon):
            parent = self._parent_by_point(lon, lat, level)
        if parent < 0 and level != "province":
            return Reason("UNIT_UNKNOWN", {"code": str(row["parent"]) or code})
        entry = _Entry(code, name, level, lon, lat, parent, radius, self._lineage_under(parent))
        same = self._same(entry)
        if same is not None:
            self._learn(same, name, code, row)
            return None
        if not entry.placed and not self._placed_by_others(entry):
            return Reason("NOTHING_TO_GO_BY")
        entry.aliases = dict.fromkeys(filter(None, str(row["aliases"] or "").split("|")))
        self._keep(entry)
        return None

    def add_address(self, row: Mapping[str, object], number: int) -> Reason | None:
        """A row of an address library: units taken off, the rest is a name."""
        lon, lat, radius = (float(row[key]) for key in ("lon", "lat", "radius_metres"))  # type: ignore[arg-type]
        county, township, village = self._units[number]
        said = self.speller.read(
            clean(row["address"]), lambda unit, upper: self._lies_in(unit, upper, county, township)
        )
        if said.elsewhere:
            return Reason("ADDRESS_ELSEWHERE", {"said": said.elsewhere, "found": self._name(county)})
        if said.county >= 0 and said.county != county:
            if self._metres_from_county(said.county, lon, lat) > BORDER_METRES:
                found = self._name(county)
                return Reason("ADDRESS_ELSEWHERE", {"said": self._name(said.county), "found": found})
            county, township, village = said.county, -1, -1
        parent = self._parent_said(said, county, township, village)
        name = str(row["name"]) or said.rest
        if len(clean(name)) < 2:
            self.known += 1  # no more than a unit, which the area has
            return None
        level = str(row["level"]) or level_of_name(clean(name))
        if not math.isfinite(radius):
            radius = self.settings.level_radius_metres[level]
        entry = _Entry(str(row["code"]), name, level, lon, lat, parent, radius, self._lineage_under(parent))
        same = self._same(entry)
        if same is not None:
            self._learn(same, name, "", row)
        else:
            self._keep(entry)
        return None

    def joined(self, table: pd.DataFrame, refused: tuple[tuple[int, Reason], ...]) -> Joined:
        """The area's own rows with what they learned, then the new ones."""
        rows = {entry.code: entry for entry in self.entries if not entry.fresh}
        old = table.copy()
        old["aliases"] = [self._aliases(rows[str(code)]) for code in old["code"]]
        fresh = [
            {
                "code": entry.code, "name": entry.name, "level": entry.level,
                "lon": entry.lon, "lat": entry.lat,
                "parent": self.entries[entry.parent].code if entry.parent >= 0 else "",
                "aliases": self._aliases(entry), "residents": math.nan, "radius_metres": entry.radius_metres,
            }
            for entry in self.entries
            if entry.fresh
        ]  # fmt: skip
        both = (
            pd.concat([old, pd.DataFrame(fresh, columns=list(COLUMNS))], ignore_index=True) if fresh else old
        )
        added = Counter(entry.level for entry in self.entries if entry.fresh)
        return Joined(both, dict(added), self.known, self.unplaced, refused)

    # who is the same, and what lies in what

    def _same(self, entry: _Entry) -> int | None:
        """The entry of that name and level in the same unit, or within `SAME_METRES`.

        Two units with official codes of their own are two: 长坡社区 and 长坡村 of one town.
        """
        reach = SAME_METRES.get(entry.level, 150.0)
        for at in self.named.get((entry.level, core(clean(entry.name), entry.level)), ()):
            other = self.entries[at]
            if entry.code.isdecimal() and self._is_official(at):
                continue
            if entry.level in ADMIN[: _TOWNSHIP + 2] and self._one_unit(entry, other):
                return at
            if entry.placed and other.placed and self._metres(entry, other) <= reach:
                return at
            if not entry.placed and entry.parent in (other.parent, -1):
                return at
        return None

    def _is_official(self, at: int) -> bool:
        return self.entries[at].code.isdecimal() or at in self.official

    def _one_unit(self, entry: _Entry, other: _Entry) -> bool:
        """Whether two units of one level lie in the same unit above, as far as both are known."""
        for rank in range(ADMIN.index(entry.level) - 1, -1, -1):
            own, others = entry.lineage[rank], other.lineage[rank]
            if own >= 0 and others >= 0:
                return own == others
        return True

    def _placed_by_others(self, entry: _Entry) -> bool:
        """Give a unit without coordinates the hamlet's of its name, else its unit's; False if none."""
        for at in self.named.get(("hamlet", core(clean(entry.name), entry.level)), ()):
            hamlet = self.entries[at]
            if entry.level == "village" and hamlet.placed and self._one_unit(entry, hamlet):
                entry.lon, entry.lat = hamlet.lon, hamlet.lat
                return True
        unit = self.entries[entry.parent] if entry.parent >= 0 else None
        if unit is None or not unit.placed:
            return False
        radius = unit.radius_metres
        entry.lon, entry.lat = unit.lon, unit.lat
        entry.radius_metres = (
            radius if math.isfinite(radius) else self.settings.level_radius_metres[unit.level]
        )
        self.unplaced += 1
        return True

    def _parent_by_code(self, code: str) -> int:
        """The unit of that code, or the nearest above it that the area knows."""
        while code:
            if code in self.codes:
                return self.codes[code]
            code = next((code[:n] for n in (12, 9, 6, 4, 2) if n < len(code)), "") if code.isdecimal() else ""
            if len(code) < 6:
                return -1  # a province or a prefecture says nothing of where in the area
        return -1

    def _parent_by_point(self, lon: float, lat: float, level: str) -> int:
        rank = ADMIN.index(level) if level in ADMIN else len(ADMIN)
        units = [self.codes.get(str(one[0]), -1) for one in self.gazetteer.admin(lon, lat)]
        above = [unit for n, unit in enumerate(units, start=_COUNTY) if unit >= 0 and n < rank]
        return above[-1] if above else -1

    def _parent_said(self, said: Spoken, county: int, township: int, village: int) -> int:
        """The finest unit the address names, else the finest its coordinate lies in."""
        if said.village >= 0:
            return said.village
        if said.township >= 0 and said.township != township:
            return said.township
        return next((unit for unit in (village, township, county) if unit >= 0), -1)

    def _lies_in(self, unit: int, upper: int, county: int, township: int) -> bool:
        """Whether a named unit can be meant: in the unit named before it, else where the coordinate is."""
        lineage, level = self.entries[unit].lineage, self.entries[unit].level
        if upper >= 0:
            rank = ADMIN.index(self.entries[upper].level)
            return lineage[rank] in (upper, -1)
        if level == "township":
            return county < 0 or lineage[_COUNTY] in (county, -1)
        return level != "village" or township < 0 or lineage[_TOWNSHIP] in (township, -1)

    def _lineage_under(self, parent: int) -> list[int]:
        return list(self.entries[parent].lineage) if parent >= 0 else [-1] * len(ADMIN)

    def _keep(self, entry: _Entry, other_codes: Iterable[str] = ()) -> None:
        at = len(self.entries)
        if entry.level in ADMIN:
            rank = ADMIN.index(entry.level)
            entry.lineage = [*entry.lineage[:rank], at, *entry.lineage[rank + 1 :]]
            self.speller.learn(at, entry.level, (entry.name, *entry.aliases))
        self.entries.append(entry)
        for code in (entry.code, plain_code(entry.code), *other_codes):
            if code:
                self.codes.setdefault(code, at)
        for form in (entry.name, *entry.aliases):
            same = self.named.setdefault((entry.level, core(clean(form), entry.level)), [])
            if at not in same:
                same.append(at)

    def _learn(self, at: int, name: str, code: str, row: Mapping[str, object]) -> None:
        """A known entry remembers how else it is written, and its official code."""
        entry = self.entries[at]
        self.known += 1
        spellings = [name, *str(row.get("aliases") or "").split("|")]
        for form in filter(None, spellings):
            if clean(form) != clean(entry.name):
                entry.aliases.setdefault(form)
        if code and plain_code(entry.code) != code:
            entry.aliases.setdefault(code)
            self.codes.setdefault(code, at)
            self.official.add(at)

    def _aliases(self, entry: _Entry) -> str:
        at = self.codes[entry.code]
        official = self.gazetteer.official_code.get(at, "") if not entry.fresh else ""
        return "|".join(dict.fromkeys([*entry.aliases, *filter(None, [official])]))

    def _name(self, at: int) -> str:
        return self.entries[at].name if at >= 0 else "?"

    def _metres(self, one: _Entry, other: _Entry) -> float:
        scale = math.cos(math.radians(one.lat))
        return math.hypot((one.lon - other.lon) * scale, one.lat - other.lat) * METRES_PER_DEGREE

    def _metres_from_county(self, county: int, lon: float, lat: float) -> float:
        outline = self._counties.get(self.entries[county].code)
        if outline is None:
            return 0.0
        scale = math.cos(math.radians(lat))
        near = shapely.shortest_line(outline, shapely.Point(lon, lat))
        (ax, ay), (bx, by) = near.coords[0], near.coords[-1]
        return math.hypot((ax - bx) * scale, ay - by) * METRES_PER_DEGREE

    @staticmethod
    def _outlines(boundaries: gpd.GeoDataFrame | None) -> dict[str, shapely.Geometry]:
        if boundaries is None or not len(boundaries):
            return {}
        counties = boundaries[boundaries["level"] == "county"]
        return dict(zip(counties["code"].astype(str), counties.geometry, strict=True))
