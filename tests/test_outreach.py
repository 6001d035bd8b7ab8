"""Prevention: sessions where and for whom most of those at risk are newly covered."""

from __future__ import annotations

import itertools
import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import numpy as np
import pandas as pd
import pytest
from doors import ROOT, run_dispatch
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.coverage.outreach import outreach_settings
from dispatch.coverage.outreach.calendar import days_for, ics
from dispatch.coverage.outreach.choosing import FloorOutOfReach, Offers, choose, value_of
from dispatch.coverage.outreach.offers import offers_of
from dispatch.coverage.outreach.people import people_of
from dispatch.coverage.outreach.venues import venues_of
from dispatch.errors import BadInput, SettingsError

JUNE = date(2026, 6, 1)


def offers(rows, weight, limit=None, venue=None, part=None, covered=None):
    """Options as dicts cell → share; each at a venue of its own unless told."""
    count, weight = len(rows), np.array(weight, float)
    venue = np.arange(count) if venue is None else np.array(venue)
    part = np.zeros(len(weight), np.int64) if part is None else np.array(part)
    towns = int(part.max(initial=0)) + 1
    return Offers(
        start=np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64),
        cell=np.array([cell for row in rows for cell in row], np.int64),
        share=np.array([share for row in rows for share in row.values()], float),
        venue=venue,
        limit=np.array(limit if limit is not None else [9] * (int(venue.max(initial=-1)) + 1), np.int64),
        weight=weight,
        part=part,
        part_total=np.bincount(part, weight, towns),
        part_covered=np.zeros(towns) if covered is None else np.array(covered, float),
    )


def test_by_hand_what_is_covered_already_gains_less():
    """Two cells of 100 and 80; half of the first a session: 50, then 40 of the other beats 25 more."""
    chosen = choose(offers([{0: 0.5}, {1: 0.5}], [100, 80]), 3)
    assert list(chosen.option) == [0, 1, 0]
    assert list(chosen.gain) == [50.0, 40.0, 25.0]
    assert chosen.bound >= chosen.value == 115.0


def test_a_venue_holds_no_more_than_it_can():
    chosen = choose(offers([{0: 0.5}, {1: 0.1}], [100, 100], limit=[1, 1]), 5)
    assert sorted(chosen.option) == [0, 1]


def test_a_floor_brings_the_worst_town_up_first():
    """The far town's session gains less; without a floor it is never held."""
    two = offers([{0: 0.5}, {1: 0.3}], [1000, 10], part=[0, 1])
    assert list(choose(two, 2).option) == [0, 0]
    floored = choose(two, 2, floor=0.3)
    assert sorted(floored.option) == [0, 1]
    assert floored.part_share.min() == pytest.approx(0.3)
    with pytest.raises(FloorOutOfReach) as short:
        choose(two, 2, floor=0.4)
    assert short.value.part == 1


def all_choices(some, sessions):
    """The best of every choice there is."""
    count = len(some.venue)
    best = 0.0
    for picked in itertools.product(range(sessions + 1), repeat=count):
        used = np.bincount(some.venue, picked, len(some.limit))
        if sum(picked) <= sessions and (used <= some.limit).all():
            best = max(best, value_of(some, np.array(picked, float)))
    return best


SMALL = st.integers(1, 4).flatmap(
    lambda cells: st.tuples(
        st.lists(
            st.dictionaries(st.integers(0, cells - 1), st.floats(0.01, 0.9), min_size=1),
            min_size=1,
            max_size=4,
        ),
        st.lists(st.floats(0.0, 100.0), min_size=cells, max_size=cells),
        st.lists(st.integers(0, 2), min_size=4, max_size=4),
        st.lists(st.integers(0, 3), min_size=4, max_size=4),
        st.integers(1, 3),
    )
)


@settings(max_examples=60)
@given(SMALL)
def test_the_bound_holds_and_greedy_keeps_its_guarantee(made):
    rows, weight, limit, venue, sessions = made
    some = offers(rows, weight, limit=limit, venue=[venue[at] for at in range(len(rows))])
    chosen, best = choose(some, sessions), all_choices(some, sessions)
    times = np.bincount(chosen.option, minlength=len(rows)).astype(float)
    assert value_of(some, times) == pytest.approx(chosen.value, abs=1e-9)
    assert chosen.value <= best + 1e-9
    assert chosen.value >= best / 2 - 1e-9
    assert chosen.bound >= best - 1e-6 * max(1.0, best)
    assert (np.bincount(some.venue[chosen.option], minlength=4) <= some.limit).all()


@settings(max_examples=40)
@given(st.lists(st.integers(0, 4), max_size=24), st.integers(1, 40))
def test_no_venue_has_two_sessions_on_one_day(venue, days):
    dates = [[JUNE + timedelta(one) for one in range(days)]] * 5
    kept = [one for at, one in enumerate(venue) if venue[:at].count(one) < days]
    held = days_for(kept, ["A"] * len(kept), dates)
    assert len(set(zip(kept, held, strict=True))) == len(kept)
    assert all(JUNE <= day < JUNE + timedelta(days) for day in held)


