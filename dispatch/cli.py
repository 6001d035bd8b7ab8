"""The command line: read, call one function, write.

Results go to standard output, progress and notes to standard error. Exit codes: 0 done,
1 the input, 2 the usage, 3 done but a human must look.
"""

from __future__ import annotations

import gc
import json
import sys
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from dispatch.commands import addresses, checking, explaining, many, mapping, privacy, suggesting
from dispatch.commands import areas as area_commands
from dispatch.commands import calibrate as calibrations
from dispatch.commands import coverage as coverages
from dispatch.commands import ledger as ledgers
from dispatch.commands import next as next_command
from dispatch.commands import outcomes as outcome_commands
from dispatch.commands import replan as replanning
from dispatch.commands import report as reporting
from dispatch.commands import sheets as sheet_commands
from dispatch.commands import simulate as simulating
from dispatch.errors import BadInput, DispatchError
from dispatch.reasons import Language, say
from dispatch.redact import Redact
from dispatch.settings import data_folder
from dispatch.store import refuse_overwrite

if TYPE_CHECKING:  # commands import the stages they use: --help and a wrong word answer at once
    from dispatch.area import Area
    from dispatch.day import Day, Request


app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
area_app = typer.Typer(no_args_is_help=True, help="Make and look at areas: roads, places, responders.")
app.add_typer(area_app, name="area")
area_app.command("add")(area_commands.add)
app.command("geocode")(addresses.geocode)
app.command("map")(mapping.draw)
app.add_typer(ledgers.ledger_app, name="ledger")
app.add_typer(coverages.coverage_app, name="coverage")
app.add_typer(simulating.simulate_app, name="simulate")
app.command("compare")(simulating.compare_)
app.command("handover")(ledgers.handover)
app.command("replan")(replanning.replan)
app.command("next")(next_command.next_)
app.command("outcomes")(outcome_commands.outcomes)
app.command("report")(reporting.report)
app.command("sheets")(sheet_commands.sheets)
app.command("explain")(explaining.explain)
app.command("check")(checking.check)
app.command("suggest")(suggesting.suggest)
app.command("calibrate")(calibrations.calibrate)

notes = Console(stderr=True)
NEEDS_A_HUMAN = 3
AREA_LANG = "Language of the account: zh or en."


def main() -> None:
    """Say our own errors in one line; let bugs show their traceback."""
    gc.set_threshold(200_000, 50, 100)  # a command ends soon: looking for cycles costs a tenth of it
    try:
        app()
    except DispatchError as error:
        notes.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"dispatch {installed_version('field-dispatch')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Decide who is met at their door first, before the money goes."""


@area_app.command("import")
def area_import(
    extract: Annotated[Path, typer.Argument(help=".osm.pbf, .osm, .osm.gz, or GraphML saved by OSMnx.")],
    out: Annotated[Path, typer.Option(help="The area folder to write.")],
    name: Annotated[str | None, typer.Option(help="The area's name; default: the file's.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an area folder that is there.")] = False,
    lang: Annotated[Language, typer.Option(help=AREA_LANG)] = "zh",
) -> None:
    """Make an area folder of an OpenStreetMap extract."""
    from dispatch import area as areas

    refuse_overwrite(out, force=force)
    with notes.status(f"reading {extract.name}"):
        area = areas.import_area(extract, out, name=name, force=force)
    print(areas.describe(area, lang))


@area_app.command("download")
def area_download(
    query: Annotated[str, typer.Argument(help='A place OpenStreetMap knows: "茂名市, 广东省".')],
    out: Annotated[Path, typer.Option(help="The area folder to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an area folder that is there.")] = False,
    lang: Annotated[Language, typer.Option(help=AREA_LANG)] = "zh",
) -> None:
    """Make an area folder from the internet, through OSMnx (this asks OpenStreetMap's servers)."""
    from dispatch import area as areas

    refuse_overwrite(out, force=force)
    notes.print(f"asking OpenStreetMap's servers for {query}", markup=False, highlight=False)
    with notes.status("downloading"):
        area = areas.download_area(query, out, force=force)
    print(areas.describe(area, lang))


@area_app.command("show")
def area_show(
    area: Annotated[str, typer.Argument(help="An area folder, or the name of a bundled one.")],
    lang: Annotated[Language, typer.Option(help=AREA_LANG)] = "zh",
) -> None:
    """Counts, extent, and what was dropped and why."""
    from dispatch import area as areas

    print(areas.describe(areas.open_area(area), lang))


