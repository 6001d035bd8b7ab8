"""Tables of a coverage: CSV and one workbook, in the reader's language, nothing in them computed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from dispatch.coverage.account import Account
from dispatch.coverage.comparing import Comparison
from dispatch.reasons import Language, word
from dispatch.tables import harmless

Frames = Mapping[str, pd.DataFrame]

HEADINGS: Mapping[str, tuple[str, str]] = {
    "level": ("层级", "level"), "code": ("代码", "code"), "name": ("名称", "name"), "county": ("县区", "county"),
    "town": ("镇街", "town"), "weight": ("权重", "weight"), "points": ("地点数", "places"),
    "within": ("{m} 分钟内", "within {m} min"), "twice": ("{m} 分钟内有两支", "two within {m} min"),
    "expected": ("{m} 分钟内（计忙碌）", "within {m} min, busy units counted"),
    "uncovered": ("{m} 分钟未覆盖", "not within {m} min"), "no_road": ("无路可达", "no road"),
    "unplaced": ("地点不明", "no known place"), "nearest": ("最近（分钟）", "nearest, minutes"),
    "second": ("次近（分钟）", "second nearest, minutes"), "first_responder": ("最近力量", "nearest responder"),
    "second_responder": ("次近力量", "second nearest"), "id": ("编号", "id"), "kind": ("类别", "kind"),
    "profile": ("方式", "profile"), "on_duty": ("在岗", "on duty"), "added": ("新增", "added"),
    "first_for_weight": ("首选权重", "weight it is first for"), "busy_share": ("忙碌比例", "share of time busy"),
    "uncovered_weight": ("未覆盖权重", "weight not covered"), "lon": ("经度 WGS84", "lon WGS84"),
    "lat": ("纬度 WGS84", "lat WGS84"),
    "before": ("前：{m} 分钟内", "before: within {m} min"), "after": ("后：{m} 分钟内", "after: within {m} min"),
    "change": ("变化：{m} 分钟", "change: {m} min"), "what": ("变化", "change"),
    "existing": ("现有", "stands today"), "worth": ("少了它损失", "lost without it"), "gain": ("再加它增益", "gained by it"),
    "add": ("增设", "added"), "objective": ("目标", "objective"), "bound": ("界", "bound"),
    "today": ("今天覆盖", "covered today"), "then": ("届时覆盖", "covered then"),
}  # fmt: skip
LEVELS = {"area": ("全域", "whole area"), "county": ("县区", "county"), "town": ("镇街", "town")}
SHEETS: Mapping[str, tuple[str, str]] = {
    "units": ("各县各镇", "by county and town"),
    "uncovered": ("未覆盖地点", "not covered"),
    "demand": ("全部地点", "all places"),
    "responders": ("力量", "responders"),
    "places": ("变化地点", "places that change"),
    "hours": ("各小时", "by hour"),
    "shifts": ("班次", "shifts"),
    "sites": ("站点", "sites"),
    "one_more": ("再加一处", "one more"),
    "curve": ("逐个增加", "one by one"),
    "counties": ("各县", "by county"),
}


def heading(key: str, language: Language, minutes: float | None = None) -> str:
    """A column's heading in that language."""
    text = HEADINGS[key][0 if language == "zh" else 1]
    return text if minutes is None else text.format(m=f"{minutes:g}")


def reach_tables(given: Account, language: Language) -> dict[str, pd.DataFrame]:
    """`units`, `uncovered`, `demand`, `responders`: shares are 0 to 1 of the unit's own weight."""
    return {
        "units": _units(given, language),
        "uncovered": uncovered(given, language),
        "demand": _demand(given, language),
        "responders": _responders(given, language),
    }


