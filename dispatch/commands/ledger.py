"""`dispatch ledger …` and `dispatch handover`: what happened, what is late, what the next shift must know."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from dispatch.errors import BadInput
from dispatch.reasons import Language, word
from dispatch.redact import clean, mask_address, mask_name, mask_numbers, mask_phone

if TYPE_CHECKING:
    from dispatch.day import Day, Request
    from dispatch.ledger import Ledger, LedgerSettings, Remembered
    from dispatch.ledger.shift_page import Part

notes = Console(stderr=True)
ledger_app = typer.Typer(
    no_args_is_help=True, help="What happened to each case: record it, look at it, keep it safe."
)

NEEDS_A_HUMAN = 3
LISTED = 40
"""Rows of a table printed; the file and the JSON have them all."""

PAPER_COLUMNS = 150
BY_VARIABLE = "DISPATCH_BY"

LedgerUrl = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        help="A file, sqlite:///FILE or postgresql://USER@HOST/NAME; default: the user's own ledger.",
    ),
]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="A TOML file laid over the default settings.")
]
At = Annotated[
    str | None, typer.Option("--at", help="When it happened, or as of when: 2026-05-01T14:00; default: now.")
]
By = Annotated[
    str | None,
    typer.Option("--by", help=f"Who says so; default: {BY_VARIABLE}, else the user of this machine."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, nothing else.")]
Lang = Annotated[Language, typer.Option("--lang", help="zh or en.")]

STEPS = ("sent", "signed", "departed", "arrived", "met", "cancelled")
RECORDS = {
    "contact": "a call, VALUE its result: unreached, busy, off, refused, disbelieved or persuaded",
    "hold": "VALUE bank, line or relative, --until when",
    "failed": "an ask for a hold that was not granted, VALUE who was asked: bank, carrier or relative",
    "release": "VALUE the hold's id",
    "promise": "VALUE its words, --until when it is due",
    "kept": "ID the promise's",
    **dict.fromkeys(STEPS, "of an instruction; ID it, its case, or a plan for all of its instructions"),
    "outcome": "VALUE its code; ID the instruction or the case",
    "close": "VALUE why",
    "reopen": "",
    "shown": "VALUE to whom",
}

SAID = ("result", "outcome", "kind", "why", "step", "responder_id", "to")
"""What of an event's body is shown in a line."""

WHAT = "; ".join(f"{name}: {means}" if means else name for name, means in RECORDS.items())


@ledger_app.command("init")
def init(
    ledger: LedgerUrl = None,
    sealed: Annotated[
        bool, typer.Option("--sealed", help="Encrypt personal columns with the key in DISPATCH_LEDGER_KEY.")
    ] = False,
) -> None:
    """Make a new ledger."""
    from dispatch.ledger import Ledger

    made = Ledger.create(ledger, sealed=sealed)
    print(f"{made.name}{' (sealed)' if made.sealed else ''}")


@ledger_app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="A file of alerts (docs/alerts.md), or a plan folder.")],
    ledger: LedgerUrl = None,
    settings: SettingsFile = None,
    at: At = None,
    by: By = None,
) -> None:
    """Take in alerts or a plan; what is there already changes nothing."""
    from dispatch.day.remembering import told_of
    from dispatch.intake.alerts import read_alerts
    from dispatch.planfile import read_plan
    from dispatch.settings import read_toml

    book = open_ledger(ledger, settings)
    moment, who = _moment(at, book.settings.zone), _who(by)
    if source.is_dir():
        file = read_plan(source)
        area, invented = str(file.area.get("name", "")), bool(file.area.get("synthetic"))
        summary = told_of(file.summary, area, synthetic=invented)
        told = book.record_plan(file.problem, file.plan, at=moment, by=who, summary=summary)
        print(f"plan {file.plan.id}: {len(told)} instructions")
        return
    columns = read_toml(settings).get("columns", {}) if settings else {}
    read = read_alerts(source, columns, book.settings.time_zone)
    done = book.record_alerts(read.rows, at=moment, by=who)
    print(
        f"{read.received} rows = {done.new_rows} new + {done.known_rows} known + {len(read.rejected)} rejected; "
        f"{len(done.new_cases)} new cases"
    )
    for row in read.rejected.head(5).to_dict("records"):
        _note(f"row {row['row']}, {row['column']}: found {row['found']!r}, expected {row['expected']}")


