"""Words a file may use, in either language, and ours for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dispatch import datum
from dispatch.errors import BadInput
from dispatch.intake.fields import LONGEST_CELL, Parser, Unclear, normal, word_of
from dispatch.reasons import FRAUD_TYPES, WORDS

DATUM_KNOWN = f"坐标系：{' / '.join(datum.DATUMS)} (the datum of the coordinate; none is ever assumed)"

_RISK = {
    "特高危": "critical", "特高": "critical", "极高": "critical", "紧急": "critical",
    "高": "high", "中": "medium", "中等": "medium", "低": "low",
}  # fmt: skip
_CONTACT = {
    "noanswer": "unreached", "未接通": "unreached", "无人接听": "unreached", "未接听": "unreached",
    "忙线": "busy", "忙": "busy", "switchedoff": "off", "已关机": "off", "停机": "off",
    "拒绝接听": "refused", "挂断": "refused", "拒绝": "refused", "不相信": "disbelieved", "劝阻无效": "disbelieved",
    "劝阻成功": "persuaded", "劝阻": "persuaded",
}  # fmt: skip
_LOCATION = {
    "家": "home", "住址": "home", "居住地": "home", "户籍地": "home", "户籍地址": "home",
    "单位": "work", "工作": "work", "公司": "work",
    "定位": "fix", "基站": "fix", "基站定位": "fix", "gps": "fix", "宾馆": "hotel", "旅馆": "hotel",
    "亲属": "relative", "亲戚": "relative", "亲友": "relative",
}  # fmt: skip
_FRAUD = {
    "公检法": "impersonated_police", "冒充公检法及政府机关": "impersonated_police",
    "刷单": "fake_jobs", "刷单返利类": "fake_jobs", "兼职刷单": "fake_jobs", "虚假投资理财": "investment",
    "虚假网络投资理财": "investment", "投资": "investment", "理财": "investment",
    "冒充电商物流客服": "customer_service", "冒充电商客服": "customer_service", "客服": "customer_service",
    "冒充熟人": "acquaintance", "冒充领导": "acquaintance", "冒充领导熟人": "acquaintance", "冒充熟人/领导": "acquaintance",
    "贷款": "loan", "虚假贷款": "loan", "虚假网络贷款": "loan", "网络贷款": "loan",
    "网络婚恋": "romance", "婚恋交友": "romance", "网络婚恋、交友": "romance",
    "校园贷": "student_loan", "虚假征信": "student_loan", "虚假购物服务": "shopping", "购物": "shopping",
    "网络购物": "shopping", "网游": "gaming", "游戏": "gaming", "网络游戏产品虚假交易": "gaming", "网络游戏": "gaming",
    "其它": "other",
}  # fmt: skip
_KINDS = {
    "派出所民警": "station", "民警": "station", "镇": "town", "镇街": "town", "镇干部": "town", "乡镇": "town",
    "街道": "town", "镇街道": "town", "乡镇干部": "town", "村": "village", "社区": "village", "村社区": "village",
    "村居": "village", "县": "county", "县区": "county", "专班": "county", "县级": "county", "县专班": "county",
}  # fmt: skip
_PROFILES = {
    "小车": "car",
    "警车": "car",
    "开车": "car",
    "驾车": "car",
    "电动车": "motorcycle",
    "摩托": "motorcycle",
    "徒步": "foot",
}
_STATUSES = {"空闲": "free", "可派": "free", "在岗": "free", "忙": "busy", "忙碌": "busy", "处置中": "busy",
             "离岗": "off", "不在岗": "off", "休息": "off", "停用": "off"}  # fmt: skip


def _words(ours: Iterable[str], also: Mapping[str, str], catalogue: Mapping[str, tuple[str, str]]) -> Parser:
    """Our words, their Chinese and English names, and the other spellings in `also`."""
    known: dict[str, str] = {}
    shown = []
    for word in ours:
        zh, en = catalogue.get(word, (word, word))
        for spelling in (word, zh, en, zh + "诈骗", zh + "类"):
            known.setdefault(_key(spelling), word)
        shown.append(f"{zh} {word}" if zh != word else word)
    known |= {_key(spelling): word for spelling, word in also.items()}
    return word_of(known, " / ".join(shown))


def _key(spelling: str) -> str:
    return "".join(sign for sign in normal(spelling) if sign not in " _-")


def _datum(text: str) -> str:
    try:
        return datum.known_datum(normal(text) if len(text) <= LONGEST_CELL else "")
    except BadInput as cause:
        raise Unclear(DATUM_KNOWN) from cause


RISK = _words(("critical", "high", "medium", "low"), _RISK, WORDS)
CONTACT_RESULT = _words(("unreached", "busy", "off", "refused", "disbelieved", "persuaded"), _CONTACT, WORDS)
LOCATION_SOURCE = _words(("home", "work", "fix", "hotel", "relative", "other"), _LOCATION, WORDS)
FRAUD_TYPE = _words(FRAUD_TYPES, _FRAUD, FRAUD_TYPES)
DATUM: Parser = _datum
KIND = _words(("station", "town", "village", "county"), _KINDS, WORDS)
PROFILE = _words(("car", "motorcycle", "foot"), _PROFILES, WORDS)
STATUS = _words(
    ("free", "busy", "off"),
    _STATUSES,
    {"free": ("空闲", "free"), "busy": ("忙碌", "busy"), "off": ("不在岗", "off")},
)
