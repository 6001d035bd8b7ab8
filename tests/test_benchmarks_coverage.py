"""The measurement of siting: its files, its answers, and spopt's agreement on the same instance."""

import json

import pytest
from test_benchmarks import run_benchmark

from benchmarks import coverage
from benchmarks.coverage_instances import made, read_pmed


def test_both_models_of_a_published_file_are_optimal_and_proved(shared_data, capsys):
    path = shared_data / "benchmarks" / "pmedian" / "pmed4.txt"
    assert coverage.main([str(path), "--json"]) == 0
    median, centre = json.loads(capsys.readouterr().out)
    assert (median["instance"], median["model"], median["value"], median["bound"]) == (
        "pmed4",
        "pmedian",
        3034,
        3034,
    )
    assert (centre["model"], centre["value"], centre["bound"], centre["gap_percent"]) == (
        "pcenter",
        74,
        74,
        0,
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pulp, in spopt
@pytest.mark.parametrize(
    ("model", "number", "solve"),
    [
        ("lscp", None, coverage._spopt_lscp),
        ("mclp", 5, coverage._spopt_mclp),
        ("backup", None, coverage._spopt_backup),
    ],
)
def test_spopt_finds_the_same_optima_on_the_same_points(model, number, solve):
    one = made(30, 200, 5, 1)
    weight = one.weight if model == "mclp" else one.weight**0
    asked = coverage._question(model, one.minutes, weight, number, one.radius)
    row = coverage._measured(one.name, asked, 20, coverage.time.process_time())
    assert row["value"] == row["bound"] == pytest.approx(solve(one))


def test_an_edge_given_twice_counts_as_given_last(tmp_path):
    (tmp_path / "f.txt").write_text("3 3 1\n1 2 9\n2 3 4\n1 2 5\n")
    distance, number = read_pmed(tmp_path / "f.txt")
    assert (distance[0, 2], number) == (9, 1)  # 5 + 4


@pytest.mark.parametrize("text", ["", "3 1 1\n1 2", "2 1 5\n1 2 3\n", "2 1 1\n1 7 3\n", "name\n"])
def test_what_is_no_instance_is_refused_in_one_line(tmp_path, text):
    (tmp_path / "f.txt").write_text(text)
    assert coverage.main([str(tmp_path / "f.txt")]) == 2


def test_the_command_names_a_file_that_is_not_there():
    done = run_benchmark("coverage", "nowhere.txt", "--json")
    assert done.returncode == 2
    assert done.stderr.strip() == "error: nowhere.txt is missing"
