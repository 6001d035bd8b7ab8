"""Who could come: the responders of an area at one moment, with the dispatcher's own rules of who may go.

Whether somebody may go, and when contact would be made, is asked of `dispatch.sending`: shifts,
breaks, jurisdiction, skills, the way there and the way home before the shift ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.area import Area
from dispatch.coverage.demand import Demand, Spots
from dispatch.coverage.rules import Rules
from dispatch.domain import KINDS, Minutes, Place, Prices, Problem, Responder, TravelMinutes
from dispatch.errors import BadInput
from dispatch.intake.responders import Roster as Roll
from dispatch.intake.responders import read_roster
from dispatch.roads.closure_file import read_closures
from dispatch.roads.closures import Closure, applied
from dispatch.roads.travel import Travel
from dispatch.sending import Roster, State, offers
from dispatch.settings import Duty

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

AT_ONCE = 512
"""Places measured at a time: bounds the memory, changes no answer."""


@dataclass(frozen=True, slots=True)
class Supply:
    """The people of one moment: those who can be sent, and everybody the files name.

    `responders` are on duty at `at` or come on duty later in their next shift; `everyone` also
    those off duty, as if on: what not even they reach, no roster covers. `added` are ids of the
    file of additions. `travels` has the roads of every profile somebody uses.
    """

    at: datetime
    responders: tuple[Responder, ...]
    everyone: tuple[Responder, ...]
    added: frozenset[str]
    off_duty: int
    travels: Mapping[str, Travel]
    rules: Rules
    closures: tuple[Closure, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def on_duty(self) -> tuple[Responder, ...]:
        """Those on shift at this very moment."""
        return tuple(one for one in self.responders if one.status != "off" and on_shift(one))


def on_shift(responder: Responder) -> bool:
    """Whether its shift is under way."""
    return responder.shift.start <= 0.0 < responder.shift.end


def call_up(
    area: Area,
    at: datetime,
    rules: Rules,
    *,
    responders: Path | None = None,
    jurisdiction: Path | None = None,
    add: Path | None = None,
    closures: Path | None = None,
    somebody: bool = True,
) -> Supply:
    """Everybody of the area, or of `responders`, and those of `add` beside them.

    `somebody` wants one on duty at least: where nobody stands, nobody is within reach, but a site may be sought.

    Raises
    ------
    MissingInput, BadInput
        A file cannot be used; an addition has an id that is taken; or nobody is on duty at that hour.
    """
    shut = read_closures(closures, area.network, area.time_zone, rules.closures) if closures else None
    here = _roll(area, at, rules, responders=responders, jurisdiction=jurisdiction)
    all_hours = rules.duty.model_copy(update={"share_by_hour": dict.fromkeys(KINDS, (1.0,) * 24)})
    whole = _roll(area, at, rules, responders=responders, jurisdiction=jurisdiction, duty=all_hours)
    more = _added(area, at, rules, add) if add else Roll((), whole.rejected.iloc[:0])
    known = {one.id for one in whole.responders}
    if twins := sorted(known & {one.id for one in more.responders}):
        raise BadInput(
            f"{add}: id {', '.join(twins[:5])} is a responder's already; give additions ids of their own"
        )
    everyone = (*whole.responders, *more.responders)
    ready = tuple(one for one in (*here.responders, *more.responders) if one.status != "off")
    if somebody and not any(on_shift(one) for one in ready):
        raise BadInput(
            f"nobody is on duty at {at:%Y-%m-%d %H:%M}: {len(everyone)} responders are known, {here.off_duty} of them off "
            "by the shares of [duty]; give another --at, or --responders with their shifts"
        )
    held = shut.closures if shut else ()
    busy = sum(on_shift(one) and one.free_at_minutes > 0 and one.status == "busy" for one in ready)
    told = (f"{busy} of those on duty are busy by the file: they come once they are free",) if busy else ()
    return Supply(
        at=at,
        responders=ready,
        everyone=everyone,
        added=frozenset(one.id for one in more.responders),
        off_duty=len(everyone) - len([one for one in ready if on_shift(one)]),
        travels={
            profile: roads(area, profile, at, rules, held)
            for profile in sorted({one.profile for one in everyone})
        },
        rules=rules,
        closures=held,
        notes=(*told, *here.notes, *more.notes, *(shut.notes if shut else ())),
    )


def everybody(
    area: Area,
    at: datetime,
    rules: Rules,
    *,
    responders: Path | None = None,
    jurisdiction: Path | None = None,
    share: float = 1.0,
) -> tuple[Responder, ...]:
    """All responders of the files, those without a shift of their own on duty (`share` 1) or left out (0)."""
    duty = rules.duty.model_copy(update={"share_by_hour": dict.fromkeys(KINDS, (share,) * 24)})
    return _roll(area, at, rules, responders=responders, jurisdiction=jurisdiction, duty=duty).responders


def roads(area: Area, profile: str, at: datetime, rules: Rules, closures: Sequence[Closure] = ()) -> Travel:
    """The roads as a profile drives them at that hour, with what is closed then."""
    shut = applied(closures, profile, at)
    return Travel(
        area.network, profile, departure=at, closures=shut, speeds=rules.speeds, cache=area.cache_folder()
    )


def _roll(
    area: Area,
    at: datetime,
    rules: Rules,
    *,
    responders: Path | None,
    jurisdiction: Path | None,
    duty: Duty | None = None,
) -> Roll:
    """The area's own files where none are given, as `dispatch plan` reads them."""
    replaces = jurisdiction is not None
    if area.folder is not None:
        responders = responders or area.folder / "responders.csv"
        jurisdiction = jurisdiction or area.folder / "jurisdiction.csv"
    if responders is None:
        raise BadInput(f"area {area.name} is in no folder and has no responders; give --responders FILE")
    return read_roster(
        responders,
        jurisdiction,
        gazetteer=area.gazetteer,
        at=at,
        time_zone=area.time_zone,
        duty=duty or rules.duty,
        jurisdiction_replaces=replaces,
    )


