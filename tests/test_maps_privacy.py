"""What a map's reader may learn: nothing that was masked or moved is in the file, nothing at all without the passphrase."""

from __future__ import annotations

import json
import re
import stat
from dataclasses import fields, replace

import folium
import make_view
import numpy as np
import pytest
from doors import DAY, run_dispatch

import maps
from dispatch.errors import BadInput
from maps.page import read_page
from maps.redaction import CELL_METRES, METRES_PER_DEGREE, VILLAGE_METRES, redacted
from maps.secret import ITERATIONS, Sealed, seal, unseal
from maps.view import MapCase, MapChange, MapPlace, MapResponder, MapRoute, MapRow, MapStop

PHRASE = "雨夜 摩托 青山 渡口"

TREATED = {
    MapCase: {
        "as they are": {
            "id", "tier", "fraud_type", "hazard_per_hour", "hold_until_minutes", "hold_fraction", "due_minutes",
            "late_yuan_per_minute", "warnings", "needs", "duty_id", "county", "town",
        },
        "personal": {
            "places", "name", "phone", "address", "note", "reasons", "left_out", "why", "obvious", "instruction",
            "cadre_instruction", "review", "stake_yuan", "amount_yuan", "price_yuan", "review_yuan",
        },
    },
    MapPlace: {
        "as they are": {"id", "probability", "source", "age_minutes"},
        "personal": {"lon", "lat", "radius_metres", "label", "why", "links"},
    },
    MapStop: {
        "as they are": {
            "id", "case_id", "place_id", "drive_minutes", "arrive", "contact", "leave", "earliest", "latest",
            "wait_minutes", "search_minutes", "state", "partner_id", "leads",
        },
        "personal": {"leg", "leg_metres"},
    },
    MapRoute: {"as they are": {"responder_id", "home", "averted_yuan"}, "personal": {"stops", "home_leg"}},
    MapChange: {
        "as they are": {
            "sort", "responder_id", "responder", "case_id", "before", "after", "other_responder_id",
        },
        "personal": {"point", "sentence"},
    },
    MapRow: {"as they are": {"id", "part", "case_id"}, "personal": {"why"}},
    MapResponder: {
        "as they are": {
            "id", "kind", "name", "lon", "lat", "profile", "status", "shift", "rest", "free_at_minutes",
            "jurisdiction", "areas", "base",
        },
        "personal": {"phone"},
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", TREATED, ids=lambda kind: kind.__name__)
def test_every_field_of_a_view_is_known_to_redaction(kind):
    known = TREATED[kind]["as they are"] | TREATED[kind]["personal"]
    assert {field.name for field in fields(kind)} <= known, "say in maps/redaction.py what becomes of it"


PERSONAL = ("王小明", "13812345678", "水东街道海滨路88号", "银行卡6222020200112233445", "三单元502")


def telling_view() -> maps.PlanView:
    """A plan in which every text of a case names its person, phone and door."""
    view = make_view.view()
    name, phone, address, card, _ = PERSONAL
    said = f"{name} {phone} {address}"
    home = replace(
        view.cases[0].places[0], lon=make_view.WEST + 0.05321, lat=make_view.SOUTH + 0.05432,
        label=address, why=(said, said),
    )  # fmt: skip
    if "links" in {field.name for field in fields(MapPlace)}:
        home = replace(home, links=(("geo", f"geo:{home.lat},{home.lon}"),))
    known = {field.name: field.type for field in fields(MapCase)}
    texts = {"reasons", "left_out", "why", "obvious", "instruction", "cadre_instruction", "review"} & set(
        known
    )
    many = {"reasons", "why", "review"}
    case = replace(
        view.cases[0], name=name, phone=phone, address=address, note=f"{card} 三单元502",
        places=(home,), amount_yuan=123_456.0, stake_yuan=98_765.0,
        **{key: _text(known[key], said, key in many) for key in texts},
    )  # fmt: skip
    stop = make_view.stop(case)
    route = replace(view.routes[0], stops=(stop,), home_leg=stop.leg[::-1])
    return replace(view, cases=(case, view.cases[1]), routes=(route,))


def _text(kind, said, many):
    if many:
        return ((said, said),)
    return said if str(kind) == "str" else (said, said)


def held(view, how) -> str:
    """All a file holds, as text."""
    return str(read_page(maps.plan_map(redacted(view, how)).get_root().render()))


def test_without_redaction_the_dispatcher_sees_whom_to_visit():
    text = held(telling_view(), "none")
    assert all(personal in text for personal in PERSONAL)


@pytest.mark.parametrize("how", ["mask", "area"])
def test_masked_names_phones_doors_and_cards_are_nowhere_in_the_file(how):
    text = held(telling_view(), how)
    assert not [personal for personal in PERSONAL[:4] if personal in text]
    assert "6222020200112233445" not in text
    assert ("王*明" in text) == (how == "mask")  # under area not even that
    assert ("138****5678" in text) == (how == "mask")


def test_a_note_is_gone_under_area():
    assert "三单元" not in held(telling_view(), "area")


def points(view):
    payload = read_page(maps.plan_map(view).get_root().render())
    lines = [payload["stops"]["legs"], payload["routes"]["home_legs"]]
    drawn = [np.cumsum(np.array(one["points"]).reshape(-1, 2), axis=0) / 1e5 for one in lines]
    return np.concatenate([np.column_stack([payload["places"]["lon"], payload["places"]["lat"]]), *drawn])


def metres(points_, place):
    scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(place.lat)), 1.0])
    return np.hypot(*((points_ - [place.lon, place.lat]) * scale).T)


