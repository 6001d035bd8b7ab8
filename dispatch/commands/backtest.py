"""`dispatch simulate backtest`: alerts that did come, under another policy."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from dispatch.commands.scenario_runs import notes, refuse_strange, run_one, tell, write
from dispatch.errors import BadInput
from dispatch.reasons import Language

if TYPE_CHECKING:
    from dispatch.area import Area
    from dispatch.coverage.rules import Rules
    from dispatch.simulate.scenarios import Scenario
    from dispatch.simulate.scenarios.past import Past

RULES = ("nearest", "loss", "search")
USUAL_DAYS = 30


def backtest(  # noqa: PLR0917 - typer makes each an option with a name
    policy: Annotated[
        list[str],
        typer.Option(
            help="nearest, loss, search, or a scenario file; may be given again. Compared with [policy] in force."
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder for the results; what is finished there is not done again.")
    ],
    alerts: Annotated[Path | None, typer.Option(help="Past alerts as the planner reads them.")] = None,
    ledger: Annotated[str | None, typer.Option(help="Or a ledger: a file or a database URL.")] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(
            help="The scenario in force: its responders, roads and [policy]; default: the practice one."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Alerts from this day on; default: of a ledger its last 30 days, of a file all."),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Alerts before this day.")] = None,
    replications: Annotated[
        int | None,
        typer.Option(min=1, help="Times the same alerts are played; default: as the scenario says."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes on this machine.")] = 1,
    cluster: Annotated[str | None, typer.Option(help="A Dask scheduler instead; see docs/many.md.")] = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="Tables as Parquet instead of CSV.")] = False,
    lang: Annotated[Language, typer.Option(help="zh or en.")] = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """Play alerts that did come under other policies, pair by pair with the one in force.

    Moments, places, types and tiers are theirs; calls answered, transfers and minutes at the door are drawn.
    """
    from dispatch.area import open_area
    from dispatch.day import read_rules
    from dispatch.simulate.results.comparing import compare
    from dispatch.simulate.scenarios.past import over

    if (alerts is None) == (ledger is None):
        raise BadInput("give past alerts either by --alerts FILE or by --ledger URL")
    refuse_strange(out)
    chosen = _chosen(scenario, policy, replications)
    area = open_area(chosen[0].area)
    rules = read_rules(Path(chosen[0].settings) if chosen[0].settings else None)
    with notes.status("reading past alerts"):
        past = _past(area, rules, alerts, ledger, since, until)
    for note in past.notes:
        notes.print(f"note: {note}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    results = [
        run_one(
            over(one, past, area.time_zone), out, workers=workers, cluster=cluster, parquet=parquet,
            number=f"{at}/{len(chosen)}", past=past,
        )
        for at, one in enumerate(chosen, 1)
    ]  # fmt: skip
    differences = compare(results)
    write(results, differences, out, lang)
    tell(results, differences, out, lang, as_json=as_json)


def _chosen(scenario: Path | None, policies: list[str], replications: int | None) -> list[Scenario]:
    """The scenario in force, then one for each policy, all of the same seed and area."""
    from dispatch.simulate.scenarios import practice, read_scenario

    base = practice() if scenario is None else read_scenario(scenario)
    found = [base]
    for one in policies:
        if one in RULES:
            keys = base.policy.model_copy(update={"rule": one})
            found.append(base.model_copy(update={"policy": keys, "name": f"{base.name} policy.rule={one}"}))
        elif one.endswith(".toml"):
            found.append(read_scenario(Path(one)))
        else:
            raise BadInput(f"--policy {one!r:.60}: expected {', '.join(RULES)}, or a scenario file (.toml)")
    found[0] = base.model_copy(update={"name": f"{base.name} policy.rule={base.policy.rule}"})
    names = [one.name for one in found]
    if twins := sorted({one for one in names if names.count(one) > 1}):
        raise BadInput(
            f"{twins[0]!r:.100} would be compared with itself; give --policy another than the one in force"
        )
    if odd := [one.name for one in found if one.area != base.area]:
        raise BadInput(
            f"{odd[0]!r:.100} is of another area than {base.name!r:.100}; past alerts are of one area"
        )
    often = replications or base.run.replications
    run = base.run.model_copy(update={"replications": often, "half_width": 0.0})
    return [one.model_copy(update={"run": run}) for one in found]


def _past(  # noqa: PLR0917 - one caller
    area: Area, rules: Rules, alerts: Path | None, ledger: str | None, since: str | None, until: str | None
) -> Past:
    from dispatch.commands.ledger import open_ledger
    from dispatch.intake.alerts import read_alerts
    from dispatch.places.gazetteer import Gazetteer
    from dispatch.simulate.scenarios.past import past_of, within

    zone = ZoneInfo(area.time_zone)
    begin, end = _day(since, "--since", zone), _day(until, "--until", zone)
    if alerts is not None:
        read = read_alerts(alerts, rules.columns, area.time_zone)
        if len(read.rejected):
            notes.print(
                f"note: {alerts}: {len(read.rejected)} rows could not be used", style="yellow", markup=False
            )
        rows = within(read.rows, begin, end)
    else:
        end = end or datetime.now(zone)
        rows = open_ledger(ledger, None).alert_rows(
            begin or end - timedelta(days=USUAL_DAYS), end, area.time_zone
        )
    return past_of(rows, Gazetteer(area.gazetteer, area.boundaries), rules)


def _day(text: str | None, option: str, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as cause:
        raise BadInput(f"{option}: found {text!r:.40}, expected a day such as 2026-05-01") from cause
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
