"""An arrival is a range: traffic runs faster or slower than assumed, and so does looking for a door."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.domain import Stop

SEARCH_LATE_FACTOR = 2.0
"""At worst looking for the person takes twice as long; at best somebody opens at once."""


def contact_ranges(
    stops: Sequence[Stop], early_share: float, late_share: float
) -> tuple[tuple[float, float], ...]:
    """Earliest and latest first contact of each stop of one route, in minutes from now.

    Every drive so far takes `early_share` or `late_share` of its minutes, and delays carry over from
    stop to stop. Who waits (for a window, a break, a partner) is not met earlier than planned.
    """
    if not stops:
        return ()
    free = stops[0].arrive - stops[0].drive_minutes
    early = late = free
    ranges = []
    for stop in stops:
        begun = stop.contact - stop.search_minutes  # planned start of the search
        gap = stop.arrive - stop.drive_minutes - free  # a break on the way
        early, late = (
            early + gap + early_share * stop.drive_minutes,
            late + gap + late_share * stop.drive_minutes,
        )
        if stop.wait_minutes > 0:
            early, late = max(early, begun), max(late, begun)
        ranges.append(
            (min(early, stop.contact), max(late + SEARCH_LATE_FACTOR * stop.search_minutes, stop.contact))
        )
        service = stop.leave - stop.contact
        early, late = early + service, late + SEARCH_LATE_FACTOR * stop.search_minutes + service
        free = stop.leave
    return tuple(ranges)
