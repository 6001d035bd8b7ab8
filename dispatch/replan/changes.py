"""What is different from the plan before: added, moved, cancelled, by responder, in words for the radio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import pandas as pd

from dispatch.domain import Case, Place, Plan, Problem, Stop
from dispatch.reasons import Language, Reason, say
from dispatch.redact import mask_address

Sort = Literal["cancelled", "moved", "added"]
ORDER: tuple[Sort, ...] = ("cancelled", "moved", "added")
COLUMNS = ("change", "responder_id", "responder", "case_id", "place_id", "before_at", "after_at", "other_responder_id",
           "code", "sentence")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One thing one crew is told. Moments are first contacts; None where there was, or is, none.

    `lon`, `lat`: where the visit is, or would have been.
    """

    sort: Sort
    responder_id: str
    responder: str
    case_id: str
    place_id: str
    lon: float
    lat: float
    reason: Reason
    before_at: datetime | None = None
    after_at: datetime | None = None
    other_responder_id: str = ""


@dataclass(frozen=True, slots=True)
class _Visit:
    """A stop with what a sentence needs of it."""

    responder_id: str
    stop: Stop
    at: datetime
    place: Place
    case: Case


def changes_between(
    old: Problem,
    before: Sequence[tuple[str, Stop]],
    new: Problem,
    plan: Plan,
    *,
    why: Mapping[str, Reason],
    moved_minutes: float,
) -> tuple[Change, ...]:
    """By responder of the new problem: what it need not do any more, what is later or sooner, what is new.

    Parameters
    ----------
    before
        (responder id, stop) of the old plan that were not over yet, those under way among them.
    why
        Case id → why nobody goes there any more.
    """
    names = {one.id: one.name or one.id for one in (*old.responders, *new.responders)}
    was = _visits(old, before)
    now = _visits(new, [(route.responder_id, stop) for route in plan.routes for stop in route.stops])
    found = []
    for key, visit in was.items():
        if key not in now:
            fresh = {other: one for other, one in now.items() if other not in was}
            found.append(_cancelled(visit, now, fresh, names, why))
    for key, visit in now.items():
        if key not in was:
            found.append(_added(visit, was, names))
        elif (change := _moved(was[key], visit, names, moved_minutes)) is not None:
            found.append(change)
    order = {one.id: number for number, one in enumerate(new.responders)}
    found.sort(
        key=lambda one: (
            order.get(one.responder_id, len(order)),
            ORDER.index(one.sort),
            str(one.after_at or one.before_at),
        )
    )
    return tuple(found)


def _visits(problem: Problem, stops: Sequence[tuple[str, Stop]]) -> dict[tuple[str, str, str], _Visit]:
    """Visits by responder, case and the point they are at: places may have been numbered anew."""
    cases = {case.id: case for case in problem.cases}
    visits = {}
    for who, stop in stops:
        place = cases[stop.case_id].place(stop.place_id)
        key = (who, stop.case_id, f"{place.lon:.5f},{place.lat:.5f}")
        at = problem.at + timedelta(minutes=stop.contact)
        visits[key] = _Visit(who, stop, at, place, cases[stop.case_id])
    return visits


def _cancelled(
    visit: _Visit,
    now: Mapping[tuple[str, str, str], _Visit],
    fresh: Mapping[tuple[str, str, str], _Visit],
    names: Mapping[str, str],
    why: Mapping[str, Reason],
) -> Change:
    own = [
        one for one in now.values() if (one.case.id, one.responder_id) == (visit.case.id, visit.responder_id)
    ]
    other = next((one for one in (*own, *fresh.values()) if one.case.id == visit.case.id), None)
    said = {"case": visit.case.id, "place": _spot(visit.place), "time": f"{visit.at:%H:%M}"}
    if own:
        reason = Reason("RADIO_PLACE_LEFT", said)
    elif other is not None:
        reason = Reason("RADIO_HANDED_OVER", said | {"other": names[other.responder_id]})
    else:
        told = why.get(visit.case.id)
        reason = (
            Reason("RADIO_CANCELLED", said | {"why": told})
            if told is not None
            else Reason("RADIO_DROPPED", said)
        )
    return _change("cancelled", visit, names, reason, before_at=visit.at, other=other)


def _added(visit: _Visit, was: Mapping[tuple[str, str, str], _Visit], names: Mapping[str, str]) -> Change:
    others = [
        one for one in was.values() if one.case.id == visit.case.id and one.responder_id != visit.responder_id
    ]
    said = {"case": visit.case.id, "place": _spot(visit.place), "time": f"{visit.at:%H:%M}"}
    if others:
        reason = Reason("RADIO_TAKEN_OVER", said | {"other": names[others[0].responder_id]})
    else:
        reason = Reason("RADIO_ADDED", said | {"tier": visit.case.tier})
    return _change("added", visit, names, reason, after_at=visit.at, other=others[0] if others else None)


def _moved(before: _Visit, after: _Visit, names: Mapping[str, str], moved_minutes: float) -> Change | None:
    minutes = (after.at - before.at) / timedelta(minutes=1)
    if (
        abs(minutes) <= moved_minutes or after.stop.state == "arrived"
    ):  # who is at the door has met, or looks for him
        return None
    said = {
        "case": after.case.id, "place": _spot(after.place), "before": f"{before.at:%H:%M}", "time": f"{after.at:%H:%M}",
        "minutes": round(abs(minutes)), "later": "later" if minutes > 0 else "sooner",
    }  # fmt: skip
    return _change(
        "moved", after, names, Reason("RADIO_MOVED", said), before_at=before.at, after_at=after.at, other=None
    )


def _change(
    sort: Sort,
    visit: _Visit,
    names: Mapping[str, str],
    reason: Reason,
    *,
    before_at: datetime | None = None,
    after_at: datetime | None = None,
    other: _Visit | None,
) -> Change:
    return Change(
        sort,
        visit.responder_id,
        names[visit.responder_id],
        visit.case.id,
        visit.place.id,
        visit.place.lon,
        visit.place.lat,
        reason,
        before_at,
        after_at,
        other.responder_id if other and other.responder_id != visit.responder_id else "",
    )


def sentence(change: Change, language: Language) -> str:
    """One change as the radio operator reads it, without whom it is for."""
    params: dict[str, Any] = {
        key: say(value, language) if isinstance(value, Reason) else value
        for key, value in change.reason.params.items()
    }
    return say(Reason(change.reason.code, params), language)


def radio_lines(changes: Sequence[Change], language: Language) -> list[str]:
    """What is read out: one line a crew, its changes in the order cancelled, moved, added."""
    lines: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for one in changes:
        lines.setdefault(one.responder_id, []).append(sentence(one, language))
        names[one.responder_id] = one.responder
    stop, join = ("：", "；") if language == "zh" else (": ", "; ")
    return [f"{names[who]}{stop}{join.join(said)}" for who, said in lines.items()]


def changes_table(changes: Sequence[Change], language: Language) -> pd.DataFrame:
    """`COLUMNS`, a row a change."""
    rows = [
        (
            one.sort,
            one.responder_id,
            one.responder,
            one.case_id,
            one.place_id,
            one.before_at.isoformat(timespec="seconds") if one.before_at else "",
            one.after_at.isoformat(timespec="seconds") if one.after_at else "",
            one.other_responder_id,
            one.reason.code,
            sentence(one, language),
        )
        for one in changes
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _spot(place: Place) -> str:
    """A place as it may be said on the radio: no door, no name."""
    return mask_address(place.label) if any(map(str.isnumeric, place.label)) else place.label or place.source
