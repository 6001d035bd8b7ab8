"""What to do next, as one answer: a list for each desk, the doors to send to, and what the lists would free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dispatch.next_actions.doors import Door, doors
from dispatch.next_actions.freeing import Freed, Resolved, Solver, freed
from dispatch.next_actions.ranking import Ask, rank
from dispatch.next_actions.settings import NextSettings
from dispatch.next_actions.situation import Situation


@dataclass(frozen=True, slots=True)
class DeskList:
    """What one desk is asked for now. Its yuan add up; `waiting` more would pay once hands are free.

    `freed` and `resolved` are what becomes of the plan if all of it works; None where no plan, or
    no solving, was asked for.
    """

    desk: str
    hands: int
    asks: tuple[Ask, ...]
    waiting: int = 0
    freed: Freed | None = None
    resolved: Resolved | None = None

    @property
    def saves_yuan(self) -> float:
        """Expected, over the whole list."""
        return sum(ask.saves_yuan for ask in self.asks)

    @property
    def minutes(self) -> float:
        """Work of all hands together."""
        return sum(ask.minutes for ask in self.asks)


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer. `desks` the most yuan per minute first; a person decides, nothing is changed by it."""

    at: datetime
    now_minutes: float
    look_ahead_minutes: float
    desks: tuple[DeskList, ...]
    doors: tuple[Door, ...]
    fraud_types: dict[str, str]
    tiers: dict[str, str]
    results: dict[str, str]
    plan_id: str | None = None
    overdue: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    synthetic: bool = False

    @property
    def lines(self) -> tuple[Ask | Door, ...]:
        """Everything, by yuan per minute of who would do it."""
        every: list[Ask | Door] = [ask for desk in self.desks for ask in desk.asks]
        every += self.doors
        return tuple(sorted(every, key=lambda one: (-one.yuan_per_minute, one.case_id)))


def advise(situation: Situation, settings: NextSettings, *, seconds: float | None = None) -> Advice:
    """Rank what can be done now; with `seconds`, solve the day again for each desk's list having worked.

    What a desk is asked for is worth what it saves beside the visits planned, what a door saves is
    worth that without any ask: the two are compared by the minute, and are not added up.
    """
    ranked = rank(situation, settings)
    problem, plan = situation.problem, situation.plan
    solver = Solver(problem, plan, seconds) if problem and plan and seconds else None
    lists = []
    for name, desk in settings.desks.items():
        own = tuple(ask for ask in ranked.asks if ask.desk == name)
        waiting = ranked.waiting.get(name, 0)
        if not own and not waiting:
            continue
        free = freed(problem, plan, own) if problem and plan else None
        again = solver.resolved(own) if solver and own else None
        lists.append(DeskList(name, desk.hands, own, waiting, free, again))
    lists.sort(key=lambda one: -one.saves_yuan / max(one.minutes, 1e-9))
    cases = {one.case.id: one for one in situation.subjects}
    return Advice(
        at=situation.at,
        now_minutes=situation.now_minutes,
        look_ahead_minutes=settings.look_ahead_minutes,
        desks=tuple(lists),
        doors=doors(situation, settings.look_ahead_minutes, settings.least_yuan),
        fraud_types={case_id: one.case.fraud_type for case_id, one in cases.items()},
        tiers={case_id: one.case.tier for case_id, one in cases.items()},
        results={case_id: one.tried.result for case_id, one in cases.items()},
        plan_id=plan.id if plan else None,
        overdue=situation.overdue,
        closed=situation.closed,
        synthetic=situation.synthetic,
    )
