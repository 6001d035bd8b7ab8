"""The plain case, read from left to right: county, township, village, door number, nothing else."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Literal, NamedTuple

from dispatch.places.characters import likeness
from dispatch.places.divisions import listed_above
from dispatch.places.gazetteer import ADMIN
from dispatch.places.index import ANY, LONGEST_NEAR, NameIndex
from dispatch.places.settings import Slip
from dispatch.places.text import DOOR, core, is_urban, names_a_building, suffix_after

_SPOKEN_FIRST = re.compile(
    r"(?:(?:详细|家庭|户籍|居住|现居|现住|联系|收货|单位|我)?(?:地址|住址|住在|住|地))?"
)
_COUNTING = frozenset("0123456789十第")

_PROVINCE, _CITY, _COUNTY, _TOWNSHIP = (
    ADMIN.index(level) for level in ("province", "city", "county", "township")
)


class Found(NamedTuple):
    """The village, or the door in it, of that row is named; its name starts and ends at those signs.

    `wrong` is as in a mention, `above` whether in the name of its county or town; `bare` that no
    kind of settlement is written.
    """

    row: int
    start: int
    end: int
    wrong: Slip | Literal[""]
    above: bool
    bare: bool


class _Step(NamedTuple):
    """The unit of that row is named up to sign `end`; whether its kind is written; whether its whole listed name is."""

    row: int = -1
    end: int = 0
    wrong: Slip | Literal[""] = ""
    kind: bool = False
    whole: bool = False


_NOWHERE = _Step()
_AREA = -1  # the parent of the counties
_MOST_BEFORE = 24  # signs of talk before an address


class StraightReader:
    """Reads addresses that name county, township and village in this order and nothing that conflicts.

    A part may be said twice, and one may be written with one slip (`near`) if what is written is
    no other name of the area. `elsewhere` are the first two signs of places outside of it.
    """

    def __init__(self, index: NameIndex, elsewhere: Container[str] = frozenset()) -> None:
        self._index, self._elsewhere = index, elsewhere
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
        self._heads = {*self._upper_lengths, *(name[:2] for name in self._counties)}

    def read(self, text: str) -> Found | None:
        """The village that folded `text` names beyond doubt; None where more than this look is needed."""
        at, allowed = self._past_upper(text, self._head(text))
        step, slip_above, start = _Step(_AREA, at), False, at
        wrong: Slip | Literal[""] = ""
        for level in ("county", "township", "village"):
            town, start = step.row, step.end
            step = self._step(text, start, town, level, exact=bool(wrong))
            if step.row < 0 or (level == "county" and allowed is not None and step.row not in allowed):
                return None
            slip_above, wrong = slip_above or (bool(step.wrong) and level != "village"), wrong or step.wrong
        row, end = self._inside(text, step.end, step.row)
        if row < 0 or not self._says_no_more(
            text, start, end, town, closed=step.kind or row != step.row, step=step
        ):
            return None
        return Found(row, start, end, wrong, slip_above, not step.kind)

    def _head(self, text: str) -> int:
        """Where the address starts, past talk in which nothing is named."""
        start = _SPOKEN_FIRST.match(text).end()  # type: ignore[union-attr] # it matches nothing, too
        for at in range(start, min(_MOST_BEFORE, len(text))):
            two = text[at : at + 2]
            if two in self._heads:
                return at
            if two in self._elsewhere or any(
                text[at : at + length] in self._index.rows for length in self._index.lengths.get(two, ())
            ):
                break
        return start

    def _past_upper(self, text: str, start: int) -> tuple[int, frozenset[int] | None]:
        """Past province and prefecture, said once or twice, and the counties in them."""
        at, allowed = start, None
        for _ in range(2):
            for length in self._upper_lengths.get(text[at : at + 2], ()):
                found = self._upper.get(text[at : at + length])
                if found is not None:
                    at, allowed = at + length, found if allowed is None else allowed & found
                    break
        return at, allowed

    def _says_no_more(self, text: str, start: int, at: int, town: int, *, closed: bool, step: _Step) -> bool:
        """Whether a village named from `start` to `at` is all: a door may follow, a remark, a shop unknown here.

        No other unit, and nothing else of the same town; decoys from elsewhere are no matter.
        """
        end = DOOR.match(text, at).end()  # type: ignore[union-attr] # it matches nothing, too
        if end == len(text):
            return True
        if end == at and (names_a_building(text, at) or not (closed or step.whole)):
            return False
        index, rank, lineage = self._index, self._index.rank, self._index.lineage
        for one in range(start + 1, len(text) - 1):
            for length in index.lengths.get(text[one : one + 2], ()):
                until = one + length
                if until <= at or until > len(text):
                    continue
                for row in index.rows.get(text[one:until], ()):
                    if lineage[row][_TOWNSHIP] == town and row != town:
                        return False
                    if rank[row] <= _TOWNSHIP and row != town and not names_a_building(text, until):
                        return False
        return True

    def _inside(self, text: str, start: int, village: int) -> tuple[int, int]:
        """The door or house of the village that is named at `start`, else the village itself."""
        names = self._index.children.get(village, {})
        for length in self._lengths_below(village, names) if start < len(text) else ():
            rows = names.get(text[start : start + length])
            if rows is not None and start + length <= len(text):
                return (rows[0] if len(rows) == 1 else -1), start + length
        return village, start

    def _step(self, text: str, start: int, parent: int, level: str, *, exact: bool) -> _Step:
        """The unit of `level` named at `start`."""
        names = self._counties if parent == _AREA else self._index.children.get(parent)
        if not names:
            return _NOWHERE
        found = _NOWHERE
        for length in self._lengths_below(parent, names):
            rows = names.get(text[start : start + length])
            if rows is not None and start + length <= len(text):
                found = self._whole(text, (start, start + length), text[start : start + length], rows, level)
                if found.kind or found.row < 0 or self._is_over(text, found.end):
                    return found
                if level != "village" and not suffix_after(text, found.end + 1, level):
                    return found
                break
        # nothing, or what may be the head of a longer name
        near = _NOWHERE if exact else self._step_near(text, start, parent, level)
        return near if near.row >= 0 and near.end > found.end else found

    def _whole(self, text: str, span: tuple[int, int], name: str, rows: tuple[int, ...], level: str) -> _Step:
        """The unit that `name` means, with its suffix and past its repetition; nowhere if another kind is written."""
        (start, end), plain = span, self._index.plain
        bare_end = end
        if level == "village" or len(rows) > 1 or plain[rows[0]] != name:
            end += suffix_after(text, end, level)
        written = name + text[bare_end:end]
        if len(rows) > 1 and end > bare_end:
            named = tuple(row for row in rows if plain[row] == written)
            rows = named or tuple(row for row in rows if is_urban(plain[row]) == is_urban(written))
        if len(rows) != 1:
            return _NOWHERE
        row, kind = rows[0], end > bare_end
        if kind:
            full = plain[row]
            if level == "village":
                if is_urban(written) != is_urban(full):
                    return _NOWHERE
            elif level == "township" and full != written:
                return _NOWHERE
        said = text[start:end]
        if text.startswith(said, end):
            end += len(said)
        return _Step(row, end, "", kind, written == plain[row])

    def _is_over(self, text: str, end: int) -> bool:
        """Whether no name goes on after `end`: the text ends, or a number follows."""
        return end == len(text) or text[end] in _COUNTING

    def _step_near(self, text: str, start: int, parent: int, level: str) -> _Step:
        """The one name below `parent` that is written with a slip, its suffix and all."""
        names = self._counties if parent == _AREA else self._index.children[parent]
        found: dict[int, _Step] = {}
        sizes = {length + more for length in self._lengths_below(parent, names) for more in (-1, 0, 1)}
        for size in sizes:
            end = start + size
            if size < 2 or size > LONGEST_NEAR or end > len(text) or text[start:end] in self._index.rows:
                continue
            # with the kind of unit said, or the stretch might be part of a longer name
            if not suffix_after(text, end, level) and not (level == "village" and self._is_over(text, end)):
                continue
            for name, slip in self._slips(text[start:end]):
                rows = names.get(name)
                if rows is None:
                    continue
                one = self._whole(text, (start, end), name, rows, level)
                if one.row >= 0 and found.setdefault(one.row, one._replace(wrong=slip)).end != one.end:
                    return _NOWHERE
        return found.popitem()[1] if len(found) == 1 else _NOWHERE

    def _slips(self, written: str) -> Iterator[tuple[str, Slip]]:
        """Names that one slip makes of what is written, likely ones first."""
        near = self._index.near
        for at, sign in enumerate(written):
            for right in near.get(f"{written[:at]}{ANY}{written[at + 1 :]}", ""):
                if right != sign and (slip := likeness(sign, right)) != "none":
                    yield f"{written[:at]}{right}{written[at + 1 :]}", slip
        for at in range(len(written) - 1):
            yield f"{written[:at]}{written[at + 1]}{written[at]}{written[at + 2 :]}", "swapped"
        for at in range(len(written) + 1):
            for right in near.get(f"{written[:at]}{ANY}{written[at:]}", ""):
                yield f"{written[:at]}{right}{written[at:]}", "missing"
        for at in range(1, len(written) if len(written) > 2 else 0):
            yield written[:at] + written[at + 1 :], "extra"

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
            upper = list(listed_above(gazetteer.code[row], index.plain[row]))
            for level in (_PROVINCE, _CITY):
                above = index.lineage[row][level]
                upper[level] = index.plain[above] if above >= 0 else upper[level]
            for province in {"", upper[_PROVINCE], core(upper[_PROVINCE], "province")}:
                for city in {"", upper[_CITY], core(upper[_CITY], "city")}:
                    found.setdefault(province + city, set()).add(row)
        return {head: frozenset(rows) for head, rows in found.items() if head}
