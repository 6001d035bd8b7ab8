"""The plain case, read from left to right: county, township, village, door number, nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple

from dispatch.places.characters import Likeness, likeness
from dispatch.places.divisions import code_of, divisions
from dispatch.places.gazetteer import ADMIN
from dispatch.places.index import NameIndex
from dispatch.places.text import clean, core, fold, is_urban, names_a_building, suffix_after

DOOR = re.compile(
    r"(?:[0-9a-z十百千甲乙丙丁]|号|弄|巷|第|村民小组|小组|组|队|栋|幢|座|楼|层|室|房|单元|门|铺|院|排|之|东|西|南|北|"
    r"附近|对面|旁边|旁|隔壁|斜对面|门口|村口|路口|后面|前面|里面)*"
)
"""What may follow a place without saying where else it is."""

_SPOKEN_FIRST = re.compile(
    r"(?:(?:详细|家庭|户籍|居住|现居|现住|联系|收货|单位|我)?(?:地址|住址|住在|住|地))?"
)
_KIND = ("村", "社区", "会", "区")

_PROVINCE, _CITY, _COUNTY = (ADMIN.index(level) for level in ("province", "city", "county"))


class Found(NamedTuple):
    """The village, or the door in it, of that row is named; its name ends at sign `end`; `wrong` as in a mention."""

    row: int
    end: int
    wrong: Likeness | Literal[""] = ""


_Step = tuple[int, int, Likeness | Literal[""]]
_NOWHERE: _Step = (-1, 0, "")
_AREA = -1  # the parent of the counties


class StraightReader:
    """Reads addresses that name county, township and village in this order and nothing that conflicts.

    A part may be said twice, and one sign of all may be wrong if it resembles the right one
    and what is written is no other name of the area.
    """

    def __init__(self, index: NameIndex) -> None:
        self._index = index
        self._lengths: dict[int, tuple[int, ...]] = {}
        self._counties: dict[str, tuple[int, ...]] = {}
        for key, rows in index.rows.items():
            if counties := tuple(row for row in rows if index.rank[row] == _COUNTY):
                self._counties[key] = counties
        self._upper = self._all_upper()
        found: dict[str, set[int]] = {}
        for head in self._upper:
            found.setdefault(head[:2], set()).add(len(head))
        self._upper_lengths = {start: sorted(lengths, reverse=True) for start, lengths in found.items()}

    def read(self, text: str) -> Found | None:
        """The village that folded `text` names beyond doubt; None where more than this look is needed."""
        start = _SPOKEN_FIRST.match(text).end()  # type: ignore[union-attr] # it matches nothing, too
        allowed, at, parent = None, start, _AREA
        wrong: Likeness | Literal[""] = ""
        for length in self._upper_lengths.get(text[start : start + 2], ()):
            allowed = self._upper.get(text[start : start + length])
            if allowed is not None:
                at = start + length
                break
        for level in ("county", "township", "village"):
            parent, at, amiss = self._step(text, at, parent, level, exact=bool(wrong))
            if parent < 0 or (level == "county" and allowed is not None and parent not in allowed):
                return None
            wrong = wrong or amiss
        row, at = self._inside(text, at, parent)
        return Found(row, at, wrong) if row >= 0 and self._says_no_more(text, at) else None

    def _says_no_more(self, text: str, at: int) -> bool:
        """Whether after sign `at` no name of the area can stand: a door, a remark, a shop unknown here."""
        end = DOOR.match(text, at).end()  # type: ignore[union-attr] # it matches nothing, too
        if end == at < len(text) and names_a_building(text, at):
            return False
        bare = end == at and not text[:at].endswith(_KIND)
        starts = self._index.lengths
        return end == len(text) or not (
            bare or any(text[one : one + 2] in starts for one in range(end, len(text) - 1))
        )

    def _inside(self, text: str, start: int, village: int) -> tuple[int, int]:
        """The door or house of the village that is named at `start`, else the village itself."""
        names = self._index.children.get(village, {})
        for length in self._lengths_below(village, names) if start < len(text) else ():
            rows = names.get(text[start : start + length])
            if rows is not None and start + length <= len(text):
                return (rows[0] if len(rows) == 1 else -1), start + length
        return village, start

    def _step(self, text: str, start: int, parent: int, level: str, *, exact: bool) -> _Step:
        """Row of the unit of `level` named at `start`, where its name ends, and how it is wrong."""
        names = self._counties if parent == _AREA else self._index.children.get(parent)
        if not names:
            return _NOWHERE
        for length in self._lengths_below(parent, names):
            rows = names.get(text[start : start + length])
            if rows is not None and start + length <= len(text):
                return self._whole(text, start, length, rows, level)
        return _NOWHERE if exact else self._step_near(text, start, parent, level)

    def _whole(self, text: str, start: int, length: int, rows: tuple[int, ...], level: str) -> _Step:
        """With its suffix, and past its repetition; nowhere if another kind of unit is written."""
        plain, end = self._index.plain, start + length
        if level == "village" or len(rows) > 1 or plain[rows[0]] != text[start:end]:
            end += suffix_after(text, end, level)
        written = text[start:end]
        if len(rows) > 1:
            rows = tuple(row for row in rows if plain[row] == written)
        if len(rows) != 1:
            return _NOWHERE
        if end > start + length:
            full = plain[rows[0]]
            if level == "village":
                if is_urban(written) != is_urban(full):
                    return _NOWHERE
            elif level == "township" and full != written:
                return _NOWHERE
        if text.startswith(written, end):
            end += len(written)
        return rows[0], end, ""

    def _step_near(self, text: str, start: int, parent: int, level: str) -> _Step:
        """The one name below `parent` that is written with a sign like the right one, suffix and all."""
        names = self._counties if parent == _AREA else self._index.children[parent]
        found: set[_Step] = set()
        for name, rows in names.items():
            end = start + len(name)
            written = text[start:end]
            # with the kind of unit said, or the stretch might be part of a longer name
            if len(written) < len(name) or not suffix_after(text, end, level):
                continue
            wrong = _one_wrong(written, name)
            if wrong and written not in self._index.rows:
                row, end, _ = self._whole(text, start, len(name), rows, level)
                found.add((row, end, wrong))
        return found.pop() if len(found) == 1 else _NOWHERE

    def _lengths_below(self, parent: int, names: Mapping[str, object]) -> tuple[int, ...]:
        known = self._lengths.get(parent)
        if known is None:
            known = self._lengths[parent] = tuple(sorted({len(name) for name in names}, reverse=True))
        return known

    def _all_upper(self) -> dict[str, frozenset[int]]:
        """Every way to write province and prefecture, and the counties of the area in them."""
        gazetteer, index = self._index.gazetteer, self._index
        found: dict[str, set[int]] = {}
        for row in {row for rows in self._counties.values() for row in rows}:
            upper = _listed_above(gazetteer.code[row], index.plain[row])
            for level in (_PROVINCE, _CITY):
                above = index.lineage[row][level]
                upper[level] = index.plain[above] if above >= 0 else upper[level]
            for province in {"", upper[_PROVINCE], core(upper[_PROVINCE], "province")}:
                for city in {"", upper[_CITY], core(upper[_CITY], "city")}:
                    found.setdefault(province + city, set()).add(row)
        return {head: frozenset(rows) for head, rows in found.items() if head}


def _listed_above(code: str, name: str) -> list[str]:
    """Province and prefecture that China's list has above a county."""
    listed, code = _listed(), code_of(code, name)
    return [listed.get(code[:2], ""), listed.get(code[:4], "")]


@cache
def _listed() -> dict[str, str]:
    return {code: fold(clean(name)) for code, name in divisions()}


def _one_wrong(written: str, name: str) -> Likeness | Literal[""]:
    """How the one sign in which two names of one length differ resembles the other; "" if more differ."""
    differing = [(one, other) for one, other in zip(written, name, strict=True) if one != other]
    if len(differing) != 1:
        return ""
    found = likeness(*differing[0])
    return found if found != "none" else ""
