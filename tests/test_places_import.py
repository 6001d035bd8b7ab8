"""Names as a map has them become an area's own: what is not of it left out, what is there twice made one."""

from __future__ import annotations

import math

import geopandas as gpd
import osm_text
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from names import entry
from shapely.geometry import box

from dispatch.area import describe, import_area
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.geocode import geocode
from dispatch.roads.named import level_of
from dispatch.roads.osm import read_extract
from dispatch.roads.tags import chinese_part
from dispatch.roads.twins import unite

STREET = {"highway": "secondary", "name": "人民路"}
ROAD = [(1, list(range(1, 11)), STREET)]
JUNCTIONS = {n: (0, 1000 * n) for n in range(1, 11)}  # 1 to 10 km north along one road


def ring(first: int, west: float, south: float, east: float, north: float):
    """Four corner nodes in metres and the closed list of them."""
    corners = ((west, south), (east, south), (east, north), (west, north))
    return dict(enumerate(corners, start=first)), [first, first + 1, first + 2, first + 3, first]


def outline(level: int, name: str) -> dict[str, str]:
    return {"boundary": "administrative", "admin_level": str(level), "name": name}


def names(extract, level: str) -> list[str]:
    return sorted(extract.gazetteer["name"][extract.gazetteer["level"] == level])


def test_a_city_far_from_every_road_is_no_place_of_the_area(tmp_path):
    places = {
        101: (14_000, 5_000, {"place": "town", "name": "近镇"}),
        102: (17_000, 5_000, {"place": "town", "name": "远镇"}),
        103: (90_000, 5_000, {"place": "city", "name": "南京市"}),
    }
    # 15 km are the limit: 14 km from the junction at (0, 5 km) stays, 17 and 90 km do not
    extract = read_extract(osm_text.write(tmp_path, JUNCTIONS | places, ROAD))
    assert names(extract, "township") == ["近镇"]
    assert names(extract, "city") == []
    assert extract.dropped == {"places_outside": 2}


def test_an_outline_without_a_road_of_the_area_is_dropped_and_a_village_within_one_that_has_stays(tmp_path):
    county, county_ring = ring(201, -20_000, -20_000, 20_000, 20_000)
    neighbour, neighbour_ring = ring(211, 20_000, -20_000, 60_000, 20_000)
    village, village_ring = ring(221, 3_000, 3_000, 4_000, 4_000)
    across, across_ring = ring(231, 21_000, 3_000, 22_000, 4_000)
    ways = [
        *ROAD,
        (2, county_ring, outline(6, "子县")),
        (3, neighbour_ring, outline(6, "丑县")),
        (4, village_ring, outline(10, "甲村")),
        (5, across_ring, outline(10, "乙村")),
    ]
    extract = read_extract(osm_text.write(tmp_path, JUNCTIONS | county | neighbour | village | across, ways))
    assert sorted(extract.boundaries["name"]) == ["子县", "甲村"]
    assert extract.dropped == {"outlines_outside": 2}


def test_the_seat_of_a_prefecture_stays_if_its_outline_holds_roads_of_the_area(tmp_path):
    wide, wide_ring = ring(201, -80_000, -20_000, 80_000, 20_000)
    seats = {
        101: (60_000, 0, {"place": "city", "name": "福州市", "china_class": "prefecture-level city"}),
        102: (60_000, 9_000, {"place": "town", "name": "远镇"}),
    }
    ways = [*ROAD, (2, wide_ring, outline(5, "福州市 / Fuzhou"))]
    area = import_area(osm_text.write(tmp_path, JUNCTIONS | wide | seats, ways), tmp_path / "area")
    cities = area.gazetteer[area.gazetteer["level"] == "city"]
    assert cities[["code", "name"]].to_numpy().tolist() == [["n101", "福州市"]]
    assert area.dropped["places_outside"] == 1


