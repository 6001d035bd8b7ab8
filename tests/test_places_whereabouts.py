"""Reverse: which unit a point lies in, or why it cannot be of the area, the likely cause named."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from names import LISTS, MISSING, entry, maoming
from shapely.geometry import box

from dispatch import datum
from dispatch.errors import BadInput
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.whereabouts import Whereabouts, reverse
from dispatch.reasons import Reason, say

AREA = Gazetteer(
    pd.DataFrame(
        [
            entry("440900", "茂名市", "city", 110.92, 21.66),
            entry("440981", "高州市", "county", 110.85, 21.92, "440900"),
            entry("T1", "长坡镇", "township", 111.05, 21.98, "440981"),
            entry("V1", "旺沙村委会", "village", 111.06, 21.99, "T1"),
            entry("P1", "长坡派出所", "police", 111.051, 21.981, "T1"),
        ]
    ),
    gpd.GeoDataFrame(
        {"code": ["440981"], "name": ["高州市"], "level": ["county"], "parent": ["440900"]},
        geometry=[box(110.5, 21.7, 111.5, 22.3)],
        crs=4326,
    ),
)


def test_a_point_is_given_its_path_its_codes_and_what_is_near():
    lon, lat = (float(one) for one in datum.convert(111.0601, 21.99, "WGS84", "GCJ02"))
    found = reverse(AREA, lon, lat, "GCJ02")
    assert isinstance(found, Whereabouts)
    assert list(found.path.values()) == ["茂名市", "高州市", "长坡镇", "旺沙村委会"]
    assert found.codes["village"] == "V1"
    # 0.0001 degrees of longitude at 21.99: 111,195 m x 0.0001 x cos(21.9) = 10.3 m
    assert (found.nearest, found.nearest_metres) == ("旺沙村委会", pytest.approx(10.3, abs=0.2))


def test_a_point_far_from_every_name_but_inside_a_border_has_the_county_alone():
    found = reverse(AREA, 110.52, 22.28, "WGS84")
    assert list(found.path) == ["city", "county"]


@pytest.mark.parametrize(
    ("point", "code"),
    [
        ((21.99, 111.06), "LON_LAT_SWAPPED"),
        ((113.26, 23.13), "OUTSIDE_AREA"),
        ((0.0, 0.0), "COORDINATE_EMPTY"),
        ((float("nan"), 21.9), "COORDINATE_EMPTY"),
        ((111060000.0, 21990000.0), "DECIMAL_POINT_LOST"),
        ((506202.0, 2431890.0), "COORDINATE_PROJECTED"),
        ((-111.06, 21.99), "SIGN_LOST"),
    ],
)
def test_a_point_outside_is_refused_with_the_likely_cause(point, code):
    found = reverse(AREA, *point, "WGS84")
    assert isinstance(found, Reason)
    assert found.code == code
    assert "{" not in say(found, "zh") + say(found, "en")


def test_a_point_without_a_datum_is_refused():
    with pytest.raises(BadInput, match="no datum"):
        reverse(AREA, 111.06, 21.99, "")


@given(st.floats(), st.floats(), st.sampled_from(datum.DATUMS))
def test_any_two_numbers_lie_somewhere_or_are_refused_in_words(lon, lat, source):
    found = reverse(AREA, lon, lat, source)
    assert isinstance(found, Whereabouts) or say(found, "zh")


@pytest.mark.skipif(not LISTS.is_dir(), reason=MISSING)
def test_every_village_of_maoming_reversed_is_itself():
    frame, polygons = maoming()
    gazetteer = Gazetteer(frame, polygons)
    villages = frame[frame["level"] == "village"].sample(200, random_state=1)
    for one in villages.itertuples():
        found = reverse(gazetteer, one.lon, one.lat, "WGS84")
        assert found.codes["village"] == one.code
        assert np.isclose(found.nearest_metres, 0.0)
