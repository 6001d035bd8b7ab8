"""`[online]`: what may be asked, how fast, and what an answer is worth (data/online.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from dispatch.settings import AtLeastZero, Section, Share, section

HelperName = Literal["amap", "tianditu", "nominatim"]


class HelperSettings(Section):
    """`[online.helpers.NAME]`: one provider."""

    title: str
    url: str = Field(pattern=r"^https?://[^/?#@\s]+[^?#\s]*$")
    key_variable: str
    datum: Literal["WGS84", "CGCS2000", "GCJ02", "BD09"]
    per_second: float = Field(gt=0.0)
    levels: dict[str, str]


class OnlineSettings(Section):
    """`[online]`: see the comments of data/online.toml, one a key."""

    timeout_seconds: float = Field(gt=0.0, le=120.0)
    most_questions: int = Field(ge=1)
    keep_days: float = AtLeastZero
    enough_probability: float = Share
    enough_metres: float = AtLeastZero
    alone_share: float = Share
    agreed_share: float = Share
    agree_metres: float = AtLeastZero
    helpers: dict[HelperName, HelperSettings]


def online_settings(overlay: Mapping[str, Any] | None = None) -> OnlineSettings:
    """The defaults, with the user's `[online]` table laid over them."""
    return section(OnlineSettings, "online", overlay)
