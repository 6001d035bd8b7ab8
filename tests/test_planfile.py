"""`plan.json`: what is written is read back, and nothing damaged is trusted."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import make
import pytest
from hypothesis import given

from dispatch import routing
from dispatch.domain import Hold
from dispatch.errors import BadInput, MissingInput, SchemaError
from dispatch.planfile import PlanFile, read_plan, write_plan
from dispatch.rules import audit

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads((ROOT / "docs" / "plan.schema.json").read_text())
AREA = {"name": "A", "hash": "0", "synthetic": True, "attribution": "", "time_zone": "Asia/Shanghai"}
SUMMARY = dict.fromkeys(SCHEMA["properties"]["summary"]["required"], 0)


def file_of(problem, policy="nearest"):
    return PlanFile(problem, routing.solve(problem, policy), AREA, {}, SUMMARY)


@pytest.fixture
def written(tmp_path):
    day = make.problem(
        [make.responder(), make.responder("r2", at=5.0)],
        [make.case(hold=Hold(20.0, 0.1)), make.case("c2", at=15.0), make.case("c3", places=())],
    )
    write_plan(file_of(day), tmp_path)
    return tmp_path


@given(day=make.days() | make.days(under_way=True))
def test_any_plan_reads_back_as_it_was_and_keeps_the_schema(tmp_path_factory, day):
    folder = tmp_path_factory.mktemp("plan")
    before = file_of(day)
    write_plan(before, folder)
    jsonschema.validate(json.loads((folder / "plan.json").read_text()), SCHEMA)
    after = read_plan(folder)
    assert after.problem.cases == before.problem.cases
    assert after.problem.responders == before.problem.responders
    for word in (
        "prices",
        "start_index",
        "start_points",
        "heads",
        "told",
        "max_changes",
        "pinned",
        "cut_off",
    ):
        assert getattr(after.problem, word) == getattr(before.problem, word)
    assert after.plan.left_out == before.plan.left_out
    assert [route.responder_id for route in after.plan.routes] == [
        one.responder_id for one in before.plan.routes
    ]
    assert audit(after.problem, after.plan) == []  # the travel minutes came through as well


def test_the_same_plan_gives_the_same_bytes(written, tmp_path):
    again = tmp_path / "again"
    again.mkdir()
    write_plan(read_plan(written), again)
    for name in ("plan.json", "travel.npz"):
        assert (written / name).read_bytes() == (again / name).read_bytes()


def test_a_folder_without_a_plan_says_how_to_make_one(tmp_path):
    with pytest.raises(MissingInput, match="dispatch plan"):
        read_plan(tmp_path)


def test_another_schema_is_refused_by_number(written):
    raw = json.loads((written / "plan.json").read_text())
    (written / "plan.json").write_text(json.dumps(raw | {"schema": 99}))
    with pytest.raises(SchemaError, match="99"):
        read_plan(written)


def test_a_plan_of_the_first_schema_is_read_as_a_day_that_has_not_begun(written):
    now = read_plan(written)
    raw = json.loads((written / "plan.json").read_text())
    for key in ("start_index", "start_points", "heads", "told", "max_changes"):
        del raw[key]
    for one in raw["cases"]:
        del one["partners"]
    for key in ("change_yuan", "moved_minutes", "balance_yuan"):
        del raw["prices"][key]
    for stop in (stop for route in raw["routes"] for stop in route["stops"]):
        del stop["partner_id"], stop["leads"]
    (written / "plan.json").write_text(json.dumps(raw | {"schema": 1}))
    old = read_plan(written)
    assert old.plan == now.plan
    assert (old.problem.heads, old.problem.told, old.problem.max_changes) == ({}, {}, None)
    assert audit(old.problem, old.plan) == []


def test_minutes_of_another_plan_are_refused(written):
    (written / "travel.npz").write_bytes((written / "travel.npz").read_bytes() + b"x")
    with pytest.raises(BadInput, match=r"travel\.npz is not the one"):
        read_plan(written)


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw.pop("cases"),
        lambda raw: raw.update(at="yesterday"),
        lambda raw: raw["cases"][0].update(tier="enormous"),
        lambda raw: raw["cases"][0].pop("window"),
        lambda raw: raw["routes"][0].update(responder_id="nobody"),
        lambda raw: raw["routes"][0]["stops"][0].update(arrive_at=None),
        lambda raw: raw.update(base_index=[]),
        lambda raw: raw.update(cases=raw["cases"] * 2),
        lambda raw: raw.update(horizon_minutes="long"),
        lambda raw: raw.update(heads={"r1": [{"case_id": "ghost", "place_id": "ghost/0"}]}),
        lambda raw: raw.update(heads=[["c1", "c1/0"]]),
        lambda raw: raw.update(start_index={"r1": 99}),
        lambda raw: raw.update(start_points={"r1": [111.0]}),
        lambda raw: raw.update(told={"c1": {"responder_id": "r1"}}),
        lambda raw: raw.update(max_changes="few"),
    ],
)
def test_a_plan_edited_beyond_reading_is_one_clear_error(written, damage):
    raw = json.loads((written / "plan.json").read_text())
    damage(raw)
    (written / "plan.json").write_text(json.dumps(raw))
    with pytest.raises(BadInput, match=r"plan\.json"):
        read_plan(written)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '"plan"'])
def test_what_is_no_json_object_is_one_clear_error(written, text):
    (written / "plan.json").write_text(text)
    with pytest.raises(BadInput, match=r"plan\.json"):
        read_plan(written)


def test_moments_are_written_with_their_zone_to_the_millisecond(tmp_path):
    # r1 stands 10 minutes from c1, leaves at 14:00 and stays 10 minutes
    write_plan(file_of(make.problem([make.responder()], [make.case()])), tmp_path)
    route = json.loads((tmp_path / "plan.json").read_text())["routes"][0]
    assert route["stops"][0]["arrive_at"] == "2026-05-01T14:10:00.000+08:00"
    assert route["home_at"] == "2026-05-01T14:30:00.000+08:00"


def test_a_plan_remembers_its_parent(written):
    file = read_plan(written)
    child = replace(file, plan=replace(file.plan, parent=file.plan.id))
    write_plan(child, written)
    assert read_plan(written).plan.parent == file.plan.id
