"""Whose case it is on a report: the county its likeliest place lies in, and the police station that answers for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dispatch.domain import Case, Problem, Responder
from dispatch.redact import clean

_CREW = re.compile(
    r"[\s·（(-]*(?:第?[一二三四五六七八九十\d]+[组队班]|crew\s*\w{1,3}|[A-Z]|\d{1,2})$", re.IGNORECASE
)


def units_of(problem: Problem) -> dict[str, tuple[str, str]]:
    """Case id → code of its county and name of its station, "" where the problem does not say."""
    stations = _stations(problem)
    return {case.id: _units(case, stations) for case in problem.cases}


def _units(case: Case, stations: list[tuple[frozenset[str], str]]) -> tuple[str, str]:
    for place in sorted(case.places, key=lambda one: -one.probability):
        if place.codes:
            named = (name for codes, name in stations if codes & place.codes)
            return place.county or "", next(named, "")
    return "", ""


def _stations(problem: Problem) -> list[tuple[frozenset[str], str]]:
    """What each station answers for, and its name: what the names of its crews begin with."""
    crews: dict[tuple[str, float, float], list[Responder]] = {}
    for one in problem.responders:
        if one.kind == "station" and one.jurisdiction:
            crews.setdefault((one.base, one.lon, one.lat), []).append(one)
    found = []
    for own in crews.values():
        names = [clean(one.name or one.id, 60) for one in own]
        shared = _begin_alike(names) if len(names) > 1 else ""
        name = shared if len(shared) > 1 else _CREW.sub("", names[0])
        found.append(
            (frozenset().union(*(one.jurisdiction for one in own)), name.strip(" ·-（(") or names[0])
        )
    return found


def _begin_alike(names: Sequence[str]) -> str:
    """What all of the names begin with."""
    shortest, longest = min(names), max(names)
    same = next((at for at, sign in enumerate(shortest) if longest[at : at + 1] != sign), len(shortest))
    return shortest[:same].strip()
