"""One closure's properties: each read as people write it, or a `Fault` with what was expected."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.domain import PROFILES
from dispatch.intake.fields import METRES, Unclear, flag_of, is_blank, metres_of, normal, time_of
from dispatch.reasons import WORDS
from dispatch.redact import clean
from dispatch.roads.closures import LEAST_FACTOR, ClosureSettings
from dispatch.tables import cell_text

LONGEST_NAME, LONGEST_REASON, LONGEST_FOUND = 80, 200, 80
FACTOR = f"{LEAST_FACTOR} 至 1 的车速系数 (a share of the usual speed, {LEAST_FACTOR} to 1; for no passage: closed)"
PROFILE_LIST = "car、motorcycle、foot 中的一个或几个 (one or several of car, motorcycle, foot)"
WHEN = "时间，如 2026-05-01T14:00 或 2026-05-01 (a moment such as 2026-05-01T14:00, or a date such as 2026-05-01)"
SAYS_NOTHING = "closed 为 true，或 factor 为车速系数 (closed: true, or factor: a share of the usual speed)"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PROFILE = {normal(text): profile for profile in PROFILES for text in (profile, *WORDS[profile])}


class Fault(Exception):
    """One feature cannot be used: which property, what it holds, what was expected."""

    def __init__(self, column: str, found: object, expected: str) -> None:
        super().__init__(column)
        self.column, self.expected = column, expected
        self.found = clean(found if isinstance(found, str) else reprlib.repr(found), LONGEST_FOUND)


def properties_in(feature: Any) -> Mapping[str, Any]:
    """The properties of a feature, none where it has none."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return properties if isinstance(properties, dict) else {}


def text_in(given: Mapping[str, Any], key: str) -> str:
    """A property as text, "" where it is missing or blank."""
    value = given.get(key)
    if isinstance(value, dict | list):
        raise Fault(key, value, "文字或数字 (a text or a number)")
    text = cell_text(value)
    return "" if is_blank(text[:20]) and len(text) < 20 else text


def factor_in(given: Mapping[str, Any]) -> float:
    """0 for closed, else the share of the usual speed."""
    closed, factor = text_in(given, "closed"), text_in(given, "factor")
    try:
        shut = bool(closed) and flag_of(closed)
    except Unclear as cause:
        raise Fault("closed", given["closed"], str(cause)) from cause
    if shut and factor:
        raise Fault("factor", given["factor"], "closed 与 factor 只填一个 (closed or factor, not both)")
    if shut:
        return 0.0
    if not factor:
        raise Fault("closed", given.get("closed", "nothing"), SAYS_NOTHING)
    try:
        value = float(factor[:40])
    except ValueError as cause:
        raise Fault("factor", given["factor"], FACTOR) from cause
    if not LEAST_FACTOR <= value <= 1.0:
        raise Fault("factor", given["factor"], FACTOR)
    return value


def moment_in(given: Mapping[str, Any], key: str, zone: ZoneInfo) -> datetime | None:
    """A moment; a date means its first moment as `from`, and the whole day included as `to`."""
    text = text_in(given, key)
    if not text:
        return None
    whole_day = _DATE.fullmatch(text) is not None
    try:
        moment: datetime = time_of(zone)(f"{text} 00:00" if whole_day else text)
    except Unclear as cause:
        raise Fault(key, given[key], WHEN) from cause
    return moment + timedelta(days=1) if whole_day and key == "to" else moment


def profiles_in(given: Mapping[str, Any]) -> frozenset[str]:
    """Who it holds for: a list or words in a text; all where nothing is said."""
    value = given.get("profiles")
    if value is None or value == "":
        return frozenset(PROFILES)
    words = value if isinstance(value, list) else re.split(r"[\s,，、;；|/]+", str(value)[:200].strip())
    named = {_PROFILE.get(normal(word[:40])) if isinstance(word, str) else None for word in words[:20]}
    if None in named or not named or len(words) > 20:
        raise Fault("profiles", value, PROFILE_LIST)
    return frozenset(str(one) for one in named)


def radius_in(given: Mapping[str, Any], settings: ClosureSettings) -> float:
    """How far a point reaches."""
    text = text_in(given, "radius_metres")
    if not text:
        return settings.point_radius_metres
    try:
        metres = metres_of(text)
    except Unclear as cause:
        raise Fault("radius_metres", text, METRES) from cause
    if not 0 < metres <= settings.largest_radius_metres:
        limit = settings.largest_radius_metres
        raise Fault("radius_metres", text, f"大于 0、至多 {limit:.0f} (above 0, at most {limit:.0f})")
    return metres


def id_in(feature: Mapping[str, Any], given: Mapping[str, Any], number: int) -> str:
    """The feature's own id, else one by its number."""
    for value in (feature.get("id"), given.get("id")):
        if (
            isinstance(value, str | int)
            and not isinstance(value, bool)
            and (text := clean(cell_text(value), 40))
        ):
            return text
    return f"C{number}"
