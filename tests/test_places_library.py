"""Names a centre has already: read from its files, joined to the area without repeating what is there."""

from __future__ import annotations

import math

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from names import LISTS, MISSING, entry, maoming
from shapely.geometry import box

from dispatch import datum
from dispatch.errors import BadInput, MissingInput
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.geocode import geocode
from dispatch.places.joining import join_names
from dispatch.places.library import level_of_name, read_library, read_list

AREA = pd.DataFrame(
    [
        entry("440981", "高州市", "county", 110.85, 21.92),
        entry("440904", "电白区", "county", 111.0, 21.5),
        entry("n1", "长坡镇", "township", 111.05, 21.98, "440981", radius_metres=3000.0),
        entry("n2", "水东街道", "township", 111.02, 21.51, "440904"),
        entry("n3", "旺沙村", "village", 111.06, 21.99, "n1"),
        entry("n4", "大岭", "hamlet", 111.07, 21.97, "n1"),
    ]
)
COUNTIES = gpd.GeoDataFrame(
    {"code": ["440981", "440904"], "name": ["高州市", "电白区"], "level": "county", "parent": ""},
    geometry=[box(110.5, 21.7, 111.5, 22.3), box(110.5, 21.2, 111.5, 21.7)],
    crs=4326,
)


def written(tmp_path, text: str, encoding="utf-8"):
    path = tmp_path / "names.csv"
    path.write_bytes(text.encode(encoding))
    return path


def join_list(tmp_path, text: str):
    return join_names(AREA, COUNTIES, read_list(written(tmp_path, text)))


def join_library(tmp_path, text: str, file_datum=""):
    return join_names(AREA, COUNTIES, read_library(written(tmp_path, text), file_datum))


def row_of(joined, name: str) -> dict[str, object]:
    (row,) = joined.table[joined.table["name"] == name].to_dict("records")
    return row


def test_levels_and_parents_follow_from_the_codes(tmp_path):
    names = read_list(
        written(
            tmp_path,
            "统计用区划代码,名称\n440981000000,高州市\n440981115000,长坡镇\n440981115201,旺沙村委会\n",
        )
    )
    assert names.table["level"].tolist() == ["county", "township", "village"]
    assert names.table["parent"].tolist() == ["4409", "440981", "440981115"]


def test_a_unit_the_area_has_keeps_its_code_and_learns_the_official_one(tmp_path):
    joined = join_list(
        tmp_path, "代码,名称\n440981115,长坡镇人民政府\n440981116,长坡镇\n440981116201,旺沙村民委员会\n"
    )
    assert row_of(joined, "长坡镇")["aliases"] == "440981116"
    assert row_of(joined, "旺沙村")["aliases"] == "旺沙村民委员会|440981116201"
    assert joined.known == 2
    gazetteer = Gazetteer(joined.table, COUNTIES)
    assert gazetteer.official_code[gazetteer.row_of["n1"]] == "440981116"
    assert geocode(["440981116"], gazetteer) == [()]  # a code is no name


def test_the_same_list_twice_adds_nothing_the_second_time(tmp_path):
    text = "代码,名称\n440981116,长坡镇\n440981116202,新塘村委会\n"
    once = join_list(tmp_path, text)
    again = join_names(once.table, COUNTIES, read_list(written(tmp_path, text)))
    assert (once.added, again.added) == ({"village": 1}, {})
    pd.testing.assert_frame_equal(once.table, again.table)


def test_a_village_without_a_coordinate_is_known_to_lie_in_its_town_and_no_more(tmp_path):
    joined = join_list(tmp_path, "代码,名称\n440981116,长坡镇\n440981116202,新塘村委会\n")
    village = row_of(joined, "新塘村委会")
    assert (village["parent"], village["lon"], village["lat"], village["radius_metres"]) == (
        "n1",
        111.05,
        21.98,
        3000,
    )
    assert joined.unplaced == 1
    gazetteer = Gazetteer(joined.table, COUNTIES)
    assert gazetteer.radius_metres(gazetteer.row_of["440981116202"], 800.0) == 3000.0
    # and it does not claim the points around the town's own
    assert gazetteer.admin(111.0501, 21.9801).village[0] == "n3"


