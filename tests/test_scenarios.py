"""Scenario files: every key checked, defaults that run as they are, and a world that is what the file says."""

from __future__ import annotations

import tomllib
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from dispatch.area import open_area
from dispatch.day import read_rules
from dispatch.domain import KINDS, TIERS
from dispatch.errors import BadInput, MissingInput, SettingsError
from dispatch.simulate.scenarios import commented, read_scenario, swept, varied
from dispatch.simulate.scenarios.alerting import demand_of, surges_of
from dispatch.simulate.scenarios.crews import muster, units_of
from dispatch.simulate.scenarios.driving import roads_of
from dispatch.simulate.scenarios.ground import districts_of, wrong_zones

DAY = 1440.0
BEGIN = datetime(2026, 5, 1, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Friday


@pytest.fixture(scope="module")
def area():
    return open_area("maoming")


@pytest.fixture(scope="module")
def rules():
    return read_rules(None)


@pytest.fixture(scope="module")
def districts(area):
    return districts_of(area, [])


def scenario(tmp_path, text=""):
    path = tmp_path / "night.toml"
    path.write_text(text, encoding="utf-8")
    return read_scenario(path)


def test_the_printed_scenario_is_the_default_one_key_for_key(tmp_path):
    printed = scenario(tmp_path, commented())
    empty = scenario(tmp_path, "")
    assert printed.model_dump(exclude={"name"}) == empty.model_dump(exclude={"name"})
    assert (printed.name, empty.name) == ("practice", "night")
    for key in tomllib.loads(commented()):
        assert key in type(printed).model_fields


def test_a_file_extends_another_and_finds_files_beside_itself(tmp_path):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "base.toml").write_text(
        '[responders]\nfile = "crews.csv"\n[policy]\nrule = "nearest"\n', encoding="utf-8"
    )
    made = scenario(tmp_path, 'extends = "base/base.toml"\n[policy]\nredispatch = true\n')
    assert (made.policy.rule, made.policy.redispatch) == ("nearest", True)
    assert made.responders.file == str((tmp_path / "base" / "crews.csv").resolve())
    assert made.name == "night"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[polcy]\nrule = 'loss'\n", "unknown polcy; known: area"),
        ("[policy]\nrul = 'loss'\n", "unknown policy.rul; known: .*rule"),
        ("[policy]\nrule = 'magic'\n", "found 'magic', expected"),
        ("[clock]\ndays = 1\nwarm_up_days = 2\n", "warm_up_days is 2, expected less than days"),
        ("[demand]\nhour_share = [1, 2]\n", "hour_share"),
        (
            "[demand.tier_share]\ncritical = 0\nhigh = 0\nmedium = 0\nlow = 0\n",
            "tier_share must hold proportions",
        ),
        ("[demand]\nfrom = 'table'\n", "needs a file"),
        ("[responders.hongbu]\nkind = 'station'\n", "hongbu.base"),
        (
            "[responders.hongbu]\nkind = 'station'\nbase = 'x'\ncars = 1\nwheels = 4\n",
            "wheels; known: base, cars",
        ),
        ("[responders]\ncars = 3\n", "unknown responders.cars"),
        ("extends = 'night.toml'\n", "extends itself"),
        ("[phone]\nsettled_share = 3\n", "settled_share"),
        (
            "[[demand.surges]]\nfrom = 2026-05-02T00:00:00\nto = 2026-05-01T00:00:00\nfactor = 2\n",
            "must end after",
        ),
        ("clock = 3", "expected a table|clock"),
        ("x = [", "is not TOML"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, text, said):
    with pytest.raises(SettingsError, match=said):
        scenario(tmp_path, text)


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(MissingInput, match="dispatch simulate new"):
        read_scenario(tmp_path / "gone.toml")


def test_sweeps_name_every_combination(tmp_path):
    path = tmp_path / "n.toml"
    path.write_text('[responders.hongbu]\nkind = "station"\nbase = "440902001"\ncars = 9\n', encoding="utf-8")
    found = swept([path], ["responders.hongbu.cars=1..3", "policy.rule=nearest,loss"])
    assert [one.responders.crews["hongbu"].cars for one in found] == [1, 1, 2, 2, 3, 3]
    assert {one.policy.rule for one in found} == {"nearest", "loss"}
    assert found[0].name == "n responders.hongbu.cars=1 policy.rule=nearest"
    assert varied("travel.speed_factor=0.5,1.0")[1] == (0.5, 1.0)
    for bad in ("cars", "cars=1", "a.b=", "a.b=5..1", "a.b=0..99999"):
        with pytest.raises(SettingsError, match="--vary"):
            varied(bad)
    with pytest.raises(SettingsError, match="two scenarios are named"):
        swept([path, path], [])


