"""`dispatch geocode`: what an address means in an area, or which unit a point lies in."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console

from dispatch.errors import BadInput
from dispatch.reasons import Language, Reason, say

if TYPE_CHECKING:
    from dispatch.area import Area
    from dispatch.places.answers import Reading
    from dispatch.places.gazetteer import Gazetteer

notes = Console(stderr=True)
LARGEST_FILE_BYTES = 50_000_000
MOST_ADDRESSES = 1_000_000
_LINE_END = re.compile(r"\r\n|\r|\n")
_SAMPLE = 10_000
_STRANGE_SHARE = 0.02
_LIKE_A_FILE = re.compile(r"[^\n]{1,250}\.(txt|csv|tsv|xlsx?|json)", re.IGNORECASE)
_WIDTHS = (34, 46, 10, 11, 10, 8, 6, 30)
_HEADS = (
    ("地址", "address"), ("地点", "place"), ("级别", "level"), ("经度", "lon"), ("纬度", "lat"),
    ("误差米", "± m"), ("可能", "share"), ("未用文字或说明", "text not used, or note"),
)  # fmt: skip
_LEVELS = {"point": ("坐标", "point"), "poi": ("地点", "point of interest")}


def geocode(  # noqa: PLR0917 - typer makes each an option with a name
    address: Annotated[
        str, typer.Argument(help="An address, or a file of addresses, one a line (UTF-8 or GB18030).")
    ],
    area: Annotated[str, typer.Option(help="An area folder, or the name of a bundled one (maoming).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a list, one object per line.")] = False,
    online: Annotated[
        str | None,
        typer.Option(help="Also ask amap, tianditu or nominatim: addresses leave this machine."),
    ] = None,
    reverse: Annotated[
        str | None, typer.Option(help="ADDRESS is lon,lat in this datum: which unit does it lie in?")
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="A TOML file laid over the default settings.")] = None,
    lang: Annotated[Language, typer.Option(help="Language of the table and of notes: zh or en.")] = "zh",
) -> None:
    """What an address means: candidate places with level, radius and probability, and what is not known."""
    from dispatch.area import open_area
    from dispatch.datum import known_datum
    from dispatch.places.answers import read_addresses
    from dispatch.places.gazetteer import Gazetteer
    from dispatch.places.online import helper
    from dispatch.places.settings import place_settings
    from dispatch.settings import read_toml

    if online is not None and reverse is not None:
        raise typer.BadParameter("--online asks about addresses, --reverse about points; give one of them")
    overlay = read_toml(settings) if settings else {}
    lines = _lines(address)
    if reverse is not None:
        known_datum(reverse)
    if online is not None:
        helper(online, overlay, folder=None)  # a missing key is said before anything is read
    with notes.status(f"opening {area}"):
        ground = open_area(area)
        gazetteer = Gazetteer(ground.gazetteer, ground.boundaries)
    if reverse is not None:
        readings: Iterable[Reading] = _points(lines, gazetteer, reverse)
    else:
        readings = read_addresses(lines, gazetteer, place_settings(overlay))
    if online is not None:
        readings = _asked(readings, ground, gazetteer, online, overlay)
    _print_json(readings, lang) if as_json else _print_table(readings, lang)


def _lines(address: str) -> list[str]:
    """The address itself, or the lines of the file it names; a line that is empty is an empty address."""
    if not os.path.isfile(address):  # noqa: PTH113 - Path.is_file raises where a text is too long for a name
        if _LIKE_A_FILE.fullmatch(address):
            raise BadInput(f"{address} is no file here; give a file of addresses, one a line, or an address")
        return [address]
    path = Path(address)
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE_BYTES:
            raise BadInput(f"{path} has {size:,} bytes; at most {LARGEST_FILE_BYTES:,} are read: split it")
        raw = path.read_bytes()
    except OSError as cause:
        raise BadInput(f"{path} cannot be read: {cause.strerror or cause}") from cause
    lines = _LINE_END.split(_decoded(path, raw))
    if lines[-1] == "":
        lines.pop()  # the end of the last line, not another one
    if len(lines) > MOST_ADDRESSES:
        raise BadInput(f"{path} has {len(lines):,} lines; at most {MOST_ADDRESSES:,} are read: split it")
    return lines


def _decoded(path: Path, raw: bytes) -> str:
    for encoding in _encodings(raw):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or not _garbled(text):
            return text
    raise BadInput(f"{path} is neither UTF-8 nor GB18030 text; save it as UTF-8, one address a line")


def _encodings(raw: bytes) -> tuple[str, ...]:
    """What the first bytes say; two-byte text without a mark shows in how its lines end."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    if b"\n\0" in raw:
        return ("utf-16-le", "utf-8-sig")
    return ("utf-16-be", "utf-8-sig") if b"\0\n" in raw else ("utf-8-sig", "gb18030")


