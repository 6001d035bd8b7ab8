"""The model of docs/simulate.md once more, in plain Python and without a clever thought: an oracle for the kernel.

Everything is a dict or a list, every choice looks at everybody. It shares no line with the kernel.
"""

from __future__ import annotations

import heapq
import math

import numpy as np

HOUR, UNIT, DUTY, CALL, WAIT, READY = range(6)


class Oracle:
    """Plays a tape in a world; `log` is what the kernel's log should be."""

    def __init__(self, world, tape):
        self.world, self.tape, self.log = world, tape, []
        self.units = [
            {
                "state": "off", "at": int(home), "other": int(home), "share": 0.0, "to": int(home), "left": 0.0,
                "there": 0.0, "case": None, "stamp": 0, "on": False, "ends": 0.0, "visits": 0, "idle": False,
                "duties": [
                    (float(world.units.duty_from[d]), float(world.units.duty_to[d]))
                    for d in range(world.units.duty_at[u], world.units.duty_at[u + 1])
                ],
                "busy": 0.0, "begun": 0.0, "driven": 0.0,
            }
            for u, home in enumerate(world.units.home)
        ]  # fmt: skip
        ready = [i for i in range(len(tape.minute)) if math.isfinite(tape.ready[i])]
        ready.sort(key=lambda i: (tape.ready[i], i))
        self.rank = {i: number for number, i in enumerate(ready)}
        self.cases = {i: {"state": "unknown", "unit": None, "stamp": 0, "met": None} for i in ready}
        self.coming, self.now, self.hour = [], 0.0, None
        self.fresh, self.everyone = [], False
        for i in ready:
            self.push(float(tape.ready[i]), READY, i, 0)
        self.push(0.0, HOUR, 0, 0)
        for u in range(len(self.units)):
            self.next_duty(u)

    def push(self, minute, kind, who, stamp):
        rank = self.rank[who] if kind in (CALL, WAIT, READY) else who
        heapq.heappush(self.coming, (minute, kind, rank, stamp, who))

    def note(self, change, case, unit, zone):
        none = -1
        self.log.append(
            (self.now, change, none if case is None else case, none if unit is None else unit, int(zone))
        )

    def play(self):
        while True:
            pending = self.fresh or self.everyone
            first = self.coming[0] if self.coming else None
            if pending and (first is None or first[1] >= WAIT or first[0] > self.now):
                self.match()
                continue
            if first is None or first[0] == math.inf:
                return self
            minute, kind, _, stamp, who = heapq.heappop(self.coming)
            self.now = minute
            [self.on_hour, self.on_unit, self.on_duty, self.on_call, self.on_wait, self.on_ready][kind](
                who, stamp
            )

    # what a unit could do

    def between(self, table, a, b):
        roads = self.world.roads
        if roads.row_of_zone[a] >= 0:
            return float(roads.minutes[table, roads.row_of_zone[a], b])
        return float(roads.minutes[table, roads.row_of_zone[b], a]) if roads.row_of_zone[b] >= 0 else math.inf

    def table(self, u):
        return self.world.roads.table_of[self.world.units.profile[u], self.hour]

    def where(self, u):
        one = self.units[u]
        if one["state"] not in ("driving", "returning"):
            return one["at"], one["at"], 0.0
        whole = one["there"] - one["left"]
        done = (self.now - one["left"]) / whole if whole > 0 else 1.0
        if done <= 0:
            return one["at"], one["other"], one["share"]
        return (one["other"] if one["share"] >= 0.5 else one["at"]), one["to"], min(done, 1.0)

    def minutes(self, u, zone, where):
        a, b, share = where
        table = self.table(u)
        if share <= 0:
            return self.between(table, a, zone)
        if share >= 1:
            return self.between(table, b, zone)
        one, two, whole = (
            self.between(table, a, zone),
            self.between(table, b, zone),
            self.between(table, a, b),
        )
        rest = 1.0 - share
        most = rest * one + share * two
        if not math.isfinite(most + whole):
            return most
        square = rest * one * one + share * two * two - share * rest * whole * whole
        return min(most, max(one - share * whole, two - rest * whole, math.sqrt(max(square, 0.0))))

    def curve(self, i, minutes):
        demand, c = self.world.demand, self.tape.demand_class[i]
        minutes = min(max(minutes, 0.0), self.world.policy.give_up_minutes)
        lost = self.tape.stake_yuan[i] * -np.expm1(-self.gathered(c, minutes))
        if demand.late_yuan_per_minute[c] and minutes > demand.due_minutes[c]:
            lost += demand.late_yuan_per_minute[c] * (minutes - demand.due_minutes[c])
        return float(lost)

    def gathered(self, c, minutes):
        demand = self.world.demand
        held = min(minutes, max(0.0, demand.hold_until_minutes[c]))
        return demand.hazard_per_hour[c] / 60.0 * (held * demand.hold_fraction[c] + (minutes - held))

    def rate(self, i):
        demand, c = self.world.demand, self.tape.demand_class[i]
        age = self.now - self.tape.minute[i]
        left = self.tape.stake_yuan[i] * np.exp(-self.gathered(c, age))
        held = demand.hold_fraction[c] if age < demand.hold_until_minutes[c] else 1.0
        late = demand.late_yuan_per_minute[c] if age >= demand.due_minutes[c] else 0.0
        return float(left * (demand.hazard_per_hour[c] / 60.0) * held + late)

    def opens(self, i, u):
        demand, units, c = self.world.demand, self.world.units, self.tape.demand_class[i]
        kind, zone = units.kind[u], self.tape.believed[i]
        wait = demand.kind_open_minutes[c, kind]
        return wait + (0.0 if units.own[u, zone] else self.world.policy.neighbour_after_minutes[kind])

    def offer(self, i, u, visits):
        world, tape, rules = self.world, self.tape, self.world.policy
        c, zone, kind = tape.demand_class[i], tape.believed[i], world.units.kind[u]
        own = world.units.own[u, zone]
        if not own and not world.units.reach[u, zone]:
            return None
        if self.now < tape.ready[i] + self.opens(i, u) or visits >= world.units.max_visits[u]:
            return None
        where, home = self.where(u), world.units.home[u]
        there, back = self.minutes(u, zone, where), self.between(self.table(u), zone, home)
        if not there <= rules.cap_minutes[world.demand.tier[c], kind] or not there + back < math.inf:
            return None
        contact = self.now + there + tape.search_minutes[i]
        if rules.home_by_shift_end:
            over = contact + world.demand.service_minutes[c, kind] + back > self.units[u]["ends"] + 1e-9
            if over:
                return None
        age = self.now - tape.minute[i]
        if (
            rules.min_stake_yuan > 0
            and tape.stake_yuan[i] * np.exp(-self.gathered(c, age)) < rules.min_stake_yuan
        ):
            return None
        averted = self.curve(i, rules.give_up_minutes) - self.curve(i, contact - tape.minute[i])
        cost = rules.balance_yuan * visits + (0.0 if own else rules.neighbour_yuan[kind])
        if rules.drive_yuan_per_minute > 0:
            cost += rules.drive_yuan_per_minute * (there + back - self.minutes(u, home, where))
        return (there, float(averted - cost)) if averted > cost else None

    def key(self, there, net, u):
        return (-net, there, u) if self.world.policy.rule == "loss" else (there, u)

    def unit_for(self, i):
        offers = {u: self.offer(i, u, one["visits"]) for u, one in enumerate(self.units) if one["idle"]}
        best = min((self.key(*o, u), o, u) for u, o in offers.items() if o) if any(offers.values()) else None
        if self.world.policy.redispatch:
            tier = self.world.demand.tier[self.tape.demand_class[i]]
            turned = []
            for u, one in enumerate(self.units):
                if one["state"] != "driving" or not one["on"]:
                    continue
                if self.world.demand.tier[self.tape.demand_class[one["case"]]] > tier:
                    o = self.offer(i, u, one["visits"] - 1)
                    turned += [(self.key(*o, u), o, u)] if o else []
            if turned:
                first = min(turned)
                gain = self.world.policy.redispatch_gain_minutes
                if best is None or first[1][0] + gain < best[1][0]:
                    return first[2]
        return best[2] if best else None

    def case_for(self, u):
        found = []
        for i, case in self.cases.items():
            o = self.offer(i, u, self.units[u]["visits"]) if case["state"] == "waiting" else None
            if o:
                tier = self.world.demand.tier[self.tape.demand_class[i]]
                by_loss = self.world.policy.rule == "loss"
                door = o[0] + self.tape.search_minutes[i]
                key = (-o[1], door) if by_loss else (tier, -self.rate(i))
                found.append((*key, self.rank[i], i))
        return min(found)[-1] if found else None

    # what happens

    def on_hour(self, number, _):
        world, before = self.world, self.hour
        self.hour = (world.first_hour + number) % 168
        changed = world.policy.standby or before is None
        if before is not None:
            changed = changed or (world.roads.table_of[:, before] != world.roads.table_of[:, self.hour]).any()
        if changed:
            self.everyone = True
            for u, one in enumerate(self.units):
                if one["state"] == "returning" and one["there"] == math.inf:
                    self.head_back(u)
        following = (number + 1) * world.hour_minutes
        if following <= world.horizon_minutes + min(world.policy.give_up_minutes, world.horizon_minutes):
            self.push(following, HOUR, number + 1, 0)

    def on_ready(self, i, _):
        self.cases[i]["state"] = "ready"
        self.note(1, i, None, self.tape.believed[i])
        if self.tape.answered[i] < self.tape.minute[i] + self.world.policy.give_up_minutes:
            self.push(float(self.tape.answered[i]), CALL, i, 0)
        self.offer_to_all(i)
        if self.cases[i]["unit"] is None:
            self.wait(i)

    def wait(self, i):
        self.cases[i].update(state="waiting", unit=None)
        self.next_wait(i)

    def next_wait(self, i):
        end = float(self.tape.minute[i] + self.world.policy.give_up_minutes)
        demand, policy, ready = self.world.demand, self.world.policy, float(self.tape.ready[i])
        times = [end]
        for kind in range(4):
            wait = demand.kind_open_minutes[self.tape.demand_class[i], kind]
            times += [ready + wait, ready + (wait + policy.neighbour_after_minutes[kind])]
        self.cases[i]["stamp"] += 1
        soonest = min([t for t in times if self.now < t] + [end])
        self.push(max(float(soonest), self.now), WAIT, i, self.cases[i]["stamp"])

    def offer_to_all(self, i):
        while i is not None:
            u = self.unit_for(i)
            if u is None:
                return
            i = self.send(i, u)

    def on_wait(self, i, stamp):
        case = self.cases[i]
        if case["stamp"] != stamp:
            return
        if self.now >= self.tape.minute[i] + self.world.policy.give_up_minutes:
            self.note(6, i, None, self.tape.believed[i])
            self.close(i, "given_up")
            return
        self.note(7, i, None, self.tape.believed[i])
        self.offer_to_all(i)
        if case["state"] == "waiting":
            self.next_wait(i)

    def close(self, i, state):
        self.cases[i]["state"] = state
        self.cases[i]["stamp"] += 1

    def on_call(self, i, _):
        case = self.cases[i]
        u = case["unit"]
        searching = case["state"] == "at_door" and self.units[u]["state"] == "searching"
        if case["state"] not in ("waiting", "assigned") and not searching:
            return
        self.note(5, i, u, self.tape.believed[i])
        self.close(i, "phoned")
        if u is not None:
            if self.units[u]["state"] == "driving" and not case.get("arrived"):
                self.units[u]["visits"] -= 1
            self.free(u)

    def send(self, i, u):
        one, left = self.units[u], None
        if one["state"] == "driving":
            left = one["case"]
            one["visits"] -= 1
            one["busy"] += self.now - one["begun"]
            self.note(9, left, u, self.tape.believed[left])
            self.wait(left)
        one["idle"] = False
        self.cases[i]["stamp"] += 1
        self.cases[i].update(state="assigned", unit=u)
        self.cases[i].setdefault("dispatched", self.now)
        self.note(2, i, u, self.tape.believed[i])
        one.update(case=i, begun=self.now)
        one["visits"] += 1
        self.drive(u, "driving", self.tape.believed[i])
        self.note(13, i, u, self.tape.believed[i])
        return left

    def drive(self, u, state, zone):
        one = self.units[u]
        where = self.where(u)
        if one["state"] in ("driving", "returning"):
            one["driven"] += self.now - one["left"]
        minutes = self.minutes(u, zone, where)
        one.update(at=where[0], other=where[1], share=where[2], to=int(zone), left=self.now, state=state)
        self.stage(u, self.now + minutes)

    def stage(self, u, there):
        one = self.units[u]
        one["there"], one["stamp"] = float(there), one["stamp"] + 1
        self.push(one["there"], UNIT, u, one["stamp"])

    def on_unit(self, u, stamp):
        one, tape = self.units[u], self.tape
        if one["stamp"] != stamp:
            return
        i = one["case"]
        if one["state"] == "driving":
            one["driven"] += self.now - one["left"]
            one.update(at=one["to"], state="searching")
            self.cases[i].update(state="at_door")
            self.cases[i].setdefault("arrived", True)
            self.note(14, i, u, one["at"])
            self.stage(u, self.now + tape.search_minutes[i])
        elif one["state"] == "searching":
            self.at_door(u, i)
        elif one["state"] == "serving":
            self.note(4, i, u, one["at"])
            self.close(i, "reached")
            self.free(u)
        elif one["state"] == "returning":
            one["driven"] += self.now - one["left"]
            one.update(at=one["to"], state="standing" if one["on"] else "off")
            self.note(16 + 1, None, u, one["at"])
            if one["on"]:
                self.stand_by(u)

    def at_door(self, u, i):
        one, tape, demand = self.units[u], self.tape, self.world.demand
        if one["at"] == tape.zone[i]:
            self.cases[i]["met"] = self.now
            self.note(3, i, u, one["at"])
            one["state"] = "serving"
            kind = self.world.units.kind[u]
            self.stage(
                u, self.now + demand.service_minutes[tape.demand_class[i], kind] * tape.service_factor[i]
            )
        elif tape.told[i] and self.between(self.table(u), one["at"], tape.zone[i]) < math.inf:
            self.cases[i]["state"] = "assigned"
            self.drive(u, "driving", tape.zone[i])
            self.note(18, i, u, tape.zone[i])
        else:
            self.note(8, i, u, one["at"])
            self.close(i, "not_found")
            self.free(u)

    def stand_by(self, u):
        self.units[u]["idle"] = True
        if u not in self.fresh:
            self.fresh.append(u)

    def free(self, u):
        one = self.units[u]
        one["busy"] += self.now - one["begun"]
        one["case"] = None
        self.note(15, None, u, one["at"])
        if one["state"] == "driving" or not one["on"] or self.world.roads.row_of_zone[one["at"]] < 0:
            self.head_back(u)
            if one["idle"]:
                self.stand_by(u)
        else:
            one["state"] = "standing"
            self.stand_by(u)

    def post(self, u):
        units = self.world.units
        if self.world.policy.standby and self.units[u]["on"] and units.standby[u, self.hour % 24] >= 0:
            return int(units.standby[u, self.hour % 24])
        return int(units.home[u])

    def head_back(self, u):
        self.drive(u, "returning", self.post(u))
        self.note(16, None, u, self.post(u))
        self.units[u]["idle"] = self.units[u]["on"] and self.world.policy.divert

    def next_duty(self, u):
        if self.units[u]["duties"]:
            self.push(max(self.now, self.units[u]["duties"][0][0]), DUTY, u, 0)

    def on_duty(self, u, _):
        one = self.units[u]
        if not one["on"]:
            one.update(on=True, visits=0, ends=one["duties"][0][1])
            self.note(11, None, u, one["at"])
            if one["state"] == "off":
                one["state"] = "standing"
            if one["state"] == "standing" or (one["state"] == "returning" and self.world.policy.divert):
                self.stand_by(u)
            if one["ends"] < math.inf:
                self.push(one["ends"], DUTY, u, 0)
            return
        one["on"] = one["idle"] = False
        one["duties"].pop(0)
        self.note(12, None, u, one["at"])
        home = self.world.units.home[u]
        if one["state"] == "standing" and one["at"] == home:
            one["state"] = "off"
        elif one["state"] == "standing" or (one["state"] == "returning" and one["to"] != home):
            self.head_back(u)
        self.next_duty(u)

    def match(self):
        waiting = [i for i, case in self.cases.items() if case["state"] == "waiting"]
        if waiting and any(one["idle"] for one in self.units):
            if self.everyone or len(self.fresh) > 1:
                tier = self.world.demand.tier[self.tape.demand_class]
                for i in sorted(waiting, key=lambda i: (tier[i], -self.rate(i), self.rank[i])):
                    if self.cases[i]["state"] == "waiting":
                        self.offer_to_all(i)
            elif self.units[self.fresh[0]]["idle"]:
                i = self.case_for(self.fresh[0])
                if i is not None:
                    self.send(i, self.fresh[0])
        everyone, fresh = self.everyone, self.fresh
        self.everyone, self.fresh = False, []
        for u in [*fresh, *(range(len(self.units)) if everyone and self.world.policy.standby else [])]:
            one = self.units[u]
            elsewhere = one["idle"] and one["state"] == "standing" and one["at"] != self.post(u)
            if elsewhere and self.between(self.table(u), one["at"], self.post(u)) < math.inf:
                self.head_back(u)
