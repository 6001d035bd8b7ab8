"""Tables of demand: past alerts as they came in, or rows of places with weights.

A row of weights that cannot be used stops the question: a share of demand is worth nothing while
a part of the demand is missing from it. Alerts, of which some rows are always spoilt, go on
without those, and say how many.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pandas as pd

from dispatch.coverage.demand import Demand, DemandPoint, point_of
from dispatch.coverage.past_alerts import alert_demand
from dispatch.coverage.pointing import coordinate
from dispatch.coverage.rules import Rules, fresh_case
from dispatch.domain import Place, Tier
from dispatch.errors import BadInput
from dispatch.intake import fields, words
from dispatch.intake.columns import Column, Faults, match_headings, read_columns
from dispatch.intake.fields import Unclear, normal
from dispatch.intake.jurisdiction import one_place
from dispatch.places.evidence import label_of
from dispatch.places.gazetteer import Gazetteer
from dispatch.redact import clean
from dispatch.tables import GEOMETRY_COLUMNS, read_text

_ALERT_HEADINGS = frozenset({"alerted_at", "预警时间"})
NAMED = ("village", "township", "hamlet", "county")
"""Levels a name is looked for at, in this order."""
MOST_WEIGHT = 1e12
"""More of anything there is not; sums stay exact."""


def _weight(text: str) -> float:
    value = _number(text)
    if value is None or not 0 <= value <= MOST_WEIGHT:
        raise Unclear("0 到 1 万亿的权重 (a weight, 0 or more, at most 1e12)")
    return value


def _share(text: str) -> float:
    value = _number(text)
    if value is None or not 0 < value <= 1:
        raise Unclear("0 到 1 之间的可能性 (a probability above 0, at most 1)")
    return value


def _number(text: str) -> float | None:
    try:
        value = float(normal(text).replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


COLUMNS = (
    Column("weight", "权重", "number", _weight, "0 or more; once for each id", also=("residents", "人口", "常住人口")),
    Column("demand_id", "编号", "text", fields.id_of, "rows of one id are candidates; blank: the row", also=("id",)),
    Column("name", "名称", "text", fields.text_of(200), "as shown; blank: the place's"),
    Column("place", "地点", "text", fields.text_of(200), "name or code in the area", also=("code", "代码", "村社区")),
    Column("lon", "经度", "number", fields.degrees_of, "decimal degrees, with lat and datum"),
    Column("lat", "纬度", "number", fields.degrees_of, "decimal degrees"),
    Column("datum", "坐标系", "text", words.DATUM, "WGS84 GCJ02 BD09 CGCS2000; required with a coordinate"),
    Column("radius_metres", "误差半径", "number", fields.metres_of, "how far off it may be: looking for the door takes longer"),
    Column("probability", "可能性", "number", _share, "that it is here; of one id at most 1 together; blank: 1"),
    Column("risk", "预警等级", "text", words.RISK, "critical high medium low: who may go at once; blank: --tier"),
    Column("fraud_type", "诈骗类型", "text", words.FRAUD_TYPE, "one of the eleven types; blank: the default"),
)  # fmt: skip
"""Every column of a table of demand."""


def read_demand(
    path: Path,
    gazetteer: Gazetteer,
    rules: Rules,
    time_zone: str,
    *,
    tier: Tier | None = None,
    every_alert: bool = False,
) -> Demand:
    """Read a table of demand; with a column of alert times it is one of past alerts.

    Raises
    ------
    MissingInput, BadInput
        No such file, no table, a heading missing; no usable alert; or a row of weights that
        cannot be used, named with what was found and what was expected.
    """
    frame = read_text(path)
    headings = {normal(str(one)) for one in frame.columns}
    given = {normal(heading) for heading, name in rules.columns.items() if name == "alerted_at"}
    if headings & (_ALERT_HEADINGS | given):
        return alert_demand(frame, path, gazetteer, rules, time_zone, every_alert=every_alert)
    return _weighted_demand(frame, path, gazetteer, rules, tier)


def _weighted_demand(
    frame: pd.DataFrame, path: Path, gazetteer: Gazetteer, rules: Rules, tier: Tier | None
) -> Demand:
    if not len(frame):
        raise BadInput(f"{path} has headings but no rows; expected at least one place with a weight")
    if GEOMETRY_COLUMNS[0] in frame.columns and "lon" not in frame.columns:
        frame = frame.rename(columns=dict(zip(GEOMETRY_COLUMNS, ("lon", "lat", "datum"), strict=True)))
    matched = match_headings(path, list(frame.columns), COLUMNS, _known(rules))
    if "weight" not in matched:
        raise BadInput(
            f"{path}: no column weight 权重 (or residents 人口); found {clean(', '.join(map(str, frame.columns)), 200)}"
        )
    if "place" not in matched and not {"lon", "lat"} <= matched.keys():
        raise BadInput(
            f"{path}: no column says where; expected place 地点, or lon 经度, lat 纬度 and datum 坐标系"
        )
    faults = Faults(matched)
    rows = read_columns(frame, matched, COLUMNS, ZoneInfo("UTC"), faults)
    found: dict[str, list[tuple[int, dict[str, Any], Place]]] = {}
    for row, values in zip(rows.index, rows.to_dict("records"), strict=True):
        cells = {str(name): value for name, value in values.items()}
        place = _place(int(row), cells, gazetteer, rules, faults)
        if place is not None and int(row) not in faults.by_row:
            found.setdefault(cells["demand_id"] or f"#{row}", []).append((int(row), cells, place))
    points = [
        _gathered(name, own, gazetteer, rules=rules, tier=tier, faults=faults) for name, own in found.items()
    ]
    if faults.by_row:
        raise BadInput(_refused(path, faults))
    return Demand(tuple(points), "weight")


def _known(rules: Rules) -> dict[str, str]:
    """The user's own headings, those that mean a column of this table."""
    names = {column.name for column in COLUMNS}
    return {heading: name for heading, name in rules.columns.items() if name in names}


