"""An answer on the map: venues and their sessions, how far each village and town is covered."""

from __future__ import annotations

from datetime import datetime

import numpy as np

import maps
from dispatch.area import Area
from dispatch.coverage.outreach.planning import Outreach
from dispatch.coverage.outreach.settings import OutreachSettings
from dispatch.intake.ground import Ground
from dispatch.reasons import Language

SCRIPTS = ("cards.js", "outreach.js")
BANDS = 4
"""Edges between the shades of a village; each shade has as many villages."""


def outreach_map(
    found: Outreach,
    area: Area,
    settings: OutreachSettings,
    basemap: maps.Basemap,
    made: datetime,
    *,
    language: Language = "zh",
) -> maps.PageMap:
    """The page; `maps.write_map` writes it as one file."""
    ground, people, venues = Ground(area.gazetteer), found.people, found.venues
    held = sorted({one.venue for one in found.sessions})
    number = {venue: at for at, venue in enumerate(held)}
    sessions = sorted(found.sessions, key=lambda one: (one.day, one.order))
    where = {one.venue: one for one in found.sessions}
    worth = people.residents * np.array([settings.groups[one].risk for one in people.groups])
    total = worth.sum(axis=1)
    before, after = (
        np.divide((worth * share).sum(axis=1), total, out=np.zeros(len(total)), where=total > 0.0)
        for share in (people.covered_share, found.covered_after)
    )
    payload = maps.page_payload(
        "outreach",
        area=area.name,
        at=made,
        title=("反诈宣讲", "Prevention sessions"),
        basemap=basemap,
        stale_minutes=1e9,  # a campaign does not age
        attribution=area.attribution,
        synthetic=area.synthetic,
        language=language,
    )
    payload |= {
        "numbers": _numbers(found),
        "facts": _facts(found),
        "bands": _bands(after),
        "groups": {name: [one.zh, one.en] for name, one in settings.groups.items()},
        "kinds": {name: [one.zh, one.en] for name, one in settings.kinds.items()},
        "points": {
            "name": list(people.name),
            "county": [ground.name(one) for one in people.county],
            "town": [ground.name(one) for one in people.town],
            "lon": people.lon.round(6).tolist(),
            "lat": people.lat.round(6).tolist(),
            "weight": total.round(1).tolist(),
            "before": before.round(5).tolist(),
            "after": after.round(5).tolist(),
        },
        "venues": {
            "name": [venues.name[one] for one in held],
            "kind": [venues.kind[one] for one in held],
            "county": [ground.name(where[one].county) for one in held],
            "town": [ground.name(where[one].town) for one in held],
            "lon": [round(float(venues.lon[one]), 6) for one in held],
            "lat": [round(float(venues.lat[one]), 6) for one in held],
        },
        "sessions": {
            "venue": [number[one.venue] for one in sessions],
            "day": [one.day.isoformat() for one in sessions],
            "begins": [settings.kinds[venues.kind[one.venue]].begins for one in sessions],
            "group": [one.group for one in sessions],
            "attendance": [round(one.attendance) for one in sessions],
            "floor": [one.for_floor for one in sessions],
        },
        "towns": {
            "name": [ground.name(code) for code, _, _ in found.towns],
            "county": [ground.name(ground.above(code, "county") or "") for code, _, _ in found.towns],
            "before": [round(share, 5) for _, share, _ in found.towns],
            "after": [round(share, 5) for _, _, share in found.towns],
        },
    }
    centre = (float(np.mean(people.lat)), float(np.mean(people.lon)))
    return maps.PageMap(payload, centre, language, scripts=SCRIPTS)


def _numbers(found: Outreach) -> list[list[object]]:
    attended = sum(one.attendance for one in found.sessions)
    worst = found.towns[0][2] if found.towns else 0.0
    return [
        [("场次", "sessions"), f"{len(found.sessions):,}", ("场", "in all")],
        [("覆盖率", "covered"), f"{found.share_after:.1%}", (f"原 {found.share_before:.1%}", f"was {found.share_before:.1%}")],
        [("预计人次", "attendances"), f"{attended:,.0f}", ("人次", "expected")],
        [("最低镇街", "worst town"), f"{worst:.1%}", ("覆盖率", "covered")],
    ]  # fmt: skip


def _facts(found: Outreach) -> list[tuple[str, str]]:
    return [
        (
            f"按风险加权；任何排法不超过 {found.share_bound:.2%}，差距 {found.gap_percent:.2f}%",
            f"weighted by risk; no choice exceeds {found.share_bound:.2%}, gap {found.gap_percent:.2f} %",
        )
    ]


def _bands(after: np.ndarray) -> list[float]:
    """Edges that part the covered villages into equal shades, rounded, no two the same."""
    some = after[after > 0.0]
    if not len(some):
        return [0.01]
    edges = np.quantile(some, np.arange(1, BANDS + 1) / (BANDS + 1)).round(3)
    return sorted({float(edge) for edge in edges if edge > 0.0}) or [float(some.max().round(5))]
