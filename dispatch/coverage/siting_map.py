"""An answer of siting on the map: today and then, what is still not covered, what each site gains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

import maps
from dispatch.coverage.drawing import Bar, CoverageView, Gain, Places, Sites, coverage_map
from dispatch.coverage.siting.answer import Siting
from dispatch.coverage.siting.question import Question
from dispatch.reasons import Language
from maps.view import Text

Floats = NDArray[np.float64]

MODELS: dict[str, Text] = {
    "mclp": ("最大覆盖", "most covered"),
    "pmedian": ("总行程最短", "least total travel"),
    "pcenter": ("最远者最近", "nearest for the farthest"),
    "lscp": ("全覆盖最少点", "fewest that cover all"),
    "backup": ("双重覆盖", "covered twice"),
    "mexclp": ("计忙碌的覆盖", "expected cover"),
    "loss": ("预期损失最小", "least expected loss"),
}
UNITS: dict[str, Text] = {
    "weight": ("权重", "weight"),
    "weight_minutes": ("权重·分钟", "weight·min"),
    "minutes": ("分钟", "min"),
    "sites": ("个点", "sites"),
    "cost": ("费用", "cost"),
    "yuan": ("元", "yuan"),
}


def siting_map(
    found: Siting,
    asked: Question,
    *,
    site_lonlat: Floats,
    site_kind: Sequence[str],
    demand_lonlat: Floats,
    demand_town: Sequence[str],
    area: str,
    at: datetime,
    basemap: maps.Basemap,
    attribution: str = "",
    synthetic: bool = False,
    language: Language = "zh",
) -> maps.PageMap:
    """The page of an answer.

    Parameters
    ----------
    site_lonlat, site_kind : (s, 2), (s,)
        WGS-84, and a kind of `domain.KINDS`, of every site of the question.
    demand_lonlat, demand_town : (d, 2), (d,)
        WGS-84, and the town's name, of every demand of the question.
    """
    opened = np.zeros(len(asked.sites), np.bool_)
    opened[[one.index for one in found.sites]] = True
    shown = [one.index for one in found.sites] + [one.index for one in found.one_more]
    row = {index: at_row for at_row, index in enumerate(shown)}
    return coverage_map(
        CoverageView(
            area=area,
            at=at,
            title=tuple(
                f"{word} · {model}"
                for word, model in zip(("选址", "Siting"), MODELS[found.model], strict=True)
            ),  # type: ignore[arg-type]
            minutes=_limits(found.reach_minutes),
            goal_minutes=found.reach_minutes,
            numbers=_numbers(found),
            facts=_facts(found, asked),
            places=_places(asked, opened, demand_lonlat, demand_town, found.reach_minutes),
            sites=_sites(found, asked, opened, shown, lonlat=site_lonlat, kinds=site_kind),
            units=[Bar(one.name or "?", 1.0, one.then, one.today) for one in found.groups],
            gains=_gains(found, row),
            gains_note=(
                f"新点各值多少，再加一处又值多少（{UNITS[found.unit][0]}）",
                f"what each new site is worth, and one more of … ({UNITS[found.unit][1]})",
            ),
            basemap=basemap,
            attribution=attribution,
            synthetic=synthetic,
            language=language,
        )
    )


def _limits(reach_minutes: float) -> list[float]:
    return [reach_minutes / 2.0, reach_minutes, 2.0 * reach_minutes]


def _numbers(found: Siting) -> list[tuple[Text, str, Text]]:
    total = max(found.total, 1e-300)
    zh, en = UNITS[found.unit]
    limit, was = f"{found.reach_minutes:g}", f"{found.covered_today / total:.1%}"
    gap = (
        "已证最优" if found.proved else f"差距 ≤ {found.gap_percent:.2f}%",
        "proved" if found.proved else f"gap ≤ {found.gap_percent:.2f} %",
    )
    return [
        ((f"{limit} 分钟内", f"within {limit} min"), f"{found.covered / total:.1%}", (f"原 {was}", f"was {was}")),
        (("目标", "objective"), _figure(found.objective), (zh, en)),
        (("比今天好", "gain"), _figure(found.gain), (zh, en)),
        (("新点", "new sites"), f"{len(found.added):,}", gap),
    ]  # fmt: skip


def _facts(found: Siting, asked: Question) -> list[Text]:
    zh, en = UNITS[found.unit]
    facts: list[Text] = [
        (
            f"界 {_figure(found.bound)} {zh} · {found.engine}",
            f"bound {_figure(found.bound)} {en} · {found.engine}",
        )
    ]
    if found.curve:
        said = " · ".join(f"+{one.add}: {_figure(one.objective)}" for one in found.curve)
        facts.append((f"增设几处：{said}", f"with so many more: {said}"))
    if len(found.unreachable):
        weight = float(asked.weight[list(found.unreachable)].sum())
        facts.append((
            f"任何点都到不了：{len(found.unreachable)} 处，权重 {weight:,.0f}",
            f"no site could reach {len(found.unreachable)} places, weight {weight:,.0f}",
        ))  # fmt: skip
    if found.closed:
        named = "、".join(found.closed[:5]) + (" …" if len(found.closed) > 5 else "")
        facts.append((f"撤并：{named}", f"given up: {named}"))
    return facts


def _places(
    asked: Question, opened: NDArray[np.bool_], lonlat: Floats, town: Sequence[str], reach_minutes: float
) -> Places:
    def nearest(rows: NDArray[np.bool_]) -> Floats:
        minutes: Floats = asked.minutes[rows].min(axis=0, initial=math.inf)
        return minutes

    before, after = nearest(asked.existing), nearest(opened)
    by = np.where(opened[:, None], asked.minutes, math.inf).argmin(axis=0)
    far = np.flatnonzero(~np.isfinite(asked.minutes).any(axis=0)).tolist()
    blocked = [""] * len(asked.demands)
    for demand in far:
        blocked[demand] = "road"
    return Places(
        name=list(asked.demands),
        county=list(asked.group) or [""] * len(asked.demands),
        town=list(town),
        lon=lonlat[:, 0].tolist(),
        lat=lonlat[:, 1].tolist(),
        weight=asked.weight.tolist(),
        minutes=[_finite(one) for one in after],
        within=(after <= reach_minutes).astype(float).tolist(),
        blocked=blocked,
        first=[
            asked.sites[int(site)] if np.isfinite(one) else "" for site, one in zip(by, after, strict=True)
        ],
        before=[_finite(one) for one in before],
        within_before=(before <= reach_minutes).astype(float).tolist(),
    )


def _sites(
    found: Siting,
    asked: Question,
    opened: NDArray[np.bool_],
    shown: Sequence[int],
    *,
    lonlat: Floats,
    kinds: Sequence[str],
) -> Sites:
    """The open sites, then those one more of which would help; the weight each is nearest to."""
    first = np.zeros(len(asked.sites))
    reached = np.where(opened[:, None], asked.minutes, math.inf)
    near = np.isfinite(reached.min(axis=0, initial=math.inf))
    np.add.at(first, reached.argmin(axis=0)[near], asked.weight[near])
    worth: dict[int, Any] = {one.index: one.worth for one in found.sites if not one.existing}
    zh, en = UNITS[found.unit]
    return Sites(
        name=[asked.sites[index] for index in shown],
        kind=[kinds[index] for index in shown],
        lon=lonlat[list(shown), 0].tolist(),
        lat=lonlat[list(shown), 1].tolist(),
        on=[bool(opened[index]) for index in shown],
        fresh=[index in worth for index in shown],
        first=first[list(shown)].tolist(),
        note=[
            (f"值 {_figure(worth[index])} {zh}", f"worth {_figure(worth[index])} {en}")
            if index in worth
            else None
            for index in shown
        ],
    )


def _gains(found: Siting, row: dict[int, int]) -> list[Gain]:
    new = [
        Gain((f"新增 {one.name}", f"new: {one.name}"), one.worth, _figure(one.worth), site=row[one.index])
        for one in found.added
    ]
    more = [
        Gain(
            (f"再加 {one.name}", f"one more: {one.name}"),
            one.gain,
            "+" + _figure(one.gain),
            site=row[one.index],
        )
        for one in found.one_more
    ]
    return sorted(new, key=lambda one: -one.value) + more


def _figure(value: float) -> str:
    if not math.isfinite(value):
        return "∞"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.1f}"


def _finite(minutes: float) -> float | None:
    return round(float(minutes), 3) if math.isfinite(minutes) else None
