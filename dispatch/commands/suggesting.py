"""`dispatch suggest`: a new alert, and who could take it at what price for everybody else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from dispatch.errors import BadInput
from dispatch.reasons import Language, Reason, say, word
from dispatch.redact import clean

if TYPE_CHECKING:
    from dispatch.area import Area
    from dispatch.day.request import Rules
    from dispatch.domain import Case, Plan, Problem
    from dispatch.intake.alerts import Alerts
    from dispatch.planfile import PlanFile
    from dispatch.roads.travel import Travel
    from dispatch.suggest import Move, Suggestion

notes = Console(stderr=True)

WORDS: Mapping[str, tuple[str, str]] = {
    "case": (
        "{case}  {tier} · {fraud}，尚可挽回 {stake} 元，无人上门预计损失 {never} 元",
        "{case}  {tier} · {fraud}, {stake} yuan still to be saved, {never} lost if nobody comes",
    ),
    "line": (
        "{rank}. {who} 第 {number} 站：{arrive} 到（行车 {drive} 分钟），{contact} 见面；"
        "本案挽损 {averted} 元，别处多损失 {elsewhere} 元，净 {net} 元",
        "{rank}. {who}, stop {number}: there at {arrive} ({drive} min drive), contact at {contact}; averts {averted} yuan here, "
        "costs {elsewhere} elsewhere, net {net}",
    ),
    "with": ("{who}（与 {partner} 会合）", "{who} (meeting {partner})"),
    "nothing": ("   其他安排不变", "   nobody else is moved"),
    "not_worth": ("   得不偿失", "   costs more than it saves"),
    "nobody": ("   无人可派：{reason}", "   nobody can go: {reason}"),
    "no_case": ("{alert}：无需建议（{reason}）", "{alert}: nothing to suggest ({reason})"),
}


def suggest(  # noqa: PLR0917 - typer makes each an option with a name
    plan: Annotated[Path, typer.Argument(help="A plan folder.")],
    alert: Annotated[
        str,
        typer.Argument(
            help="A file of alerts (docs/alerts.md), or one as a JSON object.", metavar="ROW|FILE"
        ),
    ],
    at: Annotated[
        str | None,
        typer.Option(help="Now: 2026-05-01T14:20; default: the newest alert's time, not before the plan's."),
    ] = None,
    area: Annotated[
        str | None, typer.Option(help="The folder of the plan's area, where that is not a bundled one.")
    ] = None,
    closures: Annotated[
        Path | None, typer.Option(help="Closures in place of those the plan folder keeps.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=50, help="How many responders to name.")] = 5,
    lang: Annotated[Language, typer.Option(help="Language of the answer: zh or en.")] = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """Who could take a new alert: when, what it saves, and what that moves and costs elsewhere."""
    from dispatch.day.newcomer import area_of, measured, new_alerts, new_cases
    from dispatch.day.request import saved_rules
    from dispatch.places.gazetteer import Gazetteer
    from dispatch.planfile import read_plan
    from dispatch.suggest import suggest as suggested
    from dispatch.suggest import with_case

    with notes.status("reading the plan") as status:
        file = read_plan(plan)
        rules = saved_rules(file.settings)
        zone = str(file.area.get("time_zone", "Asia/Shanghai"))
        alerts = new_alerts(alert, rules, zone)
        status.update("opening the area")
        ground = area_of(file, area)
        moment = _moment(at, zone) if at else _newest(alerts, file.problem.at)
        if moment < file.problem.at:
            raise BadInput(f"--at is {moment:%Y-%m-%d %H:%M}, before the plan's own {file.problem.at:%H:%M}")
        gazetteer = Gazetteer(ground.gazetteer, ground.boundaries)
        status.update("finding where everybody is")
        problem, now, travels = _standing(plan, file, ground, rules, moment, closures)
        over = {case.id for case in file.problem.cases}
        status.update("suggesting")
        started = time.perf_counter()
        cases, others = new_cases(replace(file, problem=problem), gazetteer, rules, alerts, moment, over=over)
        answers = []
        for case in cases:
            wider = with_case(problem, case, measured(problem, case, travels))
            answers.append((case, wider, suggested(wider, now, case, most)))
        seconds = time.perf_counter() - started
    if as_json:
        values = [_json(case, wider, found, lang) for case, wider, found in answers]
        no_case = [{"alert_id": one, "code": why.code, "sentence": say(why, lang)} for one, why in others]
        print(
            json.dumps(
                {"cases": values, "no_case": no_case, "seconds": round(seconds, 3)},
                ensure_ascii=False,
                allow_nan=False,
            )
        )
        return
    for one, why in others:
        print(_word("no_case", lang, alert=clean(one), reason=say(why, lang)))
    for case, wider, found in answers:
        print("\n".join(_lines(case, wider, found, lang)))


def _standing(  # noqa: PLR0917 - one caller, by position
    folder: Path, file: PlanFile, ground: Area, rules: Rules, at: datetime, closures: Path | None
) -> tuple[Problem, Plan, Mapping[str, Travel]]:
    """The plan at `at`, by what its `history.json` keeps; of a folder without one, by the plan's own clock."""
    from dispatch.day.keeping import FILE
    from dispatch.day.newcomer import plan_roads
    from dispatch.replan.folders import read_before
    from dispatch.replan.meanwhile import meanwhile
    from dispatch.roads.closure_file import read_closures
    from dispatch.suggest import as_of

    given = None
    if closures is not None:
        given = read_closures(closures, ground.network, ground.time_zone, rules.closures).closures
    if not (folder / FILE).is_file():
        travels = plan_roads(file, ground, rules, given or (), file.problem.at)
        return *as_of(file.problem, file.plan, (at - file.problem.at) / timedelta(minutes=1)), travels
    before = read_before(folder)
    if given is not None:
        before = replace(before, kept=replace(before.kept, closures=given))
    stands = meanwhile(ground, before, at)
    return stands.problem, stands.plan, stands.travels


