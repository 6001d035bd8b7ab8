"""The event loop: what comes next happens, and then nobody eligible is idle while a case waits.

`run` plays until a minute, or until it needs more room; the state is all in `Play`, so it can be
stopped and gone on with at any event. After every moment the invariant holds: *no waiting case
has an eligible unit that stands idle*. Who is on the way back is asked when a case is ready, when
another kind may go, and when several units are to be matched.
"""

from __future__ import annotations

import numpy as np

from dispatch.simulate import changes as c
from dispatch.simulate.arrays import (
    ALERT,
    ANSWERED,
    ARRIVED,
    ASSIGNED,
    AT,
    AT_MOST,
    BACKLOG,
    BEING_MET,
    BELIEVED,
    CASE,
    CASE_STAMP,
    CASE_STATE,
    DIVERT,
    DOOR,
    DRIVING,
    DUTY,
    DUTY_AT,
    DUTY_ENDS,
    EVERYONE,
    FACTOR,
    FIRST_ORDER,
    FRESH,
    FRESH_LIST,
    FRESHLY,
    GIVE_UP,
    GIVEN_UP,
    HEAP,
    HOME,
    HORIZON,
    HOUR,
    HOUR_MINUTES,
    IDLE,
    IN_QUEUE,
    KIND,
    LOGGED,
    LOGS,
    MET,
    NEXT,
    NEXT_ORDER,
    NOT_FOUND,
    OFF,
    ON,
    ON_DUTY,
    OPEN,
    ORDER,
    OVERTIME,
    PHONED,
    PROFILES,
    QUEUE,
    REACHED,
    READY,
    REDISPATCH,
    RETURNING,
    SCRATCH,
    SEARCHES,
    SEARCHING,
    SERVICE,
    SERVING,
    SORT,
    SPOT,
    STAMP,
    STANDBY,
    STANDING,
    STARTED,
    STATE,
    THERE,
    TIER,
    TO,
    TOLD,
    UNIT,
    VISITS,
    WAITING,
    WHOLE,
    ZONE,
    Deck,
    Ground,
    Play,
)
from dispatch.simulate.choosing import (
    UNKNOWN,
    between,
    case_for,
    loss_of,
    offer,
    table_at,
    table_now,
    unit_for,
    urgency,
)
from dispatch.simulate.compiled import compiled, inner
from dispatch.simulate.heap import KEY_STEP, drop_first, order_queue, push
from dispatch.simulate.moving import (
    AT_CALL,
    AT_DUTY,
    AT_HOUR,
    AT_READY,
    AT_UNIT,
    AT_WAIT,
    add_idle,
    close,
    drop_idle,
    end_leg,
    enqueue,
    head_back,
    hour_now,
    make_fresh,
    note,
    post_of,
    push_wait,
    send,
    set_free,
    stage,
    start_leg,
)

DONE, PAUSED, NEEDS_ROOM = range(3)
"""What `run` answers: all over, the minute is reached, or there is no room to go on."""


@compiled
def run(g: Ground, d: Deck, p: Play, until: float) -> int:
    """Play what comes up to and including `until`; says why it stopped."""
    units, cases = len(p.crew), len(d.when)
    if p.tally[STARTED] == 0:
        _start(g, p)
    while True:
        if p.tally[HEAP] + 2 * units + 16 > len(p.heap):
            return NEEDS_ROOM
        if p.tally[LOGS] and p.tally[LOGGED] + 8 * units + 64 > len(p.log):
            return NEEDS_ROOM
        minute, kind = np.inf, AT_READY + 1
        if p.tally[NEXT] < cases:
            minute, kind = d.when[p.tally[NEXT], READY], AT_READY
        if p.tally[HEAP] > 0 and p.heap[0, 0] <= minute:
            minute, kind = p.heap[0, 0], int(p.heap[0, 1]) // KEY_STEP
        pending = p.tally[FRESHLY] > 0 or p.tally[EVERYONE] > 0
        if pending and (kind >= AT_WAIT or minute > p.now[0]):
            _match(g, d, p)
            continue
        if kind > AT_READY:
            return DONE
        if minute == np.inf:
            return DONE
        if minute > until:
            return PAUSED
        p.now[0] = minute
        if kind == AT_READY:
            i = p.tally[NEXT]
            p.tally[NEXT] += 1
            _ready(g, d, p, i)
        else:
            who, stamp = int(p.heap[0, 1]) - kind * KEY_STEP, int(p.heap[0, 2])
            drop_first(p)
            _happen(g, d, p, kind, who, stamp)


