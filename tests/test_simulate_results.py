"""What replications say: sums that close, intervals by hand, differences of the same tapes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from doors import run_dispatch
from hypothesis import given
from hypothesis import strategies as st
from make_simulation import FEWER, THRESHOLDS, built_of, result_of
from scipy import stats

from dispatch.errors import BadInput, MissingInput, SchemaError
from dispatch.simulate.results import difference, estimate, replications_for, run_scenario, variance_ratio
from dispatch.simulate.results.comparing import compare
from dispatch.simulate.results.figures import figures
from dispatch.simulate.results.folder import read_result, tables_of, write_result
from dispatch.simulate.results.telling import say_difference, say_value


@pytest.fixture(scope="module")
def built():
    return built_of()


@pytest.fixture(scope="module")
def result():
    return result_of()


def test_a_t_interval_by_hand():
    """1, 2, 3, 4: mean 2.5, s² = 5/3, t(0.975, 3) = 3.182446."""
    found = estimate(np.array([1.0, 2.0, 3.0, 4.0, np.nan]))
    assert (found.mean, found.replications) == (2.5, 4)
    assert found.half_width == pytest.approx(3.182446 * np.sqrt(5 / 3) / 2, rel=1e-6)
    assert estimate(np.array([7.0])).half_width == np.inf
    assert np.isnan(estimate(np.array([np.nan])).mean)


def test_what_chance_does_to_both_falls_out_of_a_difference():
    chance = np.random.default_rng(1).normal(100.0, 30.0, 50)
    found = difference(chance + 1.0, chance)
    assert found.mean == pytest.approx(1.0)
    assert found.half_width < 1e-9
    assert found.apart_from_zero
    assert variance_ratio(chance + 1.0, chance) > 1e6
    with pytest.raises(ValueError, match="only the same tapes"):
        difference(chance, chance[:10])


@given(st.lists(st.floats(0, 1), min_size=3, max_size=30), st.floats(0.01, 0.2))
def test_so_many_replications_bring_the_interval_down(values, wanted):
    needed = replications_for(np.array(values), wanted)
    spread = np.std(values, ddof=1)
    assert stats.t.ppf(0.975, needed - 1) * spread / np.sqrt(needed) <= wanted * (1 + 1e-9)


def test_the_sums_close_in_every_group(result):
    for dimension, member in result.groups:
        parts = sum(
            result.sums(one, dimension, member) for one in ("phoned", "reached", "not_found", "given_up")
        )
        assert np.array_equal(parts, result.sums("alerts", dimension, member))
    for column in result.columns:
        whole = result.sums(column)
        for dimension in ("tier", "county", "town", "hour"):
            members = [member for one, member in result.groups if one == dimension]
            assert sum(result.sums(column, dimension, member) for member in members) == pytest.approx(whole)


def test_shares_lie_between_nothing_and_all(result):
    for figure in figures(THRESHOLDS):
        values = figure.values(result)
        assert values.shape == (result.replications,)
        if figure.unit == "share" and not figure.key.startswith("busy"):
            kept = values[np.isfinite(values)]
            assert ((kept >= 0) & (kept <= 1)).all(), figure.key
    met = [result.share(f"reached_within_{one}", "asked") for one in THRESHOLDS]
    assert (met[0] <= met[1]).all()
    assert (met[1] <= met[2]).all()
    assert (result.averted_yuan > 0).all()


def test_processes_and_folders_change_no_bit(built, result, tmp_path):
    again = run_scenario(built, THRESHOLDS, folder=tmp_path)
    resumed = run_scenario(built, THRESHOLDS, folder=tmp_path, workers=2)
    for name, block in result.blocks.items():
        assert again.blocks[name].tobytes() == block.tobytes() == resumed.blocks[name].tobytes()


def test_replications_are_added_until_the_interval_is_as_wanted(built):
    keys = built.scenario.run.model_copy(
        update={"replications": 2, "half_width": 0.02, "most_replications": 60}
    )
    found = run_scenario(replace(built, scenario=built.scenario.model_copy(update={"run": keys})), THRESHOLDS)
    assert 2 < found.replications <= 60
    assert estimate(found.share("reached_within_30", "asked")).half_width <= 0.02


def test_a_result_comes_back_from_its_folder(result, tmp_path):
    write_result(result, tmp_path / "r")
    read = read_result(tmp_path / "r")
    assert read.name == result.name
    for name, block in result.blocks.items():
        assert np.array_equal(read.blocks[name], block, equal_nan=True)
    for name, table in tables_of(result).items():
        assert len(pd.read_csv(tmp_path / "r" / f"{name}.csv")) == len(table)
    write_result(result, tmp_path / "p", parquet=True)
    assert len(pd.read_parquet(tmp_path / "p" / "groups.parquet")) == len(tables_of(result)["groups"])


@pytest.mark.parametrize(
    ("break_it", "kind"),
    [
        (lambda folder: (folder / "result.npz").write_bytes(b"PK\x03\x04 no"), BadInput),
        (lambda folder: (folder / "simulation.json").write_text("{"), BadInput),
        (lambda folder: (folder / "simulation.json").write_text('{"schema": 99}'), SchemaError),
        (lambda folder: (folder / "simulation.json").unlink(), MissingInput),
    ],
)
def test_a_damaged_folder_is_one_sentence(result, tmp_path, break_it, kind):
    write_result(result, tmp_path / "r")
    break_it(tmp_path / "r")
    with pytest.raises(kind):
        read_result(tmp_path / "r")


def test_nobody_there_is_told_apart_and_the_same_is_not(result):
    same = compare([result, result])
    assert {one.verdict for one in same} == {"not distinguishable"}
    fewer = result_of(FEWER, "fewer")
    found = {one.figure.key: one for one in compare([result, fewer])}
    assert found["reached_within_30"].verdict == "worse"
    assert found["averted_yuan"].verdict == "worse"
    assert found["alerts"].difference.mean == 0.0  # the same tapes
    assert "更差" in say_difference(found["averted_yuan"], "zh")
    assert "±" in say_value(found["averted_yuan"].base, "yuan_per_day", "zh")


def test_only_the_same_tapes_are_compared(result):
    other = type(result)(**{name: getattr(result, name) for name in result.__slots__} | {"seed": 99})
    with pytest.raises(BadInput, match="drawn with seed 99"):
        compare([result, other])
    with pytest.raises(BadInput, match="takes two or more"):
        compare([result])


def test_the_command_runs_what_new_prints_and_compares(tmp_path):
    printed = run_dispatch("simulate", "new")
    assert printed.returncode == 0
    text = printed.stdout.replace("days = 10.0", "days = 1.5").replace(
        "warm_up_days = 1.0", "warm_up_days = 0.5"
    )
    text = text.replace("replications = 40", "replications = 3").replace(
        "alerts_per_day = 1200.0", "alerts_per_day = 300.0"
    )
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    arguments = (
        "simulate",
        tmp_path / "s.toml",
        "--vary",
        "policy.rule=loss,nearest",
        "--out",
        tmp_path / "o",
    )
    done = run_dispatch(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert set(said["scenarios"]) == {"practice policy.rule=loss", "practice policy.rule=nearest"}
    assert (tmp_path / "o" / "differences.csv").is_file()
    again = run_dispatch("compare", tmp_path / "o", "--lang", "en", "--out", tmp_path / "c")
    assert again.returncode == 0
    for folder in ("o", "c"):
        for name in ("report.html", "map.html", "differences.csv"):
            assert (tmp_path / folder / name).stat().st_mode & 0o777 == 0o600
    assert "met within 30 min" in again.stdout
    wrong = run_dispatch("simulate", tmp_path / "gone.toml", "--out", tmp_path / "p")
    assert wrong.returncode == 1
    assert "dispatch simulate new" in wrong.stderr
