"""`dispatch simulate log`: everything that happened in one replication, audited, and on a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.commands.scenario_runs import notes
from dispatch.reasons import Language
from dispatch.store import refuse_overwrite, write_folder

if TYPE_CHECKING:
    from dispatch.simulate.scenarios.building import Built

TOLD = 20
"""So many breaches are printed; the log has the moments of all."""


def log(  # noqa: PLR0917 - typer makes each an option with a name
    scenario: Annotated[Path, typer.Argument(help="A scenario file.")],
    out: Annotated[Path, typer.Option(help="Folder for the log, the alerts and the replay.")],
    replication: Annotated[int, typer.Option(min=0, help="Which replication, counted from 0.")] = 0,
    vary: Annotated[list[str] | None, typer.Option(help="A key and one value: policy.rule=nearest.")] = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="Tables as Parquet instead of CSV.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a folder that is there.")] = False,
    lang: Annotated[Language, typer.Option(help="zh or en.")] = "zh",
) -> None:
    """Every state change of one replication: checked by an audit that trusts nothing of the simulation, and replayed on a map.

    Exit 3 where the audit finds a breach.
    """
    from dispatch.area import open_area
    from dispatch.day import read_rules
    from dispatch.errors import BadInput
    from dispatch.simulate.scenarios import swept
    from dispatch.simulate.scenarios.building import build

    chosen = swept([scenario], vary or ())
    if len(chosen) > 1:
        raise BadInput(f"{len(chosen)} scenarios are asked for; the log is of one: give --vary one value")
    refuse_overwrite(out, force=force)
    keys = chosen[0]
    with notes.status("reading"):
        rules = read_rules(Path(keys.settings) if keys.settings else None)
        built = build(keys, open_area(keys.area), rules)
    for note in built.notes:
        notes.print(f"note: {note}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    breaches = _write(built, replication, out, parquet=parquet, force=force, language=lang)
    for breach in breaches[:TOLD]:
        notes.print(breach, style="red", markup=False, highlight=False, soft_wrap=True)
    if breaches:
        raise typer.Exit(3)


def _write(
    built: Built, number: int, out: Path, *, parquet: bool, force: bool, language: Language
) -> list[str]:
    """Play, audit, write and tell; what the audit found."""
    from dispatch.day.drawing import basemap
    from dispatch.simulate.checker import audit_log
    from dispatch.simulate.given import tape_for
    from dispatch.simulate.pages.replay import replay_map
    from dispatch.simulate.replicate import replicate_with_log
    from dispatch.simulate.results.events import alerts_table, audit_sentence, events_table
    from dispatch.simulate.results.folder import write_table
    from maps import write_map

    with notes.status("playing"):
        tape = tape_for(built.world, built.scenario.run.seed, number)
        result, events = replicate_with_log(built.world, tape)
    with notes.status("auditing"):
        breaches = audit_log(built.world, tape, events)
    with notes.status("drawing"):
        drawn = replay_map(built, result, events, basemap(built.area), number=number, language=language)

    def fill(folder: Path) -> None:
        write_table(events_table(built, events), folder / "events", parquet=parquet)
        write_table(alerts_table(built, result), folder / "alerts", parquet=parquet)
        write_map(drawn, folder / "replay.html")

    write_folder(out, fill, force=force)
    print(audit_sentence(result, events, breaches, language))
    print(out / "replay.html")
    return breaches
