"""Networks from and to the graphs of OSMnx: directed edges that carry OpenStreetMap's tags."""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import networkx as nx
import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.roads.network import BACKWARD, CLASSES, FORWARD, Network
from dispatch.roads.simplify import Ways
from dispatch.roads.tags import barrier_access, read_road

Tags = dict[str, str]
KEPT = (
    "highway", "access", "name", "ref", "maxspeed", "route", "junction",
    "vehicle", "motor_vehicle", "motorcar", "motorcycle", "foot",
)  # fmt: skip
"""Tags of an edge that matter to us; its direction is the edge's own, said by no tag."""
_LIST_ITEM = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^\[\],'\"\s][^\[\],'\"]*)")


def _first(text: str) -> str:
    """The first of a list saved as text, or the text itself."""
    if not text.startswith("["):
        return text
    found = _LIST_ITEM.search(text)
    return next((part for part in found.groups() if part), "").strip() if found else ""


def ways_of_graph(
    nodes: Mapping[str, Tags], edges: Iterable[tuple[str, str, Tags]]
) -> tuple[Ways, Counter[str]]:
    """Each directed edge as a way of its own; an edge and its twin the other way round are one.

    `nodes` have tags ``x`` and ``y``; edges the tags OSMnx keeps, as text. An edge drawn as
    anything but a line raises ValueError.
    """
    dropped: Counter[str] = Counter()
    number = {node: row for row, node in enumerate(nodes)}
    lon = array("d", (_float(tags.get("x")) for tags in nodes.values()))
    lat = array("d", (_float(tags.get("y")) for tags in nodes.values()))
    length, node, osm_id = array("q"), array("q"), array("q")
    rows: list[tuple[int, int, float, int, bool]] = []
    names: dict[str, int] = {}
    twins: dict[tuple[Any, ...], int] = {}
    ahead = sum(FORWARD.values())
    for source, target, tags in edges:
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
            (
                road.road_class,
                road.access & ahead | on_foot,
                road.maxspeed_kmh,
                _named(names, road.name),
                road.roundabout,
            )
        )
        line = _line(tags.get("geometry", ""))
        points = [number[source], *range(len(lon), len(lon) + len(line)), number[target]]
        lon.extend(line[:, 0])
        lat.extend(line[:, 1])
        node.extend(points)
        length.append(len(points))
        osm_id.append(_osm_id(tags.get("osmid", "")))
    barred = [one for one, tags in nodes.items() if tags.get("barrier")]
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
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
        roundabout=table[:, 4].astype(bool),
        names=tuple(names),
        barrier_node=np.array([number[one] for one in barred], dtype=np.int64),
        barrier_access=np.array([barrier_access(nodes[one]) for one in barred], dtype=np.uint8),
    ), dropped


def _road_tags(tags: Tags) -> Tags:
    plain = {key: _first(tags[key]) for key in KEPT if tags.get(key)}
    if tags.get("maxspeed", "").startswith("["):
        plain["maxspeed"] = ";".join(re.findall(r"'([^']*)'", tags["maxspeed"]))
    return plain | {"oneway": "no"}


def _named(names: dict[str, int], name: str) -> int:
    return names.setdefault(name, len(names)) if name else -1


def _line(text: str) -> NDArray[np.float64]:
    """The points of a LINESTRING between its two ends, shape (k, 2)."""
    if not text:
        return np.zeros((0, 2))
    shape = shapely.from_wkt(text)
    if shape.geom_type != "LineString":
        raise ValueError(f"an edge is drawn as {shape.geom_type}, expected LineString")
    points: NDArray[np.float64] = shapely.get_coordinates(shape)
    return points[1:-1]


def _osm_id(text: str) -> int:
    first = _first(text)
    return int(first) if re.fullmatch(r"-?\d{1,18}", first) else 0


def _float(text: str | None, default: float = math.nan) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default


def _within(degrees: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    return np.where(np.abs(degrees) <= limit, degrees, np.nan)


def to_graph(network: Network, profile: str) -> nx.MultiDiGraph:
    """A graph OSMnx understands, one directed edge each way the profile may go.

    Nodes have ``x, y``; edges ``osmid, highway, name, length, oneway, geometry`` and, where
    signed, ``maxspeed``. The graph's ``crs`` is EPSG:4326.
    """
    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    graph.add_nodes_from(
        (node, {"x": float(lon), "y": float(lat)})
        for node, (lon, lat) in enumerate(zip(network.node_lon, network.node_lat, strict=True))
    )
    ahead = (network.edge_access & FORWARD[profile]) > 0
    back = (network.edge_access & BACKWARD[profile]) > 0
    for edge in np.flatnonzero(ahead | back).tolist():
        tail, head = int(network.edge_from[edge]), int(network.edge_to[edge])
        line = network.shape(edge)
        one_way = bool(ahead[edge]) != bool(back[edge])
        about: dict[str, Any] = {
            "osmid": int(network.edge_osm_id[edge]),
            "highway": CLASSES[network.edge_class[edge]],
            "length": float(network.edge_length_metres[edge]),
            "oneway": one_way,
        }
        about |= {"junction": "roundabout"} if network.edge_roundabout[edge] else {}
        about |= {"name": network.name_of(edge)} if network.edge_name[edge] >= 0 else {}
        signed = float(network.edge_maxspeed_kmh[edge])
        about |= {} if math.isnan(signed) else {"maxspeed": f"{signed:g}"}
        if ahead[edge]:
            graph.add_edge(tail, head, **about, reversed=False, geometry=shapely.LineString(line))
        if back[edge]:
            graph.add_edge(head, tail, **about, reversed=True, geometry=shapely.LineString(line[::-1]))
    return graph
