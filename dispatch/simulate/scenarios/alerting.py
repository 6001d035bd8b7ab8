"""Which alerts come in a scenario: by residents, by those of the past, or by a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dispatch.area import Area
from dispatch.coverage.past_alerts import alert_demand
from dispatch.coverage.rules import Rules
from dispatch.domain import KINDS, TIERS, Tier
from dispatch.errors import BadInput, MissingExtra, MissingInput, SettingsError
from dispatch.intake import fields, words
from dispatch.intake.columns import Column, Faults, match_headings, read_columns
from dispatch.places.gazetteer import Gazetteer
from dispatch.simulate.scenarios.ground import Districts, ground_of, wrong_zones
from dispatch.simulate.scenarios.model import Scenario
from dispatch.simulate.world import HOURS, Demand, Surge
from dispatch.tables import read_text

Floats = NDArray[np.float64]
_TEXT = fields.text_of(200)


def _rate(text: str) -> float:
    try:
        value = float(fields.normal(text).replace(",", ""))
    except ValueError as cause:
        raise fields.Unclear("不小于 0 的数 (a number, 0 or more)") from cause
    if not 0.0 <= value <= 1e9:
        raise fields.Unclear("不小于 0 的数 (a number, 0 or more)")
    return value


COLUMNS = (
    Column(
        "place",
        "地点",
        "text",
        _TEXT,
        "code or name of a county, township or village",
        required=True,
        also=("code",),
    ),
    Column("per_day", "每日预警", "number", _rate, "alerts a day", required=True),
    Column("fraud_type", "诈骗类型", "text", words.FRAUD_TYPE, "blank: as fraud_share"),
    Column("tier", "等级", "text", words.RISK, "blank: as tier_share"),
    Column("weekday", "星期", "number", fields.count_of, "1 Monday to 7; blank: every day"),
    Column("hour", "时", "number", fields.count_of, "0 to 23; blank: as hour_share"),
)


Sort = tuple[str, Tier]
"""Type of fraud and tier."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Alerts an hour by class and hour of the week, (C, 168), and where those of a class come from, (C, Z)."""

    classes: tuple[Sort, ...]
    rate_per_hour: Floats
    zone_share: Floats
    notes: tuple[str, ...] = ()


def demand_of(
    scenario: Scenario, area: Area, rules: Rules, districts: Districts
) -> tuple[Demand, tuple[str, ...]]:
    """The demand of a scenario, and what the user should know of it.

    Raises
    ------
    MissingInput, BadInput, SettingsError
        A file cannot be used, or a type of fraud is not known.
    """
    expected = _expected(scenario, area, rules, districts)
    keys, phone, triage = scenario.demand, scenario.phone, rules.triage
    types = [triage.fraud_types[fraud] for fraud, _ in expected.classes]
    tiers = [triage.tiers[tier] for _, tier in expected.classes]
    count = len(expected.classes)
    transfer = [
        min(usual.transfer_probability * tier.transfer_probability_factor, triage.most_probability)
        for usual, tier in zip(types, tiers, strict=True)
    ]
    calls = phone.first_after_minutes + phone.minutes_between * np.arange(max(1, phone.attempts))
    calls = np.where(np.arange(len(calls)) < phone.attempts, calls, np.inf)
    minutes = [scenario.service.minutes.get(kind, triage.service_minutes[kind]) for kind in KINDS]
    wrong = wrong_zones(districts)
    made = Demand(
        ids=tuple(f"{fraud}/{tier}" for fraud, tier in expected.classes),
        rate_per_hour=expected.rate_per_hour,
        zone_share=expected.zone_share,
        tier=np.array([TIERS.index(tier) for _, tier in expected.classes], np.int64),
        amount_yuan=np.array([one.amount_yuan for one in types], np.float64),
        amount_cv=np.full(count, keys.amount_cv),
        transfer_probability=np.array(transfer, np.float64),
        hazard_per_hour=np.array([one.hazard_per_hour for one in types], np.float64),
        hold_until_minutes=np.zeros(count),
        hold_fraction=np.ones(count),
        due_minutes=np.array([one.due_minutes for one in tiers], np.float64),
        late_yuan_per_minute=np.array([one.late_yuan_per_minute for one in tiers], np.float64),
        call_minutes=np.tile(calls, (count, 1)),
        call_share=np.tile(np.array(phone.settled_share), (count, 1)),
        visit_after_calls=np.array(
            [phone.visit_after_calls.get(tier, 0) for _, tier in expected.classes], np.int64
        ),
        kind_open_minutes=np.array([_open(scenario, rules, *one) for one in expected.classes]).reshape(
            count, len(KINDS)
        ),
        service_minutes=np.tile(np.array(minutes, np.float64), (count, 1)),
        service_law=scenario.service.law,
        service_cv=scenario.service.cv,
        search_minutes=np.full(count, scenario.geocode.search_minutes),
        wrong_share=np.full(count, scenario.geocode.wrong_share),
        told_share=np.full(count, scenario.geocode.told_share),
        wrong_zones=wrong,
    )
    return made, expected.notes


