"""The compiled search: its arithmetic is that of the rules, and its answers keep them."""

import itertools
import math

import make
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import routing
from dispatch.domain import Hold
from dispatch.loss import plan_loss
from dispatch.rules import audit
from dispatch.search.anneal import refresh_all
from dispatch.search.arrays import (
    CAPACITY,
    CLOSES,
    CONTACT,
    COST_YUAN,
    DUE,
    ENDS,
    HEAD,
    HOME,
    LATE_YUAN,
    LOAD,
    MATE,
    MUST,
    Day,
    blank_crews,
    blank_nodes,
    empty_tours,
    setting_row,
    transposed,
)
from dispatch.search.draws import draw, draws_from
from dispatch.search.insertion import may_take, two_best
from dispatch.search.model import model_of, nearest_nodes
from dispatch.search.routes import NOWHERE, refresh
from dispatch.search.run import search
from dispatch.search.turns import exchange_tails, rearrange_one, rearranged_yuan

TOLERANCE_YUAN = 0.01


@settings(max_examples=60)
@given(day=make.days(), seed=st.integers(0, 3))
def test_the_searchs_own_number_is_that_of_the_independent_evaluator(day, seed):
    model = model_of(day)
    found = search(model.day, iterations=60, seed=seed)
    plan = routing.assemble(day, model.visits(found.routes), "search")
    assert audit(day, plan) == []
    own = found.cost_yuan + model.outside_yuan
    assert own == pytest.approx(plan_loss(day, plan).objective_yuan, abs=TOLERANCE_YUAN)


@settings(max_examples=120)
@given(day=make.days(under_way=True), seed=st.integers(0, 3), turned=st.sampled_from((None, 0.5)))
def test_on_a_day_under_way_too_the_number_agrees_and_every_rule_is_kept(day, seed, turned):
    model = model_of(day)
    begun = routing.as_told(day)
    start, meetings = model.numbers(begun), model.meetings(begun)
    found = search(model.day, iterations=90, seed=seed, start=start, meetings=meetings, turned=turned)
    plan = routing.assemble(day, model.visits(found.routes), "search")
    assert audit(day, plan) == []
    own = found.cost_yuan + model.outside_yuan
    assert own == pytest.approx(plan_loss(day, plan).objective_yuan, abs=TOLERANCE_YUAN)


@settings(max_examples=60)
@given(day=make.days(most_responders=3, most_cases=6), data=st.data())
def test_what_an_insertion_is_said_to_add_is_what_it_adds(day, data):
    arrays = model_of(day).day
    if not len(arrays.node) or not len(arrays.crew):
        return
    tours = empty_tours(arrays, 12)
    found = search(arrays, iterations=data.draw(st.integers(1, 30)))
    for k, route in enumerate(found.routes):
        keep = [v for v in route if data.draw(st.booleans())]
        tours.order[k, : len(keep)] = keep
        tours.length[k] = len(keep)
    refresh_all(arrays, tours)
    drive, back, node, crew, price, setting, _, _ = arrays
    order, length, stop, fact, whole, where = tours
    for v, k in itertools.product(np.flatnonzero(where[:, 0] < 0), range(len(crew))):
        if not may_take(node, crew, price, whole, k, v):
            continue
        said = two_best(drive, back, node, crew, price, setting, order, length, stop, fact, k, v)
        route, head = order[k, : length[k]].tolist(), int(crew[k, HEAD])
        by_hand = sorted(
            tried(arrays, route, k, v, at) - whole[k, COST_YUAN] for at in range(head, length[k] + 1)
        )
        for yuan, at, expected in zip(said[::2], said[1::2], [*by_hand, math.inf], strict=False):
            assert yuan == pytest.approx(expected, abs=TOLERANCE_YUAN)
            assert (at == NOWHERE) == (expected == math.inf)
            if at != NOWHERE:
                assert yuan == pytest.approx(
                    tried(arrays, route, k, v, at) - whole[k, COST_YUAN], abs=TOLERANCE_YUAN
                )


