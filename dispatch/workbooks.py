"""XLSX workbooks, looked at before they are unpacked: a small file may claim to be a huge one.

A workbook is a zip of XML. Three tricks make a small one fill any memory: parts that inflate
without end, a lone cell in the last corner of the sheet (the reader allocates everything
before it), and one long shared text used by every cell. All three are counted here first.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from dispatch.errors import BadInput

MAX_UNPACKED_BYTES = 256_000_000
"""Of all parts of a workbook together."""
MAX_CELLS = 10_000_000
"""Of one sheet, from A1 to its last used corner, empty ones included."""
MAX_TEXT_BYTES = 512_000_000
"""Of one sheet, shared texts counted each time they are used."""

_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,4})(\d{0,9})["']""")
_SHARED = re.compile(rb"""\st\s*=\s*["']s["'][^>]*>\s*<(?:\w+:)?v>\s*(\d{1,9})""")
_TEXT = re.compile(rb"<(?:\w+:)?si[\s>/]")
_LOCAL_HEADER = struct.Struct("<26xHH")  # lengths of the name and the extra field, which the data follow


def read_workbook(raw: bytes, name: str) -> list[list[Any]]:
    """Rows of the first sheet that holds anything, from its row 1, as typed cells.

    Raises
    ------
    BadInput
        Not a workbook, encrypted, damaged, or beyond the limits above; `name` is who it was.
    """
    _refuse_bombs(raw, name)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(raw)) as book:
            for sheet in book.sheet_names:
                rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
                if rows:
                    return rows
    except PasswordError as cause:
        raise BadInput(f"{name} has a password; save it without one") from cause
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as cause:
        raise BadInput(f"{name} is no workbook that can be read ({cause}); save it again as .xlsx") from cause
    raise BadInput(f"{name} is empty; expected a sheet with a row of headings and rows below it")


def _refuse_bombs(raw: bytes, name: str) -> None:
    left = MAX_UNPACKED_BYTES
    sheets: list[bytes] = []
    texts = b""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for part in archive.infolist():
                content = _inflate(raw, part, left)
                left -= len(content)
                if left <= 0:
                    raise BadInput(
                        f"{name} unpacks to more than {MAX_UNPACKED_BYTES:,} bytes; save it as CSV"
                    )
                if part.filename.lower().endswith("sharedstrings.xml"):
                    texts += content
                elif part.filename.lower().endswith(".xml"):
                    sheets.append(content)
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, ValueError) as cause:
        if isinstance(cause, BadInput):
            raise
        raise BadInput(f"{name} is damaged ({cause}); save it again as .xlsx") from cause
    lengths = _text_lengths(texts)
    for sheet in sheets:
        _refuse_large_sheet(sheet, lengths, name)


def _inflate(raw: bytes, part: zipfile.ZipInfo, limit: int) -> bytes:
    """The part as its bytes really are: what the archive says of its size is not believed."""
    name_length, extra_length = _LOCAL_HEADER.unpack_from(raw, part.header_offset)
    start = part.header_offset + _LOCAL_HEADER.size + name_length + extra_length
    packed = raw[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        return packed
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile(f"compression {part.compress_type} is not one of a workbook")
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit + 1)


def _text_lengths(texts: bytes) -> NDArray[np.int64]:
    starts = [found.start() for found in _TEXT.finditer(texts)]
    ends = np.array([*starts, len(texts)], dtype=np.int64)
    return ends[1:] - ends[:-1]


def _refuse_large_sheet(sheet: bytes, lengths: NDArray[np.int64], name: str) -> None:
    last_row = last_column = 1
    for letters, digits in set(_REFERENCE.findall(sheet)):
        column = 0
        for letter in letters.upper():
            column = column * 26 + letter - 64
        last_column, last_row = max(last_column, column), max(last_row, int(digits or 0))
    if last_row * last_column > MAX_CELLS:
        raise BadInput(
            f"{name} reaches to row {last_row:,}, column {last_column:,}; at most {MAX_CELLS:,} cells are read: "
            "delete the empty rows and columns below and beside the table, or save it as CSV"
        )
    used = np.array([int(one) for one in _SHARED.findall(sheet)], dtype=np.int64)
    text_bytes = int(lengths[used[used < len(lengths)]].sum()) if len(used) else 0
    if text_bytes > MAX_TEXT_BYTES:
        raise BadInput(f"{name} holds {text_bytes:,} bytes of text; at most {MAX_TEXT_BYTES:,} are read")
