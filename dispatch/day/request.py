"""What the user asked for, and every setting in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dispatch.errors import SettingsError
from dispatch.intake.triage import TriageRules
from dispatch.places.settings import PlaceSettings
from dispatch.roads.closures import ClosureSettings
from dispatch.roads.speeds import Speeds
from dispatch.routing import DEFAULT_POLICY
from dispatch.settings import Duty, Planning, digest, read_toml, section

SECTIONS = ("columns", "planning", "duty", "triage", "places", "speeds", "closures")

ELSEWHERE = ("online", "actions", "ledger", "replan", "scripts")
"""Tables of a settings file that other commands read."""


@dataclass(frozen=True, slots=True)
class Request:
    """Inputs and effort of one plan; see `dispatch plan --help`. `at` has its zone.

    `alerts` is None where a ledger's open cases are planned. `bound_seconds` None: as the settings
    say, but nothing is proved with `iterations`, so that the same request gives the same bytes.
    """

    alerts: Path | None
    at: datetime
    responders: Path | None = None
    jurisdiction: Path | None = None
    settings: Path | None = None
    closures: Path | None = None
    fixes: Path | None = None
    weather: str | None = None
    policy: str = DEFAULT_POLICY
    seconds: float | None = None
    iterations: int | None = None
    seed: int = 0
    bound_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Every setting in force for one plan; `columns` maps a file's headings to ours."""

    planning: Planning
    duty: Duty
    triage: TriageRules
    places: PlaceSettings
    speeds: Speeds
    closures: ClosureSettings
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Changes with any value in force."""
        return digest(self.planning, self.duty, self.triage, self.places, self.speeds, self.closures)

    def as_json(self) -> dict[str, Any]:
        """Every value in force, as it stands in `plan.json`."""
        parts = {name: getattr(self, name).model_dump(mode="json") for name in SECTIONS if name != "columns"}
        return parts | {"columns": dict(self.columns), "fingerprint": self.fingerprint}


def read_rules(path: Path | None, weather: str | None = None) -> Rules:
    """The default settings with the user's file laid over them, and the weather over both.

    Raises
    ------
    SettingsError, BadInput
        An unknown key or weather, named with the known ones; a value out of range.
    """
    overlay = read_toml(path) if path else {}
    known = (*SECTIONS, *ELSEWHERE)
    unknown = sorted(set(overlay) - set(known))
    if unknown:
        raise SettingsError(f"{path}: unknown {', '.join(unknown)}; known: {', '.join(known)}")
    columns = overlay.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(value, str) for value in columns.values()):
        raise SettingsError(f'{path}: [columns] holds pairs such as "our heading" = "alert_id"')
    speeds = section(Speeds, "speeds", overlay)
    return Rules(
        planning=section(Planning, "planning", overlay),
        duty=section(Duty, "duty", overlay),
        triage=section(TriageRules, "triage", overlay),
        places=section(PlaceSettings, "places", overlay),
        speeds=speeds.in_weather(weather) if weather else speeds,
        closures=section(ClosureSettings, "closures", overlay),
        columns=columns,
    )


def saved_rules(settings: Mapping[str, Any]) -> Rules:
    """The rules a plan was made by, from the `settings` of its plan.json; what it does not know yet is the default.

    Raises
    ------
    SettingsError
        The plan holds none, or some this version does not know.
    """
    names = [name for name in SECTIONS if name != "columns"]
    if missing := sorted(set(names) - set(settings)):
        raise SettingsError(f"the plan holds no settings of {', '.join(missing)}; plan again")
    return Rules(
        planning=section(Planning, "planning", settings),
        duty=section(Duty, "duty", settings),
        triage=section(TriageRules, "triage", settings),
        places=section(PlaceSettings, "places", settings),
        speeds=section(Speeds, "speeds", settings),
        closures=section(ClosureSettings, "closures", settings),
        columns=dict(settings.get("columns", {})),
    )
