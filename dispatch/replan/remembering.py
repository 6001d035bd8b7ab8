"""Re-planning with a ledger: what it has heard comes in, facts and the new plan with its instructions go back.

All of it is one transaction. If another desk was quicker the plan is refused, and the facts, which stay true, are written alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

import pandas as pd

from dispatch.day.remembering import told_of
from dispatch.domain import Plan, Route
from dispatch.intake.alerts import Alerts
from dispatch.ledger import Conflict, Instruction, Ledger
from dispatch.ledger import Event as Entry
from dispatch.ledger.state import INSTITUTIONS
from dispatch.planfile import PlanFile
from dispatch.replan.events import STEPS, Event, EventFile, in_order
from dispatch.replan.replanning import Replanned

KINDS: Mapping[str, str] = {
    "rang": "answered",
    "held": "hold",
    "released": "release",
    "reported": "outcome",
    **dict.fromkeys(STEPS, ""),
}
"""Kinds of the ledger's events that a re-plan counts, and its own word for them ("": the same)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the ledger holds: `events` for the re-plan, `versions` of cases as read, `keys` of the events.

    `fresh` are alerts of the news, which it may not hold yet.
    """

    events: EventFile
    versions: Mapping[str, int]
    keys: frozenset[tuple[str, ...]]
    fresh: pd.DataFrame


def heard(
    ledger: Ledger, file: PlanFile, news: EventFile, at: datetime, *, time_zone: str, hours: float
) -> Heard:
    """The news with everything the ledger has heard in the last `hours`, and alerts that came in by another desk."""
    remembered = ledger.remembered(at, time_zone)
    ids = {case.id for case in file.problem.cases} | set(remembered.case_of.values())
    held = {one.case_id for one in ledger.open_cases(at)} | set(remembered.versions)
    events: list[Event] = []
    versions = dict(remembered.versions)
    for case_id in sorted(ids & held | _known(ledger, ids - held)):
        versions[case_id] = ledger.case(case_id).version
        events += _events_of(ledger, case_id, at - timedelta(hours=hours), at)
    for one in ledger.instructions():
        if one.case_id in ids and one.step == "sent" and one.sent_at is not None and one.sent_at <= at:
            minutes = (at - one.sent_at) / timedelta(minutes=1)
            events.append(Event("unsigned", at, one.case_id, one.responder_id, minutes=minutes))
    both = replace(
        news,
        events=tuple(in_order([*events, *news.events])),
        alerts=_with_rows(news.alerts, remembered.rows),
    )
    return Heard(both, versions, frozenset(one.key for one in events), news.alerts.rows)


def _known(ledger: Ledger, case_ids: set[str]) -> set[str]:
    """Those of the cases the ledger holds, closed ones too."""
    found = ledger.people(sorted(case_ids)) if case_ids else {}
    return {case_id for case_id, person in found.items() if any(person.values())}


def _events_of(ledger: Ledger, case_id: str, since: datetime, at: datetime) -> list[Event]:
    crews = {one.instruction_id: one.responder_id for one in ledger.instructions(case_id=case_id)}
    found = []
    for entry, _ in ledger.history(case_id):
        body = entry.body
        if entry.kind not in KINDS or not since < entry.at <= at or body.get("channel") in INSTITUTIONS:
            continue
        until = datetime.fromisoformat(body["until"]) if "until" in body else None
        value = str(body.get("result") or body.get("outcome") or body.get("kind") or "")
        who = crews.get(str(entry.instruction_id), "")
        found.append(Event(KINDS[entry.kind] or entry.kind, entry.at, case_id, who, value, until))
    return found


def _with_rows(own: Alerts, rows: pd.DataFrame) -> Alerts:
    """The alerts with the ledger's; what is known already is told apart where they are numbered."""
    if not len(rows):
        return own
    if not len(own.rows):
        return replace(own, rows=rows)
    start = int(max(own.rows.index)) + 1
    return replace(
        own, rows=pd.concat([own.rows, rows.set_axis(range(start, start + len(rows)), axis="index")])
    )


