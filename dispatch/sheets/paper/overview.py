"""A unit's overview as the template places it: crews with their visits as rows, then those left out with the reason."""

from __future__ import annotations

from typing import Any

from dispatch.reasons import Language
from dispatch.sheets import messages, words
from dispatch.sheets.book import RouteSheet, SheetBook, SheetStop, Unvisited
from dispatch.sheets.paper.labels import paper
from dispatch.sheets.paper.units import Unit
from dispatch.sheets.paper.values import LOUD, Printable, common_values, eta, fraud, shift
from dispatch.sheets.words import label


def overview_values(book: SheetBook, unit: Unit, name: str, language: Language = "zh") -> Printable:
    """The overview of a unit under a file name; of a `prepared` book."""
    stops = sum(len(crew.stops) for crew in unit.crews)
    values = common_values(book, language) | {
        "unit": unit.name or words.label("elsewhere_named", language),
        "kind": paper(f"overview_{unit.kind}", language),
        "totals": " · ".join(
            [
                label("responders", language, len(unit.crews)),
                label("stops", language, stops),
                label(
                    "left_out", language, len(unit.unvisited) or (book.left_out if unit.kind == "area" else 0)
                ),
            ]
        ),
        "crews": [_crew(book, crew, language) for crew in _in_order(unit)],
        "left_out": [_left_out(one, language) for one in unit.unvisited],
    }
    return Printable(name, "overview", values, {}, book.at)


def _in_order(unit: Unit) -> list[RouteSheet]:
    return sorted(
        unit.crews, key=lambda crew: (not crew.county, crew.county, crew.town, crew.name, crew.responder_id)
    )


def _crew(book: SheetBook, crew: RouteSheet, language: Language) -> dict[str, Any]:
    facts = [
        words.coded(crew.kind, language),
        words.coded(crew.profile, language),
        shift(book, crew, language),
        crew.phone,
        crew.responder_id,
    ]
    return {
        "name": crew.name,
        "facts": " · ".join(one for one in facts if one),
        "where": " ".join(one for one in (crew.county, crew.town) if one),
        "stops": [_row(book, stop, language) for stop in crew.stops],
    }


def _row(book: SheetBook, stop: SheetStop, language: Language) -> dict[str, Any]:
    with_whom = paper("with", language, stop.partner) if stop.partner else ""
    return {
        "n": stop.order,
        "eta": eta(book, stop, language),
        "latest": words.clock(stop.latest_at, book.at, language),
        "late": stop.latest_at is not None and stop.contact_at > stop.latest_at,
        "tier": words.coded(stop.tier, language),
        "loud": stop.tier in LOUD,
        "where": messages.where(stop.spot, language),
        "who": stop.name or label("unnamed", language),
        "case": stop.case_id,
        "code": stop.code or stop.stop_id,
        "fraud": fraud(stop, language),
        "with": with_whom,
    }


def _left_out(one: Unvisited, language: Language) -> dict[str, Any]:
    band = words.band(one.amount_band_yuan, language) if one.amount_band_yuan else ""
    return {
        "case": one.case_id,
        "tier": words.coded(one.tier, language),
        "loud": one.tier in LOUD,
        "where": one.town + one.village or one.county or label("elsewhere_named", language),
        "fraud": " · ".join(part for part in (words.coded(one.fraud_type, language), band) if part),
        "reason": words.sentence(one.reason, language),
    }
