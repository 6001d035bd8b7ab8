"""`plan.json`: a plan and the problem it answers, as documented, versioned JSON.

Moments are ISO 8601 with their zone, to the millisecond; an open end is null. The same
plan always gives the same bytes: nothing here says how long anything took to compute.
The travel minutes stand beside it in `travel.npz`, named by their hash.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from pydantic import TypeAdapter

from dispatch.domain import (
    Case,
    LeftOut,
    Plan,
    Prices,
    Problem,
    Responder,
    Route,
    Stop,
    Told,
    TravelMinutes,
)
from dispatch.errors import BadInput, MissingInput, SchemaError
from dispatch.reasons import Reason
from dispatch.store import recover

SCHEMA = 2
TABLES = ("from_base", "to_base", "between")
CASE, RESPONDER, PRICES = TypeAdapter(Case), TypeAdapter(Responder), TypeAdapter(Prices)
TOLD = TypeAdapter(Told)
PLAIN = frozenset({str, int, bool, type(None)})
SINCE_2: Mapping[str, Any] = {
    "start_index": {},
    "start_points": {},
    "heads": {},
    "told": {},
    "max_changes": None,
}
"""Keys of schema 2 that schema 1 lacks, and what they were: a day that has not begun."""


@dataclass(frozen=True, slots=True)
class PlanFile:
    """What `plan.json` and `travel.npz` hold: everything later commands need.

    `area` names the area with its hash, `settings` every value the plan was made with,
    `summary` the numbers printed for it; `closures` those in force or beginning within the
    horizon, `warnings` those that begin on a road the plan uses.
    """

    problem: Problem
    plan: Plan
    area: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    closures: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """What the machine decided, beside a plan somebody may have edited: `decided.json`.

    `routes` are (case id, place id, leads) in order by responder id; `problem_sha256` is that of
    the problem it was decided for.
    """

    plan_id: str
    problem_sha256: str
    routes: Mapping[str, tuple[tuple[str, str, bool], ...]]


DECIDED = TypeAdapter(Decided)


def write_plan(file: PlanFile, folder: Path, decided: Decided | None = None) -> None:
    """Write `plan.json`, `travel.npz` and `decided.json` into an existing folder.

    `decided` is what the machine decided, where that is another plan.
    """
    travel = _pack_travel(file.problem)
    (folder / "travel.npz").write_bytes(travel)
    raw = _plan_to_json(file, hashlib.sha256(travel).hexdigest())
    _write_json(folder / "plan.json", raw)
    decided = decided or Decided(
        file.plan.id,
        problem_sha256(file.problem),
        {
            route.responder_id: tuple((stop.case_id, stop.place_id, stop.leads) for stop in route.stops)
            for route in file.plan.routes
            if route.stops
        },
    )
    write_decided(decided, folder)


def write_decided(decided: Decided, folder: Path) -> None:
    """Write `decided.json` into an existing folder."""
    routes = {who: [list(visit) for visit in visits] for who, visits in decided.routes.items()}
    _write_json(folder / "decided.json", {"schema": 1, **asdict(decided), "routes": routes})


def read_decided(folder: Path) -> Decided | None:
    """What the machine decided for a plan folder; None where that was not kept, or cannot be read."""
    try:
        raw = json.loads((folder / "decided.json").read_text(encoding="utf-8"))
        return DECIDED.validate_python({key: raw[key] for key in ("plan_id", "problem_sha256", "routes")})
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return None


def problem_sha256(problem: Problem) -> str:
    """Changes with anything the plan was decided by, but for the travel minutes, which have their own."""
    parts = [
        problem.at.isoformat(),
        problem.horizon_minutes,
        problem.min_stake_yuan,
        problem.cases,
        problem.responders,
        problem.prices,
        problem.pinned,
        problem.heads,
        problem.told,
        problem.max_changes,
        problem.start_index,
        problem.base_index,
        problem.place_index,
    ]
    text = json.dumps(_plain(parts), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _write_json(path: Path, raw: Mapping[str, Any]) -> None:
    text = json.dumps(raw, ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_plan(folder: Path) -> PlanFile:
    """Read a plan folder back.

    Raises
    ------
    MissingInput, SchemaError, BadInput
        Not a plan folder; written under another schema; damaged or edited beyond reading.
    """
    recover(folder)
    path = folder / "plan.json"
    if not path.is_file():
        raise MissingInput(path, f"dispatch plan ALERTS --area AREA --at TIME --out {folder}")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        schema = raw.get("schema")
    except (ValueError, RecursionError, OSError, AttributeError) as cause:
        raise BadInput(f"{path} is not a plan in JSON ({cause}); restore it or plan again") from cause
    if schema not in (1, SCHEMA):
        raise SchemaError(f"{path} has schema {schema!r}, this version reads 1 to {SCHEMA}; plan again")
    try:
        if schema == 1:
            raw = _from_schema_1(raw)
        return _plan_from_json(raw, _unpack_travel(folder / "travel.npz", raw["travel"]["sha256"]))
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as cause:
        if isinstance(cause, BadInput):
            raise
        raise BadInput(f"{path} cannot be read: {type(cause).__name__}: {cause}"[:400]) from cause


def _plan_to_json(file: PlanFile, travel_sha256: str) -> dict[str, Any]:
    problem, plan = file.problem, file.plan
    return {
        "schema": SCHEMA,
        "plan_id": plan.id,
        "parent": plan.parent,
        "policy": plan.policy,
        "seed": plan.seed,
        "at": problem.at.isoformat(),
        "area": dict(file.area),
        "summary": dict(file.summary),
        "routes": [_route_to_json(route, problem.at) for route in plan.routes if route.stops],
        "left_out": [
            {"case_id": one.case_id, "code": one.reason.code, "params": _plain(one.reason.params)}
            for one in plan.left_out
        ],
        "closures": [_plain(one) for one in file.closures],
        "warnings": [{"code": one.code, "params": _plain(one.params)} for one in file.warnings],
        "lower_bound_yuan": plan.lower_bound_yuan,
        "cases": _plain(problem.cases),
        "responders": _plain(problem.responders),
        "horizon_minutes": problem.horizon_minutes,
        "min_stake_yuan": problem.min_stake_yuan,
        "prices": _plain(problem.prices),
        "pinned": dict(problem.pinned),
        "cut_off": dict(problem.cut_off),
        "start_index": dict(problem.start_index),
        "start_points": {who: list(point) for who, point in problem.start_points.items()},
        "heads": {
            who: [{"case_id": case_id, "place_id": place_id} for case_id, place_id in head]
            for who, head in problem.heads.items()
        },
        "told": _plain(problem.told),
        "max_changes": problem.max_changes,
        "base_index": dict(problem.base_index),
        "place_index": dict(problem.place_index),
        "travel": {"file": "travel.npz", "sha256": travel_sha256, "profiles": sorted(problem.travel)},
        "settings": dict(file.settings),
    }


def _route_to_json(route: Route, at: datetime) -> dict[str, Any]:
    def moment(minutes: float) -> str:
        return (at + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")

    return {
        "responder_id": route.responder_id,
        "home_at": moment(route.home),
        "stops": [
            {
                "stop_id": stop.id,
                "case_id": stop.case_id,
                "place_id": stop.place_id,
                "arrive_at": moment(stop.arrive),
                "contact_at": moment(stop.contact),
                "leave_at": moment(stop.leave),
                "drive_minutes": round(stop.drive_minutes, 4),
                "wait_minutes": round(stop.wait_minutes, 4),
                "search_minutes": round(stop.search_minutes, 4),
                "state": stop.state,
                "partner_id": stop.partner_id,
                "leads": stop.leads,
            }
            for stop in route.stops
        ],
    }


def _plan_from_json(raw: Mapping[str, Any], travel: Mapping[str, TravelMinutes]) -> PlanFile:
    at = datetime.fromisoformat(raw["at"])
    problem = Problem(
        at=at,
        horizon_minutes=float(raw["horizon_minutes"]),
        cases=tuple(_case_from_json(one) for one in raw["cases"]),
        responders=tuple(RESPONDER.validate_python(one) for one in raw["responders"]),
        base_index={key: int(value) for key, value in raw["base_index"].items()},
        place_index={key: int(value) for key, value in raw["place_index"].items()},
        travel=travel,
        prices=PRICES.validate_python(raw["prices"]),
        pinned=dict(raw["pinned"]),
        cut_off=dict(raw["cut_off"]),
        start_index={key: int(value) for key, value in raw["start_index"].items()},
        start_points={who: (float(lon), float(lat)) for who, (lon, lat) in raw["start_points"].items()},
        heads={
            who: tuple((str(one["case_id"]), str(one["place_id"])) for one in head)
            for who, head in raw["heads"].items()
        },
        told={case_id: TOLD.validate_python(one) for case_id, one in raw["told"].items()},
        max_changes=None if raw["max_changes"] is None else int(raw["max_changes"]),
        min_stake_yuan=float(raw["min_stake_yuan"]),
    )
    routes = {one["responder_id"]: _route_from_json(one, at) for one in raw["routes"]}
    unknown = sorted(set(routes) - {responder.id for responder in problem.responders})
    if unknown:
        raise BadInput(f"plan.json routes name unknown responders: {', '.join(unknown[:5])}")
    plan = Plan(
        id=raw["plan_id"],
        parent=raw["parent"],
        policy=raw["policy"],
        seed=int(raw["seed"]),
        routes=tuple(routes.get(responder.id, Route(responder.id)) for responder in problem.responders),
        left_out=tuple(
            LeftOut(one["case_id"], Reason(one["code"], one["params"])) for one in raw["left_out"]
        ),
        lower_bound_yuan=raw["lower_bound_yuan"],
    )
    return PlanFile(
        problem,
        plan,
        raw["area"],
        raw["settings"],
        raw["summary"],
        closures=tuple(dict(one) for one in raw.get("closures", ())),
        warnings=tuple(Reason(one["code"], dict(one["params"])) for one in raw.get("warnings", ())),
    )


def _from_schema_1(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A plan of schema 1 in the words of this one: nobody came along, nothing was fixed or told."""
    routes = [
        route | {"stops": [stop | {"partner_id": None, "leads": True} for stop in route["stops"]]}
        for route in raw["routes"]
    ]
    return {**raw, **SINCE_2, "schema": SCHEMA, "routes": routes}