def _added(area: Area, at: datetime, rules: Rules, path: Path) -> Roll:
    """Additions answer for what their rows say, else for where their base stands; on duty unless they name a shift."""
    always = rules.duty.model_copy(update={"share_by_hour": dict.fromkeys(KINDS, (1.0,) * 24)})
    return read_roster(path, None, gazetteer=area.gazetteer, at=at, time_zone=area.time_zone, duty=always)


# who could come where


@dataclass(frozen=True, slots=True)
class Coming:
    """For every spot of a demand, who could be there and when; m spots.

    `minutes` (m, k) from `Supply.at` to first contact, the quickest first, `inf` where there are no
    more; `who` (m, k) numbers of responders, -1 there. `by_kind` (m, 4) the quickest of each kind, in the
    order of `domain.KINDS`. `in_range` (m,) how many could come at all; `by_road` (m,) whether a road leads
    there from any base, on duty or not.
    """

    minutes: Floats
    who: Integers
    by_kind: Floats
    in_range: Integers
    by_road: Bools


def coming(supply: Supply, demand: Demand, nearest: int = 12) -> Coming:
    """Who could come to each spot first, by the dispatcher's rules, from where everyone is.

    Parameters
    ----------
    nearest
        How many to remember of each spot.
    """
    spots, crew = demand.spots, supply.responders
    count = len(spots.weight)
    minutes, who = np.full((count, nearest), np.inf), np.full((count, nearest), -1)
    by_kind, in_range = np.full((count, len(KINDS)), np.inf), np.zeros(count, np.int64)
    kinds = [np.flatnonzero([one.kind == kind for one in crew]) for kind in KINDS]
    for low in range(0, count, AT_ONCE):
        part = range(low, min(low + AT_ONCE, count))
        for spot, contact in zip(part, contacts(supply, demand, part), strict=True):
            order = np.lexsort((np.arange(len(crew)), contact))[:nearest]
            order = order[np.isfinite(contact[order])]
            minutes[spot, : len(order)], who[spot, : len(order)] = contact[order], order
            in_range[spot] = np.isfinite(contact).sum()
            for number, rows in enumerate(kinds):
                by_kind[spot, number] = contact[rows].min(initial=np.inf)
    return Coming(minutes, who, by_kind, in_range, _by_road(supply, spots))


def contacts(supply: Supply, demand: Demand, part: Sequence[int]) -> Iterable[Floats]:
    """For those spots, one after another: minutes to first contact of each responder, `inf` where it may not go.

    Each is sent from its base, with nothing else to do. Home before the shift ends, as in a plan.
    """
    spots = demand.spots
    places = [spots.places[spot] for spot in part]
    problem = _moment(supply, places, spots.lonlat[list(part)])
    roster = Roster.of(problem)
    state = State.start(problem, roster)
    allowed: dict[tuple[object, ...], Bools] = {}
    for spot, place in zip(part, places, strict=True):
        case = demand.points[int(spots.point[spot])].case
        key = (place.codes, case.may_go, case.needs)
        if key not in allowed:
            allowed[key] = roster.on_duty & roster.entitled(case, place) & roster.skilled(case)
        found = offers(state, case, place, allowed[key])
        yield np.where(found.possible, found.contact, np.inf)


def site_minutes(travel: Travel, sites: object, spots: Spots) -> Minutes:
    """Minutes from each site (n, 2) to first contact at each spot, shape (n, m); `inf` where no way leads."""
    return travel.matrix(sites, spots.lonlat) + spots.search_minutes


def _moment(supply: Supply, places: Sequence[Place], lonlat: Floats) -> Problem:
    """The dispatcher's problem of that moment, for measuring: no case, only places."""
    bases = {(one.lon, one.lat): 0 for one in supply.responders}
    number = {point: at for at, point in enumerate(bases)}
    points = np.array(list(bases), dtype=np.float64).reshape(-1, 2)
    nothing = np.broadcast_to(np.zeros(1), (len(places), len(places)))  # nobody drives from place to place
    travel: dict[str, TravelMinutes] = {}
    for profile in {one.profile for one in supply.responders}:
        used = sorted({number[one.lon, one.lat] for one in supply.responders if one.profile == profile})
        out, home = np.full((len(points), len(places)), np.inf), np.full((len(places), len(points)), np.inf)
        out[used] = supply.travels[profile].matrix(points[used], lonlat)
        home[:, used] = supply.travels[profile].matrix(lonlat, points[used])
        travel[profile] = TravelMinutes(out, home, nothing)
    planning = supply.rules.planning
    return Problem(
        at=supply.at,
        horizon_minutes=planning.horizon_minutes,
        cases=(),
        responders=supply.responders,
        base_index={one.id: number[one.lon, one.lat] for one in supply.responders},
        place_index={place.id: at for at, place in enumerate(places)},
        travel=travel,
        prices=Prices(strict=planning.strict),
    )


def _by_road(supply: Supply, spots: Spots) -> Bools:
    """Whether anybody at all could get there, whoever is on duty: one sweep for each profile."""
    reached = np.zeros(len(spots.weight), np.bool_)
    for profile, travel in supply.travels.items():
        bases = np.array([(one.lon, one.lat) for one in supply.everyone if one.profile == profile])
        if len(bases) and len(spots.weight):
            reached |= np.isfinite(travel.nearest_of(spots.lonlat, bases)[0])
    return reached
