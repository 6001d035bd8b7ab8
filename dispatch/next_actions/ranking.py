"""What to do first: yuan saved per minute of the person who would do it, desk by desk.

A desk has so many hands; an ask begins when one is free. What an ask is worth is worked out
from the state the case is in after every ask ranked before it, so that the yuan of a list add
up: the second thing done about a case is worth what the first has left.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from dispatch.next_actions.effects import Effect, expected_under
from dispatch.next_actions.settings import Action, NextSettings
from dispatch.next_actions.situation import Situation, Subject

_SAME_YUAN = 1e-9


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to ask of a desk. Minutes count from the plan's moment.

    `saves_yuan` is expected: its `chance` of working times what working would save,
    `if_works_yuan`, given what was chosen before it and the visits planned.
    """

    case_id: str
    action: str
    desk: str
    begins: float
    minutes: float
    chance: float
    failed: int
    saves_yuan: float
    if_works_yuan: float
    effect: Effect = field(compare=False, default=Effect(0.0))

    @property
    def yuan_per_minute(self) -> float:
        """What the list is ranked by."""
        return self.saves_yuan / self.minutes


@dataclass(frozen=True, slots=True)
class Ranked:
    """`asks` in order of yuan per minute; `waiting` how many more, by desk, would pay once hands are free."""

    asks: tuple[Ask, ...]
    waiting: dict[str, int]


def rank(situation: Situation, settings: NextSettings) -> Ranked:
    """What each desk can begin within the look-ahead, the most yuan per minute first.

    Greedy: whoever is free takes what is worth most per minute then. The yuan are exact and add up;
    another order may save a little more, where one thing done makes the next worth more.
    """
    chains = {one.case.id: Chain(one, situation.horizon_minutes) for one in situation.subjects}
    free = {name: [situation.now_minutes] * desk.hands for name, desk in settings.desks.items()}
    latest = situation.now_minutes + settings.look_ahead_minutes
    queue: list[tuple[float, str, str]] = []
    for subject in situation.subjects:
        for name, action in _offered(subject, settings):
            ask = chains[subject.case.id].ask(name, action, situation.now_minutes)
            if ask is not None and ask.saves_yuan >= settings.least_yuan:
                heapq.heappush(queue, (-ask.yuan_per_minute, subject.case.id, name))
    asks: list[Ask] = []
    waiting: dict[str, int] = {}
    while queue:
        _, case_id, name = heapq.heappop(queue)
        action = settings.actions[name]  # type: ignore[index] # names come from these settings
        hands = free[action.desk]
        if hands[0] >= latest:
            waiting[action.desk] = waiting.get(action.desk, 0) + 1
            continue
        ask = chains[case_id].ask(name, action, hands[0])
        if ask is None or ask.saves_yuan < settings.least_yuan:
            continue
        if queue and -ask.yuan_per_minute > queue[0][0] + _SAME_YUAN:
            heapq.heappush(queue, (-ask.yuan_per_minute, case_id, name))
            continue
        heapq.heapreplace(hands, hands[0] + ask.minutes)
        chains[case_id].add(ask)
        asks.append(ask)
    asks.sort(key=lambda one: -one.yuan_per_minute)  # doing one thing may have made a later one worth more
    return Ranked(tuple(asks), waiting)


class Chain:
    """The states one case may be in after the asks made so far, with the chance of each."""

    def __init__(self, subject: Subject, horizon_minutes: float) -> None:
        self.subject, self.horizon = subject, horizon_minutes
        self.states: list[tuple[float, tuple[Effect, ...], float]] = [
            (1.0, subject.in_force, self._loss(subject.in_force))
        ]

    def ask(self, name: str, action: Action, begins: float) -> Ask | None:
        """The ask, begun then; None where it cannot work or would save nothing."""
        case, tried = self.subject.case, self.subject.tried
        failed = tried.failed.get(name, 0)
        chance = action.chance(failed, tried.result)
        if chance <= 0.0:
            return None
        effect = effect_of(action, case.fraud_type, begins)
        if_works = sum(share * (loss - self._loss((*held, effect))) for share, held, loss in self.states)
        if if_works <= _SAME_YUAN:
            return None
        minutes = action.work_minutes(failed)
        return Ask(
            case.id, name, action.desk, begins, minutes, chance, failed, chance * if_works, if_works, effect
        )

    def add(self, ask: Ask) -> None:
        """Let the ask be made: it works or it does not."""
        after = [
            (share * ask.chance, (*held, ask.effect), self._loss((*held, ask.effect)))
            for share, held, _ in self.states
        ]
        self.states = after + [(share * (1.0 - ask.chance), held, loss) for share, held, loss in self.states]

    def _loss(self, effects: tuple[Effect, ...]) -> float:
        return expected_under(self.subject.case, effects, self.subject.contacts, self.horizon)


def effect_of(action: Action, fraud_type: str, begins: float) -> Effect:
    """What the action, begun then, does if it works."""
    holds_from = begins + action.effect_after_minutes
    if action.closes:
        return Effect(holds_from, closes=True)
    lasts = math.inf if action.lasts_hours is None else action.lasts_hours * 60.0
    return Effect(holds_from, holds_from + lasts, action.fraction(fraud_type))


def _offered(subject: Subject, settings: NextSettings) -> Iterator[tuple[str, Action]]:
    for name, action in settings.actions.items():
        if not subject.only or name in subject.only:
            yield name, action
