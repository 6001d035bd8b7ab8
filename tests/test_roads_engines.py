"""Both engines give the same numbers, threads and changed weights too; what closures, one-ways and points may change."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from make_roads import AHEAD, BACK, BOTH, PLAIN, at, roads, towns, travel

from dispatch.errors import BadInput, MissingExtra
from dispatch.roads import cch, engines
from dispatch.roads.closures import Closure
from dispatch.roads.network import BACKWARD, FORWARD
from dispatch.roads.plane import metres_between
from dispatch.roads.speeds import default_speeds

FEW = settings(max_examples=40, deadline=None)
SHARES = {p: tuple(0.5 if hour == 8 else 1.0 for hour in range(24)) for p in FORWARD}
RUSH = PLAIN.model_copy(update={"hour_share": SHARES})


def grid(size=30, seed=1):
    """A jittered grid of streets, a tenth of them missing, a tenth one-way."""
    chance = np.random.default_rng(seed)
    place = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1).reshape(-1, 2) * 400.0
    number = np.arange(size * size).reshape(size, size)
    pairs = [*zip(number[:, :-1].flat, number[:, 1:].flat, strict=True)]
    pairs += [*zip(number[:-1].flat, number[1:].flat, strict=True)]
    kept = [pair for pair in pairs if chance.random() > 0.1]
    edges = [(a, b, AHEAD if chance.random() < 0.1 else BOTH) for a, b in kept]
    turns = [(e, edges[e][1], f, False) for e, f in chance.integers(0, len(edges), (4000, 2))]
    return roads(place + chance.uniform(-150, 150, place.shape), edges, turns), chance


@pytest.fixture(scope="module")
def town():
    """The grid, and 300 points on and off its streets."""
    network, chance = grid()
    return network, at(*chance.uniform(-200, 12_000, (300, 2)))


@FEW
@given(town=towns())
def test_every_way_of_asking_the_hierarchy_gives_what_scipy_gives(town):
    network, points = town
    plain, fast = travel(network, engine="scipy"), travel(network, engine="cch")
    snaps = plain.snap(points)
    starts, ends = plain._leaving(snaps), plain._arriving(snaps)
    expected = plain._engines.scipy.matrix(starts, ends)
    engine = fast._engines.engine_for(1)
    assert np.array_equal(engine.matrix(starts, ends), expected)
    if len(starts.point) and len(ends.point):
        assert np.array_equal(engine._between_states(starts, ends), expected)
        assert np.array_equal(engine._with_points(starts, ends), expected)
        assert np.array_equal(engine._with_points(starts.rows(0, 2), ends), expected[:2])
        assert np.array_equal(engine._with_points(starts, ends.rows(0, 1)), expected[:, :1])


@pytest.mark.parametrize(("sources", "targets"), [(300, 300), (3, 300), (300, 3), (40, 40)])
def test_both_engines_agree_to_the_last_bit_on_a_town(town, sources, targets):
    network, points = town
    a, b = (
        travel(network, engine=one).matrix(points[:sources], points[-targets:]) for one in ("scipy", "cch")
    )
    assert np.array_equal(a, b)
    assert np.isfinite(a).mean() > 0.9


def test_paths_of_both_engines_take_the_same_minutes(town):
    network, points = town
    plain, fast = travel(network, engine="scipy"), travel(network, engine="cch")
    for a, b in zip(points[:100], points[100:200], strict=True):
        assert plain.path(a, b).minutes == pytest.approx(fast.path(a, b).minutes, abs=1e-9)


def test_networkx_finds_the_same_minutes_between_junctions(town):
    network, _ = town
    free = replace(network, turn_only=network.turn_only, turn_profiles=np.zeros_like(network.turn_profiles))
    fast = travel(free, engine="cch")
    graph = nx.DiGraph()
    for way, ms in enumerate(fast._way_ms):
        edge, back = way % free.edge_count, way >= free.edge_count
        ends = (int(free.edge_from[edge]), int(free.edge_to[edge]))[:: -1 if back else 1]
        if np.isfinite(ms):
            graph.add_edge(*ends, ms=min(ms, graph.get_edge_data(*ends, {"ms": np.inf})["ms"]))
    nodes = np.random.default_rng(2).integers(0, free.node_count, 30)
    points = np.column_stack([free.node_lon, free.node_lat])[nodes]
    minutes = fast.matrix(points, points)
    for i, node in enumerate(nodes):
        found = nx.single_source_dijkstra_path_length(graph, node, weight="ms") if node in graph else {}
        expected = [found.get(other, np.inf) / 60_000 for other in nodes]
        walked = fast.snap(points).walk_metres
        assert minutes[i, walked < 0.01] == pytest.approx(np.array(expected)[walked < 0.01], abs=1e-9)


@FEW
@given(town=towns(), data=st.data())
def test_reweighted_answers_as_one_made_from_nothing(town, data):
    network, points = town
    edge = st.integers(0, network.edge_count - 1)
    closures = [
        [Closure(np.array(sorted(edges)), factor)]
        for edges, factor in data.draw(
            st.lists(st.tuples(st.sets(edge, min_size=1), st.sampled_from([0.0, 0.1, 0.5])), max_size=3)
        )
    ]
    car = travel(network, engine="cch", speeds=RUSH)
    before = car.matrix(points, points)
    for closed in closures:
        for hour in (None, datetime(2026, 5, 1, 8)):
            changed = car.reweighted(departure=hour, closures=closed)
            fresh = travel(network, engine="scipy", speeds=RUSH, departure=hour, closures=closed)
            assert np.array_equal(changed.matrix(points, points), fresh.matrix(points, points))
            assert np.array_equal(changed.nearest(points)[0], fresh.nearest(points)[0])
    assert np.array_equal(car.matrix(points, points), before)


def test_reweighted_keeps_what_is_not_given():
    line = roads([(0, 0), (0, 10_000)], [(0, 1, BOTH)])
    slow = travel(line, speeds=RUSH, closures=[Closure(np.array([0]), 0.5)])
    assert slow.matrix(at((0, 0)), at((0, 9000)))[0, 0] == pytest.approx(18, abs=0.1)  # 9 km at 30 km/h
    rush = slow.reweighted(departure=datetime(2026, 5, 1, 8))
    assert rush.matrix(at((0, 0)), at((0, 9000)))[0, 0] == pytest.approx(36, abs=0.1)  # at 15 km/h
    free = rush.reweighted(closures=())
    assert free.matrix(at((0, 0)), at((0, 9000)))[0, 0] == pytest.approx(18, abs=0.1)
    usual = free.reweighted(departure=None, speeds=PLAIN)
    assert usual.matrix(at((0, 0)), at((0, 9000)))[0, 0] == pytest.approx(9, abs=0.1)


def test_other_speeds_may_open_and_close_roads_to_snap_to():
    two = roads([(0, 0), (0, 5000), (300, 0), (300, 5000)], [(0, 1, BOTH), (2, 3, BOTH)])
    two.edge_class[1] = 9  # a track
    no_tracks = {p: {**PLAIN.kmh[p], "track": 0.0} for p in FORWARD}
    car = travel(two)
    assert car.snap(at((290, 2000))).edge[0] == 1
    assert (
        car.reweighted(speeds=PLAIN.model_copy(update={"kmh": no_tracks})).snap(at((290, 2000))).edge[0] == 0
    )


def test_closures_of_one_edge_multiply():
    line = roads([(0, 0), (0, 10_000)], [(0, 1, BOTH)])
    twice = travel(line, closures=[Closure(np.array([0]), 0.5), Closure(np.array([0]), 0.2)])
    assert twice.matrix(at((0, 0)), at((0, 9000)))[0, 0] == pytest.approx(90, abs=0.1)  # 9 km at 6 km/h


@pytest.mark.parametrize(
    ("closure", "said"),
    [
        (Closure(np.array([9])), "edges 9 to 9; the roads have 2"),
        (Closure(np.array([-1])), "edges -1"),
        (Closure(np.array([0]), -0.5), "factor is -0.5"),
        (Closure(np.array([0]), float("nan")), "factor is nan"),
    ],
)
def test_a_closure_of_what_is_not_there_is_refused(closure, said):
    with pytest.raises(BadInput, match=said):
        travel(roads([(0, 0), (0, 1), (0, 2)], [(0, 1, BOTH), (1, 2, BOTH)]), closures=[closure])


@FEW
@given(town=towns(), data=st.data())
def test_one_more_closure_never_shortens_a_time_where_points_stay_on_their_roads(town, data):
    network, points = town
    edges = data.draw(st.sets(st.integers(0, network.edge_count - 1), min_size=1))
    closure = Closure(np.array(sorted(edges)), data.draw(st.sampled_from([0.0, 0.3])))
    car = travel(network)
    shut = car.reweighted(closures=[closure])
    stays = car.snap(points).edge == shut.snap(points).edge
    before, after = (one.matrix(points[stays], points[stays]) for one in (car, shut))
    assert (after >= before).all()


@FEW
@given(town=towns(turns=False))
def test_a_way_over_a_third_point_is_never_shorter(town):
    network, points = town
    car = travel(network, engine="cch")
    on_road = car.snap(points).lonlat  # beside one edge, points are also walked between over the ground
    minutes = car.matrix(on_road, on_road)
    over = (minutes[:, :, None] + minutes[None, :, :]).min(axis=1)
    assert (minutes <= over + 5 / 60_000).all()  # five roundings of a millisecond


@FEW
@given(town=towns(turns=False), data=st.data())
def test_reversing_a_one_way_changes_only_the_ways_over_it(town, data):
    network, points = town
    one_way = np.flatnonzero((network.edge_access == AHEAD) | (network.edge_access == BACK))
    assume(len(one_way))
    edge = data.draw(st.sampled_from(one_way.tolist()))
    access = network.edge_access.copy()
    access[edge] = BACK if access[edge] == AHEAD else AHEAD
    before, after = travel(network), travel(replace(network, edge_access=access))
    elsewhere = (before.snap(points).edge != edge) & (before.snap(points).edge == after.snap(points).edge)
    for a in points[elsewhere]:
        for b in points[elsewhere]:
            old, new = before.path(a, b), after.path(a, b)
            if np.isfinite(old.minutes) and edge not in old.edges:
                assert new.minutes <= old.minutes + 1e-9
            if np.isfinite(new.minutes) and edge not in new.edges:
                assert old.minutes <= new.minutes + 1e-9


@FEW
@given(town=towns(), data=st.data())
def test_snapping_beside_closed_roads_is_within_a_metre_of_brute_force(town, data):
    network, points = town
    closed = data.draw(st.sets(st.integers(0, network.edge_count - 1)))
    car = travel(network, closures=[Closure(np.array(sorted(closed), np.int64))])
    left = [
        e
        for e in range(network.edge_count)
        if e not in closed and network.edge_access[e] & (AHEAD | BACK) & 3
    ]
    snaps = car.snap(points)
    for row, point in enumerate(points):
        metres = [_metres_to(network.shape(e), point) for e in left]
        if metres:
            assert snaps.walk_metres[row] == pytest.approx(min(metres), abs=1)
            assert snaps.edge[row] in left
        else:
            assert snaps.edge[row] == -1


def _metres_to(line, point):
    share = np.linspace(0, 1, 4001)[:, None]
    pieces = [a + share * (b - a) for a, b in pairwise(line)]
    return min(float(metres_between(*point, piece[:, 0], piece[:, 1]).min()) for piece in pieces)


def test_threads_with_changed_and_unchanged_roads_get_their_own_answers(town):
    network, points = town
    car = travel(network, engine="cch")
    shut = car.reweighted(closures=[Closure(np.arange(0, 900, 30))])
    rush = car.reweighted(departure=datetime(2026, 5, 1, 8), speeds=RUSH)
    assert shut._engines._metrics is car._engines._metrics  # one metric, changed back and forth
    assert rush._engines._metrics is not car._engines._metrics

    def ask(one):
        return one.matrix(points[:20], points[:60]), one.path(points[0], points[50]).minutes

    alone = [ask(one) for one in (car, shut, rush)]
    assert not np.array_equal(alone[0][0], alone[1][0])
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(ask, [car, shut, rush] * 8))
    for number, (minutes, one_path) in enumerate(together):
        assert np.array_equal(minutes, alone[number % 3][0])
        assert one_path == alone[number % 3][1]


def test_threads_that_all_ask_first_make_one_hierarchy(monkeypatch):
    network, chance = grid(12, seed=5)
    points = at(*chance.uniform(0, 4000, (30, 2)))
    made, topology = [], cch.Topology
    monkeypatch.setattr(
        cch, "Topology", lambda *given: made.append(threading.get_ident()) or topology(*given)
    )
    cars = [travel(network, profile, engine="cch") for profile in ("car", "foot", "motorcycle", "car")]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda car: car.path(points[0], points[1]), cars))
    assert len(made) == 1


def test_a_small_question_goes_to_scipy_and_many_to_the_hierarchy(town, caplog, tmp_path):
    network, points = town
    car = travel(replace(network), cache=tmp_path)
    with caplog.at_level(logging.INFO, "dispatch.roads"):
        few = car.matrix(points[:2], points)
        assert "roads: SciPy answers 2 sweeps over" in caplog.text
        many = [car.matrix(points, points) for _ in range(3)][-1]
    assert "contraction hierarchy of" in caplog.text
    assert "made in" in caplog.text
    assert "roads: the contraction hierarchy answers 300 sweeps" in caplog.text
    assert np.array_equal(many[:2], few)
    assert len(list(tmp_path.iterdir())) == 1


def test_without_pyroutingkit_scipy_answers_everything(town, monkeypatch):
    network, points = town
    monkeypatch.setattr(cch, "is_installed", lambda: False)
    car = travel(replace(network))
    assert [car.matrix(points, points) is None for _ in range(3)] == [False] * 3
    assert car._engines.engine_for(10**9).name == "SciPy"
    with pytest.raises(MissingExtra, match=r"pip install 'field-dispatch\[fast-roads\]'"):
        travel(network, engine="cch")


def test_a_hierarchy_that_cannot_be_made_is_no_error(town, monkeypatch, caplog):
    network, points = town

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(engines.cch, "Topology", full)
    car = travel(replace(network))
    assert car._engines.engine_for(10**9).name == "SciPy"
    assert "no space left" in caplog.text
    assert np.isfinite(car.matrix(points[:1], points)).any()


def test_a_way_longer_than_the_weights_can_add_up_is_no_way_for_either_engine():
    # 3 edges of 1.1 million km at 60 km/h are 66 billion ms: more than 2^31
    long = roads([(0, 0), (0, 1000), (0, 2000), (0, 3000)], [(0, 1, BOTH), (1, 2, BOTH), (2, 3, BOTH)])
    long.edge_length_metres[:] = 15e6  # 0.9 billion ms each: two add up, three do not
    points = at((0, 0), (0, 1000), (0, 2000), (0, 3000))
    for engine in ("scipy", "cch"):
        car = travel(long, engine=engine)
        minutes = car.matrix(points, points)
        assert minutes[0, 2] == pytest.approx(30_000)
        assert np.isinf(minutes[0, 3])
        assert np.isinf(car.path(points[0], points[3]).minutes)
        assert np.isfinite(car.nearest(points[:1])[0]).tolist() == [True, True, True, False]


def test_a_network_without_roads_or_for_nobody_gives_inf():
    nowhere = roads([], [])
    footpath = roads([(0, 0), (0, 1000)], [(0, 1, FORWARD["foot"] | BACKWARD["foot"])])
    for network in (nowhere, footpath):
        for engine in ("scipy", "cch"):
            car = travel(network, engine=engine)
            assert np.isinf(car.matrix(at((0, 0)), at((0, 10)))).all()
            assert np.isinf(car.path(at((0, 0)), at((0, 10))).minutes)
            assert car.nearest(at((0, 0)))[1].tolist() == [-1] * network.node_count


def test_the_default_speeds_serve_every_profile_through_both_engines(town):
    network, points = town
    for profile in FORWARD:
        a, b = (
            travel(network, profile, engine=engine, speeds=default_speeds()).matrix(points[:50], points)
            for engine in ("scipy", "cch")
        )
        assert np.array_equal(a, b)
