"""Questions of siting through their one door: every model against all choices, floors, capacities, bad input."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_siting import choices, drawn

from dispatch.coverage.siting import MODELS, Question, scip
from dispatch.coverage.siting.ask import measure, site
from dispatch.coverage.siting.standing import folded, worths
from dispatch.errors import BadInput

LESS = {"pmedian", "pcenter", "lscp", "loss"}


def question(model, seed=1, **given):
    minutes, weight = drawn(seed)
    hazard = 1.5 / 60  # per minute
    usual = {
        "model": model,
        "sites": tuple(f"site {j}" for j in range(8)),
        "demands": tuple(f"village {i}" for i in range(14)),
        "minutes": minutes,
        "weight": weight,
        "existing": np.arange(8) < 2,
        "fixed": np.arange(8) < 2,
        "add": None if model == "lscp" else 2,
        "group": ("east",) * 7 + ("west",) * 7,
        "reach_minutes": 25.0,
        "unreached_minutes": 90.0,
        "busy_share": 0.3 if model in {"mexclp", "loss"} else 0.0,
        "loss_yuan": weight * 1000 * -np.expm1(-hazard * np.minimum(minutes, 480)),
        "never_yuan": weight * 1000 * -np.expm1(-hazard * 480),
    }
    return Question(**(usual | given))


def within(asked, opened):
    """Share of each county's weight within reach."""
    near = asked.reach[opened].any(axis=0)
    return [
        asked.weight[own & near].sum() / asked.weight[own].sum()
        for own in (np.array([g == name for g in asked.group]) for name in sorted(set(asked.group)))
    ]


def keeps(asked, opened):
    if asked.model == "lscp" or asked.fewest_first:
        return not (asked.reach.any(axis=0) & ~asked.reach[opened].any(axis=0)).any()
    new = opened & ~asked.existing
    return asked.price[new].sum() <= asked.budget + 1e-9  # `choices` bounds the number


def best_of_all(asked):
    number = 8 if asked.add is None else asked.add + int((asked.existing & ~asked.fixed).sum())
    values = [
        measure(asked, one)
        for one in choices(asked.fixed, number)
        if keeps(asked, one)
        and (not asked.floor_share or min(within(asked, one)) >= asked.floor_share - 1e-9)
    ]
    return min(values) if asked.model in LESS else max(values)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("movable", [False, True], ids=["fixed", "movable"])
def test_every_model_finds_the_best_of_all_choices_and_proves_it(model, movable):
    for seed in (1, 2):
        asked = question(model, seed)
        if movable:
            asked = replace(asked, fixed=np.zeros(8, bool), existing=np.arange(8) < 1)
        answer = site(asked, seconds=20)
        opened = np.isin(np.arange(8), [one.index for one in answer.sites])
        assert answer.objective == pytest.approx(best_of_all(asked), rel=1e-6)
        assert measure(asked, opened) == pytest.approx(answer.objective, rel=1e-6)
        assert answer.proved
        assert opened[asked.fixed].all()


@pytest.mark.parametrize("model", [one for one in MODELS if one != "lscp"])
def test_a_budget_buys_the_best_it_can(model):
    price = np.array([9.0, 9, 3, 2, 4, 1, 5, 2])
    asked = question(model, add=3, price=price, budget=6.0, busy_share=0.0)
    answer = site(asked, seconds=20)
    assert answer.objective == pytest.approx(best_of_all(asked), rel=1e-6)
    assert sum(price[one.index] for one in answer.added) <= 6
    assert answer.proved


