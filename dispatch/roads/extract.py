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
DROPPED = {
    "unconnected_pieces": ("与路网不相连的零散路块", "pieces of road not joined to the rest"),
    "unconnected_edges": ("零散路块中的路段", "edges in those pieces"),
    "ways_without_access": ("禁止通行的道路（私有、禁行）", "ways without access (private, no)"),
    "ways_not_built": ("在建、规划或废弃道路", "ways proposed, under construction or given up"),
    "ways_not_roads": ("不是道路的线（站台、服务区等）", "lines that are no roads (platforms, rest areas)"),
    "turns_over_ways": (
        "经由整条道路的转向限制（无法表示）",
        "turn restrictions that lead over a way (cannot be kept)",
    ),
    "turns_at_times": ("仅在部分时段有效的转向限制", "turn restrictions that hold at some hours only"),
    "turns_for_others": (
        "只限货车、公交等车辆的转向限制",
        "turn restrictions for lorries, buses and others only",
    ),
    "turns_elsewhere": ("所涉道路不在数据中的转向限制", "turn restrictions about ways not in the data"),
    "turns_needless": (
        "因单行本来就无法转的转向限制",
        "turn restrictions where one-ways rule the turn out anyway",
    ),
    "turns_unclear": ("写法不完整或有歧义的转向限制", "turn restrictions that are incomplete or ambiguous"),
    "nodes_missing": ("缺失的节点（道路在此中断）", "nodes that are missing (ways break there)"),
    "nodes_outside": ("远在区域之外的节点", "nodes far outside the area"),
    "maxspeeds_unreadable": ("无法识别的限速值", "speed limits that cannot be read"),
    "shapes_broken": ("残缺的水系或边界", "broken outlines and waters"),
    "places_outside": ("远在道路之外的地点", "places far from every road"),
    "outlines_outside": ("其中没有本区道路的边界", "outlines that hold no road of the area"),
    "places_twice": ("图上重复、并为一处的地点", "places the map holds twice, made one"),
}
"""What may be dropped and why, in Chinese and English."""


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
