"""`dispatch plan`, through the command line, on the practice area."""

import json
import os
import stat

import geopandas as gpd
import jsonschema
import pandas as pd
import pytest
from doors import DAY, ROOT, run_dispatch

from dispatch.planfile import read_plan
from dispatch.reasons import CATALOGUE
from dispatch.rules import audit

SUMMARY_KEYS = {
    "received", "rejected_rows", "not_yet", "no_visit_needed", "cases", "visited", "left_out",
    "loss_if_nobody_yuan", "expected_loss_yuan", "averted_yuan", "share_reached_15_minutes",
    "share_reached_30_minutes", "share_reached_60_minutes", "travel_minutes", "nearest", "gap_percent", "seconds",
}  # fmt: skip


def plan(out, *more, alerts=DAY, area="maoming", at="2026-05-01T14:00", alone=False):
    return run_dispatch("plan", alerts, "--area", area, "--at", at, "--out", out, *more, alone=alone)


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    """The practice day, planned once by the default policy with a fixed number of steps."""
    out = tmp_path_factory.mktemp("practice") / "plan"
    done = plan(out, "--iterations", "2", "--json")
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def test_json_is_one_object_with_the_documented_numbers(practice):
    _, summary = practice
    assert set(summary) >= SUMMARY_KEYS


def test_the_sum_closes_in_every_output(practice):
    out, summary = practice
    parts = ("rejected_rows", "not_yet", "no_visit_needed", "visited", "left_out")
    assert summary["received"] == sum(summary[part] for part in parts)
    assert summary["cases"] == summary["visited"] + summary["left_out"]
    assert len(pd.read_csv(DAY)) == summary["received"]
    assert len(pd.read_csv(out / "rejected.csv")) == summary["rejected_rows"]
    assert len(pd.read_csv(out / "no_visit.csv")) == summary["no_visit_needed"]
    assert len(pd.read_csv(out / "left_out.csv")) == summary["left_out"]
    written = json.loads((out / "plan.json").read_text())
    assert len(written["left_out"]) == summary["left_out"]
    assert (
        len({stop["case_id"] for route in written["routes"] for stop in route["stops"]}) == summary["visited"]
    )
    assert len(gpd.read_file(out / "plan.gpkg", layer="cases")) == summary["cases"]


def test_the_practice_day_is_short_of_crews_and_the_plan_beats_the_nearest(practice):
    _, summary = practice
    assert 280 <= summary["cases"] <= 330
    assert summary["left_out"] > 0
    assert summary["expected_loss_yuan"] <= summary["nearest"]["expected_loss_yuan"]
    assert summary["loss_if_nobody_yuan"] == pytest.approx(
        summary["expected_loss_yuan"] + summary["averted_yuan"], abs=0.02
    )


def test_the_plan_file_keeps_its_schema_and_passes_the_audit(practice):
    out, _ = practice
    schema = json.loads((ROOT / "docs" / "plan.schema.json").read_text())
    jsonschema.validate(json.loads((out / "plan.json").read_text()), schema)
    file = read_plan(out)
    assert audit(file.problem, file.plan) == []


def test_every_case_left_out_has_a_known_code(practice):
    out, _ = practice
    written = json.loads((out / "plan.json").read_text())
    assert {one["code"] for one in written["left_out"]} <= set(CATALOGUE)


def test_names_phones_and_addresses_stand_apart_for_the_owner_only(practice):
    out, _ = practice
    people = json.loads((out / "people.json").read_text())
    plan_text = (out / "plan.json").read_text()
    for person in people.values():
        for field in ("name", "phone", "address"):
            assert not person[field] or f'"{person[field]}"' not in plan_text
    for path in out.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_routes_follow_the_roads(practice):
    out, _ = practice
    routes = gpd.read_file(out / "plan.gpkg", layer="routes")
    assert str(routes.crs) == "EPSG:4326"
    metres = routes.to_crs(32649)
    long = metres[metres.metres > 3000]
    assert len(long) > 20
    # a drawn line is as long as the leg it stands for, and longer than the crow flies
    assert (abs(long.length - long.metres) < 0.02 * long.metres + 20).all()
    assert long.geometry.apply(lambda line: len(line.coords)).median() > 10


