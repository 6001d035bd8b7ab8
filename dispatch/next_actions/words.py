"""The advice as a person reads it, Chinese first: a sentence for each desk and each line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dispatch.next_actions.advice import Advice, DeskList
from dispatch.next_actions.doors import Door
from dispatch.next_actions.ranking import Ask
from dispatch.next_actions.settings import NextSettings
from dispatch.reasons import Language, Reason, say, word

LABELS: Mapping[str, tuple[str, str]] = {
    "title": ("现在可以做什么", "What to do next"),
    "case": ("警情", "case"),
    "about": ("等级 · 类型", "risk · type"),
    "why": ("做什么，为什么", "what and why"),
    "who": ("谁来做", "who"),
    "begins": ("开始", "begin"),
    "minutes": ("用时（分）", "minutes"),
    "saves": ("少损失（元）", "saves (yuan)"),
    "rate": ("元/分钟", "yuan/min"),
    "ring": ("再次拨打本人", "ring again"),
    "relative": ("联系亲属", "ring a relative"),
    "hold": ("银行止付", "bank hold"),
    "cut_line": ("断卡停机", "cut the line"),
    "duty": ("值班席", "duty desk"),
    "bank": ("银行席", "bank desk"),
    "carrier": ("运营商席", "carrier desk"),
    "decides": (
        "以上只是建议，由人决定；系统未作任何更改。",
        "These are suggestions: a person decides. Nothing was changed.",
    ),
    "apart": (
        "席位的少损失是在计划的上门之外再省下的，可相加；“派人上门”各自单算，不与席位相加。",
        "What desks save comes on top of the visits planned, and adds up; each door is reckoned by itself.",
    ),
    "practice": ("演练数据 / practice data", "practice data / 演练数据"),
    "nothing": ("目前没有值得做的措施。", "Nothing that is worth doing now."),
}


def label(name: str, language: Language) -> str:
    """A label in one language."""
    return LABELS[name][0 if language == "zh" else 1]


def desk_sentences(desk: DeskList, look_ahead_minutes: float, language: Language) -> list[str]:
    """What the desk is asked for, and what that would free."""
    counts: dict[str, int] = {}
    for ask in desk.asks:
        counts[ask.action] = counts.get(ask.action, 0) + 1
    what = ("、" if language == "zh" else ", ").join(
        f"{label(name, language)} {count} 起" if language == "zh" else f"{count} × {label(name, language)}"
        for name, count in counts.items()
    )
    said = [
        Reason(
            "NEXT_DESK",
            {
                "desk": label(desk.desk, language),
                "minutes": round(look_ahead_minutes),
                "what": what or label("nothing", language),
                "yuan": _yuan(desk.saves_yuan),
            },
        )
    ]
    if desk.freed is not None and desk.asks and not desk.freed.cases:
        said.append(Reason("NEXT_FREES_NONE"))
    if desk.freed is not None and desk.freed.cases:
        free = {
            "asks": len(desk.asks),
            "expected": round(sum(ask.chance for ask in desk.asks), 1),
            "visits": len(desk.freed.cases),
            "crews": len(desk.freed.crews),
            "minutes": round(desk.freed.crew_minutes),
        }
        said.append(Reason("NEXT_FREES", free))
    if desk.resolved is not None:
        again = desk.resolved
        said.append(
            Reason(
                "NEXT_RESOLVED",
                {
                    "visits": len(again.cases),
                    "crews": len(again.crews),
                    "reached": len(again.reached),
                    "yuan": _yuan(again.more_yuan),
                },
            )
        )
    if desk.waiting:
        said.append(Reason("NEXT_WAITING", {"count": desk.waiting, "hands": desk.hands}))
    return [say(one, language) for one in said]


def line_sentence(line: Ask | Door, advice: Advice, settings: NextSettings, language: Language) -> str:
    """Why this line, in one sentence."""
    return say(line_reason(line, advice, settings), language)


def line_reason(line: Ask | Door, advice: Advice, settings: NextSettings) -> Reason:
    """The code and parameters of a line's sentence."""
    if isinstance(line, Door):
        code = "NEXT_SEND" if line.planned else "NEXT_SEND_TOO"
        clock = _clock(advice, line.contact)
        return Reason(code, {"responder": line.responder_id, "time": clock, "yuan": _yuan(line.saves_yuan)})
    params: dict[str, Any] = {"percent": f"{100 * line.chance:.0f}", "yuan": _yuan(line.if_works_yuan)}
    if line.action == "ring":
        if not line.failed:
            return Reason("NEXT_RING_FIRST", params)
        result = advice.results.get(line.case_id, "none")
        return Reason("NEXT_RING", params | {"failed": line.failed, "result": result})
    action = settings.actions[line.action]  # type: ignore[index] # names come from these settings
    left = f"{100 * action.fraction(advice.fraud_types[line.case_id]):.0f}"
    hours = f"{action.lasts_hours:g}" if action.lasts_hours is not None else "–"
    return Reason(f"NEXT_{line.action.upper()}", params | {"left": left, "hours": hours})


