"""Where made days happen: real roads beside the repository, the practice area, or a flat synthetic city."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dispatch.area import Area, import_area, open_area
from dispatch.domain import TravelMinutes
from dispatch.roads.travel import Travel
from dispatch.zones.parts import kilometres

Floats = NDArray[np.float64]
Minutes = Callable[[str, Floats, Floats], TravelMinutes]
"""(profile, bases (b, 2), places (p, 2)) -> minutes; points are (lon, lat)."""

AT = datetime(2026, 5, 1, 14, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
KMH = {"car": 40.0, "motorcycle": 32.0, "foot": 4.5}
MIDDLE = np.array([108.0, 33.0])
DETOUR = 1.35
"""Road length over straight line, on synthetic ground."""


@dataclass(frozen=True, slots=True)
class Town:
    """A township: its code, its county's, and where its office stands."""

    code: str
    county: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Settlement:
    """Where people live: its own code, the number of its town, and how many live there (or 1)."""

    code: str
    town: int
    lon: float
    lat: float
    weight: float


@dataclass(frozen=True, slots=True)
class Terrain:
    """Towns, settlements and how long it takes between points."""

    name: str
    towns: tuple[Town, ...]
    settlements: tuple[Settlement, ...]
    minutes: Minutes


def of_area(area: Area, at: datetime = AT) -> Terrain:
    """An area's townships and villages on its own roads, at the speeds of that hour."""
    table = area.gazetteer[area.gazetteer["lon"].notna()]
    towns = table[table["level"] == "township"]
    counties = set(table.loc[table["level"] == "county", "code"])
    first = min(counties)
    made = tuple(
        Town(code, parent if parent in counties else first, lon, lat)
        for code, parent, lon, lat in _rows(towns)
    )
    lived_in = table[table["level"].isin(["village", "hamlet", "township"])]
    tree = cKDTree(kilometres([(town.lon, town.lat) for town in made]))
    nearest = tree.query(kilometres(list(zip(lived_in["lon"], lived_in["lat"], strict=True))))[1]
    number = {town.code: row for row, town in enumerate(made)}
    people = lived_in["residents"].astype(float).fillna(1.0).to_numpy()
    settlements = tuple(
        Settlement(code, number.get(parent, int(near)), lon, lat, float(weight))
        for (code, parent, lon, lat), near, weight in zip(_rows(lived_in), nearest, people, strict=True)
    )
    roads: dict[str, Travel] = {}

    def minutes(profile: str, bases: Floats, places: Floats) -> TravelMinutes:
        if profile not in roads:
            roads[profile] = Travel(area.network, profile, departure=at)
        return roads[profile].problem_minutes(bases, places)

    return Terrain(area.name, made, settlements, minutes)


def _rows(table: pd.DataFrame) -> list[tuple[str, str, float, float]]:
    """Code, parent, lon and lat of each row."""
    columns = [table[name].tolist() for name in ("code", "parent", "lon", "lat")]
    return list(zip(*columns, strict=True))


def practice() -> Terrain:
    """The bundled practice area."""
    return of_area(open_area("maoming"))


def imported(extract: Path, scratch: Path) -> Terrain:
    """The area made of an extract, put into `scratch`."""
    folder = scratch / extract.name.split(".")[0]
    return of_area(open_area(folder) if folder.is_dir() else import_area(extract, folder))


CITY_TOWNS, CITY_VILLAGES = 12, 12


def city(number: int, lon: float, lat: float, seed: int) -> Terrain:
    """A synthetic city around a point: one jurisdiction, towns within some 45 km, villages around them."""
    rng = np.random.default_rng([seed, number])
    towns, villages = CITY_TOWNS, CITY_VILLAGES
    county = f"city{number:03d}"
    offices = np.array([lon, lat]) + rng.uniform(-0.4, 0.4, (towns, 2))
    made = tuple(Town(f"{county}t{t:02d}", county, float(x), float(y)) for t, (x, y) in enumerate(offices))
    spread = rng.normal(0.0, 0.04, (towns, villages, 2))
    weights = rng.lognormal(0.0, 0.7, (towns, villages))
    settlements = tuple(
        Settlement(
            f"{county}t{t:02d}v{v:02d}", t, float(offices[t, 0] + spread[t, v, 0]),
            float(offices[t, 1] + spread[t, v, 1]), float(weights[t, v]),
        )
        for t in range(towns)
        for v in range(villages)
    )  # fmt: skip
    return Terrain(county, made, settlements, flat_minutes)


def flat_minutes(profile: str, bases: Floats, places: Floats) -> TravelMinutes:
    """Straight lines, lengthened, at one speed."""
    slow = DETOUR / KMH[profile] * 60.0  # km -> minutes
    base, spot = _flat(bases), _flat(places)

    def between(a: Floats, b: Floats) -> Floats:
        far = np.sqrt(np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2.0 * a @ b.T, 0.0))
        rounded: Floats = np.round(far * slow, 3)
        return rounded

    return TravelMinutes(between(base, spot), between(spot, base), between(spot, spot))


def _flat(points: Floats) -> Floats:
    """About the mean of China, so that parts measured apart agree."""
    scale = np.array([111.2 * np.cos(np.radians(33.0)), 111.2])
    flat: Floats = (np.asarray(points, np.float64).reshape(-1, 2) - MIDDLE) * scale
    return flat


def chosen(weights: Sequence[float], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """So many numbers, by weight, with repetition."""
    share = np.array(weights, np.float64)
    picked: NDArray[np.int64] = rng.choice(len(share), size=count, p=share / share.sum())
    return picked
