"""Extracts: how ways become edges, which names they hold, what is dropped and counted."""

import gzip
import itertools
import math
from pathlib import Path

import networkx as nx
import numpy as np
import osm_text
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import BadInput, MissingInput
from dispatch.roads.named import level_of
from dispatch.roads.network import BACKWARD, CLASSES, FORWARD, Network
from dispatch.roads.osm import read_extract

GUSHI = Path(__file__).parents[2] / "shared" / "data" / "roads" / "gushi.osm.pbf"


@pytest.mark.parametrize(
    ("tags", "level"),
    [
        ({"place": "town", "name": "水东镇"}, "township"),
        ({"place": "suburb", "name": "蓼城街道"}, "township"),
        ({"place": "suburb", "name": "谯城区"}, "county"),
        ({"place": "city", "name": "淮滨县"}, "county"),
        ({"place": "city", "name": "阜阳市"}, "city"),
        ({"place": "city", "name": "界首市", "china_class": "county-level city"}, "county"),
        ({"place": "village", "name": "高皇村"}, "village"),
        ({"place": "village", "name": "王集乡"}, "township"),
        ({"place": "neighbourhood", "name": "怡和社区"}, "village"),
        ({"place": "hamlet", "name": "幸福小区"}, "hamlet"),
        ({"place": "village", "name": "北区"}, "village"),
        ({"place": "town", "name": "Porvoo"}, "township"),
        ({"amenity": "police", "name": "西关派出所"}, "police"),
        ({"amenity": "police", "name": "刑警大队"}, "poi"),
        ({"tourism": "hotel", "name": "如家"}, "hotel"),
        ({"shop": "supermarket", "name": "大润发"}, "market"),
        ({"amenity": "bench"}, None),
        ({"place": "islet", "name": "x"}, None),
    ],
)
def test_a_names_ending_and_its_tags_say_its_level(tags, level):
    assert level_of(tags) == level


def read(folder, nodes, ways, relations=()):
    return read_extract(osm_text.write(folder, nodes, ways, relations))


def ends(network):
    """Each edge as its two ends in whole metres, and its length."""
    x, y = (
        np.rint(np.array(side) / osm_text.METRE).astype(int) for side in (network.node_lon, network.node_lat)
    )
    return {
        ((x[a], y[a]), (x[b], y[b])): round(float(metres))
        for a, b, metres in zip(network.edge_from, network.edge_to, network.edge_length_metres, strict=True)
    }


STREET = {"highway": "residential", "name": "人民路"}


def test_a_bend_is_kept_as_drawing_and_no_junction(tmp_path):
    nodes = {1: (0, 0), 2: (0, 1000), 3: (0, 2000), 4: (500, 2000)}
    network = read(tmp_path, nodes, [(7, [1, 2, 3, 4], STREET)]).network
    assert network.node_count == 2
    assert network.shape(0).shape == (4, 2)
    assert network.edge_length_metres[0] == pytest.approx(2503, abs=2)
    assert network.name_of(0) == "人民路"
    assert network.edge_osm_id.tolist() == [7]


def test_a_crossing_is_a_junction_and_a_bridge_without_a_common_point_is_not(tmp_path):
    nodes = {
        1: (0, 0),
        2: (0, 1000),
        3: (0, 2000),
        4: (-500, 1000),
        5: (500, 1000),
        6: (-500, 500),
        7: (500, 500),
    }
    roads = [(1, [1, 2, 3], STREET), (2, [4, 2, 5], STREET), (3, [6, 7], STREET), (4, [6, 4], STREET)]
    network = read(tmp_path, nodes, roads).network
    degree = np.bincount(np.concatenate([network.edge_from, network.edge_to]))
    assert sorted(degree.tolist()) == [1, 1, 1, 1, 4]


def test_ways_that_go_on_alike_are_one_edge_however_they_are_drawn(tmp_path):
    nodes = {n: (0, 1000 * n) for n in range(5)}
    two_way = [(1, [0, 1], STREET), (2, [2, 1], STREET), (3, [2, 3], STREET), (4, [4, 3], STREET)]
    network = read(tmp_path, nodes, two_way).network
    assert (network.node_count, network.edge_count) == (2, 1)
    assert network.edge_length_metres[0] == pytest.approx(4000, abs=1)


@pytest.mark.parametrize(
    "change", [{"name": "解放路"}, {"highway": "tertiary"}, {"maxspeed": "30"}, {"oneway": "yes"}]
)
def test_a_change_of_name_class_limit_or_direction_ends_an_edge(tmp_path, change):
    nodes = {n: (0, 1000 * n) for n in range(3)}
    network = read(tmp_path, nodes, [(1, [0, 1], STREET), (2, [1, 2], STREET | change)]).network
    assert network.edge_count == 2


