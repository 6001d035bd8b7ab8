"""The report of a simulation and its map: one file, two languages, every share with what it is a share of."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from make_simulation import FEWER, result_of

from dispatch.area import open_area
from dispatch.day.drawing import basemap
from dispatch.errors import MissingExtra
from dispatch.simulate.pages import page as pages
from dispatch.simulate.pages.naming import differing, short_names, sweep_of
from dispatch.simulate.pages.page import simulation_page
from dispatch.simulate.pages.write import write_pages
from dispatch.simulate.results.comparing import compare
from dispatch.simulate.results.telling import say_change


@pytest.fixture(scope="module")
def pair():
    return result_of(), result_of(FEWER, "fewer")


@pytest.fixture(scope="module")
def folder(pair, tmp_path_factory):
    out = tmp_path_factory.mktemp("pages")
    area = open_area("maoming")
    write_pages(pair, compare(pair), out, (area, basemap(area)))
    return out


def test_the_page_fetches_nothing_and_runs_nothing(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//|url\(\s*['"]?http|@import""", text)
    assert (folder / "report.html").stat().st_mode & 0o777 == 0o600


def test_the_page_says_what_was_played_and_what_came_of_it(pair, folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    for told in (
        "演练数据",
        "重复 4 次",
        "计 1.5 天",
        "fewer",
        "占需上门警情",
        "Of those needing a visit",
        "预计挽损",
    ):
        assert told in text
    found = {one.figure.key: one for one in compare(pair)}
    assert say_change(found["reached_within_30"], "zh") in text
    assert 'class="worse"' in text
    for kind in ("派出所", "镇街", "村居"):
        assert kind in text
    for county in (one for dimension, one in pair[0].groups if dimension == "county"):
        assert county in text


def test_one_scenario_alone_has_its_counties_whole(pair):
    text = simulation_page(pair[:1], ())
    assert "电话解决（占全部预警）" in text
    assert "与“" not in text
    assert text == simulation_page(pair[:1], ())


def test_what_is_alike_is_said_to_be(pair):
    text = simulation_page(
        (pair[0], replace(pair[0], name="twin")), compare((pair[0], replace(pair[0], name="twin")))
    )
    assert "分不出差别" in text
    assert "not distinguishable" in text
    assert 'class="worse"' not in text


def test_a_hostile_name_is_only_text(pair):
    bad = replace(pair[1], name="<script>alert(1)</script> {{7*7}} {% raw %}")
    text = simulation_page((pair[0], bad), compare((pair[0], bad)))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "{{7*7}}" in text


def test_without_matplotlib_the_tables_still_come(pair, monkeypatch):
    def gone(*_):
        raise MissingExtra("matplotlib", "reports")

    monkeypatch.setattr(pages, "charts", gone)
    text = simulation_page(pair, compare(pair))
    assert "没有安装绘图库" in text
    assert "<figure" not in text
    assert "各类力量在忙占比" in text


def test_names_are_shortened_to_what_differs():
    assert short_names(["a x=1 y.k=2", "a x=1 y.k=3"]) == ("k=2", "k=3")
    assert short_names(["a.k=1", "b.k=1"]) == ("a.k=1", "b.k=1")
    assert short_names(["夜间", "夜间 policy.rule=loss"]) == ("夜间", "夜间 rule=loss")
    assert short_names(["alone in the file"]) == ("alone in the file",)
    assert short_names(["same", "same"]) == ("same", "same")


def test_a_key_counted_through_is_drawn_as_a_curve(pair):
    """Three values of one key, the same of everything else: averted over it, the first being 0."""
    swept = []
    for cars in (3, 1, 2):
        keys = {**pair[0].keys, "responders": {"crews": {"hongbu": {"cars": cars}}}}
        swept.append(replace(pair[0], name=f"few responders.hongbu.cars={cars}", keys=keys))
    assert list(differing(swept)) == ["responders.hongbu.cars"]
    found = sweep_of(swept)
    assert found.key == "responders.hongbu.cars"
    assert found.series == {"": ((1.0, 1), (2.0, 2), (3.0, 0))}
    assert sweep_of(pair) is None
    text = simulation_page(swept, compare(swept))
    assert "比 cars=3 多多少" in text
    assert text.count("<figure>") == 4


def test_the_switch_turns_the_page_to_english(folder, chromium):
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto((folder / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    heading = page.locator("h1")
    assert "模拟报告" in heading.inner_text()
    page.locator("label.language").click()
    assert "Simulation" in heading.inner_text()
    assert "模拟" not in page.locator("main").inner_text().replace("茂名演练辖区", "")
    page.close()


def test_the_map_shades_villages_and_tells_scenarios_apart(folder, chromium, pair):
    page, faults = chromium.new_page(viewport={"width": 1280, "height": 800}), []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto((folder / "map.html").as_uri())
    page.wait_for_selector(".results li")
    assert page.evaluate("dispatchKit.page.count") == len(pair[0].ground.name)
    page.select_option("#scenario", "1")
    page.click("[data-view=change]")
    assert "变化最大" in page.inner_text("#results")
    worse = page.evaluate(
        "data => [...Array(dispatchKit.page.count).keys()].filter(at => dispatchKit.page.band(at) === 'worse').length",
        0,
    )
    assert worse > 20
    page.wait_for_timeout(400)  # the address is written a little later
    page.reload()
    page.wait_for_selector("[data-view=change].on")
    assert faults == []
    page.close()
