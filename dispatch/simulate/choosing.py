"""Who is sent: what a unit could do for a case, which unit a case gets, which case a unit takes."""

from __future__ import annotations

import numpy as np

from dispatch.one_case import exposure, loss_at, rate_at, saves_more, there_first
from dispatch.simulate.arrays import (
    ALERT,
    AT,
    AT_MOST,
    AWAY,
    BALANCE_YUAN,
    BEHIND,
    BELIEVED,
    BY_LOSS,
    CAP,
    CASE,
    DOOR,
    DRIVE_YUAN,
    DRIVING,
    DUE,
    DUTY_ENDS,
    GAIN,
    GIVE_UP,
    HAZARD,
    HOLD_FRACTION,
    HOLD_UNTIL,
    HOME,
    HOME_IDLE,
    HOME_IN_TIME,
    HOUR,
    IDLE,
    IDLE_LIST,
    KIND,
    LATE,
    LEFT,
    MAX_VISITS,
    MIN_STAKE,
    NEIGHBOUR_AFTER,
    NEIGHBOUR_YUAN,
    ON,
    OPENS,
    PROFILE,
    PROFILES,
    QUEUE,
    READY,
    REDISPATCH,
    RETURNING,
    SERVICE,
    SHARE,
    SORT,
    STAKE,
    STATE,
    THERE,
    TIER,
    TO,
    VISITS,
    WAITING,
    WEEK,
    WHOLE,
    Deck,
    Ground,
    Play,
)
from dispatch.simulate.compiled import compiled, inner

FEW_IDLE = 6
"""With so few idle at home they are asked one by one; else the lists of who is near are read."""
UNKNOWN = -1.0
"""No number of minutes."""
_TOLERANCE = 1e-9
_KINDS = 4


@inner
def between(g: Ground, table: int, origin: int, target: int) -> float:
    """Minutes from zone to zone; where the origin has no row, as long as the way there."""
    row = g.road[origin]
    if row >= 0:
        return float(g.minutes[g.base[table], row, target] * g.factor[table])
    row = g.road[target]
    return float(g.minutes[g.base[table], row, origin] * g.factor[table]) if row >= 0 else np.inf


@inner
def table_at(g: Ground, profile: int, hour: int) -> int:
    """The table of minutes of a profile at an hour of the week."""
    return int(g.road[g.may.shape[1] + profile * WEEK + hour])


@inner
def table_now(g: Ground, p: Play, u: int) -> int:
    """The table of minutes that holds for the unit."""
    return table_at(g, g.unit[u, PROFILE], p.tally[HOUR])


@compiled
def whereabouts(p: Play, u: int) -> tuple[int, int, float]:
    """Between which two zones a unit is, and what share of the way it has behind it.

    Who was turned on the way before counts from the nearer end of that way.
    """
    crew, clock = p.crew[u], p.clockings[u]
    if crew[STATE] != DRIVING and crew[STATE] != RETURNING:
        return crew[AT], crew[AT], 0.0
    origin, share = crew[AT], clock[SHARE]
    whole = clock[THERE] - clock[LEFT]
    done = (p.now[0] - clock[LEFT]) / whole if whole > 0.0 else 1.0
    if done <= 0.0:
        return origin, crew[BEHIND], share
    if share >= 0.5:
        origin = crew[BEHIND]
    return origin, crew[TO], min(done, 1.0)


@compiled
def from_there(g: Ground, table: int, origin: int, other: int, share: float, target: int) -> float:
    """Minutes to a zone from between two others, a share of the way from the one to the other.

    Stewart's theorem, exact in the plane; held between what no road can beat and what driving on
    and turning back come to in the mean.
    """
    if share <= 0.0:
        return between(g, table, origin, target)
    if share >= 1.0:
        return between(g, table, other, target)
    one, two = between(g, table, origin, target), between(g, table, other, target)
    whole, rest = between(g, table, origin, other), 1.0 - share
    most = rest * one + share * two
    if not most + whole < np.inf:
        return most
    square = rest * one * one + share * two * two - share * rest * whole * whole
    least = max(one - share * whole, two - rest * whole)
    return float(min(most, max(least, np.sqrt(max(square, 0.0)))))


@inner
def loss_of(g: Ground, d: Deck, i: int, minutes: float) -> float:
    """What the case loses if somebody comes so many minutes after the alert, in yuan."""
    sort = g.sort[d.what[i, SORT]]
    curve = (sort[HAZARD], sort[HOLD_UNTIL], sort[HOLD_FRACTION], sort[DUE], sort[LATE], g.rule[GIVE_UP])
    return loss_at(minutes, d.when[i, STAKE], *curve)


