"""What the map is told of a day: plain values, masked where asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

import geopandas as gpd
import pandas as pd

import maps
from dispatch import loss
from dispatch.area import Area
from dispatch.day.arrivals import contact_ranges
from dispatch.day.closing import closure_rows
from dispatch.day.duty import duty_responders
from dispatch.day.planning import Day
from dispatch.domain import Case, Kind, Place, Problem, Responder, Route, Stop
from dispatch.explain.choices import first_visits
from dispatch.explain.obvious import Why, why_not_the_obvious
from dispatch.places.locate import why_here
from dispatch.reasons import CATALOGUE, Reason, say
from dispatch.redact import mask_address, mask_name, mask_numbers, mask_phone
from dispatch.sheets.book import SheetBook
from dispatch.sheets.messages import route_messages
from maps.view import NO_LINE

LABEL_WEIGHT = {"city": 1e9, "county": 1e8, "township": 1e6, "village": 1e3, "hamlet": 1.0}

LEAST_TOLD: Kind = "village"
"""Who is told least about a person: its neighbours."""
NAMED = 4
"""Units of a jurisdiction that are named before the rest is counted."""


def plan_view(
    day: Day,
    book: SheetBook,
    *,
    language: str,
    masked: bool,
    obvious: Mapping[str, Why] | None = None,
    ground: maps.Basemap | None = None,
) -> maps.PlanView:
    """The whole day as the dispatcher's map shows it; `ground` is the area's `basemap` where it is made already."""
    area, planning = day.area, day.rules.planning
    return maps.PlanView(
        area=area.name,
        at=day.problem.at,
        horizon_minutes=day.problem.horizon_minutes,
        summary=_summary(day),
        cases=tuple(_cases(day, book, obvious, masked=masked)),
        responders=tuple(_responders(day)),
        routes=tuple(_routes(day)),
        closures=tuple(_closures(day)),
        warnings=tuple(_both(one) for one in day.warnings),
        rows=tuple(_rows(day)),
        stale_minutes=planning.stale_after_minutes,
        basemap=ground or basemap(area),
        attribution=area.attribution,
        synthetic=area.synthetic,
        policy=day.plan.policy,
        plan_id=day.plan.id,
        language=language,
    )


def basemap(area: Area) -> maps.Basemap:
    """The area's own roads, water, boundaries and place names."""
    network = area.network
    return maps.Basemap(
        roads=maps.Roads(
            lon=network.shape_lon,
            lat=network.shape_lat,
            start=network.shape_start,
            rank=network.edge_class,
            name=network.edge_name,
            names=[str(name) for name in network.names],
        ),
        water=tuple(_outlines(area.water, level=None)),
        boundaries=tuple(_outlines(area.boundaries, level="level")),
        labels=tuple(_labels(area)),
    )


def _labels(area: Area) -> Iterable[maps.Label]:
    """Place names; a larger unit, then one with more residents, wins where two collide."""
    table = area.gazetteer[area.gazetteer["level"].isin(list(LABEL_WEIGHT))]
    weights = table["level"].map(LABEL_WEIGHT) + pd.to_numeric(table["residents"], errors="coerce").fillna(
        0.0
    )
    for name, level, lon, lat, weight in zip(
        table["name"], table["level"], table["lon"], table["lat"], weights, strict=True
    ):
        yield maps.Label(str(name), str(level), float(lon), float(lat), float(weight))


def _outlines(table: gpd.GeoDataFrame, level: str | None) -> Iterable[maps.Outline]:
    """Boundaries by their level; water by its shape."""
    for number, geometry in enumerate(table.geometry):
        row = table.iloc[number]
        kind = str(row[level]) if level else ("lake" if "Polygon" in geometry.geom_type else "river")
        name = row["name"] if isinstance(row["name"], str) else ""
        code = str(row["code"]) if level else ""
        yield maps.Outline(name, kind, maps.outline_lines(geometry), code)


def _summary(day: Day) -> maps.Summary:
    table, near = day.summary, day.summary["nearest"]
    no_visit = Counter(day.triage.no_visit["code"])
    rejected = Counter(day.alerts.rejected["column"])
    return maps.Summary(
        received=table["received"],
        rejected=table["rejected_rows"],
        not_yet=table["not_yet"],
        no_visit=table["no_visit_needed"] + table.get("settled", 0),
        planned=table["visited"],
        left_out=table["left_out"],
        nobody_yuan=table["loss_if_nobody_yuan"],
        expected_yuan=table["expected_loss_yuan"],
        averted_yuan=table["averted_yuan"],
        share_reached_30_minutes=table["share_reached_30_minutes"],
        lower_bound_yuan=day.plan.lower_bound_yuan,
        prices_yuan=table["prices_yuan"],
        gap_percent=table["gap_percent"],
        nearest=maps.Comparison(
            policy="nearest",
            visited=near["visited"],
            left_out=near["left_out"],
            expected_yuan=near["expected_loss_yuan"],
            averted_yuan=near["averted_yuan"],
            share_reached_30_minutes=near["share_reached_30_minutes"],
        ),
        no_visit_reasons=tuple((_short(code), count) for code, count in no_visit.most_common()),
        rejected_reasons=tuple(
            ((str(column), str(column)), count) for column, count in rejected.most_common()
        ),
    )


