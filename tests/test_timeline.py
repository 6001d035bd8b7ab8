"""When visits happen: by hand, minute by minute."""

from __future__ import annotations

import math

import make
import pytest

from dispatch.domain import Route, Shift
from dispatch.timeline import Clock, Visit

FIRST = Visit("c1", "c1/0")
SECOND = Visit("c2", "c2/0")


def timed(responder, cases, visits=(FIRST,), **given):
    clock = Clock(make.problem([responder], cases, **given))
    return clock.route(responder, visits), clock


def test_an_empty_route_stays_at_its_base():
    route, clock = timed(make.responder(), [make.case()], ())
    assert route == Route("r1", (), 0.0)
    assert clock.feasible(make.responder(), route)


def test_drive_search_contact_serve_leave_home():
    case = make.case(places=[make.place(10, search_minutes=4.0)])
    route, _ = timed(make.responder(), [case])
    stop = route.stops[0]
    # 10 out, 4 searching, 10 on site, 10 home
    assert (stop.id, stop.drive_minutes, stop.arrive, stop.wait_minutes) == ("r1:1", 10, 10, 0)
    assert (stop.contact, stop.leave, route.home) == (14, 24, 34)


def test_the_second_visit_starts_from_the_first():
    route, _ = timed(make.responder(), [make.case("c1", 10), make.case("c2", 25)], (FIRST, SECOND))
    # 10 + 10, then 15 on: contact 35, leave 45, home 70
    assert [stop.contact for stop in route.stops] == [10, 35]
    assert route.home == 70


def test_service_depends_on_who_comes():
    case = make.case(service_minutes={"station": 30.0})
    route, _ = timed(make.responder(kind="village"), [case])
    assert route.stops[0].leave == 10


@pytest.mark.parametrize(("start", "free", "arrives"), [(0, 0, 10), (15, 0, 25), (15, 40, 50), (-90, -5, 10)])
def test_nobody_leaves_before_the_shift_begins_or_the_crew_is_free(start, free, arrives):
    route, _ = timed(make.responder(shift=Shift(start, 480), free_at_minutes=free), [make.case()])
    assert route.stops[0].arrive == arrives


def test_who_is_early_waits_for_the_window():
    route, _ = timed(make.responder(), [make.case(window=(30.0, 90.0))])
    assert (route.stops[0].arrive, route.stops[0].wait_minutes, route.stops[0].contact) == (10, 20, 30)


@pytest.mark.parametrize(("closes", "fits"), [(13.0, False), (14.0, True)])
def test_contact_not_arrival_must_fall_in_the_window(closes, fits):
    case = make.case(places=[make.place(10, search_minutes=4.0)], window=(0.0, closes))
    route, clock = timed(make.responder(), [case])
    assert clock.feasible(make.responder(), route) is fits


@pytest.mark.parametrize(
    ("pause", "arrives", "contact", "home"),
    [
        ((4, 24), 30, 30, 50),  # 4 minutes driven, 20 of break, 6 more
        ((10, 24), 10, 24, 44),  # arrives as the break begins: the visit waits
        ((15, 24), 10, 24, 44),  # the visit would be cut in two: it waits
        ((20, 24), 10, 10, 34),  # done in time; the break falls in the drive home
        ((25, 35), 10, 10, 40),
        ((30, 35), 10, 10, 30),  # home when it begins
    ],
)
def test_drives_pause_for_the_break_and_visits_wait_for_its_end(pause, arrives, contact, home):
    route, _ = timed(make.responder(shift=Shift(0, 480, *pause)), [make.case()])
    assert (route.stops[0].arrive, route.stops[0].contact, route.home) == (arrives, contact, home)


def test_a_crew_free_during_its_break_leaves_when_the_break_ends():
    route, _ = timed(make.responder(shift=Shift(0, 480, 5, 25), free_at_minutes=12), [make.case()])
    assert route.stops[0].arrive == 35


@pytest.mark.parametrize(("shift", "fits"), [(29, False), (30, True)])
def test_the_drive_home_counts_against_the_shift(shift, fits):
    # 10 out + 10 on site + 10 home
    crew = make.responder(shift_minutes=shift)
    route, clock = timed(crew, [make.case()])
    assert clock.feasible(crew, route) is fits


def test_a_route_longer_than_agreed_does_not_fit():
    crew = make.responder(max_visits=1)
    route, clock = timed(crew, [make.case("c1"), make.case("c2")], (FIRST, SECOND))
    assert not clock.feasible(crew, route)


@pytest.mark.parametrize("blocked", ["no_road", "no_way_back"])
def test_where_no_road_leads_time_is_endless_and_nothing_fits(blocked):
    crew = make.responder(shift=Shift(0, 480, 5, 25))
    route, clock = timed(crew, [make.case()], **{blocked: ["c1/0"]})
    assert math.isinf(route.home)
    assert not clock.feasible(crew, route)


