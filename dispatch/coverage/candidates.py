"""Where a site could be opened: a table of candidates, or every village of the area."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from dispatch.coverage.pointing import coordinate
from dispatch.domain import Responder
from dispatch.errors import BadInput
from dispatch.intake import fields, words
from dispatch.intake.columns import Column, Faults, match_headings, read_columns
from dispatch.intake.fields import Unclear, normal
from dispatch.intake.jurisdiction import one_place
from dispatch.places.gazetteer import Gazetteer
from dispatch.redact import clean
from dispatch.tables import GEOMETRY_COLUMNS, read_text

NAMED = ("village", "township", "hamlet", "county")
"""Levels a name is looked for at, in this order."""
DAY = 1440
UNITS_MOST = 50
MOST = 1e12
"""Of a cost or capacity."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A site: its name, where it is (WGS-84), what opening it costs and how much weight it can serve.

    `hours` are the minutes of the day its shift begins and ends (past 1440: the next day), () for all day;
    `unit` counts those of one row, from 1, where several could stand; 0 where one.
    """

    name: str
    kind: str
    lon: float
    lat: float
    profile: str
    cost: float = 1.0
    capacity: float = math.inf
    existing: bool = False
    hours: tuple[int, ...] = ()
    unit: int = 0

    def stands_at(self, minute: int) -> bool:
        """Whether its shift is under way at that minute of the day."""
        if not self.hours:
            return True
        begin, end = self.hours
        return begin <= minute < end or begin <= minute + DAY < end


def _amount(text: str) -> float:
    try:
        value = float(normal(text).replace(",", ""))
    except ValueError:
        value = math.nan
    if not 0 <= value <= MOST:
        raise Unclear("0 到 1 万亿的数 (a number, 0 or more, at most 1e12)")
    return value


def _units(text: str) -> float:
    value = fields.count_of(text)
    if not 1 <= value <= UNITS_MOST:
        raise Unclear(f"1 到 {UNITS_MOST} 的整数 (a whole number, 1 to {UNITS_MOST})")
    return value


COLUMNS = (
    Column("name", "名称", "text", fields.text_of(200), "as shown; blank: the place's", also=("site", "站点")),
    Column("place", "地点", "text", fields.text_of(200), "name or code in the area", also=("code", "代码", "村社区")),
    Column("lon", "经度", "number", fields.degrees_of, "decimal degrees, with lat and datum"),
    Column("lat", "纬度", "number", fields.degrees_of, "decimal degrees"),
    Column("datum", "坐标系", "text", words.DATUM, "WGS84 GCJ02 BD09 CGCS2000; required with a coordinate"),
    Column("cost", "费用", "number", _amount, "what opening it takes of --budget; blank: 1"),
    Column("capacity", "容量", "number", _amount, "weight it can serve; blank: any"),
    Column("units", "数量", "number", _units, "how many could stand there, each at that cost; blank: 1", also=("cars", "车辆数")),
    Column("shift_from", "班次起", "number", fields.clock_of, "on duty from, 22:00, with shift_to; blank: all day"),
    Column("shift_to", "班次止", "number", fields.clock_of, "until; 06:00 after 22:00 is the next morning"),
)  # fmt: skip
"""Every column of a table of candidates."""


def read_candidates(path: Path, gazetteer: Gazetteer, kind: str, profile: str) -> tuple[Spot, ...]:
    """Read a table of candidate sites; names carry the row they came from.

    Raises
    ------
    MissingInput, BadInput
        No such file, no row, no column that says where; or a row that cannot be used, named with
        what was found and what was expected.
    """
    frame = read_text(path)
    if not len(frame):
        raise BadInput(f"{path} has headings but no rows: there are no candidate sites; give at least one")
    if GEOMETRY_COLUMNS[0] in frame.columns and "lon" not in frame.columns:
        frame = frame.rename(columns=dict(zip(GEOMETRY_COLUMNS, ("lon", "lat", "datum"), strict=True)))
    matched = match_headings(path, list(frame.columns), COLUMNS)
    if "place" not in matched and not {"lon", "lat"} <= matched.keys():
        raise BadInput(
            f"{path}: no column says where; expected place 地点, or lon 经度, lat 纬度 and datum 坐标系"
        )
    faults = Faults(matched)
    rows = read_columns(frame, matched, COLUMNS, ZoneInfo("UTC"), faults)
    found = []
    for row, cells in zip(map(int, rows.index), rows.to_dict("records"), strict=True):
        values = {str(name): value for name, value in cells.items()}
        point = _point(row, values, gazetteer, faults)
        hours = _hours(row, values, faults)
        if point is None or row in faults.by_row:
            continue
        count = 1 if pd.isna(values["units"]) else int(values["units"])
        place = values["place"]
        place = gazetteer.name[gazetteer.row_of[place]] if place in gazetteer else place
        name = f"{clean(values['name'] or place or '?', 60)} (row {row})"
        one = Spot(
            name,
            kind,
            *point,
            profile,
            1.0 if pd.isna(values["cost"]) else float(values["cost"]),
            math.inf if pd.isna(values["capacity"]) else float(values["capacity"]),
            hours=hours,
        )
        found += [
            one if count == 1 else replace(one, name=f"{name} #{unit}", unit=unit)
            for unit in range(1, count + 1)
        ]
    if faults.by_row:
        first = min(faults.by_row)
        column, what, expected = faults.by_row[first][0]
        more = f" (and {len(faults.by_row) - 1} more rows)" if len(faults.by_row) > 1 else ""
        raise BadInput(f"{path}, row {first}, column {column}: found {what!r}, expected {expected}{more}")
    return tuple(found)


def _hours(row: int, cells: dict[str, Any], faults: Faults) -> tuple[int, ...]:
    """Minutes of the day a candidate's shift begins and ends; () where it names none."""
    begin, end = cells["shift_from"], cells["shift_to"]
    if pd.isna(begin) and pd.isna(end):
        return ()
    if pd.isna(begin) or pd.isna(end):
        faults.add(
            row, "shift_from" if pd.isna(begin) else "shift_to", "", "班次起止须成对 (both, or neither)"
        )
        return ()
    return int(begin), int(end) + (DAY if end <= begin else 0)


