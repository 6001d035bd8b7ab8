"""Settings: TOML files with a unit in every key, read into frozen models.

The defaults are files of the data folder, one a subject; a user's file may overlay any
key of any of them: ``[planning] horizon_minutes = 480``. An unknown key is refused by
name, together with the known ones.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dispatch.errors import MissingInput, SettingsError

LARGEST_FILE_BYTES = 1_000_000


class Section(BaseModel):
    """Base of every settings model: nothing changes once read, nothing unknown gets in."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


S = TypeVar("S", bound=Section)
Share = Field(ge=0.0, le=1.0)
AtLeastZero = Field(ge=0.0)


class Planning(Section):
    """`[planning]`: the clock, the thresholds and the prices of a plan (data/planning.toml)."""

    horizon_minutes: float = Field(gt=0.0)
    reached_within_minutes: tuple[int, ...]
    drive_yuan_per_minute: float = AtLeastZero
    neighbour_yuan: dict[str, float]
    balance_yuan: float = AtLeastZero
    strict: bool
    stale_after_minutes: float = Field(gt=0.0)
    drive_early_share: float = Field(gt=0.0, le=1.0)
    drive_late_share: float = Field(ge=1.0)
    default_seconds: float = Field(gt=0.0)
    bound_seconds: float = AtLeastZero


class Duty(Section):
    """`[duty]`: share of responders without a shift of their own who are on duty, by hour.

    Each kind has 24 shares, the first for 00:00–00:59. `centre_phone` is whom teams ring; "" where none is to be printed.
    """

    centre_phone: str = Field(max_length=30)
    crews_per_station: int = Field(ge=1, le=20)
    max_visits: dict[str, int]
    profile: dict[str, str]
    share_by_hour: dict[str, tuple[float, ...]]

    def share(self, kind: str, hour: int) -> float:
        """Share (0 to 1) of responders of that kind on duty in that hour of the day."""
        return self.share_by_hour[kind][hour]


def data_folder() -> Path:
    """The bundled data: inside the wheel, or beside the package in a checkout."""
    inside = Path(__file__).parent / "data"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "data"


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as nested dicts; MissingInput or SettingsError in one line."""
    if not path.is_file():
        raise MissingInput(path)
    try:
        raw = path.read_bytes()
        if len(raw) > LARGEST_FILE_BYTES:
            raise SettingsError(f"{path} is {len(raw):,} bytes; settings are at most {LARGEST_FILE_BYTES:,}")
        return tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, OSError) as cause:
        raise SettingsError(f"{path} is not TOML in UTF-8: {cause}") from cause


def section(model: type[S], name: str, overlay: Mapping[str, Any] | None = None) -> S:
    """The settings of one subject: `data/<name>.toml`, with the user's `[name]` laid over it.

    Raises
    ------
    SettingsError
        Naming the key, what was found and what is known.
    """
    values = read_toml(data_folder() / f"{name}.toml")
    return parse(model, merge(values, (overlay or {}).get(name, {})), f"[{name}]")


def merge(below: Mapping[str, Any], above: Any) -> dict[str, Any]:
    """`above` laid over `below`, table by table; anything but a table replaces."""
    if not isinstance(above, Mapping):
        raise SettingsError(f"expected a table of settings, found {above!r:.60}")
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = (
            merge(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
        )
    return merged


def parse(model: type[S], values: Mapping[str, Any], where: str) -> S:
    """Validate `values`; every fault at once, each with its key."""
    try:
        return model.model_validate(values)
    except ValidationError as cause:
        faults = [_fault(model, error) for error in cause.errors()]
        raise SettingsError(f"{where}: " + "; ".join(faults[:8])) from cause


def digest(*sections: BaseModel) -> str:
    """A short fingerprint of settings, written beside every plan."""
    text = "\n".join(one.model_dump_json() for one in sections)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _fault(model: type[BaseModel], error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = _known_keys(model, error["loc"][:-1])
        return f"unknown {key}" + (f"; known: {', '.join(known)}" if known else "")
    return f"{key}: found {error['input']!r:.60}, expected: {error['msg']}"


def _known_keys(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    kind: Any = model
    for part in path:
        if get_origin(kind) is dict:  # a table of tables: `part` is one of its names
            kind = get_args(kind)[1]
        elif isinstance(kind, type) and issubclass(kind, BaseModel) and part in kind.model_fields:
            kind = kind.model_fields[part].annotation
        else:
            return []
    return sorted(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []
