"""The same model as SimPy's manual writes such things: a process for every unit, every case, and the desk that sends them.

Idle units stand in a `FilterStore`; cases and units speak to the desk, and it to them, through `Store`s (manual: process
communication); whoever waits for one of several things waits for `a | b` (bank renege); a call that
settles a case under way interrupts the crew (machine shop). World, tape, rule and answers are those of
`benchmarks.simulate_simpy`, within the same limits: crews are not turned on the way, nobody goes off
duty, addresses are right.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from dispatch.simulate import Tape, World

Story = Generator[simpy.Event, Any, None]


class Unit:
    """A crew: idle at home until the desk gives it a case, then on the road and at doors until there is none."""

    def __init__(self, city: City, number: int) -> None:
        self.city, self.number = city, number
        self.home = int(city.world.units.home[number])
        self.kind, self.at = int(city.world.units.kind[number]), self.home
        self.jobs = simpy.Store(city.env)
        self.process = city.env.process(self.work())

    def work(self) -> Story:
        """From case to case; home when there is none."""
        while True:
            yield self.city.idle.put(self)
            case = yield self.jobs.get()
            while case is not None:
                minutes_home = yield self.city.env.process(self.visit(case))
                case = None if minutes_home is not None else (yield self.asked())
                if case is None:
                    if minutes_home is None:
                        minutes_home = self.city.minutes[self.at][self.home]
                    yield self.city.env.timeout(minutes_home)
                    self.at = self.home
                    case = yield self.asked()

    def asked(self) -> simpy.Event:
        """Tell the desk that this unit is free; its answer, a case or None, comes by `jobs`."""
        self.city.desk.put(self)
        return self.jobs.get()

    def visit(self, case: Case) -> Generator[simpy.Event, Any, float | None]:
        """Drive, search and stay; minutes home from the way if a call turned the crew back there."""
        env, city = self.city.env, self.city
        case.crew = env.active_process
        left, minutes, there = env.now, city.minutes[self.at][case.zone], False
        try:
            yield env.timeout(minutes)
            self.at, there = case.zone, True
            yield env.timeout(case.search_minutes)
            case.met.succeed()
            yield env.timeout(case.minutes_at_door[self.kind])
        except simpy.Interrupt:
            if not there:
                return city.from_there(self.at, case.zone, (env.now - left) / minutes, self.home)
        return None


class Case:
    """Somebody to be met: waits for a crew, for a call that settles it, for the next kind allowed, or in vain."""

    def __init__(self, city: City, i: int) -> None:
        self.city, self.number = city, i
        tape, demand = city.tape, city.world.demand
        sort = int(tape.demand_class[i])
        self.zone, self.tier = int(tape.zone[i]), int(demand.tier[sort])
        self.alert, self.asked = float(tape.minute[i]), float(tape.ready[i])
        self.hazard, self.stake = float(demand.hazard_per_hour[sort]) / 60.0, float(tape.stake_yuan[i])
        self.search_minutes = float(tape.search_minutes[i])
        self.minutes_at_door = (demand.service_minutes[sort] * tape.service_factor[i]).tolist()
        self.opens = (self.asked + demand.kind_open_minutes[sort]).tolist()
        self.sent, self.met = city.env.event(), city.env.event()
        self.crew: simpy.Process | None = None
        city.env.process(self.live())

    def live(self) -> Story:
        """From the visit asked for to the contact, or to the end."""
        env, city = self.city.env, self.city
        end, answered = self.alert + city.world.policy.give_up_minutes, float(city.tape.answered[self.number])
        call = env.timeout(answered - env.now) if answered < end else env.event()
        city.waiting.append(self)
        while not self.sent.triggered:
            yield city.desk.put(self)
            following = min([minute for minute in self.opens if minute > env.now] + [end])
            happened = yield self.sent | call | env.timeout(following - env.now)
            if self.sent not in happened and (call in happened or env.now >= end):
                city.waiting.remove(self)
                city.contact[self.number] = env.now if call in happened else math.nan
                return
        happened = yield self.met | call
        city.contact[self.number] = env.now
        if self.met not in happened and self.crew is not None:
            self.crew.interrupt()


class City:
    """The units, the cases, and the desk between them."""

    def __init__(self, world: World, tape: Tape) -> None:
        self.env, self.world, self.tape = simpy.Environment(), world, tape
        self.minutes = world.roads.minutes[0].astype(float).tolist()
        self.cap = world.policy.cap_minutes.tolist()
        self.contact = np.full(len(tape.minute), np.nan)
        self.idle, self.desk = simpy.FilterStore(self.env), simpy.Store(self.env)
        self.waiting: list[Case] = []
        for number in range(len(world.units.ids)):
            Unit(self, number)

    def run(self) -> None:
        """Play the whole tape."""
        self.env.process(self.source())
        self.env.process(self.send())
        self.env.run()

    def source(self) -> Story:
        """Every case when its visit is asked for."""
        for i in np.argsort(self.tape.ready, kind="stable"):
            if not math.isfinite(self.tape.ready[i]):
                return
            yield self.env.timeout(self.tape.ready[i] - self.env.now)
            Case(self, int(i))

    def send(self) -> Story:
        """The desk: a case gets the nearest idle unit, a free unit the first case in order."""
        while True:
            who = yield self.desk.get()
            if isinstance(who, Unit):
                case, unit = self.first_case(who), who
                if case is None:
                    yield unit.jobs.put(None)
            else:
                case, unit = who, self.nearest(who)
                if unit is not None:
                    yield self.idle.get(lambda one, unit=unit: one is unit)
            if case is not None and unit is not None:
                self.waiting.remove(case)
                yield unit.jobs.put(case)
                case.sent.succeed()

    def may(self, case: Case, unit: Unit) -> bool:
        """Whether the unit may be sent to the case now."""
        if self.env.now < case.opens[unit.kind]:
            return False
        return bool(self.minutes[unit.at][case.zone] <= self.cap[case.tier][unit.kind])

    def nearest(self, case: Case) -> Unit | None:
        """The idle unit that is soonest there; of two the one with the lower number."""
        able = [unit for unit in self.idle.items if self.may(case, unit)]
        return min(able, key=lambda unit: (self.minutes[unit.at][case.zone], unit.number), default=None)

    def first_case(self, unit: Unit) -> Case | None:
        """The waiting case the unit may go to that comes first by tier, then by how fast it loses money."""
        able = [case for case in self.waiting if self.may(case, unit)]
        return min(able, key=self.order, default=None)

    def order(self, case: Case) -> tuple[int, float, int]:
        """Of two cases the smaller is first."""
        rate = case.stake * case.hazard * math.exp(-case.hazard * (self.env.now - case.alert))
        return case.tier, -rate, case.number

    def from_there(self, a: int, b: int, share: float, zone: int) -> float:
        """Minutes from between two zones (Stewart's theorem)."""
        one, two, whole = self.minutes[a][zone], self.minutes[b][zone], self.minutes[a][b]
        rest = 1.0 - share
        square = rest * one**2 + share * two**2 - share * rest * whole**2
        least = max(one - share * whole, two - rest * whole)
        return min(rest * one + share * two, max(least, math.sqrt(max(square, 0.0))))