@ledger_app.command("record")
def record(  # noqa: PLR0917 - typer makes each an option with a name
    what: Annotated[
        str,
        typer.Argument(
            help="; ".join(f"{name}: {means}" if means else name for name, means in RECORDS.items())
        ),
    ],
    about: Annotated[str, typer.Argument(metavar="ID", help="A case, an instruction, a plan or a promise.")],
    value: Annotated[str, typer.Argument(help="As WHAT says.")] = "",
    until: Annotated[str | None, typer.Option(help="When a hold ends or a promise is due.")] = None,
    note: Annotated[str, typer.Option(help="Words to remember; erased with the person.")] = "",
    version: Annotated[
        int | None, typer.Option(help="The case's version you have seen: refused if it has changed since.")
    ] = None,
    ledger: LedgerUrl = None,
    settings: SettingsFile = None,
    at: At = None,
    by: By = None,
) -> None:
    """Write down what happened."""
    if what not in RECORDS:
        raise typer.BadParameter(f"WHAT: found {what!r}, expected one of {', '.join(RECORDS)}")
    book = open_ledger(ledger, settings)
    moment, who = _moment(at, book.settings.zone), _who(by)
    end = _moment(until, book.settings.zone) if until else None
    print(_recorded(book, what, about, value, note, version, end, moment, who))


def _recorded(  # noqa: PLR0917, C901 - one branch a kind
    book: Ledger, what: str, about: str, value: str, note: str, version: int | None, until: datetime | None,
    at: datetime, by: str,
) -> str:  # fmt: skip
    match what:
        case "contact":
            book.record_contact(about, value, at=at, by=by, note=note, version=version)
        case "hold":
            return book.place_hold(about, value, _ending(what, until), at=at, by=by, version=version)  # type: ignore[arg-type] # checked there
        case "failed":
            book.record_failed_ask(about, value, at=at, by=by, note=note, version=version)
        case "release":
            book.release_hold(about, value, at=at, by=by, version=version)
        case "promise":
            return book.promise(about, value, _ending(what, until), at=at, by=by, version=version)
        case "kept":
            book.keep_promise(about, at=at, by=by)
        case "outcome":
            instruction = _instructions_of(book, about, just_one=True)
            one = instruction[0] if instruction else None
            return book.record_outcome(
                value,
                at=at,
                by=by,
                instruction_id=one,
                case_id=None if one else about,
                note=note,
                version=version,
            )
        case "close":
            book.close_case(about, value or "closed", at=at, by=by, note=note, version=version)
        case "reopen":
            book.reopen_case(about, at=at, by=by, note=note, version=version)
        case "shown":
            book.record_shown(value or by, "case", at=at, by=by, cases=[book.case(about).case_id])
        case _:
            found = _instructions_of(book, about)
            if not found:
                raise BadInput(
                    f"{about} has no instruction that is under way; see: dispatch ledger show {about}"
                )
            book.steps(found, what, at=at, by=by, note=note, versions=_read_versions(book, found, version))
            return f"{what}: {len(found)}"
    return what


def _read_versions(book: Ledger, instruction_ids: Sequence[str], version: int | None) -> dict[str, int]:
    """The version read of the one case these instructions are of; none where none was read."""
    if version is None:
        return {}
    cases = {book.instruction(one).case_id for one in instruction_ids}
    if len(cases) > 1:
        raise typer.BadParameter(f"--version is of one case; these are {len(cases)}")
    return dict.fromkeys(cases, version)


def _ending(what: str, until: datetime | None) -> datetime:
    if until is None:
        raise typer.BadParameter(f"{what} needs --until")
    return until


def _instructions_of(book: Ledger, about: str, *, just_one: bool = False) -> list[str]:
    """Instructions meant by their own id, or by a case's or a plan's: those that have not ended."""
    live = book.instructions()
    found = [one.instruction_id for one in live if about in {one.instruction_id, one.case_id, one.plan_id}]
    if not found and any(one.instruction_id == about for one in _ended(book, about)):
        found = [about]
    if just_one and len(found) > 1:
        raise BadInput(f"{about} has {len(found)} instructions; name one: {', '.join(found[:5])}")
    return found


def _ended(book: Ledger, about: str) -> Sequence[Any]:
    try:
        return [book.instruction(about)]
    except BadInput:
        return []