def _point(
    row: int, cells: dict[str, Any], gazetteer: Gazetteer, faults: Faults
) -> tuple[float, float] | None:
    """Longitude and latitude a row names; None, with a fault noted, where it names none."""
    if pd.isna(cells["lon"]) and pd.isna(cells["lat"]):
        return _named(row, cells["place"], gazetteer, faults)
    return coordinate(row, cells, gazetteer, faults)


def _named(row: int, name: str, gazetteer: Gazetteer, faults: Faults) -> tuple[float, float] | None:
    codes: Sequence[str] = (name,) if name and name in gazetteer else ()
    for level in NAMED if name else ():
        codes = codes or gazetteer.find(name, level)
    at = gazetteer.row_of[codes[0]] if len(codes) == 1 else None
    if at is None or not math.isfinite(gazetteer.lon[at]):
        faults.add(row, "place", name, one_place(list(codes)))
        return None
    return float(gazetteer.lon[at]), float(gazetteer.lat[at])


def village_candidates(gazetteer: Gazetteer, kind: str, profile: str) -> tuple[Spot, ...]:
    """Every village with a point is a candidate.

    Raises
    ------
    BadInput
        There is none.
    """
    found = tuple(
        Spot(gazetteer.name[row], kind, float(gazetteer.lon[row]), float(gazetteer.lat[row]), profile)
        for row, level in enumerate(gazetteer.level)
        if level == "village" and math.isfinite(gazetteer.lon[row])
    )
    if not found:
        raise BadInput(
            "the area has no village with a point: there are no candidate sites; give --candidates FILE"
        )
    return found


def bases(responders: Sequence[Responder], *, each: bool) -> tuple[tuple[Spot, ...], tuple[int, ...]]:
    """The sites that stand, and which of them each responder is of.

    A responder is a site of its own (`each`: units that may be busy), or those of a kind at a base are one.
    """
    found: dict[tuple[object, ...], Spot] = {}
    keys: list[tuple[object, ...]] = [
        (one.id,) if each else (one.lon, one.lat, one.kind) for one in responders
    ]
    for key, one in zip(keys, responders, strict=True):
        found.setdefault(
            key, Spot(one.name or one.id, one.kind, one.lon, one.lat, one.profile, existing=True)
        )
    number = {key: at for at, key in enumerate(found)}
    return tuple(found.values()), tuple(number[key] for key in keys)