@app.command()
def plan(  # noqa: PLR0917 - typer makes each an option with a name
    out: Annotated[Path, typer.Option(help="The plan folder to write.")],
    area: Annotated[
        str | None, typer.Option(help="An area folder, or the name of a bundled one (maoming).")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Now: 2026-05-01T14:00, in the area's time zone unless it names one.")
    ] = None,
    alerts: Annotated[
        Path | None,
        typer.Argument(help="Alerts: CSV (UTF-8 or GB18030), XLSX or GeoPackage; not needed with --ledger."),
    ] = None,
    areas: Annotated[
        Path | None,
        typer.Option(help="Plan many areas: a table of name, area, alerts …; --out gets a folder for each."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="With --areas: processes on this machine.")] = 1,
    cluster: Annotated[
        str | None, typer.Option(help="With --areas: a Dask scheduler, tcp://host:8786, instead.")
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option(
            help="Plan the open cases of this ledger, ALERTS added to it, and write the plan into it."
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Who plans, for the ledger; default: DISPATCH_BY, else the user.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a plan folder that is there.")] = False,
    responders: Annotated[Path | None, typer.Option(help="Who can be sent; default: the area's.")] = None,
    jurisdiction: Annotated[
        Path | None, typer.Option(help="Place code -> station, officer, cadre; default: the area's.")
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="A TOML file laid over the default settings.")] = None,
    closures: Annotated[
        Path | None, typer.Option(help="Roads closed or slowed: GeoJSON, or a table of street names.")
    ] = None,
    fixes: Annotated[
        Path | None, typer.Option(help="Answers about doubtful places: a plan's review.csv, filled in.")
    ] = None,
    weather: Annotated[
        str | None, typer.Option(help="dry, rain, heavy_rain, typhoon, fog, dense_fog, snow or ice.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="How to decide: search (default), ortools or nearest.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.01, help="How long to think; default 5.")] = None,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Think for so many steps instead: the same plan on any run.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and iterations, same plan.")] = 0,
    bound_seconds: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="How long, at most, to prove how good the plan is; default 3, with --iterations 0 (no proof).",
        ),
    ] = None,
    lang: Annotated[Language, typer.Option(help="Language the map and sheets open in.")] = "zh",
    redact: Annotated[
        Redact | None, typer.Option(help="none, mask or area; default: shown on the map, masked on sheets.")
    ] = None,
    passphrase: Annotated[bool, typer.Option("--passphrase", help=privacy.PASSPHRASE_HELP)] = False,
    watermark: Annotated[str | None, typer.Option(help=privacy.WATERMARK_HELP)] = None,
    tiles: Annotated[
        str | None, typer.Option(help="Online tiles under the map, off by default: amap, tianditu or osm.")
    ] = None,
    nav_links: Annotated[bool, typer.Option("--nav-links", help=mapping.NAVIGATION_HELP)] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 3 if anyone is left out.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """Who is visited, where, by whom, in which order; who is left out, and why."""
    from dispatch.day import Request
    from dispatch.routing import DEFAULT_POLICY, POLICIES

    if policy is not None and policy not in POLICIES:
        raise typer.BadParameter(f"--policy: found {policy!r}, expected one of {', '.join(POLICIES)}")
    if seconds is not None and iterations is not None:
        raise typer.BadParameter("give --seconds or --iterations, not both")
    if areas is None and alerts is None and ledger is None:
        raise typer.BadParameter("give a file of ALERTS, or --ledger, or --areas")
    if areas is None and (area is None or at is None):
        raise typer.BadParameter("give --area and --at, or --areas")
    common = Request(
        alerts=alerts,
        at=datetime.min,
        responders=responders,
        jurisdiction=jurisdiction,
        settings=settings,
        closures=closures,
        fixes=fixes,
        weather=weather,
        policy=policy or DEFAULT_POLICY,
        seconds=seconds,
        iterations=iterations,
        seed=seed,
        bound_seconds=bound_seconds,
    )
    if areas is not None:
        if one := [
            name for name, is_set in (("ALERTS", alerts), ("--area", area), ("--ledger", ledger)) if is_set
        ]:
            raise typer.BadParameter(f"{', '.join(one)} cannot be given together with --areas")
        many.plan_many(
            areas, common, at, out,
            workers=workers, cluster=cluster, force=force, lang=lang, redact=redact, as_json=as_json,
        )  # fmt: skip
        return
    refuse_overwrite(out, force=force)
    ground = _open_area(area or "")
    request = replace(common, at=_moment(at or "", ground))
    reading = {
        "passphrase": privacy.ask_passphrase(passphrase),
        "watermark": privacy.watermark(watermark, datetime.now().astimezone()) if watermark else "",
        "tiles": privacy.tiles(tiles),
        "nav_links": nav_links,
    }
    memory = ledgers.recall(ledger, request, ground.time_zone, by) if ledger else None
    day = _plan(ground, request, out, lang=lang, redact=redact, force=force, memory=memory, **reading)
    if as_json:
        print(
            json.dumps(
                dict(day.summary) | {"seconds": round(sum(day.seconds.values()), 2)}, ensure_ascii=False
            )
        )
    else:
        _say(day, out)
    if strict and day.plan.left_out:
        raise typer.Exit(NEEDS_A_HUMAN)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where the plan goes; an older demo there is replaced.")] = Path(
        "out/demo"
    ),
    seconds: Annotated[float, typer.Option(min=0.01, help="How long to think.")] = 5.0,
) -> None:
    """Plan the practice day of the practice area."""
    from dispatch.day import Request

    refuse_overwrite(out, force=True)
    ground = _open_area("maoming")
    request = Request(
        alerts=data_folder() / "maoming" / "alerts.csv",
        at=_moment("2026-05-01T14:00", ground),
        seconds=seconds,
    )
    _say(_plan(ground, request, out, lang="zh", redact=None, force=True), out)


