"""Writing a book into a folder: pages, the table and the messages, each readable by its owner alone."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from dispatch.reasons import Language
from dispatch.redact import Redact
from dispatch.sheets.book import SheetBook
from dispatch.sheets.messages import instructions_txt
from dispatch.sheets.prepare import prepared
from dispatch.sheets.sealing import Seal, all_sealed, refuse_unsealed
from dispatch.sheets.table import routes_csv
from dispatch.sheets.track import route_gpx
from dispatch.sheets.workbook import routes_xlsx

Format = Callable[[SheetBook, Language], Iterable[tuple[str, str | bytes]]]
"""A format gives (file name, content) one at a time, so that memory stays flat."""

_UNSAFE = re.compile(r"[^\w\-]+")
# names Windows keeps for devices
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)")
OVERVIEW = "index"


def write_sheets(
    sheets: SheetBook,
    out: Path,
    language: Language = "zh",
    redact: Redact = "none",
    formats: Iterable[str] | None = None,
    *,
    seal: Seal | None = None,
    ready: bool = False,
    written: Callable[[str], object] = lambda _: None,
) -> tuple[Path, ...]:
    """Write a book into folder `out` (made if missing) and say which files were written.

    `html`: a page per responder and `index.html`; `csv` and `xlsx`: `routes.csv`, `routes.xlsx`;
    `txt`: `instructions.txt`; `gpx`: a track per responder; `pdf`: a sheet per responder and an
    overview per unit; without `formats` those of `USUAL`.
    Files of the same name are replaced; all are mode 0600. Names and phone numbers are masked;
    with redact `mask` addresses, turns and positions are coarse too. `seal` puts each page behind a
    passphrase; `ready` says that the book comes from `prepared` with this `redact`; `written` is called with the
    name of every file.

    Raises
    ------
    ValueError
        A format or `redact` is not a known one.
    BadInput
        A format cannot be sealed.
    """
    chosen = list(USUAL if formats is None else formats)
    if unknown := [one for one in chosen if one not in FORMATS]:
        raise ValueError(f"unknown formats: {', '.join(unknown)}; known: {', '.join(FORMATS)}")
    if seal:
        refuse_unsealed(chosen)
    book = sheets if ready else prepared(sheets, redact)
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths = []
    for one in chosen:
        files = FORMATS[one](book, language)
        for name, content in all_sealed(files, seal) if seal else files:
            _write_private(out / name, content.encode() if isinstance(content, str) else content)
            paths.append(out / name)
            written(name)
    return tuple(paths)


def file_names(ids: Iterable[str], suffix: str = ".html") -> dict[str, str]:
    """A file name for each id: safe on every system, no two the same, none that of the overview.

    Letters (Chinese too), digits, `_` and `-` stay; an id that had to be changed carries a
    short hash of itself, so its name does not depend on the other ids.
    """
    names: dict[str, str] = {}
    taken = {OVERVIEW}
    for one in ids:
        if one in names:
            continue
        stem = _UNSAFE.sub("_", unicodedata.normalize("NFC", one))[:60].strip("_")
        if not stem or stem != one or _RESERVED.fullmatch(stem) or stem.casefold() in taken:
            digest = hashlib.sha256(one.encode("utf-8", "surrogatepass")).hexdigest()
            stem = f"{stem or 'sheet'}-{digest[:10]}"
            stem = stem if stem.casefold() not in taken else f"{stem}-{digest[10:40]}"
        taken.add(stem.casefold())
        names[one] = stem + suffix
    return names


def _pages(book: SheetBook, language: Language) -> Iterator[tuple[str, str]]:
    # loaded where pages are made: who only plans the day waits for no templates
    from dispatch.sheets.pages import overview_page, route_page  # noqa: PLC0415
    from dispatch.sheets.paper.drawing import Ground  # noqa: PLC0415

    files = file_names(sheet.responder_id for sheet in book.sheets)
    ground = Ground(book.ground)
    for sheet in book.sheets:
        yield files[sheet.responder_id], route_page(book, sheet, language, ground)
    if book.overviews:
        yield f"{OVERVIEW}.html", overview_page(book, files, language)


def _table(book: SheetBook, language: Language) -> Iterator[tuple[str, str]]:
    yield "routes.csv", routes_csv(book, language)


def _messages(book: SheetBook, language: Language) -> Iterator[tuple[str, str]]:
    yield "instructions.txt", instructions_txt(book, language)


def _workbook(book: SheetBook, language: Language) -> Iterator[tuple[str, bytes]]:
    yield "routes.xlsx", routes_xlsx(book, language)


def _tracks(book: SheetBook, language: Language) -> Iterator[tuple[str, str]]:
    files = file_names((sheet.responder_id for sheet in book.sheets), ".gpx")
    for sheet in book.sheets:
        yield files[sheet.responder_id], route_gpx(book, sheet, language)


def _paper(book: SheetBook, language: Language) -> Iterator[tuple[str, bytes]]:
    from dispatch.sheets.paper import printed, units_of  # noqa: PLC0415 - only where paper is asked for

    crews = {sheet.responder_id: None for sheet in book.sheets}
    # no crew's id has a line break in it: whatever crews are called, no overview takes a sheet's name
    of = units_of(book) if book.overviews else ()
    units = {unit.id + "\n" * (unit.id in crews): unit for unit in of}
    yield from printed(book, units, file_names([*crews, *units], ".pdf"), language)


FORMATS: Mapping[str, Format] = {
    "html": _pages,
    "csv": _table,
    "txt": _messages,
    "xlsx": _workbook,
    "gpx": _tracks,
    "pdf": _paper,
}
"""A new format is one function here, of the book alone."""
USUAL = ("html", "csv", "txt", "xlsx", "gpx")
"""What `dispatch plan` writes."""


def _write_private(path: Path, content: bytes) -> None:
    """Write a file only its owner can read, never through a link somebody left at its name."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        path.chmod(0o600)  # an older file keeps its own mode otherwise
        file.write(content)
