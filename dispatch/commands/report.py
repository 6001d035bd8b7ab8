"""`dispatch report`: the day, the week or the month as a page, a workbook or a letter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from dispatch.commands.ledger import Lang, SettingsFile, open_ledger
from dispatch.errors import BadInput

if TYPE_CHECKING:
    from dispatch.report import Report

notes = Console(stderr=True)


def report(  # noqa: PLR0917 - typer makes each an option with a name
    out: Annotated[Path, typer.Option(help="What to write: a name that ends in .html, .xlsx or .docx.")],
    plans: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Plan folders, the period's first; earlier ones to compare with. Not with --ledger."
        ),
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option(help="Report from this ledger: a file, a URL, or default for the user's own."),
    ] = None,
    period: Annotated[
        Literal["day", "week", "month"], typer.Option(help="day, week (from Monday) or month.")
    ] = "day",
    at: Annotated[
        str | None,
        typer.Option(
            help="A day of the period, 2026-05-01, or a moment up to which: 2026-05-01T21:00; "
            "default: now, with plans the day of the first."
        ),
    ] = None,
    centre: Annotated[str | None, typer.Option(help="Who reports; default: the centre of the area.")] = None,
    smallest_group: Annotated[
        int,
        typer.Option(min=1, help="Types, counties and stations with fewer people are put together; 1: none."),
    ] = 3,
    settings: SettingsFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    lang: Lang = "zh",
) -> None:
    """Write the report of a day, a week or a month: what came in, what was done, what came of it."""
    from dispatch.report.telling import count
    from dispatch.report.words import dates, label, title
    from dispatch.report.writing import form_of, write_report

    if bool(plans) == (ledger is not None):
        raise typer.BadParameter("give plan folders, or --ledger, and not both")
    form_of(out)
    if out.exists() and not force:
        from dispatch.errors import OutputExists

        raise OutputExists(out)
    given = (period, at, centre, smallest_group)
    with notes.status("counting"):
        made = _of_ledger(ledger, settings, given) if ledger is not None else _of_plans(plans or [], given)
    with notes.status("writing"):
        write_report(made, out, lang, force=force)
    told = made.now
    print(f"{title(made.period, lang)} {dates(made.period, lang)}")
    if made.empty:
        print(label("empty", lang))
    else:
        total = " + ".join(
            f"{label(name, lang)} {label('no_figure', lang) if part is None else count(part)}"
            for name, part in told.sum.parts
        )
        print(f"{label('received', lang)} {count(told.sum.received)} = {total}")
    print(out)


Given = tuple[Literal["day", "week", "month"], str | None, str | None, int]


def _of_ledger(url: str, settings: Path | None, given: Given) -> Report:
    from dispatch.report.facts import Facts
    from dispatch.report.figures import report_of
    from dispatch.report.from_ledger import facts_of_ledger
    from dispatch.report.periods import COMPARED, period_of

    span, at, centre, smallest = given
    book = open_ledger(url, settings)
    zone = book.settings.zone
    period = period_of(span, at, zone, datetime.now(zone))
    which = COMPARED[span]
    facts, area = facts_of_ledger(book, [period, *(period.before(one) for one in which)])
    return report_of(
        period,
        facts[0] or Facts(),
        dict(zip(which, facts[1:], strict=True)),
        area=area,
        centre=centre or "",
        smallest_group=smallest,
    )


def _of_plans(folders: Sequence[Path], given: Given) -> Report:
    from dispatch.report.facts import Facts
    from dispatch.report.figures import report_of
    from dispatch.report.from_plans import facts_of_plans, read_plans
    from dispatch.report.periods import COMPARED, period_of

    span, at, centre, smallest = given
    plans = read_plans(folders)
    first = plans[0]
    if others := {one.file.area.get("name") for one in plans} - {first.file.area.get("name")}:
        raise BadInput(
            f"the plans are of several areas ({first.file.area.get('name')}, {', '.join(map(str, others))})"
        )
    zone = ZoneInfo(str(first.file.area.get("time_zone") or "Asia/Shanghai"))
    period = period_of(span, at or first.at.astimezone(zone).date().isoformat(), zone, datetime.now(zone))
    which = COMPARED[span]
    facts = facts_of_plans(plans, [period, *(period.before(one) for one in which)])
    return report_of(
        period,
        facts[0] or Facts(steps_known=False),
        dict(zip(which, facts[1:], strict=True)),
        source="plans",
        area=str(first.file.area.get("name") or ""),
        centre=centre or "",
        smallest_group=smallest,
    )
