"""An area folder: roads, names, outlines, waters and default responders of one jurisdiction.

Made of an OpenStreetMap extract by `import_area` or `download_area`, opened by `open_area`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import geopandas as gpd
import numpy as np
import pandas as pd
import platformdirs
import shapely

from dispatch.errors import BadInput, MissingInput, SchemaError
from dispatch.reasons import Language
from dispatch.roads.extract import CRS, DROPPED, Extract
from dispatch.roads.layers import (
    BOUNDARIES,
    WATER,
    read_gazetteer,
    read_layer,
    write_gazetteer,
    write_layer,
)
from dispatch.roads.network import FORWARD, Network
from dispatch.roads.tags import plain
from dispatch.roads.travel import Travel
from dispatch.settings import Duty, data_folder, section
from dispatch.store import recover, refuse_overwrite, write_folder

if TYPE_CHECKING:
    import networkx as nx

SCHEMA = 1
FILES = ("area.toml", "roads.npz", "gazetteer.csv", "boundaries.geojson", "water.geojson",
         "responders.csv", "jurisdiction.csv")  # fmt: skip
WORDS = {
    "junctions": ("路口", "junctions"),
    "nodes": ("路口", "junctions"),
    "names": ("路名", "road names"),
    "edges": ("路段", "road edges"),
    "road_km": ("道路公里", "km of road"),
    "province": ("省级", "provinces"),
    "city": ("地级市", "cities"),
    "county": ("县级", "counties"),
    "township": ("乡镇街道", "townships"),
    "village": ("村社区", "villages"),
    "hamlet": ("自然村", "hamlets"),
    "street": ("街道路名", "streets"),
    "police": ("派出所", "police stations"),
    "hotel": ("酒店", "hotels"),
    "school": ("学校", "schools"),
    "hospital": ("医院", "hospitals"),
    "market": ("市场", "markets"),
    "bank": ("银行", "banks"),
    "poi": ("其他地点", "other points"),
    "door": ("门牌", "doors"),
    "responders": ("默认处置力量", "default responders"),
    "answered_by_road": ("按道路行程归属派出所的村镇", "places given to a station by road"),
    "township_by_road": ("按道路行程归属乡镇的地点", "places given to a township by road"),
    "turn_restrictions": ("转向限制", "turn restrictions"),
    "county_by_road": ("按道路行程归属县的乡镇", "townships given to a county by road"),
} | DROPPED
"""What is counted, in Chinese and English."""
OSM_ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
_NAMED = 8  # counties named, of those that have townships by road alone
WATER_TOLERANCE_DEGREES = 2e-4  # some 20 m: the basemap draws no finer


@dataclass(frozen=True, slots=True)
class Area:
    """One jurisdiction, ready to plan in. Tables are as `GAZETTEER`, `BOUNDARIES`, `WATER` say.

    `metric_crs` is the one CRS measurements are made in; `counts` and `dropped` are what
    `describe` shows; `folder` is None only before the area is first written.
    """

    name: str
    folder: Path | None
    language: str
    time_zone: str
    metric_crs: str
    source: str
    attribution: str
    synthetic: bool
    network: Network
    gazetteer: pd.DataFrame
    boundaries: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    counts: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """SHA-256 over the names and bytes of the folder's files, in order; "" before it has any."""
        return "" if self.folder is None else folder_hash(self.folder)

    def cache_folder(self) -> Path | None:
        """Where what is dear to prepare may be kept; None before the area has a folder.

        In the area's own folder, or in the user's state folder where that is bundled or
        cannot be written to. It need not exist yet.
        """
        if self.folder is None:
            return None
        bundled = self.folder.resolve().parent == data_folder().resolve()
        if not bundled and os.access(self.folder, os.W_OK):
            return self.folder / "cache"
        return platformdirs.user_state_path("field-dispatch") / "areas" / self.folder.name

    def to_osmnx(self, profile: str = "car") -> nx.MultiDiGraph:
        """The roads a profile may use as a graph OSMnx understands (unprojected)."""
        if profile not in FORWARD:
            raise BadInput(f"profile is {profile!r}, expected one of {', '.join(FORWARD)}")
        from dispatch.roads.graphs import to_graph  # noqa: PLC0415 - loads networkx

        return to_graph(self.network, profile)


