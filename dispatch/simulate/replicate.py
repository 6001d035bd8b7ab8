"""One replication: a world and a tape in, what became of every alert and every unit out.

Pure and deterministic to the last bit: the same world and tape give the same `Replication` in
any process.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.simulate import arrays
from dispatch.simulate.arrays import Cut, Ground, Play, cut, ground_of, opening, with_more_room
from dispatch.simulate.kernel import NEEDS_ROOM, run
from dispatch.simulate.log import Log, log_of
from dispatch.simulate.planning import plan_and_send
from dispatch.simulate.reasons import NOBODY_FREE, whys
from dispatch.simulate.tape import Tape
from dispatch.simulate.world import Bools, Floats, Ints, World
from dispatch.simulate.yuan import Losses, losses_of

OVERWHELMED_SHARE = 0.1
"""With more of those needing a visit left because nobody was free, the world is overwhelmed."""

COUNTED = [arrays.BUSY, arrays.DRIVEN, arrays.KILOMETRES, arrays.OVERTIME]
"""Columns of the units' clocks of which only what comes after the warm-up counts."""

Codes = NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Replication:
    """What became of one tape in one world.

    One row an alert of the tape (N); minutes from the start, NaN where it did not happen. `counted`
    (alert after the warm-up), `outcome` (codes `OUTCOMES`), `why` (codes `reasons.WHYS`: why it was
    never met, 0 where it was). `ready` visit asked for, `dispatched` first unit sent, `arrived` first
    at a door, `contact` met or settled by phone, `closed`. `unit` is who met it or came last, -1
    nobody; `sent` how many units were sent. `transferred`: the money went before the contact and
    within the time a case is followed; then `realised_yuan` is the amount, else 0. `modelled_yuan` is
    the expected loss of `dispatch.loss` at that contact, `nobody_yuan` without one, `late_yuan` the
    price of lateness: modelled and realised yuan are never to be added.

    One row a unit (U), after the warm-up: `busy` minutes from setting out to done, `driven`,
    `on_duty` and `overtime` minutes, `kilometres`. `backlog` (hours + 1) cases waiting at each full
    hour, `longest_queue`, and `changes`: how many state changes there were.
    """

    alert: Floats
    counted: Bools
    zone: Ints
    believed: Ints
    county: Ints
    demand_class: Ints
    tier: Ints
    outcome: Codes
    why: Codes
    ready: Floats
    dispatched: Floats
    arrived: Floats
    contact: Floats
    closed: Floats
    unit: Ints
    sent: Ints
    transferred: Bools
    amount_yuan: Floats
    realised_yuan: Floats
    modelled_yuan: Floats
    nobody_yuan: Floats
    late_yuan: Floats
    busy: Floats
    driven: Floats
    kilometres: Floats
    on_duty: Floats
    overtime: Floats
    backlog: Ints
    longest_queue: int
    changes: int

    @property
    def needs_visit(self) -> Bools:
        """Alerts for which a visit was asked (N)."""
        return ~np.isnan(self.ready)

    @property
    def overwhelmed(self) -> bool:
        """Whether more than `OVERWHELMED_SHARE` of the visits asked for never came, nobody being free."""
        asked = self.counted & self.needs_visit
        return bool((self.why[asked] == NOBODY_FREE).sum() > OVERWHELMED_SHARE * asked.sum())


OUTCOMES: dict[int, str] = {
    arrays.REACHED: "reached",
    arrays.PHONED: "phoned",
    arrays.GIVEN_UP: "given_up",
    arrays.NOT_FOUND: "not_found",
}


def replicate(world: World, tape: Tape) -> Replication:
    """Play the tape in the world.

    Every alert comes to an end: reached, settled by phone, given up, or not found.
    """
    return _played(world, tape, log=False)[0]


def replicate_with_log(world: World, tape: Tape) -> tuple[Replication, Log]:
    """`replicate`, and every state change there was."""
    result, log = _played(world, tape, log=True)
    return result, log


def _played(world: World, tape: Tape, *, log: bool) -> tuple[Replication, Log]:
    cards = cut(tape)
    play = opening(world, cards.deck, log=log)
    play = advance(world, cards, play, np.nextafter(world.warm_up_minutes, -np.inf))
    begun = _clocked(play, world.warm_up_minutes)
    play = advance(world, cards, play, np.inf)
    written = int(play.tally[arrays.LOGGED])
    rows = log_of(play.log[:written], cards.number)
    return _result(world, tape, cards, play=play, begun=begun), rows


