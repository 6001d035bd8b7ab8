"""Reach: shares counted by hand on one road, what may never happen, and the commands with their folder."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import geopandas as gpd
import make_coverage as tiny
import numpy as np
import pytest
from conftest import REPOSITORY
from doors import run_dispatch
from hypothesis import given, settings
from hypothesis import strategies as st
from make_view import basemap
from python_calamine import CalamineWorkbook

from dispatch.coverage.account import FILE, account, read_account
from dispatch.coverage.comparing import compare
from dispatch.coverage.demand_file import read_demand
from dispatch.coverage.drawing import comparison_map, reach_map
from dispatch.coverage.isochrones import isochrones
from dispatch.coverage.reach import percentile, reach
from dispatch.coverage.supply import call_up
from dispatch.coverage.tables import reach_tables
from dispatch.coverage.telling import comparison_lines, reach_lines
from dispatch.coverage.write import write_reach
from dispatch.errors import BadInput, MissingInput, SchemaError
from dispatch.places.gazetteer import Gazetteer
from dispatch.roads.closures import Closure
from maps import write_map
from maps.page import read_page

WEST_CAR = "S1,station,0,08:00,20:00,440101"
ANYWHERE = "C1,county,40,08:00,20:00,4402"
LIMITS = (10, 30)


@pytest.fixture(scope="module")
def ground():
    return tiny.area()


@pytest.fixture(scope="module")
def demand(ground):
    return tiny.villages(ground)


def measured(folder, demand, *rows, ground=None, rate=None, add=None, limits=LIMITS):
    return reach(tiny.supply(folder, *rows, ground=ground, add=add), demand, limits, rate)


def test_shares_are_of_all_residents_and_close(tmp_path, ground, demand):
    # near at 5 km (100), middle at 20 (300), far at 40 (600), in another county: the car may not go there
    found = measured(tmp_path, demand, WEST_CAR, ground=ground)
    assert found.share(found.within).tolist() == pytest.approx([0.1, 0.4])
    assert found.share(found.twice).tolist() == [0, 0]
    whole = account(ground, found, 30.0)["units"][0]
    assert whole["within"][1] + whole["uncovered"] + whole["no_road"] + whole["unplaced"] == pytest.approx(1)
    assert whole["uncovered"] == pytest.approx(0.6)
    assert percentile(found, 0.4) == pytest.approx(20, abs=0.01)
    assert percentile(found, 0.5) == float("inf")


def test_a_second_one_counts_as_second_and_by_its_kind(tmp_path, ground, demand):
    # the squad at 40 km may go anywhere: far in 0, middle in 20, near in 35 minutes
    found = measured(tmp_path, demand, WEST_CAR, ANYWHERE, ground=ground, limits=(10, 30, 40))
    assert found.share(found.within).tolist() == pytest.approx([0.7, 1, 1])
    assert found.share(found.twice).tolist() == pytest.approx([0, 0.3, 0.4])
    assert found.share(found.by_kind[3]).tolist() == pytest.approx([0.6, 0.9, 1])
    assert found.second[:2] == pytest.approx([35, 20], abs=0.01)


def test_one_unit_that_is_out_half_the_time_covers_half(tmp_path, ground, demand):
    # work: 25 min at the door, 5 or 20 km out and home: (100 * 35 + 300 * 65) / 400 = 57.5 min an alert
    found = measured(tmp_path, demand, WEST_CAR, ground=ground, rate=60 / 57.5 / 2)
    assert found.load.exact
    assert found.load.share.tolist() == pytest.approx([0.5], abs=1e-3)
    assert found.share(found.expected).tolist() == pytest.approx([0.05, 0.2], abs=1e-3)


def test_what_is_at_no_known_place_stays_in_the_denominator(tmp_path, ground):
    path = tmp_path / "d.csv"
    path.write_text("id,weight,place,probability\na,8,near,0.5\na,,far,0.25\n", encoding="utf-8")
    names = Gazetteer(ground.gazetteer, ground.boundaries)
    found = measured(tmp_path, read_demand(path, names, tiny.RULES, "Asia/Shanghai"), WEST_CAR, ground=ground)
    whole = account(ground, found)["units"][0]
    assert (whole["within"][1], whole["uncovered"], whole["unplaced"]) == pytest.approx((0.5, 0.25, 0.25))


def test_what_no_road_leads_to_is_counted_apart(tmp_path, ground, demand):
    # the road is shut beyond 20 km: the last edge but one
    shut = [Closure(np.array([2]), 0.0)]
    people = tiny.supply(tmp_path, WEST_CAR, ground=ground)
    travels = {name: one.reweighted(closures=shut) for name, one in people.travels.items()}
    found = reach(tiny.replaced(people, travels=travels), demand, LIMITS)
    whole = account(ground, found)["units"][0]
    assert whole["no_road"] == pytest.approx(0.6)
    assert whole["uncovered"] == pytest.approx(0.0)


def test_a_file_of_closures_counts_as_in_a_plan(tmp_path, ground, demand):
    # the road is washed out between 25 and 30 km: the squad at 40 km reaches nobody but those beside it
    line = {"type": "LineString", "coordinates": [[tiny.east(25), tiny.SOUTH], [tiny.east(30), tiny.SOUTH]]}
    told = {"name": "水毁", "closed": True}
    drawn = {"type": "Feature", "properties": told, "geometry": line}
    path = tmp_path / "shut.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [drawn]}), encoding="utf-8")
    crew = tiny.responders(tmp_path / "r.csv", ANYWHERE)
    found = reach(call_up(ground, tiny.NOON, tiny.RULES, responders=crew, closures=path), demand, (60,))
    assert np.isfinite(found.nearest).tolist() == [False, False, True]
    assert account(ground, found)["closures"] == 1


@given(
    kms=st.lists(st.integers(0, 60), min_size=1, max_size=4), more=st.integers(0, 60), shut=st.integers(0, 3)
)
@settings(max_examples=6)
def test_one_more_never_lowers_coverage_and_a_closed_road_never_raises_it(kms, more, shut):
    ground = tiny.area()
    with tempfile.TemporaryDirectory() as name:
        rows = [f"S{n},station,{km},08:00,20:00,440101" for n, km in enumerate(kms)]
        demand = tiny.villages(ground)
        people = tiny.supply(Path(name), *rows, ground=ground)
        wider = tiny.supply(Path(name), *rows, f"C9,county,{more},08:00,20:00,4402", ground=ground)
    now, then = reach(people, demand, LIMITS), reach(wider, demand, LIMITS)
    travels = {
        profile: one.reweighted(closures=[Closure(np.array([shut]), 0.0)])
        for profile, one in people.travels.items()
    }
    closed = reach(tiny.replaced(people, travels=travels), demand, LIMITS)
    for table in ("within", "twice"):
        assert (getattr(then, table) >= getattr(now, table) - 1e-12).all()
        assert (getattr(closed, table) <= getattr(now, table) + 1e-12).all()


def test_isochrones_hold_what_is_within_reach_and_grow(tmp_path, ground):
    found = isochrones(ground, tiny.supply(tmp_path, WEST_CAR, ground=ground), LIMITS)
    assert found["kind"].tolist() == ["together", "together", "station", "station"]
    small, large = found.geometry.iloc[:2].to_crs(ground.metric_crs)
    assert large.area > small.area > 0
    assert small.buffer(500).difference(large.buffer(500)).area < 0.1 * small.area


def test_uncovered_places_stand_by_name_and_weight(tmp_path, ground, demand):
    given_ = account(ground, measured(tmp_path, demand, WEST_CAR, ground=ground))
    frame = reach_tables(given_, "en")["uncovered"]
    assert frame[["county", "name", "weight not covered"]].to_numpy().tolist() == [["乙县", "far村", 600.0]]
    said = "\n".join(reach_lines(given_, "zh"))
    assert "40.0%" in said
    assert "far村" in said


def test_a_comparison_names_what_was_gained(tmp_path, ground, demand):
    before = account(ground, measured(tmp_path, demand, WEST_CAR, ground=ground))
    after = account(ground, measured(tmp_path, demand, WEST_CAR, ANYWHERE, ground=ground))
    found = compare(before, after)
    assert [before["points"]["name"][row] for row in found.gained] == ["far村"]
    assert found.lost == ()
    assert (found.changes[0].before, found.changes[0].after) == (
        pytest.approx((0.1, 0.4)),
        pytest.approx((0.7, 1.0)),
    )
    assert compare(after, before).lost == found.gained
    assert any("40.0% → 100.0%" in line for line in comparison_lines(found, "en"))
    names = Gazetteer(ground.gazetteer, ground.boundaries)
    (tmp_path / "d.csv").write_text("weight,place\n1,near\n", encoding="utf-8")
    other = read_demand(tmp_path / "d.csv", names, tiny.RULES, "Asia/Shanghai")
    with pytest.raises(BadInput, match="not of the same demand: 3 and 1 points"):
        compare(before, account(ground, measured(tmp_path, other, WEST_CAR, ground=ground)))


@pytest.mark.parametrize(("limits", "rate", "said"), [
    ((), None, "--minutes"), ((0,), None, "--minutes"), ((float("nan"),), None, "--minutes"),
    ((10,), -1.0, "--per-hour is -1"), ((10,), 50.0, "50 alerts an hour are more than 1 units can take"),
])  # fmt: skip
def test_questions_that_make_no_sense_are_refused(tmp_path, ground, demand, limits, rate, said):
    with pytest.raises(BadInput, match=re.escape(said)):
        measured(tmp_path, demand, WEST_CAR, ground=ground, limits=limits, rate=rate)


def test_a_goal_is_one_of_the_thresholds(tmp_path, ground, demand):
    with pytest.raises(BadInput, match="--goal is 20; expected one of --minutes: 10, 30"):
        account(ground, measured(tmp_path, demand, WEST_CAR, ground=ground), 20.0)


def test_folders_that_are_none_are_refused(tmp_path):
    with pytest.raises(MissingInput):
        read_account(tmp_path)
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    with pytest.raises(BadInput, match="damaged"):
        read_account(tmp_path)
    (tmp_path / FILE).write_text('{"schema": 9, "kind": "reach", "at": "2026-05-01T03:00"}', encoding="utf-8")
    with pytest.raises(SchemaError):
        read_account(tmp_path)


HOSTILE = "=HYPERLINK(1)<img src=x onerror=alert(1)>{{7*7}}"


def test_hostile_names_stay_text_in_every_file(tmp_path, ground, chromium):
    names = Gazetteer(ground.gazetteer, ground.boundaries)
    (tmp_path / "d.csv").write_text(
        f"name,weight,place\n{HOSTILE},1,near\n{HOSTILE},2,far\n", encoding="utf-8"
    )
    demand = read_demand(tmp_path / "d.csv", names, tiny.RULES, "Asia/Shanghai")
    found = measured(tmp_path, demand, WEST_CAR, ground=ground)
    told = account(ground, found)
    shapes = isochrones(ground, found.supply, LIMITS)
    drawn = reach_map(told, shapes, basemap(), attribution="", language="zh")
    write_reach(told, shapes, tmp_path / "out", lambda path: write_map(drawn, path))
    assert "'" + HOSTILE in (tmp_path / "out" / "demand.csv").read_text("utf-8-sig")
    book = CalamineWorkbook.from_path(tmp_path / "out" / "coverage.xlsx")
    assert book.get_sheet_by_name("未覆盖地点").to_python()[2][2] == "'" + HOSTILE
    page = chromium.new_context(offline=True).new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.goto((tmp_path / "out" / "map.html").as_uri())
    page.wait_for_selector(".rows .row")
    assert HOSTILE in page.inner_text(".rows")
    assert not faults
    page.context.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The practice area at night, with a car more, by the command."""
    folder = tmp_path_factory.mktemp("reach")
    (folder / "add.csv").write_text(
        "responder_id,kind,base_place\nN1,station,那霍社区居委会\n", encoding="utf-8"
    )
    done = run_dispatch(
        "coverage", "reach", "maoming", "--at", "2026-05-01T03:00", "--add", folder / "add.csv", "--per-hour", "3",
        "--out", folder / "night", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_the_command_writes_tables_layers_and_figures_that_agree(written):
    folder, told = written
    given_ = read_account(folder / "night")
    assert told["units"][0] == given_["units"][0]
    assert told["added"] == ["N1"]
    table = gpd.read_file(folder / "night" / "coverage.gpkg", layer="demand")
    assert len(table) == len(given_["points"]["id"]) == 1917
    shares = np.array(given_["points"]["within"])[:, 1]
    weight = np.array(given_["points"]["weight"])
    assert shares @ weight / weight.sum() == pytest.approx(told["units"][0]["within"][1])
    assert told["units"][0]["expected"][1] < told["units"][0]["within"][1]
    book = CalamineWorkbook.from_path(folder / "night" / "coverage.xlsx")
    assert book.sheet_names == ["各县各镇", "未覆盖地点", "全部地点", "力量"]
    assert (folder / "night" / "coverage.json").stat().st_mode & 0o077 == 0


def test_the_map_shows_it_in_both_languages_and_on_a_phone(written, chromium):
    folder, _ = written
    page = chromium.new_context(offline=True, viewport={"width": 1280, "height": 800}).new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(("file:", "data:", "blob:")) else faults.append(asked.url),
    )
    page.goto((folder / "night" / "map.html").as_uri())
    page.wait_for_selector(".rows .row")
    assert page.locator(".leaflet-routes-pane path").count() == 3
    first = page.locator(".rows .row").first
    name = first.locator(".line").inner_text()
    first.click()
    assert name in page.inner_text(".card")
    page.keyboard.press("Escape")
    assert page.locator(".card").count() == 0
    page.select_option("#whose", "station")
    page.click("[data-tab=units]")
    assert "%" in page.inner_text(".rows")
    page.click("#language")
    assert "within 30 min" in page.inner_text(".summary")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not faults
    page.context.close()


