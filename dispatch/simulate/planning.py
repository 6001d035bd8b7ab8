"""The rule `search`: every few minutes the planner itself plans those who wait, and units follow its plan.

The same state is stepped by the same kernel; here it is told as a `Problem`, solved by
`routing.solve`, and the routes are handed back as orders. A busy unit counts from when it is
expected to be free. Between two plans a unit that becomes free takes its next order; nobody is sent
whom the rules of the simulation forbid at that moment. A new case is not kept waiting for the next
plan: it gets at once whom the rule `loss` would send, as a dispatcher's `suggest` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import numpy as np

from dispatch.domain import (
    KINDS,
    PROFILES,
    TIERS,
    Case,
    Hold,
    Place,
    Plan,
    Prices,
    Problem,
    Responder,
    Shift,
    TravelMinutes,
)
from dispatch.loss import exposure, quantise
from dispatch.routing import solve
from dispatch.simulate import arrays as a
from dispatch.simulate.choosing import from_there, whereabouts
from dispatch.simulate.kernel import DONE, follow_orders
from dispatch.simulate.world import Bools, Floats, Ints, World

Step = Callable[[a.Ground, a.Cut, a.Play, float], tuple[a.Play, int]]
_NOW = datetime(2000, 1, 1, tzinfo=UTC)
_LONG_MINUTES = 1e9


def plan_and_send(world: World, cards: a.Cut, play: a.Play, until: float, *, step: Step) -> a.Play:
    """Play on to a minute, with a new plan every `search_every_minutes` while anybody waits."""
    ground, every = a.ground_of(world), world.policy.search_every_minutes
    tick = int(play.now[0] // every)
    while True:
        tick += 1
        play, why = step(ground, cards, play, min(tick * every, until))
        if why == DONE or tick * every > until:
            return play
        if play.tally[a.WAITING]:
            play.now[0] = tick * every
            _decide(world, ground, cards, play, seed=tick)


def _decide(world: World, ground: a.Ground, cards: a.Cut, play: a.Play, *, seed: int) -> None:
    """Solve this moment, chain the orders, and send whoever is idle on the first of them."""
    waiting, crews = _who_matters(world, ground, cards, play)
    if not len(crews):
        return
    problem = problem_now(world, ground, cards, play, waiting=waiting, crews=crews)
    plan = solve(problem, "search", iterations=world.policy.search_iterations, seed=seed)
    _give_orders(plan, play)
    for u in crews:
        follow_orders(ground, cards.deck, play, int(u))


def _who_matters(world: World, ground: a.Ground, cards: a.Cut, play: a.Play) -> tuple[Ints, Ints]:
    """Waiting cases somebody may go to, and the units that may; all others are no matter of this plan."""
    waiting = np.sort(play.lists[a.QUEUE, : play.tally[a.WAITING]])
    crews = np.flatnonzero(
        (play.crew[:, a.ON] > 0)
        & ((play.crew[:, a.SPOT] >= 0) | (play.crew[:, a.CASE] >= 0))
        & (play.crew[:, a.VISITS] < world.units.max_visits)
    )
    turns = [sum(_whose_turn(world, ground, cards, play, int(u), waiting)) > 0 for u in crews]
    matters = np.array(turns, np.bool_).reshape(len(crews), len(waiting))
    return waiting[matters.any(axis=0)], crews[matters.any(axis=1)]


def _whose_turn(
    world: World, ground: a.Ground, cards: a.Cut, play: a.Play, u: int, waiting: Ints
) -> tuple[Bools, Bools]:
    """Which of those cases a unit may go to now from where it is, or will be: as its own, as a neighbour's."""
    kind, zone = int(world.units.kind[u]), cards.deck.what[waiting, a.BELIEVED]
    sort, age = cards.deck.what[waiting, a.SORT], float(play.now[0]) - cards.deck.when[waiting, a.READY]
    opens = ground.sort[sort, a.OPENS + kind]
    own = (ground.may[u, zone] == 2) & (age >= opens)
    other = (ground.may[u, zone] == 1) & (age >= opens + world.policy.neighbour_after_minutes[kind])
    if not (own | other).any():
        return own, other
    table = int(world.roads.table_of[world.units.profile[u], play.tally[a.HOUR]])
    drive = np.full(len(waiting), np.inf)
    drive[own | other] = _from_unit(ground, cards, play, u, table, zone[own | other])
    near = drive <= world.policy.cap_minutes[world.demand.tier[sort], kind]
    return own & near, other & near


def _give_orders(plan: Plan, play: a.Play) -> None:
    """Each unit's stops, chained in their order; those of the plan before are forgotten."""
    play.crew[:, a.FIRST_ORDER] = -1
    for route in plan.routes:
        following = -1
        for stop in reversed(route.stops):
            play.case[int(stop.case_id), a.NEXT_ORDER] = following
            following = int(stop.case_id)
        play.crew[int(route.responder_id), a.FIRST_ORDER] = following


def problem_now(
    world: World, ground: a.Ground, cards: a.Cut, play: a.Play, *, waiting: Ints, crews: Ints
) -> Problem:
    """The moment as the planner's problem: cases and units by their numbers, minutes from now.

    A case's place has the case's own code: whose turn it is, and as whose neighbour, is said
    by who answers for that code. All cases have the horizon of a new one.
    """
    policy, now = world.policy, float(play.now[0])
    hazards, classes = quantise(world.demand.hazard_per_hour)
    cases = tuple(_case(world, cards, int(i), now, (hazards, classes)) for i in waiting)
    prices = Prices(
        dict(zip(KINDS, policy.neighbour_yuan.tolist(), strict=True)),
        policy.drive_yuan_per_minute,
        balance_yuan=policy.balance_yuan,
    )
    numbers = {str(u): row for row, u in enumerate(crews)}
    return Problem(
        at=_NOW,
        horizon_minutes=policy.give_up_minutes,
        cases=cases,
        responders=tuple(_responder(world, ground, cards, play, int(u), waiting) for u in crews),
        base_index=numbers,
        place_index={f"p{i}": column for column, i in enumerate(waiting)},
        travel=_travel(world, ground, cards, play, waiting=waiting, crews=crews),
        prices=prices,
        min_stake_yuan=policy.min_stake_yuan,
        start_index={who: row + len(crews) for who, row in numbers.items()},
    )


