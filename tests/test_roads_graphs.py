"""Graphs of OSMnx: ours there and back, GraphML that holds nothing but roads, and GraphML that is hostile."""

import itertools
from pathlib import Path

import numpy as np
import osm_text
import osmnx
import pytest

from dispatch.area import import_area
from dispatch.errors import BadInput
from dispatch.roads.network import BACKWARD, CLASSES, FORWARD
from dispatch.roads.speeds import default_speeds
from dispatch.roads.travel import Travel

ROAD = {"highway": "secondary", "name": "中心大道"}


# A ring of one-ways with a roundabout, a path for feet, a road without motorcycles, a ferry
NODES = {
    1: (0, 0), 2: (0, 1000), 3: (1000, 1000), 4: (1000, 0), 5: (2000, 0), 6: (2000, 500), 7: (3000, 0),
    11: (1100, 0), 12: (1150, 80), 13: (1200, 0),
}  # fmt: skip
WAYS = [
    (1, [1, 2, 3], ROAD | {"oneway": "yes", "maxspeed": "60"}),
    (2, [3, 4, 1], ROAD | {"highway": "primary", "name": "O'Neil [北]"}),
    (3, [4, 11], ROAD | {"motorcycle": "no"}),
    (4, [11, 12, 13, 11], ROAD | {"junction": "roundabout"}),
    (5, [13, 5], {"highway": "track", "oneway": "-1"}),
    (6, [5, 6], {"highway": "footway", "name": "小巷"}),
    (7, [5, 7], {"route": "ferry", "name": "渡口"}),
    (8, [13, 5], {"highway": "residential", "name": "绕行路"}),
]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """The area of that ring."""
    folder = tmp_path_factory.mktemp("town")
    return import_area(osm_text.write(folder, NODES, WAYS), folder / "area")


def used(network, profile):
    """The edges a profile may use, as rows, and all their junctions."""
    edges = np.flatnonzero(network.edge_access & (FORWARD[profile] | BACKWARD[profile]))
    return edges, np.unique(np.concatenate([network.edge_from[edges], network.edge_to[edges]]))


@pytest.mark.parametrize("profile", FORWARD)
def test_a_graph_of_ours_is_one_osmnx_can_work_with(town, profile):
    graph = town.to_osmnx(profile)
    osmnx.convert.validate_graph(graph)
    nodes, edges = osmnx.graph_to_gdfs(graph)
    rows, junctions = used(town.network, profile)
    access = town.network.edge_access
    directed = np.concatenate([np.flatnonzero(access & side[profile]) for side in (FORWARD, BACKWARD)])
    assert len(nodes) == len(junctions)
    assert len(edges) == len(directed)
    assert edges["length"].sum() == pytest.approx(town.network.edge_length_metres[directed].sum(), rel=1e-6)
    projected = osmnx.project_graph(graph)
    assert osmnx.stats.edge_length_total(projected) == pytest.approx(edges["length"].sum())
    assert set(edges["highway"].dropna()) <= set(CLASSES) - {"ferry"}
    assert len(rows)


@pytest.fixture(scope="module", params=FORWARD)
def returned(request, town, tmp_path_factory):
    """A profile, and the network its graph becomes through a file OSMnx saved."""
    folder = tmp_path_factory.mktemp(request.param)
    osmnx.save_graphml(town.to_osmnx(request.param), folder / "town.graphml")
    return request.param, import_area(folder / "town.graphml", folder / "back").network


def test_a_graph_returns_through_graphml_as_the_same_roads(town, returned):
    profile, back = returned
    rows, junctions = used(town.network, profile)
    metres = town.network.edge_length_metres
    assert back.edge_length_metres.sum() == pytest.approx(metres[rows].sum(), abs=0.1)
    for road in set(town.network.edge_class[rows]):
        ours, theirs = town.network.edge_class == road, back.edge_class == road
        of_profile = np.isin(np.arange(len(metres)), rows)
        assert back.edge_length_metres[theirs].sum() == pytest.approx(
            metres[ours & of_profile].sum(), abs=0.1
        )
    assert set(map(back.name_of, range(back.edge_count))) == set(map(town.network.name_of, rows))
    assert set(np.nan_to_num(back.edge_maxspeed_kmh)) == set(
        np.nan_to_num(town.network.edge_maxspeed_kmh[rows])
    )
    points = np.column_stack([town.network.node_lon, town.network.node_lat])[junctions]
    here, there = Travel(town.network, profile), Travel(back, profile)
    assert there.matrix(points, points) == pytest.approx(here.matrix(points, points), abs=1e-3)


def test_junctions_return_one_for_one_where_all_their_roads_are_in_the_graph(town, returned):
    profile, back = returned
    rows, junctions = used(town.network, profile)
    gone = {"car": 0, "motorcycle": 2, "foot": 0}[profile]  # two junctions of a road closed to motorcycles
    assert (back.edge_count, back.node_count) == (len(rows) - gone, len(junctions) - gone)
    assert back.edge_roundabout.sum() == town.network.edge_roundabout[rows].sum() - (profile == "motorcycle")


