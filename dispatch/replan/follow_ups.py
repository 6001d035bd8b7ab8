"""What follows from a visit: who goes again, when, where, from which level; second visits; holds.

Pure rules of data/replan.toml: a case as triage and geocoding have it now, and its life so far,
give the case to be planned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd

from dispatch.domain import Case, Hold, Kind, Place
from dispatch.reasons import Reason
from dispatch.replan.history import NOT_YET_TOLD, Held, Life, Visited
from dispatch.replan.settings import ReplanSettings

SAME_PLACE_METRES = 60.0
METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Pursued:
    """A case to plan; with `spent`, the reason why nobody goes any more."""

    case: Case
    spent: Reason | None = None


def goes_again(life: Life) -> bool:
    """Whether the person is a case whatever the telephone says: a visit was tried, or one is due once more."""
    return bool(life.returned_at or life.second_visit_at or life.visits)


def rows_now(rows: pd.DataFrame, own: Sequence[int], life: Life) -> dict[tuple[int, str], Any]:
    """Cells of a person's rows that calls, and visits already made, have changed; by (row, column)."""
    said: dict[int, dict[str, Any]] = {row: dict(rows.loc[row]) for row in own}
    newest = max(own, key=lambda row: (said[row]["alerted_at"], row))
    cells: dict[tuple[int, str], Any] = {}
    since = life.returned_at or life.second_visit_at
    calls = [one for one in life.calls if since is None or one[0] >= since]
    if calls:
        moment, result = calls[-1]
        tried = said[newest]["call_attempts"]
        cells[newest, "call_attempts"] = (0.0 if pd.isna(tried) else float(tried)) + len(calls)
        cells[newest, "contact_result"], cells[newest, "last_attempt_at"] = result, pd.Timestamp(moment)
    if since is not None:
        for row in own:
            if said[row]["contact_result"] == "persuaded" and (row, "contact_result") not in cells:
                cells[row, "contact_result"] = ""
    safe = [one.at for one in life.visits if one.outcome == "met_persuaded"]
    if safe and life.second_visit_at is None:
        cells[newest, "last_safe_at"] = max(
            pd.Timestamp(safe[-1]), _or_early(said[newest]["last_safe_at"]), said[newest]["alerted_at"]
        )
    return cells


def pursued(case: Case, life: Life, at: datetime, settings: ReplanSettings) -> Pursued:
    """The case with everything its life says: holds, misses, refusals, second visits."""
    case = under_holds(case, life, at)
    if life.second_visit_at is not None:
        case = _second_visit(case, life.second_visit_at, at, settings)
    case = replace(case, refused_by=life.refused_by)
    case = _searched_elsewhere(case, life, at, settings)
    if not life.told:
        return Pursued(case)
    last = life.told[-1]
    if len(life.misses) >= settings.retry.tries_at_most:
        params = {"outcome": last.outcome, "times": len(life.misses)}
        return Pursued(case, Reason("TRIES_SPENT", params))
    if last.outcome == "met_refused":
        case = _up_the_ladder(case, life, settings)
    elif last.outcome == "unsafe":
        able = frozenset(settings.unsafe.may_go)
        case = replace(case, needs=case.needs | frozenset(settings.unsafe.needs), may_go=able)
    elif life.misses:
        case = replace(case, may_go=case.may_go | frozenset(settings.retry.then_may_go))
    again = Reason("VISIT_AGAIN", {"outcome": last.outcome, "times": len(life.told)})
    return Pursued(replace(case, reasons=(again, *case.reasons)))


def under_holds(case: Case, life: Life, at: datetime) -> Case:
    """The case with the hold in force, and the stake that past holds have kept.

    Triage ages the stake by the whole hazard since the last sign; while a hold ran at fraction f
    it aged by f of it: ``stake·e^(λ(1 − f)·minutes held)``.
    """
    since = at - timedelta(minutes=case.safe_minutes_ago)
    spared = 0.0
    for begins, until, fraction in _strongest(life.holds, since, at):
        spared += (1.0 - fraction) * (until - begins) / timedelta(hours=1)
    most = case.amount_yuan * case.transfer_probability or math.inf
    kept = min(case.stake_yuan * math.exp(case.hazard_per_hour * spared), most)
    standing = [one for one in life.holds if one.begins <= at < one.until]
    best = min(standing, key=lambda one: (one.fraction, -one.until.timestamp()), default=None)
    hold = Hold((best.until - at) / timedelta(minutes=1), best.fraction) if best else case.hold
    return replace(case, stake_yuan=max(kept, case.stake_yuan), hold=hold)


