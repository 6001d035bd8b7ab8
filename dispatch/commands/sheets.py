"""`dispatch sheets`: what the teams of a plan carry, made from its folder alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dispatch.commands import privacy
from dispatch.errors import BadInput, DispatchError
from dispatch.reasons import Language
from dispatch.redact import Redact

if TYPE_CHECKING:
    from dispatch.planfile import PlanFile
    from dispatch.sheets import SheetBook

notes = Console(stderr=True)
MARK = "sheets.json"
LISTED = 5


def sheets(  # noqa: PLR0917 - typer makes each an option with a name
    plan: Annotated[Path, typer.Argument(help="A plan folder.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    formats: Annotated[
        str | None,
        typer.Option(
            "--format", help="Of pdf,html,xlsx,csv,gpx,txt, with commas; default: all, sealed: html."
        ),
    ] = None,
    responder: Annotated[str | None, typer.Option(help="Only the sheet of the responder of this id.")] = None,
    lang: Annotated[Language, typer.Option(help="Language they are in, or open in: zh or en.")] = "zh",
    redact: Annotated[
        Redact, typer.Option(help="none: names and numbers masked; mask, area: addresses and turns too.")
    ] = "none",
    passphrase: Annotated[
        bool,
        typer.Option(
            "--passphrase",
            help=f"Seal the pages for the phone; asks for one, or takes {privacy.PASSPHRASE_VARIABLE}.",
        ),
    ] = False,
    nav_links: Annotated[
        bool, typer.Option("--nav-links", help="Put each stop's point for a navigation service on paper.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a folder of sheets that is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """Write what teams carry: pages for the phone, paper, tables, tracks and messages."""
    from dispatch.sheets import write_sheets
    from dispatch.sheets.keeping import book_of_folder
    from dispatch.sheets.sealing import refuse_unsealed, sealing
    from dispatch.store import refuse_overwrite, write_folder

    refuse_overwrite(out, force=force)
    chosen = _chosen(formats, sealed=passphrase)
    if passphrase:
        refuse_unsealed(chosen)
    with notes.status("reading the plan"):
        file, book = book_of_folder(plan, lang)
        book = replace(book, nav_links=nav_links)
        if {"pdf", "html"} & set(chosen):
            book = replace(book, ground=_ground(plan, file))
    book = _of(book, responder, file) if responder is not None else book
    phrase = privacy.ask_passphrase(passphrase)
    seal = sealing(phrase, lang) if phrase else None
    made: list[str] = []

    def fill(folder: Path) -> None:
        with _progress() as progress:
            bar = progress.add_task(", ".join(chosen), total=_files(book, chosen))

            def written(name: str) -> None:
                made.append(name)
                progress.update(bar, completed=len(made))

            write_sheets(book, folder, lang, redact, chosen, seal=seal, written=written)
        _write_mark(folder, book, chosen, redact, sealed=seal is not None)

    write_folder(out, fill, force=force)
    _say(out, book, made, as_json=as_json)


def _chosen(formats: str | None, *, sealed: bool) -> list[str]:
    """The formats asked for, each once; every one where none is named, of sealed sheets those that can be."""
    from dispatch.sheets.sealing import SEALED
    from dispatch.sheets.write import FORMATS

    if formats is None:
        return [one for one in FORMATS if not sealed or one in SEALED]
    chosen = list(dict.fromkeys(one.strip().lower() for one in formats.split(",") if one.strip()))
    if not chosen or any(one not in FORMATS for one in chosen):
        raise typer.BadParameter(f"--format: found {formats!r}, expected some of {','.join(FORMATS)}")
    return chosen


def _ground(plan: Path, file: PlanFile) -> Any:
    """The roads to draw under a route: those of the plan's map, else of its bundled area; None where there are none."""
    import maps
    from dispatch.day.drawing import basemap
    from dispatch.replan.folders import area_of

    try:
        return maps.read_view(plan / "map.npz", {}).basemap
    except DispatchError:
        pass
    try:
        return basemap(area_of(file, None))
    except DispatchError:
        return None


def _of(book: SheetBook, responder: str, file: PlanFile) -> SheetBook:
    """The book of one responder alone."""
    own = tuple(sheet for sheet in book.sheets if sheet.responder_id == responder)
    if not own:
        known = {one.id for one in file.problem.responders}
        going = ", ".join(sheet.responder_id for sheet in book.sheets[:LISTED]) or "nobody"
        why = "goes nowhere in this plan" if responder in known else "is no responder of this plan"
        more = "" if len(book.sheets) <= LISTED else f" and {len(book.sheets) - LISTED} more"
        raise BadInput(f"{responder} {why}; with visits: {going}{more}")
    return replace(book, sheets=own, unvisited=(), left_out=0, overviews=False)


def _files(book: SheetBook, formats: list[str]) -> int:
    """How many files there will be."""
    total = 0
    for one in formats:
        total += len(book.sheets) if one in {"html", "gpx", "pdf"} else 1
        if book.overviews and one == "html":
            total += 1
        if book.overviews and one == "pdf":
            from dispatch.sheets.paper import units_of

            total += len(units_of(book))
    return total


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=notes,
        transient=True,
    )


def _write_mark(folder: Path, book: SheetBook, formats: list[str], redact: Redact, *, sealed: bool) -> None:
    """What the folder holds; a folder with it may be replaced by --force."""
    value = {
        "plan_id": book.plan_id,
        "formats": formats,
        "lang": book.language,
        "redact": redact,
        "sealed": sealed,
    }
    (folder / MARK).write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8")


def _say(out: Path, book: SheetBook, made: list[str], *, as_json: bool) -> None:
    counts: dict[str, int] = {}
    for name in made:
        suffix = name.rsplit(".", 1)[-1]
        counts[suffix] = counts.get(suffix, 0) + 1
    stops = sum(len(sheet.stops) for sheet in book.sheets)
    if as_json:
        value = {"plan_id": book.plan_id, "sheets": len(book.sheets), "stops": stops, "files": counts}
        print(json.dumps(value | {"out": str(out)}, ensure_ascii=False))
        return
    listed = ", ".join(f"{count} {suffix}" for suffix, count in counts.items())
    print(f"{out}: {len(book.sheets)} sheets, {stops} stops; {listed}")
