"""The scripted night of docs/night.md, run step by step on the practice area."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import night
from benchmarks.night import MAX_CHANGES, STEPS, Rows
from dispatch.area import open_area
from dispatch.ledger import Instruction, Ledger, OpenCase, StandingHold
from dispatch.loss import changes
from dispatch.planfile import PlanFile, read_plan
from dispatch.replan.replanning import Effort, Replanned
from dispatch.report import Share, period_of, report_of
from dispatch.report.from_ledger import facts_of_ledger
from dispatch.rules import audit

SUM = ("rejected_rows", "not_yet", "no_visit_needed", "settled", "visited", "left_out")


@dataclass(frozen=True)
class Seen:
    """The ledger after a step: open cases, instructions under way, the cases of the events, holds."""

    open: dict[str, OpenCase]
    live: tuple[Instruction, ...]
    of_events: dict[str, OpenCase]
    holds: tuple[StandingHold, ...]


@dataclass(frozen=True)
class Told:
    """One step as it was told: what happened, the plan before and after."""

    clock: str
    rows: Rows
    done: Replanned
    before: PlanFile
    after: PlanFile
    out: Path
    ledger: Seen

    def of(self, kind: str, value: str = "") -> list[str]:
        """Cases of events of that kind (and value)."""
        return [row["case"] for row in self.rows if row["event"] == kind and value in {"", row["value"]}]


pytestmark = pytest.mark.slow  # the night they look at takes some twenty seconds


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """The whole night, once."""
    folder = tmp_path_factory.mktemp("night")
    area = open_area("maoming")
    ledger = Ledger.create(folder / "ledger.db")
    out = night.begin(area, folder, iterations=1500, ledger=ledger)
    told = {}
    for step in STEPS:
        done, after, rows = night.go_on(area, step, out, effort=Effort(iterations=1500), ledger=ledger)
        seen = Seen(
            {one.case_id: one for one in ledger.open_cases(step.at)},
            tuple(ledger.instructions()),
            {
                row["case"]: ledger.case(row["case"])
                for row in rows
                if row["event"] != "alert" and row["case"]
            },
            tuple(ledger.holds(step.at)),
        )
        told[step.clock] = Told(step.clock, rows, done, read_plan(out), read_plan(after), after, seen)
        out = after
    return told


CLOCKS = pytest.mark.parametrize("clock", [step.clock for step in STEPS])


@CLOCKS
def test_the_plan_read_back_passes_the_audit(story, clock):
    assert audit(story[clock].after.problem, story[clock].after.plan) == []


@CLOCKS
def test_each_plan_names_the_one_before_it(story, clock):
    assert story[clock].after.plan.parent == story[clock].before.plan.id


@CLOCKS
def test_the_sum_closes(story, clock):
    summary = story[clock].after.summary
    assert summary["received"] == sum(summary[part] for part in SUM)
    # 64 rows of 40 people at 20:00; three people more from 20:30 on
    assert summary["received"] == (64 if clock < "20:30" else 67)
    assert summary["settled"] == sum(summary["settled_by"].values())


@CLOCKS
def test_what_was_under_way_and_needed_still_is_the_first_stop_of_its_crew(story, clock):
    told = story[clock]
    routes = {route.responder_id: route.stops for route in told.after.plan.routes}
    assert told.done.onward.frozen
    for who, frozen in told.done.onward.frozen.items():
        first = routes[who][0]
        assert (first.case_id, first.place_id, first.state) == (
            frozen.head.case_id,
            frozen.place_id,
            frozen.head.state,
        )


@CLOCKS
def test_who_is_on_the_way_arrives_when_it_was_told_unless_the_road_is_worse(story, clock):
    told = story[clock]
    minutes = (told.after.problem.at - told.before.problem.at).total_seconds() / 60
    planned = {
        (route.responder_id, stop.place_id): stop.arrive
        for route in told.before.plan.routes
        for stop in route.stops
    }
    reported = {row["responder"] for row in told.rows if row["event"] != "alert"}  # these may be sooner
    for route in told.after.plan.routes:
        first = route.stops[0] if route.stops else None
        if first is not None and first.state == "departed" and route.responder_id not in reported:
            late = minutes + first.arrive - planned[route.responder_id, first.place_id]
            assert late == pytest.approx(0.0, abs=0.01) or (clock == "20:20" and late > 0.0)


@CLOCKS
def test_no_more_people_are_told_anew_than_allowed(story, clock):
    problem, plan = story[clock].after.problem, story[clock].after.plan
    assert problem.max_changes == MAX_CHANGES
    assert len(changes(problem, plan)) <= MAX_CHANGES
    assert story[clock].after.summary["told_anew"] == len(changes(problem, plan))


@CLOCKS
def test_every_change_is_in_the_table_with_a_sentence_for_the_radio(story, clock):
    table = pd.read_csv(story[clock].out / "changes.csv", keep_default_na=False)
    assert len(table) == len(story[clock].done.changes)
    assert table["change"].isin(["added", "moved", "cancelled"]).all()
    assert table["sentence"].str.len().gt(5).all()
    by_crew = table["responder_id"].tolist()
    assert [one for n, one in enumerate(by_crew) if n == 0 or by_crew[n - 1] != one] == list(
        dict.fromkeys(by_crew)
    )


@CLOCKS
def test_every_stop_has_one_instruction_under_way_and_nothing_else_has(story, clock):
    told = story[clock]
    stops = {(stop.case_id, route.responder_id) for route in told.after.plan.routes for stop in route.stops}
    live = [(one.case_id, one.responder_id) for one in told.ledger.live]
    assert stops <= set(live)
    waiting = {
        case_id
        for case_id, life in told.done.day.past["cases"].items()
        if life.get("settled") == "UNREPORTED"
    }
    visited = {case.id for case in told.after.problem.cases} | waiting
    assert {case_id for case_id, _ in live} <= visited


def test_the_ledger_knows_what_happened(story):
    assert not set(story["20:10"].of("answered")) & set(story["20:10"].ledger.open)
    (held,) = story["20:30"].of("hold")
    assert [(one.case_id, one.kind, one.fraction) for one in story["20:30"].ledger.holds] == [
        (held, "bank", 0.1)
    ]
    new = {row["预警编号"] for row in story["20:30"].rows if row["event"] == "alert"}
    assert new <= set(story["20:30"].ledger.open)
    told = story["20:45"]
    (refused,) = told.of("outcome", "met_refused")
    (who,) = [row["responder"] for row in told.rows if row["value"] == "met_refused"]
    assert told.ledger.of_events[refused].refused_by == (who,)
    assert {told.ledger.of_events[one].last_outcome for one in told.of("outcome", "not_home")} == {"not_home"}
    (gone,) = told.of("outcome", "already_transferred")
    assert gone not in told.ledger.open


def test_who_answered_the_telephone_is_visited_no_more(story):
    told = story["20:10"]
    answered = told.of("answered")
    assert len(answered) == 4
    assert not set(answered) & {case.id for case in told.after.problem.cases}
    assert told.after.summary["settled_by"] == {"WITHDRAWN": 4}
    cancelled = {one.case_id for one in told.done.changes if one.reason.code == "RADIO_CANCELLED"}
    assert set(answered) <= cancelled


def test_a_flooded_road_is_driven_by_nobody(story):
    told = story["20:20"]
    shut = {edge for one in told.done.day.closures.closures for edge in one.edges.tolist()}
    assert shut
    assert all(not shut & set(leg.edges) for leg in told.done.day.legs.values())


def test_new_critical_alerts_are_planned_and_a_hold_slows_the_hazard(story):
    told = story["20:30"]
    new = [row["预警编号"] for row in told.rows if row["event"] == "alert"]
    assert len(new) == 3
    assert set(new) <= told.after.plan.visited
    (held,) = told.of("hold")
    case = next(case for case in told.after.problem.cases if case.id == held)
    assert case.hold is not None
    assert case.hold.until_minutes == 240.0


def test_who_was_not_home_is_tried_again_and_nobody_refused_comes_twice(story):
    told = story["20:45"]
    cases = {case.id: case for case in told.after.problem.cases}
    for case_id in told.of("outcome", "not_home"):
        assert cases[case_id].reasons[0].code == "VISIT_AGAIN"
        # at the same place an hour after 20:44, so 59 minutes from now; or at another place at once
        before = next(case for case in told.before.problem.cases if case.id == case_id)
        waits = cases[case_id].window[0] == pytest.approx(59.0)
        assert waits or len(cases[case_id].places) < len(before.places)
    (refused,) = told.of("outcome", "met_refused")
    (who,) = [row["responder"] for row in told.rows if row["value"] == "met_refused"]
    assert cases[refused].refused_by == {who}
    assert all(
        route.responder_id != who
        for route in told.after.plan.routes
        for stop in route.stops
        if stop.case_id == refused
    )
    kinds = {one.id: one.kind for one in told.before.problem.responders}
    ladder = ["village", "town", "station", "county"]
    assert (
        all(ladder.index(kind) > ladder.index(kinds[who]) for kind in cases[refused].may_go)
        or kinds[who] == "county"
    )
    (gone,) = told.of("outcome", "already_transferred")
    assert gone not in cases
    assert told.after.summary["settled_by"]["MONEY_GONE"] == 1


def test_a_broken_car_and_an_unsigned_instruction_go_to_others(story):
    told = story["21:00"]
    crews = {one.id: one for one in told.after.problem.responders}
    for kind in ("ill", "unsigned"):
        (who,) = [row["responder"] for row in told.rows if row["event"] == kind]
        assert crews[who].status == "off"
        route = next(route for route in told.after.plan.routes if route.responder_id == who)
        assert all(
            stop.state == "arrived" for stop in route.stops
        )  # a visit that has begun is finished on foot


def test_the_nights_report_counts_what_happened(story):
    ledger = Ledger.open(story["21:00"].out.parent / "ledger.db")
    now = datetime(2026, 5, 1, 21, tzinfo=night.ZONE)
    period = period_of("day", "2026-05-01T21:00", night.ZONE, now)
    (facts,), area = facts_of_ledger(ledger, [period])
    report = report_of(period, facts, {}, area=area)
    found, summary = report.now, story["21:00"].after.summary
    # 40 people at 20:00 and three more; four answered the telephone; doors: two shut, one refused, one had paid
    assert found.people == 43
    assert found.by_phone == Share(4, 43)
    assert found.visited.numerator == 4
    assert found.met == Share(1, 4)
    assert found.persuaded == Share(0, 1)
    assert found.defrauded == Share(1, 43)
    left = {one.case_id for one in story["21:00"].after.plan.left_out}
    assert found.sum.left_out == len(
        left - set(story["20:45"].of("outcome"))
    )  # who was visited has been planned
    assert found.sum.planned >= summary["visited"]
    assert found.sum.not_yet == 0
    assert (area, report.synthetic) == (story["21:00"].after.area["name"], True)
    assert [row.key for row in report.groups["county"]] == [night.COUNTY_NAME]
