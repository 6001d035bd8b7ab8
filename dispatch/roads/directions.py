"""A leg in words: which street, how far, which way to turn, where to leave the road."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.plane import bearing_degrees, metres_between

Floats = NDArray[np.float64]
Language = Literal["zh", "en"]
Turn = Literal["depart", "straight", "left", "right", "slight_left", "slight_right", "back", "walk", "arrive"]

LOOK_METRES = 25.0
"""The direction of a road at a junction is that of its nearest metres, bends apart."""
SHORT_METRES = 30.0
"""An unnamed stretch shorter than this is part of the junction, not a step of its own."""
DOORSTEP_METRES = 15.0
"""A walk shorter than this, beside a drive, is the pavement: nobody needs to be told."""
COMPASS = {
    "zh": ("北", "东北", "东", "东南", "南", "西南", "西", "西北"),
    "en": ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"),
}
ROADS = {
    "motorway": ("高速公路", "motorway"),
    "trunk": ("干线公路", "trunk road"),
    "primary": ("主干道", "main road"),
    "secondary": ("次干道", "secondary road"),
    "tertiary": ("支路", "minor road"),
    "unclassified": ("乡村道路", "country road"),
    "residential": ("街巷", "residential street"),
    "living_street": ("街巷", "living street"),
    "service": ("内部道路", "service road"),
    "track": ("土路", "track"),
    "path": ("小路", "path"),
    "footway": ("人行道", "footway"),
    "steps": ("台阶", "steps"),
    "ferry": ("轮渡", "ferry"),
}
TURNS = {
    "straight": ("直行", "straight on"),
    "left": ("左转", "turn left"),
    "right": ("右转", "turn right"),
    "slight_left": ("向左前方", "bear left"),
    "slight_right": ("向右前方", "bear right"),
    "back": ("掉头", "turn round"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one street (or of unnamed road of one class), or a walk off the road.

    `road` is a class of the network, or ``walk``; `lonlat` has shape (k, 2).
    """

    street: str
    road: str
    metres: float
    minutes: float
    lonlat: Floats


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: the turn into it, then `metres` and `minutes` along `street`.

    `street` is "" where the road has no name; `road` is its class, or ``walk``;
    `compass` numbers the eight winds from north, clockwise, of the way it sets out.
    """

    turn: Turn
    street: str
    road: str
    metres: float
    minutes: float
    compass: int


def directions(parts: Sequence[Part]) -> tuple[Step, ...]:
    """The steps of a leg's parts, in order; walks of a few metres and empty legs have none."""
    steps: list[Step] = []
    before: Part | None = None
    for part in parts:
        if part.road == "walk" and part.metres < DOORSTEP_METRES and len(parts) > 1:
            continue
        turn = _turn(before, part)
        aside = not part.street and part.road != "walk" and part.metres < SHORT_METRES
        goes_on = turn == "straight" and steps and steps[-1].street == part.street and part.road != "walk"
        if steps and steps[-1].road != "walk" and (aside or goes_on):
            last = steps.pop()
            metres, minutes = last.metres + part.metres, last.minutes + part.minutes
            steps.append(Step(last.turn, last.street, last.road, metres, minutes, last.compass))
        else:
            compass = round(bearing_degrees(part.lonlat) / 45) % 8 if part.road == "walk" else _wind(part)
            steps.append(Step(turn, part.street, part.road, part.metres, part.minutes, compass))
        before = part
    return tuple(steps)


def say_step(step: Step, language: Language = "zh") -> str:
    """One step as a sentence."""
    wind = COMPASS[language][step.compass]
    if language == "zh":
        if step.road == "walk":
            return f"步行约{_metres(step.metres, 'zh')}（向{wind}）"
        street = step.street or ROADS[step.road][0]
        lead = f"沿{street}向{wind}" if step.turn == "depart" else f"{TURNS[step.turn][0]}进入{street}，"
        if step.turn == "straight":
            lead = f"直行，沿{street}"
        return f"{lead}行驶{_metres(step.metres, 'zh')}（{_minutes(step.minutes, 'zh')}）"
    if step.road == "walk":
        return f"walk about {_metres(step.metres, 'en')} {wind}"
    street = step.street or f"the {ROADS[step.road][1]}"
    lead = f"drive {wind} on {street}" if step.turn == "depart" else f"{TURNS[step.turn][1]} into {street}"
    if step.turn == "straight":
        lead = f"straight on along {street}"
    return f"{lead}, {_metres(step.metres, 'en')} ({_minutes(step.minutes, 'en')})"


def _turn(before: Part | None, part: Part) -> Turn:
    if part.road == "walk":
        return "walk"
    if before is None or before.road == "walk":
        return "depart"
    angle = (_heading(part.lonlat) - _heading(before.lonlat[::-1]) + 180 + 180) % 360 - 180
    size, side = abs(angle), "right" if angle > 0 else "left"
    if size < 25:
        return "straight"
    if size > 160:
        return "back"
    if size < 55:
        return "slight_right" if side == "right" else "slight_left"
    return "right" if side == "right" else "left"


def _wind(part: Part) -> int:
    return round(_heading(part.lonlat) / 45) % 8


def _heading(lonlat: Floats) -> float:
    """Bearing over the first metres of a line, in degrees."""
    moved = metres_between(lonlat[0, 0], lonlat[0, 1], lonlat[:, 0], lonlat[:, 1])
    far = np.flatnonzero(moved >= LOOK_METRES)
    stop = int(far[0]) if len(far) else len(lonlat) - 1
    return bearing_degrees(lonlat[[0, stop]])


def _metres(metres: float, language: Language) -> str:
    if metres >= 950:
        return f"{metres / 1000:.1f}{'公里' if language == 'zh' else ' km'}"
    tens = max(10, round(metres / 10) * 10)
    return f"{tens}{'米' if language == 'zh' else ' m'}"


def _minutes(minutes: float, language: Language) -> str:
    if minutes < 0.75:
        return "不到1分钟" if language == "zh" else "under a minute"
    return f"约{round(minutes)}分钟" if language == "zh" else f"about {round(minutes)} min"
