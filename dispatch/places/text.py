"""Chinese place names as text: cleaned, and cut into a core and the suffix of its level."""

from __future__ import annotations

import re
import unicodedata
from types import MappingProxyType

from dispatch.places.characters import folding

LONGEST_TEXT = 200
"""Signs looked at of one address; what follows is noise or malice."""

_OFFICE = (
    "街道办事处",
    "街道办",
    "办事处",
    "街道",
    "民族乡",
    "镇",
    "乡",
    "苏木",
    "农场",
    "林场",
    "盐场",
    "茶场",
)
_VILLAGE = (
    "社区居民委员会", "社区居委会", "社区村委会", "居民委员会", "村民委员会", "居委会", "村委会",
    "虚拟生活区", "社区居委", "社区", "居委", "村委", "大队", "村",
)  # fmt: skip
SUFFIXES = MappingProxyType({
    "province": ("维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "省", "市"),
    "city": ("自治州", "地区", "市", "盟", "州", "县", "区"),
    "county": ("自治县", "自治旗", "县", "市", "区", "旗"),
    "township": _OFFICE,
    "village": _VILLAGE,
    "hamlet": ("自然村", "村民小组", *_VILLAGE, "屯"),
})  # fmt: skip
"""What an administrative name of each level may end in, longest first."""

_STARTING = MappingProxyType({
    level: {first: tuple(one for one in suffixes if one[0] == first) for first in {one[0] for one in suffixes}}
    for level, suffixes in SUFFIXES.items()
})  # fmt: skip
_ENDS = MappingProxyType({level: frozenset(one[-1] for one in many) for level, many in SUFFIXES.items()})

_PEOPLES = re.compile(
    "(?<=..)(?:(?:回|满|壮|苗|瑶|畲|侗|彝|藏|白|傣|黎|佤|水|羌|怒|京|土|土家|蒙古|朝鲜|布依|哈尼|哈萨克|傈僳|拉祜|东乡|纳西|景颇|柯尔克孜|"
    "达斡尔|仫佬|布朗|撒拉|毛南|仡佬|锡伯|阿昌|普米|塔吉克|乌孜别克|俄罗斯|鄂温克|德昂|保安|裕固|塔塔尔|独龙|鄂伦春|赫哲|门巴|珞巴|基诺|"
    "维吾尔|高山)族)+(?:各族)?(?:自治)?(?=[乡县州]$)"
)
_URBAN = ("社区", "居委会", "居民委员会")

ROAD_OR_BUILDING = (
    "路", "大道", "街", "巷", "大厦", "大酒店", "酒店", "宾馆", "小区", "花园", "广场", "中学", "小学", "大学",
    "学校", "学院", "医院", "公司", "银行", "超市", "城", "苑", "饭店", "市场", "工业园", "开发区",
)  # fmt: skip
"""After a bare name these make it part of another name: 高州路 is not in Gaozhou."""


DOOR = re.compile(
    r"(?:[0-9a-z十百千甲乙丙丁]|号|弄|巷|第|村民小组|小组|组|队|栋|幢|座|楼|层|室|房|单元|门|铺|院|排|之|东|西|南|北|"
    r"附近|对面|旁边|旁|隔壁|斜对面|门口|村口|路口|后面|前面|里面)*"
)
"""What may follow a place without saying where else it is."""


class _Plain(dict[int, str]):
    """What is left of each sign, worked out when it is first met."""

    def __missing__(self, point: int) -> str:
        form = unicodedata.normalize("NFKC", chr(point)).lower()
        form = "".join(filter(str.isalnum, form))
        if point < 0x10000:  # all texts together cannot fill the memory
            self[point] = form
        return form


_PLAIN = _Plain()


def clean(text: object) -> str:
    """Letters, digits and Chinese signs of `text` in one width, without blanks and punctuation.

    Anything that is no string is an empty one; only the first `LONGEST_TEXT` signs are read.
    """
    if not isinstance(text, str):
        return ""
    return text[:LONGEST_TEXT].translate(_PLAIN)[:LONGEST_TEXT]


def chinese_name(name: str) -> str:
    """A name without what maps add to it in other scripts.

    >>> chinese_name("涡阳县 (Guoyang)"), chinese_name("亳州市 / Bozhou"), chinese_name("KFC")
    ('涡阳县', '亳州市', 'KFC')
    """
    if name.isascii() or not _FOREIGN.search(name):
        return name
    return _FOREIGN.sub("", name) or name


def names_in(name: str) -> list[str]:
    """The names of a listed name that holds several, as maps write them, the longest first.

    >>> names_in("陈集;陈集乡"), names_in("旺沙村")
    (['陈集乡', '陈集'], ['旺沙村'])
    """
    if ";" not in name:
        return [name]
    return sorted(filter(None, (one.strip() for one in name.split(";"))), key=len, reverse=True) or [name]


def fold(text: str) -> str:
    """Cleaned text as names are compared: simplified signs, digits 0–9, one sign for one sign.

    >>> fold("電白區三家村")
    '电白区3家村'
    """
    return text.translate(folding())


def without_peoples(name: str) -> str:
    """A unit's name as one says it, without the peoples it is named for.

    >>> without_peoples("牌坊回族满族乡"), without_peoples("回族乡")
    ('牌坊乡', '回族乡')
    """
    return _PEOPLES.sub("", name) if "族" in name else name


def other_numerals(name: str) -> str:
    """A folded name with its numbers above ten written the other way; "" if it has none.

    >>> other_numerals("3十里"), other_numerals("12队"), other_numerals("旺沙")
    ('30里', '十2队', '')
    """
    if "十" in name:
        # a missing digit before 十 is a one, after it a nought: 十 -> 10, 3十 -> 30, 十2 -> 12
        return _TENS.sub(lambda one: f"{one[1] or 1}{one[2] or 0}", name)
    changed = _TWO_DIGITS.sub(lambda one: f"{one[1].replace('1', '')}十{one[2].replace('0', '')}", name)
    return changed if changed != name else ""


_FOREIGN = re.compile(r"\s*[(（][^\u3400-\u9fff]*[)）]|\s*/[^\u3400-\u9fff]*$")
_TENS = re.compile(r"(?<!\d)(\d?)十(\d?)(?!\d)")
_TWO_DIGITS = re.compile(r"(?<!\d)([1-9])(\d)(?!\d)")


def core(name: str, level: str) -> str:
    """A cleaned name without the suffix of its level; names too short without it keep it.

    >>> core("建设社区居民委员会", "village"), core("塘村村委会", "village"), core("萧县", "county")
    ('建设', '塘村', '萧县')
    """
    if "国营" in name and level == "township":
        name = name.split("国营", 1)[1] or name
    if level not in _ENDS or name[-1:] not in _ENDS[level]:
        return name
    for suffix in SUFFIXES[level]:
        if name.endswith(suffix) and len(name) - len(suffix) >= 2:
            return name[: -len(suffix)]
    return name


def suffix_after(text: str, end: int, level: str) -> int:
    """How many signs after `end` are a suffix of `level`: 0 if none."""
    for suffix in _STARTING[level].get(text[end : end + 1], ()) if level in _STARTING else ():
        if text.startswith(suffix, end):
            # 街道 begins with 街, 市场 with 市, 镇江 with 镇: the longer word is meant
            if suffix == "市" and text.startswith("市场", end):
                return 0
            return len(suffix)
    return 0


def names_a_building(text: str, end: int) -> bool:
    """Whether a bare name ending at `end` goes on as a road or a building."""
    return text.startswith(ROAD_OR_BUILDING, end) and not text.startswith("街道", end)


def is_urban(name: str) -> bool:
    """Whether a settlement is called a community of a town rather than a village."""
    return any(sign in name for sign in _URBAN)
