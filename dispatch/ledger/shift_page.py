"""The shift page as tables, as JSON, and as one HTML file that needs nothing else."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from dispatch.ledger.reading import Handover, Instruction, OpenCase
from dispatch.ledger.words import label, said
from dispatch.reasons import Language
from dispatch.redact import clean, mask_name, mask_numbers, mask_phone

LANGUAGES: tuple[Language, Language] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Part:
    """One table of the page: `heads` are names of labels, `urgent` parts are drawn so."""

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    urgent: bool = False


def parts(page: Handover, language: Language, zone: tzinfo) -> list[Part]:
    """The page's tables, the most pressing first; names and phones masked."""

    def clock(moment: datetime | None) -> str:
        if moment is None:
            return ""
        local = moment.astimezone(zone)
        return f"{local:%H:%M}" if local.date() == page.at.astimezone(zone).date() else f"{local:%m-%d %H:%M}"

    def who(case_id: str) -> tuple[str, str, str]:
        person = page.people.get(case_id, {})
        return case_id, mask_name(person.get("name", "")), mask_phone(person.get("phone", ""))

    def case(one: OpenCase) -> tuple[str, ...]:
        amount = "" if one.amount_yuan is None else f"{one.amount_yuan:,.0f}"
        calls = label("times", language).format(one.attempts) if one.attempts else ""
        rung = " ".join(part for part in (calls, said(one.contact_result, language)) if part)
        return (
            *who(one.case_id), said(one.tier, language), said(one.fraud_type, language), amount,
            clock(one.alerted_at), rung, said(one.last_outcome, language),
        )  # fmt: skip

    def told(one: Instruction) -> tuple[str, ...]:
        return (*who(one.case_id), said(one.tier, language), clean(one.who))

    case_heads = ("case", "person", "phone", "tier", "type", "amount", "since", "calls", "last")
    told_heads = ("case", "person", "phone", "tier", "responder")
    yes_no = {True: label("yes", language), False: label("no", language)}
    return [
        Part(
            "overdue",
            (*told_heads, "waits_for", "due", "late", "told_lead"),
            tuple(
                (
                    *told(one.instruction), said(one.step, language), clock(one.due_at), f"{one.late_minutes:.0f}",
                    yes_no[one.escalated],
                )
                for one in page.overdue
            ),
            urgent=True,
        ),
        Part(
            "unsigned",
            (*told_heads, "sent", "by"),
            tuple((*told(one), clock(one.sent_at), clean(one.sent_by or "")) for one in page.unsigned),
            urgent=True,
        ),
        Part("open", case_heads, tuple(case(one) for one in page.open)),
        Part(
            "second_visits",
            (*case_heads, "due"),
            tuple((*case(one), clock(one.next_visit_at)) for one in page.second_visits),
        ),
        Part(
            "holds",
            ("case", "person", "phone", "hold", "until", "by"),
            tuple(
                (*who(one.case_id), said(one.kind, language), clock(one.until), clean(one.placed_by))
                for one in page.holds_expiring
            ),
        ),
        Part(
            "promises",
            ("case", "person", "phone", "promise", "due", "by"),
            tuple(
                (*who(one.case_id), mask_numbers(one.text), clock(one.due_at), clean(one.made_by))
                for one in page.promises
            ),
        ),
        Part(
            "under_way",
            (*told_heads, "step", "contact_by"),
            tuple((*told(one), said(one.step, language), clock(one.contact_by)) for one in page.under_way),
        ),
        Part(
            "conflicting",
            (*told_heads, "reports"),
            tuple((*told(one), _reports(one, language)) for one in page.conflicting),
        ),
    ]  # fmt: skip


def as_json(page: Handover, zone: tzinfo) -> dict[str, Any]:
    """The page as JSON: moments with their zone, people masked."""
    found: dict[str, Any] = plain(dataclasses.replace(page, people={}), zone)
    found["promises"] = [one | {"text": mask_numbers(one["text"])} for one in found["promises"]]
    found["people"] = {
        case_id: {"name": mask_name(person["name"]), "phone": mask_phone(person["phone"])}
        for case_id, person in page.people.items()
    }
    return found


def plain(value: Any, zone: tzinfo) -> Any:
    """A dataclass of the ledger as JSON values, moments in `zone`."""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name), zone) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [plain(one, zone) for one in value]
    return dict(value) if isinstance(value, Mapping) else value


def as_html(page: Handover, zone: tzinfo, language: Language = "zh") -> str:
    """One file, no script needed to read it: both languages stand in it, a switch shows one."""
    body = "".join(_in_language(page, one, zone) for one in LANGUAGES)
    return _PAGE.format(
        lang="zh-CN" if language == "zh" else "en", first=language, title=_text("title", language), body=body
    )


def _in_language(page: Handover, language: Language, zone: tzinfo) -> str:
    tables = parts(page, language, zone)
    tiles = "".join(
        f'<a class="tile{" urgent" if part.urgent and part.rows else ""}" href="#{part.name}-{language}">'
        f"<b>{len(part.rows)}</b><span>{_text(part.name, language)}</span></a>"
        for part in tables
    )
    moment = page.at.astimezone(zone)
    return (
        f'<main lang="{"zh-CN" if language == "zh" else "en"}" class="{language}">'
        f"<header><h1>{_text('title', language)}</h1><p>{_text('at', language)} {moment:%Y-%m-%d %H:%M}"
        f'<label for="switch" tabindex="0">{_text("language", language)}</label></p></header>'
        f"<nav>{tiles}</nav>{''.join(_table(part, language) for part in tables)}"
        f"<footer><p><span>{_text('leaving', language)}</span><span>{_text('taking', language)}</span></p>"
        f"{_text('confidential', language)}</footer></main>"
    )


