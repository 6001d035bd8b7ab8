"""What one more stop would cost, at its best and its second best position in a route. Compiled."""

from __future__ import annotations

import math

from dispatch.search.arrays import (
    BALANCE_YUAN,
    BASE,
    CAPACITY,
    CLOSES,
    CONTACT,
    DECAY,
    DEPART,
    DRIVE_YUAN,
    DUE,
    ENDS,
    HAZARD_PER_MINUTE,
    HEAD,
    HOLD_FRACTION,
    HOLD_UNTIL,
    HOME_YUAN,
    HORIZON_MINUTES,
    KIND,
    LATE,
    LATE_YUAN,
    LEG,
    LOAD,
    LOADED,
    MOVED_YUAN,
    OPENS,
    PAUSE_FROM,
    PROFILE,
    RATE,
    REACH,
    SEARCH_MINUTES,
    SERVICE,
    SLACK,
    STAKE_YUAN,
    START,
    TOLD,
    TOLD_FROM,
    TOLD_TO,
    Floats,
    Ints,
)  # fmt: skip
from dispatch.search.compiled import compiled
from dispatch.search.routes import NOWHERE, TOLERANCE_MINUTES, arrive, begin, node_cost


@compiled
def may_take(node: Floats, crew: Floats, price: Floats, whole: Floats, k: int, v: int) -> bool:
    """Whether crew `k` is allowed node `v` and has room for it."""
    room = crew[k, CAPACITY] - whole[k, LOADED] + TOLERANCE_MINUTES
    return bool(node[v, LOAD] <= room and price[k, v] < math.inf)


@compiled
def two_best(
    drive: Floats, back: Floats, node: Floats, crew: Floats, price: Floats, setting: Floats,
    order: Ints, length: Ints, stop: Floats, fact: Floats, k: int, v: int,
) -> tuple[float, int, float, int]:  # fmt: skip
    """The cheapest position for node `v` in route `k`, the yuan it adds, and the second cheapest.

    NOWHERE and inf where there is none. A position that cannot be among the two is passed over
    before an exponential is taken: 1 − e^(−x) ≥ x / (1 + x) already makes it too dear.
    """
    best, best_at, second, second_at = math.inf, NOWHERE, math.inf, NOWHERE
    base, profile, end = int(crew[k, BASE]), int(crew[k, PROFILE]), length[k]
    search, closes = node[v, SEARCH_MINUTES], node[v, CLOSES] + TOLERANCE_MINUTES
    on_site = search + node[v, SERVICE + int(crew[k, KIND])]
    stake, hazard = node[v, STAKE_YUAN], node[v, HAZARD_PER_MINUTE]
    late, due, told = node[v, LATE_YUAN], node[v, DUE], node[v, TOLD] == k + 1
    bendable = crew[k, PAUSE_FROM] < math.inf or node[v, OPENS] > 0.0
    curved = stake > 0.0 and node[v, HOLD_UNTIL] <= 0.0
    horizon, drive_yuan, home_yuan = setting[HORIZON_MINUTES], setting[DRIVE_YUAN], crew[k, HOME_YUAN]
    ends, was_home = crew[k, ENDS] + TOLERANCE_MINUTES, stop[k, end, REACH]
    always, classes = price[k, v] + setting[BALANCE_YUAN] * end, stop.shape[2] - DECAY
    first = int(crew[k, HEAD])
    follower = int(crew[k, START]) if first == 0 else order[k, first - 1]
    for at in range(first, end + 1):
        before, depart = follower, stop[k, at, DEPART]
        follower = order[k, at] if at < end else base
        there = back[profile, v, before]
        start = depart + there
        if bendable:
            start = begin(node, crew, k, v, arrive(crew, k, depart, there))
        contact = start + search
        minutes = min(contact, horizon)
        onward = drive[profile, v, follower]
        # what is cheap to know first: its own lateness, the detour; no exponentials yet
        added = always + drive_yuan * (there + onward - stop[k, at, LEG])
        if minutes > due:
            added += late * (minutes - due)
        if added >= second or contact > closes:
            continue
        arrival = start + on_site + onward
        if bendable:
            arrival = arrive(crew, k, start + on_site, onward)
        delay = arrival - stop[k, at, REACH]
        plain = at == end or 0.0 <= delay <= stop[k, at, SLACK]
        if plain:
            home = was_home + delay
            added += stop[k, at, LATE] * delay
            floor = added
            if curved:
                exposed = hazard * minutes
                floor += stake * exposed / (1.0 + exposed)
            if at < end:
                for c in range(classes):
                    exposed = setting[RATE + c] * delay
                    floor += stop[k, at, DECAY + c] * exposed / (1.0 + exposed)
            if floor >= second or home > ends:
                continue
            if at < end:
                for c in range(classes):
                    if stop[k, at, DECAY + c] > 0.0:
                        added -= stop[k, at, DECAY + c] * math.expm1(-setting[RATE + c] * delay)
        else:
            tail, home = walk_tail(drive, node, crew, setting, order, length, fact, k, at, arrival)
            added += tail + home_yuan * (home - was_home)
            if not (added < second and home <= ends):
                continue
        if curved:
            added -= stake * math.expm1(-hazard * minutes)
        elif stake > 0.0:
            held = min(minutes, node[v, HOLD_UNTIL])
            added -= stake * math.expm1(-hazard * (held * node[v, HOLD_FRACTION] + (minutes - held)))
        if told and not node[v, TOLD_FROM] <= contact <= node[v, TOLD_TO]:
            added += node[v, MOVED_YUAN]
        if added < best:
            second, second_at, best, best_at = best, best_at, added, at
        elif added < second:
            second, second_at = added, at
    return best, best_at, second, second_at


@compiled
def walk_tail(
    drive: Floats, node: Floats, crew: Floats, setting: Floats,
    order: Ints, length: Ints, fact: Floats, k: int, at: int, arrival: float,
) -> tuple[float, float]:  # fmt: skip
    """What the stops from `at` on cost more if the first is reached at `arrival`, and when it is home."""
    added, clock, profile, kind = 0.0, 0.0, int(crew[k, PROFILE]), int(crew[k, KIND])
    before = order[k, at]
    for i in range(at, length[k]):
        v = order[k, i]
        if i > at:
            arrival = arrive(crew, k, clock, drive[profile, before, v])
        contact = begin(node, crew, k, v, arrival) + node[v, SEARCH_MINUTES]
        if not contact <= node[v, CLOSES] + TOLERANCE_MINUTES:
            return math.inf, math.inf
        added += node_cost(node, setting, k, v, contact)
        added -= node_cost(node, setting, k, v, fact[k, i, CONTACT])
        clock = contact + node[v, SERVICE + kind]
        before = v
    return added, arrive(crew, k, clock, drive[profile, before, int(crew[k, BASE])])
