"""Outcomes as people write them, in either language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from dispatch.reasons import OUTCOMES, WORDS

ALSO: Mapping[str, tuple[str, ...]] = {
    "met_persuaded": ("已劝阻", "劝阻成功", "已劝住", "劝住了", "劝住", "成功", "已见面已劝阻", "persuaded"),
    "met_refused": ("仍不信", "不信", "不听劝", "不听", "劝阻失败", "拒绝", "未劝住", "refused", "not convinced"),
    "not_home": ("家中无人", "家里没人", "无人在家", "没人在家", "没在家", "没人", "无人", "nobody home", "not home"),
    "not_found": ("没有此人", "找不到人", "找不到", "未找到", "没找到", "nobody of that name", "cannot find"),
    "wrong_place": ("地址错误", "地址不对", "地址错", "地点有误", "wrong place", "wrong address"),
    "elsewhere": ("在别处", "在外地", "外地", "不在本地", "已外出", "somewhere else", "is elsewhere"),
    "duplicate": ("重复", "已有人处置", "sent twice", "double"),
    "already_transferred": ("已转帐", "钱已转", "已转出", "已汇款", "已汇出", "已转", "transferred",
                            "money sent", "already sent"),
    "unsafe": ("不安全", "有危险", "危险", "dangerous"),
    "not_attempted": ("没去", "未去", "没有去", "未能前往", "did not go", "not gone"),
}  # fmt: skip

SENT_WORDS = re.compile(
    r"转账|转帐|已转|转走|转出|汇款|汇出|被骗了|transferred|sent the money|paid", re.IGNORECASE
)
"""Signs in a note that money may have gone after all."""

KNOWN = " / ".join(f"{WORDS[one][0]} {one}" for one in OUTCOMES)


def _pattern(phrase: str) -> str:
    return r"[\s_\-,，]*".join(re.escape(sign) for sign in re.sub(r"[\s_\-,，]", "", phrase))


def _spellings() -> list[tuple[str, str]]:
    pairs = [
        (spelling, one) for one in OUTCOMES for spelling in (one, WORDS[one][0], WORDS[one][1], *ALSO[one])
    ]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


@cache
def _groups() -> list[tuple[re.Pattern[str], str]]:
    """Every spelling as a pattern, the longest first; made when the first text is read."""
    return [
        (re.compile(_pattern(spelling) + (r"(?![A-Za-z])" if spelling.isascii() else ""), re.IGNORECASE), one)
        for spelling, one in _spellings()
    ]


_ORDINAL = re.compile(r"(10|[1-9])(?=[\s,，;；.、]|$)")


def outcome_at_start(text: str) -> tuple[str, str] | None:
    """The outcome a text begins with, and what follows; None where it begins with none.

    A number from 1 to 10 is the outcome's place in the list that sheets print.
    """
    rest = text.lstrip(" \t,，;；:：、.-—")
    for pattern, one in _groups():
        found = pattern.match(rest)
        if found:
            return one, rest[found.end() :]
    number = _ORDINAL.match(rest)
    if number:
        return OUTCOMES[int(number[1]) - 1], rest[number.end() :]
    return None


def outcome_of(text: str) -> str | None:
    """The outcome a cell says, and nothing else; None where it says none."""
    found = outcome_at_start(text)
    return found[0] if found and not found[1].strip(" \t。.!！") else None
