"""The land of the practice area: counties, township polygons drawn by seed, rivers, lakes, sea and hills.

Measures in metres of `METRIC_CRS`; `to_lonlat` turns back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.spatial import Delaunay, cKDTree
from shapely.geometry.base import BaseGeometry

from practice.seats import CITIES, LAKES, MOVED, RIVERS, SEATS

METRIC_CRS = "EPSG:32649"
Points = NDArray[np.float64]

_FORTH = Transformer.from_crs("EPSG:4326", METRIC_CRS, always_xy=True)
_BACK = Transformer.from_crs(METRIC_CRS, "EPSG:4326", always_xy=True)


def to_metres(lonlat: Points) -> Points:
    """Lon and lat (n, 2) to metres, rounded to 1 cm."""
    x, y = _FORTH.transform(lonlat[:, 0], lonlat[:, 1])
    return np.round(np.column_stack([x, y]), 2)


def to_lonlat(xy: Points) -> Points:
    """Metres (n, 2) to lon and lat, rounded to 1e-6 degrees."""
    lon, lat = _BACK.transform(xy[:, 0], xy[:, 1])
    return np.round(np.column_stack([lon, lat]), 6)


def geometry_to_lonlat(geometry: BaseGeometry) -> BaseGeometry:
    """The same shape in degrees, on a grid of 1e-5 degrees (about a metre)."""
    moved = shapely.transform(geometry, lambda xy: np.column_stack(_BACK.transform(xy[:, 0], xy[:, 1])))
    return shapely.set_precision(moved, 1e-5)


class Waves:
    """Smooth noise in [-1, 1] or so: a sum of plane waves with seeded directions and phases."""

    def __init__(self, seed: int, wavelength_metres: float, waves: int = 12) -> None:
        rng = np.random.default_rng(seed)
        angle = rng.uniform(0, 2 * np.pi, waves)
        size = 2 * np.pi / (wavelength_metres * rng.uniform(0.6, 1.7, waves))
        self.k = np.stack([np.cos(angle) * size, np.sin(angle) * size])
        self.phase = rng.uniform(0, 2 * np.pi, waves)

    def __call__(self, xy: Points) -> NDArray[np.float64]:
        """One value a point."""
        return np.asarray(np.sin(xy @ self.k + self.phase).sum(axis=1) / np.sqrt(2 * self.k.shape[1]))


@dataclass(frozen=True)
class Land:
    """Everything the roads are laid upon, in metres."""

    towns: pd.DataFrame  # code, name, county_code, county, x, y, polygon, city (a county seat's grid)
    villages: pd.DataFrame  # code, name, township_code, county_code ... without positions yet
    counties: gpd.GeoDataFrame  # adcode, name, geometry; 羊角镇 moved to 茂南
    whole: BaseGeometry
    rivers: dict[str, BaseGeometry]
    lakes: dict[str, BaseGeometry]
    sea: BaseGeometry
    residents: dict[str, float]  # by county
    river_points: cKDTree

    def height(self, xy: Points) -> NDArray[np.float64]:
        """Metres above the sea: low by the coast and the rivers, hills to the north and east."""
        east, north = (xy[:, 0] - 480_000.0) / 60_000.0, (xy[:, 1] - 2_400_000.0) / 60_000.0
        rise = np.clip(0.18 + 0.34 * north + 0.22 * east, 0.02, 1.0)
        ridge = 1 - np.abs(_RIDGE(xy)) + 0.4 * _RIDGE_SMALL(xy)
        valley = np.clip(self.river_points.query(xy)[0] / 7000.0, 0.12, 1.0)
        return np.asarray(np.clip(950.0 * rise * ridge * valley, 0.0, 1500.0))


_RIDGE, _RIDGE_SMALL = Waves(11, 26_000.0), Waves(12, 7_000.0)


def read_land(sources: Path) -> Land:
    """Read the lists and county polygons in `sources` and draw what they lack."""
    text = {"code": str, "county_code": str, "township_code": str, "adcode": str}
    towns = pd.read_csv(sources / "townships.csv", dtype=text, encoding="utf-8-sig")
    villages = pd.read_csv(sources / "villages.csv", dtype=text, encoding="utf-8-sig")
    people = pd.read_csv(sources / "county_population_2023.csv", dtype=text, encoding="utf-8-sig")
    counties = gpd.read_file(sources / "counties.geojson")[["adcode", "name", "geometry"]]
    counties["geometry"] = [shapely.transform(geometry, to_metres) for geometry in counties.geometry]
    counties = counties.set_crs(METRIC_CRS, allow_override=True).sort_values("adcode").reset_index(drop=True)
    towns = towns.sort_values("code").reset_index(drop=True)
    seats = to_metres(np.array([SEATS[code] for code in towns["code"]]))
    towns["x"], towns["y"] = seats[:, 0], seats[:, 1]
    towns["villages"] = towns["code"].map(villages.groupby("township_code").size()).fillna(1).astype(int)
    towns["polygon"] = _town_polygons(towns, counties)
    counties["geometry"] = [
        shapely.union_all(towns.loc[towns["county_code"] == code, "polygon"].to_list())
        for code in counties["adcode"]
    ]
    whole = shapely.union_all(counties.geometry.to_list())
    lakes = {name: _lake(i, *at) for i, (name, at) in enumerate(LAKES.items())}
    rivers = {
        name: _course(i, to_metres(np.array(course))) for i, (name, course) in enumerate(RIVERS.items())
    }
    residents = dict(zip(people["adcode"], people["resident_pop_10k_2023"] * 10_000.0, strict=True))
    courses = cKDTree(np.vstack([shapely.get_coordinates(line) for line in rivers.values()]))
    villages = villages.sort_values("code").reset_index(drop=True)
    return Land(towns, villages, counties, whole, rivers, lakes, _sea(whole), residents, courses)


def _town_polygons(towns: pd.DataFrame, counties: gpd.GeoDataFrame) -> list[BaseGeometry]:
    """Share each county's land among its town seats: a weighted, warped, rough-edged Voronoi map."""
    polygon: dict[str, BaseGeometry] = {}
    drawn_in = towns["code"].map(MOVED).fillna(towns["county_code"])
    for county, land in zip(counties["adcode"], counties.geometry, strict=True):
        mine = towns[drawn_in == county]
        owner, seeds = _seed_owners(mine, land, seed=int(county))
        cells = shapely.get_parts(
            shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=land.envelope, ordered=True)
        )
        for number, code in enumerate(mine["code"]):
            whole = shapely.intersection(shapely.union_all(cells[owner == number]), land)
            polygon[code] = shapely.set_precision(whole, 0.01)
        polygon |= _without_slivers({code: polygon[code] for code in mine["code"]}, mine)
    return [polygon[code] for code in towns["code"]]


