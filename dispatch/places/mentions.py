"""Where names of the gazetteer stand in a text, sign for sign."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from dispatch.places.gazetteer import ADMIN, Gazetteer
from dispatch.places.index import NameIndex
from dispatch.places.settings import Slip, WorthSettings
from dispatch.places.text import is_urban, names_a_building, suffix_after

_CROWD = 30  # more entries of one name than this are first held against the units named
_SETTLEMENTS = ("village", "hamlet")
_NUMBER = re.compile(r"第?[0-9十]+")
_COUNTED = re.compile(r"[0-9十]*(?:村民小组|小组|[组号栋幢座楼层室房巷弄队])")
_MOST_CROWDS = 8  # of such names in one text


class Mention(NamedTuple):
    """Signs `start` to `end` of a text may name entry `row`.

    `worth` is how many signs that explains, less where the suffix differs or a sign is wrong;
    `suffixed` that the kind of unit is written; `part` that the name seems part of a road or
    a building; `wrong` what is wrong with its signs, "" where nothing is;
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
    wrong: Slip | Literal[""] = ""
    looked_at: float = 1.0
    moved: bool = False


def overlaps(one: Mention, other: Mention) -> bool:
    """Whether two mentions share a sign of the text."""
    return one.start < other.end and other.start < one.end


class Reader:
    """Finds every name of one gazetteer in folded texts."""

    def __init__(self, gazetteer: Gazetteer, worth: WorthSettings) -> None:
        self.gazetteer, self._worth = gazetteer, worth
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
                        found.append(self.mention(text, start, start + length, row))
        if crowds:
            found += self._of_crowds(text, crowds, found)
        return found

    def mention(self, text: str, start: int, end: int, row: int) -> Mention:
        """What signs `start` to `end` are worth as the name of `row`, the suffix that follows included."""
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
        # nor is 长坡镇 the village 长坡
        part = part or (not grown and level in _SETTLEMENTS and suffix_after(text, end, "township") > 0)
        quality = self._quality(level, plain, written, grown, part=part)
        worth = quality * (end + grown - start)
        found = Mention(start, end + grown, row, self.index.rank[row], worth, suffixed, part)
        moved = level == "county" and text[start:end] not in plain and plain[:2] != text[start : start + 2]
        return found._replace(moved=True) if moved else found

    def _quality(self, level: str, plain: str, written: str, grown: int, *, part: bool) -> float:
        worth = self._worth
        if part:
            return worth.of_building
        if written == plain:
            return 1.0
        if not grown:
            return worth.bare if level in ADMIN else 1.0
        if level in _SETTLEMENTS:
            return 1.0 if is_urban(written) == is_urban(plain) else worth.other_kind
        return worth.renamed if level == "township" and not plain.endswith(written) else 1.0

    def _of_crowds(
        self, text: str, crowds: list[tuple[int, int, tuple[int, ...]]], found: list[Mention]
    ) -> list[Mention]:
        """Of a name that dozens bear, those in a unit that the text names too, else the first dozens."""
        more: list[Mention] = []
        for start, end, rows in crowds[:_MOST_CROWDS]:
            apart = {
                one.row
                for one in found
                if one.rank < len(ADMIN) - 1 and not (start < one.end and one.start < end)
            }
            within = [row for row in rows if apart.intersection(self.index.lineage[row])]
            chosen = (within or rows)[:_CROWD]
            share = len(chosen) / len(within or rows)
            more += [self.mention(text, start, end, row)._replace(looked_at=share) for row in chosen]
        return more


def _is_counted(text: str, start: int, end: int) -> bool:
    """Whether a stretch is a number that counts what follows: 第5组 is no hamlet 第五."""
    if _NUMBER.fullmatch(text, start, end) is None:
        return False
    return text[end : end + 1].isdecimal() or _COUNTED.match(text, end) is not None
