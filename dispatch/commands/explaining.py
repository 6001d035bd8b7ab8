"""`dispatch explain`: why a case is visited as it is, or what it would take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dispatch.reasons import Language

notes = Console(stderr=True)


def explain(  # noqa: PLR0917 - typer makes each an option with a name
    plan: Annotated[Path, typer.Argument(help="A plan folder.")],
    case: Annotated[str, typer.Argument(help="A case of it.")],
    lang: Annotated[Language, typer.Option(help="Language of the answer: zh or en.")] = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="Also solve the day again with the visit given to each.")
    ] = False,
    sensitivity: Annotated[
        bool,
        typer.Option("--sensitivity", help="Solve it again with hazards and probabilities half and double."),
    ] = False,
    everyone: Annotated[
        bool, typer.Option("--everyone", help="With --sensitivity: of all cases, not of this one alone.")
    ] = False,
    iterations: Annotated[
        int, typer.Option(min=1, help="Steps of each solving again: the same answer on any run.")
    ] = 20_000,
) -> None:
    """Why a case is visited as it is, or left out: who else, at what price, and what it would take."""
    from dispatch.explain.exact import Solving
    from dispatch.explain.explained import explain as explained
    from dispatch.explain.words import as_json as json_of
    from dispatch.explain.words import lines
    from dispatch.planfile import read_plan

    if everyone and not sensitivity:
        raise typer.BadParameter("--everyone goes with --sensitivity")
    with notes.status("reading the plan") as status:
        file = read_plan(plan)
        if exact or sensitivity:
            status.update("solving again")
        found = explained(
            file.problem,
            file.plan,
            case,
            exact=exact,
            guesses="all" if everyone else "case" if sensitivity else None,
            solving=Solving(iterations),
        )
    if as_json:
        print(json.dumps(json_of(found, lang), ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(lines(found, file.problem, lang)))
