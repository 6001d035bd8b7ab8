"""Scenarios: files that say who is alerted, who is on duty, how they drive and by which rule they are sent."""

from dispatch.simulate.scenarios.model import Scenario
from dispatch.simulate.scenarios.reading import commented, practice, read_scenario, swept, varied

__all__ = ["Scenario", "commented", "practice", "read_scenario", "swept", "varied"]
