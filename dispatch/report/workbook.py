"""A report as a workbook: numbers as numbers, shares with both their parts, charts of the program that opens it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from dispatch.reasons import Language
from dispatch.report import telling
from dispatch.report.figures import GROUPED, Figures, Punctuality, Report, Row, Share
from dispatch.report.words import key_name, label, row_name
from dispatch.sheets.table import Cell, harmless

WHOLE, PERCENT, TENTHS, POINTS = "#,##0", "0.0%", "+0.0;-0.0;0.0", "+0.0%;-0.0%;0.0%"
HEAD, RULE, SOFT, BLUE, PALE, GREEN = "#16222F", "#C9D0D8", "#5B6775", "#1F5FA8", "#B9CFE8", "#2F8F6B"
GROUP_HEADS = ("people", "by_phone", "planned", "visited", "met", "persuaded", "overdue_people", "defrauded")


def report_workbook(report: Report, language: Language = "zh") -> bytes:
    """The workbook: summary, groups, hours, days of a longer period, arrivals, definitions; same report, same bytes."""
    import xlsxwriter  # noqa: PLC0415 - only where a workbook is asked for

    out = io.BytesIO()
    plain = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    with xlsxwriter.Workbook(out, {"in_memory": True, **plain}) as workbook:
        head = telling.heading(report, language)
        created = report.period.as_of.replace(tzinfo=None)
        workbook.set_properties({"title": f"{head['title']} {head['dates']}", "created": created})
        pen = _Pen(workbook, language)
        _summary(pen, report)
        _groups(pen, report)
        _hours(pen, report)
        if report.period.span != "day":
            _days(pen, report)
        _arrivals(pen, report)
        _definitions(pen, report)
    return out.getvalue()


class _Pen:
    """Writes rows of cells: text made harmless, numbers in their format, None as "no figure"."""

    def __init__(self, workbook: Any, language: Language) -> None:
        self.workbook, self.language = workbook, language
        self._formats: dict[tuple[tuple[str, object], ...], Any] = {}

    def sheet(self, name: str, widths: Sequence[int]) -> Any:
        """A new sheet, for A4 across, one page wide."""
        sheet = self.workbook.add_worksheet(label(name, self.language))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.hide_gridlines(2)
        for at, width in enumerate(widths):
            sheet.set_column(at, at, width)
        return sheet

    def style(self, **given: object) -> Any:
        """A format, made once."""
        key = tuple(sorted(given.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format(
                {"font_name": "Microsoft YaHei", "font_size": 10, **given}
            )
        return self._formats[key]

    def heads(self, sheet: Any, row: int, names: Sequence[str], texts: int = 1) -> None:
        """A row of headings; the first `texts` columns hold text, the others numbers."""
        look: dict[str, object] = {
            "bold": True,
            "font_color": "#FFFFFF",
            "bg_color": HEAD,
            "valign": "vcenter",
        }
        sheet.set_row(row, 30)
        for at, name in enumerate(names):
            form = self.style(**look, text_wrap=True, align="left" if at < texts else "right")
            sheet.write_string(row, at, str(harmless(name)), form)

    def cells(self, sheet: Any, row: int, values: Sequence[Cell], formats: Sequence[str] = ()) -> None:
        """A row of values; `formats` are number formats, "" for text."""
        for at, value in enumerate(values):
            number = formats[at] if at < len(formats) else WHOLE
            form = self.style(
                bottom=1, bottom_color=RULE, valign="vcenter", **({"num_format": number} if number else {})
            )
            if value is None:
                grey = self.style(bottom=1, bottom_color=RULE, font_color=SOFT, align="right")
                sheet.write_string(row, at, label("no_figure", self.language), grey)
            elif isinstance(value, str):
                wrapped = self.style(bottom=1, bottom_color=RULE, valign="vcenter", text_wrap=len(value) > 40)
                sheet.write_string(row, at, str(harmless(value)), wrapped)
            else:
                sheet.write_number(row, at, value, form)

    def title(self, sheet: Any, row: int, text: str, size: int = 12) -> None:
        """A line above a table."""
        sheet.write_string(row, 0, str(harmless(text)), self.style(bold=True, font_size=size))

    def say(self, name: str, *values: object) -> str:
        """A label in the workbook's language."""
        return label(name, self.language, *values)


