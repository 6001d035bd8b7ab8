"""The tables of an area folder on disk: the gazetteer as CSV, outlines and waters as GeoJSON."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from dispatch.errors import BadInput, MissingInput, TableError
from dispatch.roads.extract import CRS
from dispatch.roads.named import COLUMNS
from dispatch.tables import Table

GAZETTEER = Table(
    "gazetteer",
    {"code": "text", "name": "text", "level": "text", "lon": "number", "lat": "number", "parent": "text",
     "aliases": "text", "residents": "number", "radius_metres": "number"},
    key="code",
)  # fmt: skip
BOUNDARIES = Table(
    "boundaries",
    {"code": "text", "name": "text", "level": "text", "parent": "text", "geometry": "shapes"},
    key="code",
    crs=CRS,
)
WATER = Table("water", {"name": "text", "geometry": "shapes"}, crs=CRS)


def write_gazetteer(gazetteer: pd.DataFrame, path: Path) -> None:
    """CSV in UTF-8 with `COLUMNS`; coordinates to 1e-7 degrees."""
    table = GAZETTEER.check(gazetteer)[COLUMNS].round({"lon": 7, "lat": 7, "radius_metres": 1})
    table.to_csv(path, index=False, lineterminator="\n")


def read_gazetteer(path: Path) -> pd.DataFrame:
    """The gazetteer's table; MissingInput, BadInput or TableError where it cannot be used."""
    numbers = ["lon", "lat", "residents", "radius_metres"]
    try:
        kinds = dict.fromkeys(COLUMNS, str) | dict.fromkeys(numbers, float)
        blank = {name: [""] for name in numbers}
        table = pd.read_csv(path, dtype=kinds, keep_default_na=False, na_values=blank, encoding="utf-8")
        if missing := [name for name in COLUMNS if name not in table.columns]:
            raise TableError("gazetteer", [f"column {name!r} is missing" for name in missing])
        table = table[COLUMNS].astype(dict.fromkeys(set(COLUMNS) - set(numbers), object))
    except FileNotFoundError as cause:
        raise MissingInput(path) from cause
    except (OSError, ValueError, pd.errors.ParserError) as cause:
        raise BadInput(f"{path} is damaged ({' '.join(str(cause).split())[:150]})") from cause
    outside = ~(table["lon"].abs().le(180) & table["lat"].abs().le(90))
    if outside.any():
        code = table.loc[outside, "code"].iloc[0]
        raise BadInput(f"{path}: {code} lies nowhere; expected longitude and latitude in degrees")
    return GAZETTEER.check(table)


def write_layer(table: gpd.GeoDataFrame, path: Path) -> None:
    """GeoJSON with coordinates to 0.1 m, one feature a line."""
    columns = [name for name in table.columns if name != "geometry"]
    shapes = shapely.to_geojson(shapely.set_precision(table.geometry.to_numpy(), 1e-6, mode="pointwise"))
    rows = zip(*(table[name] for name in columns), strict=True) if columns else ()
    features = [
        '{"type":"Feature","properties":'
        + json.dumps(dict(zip(columns, values, strict=True)), ensure_ascii=False)
        + f',"geometry":{shape}}}'
        for values, shape in zip(rows, shapes, strict=True)
    ]
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"
    path.write_text(text, encoding="utf-8")


def read_layer(path: Path, contract: Table) -> gpd.GeoDataFrame:
    """A GeoJSON layer that keeps its contract; MissingInput, BadInput or TableError if not."""
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        columns = {
            name: pd.Series([str(one["properties"].get(name) or "") for one in features], dtype=object)
            for name in contract.columns
            if name != "geometry"
        }
        shapes = shapely.from_geojson([json.dumps(one["geometry"]) for one in features])
    except FileNotFoundError as cause:
        raise MissingInput(path) from cause
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, shapely.errors.ShapelyError,
    ) as cause:  # fmt: skip
        raise BadInput(f"{path} is damaged ({' '.join(str(cause).split())[:150]})") from cause
    return contract.check(gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS))
