"""Where sites do most: every model against trying all choices, and what its bound promises."""

import math
import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from dispatch.coverage.siting import covering
from dispatch.coverage.siting.centre import solve_centre
from dispatch.coverage.siting.covering import solve_cover
from dispatch.coverage.siting.limits import Limits
from dispatch.coverage.siting.median import solve_median


def soon():
    return time.process_time() + 20


def choices(fixed, number):
    movable = np.flatnonzero(~fixed)
    for count in range(min(number, len(movable)) + 1):
        for some in combinations(movable, count):
            opened = fixed.copy()
            opened[list(some)] = True
            yield opened


def drawn(seed, sites=8, demands=14):
    rng = np.random.default_rng(seed)
    minutes = np.hypot(*(rng.random((2, sites, 1)) - rng.random((2, 1, demands)))) * 60
    return np.where(rng.random((sites, demands)) < 0.1, np.inf, minutes), rng.integers(0, 9, demands).astype(
        float
    )


def unearned(reach, weight, level, opened):
    times = reach[opened].sum(axis=0)
    earns = np.append(0.0, np.cumsum(np.append(level, np.zeros(len(opened)))))
    return sum(
        w * (earns[most] - earns[many])
        for w, many, most in zip(weight, times, reach.sum(axis=0), strict=True)
    )


SEEDS = st.integers(0, 10_000)


@settings(max_examples=12, deadline=None)
@given(
    seed=SEEDS, number=st.integers(0, 4), standing=st.integers(0, 2), money=st.sampled_from([math.inf, 5.0])
)
def test_the_median_is_the_cheapest_of_all_choices_and_proved(seed, number, standing, money):
    minutes, weight = drawn(seed)
    fixed = np.arange(8) < standing
    price = np.random.default_rng(seed).integers(1, 5, 8).astype(float)
    never = 90.0 * weight
    cost = np.minimum(weight * np.where(np.isfinite(minutes), minutes, 1e9), never)
    found = solve_median(cost, never, Limits.of(fixed, number, price, money), soon())
    allowed = [one for one in choices(fixed, number) if price[one & ~fixed].sum() <= money]
    least = min(np.minimum(cost[one].min(axis=0, initial=np.inf), never).sum() for one in allowed)
    assert found.value == pytest.approx(least, rel=1e-6)
    assert found.bound == pytest.approx(least, rel=1e-6)
    assert found.bound <= found.value
    assert np.minimum(cost[found.open].min(axis=0, initial=np.inf), never).sum() == pytest.approx(found.value)


@settings(max_examples=12, deadline=None)
@given(seed=SEEDS, number=st.integers(1, 4), standing=st.integers(0, 2))
def test_the_centre_is_the_nearest_of_all_choices_and_proved(seed, number, standing):
    minutes, _ = drawn(seed)
    fixed = np.arange(8) < standing
    minutes = minutes[:, np.isfinite(minutes).any(axis=0)]
    found = solve_centre(minutes, Limits.of(fixed, number), soon())
    least = min(minutes[one].min(axis=0, initial=np.inf).max() for one in choices(fixed, number))
    assert found.value == least
    assert found.bound == least


@settings(max_examples=12, deadline=None)
@given(
    seed=SEEDS,
    number=st.integers(0, 4),
    standing=st.integers(0, 2),
    level=st.sampled_from([[1.0], [0.6, 0.4], [0.7, 0.21, 0.063]]),
)
def test_covering_earns_the_most_of_all_choices_and_proves_it(seed, number, standing, level):
    minutes, weight = drawn(seed)
    fixed = np.arange(8) < standing
    reach = minutes <= 25
    found = solve_cover(
        csr_array(reach.astype(float)), weight, np.array(level), Limits.of(fixed, number), soon()
    )
    least = min(unearned(reach, weight, level, one) for one in choices(fixed, number))
    assert unearned(reach, weight, level, found.open) == pytest.approx(least, abs=1e-6)
    assert found.bound == pytest.approx(least, abs=1e-5)


@pytest.mark.parametrize(("number", "covered"), [(0, 0), (1, 4), (2, 6), (3, 6)])
def test_a_tiny_maximal_covering_by_hand(number, covered):
    # demands 2, 2, 1, 1; the sites cover 1100, 0110, 1001: the first alone 2 + 2, the last two together all
    reach = csr_array(np.array([[1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 0, 1]], float))
    found = solve_cover(
        reach, np.array([2.0, 2, 1, 1]), np.ones(1), Limits.of(np.zeros(3, bool), number), soon()
    )
    assert 6 - found.value == covered == 6 - found.bound


@pytest.mark.parametrize("level", [[1.0], [0.7, 0.21]])
def test_the_way_of_large_questions_comes_to_the_same_proof(level, monkeypatch):
    # search, tolls, linear program, sites excluded, SCIP: all that runs above 300 sites, here on 40
    rng = np.random.default_rng(4)
    reach = csr_array((np.hypot(*(rng.random((2, 40, 1)) - rng.random((2, 1, 300)))) < 0.17).astype(float))
    weight = rng.integers(1, 50, 300).astype(float)
    limits = Limits.of(np.arange(40) < 3, 6)
    direct = solve_cover(reach, weight, np.array(level), limits, soon())
    monkeypatch.setattr(covering, "DIRECT_SITES", 0)
    large = solve_cover(reach, weight, np.array(level), limits, soon())
    assert large.engine.startswith("greedy+exchange+lagrange")
    assert large.value == pytest.approx(direct.value)
    assert large.bound == pytest.approx(direct.bound, rel=1e-6)


def test_when_time_is_over_the_bound_still_holds():
    rng = np.random.default_rng(5)
    cost = np.rint(100 * np.hypot(*(rng.random((2, 60, 1)) - rng.random((2, 1, 90)))))
    never = np.full(90, 1000.0)
    hurried = solve_median(cost, never, Limits.of(np.zeros(60, bool), 5), time.process_time())
    proved = solve_median(cost, never, Limits.of(np.zeros(60, bool), 5), soon())
    assert hurried.bound <= proved.value == proved.bound <= hurried.value
