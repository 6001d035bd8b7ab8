"""A report as a page, a workbook and a letter: what stands in them, what cannot get out of them, who can open them."""

import io
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import docx
import pandas as pd
import pytest
from docx.oxml.ns import qn
from doors import run_dispatch
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import alerts, planned
from python_calamine import CalamineWorkbook

from dispatch.day.keeping import Kept, write_kept
from dispatch.errors import MissingExtra
from dispatch.intake.columns import REJECTED_COLUMNS
from dispatch.ledger import Ledger
from dispatch.pictures import _fonts
from dispatch.planfile import PlanFile, write_plan
from dispatch.report import period_of, report_of
from dispatch.report.facts import Facts, Person, Visit
from dispatch.report.telling import definitions
from dispatch.report.writing import FORMS, report_bytes
from dispatch.settings import data_folder
from tools import system_needs

ZONE = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 5, 1, tzinfo=ZONE)
HOSTILE = (
    '=HYPERLINK("http://evil","x")', "<script>alert(1)</script>", "{{7*7}}{% raw %}", r"$\frac{1}{0}$",
    "--><svg onload=alert(1)>", "\x00\x1b[31m\u202e", '"><img src=x onerror=alert(1)>', "]]>&amp;{0}%s", "@SUM(1)",
    "+1", "-1", "\t=1", "长" * 400,
)  # fmt: skip


def people(names=("电白区", "茂南区", "化州市"), types=("romance", "investment", "loan", "fake_jobs")):
    """Sixty people: every third not visited, every fifth defrauded, all kinds of responder, arrivals off by −5 to 14 minutes."""
    found = []
    for n in range(60):
        at = DAY + timedelta(minutes=20 * n)
        arrive = at + timedelta(minutes=30)
        visit = Visit(
            kind=("station", "town", "village", "county")[n % 4], sent=True, signed=True, late=("met",) if n % 7 == 0 else (),
            was_there=True, outcome="met_persuaded" if n % 2 else "not_home", met_at=arrive if n % 2 else None,
            planned_at=arrive, reached_at=arrive + timedelta(minutes=n % 20 - 5), averted_yuan=1234.5,
        )  # fmt: skip
        visits = () if n % 3 == 0 else (visit,)
        found.append(
            Person(
                at,
                "planned" if visits else "no_visit",
                ("critical", "high", "medium", "low")[n % 4],
                types[n % len(types)],
                names[n % len(names)],
                names[n % len(names)] + "派出所",
                1000.0 * n,
                not visits,
                n % 5 == 0,
                visits,
            )
        )
    return tuple(found)


def sixty(before=None, span="day", **given):
    """The report of them; `before` gives the earlier facts."""
    crowd = given.pop("crowd", None) or people()
    facts = Facts(crowd, tuple(one.alerted_at for one in crowd), rejected=4, synthetic=True)
    period = period_of(span, "2026-05-01", ZONE, DAY + timedelta(days=40))
    return report_of(period, facts, before or {"day_before": facts}, area="茂名演练辖区", **given)


class Elements(HTMLParser):
    """Every element with its attributes, and the text outside style."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text, self._inside = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag):
        if tag in self._inside:
            del self._inside[len(self._inside) - 1 - self._inside[::-1].index(tag) :]

    def handle_data(self, data):
        if "style" not in self._inside:
            self.text.append(data)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The report in every form and language."""
    folder = tmp_path_factory.mktemp("report")
    for language in ("zh", "en"):
        for form in FORMS:
            (folder / f"{language}{form}").write_bytes(report_bytes(sixty(), form, language))
    return folder


# ---- the page


