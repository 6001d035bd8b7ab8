"""On which day each session is held, and the calendar file for it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar

from dispatch.redact import clean


def days_for(
    venue: Sequence[int], county: Sequence[str], dates: Sequence[Sequence[date]]
) -> tuple[date, ...]:
    """A day for each session: those of one venue spread over its days, those of one county evenly over all.

    Parameters
    ----------
    venue, county
        Of each session, in the order they were chosen.
    dates
        The days each venue may be used; at least as many as it has sessions.

    Returns
    -------
    tuple
        One day a session; no venue has two on one day.
    """
    of_venue: dict[int, list[int]] = {}
    for session, one in enumerate(venue):
        of_venue.setdefault(one, []).append(session)
    load: Counter[tuple[str, date]] = Counter()
    held: dict[int, date] = {}
    for one in sorted(of_venue, key=lambda one: (len(dates[one]) - len(of_venue[one]), one)):
        sessions, days = of_venue[one], dates[one]
        edges = [round(part * len(days) / len(sessions)) for part in range(len(sessions) + 1)]
        for session, low, high in zip(sessions, edges[:-1], edges[1:], strict=True):
            day = min(days[low:high], key=lambda day: (load[county[session], day], day))
            load[county[session], day] += 1
            held[session] = day
    return tuple(held[session] for session in range(len(venue)))


def ics(
    title: str, zone: str, entries: Sequence[tuple[date, str, int, str, str, float, float]], made: datetime
) -> bytes:
    """An iCalendar file (RFC 5545): entries of (day, begins "HH:MM", minutes, summary, place, lon, lat)."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//field-dispatch//outreach//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", clean(title, 200))
    here = ZoneInfo(zone)
    for number, (day, begins, minutes, summary, place, lon, lat) in enumerate(entries, 1):
        hour, minute = map(int, begins.split(":"))
        start = datetime(day.year, day.month, day.day, hour, minute, tzinfo=here)
        event = icalendar.Event()
        name = hashlib.sha256(f"{number} {start.isoformat()} {summary} {lon} {lat}".encode()).hexdigest()[:24]
        event.add("uid", f"{name}@field-dispatch")
        event.add("dtstamp", made)
        event.add("dtstart", start)
        event.add("dtend", start + timedelta(minutes=minutes))
        event.add("summary", clean(summary, 200))
        event.add("location", clean(place, 200))
        event.add("geo", (lat, lon))
        calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())
