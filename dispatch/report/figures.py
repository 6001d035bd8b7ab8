"""The figures of a report: counted from facts, every share with its denominator. Pure; docs/report.md defines each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from dispatch.domain import KINDS, TIERS
from dispatch.report.facts import Facts, Fate, Person, Visit
from dispatch.report.periods import COMPARED, Before, Period

SMALLEST_GROUP = 3
"""Fewer people than this are not shown apart by type, county or station."""
FEWEST_FOR_RANGE = 10
"""Fewer arrivals than this have no 80 % range."""
UNKNOWN, POOLED = "", "*"
"""Keys of rows: what nobody said; small groups put together."""
GROUPED = ("tier", "fraud_type", "county", "station")


@dataclass(frozen=True, slots=True)
class Share:
    """`numerator` of `denominator`."""

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if not 0 <= self.numerator <= self.denominator:
            raise ValueError(f"{self.numerator} of {self.denominator} is no share")

    @property
    def value(self) -> float | None:
        """0 to 1; None of nothing."""
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True, slots=True)
class Sum:
    """Where the alerts went. `rejected` is None where rejected rows were not kept; then they are in no part."""

    received: int
    rejected: int | None
    not_yet: int
    no_visit: int
    planned: int
    left_out: int

    def __post_init__(self) -> None:
        if self.received != sum(count or 0 for _, count in self.parts):
            raise AssertionError(f"the sum does not close: {self}")

    @property
    def parts(self) -> tuple[tuple[str, int | None], ...]:
        """Every part with its count, in order."""
        names = ("rejected", "not_yet", "no_visit", "planned", "left_out")
        return tuple((name, getattr(self, name)) for name in names)


@dataclass(frozen=True, slots=True)
class Money:
    """Yuan averted, as two sums of different kinds that are never added.

    `modelled_yuan` is what plans expected of `modelled` visits, None if no plan said. `verified_yuan` is what the
    alerts of `verified` people, of `persuaded` in all, named as at risk, and that was not sent as far as is known.
    """

    modelled_yuan: float | None
    modelled: int
    verified_yuan: float
    verified: int
    persuaded: int


@dataclass(frozen=True, slots=True)
class Row:
    """One group of people. `pooled` counts the groups put together in it, 0 for one that stands for itself."""

    key: str
    people: int
    by_phone: int
    planned: int
    visited: Share
    met: Share
    persuaded: Share
    overdue: int | None
    defrauded: int
    pooled: int = 0


@dataclass(frozen=True, slots=True)
class Punctuality:
    """How far arrivals were from the plan, in minutes, late positive.

    `low` to `high` hold the middle 80 %; None with fewer than `FEWEST_FOR_RANGE`. `key` is a kind of
    responder, an hour of the planned arrival ("08"), or "" for all.
    """

    key: str
    count: int
    median: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything counted of one period; a share that is None has no figure."""

    sum: Sum
    people: int
    by_phone: Share
    visited: Share
    signed: Share | None
    met: Share
    persuaded: Share
    overdue: Share | None
    defrauded: Share
    money: Money
    minutes_to_meet: float | None
    timed_meetings: int

    @property
    def shares(self) -> Mapping[str, Share | None]:
        """The shares by name, in the order they are told."""
        return {name: getattr(self, name) for name in SHARES}


SHARES = ("by_phone", "visited", "signed", "met", "persuaded", "overdue", "defrauded")


