"""A `Problem` becomes arrays, and routes of node numbers become visits again.

A node is one candidate place of one case. Its share of the case's loss is its probability's:
the places of a case exclude each other, so dropping, delaying and searching each place are
priced by themselves and add up (dispatch.loss).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.domain import KINDS, Case, Place, Problem
from dispatch.loss import loss_curve, never_yuan
from dispatch.search.arrays import BASE, CREW_COLUMNS, SERVICE, Day, Floats, Ints
from dispatch.sending import Roster
from dispatch.timeline import Visit

NEIGHBOURS = 40
OFFERS = 16


@dataclass(frozen=True, slots=True)
class Model:
    """The arrays of a problem, and what each node number stands for."""

    day: Day
    nodes: tuple[tuple[Case, Place], ...]
    crews: tuple[str, ...]

    def visits(self, routes: Sequence[Sequence[int]]) -> dict[str, list[Visit]]:
        """Visits by responder id."""
        return {
            crew: [Visit(self.nodes[v][0].id, self.nodes[v][1].id) for v in route]
            for crew, route in zip(self.crews, routes, strict=True)
            if route
        }

    def numbers(self, visits: Mapping[str, Sequence[Visit]]) -> list[list[int]]:
        """Routes of node numbers; a visit to a place nobody may be sent to is skipped."""
        number = {place.id: v for v, (_, place) in enumerate(self.nodes)}
        return [
            [number[visit.place_id] for visit in visits.get(crew, ()) if visit.place_id in number]
            for crew in self.crews
        ]


def model_of(problem: Problem) -> Model:
    """The arrays of a problem. Places nobody may visit and crews that may visit nobody are left out."""
    roster = Roster.of(problem)
    places = [(case, place) for case in problem.cases for place in case.places]
    allowed = np.array([roster.may_visit(case, place) for case, place in places], np.bool_)
    allowed = allowed.reshape(len(places), len(problem.responders))
    price = np.array([roster.neighbour_yuan(place) for _, place in places]).reshape(allowed.shape)
    reachable = np.column_stack(
        [_reaches(problem, row) for row in range(len(problem.responders))]
        or [np.zeros((len(places), 0), bool)]
    )
    allowed &= reachable
    kept = np.flatnonzero(allowed.any(axis=1))
    crew_rows = np.flatnonzero(allowed[kept].any(axis=0)) if len(kept) else np.zeros(0, np.int64)
    nodes = tuple(places[row] for row in kept)
    crews = [problem.responders[row] for row in crew_rows]
    prices = np.where(allowed, price, math.inf)[np.ix_(kept, crew_rows)].T.copy()
    drive, bases = _drives(problem, nodes, crew_rows)
    node, crew = _node_table(problem, nodes), _crew_table(problem, crew_rows)
    crew[:, BASE] = bases
    day = Day(
        drive=drive,
        node=node,
        crew=crew,
        price=prices,
        setting=_setting(problem, nodes),
        near=nearest_nodes(drive, len(nodes), NEIGHBOURS),
        offers=_offers(problem, nodes, crew, prices, drive),
    )
    return Model(day, nodes, tuple(one.id for one in crews))


def _reaches(problem: Problem, row: int) -> np.ndarray:
    """Whether a road leads one responder to each place and home again."""
    responder = problem.responders[row]
    table, base = problem.travel[responder.profile], problem.base_index[responder.id]
    columns = [problem.place_index[place.id] for case in problem.cases for place in case.places]
    return np.isfinite(table.from_base[base, columns]) & np.isfinite(table.to_base[columns, base])


def _drives(problem: Problem, nodes: Sequence[tuple[Case, Place]], crew_rows: Ints) -> tuple[Floats, Ints]:
    """Minutes between all nodes and bases by profile, and the number of each crew's base."""
    places = np.array([problem.place_index[place.id] for _, place in nodes], np.int64)
    used = [problem.base_index[problem.responders[row].id] for row in crew_rows]
    bases, base_of = np.unique(np.array(used, np.int64), return_inverse=True)
    names = _profiles(problem)
    size = len(places) + len(bases)
    drive = np.full((len(names), size, size), math.inf)
    for p, name in enumerate(names):
        table = problem.travel[name]
        drive[p, : len(places), : len(places)] = table.between[np.ix_(places, places)]
        drive[p, len(places) :, : len(places)] = table.from_base[np.ix_(bases, places)]
        drive[p, : len(places), len(places) :] = table.to_base[np.ix_(places, bases)]
        drive[p, np.arange(size), np.arange(size)] = 0.0
    return drive, base_of.reshape(-1) + len(places)


