"""A book made ready to be written: every text printable, masked as asked, and no more than its reader needs."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from functools import cache
from operator import is_
from typing import Any, TypeVar

from dispatch.domain import Kind
from dispatch.reasons import Reason
from dispatch.redact import Redact, clean, mask_address, mask_name, mask_numbers, mask_phone
from dispatch.sheets.book import NO_LINE, RouteSheet, SheetBook, SheetStop, Spot

T = TypeVar("T")

ALWAYS_TIDY = frozenset({int, float, bool, type(None), datetime})

COARSE_DEGREES = 2
"""Decimals left of a position under `mask`: about a kilometre."""
NEIGHBOURS: frozenset[Kind] = frozenset({"village"})
"""Kinds of responder who know the person: they get the least personal data."""


def prepared(book: SheetBook, redact: Redact = "none") -> SheetBook:
    """The book with text cleaned, names and phone numbers masked, under `mask` addresses too.

    Raises
    ------
    ValueError
        `redact` is not one of the three; `area` is `mask` here.
    """
    if redact not in ("none", "mask", "area"):
        raise ValueError(f"redact is 'none', 'mask' or 'area', not {redact!r}")
    if redact == "area":
        redact = "mask"
    tidy = _tidy(book)
    sheets = tuple(
        replace(
            sheet,
            responder_id=_own_id(raw.responder_id),
            stops=tuple(_masked(stop, redact) for stop in sheet.stops),
            home_turns=() if redact == "mask" else sheet.home_turns,  # they begin at the last door
            home_turns_other=() if redact == "mask" else sheet.home_turns_other,
        )
        for raw, sheet in zip(book.sheets, tidy.sheets, strict=True)
    )
    return replace(tidy, sheets=sheets)


def for_the_field(sheet: RouteSheet) -> RouteSheet:
    """The sheet as its own team gets it: a neighbour learns no phone, amount, note or call history."""
    if sheet.kind not in NEIGHBOURS:
        return sheet
    return replace(
        sheet,
        stops=tuple(
            replace(stop, phone="", amount_band_yuan=None, note="", tried=None, reasons=(), instead=None)
            for stop in sheet.stops
        ),
    )


def _masked(stop: SheetStop, redact: Redact) -> SheetStop:
    stop = replace(
        stop, name=mask_name(stop.name), phone=mask_phone(stop.phone), note=mask_numbers(stop.note)
    )
    if redact == "none":
        return replace(stop, spot=_numberless(stop.spot), second=stop.second and _numberless(stop.second))
    return replace(
        stop,
        spot=_coarse(stop.spot),
        second=stop.second and _coarse(stop.second),
        note="",
        turns=(),
        turns_other=(),
        leg=NO_LINE,
    )


def _own_id(raw: str) -> str:
    """A printable id; one that had to be cleaned carries a hash, so that two never become one."""
    tidy = clean(raw)
    if tidy == raw:
        return raw
    return f"{tidy}~{hashlib.sha256(raw.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def _numberless(spot: Spot) -> Spot:
    """An address field with somebody's phone number typed into it does not give the number away."""
    why = mask_numbers(spot.why[0]), mask_numbers(spot.why[1])
    return replace(spot, address=mask_numbers(spot.address), label=mask_numbers(spot.label), why=why)


def _coarse(spot: Spot) -> Spot:
    return replace(
        spot,
        address=mask_address(spot.address),
        label=mask_address(spot.label),
        why=("", ""),
        lon=round(spot.lon, COARSE_DEGREES),
        lat=round(spot.lat, COARSE_DEGREES),
    )


@cache
def _names(kind: type) -> tuple[str, ...]:
    """The fields of a record."""
    return tuple(one.name for one in fields(kind))


def _tidy(value: T) -> T:
    """The value with every text in it printable (`clean`), itself where all is; a reason is cleaned when it is said."""
    made: Any = value
    if type(value) in ALWAYS_TIDY:  # half of all: the dearer questions are asked of the others
        return value
    if isinstance(value, str):
        made = clean(value)
        made = value if made == value else made
    elif isinstance(value, tuple):
        made = tuple(_tidy(one) for one in value)
        made = value if all(map(is_, made, value)) else made
    elif is_dataclass(value) and not isinstance(value, Reason | type):
        kind: type = type(value)
        before = {name: getattr(value, name) for name in _names(kind)}
        before.pop("ground", None)  # who draws it cleans its names
        after = {name: _tidy(one) for name, one in before.items()}
        made = value if all(map(is_, after.values(), before.values())) else replace(value, **after)
    return made  # type: ignore[no-any-return]