def test_the_roster_repeats_every_day_with_its_breaks(tmp_path, area, rules):
    """S-440902001-A: 08:00–20:00 with a break 12:30–13:00."""
    people = muster(scenario(tmp_path, "[clock]\ndays = 2.0\nwarm_up_days = 0.0\n"), area, rules, BEGIN)
    row = [one.id for one in people.responders].index("S-440902001-A")
    morning = [(start, end) for start, end in people.duties[row] if start < DAY]
    assert morning == [(480.0, 750.0), (780.0, 1200.0)]
    assert (480.0 + DAY, 750.0 + DAY) in people.duties[row]
    for spans in people.duties:
        flat = [moment for span in spans for moment in span]
        assert flat == sorted(flat)


def test_cadres_without_a_shift_are_on_duty_in_the_shares_of_the_day(tmp_path, area, rules):
    people = muster(scenario(tmp_path, "[clock]\ndays = 1.0\nwarm_up_days = 0.0\n"), area, rules, BEGIN)
    cadres = [
        spans for one, spans in zip(people.responders, people.duties, strict=True) if one.kind == "village"
    ]
    for hour in (3, 10, 21):
        share = np.mean([any(start <= hour * 60.0 + 1 < end for start, end in spans) for spans in cadres])
        assert share == pytest.approx(rules.duty.share_by_hour["village"][hour], abs=0.04)


def test_responders_are_taken_away_moved_and_added(tmp_path, area, rules, districts):
    text = """
[responders]
without = ["village", "S-440902001-A"]
move = { "S-440902001-B" = "440983101" }
[responders.hongbu]
kind = "station"
base = "440902001"
cars = 2
shift = ["20:00", "08:00"]
[policy.standby.hongbu]
at = "440902002"
from = "22:00"
to = "02:00"
"""
    made = scenario(tmp_path, text)
    people = muster(made, area, rules, BEGIN)
    ids = [one.id for one in people.responders]
    assert not any(one.kind == "village" for one in people.responders)
    assert "S-440902001-A" not in ids
    assert ids[-2:] == ["hongbu-1", "hongbu-2"]
    assert people.duties[-1][0] == (0.0, 480.0)
    moved = people.responders[ids.index("S-440902001-B")]
    assert moved.base == "440983101"
    units = units_of(people, districts, made, area, strict=False)
    assert (units.standby[-1] >= 0).nonzero()[0].tolist() == [0, 1, 22, 23]
    assert units.own[-1].any()
    assert (units.own <= units.reach).all()
    for bad, said in (
        ('[responders]\nwithout = ["nobody"]\n', "nobody, who is not in the roster"),
        ('[responders.x]\nkind = "station"\nbase = "no such place"\ncars = 1\n', "names no place"),
        ('[policy.standby.ghost]\nat = "440902002"\n', "no responder has this id"),
    ):
        wrong = scenario(tmp_path, bad)
        with pytest.raises(BadInput, match=said):
            units_of(muster(wrong, area, rules, BEGIN), districts, wrong, area, strict=False)


def test_demand_by_residents_comes_to_what_the_file_says(tmp_path, area, rules, districts):
    made = scenario(tmp_path, "[demand]\nalerts_per_day = 700.0\n")
    demand, _ = demand_of(made, area, rules, districts)
    assert demand.rate_per_hour.sum() / 7 == pytest.approx(700.0)
    assert demand.zone_share.sum(axis=1) == pytest.approx(1.0)
    critical = demand.tier == TIERS.index("critical")
    assert demand.rate_per_hour[critical].sum() / demand.rate_per_hour.sum() == pytest.approx(0.03)
    hours = demand.rate_per_hour.sum(axis=0)
    assert hours[10] / hours[0] == pytest.approx(8.0)  # Monday, as hour_share has it
    assert hours[6 * 24 + 10] / hours[10] == pytest.approx(0.7)  # Sunday, as weekday_share has it


