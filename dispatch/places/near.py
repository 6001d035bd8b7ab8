"""Names that a text nearly holds: a sign wrong, left out, one too many, or two exchanged."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from dispatch.places.characters import likeness
from dispatch.places.gazetteer import ADMIN
from dispatch.places.index import ANY, LONGEST_NEAR, NameIndex
from dispatch.places.mentions import Mention
from dispatch.places.settings import Slip

_COUNTY, _TOWNSHIP = ADMIN.index("county"), ADMIN.index("township")
_MOST_ROWS = 60  # entries looked at of one name
_CHINESE = re.compile(r"[\u3400-\u9fff0-9]+")
_USUAL = frozenset({"sound", "shape", "swapped"})
_COUNTING = frozenset("0123456789十第")
_LONGEST_COUNTED = 4  # signs of a stretch in which one may be missing or too many
_LONGEST = tuple(range(LONGEST_NEAR, 1, -1))
# of names these make, three signs must be right where no unit around is named
_COUNTED: frozenset[Slip] = frozenset({"missing", "extra"})

Read = Callable[[str, int, int, int], Mention]
"""A text, where a name starts and ends in it, the row that bears it: the mention."""
_Nearly = tuple[int, int, str, Slip]
"""Start and end in the text, the name that was meant, and what is wrong with it."""


class NearReader:
    """Looks through a text for names of one index that are written with one slip."""

    def __init__(self, index: NameIndex, read: Read, costs: dict[Slip, float]) -> None:
        self._index, self._read, self._costs = index, read, costs

    def read(
        self, text: str, suspects: Sequence[int], named: Collection[int], *, settled: bool
    ) -> list[Mention]:
        """Mentions with one slip, at one of `suspects`.

        `named` are rows of units that the text names; where that is `settled`, by their kind of
        unit, only names in or around them count. Else others do too with the kind of unit
        written after them, if the slip is one that is often made.
        """
        around = _Around(named, self._index.lineage)
        index, found = self._index.rows, dict[tuple[int, int], Mention]()
        for start, end, name, slip in self._nearly(text, suspects, around.known):
            rows = index[name]
            often = not settled and slip != "none" and (slip not in _COUNTED or len(name) > 2)
            fits = around.fitting(rows, slip, len(name))
            for row in fits or (rows[:_MOST_ROWS] if often else ()):
                one = self._mention(text, start, end, row, slip)
                if one is None or not (fits or one.suffixed or _is_all(text, start, end)):
                    continue
                known = found.get((row, start))
                if known is None or known.worth < one.worth:
                    found[row, start] = one
        return list(found.values())

    def _mention(self, text: str, start: int, end: int, row: int, slip: Slip) -> Mention | None:
        whole = self._read(text, start, end, row)
        if whole.part or (slip == "none" and end - start == 2 and not whole.suffixed):
            return None
        if slip in _COUNTED and not whole.suffixed and _goes_on(text, end):
            return None
        worth = whole.worth - self._costs[slip]
        return whole._replace(worth=worth, wrong=slip) if worth > 0 else None

    def _nearly(self, text: str, suspects: Sequence[int], known: bool) -> Iterator[_Nearly]:
        """Every name that one slip makes of a stretch of text with a suspect sign in it."""
        seen: set[tuple[int, int]] = set()
        for at in suspects:
            run = _CHINESE.match(text, at)
            stop = run.end() if run is not None else at + 1
            yield from self._one_wrong(text, at, stop, known)
            yield from self._exchanged(text, at)
            for start in range(max(0, at - _LONGEST_COUNTED), at + 1):
                for end in range(max(at + 1, start + 2), min(stop, start + _LONGEST_COUNTED + 1) + 1):
                    if (start, end) not in seen:
                        seen.add((start, end))
                        yield from self._miscounted(text[start:end], start, end)

    def _one_wrong(self, text: str, at: int, stop: int, known: bool) -> Iterator[_Nearly]:
        """The sign at `at` is another."""
        near, sign = self._index.near, text[at]
        for start, lengths in self._starts(text, at):
            before = text[start:at] + ANY
            for length in lengths:
                end = start + length
                if at < end <= stop:
                    for right in near.get(before + text[at + 1 : end], ""):
                        slip = likeness(sign, right)
                        if right != sign and (slip != "none" or known):
                            yield start, end, f"{text[start:at]}{right}{text[at + 1 : end]}", slip

    def _miscounted(self, written: str, start: int, end: int) -> Iterator[_Nearly]:
        """A sign is missing in what is written, or one too many."""
        near, rows, size = self._index.near, self._index.rows, len(written)
        lengths = self._index.lengths.get(written[:2], ())
        if size < _LONGEST_COUNTED:
            last = size + 1 if size + 1 in lengths else 2
            for at in range(last):
                for right in near.get(f"{written[:at]}{ANY}{written[at:]}", ""):
                    yield start, end, f"{written[:at]}{right}{written[at:]}", "missing"
        if size > 2:
            for at in range(1, size if size - 1 in lengths else 2):
                name = written[:at] + written[at + 1 :]
                if name in rows:
                    yield start, end, name, "extra"

    def _exchanged(self, text: str, at: int) -> Iterator[_Nearly]:
        """The sign and the next, each in the place of the other."""
        index, lengths = self._index.rows, self._index.lengths
        if at + 1 >= len(text) or text[at] == text[at + 1]:
            return
        turned = f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"
        for start in range(max(0, at - LONGEST_NEAR + 2), at + 1):
            for length in lengths.get(turned[start : start + 2], ()):
                name = turned[start : start + length]
                if length > at + 1 - start and start + length <= len(text) and name in index:
                    yield start, start + length, name, "swapped"

    def _starts(self, text: str, at: int) -> Iterator[tuple[int, Sequence[int]]]:
        """Where names may start whose sign at `at` is not to be trusted, and how long they may be."""
        lengths = self._index.lengths
        for start in range(max(0, at - LONGEST_NEAR + 1), min(at, len(text) - 1) + 1):
            if at - start < 2:
                yield start, _LONGEST
            elif (known := lengths.get(text[start : start + 2])) is not None:
                yield start, known


def _is_all(text: str, start: int, end: int) -> bool:
    """Whether a name is all that a text says, but for a door's number."""
    return start == 0 and (end == len(text) or text[end] in _COUNTING)


def _goes_on(text: str, end: int) -> bool:
    """Whether a name may go on after `end`."""
    return "\u4e00" <= text[end : end + 1] <= "\u9fff" and text[end] not in _COUNTING


class _Around:
    """What a text names, as a sieve for names that are only nearly there."""

    def __init__(self, named: Collection[int], lineage: Sequence[Sequence[int]]) -> None:
        self._lineage, self._within = lineage, frozenset(named)
        self._around = {unit for row in named for unit in lineage[row] if unit >= 0}
        self.known = bool(self._around)

    def fitting(self, rows: Sequence[int], slip: Slip, length: int) -> Sequence[int]:
        """Those of `rows` in or around what is named; what is no usual slip must lie closer."""
        if not self.known:
            return ()
        lowest = _COUNTY if length > 2 or slip in _USUAL else _TOWNSHIP
        around, within, lineage = self._around, self._within, self._lineage
        return [
            row for row in rows[:_MOST_ROWS] if row in around or not within.isdisjoint(lineage[row][lowest:])
        ]
