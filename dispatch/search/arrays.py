"""A problem as plain arrays: what the compiled search reads, and nothing else.

Minutes and yuan as in `Problem`. Nodes (n) are candidate places: since the places of a case
exclude each other, each node loses its own share of the case, and a case is the sum of its
nodes. Crews (k) are responders. Facts of one kind share a table, a column each: compiled
calls stay cheap when few arrays are handed down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# columns of `Day.node`; yuan are already times the probability of the place
STAKE_YUAN, HAZARD_PER_MINUTE, HAZARD_CLASS, LATE_YUAN, DUE, OPENS, CLOSES = range(7)
SEARCH_MINUTES, LOAD, HOLD_UNTIL, HOLD_FRACTION, DROP_YUAN, MUST = range(7, 13)
TOLD, TOLD_FROM, TOLD_TO, MOVED_YUAN = range(13, 17)
MATE, LEADS, TOLD_MATE, WORD_FROM, WINDOW_OPENS, WINDOW_CLOSES = range(17, 23)
SERVICE = 23
"""Column of `Day.node` from which on stand the minutes of service, one a kind of crew."""
# columns of `Day.crew`
START, BASE, PROFILE, KIND, READY, ENDS, PAUSE_FROM, PAUSE_TO, CAPACITY, HOME_YUAN, HEAD = range(11)
CREW_COLUMNS = 11
# columns of `Day.setting`; those from RATE on are the hazard per minute of each class
HORIZON_MINUTES, DRIVE_YUAN, BALANCE_YUAN, MOST_CHANGES, RATE = range(5)
# columns of `Tours.stop`; those from DECAY on are one a hazard class
DEPART, REACH, LEG, SLACK, LATE, DECAY = range(6)
# columns of `Tours.fact`
CONTACT, LEFT_YUAN, OWN_SLACK, COST_SO_FAR, LOAD_SO_FAR, KEPT_SO_FAR = range(6)
# columns of `Tours.whole`
HOME, LOADED, COST_YUAN, KEPT = range(4)


class Day(NamedTuple):
    """One day to be searched; never changed by the search.

    `drive` (profiles, n + b, n + b) minutes between nodes and bases, base b numbered n + b;
    `back` the same, transposed: minutes to a node from all others lie side by side.
    `node` (n, 23 + kinds): stake and lateness a minute in yuan, hazard per minute and its
    class, due, opens, closes, search minutes, load, hold until and its fraction, what not
    visiting costs, 1 where it must be visited if at all possible, who was told to come (crew
    number + 1; 0 for nobody) and the earliest and latest contact that keeps the word, what
    the told crew's coming outside of them costs; where two must come, the other node of the
    place (number + 1; 0 for none), 1 for who leads, who was told to come along (crew number
    + 1; 0 for anybody), and as they were before the two agreed on a moment (`dispatch.search.pairs`)
    the earliest contact told, opens and closes; and service minutes by kind of crew.
    `crew` (k, 11): where it starts and where its base is (numbers in `drive`), profile, kind,
    ready, ends, the break (inf without one), capacity, yuan a minute until home, and how many
    first stops are fixed. `price` (k, n) yuan paid by a visit, inf where it is not allowed.
    `setting`: horizon in minutes, yuan a minute driven, yuan for each visit of the same crew
    before, how many who were told may see a change, hazard per minute of each class.
    `near` (n, most) lists for each node the others, nearest first; `offers` (n, few) the crews
    that could do most for it; -1 for none.
    """

    drive: Floats
    back: Floats
    node: Floats
    crew: Floats
    price: Floats
    setting: Floats
    near: Ints
    offers: Ints


class Tours(NamedTuple):
    """All routes at one moment of the search, and what is known of every stop in them.

    `order` (k, m) node numbers, the first `length` (k) of them valid. `stop` (k, m + 1, 5 + c),
    one row a stop and one for the way home: when the crew departs to it, when its turn there
    begins (at the row of home: when it is there), minutes of the leg; then sums over a stop and
    all after it, so that a delay of a whole tail is priced at once: by how much the tail may be
    delayed before anything bends (a deadline, a window, a hold, a wait, the break, the horizon,
    a word given; negative: it bends at once, and the tail is walked stop by stop), yuan a minute
    of lateness already running, and yuan still to be lost by hazard class. `fact` (k, m, 6):
    first contact, yuan it has still to lose then, its own slack, and cost in yuan, load and
    words kept up to it. `whole` (k, 4): minutes when home, load, cost in yuan, words kept.
    `where` (n, 2): which crew visits a node, or -1, and as which stop.
    """

    order: Ints
    length: Ints
    stop: Floats
    fact: Floats
    whole: Floats
    where: Ints


def blank_nodes(nodes: int, kinds: int) -> Floats:
    """A node table in which nothing costs, binds or holds; each node loads 1."""
    table = np.zeros((nodes, SERVICE + kinds))
    table[:, DUE] = table[:, CLOSES] = np.inf
    table[:, LOAD] = table[:, HOLD_FRACTION] = 1.0
    table[:, WINDOW_CLOSES] = np.inf
    table[:, [TOLD_FROM, WORD_FROM]], table[:, TOLD_TO] = -np.inf, np.inf
    table[:, LEADS] = 1.0
    return table


def blank_crews(bases: ArrayLike) -> Floats:
    """A crew table, one row a base: ready now, for ever, without a break or a limit."""
    base = np.asarray(bases, np.float64)
    table = np.zeros((len(base), CREW_COLUMNS))
    table[:, START] = table[:, BASE] = base
    table[:, [ENDS, PAUSE_FROM, PAUSE_TO, CAPACITY]] = np.inf
    return table


def setting_row(
    horizon_minutes: float = np.inf,
    rates: ArrayLike = (),
    *,
    drive_yuan: float = 0.0,
    balance_yuan: float = 0.0,
    most_changes: float = np.inf,
) -> Floats:
    """The `setting` of a day; `rates` are the hazards per minute of its classes, none where nothing decays."""
    head = [horizon_minutes, drive_yuan, balance_yuan, most_changes]
    return np.concatenate([head, np.asarray(rates, np.float64)])


def transposed(drive: Floats) -> Floats:
    """`Day.back` of `Day.drive`."""
    return np.ascontiguousarray(drive.transpose(0, 2, 1))


def empty_tours(day: Day, longest: int) -> Tours:
    """Nobody anywhere; `longest` stops a route at most."""
    crews, nodes = len(day.crew), len(day.node)
    tours = Tours(
        order=np.zeros((crews, longest), np.int64),
        length=np.zeros(crews, np.int64),
        stop=np.zeros((crews, longest + 1, DECAY + len(day.setting) - RATE)),
        fact=np.zeros((crews, longest, KEPT_SO_FAR + 1)),
        whole=np.zeros((crews, KEPT + 1)),
        where=np.full((nodes, 2), -1, np.int64),
    )
    tours.stop[:, :, SLACK] = np.inf
    tours.stop[:, :, DEPART] = tours.stop[:, :, REACH] = day.crew[:, READY, None]
    tours.stop[:, :, LATE] = day.crew[:, HOME_YUAN, None]
    tours.whole[:, HOME] = day.crew[:, READY]
    return tours