def test_the_page_holds_the_figures_the_sum_and_what_they_mean(files):
    text = "".join(Elements((files / "zh.html").read_text("utf-8")).text)
    # 60 people: 40 planned and visited, 20 met (odd numbers not divisible by 3), 12 defrauded; 4 rows rejected
    for told in (
        "64",
        "100.0%（40/40）",
        "50.0%（20/40）",
        "20.0%（12/60）",
        "49,380 元",
        "两数口径不同，不得相加",
    ):
        assert told in text
    for _, name, means in definitions(sixty(), "zh"):
        assert name in text
        assert means in text
    assert "演练数据" in text
    assert "不含个人信息" in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_fetches_nothing_runs_nothing_and_repeats_no_id(files, language):
    page = (files / f"{language}.html").read_text("utf-8")
    elements = Elements(page).found
    assert not {tag for tag, _ in elements} & {"script", "link", "img", "iframe", "object", "form", "image"}
    for _, attributes in elements:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "xlink:href", "src"):
            assert attributes.get(name, "#").startswith("#")
    assert "default-src 'none'" in page
    assert not re.findall(r"url\((?!#)|@import", page)
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    pictures = [attributes for tag, attributes in elements if tag == "svg"]
    assert len(pictures) == 3
    assert all(one["role"] == "img" and one["aria-label"] for one in pictures)
    assert not [
        tag for tag, _ in elements if tag == "text"
    ]  # letters are paths: no font is asked of the machine


@pytest.mark.needs("chromium", "poppler")
def test_the_day_prints_on_one_sheet_with_two_behind_it_and_fits_a_phone(files, chromium, tmp_path):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, offline=True)
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto((files / "zh.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.pdf(path=tmp_path / "day.pdf", prefer_css_page_size=True)
    context.close()
    assert not faults
    sheets = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "day.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout.split("\f")[:-1]
    assert 2 <= len(sheets) <= 3
    assert "环比与同比" in sheets[0]
    assert sheets[0].count("核实挽损") == 2  # large, and in the last row of the table
    assert sheets[1].lstrip().startswith("分类情况")


def test_the_pictures_use_the_font_the_package_carries():
    carried = data_folder() / "fonts" / "NotoSansSC-Regular.ttf"
    assert carried.is_file()
    assert _fonts()[0] == "Noto Sans SC"


# ---- the workbook


def test_the_workbook_holds_numbers_as_numbers_and_nothing_that_computes(files):
    raw = (files / "zh.xlsx").read_bytes()
    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    assert book.sheet_names == ["概况", "分类", "时段", "到达", "口径"]
    rows = {row[0]: row for row in book.get_sheet_by_name("概况").to_python() if row and row[0]}
    assert rows["上门"][1:4] == [40, 40, 1.0]
    assert rows["见面"][1:4] == [20, 40, 0.5]
    assert rows["核实挽损"][1] > 0
    assert rows["上门"][4:8] == [40, 40, 1.0, 0]  # the day before was the same
    assert rows["上门"][8] == "无数据"
    hours = book.get_sheet_by_name("时段").to_python()
    assert [row[1] for row in hours[1:25]] == [3] * 20 + [0] * 4  # one alert in twenty minutes
    with zipfile.ZipFile(io.BytesIO(raw)) as parts:
        names = parts.namelist()
        assert sum(name.startswith("xl/charts/chart") for name in names) == 4
        assert not [name for name in names if "externalLink" in name or "vba" in name.lower()]
        sheets = [parts.read(name) for name in names if name.startswith("xl/worksheets/sheet")]
    assert not any(b"<f>" in one or b"<hyperlink" in one for one in sheets)


def test_the_same_report_gives_the_same_workbook_and_page():
    for form in (".html", ".xlsx"):
        assert report_bytes(sixty(), form, "zh") == report_bytes(sixty(), form, "zh")


# ---- the letter


def test_the_letter_names_chinese_faces_repeats_heads_and_describes_its_pictures(files):
    document = docx.Document(files / "zh.docx")
    faces = {
        name: document.styles[name].element.rPr.rFonts.get(qn("w:eastAsia"))
        for name in ("Normal", "Title", "Heading 1")
    }
    assert faces == {"Normal": "仿宋", "Title": "宋体", "Heading 1": "黑体"}
    text = "\n".join(one.text for one in document.paragraphs)
    assert "关于2026年5月1日\n预警劝阻处置情况的通报" in text
    assert "共接收预警 64 条，涉及 60 人" in text
    assert "见到本人 20 人，占 50.0%（20/40）" in text
    assert "并非结果；两数口径不同，不得相加" in text
    assert document.paragraphs[0].text == "茂名演练辖区反诈中心"
    heads = [one for one in document.paragraphs if one.style.name == "Heading 1"]
    assert [one.text[:2] for one in heads] == ["一、", "二、", "三、", "四、", "五、"]
    ruled = [table for table in document.tables if table.style.name == "Table Grid"]
    assert len(ruled) == 7  # compared, four breakdowns, arrivals by kind and by hour
    assert all(table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None for table in ruled)
    described = [one.get("descr") for one in document.element.iter(qn("wp:docPr"))]
    assert described == ["按时段", "按诈骗类型", "计划与实际到达"]
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.top_margin.mm), round(section.left_margin.mm)) == (
        210,
        37,
        28,
    )
    assert not [one for one in document.part.rels.values() if one.is_external]


