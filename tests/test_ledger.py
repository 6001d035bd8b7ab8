"""The ledger: what happened is kept, what follows is derived; the same claims on SQLite and PostgreSQL."""

import stat
import threading
from datetime import datetime, timedelta
from pathlib import Path

import make
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from ledgers import NOW, alerts, kept, later, planned
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from dispatch.errors import BadInput, MissingInput, SchemaError
from dispatch.intake.alerts import ALERTS
from dispatch.ledger import Conflict, Event, Ledger
from dispatch.ledger.schema import HEAD, STATES, metadata
from dispatch.ledger.state import fold
from dispatch.reasons import OUTCOMES

# ---------------------------------------------------------------- alerts and cases


def test_an_alert_opens_a_case_and_the_same_row_again_changes_nothing(ledger):
    first = ledger.record_alerts(alerts({}, {}), at=NOW, by="li")
    again = ledger.record_alerts(alerts({}, {}), at=NOW, by="wang")
    assert (first.new_rows, first.known_rows) == (2, 0)
    assert (again.new_rows, again.known_rows) == (0, 2)
    assert [one.case_id for one in ledger.open_cases(NOW)] == ["A-1", "A-2"]


def test_alerts_of_one_telephone_are_one_case_until_it_is_closed(ledger):
    kept(ledger, {"phone": "13800001234"})
    ledger.record_alerts(alerts({"alert_id": "B-1", "phone": "+86 138-0000-1234"}), at=NOW, by="li")
    assert [one.case_id for one in ledger.open_cases(NOW)] == ["A-1"]
    assert ledger.case("A-1").warnings == 2
    ledger.close_case("A-1", "solved", at=NOW, by="li")
    ledger.record_alerts(alerts({"alert_id": "B-2", "phone": "13800001234"}), at=NOW, by="li")
    assert [one.case_id for one in ledger.open_cases(NOW)] == ["B-2"]


def test_a_row_that_comes_again_with_a_new_call_replaces_the_old_one(ledger):
    kept(ledger, {"call_attempts": 1})
    ledger.record_alerts(alerts({"call_attempts": 3, "contact_result": "busy"}), at=NOW, by="li")
    rows = ledger.remembered(NOW, "Asia/Shanghai").rows
    assert list(rows["call_attempts"]) == [3.0]
    assert list(rows["contact_result"]) == ["busy"]


def test_two_places_of_one_alert_are_two_rows_again(ledger):
    kept(ledger, {}, {"alert_id": "A-1", "phone": "13800000000", "lon": "111.2", "location_source": "work"})
    rows = ledger.remembered(NOW, "Asia/Shanghai").rows
    assert list(rows["lon"]) == [111.01, 111.2]
    assert len(ledger.open_cases(NOW)) == 1


def test_what_goes_in_comes_out_as_the_table_of_alerts(ledger):
    rows = alerts(
        {"window_from": "2026-05-01T15:00", "on_call": "是", "radius_metres": "80", "warnings": "2"}, {}
    )
    ledger.record_alerts(rows, at=NOW, by="li")
    found = ledger.remembered(NOW, "Asia/Shanghai").rows
    ALERTS.check(found)
    for name in rows.columns:
        if name not in {"call_attempts", "last_attempt_at"}:
            assert (
                found[name].tolist() == pytest.approx(rows[name].tolist(), nan_ok=True)
                if rows[name].dtype == float
                else [str(one) for one in found[name]] == [str(one) for one in rows[name]]
            )


def test_calls_recorded_since_stand_in_the_rows_that_are_planned(ledger):
    kept(ledger, {"call_attempts": 1, "contact_result": "unreached"})
    ledger.record_contact("A-1", "disbelieved", at=later(5), by="li")
    row = ledger.remembered(later(10), "Asia/Shanghai").rows.iloc[0]
    assert row["call_attempts"] == 2
    assert row["contact_result"] == "disbelieved"
    assert row["last_safe_at"] == later(5)  # we spoke to the person, who still had the money


def test_an_alert_still_to_come_is_not_open_yet(ledger):
    kept(ledger, {"alerted_at": "2026-05-01T15:00:00"})
    assert ledger.open_cases(NOW) == []
    assert len(ledger.open_cases(later(60))) == 1


# ---------------------------------------------------------------- outcomes


