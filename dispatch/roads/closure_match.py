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
"""Metres forward along a drawn line by each metre of a road that runs along it, at least."""
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
        found = [self._along(line) for line in shapely.get_parts(here)]
        return _united(found)

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
        """Edges that run along a drawn line: what they cover of it is as long as they are."""
        reach = self.settings.line_metres
        corridor = shapely.buffer(drawn, reach, cap_style="flat")
        shapely.prepare(corridor)
        kept, share = [], []
        for edge in (
            np.sort(self._tree.query(corridor, predicate="intersects")) if self.network.edge_count else ()
        ):
            line = self._lines[edge]
            inside = [part for part in shapely.get_parts(line.intersection(corridor)) if part.length > 0]
            forward = sum(_progress(part, drawn) for part in inside)
            covered = sum(part.length for part in inside)
            enough = min(reach, line.length / 2, drawn.length / 2)
            if covered > 0 and covered >= enough and forward >= ALONG * covered:
                kept.append(int(edge))
                share.append(min(1.0, covered / line.length))
        return Match(np.array(kept, np.int64), np.array(share))


def _progress(part: BaseGeometry, drawn: BaseGeometry) -> float:
    """Metres of a drawn line between where a piece of road begins and where it ends."""
    first, last = (drawn.project(shapely.get_point(part, at)) for at in (0, -1))
    return float(abs(last - first))


def _united(found: list[Match]) -> Match:
    """Each edge once, with its largest share."""
    if not found:
        return NOTHING
    edges = np.concatenate([one.edges for one in found])
    share = np.concatenate([one.share for one in found])
    order = np.lexsort((-share, edges))
    distinct, first = np.unique(edges[order], return_index=True)
    return Match(distinct, share[order][first])
