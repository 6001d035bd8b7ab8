"""`dispatch plan --areas LIST`: a province or the country, an area a task, one summary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from dispatch.errors import MissingInput
from dispatch.reasons import Language
from dispatch.redact import Redact

if TYPE_CHECKING:
    from dispatch.day import Request

notes = Console(stderr=True)
NEEDS_A_HUMAN = 3


def plan_many(
    areas: Path,
    common: Request,
    at: str | None,
    out: Path,
    *,
    workers: int,
    cluster: str | None,
    force: bool,
    lang: Language,
    redact: Redact | None,
    as_json: bool,
) -> None:
    """Plan every area of the list; exit 3 where one has no plan."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from dispatch.day.many import SUMMARY, How, plan_areas, read_list, totals

    if not areas.exists():
        raise MissingInput(areas)
    rows = read_list(areas, common, at)
    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*shown, console=notes, transient=True) as progress:
        bar = progress.add_task("areas", total=len(rows))
        planned = plan_areas(
            rows,
            How(out.absolute(), lang, redact),
            workers=workers,
            cluster=cluster,
            force=force,
            told=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    sums, failed = totals(planned), [one for one in planned if one.error]
    if as_json:
        print(json.dumps(sums, ensure_ascii=False))
    else:
        print(
            f"辖区 areas      {sums['areas']:>12,}\n"
            f"上门 visited    {sums['visited']:>12,}\n"
            f"未安排 left out {sums['left_out']:>12,}\n"
            f"预计挽损 averted (yuan) {sums['averted_yuan']:>12,.0f}\n\nsummary {out / SUMMARY}"
        )
    for one in failed:
        notes.print(f"{one.name}: {one.error}", style="red", markup=False, highlight=False, soft_wrap=True)
    if failed:
        raise typer.Exit(1 if len(failed) == len(planned) else NEEDS_A_HUMAN)
