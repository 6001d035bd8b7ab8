"""Where visits will be needed: villages by residents, past alerts, a table of one's own, or a mixture.

A demand point may be known only as several candidate places, each with its probability; what is
left of 1 is nowhere we know. It counts as demand all the same, and nobody covers it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dispatch.coverage.rules import fresh_case
from dispatch.domain import Case, Place, Tier
from dispatch.errors import BadInput
from dispatch.intake.columns import REJECTED_COLUMNS
from dispatch.intake.triage_rules import TriageRules
from dispatch.places.evidence import label_of
from dispatch.places.gazetteer import Gazetteer

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

HOURS = 24
UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class DemandPoint:
    """One demand: `weight` in the demand's unit, and a case as the dispatcher would get it.

    The places are the case's. `county` and `town` are codes, "" unknown: those of its likeliest
    place. `row` is the row of the file it came from, None for a village; `hour` the hour of the day
    an alert came in, None for what has no time.
    """

    case: Case
    name: str
    weight: float
    county: str = UNKNOWN
    town: str = UNKNOWN
    row: int | None = None
    hour: int | None = None

    @property
    def id(self) -> str:
        """Its id, the case's."""
        return self.case.id

    @property
    def placed_share(self) -> float:
        """Share (0 to 1) of it that is at a place we know."""
        return min(1.0, math.fsum(place.probability for place in self.case.places))


@dataclass(frozen=True, slots=True)
class Spots:
    """Every candidate place of every demand point, m of them, as columns.

    `point` (m,) is the number of the demand point, `lonlat` (m, 2) WGS-84, `weight` (m,) the
    point's weight times the place's probability, `search_minutes` (m,) from arrival to first
    contact. Coverage is linear in the weights, so a model may take each as a demand of its own.
    """

    point: Integers
    lonlat: Floats
    weight: Floats
    search_minutes: Floats
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Demand:
    """All demand points of one question, in one unit: residents, alerts, or points of weight.

    `days` is how long a table of alerts lasted, None where there is none.
    """

    points: tuple[DemandPoint, ...]
    unit: str
    rejected: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(REJECTED_COLUMNS)))
    notes: tuple[str, ...] = ()
    days: float | None = None

    @property
    def weights(self) -> Floats:
        """Weight of each point, shape (n,)."""
        return np.array([one.weight for one in self.points], dtype=np.float64)

    @property
    def total(self) -> float:
        """The denominator of every share: all weight, placed or not."""
        return math.fsum(one.weight for one in self.points)

    @property
    def placed(self) -> float:
        """Weight at places we know."""
        return math.fsum(one.weight * one.placed_share for one in self.points)

    @cached_property
    def spots(self) -> Spots:
        """The places of all points as columns."""
        pairs = [(row, place) for row, one in enumerate(self.points) for place in one.case.places]
        weights = self.weights
        return Spots(
            point=np.array([row for row, _ in pairs], dtype=np.int64),
            lonlat=np.array([(place.lon, place.lat) for _, place in pairs], dtype=np.float64).reshape(-1, 2),
            weight=np.array([weights[row] * place.probability for row, place in pairs], dtype=np.float64),
            search_minutes=np.array([place.search_minutes for _, place in pairs], dtype=np.float64),
            places=tuple(place for _, place in pairs),
        )

    @property
    def per_hour(self) -> Floats | None:
        """Mean alerts an hour by hour of the day, shape (24,); None where no table of alerts says so."""
        if self.days is None:
            return None
        hours = np.array([one.hour for one in self.points if one.hour is not None], dtype=np.int64)
        return np.bincount(hours, minlength=HOURS) / self.days


