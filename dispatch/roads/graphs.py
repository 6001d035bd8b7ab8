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

from dispatch.roads.astray import why_astray
from dispatch.roads.network import BACKWARD, CLASSES, FORWARD, Network
from dispatch.roads.simplify import Ways
from dispatch.roads.tags import TAGS_OF, USUALLY, barrier_access, read_road

Tags = dict[str, str]
KEPT = (
    "highway", "access", "name", "ref", "maxspeed", "route", "junction",
    "vehicle", "motor_vehicle", "motorcar", "motorcycle", "foot",
)  # fmt: skip
"""Tags of an edge that matter to us; its direction is the edge's own, said by no tag."""
NUMBERS = ("length",)
BOOLEANS = ("oneway", "reversed")
_YES_NO = {"true", "false", "yes", "no", "1", "0", "-1", "none", "nan", ""}
_ITEM = re.compile(
    r"\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(-?\d[\d.eE+-]*|True|False|None|nan))\s*(?:,|$)"
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|(.))", re.S)


def values_of(text: str) -> list[str]:
    """The values of a list saved as text (``['a', 'b']``, ``[1, 2]``), or the text itself.

    Raises
    ------
    ValueError
        It begins as a list and has quotes, but holds something other than plain values.
    """
    if not (text.startswith("[") and text.endswith("]")):
        return [text]
    body, at, found = text[1:-1], 0, []
    while at < len(body):
        item = _ITEM.match(body, at)
        if item is None or item.end() == at:
            break
        found.append(_ESCAPE.sub(_unescaped, next(one for one in item.groups() if one is not None)))
        at = item.end()
    if at >= len(body):
        return found
    if not re.search("['\"]|__", text):
        return [text]  # a name may stand in brackets
    raise ValueError(f"a value is {text!r:.60}, expected text or a list of plain values")


def _unescaped(escape: re.Match[str]) -> str:
    code, short, letter = escape.groups()
    return letter if letter else chr(int(code or short, 16))


def _first(text: str) -> str:
    return next(iter(values_of(text)), "")


def ways_of_graph(
    nodes: Mapping[str, Tags], edges: Iterable[tuple[str, str, Tags]]
) -> tuple[Ways, Counter[str]]:
    """Each directed edge as a way of its own; an edge and its twin the other way round are one.

    `nodes` have tags ``x`` and ``y``; edges the tags OSMnx keeps, as text. ValueError says
    which node lies nowhere or on another continent, which edge is drawn as anything but a
    line, and which value is not what OSMnx would have saved.
    """
    dropped: Counter[str] = Counter()
    number = {node: row for row, node in enumerate(nodes)}
    lon = array("d", (_float(tags.get("x")) for tags in nodes.values()))
    lat = array("d", (_float(tags.get("y")) for tags in nodes.values()))
    labels = list(nodes)
    why = why_astray(np.array(lon), np.array(lat), lambda row: f"node {labels[row]:.40}")
    if why:
        raise ValueError(why)
    length, node, osm_id = array("q"), array("q"), array("q")
    rows: list[tuple[int, int, float, int, bool]] = []
    names: dict[str, int] = {}
    twins: dict[tuple[Any, ...], int] = {}
    ahead = sum(FORWARD.values())
    for source, target, tags in edges:
        _check(tags)
        road = read_road(_road_tags(tags))
        if isinstance(road, str) or source not in number or target not in number:
            dropped[road if isinstance(road, str) else "nodes_missing"] += 1
            continue
        ids = ",".join(sorted(values_of(tags.get("osmid", ""))))  # a list may turn round with its edge
        what = (ids, round(_float(_first(tags.get("length", "")), 0.0)))
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
        lon=np.array(lon),
        lat=np.array(lat),
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


def _check(tags: Tags) -> None:
    """ValueError where a number or a yes or no is anything else."""
    for key in NUMBERS:
        for text in values_of(tags.get(key, "")):
            if text and not math.isfinite(_float(text)):
                raise ValueError(f"an edge has {key} {text!r:.60}, expected a number")
    for key in BOOLEANS:
        for text in values_of(tags.get(key, "")):
            if text.lower() not in _YES_NO:
                raise ValueError(f"an edge has {key} {text!r:.60}, expected True or False")
    for text in values_of(tags.get("osmid", "")):
        if text and not re.fullmatch(r"-?\d{1,18}", text):
            raise ValueError(f"an edge has osmid {text!r:.60}, expected a whole number")


def _road_tags(tags: Tags) -> Tags:
    plain = {key: _first(tags[key]) for key in KEPT if tags.get(key)}
    if "maxspeed" in plain:
        plain["maxspeed"] = ";".join(values_of(tags["maxspeed"]))
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
    if not (np.abs(points) <= np.array([180.0, 90.0])).all():
        raise ValueError("an edge is drawn off the globe, expected degrees")
    return points[1:-1]


def _osm_id(text: str) -> int:
    first = _first(text)
    return int(first) if first else 0


def _float(text: str | None, default: float = math.nan) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default


def to_graph(network: Network, profile: str) -> nx.MultiDiGraph:
    """A graph OSMnx understands, one directed edge each way the profile may go.

    Nodes have ``x, y, street_count``; edges ``osmid, highway, length, oneway, reversed, geometry`` and,
    where they say something, ``name, maxspeed, junction, motorcar, motorcycle, foot``. The
    graph's ``crs`` is EPSG:4326. Turn restrictions have no place in such a graph.
    """
    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    ahead = (network.edge_access & FORWARD[profile]) > 0
    back = (network.edge_access & BACKWARD[profile]) > 0
    used = np.flatnonzero(ahead | back)
    nodes, streets = np.unique(
        np.concatenate([network.edge_from[used], network.edge_to[used]]), return_counts=True
    )
    for node, count in zip(nodes.tolist(), streets.tolist(), strict=True):
        lon, lat = float(network.node_lon[node]), float(network.node_lat[node])
        graph.add_node(node, x=lon, y=lat, street_count=count)
    for edge in used.tolist():
        tail, head = int(network.edge_from[edge]), int(network.edge_to[edge])
        about = _about(network, edge) | {"oneway": bool(ahead[edge]) != bool(back[edge])}
        line = network.shape(edge)
        if ahead[edge]:
            graph.add_edge(tail, head, **about, reversed=False, geometry=shapely.LineString(line))
        if back[edge]:
            graph.add_edge(head, tail, **about, reversed=True, geometry=shapely.LineString(line[::-1]))
    return graph


def _about(network: Network, edge: int) -> dict[str, Any]:
    """The tags that make `read_road` see the edge as it is; a direction is the graph's own."""
    road = CLASSES[network.edge_class[edge]]
    about: dict[str, Any] = {
        "osmid": int(network.edge_osm_id[edge]),
        "length": float(network.edge_length_metres[edge]),
    } | ({"route": "ferry"} if road == "ferry" else {"highway": road})
    about |= {"junction": "roundabout"} if network.edge_roundabout[edge] else {}
    about |= {"name": network.name_of(edge)} if network.edge_name[edge] >= 0 else {}
    signed = float(network.edge_maxspeed_kmh[edge])
    about |= {} if math.isnan(signed) else {"maxspeed": f"{signed:g}"}
    for profile, keys in TAGS_OF.items():
        may = bool(network.edge_access[edge] & (FORWARD[profile] | BACKWARD[profile]))
        if may != (road in USUALLY[profile]):
            about[keys[0]] = "yes" if may else "no"
    return about
