"""The loss curve by hand, its quantising, and whole plans against brute force."""

from __future__ import annotations

import itertools
import math

import make
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.domain import Hold, Prices, Route, Told
from dispatch.loss import (
    balance_yuan,
    changes,
    expected_yuan,
    loss_curve,
    loss_rate,
    loss_yuan,
    neighbour_yuan,
    never_yuan,
    plan_loss,
    quantise,
    share_reached,
)
from dispatch.routing import assemble
from dispatch.timeline import Visit

HAZARDS = st.lists(st.floats(0, 50, allow_subnormal=False), max_size=60)


def test_an_hour_at_one_per_hour_loses_63_percent():
    # 60,000 · (1 − e^−1) = 37,927.2
    assert loss_yuan(make.case(hazard_per_hour=1.0), 60.0, 360.0) == pytest.approx(37_927.23, abs=0.01)


def test_contact_now_loses_nothing_and_contact_in_the_past_is_now():
    assert loss_yuan(make.case(), 0.0, 360.0) == 0.0
    assert loss_yuan(make.case(), -5.0, 360.0) == 0.0


def test_a_hold_slows_the_hazard_until_it_expires():
    case = make.case(hazard_per_hour=1.0, hold=Hold(until_minutes=40.0, fraction=0.25))
    # 40 min at a quarter and 20 at the whole: Λ = (10 + 20)/60 = 0.5
    assert loss_yuan(case, 60.0, 360.0) == pytest.approx(60_000 * (1 - math.exp(-0.5)))
    # inside the hold: Λ(20) = 5/60
    assert loss_yuan(case, 20.0, 360.0) == pytest.approx(60_000 * (1 - math.exp(-5 / 60)))


def test_a_hold_that_is_over_changes_nothing():
    held = make.case(hold=Hold(until_minutes=-3.0, fraction=0.0))
    assert loss_yuan(held, 30.0, 360.0) == loss_yuan(make.case(), 30.0, 360.0)


def test_lateness_costs_by_the_minute():
    case = make.case(stake_yuan=0.0, due_minutes=20.0, late_yuan_per_minute=7.0)
    assert loss_yuan(case, 20.0, 360.0) == 0.0
    assert loss_yuan(case, 50.0, 360.0) == pytest.approx(30 * 7)


def test_contact_after_the_horizon_costs_what_never_coming_costs():
    case = make.case(due_minutes=20.0, late_yuan_per_minute=7.0)
    assert loss_yuan(case, 361.0, 360.0) == loss_yuan(case, math.inf, 360.0) == never_yuan(case, 360.0)


def test_half_a_chance_averts_half_and_a_second_place_may_follow():
    case = make.case(hazard_per_hour=1.0)
    never = never_yuan(case, 360.0)
    assert expected_yuan(case, [(0.0, 0.5)], 360.0) == pytest.approx(never / 2)
    # 0.5 at once, 0.3 after 60 min, 0.2 nowhere we looked
    both = 0.5 * 0 + 0.3 * loss_yuan(case, 60.0, 360.0) + 0.2 * never
    assert expected_yuan(case, [(0.0, 0.5), (60.0, 0.3)], 360.0) == pytest.approx(both)
    assert expected_yuan(case, [], 360.0) == never


def test_the_loss_rate_is_the_slope_at_this_moment():
    case = make.case(hazard_per_hour=0.6, hold=Hold(30.0, 0.5))
    # 60,000 · 0.6 · 0.5 / 60 = 300 yuan a minute
    assert loss_rate(case) == pytest.approx(300.0)
    assert loss_rate(case) == pytest.approx((loss_yuan(case, 1e-4, 360.0)) / 1e-4, rel=1e-3)


@given(make.alarms(0), st.lists(st.floats(-10, 800), min_size=1, max_size=9))
def test_many_moments_at_once_are_each_moment_alone_and_never_fall(case, moments):
    curve = loss_curve(case, sorted(moments), 360.0)
    assert curve == pytest.approx([loss_yuan(case, one, 360.0) for one in sorted(moments)])
    assert (np.diff(curve) >= -1e-6).all()
    assert loss_curve(case, [math.inf], 360.0) == pytest.approx([never_yuan(case, 360.0)])


def test_a_visit_to_the_neighbours_has_its_price():
    near = make.responder(jurisdiction=frozenset({"t9"}), neighbours=frozenset({"k1"}))
    day = make.problem([near], [make.case()], prices=Prices({"station": 400.0}))
    assert neighbour_yuan(day, near, day.cases[0].places[0]) == 400.0
    assert neighbour_yuan(day, make.responder(), day.cases[0].places[0]) == 0.0


