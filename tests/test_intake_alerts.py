"""Alerts row by row: what goes on, what is rejected, and with which words."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point
from test_intake_tables import book

from dispatch import datum
from dispatch.errors import BadInput
from dispatch.intake.alerts import ALERTS, COLUMNS, coordinate_fault, parse_alerts, read_alerts
from dispatch.reasons import FRAUD_TYPES, WORDS

DOCS = Path(__file__).parent.parent / "docs"
GOOD = {
    "alert_id": "A1", "alerted_at": "2026-05-01 13:00", "lon": "110.9", "lat": "21.6", "datum": "WGS84",
    "address": "电白区水东镇",
}  # fmt: skip


def text(*rows):
    frame = pd.DataFrame([{**GOOD, "alert_id": f"A{n}", **row} for n, row in enumerate(rows, 1)]).fillna("")
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    return frame.astype("str")


def read(*rows, **options):
    return parse_alerts(text(*rows), **options)


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        ({"datum": ""}, "datum", "WGS84"),
        ({"datum": "Mars"}, "datum", "WGS84"),
        ({"alerted_at": "yesterday"}, "alerted_at", "2026-05-01 14:00"),
        ({"alerted_at": ""}, "alerted_at", "required"),
        ({"alert_id": ""}, "alert_id", "required"),
        ({"alert_id": "x" * 65}, "alert_id", "64"),
        ({"fix_at": "99"}, "fix_at", "2026-05-01 14:00"),
        ({"amount_at_risk": "-500"}, "amount_at_risk", "0 or more"),
        ({"amount_lost": "-1"}, "amount_lost", "0 or more"),
        ({"amount_at_risk": "many"}, "amount_at_risk", "32万"),
        ({"risk": "severe"}, "risk", "critical"),
        ({"fraud_type": "魔法"}, "fraud_type", "刷单返利"),
        ({"contact_result": "?"}, "contact_result", "persuaded"),
        ({"location_source": "moon"}, "location_source", "hotel"),
        ({"on_call": "perhaps"}, "on_call", "yes or no"),
        ({"call_attempts": "-1"}, "call_attempts", "0 or more"),
        ({"warnings": "2.5"}, "warnings", "whole number"),
        ({"radius_metres": "-3"}, "radius_metres", "metres"),
        ({"lat": ""}, "lat", "together"),
        ({"lon": ""}, "lon", "together"),
        ({"lon": "110°54'"}, "lon", "decimal"),
        ({"lon": "21.6", "lat": "110.9"}, "lon", "swapped"),
        ({"lon": "0", "lat": "0"}, "lon", "0,0"),
        ({"lon": "110900000", "lat": "21600000"}, "lon", "decimal point"),
        ({"lon": "489650.3", "lat": "2388650.1"}, "lon", "projected"),
        ({"lon": "110.9", "lat": "-33.9"}, "lat", "outside"),
        ({"lon": "2.35", "lat": "48.85"}, "lon", "outside"),
        ({"lon": "", "lat": "", "datum": "", "address": "不详"}, "address", "an address"),
        ({"window_from": "2026-05-01 15:00", "window_to": "2026-05-01 14:00"}, "window_to", "window_from"),
    ],
)  # fmt: skip
def test_a_fault_rejects_its_row_alone_and_names_column_and_expectation(row, column, expected):
    alerts = read({}, row, {})
    assert alerts.rows.index.tolist() == [2, 4]
    (line,) = alerts.rejected.to_dict("records")
    assert (line["row"], line["column"]) == (3, column)
    assert expected in line["expected"]


def test_several_faults_of_a_row_stand_in_one_line():
    alerts = read({}, {"risk": "severe", "amount_at_risk": "-1"})
    (line,) = alerts.rejected.to_dict("records")
    assert line["column"] == "risk | amount_at_risk"
    assert line["found"] == "severe | -1"


def test_a_long_hostile_value_is_cut_where_it_is_repeated():
    alerts = read({}, {"risk": "<script>\x00\u202e" + "x" * 10_000})
    found = alerts.rejected["found"].iloc[0]
    assert len(found) <= 80
    assert found.isprintable()
    assert len(alerts.rejected["raw"].iloc[0]) <= 2000


def test_the_same_row_twice_counts_once():
    frame = text({}, {})
    frame.loc[4] = frame.loc[2]
    alerts = parse_alerts(frame)
    assert alerts.rows.index.tolist() == [2, 3]
    assert "row 2" in alerts.rejected["expected"].iloc[0]


def test_one_alert_id_for_two_telephones_hides_nobody():
    alerts = read({"alert_id": "A", "phone": "13800138000"}, {"alert_id": "A", "phone": "13900139000", "lat": "21.7"},
                  {"alert_id": "A", "phone": "+86 138 0013 8000", "lat": "21.8"})  # fmt: skip
    assert alerts.rows.index.tolist() == [2, 4]
    assert alerts.rejected["column"].tolist() == ["phone"]


@pytest.mark.parametrize("name", datum.DATUMS)
def test_coordinates_are_kept_as_wgs84(name):
    lon, lat = datum.convert(np.array([110.9]), np.array([21.6]), "WGS84", name)
    rows = read({"lon": f"{lon[0]:.9f}", "lat": f"{lat[0]:.9f}", "datum": name}).rows
    assert rows["lon"].iloc[0] == pytest.approx(110.9, abs=1e-7)  # degrees, a centimetre
    assert rows["lat"].iloc[0] == pytest.approx(21.6, abs=1e-7)
    assert rows["datum"].iloc[0] == "WGS84"


def test_an_address_alone_is_a_place():
    assert len(read({"lon": "", "lat": "", "datum": ""}).rows) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_chinese_headings_and_words_are_read(tmp_path, encoding):
    path = tmp_path / "预警.csv"
    path.write_bytes(
        "预警编号,预警时间,预警等级,诈骗类型,电话,经度,纬度,坐标系,涉险金额,通话中,联系结果,案由\n"
        "A1,2026年5月1日14时00分,特高危,冒充公检法,138 0013 8000,110.9,21.6,GCJ02,32万,是,不信,甲\n".encode(
            encoding
        )
    )
    alerts = read_alerts(path, None, "Asia/Shanghai")
    row = alerts.rows.loc[2]
    assert (row["risk"], row["fraud_type"], row["contact_result"]) == (
        "critical",
        "impersonated_police",
        "disbelieved",
    )
    assert row["amount_at_risk"] == 320_000
    assert row["on_call"]
    assert alerts.ignored == ("案由",)


def test_other_headings_go_through_the_mapping(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("案件编号,报警时刻,address,risk\nA1,2026-05-01 13:00,水东,high\n", encoding="utf-8")
    mapping = {"案件编号": "alert_id", "报警时刻": "alerted_at"}
    assert read_alerts(path, mapping, "Asia/Shanghai").rows["alert_id"].tolist() == ["A1"]
    with pytest.raises(BadInput, match=r"unknown alertid; known: alert_id"):
        read_alerts(path, {"案件编号": "alertid"}, "Asia/Shanghai")


def test_a_rejected_row_is_named_by_the_files_own_heading(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "预警编号,预警时间,地址,涉险金额\nA1,2026-05-01 13:00,水东,-1\nA2,2026-05-01 13:00,水东,1\n",
        encoding="utf-8",
    )
    assert read_alerts(path, None, "Asia/Shanghai").rejected["column"].tolist() == ["涉险金额"]


def test_a_workbook_with_typed_cells_reads_like_its_text(tmp_path):
    headings = ["alert_id", "alerted_at", "lon", "lat", "datum", "phone", "amount_at_risk", "on_call"]
    cells = ["A1", dt.datetime(2026, 5, 1, 14, 0), 110.9, 21.6, "WGS84", 13800138000, 3200.5, True]
    path = book(tmp_path / "a.xlsx", [headings, cells])
    row = read_alerts(path, None, "Asia/Shanghai").rows.loc[2]
    assert row["alerted_at"] == pd.Timestamp("2026-05-01 14:00", tz="Asia/Shanghai")
    assert (row["phone"], row["amount_at_risk"], row["on_call"]) == ("13800138000", 3200.5, True)


def test_a_geopackages_points_are_its_coordinates(tmp_path):
    path = tmp_path / "a.gpkg"
    frame = gpd.GeoDataFrame(
        {"alert_id": ["A1"], "alerted_at": ["2026-05-01 14:00"]}, geometry=[Point(110.9, 21.6)], crs=4490
    )
    frame.to_file(path, driver="GPKG")
    row = read_alerts(path, None, "Asia/Shanghai").rows.iloc[0]
    assert (row["lon"], row["lat"]) == pytest.approx((110.9, 21.6))


@pytest.mark.parametrize(
    ("content", "message"),
    [("alert_id,address\nA1,x\n", "alerted_at 预警时间"),
     ("alert_id,alerted_at\nA1,2026-05-01 13:00\n", "says where"),
     ("alert_id,alerted_at,address\n", "no rows"),
     ("alert_id,alerted_at,address\nA1,soon,x\n", "none of its 1 rows.*row 2.*soon"),
     ("alert_id,预警编号,alerted_at,address\n1,1,2026-05-01 13:00,x\n", "both mean alert_id")],
)  # fmt: skip
def test_a_file_nobody_can_plan_with_is_an_error_in_one_line(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput, match=message) as caught:
        read_alerts(path, None, "Asia/Shanghai")
    assert "\n" not in str(caught.value)


def test_a_likely_cause_is_named_only_where_there_is_one():
    assert coordinate_fault(110.9, 21.6) is None
    assert "swapped" in coordinate_fault(21.6, 110.9)[1]
    assert "swapped" not in coordinate_fault(-70.0, -33.0)[1]


JUNK = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["110.9", "21.6", "WGS84", "2026-05-01 13:00", "high", "是", "3", "-1", "{{7*7}}"]),
)


@given(
    cells=st.lists(
        st.dictionaries(
            st.sampled_from([column.name for column in COLUMNS]),
            JUNK,
        ),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_whatever_a_row_says_it_is_read_or_rejected(cells):
    alerts = read(*cells)
    assert alerts.received == len(cells)
    assert not set(alerts.rows.index) & set(alerts.rejected["row"])
    ALERTS.check(alerts.rows)


def described(columns):
    for column in columns:
        also = f" (also {', '.join(column.also)})" if column.also else ""
        yield f"| `{column.name}` | {column.zh} | {'yes' if column.required else ''} | {column.means}{also} |"


def test_the_documented_table_of_columns_is_the_one_in_force():
    page = (DOCS / "alerts.md").read_text(encoding="utf-8")
    assert "\n".join(described(COLUMNS)) in page
    for word in ("critical", "unreached", "persuaded", "hotel"):
        assert f"{WORDS[word][0]} `{word}`" in page
    for word, (zh, _) in FRAUD_TYPES.items():
        assert f"{zh} `{word}`" in page
