"""A `Problem` becomes arrays, and routes of node numbers become visits again.

A node is one candidate place of one case. Its share of the case's loss is its probability's:
the places of a case exclude each other, so dropping, delaying and searching each place are
priced by themselves and add up (dispatch.loss). Where two must come, the place has two nodes:
who leads and who comes along, who alone loses nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.carry_on import changes_allowed
from dispatch.domain import KINDS, Case, Place, Problem
from dispatch.eligible import may_accompany
from dispatch.loss import MOVED_TOLERANCE_MINUTES, loss_curve, never_yuan
from dispatch.search.arrays import (
    BASE,
    CAPACITY,
    CLOSES,
    DROP_YUAN,
    DUE,
    ENDS,
    HAZARD_CLASS,
    HAZARD_PER_MINUTE,
    HEAD,
    HOLD_FRACTION,
    HOLD_UNTIL,
    KIND,
    LATE_YUAN,
    LEADS,
    MATE,
    MOVED_YUAN,
    MUST,
    OPENS,
    PAUSE_FROM,
    PAUSE_TO,
    PROFILE,
    READY,
    SEARCH_MINUTES,
    SERVICE,
    STAKE_YUAN,
    START,
    TOLD,
    TOLD_FROM,
    TOLD_MATE,
    TOLD_TO,
    WINDOW_CLOSES,
    WINDOW_OPENS,
    WORD_FROM,
    Day,
    Floats,
    Ints,
    blank_crews,
    blank_nodes,
    setting_row,
    transposed,
)
from dispatch.sending import Roster
from dispatch.timeline import Clock, Visit

NEIGHBOURS = 20
OFFERS = 8


@dataclass(frozen=True, slots=True)
class Node:
    """What a node number stands for: a place of a case; not `leads` is who comes along."""

    case: Case
    place: Place
    leads: bool = True


@dataclass(frozen=True, slots=True)
class Model:
    """The arrays of a problem, and what their numbers stand for.

    `outside_yuan` is what no node can change: the shares of places nobody may be sent to,
    and words given that nobody can keep.
    """

    problem: Problem
    day: Day
    nodes: tuple[Node, ...]
    crews: tuple[str, ...]
    outside_yuan: float

    def visits(self, routes: Sequence[Sequence[int]]) -> dict[str, list[Visit]]:
        """Visits by responder id."""
        return {
            crew: [Visit(self.nodes[v].case.id, self.nodes[v].place.id, self.nodes[v].leads) for v in route]
            for crew, route in zip(self.crews, routes, strict=True)
            if route
        }

    def numbers(self, visits: Mapping[str, Sequence[Visit]]) -> list[list[int]]:
        """Routes of node numbers; a visit to a place nobody may be sent to is skipped."""
        number = {(node.place.id, node.leads): v for v, node in enumerate(self.nodes)}
        return [
            [
                number[visit.place_id, visit.leads]
                for visit in visits.get(crew, ())
                if (visit.place_id, visit.leads) in number
            ]
            for crew in self.crews
        ]

    def meetings(self, visits: Mapping[str, Sequence[Visit]]) -> dict[int, float]:
        """When the turn of two who come together begins in these visits, by number of the leader's node."""
        number = {node.place.id: v for v, node in enumerate(self.nodes) if node.leads and node.case.partners}
        routes = Clock(self.problem).routes(visits) if number else ()
        return {
            number[stop.place_id]: stop.contact - stop.search_minutes
            for route in routes
            for stop in route.stops
            if stop.leads and stop.place_id in number
        }


def model_of(problem: Problem) -> Model:
    """The arrays of a problem. Places nobody may visit and crews that may visit nobody are left out."""
    roster = Roster.of(problem)
    nodes, allowed = _who_may(problem, roster)
    price = np.array([roster.neighbour_yuan(node.place) for node in nodes]).reshape(allowed.shape)
    crew_rows = np.flatnonzero(allowed.any(axis=0)) if len(nodes) else np.zeros(0, np.int64)
    prices = np.where(allowed, price, math.inf)[:, crew_rows].T.copy()
    drive, starts, bases = _drives(problem, nodes, crew_rows)
    node, crew = _node_table(problem, nodes), _crew_table(problem, crew_rows)
    crew[:, START], crew[:, BASE] = starts, bases
    crews = tuple(problem.responders[row].id for row in crew_rows)
    unkept = _give_words(problem, nodes, crews, node, prices)
    day = Day(
        drive=drive,
        back=transposed(drive),
        node=node,
        crew=crew,
        price=prices,
        setting=_setting(problem, nodes, unkept),
        near=nearest_nodes(drive, len(nodes), NEIGHBOURS),
        offers=_offers(problem, nodes, crew, prices, drive),
    )
    outside = _never_visited_yuan(problem, nodes) + unkept * problem.prices.change_yuan
    return Model(problem, day, nodes, crews, outside)


