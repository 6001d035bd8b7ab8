"""Who can be sent: shifts, bases, jurisdictions, and crews made of a gazetteer."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_intake_alerts import described

from dispatch import datum
from dispatch.domain import KINDS
from dispatch.errors import BadInput
from dispatch.intake import jurisdiction, responders
from dispatch.intake.derive import derive_responders
from dispatch.intake.ground import Ground
from dispatch.intake.responders import read_roster
from dispatch.intake.shifts import default_shift, next_shift, with_break
from dispatch.settings import Duty, section
from dispatch.tables import write_csv

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 5, 1, 14, 0, tzinfo=ZONE)
DUTY = section(Duty, "duty")
GAZETTEER = pd.DataFrame(
    [
        ("c1", "电白区", "county", 111.00, 21.50, "", "电白"),
        ("t1", "水东街道", "township", 111.00, 21.50, "c1", "水东"),
        ("t2", "羊角镇", "township", 110.90, 21.70, "c1", ""),
        ("v1", "旺沙村", "village", 111.01, 21.50, "t1", ""),
        ("v2", "旺沙村", "village", 110.91, 21.70, "t2", ""),
        ("v3", "东湖村", "village", 111.02, 21.51, "t1", ""),
        ("p1", "水东派出所", "police", 111.00, 21.51, "t1", ""),
        ("p2", "羊角派出所", "police", 110.90, 21.71, "t2", ""),
    ],
    columns=["code", "name", "level", "lon", "lat", "parent", "aliases"],
)
HEAD = "编号,类别,名称,驻地,班次起,班次止,休息起,休息止,方式,技能,辖区,上限,状态,空闲时间,值班电话"


def roster(tmp_path, *lines, head=HEAD, at=AT, table=None, **options):
    path = tmp_path / "responders.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    other = None
    if table is not None:
        other = tmp_path / "jurisdiction.csv"
        other.write_text(table, encoding="utf-8")
    return read_roster(
        path, other, gazetteer=GAZETTEER, at=at, time_zone="Asia/Shanghai", duty=DUTY, **options
    )


def test_a_crew_is_read_with_its_base_found_by_name(tmp_path):
    read = roster(tmp_path, "S1,派出所,水东一组,水东派出所,08:00,20:00,,,,民警、女,水东街道,5,,,0668-110")
    (crew,) = read.responders
    assert (crew.kind, crew.lon, crew.lat, crew.base) == ("station", 111.00, 21.51, "p1")
    assert (crew.shift.start, crew.shift.end) == (-360, 360)  # at 14:00
    assert (crew.profile, crew.skills, crew.max_visits) == ("car", {"police", "female"}, 5)
    assert (crew.jurisdiction, crew.neighbours) == ({"t1"}, {"c1"})
    assert read.phones == {"S1": "0668-110"}
    assert "0668-110" not in repr(crew)


def test_what_is_blank_comes_from_the_kind(tmp_path):
    read = roster(tmp_path, "S1,station,,p1,08:00,20:00,,,,,,,,,", "V1,village,,v1,08:00,20:00,,,,,,,,,")
    crew, cadre = read.responders
    assert (crew.skills, crew.profile, crew.max_visits) == (
        {"police"},
        DUTY.profile["station"],
        DUTY.max_visits["station"],
    )
    assert (cadre.skills, cadre.profile) == (frozenset(), "motorcycle")
    assert crew.jurisdiction == {"t1"}  # the township its base stands in
    assert (cadre.jurisdiction, cadre.neighbours) == ({"v1"}, {"t1"})


@pytest.mark.parametrize(
    ("hour", "start", "end"),
    [(14, 360, 1080), (20, 0, 720), (23, -180, 540), (3, -420, 300), (8, 720, 1440)],
)
def test_a_shift_over_midnight_is_the_one_under_way_or_the_next(hour, start, end):
    shift = next_shift(20 * 60.0, 8 * 60.0, AT.replace(hour=hour))
    assert (shift.start, shift.end) == (start, end)


def test_a_shift_given_by_date_and_equal_times():
    assert next_shift(480.0, 480.0, AT).end - next_shift(480.0, 480.0, AT).start == 1440
    day = next_shift(AT - timedelta(hours=1), AT + timedelta(hours=2), AT)
    assert (day.start, day.end) == (-60, 120)
    assert next_shift(AT, AT - timedelta(hours=1), AT) is None
    assert next_shift(480.0, AT, AT) is None


def test_real_minutes_pass_when_the_clock_changes():
    berlin = datetime(2026, 3, 28, 21, 0, tzinfo=ZoneInfo("Europe/Berlin"))  # an hour is skipped that night
    shift = next_shift(22 * 60.0, 6 * 60.0, berlin)
    assert (shift.start, shift.end) == (60, 60 + 8 * 60)
    with_clock = next_shift(berlin.replace(hour=22), berlin.replace(day=29, hour=6), berlin)
    assert with_clock.end == 60 + 7 * 60


def test_a_break_is_inside_its_shift_even_over_midnight():
    night = next_shift(20 * 60.0, 8 * 60.0, AT)
    rested = with_break(night, 1 * 60.0, 1.5 * 60.0, AT)
    assert (rested.break_start, rested.break_end) == (660, 690)  # 01:00 is 11 h after 14:00
    assert with_break(night, 12 * 60.0, 13 * 60.0, AT) is None
    day = next_shift(8 * 60.0, 20 * 60.0, AT)
    assert with_break(day, 12 * 60.0, 13 * 60.0, AT).break_start is None  # over already


def test_a_break_under_way_is_being_free_when_it_ends(tmp_path):
    (crew,) = roster(tmp_path, "S1,station,,p1,08:00,20:00,13:30,14:30,,,,,,,").responders
    assert (crew.free_at_minutes, crew.shift.break_start) == (30, None)


def test_a_busy_crew_is_free_at_its_time(tmp_path):
    first = "S1,station,,p1,08:00,20:00,,,,,,,忙碌,15:10,"
    second = "S2,station,,p1,20:00,08:00,,,,,,,busy,2026-05-01 14:20,"
    one, two = roster(tmp_path, first, second).responders
    assert (one.free_at_minutes, one.status) == (70, "busy")
    assert (two.free_at_minutes, two.ready_minutes) == (20, 360)


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        (",station,,p1,,,,,,,,,,,", "编号", "required"),
        ("S1,village,,v1,,,,,,,,,,,", "编号", "its own"),
        ("X,army,,p1,,,,,,,,,,,", "类别", "station"),
        ("X,station,,月球,,,,,,,,,,,", "驻地", "of this area"),
        ("X,village,,旺沙村,,,,,,,,,,,", "驻地", "v1、v2"),
        ("X,station,,,,,,,,,,,,,", "驻地", "base_place"),
        ("X,station,,p1,08:00,,,,,,,,,,", "班次止", "both"),
        ("X,station,,p1,8,20,,,,,,,,,", "班次起 | 班次止", "08:00"),
        ("X,station,,p1,08:00,20:00,06:00,07:00,,,,,,,", "休息起", "inside the shift"),
        ("X,station,,p1,08:00,20:00,12:00,,,,,,,,", "休息起", "inside the shift"),
        ("X,station,,p1,,,,,飞机,,,,,,", "方式", "car"),
        ("X,station,,p1,,,,,,,月球,,,,", "辖区", "of this area"),
        ("X,station,,p1,,,,,,,,0,,,", "上限", "1 to 100"),
        ("X,station,,p1,,,,,,,,,busy,,", "空闲时间", "free_at"),
        ("X,station,,p1,,,,,,,,,asleep,,", "状态", "free"),
    ],
)  # fmt: skip
def test_a_fault_rejects_its_row_and_the_others_go_on(tmp_path, line, column, expected):
    read = roster(tmp_path, "S1,station,,p1,08:00,20:00,,,,,,,,,", line)
    assert [one.id for one in read.responders] == ["S1"]
    (fault,) = read.rejected.to_dict("records")
    assert (fault["row"], fault["column"]) == (3, column)
    assert expected in fault["expected"]
    assert "row 3" in read.notes[0]


def test_a_base_may_be_a_coordinate_of_any_datum(tmp_path):
    lon, lat = datum.convert(np.array([111.0]), np.array([21.5]), "WGS84", "BD09")
    head = "responder_id,kind,base_lon,base_lat,datum,shift_from,shift_to"
    (crew,) = roster(
        tmp_path, f"S1,station,{lon[0]:.8f},{lat[0]:.8f},BD-09,08:00,20:00", head=head
    ).responders
    assert (crew.lon, crew.lat) == pytest.approx((111.0, 21.5), abs=1e-6)
    for bad, column in (
        ("S1,station,111,21.5,,,", "datum"),
        ("S1,station,21.5,111,WGS84,,", "base_lon"),
        ("S1,station,111,,WGS84,,", "base_lat"),
    ):
        with pytest.raises(BadInput, match=column):
            roster(tmp_path, bad, head=head)


@pytest.mark.parametrize(
    ("lines", "message"), [([], "no rows"), (["X,army,,p1,,,,,,,,,,,"], "none of its 1 rows.*row 2")]
)
def test_a_file_with_nobody_in_it_is_an_error_in_one_line(tmp_path, lines, message):
    with pytest.raises(BadInput, match=message):
        roster(tmp_path, *lines)


def test_namesakes_in_a_jurisdiction_are_told_apart_by_the_base(tmp_path):
    (cadre,) = roster(tmp_path, "V1,village,,羊角镇,08:00,20:00,,,,,旺沙村,,,,").responders
    assert cadre.jurisdiction == {"v2"}


def test_a_jurisdiction_table_fills_what_rows_leave_blank(tmp_path):
    table = "村代码,派出所,镇街干部,村干部\nv1,水东派出所,T1,V1\nv3,p1,T1,\n旺沙村,p2,,\n"
    read = roster(tmp_path, "S1,station,,p1,08:00,20:00,,,,,,,,,", "S2,station,,p1,08:00,20:00,,,,,t2,,,,",
                  "T1,town,,t1,08:00,20:00,,,,,,,,,", "V1,village,,v3,08:00,20:00,,,,,,,,,", table=table)  # fmt: skip
    answers = {one.id: one.jurisdiction for one in read.responders}
    assert answers == {"S1": {"v1", "v3"}, "S2": {"t2"}, "T1": {"v1", "v3"}, "V1": {"v1"}}
    assert any("1 rows of the jurisdiction table" in note for note in read.notes)  # 旺沙村 is two places


def test_a_jurisdiction_table_on_the_command_line_comes_first(tmp_path):
    read = roster(
        tmp_path,
        "S2,station,,p1,08:00,20:00,,,,,t2,,,,",
        table="place,station\nv1,S2\nv3,S9\n",
        jurisdiction_replaces=True,
    )
    assert read.responders[0].jurisdiction == {"v1"}
    assert any("s9" in note for note in read.notes)


def test_where_counties_are_unknown_a_crew_may_help_anywhere():
    ground = Ground(GAZETTEER[GAZETTEER["level"] != "county"])
    assert ground.neighbours("station", {"t1"}) == {"*"}
    assert ground.neighbours("village", {"v1"}) == {"t1"}
    assert Ground(GAZETTEER).neighbours("county", {"c1"}) == {"*"}


def test_a_gazetteer_that_goes_in_circles_ends():
    circle = GAZETTEER.assign(parent=["t1", "c1", "c1", "t1", "t2", "t1", "t1", "t2"])
    assert Ground(circle).above("v1", "province") is None


def test_crews_officers_cadres_and_squads_are_made_of_the_gazetteer(tmp_path):
    made, table = derive_responders(
        GAZETTEER, {"t1": "p1", "v1": "p1", "v3": "p2", "t2": "p2", "v2": "p2"}, DUTY
    )
    kinds = made["kind"].value_counts().to_dict()
    assert kinds == {"station": 2 * DUTY.crews_per_station, "town": 2, "village": 3, "county": 1}
    assert made["responder_id"].is_unique
    covered = dict(zip(made["responder_id"], made["jurisdiction"], strict=True))
    assert covered["S-p1-1"] == "t1"  # v1 lies in it
    assert set(covered["S-p2-1"].split("|")) == {"v3", "t2"}  # v3 lies in another's township
    assert table.set_index("place").loc["v3"].to_dict() == {
        "station": "p2",
        "officer": "T-t1",
        "cadre": "V-v3",
    }
    write_csv(made, tmp_path / "r.csv")
    write_csv(table, tmp_path / "j.csv")
    read = read_roster(
        tmp_path / "r.csv",
        tmp_path / "j.csv",
        gazetteer=GAZETTEER,
        at=AT,
        time_zone="Asia/Shanghai",
        duty=DUTY,
    )
    assert read.rejected.empty
    assert read.notes == ()
    assert len(read.responders) + read.off_duty == len(made)


@pytest.mark.parametrize("hour", [3, 14])
@pytest.mark.parametrize("kind", KINDS)
def test_the_share_on_duty_is_as_set_and_the_same_every_time(kind, hour):
    at = AT.replace(hour=hour)
    on = [n for n in range(3000) if default_shift(f"{kind}-{n}", kind, at, DUTY)]
    assert len(on) / 3000 == pytest.approx(DUTY.share(kind, hour), abs=0.035)  # 4 standard errors of a half
    assert on == [n for n in range(3000) if default_shift(f"{kind}-{n}", kind, at, DUTY)]


@given(
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    kind=st.sampled_from(KINDS),
    identity=st.text(max_size=8),
)
def test_a_default_shift_lasts_while_the_share_is_above_the_persons_mark_twelve_hours_at_most(
    hour, minute, kind, identity
):
    at = AT.replace(hour=hour, minute=minute)
    shift = default_shift(identity, kind, at, DUTY)
    if shift is not None:
        assert shift.start <= 0 < shift.end <= shift.start + 720
        last = at + timedelta(minutes=shift.end - 1)
        assert default_shift(identity, kind, last, DUTY)
        if shift.end - shift.start < 720:
            after = default_shift(identity, kind, at + timedelta(minutes=shift.end), DUTY)
            assert after is None or after.start == 0  # off, or the next shift begins


@given(cells=st.lists(st.text(max_size=10), min_size=15, max_size=15))
def test_whatever_a_row_says_it_is_read_rejected_or_off_duty(tmp_path_factory, cells):
    folder = tmp_path_factory.mktemp("roster")
    path = folder / "r.csv"
    row = dict(zip(HEAD.split(","), cells, strict=True))
    good = dict.fromkeys(HEAD.split(","), "") | {
        "编号": "S1",
        "类别": "station",
        "驻地": "p1",
        "班次起": "08:00",
        "班次止": "20:00",
    }
    pd.DataFrame([good, row]).to_csv(
        path, index=False, encoding="utf-8", errors="replace", lineterminator="\r\n"
    )
    read = read_roster(path, None, gazetteer=GAZETTEER, at=AT, time_zone="Asia/Shanghai", duty=DUTY)
    assert 1 <= len(read.responders) + len(read.rejected) + read.off_duty <= 2


def test_the_documented_columns_are_those_in_force():
    page = (Path(__file__).parent.parent / "docs" / "responders.md").read_text(encoding="utf-8")
    assert "\n".join(described(responders.COLUMNS)) in page
    assert "\n".join(described(jurisdiction.COLUMNS)) in page
