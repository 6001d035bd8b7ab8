"""Tables at the borders: a contract one can call, and files read as text, bounded.

Every reader gives all cells as text, so a phone number keeps its zeros and nothing a cell
says is ever computed; the index holds the row numbers of the file, as its user sees them.
"""

from __future__ import annotations

import csv
import io
import math
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd

from dispatch.errors import BadInput, MissingInput, TableError
from dispatch.workbooks import read_workbook

ColumnKind = Literal["text", "number", "time", "flag", "points", "shapes"]
F = TypeVar("F", bound=pd.DataFrame)

MAX_FILE_BYTES = 100_000_000
MAX_ROWS = 300_000
MAX_COLUMNS = 256
BEYOND = "(beyond the headings)"
"""Column that holds the cells of a CSV row for which there is no heading; absent if none."""
GEOMETRY_COLUMNS = ("geometry_lon", "geometry_lat", "geometry_datum")
"""Columns a GeoPackage's points are given as, WGS-84."""
_FORMULA_STARTS = frozenset("=+-@＝＋－＠|%")
_CONTROL_STARTS = frozenset("\t\r\n\0")
_LISTED = 5
_LONGEST_QUOTE = 60  # lines


@dataclass(frozen=True, slots=True)
class Table:
    """What a table must hold: `columns` by name and kind, a `key` without repeats, a CRS.

    `crs` is an EPSG name, or ``"metric"`` for any projected one; None where there is no
    geometry. Columns named in `optional` may be missing.
    """

    name: str
    columns: Mapping[str, ColumnKind]
    key: str | None = None
    crs: str | None = None
    optional: frozenset[str] = field(default_factory=frozenset)

    def check(self, frame: F) -> F:
        """`frame` untouched, if it keeps the contract.

        Raises
        ------
        TableError
            With every fault at once: missing column, wrong kind, repeated key, CRS, empty geometry.
        """
        faults = [*self._column_faults(frame), *self._key_faults(frame), *self._crs_faults(frame)]
        if faults:
            raise TableError(self.name, faults)
        return frame

    def _column_faults(self, frame: pd.DataFrame) -> Iterable[str]:
        for name, kind in self.columns.items():
            if name not in frame.columns:
                if name not in self.optional:
                    yield f"column {name!r} ({kind}) is missing"
            elif len(frame) and not _is_kind(frame[name], kind):
                yield f"column {name!r} holds {frame[name].dtype}, expected {kind}"
            elif kind in {"points", "shapes"}:
                empty = int((frame[name].isna() | frame[name].is_empty).sum())
                if empty:
                    yield f"column {name!r} has {empty} empty geometries"

    def _key_faults(self, frame: pd.DataFrame) -> Iterable[str]:
        if self.key is None or self.key not in frame.columns:
            return
        if frame[self.key].isna().any():
            yield f"column {self.key!r} has {int(frame[self.key].isna().sum())} empty ids"
        twins = frame.loc[frame[self.key].duplicated(), self.key].dropna().unique()
        if len(twins):
            yield f"column {self.key!r} repeats {', '.join(str(one) for one in twins[:_LISTED])}"

    def _crs_faults(self, frame: pd.DataFrame) -> Iterable[str]:
        if self.crs is None:
            return
        found = getattr(frame, "crs", None)
        if found is None:
            yield f"has no CRS, expected {self.crs}"
        elif self.crs == "metric":
            if not found.is_projected:
                yield f"is in {found}, expected a projected CRS in metres"
        elif found != self.crs:
            yield f"is in {found}, expected {self.crs}"


def read_text(path: Path) -> pd.DataFrame:
    """A CSV, XLSX or GeoPackage with every cell as text, "" where empty; blank rows are left out.

    What a file is, its first bytes say. CSV may be UTF-8, UTF-16 with a mark, or
    GB18030, separated by comma, semicolon or tab. Of a workbook the first sheet with
    anything in it is read; a formula counts as the value saved with it.

    Returns
    -------
    DataFrame
        Columns as headed in the file; index `row`: as in a spreadsheet, where the headings
        are row 1 (of a GeoPackage: the feature's fid). See `BEYOND` and `GEOMETRY_COLUMNS`.

    Raises
    ------
    MissingInput, BadInput
        No such file; not a table; repeated headings; or larger than this reads:
        `MAX_FILE_BYTES`, `MAX_ROWS`, `MAX_COLUMNS`, and for workbooks the limits of
        `dispatch.workbooks`.
    """
    raw = _bytes(path)
    if raw.startswith(b"SQLite format 3\x00"):
        if path.suffix.lower() != ".gpkg":
            raise BadInput(f"{path} looks like a GeoPackage; name it .gpkg, or save it as CSV")
        return _geopackage(path)
    return read_text_of(raw, path)


