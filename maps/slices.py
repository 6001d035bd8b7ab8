"""A part of a view: what one responder needs, and nothing about anybody else's cases."""

from __future__ import annotations

import math
from dataclasses import replace

from dispatch.domain import Case, Hold
from dispatch.errors import BadInput
from dispatch.loss import expected_yuan, never_yuan
from maps.view import MapCase, PlanView, Summary


def for_responder(view: PlanView, responder_id: str) -> PlanView:
    """The view with that responder's cases alone; numbers and sum are of these.

    A case it shares with others keeps only the stops it makes itself; nobody else's
    instruction, route or phone is in it. Of what a re-plan changed it has what this one is told.

    Raises
    ------
    BadInput
        Nobody of that id is in the view.
    """
    crew = next((one for one in view.responders if one.id == responder_id), None)
    if crew is None:
        known = [route.responder_id for route in view.routes][:5]
        raise BadInput(f"no responder {responder_id!r} in this plan; with visits are {', '.join(known)} …")
    routes = tuple(route for route in view.routes if route.responder_id == responder_id)
    wanted = {stop.case_id for route in routes for stop in route.stops}
    cadre = crew.kind == "village"
    cases = tuple(
        replace(
            case,
            left_out=None,
            obvious=None,
            price_yuan=None,
            duty_id=None,
            instruction=case.cadre_instruction if cadre else case.instruction,
            cadre_instruction="",
        )
        for case in view.cases
        if case.id in wanted
    )
    name = crew.name or crew.id
    view = replace(
        view,
        cases=cases,
        responders=(crew,),
        routes=routes,
        rows=(),
        changes=tuple(one for one in view.changes if one.responder_id == responder_id),
        warnings=(),
        title=(f"{name} 上门路线", f"Visits of {name}"),
    )
    return replace(view, summary=_summary(view))


def _summary(view: PlanView) -> Summary:
    """The numbers of a view by itself: all it holds is planned."""
    contacts: dict[str, list[tuple[float, float]]] = {}
    cases = {case.id: case for case in view.cases}
    for route in view.routes:
        for stop in route.stops:
            chances = {place.id: place.probability for place in cases[stop.case_id].places}
            contacts.setdefault(stop.case_id, []).append((stop.contact, chances.get(stop.place_id, 0.0)))
    known = {number: _case(case) for number, case in cases.items()}
    nobody = sum(never_yuan(case, view.horizon_minutes) for case in known.values())
    expected = sum(
        expected_yuan(case, contacts.get(number, ()), view.horizon_minutes) for number, case in known.items()
    )
    soon = sum(min((at for at, _ in found), default=math.inf) <= 30 for found in contacts.values())
    planned = len(contacts)
    return Summary(
        received=len(cases),
        rejected=0,
        not_yet=0,
        no_visit=0,
        planned=planned,
        left_out=len(cases) - planned,
        nobody_yuan=nobody,
        expected_yuan=expected,
        averted_yuan=nobody - expected,
        share_reached_30_minutes=soon / len(cases) if cases else 0.0,
    )


def _case(case: MapCase) -> Case:
    """The case as the loss formula takes it."""
    hold = None if case.hold_until_minutes is None else Hold(case.hold_until_minutes, case.hold_fraction)
    due = math.inf if case.due_minutes is None else case.due_minutes
    return Case(
        case.id, "low", case.fraud_type, case.stake_yuan, case.hazard_per_hour, (),
        hold=hold, due_minutes=due, late_yuan_per_minute=case.late_yuan_per_minute,
    )  # fmt: skip
