"""What giving a visit to somebody else costs: exact for the routes involved, never below the truth."""

from __future__ import annotations

import math
from dataclasses import replace

import make
import pytest
from hypothesis import given, settings

from dispatch.domain import Prices, Told
from dispatch.explain.choices import choices, first_visits, timed
from dispatch.explain.obvious import why_not_the_obvious
from dispatch.explain.seating import Seating
from dispatch.explain.standing import Standing, orders_of
from dispatch.loss import plan_loss
from dispatch.reasons import say
from dispatch.routing import assemble, solve
from dispatch.rules import audit

FREE = Prices()


def objective(problem, routes):
    return plan_loss(problem, assemble(problem, routes, "by hand")).objective_yuan


def priced(day, case_id="c1"):
    """The choices for the first visit of a case under the nearest policy, by responder id."""
    plan = solve(day, "nearest")
    planned = first_visits(day, plan)[case_id]
    return {one.responder_id: one for one in choices(day, plan, planned)}


# --- by hand -----------------------------------------------------------------------------------


def test_the_one_sent_costs_nothing_and_the_farther_one_what_it_comes_later():
    # 10 and 25 minutes away: L(t) = 60,000 (1 - e^(-0.01 t)); L(25) - L(10) = 60,000 (e^-0.1 - e^-0.25) = 7,562.2
    near, far = make.responder("near", at=0), make.responder("far", at=35)
    found = priced(make.problem([near, far], [make.case(at=10)], prices=FREE))
    assert found["near"].price_yuan == 0
    assert found["far"].price_yuan == pytest.approx(60_000 * (math.exp(-0.1) - math.exp(-0.25)))
    assert found["far"].price_yuan == pytest.approx(7_562.2, abs=0.1)
    assert (found["far"].soonest_minutes, found["far"].arrive_minutes) == (25, 25)


def test_a_price_counts_those_who_wait_longer_for_it():
    # r2 (at 100) goes to c2 at 110: contact 10. Given c1 (at 90) too, c1 first: 10 there + 10 on site + 20 = c2 at 40;
    # c2 first: contact c1 at 10 + 10 + 20 = 40. Alike, so c1 at 40 instead of 30 from r1, whose route goes: r1 at 60.
    day = make.problem(
        [make.responder("r1", at=60), make.responder("r2", at=100)],
        [make.case("c1", at=90), make.case("c2", at=110)],
        prices=FREE,
        pinned={"c1": "r1"},
    )
    plan = solve(day, "nearest")
    free = replace(day, pinned={})
    found = {one.responder_id: one for one in choices(free, plan, first_visits(free, plan)["c1"])}
    late = 60_000 * (math.exp(-0.3) - math.exp(-0.4))
    assert found["r2"].price_yuan == pytest.approx(late)


def test_a_full_day_makes_room_by_passing_a_visit_on():
    # r1 may make one visit, c1 at 0; giving it c2 as well pushes c1 out to r2, who has nothing to do after c2 is taken
    day = make.problem(
        [make.responder("r1", at=0, max_visits=1), make.responder("r2", at=50)],
        [make.case("c1", at=5), make.case("c2", at=20, stake_yuan=30_000.0)],
        prices=FREE,
    )
    found = priced(day, "c2")
    assert found["r1"].pushed_out == "c1"
    assert found["r1"].pushed_to == "r2"
    # c1 now after 45 minutes instead of 5, c2 after 20 instead of 30
    loss = 60_000 * (math.exp(-0.05) - math.exp(-0.45)) - 30_000 * (math.exp(-0.2) - math.exp(-0.3))
    assert found["r1"].price_yuan == pytest.approx(loss)


def test_who_has_no_room_has_no_price():
    short = make.responder("short", at=30, shift_minutes=40)  # 20 out, 10 there, 20 back: 50 minutes
    found = priced(make.problem([make.responder("r1"), short], [make.case(at=10)], prices=FREE))
    assert found["short"].price_yuan is None
    assert found["short"].soonest_minutes == math.inf


