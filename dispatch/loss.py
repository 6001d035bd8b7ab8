"""What waiting costs: the loss curve of a case, and what a whole plan leaves to be lost.

Minutes count from ``Problem.at``; money is in modelled yuan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dispatch.domain import Case, Place, Plan, Problem, Responder, Stop, Told

CLASSES = 8
MOVED_TOLERANCE_MINUTES = 0.001
_REACHED_TOLERANCE_MINUTES = 1e-9


@dataclass(frozen=True, slots=True)
class PlanLoss:
    """A plan in yuan. `prices_yuan` is what the decision pays beside the money lost."""

    nobody_yuan: float
    expected_yuan: float
    averted_yuan: float
    prices_yuan: float

    @property
    def objective_yuan(self) -> float:
        """What every policy tries to make small: expected loss plus prices."""
        return self.expected_yuan + self.prices_yuan


def exposure(case: Case, minutes: float) -> float:
    """Hazard gathered from now to `minutes` (no unit): λt, slower while a hold lasts."""
    if case.hold is not None:
        held = min(minutes, max(0.0, case.hold.until_minutes))
        minutes = held * case.hold.fraction + (minutes - held)
    return case.hazard_per_hour * minutes / 60.0  # per hour -> per minute


def loss_yuan(case: Case, contact_minutes: float, horizon_minutes: float) -> float:
    """Expected loss if the right door opens at `contact_minutes`, in yuan.

    ``stake·(1 − e^(−Λ(t))) + late_rate·max(0, t − due)``. After the horizon it is what
    never coming costs: no moment costs more.
    """
    minutes = min(max(contact_minutes, 0.0), horizon_minutes)
    loss = case.stake_yuan * -math.expm1(-exposure(case, minutes))
    if case.late_yuan_per_minute and minutes > case.due_minutes:
        loss += case.late_yuan_per_minute * (minutes - case.due_minutes)
    return loss


def loss_curve(case: Case, contact_minutes: ArrayLike, horizon_minutes: float) -> NDArray[np.float64]:
    """`loss_yuan` at many moments at once; same shape as `contact_minutes`, `inf` allowed."""
    minutes = np.clip(np.asarray(contact_minutes, dtype=np.float64), 0.0, horizon_minutes)
    exposed = minutes
    if case.hold is not None:
        held = np.minimum(minutes, max(0.0, case.hold.until_minutes))
        exposed = held * case.hold.fraction + (minutes - held)
    loss: NDArray[np.float64] = case.stake_yuan * -np.expm1(-case.hazard_per_hour / 60.0 * exposed)
    if case.late_yuan_per_minute and horizon_minutes > case.due_minutes:
        loss += case.late_yuan_per_minute * np.maximum(0.0, minutes - case.due_minutes)
    return loss


def never_yuan(case: Case, horizon_minutes: float) -> float:
    """Expected loss if nobody comes: the loss at the horizon, in yuan."""
    return loss_yuan(case, horizon_minutes, horizon_minutes)


def loss_rate(case: Case) -> float:
    """How fast the case loses money at this moment, in yuan per minute."""
    held = case.hold is not None and case.hold.until_minutes > 0
    fraction = case.hold.fraction if held and case.hold is not None else 1.0
    late = case.late_yuan_per_minute if case.due_minutes <= 0 else 0.0
    return case.stake_yuan * case.hazard_per_hour * fraction / 60.0 + late


def expected_yuan(case: Case, contacts: Sequence[tuple[float, float]], horizon_minutes: float) -> float:
    """Expected loss of a case under its contacts, in yuan.

    Parameters
    ----------
    contacts
        (minutes, probability that the person is found there), one for each place gone to.
        Places exclude each other, so their order does not matter.
    """
    never = never_yuan(case, horizon_minutes)
    found = sum(chance for _, chance in contacts)
    return (
        sum(chance * loss_yuan(case, minutes, horizon_minutes) for minutes, chance in contacts)
        + (1.0 - found) * never
    )


def neighbour_yuan(problem: Problem, responder: Responder, place: Place) -> float:
    """What a visit outside the responder's own jurisdiction costs, in yuan; inside, 0."""
    if place.codes & responder.jurisdiction:
        return 0.0
    return float(problem.prices.neighbour_yuan.get(responder.kind, 0.0))


def balance_yuan(problem: Problem, visits: int) -> float:
    """What so many visits of one responder cost for being so many: 0 + 1 + ... times the price."""
    return problem.prices.balance_yuan * visits * (visits - 1) / 2.0


def kept(told: Told, responder_id: str, stop: Stop, moved_minutes: float) -> bool:
    """Whether a stop of a responder is what people were told, contact moving by at most `moved_minutes`."""
    return (
        stop.leads
        and (told.responder_id, told.place_id) == (responder_id, stop.place_id)
        and told.partner_id in (None, stop.partner_id)
        and abs(stop.contact - told.contact_minutes) <= moved_minutes + MOVED_TOLERANCE_MINUTES
    )


def changes(problem: Problem, plan: Plan) -> tuple[str, ...]:
    """Ids of the problem's cases that are not visited as told, in its order.

    A case is kept if the responder named leads a visit to the place named, with the partner
    named if one was, and contact moves by at most `Prices.moved_minutes`. Another place is
    another visit: that is a change too.
    """
    as_told = {
        stop.case_id
        for route in plan.routes
        for stop in route.stops
        if stop.case_id in problem.told
        and kept(problem.told[stop.case_id], route.responder_id, stop, problem.prices.moved_minutes)
    }
    return tuple(case.id for case in problem.cases if case.id in problem.told and case.id not in as_told)


