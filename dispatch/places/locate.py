"""From the rows of a case to its places: evidence aged, merged and weighed against each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

import pandas as pd

from dispatch.domain import Place
from dispatch.places.evidence import POINT, Evidence, Refused, evidence_of
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.settings import PlaceSettings, default_settings
from dispatch.reasons import Language, word

_LEVEL_WORDS = MappingProxyType({
    POINT: ("坐标", "a coordinate"), "township": ("镇街级", "the township"), "village": ("村级", "the village"),
    "hamlet": ("自然村级", "the hamlet"), "street": ("道路级", "the street"), "police": ("派出所", "a police station"),
    "hotel": ("酒店", "the hotel"), "school": ("学校", "the school"), "hospital": ("医院", "the hospital"),
    "market": ("市场", "the market"), "bank": ("银行", "the bank"), "poi": ("地点", "the place named"),
    "door": ("门牌级", "the door"), "checked": ("人工核实", "a person who checked"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Located:
    """Places of one case, likeliest first, and every row or address that gave none, with why."""

    places: tuple[Place, ...]
    refused: tuple[Refused, ...]


def locate(
    case_id: str,
    rows: pd.DataFrame,
    gazetteer: Gazetteer,
    settings: PlaceSettings | None = None,
    at: datetime | None = None,
) -> tuple[Place, ...]:
    """Places where the person of one case may be, likeliest first; see `locate_rows`."""
    return locate_rows(case_id, rows, gazetteer, settings, at).places


def locate_rows(
    case_id: str,
    rows: pd.DataFrame,
    gazetteer: Gazetteer,
    settings: PlaceSettings | None = None,
    at: datetime | None = None,
) -> Located:
    """Combine coordinates and addresses of one case's rows into places.

    A phone fix ages: its probability decays and its radius grows with the minutes since
    `fix_at`. A fix inside the radius of another place confirms it: one place, likelier. The
    same thing said twice is no likelier for it. Probabilities are those of finding the person
    there, so a wide radius lowers them, and they sum to at most `settings.sum_ceiling`.
    What lies outside the area, or is too coarse to search, is refused with its reason.

    Parameters
    ----------
    case_id
        Places are called ``<case_id>/1``, ``/2`` … from the likeliest on.
    rows
        The case's rows with the columns of an alert file; `lon`, `lat` in the datum of column
        `datum`. Missing columns count as blank.
    gazetteer
        The names of the area.
    settings
        `[places]`; the bundled ones if None.
    at
        Now, with its zone; the latest `alerted_at` if None.

    Raises
    ------
    BadInput
        A coordinate stands without a known datum.
    """
    settings = settings or default_settings()
    evidence, refused = evidence_of(rows, gazetteer, settings, at)
    merged = _merge(_without_repeats(evidence, gazetteer, settings), gazetteer, settings)
    weighed = [
        replace(one, probability=one.probability * settings.search.share_found(one.radius_metres))
        for one in merged
    ]
    weighed.sort(key=lambda one: (-one.probability, one.lon, one.lat, one.source))
    kept = [one for one in weighed if one.probability >= settings.least_probability] or weighed[:1]
    kept = kept[: settings.most_places]
    total = sum(one.probability for one in kept)
    scale = min(1.0, settings.sum_ceiling / total) if total > 0 else 1.0
    places = (_place(f"{case_id}/{n}", one, scale, settings) for n, one in enumerate(kept, start=1))
    return Located(tuple(places), tuple(refused))


def why_here(place: Place, language: Language = "zh") -> str:
    """One sentence on why a case is where it is: source, level, radius, share and age."""
    level = _LEVEL_WORDS.get(place.level, (place.level, place.level))
    share = round(100 * place.probability)
    radius = str(_rounded(place.radius_metres)) if math.isfinite(place.radius_metres) else "?"
    age = "" if place.age_minutes is None else f"{place.age_minutes:.0f}"
    if language == "zh":
        spot = f"{word(place.source, 'zh')}：{place.label or '辖区内'}（{level[0]}，误差约 {radius} 米）"
        when = f"手机 {age} 分钟前定位于此" if place.source == "fix" else f"{age} 分钟前的手机定位可佐证"
        return f"{spot}，在此找到本人的可能约 {share}%" + (f"；{when}" if age else "")
    spot = f"{word(place.source, 'en')}: {place.label or 'in the area'}, known to {level[1]}, within about {radius} m"
    when = (
        f"the phone was here {age} min ago"
        if place.source == "fix"
        else f"confirmed by a phone fix {age} min old"
    )
    return f"{spot}; about {share}% to be found here" + (f"; {when}" if age else "")


def _without_repeats(
    evidence: Sequence[Evidence], gazetteer: Gazetteer, settings: PlaceSettings
) -> list[Evidence]:
    """Of one source the same spot counts once: the sharper sign, at the likelier's probability."""
    kept: list[Evidence] = []
    for one in sorted(
        evidence, key=lambda one: (one.source, one.radius_metres, -one.probability, one.lon, one.lat)
    ):
        for n, other in enumerate(kept):
            if other.source == one.source and _same_spot(one, other, gazetteer, settings):
                kept[n] = replace(other, probability=max(other.probability, one.probability))
                break
        else:
            kept.append(one)
    return kept


