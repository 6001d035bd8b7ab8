"""Where a scenario happens: a zone a village, and one for every base that stands apart from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from weakref import ref

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dispatch.area import Area
from dispatch.errors import BadInput
from dispatch.intake.ground import Ground
from dispatch.places.gazetteer import METRES_PER_DEGREE
from dispatch.simulate.world import Zones

SAME_METRES = 150.0
"""A base this near to a village stands in it."""
_GROUNDS: dict[int, tuple[ref[pd.DataFrame], Ground]] = {}
NAMESAKES = 3
"""Other zones a wrong address may mean."""


@dataclass(frozen=True, slots=True)
class Districts:
    """The zones of a scenario and what each belongs to.

    `names` (Z), `codes` (Z) every administrative code a zone lies in (of a base: none), `residents` (Z) 0 for
    bases, `counties` names in the order of `Zones.county`, `row` the zone of a village's code; `town` (Z) numbers
    into `towns` (county and township), a base's being that of the nearest village.
    """

    zones: Zones
    names: tuple[str, ...]
    codes: tuple[frozenset[str], ...]
    residents: NDArray[np.float64]
    counties: tuple[str, ...]
    row: dict[str, int]
    town: NDArray[np.int64]
    towns: tuple[tuple[str, str], ...]

    @property
    def lonlat(self) -> NDArray[np.float64]:
        """Shape (Z, 2)."""
        return np.column_stack([self.zones.lon, self.zones.lat])

    def at(self, lonlat: NDArray[np.float64]) -> NDArray[np.int64]:
        """The nearest zone of each point, shape (n,)."""
        return np.asarray(_tree(self.lonlat).query(_metres(lonlat, self.lonlat))[1], np.int64)

    def villages_at(self, lonlat: NDArray[np.float64]) -> NDArray[np.int64]:
        """The nearest zone with a village of each point, shape (n,)."""
        rows = np.array(sorted(self.row.values()))
        found = _tree(self.lonlat[rows], self.lonlat).query(_metres(lonlat, self.lonlat))[1]
        return np.asarray(rows[found], np.int64)

    def within(self, ground: Ground, text: str, where: str) -> NDArray[np.bool_]:
        """Zones of a county, township or village, by code or name.

        Raises
        ------
        BadInput
            It names none of this area, or several.
        """
        spots = [
            spot for spot in ground.territory(text, "") if spot.level in ("county", "township", "village")
        ]
        if len(spots) != 1:
            codes = ", ".join(spot.code for spot in spots[:4])
            why = f"{len(spots)} places; write one of the codes {codes}" if spots else "no place of this area"
            raise BadInput(f"{where}: {text!r:.60} names {why}")
        return np.array([spots[0].code in codes for codes in self.codes])


def districts_of(area: Area, bases: Iterable[tuple[float, float]]) -> Districts:
    """A zone for each village, and one for each base farther than `SAME_METRES` from all of them.

    Raises
    ------
    BadInput
        The area has no village with a point.
    """
    table = area.gazetteer
    rows = table[table["level"].eq("village") & table["lon"].notna()]
    if not len(rows):
        raise BadInput(
            f"area {area.name} has no village with a point: there is nowhere an alert could come from"
        )
    ground = ground_of(table)
    codes = [str(one) for one in rows["code"]]
    county = [ground.above(code, "county") or "" for code in codes]
    inside = [_all_above(ground, code) for code in codes]
    lonlat = rows[["lon", "lat"]].to_numpy(np.float64)
    apart = np.array(sorted(set(bases)), np.float64).reshape(-1, 2)
    if len(apart):
        apart = apart[_tree(lonlat).query(_metres(apart, lonlat))[0] > SAME_METRES]
    whole = np.concatenate([lonlat, apart])
    nearest = _tree(lonlat).query(_metres(apart, lonlat))[1] if len(apart) else np.zeros(0, np.int64)
    names = sorted({*county})
    number = {one: at for at, one in enumerate(names)}
    counties = [number[one] for one in county] + [number[county[int(at)]] for at in nearest]
    township = [(one, ground.above(code, "township") or "") for code, one in zip(codes, county, strict=True)]
    towns = {one: at for at, one in enumerate(sorted({*township}))}
    town = [towns[one] for one in township] + [towns[township[int(at)]] for at in nearest]
    residents = np.nan_to_num(pd.to_numeric(rows["residents"], errors="coerce").to_numpy(np.float64))
    if not residents.sum() > 0.0:
        residents = np.ones(len(rows))  # nobody counted them: every village weighs the same
    return Districts(
        Zones(
            (*codes, *(f"base-{at}" for at in range(len(apart)))),
            np.array(counties, np.int64),
            whole[:, 0].copy(),
            whole[:, 1].copy(),
        ),
        (*map(str, rows["name"]), *(f"base-{at}" for at in range(len(apart)))),
        (*inside, *(frozenset[str]() for _ in apart)),
        np.concatenate([residents, np.zeros(len(apart))]),
        tuple(ground.name(one) or one for one in names),
        {code: at for at, code in enumerate(codes)},
        np.array(town, np.int64),
        _told_apart(ground, towns),
    )


def ground_of(gazetteer: pd.DataFrame) -> Ground:
    """The names of an area, made once as long as its table is there."""
    key = id(gazetteer)
    held = _GROUNDS.get(key)
    if held is None or held[0]() is not gazetteer:
        _GROUNDS[key] = held = (ref(gazetteer, lambda _: _GROUNDS.pop(key, None)), Ground(gazetteer))
    return held[1]


def wrong_zones(districts: Districts) -> NDArray[np.int64]:
    """For each zone those its address may be taken for, (Z, 3): villages of its name first, then the nearest; -1 ends."""
    rows = np.array(sorted(districts.row.values()))
    lonlat = districts.lonlat
    count = min(NAMESAKES + 1, len(rows))
    near = _tree(lonlat[rows], lonlat).query(_metres(lonlat, lonlat), k=count)[1].reshape(len(lonlat), -1)
    alike: dict[str, list[int]] = {}
    for at in rows.tolist():
        alike.setdefault(districts.names[at], []).append(at)
    found = np.full((len(lonlat), NAMESAKES), -1, np.int64)
    for at in rows.tolist():
        others = [*alike[districts.names[at]], *(int(rows[one]) for one in near[at])]
        chosen = [one for one in dict.fromkeys(others) if one != at][:NAMESAKES]
        found[at, : len(chosen)] = chosen
    return found


def _all_above(ground: Ground, code: str) -> frozenset[str]:
    above = (ground.above(code, level) for level in ("village", "township", "county", "city"))
    return frozenset({code, *(one for one in above if one)})


def _told_apart(ground: Ground, towns: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Names of counties and their townships; the code beside a name that a county has twice."""
    names = [(ground.name(one) or one, ground.name(other) or other) for one, other in towns]
    twice = Counter(names)
    return tuple(
        (county, f"{town} {code}" if twice[county, town] > 1 else town)
        for (county, town), (_, code) in zip(names, towns, strict=True)
    )


def _metres(lonlat: NDArray[np.float64], like: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres east and north, flat around the middle of `like`."""
    shrink = np.cos(np.radians(like[:, 1].mean()))
    return np.asarray(lonlat * [METRES_PER_DEGREE * shrink, METRES_PER_DEGREE], np.float64)


def _tree(lonlat: NDArray[np.float64], like: NDArray[np.float64] | None = None) -> cKDTree:
    return cKDTree(_metres(lonlat, lonlat if like is None else like))
