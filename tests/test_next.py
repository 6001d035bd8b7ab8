"""What to do next: exact yuan, per minute of who would do it, and what would be freed."""

from __future__ import annotations

import itertools
import json
import math
import re
from dataclasses import replace

import make
import pandas as pd
import pytest
from doors import run_dispatch
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import kept, later
from typer.testing import CliRunner

from dispatch.cli import app
from dispatch.domain import Hold, Prices
from dispatch.errors import DispatchError, SettingsError
from dispatch.loss import exposure, loss_yuan, never_yuan
from dispatch.next_actions import Situation, advise, next_settings, of_plan, with_ledger
from dispatch.next_actions.effects import Effect, eased, expected_under, exposure_under, loss_under
from dispatch.next_actions.freeing import Solver, freed
from dispatch.next_actions.ranking import rank
from dispatch.next_actions.situation import Subject, Tried
from dispatch.planfile import PlanFile, write_plan
from dispatch.reasons import Reason
from dispatch.routing import solve

HORIZON = make.HORIZON_MINUTES
QUIET = {"desk": "duty", "minutes": 5.0, "success_probability": 0.0, "effect_after_minutes": 0.0}


def actions(look_ahead_minutes=30.0, least_yuan=0.0, hands=1, **given):
    """Settings in which only the actions named can work; all desks have `hands`."""
    names = ("ring", "relative", "hold", "cut_line")
    nothing = {name: {"success_probability": 0.0} for name in names if name not in given}
    desks = {name: {"hands": hands} for name in ("duty", "bank", "carrier")}
    table = {"look_ahead_minutes": look_ahead_minutes, "least_yuan": least_yuan, "desks": desks}
    return next_settings({"actions": table | {"actions": nothing | given}})


HOLD = {
    "minutes": 4.0, "success_probability": 0.8, "effect_after_minutes": 10.0, "lasts_hours": 48.0, "hazard_fraction": 0.1
}  # fmt: skip
RING = {
    "minutes": 6.0, "unreached_minutes": 1.0, "reached_probability": 0.5, "success_probability": 0.8,
    "effect_after_minutes": 6.0, "closes": True, "failed_factor": 0.5,
}  # fmt: skip


def alone(*subjects):
    """These cases, visited by nobody unless they say so."""
    return Situation(make.NOW, HORIZON, tuple(subjects))


def night(cases, responders=None, **given):
    """A day, its plan by the nearest policy, and the situation."""
    day = make.problem(responders or [make.responder()], cases, **({"prices": Prices()} | given))
    plan = solve(day, "nearest")
    return day, plan, of_plan(day, plan)


# --- by hand -----------------------------------------------------------------------------------


def test_a_hold_saves_what_the_slower_hazard_leaves():
    # 1 % a minute for 10 minutes, then 0.1 %: Λ = 0.1 + 0.35 = 0.45 instead of 3.6 at the horizon of 360 minutes
    if_works = 60_000 * (math.exp(-0.45) - math.exp(-3.6))
    (ask,) = rank(alone(Subject(make.case())), actions(hold=HOLD)).asks
    assert ask.if_works_yuan == pytest.approx(if_works)
    assert ask.saves_yuan == pytest.approx(0.8 * if_works)
    assert ask.yuan_per_minute == pytest.approx(0.8 * if_works / 4)
    assert ask.if_works_yuan == pytest.approx(36_618.3, abs=0.1)


def test_a_call_that_works_is_a_first_contact_at_its_end():
    # persuaded after 6 minutes: L(6) = 60,000 (1 - e^-0.06); chance 0.5 × 0.8; 0.5 × 6 + 0.5 × 1 = 3.5 minutes
    (ask,) = rank(alone(Subject(make.case())), actions(ring=RING)).asks
    assert ask.if_works_yuan == pytest.approx(60_000 * (math.exp(-0.06) - math.exp(-3.6)))
    assert (ask.chance, ask.minutes) == (pytest.approx(0.4), pytest.approx(3.5))


