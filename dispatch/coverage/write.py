"""A coverage as a folder: figures, tables, GeoPackage and map, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from dispatch.coverage.account import FILE, Account
from dispatch.coverage.tables import Frames, reach_tables, write_workbook
from dispatch.reasons import Language
from dispatch.roads.extract import CRS
from dispatch.store import write_folder
from dispatch.tables import harmless, write_csv

NOTE = {
    "zh": "比例以本行权重为分母；{at} 的在岗力量；{unit}",
    "en": "shares are of the row's own weight; on duty at {at}; {unit}",
}
UNITS = {
    "residents": ("权重：常住人口", "weight: residents"),
    "villages": ("权重：每村为 1", "weight: 1 a village"),
    "alerts": ("权重：每条预警为 1", "weight: 1 an alert"),
    "permille": ("权重：千分数（人口与文件合计）", "weight: parts of 1,000, residents and file together"),
    "weight": ("权重：文件所给", "weight: as the file gives it"),
}
PRACTICE = ("演练数据。", "PRACTICE DATA. ")

DrawMap = Callable[[Path], None]


def write_reach(
    given: Account,
    isochrones: gpd.GeoDataFrame,
    out: Path,
    draw: DrawMap,
    *,
    language: Language = "zh",
    rejected: pd.DataFrame | None = None,
    force: bool = False,
) -> None:
    """Write `coverage.json`, four tables as CSV and one workbook, `coverage.gpkg`, and what `draw` puts at `map.html`.

    Raises
    ------
    OutputExists, BadInput
        As `dispatch.store.write_folder`.
    """
    tables = reach_tables(given, language)

    def fill(folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(given, ensure_ascii=False, allow_nan=False), encoding="utf-8")
        _tables(folder, "coverage.xlsx", tables, given, language)
        if rejected is not None and len(rejected):
            write_csv(rejected, folder / "rejected.csv")
        layers(given, isochrones, folder / "coverage.gpkg")
        draw(folder / "map.html")

    write_folder(out, fill, force=force)


def write_comparison(
    tables: Frames,
    before: Account,
    after: Account,
    out: Path,
    draw: DrawMap,
    *,
    language: Language = "zh",
    force: bool = False,
) -> None:
    """Write the tables of a comparison and its map; `coverage.json` says of which two moments.

    Raises
    ------
    OutputExists, BadInput
        As `dispatch.store.write_folder`.
    """

    def fill(folder: Path) -> None:
        told = {
            "schema": before["schema"],
            "kind": "comparison",
            "at": after["at"],
            "before": _of(before),
            "after": _of(after),
        }
        (folder / FILE).write_text(json.dumps(told, ensure_ascii=False, allow_nan=False), encoding="utf-8")
        _tables(folder, "comparison.xlsx", tables, after, language)
        draw(folder / "map.html")

    write_folder(out, fill, force=force)


def write_staff(told: Account, out: Path, *, language: Language = "zh", force: bool = False) -> None:
    """Write `coverage.json`, the hours and the shifts as CSV and one workbook.

    Raises
    ------
    OutputExists, BadInput
        As `dispatch.store.write_folder`.
    """
    side = 0 if language == "zh" else 1
    columns = ("needed", "on_shift", "on_duty_today", "lacking", "alerts_per_hour")
    words = (
        ("需要", "needed"),
        ("排班后", "by these shifts"),
        ("现有", "on duty today"),
        ("缺", "lacking"),
        ("每小时预警", "alerts an hour"),
    )
    hours = [
        {("县区", "county")[side]: one["name"], ("时", "hour")[side]: hour}
        | {
            pair[side]: one[key][hour]
            for key, pair in zip(columns, words, strict=True)
            if one[key] is not None
        }
        for one in told["units"]
        for hour in range(24)
    ]
    shifts = [
        {
            ("县区", "county")[side]: one["name"],
            ("起", "from")[side]: f"{shift['start_hour']:02d}:00",
            ("止", "to")[side]: f"{(shift['start_hour'] + shift['hours']) % 24:02d}:00",
            ("小时", "hours")[side]: shift["hours"],
            ("组", "crews")[side]: shift["crews"],
        }
        for one in told["units"]
        for shift in one["shifts"]
    ]
    tables = {"hours": pd.DataFrame(hours), "shifts": pd.DataFrame(shifts)}
    mark = PRACTICE[side] if told["area"]["synthetic"] else ""

    def fill(folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(told, ensure_ascii=False, allow_nan=False), encoding="utf-8")
        for name, frame in tables.items():
            write_csv(frame, folder / f"{name}.csv")
        write_workbook(
            folder / "staff.xlsx", tables, language, title=told["area"]["name"], note=mark + told["at"][:10]
        )

    write_folder(out, fill, force=force)


def note(given: Account, language: Language) -> str:
    """What the figures are of, in one line."""
    side = 0 if language == "zh" else 1
    unit = UNITS.get(given["unit"], (given["unit"],) * 2)[side]
    mark = PRACTICE[side] if given["area"]["synthetic"] else ""
    return mark + NOTE[language].format(at=given["at"][:16].replace("T", " "), unit=unit)


def layers(given: Account, isochrones: gpd.GeoDataFrame, path: Path) -> None:
    """Layers `demand`, `responders` and `isochrones`, WGS-84; what has no point stands in the tables alone."""
    for name in ("points", "responders"):
        columns = given[name]
        keys = [
            key
            for key, values in columns.items()
            if values is not None and key not in {"within", "expected", "lon", "lat"}
        ]
        frame = pd.DataFrame({key: [harmless(one) for one in columns[key]] for key in keys})
        for key in ("within", "expected"):
            for at, limit in enumerate(given["minutes"]) if columns.get(key) is not None else ():
                frame[f"{key}_{limit:g}_minutes"] = [one[at] for one in columns[key]]
        points = [
            shapely.Point(lon, lat) if lon is not None else None
            for lon, lat in zip(columns["lon"], columns["lat"], strict=True)
        ]
        table = gpd.GeoDataFrame(frame, geometry=points, crs=CRS)
        table[table.geometry.notna()].to_file(
            path, layer="demand" if name == "points" else name, driver="GPKG", geometry_type="Point"
        )
    if len(isochrones):
        table = isochrones.copy()
        table.geometry = [shapely.MultiPolygon(shapely.get_parts(shape).tolist()) for shape in table.geometry]
        table.to_file(path, layer="isochrones", driver="GPKG")


def read_isochrones(folder: Path) -> gpd.GeoDataFrame:
    """The isochrones of a folder that `write_reach` wrote; none where its GeoPackage has none."""
    path = Path(folder) / "coverage.gpkg"
    if not path.is_file() or "isochrones" not in {str(name) for name, _ in pyogrio.list_layers(path)}:
        return gpd.GeoDataFrame({"kind": [], "minutes": []}, geometry=[], crs=CRS)
    return gpd.read_file(path, layer="isochrones")


def _tables(folder: Path, book: str, tables: Frames, given: Account, language: Language) -> None:
    for name, frame in tables.items():
        write_csv(frame, folder / f"{name}.csv")
    write_workbook(
        folder / book,
        tables,
        language,
        title=f"{given['area']['name']} {given['at'][:16]}",
        note=note(given, language),
    )


def _of(given: Account) -> dict[str, object]:
    return {
        key: given[key]
        for key in ("area", "at", "minutes", "goal_minutes", "unit", "total", "on_duty", "added", "inputs")
    }
