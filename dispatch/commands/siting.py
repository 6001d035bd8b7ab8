"""`dispatch coverage site`: where the next station, car or cadre helps most, with a proved bound."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from dispatch.commands.reach import (
    Answers,
    AreaName,
    At,
    Closures,
    Crew,
    DemandFile,
    EveryAlert,
    Force,
    Lang,
    Settings,
    TierOf,
    Weather,
    demand_of,
    moment_of,
)
from dispatch.domain import Kind, Profile
from dispatch.errors import BadInput
from dispatch.redact import clean
from dispatch.store import refuse_overwrite, write_folder

if TYPE_CHECKING:
    from dispatch.coverage.site_question import Asked
    from dispatch.coverage.siting.answer import Siting

notes = Console(stderr=True)
SHOWN = 5
MODEL_HELP = (
    "mclp: most covered · pmedian: least travel · pcenter: least for the farthest · lscp: fewest that cover all · "
    "backup: covered twice · mexclp: covered though units are busy · loss: least yuan lost."
)
WORDS: dict[str, tuple[str, str]] = {
    "objective": ("{model}：{value} {unit}，今为 {today}", "{model}: {value} {unit}, today {today}"),
    "bound": (
        "任何方案不优于 {bound}（差距 {gap}%{proved}；{engine}，{seconds} 秒）",
        "no choice is better than {bound} (gap {gap} %{proved}; {engine}, {seconds} s)",
    ),
    "covered": ("{limit} 分钟内覆盖：{today} → {then}", "within {limit} minutes: {today} → {then}"),
    "per": ("金额按 1,000 条预警、依权重分布计", "yuan are for 1,000 alerts, shared by the weights"),
    "open": ("{n}. 新增 {name}：少了它损失 {worth} {unit}", "{n}. open {name}: without it {worth} {unit} lost"),
    "none": ("无需新增", "nothing to open"),
    "closed": ("让出 {name}", "give up {name}"),
    "more": ("再加一处：{names}", "one more: {names}"),
    "curve": ("逐个增加：{points}", "adding one by one: {points}"),
    "beyond": ("{n} 处需求任何站点都够不到", "{n} demands no site reaches"),
    "county": ("{name}：{today} → {then}", "{name}: {today} → {then}"),
}  # fmt: skip


def site(  # noqa: PLR0917 - typer makes each an option with a name
    area: AreaName,
    add: Annotated[
        int | None, typer.Option(help="Sites (loss, mexclp: units) to open beside those that stand.")
    ] = None,
    model: Annotated[
        Literal["mclp", "pmedian", "pcenter", "lscp", "backup", "mexclp", "loss"],
        typer.Option(help=MODEL_HELP),
    ] = "mclp",
    candidates: Annotated[
        Path | None, typer.Option(help="A table of places (docs/coverage.md); default: every village.")
    ] = None,
    fixed: Annotated[
        Literal["existing", "none"], typer.Option(help="existing: what stands stays; none: it may be moved.")
    ] = "existing",
    budget: Annotated[
        float | None, typer.Option(min=0.0, help="What the new sites may cost, by the column cost.")
    ] = None,
    equity: Annotated[
        Literal["none", "county"], typer.Option(help="county: --floor holds in every county.")
    ] = "none",
    floor: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="With --equity: share of each county's weight within reach."),
    ] = 0.5,
    within: Annotated[
        float, typer.Option(min=0.0, help="Minutes to first contact that count as within reach.")
    ] = 30.0,
    busy: Annotated[
        float, typer.Option(min=0.0, max=0.99, help="mexclp, loss: share of the time a unit is out.")
    ] = 0.2,
    first_share: Annotated[
        float, typer.Option(min=0.5, max=1.0, help="backup: what the first cover earns; the second the rest.")
    ] = 0.5,
    kind: Annotated[Kind, typer.Option(help="What is opened: station, town, village or county.")] = "station",
    profile: Annotated[Profile, typer.Option(help="How it drives: car, motorcycle or foot.")] = "car",
    at: At = None,
    hours: Annotated[
        str | None,
        typer.Option(
            help="Hours of that day weighed together, such as 3,9,15,21; default: the hour of --at."
        ),
    ] = None,
    responders: Crew = None,
    jurisdiction: Answers = None,
    demand: DemandFile = None,
    every_alert: EveryAlert = False,
    tier: TierOf = None,
    closures: Closures = None,
    settings: Settings = None,
    weather: Weather = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="CPU seconds at most; what is not proved then has a gap.")
    ] = 60.0,
    gap: Annotated[float, typer.Option(min=0.0, max=1.0, help="Gap that is good enough: 0.01 is 1 %.")] = 0.0,
    out: Annotated[Path | None, typer.Option(help="Write the answer, its tables and its map here.")] = None,
    force: Force = False,
    lang: Lang = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """Where the next station, car or cadre helps most: sites, a bound no choice beats, what one more would gain."""
    from dispatch.area import open_area
    from dispatch.coverage.candidates import read_candidates, village_candidates
    from dispatch.coverage.site_question import once_each, question_of, shares_of
    from dispatch.coverage.siting.ask import site as sited
    from dispatch.coverage.supply import call_up
    from dispatch.day.request import read_rules
    from dispatch.places.gazetteer import Gazetteer

    if out is not None:
        refuse_overwrite(out, force=force)
    if model == "lscp" and (add is not None or budget is not None):
        raise BadInput("lscp asks how few sites cover everybody: leave out --add and --budget")
    rules = read_rules(settings, weather)
    with notes.status(f"opening {area}") as status:
        ground = open_area(area)
        moment = moment_of(at, ground)
        names = Gazetteer(ground.gazetteer, ground.boundaries)
        spots = (
            read_candidates(candidates, names, kind, profile)
            if candidates
            else village_candidates(names, kind, profile)
        )
        status.update("reading the demand")
        wanted = demand_of(ground, rules, demand, every_alert=every_alert, tier=tier)
        clock = _hours_of(hours)
        supplies = [
            call_up(
                ground,
                one,
                rules,
                responders=responders,
                jurisdiction=jurisdiction,
                closures=closures,
                somebody=False,
            )
            for one in ([moment.replace(hour=hour, minute=0) for hour in clock] if clock else [moment])
        ]
        shares = shares_of(wanted, clock).tolist() if clock else [1.0]
        status.update("measuring the roads")
        asked = question_of(
            ground, list(zip(supplies, shares, strict=True)), wanted, spots, model, movable=fixed == "none", add=add,
            budget=math.inf if budget is None else budget, floor_share=floor if equity == "county" else 0.0,
            reach_minutes=within, busy_share=busy if model in {"mexclp", "loss"} else 0.0, first_share=first_share,
        )  # fmt: skip
        status.update(f"siting: {len(asked.question.sites)} sites, {len(asked.question.demands)} demands")
        found = once_each(sited(asked.question, seconds=seconds, gap=gap, most_named=len(spots)), asked)
    for line in dict.fromkeys((*wanted.notes, *(note for one in supplies for note in one.notes))):
        notes.print(f"note: {line}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if out is not None:
        _write(ground, moment, asked, found, out, lang=lang, force=force)
    if as_json:
        print(json.dumps(_plain(found, asked), ensure_ascii=False, allow_nan=False))
    else:
        practice = [("演练数据。", "PRACTICE DATA.")[lang == "en"]] if ground.synthetic else []
        lines = [*practice, *_lines(found, asked, lang)]
        if out is not None:
            lines += ["", f"map     {out / 'map.html'}", f"tables  {out / 'siting.xlsx'}"]
        print("\n".join(lines))


def _plain(found: Siting, asked: Asked) -> dict[str, Any]:
    """The answer as JSON says it: infinite numbers are null, sites have their place."""
    told = asdict(found) | {"gap_percent": found.gap_percent, "proved": found.proved}
    told["unreachable"] = sorted({asked.question.demands[one] for one in found.unreachable})
    for one in (*told["sites"], *told["one_more"]):
        spot = asked.spots[one.pop("index")]
        one |= {"kind": spot.kind, "lon": round(spot.lon, 6), "lat": round(spot.lat, 6)}
    return _finite(told)  # type: ignore[no-any-return]


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _hours_of(text: str | None) -> list[int]:
    """Hours of the day, each once, in order; none where none are asked."""
    if text is None:
        return []
    try:
        hours = sorted({int(one) for one in text.split(",")})
    except ValueError as cause:
        raise BadInput(f"--hours: found {text!r:.40}, expected hours of the day such as 3,9,15,21") from cause
    if not 0 <= hours[0] <= hours[-1] < 24:
        raise BadInput(f"--hours: found {text!r:.40}, expected hours of the day from 0 to 23")
    return hours


def _lines(found: Siting, asked: Asked, lang: str) -> Iterator[str]:
    from dispatch.coverage.siting_map import MODELS, UNITS

    side = 0 if lang == "zh" else 1
    unit = UNITS[found.unit][side]
    gained = (
        UNITS["weight"][side] if found.model == "lscp" else unit
    )  # of sites that cover all: what they cover

    def say(key: str, **values: object) -> str:
        return WORDS[key][side].format(**values)

    proved = ("，已证最优", ", proved")[side] if found.proved else ""
    yield say(
        "objective",
        model=MODELS[found.model][side],
        value=_number(found.objective),
        unit=unit,
        today=_number(found.today),
    )
    yield say(
        "bound", bound=_number(found.bound), proved=proved, engine=found.engine,
        gap="0" if found.proved else f"{found.gap_percent:.3g}", seconds=f"{found.cpu_seconds:.1f}",
    )  # fmt: skip
    yield say(
        "covered",
        limit=f"{found.reach_minutes:g}",
        today=f"{found.covered_today / found.total:.1%}",
        then=f"{found.covered / found.total:.1%}",
    )
    if found.model == "loss" and asked.thousand:
        yield say("per")
    yield ""
    if not found.added:
        yield say("none")
    for number, one in enumerate(sorted(found.added, key=lambda one: -one.worth), start=1):
        yield say("open", n=number, name=clean(one.name), worth=_number(one.worth), unit=gained)
    for name in found.closed:
        yield say("closed", name=clean(name))
    if found.one_more:
        yield say(
            "more",
            names=" · ".join(f"{clean(one.name)} +{_number(one.gain)}" for one in found.one_more[:SHOWN]),
        )
    if len(found.curve) > 1:
        yield say("curve", points=" · ".join(f"{one.add}: {_number(one.objective)}" for one in found.curve))
    for group in found.groups:
        yield say(
            "county", name=clean(group.name) or "?", today=f"{group.today:.1%}", then=f"{group.then:.1%}"
        )
    if found.unreachable:
        yield say("beyond", n=len({asked.question.demands[one] for one in found.unreachable}))


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "∞"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")


def _write(
    ground: Any, moment: Any, asked: Asked, found: Siting, out: Path, *, lang: Any, force: bool
) -> None:
    """`coverage.json`, tables, workbook and map, whole or not at all."""
    from dispatch.coverage.siting_map import siting_map
    from dispatch.coverage.tables import siting_tables, write_workbook
    from dispatch.day.drawing import basemap
    from dispatch.tables import write_csv
    from maps import write_map

    told = _plain(found, asked)
    drawn = siting_map(
        found, asked.question, site_lonlat=asked.site_lonlat, site_kind=[one.kind for one in asked.spots],
        demand_lonlat=asked.demand_lonlat, demand_town=asked.demand_town, area=ground.name, at=moment,
        basemap=basemap(ground), attribution=ground.attribution, synthetic=ground.synthetic, language=lang,
    )  # fmt: skip
    tables = siting_tables(told, lang)

    def fill(folder: Path) -> None:
        whole = {"schema": 1, "kind": "siting", "area": ground.name, "at": moment.isoformat(), **told}
        (folder / "coverage.json").write_text(
            json.dumps(whole, ensure_ascii=False, allow_nan=False), encoding="utf-8"
        )
        for name, frame in tables.items():
            write_csv(frame, folder / f"{name}.csv")
        write_workbook(
            folder / "siting.xlsx", tables, lang, title=ground.name, note=f"{moment:%Y-%m-%d %H:%M}"
        )
        write_map(drawn, folder / "map.html")

    write_folder(out, fill, force=force)
