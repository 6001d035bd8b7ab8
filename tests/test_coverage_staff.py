"""Crews by hour and shifts that give them: by hand, against every choice there is, and by the command."""

from __future__ import annotations

import itertools

import make_coverage as tiny
import numpy as np
import pytest
from doors import run_dispatch
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.coverage.demand import Demand
from dispatch.coverage.demand_file import read_demand
from dispatch.coverage.rosters import on_duty_by_hour, task_minutes
from dispatch.coverage.staff import Shifts, cover, rates_by_county, roster, standing
from dispatch.errors import BadInput
from dispatch.places.gazetteer import Gazetteer


def test_shifts_with_any_start_take_fewer_hours_than_three_fixed_ones():
    # 4 crews from 6 to 14, 2 from 14 to 18, 1 at night: 6 + 32 + 8 + 6 = 52 hours of need, and no hour idle;
    # fixed shifts from 0, 8 and 16 would take 4, 4 and 2 crews of 8 hours: 80
    need = [1] * 6 + [4] * 8 + [2] * 4 + [1] * 6
    shifts, proved = cover(need)
    assert proved
    assert sum(one.crews * one.hours for one in shifts) == 52
    assert (standing(shifts) >= need).all()


@given(need=st.lists(st.integers(0, 2), min_size=6, max_size=6))
@settings(max_examples=8)
def test_no_choice_of_shifts_takes_fewer_hours(need):
    # needs in blocks of four hours, shifts of 8 and 12: starts in between cannot do better than those at the blocks
    hours = np.repeat(need, 4)
    shifts, _ = cover(hours)
    kinds = [(start, length) for start in range(6) for length in (2, 3)]
    cells = [frozenset((start + n) % 6 for n in range(length)) for start, length in kinds]
    best = min(
        sum(4 * length * crews for (_, length), crews in zip(kinds, counts, strict=True))
        for counts in itertools.product(range(2), repeat=len(kinds))
        if all(sum(c for c, cell in zip(counts, cells, strict=True) if block in cell) >= need[block] for block in range(6))
    )  # fmt: skip
    assert sum(one.crews * one.hours for one in shifts) <= best
    assert (standing(shifts) >= hours).all()


def test_a_shift_runs_over_midnight():
    assert standing([Shifts(20, 8, 2)])[[19, 20, 23, 0, 3, 4]].tolist() == [0, 2, 2, 2, 2, 0]


def test_what_lacks_is_told_by_the_hour():
    rate = np.zeros(24)
    rate[9] = 1.0
    day = roster("", "x", rate, 1.0, within_minutes=0.0, share=0.5, on_duty=np.full(24, 1))
    assert day.needed[9] == 2  # M/M/2 with load 1: a third waits
    assert day.lacking[9] == 1
    assert day.lacking.sum() == 1
    assert day.crew_hours == 16


def alerts(folder):
    path = folder / "a.csv"
    rows = [
        "A1,2026-05-01 09:00,critical,near村",
        "A2,2026-05-01 09:30,critical,near村",
        "A3,2026-05-02 20:00,critical,far村",
    ]
    path.write_text("\n".join(["alert_id,alerted_at,risk,address", *rows]) + "\n", encoding="utf-8")
    return path


def test_rates_come_from_the_days_of_the_table_by_county(tmp_path):
    ground = tiny.area()
    demand = read_demand(
        alerts(tmp_path), Gazetteer(ground.gazetteer, ground.boundaries), tiny.RULES, "Asia/Shanghai"
    )
    rates = rates_by_county(demand)  # two days
    assert rates["4401"][9] == 1.0
    assert rates["4402"][20] == 0.5
    assert sum(one.sum() for one in rates_by_county(demand, 30.0).values()) == pytest.approx(30)


def test_residents_spread_their_alerts_evenly():
    rates = rates_by_county(tiny.villages(tiny.area()), 24.0)
    assert rates["4402"].tolist() == pytest.approx([0.6] * 24)


def test_an_alert_takes_the_way_there_and_back_and_the_door(tmp_path):
    # near is 5 km, middle 20: 25 min at the door and 10 or 40 on the way; by residents (100 * 35 + 300 * 65) / 400
    ground = tiny.area()
    crew = tiny.responders(tmp_path / "r.csv", "S1,station,0,08:00,20:00,440101")
    minutes = task_minutes(ground, tiny.NOON, tiny.RULES, "station", tiny.villages(ground), responders=crew)
    assert minutes["4401"] == pytest.approx(57.5, abs=0.1)
    with pytest.raises(BadInput, match="nobody of kind town"):
        task_minutes(ground, tiny.NOON, tiny.RULES, "town", tiny.villages(ground), responders=crew)


def test_who_is_on_duty_is_counted_through_the_night(tmp_path):
    crew = tiny.responders(
        tmp_path / "r.csv", "S1,station,0,20:00,08:00,440101", "S2,station,0,08:00,16:00,440101"
    )
    there = on_duty_by_hour(tiny.area(), tiny.NOON, tiny.RULES, "station", responders=crew)
    assert there["4401"].tolist() == [1] * 16 + [0] * 4 + [1] * 4


@pytest.mark.parametrize("call", [
    lambda: rates_by_county(tiny.villages(tiny.area())), lambda: rates_by_county(tiny.villages(tiny.area()), -1.0),
    lambda: cover([1] * 24, [0]), lambda: cover([1] * 24, []), lambda: cover([1] * 23),
    lambda: rates_by_county(Demand((), "alerts")),
])  # fmt: skip
def test_questions_that_make_no_sense_are_one_sentence(call):
    with pytest.raises(BadInput) as refused:
        call()
    assert "\n" not in str(refused.value)


def test_the_command_tells_needs_shifts_and_what_lacks(tmp_path):
    done = run_dispatch(
        "coverage",
        "staff",
        "maoming",
        "--per-day",
        "96",
        "--at",
        "2026-05-01T12:00",
        "--out",
        tmp_path / "s",
        "--lang",
        "en",
    )
    assert done.returncode == 0, done.stderr
    assert "crew-hours (proved fewest)" in done.stdout
    assert "spread evenly over the day" in done.stderr
    assert (tmp_path / "s" / "shifts.csv").is_file()
    assert (tmp_path / "s" / "staff.xlsx").is_file()
    again = run_dispatch("coverage", "staff", "maoming", "--at", "2026-05-01T12:00")
    assert again.returncode == 1
    assert "give --per-day N" in again.stderr
