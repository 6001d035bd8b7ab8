"""What a re-plan says of itself: what was settled, what was refused, and what a person should know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pandas as pd

from dispatch.area import Area
from dispatch.domain import Plan, Stop
from dispatch.reasons import Reason, say
from dispatch.replan.before import Before
from dispatch.replan.events import Event, EventFile
from dispatch.replan.facts import Facts
from dispatch.replan.knowing import SETTLED_CODES
from dispatch.replan.onward import Onward
from dispatch.replan.progress import Standing
from dispatch.replan.settings import ReplanSettings
from dispatch.roads.closure_file import ClosureFile

NAMED = 5
"""So many are named in a note; of the others, how many."""


def settled_by(no_visit: pd.DataFrame) -> dict[str, int]:
    """How many cases each code has settled."""
    counts = Counter(no_visit["code"])
    return {code: int(counts[code]) for code in sorted(SETTLED_CODES) if counts[code]}


def not_over(plan: Plan, standing: Mapping[str, Standing]) -> list[tuple[str, Stop]]:
    """Stops of the old plan that are still ahead or under way."""
    return [
        (route.responder_id, stop)
        for route in plan.routes
        for stop in route.stops
        if stop.id not in {one.id for one in standing[route.responder_id].over}
    ]


def why_not(no_visit: pd.DataFrame, chosen: Plan) -> dict[str, Reason]:
    """Case id → why nobody goes there any more."""
    rows = zip(no_visit["alert_id"], no_visit["code"], no_visit["params"], strict=True)
    found = {str(case_id): Reason(code, params) for case_id, code, params in rows if code in SETTLED_CODES}
    return found | {one.case_id: one.reason for one in chosen.left_out}


def all_rejected(events: EventFile, heard: Facts, closures: ClosureFile) -> pd.DataFrame:
    """Every event that was not used, by row."""
    shut = closures.rejected.rename(columns={"number": "row"}).assign(raw="")
    tables = [events.rejected, heard.rejected, shut.reindex(columns=events.rejected.columns)]
    filled = [one for one in tables if len(one)]
    if not filled:
        return events.rejected
    return pd.concat(filled, ignore_index=True).sort_values("row", kind="stable").reset_index(drop=True)


def notes_of(  # noqa: PLR0917 - one caller, by position
    before: Before,
    area: Area,
    heard: Facts,
    standing: Mapping[str, Standing],
    left: Onward,
    rejected: pd.DataFrame,
    at: datetime,
) -> list[str]:
    """What a person should know beside the numbers, a sentence each."""
    names = {one.id: one.name or one.id for one in before.file.problem.responders}
    notes = []
    if area.hash != before.file.area.get("hash"):
        notes.append(
            "the area has changed since the plan; minutes and places are those of the area as it is now"
        )
    if len(rejected):
        notes.append(f"{len(rejected)} events were not used; see rejected_events.csv")
    if heard.skipped:
        notes.append(f"{heard.skipped} events had been counted before")
    silent = [names[who] for who, one in standing.items() if one.silent]
    if silent:
        notes.append(f"not signed for, taken as not reachable: {_few(silent)}; ring the duty telephone")
    waiting = [f"{names[who]} ({stop.case_id})" for who, one in standing.items() for stop in one.unreported]
    if waiting:
        notes.append(f"over by the plan and not reported on: {_few(waiting)}")
    for (who, case_id), reason in left.released.items():
        notes.append(f"{names[who]} is called back from case {case_id}: {say(reason, 'en')}")
    notes += _old_fixes(heard.events, at, before.settings, names)
    if not left.problem.responders:
        notes.append("nobody is on duty: every case is left out")
    return notes


def contradicted(before: Before, standing: Mapping[str, Standing]) -> tuple[Reason, ...]:
    """A sentence for every crew whose position is not where it should be at a door."""
    names = {one.id: one.name or one.id for one in before.file.problem.responders}
    moment = before.file.problem.at
    return tuple(
        one.elsewhere.reason(names[who], f"{moment + timedelta(minutes=one.elsewhere.fix.at):%H:%M}")
        for who, one in standing.items()
        if one.elsewhere is not None
    )


def _old_fixes(
    events: Sequence[Event], at: datetime, settings: ReplanSettings, names: Mapping[str, str]
) -> list[str]:
    latest = {event.responder_id: event.at for event in events if event.kind == "position"}
    limit = timedelta(minutes=settings.position_minutes_at_most)
    old = [f"{names.get(who, who)} {moment:%H:%M}" for who, moment in latest.items() if at - moment > limit]
    return [f"positions too old to be used: {_few(old)}"] if old else []


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
