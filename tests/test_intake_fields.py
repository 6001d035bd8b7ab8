"""One cell: what people write, and what is refused."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.intake import fields, words
from dispatch.intake.fields import Unclear

SHANGHAI = ZoneInfo("Asia/Shanghai")
TWO = datetime(2026, 5, 1, 14, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01T14:00", "2026-05-01 14:00:00", "2026/5/1 14:00", "2026年5月1日14时00分", "2026年5月1日 下午2点",
        "2026.5.1 14:00", "20260501140000", "202605011400", "２０２６－０５－０１　１４：００", "2026-05-01T06:00Z",
        "2026-05-01T06:00:00+00:00", "2026-05-01 2:00 PM", "46143.5833333333",
    ],
)  # fmt: skip
def test_a_moment_may_be_written_in_many_ways(text):
    assert fields.time_of(SHANGHAI)(text) == TWO


def test_a_moment_without_a_zone_is_the_areas():
    assert fields.time_of(SHANGHAI)("2026-05-01 14:00").astimezone(UTC).hour == 6  # UTC+8


def test_midnight_may_be_called_twenty_four():
    assert fields.time_of(SHANGHAI)("2026-05-01 24:00") == datetime(2026, 5, 2, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "text",
    ["昨天", "2026-05-01", "2026-13-01 10:00", "2026-02-30 10:00", "25:00", "1026-05-01 10:00", "46143",
     "2026-05-01 14:60", "2026-05-01 24:01", "1777615200", "2026-05-01 14:00+99:99", "9" * 5000],
)  # fmt: skip
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(Unclear, match="2026-05-01 14:00"):
        fields.time_of(SHANGHAI)(text)


@pytest.mark.parametrize(
    ("text", "yuan"),
    [("320,000", 320_000), ("32万", 320_000), ("￥3200.50", 3200.5), ("3.2w", 32_000), ("1.2亿", 1.2e8), ("５０００元", 5000),
     ("0", 0), ("人民币 12 万元", 120_000), ("-0", 0)],
)  # fmt: skip
def test_an_amount_may_be_written_in_many_ways(text, yuan):
    assert fields.amount_of(text) == pytest.approx(yuan)


@pytest.mark.parametrize(
    "text", ["-500", "-3万", "abc", "1e5", "3,20", "32万5", "inf", "nan", "999999999999", "=1+1", "三万"]
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(Unclear):
        fields.amount_of(text)


@pytest.mark.parametrize(
    ("text", "yes"), [("是", True), ("否", False), ("TRUE", True), ("1", True), ("0", False), ("Ｙ", True)]
)
def test_yes_and_no(text, yes):
    assert fields.flag_of(text) is yes


@pytest.mark.parametrize(
    ("text", "metres"), [("800", 800), ("800米", 800), ("0.8公里", 800), ("1,200 m", 1200)]
)
def test_a_radius_may_be_in_kilometres(text, metres):
    assert fields.metres_of(text) == pytest.approx(metres)


@pytest.mark.parametrize(
    ("text", "minutes"), [("08:00", 480), ("8点半", 510), ("24:00", 1440), ("20时", 1200), ("0.5", 720)]
)
def test_a_time_of_day(text, minutes):
    assert fields.clock_of(text) == minutes


@pytest.mark.parametrize(
    ("one", "other"),
    [("138 0013 8000", "13800138000"), ("+86-138-0013-8000", "13800138000"), ("008613800138000", "13800138000"),
     ("（0668）1234567", "0668-1234567"), ("13800138000.0", "13800138000")],
)  # fmt: skip
def test_one_telephone_written_twice_is_one(one, other):
    assert fields.normal_phone(one) == fields.normal_phone(other) != ""


@pytest.mark.parametrize("text", ["", "138****8000", "无", "00000000000", "12345", "1380013800x"])
def test_what_names_no_telephone_joins_nobody(text):
    assert fields.normal_phone(text) == ""


@pytest.mark.parametrize(
    ("parse", "text", "word"),
    [(words.RISK, "特高危", "critical"), (words.RISK, " 高 ", "high"), (words.RISK, "Critical", "critical"),
     (words.FRAUD_TYPE, "冒充公检法诈骗", "impersonated_police"), (words.FRAUD_TYPE, "杀猪盘", "romance"),
     (words.CONTACT_RESULT, "已劝阻", "persuaded"), (words.LOCATION_SOURCE, "手机定位", "fix"),
     (words.DATUM, "gcj-02", "GCJ02"), (words.KIND, "派出所", "station"), (words.PROFILE, "摩托车", "motorcycle")],
)  # fmt: skip
def test_words_of_both_languages(parse, text, word):
    assert parse(text) == word


@given(text=st.text(max_size=200))
def test_no_text_makes_a_parser_fail_otherwise(text):
    parsers = (fields.time_of(SHANGHAI), fields.amount_of, fields.count_of, fields.metres_of, fields.degrees_of, fields.flag_of,
               fields.clock_of, fields.id_of, words.RISK, words.DATUM, words.FRAUD_TYPE)  # fmt: skip
    for parse in parsers:
        with contextlib.suppress(Unclear):
            parse(text)
    fields.normal_phone(text)


@given(moment=st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)))
def test_a_sheets_serial_and_iso_mean_the_same(moment):
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    serial = (moment.replace(tzinfo=None) - datetime(1899, 12, 30)).total_seconds() / 86400
    parse = fields.time_of(UTC)
    assert parse(moment.isoformat()) == moment
    if not serial.is_integer():
        assert parse(f"{serial:.10f}") == moment
