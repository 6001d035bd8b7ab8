"""Travel times: snapping, partial edges, walks, one-ways, closures, against hand sums and brute force."""

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from dispatch.errors import BadInput, SettingsError
from dispatch.roads.network import BACKWARD, CLASSES, FORWARD, Network
from dispatch.roads.plane import Plane, line_metres, metres_between
from dispatch.roads.speeds import Speeds, default_speeds
from dispatch.roads.travel import Closure, Travel
from dispatch.settings import parse

BOTH, ONE_WAY = sum(FORWARD.values()) + sum(BACKWARD.values()), sum(FORWARD.values())
METRE = 1 / 110_574.27  # degrees of latitude at the equator, where a metre is the same both ways to 0.7 %
PLAIN = default_speeds().model_copy(
    update={
        "kmh": {p: dict.fromkeys(CLASSES, 60.0) for p in FORWARD},
        "highest_kmh": dict.fromkeys(FORWARD, 60.0),
    }
)
"""60 km/h everywhere: 1 km a minute."""


def network(nodes, edges):
    """Edges are (from, to, access bits[, name]); nodes stand in metres along the equator."""
    lon, lat = (np.array(nodes, float).T * METRE).reshape(2, -1)
    tail = np.array([e[0] for e in edges], np.int32).reshape(-1)
    head = np.array([e[1] for e in edges], np.int32).reshape(-1)
    names = sorted({e[3] for e in edges if len(e) > 3})
    count = len(edges)
    return Network(
        node_lon=lon, node_lat=lat, edge_from=tail, edge_to=head,
        edge_length_metres=metres_between(lon[tail], lat[tail], lon[head], lat[head]).astype(np.float32),
        edge_class=np.full(count, CLASSES.index("secondary"), np.uint8),
        edge_access=np.array([e[2] for e in edges], np.uint8),
        edge_maxspeed_kmh=np.full(count, np.nan, np.float32),
        edge_name=np.array([names.index(e[3]) if len(e) > 3 else -1 for e in edges], np.int32),
        edge_osm_id=np.arange(count), names=np.array(names, np.str_),
        shape_start=np.arange(0, 2 * count + 1, 2),
        shape_lon=lon[np.column_stack([tail, head])].ravel(), shape_lat=lat[np.column_stack([tail, head])].ravel(),
    )  # fmt: skip


def at(*metres):
    return np.array(metres, float) * METRE


def travel(roads, profile="car", **more):
    return Travel(roads, profile, speeds=PLAIN, **more)


def km(*pairs):
    return at(*[(1000 * x, 1000 * y) for x, y in pairs])


ROAD = network([(0, 0), (0, 10_000), (0, 20_000)], [(0, 1, BOTH, "东街"), (1, 2, BOTH, "西街")])


def test_a_point_halfway_along_an_edge_pays_half_of_it():
    # 2.5 km to the junction and 10 km on, at 1 km a minute
    assert travel(ROAD).matrix(km((0, 7.5)), km((0, 20)))[0, 0] == pytest.approx(12.5, abs=0.01)


def test_two_points_of_one_edge_do_not_go_round_by_its_ends():
    assert travel(ROAD).matrix(km((0, 2)), km((0, 5)))[0, 0] == pytest.approx(3, abs=0.01)


def test_the_leg_off_the_road_is_walked_and_counted():
    # 600 m at 4.5 km/h is 8 minutes; then 10 km driven
    minutes = travel(ROAD).matrix(at((600, 10_000)), km((0, 0)))[0, 0]
    assert minutes == pytest.approx(18, abs=0.1)


def test_a_point_is_no_minutes_from_itself_however_far_off_the_road():
    away = at((900, 4_000))
    assert travel(ROAD).matrix(away, away)[0, 0] == 0
    leg = travel(ROAD).path(away, away)
    assert (leg.minutes, leg.metres) == (0, 0)


def test_neighbours_off_the_road_walk_to_each_other():
    # 75 m apart, both 600 m off the road: one minute, not sixteen
    assert travel(ROAD).matrix(at((600, 4_000)), at((600, 4_075)))[0, 0] == pytest.approx(1, abs=0.02)