@inner
def _start(g: Ground, p: Play) -> None:
    """The first hour, and the first duty of each unit."""
    p.tally[STARTED] = 1
    push(p, 0.0, AT_HOUR * KEY_STEP, 0)
    for u in range(len(p.crew)):
        p.crew[u, DUTY] = g.unit[u, DUTY_AT]
        _push_duty(g, p, u)


@inner
def _push_duty(g: Ground, p: Play, u: int) -> None:
    """The unit's next duty begins, if there is one."""
    last = g.unit[u + 1, DUTY_AT] if u + 1 < len(g.unit) else len(g.duty)
    if p.crew[u, DUTY] < last and g.duty[p.crew[u, DUTY], 0] < np.inf:
        push(p, max(p.now[0], g.duty[p.crew[u, DUTY], 0]), AT_DUTY * KEY_STEP + u, 0)


@inner
def _happen(g: Ground, d: Deck, p: Play, kind: int, who: int, stamp: int) -> None:
    """One thing that was to come has come; what was overtaken by events is passed over."""
    if kind == AT_UNIT:
        if p.crew[who, STAMP] == stamp:
            _unit(g, d, p, who)
    elif kind == AT_DUTY:
        _duty(g, p, who)
    elif kind == AT_CALL:
        _call(g, d, p, who)
    elif kind == AT_WAIT:
        if p.case[who, CASE_STAMP] == stamp:
            _wait(g, d, p, who)
    else:
        _hour(g, p, who)


@inner
def _hour(g: Ground, p: Play, number: int) -> None:
    """Another hour: roads and standby zones may be others, so everyone is asked."""
    before, p.tally[HOUR] = p.tally[HOUR], hour_now(g, number)
    if number < p.lists.shape[1]:
        p.lists[BACKLOG, number] = p.tally[WAITING]
    changed = before < 0 or g.rule[STANDBY] > 0.0
    for profile in range(PROFILES):
        changed |= before >= 0 and table_at(g, profile, before) != table_at(g, profile, p.tally[HOUR])
    if changed:
        p.tally[EVERYONE] = 1
        for u in range(len(p.crew)):
            if p.crew[u, STATE] == RETURNING and p.clockings[u, THERE] == np.inf:
                head_back(g, p, u)  # no way led home before
    following = (number + 1) * g.rule[HOUR_MINUTES]
    if following <= g.rule[HORIZON] + min(g.rule[GIVE_UP], g.rule[HORIZON]):
        push(p, following, AT_HOUR * KEY_STEP + number + 1, 0)


@inner
def _ready(g: Ground, d: Deck, p: Play, i: int) -> None:
    """A visit is asked for: somebody idle goes, or the case waits."""
    p.tally[OPEN] += 1
    note(p, c.WAITING, i, -1, d.what[i, BELIEVED])
    p.times[i, WHOLE] = loss_of(g, d, i, g.rule[GIVE_UP])
    p.times[i, AT_MOST] = p.times[i, WHOLE]
    if d.when[i, ANSWERED] < d.when[i, ALERT] + g.rule[GIVE_UP]:
        push(p, d.when[i, ANSWERED], AT_CALL * KEY_STEP + i, 0)
    _offer_to_all(g, d, p, i)
    if p.case[i, UNIT] < 0:
        enqueue(g, d, p, i)


@inner
def _offer_to_all(g: Ground, d: Deck, p: Play, i: int) -> None:
    """The case gets its unit; a case whose crew is turned to it is offered to all in its stead."""
    while i >= 0:
        u = unit_for(g, d, p, i)
        if u < 0:
            return
        i = send(g, d, p, i, u)


@inner
def _wait(g: Ground, d: Deck, p: Play, i: int) -> None:
    """Another kind may go to a waiting case, or it is given up."""
    if p.now[0] >= d.when[i, ALERT] + g.rule[GIVE_UP]:
        note(p, c.GIVEN_UP, i, -1, d.what[i, BELIEVED])
        close(p, i, GIVEN_UP)
        return
    note(p, c.ESCALATED, i, -1, d.what[i, BELIEVED])
    _offer_to_all(g, d, p, i)
    if p.case[i, CASE_STATE] == IN_QUEUE:
        push_wait(g, d, p, i)