def test_a_village_without_a_coordinate_stands_where_the_hamlet_of_its_name_does(tmp_path):
    joined = join_list(tmp_path, "代码,名称\n440981116,长坡镇\n440981116203,大岭村委会\n")
    assert (row_of(joined, "大岭村委会")["lon"], joined.unplaced) == (111.07, 0)


def test_namesakes_in_two_towns_stay_two(tmp_path):
    joined = join_list(tmp_path, "代码,名称\n440904001,水东街道\n440904001001,旺沙社区居委会\n")
    assert row_of(joined, "旺沙社区居委会")["parent"] == "n2"
    assert row_of(joined, "旺沙村")["aliases"] == ""


def test_a_unit_of_another_county_is_refused_by_name(tmp_path):
    joined = join_list(tmp_path, "代码,名称\n441900115201,虎门村委会\n")
    assert [why.code for _, why in joined.refused] == ["UNIT_UNKNOWN"]


def test_an_address_becomes_a_door_in_its_village_and_is_found_again(tmp_path):
    joined = join_library(
        tmp_path, "标准地址,经度,纬度,坐标系\n广东省高州市长坡镇旺沙村12号,111.0612,21.9911,WGS84\n"
    )
    assert joined.added == {"door": 1}
    door = row_of(joined, "旺沙村12号")
    assert (door["parent"], door["radius_metres"]) == ("n3", 30.0)
    best = geocode(["高州市长坡镇旺沙村12号"], Gazetteer(joined.table, COUNTIES))[0][0]
    assert (best.level, best.lon, best.lat) == ("door", 111.0612, 21.9911)


def test_coordinates_of_a_library_are_moved_from_the_datum_they_name(tmp_path):
    lon, lat = datum.convert(111.0612, 21.9911, "WGS84", "BD09")
    text = f"地址,经度,纬度\n高州市长坡镇海景酒店,{float(lon)!r},{float(lat)!r}\n"
    hotel = row_of(join_library(tmp_path, text, "bd09"), "海景酒店")
    assert hotel["level"] == "hotel"
    assert (hotel["lon"], hotel["lat"]) == pytest.approx((111.0612, 21.9911), abs=1e-7)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("高州市长坡镇人民路1号,111.06,21.99,", "NO_DATUM"),
        ("高州市长坡镇人民路1号,111.06,21.99,火星", "NO_DATUM"),
        ("高州市长坡镇人民路1号,21.99,111.06,WGS84", "LON_LAT_SWAPPED"),
        ("高州市长坡镇人民路1号,1110600000,219900000,WGS84", "COORDINATE_UNREADABLE"),
        ("高州市长坡镇人民路1号,113.26,23.13,WGS84", "OUTSIDE_AREA"),
        ("高州市长坡镇人民路1号,0,0,WGS84", "COORDINATE_EMPTY"),
        ("电白区水东街道人民路1号,111.06,21.99,WGS84", "ADDRESS_ELSEWHERE"),
        ("广州市天河区体育西路1号,111.06,21.99,WGS84", "ADDRESS_ELSEWHERE"),
        (",111.06,21.99,WGS84", "ROW_WITHOUT_NAME"),
        ("高州市长坡镇人民路1号,,,WGS84", "NOTHING_TO_GO_BY"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_refused_with_its_number_and_the_likely_cause(tmp_path, row, code):
    joined = join_library(tmp_path, f"address,lon,lat,datum\n{row}\n")
    assert [(number, why.code) for number, why in joined.refused] == [(2, code)]
    assert len(joined.table) == len(AREA)


def test_a_county_whose_border_is_near_is_believed_from_the_address(tmp_path):
    # 21.705 is 550 m north of the drawn border, in the other county's outline
    joined = join_library(tmp_path, "address,lon,lat,datum\n电白区水东街道迎宾路1号,111.06,21.705,WGS84\n")
    assert row_of(joined, "迎宾路1号")["parent"] == "n2"


def test_the_same_door_in_two_spellings_is_added_once(tmp_path):
    joined = join_library(
        tmp_path,
        "address,lon,lat,datum\n高州市长坡镇人民路1号,111.0612,21.9911,WGS84\n"
        "广东省高州市长坡镇 人民路１号,111.0613,21.9911,WGS84\n高州市长坡镇旺沙村,111.06,21.99,WGS84\n",
    )
    assert (joined.added, joined.known) == ({"door": 1}, 2)


@pytest.mark.parametrize("name", ["=1+1村", "@SUM(1)村", "＝1+1村", "'=1+1村", "1+1\0村\x1b", "\t=1+1村"])
def test_what_a_spreadsheet_would_compute_or_a_terminal_obey_is_taken_off_a_name(tmp_path, name):
    (row,) = read_list(
        written(tmp_path, f'代码,名称,别名\n440981116990,"{name}","{name}|=1+1圩"\n')
    ).table.to_dict("records")
    assert row["name"][0] in "1S"
    assert all(one[0] in "1S" for one in row["aliases"].split("|"))
    assert row["name"].isprintable()


def test_a_name_no_place_can_have_is_refused_and_learned_by_nobody(tmp_path):
    long = "长" * 101
    joined = join_list(tmp_path, f"代码,名称,别名\n440981116,{long},\n440981116990,新塘村,{long}\n")
    assert [(row, why.code) for row, why in joined.refused] == [(2, "ROW_NAME_LONG")]
    assert not joined.table["aliases"].str.contains(long).any()
    address = f"地址,经度,纬度,坐标系\n高州市长坡镇{'旺' * 200}酒店,111.06,21.99,WGS84\n"
    assert [why.code for _, why in join_library(tmp_path, address).refused] == ["ROW_NAME_LONG"]


def test_every_row_is_accounted_for(tmp_path):
    text = "code,name,lon,lat,datum\n440981116,长坡镇,,,\n440981116202,新塘村委会,,,\n440981116202,新塘村委会,,,\n"
    text += "x,,,,\n9,甲,1,2,\n"
    joined = join_list(tmp_path, text)
    assert sum(joined.added.values()) + joined.known + len(joined.refused) == 5


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("3栋502室", "door"),
        ("建设路", "street"),
        ("第一中学", "school"),
        ("农业银行", "bank"),
        ("甲乙丙", "poi"),
    ],
)
def test_what_a_name_is_shows_in_how_it_ends(name, level):
    assert level_of_name(name) == level


