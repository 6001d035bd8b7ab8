"""Pages for the phone: one self-contained file per responder, and the duty officer's overview.

A responder's page records what came of each visit and tells it as a line of text or a QR code; where scripts do not
run it is a list with the codes to report by. No page fetches anything: its policy (CSP) allows one style sheet and
our own scripts, named by their hashes, and nothing else. Every value passes jinja2's autoescape.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from dispatch.reasons import OUTCOMES, Language
from dispatch.sheets import messages, words
from dispatch.sheets.book import RouteSheet, SheetBook, SheetStop
from dispatch.sheets.compiling import OTHER
from dispatch.sheets.paper.drawing import Ground, under
from dispatch.sheets.prepare import for_the_field
from dispatch.sheets.sketch import Sketch, sketch_of

TAGS: Mapping[Language, str] = {"zh": "zh-CN", "en": "en"}
OWN_NAMES: Mapping[Language, str] = {"zh": "中文", "en": "English"}
ENCODER = Path(__file__).parents[2] / "maps" / "assets" / "vendor" / "lean-qr" / "index.js"
"""Draws the QR code; carried with the maps' own libraries (tools/vendor_assets.py)."""


def route_page(
    book: SheetBook, sheet: RouteSheet, language: Language = "zh", ground: Ground | None = None
) -> str:
    """One responder's page in both languages, opened in one: header, sketch, list of stops, then each stop.

    `ground` is that of the book, built once for all its pages; without one the sketch has no roads under it.
    """
    sheet = for_the_field(sheet)
    sketch = sketch_of(sheet, language)
    languages: tuple[Language, Language] = (language, OTHER[language])
    environment = _environment()
    return environment.get_template("sheet.html").render(
        **_common(book, language),
        views=[
            _view(book, in_language(sheet, book, one), one, sketch if one == language else None)
            for one in languages
        ],
        ground=Markup(under(sketch, ground)) if sketch and ground else "",  # noqa: S704 - numbers alone
        recording=_recording(book, sheet),
        scripts=_scripts(),
        policy=_policy(),
    )


def in_language(sheet: RouteSheet, book: SheetBook, language: Language) -> RouteSheet:
    """The sheet with its turns and scripts in that language, as far as they are known in it."""
    if language == book.language:
        return sheet
    stops = tuple(
        replace(one, turns=one.turns_other or one.turns, script=one.script_other or one.script)
        for one in sheet.stops
    )
    return replace(sheet, stops=stops, home_turns=sheet.home_turns_other or sheet.home_turns)


def _view(
    book: SheetBook, sheet: RouteSheet, language: Language, sketch: Sketch | None = None
) -> dict[str, Any]:
    """What the page shows in one language; `sketch` where it is drawn already."""
    shift = _shift(book, sheet, language)
    return {
        "lang": language,
        "tag": TAGS[language],
        "own_name": OWN_NAMES[language],
        "t": lambda key, *values: words.label(key, language, *values),
        "title": messages.title(book, language),
        "issued": words.day(book.at, language),
        "outcomes": [(code, words.coded(code, language)) for code in OUTCOMES],
        "sheet": sheet,
        "sketch": sketch or sketch_of(sheet, language),
        "cards": [_card(book, sheet, stop, language) for stop in sheet.stops],
        "subtitle": [
            words.coded(sheet.kind, language),
            words.coded(sheet.profile, language),
            *([f"{words.label('shift', language)} {shift}"] if shift else []),
        ],
        "home": words.clock(sheet.home_at and words.nearest_minute(sheet.home_at), book.at, language),
        "home_drive": ""
        if math.isnan(sheet.home_minutes)
        else words.drive(sheet.home_minutes, sheet.home_metres, language),
    }


def _recording(book: SheetBook, sheet: RouteSheet) -> dict[str, Any]:
    """What the page's scripts need: whose stops they are, when the plan began, and their own words."""
    offset = book.at.utcoffset() or timedelta()
    return {
        "plan": book.plan_id,
        "who": sheet.responder_id,
        "at": round(book.at.timestamp() * 1000),
        "offset": round(offset.total_seconds() / 60),
        "centre": book.centre_phone,
        "stops": [(stop.order, stop.code) for stop in sheet.stops],
        "outcomes": [[words.coded(code, one) for one in TAGS] for code in OUTCOMES],
        "words": words.RECORDING,
    }


def door_page(seal: Mapping[str, Any], data: str, language: Language = "zh") -> str:
    """The page that asks for the passphrase of a sealed one; `data` is that one, sealed, in base 64."""
    folder = files("dispatch.sheets") / "templates" / "phone"
    script = f"(() => {{\n'use strict';\n{(folder / 'door.js').read_text('utf-8')}}})();"
    ordered = (1, 0) if language == "en" else (0, 1)
    told = {key: [pair[one] for one in ordered] for key, pair in words.DOOR.items()}
    environment = _environment()
    return environment.get_template("phone/door.html").render(
        tags=[TAGS[language]],
        # the page inside runs under this policy too
        policy=f"{environment.globals['policy']}; script-src {_digest(script)} {' '.join(map(_digest, _scripts()))}",
        t=told.__getitem__,
        sealed={"seal": dict(seal), "data": data, "words": told},
        script=Markup(script),  # noqa: S704 - our own file, no value in it
    )