def test_what_a_visit_will_save_anyway_is_not_counted():
    # somebody is there after 20 minutes for certain: a hold from minute 10 saves 60,000 (e^-0.11 - e^-0.2) only
    (ask,) = rank(alone(Subject(make.case(), ((20.0, 1.0),))), actions(hold=HOLD)).asks
    assert ask.if_works_yuan == pytest.approx(60_000 * (math.exp(-0.11) - math.exp(-0.2)))


def test_a_visit_that_finds_half_of_them_leaves_the_other_half_to_be_saved():
    # half of 60,000 (e^-0.11 - e^-0.2), and half of 60,000 (e^-0.45 - e^-3.6)
    (ask,) = rank(alone(Subject(make.case(), ((20.0, 0.5),))), actions(hold=HOLD)).asks
    met, missed = math.exp(-0.11) - math.exp(-0.2), math.exp(-0.45) - math.exp(-3.6)
    assert ask.if_works_yuan == pytest.approx(30_000 * (met + missed))


def test_one_hand_takes_the_second_when_it_is_done_with_the_first():
    big, small = make.case("big", stake_yuan=80_000.0), make.case("small")
    asks = rank(alone(Subject(small), Subject(big)), actions(hold=HOLD)).asks
    assert [(one.case_id, one.begins) for one in asks] == [("big", 0.0), ("small", 4.0)]
    # small: full hazard until minute 14, then a tenth: Λ = 0.14 + 0.346
    assert asks[1].if_works_yuan == pytest.approx(60_000 * (math.exp(-0.486) - math.exp(-3.6)))
    two = rank(alone(Subject(small), Subject(big)), actions(hold=HOLD, hands=2)).asks
    assert [one.begins for one in two] == [0.0, 0.0]


def test_what_cannot_begin_within_the_look_ahead_waits():
    cases = [Subject(make.case(f"c{number}")) for number in range(5)]
    ranked = rank(alone(*cases), actions(hold=HOLD, look_ahead_minutes=10.0))
    # 4 minutes each: three begin at 0, 4 and 8, two wait
    assert [one.begins for one in ranked.asks] == [0.0, 4.0, 8.0]
    assert ranked.waiting == {"bank": 2}


def test_the_second_thing_done_about_a_case_is_worth_what_the_first_left():
    # ring works with 0.4 before the hold begins, and then nothing is left: the hold is worth 0.6 of what it is alone
    alone_yuan = 0.8 * 60_000 * (math.exp(-0.45) - math.exp(-3.6))
    asks = rank(alone(Subject(make.case())), actions(hold=HOLD, ring=RING)).asks
    worth = {one.action: one.saves_yuan for one in asks}
    assert worth["hold"] == pytest.approx(alone_yuan)  # 7,324 a minute against the call's 6,200: held first
    # the call, where the hold did not work: 0.2; where it did, from Λ(6) = 0.06 instead of 0.45
    unheld, held = math.exp(-0.06) - math.exp(-3.6), math.exp(-0.06) - math.exp(-0.45)
    assert worth["ring"] == pytest.approx(0.4 * 60_000 * (0.2 * unheld + 0.8 * held))


def test_every_failure_makes_the_next_try_worth_less():
    # reached with 0.5, then 0.5², 0.5³: 0.5 × 0.8 = 0.4, 0.2, 0.1; minutes 3.5, 2.25, 1.625
    for failed, chance, minutes in ((0, 0.4, 3.5), (1, 0.2, 2.25), (2, 0.1, 1.625)):
        subject = Subject(make.case(), tried=Tried({"ring": failed}))
        (ask,) = rank(alone(subject), actions(ring=RING)).asks
        assert (ask.chance, ask.minutes, ask.failed) == (
            pytest.approx(chance),
            pytest.approx(minutes),
            failed,
        )


