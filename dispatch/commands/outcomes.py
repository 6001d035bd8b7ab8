"""`dispatch outcomes`: what teams bring back, checked and kept once."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from dispatch.commands.ledger import AsJson, By, Lang
from dispatch.commands.ledger import _moment as moment_of
from dispatch.commands.ledger import _who as who_of
from dispatch.errors import BadInput, MissingInput
from dispatch.reasons import Language, word

if TYPE_CHECKING:
    from dispatch.ledger import Ledger
    from dispatch.outcomes import Refused, Report, Visit
    from dispatch.outcomes.keeping import Kept
    from dispatch.outcomes.reading import Given
    from dispatch.outcomes.stop_payment import StopPayment

notes = Console(stderr=True)
NEEDS_A_HUMAN = 3
MOST_SHOWN = 50
REMEMBERED_DAYS = 7
"""Plans of a ledger whose instructions may still be reported on."""


@dataclass(frozen=True, slots=True)
class Source:
    """Whose visits are reported on, and what the bank desk may need: amounts at risk and accounts by case id."""

    visits: Sequence[Visit]
    now: datetime
    at_risk_yuan: dict[str, float] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)


def outcomes(  # noqa: PLR0917 - typer makes each an option with a name
    plan: Annotated[
        Path | None, typer.Argument(help="The plan folder reported on; not needed with a ledger.")
    ] = None,
    source: Annotated[
        str,
        typer.Option("--from", help="A file (message, XLSX, CSV, typed lines), or - for standard input."),
    ] = "-",
    ledger: Annotated[
        str | None, typer.Option(help="Keep them in this ledger, of the plans it holds: a file or a URL.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="When it came in: 2026-05-01T15:40; default: now.")] = None,
    by: By = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The file to keep them in; default: PLAN.outcomes.csv beside the plan."),
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Take in what teams report: each line checked, the good ones kept once. Exit 3 if somebody must look."""
    from dispatch.outcomes import checked
    from dispatch.outcomes.keeping import keep_in_file, outcomes_file

    if (plan is None) == (ledger is None):
        raise typer.BadParameter("give a plan folder, or --ledger, and not both")
    book = None
    if ledger is not None:
        from dispatch.ledger import Ledger

        book = Ledger.open(ledger)
    given = _given(source)
    about = _of_ledger(book, at) if book is not None else _of_plan(_folder(plan), at)
    reports, refused = checked(given, about.visits, about.now)
    who = who_of(by)
    if book is not None:
        kept, more = _keep_in_ledger(book, reports, who)
        refused += more
    else:
        path = out or outcomes_file(_folder(plan))
        kept = keep_in_file(reports, path, received_at=about.now, by=who)
    if book is not None:
        sent = {one.report.visit.case_id for one in kept if one.report.outcome == "already_transferred"}
        about.at_risk_yuan.update({case_id: book.case(case_id).amount_yuan or 0.0 for case_id in sent})
    payments = _payments(kept, about)
    if book is not None and payments:
        shown = [one.case_id for one in payments]
        book.record_shown(who, "stop payment", at=about.now, by=who, cases=shown)
    if as_json:
        print(json.dumps(_as_json(kept, refused, payments), ensure_ascii=False))
    else:
        _print(kept, refused, payments, lang)
    if not kept and refused:
        raise BadInput(f"none of {len(refused)} reports could be used; nothing was changed")
    if refused or any(one.became == "conflict" or one.report.look for one in kept):
        raise typer.Exit(NEEDS_A_HUMAN)


def _folder(plan: Path | None) -> Path:
    if plan is None:
        raise MissingInput("the plan folder", "dispatch plan")
    return plan


def _given(source: str) -> list[Given]:
    """What came in; BadInput if it is nothing at all."""
    from dispatch.outcomes import read_given, read_given_bytes
    from dispatch.tables import MAX_FILE_BYTES

    if source == "-":
        given = read_given_bytes(sys.stdin.buffer.read(MAX_FILE_BYTES + 1), "standard input")
    else:
        given = read_given(Path(source))
    if not given:
        raise BadInput(
            f"{'standard input' if source == '-' else source} holds no report; expected: stop outcome minutes note"
        )
    return given


def _of_plan(folder: Path, at: str | None) -> Source:
    from dispatch.outcomes import visits_of_plan
    from dispatch.planfile import read_plan

    file = read_plan(folder)
    zone = file.problem.at.tzinfo
    now = moment_of(at, zone) if at and zone else max(datetime.now(zone), file.problem.at)
    if now < file.problem.at:
        raise BadInput(f"--at is {now.isoformat()}, before the plan ({file.problem.at.isoformat()})")
    return Source(
        visits_of_plan(file.problem, file.plan),
        now,
        {case.id: case.amount_yuan for case in file.problem.cases},
        _accounts(folder / "people.json"),
    )


