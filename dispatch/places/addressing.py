"""The units at the head of a well-formed address, taken off one by one, from the province down."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from dispatch.places.divisions import divisions
from dispatch.places.gazetteer import ADMIN
from dispatch.places.text import SUFFIXES, clean, core, names_a_building, suffix_after


@dataclass(frozen=True, slots=True)
class Spoken:
    """What an address names: numbers of units, -1 where none; the `rest` is its own name.

    A rest that begins with a number keeps the name of the last unit before it: 旺沙村12号.
    `elsewhere` is a county, prefecture or province outside that stands in the place of ours.
    """

    county: int
    township: int
    village: int
    rest: str
    elsewhere: str = ""


class Speller:
    """Forms of the units of an area, by level."""

    def __init__(self) -> None:
        self._forms: dict[str, dict[str, list[int]]] = {level: {} for level in ADMIN}
        self._lengths: dict[tuple[str, str], list[int]] = {}
        self._above: frozenset[str] = frozenset()

    def learn(self, unit: int, level: str, names: Iterable[str]) -> None:
        """A unit with its names: whole, and without the suffix of its level."""
        forms = self._forms[level]
        for name in names:
            whole = clean(name)
            for form in dict.fromkeys((whole, core(whole, level))):
                if len(form) >= 2 and not form.isdecimal():
                    forms.setdefault(form, []).append(unit)
                    known = self._lengths.setdefault((level, form[:2]), [])
                    if len(form) not in known:
                        known.append(len(form))
                        known.sort(reverse=True)

    def look_around(self, names: Iterable[str]) -> None:
        """Know the provinces and prefectures that units of these names lie in, listed or not."""
        own = {name for name in names if len(name) >= 3}
        codes = {code for code, name in divisions() if name in own}
        upper = {code[:digits] for code in codes for digits in (2, 4)}
        self._above = frozenset(clean(name) for code, name in divisions() if code in upper)

    def read(self, text: str, may_be: Callable[[int, int], bool]) -> Spoken:
        """Take the units off a cleaned address.

        `may_be(unit, upper)` says whether a unit can be meant after `upper` (-1: none named).
        """
        found: dict[str, int] = {}
        at, before, upper = 2 if text.startswith("中国") else 0, 0, -1
        for level in ADMIN[:5]:
            unit, end = self._next(text, at, level, upper, may_be)
            if unit < 0:
                at = self._after_unlisted(text, at) if level in ADMIN[:2] else at
                continue
            found[level] = unit
            before, at = at, end
            upper = unit if level not in ADMIN[:2] else upper
        rest = text[at:]
        if "county" not in found and (outside := _foreign(rest)):
            return Spoken(-1, -1, -1, rest, outside)
        if rest[:1].isdecimal():
            rest = text[before:]
        return Spoken(found.get("county", -1), found.get("township", -1), found.get("village", -1), rest)

    def _after_unlisted(self, text: str, at: int) -> int:
        """Past a province or prefecture the area lies in but does not list."""
        return next((at + n for n in range(12, 1, -1) if text[at : at + n] in self._above), at)

    def _next(
        self, text: str, at: int, level: str, upper: int, may_be: Callable[[int, int], bool]
    ) -> tuple[int, int]:
        """The unit of `level` named at `at`, longest form first, and where its name ends; -1 if none."""
        forms = self._forms[level]
        for length in self._lengths.get((level, text[at : at + 2]), ()):
            form = text[at : at + length]
            units = [unit for unit in forms.get(form, ()) if may_be(unit, upper)]
            if not units:
                continue
            end = at + length
            end += suffix_after(text, end, level) if core(form, level) == form else 0
            if end > at + length or core(form, level) != form or not _goes_on(text, end):
                return units[0], end
        return -1, at


def _goes_on(text: str, end: int) -> bool:
    """Whether a bare name is the head of another unit's or a building's name: 长坡 in 长坡村."""
    lower = (*SUFFIXES["township"], *SUFFIXES["village"], "县", "区")
    return names_a_building(text, end) or text.startswith(lower, end)


def _foreign(rest: str) -> str:
    """A county, prefecture or province of China, in full, at the head of what is left."""
    names = _full_names()
    return next((rest[:n] for n in range(12, 2, -1) if rest[:n] in names), "")


@cache
def _full_names() -> frozenset[str]:
    return frozenset(clean(name) for _, name in divisions() if len(name) >= 3)
