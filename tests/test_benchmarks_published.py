"""Published instances: what the files say, what an answer is worth, and the commands that measure."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from doors import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import published, published_files
from benchmarks.ccvrp import CCVRP
from benchmarks.judge import NotAnAnswer, ccvrp_value, mtrpp_value, trp_value
from benchmarks.mtrpp import MTRPP
from benchmarks.published import Known, day_of, known, minutes_of, run_one
from benchmarks.published_files import Published, read_ccvrp, read_mtrpp, read_tsplib
from benchmarks.trp import TRP
from dispatch.errors import BadInput, MissingInput
from dispatch.search.anneal import refresh_all
from dispatch.search.arrays import empty_tours

# depot at (0, 0); customers 3 east, 4 north, 3 east 4 north
CCVRP_TEXT = "3 10 999999 0\n0 0\n3 0 4\n0 4 5\n3 4 6\n"
MTRPP_TEXT = "3 1\n0 0 0\n3 0 10\n0 4 2\n3 4 30\n"
TSP_TEXT = "NAME: t\nTYPE: TSP\nDIMENSION: 4\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n1 0 0\n2 3 0\n3 0 4\n4 3 4\nEOF\n"


def written(folder, text, name="one.txt"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# --- what an answer is worth, by hand -------------------------------------------------------


def test_the_cumulative_vrp_sums_arrivals_and_not_the_way_home(tmp_path):
    # 3 to the first, 4 more to the third: 3 + 7; and 4 to the second
    assert ccvrp_value(written(tmp_path, CCVRP_TEXT), 2, [[1, 3], [2]]) == 14


def test_a_profit_shrinks_by_the_arrival_and_never_below_nothing(tmp_path):
    # 10 − 3, then 30 − 7, then 2 − 10, which counts as 0
    assert mtrpp_value(written(tmp_path, MTRPP_TEXT), 1, [[1, 3, 2]]) == 30
    assert mtrpp_value(written(tmp_path, MTRPP_TEXT), 1, [[3]]) == 25


def test_the_latency_counts_the_return(tmp_path):
    # 3, 7, 10 and home at 14
    assert trp_value(written(tmp_path, TSP_TEXT, "t.tsp"), 1, [[1, 3, 2]]) == 34


@pytest.mark.parametrize(
    ("routes", "why"),
    [
        ([[1, 2], [1, 3]], "twice"),
        ([[1], [2]], "1 of 3 are not visited"),
        ([[1], [2], [3]], "3 routes, 2 vehicles"),
        ([[2, 3], [1]], "carries 11"),
        ([[1, 2], [4]], "no customer"),
        ([[1, 2], [0]], "no customer"),
    ],
)
def test_routes_that_break_a_rule_are_worth_nothing(tmp_path, routes, why):
    with pytest.raises(NotAnAnswer, match=why):
        ccvrp_value(written(tmp_path, CCVRP_TEXT), 2, routes)


@pytest.mark.parametrize(
    ("metric", "a", "b", "far"),
    [
        ("EXACT", (0, 0), (1, 1), 2**0.5),
        ("EUC_2D", (0, 0), (1, 1), 1),  # 1.41
        ("EUC_2D", (0, 0), (1.5, 0), 2),  # halves up
        ("CEIL_2D", (0, 0), (1, 1), 2),
        ("ATT", (0, 0), (10, 0), 4),  # √(100/10) = 3.16, up
        ("ATT", (0, 0), (10, 3), 4),  # √10.9 = 3.30, up
        ("GEO", (10.3, 20), (11.0, 20), 56),  # 30 minutes north: 6378.388 · π / 360 = 55.66 km, up
        ("GEO", (0, 10), (0, 12.3), 279),  # 2°30' east on the equator: 278.3 km, up
    ],
)
def test_distances_are_those_of_tsplib(metric, a, b, far):
    file = Published(None, metric, (a, b))
    assert file.distance(0, 1) == pytest.approx(far, rel=1e-12)


@pytest.mark.parametrize("metric", sorted(published_files.METRICS))
@given(data=st.data())
def test_the_tables_of_the_search_are_the_distances_of_the_judge(metric, data):
    cell = st.floats(-80, 80, allow_nan=False).map(lambda x: round(x, 2))
    points = data.draw(st.lists(st.tuples(cell, cell), min_size=2, max_size=6, unique=True))
    file = Published(None, metric, tuple(points))
    table, last = minutes_of(file), len(points) - 1
    for i, j in itertools.permutations(range(len(points)), 2):
        # the depot, 0 in the file, is the last of the table
        assert table[(i - 1) % (last + 1), (j - 1) % (last + 1)] == pytest.approx(
            file.distance(i, j), abs=1e-9
        )


@pytest.mark.parametrize(
    ("form", "weights"),
    [
        ("FULL_MATRIX", "0 1 2 1 0 3 2 3 0"),
        ("UPPER_ROW", "1 2 3"),
        ("LOWER_ROW", "1 2 3"),
        ("UPPER_DIAG_ROW", "0 1 2 0 3 0"),
        ("LOWER_DIAG_ROW", "0 1 0 2 3 0"),
    ],
)
def test_written_out_distances_are_read_in_every_form(tmp_path, form, weights):
    head = f"TYPE: TSP\nDIMENSION: 3\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: {form} \n"
    text = f"{head}EDGE_WEIGHT_SECTION\n{weights}\nEOF\n"
    file = read_tsplib(written(tmp_path, text, "x.tsp"))
    assert [file.distance(0, 1), file.distance(0, 2), file.distance(1, 2)] == [1, 2, 3]
    assert minutes_of(file).tolist() == [[0, 3, 1], [3, 0, 2], [1, 2, 0]]


# --- the instance the search is given is the one the judge judges ---------------------------


@settings(max_examples=40)
@given(data=st.data())
@pytest.mark.parametrize("kind", [CCVRP, MTRPP, TRP], ids=["ccvrp", "mtrpp", "trp"])
def test_what_the_search_makes_small_is_what_the_judge_adds_up(tmp_path_factory, kind, data):
    folder = tmp_path_factory.mktemp("one")
    count = data.draw(st.integers(1, 6))
    whole = st.integers(0, 30)
    points = [(data.draw(whole), data.draw(whole)) for _ in range(count + 1)]
    profits = [data.draw(st.integers(100, 500)) for _ in range(count)]  # nobody's profit runs out
    if kind is CCVRP:
        lines = [f"{count} 99", "{} {}".format(*points[0]), *(f"{x} {y} 1" for x, y in points[1:])]
    elif kind is MTRPP:
        lines = [f"{count} 2", *(f"{x} {y} {p}" for (x, y), p in zip(points, [0, *profits], strict=True))]
    else:
        head = f"TYPE: TSP\nDIMENSION: {count + 1}\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION"
        lines = [head, *(f"{n} {x} {y}" for n, (x, y) in enumerate(points, start=1))]
    path = written(folder, "\n".join(lines))
    file = kind.read(path)
    fleet = 1 if kind is TRP else 2
    order = data.draw(st.permutations(range(count)))
    cut = data.draw(st.integers(0, count)) if fleet == 2 else count
    drop = data.draw(st.booleans()) if kind is MTRPP else False
    routes = [order[: max(0, cut - drop)], order[cut:]][:fleet]
    day = day_of(file, kind, fleet)
    tours = empty_tours(day, count)
    for k, route in enumerate(routes):
        tours.order[k, : len(route)] = route
        tours.length[k] = len(route)
    cost = refresh_all(day, tours)
    value = kind.judge(path, fleet, [[v + 1 for v in route] for route in routes])
    assert cost == pytest.approx(sum(file.profit) - value if kind is MTRPP else value, abs=1e-6)


def brute_force(file, judge, path, must):
    customers = range(1, file.customers + 1)
    best = []
    for size in [file.customers] if must else range(file.customers + 1):
        best += [judge(path, 1, [order]) for order in itertools.permutations(customers, size)]
    return best


@pytest.mark.parametrize("seed", [1, 2])
def test_on_tiny_instances_the_command_finds_the_optimum(tmp_path, seed):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 50, (6, 2))
    tsp = "TYPE: TSP\nDIMENSION: 6\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n" + "\n".join(
        f"{n} {x} {y}" for n, (x, y) in enumerate(points, start=1)
    )
    path = written(tmp_path, tsp, "tiny.tsp")
    row = run_one(TRP, path, Known(), vehicles=None, seed=1, cpu_seconds=0.3)
    assert row["value"] == min(brute_force(read_tsplib(path), trp_value, path, must=True))
    profits = rng.integers(10, 90, 6) * [0, 1, 1, 1, 1, 1]
    text = "5 1\n" + "\n".join(f"{x} {y} {p}" for (x, y), p in zip(points, profits, strict=True))
    path = written(tmp_path, text, "tiny.txt_1")
    row = run_one(MTRPP, path, Known(), vehicles=None, seed=1, cpu_seconds=0.3)
    assert row["value"] == max(brute_force(read_mtrpp(path), mtrpp_value, path, must=False))


# --- best known values ----------------------------------------------------------------------


def test_the_best_known_is_found_by_folder_and_name_then_name_then_stem(tmp_path):
    folder = tmp_path / "lu"
    folder.mkdir()
    written(tmp_path, "instance,servers,best_known_profit\nlu/a.txt_2,2,10\nb,,7.25\n", "best_known.csv")
    assert known(folder / "a.txt_2", None) == Known("lu/a.txt_2", 10.0, 2, 0.0)
    assert known(folder / "b.txt", None) == Known("b", 7.25, None, 0.005)
    assert known(folder / "c.txt", None) == Known()


def test_a_table_that_is_named_wins_and_must_be_there(tmp_path):
    written(tmp_path, "instance,best_known\none,1\n", "best_known.csv")
    other = written(tmp_path, "instance,best_known\none,2\n", "other.csv")
    assert known(tmp_path / "one.txt", other).value == 2
    with pytest.raises(MissingInput, match=r"gone\.csv is missing"):
        known(tmp_path / "one.txt", tmp_path / "gone.csv")


@pytest.mark.parametrize(
    "text", ["name,best_known\nx,1\n", "instance,gap\nx,1\n", "instance,best_known\nx,much\n", ""]
)
def test_a_table_of_something_else_is_refused(tmp_path, text):
    with pytest.raises(BadInput, match="expected"):
        known(tmp_path / "x.txt", written(tmp_path, text, "best.csv"))


def test_a_value_better_than_published_comes_with_its_routes_and_no_other_does(tmp_path):
    path = written(tmp_path, CCVRP_TEXT)
    # one car of 10 cannot take 15; two can: 14 at best
    better = run_one(CCVRP, path, Known("one", 14.5, 2, 0.05), vehicles=None, seed=1, cpu_seconds=0.2)
    assert better["value"] == 14
    assert better["gap_percent"] < 0
    assert ccvrp_value(path, 2, better["routes"]) == 14
    same = run_one(CCVRP, path, Known("one", 14.02, 2, 0.05), vehicles=None, seed=1, cpu_seconds=0.2)
    assert "routes" not in same


# --- bad files ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reader", "text", "why"),
    [
        (read_ccvrp, "", "empty"),
        (read_ccvrp, "many 10\n0 0\n", "'many' is not a number"),
        (read_ccvrp, "3\n0 0\n", "first line"),
        (read_ccvrp, "2.5 10\n0 0\n", "first line"),
        (read_ccvrp, "3 10\n0 0\n1 1 1\n", "says 3 customers"),
        (read_ccvrp, "1 10\n0 0\n1 1 11\n", "demands are"),
        (read_ccvrp, "1 10\n0 0\n1 inf 1\n", "not a finite number"),
        (read_ccvrp, "900000000 10\n0 0\n", "takes 1 to 5000"),
        (read_mtrpp, "1 0\n0 0 0\n1 1 1\n", "0 repairmen"),
        (read_mtrpp, "2 1\n0 0 0\n1 1 1\n", "says 2 customers"),
        (read_tsplib, "1 2 3\n", "neither a TSPLIB field"),
        (read_tsplib, "TYPE: ATSP\nEDGE_WEIGHT_TYPE: EUC_2D\n", "TYPE ATSP"),
        (read_tsplib, TSP_TEXT.replace("EUC_2D", "XRAY1"), "XRAY1"),
        (read_tsplib, TSP_TEXT.replace("DIMENSION: 4", "DIMENSION: few"), "'few'"),
        (read_tsplib, TSP_TEXT.replace("DIMENSION: 4", "DIMENSION: 5"), "has 4 lines"),
        (read_tsplib, TSP_TEXT.replace("4 3 4", "5 3 4"), "not numbered"),
        (read_tsplib, TSP_TEXT.replace("EUC_2D", "EXPLICIT"), "EDGE_WEIGHT_FORMAT missing"),
    ],
)
def test_a_bad_file_is_named_with_what_was_found(tmp_path, reader, text, why):
    path = written(tmp_path, text)
    with pytest.raises(BadInput, match=why) as said:
        reader(path)
    assert str(path) in str(said.value)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="UTF-8"):
        read_mtrpp(path)


def test_a_limit_the_problem_does_not_have_is_noted_not_hidden(tmp_path):
    file = read_ccvrp(written(tmp_path, CCVRP_TEXT.replace("999999 0", "200 10")))
    assert ["200" in file.notes[0], "10" in file.notes[1]] == [True, True]


# --- the commands ---------------------------------------------------------------------------


def command(name, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "more"),
    [("ccvrp", CCVRP_TEXT, ["--vehicles", 2]), ("mtrpp", MTRPP_TEXT, []), ("trp", TSP_TEXT, [])],
)
def test_each_command_prints_one_row_a_file_and_seed(tmp_path, name, text, more):
    path = written(tmp_path, text)
    done = command(name, path, *more, "--cpu-seconds", 0.2, "--seeds", "1,2", "--json")
    rows = json.loads(done.stdout)
    assert [(row["instance"], row["seed"]) for row in rows] == [("one", 1), ("one", 2)]
    best = {"ccvrp": 14, "mtrpp": 30, "trp": 34}[name]
    for row in rows:
        assert row.keys() == {"instance", "seed", "value", "best_known", "gap_percent", "cpu_seconds"}
        assert row["value"] == best
        assert row["best_known"] is row["gap_percent"] is None
        assert row["cpu_seconds"] > 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["gone.txt"], "gone.txt is missing"),
        (["pyproject.toml"], "is not a number"),
        (["--seeds", "one"], "expected whole numbers"),
        (["--cpu-seconds", "0"], "above 0"),
    ],
)
def test_a_wrong_command_is_answered_in_one_line(arguments, why):
    done = command("mtrpp", *arguments)
    assert done.returncode == 2
    assert why in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_without_vehicles_anywhere_the_command_says_what_to_give(tmp_path):
    done = command("ccvrp", written(tmp_path, CCVRP_TEXT))
    assert done.returncode == 2
    assert "give --vehicles" in done.stderr.splitlines()[-1]


def test_the_instances_beside_the_repository_can_all_be_read(shared_data):
    folder = shared_data / "benchmarks"
    for kind, files in (
        (CCVRP, (folder / "ccvrp").glob("*.txt")),
        (TRP, (folder / "trp").glob("*.tsp")),
        (MTRPP, (folder / "mtrpp").glob("*/*")),
    ):
        for path in files:
            file, best = kind.read(path), known(path, None)
            assert file.customers > 0
            assert best.value is not None, path
            assert kind is not MTRPP or best.vehicles == file.vehicles
    assert published.BESIDE.name == "benchmarks"
