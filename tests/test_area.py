"""Area folders: made, opened, described, refused; and the way to OSMnx and back."""

import json
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import osm_text
import osmnx
import pandas as pd
import pytest
import requests

from dispatch.area import (
    FILES,
    Area,
    describe,
    download_area,
    import_area,
    open_area,
    time_zone_of,
    utm_crs,
)
from dispatch.errors import BadInput, DispatchError, MissingInput, OutputExists, SchemaError
from dispatch.roads.extract import DROPPED
from dispatch.roads.travel import Travel
from dispatch.settings import data_folder

STORED = Path(__file__).parent / "stored" / "download.json"
ROAD = {"highway": "secondary", "name": "中心大道"}
# 甲镇 at 0 km and 乙镇 at 20 km of one road; a river lies between 丙村 and 甲镇 on the ground
NODES = {n: (0, 1000 * n) for n in range(21)} | {
    30: (6_000, 0), 31: (6_000, 20_000),
    101: (10, 0, {"place": "town", "name": "甲镇"}),
    102: (10, 20_000, {"place": "town", "name": "乙镇"}),
    103: (6_000, 500, {"place": "village", "name": "丙村"}),
    104: (20, 4_000, {"place": "village", "name": "丁村"}),
    105: (20, 100, {"amenity": "police", "name": "甲镇派出所"}),
    106: (20, 19_900, {"amenity": "police", "name": "乙镇派出所"}),
    107: (30, 18_000, {"tourism": "hotel", "name": "如家"}),
}  # fmt: skip
WAYS = [(1, list(range(21)), ROAD), (2, [30, 31], ROAD | {"name": "东路"}), (3, [31, 20], ROAD)]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """An area of two towns whose nearest-by-road is not their nearest."""
    folder = tmp_path_factory.mktemp("town")
    return import_area(osm_text.write(folder, NODES, WAYS), folder / "area")


def parents(area):
    names = area.gazetteer.set_index("code")["name"]
    table = area.gazetteer.set_index("name")["parent"].map(lambda code: names.get(code, ""))
    return table.to_dict()


def test_an_area_folder_has_its_files_and_opens_as_it_was_made(town):
    assert sorted(path.name for path in town.folder.iterdir()) == sorted(FILES)
    again = open_area(town.folder)
    assert (again.name, again.language, again.metric_crs) == ("town", "zh", "EPSG:32631")
    assert again.hash == town.hash
    pd.testing.assert_frame_equal(again.gazetteer, town.gazetteer)
    assert again.network.edge_count == town.network.edge_count


def test_without_outlines_a_place_belongs_to_the_nearest_town_by_road_not_as_the_crow_flies(town):
    found = parents(town)
    # 丙村 is 6 km from 甲镇 over the ground, but 46 km by road; 乙镇 is 26 km by road
    assert found["丙村"] == "乙镇"
    assert found["丁村"] == "甲镇"
    assert found["如家"] == "乙镇"


def test_each_place_is_answered_for_by_its_nearest_station_by_road(town):
    table = pd.read_csv(town.folder / "jurisdiction.csv", dtype=str, keep_default_na=False)
    station = dict(zip(table["place"], table["station"], strict=True))
    assert station["n103"] == "n106"
    assert station["n104"] == "n105"


def test_an_outline_decides_where_there_is_one(tmp_path):
    corners = {201: (-900, -900), 202: (7_000, -900), 203: (7_000, 9_000), 204: (-900, 9_000)}
    outline = {"boundary": "administrative", "admin_level": "8", "name": "甲镇"}
    county = {"boundary": "administrative", "admin_level": "6", "name": "子县"}
    ways = [*WAYS, (5, [201, 202, 203, 204, 201], outline)]
    wide = {301: (-2_000, -2_000), 302: (9_000, -2_000), 303: (9_000, 30_000), 304: (-2_000, 30_000)}
    ways.append((6, [301, 302, 303, 304, 301], county))
    area = import_area(osm_text.write(tmp_path, NODES | corners | wide, ways), tmp_path / "area")
    found = parents(area)
    assert found["丙村"] == "甲镇"
    assert found["甲镇"] == found["乙镇"] == "子县"
    codes = dict(zip(area.boundaries["name"], area.boundaries["code"], strict=True))
    assert codes == {"甲镇": "n101", "子县": "w6"}  # the outline takes the code of its named point
    assert area.boundaries.set_index("name").loc["甲镇", "parent"] == "w6"
    assert (area.gazetteer["name"] == "甲镇").sum() == 1


