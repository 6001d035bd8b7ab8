"""The stop-payment hand-over: what the bank desk needs once a team hears that the money is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.reasons import Language


@dataclass(frozen=True, slots=True)
class StopPayment:
    """One case whose money was sent. `amount_yuan` was sent; where nobody said, `at_risk_yuan` is what the alert names."""

    case_id: str
    reported_at: datetime
    at_risk_yuan: float
    amount_yuan: float | None = None
    account: str = ""
    note: str = ""


def lines(one: StopPayment, language: Language) -> list[str]:
    """The hand-over as it is printed, to be read out or sent."""
    when = f"{one.reported_at:%Y-%m-%d %H:%M}"
    if language == "zh":
        sent = f"{one.amount_yuan:,.0f} 元（已转）" if one.amount_yuan is not None else "未报；"
        amount = sent if one.amount_yuan is not None else f"{sent}预警涉险 {one.at_risk_yuan:,.0f} 元"
        told = [
            f"【紧急止付交接】警情 {one.case_id}",
            f"  金额  {amount}",
            f"  时间  {when} 报已转账",
            f"  账户  {one.account or '未知，请向本人或反馈人核实'}",
        ]
        return told + ([f"  备注  {one.note}"] if one.note else [])
    known = one.amount_yuan is not None
    amount = (
        f"{one.amount_yuan:,.0f} yuan sent"
        if known
        else f"not said; the alert names {one.at_risk_yuan:,.0f} yuan"
    )
    told = [
        f"[stop payment] case {one.case_id}",
        f"  amount   {amount}",
        f"  time     reported {when} as sent",
        f"  account  {one.account or 'not known: ask the person, or who reported'}",
    ]
    return told + ([f"  note     {one.note}"] if one.note else [])


def as_json(one: StopPayment) -> dict[str, Any]:
    """The hand-over for machines."""
    return {
        "case_id": one.case_id,
        "reported_at": one.reported_at.isoformat(timespec="seconds"),
        "amount_yuan": one.amount_yuan,
        "at_risk_yuan": one.at_risk_yuan,
        "account": one.account or None,
        "note": one.note,
    }
