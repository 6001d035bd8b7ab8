"""Names a centre already has, as rows of a gazetteer: an administrative list, an address library.

A list holds units with their codes, with or without coordinates. A library (标准地址库) holds
addresses with coordinates and their datum. Nothing is joined to an area here: see `joining`.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from dispatch import datum
from dispatch.errors import BadInput, TableError
from dispatch.places.gazetteer import ADMIN, COLUMNS, LEVELS
from dispatch.places.text import LONGEST_TEXT, clean
from dispatch.reasons import Reason
from dispatch.tables import read_text

LONGEST_NAME = 100
"""Signs of a name; a longer one is a mistake, or malice."""
MOST_ALIASES = 20
FORMULA_SIGNS = "=+-@＝＋－＠' "
"""No place is called so, and a spreadsheet that opens the area's tables would compute it."""

_HEADINGS = MappingProxyType({
    "code": ("code", "代码", "编码", "区划代码", "行政区划代码", "统计用区划代码", "adcode", "编号"),
    "name": ("name", "名称", "区划名称", "地名", "单位名称"),
    "level": ("level", "级别", "层级", "行政级别"),
    "parent": ("parent", "parent_code", "上级", "上级代码", "township_code", "乡镇代码", "county_code", "区县代码"),
    "aliases": ("aliases", "别名", "曾用名", "俗称"),
    "address": ("address", "地址", "标准地址", "详细地址", "地址全称"),
    "lon": ("lon", "longitude", "lng", "经度", "x", "geometry_lon"),
    "lat": ("lat", "latitude", "纬度", "y", "geometry_lat"),
    "datum": ("datum", "坐标系", "坐标系统", "geometry_datum"),
    "radius_metres": ("radius_metres", "误差半径", "半径"),
})  # fmt: skip
"""Our column by the headings it may stand under, the first that is there taken."""

_LEVEL_WORDS = MappingProxyType({
    "省": "province", "市": "city", "地级市": "city", "县": "county", "区": "county", "县区": "county", "区县": "county",
    "县级": "county", "镇": "township", "乡": "township", "街道": "township", "乡镇": "township", "镇街": "township",
    "乡级": "township", "村": "village", "社区": "village", "村级": "village", "村社区": "village",
    "自然村": "hamlet", "村民小组": "hamlet",
})  # fmt: skip
_LEVEL_OF_DIGITS = {2: "province", 4: "city", 6: "county", 9: "township", 12: "village", 15: "hamlet"}

_KINDS = (
    ("police", ("派出所", "警务室")),
    ("hotel", ("酒店", "宾馆", "旅馆", "旅店", "招待所", "民宿", "公寓酒店")),
    ("school", ("学校", "中学", "小学", "幼儿园", "学院", "大学")),
    ("hospital", ("医院", "卫生院", "卫生站", "卫生室", "诊所")),
    ("market", ("市场", "农贸市场", "商场")),
    ("bank", ("银行", "支行", "分行", "信用社", "营业部")),
)
_DOOR = re.compile(r"(\d|号|栋|幢|座|单元|室|户|楼|层)$")
_STREET = re.compile(r"(路|街|巷|大道|公路|道)$")
_HAMLET = re.compile(r"(村|屯|组|队|圩|寨)$")


@dataclass(frozen=True, slots=True)
class Names:
    """Rows read of a file: `table` with `COLUMNS` (and `address` of a library), WGS-84.

    Parents are codes as the file has them. `refused` is, by row of the file, why it was not read.
    """

    table: pd.DataFrame
    refused: tuple[tuple[int, Reason], ...] = ()


