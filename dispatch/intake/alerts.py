"""Alerts as they come in: a file of rows, each read whole or rejected with what to mend.

See docs/alerts.md for the table of columns, which a test keeps in step with `COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from dispatch import datum
from dispatch.errors import BadInput
from dispatch.intake import fields, words
from dispatch.intake.columns import WHOLE_ROW, Column, Faults, match_headings, read_columns
from dispatch.tables import BEYOND, GEOMETRY_COLUMNS, Table, read_text

Bounds = tuple[float, float, float, float]
PLAUSIBLE: Bounds = (73.0, 3.0, 136.0, 54.0)
"""West, south, east, north in degrees: China with its waters."""
_UTC = ZoneInfo("UTC")


def columns_in(zone: ZoneInfo) -> tuple[Column, ...]:
    """Every column of an alert file; times without a zone are read in `zone`."""
    time = fields.time_of(zone)
    text, name, note = fields.text_of(300), fields.text_of(60), fields.text_of(2000)
    return (
        Column("alert_id", "预警编号", "text", fields.id_of, "several rows of one id are places of one case", required=True),
        Column("alerted_at", "预警时间", "time", time, "when the alert came", required=True),
        Column("alert_source", "预警来源", "text", name, "who raised it"),
        Column("risk", "预警等级", "text", words.RISK, "critical high medium low 特高危 高危 中危 低危"),
        Column("fraud_type", "诈骗类型", "text", words.FRAUD_TYPE, "one of the eleven types; blank: other"),
        Column("name", "姓名", "text", name, "of the person at risk"),
        Column("phone", "电话", "text", name, "alerts of one phone are one case"),
        Column("address", "地址", "text", text, "in words"),
        Column("lon", "经度", "number", fields.degrees_of, "decimal degrees, with lat and datum"),
        Column("lat", "纬度", "number", fields.degrees_of, "decimal degrees"),
        Column("datum", "坐标系", "text", words.DATUM, "WGS84 GCJ02 BD09 CGCS2000; required with a coordinate"),
        Column("location_source", "定位来源", "text", words.LOCATION_SOURCE, "home work fix hotel relative other"),
        Column("fix_at", "定位时间", "time", time, "when the phone was there"),
        Column("radius_metres", "误差半径", "number", fields.metres_of, "metres (米, 公里)"),
        Column("amount_at_risk", "涉险金额", "number", fields.amount_of, "yuan that may still go"),
        Column("amount_lost", "已损失金额", "number", fields.amount_of, "yuan gone; lowers nothing at risk"),
        Column("call_started_at", "通话开始", "time", time, "of the call in progress"),
        Column("on_call", "通话中", "flag", fields.flag_of, "on the phone with the fraudster now"),
        Column("call_attempts", "拨打次数", "number", fields.count_of, "times we rang"),
        Column("last_attempt_at", "最近拨打", "time", time, "when we rang last"),
        Column("contact_result", "联系结果", "text", words.CONTACT_RESULT, "unreached busy off refused disbelieved persuaded"),
        Column("last_safe_at", "资金安全时间", "time", time, "last sign the money was there"),
        Column("warnings", "预警次数", "number", fields.count_of, "times warned so far"),
        Column("window_from", "可访起", "time", time, "no visit before"),
        Column("window_to", "可访止", "time", time, "no visit after"),
        Column("account", "账户", "text", name, "the account the money would leave"),
        Column("note", "备注", "text", note, "anything else"),
    )  # fmt: skip


COLUMNS = columns_in(_UTC)
ALERTS = Table("alerts", {one.name: one.holds for one in COLUMNS if one.holds != "value"})
"""Rows as `read_alerts` gives them: lon and lat WGS-84, times in the area's zone."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """A read file. `rows` (`ALERTS`) and `rejected` share the file's row numbers.

    `rows` is indexed by row number; `rejected` has a line per rejected row: row, column,
    found, expected, raw. `ignored` are headings that mean nothing here.
    """

    rows: pd.DataFrame
    rejected: pd.DataFrame
    ignored: tuple[str, ...] = ()

    @property
    def received(self) -> int:
        """Rows in the file, blank ones and the headings not counted."""
        return len(self.rows) + len(self.rejected)


def read_alerts(
    path: Path, columns: Mapping[str, str] | None, time_zone: str, plausible: Bounds = PLAUSIBLE
) -> Alerts:
    """Read a file of alerts: CSV, XLSX or GeoPackage, headings in English or Chinese.

    `columns` maps other headings to ours. A row with a fault is rejected whole, the others go on.

    Raises
    ------
    MissingInput, BadInput
        The file is no table, lacks a column that is required, or has no usable row.
    """
    alerts = parse_alerts(read_text(path), path, columns, time_zone, plausible)
    if not len(alerts.rows):
        raise BadInput(_nothing_usable(path, alerts.rejected))
    return alerts


def parse_alerts(
    frame: pd.DataFrame,
    path: Path = Path("alerts"),
    columns: Mapping[str, str] | None = None,
    time_zone: str = "Asia/Shanghai",
    plausible: Bounds = PLAUSIBLE,
) -> Alerts:
    """The same for a table of text already read (`dispatch.tables.read_text`); touches no file."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as cause:
        raise BadInput(f"time zone {time_zone!r} is not known; expected one such as Asia/Shanghai") from cause
    known = columns_in(zone)
    frame = _with_geometry(frame, known, columns)
    matched = match_headings(path, list(frame.columns), known, columns)
    if not ({"lon", "lat"} <= matched.keys() or "address" in matched):
        raise BadInput(
            f"{path}: no column says where; expected lon 经度, lat 纬度 and datum 坐标系, or address 地址"
        )
    faults = Faults(matched)
    rows = read_columns(frame, matched, known, zone, faults)
    _check_places(frame, rows, matched, plausible, faults)
    _check_windows(rows, faults)
    _check_twins(frame, rows, faults)
    good = rows.loc[[int(row) not in faults.by_row for row in rows.index]]
    ignored = tuple(one for one in frame.columns if one not in {*matched.values(), *GEOMETRY_COLUMNS, BEYOND})
    return Alerts(ALERTS.check(_to_wgs84(good)), faults.rejected(frame), ignored)


