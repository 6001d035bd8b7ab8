"""The bound: no plan is below it, however it came about, and it is told only where it says something."""

import itertools
import json
import math
from dataclasses import replace

import make
import numpy as np
import pandas as pd
import pytest
from doors import DAY, run_dispatch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmarks import bound as benchmark
from dispatch import routing
from dispatch.day import Request, read_rules
from dispatch.day.planning import prove
from dispatch.domain import Hold, LeftOut, Plan, Shift, Told, TravelMinutes
from dispatch.loss import never_yuan, plan_loss
from dispatch.planfile import read_plan
from dispatch.reasons import Reason, say
from dispatch.rules import audit
from dispatch.search import lower_bound
from dispatch.search.bound.columns import most_saved_yuan
from dispatch.search.bound.counting import CountPricing, Even, even
from dispatch.search.bound.crews import CrewPricing
from dispatch.search.bound.exact import best_saved_yuan
from dispatch.search.bound.zones import shorten, zones_of
from dispatch.timeline import Clock, Visit

TOLERANCE_YUAN = 0.01
ALWAYS = lambda: True  # noqa: E731 - a clock that never stops


def objective(problem, plan):
    return plan_loss(problem, plan).objective_yuan


def plan_of(problem, visits):
    """The timed plan of these visits, or None where it breaks a rule."""
    routes = Clock(problem).routes(visits)
    plan = Plan("", routes, (), "by hand")
    out = tuple(LeftOut(one.id, Reason("PINNED_OUT")) for one in problem.cases if one.id not in plan.visited)
    plan = replace(plan, left_out=out)
    return None if audit(problem, plan) else plan


def every_plan(problem):
    """All plans that keep every rule: each visit by anyone or no one, in every order."""
    crews = [one.id for one in problem.responders]
    visits = [
        Visit(case.id, place.id, leads)
        for case in problem.cases
        for place in case.places
        for leads in ((True, False) if case.partners else (True,))
    ]
    for goes in itertools.product([None, *crews], repeat=len(visits)):
        own = {
            crew: [visit for visit, who in zip(visits, goes, strict=True) if who == crew] for crew in crews
        }
        for orders in itertools.product(*(itertools.permutations(own[crew]) for crew in crews)):
            plan = plan_of(problem, dict(zip(crews, orders, strict=True)))
            if plan is not None:
                yield plan


def stops_of(problem):
    return sum(len(case.places) * (2 if case.partners else 1) for case in problem.cases)


def by_columns(problem, go_on=ALWAYS):
    """The bound of column generation alone, small zones too."""
    constant, zones = zones_of(problem)
    return constant - sum(most_saved_yuan(CrewPricing(zone), go_on, lambda _: 1e-6)[0] for zone in zones)


@settings(max_examples=60)
@given(day=make.days(most_responders=2, most_cases=3), begun=st.just(False))
def test_no_plan_of_a_small_day_is_below_the_bound_and_the_exact_one_is_reached(day, begun):
    assume(stops_of(day) <= 4)
    best = min(objective(day, plan) for plan in every_plan(day))
    bound = lower_bound(day)
    assert bound.yuan <= best + TOLERANCE_YUAN
    assert by_columns(day) <= best + TOLERANCE_YUAN
    if bound.method == "exact":
        assert bound.yuan == pytest.approx(best, abs=2 * TOLERANCE_YUAN)


@settings(max_examples=60)
@given(day=make.days(most_responders=3, most_cases=3, under_way=True))
def test_no_plan_of_a_day_that_has_begun_is_below_the_bound(day):
    # fixed stops, people told who comes, cases for two, crews away from their base, dear long routes
    assume(stops_of(day) <= 4 and len(day.responders) * stops_of(day) <= 9)
    plans = [objective(day, plan) for plan in every_plan(day)]
    assume(plans)
    assert lower_bound(day).yuan <= min(plans) + TOLERANCE_YUAN
    assert by_columns(day) <= min(plans) + TOLERANCE_YUAN