@pytest.mark.parametrize("code", OUTCOMES)
def test_after_every_outcome_the_case_is_open_waiting_or_closed_as_the_table_says(ledger, code):
    kept(ledger, {})
    ledger.record_outcome(code, at=later(10), by="S-1", case_id="A-1")
    case = ledger.case("A-1")
    closed = {"elsewhere", "duplicate", "already_transferred"}
    now_open = [one.case_id for one in ledger.open_cases(later(11))]
    assert now_open == ([] if code in closed | {"met_persuaded"} else ["A-1"])
    assert (case.next_visit_at == later(10 + 24 * 60)) == (code == "met_persuaded")
    assert case.visits == (code != "not_attempted")


def test_whoever_was_persuaded_is_visited_after_24_and_72_hours_and_then_left_alone(ledger):
    kept(ledger, {})
    hour = 60
    ledger.record_outcome("met_persuaded", at=NOW, by="S-1", case_id="A-1")
    assert ledger.due_visits(later(23 * hour)) == []
    assert [one.case_id for one in ledger.due_visits(later(24 * hour))] == ["A-1"]
    ledger.record_outcome("met_persuaded", at=later(25 * hour), by="S-1", case_id="A-1")
    assert ledger.due_visits(later(71 * hour)) == []
    ledger.record_outcome(
        "met_persuaded", at=later(72 * hour - 30), by="S-1", case_id="A-1"
    )  # half an hour early counts
    assert ledger.open_cases(later(100 * hour)) == []


def test_a_new_alert_brings_a_waiting_case_back_at_once(ledger):
    kept(ledger, {})
    ledger.record_outcome("met_persuaded", at=NOW, by="S-1", case_id="A-1")
    ledger.record_alerts(
        alerts({"alert_id": "B-1", "phone": "13800000000", "alerted_at": "2026-05-01T14:30"}),
        at=later(30),
        by="li",
    )
    assert [(one.case_id, one.next_visit_at) for one in ledger.open_cases(later(30))] == [("A-1", None)]


def test_persuaded_by_phone_closes_the_case(ledger):
    kept(ledger, {})
    ledger.record_contact("A-1", "persuaded", at=NOW, by="li")
    assert ledger.open_cases(later(1)) == []


def test_who_was_refused_at_the_door_is_remembered(ledger):
    kept(ledger, {})
    [told] = ledger.record_plan(*planned("A-1"), at=NOW, by="li")
    ledger.record_outcome("met_refused", at=later(20), by="S-1", instruction_id=told.instruction_id)
    assert ledger.remembered(later(21), "Asia/Shanghai").refused_by == {"A-1": ("S-1",)}


def test_the_same_outcome_twice_is_one_and_another_one_is_kept_beside_it(ledger):
    kept(ledger, {})
    [told] = ledger.record_plan(*planned("A-1"), at=NOW, by="li")
    report = {"at": later(20), "by": "S-1", "instruction_id": told.instruction_id}
    assert ledger.record_outcome("not_home", **report) == "recorded"
    assert ledger.record_outcome("not_home", **report) == "same"
    assert ledger.record_outcome("met_refused", **report) == "conflict"
    one = ledger.instruction(told.instruction_id)
    assert one.outcome == "not_home"
    assert [other["outcome"] for other in one.other_reports] == ["met_refused"]
    assert [other.instruction_id for other in ledger.handover(later(30)).conflicting] == [told.instruction_id]


# ---------------------------------------------------------------- plans, instructions, limits


def test_a_plan_leaves_an_instruction_a_stop_and_says_who_saw_it(ledger):
    kept(ledger, {}, {}, {})
    told = ledger.record_plan(*planned("A-1", "A-2", left_out=("A-3",)), at=NOW, by="li", shown_to="wang")
    assert [(one.case_id, one.responder_id, one.step, one.contact_by) for one in told] == [
        ("A-1", "S-1", "drafted", later(10)),
        ("A-2", "S-1", "drafted", later(30)),
    ]
    assert [(one.by, one.body["to"], one.body["what"]) for one in ledger.shown("A-3")] == [
        ("li", "wang", "plan")
    ]


