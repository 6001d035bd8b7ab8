"""Columns of a file that comes in: their headings, their values, and what is wrong with a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Literal

import pandas as pd

from dispatch.errors import BadInput
from dispatch.intake.fields import Parser, Unclear, is_blank, normal
from dispatch.redact import clean
from dispatch.tables import BEYOND

Holds = Literal["text", "number", "time", "flag", "value"]

LONGEST_FOUND = 80
"""Characters of a value repeated to the user; the rest is cut."""
LONGEST_RAW = 2000
REJECTED_COLUMNS = ("row", "column", "found", "expected", "raw")
WHOLE_ROW = "(row)"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: our name, its Chinese heading, how a cell is read, and what it means."""

    name: str
    zh: str
    holds: Holds
    parse: Parser
    means: str
    required: bool = False
    also: tuple[str, ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """Every heading it may stand under."""
        return (self.name, self.zh, *self.also)


@dataclass
class Faults:
    """What is wrong, by row of the file; a row with a fault is rejected whole."""

    heading: Mapping[str, str]
    by_row: dict[int, list[tuple[str, str, str]]] = field(default_factory=dict)

    def add(self, row: int, column: str, found: str, expected: str) -> None:
        """Note a fault of `column` (our name); it is reported under the file's own heading."""
        where = self.heading.get(column, column)
        self.by_row.setdefault(row, []).append((where, clean(found, LONGEST_FOUND), expected))

    def rejected(self, frame: pd.DataFrame) -> pd.DataFrame:
        """One line a rejected row: `REJECTED_COLUMNS`; several faults are joined by `` | ``."""
        lines = []
        rows = sorted(self.by_row)
        for row, cells in zip(rows, frame.loc[rows].itertuples(index=False, name=None), strict=True):
            columns, found, expected = (" | ".join(part) for part in zip(*self.by_row[row], strict=True))
            raw = clean(", ".join(cell for cell in cells if cell), LONGEST_RAW)
            lines.append((row, columns, found, expected, raw))
        return pd.DataFrame(lines, columns=list(REJECTED_COLUMNS)).astype({"row": "int64"})


def match_headings(
    path: Path, given: Sequence[str], columns: Iterable[Column], mapping: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Our name → the file's heading. `mapping`: the file's heading → our name, and comes first.

    Raises
    ------
    BadInput
        Two headings mean one column, a required one is missing, or `mapping` names a
        column that is not known.
    """
    columns = tuple(columns)
    known = {_key(heading): column.name for column in columns for heading in column.headings}
    extra = {_key(heading): name for heading, name in (mapping or {}).items()}
    unknown = sorted(set(extra.values()) - {column.name for column in columns})
    if unknown:
        names = ", ".join(column.name for column in columns)
        raise BadInput(f"[columns] maps to unknown {', '.join(unknown)}; known: {names}")
    matched: dict[str, str] = {}
    for heading in given:
        name = extra.get(_key(heading)) or known.get(_key(heading))
        if name is None:
            continue
        if name in matched:
            raise BadInput(f"{path}: headings {matched[name]!r} and {heading!r} both mean {name}; keep one")
        matched[name] = heading
    missing = [
        f"{column.name} {column.zh}" for column in columns if column.required and column.name not in matched
    ]
    if missing:
        seen = clean(", ".join(given), 200)
        raise BadInput(
            f"{path}: no column {', '.join(missing)}; found {seen}. Rename the heading, or name it under [columns] in --settings"
        )
    return matched


def read_columns(
    frame: pd.DataFrame, matched: Mapping[str, str], columns: Iterable[Column], zone: tzinfo, faults: Faults
) -> pd.DataFrame:
    """Typed columns under our names, every one of `columns` there; index as `frame`.

    Missing values: "" in text, NaN in numbers, NaT in times, False in flags, None in
    values (of any type).
    """
    typed: dict[str, pd.Series] = {}
    for column in columns:
        heading = matched.get(column.name)
        cells = frame[heading].tolist() if heading else [""] * len(frame)
        typed[column.name] = _typed(
            _values(cells, column, frame.index, faults), column.holds, frame.index, zone
        )
    if BEYOND in frame.columns:
        for row, cell in frame.loc[frame[BEYOND].ne(""), BEYOND].items():
            faults.add(int(str(row)), WHOLE_ROW, cell, "单元格不多于表头 (no more cells than headings)")
    return pd.DataFrame(typed, index=frame.index)


def _values(cells: list[str], column: Column, rows: pd.Index, faults: Faults) -> list[object]:
    read: dict[str, object] = {}
    values: list[object] = []
    for row, cell in zip(rows, cells, strict=True):
        if cell not in read:
            try:
                read[cell] = None if is_blank(cell) else column.parse(cell)
            except Unclear as unclear:
                read[cell] = unclear
        value = read[cell]
        if isinstance(value, Unclear):
            faults.add(int(row), column.name, cell, str(value))
            value = None
        elif column.required and value in {None, ""}:
            faults.add(int(row), column.name, cell, f"{column.zh} 必填 ({column.name} is required)")
        values.append(value)
    return values


def _typed(values: list[object], holds: Holds, index: pd.Index, zone: tzinfo) -> pd.Series:
    match holds:
        case "number":
            return pd.Series(
                [float("nan") if one is None else one for one in values], index=index, dtype="float64"
            )
        case "time":
            return pd.Series(values, index=index, dtype=pd.DatetimeTZDtype(unit="us", tz=zone))
        case "flag":
            return pd.Series([bool(one) for one in values], index=index, dtype="bool")
        case "value":
            return pd.Series(values, index=index, dtype="object")
    return pd.Series(["" if one is None else one for one in values], index=index, dtype="str")


def _key(heading: str) -> str:
    return "".join(sign for sign in normal(heading) if sign not in " _-*:()")