def _case(world: World, cards: a.Cut, i: int, now: float, hazards: tuple[Floats, Ints]) -> Case:
    """A waiting case, its stake aged to now."""
    demand, when, what = world.demand, cards.deck.when[i], cards.deck.what[i]
    sort, age = int(what[a.SORT]), now - float(when[a.ALERT])
    fresh = Case(
        id=str(i),
        tier=TIERS[demand.tier[sort]],
        fraud_type=demand.ids[sort],
        stake_yuan=float(when[a.STAKE]),
        hazard_per_hour=float(hazards[0][sort]),
        hazard_class=int(hazards[1][sort]),
        places=(Place(f"p{i}", 0.0, 0.0, 0.0, 1.0, village=f"c{i}", search_minutes=float(when[a.DOOR])),),
        service_minutes=dict(zip(KINDS, demand.service_minutes[sort].tolist(), strict=True)),
        due_minutes=float(demand.due_minutes[sort]) - age,
        late_yuan_per_minute=float(demand.late_yuan_per_minute[sort]),
        hold=Hold(float(demand.hold_until_minutes[sort]), float(demand.hold_fraction[sort])),
    )
    left = fresh.stake_yuan * float(np.exp(-exposure(fresh, age)))
    held = Hold(float(demand.hold_until_minutes[sort]) - age, float(demand.hold_fraction[sort]))
    return replace(fresh, stake_yuan=left, hold=held if held.until_minutes > 0 else None)


def _responder(
    world: World, ground: a.Ground, cards: a.Cut, play: a.Play, u: int, waiting: Ints
) -> Responder:
    """A unit now: when it is free, whose turn it is where, how long it is on duty."""
    units, now, clock = world.units, float(play.now[0]), play.clockings[u]
    kind = int(units.kind[u])
    own, other = _whose_turn(world, ground, cards, play, u, waiting)
    ends = clock[a.DUTY_ENDS] - now if world.policy.home_by_shift_end else _LONG_MINUTES
    return Responder(
        id=str(u),
        kind=KINDS[kind],
        name=units.ids[u],
        lon=0.0,
        lat=0.0,
        shift=Shift(0.0, float(min(ends, _LONG_MINUTES))),
        profile=PROFILES[units.profile[u]],
        jurisdiction=frozenset(f"c{i}" for i in waiting[own]),
        neighbours=frozenset(f"c{i}" for i in waiting[other]),
        max_visits=int(units.max_visits[u] - play.crew[u, a.VISITS]),
        free_at_minutes=max(0.0, _expected_free(ground, cards, play, u) - now),
    )


def _expected_free(ground: a.Ground, cards: a.Cut, play: a.Play, u: int) -> float:
    """The minute at which a unit is expected to have done with what it has in hand."""
    i, state = int(play.crew[u, a.CASE]), play.crew[u, a.STATE]
    if i < 0:
        return float(play.now[0])
    mean = float(ground.sort[cards.deck.what[i, a.SORT], a.SERVICE + ground.unit[u, a.KIND]])
    if state == a.SERVING:
        return float(play.times[i, a.MET]) + mean
    door = float(cards.deck.when[i, a.DOOR]) if state == a.DRIVING else 0.0
    return float(play.clockings[u, a.THERE]) + door + mean


def _travel(
    world: World, ground: a.Ground, cards: a.Cut, play: a.Play, *, waiting: Ints, crews: Ints
) -> dict[str, TravelMinutes]:
    """By profile the minutes from homes and then from where units are or will be, and between the cases."""
    zones = cards.deck.what[waiting, a.BELIEVED]
    homes = world.units.home[crews]
    tables = {}
    for profile in np.unique(world.units.profile[crews]):
        table = int(world.roads.table_of[profile, play.tally[a.HOUR]])
        starts = np.stack([_from_unit(ground, cards, play, int(u), table, zones) for u in crews])
        out = _rows(ground, table, homes)[:, zones]
        back = _rows(ground, table, zones)[:, homes] if (ground.road[zones] >= 0).all() else out.T
        among = _rows(ground, table, zones)[:, zones]
        tables[PROFILES[profile]] = TravelMinutes(
            np.concatenate([out, starts]), np.concatenate([back, back], axis=1), among
        )
    return cast("dict[str, TravelMinutes]", tables)


def _rows(ground: a.Ground, table: int, zones: Ints) -> Floats:
    """Minutes from those zones to all, `inf` from one without a row."""
    rows = ground.road[zones]
    found: Floats = ground.minutes[ground.base[table], np.maximum(rows, 0)] * ground.factor[table]
    found[rows < 0] = np.inf
    return found


def _from_unit(ground: a.Ground, cards: a.Cut, play: a.Play, u: int, table: int, zones: Ints) -> Floats:
    """Minutes to those zones from where a unit is, or will be when it is free."""
    i = int(play.crew[u, a.CASE])
    if i >= 0:
        found: Floats = _rows(ground, table, cards.deck.what[[i], a.BELIEVED])[0, zones]
        return found
    first, second, share = whereabouts(play, u)
    return np.array([from_there(ground, table, first, second, share, int(zone)) for zone in zones])
