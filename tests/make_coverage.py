"""A tiny made-up area to count by hand: one straight road, a kilometre a minute, and villages along it.

Villages stand 5, 20 and 40 km east of the station, with 100, 300 and 600 residents.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
from make_roads import BOTH, METRE, PLAIN, roads

from dispatch.area import Area
from dispatch.coverage.demand import Demand, village_demand
from dispatch.coverage.supply import Supply, call_up
from dispatch.day import read_rules
from dispatch.places.gazetteer import Gazetteer
from dispatch.roads.plane import metres_between

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=ZONE)
NIGHT = datetime(2026, 5, 1, 3, 0, tzinfo=ZONE)
EVEN = dict.fromkeys(PLAIN.hour_share, (1.0,) * 24)
RULES = replace(read_rules(None), speeds=PLAIN.model_copy(update={"hour_share": EVEN}))
WEST, SOUTH = 110.0, 3.5
KM = 1000.0 / float(metres_between(WEST, SOUTH, WEST + 1.0, SOUTH))
"""Degrees of longitude."""
VILLAGES = {"near": (5, 100), "middle": (20, 300), "far": (40, 600)}
"""Kilometres east, and residents."""


def east(km: float) -> float:
    """Longitude so many kilometres east of the station."""
    return WEST + km * KM


def area() -> Area:
    """The area; nothing of it is on disk."""
    metres = [(east(km) / METRE, SOUTH / METRE) for km in (0, 5, 20, 40, 60)]
    network = roads(metres, [(0, 1, BOTH), (1, 2, BOTH), (2, 3, BOTH), (3, 4, BOTH)])
    rows = [("44", "省", "province", 20, 0.0, "", 0), ("4401", "甲县", "county", 10, 0.0, "44", 0),
            ("4402", "乙县", "county", 40, 0.0, "44", 0), ("440101", "甲镇", "township", 5, 0.0, "4401", 0),
            ("440201", "乙镇", "township", 40, 0.0, "4402", 0)]  # fmt: skip
    towns = {"near": "440101", "middle": "440101", "far": "440201"}
    rows += [
        (name, f"{name}村", "village", km, 0.0, towns[name], people)
        for name, (km, people) in VILLAGES.items()
    ]
    table = pd.DataFrame(rows, columns=["code", "name", "level", "lon", "lat", "parent", "residents"])
    table["lon"], table["lat"] = [east(km) for km in table["lon"]], SOUTH
    table["aliases"], table["radius_metres"] = "", 500.0
    empty = {"code": [], "name": [], "level": [], "parent": []}
    return Area(
        name="试验区",
        folder=None,
        language="zh",
        time_zone="Asia/Shanghai",
        metric_crs="EPSG:32631",
        source="made up",
        attribution="",
        synthetic=True,
        network=network,
        gazetteer=table,
        boundaries=gpd.GeoDataFrame(empty, geometry=[], crs="EPSG:4326"),
        water=gpd.GeoDataFrame({"name": []}, geometry=[], crs="EPSG:4326"),
    )


def responders(path: Path, *rows: str) -> Path:
    """A file of responders: `id,kind,km east,from,to` each; nobody has a break."""
    lines = ["responder_id,kind,base_lon,base_lat,datum,shift_from,shift_to,jurisdiction"]
    for row in rows:
        name, kind, km, start, end, own = row.split(",")
        lines.append(f"{name},{kind},{east(float(km))},{SOUTH},WGS84,{start},{end},{own}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def villages(ground: Area) -> Demand:
    """The villages of the area, by residents."""
    names = Gazetteer(ground.gazetteer, ground.boundaries)
    return village_demand(names, ground.gazetteer["residents"].to_numpy(float), RULES.triage)


def supply(
    folder: Path, *rows: str, at: datetime = NOON, add: Path | None = None, ground: Area | None = None
) -> Supply:
    """Who could come at that moment, of responders in one line each."""
    return call_up(
        ground or area(), at, RULES, responders=responders(folder / "responders.csv", *rows), add=add
    )


def replaced(people: Supply, **given: Any) -> Supply:
    """The same people with something else about them."""
    return replace(people, **given)
