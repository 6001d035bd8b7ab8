"""Shifts, breaks and free times as minutes from now; who is on duty when nobody has said."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from dispatch.domain import Shift
from dispatch.settings import Duty

DAY_MINUTES = 1440.0
Clock = float | datetime
"""Minutes after midnight, every day; or one moment with its zone."""

LONGEST_SHIFT_HOURS = 12


def minutes_from(at: datetime, moment: datetime) -> float:
    """Real minutes from `at` to `moment` (a clock change between the two is counted)."""
    return (moment.astimezone(UTC) - at.astimezone(UTC)).total_seconds() / 60.0


def next_shift(start: Clock, end: Clock, at: datetime) -> Shift | None:
    """The shift under way at `at`, else the next one; over midnight where `end` is not after `start`.

    Equal clock times are a whole day. `at` is in the zone the clock times are meant in. None
    if the two do not fit together: one clock time and one moment, or an end before the start.
    """
    if isinstance(start, datetime) and isinstance(end, datetime):
        return Shift(minutes_from(at, start), minutes_from(at, end)) if start < end else None
    if isinstance(start, datetime) or isinstance(end, datetime):
        return None
    length = end - start if end > start else end - start + DAY_MINUTES
    for day in (-1, 0, 1):
        begin = minutes_from(at, _on_day(at, day, start))
        if begin + length > 0:
            return Shift(begin, begin + length)
    return None


def with_break(shift: Shift, start: Clock, end: Clock, at: datetime) -> Shift | None:
    """The shift with its break, unless that is over already; None if the break is not inside it."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        spans = [(minutes_from(at, start), minutes_from(at, end))]
    elif isinstance(start, datetime) or isinstance(end, datetime):
        return None
    else:
        length = end - start if end > start else end - start + DAY_MINUTES
        begins = [minutes_from(at, _on_day(at, day, start)) for day in range(-2, 3)]
        spans = [(begin, begin + length) for begin in begins]
    for begin, finish in spans:
        if shift.start <= begin < finish <= shift.end:
            return Shift(shift.start, shift.end, begin, finish) if finish > 0 else shift
    return None


def free_minutes(free_at: Clock, at: datetime) -> float:
    """Minutes until `free_at`, not below 0; a clock time means the nearest such moment."""
    if isinstance(free_at, datetime):
        return max(0.0, minutes_from(at, free_at))
    return max(0.0, min((minutes_from(at, _on_day(at, day, free_at)) for day in (-1, 0, 1)), key=abs))


def default_shift(responder_id: str, kind: str, at: datetime, duty: Duty) -> Shift | None:
    """The shift of someone whose file says none, by the share on duty; None if off now.

    Each responder has its own fixed threshold between 0 and 1, a hash of its id: it is on duty
    in the hours whose share is above it. So the same people are on at the same hours on
    every run, those on at night are on by day too, and the shares come out as set. Whoever is
    above their mark for longer than a shift lasts is relieved every twelve hours, at an hour
    of their own, so that not all change at once.
    """
    threshold = _threshold(responder_id)
    if duty.share(kind, at.hour) <= threshold:
        return None
    past = ahead = 1
    while past < 24 and duty.share(kind, (at.hour - past) % 24) > threshold:
        past += 1
    while ahead < 24 and duty.share(kind, (at.hour + ahead) % 24) > threshold:
        ahead += 1
    if past + ahead - 1 > LONGEST_SHIFT_HOURS:
        past = min(past, (at.hour - _relief_hour(responder_id)) % LONGEST_SHIFT_HOURS + 1)
        ahead = min(ahead, LONGEST_SHIFT_HOURS + 1 - past)
    into_hour = at.minute + at.second / 60.0
    return Shift(-(past - 1) * 60.0 - into_hour, ahead * 60.0 - into_hour)


def _threshold(responder_id: str) -> float:
    return int.from_bytes(_digest(responder_id)[:8], "big") / 2**64


def _relief_hour(responder_id: str) -> int:
    return _digest(responder_id)[8] % LONGEST_SHIFT_HOURS


def _digest(responder_id: str) -> bytes:
    return hashlib.sha256(responder_id.encode("utf-8", "surrogatepass")).digest()


def _on_day(at: datetime, day: int, clock_minutes: float) -> datetime:
    midnight = datetime(at.year, at.month, at.day, tzinfo=at.tzinfo) + timedelta(days=day)
    return midnight + timedelta(minutes=clock_minutes)
