"""Turn restrictions: what a relation says, and which edges of the network it means.

References
----------
OpenStreetMap wiki: Relation:restriction, Conditional restrictions (2024).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.network import BACKWARD, FORWARD, PROFILE_BIT

Integers = NDArray[np.int64]
Member = tuple[str, int, str]
"""Kind (``n``, ``w``, ``r``), id and role."""

TURNS = ("left_turn", "right_turn", "straight_on", "u_turn", "entry", "exit", "slight_left", "slight_right")
NO = {f"no_{turn}" for turn in TURNS}
ONLY = {f"only_{turn}" for turn in TURNS if turn not in ("entry", "exit")}
VEHICLES = PROFILE_BIT["car"] | PROFILE_BIT["motorcycle"]
BINDS = {
    "restriction": VEHICLES,
    "restriction:vehicle": VEHICLES,
    "restriction:motor_vehicle": VEHICLES,
    "restriction:motorcar": PROFILE_BIT["car"],
    "restriction:motorcycle": PROFILE_BIT["motorcycle"],
    "restriction:foot": PROFILE_BIT["foot"],
}
"""Whom each tag of a relation binds; who walks is bound by none but their own."""
EXCEPT = {key.partition(":")[2]: bits for key, bits in BINDS.items() if ":" in key}
OTHERS = ("hgv", "bus", "psv", "taxi", "bicycle", "caravan", "hazmat", "emergency", "goods", "tourist_bus")
KEYS = (
    *BINDS,
    *(f"{key}:conditional" for key in BINDS),
    *(f"restriction:{who}" for who in OTHERS),
    *(f"restriction:{who}:conditional" for who in OTHERS),
)
"""Every key a relation of this kind is known by."""
TIMED = ("day_on", "day_off", "hour_on", "hour_off", "date_on", "date_off")


@dataclass(frozen=True, slots=True)
class Turn:
    """One restriction in OpenStreetMap's own ids; `profiles` holds bits of `PROFILE_BIT`."""

    from_way: int
    via_node: int
    to_way: int
    only: bool
    profiles: int


@dataclass(frozen=True, slots=True)
class Turns:
    """Restrictions (t) as columns: rows of the ways, points of the ways, kind and profiles."""

    from_way: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    via: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    to_way: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    only: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    profiles: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))


def read_turns(tags: Mapping[str, str], members: Iterable[Member]) -> list[Turn] | str:
    """The restrictions of one relation, or the name under which it counts as dropped."""
    if tags.get("type", "restriction") != "restriction":  # type=restriction:hgv, an old spelling
        tags = {tags["type"]: tags.get("restriction", "")}
    rules = [(tags[key], bits) for key, bits in BINDS.items() if key in tags]
    timed = any(key in tags for key in TIMED)
    if timed or (not rules and any(key in tags for key in KEYS if key.endswith(":conditional"))):
        return "turns_at_times"
    spared = 0
    for who in tags.get("except", "").split(";"):
        spared |= EXCEPT.get(who.strip(), 0)
    bound = [(kinds, bits & ~spared) for text, bits in rules if (kinds := _kinds(text)) is not None]
    bound = [(only, bits) for only, bits in bound if bits]
    if not bound:
        return "turns_unclear" if any(_kinds(text) is None for text, _ in rules) else "turns_for_others"
    ends = _ends(tags, members)
    if isinstance(ends, str):
        return ends
    from_ways, via, to_ways = ends
    return [Turn(a, via, b, only, bits) for a in from_ways for b in to_ways for only, bits in bound]


def _kinds(text: str) -> bool | None:
    """Whether a value says ``only_…``; None if it is no restriction we know."""
    kinds = {part.strip() for part in text[:200].split(";")}
    return True if kinds <= ONLY else False if kinds <= NO else None