@settings(max_examples=60)
@given(day=make.days(most_responders=2, most_cases=7, under_way=True), data=st.data())
def test_what_a_rearrangement_is_said_to_cost_is_what_it_costs(day, data):
    arrays = model_of(day).day
    free = [v for v in range(len(arrays.node)) if not arrays.node[v, MATE]]
    if len(free) < 2:
        return
    k = data.draw(st.integers(0, len(arrays.crew) - 1))
    route = data.draw(st.permutations(free))
    route = [v for v in route if math.isfinite(arrays.price[k, v])]
    if len(route) < 2:
        return
    tours = tours_of(arrays, k, route)
    at, to = data.draw(st.permutations(range(len(route))))[:2]
    first, last = rearrange_one(
        draws_from(data.draw(st.integers(0, 9))), tours.order, tours.length, 0, k, at, to
    )
    if first > last:
        return
    said = rearranged_yuan(
        arrays.drive, arrays.node, arrays.crew, arrays.price, arrays.setting,
        tours.order, tours.length, tours.stop, tours.fact, k, first, last,
    )  # fmt: skip
    new = tours.order[k, : len(route)].tolist()
    after = tours_of(arrays, k, new)
    late = after.fact[k, : len(new), CONTACT] > arrays.node[new, CLOSES] + 1e-9
    fits = not late[first:].any() and after.whole[k, HOME] <= arrays.crew[k, ENDS] + 1e-9
    if fits:
        assert said == pytest.approx(
            after.whole[k, COST_YUAN] - tours.whole[k, COST_YUAN], abs=TOLERANCE_YUAN
        )
    elif said != math.inf:  # a stop behind the segment may have been too late before, and no later now
        assert not late[first : last + 1].any()


def tried(arrays, route, k, v, place):
    """The cost of a route with one more stop, evaluated afresh; inf where it does not fit."""
    whole_route = [*route[:place], v, *route[place:]]
    tours = tours_of(arrays, k, whole_route)
    node, crew = arrays.node, arrays.crew
    contacts = tours.fact[k, : len(whole_route), CONTACT]
    fits = (
        (contacts <= node[whole_route, CLOSES] + 1e-9).all()
        and tours.whole[k, HOME] <= crew[k, ENDS] + 1e-9
        and node[whole_route, LOAD].sum() <= crew[k, CAPACITY]
        and math.isfinite(arrays.price[k, v])
    )
    return tours.whole[k, COST_YUAN] if fits else math.inf


def tours_of(arrays, k, route, first=0, tours=None):
    """Tours in which crew `k` goes this route."""
    tours = tours or empty_tours(arrays, len(route))
    tours.order[k, : len(route)] = route
    tours.length[k] = len(route)
    refresh(arrays.drive, arrays.node, arrays.crew, arrays.price, arrays.setting, *tours, k, first)
    return tours


def test_a_route_refreshed_from_its_middle_is_as_if_from_its_start():
    day = make.problem([make.responder()], [make.case(f"c{n}", at=float(5 * n)) for n in range(1, 6)])
    arrays = model_of(day).day
    whole = tours_of(arrays, 0, [0, 1, 2, 4, 3])
    part = tours_of(arrays, 0, [0, 1, 2, 4, 3], 3, tours_of(arrays, 0, [0, 1, 2, 3, 4]))
    np.testing.assert_array_equal(whole.stop, part.stop)
    np.testing.assert_array_equal(whole.fact, part.fact)
    np.testing.assert_array_equal(whole.whole, part.whole)


def test_the_same_seed_and_iterations_give_the_same_plan():
    day = make.big_day(cases=40, crews=6, cadres=10)
    plans = [routing.solve(day, "search", iterations=500, seed=3) for _ in range(2)]
    assert plans[0] == plans[1]


def test_more_iterations_never_end_worse_than_the_baseline():
    day = make.big_day(cases=60, crews=6, cadres=0)
    nearest = plan_loss(day, routing.solve(day, "nearest")).objective_yuan
    found = plan_loss(day, routing.solve(day, "search", iterations=2000)).objective_yuan
    assert found < 0.98 * nearest


def test_it_finds_the_optimum_of_a_small_day():
    # one car, four cases on a line: brute force over all orders and all subsets
    cases = [
        make.case(f"c{n}", at=at, stake_yuan=stake)
        for n, (at, stake) in enumerate(
            [(8.0, 20_000.0), (-12.0, 60_000.0), (15.0, 90_000.0), (-20.0, 5_000.0)]
        )
    ]
    day = make.problem([make.responder(shift_minutes=120.0)], cases)
    best = math.inf
    for size in range(5):
        for order in itertools.permutations(cases, size):
            visits = {"r1": [routing.Visit(case.id, case.places[0].id) for case in order]}
            plan = routing.assemble(day, visits, "by hand")
            if not audit(day, plan):
                best = min(best, plan_loss(day, plan).objective_yuan)
    found = routing.solve(day, "search", iterations=2000)
    assert plan_loss(day, found).objective_yuan == pytest.approx(best, abs=TOLERANCE_YUAN)


def test_a_held_case_can_wait_for_one_that_is_not():
    # two cases alike but that the bank holds one for an hour: the other is met first
    held = make.case("c1", at=10.0, hold=Hold(60.0, 0.0))
    open_ = make.case("c2", at=-10.0)
    plan = routing.solve(make.problem([make.responder()], [held, open_]), "search", iterations=300)
    assert [stop.case_id for stop in plan.routes[0].stops] == ["c2", "c1"]


