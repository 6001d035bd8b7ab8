"""One cell of text → one value: times, amounts, counts, degrees, words, as people write them.

Every parser takes text that is not blank and returns a value, or raises `Unclear` with what
was expected, in Chinese and English. None of them guesses between two readings.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from dispatch.redact import clean

Parser = Callable[[str], Any]

LONGEST_CELL = 120
"""A number, time or word longer than this is none."""
LARGEST_YUAN = 1e10
FIRST_YEAR, LAST_YEAR = 2000, 2099
_BLANK = frozenset({"", "-", "--", "—", "——", "/", "\\", "\\n", "null", "none", "nan", "n/a", "#n/a", "na"})
_NOTHING_SAID = frozenset({"无", "不详", "未知", "暂无", "不明", "空", "未提供", "unknown"})

_NUMBER = r"(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.\d{1,12})?"
_AMOUNT = re.compile(
    rf"(?:¥|rmb|cny|人民币)?\s*([-+]?)\s*¥?\s*({_NUMBER})\s*(万|w|亿|千|k)?\s*(?:元|圆|块|rmb|cny|yuan)?"
)
_TIMES = {None: 1.0, "千": 1e3, "k": 1e3, "万": 1e4, "w": 1e4, "亿": 1e8}
_COUNT = re.compile(r"([-+]?\d{1,6})(?:\.0{1,6})?\s*(?:次|个|times)?")
_METRES = re.compile(rf"([-+]?)\s*({_NUMBER})\s*(米|m|公里|千米|km)?")
_DEGREES = re.compile(r"(?:东经|北纬|[en])?\s*([-+]?\d{1,12}(?:\.\d{1,15})?)\s*[°度]?\s*[en]?")
_SERIAL = re.compile(r"\d{5}\.\d{1,15}")
_DATE = r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?"
_CLOCK = (
    r"(?P<half>上午|中午|下午|晚上|凌晨|早上)?\s*(?P<hour>\d{1,2})\s*"
    r"(?:(?::\s*(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.\d{1,9})?)?)"
    r"|[时点](?P<half_past>半)?(?:\s*(?P<minute_zh>\d{1,2})\s*分?(?:\s*(?P<second_zh>\d{1,2})\s*秒)?)?)"
    r"\s*(?P<meridiem>am|pm)?"
)
_ZONE = r"\s*(?P<zone>z|[+-]\d{2}:?\d{2})?"
_MOMENT = re.compile(rf"{_DATE}[t\s]*{_CLOCK}{_ZONE}")
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})[t\s]?(?P<hour>\d{2}):?(?P<minute>\d{2}):?(?P<second>\d{2})?"
    + _ZONE
)
_TIME_OF_DAY = re.compile(_CLOCK)
_EXCEL_EPOCH = datetime(1899, 12, 30)

TIME = "时间，如 2026-05-01 14:00 (a date with a time of day, such as 2026-05-01 14:00)"
CLOCK = "时刻，如 08:00 (a time of day, such as 08:00)"
AMOUNT = "不小于 0 的金额，如 320000、32万 (yuan, 0 or more, such as 320000 or 32万)"
COUNT = "不小于 0 的整数 (a whole number, 0 or more)"
METRES = "0 至 100000 米 (metres, 0 to 100000)"
DEGREES = "十进制度数，如 110.9192 (decimal degrees, such as 110.9192)"
FLAG = "是 或 否 (yes or no, true or false, 1 or 0)"

_YES = frozenset({"是", "true", "1", "y", "yes", "t", "有", "在", "对", "√", "通话中"})
_NO = frozenset({"否", "false", "0", "n", "no", "f", "无", "不", "×", "没有", "未通话"})


class Unclear(ValueError):
    """A cell could not be read; the message is what was expected."""


def normal(text: str) -> str:
    """Full-width signs made half-width, blanks at the ends gone, lower case."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def is_blank(text: str) -> bool:
    """True where the cell says nothing, or the `NULL`, `-`, `N/A` of an export."""
    return text.strip().lower() in _BLANK


def text_of(longest: int) -> Parser:
    """A parser of free text: one printable line, cut at `longest` characters."""

    def parse(text: str) -> str:
        line = clean(text, longest)
        return "" if line in _NOTHING_SAID else line

    return parse


def id_of(text: str) -> str:
    """An identifier: kept letter by letter, so it must be printable and at most 64 characters."""
    if len(text) > 64 or clean(text, 65) != text:
        raise Unclear("不超过 64 个可见字符的编号 (an id of at most 64 printable characters)")
    return text


def word_of(words: Mapping[str, str], known: str) -> Parser:
    """A parser of one of `words` (as written → our word); `known` lists them for people."""

    def parse(text: str) -> str:
        key = re.sub(r"[\s_\-]", "", normal(text)) if len(text) <= LONGEST_CELL else ""
        if key not in words:
            raise Unclear(known)
        return words[key]

    return parse


