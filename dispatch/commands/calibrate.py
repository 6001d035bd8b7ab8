"""`dispatch calibrate`: what outcomes say of the numbers triage assumes; nothing changes until accepted."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.commands.ledger import AsJson, LedgerUrl, SettingsFile, open_ledger

if TYPE_CHECKING:
    from dispatch.ledger.calibrate import Refit

HEADING = """Refitted by `dispatch calibrate` on {day} from {cases} cases of a ledger; give it with --settings.
A value without enough outcomes is not here: the default stays. Delete a line to keep the old value."""


def calibrate(
    ledger: LedgerUrl = None,
    settings: SettingsFile = None,
    accept: Annotated[
        Path | None, typer.Option(help="Write the new values, over those of --settings, into this TOML file.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Refit hazards, probabilities, service minutes and the range of arrivals from outcomes; old and new side by side."""
    from dispatch.intake.triage import triage_rules
    from dispatch.ledger.calibrate import as_toml, observe, overlay_of, refit
    from dispatch.settings import Planning, read_toml, section
    from dispatch.store import write_file

    book = open_ledger(ledger, settings)
    overlay = read_toml(settings) if settings else {}
    rules = triage_rules(overlay)
    now = datetime.now(book.settings.zone)
    cases = list(book.whole_cases())
    refits = refit(observe(cases, rules, now), rules, section(Planning, "planning", overlay))
    if accept is not None:
        changed = overlay_of(refits, overlay)
        triage_rules(changed)  # what cannot be read back is not written
        section(Planning, "planning", changed)
        write_file(
            accept, as_toml(changed, HEADING.format(day=now.date(), cases=f"{len(cases):,}")), force=force
        )
    if as_json:
        print(json.dumps([dataclasses.asdict(one) for one in refits], ensure_ascii=False))
        return
    for one in refits:
        print(_line(one))
    print(
        f"\nwritten to {accept}; use it with --settings {accept}"
        if accept
        else "\nnothing is changed; --accept FILE.toml"
    )


def _line(one: Refit) -> str:
    old = "–" if one.old is None else f"{one.old:g}"
    new = "too few" if one.new is None else f"{one.new:g} ({one.low:g} – {one.high:g})"
    mark = "" if one.key or one.new is None else "  (shown only)"
    return f"{one.what:45} {old:>8} → {new:28} {one.events:>6,} of {one.cases:,}{mark}"
