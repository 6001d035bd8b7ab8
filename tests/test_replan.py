"""Re-planning: events read, crews walked, cases pursued, and what must not happen."""

from __future__ import annotations

import itertools
import json
import math
import os
import shutil
import signal
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import make
import pandas as pd
import pytest
from doors import ROOT, run_dispatch
from hypothesis import given
from hypothesis import strategies as st
from ledgers import alerts, kept, planned
from sqlalchemy import func, select

from benchmarks import night
from dispatch.area import open_area
from dispatch.domain import Hold, Told
from dispatch.errors import MissingInput
from dispatch.ledger import Conflict, Ledger
from dispatch.ledger.keeper import Keeper
from dispatch.ledger.schema import event
from dispatch.loss import loss_yuan
from dispatch.planfile import read_plan
from dispatch.replan import history, remembering
from dispatch.replan.events import KINDS, Event, columns_in, read_events
from dispatch.replan.folders import read_before
from dispatch.replan.follow_ups import pursued, under_holds
from dispatch.replan.history import Held, Life, Visited
from dispatch.replan.limited import with_limit_named
from dispatch.replan.progress import standings
from dispatch.replan.settings import replan_settings
from dispatch.routing import assemble, solve
from dispatch.timeline import Visit
from maps.page import read_page

ZONE = ZoneInfo("Asia/Shanghai")
RULES = replan_settings()


def after(minutes: float) -> datetime:
    """So long after the made world's 14:00."""
    return make.NOW + timedelta(minutes=minutes)


# --- the file of events ---------------------------------------------------------------------


def read(tmp_path: Path, text: str):
    path = tmp_path / "events.csv"
    path.write_text(text, encoding="utf-8")
    return read_events(path, {}, "Asia/Shanghai")


def test_kinds_and_headings_may_be_chinese_and_values_default(tmp_path):
    found = read(
        tmp_path, "事件,时间,警情,至\n电话,2026-05-01 20:03,A1,\n止付,2026-05-01 20:05,A2,2026-05-01 22:00\n"
    )
    assert [(one.kind, one.case_id, one.value) for one in found.events] == [
        ("answered", "A1", "persuaded"),
        ("hold", "A2", "bank"),
    ]
    assert found.events[1].until == datetime(2026, 5, 1, 22, tzinfo=ZONE)


def test_a_row_given_back_reads_as_it_was_written():
    at = datetime(2026, 5, 1, 20, 5, tzinfo=ZONE)
    told = Event("outcome", at, "NOPE", "S-1", "not_home", lon=math.nan, lat=math.nan)
    assert told.as_given == "outcome, 2026-05-01T20:05, NOPE, S-1, not_home"
    seen = Event("position", at, responder_id="S-1", lon=111.0, lat=21.5)
    assert seen.as_given == "position, 2026-05-01T20:05, S-1, 111.000000,21.500000"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("teleported,2026-05-01 20:00,A1,,,,,,", "event"),
        ("answered,soon,A1,,,,,,", "at"),
        ("answered,2026-05-01 20:00,,,,,,,", "case"),
        ("answered,2026-05-01 20:00,A1,,maybe,,,,", "value"),
        ("outcome,2026-05-01 20:00,A1,,,,,,", "value"),
        ("hold,2026-05-01 20:00,A1,,bank,,,,", "until"),
        ("hold,2026-05-01 20:00,A1,,bank,2026-05-01 19:00,,,", "until"),
        ("delayed,2026-05-01 20:00,,R1,,,,,", "minutes"),
        ("delayed,2026-05-01 20:00,,R1,,,-5,,", "minutes"),
        ("ill,2026-05-01 20:00,A1,,,,,,", "responder"),
        ("position,2026-05-01 20:00,,R1,,,,111.0,21.5", "datum"),
        ("place,2026-05-01 20:00,A1,,,,,,", "lon"),
        ("closure,2026-05-01 20:00,,,flood,,,,", "road"),
    ],
)
def test_a_bad_row_is_refused_by_its_column_and_the_others_go_on(tmp_path, row, column):
    good = "answered,2026-05-01 20:01,A2,,,,,,"
    found = read(tmp_path, f"event,at,case,responder,value,until,minutes,lon,lat\n{row}\n{good}\n")
    assert [one.case_id for one in found.events] == ["A2"]
    assert found.rejected["column"].tolist() == [column]
    assert found.rejected["row"].tolist() == [2]


