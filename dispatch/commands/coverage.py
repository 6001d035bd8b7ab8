"""`dispatch coverage`: who is within reach, and where the next station, car or cadre helps most.

Each command has a module of its own and is entered here by one line.
"""

from __future__ import annotations

import typer

from dispatch.commands.outreach import outreach
from dispatch.commands.reach import compare, reach
from dispatch.commands.siting import site
from dispatch.commands.staffing import staff

coverage_app = typer.Typer(
    no_args_is_help=True, help="Who is within reach; where the next station, car or cadre helps most."
)


@coverage_app.callback()
def _coverage() -> None:
    """Who is within reach; where the next station, car or cadre helps most."""


coverage_app.command("outreach")(outreach)
coverage_app.command("reach")(reach)
coverage_app.command("compare")(compare)
coverage_app.command("staff")(staff)
coverage_app.command("site")(site)