def test_a_file_without_the_headings_is_refused_and_says_which(tmp_path):
    with pytest.raises(BadInput, match="code .*name"):
        read_list(written(tmp_path, "甲,乙\n1,2\n"))
    with pytest.raises(BadInput, match="address"):
        read_library(written(tmp_path, "name,lon\n1,2\n"))
    with pytest.raises(MissingInput):
        read_list(tmp_path / "nowhere.csv")


def test_gb18030_is_read_as_utf8_is(tmp_path):
    assert read_list(written(tmp_path, "代码,名称\n440981116,长坡镇\n", "gb18030")).table[
        "name"
    ].tolist() == ["长坡镇"]


@given(rows=st.lists(st.tuples(*[st.text(max_size=15)] * 3), max_size=5))
def test_whatever_a_library_says_nothing_outside_the_area_gets_in(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    frame = pd.DataFrame(rows, columns=["address", "lon", "lat"]).assign(datum="WGS84")
    frame.loc[len(frame)] = ["高州市" + "".join(rows[0] if rows else ""), "111.06", "21.99", "WGS84"]
    frame.to_csv(folder / "any.csv", index=False)
    joined = join_names(AREA, COUNTIES, read_library(folder / "any.csv"))
    gazetteer = Gazetteer(joined.table, COUNTIES)
    assert gazetteer.inside(joined.table["lon"], joined.table["lat"]).all()
    assert len(joined.table) == len(AREA) + sum(joined.added.values())


@pytest.mark.skipif(not LISTS.is_dir(), reason=MISSING)
def test_maomings_own_lists_are_known_to_the_last_village():
    frame, polygons = maoming()
    assert len(frame) > 2000
    for name in ("townships", "villages"):
        joined = join_names(frame, polygons, read_list(LISTS / f"{name}.csv"))
        assert (joined.added, joined.refused) == ({}, ())


@pytest.mark.skipif(not LISTS.is_dir(), reason=MISSING)
def test_towns_alone_and_a_list_of_villages_make_a_whole_area():
    frame, polygons = maoming()
    towns = frame[frame["level"] != "village"]
    joined = join_names(towns, polygons, read_list(LISTS / "villages.csv"))
    assert joined.added == {"village": 1917}
    assert joined.unplaced == 1917
    gazetteer = Gazetteer(joined.table, polygons)
    assert all(math.isfinite(gazetteer.lon[gazetteer.row_of[code]]) for code in joined.table["code"])