def _short(code: str) -> tuple[str, str]:
    """A code's sentence without the parameters of any one row."""
    chinese, english = (text.split("{")[0].strip("：:，, （(") for text in CATALOGUE[code])
    return chinese, english


def _cases(
    day: Day, book: SheetBook, obvious: Mapping[str, Why] | None, *, masked: bool
) -> Iterable[maps.MapCase]:
    left_out = {one.case_id: one.reason for one in day.plan.left_out}
    instructions = _instructions(book)
    names = _names(day.area)
    duty = duty_responders(day.problem)
    obvious = why_not_the_obvious(day.problem, day.plan) if obvious is None else obvious
    looks = {one.case.id: one for one in day.looks}
    visited = {case_id: planned.place for case_id, planned in first_visits(day.problem, day.plan).items()}
    for case in day.problem.cases:
        person = day.people[case.id]
        name, phone, address, note = (
            str(getattr(person, key) or "") for key in ("name", "phone", "address", "note")
        )
        if masked:
            name, phone = mask_name(name), mask_phone(phone)
            address, note = mask_address(address), mask_numbers(note)
        # it counts as where it is gone to first, else as where it is likeliest
        first = visited.get(case.id) or max(case.places, key=lambda place: place.probability, default=None)
        told, cadre = instructions.get(case.id, ("", ""))
        look = looks.get(case.id)
        yield maps.MapCase(
            id=case.id,
            tier=case.tier,
            fraud_type=case.fraud_type,
            stake_yuan=case.stake_yuan,
            hazard_per_hour=case.hazard_per_hour,
            amount_yuan=case.amount_yuan,
            places=tuple(_place(place, masked=masked) for place in case.places),
            hold_until_minutes=case.hold.until_minutes if case.hold else None,
            hold_fraction=case.hold.fraction if case.hold else 1.0,
            due_minutes=case.due_minutes if math.isfinite(case.due_minutes) else None,
            late_yuan_per_minute=case.late_yuan_per_minute,
            name=name,
            phone=phone,
            address=address,
            note=note,
            warnings=case.warnings,
            reasons=tuple(_both(reason) for reason in case.reasons),
            needs=tuple(sorted(case.needs)),
            left_out=_both(left_out[case.id]) if case.id in left_out else None,
            obvious=_both(obvious[case.id].reason) if case.id in obvious else None,
            price_yuan=obvious[case.id].price_yuan if case.id in obvious else None,
            instruction=told,
            cadre_instruction=cadre,
            duty_id=duty.get(case.id),
            county=names.get(first.county or "", "") if first else "",
            town=names.get(first.township or "", "") if first else "",
            review=tuple(dict.fromkeys(_both(one) for one in look.reasons)) if look else (),
            review_yuan=look.yuan_at_risk if look else 0.0,
        )


def _names(area: Area) -> dict[str, str]:
    table = area.gazetteer
    return dict(zip(table["code"].astype(str), table["name"].astype(str), strict=True))


def _rows(day: Day) -> Iterable[maps.MapRow]:
    """Every row of the alert file that became no case, with its reason; rejected ones by row number."""
    for row, expected in zip(day.alerts.rejected["row"], day.alerts.rejected["expected"], strict=True):
        yield maps.MapRow(f"#{row}", "rejected", _no_data(str(expected)))
    for alert in day.triage.not_yet["alert_id"]:
        yield maps.MapRow(str(alert), "notYet", _both(Reason("NOT_YET")))
    columns = (day.triage.no_visit[name] for name in ("alert_id", "code", "params"))
    for alert, code, params in zip(*columns, strict=True):
        yield maps.MapRow(str(alert), "noVisit", _both(Reason(code, params)), params.get("case"))


def _no_data(expected: str) -> tuple[str, str]:
    """What a rejected row should have held, in both languages; what it did hold is told in rejected.csv alone."""
    return expected, expected


def _place(place: Place, *, masked: bool) -> maps.MapPlace:
    """A place in words; masked, the door in its name is hidden."""
    if masked and any(map(str.isnumeric, place.label)):
        place = replace(place, label=mask_address(place.label))
    return maps.MapPlace(
        id=place.id,
        lon=place.lon,
        lat=place.lat,
        radius_metres=place.radius_metres,
        probability=place.probability,
        source=place.source,
        label=place.label,
        age_minutes=place.age_minutes,
        why=(why_here(place, "zh"), why_here(place, "en")),
    )


