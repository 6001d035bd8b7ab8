"""What units and cases do: sent, turned, freed, sent back, queued, closed. Each change has its name."""

from __future__ import annotations

import numpy as np

from dispatch.simulate import changes as c
from dispatch.simulate.arrays import (
    ALERT,
    ASSIGNED,
    AT,
    AWAY,
    BEHIND,
    BELIEVED,
    BUSY,
    BUSY_FROM,
    CASE,
    CASE_STAMP,
    CASE_STATE,
    CHANGES,
    CLOSED,
    DISPATCHED,
    DIVERT,
    DRIVEN,
    DRIVING,
    FIRST_HOUR,
    FRESH,
    FRESH_LIST,
    FRESHLY,
    GIVE_UP,
    HOME,
    HOME_IDLE,
    HOUR,
    HOUR_MINUTES,
    IDLE,
    IDLE_LIST,
    IN_QUEUE,
    KILOMETRES,
    KMH,
    LEFT,
    LEG_KMH,
    LOGGED,
    LOGS,
    LONGEST,
    NEIGHBOUR_AFTER,
    ON,
    OPEN,
    OPENS,
    POST,
    QUEUE,
    QUEUED,
    READY,
    RETURNING,
    SHARE,
    SORT,
    SPOT,
    STAMP,
    STANDBY,
    STANDING,
    STATE,
    THERE,
    TO,
    TURNS,
    UNIT,
    VISITS,
    WAITING,
    Deck,
    Ground,
    Play,
)
from dispatch.simulate.choosing import from_there, table_now, whereabouts
from dispatch.simulate.compiled import inner
from dispatch.simulate.heap import KEY_STEP, push

AT_HOUR, AT_UNIT, AT_DUTY, AT_CALL, AT_WAIT, AT_READY = range(6)
"""Kinds of what is to come; of equal moments the first of these is first."""
_KINDS = 4


@inner
def note(p: Play, what: int, case: int, unit: int, zone: int) -> None:
    """One state changes: one event."""
    p.tally[CHANGES] += 1
    if p.tally[LOGS]:
        row = p.log[p.tally[LOGGED]]
        row[0], row[1], row[2], row[3], row[4] = p.now[0], what, case, unit, zone
        p.tally[LOGGED] += 1


@inner
def add_idle(g: Ground, p: Play, u: int) -> None:
    """The unit can be sent: from home, or, listed first, from elsewhere."""
    if p.crew[u, SPOT] < 0:
        p.crew[u, SPOT] = p.tally[IDLE]
        p.lists[IDLE_LIST, p.tally[IDLE]] = u
        p.tally[IDLE] += 1
        p.lists[HOME_IDLE, u] = 1
    at_home = p.crew[u, STATE] == STANDING and p.crew[u, AT] == g.unit[u, HOME]
    if at_home and p.lists[HOME_IDLE, u] == 0:
        p.tally[AWAY] -= 1
        _take_spot(p, u, p.tally[AWAY])
    elif not at_home and p.lists[HOME_IDLE, u]:
        _take_spot(p, u, p.tally[AWAY])
        p.tally[AWAY] += 1
    p.lists[HOME_IDLE, u] = at_home


@inner
def drop_idle(p: Play, u: int) -> None:
    """The unit cannot be sent."""
    if p.crew[u, SPOT] >= 0:
        if p.lists[HOME_IDLE, u] == 0:
            p.tally[AWAY] -= 1
            _take_spot(p, u, p.tally[AWAY])
        p.tally[IDLE] -= 1
        _take_spot(p, u, p.tally[IDLE])
        p.crew[u, SPOT] = -1
        p.lists[HOME_IDLE, u] = 0


@inner
def _take_spot(p: Play, u: int, spot: int) -> None:
    """The unit changes places with who has that spot among the idle."""
    mine, other = p.crew[u, SPOT], p.lists[IDLE_LIST, spot]
    p.lists[IDLE_LIST, mine], p.lists[IDLE_LIST, spot] = other, u
    p.crew[other, SPOT], p.crew[u, SPOT] = mine, spot


@inner
def make_fresh(p: Play, u: int) -> None:
    """The unit is to be asked about those who wait."""
    if p.crew[u, FRESH] == 0:
        p.crew[u, FRESH] = 1
        p.lists[FRESH_LIST, p.tally[FRESHLY]] = u
        p.tally[FRESHLY] += 1


@inner
def enqueue(g: Ground, d: Deck, p: Play, i: int) -> None:
    """The case waits, and will be looked at when another kind may go, or when it is given up."""
    p.case[i, CASE_STATE], p.case[i, UNIT] = IN_QUEUE, -1
    p.case[i, QUEUED] = p.tally[WAITING]
    p.lists[QUEUE, p.tally[WAITING]] = i
    p.tally[WAITING] += 1
    p.tally[LONGEST] = max(p.tally[LONGEST], p.tally[WAITING])
    push_wait(g, d, p, i)


@inner
def push_wait(g: Ground, d: Deck, p: Play, i: int) -> None:
    """What comes to a waiting case next: another kind may go, or it is given up."""
    sort, now = g.sort[d.what[i, SORT]], p.now[0]
    soonest = d.when[i, ALERT] + g.rule[GIVE_UP]
    for kind in range(_KINDS):
        own = d.when[i, READY] + sort[OPENS + kind]
        other = d.when[i, READY] + (sort[OPENS + kind] + g.rule[NEIGHBOUR_AFTER + kind])
        if now < own < soonest:
            soonest = own
        if now < other < soonest:
            soonest = other
    p.case[i, CASE_STAMP] += 1
    if soonest < np.inf:
        push(p, max(soonest, now), AT_WAIT * KEY_STEP + i, p.case[i, CASE_STAMP])


