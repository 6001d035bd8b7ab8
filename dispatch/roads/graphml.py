"""GraphML as OSMnx saves it, read with the plain XML parser and nothing evaluated.

Document types, and with them entities, are refused; lists such as ``[1, 2]`` are taken apart
as text. Names of places are not in such a file, so its gazetteer holds streets only.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat  # entities are refused below, before they could grow

import numpy as np
import shapely

from dispatch.errors import BadInput
from dispatch.roads import named
from dispatch.roads.network import BACKWARD, FORWARD
from dispatch.roads.osm import Extract, boundary_layer, water_layer
from dispatch.roads.simplify import Ways, simplify
from dispatch.roads.tags import read_road

CHUNK_BYTES = 1 << 20
LONGEST_TEXT = 4_000_000
"""Characters of one value; a drawn line of 100,000 points fits."""
_LIST_ITEM = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^\[\],'\"\s][^\[\],'\"]*)")
Tags = dict[str, str]


@dataclass
class _Reading:
    """Keys, nodes and edges as they stream by."""

    keys: dict[str, str] = field(default_factory=dict)
    graph: Tags = field(default_factory=dict)
    nodes: dict[str, Tags] = field(default_factory=dict)
    edges: list[tuple[str, str, Tags]] = field(default_factory=list)
    into: Tags | None = None
    key: str = ""
    text: list[str] = field(default_factory=list)
    size: int = 0

    def open(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "key":
            self.keys[attributes.get("id", "")] = attributes.get("attr.name", "")
        elif tag == "graph":
            self.into = self.graph
        elif tag == "node":
            self.into = self.nodes.setdefault(attributes.get("id", ""), {})
        elif tag == "edge":
            self.into = {}
            self.edges.append((attributes.get("source", ""), attributes.get("target", ""), self.into))
        elif tag == "data":
            self.key, self.text, self.size = self.keys.get(attributes.get("key", ""), ""), [], 0

    def read(self, text: str) -> None:
        self.size += len(text)
        if self.size > LONGEST_TEXT:
            raise ValueError(f"one value of {self.key or 'the file'} is over {LONGEST_TEXT:,} characters")
        if self.key:
            self.text.append(text)

    def close(self, tag: str) -> None:
        if tag == "data" and self.into is not None and self.key:
            self.into[self.key] = "".join(self.text).strip()
        if tag == "data":
            self.key = ""


def read_graphml(path: Path) -> Extract:
    """Roads of a GraphML file saved by OSMnx, with an empty set of boundaries and waters.

    Raises
    ------
    BadInput
        The file is no XML, declares entities, is cut short, or is not in degrees.
    """
    try:
        reading = _parse(path)
        crs = reading.graph.get("crs", "epsg:4326").lower()
        if "4326" not in crs and "crs84" not in crs:
            raise ValueError(f"its coordinates are in {crs[:40]}, expected epsg:4326: save it unprojected")
        ways, dropped = _ways(reading)
    except (expat.ExpatError, ValueError, OSError, shapely.errors.ShapelyError) as cause:
        words = " ".join(str(cause).split())[:200]
        raise BadInput(
            f"{path.name} is damaged or no GraphML saved by OSMnx ({words}); save the graph again"
        ) from cause
    network, more = simplify(ways)
    counts = {key: count for key, count in sorted((dropped + more).items()) if count}
    return Extract(network, named.frame(named.streets(network)), boundary_layer([]), water_layer([]), counts)


def _parse(path: Path) -> _Reading:
    reading, parser = _Reading(), expat.ParserCreate()

    def refuse(*_: Any) -> int:
        raise ValueError("it declares a document type or entities, which no graph needs")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: reading.open(_plain(tag), attributes)
    parser.EndElementHandler = lambda tag: reading.close(_plain(tag))
    parser.CharacterDataHandler = reading.read
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    return reading


def _plain(tag: str) -> str:
    return tag.rsplit(":", 1)[-1]


def _first(text: str) -> str:
    """The first of a list saved as text, or the text itself."""
    if not text.startswith("["):
        return text
    found = _LIST_ITEM.search(text)
    return next((part for part in found.groups() if part), "").strip() if found else ""


def _ways(reading: _Reading) -> tuple[Ways, Counter[str]]:
    """Each edge as a way of its own; an edge and its twin the other way round are one."""
    dropped: Counter[str] = Counter()
    number = {node: row for row, node in enumerate(reading.nodes)}
    lon = array("d", (_float(tags.get("x")) for tags in reading.nodes.values()))
    lat = array("d", (_float(tags.get("y")) for tags in reading.nodes.values()))
    length, node, osm_id = array("q"), array("q"), array("q")
    rows: list[tuple[int, int, float, int]] = []
    names: dict[str, int] = {}
    twins: dict[tuple[Any, ...], int] = {}
    ahead = sum(FORWARD.values())
    for source, target, tags in reading.edges:
        road = read_road(_road_tags(tags))
        if isinstance(road, str) or source not in number or target not in number:
            dropped[road if isinstance(road, str) else "nodes_missing"] += 1
            continue
        what = (tags.get("osmid", ""), round(_float(tags.get("length"), 0.0)), road.name)
        twin = twins.pop((number[target], number[source], *what), None)
        if twin is not None:
            rows[twin] = (rows[twin][0], rows[twin][1] | (rows[twin][1] & ahead) << 1, *rows[twin][2:])
            continue
        on_foot = road.access & (FORWARD["foot"] | BACKWARD["foot"])
        dropped["maxspeeds_unreadable"] += road.unreadable_speed
        twins[number[source], number[target], *what] = len(rows)
        rows.append(
            (road.road_class, road.access & ahead | on_foot, road.maxspeed_kmh, _named(names, road.name))
        )
        line = _line(tags.get("geometry", ""))
        points = [number[source], *range(len(lon), len(lon) + len(line)), number[target]]
        lon.extend(line[:, 0])
        lat.extend(line[:, 1])
        node.extend(points)
        length.append(len(points))
        osm_id.append(_osm_id(tags.get("osmid", "")))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return Ways(
        start=np.concatenate([[0], np.cumsum(np.array(length, dtype=np.int64))]).astype(np.int64),
        node=np.array(node, dtype=np.int64),
        lon=_within(np.array(lon), 180),
        lat=_within(np.array(lat), 90),
        road_class=table[:, 0].astype(np.uint8),
        access=table[:, 1].astype(np.uint8),
        maxspeed_kmh=table[:, 2].astype(np.float32),
        name=table[:, 3].astype(np.int32),
        osm_id=np.array(osm_id, dtype=np.int64),
        names=tuple(names),
        barrier_node=np.zeros(0, np.int64),
        barrier_access=np.zeros(0, np.uint8),
    ), dropped


def _road_tags(tags: Tags) -> Tags:
    """OpenStreetMap's tags of an edge; its direction is the edge's own, said by no tag."""
    kept = ("highway", "access", "name", "ref", "maxspeed", "route")
    plain = {key: _first(tags[key]) for key in kept if tags.get(key)}
    if tags.get("maxspeed", "").startswith("["):
        plain["maxspeed"] = ";".join(re.findall(r"'([^']*)'", tags["maxspeed"]))
    return plain | {"oneway": "no"}


def _named(names: dict[str, int], name: str) -> int:
    return names.setdefault(name, len(names)) if name else -1


def _line(text: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The points of a LINESTRING between its two ends, shape (k, 2)."""
    if not text:
        return np.zeros((0, 2))
    shape = shapely.from_wkt(text)
    if shape.geom_type != "LineString":
        raise ValueError(f"an edge is drawn as {shape.geom_type}, expected LineString")
    return shapely.get_coordinates(shape)[1:-1]


def _osm_id(text: str) -> int:
    first = _first(text)
    return int(first) if re.fullmatch(r"-?\d{1,18}", first) else 0


def _float(text: str | None, default: float = math.nan) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default


def _within(
    degrees: np.ndarray[Any, np.dtype[np.float64]], limit: float
) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.where(np.abs(degrees) <= limit, degrees, np.nan)