def siting_tables(told: Mapping[str, Any], language: Language) -> dict[str, pd.DataFrame]:
    """`sites`, `one_more`, `curve`, `counties` of an answer as `coverage site --json` prints it."""
    spot = ("kind", "lon", "lat")
    columns = {
        "sites": ("name", "existing", "worth", *spot),
        "one_more": ("name", "gain", *spot),
        "curve": ("add", "objective", "bound"),
        "counties": ("name", "today", "then"),
    }
    side = 0 if language == "zh" else 1
    say = {True: ("是", "yes")[side], False: ("否", "no")[side]}
    tables = {}
    for name, keys in columns.items():
        frame = pd.DataFrame(told["groups" if name == "counties" else name], columns=list(keys))
        if "kind" in keys:
            frame["kind"] = [word(kind, language) for kind in frame["kind"]]
        if "existing" in keys:
            frame["existing"] = [say[bool(one)] for one in frame["existing"]]
        tables[name] = frame.rename(columns={key: heading(key, language) for key in keys})
    return tables


def _units(given: Account, language: Language) -> pd.DataFrame:
    side = 0 if language == "zh" else 1
    rows = []
    for one in given["units"]:
        row: dict[str, Any] = {
            heading("level", language): LEVELS[one["level"]][side],
            heading("code", language): one["code"],
            heading("name", language): one["name"],
            heading("points", language): one["points"],
            heading("weight", language): round(one["weight"], 3),
        }
        for key in ("within", "twice", "expected"):
            if one[key] is not None:
                row |= {
                    heading(key, language, limit): round(share, 4)
                    for limit, share in zip(given["minutes"], one[key], strict=True)
                }
        for kind, shares in one["by_kind"].items():
            for limit, share in zip(given["minutes"], shares, strict=True):
                row[f"{word(kind, language)} {heading('within', language, limit)}"] = round(share, 4)
        row[heading("uncovered", language, given["goal_minutes"])] = round(one["uncovered"], 4)
        row |= {heading(key, language): round(one[key], 4) for key in ("no_road", "unplaced")}
        rows.append(row)
    return pd.DataFrame(rows)


def uncovered(given: Account, language: Language) -> pd.DataFrame:
    """Places not wholly within the goal, by county and town, the heaviest first; what no road leads to is marked."""
    points, goal = given["points"], given["minutes"].index(given["goal_minutes"])
    rows = []
    for at, name in enumerate(points["name"]):
        missing = 1.0 - points["within"][at][goal]
        if missing * points["weight"][at] > 1e-9:
            rows.append(
                (
                    points["county"][at],
                    points["town"][at],
                    name,
                    round(points["weight"][at], 3),
                    round(missing * points["weight"][at], 3),
                    points["nearest"][at],
                    points["first_responder"][at],
                    points["no_road"][at],
                    points["unplaced"][at],
                    points["id"][at],
                )
            )
    rows.sort(key=lambda row: (row[0], row[1], -row[4], row[2]))
    keys = (
        "county",
        "town",
        "name",
        "weight",
        "uncovered_weight",
        "nearest",
        "first_responder",
        "no_road",
        "unplaced",
        "id",
    )
    return pd.DataFrame(rows, columns=[heading(key, language) for key in keys])


def _demand(given: Account, language: Language) -> pd.DataFrame:
    points = given["points"]
    keys = (
        "id",
        "name",
        "county",
        "town",
        "lon",
        "lat",
        "weight",
        "nearest",
        "second",
        "first_responder",
        "second_responder",
    )
    frame = pd.DataFrame({heading(key, language): points[key] for key in keys})
    for key in ("within", "expected"):
        if points[key] is not None:
            for at, limit in enumerate(given["minutes"]):
                frame[heading(key, language, limit)] = [one[at] for one in points[key]]
    for key in ("no_road", "unplaced"):
        frame[heading(key, language)] = points[key]
    return frame


def _responders(given: Account, language: Language) -> pd.DataFrame:
    people = given["responders"]
    yes = (("否", "是"), ("no", "yes"))[0 if language == "zh" else 1]
    frame = pd.DataFrame(
        {heading(key, language): people[key] for key in ("id", "name", "lon", "lat", "first_for_weight")}
    )
    frame[heading("kind", language)] = [word(one, language) for one in people["kind"]]
    frame[heading("profile", language)] = [word(one, language) for one in people["profile"]]
    for key in ("on_duty", "added"):
        frame[heading(key, language)] = [yes[bool(one)] for one in people[key]]
    if people["busy_share"] is not None:
        frame[heading("busy_share", language)] = people["busy_share"]
    return frame