def read_list(path: Path, file_datum: str = "") -> Names:
    """An administrative list: `code` and `name`, perhaps `level`, `parent`, `lon`, `lat`, `datum`.

    A level that is not said follows from the length of the code, a parent from its first
    digits; trailing zeros of a 12-digit code are none. Coordinates may be missing.

    Parameters
    ----------
    path
        CSV, XLSX or GeoPackage; headings in Chinese or English.
    file_datum
        Of every coordinate whose row names none.

    Raises
    ------
    MissingInput, BadInput
        No such file, no table, or without codes and names.
    """
    columns = _columns(path, needed=("code", "name"))
    rows, refused = [], []
    for number, cells in columns:
        code = plain_code(_plain(cells["code"]))
        level = _level(cells.get("level", ""), code)
        name = _plain(cells["name"])
        if too_long := _too_long(name, LONGEST_NAME):
            refused.append((number, too_long))
            continue
        if not clean(name) or not code:
            refused.append((number, Reason("ROW_WITHOUT_NAME")))
            continue
        if level is None:
            found = cells.get("level", "") or code
            refused.append((number, Reason("ROW_LEVEL_UNKNOWN", {"found": found[:40]})))
            continue
        point = _point(cells, file_datum, needed=False)
        if isinstance(point, Reason):
            refused.append((number, point))
            continue
        parent = plain_code(cells.get("parent", "")) or _above(code)
        rows.append((number, code, name, level, *point, parent, _aliases(cells), _radius(cells)))
    fields = ["row", "code", "name", "level", "lon", "lat", "parent", "aliases", "radius_metres"]
    table = pd.DataFrame(rows, columns=fields)
    return Names(_with_columns(table), tuple(refused))


def read_library(path: Path, file_datum: str = "") -> Names:
    """An address library: `address`, `lon`, `lat`, `datum`, perhaps `name` and `level`.

    Names and parents are left to the area it is joined to; see `dispatch.places.joining`.

    Raises
    ------
    MissingInput, BadInput
        No such file, no table, or without addresses and coordinates.
    """
    columns = _columns(path, needed=("address", "lon", "lat"))
    rows, refused = [], []
    for number, cells in columns:
        address, name = _plain(cells["address"]), _plain(cells.get("name", ""))
        if too_long := _too_long(address, LONGEST_TEXT) or _too_long(name, LONGEST_NAME):
            refused.append((number, too_long))
            continue
        if len(clean(address)) < 2:
            refused.append((number, Reason("ROW_WITHOUT_NAME")))
            continue
        point = _point(cells, file_datum, needed=True)
        if isinstance(point, Reason):
            refused.append((number, point))
            continue
        level = _level(cells.get("level", ""), "") or ""
        code = _made_code(address, *point)
        rows.append((number, code, name, level, *point, "", _aliases(cells), _radius(cells), address))
    fields = ["row", "code", "name", "level", "lon", "lat", "parent", "aliases", "radius_metres", "address"]
    table = pd.DataFrame(rows, columns=fields)
    return Names(_with_columns(table), tuple(refused))


def level_of_name(name: str) -> str:
    """What a name of an address library is, by how it ends: a door, a street, a hotel …, else `poi`.

    >>> level_of_name("东阳南街12号"), level_of_name("人民路"), level_of_name("海景酒店"), level_of_name("旺角花园")
    ('door', 'street', 'hotel', 'poi')
    """
    for level, endings in _KINDS:
        if name.endswith(endings):
            return level
    for level, pattern in (("door", _DOOR), ("street", _STREET), ("hamlet", _HAMLET)):
        if pattern.search(name):
            return level
    return "poi"


