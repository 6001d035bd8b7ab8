"""Plans as single-file maps: Folium's map object, our own data block, nothing fetched."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from maps.payload import page_payload
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

if TYPE_CHECKING:
    from maps.page import PageMap, write_map
    from maps.plan import plan_map

LOADS_FOLIUM = {"PageMap": "maps.page", "write_map": "maps.page", "plan_map": "maps.plan"}
"""Taken from their rooms when first used: Folium takes a fifth of a second to load."""

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


def __getattr__(name: str) -> object:
    """Load what draws pages when it is first asked for."""
    if name not in LOADS_FOLIUM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(LOADS_FOLIUM[name]), name)
