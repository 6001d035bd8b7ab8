"""Where names of the gazetteer stand in a text: found by dictionary, one look a sign."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.places.gazetteer import ADMIN, LEVELS, Gazetteer
from dispatch.places.text import clean, names_a_building, suffix_after

_CROWD = 30  # more entries of one name than this are first held against the units named
_SETTLEMENTS = ("village", "hamlet")
_URBAN = ("社区", "居委会", "居民委员会")
_EXACT, _SAME_KIND, _OTHER_KIND, _BARE, _OF_BUILDING = 1.0, 0.98, 0.7, 0.85, 0.4


@dataclass(frozen=True, slots=True)
class Mention:
    """Signs `start` to `end` of a text may name entry `row`.

    `worth` is how many signs that explains, less where the suffix differs; `suffixed` that
    the kind of unit is written; `part` that the name seems part of a road or a building.
    """

    start: int
    end: int
    row: int
    rank: int
    worth: float
    suffixed: bool
    part: bool


def overlaps(one: Mention, other: Mention) -> bool:
    """Whether two mentions share a sign of the text."""
    return one.start < other.end and other.start < one.end


class Reader:
    """Finds every name of one gazetteer in cleaned texts."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self._plain = [clean(name) for name in gazetteer.name]
        self._urban = [any(sign in name for sign in _URBAN) for name in self._plain]
        self._rank = [LEVELS.index(level) for level in gazetteer.level]

    def read(self, text: str) -> list[Mention]:
        """Mentions in the order of the text; of one entry at one start the longest alone."""
        index, lengths = self.gazetteer.index, self.gazetteer.lengths
        found: list[Mention] = []
        crowds: list[tuple[int, int, tuple[int, ...]]] = []
        for start in range(len(text) - 1):
            seen: set[int] = set()
            for length in lengths.get(text[start : start + 2], ()):
                if start + length > len(text):
                    continue
                rows = index.get(text[start : start + length], ())
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

    def _mention(self, text: str, start: int, end: int, row: int) -> Mention:
        level, plain = self.gazetteer.level[row], self._plain[row]
        grown = suffix_after(text, end, level) if level in ADMIN and plain != text[start:end] else 0
        written = text[start : end + grown]
        if not grown and level in _SETTLEMENTS:
            grown = suffix_after(text, end, level)  # a hamlet listed without any suffix
            written = text[start : end + grown]
        suffixed = grown > 0 or (level in ADMIN[:4] and plain == written) or level not in ADMIN
        part = not suffixed and names_a_building(text, end)
        if part:
            quality = _OF_BUILDING
        elif written == plain:
            quality = _EXACT
        elif not grown:
            quality = _BARE if level in ADMIN else _SAME_KIND
        elif level in _SETTLEMENTS:
            alike = any(sign in written for sign in _URBAN) == self._urban[row]
            quality = _SAME_KIND if alike else _OTHER_KIND
        else:
            quality = _OTHER_KIND if level != "county" else _SAME_KIND
        worth = quality * (end + grown - start)
        return Mention(start, end + grown, row, self._rank[row], worth, suffixed, part)

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
            within = [row for row in rows if apart.intersection(self.gazetteer.lineage[row])]
            more += [self._mention(text, start, end, row) for row in (within or rows)[:_CROWD]]
        return more
