"""Each code of being left out, by a world made for it."""

from __future__ import annotations

from dataclasses import replace

import make
import pytest
from hypothesis import given

from dispatch.domain import Prices, Shift
from dispatch.explain import left_out_reason
from dispatch.reasons import CATALOGUE, parameters, say
from dispatch.routing import solve

CREW = make.responder()


def why(crews, case, others=(), **given):
    """Code and parameters of `case` under the nearest policy; its sentence must be sayable."""
    day = make.problem(crews, [case, *others], **given)
    plan = solve(day, "nearest")
    reason = next(left.reason for left in plan.left_out if left.case_id == case.id)
    assert say(reason, "zh") != say(reason, "en")
    return reason.code, dict(reason.params)


def test_no_candidate_place():
    assert why([CREW], make.case(places=[])) == ("NO_PLACE", {"detail": "no_candidate"})


def test_no_road_names_the_kind_of_place_not_the_address():
    assert why([CREW], make.case(), no_road=["c1/0"]) == ("UNREACHABLE", {"place": "home"})


def test_no_road_back_is_no_road():
    assert why([CREW], make.case(), no_way_back=["c1/0"])[0] == "UNREACHABLE"


def test_a_closed_road_is_named():
    cut = {"no_road": ["c1/0"], "cut_off": {"c1/0": "G325 K12"}}
    assert why([CREW], make.case(), **cut) == ("CLOSED_ROAD", {"closure": "G325 K12"})


def test_a_skill_nobody_has():
    crews = [make.responder(skills=frozenset({"police"}))]
    assert why(crews, make.case(needs=frozenset({"police", "female"}))) == ("NO_SKILL", {"needs": ["female"]})


def test_skills_nobody_has_together():
    crews = [
        make.responder("a", skills=frozenset({"police"})),
        make.responder("b", skills=frozenset({"female"})),
    ]
    needs = frozenset({"police", "female"})
    assert why(crews, make.case(needs=needs)) == ("NO_SKILL", {"needs": ["female", "police"]})


def test_a_shift_too_short_says_by_how_much():
    # 10 out + 10 on site + 10 home = 30
    crews = [make.responder("r1", shift_minutes=18), make.responder("r2", shift_minutes=24)]
    assert why(crews, make.case()) == ("OUT_OF_SHIFT", {"responder": "crew r2", "minutes": 6})


def test_who_is_off_duty_is_short_of_the_whole_trip():
    assert why([make.responder(status="off")], make.case()) == (
        "OUT_OF_SHIFT",
        {"responder": "crew r1", "minutes": 30},
    )


def test_nobody_answers_for_the_village():
    assert why([make.responder(jurisdiction=frozenset({"t9"}))], make.case())[0] == "OUT_OF_JURISDICTION"
    assert why([CREW], make.case(may_go=frozenset({"village"})))[0] == "OUT_OF_JURISDICTION"
    assert why([CREW], make.case(refused_by=frozenset({"r1"})))[0] == "REFUSED_BEFORE"
    assert why([], make.case())[0] == "OUT_OF_JURISDICTION"


def test_a_strict_wall_keeps_neighbours_out():
    crews = [make.responder(jurisdiction=frozenset(), neighbours=frozenset({"*"}))]
    assert why(crews, make.case(), prices=Prices(strict=True))[0] == "OUT_OF_JURISDICTION"


def test_a_window_missed_says_both_clocks():
    # now is 14:00; the crew is there at 14:10
    assert why([CREW], make.case(window=(0.0, 8.0))) == (
        "WINDOW_MISSED",
        {"window": "14:00–14:08", "earliest": "14:10"},
    )


def test_too_late_to_matter():
    case = make.case(stake_yuan=80.4, safe_minutes_ago=190.0)
    assert why([CREW], case, min_stake_yuan=100.0) == (
        "TOO_LATE_TO_MATTER",
        {"minutes": 190, "stake_yuan": 80},
    )


def test_everyone_is_needed_elsewhere():
    crews = [make.responder(shift_minutes=40)]
    rich = make.case("rich", stake_yuan=1e6)
    assert why(crews, make.case("poor", at=12), [rich]) == (
        "NO_CAPACITY",
        {"responder": "crew r1", "minutes": 12},
    )


def test_a_visit_dearer_than_what_it_saves():
    # 20 minutes at 50 yuan; 600·(e^−0.1 − e^−3.6) = 526.5 saved
    code = why([CREW], make.case(stake_yuan=600.0), prices=Prices(drive_yuan_per_minute=50.0))
    assert code == ("COSTS_MORE_THAN_IT_SAVES", {"price_yuan": 1000, "averted_yuan": 527})


def test_a_dispatcher_said_nobody():
    assert why([CREW], make.case(), pinned={"c1": ""}) == ("PINNED_OUT", {})


def test_a_case_pinned_to_one_crew_is_explained_by_that_crew_alone():
    crews = [make.responder("near"), make.responder("late", shift=Shift(0, 20))]
    assert why(crews, make.case(), pinned={"c1": "late"}) == (
        "OUT_OF_SHIFT",
        {"responder": "crew late", "minutes": 10},
    )


def test_one_unreachable_case_never_empties_the_answer():
    day = make.problem(
        [CREW], [make.case("c1"), make.case("c2"), make.case("c3", places=[])], no_road=["c1/0"]
    )
    for policy in ("nearest", "ortools"):
        plan = solve(day, policy, iterations=3)
        assert plan.visited == {"c2"}
        assert {left.case_id: left.reason.code for left in plan.left_out} == {
            "c1": "UNREACHABLE",
            "c3": "NO_PLACE",
        }


def test_a_visited_case_has_no_reason_to_be_left_out():
    day = make.problem([CREW], [make.case()])
    with pytest.raises(ValueError, match="is visited"):
        left_out_reason(day, solve(day, "nearest"), day.cases[0])


@given(make.days())
def test_everyone_left_out_has_a_whole_reason(day):
    empty = solve(replace(day, pinned={case.id: "" for case in day.cases}), "nearest")
    for case in day.cases:
        reason = left_out_reason(day, empty, case)
        assert reason.code in CATALOGUE
        assert parameters(reason.code) == set(reason.params)
        assert "inf" not in say(reason, "en")
