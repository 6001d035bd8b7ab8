"""`dispatch sheets`: what teams carry, made again from a plan folder alone."""

from __future__ import annotations

import dataclasses
import gzip
import json
import stat

import make
import pytest
import sheet_folder
from typer.testing import CliRunner

from dispatch.cli import app
from dispatch.errors import BadInput, MissingInput, OutputExists, SchemaError
from dispatch.planfile import write_plan
from dispatch.sheets.keeping import FILE, book_of_folder, read_beside, scripts_kept
from dispatch.sheets.write import FORMATS, USUAL

OURS = "html,csv,txt,xlsx,gpx"


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sheets") / "plan"
    return folder, sheet_folder.folder_of(folder)


def run(*arguments, env=None):
    return CliRunner(env=env or {}).invoke(app, ["sheets", *map(str, arguments)])


def words(folder):
    return "".join(path.read_text("utf-8") for path in sorted(folder.iterdir()) if path.suffix != ".xlsx")


def test_every_format_is_written_for_its_owner_alone(plan, tmp_path):
    done = run(plan[0], "--out", tmp_path / "s", "--format", OURS, "--json")
    assert json.loads(done.stdout) == {
        "plan_id": plan[1].plan.id,
        "sheets": 2,
        "stops": 3,
        "files": {"html": 3, "csv": 1, "txt": 1, "xlsx": 1, "gpx": 2},
        "out": str(tmp_path / "s"),
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "s").iterdir()} == {0o600}
    assert set(OURS.split(",")) <= set(USUAL) <= set(FORMATS)


def test_the_folder_alone_tells_turns_phones_and_what_to_say_in_both_languages(plan, tmp_path):
    for lang, turn, say in (
        ("zh", "向东出发，沿人民路", "安全账户"),
        ("en", "east on 人民路", "safe account"),
    ):
        run(plan[0], "--out", tmp_path / lang, "--format", "html,txt", "--lang", lang)
        text = words(tmp_path / lang)
        for known in (turn, say, "0668-2880001", "陈*明"):
            assert known in text


def test_one_responders_sheet_holds_its_own_cases_and_nobody_elses(plan, tmp_path):
    assert run(plan[0], "--out", tmp_path / "s", "--format", OURS, "--responder", "V-2").exit_code == 0
    assert {path.name for path in (tmp_path / "s").iterdir()} == {
        "V-2.html", "V-2.gpx", "routes.csv", "routes.xlsx", "instructions.txt", "sheets.json",
    }  # fmt: skip
    text = words(tmp_path / "s")
    assert "A-2" in text
    assert not any(other in text for other in ("A-1", "A-3", "12号", "97号"))


def test_masked_sheets_lead_to_no_door(plan, tmp_path):
    run(plan[0], "--out", tmp_path / "s", "--format", OURS, "--redact", "mask")
    assert "12号" not in words(tmp_path / "s")
    assert "人民路" not in words(tmp_path / "s")


def test_without_people_nobody_has_a_name(tmp_path):
    sheet_folder.folder_of(tmp_path / "plan")
    (tmp_path / "plan" / "people.json").unlink()
    run(tmp_path / "plan", "--out", tmp_path / "s", "--format", "txt")
    assert "姓名不详" in words(tmp_path / "s")


def test_a_plan_made_before_sheets_were_kept_has_them_without_turns(tmp_path):
    file = sheet_folder.folder_of(tmp_path / "plan")
    (tmp_path / "plan" / FILE).unlink()
    _, book = book_of_folder(tmp_path / "plan")
    assert [len(sheet.stops) for sheet in book.sheets] == [2, 1]
    assert book.sheets[0].stops[0].turns == ()
    assert book.plan_id == file.plan.id


def test_what_of_an_edited_plan_is_driven_as_before_is_still_told(plan, tmp_path):
    folder, file = plan
    first, second = file.plan.routes
    alone = dataclasses.replace(file.plan, routes=(dataclasses.replace(first, stops=first.stops[:1]), second))
    kept = read_beside(folder, file.problem, alone)
    assert set(kept.legs) == {first.stops[0].id, second.stops[0].id}
    turned = dataclasses.replace(first, stops=(first.stops[1], first.stops[0]))
    kept = read_beside(folder, file.problem, dataclasses.replace(file.plan, routes=(turned, second)))
    assert set(kept.legs) == {second.stops[0].id}  # the other way round nothing is driven as it was


