"""`dispatch coverage reach` and `compare`: who is within reach of whom, at any hour, and what a change gains."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from dispatch.domain import Tier
from dispatch.errors import BadInput
from dispatch.reasons import Language
from dispatch.store import refuse_overwrite

if TYPE_CHECKING:
    from dispatch.area import Area
    from dispatch.coverage.comparing import Comparison
    from dispatch.coverage.demand import Demand
    from dispatch.coverage.reach import Reach
    from dispatch.coverage.rules import Rules

notes = Console(stderr=True)
MOSTLY_OUT = 0.9

AreaName = Annotated[str, typer.Argument(help="An area folder, or the name of a bundled one (maoming).")]
Out = Annotated[Path, typer.Option(help="The folder to write.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a folder of this program that is there.")]
Lang = Annotated[Language, typer.Option(help="Language of tables, map and account: zh or en.")]
At = Annotated[
    str | None, typer.Option(help="The moment, 2026-05-01T03:00, in the area's time zone; default: now.")
]
Crew = Annotated[
    Path | None, typer.Option("--responders", help="Who there is, with shifts; default: the area's.")
]
Answers = Annotated[
    Path | None, typer.Option(help="Place code -> station, officer, cadre; default: the area's.")
]
Add = Annotated[Path | None, typer.Option(help="Responders beside those, in a file like theirs: what if.")]
DemandFile = Annotated[
    Path | None,
    typer.Option("--demand", help="Past alerts, or places with weights; default: villages by residents."),
]
Closures = Annotated[
    Path | None, typer.Option(help="Roads closed or slowed: GeoJSON, or a table of street names.")
]
Settings = Annotated[Path | None, typer.Option(help="A TOML file laid over the default settings.")]
Weather = Annotated[
    str | None, typer.Option(help="dry, rain, heavy_rain, typhoon, fog, dense_fog, snow or ice.")
]
TierOf = Annotated[
    Tier | None, typer.Option(help="Only who may go at once to a case of that risk; default: everybody.")
]
ResidentsShare = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        help="With --demand: share of the weight given to residents, the rest to the file; default 0.",
    ),
]
EveryAlert = Annotated[
    bool,
    typer.Option(
        "--every-alert", help="Count every alert of the file, not only those triage sends somebody to."
    ),
]
PerHour = Annotated[
    float | None,
    typer.Option(
        help="Alerts an hour, by which units are out; default: as a table of alerts has it at that hour."
    ),
]


def reach(  # noqa: PLR0917 - typer makes each an option with a name
    area: AreaName,
    out: Out,
    minutes: Annotated[
        str, typer.Option(help="Thresholds: minutes from that moment to first contact.")
    ] = "15,30,60",
    goal: Annotated[
        float | None,
        typer.Option(help="The threshold 'not covered' is told by; default 30, else the middle one."),
    ] = None,
    at: At = None,
    responders: Crew = None,
    jurisdiction: Answers = None,
    add: Add = None,
    demand: DemandFile = None,
    residents_share: ResidentsShare = None,
    every_alert: EveryAlert = False,
    tier: TierOf = None,
    per_hour: PerHour = None,
    closures: Closures = None,
    settings: Settings = None,
    weather: Weather = None,
    force: Force = False,
    lang: Lang = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """Who is within reach at that hour: shares of the demand, minutes, what is not covered; tables, GeoPackage, map."""
    from dispatch.area import open_area
    from dispatch.coverage.account import account, goal_of
    from dispatch.coverage.drawing import reach_map
    from dispatch.coverage.isochrones import isochrones
    from dispatch.coverage.reach import reach as measured
    from dispatch.coverage.reach import thresholds_of
    from dispatch.coverage.supply import call_up
    from dispatch.coverage.write import write_reach
    from dispatch.day.drawing import basemap
    from dispatch.day.request import read_rules
    from maps import write_map

    limits = thresholds_of(minutes_in(minutes))
    goal_of(limits, goal)
    refuse_overwrite(out, force=force)
    rules = read_rules(settings, weather)
    with notes.status(f"opening {area}") as status:
        ground = open_area(area)
        moment = moment_of(at, ground)
        status.update("reading the demand")
        wanted = demand_of(
            ground, rules, demand, residents_share=residents_share, every_alert=every_alert, tier=tier
        )
        status.update("calling the roll")
        supply = call_up(
            ground,
            moment,
            rules,
            responders=responders,
            jurisdiction=jurisdiction,
            add=add,
            closures=closures,
        )
        status.update("measuring the roads")
        found = measured(supply, wanted, limits, rate_at(wanted, moment, per_hour))
        inputs = {
            name: path.name
            for name, path in (
                ("responders", responders),
                ("add", add),
                ("demand", demand),
                ("closures", closures),
            )
            if path
        }
        given = account(ground, found, goal, inputs)
        status.update("drawing")
        shapes = isochrones(ground, supply, limits)
        drawn = reach_map(given, shapes, basemap(ground), attribution=ground.attribution, language=lang)
        write_reach(
            given,
            shapes,
            out,
            lambda path: write_map(drawn, path),
            language=lang,
            rejected=wanted.rejected,
            force=force,
        )
    for line in (*wanted.notes, *supply.notes, *overworked(found)):
        notes.print(f"note: {line}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if as_json:
        told = {key: value for key, value in given.items() if key not in {"points", "responders"}}
        print(json.dumps(told, ensure_ascii=False, allow_nan=False))
    else:
        from dispatch.coverage.telling import reach_lines

        print(
            "\n".join(
                [
                    *reach_lines(given, lang),
                    "",
                    f"map     {out / 'map.html'}",
                    f"tables  {out / 'coverage.xlsx'}",
                ]
            )
        )


def compare(  # noqa: PLR0917 - typer makes each an option with a name
    before: Annotated[Path, typer.Argument(help="A folder that `coverage reach` wrote.")],
    after: Annotated[Path, typer.Argument(help="Another, of the same demand.")],
    out: Annotated[Path | None, typer.Option(help="Write tables and a map of the difference here.")] = None,
    force: Force = False,
    area: Annotated[
        str | None, typer.Option(help="The area's folder for the map, where that is not a bundled one.")
    ] = None,
    lang: Lang = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """What one coverage has over another: shares by county and town, places gained and lost."""
    from dispatch.coverage.account import read_account
    from dispatch.coverage.comparing import compare as compared
    from dispatch.coverage.telling import comparison_json, comparison_lines

    if out is not None:
        refuse_overwrite(out, force=force)
    found = compared(read_account(before), read_account(after))
    if out is not None:
        _write_comparison(found, before, after, out, area=area, language=lang, force=force)
    if as_json:
        print(json.dumps(comparison_json(found), ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(comparison_lines(found, lang)))


def _write_comparison(
    found: Comparison,
    before: Path,
    after: Path,
    out: Path,
    *,
    area: str | None,
    language: Language,
    force: bool,
) -> None:
    """Tables and map of a comparison; the ground and the isochrones are read again from where they are."""
    from dispatch.area import open_area
    from dispatch.coverage.drawing import comparison_map
    from dispatch.coverage.tables import compare_tables
    from dispatch.coverage.write import read_isochrones, write_comparison
    from dispatch.day.drawing import basemap
    from maps import write_map

    ground = open_area(area or str(found.after["area"].get("folder", "")))
    shapes = [("before", read_isochrones(before)), ("after", read_isochrones(after))]
    drawn = comparison_map(found, shapes, basemap(ground), attribution=ground.attribution, language=language)
    tables = compare_tables(found, language)
    write_comparison(
        tables,
        found.before,
        found.after,
        out,
        lambda path: write_map(drawn, path),
        language=language,
        force=force,
    )


# shared by the commands of coverage


def moment_of(text: str | None, ground: Area) -> datetime:
    """`--at` in the area's zone, or now; BadInput if it is no moment."""
    zone = ZoneInfo(ground.time_zone)
    if text is None:
        return datetime.now(zone).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as cause:
        raise BadInput(f"--at: found {text!r}, expected a moment such as 2026-05-01T03:00") from cause
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def minutes_in(text: str) -> list[float]:
    """`--minutes 15,30,60` as numbers; BadInput if one is none."""
    try:
        return [float(one) for one in text.replace("，", ",").split(",") if one.strip()]
    except ValueError as cause:
        raise BadInput(f"--minutes: found {text!r}, expected numbers such as 15,30,60") from cause