@inner
def offer(
    g: Ground, d: Deck, p: Play, i: int, u: int, most_minutes: float, least_net: float, home_now: float
) -> tuple[float, float]:
    """Drive minutes of the unit to the case now, and what the visit averts net, in yuan; inf if it may not go.

    Nor if it drives longer than `most_minutes`, or would avert less than `least_net`: somebody better is known.
    `home_now` are the minutes home from where it is, or `UNKNOWN`. What is far off in memory is looked at last.
    """
    zone, sort, kind, now = d.what[i, BELIEVED], g.sort[d.what[i, SORT]], g.unit[u, KIND], p.now[0]
    may, no = g.may[u, zone], (np.inf, -np.inf)
    if may == 0:
        return no
    opens = sort[OPENS + kind] + (g.rule[NEIGHBOUR_AFTER + kind] if may == 1 else 0.0)
    if now < d.when[i, READY] + opens or p.crew[u, VISITS] >= g.unit[u, MAX_VISITS]:
        return no
    table, home = table_now(g, p, u), g.unit[u, HOME]
    origin, other, share = whereabouts(p, u)
    minutes = from_there(g, table, origin, other, share, zone)
    if not minutes <= g.rule[CAP + _KINDS * int(sort[TIER]) + kind] or minutes > most_minutes:
        return no
    alert, stake, contact = d.when[i, ALERT], d.when[i, STAKE], now + minutes + d.when[i, DOOR]
    averted = p.times[i, WHOLE] - loss_of(g, d, i, contact - alert)
    cost = g.rule[BALANCE_YUAN] * p.crew[u, VISITS] + (g.rule[NEIGHBOUR_YUAN + kind] if may == 1 else 0.0)
    drive_yuan = g.rule[DRIVE_YUAN]
    if drive_yuan > 0.0 and home_now == UNKNOWN:
        home_now = from_there(g, table, origin, other, share, home)
    at_most = averted - cost - (drive_yuan * (minutes - home_now) if drive_yuan > 0.0 else 0.0)
    if at_most < least_net - _TOLERANCE * (1.0 + stake):
        return no
    back = between(g, table, zone, home)
    if not minutes + back < np.inf:
        return no
    if (
        g.rule[HOME_IN_TIME]
        and contact + sort[SERVICE + kind] + back > p.clockings[u, DUTY_ENDS] + _TOLERANCE
    ):
        return no
    if g.rule[MIN_STAKE] > 0.0:
        gathered = exposure(now - alert, sort[HAZARD], sort[HOLD_UNTIL], sort[HOLD_FRACTION])
        if stake * np.exp(-gathered) < g.rule[MIN_STAKE]:
            return no
    if drive_yuan > 0.0:
        cost += drive_yuan * (minutes + back - home_now)
    return (minutes, averted - cost) if averted > cost else no


@inner
def better(g: Ground, one: tuple[float, float, int], best: tuple[float, float, int]) -> bool:
    """Whether a unit (minutes, net yuan, number) is sent rather than another, by the rule in force."""
    if best[2] < 0:
        return True
    if g.rule[BY_LOSS]:
        if one[1] == best[1] and one[0] == best[0]:
            return one[2] < best[2]
        return saves_more(one[1], one[0], best[1], best[0])
    if one[0] == best[0]:
        return one[2] < best[2]
    return there_first(one[0], one[0], best[0], best[0])  # same moment, same door: the drive decides


@inner
def unit_for(g: Ground, d: Deck, p: Play, i: int) -> int:
    """The idle unit the case gets, or one under way to somebody less urgent; -1 if there is none."""
    best = (np.inf, -np.inf, -1)
    asked = p.tally[IDLE]
    if asked - p.tally[AWAY] > FEW_IDLE:
        asked = p.tally[AWAY]
        best = _near_home(g, d, p, i, best)
    for spot in range(asked):
        best = _better_of(g, d, p, i, p.lists[IDLE_LIST, spot], best)
    if g.rule[REDISPATCH]:
        best = _under_way(g, d, p, i, best)
    return best[2]


@inner
def _better_of(
    g: Ground, d: Deck, p: Play, i: int, u: int, best: tuple[float, float, int]
) -> tuple[float, float, int]:
    """The unit, if it is sent rather than the best so far, else that."""
    if g.rule[BY_LOSS]:
        minutes, net = offer(g, d, p, i, u, np.inf, best[1], UNKNOWN)
    else:
        minutes, net = offer(g, d, p, i, u, best[0], -np.inf, UNKNOWN)
    return (minutes, net, u) if minutes < np.inf and better(g, (minutes, net, u), best) else best


