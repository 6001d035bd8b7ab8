"""The words of the shift page and of the ledger's tables, Chinese first."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.reasons import Language, word

LABELS: Mapping[str, tuple[str, str]] = {
    "title": ("交接班清单", "Shift handover"),
    "at": ("截至", "as of"),
    "nothing": ("无", "none"),
    "open": ("待处置", "Open, nobody sent"),
    "under_way": ("处置中", "Under way"),
    "unsigned": ("未签收", "Sent, not signed for"),
    "overdue": ("超时", "Overdue"),
    "second_visits": ("到期回访", "Second visits due"),
    "holds": ("保护即将到期", "Holds about to end"),
    "promises": ("已作承诺", "Promises made"),
    "conflicting": ("反馈不一致", "Reports that disagree"),
    "case": ("警情", "case"),
    "person": ("对象", "person"),
    "phone": ("电话", "phone"),
    "tier": ("等级", "risk"),
    "type": ("类型", "type"),
    "amount": ("涉险（元）", "yuan at risk"),
    "since": ("预警", "alerted"),
    "calls": ("电话联系", "calls"),
    "last": ("上次结果", "last outcome"),
    "responder": ("处置力量", "responder"),
    "step": ("环节", "step"),
    "sent": ("下达", "sent"),
    "signed": ("签收", "signed"),
    "departed": ("出发", "departed"),
    "arrived": ("到达", "arrived"),
    "met": ("见面", "met"),
    "reported": ("反馈", "reported"),
    "cancelled": ("撤销", "cancelled"),
    "drafted": ("待下达", "not sent yet"),
    "alerted": ("预警", "alerted"),
    "rang": ("联系", "rang"),
    "held": ("采取措施", "held"),
    "released": ("解除措施", "released"),
    "promised": ("承诺", "promised"),
    "kept": ("承诺已兑现", "kept"),
    "planned": ("列入方案", "planned"),
    "escalated": ("报值班长", "escalated"),
    "shown": ("查看", "shown"),
    "closed": ("结案", "closed"),
    "reopened": ("重新打开", "reopened"),
    "forgot": ("已清除个人信息", "forgot"),
    "second_visit": ("待回访", "second visit"),
    "contact_by": ("计划见面", "meets at"),
    "late": ("超时（分）", "min late"),
    "waits_for": ("未完成", "waits for"),
    "told_lead": ("已报值班长", "duty lead told"),
    "due": ("应于", "due"),
    "hold": ("措施", "hold"),
    "until": ("至", "until"),
    "by": ("由", "by"),
    "promise": ("内容", "what"),
    "reports": ("反馈", "reports"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "bank": ("银行止付", "bank hold"),
    "line": ("断卡", "line cut"),
    "relative": ("亲属看护", "a relative"),
    "times": ("{0} 次", "{0} times"),
    "confidential": (
        "内部资料 · 含个人信息（已遮盖）· 用后销毁",
        "Internal · personal data, masked · destroy after use",
    ),
    "leaving": ("交班人", "handed over by"),
    "taking": ("接班人", "taken over by"),
    "language": ("English", "中文"),
}


def label(name: str, language: Language) -> str:
    """A label in one language."""
    return LABELS[name][0 if language == "zh" else 1]


def said(value: str | None, language: Language) -> str:
    """A code (step, hold, outcome, tier, fraud type) as a person reads it; "" for None."""
    if not value:
        return ""
    return label(value, language) if value in LABELS else str(word(value, language))