def _instructions(book: SheetBook) -> dict[str, tuple[str, str]]:
    """By case id what is sent to the crew, in Chinese, and what a village cadre may be sent of it.

    The first message of a route is the route's own.
    """
    told = {}
    for sheet in book.sheets:
        own, least = route_messages(book, sheet), route_messages(book, replace(sheet, kind=LEAST_TOLD))
        for stop, *words in zip(sheet.stops, own[1:], least[1:], strict=True):
            told[stop.case_id] = (words[0], words[1])
    return told


def _both(reason: Reason) -> tuple[str, str]:
    return say(reason, "zh"), say(reason, "en")


def _responders(day: Day) -> Iterable[maps.MapResponder]:
    names, phones = _names(day.area), day.roster.phones
    for one in day.problem.responders:
        yield _responder(one, phones.get(one.id, ""), names)


def _responder(one: Responder, phone: str, names: Mapping[str, str]) -> maps.MapResponder:
    pause = one.shift.break_start, one.shift.break_end
    own = sorted(one.jurisdiction)
    return maps.MapResponder(
        id=one.id,
        kind=one.kind,
        name=one.name,
        lon=one.lon,
        lat=one.lat,
        profile=one.profile,
        status=one.status,
        phone=phone,
        shift=(one.shift.start, one.shift.end),
        rest=(pause[0], pause[1]) if pause[0] is not None and pause[1] is not None else None,
        free_at_minutes=one.free_at_minutes,
        jurisdiction="、".join(names.get(code, code) for code in own[:NAMED])
        + (f" +{len(own) - NAMED}" if len(own) > NAMED else ""),
        areas=tuple(own),
        base=names.get(one.base, ""),
    )


def _routes(day: Day) -> Iterable[maps.MapRoute]:
    cases = {case.id: case for case in day.problem.cases}
    planning = day.rules.planning
    spread = planning.drive_early_share, planning.drive_late_share
    for route in day.plan.routes:
        if not route.stops:
            continue
        home = day.legs.get(f"{route.responder_id}/home")
        yield maps.MapRoute(
            responder_id=route.responder_id,
            stops=tuple(
                _stop(day, stop, *between)
                for stop, between in zip(route.stops, contact_ranges(route.stops, *spread), strict=True)
            ),
            home=route.home,
            averted_yuan=_averted(day.problem, cases, route),
            home_leg=home.lonlat if home else NO_LINE,
        )


def _closures(day: Day) -> Iterable[maps.MapClosure]:
    """Closures of the plan; an area that was drawn is outlined, points and lines are their roads."""
    network, at = day.area.network, day.problem.at
    kept = {row["id"] for row in closure_rows(network, day.problem, day.closures.closures)}
    for one in day.closures.closures:
        if one.id not in kept:
            continue
        area = one.geometry is not None and one.geometry.geom_type.endswith("Polygon")
        yield maps.MapClosure(
            id=one.id,
            name=one.name,
            lines=tuple(network.shape(edge) for edge in one.edges),
            outlines=maps.outline_lines(one.geometry) if area else (),
            reason=one.reason,
            factor=one.factor,
            begins=(one.begins - at) / timedelta(minutes=1) if one.begins else None,
            ends=(one.ends - at) / timedelta(minutes=1) if one.ends else None,
            profiles=tuple(sorted(one.profiles)),
        )


def _stop(day: Day, stop: Stop, earliest: float, latest: float) -> maps.MapStop:
    leg = day.legs[stop.id]
    return maps.MapStop(
        id=stop.id,
        case_id=stop.case_id,
        place_id=stop.place_id,
        drive_minutes=stop.drive_minutes,
        arrive=stop.arrive,
        contact=stop.contact,
        leave=stop.leave,
        earliest=earliest,
        latest=latest,
        wait_minutes=stop.wait_minutes,
        search_minutes=stop.search_minutes,
        state=stop.state,
        partner_id=stop.partner_id,
        leads=stop.leads,
        leg=leg.lonlat,
        leg_metres=leg.metres,
    )


def _averted(problem: Problem, cases: dict[str, Case], route: Route) -> float:
    """What the visits it leads keep from being lost: places exclude each other, so they add up."""
    total = 0.0
    for stop in route.stops:
        if not stop.leads:
            continue
        case = cases[stop.case_id]
        never = loss.loss_yuan(case, math.inf, problem.horizon_minutes)
        reached = loss.loss_yuan(case, stop.contact, problem.horizon_minutes)
        total += case.place(stop.place_id).probability * (never - reached)
    return total
