"""`dispatch geocode` and `dispatch area add`, through the command line."""

from __future__ import annotations

import contextlib
import io
import json
import stat
import tomllib
from typing import NamedTuple

import pandas as pd
import pytest
from doors import ROOT

from dispatch import cli
from dispatch.area import open_area

KEYS = {"path", "level", "lon", "lat", "radius_metres", "probability", "used", "unused"}


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def run_dispatch(*arguments):
    """The command line within this process: dozens of short runs share what they load."""
    out, errors = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["dispatch", *map(str, arguments)])
        patch.setattr("sys.stderr", errors)
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), errors.getvalue())


def geocode(address, *more, area="maoming"):
    return run_dispatch("geocode", address, "--area", area, *more)


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """A file of addresses, one of them hostile, read once."""
    path = tmp_path_factory.mktemp("addresses") / "addresses.txt"
    lines = [
        "高州市长坡镇旺沙村",
        "",
        "广州市天河区体育西路1号",
        "旺沙",
        "{{7*7}}\u2028\x1b[31m<script>",
        "=1+1",
    ]
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8", newline="")
    done = geocode(path, "--json")
    assert done.returncode == 0, done.stderr
    return lines, done.stdout


def test_json_is_a_list_with_one_object_a_line_in_order(answers):
    lines, text = answers
    rows = text.strip().split("\n")
    assert (rows[0], rows[-1]) == ("[", "]")
    assert [json.loads(row.removesuffix(","))["address"] for row in rows[1:-1]] == lines
    assert json.loads(text) == [json.loads(row.removesuffix(",")) for row in rows[1:-1]]


def test_an_object_holds_the_documented_keys_and_no_others(answers):
    for one in json.loads(answers[1]):
        assert set(one) == {"address", "candidates", "note"}
        assert all(set(candidate) == KEYS for candidate in one["candidates"])
    best = json.loads(answers[1])[0]["candidates"][0]
    assert list(best["path"]) == ["province", "city", "county", "township", "village"]
    assert (best["path"]["village"], best["level"]) == ("旺沙村委会", "village")
    assert best["probability"] > 0.9


def test_what_has_no_candidate_has_a_note(answers):
    found = json.loads(answers[1])
    notes = [one["note"].split(":")[0] for one in found]
    assert notes[1:3] == ["EMPTY_ADDRESS", "OTHER_CITY"]
    assert notes[3] == "SEVERAL_PLACES"
    assert all(one["note"] for one in found if not one["candidates"])
    assert len(found[3]["candidates"]) == 3


def test_a_file_in_gb18030_reads_as_one_in_utf8(tmp_path):
    (tmp_path / "a.txt").write_bytes("高州市长坡镇旺沙村".encode("gb18030"))
    (one,) = json.loads(geocode(tmp_path / "a.txt", "--json").stdout)
    assert one["candidates"][0]["path"]["township"] == "长坡镇"


def test_an_empty_file_is_an_empty_list(tmp_path):
    (tmp_path / "a.txt").touch()
    assert json.loads(geocode(tmp_path / "a.txt", "--json").stdout) == []


def test_the_table_is_readable_and_speaks_both_languages():
    chinese, english = (geocode("高州长坡旺沙村", "--lang", lang).stdout for lang in ("zh", "en"))
    assert "旺沙村委会" in chinese.splitlines()[1]
    assert "99%" in chinese
    assert english.startswith("address")


@pytest.mark.parametrize("address", ["\x1b]0;owned\x07高州", "高" * 5000, "../" * 3000, "--", "a\x01b"])
def test_a_hostile_address_is_answered_and_nothing_it_holds_reaches_the_terminal(address):
    done = run_dispatch("geocode", "--area", "maoming", "--", address)
    assert done.returncode == 0, done.stderr
    assert not {sign for sign in done.stdout if not sign.isprintable()} - {"\n"}


