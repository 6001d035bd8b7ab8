"""Who is reached where: the villages of a simulation on the map, and what other scenarios change town by town."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

import maps
from dispatch.area import Area
from dispatch.reasons import Language
from dispatch.simulate.pages.naming import short_names
from dispatch.simulate.results.estimates import Estimate, difference, estimate
from dispatch.simulate.results.experiment import Result
from dispatch.simulate.results.measures import mark_of
from dispatch.simulate.results.telling import say_value

SCRIPTS = ("cards.js", "simulation.js")
MOST_SHOWN = 12
"""Scenarios on one map."""


def reached_map(
    results: Sequence[Result], area: Area, basemap: maps.Basemap, *, language: Language = "zh"
) -> maps.PageMap:
    """The page; `maps.write_map` writes it as one file."""
    shown = results[:MOST_SHOWN]
    first = shown[0]
    payload = maps.page_payload(
        "simulation",
        area=area.name,
        at=_begins(first, area),
        title=("模拟：各地见到多少", "Simulation: who is reached where"),
        basemap=basemap,
        stale_minutes=1e9,  # a simulation does not age
        attribution=area.attribution,
        synthetic=area.synthetic,
        language=language,
    )
    ground = first.ground
    towns = [member for dimension, member in first.groups if dimension == "town"]
    number = {town: at for at, town in enumerate(towns)}
    payload |= {
        "mark": mark_of(first.thresholds),
        "scenarios": list(short_names([one.name for one in shown])),
        "replications": [one.replications for one in shown],
        "days": first.days,
        "places": {
            "name": list(ground.name),
            "county": list(ground.county),
            "town": [
                number[f"{county} {town}"] for county, town in zip(ground.county, ground.town, strict=True)
            ],
            "lon": ground.lon.tolist(),
            "lat": ground.lat.tolist(),
        },
        "sums": [one.ground.sums.tolist() for one in shown],
        "towns": towns,
        "of_towns": [_towns(one, first, towns) for one in shown],
        "numbers": [_numbers(one) for one in shown],
    }
    return maps.PageMap(payload, (float(ground.lat[0]), float(ground.lon[0])), language, scripts=SCRIPTS)


def _begins(result: Result, area: Area) -> datetime:
    begins = datetime.fromisoformat(str(result.keys["clock"]["begins"]))
    return begins if begins.tzinfo else begins.replace(tzinfo=ZoneInfo(area.time_zone))


def _towns(one: Result, first: Result, towns: Sequence[str]) -> dict[str, list[float | None]]:
    """By town: share met in time with half its interval, visits a day, the difference from the first with half its interval."""
    column = f"reached_within_{mark_of(first.thresholds)}"
    columns: dict[str, list[float | None]] = {
        name: [] for name in ("share", "wide", "asked", "change", "apart")
    }
    count = min(one.replications, first.replications)
    for town in towns:
        ours = one.share(column, "asked", "town", town)
        theirs = first.share(column, "asked", "town", town)
        found, change = estimate(ours), difference(ours[:count], theirs[:count])
        rows = (
            found.mean,
            found.half_width,
            one.sums("asked", "town", town).mean() / one.days,
            change.mean,
            change.half_width,
        )
        for name, value in zip(columns, rows, strict=True):
            columns[name].append(round(float(value), 5) if np.isfinite(value) else None)
    return columns


def _numbers(one: Result) -> list[Any]:
    """Met within each threshold, of those needing a visit."""
    found: list[tuple[int, Estimate]] = [
        (mark, estimate(one.share(f"reached_within_{mark}", "asked"))) for mark in one.thresholds
    ]
    return [
        [(f"{mark} 分钟内见面", f"met within {mark} min"), f"{100 * each.mean:.1f}%", say_value(each, "share", "en")]
        for mark, each in found
    ]  # fmt: skip
