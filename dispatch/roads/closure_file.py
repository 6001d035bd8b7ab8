"""A closures file: GeoJSON drawings or rows that name streets, each used whole or reported.

See docs/closures.md for the file.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.datum import known_datum
from dispatch.errors import BadInput, MissingInput
from dispatch.intake.fields import Unclear
from dispatch.redact import clean
from dispatch.roads.closure_fields import (
    LONGEST_NAME,
    LONGEST_REASON,
    Fault,
    factor_in,
    id_in,
    moment_in,
    profiles_in,
    properties_in,
    radius_in,
    text_in,
)
from dispatch.roads.closure_geometry import geometry_of
from dispatch.roads.closure_match import Match, Matcher
from dispatch.roads.closures import Closure, ClosureSettings
from dispatch.roads.network import Network
from dispatch.tables import read_text

MAX_BYTES = 20_000_000
MAX_CLOSURES = 5_000
BESIDE_DEGREES = 0.02
"""A drawing may lie so far outside the area's roads, some 2 km."""
NAMED_AT_ONCE = 5
REJECTED_COLUMNS = ("number", "name", "column", "found", "expected")

_CRS = re.compile(
    r"(?:urn:ogc:def:crs:)?(?:ogc:(?:1\.3)?:?crs84|epsg::?(?:\d+(?:\.\d+)*:)?(?:4326|4490)|wgs ?84)"
)


@dataclass(frozen=True, slots=True)
class ClosureFile:
    """What a file said: usable closures in its order, and `rejected` with a line for each that is not.

    `rejected` has number (1 for the first feature; of a table, its row), name, column, found, expected.
    `notes` are what the user should know.
    """

    closures: tuple[Closure, ...]
    rejected: pd.DataFrame
    notes: tuple[str, ...]


def read_closures(path: Path, network: Network, time_zone: str, settings: ClosureSettings) -> ClosureFile:
    """Read a closures file and find the edges of every closure.

    Parameters
    ----------
    time_zone
        Of the area: times that name none are in it.

    Raises
    ------
    MissingInput, BadInput
        No such file; neither GeoJSON nor a table; too large; in another CRS than WGS-84; or
        no usable closure in it.
    """
    file = closures_in(_features(path), network, time_zone, settings)
    if not file.closures:
        raise BadInput(_nothing_usable(path, list(file.rejected.itertuples(index=False, name=None))))
    return file


def closures_in(
    features: Iterable[tuple[int, Mapping[str, Any]]],
    network: Network,
    time_zone: str,
    settings: ClosureSettings,
) -> ClosureFile:
    """The same for numbered features already read; none of them need be usable."""
    matcher, zone = Matcher(network, settings), ZoneInfo(time_zone)
    closures: list[Closure] = []
    rejected: list[tuple[object, ...]] = []
    notes: list[str] = []
    for number, feature in features:
        try:
            closure = _closure(feature, number, matcher, zone)
        except Fault as fault:
            name = clean(str(properties_in(feature).get("name") or "")[:LONGEST_REASON], LONGEST_NAME)
            rejected.append((number, name, fault.column, fault.found, fault.expected))
            continue
        closures.append(closure)
        notes += _oddities(closure, matcher)
    return ClosureFile(
        closures=tuple(_told_apart(closures)),
        rejected=pd.DataFrame(rejected, columns=list(REJECTED_COLUMNS)),
        notes=(*_refusals(rejected), *notes),
    )


def _features(path: Path) -> list[tuple[int, Mapping[str, Any]]]:
    """Numbered features, a table's rows among them as features without a drawing."""
    if not path.exists():
        raise MissingInput(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadInput(f"{path} has {size:,} bytes; closures are at most {MAX_BYTES:,}")
        raw = path.read_bytes()
    except OSError as cause:
        raise BadInput(f"{path} cannot be read as a file: {cause.strerror or cause}") from cause
    if raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}:
        found = list(enumerate(_geojson(path, raw), start=1))
    else:
        found = list(_rows(path))
    if len(found) > MAX_CLOSURES:
        raise BadInput(f"{path} holds {len(found):,} closures; at most {MAX_CLOSURES:,} are read")
    return found


