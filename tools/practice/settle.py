"""Where people live: a street grid for each town seat, a point for each village, open country between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from practice.land import Land, Points, Waves, strewn
from practice.seats import CITIES

COMMUNITY = ("居委会", "居民委员会", "社区", "生活区")
"""Endings of the names of urban communities; they stand near their town's seat."""


@dataclass(frozen=True)
class Grid:
    """The street grid of one town: points, which row and column each is on, and its size."""

    town: int  # row of Land.towns
    city: bool
    xy: Points
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    radius: float
    angle: float
    centre: int  # the point nearest the seat


@dataclass(frozen=True)
class Settled:
    """Grids and village points, in the order of `Land.towns` and `Land.villages`."""

    grids: list[Grid]
    village_xy: Points
    village_grid: NDArray[np.bool_]  # stands on a street grid


def settle(land: Land, seed: int = 21) -> Settled:
    """Draw the grids, then the villages, each inside its own township's polygon."""
    grids: list[Grid] = []
    lines = shapely.union_all(list(land.rivers.values()))
    wet = shapely.union_all([lines.buffer(70.0), *land.lakes.values(), land.sea])
    shapely.prepare(wet)
    order = sorted(range(len(land.towns)), key=lambda row: land.towns["code"][row] not in CITIES)
    taken: list[tuple[float, float, float]] = []
    for town in order:
        grid = _grid(land, town, taken, wet, seed)
        if grid is not None:
            grids.append(grid)
            taken.append((land.towns["x"][town], land.towns["y"][town], grid.radius))
    streets = np.vstack([grid.xy for grid in grids])
    village_xy, on_grid = _villages(land, streets, wet, seed)
    return Settled(grids, village_xy, on_grid)


def _grid(
    land: Land, town: int, taken: list[tuple[float, float, float]], wet: BaseGeometry, seed: int
) -> Grid | None:
    """One town's streets: uneven blocks, a little bent, cut by water and by its neighbours' streets."""
    row = land.towns.iloc[town]
    rng = np.random.default_rng([seed, town])
    city = row["code"] in CITIES
    radius = CITIES[row["code"]][1] if city else float(np.clip(330 + 26 * row["villages"], 300, 950))
    if not city and any(np.hypot(row["x"] - x, row["y"] - y) < reach + 200 for x, y, reach in taken):
        return None
    spacing, angle = (235.0, rng.uniform(-0.5, 0.5)) if city else (138.0, rng.uniform(-0.78, 0.78))
    count = int(1.5 * radius / spacing) + 1
    along, across = _uneven(rng, count, spacing), _uneven(rng, count, spacing)
    rows, columns = np.divmod(np.arange((2 * count + 1) ** 2), 2 * count + 1)
    flat = np.column_stack([along[columns], across[rows]])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    xy = flat @ turn + row[["x", "y"]].to_numpy(float)
    bend = np.column_stack([Waves(seed + town, 3.2 * radius)(xy), Waves(seed + town + 500, 3.2 * radius)(xy)])
    xy = np.round(xy + bend * spacing * 0.45 + rng.normal(0, 0.035 * spacing, xy.shape), 2)
    facing = np.arctan2(flat[:, 1], flat[:, 0])
    reach = radius * (0.86 + 0.16 * np.sin(2 * facing + rng.uniform(0, 6)) + 0.12 * np.sin(3 * facing + rng.uniform(0, 6))
                      + 0.07 * np.sin(7 * facing + rng.uniform(0, 6)))  # fmt: skip
    keep = np.hypot(flat[:, 0], flat[:, 1]) <= reach
    keep &= ~shapely.intersects_xy(wet, xy[:, 0], xy[:, 1])
    keep &= shapely.contains_xy(land.whole.buffer(-60.0), xy[:, 0], xy[:, 1])
    for x, y, other in taken:
        keep &= np.hypot(xy[:, 0] - x, xy[:, 1] - y) > other * 1.1 + 120
    away = np.hypot(xy[:, 0] - row["x"], xy[:, 1] - row["y"])
    if keep.sum() < 4:
        return None
    centre = int(np.where(keep[keep], away[keep], np.inf).argmin())
    return Grid(town, city, xy[keep], rows[keep], columns[keep], radius, angle, centre)


def _uneven(rng: np.random.Generator, count: int, spacing: float) -> NDArray[np.float64]:
    """Offsets of 2 count + 1 parallel streets, blocks of 0.7 to 1.35 spacings; the middle one at 0."""
    at = np.concatenate([[0.0], np.cumsum(rng.uniform(0.7, 1.35, 2 * count))]) * spacing
    return at - at[count]


