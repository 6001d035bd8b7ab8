"""The routing model handed to OR-Tools: linear in time, over plausible responders only.

It is an approximation on purpose: one place per case, loss as a straight line from the
soonest contact on, minutes and yuan as integers. What is fixed, and everything up to a
visit that takes two, stays as it is: the model plans what comes after. It pays for telling
people of another responder, not of another time, and knows no balance of load. Only the
order of visits comes back; `timeline` times it and the exact objective judges it. No solver
object leaves `solve_orders`.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from dispatch.domain import Problem, Responder, Route
from dispatch.improve import Routes, Seat
from dispatch.loss import loss_yuan, neighbour_yuan, never_yuan
from dispatch.timeline import Clock, Visit, service_minutes

log = logging.getLogger(__name__)

TICKS_PER_MINUTE = 10
CENTS_PER_YUAN = 100
LINE_MINUTES = 60.0
"""The straight line that stands for a case's loss is a chord of it: this long to either side."""
BREAK_MINUTES = 60.0
"""A break is modelled where it begins at most this long after the crew would be home: it costs the
solver dearly. Elsewhere the timing afterwards sees to it."""
ARC_SHARE = 0.1
"""Share of the mean loss per minute that a minute of driving is charged in the model: the
guided local search only learns from arcs that cost something."""
_LENIENT_TICKS = 2 * TICKS_PER_MINUTE
_FAR_TICKS = 10**7
_PINNED_CENTS = 10**13


def to_ticks(minutes: Any) -> NDArray[np.int64]:
    """Minutes as the solver's integers: tenths, rounded; no way at all is beyond every shift."""
    ticks = np.asarray(minutes, dtype=np.float64) * TICKS_PER_MINUTE
    return np.where(np.isfinite(ticks), np.minimum(np.round(ticks), _FAR_TICKS), _FAR_TICKS).astype(np.int64)


NOTHING_NEW_SECONDS = 2
"""Longest time for a count of solutions."""


def solve_orders(
    problem: Problem,
    places: Sequence[Seat],
    crew: Sequence[Responder],
    start: Mapping[str, Sequence[Visit]],
    *,
    settled: Mapping[str, Sequence[Visit]],
    seconds: float | None,
    iterations: int | None,
) -> Routes:
    """Orders of visits for `crew`, found by guided local search from `start`.

    Parameters
    ----------
    places
        One seat per case that may be visited.
    crew
        Responders the model knows; everyone else stays.
    start
        Routes to begin from; visits to places the model does not know are skipped.
    settled
        The visits each makes first, whatever the solver finds; they stand in its answer.
    seconds, iterations
        Wall seconds at most; solutions accepted at most. At least one of them.

    Returns
    -------
    dict
        Visits by responder id. Feasible in rounded minutes only: check, and mend.
        Empty if the solver found nothing in its time.
    """
    if not places or not crew:
        return {}
    begun = time.monotonic()
    model = _Model(problem, places, crew, start, settled)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    if iterations is not None:
        parameters.solution_limit = iterations
    # guided local search never ends where it finds nothing new: no count of solutions is reached then
    parameters.time_limit.FromSeconds(NOTHING_NEW_SECONDS if seconds is None else 3600)
    model.routing.CloseModelWithParameters(parameters)
    if seconds is not None:  # making the model took its share
        parameters.time_limit.FromMilliseconds(max(1, int(1000 * (seconds - (time.monotonic() - begun)))))
    warm = model.routing.ReadAssignmentFromRoutes(model.nodes(start), True)
    if warm is None:
        log.info("the start does not fit the rounded model; the solver builds its own")
        answer = model.routing.SolveWithParameters(parameters)
    else:
        answer = model.routing.SolveFromAssignmentWithParameters(warm, parameters)
    return model.read(answer) if answer is not None else {}


def _origin(problem: Problem, responder: Responder, before: Route) -> tuple[bool, int]:
    """Where a crew comes from: after settled visits a place by its number, else a row of `from_base`."""
    if before.stops:
        return True, problem.place_index[before.stops[-1].place_id]
    return False, problem.start_index.get(responder.id, problem.base_index[responder.id])


