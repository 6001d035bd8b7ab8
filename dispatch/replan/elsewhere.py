"""A position that contradicts the door a crew is said to be at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dispatch.domain import Place
from dispatch.reasons import Reason

METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Fix:
    """A crew's position: minutes from the old plan's moment, (lon, lat), how far it may be off."""

    at: float
    point: tuple[float, float]
    radius_metres: float = 0.0


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A crew whose position is `metres` from the place it is said to be at since before the fix.

    `reported`: it said so itself, so it is taken at its word; else only the plan has it there, and
    the position is believed.
    """

    case_id: str
    metres: float
    fix: Fix
    reported: bool

    def reason(self, responder: str, time: str) -> Reason:
        """The sentence of it; `time` is the position's."""
        code = "POSITION_CONTRADICTS" if self.reported else "POSITION_NOT_THERE"
        said = {"responder": responder, "case": self.case_id, "time": time}
        return Reason(code, said | {"metres": round(self.metres, -2)})


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two points some kilometres apart at most, on a plane at their latitude."""
    east = (one[0] - other[0]) * math.cos(math.radians(one[1]))
    return math.hypot(east, one[1] - other[1]) * METRES_PER_DEGREE


def elsewhere(
    case_id: str, place: Place, arrive: float, fix: Fix | None, *, reported: bool, metres_at_most: float
) -> Elsewhere | None:
    """What the fix says against the door of `place` since `arrive`; None if nothing.

    Both may be off by their own radius, and a crew may stand `metres_at_most` away from a door it is at.
    A fix from before the arrival says nothing of it.
    """
    if fix is None or fix.at < arrive:
        return None
    metres = metres_between((place.lon, place.lat), fix.point)
    if metres <= metres_at_most + place.radius_metres + fix.radius_metres:
        return None
    return Elsewhere(case_id, metres, fix, reported)
