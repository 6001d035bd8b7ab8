"""The numbers a plan is judged by."""

import math
from dataclasses import replace

import make
import pytest
from hypothesis import given

from dispatch import routing
from dispatch.day.accounts import accounts
from dispatch.domain import Prices


def table(problem, plan=None, **counts):
    plan = plan or routing.solve(problem, "nearest")
    rows = {"rejected": 0, "not_yet": 0, "no_visit": 0, "received": len(problem.cases)} | counts
    return accounts(problem, plan, plan, thresholds=(15, 30, 60), **rows)


def test_the_numbers_of_one_visit_by_hand():
    # 10 min out, contact at 10: 60,000·(1 − e^(−0.6·10/60)) lost; nobody: 6 hours at 0.6/h
    day = make.problem([make.responder()], [make.case()])
    found = table(day)
    assert found["expected_loss_yuan"] == pytest.approx(60_000 * (1 - math.exp(-0.1)), abs=0.01)
    assert found["loss_if_nobody_yuan"] == pytest.approx(60_000 * (1 - math.exp(-3.6)), abs=0.01)
    assert found["travel_minutes"] == 20.0  # there and back
    assert (found["visited"], found["left_out"], found["share_reached_15_minutes"]) == (1, 0, 1.0)
    assert found["gap_percent"] is None


def test_the_gap_is_to_what_is_minimised_and_never_rounded_down():
    # 5,710.0 lost and 60 yuan for 20 minutes of driving; a bound of 5,000: 15.395 % above it
    prices = Prices(drive_yuan_per_minute=3.0)
    day = make.problem([make.responder()], [make.case()], prices=prices)
    plan = replace(routing.solve(day, "nearest"), lower_bound_yuan=5_000.0)
    objective = 60_000 * (1 - math.exp(-0.1)) + 60.0
    assert table(day, plan)["gap_percent"] == math.ceil(100 * 100 * (objective / 5_000 - 1)) / 100 == 15.40
    assert table(day, replace(plan, lower_bound_yuan=objective))["gap_percent"] == 0.0
    # nothing can be lost: a share of nothing says nothing
    assert table(day, replace(plan, lower_bound_yuan=0.0))["gap_percent"] is None


def test_a_share_counts_cases_nobody_visits():
    day = make.problem([make.responder()], [make.case(), make.case("c2", places=())])
    assert table(day)["share_reached_30_minutes"] == 0.5


def test_a_row_that_is_lost_is_our_mistake_and_never_printed():
    day = make.problem([make.responder()], [make.case()])
    with pytest.raises(AssertionError, match="does not close"):
        table(day, received=2)


@given(day=make.days())
def test_nobody_less_expected_is_averted_and_shares_grow_with_minutes(day):
    found = table(day)
    averted = found["loss_if_nobody_yuan"] - found["expected_loss_yuan"]
    assert found["averted_yuan"] == pytest.approx(averted, abs=0.02)
    shares = [found[f"share_reached_{minutes}_minutes"] for minutes in (15, 30, 60)]
    assert shares == sorted(shares)
    assert found["cases"] == found["visited"] + found["left_out"]