def read_text_of(raw: bytes, path: Path) -> pd.DataFrame:
    """The table of bytes that came by another way than a file; `path` is what to call them.

    As `read_text`, but no GeoPackage.

    Raises
    ------
    BadInput
        As there.
    """
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadInput(
            f"{path} is an old .xls or an encrypted workbook; save it as .xlsx or .csv, no password"
        )
    if raw.startswith(b"PK\x03\x04"):
        rows = [[cell_text(cell) for cell in row] for row in read_workbook(raw, str(path))]
    else:
        rows = _csv_rows(path, raw)
    return _headed(path, rows)


def cell_text(value: Any) -> str:
    """A typed cell as a person would type it: whole numbers without a point, ISO times."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if not math.isfinite(value):
            return "" if math.isnan(value) else str(value)
        case float() if value.is_integer() and abs(value) < 1e15:
            return f"{value:.0f}"
        case pd.Timestamp() | datetime() | date() | time():
            return "" if pd.isna(value) else value.isoformat()  # type: ignore[arg-type]
        case timedelta():
            minutes = round(value.total_seconds() / 60)
            return f"{minutes // 60:02d}:{minutes % 60:02d}"
    return str(value).strip()


def formula_like(text: str) -> bool:
    """Whether a spreadsheet may take the text for a formula, in half or full width."""
    return text.lstrip()[:1] in _FORMULA_STARTS or text[:1] in _CONTROL_STARTS


def harmless(value: Any) -> Any:
    """A cell no spreadsheet will compute: text that starts like a formula gets an apostrophe."""
    return "'" + value if isinstance(value, str) and formula_like(value) else value


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as UTF-8 CSV that Excel opens rightly (byte mark) and harmlessly."""
    safe = frame.copy()
    for position in range(safe.shape[1]):
        column = safe.iloc[:, position]
        if not pd.api.types.is_numeric_dtype(column.dtype):
            safe = safe.assign(**{str(safe.columns[position]): [harmless(one) for one in column]})
    safe.to_csv(
        path, index=False, encoding="utf-8-sig", lineterminator="\r\n"
    )  # so that a lone \r is quoted too


def _is_kind(column: Any, kind: ColumnKind) -> bool:
    match kind:
        case "number":
            return bool(pd.api.types.is_numeric_dtype(column.dtype)) and column.dtype != bool
        case "flag":
            return bool(pd.api.types.is_bool_dtype(column.dtype))
        case "time":
            return isinstance(column.dtype, pd.DatetimeTZDtype)
        case "points":
            return hasattr(column, "geom_type") and set(column.geom_type.dropna()) <= {"Point"}
        case "shapes":
            return hasattr(column, "geom_type")
    kinds = {type(one) for one in column.dropna()}
    return kinds <= {str, np.str_}


def _bytes(path: Path) -> bytes:
    if not path.exists():
        raise MissingInput(path)
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise BadInput(f"{path} has {size:,} bytes; at most {MAX_FILE_BYTES:,} are read: split it")
        return path.read_bytes()
    except OSError as cause:
        raise BadInput(f"{path} cannot be read as a file: {cause.strerror or cause}") from cause


def _csv_rows(path: Path, raw: bytes) -> list[list[str]]:
    text = _decode(path, raw)
    head = text[: text.find("\n")] if "\n" in text else text
    if "\x00" in head:
        raise BadInput(f"{path} holds NUL characters: it is no text table; expected CSV, XLSX or GeoPackage")
    delimiter = max(",;\t", key=head.count)
    rows: list[list[str]] = []
    for row in _records(io.StringIO(text, newline=""), delimiter):
        rows.append([cell.strip() for cell in row])
        if len(rows) > MAX_ROWS + 1:
            raise BadInput(f"{path} has more than {MAX_ROWS:,} rows: split it")
    return rows


