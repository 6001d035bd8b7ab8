"""The words of a sheet: labels in both languages, and values as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dispatch.reasons import Language, Reason, say, word
from dispatch.redact import clean

PRACTICE = "演练数据 / practice data"

LABELS: Mapping[str, tuple[str, str]] = {
    "title": ("反诈上门处置单", "Route sheet"),
    "overview": ("处置总览", "Overview"),
    "practice": ("演练数据 / practice data", "practice data / 演练数据"),
    "practice_short": ("演练", "practice"),
    "arrive": ("到达", "arrive"),
    "contact": ("见面", "contact"),
    "latest": ("最迟有效", "useful until"),
    "late": ("已过最有效时间，仍须尽快", "past its most useful time: still go, at once"),
    "due": ("时限", "deadline"),
    "due_over": ("已过", "over"),
    "drive": ("路程", "drive"),
    "wait": ("等候", "wait"),
    "stops": ("{0} 站", "{0} stops"),
    "shift": ("班次", "shift"),
    "phone": ("电话", "phone"),
    "duty_phone": ("值班电话", "duty phone"),
    "centre": ("中心值班", "centre"),
    "home_at": ("预计返回", "back at"),
    "plan": ("计划", "plan"),
    "issued": ("下达", "issued"),
    "from": ("出发", "from"),
    "case": ("警情", "case"),
    "person": ("对象", "person"),
    "unnamed": ("姓名不详", "name not known"),
    "no_place_name": ("见路线图上的位置", "see the sketch"),
    "sure": ("把握 {0}%", "{0}% sure"),
    "within": ("{0}范围内查找", "search within {0}"),
    "age": ("{0}前", "{0} ago"),
    "second": ("不在则去", "If not there"),
    "other_stop": ("（第 {0} 站）", " (stop {0})"),
    "why": ("为何上门", "Why"),
    "amount": ("涉险金额", "at risk"),
    "tried": ("已联系", "Tried"),
    "calls": ("拨打 {0} 次", "{0} calls"),
    "along": ("同行", "Go with"),
    "needs": ("需要", "Needs"),
    "note": ("备注", "Note"),
    "partner": ("搭档", "Partner"),
    "leads": ("{0}，由你方带队并回报", "{0}; you lead and report"),
    "led": ("{0} 带队并回报", "{0} leads and reports"),
    "script": ("怎么说、别怎么说", "What to say, and what not"),
    "to_say": ("这样说", "Say"),
    "not_to_say": ("别这样", "Do not"),
    "turns": ("怎么走", "The way"),
    "way_home": ("返回", "Back"),
    "under_minute": ("不到1分钟", "under a minute"),
    "outcome": ("结果", "Outcome"),
    "report": ("回报", "Report back"),
    "report_how": ("{0} 结果 在场分钟 备注", "{0} outcome minutes note"),
    "report_like": ("例：{0} {1} 15", "for example: {0} {1} 15"),
    "go_along": ("请{0}随行，配合 {1}", "{0}: please go along with {1}"),
    "report_number": ("也可写序号：{0} 1 15", "or by number: {0} 1 15"),
    "report_sent": ("已转账请写金额：{0} 8 15 5万元", "money sent: say how much: {0} 8 15 50,000 yuan"),
    "notes_line": ("在场 ____ 分钟　备注", "minutes there ____  note"),
    "instruction": ("指令", "Instruction"),
    "route": ("路线", "route"),
    "map": ("路线示意", "Sketch of the route"),
    "north": ("北", "N"),
    "base": ("起", "S"),
    "no_stops": ("本计划没有上门任务。", "This plan sends nobody."),
    "responders": ("{0} 支力量", "{0} responders"),
    "left_out": ("{0} 件未安排", "{0} left out"),
    "elsewhere_named": ("辖区未明", "place not known"),
    "private": ("内部资料，含个人信息，任务结束即销毁。", "Holds personal data: destroy after the task."),
    "sheet_routes": ("路线", "routes"),
    "sheet_guide": ("填写说明", "how to fill in"),
    "zone": ("时刻为本地时间（UTC{0}）。", "Times are local (UTC{0})."),
    "fill_in": (
        "黄色各列由出勤人员填写：结果从列表选，填好后整份交回。",
        "The team fills in the yellow columns: pick the outcome from the list, send the whole file back.",
    ),
    "check_cell": (
        "结果请从列表选；分钟 0–999；金额为数字。",
        "Pick the outcome from the list; minutes 0–999; the amount is a number.",
    ),
    "next_day": ("{month}月{day}日 {clock}", "{day} {name} {clock}"),
}

RECORDING: Mapping[str, tuple[str, str]] = {
    "there": ("在场分钟", "minutes there"),
    "sent": ("已转金额（元）", "amount sent (yuan)"),
    "note": ("备注", "note"),
    "undo": ("撤销记录", "take back"),
    "done": ("{0} 已记：{1}", "{0} recorded: {1}"),
    "told": ("已回报", "reported"),
    "not_told": ("未回报", "not reported yet"),
    "urgent_sent": (
        "马上打电话报中心止付，填上金额，再回报。",
        "Ring the centre now to stop the payment; fill in the amount, then report.",
    ),
    "urgent_unsafe": ("先离开现场，再报告。", "Leave first, then report."),
    "unkept": (
        "此浏览器不保存记录：关闭本页前请先回报。",
        "This browser keeps nothing: report before you close the page.",
    ),
    "count": ("已记 {0} / {1}", "{0} of {1} recorded"),
    "open": ("{0} 条未回报", "{0} not reported"),
    "report": ("回报", "Report"),
    "message": ("回报码", "message"),
    "how_to_tell": (
        "把这行字发给中心，或请中心扫码。",
        "Send this line to the centre, or let the centre scan the code.",
    ),
    "missing": ("还有 {0} 站没有记录。", "{0} stops are not recorded yet."),
    "copy": ("复制", "Copy"),
    "copied": ("已复制，去粘贴发送。", "Copied: paste it and send."),
    "copy_by_hand": ("请长按上面的文字复制。", "Press and hold the text above to copy it."),
    "sms": ("短信", "SMS"),
    "share": ("分享", "Share"),
    "close": ("返回", "Back"),
    "qr": ("回报二维码", "QR code of the message"),
}
"""What the page's own scripts say, in Chinese and English."""