def _case_from_json(raw: Mapping[str, Any]) -> Case:
    values = dict(raw)
    start, end = values["window"]
    values["window"] = (start, math.inf if end is None else end)
    values["due_minutes"] = math.inf if values["due_minutes"] is None else values["due_minutes"]
    return CASE.validate_python(values)


def _route_from_json(raw: Mapping[str, Any], at: datetime) -> Route:
    def minutes(moment: str) -> float:
        return (datetime.fromisoformat(moment) - at) / timedelta(minutes=1)

    stops = tuple(
        Stop(
            id=one["stop_id"],
            case_id=one["case_id"],
            place_id=one["place_id"],
            drive_minutes=float(one["drive_minutes"]),
            arrive=minutes(one["arrive_at"]),
            wait_minutes=float(one["wait_minutes"]),
            search_minutes=float(one["search_minutes"]),
            contact=minutes(one["contact_at"]),
            leave=minutes(one["leave_at"]),
            state=one["state"],
            partner_id=one["partner_id"],
            leads=bool(one["leads"]),
        )
        for one in raw["stops"]
    )
    return Route(raw["responder_id"], stops, minutes(raw["home_at"]))


def _pack_travel(problem: Problem) -> bytes:
    """Whole milliseconds, as the roads compute them; -1 stands for `inf` on disk only.

    Not compressed: their digits look random, and half a second would win a sixth of the size.
    """
    columns = {}
    for profile in sorted(problem.travel):
        for name in TABLES:
            table = getattr(problem.travel[profile], name)
            reachable = np.isfinite(table)
            milliseconds = np.where(reachable, np.rint(np.where(reachable, table, 0) * 60_000), -1)
            columns[f"{profile}.{name}"] = milliseconds.astype(np.int32)
    buffer = BytesIO()
    np.savez(buffer, **columns)  # type: ignore[arg-type] # numpy stamps every member with 1980: same bytes each time
    return buffer.getvalue()