def test_an_address_in_a_city_that_only_came_along_is_outside_the_area(tmp_path):
    places = {
        101: (10, 5_000, {"place": "town", "name": "洪埠乡 Hongbu"}),
        102: (10, 1_000, {"place": "city", "name": "固始县"}),
        103: (90_000, 5_000, {"place": "city", "name": "南京市"}),
    }
    area = import_area(osm_text.write(tmp_path, JUNCTIONS | places, ROAD), tmp_path / "area")
    gazetteer = Gazetteer(area.gazetteer, area.boundaries)
    assert geocode(["南京市洪埠乡"], gazetteer)[0][:1] == ()
    (best, *_) = geocode(["固始县洪埠乡"], gazetteer)[0]
    assert best.path == ("固始县", "洪埠乡")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("洪埠乡 Hongbu", "洪埠乡"),
        ("Hongbu 洪埠乡", "洪埠乡"),
        ("蚌埠市 / Bengbu", "蚌埠市"),
        ("田家庵区 (Tianjia'an)", "田家庵区"),
        ("呼和浩特市 ᠬᠥᠬᠡᠬᠣᠲᠠ", "呼和浩特市"),
        ("乌鲁木齐市 / ئۈرۈمچى", "乌鲁木齐市"),
        ("延吉市 연길시", "延吉市"),
        ("人民路(东段) Renmin Rd (East)", "人民路(东段)"),
    ],
)
def test_the_same_name_in_another_script_is_taken_off(name, kept):
    assert chinese_part(name) == kept


@pytest.mark.parametrize(
    "name",
    ["沪渝高速 G50", "JAC大道", "弘昌CNG加气站", "肯德基 KFC", "Apple Store 万象城", "A栋 公寓", "G206新", "五星(小区)",
     "Main Street", "横浜 みなとみらい", "a 村"],
)  # fmt: skip
def test_numbers_brands_and_names_of_other_countries_stay(name):
    assert chinese_part(name) == name


@given(st.text(alphabet="甲乙镇村 aBc1/()（）-é", max_size=12))
def test_nothing_chinese_of_a_name_is_ever_lost(name):
    kept = chinese_part(name)
    assert [sign for sign in kept if sign > "\u3400" and sign < "\ua000"] == [
        sign for sign in name if sign > "\u3400" and sign < "\ua000"
    ]
    assert kept in name


@pytest.mark.parametrize(
    ("tags", "level"),
    [
        ({"place": "suburb", "name": "利辛工业园区"}, "township"),
        ({"place": "town", "name": "西湖景区", "admin_level": "8"}, "township"),
        ({"place": "suburb", "name": "北城新区", "admin_level": "6", "china_class": "new_area"}, "township"),
        ({"place": "suburb", "name": "浦东新区", "admin_level": "6"}, "county"),
        ({"place": "city", "name": "滨海新区"}, "county"),
    ],
)
def test_a_zone_is_no_county_unless_its_tags_say_so(tags, level):
    assert level_of(tags) == level


def test_a_house_number_on_its_street_is_a_door_and_a_hotel_is_found_by_it(tmp_path):
    at = {"addr:street": "中山大街 Zhongshan Street", "addr:housenumber": "394"}
    places = {
        101: (10, 5_000, {"place": "town", "name": "蓼城镇"}),
        102: (10, 2_000, at),
        103: (
            10,
            3_000,
            {"addr:street": "中山大街", "addr:housenumber": "12号", "tourism": "hotel", "name": "如家"},
        ),
        104: (10, 4_000, {"addr:place": "张庄", "addr:housenumber": "7", "name": "老王超市"}),
        105: (10, 6_000, {"addr:housenumber": "8"}),
    }
    area = import_area(osm_text.write(tmp_path, JUNCTIONS | places, ROAD), tmp_path / "area")
    rows = area.gazetteer.set_index("code")[["name", "level", "aliases", "radius_metres"]]
    assert rows.loc["n102"].tolist() == ["中山大街394号", "door", "", 30.0]
    assert rows.loc["n103"].tolist() == ["如家", "hotel", "中山大街12号", 50.0]
    assert rows.loc["n104"].tolist() == ["张庄7号", "door", "老王超市", 30.0]
    assert "n105" not in rows.index  # a number on no street
    best = geocode(["蓼城镇中山大街394号"], Gazetteer(area.gazetteer, area.boundaries))[0][0]
    assert (best.code, best.radius_metres) == ("n102", 30.0)