def test_the_same_plan_twice_is_one_and_a_newer_one_takes_back_what_was_not_sent(ledger):
    kept(ledger, {}, {})
    first = ledger.record_plan(*planned("A-1", "A-2"), at=NOW, by="li")
    assert ledger.record_plan(*planned("A-1", "A-2"), at=NOW, by="li") == []
    ledger.step(first[0].instruction_id, "sent", at=later(1), by="li")
    ledger.record_plan(*planned("A-2", at=later(5), plan_id="fedcba654321"), at=later(5), by="li")
    assert ledger.instruction(first[0].instruction_id).cancelled_at is None
    assert ledger.instruction(first[1].instruction_id).cancelled_at == later(5)
    assert [one.plan_id for one in ledger.instructions()] == ["abcdef123456", "fedcba654321"]


def test_a_plan_of_a_case_the_ledger_does_not_hold_is_not_kept(ledger):
    kept(ledger, {})
    with pytest.raises(BadInput, match="case A-9 is not in the ledger"):
        ledger.record_plan(*planned("A-1", "A-9"), at=NOW, by="li")
    assert ledger.instructions() == []


def test_who_is_sent_and_not_back_is_under_way(ledger):
    kept(ledger, {})
    [told] = ledger.record_plan(*planned("A-1"), at=NOW, by="li")
    assert ledger.remembered(NOW, "Asia/Shanghai").under_way == {}  # a draft binds nobody
    ledger.step(told.instruction_id, "sent", at=NOW, by="li")
    assert ledger.remembered(NOW, "Asia/Shanghai").under_way["A-1"].responder_id == "S-1"
    ledger.record_outcome("not_home", at=later(20), by="S-1", instruction_id=told.instruction_id)
    assert ledger.remembered(later(21), "Asia/Shanghai").under_way == {}


@pytest.mark.parametrize(
    ("steps", "at", "late"),
    [
        # high risk: sign within 5 minutes of sending, leave within 10 of signing, meet by 14:10 + 10, report 45 after
        ([], 5.5, ("sent", 0.5)),
        ([("sent", 0)], 5, None),
        ([("sent", 0)], 6, ("signed", 1)),
        ([("sent", 0), ("signed", 3)], 13, None),
        ([("sent", 0), ("signed", 3)], 15, ("departed", 2)),
        ([("sent", 0), ("departed", 4)], 20, None),
        ([("sent", 0), ("departed", 4)], 23, ("met", 3)),
        ([("sent", 0), ("met", 12)], 57, None),
        ([("sent", 0), ("met", 12)], 60, ("reported", 3)),
        ([("sent", 0), ("cancelled", 2)], 600, None),
    ],
)
def test_a_step_is_overdue_by_the_limits_of_its_tier(ledger, steps, at, late):
    kept(ledger, {"risk": "high"})
    [told] = ledger.record_plan(*planned("A-1"), at=NOW, by="li")
    for step, minutes in steps:
        ledger.step(told.instruction_id, step, at=later(minutes), by="x")
    found = [(one.step, one.late_minutes) for one in ledger.overdue(later(at))]
    assert found == ([] if late is None else [late])


def test_a_later_stop_is_left_for_when_its_turn_comes(ledger):
    kept(ledger, {}, {})
    told = ledger.record_plan(*planned("A-1", "A-2"), at=NOW, by="li")
    ledger.steps([one.instruction_id for one in told], "signed", at=NOW, by="S-1")
    # the drive to A-2 begins at 14:20 (there at 14:30, 10 minutes away): late from 14:30; that to A-1 from 14:10
    assert [one.instruction.case_id for one in ledger.overdue(later(29))] == ["A-1"]
    assert {one.instruction.case_id for one in ledger.overdue(later(31))} == {"A-1", "A-2"}


def test_the_duty_lead_hears_of_each_late_step_once(ledger):
    kept(ledger, {})
    [told] = ledger.record_plan(*planned("A-1"), at=NOW, by="li")
    ledger.step(told.instruction_id, "sent", at=NOW, by="li")
    assert ledger.escalate(later(9), by="li") == []  # 4 minutes late; the duty lead hears from 5
    assert [one.step for one in ledger.escalate(later(11), by="li")] == ["signed"]
    assert ledger.escalate(later(12), by="li") == []
    assert ledger.overdue(later(12))[0].escalated


