"""A planned day becomes a folder: plan, map, route lists, tables. Whole or not at all."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

import maps
from dispatch.beside import beside
from dispatch.day.closing import closure_rows
from dispatch.day.drawing import basemap, plan_view
from dispatch.day.keeping import Kept as DayKept
from dispatch.day.keeping import write_kept
from dispatch.day.layers import write_geopackage
from dispatch.day.navigation import with_navigation
from dispatch.day.planning import Day
from dispatch.day.reviewing import review_table
from dispatch.explain.obvious import Why, why_not_the_obvious
from dispatch.planfile import PlanFile, write_plan
from dispatch.reasons import Language, Reason, say
from dispatch.redact import Redact
from dispatch.settings import read_toml
from dispatch.sheets import prepared, write_sheets
from dispatch.sheets.compiling import OTHER, Way
from dispatch.sheets.keeping import Kept, book_from, write_beside
from dispatch.sheets.write import USUAL
from dispatch.store import write_folder
from dispatch.tables import write_csv

HIDING = ("mask", "area")
LARGEST = ("html", "xlsx")
"""Formats of the sheets that are as much work as all other files together."""
REPORTED = ("folium", "geopandas", "numpy", "ortools", "osmium", "osmnx", "pandas", "scipy", "shapely")


def write_day(
    day: Day,
    out: Path,
    *,
    language: Language = "zh",
    redact: Redact | None = None,
    passphrase: str | None = None,
    watermark: str = "",
    tiles: maps.Tiles | None = None,
    nav_links: bool = False,
    force: bool = False,
    before_shown: Callable[[], object] = lambda: None,
    more: Callable[[Path], object] = lambda _: None,
    scripts: Mapping[str, Any] | None = None,
    changes: tuple[maps.MapChange, ...] = (),
) -> None:
    """Write the plan folder of `docs/plan.md`.

    Parameters
    ----------
    language
        The one the map and the sheets open in.
    redact
        ``mask`` hides names, phones and doors everywhere but in `people.json`; ``none`` shows
        them on the map; None is the default: shown on the dispatcher's map, masked on sheets.
        ``area`` is ``mask``, and on the map nobody can be found: places are moved to the village.
    passphrase, watermark, tiles, nav_links
        The map's alone: what seals its data, who it is for, online tiles under it, links to navigation.

    scripts
        What is said at the door in place of the bundled lines; None: as the settings file of the request says.
    more
        Called with the folder while it is filled: what else is to stand in it.

    changes
        What is different from the plan before, for the map.

    before_shown
        Called when all is written and before the folder appears: if it raises, nothing does.

    Raises
    ------
    OutputExists, BadInput
        `out` may not be replaced or not be written; it is then as it was.
    """

    def fill(folder: Path) -> None:
        file = plan_file(day)
        with beside(lambda: why_not_the_obvious(day.problem, day.plan)) as found:
            ways = ways_told(day, language)
        obvious = found()
        kept = sheets_kept(day, language, obvious, scripts, ways=ways)
        ground = basemap(day.area)
        book = prepared(book_from(file, day.people, kept, ground=ground), redact or "none")

        def sheets(formats: Iterable[str]) -> None:
            write_sheets(book, folder / "sheets", language, redact or "none", formats, ready=True)

        def largest() -> None:
            sheets(LARGEST)
            write_beside(kept, day.problem, day.plan, folder)

        with beside(largest):
            write_plan(file, folder)
            sheets([one for one in USUAL if one not in LARGEST])
            _write_json(folder / "people.json", _people(day))
            write_geopackage(day, folder / "plan.gpkg")
            view = plan_view(
                day, book, language=language, obvious=obvious, masked=redact in HIDING, ground=ground
            )
            view = replace(view, changes=changes)
            maps.write_view(view, folder / "map.npz")
            view = with_navigation(view) if nav_links else view
            view = replace(maps.redacted(view, redact or "none"), watermark=watermark, tiles=tiles)
            maps.write_map(maps.plan_map(view), folder / "map.html", passphrase=passphrase)
            write_tables(day, folder, language)
            table = review_table(day.looks, day.people, language, masked=redact in HIDING)
            write_csv(table, folder / "review.csv")
            _write_json(folder / "run.json", _run(day))
            write_kept(kept_of(day), folder)
            more(folder)
        before_shown()

    write_folder(out, fill, force=force)


def kept_of(day: Day) -> DayKept:
    """What another plan goes on from."""
    rows = day.alerts.rows
    persuaded = day.triage.no_visit["row"][day.triage.no_visit["code"].eq("PERSUADED")]
    late = rows["last_attempt_at"].gt(day.request.at)  # heard of later: not quiet then
    return DayKept(
        rows=rows,
        rejected=day.alerts.rejected,
        closures=day.closures.closures,
        phones=day.roster.phones,
        past=day.past,
        quiet=frozenset(map(int, persuaded)) - frozenset(map(int, rows.index[late])),
    )


def plan_file(day: Day) -> PlanFile:
    """The plan with what later commands need of the area and the settings."""
    area = day.area
    return PlanFile(
        problem=day.problem,
        plan=day.plan,
        area={
            "name": area.name,
            "hash": day.hashes["area"],
            "synthetic": area.synthetic,
            "attribution": area.attribution,
            "time_zone": area.time_zone,
        },
        settings=day.rules.as_json(),
        summary=day.summary,
        closures=closure_rows(area.network, day.problem, day.closures.closures),
        warnings=day.warnings,
    )


def ways_told(day: Day, language: Language) -> dict[str, Way]:
    """Every leg turn by turn in both languages, by stop id and ``<responder id>/home``."""
    ways = {}
    for stop, leg in day.legs.items():
        own, other = leg.words_in(language, OTHER[language])
        ways[stop] = Way(leg.lonlat, own, leg.metres, other)
    return ways


def sheets_kept(
    day: Day,
    language: Language,
    obvious: Mapping[str, Why],
    scripts: Mapping[str, Any] | None = None,
    *,
    ways: Mapping[str, Way] | None = None,
) -> Kept:
    """What the sheets of the day need beside its plan: `ways_told`, names, phones."""
    table = day.area.gazetteer
    if scripts is None:
        scripts = read_toml(day.request.settings).get("scripts", {}) if day.request.settings else {}
    return Kept(
        legs=ways_told(day, language) if ways is None else ways,
        language=language,
        names=dict(zip(table["code"].astype(str), table["name"].astype(str), strict=True)),
        phones=day.roster.phones,
        instead={why.stop_id: why.brief for why in obvious.values() if why.brief},
        scripts=scripts,
    )


def write_tables(day: Day, folder: Path, language: Language) -> None:
    """What is not on the map, as tables: rejected, no visit, left out, calls, unplaced."""

    def sentence(code: str, params: Any) -> str:
        return say(Reason(code, params), language)

    left_out = [
        {"case_id": one.case_id, "code": one.reason.code, "sentence": say(one.reason, language)}
        for one in day.plan.left_out
    ]
    no_visit = day.triage.no_visit.assign(
        sentence=[
            sentence(code, params)
            for code, params in zip(day.triage.no_visit["code"], day.triage.no_visit["params"], strict=True)
        ]
    ).drop(columns="params")
    unplaced = [
        {"case_id": case_id, "row": one.row, "code": one.reason.code, "sentence": say(one.reason, language)}
        for case_id, refused in day.unplaced.items()
        for one in refused
    ]
    columns = ["case_id", "row", "code", "sentence"]
    write_csv(pd.DataFrame(unplaced, columns=columns), folder / "unplaced.csv")
    if len(day.roster.rejected):
        write_csv(day.roster.rejected, folder / "rejected_responders.csv")
    if len(day.closures.rejected):
        write_csv(day.closures.rejected, folder / "rejected_closures.csv")
    write_csv(day.alerts.rejected, folder / "rejected.csv")
    write_csv(no_visit, folder / "no_visit.csv")
    write_csv(pd.DataFrame(left_out, columns=["case_id", "code", "sentence"]), folder / "left_out.csv")
    write_csv(day.triage.calls, folder / "calls.csv")


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _people(day: Day) -> dict[str, dict[str, str]]:
    fields = ("name", "phone", "address", "note", "account")
    return {
        case_id: {field: str(getattr(person, field) or "") for field in fields}
        for case_id, person in sorted(day.people.items())
    }


def _run(day: Day) -> dict[str, Any]:
    return {
        "seconds": dict(day.seconds),
        "versions": {name: version(name) for name in ("field-dispatch", *REPORTED)},
        "python": sys.version.split()[0],
        "machine": f"{platform.system()} {platform.machine()}",
        "hashes": dict(day.hashes),
        "settings": day.rules.fingerprint,
        "notes": list(day.notes),
        "warnings": [say(one, "en") for one in day.warnings],
    }
