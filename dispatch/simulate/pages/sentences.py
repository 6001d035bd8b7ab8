"""What a simulation says in sentences: which scenario is better in what, and how to read the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.redact import clean
from dispatch.simulate.results.comparing import Difference
from dispatch.simulate.results.experiment import Result
from dispatch.simulate.results.measures import mark_of
from dispatch.simulate.results.telling import say_change, say_interval

Text = tuple[str, str]
MOST_VERDICTS = 12


@dataclass(frozen=True, slots=True)
class Verdict:
    """A scenario against the first in one sentence for each of the figures that decide."""

    name: str
    lines: tuple[tuple[Text, str], ...]


def verdicts(
    results: Sequence[Result], names: Sequence[str], differences: Sequence[Difference]
) -> list[Verdict]:
    """Of each scenario but the first: met in time, money averted, never met; with the interval or that they are alike."""
    wanted = (f"reached_within_{mark_of(results[0].thresholds)}", "averted_yuan", "never_share")
    found = []
    for one, name in list(zip(results, names, strict=True))[1 : 1 + MOST_VERDICTS]:
        told = {each.figure.key: each for each in differences if each.scenario == one.name}
        lines = [(_sentence(told[key]), told[key].verdict.replace(" ", "-")) for key in wanted if key in told]
        found.append(Verdict(name, tuple(lines)))
    return found


def _sentence(one: Difference) -> Text:
    zh, en = one.figure.zh, one.figure.en
    if one.verdict == "not distinguishable":
        return (
            f"{zh}：分不出差别（95% 区间 {say_interval(one, 'zh')}）",
            f"{en}: not distinguishable (95 % interval {say_interval(one, 'en')})",
        )
    return (
        f"{zh} {say_change(one, 'zh')}（95% 区间 {say_interval(one, 'zh')}）",
        f"{en} {say_change(one, 'en')} (95 % interval {say_interval(one, 'en')})",
    )


def notes_of(results: Sequence[Result]) -> list[Text]:
    """How the figures are to be read, and what was found while the scenarios were read."""
    notes: list[Text] = [
        (
            "每个数后的 ± 是各次重复均值的 95% 置信区间半宽（Student t）。区间说的是模拟次数带来的误差，不是模型与现实的差距。",
            "± is half the width of the 95 % confidence interval of the mean over replications (Student's t). It tells the error "
            "of simulating so often, not how far the model is from the world.",
        ),
        (
            "“X 分钟内见面”从预警算起，分母是所有需要上门的警情，包括始终没有见到的；“接触（含电话）”的分母是全部预警。",
            "“Met within X min” counts from the alert, of all that needed a visit, those never met included; “contacted” is "
            "of all alerts.",
        ),
        (
            "模型损失由损失曲线算出，抽样转账是这次抽到的转账；二者均值一致，从不相加。",
            "Modelled loss comes from the loss curve, transfers are as drawn; their means agree and they are never added.",
        ),
    ]
    notes.append(
        (
            "从预警到见面的分位数只算见到面的：原来见不到的人见到了，分位数会变长，这不是变慢。先看见面比例和损失。",
            "Percentiles from alert to meeting are of those met: where people are met who were not before, they grow, and nobody "
            "came slower for it. Look at shares and loss first.",
        )
    )
    if len(results) > 1:
        notes.append(
            (
                "各方案用同一批随机数（同样的预警、接听、转账时刻），逐次相减；区间包含 0 就写“分不出差别”。没有对"
                "多次比较作修正：比较二十个指标，平均有一个会偶然“有差别”。",
                "All scenarios play the same chance (the same alerts, answers, transfers) and are compared replication by "
                "replication; where the interval holds 0 they are not distinguishable. Nothing is corrected for comparing "
                "often: of twenty figures one will differ by chance.",
            )
        )
    said = dict.fromkeys(clean(note, 300) for one in results for note in one.notes)
    return [*notes, *((note, note) for note in said)]
