"""Words that only paper needs; all others are those of every sheet (`dispatch.sheets.words`)."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.reasons import Language

LABELS: Mapping[str, tuple[str, str]] = {
    "page": ("第 {0} 页 / 共 {1} 页", "page {0} of {1}"),
    "say": ("说", "Say"),
    "dont": ("不说", "Not"),
    "leads": ("与{0}同到，本组牵头、回报", "{0} comes too: you lead and report"),
    "follows": ("与{0}同到，由其牵头、回报", "{0} comes too: they lead and report"),
    "with": ("与{0}同到", "with {0}"),
    "late": ("已过，仍须尽快", "past: still go"),
    "every_door": ("每到一户", "At every door"),
    "minutes_there": ("在场", "there"),
    "minutes": ("分钟", "min"),
    "note": ("备注", "note"),
    "navigate": ("导航", "navigate"),
    "overview_station": ("派出所总览", "Police station overview"),
    "overview_town": ("镇街总览", "Town overview"),
    "overview_county": ("县区总览", "County overview"),
    "overview_area": ("全域总览", "Overview of the area"),
    "who": ("对象", "person"),
    "where": ("地点", "place"),
    "fraud": ("类型 · 金额", "fraud · amount"),
    "tier": ("等级", "tier"),
    "code": ("编号", "code"),
    "signed": ("签收", "signed for"),
    "county": ("县区", "county"),
    "town": ("镇街", "town"),
    "crews": ("力量", "crews"),
    "visits": ("站数", "visits"),
    "high": ("高危以上", "high or critical"),
    "past": ("已过最迟有效", "past useful"),
    "left_out_title": ("未安排", "Left out"),
    "reason": ("原因", "reason"),
    "no_crews": ("本单位没有上门任务。", "Nobody is sent here."),
}


def paper(key: str, language: Language, *values: object) -> str:
    """The words of a key, its places filled with `values`."""
    return LABELS[key][0 if language == "zh" else 1].format(*values)
