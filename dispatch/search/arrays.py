"""A problem as plain arrays: what the compiled search reads, and nothing else.

Minutes and yuan as in `Problem`. Nodes (n) are candidate places: since the places of a case
exclude each other, each node loses its own share of the case, and a case is the sum of its
nodes. Crews (k) are responders. Facts of one kind share a table, a column each: compiled
calls stay cheap when few arrays are handed down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# columns of `Day.node`; yuan are already times the probability of the place
STAKE_YUAN, HAZARD_PER_MINUTE, HAZARD_CLASS, LATE_YUAN, DUE, OPENS, CLOSES = range(7)
SEARCH_MINUTES, LOAD, HOLD_UNTIL, HOLD_FRACTION, DROP_YUAN, MUST = range(7, 13)
SERVICE = 13
"""Column of `Day.node` from which on stand the minutes of service, one a kind of crew."""
# columns of `Day.crew`
BASE, PROFILE, KIND, READY, ENDS, PAUSE_FROM, PAUSE_TO, CAPACITY, HOME_YUAN = range(9)
CREW_COLUMNS = 9
# columns of `Day.setting`; those from RATE on are the hazard per minute of each class
HORIZON_MINUTES, DRIVE_YUAN, RATE = range(3)
# columns of `Tours.stop`; those from DECAY on are one a hazard class
CONTACT, LEAVE, LEFT_YUAN, OWN_SLACK, COST_SO_FAR, DROVE_SO_FAR, LOAD_SO_FAR, LATE, SLACK, DECAY = range(10)
# columns of `Tours.whole`
HOME, LOADED, COST_YUAN = range(3)


class Day(NamedTuple):
    """One day to be searched; never changed by the search.

    `drive` (profiles, n + b, n + b) minutes between nodes and bases, base b numbered n + b.
    `node` (n, 13 + kinds): stake and lateness a minute in yuan, hazard per minute and its
    class, due, opens, closes, search minutes, load, hold until and its fraction, what not
    visiting costs, 1 where it must be visited if at all possible, and service minutes by kind
    of crew. `crew` (k, 9): base (its number in `drive`), profile, kind, ready, ends, the break
    (inf without one), capacity, yuan a minute until home. `price` (k, n) yuan paid by a visit,
    inf where it is not allowed. `setting`: horizon in minutes, yuan a minute driven, hazard per
    minute of each class. `near` (n, most) lists for each node the others, nearest first;
    `offers` (n, few) the crews that could do most for it; -1 for none.
    """

    drive: Floats
    node: Floats
    crew: Floats
    price: Floats
    setting: Floats
    near: Ints
    offers: Ints


class Tours(NamedTuple):
    """All routes at one moment of the search, and what is known of every stop in them.

    `order` (k, m) node numbers, the first `length` (k) of them valid. `stop` (k, m + 1, 9 + c):
    contact and leave in minutes, yuan it has still to lose then, its own slack, yuan, minutes
    driven and load up to it; then sums over a stop and all after it, so that a delay of a
    whole tail is priced at once: yuan a minute of lateness already running, by how much the tail
    may be delayed before anything bends (a deadline, a window, a hold, a wait, the break, the
    horizon; negative: it bends at once, and the tail is walked stop by stop), and yuan still to
    be lost by hazard class. `whole` (k, 3): minutes when home, load, cost in
    yuan. `where` (n, 2): which crew visits a node, or -1, and as which stop.
    """

    order: Ints
    length: Ints
    stop: Floats
    whole: Floats
    where: Ints


def empty_tours(day: Day, longest: int) -> Tours:
    """Nobody anywhere; `longest` stops a route at most."""
    crews, nodes = len(day.crew), len(day.node)
    tours = Tours(
        order=np.zeros((crews, longest), np.int64),
        length=np.zeros(crews, np.int64),
        stop=np.zeros((crews, longest + 1, DECAY + len(day.setting) - RATE)),
        whole=np.zeros((crews, 3)),
        where=np.full((nodes, 2), -1, np.int64),
    )
    tours.stop[:, :, SLACK] = np.inf
    tours.whole[:, HOME] = day.crew[:, READY]
    return tours