def _with_geometry(
    frame: pd.DataFrame, known: tuple[Column, ...], mapping: Mapping[str, str] | None
) -> pd.DataFrame:
    """A GeoPackage's points stand in for lon, lat and datum where it has no such columns."""
    if GEOMETRY_COLUMNS[0] not in frame.columns:
        return frame
    place = {column.name: column for column in known if column.name in {"lon", "lat", "datum"}}
    spelled = {heading.lower() for column in place.values() for heading in column.headings}
    if any(name.lower() in spelled or (mapping or {}).get(name) in place for name in frame.columns):
        return frame
    return frame.rename(columns=dict(zip(GEOMETRY_COLUMNS, ("lon", "lat", "datum"), strict=True)))


def _check_places(
    frame: pd.DataFrame, rows: pd.DataFrame, matched: Mapping[str, str], plausible: Bounds, faults: Faults
) -> None:
    def said(row: int, name: str) -> str:
        return str(frame.at[row, matched[name]]) if name in matched else ""

    has_lon, has_lat = rows["lon"].notna(), rows["lat"].notna()
    for row in rows.index[~has_lon & ~has_lat & rows["address"].eq("")]:
        if not {said(row, "lon"), said(row, "lat")} - {""} or int(row) not in faults.by_row:
            faults.add(
                int(row),
                "address",
                said(row, "address"),
                "地址，或经纬度与坐标系 (an address, or lon, lat and datum)",
            )
    for row in rows.index[has_lon != has_lat]:
        lacking = "lat" if has_lon[row] else "lon"
        if fields.is_blank(said(row, lacking)):
            faults.add(int(row), lacking, said(row, lacking), "经纬度须成对 (lon and lat together)")
    both = rows.loc[has_lon & has_lat]
    for row, lon, lat, named in zip(both.index, both["lon"], both["lat"], both["datum"], strict=True):
        if not named and fields.is_blank(said(row, "datum")):
            faults.add(int(row), "datum", "", words.DATUM_KNOWN)
        if fault := coordinate_fault(lon, lat, plausible):
            faults.add(int(row), fault[0], f"{said(row, 'lon')}, {said(row, 'lat')}", fault[1])


