"""A scenario becomes a world: files read, places found, minutes measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from dispatch.area import Area
from dispatch.coverage.rules import Rules
from dispatch.domain import KINDS, TIERS
from dispatch.errors import SettingsError
from dispatch.intake.shifts import DAY_MINUTES
from dispatch.simulate.scenarios.alerting import demand_of, surges_of
from dispatch.simulate.scenarios.crews import Muster, muster, standby_points, units_of
from dispatch.simulate.scenarios.driving import roads_of
from dispatch.simulate.scenarios.ground import Districts, districts_of
from dispatch.simulate.scenarios.model import Scenario
from dispatch.simulate.world import Policy, World


@dataclass(frozen=True, slots=True)
class Built:
    """A scenario ready to run: its world, and the names behind the numbers."""

    scenario: Scenario
    area: Area
    world: World
    districts: Districts
    people: Muster
    begin: datetime
    notes: tuple[str, ...]


def build(scenario: Scenario, area: Area, rules: Rules) -> Built:
    """Everything a scenario's replications look at.

    Parameters
    ----------
    rules
        The planner's settings, those of `scenario.settings` laid over them.

    Raises
    ------
    MissingInput, BadInput, SettingsError
        A file, place, id or weather of the scenario cannot be used.
    """
    known = sorted(rules.speeds.weather_share)
    if scenario.travel.weather not in known:
        raise SettingsError(
            f"travel.weather is {scenario.travel.weather!r:.40}, expected one of {', '.join(known)}"
        )
    begin = scenario.clock.begins
    begin = begin if begin.tzinfo else begin.replace(tzinfo=ZoneInfo(area.time_zone))
    people = muster(scenario, area, rules, begin)
    bases = [(one.lon, one.lat) for one in people.responders]
    districts = districts_of(area, [*bases, *standby_points(scenario, area)])
    units = units_of(
        people, districts, scenario, area, strict=scenario.policy.strict or rules.planning.strict
    )
    demand, notes = demand_of(scenario, area, rules, districts)
    world = World(
        zones=districts.zones,
        roads=roads_of(scenario, area, rules, districts, set(units.profile.tolist()), begin),
        units=units,
        demand=demand,
        policy=_policy(scenario, rules),
        horizon_minutes=scenario.clock.days * DAY_MINUTES,
        warm_up_minutes=scenario.clock.warm_up_days * DAY_MINUTES,
        first_hour=begin.weekday() * 24 + begin.hour,
        surges=surges_of(scenario, area, districts, begin),
    )
    return Built(scenario, area, world, districts, people, begin, (*people.notes, *notes))


def _policy(scenario: Scenario, rules: Rules) -> Policy:
    keys, planning = scenario.policy, rules.planning
    return Policy(
        rule=keys.rule,
        cap_minutes=np.full((len(TIERS), len(KINDS)), keys.cap_minutes),
        neighbour_yuan=np.array([planning.neighbour_yuan.get(kind, 0.0) for kind in KINDS]),
        neighbour_after_minutes=np.full(len(KINDS), keys.own_first_minutes),
        drive_yuan_per_minute=planning.drive_yuan_per_minute,
        balance_yuan=planning.balance_yuan,
        min_stake_yuan=rules.triage.min_stake_yuan,
        give_up_minutes=keys.give_up_minutes,
        home_by_shift_end=keys.home_by_shift_end,
        divert=keys.divert,
        redispatch=keys.redispatch,
        redispatch_gain_minutes=keys.redispatch_gain_minutes,
        standby=bool(keys.standby),
        search_every_minutes=keys.search_every_minutes,
        search_iterations=keys.search_iterations,
    )
