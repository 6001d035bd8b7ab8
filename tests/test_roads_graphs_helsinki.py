"""Helsinki as we read it and as OSMnx reads it: the same kilometres by class, nearly the same junctions.

Lengths differ by a known factor: OSMnx measures on a sphere of 6,371,009 m, we on the ellipsoid,
where at 60° north a metre is 0.19 % (northward) to 0.36 % (eastward) longer.
"""

from collections import Counter

import networkx as nx
import numpy as np
import osmium
import osmnx
import pytest

from dispatch.area import import_area
from dispatch.roads.network import BACKWARD, CLASSES, FORWARD
from dispatch.roads.osm import read_extract
from tools import system_needs

pytestmark = pytest.mark.needs("helsinki")

SPHERE_RATIO = pytest.approx(1.0028, abs=0.0009)
OUR_CLASS = {
    "crossing": "footway", "pedestrian": "footway", "cycleway": "path", "bridleway": "path", "road": "unclassified",
}  # fmt: skip
ON_FOOT = ("path", "footway", "steps")
NO = ("no", "private", "use_sidepath", "agricultural", "forestry", "bus", "psv", "military", "emergency")
YES = ("yes", "designated", "permissive", "destination", "customers", "delivery", "public")
TAGS = ["access", "vehicle", "motor_vehicle", "motorcar", "motorcycle", "foot", "junction", "route"]


def class_of(about):
    """The class we give an edge of OSMnx, None for what is no road or open to nobody."""
    kind = str(about.get("highway")).removesuffix("_link")
    road = OUR_CLASS.get(kind, kind)
    if road not in CLASSES:
        return None
    access = about.get("access")
    walks = about.get("foot", access) not in NO
    drives = about.get("motorcar", about.get("motor_vehicle", about.get("vehicle", access)))
    rides = about.get("motorcycle", about.get("motor_vehicle", about.get("vehicle", access)))
    if road in ("path", "footway") and about.get("motorcar", about.get("motor_vehicle")) in YES:
        return "service"  # a pedestrian street cars may use all the same
    if road in ON_FOOT:
        return road if walks or (road == "path" and kind == "path" and rides not in NO) else None
    return road if walks or drives not in NO or rides not in NO else None


def as_xml(extract, path):
    """The extract's roads as OSM XML; ways are cut where their nodes are missing, as we cut them."""
    node, way = osmium.osm.NODE, osmium.osm.WAY
    known = {one.id for one in osmium.FileProcessor(str(extract), node)}
    ways, number = [], 10**12
    for one in osmium.FileProcessor(str(extract), way).with_filter(osmium.filter.KeyFilter("highway")):
        runs = [[]]
        for place in one.nodes:
            runs[-1].append(place.ref) if place.ref in known else runs.append([])
        for run in runs:
            number += 1
            ways += [(number, run, {tag.k: tag.v for tag in one.tags})] if len(run) > 1 else []
    wanted = {ref for _, refs, _ in ways for ref in refs}
    with osmium.SimpleWriter(str(path)) as writer:
        for one in osmium.FileProcessor(str(extract), node):
            if one.id in wanted:
                writer.add_node(one)
        for number, refs, tags in ways:
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags))
    return path


def without_loose(graph):
    """The graph less its pieces under 1 % of the longest, the rule we keep."""
    pieces = {}
    for nodes in nx.weakly_connected_components(graph):
        pieces[frozenset(nodes)] = one_way_round(graph.subgraph(nodes))
    longest = max(pieces.values())
    kept = [nodes for nodes, metres in pieces.items() if metres >= min(20_000, 0.01 * longest)]
    return graph.subgraph(set().union(*kept)).copy()


def one_way_round(graph):
    """Metres of a graph, each road once."""
    return sum(about["length"] for *_, about in graph.edges(data=True) if not about["reversed"])


