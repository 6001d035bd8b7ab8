"""What became of each case: folded from events in their order, kept in the plan folder.

A case is open, or settled by one of `SETTLED` and out of the plan. Pure: an event and a life
give the next life; nothing here reads files or clocks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dispatch.replan.events import Event

SETTLED: Mapping[str, str] = {
    "met_persuaded": "MET",
    "elsewhere": "TRANSFERRED",
    "already_transferred": "MONEY_GONE",
    "duplicate": "DUPLICATE",
}
"""Outcomes after which the case is out of the plan, and the reason that says so."""
WITHDRAWN = "WITHDRAWN"
"""Persuaded by telephone before anybody came."""
UNREPORTED = "UNREPORTED"
"""By the plan the visit is over; nobody has reported."""
NOT_YET_TOLD = "not_yet_told"
"""Stands for the outcome of such a visit."""
EARLY = timedelta(hours=6)
"""A visit so long before a second visit is due counts as that visit."""

DueVisits = Callable[[datetime], Sequence[datetime]]
"""When second visits fall due after somebody was persuaded at that moment."""


@dataclass(frozen=True, slots=True)
class Visited:
    """One visit that was made, or should have been: by whom, where (WGS-84), and what came of it."""

    at: datetime
    responder_id: str
    kind: str
    place_id: str
    lon: float
    lat: float
    outcome: str


@dataclass(frozen=True, slots=True)
class Held:
    """From `begins` to `until` the hazard ran, or runs, at `fraction` of itself."""

    begins: datetime
    until: datetime
    fraction: float


@dataclass(frozen=True, slots=True)
class Corrected:
    """What somebody says of the case's place: a point (WGS-84), or an address."""

    at: datetime
    lon: float | None = None
    lat: float | None = None
    radius_metres: float | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """One case so far. `settled` is a reason's code, "" while it is open.

    `calls` are (moment, result); `due_visits` second visits still to come; `second_visit_at`
    the one that is being planned.
    """

    case_id: str
    settled: str = ""
    settled_at: datetime | None = None
    settled_by: str = ""
    visits: tuple[Visited, ...] = ()
    calls: tuple[tuple[datetime, str], ...] = ()
    holds: tuple[Held, ...] = ()
    corrected: Corrected | None = None
    due_visits: tuple[datetime, ...] = ()
    second_visit_at: datetime | None = None
    returned_at: datetime | None = None

    @property
    def refused_by(self) -> frozenset[str]:
        """Who was refused at the door."""
        return frozenset(one.responder_id for one in self.visits if one.outcome == "met_refused")

    @property
    def told(self) -> tuple[Visited, ...]:
        """Visits whose outcome is known, since the case was last opened."""
        since = self.returned_at or self.second_visit_at
        return tuple(
            one for one in self.visits if one.outcome != NOT_YET_TOLD and (since is None or one.at >= since)
        )

    @property
    def misses(self) -> tuple[Visited, ...]:
        """Visits that met nobody, since the case was last opened."""
        return tuple(one for one in self.told if one.outcome in {"not_home", "not_found", "wrong_place"})


def after_call(life: Life, event: Event) -> Life:
    """A call was answered, or tried; persuaded withdraws the visit at once."""
    called = replace(life, calls=(*life.calls, (event.at, event.value)))
    if event.value != "persuaded":
        return called
    return replace(called, settled=WITHDRAWN, settled_at=event.at, second_visit_at=None)


def after_hold(life: Life, event: Event) -> Life:
    """A hold begins, or the one in force ends."""
    if event.kind == "hold" and event.until is not None:
        return replace(life, holds=(*life.holds, Held(event.at, event.until, event.factor)))
    ended = tuple(replace(one, until=min(one.until, max(one.begins, event.at))) for one in life.holds)
    return replace(life, holds=ended)


