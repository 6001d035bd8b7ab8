"""The compact message of the phone page: outcomes of one plan as a line of text, or a QR code.

``FD1-97E90BE6FF96-7KQ2M.3.92.15..X61BQSDHGQJSSA0.4EQ-8XJ2A.8.120..50000.E6M-2-E7RW``: version, plan id,
one record a stop, how many there are, a check of all before it. Only digits, capitals, ``-`` and ``.``: a QR
code in alphanumeric mode holds it, no chat reformats it, and case does not matter.
docs/outcomes.md has the grammar, for whoever writes it in another language. This module needs
nothing but the list of outcomes.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dispatch.reasons import OUTCOMES

VERSION = 1
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U. Read back, I and L are 1, O is 0."""

CODE_SIGNS = 5
LONGEST_NOTE_BYTES = 360
MOST_MINUTES = 7 * 1440

MESSAGE = re.compile(r"FD(\d{1,3})-([0-9A-Z]{4,32})((?:-[0-9A-Z.]*)+)", re.IGNORECASE)
"""A message anywhere in a text: version, plan id, what follows."""

_ALIKE = str.maketrans("ILO", "110")


class Damaged(ValueError):
    """A part of a message cannot be what was written; the message says why, zh then en."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a team says of one stop. `code` is the stop's short id, `outcome` one of `OUTCOMES`.

    `after_minutes` is when it was recorded, from the plan's moment; `there_minutes` how long the team
    was at the door and `sent_yuan` what had been transferred already, None where nothing is said.
    """

    code: str
    outcome: str
    after_minutes: int
    there_minutes: int | None = None
    sent_yuan: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message read back: good `records`, a reason for each part that is not, and what is wrong with the whole."""

    plan_id: str
    records: tuple[Record, ...]
    faults: tuple[tuple[str, str], ...] = ()


def short_ids(plan_id: str, stop_ids: Iterable[str]) -> dict[str, str]:
    """A code of five signs for each stop of a plan, another in every plan; the order of the stops changes nothing.

    It is the base 32 of the SHA-256 of ``plan id`` + newline + ``stop id``, from the first sign on; where two
    stops share it, the one whose id sorts later gets a sign more.
    """
    codes: dict[str, str] = {}
    taken: set[str] = set()
    for stop_id in sorted(set(stop_ids)):
        whole = _base32(hashlib.sha256(f"{plan_id}\n{stop_id}".encode()).digest())
        size = CODE_SIGNS
        while whole[:size] in taken:
            size += 1
        taken.add(whole[:size])
        codes[stop_id] = whole[:size]
    return codes


def encode(plan_id: str, records: Sequence[Record]) -> str:
    """The message of these records.

    Raises
    ------
    ValueError
        A record has no such outcome, minutes out of range, or too long a note.
    """
    head = f"FD{VERSION}-{plan_id.upper()}"
    if not re.fullmatch(r"[0-9A-Z]{4,32}", plan_id.upper()):
        raise ValueError(f"plan id {plan_id!r}: expected 4 to 32 letters and digits")
    parts = []
    for one in records:
        body = _body(one)
        parts.append(f"{body}.{check(f'{plan_id.upper()}-{body}', 3)}")
    told = "-".join([head, *parts, str(len(parts))])
    return f"{told}-{check(told, 4)}"


def decode(text: str) -> Message:
    """Read one message (a match of `MESSAGE`). Each record has a check of its own: what is whole is kept.

    Raises
    ------
    Damaged
        It is of another version.
    """
    found = MESSAGE.fullmatch(text.strip())
    if found is None:
        raise Damaged("不是回报码 (not a message of the phone page)")
    version, plan_id, rest = int(found[1]), found[2].upper(), found[3].upper().rstrip(".-")
    if version != VERSION:
        raise Damaged(
            f"回报码版本为 {version}，本程序读 {VERSION} (version {version}, this program reads {VERSION})"
        )
    parts = rest.split("-")[1:]
    tail, count = _tail(parts)
    records: list[Record] = []
    faults: list[tuple[str, str]] = []
    for part in parts[: len(parts) - tail]:
        try:
            records.append(_record(plan_id, part))
        except Damaged as cause:
            faults.append((part, str(cause)))
    if tail < 2 or check(f"FD{version}-{plan_id}-" + "-".join(parts[:-1]), 4) != _plain(parts[-1]):
        missing = "" if count is None else f"，应有 {count} 条"
        faults.append(
            (
                text.strip()[-24:],
                f"回报码不完整或有误{missing}，请重发；完好的 {len(records)} 条已收 "
                f"(the message is cut or damaged: send it again; the {len(records)} whole records are taken)",
            )
        )
    return Message(plan_id, tuple(records), tuple(faults))


def check(text: str, signs: int) -> str:
    """The last `signs` base 32 digits of the CRC-32 of the text in ASCII."""
    value = zlib.crc32(text.encode("ascii"))
    return "".join(DIGITS[(value >> 5 * place) & 31] for place in reversed(range(signs)))


def code_of(text: str) -> str:
    """A short id as somebody may type it: I and L for 1, O for 0, in any case."""
    return _plain(text.upper())


def _body(one: Record) -> str:
    if one.outcome not in OUTCOMES:
        raise ValueError(f"outcome: found {one.outcome!r}, expected one of {', '.join(OUTCOMES)}")
    for name, value, most in (
        ("after_minutes", one.after_minutes, MOST_MINUTES),
        ("there_minutes", one.there_minutes or 0, 999),
        ("sent_yuan", one.sent_yuan or 0, 10**10),
    ):
        if not 0 <= value <= most:
            raise ValueError(f"{name}: found {value}, expected 0 to {most}")
    note = one.note.encode()
    if len(note) > LONGEST_NOTE_BYTES:
        raise ValueError(f"a note of {len(note)} bytes, expected at most {LONGEST_NOTE_BYTES}")
    said = [
        one.code,
        str(OUTCOMES.index(one.outcome) + 1),
        str(one.after_minutes),
        "" if one.there_minutes is None else str(one.there_minutes),
        "" if one.sent_yuan is None else str(one.sent_yuan),
        _base32(note),
    ]
    while not said[-1]:
        said.pop()
    return ".".join(said)


def _record(plan_id: str, part: str) -> Record:
    body, _, own = part.rpartition(".")
    if check(f"{plan_id}-{body}", 3) != _plain(own):
        raise Damaged("校验不符，请重发 (its check does not fit: send it again)")
    fields = [*body.split("."), "", "", "", ""][:6]
    code, outcome, after, there, sent, note = fields
    numbers = (outcome, after, there or "0", sent or "0")
    if not all(one.isascii() and one.isdigit() and len(one) <= 11 for one in numbers) or not code:
        raise Damaged("内容不全 (a part of it is missing)")
    if not 1 <= int(outcome) <= len(OUTCOMES) or int(after) > MOST_MINUTES:
        raise Damaged("结果或时间超出范围 (its outcome or time is out of range)")
    return Record(
        _plain(code),
        OUTCOMES[int(outcome) - 1],
        int(after),
        int(there) if there else None,
        int(sent) if sent else None,
        _unbase32(note).decode("utf-8", errors="replace"),
    )


def _tail(parts: Sequence[str]) -> tuple[int, int | None]:
    """How many parts at the end are the count and the check, and the count; a cut message has neither."""
    if len(parts) >= 2 and parts[-2].isdigit() and "." not in parts[-1]:
        return 2, int(parts[-2][:6])
    if parts and "." not in parts[-1]:
        return 1, None
    return 0, None


def _plain(signs: str) -> str:
    return signs.translate(_ALIKE)


def _base32(raw: bytes) -> str:
    """Bytes as base 32, five bits a sign from the first bit on, the last padded with zeros."""
    bits = "".join(f"{byte:08b}" for byte in raw)
    bits += "0" * (-len(bits) % 5)
    return "".join(DIGITS[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5))


def _unbase32(signs: str) -> bytes:
    known = [DIGITS.find(sign) for sign in _plain(signs)]
    if min(known, default=0) < 0:
        raise Damaged("备注有误 (its note is damaged)")
    bits = "".join(f"{value:05b}" for value in known)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))