@settings(max_examples=40)
@given(day=make.days(most_responders=4, most_cases=7, under_way=True))
def test_what_the_policies_plan_is_never_below_the_bound(day):
    nearest = routing.solve(day, "nearest")
    assert lower_bound(day).yuan <= objective(day, nearest) + TOLERANCE_YUAN
    assert by_columns(day) <= objective(day, nearest) + TOLERANCE_YUAN


@settings(max_examples=60)
@given(day=make.days(most_responders=4, most_cases=6))
def test_column_generation_is_never_above_the_exact_bound(day):
    constant, zones = zones_of(day)
    assume(all(len(zone.node) <= 8 for zone in zones))
    exact = constant - sum(best_saved_yuan(zone) for zone in zones)
    columns = by_columns(day)
    assert columns <= exact + TOLERANCE_YUAN
    # and not far below: tiny zones are nearly integral
    assert columns >= exact - 0.2 * max(1.0, constant)


@settings(max_examples=40)
@given(day=make.days(most_responders=4, most_cases=6), rounds=st.integers(0, 12))
def test_stopped_at_any_moment_the_bound_holds(day, rounds):
    asked = itertools.count()
    constant, zones = zones_of(day)
    assume(all(len(zone.node) <= 8 for zone in zones))
    exact = constant - sum(best_saved_yuan(zone) for zone in zones)
    assert by_columns(day, lambda: next(asked) < rounds) <= exact + TOLERANCE_YUAN


@pytest.mark.parametrize("level", range(5))
def test_a_coarser_pricing_is_a_lower_bound_too(level):
    day = make.big_day(cases=12, crews=3, counties=1, towns=3)
    constant, zones = zones_of(day)
    found = []
    for start in (0, level):
        saved = 0.0
        for zone in zones:
            pricing = CrewPricing(zone)
            pricing.level = [start] * len(pricing.level)
            saved += most_saved_yuan(pricing, ALWAYS, lambda _: 1e-6)[0]
        found.append(constant - saved)
    assert found[1] <= found[0] + TOLERANCE_YUAN
    best = min(objective(day, routing.solve(day, "search", iterations=n)) for n in (300, 3000))
    assert found[0] <= best + TOLERANCE_YUAN


def test_labels_that_do_not_fit_make_it_coarser_not_wrong():
    day = make.big_day(cases=12, crews=3, counties=1, towns=3)
    (zone,) = (one for one in zones_of(day)[1] if len(one.node) > 8)
    fine, tight = CrewPricing(zone), CrewPricing(zone)
    tight.label_int, tight.label_yuan = tight.label_int[:40], tight.label_yuan[:40]
    toll = fine.first_tolls() / 3
    precise, coarse = fine.price(toll, ALWAYS), tight.price(toll, ALWAYS)
    assert max(tight.level) > 0
    assert (coarse.beyond_yuan >= precise.beyond_yuan - 1e-6).all()


def test_one_crew_and_two_cases_by_hand():
    # 10 min to c1, 10 on site, 20 to c2 on the other side: contacts at 10 and 40, or the other way round
    first, second = make.case("c1", at=10.0), make.case("c2", at=-10.0, stake_yuan=30_000.0)
    day = make.problem([make.responder()], [first, second])
    lost = 60_000 * (1 - math.exp(-0.1)) + 30_000 * (1 - math.exp(-0.4))
    bound = lower_bound(day)
    assert bound.method == "exact"
    assert bound.yuan == pytest.approx(lost, abs=TOLERANCE_YUAN)
    assert by_columns(day) == pytest.approx(lost, abs=TOLERANCE_YUAN)


def test_without_anyone_the_bound_is_what_nobody_coming_costs():
    day = make.problem([], [make.case()])
    assert lower_bound(day).yuan == pytest.approx(
        never_yuan(day.cases[0], day.horizon_minutes), abs=TOLERANCE_YUAN
    )


def test_a_hold_and_a_break_are_in_the_bound():
    # held for 60 min, break from 5 to 30: leaves at 30... no: drives 5, pauses 25, arrives at 35, nothing lost yet
    held = make.case("c1", at=10.0, hold=Hold(60.0, 0.0))
    paused = make.responder(shift=Shift(0.0, 480.0, 5.0, 30.0))
    assert lower_bound(make.problem([paused], [held])).yuan == pytest.approx(0.0, abs=TOLERANCE_YUAN)
    plain = make.problem([paused], [replace(held, hold=None)])
    assert lower_bound(plain).yuan == pytest.approx(60_000 * (1 - math.exp(-0.35)), abs=TOLERANCE_YUAN)