def _who_may(problem: Problem, roster: Roster) -> tuple[tuple[Node, ...], np.ndarray]:
    """Every node somebody may visit, and who (nodes, responders); fixed stops are allowed to whom they are fixed."""
    fixed: dict[str, list[int]] = {}
    for who, head in problem.heads.items():
        for _, place_id in head:
            fixed.setdefault(place_id, []).append(roster.number[who])
    crew, nodes, rows = problem.responders, list[Node](), list[np.ndarray]()
    columns = np.array(
        [problem.place_index[place.id] for case in problem.cases for place in case.places], np.int64
    )
    reachable = np.array([_reaches(problem, row, columns) for row in range(len(crew))], np.bool_)
    reachable = reachable.reshape(len(crew), len(columns))
    column = 0
    for case in problem.cases:
        for place in case.places:
            reach, held = reachable[:, column], fixed.get(place.id, [])
            column += 1
            lead = roster.may_visit(case, place) & reach
            lead[held] = True
            made = [(Node(case, place), lead)]
            if case.partners:
                able = [may_accompany(problem, one, case, place) is None for one in crew]
                along = np.array(able, np.bool_) & reach
                along[held] = True
                made.append((Node(case, place, leads=False), along))
            if all(who.any() for _, who in made):
                nodes += [node for node, _ in made]
                rows += [who for _, who in made]
    return tuple(nodes), np.array(rows, np.bool_).reshape(len(nodes), len(crew))


def _reaches(problem: Problem, row: int, columns: Ints) -> np.ndarray:
    """Whether a road leads one responder to each of the places and home again."""
    responder = problem.responders[row]
    table, base = problem.travel[responder.profile], problem.base_index[responder.id]
    start = problem.start_index.get(responder.id, base)
    there, home = table.from_base[start, columns], table.to_base[columns, base]
    return np.asarray(np.isfinite(there) & np.isfinite(home))


def _drives(problem: Problem, nodes: Sequence[Node], crew_rows: Ints) -> tuple[Floats, Ints, Ints]:
    """Minutes between all nodes and bases by profile, and the numbers of each crew's start and base."""
    places = np.array([problem.place_index[node.place.id] for node in nodes], np.int64)
    ids = [problem.responders[row].id for row in crew_rows]
    home = [problem.base_index[one] for one in ids]
    start = [problem.start_index.get(one, base) for one, base in zip(ids, home, strict=True)]
    bases, number = np.unique(np.array([*start, *home], np.int64), return_inverse=True)
    names = _profiles(problem)
    size = len(places) + len(bases)
    drive = np.full((len(names), size, size), math.inf)
    for p, name in enumerate(names):
        table = problem.travel[name]
        drive[p, : len(places), : len(places)] = table.between[np.ix_(places, places)]
        drive[p, len(places) :, : len(places)] = table.from_base[np.ix_(bases, places)]
        drive[p, : len(places), len(places) :] = table.to_base[np.ix_(places, bases)]
        drive[p, np.arange(size), np.arange(size)] = 0.0
    numbers = number.reshape(-1) + len(places)
    return drive, numbers[: len(ids)], numbers[len(ids) :]


def _profiles(problem: Problem) -> list[str]:
    return sorted(problem.travel)


def _node_table(problem: Problem, nodes: Sequence[Node]) -> Floats:
    table = blank_nodes(len(nodes), len(KINDS))
    number = {(node.place.id, node.leads): v for v, node in enumerate(nodes)}
    for row, node in zip(table, nodes, strict=True):
        case, place = node.case, node.place
        row[[OPENS, WINDOW_OPENS]], row[[CLOSES, WINDOW_CLOSES]] = case.window[0], case.window[1]
        row[SEARCH_MINUTES] = place.search_minutes
        row[SERVICE:] = [case.service_minutes.get(kind, 0.0) for kind in KINDS]
        row[LEADS] = node.leads
        row[MATE] = number.get((place.id, not node.leads), -1) + 1
        row[HAZARD_PER_MINUTE] = case.hazard_per_hour / 60.0  # per hour -> per minute
        if not node.leads:
            continue
        row[STAKE_YUAN] = place.probability * case.stake_yuan
        row[LATE_YUAN], row[DUE] = place.probability * case.late_yuan_per_minute, case.due_minutes
        if case.hold is not None and case.hold.until_minutes > 0:
            row[HOLD_UNTIL], row[HOLD_FRACTION] = case.hold.until_minutes, case.hold.fraction
        row[DROP_YUAN] = place.probability * never_yuan(case, problem.horizon_minutes)
        row[MUST] = bool(problem.pinned.get(case.id))
    _, classes = np.unique(table[:, HAZARD_PER_MINUTE], return_inverse=True)
    table[:, HAZARD_CLASS] = classes.reshape(-1)
    return table