def test_a_village_drawn_as_a_shape_has_its_own_extent_also_as_a_relation(tmp_path):
    drawn, drawn_ring = ring(201, 1_000, 1_000, 1_600, 1_800)
    member, member_ring = ring(211, 2_000, 1_000, 2_300, 1_400)
    vast, vast_ring = ring(221, -14_000, 1_000, 14_000, 9_000)
    village = {"place": "village", "name": "甲村"}
    ways = [*ROAD, (2, drawn_ring, village), (3, member_ring, {}), (4, vast_ring, village | {"name": "丙村"})]
    relation = (9, [("way", 3, "outer")], village | {"type": "multipolygon", "name": "乙村"})
    path = osm_text.write(tmp_path, JUNCTIONS | drawn | member | vast, ways, [relation])
    table = read_extract(path).gazetteer.set_index("name")
    # half the diagonals: of 600 x 800 m 500, of 300 x 400 m 250; 28 km wide is a drawing mistake: 5 x 800
    assert table.loc[["甲村", "乙村"], "radius_metres"].tolist() == pytest.approx([500, 250], rel=0.01)
    assert table.loc["丙村", "radius_metres"] == 4000.0
    assert table.loc["乙村", "code"] == "r9"
    assert table.loc["乙村", "lon"] == pytest.approx(2_150 * osm_text.METRE, abs=1e-3)


def test_a_name_that_a_spreadsheet_would_compute_loses_its_first_sign(tmp_path):
    hostile = {"place": "village", "name": '=HYPERLINK("http://x")村', "alt_name": "+1村;@SUM(1)"}
    police = {"amenity": "police", "name": "@cmd派出所"}
    nodes = JUNCTIONS | {101: (10, 2_000, hostile), 102: (10, 3_000, police)}
    area = import_area(osm_text.write(tmp_path, nodes, ROAD), tmp_path / "area")
    for name in ("gazetteer.csv", "responders.csv", "jurisdiction.csv"):
        cells = pd.read_csv(area.folder / name, dtype=str, keep_default_na=False).to_numpy().ravel()
        assert not [one for one in cells if one[:1] in {"=", "+", "@"}], name


# twins

KILOMETRE = 1 / 111.195  # degrees, near enough at the equator
NO_OUTLINES = gpd.GeoDataFrame({"code": [], "name": [], "level": [], "parent": []}, geometry=[], crs=4326)


def joined(*rows, outlines=NO_OUTLINES):
    table, boundaries, twice = unite(pd.DataFrame(list(rows)), outlines)
    return table, boundaries, twice


@pytest.mark.parametrize(
    ("level", "one", "other", "km", "left"),
    [
        ("township", "侯岭乡", "侯岭乡", 3.9, 1),
        ("township", "侯岭乡", "侯岭乡", 5.1, 2),
        ("township", "双墩镇", "双墩", 0.5, 1),
        ("township", "贺疃镇", "贺疃乡", 0.5, 2),
        ("county", "伊宁市", "伊宁县", 9.0, 2),
        ("county", "怀远县", "怀远县", 9.0, 1),
        ("village", "张庄", "张庄村", 0.4, 1),
        ("village", "张庄", "张庄", 0.6, 2),
        ("school", "铜山中学", "铜山中学", 0.1, 1),
        ("bank", "农商行", "农商行", 0.1, 2),
        ("street", "人民路", "人民路", 0.0, 2),
    ],
)
def test_what_is_one_follows_from_level_name_and_distance(level, one, other, km, left):
    rows = (entry("n1", one, level, 0.0, 0.0), entry("n2", other, level, 0.0, km * KILOMETRE))
    table, _, twice = joined(*rows)
    assert (len(table), twice) == (left, 2 - left)


