"""Instruction text (指令): one message per route and per stop, to paste into any chat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dispatch.reasons import OUTCOMES, Language
from dispatch.sheets.book import RouteSheet, SheetBook, SheetStop, Spot
from dispatch.sheets.prepare import NEIGHBOURS, for_the_field
from dispatch.sheets.words import (
    band,
    bracketed,
    clock,
    coded,
    day,
    distance,
    drive,
    headed,
    label,
    listed,
    nearest_minute,
    sentence,
    sentences,
    span,
)

RULE = "─" * 24
SPEAKS_OF_CALLS = frozenset({"UNREACHED", "DISBELIEVES"})


def instructions_txt(book: SheetBook, language: Language = "zh") -> str:
    """All messages of a book, routes in its order, a rule before each; a cadre's carry the least data."""
    messages = [message for sheet in book.sheets for message in _all_messages(book, sheet, language)]
    if not messages:
        messages = [label("no_stops", language)]
    mark = [label("practice", language)] if book.synthetic else []
    head = [f"{title(book, language)}　{label('plan', language)} {book.plan_id}", *mark, *notice(language)]
    return "\n".join(head) + "\n" + "".join(f"{RULE}\n{message}\n" for message in messages)


def _all_messages(book: SheetBook, sheet: RouteSheet, language: Language) -> Iterator[str]:
    """The route's messages, and behind each stop's the one for the neighbour who goes along."""
    route, *stops = route_messages(book, sheet, language)
    yield route
    for stop, message in zip(sheet.stops, stops, strict=True):
        yield message
        if stop.along in NEIGHBOURS and sheet.kind not in NEIGHBOURS:
            yield along_message(book, sheet, stop, language)


def along_message(book: SheetBook, sheet: RouteSheet, stop: SheetStop, language: Language = "zh") -> str:
    """What the neighbour who goes along is sent: when and where to meet whom, and the least of the person."""
    least = for_the_field(replace(sheet, kind="village", stops=(stop,)))
    (own,) = least.stops
    own = replace(own, along=None, turns=(), partner="")
    lines = list(_stop_lines(book, least, own, len(sheet.stops), language))
    phone = f" {sheet.phone}" if sheet.phone else ""
    lines.insert(1, label("go_along", language, coded(stop.along, language), sheet.name + phone))
    return "\n".join(lines)


def route_messages(book: SheetBook, sheet: RouteSheet, language: Language = "zh") -> list[str]:
    """The route's own message, then one per stop; of a `prepared` book, else nothing is masked or cleaned."""
    sheet = for_the_field(sheet)
    return [
        "\n".join(_route_lines(book, sheet, language)),
        *("\n".join(_stop_lines(book, sheet, stop, len(sheet.stops), language)) for stop in sheet.stops),
    ]


def title(book: SheetBook, language: Language) -> str:
    """The book's own title, or the usual one with the area's name."""
    return book.title or f"{book.area_name} {label('title', language)}".strip()


def notice(language: Language) -> list[str]:
    """What every paper with a person on it says."""
    return [label("private", language)]


def where(spot: Spot, language: Language) -> str:
    """How a place is called: its address, else its label, from the town down where the county is named.

    The team knows which province and county it is in; what it looks for is the end of the address.
    """
    whole = spot.address or spot.label
    _, found, rest = whole.partition(spot.county) if spot.county else ("", "", "")
    return (rest.strip(" ,，") if found else "") or whole or label("no_place_name", language)


def how_sure(spot: Spot, language: Language) -> list[str]:
    """What is known of a place: source, how sure, how old, how far around to search."""
    facts = [coded(spot.source, language), label("sure", language, f"{100 * spot.probability:.0f}")]
    if spot.age_minutes is not None:
        facts.append(label("age", language, span(spot.age_minutes, language)))
    if spot.radius_metres >= 1:
        facts.append(label("within", language, distance(spot.radius_metres, language)))
    return facts


def why_here(spot: Spot, language: Language) -> list[str]:
    """Why a place is where it is, as one sentence; where it may not be told, the facts alone."""
    sentence = spot.why[0 if language == "zh" else 1]
    return [sentence] if sentence else how_sure(spot, language)


def the_way(stop: SheetStop, language: Language) -> str:
    """The drive to a stop in one line: how long, how far, each turn with its distance."""
    if not stop.turns:
        return ""
    turns = [
        f"{turn.what} {turn.far}" if language == "zh" else f"{turn.what}, {turn.far}" for turn in stop.turns
    ]
    return sentences([drive(stop.drive_minutes, stop.drive_metres, language), *turns], language)