def test_the_same_extract_gives_the_same_bytes(town, tmp_path):
    twin = import_area(osm_text.write(tmp_path, NODES, WAYS), tmp_path / "area")
    assert twin.hash == town.hash


def test_an_area_that_is_there_is_replaced_only_by_force(tmp_path):
    extract = osm_text.write(tmp_path, NODES, WAYS)
    import_area(extract, tmp_path / "area", name="甲")
    with pytest.raises(OutputExists):
        import_area(extract, tmp_path / "area", name="乙")
    assert open_area(tmp_path / "area").name == "甲"
    assert import_area(extract, tmp_path / "area", name="乙", force=True).name == "乙"


def test_a_bad_extract_leaves_no_folder(tmp_path):
    bad = tmp_path / "bad.osm"
    bad.write_text("<osm", encoding="utf-8")
    with pytest.raises(BadInput):
        import_area(bad, tmp_path / "area")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.osm"]


def test_area_show_counts_what_was_dropped_and_says_what_is_guessed(tmp_path):
    ways = [*WAYS, (9, [1, 2], {"highway": "service", "access": "private"})]
    area = import_area(osm_text.write(tmp_path, NODES, ways), tmp_path / "area")
    chinese, english = describe(area), describe(area, "en")
    assert "禁止通行的道路（私有、禁行）: 1" in chinese
    assert "由道路行程最近的派出所负责" in chinese
    assert "ways without access (private, no): 1" in english
    assert "answered for by its nearest-by-road station" in english
    assert "police stations: 2" in english


BAN = (9, [("way", 1, "from"), ("node", 20, "via"), ("way", 3, "to")], {"type": "restriction"})
OVER_A_WAY = (8, [("way", 1, "from"), ("way", 2, "via"), ("way", 3, "to")], BAN[2])


@pytest.mark.parametrize(
    ("relations", "count", "note"),
    [
        ([], 0, "the source holds no turn restrictions"),
        ([(*BAN[:2], BAN[2] | {"restriction": "no_left_turn"})], 1, None),
        (
            [(*OVER_A_WAY[:2], BAN[2] | {"restriction": "no_u_turn"})],
            0,
            "a route may still turn: heed the signs",
        ),
    ],
)
def test_area_show_says_which_turns_are_restricted(tmp_path, relations, count, note):
    area = import_area(osm_text.write(tmp_path, NODES, WAYS, relations), tmp_path / "area")
    shown = describe(area, "en")
    assert f"turn restrictions: {count}\n" in shown
    assert [line for line in shown.splitlines() if "may still turn" in line or "source holds" in line] == (
        [line for line in shown.splitlines() if line.find(note) >= 0] if note else []
    )


def test_every_reason_for_dropping_has_its_words_in_both_languages():
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (Path(__file__).parents[1] / "dispatch" / "roads").glob("*.py")
    )
    counted = set(
        re.findall(r'"((?:turns|ways|nodes|unconnected|maxspeeds|shapes|places|outlines)_[a-z_]+)"', source)
    )
    assert counted == set(DROPPED)
    assert all(
        chinese != english and re.search("[\u4e00-\u9fff]", chinese) for chinese, english in DROPPED.values()
    )


def test_the_practice_area_says_it_is_one():
    if not (data_folder() / "maoming" / "area.toml").exists():
        pytest.skip("the practice area is not built")
    area = open_area("maoming")
    assert area.synthetic
    assert "演练数据" in describe(area)
    assert Travel(area.network, "car").snap(area.gazetteer[["lon", "lat"]].head(50)).edge.min() >= 0


def test_an_unknown_area_says_how_to_make_one(tmp_path):
    with pytest.raises(MissingInput, match="dispatch area import"):
        open_area(tmp_path / "gone")
    with pytest.raises(MissingInput):
        open_area("../data/maoming/../../etc")


