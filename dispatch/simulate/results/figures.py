"""The figures a scenario is told by: name in both languages, unit, denominator, one value a replication."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dispatch.domain import KINDS
from dispatch.simulate.reasons import WHYS
from dispatch.simulate.results.experiment import Result
from dispatch.simulate.results.measures import CREW, PERCENTILES

Unit = Literal["share", "minutes", "yuan_per_day", "per_day", "km_per_day", "count"]
Floats = NDArray[np.float64]
Better = Literal["more", "less", "neither"]

KIND_WORDS: Mapping[str, tuple[str, str]] = {
    "station": ("派出所", "stations"),
    "town": ("镇街", "towns"),
    "village": ("村居", "villages"),
    "county": ("县级", "counties"),
}
WHY_WORDS: Mapping[str, tuple[str, str]] = {
    "not_found": ("地址有误未找到", "wrong address, not found"),
    "nobody_allowed": ("无人有权前往", "nobody may go there"),
    "no_road": ("无路可通", "no road leads there"),
    "too_far": ("超出路程上限", "beyond the travel cap"),
    "nobody_on_duty": ("无人在岗", "nobody on duty"),
    "nobody_free": (
        "有人在岗但没空、来不及或不值一趟",
        "on duty, but busy, too late, or not worth the drive",
    ),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: `of` names what a share is a share of; `better` which way is good."""

    key: str
    zh: str
    en: str
    unit: Unit
    values: Callable[[Result], Floats]
    of: tuple[str, str] = ("", "")
    better: Better = "neither"

    def named(self, language: str) -> str:
        """What it is called."""
        return self.zh if language == "zh" else self.en


ALL = ("全部预警", "all alerts")
ASKED = ("需上门的", "those needing a visit")
DUTY = ("在岗时间", "time on duty")


def figures(thresholds: Iterable[int]) -> tuple[Figure, ...]:
    """Every figure, in the order they are told."""
    marks = tuple(thresholds)
    return (*_reached(marks), *_waits(), *_money(), *_settled(), *_never(), *_crews(), *_queue())


def _reached(marks: tuple[int, ...]) -> list[Figure]:
    at_the_door = [
        Figure(
            f"reached_within_{mark}", f"{mark} 分钟内见面", f"met within {mark} min", "share",
            _share(f"reached_within_{mark}", "asked"), ASKED, "more",
        )
        for mark in marks
    ]  # fmt: skip
    at_all = [
        Figure(
            f"contacted_within_{mark}", f"{mark} 分钟内接触（含电话）", f"contacted within {mark} min, calls counted",
            "share", _share(f"contacted_within_{mark}", "alerts"), ALL, "more",
        )
        for mark in marks
    ]  # fmt: skip
    return [*at_the_door, *at_all]


def _waits() -> list[Figure]:
    met = ("见到面的", "those met")
    return [
        Figure(
            f"wait_p{percent}", f"预警到见面 {percent}% 分位", f"alert to meeting, {percent}th percentile", "minutes",
            _column("wait_minutes", at), met, "less",
        )
        for at, percent in enumerate(PERCENTILES)
    ]  # fmt: skip


def _money() -> list[Figure]:
    return [
        Figure(
            "lost_yuan",
            "预计损失（模型）",
            "expected loss (modelled)",
            "yuan_per_day",
            _daily("modelled_yuan"),
            better="less",
        ),
        Figure(
            "averted_yuan", "预计挽损（模型）", "averted (modelled)", "yuan_per_day", _averted, better="more"
        ),
        Figure(
            "realised_yuan",
            "转出金额（本次抽样）",
            "transferred (as drawn)",
            "yuan_per_day",
            _daily("realised_yuan"),
            better="less",
        ),
        Figure(
            "late_yuan", "超时代价", "price of lateness", "yuan_per_day", _daily("late_yuan"), better="less"
        ),
    ]


def _settled() -> list[Figure]:
    return [
        Figure("alerts", "预警", "alerts", "per_day", _daily("alerts")),
        Figure("asked", "需上门", "needing a visit", "per_day", _daily("asked")),
        Figure("phoned_share", "电话解决", "settled by phone", "share", _share("phoned", "alerts"), ALL),
        Figure(
            "reached_share", "上门见面", "met at the door", "share", _share("reached", "asked"), ASKED, "more"
        ),
    ]


def _never() -> list[Figure]:
    whole = Figure("never_share", "始终未见到", "never met", "share", _never_share, ASKED, "less")
    each = [
        Figure(
            f"never_{name}",
            f"未见到：{WHY_WORDS[name][0]}",
            f"never met: {WHY_WORDS[name][1]}",
            "share",
            _why(code),
            ASKED,
            "less",
        )
        for code, name in WHYS.items()
        if name
    ]
    return [whole, *each]


def _crews() -> list[Figure]:
    found = []
    for at, kind in enumerate(KINDS):
        zh, en = KIND_WORDS[kind]
        found.append(Figure(f"busy_{kind}", f"{zh}在忙占比", f"{en} busy", "share", _busy(at), DUTY))
    found.append(
        Figure(
            "kilometres", "行驶里程", "kilometres driven", "km_per_day", _crew("kilometres"), better="less"
        )
    )
    found.append(
        Figure("overtime", "下班后还在路上", "overtime", "minutes", _crew("overtime_minutes"), better="less")
    )
    return found


def _queue() -> list[Figure]:
    return [
        Figure("backlog_most", "最长排队", "longest queue", "count", _column("flags", 1), better="less"),
        Figure(
            "overwhelmed",
            "不堪重负的次数占比",
            "replications overwhelmed",
            "share",
            _column("flags", 0),
            ("重复次数", "replications"),
            "less",
        ),
    ]


def _share(column: str, of: str) -> Callable[[Result], Floats]:
    return lambda result: result.share(column, of)


def _daily(column: str) -> Callable[[Result], Floats]:
    return lambda result: result.sums(column) / result.days


def _column(block: str, at: int) -> Callable[[Result], Floats]:
    return lambda result: result.blocks[block][:, at]


def _averted(result: Result) -> Floats:
    return result.averted_yuan / result.days


def _never_share(result: Result) -> Floats:
    left = result.sums("not_found") + result.sums("given_up")
    asked = result.sums("asked")
    return np.where(asked > 0.0, left / np.maximum(asked, 1.0), np.nan)


def _why(code: int) -> Callable[[Result], Floats]:
    def values(result: Result) -> Floats:
        asked = result.sums("asked")
        return np.where(asked > 0.0, result.blocks["why"][:, code] / np.maximum(asked, 1.0), np.nan)

    return values


def _busy(kind: int) -> Callable[[Result], Floats]:
    def values(result: Result) -> Floats:
        crew = result.blocks["crew"][:, kind]
        duty = crew[:, CREW.index("on_duty_minutes")]
        return np.where(duty > 0.0, crew[:, CREW.index("busy_minutes")] / np.maximum(duty, 1e-9), np.nan)

    return values


def _crew(name: str) -> Callable[[Result], Floats]:
    return lambda result: np.asarray(
        result.blocks["crew"][:, :, CREW.index(name)].sum(axis=1) / result.days, np.float64
    )
