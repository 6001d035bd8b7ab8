"""Alerts that did come: when, where, of what type and tier, ready to be played again under any policy."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from dispatch.coverage.rules import Rules
from dispatch.domain import Tier
from dispatch.errors import BadInput
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.locate import locate_rows
from dispatch.simulate.given import Given
from dispatch.simulate.scenarios.ground import Districts
from dispatch.simulate.scenarios.model import Scenario
from dispatch.simulate.world import Demand, Floats


@dataclass(frozen=True, slots=True)
class Past:
    """One row an alert: `alerted_at`, its type of fraud and tier, and where (lon, lat of the likeliest place, NaN: unknown)."""

    alerted_at: tuple[datetime, ...]
    sorts: tuple[tuple[str, Tier], ...]
    lonlat: Floats
    notes: tuple[str, ...]


def past_of(rows: pd.DataFrame, gazetteer: Gazetteer, rules: Rules) -> Past:
    """Every alert of the rows once, at its first row's moment.

    Parameters
    ----------
    rows
        As `dispatch.intake.alerts` gives them.

    Raises
    ------
    BadInput
        There is no row.
    """
    if not len(rows):
        raise BadInput("there is no usable alert in the time asked for; there is nothing to replay")
    alerted, sorts, where, lost = [], [], [], 0
    triage = rules.triage
    for alert, own in rows.groupby("alert_id", sort=False):
        moment = own["alerted_at"].min().to_pydatetime()
        fraud = next((str(one) for one in own["fraud_type"] if one), "")
        risk = next((str(one) for one in own["risk"] if one), "")
        places = locate_rows(str(alert), own, gazetteer, rules.places, own["alerted_at"].max()).places
        likeliest = max(places, key=lambda one: one.probability, default=None)
        lost += likeliest is None
        alerted.append(moment)
        sorts.append(
            (
                fraud if fraud in triage.fraud_types else triage.default_fraud_type,
                cast("Tier", risk or triage.default_risk),
            )
        )
        where.append((math.nan, math.nan) if likeliest is None else (likeliest.lon, likeliest.lat))
    notes = [f"{len(alerted):,} alerts from {min(alerted):%Y-%m-%d %H:%M} to {max(alerted):%Y-%m-%d %H:%M}"]
    if lost:
        notes.append(
            f"{lost:,} of them have no place that can be found; where they are is drawn by residents each time"
        )
    return Past(tuple(alerted), tuple(sorts), np.array(where, np.float64).reshape(-1, 2), tuple(notes))


def over(scenario: Scenario, past: Past, time_zone: str) -> Scenario:
    """The scenario over the days of the alerts, from midnight to midnight, with their types and tiers; nothing is warm-up."""
    zone = ZoneInfo(time_zone)
    first = min(past.alerted_at).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    days = math.ceil((max(past.alerted_at) - first) / timedelta(days=1) + 1e-9)
    frauds, tiers = ({one[at] for one in past.sorts} for at in (0, 1))
    clock = scenario.clock.model_copy(update={"begins": first, "days": float(days), "warm_up_days": 0.0})
    demand = scenario.demand.model_copy(
        update={
            "source": "residents", "alerts_per_day": len(past.alerted_at) / days, "surges": (),
            "fraud_share": dict.fromkeys(sorted(frauds), 1.0), "tier_share": dict.fromkeys(sorted(tiers), 1.0),
        }
    )  # fmt: skip
    return scenario.model_copy(update={"clock": clock, "demand": demand})


def given(past: Past, demand: Demand, districts: Districts, begin: datetime) -> Given:
    """The alerts in minutes from `begin`, classes of the demand and zones of the districts, by minute."""
    number = {name: at for at, name in enumerate(demand.ids)}
    minute = np.array([(one - begin) / timedelta(minutes=1) for one in past.alerted_at])
    zone = np.full(len(minute), -1, np.int64)
    known = np.isfinite(past.lonlat).all(axis=1)
    if known.any():
        zone[known] = districts.villages_at(past.lonlat[known])
    order = np.argsort(minute, kind="stable")
    classes = np.array([number[f"{fraud}/{tier}"] for fraud, tier in past.sorts], np.int64)
    return Given(minute[order], classes[order], zone[order])


def within(rows: pd.DataFrame, since: datetime | None, until: datetime | None) -> pd.DataFrame:
    """Rows alerted from `since` on and before `until`."""
    keep = np.ones(len(rows), np.bool_)
    for moment, after in ((since, True), (until, False)):
        if moment is not None:
            told: Iterable[bool] = rows["alerted_at"] >= moment if after else rows["alerted_at"] < moment
            keep &= np.asarray(told, np.bool_)
    return rows.loc[keep]
