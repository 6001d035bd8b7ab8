"""The tutorial's scenario files run, and what it concludes holds with few replications too."""

from __future__ import annotations

import json
import re

import pytest
from doors import ROOT, run_dispatch

SCENARIOS = ROOT / "docs" / "scenarios"
PAGE = (ROOT / "docs" / "simulate-tutorial.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """All scenarios of the tutorial against the first, three replications of three days."""
    out = tmp_path_factory.mktemp("tutorial")
    names = ["base", "night-crews", "night-ladder", "flood", "flood-moved", "car", "e-bikes"]
    files = [SCENARIOS / f"{name}.toml" for name in names]
    few = ("--vary", "run.replications=3", "--vary", "clock.days=3.0")
    done = run_dispatch("simulate", *files, *few, "--out", out / "o", "--json")
    assert done.returncode == 0, done.stderr
    return {
        (one["scenario"].partition(" ")[0], one["figure"]): one
        for one in json.loads(done.stdout)["differences"]
    }


def test_every_file_and_command_of_the_tutorial_is_there():
    for name in re.findall(r"scenarios/([\w-]+\.\w+)", PAGE):
        assert (SCENARIOS / name).is_file(), name
    for command in re.findall(r"^dispatch simulate ([\w.\- ]+\.toml)", PAGE, re.MULTILINE):
        for name in command.split():
            assert (SCENARIOS / name).is_file(), name
    assert {one.stem for one in SCENARIOS.glob("*.toml")} == set(re.findall(r"([\w-]+)\.toml", PAGE))


def test_changing_the_rule_does_more_for_the_night_than_five_crews(ran):
    crews, rule = ran["夜间每县加一组", "lost_yuan"], ran["半小时后派出所可去", "lost_yuan"]
    assert rule["difference"] < 0.0
    assert rule["difference"] < crews["difference"]
    assert ran["半小时后派出所可去", "never_share"]["difference"] < -0.01


def test_the_flood_costs_many_and_moving_crews_does_not_bring_them_back(ran):
    flood, moved = ran["暴雨封桥", "reached_within_30"], ran["暴雨封桥，两组前移", "reached_within_30"]
    assert flood["verdict"] == "worse"
    assert flood["difference"] < -0.05
    assert moved["difference"] < -0.05


def test_two_e_bikes_do_more_than_a_car(ran):
    assert (
        ran["高地加两名骑电动车的干部", "reached_within_30"]["difference"]
        > ran["高地加一辆车", "reached_within_30"]["difference"]
    )


def test_the_scenarios_stand_beside_each_other_without_paths_of_a_machine():
    for one in SCENARIOS.glob("*.toml"):
        assert not re.search(r'"/|"[A-Z]:', one.read_text(encoding="utf-8"))