def test_what_failed_often_enough_is_not_offered():
    settings = actions(ring=RING | {"most_failed": 3})
    assert len(rank(alone(Subject(make.case(), tried=Tried({"ring": 2}))), settings).asks) == 1
    assert rank(alone(Subject(make.case(), tried=Tried({"ring": 3}))), settings).asks == ()


def test_how_the_last_call_ended_changes_the_chance_of_the_next():
    subject = Subject(make.case(), tried=Tried({"ring": 0}, "disbelieved"))
    (ask,) = rank(alone(subject), actions(ring=RING | {"result_factor": {"disbelieved": 0.25}})).asks
    assert ask.chance == pytest.approx(0.1)


def test_the_plan_tells_how_often_somebody_was_rung():
    reason = Reason("UNREACHED", {"attempts": 4, "result": "busy"})
    _, _, situation = night([make.case(reasons=(reason,))])
    assert situation.subjects[0].tried == Tried({"ring": 4}, "busy")


def test_a_line_cut_leaves_more_of_a_fraud_that_needs_no_telephone():
    cut = HOLD | {
        "desk": "carrier",
        "hazard_fraction": 0.5,
        "by_type": {"customer_service": 0.1, "investment": 0.5},
    }
    subjects = [Subject(make.case("c1", fraud_type="customer_service")), Subject(make.case("c2"))]
    worth = {one.case_id: one.effect.fraction for one in rank(alone(*subjects), actions(cut_line=cut)).asks}
    assert worth == {"c1": 0.1, "c2": 0.5}


# --- sending somebody ----------------------------------------------------------------------------


def test_a_door_is_worth_what_the_visit_saves_a_minute_of_the_crew():
    # 10 minutes there, contact at 10, 10 on site: 60,000 (e^-0.1 - e^-3.6) in 20 minutes
    _, _, situation = night([make.case(at=10)])
    (door,) = advise(situation, actions()).doors
    assert door.saves_yuan == pytest.approx(60_000 * (math.exp(-0.1) - math.exp(-3.6)))
    assert (door.minutes, door.planned) == (20.0, True)


def test_a_case_left_out_that_would_pay_after_all_is_offered():
    day = make.problem([make.responder()], [make.case(at=10)], prices=Prices())
    plan = solve(replace(day, pinned={"c1": ""}), "nearest")
    (door,) = advise(of_plan(day, plan), actions()).doors
    assert (door.case_id, door.planned) == ("c1", False)
    assert door.saves_yuan == pytest.approx(60_000 * (math.exp(-0.1) - math.exp(-3.6)))


def test_a_visit_that_leaves_later_than_the_look_ahead_is_not_sent_now():
    # c2 is left for at 20 minutes: 10 there and 10 on site
    _, _, situation = night([make.case("c1", at=10), make.case("c2", at=20)])
    now = {door.case_id for door in advise(situation, actions(look_ahead_minutes=15.0)).doors}
    assert now == {"c1"}
    both = {door.case_id for door in advise(situation, actions(look_ahead_minutes=20.0)).doors}
    assert both == {"c1", "c2"}


# --- what is freed ---------------------------------------------------------------------------------


def test_somebody_persuaded_by_phone_needs_no_visit_and_a_crew_goes_free():
    cases = [make.case("c1", at=10), make.case("c2", at=20)]
    day, plan, situation = night(cases, prices=Prices(drive_yuan_per_minute=1.0))
    asks = rank(situation, actions(ring=RING)).asks
    assert {one.case_id for one in asks} == {"c1", "c2"}
    done = freed(day, plan, asks)
    assert set(done.cases) == {"c1", "c2"}
    assert done.crews == ("r1",)
    assert done.crew_minutes == pytest.approx(60.0)  # 10 + 10 on site + 10 + 10 on site + 20 home
    one = freed(day, plan, [ask for ask in asks if ask.case_id == "c2"])
    assert (one.cases, one.crews) == (("c2",), ())
    assert one.crew_minutes == pytest.approx(30.0)  # 10 on + 10 on site, and 10 instead of 20 home