def surges_of(scenario: Scenario, area: Area, districts: Districts, begin: datetime) -> tuple[Surge, ...]:
    """The surges of a scenario in minutes from its begin."""
    ground = ground_of(area.gazetteer)
    found = []
    for keys in scenario.demand.surges:
        where = np.zeros(len(districts.names), np.bool_)
        for place in keys.places:
            where |= districts.within(ground, place, "demand.surges.places")
        if not keys.places:
            where[:] = True
        start, end = (
            (_in_zone(one, begin) - begin).total_seconds() / 60.0 for one in (keys.begins, keys.ends)
        )
        found.append(Surge(max(0.0, start), max(0.0, end), keys.factor, where))
    return tuple(found)


def _in_zone(moment: datetime, begin: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=begin.tzinfo)


def _open(scenario: Scenario, rules: Rules, fraud: str, tier: Tier) -> list[float]:
    """From when on each kind may be sent, minutes after a visit is asked for; `inf` never."""
    ladder = scenario.policy.escalation.get(tier)
    usual = rules.triage.tiers[tier]
    needed = [set(need.kinds) for need in rules.triage.needs.values() if fraud in need.fraud_types]
    opens = []
    for kind in KINDS:
        if ladder is not None:
            at = ladder.get(kind, np.inf)
        elif kind in usual.first:
            at = 0.0
        else:
            at = usual.follow_after_minutes if kind in usual.follow else np.inf
        if needed:  # only who brings the skill, and these whatever the tier says
            at = min(at, 0.0) if all(kind in one for one in needed) else np.inf
        opens.append(float(at))
    return opens


def _expected(scenario: Scenario, area: Area, rules: Rules, districts: Districts) -> Expected:
    keys = scenario.demand
    if unknown := sorted(set(keys.fraud_share) - set(rules.triage.fraud_types)):
        known = ", ".join(rules.triage.fraud_types)
        raise SettingsError(f"[demand.fraud_share] names unknown {', '.join(unknown)}; known: {known}")
    if keys.source == "alerts":
        return _of_alerts(scenario, area, rules, districts)
    if keys.source == "table":
        return _of_table(scenario, area, districts)
    share = _shares(keys.fraud_share, keys.tier_share)
    week = _week(np.array(keys.hour_share), np.array(keys.weekday_share))
    zones = districts.residents / districts.residents.sum()
    rate = np.array(list(share.values()))[:, None] * keys.alerts_per_day * week
    return Expected(tuple(share), rate, np.tile(zones, (len(share), 1)))


def _shares(fraud: dict[str, float], tier: dict[Tier, float]) -> dict[Sort, float]:
    frauds, tiers = sum(fraud.values()), sum(tier.values())
    return {
        (one, other): a / frauds * b / tiers
        for one, a in fraud.items()
        for other, b in tier.items()
        if a > 0.0 and b > 0.0
    }


def _week(hours: Floats, weekdays: Floats) -> Floats:
    """Alerts an hour over the week where one comes a day, (168,)."""
    day = hours / hours.sum()
    return np.concatenate([day * (7.0 * one / weekdays.sum()) for one in weekdays])


