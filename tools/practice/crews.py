"""Who can be sent in the practice area: invented crews, officers, cadres and squads."""

from __future__ import annotations

import numpy as np
import pandas as pd

from practice.names import short

RESPONDERS = [
    "responder_id", "kind", "name", "base_lon", "base_lat", "datum", "base_place", "shift_from", "shift_to",
    "break_from", "break_to", "profile", "skills", "jurisdiction", "max_visits", "status", "free_at", "phone",
]  # fmt: skip
HAKKA = ("440981", "440983")
"""Counties where part of the people speak Hakka: crews there may too."""
PHONE = "1900000"
"""First digits of every telephone number of the practice data; the last four count up."""
_FIRST_CREW_PHONE = 7000
DAY = ("08:00", "20:00", "12:30", "13:00")
LATE = ("14:00", "02:00", "18:00", "18:30")
NIGHT = ("20:00", "08:00", "02:00", "02:30")
"""Shift from and to, break from and to."""


def build_crews(gazetteer: pd.DataFrame, seed: int = 61) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of responders.csv and jurisdiction.csv, as text."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, str]] = []
    townships = gazetteer[gazetteer["level"] == "township"].set_index("code")
    police = gazetteer[gazetteer["level"] == "police"]
    stations = police[police["name"].str.endswith("派出所")].set_index("parent")
    for town, station in stations.iterrows():
        rows += _station(station, str(town), str(townships.at[town, "parent"]), rng)
    for bureau in police[~police["name"].str.endswith("派出所")].itertuples():
        county = str(townships.at[bureau.parent, "parent"])
        row = _row(
            f"C-{county}",
            "county",
            bureau.name + "反诈专班",
            base=bureau,
            area=county,
            skills="police、female",
        )
        rows.append(
            row | {"shift_from": "08:30", "shift_to": "20:30", "break_from": "12:00", "break_to": "12:40"}
        )
    for town in townships.itertuples():
        rows.append(_officer(town, rng))
    for village in gazetteer[gazetteer["level"] == "village"].itertuples():
        speaks = village.code[:6] in HAKKA and rng.random() < 0.45
        skills = "、".join(["female"] * bool(rng.random() < 0.28) + ["hakka"] * bool(speaks))
        name = short(village.name) + "村社区干部"
        rows.append(
            _row(
                f"V-{village.code}",
                "village",
                name,
                base=village,
                area=village.code,
                skills=skills,
                profile="motorcycle",
            )
        )
    for number, row in enumerate(rows):
        row["phone"] = f"{PHONE}{_FIRST_CREW_PHONE + number:04d}"
    frame = pd.DataFrame(rows, columns=RESPONDERS, dtype="str").fillna("")
    return frame, _jurisdiction(gazetteer, stations)


def _row(
    identity: str, kind: str, name: str, *, base: object, area: str, skills: str, profile: str = "car"
) -> dict[str, str]:
    """A row without a shift: on duty by the settings' share."""
    visits = {"station": 8, "town": 6, "village": 4, "county": 8}[kind]
    lon, lat, code = (str(getattr(base, key)) for key in ("lon", "lat", "code"))
    return {"responder_id": identity, "kind": kind, "name": name, "base_lon": lon, "base_lat": lat, "datum": "WGS84",
            "base_place": code, "profile": profile, "skills": skills, "jurisdiction": area,
            "max_visits": str(visits), "status": "free"}  # fmt: skip


def _station(station: pd.Series, town: str, county: str, rng: np.random.Generator) -> list[dict[str, str]]:
    """Two crews: A by day, B from the afternoon or by night; on a holiday many are already taken."""
    rows = []
    late = LATE if rng.random() < 0.55 else NIGHT
    for crew, hours in (("A", DAY), ("B", late)):
        skills = ["police"] + ["female"] * bool(rng.random() < 0.26)
        skills += ["hakka"] * bool(county in HAKKA and rng.random() < 0.6)
        name = f"{station['name']}{'一二'[crew == 'B']}组"
        row = _row(f"S-{town}-{crew}", "station", name, base=station, area=town, skills="、".join(skills))
        row |= dict(zip(("shift_from", "shift_to", "break_from", "break_to"), hours, strict=True))
        fate = rng.random()
        if fate < 0.55:
            row["status"] = "off"
        elif fate < 0.75:
            row["status"] = "busy"
            row["free_at"] = f"2026-05-01T{14 + int(rng.integers(0, 2))}:{int(rng.integers(5, 59)):02d}"
        rows.append(row)
    return rows


def _officer(town: object, rng: np.random.Generator) -> dict[str, str]:
    code, name = str(getattr(town, "code", "") or getattr(town, "Index", "")), str(getattr(town, "name", ""))
    skills = ["female"] * bool(rng.random() < 0.4) + ["hakka"] * bool(
        code[:6] in HAKKA and rng.random() < 0.5
    )
    shown = name if name.endswith(("街道", "镇")) else short(name)
    row = _row(
        f"T-{code}", "town", f"{shown}反诈专干", base=_Base(town, code), area=code, skills="、".join(skills)
    )
    late = rng.random() < 0.3
    row |= {
        "shift_from": "08:30",
        "shift_to": "21:00" if late else "18:00",
        "break_from": "12:00",
        "break_to": "13:30",
    }
    return row | {"status": "off"} if rng.random() < 0.35 else row


class _Base:
    """A gazetteer row whose code has become its index."""

    def __init__(self, row: object, code: str) -> None:
        self.lon, self.lat, self.code = getattr(row, "lon", ""), getattr(row, "lat", ""), code


def _jurisdiction(gazetteer: pd.DataFrame, stations: pd.DataFrame) -> pd.DataFrame:
    """Each township and village, its station, officer and cadre."""
    rows = []
    for place in gazetteer[gazetteer["level"].isin(["township", "village"])].itertuples():
        town = place.code if place.level == "township" else place.parent
        cadre = f"V-{place.code}" if place.level == "village" else ""
        rows.append((place.code, stations.at[town, "code"], f"T-{town}", cadre))
    return pd.DataFrame(rows, columns=["place", "station", "officer", "cadre"], dtype="str")