def test_who_may_go_when_is_the_planners_own_rule(tmp_path, area, rules, districts):
    demand, _ = demand_of(scenario(tmp_path), area, rules, districts)
    at = {one: row for row, one in enumerate(demand.ids)}
    opens = dict(zip(KINDS, demand.kind_open_minutes[at["investment/medium"]], strict=True))
    assert opens == {"station": 60.0, "town": 0.0, "village": 0.0, "county": np.inf}
    police = dict(zip(KINDS, demand.kind_open_minutes[at["impersonated_police/low"]], strict=True))
    assert police == {"station": 0.0, "town": np.inf, "village": np.inf, "county": 0.0}
    ladder = "[policy.escalation.medium]\nvillage = 0.0\ntown = 15.0\nstation = 30.0\ncounty = 60.0\n"
    demand, _ = demand_of(scenario(tmp_path, ladder), area, rules, districts)
    assert demand.kind_open_minutes[at["investment/medium"]].tolist() == [30.0, 15.0, 0.0, 60.0]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_demand_from_a_table(tmp_path, area, rules, districts, form):
    rows = pd.DataFrame(
        [("440902", 24.0, "fake_jobs", "high", "", "20"), ("440902001001", 7.0, "", "", "7", "")],
        columns=["place", "per_day", "fraud_type", "tier", "weekday", "hour"],
    )
    path = tmp_path / f"demand.{form}"
    rows.to_csv(path, index=False) if form == "csv" else rows.to_parquet(path)
    made = scenario(tmp_path, f'[demand]\nfrom = "table"\ntable = "demand.{form}"\n')
    demand, _ = demand_of(made, area, rules, districts)
    row = demand.ids.index("fake_jobs/high")
    assert demand.rate_per_hour[row, 20] == pytest.approx(24.0)
    assert demand.rate_per_hour[row, 21] == 0.0
    sunday = demand.rate_per_hour[:, 144:].sum() - demand.rate_per_hour[row, 164]
    assert sunday == pytest.approx(7.0, rel=0.01)
    inside = np.array(["440902" in codes for codes in districts.codes])
    assert demand.zone_share[row, ~inside].sum() == 0.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("place,per_day\n440902,-3\n", "row 2, per_day|row 2, .*found '-3'"),
        ("place,per_day\nnowhere,3\n", "no place of this area"),
        ("place,per_day\n440902,0\n", "nothing to simulate"),
        ("where,per_day\n440902,3\n", "no column place"),
    ],
)
def test_a_bad_table_of_demand_is_one_sentence(tmp_path, area, rules, districts, text, said):
    (tmp_path / "d.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        demand_of(scenario(tmp_path, '[demand]\nfrom = "table"\ntable = "d.csv"\n'), area, rules, districts)


def test_a_surge_has_its_places_and_its_minutes(tmp_path, area, districts):
    made = scenario(
        tmp_path,
        '[[demand.surges]]\nfrom = 2026-05-02T18:00:00\nto = 2026-05-02T23:00:00\nfactor = 3.0\nplaces = ["440902"]\n',
    )
    (surge,) = surges_of(made, area, districts, BEGIN)
    assert (surge.from_minute, surge.to_minute, surge.factor) == (DAY + 1080.0, DAY + 1380.0, 3.0)
    assert 0 < surge.zones.sum() < len(districts.names)


def test_a_wrong_address_is_another_village_of_its_name_first(districts):
    wrong = wrong_zones(districts)
    alike = {}
    for at, name in enumerate(districts.names):
        alike.setdefault(name, []).append(at)
    twins = next(rows for rows in alike.values() if len(rows) == 2)
    assert wrong[twins[0], 0] == twins[1]
    assert all(at not in row for at, row in enumerate(wrong.tolist()))


def test_roads_are_slower_when_the_hour_is_and_kept_on_disk(tmp_path, area, rules):
    few = districts_of(area, [])
    part = type(few)(
        type(few.zones)(few.zones.ids[:20], few.zones.county[:20], few.zones.lon[:20], few.zones.lat[:20]),
        few.names[:20], few.codes[:20], few.residents[:20], few.counties, {}, few.town[:20], few.towns,
    )  # fmt: skip
    first = roads_of(scenario(tmp_path), area, rules, part, {0}, BEGIN)
    shares = rules.speeds.hour_share["car"]
    free, rush = (
        first.minutes[first.base_of[table]] * first.factor[table] for table in first.table_of[0, [10, 7]]
    )
    assert len(first.minutes) == 1  # all hours are slower alike
    off = ~np.eye(20, dtype=bool)
    assert rush[off] == pytest.approx(free[off] * shares[10] / shares[7], rel=1e-5)
    again = roads_of(scenario(tmp_path), area, rules, part, {0}, BEGIN)
    assert np.array_equal(first.minutes, again.minutes)
    fast = roads_of(scenario(tmp_path, "[travel]\nspeed_factor = 2.0\n"), area, rules, part, {0}, BEGIN)
    assert np.array_equal(fast.minutes, first.minutes)
    assert fast.factor * 2 == pytest.approx(first.factor)