def _merge(evidence: Sequence[Evidence], gazetteer: Gazetteer, settings: PlaceSettings) -> list[Evidence]:
    """Signs of different sources for one spot are one place, the stronger for both.

    Independent signs: 1 - (1 - p)(1 - q). The sharper position is kept, the name of the settled
    source too; the age tells that a fix took part.
    """
    order = sorted(
        evidence, key=lambda one: (one.source == "fix", -one.probability, one.source, one.lon, one.lat)
    )
    places: list[Evidence] = []
    for one in order:
        near = [n for n, place in enumerate(places) if _same_spot(place, one, gazetteer, settings)]
        if not near:
            places.append(one)
            continue
        n = min(near, key=lambda n: (_metres(places[n], one, gazetteer), n))
        settled, both = places[n], 1.0 - (1.0 - places[n].probability) * (1.0 - one.probability)
        sharper = one if one.radius_metres < settled.radius_metres else settled
        places[n] = replace(
            sharper, probability=both, source=settled.source, age_minutes=_younger(settled, one)
        )
    return places


def _same_spot(one: Evidence, other: Evidence, gazetteer: Gazetteer, settings: PlaceSettings) -> bool:
    """Within `merge_metres`, or the second inside the radius of a settled first."""
    reach = settings.merge_metres
    if one.source != "fix":
        reach = max(reach, one.radius_metres)
    return _metres(one, other, gazetteer) <= reach


def _metres(one: Evidence, other: Evidence, gazetteer: Gazetteer) -> float:
    (ax, ay), (bx, by) = gazetteer.xy_metres([one.lon, other.lon], [one.lat, other.lat])
    return math.hypot(ax - bx, ay - by)


def _younger(one: Evidence, other: Evidence) -> float | None:
    return min((age for age in (one.age_minutes, other.age_minutes) if age is not None), default=None)


def _place(place_id: str, one: Evidence, scale: float, settings: PlaceSettings) -> Place:
    return Place(
        id=place_id,
        lon=round(one.lon, 7),
        lat=round(one.lat, 7),
        radius_metres=round(one.radius_metres, 1),
        probability=math.floor(one.probability * scale * 1e6) / 1e6,  # down: the sum must not grow
        source=one.source,
        level=one.level,
        label=one.label,
        county=one.county,
        township=one.township,
        village=one.village,
        age_minutes=one.age_minutes,
        search_minutes=round(settings.search.minutes(one.radius_metres), 2),
    )


def _rounded(metres: float) -> int:
    step = 10 if metres < 1000 else 100
    return max(step, round(metres / step) * step)
