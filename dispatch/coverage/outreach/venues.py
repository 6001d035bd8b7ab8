"""Where sessions can be held, and on which days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dispatch.coverage.outreach.settings import OutreachSettings
from dispatch.datum import convert, known_datum
from dispatch.errors import BadInput
from dispatch.intake import fields
from dispatch.intake.alerts import Bounds, coordinate_fault
from dispatch.intake.columns import Column, Faults, match_headings, read_columns
from dispatch.intake.ground import Ground
from dispatch.tables import read_text

_TEXT = fields.text_of(120)
OF_LEVEL: Mapping[str, str] = {"village": "square", "market": "market", "school": "school"}
"""Kinds of venue an area's gazetteer gives when there is no table."""
LONGEST_PERIOD_DAYS = 732
MARGIN_DEGREES = 0.5
"""A venue may stand so far beyond the outermost places of the area."""
EXPECTED_DATES = "日期，如 2026-06-01、2026-06-08 (dates joined by 、 or ,)"
COLUMNS = (
    Column("venue", "场所", "text", _TEXT, "what it is called", required=True, also=("name", "名称")),
    Column("kind", "类别", "text", _TEXT, "a kind of the settings", required=True, also=("类型",)),
    Column("lon", "经度", "number", fields.degrees_of, "degrees, with lat and datum"),
    Column("lat", "纬度", "number", fields.degrees_of, "degrees"),
    Column("datum", "坐标系", "text", fields.text_of(20), "WGS84, CGCS2000, GCJ02 or BD09; required with a coordinate"),
    Column("place", "地点", "text", _TEXT, "code or name of the gazetteer, instead of a coordinate"),
    Column("capacity", "容量", "number", fields.count_of, "people; blank: of its kind"),
    Column("dates", "可用日期", "text", fields.text_of(20_000), "days it may be used; blank: by its kind"),
)  # fmt: skip


Row = tuple[str, str, float, float, float, tuple[date, ...] | None]
"""Name, kind, lon, lat, capacity (NaN: of its kind), dates (None: of its kind)."""


@dataclass(frozen=True, slots=True)
class Venues:
    """Places for sessions: `dates[v]` are the days of the period on which one may be held, in order."""

    name: tuple[str, ...]
    kind: tuple[str, ...]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    capacity: NDArray[np.float64]
    dates: tuple[tuple[date, ...], ...]
    limit: NDArray[np.int64]
    rejected: pd.DataFrame

    @property
    def lonlat(self) -> NDArray[np.float64]:
        """Shape (venues, 2)."""
        return np.column_stack([self.lon, self.lat])


