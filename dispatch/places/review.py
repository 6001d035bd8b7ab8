"""Cases whose place a person should look at, and the answers taken back."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd

from dispatch import datum
from dispatch.domain import Place
from dispatch.errors import BadInput
from dispatch.places.evidence import Refused, label_of
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.locate import Located, locate_rows, why_here
from dispatch.places.settings import PlaceSettings
from dispatch.places.whereabouts import refusal
from dispatch.reasons import Language, Reason, say
from dispatch.tables import read_text

CHECKED = "checked"
"""The level of a place a person has looked at."""
ANSWERS = ("fix_place", "fix_lon", "fix_lat", "fix_datum", "fix_radius_metres", "fix_address")
"""Columns of `review.csv` that are empty, for the answer; one of the three ways to answer is enough."""
LONGEST_ID = 200
_NOWHERE = frozenset({"none", "nowhere", "无", "没有"})
_OK = frozenset({"ok", "yes", "是", "对"})
_ABOUT_POINTS = ("LON_LAT_SWAPPED", "OUTSIDE_AREA", "COORDINATE_EMPTY", "DECIMAL_POINT_LOST",
                 "COORDINATE_PROJECTED", "SIGN_LOST")  # fmt: skip
_POINT = re.compile(r"(\d+): (-?[\d.]+),(-?[\d.]+) ±([\d.]+)")


@dataclass(frozen=True, slots=True)
class Fix:
    """What a person says of a case's place: a point (WGS-84), words, or that it is nowhere known."""

    kind: Literal["point", "address", "nowhere"]
    row: int
    lon: float = math.nan
    lat: float = math.nan
    radius_metres: float = math.nan
    address: str = ""


def doubts(
    places: Sequence[Place], refused: Iterable[Refused], settings: PlaceSettings
) -> tuple[Reason, ...]:
    """Why a person should look at the places of a case; () where nobody needs to."""
    review = settings.review
    refusals = [one.reason for one in refused]
    if not places:
        return (Reason("LOOK_NOWHERE"), *refusals)
    if any(one.level == CHECKED for one in places):
        return ()
    found = [one for one in refusals if one.code in _ABOUT_POINTS]
    settled = [one for one in places if one.source != "fix"]
    counties = {one.county for one in settled if one.county}
    if len(counties) > 1:
        found.append(Reason("LOOK_TWO_COUNTIES", {"places": [one.label for one in settled[:2]]}))
    rivals = _rivals(settled, review.rival_share)
    if rivals > 1 and len(counties) <= 1:
        found.append(Reason("LOOK_SEVERAL", {"count": rivals}))
    if places[0].radius_metres > review.wide_metres:
        found.append(Reason("LOOK_WIDE", {"metres": round(places[0].radius_metres / 100) * 100}))
    total = sum(one.probability for one in places)
    if total < review.unsure_share:
        found.append(Reason("LOOK_UNSURE", {"percent": round(100 * total)}))
    return tuple(found)


def points_text(places: Sequence[Place]) -> str:
    """Places as numbers a file can carry and `read_fixes` reads back."""
    return "; ".join(
        f"{n}: {one.lon:.7f},{one.lat:.7f} ±{one.radius_metres:.0f}" for n, one in enumerate(places, start=1)
    )


def places_text(places: Sequence[Place], language: Language) -> str:
    """Why each place is where it is, numbered."""
    return " / ".join(f"{n}: {why_here(one, language)}" for n, one in enumerate(places, start=1))


def read_fixes(path: Path, gazetteer: Gazetteer) -> dict[str, Fix]:
    """Answers by case id: `review.csv` with its last columns filled in, or a table of those columns.

    `fix_place` takes a number of the row's places, ``ok`` for the first, ``none`` for nowhere;
    `fix_lon`, `fix_lat` with `fix_datum` a point; `fix_address` other words, which must name a
    place of the area. Rows without any are left as they were.

    Raises
    ------
    MissingInput, BadInput
        No such file; no such columns; or, all at once by row, answers that cannot be used.
    """
    table = read_text(Path(path))
    missing = [name for name in ("case_id",) if name not in table]
    if missing or not set(ANSWERS) & set(table.columns):
        raise BadInput(
            f"{path}: expected columns case_id and some of {', '.join(ANSWERS)}; take a plan's review.csv"
        )
    fixes: dict[str, Fix] = {}
    faults: list[str] = []
    for number, row in zip(table.index, table.to_dict("records"), strict=True):
        cells = {str(key): _plain(str(value)) for key, value in row.items()}
        if not any(cells.get(name) for name in ANSWERS):
            continue
        fix = _fix(int(number), cells, gazetteer)
        case_id = cells["case_id"]
        if isinstance(fix, str):
            faults.append(f"row {number} ({case_id[:40]}): {fix}")
        elif len(case_id) > LONGEST_ID:
            faults.append(f"row {number}: case_id has {len(case_id):,} signs; take a plan's review.csv")
        elif not case_id or case_id in fixes:
            faults.append(f"row {number}: case_id {case_id[:40]!r} is {'repeated' if case_id else 'missing'}")
        else:
            fixes[case_id] = fix
    if faults:
        more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
        raise BadInput(f"{path}: " + "; ".join(faults[:5]) + more)
    return fixes