class _Model:
    """Nodes: places first, then where crews come from, then their bases. Vehicles: the crew, and one that never moves.

    The vehicle that never moves keeps cases droppable: where evaluators differ by vehicle,
    a node no vehicle passes for nothing cannot be left out (google/or-tools issue 5283).
    """

    def __init__(
        self,
        problem: Problem,
        places: Sequence[Seat],
        crew: Sequence[Responder],
        start: Mapping[str, Sequence[Visit]],
        settled: Mapping[str, Sequence[Visit]],
    ) -> None:
        self.problem, self.places, self.crew, self.settled = problem, places, crew, settled
        clock = Clock(problem)
        before = {route.responder_id: route for route in clock.routes(settled)}
        self.before = [before[one.id] for one in crew]
        self.ready = [
            route.stops[-1].leave if route.stops else one.ready_minutes
            for one, route in zip(crew, self.before, strict=True)
        ]
        origins = [_origin(problem, one, route) for one, route in zip(crew, self.before, strict=True)]
        self.origins = sorted(set(origins))
        self.bases = sorted({problem.base_index[one.id] for one in crew})
        self.others = len(self.origins) + len(self.bases)
        first = len(places) + len(self.origins)
        ends = [first + self.bases.index(problem.base_index[one.id]) for one in crew]
        starts = [len(places) + self.origins.index(one) for one in origins]
        ends.append(ends[0])
        starts.append(ends[0])
        size = len(places) + self.others
        self.manager = pywrapcp.RoutingIndexManager(size, len(starts), starts, ends)
        self.routing = pywrapcp.RoutingModel(self.manager)
        self.rows = {responder.id: row for row, responder in enumerate(problem.responders)}
        self._drives = {profile: self._drive_ticks(profile) for profile in {one.profile for one in crew}}
        timed = {route.responder_id: route for route in clock.routes(start)}
        self.timed = [timed[one.id] for one in crew]
        contacts = {stop.place_id: stop.contact for route in self.timed for stop in route.stops}
        lines = [self._line(seat, contacts.get(seat.place.id, seat.soonest)) for seat in places]
        self.slopes, self.saved = [slope for slope, _ in lines], [saved for _, saved in lines]
        self._count_visits()
        self._price_arcs()
        self._price_neighbours()
        self._keep_time()
        self._price_leaving_out()

    def nodes(self, routes: Mapping[str, Sequence[Visit]]) -> list[list[int]]:
        """Routes as the solver numbers them: visits only."""
        number = {seat.place.id: node for node, seat in enumerate(self.places)}
        orders = [
            [
                self.manager.NodeToIndex(number[visit.place_id])
                for visit in routes.get(one.id, ())
                if visit.place_id in number
            ]
            for one in self.crew
        ]
        return [*orders, []]

    def read(self, answer: Any) -> Routes:
        """The solver's answer as visits."""
        routes: Routes = {}
        for vehicle, responder in enumerate(self.crew):
            visits = list(self.settled.get(responder.id, ()))
            index = answer.Value(self.routing.NextVar(self.routing.Start(vehicle)))
            while not self.routing.IsEnd(index):
                seat = self.places[self.manager.IndexToNode(index)]
                visits.append(Visit(seat.case.id, seat.place.id))
                index = answer.Value(self.routing.NextVar(index))
            if visits:
                routes[responder.id] = visits
        return routes

    def _drive_ticks(self, profile: str) -> NDArray[np.int64]:
        """Ticks between all nodes."""
        table = self.problem.travel[profile]
        places = np.array([self.problem.place_index[seat.place.id] for seat in self.places])
        bases = np.array(self.bases)
        first = len(places) + len(self.origins)
        count = len(places) + self.others
        ticks = np.zeros((count, count), dtype=np.int64)
        ticks[: len(places), : len(places)] = to_ticks(table.between[np.ix_(places, places)])
        ticks[: len(places), first:] = to_ticks(table.to_base[np.ix_(places, bases)])
        for row, (settled, point) in enumerate(self.origins, start=len(places)):
            out = table.between if settled else table.from_base
            ticks[row, : len(places)] = to_ticks(out[point, places])
            if settled:
                ticks[row, first:] = to_ticks(table.to_base[point, bases])
        return ticks

    def _line(self, seat: Seat, contact: float) -> tuple[float, float]:
        """The curve around `contact` as a line: loss per minute, and what a visit at the soonest saves."""
        horizon, chance = self.problem.horizon_minutes, seat.place.probability
        early = max(seat.soonest, contact - LINE_MINUTES)
        late = max(min(contact + LINE_MINUTES, horizon), early + 1.0)
        rise = loss_yuan(seat.case, late, horizon) - loss_yuan(seat.case, early, horizon)
        slope = chance * rise / (late - early)
        averted = chance * (never_yuan(seat.case, horizon) - loss_yuan(seat.case, contact, horizon))
        return slope, averted + slope * max(0.0, contact - seat.soonest)

    def _count_visits(self) -> None:
        """At most `max_visits` a route, and only by those who may go."""
        one = self.routing.RegisterUnaryTransitVector([1] * len(self.places) + [0] * self.others)
        spent = [len(route.stops) for route in self.before]
        limits = [*(max(0, one.max_visits - made) for one, made in zip(self.crew, spent, strict=True)), 0]
        self.routing.AddDimensionWithVehicleCapacity(one, 0, limits, True, "visits")
        mine = np.array([self.rows[responder.id] for responder in self.crew])
        for node, seat in enumerate(self.places):
            vehicles = np.flatnonzero(seat.possible[mine]).tolist()
            self.routing.VehicleVar(self.manager.NodeToIndex(node)).SetValues([-1, *vehicles])

    def _price_arcs(self) -> None:
        mean = float(np.mean(self.slopes))
        cents = (
            (self.problem.prices.drive_yuan_per_minute + ARC_SHARE * mean) * CENTS_PER_YUAN / TICKS_PER_MINUTE
        )
        for profile, ticks in self._drives.items():
            price = np.minimum(np.round(ticks * max(cents, 0.01)), 10**12).astype(np.int64)
            arcs = self.routing.RegisterTransitMatrix(price.tolist())
            for vehicle, responder in enumerate(self.crew):
                if responder.profile == profile:
                    self.routing.SetArcCostEvaluatorOfVehicle(arcs, vehicle)
            self.routing.SetArcCostEvaluatorOfVehicle(arcs, len(self.crew))

    def _price_neighbours(self) -> None:
        """A visit outside the own jurisdiction, or by another than people were told, costs: paid at the route's end."""
        if not any((*self.problem.prices.neighbour_yuan.values(), self._change_yuan())):
            return
        known: dict[tuple[int, ...], int] = {}
        evaluators = []
        for responder in self.crew:
            prices = tuple(round(CENTS_PER_YUAN * self._visit_yuan(responder, seat)) for seat in self.places)
            if prices not in known:
                known[prices] = self.routing.RegisterUnaryTransitVector([*prices, *[0] * self.others])
            evaluators.append(known[prices])
        evaluators.append(self.routing.RegisterUnaryTransitVector([0] * (len(self.places) + self.others)))
        most = max(max(prices) for prices in known) * max(1, *(one.max_visits for one in self.crew))
        self.routing.AddDimensionWithVehicleTransits(evaluators, 0, most, True, "prices")
        self.routing.GetDimensionOrDie("prices").SetSpanCostCoefficientForAllVehicles(1)

    def _visit_yuan(self, responder: Responder, seat: Seat) -> float:
        told = self.problem.told.get(seat.case.id)
        price = neighbour_yuan(self.problem, responder, seat.place)
        anew = told is not None and told.place_id == seat.place.id and told.responder_id != responder.id
        return price + (self._change_yuan() if anew else 0.0)

    def _change_yuan(self) -> float:
        return self.problem.prices.change_yuan if self.problem.told else 0.0

    def _keep_time(self) -> None:
        """Shifts, windows, breaks; and yuan per tick of waiting."""
        evaluators, on_site = self._transits()
        ends = [
            int(to_ticks(max(one.shift.end, route.home))) + _LENIENT_TICKS
            for one, route in zip(self.crew, self.before, strict=True)
        ]
        latest = max(ends)
        self.routing.AddDimensionWithVehicleTransits(evaluators, latest, latest, False, "time")
        clock = self.routing.GetDimensionOrDie("time")
        for vehicle, responder in enumerate(self.crew):
            ready = min(int(to_ticks(self.ready[vehicle])), latest)
            clock.CumulVar(self.routing.Start(vehicle)).SetRange(ready, ready)
            clock.CumulVar(self.routing.End(vehicle)).SetMax(max(ready, ends[vehicle]))
            self._keep_break(clock, vehicle, responder, on_site[vehicle])
        for node, seat in enumerate(self.places):
            index = self.manager.NodeToIndex(node)
            opens, closes = seat.case.window
            last = min(int(to_ticks(closes - seat.place.search_minutes)) + _LENIENT_TICKS, latest)
            first = min(max(0, int(to_ticks(opens)) - _LENIENT_TICKS), last)
            clock.CumulVar(index).SetRange(first, last)
            soonest = max(0, int(to_ticks(seat.soonest - seat.place.search_minutes)))
            cents = max(1, round(self.slopes[node] * CENTS_PER_YUAN / TICKS_PER_MINUTE))
            clock.SetCumulVarSoftUpperBound(index, soonest, cents)

    def _transits(self) -> tuple[list[int], list[list[int]]]:
        """Evaluators of minutes at a node and on to the next, and minutes at the node, per vehicle."""
        known: dict[tuple[str, str], tuple[int, list[int]]] = {}
        for responder in self.crew:
            key = (responder.profile, responder.kind)
            if key in known:
                continue
            length = [
                seat.place.search_minutes + service_minutes(seat.case, responder) for seat in self.places
            ]
            site = np.concatenate((to_ticks(length), np.zeros(self.others, dtype=np.int64)))
            evaluator = self.routing.RegisterTransitMatrix(
                (self._drives[responder.profile] + site[:, None]).tolist()
            )
            known[key] = (evaluator, site.tolist())
        both = [known[responder.profile, responder.kind] for responder in self.crew]
        still = self.routing.RegisterUnaryTransitVector([0] * (len(self.places) + self.others))
        return [*(evaluator for evaluator, _ in both), still], [site for _, site in both]

    def _keep_break(self, clock: Any, vehicle: int, responder: Responder, on_site: list[int]) -> None:
        shift = responder.shift
        ready = self.ready[vehicle]
        if shift.break_start is None or shift.break_end is None or shift.break_end <= ready:
            return
        begins = max(shift.break_start, ready)
        if begins > max(self.timed[vehicle].home, ready) + BREAK_MINUTES:
            return
        start, end = int(to_ticks(begins)), int(to_ticks(shift.break_end))
        solver = self.routing.solver()
        pause = solver.FixedDurationIntervalVar(start, start, end - start, False, f"break {vehicle}")
        size = self.routing.Size() + self.routing.vehicles()
        visits = [0] * size
        visits[: len(on_site)] = on_site[:size]
        clock.SetBreakIntervalsOfVehicle([pause], vehicle, visits)

    def _price_leaving_out(self) -> None:
        """A case left out costs what its soonest visit would have averted; a pinned one, the earth."""
        for node, seat in enumerate(self.places):
            told = self.problem.told.get(seat.case.id)
            kept = self._change_yuan() if told is not None and told.place_id == seat.place.id else 0.0
            cents = math.ceil((self.saved[node] + kept) * CENTS_PER_YUAN)
            if self.problem.pinned.get(seat.case.id):
                cents = _PINNED_CENTS
            self.routing.AddDisjunction([self.manager.NodeToIndex(node)], cents)
