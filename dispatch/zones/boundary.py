"""Where two zones meet: which cases another zone's crews could do better, and whom to plan together.

Only a choice of what to look at: straight lines at a brisk speed, no roads. What is
chosen is measured and searched exactly, and kept only if it loses less.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scipy.spatial import cKDTree

from dispatch.domain import Case, Place, Prices, Responder, Route
from dispatch.loss import loss_yuan
from dispatch.zones.parts import Zoning, kilometres

FASTEST_KMH = 60.0
NEAREST_EACH = 8
"""Crews looked at for each place, of each kind and set of skills."""
WISHES_EACH = 3
"""Crews of other zones kept for each place: those who could save most."""
LEAST_YUAN = 1.0

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wish:
    """A case that a crew of another zone might reach sooner, and what that could save at best."""

    case_id: str
    responder_id: str
    yuan: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What is decided so far: timed routes by responder, and when each place's contact is made."""

    routes: Mapping[str, Route]
    contacts: Mapping[str, float]
    """place id -> minutes"""
    crews_at: Mapping[str, tuple[str, ...]]
    """place id -> who stops there, the leader first"""

    @classmethod
    def of(cls, routes: Mapping[str, Route]) -> Standing:
        """From timed routes by responder id."""
        contacts, crews = dict[str, float](), dict[str, tuple[str, ...]]()
        for who, route in routes.items():
            for stop in route.stops:
                contacts[stop.place_id] = stop.contact
                at = crews.get(stop.place_id, ())
                crews[stop.place_id] = (who, *at) if stop.leads else (*at, who)
        return cls(routes, contacts, crews)


@dataclass(frozen=True, slots=True)
class Ground:
    """Everyone there is, in their zones, and the rules all zones share."""

    cases: Mapping[str, Case]
    responders: Mapping[str, Responder]
    zoning: Zoning
    prices: Prices
    horizon_minutes: float
    fixed: frozenset[str] = frozenset()
    """Cases nobody of another zone may take: pinned to someone, or somebody's fixed stop."""


def wishes(ground: Ground, standing: Standing) -> dict[Pair, list[Wish]]:
    """By pair of zones what crews of one might do better for cases of the other, best first."""
    places = [
        (case, place)
        for case in ground.cases.values()
        if case.id not in ground.fixed
        for place in case.places
    ]
    if not places:
        return {}
    spots = kilometres([(place.lon, place.lat) for _, place in places])
    found: dict[Pair, list[Wish]] = {}
    near = [list[tuple[Responder, float]]() for _ in places]
    for crew in _alike(ground.responders.values()):
        tree = cKDTree(kilometres([(one.lon, one.lat) for one in crew]))
        reach = min(NEAREST_EACH, len(crew))
        away, who = tree.query(spots, k=reach)
        for row, (kms, numbers) in enumerate(
            zip(away.reshape(-1, reach).tolist(), who.reshape(-1, reach).tolist(), strict=True)
        ):
            case = places[row][0]
            if crew[0].kind in case.may_go and case.needs <= crew[0].skills:
                home = ground.zoning.of_case[case.id]
                near[row] += [
                    (crew[number], km)
                    for number, km in zip(numbers, kms, strict=True)
                    if ground.zoning.of_responder[crew[number].id] != home
                    and crew[number].id not in case.refused_by
                ]
    for (case, place), crews in zip(places, near, strict=True):
        best = sorted(
            (
                Wish(case.id, one.id, yuan)
                for one, km in crews
                if (yuan := _could_save(ground, standing, (case, place), one, km)) > LEAST_YUAN
            ),
            key=lambda wish: (-wish.yuan, wish.responder_id),
        )
        for wish in best[:WISHES_EACH]:
            zones = sorted((ground.zoning.of_case[case.id], ground.zoning.of_responder[wish.responder_id]))
            found.setdefault((zones[0], zones[1]), []).append(wish)
    for listed in found.values():
        listed.sort(key=lambda wish: (-wish.yuan, wish.case_id, wish.responder_id))
    return found