@inner
def _call(g: Ground, d: Deck, p: Play, i: int) -> None:
    """A call settles the matter, if nobody has met the person yet; a crew under way is free."""
    state, u = p.case[i, CASE_STATE], p.case[i, UNIT]
    if state not in (IN_QUEUE, ASSIGNED) and not (state == BEING_MET and p.crew[u, STATE] == SEARCHING):
        return
    note(p, c.PHONED, i, u, d.what[i, BELIEVED])
    close(p, i, PHONED)
    if u >= 0:
        if p.crew[u, STATE] == DRIVING and np.isnan(p.times[i, ARRIVED]):
            p.crew[u, VISITS] -= 1
        set_free(g, p, u)


@inner
def _unit(g: Ground, d: Deck, p: Play, u: int) -> None:
    """What a unit did has ended: a drive, a search, a visit."""
    state, i = p.crew[u, STATE], p.crew[u, CASE]
    if state == DRIVING:
        _arrive(d, p, u, i)
    elif state == SEARCHING:
        _at_the_door(g, d, p, u, i)
    elif state == SERVING:
        note(p, c.CLOSED, i, u, p.crew[u, AT])
        close(p, i, REACHED)
        set_free(g, p, u)
    elif state == RETURNING:
        _back(g, p, u)


@inner
def _arrive(d: Deck, p: Play, u: int, i: int) -> None:
    """The unit is at the zone it was sent to, and looks for the door."""
    end_leg(p, u)
    p.crew[u, AT] = p.crew[u, TO]
    p.crew[u, STATE], p.case[i, CASE_STATE] = SEARCHING, BEING_MET
    if np.isnan(p.times[i, ARRIVED]):
        p.times[i, ARRIVED] = p.now[0]
    note(p, c.ARRIVES, i, u, p.crew[u, AT])
    p.clockings[u, THERE] = p.now[0] + d.when[i, DOOR]
    stage(p, u)


@inner
def _at_the_door(g: Ground, d: Deck, p: Play, u: int, i: int) -> None:
    """The person is met, or the address was wrong: on to the right one if anybody says where."""
    zone, sort = p.crew[u, AT], g.sort[d.what[i, SORT]]
    if zone == d.what[i, ZONE]:
        p.times[i, MET] = p.now[0]
        note(p, c.MET, i, u, zone)
        p.crew[u, STATE] = SERVING
        p.clockings[u, THERE] = p.now[0] + sort[SERVICE + g.unit[u, KIND]] * d.when[i, FACTOR]
        stage(p, u)
    elif d.what[i, TOLD] and between(g, table_now(g, p, u), zone, d.what[i, ZONE]) < np.inf:
        p.case[i, CASE_STATE] = ASSIGNED
        start_leg(g, p, u, DRIVING, d.what[i, ZONE])
        note(p, c.DRIVES_ON, i, u, d.what[i, ZONE])
    else:
        note(p, c.NOT_FOUND, i, u, zone)
        close(p, i, NOT_FOUND)
        set_free(g, p, u)


@inner
def _back(g: Ground, p: Play, u: int) -> None:
    """The unit is where it waits, or, off duty, at home."""
    end_leg(p, u)
    p.crew[u, AT] = p.crew[u, TO]
    note(p, c.AT_POST, -1, u, p.crew[u, AT])
    p.crew[u, STATE] = STANDING
    if p.crew[u, ON]:
        add_idle(g, p, u)
        make_fresh(p, u)
    else:
        p.crew[u, STATE] = OFF
        p.clockings[u, OVERTIME] += p.now[0] - p.clockings[u, DUTY_ENDS]


