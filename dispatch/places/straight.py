"""The plain case, read from left to right: county, township, village, door number, nothing else."""

from __future__ import annotations

import re
from typing import NamedTuple

from dispatch.places.divisions import divisions, former_county_names
from dispatch.places.gazetteer import ADMIN
from dispatch.places.index import NameIndex
from dispatch.places.text import clean, core, fold, is_urban, suffix_after

DOOR = re.compile(
    r"(?:[0-9a-z十百千甲乙丙丁]|号|弄|巷|第|村民小组|小组|组|队|栋|幢|座|楼|层|室|房|单元|门|铺|院|排|之|东|西|南|北|"
    r"附近|对面|旁边|旁|隔壁|斜对面|门口|后面|前面|里面)*"
)
"""What may follow a place without saying where else it is."""

_PROVINCE, _CITY, _COUNTY = (ADMIN.index(level) for level in ("province", "city", "county"))


class Found(NamedTuple):
    """The village of that row is named; its name ends at sign `end`."""

    row: int
    end: int


class StraightReader:
    """Reads addresses that name county, township and village in this order and nothing that conflicts."""

    def __init__(self, index: NameIndex) -> None:
        self._index = index
        self._heads = self._all_heads()
        self._lengths: dict[int, tuple[int, ...]] = {}
        found: dict[str, set[int]] = {}
        for head in self._heads:
            found.setdefault(head[:2], set()).add(len(head))
        self._head_lengths = {start: sorted(lengths, reverse=True) for start, lengths in found.items()}

    def read(self, text: str) -> Found | None:
        """The village that folded `text` names beyond doubt; None where more than this look is needed."""
        for length in self._head_lengths.get(text[:2], ()):
            county = self._heads.get(text[:length])
            if county is not None:
                break
        else:
            return None
        town, at = self._township(text, length, county)
        if town < 0:
            return None
        row, end = self._village(text, at, town)
        if row < 0 or DOOR.fullmatch(text, end) is None:
            return None
        return Found(row, end)

    def _township(self, text: str, start: int, county: int) -> tuple[int, int]:
        names = self._index.children.get(county, {})
        for length in self._lengths_below(county):
            rows = names.get(text[start : start + length])
            if rows is None:
                continue
            end = start + length
            grown = suffix_after(text, end, "township")
            written = text[start : end + grown]
            plain = self._index.plain[rows[0]]
            if len(rows) != 1 or (grown and plain != written) or len(written) < length:
                return -1, 0
            end += grown
            return rows[0], end + len(written) if text.startswith(written, end) else end
        return -1, 0

    def _village(self, text: str, start: int, town: int) -> tuple[int, int]:
        names = self._index.children.get(town, {})
        plain = self._index.plain
        for length in self._lengths_below(town):
            rows = names.get(text[start : start + length])
            if rows is None or len(text) < start + length:
                continue
            end = start + length
            end += (
                suffix_after(text, end, "village")
                if len(rows) > 1 or plain[rows[0]] != text[start:end]
                else 0
            )
            written = text[start:end]
            if len(rows) > 1:
                rows = tuple(row for row in rows if plain[row] == written)
            elif end > start + length and is_urban(written) != is_urban(plain[rows[0]]):
                return -1, 0
            return (rows[0], end) if len(rows) == 1 else (-1, 0)
        return -1, 0

    def _lengths_below(self, parent: int) -> tuple[int, ...]:
        known = self._lengths.get(parent)
        if known is None:
            lengths = {len(name) for name in self._index.children.get(parent, ())}
            known = self._lengths[parent] = tuple(sorted(lengths, reverse=True))
        return known

    def _all_heads(self) -> dict[str, int]:
        """Every way to write the units down to a county of the area; what means two counties is left out."""
        listed = {code: fold(clean(name)) for code, name in divisions()}
        gazetteer, index = self._index.gazetteer, self._index
        heads: dict[str, int] = {}
        twice: set[str] = set()
        for row, rank in enumerate(index.rank):
            if rank != _COUNTY:
                continue
            code = gazetteer.code[row]
            upper = [listed.get(code[:2], ""), listed.get(code[:4], "")] if code in listed else ["", ""]
            for level in (_PROVINCE, _CITY):
                above = gazetteer.lineage[row][level]
                upper[level] = index.plain[above] if above >= 0 else upper[level]
            former = former_county_names().get(code, ())
            names = {index.plain[row], *(fold(clean(name)) for name in former)}
            names |= {core(name, "county") for name in names}
            for head in _joined(upper, names):
                if heads.setdefault(head, row) != row:
                    twice.add(head)
        return {head: row for head, row in heads.items() if head not in twice}


def _joined(upper: list[str], names: set[str]) -> list[str]:
    provinces = {"", upper[_PROVINCE], core(upper[_PROVINCE], "province")}
    cities = {"", upper[_CITY], core(upper[_CITY], "city")}
    return [province + city + name for province in provinces for city in cities for name in names]