def _geojson(path: Path, raw: bytes) -> list[Any]:
    def refuse(word: str) -> float:
        raise ValueError(f"{word} is no number in JSON")

    try:
        value = json.loads(raw.decode("utf-8-sig"), parse_constant=refuse)
    except (ValueError, RecursionError) as cause:
        raise BadInput(f"{path} is not GeoJSON in UTF-8: {clean(str(cause), 160)}") from cause
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in ("FeatureCollection", "Feature"):
        raise BadInput(f"{path} holds {clean(repr(kind), 40)}, expected a GeoJSON FeatureCollection")
    _same_crs(path, value)
    features = [value] if kind == "Feature" else value.get("features")
    if not isinstance(features, list):
        raise BadInput(f"{path} is a FeatureCollection without a list of features")
    return features


def _same_crs(path: Path, value: Mapping[str, Any]) -> None:
    if value.get("crs") is None:
        return
    crs = value["crs"]
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or not _CRS.fullmatch(name[:80].strip().lower()):
        raise BadInput(
            f"{path} is in {clean(str(name or crs), 60)}, expected WGS-84 longitude and latitude (EPSG:4326); "
            "convert it, and leave crs out"
        )


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    table = read_text(path)
    if "road" not in table.columns:
        raise BadInput(
            f"{path} has no column 'road' ({', '.join(clean(str(one), 20) for one in table.columns[:8])}); "
            "expected GeoJSON, or a table of road, closed or factor, from, to, profiles, reason, name"
        )
    for number, row in zip(table.index, table.to_dict("records"), strict=True):
        yield int(number), {"type": "Feature", "geometry": None, "properties": row}


