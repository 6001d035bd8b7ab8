"""An extract from the internet, through OSMnx: the only part of this program that asks a server.

Nothing here runs unless a person asked for a download by name.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import networkx as nx
import osmnx
import platformdirs
import requests

from dispatch.errors import BadInput
from dispatch.roads import named
from dispatch.roads.extract import RIVERS, Extract, boundary_layer, water_layer
from dispatch.roads.graphs import KEPT, Tags, ways_of_graph
from dispatch.roads.nearby import near_roads
from dispatch.roads.simplify import simplify
from dispatch.roads.tags import name_of

FEATURES: dict[str, bool | str | list[str]] = {
    "place": True,
    "amenity": sorted(named.AMENITIES),
    "tourism": sorted(named.TOURISM),
    "shop": sorted(named.SHOPS),
    "boundary": ["administrative"],
    "natural": ["water"],
    "waterway": ["riverbank", *RIVERS],
    "addr:housenumber": True,
}
LETTER = {"node": "n", "way": "w", "relation": "r"}


def download_extract(query: str) -> Extract:
    """Roads, names, outlines and waters of a place OpenStreetMap knows by `query`.

    Raises
    ------
    BadInput
        The servers do not answer, do not know the place, or have no road there.
    """
    try:
        with _our_settings():
            graph = osmnx.graph_from_place(query, network_type="all", simplify=False, retain_all=True)
            features = osmnx.features_from_place(query, FEATURES)
    except (
        osmnx._errors.InsufficientResponseError,
        osmnx._errors.ResponseStatusCodeError,
        requests.RequestException,
        OSError,
        TypeError,
        ValueError,
    ) as cause:
        words = " ".join(str(cause).split())[:200]
        raise BadInput(
            f"could not download {query!r} ({words}); check the name and the connection, "
            "or import an extract from a file"
        ) from cause
    return near_roads(_extract(graph, features))


@contextlib.contextmanager
def _our_settings() -> Iterator[None]:
    """OSMnx with the tags we read and a cache in the user's own folder, put back afterwards."""
    ours = {
        "useful_tags_way": sorted({*osmnx.settings.useful_tags_way, *KEPT}),
        "useful_tags_node": sorted({*osmnx.settings.useful_tags_node, "barrier", "access", "motor_vehicle"}),
        "cache_folder": platformdirs.user_cache_path("field-dispatch") / "osmnx",
    }
    before = {name: getattr(osmnx.settings, name) for name in ours}
    try:
        for name, value in ours.items():
            setattr(osmnx.settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)


def _extract(graph: nx.MultiDiGraph, features: gpd.GeoDataFrame) -> Extract:
    nodes = {str(node): _text(about) for node, about in graph.nodes(data=True)}
    edges = ((str(tail), str(head), _text(about)) for tail, head, about in graph.edges(data=True))
    try:
        ways, dropped = ways_of_graph(nodes, edges)
    except ValueError as cause:
        raise BadInput(
            f"what the servers sent cannot be used ({cause}); import an extract from a file"
        ) from cause
    network, more = simplify(ways)
    rows, outlines, waters = named.streets(network), [], []
    for (kind, number), about in zip(features.index, features.to_dict("records"), strict=True):
        shape, tags = about.pop("geometry"), _text(about)
        code = f"{LETTER[kind]}{number}"
        level = named.ADMIN_LEVELS.get(tags.get("admin_level", ""))
        if tags.get("natural") == "water" or "waterway" in tags:
            waters.append((name_of(tags), shape.wkb_hex))
        elif tags.get("boundary") == "administrative" and level and "Polygon" in shape.geom_type:
            if name_of(tags):
                outlines.append((code, name_of(tags), level, shape.wkb_hex))
        else:
            middle = shape.representative_point()
            made = named.entry(code, tags, middle.x, middle.y)
            rows.extend([made] if made else [])
    counts = {key: count for key, count in sorted((dropped + more).items()) if count}
    return Extract(network, named.frame(rows), boundary_layer(outlines), water_layer(waters), counts)


def _missing(value: Any) -> bool:
    """Whether OSMnx has nothing there: None or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _text(about: dict[str, Any]) -> Tags:
    """Tags as text; what is missing (None, NaN) is left out."""
    return {str(key): str(value) for key, value in about.items() if not _missing(value)}