def plan_loss(problem: Problem, plan: Plan) -> PlanLoss:
    """What a plan leaves to be lost and what it pays, in yuan.

    Contacts are taken from the plan's stops (`rules.audit` checks them); drives, the one
    home included, come from the problem. Where two come, the loss is paid once, at the
    contact of who leads; drives, neighbours and balance are paid by both.
    """
    contacts = _contacts(plan)
    nobody = sum(never_yuan(case, problem.horizon_minutes) for case in problem.cases)
    expected = 0.0
    for case in problem.cases:
        chances = [(at, case.place(place_id).probability) for at, place_id in contacts.get(case.id, ())]
        expected += expected_yuan(case, chances, problem.horizon_minutes)
    return PlanLoss(nobody, expected, nobody - expected, _prices(problem, plan))


def share_reached(problem: Problem, plan: Plan, minutes: float) -> float:
    """Share (0 to 1) of all cases whose first contact is within `minutes`; 0 if there are none."""
    contacts = _contacts(plan)
    limit = minutes + _REACHED_TOLERANCE_MINUTES
    reached = sum(
        min(at for at, _ in contacts[case.id]) <= limit for case in problem.cases if case.id in contacts
    )
    return reached / len(problem.cases) if problem.cases else 0.0


def quantise(hazards: ArrayLike, classes: int = CLASSES) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Round hazards (per hour) to at most `classes` values, so all parts compute with the same.

    Up to `classes` different hazards stay exactly as they are, and zero stays zero. Beyond,
    the sorted values are cut into runs that differ least inside (least squares of
    logarithms, by dynamic programming), each run becoming its mean.

    Returns
    -------
    tuple
        Quantised hazards and class numbers (from 0, slowest first), both in the order given.

    Raises
    ------
    ValueError
        A hazard is negative, NaN or infinite, or `classes` is less than 2.

    References
    ----------
    W. D. Fisher, "On grouping for maximum homogeneity", JASA 53 (1958).
    """
    values = np.asarray(hazards, dtype=np.float64).ravel()
    if classes < 2 or not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(
            f"hazards are rates per hour, at least 0 and finite, in at least 2 classes: {values[:5]}"
        )
    distinct, member = np.unique(values, return_inverse=True)
    if len(distinct) <= classes:
        return values.copy(), member.astype(np.int64)
    zero = int(distinct[0] == 0.0)
    weights = np.bincount(member).astype(np.float64)
    runs = np.zeros(len(distinct), dtype=np.int64)
    runs[zero:] = zero + _fisher(np.log(distinct[zero:]), weights[zero:], classes - zero)
    means = np.bincount(runs, distinct * weights) / np.bincount(runs, weights)
    return means[runs[member]], runs[member]


def _fisher(points: NDArray[np.float64], weights: NDArray[np.float64], runs: int) -> NDArray[np.int64]:
    """Run number of each sorted point, for the cut with the least weighted squares."""
    mass, first, second = (np.concatenate(([0.0], np.cumsum(weights * points**power))) for power in (0, 1, 2))

    def spread(start: NDArray[np.int64], end: int) -> NDArray[np.float64]:
        inside: NDArray[np.float64] = (
            second[end] - second[start] - (first[end] - first[start]) ** 2 / (mass[end] - mass[start])
        )
        return inside

    count = len(points)
    best = np.concatenate(([0.0], np.full(count, np.inf)))
    cuts = np.zeros((runs + 1, count + 1), dtype=np.int64)
    for run in range(1, runs + 1):
        previous, best = best, np.full(count + 1, np.inf)
        for end in range(run, count + 1):
            starts = np.arange(run - 1, end)
            costs = previous[starts] + spread(starts, end)
            cuts[run, end] = starts[np.argmin(costs)]
            best[end] = costs.min()
    number = np.zeros(count, dtype=np.int64)
    end = count
    for run in range(runs, 0, -1):
        number[cuts[run, end] : end] = run - 1
        end = int(cuts[run, end])
    return number


def _contacts(plan: Plan) -> dict[str, list[tuple[float, str]]]:
    contacts: dict[str, list[tuple[float, str]]] = {}
    for route in plan.routes:
        for stop in route.stops:
            if stop.leads:
                contacts.setdefault(stop.case_id, []).append((stop.contact, stop.place_id))
    return contacts


def _prices(problem: Problem, plan: Plan) -> float:
    responders = {responder.id: responder for responder in problem.responders}
    places = {place.id: place for case in problem.cases for place in case.places}
    total = problem.prices.change_yuan * len(changes(problem, plan))
    for route in plan.routes:
        total += balance_yuan(problem, len(route.stops))
        responder = responders[route.responder_id]
        here: str | None = None
        drive = 0.0
        for stop in route.stops:
            drive += problem.drive_minutes(responder, here, stop.place_id)
            total += neighbour_yuan(problem, responder, places[stop.place_id])
            here = stop.place_id
        drive += problem.drive_minutes(responder, here, None)
        if problem.prices.drive_yuan_per_minute:  # 0 yuan times an endless drive is not a number
            total += problem.prices.drive_yuan_per_minute * drive
    return total
