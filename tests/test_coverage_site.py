"""`dispatch coverage site`: candidates, who may serve whom, and the command from file to answer."""

import json
import math

import make_coverage as tiny
import numpy as np
import pytest
from doors import run_dispatch

from dispatch.coverage.candidates import read_candidates, village_candidates
from dispatch.coverage.site_question import once_each, question_of, shares_of
from dispatch.coverage.siting.ask import site
from dispatch.coverage.supply import call_up, coming
from dispatch.errors import BadInput
from dispatch.loss import loss_yuan, never_yuan
from dispatch.places.gazetteer import Gazetteer


@pytest.fixture(scope="module")
def ground():
    return tiny.area()


@pytest.fixture(scope="module")
def names(ground):
    return Gazetteer(ground.gazetteer, ground.boundaries)


@pytest.fixture(scope="module")
def asked_of(ground, names, tmp_path_factory):
    """A station stands at kilometre 0; villages 5, 20 and 40 km east with 100, 300, 600 residents: a minute a kilometre."""
    people = tiny.supply(tmp_path_factory.mktemp("site"), "here,station,0,08:00,20:00,4401", ground=ground)
    demand = tiny.villages(ground)

    def asked(model, **given):
        spots = village_candidates(names, "station", "car")
        return question_of(ground, people, demand, spots, model, **given)

    return asked


def test_the_next_station_stands_where_most_are_out_of_reach(asked_of):
    answer = site(asked_of("mclp", add=1, reach_minutes=12.0).question)
    assert [one.name for one in answer.added] == ["far村"]  # 600 against 300
    assert (answer.covered_today, answer.covered) == (100, 700)
    assert [(one.name, one.gain) for one in answer.one_more] == [("middle村", 300), ("near村", 0)]
    assert answer.proved


def test_least_loss_reckons_with_the_case_s_own_curve_and_a_unit_that_may_be_out(asked_of):
    asked = asked_of("loss", add=1, busy_share=0.25).question
    case = (
        tiny.villages(tiny.area()).points[2].case
    )  # the far village: 600 of 1,000 residents, so 600 of 1,000 alerts
    horizon = tiny.RULES.planning.horizon_minutes
    assert asked.loss_yuan[0, 0] == pytest.approx(100 * loss_yuan(case, asked.minutes[0, 0], horizon))
    assert asked.never_yuan[0] <= 100 * never_yuan(
        case, horizon
    )  # what being late costs beside the money is left out
    # today: the one unit is free three times in four, else nobody comes
    today = float((0.75 * np.minimum(asked.loss_yuan[0], asked.never_yuan) + 0.25 * asked.never_yuan).sum())
    answer = site(asked)
    assert answer.today == pytest.approx(today)
    assert answer.objective < today
    assert answer.proved


def test_who_stands_serves_whom_it_may_by_its_jurisdiction(ground, names, tmp_path):
    rules = tiny.RULES.planning.model_copy(update={"strict": True})
    people = tiny.supply(tmp_path, "here,station,0,08:00,20:00,4401", ground=ground)
    people = tiny.replaced(people, rules=tiny.replace(tiny.RULES, planning=rules))
    asked = question_of(
        ground, people, tiny.villages(ground), village_candidates(names, "station", "car"), "mclp", add=1
    )
    # 乙县's village is not the standing station's to serve; a new site's it is
    assert np.isfinite(asked.question.minutes[0]).tolist() == [True, True, False]
    assert np.isfinite(asked.question.minutes[1:]).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("place,cost\n", "no rows: there are no candidate sites"),
        ("place,cost\nnear村,-2\n", r"row 2, column cost: found '-2', expected"),
        ("place,cost\nnowhere,2\n", r"row 2, column place: found 'nowhere'"),
        ("cost\n2\n", "no column says where"),
        ("lon,lat,datum\n110.0,60,WGS84\n", "row 2, column lat: found '110, 60'"),
        ("lon,lat\n110.0,3.5\n", "row 2, column datum"),
        (
            "place,lon,lat,datum\nnear村,,,\n,3.5,110.0,WGS84\n",
            "row 3, column lon: found '3.5, 110', .*look swapped",
        ),
        ("place,units\nnear村,0\n", "row 2, column units: found '0'"),
        ("place,shift_from\nnear村,08:00\n", "row 2, column shift_to"),
        ("place,capacity\nnear村,1e300\n", "row 2, column capacity: found '1e300'"),
    ],
)
def test_a_candidate_that_cannot_be_used_is_named(names, tmp_path, text, said):
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        read_candidates(tmp_path / "c.csv", names, "station", "car")


def test_candidates_have_costs_capacities_and_rows(names, tmp_path):
    (tmp_path / "c.csv").write_text(
        f"名称,经度,纬度,坐标系,费用,容量\n东站,{tiny.east(30)},{tiny.SOUTH},WGS84,3,500\n,{tiny.east(1)},{tiny.SOUTH},WGS84,,\n",
        encoding="utf-8",
    )
    first, second = read_candidates(tmp_path / "c.csv", names, "town", "motorcycle")
    assert (first.name, first.cost, first.capacity, first.profile) == ("东站 (row 2)", 3, 500, "motorcycle")
    assert (second.cost, second.capacity) == (1, math.inf)


