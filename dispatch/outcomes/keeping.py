"""Reports kept once: in a file beside the plan folder, which `dispatch replan --events` reads as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dispatch.errors import BadInput
from dispatch.outcomes.reports import Report
from dispatch.redact import clean
from dispatch.store import write_file
from dispatch.tables import harmless, read_text

COLUMNS = (
    "event", "at", "case", "responder", "value", "minutes", "note", "stop_id", "plan_id", "sent_yuan", "received_at",
    "by", "other_reports",
)  # fmt: skip
"""Of `outcomes.csv`: the columns an events file has (docs/replan.md), then our own."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one report: ``recorded``, ``same`` (it was there already) or ``conflict`` (kept beside the `first`).

    `first` is the outcome reported before, by `first_by` at `first_at`.
    """

    report: Report
    became: str
    first: str = ""
    first_at: datetime | None = None
    first_by: str = ""


def outcomes_file(plan_folder: Path) -> Path:
    """Where a plan's reports are kept: beside its folder, since a folder is replaced as a whole."""
    folder = plan_folder.resolve()
    return folder.with_name(f"{folder.name}.outcomes.csv")


def keep_in_file(reports: Sequence[Report], path: Path, *, received_at: datetime, by: str) -> list[Kept]:
    """Add the reports to the file, in one step: the file is as it was, or has them all.

    One row a stop, with what was reported first. The same outcome again changes nothing; another
    one is written beside the first, in `other_reports`, once.

    Raises
    ------
    BadInput
        The file that is there is not one of these, or cannot be written.
    """
    rows = _read(path)
    by_stop = {(row["plan_id"], row["stop_id"]): row for row in rows}
    kept = [_keep(one, rows, by_stop, received_at, by) for one in reports]
    if any(one.became != "same" for one in kept):
        write_file(path, _text(rows), force=True)
    return kept


def _keep(
    report: Report,
    rows: list[dict[str, str]],
    by_stop: dict[tuple[str, str], dict[str, str]],
    received_at: datetime,
    by: str,
) -> Kept:
    visit = report.visit
    key = visit.plan_id, visit.stop_id
    known = by_stop.get(key)
    if known is None:
        row = _row(report, received_at, by)
        rows.append(row)
        by_stop[key] = row
        return Kept(report, "recorded")
    if known["value"] == report.outcome:
        return Kept(report, "same")
    others = [one for one in known["other_reports"].split(" | ") if one]
    if any(one.split(" ", 1)[0] == report.outcome for one in others):
        return Kept(report, "same")
    said = f"{report.outcome} {report.at.isoformat(timespec='minutes')} {by} {report.note}".strip()
    known["other_reports"] = " | ".join([*others, said.replace(" | ", " ")])
    return Kept(report, "conflict", known["value"], datetime.fromisoformat(known["at"]), known["by"])


def _row(report: Report, received_at: datetime, by: str) -> dict[str, str]:
    visit = report.visit
    return {
        "event": "outcome",
        "at": report.at.isoformat(timespec="seconds"),
        "case": visit.case_id,
        "responder": visit.responder_id,
        "value": report.outcome,
        "minutes": "" if report.there_minutes is None else str(report.there_minutes),
        "note": report.note,
        "stop_id": visit.stop_id,
        "plan_id": visit.plan_id,
        "sent_yuan": "" if report.sent_yuan is None else f"{report.sent_yuan:.2f}",
        "received_at": received_at.isoformat(timespec="seconds"),
        "by": clean(by, 60),
        "other_reports": "",
    }


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    frame = read_text(path)
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise BadInput(
            f"{path} is no file of outcomes (no {', '.join(missing)}); move it away, or give another --out"
        )
    rows: Sequence[Mapping[object, object]] = frame.to_dict("records")
    return [{name: _as_written(str(row[name])) for name in COLUMNS} for row in rows]


def _as_written(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from computing it."""
    return cell[1:] if cell.startswith("'") and harmless(cell[1:]) == cell else cell


def _text(rows: Sequence[Mapping[str, str]]) -> str:
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([harmless(row[name]) for name in COLUMNS])
    return out.getvalue()
