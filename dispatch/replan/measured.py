"""Minutes measured once: where the roads are as they were, only new points are asked of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dispatch.domain import Problem, TravelMinutes
from dispatch.roads.travel import Travel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
UNKNOWN = -1


class Measured:
    """The old problem's minutes, by the points they were measured between.

    Roads give the same minutes to the last bit whenever they are asked, so those of a profile
    whose roads have not changed (`now` and `then` hold one object) need not be asked again.
    """

    def __init__(self, old: Problem, now: Mapping[str, Travel], then: Mapping[str, Travel]) -> None:
        self.old, self.now, self.then = old, now, then
        self._bases = {
            (round(one.lon, 6), round(one.lat, 6)): old.base_index[one.id] for one in old.responders
        }
        self._places = {
            (place.lon, place.lat): old.place_index[place.id] for case in old.cases for place in case.places
        }

    def minutes(self, profile: str, bases: Floats, places: Floats) -> TravelMinutes:
        """Minutes from bases (n, 2) to places (m, 2), back, and between, as `Travel.problem_minutes` gives them."""
        travel, table = self.now[profile], self.old.travel.get(profile)
        place = _numbers(self._places, places)
        if table is None or travel is not self.then.get(profile) or (place == UNKNOWN).all():
            return travel.problem_minutes(bases, places)
        base = _numbers(self._bases, bases)
        from_base = _taken(table.from_base, base, place)
        to_base, between = _taken(table.to_base, place, base), _taken(table.between, place, place)
        _ask(travel, from_base, (bases, base), (places, place))
        _ask(travel, to_base, (places, place), (bases, base))
        _ask(travel, between, (places, place), (places, place))
        return TravelMinutes(from_base, to_base, between)


def _numbers(known: Mapping[tuple[float, float], int], points: Floats) -> Ints:
    return np.array([known.get((float(lon), float(lat)), UNKNOWN) for lon, lat in points], np.int64)


def _taken(table: Floats, rows: Ints, columns: Ints) -> Floats:
    """The known cells; the others wait."""
    return np.ascontiguousarray(table[np.ix_(np.maximum(rows, 0), np.maximum(columns, 0))])


def _ask(travel: Travel, table: Floats, sources: tuple[Floats, Ints], targets: tuple[Floats, Ints]) -> None:
    """Fill rows and columns of points that were not measured before."""
    (start, row), (end, column) = sources, targets
    new_rows, new_columns = np.flatnonzero(row == UNKNOWN), np.flatnonzero(column == UNKNOWN)
    if len(new_rows):
        table[new_rows] = travel.matrix(start[new_rows], end)
    if len(new_columns) and len(start):
        table[:, new_columns] = travel.matrix(start, end[new_columns])
