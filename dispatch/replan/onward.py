"""The problem that is left: who stands where, what is frozen, what people were told.

Everything counts from the new moment; the roads are those open then.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from dispatch.day.building import build_problem
from dispatch.day.request import Rules
from dispatch.domain import Case, Place, Plan, Problem, Responder, Route, Shift, Stop, Told, TravelMinutes
from dispatch.reasons import Reason
from dispatch.replan.measured import Measured
from dispatch.replan.progress import Standing, UnderWay
from dispatch.replan.settings import ReplanSettings
from dispatch.roads.leg import Leg
from dispatch.roads.travel import Travel

SAME_POINT_DEGREES = 5e-6
SLOWER_SHARE, SLOWER_MINUTES = 0.02, 0.1
"""A drive planned to take so much less than the roads now need is slower than it was told."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frozen:
    """A stop under way as the new problem has it."""

    responder_id: str
    head: UnderWay
    place_id: str


@dataclass(frozen=True, slots=True)
class Onward:
    """The problem from now on. `first_stops` are those a crew on the road would make next.

    `frozen` by responder id; `released`: (responder id, case id) → why a stop under way is let go;
    `start` the old plan's routes as far as they are still ahead.
    """

    problem: Problem
    frozen: Mapping[str, Frozen]
    released: Mapping[tuple[str, str], Reason]
    first_stops: Mapping[str, tuple[str, str]]
    start: Plan
    travels: Mapping[str, Travel]


def aged(one: Responder, standing: Standing, minutes: float) -> Responder:
    """The responder `minutes` later: its shift nearer the end, the visits it has made taken off."""
    shift = one.shift
    pause = shift.break_start, shift.break_end
    later = Shift(
        shift.start - minutes,
        shift.end - minutes,
        None if pause[0] is None else pause[0] - minutes,
        None if pause[1] is None else pause[1] - minutes,
    )
    free = one.free_at_minutes - minutes
    return replace(
        one,
        shift=later,
        free_at_minutes=max(0.0, free, standing.free_at_minutes),
        status=standing.status,
        max_visits=max(0, one.max_visits - len(standing.over)),
    )


def onward(
    old: Problem,
    plan: Plan,
    cases: Sequence[Case],
    *,
    standings: Mapping[str, Standing],
    travels: Mapping[str, Travel],
    old_roads: Mapping[str, Travel],
    minutes: float,
    crews: Sequence[Responder],
    rules: Rules,
    settings: ReplanSettings,
    pinned: Mapping[str, str],
    max_changes: int | None,
) -> Onward:
    """Build the problem `minutes` after the old one.

    Parameters
    ----------
    cases
        The cases that are open now, located.
    travels, old_roads
        By profile: the roads as they are now, and as they were when the old plan was made.
    crews
        The responders, aged.
    pinned
        Case id → responder id, or "" where nobody goes any more.
    """
    ground = _Ground(old, travels, old_roads, {case.id: case for case in cases})
    wanted = {case.id: case for case in cases}
    released: dict[tuple[str, str], Reason] = {}
    frozen: dict[str, Frozen] = {}
    points: dict[str, Point] = {}
    left: dict[str, float] = {}
    for one in crews:
        standing = standings.get(one.id)
        if standing is None:
            continue
        points[one.id] = ground.point(one, standing)
        if standing.under_way is None:
            continue
        found = ground.frozen(one, standing, points[one.id])
        if isinstance(found, Reason):
            released[one.id, standing.under_way.case_id] = found
        elif found is not None:
            frozen[one.id], left[one.id] = found
    _both_or_none(frozen, old, released)
    for held in frozen.values():
        wanted[held.head.case_id] = _as_it_stands(wanted[held.head.case_id], held, old, minutes)
    at = old.at + timedelta(minutes=minutes)
    measured = Measured(old, travels, old_roads)
    problem = build_problem(tuple(wanted.values()), crews, travels, at, rules, minutes=measured.minutes)
    problem = _from_where_they_stand(problem, points, frozen, left, travels)
    heads = {who: ((one.head.case_id, one.place_id),) for who, one in frozen.items()}
    frozen_cases = {one.head.case_id for one in frozen.values()}
    ahead = _ahead(plan, standings, ground)
    told = _told(ahead, frozen_cases, wanted, minutes)
    problem = replace(
        problem,
        heads=heads,
        told=told,
        max_changes=max_changes,
        pinned={
            case_id: who
            for case_id, who in pinned.items()
            if case_id in wanted and case_id not in frozen_cases
        },
        prices=replace(
            problem.prices, change_yuan=settings.change_yuan, moved_minutes=settings.moved_minutes
        ),
    )
    routes = tuple(Route(one.id, (*_head_stop(frozen.get(one.id)), *ahead.get(one.id, ()))) for one in crews)
    first = {
        who: (stops[0].case_id, stops[0].place_id)
        for who, stops in ahead.items()
        if stops
        and who not in frozen
        and standings[who].begun
        and stops[0].leads
        and stops[0].partner_id is None
    }
    return Onward(problem, frozen, released, first, replace(plan, routes=routes), travels)


