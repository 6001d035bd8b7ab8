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