def night_with_price(fraction):
    case = make.case(at=50, stake_yuan=1_000.0)
    day = make.problem([make.responder()], [case], prices=Prices(drive_yuan_per_minute=2.0))
    plan = solve(day, "nearest")
    asks = rank(of_plan(day, plan), actions(hold=HOLD | {"hazard_fraction": fraction})).asks
    return freed(day, plan, asks)


def test_a_hold_frees_a_visit_once_it_saves_less_than_its_drive_costs():
    # 100 minutes of road at 2 yuan: 200. Held at 0.3: 1,000 (e^-(0.1 + 0.12) - e^-(0.1 + 1.05)) = 486, still worth it;
    # held at 0.05: 1,000 (e^-0.12 - e^-0.275) = 127, not any more
    assert night_with_price(0.3).cases == ()
    assert night_with_price(0.05).cases == ("c1",)


def test_a_fixed_stop_is_not_freed():
    day = make.problem([make.responder()], [make.case(at=10)], prices=Prices(drive_yuan_per_minute=1.0))
    day = replace(day, heads={"r1": (("c1", "c1/0"),)})
    plan = solve(day, "nearest")
    assert freed(day, plan, rank(of_plan(day, plan), actions(ring=RING)).asks).cases == ()


def test_solving_again_sends_the_crew_freed_to_somebody_left_out():
    # one visit a shift: c1 is visited; once c1 is persuaded by phone, c2 is
    team = [make.responder(max_visits=1)]
    day = make.problem(
        team, [make.case("c1", at=10), make.case("c2", at=20, stake_yuan=9_000.0)], prices=Prices()
    )
    plan = solve(day, "nearest")
    assert plan.visited == {"c1"}
    asks = [ask for ask in rank(of_plan(day, plan), actions(ring=RING)).asks if ask.case_id == "c1"]
    again = Solver(day, plan, 0.1).resolved(asks)
    assert (again.cases, again.reached) == (("c1",), ("c2",))
    assert again.more_yuan == pytest.approx(9_000 * (math.exp(-0.2) - math.exp(-3.6)))


# --- any case, any day -----------------------------------------------------------------------------

EFFECTS = st.builds(
    lambda begins, lasts, fraction, closes: Effect(begins, begins + lasts, fraction, closes),
    st.floats(0, 200),
    st.floats(1, 3000),
    st.floats(0, 1),
    st.booleans(),
)
CASES = st.builds(
    lambda hazard, late, held: make.case(
        hazard_per_hour=hazard, late_yuan_per_minute=late, due_minutes=30.0, hold=held
    ),
    st.floats(0, 6),
    st.floats(0, 10),
    st.sampled_from((None, Hold(60.0, 0.2), Hold(500.0, 0.6))),
)


@given(CASES, st.floats(0, 1), st.floats(0.5, 2000), st.floats(0, 500))
def test_a_hold_from_now_is_the_hold_of_the_loss_curve(case, fraction, until, minutes):
    free = replace(case, hold=None)
    held = replace(case, hold=Hold(until, fraction))
    effect = Effect(0.0, until, fraction)
    assert exposure_under(free, [effect], minutes) == pytest.approx(exposure(held, minutes), abs=1e-9)
    assert loss_under(free, [effect], minutes, HORIZON) == pytest.approx(loss_yuan(held, minutes, HORIZON))
    assert loss_under(case, [], minutes, HORIZON) == pytest.approx(loss_yuan(case, minutes, HORIZON))


@given(CASES, st.floats(0, 100), st.floats(0, 1), st.floats(0, 300))
def test_a_case_eased_saves_by_any_later_contact_what_it_saves_under_the_effect(case, begins, fraction, wait):
    effect = Effect(begins, begins + 2880.0, fraction)
    free = replace(case, hold=None)
    easy, contact = eased(free, effect), begins + wait
    saved = loss_under(free, [effect], HORIZON, HORIZON) - loss_under(free, [effect], contact, HORIZON)
    assert never_yuan(easy, HORIZON) - loss_yuan(easy, contact, HORIZON) == pytest.approx(saved, abs=1e-6)