# --- where a crew starts, fixed stops, and two who meet --------------------------------------


def test_a_crew_starts_where_it_stands_and_goes_home_to_its_base():
    # 18 minutes out: 8 back to the case, 10 on site, 10 home
    route, _ = timed(make.responder(), [make.case()], starts={"r1": 18})
    assert (route.stops[0].drive_minutes, route.stops[0].contact, route.home) == (8, 8, 28)


@pytest.mark.parametrize(("visits", "fits"), [((FIRST,), True), ((FIRST, SECOND), False)])
def test_a_fixed_stop_may_be_late_and_run_over_the_shift_but_nothing_may_follow(visits, fits):
    cases = [make.case("c1", 10, window=(0.0, 5.0)), make.case("c2", 12)]
    crew = make.responder(shift_minutes=20)
    route, clock = timed(crew, cases, visits, heads={"r1": (("c1", "c1/0"),)})
    assert clock.feasible(crew, route) is fits


def test_after_a_late_fixed_stop_others_keep_their_windows():
    cases = [make.case("c1", 10, window=(0.0, 5.0)), make.case("c2", 12, window=(0.0, 22.0))]
    crew = make.responder()
    route, clock = timed(crew, cases, (FIRST, SECOND), heads={"r1": (("c1", "c1/0"),)})
    assert [stop.contact for stop in route.stops] == [10, 22]
    assert clock.feasible(crew, route)


PAIR = frozenset({"village"})


def meeting(crews, cases, visits, **given):
    return Clock(make.problem(crews, cases, **given)).routes(visits)


def test_two_begin_when_the_later_has_arrived_and_each_serves_its_own_minutes():
    case = make.case(
        places=[make.place(10, search_minutes=4.0)],
        partners=PAIR,
        service_minutes={"station": 20.0, "village": 5.0},
    )
    crews = [make.responder(), make.responder("z1", at=7, kind="village")]
    car, cadre = meeting(crews, [case], {"r1": [FIRST], "z1": [FIRST._replace(leads=False)]})
    # the cadre arrives at 3, the car at 10; contact 14; home: car 34 + 10, cadre 19 + 3
    first, second = car.stops[0], cadre.stops[0]
    assert (first.arrive, first.wait_minutes, first.contact, first.leave, car.home) == (10, 0, 14, 34, 44)
    assert (second.arrive, second.wait_minutes, second.contact, second.leave, cadre.home) == (
        3,
        7,
        14,
        19,
        22,
    )
    assert (first.partner_id, second.partner_id, first.leads, second.leads) == ("z1", "r1", True, False)


def test_a_meeting_keeps_clear_of_both_breaks():
    # both there at 10; the car pauses 15-30, so both wait for 30; the cadre pauses 32-45, so for 45
    crews = [
        make.responder(shift=Shift(0, 480, 15, 30)),
        make.responder("z1", kind="village", shift=Shift(0, 480, 32, 45)),
    ]
    routes = meeting(crews, [make.case(partners=PAIR)], {"r1": [FIRST], "z1": [FIRST]})
    assert [route.stops[0].contact for route in routes] == [45, 45]


def test_what_comes_before_a_meeting_delays_the_partner_and_all_it_does_after():
    # r1: c1 (10, leaves 20), then to c2 at 25: 35; z1 waits there from 5 and goes on to c3, 10 further
    cases = [make.case("c1"), make.case("c2", 25, partners=PAIR), make.case("c3", 35)]
    crews = [make.responder(), make.responder("z1", at=20, kind="village")]
    visits = {"r1": [FIRST, SECOND], "z1": [SECOND, Visit("c3", "c3/0")]}
    car, cadre = meeting(crews, cases, visits)
    assert [stop.contact for stop in car.stops] == [10, 35]
    assert [stop.contact for stop in cadre.stops] == [35, 55]  # leaves c2 at 45


def test_two_who_wait_for_each_other_never_begin():
    cases = [make.case("c1", partners=PAIR), make.case("c2", 25, partners=PAIR), make.case("c3", 35)]
    crews = [make.responder(), make.responder("z1", kind="village"), make.responder("r3")]
    visits = {"r1": [FIRST, SECOND], "z1": [SECOND, FIRST], "r3": [Visit("c3", "c3/0")]}
    car, cadre, other = meeting(crews, cases, visits)
    assert all(math.isinf(stop.contact) for stop in (*car.stops, *cadre.stops))
    assert math.isinf(car.home)
    assert other.stops[0].contact == 35


def test_who_comes_alone_is_timed_alone():
    route, _ = meeting([make.responder(), make.responder("z1")], [make.case(partners=PAIR)], {"r1": [FIRST]})
    assert (route.stops[0].contact, route.stops[0].partner_id) == (10, None)