@dataclass(frozen=True, slots=True)
class Compared:
    """An earlier period and its figures, None where there are none."""

    which: Before
    period: Period
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Report:
    """What the writers say in words, tables and pictures; nothing in it depends on a language.

    `centre` is who reports, "" for the centre of the `area`.

    `groups`: tier, fraud_type, county, station → rows, most people first. `alerts_by_hour` are 24
    counts; `alerts_by_day` (day, alerts, people visited) of each day of the period counted so far.
    """

    period: Period
    source: str
    area: str
    centre: str
    synthetic: bool
    now: Figures
    before: tuple[Compared, ...]
    groups: Mapping[str, tuple[Row, ...]]
    alerts_by_hour: tuple[int, ...]
    visited_by_hour: tuple[int, ...]
    alerts_by_day: tuple[tuple[date, int, int], ...]
    late_steps: Mapping[str, int]
    arrivals: Punctuality | None
    arrivals_by_kind: tuple[Punctuality, ...]
    arrivals_by_hour: tuple[Punctuality, ...]
    arrival_errors: tuple[float, ...]
    smallest_group: int

    @property
    def empty(self) -> bool:
        """Whether no alert came in."""
        return self.now.sum.received == 0


def report_of(
    period: Period,
    facts: Facts,
    before: Mapping[Before, Facts | None],
    *,
    source: str = "ledger",
    area: str = "",
    centre: str = "",
    smallest_group: int = SMALLEST_GROUP,
) -> Report:
    """The report of a period; `before` holds the facts of earlier ones, None (or nothing) where there are none."""
    people = facts.people
    errors = [
        (one, error) for person in people for one in person.visits if (error := _error(one)) is not None
    ]
    compared = []
    for which in COMPARED[period.span]:
        past = before.get(which)
        compared.append(Compared(which, period.before(which), figures(past) if past is not None else None))
    return Report(
        period=period,
        source=source,
        area=area,
        centre=centre,
        synthetic=facts.synthetic,
        now=figures(facts),
        before=tuple(compared),
        groups={
            name: _rows(people, name, 1 if name == "tier" else smallest_group, steps_known=facts.steps_known)
            for name in GROUPED
        },
        alerts_by_hour=_by_hour(facts.alerts),
        visited_by_hour=_by_hour([one.alerted_at for one in people if one.visited]),
        alerts_by_day=_by_day(period, facts),
        late_steps=Counter(
            step for person in people for one in person.visits if one.sent for step in one.late
        ),
        arrivals=_punctuality("", [error for _, error in errors]) if errors else None,
        arrivals_by_kind=_grouped(errors, lambda one: one.kind, KINDS),
        arrivals_by_hour=_grouped(errors, _hour, ()),
        arrival_errors=tuple(sorted(error for _, error in errors)),
        smallest_group=smallest_group,
    )


def figures(facts: Facts) -> Figures:
    """Everything counted of one period."""
    people = facts.people
    fates: Counter[Fate] = Counter(one.fate for one in people)
    planned = [one for one in people if one.fate == "planned"]
    visited = [one for one in planned if one.visited]
    met = [one for one in visited if one.met]
    sent = [one for person in people for one in person.visits if one.sent]
    waits = [
        (one.first_met_at - one.alerted_at) / timedelta(minutes=1)
        for one in met
        if one.first_met_at is not None
    ]
    merged = len(facts.alerts) - len(people)  # further alerts of somebody who is counted once
    return Figures(
        sum=Sum(
            received=len(facts.alerts) + (facts.rejected or 0),
            rejected=facts.rejected,
            not_yet=fates["not_yet"],
            no_visit=fates["no_visit"] + merged,
            planned=fates["planned"],
            left_out=fates["left_out"],
        ),
        people=len(people),
        by_phone=Share(sum(one.by_phone and not one.met for one in people), len(people)),
        visited=Share(len(visited), len(planned)),
        signed=Share(sum(one.signed for one in sent), len(sent)) if facts.steps_known else None,
        met=Share(len(met), len(visited)),
        persuaded=Share(sum(one.persuaded for one in met), len(met)),
        overdue=Share(sum(bool(one.late) for one in sent), len(sent)) if facts.steps_known else None,
        defrauded=Share(sum(one.defrauded for one in people), len(people)),
        money=_money(people),
        minutes_to_meet=float(np.median(waits)) if waits else None,
        timed_meetings=len(waits),
    )


