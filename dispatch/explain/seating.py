"""The best seat for a visit in a responder's day: where it fits, and what it takes from the others.

Three moves are tried, each timed to the millisecond: the visit put in at every position; the
same with one visit pushed out and nobody making it; and with the one pushed out given to
another responder. The best of them is never dearer than any single one, and never cheaper
than what solving the whole day again would find.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dispatch.domain import Case, Place, Responder
from dispatch.eligible import may_accompany, may_visit
from dispatch.explain.standing import Standing
from dispatch.sending import Roster, State, companions, offers
from dispatch.timeline import Visit

SECONDS_TRIED = 4
"""Companions tried for each leader: those there soonest."""
PUSHED_TRIED = 3
"""Visits pushed out that are offered to others: those whose absence costs least."""
OTHERS_TRIED = 6
"""Responders a visit pushed out is offered to: those there soonest."""

Route = tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """A visit in a responder's route. `more_yuan` is of the whole plan against the standing asked.

    `routes` are the routes it changes; `pushed_out` the case that loses its visit there, and
    `pushed_to` who makes it instead, None if nobody does.
    """

    responder_id: str
    place_id: str
    more_yuan: float
    routes: dict[str, Route] = field(default_factory=dict)
    partner_id: str | None = None
    pushed_out: str | None = None
    pushed_to: str | None = None


class Seating:
    """Seats in one standing; what can be asked once is remembered."""

    def __init__(self, standing: Standing, state: State | None = None) -> None:
        self.standing, self.problem = standing, standing.problem
        self.state = state or State.start(standing.problem)
        self.roster: Roster = self.state.roster

    def best(self, case: Case, place: Place, responder: Responder, *, push: bool = True) -> Seat | None:
        """The cheapest seat of a visit to the place; None if there is none, or it may not go there.

        Parameters
        ----------
        push
            Whether another visit of the responder may be pushed out for it.
        """
        if may_visit(self.problem, responder, case, place) is not None:
            return None
        if case.partners:
            return _least(self._pairs(case, place, responder))
        seats = [*self._plain(case, place, responder)]
        if push:
            seats += self._pushing(case, place, responder)
        return _least(iter(seats))

    def all(self, case: Case, place: Place, responder: Responder) -> list[Seat]:
        """Every seat of a visit to the place that breaks no rule, nobody being pushed out."""
        if may_visit(self.problem, responder, case, place) is not None:
            return []
        pairs = self._pairs if case.partners else self._plain
        return [seat for seat in pairs(case, place, responder) if math.isfinite(seat.more_yuan)]

    def best_place(self, case: Case, responder: Responder, *, push: bool = True) -> Seat | None:
        """The cheapest seat at any place of the case."""
        found = (self.best(case, place, responder, push=push) for place in case.places)
        return _least(seat for seat in found if seat)

    def _plain(self, case: Case, place: Place, responder: Responder) -> Iterator[Seat]:
        visit = Visit(case.id, place.id)
        for tried in self._put_in(responder.id, self.standing.visits(responder.id), visit):
            changed = {responder.id: tried}
            yield Seat(responder.id, place.id, self.standing.more_yuan(changed), changed)

    def _pushing(self, case: Case, place: Place, responder: Responder) -> Iterator[Seat]:
        own, visit = self.standing.visits(responder.id), Visit(case.id, place.id)
        out: list[Seat] = []
        for number in range(self.standing.fixed(responder.id), len(own)):
            gone = own[number]
            if self._must_stay(gone, responder.id):
                continue
            bare = own[:number] + own[number + 1 :]
            found = [
                Seat(
                    responder.id,
                    place.id,
                    self.standing.more_yuan({responder.id: tried}),
                    {responder.id: tried},
                    pushed_out=gone.case_id,
                )
                for tried in self._put_in(responder.id, bare, visit)
            ]
            best = _least(iter(found))
            if best is not None:
                out.append(best)
        out.sort(key=lambda seat: seat.more_yuan)
        yield from out
        for seat in out[:PUSHED_TRIED]:
            yield from self._passed_on(seat)

    def _passed_on(self, seat: Seat) -> Iterator[Seat]:
        """The visit pushed out, made by somebody else after all."""
        kept = seat.routes[seat.responder_id]
        gone = next(visit for visit in self.standing.visits(seat.responder_id) if visit not in kept)
        case, place = self.standing.worth.clock.cases[gone.case_id], self.standing.worth.clock.place(gone)
        for other in self._soonest(case, place):
            if other.id == seat.responder_id:
                continue
            for tried in self._put_in(other.id, self.standing.visits(other.id), gone):
                changed = {**seat.routes, other.id: tried}
                yield replace(
                    seat,
                    more_yuan=self.standing.more_yuan(changed),
                    routes=changed,
                    pushed_to=other.id,
                )

    def _pairs(self, case: Case, place: Place, lead: Responder) -> Iterator[Seat]:
        row = self.roster.number[lead.id]
        both = companions(self.state, case, place, row)
        order = np.argsort(np.where(both.allowed, both.contact, np.inf), kind="stable")
        seconds = [self.problem.responders[at] for at in order[:SECONDS_TRIED] if both.allowed[at]]
        for second in seconds:
            if may_accompany(self.problem, second, case, place) is not None:
                continue
            for mine in self._put_in(lead.id, self.standing.visits(lead.id), Visit(case.id, place.id)):
                along = Visit(case.id, place.id, leads=False)
                for theirs in self._put_in(second.id, self.standing.visits(second.id), along):
                    changed = {lead.id: mine, second.id: theirs}
                    more = self.standing.more_yuan(changed)
                    yield Seat(lead.id, place.id, more, changed, partner_id=second.id)

    def _put_in(self, who: str, visits: Sequence[Visit], visit: Visit) -> Iterator[Route]:
        for position in range(min(self.standing.fixed(who), len(visits)), len(visits) + 1):
            yield (*visits[:position], visit, *visits[position:])

    def _must_stay(self, visit: Visit, who: str) -> bool:
        return self.problem.pinned.get(visit.case_id) == who or self.standing.takes_two(visit)

    def _soonest(self, case: Case, place: Place) -> list[Responder]:
        found = offers(self.state, case, place)
        order = np.argsort(np.where(found.possible, found.contact, np.inf), kind="stable")
        return [self.problem.responders[row] for row in order[:OTHERS_TRIED] if found.possible[row]]


def _least(seats: Iterator[Seat]) -> Seat | None:
    """The cheapest of them that breaks no rule, the first of equals."""
    best: Seat | None = None
    for seat in seats:
        if math.isfinite(seat.more_yuan) and (best is None or seat.more_yuan < best.more_yuan - 1e-9):
            best = seat
    return best
