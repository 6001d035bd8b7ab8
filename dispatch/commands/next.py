"""`dispatch next`: what can be done beside going there, by yuan saved per minute of who would do it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from dispatch.errors import BadInput, MissingInput
from dispatch.reasons import Language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from rich.table import Table

    from dispatch.next_actions import Advice, NextSettings, Situation

notes = Console(stderr=True)
PAPER_COLUMNS = 170
COLUMNS = ("case", "about", "who", "begins", "minutes", "saves", "rate", "why")


def next_(  # noqa: PLR0917 - typer makes each an option with a name
    plan: Annotated[
        Path | None, typer.Argument(help="A plan folder; not needed where a ledger is given.")
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option(help="Take attempts, holds and what is open from this ledger: a file or a URL."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Now: 2026-05-01T14:00; default: the plan's moment, of a ledger now.")
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="A TOML file laid over the default settings.")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=1, help="What desks can begin within so many minutes; default 30.")
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=0.01, help="Also solve the day again, so long for each desk, its list having worked."
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="Lines printed; the JSON has them all.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
    lang: Annotated[Language, typer.Option(help="zh or en.")] = "zh",
) -> None:
    """What to do next: ring, ask the bank, ask the carrier, send someone; nothing is changed."""
    from dispatch.next_actions import advise, next_settings
    from dispatch.next_actions import words as wording
    from dispatch.settings import read_toml

    if plan is None and ledger is None:
        raise typer.BadParameter("give a plan folder, or --ledger")
    overlay = read_toml(settings) if settings else {}
    chosen = next_settings(overlay)
    if minutes is not None:
        chosen = chosen.model_copy(update={"look_ahead_minutes": minutes})
    with notes.status("reading"):
        situation = _situation(plan, ledger, at, settings, chosen)
    with notes.status("pricing"):
        advice = advise(situation, chosen, seconds=seconds)
    if as_json:
        print(json.dumps(wording.as_json(advice, chosen), ensure_ascii=False))
        return
    _print(advice, chosen, top, lang)
    if advice.overdue:
        listed = ", ".join(advice.overdue[:5]) + (" …" if len(advice.overdue) > 5 else "")
        _note(f"{len(advice.overdue)} planned visits should have happened and nothing was reported: {listed}")
    if advice.closed:
        _note(f"{len(advice.closed)} cases of the plan are closed in the ledger and are not listed")


def _situation(
    plan: Path | None, url: str | None, at: str | None, settings: Path | None, chosen: NextSettings
) -> Situation:
    """The cases in question: of the plan, of the plan as the ledger knows it, or of the ledger alone."""
    from dispatch.next_actions import of_ledger, of_plan, with_calls, with_ledger

    if plan is not None:
        from dispatch.planfile import read_plan

        file = read_plan(plan)
        zone = file.problem.at.tzinfo
        now = _moment(at, zone) if at else (file.problem.at if url is None else datetime.now(zone))
        if now < file.problem.at:
            raise BadInput(f"--at is {now.isoformat()}, before the plan ({file.problem.at.isoformat()})")
        situation = of_plan(file.problem, file.plan, now)
        situation = replace(situation, synthetic=bool(file.area.get("synthetic")))
        calls = _calls(plan)
        if calls is not None:
            situation = with_calls(situation, calls)
        if url is None:
            return situation
        from dispatch.ledger import Ledger

        return with_ledger(situation, Ledger.open(url), now)
    from dispatch.day.request import read_rules
    from dispatch.intake.triage import triage
    from dispatch.ledger import Ledger

    rules = read_rules(settings)
    book = Ledger.open(url)
    now = _moment(at, book.settings.zone) if at else datetime.now(book.settings.zone)
    remembered = book.remembered(now, book.settings.time_zone)
    if not len(remembered.rows):
        raise BadInput(
            f"{book.name} has no open case at {now.isoformat(timespec='minutes')}: nothing is to be done"
        )
    sorted_out = triage(remembered.rows, now, rules.triage)
    return of_ledger(book, sorted_out, now, rules.planning.horizon_minutes, chosen)


def _calls(plan: Path) -> pd.DataFrame | None:
    """Those better rung first, as the plan folder lists them; None where it has no such list."""
    from dispatch.tables import read_text

    try:
        return read_text(plan / "calls.csv")
    except MissingInput:
        return None


def _print(advice: Advice, settings: NextSettings, top: int, lang: Language) -> None:
    from dispatch.next_actions import words as wording

    console = Console()
    if not console.is_terminal:
        console = Console(width=PAPER_COLUMNS)

    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    if advice.synthetic:
        line(wording.label("practice", lang))
    if not advice.desks and not advice.doors:
        line(wording.label("nothing", lang))
        return
    for desk in advice.desks:
        first, *more = wording.desk_sentences(desk, advice.look_ahead_minutes, lang)
        line("\n".join([first, *(f"  {sentence}" for sentence in more)]))
    found = wording.rows(advice, settings, lang)
    if top:
        console.print(_table(found[:top], lang))
    if len(found) > top:
        line(f"  … +{len(found) - top} (--top, --json)")
    line(wording.label("apart", lang))
    line(wording.label("decides", lang))


def _table(rows: Sequence[Mapping[str, str]], lang: Language) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from dispatch.next_actions.words import label

    table = Table(title=label("title", lang), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    table.add_column("#", justify="right")
    for name in COLUMNS:
        table.add_column(
            label(name, lang),
            justify="right" if name in {"minutes", "saves", "rate"} else "left",
            no_wrap=name in {"case", "who"},
            overflow="fold",
        )
    for rank, row in enumerate(rows, start=1):
        table.add_row(str(rank), *(escape(row[name]) for name in COLUMNS))
    return table


def _moment(given: str, zone: object) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as cause:
        raise BadInput(f"--at: found {given!r}, expected a moment such as 2026-05-01T14:00") from cause
    own = zone if isinstance(zone, ZoneInfo) else None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=own or zone)  # type: ignore[arg-type] # a plan's moment has its zone
    return moment


def _note(text: str) -> None:
    notes.print(f"note: {text}", style="yellow", markup=False, highlight=False, soft_wrap=True)
