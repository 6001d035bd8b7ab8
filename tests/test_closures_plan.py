"""Closures and weather in a plan: by hand on a street with a bridge, and through the command line."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import geopandas as gpd
import jsonschema
import make
import numpy as np
import pandas as pd
import pytest
from doors import DAY, ROOT, run_dispatch
from test_roads_travel import BOTH, METRE, PLAIN, network

from dispatch import routing
from dispatch.area import open_area
from dispatch.day.closing import begin_on_routes, cut_off
from dispatch.day.request import read_rules
from dispatch.errors import BadInput, SettingsError
from dispatch.planfile import read_plan
from dispatch.reasons import CATALOGUE, say
from dispatch.roads.closure_file import read_closures
from dispatch.roads.closures import Closure, ClosureSettings, applied
from dispatch.roads.speeds import Speeds, default_speeds
from dispatch.roads.travel import Travel
from dispatch.rules import audit
from dispatch.settings import section

EXAMPLE = ROOT / "data" / "maoming" / "closures.geojson"

# West bank 0 - 1, two bridges from 1 to 2 (north, 2 km; south, 3 km by 4), east bank 2 - 3, a ford 3 - 5, and 5 - 6.
NODES = [(0, 0), (5000, 0), (7000, 0), (12_000, 0), (6000, -1200), (13_000, 0), (17_000, 0)]
EDGES = [(0, 1), (1, 2), (2, 3), (1, 4), (4, 2), (3, 5), (5, 6)]
ROADS = network(NODES, [(*edge, BOTH) for edge in EDGES])
NORTH, SOUTH, FORD = 1, 4, 5


def closure(*edges, name="桥", **given):
    return Closure(np.array(edges), name=name, id=name, **given)


def moved(one, x_metres, y_metres=0.0):
    return replace(one, lon=x_metres * METRE, lat=y_metres * METRE)


def roads_under(closures, network_=ROADS):
    return {
        profile: Travel(network_, profile, closures=applied(closures, profile, make.NOW), speeds=PLAIN)
        for profile in ("car", "motorcycle", "foot")
    }


def day(closures, cases=None, network_=ROADS, **crew):
    """A crew on the west bank, a case on the east one, beyond the ford another; minutes by road."""
    responders = [moved(make.responder("r1", **crew), 0)]
    cases = cases or [
        make.case("c1", places=[moved(make.place(), 10_000)]),
        make.case("c2", places=[moved(make.place(), 16_000)]),
    ]
    points = np.array([(place.lon, place.lat) for case in cases for place in case.places])
    travels = roads_under(closures, network_)
    minutes = {profile: one.problem_minutes([[0.0, 0.0]], points) for profile, one in travels.items()}
    return make.problem(responders, cases, travel=minutes)


def named(closures, network_=ROADS, **more):
    problem = day(closures, network_=network_, **more)
    return cut_off(problem, roads_under(closures, network_), closures)


# --- who is cut off, and by what


def test_the_closure_that_cuts_a_place_off_is_named():
    assert named([closure(FORD, name="浅滩"), closure(NORTH, name="北桥")]) == {"c2/0": "浅滩"}


def test_a_closure_with_a_way_round_it_cuts_nobody_off():
    assert named([closure(NORTH)]) == {}
    assert named([closure(SOUTH, factor=0.1), closure(NORTH)]) == {}


def test_of_two_closures_either_of_which_would_do_the_shorter_way_through_is_named():
    both = [closure(3, SOUTH, name="南桥"), closure(NORTH, name="北桥")]
    assert named(both) == {"c1/0": "北桥", "c2/0": "北桥"}


def test_where_none_is_alone_in_the_way_they_are_named_together():
    both = [closure(NORTH, SOUTH, name="两桥"), closure(FORD, name="浅滩")]
    assert named(both) == {"c1/0": "两桥", "c2/0": "两桥、浅滩"}


def test_a_closure_that_ends_earlier_begins_later_or_holds_for_others_cuts_nobody_off():
    hour = timedelta(hours=1)
    assert named([closure(FORD, begins=make.NOW + hour)]) == {}
    assert named([closure(FORD, ends=make.NOW)]) == {}
    assert named([closure(FORD, profiles=frozenset({"foot"}))]) == {}
    assert named([closure(FORD, profiles=frozenset({"car"}))]) == {"c2/0": "桥"}
    assert named([closure(FORD, profiles=frozenset({"car"}))], profile="motorcycle") == {}


def test_a_place_no_road_leads_to_anyway_is_not_blamed_on_a_closure():
    island = network([*NODES, (20_000, 5000), (21_000, 5000)], [*((*e, BOTH) for e in EDGES), (7, 8, BOTH)])
    far = [make.case("c9", places=[moved(make.place(), 20_500, 5000)])]
    assert named([closure(FORD)], island, cases=far) == {}


def test_a_case_cut_off_is_left_out_naming_the_closure():
    held = [closure(FORD, name="浅滩")]
    problem = day(held)
    problem = replace(problem, cut_off=cut_off(problem, roads_under(held), held))
    plan = routing.solve(problem, "nearest")
    (left,) = plan.left_out
    assert (left.case_id, say(left.reason, "en")) == ("c2", "cut off by a closed road: 浅滩")
    assert audit(problem, plan) == []


# --- what begins later


def warned(begins_minutes, *edges, **given):
    problem = day([])
    plan = routing.solve(problem, "nearest")
    roads = Travel(ROADS, "car", speeds=PLAIN)
    here, legs = np.array([[0.0, 0.0]]), {}
    places = {place.id: place for case in problem.cases for place in case.places}
    for stop in plan.routes[0].stops:
        there = np.array([[places[stop.place_id].lon, places[stop.place_id].lat]])
        legs[stop.id] = roads.path(here, there)
        here = there
    legs["r1/home"] = roads.path(here, np.array([[0.0, 0.0]]))
    held = [closure(*edges, begins=make.NOW + timedelta(minutes=begins_minutes), **given)]
    return begin_on_routes(problem, plan, legs, held)


def test_a_closure_that_begins_while_the_plan_runs_over_it_is_warned_of():
    # c1 at 10 km and 10 min on site, c2 at 16 km and 10 min: home over the bridge at 52 minutes
    (warning,) = warned(30, NORTH)
    assert (warning.code, dict(warning.params)) == (
        "CLOSES_AHEAD", {"closure": "桥", "what": "shut", "time": "14:30", "responders": ["crew r1"]},
    )  # fmt: skip
    assert say(warning, "zh") == "桥将于 14:30 起封闭，crew r1 的路线在此之后经过"
    (slow,) = warned(30, NORTH, factor=0.5)
    assert "is slowed from 14:30" in say(slow, "en")


def test_who_is_through_before_it_begins_is_told_not_to_be_late():
    assert [one.code for one in warned(300, NORTH)] == ["CLOSES_BEHIND"]


def test_what_the_plan_does_not_use_or_begins_beyond_the_horizon_is_not_warned_of():
    assert warned(30, SOUTH) == ()
    assert warned(make.HORIZON_MINUTES, NORTH) == ()
    assert warned(30, NORTH, profiles=frozenset({"foot"})) == ()
    assert warned(0, NORTH) == ()  # in force already


# --- weather


def test_rain_makes_every_way_longer_and_a_motorcycle_more_than_a_car():
    hours = range(24)
    for profile, share in (("car", 0.9), ("motorcycle", 0.8)):
        dry, wet = (default_speeds().in_weather(one).edge_kmh(ROADS, profile, 9) for one in ("dry", "rain"))
        assert wet == pytest.approx(share * dry)
    for weather in default_speeds().weather_share:
        for profile in ("car", "motorcycle", "foot"):
            slow = default_speeds().in_weather(weather)
            assert all(
                (slow.edge_kmh(ROADS, profile, h) <= default_speeds().edge_kmh(ROADS, profile, h)).all()
                for h in hours
            )


def test_in_dense_fog_nobody_drives_faster_than_the_law_allows():
    fast = default_speeds().model_copy(update={"hour_share": dict.fromkeys(PLAIN.hour_share, (3.0,) * 24)})
    assert fast.in_weather("dense_fog").edge_kmh(ROADS, "car", 3).max() == 30


def test_the_weather_may_stand_in_the_settings_and_the_command_line_goes_over_it(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text('[speeds]\nweather = "fog"\n')
    assert read_rules(path).speeds.weather == "fog"
    assert read_rules(path, "ice").speeds.weather == "ice"
    assert read_rules(None).speeds.weather == "dry"


def test_an_unknown_weather_is_refused_with_the_known_ones():
    with pytest.raises(BadInput, match="sunny.*dry, rain"):
        read_rules(None, "sunny")
    with pytest.raises(SettingsError, match="weather is 'sunny'.*heavy_rain"):
        section(Speeds, "speeds", {"speeds": {"weather": "sunny"}})
    with pytest.raises(SettingsError, match="each once"):
        section(Speeds, "speeds", {"speeds": {"weather_share": {"hail": {"car": 0.5}}}})


# --- through the command line


def plan(out, *more, alerts=DAY):
    told = ("--at", "2026-05-01T14:00", "--policy", "nearest", "--bound-seconds", "0")
    return run_dispatch("plan", alerts, "--area", "maoming", *told, "--out", out, *more)


@pytest.fixture(scope="module")
def flooded(tmp_path_factory):
    """The practice day with the practice closures, two features of which are spoiled."""
    folder = tmp_path_factory.mktemp("flooded")
    given = json.loads(EXAMPLE.read_text("utf-8"))
    bridge = given["features"][0]
    given["features"] += [
        bridge | {"properties": bridge["properties"] | {"closed": False, "factor": 2}},
        bridge | {"properties": {"road": "=cmd|'/c calc'!A1", "closed": True}, "geometry": None},
    ]
    (folder / "closures.geojson").write_text(json.dumps(given), "utf-8")
    done = plan(folder / "plan", "--closures", folder / "closures.geojson", "--weather", "rain")
    assert done.returncode == 0, done.stderr
    return folder / "plan", done


def test_the_practice_closures_cut_cases_off_by_name(flooded):
    out, _ = flooded
    left_out = pd.read_csv(out / "left_out.csv")
    cut = left_out[left_out["code"] == "CLOSED_ROAD"]
    assert len(cut) > 0
    assert cut["sentence"].str.contains("儒洞河").all()
    assert set(left_out["code"]) <= set(CATALOGUE)


def test_the_plan_file_keeps_the_closures_and_its_schema(flooded):
    out, _ = flooded
    raw = json.loads((out / "plan.json").read_text("utf-8"))
    jsonschema.validate(raw, json.loads((ROOT / "docs" / "plan.schema.json").read_text()))
    assert {one["id"]: one["in_force"] for one in raw["closures"]} == {
        "flood-228": True, "flood-325": True, "flood-motorway": True, "market": True, "works": False,
    }  # fmt: skip
    assert raw["settings"]["speeds"]["weather"] == "rain"
    assert "CLOSED_ROAD" in {one["code"] for one in raw["left_out"]}
    file = read_plan(out)
    assert audit(file.problem, file.plan) == []
    assert [one["name"] for one in file.closures] == [one["name"] for one in raw["closures"]]
    assert [one.code for one in file.warnings] == [one["code"] for one in raw["warnings"]]


def test_no_leg_of_the_plan_runs_over_a_closed_bridge(flooded):
    out, _ = flooded
    routes, closed = (
        gpd.read_file(out / "plan.gpkg", layer=layer).to_crs(32649) for layer in ("routes", "closures")
    )
    shut = closed[(closed["in_force"] == 1) & (closed["factor"] == 0)]
    assert len(shut) == 3
    # a leg may end at a closed stretch, never run along it
    over = routes.geometry.apply(lambda leg: shut.intersection(leg).length.max())
    assert over.max() < 1.0  # metres


def test_what_begins_later_on_a_road_of_the_plan_is_warned_of(flooded):
    out, done = flooded
    raw = json.loads((out / "plan.json").read_text("utf-8"))
    warned_of = {one["params"]["closure"] for one in raw["warnings"]}
    assert warned_of == {"茂名大道袂花江桥"}
    assert "warning: 茂名大道袂花江桥 is closed from 15:00" in done.stderr
    assert json.loads((out / "run.json").read_text("utf-8"))["warnings"]


def test_a_feature_that_cannot_be_used_is_noted_and_listed_harmlessly(flooded):
    out, done = flooded
    rejected = pd.read_csv(out / "rejected_closures.csv", dtype=str)
    assert rejected["number"].tolist() == ["6", "7"]
    assert rejected["column"].tolist() == ["factor", "road"]
    assert rejected["found"].tolist() == ["2", "'=cmd|'/c calc'!A1"]
    assert "closure 6 is not used: factor: found 2, expected" in done.stderr
    assert "closures at 14:00: 4 in force, 1 beginning within the horizon" in done.stderr
    assert "closures" in json.loads((out / "run.json").read_text("utf-8"))["hashes"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--closures", "nowhere.geojson"), "nowhere.geojson"),
        (("--weather", "sunny"), "heavy_rain"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_no_plan(tmp_path, more, said):
    pd.read_csv(DAY, dtype=str).tail(20).to_csv(tmp_path / "alerts.csv", index=False)
    done = plan(tmp_path / "plan", *more, alerts=tmp_path / "alerts.csv")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1)
    assert said in done.stderr
    assert not (tmp_path / "plan").exists()


def test_the_example_of_the_documentation_is_read_whole(tmp_path):
    text = (ROOT / "docs" / "closures.md").read_text("utf-8")
    (tmp_path / "closures.geojson").write_text(text.split("```json\n")[1].split("```")[0], "utf-8")
    area = open_area("maoming")
    rules = section(ClosureSettings, "closures")
    file = read_closures(tmp_path / "closures.geojson", area.network, area.time_zone, rules)
    assert [one.name for one in file.closures] == ["228国道儒洞河桥", "沿江街"]
    assert len(file.rejected) == 0


def test_the_time_of_the_example_is_that_of_the_practice_day():
    moments = [one["properties"]["from"] for one in json.loads(EXAMPLE.read_text("utf-8"))["features"]]
    assert {datetime.fromisoformat(one).date().isoformat() for one in moments} == {"2026-05-01"}
