"""The pages of a simulation on disk: the report, and the map beside it where there is an area to draw it on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import maps
from dispatch.area import Area
from dispatch.reasons import Language
from dispatch.simulate.pages.map import reached_map
from dispatch.simulate.pages.page import simulation_page
from dispatch.simulate.results.comparing import Difference
from dispatch.simulate.results.experiment import Result
from dispatch.store import write_file

REPORT, MAP = "report.html", "map.html"


def write_pages(
    results: Sequence[Result],
    differences: Sequence[Difference],
    out: Path,
    ground: tuple[Area, maps.Basemap] | None,
    language: Language = "zh",
) -> None:
    """`report.html`, and `map.html` where an area and its basemap are given."""
    links = {}
    if ground is not None:
        maps.write_map(reached_map(results, *ground, language=language), out / MAP)
        links["map"] = MAP
    write_file(out / REPORT, simulation_page(results, differences, language, links), force=True)