def venues_of(
    gazetteer: pd.DataFrame, settings: OutreachSettings, begin: date, days: int, table: Path | None = None
) -> Venues:
    """Venues of a table, or those the gazetteer knows, with what `days` from `begin` on allow.

    Raises
    ------
    BadInput
        The period is not 1 to 732 days, or there is no venue.
    """
    if not 1 <= days <= LONGEST_PERIOD_DAYS:
        raise BadInput(f"the period is {days} days, expected 1 to {LONGEST_PERIOD_DAYS}")
    period = [begin + timedelta(days=one) for one in range(days)]
    usual = {name: _usual_days(kind.weekdays, period) for name, kind in settings.kinds.items()}
    if table is None:
        known = [one for one in OF_LEVEL if OF_LEVEL[one] in settings.kinds]
        found = gazetteer[gazetteer["level"].isin(known) & gazetteer["lon"].notna()]
        rows: list[Row] = [
            (str(name), OF_LEVEL[level], float(lon), float(lat), float("nan"), None)
            for name, level, lon, lat in zip(
                found["name"], found["level"], found["lon"], found["lat"], strict=True
            )
        ]
        rejected = pd.DataFrame()
    else:
        rows, rejected = _read(table, gazetteer, settings, period)
    if not rows:
        raise BadInput("this area names no village, market or school; give a table of venues (--venues FILE)")
    kinds = tuple(row[1] for row in rows)
    dates = tuple(usual[row[1]] if row[5] is None else row[5] for row in rows)
    between = np.array([settings.kinds[kind].days_between for kind in kinds])
    limit = np.minimum([len(one) for one in dates], -(-days // between))
    limit = np.where([row[5] is None for row in rows], limit, [len(one) for one in dates])
    return Venues(
        tuple(row[0] for row in rows),
        kinds,
        np.array([row[2] for row in rows]),
        np.array([row[3] for row in rows]),
        np.array(
            [settings.kinds[row[1]].capacity if np.isnan(row[4]) else row[4] for row in rows], np.float64
        ),
        dates,
        limit.astype(np.int64),
        rejected,
    )


def _usual_days(weekdays: tuple[int, ...], period: list[date]) -> tuple[date, ...]:
    return tuple(day for day in period if day.isoweekday() in weekdays)


def _read(
    path: Path, gazetteer: pd.DataFrame, settings: OutreachSettings, period: list[date]
) -> tuple[list[Row], pd.DataFrame]:
    frame = read_text(path)
    matched = match_headings(path, list(frame.columns), COLUMNS)
    faults = Faults(matched)
    typed = read_columns(frame, matched, COLUMNS, UTC, faults)
    ground, inside = Ground(gazetteer), set(period)
    around = (
        float(gazetteer["lon"].min()) - MARGIN_DEGREES,
        float(gazetteer["lat"].min()) - MARGIN_DEGREES,
        float(gazetteer["lon"].max()) + MARGIN_DEGREES,
        float(gazetteer["lat"].max()) + MARGIN_DEGREES,
    )
    words = {
        fields.normal(word): name
        for name, kind in settings.kinds.items()
        for word in (name, kind.zh, kind.en)
    }
    rows: list[Row] = []
    for row in typed.index:
        line = typed.loc[row].to_dict()
        kind = words.get(fields.normal(line["kind"]))
        if kind is None:
            faults.add(int(row), "kind", line["kind"], f"one of {', '.join(settings.kinds)}")
        try:
            where = _where(line, ground, around)
            dates = _dates(line["dates"])
        except fields.Unclear as unclear:
            column = "dates" if str(unclear) == EXPECTED_DATES else "place"
            faults.add(int(row), column, str(line[column]), str(unclear))
        except BadInput as refused:
            faults.add(int(row), "lon", f"{line['lon']}, {line['lat']} {line['datum']}", str(refused))
        if int(row) in faults.by_row or kind is None:
            continue
        chosen = None if dates is None else tuple(sorted(set(dates) & inside))
        rows.append((line["venue"], kind, *where, line["capacity"], chosen))
    if not rows:
        first = min(faults.by_row, default=None)
        why = (
            "it has none"
            if first is None
            else "row {}, {}: found {!r}, expected {}".format(first, *faults.by_row[first][0])
        )
        raise BadInput(f"{path}: no usable row ({why})")
    return rows, faults.rejected(frame)


def _where(line: Mapping[str, object], ground: Ground, around: Bounds) -> tuple[float, float]:
    lon, lat = float(line["lon"]), float(line["lat"])  # type: ignore[arg-type]
    if not np.isnan(lon) and not np.isnan(lat):
        if fault := coordinate_fault(lon, lat, around):
            raise BadInput(fault[1])
        if not line["datum"]:
            raise BadInput("坐标须注明坐标系 (a coordinate needs its datum: WGS84, CGCS2000, GCJ02 or BD09)")
        moved = convert(lon, lat, known_datum(str(line["datum"])), "WGS84")
        return float(moved[0]), float(moved[1])
    spots = ground.territory(str(line["place"]), "village") if line["place"] else ()
    if len(spots) != 1:
        said = "本辖区唯一的地点，或带坐标系的坐标 (one place of this area, or a coordinate with its datum)"
        raise fields.Unclear(said)
    return spots[0].lon, spots[0].lat


def _dates(text: str) -> tuple[date, ...] | None:
    if not text:
        return None
    try:
        parts = text.replace("、", ",").replace("，", ",").replace(";", ",").split(",")
        return tuple(date.fromisoformat(one.strip().replace("/", "-")) for one in parts if one.strip())
    except ValueError as cause:
        raise fields.Unclear(EXPECTED_DATES) from cause