def compare_tables(found: Comparison, language: Language) -> dict[str, pd.DataFrame]:
    """`units` before and after, and `places` that changed."""
    side = 0 if language == "zh" else 1
    units = []
    for one in found.changes:
        row: dict[str, Any] = {
            heading("level", language): LEVELS[one.level][side],
            heading("code", language): one.code,
            heading("name", language): one.name,
            heading("weight", language): round(one.weight, 3),
        }
        for at, limit in enumerate(found.minutes):
            row[heading("before", language, limit)] = round(one.before[at], 4)
            row[heading("after", language, limit)] = round(one.after[at], 4)
            row[heading("change", language, limit)] = round(one.after[at] - one.before[at], 4)
        units.append(row)
    points = found.before["points"]
    places = [
        (("新覆盖", "newly covered")[side] if gains else ("不再覆盖", "no longer covered")[side],
         points["county"][at], points["town"][at], points["name"][at], round(points["weight"][at], 3),
         found.before["points"]["nearest"][at], found.after["points"]["nearest"][at])
        for gains, rows in ((True, found.gained), (False, found.lost)) for at in rows
    ]  # fmt: skip
    nearest = heading("nearest", language)
    columns = [heading(key, language) for key in ("what", "county", "town", "name", "weight")]
    mark = ("前", "后") if side == 0 else ("before", "after")
    return {
        "units": pd.DataFrame(units),
        "places": pd.DataFrame(places, columns=[*columns, *(f"{nearest} · {one}" for one in mark)]),
    }


def write_workbook(path: Path, tables: Frames, language: Language, title: str, note: str) -> None:
    """One workbook: a sheet a table, headings frozen, text as text; `note` stands above each table."""
    with xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    ) as book:
        book.set_properties({"title": title})
        head, quiet = (
            book.add_format(
                {
                    "bold": True,
                    "bg_color": "#14213d",
                    "font_color": "white",
                    "text_wrap": True,
                    "valign": "top",
                }
            ),
            book.add_format({"font_color": "#5b6472"}),
        )
        percent, plain = book.add_format({"num_format": "0.0%"}), book.add_format({"num_format": "#,##0.###"})
        for key, frame in tables.items():
            sheet = book.add_worksheet(SHEETS[key][0 if language == "zh" else 1][:31])
            sheet.write_string(0, 0, note, quiet)
            for column, name in enumerate(frame.columns):
                shares = _is_share(frame[name], str(name))
                sheet.write_string(1, column, str(name), head)
                sheet.set_column(column, column, 24 if frame[name].dtype == object and column < 4 else 13)
                for row, value in enumerate(frame[name].tolist(), start=2):
                    _cell(sheet, row, column, value, percent if shares else plain)
            sheet.freeze_panes(2, 0)
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(0, 1)
            if len(frame):
                sheet.autofilter(1, 0, len(frame) + 1, max(0, len(frame.columns) - 1))


def _cell(sheet: Any, row: int, column: int, value: Any, form: Any) -> None:
    if value is None or value != value:  # noqa: PLR0124 - NaN is not itself
        return
    if isinstance(value, int | float):
        sheet.write_number(row, column, value, form)
    else:
        sheet.write_string(row, column, str(harmless(str(value))))


def _is_share(column: pd.Series, name: str) -> bool:
    shares = (
        "分钟内",
        "within",
        "未覆盖",
        "not within",
        "变化：",
        "change:",
        "无路",
        "no road",
        "不明",
        "no known",
        "忙碌",
        "busy",
    )
    return (
        pd.api.types.is_float_dtype(column.dtype)
        and any(one in name for one in shares)
        and "权重" not in name
        and "weight" not in name
    )