@pytest.mark.parametrize("labels", [True, False], ids=["villages", "cells"])
def test_under_area_no_point_of_the_file_lies_where_anyone_lives_and_the_circle_still_holds_it(labels):
    view = make_view.day(60, 8)
    if not labels:
        view = replace(view, basemap=replace(view.basemap, labels=()))
    moved = redacted(view, "area")
    shown = points(moved)
    serving = {stop.case_id for route in view.routes for stop in route.stops}
    homes = {(label.lon, label.lat) for label in view.basemap.labels}
    for case, after in zip(view.cases, moved.cases, strict=True):
        for true, seen in zip(case.places, after.places, strict=True):
            assert metres(shown, true).min() > 2 or case.id not in serving
            away = metres(np.array([[seen.lon, seen.lat]]), true)[0]
            assert away <= seen.radius_metres
            assert away <= (VILLAGE_METRES if (seen.lon, seen.lat) in homes else CELL_METRES)
            assert (seen.lon, seen.lat) != (true.lon, true.lat)


def test_under_area_the_road_to_a_door_is_cut_off_a_cell_before_it():
    view = telling_view()
    door = view.cases[0].places[0]
    stop = redacted(view, "area").routes[0].stops[0]
    seen = redacted(view, "area").cases[0].places[0]
    own = [point for point in stop.leg.tolist() if point != [seen.lon, seen.lat]]
    assert own
    assert metres(np.array(own), door).min() > CELL_METRES
    assert stop.leg_metres == 5_000  # 5,200 m to the kilometre


def test_under_area_two_neighbours_are_shown_at_one_point():
    near = make_view.place("A-9", make_view.WEST + 0.0501, make_view.SOUTH + 0.0502)
    view = make_view.view(cases=(make_view.case(), make_view.case("A-9", places=(near,))), routes=())
    one, other = redacted(view, "area").cases
    assert (one.places[0].lon, one.places[0].lat) == (other.places[0].lon, other.places[0].lat)


def test_under_area_sums_of_money_keep_two_digits():
    case = redacted(telling_view(), "area").cases[0]
    assert (case.amount_yuan, case.stake_yuan) == (120_000, 99_000)


def test_masking_twice_changes_nothing_more():
    once = redacted(telling_view(), "mask")
    assert str(redacted(once, "mask")) == str(once)


def test_a_way_of_redaction_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="'none', 'mask' or 'area'"):
        redacted(make_view.view(), "some")


def test_what_was_sealed_is_opened_by_its_phrase_alone():
    sealed = seal(b"who and where", PHRASE)
    assert unseal(sealed, PHRASE) == b"who and where"
    with pytest.raises(BadInput, match="does not open"):
        unseal(sealed, PHRASE + " ")
    with pytest.raises(BadInput, match="was changed"):
        unseal(replace(sealed, data=sealed.data[:-1] + bytes([sealed.data[-1] ^ 1])), PHRASE)
    with pytest.raises(BadInput, match="was changed"):
        unseal(replace(sealed, about="another kind"), PHRASE)


def test_two_seals_of_the_same_data_share_no_salt_no_nonce_and_no_bytes():
    one, other = seal(b"x" * 64, PHRASE), seal(b"x" * 64, PHRASE)
    assert one.salt != other.salt
    assert one.nonce != other.nonce
    assert one.data != other.data
    assert one.iterations == ITERATIONS >= 600_000
    assert len(one.salt) == 16
    assert len(one.nonce) == 12


def test_the_same_phrase_typed_with_other_code_points_opens_too():
    assert unseal(seal(b"x", "caf\u00e9 de nuit"), "cafe\u0301 de nuit") == b"x"


def test_a_header_gives_the_seal_back():
    sealed = seal(b"x", PHRASE)
    assert Sealed.of(sealed.header(), sealed.data) == sealed


def test_a_short_passphrase_is_refused():
    with pytest.raises(BadInput, match="7 characters, expected at least 8"):
        seal(b"x", "1234567")


def test_a_sealed_file_tells_nothing_in_clear(tmp_path):
    view = make_view.view(watermark="张警官 · 2026-05-01", synthetic=True)
    maps.write_map(maps.plan_map(view), tmp_path / "map.html", passphrase=PHRASE)
    text = (tmp_path / "map.html").read_text("utf-8")
    body = re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL)
    for secret in ("A-1", "固始", "李某", "115.6", "张警官", "critical", PHRASE):
        assert secret not in body
    with pytest.raises(BadInput, match="passphrase is needed"):
        read_page(text)
    assert read_page(text, PHRASE)["area"] == "固始县"


