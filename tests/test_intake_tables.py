"""Files as text: encodings, row numbers, and files that mean harm."""

from __future__ import annotations

import csv
import datetime as dt
import io
import sqlite3
import zipfile

import geopandas as gpd
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from dispatch import tables, workbooks
from dispatch.errors import BadInput, MissingInput, TableError
from dispatch.tables import BEYOND, Table, harmless, read_text, write_csv


def book(path, rows):
    with xlsxwriter.Workbook(path) as out:
        sheet = out.add_worksheet()
        stamp = out.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, dt.datetime):
                    sheet.write_datetime(r, c, cell, stamp)
                elif isinstance(cell, str) and cell.startswith("="):
                    sheet.write_formula(r, c, cell, None, "4")
                elif cell is not None:
                    sheet.write(r, c, cell)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_is_read_in_any_usual_encoding(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("编号,名\n1,水东\n\n2,𠮷\n".encode(encoding))
    frame = read_text(path)
    assert frame["名"].tolist() == ["水东", "𠮷"]
    assert frame.index.tolist() == [2, 4]  # the blank line is row 3


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_csv_may_be_separated_otherwise(tmp_path, sign):
    path = tmp_path / "a.csv"
    path.write_text(f'a{sign}b\n1{sign}"x\ny"\n', encoding="utf-8")
    assert read_text(path).loc[2].tolist() == ["1", "x\ny"]


def test_cells_beyond_the_headings_are_kept_apart(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n1,2,3\n1\n", encoding="utf-8")
    assert read_text(path)[BEYOND].tolist() == ["", "3", ""]


@pytest.mark.parametrize(
    "bad", ['2,"open', '2,"op"en', '2,mid"dle', '2,"' + "x" * 200_000, '2,"a\n""\n', '2,"open,\n3,"also open']
)
def test_a_quotation_mark_left_open_costs_its_own_row_only(tmp_path, bad):
    path = tmp_path / "a.csv"
    path.write_text(
        f'a,b\n1,"x, ""y""\nz"\n{bad}\n' + "".join(f"{n},row {n}\n" for n in range(4, 200)), encoding="utf-8"
    )
    frame = read_text(path)
    assert frame["b"].iloc[0] == 'x, "y"\nz'
    assert [one for one in frame["a"] if one.isdigit() and int(one) > 3] == [str(n) for n in range(4, 200)]
    assert "2" in set(frame["a"])


@given(rows=st.lists(st.lists(st.text(max_size=6), min_size=2, max_size=2), min_size=1, max_size=6))
def test_a_csv_written_rightly_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", encoding="utf-8", newline="", errors="replace") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerows([["a", "b"], *rows])
    kept = [[cell.encode("utf-8", "replace").decode().strip() for cell in row] for row in rows]
    assert read_text(path).values.tolist() == [row for row in kept if any(row)]


def test_a_workbook_keeps_phones_times_and_formulas_as_text(tmp_path):
    path = book(tmp_path / "a.xlsx", [["phone", "at", "sum", "flag"],
                                      [13800138000, dt.datetime(2026, 5, 1, 14, 0, 5), "=2+2", True]])  # fmt: skip
    row = read_text(path).loc[2]
    assert row.tolist() == ["13800138000", "2026-05-01T14:00:05", "4", "TRUE"]


def test_a_geopackage_gives_its_points_as_wgs84(tmp_path):
    path = tmp_path / "a.gpkg"
    points = gpd.GeoDataFrame(
        {"alert_id": ["A1", "A2"]}, geometry=[Point(110.9, 21.6), None], crs="EPSG:4326"
    )
    points.to_crs("EPSG:32649").to_file(path, driver="GPKG")
    frame = read_text(path)
    assert float(frame["geometry_lon"].iloc[0]) == pytest.approx(110.9)
    assert frame["geometry_datum"].tolist() == ["WGS84", ""]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"\n\n", "empty"), (b"a,a\n1,2\n", "stands twice"), (b"a\x00b\n1\n", "NUL"), (b"\xff\xfe\x00", "neither"),
     (b"\xd0\xcf\x11\xe0rest", "old .xls"), (b"PK\x03\x04rest", "damaged"), (b"SQLite format 3\x00rest", "GeoPackage"),
     (b"\x81\xff\xff", "neither")],
)  # fmt: skip
def test_a_file_that_is_no_table_is_named_in_one_line(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=message) as caught:
        read_text(path)
    assert "\n" not in str(caught.value)


