"""A plan made into a book: what was decided, with the people, roads and telephones it concerns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import numpy as np

from dispatch.domain import Case, Place, Plan, Problem, Responder, Route, Stop
from dispatch.outcomes.payload import short_ids
from dispatch.places.locate import why_here
from dispatch.reasons import Language, Reason
from dispatch.redact import mask_name, mask_numbers, mask_phone
from dispatch.sheets.book import NO_LINE, Line, RouteSheet, SheetBook, SheetStop, Spot, Tried, Turn, Unvisited
from dispatch.sheets.scripts import GENERAL, Script, script_for

GONE_SHARE = 0.9
"""A visit is taken as useful until this share of what was there to be saved is expected to be gone."""
AMOUNT_BANDS_YUAN = (0.0, 10_000.0, 50_000.0, 100_000.0, 500_000.0, 1_000_000.0)
OTHER: Mapping[Language, Language] = {"zh": "en", "en": "zh"}
LIVES_THERE = frozenset({"home", "other"})


class TurnLike(Protocol):
    """One step of a way: what to do, how far until the next, how long ("" where that is soon)."""

    @property
    def what(self) -> str: ...  # noqa: D102
    @property
    def far(self) -> str: ...  # noqa: D102
    @property
    def time(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Way:
    """How to get to a stop from the one before, or home: its line (k, 2) in lon/lat, its turns, its length.

    `other` are the turns in the other language, where somebody may ask for it.
    """

    line: Any = field(default_factory=lambda: NO_LINE, compare=False)
    turns: Sequence[TurnLike] = ()
    metres: float = math.nan
    other: Sequence[TurnLike] = ()


class PersonLike(Protocol):
    """Who a case is about; a case without one has an unnamed person."""

    @property
    def name(self) -> str | None: ...  # noqa: D102
    @property
    def phone(self) -> str | None: ...  # noqa: D102
    @property
    def address(self) -> str | None: ...  # noqa: D102
    @property
    def note(self) -> str | None: ...  # noqa: D102


def book_of(
    problem: Problem,
    plan: Plan,
    people: Mapping[str, PersonLike],
    legs: Mapping[str, Way],
    *,
    area_name: str,
    synthetic: bool,
    attribution: str = "",
    title: str = "",
    names: Mapping[str, str] | None = None,
    phones: Mapping[str, str] | None = None,
    tried: Mapping[str, Tried] | None = None,
    centre_phone: str = "",
    instead: Mapping[str, Reason] | None = None,
    ground: Any = None,
    language: Language = "zh",
    scripts: Mapping[Language, Mapping[str, Script]] | None = None,
) -> SheetBook:
    """The book of a plan: one sheet per route with stops, names and phone numbers masked.

    Parameters
    ----------
    problem, plan
        What was decided; every stop's case, place and responder must be in `problem`.
    people
        By case id; a case that is not there has an unnamed person.
    legs
        The way to each stop by stop id, and home by ``<responder id>/home``.
    names
        Administrative code to name, for counties, towns and villages.
    phones
        Duty phone by responder id.
    tried
        What was tried by phone by case id; read from the case's reasons where it is not given.
    instead
        Why this responder and not the obvious one, by stop id.
    ground
        The area's roads and names as a map draws them (`maps.Basemap`).
    language, scripts
        The language of the turns; what to say at the door by language and type of fraud.
    """
    cases = {case.id: case for case in problem.cases}
    responders = {responder.id: responder for responder in problem.responders}
    known = dict(names or {})
    codes = short_ids(plan.id, [stop.id for route in plan.routes for stop in route.stops])
    own, other = (dict((scripts or {}).get(one, {})) for one in (language, OTHER[language]))
    sheets = []
    for route in plan.routes:
        if not route.stops:
            continue
        stops = tuple(
            _stop_sheet(
                problem,
                number,
                stop,
                case=cases[stop.case_id],
                kind=responders[route.responder_id].kind,
                person=people.get(stop.case_id),
                way=legs.get(stop.id, Way()),
                names=known,
                tried=(tried or {}).get(stop.case_id),
                instead=(instead or {}).get(stop.id),
                code=codes[stop.id],
                partner=responders.get(stop.partner_id or ""),
                partner_phone=(phones or {}).get(stop.partner_id or "", ""),
                scripts=(own, other),
            )
            for number, stop in enumerate(route.stops, start=1)
        )
        sheet = _route_sheet(problem.at, responders[route.responder_id], route, stops)
        home = legs.get(f"{route.responder_id}/home", Way())
        sheets.append(
            replace(
                sheet,
                phone=(phones or {}).get(route.responder_id, ""),
                home_metres=_known(home.metres),
                home_turns=_turns(home.turns),
                home_turns_other=_turns(home.other),
            )
        )
    return SheetBook(
        area_name=area_name,
        plan_id=plan.id,
        at=problem.at,
        sheets=tuple(sheets),
        synthetic=synthetic,
        attribution=attribution,
        title=title,
        left_out=len(plan.left_out),
        unvisited=tuple(_unvisited(problem, cases[one.case_id], one.reason, known) for one in plan.left_out),
        centre_phone=centre_phone,
        ground=ground,
        language=language,
        every_door=own.get(GENERAL),
        every_door_other=other.get(GENERAL),
    )


def latest_useful_minutes(case: Case, horizon_minutes: float) -> float:
    """Until when a first contact still saves something, in minutes from now.

    The moment at which `GONE_SHARE` of what is there to be saved is expected to be gone,
    Λ(t) = ln 10, a hold slowing Λ until it expires; or the end of the case's window or of the
    horizon, where one of them comes first. Not a rule: a later visit may still find the money there.
    """
    need, per_minute = -math.log(1.0 - GONE_SHARE), case.hazard_per_hour / 60.0
    gone = math.inf
    if case.hold is None:
        gone = need / per_minute if per_minute > 0 else math.inf
    elif per_minute > 0:
        until, slow = max(0.0, case.hold.until_minutes), per_minute * case.hold.fraction
        held = slow * until if slow > 0 else 0.0
        gone = need / slow if held >= need else until + (need - held) / per_minute
    return min(gone, horizon_minutes, case.window[1])


def amount_band(yuan: float) -> tuple[float, float | None] | None:
    """The band an amount falls in, lower bound included; None as upper bound of the last, None if not known."""
    if not math.isfinite(yuan) or yuan <= 0:
        return None
    number = sum(yuan >= lower for lower in AMOUNT_BANDS_YUAN)
    upper = AMOUNT_BANDS_YUAN[number] if number < len(AMOUNT_BANDS_YUAN) else None
    return AMOUNT_BANDS_YUAN[number - 1], upper


def after(at: datetime, minutes: float) -> datetime | None:
    """`minutes` after `at`, in its zone; None if that is never (or longer than ten years)."""
    if not math.isfinite(minutes) or abs(minutes) > 10 * 365 * 24 * 60:
        return None
    # through UTC: adding to a wall clock is wrong across a change of summer time
    return (at.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(at.tzinfo)


def _stop_sheet(
    problem: Problem,
    order: int,
    stop: Stop,
    *,
    case: Case,
    kind: str,
    person: PersonLike | None,
    way: Way,
    names: Mapping[str, str],
    tried: Tried | None,
    instead: Reason | None,
    code: str,
    partner: Responder | None,
    partner_phone: str,
    scripts: tuple[Mapping[str, Script], Mapping[str, Script]],
) -> SheetStop:
    address = _text(person and person.address)
    here = case.place(stop.place_id)
    others = sorted((one for one in case.places if one.id != here.id), key=lambda one: -one.probability)
    return SheetStop(
        order=order,
        stop_id=stop.id,
        case_id=case.id,
        tier=case.tier,
        fraud_type=case.fraud_type,
        arrive_at=after(problem.at, stop.arrive) or problem.at,
        contact_at=after(problem.at, stop.contact) or problem.at,
        leave_at=after(problem.at, stop.leave) or problem.at,
        latest_at=after(problem.at, latest_useful_minutes(case, problem.horizon_minutes)),
        due_at=after(problem.at, case.due_minutes),
        drive_minutes=stop.drive_minutes,
        wait_minutes=stop.wait_minutes,
        search_minutes=stop.search_minutes,
        amount_band_yuan=amount_band(case.amount_yuan),
        spot=_spot(here, address, names),
        second=_spot(others[0], address, names) if others else None,
        name=mask_name(_text(person and person.name)),
        phone=mask_phone(_text(person and person.phone)),
        note=mask_numbers(_text(person and person.note)),
        tried=tried or _tried(case.reasons),
        reasons=case.reasons,
        along=case.along if case.along != kind else None,
        needs=tuple(sorted(case.needs)),
        drive_metres=_known(way.metres),
        turns=_turns(way.turns),
        turns_other=_turns(way.other),
        leg=_finite(way.line),
        instead=instead,
        code=code,
        partner=(partner.name or partner.id) if partner else "",
        partner_phone=partner_phone if partner else "",
        leads=stop.leads,
        script=script_for(case.fraud_type, scripts[0]) if scripts[0] else None,
        script_other=script_for(case.fraud_type, scripts[1]) if scripts[1] else None,
    )


def _route_sheet(
    at: datetime, responder: Responder, route: Route, stops: tuple[SheetStop, ...]
) -> RouteSheet:
    county, town = _most_common((stop.spot.county, stop.spot.town) for stop in stops)
    return RouteSheet(
        responder_id=responder.id,
        name=responder.name or responder.id,
        kind=responder.kind,
        profile=responder.profile,
        stops=stops,
        shift_from=after(at, responder.shift.start),
        shift_to=after(at, responder.shift.end),
        home_at=after(at, route.home),
        home_minutes=_known(route.home - route.stops[-1].leave),
        base=responder.base,
        base_lonlat=(responder.lon, responder.lat),
        county=county,
        town=town,
    )


def _unvisited(problem: Problem, case: Case, reason: Reason, names: Mapping[str, str]) -> Unvisited:
    place = max(case.places, key=lambda one: one.probability, default=None)
    codes = place.codes if place else frozenset()
    county, town, village = (
        names.get(code or "", "")
        for code in ((place.county, place.township, place.village) if place else (None,) * 3)
    )
    return Unvisited(
        case_id=case.id,
        tier=case.tier,
        fraud_type=case.fraud_type,
        reason=reason,
        amount_band_yuan=amount_band(case.amount_yuan),
        county=county,
        town=town,
        village=village,
        stations=tuple(
            sorted(
                {
                    one.base
                    for one in problem.responders
                    if one.kind == "station" and one.base and codes & one.jurisdiction
                }
            )
        ),
    )


def _spot(place: Place, address: str, names: Mapping[str, str]) -> Spot:
    county, town, village = (
        names.get(code or "", "") for code in (place.county, place.township, place.village)
    )
    return Spot(
        label=place.label or county + town + village,
        source=place.source,
        level=place.level,
        probability=place.probability,
        radius_metres=place.radius_metres if math.isfinite(place.radius_metres) else 0.0,
        age_minutes=place.age_minutes,
        lon=place.lon,
        lat=place.lat,
        # the address of the alert is where the person lives, not where the phone was seen
        address=address if place.source in LIVES_THERE else "",
        county=county,
        town=town,
        village=village,
        why=(why_here(place, "zh"), why_here(place, "en")),
    )


def _tried(reasons: Iterable[Reason]) -> Tried | None:
    for reason in reasons:
        if reason.code in ("UNREACHED", "DISBELIEVES"):
            attempts = reason.params.get("attempts")
            made = int(attempts) if isinstance(attempts, int | float) and math.isfinite(attempts) else None
            return Tried(made, str(reason.params.get("result", "")))
    return None


def _text(value: object) -> str:
    """A person's field as text: a gap in a table (None, NaN) is nothing."""
    return "" if value is None or value != value else str(value)  # noqa: PLR0124 - NaN alone differs from itself


def _known(value: float) -> float:
    return float(value) if math.isfinite(value) else math.nan


def _turns(turns: Sequence[TurnLike]) -> tuple[Turn, ...]:
    return tuple(Turn(str(turn.what), str(turn.far), str(turn.time)) for turn in turns)


def _finite(line: Any) -> Line:
    points = np.asarray(line, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        return NO_LINE
    return points[np.isfinite(points).all(axis=1)]


def _most_common(pairs: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """The pair met most often, the first of equals."""
    return Counter(pairs).most_common(1)[0][0]