def test_a_comparison_can_be_turned_from_before_to_after(written, chromium, tmp_path, ground, demand):
    before = account(ground, measured(tmp_path, demand, WEST_CAR, ground=ground))
    after = account(ground, measured(tmp_path, demand, WEST_CAR, ANYWHERE, ground=ground))
    write_map(
        comparison_map(compare(before, after), (), basemap(), attribution="", language="en"),
        tmp_path / "m.html",
    )
    page = chromium.new_context(offline=True).new_page()
    page.goto((tmp_path / "m.html").as_uri())
    page.wait_for_selector("[data-when=before]")
    assert page.locator("[data-when=change][aria-pressed=true]").count() == 1
    assert "no place is left" in page.inner_text("#results")
    page.click("[data-when=before]")
    assert "1 places" in page.inner_text("#results")
    page.click("[data-tab=gains]")
    assert "far村" in page.inner_text(".rows")
    page.context.close()
    assert read_page((tmp_path / "m.html").read_text("utf-8"))["goal"] == 30


def test_two_folders_are_compared_by_the_command_and_drawn_on_the_areas_ground(written):
    folder, _ = written
    done = run_dispatch(
        "coverage", "compare", folder / "night", folder / "night", "--out", folder / "gain", "--lang", "en"
    )
    assert done.returncode == 0, done.stderr
    assert "newly covered (30 min): 0, 0" in done.stdout
    told = read_page((folder / "gain" / "map.html").read_text("utf-8"))
    assert told["area"] == "茂名演练辖区"
    assert set(told["isochrones"]["when"]) == {"before", "after"}
    assert len(told["ground"]["labels"]["name"]) > 1000
    book = CalamineWorkbook.from_path(folder / "gain" / "comparison.xlsx")
    assert book.sheet_names == ["by county and town", "places that change"]
    again = run_dispatch("coverage", "compare", folder / "gain", folder / "night")
    assert again.returncode == 1
    assert "expected 'reach'" in again.stderr


@pytest.mark.parametrize(("arguments", "said"), [
    (("--at", "yesterday"), "--at: found 'yesterday'"),
    (("--minutes", "soon"), "--minutes: found 'soon'"),
    (("--residents-share", "0.5"), "give --demand FILE too"),
])  # fmt: skip
def test_the_command_says_what_is_wrong_in_one_line(tmp_path, arguments, said):
    done = run_dispatch("coverage", "reach", "maoming", "--out", tmp_path / "x", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()


def test_the_documents_name_the_commands():
    text = (REPOSITORY / "docs" / "coverage.md").read_text("utf-8")
    for command in ("coverage reach", "coverage compare"):
        assert f"dispatch {command}" in text