@given(CASES, st.lists(EFFECTS, max_size=4), EFFECTS, st.lists(st.floats(0, 400), max_size=2))
def test_nothing_done_makes_a_case_worse(case, effects, one_more, visits):
    contacts = [(minutes, 0.4) for minutes in visits]
    before = expected_under(case, effects, contacts, HORIZON)
    assert expected_under(case, [*effects, one_more], contacts, HORIZON) <= before + 1e-6


@settings(max_examples=40)
@given(make.days(), st.integers(1, 3), st.integers(0, 3))
def test_for_any_day_nothing_saves_less_than_nothing_the_best_comes_first_and_the_yuan_add_up(
    day, hands, failed
):
    plan = solve(day, "nearest")
    situation = of_plan(day, plan)
    tried = Tried({"ring": failed})
    situation = replace(situation, subjects=tuple(replace(one, tried=tried) for one in situation.subjects))
    chosen = actions(
        hands=hands, hold=HOLD, ring=RING, cut_line=HOLD | {"desk": "carrier", "hazard_fraction": 0.4}
    )
    advice = advise(situation, chosen)
    rates = [line.yuan_per_minute for line in advice.lines]
    assert rates == sorted(rates, reverse=True)
    assert all(line.saves_yuan >= 0 for line in advice.lines)
    asks = [ask for desk in advice.desks for ask in desk.asks]
    assert len({(ask.case_id, ask.action) for ask in asks}) == len(asks)
    assert sum(ask.saves_yuan for ask in asks) == pytest.approx(
        _by_enumeration(situation, asks), rel=1e-9, abs=1e-3
    )
    for desk in advice.desks:
        _nobody_does_two_things_at_once(desk.asks, desk.hands)


def _by_enumeration(situation, asks):
    """Expected loss now less expected loss with all these asked: every outcome of every ask of each case."""
    total = 0.0
    for one in situation.subjects:
        own = [ask for ask in asks if ask.case_id == one.case.id]
        total += expected_under(one.case, one.in_force, one.contacts, situation.horizon_minutes)
        for works in itertools.product((True, False), repeat=len(own)):
            share = math.prod(
                ask.chance if worked else 1 - ask.chance for ask, worked in zip(own, works, strict=True)
            )
            done = [ask.effect for ask, worked in zip(own, works, strict=True) if worked]
            total -= share * expected_under(
                one.case, [*one.in_force, *done], one.contacts, situation.horizon_minutes
            )
    return total


def _nobody_does_two_things_at_once(asks, hands):
    for ask in asks:
        at_once = [one for one in asks if one.begins <= ask.begins < one.begins + one.minutes - 1e-9]
        assert len(at_once) <= hands


def test_the_order_of_the_cases_changes_nothing():
    cases = [Subject(make.case(f"c{n}", stake_yuan=1_000.0 * (n + 1))) for n in range(6)]
    chosen = actions(hold=HOLD, ring=RING, hands=2)
    assert rank(alone(*cases), chosen) == rank(alone(*reversed(cases)), chosen)


# --- settings --------------------------------------------------------------------------------------


def test_an_unknown_key_is_refused_by_name():
    with pytest.raises(SettingsError, match=r"unknown actions.hold.hazzard"):
        next_settings({"actions": {"actions": {"hold": {"hazzard": 1.0}}}})
    with pytest.raises(SettingsError, match="bribe"):
        next_settings({"actions": {"actions": {"bribe": QUIET}}})
    with pytest.raises(SettingsError, match="by_type names unknown lottery"):
        next_settings({"actions": {"actions": {"hold": {"by_type": {"lottery": 0.5}}}}})