def keep(ledger: Ledger, done: Replanned, before: Heard, by: str) -> list[Instruction]:
    """Write new alerts, the facts the ledger had not heard, the plan with its instructions, and what is called off.

    One transaction: a process that dies leaves all of it or nothing.

    Raises
    ------
    Conflict
        A case changed while the plan was made: it is not written; the facts are, if none of theirs did.
    """
    try:
        with ledger.together():
            touched = _keep_facts(ledger, done, before, by)
            return _keep_plan(ledger, done, before, touched, by)
    except Conflict:
        with ledger.together():
            _keep_facts(ledger, done, before, by)
        raise


def _keep_facts(ledger: Ledger, done: Replanned, before: Heard, by: str) -> set[str]:
    """New alerts and what the ledger had not heard; the ids of the cases that changed."""
    at = done.day.problem.at
    if len(before.fresh):
        ledger.record_alerts(before.fresh, at=at, by=by)
    entries = [
        entry
        for event in done.facts.events
        if event.key not in before.keys
        for entry in _entries(ledger, event, by)
    ]
    touched = {str(one.case_id) for one in entries}
    known = {case_id: version for case_id, version in before.versions.items() if case_id in touched}
    if entries:
        ledger.record_together(entries, versions=known)
    return touched


def _keep_plan(
    ledger: Ledger, done: Replanned, before: Heard, touched: set[str], by: str
) -> list[Instruction]:
    """The plan, an instruction a stop, and instructions called off that it has no stop for."""
    at = done.day.problem.at
    planned = {case.id for case in done.day.problem.cases}
    versions = {case_id: version for case_id, version in before.versions.items() if case_id in planned}
    versions |= {case_id: ledger.case(case_id).version for case_id in touched & versions.keys()}
    live = [one for one in ledger.instructions() if one.sent_at is not None]
    stops = {(stop.case_id, route.responder_id) for route in done.day.plan.routes for stop in route.stops}
    standing = {(one.case_id, one.responder_id) for one in live}
    told = ledger.record_plan(
        done.day.problem,
        _without(done.day.plan, standing),
        at=at,
        by=by,
        versions=versions,
        summary=told_of(done.day.summary, done.day.area.name, synthetic=done.day.area.synthetic),
    )
    concerned = planned | set(done.facts.lives)
    called_off = [
        one.instruction_id
        for one in live
        if one.case_id in concerned and (one.case_id, one.responder_id) not in stops and one.ended_at is None
    ]
    if called_off:
        ledger.steps(called_off, "cancelled", at=at, by=by)
    return told


def _without(plan: Plan, standing: set[tuple[str, str]]) -> Plan:
    """The plan without stops whose instruction was sent and still stands."""
    routes = tuple(
        Route(
            route.responder_id,
            tuple(stop for stop in route.stops if (stop.case_id, route.responder_id) not in standing),
            route.home,
        )
        for route in plan.routes
    )
    return replace(plan, routes=routes)


def _entries(ledger: Ledger, event: Event, by: str) -> Sequence[Entry]:
    """The ledger's words for an event; nothing where it is not of a case."""
    settings, case_id = ledger.settings, event.case_id
    own = [
        one
        for one in ledger.instructions(case_id=case_id)
        if case_id and one.responder_id == event.responder_id
    ]
    last = own[-1] if own else None
    match event.kind:
        case "answered":
            body: dict[str, object] = {"result": event.value, "channel": "phone"}
            due = settings.due_visits("phone_persuaded", event.at) if event.value == "persuaded" else None
            return [Entry("rang", event.at, by, case_id, body=body | ({"due_visits": due} if due else {}))]
        case "hold" if event.until is not None:
            held = {"hold_id": f"H-{uuid4().hex[:10]}", "kind": event.value, "fraction": event.factor}
            return [Entry("held", event.at, by, case_id, body=held | {"until": event.until.isoformat()})]
        case "release":
            standing = [one.hold_id for one in ledger.holds(event.at) if one.case_id == case_id]
            return [Entry("released", event.at, by, case_id, body={"hold_id": one}) for one in standing]
        case "outcome":
            due = settings.due_visits("met_persuaded", event.at) if event.value == "met_persuaded" else None
            told: dict[str, object] = {"outcome": event.value} | ({"due_visits": due} if due else {})
            instruction = last.instruction_id if last and last.ended_at is None else None
            plan_id = last.plan_id if last and instruction else None
            return [Entry("reported", event.at, by, case_id, instruction, plan_id, told)]
        case kind if kind in STEPS and last is not None and last.ended_at is None:
            return [Entry(kind, event.at, by, case_id, last.instruction_id)]
    return []
