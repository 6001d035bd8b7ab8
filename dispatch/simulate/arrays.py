"""What the kernel reads and what it changes, as plain arrays; columns of one kind share a table.

`Ground` is made once a world, `Deck` once a tape, `Play` is the state of one replication at one
moment. All room is made here: the kernel makes none, and asks for more by what it answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dispatch.simulate.tape import Tape
from dispatch.simulate.world import Floats, Ints, World

PROFILES = 3
WEEK = 168
# columns of `Ground.unit`; from POST on where it waits at each hour of the day
KIND, PROFILE, HOME, MAX_VISITS, DUTY_AT, POST = range(6)
# columns of `Ground.sort` (classes, floats); then one for each kind when it opens, then its minutes at the door
TIER, HAZARD, HOLD_UNTIL, HOLD_FRACTION, DUE, LATE = range(6)
OPENS, SERVICE = 6, 10
# entries of `Ground.rule`; CAP (tiers by kinds), NEIGHBOUR_… (kinds) and KMH (tables) are the first of several
BY_LOSS, DRIVE_YUAN, BALANCE_YUAN, MIN_STAKE, GIVE_UP, HOME_IN_TIME, DIVERT, REDISPATCH, GAIN = range(9)
STANDBY, SEARCHES, HOUR_MINUTES, FIRST_HOUR, HORIZON = range(9, 14)
CAP, NEIGHBOUR_YUAN, NEIGHBOUR_AFTER, KMH = 14, 30, 34, 38
# columns of `Deck.when` and of `Deck.what`
READY, ALERT, ANSWERED, STAKE, FACTOR, DOOR = range(6)
ZONE, BELIEVED, TOLD, SORT = range(4)
# columns of `Play.crew` (whole numbers)
STATE, AT, TO, ON, DUTY, VISITS, STAMP, SPOT, BEHIND, FRESH, CASE, FIRST_ORDER = range(12)
# columns of `Play.clockings` (minutes)
LEFT, THERE, DUTY_ENDS, BUSY, DRIVEN, KILOMETRES, SHARE, BUSY_FROM, ON_DUTY, OVERTIME, LEG_KMH = range(11)
# columns of `Play.case` (whole numbers)
CASE_STATE, UNIT, QUEUED, CASE_STAMP, TURNS, NEXT_ORDER = range(6)
# columns of `Play.times` (minutes; then yuan: lost if nobody comes, averted at most; the last is for sorting)
DISPATCHED, ARRIVED, MET, CLOSED, WHOLE, AT_MOST, SCRATCH = range(7)
# rows of `Play.lists`
QUEUE, IDLE_LIST, FRESH_LIST, HOME_IDLE, BACKLOG, ORDER = range(6)
# entries of `Play.tally`
WAITING, IDLE, NEXT, HEAP, CHANGES, LOGGED, FRESHLY, EVERYONE, LONGEST, HOUR, OPEN, LOGS, AWAY, STARTED = (
    range(14)
)

# states of units
OFF, STANDING, RETURNING, DRIVING, SEARCHING, SERVING = range(6)
# states of cases
UNKNOWN, IN_QUEUE, ASSIGNED, BEING_MET, REACHED, PHONED, GIVEN_UP, NOT_FOUND = range(8)

Tables = NDArray[np.float32]


class Ground(NamedTuple):
    """A world to the kernel.

    `minutes` (B, R, Z); a table t is that of `base` (T) times `factor` (T).
    `road`: the row of each zone (Z), then the table of each profile and hour
    (profiles x 168), then the period of each hour (168). `unit` (U, 5 + 24), the duties of all in
    `duty` (D, 2), `may` (U, Z): 0 not, 1 as a neighbour, 2 own. `near` lists for each period, zone
    and kind (block `near_at`) the units that may go there from home, the nearest first. `sort`
    (C, …), `rule` all else.
    """

    minutes: Tables
    base: Ints
    factor: Floats
    road: Ints
    unit: Ints
    duty: Floats
    may: NDArray[np.int8]
    near: NDArray[np.int32]
    near_at: Ints
    sort: Floats
    rule: Floats


class Deck(NamedTuple):
    """A tape to the kernel: cases (N) in the order in which a visit is asked for; columns above."""

    when: Floats
    what: Ints


class Play(NamedTuple):
    """One replication at one moment; the columns are named above.

    `lists` hold numbers, `tally` says how many; of the idle the first `AWAY` are not at home, `HOME_IDLE` marks the others,
    `BACKLOG` has the cases waiting at each full hour. `heap` (minute, key, stamp): a binary heap of what
    is to come. `log` (minute, what, case, unit, zone). A plan's cases of a unit are chained from
    `FIRST_ORDER` by `NEXT_ORDER`.
    """

    crew: Ints
    clockings: Floats
    case: Ints
    times: Floats
    lists: Ints
    heap: Floats
    log: Floats
    tally: Ints
    now: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A tape made ready: the deck, and for each of its cases the row of the tape."""

    deck: Deck
    number: Ints


_GROUNDS: WeakKeyDictionary[World, Ground] = WeakKeyDictionary()


def ground_of(world: World) -> Ground:
    """The arrays of a world, made once."""
    if world not in _GROUNDS:
        _GROUNDS[world] = _ground(world)
    return _GROUNDS[world]