def _open_area(name: str) -> Area:
    from dispatch import area as areas

    with notes.status(f"opening {name}"):
        return areas.open_area(name)


def _plan(
    ground: Area,
    request: Request,
    out: Path,
    *,
    lang: Language,
    redact: Redact | None,
    force: bool,
    memory: ledgers.Memory | None = None,
    **reading: Any,
) -> Day:
    """Plan and write, showing on standard error which stage is at work."""
    from dispatch.day import plan_day, write_day

    with notes.status("reading") as status:
        day = plan_day(
            ground, request, report=status.update, remembered=memory.remembered if memory else None
        )
    # the sign has stopped turning: without its thread sheets are written on another core
    if memory is not None:
        reading["before_shown"] = lambda: memory.keep(day)
    write_day(day, out, language=lang, redact=redact, force=force, **reading)
    for line in day.notes:
        notes.print(f"note: {line}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    for warning in day.warnings:
        line = f"warning: {say(warning, 'en')}"
        notes.print(line, style="bold yellow", markup=False, highlight=False, soft_wrap=True)
    return day


def _moment(text: str, ground: Area) -> datetime:
    """`--at`, in the area's zone unless it names its own; BadInput if it is no moment."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as cause:
        raise BadInput(f"--at: found {text!r}, expected a moment such as 2026-05-01T14:00") from cause
    zone = ZoneInfo(ground.time_zone)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _gap(day: Day) -> list[str]:
    """How far the plan can be above the best there is; nothing where it was not to be proved."""
    if day.bound is None:
        return []
    percent = day.summary["gap_percent"]
    told = "no bound" if percent is None else f"≤ {percent:.2f} %"
    return [f"与最优方案差距 gap              {told:>12}"]


def _say(day: Day, out: Path) -> None:
    """The four numbers first, then where to look."""
    table = day.summary
    lines = [
        f"上门 visited                    {table['visited']:>12,}",
        f"未安排 left out                 {table['left_out']:>12,}",
        f"预计挽损 averted (yuan)         {table['averted_yuan']:>12,.0f}",
        f"30 分钟内到达 reached in 30 min {table['share_reached_30_minutes']:>12.1%}",
        *_gap(day),
        "",
        (
            f"received {table['received']:,} = rejected {table['rejected_rows']:,} + not yet {table['not_yet']:,}"
            f" + no visit needed {table['no_visit_needed']:,} + visited {table['visited']:,}"
            f" + left out {table['left_out']:,}"
        ),
        f"expected loss {table['expected_loss_yuan']:,.0f} yuan; if nobody goes {table['loss_if_nobody_yuan']:,.0f};"
        f" by the nearest policy {table['nearest']['expected_loss_yuan']:,.0f}",
        *([say(day.bound.says, "en")] if day.bound else []),
        "",
        f"map     {out / 'map.html'}",
        f"sheets  {out / 'sheets' / 'index.html'}",
    ]
    if day.area.synthetic:
        lines.insert(0, "演练数据 / practice data: roads, places and people are invented\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
