"""Where on a drive something has to be decided: a bend is no decision, nor a junction nobody would turn at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dispatch.roads.course import LEVELS, Course, Crossings, Stretches
from dispatch.roads.junctions import signed_turn
from dispatch.roads.network import CLASSES

Turn = Literal[
    "depart", "straight", "left", "right", "slight_left", "slight_right", "sharp_left", "sharp_right",
    "keep_left", "keep_right", "back", "roundabout", "ferry", "ashore", "walk",
]  # fmt: skip
Motorway = Literal["", "on", "off"]

STRAIGHT_DEGREES, SLIGHT_DEGREES, SHARP_DEGREES, BACK_DEGREES = 25.0, 55.0, 125.0, 165.0
FORK_DEGREES = 60.0
"""Two ways on that lie closer together than this fork, unless one is straighter by `PLAINLY_DEGREES`."""
PLAINLY_DEGREES = 15.0
RIVAL_DEGREES = 45.0
CONNECTOR_METRES = 30.0
"""Two turns closer together than this are one, unless they cancel out."""
SLIP_METRES = 80.0
"""So are two slight ones to the same hand, over a slip road no longer than this."""
RAMP_METRES = 3000.0
_MOTORWAY, _FERRY = CLASSES.index("motorway"), CLASSES.index("ferry")
_BY_HAND = frozenset({"left", "right", "slight_left", "slight_right", "sharp_left", "sharp_right"})


@dataclass(frozen=True, slots=True)
class Cut:
    """A decision before stretch `first`; the street it leads onto is read from stretch `named_from` on.

    `degrees` turned, right positive; `exit_number` of a roundabout, 0 where it is not left again;
    `at_end` at the stem of a T; `motorway` where one is joined or left.
    """

    first: int
    named_from: int
    turn: Turn
    degrees: float = 0.0
    exit_number: int | None = None
    at_end: bool = False
    motorway: Motorway = ""


def decisions(course: Course, way: Stretches, met: Crossings) -> list[Cut]:
    """All decisions of a drive in order, the first to set out; two that are one movement are one."""
    cuts: list[Cut] = []
    for cut in _cuts(course, way, met):
        one = _one_turn(course, way, cuts[-1], cut) if cuts else None
        if one is not None:
            cuts[-1:] = one
        else:
            cuts.append(cut)
    return cuts


def turn_of(degrees: float) -> Turn:
    """A turn by its angle, right positive."""
    size, right = abs(degrees), degrees > 0
    if size < STRAIGHT_DEGREES:
        return "straight"
    if size > BACK_DEGREES:
        return "back"
    if size < SLIGHT_DEGREES:
        return "slight_right" if right else "slight_left"
    if size > SHARP_DEGREES:
        return "sharp_right" if right else "sharp_left"
    return "right" if right else "left"


def _hairpin(degrees: float) -> Turn:
    """A turn right back, but into another street."""
    return "sharp_right" if degrees > 0 else "sharp_left"


def same_street(one: str, other: str) -> bool:
    """Whether two names are of one street: equal, or one within the other (``S204``, ``河南省道S204线``).

    Two roads without a name are taken for one.
    """
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    return short == long or (len(short) >= 3 and short in long)


def _cuts(course: Course, way: Stretches, met: Crossings) -> Iterator[Cut]:
    count, at = len(way.edge), 0
    if way.ring[0]:
        at = min(_ring_stop(way, 0), count - 1)
        yield Cut(0, at, "depart", exit_number=_exit_number(way, met, 0))
    else:
        yield Cut(0, 0, "depart")
    exits = _motorway_exits(course, way, met)
    for pair in _worth_a_look(way, met).tolist():
        if pair < at:
            continue
        if way.ring[pair + 1]:
            at = min(_ring_stop(way, pair + 1), count - 1)
            yield Cut(pair + 1, at, "roundabout", exit_number=_exit_number(way, met, pair + 1))
        elif not way.ring[pair] and (cut := _cut(pair, course, way, met, leaves=pair in exits)):
            yield cut


def _worth_a_look(way: Stretches, met: Crossings) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The crossings where anything may have to be decided at all."""
    other_kind = (way.road_class[:-1] == _MOTORWAY) != (way.road_class[1:] == _MOTORWAY)
    other_kind |= way.name[:-1] != way.name[1:]
    other_kind |= (way.road_class[:-1] == _FERRY) != (way.road_class[1:] == _FERRY)
    back = way.arriving[:-1] == way.leaving[1:]
    return np.flatnonzero((met.others > 0) | met.tempting | other_kind | back | way.ring[1:])


def _ring_stop(way: Stretches, first: int) -> int:
    """The first stretch after the roundabout that begins with `first`."""
    off = np.flatnonzero(~way.ring[first:])
    return first + int(off[0]) if len(off) else len(way.ring)


def _exit_number(way: Stretches, met: Crossings, first: int) -> int:
    """Which exit is taken, counted from stretch `first` of a roundabout; 0 if the drive ends in it."""
    stop = _ring_stop(way, first)
    if stop >= len(way.ring):
        return 0
    return int(met.exits[first : stop - 1].sum() + met.nearer[stop - 1]) + 1


