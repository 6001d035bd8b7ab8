"""What the commands of a simulation share: a scenario run, its results written, told and found again."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from dispatch.errors import DispatchError, MissingInput, OutputExists
from dispatch.reasons import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.area import Area
    from dispatch.simulate.results import Result
    from dispatch.simulate.results.comparing import Difference
    from dispatch.simulate.scenarios import Scenario
    from dispatch.simulate.scenarios.past import Past
    from maps import Basemap

notes = Console(stderr=True)
BLOCKS = ".finished"
ORDER = "scenarios.txt"
PAPER_COLUMNS = 170
TOLD = (
    "reached_within_30",
    "wait_p50",
    "wait_p90",
    "lost_yuan",
    "averted_yuan",
    "phoned_share",
    "never_share",
)


def run_one(
    scenario: Scenario,
    out: Path,
    *,
    workers: int = 1,
    cluster: str | None = None,
    parquet: bool = False,
    number: str = "1/1",
    past: Past | None = None,
) -> Result:
    """Run a scenario with its bar, and write its folder."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from dispatch.area import open_area
    from dispatch.day import read_rules
    from dispatch.simulate.results import run_scenario
    from dispatch.simulate.results.folder import write_result
    from dispatch.simulate.scenarios.building import build
    from dispatch.simulate.scenarios.past import given

    rules = read_rules(Path(scenario.settings) if scenario.settings else None)
    with notes.status(f"{number} {scenario.name}: reading"):
        built = build(scenario, open_area(scenario.area), rules)
    alerts = None if past is None else given(past, built.world.demand, built.districts, built.begin)
    for note in built.notes:
        notes.print(f"note: {note}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*shown, console=notes, transient=True) as progress:
        bar = progress.add_task(f"{number} {scenario.name}", total=scenario.run.replications)
        result = run_scenario(
            built,
            rules.planning.reached_within_minutes,
            workers=workers,
            cluster=cluster,
            folder=out / BLOCKS,
            told=lambda done, total: progress.update(bar, completed=done, total=total),
            past=alerts,
        )
    write_result(result, out / folder_of(scenario.name), parquet=parquet)
    return result


def folder_of(name: str) -> str:
    """The name of a scenario's folder."""
    from dispatch.sheets.write import file_names

    return file_names([name], suffix="")[name]


def refuse_strange(out: Path) -> None:
    """OutputExists where there is a folder with something that no simulation made."""
    if (
        out.exists()
        and any(out.iterdir())
        and not (out / BLOCKS).is_dir()
        and not (out / "differences.csv").is_file()
    ):
        raise OutputExists(out)


def scenarios_in(folder: Path) -> list[Path]:
    """A scenario's own folder, or all of a run's."""
    if (folder / "simulation.json").is_file():
        return [folder]
    kept = folder / ORDER
    if kept.is_file():
        names = [line for line in kept.read_text(encoding="utf-8").splitlines() if line == Path(line).name]
        found = [folder / name for name in names if (folder / name / "simulation.json").is_file()]
    else:
        found = sorted(one.parent for one in folder.glob("*/simulation.json"))
    if not found:
        raise MissingInput(folder / "simulation.json", "dispatch simulate SCENARIO.toml --out DIR")
    return found


def write(
    results: Sequence[Result], differences: Sequence[Difference], out: Path, language: Language
) -> None:
    """The table of differences, the report and its map."""
    from dispatch.simulate.pages.write import write_pages
    from dispatch.simulate.results.comparing import table
    from dispatch.store import write_file

    out.mkdir(parents=True, exist_ok=True)
    order = "".join(f"{folder_of(one.name)}\n" for one in results)
    if all((out / folder_of(one.name)).is_dir() for one in results):
        write_file(out / ORDER, order, force=True)
    if differences:
        write_file(
            out / "differences.csv",
            "\ufeff" + table(differences).to_csv(index=False, lineterminator="\n"),
            force=True,
        )
    with notes.status("drawing"):
        write_pages(results, differences, out, _ground(results), language)


def _ground(results: Sequence[Result]) -> tuple[Area, Basemap] | None:
    """The area of all results with its basemap; None where they have not one, or it is not here any more."""
    from dispatch.area import open_area
    from dispatch.day.drawing import basemap

    places = {str(one.keys.get("area")) for one in results}
    if len(places) > 1 or len({one.ground.name for one in results}) > 1:
        notes.print("note: scenarios of different areas are not drawn on one map", style="yellow")
        return None
    try:
        area = open_area(places.pop())
    except DispatchError as gone:
        notes.print(f"note: no map is drawn: {gone}", style="yellow", markup=False, soft_wrap=True)
        return None
    return area, basemap(area)


def tell(
    results: Sequence[Result],
    differences: Sequence[Difference],
    out: Path | None,
    lang: Language,
    *,
    as_json: bool,
) -> None:
    """Print the figures that are asked for first, and what differs."""
    from dispatch.simulate.results.folder import summary

    if as_json:
        made: dict[str, Any] = {"scenarios": {one.name: summary(one).to_dict("records") for one in results}}
        made["differences"] = [
            {"scenario": one.scenario, "figure": one.figure.key, "difference": one.difference.mean,
             "low": one.difference.low, "high": one.difference.high, "verdict": one.verdict}
            for one in differences
        ]  # fmt: skip
        print(json.dumps(_finite(made), ensure_ascii=False, allow_nan=False))
        return
    from rich.table import Table

    from dispatch.simulate.pages.naming import short_names
    from dispatch.simulate.results.estimates import estimate
    from dispatch.simulate.results.figures import figures
    from dispatch.simulate.results.telling import say_difference, say_value

    chosen = [one for one in figures(results[0].thresholds) if one.key in TOLD]
    shown = Table(box=None, pad_edge=False)
    shown.add_column("方案" if lang == "zh" else "scenario", overflow="fold")
    for figure in chosen:
        shown.add_column(figure.named(lang), justify="right", overflow="fold")
    names = dict(zip([one.name for one in results], short_names([one.name for one in results]), strict=True))
    for result in results:
        cells = [say_value(estimate(figure.values(result)), figure.unit, lang) for figure in chosen]
        shown.add_row(Text(f"{names[result.name]} ({result.replications})"), *cells)
    printed = Console(width=None if sys.stdout.isatty() else PAPER_COLUMNS, highlight=False, markup=False)
    printed.print(shown)
    for one in differences:
        if one.figure.key in TOLD:
            printed.print(f"{names[one.scenario]}  {say_difference(one, lang)}", soft_wrap=True)
    if out is not None:
        print(out / "report.html")


def _finite(value: Any) -> Any:
    """What JSON can hold: numbers that are none become null."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
