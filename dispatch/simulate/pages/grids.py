"""The tables of a simulation's report, each cell in both languages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.domain import KINDS, TIERS
from dispatch.reasons import WORDS
from dispatch.simulate.pages.naming import differing
from dispatch.simulate.results.comparing import Difference
from dispatch.simulate.results.estimates import Estimate, difference, estimate
from dispatch.simulate.results.experiment import Result
from dispatch.simulate.results.figures import KIND_WORDS, WHY_WORDS, Figure, figures
from dispatch.simulate.results.measures import CREW, mark_of
from dispatch.simulate.results.telling import VERDICTS, say_change, say_interval, say_value

Text = tuple[str, str]
"""Chinese and English."""
Floats = NDArray[np.float64]
MOST_MEMBERS = 40


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, whether it is better or worse, how long its bar is (0 to 1)."""

    text: Text
    tone: str = ""
    bar: float | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: `heads` of its columns, `rows` of cells, the first of a row naming it."""

    name: str
    title: Text
    heads: tuple[Text, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: Text = ("", "")


def same(text: str) -> Text:
    """What reads the same in both languages."""
    return text, text


def overview(results: Sequence[Result], names: Sequence[str]) -> Grid:
    """One row a scenario, with the figures planners ask for first."""
    marks = results[0].thresholds
    wanted = [
        *(f"reached_within_{one}" for one in marks),
        "wait_p50",
        "wait_p90",
        "lost_yuan",
        "averted_yuan",
        "phoned_share",
        "never_share",
    ]
    chosen = _figures(results[0], wanted)
    rows = [
        (Cell(same(name)), *(_value(one, result) for one in chosen))
        for name, result in zip(names, results, strict=True)
    ]
    note: Text = (
        "见面与未见到占需上门的警情，电话解决占全部预警；从预警到见面的分位数只算见到面的。",
        "Met and never met are of those needing a visit, settled by phone of all alerts; percentiles are of those met.",
    )
    heads: tuple[Text, ...] = (("方案", "scenario"), *map(_named, chosen))
    return Grid("overview", ("各方案", "Scenarios"), heads, tuple(rows), note)


def settings(results: Sequence[Result], names: Sequence[str]) -> Grid:
    """The keys that are not the same, with the value of each scenario."""
    rows = [
        (Cell(same(key)), *(Cell(_setting(one)) for one in values))
        for key, values in differing(results).items()
    ]
    return Grid(
        "settings",
        ("方案有何不同", "What differs"),
        (("参数", "key"), *map(same, names)),
        tuple(rows),
        ("其余参数各方案相同。", "All other keys are the same."),
    )


def differences(found: Sequence[Difference], base: str, name: str) -> Grid:
    """Every figure of a scenario against the first."""
    rows = []
    for one in found:
        if one.base.mean == one.value.mean == 0.0 or math.isnan(one.difference.mean):
            continue
        verdict = VERDICTS[one.verdict]
        rows.append(
            (
                Cell(_named(one.figure)),
                Cell(_both(lambda lang, one=one: say_value(one.base, one.figure.unit, lang))),  # type: ignore[misc]
                Cell(_both(lambda lang, one=one: say_value(one.value, one.figure.unit, lang))),  # type: ignore[misc]
                Cell(_both(lambda lang, one=one: say_change(one, lang))),  # type: ignore[misc]
                Cell(_both(lambda lang, one=one: say_interval(one, lang))),  # type: ignore[misc]
                Cell(verdict, one.verdict.replace(" ", "-")),
            )
        )
    heads: tuple[Text, ...] = (
        ("指标", "figure"),
        same(base),
        same(name),
        ("差", "difference"),
        ("95% 区间", "95 % interval"),
        ("结论", "verdict"),
    )
    return Grid("differences", (f"{name}，与 {base} 相比", f"{name} against {base}"), heads, tuple(rows))


def everything(results: Sequence[Result], names: Sequence[str]) -> Grid:
    """Every figure, with what it is a share of."""
    rows = [
        (Cell(_named(one)), Cell(one.of), *(_value(one, result) for result in results))
        for one in figures(results[0].thresholds)
    ]
    heads: tuple[Text, ...] = (("指标", "figure"), ("占什么的比例", "share of"), *map(same, names))
    return Grid("everything", ("全部指标", "All figures"), heads, tuple(rows))


def reasons(results: Sequence[Result], names: Sequence[str]) -> Grid:
    """Why people were never met, of those needing a visit."""
    told = {one.key: one for one in figures(results[0].thresholds)}
    keys = ["never_share", *(f"never_{one}" for one in WHY_WORDS)]
    rows = []
    for key in keys:
        found = [estimate(told[key].values(one)) for one in results]
        if not any(one.mean > 0.0 for one in found):
            continue
        first: Text = ("合计", "in all") if key == "never_share" else WHY_WORDS[key.removeprefix("never_")]
        rows.append((Cell(first), *(_share_cell(one, bar=True) for one in found)))
    note: Text = ("占需上门警情的比例。", "Of those needing a visit.")
    return Grid(
        "reasons",
        ("始终未见到，为什么", "Never met, and why"),
        (("原因", "why"), *map(same, names)),
        tuple(rows),
        note,
    )


def places(results: Sequence[Result], names: Sequence[str], dimension: str) -> Grid:
    """By county or tier: one scenario with several columns; several with one column each, less the first."""
    members = [member for one, member in results[0].groups if one == dimension][:MOST_MEMBERS]
    titles: dict[str, Text] = {"county": ("分县区", "By county"), "tier": ("分等级", "By tier")}
    mark = mark_of(results[0].thresholds)
    first: Text = ("县区", "county") if dimension == "county" else ("等级", "tier")
    if len(results) == 1:
        heads, rows = _of_one(results[0], dimension, members)
        return Grid(dimension, titles[dimension], (first, *heads), rows)
    heads = tuple(map(same, names))
    lines = []
    for member in members:
        values = [one.share(f"reached_within_{mark}", "asked", dimension, member) for one in results]
        cells = [_share_cell(estimate(values[0]), bar=True)]
        cells += [_against(one, values[0]) for one in values[1:]]
        lines.append((Cell(_member(dimension, member)), *cells))
    zh, en = titles[dimension]
    title = (f"{zh}：{mark} 分钟内见面", f"{en}: met within {mark} min")
    note: Text = (
        f"占需上门警情的比例；其余各列为与“{names[0]}”之差（百分点）及其 95% 区间半宽，分不出差别的为灰色。",
        f"Of those needing a visit; the other columns are points more or less than “{names[0]}” with half the width of "
        "the 95 % interval, grey where not distinguishable.",
    )
    return Grid(dimension, title, (first, *heads), tuple(lines), note)


def crews(results: Sequence[Result], names: Sequence[str]) -> Grid:
    """How busy each kind is, and each sort of shift."""
    rows: list[tuple[Cell, ...]] = []
    shifts = list(dict.fromkeys(shift for one in results for shift in one.shifts))
    for at, kind in enumerate(KINDS):
        if not any(one.blocks["crew"][:, at, 0].any() for one in results):
            continue
        busy = [_busy(one.blocks["crew"][:, at], "busy_minutes") for one in results]
        rows.append(
            (
                Cell(KIND_WORDS[kind], "whole"),
                Cell(_units(results, at)),
                *(_share_cell(one, bar=True) for one in busy),
            )
        )
        for shift in (one for one in shifts if one.startswith(f"{kind} ")):
            hours = shift.removeprefix(f"{kind} ")
            said: Text = {"all day": ("全天", "all day"), "never": ("不在岗", "never on duty")}.get(
                hours, same(hours.replace("-", "–"))
            )
            rows.append(
                (Cell(said, "part"), Cell(same("")), *(_share_cell(_of_shift(one, shift)) for one in results))
            )
    note: Text = (
        "在忙：从出发到现场处置完毕，占在岗时间的比例。",
        "Busy: from setting out until done at the door, of the time on duty.",
    )
    heads: tuple[Text, ...] = (("力量与班次", "kind and shift"), ("数量", "crews"), *map(same, names))
    return Grid("crews", ("各类力量在忙占比", "How busy crews are"), heads, tuple(rows), note)


def driven(results: Sequence[Result], names: Sequence[str]) -> Grid:
    """Kilometres a day by kind."""
    rows = []
    for at, kind in enumerate(KINDS):
        found = [estimate(one.blocks["crew"][:, at, CREW.index("kilometres")] / one.days) for one in results]
        if any(one.mean > 0.0 for one in found):
            rows.append((Cell(KIND_WORDS[kind]), *(Cell(_told(one, "km_per_day")) for one in found)))
    return Grid(
        "driven", ("行驶里程", "Kilometres driven"), (("力量", "kind"), *map(same, names)), tuple(rows)
    )


def hours(results: Sequence[Result], names: Sequence[str]) -> Grid:
    """Alerts and those who wait, hour by hour."""
    rows = []
    for hour in range(24):
        alerts = estimate(results[0].sums("alerts", "hour", f"{hour:02d}") / results[0].days)
        waits = [estimate(one.blocks["backlog"][:, hour]) for one in results]
        rows.append(
            (
                Cell(same(f"{hour:02d}:00")),
                Cell(_told(alerts, "count")),
                *(Cell(_told(one, "count")) for one in waits),
            )
        )
    heads: tuple[Text, ...] = (("整点", "hour"), ("其后一小时预警", "alerts in the hour"), *map(same, names))
    note: Text = ("该整点仍在等候派人的警情数。", "Cases waiting for somebody to be sent, at that hour.")
    return Grid("hours", ("每小时积压", "Waiting by the hour"), heads, tuple(rows), note)


def _of_one(
    result: Result, dimension: str, members: Sequence[str]
) -> tuple[tuple[Text, ...], tuple[tuple[Cell, ...], ...]]:
    """Alerts, visits, shares and yuan of each county or tier of one scenario."""
    heads: list[Text] = [
        ("预警/天", "alerts a day"),
        ("需上门/天", "visits asked a day"),
        ("电话解决（占全部预警）", "settled by phone, of all alerts"),
    ]
    heads += [
        (f"{one} 分钟内见面（占需上门）", f"met within {one} min, of visits") for one in result.thresholds
    ]
    heads += [
        ("始终未见到（占需上门）", "never met, of visits"),
        ("预计损失 元/天（模型）", "expected loss, yuan a day"),
        ("预计挽损 元/天（模型）", "averted, yuan a day"),
    ]
    mark, rows = mark_of(result.thresholds), []
    for member in members:
        group = (dimension, member)
        never = result.share("not_found", "asked", *group) + result.share("given_up", "asked", *group)
        lost, nobody = result.sums("modelled_yuan", *group), result.sums("nobody_yuan", *group)
        rows.append(
            (
                Cell(_member(dimension, member)),
                Cell(_told(estimate(result.sums("alerts", *group) / result.days), "count")),
                Cell(_told(estimate(result.sums("asked", *group) / result.days), "count")),
                _share_cell(estimate(result.share("phoned", "alerts", *group))),
                *(
                    _share_cell(
                        estimate(result.share(f"reached_within_{one}", "asked", *group)), bar=one == mark
                    )
                    for one in result.thresholds
                ),
                _share_cell(estimate(never)),
                Cell(_told(estimate(lost / result.days), "count")),
                Cell(_told(estimate((nobody - lost) / result.days), "count")),
            )
        )
    return tuple(heads), tuple(rows)


def _against(values: Floats, base: Floats) -> Cell:
    count = min(len(values), len(base))
    found = difference(values[:count], base[:count])
    if math.isnan(found.mean):
        return Cell(("无数据", "no figure"), "not-distinguishable")
    tone = "not-distinguishable"
    if found.apart_from_zero:
        tone = "better" if found.mean > 0.0 else "worse"
    wide = "" if math.isinf(found.half_width) else f" ± {100 * found.half_width:.1f}"
    return Cell(same(f"{100 * found.mean:+.1f}{wide}"), tone)


def _units(results: Sequence[Result], at: int) -> Text:
    """How many crews of a kind there are in each scenario."""
    counts = [f"{one.blocks['crew'][:, at, 0].mean():,.0f}" for one in results]
    return same(counts[0] if len(set(counts)) == 1 else " / ".join(counts))


def _busy(crew: Floats, column: str) -> Estimate:
    duty = crew[:, CREW.index("on_duty_minutes")]
    with np.errstate(divide="ignore", invalid="ignore"):
        return estimate(np.where(duty > 0.0, crew[:, CREW.index(column)] / duty, np.nan))


def _of_shift(result: Result, shift: str) -> Estimate:
    if shift not in result.shifts:
        return estimate(np.full(1, np.nan))
    at = result.shifts.index(shift)
    duty = result.blocks["shift_on_duty"][:, at]
    with np.errstate(divide="ignore", invalid="ignore"):
        return estimate(np.where(duty > 0.0, result.blocks["shift_busy"][:, at] / duty, np.nan))


def _share_cell(found: Estimate, *, bar: bool = False) -> Cell:
    if math.isnan(found.mean):
        return Cell(same("–"))
    return Cell(_told(found, "share"), bar=min(1.0, max(0.0, found.mean)) if bar else None)


def _figures(result: Result, keys: Sequence[str]) -> list[Figure]:
    told = {one.key: one for one in figures(result.thresholds)}
    return [told[key] for key in keys]


def _value(one: Figure, result: Result) -> Cell:
    return Cell(_told(estimate(one.values(result)), one.unit))


def _told(found: Estimate, unit: Any) -> Text:
    return _both(lambda lang: say_value(found, unit, lang))


def _both(say: Callable[[Any], str]) -> Text:
    return say("zh"), say("en")


def _named(one: Figure) -> Text:
    return one.zh, one.en


def _member(dimension: str, member: str) -> Text:
    if dimension == "tier":
        return WORDS[member] if member in TIERS else same(member)
    return same(member or "–")


def _setting(value: Any) -> Text:
    if value is None or value in ("", []):
        return ("无", "none")
    if isinstance(value, bool):
        return ("是", "yes") if value else ("否", "no")
    if isinstance(value, float | int):
        return same(f"{value:,g}")
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = text.rsplit("/", 1)[-1] if text.startswith("/") else text
    return same(text if len(text) <= 80 else text[:79] + "…")
