"""A unit's overview as the template places it: crews with their visits as rows, then those left out with the reason."""

from __future__ import annotations

from typing import Any

from dispatch.reasons import Language
from dispatch.sheets import messages, words
from dispatch.sheets.book import RouteSheet, SheetBook, SheetStop, Unvisited
from dispatch.sheets.paper.labels import paper
from dispatch.sheets.paper.units import Unit
from dispatch.sheets.paper.values import LOUD, Printable, common_values, eta, fraud, late, shift
from dispatch.sheets.words import label


def overview_values(book: SheetBook, unit: Unit, name: str, language: Language = "zh") -> Printable:
    """The overview of a unit under a file name; of a `prepared` book. The whole area's counts, town by town."""
    stops = sum(len(crew.stops) for crew in unit.crews)
    whole = unit.kind == "area"
    left_out = len(unit.unvisited) or (book.left_out if whole else 0)
    totals = [
        label("responders", language, len(unit.crews)),
        label("stops", language, stops),
        label("left_out", language, left_out),
    ]
    values = common_values(book, language) | {
        "unit": unit.name or label("elsewhere_named", language),
        "kind": paper(f"overview_{unit.kind}", language),
        "totals": " · ".join(totals),
        "towns": _towns(unit, language) if whole else [],
        "crews": [] if whole else [_crew(book, crew, language) for crew in _in_order(unit)],
        "left_out": [_left_out(one, language) for one in unit.unvisited],
    }
    rows = len(unit.unvisited) + (0 if whole else stops)
    return Printable(name, "overview", values, {}, book.at, rows)


def _towns(unit: Unit, language: Language) -> list[list[str]]:
    """County, town, crews, visits, of them high, of them past their most useful time, left out; by county and town."""
    counts: dict[tuple[str, str], list[int]] = {}
    for crew in unit.crews:
        row = counts.setdefault((crew.county, crew.town), [0] * 5)
        row[0] += 1
        row[1] += len(crew.stops)
        row[2] += sum(stop.tier in LOUD for stop in crew.stops)
        row[3] += sum(late(stop) for stop in crew.stops)
    for one in unit.unvisited:
        counts.setdefault((one.county, one.town), [0] * 5)[4] += 1
    unknown = label("elsewhere_named", language)
    return [
        [county or unknown, town or unknown, *(str(count or "") for count in counts[county, town])]
        for county, town in sorted(counts, key=lambda key: (not key[0], *key))
    ]


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
        "late": late(stop),
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
