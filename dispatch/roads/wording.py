"""Steps of a leg as sentences, in Chinese and English: what to do, onto what, how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dispatch.roads.directions import Step

Language = Literal["zh", "en"]

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
    "steps": ("台阶", "flight of steps"),
    "ferry": ("轮渡", "ferry"),
}
TURNS = {
    "straight": ("直行", "go straight on"),
    "left": ("左转", "turn left"),
    "right": ("右转", "turn right"),
    "slight_left": ("向左前方", "bear left"),
    "slight_right": ("向右前方", "bear right"),
    "sharp_left": ("向左后方急转", "turn sharp left"),
    "sharp_right": ("向右后方急转", "turn sharp right"),
    "keep_left": ("岔路口靠左", "keep left at the fork"),
    "keep_right": ("岔路口靠右", "keep right at the fork"),
    "back": ("掉头", "make a U-turn"),
}
TO_THE_ROAD = "到路上"
SHORT_MINUTES = 1.5
"""A step quicker than this is told without its time."""


@dataclass(frozen=True, slots=True)
class Said:
    """A step in words, for a list with columns: what to do, how far, and how long ("" if soon over)."""

    what: str
    far: str
    time: str


def say_step(step: Step, language: Language = "zh", profile: str = "car") -> str:
    """One step as a sentence."""
    said = step_words(step, language, profile)
    if language == "en":
        time = f" ({said.time})" if said.time else ""
        return f"{said.what}, {said.far}{time}"
    time = f"（{said.time}）" if said.time else ""
    if step.turn == "walk":
        return f"{said.what.removesuffix(TO_THE_ROAD)}{said.far}{TO_THE_ROAD if _first(step) else ''}{time}"
    mark = "" if "沿" in said.what.split("，")[-1] and step.turn != "ferry" else "，"
    go = "" if step.turn == "ferry" else "步行" if profile == "foot" else "行驶"
    return f"{said.what}{mark}{go}{said.far}{time}"


def step_words(step: Step, language: Language = "zh", profile: str = "car") -> Said:
    """One step in words, its distance and time apart."""
    if step.turn == "walk":
        what = _walk(step, language)
    elif language == "zh":
        what = _chinese(step)
    else:
        what = _english(step, "walk" if profile == "foot" else "drive")
    return Said(what, say_metres(step.metres, language), _time(step, language))


def say_metres(metres: float, language: Language) -> str:
    """A distance as one says it: to ten metres, beyond 950 m in kilometres."""
    if metres > 9_950:
        return f"{metres / 1000:.0f}{'公里' if language == 'zh' else ' km'}"
    if metres > 950:
        return f"{metres / 1000:.1f}{'公里' if language == 'zh' else ' km'}"
    tens = max(10, round(metres / 10) * 10)
    return f"{tens}{'米' if language == 'zh' else ' m'}"


def _walk(step: Step, language: Language) -> str:
    wind = COMPASS[language][step.compass]
    if language == "zh":
        return f"{'离开道路，' if step.last else ''}向{wind}步行{TO_THE_ROAD if _first(step) else ''}"
    return f"{'leave the road, ' if step.last else ''}walk {wind}{' to the road' if _first(step) else ''}"


def _first(step: Step) -> bool:
    """Whether a walk leads to the road."""
    return not step.last and not step.sole


def _chinese(step: Step) -> str:
    wind, along = COMPASS["zh"][step.compass], f"{'依次' if len(step.via) > 1 else ''}沿{_street(step, 'zh')}"
    if step.turn == "depart":
        out = f"环岛第{step.exit_number}出口驶出，" if step.exit_number else ""
        return f"向{wind}出发，{out}{along}"
    if step.turn == "ferry":
        return f"乘轮渡{step.street and f'（{step.street}）'}"
    if step.turn == "ashore":
        return f"下船后向{wind}，{along}"
    if step.turn == "roundabout":
        return f"环岛第{step.exit_number}出口驶出，{along}" if step.exit_number else "进入环岛"
    lead = ("丁字路口" if step.at_end else "") + TURNS[step.turn][0]
    if step.motorway == "on":
        return f"{lead}上高速，{along}"
    if step.motorway == "off":
        return f"{'从出口' if step.turn == 'straight' else lead}驶离高速，{along}"
    if step.stays and step.turn != "back":
        return f"{lead}，继续{along}"
    if not step.street or step.via or step.turn == "back":
        return f"{lead}，{along}"
    return f"{lead}进入{step.street}"


def _english(step: Step, go: str) -> str:
    wind, street = COMPASS["en"][step.compass], _street(step, "en")
    if step.turn == "depart":
        out = f", take the {_ordinal(step.exit_number)} exit of the roundabout," if step.exit_number else ""
        return f"{go} {wind}{out} on {street}"
    if step.turn == "ferry":
        return f"take the ferry{step.street and f' ({step.street})'}"
    if step.turn == "ashore":
        return f"off the ferry, {go} {wind} on {street}"
    if step.turn == "roundabout":
        if not step.exit_number:
            return "enter the roundabout"
        return f"at the roundabout take the {_ordinal(step.exit_number)} exit onto {street}"
    lead = ("at the T-junction " if step.at_end else "") + TURNS[step.turn][1]
    if step.motorway == "on":
        return f"{lead} to join {street}"
    if step.motorway == "off":
        return f"{'take the exit' if step.turn == 'straight' else lead} to leave the motorway, on {street}"
    if step.turn == "back":
        return f"{lead} on {street}"
    if step.stays:
        return f"{lead}, stay on {street}"
    return f"{lead} {'along' if step.turn == 'straight' else 'onto'} {street}"


def _street(step: Step, language: Language) -> str:
    """What is driven along: streets by name, or a kind of road."""
    if step.via:
        return ("、" if language == "zh" else ", then ").join(step.via)
    if step.street:
        return step.street
    if step.motorway == "off" and step.road == "motorway":
        return "匝道" if language == "zh" else "the slip road"
    return ROADS[step.road][0] if language == "zh" else f"a {ROADS[step.road][1]}"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number if number < 20 else number % 10, "th")
    return f"{number}{ending}"


def _time(step: Step, language: Language) -> str:
    if step.minutes < SHORT_MINUTES:
        return ""
    return f"{step.minutes:.0f}分钟" if language == "zh" else f"{step.minutes:.0f} min"