def _crew_table(problem: Problem, crew_rows: Ints) -> Floats:
    names, table = _profiles(problem), blank_crews(np.zeros(len(crew_rows)))
    for row, one in zip(table, (problem.responders[number] for number in crew_rows), strict=True):
        row[PROFILE], row[KIND] = names.index(one.profile), KINDS.index(one.kind)
        row[READY], row[ENDS], row[CAPACITY] = one.ready_minutes, one.shift.end, one.max_visits
        row[HEAD] = len(problem.heads.get(one.id, ()))
        if one.shift.break_start is not None and one.shift.break_end is not None:
            row[PAUSE_FROM], row[PAUSE_TO] = one.shift.break_start, one.shift.break_end
    return table


def _give_words(
    problem: Problem, nodes: Sequence[Node], crews: Sequence[str], node: Floats, prices: Floats
) -> int:
    """Write what people were told into the tables; how many of them nobody can keep the word to."""
    number = {one: k for k, one in enumerate(crews)}
    leads = {one.place.id: v for v, one in enumerate(nodes) if one.leads}
    change_yuan, moved = problem.prices.change_yuan, problem.prices.moved_minutes + MOVED_TOLERANCE_MINUTES
    unkept = 0
    for case in problem.cases:
        told = problem.told.get(case.id)
        if told is None:
            continue
        v, k = leads.get(told.place_id, -1), number.get(told.responder_id, -1)
        mate = number.get(told.partner_id, -1) if told.partner_id is not None else -1
        mine = v >= 0 and nodes[v].case.id == case.id
        alone = told.partner_id is not None and (mate < 0 or not node[v, MATE])
        if not mine or k < 0 or alone or not math.isfinite(prices[k, v]):
            unkept += 1
            continue
        node[v, [TOLD, TOLD_MATE, MOVED_YUAN]] = k + 1, mate + 1, change_yuan
        node[v, TOLD_FROM] = node[v, WORD_FROM] = told.contact_minutes - moved
        node[v, TOLD_TO] = told.contact_minutes + moved
        node[v, DROP_YUAN] += change_yuan
        prices[np.arange(len(crews)) != k, v] += change_yuan
    return unkept


def _never_visited_yuan(problem: Problem, nodes: Sequence[Node]) -> float:
    share = dict.fromkeys((case.id for case in problem.cases), 1.0)
    for node in nodes:
        if node.leads:
            share[node.case.id] -= node.place.probability
    return sum(share[case.id] * never_yuan(case, problem.horizon_minutes) for case in problem.cases)


def _setting(problem: Problem, nodes: Sequence[Node], unkept: int) -> Floats:
    prices = problem.prices
    return setting_row(
        problem.horizon_minutes,
        np.unique(np.array([node.case.hazard_per_hour / 60.0 for node in nodes], np.float64)),
        drive_yuan=prices.drive_yuan_per_minute,
        balance_yuan=prices.balance_yuan,
        most_changes=changes_allowed(problem) - unkept,
    )


def nearest_nodes(drive: Floats, nodes: int, most: int) -> Ints:
    """For each of the first `nodes` the others, nearest first by the quickest profile either way; -1 for none."""
    between = drive[:, :nodes, :nodes].min(axis=0, initial=math.inf)
    between = np.minimum(between, between.T)
    between[np.arange(nodes), np.arange(nodes)] = math.inf
    order = np.argsort(between, axis=1, kind="stable")[:, : min(most, max(nodes - 1, 1))]
    far = ~np.isfinite(np.take_along_axis(between, order, axis=1))
    return np.where(far, -1, order).astype(np.int64)


def _offers(problem: Problem, nodes: Sequence[Node], crew: Floats, prices: Floats, drive: Floats) -> Ints:
    """For each node the crews that would cost least going there first, cheapest first; -1 for none."""
    offers = np.full((len(nodes), min(OFFERS, max(len(crew), 1))), -1, np.int64)
    profile, start = crew[:, PROFILE].astype(np.int64), crew[:, START].astype(np.int64)
    for v, node in enumerate(nodes):
        case, place = node.case, node.place
        able = np.flatnonzero(np.isfinite(prices[:, v]))
        arrival = crew[able, READY] + drive[profile[able], start[able], v]
        contact = np.maximum(arrival, case.window[0]) + place.search_minutes
        cost = prices[able, v] + place.probability * loss_curve(case, contact, problem.horizon_minutes)
        # among equals who is there first: the horizon makes all late ones equal
        best = able[np.lexsort((arrival, cost))][: offers.shape[1]]
        offers[v, : len(best)] = best
    return offers
