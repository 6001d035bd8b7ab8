"""A simulation as one page: nothing fetched, no script, every value escaped, Chinese and English on a switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from dispatch.errors import MissingExtra
from dispatch.pictures import DASHES, SERIES, inline
from dispatch.reasons import Language
from dispatch.simulate.pages import grids
from dispatch.simulate.pages.charts import MOST_DRAWN, charts
from dispatch.simulate.pages.grids import Grid, Text
from dispatch.simulate.pages.naming import short_names, sweep_of
from dispatch.simulate.pages.sentences import notes_of, verdicts
from dispatch.simulate.results.comparing import Difference
from dispatch.simulate.results.estimates import estimate
from dispatch.simulate.results.experiment import Result
from dispatch.simulate.results.figures import Figure, figures
from dispatch.simulate.results.measures import mark_of
from dispatch.simulate.results.telling import say_value

LONG = frozenset({"everything", "hours"})
"""Tables that are folded away until asked for."""
MOST_COMPARED = 12
"""Scenarios whose every figure is set against the first on the page; `differences.csv` has all."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number at the head of the page."""

    label: Text
    value: Text
    note: Text
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with what it shows, and the names of its lines with their inks."""

    name: str
    title: Text
    axes: Text
    svg: Markup
    lines: tuple[tuple[str, str, str], ...] = ()


def simulation_page(
    results: Sequence[Result],
    differences: Sequence[Difference],
    language: Language = "zh",
    links: Mapping[str, str] | None = None,
) -> str:
    """The page of one scenario, or of several against the first.

    Parameters
    ----------
    links
        Files beside the page: ``map`` what is reached where.
    """
    names = short_names([one.name for one in results])
    first = results[0]
    pictures, missing = _pictures(results, names)
    return (
        _environment()
        .get_template("simulation.html")
        .render(
            english=language == "en",
            title=" · ".join(names) if len(names) <= 3 else f"{names[0]} … ({len(names)})",
            synthetic=first.synthetic,
            area=first.area,
            run=_run(results),
            tiles=_tiles(first),
            money=_money(first),
            base=names[0],
            several=len(results) > 1,
            verdicts=verdicts(results, names, differences),
            pictures=pictures,
            missing=missing,
            dropped=max(0, len(results) - MOST_DRAWN),
            overview=grids.overview(results, names) if len(results) > 1 else None,
            settings=grids.settings(results, names) if len(results) > 1 else None,
            compared=_compared(results, names, differences),
            grids=_grids(results, names),
            folded=LONG,
            links=links or {},
            notes=notes_of(results),
        )
    )


def _run(results: Sequence[Result]) -> list[Text]:
    """What was played: when, for how long, how often."""
    first = results[0]
    begins = datetime.fromisoformat(str(first.keys["clock"]["begins"]))
    counts = sorted({one.replications for one in results})
    often = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]}–{counts[-1]}"
    warm = float(first.keys["clock"]["warm_up_days"])
    return [
        (f"自 {begins:%Y-%m-%d %H:%M}", f"from {begins:%Y-%m-%d %H:%M}"),
        (
            f"计 {first.days:g} 天（预热 {warm:g} 天不计）",
            f"{first.days:g} days counted after {warm:g} of warm-up",
        ),
        (f"重复 {often} 次", f"{often} replications"),
        (f"随机种子 {first.seed}", f"seed {first.seed}"),
    ]


def _tiles(result: Result) -> list[Tile]:
    told = {one.key: one for one in figures(result.thresholds)}
    mark = mark_of(result.thresholds)
    tiles = [
        _tile(told[f"reached_within_{one}"], result, "urgent" if one == mark else "")
        for one in result.thresholds
    ]
    return [
        *tiles,
        *(_tile(told[one], result) for one in ("phoned_share", "never_share", "wait_p50", "wait_p90")),
    ]


def _tile(told: Figure, result: Result, tone: str = "") -> Tile:
    found = estimate(told.values(result))
    zh, en = told.of
    return Tile(
        (told.zh, told.en),
        (say_value(found, told.unit, "zh"), say_value(found, told.unit, "en")),
        (f"占{zh}" if told.unit == "share" else zh, f"of {en}"),
        tone,
    )


def _money(result: Result) -> list[Tile]:
    told = {one.key: one for one in figures(result.thresholds)}
    notes: dict[str, Text] = {
        "lost_yuan": ("损失曲线在接触时刻的期望", "the loss curve at the moment of contact"),
        "averted_yuan": (
            "无人打电话、无人上门时的损失，减去上一项",
            "what would be lost with no call and no visit, less that",
        ),
        "realised_yuan": ("每次重复抽到的转账，接触之前转出的", "transfers drawn, gone before contact"),
    }
    tiles = []
    for key, note in notes.items():
        found = estimate(told[key].values(result))
        value = (say_value(found, told[key].unit, "zh"), say_value(found, told[key].unit, "en"))
        tiles.append(
            Tile((told[key].zh, told[key].en), value, note, "drawn" if key == "realised_yuan" else "modelled")
        )
    return tiles


def _compared(
    results: Sequence[Result], names: Sequence[str], differences: Sequence[Difference]
) -> list[Grid]:
    found = []
    for one, name in list(zip(results, names, strict=True))[1 : 1 + MOST_COMPARED]:
        own = [each for each in differences if each.scenario == one.name]
        found.append(grids.differences(own, names[0], name))
    return found


def _grids(results: Sequence[Result], names: Sequence[str]) -> list[Grid]:
    return [
        grids.reasons(results, names),
        grids.places(results, names, "tier"),
        grids.places(results, names, "county"),
        grids.crews(results, names),
        grids.driven(results, names),
        grids.hours(results, names),
        grids.everything(results, names),
    ]


def _pictures(results: Sequence[Result], names: Sequence[str]) -> tuple[list[Picture], bool]:
    """The charts, and whether they are missing because matplotlib is."""
    sweep = sweep_of(results)
    told = {one.key: one for one in figures(results[0].thresholds)}
    swept = [told[one] for one in (f"reached_within_{mark_of(results[0].thresholds)}", "averted_yuan")]
    try:
        drawn = charts(results, sweep, swept if sweep else ())
    except MissingExtra:
        return [], True
    about: dict[str, tuple[Text, Text]] = {
        "met": (
            ("多少分钟内见面", "Met within how many minutes"),
            (
                "横：预警后分钟；纵：占需上门警情",
                "across: minutes after the alert; up: of those needing a visit",
            ),
        ),
        "waiting": (
            ("每小时积压", "Waiting by the hour"),
            ("横：时刻；纵：等候派人的警情", "across: hour of the day; up: cases waiting for somebody"),
        ),
    }
    for one in swept:
        share = one.unit == "share"
        about[one.key] = (
            (f"{one.zh}：比 {names[0]} 多多少", f"{one.en}: more than with {names[0]}"),
            (
                "纵：百分点，配对差及 95% 区间" if share else "纵：元/天，配对差及 95% 区间",
                f"up: {'points' if share else 'yuan a day'}, paired difference with its 95 % interval",
            ),
        )
    scenarios = _lines(names[:MOST_DRAWN]) if len(names) > 1 else ()
    series = _lines(list(sweep.series)) if sweep and len(sweep.series) > 1 else ()
    order = [*(one.key for one in swept if sweep), "met", "waiting"]
    return [
        Picture(
            name,
            *about[name],
            inline(name, drawn[name], about[name][0][0]),
            scenarios if name in ("met", "waiting") else series,
        )
        for name in order
    ], False


def _lines(names: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    kinds = {"-": "none", "--": "7 4", "-.": "8 3 2 3", ":": "2 3"}
    return tuple(
        (name, SERIES[at % len(SERIES)], kinds[DASHES[at % len(DASHES)]]) for at, name in enumerate(names)
    )


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