def test_a_one_way_is_driven_round_the_block_against_its_direction():
    block = network(
        [(0, 0), (0, 1000), (1000, 1000), (1000, 0)],
        [(0, 1, ONE_WAY), (1, 2, BOTH), (2, 3, BOTH), (3, 0, BOTH)],
    )
    here, there = at((0, 250)), at((0, 750))
    assert travel(block).matrix(here, there)[0, 0] == pytest.approx(0.5, abs=0.01)
    # 250 m on, three sides of 1 km, 250 m in
    assert travel(block).matrix(there, here)[0, 0] == pytest.approx(3.5, abs=0.03)


def test_the_far_end_of_a_one_way_street_is_left_by_the_junction_it_stands_on():
    cross = network([(0, 0), (0, 1000), (1000, 1000)], [(0, 1, ONE_WAY), (1, 2, BOTH)])
    assert travel(cross).matrix(at((0, 1000)), at((1000, 1000)))[0, 0] == pytest.approx(1, abs=0.01)


def test_a_pair_no_road_joins_is_infinite_and_spoils_nothing_else():
    apart = network([(0, 0), (0, 5000), (9000, 0), (9000, 1000)], [(0, 1, BOTH), (2, 3, BOTH)])
    minutes = travel(apart).matrix(km((0, 0), (9, 1)), km((0, 5), (9, 0)))
    assert np.isinf(minutes[0, 1])
    assert np.isinf(minutes[1, 0])
    assert np.isfinite(np.diag(minutes)).all()
    leg = travel(apart).path(km((0, 0)), km((9, 0)))
    assert math.isinf(leg.minutes)
    assert leg.lonlat.shape == (2, 2)


@pytest.mark.parametrize(("x", "edge"), [(397, 0), (402, 1)])
def test_a_loose_piece_is_chosen_only_when_nearer_by_the_margin(x, edge):
    # main road at 0, loose piece at 500 m: at 400 m the piece is nearer by 400 - 100 = 300 m, the margin
    pieces = network([(0, 0), (0, 5000), (500, 0), (500, 900)], [(0, 1, BOTH), (2, 3, BOTH)])
    assert travel(pieces).snap(at((x, 400))).edge[0] == edge


def test_a_profile_snaps_only_to_ways_it_may_use():
    on_foot = FORWARD["foot"] + BACKWARD["foot"]
    footpath = network(
        [(0, 0), (0, 5000), (100, 0), (100, 5000)], [(0, 1, BOTH), (2, 3, on_foot), (0, 2, on_foot)]
    )
    beside = at((90, 1000))
    assert travel(footpath, "car").snap(beside).edge[0] == 0
    assert travel(footpath, "foot").snap(beside).edge[0] == 1


def test_a_network_without_ways_reaches_nothing():
    empty = network([], [])
    assert np.isinf(travel(empty).matrix(km((0, 0), (1, 1)), km((0, 1)))).all()
    assert travel(empty).nearest_of(km((0, 0)), km((0, 1)))[1].tolist() == [-1]
    assert math.isinf(travel(empty).path(km((0, 0)), km((1, 1))).minutes)


def test_no_points_give_an_empty_table():
    nothing = np.zeros((0, 2))
    assert travel(ROAD).matrix(nothing, km((0, 1))).shape == (0, 1)
    assert travel(ROAD).matrix(km((0, 1)), nothing).shape == (1, 0)


@pytest.mark.parametrize("point", [(math.nan, 1.0), (200.0, 1.0), (100.0, math.inf)])
def test_a_point_that_is_nowhere_is_refused_with_its_value(point):
    with pytest.raises(BadInput, match=r"point 0 is .* expected longitude and latitude"):
        travel(ROAD).matrix([point], km((0, 0)))


def test_an_unknown_profile_is_refused_by_name():
    with pytest.raises(BadInput, match=r"'horse', expected one of car, motorcycle, foot"):
        Travel(ROAD, "horse")


def test_a_closed_edge_is_not_driven_and_a_slow_one_takes_longer():
    slow = travel(ROAD, closures=[Closure(np.array([0]), factor=0.5)])
    assert slow.matrix(km((0, 0)), km((0, 20)))[0, 0] == pytest.approx(30, abs=0.01)  # 10 km at half speed
    shut = travel(ROAD, closures=[Closure(np.array([0]), reason="洪水")])
    assert shut.snap(km((0, 1))).edge[0] == 1
    assert shut.matrix(km((0, 10)), km((0, 20)))[0, 0] == pytest.approx(10, abs=0.01)