def village_demand(
    gazetteer: Gazetteer, residents: Sequence[float], rules: TriageRules, tier: Tier | None = None
) -> Demand:
    """Every village of the area, weighted by its residents.

    Parameters
    ----------
    residents
        Of every row of the gazetteer, NaN where unknown. A village without a figure counts as the
        median of those that have one, and a note says how many do.

    Raises
    ------
    BadInput
        The area has no village with a point.
    """
    rows = [
        row
        for row, level in enumerate(gazetteer.level)
        if level == "village" and math.isfinite(gazetteer.lon[row])
    ]
    if not rows:
        raise BadInput(
            "the area has no village with a point: there is no demand to cover; give --demand FILE"
        )
    counts = np.array([residents[row] for row in rows], dtype=np.float64)
    known = np.isfinite(counts) & (counts >= 0)
    usual = float(np.median(counts[known])) if known.any() else 1.0
    notes = []
    if not known.all():
        said = f"the median, {usual:,.0f}" if known.any() else "1 each: every village weighs the same"
        notes.append(
            f"{int((~known).sum())} of {len(rows)} villages have no residents in the gazetteer; counted as {said}"
        )
    model = fresh_case("", rules, tier)
    points = tuple(
        _village(gazetteer, row, float(count if fine else usual), model)
        for row, count, fine in zip(rows, counts, known, strict=True)
    )
    return Demand(points, "residents" if known.any() else "villages", notes=tuple(notes))


def _village(gazetteer: Gazetteer, row: int, weight: float, model: Case) -> DemandPoint:
    code, name = gazetteer.code[row], gazetteer.name[row]
    units = {gazetteer.level[unit]: gazetteer.code[unit] for unit in gazetteer.chain(row)}
    place = Place(
        id=f"{code}/1",
        lon=float(gazetteer.lon[row]),
        lat=float(gazetteer.lat[row]),
        radius_metres=0.0,
        probability=1.0,
        label=name,
        county=units.get("county"),
        township=units.get("township"),
        village=code,
    )
    case = replace(model, id=code, places=(place,))
    return DemandPoint(case, name, weight, units.get("county", UNKNOWN), units.get("township", UNKNOWN))


def point_of(
    case: Case, gazetteer: Gazetteer, *, name: str, weight: float, row: int, hour: int | None = None
) -> DemandPoint:
    """The demand point of a located case; it belongs where its likeliest place lies."""
    likeliest = max(case.places, key=lambda place: place.probability, default=None)
    if likeliest is None:
        return DemandPoint(case, name or case.id, weight, row=row, hour=hour)
    spoken = label_of(gazetteer, [likeliest.village or likeliest.township]) or likeliest.label
    county, town = likeliest.county or UNKNOWN, likeliest.township or UNKNOWN
    return DemandPoint(case, name or spoken or case.id, weight, county, town, row, hour)


def mixed(demands: Iterable[tuple[Demand, float]]) -> Demand:
    """Several demands in one, each with its share of the weight; shares sum to 1.

    Residents and alerts have no common unit: each is taken as a whole of 1, so the weights of the
    mixture are parts of 1,000.

    Raises
    ------
    BadInput
        One of them weighs nothing.
    """
    chosen = [(one, share) for one, share in demands if share > 0]
    if len(chosen) == 1:
        return chosen[0][0]
    points: list[DemandPoint] = []
    for number, (one, share) in enumerate(chosen):
        refuse_nothing(one)
        scale = 1000.0 * share / one.total
        points += [
            replace(point, weight=point.weight * scale, case=_renamed(point.case, number))
            for point in one.points
        ]
    timed = next((one for one, _ in chosen if one.days is not None), None)
    return Demand(
        tuple(points),
        "permille",
        rejected=pd.concat([one.rejected for one, _ in chosen], ignore_index=True),
        notes=tuple(note for one, _ in chosen for note in one.notes),
        days=timed.days if timed else None,
    )


def refuse_nothing(demand: Demand) -> None:
    """BadInput where there is nothing to cover."""
    if not demand.points:
        raise BadInput("there is no demand: no village and no usable row; give --demand FILE with rows")
    if not demand.total > 0:
        raise BadInput(
            f"all {len(demand.points)} demand points weigh 0: no share can be told; give weights above 0"
        )


def _renamed(case: Case, number: int) -> Case:
    """A case whose id no other part of the mixture has."""
    mark = f"{number + 1}:{case.id}"
    places = tuple(replace(place, id=f"{mark}/{n}") for n, place in enumerate(case.places, start=1))
    return replace(case, id=mark, places=places)