def _closure(feature: Any, number: int, matcher: Matcher, zone: ZoneInfo) -> Closure:
    """One feature as a closure; Fault where it cannot be."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise Fault("type", feature.get("type") if isinstance(feature, dict) else feature, "Feature")
    given = properties_in(feature)
    factor = factor_in(given)
    begins, ends = (moment_in(given, key, zone) for key in ("from", "to"))
    if begins and ends and begins >= ends:
        raise Fault("to", given["to"], "晚于 from 的时间 (a moment after from)")
    profiles = profiles_in(given)
    drawn = _drawing(feature, given, matcher)
    street = clean(text_in(given, "road"), LONGEST_NAME)
    match = _match(matcher, drawn, street, given)
    name = clean(text_in(given, "name"), LONGEST_NAME)
    reason = clean(text_in(given, "reason"), LONGEST_REASON)
    return Closure(
        edges=match.edges,
        factor=factor,
        reason=reason,
        name=name or street or _longest_street(matcher, match) or reason or f"closure {number}",
        id=id_in(feature, given, number),
        begins=begins,
        ends=ends,
        profiles=profiles,
        share=match.share,
        geometry=drawn,
    )


def _drawing(feature: Mapping[str, Any], given: Mapping[str, Any], matcher: Matcher) -> BaseGeometry | None:
    """What was drawn, inside the area; None where nothing was."""
    raw = feature.get("geometry")
    if raw is None:
        return None
    if datum := text_in(given, "datum"):
        try:
            same = known_datum(datum) in {"WGS84", "CGCS2000"}
        except BadInput:
            same = False
        if not same:
            raise Fault("datum", datum, "WGS84；请先转换坐标 (WGS84: convert the drawing)")
    try:
        drawn = geometry_of(raw)
    except Unclear as cause:
        raise Fault("geometry", raw, str(cause)) from cause
    _inside(drawn, matcher.network)
    return drawn


def _inside(drawn: BaseGeometry, network: Network) -> None:
    if not network.node_count:
        return
    west, east = network.node_lon.min() - BESIDE_DEGREES, network.node_lon.max() + BESIDE_DEGREES
    south, north = network.node_lat.min() - BESIDE_DEGREES, network.node_lat.max() + BESIDE_DEGREES
    area = shapely.box(west, south, east, north)
    if drawn.intersects(area):
        return
    swapped = shapely.transform(drawn, lambda lonlat: lonlat[:, ::-1]).intersects(area)
    lon, lat = shapely.get_coordinates(drawn)[0]
    expected = (
        "先经度后纬度：经纬度疑似填反 (longitude before latitude: they look swapped)"
        if swapped
        else f"辖区内的坐标 (a place in the area: {west:.2f} to {east:.2f} E, {south:.2f} to {north:.2f} N, WGS-84)"
    )
    raise Fault("geometry", f"{lon:.6g}, {lat:.6g}", expected)


def _match(matcher: Matcher, drawn: BaseGeometry | None, street: str, given: Mapping[str, Any]) -> Match:
    if drawn is None and not street:
        raise Fault("geometry", "neither", "图形或 road 路名 (a drawing, or road: the name of a street)")
    named = matcher.named(street) if street else None
    if named is not None and not len(named):
        alike = "、".join(matcher.alike(street))
        raise Fault(
            "road",
            street,
            "辖区内道路的准确名称 (the exact name of a street of the area"
            + (f"; like {alike})" if alike else ")"),
        )
    if drawn is None:
        return Match(named, np.ones(len(named)))  # type: ignore[arg-type]
    match = matcher.drawn(drawn, radius_in(given, matcher.settings))
    if named is not None:
        within = match.only(named)
        if not len(within.edges):
            raise Fault("road", street, "图形范围内的路名 (a street that lies inside the drawing)")
        return within
    if not len(match.edges):
        raise Fault("geometry", drawn.geom_type, _too_far(drawn, matcher))
    return match


def _too_far(drawn: BaseGeometry, matcher: Matcher) -> str:
    metres, street = matcher.nearest_metres(drawn)
    if not math.isfinite(metres):
        return "有道路的辖区 (an area with roads)"
    near = f"{metres:.0f} m" + (f", {street}" if street else "")
    hint = {
        "LineString": "沿路画线，或改画多边形、点 (a line along a road: one across it closes nothing; draw a polygon or a point",
        "Polygon": "盖住道路的多边形 (a polygon that covers a road",
    }.get(
        drawn.geom_type.removeprefix("Multi"),
        "更靠近道路的点或更大的 radius_metres (a point nearer a road, or a larger radius_metres",
    )
    return f"{hint}; the nearest is {near} away)"


def _longest_street(matcher: Matcher, match: Match) -> str:
    """The name most of the closed metres bear."""
    metres = dict[str, float]()
    for edge in match.edges[:1000].tolist():
        street = matcher.network.name_of(edge)
        metres[street] = metres.get(street, 0.0) + float(matcher.network.edge_length_metres[edge])
    metres.pop("", None)
    return max(metres, key=lambda street: metres[street], default="")


def _told_apart(closures: list[Closure]) -> Iterator[Closure]:
    """No two closures bear one id."""
    taken = set[str]()
    for position, closure in enumerate(closures, start=1):
        unique = closure.id
        while unique in taken:
            unique = f"{closure.id}-{position}" if unique == closure.id else f"{unique}'"
        taken.add(unique)
        yield closure if unique == closure.id else replace(closure, id=unique)


def _oddities(closure: Closure, matcher: Matcher) -> Iterator[str]:
    """What is usable but looks like a slip."""
    settings, metres = matcher.settings, matcher.metres(closure.edges)
    whole = float(matcher.network.edge_length_metres.astype(float).sum())
    if metres > settings.much_share * whole:
        yield f"closure {closure.name} lies on {metres / whole:.0%} of all roads of the area; is that meant?"
    if closure.geometry is None:
        groups = matcher.groups(closure.edges)
        if groups > 1:
            yield (
                f"closure {closure.name}: {groups} streets far from each other bear that name, and all are taken; "
                "add a polygon to mean one of them"
            )


def _refusals(rejected: list[tuple[object, ...]]) -> Iterator[str]:
    for number, _, column, found, expected in rejected[:NAMED_AT_ONCE]:
        yield f"closure {number} is not used: {column}: found {found}, expected {expected}; see rejected_closures.csv"
    if len(rejected) > NAMED_AT_ONCE:
        yield f"{len(rejected) - NAMED_AT_ONCE} more closures are not used; see rejected_closures.csv"


def _nothing_usable(path: Path, rejected: list[tuple[object, ...]]) -> str:
    if not rejected:
        return f"{path} holds no closures; where no road is closed, leave --closures out"
    number, _, column, found, expected = rejected[0]
    return (
        f"{path}: none of its {len(rejected)} closures can be used; the first, {number}, {column}: "
        f"found {found}, expected {expected}"
    )
