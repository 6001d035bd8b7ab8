"""What the planner talks about: cases, places, responders, and the plan made of them.

Everything here is frozen: a stage returns a new thing, it never edits an old one.
Minutes count from ``Problem.at`` (now) unless the name says otherwise; money is in yuan;
coordinates are WGS-84 decimal degrees.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dispatch.reasons import Reason

Tier = Literal["critical", "high", "medium", "low"]
Kind = Literal["station", "town", "village", "county"]
Profile = Literal["car", "motorcycle", "foot"]
State = Literal["planned", "sent", "departed", "arrived", "done"]

TIERS: tuple[Tier, ...] = ("critical", "high", "medium", "low")
KINDS: tuple[Kind, ...] = ("station", "town", "village", "county")
PROFILES: tuple[Profile, ...] = ("car", "motorcycle", "foot")

Minutes = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Place:
    """One location where a case's person may be.

    `probability` is that of finding the person here; the places of a case exclude each
    other, so they sum to at most 1. `county`, `township` and `village` are codes of the
    area's gazetteer, None where unknown.
    """

    id: str
    lon: float
    lat: float
    radius_metres: float
    probability: float
    source: str = "home"
    level: str = "village"
    label: str = ""
    county: str | None = None
    township: str | None = None
    village: str | None = None
    age_minutes: float | None = None
    search_minutes: float = 0.0

    @property
    def codes(self) -> frozenset[str]:
        """The administrative codes this place lies in."""
        return frozenset(code for code in (self.county, self.township, self.village) if code)


@dataclass(frozen=True, slots=True)
class Hold:
    """Until `until_minutes` the hazard runs at `fraction` (0 to 1) of itself."""

    until_minutes: float
    fraction: float


@dataclass(frozen=True, slots=True)
class Case:
    """An alert worth a visit: triaged and located, not yet anyone's.

    `amount_yuan` is at risk with `transfer_probability`; `stake_yuan` is their product
    aged by the evidence: what was still there to be saved at `Problem.at`.
    `hazard_per_hour` is already quantised; equal hazards share `hazard_class`.

    `along` is a kind said on the sheet, no more. `partners` are kinds one of which must be
    there too: wherever the case is visited a second responder comes to the same place, both
    begin when the later has arrived, and contact is made once. Only who leads must satisfy
    `may_go` and `needs`. `refused_by` are responders that were refused there: they come no more.
    """

    id: str
    tier: Tier
    fraud_type: str
    stake_yuan: float
    hazard_per_hour: float
    places: tuple[Place, ...]
    hazard_class: int = 0
    amount_yuan: float = 0.0
    transfer_probability: float = 1.0
    safe_minutes_ago: float = 0.0
    service_minutes: Mapping[str, float] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    window: tuple[float, float] = (0.0, math.inf)
    due_minutes: float = math.inf
    late_yuan_per_minute: float = 0.0
    hold: Hold | None = None
    may_go: frozenset[str] = frozenset(KINDS)
    along: str | None = None
    partners: frozenset[str] = frozenset()
    refused_by: frozenset[str] = frozenset()
    reasons: tuple[Reason, ...] = ()
    alert_ids: tuple[str, ...] = ()
    warnings: int = 1

    def place(self, place_id: str) -> Place:
        """The candidate place of that id; KeyError if the case has no such place."""
        for place in self.places:
            if place.id == place_id:
                return place
        raise KeyError(place_id)


@dataclass(frozen=True, slots=True)
class Shift:
    """On duty from `start` to `end`, off from `break_start` to `break_end` (minutes)."""

    start: float
    end: float
    break_start: float | None = None
    break_end: float | None = None


@dataclass(frozen=True, slots=True)
class Responder:
    """A crew that can be sent. `jurisdiction` holds codes of places it answers for."""

    id: str
    kind: Kind
    name: str
    lon: float
    lat: float
    shift: Shift
    profile: Profile = "car"
    skills: frozenset[str] = frozenset()
    jurisdiction: frozenset[str] = frozenset()
    neighbours: frozenset[str] = frozenset()
    max_visits: int = 10
    free_at_minutes: float = 0.0
    status: str = "free"
    base: str = ""

    @property
    def ready_minutes(self) -> float:
        """When it may leave its base: on shift, free, and not before now."""
        return max(0.0, self.shift.start, self.free_at_minutes)


@dataclass(frozen=True, slots=True)
class TravelMinutes:
    """Minutes between the points of a problem, for one profile; `inf` where no way leads.

    `points` are numbered once per problem: first the bases, then the places
    (`Problem.base_index`, `Problem.place_index`). `from_base[b, p]` is base to place,
    `to_base[p, b]` place to base, `between[p, q]` place to place.
    """

    from_base: Minutes
    to_base: Minutes
    between: Minutes

    def __post_init__(self) -> None:
        bases, places = self.from_base.shape
        if self.to_base.shape != (places, bases) or self.between.shape != (places, places):
            raise ValueError(
                f"travel minutes disagree: from_base {self.from_base.shape}, "
                f"to_base {self.to_base.shape}, between {self.between.shape}"
            )
        for name in ("from_base", "to_base", "between"):
            table = getattr(self, name)
            if np.isnan(table).any() or (table < 0).any():
                raise ValueError(f"travel minutes {name} hold a negative or NaN value")


@dataclass(frozen=True, slots=True)
class Prices:
    """What a decision costs beside the money lost, in yuan.

    `neighbour_yuan[kind]` is paid by a visit outside the responder's own jurisdiction;
    with `strict` such a visit is forbidden instead. `drive_yuan_per_minute` keeps crews
    from crossing the county for nothing.

    `change_yuan` is paid for each case of `Problem.told` that is not kept as told, contact
    being kept while it moves by at most `moved_minutes` (dispatch.loss.changes). With
    `balance_yuan` the j-th visit of one responder costs (j - 1) times that.
    """

    neighbour_yuan: Mapping[str, float] = field(default_factory=dict)
    drive_yuan_per_minute: float = 0.0
    strict: bool = False
    change_yuan: float = 0.0
    moved_minutes: float = 15.0
    balance_yuan: float = 0.0


@dataclass(frozen=True, slots=True)
class Told:
    """What people were told about a case: who comes (or leads), to which place, contact when.

    `partner_id` is who comes as well, where two do; None if nobody was told that.
    """

    responder_id: str
    place_id: str
    contact_minutes: float
    partner_id: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One moment's decision: who could go, to whom, and how long everything takes.

    Raises
    ------
    ValueError
        Two cases, places or responders share an id, a matrix has the wrong shape, or
        `heads` cannot be driven: an unknown place, a pin to someone else, no road, half a pair.
    """

    at: datetime
    horizon_minutes: float
    cases: tuple[Case, ...]
    responders: tuple[Responder, ...]
    base_index: Mapping[str, int]
    place_index: Mapping[str, int]
    travel: Mapping[str, TravelMinutes]
    prices: Prices = field(default_factory=Prices)
    pinned: Mapping[str, str] = field(default_factory=dict)
    """case id -> responder id it is fixed to, or "" if it must stay out."""
    min_stake_yuan: float = 0.0
    """A case with less than this left to save is too late to matter, unless pinned."""
    cut_off: Mapping[str, str] = field(default_factory=dict)
    """place id -> name of the closure without which a road would lead there."""
    start_index: Mapping[str, int] = field(default_factory=dict)
    """responder id -> row of `from_base` it sets out from, where that is not its base; home it stays."""
    start_points: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """responder id -> (lon, lat) of that point, to draw the way from; no minute depends on it."""
    heads: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """responder id -> its first stops as (case id, place id), fixed in place and order.

    They are facts, not choices: lateness, a shift overrun, or a rule of who may go broken by
    them alone is no breach; what follows them keeps every rule.
    """
    told: Mapping[str, Told] = field(default_factory=dict)
    """case id -> what people were told."""
    max_changes: int | None = None
    """Of the cases told, how many may change at most; those nobody can keep do not make a plan impossible."""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"the moment of the plan has no time zone: {self.at}")
        _refuse_twins("case", [case.id for case in self.cases])
        _refuse_twins("place", [place.id for case in self.cases for place in case.places])
        _refuse_twins("responder", [responder.id for responder in self.responders])
        shape = (
            max(self.base_index.values(), default=-1) + 1,
            max(self.place_index.values(), default=-1) + 1,
        )
        for profile, table in self.travel.items():
            if table.from_base.shape[0] < shape[0] or table.from_base.shape[1] < shape[1]:
                raise ValueError(f"{profile}: travel minutes are {table.from_base.shape}, points are {shape}")
        _refuse_unmeasured(self)
        _refuse_bad_starts(self)
        if self.heads:
            _refuse_heads(self)

    def drive_minutes(self, responder: Responder, origin: str | None, target: str | None) -> float:
        """Minutes for `responder` from place `origin` to place `target`.

        As `origin`, None is where it sets out (its base, or its `start_index`); as `target`,
        its base. Who goes nowhere drives nothing: from None to None it is 0.
        """
        table = self.travel[responder.profile]
        base = self.base_index[responder.id]
        if origin is None:
            start = self.start_index.get(responder.id, base)
            return 0.0 if target is None else float(table.from_base[start, self.place_index[target]])
        if target is None:
            return float(table.to_base[self.place_index[origin], base])
        return float(table.between[self.place_index[origin], self.place_index[target]])


