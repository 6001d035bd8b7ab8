"""One unit, one entry: what a map holds twice, as a point, an outline or a second point, becomes one."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dispatch.places.text import clean, core
from dispatch.roads.named import COLUMNS, RADIUS_METRES
from dispatch.roads.plane import metres_between

TWIN_METRES = MappingProxyType({
    "province": 300_000.0, "city": 100_000.0, "county": 30_000.0, "township": 5_000.0, "village": 500.0,
    "hamlet": 500.0, "street": 0.0, "bank": 50.0, "door": 50.0,
})  # fmt: skip
"""Things of one level and name within so many metres are one, 150 for any other level.

On the plain each village has a namesake a few kilometres on, so villages must nearly touch;
a bank's branches share its name and may stand in one street.
"""
_OTHER_METRES = 150.0


def unite(
    gazetteer: pd.DataFrame, boundaries: gpd.GeoDataFrame
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, int]:
    """Points and outlines of one unit made one entry; and how many entries that saved.

    An outline is the same as the points of its level and name inside it and takes the code of
    the best; an outline without any gets an entry of its own. Points of one level and name
    within `TWIN_METRES` are one. Names are the same where one is the other without its suffix
    (长坡, 长坡镇); 长坡镇 and 长坡乡 are two. A city's point in a county's outline of its whole
    name is that county. The best entry says its suffix, then its
    residents, then is a point rather than a shape; it learns the others' spellings.
    """
    records = cast("list[dict[str, Any]]", gazetteer[COLUMNS].to_dict("records"))
    rows = [_Row(cells) for cells in records]
    groups: dict[tuple[str, str], list[_Row]] = {}
    for row in sorted(rows, key=_Row.rank):
        groups.setdefault(row.key, []).append(row)
    codes: list[str] = []
    for outline in boundaries.itertuples():
        unit = _Row(_unit(outline.code, outline.name, outline.level, outline.geometry))
        named = [one for one in groups.get(unit.key, ()) if one.same_name(unit)]
        if outline.level == "county":  # a county-level city, by its point no other than a prefecture's
            cities = groups.get(("city", core(unit.name, "city")), ())
            named += [one for one in cities if one.name == unit.name and one.outline is None]
        inside = _inside(outline.geometry, named)
        free = [row for row in inside if row.outline is None and row.stays]
        if free:
            free[0].outline = unit.code
            codes.append(free[0].code)
            free[0].cells["level"] = outline.level
            for row in (unit, *free[1:]):
                free[0].take(row)
        else:
            unit.outline = unit.code
            codes.append(unit.code)
            groups.setdefault(unit.key, []).append(unit)
    for group in groups.values():
        _unite_near(group)
    kept = [row.cells for group in groups.values() for row in group if row.stays]
    table = pd.DataFrame(kept, columns=COLUMNS).drop_duplicates("code").sort_values("code", kind="stable")
    table = table.reset_index(drop=True).astype({"residents": float})
    twice = sum(not row.stays for row in rows)
    return table, boundaries.assign(code=codes), twice


class _Row:
    """A row of the gazetteer on its way to being one unit: what it is called, and whether it stays."""

    __slots__ = ("cells", "key", "name", "outline", "stays", "suffixed")

    def __init__(self, cells: dict[str, Any]) -> None:
        self.cells = cells
        self.name = clean(cells["name"])
        bare = core(self.name, cells["level"])
        self.key = (cells["level"], bare or cells["code"])
        self.suffixed = self.name != bare
        self.outline: str | None = None
        self.stays = True

    @property
    def code(self) -> str:
        return str(self.cells["code"])

    def rank(self) -> tuple[bool, bool, bool, str]:
        """The best first."""
        return (
            not self.suffixed,
            math.isnan(self.cells["residents"]),
            not self.code.startswith("n"),
            self.code,
        )

    def same_name(self, other: _Row) -> bool:
        """Whether the names agree, one of them perhaps without its suffix."""
        return self.name == other.name or not (self.suffixed and other.suffixed)

    def take(self, other: _Row) -> None:
        """The other is this one too: remember how it was written and what it knew."""
        other.stays = False
        written = other.cells["name"].replace("|", " ")
        spellings = [*self.cells["aliases"].split("|"), written, *other.cells["aliases"].split("|")]
        fresh = [one for one in dict.fromkeys(spellings) if one and clean(one) != self.name]
        self.cells["aliases"] = "|".join(fresh)
        if math.isnan(self.cells["residents"]):
            self.cells["residents"] = other.cells["residents"]


def _inside(shape: shapely.Geometry, rows: list[_Row]) -> list[_Row]:
    if not rows:
        return []
    lon, lat = (np.array([row.cells[axis] for row in rows]) for axis in ("lon", "lat"))
    return [row for row, within in zip(rows, shapely.contains_xy(shape, lon, lat), strict=True) if within]


def _unite_near(group: list[_Row]) -> None:
    """Rows of one level and bare name, outlined and best first: each takes those near it that come after."""
    left = sorted((row for row in group if row.stays), key=lambda row: row.outline is None)
    reach = TWIN_METRES.get(group[0].key[0], _OTHER_METRES)
    if len(left) < 2 or not reach:
        return
    lon, lat = (np.array([row.cells[axis] for row in left]) for axis in ("lon", "lat"))
    for n, row in enumerate(left[:-1]):
        if not row.stays:
            continue
        metres = metres_between(lon[n], lat[n], lon[n + 1 :], lat[n + 1 :])
        for at in np.flatnonzero(metres <= reach).tolist():
            other = left[n + 1 + at]
            if other.stays and other.outline is None and row.same_name(other):
                row.take(other)


def _unit(code: str, name: str, level: str, outline: shapely.Geometry) -> dict[str, Any]:
    middle = outline.representative_point()
    low_lon, low_lat, high_lon, high_lat = outline.bounds
    across = (high_lat - low_lat) * 111_000.0, (high_lon - low_lon) * 111_000.0  # degrees -> m, at most
    radius = min(RADIUS_METRES[level], max(200.0, float(np.mean(across)) / 2))
    return dict(zip(COLUMNS, (code, name, level, middle.x, middle.y, "", "", np.nan, radius), strict=True))
