"""`dispatch simulate` and `dispatch compare`: what would happen, with error bars, before anyone is moved."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from dispatch.errors import DispatchError, MissingInput, OutputExists
from dispatch.reasons import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.area import Area
    from dispatch.simulate.results import Result
    from dispatch.simulate.results.comparing import Difference
    from dispatch.simulate.scenarios import Scenario
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
VARY_HELP = (
    "A key and its values: responders.hongbu.cars=1..5 or policy.rule=nearest,loss. May be given again."
)


class RunByDefault(TyperGroup):
    """`dispatch simulate FILE` is `dispatch simulate run FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `run` before what is no command of ours."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["run", *args]
        return super().parse_args(ctx, args)


simulate_app = typer.Typer(
    cls=RunByDefault,
    no_args_is_help=True,
    help="What would happen, with error bars: scenarios, replications, comparisons.",
)


@simulate_app.command("new")
def new() -> None:
    """Print a scenario with every key and what it means; it runs as it is on the practice area."""
    from dispatch.simulate.scenarios import commented

    print(commented(), end="")


@simulate_app.command("run")
def run_(  # noqa: PLR0917 - typer makes each an option with a name
    scenarios: Annotated[
        list[Path], typer.Argument(help="Scenario files; the first is what the others are held against.")
    ],
    out: Annotated[
        Path, typer.Option(help="Folder for the results; what is finished there is not done again.")
    ],
    vary: Annotated[list[str] | None, typer.Option(help=VARY_HELP)] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes on this machine.")] = 1,
    cluster: Annotated[
        str | None, typer.Option(help="A Dask scheduler, tcp://host:8786, instead; see docs/many.md.")
    ] = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="Tables as Parquet instead of CSV.")] = False,
    lang: Annotated[Language, typer.Option(help="zh or en.")] = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """Run scenarios; with several, or --vary, compare each with the first."""
    from dispatch.simulate.results.comparing import compare
    from dispatch.simulate.scenarios import swept
    from dispatch.store import write_file

    chosen = swept(scenarios, vary or ())
    _refuse_strange(out)
    results = [
        _run_one(
            scenario, out, workers=workers, cluster=cluster, parquet=parquet, number=f"{at}/{len(chosen)}"
        )
        for at, scenario in enumerate(chosen, 1)
    ]
    differences = compare(results) if len(results) > 1 else ()
    _write(results, differences, out, lang)
    order = "".join(f"{_folder_of(one.name)}\n" for one in results)
    write_file(out / ORDER, order, force=True)
    _print(results, differences, out, lang, as_json=as_json)


def compare_(
    folders: Annotated[
        list[Path], typer.Argument(help="Results of scenarios; the others are held against the first.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for a table and a report of the differences.")
    ] = None,
    lang: Annotated[Language, typer.Option(help="zh or en.")] = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """Paired differences between simulated scenarios, with intervals; says so where they cannot be told apart."""
    from dispatch.simulate.results.comparing import compare
    from dispatch.simulate.results.folder import read_result

    results = [read_result(folder) for one in folders for folder in _scenarios_in(one)]
    differences = compare(results)
    if out is not None:
        _refuse_strange(out)
        _write(results, differences, out, lang)
    _print(results, differences, out, lang, as_json=as_json)


def _run_one(
    scenario: Scenario, out: Path, *, workers: int, cluster: str | None, parquet: bool, number: str
) -> Result:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from dispatch.area import open_area
    from dispatch.day import read_rules
    from dispatch.simulate.results import run_scenario
    from dispatch.simulate.results.folder import write_result
    from dispatch.simulate.scenarios.building import build

    rules = read_rules(Path(scenario.settings) if scenario.settings else None)
    with notes.status(f"{number} {scenario.name}: reading"):
        built = build(scenario, open_area(scenario.area), rules)
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
        )
    write_result(result, out / _folder_of(scenario.name), parquet=parquet)
    return result


def _folder_of(name: str) -> str:
    from dispatch.sheets.write import file_names

    return file_names([name], suffix="")[name]


def _refuse_strange(out: Path) -> None:
    """OutputExists where there is a folder with something that no simulation made."""
    if (
        out.exists()
        and any(out.iterdir())
        and not (out / BLOCKS).is_dir()
        and not (out / "differences.csv").is_file()
    ):
        raise OutputExists(out)


def _scenarios_in(folder: Path) -> list[Path]:
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


def _write(
    results: Sequence[Result], differences: Sequence[Difference], out: Path, language: Language
) -> None:
    """The table of differences, the report and its map."""
    from dispatch.simulate.pages.write import write_pages
    from dispatch.simulate.results.comparing import table
    from dispatch.store import write_file

    out.mkdir(parents=True, exist_ok=True)
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


def _print(
    results: Sequence[Result],
    differences: Sequence[Difference],
    out: Path | None,
    lang: Language,
    *,
    as_json: bool,
) -> None:
    from dispatch.simulate.results.folder import summary

    if as_json:
        made: dict[str, Any] = {"scenarios": {one.name: summary(one).to_dict("records") for one in results}}
        made["differences"] = [
            {"scenario": one.scenario, "figure": one.figure.key, "difference": one.difference.mean,
             "low": one.difference.low, "high": one.difference.high, "verdict": one.verdict}
            for one in differences
        ]  # fmt: skip
        print(json.dumps(made, ensure_ascii=False, default=str))
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
