"""The words of reports, and what each figure means: Chinese first, English on a switch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from dispatch.reasons import Language, word
from dispatch.redact import clean
from dispatch.report.figures import POOLED, UNKNOWN, Row
from dispatch.report.periods import Period

LABELS: Mapping[str, tuple[str, str]] = {
    "day": ("预警劝阻日报", "Daily report"),
    "week": ("预警劝阻周报", "Weekly report"),
    "month": ("预警劝阻月报", "Monthly report"),
    "subject": ("关于{0}\n预警劝阻处置情况的通报", "Alerts and visits\n{0}"),
    "centre": ("{0}反诈中心", "Anti-fraud centre, {0}"),
    "default_centre": ("反诈中心", "Anti-fraud centre"),
    "as_of": ("统计截至 {0}", "as known at {0}"),
    "made_from_ledger": ("数据来源：处置台账", "from the ledger"),
    "made_from_plans": ("数据来源：调度方案及回报", "from plans and the outcomes kept beside them"),
    "practice": ("演练数据 · 人员、地点与道路均为虚构", "Practice data · people, places and roads are invented"),
    "internal": ("内部资料 · 不含个人信息", "Internal · holds no personal data"),
    "empty": ("本期没有收到预警。", "No alerts came in during this period."),
    "no_figure": ("无数据", "no figure"),
    "of": ("{0}/{1}", "{0} of {1}"),
    "yuan": ("{0} 元", "{0} yuan"),
    "minutes": ("{0} 分钟", "{0} min"),
    "points": ("{0}\u00a0百分点", "{0}\u00a0points"),
    "people": ("预警人员", "people alerted"),
    "received": ("接收预警", "alerts received"),
    "rejected": ("退回", "rejected rows"),
    "not_yet": ("尚未列入方案", "not yet in a plan"),
    "no_visit": ("无需上门", "no visit needed"),
    "planned": ("已安排上门", "planned"),
    "left_out": ("未安排", "left out"),
    "by_phone": ("电话劝阻", "settled by phone"),
    "visited": ("上门", "visited"),
    "signed": ("签收", "signed for"),
    "met": ("见面", "met"),
    "persuaded": ("劝阻成功", "persuaded"),
    "overdue": ("超时指令", "overdue"),
    "defrauded": ("预警后被骗", "defrauded afterwards"),
    "minutes_to_meet": ("预警至见面（中位）", "alert to meeting, median"),
    "money": ("挽损", "Averted"),
    "modelled": ("模型估计挽损", "averted, by the model"),
    "verified": ("核实挽损", "averted, verified"),
    "apart": ("两数口径不同，不得相加", "two different things: never add them"),
    "modelled_note": ("{0} 次上门安排的方案预期", "what plans expected of {0} visits"),
    "verified_note": ("劝阻成功且未转账 {1} 人，其中 {0} 人预警载明金额", "{0} of {1} persuaded people named an amount"),
    "sum": ("预警去向", "Where the alerts went"),
    "compared": ("环比与同比", "Compared"),
    "figure": ("指标", "figure"),
    "now": ("本期", "this period"),
    "day_before": ("前一日", "day before"),
    "week_before": ("上周同期", "week before"),
    "month_before": ("上月同期", "month before"),
    "year_before": ("上年同期", "year before"),
    "groups": ("分类情况", "By group"),
    "tier": ("按预警等级", "By risk"),
    "fraud_type": ("按诈骗类型", "By type of fraud"),
    "county": ("按县区", "By county"),
    "station": ("按派出所", "By police station"),
    "hour": ("按时段", "By hour of the alert"),
    "by_day": ("按日", "By day"),
    "group": ("类别", "group"),
    "at_hour": ("时", "hour"),
    "date": ("日期", "day"),
    "alerts": ("预警", "alerts"),
    "overdue_people": ("有超时", "overdue"),
    "arrivals": ("计划与实际到达", "Planned against actual arrival"),
    "arrivals_of": ("计划与实际到达（{0} 次）", "Planned against actual arrival ({0} measured)"),
    "arrivals_none": ("本期没有同时记录计划与实际到达的上门。", "No arrival of this period was measured against its plan."),
    "all": ("全部", "all"),
    "responder": ("力量", "responder"),
    "count": ("次数", "count"),
    "median": ("中位偏差（分）", "median, min"),
    "range": ("80% 区间（分）", "middle 80 %, min"),
    "low": ("80% 区间下限（分）", "80 % from, min"),
    "high": ("80% 区间上限（分）", "80 % to, min"),
    "late_early": ("正为晚到，负为早到", "positive is late, negative early"),
    "too_few": ("不足 10 次", "fewer than 10"),
    "late_steps": ("超时环节", "Steps that were late"),
    "step_signed": ("签收", "signing"),
    "step_departed": ("出发", "leaving"),
    "step_met": ("见面", "meeting"),
    "step_reported": ("反馈", "reporting"),
    "definitions": ("指标口径", "What each figure means"),
    "unknown": ("未载明", "not stated"),
    "pooled": ("其余 {0} 类合计", "{0} smaller groups together"),
    "more": ("其余 {0} 类", "{0} more groups"),
    "error_axis": ("偏差（分钟，正为晚）", "minutes late"),
    "summary_sheet": ("概况", "Summary"),
    "groups_sheet": ("分类", "Groups"),
    "hours_sheet": ("时段", "Hours"),
    "days_sheet": ("逐日", "Days"),
    "arrivals_sheet": ("到达", "Arrivals"),
    "definitions_sheet": ("口径", "Definitions"),
    "value": ("数值", "value"),
    "numerator": ("分子", "numerator"),
    "denominator": ("分母", "denominator"),
    "share": ("比率", "share"),
    "unit": ("单位", "unit"),
    "change": ("增减", "change"),
    "means": ("含义", "meaning"),
    "period": ("统计时段", "period"),
}  # fmt: skip

DEFINITIONS: Mapping[str, tuple[str, str]] = {
    "received": (
        "按预警编号计，时段内发生的每个编号计一次；由方案统计时另加退回行。接收＝退回＋尚未列入方案＋无需上门＋已"
        "安排上门＋未安排；同一人的后续预警计入无需上门。",
        "Alerts raised in the period, each id once; from plans, rejected rows are added. Received = rejected + "
        "not yet in a plan + no visit needed + planned + left out; further alerts of one person count as no "
        "visit needed.",
    ),
    "rejected": (
        "读入时因缺项或有误被退回的行；台账不保存退回行，由台账统计时为“无数据”，不计入接收。",
        "Rows refused when read. A ledger does not keep them: from a ledger there is no figure, and they are not "
        "among the received.",
    ),
    "not_yet": (
        "末次方案之后才发生、尚未被任何方案研判的预警。",
        "Raised after the last plan: no plan has seen them.",
    ),
    "by_phone": (
        "电话劝阻成功且未上门见面的人数，占预警人员。",
        "People persuaded by telephone and not met at a door, of all people alerted.",
    ),
    "visited": (
        "有人到过门口的人数，占已安排上门的人数；未前往、重复派单不计。",
        "People somebody was at the door of, of all people planned; not attempted and sent twice do not count.",
    ),
    "signed": (
        "已签收（或已进入后续环节）的指令，占已下达且未撤销的指令。",
        "Instructions signed for, or gone beyond signing, of all that were sent and not called off.",
    ),
    "met": (
        "见到本人的人数，占已上门的人数。",
        "People met in person, of all visited.",
    ),
    "persuaded": (
        "上门劝阻成功的人数，占见到本人的人数。",
        "People a visit persuaded, of all met.",
    ),
    "overdue": (
        "签收、出发、见面、反馈任一环节超过时限的指令，占已下达且未撤销的指令；时限见设置 [ledger.limits]。",
        "Instructions with a step (signing, leaving, meeting, reporting) later than its limit, of all sent and "
        "not called off; limits: settings [ledger.limits].",
    ),
    "defrauded": (
        "首次预警之后转出资金的人数，占预警人员；以截至统计时刻所知为准，未载明转账时刻的以回报时刻计。",
        "People whose money went after their alert, of all alerted, as far as is known; a transfer without a "
        "moment counts at its report.",
    ),
    "modelled": (
        "各次上门安排在制定方案时的预期：无人上门的预计损失减去按计划到达的预计损失。是模型估计，不是结果。",
        "What each planned visit was expected to avert when its plan was made: the loss if nobody came less the "
        "loss if met as planned. An estimate, not an outcome.",
    ),
    "verified": (
        "上门劝阻成功、截至统计时刻未转账者的预警所载涉险金额之和；未载明金额的不计。与模型估计口径不同，两数不相"
        "加。",
        "Yuan at risk by their alerts of people a visit persuaded and who had sent nothing as far as is known; "
        "alerts without an amount count nothing. Not comparable with the model's figure: the two are never added.",
    ),
    "minutes_to_meet": (
        "本人首次预警至首次见面的分钟数的中位数，仅计有见面时刻者。",
        "Median minutes from a person's first alert to the first meeting, where the moment of meeting is known.",
    ),
    "arrivals": (
        "实际到达减计划到达（无到达记录的用见面时刻），单位分钟，正为晚。80% 区间为第 10 至第 90 百分位，不足 10 "
        "次不列。",
        "Actual less planned arrival (meeting, where no arrival was noted), minutes, late positive. The middle "
        "80 % is the 10th to the 90th percentile, not given for fewer than ten.",
    ),
    "compared": (
        "各比较期与本期同样起算、同样截止、在同样长的时间之后统计；早于台账首日或无方案的时期为“无数据”，不作 0"
        "。",
        "Earlier periods are cut and looked back on as late as this one. Where the ledger had not begun, or no "
        "plan was made, there is no figure, never 0.",
    ),
    "groups": (
        "县区为最可能地点所在（未列入方案者为其地址所写），派出所为当时在岗、对该地负责者，以方案为准；其余为未载明。"
        "类型、县区、派出所不足 {0} 人的合并列出，以免认出个人。",
        "County: of the likeliest place, of people in no plan the one their address names. Station: on duty then and "
        "answering for it, as plans say. Types, counties and stations with fewer than {0} people are put together, so that "
        "nobody is recognised.",
    ),
}

WEEKDAYS = (
    ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"],
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
)


def label(name: str, language: Language, *values: object) -> str:
    """A label in one language, with `values` in its gaps."""
    text = LABELS[name][0 if language == "zh" else 1]
    return text.format(*values) if values else text


def meaning(name: str, language: Language, *values: object) -> str:
    """What a figure means."""
    return DEFINITIONS[name][0 if language == "zh" else 1].format(*values)


def row_name(group: str, row: Row, language: Language) -> str:
    """What a row of a breakdown is called."""
    if row.key == POOLED:
        return label("pooled", language, row.pooled)
    return key_name(group, row.key, language)


def key_name(group: str, key: str, language: Language) -> str:
    """A tier, type, county, station, kind or hour as it is read."""
    if group == "hour":
        return f"{key}:00"
    if key == UNKNOWN:
        return label("unknown", language)
    return clean(str(word(key, language)), 40) if group in {"tier", "fraud_type", "kind"} else clean(key, 40)


def title(period: Period, language: Language) -> str:
    """What the report is called."""
    return label(period.span, language)


def dates(period: Period, language: Language) -> str:
    """The days of the report: 2026年5月1日（星期五）, 2026年4月27日至5月3日（第18周）, 2026年5月."""
    first, last = period.start.date(), (period.whole_end - timedelta(days=1)).date()
    if period.span == "month":
        return f"{first.year}年{first.month}月" if language == "zh" else f"{first:%B %Y}"
    if period.span == "day":
        weekday = WEEKDAYS[language == "en"][first.weekday()]
        return (
            f"{_day(first, language)}（{weekday}）"
            if language == "zh"
            else f"{weekday}, {_day(first, language)}"
        )
    week = first.isocalendar().week
    if language == "en":
        return f"{_day(first, language)} to {_day(last, language)} (week {week})"
    year = f"{last.year}年" if last.year != first.year else ""
    return f"{_day(first, language)}至{year}{last.month}月{last.day}日（第{week}周）"


def plain_dates(period: Period, language: Language) -> str:
    """The days of the report, as they stand in the subject of a letter."""
    return dates(period, language).partition("（")[0] if language == "zh" else dates(period, language)


def _day(day: date, language: Language) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if language == "zh" else f"{day.day} {day:%B %Y}"