def coordinate_fault(lon: float, lat: float, plausible: Bounds = PLAUSIBLE) -> tuple[str, str] | None:
    """The column and the likely cause, if a point is not where it could be; None if it is."""
    west, south, east, north = plausible

    def inside(x: float, y: float) -> bool:
        return west <= x <= east and south <= y <= north

    if inside(lon, lat):
        return None
    where = f"经度 {west:g}–{east:g}、纬度 {south:g}–{north:g}"
    if inside(lat, lon):
        return "lon", f"{where}；经纬度似乎写反 (lon and lat look swapped)"
    if lon == 0 and lat == 0:
        return "lon", f"{where}；0,0 表示未定位，请留空 (0,0 means no fix: leave both empty)"
    if any(inside(lon / scale, lat / scale) for scale in (1e5, 1e6, 1e7)):
        return "lon", f"{where}；似乎缺小数点 (the decimal point looks lost)"
    if abs(lon) > 1000 or abs(lat) > 1000:
        return "lon", f"{where}；似乎是投影坐标（米） (these look like projected metres, not degrees)"
    outside = "lat" if west <= lon <= east else "lon"
    return outside, f"{where} (lon {west:g} to {east:g}, lat {south:g} to {north:g}: this point lies outside)"


def _check_windows(rows: pd.DataFrame, faults: Faults) -> None:
    for row in rows.index[rows["window_to"].lt(rows["window_from"])]:
        found = str(rows.at[row, "window_to"])
        faults.add(int(row), "window_to", found, "不早于可访起 (not before window_from)")


def _check_twins(frame: pd.DataFrame, rows: pd.DataFrame, faults: Faults) -> None:
    """The same row twice; and one alert id for two people, which would hide the second."""
    first_of: dict[tuple[str, ...], int] = {}
    phone_of: dict[str, tuple[int, str]] = {}
    cells = frame.itertuples(index=False, name=None)
    for row, cell, alert_id, phone in zip(rows.index, cells, rows["alert_id"], rows["phone"], strict=True):
        if int(row) in faults.by_row:
            continue
        first = first_of.setdefault(tuple(cell), int(row))
        if first != row:
            faults.add(int(row), WHOLE_ROW, alert_id, f"与第 {first} 行完全相同 (the same as row {first})")
            continue
        number = fields.normal_phone(phone)
        if not number:
            continue
        other, known = phone_of.setdefault(alert_id, (int(row), number))
        if known != number:
            faults.add(
                int(row), "phone", phone,
                f"与第 {other} 行同号电话，或另编预警编号 (the phone of row {other}, which has this alert id, or another id)",
            )  # fmt: skip


def _to_wgs84(rows: pd.DataFrame) -> pd.DataFrame:
    moved = rows.copy()
    for name in rows["datum"].unique():
        if name:
            here = rows["datum"].eq(name)
            lon, lat = datum.convert(rows.loc[here, "lon"], rows.loc[here, "lat"], str(name), "WGS84")
            moved.loc[here, "lon"], moved.loc[here, "lat"] = lon, lat
            moved.loc[here, "datum"] = "WGS84"  # a table says what its numbers are now
    return moved


def _nothing_usable(path: Path, rejected: pd.DataFrame) -> str:
    if not len(rejected):
        return f"{path} has headings but no rows; expected at least one alert"
    first = rejected.iloc[0]
    return (
        f"{path}: none of its {len(rejected)} rows can be used; the first, row {first['row']}, column {first['column']}: "
        f"found {first['found']!r}, expected {first['expected']}"
    )