@inner
def dequeue(p: Play, i: int) -> None:
    """The case waits no longer."""
    spot = p.case[i, QUEUED]
    if spot >= 0:
        p.tally[WAITING] -= 1
        last = p.lists[QUEUE, p.tally[WAITING]]
        p.lists[QUEUE, spot] = last
        p.case[last, QUEUED] = spot
        p.case[i, QUEUED] = -1
        p.case[i, CASE_STAMP] += 1


@inner
def close(p: Play, i: int, state: int) -> None:
    """The case has come to its end."""
    dequeue(p, i)
    p.case[i, CASE_STATE] = state
    p.times[i, CLOSED] = p.now[0]
    p.tally[OPEN] -= 1


@inner
def end_leg(p: Play, u: int) -> None:
    """Count what was driven since the unit left."""
    driven = p.now[0] - p.clockings[u, LEFT]
    p.clockings[u, DRIVEN] += driven
    p.clockings[u, KILOMETRES] += driven / 60.0 * p.clockings[u, LEG_KMH]


@inner
def start_leg(g: Ground, p: Play, u: int, state: int, target: int) -> None:
    """The unit leaves where it is for a zone; who was on the way turns."""
    origin, other, share = whereabouts(p, u)
    if p.crew[u, STATE] == DRIVING or p.crew[u, STATE] == RETURNING:
        end_leg(p, u)
    table = table_now(g, p, u)
    minutes = from_there(g, table, origin, other, share, target)
    p.crew[u, AT], p.crew[u, BEHIND], p.crew[u, TO] = origin, other, target
    p.clockings[u, SHARE], p.clockings[u, LEG_KMH] = share, g.rule[KMH + table] * 60.0 / g.rule[HOUR_MINUTES]
    p.clockings[u, LEFT], p.clockings[u, THERE] = p.now[0], p.now[0] + minutes
    p.crew[u, STATE] = state
    stage(p, u)


@inner
def stage(p: Play, u: int) -> None:
    """What the unit does now ends at its `THERE`, unless something comes before."""
    p.crew[u, STAMP] += 1
    push(p, p.clockings[u, THERE], AT_UNIT * KEY_STEP + u, p.crew[u, STAMP])


@inner
def send(g: Ground, d: Deck, p: Play, i: int, u: int) -> int:
    """The unit goes to the case. The case it was on its way to before, which must wait again; -1 if none."""
    left = -1
    if p.crew[u, STATE] == DRIVING:
        left = p.crew[u, CASE]
        p.crew[u, VISITS] -= 1
        p.clockings[u, BUSY] += p.now[0] - p.clockings[u, BUSY_FROM]
        note(p, c.RETURNED, left, u, d.what[left, BELIEVED])
        enqueue(g, d, p, left)
    drop_idle(p, u)
    dequeue(p, i)
    p.case[i, CASE_STATE], p.case[i, UNIT] = ASSIGNED, u
    p.case[i, TURNS] += 1
    if np.isnan(p.times[i, DISPATCHED]):
        p.times[i, DISPATCHED] = p.now[0]
    note(p, c.ASSIGNED, i, u, d.what[i, BELIEVED])
    p.crew[u, CASE] = i
    p.crew[u, VISITS] += 1
    p.clockings[u, BUSY_FROM] = p.now[0]
    start_leg(g, p, u, DRIVING, d.what[i, BELIEVED])
    note(p, c.DEPARTS, i, u, d.what[i, BELIEVED])
    return left


@inner
def post_of(g: Ground, p: Play, u: int) -> int:
    """Where the unit waits at this hour."""
    if g.rule[STANDBY] and p.crew[u, ON]:
        hour = p.tally[HOUR] % 24
        return int(g.unit[u, POST + hour])
    return int(g.unit[u, HOME])


@inner
def head_back(g: Ground, p: Play, u: int) -> None:
    """The unit sets out for where it waits; who drives can be sent where that is allowed."""
    target = post_of(g, p, u)
    start_leg(g, p, u, RETURNING, target)
    note(p, c.HEADS_BACK, -1, u, target)
    drop_idle(p, u)
    if p.crew[u, ON] and g.rule[DIVERT]:
        add_idle(g, p, u)


@inner
def set_free(g: Ground, p: Play, u: int) -> None:
    """The unit has done with its case, at a door or on the way."""
    p.clockings[u, BUSY] += p.now[0] - p.clockings[u, BUSY_FROM]
    p.crew[u, CASE] = -1
    note(p, c.FREE, -1, u, p.crew[u, AT])
    if p.crew[u, STATE] == DRIVING or p.crew[u, ON] == 0 or g.road[p.crew[u, AT]] < 0:
        head_back(g, p, u)
        if p.crew[u, SPOT] >= 0:
            make_fresh(p, u)
        return
    p.crew[u, STATE] = STANDING
    add_idle(g, p, u)
    make_fresh(p, u)


@inner
def hour_now(g: Ground, number: int) -> int:
    """The hour of the week of the so manieth hour."""
    return int((g.rule[FIRST_HOUR] + number) % 168)
