"""The table of stops as a workbook: moments are dates, minutes are numbers, and what the team fills in is checked."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dispatch.reasons import OUTCOMES, Language
from dispatch.sheets.book import SheetBook
from dispatch.sheets.table import COLUMNS, REPORTED, Cell, harmless, rows_of
from dispatch.sheets.words import coded, day, label

MOMENT, WHOLE, TENTHS, SHARE, DEGREES = "yyyy-mm-dd hh:mm", "#,##0", "0.0", "0.00", "0.000000"
FORMATS: Mapping[str, str] = {
    "arrive_at": MOMENT,
    "contact_at": MOMENT,
    "leave_at": MOMENT,
    "latest_useful_at": MOMENT,
    "due_at": MOMENT,
    "outcome_at": MOMENT,
    "amount_from_yuan": WHOLE,
    "amount_below_yuan": WHOLE,
    "sent_yuan": WHOLE,
    "radius_metres": WHOLE,
    "place_age_minutes": WHOLE,
    "drive_minutes": TENTHS,
    "wait_minutes": TENTHS,
    "search_minutes": TENTHS,
    "probability": SHARE,
    "lon_wgs84": DEGREES,
    "lat_wgs84": DEGREES,
}
"""How a column's cells are shown; others are as they come."""
WIDTHS: Mapping[str, int] = {
    "plan_id": 15,
    "responder_id": 17,
    "responder_name": 20,
    "order": 6,
    "stop_id": 19,
    "case_id": 15,
    "place": 30,
    "second_place": 30,
    "address": 34,
    "reasons": 40,
    "outcome": 14,
    "report_note": 34,
}
MOMENT_WIDTH, USUAL_WIDTH = 16, 12
MOST_THERE_MINUTES = 999
HEAD, FILL = "#16222F", "#FFF6CC"


def routes_xlsx(book: SheetBook, language: Language = "zh") -> bytes:
    """The stops as the first sheet, how to fill it in as the second; the same book gives the same bytes.

    Moments are shown by the clock of the area (a workbook knows no zones), which the second sheet names.
    """
    import xlsxwriter  # noqa: PLC0415 - only where a workbook is asked for

    out = io.BytesIO()
    # what a cell says is never computed, followed or guessed at
    plain = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    with xlsxwriter.Workbook(out, {"in_memory": True, **plain}) as workbook:
        workbook.set_properties({"title": book.plan_id, "created": book.at.replace(tzinfo=None)})
        routes = workbook.add_worksheet(label("sheet_routes", language))
        guide = workbook.add_worksheet(label("sheet_guide", language))
        rows = rows_of(book, language)
        _write_rows(workbook, routes, rows, book, language)
        first = _write_guide(workbook, guide, book, language)
        outcomes = f"='{label('sheet_guide', language)}'!$A${first}:$A${first + len(OUTCOMES) - 1}"
        _check_what_is_filled(routes, len(rows), outcomes, language)
    return out.getvalue()


def _write_rows(
    workbook: Any, sheet: Any, rows: list[dict[str, Cell]], book: SheetBook, language: Language
) -> None:
    head = workbook.add_format(
        {"bold": True, "font_color": "white", "bg_color": HEAD, "text_wrap": True, "valign": "vcenter"}
    )
    looks = {
        name: workbook.add_format(
            {"num_format": FORMATS.get(name, "General"), "valign": "top"}
            | ({"bg_color": FILL, "border": 1} if name in REPORTED else {})
        )
        for name in COLUMNS
    }
    for column, (name, chinese) in enumerate(COLUMNS.items()):
        usual = MOMENT_WIDTH if FORMATS.get(name) == MOMENT else USUAL_WIDTH
        sheet.set_column(column, column, WIDTHS.get(name, usual))
        sheet.write_string(0, column, chinese if language == "zh" else name, head)
        for number, row in enumerate(rows, start=1):
            _write_cell(sheet, (number, column), _local(row[name], book), looks[name])
    sheet.set_row(0, 32)
    names = list(COLUMNS)
    sheet.freeze_panes(1, names.index("case_id") + 1)
    sheet.autofilter(0, 0, max(1, len(rows)), len(COLUMNS) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.repeat_rows(0)


def _local(cell: Cell, book: SheetBook) -> Cell:
    """A moment by the clock of the area; anything else as it is."""
    if not isinstance(cell, datetime):
        return cell
    return cell.astimezone(book.at.tzinfo).replace(tzinfo=None, microsecond=0)


def _write_cell(sheet: Any, at: tuple[int, int], cell: Cell, look: Any) -> None:
    match cell:
        case datetime():
            sheet.write_datetime(*at, cell, look)
        case int() | float() if math.isfinite(cell):
            sheet.write_number(*at, cell, look)
        case str() if cell:
            sheet.write_string(*at, str(harmless(cell)), look)
        case _:
            sheet.write_blank(*at, None, look)


def _write_guide(workbook: Any, sheet: Any, book: SheetBook, language: Language) -> int:
    """How to fill the table in; the row the list of outcomes begins at, counted from one."""
    bold = workbook.add_format({"bold": True})
    lines = [
        book.title or f"{book.area_name} {label('title', language)}".strip(),
        f"{label('plan', language)} {book.plan_id} · {label('issued', language)} {day(book.at, language)}",
        *([label("practice", language)] if book.synthetic else []),
        label("private", language),
        label("zone", language, book.at.strftime("%z")),
        label("fill_in", language),
        "",
        label("outcome", language),
    ]
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 26)
    for number, line in enumerate(lines):
        sheet.write_string(number, 0, str(harmless(line)), bold)
    for number, code in enumerate(OUTCOMES):
        sheet.write_string(len(lines) + number, 0, coded(code, language))
        sheet.write_string(len(lines) + number, 1, code)
        sheet.write_number(len(lines) + number, 2, number + 1)
    return len(lines) + 1


def _check_what_is_filled(sheet: Any, rows: int, outcomes: str, language: Language) -> None:
    """Lists and bounds under the columns a team fills in; a word of one's own is warned of, not refused."""
    columns = {name: number for number, name in enumerate(COLUMNS)}
    checks: dict[str, dict[str, Any]] = {
        "outcome": {"validate": "list", "source": outcomes},
        "minutes_there": {
            "validate": "integer",
            "criteria": "between",
            "minimum": 0,
            "maximum": MOST_THERE_MINUTES,
        },
        "sent_yuan": {"validate": "decimal", "criteria": ">=", "value": 0},
    }
    for name, check in checks.items():
        told = {"error_type": "warning", "error_message": label("check_cell", language)}
        sheet.data_validation(1, columns[name], max(1, rows), columns[name], check | told)
