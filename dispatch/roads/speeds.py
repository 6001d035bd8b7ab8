"""How fast each profile is on each class of road, by hour and weather: `speeds.toml`, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from dispatch.domain import PROFILES
from dispatch.errors import BadInput
from dispatch.roads.network import CLASSES, Network
from dispatch.settings import Section, section

Kmh = Annotated[float, Field(ge=0.0, le=200.0)]
Share = Annotated[float, Field(ge=0.05, le=3.0)]


class Speeds(Section):
    """`[speeds]`: averages in km/h by profile and road class (data/speeds.toml).

    `kmh[profile][class]` is 0 where the profile does not go; `hour_share[profile]` holds 24
    factors; `signed_share` is the part of a signed limit a trip averages; a loose piece of
    road must be nearer by `snap_margin_metres` to be chosen; `walk_kmh` is off the road.
    `weather` is the one in force, a key of `weather_share[weather][profile]`, and perhaps of
    `weather_highest_kmh`. It slows what is driven or walked on roads, not the leg off them.
    """

    walk_kmh: float = Field(ge=0.5, le=10.0)
    snap_margin_metres: float = Field(ge=0.0, le=50_000.0)
    signed_share: Share
    signed_floor_kmh: Kmh
    kmh: dict[str, dict[str, Kmh]]
    highest_kmh: dict[str, Kmh]
    hour_share: dict[str, tuple[Share, ...]]
    weather: str
    weather_share: dict[str, dict[str, Share]]
    weather_highest_kmh: dict[str, Kmh] = Field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @field_validator("kmh", "highest_kmh", "hour_share")
    @classmethod
    def _every_profile(cls, value: dict[str, Any]) -> dict[str, Any]:
        return _exactly("profiles", value, PROFILES)

    @field_validator("kmh")
    @classmethod
    def _every_class(cls, value: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        for by_class in value.values():
            _exactly("road classes", by_class, CLASSES)
        return value

    @field_validator("hour_share")
    @classmethod
    def _every_hour(cls, value: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
        for profile, shares in value.items():
            if len(shares) != 24:
                raise ValueError(f"24 numbers for {profile}, one an hour, not {len(shares)}")
        return value

    @field_validator("weather_share")
    @classmethod
    def _every_profile_in_any_weather(cls, value: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        for by_profile in value.values():
            _exactly("profiles", by_profile, PROFILES)
        return value

    @model_validator(mode="after")
    def _known_weather(self) -> Speeds:
        for what, words in (("weather", [self.weather]), ("weather_highest_kmh", self.weather_highest_kmh)):
            unknown = [word for word in words if word not in self.weather_share]
            if unknown:
                raise ValueError(f"{what} is {unknown[0]!r:.40}, known: {', '.join(self.weather_share)}")
        return self

    def in_weather(self, weather: str) -> Speeds:
        """The same speeds in another weather; BadInput names the known ones."""
        if weather not in self.weather_share:
            raise BadInput(f"weather is {weather!r:.40}, expected one of {', '.join(self.weather_share)}")
        return self.model_copy(update={"weather": weather})

    def edge_kmh(self, network: Network, profile: str, hour: int | None = None) -> NDArray[np.float64]:
        """Speed on every edge for one profile, shape (edges,); 0 where it does not go.

        A signed limit, where there is one, replaces the class's average (not on foot).
        Without an hour, the averages of the day; always those of `weather`.
        """
        by_class = np.array([self.kmh[profile][road] for road in CLASSES])
        kmh: NDArray[np.float64] = by_class[network.edge_class]
        if profile != "foot":
            signed = network.edge_maxspeed_kmh.astype(np.float64)
            believed = (signed >= self.signed_floor_kmh) & (kmh > 0)
            kmh = np.where(believed, signed * self.signed_share, kmh)
        kmh = np.minimum(kmh, self.highest_kmh[profile])
        kmh = kmh if hour is None else kmh * self.hour_share[profile][hour]
        kmh = kmh * self.weather_share[self.weather][profile]
        limit = self.weather_highest_kmh.get(self.weather)
        return kmh if limit is None else np.minimum(kmh, limit)


def default_speeds(overlay: Mapping[str, Any] | None = None) -> Speeds:
    """The speeds that come with the program, a user's `[speeds]` laid over them."""
    return section(Speeds, "speeds", overlay)


def _exactly(what: str, value: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    if set(value) != set(names):
        raise ValueError(f"the {what} {', '.join(names)}, each once")
    return value