def rows(advice: Advice, settings: NextSettings, language: Language) -> list[dict[str, str]]:
    """The lines as text cells, keyed by `LABELS`."""
    table = []
    for line in advice.lines:
        about = [advice.tiers[line.case_id], advice.fraud_types[line.case_id]]
        begins = line.departs if isinstance(line, Door) else line.begins
        table.append(
            {
                "case": line.case_id,
                "about": " · ".join(str(word(one, language)) for one in about),
                "who": line.responder_id if isinstance(line, Door) else label(line.desk, language),
                "begins": _clock(advice, begins),
                "minutes": f"{line.minutes:.1f}",
                "saves": _yuan(line.saves_yuan),
                "rate": _yuan(line.yuan_per_minute),
                "why": line_sentence(line, advice, settings, language),
            }
        )
    return table


def as_json(advice: Advice, settings: NextSettings) -> dict[str, Any]:
    """The whole answer; moments ISO 8601, yuan to the fen, sentences in both languages."""
    return {
        "at": _moment(advice, advice.now_minutes),
        "plan_id": advice.plan_id,
        "synthetic": advice.synthetic,
        "look_ahead_minutes": advice.look_ahead_minutes,
        "desks": [
            {
                "desk": desk.desk,
                "hands": desk.hands,
                "asks": len(desk.asks),
                "waiting": desk.waiting,
                "minutes": round(desk.minutes, 2),
                "saves_yuan": round(desk.saves_yuan, 2),
                "cases": [ask.case_id for ask in desk.asks],
                "frees_cases": list(desk.freed.cases) if desk.freed else None,
                "frees_crews": list(desk.freed.crews) if desk.freed else None,
                "frees_crew_minutes": round(desk.freed.crew_minutes, 1) if desk.freed else None,
                "resolved": None
                if desk.resolved is None
                else {
                    "frees_cases": list(desk.resolved.cases),
                    "frees_crews": list(desk.resolved.crews),
                    "reaches_cases": list(desk.resolved.reached),
                    "more_yuan": round(desk.resolved.more_yuan, 2),
                },
                "sentences": {
                    lang: desk_sentences(desk, advice.look_ahead_minutes, lang) for lang in ("zh", "en")
                },
            }
            for desk in advice.desks
        ],
        "lines": [_line(rank, line, advice, settings) for rank, line in enumerate(advice.lines, start=1)],
        "overdue_cases": list(advice.overdue),
        "closed_cases": list(advice.closed),
    }


def _line(rank: int, line: Ask | Door, advice: Advice, settings: NextSettings) -> dict[str, Any]:
    about = {
        "rank": rank,
        "case_id": line.case_id,
        "tier": advice.tiers[line.case_id],
        "fraud_type": advice.fraud_types[line.case_id],
        "minutes": round(line.minutes, 2),
        "saves_yuan": round(line.saves_yuan, 2),
        "yuan_per_minute": round(line.yuan_per_minute, 2),
        "why": {lang: line_sentence(line, advice, settings, lang) for lang in ("zh", "en")},
    }
    if isinstance(line, Door):
        return about | {
            "action": "send",
            "responder_id": line.responder_id,
            "place_id": line.place_id,
            "planned": line.planned,
            "begins_at": _moment(advice, line.departs),
            "contact_at": _moment(advice, line.contact),
        }
    return about | {
        "action": line.action,
        "desk": line.desk,
        "begins_at": _moment(advice, line.begins),
        "chance": round(line.chance, 4),
        "failed_before": line.failed,
        "if_works_yuan": round(line.if_works_yuan, 2),
    }


def _moment(advice: Advice, minutes: float) -> str:
    return _at(advice, minutes).isoformat(timespec="seconds")


def _clock(advice: Advice, minutes: float) -> str:
    return f"{_at(advice, minutes):%H:%M}"


def _at(advice: Advice, minutes: float) -> datetime:
    return advice.at + timedelta(minutes=minutes)


def _yuan(value: float) -> str:
    return f"{value:,.0f}"
