"""The names of an area and where they are: administrative paths, neighbours, and names found."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, NamedTuple, cast

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from shapely import STRtree, points

from dispatch.errors import TableError
from dispatch.places.text import clean, core

COLUMNS = ("code", "name", "level", "lon", "lat", "parent", "aliases", "residents", "radius_metres")
LEVELS = (
    "province", "city", "county", "township", "village", "hamlet",
    "street", "police", "hotel", "school", "hospital", "market", "bank", "poi", "door",
)  # fmt: skip
ADMIN = LEVELS[:6]
_RANK = {level: rank for rank, level in enumerate(LEVELS)}
METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere of 6,371 km
_HIGHEST = 8  # steps up a chain of parents, more is a circle
_NEIGHBOURS = 12


class Admin(NamedTuple):
    """Codes of the units each point lies in, arrays of str in the order asked; "" unknown."""

    county: NDArray[np.object_]
    township: NDArray[np.object_]
    village: NDArray[np.object_]


class Gazetteer:
    """Every named place of an area, columnar, numbered by row.

    Parameters
    ----------
    frame
        Columns `COLUMNS`; levels of `LEVELS`; WGS-84. A missing `aliases`, `residents`,
        `radius_metres` or `parent` column counts as empty. An alias of digits alone is an
        official code, no name. An entry with the point and at least the radius of the unit
        it lies in is known to lie there, and no more: it says nothing of points around it.
    boundaries
        Polygons with `code, name, level, parent`, EPSG:4326. Units that only have a polygon
        join the entries.
    reach_metres
        A point farther than this from every entry lies outside the area.

    Raises
    ------
    TableError
        A column is missing, a code repeated or empty, or a level unknown.
    """

    def __init__(
        self, frame: pd.DataFrame, boundaries: gpd.GeoDataFrame | None = None, reach_metres: float = 15_000.0
    ) -> None:
        rows, polygons = _checked(frame), _polygons(boundaries)
        rows = _with_polygon_units(rows, polygons)
        self.reach_metres = reach_metres
        self.readers: dict[int, Any] = {}  # address readers made of this gazetteer
        self.code: list[str] = rows["code"].tolist()
        self.name: list[str] = rows["name"].tolist()
        self.level: list[str] = rows["level"].tolist()
        self.official_code: dict[int, str] = {}
        self.aliases = [
            self._names_alone(row, given) if given else ""
            for row, given in enumerate(rows["aliases"].tolist())
        ]
        self.lon = rows["lon"].to_numpy(dtype=np.float64)
        self.lat = rows["lat"].to_numpy(dtype=np.float64)
        self.own_radius_metres = rows["radius_metres"].to_numpy(dtype=np.float64)
        self.row_of = {code: row for row, code in enumerate(self.code)}
        self._rank = np.array([_RANK[level] for level in self.level], dtype=np.int64)
        self._parent = np.array(
            [self.row_of.get(code, -1) for code in rows["parent"].tolist()], dtype=np.int64
        )
        self._polygons = polygons
        self._scale = math.cos(math.radians(float(np.nanmedian(self.lat)) if self._placed.any() else 0.0))
        self.ancestors = self._climb()
        """(rows, 6) int64: the row of each entry's unit at each level of `ADMIN`, -1 unknown."""
        self._fill_counties()
        self._own_point = self._placed & ~self._borrowed()

    def __len__(self) -> int:
        return len(self.code)

    def __contains__(self, code: object) -> bool:
        return code in self.row_of

    # what is known of one entry

    def path_names(self, code: str) -> tuple[str, ...]:
        """Names from the county down to the entry itself; () for an unknown code."""
        row = self.row_of.get(code)
        return () if row is None else tuple(self.name[unit] for unit in self.chain(row, top="county"))

    def path(self, code: str) -> dict[str, str]:
        """Level to name, province first, of the entry of that code; {} for an unknown one."""
        row = self.row_of.get(code)
        return {} if row is None else {self.level[unit]: self.name[unit] for unit in self.chain(row)}

    def chain(self, row: int, top: str = "province") -> list[int]:
        """Rows of the units above an entry from `top` down, then the entry itself."""
        above = self.lineage[row]
        return [*(unit for unit in above[ADMIN.index(top) :] if unit >= 0 and unit != row), row]

    @cached_property
    def lineage(self) -> list[list[int]]:
        """`ancestors` as lists, for one row at a time."""
        return cast("list[list[int]]", self.ancestors.tolist())

    def radius_metres(self, row: int, default_metres: float, spacing_share: float = 0.6) -> float:
        """How far from its point an entry reaches: its own extent, or the default of its level.

        Settlements do not reach into their neighbours, so villages and townships are held to
        `spacing_share` of the way to the nearest of their level.
        """
        own = float(self.own_radius_metres[row])
        radius = own if math.isfinite(own) and own > 0 else default_metres
        if self.level[row] in ("township", "village", "hamlet"):
            radius = min(radius, max(150.0, spacing_share * float(self.spacing_metres[row])))
        return radius

    def find(self, name: str, level: str | None = None) -> tuple[str, ...]:
        """Codes of the entries of that name, suffixes and punctuation aside."""
        wanted = clean(name)
        rows: dict[int, None] = {}
        for one in (level,) if level else LEVELS:
            for row in self.index.get(core(wanted, one), ()):
                if self.level[row] == one and clean(self.name[row]) == wanted:
                    rows.setdefault(row)
            for row in self.index.get(core(wanted, one), ()):
                if self.level[row] == one:
                    rows.setdefault(row)
        return tuple(self.code[row] for row in rows)

    # where a point lies

    def xy_metres(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
        """Points as metres east and north, shape (n, 2): equirectangular about the area's middle."""
        east = _flat(lon) * (METRES_PER_DEGREE * self._scale)
        return np.column_stack([east, _flat(lat) * METRES_PER_DEGREE])

    def metres_to_nearest(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
        """Metres from each point to the nearest entry with a position; inf where there is none."""
        tree = self._trees["any"][0]
        xy = self.xy_metres(lon, lat)
        usable = np.isfinite(xy).all(axis=1)
        metres = np.full(len(xy), np.inf)
        if tree is not None and usable.any():
            metres[usable] = tree.query(xy[usable])[0]
        return metres

    def nearest_entry(self, lon: float, lat: float) -> tuple[int, float]:
        """Row of the entry closest to a point, and how many metres away; -1 and inf where none is."""
        tree, rows = self._trees["any"]
        xy = self.xy_metres(lon, lat)
        if tree is None or not np.isfinite(xy).all():
            return -1, math.inf
        metres, at = tree.query(xy[0])
        return int(rows[at]), float(metres)

    def inside(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
        """Whether each point lies in a boundary, or within `reach_metres` of an entry."""
        x, y = _flat(lon), _flat(lat)
        in_polygon = np.zeros(len(x), dtype=bool)
        for level in ("county", "township"):
            in_polygon |= self._polygon_rows(level, x, y) >= 0
        return np.asarray(in_polygon | (self.metres_to_nearest(x, y) <= self.reach_metres))

    def admin(self, lon: ArrayLike, lat: ArrayLike) -> Admin:
        """County, township and village of each point: by polygon, else by the nearest village.

        The nearest village is taken within the county and township the polygons name, and no
        farther than `reach_metres`; where there is none, the nearest township; what remains
        unknown is "".
        """
        x, y = _flat(lon), _flat(lat)
        village = self._polygon_rows("village", x, y)
        township = self._polygon_rows("township", x, y)
        township = np.where(township < 0, self._above(village, "township"), township)
        county = self._above(township, "county")
        county = np.where(county < 0, self._polygon_rows("county", x, y), county)
        village = np.where(village < 0, self._nearest("village", x, y, county, township), village)
        township = np.where(township < 0, self._above(village, "township"), township)
        nearest = self._nearest("township", x, y, county, np.full(len(x), -1))
        township = np.where(township < 0, nearest, township)
        county = np.where(county < 0, self._above(township, "county"), county)
        county = np.where(county < 0, self._above(village, "county"), county)
        codes = np.array([*self.code, ""], dtype=object)
        return Admin(codes[county], codes[township], codes[village])

    @cached_property
    def spacing_metres(self) -> NDArray[np.float64]:
        """(rows,) metres to the nearest other entry of the same level; inf where alone."""
        metres = np.full(len(self.code), np.inf)
        for rank in np.unique(self._rank):
            rows = np.flatnonzero((self._rank == rank) & self._own_point)
            if len(rows) > 1:
                xy = self.xy_metres(self.lon[rows], self.lat[rows])
                metres[rows] = cKDTree(xy).query(xy, k=2)[0][:, 1]
        return metres

    @cached_property
    def index(self) -> dict[str, tuple[int, ...]]:
        """Rows by the core of their names and aliases (see `dispatch.places.text.core`)."""
        found: dict[str, dict[int, None]] = {}
        for row, (name, level, aliases) in enumerate(zip(self.name, self.level, self.aliases, strict=True)):
            for form in (name, *aliases.split("|")) if aliases else (name,):
                key = core(clean(form), level)
                if level == "village" and key == self._parent_name(row):
                    key = clean(form)  # the living quarters of a farm bear the farm's whole name
                if len(key) >= 2:
                    found.setdefault(key, {}).setdefault(row)
        return {key: tuple(rows) for key, rows in found.items()}

    def _parent_name(self, row: int) -> str:
        parent = int(self._parent[row])
        return clean(self.name[parent]) if parent >= 0 else ""

    @cached_property
    def lengths(self) -> dict[str, tuple[int, ...]]:
        """By the first two signs: how long the indexed names starting so are, longest first."""
        found: dict[str, set[int]] = {}
        for key in self.index:
            found.setdefault(key[:2], set()).add(len(key))
        return {start: tuple(sorted(lengths, reverse=True)) for start, lengths in found.items()}

    # inside

    @cached_property
    def _placed(self) -> NDArray[np.bool_]:
        return np.asarray(np.isfinite(self.lon) & np.isfinite(self.lat))

    @cached_property
    def _trees(self) -> dict[str, tuple[Any, NDArray[np.int64]]]:
        trees: dict[str, tuple[Any, NDArray[np.int64]]] = {}
        for level in ("any", "township", "village"):
            # the seat of a province says nothing of the points around it: they may be of another area
            lowest = ADMIN.index("county")
            fits = self._rank >= lowest if level == "any" else self._rank == LEVELS.index(level)
            wanted = self._own_point & fits
            rows = np.flatnonzero(wanted)
            tree = cKDTree(self.xy_metres(self.lon[rows], self.lat[rows])) if len(rows) else None
            trees[level] = (tree, rows)
        return trees

    def _names_alone(self, row: int, aliases: str) -> str:
        """Aliases without official codes, which are remembered by row."""
        if not any(map(str.isdecimal, aliases)):
            return aliases
        forms = aliases.split("|")
        for form in forms:
            if form.isdecimal():
                self.official_code[row] = form
        return "|".join(form for form in forms if not form.isdecimal())

    def _borrowed(self) -> NDArray[np.bool_]:
        """Entries that have the point of the unit they lie in, and at least its radius."""
        known = (self._parent >= 0) & (self._rank < len(ADMIN))
        above = np.where(known, self._parent, 0)
        if not len(above):
            return np.zeros(0, dtype=bool)
        same = (self.lon == self.lon[above]) & (self.lat == self.lat[above])
        wide = self.own_radius_metres >= np.nan_to_num(self.own_radius_metres[above], nan=1_000.0)
        return np.asarray(known & same & wide)

    def _climb(self) -> NDArray[np.int64]:
        """Follow parents upwards, every row at once; a circle ends after `_HIGHEST` steps."""
        table = np.full((len(self.code), len(ADMIN)), -1, dtype=np.int64)
        here = np.arange(len(self.code), dtype=np.int64)
        for _ in range(_HIGHEST):
            known = np.flatnonzero(here >= 0)
            rank = self._rank[here[known]]
            known, rank = known[rank < len(ADMIN)], rank[rank < len(ADMIN)]
            empty = table[known, rank] < 0
            table[known[empty], rank[empty]] = here[known[empty]]
            here = np.where(here >= 0, self._parent[here], -1)
        return table

    def _fill_counties(self) -> None:
        """Where no parent says the county, a county polygon around the entry does."""
        column = ADMIN.index("county")
        rows = np.flatnonzero((self.ancestors[:, column] < 0) & self._placed & (self._rank > column))
        counties = self._polygon_rows("county", self.lon[rows], self.lat[rows])
        self.ancestors[rows, column] = counties
        for upper in range(column):
            above = np.where(counties >= 0, self.ancestors[counties, upper], -1)
            empty = self.ancestors[rows, upper] < 0
            self.ancestors[rows[empty], upper] = above[empty]

    def _above(self, rows: NDArray[np.int64], level: str) -> NDArray[np.int64]:
        if not len(self.code):
            return np.full(len(rows), -1, dtype=np.int64)
        return np.where(rows >= 0, self.ancestors[rows, ADMIN.index(level)], -1)

    def _polygon_rows(
        self, level: str, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        found = np.full(len(lon), -1, dtype=np.int64)
        tree, codes = self._polygon_trees.get(level, (None, ()))
        usable = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        if tree is None or not len(usable):
            return found
        at, polygon = tree.query(points(lon[usable], lat[usable]), predicate="intersects")
        # on a shared edge the first polygon wins, whatever order the tree answers in
        order = np.lexsort((polygon, at))[::-1]
        rows = np.array([self.row_of[code] for code in codes], dtype=np.int64)
        found[usable[at[order]]] = rows[polygon[order]]
        return found

    @cached_property
    def _polygon_trees(self) -> dict[str, tuple[Any, tuple[str, ...]]]:
        trees: dict[str, tuple[Any, tuple[str, ...]]] = {}
        for level in ADMIN:
            part = self._polygons[self._polygons["level"] == level]
            if len(part):
                trees[level] = (STRtree(part.geometry.to_numpy()), tuple(part["code"]))
        return trees

    def _nearest(
        self, level: str, lon: NDArray[np.float64], lat: NDArray[np.float64],
        county: NDArray[np.int64], township: NDArray[np.int64],
    ) -> NDArray[np.int64]:  # fmt: skip
        """The nearest entry of `level` that does not contradict a known county or township."""
        best = np.full(len(lon), -1, dtype=np.int64)
        tree, rows = self._trees[level]
        usable = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        if tree is None or not len(usable):
            return best
        count = min(_NEIGHBOURS, len(rows))
        metres, at = tree.query(self.xy_metres(lon[usable], lat[usable]), k=np.arange(1, count + 1))
        for column in range(count):
            row = rows[at[:, column]]
            fits = metres[:, column] <= self.reach_metres
            for known, unit in ((county, "county"), (township, "township")):
                own = self._above(row, unit)
                fits &= (known[usable] < 0) | (own < 0) | (own == known[usable])
            take = fits & (best[usable] < 0)
            best[usable[take]] = row[take]
        return best


def _flat(values: ArrayLike) -> NDArray[np.float64]:
    """Degrees as a row of numbers; what no longitude or latitude can be is unknown."""
    degrees = np.ravel(np.asarray(values, dtype=np.float64))
    return np.where(np.abs(degrees) <= 360.0, degrees, np.nan)


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns this stage uses, typed; every fault of the table at once."""
    faults = [
        f"column {name!r} is missing" for name in ("code", "name", "level", "lon", "lat") if name not in frame
    ]
    if faults:
        raise TableError("gazetteer", faults)
    rows = pd.DataFrame(index=range(len(frame)))
    for name in ("code", "name", "level", "parent", "aliases"):
        texts = frame[name].tolist() if name in frame else [""] * len(frame)
        rows[name] = np.array(
            texts if set(map(type, texts)) == {str} else list(map(_as_text, texts)), dtype=object
        )
    for name in ("lon", "lat", "radius_metres"):
        given = frame[name].tolist() if name in frame else [math.nan] * len(frame)
        rows[name] = pd.to_numeric(pd.Series(given, dtype=object), errors="coerce").astype(np.float64)
    if unknown := sorted(set(rows["level"]) - set(LEVELS)):
        faults.append(f"unknown level {', '.join(map(repr, unknown[:5]))}; known: {', '.join(LEVELS)}")
    twins = rows["code"][rows["code"].duplicated()].unique().tolist()
    if twins:
        faults.append(f"codes must differ; repeated: {', '.join(map(repr, twins[:5]))}")
    if (rows["code"] == "").any():
        faults.append("a row has no code")
    if faults:
        raise TableError("gazetteer", faults)
    return rows


def _as_text(value: Any) -> str:
    """A code read as a number is still that code; a missing value is empty."""
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _polygons(boundaries: gpd.GeoDataFrame | None) -> Any:
    if boundaries is None or not len(boundaries):
        return pd.DataFrame({"code": [], "name": [], "level": [], "parent": [], "geometry": []})
    faults = [f"column {name!r} is missing" for name in ("code", "name", "level") if name not in boundaries]
    if boundaries.crs is not None and boundaries.crs.to_epsg() not in (4326, 4490):
        faults.append(f"boundaries are in {boundaries.crs}, expected EPSG:4326")
    if faults:
        raise TableError("boundaries", faults)
    rows = boundaries.copy()
    for name in ("code", "name", "level", "parent"):
        rows[name] = [_as_text(one) for one in rows[name]] if name in rows else ""
    usable = (
        rows.geometry.notna()
        & ~rows.geometry.is_empty
        & rows.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    )
    return rows[usable & (rows["code"] != "") & rows["level"].isin(ADMIN)].drop_duplicates("code")


def _with_polygon_units(rows: pd.DataFrame, polygons: Any) -> pd.DataFrame:
    """Entries for units that only a polygon knows, and positions for units without one."""
    if not len(polygons):
        return rows
    middle = polygons.geometry.representative_point()
    at = dict(zip(polygons["code"], zip(middle.x, middle.y, strict=True), strict=True))
    lost = rows["code"].isin(list(at)) & (rows["lon"].isna() | rows["lat"].isna())
    for row in rows.index[lost]:
        rows.loc[row, ["lon", "lat"]] = at[rows.loc[row, "code"]]
    fresh = polygons[~polygons["code"].isin(rows["code"])]
    if not len(fresh):
        return rows
    extra = pd.DataFrame({name: fresh[name].tolist() for name in ("code", "name", "level", "parent")})
    extra["aliases"] = ""
    extra["lon"], extra["lat"] = (np.array([at[code][axis] for code in extra["code"]]) for axis in (0, 1))
    extra["radius_metres"] = np.nan
    return pd.concat([rows, extra[rows.columns]], ignore_index=True)