def _records(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Rows of a CSV; a quotation mark left open costs its own row, not all rows after it.

    The csv module would take everything up to the next mark, or the end, into one cell. Here a
    quoted cell may run over `_LONGEST_QUOTE` lines, and only if its row then has no more cells
    than there are headings; otherwise the line is read with its marks as they stand.
    """
    waiting = deque[str]()
    source = iter(lines)
    width = 0
    while True:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None:
            return
        row = line.rstrip("\r\n").split(delimiter)
        if '"' in line:
            while len(waiting) < _LONGEST_QUOTE and (more := next(source, None)) is not None:
                waiting.append(more)
            quoted, taken = _quoted_row([line, *waiting], delimiter)
            if quoted is not None and (taken == 1 or len(quoted) <= width or not width):
                row = quoted
                for _ in range(taken - 1):
                    waiting.popleft()
        width = width or (len(row) if any(row) else 0)
        yield row


def _quoted_row(lines: Sequence[str], delimiter: str) -> tuple[list[str] | None, int]:
    """The row that begins with the first line, and how many lines it takes; None if it never ends."""
    text = ""
    for count, line in enumerate(lines, start=1):
        text += line
        if count > 1 and '"' not in line:
            continue
        try:
            return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)), count
        except csv.Error as cause:
            if "unexpected end" not in str(cause):
                return None, 1
    return None, 1


def _decode(path: Path, raw: bytes) -> str:
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(f"{path} is neither UTF-8 nor GB18030 text; save it as CSV UTF-8 or as XLSX")


def _headed(path: Path, rows: list[list[str]]) -> pd.DataFrame:
    first = next((number for number, row in enumerate(rows) if any(row)), None)
    if first is None:
        raise BadInput(f"{path} is empty; expected a row of headings and rows below it")
    headings = list(rows[first])
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > MAX_COLUMNS:
        raise BadInput(f"{path} has {len(headings)} columns; at most {MAX_COLUMNS} are read")
    twins = sorted({one for one in headings if one and headings.count(one) > 1})
    if twins:
        raise BadInput(
            f"{path}: heading {', '.join(repr(one[:40]) for one in twins)} stands twice; rename one"
        )
    width = len(headings)
    numbers: list[int] = []
    cells: list[list[str]] = []
    for number, row in enumerate(rows[first + 1 :], start=first + 2):
        if any(row):
            numbers.append(number)
            cells.append([*row[:width], *[""] * (width - len(row)), " ".join(row[width:]).strip()])
    frame = pd.DataFrame(cells, columns=[*headings, BEYOND], index=pd.Index(numbers, name="row"), dtype="str")
    if not frame[BEYOND].ne("").any():
        frame = frame.drop(columns=BEYOND)
    return frame.loc[:, [name != "" for name in frame.columns]]


def _geopackage(path: Path) -> pd.DataFrame:
    import pyogrio  # noqa: PLC0415 (half a second, for those who bring a GeoPackage)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layers = [str(name) for name, _ in pyogrio.list_layers(path)]
            if len(layers) != 1:
                raise BadInput(
                    f"{path} has {len(layers)} layers ({', '.join(layers[:_LISTED])}); expected one"
                )
            info = pyogrio.read_info(path, layer=layers[0])
            if info["driver"] != "GPKG":  # what merely looks like one must not be read as something else
                raise BadInput(
                    f"{path} is no GeoPackage but {info['driver']}; save it as .gpkg, .csv or .xlsx"
                )
            count = info["features"]
            if count > MAX_ROWS:
                raise BadInput(f"{path} has {count:,} features; at most {MAX_ROWS:,} are read: split it")
            frame = pyogrio.read_dataframe(path, layer=layers[0], fid_as_index=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as cause:
        if isinstance(cause, BadInput):
            raise
        raise BadInput(f"{path} is no GeoPackage that can be read: {str(cause)[:200]}") from cause
    return _without_geometry(path, frame)


def _without_geometry(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    columns = {
        str(name): [cell_text(cell) for cell in frame[name]] for name in frame.columns if name != "geometry"
    }
    if "geometry" in frame.columns:
        points = frame["geometry"]
        if getattr(frame, "crs", None) is None:
            raise BadInput(f"{path} has points without a coordinate system; set one and save it again")
        usable = ~(points.isna() | points.is_empty) & (points.geom_type == "Point")
        try:
            points = points.where(usable).to_crs("EPSG:4326")
        except Exception as cause:  # pyproj has many ways to refuse, none with a common base
            raise BadInput(f"{path}: its coordinate system cannot be converted: {cause}") from cause
        lon, lat = points.x.to_numpy(), points.y.to_numpy()
        columns["geometry_lon"] = [cell_text(float(one)) for one in lon]
        columns["geometry_lat"] = [cell_text(float(one)) for one in lat]
        columns["geometry_datum"] = ["" if math.isnan(one) else "WGS84" for one in lon]
    return pd.DataFrame(columns, index=pd.Index(frame.index.to_numpy(), name="row"), dtype="str")