def _without_slivers(polygon: dict[str, BaseGeometry], mine: pd.DataFrame) -> dict[str, BaseGeometry]:
    """Give each piece that lacks its seat to the neighbour it shares the longest border with."""
    main: dict[str, BaseGeometry] = {}
    loose: list[tuple[str, BaseGeometry]] = []
    for code, x, y in mine[["code", "x", "y"]].itertuples(index=False):
        pieces = sorted(
            shapely.get_parts(polygon[code]), key=lambda piece: piece.distance(shapely.Point(x, y))
        )
        main[code] = pieces[0]
        loose += [(code, piece) for piece in pieces[1:]]
    for code, piece in sorted(loose, key=lambda one: -one[1].area):
        shared = {other: piece.intersection(shape).length for other, shape in main.items()}
        best = max(shared, key=lambda other: shared[other])
        taker = best if shared[best] > 0 else code  # an island keeps its town
        main[taker] = shapely.union_all([main[taker], piece])
    return main


def _seed_owners(mine: pd.DataFrame, land: BaseGeometry, seed: int) -> tuple[NDArray[np.int64], Points]:
    """Seeds strewn over the county and the town each belongs to, one piece a town."""
    rng = np.random.default_rng(seed)
    seats = mine[["x", "y"]].to_numpy()
    seeds = [seats, strewn(rng, land.buffer(1500), 1100.0)]
    for x, y in mine.loc[mine["code"].isin(CITIES), ["x", "y"]].to_numpy():
        seeds.append(strewn(rng, shapely.Point(x, y).buffer(5500), 330.0))
    points = np.vstack(seeds)
    points = points[np.sort(np.unique(np.round(points, 1), axis=0, return_index=True)[1])]
    close = cKDTree(seats).query(points)[0] < 150.0
    close[: len(seats)] = False
    points = points[~close]
    weight = np.clip(np.sqrt(mine["villages"].to_numpy() / 16.0), 0.55, 1.35)
    near = np.clip(cKDTree(seats).query(points)[0] / 6000.0, 0.05, 1.0)[:, None]
    warp = np.column_stack([Waves(seed, 9000.0)(points), Waves(seed + 1, 9000.0)(points)]) * 1300.0 * near
    away = np.linalg.norm((points + warp)[:, None, :] - seats[None], axis=2) / weight
    owner = away.argmin(axis=1)
    owner[: len(seats)] = np.arange(len(seats))
    return _one_piece(owner, points, len(seats)), points