def _garbled(text: str) -> bool:
    """Whether text was written in another encoding (Big5, say): signs no address has are many."""
    sample = text[:_SAMPLE]
    strange = sum(unicodedata.category(sign) in ("Cc", "Cn", "Co") for sign in sample)
    return strange - sum(map(sample.count, "\r\n\t\0")) > _STRANGE_SHARE * len(sample)


def _points(lines: Iterable[str], gazetteer: Gazetteer, datum: str) -> Iterator[Reading]:
    """Each line is lon,lat: the unit it lies in as the one candidate, or why it lies in none."""
    from dispatch.places.answers import Meant, Reading
    from dispatch.places.whereabouts import reverse

    for line in lines:
        parts = line.replace("，", ",").replace(",", " ").split()
        try:
            lon, lat = (float(one) for one in parts)
        except ValueError:
            yield Reading(line, (), Reason("COORDINATE_UNREADABLE", {"found": line[:60]}))
            continue
        found = reverse(gazetteer, lon, lat, datum)
        if isinstance(found, Reason):
            yield Reading(line, (), found)
            continue
        level = next(reversed(list(found.path)), "")
        place = Meant(found.path, level, found.lon, found.lat, 0.0, 1.0, line, "")
        yield Reading(line, (place,) if found.path else (), None if found.path else Reason("NO_UNIT_KNOWN"))


def _asked(
    readings: Iterable[Reading], ground: Area, gazetteer: Gazetteer, name: str, overlay: Mapping[str, Any]
) -> Iterator[Reading]:
    from dispatch.places.online import ask, helper

    chosen = helper(name, overlay, folder=ground.cache_folder())
    notes.print(
        f"地址将离开本机，发送到 {chosen.title}（{chosen.host}） / "
        f"addresses leave this machine: they are sent to {chosen.host}",
        style="bold yellow", markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    return ask(readings, chosen, gazetteer)


def _print_json(readings: Iterable[Reading], lang: Language) -> None:
    """A JSON list, one object per line, in the order of the addresses."""
    print("[", end="")
    before = ""
    for reading in readings:
        value = reading.as_json(lang)
        line = json.dumps(value, ensure_ascii=False)
        print(before, line if _printable(line) else json.dumps(value), sep="\n", end="")
        before = ","
    print("\n]")


def _printable(line: str) -> bool:
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _print_table(readings: Iterable[Reading], lang: Language) -> None:
    from dispatch.area import WORDS

    side = 0 if lang == "zh" else 1
    print(_row([pair[side] for pair in _HEADS]))
    for reading in readings:
        note = say(reading.note, lang) if reading.note else ""
        if not reading.candidates:
            print(_row([reading.address, "—", "", "", "", "", "", note]))
        for number, one in enumerate(reading.candidates):
            source = f"[{one.source}] " if one.source else ""
            cells = [
                reading.address if number == 0 else "",
                source + " ".join(one.path.values()),
                _LEVELS.get(one.level, WORDS.get(one.level, (one.level, one.level)))[side],
                f"{one.lon:.6f}",
                f"{one.lat:.6f}",
                f"{one.radius_metres:,.0f}",
                f"{one.probability:.0%}",
                " · ".join(filter(None, (one.unused, note if number == 0 else ""))),
            ]
            print(_row(cells))


def _row(cells: list[str]) -> str:
    """Cells padded to their columns, whatever is not printable shown as a question mark."""
    shown = []
    for cell, width in zip(cells, _WIDTHS, strict=True):
        text = "".join(sign if sign.isprintable() else "?" for sign in cell)
        text = text.encode(sys.stdout.encoding or "utf-8", "replace").decode(sys.stdout.encoding or "utf-8")
        if cell_len(text) > width and width != _WIDTHS[-1]:
            text = set_cell_size(text, width - 1) + "…"
        shown.append(set_cell_size(text, max(width, cell_len(text))))
    return "  ".join(shown).rstrip()