def flag_of(text: str) -> bool:
    """Yes or no."""
    key = normal(text[:LONGEST_CELL])
    if key in _YES or key in _NO:
        return key in _YES
    raise Unclear(FLAG)


def amount_of(text: str) -> float:
    """Yuan: 320,000 · 32万 · ￥3200.50 · 3.2w."""
    found = _AMOUNT.fullmatch(normal(text)) if len(text) <= LONGEST_CELL else None
    if found is None:
        raise Unclear(AMOUNT)
    sign, digits, unit = found.groups()
    yuan = float(digits.replace(",", "")) * _TIMES[unit]
    if (sign == "-" and yuan > 0) or yuan > LARGEST_YUAN:
        raise Unclear(AMOUNT)
    return yuan


def count_of(text: str) -> float:
    """How many: 4 · 4次."""
    found = _COUNT.fullmatch(normal(text)) if len(text) <= LONGEST_CELL else None
    if found is None or int(found[1]) < 0:
        raise Unclear(COUNT)
    return float(int(found[1]))


def metres_of(text: str) -> float:
    """Metres: 800 · 800米 · 0.8公里."""
    found = _METRES.fullmatch(normal(text)) if len(text) <= LONGEST_CELL else None
    if found is None:
        raise Unclear(METRES)
    metres = float(found[2].replace(",", "")) * (1000.0 if found[3] in {"公里", "千米", "km"} else 1.0)
    if (found[1] == "-" and metres > 0) or metres > 100_000:
        raise Unclear(METRES)
    return metres


def degrees_of(text: str) -> float:
    """Decimal degrees; where on earth they may lie is looked at with both together."""
    found = _DEGREES.fullmatch(normal(text)) if len(text) <= LONGEST_CELL else None
    if found is None or not math.isfinite(float(found[1])):
        raise Unclear(DEGREES)
    return float(found[1])


def time_of(zone: tzinfo) -> Parser:
    """A parser of moments; one without a zone of its own is in `zone`, as is the result."""

    def parse(text: str) -> datetime:
        plain = normal(text) if len(text) <= LONGEST_CELL else ""
        if _SERIAL.fullmatch(plain):
            return (_EXCEL_EPOCH + timedelta(seconds=round(float(plain) * 86400))).replace(tzinfo=zone)
        found = _MOMENT.fullmatch(plain) or _COMPACT.fullmatch(plain)
        if found is None or not FIRST_YEAR <= int(found["year"]) <= LAST_YEAR:
            raise Unclear(TIME)
        try:
            day = datetime(int(found["year"]), int(found["month"]), int(found["day"]))
            moment = (day + timedelta(seconds=_seconds(found))).replace(tzinfo=_zone(found["zone"], zone))
            return moment.astimezone(zone)
        except (ValueError, OverflowError) as cause:
            raise Unclear(TIME) from cause

    return parse


def clock_of(text: str) -> float:
    """Minutes after midnight, 0 to 1440: 08:00 · 8点半 · 24:00, or a sheet's share of a day."""
    plain = normal(text) if len(text) <= LONGEST_CELL else ""
    if re.fullmatch(r"0?\.\d{1,15}|[01](?:\.0+)?", plain):
        return float(round(float(plain) * 1440))
    found = _TIME_OF_DAY.fullmatch(plain)
    if found is None:
        raise Unclear(CLOCK)
    try:
        return _seconds(found) / 60.0
    except ValueError as cause:
        raise Unclear(CLOCK) from cause


def normal_phone(text: str) -> str:
    """Digits that name one telephone, or "" if the text does not (masked, absent, 0000…).

    The Chinese country code, blanks and hyphens fall away, so that one person's number
    written in two ways is one.
    """
    plain = re.sub(r"[\s\-()]|\.0$", "", normal(text))
    plain = re.sub(r"^(?:\+|00)?86(?=1\d{10}$|0?\d{9,11}$)", "", plain)
    return plain if re.fullmatch(r"\+?\d{7,15}", plain) and len(set(plain.lstrip("+"))) > 1 else ""


def _seconds(found: re.Match[str]) -> int:
    """Seconds after midnight of a matched clock; ValueError if there is no such time."""
    parts = found.groupdict()
    hour = int(parts["hour"])
    minute = 30 if parts.get("half_past") else int(parts.get("minute") or parts.get("minute_zh") or 0)
    second = int(parts.get("second") or parts.get("second_zh") or 0)
    late = parts.get("meridiem") == "pm" or parts.get("half") in {"下午", "晚上"}
    if late and hour < 12:
        hour += 12
    elif (parts.get("meridiem") == "am" or parts.get("half") == "凌晨") and hour == 12:
        hour = 0
    seconds = hour * 3600 + minute * 60 + second
    if minute > 59 or second > 59 or seconds > 86400:
        raise ValueError
    return seconds


def _zone(text: str | None, default: tzinfo) -> tzinfo:
    if text is None:
        return default
    if text == "z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone(timedelta(minutes=hours * 60 + minutes) * (-1 if text[0] == "-" else 1))
