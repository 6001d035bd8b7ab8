"""A small simulation of the practice area, made once a process for all tests that read it."""

import tempfile
from functools import cache
from pathlib import Path

from dispatch.area import open_area
from dispatch.day import read_rules
from dispatch.simulate.results import run_scenario
from dispatch.simulate.scenarios import read_scenario
from dispatch.simulate.scenarios.building import build

THRESHOLDS = (15, 30, 60)
FEW = """
[clock]
days = 2.0
warm_up_days = 0.5
[run]
replications = 4
[demand]
alerts_per_day = 400.0
"""
FEWER = FEW + '[responders]\nwithout = ["station", "town"]\n'


def scenario_of(text=FEW, name="few", changes=None):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return read_scenario(path, changes)


@cache
def built_of(text=FEW, name="few"):
    return build(scenario_of(text, name), open_area("maoming"), read_rules(None))


@cache
def result_of(text=FEW, name="few"):
    return run_scenario(built_of(text, name), THRESHOLDS)