def test_a_database_that_is_no_geopackage_is_refused(tmp_path):
    path = tmp_path / "a.gpkg"
    with sqlite3.connect(path) as base:
        base.execute("create table t (a text)")
    base.close()
    with pytest.raises(BadInput, match="GeoPackage"):
        read_text(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(MissingInput):
        read_text(tmp_path / "none.csv")
    with pytest.raises(BadInput, match="cannot be read"):
        read_text(tmp_path)


def test_too_large_a_file_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_FILE_BYTES", 10)
    (tmp_path / "a.csv").write_text("a,b\n1,2\n1,2\n")
    with pytest.raises(BadInput, match="at most 10"):
        read_text(tmp_path / "a.csv")


def part(path, name, change):
    """The workbook with one of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.namelist():
            new.writestr(item, change(old.read(item)) if item == name else old.read(item))
    path.write_bytes(out.getvalue())
    return path


def test_a_workbook_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    path = part(
        book(tmp_path / "a.xlsx", [["a"], [1]]), "docProps/app.xml", lambda raw: raw + b" " * 3_000_000
    )
    monkeypatch.setattr(workbooks, "MAX_UNPACKED_BYTES", 1_000_000)
    assert path.stat().st_size < 20_000
    with pytest.raises(BadInput, match="unpacks to more"):
        read_text(path)


def test_a_lone_cell_in_the_last_corner_is_refused_before_memory_is_taken(tmp_path):
    path = book(tmp_path / "a.xlsx", [["a"], [1]])
    part(path, "xl/worksheets/sheet1.xml", lambda raw: raw.replace(b'r="A2"', b'r="XFD1048576"'))
    with pytest.raises(BadInput, match="row 1,048,576, column 16,384"):
        read_text(path)


def test_one_long_text_in_every_cell_is_refused(tmp_path, monkeypatch):
    path = book(tmp_path / "a.xlsx", [["h"], *[["x" * 1000]] * 50])
    monkeypatch.setattr(workbooks, "MAX_TEXT_BYTES", 20_000)  # 50 uses of about 1,000 bytes
    with pytest.raises(BadInput, match="bytes of text"):
        read_text(path)


def test_a_contract_names_every_fault_at_once():
    contract = Table("cases", {"id": "text", "n": "number", "at": "time"}, key="id")
    frame = pd.DataFrame({"id": ["a", "a"], "n": ["1", "2"]})
    with pytest.raises(TableError) as caught:
        contract.check(frame)
    assert len(caught.value.faults) == 3  # n is text, at is missing, a is repeated
    good = pd.DataFrame({"id": ["a"], "n": [1.0], "at": pd.to_datetime(["2026-05-01T00:00Z"])})
    assert contract.check(good) is good


def test_a_contract_names_the_crs_it_wants():
    points = gpd.GeoDataFrame({"id": ["a"]}, geometry=[Point(1, 2)], crs="EPSG:4326")
    contract = Table("points", {"id": "text", "geometry": "points"}, crs="EPSG:4326")
    assert contract.check(points) is points
    with pytest.raises(TableError, match="projected"):
        Table("points", {"geometry": "points"}, crs="metric").check(points)
    with pytest.raises(TableError, match="empty geometries"):
        contract.check(gpd.GeoDataFrame({"id": ["a"]}, geometry=[Point()], crs="EPSG:4326"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "@x", "-1", "\t=1", "＝1"])
def test_no_cell_written_is_a_formula(tmp_path, text):
    assert harmless(text) == "'" + text
    write_csv(pd.DataFrame({"a": [text], "n": [-1.5]}), tmp_path / "a.csv")
    again = read_text(tmp_path / "a.csv")
    assert again["a"].iloc[0].startswith("'")
    assert again["n"].iloc[0] == "-1.5"
