"""Plans as single-file maps: Folium's map object, our own data block, nothing fetched."""

from __future__ import annotations

from maps.page import write_map
from maps.plan import plan_map
from maps.view import (
    Basemap,
    Comparison,
    Label,
    MapCase,
    MapClosure,
    MapPlace,
    MapResponder,
    MapRoute,
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
    "MapStop",
    "Outline",
    "PlanView",
    "Roads",
    "Summary",
    "outline_lines",
    "plan_map",
    "write_map",
]
