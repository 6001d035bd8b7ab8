"""Plans of many areas at once: an area a task, one summary; what is planned stays when a run is stopped."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from dispatch.area import Area, area_folder, folder_hash, open_area
from dispatch.day.output import write_day
from dispatch.day.planning import plan_day
from dispatch.day.request import Request
from dispatch.errors import BadInput, DispatchError, MissingInput, OutputExists
from dispatch.reasons import Language
from dispatch.redact import Redact, clean
from dispatch.runner import Block, Task, run
from dispatch.sheets.write import file_names
from dispatch.store import write_file
from dispatch.tables import harmless, read_text

COLUMNS = (
    "name",
    "area",
    "alerts",
    "at",
    "responders",
    "jurisdiction",
    "settings",
    "closures",
    "fixes",
    "weather",
)
REQUIRED = ("name", "area", "alerts")
_FILES = ("alerts", "responders", "jurisdiction", "settings", "closures", "fixes")
BLOCKS = ".finished"
SUMMARY = "areas.csv"
TOTALS = (
    "received", "rejected_rows", "not_yet", "no_visit_needed", "cases", "visited", "left_out",
    "loss_if_nobody_yuan", "expected_loss_yuan", "averted_yuan",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One area of the list: the folder its plan goes to, and what is asked."""

    name: str
    folder: str
    area: str
    at: str
    request: Request


@dataclass(frozen=True, slots=True)
class How:
    """What all plans have in common; sent to every worker."""

    out: Path
    language: Language
    redact: Redact | None


@dataclass(frozen=True, slots=True)
class Planned:
    """What became of one area: its figures, or the one sentence that says why it has no plan."""

    name: str
    folder: str
    figures: Mapping[str, Any]
    error: str = ""


def read_list(path: Path, common: Request, at: str | None) -> tuple[Row, ...]:
    """The rows of a list of areas; files are beside the list, settings of a row come before the common ones.

    Raises
    ------
    MissingInput, BadInput
        No such file, an unknown or missing column, a row without a name, area, alerts or moment.
    """
    frame = read_text(path)
    known = {heading.strip().lower(): heading for heading in map(str, frame.columns)}
    if missing := [one for one in REQUIRED if one not in known]:
        raise BadInput(f"{path}: no column {', '.join(missing)}; expected {', '.join(COLUMNS)}")
    if unknown := sorted(set(known) - set(COLUMNS)):
        raise BadInput(
            f"{path}: unknown column {', '.join(unknown)[:200]}; expected some of {', '.join(COLUMNS)}"
        )
    rows = []
    for number, cells in zip(frame.index, frame.to_dict("records"), strict=True):
        values = {
            one: str(cells[known[one]]).strip() for one in COLUMNS if one in known and cells[known[one]]
        }
        moment = values.get("at", at or "")
        if lacking := [one for one in REQUIRED if not values.get(one)] + ([] if moment else ["at (or --at)"]):
            raise BadInput(f"{path}: row {number} has no {', '.join(lacking)}")
        given: dict[str, Any] = {one: path.parent / values[one] for one in _FILES if one in values}
        if "weather" in values:
            given["weather"] = values["weather"]
        rows.append(
            (
                clean(values["name"], 100),
                _area_of(values["area"], path.parent),
                moment,
                replace(common, **given),
            )
        )
    names = [row[0] for row in rows]
    if twins := sorted({one for one in names if names.count(one) > 1}):
        raise BadInput(
            f"{path}: several rows are named {', '.join(twins[:3])}; each area needs a name of its own"
        )
    folders = file_names(names, suffix="")
    return tuple(Row(name, folders[name], area, at_, request) for name, area, at_, request in rows)