def test_who_signed_first_has_signed(ledger):
    kept(ledger, {})
    [told] = ledger.record_plan(*planned("A-1"), at=NOW, by="li")
    ledger.step(told.instruction_id, "signed", at=later(1), by="张")
    one = ledger.step(told.instruction_id, "signed", at=later(9), by="王")
    assert (one.signed_by, one.signed_at) == ("张", later(1))


# ---------------------------------------------------------------- holds, promises, the shift page


def test_a_hold_stands_until_it_ends_or_is_released(ledger):
    kept(ledger, {})
    first = ledger.place_hold("A-1", "bank", later(60), at=NOW, by="li")
    ledger.place_hold("A-1", "relative", later(30), at=NOW, by="li", fraction=0.2)
    assert ledger.remembered(NOW, "Asia/Shanghai").holds["A-1"] == make.Hold(
        60.0, 0.1
    )  # a tenth, by settings
    ledger.release_hold("A-1", first, at=later(5), by="li")
    assert ledger.remembered(later(10), "Asia/Shanghai").holds["A-1"] == make.Hold(20.0, 0.2)
    assert ledger.remembered(later(31), "Asia/Shanghai").holds == {}


def test_the_shift_page_holds_all_the_next_shift_must_know(ledger):
    kept(ledger, {}, {}, {}, {}, {})
    told = ledger.record_plan(*planned("A-1", "A-2"), at=NOW, by="li")
    ledger.steps([one.instruction_id for one in told], "sent", at=NOW, by="li")
    ledger.step(told[1].instruction_id, "signed", at=later(1), by="S-1")
    ledger.place_hold("A-3", "bank", later(90), at=NOW, by="li")
    ledger.record_outcome("met_persuaded", at=later(-24 * 60), by="S-2", case_id="A-4")
    promise = ledger.promise("A-5", "给女儿回电话", later(20), at=NOW, by="li")
    page = ledger.handover(later(8))
    assert [one.case_id for one in page.open] == ["A-3", "A-5"]
    assert [one.case_id for one in page.unsigned] == ["A-1"]
    assert [(one.instruction.case_id, one.step) for one in page.overdue] == [("A-1", "signed")]
    assert [one.case_id for one in page.second_visits] == ["A-4"]
    assert [one.case_id for one in page.holds_expiring] == ["A-3"]
    assert [(one.promise_id, one.text) for one in page.promises] == [(promise, "给女儿回电话")]
    assert page.people["A-1"]["name"] == "陈晓明"
    ledger.keep_promise(promise, at=later(9), by="wang")
    assert ledger.handover(later(10)).promises == ()


def test_open_cases_near_a_point_come_nearest_first(ledger):
    # a thousandth of a degree of latitude is 111 m
    kept(ledger, {"lat": "21.511"}, {"lat": "21.510"}, {"lat": "21.600"})
    found = ledger.cases_near(111.01, 21.51, 200.0, NOW)
    assert [(one.case_id, round(metres)) for one, metres in found] == [("A-2", 0), ("A-1", 111)]


# ---------------------------------------------------------------- what is kept


def test_events_are_never_changed(ledger):
    kept(ledger, {})
    for statement in ("UPDATE event SET by = 'nobody'", "DELETE FROM event"):
        with pytest.raises(DBAPIError, match="never changed"), ledger._keeper.writing() as connection:
            connection.execute(text(statement.replace(" by ", ' "by" ')))
    assert [one.by for one in ledger.events()] == ["li"]


def busy_night(ledger):
    """Something of every kind."""
    kept(ledger, {}, {}, {}, {"risk": "critical"})
    told = ledger.record_plan(*planned("A-1", "A-2", left_out=("A-3",)), at=NOW, by="li")
    ledger.steps([one.instruction_id for one in told], "sent", at=later(1), by="li")
    ledger.step(told[0].instruction_id, "signed", at=later(2), by="S-1")
    ledger.escalate(later(30), by="li")
    ledger.step(told[0].instruction_id, "met", at=later(31), by="S-1")
    ledger.record_outcome(
        "met_refused", at=later(40), by="S-1", instruction_id=told[0].instruction_id, note="骂人"
    )
    ledger.record_outcome("not_home", at=later(41), by="S-1", instruction_id=told[0].instruction_id)
    ledger.step(told[1].instruction_id, "cancelled", at=later(42), by="li")
    ledger.record_contact("A-3", "busy", at=later(3), by="li")
    hold = ledger.place_hold("A-3", "line", later(300), at=later(4), by="li")
    ledger.place_hold("A-3", "bank", later(200), at=later(5), by="li")
    ledger.release_hold("A-3", hold, at=later(6), by="li")
    ledger.keep_promise(ledger.promise("A-4", "再来", later(90), at=later(7), by="li"), at=later(8), by="li")
    ledger.record_outcome(
        "already_transferred", at=later(50), by="S-1", case_id="A-4", transferred_at=later(45)
    )
    ledger.close_case("A-2", "mistake", at=later(51), by="li")
    ledger.reopen_case("A-2", at=later(52), by="li")
    ledger.record_shown("wang", "map", cases=["A-1"], at=later(53), by="li")


