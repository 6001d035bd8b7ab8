"""GraphML as OSMnx saves it, read with the plain XML parser and nothing evaluated.

Document types, and with them entities, are refused; lists such as ``[1, 2]`` are taken apart
as text. Names of places are not in such a file, so its gazetteer holds streets only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat  # entities are refused below, before they could grow

import shapely

from dispatch.errors import BadInput
from dispatch.roads import named
from dispatch.roads.extract import Extract, boundary_layer, water_layer
from dispatch.roads.graphs import Tags, ways_of_graph
from dispatch.roads.simplify import simplify

CHUNK_BYTES = 1 << 20
LONGEST_TEXT = 4_000_000
"""Characters of one value; a drawn line of 100,000 points fits."""


@dataclass
class _Reading:
    """Keys, nodes and edges as they stream by."""

    keys: dict[str, str] = field(default_factory=dict)
    graph: Tags = field(default_factory=dict)
    nodes: dict[str, Tags] = field(default_factory=dict)
    edges: list[tuple[str, str, Tags]] = field(default_factory=list)
    into: Tags | None = None
    key: str = ""
    text: list[str] = field(default_factory=list)
    size: int = 0

    def open(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "key":
            self.keys[attributes.get("id", "")] = attributes.get("attr.name", "")
        elif tag == "graph":
            self.into = self.graph
        elif tag == "node":
            self.into = self.nodes.setdefault(attributes.get("id", ""), {})
        elif tag == "edge":
            self.into = {}
            self.edges.append((attributes.get("source", ""), attributes.get("target", ""), self.into))
        elif tag == "data":
            self.key, self.text, self.size = self.keys.get(attributes.get("key", ""), ""), [], 0

    def read(self, text: str) -> None:
        self.size += len(text)
        if self.size > LONGEST_TEXT:
            raise ValueError(f"one value of {self.key or 'the file'} is over {LONGEST_TEXT:,} characters")
        if self.key:
            self.text.append(text)

    def close(self, tag: str) -> None:
        if tag == "data" and self.into is not None and self.key:
            self.into[self.key] = "".join(self.text).strip()
        if tag == "data":
            self.key = ""


def read_graphml(path: Path) -> Extract:
    """Roads of a GraphML file saved by OSMnx, with an empty set of boundaries and waters.

    Raises
    ------
    BadInput
        The file is no XML, declares entities, is cut short, or is not in degrees.
    """
    try:
        reading = _parse(path)
        crs = reading.graph.get("crs", "epsg:4326").lower()
        if "4326" not in crs and "crs84" not in crs:
            raise ValueError(f"its coordinates are in {crs[:40]}, expected epsg:4326: save it unprojected")
        ways, dropped = ways_of_graph(reading.nodes, reading.edges)
    except (expat.ExpatError, ValueError, OSError, shapely.errors.ShapelyError) as cause:
        words = " ".join(str(cause).split())[:200]
        raise BadInput(
            f"{path.name} is damaged or no GraphML saved by OSMnx ({words}); save the graph again"
        ) from cause
    network, more = simplify(ways)
    counts = {key: count for key, count in sorted((dropped + more).items()) if count}
    return Extract(network, named.frame(named.streets(network)), boundary_layer([]), water_layer([]), counts)


def _parse(path: Path) -> _Reading:
    reading, parser = _Reading(), expat.ParserCreate()

    def refuse(*_: Any) -> int:
        raise ValueError("it declares a document type or entities, which no graph needs")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: reading.open(_plain(tag), attributes)
    parser.EndElementHandler = lambda tag: reading.close(_plain(tag))
    parser.CharacterDataHandler = reading.read
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    return reading


def _plain(tag: str) -> str:
    return tag.rsplit(":", 1)[-1]
