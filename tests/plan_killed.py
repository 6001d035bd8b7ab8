"""What `test_plan_killed` kills: `dispatch plan` in a small town, in processes that have everything loaded.

The server that forks them imports this module, and so plans once: a run is then what planning and
writing take, and kills spread over it meet every step.
"""

import sys
import tempfile
from pathlib import Path

import osm_text
import pandas as pd
from doors import run_dispatch
from osm_text import METRE

from dispatch.area import import_area

# a town with its police station, a village at either end of the road
EAST, NORTH = 110 / METRE, 21 / METRE
NODES = {n: (EAST, NORTH + 1000 * n) for n in range(9)} | {
    101: (EAST + 10, NORTH + 4_000, {"place": "town", "name": "甲镇"}),
    102: (EAST + 20, NORTH, {"place": "village", "name": "乙村"}),
    103: (EAST + 20, NORTH + 8_000, {"place": "village", "name": "丙村"}),
    104: (EAST + 20, NORTH + 4_100, {"amenity": "police", "name": "甲镇派出所"}),
}
WAYS = [(1, list(range(9)), {"highway": "secondary", "name": "中心大道"})]
OPTIONS = ("--policy", "nearest", "--bound-seconds", "0", "--force")


def town(folder):
    """The area and a file of twelve alerts in it."""
    area = import_area(osm_text.write(folder, NODES, WAYS), folder / "area")
    rows = [
        {
            "alert_id": f"A{n}",
            "alerted_at": f"2026-05-01 13:{n:02d}:00",
            "name": "陈晓明",
            "phone": f"1390000{n:04d}",
            "amount_yuan": 50_000 + 1_000 * n,
            "risk": "特高危",
            "lon": 110.0,
            "lat": round(21 + 0.006 * n, 4),
            "datum": "WGS84",
        }
        for n in range(12)
    ]
    pd.DataFrame(rows).to_csv(folder / "alerts.csv", index=False)
    return area.folder, folder / "alerts.csv"


def planned(area, alerts, out, at):
    """Plan into `out`, replacing what is there; what it says."""
    return run_dispatch("plan", alerts, "--area", area, "--out", out, "--at", at, *OPTIONS)


def as_a_process(area, alerts, out, at):
    """The same as the whole of a process."""
    done = planned(area, alerts, out, at)
    sys.exit(done.stderr if done.returncode else 0)


if __name__ == "plan_killed" and not sys.modules.get("pytest"):
    with tempfile.TemporaryDirectory() as made:
        planned(*town(Path(made)), Path(made) / "plan", "2026-05-01T14:00")