def eta(book: SheetBook, stop: SheetStop, language: Language) -> str:
    """The arrival to the nearest minute."""
    return clock(nearest_minute(stop.arrive_at), book.at, language)


def tried_text(stop: SheetStop, language: Language) -> str:
    """What was tried by phone, in words; nothing if nothing is known."""
    if stop.tried is None:
        return ""
    calls = [] if stop.tried.attempts is None else [label("calls", language, stop.tried.attempts)]
    return " · ".join([*calls, *([coded(stop.tried.result, language)] if stop.tried.result else [])])


def partner(stop: SheetStop, language: Language) -> str:
    """Who else goes there, and which of the two leads and reports; nothing where one goes alone."""
    if not stop.partner:
        return ""
    phone = f" {stop.partner_phone}" if stop.partner_phone else ""
    return label("leads" if stop.leads else "led", language, stop.partner + phone)


def how_to_report(stop: SheetStop, language: Language) -> list[str]:
    """What to send back of a stop: its short id, the outcome or its number, minutes, a note; money by its amount."""
    example = label("report_like", language, stop.code, 1)
    return [label("report_how", language, stop.code), example, label("report_sent", language, stop.code)]


def numbered_outcomes(language: Language) -> list[str]:
    """Every outcome with the number it may be reported by."""
    return [f"{number} {coded(code, language)}" for number, code in enumerate(OUTCOMES, start=1)]


def why(stop: SheetStop, language: Language) -> list[str]:
    """The case's reasons as sentences, without those that only repeat what was tried."""
    shown = [one for one in stop.reasons if stop.tried is None or one.code not in SPEAKS_OF_CALLS]
    return [sentence(reason, language) for reason in shown]


def _mark(book: SheetBook, language: Language) -> str:
    return f"【{label('practice_short', language)}】" if book.synthetic else ""


def _route_lines(book: SheetBook, sheet: RouteSheet, language: Language) -> Iterator[str]:
    yield (
        f"{_mark(book, language)}【{label('instruction', language)} · {label('route', language)}】"
        f"{bracketed(sheet.name, sheet.responder_id, language)}{' ' if language == 'en' else ''}"
        f"{coded(sheet.profile, language)} · "
        f"{label('stops', language, len(sheet.stops))}"
    )
    yield headed(label("issued", language), day(book.at, language), language)
    for stop in sheet.stops:
        tier = coded(stop.tier, language)
        yield f"{stop.order}. {eta(book, stop, language)} {tier} {where(stop.spot, language)}　{stop.code}"


def _stop_lines(
    book: SheetBook, sheet: RouteSheet, stop: SheetStop, count: int, language: Language
) -> Iterator[str]:
    def line(key: str, text: str) -> Iterator[str]:
        if text:
            yield headed(label(key, language), text, language)

    yield (
        f"{_mark(book, language)}【{label('instruction', language)} {stop.order}/{count}】"
        f"{stop.code}　{sheet.name}　{label('case', language)} {stop.case_id}"
    )
    latest = clock(stop.latest_at, book.at, language)
    arrives = eta(book, stop, language)
    if latest:
        arrives = bracketed(arrives, f"{label('latest', language)} {latest}", language)
    yield from line("arrive", arrives)
    yield f"→ {bracketed(where(stop.spot, language), listed(how_sure(stop.spot, language), language), language)}"
    yield from line("turns", the_way(stop, language))
    phone = f"　{stop.phone}" if stop.phone else ""
    yield from line("person", (stop.name or label("unnamed", language)) + phone)
    if stop.second:
        facts = listed(how_sure(stop.second, language), language)
        yield from line("second", bracketed(where(stop.second, language), facts, language))
    risk = [coded(stop.tier, language), coded(stop.fraud_type, language)]
    if stop.amount_band_yuan:
        risk.append(f"{label('amount', language)} {band(stop.amount_band_yuan, language)}")
    yield from line("why", sentences([" · ".join(risk), *why(stop, language)], language))
    yield from line("tried", tried_text(stop, language))
    yield from line("partner", partner(stop, language))
    yield from line("along", coded(stop.along, language) if stop.along else "")
    yield from line("needs", coded(stop.needs, language) if stop.needs else "")
    yield from line("note", stop.note)
    yield from line("report", sentences(how_to_report(stop, language), language))
    yield from line("outcome", " ".join(numbered_outcomes(language)))