def test_rows_that_are_alerts_are_read_as_alerts(tmp_path):
    found = read(
        tmp_path,
        "event,at,alert_id,risk,phone,address,case\n"
        "新预警,2026-05-01 20:28,N1,特高危,19000000001,电白区水东街道,\n"
        "alert,2026-05-01 20:29,N2,??,19000000002,电白区水东街道,\n"
        "answered,2026-05-01 20:29,,,,,A1\n",
    )
    assert found.alerts.rows["alert_id"].tolist() == ["N1"]
    assert found.alerts.rows["alerted_at"].iloc[0] == pd.Timestamp("2026-05-01 20:28", tz=ZONE)
    assert found.alerts.rejected["column"].tolist() == ["risk"]
    assert len(found.events) == 1


def test_a_point_is_moved_to_wgs_84(tmp_path):
    found = read(
        tmp_path,
        "event,at,responder,lon,lat,datum\nposition,2026-05-01 20:00,R1,111.005,21.505,GCJ02\n",
    )
    (one,) = found.events
    assert (
        100 < 111_320 * math.hypot(one.lon - 111.005, one.lat - 21.505) < 1000
    )  # GCJ-02 is off by some hundred metres


def test_the_documented_tables_are_the_ones_in_force():
    text = (ROOT / "docs" / "replan.md").read_text(encoding="utf-8")
    for kind, (chinese, needs) in KINDS.items():
        assert f"| `{kind}` | {chinese} | {needs} |" in text
    for column in columns_in(ZONE):
        assert f"| `{column.name}` | {column.zh} | {column.means} |" in text


# --- how far crews have come ----------------------------------------------------------------

TWO = [make.case("c1", 10), make.case("c2", 30)]
"""From the base at 0: 10 minutes to c1, ten there, leaving at 20; 20 more to c2, contact at 40, leaving at 50."""


def walked(minutes, *events, gone=None, crew=None, settings=RULES, **more):
    day = make.problem([crew or make.responder()], TWO)
    plan = assemble(day, {"r1": [Visit("c1", "c1/0"), Visit("c2", "c2/0")]}, "by hand")
    return standings(
        day, plan.routes, list(events), gone=gone or {}, minutes=minutes, settings=settings, **more
    )["r1"]


def told(kind, minutes, case="c1", **more):
    return Event(kind, after(minutes), case, "r1", **more)


@pytest.mark.parametrize(
    ("minutes", "where", "state", "left"),
    [
        (5, ("road", None, "c1/0"), "departed", (5, 0, 10)),
        (12, ("place", "c1/0", None), "arrived", (0, 0, 8)),
        (25, ("road", "c1/0", "c2/0"), "departed", (15, 0, 10)),
        (45, ("place", "c2/0", None), "arrived", (0, 0, 5)),
    ],
)
def test_without_reports_a_crew_is_where_the_plan_has_it(minutes, where, state, left):
    found = walked(minutes)
    assert (found.where, found.here, found.ahead) == where
    head = found.under_way
    assert head is not None
    assert (head.state, (head.drive_minutes, head.search_minutes, head.service_minutes)) == (
        state,
        pytest.approx(left),
    )


def test_a_late_departure_shifts_the_rest():
    # leaves 7 minutes late: at c1 at 17, gone by 27; on the way to c2 since, five minutes done of twenty
    found = walked(32, told("departed", 7))
    assert (found.ahead, found.share) == ("c2/0", pytest.approx(5 / 20))
    assert found.under_way.drive_minutes == pytest.approx(15)


def test_an_outcome_frees_the_crew_at_once():
    # reported at 12, eight minutes before the plan: on the way to c2 since
    found = walked(16, told("outcome", 12, value="met_persuaded"))
    assert (found.here, found.share) == ("c1/0", pytest.approx(4 / 20))
    assert [stop.case_id for stop in found.over] == ["c1"]
    assert found.unreported == ()


