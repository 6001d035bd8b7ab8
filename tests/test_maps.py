"""What the maps promise without a browser: the file, its policy, its assets, its data block."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from datetime import datetime

import folium
import folium.plugins
import make_view
import numpy as np
import pytest

import maps
from dispatch.errors import BadInput
from maps.pack import pack_lines, pack_roads
from maps.page import manifest, read_page, stand_in
from maps.payload import plan_payload
from tools import vendor_assets


def html(view=None) -> str:
    return maps.plan_map(view or make_view.view()).get_root().render()


def test_lines_come_back_to_the_metre():
    lines = [np.array([[115.7, 32.1], [115.70123, 32.10456]]), np.array([[115.6, 32.0]])]
    packed = pack_lines(lines)
    points = np.cumsum(packed["points"].values.reshape(-1, 2), axis=0) / 1e5
    assert packed["counts"].values.tolist() == [2, 1]
    assert np.allclose(points, np.concatenate(lines), atol=1e-5)


def test_pieces_of_one_street_become_one_line_and_other_streets_do_not():
    a, b, c, d = np.array([0.0, 0.0]), np.array([0.01, 0]), np.array([0.02, 0]), np.array([0.03, 0])
    lines = [np.array([a, b]), np.array([b, c]), np.array([c, d]), np.array([b, d])]
    packed = pack_roads(make_view.roads(lines, [2, 2, 2, 5], ["东街", "东街", "西街", ""]))
    assert packed["counts"].values.tolist() == [3, 2, 2]  # a-b-c of 东街, c-d of 西街, b-d nameless
    assert np.cumsum(packed["ranks"].values).tolist() == [2, 2, 5]
    assert [
        packed["names"][number] if number >= 0 else "" for number in np.cumsum(packed["name"].values)
    ] == [
        "东街",
        "西街",
        "",
    ]


def test_no_roads_are_packed_as_no_roads():
    assert pack_roads(maps.Roads.none())["counts"].values.tolist() == []


def test_a_plan_map_is_a_folium_map():
    assert isinstance(maps.plan_map(make_view.view()), folium.Map)


def test_the_same_view_gives_the_same_bytes():
    assert html() == html()


def test_rendering_twice_adds_nothing():
    plan = maps.plan_map(make_view.view())
    assert plan.get_root().render() == plan.get_root().render()


def test_the_file_is_its_owners_alone_and_leaves_nothing_beside_it(tmp_path):
    target = tmp_path / "map.html"
    target.write_text("old")
    target.chmod(0o644)
    maps.write_map(maps.plan_map(make_view.view()), target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["map.html"]


def test_a_map_that_cannot_be_written_leaves_the_old_one_whole(tmp_path):
    target = tmp_path / "map.html"
    target.write_text("old")
    plan = maps.plan_map(make_view.view())
    folium.plugins.Fullscreen().add_to(plan)
    with pytest.raises(BadInput, match="would fetch"):
        maps.write_map(plan, target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["map.html"]


def test_a_plain_folium_map_is_refused_because_it_fetches(tmp_path):
    with pytest.raises(BadInput, match=r"maps\.plan_map"):
        maps.write_map(folium.Map(), tmp_path / "map.html")


def test_the_page_names_no_address():
    page = html()
    for data in re.findall(r"data:image/png;base64,[\w+/=]+", page):
        page = page.replace(data, "")
    addresses = set(re.findall(r"""(?:src|href)\s*=\s*["']?(?!data:|#)[^"'\s>]+""", page.split("<body>")[0]))
    assert not addresses
    assert not re.search(r"url\((?!data:|#|[\"']?\s*\+)[^)]", page.split("<script>")[0])


def test_the_policy_forbids_everything_but_the_file_itself():
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html())[1]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules.pop("default-src") == "'none'"
    assert rules.pop("img-src") == "data: blob:"
    assert set(rules) == {"script-src", "style-src", "base-uri", "form-action"}
    sources = f"{rules['script-src']} {rules['style-src']}".split()
    assert all(re.fullmatch(r"'sha256-[\w+/]{43}='", source) for source in sources)


def test_the_page_says_its_language_and_lets_it_be_enlarged():
    assert '<html lang="zh-CN">' in html()
    assert '<html lang="en">' in html(make_view.view(language="en"))
    viewport = re.search(r'name="viewport" content="([^"]+)"', html())[1]
    assert "maximum-scale" not in viewport
    assert "user-scalable" not in viewport


@pytest.mark.parametrize("address", [url for _, url in (*folium.Map.default_js, *folium.Map.default_css)])
def test_folium_adds_no_address_the_manifest_does_not_know(address):
    stand_in(address)  # raises for one it does not know


def test_an_address_nobody_knows_is_refused_by_name():
    with pytest.raises(BadInput, match="strange.js"):
        stand_in("somewhere/strange.js")


def test_vendored_files_are_those_that_were_fetched():
    assert vendor_assets.faults() == []
    for package in manifest()["packages"]:
        assert any("LICEN" in name for name in package["files"]), package["name"]


def test_a_layer_with_template_text_is_not_run_in_python(tmp_path):
    plan = maps.plan_map(make_view.view())
    folium.Marker([32.1, 115.6], tooltip="{{ 7 * 7 }}").add_to(plan)
    maps.write_map(plan, tmp_path / "map.html")
    assert "{{ 7 * 7 }}" in (tmp_path / "map.html").read_text("utf-8")


def test_a_layer_whose_text_folium_cannot_take_is_refused_in_one_line():
    plan = maps.plan_map(make_view.view())
    folium.Marker([32.1, 115.6], tooltip="{% evil %}").add_to(plan)
    with pytest.raises(BadInput, match="templates read as code"):
        plan.get_root().render()


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        make_view.view(at=datetime(2026, 5, 1, 14, 0))


def test_a_sum_that_does_not_close_is_not_called_closed():
    assert make_view.summary().closes
    assert not make_view.summary(received=99).closes


def test_places_and_stops_keep_their_order_and_their_case():
    view = make_view.day(12, 3)
    payload = plan_payload(view)
    for number, route in enumerate(view.routes):
        stops = [at for at, of in enumerate(payload["stops"]["route"]) if of == number]
        assert [payload["stops"]["id"][at] for at in stops] == [stop.id for stop in route.stops]
        assert [view.cases[payload["stops"]["case"][at]].id for at in stops] == [
            s.case_id for s in route.stops
        ]
    assert payload["places"]["case"].count(0) == len(view.cases[0].places)


def test_outlines_are_taken_from_any_geometry():
    ring = [(0, 0), (1, 0), (1, 1), (0, 0)]
    polygon = {"type": "Polygon", "coordinates": [ring, ring]}
    both = {"type": "GeometryCollection", "geometries": [polygon, {"type": "Point", "coordinates": (0, 0)}]}
    assert [line.shape for line in maps.outline_lines(both)] == [(4, 2), (4, 2)]
    assert len(maps.outline_lines({"type": "MultiPolygon", "coordinates": [[ring], [ring]]})) == 2
    assert maps.outline_lines({"type": "LineString", "coordinates": [(0, 0, 9), (1, 1, 9)]})[0].shape == (
        2,
        2,
    )


def test_blank_personal_data_are_nowhere_in_the_file():
    view = make_view.view()
    bare = replace(view, cases=tuple(replace(one, name="", phone="") for one in view.cases))
    assert "李某" in str(plan_payload(view))
    assert "李某" not in str(read_page(html(bare)))
