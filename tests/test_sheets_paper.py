"""Sheets on paper: one template, any text, whole stops, embedded fonts, nobody else's case."""

import dataclasses
import json
import re
import subprocess
import sys
from datetime import timedelta
from types import SimpleNamespace

import make
import numpy as np
import pytest
import segno
from conftest import REPOSITORY
from test_sheets import NAMES, PERSON, book
from test_sheets_pages import hostile_book, long_book

from dispatch.datum import convert
from dispatch.domain import LeftOut, Route
from dispatch.reasons import OUTCOMES, Reason, say, word
from dispatch.settings import data_folder
from dispatch.sheets import book_of, prepared, write_sheets
from dispatch.sheets.paper import printed, units_of
from dispatch.sheets.paper.drawing import MOST_ROADS, Ground, svg_of
from dispatch.sheets.paper.engine import MISSING, covered, printable
from dispatch.sheets.paper.labels import LABELS
from dispatch.sheets.paper.values import QR_MASK, code_svg, navigation_link, sheet_values
from dispatch.sheets.scripts import load_scripts
from dispatch.sheets.sketch import HIGHEST, WIDTH, sketch_of
from dispatch.sheets.write import FORMATS
from tools import vendor_fonts

pytestmark = pytest.mark.needs("poppler")

TYPST = [
    '#panic("printed as code")',
    '#read("/etc/passwd") #include "common.typ"',
    "*b* _i_ `c` $x^2$ <label> @cite = head",
    "#sys.inputs.values ]] } ) #let x = 1",
    '"; #import "@preview/cetz:0.3.0": * // \\ \\u{23}',
]
OTHERS = ["</svg><script>alert(1)</script>", "\u202emoc.live\x1b[31m\x00\ud800", "a" * 3000]


def pdfs(source, language="zh"):
    """Every printed file of a book, by name."""
    return dict(FORMATS["pdf"](prepared(source), language))


def sheet_pdf(source, language="zh", crew="r1"):
    return pdfs(source, language)[f"{crew}.pdf"]


def sheets_alone(source, language="zh"):
    """The first sheet's PDF, no overview made."""
    whole = prepared(source)
    return next(printed(whole, {}, {one.responder_id: one.responder_id for one in whole.sheets}, language))[1]


def pdf_text(pdf, layout=True):
    """The words of a PDF: as they lie on the page, or in the order they were set."""
    told = ["pdftotext", "-layout" if layout else "-raw", "-", "-"]
    return subprocess.run(told, input=pdf, capture_output=True, check=True).stdout.decode()


def sheet_text(source, sheet):
    """The words of one sheet of a book."""
    return pdf_text(sheets_alone(dataclasses.replace(source, sheets=(sheet,))))


def pages_of(pdf):
    return pdf_text(pdf).rstrip("\f").split("\f")


def squeezed(text):
    return re.sub(r"[\s\u200b\u2060]", "", text)


def spoken_book():
    """The usual stop with what to say at its door, in both languages."""
    scripts = {language: load_scripts(language) for language in ("zh", "en")}
    plain = book(along="village", needs=frozenset({"police"}), due_minutes=30.0)
    own, other = scripts["zh"], scripts["en"]
    stop = plain.sheets[0].stops[0]
    stop = dataclasses.replace(
        stop,
        fraud_type="loan",
        script=own["loan"],
        script_other=other["loan"],
        code="7KQ2M",
        second=stop.spot,
    )
    sheet = dataclasses.replace(plain.sheets[0], stops=(stop,))
    return dataclasses.replace(
        plain, sheets=(sheet,), every_door=own["general"], every_door_other=other["general"]
    )


