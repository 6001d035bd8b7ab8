"""Where and for whom to hold so many sessions, as one answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.area import Area
from dispatch.coverage.outreach.calendar import days_for
from dispatch.coverage.outreach.choosing import Chosen, FloorOutOfReach, Offers, choose
from dispatch.coverage.outreach.offers import offers_of
from dispatch.coverage.outreach.people import People, people_of
from dispatch.coverage.outreach.settings import OutreachSettings
from dispatch.coverage.outreach.venues import Venues, venues_of
from dispatch.errors import BadInput
from dispatch.intake.ground import Ground
from dispatch.roads.travel import Travel

MOST_SESSIONS = 200_000
_TRIED_FLOORS = 7


@dataclass(frozen=True, slots=True)
class Session:
    """One session: its rank by gain (1 is held for the most), who comes, and whom it newly covers.

    `gain` is newly covered residents weighted by risk when the session was chosen, `attendance` the people expected.
    """

    order: int
    venue: int
    group: str
    day: date
    county: str
    town: str
    attendance: float
    gain: float
    for_floor: bool


@dataclass(frozen=True, slots=True)
class Outreach:
    """Sessions in the order they were chosen, and what they come to; fewer than asked for where no more gain anything.

    Shares are of all residents weighted by risk. `covered_after` (villages, groups) is the share of each cell;
    `towns` has (code, share before, share after), worst first.
    """

    people: People
    venues: Venues
    sessions: tuple[Session, ...]
    at_risk: float
    share_before: float
    share_after: float
    share_bound: float
    gap_percent: float
    covered_after: NDArray[np.float64]
    towns: tuple[tuple[str, float, float], ...]
    unreached: float
    """Weight in villages from which no venue is within reach."""


def outreach(
    area: Area,
    settings: OutreachSettings,
    sessions: int,
    begin: date,
    days: int,
    *,
    floor: float = 0.0,
    people: Path | None = None,
    venues: Path | None = None,
) -> Outreach:
    """Choose `sessions` sessions from `begin` on so that most of those at risk are newly covered.

    Parameters
    ----------
    floor
        Share of its residents (weighted by risk) covered in the worst-served town at least.

    Raises
    ------
    BadInput
        Nothing to choose from; the floor is out of reach; a table has no usable row.
    """
    if not 1 <= sessions <= MOST_SESSIONS:
        raise BadInput(f"{sessions} sessions asked for, expected 1 to {MOST_SESSIONS:,}")
    crowd = people_of(area.gazetteer, settings, people)
    places = venues_of(area.gazetteer, settings, begin, days, venues)
    if not int(places.limit.sum()):
        raise BadInput("no venue may be used in this period; look at its dates and weekdays")
    travel = Travel(area.network, settings.profile, cache=area.cache_folder())
    minutes = travel.matrix(crowd.lonlat, places.lonlat)
    offers, attendance, towns = offers_of(crowd, places, minutes, settings)
    if not len(offers.cell):
        raise BadInput(
            f"no village is within {settings.within_minutes:g} minutes of a venue; check the coordinates, or raise "
            "within_minutes under [outreach]"
        )
    chosen = _choose(offers, sessions, floor, towns, area)
    return _answer(area, crowd, places, offers, attendance, chosen, towns)


def _choose(offers: Offers, sessions: int, floor: float, towns: tuple[str, ...], area: Area) -> Chosen:
    try:
        return choose(offers, sessions, floor)
    except FloorOutOfReach as short:
        low, high = 0.0, floor
        for _ in range(_TRIED_FLOORS):
            middle = (low + high) / 2.0
            try:
                choose(offers, sessions, middle)
                low = middle
            except FloorOutOfReach:
                high = middle
        name = Ground(area.gazetteer).name(towns[short.part]) or towns[short.part] or "(no town)"
        raise BadInput(
            f"with {sessions} sessions {name} gets to {short.share:.1%} covered, expected {floor:.1%}; give more "
            f"sessions or venues there, or a floor of {low:.1%} at most"
        ) from short


def _answer(  # noqa: PLR0917
    area: Area,
    crowd: People,
    places: Venues,
    offers: Offers,
    attendance: NDArray[np.float64],
    chosen: Chosen,
    towns: tuple[str, ...],
) -> Outreach:
    groups = len(crowd.groups)
    venue = offers.venue[chosen.option]
    ground = Ground(area.gazetteer)
    town = {
        int(one): ground.nearest("township", places.lon[one], places.lat[one]) or ""
        for one in set(venue.tolist())
    }
    county = {one: ground.above(town[one], "county") or "" for one in town}
    held = days_for(venue.tolist(), [county[one] for one in venue.tolist()], places.dates)
    sessions = tuple(
        Session(
            order, int(at), crowd.groups[int(option) % groups], day, county[int(at)], town[int(at)],
            float(attendance[option]), float(gain), order <= chosen.for_floor,
        )
        for order, (option, at, day, gain) in enumerate(
            zip(chosen.option, venue, held, chosen.gain, strict=True), 1
        )
    )  # fmt: skip
    total, before = float(offers.part_total.sum()), float(offers.part_covered.sum())
    times = np.bincount(chosen.option, minlength=len(offers.venue)).astype(np.float64)
    rate = np.repeat(times, np.diff(offers.start)) * np.log1p(-offers.share)
    kept = np.exp(np.bincount(offers.cell, rate, minlength=len(offers.weight))).reshape(-1, groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        first = np.where(offers.part_total > 0.0, offers.part_covered / offers.part_total, np.nan)
    rows = [(code, float(a), float(b)) for code, a, b in zip(towns, first, chosen.part_share, strict=True)]
    apart = ~np.isin(np.arange(len(crowd.code)), offers.cell // groups)
    return Outreach(
        crowd,
        places,
        sessions,
        total,
        before / total,
        (before + chosen.value) / total,
        (before + chosen.bound) / total,
        chosen.gap_percent,
        1.0 - (1.0 - crowd.covered_share) * kept,
        tuple(sorted((row for row in rows if not np.isnan(row[2])), key=lambda row: (row[2], row[0]))),
        float(offers.weight.reshape(-1, groups)[apart].sum()),
    )
