"""`dispatch plan --force`, killed at any moment: the folder holds the old plan or the new one, whole."""

import json
import multiprocessing
import os
import sys
import time

import plan_killed
import pytest

from dispatch.planfile import read_plan
from dispatch.rules import audit

KILLS = 40


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="folders are exchanged in one step on Linux")
def test_killed_at_any_moment_the_plan_is_the_old_one_or_the_new_one(tmp_path, monkeypatch):
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(sys.path)
    )  # the server knows no other way to our modules
    (tmp_path / "town").mkdir()
    (tmp_path / "plans").mkdir()
    area, alerts = plan_killed.town(tmp_path / "town")
    out = tmp_path / "plans" / "plan"
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["plan_killed"])

    def begun(at):
        run = processes.Process(target=plan_killed.as_a_process, args=(area, alerts, out, at))
        run.start()
        return run

    for _ in range(2):  # the second one has found the server up
        start = time.perf_counter()
        run = begun("2026-05-01T14:00")
        run.join()
        assert run.exitcode == 0
        seconds = time.perf_counter() - start
    seen = set()
    for kill in range(KILLS):
        new = (
            f"2026-05-01T15:{kill:02d}"  # every run plans another moment: the old plan and the new one differ
        )
        old = json.loads((out / "plan.json").read_text())["at"][:16]
        run = begun(new)
        run.join(1.1 * seconds * (kill + 1) / KILLS)
        run.kill()
        run.join()
        file = read_plan(out)  # whole: the minutes are those of the plan
        at = file.problem.at.isoformat()[:16]
        assert at in {old, new}
        assert audit(file.problem, file.plan) == []
        busy = [route.responder_id for route in file.plan.routes if route.stops]
        assert busy
        assert all((out / "sheets" / f"{who}.html").exists() for who in busy)
        assert (out / "map.html").read_text().rstrip().endswith("</html>")
        seen.add(at)
    assert len(seen) > 1, "no run came to its end"
    # what was cut short is in nobody's way, and is gone after the next
    assert plan_killed.planned(area, alerts, out, "2026-05-01T16:00").returncode == 0
    assert [path.name for path in (tmp_path / "plans").iterdir()] == ["plan"]
