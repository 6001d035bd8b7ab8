"""A result on disk: tables for people, one file of arrays for the next command; read back without being trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dispatch.domain import KINDS
from dispatch.errors import BadInput, MissingExtra, MissingInput, SchemaError
from dispatch.runner.blocks import read_arrays, write_arrays
from dispatch.simulate.results.estimates import Estimate, estimate
from dispatch.simulate.results.experiment import Ground, Result
from dispatch.simulate.results.figures import figures
from dispatch.simulate.results.measures import CREW, mark_of
from dispatch.store import write_folder
from dispatch.tables import write_csv

SCHEMA = 2
ARRAYS = "result.npz"
ABOUT = "simulation.json"
_GROUND, _TEXTS = "ground_", ("name", "county", "town")
_KEPT = ("name", "seed", "days", "columns", "groups", "shifts", "thresholds", "notes", "area", "synthetic")


def write_result(result: Result, out: Path, *, parquet: bool = False) -> None:
    """Write a scenario's folder: `summary.csv`, `replications`, `groups`, `crews`, `shifts`, `hours`, and what reads it back.

    An older result in its place is replaced.

    Raises
    ------
    MissingExtra
        `parquet` is asked for and pyarrow is not installed.
    """
    tables = tables_of(result)

    def fill(folder: Path) -> None:
        for name, table in tables.items():
            write_table(table, folder / name, parquet=parquet and name != "summary")
        about = (
            {"schema": SCHEMA} | {name: getattr(result, name) for name in _KEPT} | {"scenario": result.keys}
        )
        text = json.dumps(about, ensure_ascii=False, indent=1, default=str)
        (folder / ABOUT).write_text(text + "\n", encoding="utf-8")
        write_arrays(folder / ARRAYS, {**result.blocks, **_packed(result.ground)})

    write_folder(out, fill, force=True)


def read_result(folder: Path) -> Result:
    """The result of a folder `write_result` made.

    Raises
    ------
    MissingInput, SchemaError, BadInput
        It is none, of another version, or damaged.
    """
    if not (folder / ABOUT).is_file():
        raise MissingInput(folder / ABOUT, "dispatch simulate SCENARIO.toml --out DIR")
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if about["schema"] != SCHEMA:
            raise SchemaError(
                f"{folder} was written under schema {about['schema']}, this version reads {SCHEMA}; simulate again"
            )
        blocks = read_arrays(folder / ARRAYS)
        if blocks is None:
            raise BadInput(f"{folder / ARRAYS} is missing or damaged; simulate again")
        held = {name: blocks[name] for name in blocks if not name.startswith(_GROUND)}
        result = Result(
            name=str(about["name"]),
            seed=int(about["seed"]),
            days=float(about["days"]),
            columns=tuple(map(str, about["columns"])),
            groups=tuple((str(one), str(other)) for one, other in about["groups"]),
            shifts=tuple(map(str, about["shifts"])),
            thresholds=tuple(int(one) for one in about["thresholds"]),
            blocks={name: np.asarray(block, np.float64) for name, block in held.items()},
            notes=tuple(map(str, about["notes"])),
            keys=dict(about["scenario"]),
            area=str(about["area"]),
            synthetic=bool(about["synthetic"]),
            ground=_unpacked(blocks),
        )
        shape = result.blocks["groups"].shape
    except (ValueError, KeyError, TypeError, RecursionError) as cause:
        if isinstance(cause, BadInput):
            raise
        raise BadInput(f"{folder} is damaged ({cause!r:.80}); simulate again") from cause
    if shape[1:] != (len(result.groups), len(result.columns)):
        raise BadInput(f"{folder} is damaged (groups of shape {shape}); simulate again")
    return result


def _packed(ground: Ground) -> dict[str, NDArray[Any]]:
    return {
        f"{_GROUND}{name}": np.asarray(getattr(ground, name), np.str_ if name in _TEXTS else None)
        for name in Ground.__slots__
    }


def _unpacked(blocks: Mapping[str, NDArray[Any]]) -> Ground:
    texts = {name: tuple(map(str, blocks[f"{_GROUND}{name}"])) for name in _TEXTS}
    numbers = {name: np.asarray(blocks[f"{_GROUND}{name}"], np.float64) for name in ("lon", "lat")}
    sums = np.asarray(blocks[f"{_GROUND}sums"], np.int64)
    if len({*map(len, texts.values()), *map(len, numbers.values()), len(sums)}) != 1 or sums.shape[1:] != (
        3,
    ):
        raise ValueError("villages")
    return Ground(texts["name"], texts["county"], texts["town"], numbers["lon"], numbers["lat"], sums)


def tables_of(result: Result) -> dict[str, pd.DataFrame]:
    """Every table of a result by name."""
    return {
        "summary": summary(result),
        "replications": replications(result),
        "groups": _groups(result),
        "crews": _crews(result),
        "shifts": _shifts(result),
        "hours": _hours(result),
        "villages": _villages(result),
    }


def summary(result: Result) -> pd.DataFrame:
    """One row a figure: mean, 95 % interval, unit and denominator."""
    rows = []
    for figure in figures(result.thresholds):
        found = estimate(figure.values(result))
        rows.append(
            {
                "figure": figure.key,
                "zh": figure.zh,
                "en": figure.en,
                "unit": figure.unit,
                "of": figure.of[1],
                **_told(found),
                "replications": found.replications,
            }
        )
    return pd.DataFrame(rows)


def replications(result: Result) -> pd.DataFrame:
    """One row a replication, one column a figure."""
    columns = {figure.key: figure.values(result) for figure in figures(result.thresholds)}
    return pd.DataFrame({"replication": np.arange(result.replications), **columns})


def _told(found: Estimate) -> dict[str, float]:
    return {"mean": found.mean, "low": found.low, "high": found.high, "half_width": found.half_width}


def _groups(result: Result) -> pd.DataFrame:
    """One row a group and column: mean a day and its interval; shares are of the same row's sums."""
    rows = []
    for dimension, member in result.groups:
        for column in result.columns:
            found = estimate(result.sums(column, dimension, member) / result.days)
            rows.append({"dimension": dimension, "member": member, "column": column, **_told(found)})
    return pd.DataFrame(rows)


