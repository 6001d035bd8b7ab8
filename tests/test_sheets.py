"""Sheets: what of a plan reaches the team, and what does not."""

import csv
import dataclasses
import io
import math
import os
import re
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import make
import numpy as np
import pytest
from conftest import require
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from dispatch.domain import Hold, LeftOut, Place, Route, Shift
from dispatch.outcomes import checked, read_given_text, visits_of_plan
from dispatch.outcomes.payload import short_ids
from dispatch.reasons import OUTCOMES, WORDS, Reason
from dispatch.redact import clean, mask_address, mask_name, mask_numbers, mask_phone
from dispatch.sheets import Turn, Way, book_of, prepared, words, write_sheets
from dispatch.sheets.compiling import after, amount_band, latest_useful_minutes
from dispatch.sheets.messages import RULE, instructions_txt, route_messages
from dispatch.sheets.pages import route_page
from dispatch.sheets.sketch import sketch_of
from dispatch.sheets.table import COLUMNS, harmless, routes_csv
from dispatch.sheets.words import deadline
from dispatch.sheets.write import FORMATS, file_names

NAMES = {"k1": "电白区", "t1": "水东镇", "v1": "南海村"}
PERSON = SimpleNamespace(
    name="陈晓明",
    phone="13812341234",
    address="茂名市电白区水东镇南海村海滨大道12号",
    note="账户 6222021234567890123",
)


def book(kind="station", person=PERSON, place=None, **given):
    """A book of one responder with one stop, ten minutes away."""
    case = make.case(
        places=[place or make.place()],
        amount_yuan=120_000.0,
        reasons=(
            Reason("UNREACHED", {"attempts": 4, "result": "busy"}),
            Reason("LONG_CALL", {"minutes": 35}),
        ),
        **given,
    )
    day = make.problem([make.responder(kind=kind)], [case])
    plan = make.plan([Route("r1", (make.stop(),), home=30.0)])
    there = Way(
        np.array([make.lonlat(0), make.lonlat(10)]), [Turn("向东出发，沿人民路", "1.2公里", "10分钟")], 1200.0
    )
    back = Way(np.array([make.lonlat(10), make.lonlat(0)]), [Turn("向西出发，沿解放路", "1.3公里")], 1300.0)
    return book_of(
        day,
        plan,
        {"c1": person},
        {"r1:1": there, "r1/home": back},
        area_name="茂名",
        synthetic=True,
        names=NAMES,
        phones={"r1": "110"},
    )


def told(file, content):
    """All words of a written file, whatever its format."""
    if file.endswith(".pdf"):
        return pdf_text(content)
    if file.endswith(".xlsx"):
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            sheets = [workbook.get_sheet_by_name(one).to_python() for one in workbook.sheet_names]
        return "\n".join(str(cell) for sheet in sheets for row in sheet for cell in row)
    return content if isinstance(content, str) else content.decode("latin-1")


def pdf_text(content):
    require("poppler")
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True
    ).stdout.decode()


