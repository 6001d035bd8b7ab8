"""Who could be spoken to: residents of each village by group, and how many of them are covered already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dispatch.coverage.outreach.settings import OutreachSettings
from dispatch.errors import BadInput
from dispatch.intake import fields
from dispatch.intake.columns import Column, Faults, match_headings, read_columns
from dispatch.intake.ground import Ground
from dispatch.tables import read_text

LARGEST = 1e8
_TEXT = fields.text_of(200)
EXPECTED_SHARE = "0 至 1 的比例或百分数，如 0.35、35% (a share, 0 to 1, or a percentage)"
EXPECTED_RESIDENTS = "0 至 1 亿的人数 (residents, 0 to 100 million)"


@dataclass(frozen=True, slots=True)
class People:
    """Villages with their residents: `residents` and `covered_share` have shape (villages, groups).

    `town` and `county` are codes, "" where unknown. `rejected` lists rows of the table that
    could not be used; `notes` what the user should know.
    """

    code: tuple[str, ...]
    name: tuple[str, ...]
    town: tuple[str, ...]
    county: tuple[str, ...]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    groups: tuple[str, ...]
    residents: NDArray[np.float64]
    covered_share: NDArray[np.float64]
    rejected: pd.DataFrame
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def lonlat(self) -> NDArray[np.float64]:
        """Shape (villages, 2)."""
        return np.column_stack([self.lon, self.lat])


def share_of(text: str) -> float:
    """0.35 · 35% · 百分之35."""
    plain = fields.normal(text).removeprefix("百分之")
    percent = plain != fields.normal(text) or plain.endswith("%")
    try:
        value = float(plain.removesuffix("%")) / (100.0 if percent else 1.0)
    except ValueError as cause:
        raise fields.Unclear(EXPECTED_SHARE) from cause
    if not 0.0 <= value <= 1.0:
        raise fields.Unclear(EXPECTED_SHARE)
    return value


def residents_of(text: str) -> float:
    """How many people: 1200 · 1,200."""
    try:
        value = float(fields.normal(text).replace(",", ""))
    except ValueError as cause:
        raise fields.Unclear(EXPECTED_RESIDENTS) from cause
    if not 0.0 <= value <= LARGEST:
        raise fields.Unclear(EXPECTED_RESIDENTS)
    return value


COLUMNS = (
    Column("place", "地点", "text", _TEXT, "code or name of a village or township", required=True,
           also=("code", "village", "村社区", "村代码", "代码")),
    Column("group", "人群", "text", _TEXT, "a group of the settings; blank: all of them"),
    Column("residents", "人数", "number", residents_of, "residents of the group; blank: the area's, by share"),
    Column("installed_share", "安装率", "number", share_of, "share with the warning app", also=("app安装率",)),
    Column("past_sessions", "已宣讲", "number", fields.count_of, "sessions held there before", also=("宣讲场次",)),
    Column("covered_share", "已覆盖", "number", share_of, "share covered already, if it is known as such"),
)  # fmt: skip


def people_of(gazetteer: pd.DataFrame, settings: OutreachSettings, table: Path | None = None) -> People:
    """The villages of an area, with what `table` says of them.

    Raises
    ------
    BadInput
        No village has residents; or the table has no usable row.
    """
    ground = Ground(gazetteer)
    villages = gazetteer[gazetteer["level"].eq("village") & gazetteer["lon"].notna()]
    counted = pd.to_numeric(villages["residents"], errors="coerce").to_numpy(np.float64)
    groups = tuple(settings.groups)
    share = np.array([settings.groups[one].residents_share for one in groups])
    residents = np.nan_to_num(counted)[:, None] * share
    covered = np.zeros_like(residents)
    codes = tuple(map(str, villages["code"]))
    rejected, notes = pd.DataFrame(), []
    if table is not None:
        rejected = _lay_over(table, ground, codes, settings, residents, covered)
    if (missing := int((residents.sum(axis=1) <= 0.0).sum())) and missing < len(codes):
        notes.append(
            (
                f"{missing} 个村没有人口数，不计入",
                f"{missing} villages have no residents and count for nothing",
            )
        )
    if not residents.sum() > 0.0:
        raise BadInput(
            "no village of this area has residents; give a table with place and residents (--people FILE)"
        )
    above = {
        level: tuple(ground.above(code, level) or "" for code in codes) for level in ("township", "county")
    }
    return People(
        codes,
        tuple(map(str, villages["name"])),
        above["township"],
        above["county"],
        villages["lon"].to_numpy(np.float64),
        villages["lat"].to_numpy(np.float64),
        groups,
        residents,
        covered,
        rejected,
        tuple(notes),
    )


def _lay_over(  # noqa: PLR0917
    path: Path,
    ground: Ground,
    codes: tuple[str, ...],
    settings: OutreachSettings,
    residents: NDArray[np.float64],
    covered: NDArray[np.float64],
) -> pd.DataFrame:
    """Write the table's rows over the arrays; a row naming a township counts for each of its villages."""
    frame = read_text(path)
    matched = match_headings(path, list(frame.columns), COLUMNS)
    faults = Faults(matched)
    rows = read_columns(frame, matched, COLUMNS, UTC, faults)
    groups = list(settings.groups)
    named = {fields.normal(word): at for at, one in enumerate(groups) for word in _words(one, settings)}
    at_code = {code: at for at, code in enumerate(codes)}
    inside: dict[str, list[int]] = {}
    for code, at in at_code.items():
        inside.setdefault(ground.above(code, "township") or "", []).append(at)
    said: dict[tuple[str, str], int] = {}
    for row in rows.index:
        if int(row) in faults.by_row:
            continue
        line: Mapping[str, Any] = rows.loc[row].to_dict()
        spots = ground.territory(line["place"], "village")
        where = [at_code[spot.code] for spot in spots if spot.code in at_code]
        if len(spots) == 1 and not where:
            where = inside.get(spots[0].code, [])
        if len(spots) != 1 or not where:
            faults.add(int(row), "place", line["place"], _one_place([spot.code for spot in spots]))
            continue
        group = fields.normal(line["group"])
        if group and group not in named:
            faults.add(int(row), "group", line["group"], f"one of {', '.join(groups)}, or blank for all")
            continue
        if (first := said.setdefault((spots[0].code, group), int(row))) != int(row):
            faults.add(
                int(row),
                "place",
                line["place"],
                f"一处一人群一行，第 {first} 行已有 (said in row {first} already)",
            )
            continue
        _one_row(
            line, where, [named[group]] if group else list(range(len(groups))), settings, residents, covered
        )
    if not len(frame):
        raise BadInput(f"{path} has headings but no rows; expected at least one village or township")
    if not said:
        raise BadInput(f"{path}: no usable row; the first says: {_first(faults)}")
    return faults.rejected(frame)


