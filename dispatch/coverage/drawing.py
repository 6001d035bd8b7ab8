"""Coverage as a map: one page for a moment, for two compared, and for sites proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

import maps
from dispatch.coverage.account import Account
from dispatch.coverage.comparing import Comparison
from dispatch.coverage.write import UNITS
from dispatch.reasons import Language
from maps.pack import pack_lines
from maps.view import Text

SCRIPTS = ("cards.js", "coverage.js")
_ALL = 1 - 1e-6
LEVEL_NOTE: Text = ("短线：目标时限内的比例", "bars: share within the goal")


@dataclass(frozen=True, slots=True)
class Places:
    """Demand points as columns of equal length; `before` and `within_before` only where two are compared.

    `lon` and `lat` are None for what is at no known place; minutes None where nobody comes; `within` is the share, 0
    to 1, within the goal; `blocked` "road" or "unplaced" for what nobody could reach, "" else; `first` and `next` are names.
    """

    name: Sequence[str]
    county: Sequence[str]
    town: Sequence[str]
    lon: Sequence[float | None]
    lat: Sequence[float | None]
    weight: Sequence[float]
    minutes: Sequence[float | None]
    within: Sequence[float]
    blocked: Sequence[str]
    first: Sequence[str]
    next: Sequence[str] | None = None
    second: Sequence[float | None] | None = None
    before: Sequence[float | None] | None = None
    within_before: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class Sites:
    """Responders and sites as columns; `on` is on duty, `fresh` is proposed or added, `first` the weight it is first for."""

    name: Sequence[str]
    kind: Sequence[str]
    lon: Sequence[float]
    lat: Sequence[float]
    on: Sequence[bool]
    fresh: Sequence[bool]
    first: Sequence[float]
    note: Sequence[Text | None]
    busy: Sequence[float | None] | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One unit of the list of counties: its share within the goal, before only where two are compared."""

    name: str
    weight: float
    after: float
    before: float | None = None


