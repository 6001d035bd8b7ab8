"""Sending somebody, priced like any other action: yuan saved per minute of the crew that goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dispatch.domain import Case, Plan, Problem
from dispatch.explain.choices import timed
from dispatch.explain.seating import Seat, Seating
from dispatch.explain.standing import Standing
from dispatch.next_actions.effects import expected_under
from dispatch.next_actions.situation import Situation
from dispatch.sending import State, offers

TRIED = 6
"""Responders tried for a case left out: those there soonest."""


@dataclass(frozen=True, slots=True)
class Door:
    """A visit to be sent now. `minutes` are the crew's: the drive there, waiting, searching, serving.

    `planned` visits stand in the plan; the others are of cases left out whose visit would pay
    after all, `saves_yuan` then being net of what it costs others.
    """

    case_id: str
    responder_id: str
    place_id: str
    departs: float
    contact: float
    minutes: float
    saves_yuan: float
    planned: bool = True

    @property
    def yuan_per_minute(self) -> float:
        """What the list is ranked by."""
        return self.saves_yuan / self.minutes if self.minutes > 0 else 0.0


def doors(situation: Situation, look_ahead_minutes: float, least_yuan: float) -> tuple[Door, ...]:
    """Visits of the plan that leave within the look-ahead, and of cases left out that would pay; best first."""
    problem, plan = situation.problem, situation.plan
    if problem is None or plan is None:
        return ()
    latest = situation.now_minutes + look_ahead_minutes
    found = [one for one in _planned(situation, plan) if situation.now_minutes <= one.departs <= latest]
    found += _left_out(situation, problem, plan)
    return tuple(
        sorted(
            (one for one in found if one.saves_yuan >= least_yuan),
            key=lambda one: (-one.yuan_per_minute, one.case_id),
        )
    )


def _planned(situation: Situation, plan: Plan) -> Iterator[Door]:
    subjects = {one.case.id: one for one in situation.subjects}
    for route in plan.routes:
        for stop in route.stops:
            subject = subjects.get(stop.case_id)
            if subject is None or not stop.leads or stop.state not in {"planned", "sent"}:
                continue
            chance = subject.case.place(stop.place_id).probability
            others = [one for one in subject.contacts if one != (stop.contact, chance)]
            if len(others) == len(subject.contacts):
                continue  # the ledger knows that this visit has been made
            horizon = situation.horizon_minutes
            with_it = expected_under(subject.case, subject.in_force, subject.contacts, horizon)
            without = expected_under(subject.case, subject.in_force, others, horizon)
            departs = stop.arrive - stop.drive_minutes
            yield Door(
                stop.case_id,
                route.responder_id,
                stop.place_id,
                departs,
                stop.contact,
                stop.leave - departs,
                without - with_it,
            )


def _left_out(situation: Situation, problem: Problem, plan: Plan) -> Iterator[Door]:
    if situation.now_minutes > 0:  # the routes have begun: what can still be put into them, a re-plan says
        return
    open_ids = {one.case.id for one in situation.subjects}
    out = [case for case in problem.cases if case.id not in plan.visited and case.id in open_ids]
    out = [case for case in out if case.stake_yuan >= max(problem.min_stake_yuan, 1e-9)]
    if not out:
        return
    seating = Seating(Standing.of(problem, plan))
    for case in out:
        seat = _best_seat(seating, case)
        if seat is None or seat.more_yuan >= 0:
            continue
        stop = next(
            one for one in timed(seating.standing, seat)[seat.responder_id].stops if one.case_id == case.id
        )
        departs = stop.arrive - stop.drive_minutes
        yield Door(
            case.id, seat.responder_id, seat.place_id, departs, stop.contact, stop.leave - departs, -seat.more_yuan, planned=False
        )  # fmt: skip


def _best_seat(seating: Seating, case: Case) -> Seat | None:
    state: State = seating.state
    best: Seat | None = None
    for place in case.places:
        found = offers(state, case, place)
        order = np.argsort(np.where(found.possible, found.contact, np.inf), kind="stable")[:TRIED]
        for row in order:
            if not found.possible[row]:
                break
            seat = seating.best(case, place, state.roster.problem.responders[int(row)], push=False)
            if seat is not None and (best is None or seat.more_yuan < best.more_yuan):
                best = seat
    return best
