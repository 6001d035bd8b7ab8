"""Plan folders, and the outcomes kept beside them, as facts of a report.

A folder that another of them goes on from only lends its outcomes; of an alert in several, the newest plan speaks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.day.keeping import Kept, read_kept
from dispatch.domain import TIERS, Case, Stop
from dispatch.errors import BadInput
from dispatch.ledger.planning import averted_yuan
from dispatch.ledger.units import units_of
from dispatch.outcomes.keeping import outcomes_file
from dispatch.planfile import PlanFile, read_plan
from dispatch.replan.facts import people_of
from dispatch.replan.history import NOT_YET_TOLD, Life, from_json
from dispatch.report.facts import MET, Facts, Fate, Person, Visit
from dispatch.report.from_ledger import NOT_THERE
from dispatch.report.naming import county_in, county_name
from dispatch.report.periods import Period
from dispatch.tables import read_text

READ = ("alert_id", "alerted_at", "address", "risk", "fraud_type", "amount_at_risk", "contact_result")


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a visit: by whom, when it was reported, how long they were there."""

    case_id: str
    responder_id: str
    outcome: str
    at: datetime
    kind: str = ""
    there_minutes: float | None = None
    plan_id: str = ""
    stop_id: str = ""


@dataclass
class PlanRead:
    """One plan folder: the plan, its rows, whose they are, what became of them.

    `told` and `stops` are by case id, `cases` by the ids of their alerts too.
    """

    file: PlanFile
    kept: Kept
    rows: Mapping[int, Mapping[Any, Any]]
    told: Mapping[str, Sequence[Told]]
    cases: Mapping[str, Case]
    people: Mapping[str, Sequence[int]]
    lives: Mapping[str, Life]
    units: Mapping[str, tuple[str, str]]
    stops: Mapping[str, Sequence[tuple[str, Stop]]] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """The plan's moment."""
        return self.file.problem.at

    @property
    def zone(self) -> ZoneInfo:
        """The area's zone."""
        return ZoneInfo(str(self.file.area.get("time_zone") or "Asia/Shanghai"))


def read_plans(folders: Iterable[Path]) -> list[PlanRead]:
    """The folders in the order given. MissingInput, SchemaError or BadInput if one cannot be read."""
    return [_read(folder) for folder in folders]


def facts_of_plans(plans: Sequence[PlanRead], periods: Sequence[Period]) -> list[Facts | None]:
    """The facts of each period; None for one in which no plan was made."""
    return [_facts(plans, period) for period in periods]


def _read(folder: Path) -> PlanRead:
    file = read_plan(folder)
    zone = str(file.area.get("time_zone") or "Asia/Shanghai")
    kept = read_kept(folder, zone)
    try:
        lives = {case_id: from_json(raw) for case_id, raw in kept.past.get("cases", {}).items()}
    except (AttributeError, KeyError, TypeError, ValueError) as cause:
        raise BadInput(f"{folder}: its history cannot be read ({cause}); plan again") from cause
    stops: dict[str, list[tuple[str, Stop]]] = {}
    for route in file.plan.routes:
        for stop in route.stops:
            stops.setdefault(stop.case_id, []).append((route.responder_id, stop))
    told: dict[str, list[Told]] = {}
    for one in _outcomes(outcomes_file(folder)):
        told.setdefault(one.case_id, []).append(one)
    return PlanRead(
        file,
        kept,
        dict(zip(map(int, kept.rows.index), kept.rows[list(READ)].to_dict("records"), strict=True)),
        told,
        {name: case for case in file.problem.cases for name in (*case.alert_ids, case.id)},
        people_of(kept.rows),
        lives,
        units_of(file.problem),
        stops,
    )


def _outcomes(path: Path) -> list[Told]:
    """What teams reported of the plan, as `dispatch outcomes` keeps it."""
    if not path.is_file():
        return []
    found = []
    rows: Sequence[Mapping[Any, Any]] = read_text(path).to_dict("records")
    try:
        for row in rows:
            minutes = str(row["minutes"])
            told = Told(
                case_id=str(row["case"]).removeprefix("'"),
                responder_id=str(row["responder"]).removeprefix("'"),
                outcome=str(row["value"]),
                at=datetime.fromisoformat(str(row["at"])),
                there_minutes=float(minutes) if minutes else None,
                plan_id=str(row["plan_id"]),
                stop_id=str(row["stop_id"]).removeprefix("'"),
            )
            found.append(told)
    except (KeyError, ValueError) as cause:
        raise BadInput(f"{path} is no file of outcomes ({cause}); move it away, or report anew") from cause
    return found


def _facts(plans: Sequence[PlanRead], period: Period) -> Facts | None:
    known = sorted((one for one in plans if one.at <= period.as_of), key=lambda one: one.at)
    of_period = [one for one in known if period.start <= one.at < period.whole_end]
    if not of_period:
        return None
    parents = {one.file.plan.parent for one in known}
    speaking = [one for one in known if one.at >= period.start and one.file.plan.id not in parents]
    newest: dict[str, PlanRead] = {}
    for one in speaking:
        newest |= dict.fromkeys(map(str, one.kept.rows["alert_id"]), one)
    people, alerts = [], []
    for plan in speaking:
        for case_id, rows in plan.people.items():
            own = _alerts(plan, rows, period, newest)
            if own:
                alerts += list(own.values())
                people.append(_person(plan, case_id, rows, min(own.values()), period, known))
    rejected: Counter[tuple[str, ...]] = Counter()
    for plan in of_period:
        rejected |= Counter(map(tuple, plan.kept.rejected[["column", "found", "raw"]].astype(str).to_numpy()))
    synthetic = any(bool(one.file.area.get("synthetic")) for one in speaking)
    return Facts(tuple(people), tuple(alerts), rejected.total(), steps_known=False, synthetic=synthetic)