def test_the_entry_with_its_suffix_stays_and_learns_the_other_spelling():
    bare = entry("n1", "双墩", "township", 0.0, 0.0, aliases="老双墩") | {"residents": 900.0}
    table, _, _ = joined(bare, entry("n2", "双墩镇", "township", 0.0, KILOMETRE))
    (row,) = table.to_dict("records")
    assert (row["code"], row["name"], row["aliases"], row["residents"]) == (
        "n2",
        "双墩镇",
        "双墩|老双墩",
        900.0,
    )


def test_an_outline_and_all_points_of_its_name_inside_are_one():
    county = gpd.GeoDataFrame(
        {"code": ["r9"], "name": ["太和县"], "level": ["county"], "parent": [""]},
        geometry=[box(0, 0, 1, 1)],
        crs=4326,
    )
    seat, middle = entry("n1", "太和县", "county", 0.1, 0.1), entry("n2", "太和县", "county", 0.9, 0.9)
    table, boundaries, twice = joined(
        seat, middle, entry("n3", "太和县", "county", 3.0, 3.0), outlines=county
    )
    # n3 lies over 200 km off: another county of that name
    assert table["code"].tolist() == ["n1", "n3"]
    assert boundaries["code"].tolist() == ["n1"]
    assert twice == 1


def test_an_outline_without_a_point_has_an_entry_of_its_own_and_takes_the_point_beside_it():
    town = gpd.GeoDataFrame(
        {"code": ["r9"], "name": ["甲镇"], "level": ["township"], "parent": [""]},
        geometry=[box(0, 0, 0.02, 0.02)],
        crs=4326,
    )
    table, boundaries, _ = joined(entry("n1", "甲镇", "township", 0.03, 0.01), outlines=town)
    assert table["code"].tolist() == boundaries["code"].tolist() == ["r9"]


def test_a_county_level_city_known_by_a_point_alone_is_the_county_of_its_outline():
    county = gpd.GeoDataFrame(
        {"code": ["r9"], "name": ["永城市"], "level": ["county"], "parent": [""]},
        geometry=[box(0, 0, 1, 1)],
        crs=4326,
    )
    table, _, _ = joined(entry("n1", "永城市", "city", 0.5, 0.5), outlines=county)
    assert table[["code", "level"]].to_numpy().tolist() == [["n1", "county"]]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["甲镇", "甲乡", "甲", "乙庄", "乙庄村"]),
        st.sampled_from(["township", "village", "hamlet"]),
        st.floats(0, 0.2),
        st.floats(0, 0.2),
    ),
    max_size=12,
)


@given(ROWS)
def test_uniting_twice_changes_nothing_and_no_name_is_forgotten(rows):
    table = pd.DataFrame(
        [entry(f"n{n}", name, level, lon, lat) for n, (name, level, lon, lat) in enumerate(rows)],
        columns=list(entry("", "", "", 0, 0)),
    )
    once, _, twice = unite(table, NO_OUTLINES)
    again, _, none = unite(once, NO_OUTLINES)
    assert len(once) + twice == len(table)
    assert none == 0
    assert again["code"].tolist() == once["code"].tolist()
    known = {form for one in once.itertuples() for form in (one.name, *one.aliases.split("|"))}
    assert set(table["name"]) <= known
    assert all(math.isfinite(one) for one in once["lon"])


def test_real_counties_are_there_once_each(shared_data, tmp_path):
    area = import_area(shared_data / "roads" / "huaibei-plain.osm.pbf", tmp_path / "area")
    table = area.gazetteer
    counties = table["name"][table["level"] == "county"]
    assert counties.is_unique
    assert not set(counties) & set(table["name"][table["level"] == "city"])
    assert not table["name"].str.fullmatch(r".*[\u4e00-\u9fff].* [A-Z][a-z]+").any()
    # 22 of the tile's counties have no outline there: their towns belong by road, and it is told which
    assert "没有县级界线处" in describe(area)
    assert "固始县 31" in describe(area)
    assert "where no county outline is" in describe(area, "en")