def test_who_stands_is_who_reach_finds_in_time(ground, names, tmp_path):
    # on duty in 20 minutes and 5, 20, 40 from the villages; the other's shift ends before a visit could
    people = tiny.supply(
        tmp_path,
        "soon,station,0,12:20,20:00,4401|4402",
        "late,station,20,08:00,12:10,4401|4402",
        ground=ground,
    )
    demand = tiny.villages(ground)
    spots = village_candidates(names, "station", "car")
    for within, covered in ((24.0, 0), (30.0, 100), (45.0, 400), (61.0, 1000)):
        by_reach = coming(people, demand).minutes[:, 0] <= within
        asked = question_of(ground, people, demand, spots, "mclp", add=1, reach_minutes=within).question
        answer = site(asked)
        assert answer.covered_today == demand.weights[by_reach].sum() == covered


def test_where_nobody_stands_the_first_site_is_found(ground, names, tmp_path):
    path = tiny.responders(tmp_path / "r.csv", "here,station,0,08:00,20:00,4401")
    people = call_up(ground, tiny.NIGHT, tiny.RULES, responders=path, somebody=False)
    spots = village_candidates(names, "station", "car")
    answer = site(
        question_of(ground, people, tiny.villages(ground), spots, "mclp", add=1, reach_minutes=12.0).question
    )
    assert (answer.covered_today, answer.covered) == (0, 600)


def test_several_cars_may_stand_at_one_place(ground, names, tmp_path):
    (tmp_path / "c.csv").write_text("place,cars,cost\nfar,3,2\nnear,,2\n", encoding="utf-8")
    spots = read_candidates(tmp_path / "c.csv", names, "station", "car")
    assert [one.name for one in spots] == [
        "far村 (row 2) #1",
        "far村 (row 2) #2",
        "far村 (row 2) #3",
        "near村 (row 3)",
    ]
    people = tiny.supply(tmp_path, "here,station,0,08:00,20:00,4401", ground=ground)
    # a car is out half of the time: 600 x (1/2 + 1/4) for two at the far place beat 600/2 and 100/4 of one at each
    asked = question_of(
        ground, people, tiny.villages(ground), spots, "mexclp", budget=4.0, reach_minutes=12.0, busy_share=0.5
    )
    answer = once_each(site(asked.question), asked)
    assert sorted(one.name[:2] for one in answer.added) == ["fa", "fa"]
    assert answer.gain == pytest.approx(450)
    assert [(one.name[:3], one.gain) for one in answer.one_more] == [("far", 75), ("nea", 25)]


def test_a_shift_counts_in_its_own_hours(ground, names, tmp_path):
    (tmp_path / "c.csv").write_text(
        "place,班次起,班次止\nfar,08:00,20:00\nfar,20:00,08:00\nmiddle,22:00,06:00\n", encoding="utf-8"
    )
    spots = read_candidates(tmp_path / "c.csv", names, "village", "car")
    path = tiny.responders(tmp_path / "r.csv", "here,station,40,08:00,20:00,4402")
    moments = [
        (call_up(ground, at, tiny.RULES, responders=path, somebody=False), share)
        for at, share in ((tiny.NIGHT, 0.25), (tiny.NOON, 0.75))
    ]
    asked = question_of(ground, moments, tiny.villages(ground), spots, "mclp", add=1, reach_minutes=12.0)
    answer = site(asked.question)
    # by day the far village has a crew: 3/4 of 600. Of the rest, its night shift gains a quarter of 600
    assert answer.covered_today == pytest.approx(450)
    assert [one.name for one in answer.added] == ["far村 (row 3)"]
    assert answer.covered == pytest.approx(600)
    assert [one.name for one in answer.sites if one.existing] == ["here 12:00"]
    with pytest.raises(BadInput, match="ask of one hour"):
        question_of(ground, moments, tiny.villages(ground), spots, "mclp", add=1, movable=True)


def test_the_day_s_demand_is_parted_by_the_hours_asked(ground):
    demand = tiny.villages(ground)
    assert shares_of(demand, [3, 9, 15]).tolist() == pytest.approx([6 / 24, 6 / 24, 12 / 24])
    assert shares_of(demand, [12]).tolist() == [1.0]


def test_the_command_answers_with_tables_and_a_map(tmp_path):
    (tmp_path / "c.csv").write_text("place\n彩楼村委会\n淡粉村委会\n礼圩居委会\n", encoding="utf-8")
    out = tmp_path / "out"
    done = run_dispatch(
        "coverage", "site", "maoming", "--add", 1, "--candidates", tmp_path / "c.csv", "--at", "2026-05-01T03:00",
        "--out", out, "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["proved"] is True
    assert told["objective"] == told["bound"] > told["today"]
    assert told["objective"] == pytest.approx(told["today"] + told["gain"])
    assert len([one for one in told["sites"] if not one["existing"]]) == 1
    gains = [one["gain"] for one in told["one_more"]]
    assert gains == sorted(gains, reverse=True)
    assert {one.name for one in out.iterdir()} == {
        "coverage.json", "sites.csv", "one_more.csv", "curve.csv", "counties.csv", "siting.xlsx", "map.html",
    }  # fmt: skip
    assert all(one.stat().st_mode & 0o077 == 0 for one in out.iterdir())


def test_a_question_the_model_does_not_ask_is_refused_in_one_line():
    done = run_dispatch("coverage", "site", "maoming", "--model", "lscp", "--add", 2)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        "error: lscp asks how few sites cover everybody: leave out --add and --budget"
    )
