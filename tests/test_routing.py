"""Policies: every rule kept, nobody forgotten, never below the optimum, never worse than the baseline."""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import replace

import make
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dispatch import routing
from dispatch.domain import Prices, Shift, Told
from dispatch.errors import PlanBroken, SettingsError
from dispatch.improve import Worth, improve, seats
from dispatch.loss import plan_loss
from dispatch.ortools_model import to_ticks
from dispatch.reasons import Reason
from dispatch.routing import POLICIES, Effort, assemble, mend, plan_id, solve
from dispatch.rules import audit, may_visit
from dispatch.timeline import Clock, Visit

LITTLE = Effort(iterations=4)
every_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())


def price(day, plan):
    """Pinned cases forgotten, then yuan: what policies make small."""
    out = {left.case_id for left in plan.left_out}
    reached = sum(bool(day.pinned.get(case.id)) and case.id in out for case in day.cases)
    return reached, plan_loss(day, plan).objective_yuan


# --- any day --------------------------------------------------------------------------------


@every_policy
@given(day=make.days() | make.days(under_way=True))
@settings(max_examples=100)
def test_every_policy_keeps_every_rule_and_forgets_nobody(policy, day):
    plan = policy(day, effort=LITTLE)
    assert audit(day, plan) == []
    seen = sorted([*plan.visited, *(left.case_id for left in plan.left_out)])
    assert seen == sorted(case.id for case in day.cases)


@given(day=make.days() | make.days(under_way=True))
@settings(max_examples=60)
def test_ortools_is_never_worse_than_nearest_and_the_same_every_time(day):
    better, again = (solve(day, "ortools", iterations=4, seed=3) for _ in range(2))
    assert better == again
    missed, yuan = price(day, solve(day, "nearest"))
    assert price(day, better) <= (missed, yuan + 1e-6)


@given(day=make.days(most_responders=2, most_cases=4))
@settings(max_examples=100)
def test_no_policy_beats_the_optimum(day):
    assume(sum(len(case.places) for case in day.cases) <= 5)
    best = optimum(day)
    for name in POLICIES:
        missed, yuan = price(day, solve(day, name, iterations=3))
        assert (missed, yuan + 1e-6) >= best


@given(day=make.days() | make.days(under_way=True))
@settings(max_examples=80)
def test_the_short_sum_of_a_route_is_the_whole_plans_loss(day):
    """What the polish adds up route by route is what `plan_loss` finds for the plan."""
    plan, worth = solve(day, "nearest"), Worth(day)
    routes = {
        route.responder_id: [Visit(s.case_id, s.place_id, s.leads) for s in route.stops]
        for route in plan.routes
    }
    whole = sum(worth.never.values()) + worth.total(routes)[-1]
    assert whole == pytest.approx(plan_loss(day, plan).objective_yuan, abs=0.01)


def optimum(day):
    """The least price of all: every place visited or not, by everyone, in every order (brute force)."""
    clock = Clock(day)
    best = (math.inf, math.inf)
    spots = [(case, place) for case in day.cases for place in case.places]
    able = [
        [None, *(crew for crew in day.responders if may_visit(day, crew, case, place) is None)]
        for case, place in spots
    ]
    for picked in itertools.product(*able):
        teams: dict[str, list[Visit]] = {}
        for (case, place), crew in zip(spots, picked, strict=True):
            if crew is not None:
                teams.setdefault(crew.id, []).append(Visit(case.id, place.id))
        routes = {}
        for crew in day.responders:
            orders = [clock.route(crew, order) for order in itertools.permutations(teams.get(crew.id, ()))]
            fits = [route for route in orders if clock.feasible(crew, route)]
            if not fits:
                break
            routes[crew.id] = min(fits, key=lambda route: alone(day, route))
        else:
            plan = make.plan([routes[crew.id] for crew in day.responders])
            out = [make.LeftOut(case.id, None) for case in day.cases if case.id not in plan.visited]
            best = min(best, price(day, replace(plan, left_out=tuple(out))))
    return best


def teams_for(day, case):
    """Nobody, everyone, or where it takes two every pair, the leader first."""
    crews = [crew.id for crew in day.responders]
    return [(), *(itertools.permutations(crews, 2) if case.partners else ((who,) for who in crews))]