def _one_row(  # noqa: PLR0917
    line: Mapping[str, Any],
    where: list[int],
    groups: list[int],
    settings: OutreachSettings,
    residents: NDArray[np.float64],
    covered: NDArray[np.float64],
) -> None:
    cells = np.ix_(where, groups)
    if not np.isnan(line["residents"]):
        share = np.array([list(settings.groups.values())[one].residents_share for one in groups])
        parts = (
            share / share.sum()
            if len(groups) > 1 and share.sum() > 0.0
            else np.full(len(groups), 1.0 / len(groups))
        )
        spread = residents[cells].sum(axis=1)
        over = spread / spread.sum() if spread.sum() > 0.0 else np.full(len(where), 1.0 / len(where))
        residents[cells] = line["residents"] * over[:, None] * parts
    if not np.isnan(line["covered_share"]):
        covered[cells] = line["covered_share"]
        return
    installed, past = np.nan_to_num(line["installed_share"]), np.nan_to_num(line["past_sessions"])
    left = 1.0 - installed * settings.installed_protects_share
    covered[cells] = 1.0 - (1.0 - covered[cells]) * left * (1.0 - settings.past_session_share) ** past


def _words(group: str, settings: OutreachSettings) -> tuple[str, str, str]:
    return group, settings.groups[group].zh, settings.groups[group].en


def _one_place(codes: list[str]) -> str:
    if not codes:
        return "本辖区的村或镇街 (a village or township of this area)"
    return f"有 {len(codes)} 处同名，请写代码 (several places: write one of the codes {', '.join(codes[:4])})"


def _first(faults: Faults) -> str:
    row = min(faults.by_row)
    column, found, expected = faults.by_row[row][0]
    return f"row {row}, {column}: found {found!r}, expected {expected}"
