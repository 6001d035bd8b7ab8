"""Sheets as a workbook and as tracks: typed, harmless, opened by other programs, and read back when filled or edited."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from datetime import datetime
from pathlib import Path

import make
import pytest
import sheet_folder
import xlsxwriter
from lxml import etree
from python_calamine import CalamineWorkbook
from test_sheets import book
from test_sheets_pages import PAYLOADS, hostile_book
from typer.testing import CliRunner

from dispatch.cli import app
from dispatch.planfile import read_plan
from dispatch.reasons import OUTCOMES, WORDS
from dispatch.sheets import prepared
from dispatch.sheets.table import COLUMNS, REPORTED
from dispatch.sheets.track import route_gpx
from dispatch.sheets.workbook import routes_xlsx
from tools import system_needs

SCHEMA = Path(__file__).parent / "data" / "gpx" / "gpx.xsd"
TRIED = [one for one in PAYLOADS if one.lstrip()[:1] in "=@" or "://" in one]
"""What a spreadsheet might compute or follow, for LibreOffice; the others are read from the file alone."""
GPX = "{http://www.topografix.com/GPX/1/1}"


def cells(content, sheet=0):
    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
        return workbook.get_sheet_by_index(sheet).to_python()


def rows(content):
    head, *rest = cells(content)
    return [dict(zip(head, row, strict=True)) for row in rest]


def run(*arguments, text=None):
    return CliRunner().invoke(app, list(map(str, arguments)), input=text)


# the workbook


def test_moments_are_dates_and_numbers_are_numbers():
    (row,) = rows(routes_xlsx(prepared(book(due_minutes=30.0)), "en"))
    # now is 14:00 in Maoming; ten minutes out; due after thirty
    assert row["arrive_at"] == datetime(2026, 5, 1, 14, 10)
    assert row["due_at"] == datetime(2026, 5, 1, 14, 30)
    assert (row["drive_minutes"], row["order"], row["amount_from_yuan"]) == (10.0, 1.0, 100_000.0)
    assert {type(row[name]) for name in ("stop_id", "case_id", "phone", "tier")} == {str}
    assert [row[name] for name in REPORTED] == [""] * 5
    (chinese,) = rows(routes_xlsx(prepared(book()), "zh"))
    assert list(chinese) == list(COLUMNS.values())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_second_sheet_says_how_to_fill_it_in_and_lists_the_outcomes(language):
    guide = cells(routes_xlsx(prepared(book()), language), sheet=1)
    said = [row[0] for row in guide]
    first = said.index(WORDS[OUTCOMES[0]][0 if language == "zh" else 1])
    assert [row[:3] for row in guide[first:]] == [
        [WORDS[code][0 if language == "zh" else 1], code, number] for number, code in enumerate(OUTCOMES, 1)
    ]
    assert any("+0800" in line for line in said)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_field_of_the_workbook_becomes_a_formula_a_link_or_a_row(payload):
    content = routes_xlsx(prepared(hostile_book(payload)))
    assert len(rows(content)) == 1
    assert not active(content)
    for sheet in (0, 1):
        for cell in (cell for row in cells(content, sheet) for cell in row if isinstance(cell, str)):
            assert not re.match(r"[=+\-@\t\r＝＋－＠]", cell), cell


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A workbook and hostile ones opened and saved anew by LibreOffice."""
    if why := system_needs.missing("libreoffice"):
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("office")
    file = sheet_folder.folder_of(folder / "plan")
    assert run("sheets", folder / "plan", "--out", folder / "sheets", "--format", "xlsx").exit_code == 0
    (folder / "own.xlsx").write_bytes((folder / "sheets" / "routes.xlsx").read_bytes())
    for number, payload in enumerate(TRIED):
        (folder / f"bad-{number}.xlsx").write_bytes(routes_xlsx(prepared(hostile_book(payload))))
    office = [system_needs.libreoffice(), "--headless", f"-env:UserInstallation={(folder / 'user').as_uri()}"]
    asked = [*office, "--convert-to", "xlsx", "--outdir", folder / "saved", *sorted(folder.glob("*.xlsx"))]
    subprocess.run(asked, check=True, capture_output=True, timeout=120)
    return folder, file


def test_libreoffice_opens_the_workbook_and_computes_nothing(opened):
    folder, _ = opened
    for number in range(len(TRIED)):
        saved = (folder / "saved" / f"bad-{number}.xlsx").read_bytes()
        assert rows(saved) == rows((folder / f"bad-{number}.xlsx").read_bytes())
        assert not active(saved)
    own = rows((folder / "saved" / "own.xlsx").read_bytes())
    assert [row["警情编号"] for row in own] == ["A-1", "A-3", "A-2"]
    assert own[0]["到达"] == datetime(2026, 5, 1, 14, 10)


