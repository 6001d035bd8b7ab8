"""Raw rows judged: whose visit, what came of it, when; a bad one is given back with the reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from dispatch.domain import Plan, Problem
from dispatch.intake.fields import AMOUNT, TIME, Unclear, amount_of, time_of
from dispatch.outcomes.payload import code_of, short_ids
from dispatch.outcomes.reading import Given
from dispatch.outcomes.words import KNOWN, SENT_WORDS, outcome_at_start, outcome_of
from dispatch.redact import clean

LONGEST_NOTE = 300
MOST_THERE_MINUTES = 999
EARLY = timedelta(minutes=10)
"""Clocks differ: a report so long before the plan's moment is taken as of that moment."""

_MINUTES = re.compile(
    r"[\s,，;；:、]*(\d{1,6})\s*(?:分钟|分|minutes|mins|min|m)?(?=[\s,，;；.。、:]|$)", re.IGNORECASE
)
_MINUTES_SAID = re.compile(r"[\s,，;；:、]*(\d{1,6})\s*(?:分钟|分|minutes|mins|min)", re.IGNORECASE)
_CLOCK = re.compile(r"[\s,，;；、@]*([01]?\d|2[0-3]):([0-5]\d)(?!\d)")
_YUAN = re.compile(r"(\d[\d,]{0,14}(?:\.\d{1,4})?)\s*(万|千)?\s*(?:元|块|yuan|rmb)", re.IGNORECASE)
_FILLER = " \t,，;；:：、。.-—"


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit somebody may report on. `code` is its short id; `instruction_id` the ledger's, None without one."""

    stop_id: str
    code: str
    case_id: str
    responder_id: str
    plan_id: str
    plan_at: datetime
    instruction_id: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a visit, checked. `at` is when the team said so, `there_minutes` how long it was there.

    `look` says why a person should read the note: it speaks of money sent.
    """

    visit: Visit
    outcome: str
    at: datetime
    there_minutes: int | None = None
    sent_yuan: float | None = None
    note: str = ""
    source: str = ""
    look: bool = False

    @property
    def met_at(self) -> datetime | None:
        """When the person was met: the minutes there before the report; None where nobody was met."""
        if not self.outcome.startswith("met_") and self.outcome != "already_transferred":
            return None
        return self.at - timedelta(minutes=self.there_minutes or 0)


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that cannot be used: where it stood, what it said, what was expected (Chinese, then English)."""

    source: str
    text: str
    why: str


def visits_of_plan(problem: Problem, plan: Plan) -> list[Visit]:
    """Every stop of a plan, with its short id."""
    codes = short_ids(plan.id, [stop.id for route in plan.routes for stop in route.stops])
    return [
        Visit(stop.id, codes[stop.id], stop.case_id, route.responder_id, plan.id, problem.at)
        for route in plan.routes
        for stop in route.stops
    ]


def checked(
    given: Iterable[Given], visits: Sequence[Visit], now: datetime
) -> tuple[list[Report], list[Refused]]:
    """The reports that can be used, and the lines that cannot, each in the order they came.

    A line names its visit by the short id, the stop's id, or the case's where it has one visit. `now`
    has its zone: a moment without a day is the last such time before it, one ahead of it becomes it.
    """
    known = _Known(visits)
    reports: list[Report] = []
    refused: list[Refused] = []
    for one in given:
        try:
            reports.append(_report(one, known, now))
        except Unclear as cause:
            refused.append(Refused(one.source, one.text, str(cause)))
    return reports, refused


class _Known:
    """The visits by everything they may be called."""

    def __init__(self, visits: Sequence[Visit]) -> None:
        self.plans = {visit.plan_id.upper() for visit in visits}
        self.by_name: dict[str, list[Visit]] = {}
        for visit in visits:
            for name in dict.fromkeys((visit.stop_id, visit.code, visit.case_id)):
                self.by_name.setdefault(_key(name), []).append(visit)
        self.longest = max((len(name) for name in self.by_name), default=0)
        self.codes = {_key(visit.code) for visit in visits}

    def named(self, name: str, plan: str = "") -> Visit:
        """The one visit of that name, of that plan where one is told; Unclear if there is none, or several."""
        if plan and plan.upper() not in self.plans:
            raise Unclear(
                f"属于另一份计划 {clean(plan, 40)}，请给出那份计划 (it is of plan {clean(plan, 40)}: give that plan)"
            )
        found = self.by_name.get(_key(name), []) or self.by_name.get(_key(code_of(name)), [])
        found = [visit for visit in found if not plan or visit.plan_id.upper() == plan.upper()]
        if not found:
            raise Unclear(
                f"没有停靠点 {clean(name, 40)}，应为单子上的编号 (no stop {clean(name, 40)}; expected one of the sheet)"
            )
        if len(found) > 1:
            listed = "、".join(visit.code for visit in found[:4])
            raise Unclear(
                f"{clean(name, 40)} 有多次上门，请写 {listed} 之一 (several visits: name one of {listed})"
            )
        return found[0]

    def at_start(self, text: str) -> tuple[str, str] | None:
        """The longest known name a text begins with, and what follows it."""
        folded = _key(text[: self.longest])
        if len(folded) != len(text[: self.longest]):
            return None
        for size in range(min(self.longest, len(text)), 0, -1):
            after = text[size : size + 2]
            if folded[:size] in self.by_name and not re.match(r"[0-9A-Za-z_\-]|:[0-9A-Za-z]", after):
                return text[:size], text[size:]
        return None


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().upper()


