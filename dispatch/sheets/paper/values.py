"""A responder's sheet as the template places it: texts in one language, numbers for the drawing, codes as pictures."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import segno

from dispatch.datum import convert
from dispatch.reasons import OUTCOMES, Language
from dispatch.sheets import messages, words
from dispatch.sheets.book import RouteSheet, SheetBook, SheetStop, Spot
from dispatch.sheets.paper.drawing import Ground, svg_of
from dispatch.sheets.paper.engine import Template
from dispatch.sheets.paper.labels import LABELS, paper
from dispatch.sheets.prepare import for_the_field
from dispatch.sheets.scripts import Script
from dispatch.sheets.sketch import WIDTH, Sketch, sketch_of
from dispatch.sheets.words import label

LOUD = frozenset({"critical", "high"})
SHARED = (
    *(
        "arrive",
        "latest",
        "due",
        "person",
        "second",
        "why",
        "tried",
        "along",
        "needs",
        "note",
        "turns",
        "way_home",
    ),
    *("outcome", "report", "case", "north", "base", "wait", "drive", "map"),
)
"""Labels of every sheet the templates use."""
LONG = 1200
"""Characters of a stop above which the template measures it, and makes it smaller if it is over a page."""
QR_MASK = 2
"""Readers take any of the eight masks; finding the fairest takes longer than all else of a sheet's drawing."""
NAVIGATION = "https://uri.amap.com/navigation?to={0:.6f},{1:.6f}&mode=car&coordinate=gaode"
"""A point for AMap (in its own datum, GCJ-02), and nothing else."""


@dataclass(frozen=True, slots=True)
class Printable:
    """All a press needs for one file: `values` are JSON, `pictures` SVG of numbers alone; `rows` are visits in it."""

    name: str
    template: Template
    values: Mapping[str, Any]
    pictures: Mapping[str, str]
    made_at: datetime
    rows: int


def sheet_values(
    book: SheetBook, sheet: RouteSheet, ground: Ground, name: str, language: Language = "zh"
) -> Printable:
    """One responder's sheet under a file name; of a `prepared` book, else nothing is masked or cleaned."""
    sheet = for_the_field(sheet)
    sketch = sketch_of(sheet, language)
    pictures = {"map": svg_of(sketch, ground)} if sketch else {}
    for stop in sheet.stops:
        pictures[f"code{stop.order}"] = code_svg(stop.code or stop.stop_id)
        if book.nav_links and (link := navigation_link(stop.spot)):
            pictures[f"go{stop.order}"] = code_svg(link)
    values = common_values(book, language) | {
        "crew": sheet.name,
        "id": sheet.responder_id,
        "facts": _facts(book, sheet, language),
        "phones": _phones(book, sheet, language),
        "map": _map(sketch) if sketch else None,
        "stops": [_stop(book, sheet, stop, language) for stop in sheet.stops],
        "home": _home(book, sheet, language),
        "every_door": _script(book, book.every_door, book.every_door_other, language),
        "report": _report(sheet, language),
        "outcomes": [[at, words.coded(code, language)] for at, code in enumerate(OUTCOMES, start=1)],
    }
    return Printable(name, "sheet", values, pictures, book.at, len(sheet.stops))


def common_values(book: SheetBook, language: Language) -> dict[str, Any]:
    """What every page of every file says."""
    return {
        "lang": language,
        "title": messages.title(book, language),
        "plan": f"{label('plan', language)} {book.plan_id}",
        "issued": f"{label('issued', language)} {words.day(book.at, language)}",
        "day": _date(book.at, language),
        "practice": label("practice", language) if book.synthetic else "",
        "private": label("private", language),
        "attribution": book.attribution,
        "words": {key: paper(key, language, "{0}", "{1}") for key in LABELS}
        | {key: label(key, language, "{0}") for key in SHARED},
    }


def eta(book: SheetBook, stop: SheetStop, language: Language) -> str:
    """The arrival to the nearest minute."""
    return messages.eta(book, stop, language)


def fraud(stop: SheetStop, language: Language) -> str:
    """The type of fraud, and the amount band where it may be told."""
    band = words.band(stop.amount_band_yuan, language) if stop.amount_band_yuan else ""
    return " · ".join(one for one in (words.coded(stop.fraud_type, language), band) if one)


def late(stop: SheetStop) -> bool:
    """Whether first contact comes when nearly all is expected to be gone."""
    return stop.latest_at is not None and stop.contact_at > stop.latest_at


def shift(book: SheetBook, sheet: RouteSheet, language: Language) -> str:
    """From when to when the crew is on duty; nothing where neither is known."""
    start, end = (words.clock(one, book.at, language) for one in (sheet.shift_from, sheet.shift_to))
    return f"{label('shift', language)} {start}–{end}" if start or end else ""