def everything_derived(ledger):
    with ledger._keeper.reading() as connection:
        return [
            sorted(connection.execute(select(table)).all(), key=lambda row: str(row[0])) for table in STATES
        ]


def test_current_state_is_what_the_events_say_and_can_be_rebuilt(ledger):
    busy_night(ledger)
    before = everything_derived(ledger)
    assert all(before)  # every derived table has rows to compare
    ledger.rebuild()
    assert everything_derived(ledger) == before


def test_an_unknown_case_instruction_or_promise_is_named_and_nothing_is_written(ledger):
    kept(ledger, {})
    count = len(list(ledger.events()))
    for attempt in (
        lambda: ledger.record_contact("A-9", "busy", at=NOW, by="li"),
        lambda: ledger.step("none", "sent", at=NOW, by="li"),
        lambda: ledger.keep_promise("none", at=NOW, by="li"),
        lambda: ledger.release_hold("A-1", "none", at=NOW, by="li"),
        lambda: ledger.record_outcome("not_home", at=NOW, by="li"),
        lambda: ledger.record_contact("A-1", "sang", at=NOW, by="li"),
        lambda: ledger.place_hold("A-1", "bank", NOW, at=NOW, by="li"),
    ):
        with pytest.raises(BadInput):
            attempt()
    assert len(list(ledger.events())) == count


# ---------------------------------------------------------------- two at once


def test_the_second_of_two_dispatchers_learns_what_the_first_did(ledger):
    kept(ledger, {})
    seen = ledger.case("A-1").version
    ledger.record_outcome("not_home", at=later(5), by="李", case_id="A-1", version=seen)
    with pytest.raises(
        Conflict, match=r"A-1 is at version 2, you read 1; since then: 05-01 14:05 李 reported not_home"
    ) as raised:
        ledger.close_case("A-1", "duplicate", at=later(6), by="王", version=seen)
    assert [one.kind for one in raised.value.since["A-1"]] == ["reported"]
    assert ledger.open_cases(later(7))  # the second's closing was not written
    ledger.close_case("A-1", "duplicate", at=later(8), by="王", version=ledger.case("A-1").version)
    assert [one.kind for one, _ in ledger.history("A-1")] == [
        "alerted",
        "reported",
        "closed",
    ]  # nor was the first's lost


def test_a_plan_made_of_what_has_changed_is_refused_whole(ledger):
    kept(ledger, {}, {})
    versions = ledger.remembered(NOW, "Asia/Shanghai").versions
    ledger.record_contact("A-2", "persuaded", at=later(1), by="王")
    with pytest.raises(Conflict, match="王 rang persuaded"):
        ledger.record_plan(*planned("A-1", "A-2"), at=NOW, by="李", versions=versions)
    assert ledger.instructions() == []


def test_showing_a_case_to_somebody_is_no_change_of_it(ledger):
    kept(ledger, {})
    seen = ledger.case("A-1").version
    ledger.record_shown("王", "map", cases=["A-1"], at=NOW, by="李")
    ledger.record_contact("A-1", "busy", at=NOW, by="李", version=seen)


def test_writers_at_the_same_moment_all_write_and_exactly_one_wins_a_version(ledger_url):
    ledger = kept(Ledger.create(ledger_url), {})
    seen = ledger.case("A-1").version
    outcomes = []

    def write(n):
        own = Ledger.open(ledger_url)
        own.record_contact("A-1", "busy", at=later(n), by=f"w{n}")
        try:
            own.record_contact("A-1", "off", at=later(n), by=f"w{n}", version=seen + 1)
            outcomes.append("won")
        except Conflict:
            outcomes.append("lost")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(outcomes) == 6
    assert outcomes.count("won") <= 1
    assert ledger.case("A-1").attempts == 6 + outcomes.count("won")
    before = everything_derived(ledger)
    ledger.rebuild()
    assert everything_derived(ledger) == before