def _place(
    row: int, cells: dict[str, Any], gazetteer: Gazetteer, rules: Rules, faults: Faults
) -> Place | None:
    """The place a row names; None, with a fault noted, where it names none."""
    lon, lat, name = cells["lon"], cells["lat"], cells["place"]
    radius = 0.0 if pd.isna(cells["radius_metres"]) else float(cells["radius_metres"])
    if pd.isna(lon) and pd.isna(lat):
        code = _named(row, name, gazetteer, faults)
        if code is None:
            return None
        at = gazetteer.row_of[code]
        units = {gazetteer.level[unit]: gazetteer.code[unit] for unit in gazetteer.chain(at)}
        point = float(gazetteer.lon[at]), float(gazetteer.lat[at])
        codes = [units.get(level) for level in ("county", "township", "village")]
    else:
        found = coordinate(row, cells, gazetteer, faults)
        if found is None:
            return None
        point = found
        codes = [str(one[0]) or None for one in gazetteer.admin(*point)]
    return Place(
        id="",
        lon=point[0],
        lat=point[1],
        radius_metres=radius,
        probability=1.0 if pd.isna(cells["probability"]) else float(cells["probability"]),
        label=name or label_of(gazetteer, codes),
        county=codes[0],
        township=codes[1],
        village=codes[2],
        search_minutes=round(rules.places.search.minutes(radius), 2) if radius else 0.0,
    )


def _named(row: int, name: str, gazetteer: Gazetteer, faults: Faults) -> str | None:
    if not name:
        faults.add(row, "place", "", "地点，或经纬度与坐标系 (a place, or lon, lat and datum)")
        return None
    codes: Sequence[str] = (name,) if name in gazetteer else ()
    for level in NAMED:
        codes = codes or gazetteer.find(name, level)
    if len(codes) != 1 or not math.isfinite(gazetteer.lon[gazetteer.row_of[codes[0]]]):
        faults.add(row, "place", name, one_place(list(codes)))
        return None
    return codes[0]


def _gathered(
    name: str,
    own: list[tuple[int, dict[str, Any], Place]],
    gazetteer: Gazetteer,
    *,
    rules: Rules,
    tier: Tier | None,
    faults: Faults,
) -> DemandPoint:
    """One demand point of the rows of one id."""
    first, cells, _ = own[0]
    weights = [(row, float(more["weight"])) for row, more, _ in own if not pd.isna(more["weight"])]
    if not weights:
        faults.add(first, "weight", "", "权重必填 (a weight in one row of each id)")
    for row, weight in weights[1:]:
        if weight != weights[0][1]:
            faults.add(
                row, "weight", f"{weight:g}", f"{weights[0][1]:g}，同一编号权重相同 (one id has one weight)"
            )
    total = math.fsum(place.probability for _, _, place in own)
    if total > 1 + 1e-9:
        faults.add(
            own[-1][0], "probability", f"{total:g}", "同一编号合计不超过 1 (at most 1 for one id together)"
        )
    risk = next((more["risk"] for _, more, _ in own if more["risk"]), None) or tier
    fraud = next((more["fraud_type"] for _, more, _ in own if more["fraud_type"]), "")
    places = tuple(replace(place, id=f"{name}/{n}") for n, (_, _, place) in enumerate(own, start=1))
    case = replace(fresh_case(name, rules.triage, cast("Tier | None", risk), fraud), places=places)
    weight = weights[0][1] if weights else 0.0
    return point_of(case, gazetteer, name=cells["name"], weight=weight, row=first)


def _refused(path: Path, faults: Faults) -> str:
    first = min(faults.by_row)
    column, found, expected = faults.by_row[first][0]
    more = f" (and {len(faults.by_row) - 1} more rows)" if len(faults.by_row) > 1 else ""
    return (
        f"{path}, row {first}, column {column}: found {found!r}, expected {expected}{more}; "
        "mend it: a share of demand is worth nothing without all of it"
    )