@pytest.fixture(scope="module")
def opened(files):
    """What LibreOffice makes of the workbook and the letter, as text."""
    for need in ("libreoffice", "poppler"):
        if why := system_needs.missing(need):
            pytest.skip(why)
    office = [system_needs.libreoffice(), "--headless", f"-env:UserInstallation={(files / 'user').as_uri()}"]
    out = files / "opened"
    subprocess.run(
        [*office, "--convert-to", "pdf", "--outdir", out, files / "zh.docx", files / "en.xlsx"],
        capture_output=True, timeout=180, check=True,
    )  # fmt: skip
    return {
        name: subprocess.run(
            ["pdftotext", "-layout", out / f"{name}.pdf", "-"], capture_output=True, text=True, check=True
        ).stdout
        for name in ("zh", "en")
    }


def test_libreoffice_opens_the_letter_and_the_workbook(opened):
    letter, book = (re.sub(r"[ \n]+", " ", opened[name]) for name in ("zh", "en"))
    squeezed = letter.replace(" ", "")
    assert "共接收预警64条，涉及60人" in squeezed
    assert "—1—" in squeezed
    assert "无数据" in squeezed
    assert "no figure" in book
    assert re.search(r"visited 40 40 100\.0%", book)
    for text in opened.values():
        assert not re.search(r"#(REF|NAME|VALUE|DIV/0|N/A)|Err:5", text)


# ---- hostile names


@pytest.fixture(scope="module")
def hostile():
    """A report every name of which is an attack."""
    crowd = people(HOSTILE, HOSTILE)
    return sixty(crowd=crowd, centre="".join(HOSTILE[:4]), smallest_group=1, span="week")


def test_hostile_names_stay_text_on_the_page(hostile):
    page = report_bytes(hostile, ".html", "zh").decode("utf-8")
    elements = Elements(page)
    assert not {tag for tag, _ in elements.found} & {"script", "img", "iframe", "a:href"}
    assert not [name for _, attributes in elements.found for name in attributes if name.startswith("on")]
    text = "".join(elements.text)
    assert "<script>alert(1)</script>" in text
    assert "{{7*7}}" in text
    assert "49派出所" not in text
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_hostile_names_stay_text_in_the_workbook(hostile):
    raw = report_bytes(hostile, ".xlsx", "en")
    names = [
        row[1]
        for row in CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_name("Groups").to_python()[1:]
    ]
    assert '\'=HYPERLINK("http://evil","x")' in names
    assert not [name for name in names if isinstance(name, str) and name[:1] in {"=", "+", "-", "@"}]
    with zipfile.ZipFile(io.BytesIO(raw)) as parts:
        assert not any(
            b"<f>" in parts.read(one) for one in parts.namelist() if one.startswith("xl/worksheets/sheet")
        )


def test_hostile_names_stay_text_in_the_letter(hostile):
    raw = report_bytes(hostile, ".docx", "zh")
    document = docx.Document(io.BytesIO(raw))
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert "<script>alert(1)</script>" in cells
    assert '=HYPERLINK("http://evil","x")' in cells
    with zipfile.ZipFile(io.BytesIO(raw)) as parts:
        told = parts.read("word/document.xml")
    assert set(re.findall(rb'w:instr="([^"]*)"', told)) <= {b"PAGE"}
    assert b"instrText" not in told
    assert not [one for one in document.part.rels.values() if one.is_external]


@settings(max_examples=8)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_name_can_be_written(centre, county):
    crowd = people((county,))
    raw = report_bytes(sixty(crowd=crowd, centre=centre, smallest_group=1), ".xlsx", "zh")
    assert len(CalamineWorkbook.from_filelike(io.BytesIO(raw)).sheet_names) == 5