def table(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


# what the book holds


def test_a_responder_that_stays_has_no_sheet():
    day = make.problem([make.responder("r1"), make.responder("r2")], [make.case()])
    plan = make.plan([Route("r1", (make.stop(),)), Route("r2")])
    sheets = book_of(day, plan, {}, {}, area_name="", synthetic=False).sheets
    assert [sheet.responder_id for sheet in sheets] == ["r1"]


def test_a_stop_reads_in_clock_times():
    stop = book(due_minutes=30.0).sheets[0].stops[0]
    # now is 14:00; ten minutes out; due after thirty
    assert (f"{stop.arrive_at:%H:%M}", f"{stop.due_at:%H:%M}") == ("14:10", "14:30")


def test_a_deadline_that_is_over_is_said_to_be_over():
    at = make.NOW
    assert deadline(at, at, "zh") == "已过"  # a plan keeps no deadline before its own moment
    assert deadline(at - timedelta(minutes=9), at, "en") == "over"
    assert deadline(at + timedelta(minutes=30), at, "zh") == "14:30"
    assert deadline(None, at, "zh") == ""


def test_the_book_never_holds_a_whole_name_phone_or_account():
    held = repr(book())
    assert "陈*明" in held
    assert "138****1234" in held
    assert not any(secret in held for secret in ("陈晓明", "13812341234", "6222021234567890123"))


def test_a_home_address_is_not_shown_for_where_the_phone_was_seen():
    home, fix = book().sheets[0].stops[0], book(place=make.place(source="fix")).sheets[0].stops[0]
    assert home.spot.address == PERSON.address
    assert fix.spot.address == ""
    assert fix.spot.label == "电白区水东镇南海村"


def test_the_second_place_is_the_likeliest_of_the_others():
    places = [make.place(probability=0.5), make.place(20, probability=0.1), make.place(30, probability=0.4)]
    day = make.problem([make.responder()], [make.case(places=places)])
    made = book_of(day, make.plan([Route("r1", (make.stop(),))]), {}, {}, area_name="", synthetic=False)
    assert made.sheets[0].stops[0].second.probability == 0.4


def test_a_person_may_be_unknown_or_have_gaps():
    gaps = SimpleNamespace(name=None, phone=math.nan, address=None, note=math.nan)
    stop = book(person=gaps).sheets[0].stops[0]
    assert (stop.name, stop.phone, stop.note, stop.spot.address) == ("", "", "", "")


def test_what_was_tried_is_read_from_the_reasons():
    assert book().sheets[0].stops[0].tried.attempts == 4


def test_nobody_is_told_to_go_along_with_itself():
    assert book("village", along="village").sheets[0].stops[0].along is None
    assert book("station", along="village").sheets[0].stops[0].along == "village"


def test_left_out_cases_are_counted_and_not_shown():
    day = make.problem([make.responder()], [make.case("c1"), make.case("c2", 40)])
    plan = make.plan([Route("r1", (make.stop(),))], [LeftOut("c2", Reason("PINNED_OUT"))])
    made = book_of(day, plan, {}, {}, area_name="", synthetic=False)
    assert made.left_out == 1
    assert "c2" not in repr(made.sheets)


@pytest.mark.parametrize(
    ("hazard", "hold", "window", "minutes"),
    [
        (0.6, None, math.inf, 60 * math.log(10) / 0.6),  # Λ(t) = ln 10, about 230 min
        (0.0, None, math.inf, 360.0),  # nothing leaks: the horizon
        (0.6, None, 45.0, 45.0),  # the window ends first
        (6.0, Hold(60.0, 0.0), math.inf, 60 + 10 * math.log(10)),  # an hour on hold, then 0.1 a minute
        (6.0, Hold(60.0, 0.5), math.inf, 20 * math.log(10)),  # 0.05 a minute, gone before the hold ends
        (6.0, Hold(math.inf, 0.0), math.inf, 360.0),
    ],
)
def test_a_visit_is_useful_until_nine_tenths_are_gone(hazard, hold, window, minutes):
    case = make.case(hazard_per_hour=hazard, hold=hold, window=(0.0, window))
    assert latest_useful_minutes(case, 360.0) == pytest.approx(minutes)


@pytest.mark.parametrize(
    ("yuan", "band"),
    [
        (0.0, None),
        (math.nan, None),
        (9_999.0, (0.0, 10_000.0)),
        (10_000.0, (10_000.0, 50_000.0)),
        (2e6, (1_000_000.0, None)),
    ],
)
def test_an_amount_is_shown_as_a_band(yuan, band):
    assert amount_band(yuan) == band


def test_minutes_are_added_to_the_moment_not_to_the_wall_clock():
    # Paris, 29 March 2026: 02:00 becomes 03:00
    before = datetime(2026, 3, 29, 1, 50, tzinfo=ZoneInfo("Europe/Paris"))
    assert after(before, 20.0) - before.astimezone(UTC) == timedelta(minutes=20)
    assert f"{after(before, 20.0):%H:%M}" == "03:10"


def test_a_shift_without_end_is_no_moment():
    day = make.problem([make.responder(shift=Shift(-60.0, math.inf))], [make.case()])
    made = book_of(day, make.plan([Route("r1", (make.stop(),))]), {}, {}, area_name="", synthetic=False)
    assert made.sheets[0].shift_to is None


# masks


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("陈晓明", "陈*明"),
        ("陈明", "陈*"),
        ("陈", "*"),
        ("欧阳晓明", "欧**明"),
        ("Jane Doe", "J*** D***"),
        ("", ""),
    ],
)
def test_a_name_keeps_its_ends_only(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812341234", "138****1234"),
        ("+86 138-1234-1234", "138****1234"),
        ("１３８１２３４１２３４", "138****1234"),
        ("0668-2881234", "066****1234"),
        ("2881234", "28***34"),
        ("110", "***"),
        ("no number", "***"),
        ("", ""),
    ],
)
def test_a_phone_number_keeps_its_ends_only(phone, masked):
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("茂名市电白区水东镇南海村海滨大道12号3栋502房", "茂名市电白区水东镇南海村***"),
        ("电白区水东街道1号小区5栋", "电白区水东街道***"),
        ("幸福小区", "***"),
        ("茂名市新村路3号", "茂名市***"),
        ("12 Lane 3, Shuidong", "***"),
        ("", ""),
    ],
)
def test_an_address_keeps_its_village(address, masked):
    assert mask_address(address) == masked


