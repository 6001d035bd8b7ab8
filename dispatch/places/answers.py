"""Answers about addresses and points as values a person or a program reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.places.gazetteer import Gazetteer
from dispatch.places.geocode import Answer, geocoder
from dispatch.places.settings import PlaceSettings
from dispatch.reasons import Language, Reason, say


@dataclass(frozen=True, slots=True)
class Meant:
    """A place an address may mean: `path` names it by level, from the province down.

    `source` is "" for the area's own names, else the online helper that said it.
    """

    path: Mapping[str, str]
    level: str
    lon: float
    lat: float
    radius_metres: float
    probability: float
    used: str
    unused: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """An address with the places it may mean, likeliest first; `note` says what is not known."""

    address: str
    candidates: tuple[Meant, ...] = ()
    note: Reason | None = None

    def as_json(self, language: Language = "zh") -> dict[str, Any]:
        """The object `dispatch geocode --json` prints of it."""
        return {
            "address": self.address,
            "candidates": [
                {
                    "path": dict(one.path),
                    "level": one.level,
                    "lon": round(one.lon, 7),
                    "lat": round(one.lat, 7),
                    "radius_metres": round(one.radius_metres, 1),
                    "probability": one.probability,
                    "used": one.used,
                    "unused": one.unused,
                }
                for one in self.candidates
            ],
            "note": f"{self.note.code}: {say(self.note, language)}" if self.note else "",
        }


def read_addresses(
    addresses: Iterable[str], gazetteer: Gazetteer, settings: PlaceSettings | None = None
) -> Iterator[Reading]:
    """What each address means in an area, in the order asked, one at a time."""
    reader = geocoder(gazetteer, settings)
    for address in addresses:
        yield reading_of(address, reader.look_up(address), gazetteer)


def reading_of(address: str, answer: Answer, gazetteer: Gazetteer) -> Reading:
    """A geocoder's answer with whole paths, and with a note where it is not clear."""
    places = tuple(
        Meant(
            path=gazetteer.path(one.code),
            level=one.level,
            lon=one.lon,
            lat=one.lat,
            radius_metres=one.radius_metres,
            probability=one.probability,
            used=one.used,
            unused=one.unused,
        )
        for one in answer.candidates
    )
    return Reading(address, places, _note(answer))


def _note(answer: Answer) -> Reason | None:
    if answer.note == "empty":
        return Reason("EMPTY_ADDRESS")
    if answer.note == "outside":
        return Reason("OTHER_CITY", {"name": answer.elsewhere})
    if answer.note == "ambiguous":
        count = len(answer.candidates)
        return Reason("SEVERAL_PLACES", {"count": count}) if count > 1 else Reason("ADDRESS_AMBIGUOUS")
    if not answer.candidates:
        return Reason("ADDRESS_UNKNOWN")
    return None