def test_one_ways_drawn_head_to_head_are_not_joined(tmp_path):
    nodes = {n: (0, 1000 * n) for n in range(3)}
    one = STREET | {"oneway": "yes"}
    assert read(tmp_path, nodes, [(1, [0, 1], one), (2, [2, 1], one)]).network.edge_count == 2
    assert read(tmp_path, nodes, [(1, [0, 1], one), (2, [1, 2], one)]).network.edge_count == 1


def test_a_ring_alone_and_a_ring_on_a_stalk_are_kept_whole(tmp_path):
    nodes = {1: (0, 0), 2: (0, 9000), 3: (1000, 9000), 4: (1000, 8000)}
    network = read(tmp_path, nodes, [(1, [1, 2], STREET), (2, [2, 3, 4, 2], STREET)]).network
    assert sorted(np.rint(network.edge_length_metres / 10).tolist()) == [343, 900]
    alone = read(tmp_path, nodes, [(2, [2, 3, 4, 2], STREET)]).network
    assert (alone.node_count, alone.edge_count) == (1, 1)


def test_a_barrier_cuts_the_way_for_those_it_stops_only(tmp_path):
    nodes = {1: (0, 0), 2: (0, 1000, {"barrier": "block"}), 3: (0, 2000)}
    network = read(tmp_path, nodes, [(1, [1, 2, 3], STREET)]).network
    assert sorted(network.edge_length_metres.tolist())[0] == 0
    short = int(network.edge_length_metres.argmin())
    assert network.edge_access[short] == FORWARD["foot"] | BACKWARD["foot"]
    assert network.node_count == 4


def test_what_is_dropped_is_counted_by_its_reason(tmp_path):
    nodes = {n: (0, 1000 * n) for n in range(30)} | {50: (90_000, 0), 51: (90_000, 50), 60: (900_000, 0)}
    ways = [
        (1, list(range(30)), STREET | {"maxspeed": "fast"}),
        (2, [50, 51], STREET),
        (3, [1, 60], STREET),
        (4, [1, 2], {"highway": "service", "access": "private"}),
        (5, [2, 3], {"highway": "construction"}),
        (6, [3, 4], {"highway": "platform"}),
        (7, [29, 999], STREET),
    ]
    turn = [("way", 1, "from"), ("node", 2, "via"), ("way", 1, "to")]
    dropped = read(
        tmp_path, nodes, ways, [(1, turn, {"type": "restriction", "restriction": "no_u_turn"})]
    ).dropped
    assert dropped == {
        "maxspeeds_unreadable": 1, "unconnected_pieces": 1, "unconnected_edges": 1, "nodes_outside": 1,
        "ways_without_access": 1, "ways_not_built": 1, "ways_not_roads": 1, "nodes_missing": 1,
        "turns_unclear": 1,
    }  # fmt: skip


def test_outlines_rivers_and_lakes_are_read(tmp_path):
    square = {1: (0, 0), 2: (0, 9000), 3: (9000, 9000), 4: (9000, 0)}
    lake = {11: (100, 100), 12: (100, 900), 13: (900, 900)}
    ways = [
        (1, [1, 2, 3, 4, 1], {"boundary": "administrative", "admin_level": "8", "name": "水东镇"}),
        (2, [11, 12, 13, 11], {"natural": "water", "name": "湖"}),
        (3, [1, 3], {"waterway": "river", "name": "小东江"}),
        (4, [2, 4], STREET),
    ]
    extract = read(tmp_path, square | lake, ways)
    assert extract.boundaries[["code", "name", "level"]].values.tolist() == [["w1", "水东镇", "township"]]
    assert sorted(extract.water["name"]) == ["小东江", "湖"]


def test_places_streets_and_stations_become_rows_of_the_gazetteer(tmp_path):
    nodes = {
        1: (0, 0), 2: (0, 1000), 3: (0, 3000),
        4: (10, 10, {"place": "town", "name": "水东镇", "alt_name": "水东;老水东", "population": "12,000"}),
        5: (20, 20, {"amenity": "police", "name": "水东派出所\u202e\n"}),
        6: (30, 30, {"amenity": "police"}),
    }  # fmt: skip
    table = read(tmp_path, nodes, [(1, [1, 2, 3], STREET)]).gazetteer.set_index("code")
    assert table.loc["n4", ["level", "aliases", "residents"]].tolist() == ["township", "水东|老水东", 12000]
    assert table.loc["n5", "name"] == "水东派出所"
    assert table.loc["s1", ["name", "level"]].tolist() == ["人民路", "street"]
    assert "n6" not in table.index


