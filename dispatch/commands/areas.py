"""`dispatch area add`: names a centre already has, joined to an area."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dispatch.reasons import Language, say

if TYPE_CHECKING:
    from dispatch.area import Area
    from dispatch.places.joining import Joined

notes = Console(stderr=True)
_SHOWN = 5


def add(  # noqa: PLR0917 - typer makes each an option with a name
    area: Annotated[str, typer.Argument(help="An area folder, or the name of a bundled one (with --out).")],
    names: Annotated[
        Path | None, typer.Option("--list", help="Administrative list: code, name; perhaps lon, lat, datum.")
    ] = None,
    library: Annotated[
        Path | None, typer.Option(help="Address library (标准地址库): address, lon, lat, datum.")
    ] = None,
    datum: Annotated[
        str, typer.Option(help="Of coordinates whose row names none: WGS84, CGCS2000, GCJ02 or BD09.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Write a copy here; default: the area's own folder.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an area folder at --out.")] = False,
    lang: Annotated[Language, typer.Option(help="Language of the account: zh or en.")] = "zh",
) -> None:
    """Add the names of a list or of an address library to an area; what it has is not added twice."""
    from dispatch.area import open_area
    from dispatch.datum import known_datum
    from dispatch.enlarge import enlarge_area
    from dispatch.places.library import read_library, read_list

    if (names is None) == (library is None):
        raise typer.BadParameter("give either --list FILE or --library FILE")
    if datum:
        known_datum(datum)
    with notes.status(f"opening {area}") as status:
        ground = open_area(area)
        status.update("reading names")
        read = read_list(names, datum) if names else read_library(library or Path(), datum)
        status.update("joining names")
        source = (names or library or Path()).name
        enlarged, joined = enlarge_area(ground, read, source, out, force=force)
    print(_account(enlarged, joined, lang))


def _account(area: Area, joined: Joined, lang: Language) -> str:
    """How many were added by level, how many were known, and why the others were refused."""
    from dispatch.area import WORDS

    side = 0 if lang == "zh" else 1
    added = [
        f"  {WORDS.get(level, (level, level))[side]}: {count:,}" for level, count in joined.added.items()
    ]
    lines = [
        f"{area.name}  [{area.folder}]",
        f"{('新增', 'added')[side]}: {sum(joined.added.values()):,}",
        *added,
        f"{('已有', 'known already')[side]}: {joined.known:,}",
    ]
    if joined.unplaced:
        lines.append(
            (
                f"其中 {joined.unplaced:,} 处没有坐标，只知属于哪个上级",
                f"{joined.unplaced:,} of them without a coordinate: known to lie in their unit, no more",
            )[side]
        )
    lines.append(f"{('未采用', 'refused')[side]}: {len(joined.refused):,}")
    lines += [
        f"  {count:,} × {code}"
        for code, count in Counter(why.code for _, why in joined.refused).most_common()
    ]
    row = ("第 {} 行", "row {}")[side]
    lines += [f"  {row.format(number)}: {say(why, lang)}" for number, why in joined.refused[:_SHOWN]]
    return "\n".join("".join(sign if sign.isprintable() else "?" for sign in line) for line in lines)