def after_correction(life: Life, event: Event) -> Life:
    """Somebody knows better where the person is."""
    if event.lon == event.lon:
        radius = event.radius_metres if event.radius_metres == event.radius_metres else None
        return replace(life, corrected=Corrected(event.at, event.lon, event.lat, radius))
    return replace(life, corrected=Corrected(event.at, address=event.value))


def after_visit(life: Life, visit: Visited, due: DueVisits) -> Life:
    """What came of a visit: the case is settled, or open for another one."""
    others = tuple(
        one
        for one in life.visits
        if one.outcome != NOT_YET_TOLD
        or (one.responder_id, one.place_id) != (visit.responder_id, visit.place_id)
    )
    done = replace(life, visits=(*others, visit), settled="", settled_at=None, settled_by="")
    code = SETTLED.get(visit.outcome)
    if code is None:
        return done
    done = replace(
        done, settled=code, settled_at=visit.at, settled_by=visit.responder_id, second_visit_at=None
    )
    if code != "MET":
        return replace(done, due_visits=())
    if life.second_visit_at is None and not life.due_visits:
        return replace(done, due_visits=tuple(due(visit.at)))
    return replace(done, due_visits=tuple(one for one in life.due_visits if one > visit.at + EARLY))


def unreported(life: Life, visit: Visited, *, last: bool) -> Life:
    """By the plan the visit is over, but nobody has said what came of it.

    If it was the `last` that was planned, the case waits for the report; nobody goes to that place meanwhile.
    """
    noted = replace(life, visits=(*life.visits, replace(visit, outcome=NOT_YET_TOLD)))
    if not last:
        return noted
    return replace(noted, settled=UNREPORTED, settled_at=visit.at, settled_by=visit.responder_id)


def returned(life: Life, at: datetime) -> Life:
    """A new alert opens a settled case again: the person is visited now, whatever second visit was due."""
    return replace(
        life, settled="", settled_at=None, settled_by="", due_visits=(), second_visit_at=None, returned_at=at
    )


def second_visit_due(life: Life, at: datetime, opens_minutes_before: float) -> Life:
    """The case, open for its second visit once that may be made."""
    soon = at + timedelta(minutes=opens_minutes_before)
    if life.settled != "MET" or not life.due_visits or life.due_visits[0] > soon:
        return life
    return replace(
        life,
        settled="",
        settled_at=None,
        settled_by="",
        second_visit_at=life.due_visits[0],
        due_visits=life.due_visits[1:],
    )


def to_json(life: Life) -> dict[str, Any]:
    """The life as JSON: moments as ISO 8601."""
    plain = _plain(asdict(life))
    return {key: value for key, value in plain.items() if value not in (None, "", [])}


def from_json(raw: Mapping[str, Any]) -> Life:
    """The life that `to_json` wrote. Raises KeyError, TypeError or ValueError where it is none."""
    corrected = raw.get("corrected")
    return Life(
        case_id=str(raw["case_id"]),
        settled=str(raw.get("settled", "")),
        settled_at=_moment(raw.get("settled_at")),
        settled_by=str(raw.get("settled_by", "")),
        visits=tuple(Visited(**{**one, "at": _needed(one["at"])}) for one in raw.get("visits", ())),
        calls=tuple((_needed(at), str(result)) for at, result in raw.get("calls", ())),
        holds=tuple(
            Held(_needed(one["begins"]), _needed(one["until"]), float(one["fraction"]))
            for one in raw.get("holds", ())
        ),
        corrected=Corrected(**{**corrected, "at": _needed(corrected["at"])}) if corrected else None,
        due_visits=tuple(_needed(one) for one in raw.get("due_visits", ())),
        second_visit_at=_moment(raw.get("second_visit_at")),
        returned_at=_moment(raw.get("returned_at")),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _moment(text: Any) -> datetime | None:
    return _needed(text) if text else None


def _needed(text: Any) -> datetime:
    return datetime.fromisoformat(str(text))