@dataclass(frozen=True, slots=True)
class Gain:
    """One line of the list of gains: what a site, or one more of something, adds; a press shows that site or place."""

    label: Text
    value: float
    text: str
    site: int | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Everything the page of a coverage shows. `numbers` are up to four (name, value, note) at its head."""

    area: str
    at: datetime
    title: Text
    minutes: Sequence[float]
    goal_minutes: float
    numbers: Sequence[tuple[Text, str, Text]]
    places: Places
    sites: Sites
    basemap: maps.Basemap
    facts: Sequence[Text] = ()
    units: Sequence[Bar] = ()
    units_note: Text = LEVEL_NOTE
    gains: Sequence[Gain] = ()
    gains_title: Text = ("增益", "Gain")
    gains_note: Text = ("", "")
    isochrones: Sequence[tuple[str, gpd.GeoDataFrame]] = field(default_factory=tuple)
    attribution: str = ""
    synthetic: bool = False
    language: str = "zh"


def coverage_map(view: CoverageView) -> maps.PageMap:
    """The page; `maps.write_map` writes it as one file."""
    payload = maps.page_payload(
        "coverage",
        area=view.area,
        at=view.at,
        title=view.title,
        basemap=view.basemap,
        stale_minutes=1e9,  # an answer about a moment does not age
        attribution=view.attribution,
        synthetic=view.synthetic,
        language=view.language,
    )
    payload |= {
        "minutes": [_whole(one) for one in view.minutes],
        "goal": _whole(view.goal_minutes),
        "numbers": [list(one) for one in view.numbers],
        "facts": list(view.facts),
        "points": _columns(view.places),
        "sites": _columns(view.sites),
        "units": [_columns(one) for one in view.units],
        "units_note": view.units_note,
        "gains": [_columns(one) for one in view.gains],
        "gains_title": view.gains_title,
        "gains_note": view.gains_note,
        "isochrones": _outlines(view.isochrones),
    }
    pairs = zip(view.places.lat, view.places.lon, strict=True)
    placed = [(lat, lon) for lat, lon in pairs if lat is not None and lon is not None]
    return maps.PageMap(payload, placed[0] if placed else (0.0, 0.0), view.language, scripts=SCRIPTS)


def reach_map(
    given: Account,
    isochrones: gpd.GeoDataFrame,
    basemap: maps.Basemap,
    *,
    attribution: str,
    language: Language,
) -> maps.PageMap:
    """The coverage of one moment."""
    whole, goal = given["units"][0], given["minutes"].index(given["goal_minutes"])
    numbers: list[tuple[Text, str, Text]] = [
        (
            (f"{limit:g} 分钟内", f"within {limit:g} min"),
            f"{share:.1%}",
            (f"两支 {two:.1%}", f"by two {two:.1%}"),
        )
        for limit, share, two in zip(given["minutes"], whole["within"], whole["twice"], strict=True)
    ][:3]
    numbers.append(
        _busy(given, goal) or (("半数", "half"), _minutes(given["median_minutes"]), ("分钟内", "within, min"))
    )
    return coverage_map(
        CoverageView(
            area=given["area"]["name"],
            at=datetime.fromisoformat(given["at"]),
            title=("可达与覆盖", "Coverage"),
            minutes=given["minutes"],
            goal_minutes=given["goal_minutes"],
            numbers=numbers,
            facts=(_denominator(given), _closes(given)),
            places=_places(given),
            sites=_sites(given),
            units=_bars(given),
            isochrones=(("after", isochrones),),
            basemap=basemap,
            attribution=attribution,
            synthetic=given["area"]["synthetic"],
            language=language,
        )
    )


def comparison_map(
    found: Comparison,
    isochrones: Sequence[tuple[str, gpd.GeoDataFrame]],
    basemap: maps.Basemap,
    *,
    attribution: str,
    language: Language,
) -> maps.PageMap:
    """Before, after, and what changed."""
    before, after = found.before, found.after
    whole = found.changes[0]
    numbers: list[tuple[Text, str, Text]] = [
        ((f"{limit:g} 分钟内", f"within {limit:g} min"), f"{new:.1%}", (f"原 {old:.1%}", f"was {old:.1%}"))
        for limit, old, new in zip(found.minutes, whole.before, whole.after, strict=True)
    ][:3]
    numbers.append(
        (
            ("新覆盖", "gained"),
            f"{len(found.gained):,}",
            (f"失去 {len(found.lost):,} 处", f"lost {len(found.lost):,}"),
        )
    )
    when = f"{before['at'][:16]} → {after['at'][:16]}".replace("T", " ")
    return coverage_map(
        CoverageView(
            area=after["area"]["name"],
            at=datetime.fromisoformat(after["at"]),
            title=("覆盖对比", "Coverage compared"),
            minutes=found.minutes,
            goal_minutes=found.goal_minutes,
            numbers=numbers,
            facts=((when, when), _denominator(after)),
            places=_places(after, before, found.goal_minutes),
            sites=_sites(after, set(before["responders"]["id"])),
            units=[
                Bar(
                    one.name,
                    one.weight,
                    one.after[found.minutes.index(found.goal_minutes)],
                    one.before[found.minutes.index(found.goal_minutes)],
                )
                for one in found.changes
                if one.level == "county"
            ],
            gains=_changed(found),
            gains_title=("变化", "Changes"),
            gains_note=(
                f"新覆盖 {len(found.gained)} 处，不再覆盖 {len(found.lost)} 处，按权重",
                f"{len(found.gained)} newly covered, {len(found.lost)} no longer, by weight",
            ),
            isochrones=tuple(isochrones),
            basemap=basemap,
            attribution=attribution,
            synthetic=after["area"]["synthetic"],
            language=language,
        )
    )


def _changed(found: Comparison) -> list[Gain]:
    """The places that changed, heaviest first."""
    points = found.before["points"]
    rows = sorted((*found.gained, *found.lost), key=lambda row: -points["weight"][row])
    lost = set(found.lost)
    return [
        Gain(
            label=(points["name"][row],) * 2,
            value=points["weight"][row],
            text=("−" if row in lost else "+") + f"{points['weight'][row]:,.0f}",
            place=row,
        )
        for row in rows
    ]


def _places(given: Account, before: Account | None = None, goal_minutes: float | None = None) -> Places:
    points, goal = given["points"], goal_minutes or given["goal_minutes"]
    blocked = [
        "unplaced" if gone > _ALL else "road" if road > 0 and road + gone > _ALL else ""
        for road, gone in zip(points["no_road"], points["unplaced"], strict=True)
    ]
    return Places(
        **{key: points[key] for key in ("name", "county", "town", "lon", "lat", "weight", "second")},
        minutes=points["nearest"],
        within=_within(given, goal),
        blocked=blocked,
        first=points["first_responder"],
        next=points["second_responder"],
        before=before["points"]["nearest"] if before else None,
        within_before=_within(before, goal) if before else None,
    )


def _within(given: Account, goal: float) -> list[float]:
    at = given["minutes"].index(goal)
    return [one[at] for one in given["points"]["within"]]


def _sites(given: Account, known: set[str] | None = None) -> Sites:
    people = given["responders"]
    fresh = people["added"] if known is None else [one not in known for one in people["id"]]
    return Sites(
        **{key: people[key] for key in ("name", "kind", "lon", "lat")},
        on=people["on_duty"],
        fresh=[bool(one) for one in fresh],
        first=people["first_for_weight"],
        note=[None] * len(people["id"]),
        busy=people["busy_share"],
    )


def _bars(given: Account) -> list[Bar]:
    goal = given["minutes"].index(given["goal_minutes"])
    counties = [one for one in given["units"] if one["level"] == "county"]
    bars = [Bar(one["name"] or "?", one["weight"], one["within"][goal]) for one in counties]
    return sorted(bars, key=lambda bar: bar.after)


def _busy(given: Account, goal: int) -> tuple[Text, str, Text] | None:
    expected = given["units"][0]["expected"]
    if expected is None:
        return None
    rate = f"{given['per_hour']:.3g}"
    return ("计忙碌", "if not out"), f"{expected[goal]:.1%}", (f"每小时 {rate} 起", f"{rate} alerts/h")


def _denominator(given: Account) -> Text:
    zh, en = UNITS.get(given["unit"], (given["unit"],) * 2)
    return f"分母：{given['total']:,.0f}（{zh}）", f"of {given['total']:,.0f} ({en})"


def _closes(given: Account) -> Text:
    """The parts of all demand, which sum to 100 %."""
    whole, goal = given["units"][0], given["minutes"].index(given["goal_minutes"])
    parts = [
        f"{one:.1%}"
        for one in (whole["within"][goal], whole["uncovered"], whole["no_road"], whole["unplaced"])
    ]
    limit = f"{given['goal_minutes']:g}"
    return (
        f"{limit} 分钟内 {parts[0]} + 未覆盖 {parts[1]} + 无路可达 {parts[2]} + 地点不明 {parts[3]} = 100%",
        f"within {limit} min {parts[0]} + not {parts[1]} + no road {parts[2]} + no known place {parts[3]} = 100%",
    )


def _outlines(tables: Sequence[tuple[str, gpd.GeoDataFrame]]) -> dict[str, Any] | None:
    rows = [
        (when, str(kind), float(minutes), maps.outline_lines(shape))
        for when, table in tables
        for kind, minutes, shape in zip(table["kind"], table["minutes"], table.geometry, strict=True)
    ]
    if not rows:
        return None
    rings: list[NDArray[np.float64]] = [ring for *_, lines in rows for ring in lines]
    return {
        "when": [when for when, *_ in rows],
        "kind": [kind for _, kind, *_ in rows],
        "minutes": [_whole(minutes) for _, _, minutes, _ in rows],
        "first": np.cumsum([0, *(len(lines) for *_, lines in rows)]).tolist(),
        "lines": pack_lines(rings),
    }


def _columns(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in type(one).__slots__}


def _whole(value: float) -> float:
    return int(value) if float(value).is_integer() else float(value)


def _minutes(value: float | None) -> str:
    return "—" if value is None else f"{value:.0f}"
