"""The names of a gazetteer by their signs: exactly, and with any one sign replaced."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from dispatch.places.divisions import code_of, former_county_names
from dispatch.places.gazetteer import ADMIN, LEVELS, Gazetteer
from dispatch.places.text import (
    chinese_name,
    clean,
    core,
    fold,
    names_in,
    other_numerals,
    suffix_after,
    without_peoples,
)

_COUNTY, _TOWNSHIP, _VILLAGE, _HAMLET = range(2, len(ADMIN))

ANY = "*"
"""Stands for the one sign that may differ; no folded text holds it."""

_BRACKETS = re.compile(r"[(（【\[].*?[)）】\]]")
_POINT = re.compile("[•·・]")
_LODGING = re.compile(
    r"(?:国际|商务|快捷|连锁|假日)?(?:大酒店|酒店|宾馆|旅馆|旅店|旅社|招待所|公寓|客栈|民宿)$"
)
_NEAR_LEVELS = frozenset({*ADMIN, "street"})
_TWIN_METRES = {_COUNTY: 40_000.0, _TOWNSHIP: 8_000.0, _VILLAGE: 1_000.0}
_TWIN_HOUSES_METRES = 300.0
_MOST_TWINS = 50  # of a name that hundreds bear, as 解放路 is borne
LONGEST_NEAR = 8  # signs; in longer names one wrong sign leaves enough to be found by their parts


class NameIndex:
    """Rows of one gazetteer by folded name; made once, read by every address."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.rank = [LEVELS.index(level) for level in gazetteer.level]
        self.plain = [fold(clean(chinese_name(names_in(name)[0]))) for name in gazetteer.name]
        self._units = {name for name, rank in zip(self.plain, self.rank, strict=True) if rank <= _TOWNSHIP}
        upper = zip(self.plain, gazetteer.level, self.rank, strict=True)
        self._units |= {core(name, level) for name, level, rank in upper if rank <= _COUNTY}
        twins = _twins(gazetteer, self.plain, self.rank)
        self.lineage = _merged(gazetteer.lineage, twins)
        """As the gazetteer's, units listed twice being one."""
        found: dict[str, int | list[int]] = {}
        for row in range(len(self.plain)):
            for key in self._keys(row):
                _add(found, key, twins.get(row, row))
        self.rows = _tuples(found)
        lengths: dict[str, set[int]] = {}
        for key in self.rows:
            lengths.setdefault(key[:2], set()).add(len(key))
        shared: dict[tuple[int, ...], tuple[int, ...]] = {}  # a few hundred differ
        self.lengths: dict[str, tuple[int, ...]] = {}
        for start, many in lengths.items():
            order = tuple(sorted(many, reverse=True))
            self.lengths[start] = shared.setdefault(order, order)

    def chain(self, row: int) -> list[int]:
        """Rows of the units above an entry from the province down, then the entry itself."""
        return [*(unit for unit in self.lineage[row] if unit >= 0 and unit != row), row]

    @cached_property
    def near(self) -> dict[str, str]:
        """Signs that complete a name in which one is replaced by `ANY`: of 旺沙 and 白沙, 旺白 at *沙."""
        found: dict[str, str] = {}
        level = self.gazetteer.level
        for key, rows in self.rows.items():
            if len(key) > LONGEST_NEAR or not any(level[row] in _NEAR_LEVELS for row in rows):
                continue
            for at, sign in enumerate(key):
                pattern = f"{key[:at]}{ANY}{key[at + 1 :]}"
                found[pattern] = found.get(pattern, "") + sign
        return found

    @cached_property
    def children(self) -> dict[int, dict[str, tuple[int, ...]]]:
        """By row of a county its townships, of a township its villages, of a village what is in it.

        By their names without suffix; what bears its village's name, as a door of an address
        library does (旺沙村12号), without that: 12号.
        """
        below: dict[int, dict[str, int | list[int]]] = {}
        lineage, rank = self.lineage, self.rank
        for key, rows in self.rows.items():
            for row in rows:
                above = min(rank[row], _VILLAGE + 1) - 1
                parent = lineage[row][above] if above >= _COUNTY else -1
                if parent < 0 and rank[row] == _HAMLET:  # maps seldom say of which village
                    above = _TOWNSHIP
                    parent = lineage[row][above]
                if parent < 0:
                    continue
                name = self._without_village(key, parent) if above == _VILLAGE else key
                if name:
                    _add(below.setdefault(parent, {}), name, row)
        return {parent: _tuples(found) for parent, found in below.items()}

    def _without_village(self, key: str, village: int) -> str:
        plain = self.plain[village]
        for start in (plain, core(plain, "village")):
            if key.startswith(start):
                return key[len(start) + suffix_after(key, len(start), "village") :]
        return key

    def _keys(self, row: int) -> Iterator[str]:
        level = self.gazetteer.level[row]
        names = [self.plain[row], *self._other_names(row)]
        for name in names:
            if self.rank[row] > _HAMLET and name in self._units:
                continue  # a station or a shop that bears the name of its county
            key = core(name, level)
            if level == "village" and key == self._township_name(row):
                key = name  # the living quarters of a farm bear the farm's whole name
            if len(key) >= 2:
                yield key
                if (other := other_numerals(key)) and len(other) >= 2:
                    yield other

    def _other_names(self, row: int) -> Iterator[str]:
        """Further names of an entry: those listed with it, former and shorter ones."""
        level, name, plain = self.gazetteer.level[row], self.gazetteer.name[row], self.plain[row]
        for one in (*names_in(name)[1:], *filter(None, self.gazetteer.aliases[row].split("|"))):
            yield fold(clean(one))
        if _POINT.search(name):  # 福源•国际 is said 福源
            yield fold(clean(_POINT.split(name)[0]))
        if "族" in plain and level in ("county", "township"):
            yield without_peoples(plain)
        if level == "county":
            code = code_of(self.gazetteer.code[row], plain)
            yield from (fold(clean(one)) for one in former_county_names().get(code, ()))
        elif level not in ADMIN and level != "street":
            yield from _shorter(name)

    def _township_name(self, row: int) -> str:
        above = self.lineage[row][_TOWNSHIP]
        return self.plain[above] if above >= 0 else ""


