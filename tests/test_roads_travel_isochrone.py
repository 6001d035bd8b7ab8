"""Isochrones: as far as the minutes reach, wider with more minutes, whole where roads are continuous."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from make_roads import AHEAD, BOTH, at, roads, towns, travel
from pyproj import Transformer

from dispatch.errors import BadInput
from dispatch.roads.isochrone import HOLE_SQUARE_METRES, ROAD_METRES

UTM = "EPSG:32631"  # its middle is 3° east, so lengths here are true to 0.1 %
ROAD = roads([(0, 0), (20_000, 0)], [(0, 1, BOTH)])


def metres(*points):
    """Points of `at` in the metric CRS."""
    lonlat = at(*points)
    return shapely.points(
        np.column_stack(Transformer.from_crs(4326, UTM, always_xy=True).transform(lonlat[:, 0], lonlat[:, 1]))
    )


def test_a_road_is_reached_as_far_as_the_minutes_last_and_no_farther():
    # 10 minutes from 5 km: to 0 km (the end) and to 15 km; 4 minutes: from 1 km to 9 km
    shape = travel(ROAD).isochrone(at((5000, 0)), [4, 10], UTM)
    assert shape["minutes"].tolist() == [4, 10]
    assert shape.crs == UTM
    inside = metres((900, 0), (1100, 0), (8900, 0), (9100, 0), (14_900, 0), (15_100, 0))
    assert shape.geometry[0].contains(inside).tolist() == [False, True, True, False, False, False]
    assert shape.geometry[1].contains(inside).tolist() == [True, True, True, True, True, False]


def test_what_is_left_of_the_minutes_is_walked_from_the_road():
    # at 7 km, 2 of 4 minutes are left: 150 m on foot; at the very end nothing but the road itself
    shape = travel(ROAD).isochrone(at((5000, 0)), [4], UTM).geometry[0]
    assert shape.contains(metres((7000, 90), (7000, 170))).tolist() == [True, False]
    assert shape.contains(metres((8950, ROAD_METRES - 5), (8950, 60))).tolist() == [True, False]


def test_who_lives_off_the_road_first_walks_to_it():
    # 600 m at 4.5 km/h are 8 minutes, then 2 km by car; around the house everything within 10 minutes on foot
    shape = travel(ROAD).isochrone(at((5000, 600)), [10], UTM).geometry[0]
    assert shape.contains(metres((6900, 0), (7200, 0), (5000, 1300), (5000, 1400))).tolist() == [
        True,
        False,
        True,
        False,
    ]


def test_a_one_way_is_reached_only_the_way_it_leads():
    shape = (
        travel(roads([(0, 0), (20_000, 0)], [(0, 1, AHEAD)])).isochrone(at((5000, 0)), [4], UTM).geometry[0]
    )
    assert shape.contains(metres((8900, 0), (4000, 0))).tolist() == [True, False]


def test_from_several_points_the_quickest_counts():
    shape = travel(ROAD).isochrone(at((0, 0), (20_000, 0)), [5], UTM).geometry[0]
    assert shape.contains(metres((4900, 0), (10_000, 0), (15_100, 0))).tolist() == [True, False, True]


def blocks(side=12):
    """Streets 700 m apart, every block a little askew."""
    number = np.arange(side * side).reshape(side, side)
    pairs = [*zip(number[:, :-1].flat, number[:, 1:].flat, strict=True)]
    pairs += [*zip(number[:-1].flat, number[1:].flat, strict=True)]
    askew = np.random.default_rng(3).uniform(-90, 90, (side * side, 2))
    places = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2) * 700.0
    return roads(places + askew, [(a, b, BOTH, (a * b) % 5 * 0.04) for a, b in pairs])


def test_blocks_between_reached_streets_are_no_holes():
    shape = travel(blocks()).isochrone(at((3500, 3500)), [7], UTM).geometry[0]
    assert shape.geom_type == "Polygon"
    assert len(shape.interiors) == 0


def test_every_isochrone_holds_all_of_the_one_before():
    shapes = travel(blocks()).isochrone(at((3500, 3500)), np.arange(1, 7, 0.5), UTM).geometry
    for less, more in pairwise(shapes):
        assert less.difference(more).area < 1e-3
        assert more.area > less.area


def test_no_hole_is_left_that_could_be_walked_across_from_its_roads():
    # a ring road of 5 km by 5 km stays open in the middle, one of 1.5 km by 1.5 km does not
    for side, holes in ((5000, 1), (1500, 0)):
        corners = [(0, 0), (side, 0), (side, side), (0, side)]
        ring = roads(corners, [(i, (i + 1) % 4, BOTH) for i in range(4)])
        shape = travel(ring).isochrone(at((0, 0)), [side / 1000 * 2 + 1], UTM).geometry[0]
        assert len(shape.interiors) == holes
        assert all(shapely.Polygon(one).area >= HOLE_SQUARE_METRES for one in shape.interiors)


@settings(max_examples=30, deadline=None)
@given(town=towns())
def test_more_minutes_hold_fewer_and_every_reached_point_on_a_road_is_inside(town):
    network, points = town
    car = travel(network)
    shapes = car.isochrone(points[:1], [3, 1, 8], UTM)
    assert shapes["minutes"].tolist() == [3, 1, 8]
    assert shapes.geometry.is_valid.all()
    three, one, eight = shapes.geometry
    assert one.difference(three).area < 1
    assert three.difference(eight).area < 1
    snaps = car.snap(points)
    if (snaps.edge < 0).any():
        return
    there = snaps.lonlat
    minutes, _ = car.nearest_of(there, points[:1])
    xy = np.column_stack(Transformer.from_crs(4326, UTM, always_xy=True).transform(there[:, 0], there[:, 1]))
    for limit, shape in zip(shapes["minutes"], shapes.geometry, strict=True):
        reached = minutes <= limit - 0.01
        assert shapely.dwithin(shape, shapely.points(xy[reached]), 1.0).all()


def test_where_nothing_is_reached_there_is_the_walk_around_the_point():
    nowhere = travel(roads([], [])).isochrone(at((0, 0)), [4], UTM).geometry[0]
    assert nowhere.area == pytest.approx(np.pi * 300**2, rel=0.03)  # 4 minutes on foot are 300 m
    assert travel(ROAD).isochrone(np.zeros((0, 2)), [4], UTM).geometry[0].is_empty


@pytest.mark.parametrize("minutes", [[0], [5, -1], [float("nan")], [float("inf")]])
def test_minutes_that_are_none_are_refused(minutes):
    with pytest.raises(BadInput, match=r"minutes are .*, expected numbers above 0"):
        travel(ROAD).isochrone(at((0, 0)), minutes, UTM)


@pytest.mark.parametrize("crs", ["EPSG:4326", "nonsense", "EPSG:2227"])
def test_a_crs_that_does_not_measure_in_metres_is_refused(crs):
    with pytest.raises(BadInput, match="expected a projected one"):
        travel(ROAD).isochrone(at((0, 0)), [5], crs)