def import_area(extract: Path, out: Path, name: str | None = None, force: bool = False) -> Area:
    """Make an area folder of an extract and open it.

    Raises
    ------
    MissingInput, BadInput
        The extract is not there, damaged, hostile, or without roads.
    OutputExists
        `out` is there and `force` is not given.
    """
    from dispatch.roads.osm import read_extract  # noqa: PLC0415 - loads osmium

    extract = Path(extract)
    refuse_overwrite(Path(out), force=force)
    title = name or re.sub(r"(\.osm)?(\.pbf|\.gz)?$|\.osm$|\.graphml$", "", extract.name, flags=re.I)
    return _make(read_extract(extract), title, extract.name, Path(out), force=force)


def download_area(query: str, out: Path, force: bool = False) -> Area:
    """The same from OpenStreetMap's servers, for a place they know: ``茂名市, 广东省``."""
    from dispatch.roads.download import download_extract  # noqa: PLC0415 - what asks servers loads last

    refuse_overwrite(Path(out), force=force)
    return _make(download_extract(query), query, f"OpenStreetMap, {query}", Path(out), force=force)


def open_area(name_or_folder: str | Path) -> Area:
    """Open an area folder, or a bundled area by its name.

    Raises
    ------
    MissingInput, SchemaError, BadInput
        There is no such area, it is of another version, or one of its files is damaged.
    """
    folder = area_folder(name_or_folder)
    about = _read_about(folder / "area.toml")
    area = Area(
        folder=folder,
        network=Network.read(folder / "roads.npz"),
        gazetteer=read_gazetteer(folder / "gazetteer.csv"),
        boundaries=read_layer(folder / "boundaries.geojson", BOUNDARIES),
        water=read_layer(folder / "water.geojson", WATER),
        **about,
    )
    if area.network.edge_count and not area.network.node_count:
        raise BadInput(f"{folder} holds roads without junctions; import the area again")
    return area


def area_folder(name_or_folder: str | Path) -> Path:
    """The folder of an area, or of a bundled one by its name; MissingInput where there is none."""
    folder = Path(name_or_folder)
    recover(folder)
    if (folder / "area.toml").is_file():
        return folder
    bundled = data_folder() / str(name_or_folder)
    if len(folder.parts) != 1 or not (bundled / "area.toml").is_file():
        raise MissingInput(folder / "area.toml", "dispatch area import EXTRACT --out AREA")
    return bundled


def folder_hash(folder: Path) -> str:
    """SHA-256 over the names and bytes of an area folder's files, in order."""
    digest = hashlib.sha256()
    for name in FILES:
        path = folder / name
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def write_area(
    area: Area, out: Path, responders: pd.DataFrame, jurisdiction: pd.DataFrame, *, force: bool = False
) -> None:
    """Write all files of an area folder, whole or not at all; the same area gives the same bytes."""
    BOUNDARIES.check(area.boundaries)
    WATER.check(area.water)

    def fill(folder: Path) -> None:
        (folder / "area.toml").write_text(_about_text(area), encoding="utf-8")
        area.network.write(folder / "roads.npz")
        write_gazetteer(area.gazetteer, folder / "gazetteer.csv")
        write_layer(area.boundaries, folder / "boundaries.geojson")
        write_layer(area.water, folder / "water.geojson")
        responders.to_csv(folder / "responders.csv", index=False, lineterminator="\n")
        jurisdiction.to_csv(folder / "jurisdiction.csv", index=False, lineterminator="\n")

    write_folder(out, fill, force=force)