def _shorter(name: str) -> Iterator[str]:
    """How one says a hotel or a shop: without its branch, without the kind of house."""
    branchless = _BRACKETS.sub("", name)
    for one in {branchless, name} if branchless != name else {name}:
        short = fold(clean(one))
        kindless = _LODGING.sub("", short)
        for form in (short, kindless):
            if len(form) >= 3:
                yield form


def _twins(gazetteer: Gazetteer, plain: list[str], rank: list[int]) -> dict[int, int]:
    """What is listed twice, as maps do by a point and by a border: the row with less in it, and the other.

    Far from each other two counties of one name are two; towns are one only in one county, villages
    and what lies in them only in one town.
    """
    inhabitants = [np.bincount(column[column >= 0], minlength=len(plain)) for column in gazetteer.ancestors.T]
    groups: dict[tuple[int, str], list[int]] = {}
    for row, name in enumerate(plain):
        level = _VILLAGE if rank[row] == _HAMLET else rank[row]  # one map's village is another's hamlet
        groups.setdefault((level, name), []).append(row)
    found: dict[int, int] = {}
    for (level, _), rows in groups.items():
        kept: list[int] = []
        if len(rows) > 1 and level <= _VILLAGE:
            rows.sort(key=lambda row: -inhabitants[level][row])
        for row in rows if len(rows) > 1 else ():
            same = (one for one in kept[:_MOST_TWINS] if _is_one(gazetteer, one, row, level, plain))
            first = next(same, None)
            if first is None:
                kept.append(row)
            else:
                found[row] = first
    return found


def _merged(lineage: list[list[int]], twins: dict[int, int]) -> list[list[int]]:
    if not twins:
        return lineage
    # most lists are the gazetteer's own
    return [
        units if twins.keys().isdisjoint(units) else [twins.get(unit, unit) for unit in units]
        for units in lineage
    ]


def _is_one(gazetteer: Gazetteer, one: int, other: int, level: int, plain: list[str]) -> bool:
    if level < _COUNTY:
        return True
    if level > _COUNTY:
        above = _COUNTY if level == _TOWNSHIP else _TOWNSHIP
        units = [gazetteer.lineage[row][above] for row in (one, other)]
        if min(units) < 0 or plain[units[0]] != plain[units[1]]:
            return False
    (ax, ay), (bx, by) = gazetteer.xy_metres(gazetteer.lon[[one, other]], gazetteer.lat[[one, other]])
    return not math.hypot(ax - bx, ay - by) > _TWIN_METRES.get(level, _TWIN_HOUSES_METRES)


def _add(found: dict[str, int | list[int]], key: str, row: int) -> None:
    """One row stands as a number, more as a list: most names are borne once."""
    known = found.get(key)
    if known is None:
        found[key] = row
    elif isinstance(known, list):
        if known[-1] != row:
            known.append(row)
    elif known != row:
        found[key] = [known, row]


def _tuples(found: dict[str, int | list[int]]) -> dict[str, tuple[int, ...]]:
    return {
        key: tuple(dict.fromkeys(rows)) if isinstance(rows, list) else (rows,) for key, rows in found.items()
    }