class _Ground:
    """Old points and new: where crews are, which places are still the same."""

    def __init__(
        self,
        old: Problem,
        travels: Mapping[str, Travel],
        old_roads: Mapping[str, Travel],
        cases: Mapping[str, Case],
    ) -> None:
        self.old, self.travels, self.old_roads, self.cases = old, travels, old_roads, cases
        self.places = {place.id: place for case in old.cases for place in case.places}
        self.bases = {one.id: (one.lon, one.lat) for one in old.responders}

    def new_place(self, case_id: str, place_id: str) -> str | None:
        """The id that the old place has now; None where the case has no such place any more."""
        case, old = self.cases.get(case_id), self.places.get(place_id)
        if case is None or old is None:
            return None
        return next((place.id for place in case.places if _same_point(place, old)), None)

    def start(self, who: str) -> Point:
        """Where it set out from in the old plan."""
        return self.old.start_points.get(who, self.bases[who])

    def point(self, one: Responder, standing: Standing) -> Point:
        """Where the crew is now."""
        match standing.where:
            case "place":
                place = self.places[str(standing.here)]
                return place.lon, place.lat
            case "road":
                return along(self._leg_driven(one, standing), standing.share)
            case "point" if standing.point is not None:
                return standing.point
        return self.start(one.id)

    def _leg_driven(self, one: Responder, standing: Standing) -> Leg:
        """The way it took: over the roads of now if that is as planned, else over those of then."""
        origin, target = self._ends(one.id, standing)
        return self.old_roads[one.profile].path(origin, target)

    def _ends(self, who: str, standing: Standing) -> tuple[Point, Point]:
        def where(place_id: str | None, otherwise: Point) -> Point:
            place = self.places.get(place_id or "")
            return (place.lon, place.lat) if place else otherwise

        return where(standing.here, self.start(who)), where(standing.ahead, self.bases[who])

    def frozen(
        self, one: Responder, standing: Standing, point: Point
    ) -> tuple[Frozen, float] | Reason | None:
        """The stop under way with the minutes of driving left; why it is let go; None where it needs nobody any more."""
        head = standing.under_way
        if head is None or head.case_id not in self.cases:
            return None
        place_id = self.new_place(head.case_id, head.place_id)
        if place_id is None and head.state == "departed":
            return Reason("PLACE_CORRECTED")
        here = Frozen(one.id, head, place_id or head.place_id)
        if self.old_roads[one.profile] is self.travels[one.profile] and standing.where != "point":
            return here, head.drive_minutes  # nothing to ask: the roads are as they were
        left = self._left(one, standing, head, point) if head.state == "departed" else 0.0
        old = self.places[head.place_id]
        home = self._minutes(self.travels, one, (old.lon, old.lat), self.bases[one.id])
        return (here, left) if math.isfinite(left + home) else Reason("ROAD_SHUT")

    def _left(self, one: Responder, standing: Standing, head: UnderWay, point: Point) -> float:
        """Minutes of driving left: as planned, unless the roads have become slower."""
        place = self.places[head.place_id]
        target = (place.lon, place.lat)
        if standing.where == "point":
            return self._minutes(self.travels, one, point, target)
        origin, _ = self._ends(one.id, standing)
        then = self._minutes(self.old_roads, one, origin, target)
        now = self._minutes(self.travels, one, origin, target)
        if now <= then * (1.0 + SLOWER_SHARE) + SLOWER_MINUTES:
            return head.drive_minutes
        return self._minutes(self.travels, one, point, target)

    @staticmethod
    def _minutes(roads: Mapping[str, Travel], one: Responder, origin: Point, target: Point) -> float:
        return float(roads[one.profile].matrix([origin], [target])[0, 0])


def along(leg: Leg, share: float) -> Point:
    """The point of a leg once `share` (0 to 1) of its minutes are driven."""
    lonlat = leg.lonlat
    if not leg.parts or not math.isfinite(leg.minutes) or share <= 0:
        return float(lonlat[0][0]), float(lonlat[0][1])
    left = share * leg.minutes
    for part in leg.parts:
        if left <= part.minutes and part.minutes > 0:
            return _within(part.lonlat, left / part.minutes)
        left -= part.minutes
    return float(lonlat[-1][0]), float(lonlat[-1][1])


def _within(lonlat: np.ndarray, share: float) -> Point:
    """The point at that share of a line's length."""
    steps = np.hypot(*(np.diff(lonlat, axis=0) * [math.cos(math.radians(lonlat[0][1])), 1.0]).T)
    gone = np.concatenate([[0.0], np.cumsum(steps)])
    at = share * gone[-1]
    return float(np.interp(at, gone, lonlat[:, 0])), float(np.interp(at, gone, lonlat[:, 1]))