def test_what_is_over_by_the_plan_is_not_reported():
    assert [stop.case_id for stop in walked(25).unreported] == ["c1"]


def test_who_turns_back_stands_where_it_was_reached():
    # c1 answered at 4: of ten minutes four were driven; it is called back and has nothing frozen
    found = walked(8, gone={"c1": 4.0})
    assert (found.where, found.share, found.under_way) == ("road", pytest.approx(0.4), None)


def test_a_visit_that_became_needless_at_the_door_is_over():
    found = walked(14, gone={"c1": 12.0})
    assert (found.ahead, found.share) == ("c2/0", pytest.approx(2 / 20))


def test_a_delay_is_added_to_what_it_falls_into():
    # reported at 5 on the way: 15 minutes more, so at c1 at 25
    found = walked(20, Event("delayed", after(5), "", "r1", minutes=15.0))
    assert (found.under_way.state, found.under_way.drive_minutes) == ("departed", pytest.approx(5))


def test_a_broken_car_lets_go_of_the_way_but_not_of_the_door():
    broken = Event("ill", after(5), "", "r1")
    assert (walked(6, broken).under_way, walked(6, broken).status) == (None, "off")
    at_door = Event("ill", after(12), "", "r1")
    found = walked(13, at_door)
    assert (found.under_way.state, found.status) == ("arrived", "off")


def test_an_instruction_not_signed_for_is_not_driven_and_then_goes_to_others():
    assert walked(9, told("sent", 0)).where == "start"
    assert not walked(9, told("sent", 0)).silent
    found = walked(10, told("sent", 0))
    assert (found.silent, found.status) == (True, "off")
    assert not walked(20, told("sent", 0), told("signed", 11)).silent


def test_a_sign_of_life_brings_a_silent_crew_back():
    assert (
        walked(5, silent_before=True and frozenset({"r1"}), crew=make.responder(status="off")).status == "off"
    )
    back = Event("available", after(3), "", "r1")
    assert (
        walked(5, back, silent_before=frozenset({"r1"}), crew=make.responder(status="off")).status == "free"
    )


def test_an_old_position_is_not_believed():
    old, fresh = (Event("position", after(at), "", "r1", lon=111.5, lat=22.5) for at in (0, 20))
    assert walked(25, old).where == "road"
    assert walked(25, fresh).point == (111.5, 22.5)


@pytest.mark.parametrize(
    ("reports", "radius", "state", "code"),
    [
        ([("arrived", 10)], 0, "arrived", "POSITION_CONTRADICTS"),
        ([], 0, "departed", "POSITION_NOT_THERE"),
        ([], 3000, "arrived", None),  # it may be that much off
    ],
)
def test_a_position_far_from_the_door_is_told_and_a_report_is_believed_before_the_plan(
    reports, radius, state, code
):
    at_c1 = TWO[0].places[0]
    seen = Event("position", after(14), "", "r1", lon=at_c1.lon, lat=at_c1.lat + 0.02, radius_metres=radius)
    found = walked(15, *(told(*one) for one in reports), seen)
    assert found.under_way.state == state
    assert (found.elsewhere and found.elsewhere.reason("crew r1", "14:14").code) == code
    if code:
        assert found.elsewhere.metres == pytest.approx(0.02 * 111_320, rel=1e-3)
    if state == "departed":
        assert (found.where, found.point) == ("point", (seen.lon, seen.lat))
        assert found.under_way.service_minutes == pytest.approx(10)


def test_a_position_from_before_the_arrival_contradicts_nothing():
    seen = Event("position", after(8), "", "r1", lon=111.9, lat=22.5)
    assert walked(15, seen, told("arrived", 10)).elsewhere is None


def test_where_settings_ask_for_reports_nobody_moves_without_one():
    strict = RULES.model_copy(update={"unreported_goes_as_planned": False})
    assert walked(25, settings=strict).where == "start"
    assert (
        walked(25, told("departed", 0), settings=strict).under_way is None
    )  # over by the plan; c2 not left for
    assert walked(5, told("departed", 0), settings=strict).under_way.state == "departed"


