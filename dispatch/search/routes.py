"""One route: when each stop happens and what it costs. Compiled.

The clock is that of `dispatch.timeline`, the loss that of `dispatch.loss`; tests hold them
against each other on random days. Functions take the columns of `Day` and `Tours` one by one:
compiled code pays for every bundle it unpacks, and these are called millions of times a second.
"""

from __future__ import annotations

import math

from dispatch.search.arrays import (
    BALANCE_YUAN,
    BASE,
    CLOSES,
    CONTACT,
    COST_SO_FAR,
    COST_YUAN,
    DECAY,
    DEPART,
    DRIVE_YUAN,
    DUE,
    HAZARD_CLASS,
    HAZARD_PER_MINUTE,
    HOLD_FRACTION,
    HOLD_UNTIL,
    HOME,
    HOME_YUAN,
    HORIZON_MINUTES,
    KEPT,
    KEPT_SO_FAR,
    KIND,
    LATE,
    LATE_YUAN,
    LEFT_YUAN,
    LEG,
    LOAD,
    LOAD_SO_FAR,
    LOADED,
    MOVED_YUAN,
    OPENS,
    OWN_SLACK,
    PAUSE_FROM,
    PAUSE_TO,
    PROFILE,
    REACH,
    READY,
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

NOWHERE = -1
TOLERANCE_MINUTES = 1e-9
_BENT = -1.0


@compiled
def node_cost(node: Floats, setting: Floats, k: int, v: int, contact: float) -> float:
    """Yuan lost at node `v` if crew `k` makes first contact at `contact`, and paid if it was told another time."""
    minutes = min(max(contact, 0.0), setting[HORIZON_MINUTES])
    cost = 0.0
    if node[v, STAKE_YUAN] > 0.0:
        held = min(minutes, node[v, HOLD_UNTIL])
        exposed = held * node[v, HOLD_FRACTION] + (minutes - held)
        cost = -node[v, STAKE_YUAN] * math.expm1(-node[v, HAZARD_PER_MINUTE] * exposed)
    if minutes > node[v, DUE]:
        cost += node[v, LATE_YUAN] * (minutes - node[v, DUE])
    if node[v, TOLD] == k + 1 and not node[v, TOLD_FROM] <= contact <= node[v, TOLD_TO]:
        cost += node[v, MOVED_YUAN]
    return cost


@compiled
def arrive(crew: Floats, k: int, depart: float, minutes: float) -> float:
    """When a drive ends; the break is added to one it interrupts."""
    start, end = crew[k, PAUSE_FROM], crew[k, PAUSE_TO]
    arrival = depart + minutes
    if depart < end and arrival > start:
        arrival = float(end + (minutes - max(0.0, start - depart)))
    return arrival


@compiled
def begin(node: Floats, crew: Floats, k: int, v: int, arrival: float) -> float:
    """When the visit starts: not before the window, and not where it would overlap the break."""
    start = float(max(arrival, node[v, OPENS]))
    if start < crew[k, PAUSE_TO]:
        length = node[v, SEARCH_MINUTES] + node[v, SERVICE + int(crew[k, KIND])]
        if start + length > crew[k, PAUSE_FROM]:
            start = float(crew[k, PAUSE_TO])
    return start


@compiled
def refresh(
    drive: Floats, node: Floats, crew: Floats, price: Floats, setting: Floats,
    order: Ints, length: Ints, stop: Floats, fact: Floats, whole: Floats, where: Ints, k: int, first: int,
) -> None:  # fmt: skip
    """Recompute what is known of route `k` from its order of stops; those before `first` are as they were."""
    profile, kind, end = int(crew[k, PROFILE]), int(crew[k, KIND]), length[k]
    paused, horizon = crew[k, PAUSE_FROM] < math.inf, setting[HORIZON_MINUTES]
    clock, before, cost, load, kept = crew[k, READY], int(crew[k, START]), 0.0, 0.0, 0.0
    if first > 0:
        before, clock = order[k, first - 1], stop[k, first, DEPART]
        cost, load = fact[k, first - 1, COST_SO_FAR], fact[k, first - 1, LOAD_SO_FAR]
        kept = fact[k, first - 1, KEPT_SO_FAR]
    for i in range(first, end):
        v = order[k, i]
        where[v, 0], where[v, 1] = k, i
        minutes = drive[profile, before, v]
        stop[k, i, DEPART], stop[k, i, LEG] = clock, minutes
        arrival = clock + minutes
        start = max(arrival, node[v, OPENS])
        if paused:
            arrival = arrive(crew, k, clock, minutes)
            start = begin(node, crew, k, v, arrival)
        contact = start + node[v, SEARCH_MINUTES]
        clock = contact + node[v, SERVICE + kind]
        before = v
        slack, left, reached = node[v, CLOSES] - contact, 0.0, min(contact, horizon)
        cost += price[k, v] + setting[DRIVE_YUAN] * minutes + setting[BALANCE_YUAN] * i
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
        if node[v, TOLD] == k + 1:
            if contact < node[v, TOLD_FROM]:
                cost, slack = cost + node[v, MOVED_YUAN], min(slack, node[v, TOLD_FROM] - contact - 1e-9)
            elif contact > node[v, TOLD_TO]:
                cost += node[v, MOVED_YUAN]
            else:
                kept, slack = kept + 1.0, min(slack, node[v, TOLD_TO] - contact)
        if start > arrival + TOLERANCE_MINUTES:
            slack = _BENT
        stop[k, i, REACH], fact[k, i, CONTACT], fact[k, i, LEFT_YUAN] = start, contact, left
        fact[k, i, OWN_SLACK], fact[k, i, COST_SO_FAR] = slack, cost
        fact[k, i, LOAD_SO_FAR], fact[k, i, KEPT_SO_FAR] = load, kept
    home, minutes = crew[k, READY], 0.0
    if end:
        minutes = drive[profile, before, int(crew[k, BASE])]
        home = arrive(crew, k, clock, minutes)
        cost += setting[DRIVE_YUAN] * minutes + crew[k, HOME_YUAN] * (home - crew[k, READY])
    stop[k, end, DEPART], stop[k, end, REACH], stop[k, end, LEG] = clock, home, minutes
    whole[k, HOME], whole[k, LOADED], whole[k, COST_YUAN], whole[k, KEPT] = home, load, cost, kept
    _sum_tails(node, crew, setting, order, stop, fact, k, end, home)


@compiled
def _sum_tails(
    node: Floats, crew: Floats, setting: Floats, order: Ints, stop: Floats, fact: Floats,
    k: int, end: int, home: float,
) -> None:  # fmt: skip
    """What a delay of each tail of the route would cost, from its end to its start."""
    pause_from, pause_to, columns = crew[k, PAUSE_FROM], crew[k, PAUSE_TO], stop.shape[2]
    slack = pause_from - home  # of the way home: it may meet the break, too
    if slack < 0.0:
        slack = _BENT if end and stop[k, end, DEPART] < pause_to else math.inf
    broken, late = home > pause_from, crew[k, HOME_YUAN]
    stop[k, end, SLACK], stop[k, end, LATE] = slack, late
    for c in range(DECAY, columns):
        stop[k, end, c] = 0.0
    for i in range(end - 1, -1, -1):
        v = order[k, i]
        slack = min(slack, fact[k, i, OWN_SLACK])
        if broken and stop[k, i, REACH] < pause_to:
            slack = _BENT
        if node[v, DUE] <= fact[k, i, CONTACT] < setting[HORIZON_MINUTES]:
            late += node[v, LATE_YUAN]
        stop[k, i, SLACK], stop[k, i, LATE] = slack, late
        if columns > DECAY:
            for c in range(DECAY, columns):
                stop[k, i, c] = stop[k, i + 1, c]
            stop[k, i, DECAY + int(node[v, HAZARD_CLASS])] += fact[k, i, LEFT_YUAN]
