"""What to say at the door and what not, by type of fraud: `data/scripts.toml`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from dispatch.reasons import Language
from dispatch.redact import clean
from dispatch.settings import Section, section

GENERAL = "general"
"""Lines that hold at every door; they stand in for a type that has none of its own."""
LONGEST_LINE = 120


def _one_line(text: str) -> str:
    if not text.strip() or text.strip() != clean(text):
        raise ValueError("one printable line of text")
    return text.strip()


Line = Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(_one_line)]
Lines = Annotated[tuple[Line, ...], Field(min_length=1, max_length=6)]


class Script(Section):
    """What to say, and what not to: each a few short lines."""

    say: Lines
    dont: Lines


class Spoken(Section):
    """One type's script in both languages."""

    zh: Script
    en: Script


class Scripts(Section):
    """`[scripts]`: a script for every type the intake knows, and the general one (data/scripts.toml)."""

    general: Spoken
    impersonated_police: Spoken
    fake_jobs: Spoken
    investment: Spoken
    customer_service: Spoken
    acquaintance: Spoken
    loan: Spoken
    romance: Spoken
    student_loan: Spoken
    shopping: Spoken
    gaming: Spoken
    other: Spoken


def load_scripts(language: Language = "zh", overlay: Mapping[str, Any] | None = None) -> Mapping[str, Script]:
    """The scripts in one language, by type of fraud and `general`; a user's `[scripts]` laid over ours.

    Raises
    ------
    SettingsError
        A type that is not known, or a line that is blank, too long or more than one line.
    """
    scripts = section(Scripts, "scripts", overlay)
    return {name: getattr(getattr(scripts, name), language) for name in Scripts.model_fields}


def script_for(fraud_type: str, scripts: Mapping[str, Script]) -> Script:
    """The script of a type; the general one where there is none of its own."""
    return scripts.get(fraud_type) or scripts[GENERAL]
