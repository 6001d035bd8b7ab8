"""One case at a time, and all responders at once."""

from __future__ import annotations

import math
import time

import make
import numpy as np
import pytest
from hypothesis import given

from dispatch.carry_on import fixed_visits
from dispatch.domain import Prices, Shift, Told
from dispatch.loss import neighbour_yuan
from dispatch.routing import solve
from dispatch.rules import may_accompany, may_visit
from dispatch.sending import Roster, State, averts_most, companions, in_order, nearest, offers
from dispatch.timeline import Clock, Visit


def sent(day, rule=nearest):
    return rule(day, State.start(day), day.cases[0])


def test_the_soonest_is_sent():
    offer = sent(make.problem([make.responder("far", 40), make.responder("near", 12)], [make.case(at=10)]))
    assert (offer.responder_id, offer.drive_minutes, offer.contact, offer.leave) == ("near", 2, 2, 12)


def test_soonest_counts_when_a_crew_is_free_not_only_where_it_is():
    crews = [make.responder("near", 8, free_at_minutes=30.0), make.responder("far", 25)]
    assert sent(make.problem(crews, [make.case(at=10)])).responder_id == "far"


def test_a_motorcycle_is_timed_as_one():
    crews = [make.responder("bike", 2, profile="motorcycle"), make.responder("car", 0)]
    # 8 minutes by car are 12 on this motorcycle
    assert sent(make.problem(crews, [make.case(at=10)])).responder_id == "car"


def test_a_visit_that_costs_more_than_it_saves_is_not_made():
    day = make.problem(
        [make.responder()], [make.case(stake_yuan=100.0)], prices=Prices(drive_yuan_per_minute=9.0)
    )
    # 20 minutes at 9 yuan against at most 100 yuan
    assert sent(day) is None
    assert sent(day, averts_most) is None


def test_a_pinned_crew_goes_at_any_cost_and_nobody_else_does():
    crews = [make.responder("near", 10), make.responder("far", 60)]
    prices = Prices(drive_yuan_per_minute=99.0)
    day = make.problem(crews, [make.case(stake_yuan=1.0)], prices=prices, pinned={"c1": "far"})
    assert sent(day).responder_id == "far"


def test_pinned_out_means_nobody():
    assert sent(make.problem([make.responder()], [make.case()], pinned={"c1": ""})) is None


def test_the_place_that_averts_most_is_gone_to():
    # 0.3 at the door against 0.6 twenty minutes off, losing about 1 % a minute
    case = make.case(places=[make.place(0, probability=0.3), make.place(20, probability=0.6)])
    assert sent(make.problem([make.responder()], [case])).place_id == "c1/1"


def test_averts_most_may_prefer_the_cheaper_crew_to_the_sooner():
    crews = [
        make.responder("alien", 10, jurisdiction=frozenset(), neighbours=frozenset({"*"})),
        make.responder("own", 12),
    ]
    day = make.problem(crews, [make.case(at=10)], prices=Prices({"station": 5_000.0}))
    assert sent(day).responder_id == "alien"
    assert sent(day, averts_most).responder_id == "own"


def test_after_a_visit_a_crew_starts_from_there():
    day = make.problem([make.responder()], [make.case("c1", 30), make.case("c2", 32)])
    state = State.start(day)
    after = state.after(nearest(day, state, day.cases[0]))
    offer = nearest(day, after, day.cases[1])
    # leaves c1 at 40, two minutes on
    assert (offer.drive_minutes, offer.contact) == (2, 42)
    assert state.visits.tolist() == [0]  # the old state is untouched


def test_tier_goes_before_money_and_money_before_the_name():
    cases = [
        make.case("low", tier="low", stake_yuan=9e6),
        make.case("b", stake_yuan=10.0),
        make.case("a", stake_yuan=10.0),
        make.case("rich", stake_yuan=20.0),
        make.case("pinned", tier="low", stake_yuan=1.0),
    ]
    day = make.problem([make.responder()], cases, pinned={"pinned": "r1"})
    assert [case.id for case in in_order(day)] == ["pinned", "rich", "a", "b", "low"]


@given(make.days())
def test_all_at_once_says_what_each_alone_says(day):
    """Rules, timeline and prices, each responder one by one, are the oracle of the columns."""
    roster, clock = Roster.of(day), Clock(day)
    state = State.start(day, roster)
    for case in day.cases:
        for place in case.places:
            found = offers(state, case, place)
            for row, crew in enumerate(day.responders):
                route = clock.route(crew, [Visit(case.id, place.id)])
                stop, reason = route.stops[0], may_visit(day, crew, case, place)
                road = math.isfinite(stop.drive_minutes) and math.isfinite(route.home)
                assert (found.allowed[row] and road) == (reason is None)
                assert found.possible[row] == (reason is None and clock.feasible(crew, route))
                assert roster.neighbour_yuan(place)[row] == neighbour_yuan(day, crew, place)
                if road:
                    assert found.contact[row] == pytest.approx(stop.contact)
                    assert found.over_shift[row] == pytest.approx(route.home - crew.shift.end)


