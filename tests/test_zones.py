"""Zone by zone: nobody lost, every rule kept, and no boundary made worse."""

import math
from dataclasses import replace

import make
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import routing
from dispatch.domain import Prices, Told
from dispatch.errors import SettingsError
from dispatch.loss import plan_loss
from dispatch.rules import audit
from dispatch.timeline import Visit
from dispatch.zones import Zoning, by_county, part_of, solve_by_zone, solve_zones
from dispatch.zones.boundary import Ground, Standing, Wish, rounds, together, wishes

TOLERANCE_YUAN = 0.01


@st.composite
def zoned_days(draw):
    """Any day, cut anyhow into at most three zones."""
    day = draw(make.days(most_responders=5, most_cases=9))
    zone = st.sampled_from("abc")
    return day, Zoning(
        {case.id: draw(zone) for case in day.cases}, {one.id: draw(zone) for one in day.responders}
    )


@settings(max_examples=60)
@given(zoned=zoned_days())
def test_no_case_is_lost_and_every_rule_is_kept_however_the_day_is_cut(zoned):
    day, zoning = zoned
    found = solve_by_zone(day, zoning, iterations=5, processes=1)
    assert audit(day, found.plan) == []
    seen = sorted([*found.plan.visited, *(left.case_id for left in found.plan.left_out)])
    assert seen == sorted(case.id for case in day.cases)


@settings(max_examples=60)
@given(zoned=zoned_days())
def test_what_the_boundaries_saved_is_what_the_whole_plan_shows(zoned):
    day, zoning = zoned
    found = solve_by_zone(day, zoning, iterations=5, processes=1)
    assert found.saved_yuan >= 0
    whole = plan_loss(day, found.plan).objective_yuan
    assert whole == pytest.approx(found.zones_yuan - found.saved_yuan, abs=TOLERANCE_YUAN)


def two_towns(**given):
    """Town k1 at 0 with a crew, town k2 at 40 with a crew; a case of k1 beside k2's crew, and one of each at home."""
    far = make.place(38.0, county="k1", township="t1", village=None)
    cases = [
        make.case("edge", places=[far], stake_yuan=90_000.0, hazard_per_hour=2.0),
        make.case("home1", at=1.0),
        make.case("home2", places=[make.place(42.0, county="k2", township="t2", village=None)]),
    ]
    crews = [
        make.responder("r1", 0.0, jurisdiction=frozenset({"t1"}), neighbours=frozenset({"k2"})),
        make.responder("r2", 40.0, jurisdiction=frozenset({"t2"}), neighbours=frozenset({"k1"})),
    ]
    return make.problem(crews, cases, **given)


def test_a_case_beside_the_neighbours_crew_is_handed_over():
    day = two_towns(prices=Prices({"station": 100.0}))
    alone = solve_by_zone(day, Zoning(*by_county_of(day)), iterations=200, processes=1)
    assert {stop.case_id for stop in alone.plan.routes[1].stops} == {"edge", "home2"}
    assert (alone.zones, alone.boundaries, alone.boundaries_better, alone.crossings) == (2, 1, 1, 1)
    assert alone.saved_yuan > 1_000


def by_county_of(day):
    zoning = by_county(day)
    return zoning.of_case, zoning.of_responder


@pytest.mark.parametrize(
    "given",
    [
        {"prices": Prices({"station": 100.0}, strict=True)},
        {"prices": Prices({"station": 1e6})},
        {"pinned": {"edge": "r1"}},
    ],
    ids=["jurisdiction is a wall", "a neighbour is too dear", "pinned"],
)
def test_a_case_stays_where_a_rule_or_a_price_says_so(given):
    day = two_towns(**given)
    found = solve_by_zone(day, iterations=200, processes=1)
    assert found.crossings == 0
    assert "edge" in {stop.case_id for stop in found.plan.routes[0].stops}


def test_a_visit_under_way_is_finished_and_what_follows_may_be_handed_over():
    # r1 is on its way to k2's door: its own case at home is met sooner by r2, after home2
    found = solve_by_zone(two_towns(heads={"r1": (("edge", "edge/0"),)}), iterations=200, processes=1)
    assert [[stop.case_id for stop in route.stops] for route in found.plan.routes] == [
        ["edge"],
        ["home2", "home1"],
    ]
    assert found.crossings == 1


def test_one_zone_is_the_plain_search():
    day = make.big_day(cases=30, crews=5, cadres=5, counties=1)
    zoned = solve_by_zone(day, iterations=10, seed=4, processes=1)
    plain = routing.solve(day, "search", iterations=10 * 30, seed=4)
    assert zoned.zones == 1
    assert zoned.plan.routes == plain.routes


