"""From alerts to plan: each stage asked in turn, every row accounted for."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from dispatch import routing
from dispatch.area import Area
from dispatch.day.accounts import accounts
from dispatch.day.building import build_problem, open_roads, roads_driven
from dispatch.day.closing import begin_on_routes, closing_notes, closures_of, cut_off
from dispatch.day.remembering import again_of, alerts_of, as_remembered, notes_of, without_under_way
from dispatch.day.request import Request, Rules, read_rules
from dispatch.day.reviewing import Look, to_look_at
from dispatch.day.second_visits import past_of
from dispatch.domain import Case, Plan, Problem
from dispatch.errors import BadInput
from dispatch.intake.alerts import Alerts, read_alerts
from dispatch.intake.responders import Roster, read_roster
from dispatch.intake.triage import Person, Triage, triage
from dispatch.places.evidence import Refused
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.locate import locate_rows
from dispatch.places.review import Fix, fixed, read_fixes
from dispatch.reasons import Reason
from dispatch.replan.settings import replan_settings
from dispatch.roads.closure_file import ClosureFile
from dispatch.roads.travel import Leg
from dispatch.search.ready import make_ready
from dispatch.settings import read_toml

if TYPE_CHECKING:  # databases and linear programs load where they are used
    from dispatch.ledger.planning import Remembered
    from dispatch.search.bound import Bound


@dataclass(frozen=True, slots=True)
class Day:
    """A planned day: the decision, and an account of every row that came in.

    `unplaced` holds, by case, what pointed to no usable place, `looks` whose place to look at; `legs` the roads driven, by
    stop id and ``<responder id>/home``; `seconds` how long each stage took; `notes` what the
    user should know though the plan stands; `warnings` the closures yet to begin on its roads;
    `past` what re-plans have noted of each case.
    """

    area: Area
    request: Request
    rules: Rules
    problem: Problem
    plan: Plan
    nearest: Plan
    people: Mapping[str, Person]
    alerts: Alerts
    triage: Triage
    unplaced: Mapping[str, tuple[Refused, ...]]
    looks: tuple[Look, ...]
    roster: Roster
    closures: ClosureFile
    legs: Mapping[str, Leg]
    summary: Mapping[str, Any]
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()
    warnings: tuple[Reason, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    bound: Bound | None = None
    past: Mapping[str, Any] = field(default_factory=dict)


class Watch:
    """Names the stage at work and remembers how long each took."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self.report, self.seconds = report, dict[str, float]()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage."""
        self.report(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)


def plan_day(
    area: Area,
    request: Request,
    report: Callable[[str], None] = lambda _: None,
    remembered: Remembered | None = None,
) -> Day:
    """Alerts in, plan out. `report` is told which stage is at work.

    `remembered` is what a ledger gives in place of a file of alerts.

    Raises
    ------
    DispatchError
        An input cannot be used; said in one line.
    """
    watch = Watch(report)
    rules = read_rules(request.settings, request.weather)
    with watch.stage("reading the alerts"):
        alerts = alerts_of(remembered) if remembered else read_file(area, request, rules)
        again = again_of(remembered) if remembered else frozenset()
        sorted_out = triage(alerts.rows, request.at, rules.triage, again)
        sorted_out = without_under_way(sorted_out, remembered) if remembered else sorted_out
    with watch.stage("finding the places"):
        gazetteer = Gazetteer(area.gazetteer, area.boundaries)
        fixes = read_fixes(request.fixes, gazetteer) if request.fixes else {}
        cases, unplaced = locate_cases(sorted_out, alerts.rows, gazetteer, request, rules, fixes)
        if remembered is not None:
            overlay = read_toml(request.settings) if request.settings else {}
            cases = as_remembered(cases, remembered, request.at, replan_settings(overlay))
    with watch.stage("calling the roll"):
        roster = call_the_roll(area, request, rules)
    with watch.stage("measuring the roads"):
        closures = closures_of(area, request, rules)
        travels = open_roads(area, roster.responders, request.at, rules, closures.closures)
        problem = build_problem(cases, roster.responders, travels, request.at, rules)
        problem = replace(problem, cut_off=cut_off(problem, travels, closures.closures))
    if request.policy == "search":
        with watch.stage("preparing the search"):
            make_ready(watch.report)
    with watch.stage("deciding"):
        nearest = routing.solve(problem, policy="nearest", seed=request.seed)
        plan = decide(problem, request, rules, nearest)
    with watch.stage("proving"):
        bound = prove(problem, plan, request, rules)
        plan = replace(plan, lower_bound_yuan=bound.yuan if bound else None)
    looks = to_look_at(problem.cases, unplaced, rules.places, problem.horizon_minutes)
    with watch.stage("drawing the routes"):
        legs = roads_driven(problem, plan, travels)
    return Day(
        area=area,
        request=request,
        rules=rules,
        problem=problem,
        plan=plan,
        nearest=nearest,
        people=sorted_out.people,
        alerts=alerts,
        triage=sorted_out,
        unplaced=unplaced,
        looks=looks,
        roster=roster,
        closures=closures,
        legs=legs,
        summary=accounts(
            problem,
            plan,
            nearest,
            received=alerts.received,
            rejected=len(alerts.rejected),
            not_yet=len(sorted_out.not_yet),
            no_visit=len(sorted_out.no_visit),
            thresholds=rules.planning.reached_within_minutes,
        ),
        seconds=watch.seconds,
        notes=(
            *_notes(alerts, cases, roster),
            *_place_notes(cases, looks, fixes),
            *closing_notes(problem, closures),
            *(notes_of(remembered) if remembered else ()),
        ),
        warnings=begin_on_routes(problem, plan, legs, closures.closures),
        hashes=_hashes(area, request),
        bound=bound,
        past=past_of(problem.cases, remembered) if remembered else {},
    )