@dataclass(frozen=True, slots=True)
class Stop:
    """One visit in a route; all moments in minutes from `Problem.at`.

    Drive, arrive, wait (for a window, through a break, or for a partner), search, contact,
    serve, leave. Where two are needed, each has a stop there: `partner_id` is the other
    responder, and one of the two leads.
    """

    id: str
    case_id: str
    place_id: str
    drive_minutes: float
    arrive: float
    wait_minutes: float
    search_minutes: float
    contact: float
    leave: float
    state: State = "planned"
    partner_id: str | None = None
    leads: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """One responder's stops in order; empty means it stays. `home` is when it is back."""

    responder_id: str
    stops: tuple[Stop, ...] = ()
    home: float = 0.0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A case with no stop, and why."""

    case_id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Plan:
    """Who goes where and when, and who is left out.

    `routes` stand in the order of `Problem.responders`, possibly empty.
    """

    id: str
    routes: tuple[Route, ...]
    left_out: tuple[LeftOut, ...]
    policy: str
    seed: int = 0
    parent: str | None = None
    lower_bound_yuan: float | None = None

    @property
    def visited(self) -> frozenset[str]:
        """Ids of cases with at least one stop."""
        return frozenset(stop.case_id for route in self.routes for stop in route.stops)


def _refuse_unmeasured(problem: Problem) -> None:
    for responder in problem.responders:
        if responder.id not in problem.base_index or responder.profile not in problem.travel:
            raise ValueError(f"responder {responder.id} has no base or no {responder.profile} minutes")
    for case in problem.cases:
        for place in case.places:
            if place.id not in problem.place_index:
                raise ValueError(f"place {place.id} of case {case.id} has no travel minutes")


def _refuse_bad_starts(problem: Problem) -> None:
    rows = min((len(table.from_base) for table in problem.travel.values()), default=0)
    for who, start in problem.start_index.items():
        if not 0 <= start < rows:
            raise ValueError(f"responder {who} sets out from point {start}, which has no travel minutes")


def _refuse_heads(problem: Problem) -> None:
    """ValueError where the fixed first stops cannot be driven as they stand."""
    crews = {one.id: one for one in problem.responders}
    cases = {place.id: case for case in problem.cases for place in case.places}
    teams: dict[str, list[Responder]] = {}
    order: TopologicalSorter[str] = TopologicalSorter()
    for who, head in problem.heads.items():
        if who not in crews:
            raise ValueError(f"fixed stops of an unknown responder: {who}")
        here: str | None = None
        for case_id, place_id in head:
            if place_id not in cases or cases[place_id].id != case_id:
                raise ValueError(
                    f"a fixed stop of {who} is at {place_id}, which is no place of case {case_id}"
                )
            if not math.isfinite(problem.drive_minutes(crews[who], here, place_id)):
                raise ValueError(f"no road leads {who} to its fixed stop at {place_id}")
            teams.setdefault(place_id, []).append(crews[who])
            order.add(place_id, *([here] if here else []))
            here = place_id
        if here and not math.isfinite(problem.drive_minutes(crews[who], here, None)):
            raise ValueError(f"no road leads {who} home from its fixed stop at {here}")
    for place_id, team in teams.items():
        _refuse_team(cases[place_id], team, problem.pinned.get(cases[place_id].id))
    try:
        order.prepare()
    except CycleError as cause:
        raise ValueError(f"fixed stops wait for each other: {', '.join(cause.args[1])}") from cause


def _refuse_team(case: Case, team: Sequence[Responder], pin: str | None) -> None:
    """ValueError where those fixed to go to one place of a case are not one, or two that fit together."""
    ids = [one.id for one in team]
    said = f"case {case.id} is a fixed stop of {', '.join(ids)}"
    if pin is not None and pin not in ids:
        raise ValueError(f"{said}, but pinned to {pin or 'nobody'}")
    if len(set(ids)) < len(ids) or len(ids) != (2 if case.partners else 1):
        raise ValueError(f"{said}: it takes {'two' if case.partners else 'one'} at each place")
    if case.partners and not any(one.kind in case.partners for one in team):
        raise ValueError(f"{said}, none of a kind that may come along ({', '.join(sorted(case.partners))})")


def _refuse_twins(what: str, ids: Sequence[str]) -> None:
    twins = sorted({one for one in ids if ids.count(one) > 1}) if len(set(ids)) < len(ids) else []
    if twins:
        raise ValueError(f"{what} ids must differ; repeated: {', '.join(twins[:5])}")