def test_boundaries_help_a_day_of_five_counties():
    day = make.big_day(cases=120, crews=12, cadres=10, counties=5, towns=4)
    found = solve_by_zone(day, iterations=20, processes=1)
    assert found.zones == 5
    assert found.crossings > 0
    assert found.saved_yuan > 0.005 * found.zones_yuan
    assert audit(day, found.plan) == []


@pytest.mark.slow
def test_the_plan_does_not_depend_on_how_many_processes_made_it():
    day = make.big_day(cases=40, crews=6, cadres=4, counties=3, towns=3)
    one, two = (solve_by_zone(day, iterations=10, seed=2, processes=count) for count in (1, 2))
    assert one.plan == two.plan


def test_parts_measured_when_needed_are_planned_like_the_whole():
    day = make.big_day(cases=40, crews=6, counties=3, towns=3)
    asked = []

    def measure(cases, responders):
        asked.append(len(cases))
        return part_of(day, cases, responders)

    zoning = by_county(day)
    found = solve_zones(day.cases, day.responders, zoning, measure, iterations=10, processes=1)
    assert max(asked) < len(day.cases)
    whole = solve_by_zone(day, zoning, iterations=10, processes=1)
    assert found.plan.routes == whole.plan.routes
    assert found.plan.visited | {left.case_id for left in found.plan.left_out} == {
        case.id for case in day.cases
    }


@pytest.mark.parametrize("limit", [{"seconds": 0}, {"seconds": -1.0}, {"iterations": 0}])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(SettingsError, match="above 0"):
        solve_by_zone(make.problem(), processes=1, **limit)


def test_a_day_without_anything_is_planned():
    found = solve_by_zone(make.problem(), iterations=1, processes=1)
    assert (found.plan.routes, found.zones) == ((), 0)


# --- who belongs where ----------------------------------------------------------------------


def test_responders_belong_to_the_county_they_answer_for_or_else_to_the_nearest():
    day = two_towns()
    stray = make.responder("r3", 41.0, jurisdiction=frozenset())
    day = make.problem([*day.responders, stray], day.cases)
    zoning = by_county(day)
    assert zoning.of_case == {"edge": "k1", "home1": "k1", "home2": "k2"}
    assert zoning.of_responder == {"r1": "k1", "r2": "k2", "r3": "k2"}


def test_a_case_is_where_its_person_most_likely_is_and_the_nearest_county_serves_the_unknown():
    places = [
        make.place(1.0, probability=0.3, county="k1"),
        make.place(40.0, probability=0.6, county="k2", township="t2", village=None),
    ]
    lost = make.place(3.0, county=None, township=None, village=None)
    zoning = by_county(make.problem([], [make.case("c1", places=places), make.case("c2", places=[lost])]))
    assert zoning.of_case == {"c1": "k2", "c2": "k1"}


def test_what_is_somebodys_already_is_in_that_ones_zone():
    day = two_towns(told={"home1": Told("r2", "home1/0", 60.0)}, pinned={"edge": "r2"})
    assert by_county(day).of_case == {"edge": "k2", "home1": "k2", "home2": "k2"}
    day = two_towns(heads={"r1": (("home2", "home2/0"),)})
    assert by_county(day).of_case["home2"] == "k1"


def test_crews_whose_fixed_stops_meet_share_a_zone():
    day = two_towns()
    both = replace(day.cases[1], partners=frozenset({"station"}))
    head = ((both.id, both.places[0].id),)
    day = make.problem(day.responders, [day.cases[0], both, day.cases[2]], heads={"r1": head, "r2": head})
    zoning = by_county(day)
    assert len({*zoning.of_case.values(), *zoning.of_responder.values()}) == 1


def test_a_part_keeps_minutes_and_rules_of_its_own_and_no_others():
    day = two_towns(
        pinned={"edge": "r2", "home1": ""}, told={"home2": Told("r2", "home2/0", 5.0)}, max_changes=3
    )
    part = part_of(day, [day.cases[2], day.cases[0]], [day.responders[1]])
    crew = part.responders[0]
    for origin, target in [(None, "edge/0"), ("edge/0", "home2/0"), ("home2/0", None)]:
        assert part.drive_minutes(crew, origin, target) == day.drive_minutes(crew, origin, target)
    assert part.travel["car"].between.shape == (2, 2)
    assert part.pinned == {"edge": "r2"}
    assert (set(part.told), part.max_changes) == ({"home2"}, 3)
    without = part_of(day, [day.cases[0]], [day.responders[0]])
    assert (dict(without.told), without.max_changes) == ({}, 0)


