"""What a page is made of: only what was vendored, allowed by nothing but its own policy, on browsers as old as stated."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import contextmanager
from dataclasses import replace

import folium
import make_view
import numpy as np
import pytest

import maps
from dispatch.datum import convert
from dispatch.errors import BadInput
from maps.page import ASSETS, manifest, read_page, stand_in
from maps.tiles import PROVIDERS, online_tiles
from tools import oldest_chromium

PERMISSIVE = {"BSD-2-Clause", "MIT", "ISC", "Apache-2.0"}


def drawn():
    """Every map this project draws, by name."""
    return {"plan": maps.plan_map(make_view.day(30, 4))}


@pytest.mark.parametrize("name", drawn())
def test_no_map_of_ours_asks_folium_for_an_address_the_manifest_does_not_know(name):
    plan = drawn()[name]
    figure = plan.get_root()
    figure.render()
    for child in figure.header._children.values():
        if isinstance(child, folium.elements.JavascriptLink | folium.elements.CssLink):
            stand_in(child.url)
    known = {tail for package in manifest()["packages"] for tail in package["stands_for"]}
    known |= set(manifest()["left_out"])
    asked = {
        url.rsplit("/", 1)[-1].split("?")[0] for _, url in (*folium.Map.default_js, *folium.Map.default_css)
    }
    assert asked <= known, f"folium now adds {asked - known}: vendor it, or say why it is left out"


def test_what_is_vendored_is_free_to_pass_on_and_carries_its_licence():
    for package in manifest()["packages"]:
        assert package["licence"] in PERMISSIVE
        licence = next(name for name in package["files"] if "LICEN" in name)
        assert (ASSETS / "vendor" / package["name"] / licence).stat().st_size > 500


@pytest.mark.parametrize("name", drawn())
def test_no_page_carries_jquery_bootstrap_or_an_icon_font(name):
    page = drawn()[name].get_root().render().lower()
    for stranger in (
        "jquery.fn",
        "jquery v",
        "bootstrap v",
        "font awesome",
        "glyphicon",
        "fontawesome",
        "@font-face",
    ):
        assert stranger not in page


def test_scripts_and_styles_of_our_own_use_nothing_younger_than_the_oldest_browser():
    """Chromium 80 knows none of these; the list is what it was found to stumble over."""
    younger_js = (
        r"\?\?=|\|\|=|&&=|\.replaceAll\(|structuredClone|Object\.hasOwn\(|\.findLast|\.at\(-|static \{"
    )
    younger_css = r"\binset:|aspect-ratio|:is\(|:where\(|:has\(|dvh|color-mix|@layer|@container"
    found = [
        f"{path.name}: {match[0]}"
        for path in sorted((ASSETS / "own").iterdir())
        for match in re.finditer(
            younger_css if path.suffix == ".css" else younger_js, path.read_text("utf-8")
        )
        if path.suffix in {".js", ".css"}
    ]
    assert found == []


@contextmanager
def watched(chromium, plan, tmp_path, **context):
    """An offline page that writes down every request and every breach of its policy."""
    maps.write_map(plan, tmp_path / "map.html")
    tab = chromium.new_context(reduced_motion="reduce", **context)
    page, asked = tab.new_page(), []
    page.on(
        "request",
        lambda one: None if one.url.startswith(("file:", "data:", "blob:")) else asked.append(one.url),
    )
    page.add_init_script(
        "window.breaches = []; addEventListener('securitypolicyviolation', (one) => breaches.push(one.effectiveDirective));"
    )
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_selector("#results li")
    yield page, asked
    tab.close()


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("name", drawn())
def test_a_map_makes_no_request_and_keeps_its_own_policy_while_it_is_used(chromium, tmp_path, name):
    with watched(chromium, drawn()[name], tmp_path, offline=True) as (page, asked):
        page.fill("#search", "A-0")
        page.keyboard.press("Escape")
        page.mouse.move(900, 400)
        page.mouse.wheel(0, -600)
        page.wait_for_timeout(400)
        page.locator("#results li button").first.click()
        page.wait_for_timeout(300)
        assert page.evaluate("breaches") == []
        assert asked == []


@pytest.mark.needs("chromium")
@pytest.mark.parametrize(
    ("deed", "directive"),
    [
        ("document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/x.png' }))", "img-src"),
        ("fetch('http://127.0.0.1:9/x').catch(() => 0)", "connect-src"),
        ("navigator.sendBeacon('http://127.0.0.1:9/x', 'a')", "connect-src"),
        ("add(document.head, 'script', { textContent: 'window.ran = 1' })", "script-src-elem"),
        ("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')", "script-src-attr"),
        ("add(document.body, 'iframe', { src: 'http://127.0.0.1:9/' })", "frame-src"),
        ("add(document.head, 'style', { textContent: 'body { color: red }' })", "style-src-elem"),
    ],
    ids=["image", "fetch", "beacon", "script", "handler", "frame", "style"],
)  # fmt: skip
def test_what_did_not_come_with_the_file_is_forbidden(chromium, tmp_path, deed, directive):
    with watched(chromium, maps.plan_map(make_view.view()), tmp_path) as (page, _):
        page.evaluate(
            "() => { const add = (to, name, what) => to.append(Object.assign(document.createElement(name), what));"
            f" {deed}; }}"
        )
        page.wait_for_timeout(200)
        assert directive in page.evaluate("breaches")
        assert page.evaluate("window.ran") is None


def test_no_tiles_are_asked_for_unless_told_to():
    page = maps.plan_map(make_view.view()).get_root().render()
    assert read_page(page)["tiles"] is None
    assert "https:" not in re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]


@pytest.mark.parametrize("name", PROVIDERS)
def test_online_tiles_say_their_datum_and_open_the_policy_for_their_own_hosts_alone(name):
    tiles = online_tiles(name, {"TIANDITU_KEY": "k&1"})
    page = maps.plan_map(make_view.view(tiles=tiles)).get_root().render()
    rules = dict(
        rule.split(" ", 1)
        for rule in re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1].split("; ")
    )
    assert rules["img-src"] == "data: blob: " + " ".join(tiles.hosts())
    assert rules["default-src"] == "'none'"
    assert read_page(page)["tiles"]["datum"] in {"WGS84", "CGCS2000", "GCJ02"}
    assert "{key}" not in "".join(tiles.addresses)


def test_tiles_nobody_knows_and_a_missing_key_are_refused_in_one_line():
    with pytest.raises(BadInput, match="amap, tianditu, osm"):
        online_tiles("google", {})
    with pytest.raises(BadInput, match="TIANDITU_KEY"):
        online_tiles("tianditu", {})


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("datum", ["GCJ02", "BD09", "WGS84"])
def test_tiles_of_another_datum_are_moved_to_the_data_to_the_centimetre(chromium, tmp_path, datum):
    lon, lat = np.array([110.92, 115.68, 121.47, 87.6]), np.array([21.66, 32.18, 31.23, 43.8])
    wanted = np.column_stack(convert(lon, lat, datum, "WGS84"))
    plan = maps.plan_map(make_view.view(tiles=PROVIDERS["amap"]))
    with watched(chromium, plan, tmp_path, offline=True) as (page, _):
        told = page.evaluate(
            "([datum, points]) => points.map(([lon, lat]) => dispatchKit.toWgs84(datum, lon, lat))",
            [datum, np.column_stack([lon, lat]).tolist()],
        )
    assert np.abs(np.array(told) - wanted).max() < 1e-7  # degrees: a centimetre


@pytest.mark.needs("chromium")
def test_amap_tiles_lie_some_hundred_metres_from_where_their_grid_says(chromium, tmp_path):
    tiles = replace(PROVIDERS["amap"], addresses=("https://tiles.test/{z}/{x}/{y}.png",), servers="")
    maps.write_map(maps.plan_map(make_view.view(tiles=tiles)), tmp_path / "map.html")
    tab = chromium.new_context(viewport={"width": 900, "height": 700})
    page, asked = tab.new_page(), []
    picture = "<svg xmlns='http://www.w3.org/2000/svg' width='256' height='256'/>"

    def answer(route):
        asked.append(route.request.url)
        route.fulfill(status=200, content_type="image/svg+xml", body=picture)

    tab.route("https://tiles.test/**", answer)
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_selector(".online-tile img")
    offset = page.evaluate(
        """() => { const map = map_plan, zoom = map.getZoom(), tile = document.querySelector('.online-tile img');
        const [, z, x, y] = tile.src.match(/(\\d+)\\/(\\d+)\\/(\\d+)\\.png/).map(Number);
        const at = tile.getBoundingClientRect(), box = map.getContainer().getBoundingClientRect();
        const seen = map.containerPointToLatLng([at.left - box.left + at.width / 2, at.top - box.top + at.height / 2]);
        const grid = map.unproject([(x + 0.5) * 256, (y + 0.5) * 256], z);
        return [grid.lng, grid.lat, seen.lng, seen.lat, 360 / 256 / 2 ** zoom]; }"""
    )
    lon, lat, seen_lon, seen_lat, pixel = offset
    true = [float(one[0]) for one in convert([lon], [lat], "GCJ02", "WGS84")]
    assert asked
    assert all(address.startswith("https://tiles.test/") for address in asked)
    assert [seen_lon, seen_lat] == pytest.approx(true, abs=1.5 * pixel)
    assert abs(seen_lon - lon) > 0.002  # degrees: the grid itself is hundreds of metres off
    tab.close()


def test_the_oldest_browser_stated_shows_a_map(tmp_path):
    """Chromium 80, the first to unpack a stream; `python tools/oldest_chromium.py` fetches it."""
    browser = oldest_chromium.path()
    if browser is None:
        pytest.skip("Chromium 80 is not here; fetch it with: python tools/oldest_chromium.py")
    maps.write_map(maps.plan_map(make_view.day(40, 6)), tmp_path / "map.html")
    flags = "--headless --no-sandbox --disable-gpu --single-process --no-zygote --virtual-time-budget=8000 --dump-dom"
    command = [browser, *flags.split(), "--window-size=1280,800", (tmp_path / "map.html").as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False).stdout
    assert 'id="gate"' not in shown
    assert shown.count("<li data-case") >= 8
    assert shown.count("ground-tile") >= 1
    assert re.search(r"<title>[^<]*固始县", shown)


@pytest.mark.needs("chromium")
def test_a_browser_older_than_that_is_told_so_in_words(chromium, tmp_path):
    maps.write_map(maps.plan_map(make_view.view()), tmp_path / "map.html")
    page = chromium.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto((tmp_path / "map.html").as_uri())
    page.locator("#gate", has_text="浏览器过旧").wait_for()
    page.close()


def test_the_manifest_is_json_that_a_person_can_read():
    assert json.loads((ASSETS / "manifest.json").read_text("utf-8"))["packages"]