@inner
def _duty(g: Ground, p: Play, u: int) -> None:
    """The unit comes on duty, or goes off."""
    row, home = p.crew[u, DUTY], g.unit[u, HOME]
    if p.crew[u, ON] == 0:
        p.crew[u, ON], p.crew[u, VISITS] = 1, 0
        p.clockings[u, DUTY_ENDS] = g.duty[row, 1]
        note(p, c.ON_DUTY, -1, u, p.crew[u, AT])
        if p.crew[u, STATE] == OFF:
            p.crew[u, STATE] = STANDING
        if p.crew[u, STATE] == STANDING or (p.crew[u, STATE] == RETURNING and g.rule[DIVERT]):
            add_idle(g, p, u)
            make_fresh(p, u)
        if g.duty[row, 1] < np.inf:
            push(p, g.duty[row, 1], AT_DUTY * KEY_STEP + u, 0)
        return
    p.crew[u, ON] = 0
    p.clockings[u, ON_DUTY] += g.duty[row, 1] - max(0.0, g.duty[row, 0])
    p.crew[u, DUTY] += 1
    note(p, c.OFF_DUTY, -1, u, p.crew[u, AT])
    drop_idle(p, u)
    if p.crew[u, STATE] == STANDING and p.crew[u, AT] == home:
        p.crew[u, STATE] = OFF
    elif p.crew[u, STATE] == STANDING or (p.crew[u, STATE] == RETURNING and p.crew[u, TO] != home):
        head_back(g, p, u)
    _push_duty(g, p, u)


@inner
def _match(g: Ground, d: Deck, p: Play) -> None:
    """Those newly idle, first by their plan, and those waiting are brought together; who is left goes to its post."""
    if g.rule[SEARCHES]:
        for spot in range(p.tally[FRESHLY]):
            follow_orders(g, d, p, p.lists[FRESH_LIST, spot])
    if p.tally[WAITING] > 0 and p.tally[IDLE] > 0:
        if p.tally[EVERYONE] or p.tally[FRESHLY] > 1:
            _match_all(g, d, p)
        elif p.crew[p.lists[FRESH_LIST, 0], SPOT] >= 0:
            i = case_for(g, d, p, p.lists[FRESH_LIST, 0])
            if i >= 0:
                send(g, d, p, i, p.lists[FRESH_LIST, 0])
    everyone = p.tally[EVERYONE]
    p.tally[EVERYONE] = 0
    fresh = p.tally[FRESHLY]
    p.tally[FRESHLY] = 0
    for spot in range(fresh):
        u = p.lists[FRESH_LIST, spot]
        p.crew[u, FRESH] = 0
        _to_post(g, p, u)
    if everyone and g.rule[STANDBY]:
        for u in range(len(p.crew)):
            _to_post(g, p, u)


@inner
def _to_post(g: Ground, p: Play, u: int) -> None:
    """Who stands idle elsewhere goes to where it waits, if a way leads there."""
    if p.crew[u, SPOT] >= 0 and p.crew[u, STATE] == STANDING:
        post = post_of(g, p, u)
        if p.crew[u, AT] != post and between(g, table_now(g, p, u), p.crew[u, AT], post) < np.inf:
            head_back(g, p, u)


@inner
def _match_all(g: Ground, d: Deck, p: Play) -> None:
    """Every waiting case in order, by tier and by how fast it loses money, gets its unit."""
    waiting = p.tally[WAITING]
    tiers = 0
    for spot in range(waiting):
        i = p.lists[QUEUE, spot]
        p.times[i, SCRATCH] = -urgency(g, d, p, i)
        tiers |= 1 << int(g.sort[d.what[i, SORT], TIER])
    for tier in range(4):
        if not tiers >> tier & 1:
            continue
        count = 0
        for spot in range(p.tally[WAITING]):
            i = p.lists[QUEUE, spot]
            if int(g.sort[d.what[i, SORT], TIER]) == tier:
                p.lists[ORDER, count] = i
                count += 1
        order_queue(p, count)
        for rank in range(count):
            if p.tally[IDLE] == 0 and not g.rule[REDISPATCH]:
                return
            if p.case[p.lists[ORDER, rank], CASE_STATE] == IN_QUEUE:
                _offer_to_all(g, d, p, p.lists[ORDER, rank])


@compiled
def follow_orders(g: Ground, d: Deck, p: Play, u: int) -> None:
    """An idle unit goes to the next case its plan gives it that still waits."""
    if p.crew[u, SPOT] < 0:
        return
    i = p.crew[u, FIRST_ORDER]
    while i >= 0:
        following = p.case[i, NEXT_ORDER]
        p.crew[u, FIRST_ORDER] = following
        if p.case[i, CASE_STATE] == IN_QUEUE and offer(g, d, p, i, u, np.inf, -np.inf, UNKNOWN)[0] < np.inf:
            send(g, d, p, i, u)
            return
        i = following
