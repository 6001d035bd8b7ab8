"""Four datums, one place: known values, round trips, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.datum import CHINA, DATUMS, convert, known_datum
from dispatch.errors import BadInput

MILLIMETRE_DEGREES = 1e-3 / 111_320
PAIRS = [(a, b) for a in DATUMS for b in DATUMS]


def test_the_published_formulas_give_the_published_numbers():
    # the example of coordtransform: 116.404, 39.915 in Beijing
    assert convert(116.404, 39.915, "WGS84", "GCJ02") == pytest.approx(
        (116.41024449916938, 39.91640428150164)
    )
    assert convert(116.404, 39.915, "GCJ02", "BD09") == pytest.approx((116.41036949371029, 39.92133699351021))


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_there_and_back_is_less_than_a_millimetre_over_all_of_china(source, target):
    lon, lat = np.meshgrid(np.linspace(72.1, 137.7, 219), np.linspace(0.95, 55.7, 183))
    back = convert(*convert(lon, lat, source, target), target, source)
    assert np.abs(back[0] - lon).max() < MILLIMETRE_DEGREES
    assert np.abs(back[1] - lat).max() < MILLIMETRE_DEGREES


@given(st.floats(CHINA[0], CHINA[2]), st.floats(CHINA[1], CHINA[3]))
def test_no_point_of_china_is_lost_not_even_on_the_border(lon, lat):
    back = convert(*convert([lon], [lat], "WGS84", "BD09"), "BD09", "WGS84")
    assert np.abs(np.subtract(back, [[lon], [lat]])).max() < MILLIMETRE_DEGREES


INLAND = st.tuples(st.floats(CHINA[0] + 1e-6, CHINA[2] - 1e-6), st.floats(CHINA[1] + 1e-6, CHINA[3] - 1e-6))


@given(st.lists(INLAND, min_size=1, max_size=50), st.sampled_from(PAIRS))
def test_every_pair_of_datums_returns_within_a_millimetre_wherever_in_china(points, pair):
    # real points: on its very border GCJ-02 has numbers that stand for no place at all
    lon, lat = convert(*np.array(points).T, "WGS84", pair[0])
    back = convert(*convert(lon, lat, *pair), *reversed(pair))
    east = (back[0] - lon) * 111_320_000 * np.cos(np.radians(lat))  # mm
    north = (back[1] - lat) * 111_320_000
    assert np.hypot(east, north).max() < 1.0


def test_gcj02_is_hundreds_of_metres_away_and_not_by_a_constant():
    lon, lat = np.array([110.9, 111.5]), np.array([21.6, 22.2])
    east, north = np.subtract(convert(lon, lat, "WGS84", "GCJ02"), (lon, lat)) * 111_320
    metres = np.hypot(east * np.cos(np.radians(lat)), north)
    assert (metres > 300).all()
    assert (metres < 700).all()
    assert abs(metres[0] - metres[1]) > 5


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_outside_china_gcj02_is_the_identity(lon, lat):
    west, south, east, north = CHINA
    if west - 0.02 <= lon <= east + 0.02 and south - 0.02 <= lat <= north + 0.02:
        return
    for pair in (("WGS84", "GCJ02"), ("GCJ02", "WGS84")):
        assert convert(lon, lat, *pair) == (lon, lat)


def test_cgcs2000_is_taken_as_wgs84():
    assert convert(110.9, 21.6, "CGCS2000", "WGS84") == (110.9, 21.6)
    assert convert(110.9, 21.6, "CGCS2000", "BD09") == convert(110.9, 21.6, "WGS84", "BD09")


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_one_point_moves_as_it_does_among_others(source, target):
    many = convert([110.92, 120.0], [21.66, 30.0], source, target)
    one = convert(110.92, 21.66, source, target)
    assert one[0].shape == ()
    assert one == pytest.approx((many[0][0], many[1][0]), abs=1e-12)


def test_missing_coordinates_stay_missing_and_the_input_is_not_touched():
    lon, lat = np.array([110.9, np.nan]), np.array([21.6, np.nan])
    x, y = convert(lon, lat, "BD09", "WGS84")
    assert np.isnan([x[1], y[1]]).all()
    assert np.isfinite([x[0], y[0]]).all()
    assert (lon[0], lat[0]) == (110.9, 21.6)


@pytest.mark.parametrize("number", [3.4e306, -1e9, 506_202.0, np.inf])
@pytest.mark.parametrize("pair", [(a, b) for a, b in PAIRS if a != b and {a, b} != {"WGS84", "CGCS2000"}])
def test_what_can_be_no_degrees_becomes_nan(number, pair):
    assert np.isnan(convert(number, 21.6, *pair)[0])
    assert np.isnan(convert(110.9, number, *pair)[1])


@pytest.mark.parametrize("text", ["", "  ", "WGS", "Mars", "{{7*7}}"])
def test_an_unknown_datum_is_refused_and_the_known_ones_are_named(text):
    with pytest.raises(BadInput, match="WGS84, CGCS2000, GCJ02, BD09"):
        convert(110.9, 21.6, text, "WGS84")


@pytest.mark.parametrize(("text", "datum"), [("wgs-84", "WGS84"), ("GCJ 02", "GCJ02"), ("bd_09", "BD09")])
def test_hyphens_blanks_and_case_do_not_change_a_datum(text, datum):
    assert known_datum(text) == datum


def test_shapes_that_disagree_are_refused():
    with pytest.raises(BadInput, match="shape"):
        convert([1.0, 2.0], [1.0], "WGS84", "GCJ02")