def test_the_hour_of_departure_changes_the_minutes():
    shares = {p: tuple(0.5 if h == 8 else 1.0 for h in range(24)) for p in FORWARD}
    speeds = PLAIN.model_copy(update={"hour_share": shares})
    rush = Travel(ROAD, "car", datetime(2026, 5, 1, 8, 30), speeds=speeds)
    assert rush.matrix(km((0, 0)), km((0, 10)))[0, 0] == pytest.approx(20, abs=0.01)


def test_a_signed_limit_replaces_the_average_but_a_misprint_does_not():
    speeds = default_speeds()
    roads = network([(0, 0), (0, 1000), (0, 2000)], [(0, 1, BOTH), (1, 2, BOTH)])
    roads.edge_maxspeed_kmh[:] = [100, 5]
    average = speeds.kmh["car"]["secondary"]
    assert speeds.edge_kmh(roads, "car").tolist() == [80.0, average]


def test_nearest_names_the_facility_and_its_minutes_for_every_junction():
    minutes, facility = travel(ROAD).nearest(km((0, 1), (0, 19), (0, 1)))
    assert minutes == pytest.approx([1, 9, 1], abs=0.01)
    assert facility.tolist() == [0, 0, 1] or facility.tolist() == [0, 1, 1]


def test_a_path_names_its_streets_and_its_parts_add_up():
    leg = travel(ROAD).path(at((300, 5_000)), km((0, 15)))
    assert leg.streets == ("东街", "西街")
    assert [part.road for part in leg.parts] == ["walk", "secondary", "secondary"]
    assert leg.walk_metres == pytest.approx(302, abs=3)
    assert leg.metres == pytest.approx(10_300, abs=5)
    assert leg.minutes == pytest.approx(sum(part.minutes for part in leg.parts))
    assert leg.lonlat[0] == pytest.approx(at((300, 5_000))[0])
    assert leg.lonlat[-1] == pytest.approx(km((0, 15))[0], abs=1e-6)


@st.composite
def towns(draw):
    """A small town: junctions on a jittered grid, streets among them, some one-way, one piece or more."""
    count = draw(st.integers(2, 9))
    cell = st.tuples(st.integers(0, 6), st.integers(0, 6))
    nodes = draw(st.lists(cell, min_size=count, max_size=count, unique=True))
    pair = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1), st.sampled_from([BOTH, ONE_WAY]))
    edges = draw(st.lists(pair.filter(lambda e: e[0] != e[1]), min_size=1, max_size=16))
    points = draw(st.lists(st.tuples(st.floats(-1, 7), st.floats(-1, 7)), min_size=1, max_size=5))
    return network([(700 * x, 700 * y) for x, y in nodes], edges), at(
        *[(700 * x, 700 * y) for x, y in points]
    )


@settings(max_examples=60, deadline=None)
@given(towns())
def test_the_matrix_is_what_networkx_finds_on_split_edges(town):
    roads, points = town
    car = travel(roads)
    graph, snaps = nx.DiGraph(), car.snap(points)
    graph.add_nodes_from(f"p{i}" for i in range(len(points)))

    def link(a, b, ms):
        graph.add_edge(a, b, ms=min(ms, graph.get_edge_data(a, b, {"ms": math.inf})["ms"]))

    for e in range(roads.edge_count):
        whole = round(float(roads.edge_length_metres[e]) * 3600 / 60)
        on = sorted((snaps.fraction[i], i) for i in range(len(points)) if snaps.edge[i] == e)
        tail, head, back = int(roads.edge_from[e]), int(roads.edge_to[e]), roads.edge_access[e] == BOTH
        link(tail, head, whole)
        back and link(head, tail, whole)
        for f, i in on:
            for end, share in ((tail, f), (head, 1 - f)):
                ms = round(share * whole)
                (share == 0 or back or end == head) and link(f"p{i}", end, ms)
                (share == 0 or back or end == tail) and link(end, f"p{i}", ms)
            for g, j in on:
                (g >= f) and link(f"p{i}", f"p{j}", round((g - f) * whole))
                (g >= f and back) and link(f"p{j}", f"p{i}", round((g - f) * whole))
    walk = np.rint(snaps.walk_metres * 800)
    minutes = car.matrix(points, points)
    for i in range(len(points)):
        reach = nx.single_source_dijkstra_path_length(graph, f"p{i}", weight="ms")
        for j in range(len(points)):
            straight = metres_between(*points[i], *points[j])
            expected = walk[i] + walk[j] + reach.get(f"p{j}", math.inf)
            if snaps.edge[i] == snaps.edge[j] and straight <= snaps.walk_metres[[i, j]].sum():
                expected = min(expected, straight * 800)
            assert minutes[i, j] == pytest.approx(
                expected / 60_000, abs=1e-4
            )  # up to six milliseconds: the split edges are rounded piece by piece