def test_a_graph_of_cars_still_knows_where_motorcycles_and_feet_may_go(town, tmp_path):
    osmnx.save_graphml(town.to_osmnx("car"), tmp_path / "town.graphml")
    back = import_area(tmp_path / "town.graphml", tmp_path / "back").network
    closed = back.edge_access & (FORWARD["motorcycle"] | BACKWARD["motorcycle"]) == 0
    assert back.edge_length_metres[closed].tolist() == pytest.approx([101], abs=1)  # way 3
    assert (back.edge_access & (FORWARD["foot"] | BACKWARD["foot"]) > 0).all()


def test_osmnx_finds_the_way_we_find(town):
    graph, network = town.to_osmnx("car"), town.network
    travel = Travel(network, "car", speeds=even_speeds())
    origin, target = 0, network.node_count - 1
    points = np.column_stack([network.node_lon, network.node_lat])
    route = osmnx.routing.shortest_path(graph, origin, target, weight="length")
    metres = sum(graph.edges[a, b, 0]["length"] for a, b in itertools.pairwise(route))
    assert travel.path(points[origin], points[target]).metres == pytest.approx(metres, abs=1)


def even_speeds():
    """The same speed everywhere, so that the quickest way is the shortest."""
    speeds = default_speeds()
    kmh = {
        profile: {road: 60.0 if value else 0.0 for road, value in by_class.items()}
        for profile, by_class in speeds.kmh.items()
    }
    return speeds.model_copy(update={"kmh": kmh, "signed_floor_kmh": 200.0})


GRAPHML = """<?xml version="1.0" encoding="utf-8"?>{doctype}
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="d0" for="node" attr.name="x"/>
<key id="d1" for="node" attr.name="y"/><key id="d2" for="edge" attr.name="highway"/>
<key id="d3" for="edge" attr.name="geometry"/><key id="d4" for="edge" attr.name="name"/>
<key id="d5" for="graph" attr.name="crs"/><key id="d6" for="edge" attr.name="osmid"/>
<key id="d7" for="edge" attr.name="oneway"/><key id="d8" for="edge" attr.name="length"/>
<graph edgedefault="directed"><data key="d5">{crs}</data>
<node id="1"><data key="d0">{x}</data><data key="d1">0.0</data></node>
<node id="2"><data key="d0">0.02</data><data key="d1">0.0</data></node>
<edge source="1" target="2"><data key="d2">{highway}</data>{more}</edge></graph></graphml>"""
GOOD = {"doctype": "", "crs": "epsg:4326", "x": "0.01", "highway": "primary", "more": ""}
ENTITY = '<!DOCTYPE graphml [<!ENTITY x SYSTEM "file:///etc/hostname">]>'


def graphml(folder, **change):
    path = folder / "graph.graphml"
    path.write_text(GRAPHML.format(**(GOOD | change)), encoding="utf-8")
    return path


CODE = "__import__('pathlib').Path('ran').write_text('x')"


@pytest.mark.parametrize(
    "change",
    [
        {"more": f'<data key="d4">[{CODE}, 1]</data>'},
        {"more": f'<data key="d4">["a", {CODE}]</data>'},
        {"more": f'<data key="d6">{CODE}</data>'},
        {"more": f'<data key="d7">{CODE}</data>'},
        {"more": f'<data key="d8">[{CODE}]</data>'},
        {"more": f'<data key="d3">{CODE}</data>'},
        {"x": CODE},
        {"highway": f"[{CODE}]"},
    ],
)
def test_code_in_a_graph_is_refused_in_one_line_and_never_run(tmp_path, monkeypatch, change):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=r"^graph.graphml is damaged or no GraphML saved by OSMnx") as refusal:
        import_area(graphml(tmp_path, **change), tmp_path / "area")
    assert "\n" not in str(refusal.value)
    assert not Path("ran").exists()


@pytest.mark.parametrize("name", [CODE, "[无名路]", "[a, b]", "{{7*7}}", "${x}"])
def test_a_street_may_have_any_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    area = import_area(graphml(tmp_path, more=f'<data key="d4">{name}</data>'), tmp_path / "area")
    assert area.network.names.tolist() == [name]
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    ("text", "name"),
    [("['甲路', '乙路']", "甲路"), ('["O\'Neil", 1]', "O'Neil"), (r"['a\u3000b', 'c']", "a b"), ("[]", "")],
)
def test_of_a_list_of_names_the_first_counts(tmp_path, text, name):
    area = import_area(graphml(tmp_path, more=f'<data key="d4">{text}</data>'), tmp_path / "area")
    assert area.network.name_of(0) == name


@pytest.mark.parametrize(
    "change",
    [
        {"doctype": ENTITY},
        {"doctype": '<!DOCTYPE g [<!ENTITY a "aaaa">]>', "highway": "&a;"},
        {"crs": "epsg:32649"},
        {"x": "nan"},
        {"x": "999"},
        {"x": ""},
        {"highway": "platform"},
        {"more": '<data key="d3">POINT (0 0)</data>'},
        {"more": '<data key="d3">LINESTRING (0 0, x 1)</data>'},
        {"more": "<data"},
    ],
)
def test_a_damaged_or_hostile_graph_is_refused_in_one_line(tmp_path, change):
    with pytest.raises(BadInput) as refusal:
        import_area(graphml(tmp_path, **change), tmp_path / "area")
    assert str(refusal.value).startswith("graph.graphml")
    assert "\n" not in str(refusal.value)
