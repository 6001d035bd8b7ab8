"""The numbers of this stage: how sure a place is, and how large (data/places.toml)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from dispatch.settings import AtLeastZero, Section, Share, section

Source = Literal["home", "work", "fix", "hotel", "relative", "other"]
Slip = Literal["sound", "shape", "none", "missing", "extra", "swapped"]
"""What is wrong with a name: a sign of like sound, of like shape, of neither; one left out, one too many, two exchanged."""
SOURCES: tuple[Source, ...] = get_args(Source)


class FixSettings(Section):
    """`[places.fix]`: how a position fix ages."""

    half_life_minutes: float = Field(gt=0.0)
    floor_share: float = Share
    drift_metres_per_minute: float = AtLeastZero
    most_drift_metres: float = AtLeastZero
    undated_minutes: float = AtLeastZero

    def share_left(self, age_minutes: float) -> float:
        """Share (0 to 1) of a fix's probability left after `age_minutes`."""
        return max(self.floor_share, math.exp2(-max(age_minutes, 0.0) / self.half_life_minutes))

    def drift_metres(self, age_minutes: float) -> float:
        """How far the person may have gone since."""
        return min(self.most_drift_metres, self.drift_metres_per_minute * max(age_minutes, 0.0))


class SearchSettings(Section):
    """`[places.search]`: minutes from arrival to first contact, and who is found at all, by radius."""

    base_minutes: float = AtLeastZero
    minutes_per_100_metres: float = AtLeastZero
    most_minutes: float = AtLeastZero
    half_found_metres: float = Field(gt=0.0)

    def minutes(self, radius_metres: float) -> float:
        """Minutes to find the person inside `radius_metres`."""
        return min(self.most_minutes, self.base_minutes + self.minutes_per_100_metres * radius_metres / 100.0)

    def share_found(self, radius_metres: float) -> float:
        """Share (0 to 1) of people inside `radius_metres` whom a visit finds."""
        return 1.0 / (1.0 + radius_metres / self.half_found_metres)


class WorthSettings(Section):
    """`[places.match.worth]`: of the signs a name explains, the share that counts, and what a slip costs in signs."""

    bare: float = Share
    renamed: float = Share
    other_kind: float = Share
    of_building: float = Share
    slip_signs: dict[Slip, Annotated[float, AtLeastZero]]


class OddsSettings(Section):
    """`[places.match.odds]`: log-odds by which the candidates of one address are put in order."""

    sign: float = Field(gt=0.0)
    bare: float
    cut_out: float
    other_county: float = AtLeastZero
    other_township: float = AtLeastZero
    other_weak: float = AtLeastZero
    slip_besides: float = AtLeastZero
    hint_county: float = AtLeastZero
    hint: dict[str, float]
    level: dict[str, float]


class MatchSettings(Section):
    """`[places.match]`: how a text is weighed against the names, and how often such a reading is right."""

    spacing_share: float = Share
    beside_metres: float = AtLeastZero
    most: float = Share
    least_finer: float = Share
    county_sure: float = Share
    county_doubt: float = Share
    worth: WorthSettings
    odds: OddsSettings
    sure: dict[str, float]


class ReviewSettings(Section):
    """`[places.review]`: when a person should look at a place, and what the answer is worth."""

    unsure_share: float = Share
    rival_share: float = Share
    wide_metres: float = AtLeastZero
    checked_share: float = Share
    checked_radius_metres: float = Field(gt=0.0)


class PlaceSettings(Section):
    """`[places]`: see the comments of data/places.toml, one a key."""

    sum_ceiling: float = Share
    least_probability: float = Share
    most_places: int = Field(ge=1, le=20)
    merge_metres: float = AtLeastZero
    outside_metres: float = AtLeastZero
    text_source_share: float = Share
    contradicted_share: float = Share
    source_prior: dict[Source, Annotated[float, Share]]
    source_radius_metres: dict[Source, Annotated[float, AtLeastZero]]
    fix: FixSettings
    search: SearchSettings
    review: ReviewSettings
    level_radius_metres: dict[str, Annotated[float, AtLeastZero]]
    match: MatchSettings


def place_settings(overlay: Mapping[str, Any] | None = None) -> PlaceSettings:
    """The defaults, with the user's `[places]` table laid over them."""
    return section(PlaceSettings, "places", overlay)


@cache
def default_settings() -> PlaceSettings:
    """The bundled numbers, read once."""
    return place_settings()
