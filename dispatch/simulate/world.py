"""The world of a simulation as frozen arrays: zones, roads, units, demand, and the rules they are sent by.

A scenario is read into one `World`; every replication of it looks at the same one. Minutes count
from the start of the replication; `hour` is an hour of the week, Monday 00:00 being 0. Kinds,
profiles and tiers are numbered as in `dispatch.domain`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dispatch.domain import KINDS, PROFILES, TIERS
from dispatch.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Rule = Literal["nearest", "loss", "search"]
ServiceLaw = Literal["lognormal", "exponential", "fixed"]

HOURS = 168
"""Hours of a week."""


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """Where cases arise and units stand: `ids` (Z), `county` (Z) numbers, `lon` and `lat` (Z)."""

    ids: tuple[str, ...]
    county: Ints
    lon: Floats
    lat: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Roads:
    """Minutes between zones: one table for each state of the roads, and which one holds when.

    `minutes` (B, R, Z), from a zone that has a row to every zone, `inf` where no way leads. Table t of T is
    ``minutes[base_of[t]] * factor[t]``: hours in which all drives are slower alike share one base. Left
    out, each base is a table.
    `row_of_zone` (Z) is -1 for a zone without a row: a unit there can only go home, in the
    minutes of the way there. `table_of` (profiles, 168) names the table of each hour of the
    week; the hour of departure decides for the whole drive. `kmh` (T) turns minutes into
    kilometres. A table of zones by zones has R = Z; one of bases by zones has a row a base.
    """

    minutes: NDArray[np.float32]
    row_of_zone: Ints
    table_of: Ints
    kmh: Floats
    base_of: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    factor: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not len(self.base_of) and not len(self.factor):
            object.__setattr__(self, "base_of", np.arange(len(self.minutes)))
            object.__setattr__(self, "factor", np.ones(len(self.minutes)))


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Who can be sent: one row each.

    `kind`, `profile`, `home` (zone) and `max_visits` (U). Unit u is on duty from `duty_from[d]`
    to `duty_to[d]` for d from `duty_at[u]` to `duty_at[u + 1]`, in order and apart; a break is a
    gap. Visits are counted anew each time. `standby` (U, 24) is the zone where it waits at an
    hour of the day, -1 for its home. `own` and `reach` (U, Z): its jurisdiction, and where it may go.
    """

    ids: tuple[str, ...]
    kind: Ints
    profile: Ints
    home: Ints
    max_visits: Ints
    duty_at: Ints
    duty_from: Floats
    duty_to: Floats
    standby: Ints
    own: Bools
    reach: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """Which alerts come, and what each is like: one row a class (fraud type and tier).

    `rate_per_hour` (C, 168) alerts by hour of the week, `zone_share` (C, Z) where. `tier` (C);
    `amount_yuan` (C) mean, log-normal with coefficient of variation `amount_cv` (C);
    `transfer_probability`, `hazard_per_hour`, `hold_until_minutes` and `hold_fraction`,
    `due_minutes` and `late_yuan_per_minute` (C) as in `dispatch.loss`, from the alert on.

    Calls go out `call_minutes` (C, A) after the alert (`inf`: none) and settle the matter with
    `call_share` (C, 24) by hour of the day; a visit is asked for after `visit_after_calls` (C) that
    did not. `kind_open_minutes` (C, kinds): how long after that each kind may be sent; `inf` never.
    `service_minutes` (C, kinds) mean at the door, drawn by `service_law` with `service_cv`;
    `search_minutes` (C) to find the door. The address is wrong with `wrong_share` (C): the zone
    thought of is then one of `wrong_zones` (Z, M) (-1 ends the list), and with `told_share` (C)
    those there know where to go on to.
    """

    ids: tuple[str, ...]
    rate_per_hour: Floats
    zone_share: Floats
    tier: Ints
    amount_yuan: Floats
    amount_cv: Floats
    transfer_probability: Floats
    hazard_per_hour: Floats
    hold_until_minutes: Floats
    hold_fraction: Floats
    due_minutes: Floats
    late_yuan_per_minute: Floats
    call_minutes: Floats
    call_share: Floats
    visit_after_calls: Ints
    kind_open_minutes: Floats
    service_minutes: Floats
    service_law: ServiceLaw
    service_cv: float
    search_minutes: Floats
    wrong_share: Floats
    told_share: Floats
    wrong_zones: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Surge:
    """More of everything for a while: rates times `factor` (1 or more) in `zones` (Z) between two minutes."""

    from_minute: float
    to_minute: float
    factor: float
    zones: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """How units are sent.

    `cap_minutes` (tiers, kinds): nobody drives longer; `neighbour_yuan` (kinds) is the price of a
    visit outside the own jurisdiction and `neighbour_after_minutes` (kinds) how long it waits
    for the own first. `home_by_shift_end`: nobody is sent who would not be home in time, as the
    planner holds it. `divert`: who drives home or to standby can be sent. `redispatch`: a crew under
    way to a less urgent tier is turned to a case it reaches at least `redispatch_gain_minutes`
    sooner than anybody idle. `standby`: units wait at their standby zones. A case nobody met
    within `give_up_minutes` counts as never met. `search` decides anew every
    `search_every_minutes` with `search_iterations`.
    """

    rule: Rule
    cap_minutes: Floats
    neighbour_yuan: Floats
    neighbour_after_minutes: Floats
    drive_yuan_per_minute: float = 0.0
    balance_yuan: float = 0.0
    min_stake_yuan: float = 0.0
    give_up_minutes: float = 720.0
    home_by_shift_end: bool = True
    divert: bool = True
    redispatch: bool = False
    redispatch_gain_minutes: float = 0.0
    standby: bool = False
    search_every_minutes: float = 5.0
    search_iterations: int = 2000


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class World:
    """Everything a replication looks at, and nothing it changes.

    Cases whose alert comes before `warm_up_minutes` are simulated and not counted. No alert comes
    after `horizon_minutes`; those still open then are followed to their end. `first_hour` is
    the hour of the week of minute 0, `hour_minutes` how long an hour is (60).

    Raises
    ------
    BadInput
        A table has the wrong shape, or a value is out of range: every fault at once.
    """

    zones: Zones
    roads: Roads
    units: Units
    demand: Demand
    policy: Policy
    horizon_minutes: float
    warm_up_minutes: float = 0.0
    first_hour: int = 0
    surges: tuple[Surge, ...] = ()
    hour_minutes: float = 60.0

    def __post_init__(self) -> None:
        if faults := [*_wrong_shapes(self), *_wrong_values(self)]:
            raise BadInput("the world of the simulation: " + "; ".join(faults))

    def hour_of(self, minute: float) -> int:
        """The hour of the week of a minute."""
        return (self.first_hour + int(minute // self.hour_minutes)) % HOURS


def _wrong_shapes(world: World) -> list[str]:
    zones, units, classes = len(world.zones.ids), len(world.units.ids), len(world.demand.ids)
    bases, rows = world.roads.minutes.shape[0], world.roads.minutes.shape[1]
    tables = len(world.roads.base_of)
    kinds, tiers = len(KINDS), len(TIERS)
    calls = world.demand.call_minutes.shape[-1]
    wanted: dict[str, tuple[int, ...]] = dict.fromkeys(("county", "lon", "lat"), (zones,))
    wanted |= {
        "minutes": (bases, rows, zones),
        "row_of_zone": (zones,),
        "kmh": (tables,),
        "factor": (tables,),
    }
    wanted |= {"table_of": (len(PROFILES), HOURS)}
    wanted |= dict.fromkeys(("kind", "profile", "home", "max_visits"), (units,))
    wanted |= {
        "duty_at": (units + 1,),
        "standby": (units, 24),
        "own": (units, zones),
        "reach": (units, zones),
    }
    per_class = (
        "tier amount_yuan amount_cv transfer_probability hazard_per_hour hold_until_minutes hold_fraction"
    )
    per_class += " due_minutes late_yuan_per_minute visit_after_calls search_minutes wrong_share told_share"
    wanted |= dict.fromkeys(per_class.split(), (classes,))
    wanted |= {"rate_per_hour": (classes, HOURS), "zone_share": (classes, zones)}
    wanted |= {"call_minutes": (classes, calls), "call_share": (classes, 24)}
    wanted |= dict.fromkeys(("kind_open_minutes", "service_minutes"), (classes, kinds))
    wanted |= {"cap_minutes": (tiers, kinds), "neighbour_yuan": (kinds,), "neighbour_after_minutes": (kinds,)}
    faults = []
    for part in (world.zones, world.roads, world.units, world.demand, world.policy):
        for name in part.__slots__:
            found = getattr(part, name)
            if name in wanted and isinstance(found, np.ndarray) and found.shape != wanted[name]:
                faults.append(f"{name} has shape {found.shape}, expected {wanted[name]}")
    return faults


def _wrong_values(world: World) -> list[str]:
    demand, roads, policy = world.demand, world.roads, world.policy
    at_least_zero: dict[str, Floats] = {
        "roads.factor": roads.factor,
        "roads.minutes": roads.minutes.min(initial=0.0, keepdims=True),
        "rate_per_hour": demand.rate_per_hour,
        "zone_share": demand.zone_share,
        "hazard_per_hour": demand.hazard_per_hour,
        "amount_yuan": demand.amount_yuan,
        "service_minutes": demand.service_minutes,
        "search_minutes": demand.search_minutes,
        "neighbour_yuan": policy.neighbour_yuan,
        "give_up_minutes": np.array([policy.give_up_minutes]),
        "drive_yuan_per_minute": np.array([policy.drive_yuan_per_minute]),
        "balance_yuan": np.array([policy.balance_yuan]),
    }
    faults = [
        f"{name} holds a negative value or NaN"
        for name, held in at_least_zero.items()
        if not (held >= 0).all()
    ]
    shares = {"transfer_probability": demand.transfer_probability, "call_share": demand.call_share}
    shares |= {
        "wrong_share": demand.wrong_share,
        "told_share": demand.told_share,
        "hold_fraction": demand.hold_fraction,
    }
    faults += [
        f"{name} must lie between 0 and 1"
        for name, held in shares.items()
        if not ((held >= 0) & (held <= 1)).all()
    ]
    if ((demand.rate_per_hour.sum(axis=1) > 0) & ~(demand.zone_share.sum(axis=1) > 0)).any():
        faults.append("a class of alerts has a rate but no zone (zone_share is 0 everywhere)")
    if any(surge.factor < 1 or surge.to_minute < surge.from_minute for surge in world.surges):
        faults.append("a surge has a factor below 1 or ends before it begins")
    if not 0 < world.horizon_minutes < np.inf or not 0 <= world.warm_up_minutes < world.horizon_minutes:
        faults.append("the horizon is above 0 and the warm-up below it")
    if len(roads.base_of) and not 0 <= roads.base_of.min() <= roads.base_of.max() < len(roads.minutes):
        faults.append("a table's base is no table of minutes")
    partly = roads.minutes.shape[1] < len(world.zones.ids)
    if partly and (policy.divert or policy.redispatch or (demand.wrong_share > 0).any()):
        faults.append("turning a crew under way, and wrong addresses, need minutes between all zones")
    stands = np.concatenate([world.units.home, world.units.standby[world.units.standby >= 0]])
    if len(stands) and (stands.min() < 0 or stands.max() >= len(world.zones.ids)):
        faults.append("a unit's home or standby is no zone")
    elif len(stands) and (roads.row_of_zone[stands] < 0).any():
        faults.append("a unit's home or standby has no row of minutes")
    if policy.rule not in ("nearest", "loss", "search"):
        faults.append(f"rule {policy.rule!r} is unknown; choose nearest, loss or search")
    return faults