def test_where_the_nearest_is_busy_with_more_the_sentence_says_what_sending_it_would_cost():
    # near is at 0: the large case c2 at -5 takes it; c1 at 5 waits for far, who stands at 40
    day = make.problem(
        [make.responder("near", at=0, max_visits=1), make.responder("far", at=40)],
        [make.case("c1", at=5, stake_yuan=20_000.0), make.case("c2", at=-5, stake_yuan=900_000.0)],
        prices=FREE,
    )
    plan = solve(day, "search", iterations=500)
    why = why_not_the_obvious(day, plan)["c1"]
    assert (why.sent_id, why.nearest.responder_id, why.sent_minutes) == ("far", "near", 35)
    assert why.reason.code == "INSTEAD_PASSES_ON"
    gain = 20_000 * (math.exp(-0.05) - math.exp(-0.35))
    harm = 900_000 * (math.exp(-0.05) - math.exp(-0.45))
    assert why.price_yuan == pytest.approx(harm - gain)
    assert f"{harm - gain:,.0f} 元" in say(why.reason, "zh")
    assert why.brief.params == {
        "which": "nearest_one",
        "responder": "crew near",
        "minutes": 5,
        "yuan": round(harm - gain),
    }
    assert "c2" not in why_not_the_obvious(day, plan)


def test_the_responsible_one_is_named_where_a_stranger_is_nearer():
    own = make.responder("own", at=40, jurisdiction=frozenset({"t1"}))
    stranger = make.responder("stranger", at=0, jurisdiction=frozenset({"t2"}), neighbours=frozenset({"*"}))
    day = make.problem([own, stranger], [make.case(at=10)], prices=FREE)
    why = why_not_the_obvious(day, solve(day, "nearest"))["c1"]
    assert why.nearest is None
    assert why.responsible.responder_id == "own"
    assert why.reason.params["which"] == "responsible_one"
    assert "辖区责任力量" in say(why.reason, "zh")


def test_a_visit_under_way_is_not_asked_about():
    day = make.problem(
        [make.responder("near"), make.responder("far", at=60)],
        [make.case(at=10)],
        heads={"far": (("c1", "c1/0"),)},
    )
    assert why_not_the_obvious(day, solve(day, "nearest")) == {}


# --- any day -----------------------------------------------------------------------------------


@given(make.days(under_way=True))
@settings(max_examples=60)
def test_every_price_is_what_the_two_whole_plans_differ_by(day):
    plan = solve(day, "nearest")
    standing = Standing.of(day, plan)
    now = objective(day, orders_of(plan))
    for planned in first_visits(day, plan).values():
        bare = standing.with_routes(standing.without(planned.place.id))
        for one in day.responders:
            seat = Seating(bare).best(planned.case, planned.place, one)
            if seat is None:
                continue
            after = objective(day, {**bare.routes, **seat.routes})
            assert seat.more_yuan == pytest.approx(
                after - objective(day, bare.routes), abs=1e-6 * (1 + abs(now))
            )


@given(make.days(under_way=True))
@settings(max_examples=60)
def test_every_seat_priced_is_a_plan_that_passes_the_audit(day):
    plan = solve(day, "nearest")
    standing = Standing.of(day, plan)
    for planned in first_visits(day, plan).values():
        if (planned.case.id, planned.place.id) in day.heads.get(planned.responder.id, ()):
            continue
        bare = standing.with_routes(standing.without(planned.place.id))
        for one in day.responders:
            seat = Seating(bare).best(planned.case, planned.place, one)
            if seat is not None:
                tried = assemble(day, {**bare.routes, **seat.routes}, "by hand")
                broken = [breach for breach in audit(day, tried) if breach.code != "TOO_MANY_CHANGES"]
                assert broken == []
                assert timed(bare, seat)[one.id] == next(r for r in tried.routes if r.responder_id == one.id)


@given(make.days())
@settings(max_examples=60)
def test_what_people_were_told_counts_in_the_price(day):
    plan = solve(day, "nearest")
    told = {
        stop.case_id: Told(route.responder_id, stop.place_id, stop.contact)
        for route in plan.routes
        for stop in route.stops
    }
    kept = replace(day, told=told, prices=replace(day.prices, change_yuan=1_000.0))
    for planned in first_visits(day, plan).values():
        before = {one.responder_id: one for one in choices(day, plan, planned)}
        for one in choices(kept, plan, planned):
            if one.price_yuan is not None and not one.sent:
                assert one.price_yuan >= before[one.responder_id].price_yuan + 1_000.0 - 1e-6
