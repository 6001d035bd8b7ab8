"""What can change: the named state changes of cases and units. One of them is one event."""

from __future__ import annotations

WAITING, ASSIGNED, MET, CLOSED, PHONED, GIVEN_UP, ESCALATED, NOT_FOUND, RETURNED = range(1, 10)
ON_DUTY, OFF_DUTY, DEPARTS, ARRIVES, FREE, HEADS_BACK, AT_POST, DRIVES_ON = range(11, 19)

NAMES: dict[int, str] = {
    WAITING: "waiting",
    ASSIGNED: "assigned",
    MET: "met",
    CLOSED: "closed",
    PHONED: "phoned",
    GIVEN_UP: "given_up",
    ESCALATED: "escalated",
    NOT_FOUND: "not_found",
    RETURNED: "returned",
    ON_DUTY: "on_duty",
    OFF_DUTY: "off_duty",
    DEPARTS: "departs",
    ARRIVES: "arrives",
    FREE: "free",
    HEADS_BACK: "heads_back",
    AT_POST: "at_post",
    DRIVES_ON: "drives_on",
}
"""Name of each code, as the log writes it."""
