"""Which places a person should look at, worst first; and the answers taken back into the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import make
import pandas as pd
import pytest
from doors import DAY
from hypothesis import given
from hypothesis import strategies as st
from names import entry

from dispatch import Request, audit, datum, open_area, plan_day, write_day
from dispatch.day.drawing import plan_view
from dispatch.day.output import plan_file, sheets_kept
from dispatch.day.reviewing import review_table, to_look_at
from dispatch.domain import Place
from dispatch.errors import BadInput, MissingInput
from dispatch.intake.triage import Person
from dispatch.places.evidence import Refused
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.locate import Located, locate_rows, why_here
from dispatch.places.review import ANSWERS, CHECKED, doubts, fixed, points_text, read_fixes
from dispatch.places.settings import default_settings
from dispatch.reasons import Reason
from dispatch.sheets.keeping import book_from
from dispatch.tables import write_csv

SETTINGS = default_settings()
AREA = Gazetteer(
    pd.DataFrame(
        [
            entry("440981", "高州市", "county", 110.85, 21.92),
            entry("440904", "电白区", "county", 111.0, 21.5),
            entry("T1", "长坡镇", "township", 111.05, 21.98, "440981"),
            entry("T2", "水东街道", "township", 111.02, 21.51, "440904"),
            entry("V1", "旺沙村委会", "village", 111.06, 21.99, "T1", radius_metres=500.0),
            entry("V2", "新村村委会", "village", 111.04, 21.97, "T1", radius_metres=500.0),
            entry("V3", "新村村委会", "village", 111.03, 21.53, "T2", radius_metres=500.0),
        ]
    )
)
SURE = Place("A/1", 111.06, 21.99, 60.0, 0.6, "home", "point", "旺沙", "440981", "T1", "V1")


def found(*rows) -> Located:
    return locate_rows("A", pd.DataFrame(list(rows)), AREA)


def codes(located: Located) -> list[str]:
    return [one.code for one in doubts(located.places, located.refused, SETTINGS)]


def read(tmp_path, text: str):
    (tmp_path / "review.csv").write_text(text, encoding="utf-8")
    return read_fixes(tmp_path / "review.csv", AREA)


def test_a_sure_place_needs_no_look():
    assert doubts([SURE], (), SETTINGS) == ()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"address": "老地方"}, "LOOK_NOWHERE"),
        ({"address": "新村"}, "LOOK_TWO_COUNTIES"),
        ({"address": "高州市长坡镇"}, "LOOK_WIDE"),
        ({"address": "高州市长坡镇旺沙村", "lon": 21.99, "lat": 111.06, "datum": "WGS84"}, "LON_LAT_SWAPPED"),
        (
            {"address": "高州市长坡镇旺沙村", "lon": 111.02, "lat": 21.515, "datum": "WGS84", "location_source": "home"},
            "LOOK_TWO_COUNTIES",
        ),
    ],
)  # fmt: skip
def test_what_a_person_should_look_at_and_why(row, code):
    assert code in codes(found(row))


def test_namesakes_within_one_county_are_several():
    twins = [replace(SURE, id=f"A/{n}", village=f"V{n}", probability=0.3) for n in (1, 2)]
    assert [one.code for one in doubts(twins, (), SETTINGS)] == ["LOOK_SEVERAL"]
    far_behind = [twins[0], replace(twins[1], probability=0.1)]
    assert "LOOK_SEVERAL" not in [one.code for one in doubts(far_behind, (), SETTINGS)]


def test_worst_first_is_by_the_money_that_a_wrong_place_would_cost():
    cases = [
        make.case(name="small", stake_yuan=1_000.0, places=()),
        make.case(
            name="large", stake_yuan=100_000.0, places=(replace(SURE, id="large/1", radius_metres=2000.0),)
        ),
        make.case(name="sure", stake_yuan=900_000.0, places=(replace(SURE, id="sure/1"),)),
        make.case(name="nowhere", stake_yuan=90_000.0, places=()),
    ]
    looks = to_look_at(cases, {}, SETTINGS, 480.0)
    # large: 100,000 x (1 - 0.6) = 40,000, less than 90,000 with nobody knowing where
    assert [one.case.id for one in looks] == ["nowhere", "large", "small"]
    assert looks[0].yuan_at_risk > looks[1].yuan_at_risk > looks[2].yuan_at_risk > 0


def test_the_table_filled_in_is_read_back(tmp_path):
    case = make.case(name="A-1", places=found({"address": "新村"}).places)
    looks = to_look_at([case], {}, SETTINGS, 480.0)
    people = {"A-1": Person(name="=1+1", phone="19000000000", address="电白新村8号", note="", account="")}
    table = review_table(looks, people, "zh", masked=False)
    assert set(ANSWERS) <= set(table.columns)
    table["fix_place"] = "2"
    write_csv(table, tmp_path / "review.csv")
    fix = read_fixes(tmp_path / "review.csv", AREA)["A-1"]
    assert (fix.lon, fix.lat) == pytest.approx((case.places[1].lon, case.places[1].lat), abs=1e-7)
    masked = review_table(looks, people, "en", masked=True)
    assert "8号" not in masked["address"].iloc[0]


def test_a_point_chosen_is_the_only_place_and_most_likely_right(tmp_path):
    lon, lat = datum.convert(111.031, 21.531, "WGS84", "GCJ02")
    fix = read(tmp_path, f"case_id,fix_lon,fix_lat,fix_datum\nA,{float(lon)!r},{float(lat)!r},GCJ02\n")["A"]
    located = fixed("A", found({"address": "新村"}), fix, AREA, SETTINGS)
    (place,) = located.places
    assert (place.lon, place.lat) == pytest.approx((111.031, 21.531), abs=1e-6)
    assert (place.level, place.village, place.radius_metres) == (CHECKED, "V3", 50.0)
    # 0.90 x found within 50 m, 1 / (1 + 50 / 2000)
    assert place.probability == pytest.approx(0.90 / 1.025, abs=1e-3)
    assert "人工核实" in why_here(place)
    assert codes(located) == []


def test_words_may_be_the_answer_and_count_as_checked(tmp_path):
    fix = read(tmp_path, "case_id,fix_address\nA,电白区水东街道新村\n")["A"]
    (place,) = fixed("A", found({"address": "新村"}), fix, AREA, SETTINGS).places
    assert (place.village, place.level) == ("V3", CHECKED)
    assert place.probability > found({"address": "电白区水东街道新村"}).places[0].probability


def test_nowhere_is_an_answer_too(tmp_path):
    fix = read(tmp_path, "case_id,fix_place\nA,无\n")["A"]
    located = fixed("A", found({"address": "新村"}), fix, AREA, SETTINGS)
    assert located.places == ()
    assert [one.reason.code for one in located.refused] == ["LOOKED_NOWHERE"]


def test_ok_confirms_the_first_place(tmp_path):
    places = found({"address": "新村"}).places
    text = f'case_id,points,fix_place\nA,"{points_text(places)}",ok\n'
    (place,) = fixed("A", Located(places, ()), read(tmp_path, text)["A"], AREA, SETTINGS).places
    assert (place.village, place.source) == (places[0].village, "home")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("case_id,fix_lon,fix_lat\nA,111.03,21.53\n", "row 2 .A.: no datum"),
        ("case_id,fix_lon,fix_lat,fix_datum\nA,21.53,111.03,WGS84\n", "swapped"),
        ("case_id,fix_lon,fix_lat,fix_datum\nA,113.2,23.1,WGS84\n", "outside the area"),
        ("case_id,fix_lon,fix_lat,fix_datum\nA,east,21.5,WGS84\n", "numbers"),
        ("case_id,fix_lon,fix_lat,fix_datum,fix_radius_metres\nA,111.03,21.53,WGS84,-5\n", "-5"),
        ("case_id,points,fix_place\nA,1: 111.03,3\n", "'3'"),
        ("case_id,fix_place\nA,ok\n", "no places"),
        ("case_id,fix_datum\nA,WGS84\n", "alone is no place"),
        ("case_id,fix_place\nA,none\nA,none\n", "repeated"),
        ("case_id,fix_place\n,none\n", "missing"),
        ("case_id,fix_address\nA,老地方\n", "row 2 .A.: fix_address gives no place"),
        ("case_id,fix_address\nA,广州市天河区体育西路\n", "fix_address gives no place .*广州"),
        ("case_id,fix_address\nA,高州市\n", "fix_address gives no place"),
        (f"case_id,fix_address\nA,{'高' * 100_000}\n", "fix_address gives no place"),
        ("case_id,fix_lon,fix_lat,fix_datum\nA,=1+1,=2,WGS84\n", "numbers"),
        (f"case_id,fix_place\n{'A' * 201},none\n", "201 signs"),
        ("case_id,sentence\nA,x\n", "fix_place"),
        ("name,fix_place\nA,x\n", "case_id"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused_with_its_row(tmp_path, text, said):
    with pytest.raises(BadInput, match=said):
        read(tmp_path, text)


def test_an_id_with_signs_a_terminal_obeys_is_read_without_them(tmp_path):
    assert list(read(tmp_path, "case_id,fix_place\nA-1\0\x1b[2J,none\n")) == ["A-1  [2J"]
    assert list(read(tmp_path, "case_id,fix_place\nA-1\0,none\n")) == ["A-1"]


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(MissingInput):
        read_fixes("nowhere.csv", AREA)


@given(cells=st.lists(st.text(max_size=12), min_size=8, max_size=8))
def test_any_cells_are_an_answer_or_a_refusal(cells, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "review.csv"
    pd.DataFrame([cells], columns=["case_id", "points", *ANSWERS]).to_csv(path, index=False)
    try:
        fixes = read_fixes(path, AREA)
    except BadInput:
        return
    for fix in fixes.values():
        located = fixed("A", found({"address": "新村"}), fix, AREA, SETTINGS)
        assert all(AREA.inside(one.lon, one.lat)[0] for one in located.places)
        assert sum(one.probability for one in located.places) <= SETTINGS.sum_ceiling + 1e-9


def test_refusals_of_words_alone_do_not_ask_for_a_look():
    assert doubts([SURE], [Refused(2, Reason("ADDRESS_UNKNOWN"))], SETTINGS) == ()


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    """Part of the practice day, one address made unreadable, planned and written."""
    folder = tmp_path_factory.mktemp("practice")
    rows = pd.read_csv(DAY, dtype=str, keep_default_na=False).tail(400)
    high = rows[(rows["预警等级"] == "特高危") & (rows["经度"] == "")].index[0]
    rows.loc[high, "地址"] = "老地方"
    rows.to_csv(folder / "alerts.csv", index=False)
    area = open_area("maoming")
    request = Request(
        folder / "alerts.csv",
        at=datetime.fromisoformat("2026-05-01T14:00+08:00"),
        policy="nearest",
        bound_seconds=0.0,
    )
    day = plan_day(area, request)
    write_day(day, folder / "plan")
    return folder, area, request, day


def test_the_plan_folder_holds_the_review_and_a_note_says_so(practice):
    folder, _, _, day = practice
    table = pd.read_csv(folder / "plan" / "review.csv", dtype=str, keep_default_na=False)
    assert len(table) == len(day.looks) > 0
    yuan = table["yuan_at_risk"].astype(float)
    assert yuan.is_monotonic_decreasing
    assert any("LOOK_NOWHERE" in one for one in table["codes"])
    assert any("review.csv" in note for note in day.notes)


def test_the_answers_change_the_next_plan(practice):
    folder, area, request, day = practice
    table = pd.read_csv(folder / "plan" / "review.csv", dtype=str, keep_default_na=False)
    lost = table.index[table["codes"].str.contains("LOOK_NOWHERE")][0]
    case_id = table.loc[lost, "case_id"]
    table.loc[lost, ["fix_lon", "fix_lat", "fix_datum"]] = ["110.92", "21.66", "WGS84"]
    stranger = {**dict.fromkeys(table.columns, ""), "case_id": "X-9", "fix_place": "none"}
    table.loc[len(table)] = stranger
    table.to_csv(folder / "fixes.csv", index=False)
    again = plan_day(area, replace(request, fixes=folder / "fixes.csv"))
    (place,) = next(case for case in again.problem.cases if case.id == case_id).places
    assert (place.lon, place.lat, place.level) == (110.92, 21.66, CHECKED)
    assert case_id not in {one.case.id for one in again.looks}
    assert any("X-9" in note for note in again.notes)
    assert again.hashes["fixes"]
    assert audit(again.problem, again.plan) == []
    assert len(again.looks) == len(day.looks) - 1


def book_of_sheets(day):
    return book_from(plan_file(day), day.people, sheets_kept(day, "zh", {}))


def test_map_and_sheets_say_of_each_place_why_it_is_where_it_is(practice):
    folder, _, _, day = practice
    visited = {stop.place_id for route in day.plan.routes for stop in route.stops}
    place = next(one for case in day.problem.cases for one in case.places if one.id in visited)
    sheets = "".join(page.read_text() for page in (folder / "plan" / "sheets").glob("*.html"))
    assert why_here(place, "zh") in sheets
    view = plan_view(day, book_of_sheets(day), language="zh", masked=False)
    shown = {one.id: one.why for case in view.cases for one in case.places}
    assert shown[place.id] == (why_here(place, "zh"), why_here(place, "en"))


def test_masked_the_sentence_gives_no_door_away(practice):
    *_, day = practice
    case = day.problem.cases[0]
    door = replace(case.places[0], label="电白区水东街道南海村12号")
    problem = replace(day.problem, cases=(replace(case, places=(door,)), *day.problem.cases[1:]))
    masked = replace(day, problem=problem)
    view = plan_view(masked, book_of_sheets(day), language="zh", masked=True)
    assert "12号" not in str(view.cases[0].places)
