"""One replication as tables for people: every state change by its name, and what became of every alert."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from dispatch.domain import TIERS
from dispatch.reasons import Language
from dispatch.simulate.changes import NAMES
from dispatch.simulate.log import Log
from dispatch.simulate.reasons import WHYS
from dispatch.simulate.replicate import OUTCOMES, Replication
from dispatch.simulate.scenarios.building import Built

CHANGES_ZH = {
    "waiting": "等候派人", "assigned": "已派", "met": "见面", "closed": "了结", "phoned": "电话解决", "given_up": "放弃",
    "escalated": "可派下一级", "not_found": "没有找到", "returned": "中途改派", "on_duty": "上岗", "off_duty": "下岗",
    "departs": "出发", "arrives": "到达", "free": "空出", "heads_back": "返回", "at_post": "回到驻地",
    "drives_on": "转往正确地址",
}  # fmt: skip


def events_table(built: Built, log: Log) -> pd.DataFrame:
    """One row a state change in its order: minute and moment, its name in both languages, alert (row of `alerts`), unit, zone."""
    ids, zones, names = built.world.units.ids, built.world.zones.ids, built.districts.names
    change = [NAMES[int(one)] for one in log.change]
    return pd.DataFrame(
        {
            "minute": np.round(log.minute, 4),
            "moment": _moments(built, log.minute),
            "change": change,
            "变化": [CHANGES_ZH[one] for one in change],
            "alert": [str(one) if one >= 0 else "" for one in log.alert],
            "unit": [ids[one] if one >= 0 else "" for one in log.unit],
            "zone": [zones[one] if one >= 0 else "" for one in log.zone],
            "place": [names[one] if one >= 0 else "" for one in log.zone],
        }
    )


def alerts_table(built: Built, result: Replication) -> pd.DataFrame:
    """One row an alert: what it was, the moments of what happened, how it ended, and yuan."""
    ids, zones, demand = built.world.units.ids, built.world.zones.ids, built.world.demand
    moments = {
        name: _moments(built, getattr(result, name))
        for name in ("ready", "dispatched", "arrived", "contact", "closed")
    }
    yuan = {
        name: np.round(getattr(result, name), 2)
        for name in ("amount_yuan", "nobody_yuan", "modelled_yuan", "late_yuan", "realised_yuan")
    }
    return pd.DataFrame(
        {
            "alert": np.arange(len(result.alert)),
            "alerted": _moments(built, result.alert),
            "counted": result.counted,
            "fraud_type": [demand.ids[int(one)].partition("/")[0] for one in result.demand_class],
            "tier": [TIERS[int(one)] for one in result.tier],
            "zone": [zones[int(one)] for one in result.zone],
            "believed_zone": [zones[int(one)] for one in result.believed],
            **moments,
            "outcome": [OUTCOMES[int(one)] for one in result.outcome],
            "why": [WHYS[int(one)] for one in result.why],
            "unit": [ids[int(one)] if one >= 0 else "" for one in result.unit],
            "units_sent": result.sent,
            "transferred": result.transferred,
            **yuan,
        }
    )


def audit_sentence(result: Replication, log: Log, breaches: list[str], language: Language) -> str:
    """What was played and what the audit says of it."""
    asked = int(result.needs_visit.sum())
    if language == "zh":
        told = f"{len(result.alert):,} 条预警，{asked:,} 起需上门，{len(log):,} 次状态变化；"
        return told + (f"独立审核发现 {len(breaches)} 处不符" if breaches else "独立审核逐条重算，无一不符")
    told = f"{len(result.alert):,} alerts, {asked:,} visits asked for, {len(log):,} state changes; "
    return told + (
        f"the audit found {len(breaches)} breaches"
        if breaches
        else "the audit recomputed them all: no breach"
    )


def _moments(built: Built, minutes: np.ndarray) -> list[str]:
    """Wall clock to the second; what did not happen is empty."""
    return [
        "" if np.isnan(one) else (built.begin + timedelta(minutes=float(one))).strftime("%Y-%m-%d %H:%M:%S")
        for one in minutes
    ]