def test_a_file_larger_than_is_read_is_refused(tmp_path):
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(60_000_000)
    done = geocode(tmp_path / "huge.txt")
    assert (done.returncode, "split it" in done.stderr) == (1, True)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"\xff\xff\xff\xff" * 20)
    done = geocode(tmp_path / "a.bin")
    assert done.returncode == 1
    assert "GB18030" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "raw",
    ["高州市长坡镇旺沙村\r电白区\r".encode(), "高州市长坡镇旺沙村\n电白区\n".encode("utf-16-le"),
     "高州市长坡镇旺沙村\n电白区".encode("utf-16-be"), "高州市长坡镇旺沙村\r\n电白区".encode("utf-16"),
     "高州市长坡镇\0旺沙村\n电白区".encode()],
    ids=["old line ends", "two bytes", "two bytes the other way", "two bytes with a mark", "a NUL byte"],
)  # fmt: skip
def test_lines_are_read_as_their_writer_meant_them(tmp_path, raw):
    (tmp_path / "a.txt").write_bytes(raw)
    found = json.loads(geocode(tmp_path / "a.txt", "--json").stdout)
    assert [one["candidates"][0]["path"]["county"] for one in found] == ["高州市", "电白区"]
    assert found[0]["candidates"][0]["path"]["township"] == "长坡镇"


def test_a_file_in_big5_is_refused_and_not_read_as_other_signs(tmp_path):
    (tmp_path / "a.txt").write_bytes("高州市長坡鎮旺沙村\n".encode("big5") * 3)
    done = geocode(tmp_path / "a.txt")
    assert (done.returncode, "save it as UTF-8" in done.stderr) == (1, True)


@pytest.mark.parametrize("name", ["addresses.txt", "nowhere/day.CSV", "清单.xlsx"])
def test_a_mistyped_file_name_is_no_address(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    done = geocode(name)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{name} is no file here" in done.stderr


@pytest.mark.parametrize("datum", ["", "mars"])
def test_points_without_a_known_datum_are_refused_before_anything_is_printed(datum):
    done = geocode("110.92,21.66", "--reverse", datum)
    assert (done.returncode, done.stdout, "WGS84, CGCS2000, GCJ02, BD09" in done.stderr) == (1, "", True)


@pytest.mark.parametrize(
    "point",
    ["nan,nan", "1e308,1", "110.92", ",,,", "经度,纬度", "110°55′,21°39′", "inf,21", "0,0", "-110.92,21.66"],
)
def test_a_point_that_is_none_is_told_why(point):
    (found,) = json.loads(geocode("--json", "--reverse", "WGS84", "--", point).stdout)
    assert (found["candidates"], bool(found["note"])) == ([], True)


def test_a_point_is_given_its_units_and_a_swapped_one_is_called_so():
    (found,) = json.loads(geocode("110.92,21.66", "--reverse", "GCJ02", "--json").stdout)
    assert found["candidates"][0]["path"]["county"] == "茂南区"
    (swapped,) = json.loads(geocode("21.66,110.92", "--reverse", "WGS84", "--json").stdout)
    assert swapped["note"].startswith("LON_LAT_SWAPPED")
    assert geocode("110.92,21.66", "--reverse", "mars").returncode == 1


@pytest.fixture(scope="module")
def enlarged(tmp_path_factory):
    """The practice area with four addresses, one of them good."""
    folder = tmp_path_factory.mktemp("enlarged")
    village = (
        open_area("maoming")
        .gazetteer.query("name == '旺沙村委会' and parent.str.startswith('440981')")
        .iloc[0]
    )
    rows = [
        ("广东省茂名市高州市长坡镇旺沙村旺沙大酒店", village["lon"] + 0.001, village["lat"], "WGS84"),
        ("高州市长坡镇旺沙村8号", village["lat"], village["lon"], "WGS84"),
        ("高州市长坡镇旺沙村9号", village["lon"], village["lat"], ""),
        ("电白区水东街道人民路1号", village["lon"], village["lat"], "WGS84"),
    ]
    pd.DataFrame(rows, columns=["标准地址", "经度", "纬度", "坐标系"]).to_csv(
        folder / "library.csv", index=False
    )
    out = folder / "area"
    done = run_dispatch("area", "add", "maoming", "--library", folder / "library.csv", "--out", out)
    assert done.returncode == 0, done.stderr
    return folder, out, done.stdout


def test_a_library_is_added_and_what_was_refused_is_said_with_its_row(enlarged):
    _, out, said = enlarged
    assert "新增: 1" in said
    assert "第 3 行: 坐标" in said
    assert "经纬度填反" in said
    assert "未注明坐标系" in said
    assert "地址写的是“电白区”" in said
    area = open_area(out)
    assert area.counts["hotel"] == 267
    assert area.source.endswith("; library.csv")
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in out.iterdir())


