"""Figures and differences in words: with their unit, their interval, and no more digits than the interval bears."""

from __future__ import annotations

import math

from dispatch.reasons import Language
from dispatch.simulate.results.comparing import Difference
from dispatch.simulate.results.estimates import Estimate
from dispatch.simulate.results.figures import Unit

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
    scale, places = (100.0, 2) if unit == "share" else (1.0, _places(found.half_width))
    tail = "%" if unit == "share" else ""
    wide = found.half_width * scale
    spread = "" if math.isinf(wide) else f" ± {wide:,.{places}f}"
    return f"{found.mean * scale:,.{places}f}{tail}{spread}{_UNITS[unit][language == 'en']}"


def say_difference(one: Difference, language: Language) -> str:
    """One sentence: what changes by how much, from where to where, or that it cannot be told apart."""
    found, unit, name = one.difference, one.figure.unit, one.figure.named(language)
    scale, places = (100.0, 2) if unit == "share" else (1.0, _places(found.half_width))
    points = ("个百分点", " points")[language == "en"] if unit == "share" else _UNITS[unit][language == "en"]
    if math.isnan(found.mean):
        return f"{name}：无数据" if language == "zh" else f"{name}: no figure"
    spread = f"{found.low * scale:+,.{places}f} … {found.high * scale:+,.{places}f}"
    verdict = VERDICTS[one.verdict][language == "en"]
    if language == "zh":
        return f"{name} {found.mean * scale:+,.{places}f}{points}（95% 区间 {spread}）：{verdict}"
    return f"{name} {found.mean * scale:+,.{places}f}{points} (95 % interval {spread}): {verdict}"


def _places(half_width: float) -> int:
    """Digits after the point so that the half width has two that mean something."""
    if not math.isfinite(half_width) or half_width <= 0.0:
        return 1
    return min(3, max(0, 1 - math.floor(math.log10(half_width))))
