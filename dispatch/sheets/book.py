"""What field teams carry, as plain values: one `RouteSheet` per responder that goes somewhere.

A `SheetBook` is all that any format (page, table, message) is written from. Names and phone
numbers are masked when it is made: no format can show what the book does not hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.reasons import Language, Reason
from dispatch.sheets.scripts import Script

Line = NDArray[np.float64]

NO_LINE: Line = np.empty((0, 2))


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of a way: what to do, how far until the next, how long ("" where that is soon)."""

    what: str
    far: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried by phone: calls made (None: not recorded) and the result's code."""

    attempts: int | None
    result: str


@dataclass(frozen=True, slots=True)
class Spot:
    """Where to look: what it is called, how sure, within how many metres, and how old the sign is."""

    label: str
    source: str
    level: str
    probability: float
    radius_metres: float
    age_minutes: float | None
    lon: float
    lat: float
    address: str = ""
    county: str = ""
    town: str = ""
    village: str = ""
    why: tuple[str, str] = ("", "")
    """Why the place is where it is, in Chinese and English; where blank its facts are told one by one."""


@dataclass(frozen=True, slots=True)
class SheetStop:
    """One visit as its team reads it. Moments carry their zone; coded words stay codes.

    `latest_at` is when nearly all is expected to be gone (`latest_useful_minutes`), `due_at` the
    deadline of its tier; None where there is none. `code` is the short id reports name the stop by.
    Where two go, `partner` is what the other is called, and `leads` whether this one leads and reports.
    `instead` says why not the nearest or the responsible one, where that was not sent. `leg` has shape
    (k, 2), lon/lat; its `drive_metres` are NaN where they are not known. `turns` and `script` (what to say
    and what not for that type of fraud) are in the book's language, those named `other` in the other one.
    """

    order: int
    stop_id: str
    case_id: str
    tier: str
    fraud_type: str
    arrive_at: datetime
    contact_at: datetime
    leave_at: datetime
    drive_minutes: float
    spot: Spot
    latest_at: datetime | None = None
    due_at: datetime | None = None
    wait_minutes: float = 0.0
    search_minutes: float = 0.0
    amount_band_yuan: tuple[float, float | None] | None = None
    second: Spot | None = None
    name: str = ""
    phone: str = ""
    note: str = ""
    tried: Tried | None = None
    reasons: tuple[Reason, ...] = ()
    along: str | None = None
    needs: tuple[str, ...] = ()
    drive_metres: float = math.nan
    turns: tuple[Turn, ...] = ()
    turns_other: tuple[Turn, ...] = ()
    leg: Line = field(default_factory=lambda: NO_LINE, compare=False)
    instead: Reason | None = None
    code: str = ""
    partner: str = ""
    partner_phone: str = ""
    leads: bool = True
    script: Script | None = None
    script_other: Script | None = None


@dataclass(frozen=True, slots=True)
class RouteSheet:
    """One responder's stops in order, and nobody else's. `county` and `town` are where most of them lie.

    `home_turns` lead back from the last stop, in `home_minutes` and `home_metres` (NaN: not known).
    """

    responder_id: str
    name: str
    kind: str
    profile: str
    stops: tuple[SheetStop, ...]
    shift_from: datetime | None = None
    shift_to: datetime | None = None
    home_at: datetime | None = None
    home_minutes: float = math.nan
    home_metres: float = math.nan
    home_turns: tuple[Turn, ...] = ()
    home_turns_other: tuple[Turn, ...] = ()
    phone: str = ""
    base: str = ""
    base_lonlat: tuple[float, float] | None = None
    county: str = ""
    town: str = ""


@dataclass(frozen=True, slots=True)
class Unvisited:
    """A case nobody is sent to, and why: for who is on duty, not for a team. Places are its likeliest one's.

    `stations` are the bases of the police stations responsible there.
    """

    case_id: str
    tier: str
    fraud_type: str
    reason: Reason
    amount_band_yuan: tuple[float, float | None] | None = None
    county: str = ""
    town: str = ""
    village: str = ""
    stations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetBook:
    """Every sheet of one plan, in the order of its routes.

    With `nav_links` a paper sheet carries each stop's point for a navigation service too. `every_door` is what
    holds at every door, in the book's language; `every_door_other` in the other one.
    With `overviews` it is for who is on duty too; without, for one team alone.
    `language` is that of its turns and scripts. `ground` is the area's own roads, water and names (`maps.Basemap`) for who
    draws a map; None where not known.

    Raises
    ------
    ValueError
        `at` has no time zone.
    """

    area_name: str
    plan_id: str
    at: datetime
    sheets: tuple[RouteSheet, ...]
    synthetic: bool = False
    attribution: str = ""
    title: str = ""
    left_out: int = 0
    unvisited: tuple[Unvisited, ...] = ()
    nav_links: bool = False
    every_door: Script | None = None
    every_door_other: Script | None = None
    centre_phone: str = ""
    overviews: bool = True
    language: Language = "zh"
    ground: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"the moment of the sheets has no time zone: {self.at}")