def _report(given: Given, known: _Known, now: datetime) -> Report:
    if given.fault:
        raise Unclear(given.fault)
    if given.rest is not None:
        given = _typed(given, given.rest, known)
    visit = known.named(given.stop or given.case, given.plan)
    if given.stop and given.case and _key(given.case) != _key(visit.case_id):
        raise Unclear(
            f"{visit.stop_id} 的警情是 {visit.case_id}，不是 {clean(given.case, 40)} "
            f"({visit.stop_id} is of case {visit.case_id})"
        )
    outcome = outcome_of(given.outcome)
    if outcome is None:
        raise Unclear(f"结果“{clean(given.outcome, 40)}”无法识别，应为：{KNOWN} (no such outcome)")
    note = clean(given.note, LONGEST_NOTE)
    sent = _sent_yuan(given.sent_yuan, note) if outcome == "already_transferred" or given.sent_yuan else None
    return Report(
        visit=visit,
        outcome=outcome,
        at=_moment(given, visit, now),
        there_minutes=_there(given.minutes),
        sent_yuan=sent,
        note=note,
        source=given.source,
        look=outcome != "already_transferred" and bool(SENT_WORDS.search(note)),
    )


def _typed(given: Given, line: str, known: _Known) -> Given:
    """A typed line taken apart: stop, outcome, minutes, a clock time, and the rest as a note."""
    start = known.at_start(line)
    if start is None:
        name, _, rest = line.partition(next((sign for sign in line if sign in " \t,，;；"), "\0"))
        spaced = known.by_name.get(_key(code_of(name)))
        if spaced is None:
            raise Unclear(
                f"没有停靠点 {clean(name, 40)}，应写：编号 结果 分钟 备注 "
                f"(no stop {clean(name, 40)}; expected: stop outcome minutes note)"
            )
        start = name, rest
    name, rest = start
    found = outcome_at_start(rest)
    if found is None:
        raise Unclear(f"结果“{clean(rest, 40)}”无法识别，应为：{KNOWN} (no such outcome)")
    outcome, rest = found
    minutes = clock = ""
    for _ in range(2):
        if not clock and (hit := _CLOCK.match(rest)):
            clock, rest = f"{hit[1]}:{hit[2]}", rest[hit.end() :]
        elif not minutes and (hit := _MINUTES_SAID.match(rest) or _MINUTES.match(rest)):
            minutes, rest = hit[1], rest[hit.end() :]
    return replace(
        given, stop=name, outcome=outcome, minutes=minutes, at=clock, note=rest.strip(_FILLER), rest=None
    )


def _there(text: str) -> int | None:
    """Minutes at the door; None where nothing is said."""
    digits = re.sub(
        r"\s*(?:分钟|分|minutes|mins|min|m)$", "", unicodedata.normalize("NFKC", text).strip().lower()
    )
    if not digits:
        return None
    try:
        value = float(digits) if len(digits) <= 12 else -1.0
    except ValueError:
        value = -1.0
    if not 0 <= value <= MOST_THERE_MINUTES:
        raise Unclear(
            f"在场分钟“{clean(text, 20)}”，应为 0 至 {MOST_THERE_MINUTES} (minutes there, 0 to {MOST_THERE_MINUTES})"
        )
    return round(value)


def _sent_yuan(text: str, note: str) -> float | None:
    """What was transferred: said by itself, or the one amount of the note."""
    if text:
        try:
            return float(amount_of(text))
        except Unclear as cause:
            raise Unclear(f"已转金额“{clean(text, 20)}”，应为{AMOUNT}") from cause
    said = list(_YUAN.finditer(unicodedata.normalize("NFKC", note)))
    if len(said) != 1:
        return None
    return float(said[0][1].replace(",", "")) * {"万": 1e4, "千": 1e3}.get(said[0][2] or "", 1.0)


def _moment(given: Given, visit: Visit, now: datetime) -> datetime:
    """When the team said so, in the zone of `now`."""
    if given.after_minutes is not None:
        at = visit.plan_at + timedelta(minutes=given.after_minutes)
    elif not given.at:
        at = now
    elif clock := re.fullmatch(r"([01]?\d|2[0-3])[:：]([0-5]\d)(?::[0-5]\d)?", given.at.strip()):
        at = datetime.combine(now.date(), time(int(clock[1]), int(clock[2])), now.tzinfo)
        if at > now + EARLY:
            at -= timedelta(days=1)
    else:
        try:
            at = time_of(now.tzinfo)(given.at)  # type: ignore[arg-type] # `now` has its zone
        except Unclear as cause:
            raise Unclear(f"时间“{clean(given.at, 30)}”，应为{TIME}") from cause
    at = min(at, now).astimezone(now.tzinfo)
    if at < visit.plan_at - EARLY:
        raise Unclear(
            f"时间 {at:%m-%d %H:%M} 早于计划 {visit.plan_at:%m-%d %H:%M} (it is before the plan it reports on)"
        )
    return max(at, visit.plan_at).astimezone(now.tzinfo)


def lines_of(refused: Sequence[Refused]) -> Iterator[str]:
    """The lines given back, as they are printed."""
    for one in refused:
        yield f"{one.source}  {one.text}  → {one.why}"
