"""A new case for a plan that is there: priced as the two whole plans differ, whoever is moved being named."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import timedelta
from unittest import mock

import make
import numpy as np
import pytest
from doors import DAY, run_dispatch
from hypothesis import given, settings

from dispatch.day.newcomer import area_of, measured, on_the_clock_of, plan_roads
from dispatch.day.request import read_rules, saved_rules
from dispatch.domain import Hold, Prices
from dispatch.explain.seating import Seating
from dispatch.explain.standing import Standing, orders_of
from dispatch.loss import loss_yuan, plan_loss
from dispatch.planfile import PlanFile, read_plan, write_plan
from dispatch.replan.folders import read_before
from dispatch.replan.meanwhile import later, meanwhile
from dispatch.roads.closure_file import read_closures
from dispatch.routing import assemble, solve
from dispatch.rules import audit
from dispatch.suggest import NewMinutes, as_of, suggest, with_case
from dispatch.timeline import Visit

FREE = Prices()


def without_last(day):
    """The day without its last case, and that case."""
    return replace(day, cases=day.cases[:-1]), day.cases[-1]


def plan_without(day):
    """A plan of the day that sends nobody to its last case."""
    case = day.cases[-1]
    shut = replace(day, pinned={**day.pinned, case.id: ""}, heads={}, told={}, max_changes=None)
    return assemble(day, orders_of(solve(shut, "nearest")), "nearest")


# --- by hand -----------------------------------------------------------------------------------


def test_the_best_responder_its_arrival_and_what_the_detour_costs_the_next_one():
    # r1 is on its way to c1 at 20 (contact 20). c2 appears at 10: 10 minutes, 10 on site, then c1 at 30 instead of 20.
    day = make.problem(
        [make.responder("r1"), make.responder("r2", at=100)],
        [make.case("c1", at=20), make.case("c2", at=10, stake_yuan=120_000.0)],
        prices=FREE,
    )
    plan = assemble(day, orders({"r1": ["c1"]}), "by hand")
    best, second = suggest(day, plan, day.cases[1])
    assert (best.responder_id, best.number, best.arrive_minutes) == ("r1", 1, 10)
    assert best.averted_yuan == pytest.approx(120_000 * (math.exp(-0.1) - math.exp(-3.6)))
    assert best.elsewhere_yuan == pytest.approx(60_000 * (math.exp(-0.2) - math.exp(-0.3)))
    (move,) = best.moves
    assert (move.case_id, move.before_id, move.after_id, move.later_minutes) == ("c1", "r1", "r1", 10)
    assert move.lost_yuan == pytest.approx(best.elsewhere_yuan)
    assert (second.responder_id, second.arrive_minutes, second.moves) == ("r2", 90, ())


def orders(cases_of):
    return {who: [Visit(case, f"{case}/0") for case in cases] for who, cases in cases_of.items()}


def test_a_full_day_gives_a_visit_to_somebody_else_and_says_whose():
    day = make.problem(
        [make.responder("r1", max_visits=1), make.responder("r2", at=50)],
        [make.case("c1", at=20, stake_yuan=10_000.0), make.case("c2", at=10, stake_yuan=900_000.0)],
        prices=FREE,
    )
    plan = assemble(day, orders({"r1": ["c1"]}), "by hand")
    best = suggest(day, plan, day.cases[1])[0]
    assert best.responder_id == "r1"
    (move,) = best.moves
    assert (move.case_id, move.before_id, move.after_id, move.later_minutes) == ("c1", "r1", "r2", 10)


def test_where_nobody_may_go_nothing_is_suggested():
    day = make.problem([make.responder()], [make.case(needs=frozenset({"police"}))])
    assert suggest(day, assemble(day, {}, "by hand"), day.cases[0]) == []


def test_an_hour_later_the_visit_begun_stays_first_and_who_is_idle_leaves_no_sooner():
    # at 15 minutes r1 is between c1 (10-20) and c2; r2 stands at 60
    day = make.problem(
        [make.responder("r1"), make.responder("r2", at=60)],
        [make.case("c1", at=10), make.case("c2", at=30), make.case("new", at=12)],
        prices=FREE,
    )
    plan = assemble(day, orders({"r1": ["c1", "c2"]}), "by hand")
    now, rest = as_of(day, plan, 15.0)
    assert now.heads == {"r1": (("c1", "c1/0"),)}
    found = {one.responder_id: one for one in suggest(now, rest, day.cases[2])}
    assert found["r1"].arrive_minutes == 22  # leaves c1 at 20
    assert found["r2"].arrive_minutes == 15 + 48
    # at 45 minutes r1 has set out to c2 (40-50): both are fixed
    now, rest = as_of(day, plan, 45.0)
    assert now.heads["r1"] == (("c1", "c1/0"), ("c2", "c2/0"))
    # at 55 it is on its way home, where it is at 80
    now, rest = as_of(day, plan, 55.0)
    found = {one.responder_id: one for one in suggest(now, rest, day.cases[2])}
    assert found["r1"].arrive_minutes == 80 + 12
    assert found["r1"].number == 1


# --- any day -----------------------------------------------------------------------------------


@given(make.days())
@settings(max_examples=60)
def test_what_is_lost_elsewhere_is_what_is_moved_plus_the_prices_paid(day):
    if not day.cases:
        return
    day = replace(day, pinned={}, prices=FREE)
    plan = plan_without(day)
    with mock.patch("dispatch.suggest.MOVED_MINUTES", 0.0):  # everyone is told
        found = suggest(day, plan, day.cases[-1], most=10)
    nets = [one.net_yuan for one in found]
    assert nets == sorted(nets, reverse=True)
    for one in found:
        assert one.averted_yuan >= 0
        # nothing has a price here: all that it costs is who is met later, or not at all
        assert one.elsewhere_yuan == pytest.approx(sum(move.lost_yuan for move in one.moves), abs=0.01)


@given(make.days(), make.st.integers(0, 120))
@settings(max_examples=60)
def test_as_of_any_moment_the_plan_goes_on_as_it_was(day, minutes):
    plan = solve(day, "nearest")
    now, rest = as_of(day, plan, float(minutes))
    for one, before, after in zip(now.responders, plan.routes, rest.routes, strict=True):
        assert after.stops in ((), before.stops)  # over, or as planned to the last moment
        if before.stops and not after.stops:
            assert one.ready_minutes >= max(minutes, before.home)
        free_at = [one.ready_minutes, *(stop.leave for stop in after.stops)]
        assert all(at >= minutes for at in free_at[len(now.heads.get(one.id, ())) : len(after.stops)])


@given(make.days(most_cases=4))
@settings(max_examples=40)
def test_the_problem_with_one_more_case_is_that_of_all_cases_at_once(day):
    if not day.cases:
        return
    before, case = without_last(day)
    rows = [day.place_index[place.id] for one in before.cases for place in one.places]
    fresh = [day.place_index[place.id] for place in case.places]
    small = replace(
        before,
        place_index={p.id: n for n, p in enumerate(p for one in before.cases for p in one.places)},
        travel={
            name: type(table)(
                table.from_base[:, rows], table.to_base[rows, :], table.between[np.ix_(rows, rows)]
            )
            for name, table in day.travel.items()
        },
        pinned={},
    )
    minutes = {
        name: NewMinutes(
            table.from_base[:, fresh],
            table.to_base[fresh, :],
            table.between[np.ix_(rows, fresh)],
            table.between[np.ix_(fresh, rows)],
            table.between[np.ix_(fresh, fresh)],
        )
        for name, table in day.travel.items()
    }
    wider = with_case(small, case, minutes)
    places = [place.id for one in day.cases for place in one.places]
    for one in day.responders:
        for origin in (None, *places):
            for target in (None, *places):
                assert wider.drive_minutes(one, origin, target) == day.drive_minutes(one, origin, target)


@given(make.days())
@settings(max_examples=40)
def test_a_suggestion_taken_up_keeps_every_rule(day):
    if not day.cases:
        return
    day = replace(day, pinned={})
    plan = plan_without(day)
    seating = Seating(Standing.of(day, plan))
    for one in day.responders:
        seat = seating.best_place(day.cases[-1], one)
        if seat:
            taken = assemble(day, {**seating.standing.routes, **seat.routes}, "by hand")
            assert audit(day, taken) == []
            net = plan_loss(day, plan).objective_yuan - plan_loss(day, taken).objective_yuan
            assert -seat.more_yuan == pytest.approx(net, abs=0.01)


# --- moments -----------------------------------------------------------------------------------


@pytest.mark.parametrize("hold", [None, Hold(30.0, 0.25)])
def test_a_case_of_a_later_moment_is_worth_the_same_on_the_plans_clock(hold):
    case = make.case(hold=hold, due_minutes=20.0, late_yuan_per_minute=5.0, window=(5.0, 90.0))
    later = on_the_clock_of(case, 25.0)
    assert later.window == (30.0, 115.0)
    for first, second in ((0.0, 10.0), (10.0, 45.0), (45.0, 200.0)):
        then = loss_yuan(case, second, 1e6) - loss_yuan(case, first, 1e6)
        now = loss_yuan(later, second + 25.0, 1e6) - loss_yuan(later, first + 25.0, 1e6)
        assert now == pytest.approx(then)


# --- the command line, on the practice area ----------------------------------------------------

NEW = {
    "alert_id": "N-1",
    "alerted_at": "2026-05-01T14:00",
    "risk": "critical",
    "fraud_type": "impersonated_police",
    "phone": "19000009999",
    "lon": 111.01,
    "lat": 21.51,
    "datum": "WGS84",
    "location_source": "home",
    "amount_at_risk": 180000,
    "call_attempts": 3,
    "contact_result": "busy",
}


@pytest.fixture(scope="module")
def practice(practice_plan):
    """The practice day by the nearest policy."""
    return practice_plan[0]


def test_a_new_alert_is_answered_with_five_responders(practice):
    done = run_dispatch("suggest", practice, json.dumps(NEW), "--json")
    assert done.returncode == 0, done.stderr
    (case,) = json.loads(done.stdout)["cases"]
    found = case["suggestions"]
    assert len(found) == 5
    assert [one["net_yuan"] for one in found] == sorted((one["net_yuan"] for one in found), reverse=True)
    assert all(one["arrive_at"] >= "2026-05-01T14:00" for one in found)
    assert found[0]["net_yuan"] > 0


def test_minutes_to_the_new_place_are_those_a_plan_with_it_would_have(practice):
    file = read_plan(practice)
    rules, area = saved_rules(file.settings), area_of(file)
    travels = plan_roads(file, area, rules, (), file.problem.at)
    # the last case of the plan, taken out of it and measured as if it were new
    before, case = without_last(file.problem)
    found = measured(before, case, travels)
    index = [file.problem.place_index[place.id] for place in case.places]
    for profile, table in file.problem.travel.items():
        assert np.array_equal(found[profile].from_base, table.from_base[:, index])
        assert np.array_equal(found[profile].to_base, table.to_base[index, :])


def test_later_everybody_is_where_re_planning_has_him_on_the_roads_open_then(practice):
    before = read_before(practice)
    area, at = area_of(before.file), before.file.problem.at + timedelta(minutes=50)
    found = meanwhile(area, before, at)
    assert audit(found.problem, found.plan) == []
    assert found.problem.at == at
    bases = {one.id: (one.lon, one.lat) for one in found.problem.responders}
    assert sum(found.problem.start_points[who] != bases[who] for who in found.problem.start_points) > 20
    over = {
        stop.case_id
        for route in before.file.plan.routes
        for stop in route.stops
        if stop.leave <= 50 and stop.case_id not in found.plan.visited
    }
    assert over
    assert not over & {case.id for case in found.problem.cases}
    file = DAY.parent / "closures.geojson"  # the bridges of 儒洞河 among them
    shut = read_closures(file, area.network, area.time_zone, before.rules.closures).closures
    barred = meanwhile(area, replace(before, kept=replace(before.kept, closures=shut)), at)
    assert audit(barred.problem, barred.plan) == []
    ends = [(111.36, 21.66)], [(111.40, 21.66)]
    assert barred.travels["car"].matrix(*ends) > found.travels["car"].matrix(*ends)


def test_a_case_grows_older_as_it_does_on_its_loss_curve():
    case = make.case(hold=Hold(15.0, 0.2), due_minutes=60.0)
    now = later(case, 40.0)
    lost = loss_yuan(case, 40.0, 1e6)
    assert now.stake_yuan == pytest.approx(case.stake_yuan - lost)
    assert loss_yuan(now, 30.0, 1e6) == pytest.approx(loss_yuan(case, 70.0, 1e6) - lost)
    assert (now.hold, now.due_minutes) == (None, 20.0)


def test_an_alert_known_already_or_persuaded_needs_no_suggestion(practice):
    file = read_plan(practice)
    known = file.plan.routes[0].stops or next(r.stops for r in file.plan.routes if r.stops)
    done = run_dispatch("suggest", practice, json.dumps(NEW | {"alert_id": known[0].case_id}), "--lang", "en")
    assert "in the plan already" in done.stdout
    done = run_dispatch(
        "suggest", practice, json.dumps(NEW | {"contact_result": "persuaded"}), "--lang", "en"
    )
    assert "persuaded by phone" in done.stdout


def test_what_cannot_be_read_is_refused_in_one_line(practice, tmp_path):
    for bad, said in (
        ("{not json", "not JSON"),
        ('["x"]', "no JSON object"),
        (json.dumps(NEW | {"datum": ""}), "datum"),
        (json.dumps(NEW | {"risk": "purple"}), "purple"),
        ("nowhere.csv", "neither a file that is there"),
    ):
        done = run_dispatch("suggest", practice, bad)
        assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1), done.stderr
        assert said in done.stderr


def test_a_plan_of_another_area_is_refused(tmp_path):
    day = make.problem([make.responder()], [make.case()])
    folder = tmp_path / "plan"
    folder.mkdir()
    settings_used = json.loads(json.dumps(_settings()))
    write_plan(
        PlanFile(day, solve(day, "nearest"), area={"name": "别处", "hash": "0" * 64}, settings=settings_used),
        folder,
    )
    done = run_dispatch("suggest", folder, json.dumps(NEW))
    assert done.returncode == 1
    assert "别处" in done.stderr
    assert "--area" in done.stderr
    done = run_dispatch("suggest", folder, json.dumps(NEW), "--area", "maoming")
    assert done.returncode == 1
    assert "not the area the plan was made on" in done.stderr


def _settings():
    return read_rules(None).as_json()
