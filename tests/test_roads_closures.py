"""Closures: the file, the edges it means, and what they do to travel times."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_roads_travel import BOTH, METRE, PLAIN, at, km, network, travel

from dispatch.errors import BadInput, MissingInput
from dispatch.roads.closure_file import read_closures
from dispatch.roads.closures import Closure, ClosureSettings, applied
from dispatch.settings import section

SETTINGS = section(ClosureSettings, "closures")
ZONE = "Asia/Shanghai"
NOW = datetime(2026, 5, 1, 14, 0, tzinfo=ZoneInfo(ZONE))

# 河街 runs north from (0,0) by (0,1000) to (0,2000); 桥路 crosses it at (0,1000), from west to east
ROADS = network(
    [(0, 0), (0, 1000), (0, 2000), (-1000, 1000), (1000, 1000)],
    [(0, 1, BOTH, "河街"), (1, 2, BOTH, "河街"), (3, 1, BOTH, "桥路"), (1, 4, BOTH, "桥路")],
)


def place(*metres):
    """A position of GeoJSON, in metres along the equator."""
    return [one * METRE for one in metres]


def feature(geometry=None, **properties):
    given = {"closed": True} | {key: value for key, value in properties.items() if value is not None}
    if "factor" in given and "closed" not in properties:
        del given["closed"]
    return {"type": "Feature", "geometry": geometry, "properties": given}


def point(x, y, **properties):
    return feature({"type": "Point", "coordinates": place(x, y)}, **properties)


def line(*metres, **properties):
    return feature({"type": "LineString", "coordinates": [place(*one) for one in metres]}, **properties)


def box(west, south, east, north, **properties):
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return feature({"type": "Polygon", "coordinates": [[place(*one) for one in ring]]}, **properties)


def read(tmp_path, *features, roads=ROADS, **more):
    path = tmp_path / "closures.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)} | more))
    return read_closures(path, roads, ZONE, SETTINGS)


def one(tmp_path, given, **more):
    (closure,) = read(tmp_path, given, **more).closures
    return closure


def fault(tmp_path, bad):
    """The line of `rejected` of a bad feature beside a good one."""
    file = read(tmp_path, bad, point(0, 500))
    assert len(file.closures) == 1
    assert "closure 1 is not used" in file.notes[0]
    return file.rejected.iloc[0]


# --- which edges


def test_a_point_closes_the_road_it_lies_by_and_no_other(tmp_path):
    assert one(tmp_path, point(15, 500)).edges.tolist() == [0]


def test_a_point_on_a_junction_closes_every_road_that_meets_there(tmp_path):
    assert one(tmp_path, point(0, 1000)).edges.tolist() == [0, 1, 2, 3]


def test_a_point_reaches_as_far_as_its_radius(tmp_path):
    assert one(tmp_path, point(60, 500, radius_metres=70)).edges.tolist() == [0]
    line_ = fault(tmp_path, point(60, 500))
    assert "60 m, 河街" in line_["expected"]


def test_a_line_closes_what_it_runs_along_and_not_what_it_crosses(tmp_path):
    assert one(tmp_path, line((8, 100), (8, 1900))).edges.tolist() == [0, 1]
    assert "across it closes nothing" in fault(tmp_path, line((-100, 500), (100, 500)))["expected"]


def test_a_short_line_closes_the_road_under_it(tmp_path):
    assert one(tmp_path, line((300, 1005), (420, 1002))).edges.tolist() == [3]


def test_a_polygon_closes_what_it_covers_even_in_part(tmp_path):
    assert one(tmp_path, box(-50, 400, 50, 600)).edges.tolist() == [0]
    assert one(tmp_path, box(-1, 499, 1, 501)).edges.tolist() == [0]  # a barrier
    assert one(tmp_path, box(-50, 400, 50, 1200)).edges.tolist() == [0, 1, 2, 3]


def test_a_polygon_that_touches_only_the_mouth_of_a_side_street_leaves_it_open(tmp_path):
    # it ends 4 m into 桥路 on both sides of the junction: less than junction_metres
    assert one(tmp_path, box(-4, 400, 4, 2000)).edges.tolist() == [0, 1]


def test_an_outline_that_crosses_itself_means_what_it_surrounds(tmp_path):
    # a bow tie: its two halves lie over 河街 south of the crossing, and north of it
    ring = [(-50, 300), (50, 500), (50, 300), (-50, 500), (-50, 300)]
    tie = feature({"type": "Polygon", "coordinates": [[place(*spot) for spot in ring]]})
    assert one(tmp_path, tie).edges.tolist() == [0]


def test_a_line_that_ends_at_a_junction_leaves_what_goes_on_there_open(tmp_path):
    assert one(tmp_path, line((0, 100), (0, 1000))).edges.tolist() == [0]
    assert one(tmp_path, line((-900, 1004), (-5, 1004))).edges.tolist() == [2]


def test_a_line_drawn_with_bends_keeps_to_its_road(tmp_path):
    bends = [(10 * (-1) ** number, 100 * number) for number in range(1, 10)]
    assert one(tmp_path, line(*bends)).edges.tolist() == [0]


def test_a_street_is_closed_by_its_exact_name(tmp_path):
    assert one(tmp_path, feature(road="河街")).edges.tolist() == [0, 1]
    assert "河街" in fault(tmp_path, feature(road="河"))["expected"]


def test_a_street_and_a_polygon_mean_the_street_within_it(tmp_path):
    assert one(tmp_path, box(-50, 900, 50, 1900, road="河街")).edges.tolist() == [0, 1]
    assert one(tmp_path, box(-50, 1200, 50, 1900, road="河街")).edges.tolist() == [1]
    assert fault(tmp_path, box(-50, 1200, 50, 1900, road="桥路"))["column"] == "road"


def test_a_table_may_name_streets(tmp_path):
    path = tmp_path / "closures.csv"
    path.write_text("road,factor,from,reason\n河街,0.5,2026-05-01 12:00,集市\n无此路,0.5,,\n", "utf-8")
    file = read_closures(path, ROADS, ZONE, SETTINGS)
    (closure,) = file.closures
    assert (closure.edges.tolist(), closure.factor, closure.reason) == ([0, 1], 0.5, "集市")
    assert closure.begins == NOW - timedelta(hours=2)
    assert file.rejected["number"].tolist() == [3]  # the row of the file


def test_streets_of_one_name_far_apart_are_pointed_out(tmp_path):
    far = network([(0, 0), (0, 500), (0, 9000), (0, 9500)], [(0, 1, BOTH, "人民路"), (2, 3, BOTH, "人民路")])
    assert any(
        "2 streets far from each other" in note
        for note in read(tmp_path, feature(road="人民路"), roads=far).notes
    )
    assert not any("far from" in note for note in read(tmp_path, feature(road="河街")).notes)


def test_a_closure_of_nearly_everything_is_pointed_out(tmp_path):
    assert any("100% of all roads" in note for note in read(tmp_path, box(-9000, -9000, 9000, 9000)).notes)


# --- what is said of them


def test_names_times_profiles_and_reasons_are_read(tmp_path):
    given = point(
        0,
        500,
        name="沿河路漫水",
        reason="洪水",
        to="2026-05-01T18:00",
        profiles=["car", "摩托车"],
        **{"from": "2026-05-01T09:00Z"},
    )
    closure = one(tmp_path, given)
    assert (closure.name, closure.reason, closure.id) == ("沿河路漫水", "洪水", "C1")
    assert closure.begins == datetime(2026, 5, 1, 17, 0, tzinfo=ZoneInfo(ZONE))
    assert closure.ends == datetime(2026, 5, 1, 18, 0, tzinfo=ZoneInfo(ZONE))
    assert closure.profiles == {"car", "motorcycle"}
    assert one(tmp_path, point(0, 500, profiles="car, foot")).profiles == {"car", "foot"}
    assert one(tmp_path, point(0, 500)).profiles == {"car", "motorcycle", "foot"}
    assert one(tmp_path, point(0, 500)).name == "河街"


def test_a_closure_holds_from_its_first_moment_up_to_its_last():
    closure = Closure(np.array([0]), begins=NOW, ends=NOW + timedelta(hours=1))
    minutes = [-1, 0, 59, 60]
    assert [closure.in_force(NOW + timedelta(minutes=m)) for m in minutes] == [False, True, True, False]
    assert closure.in_force(NOW.astimezone(UTC))
    assert Closure(np.array([0])).in_force(NOW)


def test_a_date_means_the_whole_day(tmp_path):
    closure = one(tmp_path, point(0, 500, to="2026-05-01", **{"from": "2026-05-01"}))
    midnight = datetime(2026, 5, 1, tzinfo=ZoneInfo(ZONE))
    assert (closure.begins, closure.ends) == (midnight, midnight + timedelta(days=1))


def test_ids_differ_even_where_the_file_repeats_them(tmp_path):
    twins = [point(0, 500) | {"id": "a"} for _ in range(3)]
    ids = [closure.id for closure in read(tmp_path, *twins).closures]
    assert len(set(ids)) == 3
    assert ids[0] == "a"


# --- what is refused


@pytest.mark.parametrize(
    ("given", "column", "found"),
    [
        ({"factor": 2.0}, "factor", "2.0"),
        ({"factor": 0}, "factor", "0"),
        ({"factor": "half"}, "factor", "half"),
        ({"factor": 0.5, "closed": True}, "factor", "0.5"),
        ({"closed": "perhaps"}, "closed", "perhaps"),
        ({"closed": False}, "closed", "False"),
        ({"closed": None}, "closed", "nothing"),
        ({"profiles": ["boat"]}, "profiles", "['boat']"),
        ({"profiles": []}, "profiles", "[]"),
        ({"from": "noon"}, "from", "noon"),
        ({"to": 20260501}, "to", "20260501"),
        ({"from": "2026-05-02", "to": "2026-05-01"}, "to", "2026-05-01"),
        ({"name": {"$ne": 1}}, "name", "{'$ne': 1}"),
        ({"radius_metres": -5}, "radius_metres", "-5"),
        ({"radius_metres": 90_000}, "radius_metres", "90000"),
        ({"datum": "GCJ-02"}, "datum", "GCJ-02"),
    ],
)  # fmt: skip
def test_a_wrong_property_is_named_with_what_it_held(tmp_path, given, column, found):
    bad = point(0, 500, **given)
    if given.get("closed", 1) is None:
        del bad["properties"]["closed"]
    line_ = fault(tmp_path, bad)
    assert (line_["number"], line_["column"], line_["found"]) == (1, column, found)


def test_longitude_and_latitude_swapped_are_told_from_elsewhere(tmp_path):
    roads = replace(
        ROADS, **{name: getattr(ROADS, name) + shift for name, shift in
                  (("node_lon", 111.0), ("shape_lon", 111.0), ("node_lat", 22.0), ("shape_lat", 22.0))},
    )  # fmt: skip
    good = feature({"type": "Point", "coordinates": [111.0, 22.0 + 500 * METRE]})
    for bad, said in (([22.0, 111.0], "look swapped"), ([116.4, 39.9], "a place in the area")):
        wrong = feature({"type": "Point", "coordinates": bad})
        assert said in read(tmp_path, wrong, good, roads=roads).rejected.iloc[0]["expected"]


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"type": "Circle", "coordinates": [0, 0]},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "Point"},
        {"type": "Point", "coordinates": ["0", "0"]},
        {"type": "Point", "coordinates": [True, False]},
        {"type": "Point", "coordinates": [10**400, 0]},
        {"type": "LineString", "coordinates": [[0, 0]]},
        {"type": "LineString", "coordinates": [[0, 0], [0, 0]]},
        {"type": "LineString", "coordinates": [[0, 0], {"0": 1}]},
        {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [0, 0], [0, 0]]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": [[[0, 0]]]},
        {"type": "MultiPoint", "coordinates": [[0.0, 0.0]] * 20_001},
        {"type": "MultiPoint", "coordinates": [[0.0, 0.0]] * 501},
        {"type": "LineString", "coordinates": [[0.0, 0.0], [0.01, 0.01]] * 1200},
        {"type": "Polygon", "coordinates": [[[0.0, 0.0], [0.01, 0.01], [0.01, 0.0], [0.0, 0.01]] * 20]},
        "Point",
    ],
    ids=lambda one: str(one)[:50],
)
def test_a_shape_that_is_none_costs_its_own_feature_only(tmp_path, geometry):
    assert fault(tmp_path, feature(geometry))["column"] == "geometry"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "closures.geojson"),
        (b"{", "not GeoJSON"),
        (b"[" * 100_000, "not GeoJSON"),
        (b'{"a":' * 100_000, "not GeoJSON"),
        (b'{"type": "FeatureCollection", "features": [NaN]}', "NaN"),
        (b'{"type": "FeatureCollection", "features": [' + b"9" * 5000 + b"]}", "not GeoJSON"),
        (b'{"type": "FeatureCollection", "features": []}', "holds no closures"),
        (b'{"type": "FeatureCollection", "features": {}}', "list of features"),
        (b'{"type": "FeatureCollection", "features": [1, null, "x", {}]}', "none of its 4 closures"),
        (b'{"type": "Point", "coordinates": [0, 0]}', "FeatureCollection"),
        (b'{"type": {"a": 1}}', "FeatureCollection"),
        (b"\xff\xfe\x00", "closures.geojson"),
        (b"a,b\n1,2\n", "no column 'road'"),
        (b"road,closed\n\xe6\x97\xa0,true\n", "none of its 1 closures"),
    ],
    ids=range(14),
)
def test_a_file_that_is_none_is_refused_in_one_line(tmp_path, raw, said):
    path = tmp_path / "closures.geojson"
    path.write_bytes(raw)
    with pytest.raises(BadInput, match=said) as caught:
        read_closures(path, ROADS, ZONE, SETTINGS)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingInput, match="nowhere"):
        read_closures(tmp_path / "nowhere.geojson", ROADS, ZONE, SETTINGS)


@pytest.mark.parametrize("name", ["EPSG:3857", "urn:ogc:def:crs:EPSG::32649", "GCJ-02", 4326, None])
def test_another_coordinate_system_is_refused(tmp_path, name):
    with pytest.raises(BadInput, match="expected WGS-84"):
        read(tmp_path, point(0, 500), crs={"type": "name", "properties": {"name": name}})


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"])
def test_wgs_84_may_be_named(tmp_path, name):
    assert read(tmp_path, point(0, 500), crs={"type": "name", "properties": {"name": name}}).closures


def test_texts_are_kept_printable_and_short(tmp_path):
    closure = one(tmp_path, point(0, 500, name="桥\u202e\n\ud800" + "长" * 500, reason="{{7*7}}<b>"))
    assert len(closure.name) == 80
    assert closure.name.startswith("桥 长")
    assert closure.reason == "{{7*7}}<b>"
    (closure.name + closure.reason).encode("utf-8")


# --- what they do


def test_a_slow_down_over_part_of_an_edge_costs_that_part(tmp_path):
    # 1 km at 1 km/min, 400 m of it at half speed: 0.6 + 0.8 = 1.4 minutes
    slow = one(tmp_path, box(-50, 300, 50, 700, factor=0.5))
    minutes = travel(ROADS, closures=applied([slow], "car", NOW)).matrix(km((0, 0)), km((0, 1)))[0, 0]
    assert minutes == pytest.approx(1.4, abs=0.01)


def test_two_reports_of_one_street_do_not_slow_it_twice():
    twice = [Closure(np.array([0]), 0.5), Closure(np.array([0, 1]), 0.8)]
    minutes = travel(ROADS, closures=applied(twice, "car", NOW)).matrix(km((0, 0)), km((0, 2)))[0, 0]
    assert minutes == pytest.approx(2 + 1.25, abs=0.01)  # 1 km at half speed, 1 km at 0.8


def test_only_those_in_force_for_the_profile_are_applied():
    later = Closure(np.array([0]), begins=NOW + timedelta(hours=1))
    walkers = Closure(np.array([1]), profiles=frozenset({"foot"}))
    assert applied([later, walkers], "car", NOW) == ()
    assert [one.edges.tolist() for one in applied([later, walkers], "foot", NOW)] == [[1]]
    assert [one.edges.tolist() for one in applied([later, walkers], "car", NOW + timedelta(hours=2))] == [[0]]


def test_a_place_on_a_closed_street_is_walked_to_from_the_nearest_open_one():
    shut = applied([Closure(np.array([1]))], "car", NOW)
    # from (0,0) 1 km driven, then 75 m walked at 4.5 km/h from the crossing: 1 minute
    minutes = travel(ROADS, closures=shut).matrix(km((0, 0)), at((0, 1075)))[0, 0]
    assert minutes == pytest.approx(2.0, abs=0.02)


def test_where_everything_is_closed_nothing_is_reached_and_nothing_breaks():
    shut = applied([Closure(np.arange(4))], "car", NOW)
    roads = travel(ROADS, closures=shut)
    assert np.isinf(roads.matrix(km((0, 0)), km((0, 1)))[0, 0])
    assert np.isinf(roads.path(km((0, 0)), km((0, 1))).minutes)


@st.composite
def closures(draw):
    edges = st.lists(st.integers(0, 11), min_size=1, max_size=5, unique=True)
    share = draw(st.one_of(st.none(), st.floats(0, 1)))
    picked = np.array(sorted(draw(edges)))
    factor = draw(st.one_of(st.just(0.0), st.floats(0.01, 1)))
    return Closure(picked, factor, share=None if share is None else np.full(len(picked), share))


GRID = network(
    [(500 * x, 500 * y) for y in range(3) for x in range(3)],
    [(3 * y + x, 3 * y + x + 1, BOTH) for y in range(3) for x in range(2)]
    + [(3 * y + x, 3 * y + x + 3, BOTH) for y in range(2) for x in range(3)],
)


@settings(max_examples=60)
@given(held=st.lists(closures(), max_size=3), more=closures())
def test_one_more_closure_never_makes_an_edge_faster_in_whatever_order(held, more):
    def factors(some):
        whole = np.ones(12)
        for one_ in applied(some, "car", NOW):
            whole[one_.edges] *= one_.factor
        return whole

    before, after = factors(held), factors([*held, more])
    assert (after <= before).all()
    assert (factors([more, *held[::-1]]) == after).all()


@settings(max_examples=40)
@given(held=st.lists(closures(), max_size=2), more=closures())
def test_one_more_closure_never_shortens_a_way_between_junctions(held, more):
    # junctions whose streets stay open: elsewhere the walk to an open street is another way
    corners = at(*[(500 * x, 500 * y) for y in range(3) for x in range(3)])
    shut = {int(edge) for one_ in [*held, more] if one_.shut for edge in one_.edges}
    standing = [
        n for n in range(9) if not shut & {e for e in range(12) if n in (GRID.edge_from[e], GRID.edge_to[e])}
    ]
    before, after = (
        travel(GRID, closures=applied(some, "car", NOW)).matrix(corners[standing], corners[standing])
        for some in (held, [*held, more])
    )
    assert (after >= before - 1e-9).all()


def test_the_leg_says_which_edges_it_runs_over():
    leg = travel(ROADS).path(km((0, 0.2)), km((0.8, 1)))
    assert leg.edges == (0, 3)
    assert PLAIN.walk_kmh == 4.5
