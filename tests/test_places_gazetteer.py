"""Names and where they are: paths, nearest units, spacing, and tables that are refused."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from names import LISTS, MISSING, entry, maoming
from shapely.geometry import box

from dispatch.errors import TableError
from dispatch.places.gazetteer import Gazetteer

# two counties side by side, a town in each, villages 0.01 degrees apart (about 1 km)
ROWS = [
    entry("C1", "东县", "county", 110.5, 21.5),
    entry("C2", "西县", "county", 109.5, 21.5),
    entry("T1", "长坡镇", "township", 110.1, 21.5, "C1"),
    entry("T2", "沙田镇", "township", 109.9, 21.5, "C2"),
    entry("V1", "旺沙村委会", "village", 110.10, 21.5, "T1"),
    entry("V2", "建设社区居委会", "village", 110.11, 21.5, "T1", aliases="老街|圩上"),
    entry("V3", "边村", "village", 109.999, 21.5, "T2", radius_metres=5000.0),
]
COUNTIES = gpd.GeoDataFrame(
    {"code": ["C1", "C2"], "name": ["东县", "西县"], "level": "county", "parent": ""},
    geometry=[box(110, 21, 111, 22), box(109, 21, 110, 22)],
    crs=4326,
)


def small(boundaries: gpd.GeoDataFrame | None = None) -> Gazetteer:
    return Gazetteer(pd.DataFrame(ROWS), boundaries)


def test_a_path_runs_from_the_county_down_to_the_entry():
    assert small().path_names("V1") == ("东县", "长坡镇", "旺沙村委会")
    assert small().path("T2") == {"county": "西县", "township": "沙田镇"}
    assert small().path_names("nowhere") == ()


def test_without_polygons_the_nearest_village_says_where_a_point_lies():
    county, township, village = small().admin([110.101, 110.109], [21.5, 21.5])
    assert list(village) == ["V1", "V2"]
    assert list(township) == ["T1", "T1"]
    assert list(county) == ["C1", "C1"]


def test_a_polygon_is_believed_before_a_nearer_village_across_the_border():
    # 110.001 lies in C1; the nearest village, 200 m off, belongs to C2
    assert small().admin(110.001, 21.5).village[0] == "V3"
    fenced = small(COUNTIES).admin(110.001, 21.5)
    assert (fenced.county[0], fenced.village[0]) == ("C1", "V1")


def test_a_point_far_from_everything_lies_nowhere_and_is_outside():
    far = small(COUNTIES)
    assert [one[0] for one in far.admin(120.0, 30.0)] == ["", "", ""]
    assert far.inside([110.9, 120.0, np.nan], [21.9, 30.0, 21.5]).tolist() == [True, False, False]


def test_the_seat_of_a_province_far_away_makes_nothing_around_it_the_areas():
    wide = [entry("P", "某省", "province", 113.0, 23.0), entry("M", "某市", "city", 112.0, 22.0)]
    gazetteer = Gazetteer(pd.DataFrame([*wide, *ROWS]), COUNTIES)
    assert gazetteer.inside([113.0, 112.0, 110.1], [23.0, 22.0, 21.5]).tolist() == [False, False, True]


def test_a_missing_coordinate_lies_nowhere():
    assert [one[0] for one in small(COUNTIES).admin(np.nan, np.nan)] == ["", "", ""]


def test_the_county_of_an_entry_without_parents_is_its_polygons():
    lone = pd.DataFrame([*ROWS, entry("P1", "城北派出所", "police", 110.5, 21.6)])
    assert Gazetteer(lone, COUNTIES).path_names("P1") == ("东县", "城北派出所")
    assert Gazetteer(lone).path_names("P1") == ("城北派出所",)


def test_a_unit_known_by_its_polygon_alone_joins_the_entries():
    gazetteer = Gazetteer(pd.DataFrame(ROWS[2:]), COUNTIES)
    assert gazetteer.path_names("V1") == ("东县", "长坡镇", "旺沙村委会")
    assert gazetteer.find("西县") == ("C2",)


@pytest.mark.parametrize("name", ["旺沙村委会", "旺沙村", "旺沙", "旺沙村民委员会", " 旺 沙 ", "旺沙社区"])
def test_a_name_is_found_with_any_suffix_or_none(name):
    assert small().find(name) == ("V1",)


def test_aliases_are_names_too():
    assert small().find("圩上") == ("V2",)


def test_neighbours_hold_back_a_villages_radius_and_isolation_does_not():
    gazetteer = small()
    # V1 and V2 are 0.01 degrees apart: 111,195 m x 0.01 x cos 21.5 = 1,035 m; 60 % of it is 621 m
    assert gazetteer.radius_metres(gazetteer.row_of["V1"], 800.0) == pytest.approx(621, abs=1)
    assert gazetteer.radius_metres(gazetteer.row_of["V3"], 800.0) == 5000.0


def test_parents_in_a_circle_do_not_hang():
    rows = [
        entry("A", "甲镇", "township", 110.0, 21.5, "B"),
        entry("B", "乙镇", "township", 110.1, 21.5, "A"),
    ]
    assert Gazetteer(pd.DataFrame(rows)).path_names("A") == ("甲镇",)


def test_an_empty_gazetteer_answers_nothing():
    empty = Gazetteer(pd.DataFrame(ROWS[:0], columns=list(ROWS[0])))
    assert empty.admin([110.0], [21.5]).county[0] == ""
    assert not empty.inside(110.0, 21.5)[0]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"code": "V1"}, "repeated: 'V1'"),
        ({"code": ""}, "a row has no code"),
        ({"level": "planet"}, "unknown level 'planet'"),
    ],
)
def test_a_broken_table_is_named_for_its_fault(change, fault):
    with pytest.raises(TableError, match=fault):
        Gazetteer(pd.DataFrame([*ROWS, {**ROWS[2], "code": "new", **change}]))


def test_an_alias_of_digits_is_an_official_code_and_no_name():
    gazetteer = Gazetteer(pd.DataFrame([{**ROWS[2], "parent": "", "aliases": "440981116|老长坡"}]))
    assert gazetteer.official_code == {0: "440981116"}
    assert gazetteer.aliases == ["老长坡"]
    assert gazetteer.find("440981116") == ()


def test_an_entry_with_its_units_point_says_nothing_of_the_points_around():
    vague = entry("V9", "某村", "village", 110.1, 21.5, "T1", radius_metres=3000.0)
    gazetteer = Gazetteer(pd.DataFrame([*ROWS[:5], vague]))
    assert gazetteer.admin(110.1, 21.5).village[0] == "V1"
    assert gazetteer.radius_metres(gazetteer.row_of["V9"], 800.0) == 3000.0
    # a village that merely stands where its town does is one like any other
    seat = Gazetteer(pd.DataFrame([*ROWS[:3], {**vague, "radius_metres": 400.0}]))
    assert seat.admin(110.1, 21.5).village[0] == "V9"


def test_the_nearest_entry_is_named_with_its_distance():
    row, metres = small().nearest_entry(110.1, 21.501)
    # 0.001 degrees of latitude
    assert (small().code[row], round(metres)) == ("T1", 111)
    assert small().nearest_entry(np.nan, 21.5)[0] == -1


def test_a_missing_column_is_named():
    with pytest.raises(TableError, match="'lat' is missing"):
        Gazetteer(pd.DataFrame(ROWS).drop(columns="lat"))


@given(st.floats(allow_nan=True), st.floats(allow_nan=True))
def test_any_two_numbers_can_be_asked_about(lon, lat):
    assert len(small(COUNTIES).admin(lon, lat).county) == 1


@pytest.mark.skipif(not LISTS.is_dir(), reason=MISSING)
def test_every_village_of_maoming_lies_in_its_own_county():
    frame, polygons = maoming()
    gazetteer = Gazetteer(frame, polygons)
    villages = frame[frame["level"] == "village"]
    found = gazetteer.admin(villages["lon"], villages["lat"])
    assert (found.county == villages["code"].str[:6].to_numpy()).all()
    assert (found.village == villages["code"].to_numpy()).all()
