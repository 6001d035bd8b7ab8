"""What has happened since a plan was made: a file of events, each row read whole or refused.

docs/replan.md has the table of kinds and columns, which a test keeps in step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from dispatch import datum
from dispatch.errors import BadInput
from dispatch.intake import fields, words
from dispatch.intake.alerts import Alerts, coordinate_fault, parse_alerts
from dispatch.intake.columns import REJECTED_COLUMNS, Column, Faults, match_headings, read_columns
from dispatch.reasons import OUTCOMES, WORDS
from dispatch.tables import read_text

CALLS = ("unreached", "busy", "off", "refused", "disbelieved", "persuaded")
HOLDS = ("bank", "line", "relative")
STEPS = ("sent", "signed", "departed", "arrived", "met")

KINDS: Mapping[str, tuple[str, str]] = {
    "alert": ("新预警", "a new alert: the columns of an alert file; `at` may stand for alerted_at"),
    "answered": ("电话", "case; value: persuaded (default: the visit is withdrawn), disbelieved, refused, unreached, busy, off"),
    "hold": ("止付", "case, until; value: bank (default), line, relative"),
    "release": ("解除止付", "case: the hold ends now"),
    "sent": ("下达", "case or responder: the instruction went out"),
    "signed": ("签收", "case or responder: it was signed for"),
    "unsigned": ("未签收", "case or responder; minutes: sent so long ago and not signed for"),
    "departed": ("出发", "case or responder"),
    "arrived": ("到达", "case or responder: at the door"),
    "met": ("见面", "case or responder: face to face; the outcome follows"),
    "outcome": ("反馈", "case; value: one of the outcomes; responder where two were sent"),
    "place": ("更正地点", "case; lon, lat, datum (radius_metres), or the address in value"),
    "delayed": ("延误", "responder, minutes"),
    "busy": ("占用", "responder, until or minutes: does something else until then"),
    "ill": ("退出", "responder: ill, or its vehicle broken; gone until available"),
    "available": ("恢复", "responder"),
    "position": ("位置", "responder; lon, lat, datum"),
    "closure": ("封路", "road, or lon, lat, datum (radius_metres), or both; until; value: the reason; factor: slowed, not shut"),
    "opened": ("开通", "value: the name of a closure that is over"),
}  # fmt: skip
"""Kind → its Chinese word, and what it needs."""

NEEDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    **dict.fromkeys(("answered", "release", "outcome"), (("case",),)),
    **dict.fromkeys(STEPS, (("case", "responder"),)),
    "unsigned": (("case", "responder"), ("minutes",)),
    "hold": (("case",), ("until",)),
    "place": (("case",), ("lon", "value")),
    "delayed": (("responder",), ("minutes",)),
    "busy": (("responder",), ("until", "minutes")),
    "ill": (("responder",),),
    "available": (("responder",),),
    "position": (("responder",), ("lon",)),
    "closure": (("road", "lon"),),
    "opened": (("value",),),
}
"""Kind → columns it needs, of each group one."""

OF_CASE = frozenset({"answered", "hold", "release", "outcome", "place"})

_ALSO = {
    "预警": "alert", "接通": "answered", "联系": "answered", "保护": "hold", "解除": "release", "指令": "sent",
    "结果": "outcome", "地点": "place", "晚点": "delayed", "忙": "busy", "生病": "ill", "故障": "ill", "车辆故障": "ill",
    "可派": "available", "定位": "position", "道路封闭": "closure", "恢复通行": "opened",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. Points are WGS-84, `until` and `at` carry their zone; NaN and "" where nothing is said."""

    kind: str
    at: datetime
    case_id: str = ""
    responder_id: str = ""
    value: str = ""
    until: datetime | None = None
    minutes: float = math.nan
    lon: float = math.nan
    lat: float = math.nan
    radius_metres: float = math.nan
    road: str = ""
    factor: float = math.nan
    row: int = field(default=0, compare=False)

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same event when a file is handed in again."""
        until = self.until.astimezone(UTC).isoformat() if self.until else ""
        point = f"{self.lon:.6f},{self.lat:.6f}"
        return (
            self.kind,
            self.at.astimezone(UTC).isoformat(),
            self.case_id,
            self.responder_id,
            self.value,
            until,
            point,
            self.road,
        )

    @property
    def as_given(self) -> str:
        """The row in one line, for whoever has to find and mend it: what it says, by the clock it was told in."""
        point = "" if math.isnan(self.lon) else f"{self.lon:.6f},{self.lat:.6f}"
        until = f"{self.until:%Y-%m-%dT%H:%M}" if self.until else ""
        at = f"{self.at:%Y-%m-%dT%H:%M}"
        cells = (self.kind, at, self.case_id, self.responder_id, self.value, until, point, self.road)
        return ", ".join(cell for cell in cells if cell)


def nothing_rejected() -> pd.DataFrame:
    """A table of refused rows, empty."""
    return pd.DataFrame(columns=list(REJECTED_COLUMNS)).astype({"row": "int64"})


@dataclass(frozen=True, slots=True)
class EventFile:
    """A read file: `events` by moment, `alerts` among its rows, and `rejected` with a line a refused row."""

    events: tuple[Event, ...] = ()
    alerts: Alerts = field(default_factory=lambda: Alerts(no_alerts(), nothing_rejected()))
    rejected: pd.DataFrame = field(default_factory=nothing_rejected)

    @property
    def received(self) -> int:
        """Rows that are no alerts."""
        return len(self.events) + len(self.rejected)


def columns_in(zone: ZoneInfo) -> tuple[Column, ...]:
    """Every column of an events file beside those of alerts; times without a zone are read in `zone`."""
    time, name, text = fields.time_of(zone), fields.text_of(60), fields.text_of(300)
    return (
        Column("event", "事件", "text", KIND, "what happened: a kind of the table below", required=True),
        Column("at", "时间", "time", time, "when it happened, not when it was typed", required=True, also=("发生时间",)),
        Column("case", "警情", "text", fields.id_of, "a case, or any alert of it", also=("警情编号", "case_id")),
        Column("responder", "处置力量", "text", name, "its id, or its name", also=("力量", "responder_id")),
        Column("value", "内容", "text", text, "as the kind says"),
        Column("until", "至", "time", time, "when it ends"),
        Column("minutes", "分钟", "number", fields.count_of, "how long"),
        Column("lon", "经度", "number", fields.degrees_of, "decimal degrees, with lat and datum"),
        Column("lat", "纬度", "number", fields.degrees_of, "decimal degrees"),
        Column("datum", "坐标系", "text", words.DATUM, "WGS84 GCJ02 BD09 CGCS2000; required with a coordinate"),
        Column("radius_metres", "误差半径", "number", fields.metres_of, "metres (米, 公里)"),
        Column("road", "道路", "text", name, "the exact name of a street of the area"),
        Column("factor", "速度系数", "number", _share_of, "0 shut; 0.5: half as fast"),
        Column("note", "备注", "text", text, "anything else"),
    )  # fmt: skip


def read_events(path: Path, columns: Mapping[str, str] | None, time_zone: str) -> EventFile:
    """Read a file of events: CSV or XLSX, headings and kinds in English or Chinese.

    A row with a fault is refused whole, the others go on. Whether a case or a responder is
    known, and whether the moment fits, is not looked at here.

    Raises
    ------
    MissingInput, BadInput
        The file is no table, or lacks the columns event and at.
    """
    zone = ZoneInfo(time_zone)
    frame = read_text(path)
    known = columns_in(zone)
    matched = match_headings(path, list(frame.columns), known)
    faults = Faults(matched)
    kinds = [_kind(cell) for cell in frame[matched["event"]]]
    alerts = _alerts(frame.loc[[kind == "alert" for kind in kinds]], matched, path, columns, time_zone)
    rest = frame.loc[[kind != "alert" for kind in kinds]]
    rows = read_columns(rest, matched, known, zone, faults)
    events = []
    for row, values in zip(rows.index, rows.to_dict("records"), strict=True):
        if int(row) not in faults.by_row:
            one = _event(int(row), {str(key): value for key, value in values.items()}, faults)
            if int(row) not in faults.by_row:
                events.append(one)
    return EventFile(tuple(in_order(events)), alerts, faults.rejected(frame))


def in_order(events: list[Event]) -> list[Event]:
    """By moment; those of one moment as they came."""
    return sorted(events, key=lambda one: one.at)


def no_alerts() -> pd.DataFrame:
    """A table of alerts without rows."""
    zone = ZoneInfo("Asia/Shanghai")
    return parse_alerts(pd.DataFrame(columns=["alert_id", "alerted_at", "address"]), time_zone=str(zone)).rows


def _alerts(
    frame: pd.DataFrame,
    matched: Mapping[str, str],
    path: Path,
    columns: Mapping[str, str] | None,
    time_zone: str,
) -> Alerts:
    """Rows that are alerts, read as an alert file is; what happened `at` is when it was raised."""
    if not len(frame):
        return Alerts(no_alerts(), nothing_rejected())
    raised = frame.drop(columns=[matched["event"]])
    stands = matched["at"]
    names = {fields.normal(str(one)): str(one) for one in raised.columns}
    own = next((names[one] for one in ("alerted_at", "预警时间") if one in names), None)
    if own is None:
        raised = raised.rename(columns={stands: "alerted_at"})
    else:
        raised[own] = raised[own].where(raised[own].str.strip().ne(""), raised[stands])
        raised = raised.drop(columns=[stands])
    if not {"alert_id", "预警编号"} & set(names) and "case" in matched:
        raised = raised.rename(columns={matched["case"]: "alert_id"})
    return parse_alerts(raised, path, columns, time_zone)


def _event(row: int, values: Mapping[str, object], faults: Faults) -> Event:
    """The event of one row; what is wrong with it is added to `faults`."""
    kind = str(values["event"])
    one = Event(
        kind=kind,
        at=values["at"].to_pydatetime(),  # type: ignore[attr-defined] # a Timestamp: the column is required
        case_id=str(values["case"]),
        responder_id=str(values["responder"]),
        value=str(values["value"]),
        until=None if pd.isna(values["until"]) else values["until"].to_pydatetime(),  # type: ignore[call-overload, attr-defined]
        minutes=float(values["minutes"]),  # type: ignore[arg-type]
        lon=float(values["lon"]),  # type: ignore[arg-type]
        lat=float(values["lat"]),  # type: ignore[arg-type]
        radius_metres=float(values["radius_metres"]),  # type: ignore[arg-type]
        road=str(values["road"]),
        factor=float(values["factor"]),  # type: ignore[arg-type]
        row=row,
    )
    for column, found, expected in _wanting(one):
        faults.add(row, column, found, expected)
    one = _moved(one, str(values["datum"]), row, faults)
    return _with_word(one, row, faults)


def _wanting(one: Event) -> list[tuple[str, str, str]]:
    """What the kind needs and the row lacks."""
    needed = f"{KINDS[one.kind][0]}须填 ({one.kind} needs it)"
    said = {
        "case": bool(one.case_id),
        "responder": bool(one.responder_id),
        "until": one.until is not None,
        "minutes": not math.isnan(one.minutes),
        "value": bool(one.value),
        "road": bool(one.road),
        "lon": not (math.isnan(one.lon) or math.isnan(one.lat)),
    }
    lacks = [
        (either[0], "", needed + (f"; or {', '.join(either[1:])}" if either[1:] else ""))
        for either in NEEDS.get(one.kind, ())
        if not any(said[column] for column in either)
    ]
    if one.until is not None and one.until <= one.at:
        lacks.append(("until", one.until.isoformat(), "晚于发生时间 (later than it happened)"))
    return lacks


def _moved(one: Event, said: str, row: int, faults: Faults) -> Event:
    """The event with its point in WGS-84."""
    if math.isnan(one.lon) and math.isnan(one.lat):
        return one
    if math.isnan(one.lon) or math.isnan(one.lat):
        faults.add(row, "lat" if math.isnan(one.lat) else "lon", "", "经纬度须成对 (lon and lat together)")
        return one
    if not said:
        faults.add(row, "datum", "", words.DATUM_KNOWN)
        return one
    if fault := coordinate_fault(one.lon, one.lat):
        faults.add(row, fault[0], f"{one.lon:g}, {one.lat:g}", fault[1])
        return one
    lon, lat = (float(part) for part in datum.convert(one.lon, one.lat, said, "WGS84"))
    return replace(one, lon=round(lon, 7), lat=round(lat, 7))


def _with_word(one: Event, row: int, faults: Faults) -> Event:
    """The event with its value as one of our words, where the kind has a list of them."""
    reads: Mapping[str, tuple[Callable[[str], str], str]] = {
        "answered": (words.CONTACT_RESULT, "persuaded"),
        "hold": (HOLD, "bank"),
        "outcome": (OUTCOME, ""),
    }
    if one.kind not in reads:
        return one
    parse, default = reads[one.kind]
    if not one.value and default:
        return replace(one, value=default)
    try:
        return replace(one, value=parse(one.value))
    except fields.Unclear as unclear:
        faults.add(row, "value", one.value, str(unclear))
        return one


def _words(
    ours: tuple[str, ...], also: Mapping[str, str], catalogue: Mapping[str, tuple[str, str]]
) -> fields.Parser:
    known = dict(also)
    for word in ours:
        for spelling in (word, *catalogue.get(word, ())):
            known.setdefault("".join(sign for sign in fields.normal(spelling) if sign not in " _-"), word)
    shown = " / ".join(f"{catalogue[word][0]} {word}" if word in catalogue else word for word in ours)
    return fields.word_of(known, shown)


KIND = _words(tuple(KINDS), _ALSO, KINDS)
OUTCOME = _words(
    OUTCOMES,
    {"劝阻成功": "met_persuaded", "拒绝": "met_refused", "不在": "not_home", "外出": "not_home"},
    WORDS,
)
HOLD = _words(
    HOLDS,
    {"止付": "bank", "银行": "bank", "断卡": "line", "断线": "line", "亲属": "relative", "家属": "relative"},
    {"bank": ("银行止付", "bank hold"), "line": ("断卡", "line cut"), "relative": ("亲属看护", "a relative")},
)


def _kind(cell: str) -> str | None:
    try:
        return str(KIND(cell))
    except fields.Unclear:
        return None


def _share_of(text: str) -> float:
    """A share from 0 to 1."""
    try:
        share = float(fields.normal(text))
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise fields.Unclear("0 至 1，0 为封闭 (0 to 1; 0 is shut)")
    return share


def too_old(one: Event, at: datetime, hours: float) -> bool:
    """Whether it lies so far back that a slip of the date is likelier."""
    return one.at < at - timedelta(hours=hours)


def nothing_usable(path: Path, file: EventFile) -> BadInput:
    """Why a file of which no row can be used is refused."""
    first = file.rejected.iloc[0]
    return BadInput(
        f"{path}: none of its {len(file.rejected)} rows can be used; the first, row {first['row']}, "
        f"column {first['column']}: found {first['found']!r}, expected {first['expected']}"
    )
