"""Messages, tables and typed lines, each made into the same raw rows; nothing is judged here but their form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dispatch.errors import BadInput, MissingInput
from dispatch.outcomes.payload import MESSAGE, Damaged, decode
from dispatch.redact import clean
from dispatch.tables import MAX_FILE_BYTES, read_text_of

if TYPE_CHECKING:
    import pandas as pd

MAX_TEXT_BYTES = 5_000_000
MAX_LINES = 50_000
LONGEST_LINE = 4_000

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "stop": ("stop_id", "停靠点编号", "stop", "停靠点", "code", "回报编号", "短码"),
    "outcome": ("outcome", "结果", "处置结果"),
    "minutes": ("minutes_there", "在场_分钟", "在场分钟", "minutes", "分钟", "在场"),
    "at": ("outcome_at", "回报时间", "reported_at", "at", "时间"),
    "sent_yuan": ("sent_yuan", "已转金额", "已转金额_元", "transferred_yuan"),
    "note": ("report_note", "回报备注", "note", "备注"),
    "case": ("case_id", "警情编号", "case", "警情"),
    "plan": ("plan_id", "计划"),
}
"""Columns of a filled table, as headed in either language; the first that is there counts."""

ROUTE_LIST = frozenset({"order", "顺序"})
"""Where one of these is a heading, 备注 is the case's own note, not the team's."""


@dataclass(frozen=True, slots=True)
class Given:
    """One report as it came, `source` saying where it stood ("line 3", "row 12", "message in line 1, part 2").

    `after_minutes` counts from the plan's moment. `fault` is set where the form is wrong already.
    """

    source: str
    text: str
    stop: str = ""
    outcome: str = ""
    minutes: str = ""
    at: str = ""
    sent_yuan: str = ""
    note: str = ""
    case: str = ""
    plan: str = ""
    after_minutes: int | None = None
    rest: str | None = None
    """A typed line from the start, not yet taken apart: which stops there are decides where its first word ends."""
    fault: str = ""


def read_given(path: Path) -> list[Given]:
    """The reports of a file: a workbook, a CSV with headings, or any text with messages and typed lines.

    Raises
    ------
    MissingInput, BadInput
        There is no such file, or it is too large.
    """
    if not path.exists():
        raise MissingInput(path)
    try:
        with path.open("rb") as file:  # a pipe too, which cannot be asked for its size
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as cause:
        raise BadInput(f"{path} cannot be read as a file: {cause.strerror or cause}") from cause
    return read_given_bytes(raw, str(path))


def read_given_bytes(raw: bytes, name: str) -> list[Given]:
    """The reports of a file's bytes, whichever way they came; `name` is what to call it.

    Raises
    ------
    BadInput
        It is too large, or a workbook that is none.
    """
    if len(raw) > MAX_FILE_BYTES:
        raise BadInput(f"{name} is larger than {MAX_FILE_BYTES:,} bytes: split it")
    if raw.startswith(b"PK\x03\x04"):
        return _of_table(read_text_of(raw, Path(name)), name)
    text = text_of(raw, name)
    first = next((line for line in text.splitlines() if line.strip()), "")
    heads = {_heading(cell) for cell in re.split(r"[,;\t]", first)}
    if heads & set(HEADINGS["outcome"]) and heads & {*HEADINGS["stop"], *HEADINGS["case"]}:
        return _of_table(read_text_of(raw, Path(name)), name)
    return list(read_given_text(text))


def text_of(raw: bytes, name: str) -> str:
    """Bytes as text, each line UTF-8 or else GB18030; what is neither becomes replacement signs.

    Line by line, since what is pasted together comes from many telephones: a stray byte costs its own line only.

    Raises
    ------
    BadInput
        More than `MAX_TEXT_BYTES`.
    """
    if len(raw) > MAX_TEXT_BYTES:
        raise BadInput(f"{name} is {len(raw):,} bytes; reports are at most {MAX_TEXT_BYTES:,}: split it")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    return "\n".join(_decoded(line) for line in raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"))


def _decoded(line: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("utf-8", errors="replace")


def read_given_text(text: str) -> Iterator[Given]:
    """Every message and every typed line of a text; blank lines and those that begin with # are passed over."""
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if number > MAX_LINES:
            yield Given(
                f"line {number}", "", fault=f"超过 {MAX_LINES} 行，其余未读 (lines beyond are not read)"
            )
            return
        plain = unicodedata.normalize("NFKC", line[:LONGEST_LINE]).strip()
        messages = list(MESSAGE.finditer(plain))
        if messages:
            for found in messages:
                yield from _of_message(number, found[0])
        elif plain and not plain.startswith("#"):
            shown = clean(plain, 120)
            if shown:
                yield Given(f"line {number}", shown, rest=plain)


def _of_message(number: int, text: str) -> Iterator[Given]:
    where = f"message in line {number}"
    try:
        message = decode(text)
    except Damaged as cause:
        yield Given(where, clean(text, 40), fault=str(cause))
        return
    for part, record in enumerate(message.records, start=1):
        yield Given(
            source=f"{where}, part {part}",
            text=f"{record.code} {record.outcome}",
            stop=record.code,
            outcome=record.outcome,
            minutes="" if record.there_minutes is None else str(record.there_minutes),
            sent_yuan="" if record.sent_yuan is None else str(record.sent_yuan),
            note=record.note,
            plan=message.plan_id,
            after_minutes=record.after_minutes,
        )
    for part_text, fault in message.faults:
        yield Given(where, clean(part_text, 40), fault=fault)


def _of_table(frame: pd.DataFrame, name: str) -> list[Given]:
    """Rows of a filled table; those without an outcome are not reported yet, and passed over."""
    heads = {_heading(str(one)): str(one) for one in frame.columns}
    found = {
        field: next((heads[one] for one in names if one in heads), None) for field, names in HEADINGS.items()
    }
    if ROUTE_LIST & set(heads) and found["note"] is not None and _heading(found["note"]) in {"note", "备注"}:
        found["note"] = None
    if found["outcome"] is None or (found["stop"] is None and found["case"] is None):
        raise BadInput(
            f"{name}: found headings {', '.join(list(heads)[:12])}; expected stop_id 停靠点编号 and outcome 结果"
        )
    given = []
    for row, cells in zip(frame.index, frame.to_dict("records"), strict=True):
        values = {
            field: str(cells[column]).strip().removeprefix("'") if column is not None else ""
            for field, column in found.items()
        }
        if values["outcome"]:
            text = clean(" ".join(values[one] for one in ("stop", "case", "outcome") if values[one]), 120)
            given.append(
                Given(
                    source=f"row {row}",
                    text=text,
                    stop=values["stop"],
                    outcome=values["outcome"],
                    minutes=values["minutes"],
                    at=values["at"],
                    sent_yuan=values["sent_yuan"],
                    note=values["note"],
                    case=values["case"],
                    plan=values["plan"],
                )
            )
    return given


def _heading(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().strip('"\ufeff').lower()
