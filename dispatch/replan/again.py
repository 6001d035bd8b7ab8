"""A planned day read back from its folder, so that an edited plan can be written as any plan is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from dispatch import routing
from dispatch.area import Area
from dispatch.day.accounts import accounts
from dispatch.day.building import open_roads, roads_driven
from dispatch.day.closing import begin_on_routes
from dispatch.day.planning import Day
from dispatch.day.request import Request
from dispatch.day.reviewing import to_look_at
from dispatch.errors import BadInput
from dispatch.intake.responders import Roster
from dispatch.planfile import PlanFile
from dispatch.replan import history
from dispatch.replan.before import Before
from dispatch.replan.events import EventFile
from dispatch.replan.knowing import SETTLED_CODES, known, sorted_out
from dispatch.roads.closure_file import ClosureFile

COPIED = ("unplaced.csv", "review.csv", "rejected_responders.csv", "rejected_closures.csv")
"""Tables of a plan folder that say nothing of its routes, and are not made anew."""


def day_again(area: Area, before: Before, final: PlanFile) -> Day:
    """The day of a plan folder with the plan of `final` in place of its own.

    Alerts and what became of each case are those the folder keeps; routes are driven anew on its roads.

    Raises
    ------
    BadInput
        Its cases are not those its alerts make: somebody has edited more than the plan.
    """
    problem, plan, kept, rules = final.problem, final.plan, before.kept, before.rules
    lives = {key: history.from_json(raw) for key, raw in kept.past.get("cases", {}).items()}
    now = known(kept, EventFile().alerts)
    names = {one.id: one.name for one in problem.responders}
    triaged = sorted_out(now, lives, problem.at, rules, names)
    if {case.id for case in triaged.cases} != {case.id for case in problem.cases}:
        raise BadInput(
            "its cases are not those its alerts make: only its plan can be edited, not who is in it"
        )
    roads = open_roads(area, problem.responders, problem.at, rules, kept.closures)
    legs = roads_driven(problem, plan, roads)
    nearest = routing.solve(problem, policy="nearest", seed=plan.seed)
    settled = int(triaged.no_visit["code"].isin(SETTLED_CODES).sum())
    summary = accounts(
        problem,
        plan,
        nearest,
        received=now.alerts.received,
        rejected=len(now.rejected),
        not_yet=len(triaged.not_yet),
        no_visit=len(triaged.no_visit) - settled,
        settled=settled if "settled" in final.summary else None,
        thresholds=rules.planning.reached_within_minutes,
    )
    nobody = pd.DataFrame(columns=["row", "column", "found", "expected", "raw"])
    no_closure = pd.DataFrame(columns=["number", "name", "column", "found", "expected"])
    return Day(
        area=area,
        request=Request(None, problem.at, policy=plan.policy, seed=plan.seed),
        rules=rules,
        problem=problem,
        plan=plan,
        nearest=nearest,
        people=triaged.people,
        alerts=now.alerts,
        triage=triaged,
        unplaced={},
        looks=to_look_at(problem.cases, {}, rules.places, problem.horizon_minutes),
        roster=Roster(problem.responders, nobody, dict(kept.phones)),
        closures=ClosureFile(kept.closures, no_closure, ()),
        legs=legs,
        summary={**final.summary, **summary},
        seconds={},
        warnings=begin_on_routes(problem, plan, legs, kept.closures),
        hashes={"area": area.hash},
        past=kept.past,
    )


def written_before(folder: Path) -> dict[str, bytes]:
    """The tables of a folder that are carried over, by name."""
    return {name: (folder / name).read_bytes() for name in COPIED if (folder / name).is_file()}
