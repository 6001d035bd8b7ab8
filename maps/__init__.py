"""Plans as single-file maps: Folium's map object, our own data block, nothing fetched."""

from __future__ import annotations

from maps.page import write_map
from maps.plan import plan_map
from maps.redaction import redacted
from maps.tiles import Tiles, online_tiles
from maps.view import (
    Basemap,
    Comparison,
    Label,
    MapCase,
    MapClosure,
    MapPlace,
    MapResponder,
    MapRoute,
    MapRow,
    MapStop,
    Outline,
    PlanView,
    Roads,
    Summary,
    outline_lines,
)

__all__ = [
    "Basemap",
    "Comparison",
    "Label",
    "MapCase",
    "MapClosure",
    "MapPlace",
    "MapResponder",
    "MapRoute",
    "MapRow",
    "MapStop",
    "Outline",
    "PlanView",
    "Roads",
    "Summary",
    "Tiles",
    "online_tiles",
    "outline_lines",
    "plan_map",
    "redacted",
    "write_map",
]