def test_everything_drawn_says_it_is_practice_data(practice):
    out, _ = practice
    assert "演练数据" in (out / "map.html").read_text()
    sheets = list((out / "sheets").glob("*.html"))
    assert len(sheets) > 10
    assert all("演练数据" in sheet.read_text() for sheet in sheets)
    assert "演练" in (out / "sheets" / "instructions.txt").read_text()
    assert json.loads((out / "plan.json").read_text())["area"]["synthetic"] is True


def test_a_sheet_holds_only_its_own_cases(practice):
    out, _ = practice
    written = json.loads((out / "plan.json").read_text())
    cases = {
        route["responder_id"]: {stop["case_id"] for stop in route["stops"]} for route in written["routes"]
    }
    everyone = set().union(*cases.values())
    for responder, own in list(cases.items())[:20]:
        page = (out / "sheets" / f"{responder}.html").read_text()
        assert all(case in page for case in own)
        assert not [case for case in everyone - own if case in page]


def test_the_same_seed_and_iterations_give_the_same_bytes(practice, tmp_path):
    out, _ = practice
    done = plan(tmp_path / "again", "--iterations", "2", alone=True)  # another process hashes text otherwise
    assert (done.returncode, done.stdout.count("map  ")) == (0, 1), done.stderr
    for name in ("plan.json", "people.json", "travel.npz", "left_out.csv", "rejected.csv"):
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_the_map_opens_without_errors_or_requests(practice, chromium):
    out, _ = practice
    page = chromium.new_page()
    faults, requests = [], []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on(
        "request",
        lambda one: requests.append(one.url) if not one.url.startswith(("file:", "data:", "blob:")) else 0,
    )
    page.goto((out / "map.html").as_uri())
    page.wait_for_timeout(1500)
    assert (faults, requests) == ([], [])
    page.close()


def test_an_existing_plan_is_refused_and_stays_as_it_was(practice):
    out, _ = practice
    before = (out / "plan.json").read_bytes()
    done = plan(out)
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert "--force" in done.stderr
    assert (out / "plan.json").read_bytes() == before


def test_strict_exits_3_when_someone_is_left_out(practice_plan):
    out, done = practice_plan
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["left_out"] > 0
    assert (out / "plan.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--policy", "fastest"], 2, "fastest"),
        (["--seconds", "1", "--iterations", "5"], 2, "not both"),
        (["--responders", "nowhere.csv"], 1, "nowhere.csv"),
        (["--settings", "nowhere.toml"], 1, "nowhere.toml"),
    ],
)
def test_a_wrong_argument_is_one_clear_line(tmp_path, arguments, code, said):
    done = plan(tmp_path / "plan", *arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "plan").exists()


def test_a_moment_that_is_none_is_refused(tmp_path):
    done = plan(tmp_path / "plan", at="half past two")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "2026-05-01T14:00" in done.stderr


def test_an_area_that_is_not_there_is_named(tmp_path):
    done = plan(tmp_path / "plan", area="atlantis")
    assert done.returncode == 1
    assert "atlantis" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_alerts_that_are_no_table_are_one_line(tmp_path):
    (tmp_path / "alerts.csv").write_bytes(os.urandom(4000))
    done = plan(tmp_path / "plan", alerts=tmp_path / "alerts.csv")
    assert done.returncode == 1
    assert "alerts.csv" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "plan").exists()


def test_an_unknown_setting_is_named_with_the_known_ones(tmp_path):
    (tmp_path / "my.toml").write_text("[planning]\nhorizon_hours = 3\n")
    done = plan(tmp_path / "plan", "--settings", tmp_path / "my.toml")
    assert done.returncode == 1
    assert "horizon_hours" in done.stderr
    assert "horizon_minutes" in done.stderr