FAULTS = {
    "schema": ("area.toml", lambda text: text.replace("schema = 1", "schema = 99"), SchemaError),
    "no TOML": ("area.toml", lambda text: text + "\n][", BadInput),
    "zone": ("area.toml", lambda text: text.replace("Asia/Shanghai", "../../etc/passwd").replace("Etc/GMT", "x/"), BadInput),
    "number": ("area.toml", lambda text: text.replace("junctions = ", "junctions = 'x' # "), BadInput),
    "no roads": ("roads.npz", lambda text: "not a zip", BadInput),
    "no header": ("gazetteer.csv", lambda text: "a,b\n1,2\n", BadInput),
    "nowhere": ("gazetteer.csv", lambda text: re.sub("village,[^,]+", "village,999", text), BadInput),
    "twice": ("gazetteer.csv", lambda text: text + text.splitlines()[1] + "\n", BadInput),
    "no JSON": ("boundaries.geojson", lambda text: "{", BadInput),
    "no features": ("water.geojson", lambda text: "[]", BadInput),
    "bad shape": ("water.geojson", lambda text: '{"features":[{"properties":{},"geometry":{"type":"Point"}}]}', BadInput),
    "deep": ("water.geojson", lambda text: "[" * 100_000, BadInput),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_damaged_area_folder_is_refused_in_one_line(town, tmp_path, fault):
    name, spoil, error = fault
    folder = tmp_path / "area"
    shutil.copytree(town.folder, folder)
    path = folder / name
    text = path.read_text(encoding="utf-8") if path.suffix != ".npz" else ""
    path.write_text(spoil(text), encoding="utf-8")
    with pytest.raises(error) as refusal:
        open_area(folder)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "name", [name for name in FILES if name not in ("responders.csv", "jurisdiction.csv")]
)
def test_a_missing_file_of_an_area_is_named(town, tmp_path, name):
    folder = tmp_path / "area"
    shutil.copytree(town.folder, folder)
    (folder / name).unlink()
    with pytest.raises(DispatchError, match=name):
        open_area(folder)


def test_a_name_cannot_break_out_of_area_toml(tmp_path):
    name = 'x"\nsynthetic = true\n[counts]\\ \u007f 名'
    area = import_area(osm_text.write(tmp_path, NODES, WAYS), tmp_path / "area", name=name)
    assert not area.synthetic
    assert area.name == 'x" synthetic = true [counts]\\ 名'
    assert tomllib.loads((area.folder / "area.toml").read_text(encoding="utf-8"))["schema"] == 1


def test_zones_and_metric_crs_follow_the_place():
    assert utm_crs(110.9, 21.6) == "EPSG:32649"
    assert utm_crs(-70.0, -33.0) == "EPSG:32719"
    assert time_zone_of(110.9, "zh") == "Asia/Shanghai"
    assert time_zone_of(25.0, "en") == "Etc/GMT-2"
    assert time_zone_of(1.0, "en") == "Etc/GMT"


@pytest.fixture
def servers(monkeypatch):
    """OpenStreetMap's servers as they once answered; anything else asked of the network fails."""
    stored = json.loads(STORED.read_text(encoding="utf-8"))

    def overpass(data):
        return stored["roads" if "highway" in data["data"] else "features"]

    monkeypatch.setattr(osmnx._overpass, "_overpass_request", overpass)
    monkeypatch.setattr(osmnx._nominatim, "_nominatim_request", lambda *_, **__: stored["place"])
    return stored


def test_a_download_makes_the_same_kind_of_area_as_an_import(servers, tmp_path):
    before = list(osmnx.settings.useful_tags_way)
    area = download_area("测试镇, 茂名市", tmp_path / "area")
    assert isinstance(area, Area)
    assert osmnx.settings.useful_tags_way == before
    assert area.name == "测试镇, 茂名市"
    assert set(area.gazetteer["level"]) == {"township", "village", "police", "hotel", "street"}
    assert parents(area)["东村"] == "测试镇"
    assert set(area.water["name"]) == {"镜湖", "清河"}
    assert area.boundaries["code"].tolist() == ["n21"]
    assert area.dropped == {"ways_without_access": 2}  # one way, an edge each way
    # the barrier on 人民路 stops cars: from its east end they go round by 滨海路, against nobody's one-way
    west, east = (
        [110.9 + 1000 / 110_574.27, 21.5 + 1000 / 110_574.27],
        [110.9 + 3000 / 110_574.27, 21.5 + 1000 / 110_574.27],
    )
    car, feet = Travel(area.network, "car"), Travel(area.network, "foot")
    assert car.path(east, west).metres > 5_000
    assert feet.path(east, west).metres == pytest.approx(1870, abs=20)
    assert np.isinf(car.matrix([west], [east])[0, 0]) or car.path(west, east).metres > 5_000


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectionError("no route to host\n(retry)"),
        osmnx._errors.InsufficientResponseError("Nominatim geocoder returned 0 results"),
        TypeError("Nominatim did not geocode query to a geometry of type (Multi)Polygon"),
    ],
)
def test_a_download_that_fails_says_so_in_one_line(monkeypatch, tmp_path, failure):
    def fail(*_, **__):
        raise failure

    monkeypatch.setattr(osmnx._nominatim, "_nominatim_request", fail)
    with pytest.raises(BadInput, match="could not download '某地'") as refusal:
        download_area("某地", tmp_path / "area")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "area").exists()