def test_a_plan_pays_for_every_drive_home_included():
    prices = Prices({"station": 400.0}, drive_yuan_per_minute=2.0)
    day = make.problem([make.responder(jurisdiction=frozenset({"t2"}))], [make.case(at=10)], prices=prices)
    plan = assemble(day, {"r1": [Visit("c1", "c1/0")]}, "by hand")
    found = plan_loss(day, plan)
    # 20 minutes there and back at 2 yuan, and a visit outside its own
    assert found.prices_yuan == pytest.approx(2 * 20 + 400)
    # Λ(10 min) = 0.1
    assert found.expected_yuan == pytest.approx(60_000 * (1 - math.exp(-0.1)))
    assert found.averted_yuan == pytest.approx(found.nobody_yuan - found.expected_yuan)
    assert found.objective_yuan == pytest.approx(found.expected_yuan + found.prices_yuan)


def test_the_share_reached_counts_every_case_at_its_first_contact():
    cases = [
        make.case("c1", places=[make.place(10), make.place(30)]),
        make.case("c2", 20),
        make.case("c3", 99),
    ]
    day = make.problem([make.responder()], cases)
    plan = assemble(day, {"r1": [Visit("c1", "c1/0"), Visit("c1", "c1/1"), Visit("c2", "c2/0")]}, "by hand")
    # contacts: c1 at 10 (then at 40), c2 at 60, c3 never
    assert [share_reached(day, plan, minutes) for minutes in (9, 10, 59, 60, 999)] == [
        0,
        1 / 3,
        1 / 3,
        2 / 3,
        2 / 3,
    ]
    assert share_reached(make.problem(), make.plan([]), 30) == 0.0


def test_an_empty_plan_loses_what_nobody_coming_loses():
    day = make.problem([make.responder()], [make.case("c1"), make.case("c2")])
    found = plan_loss(day, make.plan([Route("r1")]))
    assert found.expected_yuan == found.nobody_yuan > 0
    assert found.averted_yuan == found.prices_yuan == 0.0


# --- what people were told, and balance -----------------------------------------------------


def told_day(told, visits, crews=None, **prices):
    """Two cases 10 and 25 minutes out; r1 goes to both, contacts 10 and 35, unless told otherwise."""
    cases = [make.case("c1", places=[make.place(10), make.place(12)]), make.case("c2", 25)]
    crews = crews or [make.responder(), make.responder("r2")]
    day = make.problem(crews, cases, told=told, prices=Prices(**prices))
    return day, assemble(day, visits, "by hand")


BOTH = {"r1": [Visit("c1", "c1/0"), Visit("c2", "c2/0")]}


@pytest.mark.parametrize(
    ("told", "visits", "changed"),
    [
        ({"c2": Told("r1", "c2/0", 35.0)}, BOTH, ()),
        ({"c2": Told("r1", "c2/0", 50.0)}, BOTH, ()),  # 15 minutes sooner than told
        ({"c2": Told("r1", "c2/0", 20.0)}, BOTH, ()),  # 15 later
        ({"c2": Told("r1", "c2/0", 50.1)}, BOTH, ("c2",)),
        ({"c2": Told("r2", "c2/0", 35.0)}, BOTH, ("c2",)),  # another responder
        ({"c1": Told("r1", "c1/1", 12.0)}, BOTH, ("c1",)),  # another place
        ({"c2": Told("r1", "c2/0", 35.0)}, {"r1": BOTH["r1"][:1]}, ("c2",)),  # left out
        ({"c2": Told("r9", "c2/0", 35.0), "c1": Told("r1", "c1/0", 90.0)}, BOTH, ("c1", "c2")),
        ({"gone": Told("r1", "gone/0", 35.0)}, BOTH, ()),  # closed in the meantime: nobody is told anything
    ],
)
def test_a_change_is_another_crew_another_place_nobody_or_another_time(told, visits, changed):
    assert changes(*told_day(told, visits)) == changed


def test_a_visit_to_one_more_place_of_a_case_is_no_change():
    visits = {"r1": [Visit("c1", "c1/0")], "r2": [Visit("c1", "c1/1")]}
    assert changes(*told_day({"c1": Told("r1", "c1/0", 10.0)}, visits)) == ()