@pytest.mark.parametrize("model", [one for one in MODELS if one != "lscp"])
def test_a_floor_holds_in_every_county_and_costs_no_more_than_it_must(model):
    free = question(model, 5)
    shares = [within(free, one) for one in choices(free.fixed, 2)]
    floor = max(map(min, shares))  # the highest floor two more sites can keep
    asked = question(model, 5, floor_share=floor - 1e-6)
    answer = site(asked, seconds=20)
    assert min(one.then for one in answer.groups) >= floor - 1e-5
    assert answer.objective == pytest.approx(best_of_all(asked), rel=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_many_sites_that_stay_are_a_few_to_a_solver_and_the_answer_is_the_same(model):
    asked = replace(
        question(model, 3),
        existing=np.arange(8) < 6,
        fixed=np.arange(8) < 6,
        add=None if model == "lscp" else 1,
    )
    few = folded(asked)
    assert len(few.sites) == (
        4 if model in {"backup"} else 8 if model == "mexclp" else 6 if model == "loss" else 3
    )
    opened = np.array([*[True] * 6, False, True])
    assert measure(few, opened[-len(few.sites) :]) == pytest.approx(measure(asked, opened))
    answer = site(asked, seconds=20)
    assert answer.objective == pytest.approx(best_of_all(asked), rel=1e-6)
    assert [one.name for one in answer.sites][:6] == list(asked.sites[:6])


@pytest.mark.parametrize("model", MODELS)
def test_a_site_is_worth_what_its_closing_loses(model):
    asked = question(model, 4)
    opened = np.arange(8) % 2 == 0
    worth = worths(asked, opened)
    assert worth[~opened].tolist() == [0, 0, 0, 0]
    for j in np.flatnonzero(opened):
        without = opened & (np.arange(8) != j)
        if model == "lscp":
            lost = asked.weight[asked.reach[opened].any(axis=0) & ~asked.reach[without].any(axis=0)].sum()
        else:
            lost = abs(measure(asked, opened) - measure(asked, without))
        assert worth[j] == pytest.approx(lost)


def test_backup_without_a_number_is_the_fewest_sites_and_then_the_most_covered_twice():
    asked = question("backup", add=None)
    fewest = site(question("lscp"), seconds=20)
    answer = site(asked, seconds=20)
    assert len(answer.added) == len(fewest.added)
    twice = [measure(asked, one) for one in choices(asked.fixed, len(fewest.added)) if keeps(asked, one)]
    assert answer.objective == pytest.approx(max(twice))


def test_a_site_serves_no_more_than_it_can_bear():
    # one site reaches three villages of 4, 3 and 2, but bears 6: with shares allowed, 6 of 9 are served
    asked = Question(
        model="mclp", sites=("a",), demands=("x", "y", "z"), minutes=np.full((1, 3), 5.0), weight=np.array([4.0, 3, 2]),
        existing=np.zeros(1, bool), fixed=np.zeros(1, bool), add=1, capacity=np.array([6.0]),
    )  # fmt: skip
    assert site(asked, seconds=5).objective == pytest.approx(6)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_curve_never_falls_and_ends_at_the_answer(seed):
    answer = site(question("loss", seed), seconds=20)
    assert [point.add for point in answer.curve] == [1, 2]
    assert answer.today >= answer.curve[0].objective >= answer.curve[1].objective == answer.objective
    # what one more gains, it gains: the ranking says what the next answer would at least be
    if answer.one_more:
        more = site(question("loss", seed, add=3), seconds=20)
        assert more.objective <= answer.objective - answer.one_more[0].gain + 1e-6


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sites": ()}, "no candidate sites"),
        ({"add": 7}, "--add 7: only 6 candidates could be opened"),
        ({"weight": np.r_[np.ones(4), -3.0, np.ones(9)]}, "village 4: weight is -3, expected 0 or more"),
        ({"weight": np.zeros(14)}, "all 14 demand points weigh 0"),
        ({"minutes": np.full((8, 14), 70.0)}, "site 0 and village 0, is 70 minutes apart"),
        ({"minutes": np.full((8, 14), np.inf)}, "no candidate reaches any demand: site 0 has no way to village 0"),
        ({"floor_share": 1.0, "minutes": np.full((8, 14), np.r_[[5.0] * 7, [np.inf] * 7])}, "west: a floor of 100% cannot"),
        ({"price": np.r_[1.0, 1, 1, np.nan, np.ones(4)]}, "site 3: cost is nan"),
        ({"add": None}, "needs --add"),
        ({"busy_share": 1.5}, "busy share: found 1.5"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_said_in_one_sentence_naming_the_row(given, said):
    with pytest.raises(BadInput, match=said.replace("(", r"\(")) as refused:
        question("mclp", **given)
    assert "\n" not in str(refused.value)


def test_a_floor_only_all_sites_together_could_keep_is_refused():
    minutes = np.where(np.eye(8, 14) + np.eye(8, 14, -6) + np.eye(8, 14, 6) > 0, 5.0, np.inf)
    asked = question("mclp", minutes=minutes, weight=np.ones(14), add=1, floor_share=0.5)
    with pytest.raises(BadInput, match="1 more site cannot keep a floor of 50% in every county"):
        site(asked, seconds=5)


def test_floors_hold_by_either_solver(monkeypatch):
    asked = question("loss", 5, floor_share=0.2)
    by_highs = site(asked, seconds=20)
    monkeypatch.setattr(scip, "DIRECT_SITES", 0)
    by_scip = site(asked, seconds=20)
    assert (by_highs.engine, by_scip.engine) == ("highs", "scip")
    assert by_scip.objective == pytest.approx(by_highs.objective)
    assert by_scip.bound == pytest.approx(by_highs.bound)
