"""The example of docs/maps.md is a map: its own page, made of the kit, by what the document shows."""

from __future__ import annotations

import re

import folium
import make_view
import pytest
from conftest import REPOSITORY
from map_pages import Pages, said

pytestmark = pytest.mark.needs("chromium")

LON = [make_view.WEST + 0.01 * number for number in range(9)]
LAT = [make_view.SOUTH + 0.05] * 9
MINUTES = [4.0, 9.0, 10.0, 12.0, 19.0, 20.0, 21.0, 40.0, 90.0]


@pytest.fixture
def example(tmp_path):
    """The function and the script of the document."""
    text = (REPOSITORY / "docs" / "maps.md").read_text("utf-8")
    python, script = (
        re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)[1] for language in ("python", "js")
    )
    (tmp_path / "reach.js").write_text(script, encoding="utf-8")
    made: dict = {}
    exec(python, made)
    return lambda: made["reach_map"](
        "固始县", make_view.AT, make_view.basemap(), LON, LAT, MINUTES, tmp_path / "reach.js"
    )


def test_the_example_of_the_document_is_a_page_that_filters_and_speaks_both_languages(
    example, chromium, tmp_path
):
    drawn = example()
    assert isinstance(drawn, folium.Map)
    pages = Pages(chromium, tmp_path)
    with pages.open(plan=drawn) as page:
        assert said(page, "#results") == "9 / 9"
        assert "可达范围" in said(page, ".head")
        page.click("[data-facet=band]")
        assert page.locator(".choices small").all_inner_texts() == ["3", "3", "3"]
        page.locator(".choices input[data-value=more]").check()
        assert said(page, "#results") == "3 / 9"
        page.click("#language")
        assert "within 10 min" in said(page, ".legend")
        page.click(".tools button >> nth=2")
        colours = page.evaluate(
            """() => { const canvas = document.querySelector('.leaflet-marks-pane canvas'), seen = new Set();
            const bytes = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            for (let at = 0; at < bytes.length; at += 4) if (bytes[at + 3] === 255) seen.add(bytes.slice(at, at + 3).join());
            return [...seen]; }"""
        )
        assert "176,18,59" in colours  # longer
        assert "11,107,87" not in colours  # within ten minutes is hidden
    pages.close()