def test_a_layer_that_would_stand_in_clear_beside_sealed_data_is_refused(tmp_path):
    plan = maps.plan_map(make_view.view())
    folium.Marker([32.1, 115.6], tooltip="岗亭").add_to(plan)
    with pytest.raises(BadInput, match="in clear beside the sealed data"):
        maps.write_map(plan, tmp_path / "map.html", passphrase=PHRASE)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def door(chromium, tmp_path):
    """A sealed map opened offline from its file; the page and what went wrong on it."""
    maps.write_map(maps.plan_map(make_view.view()), tmp_path / "map.html", passphrase=PHRASE)
    context = chromium.new_context(offline=True, reduced_motion="reduce")
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda told: faults.append(told.text) if told.type in ("error", "warning") else None)
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(("file:", "data:", "blob:")) else faults.append(asked.url),
    )
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_selector("#passphrase")
    yield page
    assert faults == []
    context.close()


@pytest.mark.needs("chromium")
def test_a_wrong_phrase_says_so_and_the_right_one_opens_the_map(door):
    assert "已加密" in door.title()
    assert "固始" not in door.content()
    door.fill("#passphrase", "雨夜 摩托 青山 渡船")
    door.keyboard.press("Enter")
    door.locator("[role=alert]", has_text="口令不对").wait_for()
    assert door.locator("#results li").count() == 0
    door.fill("#passphrase", PHRASE)
    door.keyboard.press("Enter")
    door.wait_for_selector("#results li")
    assert "固始县" in door.title()
    assert door.locator("#passphrase").count() == 0
    assert PHRASE not in door.content()


@pytest.mark.needs("chromium")
def test_a_damaged_file_says_so_instead_of_showing_nothing(chromium, tmp_path):
    maps.write_map(maps.plan_map(make_view.view()), tmp_path / "map.html")
    text = (tmp_path / "map.html").read_text("utf-8")
    start = text.index('id="data">') + 900
    (tmp_path / "map.html").write_text(text[:start] + "AAAA" * 40 + text[start + 160 :], "utf-8")
    page = chromium.new_page()
    page.goto((tmp_path / "map.html").as_uri())
    page.locator("#gate", has_text="文件已损坏").wait_for()
    page.close()


@pytest.mark.needs("chromium")
def test_the_watermark_lies_over_the_map_and_on_paper_and_takes_no_clicks(chromium, tmp_path):
    maps.write_map(
        maps.plan_map(make_view.view(watermark="张警官 · 2026-05-01 14:00")), tmp_path / "map.html"
    )
    page = chromium.new_page()
    page.goto((tmp_path / "map.html").as_uri())
    mark = page.locator(".watermark")
    mark.wait_for()
    assert "张警官 · 2026-05-01 14:00" in mark.inner_text()
    assert mark.evaluate("(one) => getComputedStyle(one).pointerEvents") == "none"
    page.emulate_media(media="print")
    assert mark.is_visible()
    page.close()


@pytest.mark.slow
def test_the_practice_day_for_readers_who_must_find_nobody(tmp_path, monkeypatch):
    monkeypatch.setenv("DISPATCH_PASSPHRASE", PHRASE)
    out = tmp_path / "plan"
    done = run_dispatch(
        "plan", DAY, "--area", "maoming", "--at", "2026-05-01T14:00", "--out", out, "--policy", "nearest",
        "--redact", "area", "--passphrase", "--watermark", "张警官",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert PHRASE not in done.stdout + done.stderr
    assert stat.S_IMODE((out / "map.html").stat().st_mode) == 0o600
    held_ = read_page((out / "map.html").read_text("utf-8"), PHRASE)
    assert held_["watermark"].startswith("张警官 · 20")
    text = json.dumps(held_, ensure_ascii=False)
    people = json.loads((out / "people.json").read_text("utf-8"))
    personal = {person.get(key) for person in people.values() for key in ("name", "phone", "address", "note")}
    assert len(personal) > 300
    assert not [one for one in personal if one and len(one) > 1 and one in text]
    problem = (out / "plan.json").read_text("utf-8")
    doors = {(place["lon"], place["lat"]) for case in json.loads(problem)["cases"] for place in case["places"]
             if place["radius_metres"] <= 100 and place["level"] == "point"}  # fmt: skip
    shown = set(zip(held_["places"]["lon"], held_["places"]["lat"], strict=True))
    assert len(doors) > 100
    assert not doors & shown


def test_a_passphrase_is_never_waited_for_where_there_is_nobody_to_ask(tmp_path, monkeypatch):
    monkeypatch.delenv("DISPATCH_PASSPHRASE", raising=False)
    options = ("--area", "maoming", "--at", "2026-05-01T14:00", "--out", tmp_path / "plan", "--passphrase")
    done = run_dispatch("plan", DAY, *options)
    assert done.returncode == 1
    assert "DISPATCH_PASSPHRASE is not set" in done.stderr
    assert not (tmp_path / "plan").exists()