def _strongest(
    holds: Sequence[Held], since: datetime, at: datetime
) -> list[tuple[datetime, datetime, float]]:
    """Stretches from `since` to `at` under a hold, each with the smallest fraction that held then."""
    cuts = sorted(
        {since, at, *(min(max(moment, since), at) for one in holds for moment in (one.begins, one.until))}
    )
    found = []
    for begins, until in pairwise(cuts):
        held = [one.fraction for one in holds if one.begins <= begins and until <= one.until]
        if held and begins < until:
            found.append((begins, until, min(held)))
    return found


def _second_visit(case: Case, due_at: datetime, at: datetime, settings: ReplanSettings) -> Case:
    rule = settings.follow_up
    due = (due_at - at) / timedelta(minutes=1) + rule.due_minutes_after
    return replace(
        case,
        stake_yuan=case.amount_yuan * case.transfer_probability * rule.stake_share,
        safe_minutes_ago=0.0,
        due_minutes=max(0.0, due),
        may_go=frozenset(rule.may_go),
        needs=frozenset(),
        partners=frozenset(),
        hold=None,
        reasons=(Reason("SECOND_VISIT", {"due": f"{due_at:%m-%d %H:%M}"}), *case.reasons),
    )


def _up_the_ladder(case: Case, life: Life, settings: ReplanSettings) -> Case:
    """Only kinds above the highest that was refused; at the top, others of the same kind."""
    ladder = settings.ladder
    refused = [
        ladder.index(one.kind) for one in life.visits if one.outcome == "met_refused" and one.kind in ladder
    ]
    rung = max(refused, default=-1)
    above: tuple[Kind, ...] = ladder[rung + 1 :] or ladder[-1:]
    return replace(case, may_go=frozenset(above))


def _searched_elsewhere(case: Case, life: Life, at: datetime, settings: ReplanSettings) -> Case:
    """Places where nobody was found are less likely; they wait, unless another is worth a try at once."""
    places, waits = list(case.places), 0.0
    missed: set[str] = set()
    other_share = 0.0
    open_visits = [one for one in life.visits if one.outcome == NOT_YET_TOLD]
    unlooked = [one for one in places if not any(same_place(one, visit) for visit in open_visits)]
    places = unlooked or places  # nobody goes there again before the report
    for visit in life.told:
        rule = settings.retry.rule(visit.outcome)
        if rule is None:
            continue
        for number, place in enumerate(places):
            if same_place(place, visit):
                places[number] = replace(place, probability=place.probability * rule.place_share)
                left = rule.after_minutes - (at - visit.at) / timedelta(minutes=1)
                if left > 0:
                    missed.add(place.id)
                    waits, other_share = max(waits, left), rule.other_share
    places = [place for place in places if place.probability > 0]
    others = [place for place in places if place.id not in missed]
    if missed and any(place.probability >= other_share for place in others):
        return replace(case, places=tuple(others))
    window = (max(case.window[0], waits), case.window[1])
    return replace(case, places=tuple(places), window=window if window[0] <= window[1] else case.window)


def same_place(place: Place, visit: Visited) -> bool:
    """Whether the visit was there: places are numbered anew when evidence changes, their points stay."""
    if visit.lon != visit.lon:
        return place.id == visit.place_id
    east = (place.lon - visit.lon) * METRES_PER_DEGREE * math.cos(math.radians(place.lat))
    north = (place.lat - visit.lat) * METRES_PER_DEGREE
    return math.hypot(east, north) <= SAME_PLACE_METRES


def _or_early(moment: Any) -> pd.Timestamp:
    return pd.Timestamp(0, tz="UTC") if pd.isna(moment) else pd.Timestamp(moment)