def test_the_days_of_a_county_are_evenly_full():
    dates = [[JUNE + timedelta(one) for one in range(10)]] * 20
    held = days_for(list(range(20)), ["A"] * 20, dates)
    assert set(np.unique(held, return_counts=True)[1].tolist()) == {2}


def test_a_name_cannot_add_lines_to_the_calendar():
    evil = "市场\r\nEND:VEVENT\r\nBEGIN:VALARM;,\\"
    made = ics(
        evil,
        "Asia/Shanghai",
        [(JUNE, "09:30", 60, evil, evil, 110.9, 21.6)],
        datetime(2026, 5, 1, tzinfo=ZoneInfo("UTC")),
    )
    read = icalendar.Calendar.from_ical(made)
    (event,) = [one for one in read.walk() if one.name == "VEVENT"]
    assert not [one for one in read.walk() if one.name == "VALARM"]
    assert "市场" in str(event["summary"])
    assert event["dtstart"].dt.isoformat() == "2026-06-01T09:30:00+08:00"


GAZETTEER = pd.DataFrame(
    [
        ("C", "甲县", "county", 110.9, 21.6, "", "", None),
        ("T1", "一镇", "township", 110.9, 21.6, "C", "", None),
        ("T2", "二镇", "township", 111.0, 21.7, "C", "", None),
        ("V1", "东村", "village", 110.9, 21.6, "T1", "", 1000),
        ("V2", "西村", "village", 111.0, 21.7, "T2", "", 500),
        ("V3", "无人村", "village", 111.0, 21.8, "T2", "", None),
        ("M", "大集", "market", 110.9, 21.6, "V1", "", None),
    ],
    columns=["code", "name", "level", "lon", "lat", "parent", "aliases", "residents"],
)  # fmt: skip