# ---------------------------------------------------------------- opening


@pytest.mark.filterwarnings("ignore:Did not recognize type:sqlalchemy.exc.SAWarning")
def test_a_new_ledger_has_the_schema_this_version_declares(ledger):
    scripts = ScriptDirectory(str(Path(__file__).parent.parent / "dispatch" / "ledger" / "migrations"))
    assert scripts.get_current_head() == HEAD

    def ours(thing, name, kind, reflected, other):
        table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", None)
        return table in metadata.tables and name not in {"geom", "ix_alert_geom"}

    with ledger._keeper.writing() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_a_ledger_is_made_once(ledger_url):
    Ledger.create(ledger_url)
    with pytest.raises(BadInput, match="holds a ledger already"):
        Ledger.create(ledger_url)


def test_a_database_without_a_ledger_says_how_to_make_one(ledger_url):
    with pytest.raises(MissingInput, match="dispatch ledger init"):
        Ledger.open(ledger_url)


@pytest.mark.parametrize(
    ("revision", "says"), [("0000", "dispatch ledger upgrade"), ("9999", "the version that wrote it")]
)
def test_a_ledger_of_another_version_is_refused_in_a_sentence(ledger_url, revision, says):
    ledger = Ledger.create(ledger_url)
    with ledger._keeper.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
    with pytest.raises(SchemaError, match=says):
        Ledger.open(ledger_url)


def test_upgrading_a_ledger_of_today_changes_nothing(ledger_url):
    kept(Ledger.create(ledger_url), {})
    assert Ledger.upgrade(ledger_url) == (HEAD, HEAD)
    assert len(Ledger.open(ledger_url).open_cases(NOW)) == 1


def test_the_geometry_follows_the_point(ledger):
    kept(ledger, {"lon": "111.25", "lat": "21.75"})
    with ledger._keeper.reading() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("SELECT lon, lat FROM alert")).one() == (111.25, 21.75)
        else:
            where = text("SELECT public.ST_AsText(geom), public.ST_SRID(geom) FROM alert")
            assert connection.execute(where).one() == ("POINT(111.25 21.75)", 4326)


# ---------------------------------------------------------------- the file


def test_only_the_owner_may_read_the_file_and_what_stands_beside_it(tmp_path):
    ledger = kept(Ledger.create(tmp_path / "deep" / "ledger.db"), {})
    with ledger._keeper.reading():  # an open connection: log and index stand beside the file
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "deep").iterdir()}
    assert modes.keys() >= {"ledger.db", "ledger.db-wal"}
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"no database at all " * 100, "is no ledger, or is damaged"), (b"", "dispatch ledger init")],
)
def test_a_file_that_is_no_ledger_is_refused(tmp_path, content, says):
    (tmp_path / "x.db").write_bytes(content)
    with pytest.raises((BadInput, MissingInput), match=says):
        Ledger.open(tmp_path / "x.db")


@pytest.mark.parametrize("given", ["mysql://u:secret@h/x", "sqlite://", "http://[", " "])
def test_a_url_that_names_no_ledger_is_refused_without_its_password(given):
    with pytest.raises(BadInput, match="--ledger") as raised:
        Ledger.open(given)
    assert "secret" not in str(raised.value)


def test_a_missing_file_is_not_made_by_opening_it(tmp_path):
    with pytest.raises(MissingInput, match="dispatch ledger init"):
        Ledger.open(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


def test_a_case_is_a_fold_of_its_events():
    told = {"alert_id": "A", "alerted_at": NOW.isoformat(), "tier": "low"}
    now = fold(
        [
            Event("alerted", NOW, "li", "A", body=told),
            Event("alerted", NOW, "li", "A", body=told | {"tier": "critical"}),
        ]
    )
    assert now.case is not None
    assert (now.case["tier"], now.case["version"], now.case["alerts"]) == ("critical", 2, 2)
    assert isinstance(now.case["opened_at"], datetime)
    assert now.case["opened_at"] - NOW == timedelta(0)