@given(st.text())
def test_masking_twice_is_masking_once(text):
    for mask in (mask_name, mask_phone, mask_address, mask_numbers, clean):
        once = mask(text)
        assert mask(once) == once


@given(st.text(alphabet="陈李王晓明芳强Jane D", min_size=2))
def test_a_masked_name_never_is_the_name(name):
    if len(clean(name).replace(" ", "")) > 1:
        assert mask_name(name) != clean(name)


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_clean_text_is_one_printable_line(text):
    line = clean(text)
    assert len(line) <= 300
    assert len(line.splitlines()) <= 1
    assert not any(mark in line for mark in "\u202e\u2066\u200b\ufeff\x00\x1b")


def test_a_long_number_in_free_text_is_hidden_a_house_number_stays():
    assert mask_numbers("卡号 6222 0212 3456 7890 住12号") == "卡号 *** 住12号"


# who learns what


@pytest.mark.parametrize("name", FORMATS)
def test_masked_sheets_name_no_door_and_no_turn(name):
    for file, content in FORMATS[name](prepared(book(), "mask"), "zh"):
        assert "海滨大道" not in told(file, content), file
        assert "人民路" not in told(file, content), file


def test_a_village_cadre_gets_the_least_personal_data():
    told = {kind: "\n".join(route_messages(prepared(book(kind)), prepared(book(kind)).sheets[0])) for kind in
            ("station", "village")}  # fmt: skip
    for private in ("138****1234", "10–50万", "占线", "35"):
        assert private in told["station"]
        assert private not in told["village"]
    assert "水东镇南海村海滨大道12号" in told["village"]


def test_a_sheet_tells_the_way_to_each_stop_and_home():
    sheet = book().sheets[0]
    # ten minutes there; back at 30, having left the door at 20
    assert (sheet.stops[0].drive_minutes, sheet.stops[0].drive_metres) == (10.0, 1200.0)
    assert (sheet.home_minutes, sheet.home_metres) == (10.0, 1300.0)
    page = route_page(book(), sheet)
    assert "怎么走 · 10分钟 · 1.2公里" in page
    assert "<span>向东出发，沿人民路</span><small>10分钟</small><b>1.2公里</b>" in page
    assert "返回 14:30 · 10分钟 · 1.3公里" in page
    assert page.index("沿人民路") < page.index("沿解放路")
    assert "Back 14:30 · 10 min · 1.3 km" in route_page(book(), sheet, "en")


def test_the_cadre_who_goes_along_gets_a_message_with_the_least_of_the_person():
    text = instructions_txt(prepared(book(along="village")))
    _, _, own, along = text.split(RULE)
    assert "请村干部随行，配合 crew r1 110" in along
    assert "海滨大道12号" in along
    for private in ("138****1234", "10–50万", "占线", "人民路"):
        assert private in own
        assert private not in along


@pytest.mark.parametrize("kind", ["station", "village"])
def test_every_message_says_what_to_report_back_and_by_which_codes(kind):
    made = prepared(book(kind))
    code = made.sheets[0].stops[0].code
    _, message = route_messages(made, made.sheets[0])
    assert f"回报：{code} 结果 在场分钟 备注；例：{code} 1 15；已转账请写金额：{code} 8 15 5万元" in message
    assert "结果：1 见面已劝阻 2 见面仍不信" in message
    # what the message tells one to type is what is read
    day, plan = (
        make.problem([make.responder(kind=kind)], [make.case()]),
        make.plan([Route("r1", (make.stop(),))]),
    )
    typed = f"{code} 1 15\n{code} 8 15 5万元\n"
    reports, refused = checked(read_given_text(typed), visits_of_plan(day, plan), make.NOW)
    assert refused == []
    assert [(one.outcome, one.there_minutes, one.sent_yuan) for one in reports] == [
        ("met_persuaded", 15, None),
        ("already_transferred", 15, 50_000),
    ]