def test_crews_alike_are_priced_once_and_counted_each():
    team = [make.responder(f"r{n}") for n in range(4)]
    wanted = [make.case(f"c{n}", at=float(5 + n)) for n in range(4)]
    _, (zone,) = zones_of(make.problem(team, wanted))
    assert zone.crew[:, -1].tolist() == [4.0]
    # each goes to one, at 5, 6, 7 and 8 minutes
    lost = sum(60_000 * (1 - math.exp(-0.01 * (5 + n))) for n in range(4))
    assert lower_bound(make.problem(team, wanted)).yuan == pytest.approx(lost, abs=TOLERANCE_YUAN)


def test_crews_that_share_nobody_are_zones_of_their_own():
    west = make.responder("r1", jurisdiction=frozenset({"t1"}))
    east = make.responder("r2", jurisdiction=frozenset({"t2"}))
    wanted = [make.case("c1"), make.case("c2", places=[make.place(township="t2")])]
    assert len(zones_of(make.problem([west, east], wanted))[1]) == 2


def test_a_case_for_two_costs_no_less_than_when_both_are_there():
    # r1 is 5 away, r2 30: contact at 30 at the earliest; the bound knows each half's arrival, so lies between
    pair = make.case("c1", at=0.0, partners=frozenset({"village"}))
    team = [make.responder("r1", at=5.0), make.responder("r2", at=30.0, kind="village")]
    day = make.problem(team, [pair])
    halves = 30_000 * (1 - math.exp(-0.05)) + 30_000 * (1 - math.exp(-0.30))
    bound = lower_bound(day)
    assert bound.yuan == pytest.approx(halves, abs=TOLERANCE_YUAN)
    assert bound.method != "exact"


def test_a_promise_nobody_can_keep_costs_its_price_in_the_bound_too():
    day = make.problem([make.responder()], [make.case()], told={"c1": Told("nobody knows", "c1/0", 10.0)})
    dear = replace(day, prices=replace(day.prices, change_yuan=700.0))
    assert lower_bound(dear).yuan == pytest.approx(lower_bound(day).yuan + 700.0, abs=TOLERANCE_YUAN)


def test_fixed_stops_are_facts_even_late_ones():
    # r1 must first go to c2, 40 min away, and comes to c1 (at 10) only 40 + 10 + 30 min after now
    head = {"r1": (("c2", "c2/0"),)}
    day = make.problem([make.responder()], [make.case("c1"), make.case("c2", at=40.0)], heads=head)
    lost = 60_000 * (1 - math.exp(-0.4)) + 60_000 * (1 - math.exp(-0.8))
    assert lower_bound(day).yuan == pytest.approx(lost, abs=TOLERANCE_YUAN)


def test_a_useless_bound_is_not_told():
    # twelve cases near by and one crew: each could be met first, and leaving all out is a plan far above that
    wanted = [make.case(f"c{n}", at=(1.0 * n, 1.0)) for n in range(12)]
    day = make.problem([make.responder()], wanted)
    out = plan_of(day, {})
    told = lower_bound(day, seconds=1e-9, plan=out)
    assert (told.yuan, told.method) == (None, "none")
    assert told.gap(objective(day, out)) is None
    assert "没有" in say(told.says, "zh")
    assert "no bound" in say(told.says, "en")


def test_a_bound_says_in_both_languages_what_it_bounds():
    day = make.problem([make.responder()], [make.case()])
    told = lower_bound(day)
    assert f"{told.yuan:,.0f}" in say(told.says, "zh")
    assert "none costs less" in say(told.says, "en")
    assert told.gap(told.yuan * 1.03) == pytest.approx(0.03)


