"""Who is on duty in a scenario, when and from where: the area's roster day after day, less and more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from dispatch.area import Area
from dispatch.coverage.rules import Rules
from dispatch.domain import KINDS, PROFILES, Profile, Responder, Shift
from dispatch.errors import BadInput
from dispatch.intake.ground import EVERYWHERE, Ground, Spot
from dispatch.intake.responders import Roster, read_roster
from dispatch.intake.shifts import DAY_MINUTES, default_shift
from dispatch.simulate.scenarios.ground import Districts, ground_of
from dispatch.simulate.scenarios.model import CrewKeys, Scenario
from dispatch.simulate.world import Bools, Units

_EDGE_MINUTES = 1e-6


@dataclass(frozen=True, slots=True)
class Muster:
    """Everybody of a scenario with the minutes each is on duty (from the scenario's begin), in order and apart."""

    responders: tuple[Responder, ...]
    duties: tuple[tuple[tuple[float, float], ...], ...]
    group: tuple[str, ...]
    """The table of the scenario each comes from, "" for the roster's own."""
    notes: tuple[str, ...]


def muster(scenario: Scenario, area: Area, rules: Rules, begin: datetime) -> Muster:
    """The roster repeated every day of the scenario, without those taken away, and with those added.

    Whoever is busy or off in the roster is so tonight, not every night: that is not looked at.

    Raises
    ------
    MissingInput, BadInput
        A file cannot be used; an id or place of `[responders]` is not known.
    """
    ground, keys = ground_of(area.gazetteer), scenario.responders
    everybody = _roll(scenario, area, rules, begin)
    own = everybody.timed
    _refuse_unknown(keys.without, keys.move, {one.id for one in everybody.responders})
    gone = set(keys.without)
    kept = [one for one in everybody.responders if not {one.id, one.kind} & gone]
    kept = [_moved(one, keys.move, ground) for one in kept]
    until = scenario.clock.days * DAY_MINUTES + scenario.policy.give_up_minutes
    hours = {kind: _hours_on(kind, begin, rules) for kind in KINDS}
    duties = [
        _repeated(one.shift, until) if one.id in own else _by_share(one, begin, until, hours[one.kind], rules)
        for one in kept
    ]
    group = [""] * len(kept)
    for name, crew in keys.crews.items():
        for one in _made(name, crew, ground, rules, {one.id for one in kept}):
            kept.append(one)
            duties.append(_repeated(one.shift, until))
            group.append(name)
    return Muster(tuple(kept), tuple(duties), tuple(group), everybody.notes)


def units_of(people: Muster, districts: Districts, scenario: Scenario, area: Area, *, strict: bool) -> Units:
    """The arrays of a muster: home zones, duties, jurisdictions and standby posts.

    Raises
    ------
    BadInput
        A standby names nobody, or no place.
    """
    crew = people.responders
    points = np.array([(one.lon, one.lat) for one in crew], np.float64).reshape(-1, 2)
    own = _answering(crew, districts, [one.jurisdiction for one in crew])
    reach = own if strict else own | _answering(crew, districts, [one.neighbours for one in crew])
    spans = [span for one in people.duties for span in one]
    return Units(
        ids=tuple(one.id for one in crew),
        kind=np.array([KINDS.index(one.kind) for one in crew], np.int64),
        profile=np.array([PROFILES.index(one.profile) for one in crew], np.int64),
        home=districts.at(points) if len(crew) else np.zeros(0, np.int64),
        max_visits=np.array([one.max_visits for one in crew], np.int64),
        duty_at=np.concatenate([[0], np.cumsum([len(one) for one in people.duties])]).astype(np.int64),
        duty_from=np.array([start for start, _ in spans], np.float64),
        duty_to=np.array([end for _, end in spans], np.float64),
        standby=_standby(people, districts, scenario, ground_of(area.gazetteer)),
        own=own,
        reach=reach,
    )


def standby_points(scenario: Scenario, area: Area) -> list[tuple[float, float]]:
    """Where crews are to wait, lon and lat."""
    ground = ground_of(area.gazetteer)
    spots = [
        _spot(ground, one.at, f"policy.standby.{name}.at") for name, one in scenario.policy.standby.items()
    ]
    return [(spot.lon, spot.lat) for spot in spots]


def _roll(scenario: Scenario, area: Area, rules: Rules, begin: datetime) -> Roster:
    """Everybody, whoever has no shift of their own as if on duty."""
    keys, folder = scenario.responders, area.folder
    if not keys.file and folder is None:
        raise BadInput(f"area {area.name} is in no folder and has no responders; give [responders] file")
    file = Path(keys.file) if keys.file else cast("Path", folder) / "responders.csv"
    table = Path(keys.jurisdiction) if keys.jurisdiction else None
    if table is None and folder is not None and (folder / "jurisdiction.csv").is_file():
        table = folder / "jurisdiction.csv"

    return read_roster(
        file, table, gazetteer=area.gazetteer, at=begin, time_zone=area.time_zone,
        duty=rules.duty.model_copy(update={"share_by_hour": dict.fromkeys(KINDS, (1.0,) * 24)}),
        jurisdiction_replaces=bool(keys.jurisdiction),
    )  # fmt: skip


def _refuse_unknown(without: Iterable[str], move: Iterable[str], known: set[str]) -> None:
    for key, names in (("without", set(without) - set(KINDS)), ("move", set(move))):
        if lost := sorted(names - known):
            raise BadInput(f"[responders] {key} names {', '.join(lost[:3])[:120]}, who is not in the roster")


def _moved(one: Responder, moves: dict[str, str], ground: Ground) -> Responder:
    if one.id not in moves:
        return one
    spot = _spot(ground, moves[one.id], f"responders.move.{one.id}")
    return replace(one, lon=spot.lon, lat=spot.lat, base=spot.code)


def _repeated(shift: Shift, until: float) -> tuple[tuple[float, float], ...]:
    """A shift every day from before the begin to `until`, a break being a gap."""
    parts = [(shift.start, shift.end)]
    if shift.break_start is not None and shift.break_end is not None:
        parts = [(shift.start, shift.break_start), (shift.break_end, shift.end)]
    first = -int(shift.end // DAY_MINUTES) - 1
    spans = [
        (start + day * DAY_MINUTES, end + day * DAY_MINUTES)
        for day in range(first, int(until // DAY_MINUTES) + 2)
        for start, end in parts
    ]
    return _apart(spans, until)


def _hours_on(kind: str, begin: datetime, rules: Rules) -> list[tuple[datetime, tuple[int, ...]]]:
    """For each share of a kind there is in a day, the largest first: a moment with it, and all its hours."""
    day = begin.replace(minute=0, second=0, microsecond=0)
    by_share: dict[float, list[int]] = {}
    for hour in range(24):
        by_share.setdefault(rules.duty.share(kind, hour), []).append(hour)
    return [(day.replace(hour=hours[0]), tuple(hours)) for _, hours in sorted(by_share.items(), reverse=True)]


def _by_share(
    one: Responder,
    begin: datetime,
    until: float,
    hours: list[tuple[datetime, tuple[int, ...]]],
    rules: Rules,
) -> tuple[tuple[float, float], ...]:
    """Duty of somebody without a shift of their own: the hours of a day the planner would have them on, every day.

    Who is on at a share is on at every larger one (`intake.shifts.default_shift`).
    """
    on: list[int] = []
    for moment, alike in hours:
        if default_shift(one.id, one.kind, moment, rules.duty) is None:
            break
        on += alike
    runs: list[tuple[int, int]] = []
    for hour in sorted(on):
        runs = (
            [*runs[:-1], (runs[-1][0], hour + 1)]
            if runs and runs[-1][1] == hour
            else [*runs, (hour, hour + 1)]
        )
    into = (begin.replace(hour=0, minute=0, second=0, microsecond=0) - begin) / timedelta(minutes=1)
    return _apart(
        [
            (into + start * 60.0 + day * DAY_MINUTES, into + end * 60.0 + day * DAY_MINUTES)
            for day in range(-1, int(until // DAY_MINUTES) + 2)
            for start, end in runs
        ],
        until,
    )


def _apart(spans: list[tuple[float, float]], until: float) -> tuple[tuple[float, float], ...]:
    """Spans in order, cut to 0 … `until`, touching ones joined."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        low, high = max(0.0, start), min(until, end)
        if high - low <= _EDGE_MINUTES:
            continue
        if joined and low <= joined[-1][1] + _EDGE_MINUTES:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return tuple(joined)


def _made(name: str, keys: CrewKeys, ground: Ground, rules: Rules, taken: set[str]) -> list[Responder]:
    spot = _spot(ground, keys.base, f"responders.{name}.base", keys.kind)
    start, end = (_minutes(one) for one in keys.shift)
    own = ground.home_ground(keys.kind, spot.lon, spot.lat)
    kind = keys.kind
    crew = [
        Responder(
            id=f"{name}-{number}",
            kind=kind,
            name=f"{name}-{number}",
            lon=spot.lon,
            lat=spot.lat,
            shift=Shift(start, end if end > start else end + DAY_MINUTES),
            profile=keys.profile or cast("Profile", rules.duty.profile[kind]),
            skills=frozenset({"police"} if kind in ("station", "county") else ()),
            jurisdiction=own,
            neighbours=ground.neighbours(kind, own),
            max_visits=keys.max_visits or rules.duty.max_visits[kind],
            base=spot.code,
        )
        for number in range(1, keys.cars + 1)
    ]
    if twins := sorted({one.id for one in crew} & taken):
        raise BadInput(f"[responders.{name}]: {twins[0]} is in the roster already; choose another name")
    return crew


def _answering(crew: tuple[Responder, ...], districts: Districts, codes: list[frozenset[str]]) -> Bools:
    """Which zones lie in what each answers for, shape (U, Z)."""
    zones_of: dict[str, list[int]] = {}
    for zone, inside in enumerate(districts.codes):
        for code in inside:
            zones_of.setdefault(code, []).append(zone)
    found: NDArray[np.bool_] = np.zeros((len(crew), len(districts.codes)), np.bool_)
    for row, wanted in enumerate(codes):
        if EVERYWHERE in wanted:
            found[row] = True
        for code in wanted:
            found[row, zones_of.get(code, [])] = True
    return found


def _standby(people: Muster, districts: Districts, scenario: Scenario, ground: Ground) -> NDArray[np.int64]:
    posts = np.full((len(people.responders), 24), -1, np.int64)
    for name, keys in scenario.policy.standby.items():
        rows = [row for row, one in enumerate(people.responders) if name in (one.id, people.group[row])]
        if not rows:
            raise BadInput(
                f"policy.standby.{name}: no responder has this id, and no table of [responders] this name"
            )
        spot = _spot(ground, keys.at, f"policy.standby.{name}.at")
        start, end = int(_minutes(keys.begins) // 60), int(_minutes(keys.ends) // 60)
        hours = [
            hour
            for hour in range(24)
            if (start <= hour < end if start < end else hour >= start or hour < end)
        ]
        posts[np.ix_(rows, hours)] = int(districts.at(np.array([[spot.lon, spot.lat]]))[0])
    return posts


def _spot(ground: Ground, text: str, where: str, kind: str = "") -> Spot:
    spots = ground.base(text, kind) if kind else (ground.base(text, "station") or ground.territory(text, ""))
    if len(spots) != 1:
        codes = ", ".join(spot.code for spot in spots[:4])
        why = f"{len(spots)} places; write one of the codes {codes}" if spots else "no place of this area"
        raise BadInput(f"{where}: {text!r:.60} names {why}")
    return spots[0]


def _minutes(clock: str) -> float:
    hours, minutes = clock.split(":")
    return int(hours) * 60.0 + int(minutes)