def _table(part: Part, language: Language) -> str:
    head = "".join(f"<th scope=col{_class(name)}>{_text(name, language)}</th>" for name in part.heads)
    names = [_text(name, language) for name in part.heads]
    cells = ("".join(map(_cell, names, row, part.heads)) for row in part.rows)
    rows = "".join(f"<tr>{one}</tr>" for one in cells)
    inside = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    inside = inside if rows else f"<p>{_text('nothing', language)}</p>"
    urgent = " class=urgent" if part.urgent and part.rows else ""
    return (
        f'<section id="{part.name}-{language}"{urgent}><h2>{_text(part.name, language)} '
        f"<small>{len(part.rows)}</small></h2>{inside}</section>"
    )


def _cell(name: str, value: str, head: str) -> str:
    return f'<td data-head="{name}"{_class(head)}>{html.escape(clean(value))}</td>'


def _class(head: str) -> str:
    return f" class={head}" if head in {"amount", "late", "case", "person", "phone"} else ""


def _reports(one: Instruction, language: Language) -> str:
    others = [
        f"{said(str(other['outcome']), language)} ({clean(str(other['by']))})" for other in one.other_reports
    ]
    return " / ".join([f"{said(one.outcome, language)} ({clean(one.reported_by or '')})", *others])


def _text(name: str, language: Language) -> str:
    return html.escape(label(name, language))


_PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ --ink: #1c2530; --soft: #5b6775; --line: #dde3ea; --ground: #f5f7f9; --urgent: #b3261e; --blue: #1f5fa8 }}
* {{ box-sizing: border-box }}
body {{ margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 "Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif }}
#switch {{ position: absolute; opacity: 0 }}
main {{ max-width: 1180px; margin: 0 auto; padding: 20px 20px 40px; display: none }}
body.zh #switch:not(:checked) ~ main.zh, body.zh #switch:checked ~ main.en,
body.en #switch:not(:checked) ~ main.en, body.en #switch:checked ~ main.zh {{ display: block }}
header {{ display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 16px }}
h1 {{ font-size: 24px; margin: 0 }}
header p {{ margin: 0; color: var(--soft); flex: 1; display: flex; justify-content: space-between; gap: 12px }}
label {{ color: var(--blue); cursor: pointer; padding: 4px 10px; border: 1px solid var(--line); border-radius: 6px;
  background: #fff }}
nav {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(112px, 1fr)); gap: 8px; margin: 16px 0 8px }}
.tile {{ background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; text-decoration: none;
  color: inherit }}
.tile b {{ display: block; font-size: 24px; line-height: 1.2; font-variant-numeric: tabular-nums }}
.tile span {{ color: var(--soft); font-size: 13px }}
.tile.urgent {{ border-color: var(--urgent); background: #fdf1f0 }}
.tile.urgent b, section.urgent h2 {{ color: var(--urgent) }}
section {{ margin-top: 18px; scroll-margin-top: 8px }}
h2 {{ font-size: 17px; margin: 0 0 6px }}
h2 small {{ color: var(--soft); font-weight: 400 }}
section p {{ margin: 0; color: var(--soft) }}
table {{ width: 100%; border-collapse: collapse; background: #fff; border: 1px solid var(--line) }}
th, td {{ text-align: left; padding: 6px 10px; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: anywhere }}
th {{ font-size: 13px; font-weight: 500; color: var(--soft); white-space: nowrap; overflow-wrap: normal }}
td:first-child {{ font-variant-numeric: tabular-nums; white-space: nowrap }}
.amount, .late {{ text-align: right; font-variant-numeric: tabular-nums }}
th.case {{ width: 11em }} th.person {{ width: 7em }} th.phone {{ width: 9.5em }}
footer {{ margin-top: 28px; color: var(--soft); font-size: 13px }}
footer p {{ display: flex; flex-wrap: wrap; gap: 24px; margin: 0 0 16px }}
footer span {{ flex: 1 1 220px; border-bottom: 1px solid var(--soft); padding-bottom: 6px }}
@media (max-width: 640px) {{
  main {{ padding: 14px 12px 32px }}
  nav {{ grid-template-columns: repeat(4, 1fr) }}
  .tile {{ padding: 6px 8px }} .tile b {{ font-size: 20px }} .tile span {{ font-size: 12px }}
  table, tbody {{ display: block; border: 0; background: none }} thead {{ display: none }}
  tr {{ display: grid; grid-template-columns: 1fr 1fr; gap: 2px 12px; background: #fff; border: 1px solid var(--line);
    border-radius: 8px; padding: 8px 12px; margin-bottom: 8px }}
  td, td.amount, td.late {{ border: 0; padding: 0; text-align: left }} td:empty {{ display: none }}
  td:first-child {{ grid-column: 1 / -1; font-weight: 600 }}
  td:not(:first-child)::before {{ content: attr(data-head) " "; color: var(--soft); font-size: 12px }}
}}
@media print {{ body {{ background: #fff }} label {{ display: none !important }} nav {{ grid-template-columns: repeat(8, 1fr) }}
  section {{ break-inside: avoid }} }}
</style>
</head>
<body class="{first}">
<input type="checkbox" id="switch" aria-label="语言 / language">
{body}
</body>
</html>
"""