def test_two_places_of_one_case_are_both_visited_where_that_pays():
    near, far = make.place(5.0, probability=0.5), make.place(12.0, probability=0.45)
    day = make.problem([make.responder()], [make.case("c1", places=[near, far])])
    plan = routing.solve(day, "search", iterations=300)
    assert [stop.place_id for stop in plan.routes[0].stops] == ["c1/0", "c1/1"]


def test_no_cases_and_no_crews_are_days_too():
    assert routing.solve(make.problem(), "search", iterations=5).routes == ()
    lonely = routing.solve(make.problem([], [make.case()]), "search", iterations=5)
    assert [one.case_id for one in lonely.left_out] == ["c1"]


@pytest.mark.parametrize(("at", "to"), [(1, 4), (4, 1), (2, 3), (0, 5)])
def test_a_rearranged_route_has_the_same_stops_and_keeps_its_head(at, to):
    for seed in range(40):
        order = np.arange(6, dtype=np.int64)[None].copy()
        first, last = rearrange_one(draws_from(seed), order, np.array([6]), 0, 0, at, to)
        assert sorted(order[0]) == list(range(6))
        assert order[0, :first].tolist() == list(range(first))
        assert order[0, last + 1 :].tolist() == list(range(last + 1, 6))


def test_exchanged_tails_leave_every_stop_in_one_route():
    # a b c | d e   and   x | y z w: the first keeps a b c and goes on with y z w
    order = np.array([[0, 1, 2, 3, 4, -9, -9], [5, 6, 7, 8, -9, -9, -9]], np.int64)
    length = np.array([5, 4])
    assert exchange_tails(order, length, 0, 2, 1, 1)
    assert order[0, : length[0]].tolist() == [0, 1, 2, 6, 7, 8]
    assert order[1, : length[1]].tolist() == [5, 3, 4]


def test_tails_too_long_for_a_route_are_not_exchanged():
    order = np.array([[0, 1, 2], [3, 4, 5]], np.int64)
    length = np.array([3, 3])
    assert not exchange_tails(order, length, 0, 2, 1, 0)
    assert order.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_chance_is_the_same_on_every_machine():
    # the first numbers of SplitMix64 from seed 0, as published: 0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4
    chance = draws_from(0)
    assert draw(chance) == (0xE220A8397B1DCDAF >> 11) / 2**53
    assert draw(chance) == (0x6E789E6AA1B965F4 >> 11) / 2**53


def must_day(count):
    """One crew, a line of doors a minute apart, a yuan for each minute until each: all must be visited."""
    node = blank_nodes(count, 4)
    node[:, [LATE_YUAN, MUST]] = 1.0
    node[:, DUE] = 0.0
    far = np.abs(np.arange(count + 1)[:, None] - np.arange(count + 1)[None]).astype(float)
    drive = np.ascontiguousarray(far[None])
    return Day(
        drive, transposed(drive), node, blank_crews([count]), np.zeros((1, count)), setting_row(),
        nearest_nodes(drive, count, 10), np.zeros((count, 1), np.int64),
    )  # fmt: skip


def test_whatever_must_be_visited_is_however_dear_a_latecomer_is_for_all_the_others():
    # a stop at the front delays sixty others: far dearer than the fine begins
    found = search(must_day(60), iterations=3000)
    assert sorted(found.routes[0]) == list(range(60))
    assert found.cost_yuan == pytest.approx(60 * 61 / 2)  # 1 + 2 + … + 60 minutes


def test_what_cannot_all_be_visited_is_said_without_the_fine():
    # room for three of five, each a minute from the next: three are visited, two are missed
    day = must_day(5)
    day.crew[:, CAPACITY] = 3.0
    found = search(day, iterations=500)
    assert len(found.routes[0]) == 3
    assert found.cost_yuan == pytest.approx(1 + 2 + 3)


def test_interrupted_it_gives_the_best_so_far(caplog):
    # the clock is looked at between steps: the tenth look is Ctrl-C
    looks = itertools.count()

    def clock():
        if next(looks) == 10:
            raise KeyboardInterrupt
        return 0.0

    found = search(must_day(20), seconds=60.0, clock=clock)
    assert sorted(found.routes[0]) == list(range(20))
    assert found.iterations > 0
    assert "the best routes so far are kept" in caplog.text


@pytest.mark.parametrize("seconds", [3.0, 40.0])
def test_the_search_ends_when_its_time_is_over(seconds):
    # a clock by which each look takes 7 milliseconds: it stops at the first look past the end
    looks = itertools.count()
    passed = []

    def clock():
        passed.append(next(looks) * 0.007)
        return passed[-1]

    search(must_day(6), seconds=seconds, clock=clock)
    assert seconds <= passed[-1] <= 1.01 * seconds