def overview_page(book: SheetBook, files: Mapping[str, str], language: Language = "zh") -> str:
    """All routes by county and town, each linked to its page; `files` maps responder id to file name."""
    unknown = words.label("elsewhere_named", language)
    ordered = sorted(book.sheets, key=lambda sheet: (not sheet.county, sheet.county, sheet.town, sheet.name))
    counties = [
        {
            "name": county or unknown,
            "towns": [
                {"name": town or unknown, "routes": [_entry(book, one, files, language) for one in routes]}
                for town, routes in groupby(within, key=lambda sheet: sheet.town)
            ],
        }
        for county, within in groupby(ordered, key=lambda sheet: sheet.county)
    ]
    stops = sum(len(sheet.stops) for sheet in book.sheets)
    return (
        _environment()
        .get_template("index.html")
        .render(
            **_common(book, language),
            counties=counties,
            totals=[
                words.label("responders", language, len(book.sheets)),
                words.label("stops", language, stops),
                words.label("left_out", language, book.left_out),
            ],
        )
    )


def make_ready() -> None:
    """Read and compile templates and scripts, where there is time before the first page."""
    for name in ("sheet.html", "index.html"):
        _environment().get_template(name)
    _policy()


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("dispatch.sheets"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = made.loader.get_source(made, "sheet.css")[0] if made.loader else ""
    made.globals["style"] = Markup(style)  # noqa: S704 - our own file, no value in it
    made.globals["policy"] = (
        f"default-src 'none'; style-src {_digest(style)}; base-uri 'none'; form-action 'none'"
    )
    return made


@cache
def _scripts() -> tuple[Markup, ...]:
    """Our own scripts, the QR encoder by itself: a browser too old for it still records."""
    encoder = f"const leanQr = (() => {{ const exports = {{}};\n{ENCODER.read_text('utf-8')}\nreturn exports; }})();"
    folder = files("dispatch.sheets") / "templates" / "phone"
    own = "\n".join((folder / name).read_text("utf-8") for name in ("payload.js", "keep.js", "phone.js"))
    made = (encoder, f"(() => {{\n'use strict';\n{own}}})();")
    return tuple(Markup(one) for one in made)  # noqa: S704 - our own files, no value in them


@cache
def _policy() -> str:
    own = " ".join(_digest(one) for one in _scripts())
    return f"{_environment().globals['policy']}; script-src {own}"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _common(book: SheetBook, language: Language) -> dict[str, Any]:
    return {
        "book": book,
        "language": TAGS[language],
        "t": lambda key, *values: words.label(key, language, *values),
        "title": messages.title(book, language),
        "issued": words.day(book.at, language),
    }


def _card(book: SheetBook, sheet: RouteSheet, stop: SheetStop, language: Language) -> dict[str, Any]:
    """A stop in words, as the template places them."""
    late = stop.latest_at is not None and stop.contact_at > stop.latest_at
    return {
        "stop": stop,
        "tier": words.coded(stop.tier, language),
        "loud": stop.tier in ("critical", "high"),
        "eta": messages.eta(book, stop, language),
        "contact": words.clock(words.nearest_minute(stop.contact_at), book.at, language),
        "latest": words.clock(stop.latest_at, book.at, language),
        "due": words.deadline(stop.due_at, book.at, language),
        "late": late,
        "drive": words.drive(stop.drive_minutes, stop.drive_metres, language),
        "wait": words.span(stop.wait_minutes, language) if stop.wait_minutes >= 1 else "",
        "where": messages.where(stop.spot, language),
        "label": stop.spot.label if stop.spot.address and stop.spot.label not in stop.spot.address else "",
        "sure": messages.why_here(stop.spot, language),
        "second": stop.second and messages.where(stop.second, language),
        "second_sure": messages.why_here(stop.second, language) if stop.second else [],
        "second_stop": _visited_later(sheet, stop),
        "name": stop.name or words.label("unnamed", language),
        "fraud": words.coded(stop.fraud_type, language),
        "band": words.band(stop.amount_band_yuan, language) if stop.amount_band_yuan else "",
        "tried": messages.tried_text(stop, language),
        "why": messages.why(stop, language),
        "instead": words.sentence(stop.instead, language) if stop.instead else "",
        "partner": messages.partner(stop, language),
        "along": words.coded(stop.along, language) if stop.along else "",
        "needs": words.coded(stop.needs, language) if stop.needs else "",
    }


def _visited_later(sheet: RouteSheet, stop: SheetStop) -> int | None:
    """The number of the stop, in the same route, at which the case's second place is gone to anyway."""
    same = (one.order for one in sheet.stops if one.case_id == stop.case_id and one.order > stop.order)
    return next(same, None)


def _shift(book: SheetBook, sheet: RouteSheet, language: Language) -> str:
    ends: Iterable[str] = (words.clock(one, book.at, language) for one in (sheet.shift_from, sheet.shift_to))
    start, end = ends
    return f"{start}–{end}" if start or end else ""


def _entry(
    book: SheetBook, sheet: RouteSheet, files: Mapping[str, str], language: Language
) -> dict[str, Any]:
    return {
        "sheet": sheet,
        "href": quote(files[sheet.responder_id]),
        "kind": words.coded(sheet.kind, language),
        "profile": words.coded(sheet.profile, language),
        "shift": _shift(book, sheet, language),
        "stops": [
            {
                "stop": stop,
                "eta": messages.eta(book, stop, language),
                "tier": words.coded(stop.tier, language),
                "loud": stop.tier in ("critical", "high"),
                "where": messages.where(stop.spot, language),
                "fraud": words.coded(stop.fraud_type, language),
            }
            for stop in sheet.stops
        ],
    }
