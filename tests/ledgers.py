"""What tests of the ledger share: a few alerts, a plan of two visits."""

from __future__ import annotations

from datetime import timedelta

import make
import pandas as pd

from dispatch.domain import LeftOut, Plan, Route, Stop
from dispatch.intake.alerts import parse_alerts
from dispatch.reasons import Reason

NOW = make.NOW
KEY = bytes(range(32))


def later(minutes):
    return NOW + timedelta(minutes=minutes)


def alerts(*rows):
    """Alert rows as they come from a file; a test names what it is about."""
    filled = []
    for n, row in enumerate(rows):
        base = {
            "alert_id": f"A-{n + 1}", "alerted_at": "2026-05-01T13:30:00", "risk": "high", "fraud_type": "fake_jobs",
            "name": "陈晓明", "phone": f"1380000{n:04d}", "address": "水东镇南海村12号", "lon": "111.01", "lat": "21.51",
            "datum": "WGS84", "amount_at_risk": "50000", "note": "独居老人",
        }  # fmt: skip
        filled.append(base | {name: str(value) for name, value in row.items()})
    frame = pd.DataFrame(filled, dtype="str").fillna("")
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    read = parse_alerts(frame)
    assert not len(read.rejected), read.rejected
    return read.rows


def kept(ledger, *rows):
    """The ledger with such alerts in it."""
    ledger.record_alerts(alerts(*(rows or [{}, {}])), at=NOW, by="li")
    return ledger


def planned(*case_ids, at=NOW, plan_id="abcdef123456", left_out=()):
    """A problem of these cases and a plan in which responder S-1 visits them in order, ten minutes each."""
    cases = [make.case(one, alert_ids=(one,)) for one in (*case_ids, *left_out)]
    problem = make.problem([make.responder("S-1")], cases, at=at)
    stops = tuple(
        Stop(
            id=f"S-1/{n}", case_id=one, place_id=problem.cases[n - 1].places[0].id, drive_minutes=10.0,
            arrive=20.0 * n - 10, wait_minutes=0.0, search_minutes=0.0, contact=20.0 * n - 10, leave=20.0 * n,
        )
        for n, one in enumerate(case_ids, start=1)
    )  # fmt: skip
    out = tuple(LeftOut(one, Reason("PINNED_OUT")) for one in left_out)
    return problem, Plan(plan_id, (Route("S-1", stops, 60.0),), out, "nearest")