def _money(people: Iterable[Person]) -> Money:
    planned = [one for one in people if one.fate == "planned"]
    modelled = [
        one.averted_yuan for person in planned for one in person.visits if one.averted_yuan is not None
    ]
    persuaded = [one for one in planned if one.persuaded and not one.defrauded]
    verified = [one.amount_yuan for one in persuaded if one.amount_yuan is not None]
    return Money(
        round(math.fsum(modelled), 2) if modelled else None,
        len(modelled),
        round(math.fsum(verified), 2),
        len(verified),
        len(persuaded),
    )


def _rows(people: Sequence[Person], name: str, smallest: int, *, steps_known: bool) -> tuple[Row, ...]:
    """A row a group, those with fewer than `smallest` people pooled until the pool has as many."""
    groups: dict[str, list[Person]] = {}
    for one in people:
        groups.setdefault(getattr(one, name) or UNKNOWN, []).append(one)
    ordered = sorted(groups, key=lambda key: (key == UNKNOWN, -len(groups[key]), key))
    if name == "tier":
        ordered = [one for one in (*TIERS, UNKNOWN) if one in groups]
    small = [key for key in ordered if len(groups[key]) < smallest]
    pool = [one for key in small for one in groups[key]]
    large = [key for key in ordered if key not in small]
    while pool and len(pool) < smallest and large:
        least = min(large, key=lambda key: (len(groups[key]), key))
        large.remove(least)
        small.append(least)
        pool += groups[least]
    rows = [_row(key, groups[key], steps_known=steps_known) for key in large]
    return (*rows, _row(POOLED, pool, len(small), steps_known=steps_known)) if pool else tuple(rows)


def _row(key: str, people: Sequence[Person], pooled: int = 0, *, steps_known: bool) -> Row:
    planned = [one for one in people if one.fate == "planned"]
    visited = [one for one in planned if one.visited]
    met = [one for one in visited if one.met]
    return Row(
        key=key,
        people=len(people),
        by_phone=sum(one.by_phone and not one.met for one in people),
        planned=len(planned),
        visited=Share(len(visited), len(planned)),
        met=Share(len(met), len(visited)),
        persuaded=Share(sum(one.persuaded for one in met), len(met)),
        overdue=sum(one.overdue for one in people) if steps_known else None,
        defrauded=sum(one.defrauded for one in people),
        pooled=pooled,
    )


def _by_hour(moments: Iterable[datetime]) -> tuple[int, ...]:
    counts = Counter(one.hour for one in moments)
    return tuple(counts[hour] for hour in range(24))


def _by_day(period: Period, facts: Facts) -> tuple[tuple[date, int, int], ...]:
    alerts = Counter(one.date() for one in facts.alerts)
    visited = Counter(one.alerted_at.date() for one in facts.people if one.visited)
    days = [day for day in period.days() if day <= (period.end - timedelta(microseconds=1)).date()]
    return tuple((day, alerts[day], visited[day]) for day in days)


def _error(one: Visit) -> float | None:
    if one.planned_at is None or one.reached_at is None:
        return None
    return (one.reached_at - one.planned_at) / timedelta(minutes=1)


def _hour(one: Visit) -> str:
    return f"{one.planned_at:%H}" if one.planned_at else ""


def _grouped(
    errors: Sequence[tuple[Visit, float]], key: Callable[[Visit], str], order: Sequence[str]
) -> tuple[Punctuality, ...]:
    groups: dict[str, list[float]] = {}
    for one, error in errors:
        groups.setdefault(key(one), []).append(error)
    ordered = sorted(groups, key=lambda name: (order.index(name) if name in order else len(order), name))
    return tuple(_punctuality(name, groups[name]) for name in ordered)


def _punctuality(key: str, errors: Sequence[float]) -> Punctuality:
    low, high = (
        (float(np.quantile(errors, share)) for share in (0.1, 0.9))
        if len(errors) >= FEWEST_FOR_RANGE
        else (None, None)
    )
    return Punctuality(key, len(errors), float(np.median(errors)), low, high)
