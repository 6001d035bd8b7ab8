"""What the map does in a browser: nothing fetched, nothing executed, every control used."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import datetime, timedelta

import folium
import folium.plugins
import make_view
import pytest

import maps

pytestmark = pytest.mark.needs("chromium")

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def opened(chromium, tmp_path):
    """Write a map and open it; fails on any request, console error or script error."""

    @contextmanager
    def open_map(view=None, plan=None, viewport=DESK, address=""):
        path = tmp_path / "map.html"
        maps.write_map(plan or maps.plan_map(view or make_view.view()), path)
        context = chromium.new_context(viewport=viewport, offline=True, reduced_motion="reduce")
        page, faults = context.new_page(), []
        own = path.as_uri()
        page.on(
            "request", lambda r: None if r.url.startswith(("data:", "blob:", own)) else faults.append(r.url)
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        page.goto(own + address)
        page.wait_for_selector("#results li, #results .empty")
        yield page
        page.wait_for_timeout(50)
        context.close()
        assert faults == []

    return open_map


def said(page, selector: str) -> str:
    return page.locator(selector).first.inner_text()


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
        kept = {"source", "level", "language", "tier", "kind", "state", "profile", "status"}
        return replace(
            value,
            **{
                field.name: poisoned(getattr(value, field.name), poison)
                for field in fields(value)
                if field.name not in kept
            },
        )
    return value


@pytest.mark.parametrize("poison", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_text_of_any_field_runs_and_none_is_lost(opened, poison):
    view = make_view.view()
    seen = replace(
        view.cases[0],
        **dict.fromkeys(("note", "address"), "note "),
        why=(("因为", "because"),),
        needs=("police",),
        instruction=("前往", "go"),
    )
    evil = poisoned(replace(view, cases=(seen, view.cases[1]), synthetic=True, watermark="mark"), poison)
    shown = poison.replace("\ud800", "\ufffd")  # half a character is shown as the sign for one
    with opened(evil) as page:
        assert shown in page.locator("#panel").text_content().replace("\ud800", "\ufffd")
        for language in ("zh", "en"):
            for number in (0, 1):
                page.locator("#tab-now").click()
                page.locator(f"li[data-case='{number}'] button").click()
                card = page.locator(".card").text_content().replace("\ud800", "\ufffd")
                assert card.count(shown) >= 4
                page.keyboard.press("Escape")
            page.locator("#tab-routes").click()
            page.locator("li[data-route] > button").click()
            assert shown in page.locator(".stops").text_content().replace("\ud800", "\ufffd")
            page.locator(".part[data-part=noVisit]").click()
            page.locator("#search").fill(evil.cases[0].id[:40])
            if language == "zh":
                page.locator("#language").click()
        assert page.evaluate("window.ran") is None
        assert page.evaluate("document.querySelectorAll('img[src=x], svg[onload]').length") == 0


def test_the_four_numbers_and_the_sum_are_what_was_given(opened):
    with opened() as page:
        assert page.locator(".number dd").all_inner_texts() == ["1", "1", "¥10.6 万", "50%"]
        assert "收到 26 条预警" in said(page, ".sum-title")
        assert "合计相符" in said(page, ".sum-title")
        page.click(".part[data-part=noVisit]")
        assert "电话已劝阻" in said(page, ".sum-detail")
        page.click(".part[data-part=leftOut]")
        assert page.locator("#tab-out").get_attribute("aria-selected") == "true"


def test_a_sum_that_does_not_close_says_so_in_red(opened):
    with opened(make_view.view(summary=make_view.summary(received=30))) as page:
        assert "4 条预警下落不明" in said(page, ".sum [role=alert]")


def test_the_act_now_list_goes_by_yuan_lost_per_minute(opened):
    slow = make_view.case("A-slow", stake_yuan=900_000, hazard_per_hour=0.1)  # about 1,500 a minute
    fast = make_view.case("A-fast", stake_yuan=100_000, hazard_per_hour=2.0)  # about 3,300
    held = make_view.case(
        "A-held", stake_yuan=100_000, hazard_per_hour=2.0, hold_until_minutes=60, hold_fraction=0
    )
    gone = tuple(replace(one, left_out=("无", "none")) for one in (slow, held, fast))
    with opened(make_view.view(cases=gone, routes=())) as page:
        ids = page.locator("#results strong").all_inner_texts()
        assert ids == ["A-fast", "A-slow", "A-held"]


def test_the_page_computes_the_same_loss_as_the_planner(opened):
    from dispatch import loss  # noqa: PLC0415 - the oracle
    from dispatch.domain import Case, Hold, Place  # noqa: PLC0415

    shown = make_view.case(
        hold_until_minutes=30.0, hold_fraction=0.25, due_minutes=45.0, late_yuan_per_minute=12.0
    )
    spot = Place("A-1/0", 115.6, 32.1, 50.0, 1.0)
    case = Case(
        "A-1",
        "critical",
        "loan",
        shown.stake_yuan,
        shown.hazard_per_hour,
        (spot,),
        due_minutes=45.0,
        late_yuan_per_minute=12.0,
        hold=Hold(30.0, 0.25),
    )
    moments = (0.0, 10.0, 30.0, 44.0, 90.0, 719.0)
    with opened(make_view.view(cases=(shown, make_view.view().cases[1]))) as page:
        drawn = page.evaluate(
            "times => times.map((t) => dispatchKit.lossAt(dispatchKit.plan.cases[0], t))", moments
        )
    expected = [float(loss.loss_yuan(case, moment, 720.0)) for moment in moments]
    assert drawn == pytest.approx(expected, rel=1e-5)


def test_stops_stand_in_their_order_with_the_clock_of_the_area(opened):
    view = make_view.day(20, 2)
    with opened(view) as page:
        page.click("#tab-routes")
        page.click(f"li[data-route='{0}'] > button")
        assert page.locator(".stops strong").all_inner_texts() == [
            stop.case_id for stop in view.routes[0].stops
        ]
        assert said(page, ".stops .when").startswith("14:14")  # 14 minutes after 14:00 in Shanghai


def test_a_chosen_route_fills_the_view_and_the_others_step_back(opened):
    view = make_view.day(20, 4)
    with opened(view) as page:
        page.click("#tab-routes")
        page.click("li[data-route='1'] > button")
        page.wait_for_timeout(600)
        inside = page.evaluate(
            "() => dispatchKit.plan.routes[1].stops.every("
            "(stop) => map_plan.getBounds().contains([stop.place.lat, stop.place.lon]))"
        )
        assert inside
        faded = page.evaluate(
            "() => dispatchKit.marks.driven.filter((line) => !line.faded).map((l) => l.route.number)"
        )
        assert set(faded) == {1}


def test_every_case_and_every_route_is_drawn_where_it_is_and_in_the_first_view(opened):
    view = make_view.day(40, 6)
    for viewport in (DESK, PHONE):
        with opened(view, viewport=viewport) as page:
            drawn = page.evaluate(
                "() => [...dispatchKit.marks.caseMark.values()].map((mark) => [mark.subject.id, mark.getLatLng().lat,"
                " mark.getLatLng().lng, map_plan.getBounds().contains(mark.getLatLng())])"
            )
            first = {one.id: one.places[0] for one in view.cases}
            assert len(drawn) == len(first)
            for number, lat, lon, inside in drawn:
                assert (lat, lon) == pytest.approx((first[number].lat, first[number].lon), abs=1e-5)
                assert inside
            leg = page.evaluate(
                "() => dispatchKit.marks.driven[0].getLatLngs().map((at) => [at.lng, at.lat])"
            )
            assert leg == pytest.approx(view.routes[0].stops[0].leg, abs=1e-5)


def test_the_language_switch_changes_every_word_and_the_page_says_so(opened):
    with opened() as page:
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
        page.click("#language")
        assert page.evaluate("document.documentElement.lang") == "en"
        assert "act now" in said(page, "#tab-now").lower()
        page.click("#tab-out")
        assert "no road leads to" in said(page, ".reason")
        page.click("#language")
        assert "没有道路可达" in said(page, ".reason")


def test_a_map_asked_for_in_english_opens_in_english(opened):
    with opened(make_view.view(language="en")) as page:
        assert "Act now" in said(page, "#tab-now")


def test_search_finds_by_number_name_place_and_responder(opened):
    with opened() as page:
        for asked, found in (("a-2", 1), ("李", 1), ("沿河", 2), ("城关派出所一组", 2), ("zzz", 0), ("", 2)):
            page.fill("#search", asked)
            assert page.locator("#results > ul > li").count() == found, asked


def test_a_case_card_tells_places_reasons_loss_and_who_goes(opened):
    with opened() as page:
        page.click("li[data-case='0'] button")
        card = said(page, ".card")
        for words in (
            "A-1",
            "李某",
            "138****0001",
            "¥12 万",
            "误差 ±300 米",
            "特高危",
            "城关派出所一组",
            "14:12",
        ):
            assert words in card
        assert "若 14:12 到达" in page.locator(".chart").get_attribute("aria-label")
        page.keyboard.press("Escape")
        assert page.locator(".card").count() == 0


def test_an_instruction_is_copied_in_the_language_shown(opened):
    case = make_view.case(instruction=("请立即前往", "go at once"))
    with opened(make_view.view(cases=(case, make_view.view().cases[1]))) as page:
        page.click("li[data-case='0'] button")
        page.click(".action")
        page.locator(".card [role=status]", has_text="已复制").wait_for()


def test_fresh_old_and_stale_data_look_different_and_a_passed_eta_is_overdue(opened):
    for age, level in ((2, "fresh"), (20, "old"), (90, "stale")):
        at = datetime.now(make_view.SHANGHAI) - timedelta(minutes=age)
        with opened(make_view.view(at=at)) as page:
            assert level in page.locator(".age").get_attribute("class")
            assert ("已超时" in said(page, "#results")) == (age > 12)  # the one stop is at 12 minutes


def test_practice_data_say_so_on_screen_and_on_paper(opened):
    with opened(make_view.view(synthetic=True)) as page:
        assert "演练数据" in said(page, ".practice")
        assert "演练" in page.title()
        page.emulate_media(media="print")
        assert page.locator(".practice").is_visible()
    with opened() as page:
        assert page.locator(".practice").count() == 0


def test_paper_gets_the_map_with_title_legend_scale_and_north_and_then_the_list(opened):
    with opened(make_view.day(20, 3)) as page:
        pdf = page.pdf(prefer_css_page_size=True)
        assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type /Page/") >= 2
        page.emulate_media(media="print")
        for part in (".sheet-title", ".legend summary", ".leaflet-control-scale", ".north", "#results"):
            assert page.locator(part).is_visible(), part
        assert not page.locator("#search").is_visible()


def test_the_address_keeps_what_was_chosen(opened):
    with opened(address="#lang=en&tab=out&case=A-2") as page:
        assert "A-2" in said(page, ".card")
        assert page.evaluate("document.documentElement.lang") == "en"
        page.keyboard.press("Escape")
        page.click("#tab-routes")
        assert "tab=routes" in page.url
    with opened(address="#case=%3Cb%3E&route=%00&tab=nonsense") as page:
        assert page.locator(".card").count() == 0


def test_the_keyboard_reaches_every_case(opened):
    with opened() as page:
        page.focus("#tab-now")
        page.keyboard.press("ArrowRight")
        assert page.locator("#tab-routes").get_attribute("aria-selected") == "true"
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.locator(".card").count() == 1
        nameless = page.evaluate(
            "() => [...document.querySelectorAll('button, input')].filter((one) => "
            "!(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.length)).length"
        )
        assert nameless == 0


def test_a_phone_sees_map_and_panel_without_sideways_scrolling(opened):
    for language in ("zh", "en"):
        with opened(make_view.day(30, 5, language=language, synthetic=True), viewport=PHONE) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            assert page.evaluate("document.getElementById('panel').scrollWidth") <= PHONE["width"]
            page.locator("li[data-case] button").first.click()
            assert page.locator(".card").is_visible()


def test_layers_can_be_hidden(opened):
    with opened(make_view.day(20, 3)) as page:
        page.click(".legend summary")
        for box in page.locator(".legend input").all():
            box.uncheck()
        shown = page.evaluate(
            "() => Object.values(dispatchKit.marks.layers).filter((l) => map_plan.hasLayer(l)).length"
        )
        assert shown == 1  # the cases themselves are never hidden


def test_the_ground_is_painted(opened):
    with opened() as page:
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


def test_many_cases_are_clustered_and_critical_ones_are_counted_on_the_cluster(opened):
    with opened(make_view.day(5_200, 4)) as page:
        page.wait_for_selector(".cluster-face")
        told = page.evaluate(
            "() => dispatchKit.marks.layers.cases.getLayers().filter((m) => m.subject.tier === 'critical').length"
        )
        shown = page.locator(".cluster-critical").all_inner_texts()
        assert sum(int(one.replace(",", "")) for one in shown) <= told == 1_300
        assert shown
        assert page.locator(".rows > li").count() == 100
        page.click(".more")
        assert page.locator(".rows > li").count() == 600


def test_an_empty_day_opens_too(opened):
    empty = make_view.view(
        cases=(), routes=(), responders=(), summary=make_view.summary(0, 0), basemap=maps.Basemap()
    )
    with opened(empty) as page:
        assert page.locator("#results .empty").count() == 1


def test_layers_of_ones_own_work_beside_the_plan(opened):
    plan = maps.plan_map(make_view.view())
    folium.Marker([32.15, 115.65], popup="<b>岗亭</b>", tooltip="checkpoint").add_to(plan)
    folium.GeoJson({"type": "Point", "coordinates": [115.66, 32.16]}).add_to(plan)
    folium.plugins.MarkerCluster([[32.1, 115.6], [32.11, 115.61]]).add_to(plan)
    with opened(plan=plan) as page:
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
