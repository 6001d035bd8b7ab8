"""An audit of the log of one replication: it recomputes from world and tape, and trusts nothing of the kernel.

It asks: is anybody in two places, is anybody met twice, does every drive take what the roads say,
does everything happen when the tape says, does every case come to one end, and is somebody
eligible idle while a case waits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dispatch.domain import TIERS, Case, Hold
from dispatch.loss import exposure, loss_yuan, never_yuan
from dispatch.simulate import changes as c
from dispatch.simulate.log import Log
from dispatch.simulate.tape import Tape
from dispatch.simulate.world import World

TOLERANCE_MINUTES = 1e-6
_MOST = 200
"""So many breaches are told."""


@dataclass(slots=True)
class _Unit:
    """Where a unit is, as the log has it so far."""

    at: int
    on_duty: bool = False
    ends: float = 0.0
    visits: int = 0
    case: int = -1
    stage: str = "off"
    since: float = 0.0
    until: float = 0.0
    origin: tuple[int, int, float] = (0, 0, 0.0)
    target: int = 0
    duties: int = 0


@dataclass(slots=True)
class _Case:
    """What a case has seen."""

    waiting: bool = False
    ended: bool = False
    unit: int = -1
    met: int = 0
    arrived: bool = False
    since: float = 0.0


@dataclass(slots=True)
class _Audit:
    world: World
    tape: Tape
    units: list[_Unit] = field(default_factory=list)
    cases: dict[int, _Case] = field(default_factory=dict)
    now: float = 0.0

    def breaches(self, log: Log) -> Iterator[str]:
        """Every fault of the log, in its order."""
        self.units = [_Unit(int(home), target=int(home)) for home in self.world.units.home]
        rows = zip(log.minute, log.change, log.alert, log.unit, log.zone, strict=True)
        for minute, change, alert, unit, zone in rows:
            if minute < self.now:
                yield f"minute {minute:.4f} comes after minute {self.now:.4f}"
            if minute > self.now:
                yield from self.idle_while_waiting()
            self.now = float(minute)
            told = self.step(int(change), int(alert), int(unit), int(zone))
            yield from (f"minute {minute:.4f}, {c.NAMES.get(int(change), change)}: {one}" for one in told)
        asked = np.flatnonzero(np.isfinite(self.tape.ready))
        for alert in asked:
            if int(alert) not in self.cases or not self.cases[int(alert)].ended:
                yield f"alert {alert} comes to no end"

    def step(self, change: int, alert: int, unit: int, zone: int) -> Iterator[str]:
        """One state change."""
        if change in (c.ON_DUTY, c.OFF_DUTY):
            yield from self.duty(change, unit)
        elif change in (c.HEADS_BACK, c.AT_POST, c.FREE):
            yield from self.on_its_own(change, unit, zone)
        elif alert not in self.cases and change != c.WAITING:
            yield f"alert {alert} has asked for no visit"
        elif change in (c.WAITING, c.GIVEN_UP, c.PHONED, c.ESCALATED, c.RETURNED):
            yield from self.without_a_door(change, alert, unit)
        else:
            yield from self.towards(change, alert, unit, zone)

    def duty(self, change: int, u: int) -> Iterator[str]:
        """Units come and go as their duties say."""
        one, units = self.units[u], self.world.units
        row = int(units.duty_at[u]) + one.duties
        if row >= units.duty_at[u + 1]:
            yield f"{units.ids[u]} has no more duty"
            return
        on = change == c.ON_DUTY
        due = max(0.0, float(units.duty_from[row])) if on else float(units.duty_to[row])
        if on == one.on_duty or abs(due - self.now) > TOLERANCE_MINUTES:
            yield f"{units.ids[u]} should at minute {due:.4f}"
        one.on_duty = on
        if on:
            one.ends, one.visits = float(units.duty_to[row]), 0
            one.stage = "standing" if one.stage == "off" else one.stage
        else:
            one.duties += 1
            if one.stage == "standing" and one.at == units.home[u]:
                one.stage = "off"

    def on_its_own(self, change: int, u: int, zone: int) -> Iterator[str]:
        """Free, on the way back, back."""
        one, name = self.units[u], self.world.units.ids[u]
        if change == c.FREE:
            if one.case < 0 or not self.cases[one.case].ended:
                yield f"{name} is free though its case has not ended"
            elif self.cases[one.case].since != self.now:
                yield f"{name} is free at another moment than its case ended"
            one.case = -1
            if one.stage != "driving":
                one.stage = "standing"
        elif change == c.HEADS_BACK:
            if one.case >= 0:
                yield f"{name} turns back with a case at hand"
            self.leave(u, zone, "returning")
        else:
            yield from self.drive_ends(u, zone, "returning")
            one.stage = "standing" if one.on_duty else "off"

    def without_a_door(self, change: int, alert: int, u: int) -> Iterator[str]:
        """What happens to a case while nobody stands at its door."""
        case = self.cases.setdefault(alert, _Case())
        tape, end = self.tape, float(self.tape.minute[alert]) + self.world.policy.give_up_minutes
        if case.ended:
            yield f"alert {alert} has ended before"
        if change == c.WAITING:
            due = float(tape.ready[alert])
        elif change == c.PHONED:
            due = float(tape.answered[alert])
        else:
            due = max(end, case.since) if change == c.GIVEN_UP else self.now
        if abs(due - self.now) > TOLERANCE_MINUTES:
            yield f"alert {alert} should at minute {due:.4f}"
        if change in (c.GIVEN_UP, c.ESCALATED) and not case.waiting:
            yield f"alert {alert} does not wait"
        if change == c.PHONED and case.met:
            yield f"alert {alert} was met before"
        if change == c.PHONED and u >= 0 and not case.arrived:
            self.units[u].visits -= 1
        if change == c.RETURNED:
            one = self.units[u]
            if one.case != alert or one.stage != "driving" or not self.world.policy.redispatch:
                yield f"{self.world.units.ids[u]} cannot leave alert {alert}"
            one.case, one.visits = -1, one.visits - 1
        if change in (c.WAITING, c.RETURNED):
            case.since = self.now
        if change == c.ESCALATED and not self.opens_now(alert):
            yield f"nothing changes for alert {alert}"
        case.waiting = change in (c.WAITING, c.ESCALATED, c.RETURNED)
        case.ended = change in (c.PHONED, c.GIVEN_UP)
        case.since = self.now if case.ended else case.since
        case.unit = -1 if change == c.RETURNED else case.unit

    def opens_now(self, alert: int) -> bool:
        """Whether another kind may go to a case from this moment on."""
        opens = self.world.demand.kind_open_minutes[int(self.tape.demand_class[alert])]
        later = opens + self.world.policy.neighbour_after_minutes
        moments = float(self.tape.ready[alert]) + np.concatenate([opens, later])
        return bool((np.abs(moments[np.isfinite(moments)] - self.now) <= TOLERANCE_MINUTES).any())

    def towards(self, change: int, alert: int, u: int, zone: int) -> Iterator[str]:
        """From being assigned to the end at the door."""
        one, case, name = self.units[u], self.cases[alert], self.world.units.ids[u]
        if change == c.ASSIGNED:
            if not case.waiting or case.ended:
                yield f"alert {alert} does not wait"
            if one.case >= 0 or not one.on_duty or one.stage not in ("standing", "returning", "driving"):
                yield f"{name} is not idle ({one.stage})"
            why = self.bars(alert, u)
            if why:
                yield f"{name} may not go to alert {alert}: {why}"
            case.waiting, case.unit, one.case, case.since = False, u, alert, self.now
            one.visits += 1
        elif one.case != alert or case.unit != u:
            yield f"{name} is not with alert {alert}"
        elif change in (c.DEPARTS, c.DRIVES_ON):
            expected = self.tape.zone[alert] if change == c.DRIVES_ON else self.tape.believed[alert]
            if zone != expected:
                yield f"{name} drives to zone {zone} instead of {expected}"
            if change == c.DEPARTS and case.since != self.now:
                yield f"{name} departs at another moment than it was sent"
            self.leave(u, zone, "driving")
        elif change == c.ARRIVES:
            yield from self.drive_ends(u, zone, "driving")
            one.stage, one.until, case.arrived = (
                "at the door",
                self.now + float(self.tape.search_minutes[alert]),
                True,
            )
        else:
            yield from self.at_the_door(change, alert, u, zone)

    def at_the_door(self, change: int, alert: int, u: int, zone: int) -> Iterator[str]:
        """Met, not found, or done."""
        one, case, name = self.units[u], self.cases[alert], self.world.units.ids[u]
        if one.stage != "at the door" or one.at != zone:
            yield f"{name} is not at zone {zone} ({one.stage} at {one.at})"
        if abs(one.until - self.now) > TOLERANCE_MINUTES:
            yield f"{name} should at minute {one.until:.4f}"
        if change == c.MET:
            case.met += 1
            if case.met > 1:
                yield f"alert {alert} is met for the {case.met}. time"
            if zone != self.tape.zone[alert]:
                yield f"alert {alert} is met where the person is not"
            kind, sort = self.world.units.kind[u], self.tape.demand_class[alert]
            mean = float(self.world.demand.service_minutes[sort, kind])
            one.until = self.now + mean * float(self.tape.service_factor[alert])
            return
        if change == c.CLOSED and not case.met:
            yield f"alert {alert} is closed unmet"
        if case.ended:
            yield f"alert {alert} has ended before"
        case.ended, case.since = True, self.now

    def leave(self, u: int, zone: int, stage: str) -> None:
        """A drive begins where the unit is, on the way or not."""
        one = self.units[u]
        one.origin = self.whereabouts(one)
        one.until = self.now + self.minutes(u, one.origin, zone)
        one.since, one.target, one.stage = self.now, zone, stage

    def drive_ends(self, u: int, zone: int, stage: str) -> Iterator[str]:
        """A drive ends where it led, when the roads say."""
        one, name = self.units[u], self.world.units.ids[u]
        if one.stage != stage or one.target != zone:
            yield f"{name} is not {stage} to zone {zone} ({one.stage} to {one.target})"
        if abs(one.until - self.now) > TOLERANCE_MINUTES:
            yield f"{name} should be at zone {zone} at minute {one.until:.4f}"
        one.at = zone

    def whereabouts(self, one: _Unit) -> tuple[int, int, float]:
        """Between which zones, and how far: as docs/simulate.md defines it."""
        if one.stage not in ("driving", "returning"):
            return one.at, one.at, 0.0
        whole = one.until - one.since
        done = (self.now - one.since) / whole if whole > 0 else 1.0
        if done <= 0:
            return one.origin
        nearer = one.origin[1] if one.origin[2] >= 0.5 else one.origin[0]
        return nearer, one.target, min(done, 1.0)

    def minutes(self, u: int, origin: tuple[int, int, float], zone: int) -> float:
        """Minutes of a drive that begins now."""
        roads = self.world.roads
        hour = self.world.hour_of(min(self.now, self.last_hour()))
        table = int(roads.table_of[self.world.units.profile[u], hour])

        def between(a: int, b: int) -> float:
            if roads.row_of_zone[a] < 0:
                a, b = b, a
            return (
                float(roads.minutes[roads.base_of[table], roads.row_of_zone[a], b])
                * float(roads.factor[table])
                if roads.row_of_zone[a] >= 0
                else math.inf
            )

        first, second, share = origin
        if share <= 0 or share >= 1:
            return between(first if share <= 0 else second, zone)
        near, far, whole = between(first, zone), between(second, zone), between(first, second)
        most = (1 - share) * near + share * far
        if math.isinf(most + whole):
            return most
        square = (1 - share) * near**2 + share * far**2 - share * (1 - share) * whole**2  # Stewart's theorem
        least = max(near - share * whole, far - (1 - share) * whole)
        return min(most, max(least, math.sqrt(max(square, 0.0))))

    def last_hour(self) -> float:
        """After this the roads stay as they are."""
        world = self.world
        end = world.horizon_minutes + min(world.policy.give_up_minutes, world.horizon_minutes)
        return math.floor(end / world.hour_minutes) * world.hour_minutes

    def bars(self, alert: int, u: int) -> str:
        """Why a unit may not be sent to a case now; empty if it may."""
        world, tape, rules, one = self.world, self.tape, self.world.policy, self.units[u]
        sort, zone, kind = int(tape.demand_class[alert]), int(tape.believed[alert]), int(world.units.kind[u])
        own = bool(world.units.own[u, zone])
        if not own and not world.units.reach[u, zone]:
            return "out of its reach"
        opens = world.demand.kind_open_minutes[sort, kind] + (
            0.0 if own else rules.neighbour_after_minutes[kind]
        )
        if self.now < tape.ready[alert] + opens:
            return "not yet its turn"
        if one.visits >= world.units.max_visits[u]:
            return "visits enough"
        here, home = self.whereabouts(one), int(world.units.home[u])
        there, back = self.minutes(u, here, zone), self.minutes(u, (zone, zone, 0.0), home)
        if not math.isfinite(there + back) or there > rules.cap_minutes[world.demand.tier[sort], kind]:
            return "too far"
        contact = self.now + there + float(tape.search_minutes[alert])
        leave = contact + float(world.demand.service_minutes[sort, kind])
        if rules.home_by_shift_end and leave + back > one.ends + TOLERANCE_MINUTES:
            return "home too late"
        return self.not_worth(alert, own=own, contact=contact, longer=(there, back, here), u=u)

    def not_worth(
        self,
        alert: int,
        *,
        own: bool,
        contact: float,
        longer: tuple[float, float, tuple[int, int, float]],
        u: int,
    ) -> str:
        """Whether a visit costs more than it averts, by `dispatch.loss` itself."""
        rules, case, start = self.world.policy, self.case(alert), float(self.tape.minute[alert])
        left = case.stake_yuan * math.exp(-exposure(case, self.now - start))
        if rules.min_stake_yuan and left < rules.min_stake_yuan:
            return "too little is left"
        end = rules.give_up_minutes
        averted = never_yuan(case, end) - loss_yuan(case, contact - start, end)
        cost = rules.balance_yuan * self.units[u].visits
        cost += 0.0 if own else float(rules.neighbour_yuan[self.world.units.kind[u]])
        if rules.drive_yuan_per_minute:
            home_now = self.minutes(u, longer[2], int(self.world.units.home[u]))
            cost += rules.drive_yuan_per_minute * (longer[0] + longer[1] - home_now)
        return "" if averted > cost else "not worth it"

    def case(self, alert: int) -> Case:
        """The alert as the planner has it."""
        demand, sort = self.world.demand, int(self.tape.demand_class[alert])
        return Case(
            id=str(alert),
            tier=TIERS[demand.tier[sort]],
            fraud_type=demand.ids[sort],
            stake_yuan=float(self.tape.stake_yuan[alert]),
            hazard_per_hour=float(demand.hazard_per_hour[sort]),
            places=(),
            due_minutes=float(demand.due_minutes[sort]),
            late_yuan_per_minute=float(demand.late_yuan_per_minute[sort]),
            hold=Hold(float(demand.hold_until_minutes[sort]), float(demand.hold_fraction[sort])),
        )

    def idle_while_waiting(self) -> Iterator[str]:
        """The invariant, of everybody who stands idle where the roads are known."""
        rows = self.world.roads.row_of_zone
        standing = [
            u
            for u, one in enumerate(self.units)
            if one.on_duty and one.stage == "standing" and rows[one.at] >= 0
        ]
        if not standing:
            return
        for alert in [alert for alert, case in self.cases.items() if case.waiting]:
            for u in standing:
                if not self.bars(alert, u):
                    yield f"minute {self.now:.4f}: alert {alert} waits though {self.world.units.ids[u]} is idle"


def audit_log(world: World, tape: Tape, log: Log) -> list[str]:
    """What is wrong with a log, in sentences; empty if nothing is. At most 200 are told.

    It takes a case at a time and every idle unit: seconds for some ten thousand changes.
    """
    found: list[str] = []
    for breach in _Audit(world, tape).breaches(log):
        found.append(breach)
        if len(found) == _MOST:
            break
    return found