@given(make.days(most_responders=3, most_cases=4, under_way=True))
def test_every_second_at_once_says_what_each_pair_alone_says(day):
    """The joint clock, the rules and the prices are the oracle of the columns, after fixed stops too."""
    clock, state, begun = Clock(day), State.start(day), fixed_visits(day)
    fixed = {place_id for head in day.heads.values() for _, place_id in head}
    spots = [(case, place) for case in day.cases if case.partners for place in case.places]
    for case, place in spots:
        if place.id in fixed:
            continue
        for lead, first in enumerate(day.responders):
            found = companions(state, case, place, lead)
            for row, second in enumerate(day.responders):
                if row == lead:
                    assert not found.possible[row]
                    continue
                visit = Visit(case.id, place.id)
                both = {
                    first.id: [*begun.get(first.id, ()), visit],
                    second.id: [*begun.get(second.id, ()), visit._replace(leads=False)],
                }
                routes = {route.responder_id: route for route in clock.routes(begun | both)}
                able = may_accompany(day, second, case, place) is None
                goes = [clock.feasible(one, routes[one.id]) for one in (first, second)]
                road = all(math.isfinite(routes[one.id].home) for one in (first, second))
                if road:
                    assert found.contact[row] == pytest.approx(routes[second.id].stops[-1].contact)
                    assert found.leave[row] == pytest.approx(routes[second.id].stops[-1].leave)
                assert not (found.possible[row] and not all(goes))
                assert found.possible[row] or not (able and all(goes))


def test_the_nearest_pair_is_an_officer_and_whoever_can_be_there_first_with_them():
    case = make.case(at=10, partners=frozenset({"village"}), may_go=frozenset({"station"}))
    crews = [
        make.responder("car", 4),
        make.responder("far", 40, kind="village"),
        make.responder("bike", 0, kind="village", profile="motorcycle"),
    ]
    offer = sent(make.problem(crews, [case]))
    # the car is there at 6, the motorcycle at 15 (10 minutes by car): contact 15, both leave at 25
    assert (offer.responder_id, offer.partner_id, offer.arrive, offer.contact) == ("car", "bike", 6, 15)
    assert (offer.leave, offer.partner_leave) == (25, 25)


def test_nobody_goes_alone_where_it_takes_two():
    case = make.case(partners=frozenset({"village"}))
    assert sent(make.problem([make.responder(), make.responder("r2")], [case])) is None


def test_after_a_pair_both_are_there():
    case = make.case(
        at=10, partners=frozenset({"village"}), service_minutes={"station": 30.0, "village": 5.0}
    )
    day = make.problem([make.responder(), make.responder("z1", kind="village")], [case])
    after = State.start(day).after(nearest(day, State.start(day), case))
    assert (after.free.tolist(), after.visits.tolist()) == ([40, 15], [1, 1])


def test_who_has_fixed_stops_is_offered_from_their_end():
    cases = [make.case("c1", 30), make.case("c2", 32)]
    day = make.problem([make.responder()], cases, heads={"r1": (("c1", "c1/0"),)})
    offer = nearest(day, State.start(day), cases[1])
    assert (offer.drive_minutes, offer.contact) == (2, 42)


def test_one_more_visit_and_a_change_have_their_price_when_somebody_is_sent():
    prices = Prices(balance_yuan=100.0, change_yuan=700.0)
    told = {"c1": Told("r2", "c1/0", 17.0)}
    day = make.problem([make.responder(), make.responder("r2", 12)], [make.case()], prices=prices, told=told)
    state = State.start(day)
    found = offers(state, day.cases[0], day.cases[0].places[0])
    assert found.cost_yuan.tolist() == [0.0, -700.0]  # r2 comes 15 minutes sooner than told: kept
    busy = state.after(nearest(day, state, day.cases[0]))
    again = offers(busy, day.cases[0], day.cases[0].places[0])
    assert again.cost_yuan.tolist() == [0.0, -600.0]  # its second visit, at 12, still as told


def test_a_thousand_crews_and_three_hundred_cases_take_under_two_seconds():
    day = make.big_day(cases=300, crews=60, cadres=1_440)
    begun = time.process_time()
    plan = solve(day, "nearest")
    assert time.process_time() - begun < 2.0
    assert len(plan.visited) + len(plan.left_out) == 300


def test_an_endless_shift_and_an_unreachable_place_make_no_noise():
    crew = make.responder(shift=Shift(0, math.inf))
    day = make.problem([crew], [make.case()], no_road=["c1/0"], prices=Prices(drive_yuan_per_minute=1.0))
    found = offers(State.start(day), day.cases[0], day.cases[0].places[0])
    assert not found.possible.any()
    assert not np.isnan(found.over_shift).any()
