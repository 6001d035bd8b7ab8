"""Made days are honest: seeded, short of crews, and of every kind a real day has; the commands measure on them."""

import json
import subprocess
import sys

import numpy as np
import pytest
from doors import ROOT

from benchmarks import day_maker, dispatch_days, national_day, search_scaling
from benchmarks.day_maker import make_day, measured
from benchmarks.terrain import city, flat_minutes, practice
from dispatch import routing
from dispatch.loss import plan_loss
from dispatch.rules import audit
from dispatch.search.model import model_of
from dispatch.search.run import search

CITY = city(0, 113.0, 33.0, 1)


@pytest.fixture(scope="module")
def day():
    return make_day(CITY, 400, 1)


def test_the_same_seed_makes_the_same_day_and_another_makes_another(day):
    again, other = make_day(CITY, 400, 1), make_day(CITY, 400, 2)
    assert again.cases == day.cases
    assert again.responders == day.responders
    assert (again.travel["car"].between == day.travel["car"].between).all()
    assert other.cases != day.cases


@pytest.mark.parametrize(("visits", "seed"), [(100, 1), (100, 2), (400, 3), (2000, 4)])
def test_crews_are_short(visits, seed):
    crowd = day_maker.make_crowd(CITY, visits, np.random.default_rng(seed))
    assert 7.9 <= visits / len(crowd.responders) <= 15.2


def test_a_made_day_has_of_everything(day):
    cases, crews = day.cases, day.responders
    assert {case.tier for case in cases} == {"critical", "high", "medium", "low"}
    assert {one.kind for one in crews} == {"station", "town", "village", "county"}
    assert {one.profile for one in crews} == {"car", "motorcycle"}
    assert {len(case.places) for case in cases} == {1, 2, 3}
    assert 0.03 < np.mean([case.window[0] > 0 for case in cases]) < 0.15
    assert 0.1 < np.mean([case.hold is not None for case in cases]) < 0.3
    assert 0.1 < np.mean([bool(case.needs) for case in cases]) < 0.5
    assert 0.1 < np.mean([one.shift.break_start is not None for one in crews]) < 0.6
    assert 0.1 < np.mean([one.free_at_minutes > 0 for one in crews]) < 0.6
    assert len({case.hazard_class for case in cases}) <= 8


def test_each_town_of_a_county_with_a_station_has_one_that_answers_for_it():
    crowd = day_maker.make_crowd(CITY, 400, np.random.default_rng(1))
    answered = {code for one in crowd.responders if one.kind == "station" for code in one.jurisdiction}
    assert answered == {town.code for town in CITY.towns}


def test_flat_minutes_are_straight_lines_lengthened():
    # 1/111.2 degree north is 1 km; 1.35 km at 40 km/h take 2.025 minutes
    points = np.array([[110.0, 30.0], [110.0, 30.0 + 1 / 111.2]])
    table = flat_minutes("car", points[:1], points)
    assert table.from_base[0] == pytest.approx([0.0, 2.025], abs=0.001)
    assert table.between[1, 0] == table.between[0, 1]


def test_every_policy_compared_keeps_the_rules_on_a_made_day():
    day = make_day(CITY, 40, 3)
    nearest = routing.solve(day, "nearest")
    for solve in (dispatch_days.by_search, *dispatch_days.ORTOOLS.values()):
        plan, _ = dispatch_days.at_equal_cpu(solve, day, nearest, 0.3)
        assert audit(day, plan) == []
        assert plan_loss(day, plan).objective_yuan <= plan_loss(day, nearest).objective_yuan


def test_the_practice_area_is_a_terrain_too():
    terrain = practice()
    assert (len(terrain.towns), len({town.county for town in terrain.towns})) == (127, 5)
    assert len(terrain.settlements) > 1900
    day = make_day(terrain, 20, 1)
    assert np.isfinite(day.travel["car"].between).all()


def test_the_goals_are_judged_from_the_rows():
    rows = [
        {"below_ortools_percent": below, "below_nearest_percent": nearest}
        for below, nearest in [(7.0, 20.0), (-0.5, 12.0)]
    ]
    found = dispatch_days.summary(rows)
    assert (found["below_ortools_percent_mean"], found["below_ortools_percent_worst"]) == (3.25, -0.5)
    assert list(found["met"].values()) == [True, False, True]


# --- scaling and re-planning ----------------------------------------------------------------


