"""`dispatch map`: another map of a plan that is there: for one responder, masked, sealed, with links."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from dispatch.commands import privacy
from dispatch.errors import BadInput, MissingInput, OutputExists
from dispatch.reasons import Language
from dispatch.redact import Redact

NAVIGATION_HELP = (
    "Put links to AMap, Baidu and the device's map beside every place; they carry the point alone."
)


def draw(  # noqa: PLR0917 - typer makes each an option with a name
    plan: Annotated[Path, typer.Argument(help="A plan folder.")],
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    responder: Annotated[str | None, typer.Option(help="Only the cases of the responder of this id.")] = None,
    redact: Annotated[
        Redact | None, typer.Option(help="none, mask or area; default: mask, or none without --responder.")
    ] = None,
    nav_links: Annotated[bool, typer.Option("--nav-links", help=NAVIGATION_HELP)] = False,
    passphrase: Annotated[bool, typer.Option("--passphrase", help=privacy.PASSPHRASE_HELP)] = False,
    watermark: Annotated[str | None, typer.Option(help=privacy.WATERMARK_HELP)] = None,
    tiles: Annotated[
        str | None, typer.Option(help="Online tiles under the map, off by default: amap, tianditu or osm.")
    ] = None,
    lang: Annotated[Language | None, typer.Option(help="Language it opens in; default: the plan's.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Draw a plan's map again: for one responder, masked, sealed, or with links."""
    import maps
    from dispatch.day.navigation import with_navigation

    if out.is_dir() or (out.exists() and not force):
        raise OutputExists(out)
    view = maps.read_view(plan / "map.npz", _people(plan))
    if responder is not None:
        view = maps.for_responder(view, responder)
    if nav_links:
        view = with_navigation(view)
    view = maps.redacted(view, redact or ("none" if responder is None else "mask"))
    view = replace(
        view,
        language=lang or view.language,
        watermark=privacy.watermark(watermark, datetime.now().astimezone()) if watermark else "",
        tiles=privacy.tiles(tiles),
    )
    maps.write_map(maps.plan_map(view), out, passphrase=privacy.ask_passphrase(passphrase))
    print(f"{out}: {len(view.cases)} cases, {len(view.routes)} routes")


def _people(plan: Path) -> dict[str, Any]:
    path = plan / "people.json"
    if not path.is_file():
        raise MissingInput(path, "dispatch plan")
    try:
        people = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError, RecursionError) as cause:
        raise BadInput(f"{path} is not JSON ({cause}); restore it or plan again") from cause
    if not isinstance(people, dict) or not all(isinstance(one, dict) for one in people.values()):
        raise BadInput(f"{path} does not hold a person per case; restore it or plan again")
    return people