def two_crews(left=()):
    """Two crews with a case each, and cases nobody is sent to; of two stations in one town."""
    codes = {"county": "k1", "township": "t1", "village": "v1"}
    places = [make.place(at, **codes) for at in (10.0, 20.0, 30.0)]
    cases = [make.case(f"case{n}", places=[one]) for n, one in enumerate(places)]
    crews = [
        dataclasses.replace(
            make.responder(f"r{n}"), name=f"第{n}派出所一组", base=f"b{n}", jurisdiction=frozenset({"t1"})
        )
        for n in range(2)
    ]
    day = make.problem(crews, cases)
    routes = [Route(f"r{n}", (make.stop(f"r{n}:1", f"case{n}", f"case{n}/0"),)) for n in range(2)]
    people = {
        f"case{n}": SimpleNamespace(name="", phone="", address=f"第{n}号门", note=f"note{n}")
        for n in range(3)
    }
    made = make.plan(routes, [LeftOut("case2", one) for one in left])
    return book_of(day, made, people, {}, area_name="茂名", synthetic=True, names=NAMES)


# what a sheet says, and in which order


def test_a_stop_is_told_from_top_to_bottom_in_the_order_a_team_needs_it():
    text = squeezed(pdf_text(sheet_pdf(spoken_book()), layout=False))
    loan = load_scripts()["loan"]
    expected = [
        "演练数据", "第1页/共1页", "反诈上门处置单", "回报", "到达14:10", "最迟有效", "水东镇南海村海滨大道12号", "不在则去",
        "陈*明", "138****1234", "已联系", "拨打4次", "同行村干部", loan.say[0][:8], loan.dont[0][:8], "7KQ2M",
        "怎么走", "向东出发，沿人民路", "1见面已劝阻", "5地址有误", "10未前往",
    ]  # fmt: skip
    at = 0
    for one in expected:
        assert squeezed(one) in text[at:], one
        at = text.index(squeezed(one), at)
    assert "网贷·10–50万" in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_outcome_has_its_box_with_the_number_reports_use(language):
    text = squeezed(pdf_text(sheet_pdf(spoken_book(), language)))
    for number, code in enumerate(OUTCOMES, start=1):
        assert squeezed(f"{number} {word(code, language)}") in text


def test_english_sheets_take_the_scripts_and_turns_of_the_other_language():
    text = squeezed(pdf_text(sheet_pdf(spoken_book(), "en")))
    assert squeezed(load_scripts("en")["loan"].say[0])[:25] in text
    assert "放款前" not in text


@pytest.mark.parametrize(("leads", "said"), [(True, "本组牵头"), (False, "由其牵头")])
def test_who_comes_to_the_same_door_and_who_leads_is_said(leads, said):
    plain = spoken_book()
    stop = dataclasses.replace(
        plain.sheets[0].stops[0], partner="南海村干部", partner_phone="19000000001", leads=leads
    )
    both = dataclasses.replace(plain, sheets=(dataclasses.replace(plain.sheets[0], stops=(stop,)),))
    text = squeezed(pdf_text(sheet_pdf(both)))
    assert "与南海村干部19000000001同到" in text
    assert said in text


def test_a_cadres_sheet_has_no_phone_amount_note_or_call_history():
    text = squeezed(pdf_text(sheet_pdf(book("village"))))
    assert "海滨大道12号" in text
    for private in ("138", "10–50万", "占线", "已联系", "备注账户"):
        assert private not in text


# pages


def test_no_stop_is_split_and_every_page_says_whose_it_is():
    pages = pages_of(sheets_alone(long_book()))
    found = []
    for number, page in enumerate(pages, start=1):
        # a whole stop: its person, its way, its last box are on one page
        names = page.count("陈*明")
        assert names == page.count("未前往") == page.count("怎么走")
        assert f"第{number}页/共{len(pages)}页" in squeezed(page)
        for mark in ("演练数据", "r1", "2026年5月1日", prepared(long_book()).plan_id):
            assert mark in page
        found += re.findall(r"^ *(S00\d\d)\b|\s(S00\d\d)$", page, re.MULTILINE)
    codes = [one or other for one, other in found]
    assert [code for code in codes if code] == [f"S00{order:02d}" for order in range(1, 13)]


@pytest.mark.parametrize(("stops", "pages"), [(1, 1), (3, 1), (12, 4)])
def test_a_route_takes_one_page_where_it_fits(stops, pages):
    assert len(pages_of(sheets_alone(long_book(stops)))) == pages


