"""An answer as a folder: tables, calendar, GeoPackage, figures, map."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import points

import maps
from dispatch.area import Area
from dispatch.coverage.outreach.calendar import ics
from dispatch.coverage.outreach.drawing import outreach_map
from dispatch.coverage.outreach.planning import Outreach, Session
from dispatch.coverage.outreach.settings import OutreachSettings
from dispatch.intake.ground import Ground
from dispatch.reasons import Language
from dispatch.store import write_folder
from dispatch.tables import write_csv

WGS84 = "EPSG:4326"
TITLE = {"zh": "反诈宣讲", "en": "Prevention sessions"}
PRACTICE = {"zh": "（演练）", "en": " (practice)"}


def write_outreach(
    found: Outreach,
    area: Area,
    settings: OutreachSettings,
    out: Path,
    made: datetime,
    *,
    basemap: maps.Basemap,
    language: Language = "zh",
    force: bool = False,
) -> None:
    """Write map, tables, calendar, layers and figures as `docs/outreach.md` lists them.

    Rows that could not be read stand in `rejected_people.csv` and `rejected_venues.csv`.

    Raises
    ------
    OutputExists, BadInput
        As `dispatch.store.write_folder`.
    """
    tables = {"sessions": sessions_table(found, area, settings, language), "towns": _towns(found, area)}
    villages = _villages(found, area)

    def fill(folder: Path) -> None:
        for name, table in (tables | {"villages": villages, "curve": curve(found)}).items():
            write_csv(table, folder / f"{name}.csv")
        for name, rejected in (("people", found.people.rejected), ("venues", found.venues.rejected)):
            if len(rejected):
                write_csv(rejected, folder / f"rejected_{name}.csv")
        maps.write_map(
            outreach_map(found, area, settings, basemap, made, language=language), folder / "map.html"
        )
        (folder / "sessions.ics").write_bytes(_calendar(found, area, settings, made, language))
        _layers(tables["sessions"], villages, folder / "outreach.gpkg")
        text = json.dumps(summary(found), ensure_ascii=False, indent=2)
        (folder / "outreach.json").write_text(text + "\n", encoding="utf-8")

    write_folder(out, fill, force=force)


def summary(found: Outreach) -> dict[str, Any]:
    """The figures of an answer as JSON; shares are of residents weighted by risk."""
    worst = found.towns[0] if found.towns else None
    return {
        "sessions": len(found.sessions),
        "sessions_for_floor": sum(one.for_floor for one in found.sessions),
        "residents": round(float(found.people.residents.sum())),
        "share_before": round(found.share_before, 6),
        "share_after": round(found.share_after, 6),
        "share_bound": round(found.share_bound, 6),
        "gap_percent": round(found.gap_percent, 4),
        "worst_town": None if worst is None else {"code": worst[0], "share_after": round(worst[2], 6)},
        "share_beyond_reach": round(found.unreached / found.at_risk, 6),
        "most_sessions_a_day_in_one_county": _busiest(found),
        "rejected_rows": len(found.people.rejected) + len(found.venues.rejected),
    }


def sessions_table(
    found: Outreach, area: Area, settings: OutreachSettings, language: Language = "zh"
) -> pd.DataFrame:
    """One row a session, by day; `order` is its rank by gain when it was chosen."""
    ground, venues = Ground(area.gazetteer), found.venues
    rows = [
        {
            "day": one.day.isoformat(),
            "begins": settings.kinds[venues.kind[one.venue]].begins,
            "minutes": settings.kinds[venues.kind[one.venue]].minutes,
            "county": ground.name(one.county),
            "town": ground.name(one.town),
            "venue": venues.name[one.venue],
            "kind": _word(settings.kinds[venues.kind[one.venue]], language),
            "group": _word(settings.groups[one.group], language),
            "attendance": round(one.attendance),
            "newly_covered_weighted": round(one.gain, 1),
            "for_floor": one.for_floor,
            "order": one.order,
            "lon_wgs84": round(float(venues.lon[one.venue]), 6),
            "lat_wgs84": round(float(venues.lat[one.venue]), 6),
        }
        for one in sorted(found.sessions, key=lambda one: (one.day, one.order))
    ]
    columns = ["day", "begins", "minutes", "county", "town", "venue", "kind", "group", "attendance",
               "newly_covered_weighted", "for_floor", "order", "lon_wgs84", "lat_wgs84"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def curve(found: Outreach) -> pd.DataFrame:
    """Share of residents weighted by risk covered after the first 1, 2, 3 … sessions."""
    gain = np.cumsum([one.gain for one in found.sessions]) / found.at_risk
    return pd.DataFrame(
        {"sessions": np.arange(1, len(gain) + 1), "share_covered": np.round(found.share_before + gain, 6)}
    )


def _towns(found: Outreach, area: Area) -> pd.DataFrame:
    ground = Ground(area.gazetteer)
    return pd.DataFrame(
        [
            {
                "county": ground.name(ground.above(code, "county") or ""),
                "town": ground.name(code),
                "code": code,
                "share_before": round(before, 6),
                "share_after": round(after, 6),
                "sessions": sum(one.town == code for one in found.sessions),
            }
            for code, before, after in found.towns
        ],
        columns=["county", "town", "code", "share_before", "share_after", "sessions"],
    )


def _villages(found: Outreach, area: Area) -> pd.DataFrame:
    ground, people = Ground(area.gazetteer), found.people
    table = pd.DataFrame(
        {
            "county": [ground.name(one) for one in people.county],
            "town": [ground.name(one) for one in people.town],
            "village": people.name,
            "code": people.code,
            "lon_wgs84": people.lon,
            "lat_wgs84": people.lat,
        }
    )
    for at, group in enumerate(people.groups):
        table[f"{group}_residents"] = people.residents[:, at].round(1)
        table[f"{group}_share_before"] = people.covered_share[:, at].round(4)
        table[f"{group}_share_after"] = found.covered_after[:, at].round(4)
    return table


def _calendar(
    found: Outreach, area: Area, settings: OutreachSettings, made: datetime, language: Language
) -> bytes:
    title = TITLE[language] + (PRACTICE[language] if area.synthetic else "")
    return ics(
        f"{area.name} {title}",
        area.time_zone,
        [
            _entry(one, found, settings, title, language)
            for one in sorted(found.sessions, key=lambda one: (one.day, one.order))
        ],
        made,
    )


def _entry(
    one: Session, found: Outreach, settings: OutreachSettings, title: str, language: Language
) -> tuple[Any, str, int, str, str, float, float]:
    venues = found.venues
    kind, group = settings.kinds[venues.kind[one.venue]], settings.groups[one.group]
    summary_ = f"{title} · {_word(group, language)} · {venues.name[one.venue]}"
    lon, lat = float(venues.lon[one.venue]), float(venues.lat[one.venue])
    return (
        one.day,
        kind.begins,
        kind.minutes,
        summary_,
        f"{venues.name[one.venue]} {_word(kind, language)}",
        lon,
        lat,
    )


def _layers(sessions: pd.DataFrame, villages: pd.DataFrame, path: Path) -> None:
    for layer, table in (("sessions", sessions), ("villages", villages)):
        if len(table):
            where = points(table["lon_wgs84"].to_numpy(float), table["lat_wgs84"].to_numpy(float))
            gpd.GeoDataFrame(table, geometry=where, crs=WGS84).to_file(
                path, layer=layer, driver="GPKG", engine="pyogrio"
            )


def _busiest(found: Outreach) -> int:
    days = pd.Series([f"{one.county} {one.day}" for one in found.sessions], dtype=str)
    return int(days.value_counts().max()) if len(days) else 0


def _word(one: Any, language: Language) -> str:
    return str(one.zh if language == "zh" else one.en)
