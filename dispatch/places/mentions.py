"""Where names of the gazetteer stand in a text: exactly, or with one sign written wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

from dispatch.places.characters import Likeness, likeness
from dispatch.places.gazetteer import ADMIN, Gazetteer
from dispatch.places.index import ANY, LONGEST_NEAR, NameIndex
from dispatch.places.text import is_urban, names_a_building, suffix_after

_CROWD = 30  # more entries of one name than this are first held against the units named
_SETTLEMENTS = ("village", "hamlet")
_EXACT, _SAME_KIND, _RENAMED, _OTHER_KIND, _BARE, _OF_BUILDING = 1.0, 1.0, 0.9, 0.5, 0.85, 0.4
_NUMBER = re.compile(r"第?[0-9十]+")
_COUNTED = re.compile(r"[0-9十]*(?:村民小组|小组|[组号栋幢座楼层室房巷弄队])")
_WRONG_SIGN: dict[Likeness, float] = {"sound": 0.6, "shape": 0.8, "none": 1.8}  # signs it costs
_MOST_NEAR = 60  # entries looked at of one pattern
_COUNTY, _TOWNSHIP = ADMIN.index("county"), ADMIN.index("township")


class Mention(NamedTuple):
    """Signs `start` to `end` of a text may name entry `row`.

    `worth` is how many signs that explains, less where the suffix differs or a sign is wrong;
    `suffixed` that the kind of unit is written; `part` that the name seems part of a road or
    a building; `wrong` how the one wrong sign resembles the right one, "" where none is wrong;
    `looked_at` the share of all that bear the name which were looked at; `moved` that a county
    is named as one merged into it was, whose towns may since lie elsewhere.
    """

    start: int
    end: int
    row: int
    rank: int
    worth: float
    suffixed: bool
    part: bool
    wrong: Likeness | Literal[""] = ""
    looked_at: float = 1.0
    moved: bool = False


def overlaps(one: Mention, other: Mention) -> bool:
    """Whether two mentions share a sign of the text."""
    return one.start < other.end and other.start < one.end


class Reader:
    """Finds every name of one gazetteer in folded texts."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.index = NameIndex(gazetteer)

    def read(self, text: str) -> list[Mention]:
        """Mentions in the order of the text; of one entry at one start the longest alone."""
        index, lengths = self.index.rows, self.index.lengths
        found: list[Mention] = []
        crowds: list[tuple[int, int, tuple[int, ...]]] = []
        for start in range(len(text) - 1):
            known = lengths.get(text[start : start + 2])
            if known is None or (start and text[start - 1 : start + 1].isdecimal()):
                continue  # 8房 of 208房 is nowhere
            seen: set[int] = set()
            for length in known:
                if start + length > len(text):
                    continue
                rows = index.get(text[start : start + length], ())
                if rows and length <= 4 and _is_counted(text, start, start + length):
                    continue
                if len(rows) > _CROWD:
                    crowds.append((start, start + length, rows))
                    continue
                for row in rows:
                    if row not in seen:
                        seen.add(row)
                        found.append(self._mention(text, start, start + length, row))
        if crowds:
            found += self._of_crowds(text, crowds, found)
        return found

    def read_near(self, text: str, suspects: Iterable[int], named: Collection[int]) -> list[Mention]:
        """Mentions with one wrong sign, at one of `suspects`.

        `named` are rows of units that the text names. A name outside of those counts only with
        the kind of unit written after it, and if the wrong sign resembles the right one.
        """
        near, index, lineage = self.index.near, self.index.rows, self.index.lineage
        context = _Context(named, lineage)
        found: dict[tuple[int, int], Mention] = {}
        for at in suspects:
            for length in range(2, LONGEST_NEAR + 1):
                for start in range(max(0, at - length + 1), min(at, len(text) - length) + 1):
                    before, after = text[start:at], text[at + 1 : start + length]
                    for sign in near.get(f"{before}{ANY}{after}", ""):
                        wrong = likeness(text[at], sign)
                        if sign == text[at] or (wrong == "none" and not context.known):
                            continue
                        rows = index[f"{before}{sign}{after}"]
                        fits = context.fitting(rows, wrong, length)
                        for row in fits or (rows[:_MOST_NEAR] if wrong != "none" else ()):
                            one = self._near(text, start, start + length, row, wrong)
                            if one is not None and not (fits or one.suffixed):
                                continue
                            known = found.get((row, start))
                            if one is not None and (known is None or known.worth < one.worth):
                                found[row, start] = one
        return list(found.values())

    def _near(self, text: str, start: int, end: int, row: int, wrong: Likeness) -> Mention | None:
        whole = self._mention(text, start, end, row)
        if whole.part or (wrong == "none" and end - start == 2 and not whole.suffixed):
            return None
        worth = whole.worth - _WRONG_SIGN[wrong]
        return whole._replace(worth=worth, wrong=wrong) if worth > 0 else None

    def _mention(self, text: str, start: int, end: int, row: int) -> Mention:
        level, plain = self.gazetteer.level[row], self.index.plain[row]
        grown = suffix_after(text, end, level) if level in ADMIN and plain != text[start:end] else 0
        if not grown and level in _SETTLEMENTS:
            grown = suffix_after(text, end, level)  # a hamlet listed without any suffix
        written = text[start : end + grown]
        suffixed = grown > 0 or (level in ADMIN[:4] and plain == written) or level not in ADMIN
        # 杨梅村 is no town of 杨梅
        part = (not suffixed and names_a_building(text, end)) or (
            not grown and level in ("county", "township") and suffix_after(text, end, "village") > 0
        )
        quality = self._quality(level, plain, written, grown, part=part)
        worth = quality * (end + grown - start)
        found = Mention(start, end + grown, row, self.index.rank[row], worth, suffixed, part)
        moved = level == "county" and text[start:end] not in plain and plain[:2] != text[start : start + 2]
        return found._replace(moved=True) if moved else found

    def _quality(self, level: str, plain: str, written: str, grown: int, *, part: bool) -> float:
        if part:
            return _OF_BUILDING
        if written == plain:
            return _EXACT
        if not grown:
            return _BARE if level in ADMIN else _SAME_KIND
        if level in _SETTLEMENTS:
            alike = is_urban(written) == is_urban(plain)
            return _SAME_KIND if alike else _OTHER_KIND
        if level == "township" and not plain.endswith(written):
            return _RENAMED
        return _SAME_KIND

    def _of_crowds(
        self, text: str, crowds: list[tuple[int, int, tuple[int, ...]]], found: list[Mention]
    ) -> list[Mention]:
        """Of a name that dozens bear, those in a unit that the text names too, else the first dozens."""
        more: list[Mention] = []
        for start, end, rows in crowds[:8]:
            apart = {
                one.row
                for one in found
                if one.rank < len(ADMIN) - 1 and not (start < one.end and one.start < end)
            }
            within = [row for row in rows if apart.intersection(self.index.lineage[row])]
            chosen = (within or rows)[:_CROWD]
            share = len(chosen) / len(within or rows)
            more += [self._mention(text, start, end, row)._replace(looked_at=share) for row in chosen]
        return more


def _is_counted(text: str, start: int, end: int) -> bool:
    """Whether a stretch is a number that counts what follows: 第5组 is no hamlet 第五."""
    if _NUMBER.fullmatch(text, start, end) is None:
        return False
    return text[end : end + 1].isdecimal() or _COUNTED.match(text, end) is not None


class _Context:
    """What a text names, as a sieve for names that are only nearly there."""

    def __init__(self, named: Collection[int], lineage: Sequence[Sequence[int]]) -> None:
        self._lineage, self._within = lineage, frozenset(named)
        self._around = {unit for row in named for unit in lineage[row] if unit >= 0}
        self.known = bool(self._around)

    def fitting(self, rows: Sequence[int], wrong: Likeness, length: int) -> Sequence[int]:
        """Those of `rows` in or around what is named; what resembles in nothing must lie closer."""
        alike = wrong != "none"
        lowest = _COUNTY if alike or length > 2 else _TOWNSHIP
        return [
            row
            for row in rows[:_MOST_NEAR]
            if row in self._around or not self._within.isdisjoint(self._lineage[row][lowest:])
        ]
