"""Every control of the dispatcher's map, used as a dispatcher uses it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import make_view
import pytest
from map_pages import Pages, said

pytestmark = pytest.mark.needs("chromium")

NIGHT = make_view.night()


@pytest.fixture(scope="module")
def pages(chromium, tmp_path_factory):
    """One browser page for all tests here."""
    made = Pages(chromium, tmp_path_factory.mktemp("maps"))
    yield made
    made.close()


@pytest.fixture
def night(pages):
    """The night with one of everything, freshly opened."""
    with pages.open(NIGHT) as page:
        yield page


def ids(page) -> list[str]:
    return page.locator("#results li[data-case] strong").all_inner_texts()


def pick(page, facet: str, *values: str) -> None:
    """Open a filter, choose values, shut it again."""
    page.click(f"[data-facet={facet}]")
    for value in values:
        page.locator(f".choices input[data-value='{value}']").check()
    page.click(f"[data-facet={facet}]")


# 1 freshness


@pytest.mark.parametrize(("age", "level"), [(2, "fresh"), (20, "old"), (90, "stale")])
def test_the_age_of_the_data_is_told_and_red_when_stale(pages, age, level):
    at = datetime.now(make_view.SHANGHAI) - timedelta(minutes=age)
    with pages.open(make_view.view(at=at)) as page:
        assert level in page.locator(".age").first.get_attribute("class")
        assert ("已超时" in said(page, "#results")) == (age > 12)  # the one stop is at 12 minutes
        assert page.locator("button.age").is_visible() == (age > 12)


def test_overdue_visits_are_counted_and_a_click_shows_them(pages):
    at = datetime.now(make_view.SHANGHAI) - timedelta(minutes=14)  # A-1 was due at 12, A-3 at 20, A-2 at 60
    with pages.open(replace(NIGHT, at=at, synthetic=False)) as page:
        assert said(page, "button.age") == "1 起已超时"
        page.click("button.age")
        assert ids(page) == ["A-1"]


# 2 the sum


def test_the_four_numbers_the_bound_and_the_sum_are_what_was_given(night):
    assert night.locator(".number .value").all_inner_texts() == ["3", "2", "¥10.6 万", "50%"]
    # 74,000 of loss and 1,000 of prices; 75,000 / 60,000 = 1.25
    assert "损失加代价 ¥7.5 万，已证下界 ¥6 万，距最优不超过 25%" in night.locator(".facts").last.inner_text()
    assert "收到 9 条预警" in said(night, ".sum-title")
    assert "合计相符" in said(night, ".sum-title")


def test_a_sum_that_does_not_close_says_so_in_red(pages):
    with pages.open(make_view.view(summary=make_view.summary(received=30))) as page:
        assert "4 条预警下落不明" in said(page, ".sum [role=alert]")


@pytest.mark.parametrize(
    ("part", "rows"),
    [
        ("rejected", ["#62"]), ("notYet", ["B-9"]), ("noVisit", ["C-7", "A-2b"]),
        ("planned", ["A-1", "A-2", "A-3"]), ("leftOut", ["A-4", "A-5"]),
    ],
)  # fmt: skip
def test_each_part_of_the_sum_is_a_click_that_lists_its_rows(night, part, rows):
    night.click(f".part[data-part={part}]")
    assert sorted(night.locator("#results li strong").all_inner_texts()) == sorted(rows)


def test_a_row_merged_into_a_case_leads_to_that_case(night):
    night.click(".part[data-part=noVisit]")
    night.locator("#results li", has_text="A-2b").locator("button").click()
    assert "A-2" in said(night, ".card h3")


def test_a_filter_never_hides_high_risk_without_counting_it(night):
    pick(night, "tier", "medium")
    assert ids(night) == ["A-3"]
    assert said(night, ".showing .alarm") == "其中特高危、高危 4 起！"
    night.click(".clear")
    assert (
        night.locator(".showing .alarm").first.inner_text() == "（特高危、高危 1）"
    )  # A-5 has no place to be drawn at
    assert "1 起无地点" in said(night, ".showing")


def test_a_group_on_the_map_counts_its_high_risk_cases(pages):
    with pages.open(make_view.day(5_200, 4)) as page:
        groups = page.evaluate(
            "() => dispatchKit.marks.cases.groups.map((one) => [one.size, one.parts[0] + one.parts[1]])"
        )
        alone = page.evaluate(
            "() => dispatchKit.marks.cases.drawn.map((one) => dispatchKit.plan.tier.of[one.at] < 2)"
        )
        assert groups
        assert sum(size for size, _ in groups) + len(alone) == 5_200
        assert sum(severe for _, severe in groups) + sum(alone) == 2_600  # two tiers of four
        assert page.locator("#results li").count() < 60  # rows out of sight are not made
        assert "聚合" in page.locator(".legend").text_content()


# 3 act now


def test_the_act_now_list_goes_by_yuan_lost_per_minute(pages):
    slow = make_view.case("A-slow", stake_yuan=900_000, hazard_per_hour=0.1)  # 1,500 a minute
    fast = make_view.case("A-fast", stake_yuan=100_000, hazard_per_hour=2.0)  # 3,333
    held = make_view.case(
        "A-held", stake_yuan=100_000, hazard_per_hour=2.0, hold_until_minutes=60, hold_fraction=0
    )
    gone = tuple(replace(one, left_out=("无", "none")) for one in (slow, held, fast))
    with pages.open(make_view.view(cases=gone, routes=())) as page:
        assert ids(page) == ["A-fast", "A-slow", "A-held"]
        assert "¥3,333/分钟" in said(page, "#results li .side")


def test_a_row_has_the_duty_phone_of_who_goes_or_of_who_answers_for_the_place(night):
    rows = {
        row.locator("strong").inner_text(): row.locator(".who").all_inner_texts()
        for row in night.locator("#results li").all()
    }
    assert "0376-000222" in rows["A-3"][0]
    assert "城关派出所二组" in rows["A-4"][0]  # nobody goes: the desk that answers for it
    assert rows["A-5"] == []


def clipboard(page) -> str:
    """What the page last put into the clipboard, or tried to."""
    return page.evaluate("window.copied")


LISTEN = """() => Object.defineProperty(navigator, 'clipboard', {
    configurable: true, value: { writeText: async (text) => { window.copied = text; } } })"""


def test_the_instruction_is_copied_in_chinese_from_the_row_and_the_cadres_has_less(night):
    night.evaluate(LISTEN)
    night.click("#language")
    night.locator("li[data-case='0'] .copy").click()
    assert clipboard(night) == "【指令 1/2】S-A-1 李某"
    night.locator("#voice", has_text="Copied").wait_for(state="attached")
    night.click("li[data-case='0'] button.row")
    night.click(".action.second")
    assert clipboard(night) == "【指令 1/2】S-A-1"
    night.keyboard.press("Escape")
    assert night.locator("li[data-case='3'] .copy").count() == 0  # nobody is sent, nothing to copy


# 4 place and time


def test_the_card_tells_places_reasons_loss_who_goes_and_between_when_and_when(night):
    night.click("li[data-case='0'] button.row")
    card = said(night, ".card")
    for words in (
        "A-1",
        "李某",
        "138****0001",
        "¥12 万",
        "误差 ±300 米",
        "特高危",
        "城关派出所一组",
        "0376-000110",
        "14:12",
        "14:09–14:19",
    ):
        assert words in card, words
    assert "若 14:12 到达" in night.locator(".card .chart").get_attribute("aria-label")
    night.keyboard.press("Escape")
    assert night.locator(".card").count() == 0


def test_every_candidate_place_says_its_source_age_radius_and_order(night):
    night.click("li[data-case='1'] button.row")
    first, second = night.locator(".places li").all_inner_texts()
    assert first.startswith("1")
    assert "家庭住址" in first
    assert "误差 ±300 米" in first
    assert all(words in second for words in ("手机定位", "误差 ±800 米", "12 分钟前定位", "可能性 30%"))


def test_the_page_computes_the_same_loss_as_the_planner(pages):
    from dispatch import loss  # noqa: PLC0415 - the oracle
    from dispatch.domain import Case, Hold, Place  # noqa: PLC0415

    shown = make_view.case(
        hold_until_minutes=30.0, hold_fraction=0.25, due_minutes=45.0, late_yuan_per_minute=12.0
    )
    spot = Place("A-1/0", 115.6, 32.1, 50.0, 1.0)
    case = Case(
        "A-1", "critical", "loan", shown.stake_yuan, shown.hazard_per_hour, (spot,),
        due_minutes=45.0, late_yuan_per_minute=12.0, hold=Hold(30.0, 0.25),
    )  # fmt: skip
    with pages.open(make_view.view(cases=(shown,), routes=())) as page:
        for minutes in (0.0, 10.0, 30.0, 44.0, 60.0, 300.0, 719.0, 2_000.0):
            here = page.evaluate("(t) => dispatchKit.lossAt(dispatchKit.plan.case(0), t)", minutes)
            assert here == pytest.approx(loss.loss_yuan(case, minutes, 720.0), rel=1e-9)
            if minutes < 719:
                rate = page.evaluate(
                    "(t) => { dispatchKit.plan.rateAt(t); return dispatchKit.plan.rate[0]; }", minutes
                )
                step = 1e-4
                slope = (
                    loss.loss_yuan(case, minutes + step, 720.0) - loss.loss_yuan(case, minutes, 720.0)
                ) / step
                assert rate == pytest.approx(slope, rel=1e-3)


# 5 why not the obvious car


def test_the_card_says_why_not_the_obvious_car_and_what_changing_would_cost(night):
    night.click("li[data-case='0'] button.row")
    assert "最近的城关派出所二组 8 分钟可到" in said(night, ".card")
    assert "改派全局代价 ¥1,200" in said(night, ".card")


# lists


def test_a_chosen_route_fills_the_view_shows_its_stops_and_the_others_step_back(night):
    night.click("#tab-routes")
    assert night.locator("#results li[data-route] strong").all_inner_texts() == [
        "城关派出所一组",
        "东关村干部",
    ]
    night.click("li[data-route='0'] > button")
    stops = night.locator(".stops li").all_inner_texts()
    assert ["A-1" in stops[0], "A-2" in stops[1], "等候 6 分钟" in stops[1]] == [True, True, True]
    inside = night.evaluate(
        "() => dispatchKit.plan.routes[0].stops.every((stop) => map_plan.getBounds().contains(stop.leg[stop.leg.length - 1]))"
    )
    assert inside
    bright = night.evaluate(
        "() => dispatchKit.marks.driven.filter((line) => !line.faded).map((line) => line.route.number)"
    )
    assert set(bright) == {0}
    assert (
        night.evaluate("() => dispatchKit.marks.layers.areas.getLayers().length") == 1
    )  # what it answers for


def test_left_out_tells_reasons_and_review_goes_by_money(night):
    night.click("#tab-out")
    assert "没有道路可达" in said(night, "#results li:has-text('A-4') .reason")
    night.click("#tab-review")
    assert ids(night) == ["A-4"]
    assert "涉及 ¥2.1 万" in said(night, "#results li .side")
    night.click("li[data-case='3'] button.row")
    assert "误差约 2000 米" in said(night, ".card .look")


def test_crews_stand_with_their_shift_state_those_on_duty_first(night):
    night.click("#tab-crews")
    rows = night.locator("#results li .chip").all_inner_texts()
    assert rows == ["在班 · 至 18:00", "在班 · 至 18:00", "14:30 上班", "不在班"]
    night.click("li[data-responder='1'] button")
    assert "14:30 上班" in said(night, ".card")


# filters and search


def test_filters_combine_and_every_choice_says_how_many_it_would_show(night):
    night.click("[data-facet=fraud]")
    counts = dict(
        zip(
            night.locator(".choices span.grow").all_inner_texts(),
            night.locator(".choices small").all_inner_texts(),
            strict=True,
        )
    )
    assert counts == {"冒充公检法": "2", "网贷": "2", "投资理财": "1"}
    night.locator(".choices input[data-value=loan]").check()
    night.click("[data-facet=town]")
    assert night.locator(".choices input[data-value='秀水街道'] ~ small").inner_text() == "1"
    night.locator(".choices input[data-value='秀水街道']").check()
    assert ids(night) == ["A-4"]
    assert said(night, ".showing").startswith("显示 1 / 5 起")
    night.locator(".choices input[data-value='蓼城街道']").check()  # within one filter choices widen
    assert sorted(ids(night)) == ["A-2", "A-4"]


@pytest.mark.parametrize(
    ("facet", "value", "found"),
    [
        ("kind", "village", ["A-3"]), ("crew", "P-1", ["A-1", "A-2"]), ("state", "out", ["A-4", "A-5"]),
        ("eta", "30", ["A-3"]), ("eta", "none", ["A-4", "A-5"]),
    ],
)  # fmt: skip
def test_filters_by_kind_responder_state_and_eta(night, facet, value, found):
    pick(night, facet, value)
    assert sorted(ids(night)) == found
    drawn = night.evaluate(
        "() => dispatchKit.marks.cases.drawn.map((one) => dispatchKit.plan.columns.id[one.at])"
    )
    assert sorted(drawn) == [one for one in found if one != "A-5"]  # the map follows; A-5 has no place


def test_the_filters_count_what_a_plain_loop_counts(pages):
    view = make_view.day(60, 7)
    with pages.open(view) as page:
        pick(page, "tier", "critical", "high")
        pick(page, "fraud", "loan", "investment")
        first = {}
        for route in view.routes:
            for stop in route.stops:
                first.setdefault(stop.case_id, route.responder_id)
        kinds = {one.id: one.kind for one in view.responders}
        page.click("[data-facet=kind]")
        told = dict(
            zip(
                page.locator(".choices span.grow").all_inner_texts(),
                page.locator(".choices small").all_inner_texts(),
                strict=True,
            )
        )
        for kind, word in (
            ("station", "派出所"),
            ("town", "镇街干部"),
            ("village", "村干部"),
            ("county", "县级专班"),
        ):
            wanted = [
                one.id for one in view.cases
                if one.tier in ("critical", "high")
                and one.fraud_type in ("loan", "investment")
                and kinds.get(first.get(one.id)) == kind
            ]  # fmt: skip
            assert int(told[word]) == len(wanted), kind


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("a-2", ["A-2", "A-2b"]), ("王", ["A-2"]), ("东关", ["A-3", "东关村干部"]),
        ("城关派出所一组", ["A-1", "A-2", "城关派出所一组"]), ("B-9", ["B-9"]), ("zzz", []),
    ],
)  # fmt: skip
def test_search_finds_by_id_name_place_and_responder_and_rows_that_are_no_case(night, asked, found):
    night.fill("#search", asked)
    assert sorted(night.locator("#results li strong").all_inner_texts()) == sorted(found)
    night.fill("#search", "")
    assert len(ids(night)) == 5


# replay


def test_the_replay_moves_crews_and_says_what_still_waits_and_what_it_costs(night):
    base = night.evaluate("() => dispatchKit.marks.crews.source.x[0]")
    night.locator("#time").fill("5")  # leaves at 0, arrives at 10
    moving = night.evaluate("() => dispatchKit.marks.crews.source.x[0]")
    assert (
        moving != base
        or night.evaluate("() => dispatchKit.replay.now.where[0].lat") > NIGHT.responders[0].lat
    )
    assert said(night, ".when-now") == "14:05"
    assert "尚等候 5 起" in said(night, ".replay-said")
    night.locator("#time").fill("30")  # A-1 met at 12, A-3 at 20
    assert "尚等候 3 起" in said(night, ".replay-said")
    assert "已见面 2" in said(night, ".replay-said")
    losing = night.evaluate("() => dispatchKit.replay.now.losing")
    # by hand, at 30 min: wait in full: (60,000 + 40,000 + 30,000) * 2/60 * e^-1
    assert losing == pytest.approx(130_000 * 2 / 60 * math.exp(-1), rel=1e-6)
    night.wait_for_timeout(150)
    rows = {
        row.locator("strong").inner_text(): row.inner_text() for row in night.locator("#results li").all()
    }
    assert "现场处置" in rows["A-1"]  # until 42
    assert "¥0/分钟" in rows["A-1"]
    night.click(".replay .now")
    assert night.evaluate("() => dispatchKit.marks.crews.source.x[0]") == base
    assert "拖动或播放" in said(night, ".replay-said")


def test_play_runs_and_pause_stops_it(night):
    night.click(".play")
    night.wait_for_function("() => Number(document.getElementById('time').value) > 0")
    night.click(".play")
    stands = night.locator("#time").input_value()
    night.wait_for_timeout(600)
    assert night.locator("#time").input_value() == stands
    assert night.locator(".play").get_attribute("aria-label") == "播放推演"


def test_a_crew_is_on_its_leg_in_between_and_at_the_door_after(night):
    there = night.evaluate("() => { const { plan, replay } = dispatchKit; return replay.at(15).where[0]; }")
    first = NIGHT.cases[0].places[0]
    assert (there["lon"], there["lat"]) == pytest.approx((first.lon, first.lat), abs=2e-5)
    assert there["moving"] is False
    half = night.evaluate("() => dispatchKit.replay.at(5).where[0]")
    assert half["moving"] is True
    assert make_view.WEST + 0.02 - 1e-6 <= half["lon"] <= first.lon + 1e-6


# address, language, keyboard


def test_the_address_keeps_everything_that_was_chosen(pages, night):
    pick(night, "fraud", "loan")
    night.fill("#search", "某")
    night.locator("#time").fill("45")
    night.click("#tab-out")
    night.click("li[data-case='3'] button.row")
    night.click("#language")
    night.wait_for_timeout(250)
    kept = night.url.split("#")[1]
    with pages.open(NIGHT, address="#" + kept) as page:
        assert page.evaluate("document.documentElement.lang") == "en"
        assert ids(page) == ["A-4"]
        assert page.input_value("#search") == "某"
        assert page.locator("[data-facet=fraud] b").inner_text().strip() == "1"
        assert said(page, ".card h3") == "A-4"
        assert page.locator("#time").input_value() == "45"


def test_a_nonsense_address_is_passed_over(pages):
    with pages.open(NIGHT, address="#case=%3Cb%3E&who=%00&tab=nonsense&tier=x~y&t=abc&view=a,b,c") as page:
        assert page.locator(".card").count() == 0
        assert len(ids(page)) == 5


def test_the_language_switch_changes_every_word_and_the_page_says_so(night):
    assert night.evaluate("document.documentElement.lang") == "zh-CN"
    night.click("#language")
    assert night.evaluate("document.documentElement.lang") == "en"
    assert "act now" in said(night, "#tab-now").lower()
    night.click("#tab-out")
    assert "no road leads to" in said(night, ".reason")
    chinese = night.evaluate(
        "() => [...document.querySelectorAll('#panel button, .legend span, .strip button')].map((one) => one.textContent)"
        ".filter((text) => /[\\u4e00-\\u9fff]/.test(text))"
    )
    given = ("城关", "东关", "沿河", "某", "中文", "村", "街道", "固始")
    assert [text for text in chinese if not any(word in text for word in given)] == []
    night.click("#language")
    assert "没有道路可达" in said(night, ".reason")


def test_the_keyboard_reaches_every_case_and_comes_back_to_its_row(night):
    night.focus("#tab-now")
    night.keyboard.press("ArrowRight")
    assert night.locator("#tab-routes").get_attribute("aria-selected") == "true"
    night.keyboard.press("ArrowLeft")
    night.locator("#results li button.row").first.focus()
    night.keyboard.press("ArrowDown")
    night.keyboard.press("Enter")
    second = ids(night)[1]
    assert said(night, ".card h3") == second
    assert (
        night.evaluate("document.activeElement.closest('li')?.querySelector('strong').textContent") == second
    )
    night.keyboard.press("Escape")
    assert night.locator(".card").count() == 0


def test_the_keyboard_walks_through_a_list_of_thousands(pages):
    with pages.open(make_view.day(2_000, 4)) as page:
        page.locator("#results li button.row").first.focus()
        for _ in range(40):
            page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.closest('li').getAttribute('aria-posinset')") == "41"
        assert page.locator("#results li").count() < 60


def test_a_mark_on_the_map_can_be_clicked(night):
    spot = night.evaluate(
        """() => { const at = map_plan.latLngToContainerPoint([32.13, 115.63]);
        const box = map_plan.getContainer().getBoundingClientRect(); return [box.x + at.x, box.y + at.y]; }"""
    )
    night.mouse.move(*spot)
    assert "A-3" in said(night, ".tip")
    night.mouse.click(*spot)
    assert said(night, ".card h3") == "A-3"


def test_links_to_navigation_stand_on_the_card_only_where_they_were_asked_for(pages, night):
    night.click("li[data-case='0'] button.row")
    assert night.locator(".card a").count() == 0
    links = (
        ("amap", "https://uri.amap.com/navigation?to=115.656,32.148"),
        ("geo", "geo:32.150000,115.650000"),
        ("bad", "javascript:alert(1)"),
    )
    one = replace(NIGHT.cases[0], places=(replace(NIGHT.cases[0].places[0], links=links),))
    with pages.open(replace(NIGHT, cases=(one, *NIGHT.cases[1:]))) as page:
        page.click("li[data-case='0'] button.row")
        assert page.locator(".card a").all_inner_texts() == ["高德", "本机地图"]
        for link in page.locator(".card a").all():
            assert "noreferrer" in link.get_attribute("rel")
            assert "A-1" not in link.get_attribute("href")