def test_a_message_tells_the_way_in_one_line():
    assert "怎么走：10分钟 · 1.2公里；向东出发，沿人民路 1.2公里\n" in instructions_txt(book())


def test_an_english_message_is_pointed_as_english_is():
    told = instructions_txt(book(), "en")
    assert "\nThe way: 10 min · 1.2 km; " in told
    assert "\nArrive: 14:10 (useful until " in told
    ours = [
        line for line in told.splitlines() if not line.startswith(("茂名", "The way"))
    ]  # named in Chinese
    assert not [line for line in ours if re.search("[：；（），]", line)]


def test_a_way_that_is_not_known_is_left_out():
    day = make.problem([make.responder()], [make.case()])
    bare = book_of(
        day, make.plan([Route("r1", (make.stop(),), home=30.0)]), {}, {}, area_name="", synthetic=False
    )
    assert math.isnan(bare.sheets[0].home_metres)
    page = route_page(bare, bare.sheets[0])
    assert "怎么走 · 10分钟<" in page
    assert 'class="route back"' not in page


@pytest.mark.parametrize(
    ("minutes", "metres", "said"),
    [
        (0.2, 12.0, "不到1分钟"),
        (9.6, 951.0, "10分钟 · 1公里"),
        (41.0, 31_400.0, "41分钟 · 31公里"),
        (3.0, math.nan, "3分钟"),
    ],
)
def test_a_drive_is_said_in_short(minutes, metres, said):
    assert words.drive(minutes, metres, "zh") == said


def test_a_sheet_holds_its_own_cases_only(tmp_path):
    ids = [f"r{number}" for number in range(5)]
    cases = [make.case(f"case{number}", 10 + number) for number in range(5)]
    day = make.problem([make.responder(one) for one in ids], cases)
    routes = [
        Route(one, (make.stop(f"{one}:1", case.id, case.places[0].id),))
        for one, case in zip(ids, cases, strict=True)
    ]
    people = {
        case.id: SimpleNamespace(name="", phone="", address=f"door-{case.id}", note="") for case in cases
    }
    write_sheets(book_of(day, make.plan(routes), people, {}, area_name="", synthetic=False), tmp_path)
    for number, one in enumerate(ids):
        page = (tmp_path / f"{one}.html").read_text(encoding="utf-8")
        assert f"door-case{number}" in page
        assert not any(f"case{other}" in page for other in range(5) if other != number)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_practice_data_say_so_in_every_file(name, language):
    for file, content in FORMATS[name](prepared(book()), language):
        assert "演练数据" in told(file, content), file
        assert "practice data" in told(file, content), file
    real = dataclasses.replace(book(), synthetic=False)
    for file, content in FORMATS[name](prepared(real), language):
        heading = file.endswith(("csv", "xlsx"))
        # the style of a page names the mark; a page that is not marked does not use it
        text = told(file, content).replace("演练数据 / practice data", "", 1 if file.endswith("html") else 0)
        assert "演练" not in text.replace(COLUMNS["practice"], "", 1 if heading else 0), file


@pytest.mark.parametrize(("language", "number"), [("zh", 0), ("en", 1)])
def test_every_outcome_has_its_box_and_stands_in_the_message(language, number):
    (_, page), *_ = FORMATS["html"](prepared(book()), language)
    message = instructions_txt(prepared(book()), language)
    for code in OUTCOMES:
        said = WORDS[code][number]
        ordinal = OUTCOMES.index(code) + 1
        box = (
            f'<input type="radio" name="{language}-1" value="{ordinal}"><span><b>{ordinal}</b> {said}</span>'
        )
        assert box in page
        assert f"{ordinal} {said}" in message


def test_a_reason_of_a_later_version_is_shown_by_its_code():
    case = make.case(reasons=(Reason("NOT_YET_INVENTED", {"x": 1}),))
    day = make.problem([make.responder()], [case])
    made = book_of(day, make.plan([Route("r1", (make.stop(),))]), {}, {}, area_name="", synthetic=False)
    assert "NOT_YET_INVENTED" in instructions_txt(prepared(made))