def _accounts(path: Path) -> dict[str, str]:
    """Accounts by case id, as far as the plan folder knows them."""
    try:
        people = json.loads(path.read_text(encoding="utf-8"))
        return {case_id: str(person.get("account") or "") for case_id, person in people.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _of_ledger(book: Ledger, at: str | None) -> Source:
    """The instructions of the last days' plans, ended or not: who reports twice must be known."""
    from dispatch.outcomes import Visit, short_ids

    now = moment_of(at, book.settings.zone)
    made = {
        str(event.plan_id): event
        for event in book.events(("planned",))
        if event.plan_id and now - timedelta(days=REMEMBERED_DAYS) <= event.at
    }
    visits = []
    for plan_id, event in made.items():
        own = [one for one in book.instructions(plan_id=plan_id) if one.stop_id]
        codes = short_ids(plan_id, [str(one.stop_id) for one in own])
        began = datetime.fromisoformat(event.body["at"])
        newest = {str(one.stop_id): one for one in own}  # the same plan may have been made twice
        visits += [
            Visit(stop, codes[stop], one.case_id, one.responder_id, plan_id, began, one.instruction_id)
            for stop, one in newest.items()
        ]
    rows = book.remembered(now, book.settings.time_zone)
    accounts = {
        rows.case_of[str(row["alert_id"])]: str(row["account"])
        for row in rows.rows.to_dict("records")
        if row["account"]
    }
    return Source(visits, now, {}, accounts)


def _keep_in_ledger(book: Ledger, reports: Sequence[Report], by: str) -> tuple[list[Kept], list[Refused]]:
    """Each report an event of its instruction; what the ledger will not take is given back."""
    from dispatch.outcomes import Refused
    from dispatch.outcomes.keeping import Kept

    kept: list[Kept] = []
    refused: list[Refused] = []
    for one in reports:
        try:
            instruction = book.instruction(str(one.visit.instruction_id))
            others = {other["outcome"] for other in instruction.other_reports}
            if one.outcome in others:
                kept.append(Kept(one, "same"))
                continue
            became = book.record_outcome(
                one.outcome,
                at=one.at,
                by=by,
                instruction_id=one.visit.instruction_id,
                met_at=one.met_at,
                transferred_at=one.at if one.outcome == "already_transferred" else None,
                note=one.note,
            )
        except BadInput as cause:
            refused.append(Refused(one.source, f"{one.visit.code} {one.outcome}", str(cause)))
            continue
        first = instruction if became == "conflict" else None
        kept.append(
            Kept(one, became, first.outcome or "", first.reported_at, first.reported_by or "")
            if first
            else Kept(one, became)
        )
    return kept, refused


def _payments(kept: Sequence[Kept], about: Source) -> list[StopPayment]:
    from dispatch.outcomes.stop_payment import StopPayment

    return [
        StopPayment(
            one.report.visit.case_id,
            one.report.at,
            about.at_risk_yuan.get(one.report.visit.case_id, 0.0),
            one.report.sent_yuan,
            about.accounts.get(one.report.visit.case_id, ""),
            one.report.note,
        )
        for one in kept
        if one.report.outcome == "already_transferred" and one.became != "same"
    ]


def _print(
    kept: Sequence[Kept], refused: Sequence[Refused], payments: Sequence[StopPayment], lang: Language
) -> None:
    from dispatch.outcomes.reports import lines_of
    from dispatch.outcomes.stop_payment import lines

    counts = {
        became: sum(one.became == became for one in kept) for became in ("recorded", "same", "conflict")
    }
    if lang == "zh":
        print(
            f"收到 {len(kept) + len(refused)} 条 = 新记 {counts['recorded']} + 已有 {counts['same']}"
            f" + 不一致 {counts['conflict']} + 退回 {len(refused)}"
        )
    else:
        print(
            f"{len(kept) + len(refused)} reports = {counts['recorded']} recorded + {counts['same']} known"
            f" + {counts['conflict']} in conflict + {len(refused)} given back"
        )
    for one in kept:
        if one.became == "conflict":
            when = f"{one.first_at.astimezone(one.report.at.tzinfo):%m-%d %H:%M} " if one.first_at else ""
            first = f"{word(one.first, lang)} ({when}{one.first_by})"
            print(f"{'不一致' if lang == 'zh' else 'conflict'}  {_said(one.report, lang)}  ≠  {first}")
        if one.report.look and one.became != "same":
            print(
                f"{'请看备注' if lang == 'zh' else 'read the note'}  {_said(one.report, lang)}  “{one.report.note}”"
            )
    for line in lines_of(refused[:MOST_SHOWN]):
        print(f"{'退回' if lang == 'zh' else 'given back'}  {line}")
    if len(refused) > MOST_SHOWN:
        more = len(refused) - MOST_SHOWN
        print(f"退回  另有 {more} 条，见 --json" if lang == "zh" else f"given back  {more} more: see --json")
    for payment in payments:
        print("\n".join(["", *lines(payment, lang)]))


def _said(report: Report, lang: Language) -> str:
    visit = report.visit
    return f"{report.source}  {visit.stop_id} {visit.case_id}  {word(report.outcome, lang)}"


def _as_json(
    kept: Sequence[Kept], refused: Sequence[Refused], payments: Sequence[StopPayment]
) -> dict[str, Any]:
    from dispatch.outcomes.stop_payment import as_json

    return {
        "received": len(kept) + len(refused),
        "kept": [
            {
                "source": one.report.source,
                "stop_id": one.report.visit.stop_id,
                "case_id": one.report.visit.case_id,
                "responder_id": one.report.visit.responder_id,
                "plan_id": one.report.visit.plan_id,
                "outcome": one.report.outcome,
                "at": one.report.at.isoformat(timespec="seconds"),
                "there_minutes": one.report.there_minutes,
                "became": one.became,
                "first": one.first or None,
                "look": one.report.look,
            }
            for one in kept
        ],
        "refused": [{"source": one.source, "text": one.text, "why": one.why} for one in refused],
        "stop_payments": [as_json(one) for one in payments],
    }
