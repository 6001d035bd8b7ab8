"""Who can be sent: a file of crews, officers and cadres becomes `Responder`s for one moment.

See docs/responders.md for the columns, which a test keeps in step with `COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pandas as pd

from dispatch import datum
from dispatch.domain import Kind, Profile, Responder, Shift
from dispatch.errors import BadInput
from dispatch.intake import fields, words
from dispatch.intake.alerts import coordinate_fault
from dispatch.intake.columns import Column, Faults, match_headings, read_columns
from dispatch.intake.fields import Unclear
from dispatch.intake.ground import Ground
from dispatch.intake.jurisdiction import Jurisdiction, one_place, read_jurisdiction, split_list
from dispatch.intake.shifts import Clock, default_shift, free_minutes, next_shift, with_break
from dispatch.settings import Duty
from dispatch.tables import read_text

MOST_VISITS = 100
POLICE_KINDS = frozenset({"station", "county"})
"""Kinds whose crews are police officers where their file lists no skills."""
_SKILLS = {
    "民警": "police", "警察": "police", "公安": "police", "女": "female", "女性": "female", "女警": "female",
    "客家": "hakka", "客家话": "hakka", "粤语": "cantonese", "白话": "cantonese", "黎话": "leizhou", "雷州话": "leizhou",
}  # fmt: skip


def _clock_or_moment(zone: tzinfo) -> Callable[[str], Clock]:
    moment = fields.time_of(zone)

    def parse(text: str) -> Clock:
        try:
            return fields.clock_of(text)
        except Unclear:
            pass
        try:
            return cast("datetime", moment(text))
        except Unclear as cause:
            raise Unclear(f"{fields.CLOCK}，或{fields.TIME}") from cause

    return parse


def columns_in(zone: tzinfo) -> tuple[Column, ...]:
    """Every column of a responder file; times are in `zone`."""
    text, moment = fields.text_of(200), _clock_or_moment(zone)
    return (
        Column("responder_id", "编号", "text", fields.id_of, "unlike any other's", required=True),
        Column("kind", "类别", "text", words.KIND, "station 派出所, town 镇街, village 村, county 县", required=True),
        Column("name", "名称", "text", text, "as dispatchers call it; blank: its id"),
        Column("base_lon", "驻地经度", "number", fields.degrees_of, "degrees, with base_lat and datum", also=("经度", "lon")),
        Column("base_lat", "驻地纬度", "number", fields.degrees_of, "decimal degrees", also=("纬度", "lat")),
        Column("datum", "坐标系", "text", words.DATUM, "WGS84 GCJ02 BD09 CGCS2000; required with a coordinate"),
        Column("base_place", "驻地", "text", text, "name or code of the area's gazetteer, instead of a coordinate"),
        Column("shift_from", "班次起", "value", moment, "08:00, every day, or a date and time"),
        Column("shift_to", "班次止", "value", moment, "over midnight if not after shift_from"),
        Column("break_from", "休息起", "value", moment, "inside the shift"),
        Column("break_to", "休息止", "value", moment, "inside the shift"),
        Column("profile", "方式", "text", words.PROFILE, "car 汽车, motorcycle 摩托车, foot 步行; blank: by kind"),
        Column("skills", "技能", "text", text, "police, female, hakka …, joined by 、 or ,; blank: police for station, county"),
        Column("jurisdiction", "辖区", "text", fields.text_of(100_000), "codes or names it answers for, joined by 、 or ,"),
        Column("max_visits", "上限", "number", fields.count_of, "visits in the shift, 1 to 100; blank: by kind"),
        Column("status", "状态", "text", words.STATUS, "free 空闲, busy 忙碌, off 不在岗; blank: free"),
        Column("free_at", "空闲时间", "value", moment, "when a busy one is free again"),
        Column("phone", "值班电话", "text", fields.text_of(40), "on duty"),
    )  # fmt: skip


COLUMNS = columns_in(ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Roster:
    """Who can be sent. `off_duty` counts those without a shift who are not on duty at this hour.

    `phones` (id → duty telephone) stays apart from the responders; `rejected` lists rows
    of the responder file that could not be read; `notes` what the user should know.
    """

    responders: tuple[Responder, ...]
    rejected: pd.DataFrame
    phones: Mapping[str, str] = field(default_factory=dict)
    off_duty: int = 0
    notes: tuple[str, ...] = ()
    timed: frozenset[str] = frozenset()
    """Ids of those whose row says a shift."""


def read_roster(
    responders: Path,
    jurisdiction: Path | None,
    *,
    gazetteer: pd.DataFrame,
    at: datetime,
    time_zone: str,
    duty: Duty,
    jurisdiction_replaces: bool = False,
) -> Roster:
    """Read who can be sent at `at`: responders with minutes from then, and who answers for what.

    A row's own jurisdiction column counts first, then the table of `jurisdiction`, unless
    `jurisdiction_replaces`; a row with neither answers for where its base stands.

    Raises
    ------
    MissingInput, BadInput
        A file is no table, lacks a required column, or has no usable row.
    """
    ground = Ground(gazetteer)
    zone = ZoneInfo(time_zone)
    answers = read_jurisdiction(jurisdiction, ground) if jurisdiction else None
    reader = _Reader(ground, at.astimezone(zone), duty, answers, jurisdiction_replaces)
    roster = reader.read(read_text(responders), responders, zone)
    if not len(roster.responders) and not roster.off_duty:
        raise BadInput(_nobody(responders, roster.rejected))
    return roster


class _Reader:
    """Turns rows into responders, noting faults; lives for one file."""

    def __init__(
        self, ground: Ground, at: datetime, duty: Duty, answers: Jurisdiction | None, replaces: bool
    ) -> None:
        self.ground, self.at, self.duty, self.answers, self.replaces = ground, at, duty, answers, replaces

    def read(self, frame: pd.DataFrame, path: Path, zone: tzinfo) -> Roster:
        known = columns_in(zone)
        matched = match_headings(path, list(frame.columns), known)
        self.faults = Faults(matched)
        rows = read_columns(frame, matched, known, zone, self.faults)
        for row in rows.index[rows["responder_id"].duplicated() & rows["responder_id"].ne("")]:
            self.faults.add(
                int(row), "responder_id", str(rows.at[row, "responder_id"]), "不重复的编号 (an id of its own)"
            )
        ready: list[Responder] = []
        names: set[str] = set()
        off_duty = 0
        for row, values in zip(rows.index, rows.to_dict("records"), strict=True):
            if int(row) in self.faults.by_row:
                continue
            cells = {str(name): value for name, value in values.items()}
            names |= {cells["responder_id"], cells["name"], cells["base_place"]}
            responder = self._responder(int(row), cells)
            if responder is None:
                off_duty += int(row) not in self.faults.by_row
            else:
                names |= {responder.base, self.ground.name(responder.base)}
                ready.append(responder)
        phones = dict(zip(rows["responder_id"], rows["phone"], strict=True))
        return Roster(
            responders=tuple(ready),
            rejected=self.faults.rejected(frame),
            phones={one.id: phones[one.id] for one in ready if phones[one.id]},
            off_duty=off_duty,
            notes=tuple(self._notes(path, names)),
            timed=frozenset(rows["responder_id"][[one is not None for one in rows["shift_from"]]]),
        )

    def _responder(self, row: int, cells: dict[str, Any]) -> Responder | None:
        """None if the row has a fault (noted), or its default shift is not on now."""
        identity, kind = cells["responder_id"], cast("Kind", cells["kind"])
        base = self._base(row, cells)
        shift = self._shift(row, cells)
        free = self._free(row, cells)
        visits = self._visits(row, cells)
        own = self._own(row, cells, kind, base)
        if row in self.faults.by_row or base is None or shift is None:
            return None
        lon, lat, base_code = base
        jurisdiction = self._jurisdiction(cells, kind, base, own)
        if shift.break_start is not None and shift.break_end is not None and shift.break_start <= 0:
            # on a break now: the same as being free when it ends
            free, shift = max(free, shift.break_end), Shift(shift.start, shift.end)
        return Responder(
            id=identity,
            kind=kind,
            name=cells["name"] or identity,
            lon=lon,
            lat=lat,
            shift=shift,
            profile=cast("Profile", cells["profile"] or self.duty.profile[kind]),
            skills=_skills(cells["skills"], kind),
            jurisdiction=jurisdiction,
            neighbours=self.ground.neighbours(kind, jurisdiction),
            max_visits=visits,
            free_at_minutes=free,
            status=cells["status"] or "free",
            base=base_code,
        )

    def _jurisdiction(
        self, cells: dict[str, Any], kind: Kind, base: tuple[float, float, str], own: frozenset[str]
    ) -> frozenset[str]:
        lon, lat, code = base
        names = (cells["responder_id"], cells["name"], cells["base_place"], code, self.ground.name(code))
        answers = (self.answers.of(kind, names) if self.answers else None) or frozenset()
        first, second = (answers, own) if self.replaces else (own, answers)
        return first or second or self.ground.home_ground(kind, lon, lat)

    def _base(self, row: int, cells: dict[str, Any]) -> tuple[float, float, str] | None:
        lon, lat, place = cells["base_lon"], cells["base_lat"], cells["base_place"]
        if pd.isna(lon) and pd.isna(lat):
            spots = self.ground.base(place, cells["kind"]) if place else ()
            if len(spots) == 1:
                return spots[0].lon, spots[0].lat, spots[0].code
            expected = one_place([spot.code for spot in spots]) if place else (
                "驻地经纬度与坐标系，或驻地名称 (base_lon, base_lat and datum, or base_place)"
            )  # fmt: skip
            self.faults.add(row, "base_place", place, expected)
        elif pd.isna(lon) or pd.isna(lat):
            self.faults.add(
                row, "base_lon" if pd.isna(lon) else "base_lat", "", "经纬度须成对 (both, or neither)"
            )
        elif not cells["datum"]:
            self.faults.add(row, "datum", "", words.DATUM_KNOWN)
        elif fault := coordinate_fault(lon, lat):
            self.faults.add(row, f"base_{fault[0]}", f"{lon:g}, {lat:g}", fault[1])
        else:
            x, y = datum.convert(lon, lat, cells["datum"], "WGS84")
            return float(x), float(y), place
        return None

    def _shift(self, row: int, cells: dict[str, Any]) -> Shift | None:
        start, end = cells["shift_from"], cells["shift_to"]
        if start is None and end is None:
            shift = default_shift(cells["responder_id"], cells["kind"], self.at, self.duty)
        elif start is None or end is None:
            self.faults.add(
                row, "shift_from" if start is None else "shift_to", "", "班次起止须成对 (both, or neither)"
            )
            return None
        else:
            shift = next_shift(start, end, self.at)
            if shift is None:
                self.faults.add(
                    row,
                    "shift_to",
                    str(end),
                    "同为时刻或同为日期时间，止晚于起 (written like shift_from, and after it)",
                )
        start, end = cells["break_from"], cells["break_to"]
        if shift is None or (start is None and end is None):
            return shift
        rested = with_break(shift, start, end, self.at) if start is not None and end is not None else None
        if rested is None and cells["shift_from"] is None:
            return shift  # a shift nobody set cannot be broken by its break
        if rested is None:
            self.faults.add(
                row, "break_from", _said(start), "班次之内的休息起止 (a break, from and to, inside the shift)"
            )
        return rested

    def _free(self, row: int, cells: dict[str, Any]) -> float:
        if cells["free_at"] is not None:
            return free_minutes(cells["free_at"], self.at)
        if cells["status"] == "busy":
            self.faults.add(row, "free_at", "", "忙碌者须填空闲时间 (busy needs free_at)")
        return 0.0

    def _visits(self, row: int, cells: dict[str, Any]) -> int:
        if pd.isna(cells["max_visits"]):
            return self.duty.max_visits[cells["kind"]]
        if not 1 <= cells["max_visits"] <= MOST_VISITS:
            self.faults.add(
                row, "max_visits", f"{cells['max_visits']:g}", f"1 至 {MOST_VISITS} (1 to {MOST_VISITS})"
            )
        return int(cells["max_visits"])

    def _own(
        self, row: int, cells: dict[str, Any], kind: Kind, base: tuple[float, float, str] | None
    ) -> frozenset[str]:
        codes = set()
        for name in split_list(cells["jurisdiction"]):
            spots = self.ground.territory(name, kind)
            if len(spots) > 1 and base is not None:
                spots = self.ground.close_by(spots, base[0], base[1])
            if len(spots) == 1:
                codes.add(spots[0].code)
            else:
                self.faults.add(row, "jurisdiction", name, one_place([spot.code for spot in spots]))
        return frozenset(codes)

    def _notes(self, path: Path, names: set[str]) -> list[str]:
        notes = []
        if self.faults.by_row:
            first = min(self.faults.by_row)
            column, found, expected = self.faults.by_row[first][0]
            notes.append(
                f"{path}: {len(self.faults.by_row)} rows could not be used; the first, row {first}, column {column}: "
                f"found {found!r}, expected {expected}"
            )
        if self.answers is not None:
            if len(self.answers.rejected):
                notes.append(
                    f"{len(self.answers.rejected)} rows of the jurisdiction table name no single place of this area"
                )
            if self.replaces and (strangers := self.answers.strangers(names)):
                notes.append(
                    f"{len(strangers)} names in the jurisdiction table are no responder's: {', '.join(strangers[:5])}"
                )
        return notes


def _skills(text: str, kind: Kind) -> frozenset[str]:
    if not text:
        return frozenset({"police"} if kind in POLICE_KINDS else ())
    return frozenset(_SKILLS.get(word, word) for word in map(fields.normal, split_list(text)))


def _said(clock: Clock | None) -> str:
    if clock is None or isinstance(clock, datetime):
        return str(clock or "")
    return f"{int(clock) // 60:02d}:{int(clock) % 60:02d}"


def _nobody(path: Path, rejected: pd.DataFrame) -> str:
    if not len(rejected):
        return f"{path} has headings but no rows; expected at least one responder"
    first = rejected.iloc[0]
    return (
        f"{path}: none of its {len(rejected)} rows can be used; the first, row {first['row']}, column {first['column']}: "
        f"found {first['found']!r}, expected {first['expected']}"
    )