@pytest.fixture(scope="module")
def extract():
    """Helsinki as we read it."""
    return read_extract(system_needs.helsinki())


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """Helsinki as OSMnx reads it, segment by segment, less what we leave out by rule."""
    path = as_xml(system_needs.helsinki(), tmp_path_factory.mktemp("helsinki") / "helsinki.osm")
    before = list(osmnx.settings.useful_tags_way)
    osmnx.settings.useful_tags_way = sorted({*before, *TAGS})
    try:
        raw = osmnx.graph_from_xml(path, simplify=False, retain_all=True)
    finally:
        osmnx.settings.useful_tags_way = before
    kept = [
        (tail, head, key)
        for tail, head, key, about in raw.edges(keys=True, data=True)
        if class_of(about) is not None
    ]
    return without_loose(raw.edge_subgraph(kept).copy())


def test_kilometres_by_class_are_those_of_osmnx(extract, graph):
    network, theirs = extract.network, Counter()
    for *_, about in graph.edges(data=True):
        if not about["reversed"]:
            theirs[class_of(about)] += about["length"]
    metres = np.bincount(network.edge_class, network.edge_length_metres, minlength=len(CLASSES))
    ours = {road: length for road, length in zip(CLASSES, metres, strict=True) if length}
    assert (
        set(ours) == set(theirs) >= {"primary", "secondary", "tertiary", "residential", "service", "footway"}
    )
    assert {road: ours[road] / theirs[road] for road in ours} == dict.fromkeys(ours, SPHERE_RATIO)


def test_one_ways_are_those_of_osmnx(extract, graph):
    network = extract.network
    theirs = Counter()
    for *_, about in graph.edges(data=True):
        road = class_of(about)
        motor = about.get("motorcar", about.get("motor_vehicle", about.get("vehicle", about.get("access"))))
        if road not in ON_FOOT and motor not in NO:
            theirs[road] += about["length"]
    ways = [(network.edge_access & side["car"]) > 0 for side in (FORWARD, BACKWARD)]
    for road in ("primary", "secondary", "tertiary", "residential"):
        mine = network.edge_class == CLASSES.index(road)
        metres = sum(float(network.edge_length_metres[mine & way].sum()) for way in ways)
        assert metres / theirs[road] == SPHERE_RATIO, road


def test_junctions_are_nearly_those_osmnx_keeps(extract, graph):
    network = extract.network
    alike = osmnx.simplify_graph(graph.copy(), edge_attrs_differ=["highway", "name", "maxspeed", *TAGS[:6]])
    links = int((network.edge_length_metres == 0).sum())  # each barrier makes a junction of its own
    assert network.node_count - links == pytest.approx(len(alike), rel=0.03)
    coarse = osmnx.simplify_graph(graph.copy())
    assert len(coarse) < network.node_count


def test_a_graph_osmnx_wrote_has_its_lengths_and_counts(graph, tmp_path):
    saved = osmnx.simplify_graph(graph.copy())
    osmnx.save_graphml(saved, tmp_path / "helsinki.graphml")
    network = import_area(tmp_path / "helsinki.graphml", tmp_path / "area").network
    streets = osmnx.convert.to_undirected(saved)
    metres = sum(about["length"] for *_, about in streets.edges(data=True))
    assert network.edge_length_metres.sum() / metres == SPHERE_RATIO
    assert network.edge_count == pytest.approx(streets.number_of_edges(), rel=0.01)
    assert network.node_count == pytest.approx(len(streets), rel=0.01)


def test_every_restriction_of_helsinki_is_kept_where_it_is_or_counted(extract):
    wanted = osmium.filter.TagFilter(("type", "restriction"))
    relations = [
        [(one.ref, one.role) for one in relation.members]
        for relation in osmium.FileProcessor(str(system_needs.helsinki()), osmium.osm.RELATION).with_filter(
            wanted
        )
    ]
    network, dropped = extract.network, extract.dropped
    lost = sum(count for reason, count in dropped.items() if reason.startswith("turns_"))
    assert len(relations) == len(network.turn_only) + lost
    assert len(network.turn_only) > 4 * lost
    via = {ref for members in relations for ref, role in members if role == "via"}
    places = {
        (round(one.location.lon, 7), round(one.location.lat, 7))
        for one in osmium.FileProcessor(str(system_needs.helsinki()), osmium.osm.NODE)
        if one.id in via
    }
    at = network.turn_via_node
    kept = np.round(np.column_stack([network.node_lon[at], network.node_lat[at]]), 7).tolist()
    assert {tuple(place) for place in kept} <= places