@st.composite
def maps(draw):
    """Random ways over a few points: crossing, touching, closed, doubled, one-way either way."""
    count = draw(st.integers(3, 9))
    spot = st.tuples(st.integers(0, 9), st.integers(0, 9))
    spots = draw(st.lists(spot, min_size=count, max_size=count, unique=True))
    refs = st.lists(st.integers(0, count - 1), min_size=2, max_size=6)
    tags = st.sampled_from([
        STREET, STREET | {"oneway": "yes"}, STREET | {"oneway": "-1"}, {"highway": "primary"},
    ])  # fmt: skip
    ways = draw(st.lists(st.tuples(refs, tags), min_size=1, max_size=7))
    return {n: (900 * x, 900 * y) for n, (x, y) in enumerate(spots)}, ways


def shortest(edges, origins):
    graph = nx.DiGraph()
    for tail, head, metres in edges:
        known = graph.get_edge_data(tail, head, {"w": math.inf})["w"]
        graph.add_edge(tail, head, w=min(metres, known))
    return {
        origin: nx.single_source_dijkstra_path_length(graph, origin, weight="w") if origin in graph else {}
        for origin in origins
    }


@settings(max_examples=80, deadline=None)
@given(maps())
def test_simplifying_changes_no_distance_between_junctions(tmp_path_factory, town):
    nodes, drawn = town
    ways = [(n, refs, tags) for n, (refs, tags) in enumerate(drawn, start=1)]
    try:
        network = read(tmp_path_factory.mktemp("town"), nodes, ways).network
    except BadInput:
        assert all(len(set(refs)) < 2 for refs, _ in drawn)
        return
    raw = []
    for refs, tags in drawn:
        for a, b in itertools.pairwise(refs):
            if a != b:
                metres = math.dist(np.multiply(nodes[a], (1.00674, 1)), np.multiply(nodes[b], (1.00674, 1)))
                forward, back = tags.get("oneway") != "-1", tags.get("oneway") != "yes"
                raw += [(nodes[a], nodes[b], metres)] * forward + [(nodes[b], nodes[a], metres)] * back
    spot = [
        (round(lon / osm_text.METRE), round(lat / osm_text.METRE))
        for lon, lat in zip(network.node_lon, network.node_lat, strict=True)
    ]
    simple = []
    for e in range(network.edge_count):
        a, b = spot[network.edge_from[e]], spot[network.edge_to[e]]
        metres = float(network.edge_length_metres[e])
        simple += [(a, b, metres)] * bool(network.edge_access[e] & FORWARD["car"])
        simple += [(b, a, metres)] * bool(network.edge_access[e] & BACKWARD["car"])
    expected, found = shortest(raw, spot), shortest(simple, spot)
    for a in spot:
        for b in spot:
            assert found[a].get(b, math.inf) == pytest.approx(expected[a].get(b, math.inf), rel=1e-4, abs=1)


def test_another_ending_and_a_missing_file_are_named(tmp_path):
    other = tmp_path / "roads.shp"
    other.write_bytes(b"x")
    with pytest.raises(BadInput, match=r"expected a file ending in .osm.pbf"):
        read_extract(other)
    with pytest.raises(MissingInput):
        read_extract(tmp_path / "gone.osm.pbf")


def test_a_gzipped_extract_reads_like_the_plain_one(tmp_path):
    nodes = {n: (0, 1000 * n) for n in range(3)}
    plain = osm_text.write(tmp_path, nodes, [(1, [0, 1, 2], STREET)])
    packed = tmp_path / "town.osm.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_extract(packed).network.shape(0).tolist() == read_extract(plain).network.shape(0).tolist()


def test_a_network_on_disk_returns_as_it_was(tmp_path):
    nodes = {n: (37 * n, 1000 * n) for n in range(4)}
    network = read(tmp_path, nodes, [(1, [0, 1, 2, 3], STREET)]).network
    network.write(tmp_path / "roads.npz")
    again = Network.read(tmp_path / "roads.npz")
    assert again.shape(0) == pytest.approx(network.shape(0), abs=1e-12)
    assert again.name_of(0) == "人民路"


needs_gushi = pytest.mark.skipif(not GUSHI.exists(), reason=f"{GUSHI.name} is not beside the repository")


@needs_gushi
def test_gushi_has_the_junctions_roads_towns_and_stations_its_source_counts():
    extract = read_extract(GUSHI)
    assert extract.network.node_count == pytest.approx(4600, rel=0.05)
    directed = ((extract.network.edge_access & np.array([[1], [2]], np.uint8)) > 0).sum()
    assert directed == pytest.approx(12_300, rel=0.05)
    levels = extract.gazetteer["level"].value_counts()
    assert levels["police"] == 6
    assert levels["township"] >= 24
    assert levels["village"] >= 25
    assert set(extract.network.edge_class) <= set(range(len(CLASSES)))
