"""How well a text says that it means an entry: what its path explains, and what contradicts it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.places.gazetteer import ADMIN
from dispatch.places.index import NameIndex
from dispatch.places.mentions import Mention, overlaps
from dispatch.places.settings import MatchSettings

_COUNTY, _TOWNSHIP, _VILLAGE = (ADMIN.index(level) for level in ("county", "township", "village"))
_SETTLEMENTS = ("village", "hamlet")
# The log-odds below order candidates; how sure the best one is comes from the settings.
_OTHER_COUNTY, _OTHER_TOWNSHIP, _OTHER_WEAK = 5.0, 4.0, 1.5
_WRONG_BESIDES = 3.0  # a contradiction and a wrong sign as well
_LEVEL_ODDS = {"township": -0.3, "village": -0.6, "hamlet": -0.6, "street": -0.6}
_BARE_ODDS = -0.6  # a settlement named without any suffix
_HINT_ODDS = {"county": 1.6, "township": 2.2, "village": 2.8}
_MOST_WEIGHED = 40
_UNLIKELY = 8.0  # e^-8: less than 1 in 3,000


@dataclass(frozen=True, slots=True)
class Weighed:
    """An entry with its log-odds, the most it can be worth, and the mentions that speak for it."""

    row: int
    odds: float
    most: float
    county_said: bool
    against: float
    taken: tuple[Mention, ...]


class Weigher:
    """Weighs the entries that one text mentions; `hint` are codes of units other evidence speaks for."""

    def __init__(
        self, index: NameIndex, match: MatchSettings, mentions: list[Mention], hint: frozenset[str]
    ) -> None:
        self._index, self._gazetteer, self._match, self._hint = index, index.gazetteer, match, hint
        self._by_row: dict[int, list[Mention]] = {}
        spans: dict[tuple[int, int], list[Mention]] = {}
        for one in mentions:
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
        total = max(one.worth for one in by_row[row])
        for unit in self._index.lineage[row]:
            if unit in by_row and unit != row:
                total += max(one.worth for one in by_row[unit])
        return self._match.odds_per_sign * total + (max(_HINT_ODDS.values()) if self._hint else 0.0)

    def _weigh(self, row: int) -> Weighed:
        gazetteer, level = self._gazetteer, self._gazetteer.level[row]
        chain = self._index.chain(row)
        taken = self._taken(row, chain)
        leaf = taken[0]
        named = {gazetteer.level[one.row] for one in taken if not one.part}
        odds = self._match.odds_per_sign * sum(one.worth for one in taken) + _LEVEL_ODDS.get(level, 0.0)
        if level in _SETTLEMENTS and not leaf.suffixed:
            odds += _BARE_ODDS
        hinted = {gazetteer.level[unit] for unit in chain if gazetteer.code[unit] in self._hint}
        odds += max((_HINT_ODDS.get(one, 0.0) for one in hinted), default=0.0)
        most = self._most(level, named | hinted, bare=not leaf.suffixed)
        most *= leaf.looked_at
        if leaf.wrong and not hinted and not any(one.rank >= _COUNTY and not one.wrong for one in taken):
            most = min(most, self._match.nearly_alone)
        for one in taken:
            most *= self._match.wrong_sign[one.wrong] if one.wrong else 1.0
        against, cap = self._conflicts(row, set(chain), taken)
        said = bool(hinted) or level in ("province", "city")
        said = said or ("county" in named and (level != "county" or leaf.suffixed))
        return Weighed(row, odds - against, min(most, cap), said, against, tuple(taken))

    def _taken(self, row: int, chain: list[int]) -> list[Mention]:
        """The mention of the entry itself, late in the text, and of its units, early in it."""
        taken: list[Mention] = []
        for unit in reversed(chain):
            free = self._by_row.get(unit)
            if free is None:
                continue
            if taken:
                free = [one for one in free if not any(overlaps(one, other) for other in taken)]
            if free:
                side = 1 if unit == row else -1
                taken.append(
                    free[0] if len(free) == 1 else max(free, key=lambda one: (one.worth, side * one.start))
                )
        return taken

    def _most(self, level: str, named: set[str], *, bare: bool) -> float:
        match = self._match
        if level in ("province", "city", "county"):
            return match.certain
        if "county" in named:
            return match.certain if "township" in named else match.county_named
        if "township" in named:
            return match.township_named
        return match.name_alone * (match.bare_share if bare else 1.0)

    def _conflicts(self, row: int, chain: set[int], taken: list[Mention]) -> tuple[float, float]:
        """Log-odds against `row` from units named in the text that it does not lie in, and a cap."""
        match, against, cap = self._match, 0.0, 1.0
        wrong = any(one.wrong for one in taken)
        for found in self._units:
            start, end = found[0].start, found[0].end
            if any(start < one.end and one.start < end for one in taken) or self._fits(row, chain, found):
                continue
            rank = min(one.rank for one in found)
            # a name that is there, sign for sign, speaks louder than one that nearly is
            named_in_full = wrong or any(one.suffixed for one in found if one.rank == rank)
            if rank == _COUNTY and all(one.moved for one in found if one.rank == rank):
                against += _OTHER_WEAK
            elif rank == _COUNTY:
                against, cap = against + _OTHER_COUNTY, min(cap, match.conflict_county)
            elif named_in_full:
                against, cap = against + _OTHER_TOWNSHIP, min(cap, match.conflict_township)
            else:
                against += _OTHER_WEAK
        if taken[0].wrong and self._another_settlement(row, chain, taken):
            against, cap = against + _OTHER_TOWNSHIP, min(cap, match.conflict_township)
        return against + (_WRONG_BESIDES if against and wrong else 0.0), cap

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
