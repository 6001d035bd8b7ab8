"""An explained case in words, Chinese first or English, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from dispatch.domain import Problem
from dispatch.explain.choices import Choice
from dispatch.explain.explained import Explained, Going, finite
from dispatch.explain.sensitivity import Turn
from dispatch.explain.slack import LATE_MINUTES
from dispatch.places.locate import why_here
from dispatch.reasons import Language, Reason, say, word
from dispatch.redact import clean

LISTED = 8
"""Choices printed; JSON has them all."""

LABELS: Mapping[str, tuple[str, str]] = {
    "why": ("为何上门", "why a visit"),
    "loss": ("损失", "loss"),
    "loss_planned": (
        "无人上门预计损失 {never} 元，按方案 {planned} 元，挽损 {averted} 元",
        "{never} yuan if nobody comes, {planned} as planned: {averted} averted",
    ),
    "loss_left_out": (
        "无人上门预计损失 {never} 元（涉险 {amount} 元，尚可挽回 {stake} 元，每小时流失率 {hazard}）",
        "{never} yuan as nobody comes ({amount} at risk, {stake} still to be saved, going at {hazard} an hour)",
    ),
    "places": ("在哪里", "where"),
    "visit": ("安排", "visit"),
    "stop": (
        "{who} 第 {number} 站：行车 {drive} 分钟，{arrive} 到，{wait}查找 {search} 分钟，{contact} 见面，"
        "处置 {service} 分钟，{leave} 离开",
        "{who}, stop {number}: {drive} min drive, there at {arrive}, {wait}{search} min to search, contact at {contact}, "
        "{service} min on site, leaves at {leave}",
    ),
    "waits": ("等候 {0} 分钟，", "{0} min wait, "),
    "with": ("{who}（与 {partner} 会合）", "{who} (meeting {partner})"),
    "slack": ("余量", "slack"),
    "slack_shift": (
        "晚到 {minutes} 分钟以内仍能按时收班",
        "up to {minutes} min later it is still home in its shift",
    ),
    "slack_case": (
        "晚到 {minutes} 分钟以内不误 {case} 的可访时段",
        "up to {minutes} min later the window of {case} is still kept",
    ),
    "slack_none": ("晚到不破坏任何规则", "no rule breaks however late it is"),
    "late": (
        "；晚 {late:.0f} 分钟，这条路线多损失 {yuan} 元",
        "; {late:.0f} min late costs this route {yuan} yuan",
    ),
    "instead": ("为何是它", "why this one"),
    "obvious": ("最近的和辖区责任力量就是所派力量", "the nearest and the responsible one is the one sent"),
    "fixed": ("已在途中，不再改派", "under way: nobody else is asked"),
    "next": (
        "其次是{who}：全盘多损失 {yuan} 元",
        "next best {who}: {yuan} yuan more for the whole plan",
    ),
    "next_saves": (
        "改派{who}反而更好：全盘少损失 {yuan} 元",
        "{who} would be better: {yuan} yuan less for the whole plan",
    ),
    "nobody_else": ("别无可派", "nobody else could be sent"),
    "choices": ("可派力量", "who could go"),
    "choices_head": (
        "最快到 | 改派后到 | 全盘多损失（元） | 力量",
        "soonest | given it | costs more (yuan) | responder",
    ),
    "exact_head": (
        "最快到 | 改派后到 | 全盘多损失（元） | 重新求解（元） | 力量",
        "soonest | given it | costs more (yuan) | solved again (yuan) | responder",
    ),
    "sent": ("（所派）", " (sent)"),
    "no_seat": ("排不下", "no room"),
    "pushes": ("，须放下 {case}", ", dropping {case}"),
    "passes": ("，{case} 转给 {other}", ", {case} to {other}"),
    "more_choices": ("另有 {0} 支可派，见 --json", "{0} more could go: see --json"),
    "left_out": ("未安排", "left out"),
    "stopped": ("各力量为何不去", "what stops everyone"),
    "lifts": ("怎样才能安排", "what it would take"),
    "turns": ("若判断有误", "if a guess is wrong"),
    "same": ("{what}：仍由{who}前往", "{what}: still {who}"),
    "same_nobody": ("{what}：仍不安排", "{what}: still left out"),
    "flip": ("{what}：改派{who}", "{what}: {who} instead"),
    "flip_nobody": ("{what}：不再安排", "{what}: left out"),
    "others": ("，另有 {0} 起变动", ", and {0} other cases decided otherwise"),
    "impossible": ("（原安排已不可行）", " (as before is impossible)"),
    "flip_yuan": ("（维持原安排多损失 {0} 元）", " (as before: {0} yuan more)"),
    "hazard_half": ("流失减半", "hazard half"),
    "hazard_double": ("流失加倍", "hazard double"),
    "transfer_half": ("转账概率减半", "transfer half as likely"),
    "transfer_double": ("转账概率加倍", "transfer twice as likely"),
    "found_half": ("找到本人概率减半", "half as likely found there"),
    "found_double": ("找到本人概率加倍", "twice as likely found there"),
    "hours": ("{0} 小时", "{0} h"),
}

RULES: Mapping[str, tuple[str, str]] = {
    "NO_PLACE": ("没有可用地点", "no usable place"),
    "PIN_BROKEN": ("调度员已指定他人或不派", "pinned to somebody else, or to nobody"),
    "TOO_LITTLE_LEFT": ("剩余金额低于门槛", "too little is left to save"),
    "REFUSED_BEFORE": ("曾被对象拒绝", "was refused there"),
    "WRONG_KIND": ("类别不得处置", "not of a kind that may go"),
    "OUTSIDE_JURISDICTION": ("不在其辖区", "outside its jurisdiction"),
    "LACKS_SKILL": ("不具备所需条件", "lacks the skill asked for"),
    "OFF_DUTY": ("不在岗", "off duty"),
    "CLOSED_ROAD": ("道路封闭", "cut off by a closed road"),
    "UNREACHABLE": ("没有道路可达", "no road leads there"),
    "OVER_SHIFT": ("下班前回不来", "not back before its shift ends"),
    "WINDOW_BROKEN": ("赶不上可访时段", "too late for its window"),
    "TOO_MANY_VISITS": ("次数已满", "has all the visits agreed"),
    "NO_PARTNER": ("无人可同行", "nobody could come along"),
    "NO_ROOM": ("任务已排满", "no room beside what it does"),
    "COSTS_MORE_THAN_IT_SAVES": ("会使别处损失更大", "would cost more elsewhere than it saves"),
    "WOULD_PAY": ("可以去且更省", "could go, and should"),
}
"""Each rule in a few words, for a group of responders it stops."""


def label(key: str, language: Language, *values: object, **named: object) -> str:
    """The label of that key, its places filled."""
    return LABELS[key][0 if language == "zh" else 1].format(*values, **named)


def lines(found: Explained, problem: Problem, language: Language = "zh") -> Iterator[str]:
    """The explanation as lines of text."""
    case = found.case
    yield f"{case.id}  {word(case.tier, language)} · {word(case.fraud_type, language)}"
    yield _line("why", language, _joined(language, [say(one, language) for one in case.reasons]) or "–")
    yield _line("loss", language, _loss(found, language))
    for number, place in enumerate(case.places):
        yield _line("places" if number == 0 else None, language, why_here(place, language))
    if found.left_out is None:
        yield from _planned_lines(found, problem, language)
    else:
        yield from _left_out_lines(found, problem, language)
    for number, turn in enumerate(found.turns):
        yield _line("turns" if number == 0 else None, language, _turn(turn, found, problem, language))


def _planned_lines(found: Explained, problem: Problem, language: Language) -> Iterator[str]:
    for number, going in enumerate(found.visits):
        yield _line("visit" if number == 0 else None, language, _stop(going, problem, language))
        yield _line("slack" if number == 0 else None, language, _slack(going, language))
    for number, reason in enumerate(found.why.reasons if found.why else ()):
        yield _line("instead" if number == 0 else None, language, say(reason, language))
    if found.fixed:
        yield _line("instead", language, label("fixed", language))
        return
    if found.why is None:
        yield _line("instead", language, label("obvious", language))
    best = found.next_best
    if best is None:
        yield _line(None, language, label("nobody_else", language))
    else:
        price = best.price_yuan or 0.0
        key = "next" if round(price) >= 0 else "next_saves"
        who = name_of(problem, best.responder_id)
        yield _line(None, language, label(key, language, who=who, yuan=money(abs(price))))
    yield from _choice_lines(found, problem, language)


def _choice_lines(found: Explained, problem: Problem, language: Language) -> Iterator[str]:
    exact = any(one.exact_yuan is not None for one in found.choices)
    yield _line("choices", language, label("exact_head" if exact else "choices_head", language))
    for one in found.choices[:LISTED]:
        yield _line(None, language, _choice(one, problem, language, exact=exact))
    if len(found.choices) > LISTED:
        yield _line(None, language, label("more_choices", language, len(found.choices) - LISTED))


def _choice(one: Choice, problem: Problem, language: Language, *, exact: bool) -> str:
    price = label("no_seat", language) if one.price_yuan is None else f"{one.price_yuan:,.0f}"
    cells = [_clock(problem, one.soonest_minutes), _clock(problem, one.arrive_minutes), price]
    if exact:
        cells.append("–" if one.exact_yuan is None else f"{one.exact_yuan:,.0f}")
    who = name_of(problem, one.responder_id)
    if one.sent:
        who += label("sent", language)
    elif one.pushed_out is not None and one.pushed_to is not None:
        other = name_of(problem, one.pushed_to)
        who += label("passes", language, case=one.pushed_out, other=other)
    elif one.pushed_out is not None:
        who += label("pushes", language, case=one.pushed_out)
    return " | ".join([*cells, who])


def _left_out_lines(found: Explained, problem: Problem, language: Language) -> Iterator[str]:
    if found.left_out is not None:
        yield _line("left_out", language, f"{say(found.left_out, language)} [{found.left_out.code}]")
    for number, lift in enumerate(found.lifts):
        yield _line(
            "lifts" if number == 0 else None, language, say(lift.reason, language) if lift.reason else ""
        )
    if not found.lifts:
        yield _line("lifts", language, say(Reason("LIFT_NOTHING"), language))
    for number, group in enumerate(found.stopped):
        rule = RULES[group.code][0 if language == "zh" else 1]
        params = {"rule": rule, "count": len(group.bars), "names": group.names(problem)}
        text = f"{say(Reason('STOPPED', params), language)} [{group.code}]"
        if len(group.bars) == 1:
            who = name_of(problem, group.bars[0].responder_id)
            text = f"{who}：{say(group.bars[0].reason, language)} [{group.code}]"
        yield _line("stopped" if number == 0 else None, language, text)


def _turn(turn: Turn, found: Explained, problem: Problem, language: Language) -> str:
    what, mine = label(turn.what, language), turn.of(found.case.id)
    if mine is None:
        sent = next((one.responder_id for one in found.choices if one.sent), None)
        text = (
            label("same_nobody", language, what=what)
            if sent is None
            else label("same", language, what=what, who=name_of(problem, sent))
        )
    else:
        text = (
            label("flip_nobody", language, what=what)
            if mine.after_id is None
            else label("flip", language, what=what, who=name_of(problem, mine.after_id))
        )
        yuan = mine.yuan
        text += label("impossible", language) if yuan is None else label("flip_yuan", language, money(yuan))
    others = len(turn.flips) - (mine is not None)
    return text + (label("others", language, others) if others else "")


def as_json(found: Explained, language: Language = "zh") -> dict[str, Any]:
    """The explanation as JSON values: codes with parameters and their sentences, all choices, all bars."""

    def said(reason: Reason) -> dict[str, Any]:
        return {"code": reason.code, "params": dict(reason.params), "sentence": say(reason, language)}

    case = found.case
    return {
        "case_id": case.id,
        "tier": case.tier,
        "fraud_type": case.fraud_type,
        "reasons": [said(one) for one in case.reasons],
        "stake_yuan": finite(case.stake_yuan),
        "loss_if_nobody_yuan": finite(found.never_yuan),
        "planned_loss_yuan": finite(found.planned_yuan),
        "places": [
            {
                "place_id": one.id,
                "probability": one.probability,
                "radius_metres": finite(one.radius_metres),
                "sentence": why_here(one, language),
            }
            for one in case.places
        ],
        "visits": [_visit_json(one) for one in found.visits],
        "choices": [_choice_json(one) for one in found.choices],
        "next_best": found.next_best.responder_id if found.next_best else None,
        "why_not_the_obvious": [said(one) for one in found.why.reasons] if found.why else [],
        "left_out": said(found.left_out) if found.left_out else None,
        "stopped": [
            {"responder_id": bar.responder_id, **said(bar.reason)}
            for group in found.stopped
            for bar in group.bars
        ],
        "what_it_would_take": [
            {
                "changes": list(one.kinds),
                "responder_id": one.responder_id,
                "minutes": finite(one.minutes),
                "averted_yuan": finite(one.averted_yuan),
                "sentence": say(one.reason, language) if one.reason else "",
            }
            for one in found.lifts
        ],
        "sensitivity": [
            {
                "guess": turn.what,
                "flips": [
                    {
                        "case_id": one.case_id,
                        "before": one.before_id,
                        "after": one.after_id,
                        "yuan": finite(one.yuan),
                    }
                    for one in turn.flips
                ],
            }
            for turn in found.turns
        ],
    }


def _visit_json(one: Going) -> dict[str, Any]:
    stop = one.stop
    return {
        "responder_id": one.responder.id,
        "stop": one.number,
        "place_id": stop.place_id,
        "leads": stop.leads,
        "partner_id": stop.partner_id,
        "drive_minutes": finite(stop.drive_minutes),
        "arrive_minutes": finite(stop.arrive),
        "wait_minutes": finite(stop.wait_minutes),
        "search_minutes": finite(stop.search_minutes),
        "contact_minutes": finite(stop.contact),
        "service_minutes": finite(stop.leave - stop.contact),
        "slack_minutes": finite(one.slack.minutes),
        "slack_ends": one.slack.breaks,
        "ten_minutes_late_yuan": finite(one.slack.late_yuan),
    }


def _choice_json(one: Choice) -> dict[str, Any]:
    return {
        "responder_id": one.responder_id,
        "sent": one.sent,
        "soonest_minutes": finite(one.soonest_minutes),
        "arrive_minutes": finite(one.arrive_minutes),
        "price_yuan": finite(one.price_yuan),
        "exact_yuan": finite(one.exact_yuan),
        "case_yuan": finite(one.case_yuan),
        "partner_id": one.partner_id,
        "pushed_out": one.pushed_out,
        "pushed_to": one.pushed_to,
    }


def _loss(found: Explained, language: Language) -> str:
    case = found.case
    never = money(found.never_yuan)
    if found.left_out is not None:
        amount, stake = money(case.amount_yuan), money(case.stake_yuan)
        hazard = f"{case.hazard_per_hour:.2f}"
        return label("loss_left_out", language, never=never, amount=amount, stake=stake, hazard=hazard)
    averted = money(found.never_yuan - found.planned_yuan)
    return label("loss_planned", language, never=never, planned=money(found.planned_yuan), averted=averted)


def _stop(going: Going, problem: Problem, language: Language) -> str:
    stop, who = going.stop, name_of(problem, going.responder.id)
    if stop.partner_id is not None:
        who = label("with", language, who=who, partner=name_of(problem, stop.partner_id))
    return label(
        "stop",
        language,
        who=who,
        number=going.number,
        drive=f"{stop.drive_minutes:.0f}",
        arrive=_clock(problem, stop.arrive),
        wait=label("waits", language, f"{stop.wait_minutes:.0f}") if stop.wait_minutes >= 0.5 else "",
        search=f"{stop.search_minutes:.0f}",
        contact=_clock(problem, stop.contact),
        service=f"{stop.leave - stop.contact:.0f}",
        leave=_clock(problem, stop.leave),
    )


def _slack(going: Going, language: Language) -> str:
    slack = going.slack
    if slack.breaks is None:
        text = label("slack_none", language)
    elif slack.breaks:
        text = label("slack_case", language, minutes=math.floor(slack.minutes), case=slack.breaks)
    else:
        text = label("slack_shift", language, minutes=math.floor(slack.minutes))
    return text + label("late", language, late=LATE_MINUTES, yuan=money(slack.late_yuan))


def _line(key: str | None, language: Language, text: str) -> str:
    head = label(key, language) if key else ""
    width = sum(2 if ord(sign) > 0x2E7F else 1 for sign in head)
    return f"{head}{' ' * max(1, 22 - width)}{text}"


def _joined(language: Language, parts: list[str]) -> str:
    return ("；" if language == "zh" else "; ").join(parts)


def name_of(problem: Problem, responder_id: str) -> str:
    """A responder's name, harmless on a terminal; its id where it has none."""
    one = next((one for one in problem.responders if one.id == responder_id), None)
    return clean((one.name if one else "") or responder_id)


def money(yuan: float) -> str:
    """Yuan as a person reads them."""
    return f"{yuan:,.0f}"


def _clock(problem: Problem, minutes: float | None) -> str:
    if minutes is None or not math.isfinite(minutes):
        return "–"
    return f"{problem.at + timedelta(minutes=round(minutes)):%H:%M}"
