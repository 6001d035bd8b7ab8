"""The measurements run as documented, and the roads made for them are like roads."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from doors import DAY, ROOT

from benchmarks.road_maker import road_network
from benchmarks.road_oracle import Oracle
from benchmarks.road_work import points_near
from benchmarks.roads import MILLION_GOALS, TOWN_GOALS
from dispatch.errors import BadInput
from dispatch.roads.network import PROFILE_BIT, Network
from dispatch.roads.snap import Snaps, largest_piece
from dispatch.roads.travel import Travel


def run_benchmark(name, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip


def figures(name, *arguments):
    done = run_benchmark(name, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_roads_benchmark_measures_every_goal_and_checks_every_answer():
    report = figures("roads", "--quick")
    (town,) = report["extracts"]
    assert len(town["table"]) == len(TOWN_GOALS)
    assert len(report["million"]["table"]) == len(MILLION_GOALS)
    assert all(row["measured"] > 0 for row in town["table"] if "peak" in row["what"] or "×" in row["what"])
    # small sizes say nothing about goals
    assert all(row["met"] is None for row in town["table"] + report["million"]["table"])
    assert report["machine"]["threads_used"] == 1
    assert "load_before" in report
    assert "load_after" in report
    assert len(report["checks"]) >= 10
    assert all(report["checks"].values()), report["checks"]
    assert report["same_answers"] is True
    assert town["details"]["share_reachable"] > 0.5


def test_an_extract_that_is_not_there_is_named_in_one_line():
    done = run_benchmark("roads", "nowhere.osm.pbf")
    assert done.returncode == 2
    assert "nowhere.osm.pbf" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_the_import_benchmark_names_what_it_measured():
    (town,) = figures("area_import", "--quick")
    assert town["extract"] == "lattice.osm"
    assert town["edges"] > town["junctions"] > 100
    assert town["import_cpu_seconds"] > 0
    assert 0.5 < town["share_reachable"] <= 1


def test_the_benchmark_of_names_loads_what_it_wrote():
    found = figures("gazetteer_load", "--quick")
    assert found["entries"] == 2_000
    assert found["load_cpu_seconds"] > 0
    assert found["goal_seconds"] == 0.5


def test_the_practice_day_benchmark_plans_the_alerts_it_is_given(tmp_path):
    lines = DAY.read_text(encoding="utf-8").splitlines(keepends=True)
    alerts = tmp_path / "noon.csv"
    alerts.write_text("".join([lines[0], *lines[4200:4240]]), encoding="utf-8")
    day = figures("practice_day", "--alerts", alerts, "--runs", "1", "--seconds", "0.5")
    assert day["cases"] >= day["visited"] > 0
    assert day["expected_loss_yuan"] <= day["nearest_expected_loss_yuan"]
    assert day["stages_wall_seconds"]["measuring the roads"] > 0


@pytest.mark.parametrize(("nodes", "seed"), [(500, 1), (501, 2), (3000, 3), (20_000, 4)])
def test_made_roads_have_exactly_the_junctions_asked_for_each_of_them_used(nodes, seed):
    network = road_network(nodes, seed)
    assert network.node_count == nodes
    assert len(np.unique([network.edge_from, network.edge_to])) == nodes


def test_the_same_seed_makes_the_same_roads_and_another_makes_others():
    first, same, other = road_network(800, 5), road_network(800, 5), road_network(800, 6)
    assert (first.shape_lon == same.shape_lon).all()
    assert (first.turn_to_edge == same.turn_to_edge).all()
    assert not np.array_equal(first.shape_lon, other.shape_lon)


def test_made_roads_meet_as_roads_do():
    # OpenStreetMap extracts of Chinese counties: 18-21 % dead ends, 51-54 % three-ways, 20-26 % crossings
    network = road_network(20_000)
    degree = np.bincount(np.concatenate([network.edge_from, network.edge_to]))
    share = np.bincount(degree, minlength=5) / len(degree)
    assert 0.15 < share[1] < 0.25
    assert 0.40 < share[3] < 0.60
    assert 0.15 < share[4] < 0.30
    ahead, back = (network.edge_access & 1) > 0, (network.edge_access & 2) > 0
    assert 0.01 < (ahead ^ back).mean() < 0.2
    assert largest_piece(network, ahead, back).mean() > 0.95


def test_a_made_edge_is_drawn_between_its_junctions_and_as_long_as_its_line():
    network = road_network(500)
    for edge in range(network.edge_count):
        line = network.shape(edge)
        assert line[0] == pytest.approx([network.node_lon[network.edge_from[edge]],
                                         network.node_lat[network.edge_from[edge]]])  # fmt: skip
        assert line[-1] == pytest.approx([network.node_lon[network.edge_to[edge]],
                                          network.node_lat[network.edge_to[edge]]])  # fmt: skip
        # 1° of latitude is 110.7 km at 21.5° N, of longitude 103.6 km
        steps = np.diff(line, axis=0) * [103_600, 110_700]
        assert network.edge_length_metres[edge] == pytest.approx(np.hypot(*steps.T).sum(), rel=0.04)


def test_a_forbidden_turn_of_made_roads_names_two_edges_of_its_junction():
    network = road_network(3000)
    assert len(network.turn_via_node) > 5
    for edges in (network.turn_from_edge, network.turn_to_edge):
        ends = np.stack([network.edge_from[edges], network.edge_to[edges]])
        assert (ends == network.turn_via_node).any(axis=0).all()
    assert (network.turn_from_edge != network.turn_to_edge).all()


@pytest.mark.parametrize("nodes", [0, 499, 5_000_000])
def test_a_size_that_cannot_be_made_is_refused(nodes):
    with pytest.raises(BadInput, match="junctions asked for"):
        road_network(nodes)


def crossroads():
    """Four arms of 600 m around junction 4: 0 south, 1 east, 2 north, 3 west; 40 m more to the north."""
    lon, lat = np.array([0, 1, 0, -1, 0]) * 0.006, np.array([-1, 0, 1, 0, 0]) * 0.006
    arms = 4
    return Network(
        node_lon=lon, node_lat=lat,
        edge_from=np.arange(arms, dtype=np.int32), edge_to=np.full(arms, 4, np.int32),
        edge_length_metres=np.array([600, 600, 640, 600], np.float32),
        edge_class=np.full(arms, 2, np.uint8), edge_access=np.full(arms, 63, np.uint8),
        edge_maxspeed_kmh=np.full(arms, 45, np.float32), edge_name=np.full(arms, -1, np.int32),
        edge_osm_id=np.arange(arms), names=np.zeros(0, "U1"), shape_start=np.arange(arms + 1) * 2,
        shape_lon=np.column_stack([lon[:4], np.zeros(4)]).ravel(),
        shape_lat=np.column_stack([lat[:4], np.zeros(4)]).ravel(),
    )  # fmt: skip


def end_of(network, arm):
    place = np.array([[network.node_lon[arm], network.node_lat[arm]]])
    return place[0], Snaps(np.array([arm]), np.zeros(1), np.zeros(1), place)


@pytest.mark.parametrize(
    ("only", "seconds"),
    [
        (None, [120, 124, 120]),
        (False, [240, 124, 120]),  # no turn east: 120 to the west's end, turn, 60 back, 60 east
        (True, [120, 244, 240]),  # only east: 120 to its end, turn, 60 back, 64 north or 60 west
    ],
)
def test_the_oracle_keeps_turn_restrictions(only, seconds):
    # 36 km/h (0.8 × 45) is 10 m/s: an arm takes 60 s, the northern one 64 s
    network = crossroads()
    if only is not None:
        network = replace(
            network, turn_from_edge=np.array([0], np.int32), turn_via_node=np.array([4], np.int32),
            turn_to_edge=np.array([1], np.int32), turn_only=np.array([only]),
            turn_profiles=np.array([PROFILE_BIT["car"]], np.uint8),
        )  # fmt: skip
    origin, start = end_of(network, 0)
    goals = [end_of(network, arm) for arm in (1, 2, 3)]
    found = [Oracle(network).minutes(origin, start, goal[None], end)[0][0] * 60 for goal, end in goals]
    assert found == pytest.approx(seconds)


@pytest.mark.parametrize("engine", ["scipy", "cch"])
def test_on_made_roads_every_engine_gives_the_minutes_of_networkx(engine):
    network = road_network(2000, 7)
    rng = np.random.default_rng(7)
    network = replace(network, turn_only=rng.random(len(network.turn_only)) < 0.5)
    travel, oracle = Travel(network, "car", engine=engine), Oracle(network)
    points = points_near(network, 60, 7)
    points[50:] = points[:10] + rng.normal(0, 0.0003, (10, 2))  # some on the same edge
    table, snaps = travel.matrix(points, points), travel.snap(points)
    for row in range(len(points)):
        assert (oracle.minutes(points[row], snaps.row(row), points, snaps)[0] == table[row]).all()
    assert (oracle.nearest(snaps.row(np.arange(5))) == travel.nearest(points[:5])[0]).all()
