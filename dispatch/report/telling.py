"""A report in words: every number formatted once, for the page and the letter alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dispatch.reasons import Language
from dispatch.redact import clean
from dispatch.report.figures import GROUPED, SHARES, Figures, Punctuality, Report, Row, Share
from dispatch.report.words import DEFINITIONS, dates, key_name, label, meaning, row_name, title

DASH = "–"
COUNTS = ("received", "people", "planned", "left_out")
COMPARED = ("received", "people", *SHARES, "modelled", "verified")
GROUP_COLUMNS = ("people", "by_phone", "planned", "visited", "met", "persuaded", "overdue", "defrauded")
STEPS = ("signed", "departed", "met", "reported")


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure as it catches the eye: `value` large, `note` below it. `urgent` where it should be 0 and is not."""

    name: str
    label: str
    value: str
    note: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table in words: the first cell of a row names it, the others are figures."""

    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def heading(report: Report, language: Language) -> dict[str, str]:
    """Who reports what, of when."""
    period = report.period
    return {
        "title": title(period, language),
        "dates": dates(period, language),
        "centre": centre_of(report, language),
        "as_of": label("as_of", language, f"{period.as_of:%Y-%m-%d %H:%M}"),
        "source": label(f"made_from_{report.source}", language),
        "practice": label("practice", language) if report.synthetic else "",
        "internal": label("internal", language),
    }


def centre_of(report: Report, language: Language) -> str:
    """Who reports."""
    if centre := clean(report.centre, 60):
        return centre
    area = clean(report.area, 60)
    return label("centre", language, area) if area else label("default_centre", language)


def tiles(report: Report, language: Language) -> list[Tile]:
    """The figures that open a report: alerts, then every share with its denominator."""
    now = report.now
    found = [Tile("received", label("received", language), count(now.sum.received), _people(now, language))]
    for name, share in now.shares.items():
        urgent = name in {"overdue", "defrauded"} and share is not None and share.numerator > 0
        if share is None:
            found.append(Tile(name, label(name, language), label("no_figure", language)))
        else:
            found.append(
                Tile(name, label(name, language), count(share.numerator), of(share, language), urgent)
            )
    return found


def money_tiles(report: Report, language: Language) -> list[Tile]:
    """Modelled and verified yuan: two figures, apart."""
    money = report.now.money
    return [
        Tile(
            "modelled",
            label("modelled", language),
            yuan(money.modelled_yuan, language),
            label("modelled_note", language, count(money.modelled))
            if money.modelled_yuan is not None
            else "",
        ),
        Tile(
            "verified",
            label("verified", language),
            yuan(money.verified_yuan, language),
            label("verified_note", language, count(money.verified), count(money.persuaded)),
        ),
    ]


def parts(report: Report, language: Language) -> list[tuple[str, str, int]]:
    """Where the alerts went: each part's label, its count as read, its count."""
    return [
        (label(name, language), label("no_figure", language) if part is None else count(part), part or 0)
        for name, part in report.now.sum.parts
    ]


def compared(report: Report, language: Language) -> Grid:
    """Every figure now, and how it was in each earlier period, with the change since."""
    heads = (
        label("figure", language),
        label("now", language),
        *(label(one.which, language) for one in report.before),
    )
    rows = []
    for name in COMPARED:
        then = (
            _then(name, report.now, one.figures, language) if one.figures else label("no_figure", language)
            for one in report.before
        )
        rows.append((label(name, language), _figure(name, report.now, language), *then))
    return Grid("compared", label("compared", language), heads, tuple(rows))


def groups(report: Report, language: Language, most: int | None = None) -> list[Grid]:
    """The breakdowns by risk, type, county and station; at most so many rows each, the rest counted in the last."""
    heads = tuple(label("overdue_people" if name == "overdue" else name, language) for name in GROUP_COLUMNS)
    found = []
    for name in GROUPED:
        rows = report.groups[name]
        listed = rows if most is None or len(rows) <= most else rows[: most - 1]
        told = [_group(name, row, language) for row in listed]
        if len(listed) < len(rows):
            told.append(_rest(rows[len(listed) :], language))
        found.append(Grid(name, label(name, language), (label("group", language), *heads), tuple(told)))
    return found


def arrivals(report: Report, language: Language) -> list[Grid]:
    """How far arrivals were from the plan: all, by kind of responder, by hour; none measured, no table."""
    if report.arrivals is None:
        return []
    heads = tuple(label(name, language) for name in ("count", "median", "range"))
    rows = [_arrival(label("all", language), report.arrivals, language)]
    rows += [_arrival(key_name("kind", one.key, language), one, language) for one in report.arrivals_by_kind]
    hours = [_arrival(key_name("hour", one.key, language), one, language) for one in report.arrivals_by_hour]
    return [
        Grid("arrivals", label("arrivals", language), (label("responder", language), *heads), tuple(rows)),
        Grid(
            "arrivals_hour", label("arrivals", language), (label("at_hour", language), *heads), tuple(hours)
        ),
    ]


