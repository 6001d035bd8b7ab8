"""A report as one page: nothing fetched, no script, every value escaped; the first sheet of paper tells the whole period."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from dispatch.pictures import inline
from dispatch.reasons import Language
from dispatch.report import telling
from dispatch.report.charts import NAMED, charts
from dispatch.report.figures import Report
from dispatch.report.words import label

LISTED = 14
"""Rows of a breakdown on the page; the workbook has them all."""


def report_page(report: Report, language: Language = "zh") -> str:
    """The page in one language. MissingExtra without matplotlib, where there is something to draw."""
    pictures = charts(report, language, "svg")
    return (
        _environment()
        .get_template("report.html")
        .render(
            lang="zh-CN" if language == "zh" else "en",
            say=lambda name, *values: label(name, language, *values),
            head=telling.heading(report, language),
            empty=report.empty,
            received=telling.count(report.now.sum.received),
            tiles=telling.tiles(report, language),
            money=telling.money_tiles(report, language),
            parts=telling.parts(report, language),
            waits=_waits(report, language),
            late=telling.late_steps(report, language),
            compared=telling.compared(report, language),
            pictures=_pictures(pictures, language),
            groups=telling.groups(report, language, LISTED),
            arrivals=telling.arrivals(report, language),
            definitions=telling.definitions(report, language),
            notes=telling.notes(),
        )
    )


def _waits(report: Report, language: Language) -> str:
    """The median minutes from alert to meeting; "" where nobody was met."""
    found = report.now.minutes_to_meet
    return "" if found is None else label("minutes", language, f"{found:,.0f}")


def _pictures(drawn: Mapping[str, bytes], language: Language) -> list[dict[str, str | Markup]]:
    return [
        {
            "name": name,
            "title": label(NAMED[name], language),
            "svg": inline(name, svg.decode("utf-8"), label(NAMED[name], language)),
        }
        for name, svg in drawn.items()
    ]


@cache
def _environment() -> jinja2.Environment:
    folder = Path(__file__).parent / "templates"
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
