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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no p-median file: expected 'nodes edges p'"),
        ("3 1 1\n1 2", "three numbers for each edge"),
        ("name\n", "expected whole numbers only"),
        ("2 1 1\n1 2 99999999999999999999\n", "expected whole numbers only"),
        ("2 1 5\n1 2 3\n", "2 nodes and p 5"),
        ("90000000 0 1\n", "90000000 nodes and p 1"),
        ("2 1 1\n1 7 3\n", "edge 1: found 1 7 3, expected nodes of 1 to 2"),
        ("3 2 1\n1 2 3\n2 3 -4\n", "edge 2: found 2 3 -4, expected"),
        ("6 3 2\n1 2 3\n3 4 4\n5 6 1\n", "in 3 pieces with no edge between, and p is 2"),
    ],
)
def test_what_is_no_instance_is_refused_in_one_line(tmp_path, capsys, text, said):
    (tmp_path / "f.txt").write_text(text)
    assert coverage.main([str(tmp_path / "f.txt"), "--json"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert said in shown.err


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path):
    text = " 4 4 2\n 1 2 5\n 2 3 4\n 3 4 7\n 1 4 0\n"
    (tmp_path / "linux.txt").write_text(text)
    (tmp_path / "windows.txt").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    distance, number = read_pmed(tmp_path / "windows.txt")
    assert number == 2
    assert distance.tolist() == read_pmed(tmp_path / "linux.txt")[0].tolist()
    assert distance[0].tolist() == [0, 5, 7, 0]  # an edge of cost 0 joins all the same: 1-4-3 is 0 + 7


def test_a_graph_in_as_many_pieces_as_sites_has_a_site_in_each(tmp_path, capsys):
    # far apart inside, nobody at all between: 100 alone, and one alone that must not be left without
    (tmp_path / "f.txt").write_text("4 2 2\n1 2 100\n2 3 100\n")
    assert coverage.main([str(tmp_path / "f.txt"), "--json"]) == 0
    median, centre = json.loads(capsys.readouterr().out)
    assert (median["value"], centre["value"]) == (200, 100)
    assert median["bound"] == pytest.approx(200)


def test_without_files_the_published_figures_and_the_sessions_stand_in_the_list_too(monkeypatch, capsys):
    monkeypatch.setattr(coverage.outreach, "measure", lambda *_: {"instance": "made", "model": "outreach"})
    assert coverage.main(["--parts", "figures,outreach", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["value"] for row in rows if row["instance"].startswith("tiny")] == [0, 4, 6, 6]
    assert {row["model"] for row in rows} == {"hypercube", "hypercube_approximate", "mmc", "mclp", "outreach"}
    assert coverage.main(["--parts", "all"]) == 2


def test_the_command_names_a_file_that_is_not_there():
    done = run_benchmark("coverage", "nowhere.txt", "--json")
    assert done.returncode == 2
    assert done.stderr.strip() == "error: nowhere.txt is missing"
