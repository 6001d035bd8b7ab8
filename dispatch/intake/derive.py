"""Default responders of an area nobody has described: made of its stations, towns and villages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from dispatch.intake.ground import Ground, Spot
from dispatch.settings import Duty

RESPONDER_COLUMNS = (
    "responder_id", "kind", "name", "base_lon", "base_lat", "datum", "base_place", "shift_from", "shift_to",
    "break_from", "break_to", "profile", "skills", "jurisdiction", "max_visits", "status", "free_at", "phone",
)  # fmt: skip
JURISDICTION_COLUMNS = ("place", "station", "officer", "cadre")


def derive_responders(
    gazetteer: pd.DataFrame, station_of: Mapping[str, str], duty: Duty
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Crews for each police station, an officer a township, a cadre a village, a squad a county.

    `station_of`: code of a village or township → code of the police station that answers
    for it. Shifts stay blank: who is on duty is decided by `duty` when a plan is made.

    Returns
    -------
    responders, jurisdiction
        As `--responders` and `--jurisdiction` read them, all text, in the gazetteer's order.
    """
    ground = Ground(gazetteer)
    spots = [ground.spot(code) for code in gazetteer["code"] if _is_placed(ground.spot(code))]
    rows = [row for spot in spots for row in _responders_of(spot, ground, station_of, duty)]
    responders = pd.DataFrame(rows, columns=list(RESPONDER_COLUMNS), dtype="str").fillna("")
    table = [_answer(spot, ground, station_of) for spot in spots if spot.level in {"village", "township"}]
    return responders, pd.DataFrame(table, columns=list(JURISDICTION_COLUMNS), dtype="str").fillna("")


def _is_placed(spot: Spot) -> bool:
    return math.isfinite(spot.lon) and math.isfinite(spot.lat)


def _responders_of(
    spot: Spot, ground: Ground, station_of: Mapping[str, str], duty: Duty
) -> Iterable[dict[str, str]]:
    match spot.level:
        case "police":
            covered = _covered(spot.code, ground, station_of)
            for crew in range(1, duty.crews_per_station + 1):
                yield _row(
                    f"S-{spot.code}-{crew}",
                    "station",
                    f"{spot.name}{crew}组",
                    spot,
                    jurisdiction=covered,
                    duty=duty,
                )
        case "township":
            yield _row(
                f"T-{spot.code}", "town", f"{spot.name}镇街干部", spot, jurisdiction=spot.code, duty=duty
            )
        case "village":
            yield _row(
                f"V-{spot.code}", "village", f"{spot.name}村干部", spot, jurisdiction=spot.code, duty=duty
            )
        case "county":
            yield _row(
                f"C-{spot.code}", "county", f"{spot.name}专班", spot, jurisdiction=spot.code, duty=duty
            )


def _row(identity: str, kind: str, name: str, spot: Spot, *, jurisdiction: str, duty: Duty) -> dict[str, str]:
    return {
        "responder_id": identity,
        "kind": kind,
        "name": name,
        "base_lon": f"{spot.lon:.7f}",
        "base_lat": f"{spot.lat:.7f}",
        "datum": "WGS84",
        "base_place": spot.code,
        "profile": duty.profile[kind],
        "skills": "police" if kind in {"station", "county"} else "",
        "jurisdiction": jurisdiction,
        "max_visits": str(duty.max_visits[kind]),
    }


def _covered(station: str, ground: Ground, station_of: Mapping[str, str]) -> str:
    """Townships it answers for, and villages whose township is another's."""
    codes = [code for code, answers in station_of.items() if answers == station]
    return "|".join(code for code in codes if not _within(code, station, ground, station_of))


def _within(code: str, station: str, ground: Ground, station_of: Mapping[str, str]) -> bool:
    township = ground.above(code, "township")
    return township not in {None, code} and station_of.get(str(township)) == station


def _answer(spot: Spot, ground: Ground, station_of: Mapping[str, str]) -> dict[str, str]:
    township = ground.above(spot.code, "township") or ""
    return {
        "place": spot.code,
        "station": station_of.get(spot.code) or station_of.get(township, ""),
        "officer": f"T-{township}" if township else "",
        "cadre": f"V-{spot.code}" if spot.level == "village" else "",
    }
