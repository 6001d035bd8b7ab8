"""Ruin and recreate with annealing, compiled: take neighbouring stops out, put them back better.

The removed and a few of the absent are inserted again greedily, now and then blinking past the
best position, and the result is accepted by simulated annealing. Insertion looks only at
routes next to a node's neighbours and at the crews that could do most for it, and what a route
that has not changed since would ask for a node is remembered; a rejected iteration is undone
route by route. So an iteration does not grow with the day.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dispatch.search.arrays import (
    COST_YUAN,
    DROP_YUAN,
    HEAD,
    KEPT,
    LEADS,
    MATE,
    MOST_CHANGES,
    MUST,
    SEARCH_MINUTES,
    TOLD_FROM,
    Day,
    Floats,
    Ints,
    Tours,
)  # fmt: skip
from dispatch.search.compiled import compiled
from dispatch.search.draws import Draws, draw, draw_below
from dispatch.search.insertion import may_take, two_best
from dispatch.search.pairs import agree, best_pair, earlier, part, take_back
from dispatch.search.routes import NOWHERE, refresh
from dispatch.search.ruin import add_absent, choose_strings, keep, sort_removed, take_string, undo
from dispatch.search.turns import choose_neighbours, exchange_tails, fits, rearrange_one, rearranged_yuan

BLINK = 0.01
NEAREST_ASKED = 10
"""The routes of so many of the nearest nodes are asked, and the crews offered."""
EVERY_CREW = 16
"""With no more crews than this, all are asked."""
POSITIONS = 1 << 24
"""More than the longest route has; two positions fit into one exact number."""
MEMORY = 8_000_000
"""Pairs of node and crew whose prices are remembered at most; beyond, none are."""
VALUE, BEST, ABSENT, RUNNING, MISSED, BEST_MISSED, FINE_YUAN, WHOLE_STEPS = range(8)
"""Columns of `state`: yuan now, yuan at best, nodes nobody visits, routes with stops; nodes missed that
must be visited, now and at best, the fine for each (in VALUE, not in BEST), steps with no more than that."""
CHANGED, WORSE, VERSION, STEP = range(8, 12)
"""More columns: words given that are not kept, steps that came out worse, the last version of a
route, and how many steps took strings out."""
STATE_COLUMNS = 12
MEETINGS_EACH = 64
"""Room to remember changed moments, each pair so many: far more than one iteration makes."""
WORSE_REMEMBERED = 1024
"""The latest steps that came out worse, by how many yuan: the heat is measured by them."""


class Scratch(NamedTuple):
    """Room the search works in, made once.

    `log` lists the `marked` crews of an iteration, `kept_*` their routes as they were; `dirty`
    marks routes that differ from the best; `seen` routes already asked for a node. `version`
    changes with a route; `asked` (n, k, 4) remembers of a node in a route: the version asked,
    yuan at the best and at the second best position, and these positions, both in one number;
    `worse` by how many yuan the latest steps came out worse. `pairs` lists the leaders' nodes
    where two must come, `kept_nodes` and `kept_words` (…, 3) what an iteration changed of when they meet.
    """

    log: Ints
    marked: Ints
    kept_order: Ints
    kept_length: Ints
    kept_stop: Floats
    kept_fact: Floats
    kept_whole: Floats
    removed: Ints
    key: Floats
    seen: Ints
    absent: Ints
    absent_at: Ints
    dirty: Ints
    best_order: Ints
    best_length: Ints
    version: Ints
    asked: Floats
    worse: Floats
    pairs: Ints
    kept_nodes: Ints
    kept_words: Floats


def scratch_for(day: Day, tours: Tours) -> Scratch:
    """Room for a search over these tours; the best is what they are now."""
    crews, longest = tours.order.shape
    nodes = len(tours.where)
    absent = np.zeros(nodes, np.int64)
    out = np.flatnonzero((tours.where[:, 0] < 0) & (day.node[:, LEADS] > 0))
    absent[: len(out)] = out
    absent_at = np.full(nodes, NOWHERE, np.int64)
    absent_at[out] = np.arange(len(out))
    pairs = np.flatnonzero((day.node[:, MATE] > 0) & (day.node[:, LEADS] > 0)).astype(np.int64)
    asked = (nodes, crews) if nodes * crews <= MEMORY else (0, 0)
    return Scratch(
        log=np.zeros(crews, np.int64),
        marked=np.zeros(crews, np.int64),
        kept_order=np.zeros((crews, longest), np.int64),
        kept_length=np.zeros(crews, np.int64),
        kept_stop=np.zeros_like(tours.stop),
        kept_fact=np.zeros_like(tours.fact),
        kept_whole=np.zeros_like(tours.whole),
        removed=np.zeros(nodes, np.int64),
        key=np.zeros(nodes),
        seen=np.zeros(crews, np.int64),
        absent=absent,
        absent_at=absent_at,
        dirty=np.zeros(crews, np.int64),
        best_order=tours.order.copy(),
        best_length=tours.length.copy(),
        version=np.ones(crews, np.int64),
        asked=np.zeros((*asked, 4)),
        worse=np.zeros(WORSE_REMEMBERED),
        pairs=pairs,
        kept_nodes=np.zeros(MEETINGS_EACH * len(pairs), np.int64),
        kept_words=np.zeros((MEETINGS_EACH * len(pairs), 3)),
    )


@compiled
def refresh_all(day: Day, tours: Tours) -> float:
    """Recompute every route; the cost of all and of everything not visited, in yuan."""
    drive, _, node, crew, price, setting, _, _ = day
    order, length, stop, fact, whole, where = tours
    total = 0.0
    for k in range(len(crew)):
        refresh(drive, node, crew, price, setting, order, length, stop, fact, whole, where, k, 0)
        total += whole[k, COST_YUAN]
    for v in range(len(node)):
        if where[v, 0] == NOWHERE:
            total += node[v, DROP_YUAN]
    return total


@compiled
def _best_place(
    drive: Floats, back: Floats, node: Floats, crew: Floats, price: Floats, setting: Floats,
    near: Ints, offers: Ints, order: Ints, length: Ints, stop: Floats, fact: Floats, whole: Floats, where: Ints,
    chance: Draws, marked: Ints, seen: Ints, version: Ints, asked: Floats,
    v: int, stamp: int,
) -> tuple[int, int]:  # fmt: skip
    """The cheapest crew and position for node `v`, cheaper than leaving it out; NOWHERE if none is."""
    lowest, best_crew, best_at = node[v, DROP_YUAN], NOWHERE, 0
    every, crews = len(crew) <= EVERY_CREW, len(crew)
    nearest = min(NEAREST_ASKED, near.shape[1])
    candidates = crews if every else nearest + offers.shape[1]
    for n in range(candidates):
        if every:
            k = n
        else:
            if n < nearest:
                other = near[v, n]
                k = where[other, 0] if other >= 0 else NOWHERE
            else:
                k = offers[v, n - nearest]
            if k == NOWHERE or seen[k] == stamp:
                continue
            seen[k] = stamp
        remembered = not marked[k] and len(asked) > 0
        if remembered and asked[v, k, 0] == version[k]:
            yuan, next_yuan, both = asked[v, k, 1], asked[v, k, 2], int(asked[v, k, 3])
            at, next_at = both // POSITIONS - 1, both % POSITIONS - 1
        else:
            yuan, at, next_yuan, next_at = math.inf, NOWHERE, math.inf, NOWHERE
            if may_take(node, crew, price, whole, k, v):
                yuan, at, next_yuan, next_at = two_best(
                    drive, back, node, crew, price, setting, order, length, stop, fact, k, v
                )
            if remembered:
                asked[v, k, 0], asked[v, k, 1], asked[v, k, 2] = version[k], yuan, next_yuan
                asked[v, k, 3] = (at + 1) * POSITIONS + next_at + 1
        if yuan < lowest:
            if draw(chance) >= BLINK:
                lowest, best_crew, best_at = yuan, k, at
            elif next_yuan < lowest and draw(chance) >= BLINK:
                lowest, best_crew, best_at = next_yuan, k, next_at
    return best_crew, best_at


@compiled
def anneal(
    day: Day, tours: Tours, room: Scratch, state: Floats, chance: Draws, iterations: int, heat: float,
    turning: float,
) -> None:  # fmt: skip
    """`iterations` of ruin and recreate at one heat, in yuan; a share `turning` rearranges segments instead.

    `state`, `tours`, `room` and `chance` are changed in place.
    """
    drive, back, node, crew, price, setting, near, offers = day
    order, length, stop, fact, whole, where = tours
    log, marked, kept_order, kept_length, kept_stop, kept_fact, kept_whole = room[:7]
    pairs, kept_nodes, kept_words = room.pairs, room.kept_nodes, room.kept_words
    removed, key, seen, absent = room.removed, room.key, room.seen, room.absent
    version, asked = room.version, room.asked
    nodes = len(node)
    for _ in range(iterations):
        if draw(chance) < turning:
            _rearrange(day, tours, room, state, chance, heat)
            continue
        state[STEP] += 1.0
        # ruin
        longest, strings = choose_strings(chance, (nodes - state[ABSENT]) / max(1.0, state[RUNNING]))
        centre, touched, count, taken = draw_below(chance, nodes), 0, 0, 0
        of_each = 1.0 + int(strings / max(1.0, state[RUNNING]))
        for n in range(-1, near.shape[1]):
            v = centre if n < 0 else near[centre, n]
            k = where[v, 0] if v >= 0 else NOWHERE
            if k == NOWHERE or marked[k] > of_each or where[v, 1] < crew[k, HEAD]:
                continue
            touched = keep(
                order, length, stop, fact, whole, log, marked,
                kept_order, kept_length, kept_stop, kept_fact, kept_whole, k, touched,
            )  # fmt: skip
            count, first_changed = take_string(
                chance, order, length, where, removed, k, int(crew[k, HEAD]), where[v, 1], longest, count
            )
            refresh(
                drive, node, crew, price, setting, order, length, stop, fact, whole, where, k, first_changed
            )
            taken += 1
            marked[k] += 1
            if taken >= strings:
                break
        said = 0
        if len(pairs):
            touched, count, said = _separate(day, tours, room, touched, count)
        change, from_routes = 0.0, count
        count = add_absent(chance, near, centre, removed, absent, room.absent_at, int(state[ABSENT]), count)
        for r in range(from_routes, count):
            change -= node[removed[r], DROP_YUAN]
        # recreate
        sort_removed(chance, drive, node, crew, offers, removed, key, count)
        stamp = int(state[STEP]) * 1_000_003
        for r in range(count):
            v = removed[r]
            if len(pairs) and node[v, MATE] > 0.0:
                touched, said, placed = _bring_together(day, tours, room, v, touched, said)
                change += 0.0 if placed else node[v, DROP_YUAN]
                continue
            k, at = _best_place(
                drive, back, node, crew, price, setting, near, offers,
                order, length, stop, fact, whole, where, chance, marked, seen,
                version, asked, v, stamp + r,
            )  # fmt: skip
            if k == NOWHERE:
                change += node[v, DROP_YUAN]
                continue
            touched = keep(
                order, length, stop, fact, whole, log, marked,
                kept_order, kept_length, kept_stop, kept_fact, kept_whole, k, touched,
            )  # fmt: skip
            for i in range(length[k], at, -1):
                order[k, i] = order[k, i - 1]
            order[k, at] = v
            length[k] += 1
            refresh(drive, node, crew, price, setting, order, length, stop, fact, whole, where, k, at)
        if len(pairs):
            touched, said = _draw_forward(day, tours, room, touched, said)
        # accept or undo
        kept = 0.0
        for t in range(touched):
            change += whole[log[t], COST_YUAN] - kept_whole[log[t], COST_YUAN]
            kept += whole[log[t], KEPT] - kept_whole[log[t], KEPT]
        if change > 1e-9:
            room.worse[int(state[WORSE]) % WORSE_REMEMBERED] = change
            state[WORSE] += 1.0
        allowed = kept >= 0.0 or state[CHANGED] - kept <= setting[MOST_CHANGES]
        if allowed and change < -heat * math.log(1.0 - draw(chance)):
            state[VALUE] += change
            state[CHANGED] -= kept
            _accept(node, length, where, room, state, touched, count)
        else:
            undo(
                order, length, stop, fact, whole, where, log,
                kept_order, kept_length, kept_stop, kept_fact, kept_whole, touched,
            )  # fmt: skip
            take_back(node, kept_nodes, kept_words, said)
        for t in range(touched):
            marked[log[t]] = 0
        if state[MISSED] <= state[BEST_MISSED]:
            state[WHOLE_STEPS] += 1.0
            _note_best(order, length, room, state)


@compiled
def _rearrange(day: Day, tours: Tours, room: Scratch, state: Floats, chance: Draws, heat: float) -> None:
    """Turn, move or exchange one segment, and keep that if the annealing accepts it."""
    drive, _, node, crew, price, setting, near, _ = day
    order, length, stop, fact, whole, where = tours
    log, marked, kept_order, kept_length, kept_stop, kept_fact, kept_whole = room[:7]
    v, u = choose_neighbours(chance, crew, where, near, len(node))
    if v == NOWHERE:
        return
    k, at, other, there = where[v, 0], where[v, 1], where[u, 0], where[u, 1]
    if k == other and not len(room.pairs) and setting[MOST_CHANGES] == math.inf:
        _rearrange_alone(day, tours, room, state, chance, heat, k, at, there)
        return
    touched, done = 0, True
    for one in (k, other):
        touched = keep(
            order, length, stop, fact, whole, log, marked,
            kept_order, kept_length, kept_stop, kept_fact, kept_whole, one, touched,
        )  # fmt: skip
    if k == other:
        first, _ = rearrange_one(chance, order, length, int(crew[k, HEAD]), k, at, there)
        refresh(drive, node, crew, price, setting, order, length, stop, fact, whole, where, k, first)
        done = fits(node, crew, price, order, length, fact, whole, k, first)
    elif exchange_tails(order, length, k, at, other, there):
        for one, first in ((k, at + 1), (other, there)):
            refresh(drive, node, crew, price, setting, order, length, stop, fact, whole, where, one, first)
            done = done and fits(node, crew, price, order, length, fact, whole, one, first)
    said = 0
    if done and len(room.pairs):
        touched, said = _draw_forward(day, tours, room, touched, said)
    change, kept = 0.0, 0.0
    for t in range(touched):
        change += whole[log[t], COST_YUAN] - kept_whole[log[t], COST_YUAN]
        kept += whole[log[t], KEPT] - kept_whole[log[t], KEPT]
    allowed = kept >= 0.0 or state[CHANGED] - kept <= setting[MOST_CHANGES]
    if done and allowed and change < -heat * math.log(1.0 - draw(chance)):
        state[VALUE] += change
        state[CHANGED] -= kept
        _accept(node, length, where, room, state, touched, 0)
        if change < 0.0:
            _note_best(order, length, room, state)
    else:
        undo(
            order, length, stop, fact, whole, where, log,
            kept_order, kept_length, kept_stop, kept_fact, kept_whole, touched,
        )  # fmt: skip
        take_back(node, room.kept_nodes, room.kept_words, said)
    for t in range(touched):
        marked[log[t]] = 0


@compiled
def _rearrange_alone(
    day: Day, tours: Tours, room: Scratch, state: Floats, chance: Draws, heat: float, k: int, at: int, to: int
) -> None:
    """Rearrange within a route that concerns nobody else: most tries are refused, so only an accepted one is timed."""
    drive, _, node, crew, price, setting, _, _ = day
    order, length, stop, fact, whole, where = tours
    before = room.kept_order
    for i in range(length[k]):
        before[k, i] = order[k, i]
    first, last = rearrange_one(chance, order, length, int(crew[k, HEAD]), k, at, to)
    change = math.inf
    if first <= last:
        change = rearranged_yuan(drive, node, crew, price, setting, order, length, stop, fact, k, first, last)
    if change < -heat * math.log(1.0 - draw(chance)):
        yuan, kept = whole[k, COST_YUAN], whole[k, KEPT]
        refresh(drive, node, crew, price, setting, order, length, stop, fact, whole, where, k, first)
        state[VALUE] += whole[k, COST_YUAN] - yuan
        state[CHANGED] -= whole[k, KEPT] - kept
        room.log[0], room.kept_length[k] = k, length[k]
        _accept(node, length, where, room, state, 1, 0)
        _note_best(order, length, room, state)
    else:
        for i in range(first, last + 1):
            order[k, i] = before[k, i]


@compiled
def _note_best(order: Ints, length: Ints, room: Scratch, state: Floats) -> None:
    """Remember the routes if none before were better."""
    if state[MISSED] <= state[BEST_MISSED]:
        yuan = state[VALUE] - state[FINE_YUAN] * state[MISSED]
        if state[MISSED] < state[BEST_MISSED] or yuan < state[BEST] - 1e-9:
            state[BEST], state[BEST_MISSED] = yuan, state[MISSED]
            _remember_best(order, length, room)


@compiled
def _separate(day: Day, tours: Tours, room: Scratch, touched: int, count: int) -> tuple[int, int, int]:
    """Where one of two was removed, remove the other; only leaders stay among the removed."""
    drive, _, node, crew, price, setting, _, _ = day
    order, length, stop, fact, whole, where = tours
    log, marked, kept_order, kept_length, kept_stop, kept_fact, kept_whole = room[:7]
    removed, kept, said = room.removed, 0, 0
    for r in range(count):
        v = removed[r]
        if node[v, MATE] > 0.0:
            other = int(node[v, MATE]) - 1
            k, at = where[other, 0], where[other, 1]
            if k != NOWHERE:
                touched = keep(
                    order, length, stop, fact, whole, log, marked,
                    kept_order, kept_length, kept_stop, kept_fact, kept_whole, k, touched,
                )  # fmt: skip
                for i in range(at, length[k] - 1):
                    order[k, i] = order[k, i + 1]
                length[k] -= 1
                where[other, 0] = NOWHERE
                refresh(drive, node, crew, price, setting, order, length, stop, fact, whole, where, k, at)
                said = part(node, room.kept_nodes, room.kept_words, said, v)
                v = v if node[v, LEADS] > 0.0 else other
            elif node[v, LEADS] > 0.0:
                said = part(node, room.kept_nodes, room.kept_words, said, v)
            else:
                continue  # both were taken: the leader stands for both
        removed[kept] = v
        kept += 1
    return touched, kept, said


@compiled
def _bring_together(
    day: Day, tours: Tours, room: Scratch, v: int, touched: int, said: int
) -> tuple[int, int, bool]:
    """Insert both nodes of a place where that costs least, if it is worth it."""
    drive, back, node, crew, price, setting, _, offers = day
    order, length, stop, fact, whole, where = tours
    log, marked, kept_order, kept_length, kept_stop, kept_fact, kept_whole = room[:7]
    lead, lead_at, along, along_at, moment, word = best_pair(
        drive, back, node, crew, price, setting, offers, order, length, stop, fact, whole, v
    )
    if lead == NOWHERE:
        return touched, said, False
    w = int(node[v, MATE]) - 1
    said = agree(
        node, room.kept_nodes, room.kept_words, said, v, moment, moment + node[v, SEARCH_MINUTES], word
    )
    for one, k, at in ((v, lead, lead_at), (w, along, along_at)):
        touched = keep(
            order, length, stop, fact, whole, log, marked,
            kept_order, kept_length, kept_stop, kept_fact, kept_whole, k, touched,
        )  # fmt: skip
        for i in range(length[k], at, -1):
            order[k, i] = order[k, i - 1]
        order[k, at] = one
        length[k] += 1
        refresh(drive, node, crew, price, setting, order, length, stop, fact, whole, where, k, at)
    return touched, said, True


@compiled
def _draw_forward(day: Day, tours: Tours, room: Scratch, touched: int, said: int) -> tuple[int, int]:
    """Let every two who could begin earlier do so, until nobody can."""
    drive, _, node, crew, price, setting, _, _ = day
    order, length, stop, fact, whole, where = tours
    log, marked, kept_order, kept_length, kept_stop, kept_fact, kept_whole = room[:7]
    moved = True
    while moved and said + 2 <= len(room.kept_nodes):
        moved = False
        for v in room.pairs:
            w = int(node[v, MATE]) - 1
            if where[v, 0] == NOWHERE or not (marked[where[v, 0]] or marked[where[w, 0]]):
                continue
            start = earlier(node, crew, stop, fact, where, v)
            if start == math.inf or said + 2 > len(room.kept_nodes):
                continue
            closes, word = start + node[v, SEARCH_MINUTES], node[v, TOLD_FROM]
            said = agree(node, room.kept_nodes, room.kept_words, said, v, start, closes, word)
            for one in (v, w):
                k = where[one, 0]
                touched = keep(
                    order, length, stop, fact, whole, log, marked,
                    kept_order, kept_length, kept_stop, kept_fact, kept_whole, k, touched,
                )  # fmt: skip
                refresh(
                    drive, node, crew, price, setting, order, length, stop, fact, whole, where, k, where[one, 1]
                )  # fmt: skip
            moved = True
    return touched, said


@compiled
def _accept(
    node: Floats, length: Ints, where: Ints, room: Scratch, state: Floats, touched: int, count: int
) -> None:
    """Bring the absent, the number of running routes and the versions up to date."""
    absent, absent_at = room.absent, room.absent_at
    for r in range(count):
        v, last = room.removed[r], int(state[ABSENT])
        if where[v, 0] == NOWHERE and absent_at[v] < 0:
            absent[last], absent_at[v] = v, last
            state[ABSENT] += 1.0
            state[MISSED] += node[v, MUST]
        elif where[v, 0] != NOWHERE and absent_at[v] >= 0:
            other = absent[last - 1]
            absent[absent_at[v]], absent_at[other] = other, absent_at[v]
            absent_at[v] = NOWHERE
            state[ABSENT] -= 1.0
            state[MISSED] -= node[v, MUST]
    for t in range(touched):
        k = room.log[t]
        room.dirty[k] = 1
        state[VERSION] += 1.0
        room.version[k] = int(state[VERSION])
        state[RUNNING] += int(length[k] > 0) - int(room.kept_length[k] > 0)


@compiled
def _remember_best(order: Ints, length: Ints, room: Scratch) -> None:
    """Copy the routes that changed since the last best."""
    for k in range(len(length)):
        if room.dirty[k]:
            room.dirty[k] = 0
            room.best_length[k] = length[k]
            for i in range(length[k]):
                room.best_order[k, i] = order[k, i]
