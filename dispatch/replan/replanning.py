"""A plan goes on: what has happened is counted, what is under way is frozen, the rest is decided anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from dispatch import loss, routing
from dispatch.area import Area
from dispatch.beside import beside
from dispatch.day.accounts import accounts
from dispatch.day.building import open_roads, roads_driven
from dispatch.day.closing import begin_on_routes, closing_notes, cut_off
from dispatch.day.planning import Day, Watch
from dispatch.day.request import Request
from dispatch.day.reviewing import to_look_at
from dispatch.domain import Plan, Problem
from dispatch.errors import BadInput
from dispatch.intake.responders import Roster
from dispatch.intake.triage import Triage
from dispatch.places.gazetteer import Gazetteer
from dispatch.reasons import Reason
from dispatch.replan import history
from dispatch.replan.before import Before
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
from dispatch.replan.onward import Onward, onward
from dispatch.replan.progress import Standing, standings
from dispatch.replan.settings import ReplanSettings
from dispatch.replan.surroundings import closures_now, roads_then, roster_now
from dispatch.replan.telling import (
    all_rejected,
    contradicted,
    not_over,
    notes_of,
    settled_by,
    why_not,
)


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
    meanwhile: Callable[[], object] = lambda: None,
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
    meanwhile
        Called once, while another core finds the places: what the caller wants ready later.

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
    with watch.stage("measuring the roads"):
        closures = closures_now(area, before, heard.events)
        roster = roster_now(before, crews, standing, minutes)
        where = partial(
            located,
            triaged,
            now,
            lives,
            old,
            corrected=heard.corrected,
            gazetteer=gazetteer,
            rules=before.rules,
            at=at,
        )
        with beside(where) as found:
            roads = open_roads(area, roster.responders, at, before.rules, closures.closures)
            meanwhile()
        cases, unplaced = found()
        wanted = [pursued(case, lives.get(case.id, Life(case.id)), at, before.settings) for case in cases]
        spent = {one.case.id: one.spent for one in wanted if one.spent is not None}
        then = roads_then(before, area, roads, closures.closures, at)
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
        with beside(lambda: routing.solve(left.problem, policy="nearest", seed=effort.seed)) as compared:
            chosen = _decided(left, effort, before.settings)
            chosen = finished(replace(chosen, parent=plan.id), left, spent)
        nearest = compared()
    looks = to_look_at(left.problem.cases, unplaced, before.rules.places, left.problem.horizon_minutes)
    with watch.stage("drawing the routes"):
        legs = roads_driven(left.problem, chosen, roads)
    told_anew = loss.changes(left.problem, chosen)
    summary = _summed_up(before, now, triaged, left, chosen, nearest) | {
        "told_anew": len(told_anew),
        "max_changes": max_changes,
    }
    rejected = all_rejected(events, heard, closures)
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
            *notes_of(before, area, heard, standing, left, rejected, at),
            *closing_notes(left.problem, closures),
        ),
        warnings=(
            *contradicted(before, standing),
            *begin_on_routes(left.problem, chosen, legs, closures.closures),
        ),
        hashes={"area": area.hash, "parent": plan.id},
        past=_past(lives, heard, standing),
    )
    changes = changes_between(
        old,
        not_over(plan, standing),
        left.problem,
        chosen,
        why=why_not(triaged.no_visit, chosen),
        moved_minutes=before.settings.moved_minutes,
    )
    return Replanned(day, changes, rejected, heard, standing, left, told_anew)


def _summed_up(  # noqa: PLR0917 - one caller, by position
    before: Before, now: Known, triaged: Triage, left: Onward, chosen: Plan, nearest: Plan
) -> dict[str, Any]:
    """The numbers of the day; the sum closes, with those settled since it began."""
    settled = int(triaged.no_visit["code"].isin(SETTLED_CODES).sum())
    return accounts(
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
        "settled_by": settled_by(triaged.no_visit),
        "under_way": len({one.head.case_id for one in left.frozen.values()}),
    }


def _past(lives: Mapping[str, Life], heard: Facts, standing: Mapping[str, Standing]) -> dict[str, Any]:
    """What the next re-plan has to know of everything up to now."""
    return {
        "cases": {key: history.to_json(one) for key, one in sorted(lives.items())},
        "counted": [list(one) for one in heard.keys],
        "silent": sorted(who for who, one in standing.items() if one.silent),
    }


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
