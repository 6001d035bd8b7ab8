"""`dispatch coverage staff`: crews each hour needs, and the shifts that give them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from dispatch.commands.reach import (
    AreaName,
    At,
    Crew,
    DemandFile,
    EveryAlert,
    Force,
    Lang,
    Settings,
    demand_of,
    moment_of,
)
from dispatch.domain import Kind
from dispatch.errors import BadInput
from dispatch.reasons import Language, word
from dispatch.redact import clean
from dispatch.store import refuse_overwrite

if TYPE_CHECKING:
    from dispatch.area import Area
    from dispatch.coverage.staff import Roster

notes = Console(stderr=True)


def staff(  # noqa: PLR0917 - typer makes each an option with a name
    area: AreaName,
    out: Annotated[Path | None, typer.Option(help="Write tables here.")] = None,
    demand: DemandFile = None,
    every_alert: EveryAlert = False,
    per_day: Annotated[
        float | None,
        typer.Option(help="Alerts a day in all that need a visit; default: as the table of alerts has it."),
    ] = None,
    kind: Annotated[Kind, typer.Option(help="Whose crews: station, town, village or county.")] = "station",
    task_minutes: Annotated[
        float | None,
        typer.Option(
            min=1.0, help="Minutes an alert takes a crew; default: there and back by road, and at the door."
        ),
    ] = None,
    within: Annotated[float, typer.Option(min=0.0, help="Minutes within which a crew is to be free.")] = 5.0,
    share: Annotated[float, typer.Option(min=0.0, max=0.999, help="For this share of alerts.")] = 0.9,
    lengths: Annotated[str, typer.Option(help="Hours a shift may last.")] = "8,12",
    together: Annotated[
        bool, typer.Option("--together", help="One pool of crews for the whole area, not one a county.")
    ] = False,
    at: At = None,
    responders: Crew = None,
    settings: Settings = None,
    force: Force = False,
    lang: Lang = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """Crews needed by hour and county from the rate of alerts, the shifts that give them, and which hours lack some."""
    from dispatch.area import open_area
    from dispatch.coverage.rosters import on_duty_by_hour
    from dispatch.coverage.rosters import task_minutes as measured_minutes
    from dispatch.coverage.staff import rates_by_county
    from dispatch.day.request import read_rules

    if out is not None:
        refuse_overwrite(out, force=force)
    hours = _hours(lengths)
    rules = read_rules(settings)
    with notes.status(f"opening {area}") as status:
        ground = open_area(area)
        moment = moment_of(at, ground)
        status.update("reading the demand")
        wanted = demand_of(ground, rules, demand, every_alert=every_alert)
        rates = rates_by_county(wanted, per_day)
        status.update("measuring the roads")
        tasks = (
            dict.fromkeys(rates, task_minutes)
            if task_minutes
            else measured_minutes(ground, moment, rules, kind, wanted, responders=responders)
        )
        duty = on_duty_by_hour(ground, moment, rules, kind, responders=responders)
        status.update("making shifts")
        rows = _rosters(
            ground, rates, tasks, duty, together=together, within_minutes=within, share=share, lengths=hours
        )
    for line in wanted.notes:
        notes.print(f"note: {line}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if wanted.days is None:
        line = "note: no table of alerts says at which hours they come: spread evenly over the day"
        notes.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
    told = _told(ground, rows, kind, at=moment.isoformat(), within=within, share=share)
    if out is not None:
        from dispatch.coverage.write import write_staff

        write_staff(told, out, language=lang, force=force)
    print(json.dumps(told, ensure_ascii=False, allow_nan=False) if as_json else "\n".join(_lines(told, lang)))


def _hours(text: str) -> list[int]:
    try:
        return [int(one) for one in text.replace("，", ",").split(",") if one.strip()]
    except ValueError as cause:
        raise BadInput(f"--lengths: found {text!r}, expected whole hours such as 8,12") from cause


def _rosters(ground: Area, rates: Any, tasks: Any, duty: Any, *, together: bool, **wish: Any) -> list[Roster]:
    import numpy as np

    from dispatch.coverage.staff import roster, whole
    from dispatch.intake.ground import Ground

    if together:
        busy = np.average([tasks[one] for one in rates], weights=[rates[one].sum() for one in rates])
        there = np.sum(list(duty.values()), axis=0) if duty else np.zeros(24, np.int64)
        return [roster("", ground.name, whole(rates), float(busy) / 60.0, on_duty=there, **wish)]
    names = Ground(ground.gazetteer)
    nobody = np.zeros(24, np.int64)
    counties = sorted(rates, key=lambda code: (code == "", code))
    return [
        roster(code, names.name(code) or "?", rates[code], tasks[code] / 60.0, on_duty=duty.get(code, nobody), **wish)
        for code in counties if rates[code].sum() > 0
    ]  # fmt: skip


def _told(
    ground: Area, rows: list[Roster], kind: Kind, *, at: str, within: float, share: float
) -> dict[str, Any]:
    return {
        "schema": 1,
        "kind": "staff",
        "area": {"name": ground.name, "synthetic": ground.synthetic},
        "at": at,
        "of": kind,
        "within_minutes": within,
        "share": share,
        "crew_hours": sum(one.crew_hours for one in rows),
        "fixed_crew_hours": sum(one.fixed_hours for one in rows),
        "units": [
            {
                "code": one.code,
                "name": one.name,
                "task_minutes": round(60.0 * one.task_hours, 1),
                "alerts_per_hour": one.rate.round(4).tolist(),
                "needed": one.needed.tolist(),
                "on_shift": one.standing.tolist(),
                "on_duty_today": None if one.on_duty is None else one.on_duty.tolist(),
                "lacking": None if one.lacking is None else one.lacking.tolist(),
                "shifts": [
                    {"start_hour": shift.start, "hours": shift.hours, "crews": shift.crews}
                    for shift in one.shifts
                ],
                "crew_hours": one.crew_hours,
                "fixed_crew_hours": one.fixed_hours,
                "proved": one.proved,
            }
            for one in rows
        ],
    }


def _lines(told: dict[str, Any], lang: Language) -> Iterator[str]:
    side = 0 if lang == "zh" else 1
    if told["area"]["synthetic"]:
        yield ("演练数据。", "PRACTICE DATA.")[side]
    kind, within, share = word(told["of"], lang), f"{told['within_minutes']:g}", f"{told['share']:.0%}"
    yield (
        f"{kind}：{share} 的预警 {within} 分钟内有空闲力量",
        f"{kind}: a crew free within {within} min for {share} of alerts",
    )[side]
    yield "  " + ("时      ", "hour    ")[side] + "".join(f"{hour:>4}" for hour in range(24))
    for one in told["units"]:
        name = clean(one["name"])
        minutes = f"{one['task_minutes']:.0f}"
        yield (
            f"{name}：每起 {minutes} 分钟，每天 {sum(one['alerts_per_hour']):.1f} 起",
            f"{name}: {minutes} min an alert, {sum(one['alerts_per_hour']):.1f} a day",
        )[side]
        for key, words in (
            ("needed", ("需要", "needed")),
            ("on_duty_today", ("现有", "today")),
            ("lacking", ("缺", "lack")),
        ):
            if one[key] is not None:
                label = words[side]
                yield (
                    "    "
                    + label
                    + " " * (6 - sum(2 if ord(sign) > 0x2E7F else 1 for sign in label))
                    + "".join(f"{count or '·':>4}" for count in one[key])
                )
        shifts = (
            "  ".join(
                f"{shift['start_hour']:02d}:00+{shift['hours']}h×{shift['crews']}" for shift in one["shifts"]
            )
            or "—"
        )
        yield f"    {shifts}"
        proved = (("已证最少", "proved fewest"), ("未证最少", "not proved fewest"))[
            0 if one["proved"] else 1
        ][side]
        yield (
            "    "
            + (
                f"{one['crew_hours']} 组·小时（{proved}）；固定三班 {one['fixed_crew_hours']}",
                f"{one['crew_hours']} crew-hours ({proved}); three fixed shifts {one['fixed_crew_hours']}",
            )[side]
        )
    yield (
        f"合计 {told['crew_hours']} 组·小时，固定三班 {told['fixed_crew_hours']}",
        f"in all {told['crew_hours']} crew-hours, three fixed shifts {told['fixed_crew_hours']}",
    )[side]
