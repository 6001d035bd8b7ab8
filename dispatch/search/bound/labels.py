"""The best route of one crew under tolls, by labels that dominate one another. Compiled.

A route saves ``Σ gain(contact)`` and pays its drives, its prices and a toll at each node. A
label is a way to stand at a node: when the crew leaves, what it has paid, which near nodes it
has been to. Leaving earlier, having paid less and being freer is better in all that follows,
since losses only grow with time; a visit that no longer pays its toll is never worth it, since
no detour is quicker (`zones.shorten`). Near nodes (ng-sets; Baldacci, Mingozzi and Roberti,
Operations Research 59(5), 2011) may not be visited twice, far ones might: a relaxation, so the
least cost found is never above that of the best route. `step_minutes` rounds leaving times
down, which is a relaxation too, and keeps hard cases small.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from dispatch.search.bound.zones import (
    BALANCE_YUAN,
    CLOSES,
    DRIVE_YUAN,
    DUE,
    ENDS,
    HAZARD,
    HOLD_FRACTION,
    HOLD_UNTIL,
    HOME_MINUTES,
    HORIZON,
    KIND,
    LATE_YUAN,
    MADE,
    MOST,
    NEVER_YUAN,
    OPENS,
    PAUSE_FROM,
    PAUSE_TO,
    PROFILE,
    READY,
    SEARCH,
    SERVICE,
    STAKE_YUAN,
    Floats,
    Ints,
)

TINY_YUAN = 1e-9


@njit(cache=True)
def gain_yuan(node: Floats, v: int, contact: float, horizon: float) -> float:
    """What contact at that moment saves of what never coming costs (dispatch.loss.loss_yuan)."""
    minutes = min(max(contact, 0.0), horizon)
    held = min(minutes, node[v, HOLD_UNTIL])
    exposed = held * node[v, HOLD_FRACTION] + (minutes - held)
    loss = node[v, STAKE_YUAN] * -np.expm1(-node[v, HAZARD] * exposed)
    if minutes > node[v, DUE]:
        loss += node[v, LATE_YUAN] * (minutes - node[v, DUE])
    return float(node[v, NEVER_YUAN] - loss)


@njit(cache=True)
def arrives(depart: float, minutes: float, pause_from: float, pause_to: float) -> float:
    """When a drive arrives that pauses while the break lasts (dispatch.timeline.drive)."""
    arrive = depart + minutes
    if depart < pause_to and arrive > pause_from:
        arrive += pause_to - max(depart, pause_from)
    return arrive


@njit(cache=True)
def begins(arrive: float, length: float, opens: float, pause_from: float, pause_to: float) -> float:
    """When a visit begins: in its window and not through the break (dispatch.timeline.begin)."""
    start = max(arrive, opens)
    if start < pause_to and start + length > pause_from:
        return pause_to
    return start


@njit(cache=True)
def soonest_yuan(
    node: Floats, crew: Floats, start: Floats, home: Floats, extra: Floats, setting: Floats, k: int, v: int
) -> float:
    """What crew k saves at node v going there first of all, drives not paid; -inf if it cannot."""
    if not extra[k, v] < np.inf or crew[k, MADE] >= crew[k, MOST]:
        return -np.inf
    length = node[v, SEARCH] + node[v, SERVICE + int(crew[k, KIND])]
    arrive = arrives(crew[k, READY], start[k, v], crew[k, PAUSE_FROM], crew[k, PAUSE_TO])
    begin = begins(arrive, length, node[v, OPENS], crew[k, PAUSE_FROM], crew[k, PAUSE_TO])
    back = arrives(begin + length, home[k, v], crew[k, PAUSE_FROM], crew[k, PAUSE_TO])
    if begin + node[v, SEARCH] > node[v, CLOSES] or back > crew[k, ENDS]:
        return -np.inf
    return float(gain_yuan(node, v, begin + node[v, SEARCH], setting[HORIZON]) - extra[k, v])


@njit(cache=True)
def soonest_table(
    node: Floats, crew: Floats, start: Floats, home: Floats, extra: Floats, setting: Floats
) -> Floats:
    """`soonest_yuan` of all crews (k) at all nodes (n)."""
    table = np.empty((len(crew), len(node)))
    for k in range(len(crew)):
        for v in range(len(node)):
            table[k, v] = soonest_yuan(node, crew, start, home, extra, setting, k, v)
    return table


@njit(cache=True)
def best_routes(
    node: Floats,
    crew: Floats,
    start: Floats,
    home: Floats,
    extra: Floats,
    between: Floats,
    setting: Floats,
    toll: Floats,
    soonest: Floats,
    near: Ints,
    slot: Ints,
    k: int,
    step_minutes: float,
    strict: bool,
    hops: Ints,
    label_int: Ints,
    label_yuan: Floats,
    found: Ints,
    found_yuan: Floats,
) -> tuple[float, int]:
    """The least reduced cost of a route of crew k (0 if it stays), and how many routes were written.

    `near` (n, b) are the ng-sets, `slot` (n, n) the place of a node in another's set or -1.
    Without `strict` a label is beaten by an earlier and cheaper one wherever that has been, and
    goes on to its `hops` (n, few) only: good routes soon, but no proof that there are no better.
    `label_int` (room, 6) and `label_yuan` (room, 2) are scratch. Routes go to `found`
    (most, longest), -1 behind the last stop, cheapest first, with their reduced cost in
    `found_yuan`, one a last node at most. NaN if `room` was not enough.
    """
    room, most, longest = len(label_int), len(found), found.shape[1]
    horizon, drive_yuan, balance = setting[HORIZON], setting[DRIVE_YUAN], setting[BALANCE_YUAN]
    pause_from, pause_to, ends = crew[k, PAUSE_FROM], crew[k, PAUSE_TO], crew[k, ENDS]
    kind, made = SERVICE + int(crew[k, KIND]), int(crew[k, MADE])
    left = min(int(crew[k, MOST]) - made, longest)
    way = between[int(crew[k, PROFILE])]
    able = np.flatnonzero(soonest[k] - toll > TINY_YUAN)
    # label_int: node, stops, near nodes been to, parent, next label of the node, 1 if dominated
    head = np.full(len(node), -1)
    last = np.full(len(node), -1)
    last_yuan = np.zeros(len(node))
    count, best = 0, 0.0
    idle_yuan = drive_yuan * crew[k, HOME_MINUTES] if drive_yuan > 0 else 0.0
    at = -1
    while at < count:
        if at < 0:
            v, stops, been, leave, paid = -1, 0, 0, crew[k, READY], -idle_yuan
        else:
            if label_int[at, 5]:
                at += 1
                continue
            v, stops, been = label_int[at, 0], label_int[at, 1], label_int[at, 2]
            leave, paid = label_yuan[at, 0], label_yuan[at, 1]
        if stops < left:
            wide = strict or v < 0
            for i in range(len(able) if wide else hops.shape[1]):
                u = able[i] if wide else hops[v, i]
                if not wide and soonest[k, u] - toll[u] <= TINY_YUAN:
                    continue
                if u == v or (v >= 0 and slot[v, u] >= 0 and been >> slot[v, u] & 1):
                    continue
                minutes = start[k, u] if v < 0 else way[v, u]
                length = node[u, SEARCH] + node[u, kind]
                arrive = arrives(leave, minutes, pause_from, pause_to)
                begin = begins(arrive, length, node[u, OPENS], pause_from, pause_to)
                contact = begin + node[u, SEARCH]
                if contact > node[u, CLOSES] or begin + length > ends:
                    continue
                gain = gain_yuan(node, u, contact, horizon) - extra[k, u] - toll[u]
                if gain <= TINY_YUAN:
                    continue
                done = begin + length
                if arrives(done, home[k, u], pause_from, pause_to) > ends:
                    continue
                if step_minutes > 0:
                    done = max(leave, np.floor(done / step_minutes) * step_minutes)
                pays = paid - gain + balance * (made + stops)
                if drive_yuan > 0:
                    pays += drive_yuan * minutes
                reach = 0
                if v >= 0:
                    for bit in range(near.shape[1]):
                        if been >> bit & 1:
                            w = slot[u, near[v, bit]]
                            if w >= 0:
                                reach |= 1 << w
                if slot[u, u] >= 0:
                    reach |= 1 << slot[u, u]
                other, dominated = head[u], False
                while other >= 0:
                    if label_yuan[other, 0] <= done and label_yuan[other, 1] <= pays:
                        if not strict or label_int[other, 2] & ~reach == 0:
                            dominated = True
                            break
                    elif (
                        other > at
                        and label_int[other, 1] == stops + 1
                        and done <= label_yuan[other, 0]
                        and pays <= label_yuan[other, 1]
                        and (not strict or reach & ~label_int[other, 2] == 0)
                    ):
                        label_int[other, 5] = 1
                    other = label_int[other, 4]
                if dominated:
                    continue
                if count == room:
                    return np.nan, 0
                label_int[count, 0], label_int[count, 1], label_int[count, 2] = u, stops + 1, reach
                label_int[count, 3], label_int[count, 4], label_int[count, 5] = at, head[u], 0
                label_yuan[count, 0], label_yuan[count, 1] = done, pays
                head[u] = count
                whole = pays + drive_yuan * home[k, u] if drive_yuan > 0 else pays
                if whole < last_yuan[u]:
                    last_yuan[u], last[u] = whole, count
                    best = min(best, whole)
                count += 1
        at += 1
    written = 0
    for u in np.argsort(last_yuan)[:most]:
        if last[u] < 0:
            break
        found_yuan[written] = last_yuan[u]
        stop, one = label_int[last[u], 1], last[u]
        found[written, stop:] = -1
        while one >= 0:
            stop -= 1
            found[written, stop] = label_int[one, 0]
            one = label_int[one, 3]
        written += 1
    return best, written
