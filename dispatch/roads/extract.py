"""What any source of roads gives: a network, names, boundaries, water, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dispatch.roads.network import Network

RIVERS = ("river", "canal")
CRS = "EPSG:4326"


@dataclass(frozen=True, slots=True)
class Extract:
    """What an extract holds for us; parents in the gazetteer are not yet filled.

    `boundaries` has `code, name, level, parent, geometry`, `water` `name, geometry`, both
    EPSG:4326; `dropped` counts what was left out, by the name of the reason.
    """

    network: Network
    gazetteer: pd.DataFrame
    boundaries: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    dropped: dict[str, int]


def boundary_layer(rows: list[tuple[str, str, str, str]]) -> gpd.GeoDataFrame:
    """Rows of code, name, level and hex WKB as the table of boundaries, parents still empty."""
    code, name, level, shape = ([row[part] for row in rows] for part in range(4))
    table = _layer({"code": code, "name": name, "level": level, "parent": [""] * len(rows)}, shape)
    return table.drop_duplicates("code").sort_values("code", ignore_index=True)


def water_layer(rows: list[tuple[str, str]]) -> gpd.GeoDataFrame:
    """Rows of name and hex WKB as the table of rivers and lakes."""
    return _layer({"name": [name for name, _ in rows]}, [shape for _, shape in rows])


def _layer(columns: dict[str, list[str]], shapes: list[str]) -> gpd.GeoDataFrame:
    """Hex WKB and its columns as a table; what cannot be repaired is left out."""
    geometry = shapely.make_valid(shapely.from_wkb(np.array(shapes, dtype=object)))
    table = gpd.GeoDataFrame(columns, geometry=geometry, crs=CRS)
    return table[~table.geometry.is_empty].reset_index(drop=True)
