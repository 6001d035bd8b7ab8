"""Plans as single-file maps: Folium's map object, our own data block, nothing fetched."""

from __future__ import annotations

from maps.page import PageMap, write_map
from maps.payload import page_payload
from maps.plan import plan_map
from maps.redaction import redacted
from maps.slices import for_responder
from maps.tiles import Tiles, online_tiles
from maps.view import (
    Basemap,
    Comparison,
    Label,
    MapCase,
    MapChange,
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
from maps.viewfile import read_view, write_view

__all__ = [
    "Basemap",
    "Comparison",
    "Label",
    "MapCase",
    "MapChange",
    "MapClosure",
    "MapPlace",
    "MapResponder",
    "MapRoute",
    "MapRow",
    "MapStop",
    "Outline",
    "PageMap",
    "PlanView",
    "Roads",
    "Summary",
    "Tiles",
    "for_responder",
    "online_tiles",
    "outline_lines",
    "page_payload",
    "plan_map",
    "read_view",
    "redacted",
    "write_map",
    "write_view",
]