def rounds(found: Mapping[Pair, Sequence[Wish]]) -> list[list[Pair]]:
    """Pairs in rounds that may be worked on at once, no zone twice in a round; most promising first."""
    left = sorted(found, key=lambda pair: (-sum(wish.yuan for wish in found[pair]), pair))
    planned: list[list[Pair]] = []
    while left:
        busy, taken = set[str](), list[Pair]()
        for pair in left:
            if not busy & set(pair):
                taken.append(pair)
                busy |= set(pair)
        planned.append(taken)
        left = [pair for pair in left if pair not in set(taken)]
    return planned


def together(
    ground: Ground, standing: Standing, pair: Pair, listed: Sequence[Wish], most_cases: int
) -> tuple[list[Case], list[Responder]] | None:
    """Whom to plan together along one boundary: whole routes, and the cases nobody visits.

    Crews are those who wish and those who visit what is wished for; each brings everything
    it does. A crew with a partner in a third zone stays out, for that one may be
    busy elsewhere. None if nobody is left.
    """
    crew: set[str] = set()
    wanted: dict[str, None] = {}
    load = 0
    for wish in listed:
        case = ground.cases[wish.case_id]
        new = {
            wish.responder_id,
            *(who for place in case.places for who in standing.crews_at.get(place.id, ())),
        }
        new = _with_partners(standing, new) - crew
        if any(ground.zoning.of_responder[who] not in pair for who in new):
            continue
        more = sum(len(standing.routes[who].stops) for who in new if who in standing.routes) + (
            case.id not in wanted
        )
        if load + more > most_cases:
            continue
        crew |= new
        wanted[case.id] = None
        load += more
    if not crew:
        return None
    return _their_cases(ground, standing, crew, wanted), [
        one for one in ground.responders.values() if one.id in crew
    ]


def _their_cases(
    ground: Ground, standing: Standing, crew: set[str], wanted: Mapping[str, None]
) -> list[Case]:
    """Cases the crew visits or wishes for, without the places others visit."""
    visited = [stop.case_id for who in crew if who in standing.routes for stop in standing.routes[who].stops]
    cases = []
    for case_id in sorted({*visited, *wanted}):
        case = ground.cases[case_id]
        free = tuple(place for place in case.places if crew.issuperset(standing.crews_at.get(place.id, ())))
        if free:
            cases.append(replace(case, places=free) if len(free) < len(case.places) else case)
    return cases


def _with_partners(standing: Standing, crew: set[str]) -> set[str]:
    """The crew and, again and again, whoever meets one of it at a stop."""
    whole, fresh = set[str](), set(crew)
    while fresh:
        whole |= fresh
        fresh = {
            other
            for who in fresh
            if who in standing.routes
            for stop in standing.routes[who].stops
            for other in standing.crews_at[stop.place_id]
        } - whole
    return whole


def _alike(responders: Iterable[Responder]) -> list[list[Responder]]:
    """Responders on duty in groups of one kind and one set of skills."""
    groups: dict[tuple[str, frozenset[str]], list[Responder]] = {}
    for one in responders:
        if one.status != "off" and one.max_visits > 0:
            groups.setdefault((one.kind, one.skills), []).append(one)
    return list(groups.values())


def _could_save(
    ground: Ground, standing: Standing, where: tuple[Case, Place], one: Responder, km: float
) -> float:
    """At best, in yuan: as if nothing else were to be done and the road were straight."""
    case, place = where
    drive = km / FASTEST_KMH * 60.0  # hours -> minutes
    contact = max(one.ready_minutes + drive, case.window[0]) + place.search_minutes
    now = standing.contacts.get(place.id, math.inf)
    if contact >= min(now, ground.horizon_minutes) or one.id in standing.crews_at.get(place.id, ()):
        return 0.0
    if one.ready_minutes + 2.0 * drive > one.shift.end or contact > case.window[1]:
        return 0.0
    price, codes = 0.0, place.codes
    if not codes & one.jurisdiction:
        if ground.prices.strict or not ("*" in one.neighbours or codes & one.neighbours):
            return 0.0
        price = float(ground.prices.neighbour_yuan.get(one.kind, 0.0))
    if math.isinf(now):  # nobody drives there yet
        price += 2.0 * drive * ground.prices.drive_yuan_per_minute
    horizon = ground.horizon_minutes
    return place.probability * (loss_yuan(case, now, horizon) - loss_yuan(case, contact, horizon)) - price
