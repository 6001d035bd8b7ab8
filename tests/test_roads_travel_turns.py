"""Turn restrictions: kept by matrix, path and nearest, for whom they bind, and without a way round them."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from make_roads import AHEAD, BACK, BOTH, ON_FOOT, at, banned, roads, slow_matrix, towns, travel

from dispatch.roads.arcs import arcs_of
from dispatch.roads.closures import Closure
from dispatch.roads.engines import frame_of
from dispatch.roads.network import PROFILE_BIT

ENGINES = ["scipy", "cch"]

# a cross of four streets of 1 km round junction 0, and a street of 1.414 km from the east to the north
#        2
#        | \
#  3 --- 0 --- 1
#        |
#        4
NODES = [(0, 0), (1000, 0), (0, 1000), (-1000, 0), (0, -1000)]
STREETS = [(0, 1, BOTH), (0, 2, BOTH), (0, 3, BOTH), (0, 4, BOTH), (1, 2, BOTH)]
EAST, NORTH, WEST, SOUTH, SLANT = range(5)
AHEAD_BANNED = (SOUTH, 0, NORTH, False)  # who comes from the south may not go on to the north


def minutes(network, start, stop, profile="car", engine="scipy", **more):
    return travel(network, profile, engine=engine, **more).matrix(at(start), at(stop))[0, 0]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_banned_turn_is_driven_round_the_block(engine):
    # allowed: 500 m + 900 m; banned: 500 m in, 1 km east, 1.414 km slanting, 100 m down the northern street
    assert minutes(roads(NODES, STREETS), (0, -500), (0, 900), engine=engine) == pytest.approx(1.4, abs=0.03)
    town = roads(NODES, STREETS, [AHEAD_BANNED])
    assert minutes(town, (0, -500), (0, 900), engine=engine) == pytest.approx(3.01, abs=0.03)


@pytest.mark.parametrize("engine", ENGINES)
def test_turning_back_is_allowed_where_nothing_bans_it(engine):
    # 500 m in, 1 km out on any street, turned round, 1 km back, then 500 m north
    town = roads(NODES, STREETS, [AHEAD_BANNED])
    assert minutes(town, (0, -500), (0, 500), engine=engine) == pytest.approx(3, abs=0.03)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_ban_binds_only_who_comes_out_of_its_edge(engine):
    town = roads(NODES, STREETS, [AHEAD_BANNED])
    assert minutes(town, (-500, 0), (0, 500), engine=engine) == pytest.approx(1, abs=0.03)
    assert minutes(town, (0, 500), (0, -500), engine=engine) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_ban_for_cars_does_not_bind_who_walks(engine):
    town = roads(NODES, STREETS, [(*AHEAD_BANNED, PROFILE_BIT["car"])])
    assert minutes(town, (0, -500), (0, 500), engine=engine) > 2
    for profile in ("foot", "motorcycle"):
        assert minutes(town, (0, -500), (0, 500), profile, engine) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("engine", ENGINES)
def test_only_one_way_on_bans_the_others_and_turning_back(engine):
    town = roads(NODES, STREETS, [(SOUTH, 0, WEST, True)])
    assert minutes(town, (0, -500), (-500, 0), engine=engine) == pytest.approx(1, abs=0.03)
    # west is a dead end: 500 m, 1 km out, turned round, 1 km back, then 500 m east
    assert minutes(town, (0, -500), (500, 0), engine=engine) == pytest.approx(3, abs=0.03)


@pytest.mark.parametrize(("only", "expected"), [(False, 3), (True, 11)])
def test_who_must_go_on_cannot_turn_back_there_to_make_a_banned_turn(only, expected):
    # south to east is banned at 0; 1 km on at 2, 4 km before the road ends: turning back at 2 is 0.5 + 1 + 1 + 0.5
    line = [(0, 0), (1000, 0), (0, 1000), (0, 5000), (0, -1000)]
    streets = [(0, 1, BOTH), (0, 2, BOTH), (2, 3, BOTH), (0, 4, BOTH)]
    town = roads(line, streets, [(3, 0, 0, False), *[(1, 2, 2, True)] * only])
    assert minutes(town, (0, -500), (500, 0)) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("engine", ENGINES)
def test_of_several_only_ways_any_may_be_followed(engine):
    town = roads(NODES, STREETS, [(SOUTH, 0, WEST, True), (SOUTH, 0, EAST, True)])
    for stop in ((-500, 0), (500, 0)):
        assert minutes(town, (0, -500), stop, engine=engine) == pytest.approx(1, abs=0.03)
    assert minutes(town, (0, -500), (0, 900), engine=engine) == pytest.approx(3.01, abs=0.03)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_ban_on_turning_back_makes_a_dead_end_of_no_use(engine):
    town = roads(NODES, STREETS, [(SOUTH, 0, WEST, True), (WEST, 3, WEST, False)])
    assert minutes(town, (0, -500), (-900, 0), engine=engine) == pytest.approx(1.4, abs=0.03)
    assert np.isinf(minutes(town, (0, -500), (500, 0), engine=engine))


@pytest.mark.parametrize("engine", ENGINES)
def test_who_stands_on_the_junction_came_out_of_no_street(engine):
    town = roads(NODES, STREETS, [AHEAD_BANNED, (EAST, 0, NORTH, False), (WEST, 0, NORTH, False)])
    assert minutes(town, (0, 0), (0, 500), engine=engine) == pytest.approx(0.5, abs=0.03)
    assert minutes(town, (0, -500), (0, 0), engine=engine) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_ring_at_a_restricted_junction_is_a_way_round_the_ban(engine):
    # the ring of 1.6 km leaves junction 0 and comes back: out of it, north is allowed
    ring = roads(
        [*NODES[:5]], [(0, 1, BOTH), (0, 2, BOTH), (0, 3, BOTH), (0, 4, BOTH), (0, 0, BOTH)], [AHEAD_BANNED]
    )
    dead_ends = minutes(ring, (0, -500), (0, 500), engine=engine)
    assert dead_ends == pytest.approx(1 + 1.6, abs=0.03)
    shut = minutes(ring, (0, -500), (0, 500), engine=engine, closures=[Closure(np.array([4]))])
    assert shut == pytest.approx(3, abs=0.03)  # 1 km out and back on a street instead
    both = roads(NODES[:5], [*STREETS[:4], (0, 0, BOTH)], [AHEAD_BANNED, (4, 0, NORTH, False)])
    assert minutes(both, (0, -500), (0, 500), engine=engine) == pytest.approx(3, abs=0.03)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_path_goes_round_by_the_edges_of_the_block(engine):
    leg = travel(roads(NODES, STREETS, [AHEAD_BANNED]), engine=engine).path(at((0, -500)), at((0, 900)))
    assert leg.edges == (SOUTH, EAST, SLANT, NORTH)
    assert leg.minutes == pytest.approx(3.01, abs=0.03)
    assert leg.metres == pytest.approx(3014, abs=20)


def test_nearest_reaches_a_restricted_junction_by_whichever_street_is_quickest():
    car = travel(roads(NODES, STREETS, [AHEAD_BANNED]))
    there, station = car.nearest(at((0, -500), (0, 900)))
    assert there[:3] == pytest.approx([0.5, 1.5, 0.1], abs=0.03)
    assert station[:3].tolist() == [0, 0, 1]
    assert car.nearest(at((0, -500)))[0][2] == pytest.approx(2.91, abs=0.03)  # 500 m, 1 km, 1.414 km


def test_only_restricted_junctions_are_copied_once_an_edge():
    arcs = arcs_of(roads(NODES, STREETS, [AHEAD_BANNED, (SOUTH, 0, WEST, False), (EAST, 0, WEST, False)]))
    assert arcs.copy_node.tolist() == [0, 0]
    assert arcs.arc_count == 10 + 2 * 4  # each copy has the four streets out of the junction


def test_profiles_share_one_frame_of_arcs():
    town = roads(NODES, STREETS, [AHEAD_BANNED])
    assert travel(town)._frame is travel(town, "foot")._frame is frame_of(town)


def test_a_restriction_whose_edges_do_not_meet_says_nothing():
    town = roads(NODES, STREETS, [(SOUTH, 0, SLANT, True), (SLANT, 0, NORTH, False)])
    assert not len(arcs_of(town).copy_node)
    assert minutes(town, (0, -500), (0, 500)) == pytest.approx(1, abs=0.03)


def test_a_one_way_against_a_profile_is_still_its_own_on_foot():
    town = roads([(0, 0), (0, 1000)], [(0, 1, AHEAD | BACK & ON_FOOT)])
    assert np.isinf(minutes(town, (0, 600), (0, 400)))
    assert minutes(town, (0, 600), (0, 400), "foot") == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("profile", ["car", "foot"])
@settings(max_examples=60, deadline=None)
@given(town=towns())
def test_minutes_are_those_of_driving_from_way_to_way(profile, town):
    network, points = town
    car = travel(network, profile, engine="scipy")
    expected = slow_matrix(car, points)
    assert car.matrix(points, points) == pytest.approx(expected, abs=1e-9)
    assert travel(network, profile, engine="cch").matrix(points, points) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=40, deadline=None)
@given(town=towns())
def test_a_path_takes_what_the_matrix_says_and_never_a_banned_turn(engine, town):
    network, points = town
    car = travel(network, engine=engine)
    minutes = car.matrix(points, points)
    for i, a in enumerate(points):
        for j, b in enumerate(points):
            leg = car.path(a, b)
            assert leg.minutes == pytest.approx(minutes[i, j], abs=1e-9)
            runs = [run for run in (leg.course.runs if leg.course else ()) if run.start != run.stop]
            for one, next_ in pairwise(runs):
                node = (network.edge_to if one.stop == 1 else network.edge_from)[one.edge]
                assert node == (network.edge_from if next_.start == 0 else network.edge_to)[next_.edge]
                assert not banned(network, "car", one.edge, node, next_.edge)


@settings(max_examples=40, deadline=None)
@given(town=towns())
def test_one_more_restriction_never_shortens_a_time(town):
    network, points = town
    free = travel(roads_without_turns(network)).matrix(points, points)
    assert (travel(network).matrix(points, points) >= free).all()


def roads_without_turns(network):
    none = np.zeros(0, np.int32)
    return replace(
        network, turn_from_edge=none, turn_via_node=none, turn_to_edge=none,
        turn_only=none.astype(bool), turn_profiles=none.astype(np.uint8),
    )  # fmt: skip