def code_svg(text: str) -> str:
    """A QR code as SVG, with the quiet zone readers ask for; nothing of the text is in it but its modules."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False, mask=QR_MASK).save(
        out, kind="svg", border=2, xmldecl=False, svgclass=None, lineclass=None, omitsize=True
    )
    return out.getvalue().decode("ascii")


def navigation_link(spot: Spot) -> str:
    """A link that opens a point in AMap; nothing where there is no point."""
    if not (math.isfinite(spot.lon) and math.isfinite(spot.lat)):
        return ""
    lon, lat = convert(np.array([spot.lon]), np.array([spot.lat]), "WGS84", "GCJ02")
    return NAVIGATION.format(float(lon[0]), float(lat[0]))


def _facts(book: SheetBook, sheet: RouteSheet, language: Language) -> list[str]:
    """Who they are and how much they have to do; then from when to when."""
    home = words.clock(sheet.home_at and words.nearest_minute(sheet.home_at), book.at, language)
    lines = (
        [words.coded(sheet.kind, language), words.coded(sheet.profile, language),
         label("stops", language, len(sheet.stops))],
        [shift(book, sheet, language), f"{label('home_at', language)} {home}" if home else ""],
    )  # fmt: skip
    return [" · ".join(one for one in line if one) for line in lines]


def _phones(book: SheetBook, sheet: RouteSheet, language: Language) -> str:
    known = (("duty_phone", sheet.phone), ("centre", book.centre_phone))
    return "　".join(f"{label(key, language)} {phone}" for key, phone in known if phone)


def _stop(book: SheetBook, sheet: RouteSheet, stop: SheetStop, language: Language) -> dict[str, Any]:
    told = _told(book, sheet, stop, language)
    turns = stop.turns if book.language == language else stop.turns_other
    values = told | {
        "n": stop.order,
        "loud": stop.tier in LOUD,
        "late": late(stop),
        "turns": [[turn.what, turn.far] for turn in turns],
        "script": _script(book, stop.script, stop.script_other, language),
    }
    return values | {"long": _length(values) > LONG}


def _told(book: SheetBook, sheet: RouteSheet, stop: SheetStop, language: Language) -> dict[str, Any]:
    """The stop's facts, each as one line."""
    spot = stop.spot
    return {
        "eta": eta(book, stop, language),
        "latest": words.clock(stop.latest_at, book.at, language),
        "due": words.deadline(stop.due_at, book.at, language),
        "tier": words.coded(stop.tier, language),
        "fraud": fraud(stop, language),
        "code": stop.code or stop.stop_id,
        "case": stop.case_id,
        "where": messages.where(spot, language),
        "label": spot.label if spot.address and spot.label not in spot.address else "",
        "sure": " · ".join(messages.how_sure(spot, language)),
        "second": _second(sheet, stop, language),
        "name": stop.name or label("unnamed", language),
        "phone": stop.phone,
        "why": _joined(messages.why(stop, language), language),
        "tried": messages.tried_text(stop, language),
        "along": words.coded(stop.along, language) if stop.along else "",
        "needs": words.coded(stop.needs, language) if stop.needs else "",
        "together": _together(stop, language),
        "note": stop.note,
        "drive": words.drive(stop.drive_minutes, stop.drive_metres, language),
        "wait": words.span(stop.wait_minutes, language) if stop.wait_minutes >= 1 else "",
    }


def _second(sheet: RouteSheet, stop: SheetStop, language: Language) -> str:
    if stop.second is None:
        return ""
    later = next(
        (one.order for one in sheet.stops if one.case_id == stop.case_id and one.order > stop.order), 0
    )
    where = messages.where(stop.second, language) + (label("other_stop", language, later) if later else "")
    return " · ".join([where, *messages.how_sure(stop.second, language)])


def _together(stop: SheetStop, language: Language) -> str:
    """Who else comes to the same door, and who of the two leads and reports."""
    if not stop.partner:
        return ""
    who = f"{stop.partner} {stop.partner_phone}".strip()
    return paper("leads" if stop.leads else "follows", language, f" {who} " if language == "zh" else who)


def _script(
    book: SheetBook, own: Script | None, other: Script | None, language: Language
) -> dict[str, list[str]]:
    script = own if book.language == language else other
    return {"say": list(script.say), "dont": list(script.dont)} if script else {"say": [], "dont": []}


def _home(book: SheetBook, sheet: RouteSheet, language: Language) -> dict[str, Any] | None:
    turns = sheet.home_turns if book.language == language else sheet.home_turns_other
    if not turns:
        return None
    known = math.isfinite(sheet.home_minutes)
    return {
        "drive": words.drive(sheet.home_minutes, sheet.home_metres, language) if known else "",
        "turns": [[turn.what, turn.far] for turn in turns],
    }


def _report(sheet: RouteSheet, language: Language) -> str:
    first = sheet.stops[0].code or sheet.stops[0].stop_id
    how = label("report_how", language, paper("code", language))
    return f"{how} · {label('report_like', language, first, words.coded(OUTCOMES[0], language))}"


def _map(sketch: Sketch) -> dict[str, Any]:
    """What the template sets over the drawing, in its units."""
    base = sketch.base
    return {
        "width": WIDTH,
        "height": sketch.height,
        "base": [base.x, base.y] if base else None,
        "discs": [[one.text, one.x, one.y] for one in sketch.markers],
        "names": [[one.label, one.label_x, one.label_y, one.anchor] for one in sketch.markers if one.label],
        "bar": sketch.bar,
        "bar_text": sketch.bar_text,
    }


def _joined(sentences: list[str], language: Language) -> str:
    return ("；" if language == "zh" else "; ").join(sentences)


def _date(at: datetime, language: Language) -> str:
    return words.day(at, language).rsplit(" ", 1)[0]


def _length(value: Any) -> int:
    """Characters in a value, those of its lists and tables too."""
    if isinstance(value, Mapping):
        return sum(map(_length, value.values()))
    return sum(map(_length, value)) if isinstance(value, list) else len(str(value))