def _villages(land: Land, streets: Points, wet: BaseGeometry, seed: int) -> tuple[Points, NDArray[np.bool_]]:
    """Village points: communities on the streets near the seat, the others spread over the township."""
    xy = np.zeros((len(land.villages), 2))
    on_grid = np.zeros(len(xy), bool)
    free = np.ones(len(streets), bool)
    urban = land.villages["name"].str.endswith(COMMUNITY).to_numpy()
    rows_of = {code: np.array(rows) for code, rows in land.villages.groupby("township_code").indices.items()}
    for town, row in enumerate(land.towns.itertuples()):
        rows = rows_of.get(row.code, np.array([], int))
        inside = free & shapely.contains_xy(row.polygon, streets[:, 0], streets[:, 1])
        communities = rows[urban[rows]]
        chosen = _spread_streets(streets, np.flatnonzero(inside), (row.x, row.y), len(communities))
        xy[communities[: len(chosen)]] = streets[chosen]
        on_grid[communities[: len(chosen)]] = True
        free[chosen] = False
        rest = np.concatenate([communities[len(chosen) :], rows[~urban[rows]]]).astype(int)
        if len(rest):
            xy[rest] = _spread(
                land, town, len(rest), streets=streets, wet=wet, rng=np.random.default_rng([seed, town, 1])
            )
    return xy, on_grid


def _spread_streets(
    streets: Points, inside: NDArray[np.int64], seat: tuple[float, float], count: int
) -> NDArray[np.int64]:
    """`count` of the street corners `inside`, far from each other but near the seat."""
    chosen: list[int] = []
    if not len(inside):
        return np.array(chosen, int)
    home = np.hypot(*(streets[inside] - np.array(seat)).T)
    gap = np.full(len(inside), 1500.0)
    for _ in range(min(count, len(inside) // 3)):
        pick = int((gap - 0.55 * home).argmax())
        chosen.append(int(inside[pick]))
        gap = np.minimum(gap, np.hypot(*(streets[inside] - streets[inside[pick]]).T))
    return np.array(chosen, int)


def _spread(
    land: Land, town: int, count: int, *, streets: Points, wet: BaseGeometry, rng: np.random.Generator
) -> Points:
    """`count` points in the township, evenly enough, thinner on high ground, clear of water and streets."""
    polygon = land.towns["polygon"][town]
    spacing = float(np.sqrt(polygon.area / count))
    inner = polygon.buffer(-min(250.0, spacing * 0.12))
    trial = strewn(rng, inner if inner.area > 0.4 * polygon.area else polygon, max(spacing / 5.5, 45.0))
    dry = ~shapely.intersects_xy(wet, trial[:, 0], trial[:, 1])
    dry &= shapely.distance(shapely.points(trial), wet) > 60.0
    clear = cKDTree(streets).query(trial)[0] > min(170.0, spacing * 0.3)
    trial = trial[dry & clear] if (dry & clear).sum() >= 3 * count else trial[dry]
    weight = 1.0 / (0.5 + (land.height(trial) / 320.0) ** 2)
    weight *= 1 + 1.2 * np.exp(
        -np.hypot(*(trial - land.towns.loc[town, ["x", "y"]].to_numpy(float)).T) / 2500.0
    )
    centres = trial[np.sort(rng.choice(len(trial), count, replace=False, p=weight / weight.sum()))]
    for _ in range(3):  # Lloyd's steps: fewer leave clumps, more leave a lattice
        owner = cKDTree(centres).query(trial)[1]
        total = np.bincount(owner, weight, count)
        middle = np.column_stack([np.bincount(owner, weight * trial[:, axis], count) for axis in (0, 1)])
        centres = np.where(total[:, None] > 0, middle / np.maximum(total, 1e-9)[:, None], centres)
    centres = centres + rng.normal(0, 0.12 * spacing, centres.shape)
    return np.round(trial[_distinct(trial, centres)], 2)


def _distinct(trial: Points, centres: Points) -> NDArray[np.int64]:
    """The trial point nearest each centre, no point twice."""
    tree, used, chosen = cKDTree(trial), set(), []
    for centre in centres:
        near = np.atleast_1d(tree.query(centre, min(len(trial), len(centres) + 1))[1])
        pick = next(int(one) for one in near if int(one) not in used)
        used.add(pick)
        chosen.append(pick)
    return np.array(chosen)