# ---- libraries that are not there


@pytest.mark.parametrize(
    ("form", "module", "named"),
    [
        (".html", "matplotlib", "matplotlib"),
        (".docx", "docx", "python-docx"),
        (".docx", "matplotlib", "matplotlib"),
    ],
)
def test_without_a_library_one_sentence_says_how_to_get_it(monkeypatch, form, module, named):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        MissingExtra, match=rf"{named} is not installed; run: pip install 'field-dispatch\[reports\]'"
    ):
        report_bytes(sixty(), form)


def test_the_workbook_needs_no_extra(monkeypatch):
    for module in ("matplotlib", "docx"):
        monkeypatch.setitem(sys.modules, module, None)
    assert report_bytes(sixty(), ".xlsx")[:2] == b"PK"


# ---- through the command


def plan_folder(folder, *rows, parent=None, plan_id="abcdef123456", at=None, left_out=()):
    """A plan folder of these alerts as `dispatch plan` leaves it, as far as a report reads it: two of them planned."""
    table = alerts(*rows)
    rejected = pd.DataFrame([(9, "risk", "?", "critical", "x")], columns=list(REJECTED_COLUMNS))
    moment = at or datetime(2026, 5, 1, 14, tzinfo=ZONE)
    ids = list(dict.fromkeys(table["alert_id"]))
    problem, plan = planned(*ids[:2], at=moment, plan_id=plan_id, left_out=left_out)
    folder.mkdir()
    area = {"name": "茂名演练辖区", "time_zone": "Asia/Shanghai", "synthetic": True}
    write_plan(PlanFile(problem, replace(plan, parent=parent), area=area), folder)
    write_kept(Kept(table, rejected), folder)
    return folder


def test_plans_and_the_outcomes_beside_them_make_a_report(tmp_path):
    day = plan_folder(
        tmp_path / "plan",
        {}, {}, {"contact_result": "persuaded"}, {"alerted_at": "2026-05-01T15:00:00"}, {},
        left_out=("A-5",),
    )  # fmt: skip
    before = plan_folder(tmp_path / "before", {"alerted_at": "2026-04-30T13:00:00"}, {"alerted_at": "2026-04-30T13:00:00"},
                         plan_id="fedcba654321", at=datetime(2026, 4, 30, 14, tzinfo=ZONE))  # fmt: skip
    (tmp_path / "said.txt").write_text(
        "S-1/1 met_persuaded 10 14:25\nS-1/2 not_home 5 14:50\n", encoding="utf-8"
    )
    done = run_dispatch("outcomes", day, "--from", tmp_path / "said.txt", "--at", "2026-05-01T15:30")
    assert done.returncode == 0, done.stderr
    out = tmp_path / "day.xlsx"
    done = run_dispatch("report", day, before, "--at", "2026-05-01T20:00", "--out", out, "--lang", "en")
    assert done.returncode == 0, done.stderr
    # five alerts and a rejected row: planned, A-3 by telephone, A-4 after the plan, A-5 left out
    assert (
        "alerts received 6 = rejected rows 1 + not yet in a plan 1 + no visit needed 1 + planned 2 + left out 1"
        in done.stdout
    )
    assert oct(out.stat().st_mode)[-3:] == "600"
    book = CalamineWorkbook.from_path(out)
    rows = {row[0]: row for row in reversed(book.get_sheet_by_name("Summary").to_python())}
    assert rows["visited"][1:4] == [2, 2, 1.0]
    assert rows["met"][1:3] == [1, 2]
    assert rows["signed for"][1] == "no figure"
    assert rows["alerts received"][4] == 3  # two alerts and a rejected row of the day before
    assert rows["alerts received"][8] == rows["alerts received"][12] == "no figure"
    # met at 14:15, planned for 14:10
    arrivals = book.get_sheet_by_name("Arrivals").to_python()
    assert arrivals[1][2:4] == [1, 5.0]


