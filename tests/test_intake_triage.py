"""Who needs a visit, what is at stake, who may go; and every row accounted for."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import SettingsError, TableError
from dispatch.intake.alerts import COLUMNS, parse_alerts
from dispatch.intake.triage import triage, triage_rules
from dispatch.reasons import CATALOGUE, parameters, say

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 5, 1, 14, 0, tzinfo=ZONE)
RULES = triage_rules()


def ago(minutes):
    return (AT - timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")


def alerts(*rows):
    rows = [
        {"alert_id": f"A{n}", "alerted_at": ago(10), "address": "水东", **row}
        for n, row in enumerate(rows, 1)
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    frame = pd.DataFrame([{name: str(row.get(name, "")) for name in names} for row in rows], dtype="str")
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    read = parse_alerts(frame)
    assert read.rejected.empty, read.rejected.to_string()
    return read.rows


def sort(*rows, **changes):
    return triage(alerts(*rows), AT, triage_rules({"triage": changes}) if changes else RULES)


def codes(case):
    return [reason.code for reason in case.reasons]


def test_who_goes_again_is_a_case_without_being_called_warned_more_often():
    low = {"risk": "low", "phone": "13900000001"}
    assert sort(low).cases == ()
    (case,) = triage(alerts(low), AT, RULES, again={2}).cases
    assert (case.warnings, codes(case)) == (1, [])
    assert case.hazard_per_hour == sort(low | {"risk": "high"}).cases[0].hazard_per_hour
    (case,) = triage(alerts(low, low), AT, RULES, again={3}).cases  # a new alert after a visit
    assert [(one.code, one.params["warnings"]) for one in case.reasons] == [("WARNED_REPEATEDLY", 2)]
    assert triage(alerts(low | {"contact_result": "persuaded"}), AT, RULES, again={2}).cases == ()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"risk": "critical"}, "HIGH_RISK"),
        ({"risk": "high"}, "HIGH_RISK"),
        ({"risk": "low", "warnings": 3}, "WARNED_REPEATEDLY"),
        ({"risk": "low", "contact_result": "unreached", "call_attempts": 3}, "UNREACHED"),
        ({"risk": "low", "contact_result": "busy", "call_attempts": 4}, "UNREACHED"),
        ({"risk": "low", "contact_result": "off", "call_attempts": 2}, "UNREACHED"),
        ({"risk": "low", "contact_result": "disbelieved"}, "DISBELIEVES"),
        ({"risk": "low", "contact_result": "refused"}, "DISBELIEVES"),
    ],
)
def test_each_rule_sends_somebody_and_is_named(row, code):
    (case,) = sort(row).cases
    assert codes(case) == [code]
    assert parameters(code) == case.reasons[0].params.keys()
    assert say(case.reasons[0], "zh")


@pytest.mark.parametrize(
    "row",
    [
        {"risk": "medium"},
        {"risk": "low", "warnings": 2},
        {"contact_result": "unreached", "call_attempts": 2},
        {"on_call": "1"},
    ],
)
def test_a_low_risk_is_rung_first(row):
    result = sort(row)
    assert result.cases == ()
    assert result.no_visit["code"].tolist() == ["RING_FIRST"]
    assert result.calls["alert_id"].tolist() == ["A1"]
    assert list(result.call_people) == ["A1"]


@pytest.mark.parametrize("risk", ["critical", "high", "medium", "low"])
def test_a_persuaded_person_needs_no_visit(risk):
    result = sort({"risk": risk, "contact_result": "persuaded", "warnings": 9})
    assert result.cases == ()
    assert result.no_visit["code"].tolist() == ["PERSUADED"]
    assert result.calls.empty


def test_every_rule_that_holds_is_named_and_a_long_call_too():
    (case,) = sort({"risk": "critical", "warnings": 4, "contact_result": "busy", "call_attempts": 5, "on_call": "是",
                    "call_started_at": ago(25)}).cases  # fmt: skip
    assert codes(case) == ["HIGH_RISK", "WARNED_REPEATEDLY", "UNREACHED", "LONG_CALL"]
    assert case.reasons[-1].params == {"minutes": 25}


def test_what_is_at_stake_by_hand():
    # 100,000 at risk, p = 0.35 x 1.5 (critical) = 0.525; hazard 1.2/h; safe 10 min ago
    (case,) = sort({"risk": "critical", "fraud_type": "冒充公检法", "amount_at_risk": "10万"}).cases
    assert case.amount_yuan == 100_000
    assert case.transfer_probability == pytest.approx(0.525)
    assert case.hazard_per_hour == pytest.approx(1.2)
    assert case.safe_minutes_ago == 10
    assert case.stake_yuan == pytest.approx(100_000 * 0.525 * math.exp(-1.2 * 10 / 60))


def test_a_long_call_warnings_and_disbelief_raise_the_hazard():
    (case,) = sort({"risk": "high", "fraud_type": "fake_jobs", "warnings": 3, "on_call": "1", "call_started_at": ago(20),
                    "contact_result": "disbelieved", "last_attempt_at": ago(5)}).cases  # fmt: skip
    # 0.8 x 1.1^2 (two warnings after the first) x 1.3 (on a call) x 1.5 (for 20 min) x 1.2 (disbelieved)
    assert case.hazard_per_hour == pytest.approx(0.8 * 1.1**2 * 1.3 * 1.5 * 1.2)


def test_without_an_amount_the_types_usual_one_is_at_risk():
    (case,) = sort({"risk": "high", "fraud_type": "investment"}).cases
    assert case.amount_yuan == RULES.fraud_types["investment"].amount_yuan


def test_what_was_lost_takes_nothing_from_what_is_at_risk():
    plain, paid = sort(
        {"risk": "high", "amount_at_risk": 50_000},
        {"risk": "high", "amount_at_risk": 50_000, "amount_lost": 49_000},
    ).cases
    assert paid.amount_yuan == plain.amount_yuan
    assert paid.stake_yuan == pytest.approx(plain.stake_yuan * RULES.already_lost_probability_factor)


@pytest.mark.parametrize(
    ("row", "minutes"),
    [
        ({"alerted_at": ago(90)}, 90),
        ({"alerted_at": ago(90), "last_safe_at": ago(30)}, 30),
        ({"alerted_at": ago(90), "last_safe_at": ago(120)}, 120),
        ({"alerted_at": ago(90), "contact_result": "disbelieved", "last_attempt_at": ago(20)}, 20),
        ({"alerted_at": ago(90), "contact_result": "unreached", "last_attempt_at": ago(20)}, 90),
        ({"alerted_at": ago(90), "contact_result": "refused", "last_attempt_at": ago(20)}, 90),
    ],
)  # fmt: skip
def test_evidence_ages_from_the_last_sign_the_money_was_there(row, minutes):
    (case,) = sort({"risk": "high", **row}).cases
    assert case.safe_minutes_ago == minutes


def test_an_old_alert_is_still_a_case_however_little_is_left():
    (case,) = sort({"risk": "high", "fraud_type": "customer_service", "alerted_at": ago(1400)}).cases
    assert case.stake_yuan < RULES.min_stake_yuan  # left out later, with its reason: never dropped here


@pytest.mark.parametrize(
    ("risk", "minutes", "kinds"),
    [("critical", 10, {"station", "county"}), ("critical", 30, {"station", "county", "town"}), ("low", 10, {"village"}),
     ("low", 60, {"village", "town"})],
)  # fmt: skip
def test_who_may_go_widens_with_time(risk, minutes, kinds):
    (case,) = sort({"risk": risk, "warnings": 3, "alerted_at": ago(minutes)}).cases
    assert case.may_go == kinds


def test_a_false_officer_or_a_disbelieving_victim_needs_a_real_one():
    false, deaf, other = sort({"risk": "low", "warnings": 3, "fraud_type": "impersonated_police"},
                              {"risk": "low", "contact_result": "disbelieved"}, {"risk": "high"}).cases  # fmt: skip
    for case in (false, deaf):
        assert case.needs == {"police"}
        assert {"station", "county"} <= case.may_go  # else nobody could go who has the skill
    assert other.needs == frozenset()


def test_the_deadline_runs_from_the_alert_and_not_below_now():
    old, fresh = sort(
        {"risk": "critical", "alerted_at": ago(100)}, {"risk": "critical", "alerted_at": ago(10)}
    ).cases
    assert (old.due_minutes, fresh.due_minutes) == (0, 20)  # due 30 minutes after the alert
    assert fresh.late_yuan_per_minute == RULES.tiers["critical"].late_yuan_per_minute


def test_the_window_counts_from_now():
    (case,) = sort({"risk": "high", "window_from": ago(-30), "window_to": ago(-90)}).cases
    assert case.window == (30, 90)
    (case,) = sort({"risk": "high", "window_from": ago(30)}).cases
    assert case.window == (0, math.inf)


def test_rows_of_one_alert_are_one_case():
    result = sort(
        {"alert_id": "A", "risk": "medium"},
        {"alert_id": "A", "risk": "high", "address": "羊角", "amount_at_risk": 9},
    )
    (case,) = result.cases
    assert (case.id, case.tier, case.amount_yuan, case.warnings) == ("A", "high", 9, 1)
    assert result.case_rows == {"A": (2, 3)}
    assert result.no_visit[["row", "code"]].values.tolist() == [[3, "SAME_ALERT"]]


def test_alerts_of_one_phone_are_one_case_with_more_warnings():
    result = sort({"alert_id": "B", "phone": "138 0013 8000", "alerted_at": ago(5), "amount_at_risk": 7, "risk": "low"},
                  {"alert_id": "A", "phone": "+8613800138000", "alerted_at": ago(50), "amount_at_risk": 5, "risk": "high"},
                  {"alert_id": "C", "phone": "13900139000", "risk": "high"})  # fmt: skip
    first, other = result.cases
    assert (first.id, first.alert_ids, first.warnings, first.tier) == ("A", ("A", "B"), 2, "high")
    assert first.amount_yuan == 7
    assert first.safe_minutes_ago == 5  # the newer alert is the last sign
    assert other.warnings == 1
    (line,) = result.no_visit.to_dict("records")
    assert (line["row"], line["code"], line["params"]) == (2, "SAME_PERSON", {"case": "A"})
    assert parameters("SAME_PERSON") == line["params"].keys() == parameters("SAME_ALERT")


@pytest.mark.parametrize(
    ("given", "total"), [((1, 1), 2), ((1, 2), 2), ((3, 3), 4), ((3, ""), 4), (("", ""), 2), ((2, 5), 5)]
)
def test_a_running_count_of_warnings_is_not_counted_twice(given, total):
    rows = [
        {"phone": "13800138000", "risk": "high", "alerted_at": ago(50 - n), "warnings": one}
        for n, one in enumerate(given)
    ]
    (case,) = sort(*rows).cases
    assert case.warnings == total


def test_someone_persuaded_before_a_new_alert_is_not_persuaded_any_more():
    old = {
        "phone": "13800138000",
        "risk": "high",
        "alerted_at": ago(300),
        "contact_result": "persuaded",
        "last_attempt_at": ago(280),
    }
    new = {"phone": "13800138000", "risk": "high", "alerted_at": ago(20)}
    assert len(sort(old, new).cases) == 1
    assert len(sort({**old, "last_attempt_at": ago(10)}, new).cases) == 0


def test_masked_or_missing_phones_join_nobody():
    assert (
        len(
            sort(
                *[{"risk": "high", "phone": phone} for phone in ("138****8000", "138****8000", "", "")]
            ).cases
        )
        == 4
    )


def test_what_lies_after_now_is_not_known_yet():
    old, later = {"alerted_at": ago(60), "risk": "high"}, ago(-5)
    result = sort({"alerted_at": ago(-1), "risk": "high"}, old | {"contact_result": "persuaded", "last_attempt_at": later},
                  old | {"last_safe_at": later, "on_call": 1, "call_started_at": later})  # fmt: skip
    assert result.not_yet["row"].tolist() == [2]
    assert [case.id for case in result.cases] == ["A2", "A3"]
    assert result.cases[1].safe_minutes_ago == 60
    assert "LONG_CALL" not in codes(result.cases[1])


def test_people_stay_apart_from_cases():
    result = sort(
        {"risk": "high", "name": "甲某某", "phone": "13800138000", "account": "6222", "note": "听不清"}
    )
    assert result.people["A1"].phone == "13800138000"
    assert not any(
        secret in repr(result.cases) for secret in ("甲某某", "13800138000", "6222", "听不清", "水东")
    )


def test_calls_are_ranked_by_yuan_saved_per_minute_by_hand():
    rich = {"risk": "medium", "fraud_type": "investment", "amount_at_risk": 100_000}
    result = sort(
        {"risk": "low", "fraud_type": "gaming"}, rich, rich | {"call_attempts": 1, "contact_result": "busy"}
    )
    assert result.calls["alert_id"].tolist() == ["A2", "A3", "A1"]
    assert result.calls["rank"].tolist() == [1, 2, 3]
    best = result.calls.iloc[0]
    stake = 100_000 * 0.30 * math.exp(-0.25 * 10 / 60)  # medium: factor 1; safe 10 min ago
    saved = 0.6 * 0.7 * stake * (1 - math.exp(-0.25 * 12))  # answered 0.6, persuaded 0.7, 12 h
    assert best["saved_yuan"] == pytest.approx(saved, abs=0.01)
    assert best["call_minutes"] == pytest.approx(0.6 * 6 + 0.4 * 1)
    assert best["saved_yuan_per_call_minute"] == pytest.approx(saved / 4.0, abs=0.01)


def test_a_setting_changes_what_it_names():
    assert sort({"risk": "medium"}, visit={"high_risk": ["critical", "high", "medium"]}).cases
    (case,) = sort({"risk": "high"}, tiers={"high": {"first": ["village"], "along": "town"}}).cases
    assert (case.may_go, case.along) == ({"village"}, "town")


@pytest.mark.parametrize(("required", "partners"), [(False, set()), (True, {"village"})])
def test_who_comes_along_is_advised_or_must_be_there(required, partners):
    (case,) = sort({"risk": "high"}, tiers={"high": {"along_required": required}}).cases
    assert (case.along, case.partners) == ("village", partners)


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"tiers": {"low": {"along_required": True}}}, r"name a kind in along"),
        ({"visit": {"high": 1}}, r"unknown visit\.high; known: .*high_risk"),
        ({"tiers": {"high": {"soon": 1}}}, r"unknown tiers\.high\.soon; known: .*due_minutes"),
        ({"fraud_types": {"magic": {}}}, r"unknown magic; known: impersonated_police"),
        ({"min_stake": 1}, r"unknown min_stake; known: .*min_stake_yuan"),
        ({"hazard": {"on_call_factor": 0.5}}, r"hazard\.on_call_factor.*0\.5"),
        ({"most_probability": 1.5}, r"most_probability.*1\.5"),
        ({"tiers": {"high": {"first": ["army"]}}}, r"army"),
        ({"service_minutes": {"town": -1.0}}, r"town"),
        ({"default_fraud_type": "magic"}, r"unknown magic"),
    ],
)
def test_a_setting_nobody_knows_is_refused_by_name(overlay, message):
    with pytest.raises(SettingsError, match=message) as caught:
        triage_rules({"triage": overlay})
    assert "\n" not in str(caught.value)


def test_a_table_that_is_not_of_alerts_is_refused():
    with pytest.raises(TableError, match="alerted_at"):
        triage(pd.DataFrame({"alert_id": ["A"]}), AT, RULES)


WORDS = {
    "alerted_at": [ago(10), ago(600), ago(-10), "2026-05-01", ""],
    "alert_id": ["A1", "A2", "A3", ""],
    "phone": ["13800138000", "+86 138 0013 8000", "13900139000", "138****8000", ""],
    "risk": ["critical", "高危", "low", "bad", ""],
    "fraud_type": ["冒充公检法", "romance", "bad", ""],
    "contact_result": ["busy", "persuaded", "disbelieved", "bad", ""],
    "call_attempts": ["0", "5", "-1", ""],
    "warnings": ["0", "4", ""],
    "amount_at_risk": ["32万", "-1", ""],
    "last_safe_at": [ago(5), ago(-5), ""],
    "on_call": ["是", "0", ""],
    "call_started_at": [ago(30), ""],
    "address": ["水东", ""],
}
ROWS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(words) | st.text(max_size=6) for name, words in WORDS.items()}
)


@settings(max_examples=150)
@given(rows=st.lists(ROWS, min_size=1, max_size=12))
def test_for_any_table_of_junk_every_row_is_accounted_for_once(rows):
    frame = pd.DataFrame([{column.name: "" for column in COLUMNS} | row for row in rows]).astype("str")
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    read = parse_alerts(frame)
    result = triage(read.rows, AT, RULES)
    kept = [result.case_rows[case.id][0] for case in result.cases]
    account = [*read.rejected["row"], *result.not_yet["row"], *result.no_visit["row"], *kept]
    assert sorted(account) == list(frame.index)  # received = rejected + not yet + no visit + cases
    assert read.received == len(rows)
    assert len({case.id for case in result.cases}) == len(result.cases)
    assert result.people.keys() == result.case_rows.keys() == {case.id for case in result.cases}
    assert (
        set(result.no_visit["code"])
        <= {"PERSUADED", "RING_FIRST", "SAME_ALERT", "SAME_PERSON"}
        <= CATALOGUE.keys()
    )
    assert all(
        case.stake_yuan >= 0 and case.hazard_per_hour > 0 and case.reasons and case.may_go
        for case in result.cases
    )