@given(st.floats(0, 60), st.floats(0, 30), st.floats(0, 30))
def test_a_crew_is_somewhere_and_nothing_is_left_below_zero(minutes, departs, delay):
    found = walked(
        minutes,
        *[told("departed", departs)] * (departs <= minutes),
        *[Event("delayed", after(departs), "", "r1", minutes=delay)] * (departs <= minutes),
    )
    assert 0 <= found.share <= 1
    assert found.free_at_minutes >= 0
    if found.under_way:
        head = found.under_way
        assert min(head.drive_minutes, head.search_minutes, head.service_minutes) >= 0


# --- what follows from a visit --------------------------------------------------------------


def visited(outcome, minutes=0.0, who="r1", kind="station", place="c1/0", at=10.0):
    lon, lat = make.lonlat(at)
    return Visited(after(minutes), who, kind, place, lon, lat, outcome)


def of(*visits, **more):
    return Life("c1", visits=visits, **more)


HOMES = [make.place(10, probability=0.6), make.place(40, probability=0.3)]


def test_not_home_waits_an_hour_for_the_same_place_and_tries_another_at_once():
    alone = pursued(make.case(places=HOMES[:1]), of(visited("not_home")), after(20), RULES).case
    assert alone.window == (40.0, math.inf)  # 60 minutes after the visit, 20 are gone
    assert alone.places[0].probability == pytest.approx(0.36)  # 0.6 of 0.6
    assert {"village", "town"} <= alone.may_go
    other = pursued(make.case(places=HOMES), of(visited("not_home")), after(20), RULES).case
    assert [place.id for place in other.places] == ["c1/1"]
    assert other.window[0] == 0.0
    later = pursued(make.case(places=HOMES), of(visited("not_home")), after(61), RULES).case
    assert [place.id for place in later.places] == ["c1/0", "c1/1"]


def test_a_wrong_place_is_not_gone_to_again():
    case = pursued(make.case(places=HOMES), of(visited("wrong_place")), after(5), RULES).case
    assert [place.id for place in case.places] == ["c1/1"]


def test_after_three_misses_nobody_goes():
    found = pursued(make.case(), of(*[visited("not_home", n) for n in range(3)]), after(200), RULES)
    assert found.spent is not None
    assert (found.spent.code, found.spent.params["times"]) == ("TRIES_SPENT", 3)


@pytest.mark.parametrize(
    ("kind", "may_go"),
    [("village", {"town", "station", "county"}), ("station", {"county"}), ("county", {"county"})],
)
def test_who_was_refused_is_followed_by_a_higher_rung_and_never_by_itself(kind, may_go):
    case = pursued(make.case(), of(visited("met_refused", kind=kind)), after(5), RULES).case
    assert case.may_go == may_go
    assert case.refused_by == {"r1"}


def test_where_it_is_unsafe_only_the_police_go():
    case = pursued(make.case(), of(visited("unsafe")), after(5), RULES).case
    assert (case.may_go, case.needs) == ({"station", "county"}, {"police"})


def test_a_second_visit_is_worth_a_share_and_opens_before_it_is_due():
    met = history.after_visit(Life("c1"), visited("met_persuaded"), lambda at: [at + timedelta(hours=24)])
    assert met.settled == "MET"
    early = history.second_visit_due(met, after(60 * 19), RULES.follow_up.opens_minutes_before)
    assert early.settled == "MET"
    due = history.second_visit_due(met, after(60 * 21), RULES.follow_up.opens_minutes_before)
    assert not due.settled
    case = make.case(amount_yuan=100_000.0, transfer_probability=0.5, may_go=frozenset({"county"}))
    found = pursued(case, due, after(60 * 21), RULES).case
    assert found.stake_yuan == pytest.approx(10_000.0)  # 100,000 × 0.5 × 0.2
    assert found.may_go == {"village", "town", "station"}
    assert found.due_minutes == pytest.approx(60 * 3 + 240)
    again = history.after_visit(due, visited("met_persuaded", 60 * 22), lambda _: [])
    assert (again.settled, again.due_visits) == ("MET", ())


