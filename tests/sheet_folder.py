"""A small plan folder that sheets are made of: two crews, three people, in the practice of one afternoon."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import make
import numpy as np

from dispatch.planfile import PlanFile, read_plan, write_plan
from dispatch.reasons import Reason
from dispatch.routing import solve
from dispatch.sheets import Turn, Way
from dispatch.sheets.keeping import Kept, write_beside

PEOPLE = {
    case_id: {"name": name, "phone": phone, "address": address, "note": note, "account": account}
    for case_id, name, phone, address, note, account in (
        ("A-1", "陈晓明", "13812341234", "电白区水东镇南海村12号", "独居", "6222020200112233445"),
        ("A-2", "李四", "13912341234", "电白区水东镇南海村14号", "", ""),
        ("A-3", "王五", "13712341234", "茂南区羊角镇山美村97号", "", ""),
    )
}
PASSPHRASE = "four words are best"


def folder_of(path: Path, *, synthetic: bool = True, scripts: Mapping[str, Any] | None = None) -> PlanFile:
    """Write the plan folder at `path`; what it holds."""
    fact = {"amount_yuan": 120_000.0, "reasons": (Reason("HIGH_RISK", {"tier": "critical"}),)}
    cases = [
        make.case("A-1", at=10, fraud_type="impersonated_police", along="village", **fact),
        make.case("A-2", at=20, fraud_type="fake_jobs", **fact),
        make.case("A-3", at=-10, fraud_type="investment", **fact),
    ]
    day = make.problem([make.responder("S-1", max_visits=2), make.responder("V-2", at=-5)], cases)
    file = PlanFile(
        day,
        solve(day, "nearest"),
        area={"name": "茂名", "synthetic": synthetic},
        settings={"duty": {"centre_phone": "0668-2880110"}},
    )
    path.mkdir(parents=True)
    write_plan(file, path)
    (path / "people.json").write_text(json.dumps(PEOPLE, ensure_ascii=False), encoding="utf-8")
    line = np.array([make.lonlat(0), make.lonlat(5), make.lonlat(10)])
    own, other = (
        [Turn("向东出发，沿人民路", "1.2公里", "10分钟")],
        [Turn("east on 人民路", "1.2 km", "10 min")],
    )
    stops = [stop.id for route in file.plan.routes for stop in route.stops]
    ways = {one: Way(line, own, 1200.0, other) for one in stops}
    phones = {"S-1": "0668-2880001", "V-2": "0668-2880002"}
    write_beside(Kept(ways, phones=phones, scripts=scripts or {}), day, file.plan, path)
    return read_plan(path)