def test_a_changed_day_keeps_its_crews_and_changes_so_many_cases():
    before, after = search_scaling.changed_day(30, 4, 1)
    assert before.responders == after.responders
    old, new = ({case.id for case in one.cases} for one in (before, after))
    assert (len(old), len(new), len(old - new), len(new - old)) == (30, 30, 4, 4)


def test_what_is_carried_over_is_the_old_routes_without_those_who_are_gone():
    before, after = search_scaling.changed_day(30, 4, 1)
    old, new = model_of(before), model_of(after)
    planned = search(old.day, iterations=200)
    start = search_scaling.carried_over(after, old, new, planned)
    kept = {place.id for case in after.cases for place in case.places}
    expected = {
        who: [visit.place_id for visit in visits if visit.place_id in kept]
        for who, visits in old.visits(planned.routes).items()
    }
    found = {who: [visit.place_id for visit in visits] for who, visits in new.visits(start).items()}
    assert found == {who: visits for who, visits in expected.items() if visits}


# --- the nation -----------------------------------------------------------------------------


def test_a_nation_has_as_many_visits_as_asked_each_in_its_city():
    crowd, zoning = national_day.make_nation(300, 12, 1)
    again, _ = national_day.make_nation(300, 12, 1)
    assert crowd == again
    assert len(crowd.cases) == len({case.id for case in crowd.cases}) == 300
    assert len(set(zoning.of_case.values())) == 12
    assert all(place.county == zoning.of_case[case.id] for case in crowd.cases for place in case.places)
    assert {one.id for one in crowd.responders} == zoning.of_responder.keys()


def test_the_parts_of_a_nation_agree_about_distances():
    crowd, _ = national_day.make_nation(60, 4, 1)
    one, two = crowd.cases[0], crowd.cases[-1]
    crew = crowd.responders[:1]
    small = measured([one, two], crew, flat_minutes)
    large = measured(crowd.cases, crew, flat_minutes)
    ends = one.places[0].id, two.places[0].id
    assert small.drive_minutes(crew[0], *ends) == large.drive_minutes(crew[0], *ends)


def test_memory_is_looked_at():
    with national_day.Memory() as memory:
        pass
    assert memory.peak_bytes >= 0
    assert national_day.resident_bytes() > 50_000_000


@pytest.mark.slow
def test_the_national_benchmark_loses_nobody():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.national_day", "--visits", "150", "--cities", "6", "--seconds", "3", "--json"],
        capture_output=True, text=True, cwd=ROOT, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["nobody_lost"] is True
    assert (found["visits"], found["cities"]) == (150, 6)
    assert found["boundaries_saved_yuan"] >= 0
    assert found["peak_gigabytes"] > 0


@pytest.fixture
def figures(monkeypatch, capsys):
    def run(module, *arguments):
        monkeypatch.setattr(sys, "argv", [module.__name__, *map(str, arguments), "--json"])
        module.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_the_dispatch_days_benchmark_compares_every_policy_on_the_same_day(figures):
    found = figures(dispatch_days, "--sizes", 20, "--areas", "practice", "--cpu-seconds", 0.3)
    (row,) = found["days"]
    assert set(row["ortools_set_ups_yuan"]) == {"policy", "all crews", "own start"}
    assert row["ortools_yuan"] == min(row["ortools_set_ups_yuan"].values())
    assert row["search_yuan"] <= row["nearest_yuan"] <= row["nobody_yuan"] * 1.01


def test_the_scaling_benchmark_measures_both_goals(figures):
    limits = ("--cpu-seconds", 0.3, "--warm-seconds", 0.1, "--cold-seconds", 0.5)
    found = figures(search_scaling, "--seeds", 1, *limits)
    assert [row["visits"] for row in found["rates"]] == [200, 2000]
    assert found["ratio"] > 0
    assert found["replans"][0]["changed"] == 10


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        (dispatch_days, ["--sizes", "many"]),
        (dispatch_days, ["--areas", "mars"]),
        (search_scaling, ["--seeds", "x"]),
        (national_day, ["--cities", 0]),
    ],
)
def test_a_wrong_option_is_answered_in_one_line(figures, capsys, module, arguments):
    with pytest.raises(SystemExit) as stopped:
        figures(module, *arguments)
    assert stopped.value.code == 2
    assert arguments[0] in capsys.readouterr().err.splitlines()[-1]
