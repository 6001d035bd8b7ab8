"""A plan goes on: what has happened is counted, what is under way is frozen, the rest is decided anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from dispatch import loss, routing
from dispatch.area import Area
from dispatch.day.accounts import accounts
from dispatch.day.building import open_roads, roads_driven
from dispatch.day.closing import begin_on_routes, closing_notes, cut_off
from dispatch.day.keeping import Kept
from dispatch.day.planning import Day, Watch
from dispatch.day.request import Request, Rules
from dispatch.day.reviewing import to_look_at
from dispatch.domain import Plan, Problem, Responder, Stop
from dispatch.errors import BadInput
from dispatch.intake.responders import Roster
from dispatch.ledger.limits import LedgerSettings
from dispatch.places.gazetteer import Gazetteer
from dispatch.planfile import PlanFile
from dispatch.reasons import Reason, say
from dispatch.replan import history
from dispatch.replan.changes import Change, changes_between
from dispatch.replan.deciding import decide, finished
from dispatch.replan.events import Event, EventFile
from dispatch.replan.facts import Facts, facts, for_partners
from dispatch.replan.follow_ups import Pursued, pursued
from dispatch.replan.history import Life
from dispatch.replan.knowing import (
    SETTLED_CODES,
    Known,
    known,
    located,
    reopened,
    settled_by_plan,
    sorted_out,
)
from dispatch.replan.onward import Onward, aged, onward
from dispatch.replan.progress import Standing, standings
from dispatch.replan.settings import ReplanSettings
from dispatch.roads.closure_file import ClosureFile, closures_in
from dispatch.roads.closures import Closure, applied
from dispatch.roads.speeds import Speeds
from dispatch.roads.travel import Travel
from dispatch.settings import section

NAMED = 5


@dataclass(frozen=True, slots=True)
class Before:
    """The plan that goes on: `plan.json`, `history.json`, and the rules in force from now on."""

    file: PlanFile
    kept: Kept
    rules: Rules
    settings: ReplanSettings
    ledger: LedgerSettings


@dataclass(frozen=True, slots=True)
class Effort:
    """How a re-plan thinks: as `dispatch.routing.solve`; `seconds` None: as the settings say."""

    policy: str = "search"
    seconds: float | None = None
    iterations: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Replanned:
    """The new day and what is different in it.

    `rejected` are events that were not used, with why; `told_anew` the cases told that are not kept
    as told; `onward` the problem as it was left.
    """

    day: Day
    changes: tuple[Change, ...]
    rejected: pd.DataFrame
    facts: Facts
    standings: Mapping[str, Standing]
    onward: Onward
    told_anew: tuple[str, ...]


def replan(
    area: Area,
    before: Before,
    events: EventFile,
    at: datetime,
    *,
    max_changes: int | None = None,
    effort: Effort = Effort(),
    crews: Roster | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Replanned:
    """Go on from a plan at `at`. Pure but for the clock of the search.

    Parameters
    ----------
    events
        What has happened since; those counted before are skipped.
    max_changes
        Of those told, how many cases may change at most, beside what nobody can keep; None: no limit.
    crews
        Who can be sent from now on, minutes from `at`; None: those of the plan.
    report
        Is told which stage is at work.

    Raises
    ------
    DispatchError
        It cannot be done safely: said in one line, and nothing is changed.
    """
    old, plan = before.file.problem, before.file.plan
    minutes = (at - old.at) / timedelta(minutes=1)
    if minutes < 0:
        raise BadInput(
            f"--at {at:%Y-%m-%d %H:%M} is before the plan's own moment, {old.at:%Y-%m-%d %H:%M}; nothing was changed"
        )
    watch = Watch(report)
    with watch.stage("counting the events"):
        now = known(before.kept, events.alerts)
        heard = _facts(before, now, events.events, at)
        standing = _walked(before, heard, minutes)
        lives = settled_by_plan(heard.lives, old, plan, standing, at)
        lives = reopened(lives, now, at, before.settings)
    with watch.stage("sorting the cases"):
        names = {one.id: one.name for one in old.responders}
        triaged = sorted_out(now, lives, at, before.rules, names)
        gazetteer = Gazetteer(area.gazetteer, area.boundaries)
        cases, unplaced = located(
            triaged,
            now,
            lives,
            old,
            corrected=heard.corrected,
            gazetteer=gazetteer,
            rules=before.rules,
            at=at,
        )
        wanted = [pursued(case, lives.get(case.id, Life(case.id)), at, before.settings) for case in cases]
        spent = {one.case.id: one.spent for one in wanted if one.spent is not None}
    with watch.stage("measuring the roads"):
        closures = _closures(area, before, heard.events)
        roster = _roster(before, crews, standing, minutes)
        roads = open_roads(area, roster.responders, at, before.rules, closures.closures)
        then = _roads_then(before, area, roads, closures.closures, at)
        left = onward(
            old,
            plan,
            [one.case for one in wanted],
            standings=standing,
            travels=roads,
            old_roads=then,
            minutes=minutes,
            crews=roster.responders,
            rules=before.rules,
            settings=before.settings,
            pinned=_pins(old, wanted, spent),
            max_changes=max_changes,
        )
        shut = cut_off(left.problem, roads, closures.closures)
        left = replace(left, problem=replace(left.problem, cut_off=shut))
    with watch.stage("deciding"):
        chosen = _decided(left, effort, before.settings)
        chosen = finished(replace(chosen, parent=plan.id), left, spent)
        nearest = routing.solve(left.problem, policy="nearest", seed=effort.seed)
    looks = to_look_at(left.problem.cases, unplaced, before.rules.places, left.problem.horizon_minutes)
    with watch.stage("drawing the routes"):
        legs = roads_driven(left.problem, chosen, roads)
    settled = int(triaged.no_visit["code"].isin(SETTLED_CODES).sum())
    told_anew = loss.changes(left.problem, chosen)
    summary = accounts(
        left.problem,
        chosen,
        nearest,
        received=now.alerts.received,
        rejected=len(now.rejected),
        not_yet=len(triaged.not_yet),
        no_visit=len(triaged.no_visit) - settled,
        settled=settled,
        thresholds=before.rules.planning.reached_within_minutes,
    ) | {
        "settled_by": _settled_by(triaged.no_visit),
        "under_way": len({one.head.case_id for one in left.frozen.values()}),
        "told_anew": len(told_anew),
        "max_changes": max_changes,
    }
    rejected = _all_rejected(events, heard, closures)
    day = Day(
        area=area,
        request=Request(
            None,
            at,
            policy=effort.policy,
            seconds=effort.seconds,
            iterations=effort.iterations,
            seed=effort.seed,
        ),
        rules=before.rules,
        problem=left.problem,
        plan=chosen,
        nearest=nearest,
        people=triaged.people,
        alerts=now.alerts,
        triage=triaged,
        unplaced=unplaced,
        looks=looks,
        roster=roster,
        closures=closures,
        legs=legs,
        summary=summary,
        seconds=watch.seconds,
        notes=(
            *_notes(before, area, heard, standing, left, rejected, at),
            *closing_notes(left.problem, closures),
        ),
        warnings=begin_on_routes(left.problem, chosen, legs, closures.closures),
        hashes={"area": area.hash, "parent": plan.id},
        past={
            "cases": {key: history.to_json(one) for key, one in sorted(lives.items())},
            "counted": [list(one) for one in heard.keys],
            "silent": sorted(who for who, one in standing.items() if one.silent),
        },
    )
    changes = changes_between(
        old,
        _not_over(plan, standing),
        left.problem,
        chosen,
        why=_why(triaged.no_visit, chosen),
        moved_minutes=before.settings.moved_minutes,
    )
    return Replanned(day, changes, rejected, heard, standing, left, told_anew)


def _facts(before: Before, now: Known, events: Sequence[Event], at: datetime) -> Facts:
    past = before.kept.past
    return facts(
        before.file.problem,
        before.file.plan,
        events,
        at=at,
        case_of=now.case_of,
        lives={key: history.from_json(raw) for key, raw in past.get("cases", {}).items()},
        counted=past.get("counted", ()),
        stale_hours=before.settings.stale_report_hours,
        hold_fraction=dict(before.ledger.hold_fraction.items()),
        due=lambda moment: [
            datetime.fromisoformat(one) for one in before.ledger.due_visits("met_persuaded", moment) or ()
        ],
    )


def _walked(before: Before, heard: Facts, minutes: float) -> dict[str, Standing]:
    old, plan = before.file.problem, before.file.plan
    gone = {case_id: (moment - old.at) / timedelta(minutes=1) for case_id, moment in heard.gone.items()}
    return standings(
        old,
        plan.routes,
        for_partners(plan, heard.events),
        gone=gone,
        minutes=minutes,
        settings=before.settings,
        silent_before=frozenset(before.kept.past.get("silent", ())),
    )


def _closures(area: Area, before: Before, events: Sequence[Event]) -> ClosureFile:
    """Those kept and not reopened, and those reported."""
    opened = {event.value for event in events if event.kind == "opened"}
    stay = tuple(one for one in before.kept.closures if not {one.id, one.name} & opened)
    features = [
        (event.row, _feature(event, number)) for number, event in enumerate(events) if event.kind == "closure"
    ]
    if not features:
        return ClosureFile(stay, pd.DataFrame(columns=["number", "name", "column", "found", "expected"]), ())
    found = closures_in(features, area.network, area.time_zone, before.rules.closures)
    return ClosureFile((*stay, *found.closures), found.rejected, found.notes)


def _feature(event: Event, number: int) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [event.lon, event.lat]} if event.lon == event.lon else None
    slowed = event.factor == event.factor and event.factor > 0
    given: dict[str, Any] = {
        "id": f"E{event.at:%m%d-%H%M}-{number + 1}",
        "road": event.road,
        "from": event.at.isoformat(),
        "reason": event.value,
        "name": event.road or event.value,
    }
    given |= {"factor": event.factor} if slowed else {"closed": True}
    if event.until is not None:
        given["to"] = event.until.isoformat()
    if point is not None and event.radius_metres == event.radius_metres:
        given["radius_metres"] = event.radius_metres
    return {"type": "Feature", "geometry": point, "properties": given}


def _roster(before: Before, crews: Roster | None, standing: Mapping[str, Standing], minutes: float) -> Roster:
    """Everybody, with what is known of them now."""
    if crews is None:
        nobody_refused = pd.DataFrame(columns=["row", "column", "found", "expected", "raw"])
        team = tuple(aged(one, standing[one.id], minutes) for one in before.file.problem.responders)
        return Roster(team, nobody_refused, dict(before.kept.phones))
    team = tuple(_as_read(one, standing.get(one.id)) for one in crews.responders)
    return replace(crews, responders=team)


def _as_read(one: Responder, standing: Standing | None) -> Responder:
    """A responder of a file read for this moment, with what was reported of it."""
    if standing is None:
        return one
    left = max(0, one.max_visits - len(standing.over))
    free = max(one.free_at_minutes, standing.free_at_minutes)
    status = "off" if "off" in {one.status, standing.status} else one.status
    return replace(one, max_visits=left, free_at_minutes=free, status=status)


def _roads_then(
    before: Before, area: Area, roads: Mapping[str, Travel], now: Sequence[Closure], at: datetime
) -> dict[str, Travel]:
    """The roads as the old plan had them; the same object where nothing is different."""
    old_at, file = before.file.problem.at, before.file
    speeds = section(Speeds, "speeds", file.settings)
    as_it_was = (
        file.area.get("hash") == area.hash and speeds == before.rules.speeds and old_at.hour == at.hour
    )
    found = {}
    for profile, travel in roads.items():
        was, are = applied(before.kept.closures, profile, old_at), applied(now, profile, at)
        same = len(was) == len(are) and all(
            one.factor == other.factor and one.edges.tolist() == other.edges.tolist()
            for one, other in zip(was, are, strict=True)
        )
        if same and as_it_was:
            found[profile] = travel
        else:
            found[profile] = travel.reweighted(departure=old_at, closures=was, speeds=speeds)
    return found


def _pins(old: Problem, wanted: Sequence[Pursued], spent: Mapping[str, Reason]) -> dict[str, str]:
    """A dispatcher's pins that still can be kept, and those nobody visits any more."""
    pins = {
        one.case.id: old.pinned[one.case.id]
        for one in wanted
        if one.case.id in old.pinned and old.pinned[one.case.id] not in one.case.refused_by
    }
    return {**pins, **dict.fromkeys(spent, "")}