def optimum_under_way(day):
    """The least price of all plans without a breach: every team at every place, in every order (brute force)."""
    best, clock = (math.inf, math.inf), Clock(day)
    spots = [(case, place) for case in day.cases for place in case.places]
    for picked in itertools.product(*(teams_for(day, case) for case, _ in spots)):
        made: dict[str, list[Visit]] = {crew.id: [] for crew in day.responders}
        for (case, place), team in zip(spots, picked, strict=True):
            for who in team:
                made[who].append(Visit(case.id, place.id, who == team[0]))
        for orders in itertools.product(*(itertools.permutations(visits) for visits in made.values())):
            plan = make.plan(clock.routes(dict(zip(made, orders, strict=True))))
            out = [case.id for case in day.cases if case.id not in plan.visited]
            left = tuple(make.LeftOut(case_id, Reason("PINNED_OUT")) for case_id in out)
            plan = replace(plan, left_out=left)
            if price(day, plan) < best and not audit(day, plan):
                best = price(day, plan)
    return best


@given(day=make.days(most_responders=2, most_cases=3, under_way=True))
@settings(max_examples=60)
def test_no_policy_beats_the_optimum_of_a_day_under_way(day):
    assume(sum(len(case.places) for case in day.cases) <= 3)
    best = optimum_under_way(day)
    for name in POLICIES:
        missed, yuan = price(day, solve(day, name, iterations=3))
        assert (missed, yuan + 1e-6) >= best


def alone(day, route):
    return plan_loss(day, make.plan([route])).objective_yuan


@given(make.days(under_way=True), st.data())
@settings(max_examples=60)
def test_any_orders_mended_keep_every_rule_but_the_limit_on_changes(day, data):
    visits = [
        Visit(case.id, place.id, lead)
        for case in day.cases
        for place in case.places
        for lead in (True, False)
    ]
    routes = {
        crew.id: data.draw(st.permutations(visits)) for crew in day.responders if data.draw(st.booleans())
    }
    plan = assemble(day, mend(day, routes), "by hand")
    assert {breach.code for breach in audit(day, plan)} <= {"TOO_MANY_CHANGES"}


# --- by hand --------------------------------------------------------------------------------


@every_policy
@pytest.mark.parametrize(("shift", "visits"), [(29, 0), (30, 1)])
def test_the_drive_home_counts_against_the_shift(policy, shift, visits):
    # 10 out + 10 on site + 10 home
    day = make.problem([make.responder(shift_minutes=shift)], [make.case()])
    assert len(policy(day, effort=LITTLE).routes[0].stops) == visits


@every_policy
def test_nobody_to_send_and_nobody_to_see_are_answers_too(policy):
    assert policy(make.problem(), effort=LITTLE).routes == ()
    assert [left.case_id for left in policy(make.problem([], [make.case()]), effort=LITTLE).left_out] == [
        "c1"
    ]
    assert policy(make.problem([make.responder()]), effort=LITTLE).left_out == ()


@every_policy
def test_a_pinned_case_goes_to_its_crew_though_another_is_nearer(policy):
    crews = [make.responder("near", 9), make.responder("far", 40)]
    day = make.problem(crews, [make.case(stake_yuan=1.0)], pinned={"c1": "far"}, prices=Prices({}, 50.0))
    assert [len(route.stops) for route in policy(day, effort=LITTLE).routes] == [0, 1]


@every_policy
def test_a_fixed_stop_comes_first_though_another_would_save_more(policy):
    cases = [make.case("poor", -10, stake_yuan=100.0), make.case("rich", 10)]
    day = make.problem([make.responder()], cases, heads={"r1": (("poor", "poor/0"),)})
    assert [stop.case_id for stop in policy(day, effort=LITTLE).routes[0].stops] == ["poor", "rich"]


@every_policy
def test_a_crew_is_sent_from_where_it_stands(policy):
    # r2's base is nearer, but r1 is on the road beside the case
    day = make.problem([make.responder(), make.responder("r2", 9)], [make.case(at=20)], starts={"r1": 19})
    assert policy(day, effort=LITTLE).routes[0].stops[0].contact == 1


@every_policy
def test_where_it_takes_two_both_are_sent_and_meet(policy):
    case = make.case(at=10, partners=frozenset({"village"}), may_go=frozenset({"station"}))
    day = make.problem([make.responder(), make.responder("z1", 14, kind="village")], [case])
    car, cadre = policy(day, effort=LITTLE).routes
    assert (car.stops[0].contact, car.stops[0].partner_id, car.stops[0].leads) == (10, "z1", True)
    assert (cadre.stops[0].contact, cadre.stops[0].partner_id, cadre.stops[0].leads) == (10, "r1", False)


@every_policy
def test_a_case_nobody_can_come_along_to_is_left_out_for_that(policy):
    case = make.case(partners=frozenset({"village"}))
    off = make.responder("z1", kind="village", status="off")
    plan = policy(make.problem([make.responder(), off], [case]), effort=LITTLE)
    assert plan.left_out[0].reason == Reason("NO_PARTNER", {"kinds": ["village"]})


