"""A case's places: coordinates moved, fixes aged, evidence merged, nonsense refused by name."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

import make
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from names import entry

from dispatch import datum
from dispatch.errors import BadInput, SettingsError
from dispatch.intake.alerts import parse_alerts
from dispatch.loss import plan_loss
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.locate import locate, locate_rows, why_here
from dispatch.places.settings import SOURCES, default_settings, place_settings
from dispatch.reasons import say
from dispatch.routing import assign_nearest

AT = datetime(2026, 5, 1, 14, 0, tzinfo=timezone(timedelta(hours=8)))
AREA = Gazetteer(
    pd.DataFrame(
        [
            entry("440981", "高州市", "county", 110.85, 21.92),
            entry("440904", "电白区", "county", 111.0, 21.5),
            entry("T1", "长坡镇", "township", 111.05, 21.98, "440981"),
            entry("T2", "水东街道", "township", 111.02, 21.51, "440904"),
            entry("V1", "旺沙村委会", "village", 111.06, 21.99, "T1", radius_metres=500.0),
            entry("V2", "新村村委会", "village", 111.04, 21.97, "T1", radius_metres=500.0),
            entry("V3", "新村村委会", "village", 111.03, 21.53, "T2", radius_metres=500.0),
        ]
    )
)
HOME = {"address": "高州市长坡镇旺沙村"}
FIX = {"lon": 111.02, "lat": 21.515, "datum": "WGS84", "location_source": "fix", "radius_metres": 100.0}


def places(*rows: dict[str, object]):
    return locate("A-1", pd.DataFrame(list(rows)), AREA, at=AT)


def refusals(*rows: dict[str, object]) -> list[str]:
    return [one.reason.code for one in locate_rows("A-1", pd.DataFrame(list(rows)), AREA, at=AT).refused]


def minutes_ago(minutes: float) -> pd.Timestamp:
    return pd.Timestamp(AT - timedelta(minutes=minutes))


def test_an_address_becomes_a_place_with_its_units_and_an_id():
    (place,) = places(HOME)
    assert (place.id, place.source, place.level) == ("A-1/1", "home", "village")
    assert (place.county, place.township, place.village) == ("440981", "T1", "V1")
    # prior 0.65 x text 0.9 x match 0.96 x found 1 / (1 + 500 / 2000) = 0.449
    assert place.probability == pytest.approx(0.449, abs=0.02)
    # 2 + 1.2 x 500 / 100 minutes
    assert place.search_minutes == pytest.approx(8.0)


def test_a_coordinate_is_moved_to_wgs84_from_the_datum_it_says():
    lon, lat = datum.convert(111.02, 21.515, "WGS84", "BD09")
    (place,) = places({"lon": float(lon), "lat": float(lat), "datum": "BD09", "location_source": "home"})
    assert (place.lon, place.lat) == pytest.approx((111.02, 21.515), abs=1e-7)
    assert (place.level, place.township) == ("point", "T2")


def test_rows_as_the_intake_reads_them_are_not_moved_twice():
    lon, lat = datum.convert(111.02, 21.515, "WGS84", "GCJ02")
    table = pd.DataFrame({
        "alert_id": ["A"], "alerted_at": ["2026-05-01 13:00"], "lon": [repr(float(lon))],
        "lat": [repr(float(lat))], "datum": ["GCJ02"], "location_source": ["home"],
    })  # fmt: skip
    (place,) = locate("A", parse_alerts(table).rows, AREA, at=AT)
    assert (place.lon, place.lat) == pytest.approx((111.02, 21.515), abs=1e-6)


def test_a_coordinate_without_a_datum_is_refused():
    with pytest.raises(BadInput, match="no datum given"):
        places({"lon": 111.02, "lat": 21.515})


def test_a_fix_and_a_home_apart_are_two_places_the_fresh_fix_first():
    fix, home = places({**FIX, **HOME, "fix_at": minutes_ago(5)})
    assert (fix.source, home.source) == ("fix", "home")
    assert fix.age_minutes == pytest.approx(5)
    assert [fix.id, home.id] == ["A-1/1", "A-1/2"]


def test_a_fix_ages_its_probability_halves_and_its_radius_grows():
    fresh, old = (places({**FIX, "fix_at": minutes_ago(age)})[0] for age in (0, 90))
    # 90 minutes are one half-life; 25 m a minute of drift make 100 m into 2,350
    assert old.radius_metres == pytest.approx(100 + 90 * 25)
    found = default_settings().search.share_found
    assert old.probability / found(2350) == pytest.approx(0.5 * fresh.probability / found(100), rel=1e-3)


def test_an_undated_fix_counts_as_an_old_one():
    assert places(FIX)[0].probability < places({**FIX, "fix_at": minutes_ago(60)})[0].probability
    assert places(FIX)[0].age_minutes is None


def test_a_fix_inside_the_homes_radius_confirms_home():
    near = {**FIX, "lon": 111.061, "lat": 21.991}  # 150 m from the village's point
    (alone,) = places(HOME)
    (both,) = places({**near, **HOME, "fix_at": minutes_ago(10)})
    assert both.source == "home"
    assert both.probability > alone.probability
    assert both.age_minutes == pytest.approx(10)


def test_the_same_home_twice_is_no_likelier_than_once():
    assert places(HOME, HOME) == places(HOME)


def test_a_village_name_borne_twice_is_two_places_and_a_fix_tells_them_apart():
    assert {place.village for place in places({"address": "新村"})} == {"V2", "V3"}
    hinted = places({**FIX, "address": "新村", "fix_at": minutes_ago(5)})
    homes = [place for place in hinted if place.source == "home"]
    assert homes[0].village == "V3"


def test_words_and_coordinate_in_two_counties_are_both_kept_and_both_doubted():
    row = {"lon": 111.02, "lat": 21.515, "datum": "WGS84", "location_source": "home", **HOME}
    found = places(row)
    assert {place.county for place in found} == {"440904", "440981"}
    alone = places({**row, "address": ""})[0]
    assert all(place.probability < alone.probability for place in found)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"lon": 21.515, "lat": 111.02, "datum": "WGS84"}, "LON_LAT_SWAPPED"),
        ({"lon": 113.26, "lat": 23.13, "datum": "GCJ02"}, "OUTSIDE_AREA"),
        ({"address": "广州市天河区体育西路"}, "OTHER_CITY"),
        ({"address": "高州市"}, "ADDRESS_TOO_COARSE"),
        ({"address": "老地方"}, "ADDRESS_UNKNOWN"),
        ({"address": "", "lon": np.nan, "lat": None}, "NOTHING_TO_GO_BY"),
    ],
)
def test_what_gives_no_place_is_refused_with_the_likely_cause(row, code):
    assert places(row) == ()
    assert refusals(row) == [code]
    reason = locate_rows("A-1", pd.DataFrame([row]), AREA, at=AT).refused[0].reason
    assert "{" not in say(reason, "zh") + say(reason, "en")


def test_an_address_stands_in_for_a_coordinate_outside_the_area():
    (place,) = places({"lon": 21.5, "lat": 111.0, "datum": "WGS84", "location_source": "home", **HOME})
    assert place.village == "V1"


def test_a_town_is_searched_longer_and_with_less_luck_than_a_village():
    (town,), (village,) = places({"address": "高州市长坡镇"}), places(HOME)
    assert (town.level, town.village) == ("township", None)
    assert town.search_minutes > village.search_minutes
    assert town.probability < village.probability


@pytest.mark.parametrize("radius_metres", [100.0, 1500.0])
def test_the_loss_pays_for_the_minutes_of_the_search_and_for_who_is_not_found(radius_metres):
    row = {"lon": 111.02, "lat": 21.515, "datum": "WGS84", "location_source": "home"}
    (found,) = places({**row, "radius_metres": radius_metres})
    place = make.place(10, probability=found.probability, search_minutes=found.search_minutes)
    day = make.problem([make.responder()], [make.case(places=[place])])

    def lost(minutes):
        return 60_000 * (1 - math.exp(-0.6 * minutes / 60))

    # 10 minutes there, 2 + 1.2 a hundred metres of search; 0.65 x 1 / (1 + r / 2000) are found, the others
    # are lost as if nobody came within the 360 minutes of the horizon
    contact = 10 + 2 + 1.2 * radius_metres / 100
    share = 0.65 / (1 + radius_metres / 2000)
    by_hand = share * lost(contact) + (1 - share) * lost(360)
    assert plan_loss(day, assign_nearest(day)).expected_yuan == pytest.approx(by_hand, rel=1e-4)


def test_each_place_says_in_both_languages_why_it_is_where_it_is():
    fix, home = places({**FIX, **HOME, "fix_at": minutes_ago(5)})
    assert why_here(home).startswith("家庭住址：高州市长坡镇旺沙村委会（村级，误差约 500 米）")
    assert "5 分钟前" in why_here(fix)
    assert "within about 500 m" in why_here(home, "en")
    assert "5 min ago" in why_here(fix, "en")


def test_labels_hold_names_of_the_gazetteer_and_nothing_private():
    (place,) = places({"address": "高州市长坡镇旺沙村12号王某某家"})
    assert place.label == "高州市长坡镇旺沙村委会"


ROWS = st.fixed_dictionaries(
    {},
    optional={
        "address": st.one_of(
            st.none(), st.text(max_size=20), st.sampled_from(["新村", "高州长坡旺沙", "长坡镇"])
        ),
        "lon": st.one_of(st.none(), st.floats(allow_infinity=True), st.floats(110.9, 111.2)),
        "lat": st.one_of(st.none(), st.floats(allow_infinity=True), st.floats(21.4, 22.1)),
        "radius_metres": st.one_of(st.none(), st.floats(-5, 5000)),
        "location_source": st.one_of(st.none(), st.sampled_from([*SOURCES, "moon"])),
        "fix_at": st.one_of(st.none(), st.just(minutes_ago(30)), st.just(minutes_ago(-30)), st.just(pd.NaT)),
    },
)


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_whatever_the_rows_the_places_are_sound(rows):
    found = locate("A-1", pd.DataFrame([{"datum": "WGS84", **row} for row in rows]), AREA, at=AT)
    settings = default_settings()
    assert sum(place.probability for place in found) <= settings.sum_ceiling + 1e-9
    assert len(found) <= settings.most_places
    assert [place.id for place in found] == [f"A-1/{n}" for n in range(1, len(found) + 1)]
    for place in found:
        assert AREA.inside(place.lon, place.lat)[0]
        assert 0 < place.radius_metres < 50_000
        assert 0 <= place.search_minutes <= settings.search.most_minutes
        assert why_here(place)
        assert why_here(place, "en")


def test_a_users_setting_lies_over_the_bundled_one_and_an_unknown_key_is_refused():
    assert place_settings({"places": {"fix": {"half_life_minutes": 30.0}}}).fix.half_life_minutes == 30.0
    with pytest.raises(SettingsError, match="half_live"):
        place_settings({"places": {"fix": {"half_live": 30.0}}})
    with pytest.raises(SettingsError, match="moon"):
        place_settings({"places": {"source_prior": {"moon": 0.5}}})