def _motorway_exits(course: Course, way: Stretches, met: Crossings) -> set[int]:
    """Crossings at which a motorway is left: where the slip road parts, else where the motorway stops.

    It parts where the name changes, or else at the last fork before the end.
    """
    on = way.road_class == _MOTORWAY
    found: set[int] = set()
    begin = 0
    for at in np.flatnonzero(on[:-1] & ~on[1:]).tolist():
        parting = [i for i in range(begin, at) if on[i] and on[i + 1] and met.motorways[i]]
        near = [i for i in parting if way.metres[i + 1 : at + 1].sum() < RAMP_METRES]
        named = [i for i in near if street_of(course, way, i) != street_of(course, way, i + 1)]
        found.add(named[0] if named else near[-1] if near else at)
        begin = at
    return found


def _cut(pair: int, course: Course, way: Stretches, met: Crossings, *, leaves: bool) -> Cut | None:
    """The decision between stretch `pair` and the next, None where the road just goes on."""
    before, after = way.road_class[pair], way.road_class[pair + 1]
    cut = Cut(pair + 1, pair + 1, "straight", float(met.turn[pair]))
    if after == _FERRY != before:
        return replace(cut, turn="ferry")
    if before == _FERRY != after:
        return replace(cut, turn="ashore")
    joins = after == _MOTORWAY != before
    motorway: Motorway = "on" if joins else "off" if leaves else ""
    turn = _turn(pair, course, way, met)
    if turn == "straight" and not motorway:
        return None
    return replace(cut, turn=turn, at_end=bool(met.at_end[pair]), motorway=motorway)


def _turn(pair: int, course: Course, way: Stretches, met: Crossings) -> Turn:
    """What a driver has to do at a crossing; ``straight`` where nobody would do otherwise."""
    degrees, others = float(met.turn[pair]), int(met.others[pair])
    size, same = abs(degrees), _same_road(pair, course, way)
    if way.arriving[pair] == way.leaving[pair + 1]:
        return "back"
    if size < STRAIGHT_DEGREES:
        return _fork(pair, degrees, way, met, same=same) if others else "straight"
    if not others and (same or not met.tempting[pair]) and not _enters(pair, course, way, size):
        return "straight"
    if size < SLIGHT_DEGREES and same and met.straightest[pair] >= size:
        return "straight"
    return _hairpin(degrees) if size > BACK_DEGREES and not same else turn_of(degrees)


def _enters(pair: int, course: Course, way: Stretches, size: float) -> bool:
    """Whether a forced turn is into another street: what goes on ahead or to the other side is closed to us."""
    after = street_of(course, way, pair + 1)
    return size >= SLIGHT_DEGREES and after != "" and not same_street(street_of(course, way, pair), after)


def _fork(pair: int, degrees: float, way: Stretches, met: Crossings, *, same: bool) -> Turn:
    """Nearly straight on: which hand to keep to, where another way on is as good."""
    rival = float(met.rival[pair])
    if abs(rival) > RIVAL_DEGREES or abs(rival - degrees) > FORK_DEGREES:
        return "straight"
    plainly = abs(rival) > abs(degrees) + PLAINLY_DEGREES
    lesser = met.rival_level[pair] > LEVELS[way.road_class[pair : pair + 2]].max()
    passed = bool(way.road_class[pair] == _MOTORWAY) and way.name[pair] == way.name[pair + 1] >= 0  # an exit
    if (plainly and (same or lesser)) or (same and (lesser or passed)):
        return "straight"
    return "keep_left" if degrees < rival else "keep_right"


def _same_road(pair: int, course: Course, way: Stretches) -> bool:
    one, other = (street_of(course, way, pair + step) for step in (0, 1))
    return same_street(one, other) and (one != "" or bool(way.road_class[pair] == way.road_class[pair + 1]))


def street_of(course: Course, way: Stretches, stretch: int) -> str:
    """The name of a stretch, "" where it has none."""
    number = int(way.name[stretch])
    return str(course.network.names[number]) if number >= 0 else ""


def _one_turn(course: Course, way: Stretches, last: Cut, cut: Cut) -> Sequence[Cut] | None:
    """What two decisions a few metres apart come to: one, none, or (None) still two."""
    if cut.turn not in _BY_HAND or cut.motorway:
        return None
    gap = float(way.metres[last.first : cut.first].sum())
    if last.turn == "depart" and last.exit_number is None and gap < CONNECTOR_METRES:
        return [replace(last, named_from=cut.first)]
    if last.turn not in _BY_HAND or last.motorway:
        return None
    alike = last.degrees * cut.degrees > 0
    slip = alike and max(abs(last.degrees), abs(cut.degrees)) < SLIGHT_DEGREES and gap < SLIP_METRES
    if not slip and gap >= CONNECTOR_METRES:
        return None
    if not alike and min(abs(last.degrees), abs(cut.degrees)) > RIVAL_DEGREES and gap >= CONNECTOR_METRES / 2:
        return None
    degrees = float(signed_turn(way.coming_in[last.first - 1], way.setting_out[cut.first]))
    turn = turn_of(degrees)
    if turn == "straight":
        return []
    if turn == "back" and not same_street(
        street_of(course, way, last.first - 1), street_of(course, way, cut.first)
    ):
        turn = _hairpin(last.degrees)
    at_end = last.at_end or cut.at_end
    return [replace(last, named_from=cut.first, turn=turn, degrees=degrees, at_end=at_end)]