def fixed(case_id: str, found: Located, fix: Fix, gazetteer: Gazetteer, settings: PlaceSettings) -> Located:
    """A case's places as a person has settled them.

    One point, or where words may mean several those; `checked_share` takes the place of what
    the source alone would be worth. Nothing else of the case's evidence is kept.
    """
    if fix.kind == "nowhere":
        return Located((), (Refused(fix.row, Reason("LOOKED_NOWHERE")),))
    if fix.kind == "point":
        return Located((_checked_point(case_id, found.places, fix, gazetteer, settings),), ())
    words = pd.DataFrame([{"address": fix.address, "location_source": "home"}], index=[fix.row])
    spoken = locate_rows(case_id, words, gazetteer, settings)
    worth = settings.source_prior["home"] * settings.text_source_share
    raised = [
        replace(
            one,
            level=CHECKED,
            probability=_at_most(one.probability * settings.review.checked_share / worth, settings),
        )
        for one in spoken.places
    ]
    total = sum(one.probability for one in raised)
    scale = min(1.0, settings.sum_ceiling / total) if total else 1.0
    places = tuple(
        replace(one, probability=math.floor(one.probability * scale * 1e6) / 1e6) for one in raised
    )
    return Located(places, spoken.refused)


def _checked_point(
    case_id: str, places: Sequence[Place], fix: Fix, gazetteer: Gazetteer, settings: PlaceSettings
) -> Place:
    radius = fix.radius_metres if math.isfinite(fix.radius_metres) else settings.review.checked_radius_metres
    codes = [str(one[0]) or None for one in gazetteer.admin(fix.lon, fix.lat)]
    same = [one for one in places if abs(one.lon - fix.lon) < 1e-6 and abs(one.lat - fix.lat) < 1e-6]
    share = settings.review.checked_share * settings.search.share_found(radius)
    return Place(
        id=f"{case_id}/1",
        lon=round(fix.lon, 7),
        lat=round(fix.lat, 7),
        radius_metres=round(radius, 1),
        probability=math.floor(_at_most(share, settings) * 1e6) / 1e6,
        source=same[0].source if same else "other",
        level=CHECKED,
        label=same[0].label if same else label_of(gazetteer, codes),
        county=codes[0],
        township=codes[1],
        village=codes[2],
        search_minutes=round(settings.search.minutes(radius), 2),
    )


def _at_most(probability: float, settings: PlaceSettings) -> float:
    return min(probability, settings.sum_ceiling)


def _rivals(places: Sequence[Place], rival_share: float) -> int:
    """How many places of one source, in different villages, are nearly as likely as its best."""
    most = 0
    for source in {one.source for one in places}:
        own = [one for one in places if one.source == source]
        near = [one for one in own if one.probability >= rival_share * own[0].probability]
        most = max(most, len({(one.township, one.village or one.id) for one in near}))
    return most


def _fix(number: int, cells: Mapping[str, str], gazetteer: Gazetteer) -> Fix | str:
    """The answer of one row, or what is wrong with it."""
    choice = cells.get("fix_place", "").lower().removeprefix(f"{cells['case_id'].lower()}/")
    if choice in _NOWHERE:
        return Fix("nowhere", number)
    if choice:
        return _chosen(number, "1" if choice in _OK else choice, cells)
    if cells.get("fix_lon") or cells.get("fix_lat"):
        return _pointed(number, cells, gazetteer)
    if cells.get("fix_address"):
        return _spoken(number, cells["fix_address"], gazetteer)
    return (
        "fix_datum or fix_radius_metres alone is no place; give fix_lon and fix_lat, fix_place or fix_address"
    )


def _spoken(number: int, address: str, gazetteer: Gazetteer) -> Fix | str:
    """Words that name a place one can go to; others would leave the case with less than it had."""
    words = pd.DataFrame([{"address": address, "location_source": "home"}])
    spoken = locate_rows("", words, gazetteer)
    if not spoken.places:
        why = "; ".join(say(one.reason, "en") for one in spoken.refused)
        return f"fix_address gives no place ({why})"
    return Fix("address", number, address=address)


def _plain(text: str) -> str:
    """A cell without what a spreadsheet puts before text, and without signs a terminal obeys."""
    return "".join(sign if sign.isprintable() else " " for sign in text).strip().lstrip("'")


def _chosen(number: int, choice: str, cells: Mapping[str, str]) -> Fix | str:
    known = {match[1]: match for match in _POINT.finditer(cells.get("points", ""))}
    if choice not in known:
        return (
            f"fix_place is {choice[:20]!r}, expected ok, none or one of {', '.join(known) or '(no places)'}"
        )
    try:
        lon, lat, radius = (float(known[choice][n]) for n in (2, 3, 4))
    except ValueError:
        return f"points cannot be read: {cells['points'][:60]!r}"
    return Fix("point", number, lon, lat, max(1.0, radius))


def _pointed(number: int, cells: Mapping[str, str], gazetteer: Gazetteer) -> Fix | str:
    try:
        given = float(cells.get("fix_lon") or "x"), float(cells.get("fix_lat") or "x")
        radius = float(cells.get("fix_radius_metres") or "nan")
        lon, lat = (float(one) for one in datum.convert(*given, cells.get("fix_datum", ""), "WGS84"))
    except BadInput as cause:
        return str(cause)
    except ValueError:
        return "fix_lon, fix_lat and fix_radius_metres are to be numbers"
    if not (math.isnan(radius) or 0 < radius <= 50_000):
        return f"fix_radius_metres is {radius:g}, expected up to 50,000"
    if not (math.isfinite(lon) and math.isfinite(lat)) or not gazetteer.inside(lon, lat)[0]:
        return say(refusal(gazetteer, lon, lat, shown=given), "en")
    return Fix("point", number, lon, lat, max(1.0, radius) if math.isfinite(radius) else math.nan)
