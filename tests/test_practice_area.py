"""The practice area: plausible, connected, labelled, and the same bytes from the same sources."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from dispatch.intake.alerts import COLUMNS, read_alerts
from dispatch.intake.triage import triage, triage_rules
from dispatch.reasons import FRAUD_TYPES
from dispatch.roads.network import BACKWARD, CLASSES, FORWARD, Network

ROOT = Path(__file__).resolve().parent.parent
AREA = ROOT / "data" / "maoming"
SOURCES = ROOT.parent / "shared" / "data" / "maoming"
ZONE = "Asia/Shanghai"
AT = datetime(2026, 5, 1, 14, tzinfo=ZoneInfo(ZONE))


@pytest.fixture(scope="module")
def network() -> Network:
    return Network.read(AREA / "roads.npz")


@pytest.fixture(scope="module")
def gazetteer() -> pd.DataFrame:
    frame = pd.read_csv(AREA / "gazetteer.csv", dtype=str, keep_default_na=False)
    return frame.assign(lon=frame["lon"].astype(float), lat=frame["lat"].astype(float))


@pytest.fixture(scope="module")
def boundaries() -> gpd.GeoDataFrame:
    return gpd.read_file(AREA / "boundaries.geojson")


@pytest.fixture(scope="module")
def day():
    alerts = read_alerts(AREA / "alerts.csv", None, ZONE)
    return alerts, triage(alerts.rows, AT, triage_rules())


def parts(network: Network, bits: tuple[int, int], connection: str) -> np.ndarray:
    """The number of the connected part each junction is in."""
    forth, back = ((network.edge_access & bit) > 0 for bit in bits)
    tail = np.concatenate([network.edge_from[forth], network.edge_to[back]])
    head = np.concatenate([network.edge_to[forth], network.edge_from[back]])
    graph = csr_array((np.ones(len(tail)), (tail, head)), shape=(network.node_count,) * 2)
    return connected_components(graph, connection=connection)[1]


def main_part(network: Network, bits: tuple[int, int]) -> np.ndarray:
    part = parts(network, bits, "strong")
    return part == np.bincount(part).argmax()


def test_the_area_says_that_it_is_practice_data():
    area = tomllib.loads((AREA / "area.toml").read_text("utf-8"))
    assert area["synthetic"] is True
    assert area["attribution"] == "演练数据 / practice data"
    assert (area["schema"], area["language"], area["time_zone"]) == (1, "zh", ZONE)


def test_the_area_stays_under_six_megabytes():
    assert sum(file.stat().st_size for file in AREA.iterdir()) < 6_000_000


def test_its_counts_are_those_of_its_files(network, gazetteer):
    counts = tomllib.loads((AREA / "area.toml").read_text("utf-8"))["counts"]
    assert (counts["nodes"], counts["edges"]) == (network.node_count, network.edge_count)
    assert counts["village"] == gazetteer["level"].eq("village").sum()


def test_every_official_unit_is_there_once(gazetteer):
    levels = gazetteer["level"].value_counts()
    assert (levels["county"], levels["township"], levels["village"]) == (5, 127, 1917)
    assert gazetteer["code"].is_unique
    assert set(gazetteer["parent"]) - {""} <= set(gazetteer["code"])


def test_every_township_has_a_police_station(gazetteer):
    stations = gazetteer[gazetteer["name"].str.endswith("派出所") & gazetteer["level"].eq("police")]
    assert set(stations["parent"]) == set(gazetteer.loc[gazetteer["level"].eq("township"), "code"])


def test_every_place_lies_inside_the_township_it_belongs_to(gazetteer, boundaries):
    polygon = dict(zip(boundaries["code"], boundaries.geometry, strict=True))
    inside = gazetteer[gazetteer["parent"].str.len().eq(9)]
    for township, places in inside.groupby("parent"):
        held = shapely.contains_xy(polygon[township], places["lon"], places["lat"])
        assert held.all(), places.loc[~held, "name"].tolist()


def test_residents_add_up_to_those_of_the_county(gazetteer):
    people = gazetteer.assign(residents=pd.to_numeric(gazetteer["residents"]))
    villages = people[people["level"].eq("village")]
    by_county = villages["residents"].groupby(villages["code"].str[:6]).sum()
    counties = people[people["level"].eq("county")].set_index("code")["residents"]
    # every village is rounded to ten residents, at most 450 villages a county
    assert (by_county - counties).abs().max() <= 450 * 5


def test_town_borders_are_declared_synthetic_and_share_each_county_without_gaps(boundaries):
    metres = boundaries.to_crs("EPSG:32649").set_index("code")
    towns = metres[metres["level"].eq("township")]
    assert towns["synthetic"].astype(bool).all()
    for code, county in metres[metres["level"].eq("county")].iterrows():
        mine = towns[towns["parent"].eq(code)]
        assert mine.area.sum() == pytest.approx(county.geometry.area, rel=1e-4)
        assert mine.union_all().symmetric_difference(county.geometry).area < 2e-4 * county.geometry.area


def test_yangjiao_lies_in_maonan_as_the_newer_lists_say(gazetteer, boundaries):
    town = gazetteer[gazetteer["name"].eq("羊角镇")].iloc[0]
    polygon = dict(zip(boundaries["code"], boundaries.geometry, strict=True))
    assert town["parent"] == "440902"
    assert polygon["440902"].contains(shapely.Point(town["lon"], town["lat"]))
    assert not polygon["440904"].contains(shapely.Point(town["lon"], town["lat"]))


def test_there_are_twenty_thousand_junctions_of_every_rank(network):
    assert network.node_count >= 20_000
    used = {CLASSES[rank] for rank in np.unique(network.edge_class)}
    assert used >= {"motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential"}
    assert (network.edge_osm_id < 0).all()


def test_roads_hang_together_but_for_a_few_tracks(network):
    sizes = np.sort(np.bincount(parts(network, (16 | 4 | 1, 32 | 8 | 2), "weak")))[::-1]
    assert len(sizes) <= 6
    assert sizes[1:].max() <= 6


def test_a_car_gets_from_every_village_to_every_other_and_back(network, gazetteer):
    home = main_part(network, (FORWARD["car"], BACKWARD["car"]))
    at = np.column_stack([network.node_lon, network.node_lat])
    villages = gazetteer.loc[gazetteer["level"].eq("village"), ["lon", "lat"]].to_numpy()
    tree = shapely.STRtree(shapely.points(at[home]))
    _, away = tree.query_nearest(shapely.points(villages), return_distance=True, all_matches=False)
    assert away.max() < 0.004  # degrees, about 400 m


def test_one_way_streets_never_trap_a_car(network):
    home = main_part(network, (FORWARD["car"], BACKWARD["car"]))
    drivable = (network.edge_access & (FORWARD["car"] | BACKWARD["car"])) > 0
    one_way = drivable & (
        (network.edge_access & FORWARD["car"] > 0) != (network.edge_access & BACKWARD["car"] > 0)
    )
    assert one_way.sum() > 300
    assert home[network.edge_from[drivable]].all()
    assert home[network.edge_to[drivable]].all()


def test_only_main_roads_and_expressways_bridge_rivers(network):
    water = gpd.read_file(AREA / "water.geojson")
    rivers = water[water["kind"].eq("river")].geometry.union_all()
    lines = shapely.linestrings(
        np.column_stack([network.shape_lon, network.shape_lat]),
        indices=np.repeat(np.arange(network.edge_count), np.diff(network.shape_start)),
    )
    across = shapely.STRtree(lines).query(rivers, predicate="crosses")
    minor = np.isin(network.edge_class[across], [CLASSES.index("unclassified"), CLASSES.index("track")])
    main = network.edge_class[across] <= CLASSES.index("tertiary")
    # a winding village road may brush the bank of a river it never bridges
    assert main.sum() >= 30
    assert minor.sum() <= 0.2 * len(across)


def test_town_streets_carry_names_the_gazetteer_knows(network, gazetteer):
    streets = set(gazetteer.loc[gazetteer["level"].eq("street"), "name"])
    signed = {name for name in network.names if name.endswith(("路", "街"))}
    assert len(signed) > 100
    assert len(signed - streets) <= 0.02 * len(signed)


def test_crews_cover_every_kind_and_answer_for_every_place(gazetteer):
    crews = pd.read_csv(AREA / "responders.csv", dtype=str, keep_default_na=False)
    assert crews["responder_id"].is_unique
    kinds = crews["kind"].value_counts()
    assert (kinds["station"], kinds["town"], kinds["village"], kinds["county"]) == (254, 127, 1917, 5)
    assert {"free", "busy", "off"} == set(crews["status"])
    assert {"police", "female", "hakka"} <= set("、".join(crews["skills"]).split("、"))
    assert crews["phone"].str.fullmatch(r"1900000\d{4}").all()
    answers = pd.read_csv(AREA / "jurisdiction.csv", dtype=str, keep_default_na=False)
    units = gazetteer[gazetteer["level"].isin(["township", "village"])]
    assert set(answers["place"]) == set(units["code"])
    assert set(answers["officer"]) <= set(crews["responder_id"])


def test_crews_are_short_at_two_in_the_afternoon(day):
    crews = pd.read_csv(AREA / "responders.csv", dtype=str, keep_default_na=False)
    stations = crews[crews["kind"].eq("station")]
    ready = stations["status"].eq("free") & stations["shift_from"].isin(["08:00", "14:00"])
    needing = sum("police" in case.needs for case in day[1].cases)
    assert needing > ready.sum()


def test_the_day_has_some_three_hundred_cases_two_in_five_for_the_police(day):
    alerts, sorted_out = day
    assert 4_800 <= alerts.received <= 5_300
    assert 280 <= len(sorted_out.cases) <= 330
    assert sum("police" in case.needs for case in sorted_out.cases) >= 0.4 * len(sorted_out.cases)
    assert sorted_out.no_visit["code"].eq("PERSUADED").sum() > 0.5 * alerts.received


def test_the_sum_of_the_day_closes(day):
    alerts, sorted_out = day
    counted = (
        len(alerts.rejected) + len(sorted_out.not_yet) + len(sorted_out.no_visit) + len(sorted_out.cases)
    )
    assert alerts.received == counted


def test_every_column_fraud_type_tier_and_datum_occurs(day):
    alerts, sorted_out = day
    raw = pd.read_csv(AREA / "alerts.csv", dtype=str, keep_default_na=False)
    assert list(raw.columns) == [column.zh for column in COLUMNS]
    assert (raw != "").any().all()
    assert set(alerts.rows["fraud_type"]) == set(FRAUD_TYPES)
    assert {case.fraud_type for case in sorted_out.cases} == set(FRAUD_TYPES)
    assert {case.tier for case in sorted_out.cases} == {"critical", "high", "medium", "low"}
    assert set(raw["坐标系"]) >= {"WGS84", "GCJ02", "BD09", "CGCS2000"}
    assert set(raw["定位来源"]) >= {"家庭住址", "工作单位", "手机定位", "酒店", "亲属处"}


def test_the_bad_rows_and_only_they_are_rejected(day):
    alerts, _ = day
    raw = pd.read_csv(AREA / "alerts.csv", dtype=str, keep_default_na=False)
    bad = raw.index[raw["预警编号"].str.startswith("B") | raw["预警编号"].eq("")]
    assert list(alerts.rejected["row"]) == [row + 2 for row in bad]  # the headings are row 1
    assert len(bad) == 14


def test_no_telephone_is_outside_the_practice_block():
    raw = pd.read_csv(AREA / "alerts.csv", dtype=str, keep_default_na=False)
    assert raw["电话"].str.fullmatch(r"1900000[0-6]\d{3}").all()


@pytest.mark.slow
def test_the_same_sources_give_the_same_bytes(tmp_path):
    if not (SOURCES / "townships.csv").exists():
        pytest.skip(f"needs the lists in ../shared/data/maoming beside {ROOT.name}")
    command = [
        sys.executable,
        "tools/build_practice_area.py",
        "--sources",
        str(SOURCES),
        "--out",
        str(tmp_path),
    ]
    subprocess.run(command, cwd=ROOT, check=True)
    by_hand = {"closures.geojson"}  # the example of docs/closures.md
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in AREA.iterdir()} - by_hand
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (AREA / file.name).read_bytes(), file.name