def _crews(result: Result) -> pd.DataFrame:
    crew = result.blocks["crew"]
    rows = []
    for at, kind in enumerate(KINDS):
        means = {name: crew[:, at, number].mean() for number, name in enumerate(CREW)}
        duty = crew[:, at, CREW.index("on_duty_minutes")]
        with np.errstate(divide="ignore", invalid="ignore"):
            busy = estimate(crew[:, at, CREW.index("busy_minutes")] / duty)
        rows.append(
            {"kind": kind, **means, "busy_share": busy.mean, "busy_low": busy.low, "busy_high": busy.high}
        )
    return pd.DataFrame(rows)


def _shifts(result: Result) -> pd.DataFrame:
    busy, duty = result.blocks["shift_busy"], result.blocks["shift_on_duty"]
    rows = []
    for at, name in enumerate(result.shifts):
        with np.errstate(divide="ignore", invalid="ignore"):
            found = estimate(busy[:, at] / duty[:, at])
        kind, _, hours = name.partition(" ")
        rows.append({"kind": kind, "shift": hours, "on_duty_minutes": duty[:, at].mean(), "busy_share": found.mean,
                     "busy_low": found.low, "busy_high": found.high})  # fmt: skip
    return pd.DataFrame(rows)


def _hours(result: Result) -> pd.DataFrame:
    rows = []
    for hour in range(24):
        waiting = estimate(result.blocks["backlog"][:, hour])
        rows.append(
            {
                "hour": hour,
                "alerts_per_day": result.sums("alerts", "hour", f"{hour:02d}").mean() / result.days,
                "asked_per_day": result.sums("asked", "hour", f"{hour:02d}").mean() / result.days,
                "waiting": waiting.mean,
                "waiting_low": waiting.low,
                "waiting_high": waiting.high,
                "waiting_most": result.blocks["backlog_most"][:, hour].max(),
            }
        )
    return pd.DataFrame(rows)


def _villages(result: Result) -> pd.DataFrame:
    """One row a village: what was counted there, all replications together."""
    ground = result.ground
    columns = {name: getattr(ground, name) for name in ("name", "county", "town", "lon", "lat")}
    mark = mark_of(result.thresholds)
    sums = dict(zip(("asked", "reached", f"reached_within_{mark}"), ground.sums.T, strict=True))
    return pd.DataFrame({**columns, **sums})


def write_table(table: pd.DataFrame, path: Path, *, parquet: bool) -> None:
    """A table at `path` with the suffix of its form. MissingExtra where `parquet` has no pyarrow."""
    if not parquet:
        write_csv(table, path.with_suffix(".csv"))
        return
    try:
        import pyarrow  # noqa: F401, PLC0415 - an extra
    except ImportError as cause:
        raise MissingExtra("pyarrow", "parquet") from cause
    table.to_parquet(path.with_suffix(".parquet"), index=False)
