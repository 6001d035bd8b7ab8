"""`dispatch replan`: a plan under way goes on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from dispatch.commands import ledger as ledgers
from dispatch.commands import privacy
from dispatch.commands.ledger import _who as who_of
from dispatch.commands.stages import stages
from dispatch.errors import BadInput
from dispatch.reasons import Language, say
from dispatch.redact import Redact
from dispatch.store import refuse_overwrite

if TYPE_CHECKING:
    from dispatch.ledger import Ledger
    from dispatch.replan.before import Before
    from dispatch.replan.events import EventFile
    from dispatch.replan.remembering import Heard
    from dispatch.replan.replanning import Replanned

notes = Console(stderr=True)
NEEDS_A_HUMAN = 3


def replan(  # noqa: PLR0917 - typer makes each an option with a name
    plan: Annotated[Path, typer.Argument(help="The plan folder that is under way; it stays as it is.")],
    at: Annotated[str, typer.Option(help="Now: 2026-05-01T20:10, in the area's time zone.")],
    out: Annotated[Path, typer.Option(help="The new plan folder.")],
    events: Annotated[
        Path | None, typer.Option(help="What has happened: CSV or XLSX, see docs/replan.md.")
    ] = None,
    alerts: Annotated[
        Path | None,
        typer.Option(help="New alerts, as for dispatch plan; they may stand among the events too."),
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option(
            help="Count what this ledger has heard too, and write facts, plan and instructions into it."
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Who re-plans, for the ledger; default: DISPATCH_BY, else the user.")
    ] = None,
    max_changes: Annotated[
        int | None,
        typer.Option(min=0, help="Of the people told, how many may be told anew at most; default: no limit."),
    ] = None,
    area: Annotated[str | None, typer.Option(help="The area's folder; not needed for a bundled one.")] = None,
    responders: Annotated[
        Path | None,
        typer.Option(help="Who can be sent from now on, after a change of shift; default: the plan's."),
    ] = None,
    jurisdiction: Annotated[
        Path | None, typer.Option(help="Who answers for what, with --responders; default: the area's.")
    ] = None,
    settings: Annotated[
        Path | None, typer.Option(help="A TOML file laid over the default settings; default: the plan's.")
    ] = None,
    weather: Annotated[str | None, typer.Option(help="dry, rain, heavy_rain, typhoon, …")] = None,
    policy: Annotated[
        str, typer.Option(help="How to decide: search (default), ortools or nearest.")
    ] = "search",
    seconds: Annotated[float | None, typer.Option(min=0.01, help="How long to think; default 0.9.")] = None,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Think for so many steps instead: the same plan on any run.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and iterations, same plan.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace a plan folder that is there.")] = False,
    lang: Annotated[Language, typer.Option(help="zh or en.")] = "zh",
    redact: Annotated[Redact | None, typer.Option(help="As for dispatch plan.")] = None,
    passphrase: Annotated[bool, typer.Option("--passphrase", help=privacy.PASSPHRASE_HELP)] = False,
    watermark: Annotated[str | None, typer.Option(help=privacy.WATERMARK_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """Go on from a plan: what is under way stays, the rest is decided anew, and what is different is said."""
    from dispatch.replan.folders import area_of, make_ready, read_before, write_replanned
    from dispatch.replan.folders import as_json as told_as_json
    from dispatch.replan.replanning import Effort
    from dispatch.replan.replanning import replan as go_on
    from dispatch.routing import POLICIES
    from dispatch.settings import read_toml
    from dispatch.sheets.keeping import scripts_kept

    if policy not in POLICIES:
        raise typer.BadParameter(f"--policy: found {policy!r}, expected one of {', '.join(POLICIES)}")
    if seconds is not None and iterations is not None:
        raise typer.BadParameter("give --seconds or --iterations, not both")
    if out.resolve() == plan.resolve():
        raise BadInput(
            f"--out is {plan}, the plan that is under way and stays as it is; choose another folder"
        )
    refuse_overwrite(out, force=force)
    with stages(notes, "reading") as report:
        before = read_before(plan, settings, weather)
        ground = area_of(before.file, area)
        moment = _moment(at, ground.time_zone)
        news = _news(events, alerts, dict(before.rules.columns), ground.time_zone)
        memory = _memory(ledger, settings, before, news, moment) if ledger else None
        news = memory[1].events if memory else news
        crews = _crews(ground, responders, jurisdiction, moment, before.rules) if responders else None
        done = go_on(
            ground,
            before,
            news,
            moment,
            max_changes=max_changes,
            effort=Effort(policy, seconds, iterations, seed),
            crews=crews,
            report=report,
            meanwhile=make_ready,
        )
    reading: dict[str, Any] = {
        "passphrase": privacy.ask_passphrase(passphrase),
        "scripts": read_toml(settings).get("scripts", {}) if settings else scripts_kept(plan),
        "watermark": privacy.watermark(watermark, datetime.now().astimezone()) if watermark else "",
    }
    if memory:
        from dispatch.replan.remembering import keep

        book, heard = memory
        reading["before_shown"] = lambda: keep(book, done, heard, who_of(by))
    with stages(notes, "writing"):
        write_replanned(done, out, language=lang, redact=redact, force=force, **reading)
    for line in done.day.notes:
        notes.print(f"note: {line}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    for warning in done.day.warnings:
        told = f"warning: {say(warning, lang)}"
        notes.print(told, style="bold yellow", markup=False, highlight=False, soft_wrap=True)
    if as_json:
        print(told_as_json(done))
    else:
        _say(done, out, lang)
    if len(done.rejected):
        raise typer.Exit(NEEDS_A_HUMAN)


def _moment(text: str, time_zone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as cause:
        raise BadInput(f"--at: found {text!r}, expected a moment such as 2026-05-01T20:10") from cause
    zone = ZoneInfo(time_zone)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _memory(
    url: str, settings: Path | None, before: Before, news: EventFile, at: datetime
) -> tuple[Ledger, Heard]:
    """The ledger, and what it has heard."""
    from dispatch.replan.remembering import heard

    book = ledgers.open_ledger(url, settings)
    zone = str(before.file.area.get("time_zone", "Asia/Shanghai"))
    hours = before.settings.stale_report_hours
    return book, heard(book, before.file, news, at, time_zone=zone, hours=hours)


def _news(events: Path | None, alerts: Path | None, columns: dict[str, str], time_zone: str) -> Any:
    """The events, and the alerts of both files."""
    from dataclasses import replace

    import pandas as pd

    from dispatch.intake.alerts import Alerts, read_alerts
    from dispatch.replan.events import EventFile, nothing_usable, read_events

    news = read_events(events, columns, time_zone) if events else EventFile()
    if events and not news.events and not news.alerts.received and len(news.rejected):
        raise nothing_usable(events, news)
    if alerts is None:
        return news
    more = read_alerts(alerts, columns, time_zone)
    own = news.alerts
    start = max([0, *own.rows.index]) + 1
    rows = more.rows.set_axis(range(start, start + len(more.rows)), axis="index")
    both = Alerts(
        pd.concat([own.rows, rows]) if len(own.rows) else rows,
        pd.concat([own.rejected, more.rejected], ignore_index=True) if len(own.rejected) else more.rejected,
    )
    return replace(news, alerts=both)


def _crews(area: Any, responders: Path, jurisdiction: Path | None, at: datetime, rules: Any) -> Any:
    from dispatch.day.planning import call_the_roll
    from dispatch.day.request import Request

    return call_the_roll(area, Request(None, at, responders=responders, jurisdiction=jurisdiction), rules)


def _say(done: Replanned, out: Path, lang: Language) -> None:
    """What the radio operator reads first, then the numbers."""
    from dispatch.replan.changes import radio_lines

    table = done.day.summary
    lines = radio_lines(done.changes, lang)
    if not lines:
        lines = ["无变更" if lang == "zh" else "nothing changes"]
    counts = [
        f"{word} {sum(one.sort == sort for one in done.changes)}"
        for sort, word in (("added", "新增 added"), ("moved", "改时 moved"), ("cancelled", "取消 cancelled"))
    ]
    limit = "" if table["max_changes"] is None else f" / {table['max_changes']}"
    lines += [
        "",
        f"{'，'.join(counts)}；告知变更 told anew {table['told_anew']}{limit}",
        (
            f"received {table['received']:,} = rejected {table['rejected_rows']:,} + not yet {table['not_yet']:,}"
            f" + no visit needed {table['no_visit_needed']:,} + settled {table['settled']:,}"
            f" + visited {table['visited']:,} (under way {table['under_way']:,}) + left out {table['left_out']:,}"
        ),
        f"expected loss {table['expected_loss_yuan']:,.0f} yuan; averted {table['averted_yuan']:,.0f}",
        "",
        f"map      {out / 'map.html'}",
        f"changes  {out / 'changes.csv'}",
    ]
    if done.day.area.synthetic:
        lines.insert(0, "演练数据 / practice data: roads, places and people are invented\n")
    print("\n".join(lines))
