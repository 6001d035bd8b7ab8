"""One case explained: exact prices by brute force, what stops everyone, what it would take, how late it may be."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import make
import pytest
from doors import run_dispatch
from hypothesis import given, settings

from dispatch.domain import Prices, Route
from dispatch.eligible import may_visit
from dispatch.errors import BadInput
from dispatch.explain.bars import ORDER, bars, groups
from dispatch.explain.choices import choices, first_visits
from dispatch.explain.exact import Solving, exact_prices, visit_apart
from dispatch.explain.explained import explain
from dispatch.explain.lifts import CHANGES, TOGETHER, lifts
from dispatch.explain.sensitivity import GUESSES, sensitivity
from dispatch.explain.slack import slack_of
from dispatch.explain.standing import Standing, orders_of
from dispatch.explain.words import LABELS, RULES, as_json, lines
from dispatch.loss import plan_loss
from dispatch.planfile import PlanFile, write_plan
from dispatch.reasons import CATALOGUE, parameters
from dispatch.routing import assemble, solve
from dispatch.rules import audit
from dispatch.timeline import Visit

FREE = Prices()
STEPS = Solving(iterations=400)


def left_out(day, case_id, policy="nearest"):
    plan = solve(day, policy, iterations=300)
    case = next(one for one in day.cases if one.id == case_id)
    return plan, case, Standing.of(day, plan)


def what_it_takes(day, case_id="c1"):
    _, case, standing = left_out(day, case_id)
    return {one.kinds: one for one in lifts(day, standing, case)}


def barred(day, case_id="c1"):
    _, case, standing = left_out(day, case_id)
    return {bar.responder_id: bar.reason.code for bar in bars(standing, case)}


# --- the exact price ---------------------------------------------------------------------------


def least(day, case_id=None, sent=None):
    """The least objective of all plans that keep every rule, by trying them all; None if there is none.

    With `case_id` of those in which `sent` visits it. Nobody goes where no road leads home from, though an
    audit would let him drive on from there.
    """
    crew = {one.id: one for one in day.responders}
    visits = [Visit(case.id, place.id) for case in day.cases for place in case.places]
    spots = {place.id: (case, place) for case in day.cases for place in case.places}
    may = [
        [None, *(who for who, one in crew.items() if may_visit(day, one, *spots[visit.place_id]) is None)]
        for visit in visits
    ]
    best = None
    for goes in itertools.product(*may):
        pairs = list(zip(visits, goes, strict=True))
        if case_id is not None and not any(one.case_id == case_id and to == sent for one, to in pairs):
            continue
        own = {who: [one for one, to in pairs if to == who] for who in crew}
        for orders in itertools.product(*(itertools.permutations(own[who]) for who in crew)):
            plan = assemble(day, dict(zip(crew, orders, strict=True)), "by hand")
            if not audit(day, plan):
                yuan = plan_loss(day, plan).objective_yuan
                best = yuan if best is None or yuan < best else best
    return best


def nobody_yuan(day):
    return plan_loss(day, assemble(day, {}, "nobody")).nobody_yuan


@given(make.days(most_responders=2, most_cases=2))
@settings(max_examples=30)
def test_the_exact_price_is_what_brute_force_finds_and_insertion_is_never_below_it(day):
    day = replace(day, pinned={})
    if sum(len(case.places) for case in day.cases) > 4:
        return
    plan = solve(day, "search", iterations=400)
    now = plan_loss(day, plan).objective_yuan
    for planned in first_visits(day, plan).values():
        apart, alone = visit_apart(day, planned)
        whole, listed = least(apart), choices(day, plan, planned)
        # a case taken apart counts twice where nobody goes; that is the same for every plan
        twice = nobody_yuan(apart) - nobody_yuan(day)
        for one in exact_prices(day, plan, planned, listed, solving=STEPS):
            truth = least(apart, alone.case.id, one.responder_id)
            if one.exact_yuan is None:
                assert truth is None
            else:
                assert one.exact_yuan == pytest.approx(truth - whole, abs=0.01)
            if one.price_yuan is not None:
                assert now + twice + one.price_yuan >= truth - 0.01


def test_solving_again_finds_what_insertion_alone_does_not():
    # c1 and c2 lie at 10 and 12 on one side, c3 and c4 on the other. Giving c1 to the other crew alone would leave
    # c2 to the first; solved again they trade sides.
    day = make.problem(
        [make.responder("r1", at=0), make.responder("r2", at=0)],
        [
            make.case("c1", at=20),
            make.case("c2", at=22),
            make.case("c3", at=-20),
            make.case("c4", at=-22),
        ],
        prices=FREE,
    )
    plan = assemble(
        day,
        {"r1": [Visit("c1", "c1/0"), Visit("c2", "c2/0")], "r2": [Visit("c3", "c3/0"), Visit("c4", "c4/0")]},
        "by hand",
    )
    planned = first_visits(day, plan)["c1"]
    solved = exact_prices(day, plan, planned, choices(day, plan, planned), solving=STEPS)
    other = next(one for one in solved if one.responder_id == "r2")
    assert other.price_yuan > 1_000
    assert other.exact_yuan == pytest.approx(0, abs=0.01)  # the crews are alike: they change places


# --- what stops everyone -----------------------------------------------------------------------


def test_each_responder_is_stopped_by_its_own_rule():
    day = make.problem(
        [
            make.responder("off", status="off"),
            make.responder("cadre", kind="village"),
            make.responder("stranger", jurisdiction=frozenset({"t9"})),
            make.responder("short", shift_minutes=29, skills=frozenset({"police"})),  # 10 + 10 + 10
            make.responder("unable"),
            make.responder("late", at=-20, skills=frozenset({"police"})),
            make.responder("done", max_visits=0, skills=frozenset({"police"})),
        ],
        [
            make.case(
                at=10,
                needs=frozenset({"police"}),
                may_go=frozenset({"station"}),
                window=(0.0, 25.0),
            )
        ],
    )
    day = replace(
        day,
        responders=tuple(
            replace(one, skills=frozenset({"police"})) if one.id == "off" else one for one in day.responders
        ),
    )
    assert barred(day) == {
        "off": "OFF_DUTY",
        "cadre": "WRONG_KIND",
        "stranger": "OUTSIDE_JURISDICTION",
        "short": "OVER_SHIFT",
        "unable": "LACKS_SKILL",
        "late": "WINDOW_BROKEN",
        "done": "TOO_MANY_VISITS",
    }


def test_who_is_needed_elsewhere_and_who_has_no_room_left():
    # 40 minutes: 10 out, 10 there, 10 back for the rich one; the poor one 2 minutes on does not fit beside it
    full = make.problem(
        [make.responder(shift_minutes=40)],
        [make.case("c1", at=12, stake_yuan=1_000.0), make.case("rich", stake_yuan=1e6)],
    )
    assert barred(full) == {"r1": "NO_ROOM"}
    # with time for both, one visit agreed
    one = make.problem(
        [make.responder(max_visits=1)],
        [make.case("c1", at=12, stake_yuan=1_000.0), make.case("rich", stake_yuan=1e6)],
    )
    assert barred(one) == {"r1": "TOO_MANY_VISITS"}


def test_a_visit_that_costs_others_more_says_both_sums():
    # 20 minutes of driving at 50 yuan; 600 (e^-0.1 - e^-3.6) = 526 saved
    day = make.problem(
        [make.responder()], [make.case(stake_yuan=600.0)], prices=Prices(drive_yuan_per_minute=50.0)
    )
    _, case, standing = left_out(day, "c1")
    (bar,) = bars(standing, case)
    assert (bar.reason.code, dict(bar.reason.params)) == (
        "COSTS_MORE_THAN_IT_SAVES",
        {"price_yuan": 1000, "averted_yuan": 527},
    )


def test_a_plan_that_could_be_better_is_said_to_be():
    day = make.problem([make.responder()], [make.case()])
    plan = assemble(day, {}, "nobody goes")
    (bar,) = bars(Standing.of(day, plan), day.cases[0])
    assert bar.reason.code == "WOULD_PAY"


def test_a_better_responder_is_said_to_be_better():
    day = make.problem([make.responder("far", at=40), make.responder("near", at=1)], [make.case()])
    plan = assemble(day, {"far": [Visit("c1", "c1/0")]}, "the wrong one goes")
    better = assemble(day, {"near": [Visit("c1", "c1/0")]}, "the right one goes")
    saved = round(plan_loss(day, plan).objective_yuan - plan_loss(day, better).objective_yuan)
    assert saved > 0
    assert f"改派crew near反而更好：全盘少损失 {saved:,} 元" in "\n".join(
        lines(explain(day, plan, "c1"), day)
    )
    assert f"crew near would be better: {saved:,} yuan less" in "\n".join(
        lines(explain(day, plan, "c1"), day, "en")
    )


AUDITED = {
    "WRONG_KIND",
    "OUTSIDE_JURISDICTION",
    "LACKS_SKILL",
    "OFF_DUTY",
    "OVER_SHIFT",
    "TOO_MANY_VISITS",
    "PIN_BROKEN",
}


@given(make.days())
@settings(max_examples=60)
def test_going_all_the_same_breaks_the_very_rule_the_audit_knows(day):
    plan = solve(day, "nearest")
    standing, orders = Standing.of(day, plan), orders_of(plan)
    for case in day.cases:
        if case.id in plan.visited:
            continue
        for bar in bars(standing, case):
            assert bar.reason.code in ORDER
            assert parameters(bar.reason.code) <= set(bar.reason.params)
            own = orders.get(bar.responder_id, [])
            for place in case.places if bar.reason.code in AUDITED else ():
                sent = [*own, Visit(case.id, place.id)]
                tried = assemble(day, {**orders, bar.responder_id: sent}, "by hand")
                broken = {breach.code for breach in audit(day, tried)}
                # of several places the bar tells of the one nearest to being allowed
                assert bar.reason.code in broken or (len(case.places) > 1 and broken)


def test_groups_begin_with_those_nearest_to_going():
    day = make.problem(
        [
            make.responder("a", status="off"),
            make.responder("b", shift_minutes=10),
            make.responder("c", status="off"),
        ],
        [make.case()],
    )
    _, case, standing = left_out(day, "c1")
    found = groups(bars(standing, case))
    assert [(group.code, [bar.responder_id for bar in group.bars]) for group in found] == [
        ("OVER_SHIFT", ["b"]),
        ("OFF_DUTY", ["a", "c"]),
    ]


# --- what it would take ------------------------------------------------------------------------


def test_the_minutes_missing_from_a_shift_and_what_they_avert():
    # 10 + 10 + 10 = 30 minutes, of which 25 are there
    found = what_it_takes(make.problem([make.responder(shift_minutes=25)], [make.case()], prices=FREE))
    lift = found["minutes",]
    assert (lift.responder_id, lift.minutes) == ("r1", pytest.approx(5))
    assert lift.averted_yuan == pytest.approx(60_000 * (math.exp(-0.1) - math.exp(-3.6)))
    assert lift.reason.code == "LIFT_MINUTES"
    assert lift.reason.params["minutes"] == 5


def test_one_more_crew_at_a_base():
    found = what_it_takes(make.problem([make.responder(shift_minutes=25)], [make.case()], prices=FREE))
    assert found["crew",].averted_yuan == pytest.approx(60_000 * (math.exp(-0.1) - math.exp(-3.6)))
    assert found["crew",].responder_id == "r1"


def test_one_more_visit_than_agreed():
    day = make.problem(
        [make.responder(max_visits=1)],
        [make.case("c1", at=20, stake_yuan=30_000.0), make.case("c2", at=10)],
        prices=FREE,
    )
    # c2 first (10), then 10 on site and 10 on: c1 at 30
    found = what_it_takes(day)
    assert found["visit",].averted_yuan == pytest.approx(30_000 * (math.exp(-0.3) - math.exp(-3.6)))


def test_a_wall_lifted_a_skill_waived_and_someone_called_in():
    case = make.case()
    neighbour = make.problem(
        [make.responder(jurisdiction=frozenset({"t9"}))], [case], prices=Prices(strict=True)
    )
    assert set(what_it_takes(neighbour)) == {("neighbour",)}
    skilled = make.problem([make.responder()], [make.case(needs=frozenset({"police"}))])
    assert set(what_it_takes(skilled)) == {("skill",)}
    asleep = make.problem([make.responder(status="off")], [case])
    assert set(what_it_takes(asleep)) == {("call_in",), ("crew",)}
    pinned = make.problem([make.responder()], [case], pinned={"c1": ""})
    assert set(what_it_takes(pinned)) == {("pin",)}


def test_two_changes_are_named_only_where_none_alone_helps():
    day = make.problem(
        [make.responder(jurisdiction=frozenset({"t9"}), shift_minutes=25)],
        [make.case()],
        prices=Prices(strict=True),
    )
    found = what_it_takes(day)
    assert set(found) == {("neighbour", "minutes")}
    assert found["neighbour", "minutes"].minutes == pytest.approx(5)


def test_where_nothing_helps_nothing_is_named_and_the_text_says_so():
    day = make.problem([make.responder()], [make.case(places=[])])
    assert what_it_takes(day) == {}
    plan = solve(day, "nearest")
    assert "加班、增派" in "\n".join(lines(explain(day, plan, "c1"), day))


@given(make.days())
@settings(max_examples=25)
def test_what_a_change_averts_is_what_the_plan_with_it_costs_less(day):
    plan = solve(day, "nearest")
    standing = Standing.of(day, plan)
    for case in day.cases:
        if case.id not in plan.visited:
            for lift in lifts(day, standing, case):
                assert lift.averted_yuan > 0
                assert parameters(lift.reason.code) == set(lift.reason.params)
                if lift.kinds == ("minutes",):
                    longer = tuple(
                        replace(one, shift=replace(one.shift, end=one.shift.end + lift.minutes))
                        if one.id == lift.responder_id
                        else one
                        for one in day.responders
                    )
                    other = replace(day, responders=longer)
                    seats = [
                        plan_loss(other, tried).objective_yuan
                        for tried in with_visit(other, orders_of(plan), case, lift)
                        if not audit(other, tried)
                    ]
                    now = plan_loss(day, plan).objective_yuan
                    assert min(abs(now - yuan - lift.averted_yuan) for yuan in seats) < 0.01


def with_visit(day, orders, case, lift):
    own = orders.get(lift.responder_id, [])
    for at in range(len(own) + 1):
        tried = [*own[:at], Visit(case.id, lift.place_id), *own[at:]]
        yield assemble(day, {**orders, lift.responder_id: tried}, "by hand")


# --- slack -------------------------------------------------------------------------------------


def test_how_late_a_stop_may_be_is_told_by_the_shift_or_by_a_later_window():
    # c1 at 10 (10-20), c2 at 20 (30-40), home at 60; the shift ends at 90, the window of c2 closes at 45
    crew = make.responder(shift_minutes=90)
    cases = [make.case("c1", at=10), make.case("c2", at=20, window=(0.0, 45.0))]
    day = make.problem([crew], cases)
    plan = assemble(day, {"r1": [Visit("c1", "c1/0"), Visit("c2", "c2/0")]}, "by hand")
    first = slack_of(day, crew, plan.routes[0], 0)
    assert (first.minutes, first.breaks) == (pytest.approx(15, abs=0.02), "c2")
    open_day = make.problem([crew], [make.case("c1", at=10), make.case("c2", at=20)])
    plan = assemble(open_day, {"r1": [Visit("c1", "c1/0"), Visit("c2", "c2/0")]}, "by hand")
    assert slack_of(open_day, crew, plan.routes[0], 0).minutes == pytest.approx(30, abs=0.02)
    assert slack_of(open_day, crew, plan.routes[0], 0).breaks == ""
    # ten minutes late at both: 60,000 (e^-0.1 - e^-0.2 + e^-0.3 - e^-0.4)
    late = 60_000 * (math.exp(-0.1) - math.exp(-0.2) + math.exp(-0.3) - math.exp(-0.4))
    assert slack_of(open_day, crew, plan.routes[0], 0).late_yuan == pytest.approx(late)


def test_waiting_for_a_window_soaks_up_delay():
    crew = make.responder(shift_minutes=480)
    day = make.problem([crew], [make.case(at=10, window=(40.0, math.inf))])
    plan = assemble(day, {"r1": [Visit("c1", "c1/0")]}, "by hand")
    assert slack_of(day, crew, plan.routes[0], 0).late_yuan == 0


@given(make.days())
@settings(max_examples=40)
def test_as_late_as_the_slack_allows_every_rule_is_kept_and_a_minute_more_breaks_one(day):
    plan = solve(day, "nearest")
    for one, route in zip(day.responders, plan.routes, strict=True):
        if not route.stops or one.shift.break_start is not None:
            continue
        slack = slack_of(day, one, route, 0)
        assert slack.minutes >= 0
        for later, kept in (
            (max(0.0, slack.minutes - 0.02), True),
            (slack.minutes + 1, slack.breaks is None),
        ):
            if math.isinf(later):
                continue
            depart = one.ready_minutes + later
            other = replace(one, free_at_minutes=depart)
            moved = replace(
                day, responders=tuple(other if each.id == one.id else each for each in day.responders)
            )
            tried = assemble(moved, orders_of(plan), "by hand")
            codes = {breach.code for breach in audit(moved, tried)} & {"OVER_SHIFT", "WINDOW_BROKEN"}
            assert (not codes) is kept


# --- sensitivity -------------------------------------------------------------------------------


def test_a_decision_that_hangs_on_the_hazard_flips_and_says_so():
    # one visit agreed: c1 has more at stake but loses it slowly; its hazard doubled, it comes first
    day = make.problem(
        [make.responder(max_visits=1)],
        [make.case("c1", stake_yuan=40_000.0, hazard_per_hour=0.3), make.case("c2", stake_yuan=30_000.0)],
        prices=FREE,
    )
    plan = solve(day, "search", iterations=200)
    assert plan.visited == {"c1"} or plan.visited == {"c2"}
    turns = {turn.what: turn for turn in sensitivity(day, plan, "c1", STEPS)}
    assert set(turns) == set(GUESSES)
    before = "c1" in plan.visited
    # saved of c1: 40,000 (e^-h/6 - e^-6h): h 0.3: 31,438; h 0.15: 22,749; of c2: 30,000 (e^-0.1 - e^-3.6) = 26,325
    assert before
    flip = turns["hazard_half"].of("c1")
    assert (flip.before_id, flip.after_id) == ("r1", None)
    assert flip.yuan is None or flip.yuan == pytest.approx(26_325 - 22_749, abs=5)
    assert turns["hazard_double"].flips == ()
    assert turns["transfer_half"].of("c1") is not None
    assert turns["found_half"].of("c2").after_id == "r1"


def test_a_decision_that_hangs_on_nothing_never_flips():
    day = make.problem([make.responder("near"), make.responder("far", at=90)], [make.case()], prices=FREE)
    plan = solve(day, "search", iterations=200)
    assert all(turn.flips == () for turn in sensitivity(day, plan, None, STEPS))


# --- the whole ---------------------------------------------------------------------------------


@given(make.days(under_way=True))
@settings(max_examples=25)
def test_any_case_of_any_day_is_explained_in_words_and_in_json(day):
    plan = solve(day, "nearest")
    for case in day.cases:
        found = explain(day, plan, case.id)
        values = as_json(found)
        assert (found.left_out is None) == (case.id in plan.visited)
        assert values["planned_loss_yuan"] <= values["loss_if_nobody_yuan"] + 0.01
        zh, en = "\n".join(lines(found, day, "zh")), "\n".join(lines(found, day, "en"))
        assert zh != en
        assert "inf" not in en
        assert "nan" not in en
        assert "{" not in zh + en


def test_a_case_that_is_not_there_and_a_plan_that_is_broken_are_refused_in_one_line():
    day = make.problem([make.responder()], [make.case("A-0012")])
    plan = solve(day, "nearest")
    with pytest.raises(BadInput, match="similar: A-0012"):
        explain(day, plan, "0012")
    late = replace(
        plan, routes=(Route("r1", tuple(replace(one, arrive=1.0) for one in plan.routes[0].stops), 30.0),)
    )
    with pytest.raises(BadInput, match="dispatch check"):
        explain(day, late, "A-0012")


def test_every_code_has_its_words():
    assert set(RULES) == set(ORDER)
    codes = {"LIFT_" + "_".join(kinds).upper() for kinds in [*((kind,) for kind in CHANGES), *TOGETHER]}
    assert codes | {"LIFT_NOTHING"} == {code for code in CATALOGUE if code.startswith("LIFT_")}
    assert set(GUESSES) <= set(LABELS)


# --- the command line --------------------------------------------------------------------------


def test_the_command_explains_refuses_and_prints_one_json_object(tmp_path):
    day = make.problem(
        [make.responder("r1"), make.responder("r2", at=40)],
        [make.case("A-1"), make.case("A-2", needs=frozenset({"police"}))],
        prices=FREE,
    )
    write_plan(PlanFile(day, solve(day, "nearest"), area={"name": "test", "hash": "0"}), tmp_path)
    done = run_dispatch(
        "explain", tmp_path, "A-1", "--json", "--exact", "--sensitivity", "--iterations", "50"
    )
    assert done.returncode == 0, done.stderr
    values = json.loads(done.stdout)
    assert [one["responder_id"] for one in values["choices"]] == ["r1", "r2"]
    assert values["next_best"] == "r2"
    assert values["choices"][1]["exact_yuan"] == pytest.approx(values["choices"][1]["price_yuan"], abs=0.01)
    assert {turn["guess"] for turn in values["sensitivity"]} == set(GUESSES)
    done = run_dispatch("explain", tmp_path, "A-2")
    assert "[NO_SKILL]" in done.stdout
    assert "不要求所需条件，由crew r1前往" in done.stdout
    assert "不具备所需条件：2 支（crew r1、crew r2） [LACKS_SKILL]" in done.stdout
    done = run_dispatch("explain", tmp_path, "A-3")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1)
    assert run_dispatch("explain", tmp_path, "A-1", "--everyone").returncode == 2