def _decided(left: Onward, effort: Effort, settings: ReplanSettings) -> Plan:
    seconds = effort.seconds
    if seconds is None and effort.iterations is None:
        seconds = settings.search_seconds
    return decide(
        left,
        policy=effort.policy,
        seconds=seconds,
        iterations=effort.iterations,
        seed=effort.seed,
        first_stop_yuan=settings.first_stop_yuan,
    )


def _settled_by(no_visit: pd.DataFrame) -> dict[str, int]:
    counts = Counter(no_visit["code"])
    return {code: int(counts[code]) for code in sorted(SETTLED_CODES) if counts[code]}


def _not_over(plan: Plan, standing: Mapping[str, Standing]) -> list[tuple[str, Stop]]:
    """Stops of the old plan that are still ahead or under way."""
    return [
        (route.responder_id, stop)
        for route in plan.routes
        for stop in route.stops
        if stop.id not in {one.id for one in standing[route.responder_id].over}
    ]


def _why(no_visit: pd.DataFrame, chosen: Plan) -> dict[str, Reason]:
    """Case id → why nobody goes there any more."""
    rows = zip(no_visit["alert_id"], no_visit["code"], no_visit["params"], strict=True)
    found = {str(case_id): Reason(code, params) for case_id, code, params in rows if code in SETTLED_CODES}
    return found | {one.case_id: one.reason for one in chosen.left_out}


def _all_rejected(events: EventFile, heard: Facts, closures: ClosureFile) -> pd.DataFrame:
    """Every event that was not used, by row."""
    shut = closures.rejected.rename(columns={"number": "row"}).assign(raw="")
    tables = [events.rejected, heard.rejected, shut.reindex(columns=events.rejected.columns)]
    filled = [one for one in tables if len(one)]
    if not filled:
        return events.rejected
    return pd.concat(filled, ignore_index=True).sort_values("row", kind="stable").reset_index(drop=True)


def _notes(  # noqa: PLR0917 - one caller, by position
    before: Before,
    area: Area,
    heard: Facts,
    standing: Mapping[str, Standing],
    left: Onward,
    rejected: pd.DataFrame,
    at: datetime,
) -> list[str]:
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