def _one_piece(owner: NDArray[np.int64], points: Points, towns: int) -> NDArray[np.int64]:
    """Give seeds cut off from their own seat to a neighbouring town until each town is one piece."""
    links = Delaunay(points).vertex_neighbor_vertices
    while True:
        joined = np.zeros(len(owner), bool)
        stack = list(range(towns))
        joined[stack] = True
        while stack:
            here = stack.pop()
            for there in links[1][links[0][here] : links[0][here + 1]]:
                if not joined[there] and owner[there] == owner[here]:
                    joined[there] = True
                    stack.append(there)
        if joined.all():
            return owner
        for lost in np.flatnonzero(~joined):
            around = links[1][links[0][lost] : links[0][lost + 1]]
            around = around[joined[around]]
            if len(around):
                owner[lost] = owner[around[0]]


def strewn(rng: np.random.Generator, land: BaseGeometry, spacing: float) -> Points:
    """Points about `spacing` metres apart inside `land`: a hexagonal grid, shaken."""
    left, low, right, top = land.bounds
    rows, columns = int((top - low) / (spacing * 0.87)) + 2, int((right - left) / spacing) + 2
    row, column = np.divmod(np.arange(rows * columns), columns)
    xy = np.column_stack([left + (column + 0.5 * (row % 2)) * spacing, low + row * spacing * 0.87])
    xy = np.round(xy + rng.uniform(-0.36, 0.36, xy.shape) * spacing, 2)
    return xy[shapely.contains_xy(land, xy[:, 0], xy[:, 1])]


def spline(points: Points, step_metres: float) -> Points:
    """A Catmull-Rom curve through the points, a vertex every `step_metres` or so."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    parts = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        count = max(2, int(np.hypot(*(c - b)) / step_metres))
        t = (np.arange(count) / count)[:, None]
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
                            + (3 * b - a - 3 * c + d) * t**3))  # fmt: skip
    return np.vstack([*parts, points[-1:]])


def _course(number: int, points: Points) -> BaseGeometry:
    """A river through its points, meandering less at both ends so that confluences hold."""
    line = spline(points, 150.0)
    far = np.minimum(np.arange(len(line)), np.arange(len(line))[::-1]) / 12.0
    ease = np.clip(far, 0.0, 1.0)[:, None]
    wander = np.column_stack([Waves(500 + number, 3200.0)(line), Waves(600 + number, 3200.0)(line)]) * 420.0
    small = np.column_stack([Waves(700 + number, 900.0)(line), Waves(800 + number, 900.0)(line)]) * 90.0
    return shapely.simplify(shapely.linestrings(np.round(line + (wander + small) * ease, 1)), 8.0)


def _lake(number: int, lon: float, lat: float, radius: float) -> BaseGeometry:
    """A reservoir with arms."""
    rng = np.random.default_rng(900 + number)
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    reach = np.ones_like(angle)
    for wave in range(2, 9):
        reach += rng.normal(0, 0.65 / wave) * np.sin(wave * angle + rng.uniform(0, 6.28))
    reach = np.clip(reach, 0.25, 1.9) * radius
    centre = to_metres(np.array([[lon, lat]]))[0]
    ring = centre + np.column_stack([np.cos(angle) * reach * 0.75, np.sin(angle) * reach * 1.2])
    return shapely.simplify(shapely.make_valid(shapely.polygons(np.round(ring, 1))), 15.0)


def _sea(whole: BaseGeometry) -> BaseGeometry:
    """South of a coast drawn by hand beyond the borders, less the land."""
    west = [
        (109.70, 20.95),
        (110.15, 21.05),
        (110.42, 21.17),
        (110.58, 21.24),
        (110.68, 21.35),
        (110.78, 21.42),
        (110.90, 21.475),
    ]
    east = [
        (111.44, 21.54),
        (111.52, 21.505),
        (111.64, 21.535),
        (111.80, 21.60),
        (111.95, 21.66),
        (112.30, 21.70),
    ]
    through = [(110.96, 21.49), (111.00, 21.53), (111.20, 21.53), (111.40, 21.515)]
    south = [(112.30, 20.70), (109.70, 20.70)]
    coast = [_rough(to_metres(np.array(part))) for part in (west, east)]
    inner, corners = to_metres(np.array(through)), to_metres(np.array(south))
    ring = shapely.make_valid(shapely.polygons(np.vstack([coast[0], inner, coast[1], corners])))
    parts = [part for part in shapely.get_parts(shapely.difference(ring, whole)) if part.area > 5e5]
    return shapely.simplify(shapely.multipolygons(parts), 20.0)


def _rough(points: Points) -> Points:
    """A coast with bays and headlands, calm at both ends."""
    line = spline(points, 400.0)
    far = np.minimum(np.arange(len(line)), np.arange(len(line))[::-1])
    bays = np.column_stack([Waves(911, 9000.0)(line), Waves(912, 9000.0)(line)]) * 1500.0
    bays += np.column_stack([Waves(913, 2500.0)(line), Waves(914, 2500.0)(line)]) * 450.0
    return np.asarray(np.round(line + bays * np.clip(far / 12.0, 0, 1)[:, None], 1))