@every_policy
@pytest.mark.parametrize(("limit", "first"), [(0, "told"), (1, "new"), (None, "new")])
def test_a_new_case_does_not_delay_what_was_told_beyond_the_limit(policy, limit, first):
    # one crew: 60 minutes to either side; the new one has far more to lose, the other was told minute 60
    cases = [
        make.case("new", 60, stake_yuan=900_000.0),
        make.case("told", -60, stake_yuan=9_000.0, tier="low"),
    ]
    told = {"told": Told("r1", "told/0", 60.0)}
    day = make.problem([make.responder()], cases, told=told, max_changes=limit)
    assert policy(day, effort=LITTLE).routes[0].stops[0].case_id == first


@pytest.mark.parametrize(("yuan", "who"), [(0.0, "r2"), (50_000.0, "r1")])
def test_ortools_tells_people_anew_only_where_that_saves_more_than_it_costs(yuan, who):
    # r2 is there 20 minutes sooner: some 10,000 yuan
    day = make.problem(
        [make.responder(), make.responder("r2", 20)],
        [make.case(at=20, hazard_per_hour=0.6)],
        told={"c1": Told("r1", "c1/0", 20.0)},
        prices=Prices(change_yuan=yuan),
    )
    plan = solve(day, "ortools", iterations=4)
    assert [route.responder_id for route in plan.routes if route.stops] == [who]


@pytest.mark.parametrize(("yuan", "visits"), [(0.0, [2, 0]), (20_000.0, [1, 1])])
def test_ortools_shares_the_load_where_balance_has_a_price(yuan, visits):
    # r1 beside both cases; r2 comes 20 minutes later than r1 would: some 1,000 yuan less
    cases = [make.case("c1", 0, hazard_per_hour=0.6), make.case("c2", 0, hazard_per_hour=0.6)]
    day = make.problem([make.responder(), make.responder("r2", 30)], cases, prices=Prices(balance_yuan=yuan))
    plan = solve(day, "ortools", iterations=4)
    assert [len(route.stops) for route in plan.routes] == visits


def test_nearest_takes_the_high_tier_first_and_ortools_the_money():
    # one crew, two cases 60 minutes to either side: the second is reached after 130 more minutes
    cases = [
        make.case("tier", 60, tier="critical", stake_yuan=10_000.0),
        make.case("money", -60, tier="low", stake_yuan=900_000.0),
    ]
    day = make.problem([make.responder()], cases)
    first, better = (
        solve(day, name, iterations=4).routes[0].stops[0].case_id for name in ("nearest", "ortools")
    )
    assert (first, better) == ("tier", "money")


def test_ortools_crosses_over_where_the_nearest_would_tie_itself_up():
    # nearest: r1 to c1 in 9 minutes, which leaves r2, 30 minutes away, to c2
    # better: r2 to c1 in 11, r1 to c2 in 10; moving one visit alone gains nothing
    hour = {"station": 60.0}
    cases = [
        make.case("c1", 19, stake_yuan=61_000.0, service_minutes=hour),
        make.case("c2", 0, service_minutes=hour),
    ]
    day = make.problem([make.responder("r1", 10), make.responder("r2", 30)], cases)
    plain, better = (solve(day, name, iterations=4) for name in ("nearest", "ortools"))
    assert [[stop.case_id for stop in route.stops] for route in plain.routes] == [["c1"], ["c2"]]
    assert [[stop.case_id for stop in route.stops] for route in better.routes] == [["c2"], ["c1"]]


def test_ortools_drops_a_poor_case_for_a_rich_one():
    crews = [make.responder(shift_minutes=30)]
    cases = [make.case("poor", -10, tier="critical", stake_yuan=500.0), make.case("rich", 10, tier="low")]
    plan = solve(make.problem(crews, cases), "ortools", iterations=4)
    assert plan.visited == {"rich"}
    assert plan.left_out[0].reason.code == "NO_CAPACITY"


def test_breaks_windows_and_neighbours_prices_pass_through_the_model():
    prices = Prices({"station": 3_000.0}, drive_yuan_per_minute=2.0)
    crews = [
        make.responder("own", 0, shift=Shift(0, 200, 12, 40)),
        make.responder("alien", 5, jurisdiction=frozenset(), neighbours=frozenset({"k1"})),
    ]
    cases = [make.case(f"c{n}", 8 * n, window=(0.0, 100.0 + n)) for n in range(1, 7)]
    day = make.problem(crews, cases, prices=prices)
    plan = solve(day, "ortools", iterations=6)
    assert audit(day, plan) == []
    assert len(plan.visited) == 6
    assert price(day, plan) <= price(day, solve(day, "nearest"))


