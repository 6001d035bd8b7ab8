"""Which zone everyone belongs to, and the part of a problem that holds only some of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dispatch.domain import Case, Place, Problem, Responder, TravelMinutes

Measure = Callable[[Sequence[Case], Sequence[Responder]], Problem]
"""Makes the problem of these cases and responders alone: only minutes between them are ever needed at once."""

KM_PER_DEGREE = 111.2
NO_ZONE = ""


@dataclass(frozen=True, slots=True)
class Zoning:
    """The zone of every case and every responder, by id. Zones are known by any name."""

    of_case: Mapping[str, str]
    of_responder: Mapping[str, str]


def by_county(problem: Problem) -> Zoning:
    """Cases by the county they are most likely in, responders by the county they answer for.

    Who answers for no county of the day joins that of the nearest place in a straight line; so
    does a case whose county is unknown. What is fixed already (`heads`, pins, what people were told)
    goes before: such a case belongs to the zone of the responder named, and responders whose
    fixed stops meet at one case share a zone.
    """
    known = [(place, place.county) for case in problem.cases for place in case.places if place.county]
    tree = cKDTree(kilometres([(place.lon, place.lat) for place, _ in known])) if known else None

    def nearest(lon: float, lat: float) -> str:
        return str(known[int(tree.query(kilometres([(lon, lat)])[0])[1])][1]) if tree is not None else NO_ZONE

    county_of = {code: county for place, county in known for code in place.codes}
    of_case = {}
    for case in problem.cases:
        place = likeliest(case)
        of_case[case.id] = NO_ZONE if place is None else place.county or nearest(place.lon, place.lat)
    of_responder = {}
    for one in problem.responders:
        votes = Counter(county_of[code] for code in sorted(one.jurisdiction) if code in county_of)
        of_responder[one.id] = votes.most_common(1)[0][0] if votes else nearest(one.lon, one.lat)
    return _as_fixed(problem, Zoning(of_case, of_responder))


def _as_fixed(problem: Problem, zoning: Zoning) -> Zoning:
    """The zoning with every case that is somebody's already in that responder's zone."""
    of_case, of_responder = dict(zoning.of_case), dict(zoning.of_responder)
    owner = {case: told.responder_id for case, told in problem.told.items()}
    owner |= {case: who for case, who in problem.pinned.items() if who}
    fixed: dict[str, list[str]] = {}
    for who, head in problem.heads.items():
        for case_id, _ in head:
            fixed.setdefault(case_id, []).append(who)
    merged: dict[str, str] = {}

    def root(zone: str) -> str:
        while zone in merged:
            zone = merged[zone]
        return zone

    for crew in fixed.values():
        first = root(of_responder[crew[0]])
        for who in crew[1:]:
            other = root(of_responder[who])
            if other != first:
                merged[other] = first
    of_responder = {who: root(zone) for who, zone in of_responder.items()}
    of_case = {case: root(zone) for case, zone in of_case.items()}
    owner |= {case: crew[0] for case, crew in fixed.items()}
    of_case |= {
        case: of_responder[who] for case, who in owner.items() if who in of_responder and case in of_case
    }
    return Zoning(of_case, of_responder)


def part_of(problem: Problem, cases: Sequence[Case], responders: Sequence[Responder]) -> Problem:
    """The problem of these cases and responders alone; every rule that concerns them stays.

    A case may come with some of its places only: the others are then nobody's business here, and
    what people were told of them is left out. `max_changes` becomes the share of those told, rounded down.
    """
    ids, crew = {case.id for case in cases}, {one.id for one in responders}
    places = [place.id for case in cases for place in case.places]
    starts = {who: row for who, row in problem.start_index.items() if who in crew}
    rows = sorted({problem.base_index[who] for who in crew} | set(starts.values()))
    row_of = {row: number for number, row in enumerate(rows)}
    columns = [problem.place_index[place] for place in places]
    told = {
        case: said
        for case, said in problem.told.items()
        if case in ids and said.place_id in set(places) and said.responder_id in crew
    }
    changes = problem.max_changes
    if changes is not None:
        changes = changes * len(told) // max(len(problem.told), 1)
    return replace(
        problem,
        cases=tuple(cases),
        responders=tuple(responders),
        base_index={one.id: row_of[problem.base_index[one.id]] for one in responders},
        start_index={who: row_of[row] for who, row in starts.items()},
        place_index={place: number for number, place in enumerate(places)},
        travel={
            name: _minutes(problem.travel[name], rows, columns)
            for name in sorted({one.profile for one in responders} or problem.travel)
        },
        pinned={case: who for case, who in problem.pinned.items() if case in ids},
        cut_off={place: why for place, why in problem.cut_off.items() if place in set(places)},
        heads={who: head for who, head in problem.heads.items() if who in crew},
        told=told,
        max_changes=changes,
    )


def _minutes(table: TravelMinutes, rows: Sequence[int], columns: Sequence[int]) -> TravelMinutes:
    bases, places = np.array(rows, np.int64), np.array(columns, np.int64)
    return TravelMinutes(
        table.from_base[np.ix_(bases, places)],
        table.to_base[np.ix_(places, bases)],
        table.between[np.ix_(places, places)],
    )


def likeliest(case: Case) -> Place | None:
    """Where the case's person most likely is; the first of several, None without places."""
    return max(case.places, key=lambda place: place.probability, default=None)


def kilometres(points: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """(lon, lat) as flat (x, y) in km, good enough to say who is near; shape (n, 2)."""
    degrees = np.array(points, np.float64).reshape(-1, 2)
    return np.column_stack([degrees[:, 0] * np.cos(np.radians(degrees[:, 1])), degrees[:, 1]]) * KM_PER_DEGREE