def test_a_new_alert_opens_a_settled_case_at_once():
    met = history.after_visit(Life("c1"), visited("met_persuaded"), lambda at: [at + timedelta(hours=24)])
    back = history.returned(met, after(30))
    assert (back.settled, back.due_visits, back.misses) == ("", (), ())


def test_a_hold_keeps_what_the_hazard_would_have_taken():
    # hazard 0.6/h; 60 minutes since the last sign, the last 30 of them under a hold that leaves 0.1:
    # triage has aged by 0.6, but 30 minutes count for a tenth: 0.3 × 0.9 = 0.27 is given back
    case = make.case(stake_yuan=1000.0, safe_minutes_ago=60.0)
    found = under_holds(case, Life("c1", holds=(Held(after(30), after(90), 0.1),)), after(60))
    assert found.stake_yuan == pytest.approx(1000.0 * math.exp(0.27))
    assert found.hold == Hold(30.0, 0.1)
    assert loss_yuan(found, 30.0, 360.0) < loss_yuan(replace(found, hold=None), 30.0, 360.0)


def test_lives_are_written_and_read_back():
    life = Life(
        "c1",
        visits=(visited("not_home"),),
        calls=((after(3), "busy"),),
        holds=(Held(after(1), after(9), 0.5),),
        due_visits=(after(99),),
        corrected=history.Corrected(after(2), 111.0, 22.0, None),
    )
    assert history.from_json(json.loads(json.dumps(history.to_json(life)))) == life


# --- left out ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "code"), [(0, "LIMIT_ON_CHANGES"), (1, None), (None, None)])
def test_who_is_left_out_because_no_more_may_be_told_anew_is_told_so(limit, code):
    # c1 was told 20 and lies 20 minutes out; n1, on the other side, is at home for 25 minutes more: first n1, then c1 at 50
    cases = [
        make.case("c1", 20, stake_yuan=20_000.0),
        make.case("n1", -10, stake_yuan=90_000.0, window=(0.0, 25.0)),
    ]
    told = {"c1": Told("r1", "c1/0", 20.0)}
    day = make.problem([make.responder(shift_minutes=90)], cases, told=told, max_changes=limit)
    plan = solve(day, "search", iterations=200)
    if code is None:
        assert "n1" in plan.visited
        assert with_limit_named(day, plan) == plan.left_out
        return
    (out,) = with_limit_named(day, plan)
    assert (out.case_id, out.reason.code) == ("n1", code)
    assert out.reason.params["yuan"] > 0


def test_who_is_left_out_for_want_of_crews_is_not_put_down_to_the_limit():
    cases = [make.case("c1", 20), make.case("n1", -30)]  # either alone fits into the shift, both do not
    day = make.problem(
        [make.responder(shift_minutes=75)], cases, told={"c1": Told("r1", "c1/0", 20.0)}, max_changes=0
    )
    plan = assemble(day, {"r1": [Visit("c1", "c1/0")]}, "by hand")
    assert [one.reason.code for one in plan.left_out] == ["NO_CAPACITY"]
    assert with_limit_named(day, plan) == plan.left_out


# --- through the command line ---------------------------------------------------------------


@pytest.fixture(scope="module")
def evening(tmp_path_factory):
    """The night's plan of 20:00."""
    return night.begin(open_area("maoming"), tmp_path_factory.mktemp("evening"), iterations=300)


def some(plan, count):
    stops = sorted(
        ((stop.contact, stop.case_id, route.responder_id) for route in plan.routes for stop in route.stops),
        reverse=True,
    )
    return [(case, who) for _, case, who in stops[:count]]


