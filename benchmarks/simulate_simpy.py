"""The model of docs/simulate.md with as little SimPy as does: a clock, a process a case, one for each way home.

Units are flags in a list, who is near is sorted before, who waits stands in a dict: no Resource, no Store, no
process a unit. `simulate_simpy_manual` writes it as the manual does. The rule `nearest` with escalation,
calls, travel cap and the way home; crews are not turned on the way, nobody goes off duty and addresses
are right, so `world` must say so. The answers are those of the kernel.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from dispatch.simulate import Tape, World


class SimPyModel:
    """A process for every case; units are sent by whoever looks for one."""

    def __init__(self, world: World, tape: Tape) -> None:
        self.env, self.world, self.tape = simpy.Environment(), world, tape
        self.minutes = world.roads.minutes[0].astype(float).tolist()
        home, zones = world.units.home, len(world.zones.ids)
        order = np.argsort(world.roads.minutes[0][home], axis=0, kind="stable")
        self.near = [order[:, zone].tolist() for zone in range(zones)]
        self.home, self.kind = home.tolist(), world.units.kind.tolist()
        self.idle = [True] * len(self.home)
        self.at = list(self.home)
        self.waiting: dict[int, simpy.Event] = {}
        self.contact = np.full(len(tape.minute), np.nan)
        self.first = np.where(np.isfinite(tape.ready), tape.ready, np.inf)
        self.tier = world.demand.tier[tape.demand_class].tolist()
        self.hazard = (world.demand.hazard_per_hour[tape.demand_class] / 60.0).tolist()
        self.stake, self.alert = tape.stake_yuan.tolist(), tape.minute.tolist()

    def run(self) -> None:
        """Play the whole tape."""
        self.env.process(self.source())
        self.env.run()

    def source(self) -> Generator[simpy.Event, Any, None]:
        """Every case when its visit is asked for."""
        for i in np.argsort(self.first, kind="stable"):
            if math.isinf(self.first[i]):
                return
            yield self.env.timeout(self.first[i] - self.env.now)
            self.env.process(self.case(int(i)))

    def may(self, i: int, u: int) -> bool:
        """Whether the unit may be sent to the case now."""
        sort, kind = self.tape.demand_class[i], self.kind[u]
        if self.env.now < self.first[i] + self.world.demand.kind_open_minutes[sort, kind]:
            return False
        there = self.minutes[self.at[u]][self.tape.zone[i]]
        return bool(there <= self.world.policy.cap_minutes[self.tier[i], kind])

    def case(self, i: int) -> Generator[simpy.Event, Any, None]:
        """One case from the visit asked for to its end."""
        env, end = self.env, self.alert[i] + self.world.policy.give_up_minutes
        answered = float(self.tape.answered[i])
        call = env.timeout(answered - env.now) if answered < end else env.event()
        u = self.unit_for(i)
        opens = self.first[i] + self.world.demand.kind_open_minutes[self.tape.demand_class[i]]
        while u is None:
            sent = self.waiting.setdefault(i, env.event())
            following = min([t for t in opens if t > env.now] + [end])
            clock = env.timeout(following - env.now)
            happened = yield sent | clock | call
            if sent in happened:
                u = sent.value
                break
            if call in happened or env.now >= end:
                del self.waiting[i]
                self.contact[i] = env.now if call in happened else np.nan
                return
            u = self.unit_for(i)
            if u is not None:
                del self.waiting[i]
        yield from self.visit(i, u, call)

    def visit(self, i: int, u: int, call: simpy.Event) -> Generator[simpy.Event, Any, None]:
        """The unit drives, searches, stays, and is free; a call may come before."""
        env, zone = self.env, int(self.tape.zone[i])
        origin, start, there = self.at[u], env.now, self.minutes[self.at[u]][int(self.tape.zone[i])]
        happened = yield env.timeout(there) | call
        if call in happened and env.now < start + there:
            self.contact[i] = env.now
            env.process(self.back(u, self.from_there(origin, zone, (env.now - start) / there, self.home[u])))
            return
        self.at[u] = zone
        search = env.timeout(float(self.tape.search_minutes[i]))
        happened = yield search | call
        self.contact[i] = env.now
        if search in happened:
            mean = self.world.demand.service_minutes[self.tape.demand_class[i], self.kind[u]]
            yield env.timeout(mean * self.tape.service_factor[i])
        self.free(u)

    def from_there(self, a: int, b: int, share: float, zone: int) -> float:
        """Minutes from between two zones (Stewart's theorem)."""
        one, two, whole = self.minutes[a][zone], self.minutes[b][zone], self.minutes[a][b]
        rest = 1.0 - share
        square = rest * one**2 + share * two**2 - share * rest * whole**2
        least = max(one - share * whole, two - rest * whole)
        return min(rest * one + share * two, max(least, math.sqrt(max(square, 0.0))))

    def back(self, u: int, minutes: float) -> Generator[simpy.Event, Any, None]:
        """The way home."""
        yield self.env.timeout(minutes)
        self.at[u] = self.home[u]
        self.idle[u] = True
        i = self.case_for(u)
        if i is not None:
            self.send(i, u)

    def free(self, u: int) -> None:
        """The unit takes the next case that waits, or goes home."""
        i = self.case_for(u)
        if i is not None:
            self.send(i, u)
        else:
            self.env.process(self.back(u, self.minutes[self.at[u]][self.home[u]]))

    def send(self, i: int, u: int) -> None:
        """The waiting case gets its unit."""
        self.idle[u] = False
        self.waiting.pop(i).succeed(u)

    def unit_for(self, i: int) -> int | None:
        """The nearest idle unit that may go; units idle are at home, and listed by nearness."""
        for u in self.near[int(self.tape.zone[i])]:
            if self.idle[u] and self.may(i, u):
                self.idle[u] = False
                return int(u)
        return None

    def case_for(self, u: int) -> int | None:
        """The waiting case first in order that the unit may go to."""
        found = [
            (
                self.tier[i],
                -self.stake[i] * self.hazard[i] * math.exp(-self.hazard[i] * (self.env.now - self.alert[i])),
                i,
            )
            for i in self.waiting
            if self.may(i, u)
        ]
        return min(found)[2] if found else None