def _of_alerts(scenario: Scenario, area: Area, rules: Rules, districts: Districts) -> Expected:
    """Places, types, tiers and hours as in the file; weekdays as the scenario says."""
    keys, path = scenario.demand, Path(scenario.demand.alerts)
    gazetteer = Gazetteer(area.gazetteer, area.boundaries)
    past = alert_demand(read_text(path), path, gazetteer, rules, area.time_zone, every_alert=True)
    counted: dict[Sort, float] = {}
    zones, hours = np.zeros(len(districts.names)), np.zeros(24)
    for point in past.points:
        one = (point.case.fraud_type, point.case.tier)
        counted[one] = counted.get(one, 0.0) + 1.0
        hours[point.hour or 0] += 1.0
        if point.case.places:
            at = districts.villages_at(np.array([[place.lon, place.lat] for place in point.case.places]))
            weight = np.array([place.probability for place in point.case.places])
            np.add.at(zones, at, weight / weight.sum())
    placed = zones.sum()
    home = districts.residents / districts.residents.sum()
    where = home if placed <= 0.0 else keys.alerts_share * zones / placed + (1.0 - keys.alerts_share) * home
    per_day = keys.alerts_per_day or len(past.points) / (past.days or 1.0)
    total = sum(counted.values())
    week = _week(hours + 1e-3 * hours.sum(), np.array(keys.weekday_share))  # no hour is quite without alerts
    rate = np.array([one / total for one in counted.values()])[:, None] * per_day * week
    return Expected(tuple(counted), rate, np.tile(where, (len(counted), 1)), past.notes)


def _of_table(scenario: Scenario, area: Area, districts: Districts) -> Expected:
    keys, path = scenario.demand, Path(scenario.demand.table)
    frame = _frame(path)
    matched = match_headings(path, list(frame.columns), COLUMNS)
    faults = Faults(matched)
    rows = read_columns(frame, matched, COLUMNS, UTC, faults)
    ground, share = ground_of(area.gazetteer), _shares(keys.fraud_share, keys.tier_share)
    day, week = (
        np.array(keys.hour_share) / sum(keys.hour_share),
        _week(np.array(keys.hour_share), np.array(keys.weekday_share)),
    )
    found: dict[Sort, tuple[Floats, Floats]] = {}
    for row in rows.index:
        line = rows.loc[row]
        try:
            inside = districts.within(ground, str(line["place"]), "place")
        except BadInput as refused:
            faults.add(int(row), "place", str(line["place"]), str(refused).partition(" names ")[2])
            continue
        when = _when(line["weekday"], line["hour"], day, week)
        weights = np.where(inside, np.maximum(districts.residents, 1e-9), 0.0)
        for one, part in share.items():
            if line["fraud_type"] not in ("", one[0]) or line["tier"] not in ("", one[1]):
                continue
            of = sum(
                other
                for key, other in share.items()
                if line["fraud_type"] in ("", key[0]) and line["tier"] in ("", key[1])
            )
            rate, zones = found.setdefault(one, (np.zeros(HOURS), np.zeros(len(districts.names))))
            rate += float(line["per_day"]) * part / of * when
            zones += float(line["per_day"]) * part / of * weights / weights.sum()
    if faults.by_row:
        number = min(faults.by_row)
        column, text, wanted = faults.by_row[number][0]
        raise BadInput(
            f"{path}: row {number}, {column}: found {text!r}, expected {wanted}; {len(faults.by_row)} such rows"
        )
    if not found or not any(rate.sum() > 0.0 for rate, _ in found.values()):
        raise BadInput(f"{path}: no alert a day in any row; there is nothing to simulate")
    zones = np.array(
        [one / one.sum() if one.sum() > 0.0 else districts.residents for _, one in found.values()]
    )
    return Expected(tuple(found), np.array([rate for rate, _ in found.values()]), zones)


def _when(weekday: float, hour: float, day: Floats, week: Floats) -> Floats:
    """Alerts an hour over the week of a row with one a day: its weekday and hour alone where it names them."""
    days = range(7) if np.isnan(weekday) else [int(weekday) - 1]
    shape = np.zeros(HOURS)
    if np.isnan(weekday) and np.isnan(hour):
        return week
    for one in days:
        if np.isnan(hour):
            shape[one * 24 : one * 24 + 24] = day
        else:
            shape[one * 24 + int(hour)] = 1.0
    return shape


def _frame(path: Path) -> pd.DataFrame:
    """A table as text, from CSV, XLSX or Parquet."""
    if path.suffix.lower() != ".parquet":
        return read_text(path)
    if not path.is_file():
        raise MissingInput(path)
    try:
        from pyarrow import parquet  # noqa: PLC0415 - an extra
    except ImportError as cause:
        raise MissingExtra("pyarrow", "parquet") from cause
    try:
        frame = parquet.read_table(path).to_pandas()
    except (OSError, ValueError) as cause:
        raise BadInput(f"{path} is no Parquet file that can be read ({cause})") from cause
    text: pd.DataFrame = frame.map(lambda one: "" if pd.isna(one) else str(one))
    text.columns = [str(one) for one in text.columns]
    text.index = pd.RangeIndex(2, len(text) + 2)
    return text
