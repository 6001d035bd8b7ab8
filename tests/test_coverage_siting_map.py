"""An answer of siting as a page: today, then, what each site gains."""

from __future__ import annotations

import math

import make_coverage as tiny
import numpy as np
import pytest
from make_view import basemap

from dispatch.coverage.siting.ask import site
from dispatch.coverage.siting.question import Question
from dispatch.coverage.siting_map import siting_map
from maps import write_map
from maps.page import read_page

MINUTES = np.array([[5.0, 20.0, 50.0], [45.0, 30.0, 10.0], [12.0, 8.0, math.inf]])


@pytest.fixture(scope="module")
def drawn():
    """A station stands at `west`; one more is asked for: `far` covers 600 more, `middle` 0."""
    asked = Question(
        "mclp", ("west", "far", "middle"), ("near村", "middle村", "far村"), MINUTES, np.array([100.0, 300.0, 600.0]),
        existing=np.array([True, False, False]), fixed=np.array([True, False, False]), add=1,
        group=("甲县", "甲县", "乙县"), reach_minutes=20.0,
    )  # fmt: skip
    places = np.array([(tiny.east(km), tiny.SOUTH) for km in (5, 20, 40)])
    return siting_map(
        site(asked), asked, site_lonlat=places, site_kind=["station"] * 3, demand_lonlat=places,
        demand_town=["甲镇", "甲镇", "乙镇"], area="试验区", at=tiny.NOON, basemap=basemap(),
    )  # fmt: skip


def test_the_page_holds_before_and_after_and_what_the_new_site_is_worth(drawn, tmp_path):
    write_map(drawn, tmp_path / "m.html")
    told = read_page((tmp_path / "m.html").read_text("utf-8"))
    assert told["points"]["before"] == [5, 20, 50]
    assert told["points"]["minutes"] == [5, 20, 10]
    assert told["points"]["within_before"] == [1, 1, 0]
    assert told["numbers"][0][1:] == ["100.0%", ["原 40.0%", "was 40.0%"]]
    assert told["gains"][0]["label"][0] == "新增 far"
    assert told["gains"][0]["value"] == 600


def test_it_is_turned_from_today_to_then_and_names_the_gain(drawn, tmp_path, chromium):
    write_map(drawn, tmp_path / "m.html")
    page = chromium.new_context(offline=True, viewport={"width": 390, "height": 844}).new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((tmp_path / "m.html").as_uri())
    page.wait_for_selector("[data-tab=gains]")
    page.click("[data-when=before]")
    assert "far村" in page.inner_text(".rows")
    page.click("[data-tab=gains]")
    page.click(".rows .row >> nth=0")
    assert "600" in page.inner_text(".card")
    assert not faults
    page.context.close()