# --- along the boundary ---------------------------------------------------------------------


def ground_of(day):
    return Ground(
        {case.id: case for case in day.cases},
        {one.id: one for one in day.responders},
        by_county(day),
        day.prices,
        day.horizon_minutes,
    )


def standing_of(day, visits):
    return Standing.of(
        {route.responder_id: route for route in routing.assemble(day, visits, "by hand").routes}
    )


def test_a_wish_is_for_another_zones_case_that_could_be_met_sooner():
    day = two_towns(prices=Prices({"station": 100.0}))
    late = standing_of(day, {"r1": [Visit("home1", "home1/0"), Visit("edge", "edge/0")]})
    found = wishes(ground_of(day), late)
    assert list(found) == [("k1", "k2")]
    assert found["k1", "k2"][0].case_id == "edge"
    assert found["k1", "k2"][0].responder_id == "r2"
    met = standing_of(
        day, {"r2": [Visit("edge", "edge/0"), Visit("home2", "home2/0")], "r1": [Visit("home1", "home1/0")]}
    )
    assert all(wish.case_id != "edge" for listed in wishes(ground_of(day), met).values() for wish in listed)


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 9), st.integers(0, 9))
        .filter(lambda p: p[0] < p[1])
        .map(lambda p: (f"z{p[0]}", f"z{p[1]}")),
        st.lists(st.integers(1, 9).map(lambda yuan: Wish("c", "r", float(yuan))), min_size=1, max_size=3),
    )
)
def test_every_boundary_has_one_turn_and_no_zone_two_at_once(found):
    planned = rounds(found)
    assert sorted(pair for pairs in planned for pair in pairs) == sorted(found)
    for pairs in planned:
        zones = [zone for pair in pairs for zone in pair]
        assert len(zones) == len(set(zones))


def test_whole_routes_are_planned_together_up_to_a_size():
    day = two_towns()
    standing = standing_of(
        day, {"r1": [Visit("home1", "home1/0"), Visit("edge", "edge/0")], "r2": [Visit("home2", "home2/0")]}
    )
    listed = [Wish("edge", "r2", 5.0)]
    # r1 brings two visits, r2 one, and the wish is one more at most
    cases, crew = together(ground_of(day), standing, ("k1", "k2"), listed, 4)
    assert ({case.id for case in cases}, {one.id for one in crew}) == (
        {"edge", "home1", "home2"},
        {"r1", "r2"},
    )
    assert together(ground_of(day), standing, ("k1", "k2"), listed, 3) is None


def test_a_crew_with_a_partner_in_a_third_zone_stays_out_and_one_at_hand_comes_along():
    day = two_towns()
    shared = day.cases[0].places[0]

    def stops(partner):
        routes = standing_of(day, {"r1": [Visit("edge", shared.id)]}).routes
        stop = replace(routes["r1"].stops[0], partner_id=partner)
        other = replace(
            routes["r1"], responder_id=partner, stops=(replace(stop, partner_id="r1", leads=False),)
        )
        return Standing.of(routes | {"r1": replace(routes["r1"], stops=(stop,)), partner: other})

    third = make.responder("r3", 5.0)
    day = make.problem([*day.responders, third], day.cases)
    ground, listed = ground_of(day), [Wish("home1", "r1", 5.0), Wish("home2", "r2", 5.0)]
    elsewhere = replace(
        ground, zoning=Zoning(ground.zoning.of_case, ground.zoning.of_responder | {"r3": "k3"})
    )
    _, crew = together(elsewhere, stops("r3"), ("k1", "k2"), listed, 99)
    assert {one.id for one in crew} == {"r2"}
    _, crew = together(ground, stops("r3"), ("k1", "k2"), listed, 99)
    assert {one.id for one in crew} == {"r1", "r2", "r3"}


def test_a_place_others_visit_is_not_planned_twice():
    places = [make.place(36.0, probability=0.5), make.place(1.0, probability=0.4)]
    day = two_towns()
    crews = [*day.responders, make.responder("r4", 2.0)]
    day = make.problem(crews, [make.case("two", places=places), *day.cases[1:]])
    standing = standing_of(day, {"r1": [Visit("two", "two/0")], "r4": [Visit("home1", "home1/0")]})
    standing = replace(standing, crews_at=dict(standing.crews_at) | {"two/1": ("r4",)})
    found = together(replace(ground_of(day)), standing, ("k1", "k2"), [Wish("home2", "r1", 5.0)], 99)
    cases, _ = found
    assert [place.id for case in cases if case.id == "two" for place in case.places] == ["two/0"]
    assert math.isclose(sum(place.probability for place in places), 0.9)
