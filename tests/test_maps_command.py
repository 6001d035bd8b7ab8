"""`dispatch map`: from a plan folder alone, one responder's map holds nobody else's cases."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace

import make_view
import numpy as np
import pytest
from doors import run_dispatch

import maps
from dispatch.day.navigation import with_navigation
from dispatch.errors import BadInput, MissingInput, SchemaError
from maps.payload import plan_payload


def same(one, other) -> bool:
    """Whether two values of a view are equal, arrays and all."""
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if is_dataclass(one):
        return type(one) is type(other) and all(
            same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one)
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    return one == other


def test_a_view_comes_back_from_its_file_whole(tmp_path):
    view = make_view.night(warnings=(("注意", "mind"),))
    maps.write_view(view, tmp_path / "map.npz")
    people = {
        case.id: {"name": case.name, "phone": case.phone, "address": case.address, "note": case.note}
        for case in view.cases
    }
    assert same(maps.read_view(tmp_path / "map.npz", people), view)


def test_the_file_holds_no_name_and_no_phone_of_a_person(tmp_path):
    maps.write_view(make_view.night(), tmp_path / "map.npz")
    with np.load(tmp_path / "map.npz") as file:
        text = file["json"].tobytes().decode("utf-8")
    assert "钱某" not in text  # A-5, whom no instruction names
    assert "138****0001" not in text


def test_a_file_that_is_no_view_is_refused_in_one_sentence(tmp_path):
    path = tmp_path / "map.npz"
    with pytest.raises(MissingInput, match="dispatch plan"):
        maps.read_view(path, {})
    for content in (b"", b"PK\x03\x04 not really"):
        path.write_bytes(content)
        with pytest.raises(BadInput, match="plan again"):
            maps.read_view(path, {})
    for told, error in (
        ({"schema": 9}, SchemaError),
        ({"schema": 1, "view": {"is": "Popen"}}, BadInput),
        ({"schema": 1, "view": []}, BadInput),
    ):
        raw = np.frombuffer(json.dumps(told).encode(), np.uint8)
        np.savez(path, json=raw, counts=np.zeros(0, np.int64), points=np.empty((0, 2)))
        with pytest.raises(error):
            maps.read_view(path, {})


def test_a_responders_map_holds_its_cases_alone_and_its_own_sum():
    view = maps.for_responder(make_view.night(), "V-1")
    text = json.dumps(plan_payload(replace(view, basemap=maps.Basemap())), ensure_ascii=False, default=str)
    assert [case.id for case in view.cases] == ["A-3"]
    assert view.summary.closes
    assert (view.summary.received, view.summary.planned) == (1, 1)
    # A-3 alone: 50,000 yuan, 2/h, met at 20 min; nobody: 1 - e^-24, met: 1 - e^-(2/3)
    assert view.summary.averted_yuan == pytest.approx(50_000 * (np.exp(-2 / 3) - np.exp(-24)))
    for other in ("A-1", "A-2", "A-4", "王某", "城关派出所", "0376-000110", "C-7"):
        assert other not in text, other


def test_a_cadres_map_carries_the_instruction_with_least_in_it():
    view = make_view.night()
    cadre = replace(view.responders[0], kind="village")
    view = replace(view, responders=(cadre, *view.responders[1:]))
    assert maps.for_responder(view, "P-1").cases[0].instruction == "【指令 1/2】S-A-1"


def test_nobody_of_that_name_is_said_with_who_has_visits():
    with pytest.raises(BadInput, match="P-1, V-1"):
        maps.for_responder(make_view.night(), "P-9")


def test_links_are_in_each_providers_datum_and_name_no_case():
    view = with_navigation(make_view.night())
    for case in view.cases:
        for place in case.places:
            links = dict(place.links)
            assert links["geo"] == f"geo:{place.lat:.6f},{place.lon:.6f}"
            amap = [float(part) for part in links["amap"].split("to=")[1].split("&")[0].split(",")]
            baidu = [float(part) for part in links["baidu"].split("location=")[1].split("&")[0].split(",")]
            # GCJ-02 is 300 to 700 m away in China, BD-09 about a kilometre
            assert 0.002 < np.hypot(amap[0] - place.lon, amap[1] - place.lat) < 0.009
            assert 0.006 < np.hypot(baidu[1] - place.lon, baidu[0] - place.lat) < 0.02
            assert all(case.id not in link and case.name not in link for link in links.values())


@pytest.mark.slow
def test_the_command_needs_the_plan_folder_alone(practice_plan, tmp_path):
    plan, _ = practice_plan
    routes = json.loads((plan / "plan.json").read_text("utf-8"))["routes"]
    busiest = max(routes, key=lambda route: len(route["stops"]))
    out = tmp_path / "one.html"
    done = run_dispatch("map", plan, "--responder", busiest["responder_id"], "--out", out)
    assert done.returncode == 0, done.stderr
    assert f"{len({stop['case_id'] for stop in busiest['stops']})} cases, 1 routes" in done.stdout
    assert out.stat().st_mode & 0o777 == 0o600
    again = run_dispatch("map", plan, "--out", out)
    assert again.returncode == 1
    assert "--force" in again.stderr
    assert run_dispatch("map", plan, "--responder", "nobody", "--out", tmp_path / "x.html").returncode == 1
    assert not (tmp_path / "x.html").exists()
