"""The road network: plain columns, one row an edge between two junctions, geometry kept.

Edges are stored once, with a direction bit per profile; travel times are made of them by
`dispatch.roads.travel`. The file is a compressed npz without pickles.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from dispatch.errors import BadInput, MissingInput, SchemaError

SCHEMA = 2
CLASSES: tuple[str, ...] = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential",
    "living_street", "service", "track", "path", "footway", "steps", "ferry",
)  # fmt: skip
"""Road classes, most important first; links (``trunk_link``) count as their class."""

FORWARD = {"car": 1, "motorcycle": 4, "foot": 16}
BACKWARD = {"car": 2, "motorcycle": 8, "foot": 32}
PROFILE_BIT = {"car": 1, "motorcycle": 2, "foot": 4}
DEGREES = 1e-7
"""Coordinates are kept on disk as whole units of this many degrees, as OSM does."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Network:
    """Junctions (n), edges (m) with their drawn line, and street names.

    `edge_from`, `edge_to` (m, int32) number the junctions; `edge_access` (m, uint8) holds
    the bits of `FORWARD` and `BACKWARD`; `edge_class` (m, uint8) numbers `CLASSES`;
    `edge_maxspeed_kmh` (m, float32) is NaN where not signed; `edge_name` (m, int32)
    numbers `names`, -1 for none. Edge e is drawn through points
    `shape_start[e]:shape_start[e + 1]` of `shape_lon`, `shape_lat` (WGS-84), its two
    junctions included. `edge_length_metres` (m, float32) is measured along that line.
    `edge_roundabout` (m, bool) marks edges that are part of one.

    Turn restrictions (t rows): who comes out of `turn_from_edge` at junction `turn_via_node`
    may not go into `turn_to_edge`, or with `turn_only` only into it; `turn_profiles` (t,
    uint8) holds the bits of `PROFILE_BIT` it binds. Restrictions over a way are not kept.
    """

    node_lon: NDArray[np.float64]
    node_lat: NDArray[np.float64]
    edge_from: NDArray[np.int32]
    edge_to: NDArray[np.int32]
    edge_length_metres: NDArray[np.float32]
    edge_class: NDArray[np.uint8]
    edge_access: NDArray[np.uint8]
    edge_maxspeed_kmh: NDArray[np.float32]
    edge_name: NDArray[np.int32]
    edge_osm_id: NDArray[np.int64]
    names: NDArray[np.str_]
    shape_start: NDArray[np.int64]
    shape_lon: NDArray[np.float64]
    shape_lat: NDArray[np.float64]
    edge_roundabout: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    turn_from_edge: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    turn_via_node: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    turn_to_edge: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    turn_only: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    turn_profiles: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    def __post_init__(self) -> None:
        edges = len(self.edge_from)
        if not len(self.edge_roundabout):
            object.__setattr__(self, "edge_roundabout", np.zeros(edges, np.bool_))
        for name in ("edge_to", "edge_length_metres", "edge_class", "edge_access",
                     "edge_maxspeed_kmh", "edge_name", "edge_osm_id", "edge_roundabout"):  # fmt: skip
            if len(getattr(self, name)) != edges:
                raise BadInput(f"road network: {name} has {len(getattr(self, name))} rows, edges are {edges}")
        if len(self.shape_start) != edges + 1 or (edges and self.shape_start[-1] != len(self.shape_lon)):
            raise BadInput("road network: the drawn lines do not match the edges")
        if edges:
            ends = np.concatenate([self.edge_from, self.edge_to])
            if ends.min() < 0 or ends.max() >= len(self.node_lon):
                raise BadInput("road network: an edge ends at a junction that is not there")
        self._check_turns(edges)
        for name in ("node_lon", "node_lat", "shape_lon", "shape_lat", "edge_length_metres"):
            if not np.isfinite(getattr(self, name)).all():
                raise BadInput(f"road network: {name} holds a value that is not a number")

    def _check_turns(self, edges: int) -> None:
        turns = len(self.turn_from_edge)
        limits = {"turn_from_edge": edges, "turn_to_edge": edges, "turn_via_node": len(self.node_lon)}
        for name in (*limits, "turn_only", "turn_profiles"):
            column = getattr(self, name)
            if len(column) != turns:
                raise BadInput(f"road network: {name} has {len(column)} rows, turn restrictions are {turns}")
            if turns and name in limits and (column.min() < 0 or column.max() >= limits[name]):
                raise BadInput(f"road network: {name} names what is not there")

    @property
    def node_count(self) -> int:
        """How many junctions."""
        return len(self.node_lon)

    @property
    def edge_count(self) -> int:
        """How many edges, each counted once whatever its directions."""
        return len(self.edge_from)

    def shape(self, edge: int) -> NDArray[np.float64]:
        """The drawn line of one edge, shape (points, 2), lon and lat, from -> to."""
        part = slice(self.shape_start[edge], self.shape_start[edge + 1])
        return np.column_stack([self.shape_lon[part], self.shape_lat[part]])

    def name_of(self, edge: int) -> str:
        """The street name of one edge, "" where it has none."""
        return str(self.names[self.edge_name[edge]]) if self.edge_name[edge] >= 0 else ""

    def write(self, path: Path) -> None:
        """Write the columns; the same network always gives the same bytes."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in ("node_lon", "node_lat", "shape_lon", "shape_lat"):
            columns[name] = np.rint(columns[name] / DEGREES).astype(np.int32)
        np.savez_compressed(path, schema=np.array(SCHEMA), **columns)

    @classmethod
    def read(cls, path: Path) -> Network:
        """Read what `write` wrote; MissingInput, SchemaError or BadInput in one line."""
        if not path.exists():
            raise MissingInput(path, "dispatch area import EXTRACT --out AREA")
        try:
            with np.load(path, allow_pickle=False) as file:
                columns = {name: file[name] for name in file.files}
        except (BadZipFile, ValueError, OSError, EOFError) as cause:
            raise BadInput(f"{path} is damaged ({cause}); import the area again") from cause
        schema = int(columns.pop("schema", np.array(0)))
        if schema != SCHEMA:
            raise SchemaError(
                f"{path} has road schema {schema}, this version reads {SCHEMA}; import the area again"
            )
        missing = sorted({field.name for field in fields(cls)} - set(columns))
        if missing:
            raise BadInput(f"{path} lacks {', '.join(missing)}; import the area again")
        for name in ("node_lon", "node_lat", "shape_lon", "shape_lat"):
            columns[name] = columns[name] * DEGREES
        return cls(**{field.name: columns[field.name] for field in fields(cls)})
