"""A plan somebody edited: every breach found, times made right, the edit kept when the rest is solved again."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import make
import pytest
from doors import run_dispatch
from hypothesis import given, settings

from dispatch.check import (
    check,
    decided_plan,
    differences,
    kept_of,
    orders_from,
    plan_of,
    reoptimised,
    retimed,
)
from dispatch.day.keeping import read_kept
from dispatch.domain import Prices, Shift
from dispatch.explain.standing import orders_of
from dispatch.loss import plan_loss
from dispatch.planfile import PlanFile, read_decided, read_plan, write_plan
from dispatch.reasons import CATALOGUE, parameters
from dispatch.routing import solve
from dispatch.rules import audit
from dispatch.timeline import Visit
from maps.page import read_page

FREE = Prices()


def two_crews():
    """r1 at 0 and r2 at 100, two cases beside each."""
    return make.problem(
        [make.responder("r1", at=0), make.responder("r2", at=100)],
        [
            make.case("c1", at=5),
            make.case("c2", at=10),
            make.case("c3", at=105),
            make.case("c4", at=110),
        ],
        prices=FREE,
    )


def folder_of(day, path, plan=None):
    """A plan folder of a day, decided by the search, and its plan."""
    plan = plan or solve(day, "search", iterations=300)
    path.mkdir()
    write_plan(PlanFile(day, plan, area={"name": "test", "hash": "0"}), path)
    return plan


def edit(folder, change):
    """Let somebody edit plan.json: `change` is given its routes by responder id."""
    path = folder / "plan.json"
    raw = json.loads(path.read_text("utf-8"))
    routes = {one["responder_id"]: one for one in raw["routes"]}
    change(routes, raw)
    path.write_text(json.dumps(raw, ensure_ascii=False, indent=1), "utf-8")


def give_c2_to_r2(routes, raw):
    routes["r2"]["stops"].append(routes["r1"]["stops"].pop())


# --- functions ---------------------------------------------------------------------------------


@given(make.days(under_way=True))
@settings(max_examples=50)
def test_a_plan_nobody_edited_is_clean_and_no_different(day):
    plan = solve(day, "nearest")
    found = check(day, plan, plan)
    assert found.is_clean
    assert found.differences == ()
    assert found.loss == plan_loss(day, plan)


@given(make.days(under_way=True))
@settings(max_examples=50)
def test_what_the_audit_finds_in_an_order_is_found_whatever_times_are_written(day):
    plan = solve(day, "nearest")
    orders = {who: list(reversed(visits)) for who, visits in orders_of(plan).items()}
    honest = plan_of(day, orders, "edited")
    lying = replace(
        honest,
        routes=tuple(
            replace(
                route,
                home=0.0,
                stops=tuple(replace(one, arrive=1.0, contact=1.0, leave=1.0) for one in route.stops),
            )
            for route in honest.routes
        ),
    )
    assert {breach.code for breach in check(day, lying).breaches} == {
        breach.code for breach in audit(day, honest) if breach.code != "TIMES_WRONG"
    }
    assert check(day, lying).plan == replace(honest, policy="edited")


def test_times_written_wrong_are_told_apart_from_rules_broken():
    day = two_crews()
    plan = solve(day, "search", iterations=300)
    late = replace(
        plan.routes[0], stops=(replace(plan.routes[0].stops[0], arrive=6.0), *plan.routes[0].stops[1:])
    )
    found = check(day, replace(plan, routes=(late, *plan.routes[1:])), plan)
    assert [breach.code for breach in found.wrong_times] == ["TIMES_WRONG"]
    assert found.breaches == ()
    assert not found.is_clean
    assert found.plan.routes == plan.routes


def test_the_difference_to_the_machine_is_told_by_case_and_in_yuan():
    day = two_crews()
    machine = solve(day, "search", iterations=300)
    orders = {"r1": [Visit("c1", "c1/0")], "r2": [Visit(f"c{n}", f"c{n}/0") for n in (3, 4, 2)]}
    found = check(day, plan_of(day, orders, "edited"), machine)
    (one,) = found.differences
    # r2: c3 at 5 (till 15), c4 at 20 (till 30), then 100 minutes to c2; the machine is there at 5 + 10 + 5 = 20
    assert (one.case_id, one.before_id, one.after_id, one.later_minutes) == (
        "c2",
        "r1",
        "r2",
        pytest.approx(110),
    )
    assert one.reason.code == "DIFF_GIVEN_LATER"
    lost = plan_loss(day, found.plan).objective_yuan - plan_loss(day, machine).objective_yuan
    assert found.loss.objective_yuan - found.machine_loss.objective_yuan == pytest.approx(lost)
    assert lost > 0


def test_every_kind_of_difference_has_its_sentence():
    day = two_crews()
    empty = plan_of(day, {}, "edited")
    full = solve(day, "search", iterations=300)
    codes = {one.reason.code for one in differences(day, empty, full)}
    codes |= {one.reason.code for one in differences(day, full, empty)}
    turned = plan_of(day, {who: list(reversed(own)) for who, own in orders_of(full).items()}, "edited")
    crossed = plan_of(day, {"r1": orders_of(full)["r2"], "r2": orders_of(full)["r1"]}, "edited")
    for before, after in ((full, turned), (turned, crossed), (crossed, full)):
        for one in differences(day, before, after):
            codes.add(one.reason.code)
            assert parameters(one.reason.code) <= set(one.reason.params)
    assert codes == {code for code in CATALOGUE if code.startswith("DIFF_")}


def test_a_visit_moved_by_hand_stays_where_it_was_put_and_the_rest_is_solved_around_it():
    day = two_crews()
    machine = solve(day, "search", iterations=300)
    # c2 goes to r2 first; c4 is taken off r2 by the same hand and left to nobody
    edited = plan_of(
        day, {"r1": [Visit("c1", "c1/0")], "r2": [Visit("c2", "c2/0"), Visit("c3", "c3/0")]}, "edited"
    )
    kept = kept_of(day, machine, edited)
    assert kept.heads == {"r2": (("c2", "c2/0"), ("c3", "c3/0"))}
    assert kept.pinned == {"c2": "r2", "c3": "r2", "c4": ""}
    problem, plan = reoptimised(day, edited, kept, iterations=300)
    assert [stop.case_id for stop in plan.routes[1].stops] == ["c2", "c3"]
    assert plan.visited == {"c1", "c2", "c3"}
    assert next(one.reason.code for one in plan.left_out) == "PINNED_OUT"
    assert audit(problem, plan) == []
    assert not problem.heads


def test_a_route_that_only_lost_a_visit_is_solved_again():
    day = two_crews()
    machine = solve(day, "search", iterations=300)
    orders = orders_of(machine)
    moved = {"r1": orders["r1"][:1], "r2": [*orders["r2"], orders["r1"][1]]}
    assert set(kept_of(day, machine, plan_of(day, moved, "edited")).heads) == {"r2"}


@given(make.days(under_way=True))
@settings(max_examples=40)
def test_whatever_order_is_kept_is_kept_and_nothing_is_broken(day):
    machine = solve(day, "nearest")
    edited = plan_of(day, {who: list(reversed(own)) for who, own in orders_of(machine).items()}, "edited")
    if audit(day, edited):
        return
    kept = kept_of(day, machine, edited)
    problem, plan = reoptimised(day, edited, kept, policy="nearest")
    for who, head in kept.heads.items():
        own = [visit[:2] for visit in orders_of(plan).get(who, ())]
        assert tuple(own[: len(head)]) == head
    assert audit(problem, plan) == []


def test_a_table_of_stops_is_read_by_its_order_and_strangers_in_it_are_named():
    day = two_crews()
    plan = solve(day, "search", iterations=300)
    rows = [
        {"responder_id": "r1", "order": "2", "case_id": "c1"},
        {"responder_id": "r1", "order": "1", "case_id": "c2"},
        {"responder_id": "r9", "order": "1", "case_id": "c3"},
        {"responder_id": "r2", "order": "1", "case_id": "c9"},
        {"responder_id": "r2", "order": "2", "case_id": "c4", "place_id": "c4/0"},
    ]
    orders, strange = orders_from(day, plan, rows)
    assert orders == {"r1": [Visit("c2", "c2/0"), Visit("c1", "c1/0")], "r2": [Visit("c4", "c4/0")]}
    assert [breach.code for breach in strange] == ["UNKNOWN_STOP", "UNKNOWN_STOP"]


def test_what_the_machine_decided_is_kept_beside_the_plan(tmp_path):
    day = two_crews()
    plan = folder_of(day, tmp_path / "plan")
    edit(tmp_path / "plan", give_c2_to_r2)
    decided = read_decided(tmp_path / "plan")
    assert decided_plan(day, decided).routes == plan.routes
    (tmp_path / "plan" / "decided.json").write_text("{}")
    assert read_decided(tmp_path / "plan") is None


# --- the command line --------------------------------------------------------------------------


def test_a_plan_as_decided_passes(tmp_path):
    folder_of(two_crews(), tmp_path / "plan")
    done = run_dispatch("check", tmp_path / "plan")
    assert done.returncode == 0, done.stderr
    assert "没有违反任何规则" in done.stdout
    assert "与机器方案相同" in done.stdout


def test_an_edited_plan_is_timed_anew_compared_and_written(tmp_path):
    folder_of(two_crews(), tmp_path / "plan")
    edit(tmp_path / "plan", give_c2_to_r2)
    (tmp_path / "plan" / "people.json").write_text('{"c1": {"name": "x"}}')
    done = run_dispatch("check", tmp_path / "plan", "--json")
    assert done.returncode == 3
    values = json.loads(done.stdout)
    assert values["breaches"] == []
    assert values["wrong_times"]
    assert [one["case_id"] for one in values["differences"]] == ["c2"]
    assert values["more_than_machine_yuan"] > 0

    done = run_dispatch("check", tmp_path / "plan", "--out", tmp_path / "new", "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert "c2: from crew r1 to crew r2, 110 min later" in done.stdout
    again = read_plan(tmp_path / "new")
    assert audit(again.problem, again.plan) == []
    assert [stop.case_id for stop in again.plan.routes[1].stops] == ["c3", "c4", "c2"]
    assert (tmp_path / "new" / "people.json").exists()
    assert read_decided(tmp_path / "new") == read_decided(tmp_path / "plan")


def test_an_edited_plan_is_written_with_map_sheets_and_history_like_any_other(practice_plan, tmp_path):
    folder = tmp_path / "edited"
    shutil.copytree(practice_plan[0], folder)

    def without_a_last_stop(routes, raw):
        gone = next(route for route in routes.values() if len(route["stops"]) > 1)["stops"].pop()
        raw["left_out"].append(raw["left_out"][0] | {"case_id": gone["case_id"]})

    edit(folder, without_a_last_stop)
    done = run_dispatch("check", folder, "--out", tmp_path / "new", "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    new = tmp_path / "new"
    assert {one.name for one in new.iterdir()} >= {one.name for one in folder.iterdir()} - {"run.json"}
    assert read_decided(new) == read_decided(folder)
    plan = read_plan(new).plan
    shown = read_page((new / "map.html").read_text(encoding="utf-8"))
    assert shown["plan"] == plan.id
    assert sum(len(route.stops) for route in plan.routes) == len(shown["stops"]["case"])
    sheets = (new / "sheets" / "index.html").read_text(encoding="utf-8")
    assert sheets
    assert read_kept(new, "Asia/Shanghai").rows.equals(read_kept(folder, "Asia/Shanghai").rows)
    summary = read_plan(new).summary
    assert summary["visited"] + summary["left_out"] == summary["cases"]


def test_what_breaks_a_rule_is_said_with_its_code_and_not_written(tmp_path):
    day = replace(
        two_crews(),
        responders=(
            make.responder("r1", at=0),
            make.responder("r2", at=100, shift=Shift(0.0, 120.0)),
        ),
    )
    folder_of(day, tmp_path / "plan")
    edit(tmp_path / "plan", give_c2_to_r2)
    done = run_dispatch("check", tmp_path / "plan", "--out", tmp_path / "new", "--reoptimise")
    assert done.returncode == 3
    assert "[OVER_SHIFT] r2 超出班次" in done.stdout
    assert not (tmp_path / "new").exists()


def test_the_rest_is_solved_again_around_what_was_edited(tmp_path):
    day = make.problem(
        [make.responder("r1", at=0, max_visits=2), make.responder("r2", at=100), make.responder("r3", at=60)],
        [make.case("c1", at=5), make.case("c2", at=10), make.case("c3", at=105), make.case("c4", at=-5)],
        prices=FREE,
    )
    folder_of(day, tmp_path / "plan")

    def c1_to_r3(routes, raw):
        # r3 had c2 or c1 (r1 makes two visits); give it another first
        stop = routes["r1"]["stops"].pop(0)
        other = routes.setdefault("r3", {"responder_id": "r3", "home_at": raw["at"], "stops": []})
        if other not in raw["routes"]:
            raw["routes"].append(other)
        other["stops"].insert(0, stop)

    edit(tmp_path / "plan", c1_to_r3)
    edited = read_plan(tmp_path / "plan").plan
    first = [(stop.case_id, stop.place_id) for stop in edited.routes[2].stops]
    done = run_dispatch(
        "check",
        tmp_path / "plan",
        "--out",
        tmp_path / "new",
        "--reoptimise",
        "--iterations",
        "300",
        "--lang",
        "en",
    )
    assert done.returncode == 0, done.stderr + done.stdout
    new = read_plan(tmp_path / "new")
    assert [(stop.case_id, stop.place_id) for stop in new.plan.routes[2].stops][: len(first)] == first
    assert audit(new.problem, new.plan) == []
    assert new.problem.pinned[first[0][0]] == "r3"
    now, before = plan_loss(new.problem, new.plan), plan_loss(day, retimed(day, edited))
    assert now.objective_yuan <= before.objective_yuan


def test_an_edited_table_stands_in_for_the_routes(tmp_path):
    folder_of(two_crews(), tmp_path / "plan")
    table = tmp_path / "routes.csv"
    table.write_text("力量编号,顺序,警情编号\nr1,1,c2\nr1,2,c1\nr2,1,c3\nr2,2,c4\n", "utf-8-sig")
    done = run_dispatch("check", tmp_path / "plan", "--routes", table, "--json")
    assert done.returncode == 0, done.stderr
    assert {one["case_id"] for one in json.loads(done.stdout)["differences"]} == {"c1", "c2"}
    table.write_text("who,what\nr1,c2\n", "utf-8")
    done = run_dispatch("check", tmp_path / "plan", "--routes", table)
    assert done.returncode == 1
    assert "case_id or 警情编号" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_shift_edited_with_the_routes_is_said(tmp_path):
    folder_of(two_crews(), tmp_path / "plan")

    def longer(routes, raw):
        raw["responders"][0]["shift"]["end"] += 60

    edit(tmp_path / "plan", longer)
    done = run_dispatch("check", tmp_path / "plan", "--lang", "en")
    assert "edited too" in done.stdout


def test_wrong_uses_are_told_in_one_line(tmp_path):
    folder_of(two_crews(), tmp_path / "plan")
    assert run_dispatch("check", tmp_path / "nowhere").returncode == 1
    assert run_dispatch("check", tmp_path / "plan", "--reoptimise").returncode == 2
    assert run_dispatch("check", tmp_path / "plan", "--out", tmp_path / "plan").returncode == 2
    done = run_dispatch("check", tmp_path / "plan", "--out", tmp_path / "new", "--pin-routes", "r9")
    assert (done.returncode, "r9" in done.stderr) == (1, True)
