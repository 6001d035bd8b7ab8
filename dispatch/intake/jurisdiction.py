"""Who answers for which place: a table of places with their station, officer and cadre."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import pandas as pd

from dispatch.errors import BadInput
from dispatch.intake import fields
from dispatch.intake.columns import Column, Faults, match_headings, read_columns
from dispatch.intake.fields import normal
from dispatch.intake.ground import Ground
from dispatch.tables import read_text

_NAME = fields.text_of(200)
COLUMNS = (
    Column("place", "地点", "text", _NAME, "code or name of a village or township", required=True,
           also=("code", "village", "village_code", "村社区", "村代码", "代码", "辖区", "行政区划代码")),
    Column("station", "派出所", "text", _NAME, "its crews, by station (code or name) or by responder id"),
    Column("officer", "镇街干部", "text", _NAME, "its town officer, by responder id or name", also=("镇干部",)),
    Column("cadre", "村干部", "text", _NAME, "its village cadre, by responder id or name", also=("村社区干部",)),
)  # fmt: skip
_KINDS: Mapping[str, tuple[str, ...]] = {
    "station": ("station", "county"),
    "officer": ("town",),
    "cadre": ("village",),
}


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """`answers[column][name as written]`: the codes that name answers for; and rejected rows."""

    answers: Mapping[str, Mapping[str, frozenset[str]]]
    rejected: pd.DataFrame

    def of(self, kind: str, names: Iterable[str]) -> frozenset[str] | None:
        """Codes a responder of that kind and of these names answers for; None if not mentioned."""
        wanted = {normal(name) for name in names if name}
        found: set[str] = set()
        for column, kinds in _KINDS.items():
            if kind in kinds:
                for name in wanted & self.answers[column].keys():
                    found |= self.answers[column][name]
        return frozenset(found) or None

    def strangers(self, names: Iterable[str]) -> list[str]:
        """Names in the table that are no responder's."""
        known = {normal(name) for name in names}
        return sorted({name for column in self.answers.values() for name in column} - known)


def read_jurisdiction(path: Path, ground: Ground) -> Jurisdiction:
    """Read the table; a row whose place is unknown, or means several places, is rejected.

    Raises
    ------
    MissingInput, BadInput
        No such file, no table, a heading missing, or no usable row.
    """
    frame = read_text(path)
    matched = match_headings(path, list(frame.columns), COLUMNS)
    if not matched.keys() & _KINDS.keys():
        raise BadInput(
            f"{path}: no column says who answers; expected station 派出所, officer 镇街干部 or cadre 村干部"
        )
    faults = Faults(matched)
    rows = read_columns(frame, matched, COLUMNS, UTC, faults)
    answers: dict[str, dict[str, set[str]]] = {column: {} for column in _KINDS}
    for row, cells in zip(rows.index, rows.to_dict("records"), strict=True):
        if int(row) in faults.by_row:
            continue
        place = str(cells["place"])
        spots = ground.territory(place, "")
        if len(spots) != 1:
            faults.add(int(row), "place", place, one_place([spot.code for spot in spots]))
            continue
        for column in _KINDS:
            for name in split_list(str(cells[column])):
                answers[column].setdefault(normal(name), set()).add(spots[0].code)
    if not any(answers.values()):
        raise BadInput(f"{path}: none of its {len(frame)} rows says who answers for a place of this area")
    frozen = {
        column: {name: frozenset(codes) for name, codes in by_name.items()}
        for column, by_name in answers.items()
    }
    return Jurisdiction(frozen, faults.rejected(frame))


def one_place(codes: list[str]) -> str:
    """What was expected of a name that is no place of the area, or several."""
    if not codes:
        return "本辖区内的地名或代码 (a place of this area, by name or code)"
    return f"代码：{'、'.join(codes[:4])} ({len(codes)} places are called so: give the code)"


def split_list(text: str) -> list[str]:
    """Several names in one cell, joined by any usual sign."""
    for sign in "、，；;|/\n":
        text = text.replace(sign, ",")
    return [one.strip() for one in text.split(",") if one.strip()]