def _ends(tags: Mapping[str, str], members: Iterable[Member]) -> tuple[list[int], int, list[int]] | str:
    """Ways it leads out of, the node it is about, ways it leads into; or why it is dropped."""
    roles: dict[str, list[Member]] = {"from": [], "via": [], "to": []}
    for member in members:
        roles.get(member[2], []).append(member)
    if any(kind == "w" for kind, _, _ in roles["via"]):
        return "turns_over_ways"
    out = [number for kind, number, _ in roles["from"] if kind == "w"]
    into = [number for kind, number, _ in roles["to"] if kind == "w"]
    via = [number for kind, number, _ in roles["via"] if kind == "n"]
    said = tags.get("restriction", "")
    many = (len(out) > 1 and said != "no_entry") or (len(into) > 1 and said != "no_exit")
    if len(via) != 1 or not out or not into or many or len(out) * len(into) > 100:
        return "turns_unclear"
    return out, via[0], into


def columns(turns: Iterable[Turn], ways: Mapping[int, int], points: Integers, dropped: Counter[str]) -> Turns:
    """Restrictions with their ids looked up: `ways` gives rows by id, `points` (p) is sorted.

    Those about a way or a node the extract does not hold are dropped as ``turns_elsewhere``.
    """
    rows = []
    for turn in turns:
        via = int(np.searchsorted(points, turn.via_node))
        if (
            turn.from_way not in ways
            or turn.to_way not in ways
            or via == len(points)
            or points[via] != turn.via_node
        ):
            dropped["turns_elsewhere"] += 1
            continue
        rows.append((ways[turn.from_way], via, ways[turn.to_way], turn.only, turn.profiles))
    table = np.array(rows, dtype=np.int64).reshape(-1, 5)
    return Turns(
        table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(bool), table[:, 4].astype(np.uint8)
    )


@dataclass(frozen=True, slots=True)
class Stretches:
    """Straight pieces (s) of ways: their ends, their way, its access, and the edge each became."""

    tail: Integers
    head: Integers
    way: Integers
    access: NDArray[np.uint8]
    edge: Integers


def edges_of(turns: Turns, stretches: Stretches, dropped: Counter[str]) -> tuple[Integers, Turns]:
    """The edge each restriction leads out of and into, shape (2, k), and which of `turns` they are.

    A way that leads on at both sides of the junction does not say which edge is meant:
    dropped as ``turns_unclear``. A turn that nobody it binds could make anyway, because of
    one-ways, is dropped as ``turns_needless``.
    """
    arriving, leaving = _meetings(turns, stretches)
    found, kept = [], []
    rows = zip(turns.from_way.tolist(), turns.via.tolist(), turns.to_way.tolist(), strict=True)
    for row, (out, via, into) in enumerate(rows):
        wanted = _direction_bits(int(turns.profiles[row]))
        sides = [
            {edge for edge, bits in meetings.get((way, via), ()) if bits & wanted}
            for meetings, way in ((arriving, out), (leaving, into))
        ]
        if any(len(side) != 1 for side in sides):
            needless = not sides[0] or not (sides[1] or turns.only[row])
            dropped["turns_needless" if needless else "turns_unclear"] += 1
            continue
        found.append([sides[0].pop(), sides[1].pop()])
        kept.append(row)
    one = np.array(kept, dtype=np.int64)
    edges = np.array(found, dtype=np.int64).reshape(-1, 2).T
    return edges, Turns(
        turns.from_way[one], turns.via[one], turns.to_way[one], turns.only[one], turns.profiles[one]
    )


Meetings = dict[tuple[int, int], list[tuple[int, int]]]


def _meetings(turns: Turns, stretches: Stretches) -> tuple[Meetings, Meetings]:
    """By way and point: edges that arrive there, and that leave, with the forward bits of who may."""
    ahead, back = sum(FORWARD.values()), sum(BACKWARD.values())
    arriving: Meetings = {}
    leaving: Meetings = {}
    for ends, by_drawing, against in (
        (stretches.head, arriving, leaving),
        (stretches.tail, leaving, arriving),
    ):
        for one in np.flatnonzero(np.isin(ends, turns.via)).tolist():
            key, edge = (int(stretches.way[one]), int(ends[one])), int(stretches.edge[one])
            access = int(stretches.access[one])
            by_drawing.setdefault(key, []).append((edge, access & ahead))
            against.setdefault(key, []).append((edge, (access & back) >> 1))
    return arriving, leaving


def _direction_bits(profiles: int) -> int:
    return sum(FORWARD[name] for name, bit in PROFILE_BIT.items() if profiles & bit)
