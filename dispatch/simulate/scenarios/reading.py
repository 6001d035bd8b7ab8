"""Scenario files read: what a file extends, what it lays over the defaults, and what is varied."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from dispatch.errors import MissingInput, SettingsError
from dispatch.settings import data_folder, merge, parse, read_toml
from dispatch.simulate.scenarios.model import Scenario

DEEPEST = 8
MOST_VARIANTS = 1000
PATHS = (("settings",), ("demand", "alerts"), ("demand", "table"), ("responders", "file"),
         ("responders", "jurisdiction"), ("travel", "closures"))  # fmt: skip
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)")


def read_scenario(path: Path, changes: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario of a file, over those it extends, over the defaults; `changes` (dotted keys) over all.

    Raises
    ------
    MissingInput, SettingsError
        A file is missing, is no TOML, extends itself, or holds a key or value that is not known.
    """
    values = merge(_defaults(), _whole(path, ()))
    values.setdefault("name", path.stem)
    name = str(values["name"])
    for key, value in (changes or {}).items():
        values = merge(values, _nested(key.split("."), value))
        name += f" {key}={value}"
    return parse(Scenario, values | {"name": name}, str(path))


def practice() -> Scenario:
    """The scenario of defaults, which is what `commented` prints."""
    return parse(Scenario, read_toml(data_folder() / "scenario.toml"), "scenario.toml")


def varied(text: str) -> tuple[str, tuple[Any, ...]]:
    """`responders.hongbu.cars=1..5` or `policy.rule=nearest,loss` as a key and its values.

    Raises
    ------
    SettingsError
        It is neither.
    """
    key, sign, said = text.partition("=")
    if not sign or not re.fullmatch(r"[\w-]+(\.[\w-]+)+", key.strip()) or not said.strip():
        raise SettingsError(
            f"--vary {text!r:.80}: expected a key and its values, such as responders.hongbu.cars=1..5 or policy.rule=nearest,loss"
        )
    if found := _RANGE.fullmatch(said.strip()):
        low, high = int(found[1]), int(found[2])
        if not 0 <= high - low < MOST_VARIANTS:
            raise SettingsError(
                f"--vary {text!r:.80}: {low}..{high} is no range of 1 to {MOST_VARIANTS} values"
            )
        return key.strip(), tuple(range(low, high + 1))
    return key.strip(), tuple(_value(one.strip()) for one in said.split(","))


def swept(paths: Iterable[Path], vary: Iterable[str]) -> tuple[Scenario, ...]:
    """Every file with every combination of the varied values; no two of one name.

    Raises
    ------
    SettingsError
        Too many combinations, or two scenarios of one name.
    """
    axes = [varied(one) for one in vary]
    if math.prod(len(values) for _, values in axes) > MOST_VARIANTS:
        raise SettingsError(f"more than {MOST_VARIANTS} combinations are asked for; vary fewer values")
    keys = [key for key, _ in axes]
    scenarios = tuple(
        read_scenario(path, dict(zip(keys, values, strict=True)))
        for path in paths
        for values in product(*(values for _, values in axes))
    )
    names = [one.name for one in scenarios]
    if twins := sorted({one for one in names if names.count(one) > 1}):
        raise SettingsError(f"two scenarios are named {twins[0]!r}; give each file a name of its own")
    return scenarios


def commented() -> str:
    """The scenario `dispatch simulate new` prints: every key with what it means."""
    return (data_folder() / "scenario.toml").read_text(encoding="utf-8")


def _defaults() -> dict[str, Any]:
    values = read_toml(data_folder() / "scenario.toml")
    del values["name"]
    return values


def _whole(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    """A file over what it extends, its paths made absolute."""
    here = path.resolve()
    if here in above or len(above) >= DEEPEST:
        chain = " → ".join(one.name for one in (*above, here))
        raise SettingsError(f"{path} extends itself or too many others: {chain}")
    if not path.is_file():
        raise MissingInput(path, "dispatch simulate new > scenario.toml")
    values = read_toml(path)
    below = values.pop("extends", None)
    values = _absolute(values, path.parent)
    if below is None:
        return values
    if not isinstance(below, str):
        raise SettingsError(f'{path}: extends = {below!r:.60}, expected a file such as "base.toml"')
    values.setdefault("name", path.stem)
    return merge(_whole(path.parent / below, (*above, here)), values)


def _absolute(values: dict[str, Any], beside: Path) -> dict[str, Any]:
    for keys in PATHS:
        table: Any = values
        for key in keys[:-1]:
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict) and isinstance(table.get(keys[-1]), str) and table[keys[-1]]:
            table[keys[-1]] = str((beside / table[keys[-1]]).resolve())
    area = values.get("area")
    if isinstance(area, str) and (beside / area / "area.toml").is_file():
        values["area"] = str((beside / area).resolve())
    return values


def _nested(keys: list[str], value: Any) -> dict[str, Any]:
    return {keys[0]: value if len(keys) == 1 else _nested(keys[1:], value)}


def _value(text: str) -> Any:
    """A value as TOML would read it, or a word."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
