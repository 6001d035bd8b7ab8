"""Demand and who could come, counted by hand along one road; and files that are refused by row."""

from __future__ import annotations

import make_coverage as tiny
import numpy as np
import pytest
from conftest import REPOSITORY

from dispatch.coverage.demand import mixed, refuse_nothing
from dispatch.coverage.demand_file import COLUMNS, read_demand
from dispatch.coverage.supply import call_up, coming, roads, site_minutes
from dispatch.errors import BadInput
from dispatch.places.gazetteer import Gazetteer

STATION = "S1,station,0,08:00,20:00,440101"


@pytest.fixture(scope="module")
def ground():
    return tiny.area()


@pytest.fixture(scope="module")
def names(ground):
    return Gazetteer(ground.gazetteer, ground.boundaries)


def table(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(path, names, **more):
    return read_demand(path, names, tiny.RULES, "Asia/Shanghai", **more)


def test_villages_weigh_their_residents(ground):
    demand = tiny.villages(ground)
    assert [(one.name, one.weight, one.town) for one in demand.points] == [
        ("near村", 100, "440101"),
        ("middle村", 300, "440101"),
        ("far村", 600, "440201"),
    ]
    assert demand.total == 1000


def test_a_kilometre_is_a_minute_and_only_who_may_go_counts(tmp_path, ground):
    # the cadre of 甲镇 may help out in its township, not at 40 km in 乙镇; the station of 甲县 not in 乙县
    people = tiny.supply(
        tmp_path, STATION, "V1,village,20,08:00,20:00,middle", "C1,county,60,08:00,20:00,4402", ground=ground
    )
    found = coming(people, tiny.villages(ground))
    crew = [one.id for one in people.responders]
    first = [crew[who] for who in found.who[:, 0]]
    assert first == ["S1", "V1", "C1"]
    assert np.allclose(found.minutes[:, 0], [5, 0, 20], atol=0.01)
    assert np.allclose(found.minutes[0, :3], [5, 15, 55], atol=0.01)
    assert found.in_range.tolist() == [3, 3, 1]


def test_who_comes_on_duty_later_comes_later_and_who_cannot_be_home_in_time_not_at_all(tmp_path, ground):
    # on from 12:10: ten minutes later; 20 out + 25 at the door + 20 home = 65 minutes, so not before 13:00
    later = coming(
        tiny.supply(tmp_path, "S1,station,0,12:10,20:00,440101", STATION.replace("S1", "S2"), ground=ground),
        tiny.villages(ground),
    )
    assert np.allclose(later.minutes[1, :2], [20, 30], atol=0.01)
    short = coming(
        tiny.supply(tmp_path, "S1,station,0,08:00,13:00,440101", ground=ground), tiny.villages(ground)
    )
    assert np.isfinite(short.minutes[:, 0]).tolist() == [True, False, False]


def test_candidate_places_share_the_weight_and_the_rest_is_nowhere(tmp_path, names):
    path = table(
        tmp_path / "d.csv", "编号,权重,地点,可能性,误差半径", "a,10,near,0.5,", "a,,far,0.25,400", "b,2,middle,,"
    )  # fmt: skip
    demand = read(path, names)
    assert [one.id for one in demand.points] == ["a", "b"]
    assert demand.spots.weight.tolist() == [5.0, 2.5, 2.0]
    assert (demand.total, demand.placed) == (12.0, 9.5)
    search = tiny.RULES.places.search.minutes(400.0)
    assert demand.spots.search_minutes.tolist() == [0.0, round(search, 2), 0.0]


def test_a_mixture_gives_each_its_share(tmp_path, ground, names):
    path = table(tmp_path / "d.csv", "weight,place", "7,near")
    both = mixed([(tiny.villages(ground), 0.25), (read(path, names), 0.75)])
    assert both.total == pytest.approx(1000)
    assert sum(one.weight for one in both.points[:3]) == pytest.approx(250)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("weight,place", "5,near", "-1,far"), "row 3, column weight: found '-1'"),
        (("weight,place", "5,nowhere"), "row 2, column place: found 'nowhere'"),
        (("weight,lon,lat", "5,0.1,0"), "row 2, column datum"),
        (("weight,lon,lat,datum", "5,80,40,WGS84"), "row 2, column lon: found '80, 40'"),
        (("weight,lon,lat,datum", "5,40,80,WGS84"), "row 2, column lon: found '40, 80'"),
        (("weight,lon,lat,datum", "5,3.5,110.0,WGS84"), "lon and lat look swapped"),
        (("weight,place", "5,near", "1e308,far"), "row 3, column weight: found '1e308'"),
        (("weight,place", "many,near"), "row 2, column weight: found 'many'"),
        (("id,weight,place,probability", "a,1,near,0.7", "a,,far,0.7"), "row 3, column probability: found '1.4'"),
        (("id,weight,place", "a,,near"), "row 2, column weight"),
        (("place", "near"), "no column weight"),
        (("weight,name", "1,x"), "no column says where"),
        (("weight,place",), "no rows"),
    ],
)  # fmt: skip
def test_a_spoilt_table_is_refused_by_row(tmp_path, names, lines, said):
    with pytest.raises(BadInput, match=".*") as refused:
        read(table(tmp_path / "d.csv", *lines), names)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_demand_that_weighs_nothing_is_refused(tmp_path, names):
    with pytest.raises(BadInput, match="weigh 0"):
        refuse_nothing(read(table(tmp_path / "d.csv", "weight,place", "0,near"), names))


def test_alerts_are_counted_once_each_with_the_hour_they_came_in(tmp_path, names):
    path = table(
        tmp_path / "a.csv",
        "alert_id,alerted_at,risk,fraud_type,address,lon,lat,datum",
        f"A1,2026-05-01 09:00,critical,loan,,{tiny.east(5)},{tiny.SOUTH},WGS84",
        "A2,2026-05-01 09:30,low,loan,near村,,,",
        "A3,2026-05-02 10:00,high,loan,middle村,,,",
    )  # fmt: skip
    sent, every = read(path, names), read(path, names, every_alert=True)
    assert [one.id for one in sent.points] == ["A1", "A3"]
    assert [one.id for one in every.points] == ["A1", "A2", "A3"]
    assert every.days == 2
    assert every.per_hour[9:11].tolist() == [1.0, 0.5]
    assert sent.points[1].case.may_go == frozenset({"station", "town"})


def test_nobody_on_duty_is_said_in_one_sentence(tmp_path, ground):
    with pytest.raises(BadInput, match="nobody is on duty at 2026-05-01 03:00"):
        tiny.supply(tmp_path, STATION, at=tiny.NIGHT, ground=ground)


def test_an_addition_may_not_take_a_name_that_is_taken(tmp_path, ground):
    own = tiny.responders(tmp_path / "own.csv", STATION)
    with pytest.raises(BadInput, match="id S1 is a responder's already"):
        call_up(ground, tiny.NOON, tiny.RULES, responders=own, add=own)


def test_sites_not_yet_there_are_measured_as_any_other(ground):
    demand = tiny.villages(ground)
    car = roads(ground, "car", tiny.NOON, tiny.RULES)
    sites = np.array([(tiny.east(20), tiny.SOUTH)])
    assert np.allclose(site_minutes(car, sites, demand.spots), [[15, 0, 20]], atol=0.01)


def test_the_document_lists_every_column_of_a_table_of_demand():
    text = (REPOSITORY / "docs" / "coverage.md").read_text("utf-8")
    for column in COLUMNS:
        assert f"`{column.name}` {column.zh}" in text, column.name
