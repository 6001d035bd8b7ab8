"""How well a text says that it means an entry: what its path explains, and what contradicts it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from dispatch.places.divisions import listed_above
from dispatch.places.gazetteer import ADMIN
from dispatch.places.index import NameIndex
from dispatch.places.mentions import Mention, overlaps
from dispatch.places.settings import OddsSettings
from dispatch.places.text import DOOR, core

_COUNTY, _TOWNSHIP, _VILLAGE = (ADMIN.index(level) for level in ("county", "township", "village"))
_SETTLEMENTS = ("village", "hamlet")
Against = Literal["county", "township", "weak", "settlement"]
SPOKEN_BEFORE = "在住址到去于是来往地省市"  # such a sign may stand before a name
_MOST_WEIGHED = 40
_UNLIKELY = 8.0  # e^-8: less than 1 in 3,000


class Read(NamedTuple):
    """A folded text, the mentions in it, and (start, end) of the provinces and prefectures of the area."""

    text: str
    mentions: list[Mention]
    own: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True, slots=True)
class Weighed:
    """An entry with its log-odds, and what speaks for it and against it.

    `said` are the levels of the units above it that are named or that other evidence speaks for,
    `taken` the mentions of itself, first, and of its units; `against` the kinds of contradiction;
    `cut_out` that nothing but one name speaks for it, which may be a part of a longer one.
    """

    row: int
    odds: float
    said: frozenset[str]
    hinted: bool
    county_said: bool
    cut_out: bool
    against: frozenset[Against]
    taken: tuple[Mention, ...]


class Weigher:
    """Weighs the entries that one text mentions; `hint` are codes of units other evidence speaks for."""

    def __init__(self, index: NameIndex, odds: OddsSettings, text: Read, hint: frozenset[str]) -> None:
        mentions = text.mentions
        self._text, self._explained_before = text.text, {end for _, end in text.own}
        self._index, self._gazetteer, self._odds, self._hint = index, index.gazetteer, odds, hint
        lineage, row_of = index.lineage, index.gazetteer.row_of
        self._hinted_counties = {lineage[row_of[code]][_COUNTY] for code in hint if code in row_of} - {-1}
        self._by_row: dict[int, list[Mention]] = {}
        spans: dict[tuple[int, int], list[Mention]] = {}
        settled = [
            (one.start, one.end)
            for one in mentions
            if one.suffixed and not one.wrong and not one.part and one.rank >= _VILLAGE
        ]
        self._upper = {text.text[start:end]: float(end - start) for start, end in text.own}
        self._most_upper = sum(self._upper.values())
        for one in mentions:
            if one.rank <= _TOWNSHIP and not one.suffixed and _is_inside(one, settled):
                continue  # 新坡 in 新坡仔村 is no town
            self._by_row.setdefault(one.row, []).append(one)
            if not one.part and not one.wrong:
                spans.setdefault((one.start, one.end), []).append(one)
        self._settled = [
            found
            for found in spans.values()
            if min(one.rank for one in found) == _VILLAGE and found[0].suffixed
        ]
        # only a stretch whose highest reading is a county or a township can contradict anything
        self._units = [
            found for found in spans.values() if min(one.rank for one in found) in (_COUNTY, _TOWNSHIP)
        ]

    def weigh(self) -> list[Weighed]:
        """Entries by falling odds, those dropped that a likelier one lies in."""
        lon = self._gazetteer.lon
        ceilings = sorted(
            ((-self._ceiling(row), row) for row in self._by_row if math.isfinite(lon[row])),
        )
        found: list[Weighed] = []
        best = -math.inf
        for ceiling, row in ceilings[: 2 * _MOST_WEIGHED]:
            if -ceiling < best - _UNLIKELY:
                break
            one = self._weigh(row)
            best = max(best, one.odds)
            found.append(one)
        found.sort(key=lambda one: (-one.odds, one.row))
        return self._without_ancestors(self._without_unlinked(found))

    def unit_named(self, one: Weighed) -> Weighed | None:
        """The finest county or town, sign for sign and by its kind, that an entry lies in."""
        finite = self._gazetteer.lon
        units = [
            unit
            for unit in one.taken[1:]
            if unit.rank in (_COUNTY, _TOWNSHIP)
            and unit.suffixed
            and not unit.wrong
            and math.isfinite(finite[unit.row])
        ]
        return self._weigh(max(units, key=lambda unit: unit.rank).row) if units else None

    def _without_unlinked(self, found: list[Weighed]) -> list[Weighed]:
        """Drop provinces and prefectures where something finer is named that may well lie in them."""
        lineage, by_row = self._index.lineage, self._by_row
        exact = [one.row for one in found if by_row[one.row][0].rank >= _COUNTY and not one.taken[0].wrong]
        return [
            one
            for one in found
            if (rank := by_row[one.row][0].rank) >= _COUNTY
            or not any(lineage[row][rank] < 0 for row in exact)
        ]

    def _ceiling(self, row: int) -> float:
        """Log-odds an entry cannot exceed: all that its path explains, if nothing overlapped."""
        by_row = self._by_row
        total = max(one.worth for one in by_row[row]) + self._most_upper
        for unit in self._index.lineage[row]:
            if unit in by_row and unit != row:
                total += max(one.worth for one in by_row[unit])
        hint = self._odds.hint_county + max(self._odds.hint.values()) if self._hint else 0.0
        return self._odds.sign * total + hint

    def _weigh(self, row: int) -> Weighed:
        gazetteer, level = self._gazetteer, self._gazetteer.level[row]
        chain = self._index.chain(row)
        taken = self._taken(row, chain)
        leaf = taken[0]
        worth = sum(one.worth for one in taken) + (self._worth_of_unlisted(row) if self._upper else 0.0)
        odds = self._odds.sign * worth + self._odds.level.get(level, 0.0)
        if level in _SETTLEMENTS and not leaf.suffixed:
            odds += self._odds.bare
        hinted = {gazetteer.level[unit] for unit in chain if gazetteer.code[unit] in self._hint}
        if self._hint:
            odds += max((self._odds.hint.get(one, 0.0) for one in hinted), default=0.0)
            if self._index.lineage[row][_COUNTY] in self._hinted_counties:
                odds += self._odds.hint_county
        against, conflicts = self._conflicts(row, set(chain), taken)
        own = {gazetteer.level[one.row] for one in taken if not one.part}
        said = level in ("province", "city") or bool(hinted)
        said = said or ("county" in own and (level != "county" or leaf.suffixed))
        cut = len(taken) == 1 and not said and self._is_cut_out(leaf)
        odds += self._odds.cut_out if cut else 0.0
        return Weighed(
            row, odds - against, frozenset((own | hinted) - {level}), bool(hinted), said, cut, conflicts,
            tuple(taken),
        )  # fmt: skip

    def _worth_of_unlisted(self, row: int) -> float:
        """What a province and a prefecture are worth that the gazetteer does not know to hold an entry, and China's list does."""
        units = self._index.lineage[row]
        county = units[_COUNTY]
        if county < 0:
            return 0.0
        names = listed_above(self._gazetteer.code[county], self._index.plain[county])
        if not any(names):
            # a zone that no list has may lie anywhere, but is hardly meant itself
            return self._most_upper if county != row else 0.0
        return sum(
            self._upper.get(name, self._upper.get(core(name, level), 0.0))
            for name, level, unit in zip(names, ADMIN, units, strict=False)
            if unit < 0
        )

    def _is_cut_out(self, leaf: Mention) -> bool:
        """Whether the one name that speaks for an entry may be a part of a longer one."""
        text = self._text
        if leaf.rank < _TOWNSHIP:
            return False
        before, after = text[leaf.start - 1 : leaf.start], text[leaf.end : leaf.end + 1]
        if (
            "\u4e00" <= before <= "\u9fff"
            and before not in SPOKEN_BEFORE
            and leaf.start not in self._explained_before
        ):
            return True
        goes_on = not leaf.suffixed and "\u4e00" <= after <= "\u9fff"
        return goes_on and DOOR.match(text, leaf.end).end() == leaf.end  # type: ignore[union-attr] # it matches nothing, too

    def _taken(self, row: int, chain: list[int]) -> list[Mention]:
        """The mention of the entry itself, late in the text, and of its units, early in it, the telling ones first."""
        own = self._by_row[row]
        taken = [own[0] if len(own) == 1 else max(own, key=lambda one: (one.worth, one.start))]
        units = [one for unit in chain[:-1] for one in self._by_row.get(unit, ())]
        if len(units) > 1:
            units.sort(key=lambda one: (-one.worth, one.rank, one.start))
        for one in units:
            if not any(one.row == other.row or overlaps(one, other) for other in taken):
                taken.append(one)
        return taken

    def _conflicts(self, row: int, chain: set[int], taken: list[Mention]) -> tuple[float, frozenset[Against]]:
        """Log-odds against `row` from units named in the text that it does not lie in, and their kinds."""
        odds, against = self._odds, 0.0
        kinds: set[Against] = set()
        wrong = any(one.wrong for one in taken)
        for found in self._units:
            start, end = found[0].start, found[0].end
            if any(start < one.end and one.start < end for one in taken) or self._fits(row, chain, found):
                continue
            rank = min(one.rank for one in found)
            # a name that is there, sign for sign, speaks louder than one that nearly is
            named_in_full = wrong or any(one.suffixed for one in found if one.rank == rank)
            if rank == _COUNTY and not all(one.moved for one in found if one.rank == rank):
                against += odds.other_county
                kinds.add("county")
            elif rank == _TOWNSHIP and named_in_full:
                # whichever is right, the other explains as much of the text: how much must not decide
                lost = taken[0].worth - max(one.worth for one in found)
                against += odds.other_township + odds.sign * max(lost, 0.0)
                kinds.add("township")
            else:
                against += odds.other_weak
                kinds.add("weak")
        if taken[0].wrong and self._another_settlement(row, chain, taken):
            against += odds.other_township
            kinds.add("settlement")
        return against + (odds.slip_besides if against and wrong else 0.0), frozenset(kinds)

    def _another_settlement(self, row: int, chain: set[int], taken: list[Mention]) -> bool:
        """Whether a village is named sign for sign that is not this one, nor holds it, nor lies in it."""
        return any(
            not any(overlaps(found[0], one) for one in taken) and not self._fits(row, chain, found)
            for found in self._settled
        )

    def _fits(self, row: int, chain: set[int], found: Iterable[Mention]) -> bool:
        """Whether a stretch of text can be read so that it does not contradict `row`."""
        ancestors = self._index.lineage
        for one in found:
            if one.row in chain or row in ancestors[one.row]:
                return True
            if one.rank in (_COUNTY, _TOWNSHIP) and ancestors[row][one.rank] < 0:
                # where the entry lies is not known at that level: the level above decides
                if one.rank == _COUNTY:
                    return True
                own, other = ancestors[row][_COUNTY], ancestors[one.row][_COUNTY]
                if min(own, other) < 0 or own == other:
                    return True
        return False

    def _without_ancestors(self, found: list[Weighed]) -> list[Weighed]:
        """Drop units that a likelier candidate lies in, and parts that say no more than their unit."""
        kept: list[Weighed] = []
        seen: set[int] = set()
        units: set[int] = set()
        for one in found:
            chain = self._index.chain(one.row)
            if one.row in units or not seen.isdisjoint(chain):
                continue
            kept.append(one)
            seen.add(one.row)
            units.update(chain)
            if len(kept) >= _MOST_WEIGHED or one.odds < kept[0].odds - _UNLIKELY:
                break
        return kept


def _is_inside(one: Mention, spans: Iterable[tuple[int, int]]) -> bool:
    """Whether the mention and a sign after it lie in one of the spans."""
    return any(start <= one.start and one.end < end - 1 for start, end in spans)
