"""Every stop of a plan as one table, `routes.csv`, that opens in Excel and WPS and runs nothing there."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from datetime import datetime

from dispatch.reasons import Language
from dispatch.redact import clean
from dispatch.sheets.book import RouteSheet, SheetBook, SheetStop, Spot
from dispatch.sheets.words import PRACTICE, coded, sentence, span
from dispatch.tables import formula_like

Cell = str | int | float | datetime | None

BOM = "\ufeff"

COLUMNS: Mapping[str, str] = {
    "plan_id": "计划",
    "responder_id": "力量编号",
    "responder_kind": "类别",
    "responder_name": "名称",
    "profile": "方式",
    "order": "顺序",
    "stop_id": "停靠点编号",
    "code": "短码",
    "case_id": "警情编号",
    "tier": "等级",
    "fraud_type": "诈骗类型",
    "amount_from_yuan": "金额下限_元",
    "amount_below_yuan": "金额上限_元",
    "arrive_at": "到达",
    "contact_at": "见面",
    "leave_at": "离开",
    "latest_useful_at": "最迟有效",
    "due_at": "时限",
    "drive_minutes": "路程_分钟",
    "wait_minutes": "等候_分钟",
    "search_minutes": "查找_分钟",
    "county": "县区",
    "township": "镇街",
    "village": "村居",
    "place": "地点",
    "place_source": "来源",
    "probability": "把握",
    "radius_metres": "查找半径_米",
    "place_age_minutes": "定位距今_分钟",
    "lon_wgs84": "经度_WGS84",
    "lat_wgs84": "纬度_WGS84",
    "second_place": "第二地点",
    "name": "姓名",
    "phone": "电话",
    "address": "地址",
    "call_attempts": "拨打次数",
    "contact_result": "联系结果",
    "reasons": "上门原因",
    "along": "同行",
    "partner": "搭档",
    "needs": "需要",
    "note": "备注",
    "practice": "演练",
    "outcome": "结果",
    "minutes_there": "在场分钟",
    "outcome_at": "回报时间",
    "sent_yuan": "已转金额",
    "report_note": "回报备注",
}
"""Column names of `routes.csv`: English, and the Chinese heading."""
REPORTED = ("outcome", "minutes_there", "outcome_at", "sent_yuan", "report_note")
"""Columns left empty for the team to fill; `dispatch outcomes` reads the table back."""

EMPTY: Mapping[str, Cell] = dict.fromkeys(REPORTED)


def harmless(value: Cell) -> Cell:
    """A cell no spreadsheet takes for a formula: text that starts like one gets an apostrophe.

    Numbers stay numbers; they are ours, never a user's text.
    """
    if not isinstance(value, str):
        return value
    text = clean(value)
    # judged before cleaning too: a leading tab or return is itself a way in
    return f"'{text}" if text and (formula_like(value) or formula_like(text)) else text


def rows_of(book: SheetBook, language: Language = "zh") -> list[dict[str, Cell]]:
    """One row per stop, in the order of the book; keys are `COLUMNS`, text not yet made harmless, moments with their zone."""
    practice = PRACTICE if book.synthetic else ""
    return [
        {"plan_id": book.plan_id, **_row(route, stop, language), "practice": practice, **EMPTY}
        for route in book.sheets
        for stop in route.stops
    ]


def routes_csv(book: SheetBook, language: Language = "zh") -> str:
    """The table as CSV text: byte order mark first, headings in `language`, moments with their zone."""
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS.values() if language == "zh" else COLUMNS)
    for row in rows_of(book, language):
        writer.writerow([harmless(_as_text(row[column])) for column in COLUMNS])
    return out.getvalue()


def _row(route: RouteSheet, stop: SheetStop, language: Language) -> dict[str, Cell]:
    spot, (lower, upper) = stop.spot, stop.amount_band_yuan or (None, None)
    words: Callable[[object], str] = lambda code: coded(code, language) if code else ""  # noqa: E731
    return {
        "responder_id": route.responder_id,
        "responder_kind": words(route.kind),
        "responder_name": route.name,
        "profile": words(route.profile),
        "order": stop.order,
        "stop_id": stop.stop_id,
        "code": stop.code,
        "case_id": stop.case_id,
        "tier": words(stop.tier),
        "fraud_type": words(stop.fraud_type),
        "amount_from_yuan": lower,
        "amount_below_yuan": upper,
        "arrive_at": stop.arrive_at,
        "contact_at": stop.contact_at,
        "leave_at": stop.leave_at,
        "latest_useful_at": stop.latest_at,
        "due_at": stop.due_at,
        "drive_minutes": round(stop.drive_minutes, 1),
        "wait_minutes": round(stop.wait_minutes, 1),
        "search_minutes": round(stop.search_minutes, 1),
        "county": spot.county,
        "township": spot.town,
        "village": spot.village,
        "place": spot.label,
        "place_source": words(spot.source),
        "probability": round(spot.probability, 3),
        "radius_metres": round(spot.radius_metres),
        "place_age_minutes": None if spot.age_minutes is None else round(spot.age_minutes),
        "lon_wgs84": round(spot.lon, 6),
        "lat_wgs84": round(spot.lat, 6),
        "second_place": _second(stop.second, language),
        "name": stop.name,
        "phone": stop.phone,
        "address": spot.address,
        "call_attempts": stop.tried.attempts if stop.tried else None,
        "contact_result": words(stop.tried.result) if stop.tried else "",
        "reasons": "; ".join(sentence(reason, language) for reason in stop.reasons),
        "along": words(stop.along),
        "partner": stop.partner,
        "needs": words(stop.needs),
        "note": stop.note,
    }


def _as_text(cell: Cell) -> Cell:
    return cell.isoformat(timespec="minutes") if isinstance(cell, datetime) else cell


def _second(spot: Spot | None, language: Language) -> str:
    if spot is None:
        return ""
    age = "" if spot.age_minutes is None else f", {span(spot.age_minutes, language)}"
    return f"{spot.address or spot.label} ({coded(spot.source, language)}{age})"
