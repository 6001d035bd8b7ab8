"""One route: when each stop happens, what it costs, and what one more stop would cost. Compiled.

The clock is that of `dispatch.timeline`, the loss that of `dispatch.loss`; tests hold them
against each other on random days. Functions take the columns of `Day` and `Tours` one by one:
compiled code pays for every bundle it unpacks, and these are called millions of times a second.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from dispatch.search.arrays import (
    BASE,
    CAPACITY,
    CLOSES,
    CONTACT,
    COST_SO_FAR,
    COST_YUAN,
    DECAY,
    DRIVE_YUAN,
    DROVE_SO_FAR,
    DUE,
    ENDS,
    HAZARD_CLASS,
    HAZARD_PER_MINUTE,
    HOLD_FRACTION,
    HOLD_UNTIL,
    HOME,
    HOME_YUAN,
    HORIZON_MINUTES,
    KIND,
    LATE,
    LATE_YUAN,
    LEAVE,
    LEFT_YUAN,
    LOAD,
    LOAD_SO_FAR,
    LOADED,
    OPENS,
    OWN_SLACK,
    PAUSE_FROM,
    PAUSE_TO,
    PROFILE,
    RATE,
    READY,
    SEARCH_MINUTES,
    SERVICE,
    SLACK,
    STAKE_YUAN,
    Floats,
    Ints,
)  # fmt: skip

NOWHERE = -1
TOLERANCE_MINUTES = 1e-9
_BENT = -1.0


@njit(cache=True, nogil=True, error_model="numpy")
def node_loss(node: Floats, setting: Floats, v: int, contact: float) -> float:
    """Yuan lost at node `v` if first contact is at `contact`; flat after the horizon."""
    minutes = min(max(contact, 0.0), setting[HORIZON_MINUTES])
    loss = 0.0
    if node[v, STAKE_YUAN] > 0.0:
        held = min(minutes, node[v, HOLD_UNTIL])
        exposed = held * node[v, HOLD_FRACTION] + (minutes - held)
        loss = -node[v, STAKE_YUAN] * math.expm1(-node[v, HAZARD_PER_MINUTE] * exposed)
    if minutes > node[v, DUE]:
        loss += node[v, LATE_YUAN] * (minutes - node[v, DUE])
    return loss


@njit(cache=True, nogil=True, error_model="numpy")
def arrive(crew: Floats, k: int, depart: float, minutes: float) -> float:
    """When a drive ends; the break is added to one it interrupts."""
    start, end = crew[k, PAUSE_FROM], crew[k, PAUSE_TO]
    arrival = depart + minutes
    if depart < end and arrival > start:
        arrival = float(end + (minutes - max(0.0, start - depart)))
    return arrival


@njit(cache=True, nogil=True, error_model="numpy")
def begin(node: Floats, crew: Floats, k: int, v: int, arrival: float) -> float:
    """When the visit starts: not before the window, and not where it would overlap the break."""
    start = float(max(arrival, node[v, OPENS]))
    if start < crew[k, PAUSE_TO]:
        length = node[v, SEARCH_MINUTES] + node[v, SERVICE + int(crew[k, KIND])]
        if start + length > crew[k, PAUSE_FROM]:
            start = float(crew[k, PAUSE_TO])
    return start


@njit(cache=True, nogil=True, error_model="numpy")
def refresh(
    drive: Floats, node: Floats, crew: Floats, price: Floats, setting: Floats,
    order: Ints, length: Ints, stop: Floats, whole: Floats, where: Ints, k: int, first: int,
) -> None:  # fmt: skip
    """Recompute what is known of route `k` from its order of stops; those before `first` are as they were."""
    base, profile, kind = int(crew[k, BASE]), int(crew[k, PROFILE]), int(crew[k, KIND])
    paused, horizon, end = crew[k, PAUSE_FROM] < math.inf, setting[HORIZON_MINUTES], length[k]
    clock, before, drove, cost, load = crew[k, READY], base, 0.0, 0.0, 0.0
    if first > 0:
        before, clock = order[k, first - 1], stop[k, first - 1, LEAVE]
        cost, drove = stop[k, first - 1, COST_SO_FAR], stop[k, first - 1, DROVE_SO_FAR]
        load = stop[k, first - 1, LOAD_SO_FAR]
    for i in range(first, end):
        v = order[k, i]
        where[v, 0], where[v, 1] = k, i
        minutes = drive[profile, before, v]
        arrival = clock + minutes
        start = max(arrival, node[v, OPENS])
        if paused:
            arrival = arrive(crew, k, clock, minutes)
            start = begin(node, crew, k, v, arrival)
        contact = start + node[v, SEARCH_MINUTES]
        clock = contact + node[v, SERVICE + kind]
        drove += minutes
        before = v
        slack, left, reached = node[v, CLOSES] - contact, 0.0, min(contact, horizon)
        cost += price[k, v]
        load += node[v, LOAD]
        if node[v, STAKE_YUAN] > 0.0:
            exposed = reached - min(reached, node[v, HOLD_UNTIL]) * (1.0 - node[v, HOLD_FRACTION])
            left = node[v, STAKE_YUAN] * math.exp(-node[v, HAZARD_PER_MINUTE] * exposed)
            cost += node[v, STAKE_YUAN] - left
        if reached > node[v, DUE]:
            cost += node[v, LATE_YUAN] * (reached - node[v, DUE])
        elif node[v, LATE_YUAN] > 0.0:
            slack = min(slack, node[v, DUE] - contact)
        if contact < horizon:
            slack = min(slack, horizon - contact)
            if contact < node[v, HOLD_UNTIL]:
                slack = _BENT
        else:
            left, slack = 0.0, node[v, CLOSES] - contact
        if start > arrival + TOLERANCE_MINUTES:
            slack = _BENT
        stop[k, i, CONTACT], stop[k, i, LEAVE], stop[k, i, LEFT_YUAN] = contact, clock, left
        stop[k, i, OWN_SLACK], stop[k, i, COST_SO_FAR] = slack, cost
        stop[k, i, DROVE_SO_FAR], stop[k, i, LOAD_SO_FAR] = drove, load
    home = crew[k, READY]
    if end:
        minutes = drive[profile, before, base]
        drove += minutes
        home = arrive(crew, k, clock, minutes)
        cost += setting[DRIVE_YUAN] * drove + crew[k, HOME_YUAN] * (home - crew[k, READY])
    whole[k, HOME], whole[k, LOADED], whole[k, COST_YUAN] = home, load, cost
    _sum_tails(node, crew, setting, order, stop, k, end, home)


@njit(cache=True, nogil=True, error_model="numpy")
def _sum_tails(
    node: Floats, crew: Floats, setting: Floats, order: Ints, stop: Floats, k: int, end: int, home: float
) -> None:
    """What a delay of each tail of the route would cost, from its end to its start."""
    pause_from, pause_to, columns = crew[k, PAUSE_FROM], crew[k, PAUSE_TO], stop.shape[2]
    slack = pause_from - home  # of the way home: it may meet the break, too
    if slack < 0.0:
        slack = _BENT if end and stop[k, end - 1, LEAVE] < pause_to else math.inf
    broken, late = home > pause_from, 0.0
    stop[k, end, SLACK], stop[k, end, LATE] = slack, 0.0
    for c in range(DECAY, columns):
        stop[k, end, c] = 0.0
    for i in range(end - 1, -1, -1):
        v, contact = order[k, i], stop[k, i, CONTACT]
        slack = min(slack, stop[k, i, OWN_SLACK])
        if broken and contact - node[v, SEARCH_MINUTES] < pause_to:
            slack = _BENT
        if node[v, DUE] <= contact < setting[HORIZON_MINUTES]:
            late += node[v, LATE_YUAN]
        stop[k, i, SLACK], stop[k, i, LATE] = slack, late
        for c in range(DECAY, columns):
            stop[k, i, c] = stop[k, i + 1, c]
        stop[k, i, DECAY + int(node[v, HAZARD_CLASS])] += stop[k, i, LEFT_YUAN]


@njit(cache=True, nogil=True, error_model="numpy")
def best_in_route(
    drive: Floats, node: Floats, crew: Floats, price: Floats, setting: Floats,
    order: Ints, length: Ints, stop: Floats, whole: Floats, k: int, v: int, most: float, blink: float,
) -> tuple[float, int]:  # fmt: skip
    """The cheapest position for node `v` in route `k` that adds less than `most` yuan, and what it adds.

    Gives `most` and NOWHERE if there is none. With chance `blink` a position is passed over.
    Where 1 − e^(−x) ≥ x / (1 + x) already makes a position too dear, no exponential is taken.
    """
    best, best_at, price_yuan = most, NOWHERE, price[k, v]
    if price_yuan >= best or whole[k, LOADED] + node[v, LOAD] > crew[k, CAPACITY] + TOLERANCE_MINUTES:
        return best, best_at
    base, profile, end = int(crew[k, BASE]), int(crew[k, PROFILE]), length[k]
    search, closes = node[v, SEARCH_MINUTES], node[v, CLOSES] + TOLERANCE_MINUTES
    on_site = search + node[v, SERVICE + int(crew[k, KIND])]
    stake, hazard, late, due = (
        node[v, STAKE_YUAN],
        node[v, HAZARD_PER_MINUTE],
        node[v, LATE_YUAN],
        node[v, DUE],
    )
    bendable = crew[k, PAUSE_FROM] < math.inf or node[v, OPENS] > 0.0
    curved = stake > 0.0 and node[v, HOLD_UNTIL] <= 0.0
    horizon, drive_yuan, home_yuan = setting[HORIZON_MINUTES], setting[DRIVE_YUAN], crew[k, HOME_YUAN]
    ends, was_home = crew[k, ENDS] + TOLERANCE_MINUTES, whole[k, HOME]
    clock, before = crew[k, READY], base
    for at in range(end + 1):
        there = drive[profile, before, v]
        start = clock + there
        if bendable:
            start = begin(node, crew, k, v, arrive(crew, k, clock, there))
        contact = start + search
        here = before
        if at < end:
            clock, before = stop[k, at, LEAVE], order[k, at]
        # bounds first: what it loses itself, then the detour, then the tail; no exponentials yet
        minutes = min(contact, horizon)
        exact = price_yuan + late * max(0.0, minutes - due)
        floor = exact
        if curved:
            exposed = hazard * minutes
            floor += stake * exposed / (1.0 + exposed)
        if floor >= best or contact > closes:
            continue
        follower = before if at < end else base
        onward = drive[profile, v, follower]
        detour = drive_yuan * (there + onward - (drive[profile, here, follower] if end else 0.0))
        exact += detour
        floor += detour
        arrival = start + on_site + onward
        if bendable:
            arrival = arrive(crew, k, start + on_site, onward)
        home, plain, delay = arrival, True, 0.0
        if at < end:
            delay = arrival - (stop[k, at, CONTACT] - node[follower, SEARCH_MINUTES])
            plain = 0.0 <= delay <= stop[k, at, SLACK]
            if plain:
                home = was_home + delay
                tail = stop[k, at, LATE] * delay
                exact += tail
                floor += tail
                for c in range(stop.shape[2] - DECAY):
                    exposed = setting[RATE + c] * delay
                    floor += stop[k, at, DECAY + c] * exposed / (1.0 + exposed)
        floor += home_yuan * (home - was_home)
        if plain and (floor >= best or home > ends):
            continue
        if curved:
            exact -= stake * math.expm1(-hazard * minutes)
        elif stake > 0.0:
            exact = exact - late * max(0.0, minutes - due) + node_loss(node, setting, v, contact)
        if not plain:
            tail, home = _walk_tail(drive, node, crew, setting, order, length, stop, k, at, arrival)
            exact += tail
        elif at < end:
            for c in range(stop.shape[2] - DECAY):
                if stop[k, at, DECAY + c] > 0.0:
                    exact -= stop[k, at, DECAY + c] * math.expm1(-setting[RATE + c] * delay)
        exact += home_yuan * (home - was_home)
        if exact < best and home <= ends and (blink <= 0.0 or np.random.random() >= blink):
            best, best_at = exact, at
    return best, best_at


@njit(cache=True, nogil=True, error_model="numpy")
def _walk_tail(
    drive: Floats, node: Floats, crew: Floats, setting: Floats,
    order: Ints, length: Ints, stop: Floats, k: int, at: int, arrival: float,
) -> tuple[float, float]:  # fmt: skip
    """What the stops from `at` on lose more if the first is reached at `arrival`, and when it is home."""
    added, clock, profile, kind = 0.0, 0.0, int(crew[k, PROFILE]), int(crew[k, KIND])
    before = order[k, at]
    for i in range(at, length[k]):
        v = order[k, i]
        if i > at:
            arrival = arrive(crew, k, clock, drive[profile, before, v])
        contact = begin(node, crew, k, v, arrival) + node[v, SEARCH_MINUTES]
        if not contact <= node[v, CLOSES] + TOLERANCE_MINUTES:
            return math.inf, math.inf
        added += node_loss(node, setting, v, contact) - node_loss(node, setting, v, stop[k, i, CONTACT])
        clock = contact + node[v, SERVICE + kind]
        before = v
    return added, arrive(crew, k, clock, drive[profile, before, int(crew[k, BASE])])
