"""Figures and differences in words: with their unit, their interval, and no more digits than the interval bears."""

from __future__ import annotations

import math

from dispatch.reasons import Language
from dispatch.simulate.results.comparing import Difference
from dispatch.simulate.results.estimates import Estimate
from dispatch.simulate.results.figures import Unit

LARGE_YUAN = 100_000.0
"""From here on yuan are told in 万 or in thousands."""
_UNITS: dict[Unit, tuple[str, str]] = {
    "share": ("", ""),
    "minutes": (" 分钟", " min"),
    "yuan_per_day": (" 元/天", " yuan a day"),
    "per_day": ("/天", " a day"),
    "km_per_day": (" 公里/天", " km a day"),
    "count": ("", ""),
}
VERDICTS = {
    "better": ("更好", "better"),
    "worse": ("更差", "worse"),
    "different": ("有差别", "different"),
    "not distinguishable": ("分不出差别", "not distinguishable"),
}


def say_value(found: Estimate, unit: Unit, language: Language) -> str:
    """A mean with its interval: ``50.3% ± 0.5``, ``25.1 ± 0.3 min``."""
    if math.isnan(found.mean):
        return "无数据" if language == "zh" else "no figure"
    scale, word = _scale(found, unit, language)
    places = _places(found.half_width * scale, unit)
    tail = "%" if unit == "share" else ""
    wide = found.half_width * scale
    spread = "" if math.isinf(wide) else f" ± {wide:,.{places}f}"
    return f"{found.mean * scale:,.{places}f}{tail}{spread}{word}"


def say_difference(one: Difference, language: Language, name: str = "") -> str:
    """One sentence: what changes by how much, from where to where, or that it cannot be told apart."""
    named = name or one.figure.named(language)
    if math.isnan(one.difference.mean):
        return f"{named}：无数据" if language == "zh" else f"{named}: no figure"
    verdict = VERDICTS[one.verdict][language == "en"]
    change, interval = say_change(one, language), say_interval(one, language)
    if language == "zh":
        return f"{named} {change}（95% 区间 {interval}）：{verdict}"
    return f"{named} {change} (95 % interval {interval}): {verdict}"


def say_change(one: Difference, language: Language) -> str:
    """How much more or less: ``+3.2 points``."""
    scale, word = _scale(one.difference, one.figure.unit, language)
    if one.figure.unit == "share":
        word = (" 个百分点", " points")[language == "en"]
    places = _places(one.difference.half_width * scale, one.figure.unit)
    return f"{one.difference.mean * scale:+,.{places}f}{word}"


def say_interval(one: Difference, language: Language) -> str:
    """From where to where the difference may lie: ``+2.9 … +3.5``."""
    if math.isinf(one.difference.half_width):
        return "重复次数不足" if language == "zh" else "too few replications"
    scale, _ = _scale(one.difference, one.figure.unit, language)
    places = _places(one.difference.half_width * scale, one.figure.unit)
    return f"{one.difference.low * scale:+,.{places}f} … {one.difference.high * scale:+,.{places}f}"


def _scale(found: Estimate, unit: Unit, language: Language) -> tuple[float, str]:
    """What a figure is multiplied by to be told, and its unit."""
    if unit == "yuan_per_day" and abs(found.mean) >= LARGE_YUAN:
        return (1e-4, " 万元/天") if language == "zh" else (1e-3, " thousand yuan a day")
    return (100.0 if unit == "share" else 1.0), _UNITS[unit][language == "en"]


def _places(half_width: float, unit: Unit) -> int:
    """Digits after the point so that the half width has two that mean something; of a share no more than needed."""
    if not math.isfinite(half_width) or half_width <= 0.0:
        return 1
    places = min(3, max(0, 1 - math.floor(math.log10(half_width))))
    return (
        min(places, 1 if half_width >= 0.1 else 2 if half_width >= 0.01 else 3) if unit == "share" else places
    )