def active(content):
    """Parts of a workbook that hold something a program would compute, follow or run."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return [
        name
        for name, part in parts.items()
        if re.search(rb"<f[ >]|<hyperlink ", part) or "externalLink" in name or "vba" in name.lower()
    ]


def filled(path, out, edit):
    """A copy of a workbook with its first sheet's rows as `edit` makes them: what somebody typed."""
    head, *body = cells(path.read_bytes())
    made = [dict(zip(head, row, strict=True)) for row in body]
    edit(made)
    with xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd hh:mm"}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, head)
        for number, row in enumerate(made, start=1):
            sheet.write_row(number, 0, [row[name] for name in head])
    return out


def test_a_workbook_filled_in_and_saved_by_libreoffice_comes_back_as_outcomes(opened, tmp_path):
    folder, _ = opened

    def fill(made):
        made[0] |= {
            "结果": "见面已劝阻",
            "在场分钟": 15,
            "回报时间": datetime(2026, 5, 1, 15, 32),
            "回报备注": "家属在场",
        }
        made[1] |= {"结果": "已转账", "已转金额": 50000.0}

    back = filled(folder / "saved" / "own.xlsx", tmp_path / "back.xlsx", fill)
    done = run(
        "outcomes", folder / "plan", "--from", back, "--at", "2026-05-01T16:00", "--by", "li", "--json",
        "--out", tmp_path / "o.csv",
    )  # fmt: skip
    told = json.loads(done.output)
    assert [(one["case_id"], one["outcome"], one["at"], one["there_minutes"]) for one in told["kept"]] == [
        ("A-1", "met_persuaded", "2026-05-01T15:32:00+08:00", 15),
        ("A-3", "already_transferred", "2026-05-01T16:00:00+08:00", None),
    ]
    assert told["refused"] == []
    assert told["stop_payments"][0]["amount_yuan"] == 50_000


def test_an_edited_workbook_of_routes_is_checked(opened, tmp_path):
    folder, file = opened
    before = [[stop.case_id for stop in route.stops] for route in file.plan.routes]
    assert before == [["A-1", "A-3"], ["A-2"]]

    def edit(made):
        made[0]["顺序"], made[1]["顺序"] = 2, 1  # the other way round
        made[2]["力量编号"] = "S-1"  # and a third, given by hand
        made[2]["顺序"] = 3

    back = filled(folder / "saved" / "own.xlsx", tmp_path / "edited.xlsx", edit)
    done = run("check", folder / "plan", "--routes", back, "--json")
    told = json.loads(done.output)
    assert done.exit_code == 3
    assert {one["code"] for one in told["breaches"]} == {"TOO_MANY_VISITS"}  # two at most for S-1
    assert {one["case_id"]: one["after"] for one in told["differences"]}["A-2"] == "S-1"

    back = filled(
        folder / "saved" / "own.xlsx", tmp_path / "swapped.xlsx", lambda made: edit([*made[:2], {}])
    )
    done = run("check", folder / "plan", "--routes", back, "--out", tmp_path / "new")
    assert (done.exit_code, done.exception) == (0, None)
    new = read_plan(tmp_path / "new").plan
    assert [[stop.case_id for stop in route.stops] for route in new.routes] == [["A-3", "A-1"], ["A-2"]]
    assert run("sheets", tmp_path / "new", "--out", tmp_path / "s", "--format", "txt").exit_code == 0


# tracks


@pytest.fixture(scope="module")
def schema():
    return etree.XMLSchema(etree.parse(SCHEMA))


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("redact", ["none", "mask"])
def test_every_track_is_valid_whatever_it_names(schema, payload, redact):
    made = prepared(hostile_book(payload), redact)
    track = etree.fromstring(
        route_gpx(made, made.sheets[0]).encode(), etree.XMLParser(resolve_entities=False)
    )
    schema.assertValid(track)
    assert {one.tag for one in track} <= {GPX + name for name in ("metadata", "wpt", "rte", "trk")}
    assert len(track.findall(f"{GPX}wpt")) == 1
    assert track.findall(f".//{GPX}link") == []


def test_another_program_reads_stops_route_and_track(tmp_path):
    import pyogrio  # noqa: PLC0415 - half a second, for this test alone

    made = prepared(book())
    path = tmp_path / "r1.gpx"
    path.write_text(route_gpx(made, made.sheets[0]), encoding="utf-8")
    stops = pyogrio.read_dataframe(path, layer="waypoints")
    stop = made.sheets[0].stops[0]
    assert stops["name"].tolist() == [f"1 {stop.code}"]
    assert (stops.geometry.x[0], stops.geometry.y[0]) == pytest.approx(make.lonlat(10), abs=1e-6)
    assert "特高危" in stops["desc"][0]
    (line,) = pyogrio.read_dataframe(path, layer="tracks").geometry
    assert len(line.geoms[0].coords) == 2
    assert len(pyogrio.read_dataframe(path, layer="routes")) == 1
    assert "陈" not in path.read_text("utf-8")  # a track needs no name


def test_a_masked_track_leads_to_no_door():
    made = prepared(book(), "mask")
    text = route_gpx(made, made.sheets[0])
    assert "海滨大道" not in text
    assert "<trk>" not in text
