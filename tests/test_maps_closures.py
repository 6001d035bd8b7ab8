"""Closures on the map: what is packed, what is said, and that none of it runs."""

import json

import make_view
import numpy as np
import pytest

import maps
from maps.block import escaped_json
from maps.payload import plan_payload

ROAD = np.array(
    [[make_view.WEST + 0.03, make_view.SOUTH + 0.03], [make_view.WEST + 0.05, make_view.SOUTH + 0.03]]
)
RING = np.array([[0, 0], [0.02, 0], [0.02, 0.02], [0, 0]]) + ROAD[0]
HOSTILE = '</script><img src=x onerror="window.ran=1">{{7*7}}{%x%}${window.ran=1}\u202e'


def closure(**given):
    return maps.MapClosure(**({"id": "F1", "name": "沿河桥", "lines": (ROAD,), "reason": "洪水"} | given))


def view(*closures, **more):
    return make_view.view(closures=closures, **more)


def test_roads_and_outlines_are_packed_in_the_order_of_their_closures():
    payload = plan_payload(view(closure(lines=(ROAD, ROAD[::-1])), closure(id="F2", outlines=(RING,))))
    packed = payload["closures"]
    assert packed["of"] == [0, 0, 1, 1]
    assert packed["area"] == [False, False, False, True]
    assert packed["rows"]["id"] == ["F1", "F2"]


def test_any_words_of_a_closure_are_given_back_as_they_were():
    block = escaped_json(
        plan_payload(view(closure(name=HOSTILE, reason=HOSTILE), warnings=((HOSTILE, HOSTILE),)))
    )
    assert "</script" not in block
    assert json.loads(block)["closures"]["rows"]["reason"] == [HOSTILE]


@pytest.fixture
def page(chromium, tmp_path):
    """Opens a view; fails on a request or a script error."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, offline=True, reduced_motion="reduce"
    )
    faults = []

    def opened(given):
        maps.write_map(maps.plan_map(given), tmp_path / "map.html")
        tab = context.new_page()
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on(
            "console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None
        )
        tab.goto((tmp_path / "map.html").as_uri())
        tab.wait_for_selector("#results li")
        tab.locator(".legend summary").click()
        return tab

    yield opened
    context.close()
    assert faults == []


POPUP = """() => {
  const marks = Object.values(dispatchKit.marks.layers.closures._layers).filter((layer) => layer.subject);
  marks[0].openPopup();
}"""
DRAWN = "() => Object.values(dispatchKit.marks.layers.closures._layers).filter((layer) => layer._map).length"


def test_a_closure_is_drawn_told_in_both_languages_and_can_be_hidden(page):
    shown = page(view(closure(profiles=("car",), begins=60.0, ends=None), closure(id="F2", factor=0.4)))
    legend = shown.locator(".legend").inner_text()
    assert "道路封闭（1 处）" in legend
    assert "减速路段（1 处）" in legend
    assert "淡色：尚未开始" in legend
    assert shown.evaluate(DRAWN) == 4  # a line and a sign each
    shown.evaluate(POPUP)
    told = shown.locator(".closure").inner_text()
    assert all(
        words in told
        for words in ("沿河桥", "洪水", "道路封闭 · 汽车", "尚未开始", "15:00 起", "未定何时解除")
    )
    shown.locator("#language").click()
    assert "slowed road (1)" in shown.locator(".legend").inner_text()
    shown.evaluate(POPUP)
    assert "from 15:00, until further notice" in shown.locator(".closure").inner_text()
    shown.get_by_label("closures").uncheck()
    assert shown.evaluate(DRAWN) == 0


def test_a_warning_stands_above_the_lists(page):
    shown = page(view(closure(), warnings=(("沿河桥将于 15:00 起封闭", "closed from 15:00"),)))
    assert shown.locator(".warnings li").inner_text() == "沿河桥将于 15:00 起封闭"


def test_without_closures_the_legend_does_not_speak_of_them(page):
    shown = page(view())
    legend = shown.locator(".legend").inner_text()
    assert "封闭" not in legend
    assert "道路管制" not in legend
    assert "null" not in legend
    assert shown.locator(".warnings").count() == 0


def test_no_word_of_a_closure_runs(page):
    shown = page(view(closure(name=HOSTILE, reason=HOSTILE), warnings=((HOSTILE, HOSTILE),)))
    shown.evaluate(POPUP)
    assert shown.locator(".closure").inner_text().count("${window.ran=1}") == 2
    assert shown.locator(".closure img").count() == 0
    assert shown.evaluate("() => window.ran") is None


def test_a_closure_without_a_line_breaks_nothing(page):
    shown = page(view(closure(lines=(), outlines=(RING,)), closure(id="F2", lines=())))
    assert shown.evaluate(DRAWN) == 1