def test_a_plan_and_the_one_that_went_on_from_it_count_nobody_twice(tmp_path):
    first = plan_folder(tmp_path / "plan-1400", {}, {})
    (tmp_path / "said.txt").write_text("S-1/1 met_persuaded 10 14:25\n", encoding="utf-8")
    assert (
        run_dispatch(
            "outcomes", first, "--from", tmp_path / "said.txt", "--at", "2026-05-01T14:30"
        ).returncode
        == 0
    )
    second = plan_folder(
        tmp_path / "plan-1430", {}, {}, {"alerted_at": "2026-05-01T14:20:00"},
        parent="abcdef123456", plan_id="fedcba654321", at=datetime(2026, 5, 1, 14, 30, tzinfo=ZONE), left_out=("A-3",),
    )  # fmt: skip
    out = tmp_path / "day.xlsx"
    done = run_dispatch("report", second, first, "--at", "2026-05-01T15:00", "--out", out, "--lang", "en")
    # three people in both, and the same rejected row in both: four; A-1 was met by the first plan's crew
    assert (
        "alerts received 4 = rejected rows 1 + not yet in a plan 0 + no visit needed 0 + planned 2 + left out 1"
        in done.stdout
    )
    rows = {
        row[0]: row
        for row in reversed(CalamineWorkbook.from_path(out).get_sheet_by_name("Summary").to_python())
    }
    assert rows["visited"][1:3] == [1, 2]
    assert rows["persuaded"][1:3] == [1, 1]


def test_no_form_of_a_report_names_anybody(tmp_path, empty_ledger_file):
    url = tmp_path / "ledger.db"
    url.write_bytes(empty_ledger_file.read_bytes())
    book = Ledger.open(url)
    book.record_alerts(alerts({}, {}, {}, {"address": "茂名市电白区水东镇南海村12号"}), at=DAY, by="李警官")
    problem, plan = planned("A-1", "A-2", left_out=("A-3",), at=DAY + timedelta(hours=14))
    told = book.record_plan(problem, plan, at=DAY + timedelta(hours=14), by="李警官")
    done_at = DAY + timedelta(hours=15)
    book.record_outcome(
        "met_persuaded", at=done_at, by="李警官", instruction_id=told[0].instruction_id, note="女儿在场"
    )
    for form in FORMS:
        out = tmp_path / f"day{form}"
        words = ("--ledger", url, "--at", "2026-05-01", "--out", out, "--smallest-group", 1)
        assert run_dispatch("report", *words).returncode == 0
        text = out.read_bytes().decode("utf-8", "replace")
        if form != ".html":
            with zipfile.ZipFile(out) as parts:
                inside = [name for name in parts.namelist() if name.endswith((".xml", ".rels"))]
                text = "".join(parts.read(name).decode("utf-8") for name in inside)
        for private in ("陈晓明", "陈", "1380000", "南海村", "独居老人", "女儿", "A-1", "A-4", "李警官"):
            assert private not in text, (form, private)


def test_the_command_says_what_it_counted_and_refuses_what_it_cannot_write(tmp_path, empty_ledger_file):
    url, out = tmp_path / "ledger.db", tmp_path / "day.html"
    url.write_bytes(empty_ledger_file.read_bytes())
    empty = run_dispatch("report", "--ledger", url, "--at", "2026-05-01", "--out", out)
    assert (empty.returncode, "本期没有收到预警。" in empty.stdout) == (0, True)
    assert "本期没有收到预警。" in out.read_text("utf-8")
    again = run_dispatch("report", "--ledger", url, "--out", out)
    assert (again.returncode, "exists already" in again.stderr) == (1, True)
    Ledger.open(url).record_alerts(alerts({}), at=DAY, by="li")
    done = run_dispatch(
        "report", "--ledger", url, "--at", "2026-05-01", "--out", out, "--force", "--centre", "某某反诈中心"
    )
    assert "接收预警 1 = 退回 无数据 + 尚未列入方案 1" in done.stdout
    assert "某某反诈中心" in out.read_text("utf-8")
    for words, said in (
        (("--ledger", url, "--out", tmp_path / "day.pdf"), "ends in .html, .xlsx, .docx"),
        (
            ("--ledger", url, "--at", "someday", "--out", tmp_path / "x.html"),
            "expected a day such as 2026-05-01",
        ),
        ((tmp_path / "nowhere", "--out", tmp_path / "x.html"), "dispatch plan ALERTS"),
    ):
        refused = run_dispatch("report", *words)
        assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
        assert refused.stderr.count("\n") == 1
    assert run_dispatch("report", "--out", out).returncode == 2