def describe(area: Area, language: Language = "zh") -> str:
    """What `area show` prints: counts, extent, what was dropped and why, what is only guessed."""
    side = 0 if language == "zh" else 1
    lines = [f"{area.name}  [{area.folder or '-'}]"]
    if area.synthetic:
        lines.append(
            ("演练数据：道路、地点、人员均为虚构", "PRACTICE DATA: roads, points and people invented")[side]
        )
    lines.append(f"{('来源', 'source')[side]}: {area.source}; {area.attribution}")
    lines.append(
        f"{('时区', 'time zone')[side]}: {area.time_zone}; {('米制坐标系', 'metric CRS')[side]}: {area.metric_crs}"
    )
    if area.network.node_count:
        west, east = area.network.node_lon.min(), area.network.node_lon.max()
        south, north = area.network.node_lat.min(), area.network.node_lat.max()
        lines.append(
            f"{('范围', 'extent')[side]}: {west:.4f}–{east:.4f} E, {south:.4f}–{north:.4f} N (WGS-84)"
        )
    for titles, table in (
        (("数量", "counts"), area.counts),
        (("未采用", "dropped"), area.dropped),
    ):
        lines.append(f"{titles[side]}:" + ("" if table else f" {('无', 'none')[side]}"))
        lines += [f"  {WORDS.get(key, (key, key))[side]}: {count:,}" for key, count in table.items()]
    lines += [words[side] for words in _notes(area)]
    return "\n".join(lines)


def _notes(area: Area) -> list[tuple[str, str]]:
    """What the figures do not say by themselves, in Chinese and English."""
    unheeded = [
        key for key in ("turns_over_ways", "turns_at_times", "turns_unclear") if area.dropped.get(key)
    ]
    no_turns = area.counts.get("turn_restrictions") == 0 and not any(
        key.startswith("turns_") for key in area.dropped
    )
    notes = (
        (
            area.counts.get("answered_by_road"),
            "数据中没有派出所辖区界线：各村镇由道路行程最近的派出所负责",
            "no police boundaries in the data: each place is answered for by its nearest-by-road station",
        ),
        (
            area.counts.get("township_by_road"),
            "没有乡镇界线处：村、地点归属道路行程最近的乡镇驻地",
            "where no township outline is: villages and places belong to the nearest township by road",
        ),
        (
            area.counts.get("county_by_road") and _guessed(area, ""),
            f"没有县级界线处：乡镇归属道路行程最近的县城：{_guessed(area, '、')}；如有误，请用 area add --list 导入区划代码",
            "where no county outline is: townships belong to the nearest county seat by road: "
            f"{_guessed(area, ', ')}; if wrong, add an administrative list (area add --list)",
        ),
        (
            unheeded,
            "未采用的转向限制处，路线仍可能转弯：以现场标志为准",
            "where a turn restriction was dropped a route may still turn: heed the signs",
        ),
        (
            no_turns,
            "来源中没有转向限制：所有转弯均视为允许",
            "the source holds no turn restrictions: every turn counts as allowed",
        ),
    )
    return [(chinese, english) for holds, chinese, english in notes if holds]


def _guessed(area: Area, comma: str) -> str:
    """The counties that have townships by road alone, those with most first, and how many each."""
    rows = area.gazetteer
    levels = dict(zip(rows["code"], rows["level"], strict=True))
    towns = rows[(rows["level"] == "township") & (rows["parent"].map(levels) == "county")]
    counties = area.boundaries[area.boundaries["level"] == "county"]
    outlines = shapely.STRtree(counties.geometry.to_numpy())
    points = shapely.points(towns["lon"].to_numpy(), towns["lat"].to_numpy())
    outlined = np.unique(outlines.query(points, predicate="within")[0])
    guessed = towns["parent"].drop(towns.index[outlined]).value_counts(sort=False)
    names = dict(zip(rows["code"], rows["name"], strict=True))
    found = sorted(((-int(count), str(names[code])) for code, count in guessed.items()))
    shown = [f"{name} {-count}" for count, name in found[:_NAMED]]
    return comma.join(shown) + (f" … (+{len(found) - _NAMED})" if len(found) > _NAMED else "")


