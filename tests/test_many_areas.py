"""Plans of many areas at once: each whole, one summary, nothing planned twice."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest
from doors import DAY, run_dispatch

AT = "2026-05-01T14:00"


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """Two days of the practice area, and an area that is not there."""
    folder = tmp_path_factory.mktemp("list")
    rows = DAY.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    for name, lines in (("north", rows[1:60]), ("south", rows[60:120])):
        (folder / f"{name}.csv").write_text(rows[0] + "".join(lines), encoding="utf-8")
    (folder / "areas.csv").write_text(
        f"name,area,alerts,at\n北区,maoming,north.csv,{AT}\n../south,maoming,south.csv,\n=gone,nowhere,north.csv,\n",
        encoding="utf-8",
    )
    return folder / "areas.csv"


def plan(listed, out, *more):
    return run_dispatch("plan", "--areas", listed, "--at", AT, "--out", out, "--policy", "nearest", *more)


def test_an_area_that_cannot_be_planned_says_why_and_stops_no_other(listed, tmp_path):
    out = tmp_path / "out"
    done = plan(listed, out, "--workers", "2", "--json")
    assert done.returncode == 3, done.stderr
    assert "=gone: nowhere" in done.stderr.replace("\n", " ")
    assert "is missing; make it with" in done.stderr
    assert "Traceback" not in done.stderr
    sums = json.loads(done.stdout)
    assert sums["areas"] == 3
    assert sums["areas_without_a_plan"] == 1
    table = pd.read_csv(out / "areas.csv", keep_default_na=False)
    assert list(table["name"]) == ["北区", "../south", "'=gone"]
    closed = table[table["error"] == ""].astype({"visited": float, "left_out": float, "received": float})
    assert sums["visited"] == closed["visited"].sum() > 0
    assert sums["received"] == sum(
        sums[part] for part in ("rejected_rows", "not_yet", "no_visit_needed", "visited", "left_out")
    )
    plans = sorted(out.glob("*/plan.json"))
    assert len(plans) == 2
    assert all(one.resolve().is_relative_to(out.resolve()) for one in plans)

    # again: nothing is planned twice, the one that failed is tried again
    before = {one: one.stat().st_mtime_ns for one in plans}
    again = plan(listed, out, "--json")
    assert json.loads(again.stdout) == sums
    assert {one: one.stat().st_mtime_ns for one in plans} == before
    # a plan somebody removed is made again, and is the same
    kept = plans[0].read_bytes()
    shutil.rmtree(plans[0].parent)
    plan(listed, out)
    assert plans[0].read_bytes() == kept


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,area\nA,maoming\n", "no column alerts"),
        ("name,area,alerts\nA,maoming,a.csv\nA,maoming,b.csv\n", "several rows are named A"),
        ("name,area,alerts\nA,,a.csv\n", "row 2 has no area"),
        ("name,area,alerts,colour\nA,maoming,a.csv,red\n", "unknown column colour"),
    ],
)
def test_a_list_that_cannot_be_used_is_one_sentence(tmp_path, text, said):
    path = tmp_path / "areas.csv"
    path.write_text(text, encoding="utf-8")
    done = plan(path, tmp_path / "out")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_of_somebody_else_is_left_alone(listed, tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    done = plan(listed, tmp_path)
    assert done.returncode == 1
    assert "exists already" in done.stderr
