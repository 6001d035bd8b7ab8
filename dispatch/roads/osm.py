"""Extracts become roads and names: `.osm.pbf`, `.osm`, `.osm.gz` by pyosmium, `.graphml` from OSMnx.

A file is read as a stream and nothing in it is executed; one that is cut short, hostile or
not an extract at all is refused in one line.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray

from dispatch.errors import BadInput, MissingInput
from dispatch.roads import named, turns
from dispatch.roads.astray import why_astray
from dispatch.roads.extract import DROPPED, RIVERS, Extract, boundary_layer, water_layer
from dispatch.roads.nearby import near_roads
from dispatch.roads.plane import metres_between
from dispatch.roads.simplify import Ways, simplify
from dispatch.roads.tags import barrier_access, name_of, read_road

SUFFIXES = (".osm.pbf", ".osm", ".osm.gz", ".graphml")
WANTED = (
    "highway", "route", "place", "amenity", "tourism", "shop", "barrier",
    "boundary", "natural", "waterway", "addr:housenumber", *turns.KEYS,
)  # fmt: skip
NAMED = ("place", "amenity", "tourism", "shop")
SHAPED = ("boundary", "natural", "waterway", *NAMED)
UNKNOWN = 2**31 - 1  # pyosmium's coordinate of a node that is not in the file
UNITS = 1e-7  # degrees in one unit of pyosmium's whole-number coordinates


def read_extract(path: Path) -> Extract:
    """Read an extract of any of `SUFFIXES`.

    Raises
    ------
    MissingInput
        There is no such file.
    BadInput
        It is no extract, cut short, damaged or hostile, or holds no road.
    """
    from dispatch.roads.graphml import read_graphml  # noqa: PLC0415 - it makes an `Extract` too

    if not path.is_file():
        raise MissingInput(path)
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise BadInput(f"{path.name}: expected a file ending in {', '.join(SUFFIXES)}")
    extract = read_graphml(path) if name.endswith(".graphml") else _read_osm(path)
    if not extract.network.edge_count:
        raise BadInput(f"{path.name} holds no road one could use{_reasons(extract.dropped)}")
    return near_roads(extract)


def _reasons(dropped: Mapping[str, int]) -> str:
    """Why nothing is left, in words, with what may help."""
    counts = ", ".join(f"{DROPPED[key][1]}: {value:,}" for key, value in sorted(dropped.items()) if value)
    hint = "; nodes must stand before ways and have ids above 0" if dropped.get("nodes_missing") else ""
    return f" ({counts or 'it has no highway at all'}){hint}"


@dataclass
class _Reading:
    """What has been read so far; the only thing that changes while a file streams by."""

    length: array[int] = field(default_factory=lambda: array("q"))
    ref: array[int] = field(default_factory=lambda: array("q"))
    x: array[int] = field(default_factory=lambda: array("q"))
    y: array[int] = field(default_factory=lambda: array("q"))
    roads: list[tuple[int, int, float, int, bool]] = field(default_factory=list)
    osm_id: array[int] = field(default_factory=lambda: array("q"))
    names: dict[str, int] = field(default_factory=dict)
    barriers: dict[int, int] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    boundaries: list[tuple[str, str, str, str]] = field(default_factory=list)
    water: list[tuple[str, str]] = field(default_factory=list)
    turns: list[turns.Turn] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def _read_osm(path: Path) -> Extract:
    reading, wkb = _Reading(), osmium.geom.WKBFactory()
    try:
        key = osmium.filter.KeyFilter
        source = osmium.FileProcessor(str(path)).with_areas(key(*SHAPED))
        for thing in source.with_filter(key(*WANTED)):
            if thing.is_node():
                _node(reading, thing)
            elif thing.is_way():
                _way(reading, thing, wkb)
            elif thing.is_area():
                _area(reading, thing, wkb)
            else:
                _relation(reading, thing)
    except (RuntimeError, OSError, ValueError, KeyError, osmium.InvalidLocationError) as cause:
        words = " ".join(str(cause).split())[:200]
        raise BadInput(
            f"{path.name} is damaged or no OpenStreetMap file ({words}); get the extract again"
        ) from cause
    why = _why_astray(reading)
    if why:
        raise BadInput(f"{path.name}: {why}; take it out, or get the extract again")
    network, dropped = simplify(_ways(reading))
    rows = reading.entries + named.streets(network)
    return Extract(
        network,
        named.frame(rows),
        boundary_layer(reading.boundaries),
        water_layer(reading.water),
        {key: count for key, count in sorted((reading.dropped + dropped).items()) if count},
    )


def _node(reading: _Reading, node: Any) -> None:
    tags = {tag.k: tag.v for tag in node.tags}
    if "barrier" in tags:
        reading.barriers[node.id] = barrier_access(tags)
    place = node.location
    if place.valid():
        made = named.entry(f"n{node.id}", tags, place.lon, place.lat)
        if made:
            reading.entries.append(made)


def _way(reading: _Reading, way: Any, wkb: Any) -> None:
    tags = {tag.k: tag.v for tag in way.tags}
    if "highway" in tags or tags.get("route") == "ferry":
        _road(reading, way, tags)
    elif tags.get("waterway") in RIVERS and not way.is_closed():
        try:
            reading.water.append((name_of(tags), wkb.create_linestring(way)))
        except RuntimeError:
            reading.dropped["shapes_broken"] += 1
    else:
        known = np.array([(node.x, node.y) for node in way.nodes if node.x != UNKNOWN]) * UNITS
        if len(known):
            lon, lat = known.mean(axis=0).tolist()
            made = named.entry(f"w{way.id}", tags, lon, lat, _extent_metres(*known.T))
            reading.entries.extend([made] if made else [])


def _road(reading: _Reading, way: Any, tags: dict[str, str]) -> None:
    road = read_road(tags)
    if isinstance(road, str):
        reading.dropped[road] += 1
        return
    reading.dropped["maxspeeds_unreadable"] += road.unreadable_speed
    number = reading.names.setdefault(road.name, len(reading.names)) if road.name else -1
    reading.roads.append((road.road_class, road.access, road.maxspeed_kmh, number, road.roundabout))
    reading.osm_id.append(way.id)
    reading.length.append(len(way.nodes))
    for node in way.nodes:
        reading.ref.append(node.ref)
        reading.x.append(node.x)
        reading.y.append(node.y)


def _relation(reading: _Reading, relation: Any) -> None:
    tags = {tag.k: tag.v for tag in relation.tags}
    if tags.get("type", "").partition(":")[0] != "restriction":
        return
    members = ((member.type, member.ref, member.role) for member in relation.members)
    found = turns.read_turns(tags, members)
    if isinstance(found, str):
        reading.dropped[found] += 1
    else:
        reading.turns.extend(found)


def _area(reading: _Reading, area: Any, wkb: Any) -> None:
    tags = {tag.k: tag.v for tag in area.tags}
    administrative = tags.get("boundary") == "administrative"
    wet = tags.get("natural") == "water" or tags.get("waterway") == "riverbank"
    thing = not area.from_way() and not administrative and not wet and named.level_of(tags)
    if not (administrative or wet or (thing and name_of(tags))):
        return
    try:
        shape = wkb.create_multipolygon(area)
    except RuntimeError:
        reading.dropped["shapes_broken"] += 1
        return
    if thing:
        drawn = shapely.from_wkb(shape)
        middle, (west, south, east, north) = drawn.point_on_surface(), drawn.bounds
        extent = _extent_metres(np.array([west, east]), np.array([south, north]))
        made = named.entry(f"r{area.orig_id()}", tags, middle.x, middle.y, extent)
        reading.entries.extend([made] if made else [])
        return
    level, name = named.ADMIN_LEVELS.get(tags.get("admin_level", "")), name_of(tags)
    if wet:
        reading.water.append((name, shape))
    elif level and name:
        code = f"{'w' if area.from_way() else 'r'}{area.orig_id()}"
        reading.boundaries.append((code, name, level, shape))


def _ways(reading: _Reading) -> Ways:
    ref = np.frombuffer(reading.ref, dtype=np.int64) if reading.ref else np.zeros(0, np.int64)
    points, first, node = np.unique(ref, return_index=True, return_inverse=True)
    x, y = (np.array(column, dtype=np.int64)[first] for column in (reading.x, reading.y))
    roads = np.array(reading.roads, dtype=np.float64).reshape(-1, 5)
    barrier = np.array(sorted(reading.barriers), dtype=np.int64)
    on_road = np.isin(barrier, points)
    return Ways(
        start=np.concatenate([[0], np.cumsum(np.array(reading.length, dtype=np.int64))]).astype(np.int64),
        node=node.reshape(-1).astype(np.int64),
        lon=_degrees(x, 180),
        lat=_degrees(y, 90),
        road_class=roads[:, 0].astype(np.uint8),
        access=roads[:, 1].astype(np.uint8),
        maxspeed_kmh=roads[:, 2].astype(np.float32),
        name=roads[:, 3].astype(np.int32),
        osm_id=np.array(reading.osm_id, dtype=np.int64),
        roundabout=roads[:, 4].astype(bool),
        names=tuple(reading.names),
        barrier_node=np.searchsorted(points, barrier[on_road]).astype(np.int64),
        barrier_access=np.array([reading.barriers[one] for one in barrier[on_road].tolist()], dtype=np.uint8),
        turns=turns.columns(reading.turns, _rows_by_id(reading), points, reading.dropped),
    )


def _rows_by_id(reading: _Reading) -> dict[int, int]:
    if not reading.turns:
        return {}
    return {number: row for row, number in enumerate(reading.osm_id)}


def _why_astray(reading: _Reading) -> str | None:
    """Which node of a road cannot belong; those that are not in the file are another matter."""
    x, y = (np.array(column, dtype=np.int64) for column in (reading.x, reading.y))
    known = np.flatnonzero((x != UNKNOWN) & (y != UNKNOWN))
    lon, lat = (np.asarray(axis[known] * UNITS, dtype=np.float64) for axis in (x, y))
    return why_astray(lon, lat, lambda row: f"node {reading.ref[known[row]]}")


def _extent_metres(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> float:
    """Half the diagonal of the box around points in degrees."""
    low, high = (lon.min(), lat.min()), (lon.max(), lat.max())
    return float(metres_between(low[0], low[1], high[0], high[1])) / 2


def _degrees(units: NDArray[np.int64], limit: float) -> NDArray[np.float64]:
    degrees = units * UNITS
    return np.where((units == UNKNOWN) | (np.abs(degrees) > limit), np.nan, degrees)
