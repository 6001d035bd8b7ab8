"""Queues and busy units against published figures, and against each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.coverage.hypercube import approximate, correction, exact
from dispatch.coverage.queues import crews_needed, erlang_b, erlang_c, mmc
from dispatch.errors import BadInput

# Larson & Odoni §5.4.3: ten atoms, alike where their lists are: 1 and 2; 4; 3, 5, 6; 7 to 10
RATES = [0.50, 0.25, 0.35, 0.40]
LISTS = np.array([(0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 0, 1)])
HOUR = np.ones(3)


def test_the_published_line_of_three_servers():
    line = mmc(300, 182.5, 3)
    assert round(line.idle_share, 5) == 0.17754
    assert round(line.waiting_mean, 3) == 0.352
    assert round(line.wait_hours, 6) == 0.001175


def test_larsons_example_exactly_to_the_printed_digits():
    busy = exact(RATES, LISTS, HOUR)
    assert busy.share.round(4).tolist() == [0.5574, 0.4734, 0.4693]
    assert busy.waits.round(5).tolist() == [0.23684] * 4


def test_larsons_approximation_as_printed_in_four_figures():
    assert [round(correction(3, 0.5, k), 5) for k in range(3)] == [1.0, 0.73684, 0.63158]
    by_hand = approximate(RATES, LISTS, HOUR, tolerance=0.0011, decimals=4)
    assert by_hand.share.tolist() == [0.5627, 0.4716, 0.4657]
    assert by_hand.sweeps == 3
    assert approximate(RATES, LISTS, HOUR).share == pytest.approx(by_hand.share, abs=2e-4)


def test_erlangs_formulas():
    # B(2, 1) = (1/2) / (1 + 1 + 1/2) = 0.2; C(2, 1) = 0.2 / (1 - 0.5 * 0.8) = 1/3
    assert erlang_b(2, 1.0) == pytest.approx(0.2)
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert erlang_c(3, 1.5) == pytest.approx(0.23684, abs=5e-6)
    assert erlang_c(2, 2.0) == 1.0


def test_a_large_line_does_not_overflow():
    line = mmc(9_500, 10, 1_000)
    assert 0 < line.waiting_share < 1
    assert line.idle_share == pytest.approx(math.exp(-950), rel=1e-6)


@given(rate=st.floats(0.01, 200), hours=st.floats(0.1, 3), minutes=st.floats(0, 30), share=st.floats(0, 0.99))
@settings(max_examples=40)
def test_the_crews_needed_suffice_and_one_fewer_does_not(rate, hours, minutes, share):
    crews = crews_needed(rate, hours, minutes, share)
    assert mmc(rate, 1 / hours, crews).within_share(minutes, hours) >= share - 1e-9
    if crews - 1 > rate * hours:
        assert mmc(rate, 1 / hours, crews - 1).within_share(minutes, hours) < share + 1e-9


@given(seed=st.integers(0, 10_000), units=st.integers(2, 5), busy=st.floats(0.05, 0.7))
@settings(max_examples=25)
def test_the_approximation_stays_near_the_exact_model(seed, units, busy):
    chance = np.random.default_rng(seed)
    atoms = 6
    rates = chance.dirichlet(np.ones(atoms)) * busy * units
    lists = np.array([chance.permutation(units) for _ in range(atoms)])
    right, near = exact(rates, lists, np.ones(units)), approximate(rates, lists, np.ones(units))
    assert right.share.sum() == pytest.approx(rates.sum())
    assert near.share.sum() == pytest.approx(rates.sum())
    assert np.abs(right.share - near.share).max() < 0.06
    assert (right.answers.sum(axis=1) + right.waits) == pytest.approx(1.0)


def test_one_unit_alone_is_busy_its_load():
    busy = exact([0.3], np.array([[0]]), np.array([1.0]))
    assert busy.share.tolist() == pytest.approx([0.3])
    assert busy.answers.tolist() == [pytest.approx([0.7])]


def test_who_takes_longer_is_busy_longer():
    # each alone on its list: 0.2 an hour of one hour, 0.1 of three
    busy = approximate([0.2, 0.1], np.array([(0, -1), (1, -1)]), np.array([1.0, 3.0]))
    assert busy.share.tolist() == pytest.approx([0.2, 0.3], abs=1e-5)
    rates, lists, hours = (
        [0.3, 0.2, 0.2],
        np.array([(0, 1, 2), (1, 2, 0), (2, 0, 1)]),
        np.array([1.0, 2.0, 0.5]),
    )
    right, near = exact(rates, lists, hours), approximate(rates, lists, hours)
    assert near.share == pytest.approx(right.share, abs=0.05)


def test_units_that_may_not_go_take_nothing():
    busy = approximate([0.4, 0.2], np.array([(0, -1), (1, -1)]), np.ones(2))
    assert busy.answers[0, 1] == 0
    assert busy.share.sum() == pytest.approx(0.6)


@pytest.mark.parametrize("call", [
    lambda: mmc(10, 1, 5),
    lambda: exact([4.0], np.array([[0, 1, 2]]), HOUR),
    lambda: approximate([4.0], np.array([[0, 1, 2]]), HOUR),
    lambda: crews_needed(-1, 1),
])  # fmt: skip
def test_more_work_than_can_be_done_is_said_in_one_sentence(call):
    with pytest.raises(BadInput) as refused:
        call()
    assert "\n" not in str(refused.value)
