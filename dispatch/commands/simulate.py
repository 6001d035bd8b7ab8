"""`dispatch simulate` and `dispatch compare`: what would happen, with error bars, before anyone is moved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dispatch.commands.backtest import backtest
from dispatch.commands.replication import log
from dispatch.commands.scenario_runs import refuse_strange, run_one, scenarios_in, tell, write
from dispatch.reasons import Language

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

    chosen = swept(scenarios, vary or ())
    refuse_strange(out)
    results = [
        run_one(
            scenario, out, workers=workers, cluster=cluster, parquet=parquet, number=f"{at}/{len(chosen)}"
        )
        for at, scenario in enumerate(chosen, 1)
    ]
    differences = compare(results) if len(results) > 1 else ()
    write(results, differences, out, lang)
    tell(results, differences, out, lang, as_json=as_json)


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

    results = [read_result(folder) for one in folders for folder in scenarios_in(one)]
    differences = compare(results)
    if out is not None:
        refuse_strange(out)
        write(results, differences, out, lang)
    tell(results, differences, out, lang, as_json=as_json)


simulate_app.command("backtest")(backtest)
simulate_app.command("log")(log)
