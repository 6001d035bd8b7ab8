"""OpenStreetMap files as text, small enough to check by hand."""

from pathlib import Path
from xml.sax.saxutils import quoteattr

METRE = 1 / 110_574.27  # degrees of latitude at the equator


def _tags(tags):
    return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())


def osm(nodes, ways, relations=()):
    """`nodes`: id -> (x, y[, tags]) in metres; `ways`: (id, node ids, tags); `relations`: (id, members, tags)."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
    for number, (x, y, *rest) in sorted(nodes.items()):
        place = f'lat="{y * METRE:.7f}" lon="{x * METRE:.7f}"'
        lines.append(f'<node id="{number}" version="1" {place}>{_tags(rest[0] if rest else {})}</node>')
    for number, refs, tags in ways:
        body = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        lines.append(f'<way id="{number}" version="1">{body}{_tags(tags)}</way>')
    for number, members, tags in relations:
        body = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        lines.append(f'<relation id="{number}" version="1">{body}{_tags(tags)}</relation>')
    return "\n".join([*lines, "</osm>"])


def write(folder: Path, *parts, name="town.osm"):
    path = folder / name
    path.write_text(osm(*parts), encoding="utf-8")
    return path
