"""How each provider is asked and what its answers mean: addresses of URLs in, places out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from dispatch.errors import BadInput, DispatchError, MissingExtra
from dispatch.places.online.settings import HelperName, HelperSettings

Fetch = Callable[[str, Mapping[str, str], float], bytes]
"""Asks a server: URL, headers and seconds to wait in, the body out."""
Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees, WGS-84."""

AGENT = "field-dispatch/0.1 (address lookup asked for by its user)"
_MOST_PLACES = 3


class OnlineFailed(DispatchError, RuntimeError):
    """A provider did not answer, or not in a form that can be used; never holds the key."""


@dataclass(frozen=True, slots=True)
class Said:
    """One place a provider named: a point in the provider's datum, our level, the name it gave."""

    lon: float
    lat: float
    level: str
    name: str

    def as_json(self) -> dict[str, Any]:
        """As it is kept in the cache."""
        return asdict(self)


def ask_amap(address: str, helper: HelperSettings, key: str, fetch: Fetch, seconds: float) -> list[Said]:
    """AMap's web service: https://lbs.amap.com/api/webservice/guide/api/georegeo."""
    query = urlencode({"key": key, "address": address, "output": "JSON"})
    answer = _json(fetch(f"{helper.url}?{query}", {}, seconds), "amap")
    if str(answer.get("status")) != "1":
        if str(answer.get("infocode")) == "30001":  # ENGINE_RESPONSE_DATA_ERROR: it knows no such address
            return []
        raise _refused("amap", answer.get("info"), helper)
    found = []
    for one in _list(answer.get("geocodes")):
        lon, _, lat = str(one.get("location") or "").partition(",")
        found.append(_said(lon, lat, one.get("level"), one.get("formatted_address"), helper))
    return [one for one in found if one is not None][:_MOST_PLACES]


def ask_tianditu(address: str, helper: HelperSettings, key: str, fetch: Fetch, seconds: float) -> list[Said]:
    """Tianditu's geocoder: http://lbs.tianditu.gov.cn/server/geocodinginterface.html."""
    query = urlencode({"ds": json.dumps({"keyWord": address}, ensure_ascii=False), "tk": key})
    answer = _json(fetch(f"{helper.url}?{query}", {}, seconds), "tianditu")
    if str(answer.get("status")) != "0":
        if str(answer.get("status")) in ("101", "404"):  # no result
            return []
        raise _refused("tianditu", answer.get("msg"), helper)
    place = answer.get("location")
    if not isinstance(place, Mapping):
        return []
    said = _said(place.get("lon"), place.get("lat"), place.get("level"), place.get("keyWord"), helper)
    return [said] if said else []


def ask_nominatim(
    address: str, helper: HelperSettings, bounds: Bounds, fetch: Fetch, seconds: float
) -> list[Said]:
    """Nominatim through geopy, within the bounds of the area.

    Raises
    ------
    MissingExtra
        geopy is not installed.
    """
    try:
        from geopy.adapters import BaseSyncAdapter  # noqa: PLC0415 - an extra
        from geopy.exc import GeopyError  # noqa: PLC0415
        from geopy.geocoders import Nominatim  # noqa: PLC0415
    except ImportError as cause:
        raise MissingExtra("geopy", "online") from cause

    class Ours(BaseSyncAdapter):  # type: ignore[misc]
        """geopy asks through the same door as all else here."""

        def get_text(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> str:
            return fetch(url, dict(headers), timeout).decode("utf-8", "replace")

        def get_json(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> Any:
            return json.loads(self.get_text(url, timeout=timeout, headers=headers))

    parts = urlsplit(helper.url)
    server = Nominatim(
        user_agent=AGENT, timeout=seconds, scheme=parts.scheme,
        domain=parts.netloc + parts.path.rstrip("/"), adapter_factory=Ours,
    )  # fmt: skip
    west, south, east, north = bounds
    try:
        places = server.geocode(
            address, exactly_one=False, limit=_MOST_PLACES, language="zh",
            viewbox=((south, west), (north, east)), bounded=True,
        )  # fmt: skip
    except (GeopyError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as cause:
        raise OnlineFailed(f"nominatim gave no answer that can be used ({type(cause).__name__})") from cause
    found = []
    for place in places or ():
        raw = place.raw if isinstance(place.raw, Mapping) else {}
        level = raw.get("addresstype") or raw.get("type")
        found.append(_said(place.longitude, place.latitude, level, raw.get("display_name"), helper))
    return [one for one in found if one is not None]


def question(name: HelperName, helper: HelperSettings, key: str, bounds: Bounds) -> Callable[..., list[Said]]:
    """How `name` is asked: a function of address, fetch and seconds."""
    if name == "nominatim":
        return lambda address, fetch, seconds: ask_nominatim(address, helper, bounds, fetch, seconds)
    ask = ask_amap if name == "amap" else ask_tianditu
    return lambda address, fetch, seconds: ask(address, helper, key, fetch, seconds)


def _said(lon: Any, lat: Any, level: Any, name: Any, helper: HelperSettings) -> Said | None:
    """A place, if it is one; a level that is not known is taken for a point of interest."""
    try:
        x, y = float(lon), float(lat)
    except (TypeError, ValueError):
        return None
    if not (math.isfinite(x) and math.isfinite(y) and abs(x) <= 180 and abs(y) <= 90):
        return None
    known = helper.levels.get(level, "poi") if isinstance(level, str) else "poi"
    return Said(x, y, known, str(name or "")[:100])


def _json(body: bytes, name: str) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as cause:
        raise OnlineFailed(f"{name} gave no JSON") from cause
    if not isinstance(answer, Mapping):
        raise OnlineFailed(f"{name} gave {type(answer).__name__}, expected an object")
    return answer


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _refused(name: str, words: Any, helper: HelperSettings) -> BadInput:
    said = "".join(sign for sign in str(words)[:80] if sign.isprintable())
    hint = f"; is {helper.key_variable} its key?" if helper.key_variable else ""
    return BadInput(f"{name} refused the question ({said}){hint}")
