"""What lets a map hold 50,000 cases: the packed block, told apart from the same day as JSON, and drawn by groups."""

from __future__ import annotations

import json
import re

import make_view
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import maps
from maps.block import Whole, escaped_json, packed_block, unpacked_block, varints
from maps.payload import plan_payload


def back(value):
    """What the page reads of a value."""
    return unpacked_block(packed_block({"it": value}))["it"]


@given(st.lists(st.integers(-(2**60), 2**60)))
def test_whole_numbers_come_back(numbers):
    assert back(Whole(np.array(numbers, np.int64))) == numbers


def test_a_varint_has_seven_bits_a_byte():
    # 63 -> zig-zag 126: one byte; 64 -> 128: 0x80 0x01; -1 -> 1
    assert varints(np.array([63, 64, -1], np.int64)) == bytes([126, 0x80, 0x01, 1])


numbers = st.one_of(st.none(), st.integers(-(10**9), 10**9), st.floats(-1e9, 1e9))


@given(st.lists(numbers, min_size=8))
def test_columns_of_numbers_come_back_to_six_decimals_and_null_stays_null(column):
    for given_, read in zip(column, back(column), strict=True):
        assert (given_ is None) == (read is None)
        if given_ is not None:
            assert abs(given_ - read) <= 1e-6


@given(
    st.lists(
        st.one_of(st.none(), st.sampled_from(["高危", "</script>", ""]), st.text(max_size=9)), min_size=8
    )
)
def test_columns_of_words_come_back_as_they_were(column):
    assert back(column) == column


def test_sentences_in_two_languages_and_flags_come_back():
    column = [("去", "go"), None, ("来", "come"), None] * 5
    assert back(column) == [list(pair) if pair else None for pair in column]
    assert back([True, False, None] * 4) == [True, False, None] * 4


def test_numbers_that_are_not_finite_are_null_in_columns_and_alone():
    assert back([float("nan"), float("inf"), *range(8)]) == [None, None, *range(8)]
    assert escaped_json([float("nan"), float("inf"), np.float64(1.5), np.int64(3)]) == "[null,null,1.5,3]"


def test_numbers_too_large_for_a_browser_to_count_stay_as_they_are():
    assert back([2**53 + 1] * 9) == [2**53 + 1] * 9


HOSTILE = "</script><!--{{7*7}}{%x%}{#y#}&\u2028\u2029\ud800{{{"


@given(st.text(st.characters(), max_size=60))
def test_any_text_is_parsed_back_as_it_was_given_and_opens_nothing(words):
    block = escaped_json({"a": [words, HOSTILE]})
    assert json.loads(block)["a"] == [words, HOSTILE]
    assert not re.search("[<>&\u2028\u2029\ud800-\udfff]|\\{[{%#]", block)


def test_a_view_comes_back_whole_from_its_page():
    view = make_view.day(60, 7)
    payload = json.loads(json.dumps(plan_payload(view), default=lambda whole: whole.values.tolist()))
    assert maps.page.read_page(maps.plan_map(view).get_root().render()) == rounded(payload)


def rounded(value):
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


def test_a_day_of_three_thousand_cases_takes_a_third_of_its_json():
    payload = plan_payload(make_view.day(3_000, 40))
    as_json = len(json.dumps(payload, ensure_ascii=False, default=lambda whole: whole.values.tolist()))
    assert len(packed_block(payload)) * 4 / 3 < as_json / 3  # 4/3: base64
