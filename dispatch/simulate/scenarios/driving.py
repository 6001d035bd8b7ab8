"""How long it takes in a scenario: minutes between all zones, by profile and hour, kept on disk."""

from __future__ import annotations

import json
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.area import Area, folder_hash
from dispatch.coverage.rules import Rules
from dispatch.domain import PROFILES
from dispatch.roads.closure_file import read_closures
from dispatch.roads.closures import applied
from dispatch.roads.times import Slowing
from dispatch.roads.travel import Travel
from dispatch.runner.blocks import Block, Blocks
from dispatch.simulate.scenarios.ground import Districts
from dispatch.simulate.scenarios.model import Scenario
from dispatch.simulate.world import HOURS, Roads

_SAMPLE = 60
_USUAL_KMH = 35.0


def roads_of(
    scenario: Scenario, area: Area, rules: Rules, districts: Districts, profiles: set[int], begin: datetime
) -> Roads:
    """Minutes between all zones for each profile that is used, each share of the hour, open and closed.

    A drive at an hour takes the minutes of a free road divided by `[speeds] hour_share` of that hour (the
    walk at its ends too, which is short). What has been measured once for an area is kept.
    """
    speeds = rules.speeds.in_weather(scenario.travel.weather)
    shut = _hours_shut(scenario)
    bases: list[NDArray[np.float32]] = []
    tables: list[tuple[int, float, float]] = []
    number: dict[tuple[int, float, bool], int] = {}
    table_of = np.zeros((len(PROFILES), HOURS), np.int64)
    for profile in sorted(profiles) or [0]:
        name = PROFILES[profile]
        shares = [speeds.hour_share[name][hour] * scenario.travel.speed_factor for hour in range(24)]
        for closed in sorted({False} | set(shut)):
            free = _free(scenario, area, rules, districts, name, begin, closed=closed)
            for share in sorted(
                {share for share, is_shut in zip(shares, shut, strict=True) if is_shut == closed}
            ):
                number[profile, share, closed] = len(tables)
                tables.append((len(bases), 1.0 / share, float(free["kmh"]) * share))
            bases.append(free["minutes"])
        table_of[profile] = [number[profile, shares[hour % 24], shut[hour % 24]] for hour in range(HOURS)]
    base_of, factor, kmh = (np.array(column) for column in zip(*tables, strict=True))
    rows = np.arange(len(districts.names), dtype=np.int64)
    return Roads(np.stack(bases), rows, table_of, kmh, base_of.astype(np.int64), factor)


def _hours_shut(scenario: Scenario) -> list[bool]:
    """For each hour of the day whether the closures hold."""
    keys = scenario.travel
    if not keys.closures:
        return [False] * 24
    start, end = int(keys.closed_from[:2]), int(keys.closed_to[:2]) % 24
    if start == end:
        return [True] * 24
    return [start <= hour < end if start < end else hour >= start or hour < end for hour in range(24)]


def _free(
    scenario: Scenario,
    area: Area,
    rules: Rules,
    districts: Districts,
    profile: str,
    begin: datetime,
    *,
    closed: bool,
) -> Block:
    """Minutes with nobody else on the road, and what they come to in kilometres an hour; from disk where they are."""
    keep = _kept(scenario, area, rules, districts, closed=closed)
    if keep is not None and (found := keep.read(profile)) is not None:
        return found
    slow: tuple[Slowing, ...] = ()
    if closed:
        path = Path(scenario.travel.closures)
        held = read_closures(path, area.network, area.time_zone, rules.closures).closures
        slow = tuple(applied(held, profile, begin))
    speeds = rules.speeds.in_weather(scenario.travel.weather)
    travel = Travel(area.network, profile, closures=slow, speeds=speeds, cache=area.cache_folder())
    lonlat = districts.lonlat
    block = {
        "minutes": travel.matrix(lonlat, lonlat).astype(np.float32),
        "kmh": np.array(_kmh(travel, lonlat)),
    }
    if keep is not None:
        keep.write(profile, block)
    return block


def _kept(
    scenario: Scenario, area: Area, rules: Rules, districts: Districts, *, closed: bool
) -> Blocks | None:
    folder = area.cache_folder()
    if folder is None or area.folder is None:
        return None
    closures = Path(scenario.travel.closures).read_bytes().hex() if closed else ""
    stamp = json.dumps(
        [
            version("field-dispatch"),
            folder_hash(area.folder),
            rules.speeds.model_dump(mode="json"),
            rules.closures.model_dump(mode="json") if closed else "",
            scenario.travel.weather,
            closures,
            districts.lonlat.tobytes().hex(),
        ]
    )
    return Blocks(folder / "minutes", stamp)


def _kmh(travel: Travel, lonlat: NDArray[np.float64]) -> float:
    """Kilometres a drive of an hour comes to, from a fixed sample of drives."""
    chance = np.random.default_rng(0)
    metres = minutes = 0.0
    for start, end in chance.integers(0, len(lonlat), (_SAMPLE, 2)):
        leg = travel.path(lonlat[start], lonlat[end])
        if np.isfinite(leg.minutes):
            metres, minutes = metres + leg.metres, minutes + leg.minutes
    return 0.06 * metres / minutes if minutes > 0.0 else _USUAL_KMH
