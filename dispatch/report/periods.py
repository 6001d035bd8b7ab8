"""The day, week or month a report is of, in the area's zone, and those it is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, cast
from zoneinfo import ZoneInfo

from dispatch.errors import BadInput

Span = Literal["day", "week", "month"]
Before = Literal["day_before", "week_before", "month_before", "year_before"]

SPANS: tuple[Span, ...] = ("day", "week", "month")
COMPARED: dict[Span, tuple[Before, ...]] = {
    "day": ("day_before", "week_before", "year_before"),
    "week": ("week_before", "year_before"),
    "month": ("month_before", "year_before"),
}
"""What a period is compared with. The year before a week is the ISO week of that number, or its last."""


@dataclass(frozen=True, slots=True)
class Period:
    """Alerts from `start` on and before `end` are counted; what became of them, as known at `as_of`.

    `whole_end` is where the day, week or month ends: `end` is earlier while it still lasts. All in one zone.
    """

    span: Span
    start: datetime
    end: datetime
    whole_end: datetime
    as_of: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The zone its days begin in."""
        return cast("ZoneInfo", self.start.tzinfo)

    @property
    def whole(self) -> bool:
        """Whether all of the day, week or month is counted."""
        return self.end == self.whole_end

    def holds(self, moment: datetime) -> bool:
        """Whether an alert of that moment is counted."""
        return self.start <= moment < self.end

    def days(self) -> Iterator[date]:
        """Every day of it, counted or still to come."""
        day = self.start.date()
        while day < self.whole_end.date():
            yield day
            day += timedelta(days=1)

    def before(self, which: Before) -> Period:
        """The period it is compared with, cut as early as this one and known as late after its beginning."""
        start = _begin(self.span, _day_before(self.start.date(), self.span, which), self.zone)
        whole_end = _finish(self.span, start)
        end = whole_end if self.whole else min(start + (self.end - self.start), whole_end)
        return Period(self.span, start, end, whole_end, start + (self.as_of - self.start))


def period_of(span: Span, at: str | None, zone: ZoneInfo, now: datetime) -> Period:
    """The period that holds `at`: a day (all of it, what became of it as known `now`), or a moment (as known then).

    None is this moment. A day still to come is taken as over, for practice.

    Raises
    ------
    BadInput
        `at` is neither a day nor a moment.
    """
    moment = now.astimezone(zone) if at is None else _moment(at, zone)
    if moment is None:
        start = _begin(span, date.fromisoformat(str(at)), zone)
        whole_end = _finish(span, start)
        end = whole_end if now < start else min(whole_end, max(now.astimezone(zone), start))
        return Period(span, start, end, whole_end, max(end, now.astimezone(zone)))
    start = _begin(span, moment.date(), zone)
    whole_end = _finish(span, start)
    return Period(span, start, min(moment, whole_end), whole_end, moment)


def _moment(at: str, zone: ZoneInfo) -> datetime | None:
    """A moment, in `zone` unless it names its own; None if it is a day."""
    try:
        if len(at.strip()) <= len("2026-05-01") and date.fromisoformat(at):
            return None
        moment = datetime.fromisoformat(at)
        return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    except (ValueError, OverflowError) as cause:
        raise BadInput(
            f"--at: found {at[:40]!r}, expected a day such as 2026-05-01 or a moment such as 2026-05-01T21:00"
        ) from cause


def _begin(span: Span, day: date, zone: ZoneInfo) -> datetime:
    first = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[span]
    return datetime.combine(first, time(), zone)


def _finish(span: Span, start: datetime) -> datetime:
    day = start.date()
    if span == "month":
        following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    else:
        following = day + timedelta(days=7 if span == "week" else 1)
    return datetime.combine(following, time(), start.tzinfo)


def _day_before(day: date, span: Span, which: Before) -> date:
    match which:
        case "day_before":
            return day - timedelta(days=1)
        case "week_before":
            return day - timedelta(days=7)
        case "month_before":
            return (day.replace(day=1)) - timedelta(days=1)
    if span == "week":
        year, week, _ = day.isocalendar()
        last = date(year - 1, 12, 28).isocalendar().week
        return date.fromisocalendar(year - 1, min(week, last), 1)
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)