def test_out_of_time_the_bound_is_everyone_met_first():
    # each of two cases could be met first, at 10: without time nothing more is proved
    wanted = [make.case(f"c{n}", at=10.0, places=[make.place((10.0, float(n)))]) for n in range(12)]
    day = make.problem([make.responder()], wanted)
    soonest = sum(60_000 * (1 - math.exp(-0.01 * (10 + n))) for n in range(12))
    hurried, patient = lower_bound(day, seconds=1e-9), lower_bound(day, seconds=20.0)
    assert hurried.method == "relaxed"
    assert hurried.yuan == pytest.approx(soonest, abs=TOLERANCE_YUAN)
    assert patient.yuan > soonest + 1_000


def test_minutes_are_lowered_where_a_detour_is_quicker():
    between = np.array([[[0.0, 9.0, 2.0], [9.0, 0.0, 2.0], [2.0, 2.0, 0.0]]])
    assert shorten(between) == 5.0
    assert between[0, 0, 1] == 4.0


def test_rounded_minutes_do_not_keep_a_small_day_from_being_exact():
    day = make.problem([make.responder()], [make.case("c1", at=10.0), make.case("c2", at=20.0)])
    table = day.travel["car"]
    rounded = TravelMinutes(table.from_base + 0.0004, table.to_base, table.between)
    assert lower_bound(replace(day, travel={**day.travel, "car": rounded})).method == "exact"


# --- positions instead of clocks ------------------------------------------------------------


def alike_day(cases=6, crews=2, most=3):
    """Every minute of waiting costs one yuan, for everyone from now on, for weeks."""
    spots = [(7.0, 3.0), (-4.0, 8.0), (12.0, -5.0), (3.0, -9.0), (-8.0, -2.0), (6.0, 11.0)][:cases]
    wanted = [
        make.case(f"c{n}", at=at, stake_yuan=0.0, due_minutes=0.0, late_yuan_per_minute=1.0)
        for n, at in enumerate(spots)
    ]
    team = [make.responder(f"r{n}", shift_minutes=1e7, max_visits=most) for n in range(crews)]
    return make.problem(team, wanted, horizon_minutes=2_000.0)


def test_even_waiting_is_priced_by_position_and_agrees_with_the_clock():
    day = alike_day()
    constant, (zone,) = zones_of(day)
    by_position = constant - most_saved_yuan(CountPricing(even(zone)), ALWAYS, lambda _: 1e-6)[0]
    exact = constant - best_saved_yuan(zone)
    assert by_columns(day) <= exact + 1e-6
    assert by_position <= exact + 1e-6
    assert by_position >= 0.97 * exact


@pytest.mark.parametrize(
    "change",
    [
        {"cases": lambda day: (replace(day.cases[0], window=(5.0, math.inf)), *day.cases[1:])},
        {"cases": lambda day: (replace(day.cases[0], late_yuan_per_minute=2.0), *day.cases[1:])},
        {"prices": lambda day: replace(day.prices, drive_yuan_per_minute=1.0)},
        {
            "responders": lambda day: (
                replace(day.responders[0], shift=Shift(0.0, 300.0)),
                *day.responders[1:],
            )
        },
    ],
    ids=["a window", "a dearer wait", "a price of driving", "a shift"],
)
def test_where_clocks_matter_positions_do_not_do(change):
    day = alike_day()
    assert even(zones_of(day)[1][0]) is not None
    changed = replace(day, **{key: make_it(day) for key, make_it in change.items()})
    assert even(zones_of(changed)[1][0]) is None


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), capacity=st.integers(2, 8))
def test_position_pricing_is_never_above_brute_force(seed, capacity):
    # 5 nodes, 2 crews, demands 1 to 3: all partitions, all orders
    rng = np.random.default_rng(seed)
    spots = rng.uniform(-20, 20, (6, 2))
    far = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    demand = rng.integers(1, 4, 5)
    day = Even(far[:5, :5].copy(), far[5, :5].copy(), demand, capacity, 2, np.full(5, 400.0))
    bound = day.never_yuan.sum() - most_saved_yuan(CountPricing(day), ALWAYS, lambda _: 1e-6)[0]

    def cheapest(group):
        if demand[list(group)].sum() > capacity:
            return math.inf
        return min(
            (
                sum(itertools.accumulate([far[5, o[0]], *(far[a, b] for a, b in itertools.pairwise(o))]))
                if o
                else 0.0
            )
            for o in itertools.permutations(group)
        )

    best = math.inf
    for goes in itertools.product((0, 1, None), repeat=5):
        groups = [tuple(v for v in range(5) if goes[v] == crew) for crew in (0, 1)]
        best = min(best, sum(map(cheapest, groups)) + 400.0 * goes.count(None))
    assert bound <= best + 1e-6