def late_steps(report: Report, language: Language) -> str:
    """Which steps were late how often, in a line; "" if none was."""
    told = [
        f"{label(f'step_{step}', language)} {count(report.late_steps[step])}"
        for step in STEPS
        if report.late_steps.get(step)
    ]
    return ("、" if language == "zh" else ", ").join(told)


def definitions(report: Report, language: Language) -> list[tuple[int, str, str]]:
    """The footnotes: number, figure, meaning."""
    return [
        (number, label(name, language), meaning(name, language, report.smallest_group))
        for number, name in enumerate(DEFINITIONS, start=1)
    ]


def notes() -> Mapping[str, int]:
    """The footnote of each figure."""
    return {name: number for number, name in enumerate(DEFINITIONS, start=1)}


def count(value: int) -> str:
    """A whole number, thousands apart."""
    return f"{value:,}"


def percent(share: Share) -> str:
    """A share in percent; a dash of nothing."""
    return DASH if share.value is None else f"{share.value:.1%}"


def of(share: Share, language: Language) -> str:
    """A share with its denominator: 62.5%（5/8）."""
    part = label("of", language, count(share.numerator), count(share.denominator))
    return f"{percent(share)}（{part}）" if language == "zh" else f"{percent(share)} ({part})"


def yuan(value: float | None, language: Language) -> str:
    """Whole yuan; "no figure" of None."""
    return label("no_figure", language) if value is None else label("yuan", language, f"{value:,.0f}")


def minutes(value: float) -> str:
    """Signed minutes, to the tenth: +3.5, −2.0."""
    return f"{value:+.1f}".replace("-", "−") if round(value, 1) else "0.0"


def signed(value: float, digits: int = 0) -> str:
    """A change with its sign; 0 has none."""
    text = f"{value:+,.{digits}f}".replace("-", "−")
    return text if round(value, digits) else f"{0:.{digits}f}"


def _people(now: Figures, language: Language) -> str:
    return f"{label('people', language)} {count(now.people)}"


def plain_value(name: str, figures: Figures) -> int | float | Share | None:
    """A figure by its name: a count, yuan, or a share."""
    if name in SHARES:
        return figures.shares[name]
    if name == "modelled":
        return figures.money.modelled_yuan
    if name == "verified":
        return figures.money.verified_yuan
    return figures.people if name == "people" else int(getattr(figures.sum, name))


def _figure(name: str, figures: Figures, language: Language) -> str:
    value = plain_value(name, figures)
    if value is None:
        return label("no_figure", language)
    if isinstance(value, Share):
        return of(value, language)
    return yuan(value, language) if isinstance(value, float) else count(value)


def _then(name: str, now: Figures, then: Figures, language: Language) -> str:
    """An earlier figure and the change since: 12 (+25.0%), or 50.0%（1/2） +12.5 个百分点."""
    new, old = plain_value(name, now), plain_value(name, then)
    said = _figure(name, then, language)
    if isinstance(new, Share) and isinstance(old, Share):
        if new.value is None or old.value is None:
            return said
        return f"{said} {label('points', language, signed((new.value - old.value) * 100, 1))}"
    if isinstance(new, Share) or isinstance(old, Share) or new is None or old is None:
        return said
    change = signed(new - old) if not old else f"{signed((new - old) / old * 100, 1)}%"
    return f"{said} ({change})" if language == "en" else f"{said}（{change}）"


def _group(name: str, row: Row, language: Language) -> tuple[str, ...]:
    cells = (
        count(row.people),
        count(row.by_phone),
        count(row.planned),
        _cell(row.visited),
        _cell(row.met),
        _cell(row.persuaded),
        DASH if row.overdue is None else count(row.overdue),
        count(row.defrauded),
    )
    return row_name(name, row, language), *cells


def _rest(rows: Sequence[Row], language: Language) -> tuple[str, ...]:
    """The rows a page has no room for, in one."""
    overdue = [row.overdue for row in rows]
    shares = [_cell(_added(getattr(row, name) for row in rows)) for name in ("visited", "met", "persuaded")]
    return (
        label("more", language, sum(row.pooled or 1 for row in rows)),
        *(count(sum(getattr(row, name) for row in rows)) for name in ("people", "by_phone", "planned")),
        *shares,
        DASH if None in overdue else count(sum(one or 0 for one in overdue)),
        count(sum(row.defrauded for row in rows)),
    )


def _added(shares: Iterable[Share]) -> Share:
    own = list(shares)
    return Share(sum(one.numerator for one in own), sum(one.denominator for one in own))


def _cell(share: Share) -> str:
    """A share in a narrow cell: 5/8 63%."""
    part = f"{count(share.numerator)}/{count(share.denominator)}"
    return part if share.value is None else f"{part}\u2002{share.value:.0%}"


def _arrival(name: str, one: Punctuality, language: Language) -> tuple[str, ...]:
    between = (
        label("too_few", language)
        if one.low is None or one.high is None
        else f"{minutes(one.low)} … {minutes(one.high)}"
    )
    return name, count(one.count), minutes(one.median), between