def test_a_stop_with_more_to_say_than_a_page_holds_is_made_smaller_not_cut():
    plain = spoken_book()
    stop = plain.sheets[0].stops[0]
    flood = dataclasses.replace(
        stop,
        note="备注" * 149,
        reasons=tuple(Reason("LONG_CALL", {"minutes": n}) for n in range(150)),
        turns=tuple(
            dataclasses.replace(stop.turns[0], what=f"沿第{n}号非常长的乡村道路继续前行") for n in range(300)
        ),
    )
    sheet = dataclasses.replace(plain.sheets[0], stops=(flood, dataclasses.replace(stop, order=2)))
    pages = pages_of(sheets_alone(dataclasses.replace(plain, sheets=(sheet,))))
    whole = [page for page in pages if "沿第0号" in squeezed(page)]
    assert len(whole) == 1
    for said in ("沿第299号", "正在通话149分钟", "10未前往"):
        assert said in squeezed(whole[0])


def test_without_positions_or_with_endless_names_or_with_nobody_it_still_prints():
    plain = spoken_book()
    sheet, stop = plain.sheets[0], plain.sheets[0].stops[0]
    nowhere = dataclasses.replace(stop.spot, lon=float("nan"), lat=float("nan"))
    bare = dataclasses.replace(
        stop, spot=nowhere, second=None, latest_at=None, due_at=None, turns=(), name=""
    )
    text = squeezed(sheet_text(plain, dataclasses.replace(sheet, base_lonlat=None, stops=(bare,))))
    assert "姓名不详" in text
    assert "第1页/共1页" in text
    endless = dataclasses.replace(sheet, name="很长" * 150, base="b")
    assert "10未前往" in squeezed(sheet_text(plain, endless))
    (empty,) = pdfs(dataclasses.replace(plain, sheets=())).values()
    assert "本单位没有上门任务" in pdf_text(empty)


# what it is made of


def test_fonts_are_embedded_subset_and_readable_as_text():
    out = subprocess.run(["pdffonts", "-"], input=sheet_pdf(spoken_book()), capture_output=True, check=True)
    rows = out.stdout.decode().splitlines()[2:]
    assert len(rows) == 2
    for row in rows:
        assert re.match(r"[A-Z]{6}\+NotoSansSC-(Regular|Bold) +CID TrueType +Identity-H +yes yes yes", row)


def test_the_same_book_gives_the_same_bytes_made_at_the_plans_moment():
    one, again = sheet_pdf(book()), sheet_pdf(book())
    assert one == again
    later = dataclasses.replace(book(), at=book().at + timedelta(hours=1))
    info = [
        subprocess.run(
            ["pdfinfo", "-"], input=pdf, capture_output=True, check=True, env={"TZ": "UTC"}
        ).stdout.decode()
        for pdf in (one, sheet_pdf(later))
    ]
    moments = [re.search(r"CreationDate: +(.*)", text)[1] for text in info]
    assert "06:00:00 2026" in moments[0]  # 14:00 in China
    assert "07:00:00 2026" in moments[1]
    assert "Pages:           1" in info[0]


@pytest.mark.parametrize("payload", [*TYPST, *OTHERS])
def test_no_text_of_any_field_is_code_in_print(payload):
    files = pdfs(hostile_book(payload))
    assert len(files) >= 2
    shown = squeezed(printable(prepared(hostile_book(payload)).sheets[0].stops[0].note))
    for name, pdf in files.items():
        for door in (b"/JavaScript", b"/JS", b"/URI", b"/Launch", b"/EmbeddedFile", b"/OpenAction", b"/AA"):
            assert door not in pdf, name
    sheet = next(pdf for name, pdf in files.items() if not name.startswith("overview"))
    if payload in TYPST:
        assert shown in squeezed(pdf_text(sheet, layout=False))


def test_a_rare_hanzi_prints_and_one_the_font_lacks_is_marked():
    assert printable("㛃𬱟犇堃镕") == "㛃𬱟犇堃镕"
    assert printable("王𠮷😀") == f"王{MISSING}{MISSING}"
    rare = book(person=SimpleNamespace(**{**vars(PERSON), "name": "㛃𬱟", "note": "邻居叫犇𬱟"}))
    text = squeezed(pdf_text(sheet_pdf(rare)))
    assert "㛃*" in text
    assert "邻居叫犇𬱟" in text