def demand_of(
    ground: Area,
    rules: Rules,
    file: Path | None,
    *,
    residents_share: float | None = None,
    every_alert: bool = False,
    tier: Tier | None = None,
) -> Demand:
    """The demand asked about: villages, a file, or both in shares; something, or BadInput."""
    from dispatch.coverage.demand import mixed, refuse_nothing, village_demand
    from dispatch.coverage.demand_file import read_demand
    from dispatch.places.gazetteer import Gazetteer

    if file is None and residents_share is not None:
        raise BadInput("--residents-share mixes residents with a file: give --demand FILE too")
    names = Gazetteer(ground.gazetteer, ground.boundaries)
    share = 1.0 if file is None else residents_share or 0.0
    parts = []
    if share > 0:
        people = dict(zip(ground.gazetteer["code"], ground.gazetteer["residents"], strict=True))
        counts = [float(people.get(code, float("nan"))) for code in names.code]
        parts.append((village_demand(names, counts, rules.triage, tier), share))
    if file is not None and share < 1:
        parts.append(
            (
                read_demand(file, names, rules, ground.time_zone, tier=tier, every_alert=every_alert),
                1.0 - share,
            )
        )
    found = mixed(parts)
    refuse_nothing(found)
    return found


def overworked(found: Reach) -> list[str]:
    """A note where some responders would be out nearly always: shares with busy units are then only as good as that."""
    if found.load is None:
        return []
    often = int((found.load.share > MOSTLY_OUT).sum())
    if not often:
        return []
    return [
        f"{often} responders would be out more than {MOSTLY_OUT:.0%} of the time at {found.load.per_hour:g} alerts an hour"
    ]


def rate_at(demand: Demand, moment: datetime, given: float | None) -> float | None:
    """Alerts an hour: as given, else as the table of alerts has them at that hour; None where neither says."""
    if given is not None:
        return given
    rates = demand.per_hour
    return float(rates[moment.hour]) or None if rates is not None else None
