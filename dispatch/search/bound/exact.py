"""The best a small zone can do, exactly: every set of nodes, every crew. Compiled.

For each crew and set of nodes the best order comes from dynamic programming over sets (Held and
Karp, SIAM Journal 10(1), 1962), keeping every way to stand at the last node that another does
not beat in both time and yuan; then sets are shared out among the crews, one crew after another.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from dispatch.search.bound.labels import arrives, begins, gain_yuan
from dispatch.search.bound.zones import (
    BALANCE_YUAN,
    CLOSES,
    DRIVE_YUAN,
    ENDS,
    HOME_MINUTES,
    HORIZON,
    KIND,
    MADE,
    MOST,
    NUMBER,
    OPENS,
    PAUSE_FROM,
    PAUSE_TO,
    PROFILE,
    READY,
    SEARCH,
    SERVICE,
    Floats,
    Zone,
)

MOST_NODES = 10
MOST_WORK = 2e7
"""Sets times nodes times nodes times crews: about a second."""


def is_small(zone: Zone) -> bool:
    """Whether the zone can be settled exactly in about a second."""
    nodes, crews = len(zone.node), len(zone.crew)
    return nodes <= MOST_NODES and 2**nodes * nodes**2 * crews <= MOST_WORK


def best_saved_yuan(zone: Zone) -> float:
    """The most the zone's crews can save, in yuan; `is_small` says whether this is quick."""
    saved = np.zeros(2 ** len(zone.node))
    for k in range(len(zone.crew)):
        own = saved_by_set(
            zone.node, zone.crew, zone.start, zone.home, zone.extra_yuan, zone.between, zone.setting, k
        )
        for _ in range(min(int(zone.crew[k, NUMBER]), len(zone.node))):
            saved = share_out(saved, own)
    return float(saved.max())


@njit(cache=True)
def share_out(saved: Floats, own: Floats) -> Floats:
    """The most saved at each set of nodes (2^n) when one more crew takes a part of it."""
    best = saved.copy()
    for whole in range(len(saved)):
        part = whole
        while part:
            best[whole] = max(best[whole], own[part] + saved[whole ^ part])
            part = (part - 1) & whole
    return best


@njit(cache=True)
def saved_by_set(
    node: Floats,
    crew: Floats,
    start: Floats,
    home: Floats,
    extra: Floats,
    between: Floats,
    setting: Floats,
    k: int,
) -> Floats:
    """The most crew k saves visiting exactly the nodes of each set (2^n); -inf where it cannot."""
    n = len(node)
    saved = np.full(2**n, -np.inf)
    saved[0] = 0.0
    drive_yuan, ends = setting[DRIVE_YUAN], crew[k, ENDS]
    pause_from, pause_to = crew[k, PAUSE_FROM], crew[k, PAUSE_TO]
    kind, made = SERVICE + int(crew[k, KIND]), int(crew[k, MADE])
    way = between[int(crew[k, PROFILE])]
    idle = drive_yuan * crew[k, HOME_MINUTES] if drive_yuan > 0 else 0.0
    # labels in the order they were made: set, node, next of the same set and node; leave, saved
    where, when = [(0, -1, -1)], [(crew[k, READY], idle)]
    head = np.full((2**n, n), -1)
    at = 0
    while at < len(where):
        been, v, _ = where[at]
        leave, yuan = when[at]
        stops = 0
        for u in range(n):
            stops += been >> u & 1
        if made + stops < crew[k, MOST]:
            for u in range(n):
                if been >> u & 1 or not extra[k, u] < np.inf:
                    continue
                minutes = start[k, u] if v < 0 else way[v, u]
                length = node[u, SEARCH] + node[u, kind]
                arrive = arrives(leave, minutes, pause_from, pause_to)
                begin = begins(arrive, length, node[u, OPENS], pause_from, pause_to)
                contact, done = begin + node[u, SEARCH], begin + length
                if (
                    not contact <= node[u, CLOSES]
                    or not arrives(done, home[k, u], pause_from, pause_to) <= ends
                ):
                    continue
                now = yuan + gain_yuan(node, u, contact, setting[HORIZON]) - extra[k, u]
                now -= setting[BALANCE_YUAN] * (made + stops)
                back = 0.0
                if drive_yuan > 0:
                    now -= drive_yuan * minutes
                    back = drive_yuan * home[k, u]
                reach = been | 1 << u
                other, beaten = head[reach, u], False
                while other >= 0 and not beaten:
                    beaten = when[other][0] <= done and when[other][1] >= now
                    other = where[other][2]
                if beaten:
                    continue
                where.append((reach, u, head[reach, u]))
                when.append((done, now))
                head[reach, u] = len(where) - 1
                saved[reach] = max(saved[reach], now - back)
        at += 1
    return saved