def test_the_enlarged_area_finds_the_new_place_and_still_plans(enlarged, tmp_path):
    _, out, _ = enlarged
    (found,) = json.loads(geocode("高州长坡旺沙大酒店", "--json", area=out).stdout)
    assert found["candidates"][0]["path"]["hotel"] == "旺沙大酒店"
    day = tmp_path / "alerts.csv"
    pd.read_csv(ROOT / "data" / "maoming" / "alerts.csv", dtype=str).tail(300).to_csv(day, index=False)
    done = run_dispatch(
        "plan", day, "--area", out, "--at", "2026-05-01T14:00", "--out", tmp_path / "plan", "--policy", "nearest",
        "--bound-seconds", "0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_adding_again_adds_nothing_and_keeps_what_else_is_in_the_folder(enlarged):
    folder, out, _ = enlarged
    (out / "online-amap.json").write_text("{}")
    before = (out / "gazetteer.csv").read_bytes()
    done = run_dispatch("area", "add", out, "--library", folder / "library.csv", "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert "added: 0" in done.stdout
    assert (out / "gazetteer.csv").read_bytes() == before
    assert (out / "online-amap.json").exists()
    assert tomllib.loads((out / "area.toml").read_text())["source"].count("library.csv") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["maoming", "--list", "LIST"], 1, "--out"),
        (["maoming", "--out", "OUT"], 2, "--list"),
        (["maoming", "--list", "nowhere.csv", "--out", "OUT"], 1, "nowhere.csv"),
        (["maoming", "--library", "LIST", "--out", "OUT"], 1, "address"),
        (["maoming", "--list", "LIST", "--datum", "mars", "--out", "OUT"], 1, "GCJ02"),
        (["atlantis", "--list", "LIST", "--out", "OUT"], 1, "atlantis"),
        (["maoming", "--list", "ELSEWHERE", "--out", "OUT"], 1, "row 2: its unit 110101 is not of this area"),
        (["maoming", "--list", "HEADINGS", "--out", "OUT"], 1, "no rows below its headings"),
        (["maoming", "--list", "TITLED", "--out", "OUT"], 1, "missing: code (code/代码/编码)"),
        (["maoming", "--list", "HUGE", "--out", "OUT"], 1, "has 1000000 signs, expected at most 100"),
        (["maoming", "--list", ".", "--out", "OUT"], 1, "Is a directory"),
        (["maoming", "--library", "NUMBERS", "--out", "OUT"], 1, "(2 rows alike)"),
    ],
)
def test_what_cannot_be_added_is_one_clear_line(tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "LIST").write_text("代码,名称\n440981116,长坡镇\n", encoding="utf-8")
    (tmp_path / "ELSEWHERE").write_text("代码,名称\n110101001,东华门街道\n", encoding="utf-8")
    (tmp_path / "HEADINGS").write_text("代码,名称\n", encoding="utf-8")
    (tmp_path / "TITLED").write_text("区划代码表\n代码,名称\n440981116,长坡镇\n", encoding="utf-8")
    (tmp_path / "HUGE").write_text(f"代码,名称\n440981116,{'长' * 1_000_000}\n", encoding="utf-8")
    far = "地址,经度,纬度\n长坡镇甲酒店,1e999,21.99\n长坡镇乙酒店,111°06',21.99\n"
    (tmp_path / "NUMBERS").write_text(far, encoding="utf-8")
    done = run_dispatch("area", "add", *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "OUT").exists()