def _profiles(problem: Problem) -> list[str]:
    return sorted(problem.travel)


def _node_table(problem: Problem, nodes: Sequence[tuple[Case, Place]]) -> Floats:
    rows = []
    for case, place in nodes:
        share = place.probability
        held = case.hold is not None and case.hold.until_minutes > 0
        rows.append(
            [
                share * case.stake_yuan,
                case.hazard_per_hour / 60.0,  # per hour -> per minute
                0.0,
                share * case.late_yuan_per_minute,
                case.due_minutes,
                case.window[0],
                case.window[1],
                place.search_minutes,
                1.0,
                case.hold.until_minutes if held and case.hold else 0.0,
                case.hold.fraction if held and case.hold else 1.0,
                share * never_yuan(case, problem.horizon_minutes),
                float(bool(problem.pinned.get(case.id))),
                *(case.service_minutes.get(kind, 0.0) for kind in KINDS),
            ]
        )
    table = np.array(rows, np.float64).reshape(len(nodes), SERVICE + len(KINDS))
    _, classes = np.unique(table[:, 1], return_inverse=True)
    table[:, 2] = classes.reshape(-1)
    return table


def _crew_table(problem: Problem, crew_rows: Ints) -> Floats:
    names, table = _profiles(problem), np.zeros((len(crew_rows), CREW_COLUMNS))
    for k, row in enumerate(crew_rows):
        one = problem.responders[row]
        pause = (one.shift.break_start, one.shift.break_end)
        paused = pause[0] is not None and pause[1] is not None
        table[k] = [
            0.0,
            names.index(one.profile),
            KINDS.index(one.kind),
            one.ready_minutes,
            one.shift.end,
            pause[0] if paused else math.inf,
            pause[1] if paused else math.inf,
            one.max_visits,
            0.0,
        ]
    return table


def _setting(problem: Problem, nodes: Sequence[tuple[Case, Place]]) -> Floats:
    rates = np.unique(np.array([case.hazard_per_hour / 60.0 for case, _ in nodes], np.float64))
    return np.array([problem.horizon_minutes, problem.prices.drive_yuan_per_minute, *rates])


def nearest_nodes(drive: Floats, nodes: int, most: int) -> Ints:
    """For each of the first `nodes` the others, nearest first by the quickest profile either way; -1 for none."""
    between = drive[:, :nodes, :nodes].min(axis=0, initial=math.inf)
    between = np.minimum(between, between.T)
    between[np.arange(nodes), np.arange(nodes)] = math.inf
    order = np.argsort(between, axis=1, kind="stable")[:, : min(most, max(nodes - 1, 1))]
    far = ~np.isfinite(np.take_along_axis(between, order, axis=1))
    return np.where(far, -1, order).astype(np.int64)


def _offers(
    problem: Problem, nodes: Sequence[tuple[Case, Place]], crew: Floats, prices: Floats, drive: Floats
) -> Ints:
    """For each node the crews that would cost least going there first, cheapest first; -1 for none."""
    offers = np.full((len(nodes), min(OFFERS, max(len(crew), 1))), -1, np.int64)
    profile, base = crew[:, 1].astype(np.int64), crew[:, BASE].astype(np.int64)
    for v, (case, place) in enumerate(nodes):
        able = np.flatnonzero(np.isfinite(prices[:, v]))
        arrival = crew[able, 3] + drive[profile[able], base[able], v]
        contact = np.maximum(arrival, case.window[0]) + place.search_minutes
        cost = prices[able, v] + place.probability * loss_curve(case, contact, problem.horizon_minutes)
        # among equals who is there first: the horizon makes all late ones equal
        best = able[np.lexsort((arrival, cost))][: offers.shape[1]]
        offers[v, : len(best)] = best
    return offers