def read_file(area: Area, request: Request, rules: Rules) -> Alerts:
    """The alerts of the request's file."""
    if request.alerts is None:
        raise BadInput("there are no alerts to plan: give a file of them, or --ledger")
    return read_alerts(request.alerts, rules.columns, area.time_zone)


def call_the_roll(area: Area, request: Request, rules: Rules) -> Roster:
    """Who is on duty: the user's responders and jurisdictions, else the area's own."""
    responders, jurisdiction = request.responders, request.jurisdiction
    if area.folder is not None:
        responders = responders or area.folder / "responders.csv"
        jurisdiction = jurisdiction or area.folder / "jurisdiction.csv"
    if responders is None:
        raise BadInput(f"area {area.name} is in no folder and has no responders; give --responders FILE")
    return read_roster(
        responders,
        jurisdiction,
        gazetteer=area.gazetteer,
        at=request.at,
        time_zone=area.time_zone,
        duty=rules.duty,
        jurisdiction_replaces=request.jurisdiction is not None,
    )


def decide(problem: Problem, request: Request, rules: Rules, nearest: Plan) -> Plan:
    """Ask the policy; its answer has passed the audit."""
    seconds = request.seconds
    if seconds is None and request.iterations is None:
        seconds = rules.planning.default_seconds
    if request.policy == "nearest":
        return nearest
    return routing.solve(
        problem,
        policy=request.policy,
        seconds=seconds,
        iterations=request.iterations,
        seed=request.seed,
    )


def prove(problem: Problem, plan: Plan, request: Request, rules: Rules) -> Bound | None:
    """How good the plan is at least; None where nothing was to be proved."""
    seconds = request.bound_seconds
    if seconds is None:
        seconds = rules.planning.bound_seconds if request.iterations is None else 0.0
    if seconds <= 0:
        return None
    from dispatch.search.bound import lower_bound  # noqa: PLC0415 - loads HiGHS

    return lower_bound(problem, seconds=seconds, plan=plan)


def locate_cases(  # noqa: PLR0917 - one caller, by position
    sorted_out: Triage,
    rows: pd.DataFrame,
    gazetteer: Gazetteer,
    request: Request,
    rules: Rules,
    fixes: Mapping[str, Fix] = MappingProxyType({}),
) -> tuple[list[Case], dict[str, tuple[Refused, ...]]]:
    """Every case with its candidate places, and by case what pointed nowhere usable.

    A case that has no place keeps an empty tuple; it is left out with that reason. `fixes`, by
    case, are what people who looked say of its place.
    """
    cases, unplaced = [], {}
    ours = sorted({row for own in sorted_out.case_rows.values() for row in own})
    table = rows.loc[ours].astype(object)  # rows are taken one case at a time
    for case in sorted_out.cases:
        own_rows = table.loc[list(sorted_out.case_rows[case.id])]
        found = locate_rows(case.id, own_rows, gazetteer, rules.places, request.at)
        if case.id in fixes:
            found = fixed(case.id, found, fixes[case.id], gazetteer, rules.places)
        cases.append(replace(case, places=found.places))
        if found.refused:
            unplaced[case.id] = found.refused
    return cases, unplaced


def _notes(alerts: Alerts, cases: list[Case], roster: Roster) -> tuple[str, ...]:
    notes = []
    if len(alerts.rejected):
        notes.append(f"{len(alerts.rejected)} rows of the alerts could not be used; see rejected.csv")
    nowhere = [case.id for case in cases if not case.places]
    if nowhere:
        notes.append(f"{len(nowhere)} cases have no usable place: {', '.join(nowhere[:5])}")
    if not roster.responders:
        notes.append("nobody is on duty: every case is left out")
    return (*notes, *roster.notes)


def _place_notes(cases: list[Case], looks: tuple[Look, ...], fixes: Mapping[str, Fix]) -> Iterator[str]:
    if looks:
        yuan = sum(one.yuan_at_risk for one in looks)
        yield f"{len(looks)} cases have a doubtful place, {yuan:,.0f} yuan with them: see review.csv"
    strangers = sorted(set(fixes) - {case.id for case in cases})
    if strangers:
        yield f"{len(strangers)} answers of --fixes are for no case of this plan: {', '.join(strangers[:5])}"


def _hashes(area: Area, request: Request) -> dict[str, str]:
    files = {
        "alerts": request.alerts,
        "responders": request.responders,
        "jurisdiction": request.jurisdiction,
        "settings": request.settings,
        "closures": request.closures,
        "fixes": request.fixes,
    }
    try:
        read = {name: path.read_bytes() for name, path in files.items() if path}
    except OSError as cause:
        raise BadInput(f"an input disappeared while planning: {cause}") from cause
    return {"area": area.hash} | {name: hashlib.sha256(content).hexdigest() for name, content in read.items()}