@settings(max_examples=60, deadline=None)
@given(towns())
def test_a_path_takes_what_the_matrix_says_and_runs_from_end_to_end(town):
    roads, points = town
    car = travel(roads)
    minutes = car.matrix(points, points)
    for i, a in enumerate(points):
        for j, b in enumerate(points):
            leg = car.path(a, b)
            assert leg.minutes == pytest.approx(minutes[i, j], abs=1e-9)
            assert np.allclose(leg.lonlat[[0, -1]], [a, b])
            if np.isfinite(leg.minutes):
                assert line_metres(leg.lonlat) == pytest.approx(leg.metres, abs=1.0, rel=1e-3)


@settings(max_examples=20, deadline=None)
@given(towns())
def test_many_paths_at_once_are_those_asked_one_by_one(town):
    roads, points = town
    car = travel(roads)
    back = points[::-1]
    for leg, a, b in zip(car.paths(points, back), points, back, strict=True):
        alone = car.path(a, b)
        assert (leg.minutes, leg.edges, leg.streets) == (alone.minutes, alone.edges, alone.streets)
        assert np.array_equal(leg.lonlat, alone.lonlat)


@settings(max_examples=40, deadline=None)
@given(towns())
def test_both_directions_of_the_sweep_and_nearest_agree(town):
    roads, points = town
    car = travel(roads)
    whole = car.matrix(points, points)
    for j in range(len(points)):
        assert np.array_equal(car.matrix(points, points[j : j + 1])[:, 0], whole[:, j])
    minutes, _ = car.nearest_of(points, points[:2])
    assert np.array_equal(minutes, whole[:2].min(axis=0))


@settings(max_examples=40, deadline=None)
@given(towns())
def test_snapping_is_within_a_metre_of_brute_force(town):
    roads, points = town
    everything = PLAIN.model_copy(update={"snap_margin_metres": 0.0})
    snaps = Travel(roads, "car", speeds=everything).snap(points)
    steps = np.linspace(0, 1, 20_001)
    for row, point in enumerate(points):
        best = math.inf
        for e in range(roads.edge_count):
            a, b = roads.shape(e)
            line = a + steps[:, None] * (b - a)
            best = min(best, float(metres_between(*point, line[:, 0], line[:, 1]).min()))
        assert snaps.walk_metres[row] == pytest.approx(best, abs=1)


def test_threads_that_share_one_travel_get_the_same_minutes():
    car = travel(ROAD)
    points = np.random.default_rng(1).uniform(0, 20, (40, 2)) * [0, 1000 * METRE]
    alone = car.matrix(points, points)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: car.matrix(points, points), range(8)))
    assert all(np.array_equal(alone, one) for one in together)


@pytest.mark.parametrize("latitude", [0.0, 31.5, -45.0, 64.0])
def test_the_plane_returns_every_point_and_keeps_metres(latitude):
    plane = Plane(latitude)
    lonlat = np.array([[115.0, latitude], [115.01, latitude], [115.0, latitude + 0.01]])
    xy = plane.project(*lonlat.T)
    assert plane.unproject(xy) == pytest.approx(lonlat, abs=1e-9)
    for other in (1, 2):
        flat = math.dist(xy[0], xy[other])
        assert flat == pytest.approx(metres_between(*lonlat[0], *lonlat[other]), rel=5e-4)


def test_metres_agree_with_the_geodesic():
    expected = Geod(ellps="WGS84").inv(110.9, 21.6, 110.95, 21.65)[2]
    assert metres_between(110.9, 21.6, 110.95, 21.65) == pytest.approx(expected, abs=0.05)


def test_speeds_refuse_a_missing_class_and_say_which_are_known():
    given_speeds = default_speeds().model_dump()
    del given_speeds["kmh"]["car"]["track"]
    with pytest.raises(SettingsError, match="road classes motorway"):
        parse(Speeds, given_speeds, "[speeds]")