def test_the_same_plan_keeps_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        sheet_folder.folder_of(tmp_path / name)
    assert (tmp_path / "one" / FILE).read_bytes() == (tmp_path / "two" / FILE).read_bytes()


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", BadInput),
        (b"PK\x03\x04", BadInput),
        (gzip.compress(b"[]", mtime=0), BadInput),
        (gzip.compress(b'{"schema": 99}', mtime=0), SchemaError),
        (gzip.compress(b'{"schema": 1, "plan_id": "x", "ways": {"a": 7}}', mtime=0), BadInput),
        (gzip.compress(b"{}" * 99, mtime=0)[:-9], BadInput),
    ],
)
def test_a_damaged_file_is_named_and_nothing_is_written(tmp_path, raw, error):
    sheet_folder.folder_of(tmp_path / "plan")
    (tmp_path / "plan" / FILE).write_bytes(raw)
    done = run(tmp_path / "plan", "--out", tmp_path / "s", "--format", "txt")
    assert isinstance(done.exception, error)
    assert "plan again" in str(done.exception)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--responder", "X-9"), "X-9 is no responder of this plan; with visits: S-1, V-2"),
        (("--format", "html,xlsx", "--passphrase"), "xlsx would stand in clear"),
        (("--passphrase", "--format", "html"), "is not set and there is no terminal"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(plan, tmp_path, monkeypatch, more, says):
    monkeypatch.delenv("DISPATCH_PASSPHRASE", raising=False)
    done = run(plan[0], "--out", tmp_path / "s", *more)
    assert isinstance(done.exception, BadInput)
    assert says in str(done.exception)
    assert not (tmp_path / "s").exists()


def test_a_format_nobody_knows_is_a_usage_error(plan, tmp_path):
    done = run(plan[0], "--out", tmp_path / "s", "--format", "doc")
    assert done.exit_code == 2
    assert isinstance(run(tmp_path, "--out", tmp_path / "s").exception, MissingInput)


def test_a_folder_of_sheets_is_replaced_when_told_and_nothing_else_is(plan, tmp_path):
    out = tmp_path / "s"
    run(plan[0], "--out", out, "--format", "gpx")
    assert isinstance(run(plan[0], "--out", out).exception, OutputExists)
    assert run(plan[0], "--out", out, "--format", "txt", "--force").exit_code == 0
    assert {path.name for path in out.iterdir()} == {"instructions.txt", "sheets.json"}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear")
    assert isinstance(run(plan[0], "--out", tmp_path / "mine", "--force").exception, BadInput)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter"]


def test_sealed_sheets_are_pages_alone_and_say_nothing(plan, tmp_path):
    done = run(
        plan[0], "--out", tmp_path / "s", "--passphrase", env={"DISPATCH_PASSPHRASE": sheet_folder.PASSPHRASE}
    )
    assert done.exit_code == 0
    assert {path.name for path in (tmp_path / "s").iterdir()} == {
        "S-1.html",
        "V-2.html",
        "index.html",
        "sheets.json",
    }
    for path in (tmp_path / "s").glob("*.html"):
        assert not any(secret in path.read_text("utf-8") for secret in ("陈*明", "南海村", "A-1", "138****"))


def test_a_plan_that_sends_nobody_has_an_overview_that_says_so(tmp_path):
    file = sheet_folder.folder_of(tmp_path / "plan")
    write_plan(dataclasses.replace(file, plan=make.plan()), tmp_path / "plan")
    assert run(tmp_path / "plan", "--out", tmp_path / "s", "--format", OURS).exit_code == 0
    assert "本计划没有上门任务" in words(tmp_path / "s")


def test_a_centres_own_words_go_on_in_the_next_plan(tmp_path):
    own = {"fake_jobs": {"zh": {"say": ["先看这张单子。"]}}}
    file = sheet_folder.folder_of(tmp_path / "plan", scripts=own)
    assert scripts_kept(tmp_path / "plan") == own
    run(tmp_path / "plan", "--out", tmp_path / "s", "--format", "html", "--responder", "V-2")
    assert "先看这张单子。" in words(tmp_path / "s")
    assert file.plan.routes[1].stops[0].case_id == "A-2"  # its type is fake_jobs
    (tmp_path / "plan" / FILE).unlink()
    assert scripts_kept(tmp_path / "plan") == {}