# the table


def test_the_table_has_a_row_per_stop_with_typed_cells():
    text = routes_csv(prepared(book()), "en")
    assert text.startswith("\ufeff")
    (row,) = table(text)
    assert row["arrive_at"] == "2026-05-01T14:10+08:00"
    assert float(row["drive_minutes"]) == 10.0
    assert (float(row["amount_from_yuan"]), float(row["amount_below_yuan"])) == (100_000.0, 500_000.0)
    assert row["tier"] == "critical"
    (chinese,) = table(routes_csv(prepared(book()), "zh"))
    assert chinese[COLUMNS["tier"]] == "特高危"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\x00@", " =", "＝", "＋", "\u200b="])
def test_no_cell_starts_a_formula(start):
    assert harmless(start + "cmd|'/c calc'!A1")[0] == "'"


@given(st.text())
def test_a_harmless_cell_is_harmless_for_any_text(text):
    cell = harmless(text)
    assert not cell or cell[0] not in "=+-@\t\r\n＝＋－＠"


def test_numbers_stay_numbers():
    assert harmless(-58.4) == -58.4


# files


def test_files_are_the_owners_alone(tmp_path):
    old = tmp_path / "routes.csv"
    old.write_text("old")
    old.chmod(0o644)
    written = write_sheets(book(), tmp_path)
    names = {"r1.html", "index.html", "routes.csv", "routes.xlsx", "instructions.txt", "r1.gpx"}
    assert {path.name for path in written} == names
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system has no O_NOFOLLOW")
def test_nothing_is_written_through_a_link(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "routes.csv").symlink_to(victim)
    with pytest.raises(OSError, match=r"routes\.csv"):
        write_sheets(book(), tmp_path, formats=["csv"])
    assert victim.read_text() == "mine"


HOSTILE_IDS = ["../../etc/passwd", "a/b", "a\\b", "CON", "con", "index", "INDEX", "", ".", "..", "a\x00b", "x" * 400,
               "水东所-1", "a", "A", "<script>", "a:b", "nul.txt", "\ud800", "é", "e\u0301", ".html", "~", "%2e"]  # fmt: skip


def test_file_names_of_hostile_ids_are_safe_and_differ():
    names = file_names(HOSTILE_IDS)
    assert len({name.casefold() for name in names.values()}) == len(HOSTILE_IDS)
    assert names["水东所-1"] == "水东所-1.html"
    for name in names.values():
        assert name.removesuffix(".html").replace("-", "").replace("_", "").isalnum()
        assert len(name.encode()) < 255


@given(st.lists(st.text(max_size=8), unique=True))
def test_any_ids_get_different_file_names(ids):
    names = [name.casefold() for name in file_names(ids).values()]
    assert len(set(names)) == len(ids)
    assert "index.html" not in names


def test_two_ids_that_look_alike_keep_two_sheets(tmp_path):
    ids = ["r1", "r1\u200b", "r1\x00"]
    cases = [make.case(f"c{number}", 10 + number) for number in range(3)]
    day = make.problem([make.responder(one) for one in ids], cases)
    routes = [Route(one, (make.stop(one + ":1", f"c{n}", f"c{n}/0"),)) for n, one in enumerate(ids)]
    written = write_sheets(book_of(day, make.plan(routes), {}, {}, area_name="", synthetic=False), tmp_path)
    assert len({path.name for path in written}) == len(written) == 2 * 3 + 4


def test_an_unknown_format_or_mask_is_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown formats: doc; known: html, csv, txt"):
        write_sheets(book(), tmp_path, formats=["doc"])
    with pytest.raises(ValueError, match="'area', not 'some'"):
        write_sheets(book(), tmp_path, redact="some")


# the sketch


def test_the_sketch_keeps_every_marker_apart_and_inside():
    places = [make.place(10.0) for _ in range(12)]  # all at one door
    cases = [make.case(f"c{number}", places=[one]) for number, one in enumerate(places)]
    day = make.problem([make.responder()], cases)
    stops = tuple(make.stop(f"r1:{n}", f"c{n}", f"c{n}/0") for n in range(12))
    drawn = sketch_of(
        book_of(day, make.plan([Route("r1", stops)]), {}, {}, area_name="", synthetic=False).sheets[0]
    )
    at = [(one.x, one.y) for one in drawn.markers]
    assert min(math.dist(a, b) for n, a in enumerate(at) for b in at[:n]) >= 22.0
    assert all(0 < x < drawn.width and 0 < y < drawn.height for x, y in at)