DOOR: Mapping[str, tuple[str, str]] = {
    "locked": ("此页已加密", "This page is encrypted"),
    "phrase": ("口令", "Passphrase"),
    "unlock": ("打开", "Open"),
    "opening": ("正在解密…", "Opening…"),
    "wrong": ("口令不对，请重新输入。", "Wrong passphrase: try again."),
    "unable": (
        "此浏览器在这种打开方式下不能解密：请存到本机后用浏览器打开。",
        "This browser cannot decrypt here: save the file to this phone and open it in the browser.",
    ),
    "needs_scripts": ("打开加密页需要运行脚本。", "An encrypted page needs scripts to open."),
}
"""What the door of a sealed page says, in Chinese and English."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def label(key: str, language: Language, *values: object) -> str:
    """The label of that key, its places filled with `values`."""
    return LABELS[key][0 if language == "zh" else 1].format(*values)


def coded(value: object, language: Language) -> str:
    """A code as a word, or as it is where it is not a known one."""
    return clean(str(word(value, language)))


def sentence(reason: Reason, language: Language) -> str:
    """A reason in words; one from a later version is shown by its code."""
    try:
        return clean(say(reason, language))
    except (KeyError, IndexError, ValueError):
        return clean(reason.code)


def clock(moment: datetime | None, at: datetime, language: Language) -> str:
    """Hours and minutes, with the day where it is not that of `at`; nothing for None."""
    if moment is None:
        return ""
    there = moment.astimezone(at.tzinfo)
    if there.date() == at.date():
        return f"{there:%H:%M}"
    template = LABELS["next_day"][0 if language == "zh" else 1]
    name = _MONTHS[there.month - 1]
    return template.format(month=there.month, day=there.day, name=name, clock=f"{there:%H:%M}")


def headed(head: str, text: str, language: Language) -> str:
    """A head and what it is of, apart as that language does it."""
    return f"{head}：{text}" if language == "zh" else f"{head[:1].upper()}{head[1:]}: {text}"


def bracketed(text: str, more: str, language: Language) -> str:
    """A text and more of it in brackets."""
    return f"{text}（{more}）" if language == "zh" else f"{text} ({more})"


def listed(parts: Sequence[str], language: Language) -> str:
    """Parts of one sentence."""
    return ("，" if language == "zh" else ", ").join(parts)


def sentences(parts: Sequence[str], language: Language) -> str:
    """Sentences in one line."""
    return ("；" if language == "zh" else "; ").join(parts)


def deadline(moment: datetime | None, at: datetime, language: Language) -> str:
    """A deadline's clock; that it is over where it is at the plan's own moment, since a plan keeps none before it."""
    if moment is not None and moment <= at:
        return label("due_over", language)
    return clock(moment, at, language)


def nearest_minute(moment: datetime) -> datetime:
    """A moment rounded to its nearest whole minute."""
    return (moment + timedelta(seconds=30)).replace(second=0, microsecond=0)


def day(moment: datetime, language: Language) -> str:
    """A day and its clock: 2026年5月1日 14:00, 1 May 2026 14:00."""
    if language == "zh":
        return f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M}"
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year} {moment:%H:%M}"


def drive(minutes: float, metres: float, language: Language) -> str:
    """A drive in short: its time, and its distance where that is known and worth saying."""
    time = label("under_minute", language) if minutes < 0.5 else span(minutes, language)
    return f"{time} · {distance(metres, language)}" if metres >= 50 else time


def span(minutes: float, language: Language) -> str:
    """How long: whole minutes, hours over two hours, days over two days."""
    if minutes < 120:
        return f"{minutes:.0f}分钟" if language == "zh" else f"{minutes:.0f} min"
    if minutes < 2 * 24 * 60:
        return f"{minutes / 60:.0f}小时" if language == "zh" else f"{minutes / 60:.0f} h"
    return f"{minutes / 1440:.0f}天" if language == "zh" else f"{minutes / 1440:.0f} days"


def distance(metres: float, language: Language) -> str:
    """A distance as one says it: 300 米, 1.5 公里, 23 公里."""
    if metres > 9_950:
        return f"{metres / 1000:.0f}公里" if language == "zh" else f"{metres / 1000:.0f} km"
    if metres > 950:
        kilometres = f"{metres / 1000:.1f}".removesuffix(".0")
        return f"{kilometres}公里" if language == "zh" else f"{kilometres} km"
    rounded = round(metres / 10) * 10 if metres >= 20 else round(metres)
    return f"{rounded}米" if language == "zh" else f"{rounded} m"


def band(bounds: tuple[float, float | None], language: Language) -> str:
    """An amount band: 1万以下, 10–50万, 100万以上; under 10k, 100k–500k, over 1M."""
    lower, upper = bounds
    if language == "zh":
        if upper is None:
            return f"{lower / 1e4:g}万以上"
        return f"{lower / 1e4:g}–{upper / 1e4:g}万" if lower else f"{upper / 1e4:g}万以下"
    if upper is None:
        return f"over {_thousands(lower)} yuan"
    return f"{_thousands(lower)}–{_thousands(upper)} yuan" if lower else f"under {_thousands(upper)} yuan"


def _thousands(yuan: float) -> str:
    return f"{yuan / 1e6:g}M" if yuan >= 1e6 else f"{yuan / 1e3:g}k"
