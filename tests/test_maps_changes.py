"""What a re-plan changed, on the map: kept, masked, cut to one crew, shown, read out, printed."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO

import make_view
import numpy as np
import pytest
from map_pages import Pages, said

import maps
from dispatch.errors import SchemaError
from maps.redaction import redacted

HOSTILE = '</script><img src=x onerror="window.ran=1">{{7*7}}${window.ran=1}\u202e'
GONE = (make_view.WEST + 0.1012, make_view.SOUTH + 0.0553)


def change(sort, who, name, case, point, zh, en, **more):
    return maps.MapChange(sort, who, name, case, point, (zh, en), **more)


def spot(case):
    return (case.places[0].lon, case.places[0].lat)


def replanned(**over) -> maps.PlanView:
    """The night of `make_view` after a re-plan: one of every kind of change."""
    view = make_view.night()
    one, two, three = view.cases[:3]
    changes = (
        change("cancelled", "P-1", "城关派出所一组", "A-0", GONE, "警情 A-0（沿河村，原定 14:20）取消：电话已劝阻",
               "cancel case A-0 (沿河村, was 14:20): persuaded by phone", before=20.0),
        change("cancelled", "P-1", "城关派出所一组", "A-3", spot(three),
               "警情 A-3（东关村，原定 14:25）不用去，改由东关村干部负责",
               "leave case A-3 (东关村, was 14:25): 东关村干部 takes it", before=25.0, other_responder_id="V-1"),
        change("moved", "P-1", "城关派出所一组", "A-2", spot(two), "警情 A-2（蓼城街道）见面由 14:40 改为 15:00，推迟 20 分钟",
               "case A-2 (蓼城街道): meet at 15:00, not 14:40, 20 min later", before=40.0, after=60.0),
        change("added", "P-1", "城关派出所一组", "A-1", spot(one), "新增警情 A-1（特高危），秀水街道，14:12 前后见面",
               "new: case A-1 (critical), 秀水街道, meet at about 14:12", after=12.0),
        change("added", "V-1", "东关村干部", "A-3", spot(three), "接手警情 A-3（原由城关派出所一组负责），东关村，14:20 前后见面",
               "take over case A-3 from 城关派出所一组, 东关村, meet at about 14:20", after=20.0, other_responder_id="P-1"),
    )  # fmt: skip
    return replace(view, **({"changes": changes} | over))


# --- kept, masked, cut ----------------------------------------------------------------------


def test_changes_are_kept_with_the_view_and_one_written_before_there_were_any_is_read(tmp_path):
    view = replanned()
    maps.write_view(view, tmp_path / "map.npz")
    assert maps.read_view(tmp_path / "map.npz", {}).changes == view.changes
    with np.load(BytesIO((tmp_path / "map.npz").read_bytes())) as file:
        arrays = dict(file)
    told = json.loads(arrays["json"].tobytes())
    del told["view"]["changes"]
    for schema in (1, 3):
        arrays["json"] = np.frombuffer(json.dumps(told | {"schema": schema}).encode(), np.uint8)
        np.savez(tmp_path / f"schema-{schema}.npz", **arrays)
    assert maps.read_view(tmp_path / "schema-1.npz", {}).changes == ()
    with pytest.raises(SchemaError, match="schema 3, this version reads 1 to 2"):
        maps.read_view(tmp_path / "schema-3.npz", {})


def test_masked_sentences_hold_neither_the_person_nor_a_number():
    view = replanned()
    first = replace(view.changes[3], sentence=("见李某明 13812345678", "meet 李某明 13812345678"))
    view = replace(
        view,
        cases=(replace(view.cases[0], name="李某明"), *view.cases[1:]),
        changes=(first,),
    )
    (masked,) = redacted(view, "mask").changes
    assert "李某明" not in "".join(masked.sentence)
    assert "13812345678" not in "".join(masked.sentence)
    assert masked.point == first.point


def test_under_area_changes_are_where_their_places_are_shown_and_name_no_street():
    view = replanned()
    hidden = redacted(view, "area")
    places = {case.id: spot(case) for case in hidden.cases if case.places}
    for before, after in zip(view.changes, hidden.changes, strict=True):
        assert after.sentence == ("", "")
        assert after.point != before.point or before.case_id == "A-1"  # stands where its village's name does
        assert after.point == places.get(after.case_id, after.point)
    assert redacted(replace(view, cases=(), routes=()), "area").changes[0].point != GONE


def test_one_crews_map_has_what_that_crew_is_told_alone():
    assert [one.case_id for one in maps.for_responder(replanned(), "V-1").changes] == ["A-3"]
    assert maps.for_responder(replanned(), "P-2").changes == ()


# --- on the page ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages(chromium, tmp_path_factory):
    opened = Pages(chromium, tmp_path_factory.mktemp("changes"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def night():
    return replanned()


def test_the_list_is_what_the_operator_reads_out_crew_by_crew_in_both_languages(pages, night):
    with pages.open(night) as page:
        assert page.locator("#tab-changes[aria-selected=true] small").inner_text() == "5"
        assert page.locator(".crew-changes h3").all_inner_texts() == [
            "城关派出所一组 0376-000110",
            "东关村干部 0376-000222",
        ]
        told = page.locator(".crew-changes").first.locator("li")
        assert [one.splitlines()[-1] for one in told.all_inner_texts()] == [
            one.sentence[0] for one in night.changes[:4]
        ]
        page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.told = text; }; }")
        page.get_by_role("button", name="复制对东关村干部的播报").click()
        page.wait_for_function("() => window.told")
        assert page.evaluate("() => window.told") == f"东关村干部：{night.changes[4].sentence[0]}。"
        page.locator("#language").click()
        assert night.changes[0].sentence[1] in said(page, ".crew-changes li")
        assert page.locator(".change-mark").first.get_attribute("aria-label") == "cancelled · A-0"


def test_every_place_has_one_sign_told_apart_by_outline_and_picture(pages, night):
    with pages.open(night) as page:
        marks = page.locator(".change-mark")
        signs = [
            one.split("change-")[-1] for one in marks.evaluate_all("(all) => all.map((one) => one.className)")
        ]
        assert sorted(signs) == ["added", "cancelled", "handed", "later"]  # A-3 changed hands: one sign
        pictures = marks.evaluate_all(
            "(all) => all.map((one) => one.querySelector('svg > path').getAttribute('d'))"
        )
        assert len(set(pictures)) == 4
        page.locator(".legend summary").click()
        legend = said(page, ".legend")
        assert all(words in legend for words in ("新增 1", "移交 1", "推迟 1", "取消 1"))
        page.get_by_label("变更", exact=True).uncheck()
        assert marks.count() == 0


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_sign_and_its_line_lead_to_each_other(pages, night, size):
    with pages.open(night, size=size) as page:
        page.locator("#tab-routes").click()
        page.locator(".change-handed").dispatch_event("click")
        assert page.locator(".crew-changes li.chosen").count() == 2  # both crews' lines
        assert "接手警情 A-3" in said(page, ".card .told-anew li:nth-child(2)")
        page.locator(".card .close").click()
        page.locator(".crew-changes li").first.locator("button").click()
        assert "已不在本方案中" in said(page, ".card")
        assert page.locator(".change-mark.chosen").get_attribute("aria-label") == "取消 · A-0"
        page.wait_for_function("() => location.hash.includes('changed=A-0')")
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    with pages.open(night, size=size, address="#tab=changes&changed=A-0") as page:
        assert page.locator(".change-mark.chosen").count() == 1


def test_filters_and_search_leave_the_changes_of_what_they_show(pages, night):
    with pages.open(night) as page:
        page.fill("#search", "东关村干部")
        assert page.locator(".crew-changes li").count() == 2  # both are of the case it goes to
        page.fill("#search", "")
        page.locator('[data-facet="tier"]').click()
        page.locator('[data-value="critical"]').check()
        assert [one.splitlines()[-1] for one in page.locator(".crew-changes li").all_inner_texts()] == [
            night.changes[3].sentence[0]
        ]


def test_paper_has_every_crew_and_the_signs(pages):
    view = replanned()
    many = tuple(
        replace(view.changes[3], responder_id=f"X-{at}", responder=f"第 {at} 组") for at in range(70)
    )
    with pages.open(replace(view, changes=many)) as page:
        assert page.locator(".crew-changes").count() == 60
        page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert page.locator(".crew-changes").count() == 70
        assert page.locator(".change-mark").first.is_visible()
        page.emulate_media(media="screen")


def test_without_sentences_the_page_says_what_happened_in_its_own_words(pages, night):
    with pages.open(redacted(night, "area")) as page:
        assert "警情 A-2，推迟，14:40 → 15:00" in said(page, ".crew-changes li:nth-child(3)")


def test_a_plan_that_changes_nothing_has_no_list_of_changes_and_no_word_runs(pages, night):
    with pages.open(replace(night, changes=())) as page:
        assert page.locator("#tab-changes").count() == 0
        assert page.locator("#tab-now[aria-selected=true]").count() == 1
    bad = replace(night.changes[0], responder=HOSTILE, case_id=HOSTILE, sentence=(HOSTILE, HOSTILE))
    with pages.open(replace(night, changes=(bad,))) as page:
        page.locator(".crew-changes li button").click()
        assert page.locator("#panel img, .card img, .change-mark img").count() == 0
        assert page.evaluate("() => window.ran") is None