def test_a_leg_without_a_road_is_dashed():
    sheet = book().sheets[0]
    assert (len(sketch_of(sheet).lines), len(sketch_of(sheet).dashed)) == (1, 0)
    bare = dataclasses.replace(sheet.stops[0], leg=np.empty((0, 2)))
    drawn = sketch_of(dataclasses.replace(sheet, stops=(bare,)))
    assert (len(drawn.lines), len(drawn.dashed)) == (0, 1)


def test_the_bar_is_as_long_as_it_says():
    # 10 thousandths of a degree of longitude at 22 degrees north: 1032 m wide over 292 units
    drawn = sketch_of(book().sheets[0])
    assert drawn.bar_text == "200米"
    assert drawn.bar == pytest.approx(200 / (0.01 * math.cos(math.radians(22)) * 111_320) * 292, abs=0.1)


COORDINATE = st.one_of(st.floats(-180, 180), st.sampled_from([math.nan, math.inf, 0.0, 1e308]))


@given(
    st.lists(st.tuples(COORDINATE, st.floats(-90, 90)), min_size=1, max_size=6),
    st.lists(st.tuples(COORDINATE, COORDINATE), max_size=5),
    st.floats(0, 1e9),
)
def test_any_position_gives_a_drawing_or_none(points, leg, radius):
    sheet = book(place=dataclasses.replace(make.place(), radius_metres=radius)).sheets[0]
    stop = sheet.stops[0]
    line = np.array(leg, dtype=float).reshape(-1, 2)
    line = line[np.isfinite(line).all(axis=1)]
    stops = tuple(
        dataclasses.replace(stop, order=n, leg=line, spot=dataclasses.replace(stop.spot, lon=lon, lat=lat))
        for n, (lon, lat) in enumerate(points)
    )
    drawn = sketch_of(dataclasses.replace(sheet, stops=stops))
    if drawn is not None:
        assert "nan" not in repr(drawn)
        assert "inf" not in repr(drawn)


def test_a_stop_has_the_short_id_reports_name_it_by():
    made = book()
    assert made.sheets[0].stops[0].code == short_ids(made.plan_id, ["r1:1"])["r1:1"]


def test_where_two_go_each_is_told_with_whom_and_who_leads():
    day = make.problem([make.responder("r1"), make.responder("r2", at=1.0)], [make.case()])
    stop = make.stop("r1:1")
    routes = [
        Route("r1", (dataclasses.replace(stop, partner_id="r2"),)),
        Route("r2", (dataclasses.replace(stop, id="r2:1", partner_id="r1", leads=False),)),
    ]
    made = book_of(
        day, make.plan(routes), {}, {}, area_name="", synthetic=False, phones={"r2": "0668-2880002"}
    )
    first, second = (sheet.stops[0] for sheet in made.sheets)
    assert (first.partner, first.partner_phone, first.leads) == ("crew r2", "0668-2880002", True)
    assert (second.partner, second.leads) == ("crew r1", False)


def test_a_place_needs_no_names_at_all():
    bare = Place("c1/0", *make.lonlat(10), radius_metres=math.inf, probability=0.0)
    message = instructions_txt(
        prepared(book(person=SimpleNamespace(name="", phone="", address="", note=""), place=bare))
    )
    assert "姓名不详" in message


def test_a_stop_says_why_this_crew_where_another_is_nearer_and_a_neighbours_sheet_does_not():
    day = make.problem([make.responder()], [make.case()])
    plan = make.plan([Route("r1", (make.stop(),), home=30.0)])
    why = Reason("INSTEAD_BRIEF", {"which": "nearest_one", "responder": "二组", "minutes": 4, "yuan": 1318})
    made = book_of(day, plan, {}, {}, area_name="", synthetic=False, instead={"r1:1": why})
    assert "最近的二组 4 分钟可到，但改派它，全盘多损失 1,318 元" in route_page(made, made.sheets[0])
    assert "为何派本组" not in route_page(made, dataclasses.replace(made.sheets[0], kind="village"))