def _columns(path: Path, needed: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Rows of a file under our names, by the row number its user sees."""
    table = read_text(Path(path))
    heads = {str(one).strip().lower(): one for one in reversed(list(table.columns))}
    found = {
        ours: heads[one]
        for ours, theirs in _HEADINGS.items()
        for one in reversed(theirs)
        if one.lower() in heads
    }
    if missing := [one for one in needed if one not in found]:
        wanted = "; ".join(f"{one} ({'/'.join(_HEADINGS[one][:3])})" for one in missing)
        raise TableError(str(path), [f"headings {list(table.columns)[:12]}, missing: {wanted}"])
    texts = [table[heading].tolist() for heading in found.values()]
    rows = zip(*texts, strict=True)
    return [
        (int(number), dict(zip(found, cells, strict=True)))
        for number, cells in zip(table.index, rows, strict=True)
    ]


def _point(cells: Mapping[str, str], file_datum: str, *, needed: bool) -> tuple[float, float] | Reason:
    """WGS-84 of a row; NaN where it has no coordinate and needs none."""
    given = [cells.get(axis, "").strip() for axis in ("lon", "lat")]
    if not any(given):
        return Reason("NOTHING_TO_GO_BY") if needed else (math.nan, math.nan)
    try:
        lon, lat = float(given[0]), float(given[1])
    except ValueError:
        lon = lat = math.nan
    if not (abs(lon) <= 360 and abs(lat) <= 360):
        return Reason("COORDINATE_UNREADABLE", {"found": ", ".join(given)[:60]})
    try:
        named = datum.known_datum(cells.get("datum", "") or file_datum)
    except BadInput:
        return Reason("NO_DATUM", {"found": (cells.get("datum", "") or "-")[:20]})
    x, y = datum.convert(lon, lat, named, "WGS84")
    return float(x), float(y)


def _level(said: str, code: str) -> str | None:
    said = said.strip()
    if said:
        level = _LEVEL_WORDS.get(said, said.lower())
        return level if level in LEVELS else None
    return _LEVEL_OF_DIGITS.get(len(code)) if code.isdecimal() else None


def plain_code(text: str) -> str:
    """A code without what a spreadsheet adds, nor the zeros that fill it up to 12 digits.

    >>> plain_code("440981000000"), plain_code("440981115000"), plain_code("440900"), plain_code("440981.0")
    ('440981', '440981115', '4409', '440981')
    """
    code = re.sub(r"\.0+$", "", text.strip().lstrip("'"))[:40]
    if not code.isdecimal() or len(code) not in (6, 9, 12):
        return code
    for digits in (2, 4, 6, 9):
        if digits < len(code) and not code[digits:].strip("0"):
            return code[:digits]
    return code


def _above(code: str) -> str:
    if not code.isdecimal():
        return ""
    return next((code[:digits] for digits in (12, 9, 6, 4, 2) if digits < len(code)), "")


def _plain(text: str) -> str:
    """A cell as one line of printable signs, without what a spreadsheet would compute."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(kept.split()).lstrip(FORMULA_SIGNS)


def _too_long(text: str, most: int) -> Reason | None:
    return Reason("ROW_NAME_LONG", {"found": len(text), "most": most}) if len(text) > most else None


def _aliases(cells: Mapping[str, str]) -> str:
    forms = (_plain(one) for one in re.split(r"[|、,，;；/]", cells.get("aliases", "")))
    return "|".join(
        [one for one in forms if len(clean(one)) >= 2 and len(one) <= LONGEST_NAME][:MOST_ALIASES]
    )


def _radius(cells: Mapping[str, str]) -> float:
    try:
        radius = float(cells.get("radius_metres", "") or math.nan)
    except ValueError:
        return math.nan
    return radius if 0 < radius < 1e6 else math.nan


def _made_code(address: str, lon: float, lat: float) -> str:
    """The same row gives the same code, whenever it is read."""
    text = f"{clean(address)}|{lon:.6f}|{lat:.6f}"
    return "L" + hashlib.sha256(text.encode()).hexdigest()[:12]


def _with_columns(table: pd.DataFrame) -> pd.DataFrame:
    for name in COLUMNS:
        if name not in table:
            table[name] = np.nan
    for name in ("lon", "lat", "radius_metres", "residents"):
        table[name] = table[name].astype(np.float64)
    rank = table["level"].map({level: rank for rank, level in enumerate(ADMIN)}).fillna(len(ADMIN))
    return table.iloc[np.argsort(rank.to_numpy(), kind="stable")].reset_index(drop=True)