@inner
def _near_home(
    g: Ground, d: Deck, p: Play, i: int, best: tuple[float, float, int]
) -> tuple[float, float, int]:
    """The better of the best so far and of who stands idle at home, nearest first, kind by kind."""
    zone, sort = d.what[i, BELIEVED], g.sort[d.what[i, SORT]]
    block = (g.road[g.may.shape[1] + (PROFILES * WEEK) + p.tally[HOUR]] * g.may.shape[1] + zone) * _KINDS
    late = p.now[0] + d.when[i, DOOR] - d.when[i, ALERT]
    for kind in range(_KINDS):
        if p.now[0] < d.when[i, READY] + sort[OPENS + kind]:
            continue
        for spot in range(g.near_at[block + kind], g.near_at[block + kind + 1]):
            u = g.near[spot]
            if p.lists[HOME_IDLE, u] == 0:
                continue
            minutes, net = offer(g, d, p, i, u, np.inf, -np.inf, UNKNOWN)
            if minutes == np.inf:
                continue
            if better(g, (minutes, net, u), best):
                best = (minutes, net, u)
            if not g.rule[BY_LOSS]:
                break  # all others of the kind are farther, or as far with a higher number
            if p.times[i, WHOLE] - loss_of(g, d, i, late + minutes) < best[1]:
                break  # whoever is farther averts less, before any price
    return best


@inner
def _under_way(
    g: Ground, d: Deck, p: Play, i: int, best: tuple[float, float, int]
) -> tuple[float, float, int]:
    """A crew on its way to a less urgent tier that is sooner by the gain than the best so far, else the best."""
    turned = (np.inf, -np.inf, -1)
    tier = g.sort[d.what[i, SORT], TIER]
    for u in range(len(p.crew)):
        if (
            p.crew[u, STATE] != DRIVING
            or p.crew[u, ON] == 0
            or g.sort[d.what[p.crew[u, CASE], SORT], TIER] <= tier
        ):
            continue
        p.crew[u, VISITS] -= 1  # the visit it would not make
        turned = _better_of(g, d, p, i, u, turned)
        p.crew[u, VISITS] += 1
    if turned[2] >= 0 and (best[2] < 0 or turned[0] + g.rule[GAIN] < best[0]):
        return turned
    return best


@inner
def case_for(g: Ground, d: Deck, p: Play, u: int) -> int:
    """The waiting case an idle unit takes: the first in order, or by `loss` what averts most; -1 if none."""
    home_now = UNKNOWN
    if g.rule[DRIVE_YUAN] > 0.0:
        origin, other, share = whereabouts(p, u)
        home_now = from_there(g, table_now(g, p, u), origin, other, share, g.unit[u, HOME])
    if g.rule[BY_LOSS]:
        return _averts_most(g, d, p, u, home_now)
    best, best_tier, best_rate, opens = -1, np.inf, 0.0, OPENS + g.unit[u, KIND]
    for spot in range(p.tally[WAITING]):
        i = p.lists[QUEUE, spot]
        sort, rate = g.sort[d.what[i, SORT]], -1.0
        tier = sort[TIER]
        if tier > best_tier or p.now[0] < d.when[i, READY] + sort[opens]:
            continue
        if tier == best_tier:
            if d.when[i, STAKE] * sort[HAZARD] + sort[LATE] < best_rate:
                continue  # it never lost so much
            rate = urgency(g, d, p, i)
            if rate < best_rate or (rate == best_rate and i > best):
                continue
        if offer(g, d, p, i, u, np.inf, -np.inf, home_now)[0] < np.inf:
            best, best_tier = i, tier
            best_rate = rate if rate >= 0.0 else urgency(g, d, p, i)
    return best


@inner
def _averts_most(g: Ground, d: Deck, p: Play, u: int, home_now: float) -> int:
    """The waiting case where the unit averts most for what it costs, of several the soonest; -1 if none."""
    best, best_net, best_late = -1, -np.inf, np.inf
    saved = g.rule[DRIVE_YUAN] * home_now if g.rule[DRIVE_YUAN] > 0.0 else 0.0  # at most, of the way home
    for spot in range(p.tally[WAITING]):
        i = p.lists[QUEUE, spot]
        least = best_net - saved - _TOLERANCE * (1.0 + d.when[i, STAKE])
        if p.times[i, AT_MOST] < least:
            continue
        contact = p.now[0] + d.when[i, DOOR] - d.when[i, ALERT]
        p.times[i, AT_MOST] = p.times[i, WHOLE] - loss_of(g, d, i, contact)  # and never more hereafter
        if p.times[i, AT_MOST] < least:
            continue
        minutes, net = offer(g, d, p, i, u, np.inf, best_net, home_now)
        if minutes == np.inf:
            continue
        late = minutes + d.when[i, DOOR]
        if (
            best < 0
            or saves_more(net, late, best_net, best_late)
            or (net == best_net and late == best_late and i < best)
        ):
            best, best_net, best_late = i, net, late
    return best


@inner
def urgency(g: Ground, d: Deck, p: Play, i: int) -> float:
    """How fast the case loses money now, in yuan a minute."""
    sort = g.sort[d.what[i, SORT]]
    return rate_at(
        p.now[0] - d.when[i, ALERT],
        d.when[i, STAKE],
        sort[HAZARD],
        sort[HOLD_UNTIL],
        sort[HOLD_FRACTION],
        sort[DUE],
        sort[LATE],
    )
