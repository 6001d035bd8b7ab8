"""The plan folder that goes on, and the one that comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import geopandas as gpd
from shapely import Point

import maps
from dispatch.area import Area, open_area
from dispatch.day.keeping import read_kept
from dispatch.day.output import write_day
from dispatch.day.request import SECTIONS, Rules, read_rules
from dispatch.errors import BadInput, DispatchError
from dispatch.intake.triage_rules import TriageRules
from dispatch.ledger.limits import ledger_settings
from dispatch.places.settings import PlaceSettings
from dispatch.planfile import PlanFile, read_plan
from dispatch.reasons import Language
from dispatch.replan.before import Before
from dispatch.replan.changes import changes_table, sentence
from dispatch.replan.replanning import Replanned
from dispatch.replan.settings import replan_settings
from dispatch.roads.closures import ClosureSettings
from dispatch.roads.speeds import Speeds
from dispatch.settings import Duty, Planning, Section, data_folder, read_toml, section
from dispatch.tables import write_csv

MODELS: Mapping[str, type[Section]] = {
    "planning": Planning,
    "duty": Duty,
    "triage": TriageRules,
    "places": PlaceSettings,
    "speeds": Speeds,
    "closures": ClosureSettings,
}


def read_before(folder: Path, settings: Path | None = None, weather: str | None = None) -> Before:
    """A plan folder to go on from, by its own settings unless others are given.

    Raises
    ------
    MissingInput, SchemaError, BadInput, SettingsError
        Not a plan folder, or one that keeps no history; settings that cannot be read.
    """
    file = read_plan(folder)
    kept = read_kept(folder, str(file.area.get("time_zone", "Asia/Shanghai")))
    overlay = read_toml(settings) if settings else {}
    rules = read_rules(settings, weather) if settings or weather else rules_of(file)
    return Before(file, kept, rules, replan_settings(overlay), ledger_settings(overlay))


def rules_of(file: PlanFile) -> Rules:
    """The rules a plan was made by; what it does not name is as bundled."""
    stored = {name: file.settings.get(name, {}) for name in SECTIONS}
    parts: dict[str, Any] = {name: section(model, name, stored) for name, model in MODELS.items()}
    return Rules(**parts, columns=dict(stored["columns"]))


def area_of(file: PlanFile, given: str | None) -> Area:
    """The area a plan was made in: the one given, else the bundled one of that name.

    Raises
    ------
    BadInput
        It is not there any more, or is another one: without its roads nothing can be planned.
    """
    name = str(file.area.get("name", ""))
    if given is not None:
        area = open_area(given)
        if name and area.name != name:
            raise BadInput(f"--area {given} is {area.name}, the plan was made in {name}; nothing was changed")
        return area
    for about in sorted(data_folder().glob("*/area.toml")):
        try:
            area = open_area(about.parent)
        except DispatchError:
            continue
        if area.name == name:
            return area
    raise BadInput(
        f"the plan was made in area {name or '(unnamed)'}, which is not bundled; give its folder with --area"
    )


def make_ready() -> None:
    """Load what a folder is written with, while there is nothing else to do."""
    from dispatch.sheets import pages  # noqa: PLC0415

    pages.make_ready()
    for library in ("gpxpy", "maps.page", "xlsxwriter"):
        import_module(library)


def write_replanned(
    done: Replanned,
    out: Path,
    *,
    language: Language = "zh",
    force: bool = False,
    before_shown: Callable[[], object] = lambda: None,
    **reading: Any,
) -> None:
    """Write the new plan folder: all that `dispatch plan` writes, with `changes.csv` and what was not used."""

    def more(folder: Path) -> None:
        write_csv(changes_table(done.changes, language), folder / "changes.csv")
        write_changes_layer(done, folder / "plan.gpkg")
        if len(done.rejected):
            write_csv(done.rejected, folder / "rejected_events.csv")

    write_day(
        done.day,
        out,
        language=language,
        force=force,
        more=more,
        before_shown=before_shown,
        changes=changes_shown(done),
        **reading,
    )


def changes_shown(done: Replanned) -> tuple[maps.MapChange, ...]:
    """The changes as the map shows them: minutes from now, both sentences."""

    def minutes(moment: datetime | None) -> float | None:
        return None if moment is None else (moment - done.day.problem.at) / timedelta(minutes=1)

    return tuple(
        maps.MapChange(
            sort=one.sort,
            responder_id=one.responder_id,
            responder=one.responder,
            case_id=one.case_id,
            point=(one.lon, one.lat),
            sentence=(sentence(one, "zh"), sentence(one, "en")),
            before=minutes(one.before_at),
            after=minutes(one.after_at),
            other_responder_id=one.other_responder_id,
        )
        for one in done.changes
    )


def write_changes_layer(done: Replanned, path: Path) -> None:
    """Add the layer ``changes`` to a GeoPackage, a point a change in WGS-84; none where nothing changed."""
    rows = [
        {
            "change": one.sort,
            "responder_id": one.responder_id,
            "responder": one.responder,
            "case_id": one.case_id,
            "other_responder_id": one.other_responder_id or None,
            "before_at": one.before_at.isoformat(timespec="seconds") if one.before_at else None,
            "after_at": one.after_at.isoformat(timespec="seconds") if one.after_at else None,
            "code": one.reason.code,
            "zh": sentence(one, "zh"),
            "en": sentence(one, "en"),
            "geometry": Point(one.lon, one.lat),
        }
        for one in done.changes
    ]
    if rows:
        table = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")
        table.to_file(path, layer="changes", driver="GPKG", engine="pyogrio")


def as_json(done: Replanned) -> str:
    """What `--json` prints: the summary of a plan with what is different from the one before."""
    counts = {sort: sum(one.sort == sort for one in done.changes) for sort in ("added", "moved", "cancelled")}
    value = dict(done.day.summary) | {
        "plan_id": done.day.plan.id,
        "parent": done.day.plan.parent,
        "changes": counts,
        "events": len(done.facts.events),
        "rejected_events": len(done.rejected),
        "seconds": round(sum(done.day.seconds.values()), 2),
    }
    return json.dumps(value, ensure_ascii=False)
