"""A ledger's cases as facts of a report, each as it was known at the moment the report is of."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.domain import Tier
from dispatch.ledger import Event, Ledger, LedgerSettings
from dispatch.ledger.state import CaseNow, advance
from dispatch.report.facts import MET, Facts, Fate, Person, Visit
from dispatch.report.naming import county_in, county_name
from dispatch.report.periods import Period

NOT_THERE = frozenset({"not_attempted", "duplicate"})
"""Outcomes of visits at which nobody was at the door."""

PLANNED_WITHIN = timedelta(days=7)
"""A plan later than this after a period says nothing of its alerts any more."""

Row = Mapping[str, Any]


@dataclass
class _Plans:
    """What the plans of a ledger say: when they were made, whom they left out, in whose county and station each case is."""

    moments: list[datetime] = field(default_factory=list)
    left_out: dict[str, list[datetime]] = field(default_factory=dict)
    units: dict[str, tuple[str, str]] = field(default_factory=dict)
    area: str = ""
    synthetic: bool = False

    @classmethod
    def of(cls, events: Iterable[Event]) -> _Plans:
        found = cls()
        for event in sorted(events, key=lambda one: one.at):
            body = event.body
            found.moments.append(event.at)
            for case_id in body.get("left_out", {}):
                found.left_out.setdefault(case_id, []).append(event.at)
            for case_id, (county, station) in body.get("units", {}).items():
                found.units[case_id] = (county, station)
            summary = body.get("summary", {})
            found.area = str(summary.get("area") or found.area)
            found.synthetic = found.synthetic or bool(summary.get("synthetic"))
        return found

    def any_in(self, since: datetime, until: datetime) -> bool:
        """Whether a plan was made then."""
        at = bisect_left(self.moments, since)
        return at < len(self.moments) and self.moments[at] <= until

    def left_out_in(self, case_id: str, since: datetime, until: datetime) -> bool:
        """Whether a plan made then left the case out."""
        return any(since <= one <= until for one in self.left_out.get(case_id, ()))


def facts_of_ledger(ledger: Ledger, periods: Sequence[Period]) -> tuple[list[Facts | None], str]:
    """The facts of each period read together, and the name of the area its plans are of.

    None for a period, other than the first given, that began before the day of the ledger's first alert: nobody kept it.
    """
    plans = _Plans.of(_planned(ledger, periods))
    first = ledger.first_alerted_at()
    people: list[list[tuple[str, Person]]] = [[] for _ in periods]
    alerts: list[list[datetime]] = [[] for _ in periods]
    for events in ledger.alerted((one.start, one.end) for one in periods):
        moments = _alerted(events)
        for number, period in enumerate(periods):
            own = [one.astimezone(period.zone) for one in moments if period.holds(one)]
            if own:
                alerts[number] += own
                person = _person(events, min(own), period, plans, ledger.settings)
                people[number].append((str(events[0].case_id), person))
    found: list[Facts | None] = []
    for number, period in enumerate(periods):
        kept = first is not None and first.astimezone(period.zone).date() <= period.start.date()
        named = _with_counties(ledger, people[number], plans)
        facts = Facts(named, tuple(alerts[number]), synthetic=plans.synthetic)
        found.append(facts if kept or number == 0 else None)
    return found, plans.area


def _planned(ledger: Ledger, periods: Sequence[Period]) -> list[Event]:
    """The plans that speak of alerts of these periods, each once: those made until some days after."""
    found = {
        event.seq: event
        for one in periods
        for event in ledger.events(
            ("planned",), since=one.start, until=min(one.as_of, one.end + PLANNED_WITHIN)
        )
    }
    return [found[seq] for seq in sorted(found)]


def _with_counties(ledger: Ledger, people: Sequence[tuple[str, Person]], plans: _Plans) -> tuple[Person, ...]:
    """The people; of those in no plan, the county their address names. Nothing else of the address is kept."""
    codes = {code for code, _ in plans.units.values()}
    homeless = [case_id for case_id, person in people if not person.county] if codes else []
    told = ledger.people(homeless) if homeless else {}
    return tuple(
        person
        if person.county or case_id not in told
        else replace(person, county=county_in((told[case_id]["address"],), codes))
        for case_id, person in people
    )


def _alerted(events: Sequence[Event]) -> list[datetime]:
    """When each alert of a case was raised, every alert id once."""
    return [
        datetime.fromisoformat(one.body["alerted_at"])
        for one in events
        if one.kind == "alerted" and one.body.get("first_row", True)
    ]


def _person(
    events: Sequence[Event], since: datetime, period: Period, plans: _Plans, settings: LedgerSettings
) -> Person:
    """The person of a case from its first alert in the period on, as known then."""
    known = [one for one in events if _happened(one) <= period.as_of]
    now = _folded(known)
    case = now.case or {}
    case_id = str(events[0].case_id)
    county, station = plans.units.get(case_id, ("", ""))
    visits = _visits(now, known, since, period, settings)
    by_phone = any(
        (one.kind == "rang" and one.body.get("result") == "persuaded" and one.at >= since)
        or (
            one.kind == "alerted"
            and one.body.get("contact_result") == "persuaded"
            and _happened(one) >= since
        )
        for one in known
    )
    gone = case.get("transferred_at")
    return Person(
        alerted_at=since,
        fate=_fate(case_id, visits, since, period, plans, by_phone=by_phone),
        tier=case.get("tier"),
        fraud_type=case.get("fraud_type"),
        county=county_name(county),
        station=station,
        amount_yuan=case.get("amount_yuan"),
        by_phone=by_phone,
        defrauded=gone is not None and gone >= since,
        visits=visits,
    )


def _happened(one: Event) -> datetime:
    """When an event happened; of an alert, when it was raised, however late somebody took it in."""
    return datetime.fromisoformat(one.body["alerted_at"]) if one.kind == "alerted" else one.at


def _folded(events: Iterable[Event]) -> CaseNow:
    now = CaseNow()
    for one in events:
        try:
            advance(now, one)
        except LookupError:
            continue  # of an instruction that was drafted later than the report is of
    return now


def _fate(
    case_id: str, visits: Sequence[Visit], since: datetime, period: Period, plans: _Plans, *, by_phone: bool
) -> Fate:
    if visits:
        return "planned"
    if by_phone:
        return "no_visit"
    if plans.left_out_in(case_id, since, period.as_of):
        return "left_out"
    return "no_visit" if plans.any_in(since, period.as_of) else "not_yet"


def _visits(
    now: CaseNow, events: Sequence[Event], since: datetime, period: Period, settings: LedgerSettings
) -> tuple[Visit, ...]:
    """Instructions not called off, and reports of visits nobody was told to make."""
    drafts = {str(one.instruction_id): one.body for one in events if one.kind == "drafted"}
    found = [
        _visit(row, drafts.get(row["instruction_id"], {}), period, settings)
        for row in now.instructions.values()
        if (row["ended_at"] is None or row["ended_at"] >= since)
        and (row["cancelled_at"] is None or row["arrived_at"] or row["met_at"])
    ]
    for one in events:
        outcome = one.body.get("outcome")
        if (
            one.kind == "reported"
            and one.instruction_id is None
            and one.at >= since
            and outcome not in NOT_THERE
        ):
            met_at = one.body.get("met_at")
            met = datetime.fromisoformat(met_at) if met_at else one.at if outcome in MET else None
            found.append(Visit(was_there=True, outcome=outcome, met_at=_local(met, period.zone)))
    return tuple(found)


def _visit(row: Row, draft: Mapping[str, Any], period: Period, settings: LedgerSettings) -> Visit:
    outcome = row["outcome"]
    arrive_by = draft.get("arrive_by")
    if arrive_by and row["arrived_at"]:
        planned, reached = datetime.fromisoformat(arrive_by), row["arrived_at"]
    else:
        planned, reached = row["contact_by"], row["met_at"]
    met_at = row["met_at"] or (row["reported_at"] if outcome in MET else None)
    return Visit(
        kind=row["responder_kind"] or "",
        sent=row["sent_at"] is not None,
        signed=any(row[f"{step}_at"] for step in ("signed", "departed", "arrived", "met", "reported")),
        late=late_steps(row, settings, period.as_of),
        was_there=outcome not in NOT_THERE and bool(row["arrived_at"] or row["met_at"] or outcome),
        outcome=outcome,
        met_at=_local(met_at, period.zone),
        planned_at=_local(planned, period.zone),
        reached_at=_local(reached, period.zone),
        averted_yuan=draft.get("averted_yuan"),
    )


def late_steps(row: Row, settings: LedgerSettings, at: datetime) -> tuple[str, ...]:
    """Steps of a sent instruction that came later than its limits allow, or are late at `at`; docs/ledger.md.

    A later step done stands for those before it; nothing is late once it was called off.
    """
    if row["sent_at"] is None:
        return ()
    tier: Tier = row["tier"] or "medium"
    limits = settings.limits[tier]
    due: list[tuple[str, datetime | None]] = [
        ("signed", row["sent_at"] + timedelta(minutes=limits.sign_minutes))
    ]
    if row["signed_at"]:
        leaves = max(row["signed_at"], row["depart_by"] or row["signed_at"])
        due.append(("departed", leaves + timedelta(minutes=limits.depart_minutes)))
    due.append(
        ("met", row["contact_by"] + timedelta(minutes=limits.late_minutes) if row["contact_by"] else None)
    )
    due.append(
        ("reported", row["met_at"] + timedelta(minutes=limits.report_minutes) if row["met_at"] else None)
    )
    return tuple(step for step, moment in due if moment is not None and _done(row, step, at) > moment)


def _done(row: Row, step: str, at: datetime) -> datetime:
    """When the step, or one after it, was done; `at` if it was not."""
    order = ("signed", "departed", "arrived", "met", "reported", "cancelled")
    moments = [row[f"{one}_at"] for one in order[order.index(step) :]]
    return min((one for one in moments if one is not None), default=at)


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone) if moment else None