def _both_or_none(
    frozen: dict[str, Frozen],
    old: Problem,
    released: dict[tuple[str, str], Reason],
) -> None:
    """Of two who go together, one who cannot any more frees the other."""
    before = {case.id: case for case in old.cases}
    teams: dict[str, list[str]] = {}
    for who, one in frozen.items():
        teams.setdefault(one.place_id, []).append(who)
    for team in teams.values():
        case_id = frozen[team[0]].head.case_id
        wanted = 2 if before[case_id].partners else 1
        if len(team) != wanted:
            for who in team:
                released[who, case_id] = Reason("PARTNER_GONE")
                del frozen[who]


def _as_it_stands(case: Case, one: Frozen, old: Problem, minutes: float) -> Case:
    """The case with what is left to do at the frozen stop, its place kept whatever the evidence says now."""
    before = next(each for each in old.cases if each.id == case.id)
    if not any(place.id == one.place_id for place in case.places):
        kept = before.place(one.head.place_id)
        room = max(0.0, 1.0 - sum(place.probability for place in case.places))
        names = {place.id for place in case.places}
        if kept.id in names:
            raise ValueError(f"place {kept.id} of case {case.id} is two places")
        case = replace(case, places=(*case.places, replace(kept, probability=min(kept.probability, room))))
    places = tuple(
        replace(place, search_minutes=one.head.search_minutes) if place.id == one.place_id else place
        for place in case.places
    )
    kind = next(each.kind for each in old.responders if each.id == one.responder_id)
    service = {**case.service_minutes, kind: one.head.service_minutes}
    return replace(
        case,
        places=places,
        service_minutes=service,
        partners=before.partners,
        window=(max(0.0, before.window[0] - minutes), max(case.window[1], 0.0)),
    )


def _from_where_they_stand(
    problem: Problem,
    points: Mapping[str, Point],
    frozen: Mapping[str, Frozen],
    left: Mapping[str, float],
    travels: Mapping[str, Travel],
) -> Problem:
    """The problem with a row of minutes for everybody who is not at its base.

    The row of a crew on its way to a frozen stop says the minutes left of that drive.
    """
    crews = {one.id: one for one in problem.responders}
    away = {
        who: point
        for who, point in points.items()
        if who in frozen
        or math.hypot(point[0] - crews[who].lon, point[1] - crews[who].lat) > SAME_POINT_DEGREES
    }
    if not away:
        return problem
    rows = max(problem.base_index.values(), default=-1) + 1
    starts = {who: rows + number for number, who in enumerate(away)}
    where = np.array(list(away.values()), float).reshape(-1, 2)
    spots = [(place.lon, place.lat) for case in problem.cases for place in case.places]
    column = problem.place_index
    tables = {}
    for profile, table in problem.travel.items():
        there = travels[profile].matrix(where, np.array(spots, float).reshape(-1, 2)) if spots else None
        from_base = table.from_base if there is None else np.vstack([table.from_base, there])
        for who, minutes in left.items():
            if who in frozen and crews[who].profile == profile:
                from_base[starts[who], column[frozen[who].place_id]] = minutes
        blank = np.zeros((len(table.between), len(away)))
        tables[profile] = TravelMinutes(from_base, np.hstack([table.to_base, blank]), table.between)
    return replace(problem, travel=tables, start_index=starts, start_points=dict(away))


def _ahead(plan: Plan, standings: Mapping[str, Standing], ground: _Ground) -> dict[str, list[Stop]]:
    """By responder id the stops nobody has begun, places by their ids of now; whose case is over, or place gone, is left out."""
    found: dict[str, list[Stop]] = {}
    for route in plan.routes:
        standing = standings.get(route.responder_id)
        if standing is None:
            continue
        behind = {stop.id for stop in standing.over}
        under_way = standing.under_way.place_id if standing.under_way else None
        for stop in route.stops:
            place_id = ground.new_place(stop.case_id, stop.place_id)
            if stop.id not in behind and stop.place_id != under_way and place_id is not None:
                found.setdefault(route.responder_id, []).append(replace(stop, place_id=place_id))
    return found


def _told(
    ahead: Mapping[str, Sequence[Stop]],
    frozen: set[str],
    cases: Mapping[str, Case],
    minutes: float,
) -> dict[str, Told]:
    """What people were told of visits still to come: the first of each case."""
    told: dict[str, Told] = {}
    for who, stops in ahead.items():
        for stop in stops:
            known = told.get(stop.case_id)
            contact = stop.contact - minutes
            if not stop.leads or stop.case_id in frozen or stop.case_id not in cases:
                continue
            if known is None or contact < known.contact_minutes:
                told[stop.case_id] = Told(who, stop.place_id, contact, stop.partner_id)
    return told


def _head_stop(one: Frozen | None) -> tuple[Stop, ...]:
    if one is None:
        return ()
    head = one.head
    return (
        Stop(
            "", head.case_id, one.place_id, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, state=head.state, leads=head.leads
        ),
    )


def _same_point(place: Place, old: Place) -> bool:
    return math.hypot(place.lon - old.lon, place.lat - old.lat) <= SAME_POINT_DEGREES