def _lines(case: Case, problem: Problem, found: list[Suggestion], lang: Language) -> Iterator[str]:
    from dispatch.loss import never_yuan

    never = never_yuan(case, problem.horizon_minutes)
    yield _word(
        "case",
        lang,
        case=clean(case.id),
        tier=word(case.tier, lang),
        fraud=word(case.fraud_type, lang),
        stake=f"{case.stake_yuan:,.0f}",
        never=f"{never:,.0f}",
    )
    if not found:
        yield _word("nobody", lang, reason=say(_why_nobody(problem, case), lang))
    for rank, one in enumerate(found, start=1):
        who = _name(problem, one.responder_id)
        if one.partner_id is not None:
            who = _word("with", lang, who=who, partner=_name(problem, one.partner_id))
        yield _word(
            "line",
            lang,
            rank=rank,
            who=who,
            number=one.number,
            arrive=_clock(problem, one.arrive_minutes),
            contact=_clock(problem, one.contact_minutes),
            drive=f"{one.drive_minutes:.0f}",
            averted=f"{one.averted_yuan:,.0f}",
            elsewhere=f"{one.elsewhere_yuan:,.0f}",
            net=f"{one.net_yuan:,.0f}",
        )
        for move in one.moves:
            yield f"   {clean(say(_move(problem, move), lang))}"
        if not one.moves:
            yield _word("nothing", lang)
        if one.net_yuan < 0:
            yield _word("not_worth", lang)


def _why_nobody(problem: Problem, case: Case) -> Reason:
    from dispatch.domain import Plan
    from dispatch.explain.left_out import left_out_reason

    return left_out_reason(problem, Plan("", (), (), "nobody"), case)


def _move(problem: Problem, move: Move) -> Reason:
    params: dict[str, Any] = {
        "case": move.case_id,
        "before": _name(problem, move.before_id),
        "yuan": round(abs(move.lost_yuan)),
        "change": "averts_less" if move.lost_yuan >= 0 else "averts_more",
    }
    if move.after_id is None:
        return Reason("MOVES_OUT", params)
    params["responder"] = _name(problem, move.after_id)
    if move.after_id != move.before_id:
        return Reason("MOVES_TO", params)
    later = move.later_minutes or 0.0
    params["minutes"] = round(abs(later))
    return Reason("MOVES_LATER" if later > 0 else "MOVES_SOONER", params)


def _json(case: Case, problem: Problem, found: list[Suggestion], lang: Language) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "tier": case.tier,
        "stake_yuan": round(case.stake_yuan, 2),
        "suggestions": [
            {
                "responder_id": one.responder_id,
                "partner_id": one.partner_id,
                "place_id": one.place_id,
                "stop": one.number,
                "arrive_at": _at(problem, one.arrive_minutes).isoformat(timespec="seconds"),
                "contact_at": _at(problem, one.contact_minutes).isoformat(timespec="seconds"),
                "drive_minutes": round(one.drive_minutes, 2),
                "averted_yuan": round(one.averted_yuan, 2),
                "elsewhere_yuan": round(one.elsewhere_yuan, 2),
                "net_yuan": round(one.net_yuan, 2),
                "moves": [
                    {
                        "case_id": move.case_id,
                        "before": move.before_id,
                        "after": move.after_id,
                        "later_minutes": None if move.later_minutes is None else round(move.later_minutes, 2),
                        "lost_yuan": round(move.lost_yuan, 2),
                        "sentence": say(_move(problem, move), lang),
                    }
                    for move in one.moves
                ],
            }
            for one in found
        ],
        "nobody": None if found else say(_why_nobody(problem, case), lang),
    }


def _newest(alerts: Alerts, not_before: datetime) -> datetime:
    newest: datetime = alerts.rows["alerted_at"].max().to_pydatetime()
    return max(newest.astimezone(not_before.tzinfo), not_before)


def _moment(text: str, zone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as cause:
        raise BadInput(f"--at: found {text!r}, expected a moment such as 2026-05-01T14:20") from cause
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def _at(problem: Problem, minutes: float) -> datetime:
    return problem.at + timedelta(minutes=minutes)


def _clock(problem: Problem, minutes: float) -> str:
    return f"{_at(problem, round(minutes)):%H:%M}"


def _name(problem: Problem, responder_id: str) -> str:
    one = next(one for one in problem.responders if one.id == responder_id)
    return clean(one.name or one.id)


def _word(key: str, lang: Language, **values: object) -> str:
    return WORDS[key][0 if lang == "zh" else 1].format(**values)