# --- with the plan --------------------------------------------------------------------------


def test_the_plan_command_prints_the_gap_and_keeps_the_bound(tmp_path):
    out, alerts = tmp_path / "plan", tmp_path / "alerts.csv"
    pd.read_csv(DAY, dtype=str).tail(800).to_csv(alerts, index=False)  # a sixth of the day
    done = run_dispatch(
        "plan", alerts, "--area", "maoming", "--at", "2026-05-01T14:00", "--out", out,
        "--iterations", "2", "--bound-seconds", "60",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    file = read_plan(out)
    gap = file.summary["gap_percent"]
    assert f"≤ {gap:.2f} %" in next(
        line for line in done.stdout.splitlines() if line.startswith("与最优方案差距 gap")
    )
    assert "no plan costs less" in done.stdout.replace("\n", " ")
    objective = objective_told(file.summary)
    assert file.plan.lower_bound_yuan <= objective
    assert gap == pytest.approx(100 * (objective / file.plan.lower_bound_yuan - 1), abs=0.01)
    assert 0.0 <= gap < 20.0  # two steps are no search


def objective_told(summary):
    return summary["expected_loss_yuan"] + summary["prices_yuan"]


def test_steps_instead_of_seconds_prove_nothing_unless_told_to():
    day = make.problem([make.responder()], [make.case()])
    plan, rules = routing.solve(day, "nearest"), read_rules(None)
    asked = Request(None, day.at, iterations=5)
    assert prove(day, plan, asked, rules) is None
    assert prove(day, plan, replace(asked, bound_seconds=5.0), rules).method == "exact"
    assert prove(day, plan, replace(asked, iterations=None), rules).method == "exact"
    assert prove(day, plan, replace(asked, iterations=None, bound_seconds=0.0), rules) is None


# --- published instances, through the benchmark's door --------------------------------------


def test_a_published_instance_is_bounded_within_one_and_a_half_percent(shared_data, capsys):
    # the best known value of vrpnc1 is 2,230.35; nobody has proved it, so the bound is below it
    benchmark.main([str(shared_data / "benchmarks" / "ccvrp" / "vrpnc1.txt"), "--seconds", "120", "--json"])
    (row,) = json.loads(capsys.readouterr().out)
    assert row["best_known"] == 2230.35
    assert row["bound"] <= row["best_known"]
    assert 0.0 <= row["gap_percent"] <= 1.5
    assert (row["instance"], row["method"]) == ("vrpnc1", "columns")


def test_without_time_a_published_instance_has_a_bound_all_the_same(shared_data, capsys):
    benchmark.main([str(shared_data / "benchmarks" / "ccvrp" / "vrpnc1.txt"), "--seconds", "1e-9", "--json"])
    (row,) = json.loads(capsys.readouterr().out)
    assert row["bound"] < row["best_known"]
    assert row["method"] == "relaxed"


def test_a_fleet_nobody_names_is_asked_for(tmp_path, capsys):
    path = tmp_path / "mine.txt"
    path.write_text("2 10 0 0\n0 0\n3 4 5\n6 8 5\n", encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        benchmark.main([str(path)])
    assert left.value.code == 2
    assert "--vehicles" in capsys.readouterr().err
    # one vehicle: 5 to the first, 5 more to the second: 5 + 10
    benchmark.main([str(path), "--vehicles", "1", "--json"])
    assert json.loads(capsys.readouterr().out)[0]["bound"] == pytest.approx(15.0, abs=TOLERANCE_YUAN)


def test_loads_that_are_not_whole_are_refused_in_one_line(tmp_path, capsys):
    path = tmp_path / "odd.txt"
    path.write_text("2 10 0 0\n0 0\n3 4 2.5\n6 8 5\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        benchmark.main([str(path), "--vehicles", "1"])
    assert "whole" in capsys.readouterr().err.splitlines()[-1]
