"""What each row of a case says of where the person may be, before anything is combined."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from dispatch import datum
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.geocode import Answer, Candidate, geocoder
from dispatch.places.settings import SOURCES, PlaceSettings, Source
from dispatch.places.whereabouts import refusal
from dispatch.reasons import Reason

POINT = "point"
"""The level of a place that came as a coordinate."""

VISITABLE = (
    "township",
    "village",
    "hamlet",
    "street",
    "police",
    "hotel",
    "school",
    "hospital",
    "market",
    "bank",
    "poi",
    "door",
)
"""Levels of an address that a crew can search; anything coarser is no place to go to."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sign that the person is within `radius_metres` of a point (WGS-84)."""

    lon: float
    lat: float
    radius_metres: float
    probability: float
    source: str
    level: str
    label: str
    county: str | None
    township: str | None
    village: str | None
    age_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a row, or a part of it, gives no place; `row` is its label in the table."""

    row: Any
    reason: Reason


def evidence_of(
    rows: pd.DataFrame, gazetteer: Gazetteer, settings: PlaceSettings, at: datetime | None
) -> tuple[list[Evidence], list[Refused]]:
    """Every sign in the rows of one case, coordinates first, and what was refused.

    Addresses are read with the units of the case's coordinates as hints. An address beside a
    phone fix is where the person lives; beside any other coordinate it is the same place in
    words, used where the coordinate is refused or lies in another county.
    """
    columns = list(rows.columns)
    records = [dict(zip(columns, one, strict=True)) for one in rows.to_numpy(dtype=object)]
    now = at or _latest(records)
    found: list[Evidence] = []
    refused: list[Refused] = []
    by_row: dict[int, Evidence] = {}
    for number, (label, row) in enumerate(zip(rows.index, records, strict=True)):
        if _number(row.get("lon")) is None or _number(row.get("lat")) is None:
            continue
        point = _coordinate(row, gazetteer, settings, now)
        if isinstance(point, Reason):
            refused.append(Refused(label, point))
        else:
            by_row[number] = point
    hint = {code for one in by_row.values() for code in (one.county, one.township, one.village) if code}
    for number, (label, row) in enumerate(zip(rows.index, records, strict=True)):
        spoken, why = _address(row, by_row.get(number), gazetteer, settings, hint)
        refused += [Refused(label, why)] if why else []
        if number in by_row:
            spoken, by_row[number] = _reconciled(spoken, by_row[number], settings)
        found += spoken
    return [*by_row.values(), *found], refused


def _coordinate(
    row: Mapping[str, Any], gazetteer: Gazetteer, settings: PlaceSettings, now: datetime | None
) -> Evidence | Reason:
    given = float(row["lon"]), float(row["lat"])
    lon, lat = (float(one) for one in datum.convert(*given, _text(row.get("datum")), "WGS84"))
    if not gazetteer.inside(lon, lat)[0]:
        return refusal(gazetteer, lon, lat, shown=given)
    source = _source(row)
    radius = _number(row.get("radius_metres"))
    # no position is known to less than a metre, whatever a row says
    radius = max(1.0, radius) if radius and radius > 0 else settings.source_radius_metres[source]
    probability, age = settings.source_prior[source], None
    if source == "fix":
        age = _age_minutes(row.get("fix_at"), now)
        old = settings.fix.undated_minutes if age is None else age
        probability *= settings.fix.share_left(old)
        radius += settings.fix.drift_metres(old)
    codes = [str(one[0]) or None for one in gazetteer.admin(lon, lat)]
    return Evidence(
        lon=lon,
        lat=lat,
        radius_metres=radius,
        probability=probability,
        source=source,
        level=POINT,
        label=label_of(gazetteer, codes),
        county=codes[0],
        township=codes[1],
        village=codes[2],
        age_minutes=age,
    )


def _address(
    row: Mapping[str, Any],
    point: Evidence | None,
    gazetteer: Gazetteer,
    settings: PlaceSettings,
    hint: set[str],
) -> tuple[list[Evidence], Reason | None]:
    """What the words of a row say, and why they say nothing if they should have."""
    text = _text(row.get("address"))
    if not text.strip():
        nothing = point is None and (_number(row.get("lon")) is None or _number(row.get("lat")) is None)
        return [], Reason("NOTHING_TO_GO_BY") if nothing else None
    answer = geocoder(gazetteer, settings).look_up(text, hint)
    usable = [one for one in answer.candidates if one.level in VISITABLE]
    if not usable:
        return [], None if point is not None and point.source != "fix" else _refusal(answer)
    said = _source(row)
    source: Source = "home" if said == "fix" else said
    sure = settings.source_prior[source] * settings.text_source_share
    return [_spoken(one, source, sure, gazetteer) for one in usable], None


def _spoken(one: Candidate, source: str, sure: float, gazetteer: Gazetteer) -> Evidence:
    units = {gazetteer.level[row]: gazetteer.code[row] for row in gazetteer.chain(gazetteer.row_of[one.code])}
    return Evidence(
        lon=one.lon,
        lat=one.lat,
        radius_metres=one.radius_metres,
        probability=one.probability * sure,
        source=source,
        level=one.level,
        label="".join(one.path),
        county=units.get("county"),
        township=units.get("township"),
        village=units.get("village"),
    )


def _reconciled(
    spoken: list[Evidence], point: Evidence, settings: PlaceSettings
) -> tuple[list[Evidence], Evidence]:
    """Words and coordinate of one row are one thing said twice, unless they name two counties."""
    if point.source == "fix" or not spoken:
        return spoken, point
    if not (spoken[0].county and point.county and spoken[0].county != point.county):
        return [], point
    left = settings.contradicted_share
    weakened = [_with_probability(one, one.probability * (1.0 - left)) for one in spoken]
    return weakened, _with_probability(point, point.probability * left)


def _with_probability(one: Evidence, probability: float) -> Evidence:
    return Evidence(
        one.lon, one.lat, one.radius_metres, probability, one.source, one.level, one.label,
        one.county, one.township, one.village, one.age_minutes,
    )  # fmt: skip


def _refusal(answer: Answer) -> Reason:
    if answer.note == "outside":
        return Reason("OTHER_CITY", {"name": answer.elsewhere})
    if answer.note == "ambiguous":
        return Reason("ADDRESS_AMBIGUOUS")
    if answer.candidates:
        return Reason("ADDRESS_TOO_COARSE", {"name": answer.candidates[0].path[-1]})
    return Reason("ADDRESS_UNKNOWN")


def label_of(gazetteer: Gazetteer, codes: Sequence[str | None]) -> str:
    """Names of the units from the county down, as one says them."""
    names = [gazetteer.name[gazetteer.row_of[code]] for code in codes if code and code in gazetteer]
    return "".join(names)


def _source(row: Mapping[str, Any]) -> Source:
    """The source said; without one, a dated coordinate is a fix and words are a home."""
    said = _text(row.get("location_source"))
    for source in SOURCES:
        if said == source:
            return source
    if _moment(row.get("fix_at")) is not None:
        return "fix"
    return "home" if _number(row.get("lon")) is None else "other"


def _age_minutes(fix_at: Any, now: datetime | None) -> float | None:
    then = _moment(fix_at)
    if then is None or now is None:
        return None
    return max(0.0, (pd.Timestamp(now) - then).total_seconds() / 60.0)


def _latest(records: Sequence[Mapping[str, Any]]) -> datetime | None:
    moments = [moment for row in records if (moment := _moment(row.get("alerted_at"))) is not None]
    return max(moments, default=None)


def _moment(value: Any) -> pd.Timestamp | None:
    """A moment with its zone; anything else is none."""
    if not isinstance(value, datetime) or value is pd.NaT or value.tzinfo is None:
        return None
    return pd.Timestamp(value)


def _number(value: Any) -> float | None:
    if isinstance(value, int | float | np.number) and math.isfinite(float(value)):
        return float(value)
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