def test_good_rows_go_on_and_the_exit_code_says_that_a_human_must_look(evening, tmp_path):
    (first, _), (second, crew), *_ = some(read_plan(evening).plan, 4)
    events = tmp_path / "events.csv"
    events.write_text(
        "event,at,case,responder,value\n"
        f"answered,2026-05-01 20:05,{first},,\n"
        f"outcome,2026-05-01 20:06,{second},{crew},elsewhere\n"
        f"outcome,2026-05-01 20:07,{first},,not_home\n"  # it was settled two minutes before
        "answered,2026-05-01 20:05,A9999,,\n"
        "answered,2026-05-01 20:30,,,\n"
        f"ill,2026-05-01 20:40,,{crew},\n",  # later than --at
        encoding="utf-8",
    )
    out = tmp_path / "plan"
    again = ("replan", evening, "--at", "2026-05-01T20:10", "--out", out, "--iterations", "50")
    done = run_dispatch(*again, "--events", events, "--json")
    assert done.returncode == 3, done.stderr
    summary = json.loads(done.stdout)
    assert summary["settled_by"] == {"TRANSFERRED": 1, "WITHDRAWN": 1}
    assert (summary["events"], summary["rejected_events"]) == (2, 4)
    refused = pd.read_csv(out / "rejected_events.csv")
    assert refused["row"].tolist() == [4, 5, 6, 7]
    assert refused["column"].tolist() == ["case", "case", "case", "at"]
    assert {"changes.csv", "map.html", "history.json", "plan.gpkg", "people.json"} <= {
        one.name for one in out.iterdir()
    }
    assert all(one.stat().st_mode & 0o077 == 0 for one in out.iterdir())
    people = json.loads((evening / "people.json").read_text())
    said = (out / "changes.csv").read_text(encoding="utf-8")
    assert not [one["name"] for one in people.values() if one["name"] and one["name"] in said]
    table = pd.read_csv(out / "changes.csv")
    shown = read_page((out / "map.html").read_text(encoding="utf-8"))["changes"]
    assert len(table) >= 2
    assert [pair[0] for pair in shown["sentence"]] == table["sentence"].tolist()
    assert shown["responder_id"] == table["responder_id"].tolist()