def table(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_residents_and_what_is_covered_come_from_a_table(tmp_path):
    chosen = outreach_settings()
    path = table(tmp_path, "村社区,人群,人数,安装率,已宣讲\nV1,老年人,200,50%,1\nT2,,,0.2,\n")
    people = people_of(GAZETTEER, chosen, path)
    elderly, women = people.groups.index("elderly"), people.groups.index("women")
    assert people.residents[0, elderly] == 200
    assert people.residents[0, women] == pytest.approx(1000 * chosen.groups["women"].residents_share)
    left = (1 - 0.5 * chosen.installed_protects_share) * (1 - chosen.past_session_share)
    assert people.covered_share[0, elderly] == pytest.approx(1 - left)
    assert people.covered_share[1] == pytest.approx([0.2 * chosen.installed_protects_share] * 4)
    assert "1 villages have no residents" in people.notes[0][1]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("V9,,10,,", "a village or township of this area"),
        ("V1,pirates,10,,", "one of women, elderly, students, workers"),
        ("V1,,-5,,", "residents, 0 to 100 million"),
        ("V1,,,140%,", "a share, 0 to 1"),
        (",,5,,", "place is required"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_go_on(tmp_path, row, said):
    people = people_of(
        GAZETTEER,
        outreach_settings(),
        table(tmp_path, f"place,group,residents,installed_share,past_sessions\n{row}\nV2,,700,,\n"),
    )
    (rejected,) = people.rejected.to_dict("records")
    assert said in rejected["expected"]
    assert rejected["row"] == 2
    assert people.residents[1].sum() == pytest.approx(700)


def test_a_table_without_a_usable_row_is_one_sentence(tmp_path):
    with pytest.raises(BadInput, match="no usable row; the first says: row 2, place: found 'V9'"):
        people_of(GAZETTEER, outreach_settings(), table(tmp_path, "place,residents\nV9,10\n"))


def test_headings_alone_are_one_sentence(tmp_path):
    (tmp_path / "p.csv").write_text("place,residents\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"p\.csv has headings but no rows"):
        people_of(GAZETTEER, outreach_settings(), tmp_path / "p.csv")


def test_a_place_said_twice_counts_as_said_first(tmp_path):
    rows = "place,residents,past_sessions\nV1,80,2\nV2,10,\nV1,900,2\n"
    (tmp_path / "p.csv").write_text(rows, encoding="utf-8")
    people = people_of(GAZETTEER, outreach_settings(), tmp_path / "p.csv")
    assert people.residents[0].sum() == pytest.approx(80)
    assert people.rejected["row"].tolist() == [4]
    assert "row 2 already" in people.rejected["expected"].iloc[0]


@pytest.mark.parametrize(
    ("row", "said"),
    [("场,square,21.6,110.9,WGS84", "look swapped"),
     ("场,square,0,0,WGS84", "no fix"), ("场,square,110.9,21.6,", "needs its datum")],
)  # fmt: skip
def test_a_venue_nowhere_near_is_named_with_the_likely_cause(tmp_path, row, said):
    (tmp_path / "v.csv").write_text(f"venue,kind,lon,lat,datum\n{row}\n", encoding="utf-8")
    with pytest.raises(BadInput, match="row 2, lon: found") as refused:
        venues_of(GAZETTEER, outreach_settings(), JUNE, 28, tmp_path / "v.csv")
    assert said in str(refused.value)


def test_venues_have_a_datum_a_kind_and_days(tmp_path):
    path = table(
        tmp_path,
        "venue,kind,lon,lat,datum,place,capacity,dates\n"
        "敬老院,home,110.9,21.6,GCJ02,,40,2026-06-03、2026-07-01\n"
        "广场,村（社区）广场,,,,东村,,\n"
        "=cmd,market,110.9,21.6,,,,\n"
        "x,castle,,,,东村,,\n"
        "y,market,,,,东村,,下周\n",
    )
    venues = venues_of(GAZETTEER, outreach_settings(), JUNE, 28, path)
    assert venues.name == ("敬老院", "广场")
    assert venues.dates[0] == (date(2026, 6, 3),)
    assert venues.limit.tolist() == [1, 1]
    assert venues.capacity[0] == 40
    assert abs(venues.lon[0] - 110.9) > 0.003
    assert [list(one) for one in venues.rejected[["row", "column"]].values] == [
        [4, "lon"],
        [5, "kind"],
        [6, "dates"],
    ]


def test_more_than_fit_do_not_come():
    chosen = outreach_settings()
    people = people_of(GAZETTEER, chosen)
    venues = venues_of(GAZETTEER, chosen, JUNE, 28)
    minutes = np.zeros((3, len(venues.name)))
    made, attendance, towns = offers_of(people, venues, minutes, chosen)
    assert towns == ("T1", "T2")
    limit = np.repeat(venues.capacity, len(people.groups))
    assert (attendance <= limit + 1e-9).all()
    assert (attendance == pytest.approx(limit, abs=1e-6)) is False
    # whom a session covers are some of those who came
    newly = np.add.reduceat(
        made.share
        * made.weight[made.cell]
        / np.array([chosen.groups[one].risk for one in people.groups])[made.cell % 4],
        made.start[:-1],
    )
    assert newly == pytest.approx(attendance * chosen.lasting_share)


def test_settings_are_checked():
    with pytest.raises(SettingsError, match="names unknown groups: pirates"):
        outreach_settings({"outreach": {"kinds": {"market": {"come_share": {"pirates": 0.1}}}}})


HOSTILE = "{{ 7*7 }}<img src=x onerror=alert(1)>${1}"
ARGUMENTS = ("coverage", "outreach", "maoming", "--sessions", "60", "--from", "2026-06-01", "--weeks", "4")


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    """What the command writes for sixty sessions, and what it says; one venue has a hostile name."""
    folder = tmp_path_factory.mktemp("campaign")
    venues = "venue,kind,place,dates\n" + f'"{HOSTILE}",square,440902001001,2026-06-05\n'
    names = pd.read_csv(ROOT / "data" / "maoming" / "gazetteer.csv", dtype=str)
    for code in names.loc[names["level"] == "village", "code"][1:60]:
        venues += f"广场{code},square,{code},\n"
    (folder / "venues.csv").write_text(venues, encoding="utf-8")
    done = run_dispatch(*ARGUMENTS, "--venues", folder / "venues.csv", "--out", folder / "out", "--json")
    return folder / "out", done


def test_the_command_writes_a_folder_a_planner_can_use(campaign):
    out, done = campaign
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    sessions = pd.read_csv(out / "sessions.csv")
    assert len(sessions) == figures["sessions"] == 60
    assert sessions["day"].between("2026-06-01", "2026-06-28").all()
    assert not sessions.duplicated(["venue", "lon_wgs84", "lat_wgs84", "day"]).any()
    assert 0 < figures["share_after"] <= figures["share_bound"]
    assert figures["gap_percent"] < 1
    curve = pd.read_csv(out / "curve.csv")["share_covered"]
    assert curve.iloc[-1] == pytest.approx(figures["share_after"], abs=1e-5)
    events = icalendar.Calendar.from_ical((out / "sessions.ics").read_bytes()).walk("VEVENT")
    assert len(events) == 60
    assert "演练" in str(events[0]["summary"])
    again = run_dispatch(*ARGUMENTS, "--out", out)
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_the_map_lists_sessions_villages_and_towns_and_runs_nothing(campaign, chromium):
    page = chromium.new_context(offline=True, viewport={"width": 390, "height": 844}).new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.goto((campaign[0] / "map.html").as_uri())
    page.wait_for_selector("[data-tab=towns]")
    assert "60 场" in page.inner_text("#results")
    page.fill("input[type=search]", "7*7")
    assert HOSTILE in page.inner_text(".rows")
    page.click(".rows .row >> nth=0")
    assert HOSTILE in page.inner_text(".card h3")
    page.fill("input[type=search]", "")
    page.click("[data-tab=towns]")
    assert "%" in page.inner_text(".rows li >> nth=0")
    assert not faults
    page.context.close()


def test_a_floor_out_of_reach_is_one_sentence_with_the_one_within_reach(tmp_path):
    done = run_dispatch(
        "coverage",
        "outreach",
        "maoming",
        "--sessions",
        "60",
        "--from",
        "2026-06-01",
        "--floor",
        "0.9",
        "--out",
        tmp_path / "o",
    )
    assert done.returncode == 1
    assert "expected 90.0%" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()