def advance(world: World, cards: Cut, play: Play, until: float) -> Play:
    """Play on to a minute, by the rule of the world."""
    if world.policy.rule == "search":
        return plan_and_send(world, cards, play, until, step=step)
    return step(ground_of(world), cards, play, until)[0]


def step(ground: Ground, cards: Cut, play: Play, until: float) -> tuple[Play, int]:
    """The kernel's steps to a minute, with more room as often as it asks; and why it stopped."""
    while (why := run(ground, cards.deck, play, until)) == NEEDS_ROOM:
        play = with_more_room(play)
    return play, why


def _clocked(play: Play, minute: float) -> Floats:
    """What the units have on their clocks at a minute, with what is under way."""
    clock = play.clockings.copy()
    at_work = play.crew[:, arrays.CASE] >= 0
    clock[at_work, arrays.BUSY] += minute - clock[at_work, arrays.BUSY_FROM]
    moving = np.isin(play.crew[:, arrays.STATE], [arrays.DRIVING, arrays.RETURNING])
    driven = minute - clock[moving, arrays.LEFT]
    clock[moving, arrays.DRIVEN] += driven
    clock[moving, arrays.KILOMETRES] += driven / 60.0 * clock[moving, arrays.LEG_KMH]
    return clock


def _result(world: World, tape: Tape, cards: Cut, *, play: Play, begun: Floats) -> Replication:
    times, number = play.times, cards.number
    outcome = np.full(len(tape.minute), arrays.PHONED, np.int8)
    outcome[number] = play.case[:, arrays.CASE_STATE]
    met = _spread(tape, number, times[:, arrays.MET])
    contact = np.where(
        outcome == arrays.REACHED, met, np.where(outcome == arrays.PHONED, tape.answered, np.nan)
    )
    losses: Losses = losses_of(world, tape, contact)
    unit, sent = np.full(len(tape.minute), -1, np.int64), np.zeros(len(tape.minute), np.int64)
    unit[number], sent[number] = play.case[:, arrays.UNIT], play.case[:, arrays.TURNS]
    clock = np.zeros_like(begun)
    clock[:, COUNTED] = play.clockings[:, COUNTED] - begun[:, COUNTED]
    return Replication(
        alert=tape.minute,
        counted=tape.minute >= world.warm_up_minutes,
        zone=tape.zone,
        believed=tape.believed,
        county=world.zones.county[tape.zone],
        demand_class=tape.demand_class,
        tier=world.demand.tier[tape.demand_class],
        outcome=outcome,
        why=whys(world, ground_of(world), tape, outcome),
        ready=np.where(np.isfinite(tape.ready), tape.ready, np.nan),
        dispatched=_spread(tape, number, times[:, arrays.DISPATCHED]),
        arrived=_spread(tape, number, times[:, arrays.ARRIVED]),
        contact=contact,
        closed=np.where(
            np.isfinite(tape.ready), _spread(tape, number, times[:, arrays.CLOSED]), tape.answered
        ),
        unit=unit,
        sent=sent,
        transferred=losses.transferred,
        amount_yuan=tape.amount_yuan,
        realised_yuan=losses.realised,
        modelled_yuan=losses.modelled,
        nobody_yuan=losses.nobody,
        late_yuan=losses.late,
        busy=clock[:, arrays.BUSY],
        driven=clock[:, arrays.DRIVEN],
        kilometres=clock[:, arrays.KILOMETRES],
        on_duty=_on_duty(world),
        overtime=clock[:, arrays.OVERTIME],
        backlog=play.lists[arrays.BACKLOG, : int(world.horizon_minutes / world.hour_minutes) + 1].copy(),
        longest_queue=int(play.tally[arrays.LONGEST]),
        changes=int(play.tally[arrays.CHANGES]),
    )


def _on_duty(world: World) -> Floats:
    """Minutes of duty of each unit between the warm-up and the horizon."""
    units = world.units
    spans = np.minimum(units.duty_to, world.horizon_minutes) - np.maximum(
        units.duty_from, world.warm_up_minutes
    )
    owner = np.repeat(np.arange(len(units.ids)), np.diff(units.duty_at))
    return np.bincount(owner, np.maximum(spans, 0.0), len(units.ids)).astype(np.float64)


def _spread(tape: Tape, number: Ints, column: Floats) -> Floats:
    """A column of the cases as one of the alerts."""
    wide = np.full(len(tape.minute), np.nan)
    wide[number] = column
    return wide
