"""What `import dispatch` offers."""

import subprocess
import sys
from datetime import datetime

import pytest
from doors import DAY

import dispatch


@pytest.mark.parametrize("name", dispatch.__all__)
def test_every_public_name_is_there(name):
    assert getattr(dispatch, name).__doc__


def test_what_is_not_public_is_not_found():
    with pytest.raises(AttributeError, match="no attribute 'plan_everything'"):
        _ = dispatch.plan_everything


def test_the_package_alone_loads_no_heavy_library():
    code = "import sys, dispatch, dispatch.cli; print([m for m in ('pandas', 'ortools', 'folium') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_going_on_from_a_plan_loads_no_solver_database_or_reader_of_maps():
    code = (
        "import sys, dispatch.commands.replan, dispatch.replan.folders, dispatch.day; "
        "heavy = 'ortools', 'highspy', 'sqlalchemy', 'networkx', 'osmium', 'cryptography', 'folium', 'typst'; "
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_lines_of_the_readme_plan_the_practice_day(tmp_path):
    area = dispatch.open_area("maoming")
    at = datetime.fromisoformat("2026-05-01T14:00+08:00")
    request = dispatch.Request(DAY, at=at, policy="nearest", bound_seconds=0.0)
    day = dispatch.plan_day(area, request)
    dispatch.write_day(day, tmp_path / "plan")
    assert day.summary["visited"] > 0
    assert dispatch.audit(day.problem, day.plan) == []
    assert (tmp_path / "plan" / "map.html").exists()
