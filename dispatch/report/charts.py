"""The pictures of a report, by matplotlib: SVG with its text as paths for the page, PNG for the letter.

Font, axes and the missing extra are those of `dispatch.pictures`.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from dispatch.pictures import LINE, SOFT, chart_axes, chart_style
from dispatch.reasons import Language
from dispatch.report.figures import Report
from dispatch.report.words import key_name, label, row_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

Format = Literal["svg", "png"]

BLUE, PALE, GREEN, RED = "#1f5fa8", "#b9cfe8", "#2f8f6b", "#b3261e"
NAMED = {"hours": "hour", "days": "by_day", "types": "fraud_type", "arrivals": "arrivals"}
"""What each picture shows: its label."""
TYPES_DRAWN = 7
HEIGHT = 1.75
"""Inches."""
PNG_DPI = 200


def charts(
    report: Report, language: Language, form: Format, *, width: float = 2.5, titled: bool = False
) -> dict[str, bytes]:
    """The pictures by name, each `width` inches wide: alerts by hour (and day), people by type, arrivals.

    A picture of nothing is left out. With `titled` each says what it shows.

    Raises
    ------
    MissingExtra
        matplotlib is not installed.
    """
    wanted = {
        "hours": (_hours, report.now.sum.received > 0),
        "days": (_days, report.now.sum.received > 0 and report.period.span != "day"),
        "types": (_types, bool(report.groups["fraud_type"])),
        "arrivals": (_arrivals, report.arrivals is not None),
    }
    with chart_style():
        return {
            name: _picture(
                draw, report, language, form, width, label(NAMED[name], language) if titled else ""
            )
            for name, (draw, something) in wanted.items()
            if something
        }


def _picture(  # noqa: PLR0917 - one caller, by position
    draw: Callable[[Figure, Report, Language], None],
    report: Report,
    language: Language,
    form: Format,
    width: float,
    title: str,
) -> bytes:
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(width, HEIGHT), layout="constrained")
    draw(figure, report, language)
    if title:
        figure.suptitle(title, x=0.0, ha="left", fontsize=8.5)
    out = io.BytesIO()
    about = {"Date": None, "Creator": None} if form == "svg" else {"Software": None}
    figure.savefig(out, format=form, dpi=PNG_DPI, metadata=about, transparent=form == "svg")
    return out.getvalue()


def _hours(figure: Figure, report: Report, language: Language) -> None:
    """Alerts by hour of the day, and how many of their people were visited."""
    axes = chart_axes(figure)
    hours = range(24)
    axes.bar(hours, report.alerts_by_hour, width=0.8, color=PALE, label=label("alerts", language))
    axes.bar(hours, report.visited_by_hour, width=0.8, color=BLUE, label=label("visited", language))
    axes.set_xticks(range(0, 24, 3), [f"{hour}" for hour in range(0, 24, 3)])
    axes.set_xlim(-0.7, 23.7)
    _whole(axes, max(report.alerts_by_hour))
    _legend(axes)


def _days(figure: Figure, report: Report, language: Language) -> None:
    """Alerts by day of the week or month."""
    axes = chart_axes(figure)
    days, alerts, visited = zip(*report.alerts_by_day, strict=True)
    axes.bar(range(len(days)), alerts, width=0.8, color=PALE, label=label("alerts", language))
    axes.bar(range(len(days)), visited, width=0.8, color=BLUE, label=label("visited", language))
    every = 1 if len(days) <= 10 else 5
    axes.set_xticks(range(0, len(days), every), [f"{day.month}-{day.day}" for day in days[::every]])
    _whole(axes, max(alerts))
    _legend(axes)


def _types(figure: Figure, report: Report, language: Language) -> None:
    """People by type of fraud: alerted, visited, persuaded at the door."""
    rows = report.groups["fraud_type"][:TYPES_DRAWN]
    axes = chart_axes(figure)
    places = range(len(rows))
    series = (
        ("people", PALE, [row.people for row in rows]),
        ("visited", BLUE, [row.visited.numerator for row in rows]),
        ("persuaded", GREEN, [row.persuaded.numerator for row in rows]),
    )
    for name, colour, values in series:
        axes.barh(places, values, height=0.72 if name == "people" else 0.5 if name == "visited" else 0.26,
                  color=colour, label=label(name, language))  # fmt: skip
    axes.set_yticks(places, [_short(row_name("fraud_type", row, language)) for row in rows])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=LINE, linewidth=0.6)
    axes.xaxis.set_major_locator(_whole_numbers())
    _legend(axes)


def _arrivals(figure: Figure, report: Report, language: Language) -> None:
    """Median and middle 80 % of the minutes by which arrivals were off, by kind of responder."""
    axes = chart_axes(figure)
    rows = [(label("all", language), report.arrivals)] if report.arrivals else []
    rows += [(key_name("kind", one.key, language), one) for one in report.arrivals_by_kind]
    for place, (_, one) in enumerate(rows):
        if one is not None:
            if one.low is not None and one.high is not None:
                axes.plot([one.low, one.high], [place, place], color=PALE, linewidth=7, solid_capstyle="butt")
            axes.plot([one.median], [place], "o", color=BLUE, markersize=5)
    axes.axvline(0, color=RED, linewidth=0.9)
    axes.set_yticks(range(len(rows)), [f"{_short(name)} ({one.count if one else 0})" for name, one in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=LINE, linewidth=0.6)
    axes.set_xlabel(label("error_axis", language), fontsize=7, color=SOFT)


def _whole(axes: Axes, most: int) -> None:
    """Counts on the upright axis: whole numbers, room for the legend above."""
    axes.yaxis.set_major_locator(_whole_numbers())
    axes.set_ylim(0, max(most, 1) * 1.05)


def _whole_numbers() -> MaxNLocator:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - an extra

    return MaxNLocator(nbins=4, integer=True)


def _legend(axes: Axes) -> None:
    axes.figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=7, frameon=False,
        handlelength=0.9, handleheight=0.9, columnspacing=1.2, borderaxespad=0.0,
    )  # fmt: skip


def _short(name: str) -> str:
    """A name that leaves room for its bar."""
    return name if len(name) <= 22 else name[:21] + "…"
