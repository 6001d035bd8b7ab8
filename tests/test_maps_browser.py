"""What the map does in a browser: nothing fetched, nothing executed, readable on screen, phone and paper."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import folium
import folium.plugins
import make_view
import pytest
from axe_playwright_python.sync_playwright import Axe
from map_pages import PHONE, Pages, said

import maps

pytestmark = pytest.mark.needs("chromium")

PLAIN, NIGHT = make_view.view(), make_view.night()


@pytest.fixture(scope="module")
def pages(chromium, tmp_path_factory):
    """One browser page a size for all tests here."""
    made = Pages(chromium, tmp_path_factory.mktemp("maps"))
    yield made
    made.close()


RUNS = "window.ran=(window.ran||0)+1"
PAYLOADS = (
    f"<script>{RUNS}</script>",
    f"</script><script>{RUNS}</script>",
    f'"><img src=x onerror="{RUNS}">',
    f"'><svg/onload={RUNS}>",
    f"${{{RUNS}}}`${{{RUNS}}}`",
    "\\u003cb\\u003e\\",
    "{{ 7*7 }}{{ cycler.__init__.__globals__ }}",
    "{% for x in y %}{# gone #}{{'",
    "line\u2028para\u2029end",
    "\u202egnp.exe\u202c\u200f",
    "<!--<script>",
    "长" * 10_000,
    "__proto__",
    "\x00\x07\ud800",
)


def poisoned(value, poison: str, path: str = ""):
    """The view with `poison` in every free text of it; ids keep their links."""
    if isinstance(value, str):
        return value + poison
    if isinstance(value, tuple | list):
        return tuple(poisoned(one, poison) for one in value)
    if hasattr(value, "__dataclass_fields__"):
        kept = {"source", "level", "language", "tier", "kind", "state", "profile", "status", "part"}
        return replace(
            value,
            **{
                field.name: poisoned(getattr(value, field.name), poison)
                for field in fields(value)
                if field.name not in kept
            },
        )
    return value


def shown_in(page, where: str) -> str:
    """All text of an element, half a character shown as the sign for one."""
    return page.locator(where).first.text_content().replace("\ud800", "\ufffd")


@pytest.mark.parametrize("poison", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_text_of_any_field_runs_and_none_is_lost(pages, poison):
    view = make_view.view()
    seen = replace(
        view.cases[0],
        address="地址", note="备注", why=(("因为", "because"),), needs=("police",), instruction="前往", cadre_instruction="去吧",
        obvious=("近", "near"), town="某镇", county="某县", review=(("存疑", "doubtful"),), price_yuan=1.0,
        places=(replace(view.cases[0].places[0], why=("此处", "here"), links=(("amap", "https://uri.amap.com/?"),)),),
    )  # fmt: skip
    crews = tuple(replace(one, jurisdiction="辖区", base="驻地") for one in view.responders)
    evil = poisoned(
        replace(view, cases=(seen, view.cases[1]), responders=crews, rows=make_view.night().rows[2:3],
                warnings=(("注意", "mind"),), synthetic=True, watermark="水印"), poison,
    )  # fmt: skip
    end = poison.replace("\ud800", "\ufffd")
    with pages.open(evil) as page:
        for where, words in (
            (".head", ("固始县", "上门劝阻调度图")),
            (".warnings", ("注意",)),
            (".watermark", ("水印",)),
            (".credit", ("contributors",)),
        ):
            assert all(word + end in shown_in(page, where) for word in words), where
        page.locator("li[data-case='0'] button.row").click()
        card = shown_in(page, ".card")
        told = ("A-1", "李某", "138****0001", "地址", "备注", "因为", "police", "前往", "去吧", "近", "存疑", "此处",
                "秀水街道沿河村", "预警等级为特高危", "城关派出所一组", "0376-000110")  # fmt: skip
        assert [word for word in told if word + end not in card] == []
        page.keyboard.press("Escape")
        for tab, words in (
            ("out", ("A-2", "没有道路可达（沿河村）")),
            ("review", ("存疑",)),
            ("crews", ("P-2", "城关派出所二组")),
        ):
            page.click(f"#tab-{tab}")
            assert all(word + end in shown_in(page, "#results") for word in words), tab
        page.locator("li[data-responder='1'] button").click()
        assert all(word + end in shown_in(page, ".card") for word in ("辖区", "驻地"))
        page.click("#tab-routes")
        page.locator("li[data-route] > button").click()
        assert "A-1" + end in shown_in(page, ".stops")
        page.click(".part[data-part=noVisit]")
        assert all(word + end in shown_in(page, "#results") for word in ("C-7", "电话已劝阻"))
        page.click("[data-facet=town]")
        assert "某镇" + end in shown_in(page, ".choices")
        page.fill("#search", "A-1")
        page.click("#language")
        page.locator("li[data-case='0'] button.row").click()
        assert all(word + end in shown_in(page, ".card") for word in ("because", "near", "doubtful", "here"))
        page.locator("#time").fill("20")
        assert page.evaluate("window.ran") is None
        assert page.evaluate("document.querySelectorAll('img[src=x], svg[onload]').length") == 0


def test_every_case_and_every_route_is_drawn_where_it_is_and_in_the_first_view(pages):
    view = make_view.day(40, 6)
    for size in ("desk", "phone"):
        with pages.open(view, size=size) as page:
            drawn = page.evaluate(
                """() => dispatchKit.marks.cases.drawn.map((one) => {
                const { plan } = dispatchKit, at = plan.place[one.at], lat = plan.places.lat[at], lon = plan.places.lon[at];
                return [plan.columns.id[one.at], lat, lon, map_plan.getBounds().contains([lat, lon])]; })"""
            )
            first = {one.id: one.places[0] for one in view.cases}
            assert len(drawn) == len(first)
            for number, lat, lon, inside in drawn:
                assert (lat, lon) == pytest.approx((first[number].lat, first[number].lon), abs=1e-5)
                assert inside
            leg = page.evaluate("() => dispatchKit.plan.routes[0].stops[0].leg.map((at) => [at[1], at[0]])")
            assert leg == pytest.approx(view.routes[0].stops[0].leg, abs=1e-5)
            lines = page.evaluate(
                "() => dispatchKit.marks.driven.filter((one) => !one.options.homeward)[0].getLatLngs().length"
            )
            assert lines == len(view.routes[0].stops)


def test_a_map_asked_for_in_english_opens_in_english(pages):
    with pages.open(make_view.view(language="en")) as page:
        assert "Act now" in said(page, "#tab-now")


def test_practice_data_say_so_on_screen_and_on_paper(pages):
    with pages.open(make_view.view(synthetic=True)) as page:
        assert "演练数据" in said(page, ".practice")
        assert "演练" in page.title()
        page.emulate_media(media="print")
        assert page.locator(".practice").is_visible()
        page.emulate_media(media="null")
    with pages.open(PLAIN) as page:
        assert page.locator(".practice").count() == 0


@pytest.mark.parametrize(("size", "millimetres"), [("A4", (297, 210)), ("A3", (420, 297))])
def test_paper_gets_the_map_and_then_the_whole_list(pages, size, millimetres):
    with pages.open(make_view.day(90, 6)) as page:
        page.select_option("#paper", size)
        pdf = page.pdf(prefer_css_page_size=True)
        boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
        # the map, then 90 cases in four columns: 28 beside the numbers, then 48 a page on A4
        assert len(boxes) in {"A4": (3, 4), "A3": (2, 3)}[size]
        for box in boxes:
            assert [float(side) / 72 * 25.4 for side in box] == pytest.approx(millimetres, abs=1)
        page.emulate_media(media="print")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        for part in (".sheet-title", ".legend summary", ".leaflet-control-scale", ".north", "#results"):
            assert page.locator(part).is_visible(), part
        assert page.locator("#results li").count() == 90
        assert re.search(r"数据截至 2026-05-01 14:00 · 打印 \d{4}-\d\d-\d\d", said(page, ".sheet-title"))
        assert not page.locator("#search").is_visible()
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="null")
        assert page.locator("#results li").count() < 60


def test_a_phone_sees_map_and_panel_without_sideways_scrolling(pages):
    for language in ("zh", "en"):
        with pages.open(make_view.day(30, 5, language=language, synthetic=True), size="phone") as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            assert page.evaluate("document.getElementById('panel').scrollWidth") <= PHONE["width"]
            page.click("[data-facet=tier]")
            page.locator(".choices input[data-value=critical]").check()
            page.locator("li[data-case] button.row").first.click()
            assert page.locator(".card").is_visible()
            small = page.evaluate(
                """() => [...document.querySelectorAll('.card button, .tools button, .play, .copy')]
                .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 32).map((one) => one.textContent)"""
            )
            assert small == []


def test_layers_can_be_hidden_but_never_the_cases(pages):
    with pages.open(make_view.day(20, 3)) as page:
        page.click(".legend summary")
        for box in page.locator(".legend input").all():
            box.uncheck()
        lines = page.evaluate(
            "() => ['routes', 'closures'].filter((one) => map_plan.hasLayer(dispatchKit.marks.layers[one]))"
        )
        assert lines == []
        assert page.evaluate("() => dispatchKit.marks.crews.drawn.length") == 0
        assert page.evaluate("() => dispatchKit.marks.cases.drawn.length") == 20


def test_jurisdictions_can_be_shown(pages):
    with pages.open(NIGHT) as page:
        page.click(".legend summary")
        page.get_by_label("责任区").check()
        assert page.evaluate("() => dispatchKit.marks.layers.areas.getLayers().length") == 1


def test_an_empty_day_opens_too(pages):
    empty = make_view.view(
        cases=(), routes=(), responders=(), summary=make_view.summary(0, 0), basemap=maps.Basemap()
    )
    with pages.open(empty) as page:
        assert said(page, "#results .empty") == "无"


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_an_accessibility_checker_finds_nothing_serious(pages, size):
    with pages.open(NIGHT, size=size) as page:
        page.click("[data-facet=tier]")
        page.click("li[data-case='0'] button.row")
        page.locator("#time").fill("15")
        page.wait_for_timeout(200)
        if size == "desk":
            page.click(".legend summary")
        found = Axe().run(page).response["violations"]
        serious = [
            (one["id"], one["nodes"][0]["html"][:120])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == []


def test_the_ground_is_painted(pages):
    with pages.open(PLAIN) as page:
        page.wait_for_timeout(300)
        colours = page.evaluate(
            """() => { const seen = new Set();
            for (const tile of document.querySelectorAll('canvas.leaflet-tile')) {
              const bytes = tile.getContext('2d').getImageData(0, 0, tile.width, tile.height).data;
              for (let at = 0; at < bytes.length; at += 44) seen.add(bytes.slice(at, at + 3).join());
            } return [...seen]; }"""
        )
        assert "247,245,240" in colours  # land
        assert "233,231,225" in colours  # beyond the county
        assert "188,216,230" in colours  # water
        assert "248,226,173" in colours  # the main street


def test_layers_of_ones_own_work_beside_the_plan(pages):
    plan = maps.plan_map(make_view.view())
    folium.Marker([32.15, 115.65], popup="<b>岗亭</b>", tooltip="checkpoint").add_to(plan)
    folium.GeoJson({"type": "Point", "coordinates": [115.66, 32.16]}).add_to(plan)
    folium.plugins.MarkerCluster([[32.1, 115.6], [32.11, 115.61]]).add_to(plan)
    with pages.open(plan=plan) as page:
        assert page.locator("img.leaflet-marker-icon").first.get_attribute("src").startswith("data:image/png")
        page.evaluate("() => map_plan.eachLayer((l) => l.getPopup && l.getPopup() && l.openPopup())")
        assert "岗亭" in said(page, ".leaflet-popup-content")


def test_an_injected_script_of_a_layer_is_stopped_by_the_policy(chromium, tmp_path):
    plan = maps.plan_map(make_view.view())
    folium.Marker([32.15, 115.65], tooltip="</script><script>window.ran=1</script>").add_to(plan)
    maps.write_map(plan, tmp_path / "map.html")
    page = chromium.new_page()
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran") is None
    page.close()