@ledger_app.command("show")
def show(  # noqa: PLR0917
    about: Annotated[
        str | None, typer.Argument(metavar="[CASE]", help="A case; without one, what is open.")
    ] = None,
    ledger: LedgerUrl = None,
    settings: SettingsFile = None,
    at: At = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Open cases and their versions, or all that happened to one and who was shown it."""
    from dispatch.ledger.words import label

    book = open_ledger(ledger, settings)
    zone = book.settings.zone
    if about is not None:
        _show_case(book, about, as_json=as_json, lang=lang)
        return
    cases = book.open_cases(_moment(at, zone))
    if as_json:
        print(json.dumps([_plain(one, zone) for one in cases], ensure_ascii=False))
        return
    for one in cases:
        under_way = one.responder_id or (label("second_visit", lang) if one.next_visit_at else "–")
        words = [
            str(word(value, lang))
            for value in (one.tier, one.fraud_type, one.contact_result, one.last_outcome)
            if value
        ]
        print(
            f"{one.case_id}  v{one.version}  {one.alerted_at.astimezone(zone):%m-%d %H:%M}  {under_way}  {' '.join(words)}"
        )
    print(f"{book.name}：未结 {len(cases)} 起" if lang == "zh" else f"{len(cases)} open in {book.name}")


def _show_case(book: Ledger, case_id: str, *, as_json: bool, lang: Language) -> None:
    from dispatch.ledger.words import said

    zone = book.settings.zone
    case, events, seen = book.case(case_id), book.history(case_id), book.shown(case_id)
    person = book.people([case_id])[case_id]
    masked = {
        "name": mask_name(person["name"]), "phone": mask_phone(person["phone"]), "address": mask_address(person["address"])
    }  # fmt: skip
    if as_json:
        told = [_plain(one, zone) | {"words": mask_numbers(text)} for one, text in events]
        found = _plain(case, zone) | {
            "person": masked,
            "events": told,
            "shown": [_plain(one, zone) for one in seen],
        }
        print(json.dumps(found, ensure_ascii=False))
        return
    print(f"{case_id}  v{case.version}  {' '.join(value for value in masked.values() if value)}")
    for one, text in sorted([*events, *((each, "") for each in seen)], key=lambda pair: pair[0].seq):
        about = [said(str(one.body[name]), lang) for name in SAID if name in one.body]
        line = " ".join(
            [
                f"{one.at.astimezone(zone):%m-%d %H:%M}",
                clean(one.by),
                said(one.kind, lang),
                *about,
                one.instruction_id or "",
            ]
        )
        print(f"  {line.rstrip()}{'  “' + mask_numbers(text) + '”' if text else ''}")


@ledger_app.command("overdue")
def overdue(  # noqa: PLR0917
    ledger: LedgerUrl = None,
    settings: SettingsFile = None,
    at: At = None,
    by: By = None,
    escalate: Annotated[
        bool, typer.Option("--escalate", help="Note that the duty lead is told of what is late enough.")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Instructions whose next step is late by the limits of their tier. Exit 3 if there are any."""
    from dispatch.ledger.words import said

    book = open_ledger(ledger, settings)
    zone = book.settings.zone
    moment = _moment(at, zone)
    told = (
        {one.instruction.instruction_id for one in book.escalate(moment, by=_who(by))} if escalate else set()
    )
    late = book.overdue(moment)
    if as_json:
        print(json.dumps([_plain(one, zone) for one in late], ensure_ascii=False))
    else:
        for one in late:
            own = one.instruction
            lead = f"  → {book.settings.duty_lead}" if own.instruction_id in told else ""
            print(
                f"{own.instruction_id}  {own.case_id}  {clean(own.who)}  {said(one.step, lang)}  "
                f"{one.due_at.astimezone(zone):%H:%M}  +{one.late_minutes:.0f} min{lead}"
            )
    if late:
        raise typer.Exit(NEEDS_A_HUMAN)


@ledger_app.command("forget")
def forget(
    before: Annotated[str, typer.Option(help="Cases closed before this day or moment: 2026-01-01.")],
    ledger: LedgerUrl = None,
    settings: SettingsFile = None,
    by: By = None,
) -> None:
    """Erase names, telephones, addresses, points and words of old cases from the file; statistics stay."""
    book = open_ledger(ledger, settings)
    done = book.forget(_moment(before, book.settings.zone), by=_who(by))
    print(
        f"{done.cases} cases forgotten, {done.rows} rows emptied; {done.kept_open} as old are still open and were kept"
    )
    if not done.clean:
        _note("somebody else has the ledger open: old bytes are not yet overwritten; run this again later")
        raise typer.Exit(NEEDS_A_HUMAN)


@ledger_app.command("backup")
def backup(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    ledger: LedgerUrl = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Copy the ledger to a file, while others go on working with it."""
    from dispatch.ledger import copying

    print(f"{out}: {copying.backup(ledger, out, force=force):,} bytes")


@ledger_app.command("restore")
def restore(
    source: Annotated[Path, typer.Option("--from", help="A file written by `dispatch ledger backup`.")],
    ledger: LedgerUrl = None,
    force: Annotated[bool, typer.Option("--force", help="Put it over a ledger that is there.")] = False,
) -> None:
    """Put a backup back; what was forgotten since is to be forgotten again."""
    from dispatch.ledger import Ledger, copying

    copying.restore(source, ledger, force=force)
    print(f"restored {Ledger.open(ledger).name}")


@ledger_app.command("upgrade")
def upgrade(ledger: LedgerUrl = None) -> None:
    """Bring a ledger of an older version to this one's schema; make a backup first."""
    from dispatch.ledger import Ledger

    before, after = Ledger.upgrade(ledger)
    print(f"schema {before}" if before == after else f"schema {before} → {after}")


def handover(  # noqa: PLR0917
    ledger: LedgerUrl = None,
    settings: SettingsFile = None,
    at: At = None,
    by: By = None,
    out: Annotated[Path | None, typer.Option(help="Also write one HTML file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """The shift page: overdue, unsigned, open, second visits due, holds about to end, promises, under way."""
    from dispatch.ledger.shift_page import as_html, parts
    from dispatch.ledger.shift_page import as_json as page_json
    from dispatch.store import write_file

    book = open_ledger(ledger, settings)
    zone = book.settings.zone
    moment = _moment(at, zone)
    page = book.handover(moment)
    if out is not None:
        write_file(out, as_html(page, zone, lang), force=force)
        book.record_shown(_who(by), "handover", at=moment, by=_who(by), cases=sorted(page.people))
    if as_json:
        print(json.dumps(page_json(page, zone), ensure_ascii=False))
        return
    for part in parts(page, lang, zone):
        _print_part(part, lang)
    if out is not None:
        print(out)


def _print_part(part: Part, lang: Language) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from dispatch.ledger.words import label

    console = Console()
    if not console.is_terminal:
        console = Console(width=PAPER_COLUMNS)
    title = f"{label(part.name, lang)} {len(part.rows)}"
    if not part.rows:
        console.print(title, markup=False, highlight=False)
        return
    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        title_style="bold red" if part.urgent else "bold",
    )
    for name in part.heads:
        table.add_column(
            label(name, lang),
            no_wrap=name == "case",
            justify="right" if name in {"amount", "late"} else "left",
        )
    for row in part.rows[:LISTED]:
        table.add_row(*(escape(one) for one in row))
    console.print(table)
    if len(part.rows) > LISTED:
        console.print(f"  … +{len(part.rows) - LISTED} (--out, --json)", markup=False, highlight=False)


@dataclass(frozen=True, slots=True)
class Memory:
    """A ledger a plan starts from and is written into."""

    book: Ledger
    remembered: Remembered
    by: str

    def keep(self, day: Day) -> None:
        """Write the plan, its instructions and who is shown it; Conflict if a case has changed meanwhile."""
        from dispatch.day.remembering import keep_plan

        keep_plan(self.book, day, self.remembered, self.by)


def recall(url: str, request: Request, time_zone: str, by: str | None) -> Memory:
    """What `dispatch plan --ledger` starts from; the request's file of alerts is taken in first."""
    from dispatch.day import read_rules
    from dispatch.intake.alerts import read_alerts
    from dispatch.replan.settings import replan_settings
    from dispatch.settings import read_toml

    overlay = read_toml(request.settings) if request.settings else {}
    book, who = open_ledger(url, request.settings), _who(by)
    if request.alerts is not None:
        read = read_alerts(request.alerts, read_rules(request.settings).columns, time_zone)
        done = book.record_alerts(read.rows, at=request.at, by=who)
        _note(
            f"{done.new_rows} new rows into {book.name}, {len(read.rejected)} rejected; planning all open cases"
        )
    early = timedelta(minutes=replan_settings(overlay).follow_up.opens_minutes_before)
    return Memory(book, book.remembered(request.at, time_zone, second_visits_within=early), who)


def open_ledger(url: str | None, settings: Path | None) -> Ledger:
    """The ledger at `url` (None: the user's own) with the settings of a file."""
    from dispatch.ledger import Ledger

    return Ledger.open(url, settings=_settings(settings))


def _settings(path: Path | None) -> LedgerSettings:
    from dispatch.ledger import ledger_settings
    from dispatch.settings import read_toml

    return ledger_settings(read_toml(path) if path else None)


def _moment(given: str | None, zone: tzinfo) -> datetime:
    """The moment given, in the ledger's zone unless it names its own; now if none is."""
    if given is None:
        return datetime.now(zone)
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as cause:
        raise BadInput(f"found {given!r}, expected a moment such as 2026-05-01T14:00") from cause
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _who(given: str | None) -> str:
    name = clean(given or os.environ.get(BY_VARIABLE, ""), 60)
    if name:
        return name
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _plain(value: Any, zone: tzinfo) -> dict[str, Any]:
    """A dataclass as JSON, moments in the ledger's zone."""
    from dispatch.ledger.shift_page import plain

    found: dict[str, Any] = plain(value, zone)
    return found


def _note(text: str) -> None:
    notes.print(f"note: {text}", style="yellow", markup=False, highlight=False, soft_wrap=True)