def test_the_words_of_the_templates_are_all_in_the_font():
    said = [line for pair in LABELS.values() for line in pair]
    for language in ("zh", "en"):
        said += [line for one in load_scripts(language).values() for line in (*one.say, *one.dont)]
    assert MISSING not in "".join(printable(said))


def test_the_fonts_are_those_of_the_manifest_and_may_be_passed_on():
    assert vendor_fonts.faults() == []
    manifest = json.loads((data_folder() / "fonts" / "manifest.json").read_text("utf-8"))
    assert manifest["licence"] == "OFL-1.1"
    assert "SIL OPEN FONT LICENSE" in (data_folder() / "fonts" / "OFL.txt").read_text("utf-8")
    first, last = covered()
    assert sum(b - a + 1 for a, b in zip(first, last, strict=True)) == manifest["characters"] == 30_797
    # every hanzi a GB 2312 or GBK keyboard writes
    assert printable(bytes([0xB0, 0xA1]).decode("gbk")) == "啊"
    missing = [chr(code) for code in range(0x4E00, 0x9FA6) if printable(chr(code)) == MISSING]
    assert missing == []


# the drawing


def test_the_drawing_shows_the_areas_roads_under_the_route_and_nothing_else():
    roads = SimpleNamespace(
        lon=np.array([110.9, 111.1, 110.99, 111.01, 80.0, 81.0]),
        lat=np.array([22.0, 22.0, 21.9, 22.1, 30.0, 30.0]),
        start=np.array([0, 2, 4, 6]),
        rank=np.array([0, 9, 0], np.uint8),
    )
    ground = Ground(SimpleNamespace(roads=roads, water=()))
    sheet = prepared(long_book(2)).sheets[0]
    sketch = sketch_of(sheet)
    found = ground.roads(sketch.frame)
    assert [rank for rank, _ in found] == [0, 9]
    drawn = svg_of(sketch, ground)
    assert drawn.count("<polyline") == 2 * len(sketch.lines)
    for number in re.findall(r'(?:points|d)="([^"]*)"', drawn):
        assert re.fullmatch(r"[-\d., MLZ]*", number)
    for numbers in re.findall(r'<path stroke="#[^"]*" stroke-width="(?:3.2|1.1)" d="([^"]*)"', drawn):
        x, y = np.array(re.findall(r"[-\d.]+", numbers), float).reshape(-1, 2).T
        assert 0 <= x.min() <= x.max() <= WIDTH
        assert 0 <= y.min() <= y.max() <= HIGHEST


def test_of_too_many_roads_the_smaller_classes_are_left_out_whole():
    many = MOST_ROADS + 100
    lon = np.tile([110.99, 111.01], many)
    start = np.arange(0, 2 * many + 1, 2)
    rank = np.repeat([1, 8], [40, many - 40]).astype(np.uint8)
    ground = Ground(
        SimpleNamespace(roads=SimpleNamespace(lon=lon, lat=lon * 0 + 22.0, start=start, rank=rank), water=())
    )
    found = ground.roads(sketch_of(prepared(long_book(2)).sheets[0]).frame)
    assert [one for one, _ in found] == [1] * 40


@pytest.mark.parametrize("basemap", [None, SimpleNamespace()])
def test_without_the_areas_ground_the_route_alone_is_drawn(basemap):
    sketch = sketch_of(prepared(book()).sheets[0])
    assert "<polyline" in svg_of(sketch, Ground(basemap))


def test_the_code_is_a_qr_of_the_short_id_with_its_quiet_zone():
    drawn = code_svg("7KQ2M")
    dark = sum(map(sum, segno.make("7KQ2M", error="m", micro=False, mask=QR_MASK).matrix))
    assert 'viewBox="0 0 25 25"' in drawn  # 21 modules and two on each side
    assert sum(int(run) for run in re.findall(r"h(\d+)", drawn)) == dark