def test_a_short_day_of_many_cases_loses_far_less_than_nearest_within_the_seconds_given():
    day = make.big_day(cases=60, crews=8, counties=1, towns=8)
    begun = time.monotonic()
    plan = solve(day, "ortools", seconds=2.0)
    assert time.monotonic() - begun < 3.0
    assert audit(day, plan) == []
    assert price(day, plan)[1] < 0.93 * price(day, solve(day, "nearest"))[1]


# --- the door -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"policy": "magic"}, "policy 'magic' is unknown; choose one of nearest, ortools"),
        ({"seconds": 0.0}, "--seconds is 0.0"),
        ({"seconds": math.nan}, "--seconds is nan"),
        ({"iterations": 0}, "--iterations is 0"),
    ],
)
def test_a_wrong_setting_is_refused_in_a_sentence(given, said):
    with pytest.raises(SettingsError, match=said.replace(".", r"\.")):
        solve(make.problem(), **given)


def test_a_plan_that_breaks_a_rule_is_thrown_away(monkeypatch):
    def careless(problem, **_):
        return replace(assemble(problem, {}, "careless"), left_out=())

    monkeypatch.setitem(POLICIES, "careless", careless)
    with pytest.raises(PlanBroken, match="case c1 is neither visited nor left out"):
        solve(make.problem([make.responder()], [make.case()]), "careless")


@pytest.mark.parametrize("found", [{}, {"r1": [Visit("c2", "c2/0"), Visit("c1", "c1/0")]}])
def test_an_answer_worse_than_nearest_is_not_taken(monkeypatch, found):
    monkeypatch.setattr("dispatch.ortools_model.solve_orders", lambda *_, **__: found)
    monkeypatch.setattr(routing, "improve", lambda _, routes, __, **___: routes)
    day = make.problem([make.responder()], [make.case("c1", 10), make.case("c2", 90)])
    assert price(day, solve(day, "ortools")) == price(day, solve(day, "nearest"))


def test_a_start_becomes_the_parent_and_is_never_lost():
    day = make.big_day(cases=30, crews=5, counties=1, towns=5)
    start = solve(day, "ortools", iterations=3)
    plan = solve(day, "ortools", iterations=1, start=start)
    assert plan.parent == start.id
    assert price(day, plan) <= price(day, start)


def test_a_start_of_another_day_is_mended():
    day = make.problem([make.responder()], [make.case("c1"), make.case("c2", 20)])
    odd = {
        "r1": [
            Visit("gone", "gone/0"),
            Visit("c1", "c1/0"),
            Visit("c1", "c1/0"),
            Visit("c2", "c1/0"),
            Visit("c2", "c2/0"),
        ],
        "r9": [Visit("c2", "c2/0")],
    }
    assert mend(day, odd) == {"r1": [Visit("c1", "c1/0"), Visit("c2", "c2/0")]}
    # 10 out, 10 there, 10 on, 10 there, 20 home: too long for 45 minutes, the farther one goes
    short = replace(day, responders=(make.responder(shift_minutes=45),))
    assert mend(short, odd) == {"r1": [Visit("c1", "c1/0")]}


def test_a_plans_id_is_its_content():
    day = make.problem([make.responder()], [make.case("c1"), make.case("c2", 20)])
    one, two = (assemble(day, {"r1": [Visit(f"c{n}", f"c{n}/0")]}, "x") for n in (1, 2))
    assert one.id == plan_id(one) == assemble(day, {"r1": [Visit("c1", "c1/0")]}, "x").id
    assert len({one.id, two.id, assemble(day, {"r1": [Visit("c1", "c1/0")]}, "x", seed=1).id}) == 3


def test_minutes_become_tenths_and_no_way_is_beyond_every_shift():
    assert to_ticks([0.0, 1.26, math.inf]).tolist() == [0, 13, 10**7]
    assert to_ticks(np.float64(2.5)) == 25


def test_the_polish_inserts_moves_and_drops():
    cases = [make.case("near", 5), make.case("far", 6), make.case("poor", 200, stake_yuan=300.0)]
    crews = [make.responder("r1", 4), make.responder("r2", 300)]
    day = make.problem(crews, cases, prices=Prices(drive_yuan_per_minute=10.0))
    wrong = {
        "r2": [Visit("far", "far/0"), Visit("poor", "poor/0")]
    }  # the nearest waits; poor costs 2,000 yuan of driving
    assert improve(day, wrong, seats(day, 4)) == {"r1": [Visit("near", "near/0"), Visit("far", "far/0")]}
    assert improve(day, wrong, seats(day, 4), go_on=lambda: False) == wrong
