"""Who may go, and an audit that catches each way a plan can be wrong."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import make
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.carry_on import carried_on, changes_allowed
from dispatch.domain import LeftOut, Prices, Route, Shift, Told
from dispatch.reasons import Reason, say
from dispatch.routing import assemble
from dispatch.rules import RULES, audit, may_accompany, may_visit
from dispatch.timeline import Visit

CREW = make.responder()


def codes(day, plan):
    return {breach.code for breach in audit(day, plan)}


def asked(crew, case, **given):
    reason = may_visit(make.problem([crew], [case], **given), crew, case, case.places[0])
    return reason and reason.code


# --- who may go -----------------------------------------------------------------------------


def test_a_free_crew_of_the_right_kind_skill_and_town_may_go():
    crew = make.responder(skills=frozenset({"police", "hakka"}))
    assert asked(crew, make.case(needs=frozenset({"police"}), may_go=frozenset({"station"}))) is None


@pytest.mark.parametrize(
    ("crew", "case", "given", "code"),
    [
        ({}, {}, {"pinned": {"c1": ""}}, "PINNED_OUT"),
        ({}, {}, {"pinned": {"c1": "r7"}}, "PINNED_ELSEWHERE"),
        ({}, {"stake_yuan": 9.0}, {"min_stake_yuan": 10.0}, "TOO_LATE_TO_MATTER"),
        ({}, {"stake_yuan": 9.0}, {"min_stake_yuan": 10.0, "pinned": {"c1": "r1"}}, None),
        ({}, {"refused_by": frozenset({"r1"})}, {}, "REFUSED_BEFORE"),
        ({"kind": "village"}, {"may_go": frozenset({"station"})}, {}, "OUT_OF_JURISDICTION"),
        ({"jurisdiction": frozenset({"t9"})}, {}, {}, "OUT_OF_JURISDICTION"),
        ({"jurisdiction": frozenset(), "neighbours": frozenset({"k1"})}, {}, {}, None),
        ({"jurisdiction": frozenset(), "neighbours": frozenset({"*"})}, {}, {}, None),
        (
            {"jurisdiction": frozenset(), "neighbours": frozenset({"*"})},
            {},
            {"prices": Prices(strict=True)},
            "OUT_OF_JURISDICTION",
        ),
        ({}, {"needs": frozenset({"female"})}, {}, "NO_SKILL"),
        ({}, {}, {"no_road": ["c1/0"]}, "UNREACHABLE"),
        ({}, {}, {"no_road": ["c1/0"], "cut_off": {"c1/0": "bridge"}}, "CLOSED_ROAD"),
        ({"status": "off"}, {}, {}, "OUT_OF_SHIFT"),
        ({"status": "busy", "free_at_minutes": 30.0}, {}, {}, None),
    ],
)
def test_the_first_reason_against_a_visit(crew, case, given, code):
    assert asked(make.responder(**crew), make.case(**case), **given) == code


# --- the audit ------------------------------------------------------------------------------

TWO = [make.case("c1", 10), make.case("c2", 25), make.case("c3", places=[])]


def good(crews=(CREW,), cases=TWO, visits=(Visit("c1", "c1/0"), Visit("c2", "c2/0")), **given):
    """A day and a plan of it by hand: these visits to the first crew, timed rightly, whatever the rules say."""
    day = make.problem(crews, cases, **given)
    return day, assemble(day, {crews[0].id: list(visits)}, "by hand")


def with_stop(plan, number, **changes):
    """The plan with one stop of the first route altered."""
    stops = list(plan.routes[0].stops)
    stops[number] = replace(stops[number], **changes)
    return replace(plan, routes=(replace(plan.routes[0], stops=tuple(stops)), *plan.routes[1:]))


def test_a_right_plan_has_no_breach():
    assert audit(*good()) == []


def test_an_empty_day_has_an_empty_plan():
    assert audit(make.problem(), make.plan()) == []


@pytest.mark.parametrize(
    ("what", "by"),
    [
        ("drive_minutes", -1),
        ("arrive", -5),
        ("wait_minutes", 2),
        ("search_minutes", 1),
        ("contact", -3),
        ("leave", -4),
    ],
)
def test_every_moment_of_a_stop_is_recomputed(what, by):
    day, plan = good()
    value = getattr(plan.routes[0].stops[1], what)
    assert "TIMES_WRONG" in codes(day, with_stop(plan, 1, **{what: value + by}))
    assert "TIMES_WRONG" in codes(day, with_stop(plan, 1, **{what: math.nan}))


def test_a_return_that_is_not_true_is_found():
    day, plan = good()
    early = replace(plan.routes[0], home=plan.routes[0].home - 1)
    assert codes(day, replace(plan, routes=(early,))) == {"TIMES_WRONG"}


def test_an_order_swapped_by_hand_is_found():
    day, plan = good()
    swapped = replace(plan.routes[0], stops=plan.routes[0].stops[::-1])
    assert "TIMES_WRONG" in codes(day, replace(plan, routes=(swapped,)))


def test_a_case_forgotten_is_found():
    day, plan = good()
    assert codes(day, replace(plan, left_out=())) == {"FORGOTTEN"}


def test_a_case_both_visited_and_left_out_is_found():
    day, plan = good()
    both = LeftOut("c1", Reason("PINNED_OUT"))
    assert codes(day, replace(plan, left_out=(*plan.left_out, both))) == {"BOTH_WAYS"}


def test_a_case_left_out_twice_or_unknown_is_found():
    day, plan = good()
    extra = (plan.left_out[0], LeftOut("ghost", Reason("PINNED_OUT")))
    assert codes(day, replace(plan, left_out=(*plan.left_out, *extra))) == {
        "LEFT_OUT_TWICE",
        "LEFT_OUT_UNKNOWN",
    }


@pytest.mark.parametrize("reason", [Reason("NO_SUCH_CODE"), Reason("NO_CAPACITY", {"minutes": 3})])
def test_a_reason_that_cannot_be_said_is_found(reason):
    day, plan = good()
    assert codes(day, replace(plan, left_out=(LeftOut("c3", reason),))) == {"UNEXPLAINED"}


def test_a_place_visited_twice_is_found():
    assert codes(*good(visits=[Visit("c1", "c1/0"), Visit("c2", "c2/0"), Visit("c1", "c1/0")])) == {
        "VISITED_TWICE"
    }


def test_two_places_of_one_case_are_no_breach():
    case = make.case("c1", places=[make.place(10, probability=0.5), make.place(20, probability=0.5)])
    assert audit(*good(cases=[case], visits=[Visit("c1", "c1/0"), Visit("c1", "c1/1")])) == []


@pytest.mark.parametrize("changes", [{"case_id": "ghost"}, {"place_id": "nowhere"}, {"place_id": "c2/0"}])
def test_a_stop_that_is_nowhere_is_found(changes):
    day, plan = good()
    assert "UNKNOWN_STOP" in codes(day, with_stop(plan, 0, **changes))


def test_two_stops_of_one_name_are_found():
    day, plan = good()
    assert codes(day, with_stop(plan, 1, id="r1:1")) == {"REPEATED_STOP"}


@pytest.mark.parametrize("routes", [(), (Route("r2"), Route("r1")), (Route("r1"), Route("r1"))])
def test_a_route_missing_swapped_or_doubled_is_found(routes):
    day = make.problem([CREW, make.responder("r2")], [])
    assert codes(day, make.plan(routes)) == {"ROUTES_MISMATCH"}


def test_a_crew_home_after_its_shift_is_found():
    # contacts 10 and 35, leaves 45, home 70
    assert codes(*good([make.responder(shift_minutes=69)])) == {"OVER_SHIFT"}
    assert audit(*good([make.responder(shift_minutes=70)])) == []


def test_a_false_return_does_not_hide_a_long_shift():
    day, plan = good([make.responder(shift_minutes=69)])
    assert "OVER_SHIFT" in codes(day, replace(plan, routes=(replace(plan.routes[0], home=60.0),)))


def test_leaving_before_the_crew_can_is_found():
    _, plan = good()
    day, _ = good([make.responder(free_at_minutes=5.0)])
    assert codes(day, plan) == {"TOO_EARLY", "TIMES_WRONG"}


def test_a_visit_through_the_break_is_found():
    _, plan = good()
    day, _ = good([make.responder(shift=Shift(0, 480, 15, 17))])
    assert codes(day, plan) == {"BREAK_BROKEN", "TIMES_WRONG"}


@pytest.mark.parametrize("window", [(0.0, 34.0), (0.0, 20.0)])
def test_a_contact_after_the_window_is_found(window):
    cases = [TWO[0], replace(TWO[1], window=window), TWO[2]]
    assert codes(*good(cases=cases)) == {"WINDOW_BROKEN"}


def test_a_contact_before_the_window_is_found():
    _, plan = good()
    day, _ = good(cases=[TWO[0], replace(TWO[1], window=(40.0, 90.0)), TWO[2]])
    assert codes(day, plan) == {"WINDOW_BROKEN", "TIMES_WRONG"}


@pytest.mark.parametrize(
    ("crew", "case", "given", "code"),
    [
        ({"max_visits": 1}, {}, {}, "TOO_MANY_VISITS"),
        ({"status": "off"}, {}, {}, "OFF_DUTY"),
        ({"kind": "town"}, {"may_go": frozenset({"station"})}, {}, "WRONG_KIND"),
        ({}, {"needs": frozenset({"police"})}, {}, "LACKS_SKILL"),
        ({}, {"refused_by": frozenset({"r1"})}, {}, "REFUSED_BEFORE"),
        ({"jurisdiction": frozenset({"t9"})}, {}, {}, "OUTSIDE_JURISDICTION"),
        ({}, {}, {"pinned": {"c1": ""}}, "PIN_BROKEN"),
        ({}, {}, {"pinned": {"c1": "r9"}}, "PIN_BROKEN"),
        ({}, {"stake_yuan": 5.0}, {"min_stake_yuan": 10.0}, "TOO_LITTLE_LEFT"),
        ({}, {}, {"no_road": ["c1/0"]}, "NO_ROAD"),
        ({}, {}, {"no_way_back": ["c2/0"]}, "NO_ROAD"),
    ],
)
def test_who_may_not_go_is_found(crew, case, given, code):
    cases = [make.case("c1", 10, **case), TWO[1], TWO[2]]
    found = codes(*good([make.responder(**crew)], cases, **given))
    assert code in found
    assert found <= {code, "OVER_SHIFT"}  # an endless way is also too long


def test_a_breach_is_its_sentence_and_can_be_said_in_chinese():
    breach = audit(*good([make.responder(max_visits=1)]))[0]
    assert breach == "r1 has 2 visits, at most 1"
    assert say(breach.reason, "zh") == "r1 安排 2 次，上限 1"
    assert pickle.loads(pickle.dumps(breach)).reason == breach.reason


def test_every_rule_says_in_one_sentence_what_it_keeps():
    for rule in RULES:
        assert rule.__doc__
        assert rule.__doc__.strip().endswith(".")


# --- fixed stops -----------------------------------------------------------------------------

HEAD = {"r1": (("c1", "c1/0"),)}


def test_fixed_stops_come_first_and_in_their_order():
    assert audit(*good(heads=HEAD)) == []
    assert codes(*good(heads=HEAD, visits=[Visit("c2", "c2/0"), Visit("c1", "c1/0")])) == {"HEAD_CHANGED"}
    assert codes(*good(heads=HEAD, visits=[Visit("c2", "c2/0")])) == {"HEAD_CHANGED"}
    assert codes(*good(heads=HEAD, visits=[])) == {"HEAD_CHANGED"}


@pytest.mark.parametrize(
    ("crew", "case", "given"),
    [
        ({"shift_minutes": 25.0}, {}, {}),
        ({}, {"window": (0.0, 5.0)}, {}),
        ({"max_visits": 0}, {}, {}),
        ({"status": "off"}, {}, {}),
        ({"kind": "town"}, {"may_go": frozenset({"station"})}, {}),
        ({}, {"needs": frozenset({"police"})}, {}),
        ({"jurisdiction": frozenset({"t9"})}, {}, {}),
        ({}, {"stake_yuan": 5.0}, {"min_stake_yuan": 10.0}),
    ],
)
def test_a_fixed_stop_is_a_fact_and_no_breach(crew, case, given):
    crews = [make.responder(**crew)]
    cases = [make.case("c1", 10, **case), make.case("c2", places=[])]
    assert audit(*good(crews, cases, [Visit("c1", "c1/0")], heads=HEAD, **given)) == []
    assert codes(*good(crews, cases, [Visit("c1", "c1/0")], **given)) != set()


@pytest.mark.parametrize(
    ("crew", "case", "code"),
    [
        ({"shift_minutes": 65.0}, {}, "OVER_SHIFT"),  # home 30 after the fixed stop, 70 after both
        ({}, {"window": (0.0, 30.0)}, "WINDOW_BROKEN"),
        ({"max_visits": 1}, {}, "TOO_MANY_VISITS"),
        ({"status": "off"}, {}, "OFF_DUTY"),
        ({}, {"may_go": frozenset({"village"})}, "WRONG_KIND"),
    ],
)
def test_what_follows_a_fixed_stop_keeps_every_rule(crew, case, code):
    cases = [TWO[0], make.case("c2", 25, **case), TWO[2]]
    assert codes(*good([make.responder(**crew)], cases, heads=HEAD)) == {code}


@pytest.mark.parametrize(
    ("heads", "given", "said"),
    [
        ({"r9": (("c1", "c1/0"),)}, {}, "unknown responder: r9"),
        ({"r1": (("c1", "c2/0"),)}, {}, "no place of case c1"),
        (HEAD, {"pinned": {"c1": "r2"}}, "pinned to r2"),
        (HEAD, {"pinned": {"c1": ""}}, "pinned to nobody"),
        (HEAD, {"no_road": ["c1/0"]}, "no road leads r1"),
        (HEAD, {"no_way_back": ["c1/0"]}, "no road leads r1 home"),
        ({"r1": (("c1", "c1/0"), ("c1", "c1/0"))}, {}, "it takes one"),
        (HEAD | {"r2": (("c1", "c1/0"),)}, {}, "it takes one"),
        ({"r1": (("c3", "c3/0"),)}, {}, "it takes two"),
        ({"r1": (("c3", "c3/0"),), "r2": (("c3", "c3/0"),)}, {}, "none of a kind that may come along"),
        (
            {"r1": (("c3", "c3/0"), ("c4", "c4/0")), "z1": (("c4", "c4/0"), ("c3", "c3/0"))},
            {},
            "wait for each other",
        ),
    ],
)
def test_fixed_stops_nobody_could_drive_are_refused_at_birth(heads, given, said):
    crews = [CREW, make.responder("r2"), make.responder("z1", kind="village")]
    pair = {"partners": frozenset({"village"})}
    cases = [*TWO[:2], make.case("c3", 30, **pair), make.case("c4", 31, **pair)]
    with pytest.raises(ValueError, match=said):
        make.problem(crews, cases, heads=heads, **given)


# --- two at once -----------------------------------------------------------------------------

TEAM = (CREW, make.responder("z1", kind="village"), make.responder("r2"))
JOINT = make.case("c1", 10, partners=frozenset({"village"}), may_go=frozenset({"station"}))
LEADS, ALONG = Visit("c1", "c1/0"), Visit("c1", "c1/0", leads=False)


def pair(visits, cases=(JOINT,), crews=TEAM, **given):
    day = make.problem(crews, cases, **given)
    return day, assemble(day, visits, "by hand")


def test_an_officer_who_leads_and_a_cadre_who_comes_along_are_no_breach():
    assert audit(*pair({"r1": [LEADS], "z1": [ALONG]})) == []


def test_the_needs_and_the_pin_are_those_of_who_leads():
    needy = replace(JOINT, needs=frozenset({"police"}))
    crews = (make.responder(skills=frozenset({"police"})), *TEAM[1:])
    assert audit(*pair({"r1": [LEADS], "z1": [ALONG]}, [needy], crews, pinned={"c1": "r1"})) == []
    assert codes(*pair({"r1": [LEADS], "z1": [ALONG]}, [needy])) == {"LACKS_SKILL"}
    assert codes(*pair({"r1": [LEADS], "z1": [ALONG]}, pinned={"c1": "r2"})) == {"PIN_BROKEN"}


@pytest.mark.parametrize(
    ("visits", "fault"),
    [
        ({"r1": [LEADS]}, "it takes two, one comes alone"),
        ({"r1": [LEADS], "z1": [ALONG], "r2": [ALONG]}, "it takes two, more come"),
        ({"r1": [LEADS, ALONG]}, "both are the same responder"),
        ({"r1": [LEADS], "z1": [LEADS]}, "one of the two must lead"),
        ({"r1": [ALONG], "z1": [ALONG]}, "one of the two must lead"),
        ({"r1": [LEADS], "r2": [ALONG]}, "not of a kind that may"),
    ],
)
def test_where_two_are_needed_two_come_together(visits, fault):
    found = [breach for breach in audit(*pair(visits)) if breach.code == "PARTNER_MISSING"]
    assert len(found) == 1
    assert fault in found[0]


def test_two_who_do_not_name_each_other_are_found():
    day, plan = pair({"r1": [LEADS], "z1": [ALONG]})
    assert "do not name each other" in audit(day, with_stop(plan, 0, partner_id="r2"))[0]


def test_a_companion_nobody_asked_for_is_found():
    assert codes(*pair({"r1": [ALONG]}, [make.case("c1", 10)])) == {"PARTNER_MISSING"}


def test_a_meeting_begun_before_the_later_has_arrived_is_found():
    far = (CREW, make.responder("z1", at=40, kind="village"), TEAM[2])
    day, plan = pair({"r1": [LEADS], "z1": [ALONG]}, crews=far)
    assert plan.routes[0].stops[0].contact == 30
    assert codes(day, with_stop(plan, 0, wait_minutes=0.0, contact=10.0, leave=20.0)) == {"TIMES_WRONG"}


def test_each_place_of_such_a_case_takes_both():
    case = replace(JOINT, places=(make.place(10, id="c1/0"), make.place(20, id="c1/1")))
    both = [LEADS, Visit("c1", "c1/1")]
    assert codes(*pair({"r1": both, "z1": [ALONG]}, [case])) == {"PARTNER_MISSING"}
    along = [visit._replace(leads=False) for visit in both]
    assert audit(*pair({"r1": both, "z1": along}, [case])) == []


def test_two_who_wait_for_each_other_are_found():
    cases = [JOINT, replace(JOINT, id="c2", places=(make.place(20, id="c2/0"),))]
    there, then = Visit("c2", "c2/0"), Visit("c2", "c2/0", leads=False)
    found = codes(*pair({"r1": [LEADS, there], "z1": [then, ALONG]}, cases))
    assert "PARTNER_DEADLOCK" in found
    assert "TIMES_WRONG" not in found


@pytest.mark.parametrize(
    ("crew", "given", "code"),
    [
        ({"kind": "village"}, {}, None),
        ({"kind": "village", "skills": frozenset()}, {"pinned": {"c1": "r1"}}, None),
        ({"kind": "town"}, {}, "NO_PARTNER"),
        ({"kind": "village"}, {"pinned": {"c1": ""}}, "PINNED_OUT"),
        ({"kind": "village"}, {"min_stake_yuan": 1e9}, "TOO_LATE_TO_MATTER"),
        ({"kind": "village", "jurisdiction": frozenset()}, {}, "OUT_OF_JURISDICTION"),
        ({"kind": "village", "status": "off"}, {}, "OUT_OF_SHIFT"),
        ({"kind": "village"}, {"no_road": ["c1/0"]}, "UNREACHABLE"),
    ],
)
def test_who_may_come_along(crew, given, code):
    second = make.responder("z1", **crew)
    case = replace(JOINT, needs=frozenset({"police"}))
    reason = may_accompany(make.problem([second], [case], **given), second, case, case.places[0])
    assert (reason and reason.code) == code


# --- what people were told -------------------------------------------------------------------

TOLD = {"c1": Told("r1", "c1/0", 10.0), "c2": Told("r1", "c2/0", 35.0)}


@pytest.mark.parametrize(("limit", "found"), [(0, {"TOO_MANY_CHANGES"}), (1, set()), (None, set())])
def test_no_more_cases_change_than_allowed(limit, found):
    # c1 as told, c2 not any more
    assert codes(*good(visits=[Visit("c1", "c1/0")], told=TOLD, max_changes=limit)) == found


def test_what_nobody_can_keep_does_not_make_a_plan_impossible():
    # r1 is off: both must change, whatever the limit; with r1 late by 20 minutes, both move
    for crew in (make.responder(status="off"), make.responder(free_at_minutes=20.0)):
        day, plan = good([crew], visits=[], told=TOLD, max_changes=0)
        assert changes_allowed(day) == 2
        assert audit(day, plan) == []


def test_carrying_on_skips_what_no_longer_fits_and_keeps_the_rest():
    # the shift ends at 40: c1 and home is 30, c2 as well would be 70
    day, _ = good([make.responder(shift_minutes=40)], told=TOLD, max_changes=0)
    assert [stop.case_id for stop in carried_on(day).routes[0].stops] == ["c1"]
    assert changes_allowed(day) == 1


def test_carrying_on_begins_with_the_fixed_stops():
    day, _ = good(told=TOLD, max_changes=0, heads={"r1": (("c2", "c2/0"),)})
    # c2 first: contact 25, ten minutes sooner than told; then back to c1: 35 + 15 = 50, told 10
    assert [stop.case_id for stop in carried_on(day).routes[0].stops] == ["c2", "c1"]
    assert changes_allowed(day) == 1


def test_carrying_on_takes_a_pair_as_it_was_told():
    told = {"c1": Told("r1", "c1/0", 10.0, "z1")}
    day, _ = pair({}, told=told, max_changes=0)
    assert [(stop.partner_id, stop.leads) for route in carried_on(day).routes for stop in route.stops] == [
        ("z1", True),
        ("r1", False),
    ]
    assert changes_allowed(day) == 0
    assert changes_allowed(pair({}, told={"c1": Told("r1", "c1/0", 10.0)}, max_changes=0)[0]) == 1


@given(make.days(under_way=True))
def test_carrying_on_keeps_every_rule(day):
    plan = carried_on(day)
    visited = plan.visited
    out = tuple(LeftOut(case.id, Reason("PINNED_OUT")) for case in day.cases if case.id not in visited)
    assert audit(day, replace(plan, left_out=out)) == []


@given(make.days(under_way=True), st.data())
def test_timeline_and_audit_compute_the_same_moments(day, data):
    """Any visits at all, feasible or not: two arithmetics, one time."""
    visits = [Visit(case.id, place.id) for case in day.cases for place in case.places]
    routes = {
        crew.id: data.draw(st.permutations(visits)) for crew in day.responders if data.draw(st.booleans())
    }
    assert "TIMES_WRONG" not in codes(day, assemble(day, routes, "by hand"))