def test_a_link_to_navigation_stands_there_only_when_switched_on_and_carries_a_point_alone():
    whole = prepared(book())
    spot = whole.sheets[0].stops[0].spot
    link = navigation_link(spot)
    lon, lat = (
        float(axis[0]) for axis in convert(np.array([spot.lon]), np.array([spot.lat]), "WGS84", "GCJ02")
    )
    assert link == f"https://uri.amap.com/navigation?to={lon:.6f},{lat:.6f}&mode=car&coordinate=gaode"
    for on in (False, True):
        made = sheet_values(dataclasses.replace(whole, nav_links=on), whole.sheets[0], Ground(), "x")
        assert ("go1" in made.pictures) is on
    assert "导航" in pdf_text(sheets_alone(dataclasses.replace(book(), nav_links=True)))
    assert navigation_link(dataclasses.replace(spot, lon=float("nan"))) == ""


# whose


def test_a_sheet_holds_its_own_responders_cases_only():
    files = pdfs(two_crews())
    for n in range(2):
        text = pdf_text(files[f"r{n}.pdf"])
        assert f"case{n}" in text
        assert f"第{n}号门" in text
        for other in {0, 1, 2} - {n}:
            for foreign in (f"case{other}", f"第{other}号门", f"note{other}"):
                assert foreign not in text


def test_each_unit_has_an_overview_of_its_crews_and_of_those_left_out_with_the_reason():
    why = Reason("HIGH_RISK", {"tier": "high"})
    made = two_crews(left=[why])
    assert [(unit.kind, unit.name, len(unit.crews), len(unit.unvisited)) for unit in units_of(made)] == [
        ("area", "茂名", 2, 1),
        ("county", "电白区", 2, 1),
        ("town", "电白区水东镇", 2, 1),
        ("station", "第0派出所", 1, 1),
        ("station", "第1派出所", 1, 1),
    ]
    files = pdfs(made)
    assert set(files) == {"r0.pdf", "r1.pdf", "overview.pdf", "overview_county_电白区.pdf",
                          "overview_town_电白区水东镇.pdf", "overview_station_第0派出所.pdf",
                          "overview_station_第1派出所.pdf"}  # fmt: skip
    county, station = (
        pdf_text(files[f"overview_{one}.pdf"]) for one in ("county_电白区", "station_第0派出所")
    )
    for text in (county, station):
        assert say(why) in text
        assert "case2" in text
        assert "未安排" in text
    assert "2 支力量 · 2 站 · 1 件未安排" in " ".join(county.split())
    assert "case1" in county
    assert "case1" not in station


def test_no_overview_takes_the_name_of_a_sheet(tmp_path):
    clean = two_crews()
    sheets = [
        dataclasses.replace(one, responder_id=name)
        for one, name in zip(clean.sheets, ("overview", "a/b"), strict=True)
    ]
    made = dataclasses.replace(clean, sheets=tuple(sheets))
    written = write_sheets(made, tmp_path, formats=["pdf"])
    assert len({path.name.casefold() for path in written}) == len(written) == 2 + len(units_of(made))
    assert {path.parent for path in written} == {tmp_path}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in written)


def test_over_processes_the_same_files_come_in_the_same_order():
    whole = prepared(two_crews())
    names = {"r0": "r0.pdf", "r1": "r1.pdf"}
    assert list(printed(whole, {}, names, workers=2)) == list(printed(whole, {}, names, workers=1))


def test_printing_needs_no_font_package_or_network_of_the_machine():
    # the press is made from two folders of ours; an import of a package in a template is refused, not fetched
    templates = REPOSITORY / "dispatch" / "sheets" / "paper" / "templates"
    for path in templates.glob("*.typ"):
        assert "@" not in path.read_text(encoding="utf-8"), path
        assert re.findall(r'#import "([^"]*)"', path.read_text(encoding="utf-8")) in ([], ["common.typ"])


def test_the_benchmark_prints_a_made_up_book_and_names_what_it_measured():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sheets", "--quick", "--json"],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=120, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["whole"]["sheets"] == 10
    assert found["whole"]["stops"] >= 10
    assert found["whole"]["overviews"] > 4
    assert found["whole"]["kilobytes_per_sheet"] > 10
    # small sizes say nothing about goals
    assert all(goal["met"] is None for goal in found["goals"].values())
