"""From what was drawn or named to the edges it lies on."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from dispatch.roads.closures import ClosureSettings
from dispatch.roads.network import Network
from dispatch.roads.plane import Plane

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

ALONG = 0.7
"""Cosine of the largest angle, 45 degrees, between a drawn line and a road that runs along it."""
LOOKED_THROUGH = 20_000
"""Street names a mistyped one is compared with."""


@dataclass(frozen=True, slots=True)
class Match:
    """Edges in ascending order, and the part of each (0 to 1) that is covered."""

    edges: Integers
    share: Floats

    def only(self, wanted: Integers) -> Match:
        """Those that are among `wanted` too."""
        kept = np.isin(self.edges, wanted)
        return Match(self.edges[kept], self.share[kept])


NOTHING = Match(np.zeros(0, np.int64), np.zeros(0))


class Matcher:
    """Finds edges of one network; what it needs is made when first asked for."""

    def __init__(self, network: Network, settings: ClosureSettings) -> None:
        self.network, self.settings = network, settings
        self._plane = Plane(float(np.median(network.node_lat)) if network.node_count else 0.0)

    def drawn(self, geometry: BaseGeometry, radius_metres: float) -> Match:
        """Edges under a drawing in WGS-84: near points, along lines, inside polygons."""
        here = self.to_metres(geometry)
        match geometry.geom_type:
            case "Point" | "MultiPoint":
                return self._covered(shapely.buffer(here, radius_metres))
            case "Polygon" | "MultiPolygon":
                return self._covered(here)
        return self._along(here)

    def named(self, street: str) -> Integers:
        """Edges of the street of exactly that name, ascending."""
        number = np.flatnonzero(self.network.names == street)
        return np.flatnonzero(np.isin(self.network.edge_name, number)) if len(number) else NOTHING.edges

    def alike(self, street: str) -> list[str]:
        """At most three street names a mistyped one may have meant."""
        names = self.network.names[:LOOKED_THROUGH].tolist()
        within = [name for name in names if street and (street in name or name in street)]
        return (within or get_close_matches(street, names, n=3, cutoff=0.6))[:3]

    def nearest_metres(self, geometry: BaseGeometry) -> tuple[float, str]:
        """How far the nearest road is from a drawing, and its name; `inf` without roads."""
        if not self.network.edge_count:
            return np.inf, ""
        row, metres = self._tree.query_nearest(
            self.to_metres(geometry), return_distance=True, all_matches=False
        )
        return float(metres[0]), self.network.name_of(int(row[0]))

    def metres(self, edges: Integers) -> float:
        """Metres of road on those edges."""
        return float(self.network.edge_length_metres[edges].astype(np.float64).sum())

    def groups(self, edges: Integers) -> int:
        """How many clusters they lie in, `far_apart_metres` or more from each other."""
        middle = shapely.line_interpolate_point(self._lines[edges], 0.5, normalized=True)
        reach = self.settings.far_apart_metres + shapely.length(self._lines[edges]) / 2
        near, other = shapely.STRtree(middle).query(middle, predicate="dwithin", distance=reach)
        links = coo_array((np.ones(len(near), np.int8), (near, other)), shape=(len(edges), len(edges)))
        return int(connected_components(links.tocsr(), directed=False)[0])

    def to_metres(self, geometry: BaseGeometry) -> BaseGeometry:
        """A drawing on the matcher's plane."""
        return shapely.transform(geometry, lambda lonlat: self._plane.project(lonlat[:, 0], lonlat[:, 1]))

    @cached_property
    def _lines(self) -> NDArray[np.object_]:
        network = self.network
        xy = self._plane.project(network.shape_lon, network.shape_lat)
        row = np.repeat(np.arange(network.edge_count), np.diff(network.shape_start))
        return np.asarray(shapely.linestrings(xy, indices=row), dtype=np.object_)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._lines)

    def _covered(self, area: BaseGeometry) -> Match:
        """Edges inside an area, or with more than a bit of their ends in it."""
        if not self.network.edge_count:
            return NOTHING
        edges = np.sort(self._tree.query(area, predicate="intersects"))
        shapely.prepare(area)
        share = shapely.contains(area, self._lines[edges]).astype(np.float64)
        kept = share == 1
        for row in np.flatnonzero(~kept):
            line = self._lines[edges[row]]
            if area.intersects(self._inner(line)):
                kept[row] = True
                share[row] = line.intersection(area).length / line.length if line.length else 1.0
        return Match(edges[kept], np.clip(share[kept], 0.0, 1.0))

    def _inner(self, line: BaseGeometry) -> BaseGeometry:
        """An edge without what may belong to the streets it meets."""
        off = min(self.settings.junction_metres, line.length / 4)
        return substring(line, off, line.length - off)

    def _along(self, drawn: BaseGeometry) -> Match:
        """Edges that run along drawn lines: beside them, and not across.

        Looked at every few metres of an edge, where it is near a drawn stretch of about its direction.
        """
        reach = self.settings.line_metres
        first, last = _stretches(drawn)
        tree = shapely.STRtree(shapely.linestrings(np.stack([first, last], axis=1)))
        found = self._tree.query(tree.geometries, predicate="dwithin", distance=reach)[1]
        edges = np.unique(found)
        if not len(edges):
            return NOTHING
        longest = max(part.length for part in shapely.get_parts(drawn))
        step = max(1.0, min(reach / 2, longest / 4))
        edge, spot, heading = _spots(self._lines[edges], step)
        row, stretch = tree.query(shapely.points(spot), predicate="dwithin", distance=reach)
        way = last[stretch] - first[stretch]
        metres = np.hypot(*way.T)
        forward = ((spot[row] - first[stretch]) * way).sum(axis=1) / metres
        turned = np.abs((heading[row] * way).sum(axis=1)) / metres
        beside = (forward >= 0) & (forward <= metres) & (turned >= ALONG)
        covered = np.zeros(len(spot), np.bool_)
        covered[row[beside]] = True
        share = np.bincount(edge, covered, len(edges)) / np.bincount(edge, minlength=len(edges))
        length = shapely.length(self._lines[edges])
        kept = (share > 0) & (share * length >= np.minimum(min(reach, longest / 2), length / 2))
        return Match(edges[kept], share[kept])


def _stretches(drawn: BaseGeometry) -> tuple[Floats, Floats]:
    """Both ends of every straight stretch of lines, shape (n, 2) each; those of no length left out."""
    points, parts = shapely.get_coordinates(drawn), shapely.get_parts(drawn)
    line = np.repeat(np.arange(len(parts)), shapely.get_num_coordinates(parts))
    joined = (np.diff(line) == 0) & (np.diff(points, axis=0) != 0).any(axis=1)
    return points[:-1][joined], points[1:][joined]


def _spots(lines: NDArray[np.object_], step_metres: float) -> tuple[Integers, Floats, Floats]:
    """Places along lines, each with the number of its line and the way it heads there (length 1)."""
    counts = np.maximum(2, np.ceil(shapely.length(lines) / step_metres)).astype(np.int64)
    line = np.repeat(np.arange(len(lines)), counts)
    along = (np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts) + 0.5) / counts[line]
    half = 0.5 / counts[line]
    before, spot, after = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines[line], at, normalized=True))
        for at in (along - half, along, along + half)
    )
    way = after - before
    length = np.hypot(*way.T)[:, None]
    return line, spot, np.divide(way, length, out=np.zeros_like(way), where=length > 0)
