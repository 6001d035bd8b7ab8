"""One replication on the map: every crew where its log has it, every case while it is open, on a slider over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import maps
from dispatch.domain import KINDS, TIERS
from dispatch.reasons import Language
from dispatch.simulate import changes as c
from dispatch.simulate.log import Log
from dispatch.simulate.reasons import WHYS
from dispatch.simulate.replicate import OUTCOMES, Replication
from dispatch.simulate.results.figures import WHY_WORDS
from dispatch.simulate.scenarios.building import Built
from dispatch.simulate.world import Floats, Ints, World
from maps.block import Whole

SCRIPTS = ("cards.js", "replication.js")
TENTHS = 10.0
"""Moments are kept in tenths of a minute."""
OUT, ON, BACK = range(3)
_PURPOSE = {c.DEPARTS: OUT, c.DRIVES_ON: ON, c.HEADS_BACK: BACK}


@dataclass(frozen=True, slots=True, eq=False)
class Legs:
    """Drives in order of unit and moment (L).

    `unit`, `start` and `end` minutes, `origin` and `target` (L, 2) lon and lat, `purpose`, `alert` (-1: none).
    """

    unit: Ints
    start: Floats
    end: Floats
    origin: Floats
    target: Floats
    purpose: Ints
    alert: Ints


def legs_of(world: World, log: Log) -> Legs:
    """The drives of a log. One that was broken off ends where the crew was by then, at even speed."""
    spot = np.column_stack([world.zones.lon, world.zones.lat])
    rows: list[tuple[int, float, float, Floats, Floats, int, int]] = []
    order = np.lexsort([np.arange(len(log)), log.unit])
    here: dict[int, Floats] = {}
    begun: dict[int, tuple[float, Floats, int, int, int, float]] = {}
    for row in order[log.unit[order] >= 0]:
        u, minute, change = int(log.unit[row]), float(log.minute[row]), int(log.change[row])
        at = here.setdefault(u, spot[world.units.home[u]])
        moving = begun.get(u)
        if change in _PURPOSE:
            if moving is not None:
                at = here[u] = _broken_off(rows, u, moving, minute, spot)
            target = int(log.zone[row])
            whole = _minutes(world, u, at, target, minute, spot)
            begun[u] = (minute, at, target, _PURPOSE[change], int(log.alert[row]), whole)
        elif change in (c.ARRIVES, c.AT_POST) and moving is not None:
            start, origin, target, purpose, alert, _ = begun.pop(u)
            rows.append((u, start, minute, origin, spot[target], purpose, alert))
            here[u] = spot[target]
    return Legs(
        unit=np.array([one[0] for one in rows], np.int64),
        start=np.array([one[1] for one in rows], np.float64),
        end=np.array([one[2] for one in rows], np.float64),
        origin=np.array([one[3] for one in rows], np.float64).reshape(-1, 2),
        target=np.array([one[4] for one in rows], np.float64).reshape(-1, 2),
        purpose=np.array([one[5] for one in rows], np.int64),
        alert=np.array([one[6] for one in rows], np.int64),
    )


def _broken_off(
    rows: list[tuple[int, float, float, Floats, Floats, int, int]],
    u: int,
    moving: tuple[float, Floats, int, int, int, float],
    minute: float,
    spot: Floats,
) -> Floats:
    """The drive up to where it was broken off, which is given."""
    start, origin, target, purpose, alert, whole = moving
    share = min(1.0, (minute - start) / whole) if whole > 0.0 else 1.0
    there: Floats = origin + share * (spot[target] - origin)
    rows.append((u, start, minute, origin, there, purpose, alert))
    return there


def _minutes(world: World, u: int, at: Floats, target: int, minute: float, spot: Floats) -> float:
    """About how long the drive takes from the zone nearest to where the crew is."""
    origin = int(np.abs(spot - at).sum(axis=1).argmin())
    row = int(world.roads.row_of_zone[origin])
    table = int(world.roads.table_of[world.units.profile[u], world.hour_of(minute)])
    base, factor = int(world.roads.base_of[table]), float(world.roads.factor[table])
    return float(world.roads.minutes[base, row, target]) * factor if row >= 0 else 0.0


def replay_map(
    built: Built,
    result: Replication,
    log: Log,
    basemap: maps.Basemap,
    *,
    number: int,
    language: Language = "zh",
) -> maps.PageMap:
    """The page; `maps.write_map` writes it as one file."""
    world, area, districts = built.world, built.area, built.districts
    legs, asked = legs_of(world, log), np.flatnonzero(result.needs_visit)
    row_of = np.full(len(result.alert), -1, np.int64)
    row_of[asked] = np.arange(len(asked))
    payload = maps.page_payload(
        "replication", area=area.name, at=built.begin,
        title=(f"模拟第 {number} 次", f"Replication {number}"), basemap=basemap, stale_minutes=1e9,
        attribution=area.attribution, synthetic=area.synthetic, language=language,
    )  # fmt: skip
    payload |= {
        "until": float(np.ceil(np.nanmax([*log.minute[-1:], world.horizon_minutes]))),
        "warm_up": world.warm_up_minutes,
        "scenario": built.scenario.name,
        "tenths": TENTHS,
        "backlog": result.backlog.tolist(),
        "why_words": [list(WHY_WORDS.get(WHYS[code], ("", ""))) for code in range(len(WHYS))],
        "outcomes": [OUTCOMES.get(code, "") for code in range(max(OUTCOMES) + 1)],
        "tiers": list(TIERS),
        "kinds": list(KINDS),
        "units": _units(built),
        "cases": _cases(built, result, asked),
        "legs": {
            "unit": Whole(legs.unit), "start": _tenths(legs.start), "end": _tenths(legs.end),
            "from": _degrees(legs.origin), "to": _degrees(legs.target), "purpose": Whole(legs.purpose),
            "case": Whole(np.where(legs.alert >= 0, row_of[legs.alert], -1)),
        },
    }  # fmt: skip
    first = (float(districts.zones.lat[0]), float(districts.zones.lon[0]))
    return maps.PageMap(payload, first, language, scripts=SCRIPTS)


def _units(built: Built) -> dict[str, Any]:
    world, people = built.world, built.people.responders
    owner = np.repeat(np.arange(len(people)), np.diff(world.units.duty_at))
    return {
        "name": [one.name or one.id for one in people],
        "kind": Whole(world.units.kind),
        "lon": [round(float(one), 5) for one in world.zones.lon[world.units.home]],
        "lat": [round(float(one), 5) for one in world.zones.lat[world.units.home]],
        "duty_of": Whole(owner.astype(np.int64)),
        "duty_from": Whole(np.rint(world.units.duty_from).astype(np.int64)),
        "duty_to": Whole(np.rint(world.units.duty_to).astype(np.int64)),
    }


def _cases(built: Built, result: Replication, asked: Ints) -> dict[str, Any]:
    zones, names = built.world.zones, built.districts.names
    return {
        "alert": Whole(asked),
        "tier": Whole(result.tier[asked].astype(np.int64)),
        "place": [names[int(one)] for one in result.zone[asked]],
        "lon": [round(float(one), 5) for one in zones.lon[result.zone[asked]]],
        "lat": [round(float(one), 5) for one in zones.lat[result.zone[asked]]],
        "unit": Whole(result.unit[asked]),
        "outcome": Whole(result.outcome[asked].astype(np.int64)),
        "why": Whole(result.why[asked].astype(np.int64)),
        "amount": Whole(np.rint(result.amount_yuan[asked]).astype(np.int64)),
        "lost": Whole(np.rint(result.realised_yuan[asked]).astype(np.int64)),
        **{
            name: _tenths(getattr(result, name)[asked])
            for name in ("ready", "dispatched", "arrived", "contact", "closed")
        },
        "alerted": _tenths(result.alert[asked]),
    }


def _tenths(minutes: Floats) -> Whole:
    """Tenths of a minute; -1 for what did not happen."""
    whole: NDArray[np.int64] = np.rint(np.where(np.isnan(minutes), -0.1, minutes) * TENTHS).astype(np.int64)
    return Whole(whole)


def _degrees(points: Floats) -> Whole:
    return Whole(np.rint(points.ravel() * 1e5).astype(np.int64))
