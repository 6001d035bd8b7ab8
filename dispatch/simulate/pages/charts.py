"""The pictures of a simulation, with numbers and the scenarios' own names alone: the page says the rest in two languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dispatch.pictures import DASHES, LINE, SERIES, SOFT, chart_axes, chart_style, svg_of
from dispatch.simulate.pages.naming import Sweep
from dispatch.simulate.results.estimates import Estimate, difference, estimate
from dispatch.simulate.results.experiment import Result
from dispatch.simulate.results.figures import Figure as Told
from dispatch.simulate.results.measures import CURVE_MINUTES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
MOST_DRAWN = 8
"""Scenarios drawn beside each other; the tables have all."""
WIDTH, HEIGHT = 4.4, 2.3
"""Inches."""


def charts(results: Sequence[Result], sweep: Sweep | None, swept: Sequence[Told]) -> dict[str, str]:
    """SVG by name: who is met within how many minutes, who waits by the hour, each of `swept` over the swept values.

    Raises
    ------
    MissingExtra
        matplotlib is not installed.
    """
    shown = results[:MOST_DRAWN]
    with chart_style():
        found = {
            "met": _drawn(lambda axes: _met(axes, shown)),
            "waiting": _drawn(lambda axes: _waiting(axes, shown)),
        }
        if sweep is not None:
            for told in swept:
                found[told.key] = _drawn(lambda axes, told=told: _swept(axes, results, sweep, told))  # type: ignore[misc]
        return found


def _drawn(draw: Callable[[Axes], None]) -> str:
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure: Figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    draw(chart_axes(figure))
    return svg_of(figure)


def _met(axes: Axes, results: Sequence[Result]) -> None:
    """Of those needing a visit, the share met within so many minutes of the alert, with its interval."""
    for number, one in enumerate(results):
        asked = one.sums("asked")[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = 100.0 * np.where(asked > 0.0, one.blocks["met_by"] / asked, np.nan)
        _line(axes, CURVE_MINUTES, share, number)
    for mark in results[0].thresholds:
        axes.axvline(mark, color=LINE, linewidth=0.9)
    axes.set_xlim(0, CURVE_MINUTES[-1])
    axes.set_xticks(sorted({0, *results[0].thresholds, 90, 120, 150, 180}))
    axes.set_ylim(0, 100)
    axes.yaxis.set_major_formatter("{x:.0f}%")


def _waiting(axes: Axes, results: Sequence[Result]) -> None:
    """Cases that wait at each full hour, with the interval of their mean."""
    for number, one in enumerate(results):
        _line(axes, np.arange(24.0), one.blocks["backlog"], number)
    axes.set_xlim(0, 23)
    axes.set_xticks(range(0, 24, 3))
    axes.set_ylim(bottom=0)


def _line(axes: Axes, at: Floats, values: Floats, number: int) -> None:
    """Means of columns (R, n) as a line, their intervals as its shadow."""
    found = [estimate(column) for column in values.T]
    mean = np.array([one.mean for one in found])
    wide = np.nan_to_num([one.half_width for one in found], posinf=0.0)
    ink = SERIES[number % len(SERIES)]
    axes.fill_between(at, mean - wide, mean + wide, color=ink, alpha=0.15, linewidth=0)
    axes.plot(at, mean, color=ink, linestyle=DASHES[number % len(DASHES)], linewidth=1.5)


def _swept(axes: Axes, results: Sequence[Result], sweep: Sweep, told: Told) -> None:
    """What a figure gains over the first scenario at each value of the key counted through, with the paired interval."""
    scale = 100.0 if told.unit == "share" else 1.0
    base = told.values(results[0])
    for number, points in enumerate(sweep.series.values()):
        found = [_gain(told.values(results[row]), base) for _, row in points]
        ink = SERIES[number % len(SERIES)]
        axes.errorbar(
            [value for value, _ in points], [one.mean * scale for one in found],
            yerr=[0.0 if np.isinf(one.half_width) else one.half_width * scale for one in found], color=ink,
            linestyle=DASHES[number % len(DASHES)], marker="o", markersize=3.5, linewidth=1.4, capsize=3,
        )  # fmt: skip
    values = sorted({value for points in sweep.series.values() for value, _ in points})
    axes.axhline(0.0, color=SOFT, linewidth=0.8)
    axes.set_xticks(values if len(values) <= 12 else values[:: -(-len(values) // 12)])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(sweep.key, fontsize=7, color=SOFT)
    axes.yaxis.set_major_formatter("{x:+,g}")


def _gain(values: Floats, base: Floats) -> Estimate:
    count = min(len(values), len(base))
    return difference(values[:count], base[:count])
