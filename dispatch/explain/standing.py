"""A plan as it stands, and what changing some of its routes would cost in all.

Only the routes changed are timed again, and where two come together those that wait for
them: every yuan is that of `dispatch.loss.plan_loss`, to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from dispatch.domain import Plan, Problem
from dispatch.improve import Worth
from dispatch.timeline import Visit

Orders = Mapping[str, Sequence[Visit]]
"""Visits in order by responder id."""


def orders_of(plan: Plan) -> dict[str, list[Visit]]:
    """The visits of a plan's routes; who stays has none."""
    return {
        route.responder_id: [Visit(stop.case_id, stop.place_id, stop.leads) for stop in route.stops]
        for route in plan.routes
        if route.stops
    }


class Standing:
    """The orders of a plan that keeps every rule. Nothing changes them: a change gives another."""

    def __init__(self, problem: Problem, routes: Orders, worth: Worth | None = None) -> None:
        self.problem = problem
        self.worth = worth or Worth(problem)
        self.crew = {one.id: one for one in problem.responders}
        self.routes: dict[str, tuple[Visit, ...]] = {who: tuple(own) for who, own in routes.items() if own}
        self._known: dict[str, tuple[float, int]] = {}
        self._told_kept: int | None = None
        self._meets = {}
        if any(self.takes_two(visit) for own in self.routes.values() for visit in own):
            self._meets = self.worth.meetings(self.routes)

    @classmethod
    def of(cls, problem: Problem, plan: Plan) -> Standing:
        """The plan as it stands."""
        return cls(problem, orders_of(plan))

    def visits(self, who: str) -> tuple[Visit, ...]:
        """What a responder does, in order."""
        return self.routes.get(who, ())

    def fixed(self, who: str) -> int:
        """How many of its first visits are fixed."""
        return len(self.problem.heads.get(who, ()))

    def takes_two(self, visit: Visit) -> bool:
        """Whether two must come to this visit."""
        return bool(self.worth.clock.cases[visit.case_id].partners)

    def with_routes(self, changed: Orders) -> Standing:
        """As it stands once these routes are changed."""
        return Standing(self.problem, {**self.routes, **changed}, self.worth)

    def without(self, place_id: str) -> dict[str, tuple[Visit, ...]]:
        """The routes that change where nobody goes to this place."""
        return {
            who: tuple(visit for visit in own if visit.place_id != place_id)
            for who, own in self.routes.items()
            if any(visit.place_id == place_id for visit in own)
        }

    def more_yuan(self, changed: Orders) -> float:
        """Losses and prices of the whole plan with these routes, less those it has now.

        `inf` where a rule of the road is broken: a shift, a window, the number of visits, fixed
        stops, a meeting, more changes than allowed. Who may go where is not asked.
        """
        linked = self._linked(changed)
        if linked is None:
            before = [self._route(who) for who in changed]
            self.worth.meets = self._meets
            after = [self.worth.route(self.crew[who], own) for who, own in changed.items()]
        else:
            before = [self._route(who) for who in linked]
            self.worth.meets = self.worth.meetings(linked)
            after = [self.worth.route(self.crew[who], own) for who, own in linked.items()]
        total = sum(yuan for yuan, _ in after)
        kept = sum(told for _, told in after) - sum(told for _, told in before)
        if math.isinf(total) or (kept < 0 and self._too_many_changes(kept)):
            return math.inf
        return total - sum(yuan for yuan, _ in before)

    def _route(self, who: str) -> tuple[float, int]:
        if who not in self._known:
            self.worth.meets = self._meets
            self._known[who] = self.worth.route(self.crew[who], self.visits(who))
        return self._known[who]

    def _linked(self, changed: Orders) -> dict[str, Sequence[Visit]] | None:
        """The routes changed with all that wait for one of them; None where nobody waits for anybody."""
        if not self._meets and not any(self.takes_two(visit) for own in changed.values() for visit in own):
            return None
        after: dict[str, Sequence[Visit]] = {**self.routes, **changed}
        linked, unasked = dict(changed), list(changed)
        while unasked:
            who = unasked.pop()
            shared = {
                visit.place_id for visit in (*self.visits(who), *after.get(who, ())) if self.takes_two(visit)
            }
            for other, own in after.items() if shared else ():
                if other not in linked and any(visit.place_id in shared for visit in own):
                    linked[other] = own
                    unasked.append(other)
        return linked

    def _too_many_changes(self, kept: int) -> bool:
        allowed = min(self.worth.changes_allowed, self.worth.told)
        if allowed == self.worth.told:
            return False  # all may change
        if self._told_kept is None:
            self._told_kept = sum(self._route(who)[1] for who in self.routes)
        return self.worth.told - self._told_kept - kept > allowed
