"""`history.json`: what a plan folder keeps so that another plan can go on from it.

The rows of the alerts as they were read, the closures with their roads, telephones of those on
duty, and in `past` what re-plans have noted of each case. It holds personal data, like
`people.json`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely

from dispatch.errors import BadInput, MissingInput, SchemaError
from dispatch.intake.alerts import ALERTS, columns_in
from dispatch.intake.columns import REJECTED_COLUMNS
from dispatch.roads.closures import Closure

FILE = "history.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """What a folder keeps. `rows` keep the contract `dispatch.intake.alerts.ALERTS`.

    `quiet` are rows of people who were persuaded by telephone: until more is heard of them they need
    not be triaged again. `phones`: responder id → telephone on duty. `closures` are all that were read, in force or not.
    """

    rows: pd.DataFrame
    rejected: pd.DataFrame
    closures: tuple[Closure, ...] = ()
    phones: Mapping[str, str] = field(default_factory=dict)
    past: Mapping[str, Any] = field(default_factory=dict)
    quiet: frozenset[int] = frozenset()


def write_kept(kept: Kept, folder: Path) -> None:
    """Write `history.json` into an existing folder."""
    value = {
        "schema": SCHEMA,
        "past": dict(kept.past),
        "phones": dict(kept.phones),
        "quiet": sorted(kept.quiet),
        "closures": [_closure_to_json(one) for one in kept.closures],
        "rejected": kept.rejected.to_dict("split", index=False)["data"],
        "rows": {"row": [int(row) for row in kept.rows.index]} | _columns_to_json(kept.rows),
    }
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_number)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read_kept(folder: Path, time_zone: str) -> Kept:
    """Read `history.json` of a plan folder.

    Raises
    ------
    MissingInput, SchemaError, BadInput
        The plan was made before plans kept it; another schema; damaged.
    """
    path = folder / FILE
    if not path.is_file():
        raise MissingInput(path, f"dispatch plan ALERTS --area AREA --at TIME --out {folder}")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["schema"] != SCHEMA:
            raise SchemaError(f"{path} has schema {raw['schema']!r}, this version reads {SCHEMA}; plan again")
        rejected = pd.DataFrame(raw["rejected"], columns=list(REJECTED_COLUMNS)).astype({"row": "int64"})
        return Kept(
            rows=ALERTS.check(_rows_from_json(raw["rows"], ZoneInfo(time_zone))),
            rejected=rejected,
            closures=tuple(_closure_from_json(one) for one in raw["closures"]),
            phones=dict(raw["phones"]),
            past=dict(raw["past"]),
            quiet=frozenset(map(int, raw["quiet"])),
        )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, OSError) as cause:
        if isinstance(cause, SchemaError):
            raise
        raise BadInput(
            f"{path} cannot be read ({type(cause).__name__}: {cause})"[:300] + "; plan again"
        ) from cause


def _columns_to_json(rows: pd.DataFrame) -> dict[str, list[Any]]:
    values: dict[str, list[Any]] = {}
    for name in rows.columns:
        column = rows[name]
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            text = _moments(column)
            values[str(name)] = [
                None if empty else one for one, empty in zip(text, column.isna(), strict=True)
            ]
        elif column.dtype == np.float64:
            values[str(name)] = [None if math.isnan(one) else one for one in column.tolist()]
        else:
            values[str(name)] = column.tolist()
    return values


def _moments(column: pd.Series) -> list[str]:
    """Moments in their zone with its offset; the many of a zone that has one offset at once."""
    local, utc = column.dt.tz_localize(None), column.dt.tz_convert(None)
    whole = (local.dt.microsecond.fillna(0) == 0).all()
    if (local - utc).nunique() != 1 or not whole:
        return column.astype("str").tolist()
    offset = str(column.dropna().iloc[0])[len("2026-05-01 14:00:00") :]
    return [
        one.replace("T", " ") + offset for one in np.datetime_as_string(local.to_numpy(), unit="s").tolist()
    ]


def _rows_from_json(raw: Mapping[str, list[Any]], zone: ZoneInfo) -> pd.DataFrame:
    index = pd.Index(raw["row"], name="row")
    typed: dict[str, pd.Series] = {}
    for column in columns_in(zone):
        values = raw[column.name]
        match column.holds:
            case "number":
                typed[column.name] = pd.Series(values, index=index, dtype="float64")
            case "time":
                moments = pd.to_datetime(pd.Series(values, index=index), format="ISO8601", utc=True)
                typed[column.name] = moments.astype(pd.DatetimeTZDtype(unit="us", tz=zone))
            case "flag":
                typed[column.name] = pd.Series(values, index=index, dtype="bool")
            case _:
                typed[column.name] = pd.Series(values, index=index, dtype="str")
    return pd.DataFrame(typed, index=index)


def _closure_to_json(one: Closure) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "reason": one.reason,
        "factor": one.factor,
        "begins": one.begins.isoformat() if one.begins else None,
        "ends": one.ends.isoformat() if one.ends else None,
        "profiles": sorted(one.profiles),
        "edges": one.edges.tolist(),
        "share": None if one.share is None else one.share.tolist(),
        "geometry": None if one.geometry is None else shapely.to_geojson(one.geometry),
    }


def _closure_from_json(raw: Mapping[str, Any]) -> Closure:
    return Closure(
        edges=np.array(raw["edges"], np.int64),
        factor=float(raw["factor"]),
        reason=str(raw["reason"]),
        name=str(raw["name"]),
        id=str(raw["id"]),
        begins=datetime.fromisoformat(raw["begins"]) if raw["begins"] else None,
        ends=datetime.fromisoformat(raw["ends"]) if raw["ends"] else None,
        profiles=frozenset(raw["profiles"]),
        share=None if raw["share"] is None else np.array(raw["share"], np.float64),
        geometry=None if raw["geometry"] is None else shapely.from_geojson(raw["geometry"]),
    )


def _number(value: Any) -> Any:
    """Numbers of numpy as JSON knows them."""
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.floating):
        return float(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
