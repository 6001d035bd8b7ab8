"""`dispatch coverage outreach`: where and for whom to hold prevention sessions."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from dispatch.errors import BadInput, MissingInput, OutputExists
from dispatch.reasons import Language

if TYPE_CHECKING:
    from dispatch.area import Area
    from dispatch.coverage.outreach import Outreach

notes = Console(stderr=True)
_LISTED = 5


def outreach(  # noqa: PLR0917 - typer makes each an option with a name
    area: Annotated[str, typer.Argument(help="An area folder, or the name of a bundled one.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    sessions: Annotated[int, typer.Option(min=1, help="How many sessions can be held in all.")],
    begin: Annotated[
        str | None, typer.Option("--from", help="First day, such as 2026-06-01; default: next Monday.")
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=104, help="How long the campaign lasts.")] = 26,
    floor: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="Share covered in the worst-served town, at least; 0 to 1."),
    ] = 0.0,
    people: Annotated[
        Path | None,
        typer.Option(help="Residents, installed share, past sessions, by village or township and group."),
    ] = None,
    venues: Annotated[
        Path | None,
        typer.Option(help="Where sessions can be held; default: villages, markets and schools of the area."),
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="A TOML file laid over the default settings.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a folder that is there.")] = False,
    lang: Annotated[Language, typer.Option(help="zh or en.")] = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """Choose sessions so that most of those at risk are newly covered; writes tables, calendar and map."""
    from dispatch.area import open_area
    from dispatch.coverage.outreach import outreach as choose
    from dispatch.coverage.outreach import outreach_settings
    from dispatch.coverage.outreach.write import summary, write_outreach
    from dispatch.day.drawing import basemap
    from dispatch.settings import read_toml

    for table in (people, venues):
        if table is not None and not table.exists():
            raise MissingInput(table)
    if out.exists() and not force:
        raise OutputExists(out)
    chosen = outreach_settings(read_toml(settings) if settings else {})
    with notes.status(f"opening {area}") as status:
        ground = open_area(area)
        now = datetime.now(ZoneInfo(ground.time_zone))
        first = _first_day(begin, now)
        status.update("choosing sessions")
        found = choose(ground, chosen, sessions, first, weeks * 7, floor=floor, people=people, venues=venues)
        status.update("writing")
        write_outreach(found, ground, chosen, out, now, basemap=basemap(ground), language=lang, force=force)
    print(json.dumps(summary(found), ensure_ascii=False) if as_json else _account(found, ground, lang))
    if not as_json:
        print(out / "map.html")
    for zh, en in found.people.notes:
        notes.print(zh if lang == "zh" else en, highlight=False, markup=False)


def _first_day(text: str | None, now: datetime) -> date:
    if text is None:
        return now.date() + timedelta(days=7 - now.weekday())
    try:
        return date.fromisoformat(text)
    except ValueError as cause:
        raise BadInput(f"--from is {text!r:.40}, expected a day such as 2026-06-01") from cause


def _account(found: Outreach, area: Area, lang: Language) -> str:
    """What a planner reads first: what is covered, how good the choice is, who is worst served."""
    from dispatch.intake.ground import Ground

    name = Ground(area.gazetteer).name
    worst = [f"{name(code) or code} {after:.2%}" for code, _, after in found.towns[:_LISTED]]
    refused = len(found.people.rejected) + len(found.venues.rejected)
    before, after, bound = found.share_before, found.share_after, found.share_bound
    practice = [("演练数据。" if lang == "zh" else "PRACTICE DATA.")] if area.synthetic else []
    if lang == "zh":
        lines = [
            *practice,
            f"{len(found.sessions)} 场：按风险加权的居民覆盖率 {before:.2%} → {after:.2%}"
            f"（任何排法不超过 {bound:.2%}，差距 {found.gap_percent:.2f}%）",
            f"覆盖最低的镇街：{'、'.join(worst)}",
        ]
        lines += [f"退回 {refused} 行，见 rejected_*.csv"] if refused else []
    else:
        lines = [
            *practice,
            f"{len(found.sessions)} sessions: residents covered, weighted by risk, {before:.2%} → {after:.2%} "
            f"(no choice exceeds {bound:.2%}; gap {found.gap_percent:.2f} %)",
            f"worst served: {', '.join(worst)}",
        ]
        lines += [f"{refused} rows refused, see rejected_*.csv"] if refused else []
    return "\n".join(lines)