def _unpack_travel(path: Path, sha256: str) -> dict[str, TravelMinutes]:
    if not path.is_file():
        raise MissingInput(path, "dispatch plan")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BadInput(f"{path} is not the one plan.json was written with; restore it or plan again")
    try:
        with np.load(BytesIO(content), allow_pickle=False) as file:
            columns = {name: file[name] for name in file.files}
    except (BadZipFile, ValueError, OSError, EOFError) as cause:
        raise BadInput(f"{path} is damaged ({cause}); restore it or plan again") from cause
    profiles = sorted({name.split(".")[0] for name in columns})
    return {
        profile: TravelMinutes(
            **{
                name: np.where((cells := columns[f"{profile}.{name}"]) < 0, math.inf, cells / 60_000)
                for name in TABLES
            }
        )
        for profile in profiles
    }


@cache
def _names(kind: type) -> tuple[str, ...]:
    """The fields of a record."""
    return tuple(one.name for one in fields(kind))


def _plain(value: Any) -> Any:
    """JSON of a domain value: sets sorted, open ends null, records by the names of their fields."""
    kind: type = type(value)
    if kind in PLAIN:  # most are: the dearer questions are asked of the others
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if isinstance(value, str | int | None):
        return value
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in _names(kind)}
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in value}
    if isinstance(value, frozenset | set):
        return sorted(_plain(one) for one in value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    return value
