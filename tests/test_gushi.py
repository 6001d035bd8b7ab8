"""A real county, end to end: Gushi's roads, its towns and villages, its police stations."""

import csv
import json
import random

import geopandas as gpd
import pandas as pd
import pytest
from doors import run_dispatch

from dispatch.planfile import read_plan
from dispatch.rules import audit

TYPES = ["冒充公检法", "刷单返利", "投资理财", "冒充客服", "网贷", "杀猪盘"]


@pytest.fixture(scope="module")
def gushi(tmp_path_factory, shared_data):
    """The area folder of Gushi county, imported through the command line."""
    area = tmp_path_factory.mktemp("gushi") / "area"
    done = run_dispatch(
        "area", "import", shared_data / "roads" / "gushi.osm.pbf", "--out", area, "--name", "固始县"
    )
    assert done.returncode == 0, done.stderr
    return area


@pytest.fixture(scope="module")
def planned(gushi):
    """Sixty alerts at Gushi's own towns and villages, planned for a Friday afternoon."""
    folder = gushi.parent
    write_alerts(gushi / "gazetteer.csv", folder / "alerts.csv")
    done = run_dispatch(
        "plan", folder / "alerts.csv", "--area", gushi, "--at", "2026-05-01T15:00", "--out", folder / "plan",
        "--iterations", "30", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "plan", json.loads(done.stdout)


def write_alerts(gazetteer, path, count=60, seed=7):
    """Alerts by address at named towns and villages; names and numbers are invented."""
    rng = random.Random(seed)
    places = pd.read_csv(gazetteer, dtype=str)
    named = places[places.level.isin(["township", "village"])].name.tolist()
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(
            [
                "预警编号",
                "预警时间",
                "预警等级",
                "诈骗类型",
                "姓名",
                "电话",
                "地址",
                "涉险金额",
                "拨打次数",
                "联系结果",
            ]
        )
        for number in range(count):
            out.writerow(
                [
                    f"GS-{number:03d}",
                    f"2026-05-01 {rng.randint(12, 14)}:{rng.randint(0, 59):02d}",
                    rng.choice(["特高危", "高危", "高危", "中危"]),
                    rng.choice(TYPES),
                    f"测试{number}",
                    f"190000{number:05d}",
                    "固始县" + rng.choice(named),
                    rng.randint(5, 60) * 10_000,
                    rng.randint(3, 6),
                    rng.choice(["未接", "占线", "关机", "不信"]),
                ]
            )


def test_an_import_says_what_it_kept_and_what_it_dropped(gushi):
    shown = run_dispatch("area", "show", gushi)
    assert shown.returncode == 0, shown.stderr
    assert "固始县" in shown.stdout
    assert "OpenStreetMap" in shown.stdout


def test_sixty_alerts_are_planned_and_the_sum_closes(planned):
    _, summary = planned
    parts = ("rejected_rows", "not_yet", "no_visit_needed", "visited", "left_out")
    assert summary["received"] == 60 == sum(summary[part] for part in parts)
    assert summary["visited"] >= 15


def test_the_plan_of_gushi_passes_the_audit(planned):
    out, _ = planned
    file = read_plan(out)
    assert audit(file.problem, file.plan) == []
    assert file.area["synthetic"] is False


def test_crews_start_from_the_real_police_stations(planned, gushi):
    out, _ = planned
    stations = pd.read_csv(gushi / "gazetteer.csv", dtype=str).query("level == 'police'")
    assert len(stations) == 6  # of eight police nodes, six are named as stations
    crews = gpd.read_file(out / "plan.gpkg", layer="responders").query("kind == 'station'")
    known = {(round(float(row.lon), 5), round(float(row.lat), 5)) for row in stations.itertuples()}
    assert {(round(point.x, 5), round(point.y, 5)) for point in crews.geometry} <= known
    assert (crews.visits > 0).any()


def test_cases_stand_inside_the_county_and_routes_follow_its_roads(planned):
    out, _ = planned
    cases = gpd.read_file(out / "plan.gpkg", layer="cases")
    assert cases.geometry.x.between(115.3, 116.0).all()
    assert cases.geometry.y.between(31.7, 32.6).all()
    routes = gpd.read_file(out / "plan.gpkg", layer="routes")
    assert routes.geometry.apply(lambda line: len(line.coords)).median() > 10


def test_the_map_of_gushi_opens_without_errors(planned, chromium):
    out, _ = planned
    page = chromium.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto((out / "map.html").as_uri())
    page.wait_for_timeout(1000)
    assert faults == []
    text = page.inner_text("body")
    assert "OpenStreetMap" in text
    assert "演练" not in text
    page.close()