def utm_crs(lon: float, lat: float) -> str:
    """The EPSG name of the UTM zone a point lies in."""
    zone = min(60, int((lon + 180) // 6) + 1)
    return f"EPSG:{326 if lat >= 0 else 327}{zone:02d}"


def time_zone_of(lon: float, language: str) -> str:
    """Asia/Shanghai where names are Chinese; elsewhere the sea's zone of that longitude.

    The latter knows no law and no summer time: it is written in `area.toml` to be mended.
    """
    if language == "zh" and 73 <= lon <= 136:
        return "Asia/Shanghai"
    hours = round(lon / 15)
    return f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"  # this family counts westward


def _make(extract: Extract, name: str, source: str, out: Path, *, force: bool) -> Area:
    from dispatch.intake.derive import derive_responders  # noqa: PLC0415 - only an import needs these
    from dispatch.roads.belonging import belong  # noqa: PLC0415

    network = extract.network
    belonging = belong(extract.gazetteer, extract.boundaries, Travel(network, "car"))
    lon, lat = float(np.median(network.node_lon)), float(np.median(network.node_lat))
    names = "".join(belonging.gazetteer["name"].head(2000)) or "".join(network.names[:2000].tolist())
    chinese = sum("\u4e00" <= letter <= "\u9fff" for letter in names)
    language = "zh" if chinese * 2 >= len(names) and names else "en"
    responders, jurisdiction = derive_responders(
        belonging.gazetteer, belonging.station_of, section(Duty, "duty")
    )
    area = Area(
        name=plain(name) or "area",
        folder=None,
        language=language,
        time_zone=time_zone_of(lon, language),
        metric_crs=utm_crs(lon, lat),
        source=plain(source),
        attribution=OSM_ATTRIBUTION,
        synthetic=False,
        network=network,
        gazetteer=belonging.gazetteer,
        boundaries=belonging.boundaries,
        water=_coarse(extract.water),
        counts=_counts(network, belonging.gazetteer)
        | {f"{level}_by_road": count for level, count in belonging.by_road.items()}
        | {"answered_by_road": len(belonging.station_of), "responders": len(responders)},
        dropped=extract.dropped | ({"places_twice": belonging.twice} if belonging.twice else {}),
    )
    write_area(area, out, responders, jurisdiction, force=force)
    return open_area(Path(out).resolve())


def _counts(network: Network, gazetteer: pd.DataFrame) -> dict[str, int]:
    metres = network.edge_length_metres.astype(np.float64)
    return {
        "junctions": network.node_count,
        "edges": network.edge_count,
        "road_km": round(float(metres.sum()) / 1000),  # m -> km
        "turn_restrictions": len(network.turn_only),
    } | {str(level): int(count) for level, count in gazetteer["level"].value_counts(sort=False).items()}


def _coarse(water: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = shapely.simplify(water.geometry.to_numpy(), WATER_TOLERANCE_DEGREES)
    table = gpd.GeoDataFrame({"name": water["name"].to_numpy()}, geometry=shapes, crs=CRS)
    table = table[~table.geometry.is_empty & table.geometry.is_valid]
    return table.reset_index(drop=True)


def _about_text(area: Area) -> str:
    plain_keys = ("name", "language", "time_zone", "metric_crs", "source", "attribution")
    lines = [f"schema = {SCHEMA}"]
    lines += [f"{key} = {_quoted(getattr(area, key))}" for key in plain_keys]
    lines += [f"synthetic = {str(area.synthetic).lower()}"]
    for title, table in (("counts", area.counts), ("dropped", area.dropped)):
        lines += ["", f"[{title}]", *(f"{key} = {int(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read_about(path: Path) -> dict[str, Any]:
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as cause:
        raise BadInput(f"{path} is damaged ({cause}); import the area again") from cause
    if given.get("schema") != SCHEMA:
        raise SchemaError(f"{path} has schema {given.get('schema')!r}, this version reads {SCHEMA}")
    kinds: dict[str, type] = dict.fromkeys(
        ("name", "language", "time_zone", "metric_crs", "source", "attribution"), str
    ) | {"synthetic": bool, "counts": dict, "dropped": dict}
    for key, kind in kinds.items():
        if not isinstance(given.get(key), kind):
            raise BadInput(f"{path}: {key} is {given.get(key)!r}, expected a {kind.__name__}")
    try:
        ZoneInfo(given["time_zone"])
    except (ValueError, OSError, ZoneInfoNotFoundError) as cause:
        zone = given["time_zone"]
        raise BadInput(f"{path}: time_zone is {zone!r:.60}, expected a name such as Asia/Shanghai") from cause
    for title in ("counts", "dropped"):
        for key, value in given[title].items():
            if isinstance(value, bool) or not isinstance(value, int):
                raise BadInput(f"{path}: {title}.{key} is {value!r}, expected a whole number")
    return {key: given[key] for key in kinds}
