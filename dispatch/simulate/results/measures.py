"""What one replication is judged by, as a small block of arrays: the alerts themselves stay behind.

Sums are kept, with the sums they are shares of, so that groups and replications can be added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.domain import KINDS, TIERS
from dispatch.runner.blocks import Block
from dispatch.simulate.replicate import OUTCOMES, Replication
from dispatch.simulate.world import Bools, Floats, Ints, World

SUMS = (
    "alerts", "asked", "phoned", "reached", "not_found", "given_up", "transferred",
    "modelled_yuan", "nobody_yuan", "late_yuan", "realised_yuan", "amount_yuan",
)  # fmt: skip
"""Columns of `groups` before the thresholds; every one over the counted alerts of the group.

`alerts`; `asked`: a visit was asked for; `phoned`: a call settled it (before or after that); `reached`: met at
the door; `not_found`, `given_up`; `transferred`: the money went before any contact. Modelled yuan are
expected by the loss curve, realised ones those of the tape.
"""
PERCENTILES = (50, 80, 90, 95)
CURVE_MINUTES = np.arange(0.0, 181.0, 5.0)
CREW = ("units", "busy_minutes", "driven_minutes", "on_duty_minutes", "overtime_minutes", "kilometres")
_CODE = {name: code for code, name in OUTCOMES.items()}
BREAK_MINUTES = 90.0
"""A gap no longer than this is a break within one duty."""


def columns(thresholds: Sequence[int]) -> tuple[str, ...]:
    """Names of the columns of `groups`: `SUMS`, then for each threshold who was reached at the door, and who at all."""
    within = [f"{what}_within_{minutes}" for minutes in thresholds for what in ("reached", "contacted")]
    return (*SUMS, *within)


@dataclass(frozen=True, slots=True)
class Places:
    """What is counted by besides tier and hour.

    Names of `counties`; `towns` as (county, town), `town` (Z) the number of a zone's; `shifts` as kind and hours
    such as ``station 20-08``, `shift` (U) the number of a unit's.
    """

    counties: tuple[str, ...]
    towns: tuple[tuple[str, str], ...]
    town: Ints
    shifts: tuple[str, ...]
    shift: Ints


def group_names(places: Places) -> tuple[tuple[str, str], ...]:
    """(dimension, member) of the rows of `groups`: everything, tiers, counties, towns, hours of the day of the alert."""
    hours = [f"{hour:02d}" for hour in range(24)]
    return (
        ("all", ""),
        *(("tier", tier) for tier in TIERS),
        *(("county", county) for county in places.counties),
        *(("town", f"{county} {town}") for county, town in places.towns),
        *(("hour", hour) for hour in hours),
    )


def places_in(world: World, counties: Sequence[str], towns: Sequence[tuple[str, str]], town: Ints) -> Places:
    """What the alerts and units of a world are counted by."""
    of = _shifts(world)
    shifts = tuple(sorted(set(of)))
    number = {name: at for at, name in enumerate(shifts)}
    return Places(
        tuple(counties), tuple(towns), town, shifts, np.array([number[one] for one in of], np.int64)
    )


def measure(world: World, result: Replication, places: Places, thresholds: Sequence[int]) -> Block:
    """The block of one replication.

    Parameters
    ----------
    thresholds
        Minutes from the alert within which somebody is to be reached.

    Returns
    -------
    Block
        `groups` (G, columns); `wait_minutes` and `response_minutes` (percentiles) from the alert and from the asking for
        a visit to the meeting at the door, NaN where nobody was met; `met_by` how many were met within each of
        `CURVE_MINUTES`; `why` (7) of those never met; `zone` (Z, 3) visits asked for, met, met in time; `crew` (kinds, `CREW`);
        `shift_busy` and `shift_on_duty` (shifts); `backlog` (24) mean number waiting at that hour of the day and
        `backlog_most` (24); `flags` overwhelmed, longest queue, state changes.
    """
    counted, asked = result.counted, result.counted & result.needs_visit
    wait = result.contact - result.alert
    met = asked & (result.outcome == _CODE["reached"])
    return {
        "groups": _groups(world, result, wait, places, thresholds),
        "wait_minutes": _percentiles(wait[met]),
        "response_minutes": _percentiles((result.contact - result.ready)[met]),
        "met_by": np.searchsorted(np.sort(wait[met]), CURVE_MINUTES, side="right").astype(np.float64),
        "zone": _zones(world, result, asked, met, met & (wait <= mark_of(thresholds))),
        "why": np.bincount(result.why[asked], minlength=7)[:7].astype(np.float64),
        "crew": _crew(world, result),
        **_shift_sums(places, result),
        **_backlog(world, result),
        "flags": np.array([result.overwhelmed, result.longest_queue, result.changes], np.float64),
        "counted": np.array([counted.sum()], np.float64),
    }


def _groups(
    world: World, result: Replication, wait: Floats, places: Places, thresholds: Sequence[int]
) -> Floats:
    rows = np.flatnonzero(result.counted)
    asked, outcome = result.needs_visit[rows], result.outcome[rows]
    reached, phoned = outcome == _CODE["reached"], outcome == _CODE["phoned"]
    each: list[Bools | Floats] = [
        np.ones(len(rows)), asked, phoned, reached, outcome == _CODE["not_found"], outcome == _CODE["given_up"],
        result.transferred[rows], result.modelled_yuan[rows], result.nobody_yuan[rows], result.late_yuan[rows],
        result.realised_yuan[rows], result.amount_yuan[rows],
    ]  # fmt: skip
    for minutes in thresholds:
        soon = wait[rows] <= minutes
        each += [soon & reached & asked, soon & (reached | phoned)]
    hour = ((world.first_hour + result.alert[rows] // world.hour_minutes) % 24).astype(np.int64)
    keys: list[tuple[Ints, int]] = [
        (np.zeros(len(rows), np.int64), 1),
        (result.tier[rows], len(TIERS)),
        (result.county[rows], len(places.counties)),
        (places.town[result.zone[rows]], len(places.towns)),
        (hour, 24),
    ]
    return np.vstack(
        [
            np.column_stack([np.bincount(key, np.asarray(one, np.float64), size) for one in each])
            for key, size in keys
        ]
    )


def mark_of(thresholds: Sequence[int]) -> int:
    """The threshold a scenario is told by where there is room for one: 30 minutes, else the first."""
    return 30 if 30 in thresholds else thresholds[0]


def _zones(world: World, result: Replication, *chosen: Bools) -> NDArray[np.int32]:
    count = len(world.zones.ids)
    return np.column_stack([np.bincount(result.zone[one], minlength=count) for one in chosen]).astype(
        np.int32
    )


def _percentiles(minutes: Floats) -> Floats:
    return np.percentile(minutes, PERCENTILES) if len(minutes) else np.full(len(PERCENTILES), np.nan)


def _crew(world: World, result: Replication) -> Floats:
    kind, size = world.units.kind, len(KINDS)
    parts = [
        np.ones(len(kind)), result.busy, result.driven, result.on_duty, result.overtime, result.kilometres,
    ]  # fmt: skip
    return np.column_stack([np.bincount(kind, one, size) for one in parts]).astype(np.float64)


def _shift_sums(places: Places, result: Replication) -> dict[str, NDArray[np.float64]]:
    return {
        f"shift_{what}": np.asarray(np.bincount(places.shift, one, len(places.shifts)), np.float64)
        for what, one in (("busy", result.busy), ("on_duty", result.on_duty))
    }


def _shifts(world: World) -> list[str]:
    """Of each unit its kind and the hours of its longest duty, breaks included."""
    units, found = world.units, []
    for unit in range(len(units.ids)):
        spans = slice(units.duty_at[unit], units.duty_at[unit + 1])
        start, end = units.duty_from[spans], units.duty_to[spans]
        said = "never"
        if len(start):
            after = np.append(start[1:] - end[:-1] > BREAK_MINUTES, [True])
            before = np.append([True], after[:-1])
            start, end = start[before], end[after]
            at = int(np.argmax(np.minimum(end - start, 1440.0)))
            first, last = (
                int((world.first_hour + one // world.hour_minutes) % 24) for one in (start[at], end[at])
            )
            said = "all day" if end[at] - start[at] >= 1440.0 else f"{first:02d}-{last:02d}"
        found.append(f"{KINDS[int(units.kind[unit])]} {said}")
    return found


def _backlog(world: World, result: Replication) -> dict[str, Floats]:
    first = int(np.ceil(world.warm_up_minutes / world.hour_minutes))
    last = int(world.horizon_minutes // world.hour_minutes)
    waiting = result.backlog[first : last + 1].astype(np.float64)
    hour = (world.first_hour + np.arange(first, first + len(waiting))) % 24
    often = np.bincount(hour, minlength=24)
    mean = np.bincount(hour, waiting, 24) / np.maximum(often, 1)
    most = np.zeros(24)
    np.maximum.at(most, hour, waiting)
    return {"backlog": np.asarray(mean, np.float64), "backlog_most": most}