def plan_areas(
    rows: Sequence[Row],
    how: How,
    *,
    workers: int = 1,
    cluster: str | None = None,
    force: bool = False,
    told: Callable[[int, int], None] | None = None,
) -> tuple[Planned, ...]:
    """Plan every area into `how.out/<folder>`, and write `areas.csv` and `summary.json` there.

    Each plan folder appears whole. One whose inputs and options have not changed since it was planned is
    not planned again; an area that cannot be planned says why in the summary and does not stop the others.
    With `cluster` areas, their files and `how.out` must lie where every worker sees them under the same path.

    Raises
    ------
    OutputExists, BadInput
        There is a folder that no earlier run made (and `force` is not given), or it cannot be written.
    """
    out = how.out
    if out.exists() and any(out.iterdir()) and not (out / BLOCKS).is_dir() and not force:
        raise OutputExists(out)
    tasks = [Task(_key(row, how), row) for row in rows]
    for task, row in zip(tasks, rows, strict=True):
        if not (out / row.folder / "plan.json").is_file():  # somebody removed it
            for block in (out / BLOCKS).glob(f"{task.key}-*.npz"):
                block.unlink()
    found = run(
        plan_one,
        tasks,
        shared=how,
        workers=workers,
        cluster=cluster,
        folder=out / BLOCKS,
        told=told,
        finished=_went_well,
    )
    planned = tuple(
        Planned(row.name, row.folder, json.loads(str(block["figures"])), str(block["error"]))
        for row, (_, block) in zip(rows, found, strict=True)
    )
    _write_summary(planned, out)
    return planned


def plan_one(how: How, row: Row) -> Block:
    """Plan one area into its folder; its figures, or the sentence that says what is wrong."""
    figures, error = {}, ""
    try:
        area = open_area(row.area)
        day = plan_day(area, replace(row.request, at=_moment(row.at, area)))
        write_day(day, how.out / row.folder, language=how.language, redact=how.redact, force=True)
        figures = dict(day.summary) | {"seconds": round(sum(day.seconds.values()), 2)}
    except DispatchError as refused:
        error = str(refused)
    return {"figures": np.array(json.dumps(figures, ensure_ascii=False)), "error": np.array(error)}


def totals(planned: Sequence[Planned]) -> dict[str, Any]:
    """Counts and yuan of all areas that have a plan, and how many have none."""
    good = [one.figures for one in planned if not one.error]
    sums: dict[str, Any] = {key: round(sum(one[key] for one in good), 2) for key in TOTALS}
    return {"areas": len(planned), "areas_without_a_plan": len(planned) - len(good)} | sums


def _went_well(block: Block) -> bool:
    return not str(block["error"])


def _area_of(text: str, beside: Path) -> str:
    """A folder beside the list where there is one, else a bundled name or a path as it stands."""
    return str(beside / text) if (beside / text / "area.toml").is_file() else text


def _moment(text: str, area: Area) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as cause:
        raise BadInput(f"at is {text!r:.40}, expected a moment such as 2026-05-01T14:00") from cause
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(area.time_zone))


def _key(row: Row, how: How) -> str:
    """Changes with whatever the plan depends on: the bytes of every file, the options, the version."""
    digest = hashlib.sha256(version("field-dispatch").encode())
    request = asdict(row.request)
    for name in _FILES:
        path = request.pop(name)
        digest.update(f"{name}:".encode())
        if path is not None and path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    try:
        ground = folder_hash(area_folder(row.area))
    except MissingInput:
        ground = "missing"
    said = json.dumps([row.name, row.folder, row.at, ground, how.language, how.redact, request], default=str)
    digest.update(said.encode())
    return digest.hexdigest()[:24]


def _write_summary(planned: Sequence[Planned], out: Path) -> None:
    names = list(
        dict.fromkeys(
            name for one in planned for name in one.figures if not isinstance(one.figures[name], dict)
        )
    )
    lines = [
        [one.name, one.folder, one.error, *(one.figures.get(name, "") for name in names)] for one in planned
    ]
    rows = [["name", "folder", "error", *names], *([harmless(cell) for cell in line] for line in lines)]
    fresh = out / f".{SUMMARY}.new"
    with fresh.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    fresh.chmod(0o600)
    fresh.replace(out / SUMMARY)
    write_file(
        out / "summary.json", json.dumps(totals(planned), ensure_ascii=False, indent=2) + "\n", force=True
    )