def _summary(pen: _Pen, report: Report) -> None:
    """Every figure with its parts, then the earlier periods with the change since, then the sum."""
    head = telling.heading(report, pen.language)
    sheet = pen.sheet("summary_sheet", [22, 11, 8, 8, *([11, 8, 8, 9] * len(report.before))])
    pen.title(sheet, 0, f"{head['centre']}　{head['title']}　{head['dates']}", 15)
    about = [head["practice"], head["as_of"], head["source"], head["internal"]]
    sheet.write_string(
        1, 0, str(harmless(" · ".join(one for one in about if one))), pen.style(font_color=SOFT)
    )
    if report.empty:
        pen.title(sheet, 2, pen.say("empty"))
    parts = tuple(pen.say(name) for name in ("value", "denominator", "share"))
    heads = [pen.say("figure"), *parts]
    for one in report.before:
        heads += [f"{pen.say(one.which)} {part}" for part in (*parts, pen.say("change"))]
    row = 4
    pen.heads(sheet, row, heads)
    sheet.freeze_panes(row + 1, 1)
    formats = ["", WHOLE, WHOLE, PERCENT, *([WHOLE, WHOLE, PERCENT, POINTS] * len(report.before))]
    for name in telling.COMPARED:
        row += 1
        cells: list[Cell] = [pen.say(name), *_parts(name, report.now)]
        for one in report.before:
            then = _parts(name, one.figures) if one.figures else (None, "", "")
            cells += [*then, _change(name, report.now, one.figures)]
        pen.cells(sheet, row, cells, formats)
    wait = report.now.minutes_to_meet
    pen.cells(
        sheet, row + 1, [pen.say("minutes_to_meet"), wait, report.now.timed_meetings], ["", "0.0", WHOLE]
    )
    sheet.write_string(row + 2, 0, pen.say("apart"), pen.style(font_color=SOFT, italic=True))
    _sum(pen, sheet, report, row + 4)


def _sum(pen: _Pen, sheet: Any, report: Report, row: int) -> None:
    """Where the alerts went, and its picture."""
    pen.title(sheet, row, pen.say("sum"))
    rows = [("received", report.now.sum.received), *report.now.sum.parts]
    pen.heads(sheet, row + 1, [pen.say("figure"), pen.say("value")])
    for at, (name, count) in enumerate(rows, start=row + 2):
        pen.cells(sheet, at, [pen.say(name), count])
    if report.empty:
        return
    chart = pen.workbook.add_chart({"type": "bar"})
    first, last, where = row + 3, row + 2 + len(report.now.sum.parts), sheet.get_name()
    chart.add_series(
        {
            "categories": [where, first, 0, last, 0], "values": [where, first, 1, last, 1], "fill": {"color": BLUE},
            "gap": 60, "data_labels": {"value": True},
        }
    )  # fmt: skip
    _finish(chart, pen.say("sum"), sheet, f"D{row + 1}", upright=False)


def _groups(pen: _Pen, report: Report) -> None:
    """All groups in one table to filter: which breakdown, which group, counts, shares."""
    sheet = pen.sheet("groups_sheet", [14, 24, *([11] * 11)])
    shared = ("visited", "met", "persuaded")
    heads = [pen.say("groups"), pen.say("group")]
    for name in GROUP_HEADS:
        heads += [pen.say(name), f"{pen.say(name)} {pen.say('share')}"] if name in shared else [pen.say(name)]
    pen.heads(sheet, 0, heads, texts=2)
    sheet.freeze_panes(1, 2)
    formats = ["", "", WHOLE, WHOLE, WHOLE, WHOLE, PERCENT, WHOLE, PERCENT, WHOLE, PERCENT, WHOLE, WHOLE]
    row, types = 0, (0, 0)
    for name in GROUPED:
        start = row + 1
        for one in report.groups[name]:
            row += 1
            pen.cells(sheet, row, [pen.say(name), row_name(name, one, pen.language), *_group(one)], formats)
        types = (start, row) if name == "fraud_type" else types
    if row:
        sheet.autofilter(0, 0, row, len(heads) - 1)
    if types[1] >= types[0] > 0:
        chart = pen.workbook.add_chart({"type": "bar"})
        for column, colour in ((2, PALE), (5, BLUE), (9, GREEN)):
            _series(chart, sheet, (0, column), types, column, colour, upright=False)
        _finish(chart, pen.say("fraud_type"), sheet, f"B{row + 4}", upright=False)


def _hours(pen: _Pen, report: Report) -> None:
    """Alerts by hour of the day."""
    sheet = pen.sheet("hours_sheet", [10, 11, 11])
    pen.heads(sheet, 0, [pen.say("at_hour"), pen.say("alerts"), pen.say("visited")])
    for hour in range(24):
        pen.cells(
            sheet, hour + 1, [f"{hour:02d}:00", report.alerts_by_hour[hour], report.visited_by_hour[hour]]
        )
    chart = pen.workbook.add_chart({"type": "column"})
    for column, colour in ((1, PALE), (2, BLUE)):
        _series(chart, sheet, (0, column), (1, 24), column, colour, categories=0)
    _finish(chart, pen.say("hour"), sheet, "E2")


def _days(pen: _Pen, report: Report) -> None:
    """Alerts by day of a week or a month."""
    sheet = pen.sheet("days_sheet", [13, 11, 11])
    pen.heads(sheet, 0, [pen.say("date"), pen.say("alerts"), pen.say("visited")])
    for at, (day, alerts, visited) in enumerate(report.alerts_by_day, start=1):
        pen.cells(sheet, at, [day.isoformat(), alerts, visited])
    chart = pen.workbook.add_chart({"type": "column"})
    for column, colour in ((1, PALE), (2, BLUE)):
        _series(chart, sheet, (0, column), (1, len(report.alerts_by_day)), column, colour, categories=0)
    _finish(chart, pen.say("by_day"), sheet, "E2")


