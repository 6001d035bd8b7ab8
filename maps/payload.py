"""A plan's view as one block of JSON that no text in it can break out of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from dispatch.reasons import FRAUD_TYPES, WORDS
from maps.pack import pack_lines, pack_roads
from maps.tiles import Tiles
from maps.view import (
    Basemap,
    MapCase,
    MapChange,
    MapClosure,
    MapResponder,
    MapRoute,
    MapRow,
    Outline,
    PlanView,
    Summary,
    Text,
)

SCHEMA = 1


def page_payload(
    page: str,
    *,
    area: str,
    at: datetime,
    title: Text,
    basemap: Basemap,
    horizon_minutes: float = 720.0,
    stale_minutes: float = 30.0,
    attribution: str = "",
    synthetic: bool = False,
    language: str = "zh",
    watermark: str = "",
    tiles: Tiles | None = None,
) -> dict[str, Any]:
    """What every page reads whatever it shows: `page` names its script among `kit.pages`.

    The catalogue's words are in it; a page's own data are keys of its own beside these.
    """
    offset = at.utcoffset()
    return {
        "schema": SCHEMA,
        "page": page,
        "area": area,
        "title": title,
        "at": at.timestamp(),
        "offset_minutes": offset.total_seconds() / 60 if offset else 0.0,
        "horizon_minutes": horizon_minutes,
        "stale_minutes": stale_minutes,
        "synthetic": synthetic,
        "attribution": attribution,
        "language": language,
        "watermark": watermark,
        "words": {**WORDS, **{f"fraud:{key}": pair for key, pair in FRAUD_TYPES.items()}},
        "tiles": tiles.payload() if tiles else None,
        "ground": ground_payload(basemap),
    }


def plan_payload(view: PlanView) -> dict[str, Any]:
    """The whole map as columns of JSON values."""
    case_number = {case.id: number for number, case in enumerate(view.cases)}
    responder_number = {responder.id: number for number, responder in enumerate(view.responders)}
    common = page_payload(
        "plan",
        area=view.area,
        at=view.at,
        title=view.title,
        basemap=view.basemap,
        horizon_minutes=view.horizon_minutes,
        stale_minutes=view.stale_minutes,
        attribution=view.attribution,
        synthetic=view.synthetic,
        language=view.language,
        watermark=view.watermark,
        tiles=view.tiles,
    )
    return common | {
        "policy": view.policy,
        "plan": view.plan_id,
        "summary": _summary(view.summary),
        "cases": _cases(view.cases, responder_number),
        "places": _places(view.cases),
        "responders": _responders(view.responders),
        "routes": _routes(view.routes, responder_number),
        "stops": _stops(view.routes, case_number, responder_number),
        "closures": _closures(view.closures),
        "rows": _rows(view.rows, case_number),
        "changes": _changes(view.changes, case_number, responder_number),
        "warnings": view.warnings,
    }


def ground_payload(basemap: Basemap) -> dict[str, Any]:
    """The basemap: packed roads, water, boundaries, and its labels, best first."""
    labels = sorted(basemap.labels, key=lambda label: -label.weight)
    return {
        "roads": pack_roads(basemap.roads),
        "water": _outlines(basemap.water),
        "boundaries": _outlines(basemap.boundaries),
        "labels": _columns(labels, ("name", "level", "lon", "lat")),
    }


def _summary(summary: Summary) -> dict[str, Any]:
    return {**asdict(summary), "closes": summary.closes}


def _cases(cases: Sequence[MapCase], responder_number: Mapping[str, int]) -> dict[str, list[Any]]:
    columns = _columns(
        cases,
        (
            "id", "tier", "fraud_type", "county", "town", "stake_yuan", "amount_yuan", "hazard_per_hour",
            "hold_until_minutes", "hold_fraction", "due_minutes", "late_yuan_per_minute",
            "name", "phone", "address", "note", "warnings", "reasons", "needs", "left_out",
            "why", "obvious", "price_yuan", "instruction", "cadre_instruction", "review", "review_yuan",
        ),
    )  # fmt: skip
    return columns | {"duty": [responder_number.get(case.duty_id or "") for case in cases]}


def _rows(rows: Sequence[MapRow], case_number: Mapping[str, int]) -> dict[str, list[Any]]:
    columns = _columns(rows, ("id", "part", "why"))
    return columns | {"case": [case_number.get(row.case_id or "") for row in rows]}


def _changes(
    changes: Sequence[MapChange], case_number: Mapping[str, int], responder_number: Mapping[str, int]
) -> dict[str, list[Any]]:
    """By crew, in the order they are told; a case or crew that is in the plan no more has no number."""
    columns = _columns(
        changes, ("sort", "responder_id", "responder", "case_id", "point", "sentence", "before", "after")
    )
    return columns | {
        "case": [case_number.get(one.case_id) for one in changes],
        "crew": [responder_number.get(one.responder_id) for one in changes],
        "shared": [bool(one.other_responder_id) for one in changes],
    }


def _places(cases: Sequence[MapCase]) -> dict[str, list[Any]]:
    rows = [(number, place) for number, case in enumerate(cases) for place in case.places]
    columns = _columns(
        [place for _, place in rows],
        (
            "id", "lon", "lat", "radius_metres", "probability", "source", "label", "age_minutes", "why",
            "links",
        ),
    )  # fmt: skip
    return {"case": [number for number, _ in rows], **columns}


def _responders(responders: Sequence[MapResponder]) -> dict[str, list[Any]]:
    return _columns(
        responders,
        (
            "id", "kind", "name", "lon", "lat", "profile", "status", "phone", "shift", "rest",
            "free_at_minutes", "jurisdiction", "areas", "base",
        ),
    )  # fmt: skip


def _routes(routes: Sequence[MapRoute], responder_number: Mapping[str, int]) -> dict[str, Any]:
    return {
        "responder": [responder_number[route.responder_id] for route in routes],
        **_columns(routes, ("home", "averted_yuan")),
        "home_legs": pack_lines([route.home_leg for route in routes]),
    }


def _stops(
    routes: Sequence[MapRoute], case_number: Mapping[str, int], responder_number: Mapping[str, int]
) -> dict[str, Any]:
    rows = [(number, stop) for number, route in enumerate(routes) for stop in route.stops]
    stops = [stop for _, stop in rows]
    return {
        "route": [number for number, _ in rows],
        "case": [case_number[stop.case_id] for stop in stops],
        **_columns(
            stops,
            (
                "id", "place_id", "drive_minutes", "arrive", "contact", "leave", "earliest", "latest",
                "wait_minutes", "search_minutes", "state", "leg_metres", "leads",
            ),
        ),
        "partner": [responder_number.get(stop.partner_id or "") for stop in stops],
        "legs": pack_lines([stop.leg for stop in stops]),
    }  # fmt: skip


def _closures(closures: Sequence[MapClosure]) -> dict[str, Any]:
    rows = [
        (number, area, line)
        for number, one in enumerate(closures)
        for area, lines in ((False, one.lines), (True, one.outlines))
        for line in lines
    ]
    columns = ("id", "name", "reason", "factor", "begins", "ends", "profiles")
    return {
        "rows": _columns(closures, columns),
        "of": [number for number, _, _ in rows],
        "area": [area for _, area, _ in rows],
        "lines": pack_lines([line for _, _, line in rows]),
    }


def _outlines(outlines: Sequence[Outline]) -> dict[str, Any]:
    rows = [(outline, line) for outline in outlines for line in outline.lines]
    return {
        **_columns([outline for outline, _ in rows], ("name", "level", "code")),
        "lines": pack_lines([line for _, line in rows]),
    }


def _columns(rows: Iterable[object], names: Sequence[str]) -> dict[str, list[Any]]:
    rows = list(rows)
    return {name: [getattr(row, name) for row in rows] for name in names}
