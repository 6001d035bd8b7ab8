"""Between the planner and the ledger: what a plan starts from, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from dispatch import loss
from dispatch.domain import Case, Hold, Plan, Problem, Responder, Stop
from dispatch.ledger.errors import unknown
from dispatch.ledger.keeper import chunks
from dispatch.ledger.reading import Instruction
from dispatch.ledger.schema import alert, event, instruction_state
from dispatch.ledger.state import Event
from dispatch.ledger.units import units_of


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the ledger gives a plan. `rows` keep the contract `dispatch.intake.alerts.ALERTS`.

    `case_of`: alert id → case id of the ledger. By case id: `holds` in force, `under_way` the
    instruction that was sent and not yet reported on, `versions` as read, `refused_by` who was
    refused at the door, `second_visits` when they fall due, where they were asked for.
    """

    rows: pd.DataFrame
    case_of: Mapping[str, str]
    holds: Mapping[str, Hold] = field(default_factory=dict)
    under_way: Mapping[str, Instruction] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    refused_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    second_visits: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)

    def known_as(self, case: Case) -> str:
        """The ledger's id of a case of the plan: triage may name it by another of its alerts."""
        return next((self.case_of[one] for one in (case.id, *case.alert_ids) if one in self.case_of), case.id)


def plan_events(
    connection: Connection,
    problem: Problem,
    plan: Plan,
    *,
    at: datetime,
    by: str,
    summary: Mapping[str, Any],
    shown_to: str,
) -> list[Event]:
    """The plan, drafts cancelled by it, an instruction a stop, and who is shown it; none if it was kept before."""
    token = f"{problem.at.isoformat()} {plan.id}"
    before = connection.scalars(select(event.c.body).where(event.c.kind == "planned", event.c.at == at))
    if any(body.get("token") == token for body in before):
        return []
    case_ids = _case_ids(connection, problem)
    body = {
        "token": token,
        "at": problem.at.isoformat(),
        "policy": plan.policy,
        "seed": plan.seed,
        "parent": plan.parent,
        "cases": len(problem.cases),
        "visited": len(plan.visited),
        "left_out": {case_ids[one.case_id]: one.reason.code for one in plan.left_out},
        "units": {case_ids[case_id]: list(units) for case_id, units in units_of(problem).items()},
        "summary": dict(summary),
    }
    events = [Event("planned", at, by, plan_id=plan.id, body=body)]
    events += _superseded(connection, {case_ids[one] for one in plan.visited}, at, by)
    people = {one.id: one for one in problem.responders}
    cases = {case.id: case for case in problem.cases}
    for route in plan.routes:
        for stop in route.stops:
            draft = _draft(problem, plan, stop, people[route.responder_id], case_ids[stop.case_id], by)
            foreseen = {
                "arrive_by": _moment(problem, stop.arrive),
                "drive_minutes": round(stop.drive_minutes, 3),
                "averted_yuan": round(averted_yuan(problem, cases[stop.case_id], stop), 2),
            }
            events.append(replace(draft, body={**draft.body, **foreseen}))
    shown = {"to": shown_to, "what": "plan", "cases": sorted(case_ids.values())}
    return [*events, Event("shown", at, by, plan_id=plan.id, body=shown)]


def _case_ids(connection: Connection, problem: Problem) -> dict[str, str]:
    """Case id of the plan → of the ledger, through the alerts it is made of."""
    wanted = {one: case.id for case in problem.cases for one in (*case.alert_ids, case.id)}
    found: dict[str, str] = {}
    for part in chunks(list(wanted), 500):
        rows = connection.execute(select(alert.c.alert_id, alert.c.case_id).where(alert.c.alert_id.in_(part)))
        for row in rows:
            if wanted[row.alert_id] not in found or row.alert_id == wanted[row.alert_id]:
                found[wanted[row.alert_id]] = row.case_id
    for case in problem.cases:
        if case.id not in found:
            raise unknown("case", case.id)
    return found


def _superseded(connection: Connection, case_ids: set[str], at: datetime, by: str) -> list[Event]:
    """Drafts of these cases that were never sent are cancelled: the new plan speaks for them."""
    drafts = []
    for part in chunks(sorted(case_ids), 500):
        rows = connection.execute(
            select(instruction_state).where(
                instruction_state.c.case_id.in_(part),
                instruction_state.c.ended_at.is_(None),
                instruction_state.c.sent_at.is_(None),
            )
        )
        drafts += [Event("cancelled", at, by, row.case_id, row.instruction_id, row.plan_id) for row in rows]
    return drafts


def _draft(  # noqa: PLR0917 - one caller, by position
    problem: Problem,
    plan: Plan,
    stop: Stop,
    responder: Responder,
    case_id: str,
    by: str,
) -> Event:
    body = {
        "responder_id": responder.id,
        "responder_kind": responder.kind,
        "responder_name": responder.name,
        "place_id": stop.place_id,
        "stop_id": stop.id,
        "depart_by": _moment(problem, stop.arrive - stop.drive_minutes),
        "contact_by": _moment(problem, stop.contact),
    }
    identity = f"{problem.at:%m%d-%H%M}.{plan.id[:6]}.{stop.id}"
    return Event("drafted", problem.at, by, case_id, identity, plan.id, body)


def averted_yuan(problem: Problem, case: Case, stop: Stop) -> float:
    """What this stop keeps from being lost, by the loss curve; 0 for who only comes along.

    Places exclude each other, so what the stops of a case avert adds up.
    """
    if not stop.leads:
        return 0.0
    reached = loss.loss_yuan(case, stop.contact, problem.horizon_minutes)
    never = loss.never_yuan(case, problem.horizon_minutes)
    return case.place(stop.place_id).probability * (never - reached)


def _moment(problem: Problem, minutes: float) -> str:
    return (problem.at + timedelta(minutes=minutes)).isoformat(timespec="seconds")