def test_the_same_file_again_counts_nothing_twice(evening, tmp_path):
    ((case, _),) = some(read_plan(evening).plan, 1)
    events = tmp_path / "events.csv"
    events.write_text(f"event,at,case\nanswered,2026-05-01 20:05,{case}\n", encoding="utf-8")
    options = ("--events", events, "--iterations", "20", "--json")
    first = run_dispatch("replan", evening, "--at", "2026-05-01T20:10", "--out", tmp_path / "a", *options)
    assert first.returncode == 0, first.stderr
    done = run_dispatch(
        "replan", tmp_path / "a", "--at", "2026-05-01T20:15", "--out", tmp_path / "b", *options
    )
    assert done.returncode == 0, done.stderr
    assert (json.loads(done.stdout)["events"], json.loads(done.stdout)["settled"]) == (0, 1)
    assert "counted before" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--at", "2026-05-01T19:00"), "before the plan's own moment"),
        (("--at", "later"), "expected a moment"),
        (("--at", "2026-05-01T20:10", "--area", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_done_safely_changes_nothing_and_says_why(evening, tmp_path, options, said):
    out = tmp_path / "plan"
    done = run_dispatch("replan", evening, *options, "--out", out)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_the_plan_that_is_under_way_is_never_replaced(evening):
    before = (evening / "plan.json").read_bytes()
    done = run_dispatch("replan", evening, "--at", "2026-05-01T20:10", "--out", evening, "--force")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1)
    assert "choose another folder" in done.stderr
    assert (evening / "plan.json").read_bytes() == before


def test_a_plan_without_history_is_refused_in_one_sentence(evening, tmp_path):
    (tmp_path / "plan.json").write_bytes((evening / "plan.json").read_bytes())
    (tmp_path / "travel.npz").write_bytes((evening / "travel.npz").read_bytes())
    with pytest.raises(MissingInput, match=r"history\.json"):
        read_before(tmp_path)


def a_replan_to_keep(ledger):
    """What a re-plan leaves: A-2 answered the telephone, N-1 is new, S-1 goes to both others; as read before."""
    kept(ledger)
    problem, plan = planned("A-1", "N-1", at=after(10))
    answered = Event("answered", after(5), "A-2", value="persuaded")
    area = SimpleNamespace(name="town", synthetic=True)
    done = SimpleNamespace(
        day=SimpleNamespace(problem=problem, plan=plan, summary={}, area=area),
        facts=SimpleNamespace(events=(answered,), lives={}),
    )
    fresh = alerts({"alert_id": "N-1", "phone": "13900000009"})
    versions = {one: ledger.case(one).version for one in ("A-1", "A-2")}
    return done, remembering.Heard(None, versions, frozenset(), fresh)


def held(ledger):
    with ledger._keeper.reading() as connection:
        return connection.scalar(select(func.count()).select_from(event))


def keep_and_die(number, path, done, before):
    """Killed as it writes its event of that number; ends by itself if there is none."""
    count, write = itertools.count(), Keeper.append

    def append(*args, **more):
        if next(count) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return write(*args, **more)

    Keeper.append = append
    remembering.keep(Ledger.open(path), done, before, "li")
    os._exit(0)


def test_a_re_plan_killed_at_any_moment_leaves_all_of_it_in_the_ledger_or_nothing(
    tmp_path, empty_ledger_file
):
    path = tmp_path / "ledger.db"
    shutil.copy(empty_ledger_file, path)
    ledger = Ledger.open(path)
    done, before = a_replan_to_keep(ledger)
    known, kills = held(ledger), 0
    while True:
        child = os.fork()
        if not child:
            keep_and_die(kills, path, done, before)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
        assert held(ledger) == known
        kills += 1
    assert kills >= 4  # the call, the plan, two drafts: it had been killed between them
    assert os.WEXITSTATUS(status) == 0
    assert "A-2" not in {one.case_id for one in ledger.open_cases(after(10))}
    assert {one.case_id for one in ledger.instructions()} == {"A-1", "N-1"}


def test_where_another_desk_was_quicker_the_plan_is_refused_and_the_facts_are_kept(
    tmp_path, empty_ledger_file
):
    shutil.copy(empty_ledger_file, tmp_path / "ledger.db")
    ledger = Ledger.open(tmp_path / "ledger.db")
    done, before = a_replan_to_keep(ledger)
    ledger.record_contact("A-1", "busy", at=after(8), by="wang")
    with pytest.raises(Conflict, match="wang rang busy"):
        remembering.keep(ledger, done, before, "li")
    assert "A-2" not in {one.case_id for one in ledger.open_cases(after(10))}
    assert ledger.case("N-1").version >= 1
    assert ledger.instructions() == []
    assert not list(ledger.events(["planned"]))


def test_with_a_ledger_what_it_heard_counts_and_the_plan_goes_into_it(tmp_path):
    night.alerts().to_csv(tmp_path / "alerts.csv", index=False)
    night.responders().to_csv(tmp_path / "responders.csv", index=False)
    book = tmp_path / "ledger.db"
    Ledger.create(book)
    begun = run_dispatch(
        "plan", tmp_path / "alerts.csv", "--area", "maoming", "--at", "2026-05-01T20:00", "--responders",
        tmp_path / "responders.csv", "--out", tmp_path / "a", "--iterations", "50", "--policy", "search", "--ledger", book,
    )  # fmt: skip
    assert begun.returncode == 0, begun.stderr
    ((case, _), *_) = some(read_plan(tmp_path / "a").plan, 1)
    ledger = Ledger.open(book)
    ledger.record_contact(case, "persuaded", at=datetime(2026, 5, 1, 20, 5, tzinfo=ZONE), by="二号席")
    done = run_dispatch(
        "replan", tmp_path / "a", "--at", "2026-05-01T20:10", "--out", tmp_path / "b", "--iterations", "50",
        "--ledger", book, "--by", "一号席", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["settled_by"] == {"WITHDRAWN": 1}
    plan = read_plan(tmp_path / "b").plan
    assert {one.by for one in ledger.events(["planned"]) if one.plan_id == plan.id} == {"一号席"}
    drafted = {(one.case_id, one.responder_id) for one in ledger.instructions(plan_id=plan.id)}
    assert drafted == {(stop.case_id, route.responder_id) for route in plan.routes for stop in route.stops}