def test_each_change_is_paid_once():
    told = {"c1": Told("r2", "c1/0", 90.0), "c2": Told("r1", "c2/0", 35.0)}
    found = plan_loss(*told_day(told, BOTH, change_yuan=700.0))
    assert found.prices_yuan == pytest.approx(700.0)
    nobody = plan_loss(*told_day(told, {}, change_yuan=700.0))
    assert nobody.objective_yuan == pytest.approx(nobody.nobody_yuan + 1_400.0)


def test_the_third_visit_of_a_crew_weighs_twice_the_second():
    day = make.problem(prices=Prices(balance_yuan=50.0))
    assert [balance_yuan(day, visits) for visits in range(5)] == [0, 0, 50, 150, 300]
    # two visits to one crew cost 50, one to each nothing
    assert plan_loss(*told_day({}, BOTH, balance_yuan=50.0)).prices_yuan == 50.0
    apart = {"r1": BOTH["r1"][:1], "r2": BOTH["r1"][1:]}
    assert plan_loss(*told_day({}, apart, balance_yuan=50.0)).prices_yuan == 0.0


def test_a_crew_away_from_its_base_pays_the_drive_from_where_it_is_and_home_to_its_base():
    # at 25 minutes out when the plan is made: 15 back to the case, 10 home, 2 yuan each
    day = make.problem(
        [make.responder()], [make.case(at=10)], starts={"r1": 25}, prices=Prices(drive_yuan_per_minute=2.0)
    )
    plan = assemble(day, {"r1": [Visit("c1", "c1/0")]}, "by hand")
    assert plan_loss(day, plan).prices_yuan == pytest.approx(50.0)
    assert plan_loss(day, assemble(day, {}, "by hand")).prices_yuan == 0.0


def test_where_two_come_the_loss_is_paid_once_and_both_drives():
    # the cadre is there at 4, the car at 10: contact 10 for both; 20 and 8 minutes of driving at 1 yuan
    case = make.case(hazard_per_hour=0.6, partners=frozenset({"village"}))
    crews = [make.responder(), make.responder("z1", at=6, kind="village")]
    day = make.problem(crews, [case], prices=Prices(drive_yuan_per_minute=1.0))
    plan = assemble(day, {"r1": [Visit("c1", "c1/0")], "z1": [Visit("c1", "c1/0", leads=False)]}, "by hand")
    found = plan_loss(day, plan)
    assert found.expected_yuan == pytest.approx(60_000 * (1 - math.exp(-0.1)))
    assert found.prices_yuan == pytest.approx(28.0)


# --- hazard classes -------------------------------------------------------------------------


def test_up_to_eight_hazards_stay_as_they_are():
    values, classes = quantise([2.1, 0.4, 2.1, 0.0])
    assert values.tolist() == [2.1, 0.4, 2.1, 0.0]
    assert classes.tolist() == [2, 1, 2, 0]


def test_two_clear_groups_become_their_means():
    values, classes = quantise([1.0, 1.1, 0.9, 8.0, 8.2], classes=2)
    assert values == pytest.approx([1.0, 1.0, 1.0, 8.1, 8.1])
    assert classes.tolist() == [0, 0, 0, 1, 1]


@given(HAZARDS, st.integers(2, 8))
def test_quantised_hazards_are_few_ordered_and_zero_only_where_they_were(hazards, most):
    values, classes = quantise(hazards, most)
    assert len(set(values)) == len(set(classes.tolist())) <= most
    assert len(values) == len(hazards)
    for a, b in itertools.combinations(range(len(hazards)), 2):
        if hazards[a] <= hazards[b]:
            assert values[a] <= values[b] * (1 + 1e-12)
            assert classes[a] <= classes[b]
    assert [value == 0 for value in values] == [hazard == 0 for hazard in hazards]


@given(st.lists(st.integers(1, 40), min_size=4, max_size=8, unique=True), st.integers(2, 3))
def test_the_cut_is_the_best_of_all_cuts(hazards, most):
    assume(len(hazards) > most)
    logs = np.sort(np.log(hazards))

    def squares(cuts):
        return sum(float(np.square(run - run.mean()).sum()) for run in np.split(logs, cuts))

    best = min(squares(cuts) for cuts in itertools.combinations(range(1, len(logs)), most - 1))
    _, classes = quantise(sorted(hazards), most)
    assert squares(np.flatnonzero(np.diff(classes)) + 1) == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("bad", [[-0.1], [math.nan], [math.inf]])
def test_a_hazard_that_is_no_rate_is_refused(bad):
    with pytest.raises(ValueError, match="rates per hour"):
        quantise(bad)