def _alerts(
    plan: PlanRead, rows: Sequence[int], period: Period, newest: Mapping[str, PlanRead]
) -> dict[str, datetime]:
    """The alerts among these rows that this plan speaks for and the period holds, each id once, with its moment."""
    found: dict[str, datetime] = {}
    for row in rows:
        alert_id = str(plan.rows[row]["alert_id"])
        moment = plan.rows[row]["alerted_at"].to_pydatetime().astimezone(period.zone)
        if newest[alert_id] is plan:
            found[alert_id] = min(moment, found.get(alert_id, moment))
    return {alert_id: moment for alert_id, moment in found.items() if period.holds(moment)}


def _person(  # noqa: PLR0917 - one caller, by position
    plan: PlanRead,
    case_id: str,
    rows: Sequence[int],
    since: datetime,
    period: Period,
    plans: Sequence[PlanRead],
) -> Person:
    own = [plan.rows[row] for row in rows]
    case = next((plan.cases[one["alert_id"]] for one in own if one["alert_id"] in plan.cases), None)
    name = case.id if case else case_id
    visits = _visits(plan, name, since, period, plans)
    calls = plan.lives[case_id].calls if case_id in plan.lives else ()
    by_phone = any(one["contact_result"] == "persuaded" for one in own) or any(
        result == "persuaded" and at <= period.as_of for at, result in calls
    )
    county, station = next((one.units[name] for one in (plan, *plans) if name in one.units), ("", ""))
    amounts = [float(one["amount_at_risk"]) for one in own if one["amount_at_risk"] == one["amount_at_risk"]]
    return Person(
        alerted_at=since,
        fate=_fate(plan, case, visits, since, by_phone=by_phone),
        tier=case.tier
        if case
        else next((tier for tier in TIERS if any(one["risk"] == tier for one in own)), None),
        fraud_type=next((str(one["fraud_type"]) for one in own if one["fraud_type"]), None),
        county=county_name(county) if county else _county_said(own, plans),
        station=station,
        amount_yuan=max(amounts, default=None),
        by_phone=by_phone,
        defrauded=any(one.outcome == "already_transferred" for one in visits),
        visits=visits,
    )


def _county_said(rows: Sequence[Mapping[Any, Any]], plans: Sequence[PlanRead]) -> str:
    """The county the addresses of somebody in no plan name."""
    codes = {code for one in plans for code, _ in one.units.values()}
    return county_in((str(one["address"]) for one in rows), codes)


def _fate(
    plan: PlanRead, case: Case | None, visits: Sequence[Visit], since: datetime, *, by_phone: bool
) -> Fate:
    if visits:
        return "planned"
    if by_phone:
        return "no_visit"
    if since > plan.at:
        return "not_yet"
    return "left_out" if case is not None else "no_visit"


def _visits(
    plan: PlanRead, case_id: str, since: datetime, period: Period, plans: Sequence[PlanRead]
) -> tuple[Visit, ...]:
    """What was reported, and the stops of the plan nobody has reported on."""
    told: dict[tuple[str, str, str], Told] = {}
    kinds: dict[str, str] = {one.id: one.kind for read in plans for one in read.file.problem.responders}
    for one in plan.lives[case_id].visits if case_id in plan.lives else ():
        if one.outcome != NOT_YET_TOLD:
            known = Told(case_id, one.responder_id, one.outcome, one.at, one.kind)
            told[one.responder_id, one.outcome, f"{one.at.astimezone(period.zone):%d%H%M}"] = known
    for report in (one for read in plans for one in read.told.get(case_id, ())):
        moment = report.at.astimezone(period.zone)
        told[report.responder_id, report.outcome, f"{moment:%d%H%M}"] = report
    of_case = [one for one in told.values() if since <= one.at <= period.as_of]
    found = [_made(one, kinds, plans, period) for one in of_case]
    waits = plan.lives[case_id].visits if case_id in plan.lives else ()
    found += [
        Visit(kind=one.kind)
        for one in waits
        if one.outcome == NOT_YET_TOLD and since <= one.at <= period.as_of
    ]
    gone = {one.responder_id for one in of_case if one.plan_id in {"", plan.file.plan.id}}
    for who, stop in plan.stops.get(case_id, ()):
        if who not in gone:
            averted = averted_yuan(plan.file.problem, plan.cases[case_id], stop)
            found.append(Visit(kind=kinds.get(who, ""), averted_yuan=averted))
    return tuple(found)


def _made(told: Told, kinds: Mapping[str, str], plans: Sequence[PlanRead], period: Period) -> Visit:
    """A visit that was reported, with what the plan it was of had foreseen."""
    averted = planned = None
    for read in plans:
        for who, stop in read.stops.get(told.case_id, ()):
            if who == told.responder_id and told.plan_id in {"", read.file.plan.id}:
                averted = averted_yuan(read.file.problem, read.cases[told.case_id], stop)
                planned = (read.at + timedelta(minutes=stop.contact)).astimezone(period.zone)
    at = told.at.astimezone(period.zone)
    met = told.outcome in MET
    reached = None if told.there_minutes is None else at - timedelta(minutes=told.there_minutes)
    return Visit(
        kind=told.kind or kinds.get(told.responder_id, ""),
        was_there=told.outcome not in NOT_THERE,
        outcome=told.outcome,
        met_at=(reached or at) if met else None,
        planned_at=planned if met and reached else None,
        reached_at=reached if met else None,
        averted_yuan=averted,
    )
