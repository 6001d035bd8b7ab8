"""Which decisions hang on a guess: the day solved again with hazards or probabilities half or double."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from dispatch.domain import Case, Plan, Problem
from dispatch.explain.choices import Alternatives, Planned, first_visits
from dispatch.explain.exact import Solving
from dispatch.explain.seating import Seating
from dispatch.explain.standing import Standing
from dispatch.routing import solve
from dispatch.sending import State


@dataclass(frozen=True, slots=True)
class Flip:
    """One case that is decided otherwise; None is nobody.

    `yuan` is what the decision of before would cost more under the guess; None where it has become
    impossible.
    """

    case_id: str
    before_id: str | None
    after_id: str | None
    yuan: float | None


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of the plan under one guess: `what` is a key of `GUESSES`, `flips` in the problem's order."""

    what: str
    flips: tuple[Flip, ...]

    def of(self, case_id: str) -> Flip | None:
        """The flip of one case; None where it stays as it is."""
        return next((one for one in self.flips if one.case_id == case_id), None)


CLEAR_YUAN = 100.0
"""A decision worth less than this either way is a draw, not a flip."""

Guess = Callable[[Case], Case]


def _hazard(factor: float) -> Guess:
    def changed(case: Case) -> Case:
        hazard = case.hazard_per_hour * factor
        # the evidence has aged at that rate too: stake = amount * p * e^(-hazard * age)
        aged = math.exp(-(hazard - case.hazard_per_hour) * case.safe_minutes_ago / 60.0)
        return replace(case, hazard_per_hour=hazard, stake_yuan=case.stake_yuan * aged)

    return changed


def _transfer(factor: float) -> Guess:
    def changed(case: Case) -> Case:
        probability = min(1.0, case.transfer_probability * factor)
        share = probability / case.transfer_probability if case.transfer_probability else 1.0
        return replace(case, transfer_probability=probability, stake_yuan=case.stake_yuan * share)

    return changed


def _found(factor: float) -> Guess:
    def changed(case: Case) -> Case:
        whole = sum(place.probability for place in case.places) * factor
        share = factor / max(1.0, whole)  # together at most certain
        places = tuple(replace(one, probability=one.probability * share) for one in case.places)
        return replace(case, places=places)

    return changed


GUESSES: Mapping[str, Guess] = {
    "hazard_half": _hazard(0.5),
    "hazard_double": _hazard(2.0),
    "transfer_half": _transfer(0.5),
    "transfer_double": _transfer(2.0),
    "found_half": _found(0.5),
    "found_double": _found(2.0),
}
"""Every guess that is tried: how fast money goes, whether it goes at all, whether people are where we look."""


def sensitivity(
    problem: Problem, plan: Plan, case_id: str | None = None, solving: Solving = Solving()
) -> list[Turn]:
    """Who would be sent to whom, were a guess half or double; every solving begins from the same plan.

    Parameters
    ----------
    case_id
        The guess is wrong about this case alone; None: about all of them.
    solving
        Steps of each search. The plan itself is searched as long first, so that what more searching
        alone would change is no flip.
    """
    settled = _again(problem, plan, solving)
    before = _who(problem, settled)
    turns = []
    for what, guess in GUESSES.items():
        cases = tuple(guess(one) if case_id in (None, one.id) else one for one in problem.cases)
        other = replace(problem, cases=_classed(cases))
        turns.append(Turn(what, tuple(_flips(other, _again(other, settled, solving), before))))
    return turns


def _flips(problem: Problem, plan: Plan, before: Mapping[str, str]) -> Iterator[Flip]:
    """Cases decided otherwise than before, but for those where it makes next to no difference."""
    standing, state = Standing.of(problem, plan), State.start(problem)
    after = first_visits(problem, plan)
    for case in problem.cases:
        now, then = after.get(case.id), before.get(case.id)
        if (now.responder.id if now else None) == then:
            continue
        yuan = _keeping(standing, state, case, now, then)
        if yuan is None or yuan >= CLEAR_YUAN:
            yield Flip(case.id, then, now.responder.id if now else None, yuan)


def _keeping(
    standing: Standing, state: State, case: Case, now: Planned | None, then: str | None
) -> float | None:
    """What deciding as before would cost more; None where that cannot be done."""
    if now is None:
        seats = Seating(standing, state)
        seat = seats.best_place(case, standing.crew[then]) if then is not None else None
        return seat.more_yuan if seat else None
    if then is None:
        return standing.more_yuan(standing.without(now.place.id))
    ways = Alternatives(standing, now, state)
    return ways.choice(standing.crew[then], math.inf).price_yuan


def _again(problem: Problem, plan: Plan, solving: Solving) -> Plan:
    return solve(problem, "search", iterations=solving.iterations, seed=solving.seed, start=plan)


def _who(problem: Problem, plan: Plan) -> dict[str, str]:
    return {case_id: planned.responder.id for case_id, planned in first_visits(problem, plan).items()}


def _classed(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """Equal hazards share a class, as everywhere."""
    number = {hazard: at for at, hazard in enumerate(sorted({case.hazard_per_hour for case in cases}))}
    return tuple(replace(case, hazard_class=number[case.hazard_per_hour]) for case in cases)