def _arrivals(pen: _Pen, report: Report) -> None:
    """How far arrivals were from the plan."""
    sheet = pen.sheet("arrivals_sheet", [16, 16, 10, 16, 18, 18])
    names = ("groups", "group", "count", "median", "low", "high")
    pen.heads(sheet, 0, [pen.say(name) for name in names], texts=2)
    rows: list[tuple[str, str, Punctuality]] = []
    if report.arrivals is not None:
        rows.append((pen.say("all"), pen.say("all"), report.arrivals))
    rows += [
        (pen.say("responder"), key_name("kind", one.key, pen.language), one)
        for one in report.arrivals_by_kind
    ]
    rows += [
        (pen.say("at_hour"), key_name("hour", one.key, pen.language), one) for one in report.arrivals_by_hour
    ]
    for at, (kind, name, one) in enumerate(rows, start=1):
        pen.cells(
            sheet, at, [kind, name, one.count, one.median, one.low, one.high], ["", "", WHOLE, *[TENTHS] * 3]
        )
    if not rows:
        sheet.write_string(1, 0, pen.say("arrivals_none"), pen.style())
    elif len(rows) > 1:
        chart = pen.workbook.add_chart({"type": "column"})
        _series(chart, sheet, (0, 3), (1, 1 + len(report.arrivals_by_kind)), 3, BLUE)
        _finish(chart, pen.say("median"), sheet, "H2")


def _definitions(pen: _Pen, report: Report) -> None:
    sheet = pen.sheet("definitions_sheet", [6, 24, 110])
    pen.heads(sheet, 0, ["#", pen.say("figure"), pen.say("means")], texts=3)
    for at, (number, name, means) in enumerate(telling.definitions(report, pen.language), start=1):
        pen.cells(sheet, at, [number, name, means], ["0", "", ""])
        sheet.set_row(at, 15 * (1 + len(means) * (2 if pen.language == "zh" else 1) // 115))


def _parts(name: str, figures: Figures) -> tuple[Cell, Cell, Cell]:
    """A figure as value, denominator and share; the last two empty where it is none."""
    value = telling.plain_value(name, figures)
    if isinstance(value, Share):
        return value.numerator, value.denominator, "" if value.value is None else value.value
    return value, "", ""


def _change(name: str, now: Figures, then: Figures | None) -> Cell:
    """The change as a share: of a count relative, of a share its difference; None where there is none to give."""
    if then is None:
        return None
    new, old = telling.plain_value(name, now), telling.plain_value(name, then)
    if isinstance(new, Share) or isinstance(old, Share):
        known = isinstance(new, Share) and isinstance(old, Share)
        if not known or new.value is None or old.value is None:  # type: ignore[union-attr]
            return None
        return new.value - old.value  # type: ignore[union-attr]
    return None if new is None or not old else (new - old) / old


def _group(row: Row) -> list[Cell]:
    cells: list[Cell] = [row.people, row.by_phone, row.planned]
    for share in (row.visited, row.met, row.persuaded):
        cells += [share.numerator, "" if share.value is None else share.value]
    return [*cells, row.overdue, row.defrauded]


def _series(  # noqa: PLR0917 - where things stand on a sheet
    chart: Any,
    sheet: Any,
    name: tuple[int, int],
    rows: tuple[int, int],
    column: int,
    colour: str,
    categories: int = 1,
    *,
    upright: bool = True,
) -> None:
    where = sheet.get_name()
    chart.add_series(
        {
            "name": [where, *name], "categories": [where, rows[0], categories, rows[1], categories],
            "values": [where, rows[0], column, rows[1], column], "fill": {"color": colour}, "gap": 50,
            **({} if upright else {"data_labels": {"value": True, "font": {"size": 8}}}),
        }
    )  # fmt: skip


def _finish(chart: Any, title: str, sheet: Any, cell: str, *, upright: bool = True) -> None:
    """Quiet lines, a title, a place on the sheet."""
    names: dict[str, Any] = {"num_font": {"size": 9}, "line": {"color": RULE}}
    counts = {
        "major_gridlines": {"visible": True, "line": {"color": RULE, "width": 0.5}},
        "line": {"none": True},
    }
    if upright:
        chart.set_x_axis(names)
        chart.set_y_axis(counts)
    else:  # the first name on top, its counts at the bars
        chart.set_y_axis({**names, "reverse": True})
        chart.set_x_axis({**counts, "visible": False})
    chart.set_title({"name": title, "name_font": {"size": 11}, "overlay": False})
    chart.set_legend({"position": "bottom"} if len(chart.series) > 1 else {"none": True})
    chart.set_size({"width": 620, "height": 300})
    sheet.insert_chart(cell, chart)