def _ground(world: World) -> Ground:
    units, roads, demand, policy = world.units, world.roads, world.demand, world.policy
    may = np.where(units.own, 2, units.reach.astype(np.int8)).astype(np.int8)
    columns = [units.kind, units.profile, units.home, units.max_visits, units.duty_at[:-1]]
    post = np.where(units.standby >= 0, units.standby, units.home[:, None])
    sort = np.column_stack(
        [
            demand.tier,
            demand.hazard_per_hour / 60.0,
            demand.hold_until_minutes,
            demand.hold_fraction,
            demand.due_minutes,
            demand.late_yuan_per_minute,
            demand.kind_open_minutes,
            demand.service_minutes,
        ]
    )
    head = [
        policy.rule != "nearest",
        policy.drive_yuan_per_minute,
        policy.balance_yuan,
        policy.min_stake_yuan,
    ]
    head += [policy.give_up_minutes, policy.home_by_shift_end, policy.divert, policy.redispatch]
    head += [policy.redispatch_gain_minutes, policy.standby, policy.rule == "search"]
    head += [world.hour_minutes, world.first_hour, world.horizon_minutes]
    head += [*policy.cap_minutes.ravel(), *policy.neighbour_yuan, *policy.neighbour_after_minutes, *roads.kmh]
    periods, period = np.unique(roads.table_of, axis=1, return_inverse=True)
    near, near_at = _near(world, may, periods)
    return Ground(
        minutes=np.ascontiguousarray(roads.minutes, dtype=np.float32),
        base=roads.base_of.astype(np.int64),
        factor=roads.factor.astype(np.float64),
        road=np.concatenate([roads.row_of_zone, roads.table_of.ravel(), period.ravel()]).astype(np.int64),
        unit=np.column_stack([*columns, post]).astype(np.int64).reshape(len(units.ids), POST + 24),
        duty=np.column_stack([units.duty_from, units.duty_to]).astype(np.float64),
        may=may,
        near=near,
        near_at=near_at,
        sort=sort.astype(np.float64),
        rule=np.array(head, dtype=np.float64),
    )


def _near(world: World, may: NDArray[np.int8], periods: Ints) -> tuple[NDArray[np.int32], Ints]:
    """For each period, zone and kind the units that may go there from home, nearest first, then by number."""
    units, roads = world.units, world.roads
    zones, kinds = len(world.zones.ids), world.policy.cap_minutes.shape[1]
    found, lengths = [], []
    for tables in periods.T:
        if not len(units.ids):
            lengths.append(np.zeros(zones * kinds, np.int64))
            continue
        table = tables[units.profile]
        minutes = roads.minutes[roads.base_of[table], roads.row_of_zone[units.home]].astype(np.float64)
        minutes *= roads.factor[table][:, None]
        furthest = world.policy.cap_minutes.max(axis=0)[units.kind]
        open_to = (may > 0) & np.isfinite(minutes) & (minutes <= furthest[:, None])
        unit, zone = np.nonzero(open_to)
        order = np.lexsort([unit, minutes[unit, zone], units.kind[unit], zone])
        found.append(unit[order].astype(np.int32))
        lengths.append(np.bincount(zone * kinds + units.kind[unit], minlength=zones * kinds))
    ends = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)
    return np.concatenate([np.zeros(0, np.int32), *found]), ends


def cut(tape: Tape) -> Cut:
    """The cases of a tape for which a visit is asked, in the order in which it is."""
    number = np.flatnonzero(np.isfinite(tape.ready))
    number = number[np.argsort(tape.ready[number], kind="stable")]
    when = [tape.ready, tape.minute, tape.answered, tape.stake_yuan, tape.service_factor, tape.search_minutes]
    what = [tape.zone, tape.believed, tape.told, tape.demand_class]
    return Cut(
        Deck(
            np.column_stack(when)[number].astype(np.float64),
            np.column_stack(what)[number].astype(np.int64),
        ),
        number,
    )


def opening(world: World, deck: Deck, *, log: bool) -> Play:
    """The moment before anything happens."""
    cases, units = len(deck.when), len(world.units.ids)
    span = world.horizon_minutes + min(world.policy.give_up_minutes, world.horizon_minutes)
    hours = int(span / world.hour_minutes) + 1
    play = Play(
        crew=np.zeros((units, FIRST_ORDER + 1), np.int64),
        clockings=np.zeros((units, LEG_KMH + 1)),
        case=np.zeros((cases, NEXT_ORDER + 1), np.int64),
        times=np.full((cases, SCRATCH + 1), np.nan),
        lists=np.zeros((ORDER + 1, max(cases, units, hours) + 1), np.int64),
        heap=np.zeros((1024 + 4 * units, 3)),
        log=np.zeros(((4096 + 16 * units) * log, 5)),
        tally=np.zeros(STARTED + 1, np.int64),
        now=np.zeros(1),
    )
    play.crew[:, [AT, TO, BEHIND]] = world.units.home[:, None]
    play.crew[:, [SPOT, CASE, FIRST_ORDER]] = -1
    play.case[:, [UNIT, QUEUED, NEXT_ORDER]] = -1
    play.tally[HOUR], play.tally[LOGS] = -1, log
    return play


def with_more_room(play: Play) -> Play:
    """The same moment with twice the room for what is to come and for the log."""
    return play._replace(
        heap=np.concatenate([play.heap, np.zeros_like(play.heap)]),
        log=np.concatenate([play.log, np.zeros_like(play.log)]),
    )