@pytest.mark.parametrize(
    ("action", "kind"), [("hold", "bank"), ("cut_line", "line"), ("relative", "relative")]
)
def test_a_hold_is_worth_what_the_ledger_will_record_it_as(action, kind):
    from dispatch.ledger import ledger_settings  # noqa: PLC0415

    assert next_settings().actions[action].hazard_fraction == ledger_settings().hold_fraction[kind]


# --- as the ledger knows it ------------------------------------------------------------------------


def test_the_ledger_closes_cases_counts_calls_and_knows_what_is_held(ledger):
    kept(ledger, {}, {}, {})
    cases = [make.case(f"A-{n}", at=10 * n, alert_ids=(f"A-{n}",)) for n in (1, 2, 3)]
    _, _, situation = night(cases)
    ledger.record_contact("A-1", "busy", at=later(1), by="li")
    ledger.record_contact("A-1", "busy", at=later(2), by="li", channel="relative")
    ledger.place_hold("A-2", "bank", later(120), at=later(3), by="li")
    ledger.close_case("A-3", "persuaded", at=later(3), by="li")
    found = with_ledger(situation, ledger, later(5))
    one, two = found.subjects
    assert (one.tried.failed, one.tried.result) == ({"ring": 1, "relative": 1}, "busy")
    assert two.in_force == (Effect(3.0, 120.0, 0.1),)
    assert found.closed == ("A-3",)


def test_an_ask_that_failed_is_remembered_and_the_second_has_less_chance(ledger):
    kept(ledger, {})
    _, _, situation = night([make.case("A-1", at=300, alert_ids=("A-1",))])
    chosen = actions(hold=HOLD | {"failed_factor": 0.25, "most_failed": 2})
    before = ledger.case("A-1")
    (first,) = rank(with_ledger(situation, ledger, later(1)), chosen).asks
    ledger.record_failed_ask("A-1", "bank", at=later(2), by="li")
    (second,) = rank(with_ledger(situation, ledger, later(3)), chosen).asks
    assert (second.failed, second.chance) == (1, pytest.approx(first.chance * 0.25))
    known = ledger.case("A-1")
    assert (known.attempts, known.contact_result) == (
        before.attempts,
        before.contact_result,
    )  # nobody was rung
    ledger.record_failed_ask("A-1", "bank", at=later(4), by="li")
    ledger.record_failed_ask("A-1", "carrier", at=later(4), by="li")
    found = with_ledger(situation, ledger, later(5))
    assert rank(found, chosen).asks == ()
    assert dict(found.subjects[0].tried.failed) == {"ring": 0, "hold": 2, "cut_line": 1}


def test_a_case_that_is_held_is_worth_asking_for_less(ledger):
    kept(ledger, {})
    _, _, situation = night([make.case("A-1", at=300, alert_ids=("A-1",))])
    chosen = actions(hold=HOLD)
    (before,) = rank(situation, chosen).asks
    ledger.place_hold("A-1", "bank", later(240), at=make.NOW, by="li")
    (after,) = rank(with_ledger(situation, ledger, make.NOW), chosen).asks
    assert after.saves_yuan < before.saves_yuan


def test_an_answered_call_says_that_the_money_was_still_there(ledger):
    # 60,000 × e^-0.6 were left after 60 minutes without a sign; an answer now says that all of it is there
    kept(ledger, {})
    aged = make.case(
        "A-1",
        alert_ids=("A-1",),
        amount_yuan=60_000.0,
        safe_minutes_ago=60.0,
        stake_yuan=60_000 * math.exp(-0.6),
    )
    _, _, situation = night([aged])
    ledger.record_contact("A-1", "disbelieved", at=later(10), by="li")
    (one,) = with_ledger(situation, ledger, later(10)).subjects
    assert one.case.stake_yuan == pytest.approx(60_000)
    assert loss_under(one.case, one.in_force, 10.0, HORIZON) == pytest.approx(0.0)


