"""Arrivals as ranges: what is early, what is late, and what a wait absorbs."""

from hypothesis import given
from hypothesis import strategies as st

from dispatch.day.arrivals import contact_ranges
from dispatch.domain import Stop


def stop(arrive, drive, *, wait=0.0, search=0.0, serve=10.0, number=1):
    contact = arrive + wait + search
    return Stop(f"S{number}", "A", "A/1", drive, arrive, wait, search, contact, contact + serve)


def test_drives_spread_and_delays_carry_over():
    # first: 20 of driving, 4 of searching, met at 24, left at 34; second: 10 more of driving, met at 44
    first, second = stop(20, 20, search=4), stop(44, 10, number=2)
    ranges = contact_ranges((first, second), 0.5, 1.5)
    # at best 20 * 0.5 = 10 and somebody opens at once; at worst 30 + twice 4
    assert ranges[0] == (10.0, 38.0)
    # at best 10 + 10 (service) + 5; at worst 38 + 10 + 15
    assert ranges[1] == (25.0, 63.0)


def test_who_waits_is_not_met_earlier():
    # arrives at 20, may not be met before 50
    assert contact_ranges((stop(20, 20, wait=30),), 0.5, 1.5) == ((50.0, 50.0),)


def test_no_stops_have_no_ranges():
    assert contact_ranges((), 0.5, 1.5) == ()


@given(
    st.lists(st.tuples(st.floats(0, 90), st.floats(0, 40), st.floats(0, 20), st.floats(0, 30)), min_size=1, max_size=6),
    st.floats(0.3, 1.0),
    st.floats(1.0, 3.0),
)  # fmt: skip
def test_what_is_planned_lies_in_its_range(legs, early, late):
    stops, free = [], 5.0
    for number, (drive, wait, search, serve) in enumerate(legs):
        one = stop(free + drive, drive, wait=wait, search=search, serve=serve, number=number)
        stops.append(one)
        free = one.leave
    for one, (first, last) in zip(stops, contact_ranges(stops, early, late), strict=True):
        assert first <= one.contact <= last