def test_a_planned_visit_whose_time_has_passed_unreported_is_named():
    day, plan, _ = night([make.case("c1", at=10), make.case("c2", at=60)])
    assert of_plan(day, plan, later(30)).overdue == ("c1",)


# --- through the door ------------------------------------------------------------------------------


@pytest.fixture
def plan_folder(tmp_path):
    """A plan of two visits, and one person to be rung."""
    cases = [make.case("c1", at=60), make.case("c2", at=80, tier="high")]
    day, plan, _ = night(cases, prices=Prices(drive_yuan_per_minute=1.0))
    folder = tmp_path / "plan"
    folder.mkdir()
    write_plan(PlanFile(day, plan), folder)
    calls = {
        "rank": [1], "alert_id": ["c9"], "row": [9], "tier": ["medium"], "fraud_type": ["fake_jobs"], "attempts": [1],
        "contact_result": ["unreached"], "stake_yuan": [20_000.0], "hazard_per_hour": [0.8], "saved_yuan": [1.0],
        "call_minutes": [1.0], "saved_yuan_per_call_minute": [1.0],
    }  # fmt: skip
    pd.DataFrame(calls).to_csv(folder / "calls.csv", index=False)
    return folder


def test_the_command_says_what_to_do_and_changes_nothing(plan_folder):
    before = {path.name: path.read_bytes() for path in plan_folder.iterdir()}
    done = run_dispatch("next", plan_folder)
    assert done.returncode == 0, done.stderr
    assert "银行席现在办：银行止付 2 起" in done.stdout
    assert "再拨本人（已拨 1 次，未接）" in done.stdout  # who needs no visit yet is rung from the same list
    assert re.search(r"若全部办成（5 项中预计成 \d\.\d 项）：2 次上门不再值得，腾出 1 支力量", done.stdout)
    assert "即使全部办成，也没有一次上门可以取消" in done.stdout  # of the bank's two holds
    assert "由人决定" in done.stdout
    assert {path.name: path.read_bytes() for path in plan_folder.iterdir()} == before
    english = said_by(plan_folder, "--lang", "en")
    assert "bank desk, now: 2 × bank hold" in english.stdout


def said_by(*arguments):
    """What the command prints, in this process."""
    return CliRunner().invoke(app, ["next", *map(str, arguments)])


def test_the_json_holds_every_line_with_its_sentence(plan_folder):
    found = json.loads(said_by(plan_folder, "--json", "--minutes", "60").stdout)
    assert found["look_ahead_minutes"] == 60
    assert {line["case_id"] for line in found["lines"]} == {"c1", "c2", "c9"}
    assert {line["action"] for line in found["lines"]} >= {"ring", "hold", "cut_line", "send"}
    assert all(line["why"]["zh"] and line["why"]["en"] for line in found["lines"])
    assert [line["rank"] for line in found["lines"]] == list(range(1, len(found["lines"]) + 1))


def test_a_plan_nobody_gave_is_asked_for():
    done = said_by()
    assert done.exit_code == 2
    assert "--ledger" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere/plan.json is missing"),
        (["{plan}", "--at", "soon"], "expected a moment such as"),
        (["{plan}", "--at", "2026-05-01T13:00"], "before the plan"),
        (["{plan}", "--ledger", "{plan}/none.db"], "none.db is missing"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(plan_folder, arguments, said):
    done = said_by(*(one.format(plan=plan_folder) for one in arguments))
    assert isinstance(done.exception, DispatchError)
    assert said in str(done.exception)


def test_the_command_reads_a_ledger_alone(ledger, ledger_url):
    kept(ledger, {"risk": "critical"}, {"risk": "low"})
    done = said_by("--ledger", ledger_url, "--at", "2026-05-01T14:00", "--json")
    assert done.exit_code == 0, done.output
    found = {(line["case_id"], line["action"]) for line in json.loads(done.stdout)["lines"]}
    assert ("A-1", "hold") in found
    assert ("A-2", "ring") in found  # of low risk: rung, no more
    assert ("A-2", "hold") not in found
