"""From a Chinese address to candidate places, each with a level, a radius and a probability.

Names of the gazetteer are found in the text by dictionary, every entry found is weighed by
how much of the text its administrative path explains and what contradicts it, and what
remains likely is returned. Nothing is guessed that the text does not name.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from dispatch.places.divisions import Elsewhere, Surroundings
from dispatch.places.gazetteer import ADMIN, LEVELS, Gazetteer
from dispatch.places.mentions import Mention, Reader, overlaps
from dispatch.places.settings import PlaceSettings, default_settings
from dispatch.places.text import clean

Note = Literal["", "empty", "outside", "unmatched", "ambiguous"]

_COUNTY, _TOWNSHIP = ADMIN.index("county"), ADMIN.index("township")
# The log-odds below order candidates; how sure the best one is comes from the settings.
_PER_SIGN = 1.5
_OTHER_COUNTY, _OTHER_TOWNSHIP, _OTHER_WEAK = 4.0, 3.0, 1.0
_LEVEL_ODDS = {"township": -0.3, "village": -0.6, "hamlet": -1.0, "street": -0.6}
_BARE_ODDS = -0.6  # a settlement named without any suffix
_HINT_ODDS = {"county": 1.0, "township": 1.7, "village": 2.4}
_MOST_CANDIDATES = 6
_LEAST = 0.02
_DOUBT = 0.1  # this much in other counties, and none named, and no candidate is called likely


@dataclass(frozen=True, slots=True)
class Candidate:
    """One place an address may mean. `path` are names from the county down to the place.

    `probability` (0 to 1) is that the address means a point within `radius_metres` of here.
    `used` and `unused` are the parts of the cleaned text, divided by blanks.
    """

    code: str
    level: str
    lon: float
    lat: float
    radius_metres: float
    probability: float
    path: tuple[str, ...]
    used: str
    unused: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Candidates, likeliest first, and if there are none why: `note`, with the place `elsewhere`."""

    candidates: tuple[Candidate, ...] = ()
    note: Note = ""
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class _Weighed:
    row: int
    odds: float
    most: float
    county_said: bool
    spans: tuple[tuple[int, int], ...]


class Geocoder:
    """Reads addresses against one gazetteer; made once, then any number of addresses."""

    def __init__(self, gazetteer: Gazetteer, settings: PlaceSettings | None = None) -> None:
        self.gazetteer = gazetteer
        self.settings = settings or default_settings()
        self.reader = Reader(gazetteer)
        upper = LEVELS[: _COUNTY + 1]
        named = zip(gazetteer.name, gazetteer.level, strict=True)
        self.surroundings = Surroundings(clean(name) for name, level in named if level in upper)

    def look_up(self, address: object, hint: Collection[str] = ()) -> Answer:
        """Candidates of one address; `hint` are codes of units other evidence speaks for."""
        text = clean(address)
        if len(text) < 2:
            return Answer(note="empty")
        mentions = self.reader.read(text)
        until = min(
            (one.start for one in mentions if one.rank <= _COUNTY and not one.part), default=len(text)
        )
        known: dict[int, int] = {}
        for one in mentions:
            known[one.start] = max(one.end, known.get(one.start, 0))
        around = self.surroundings.read(text, until, known)
        own_county = any(one.rank == _COUNTY and not one.part for one in mentions)
        if around.certain and self.surroundings.known and not own_county:
            return Answer(note="outside", elsewhere=around.name)
        weighed = self._weigh_all(mentions, frozenset(hint))
        if not weighed:
            return Answer(note="outside" if around.name else "unmatched", elsewhere=around.name)
        candidates = self._candidates(text, weighed, around)
        return Answer(candidates, "" if candidates else "ambiguous")

    def _weigh_all(self, mentions: list[Mention], hint: frozenset[str]) -> list[_Weighed]:
        by_row: dict[int, list[Mention]] = {}
        for one in mentions:
            by_row.setdefault(one.row, []).append(one)
        spans: dict[tuple[int, int], list[Mention]] = {}
        for one in mentions:
            if not one.part:
                spans.setdefault((one.start, one.end), []).append(one)
        found = [
            self._weigh(row, by_row, spans, hint) for row in by_row if math.isfinite(self.gazetteer.lon[row])
        ]
        found.sort(key=lambda one: (-one.odds, one.row))
        return self._without_ancestors(found)

    def _weigh(
        self, row: int, by_row: dict[int, list[Mention]],
        spans: dict[tuple[int, int], list[Mention]], hint: frozenset[str],
    ) -> _Weighed:  # fmt: skip
        """How well the text says that it means `row`, and how sure that can be at most."""
        gazetteer, level = self.gazetteer, self.gazetteer.level[row]
        chain = gazetteer.chain(row)
        taken: list[Mention] = []
        for unit in reversed(chain):
            # the entry itself stands late in the text, its units early
            free = [one for one in by_row.get(unit, ()) if not any(overlaps(one, other) for other in taken)]
            if free:
                side = 1 if unit == row else -1
                taken.append(max(free, key=lambda one: (one.worth, side * one.start)))
        named = {gazetteer.level[one.row] for one in taken if not one.part}
        odds = _PER_SIGN * sum(one.worth for one in taken) + _LEVEL_ODDS.get(level, 0.0)
        if level in ("village", "hamlet") and not taken[0].suffixed:
            odds += _BARE_ODDS
        hinted = [gazetteer.level[unit] for unit in chain if gazetteer.code[unit] in hint]
        odds += max((_HINT_ODDS.get(one, 0.0) for one in hinted), default=0.0)
        most = self._most(level, named | set(hinted), bare=not taken[0].suffixed)
        against, cap = self._conflicts(row, set(chain), taken, spans)
        said = "county" in named or bool(hinted) or level in ("province", "city")
        return _Weighed(
            row, odds - against, min(most, cap), said, tuple((one.start, one.end) for one in taken)
        )

    def _most(self, level: str, named: set[str], *, bare: bool) -> float:
        match = self.settings.match
        if level in ("province", "city", "county"):
            return match.certain
        if "county" in named:
            return match.certain if "township" in named else match.county_named
        if "township" in named:
            return match.township_named
        return match.name_alone * (0.8 if bare else 1.0)

    def _conflicts(
        self, row: int, chain: set[int], taken: list[Mention], spans: dict[tuple[int, int], list[Mention]]
    ) -> tuple[float, float]:
        """Log-odds against `row` from units named in the text that it does not lie in, and a cap."""
        match, against, cap = self.settings.match, 0.0, 1.0
        for (start, end), found in spans.items():
            if any(start < one.end and one.start < end for one in taken):
                continue
            rank = min(one.rank for one in found)
            if rank not in (_COUNTY, _TOWNSHIP) or self._fits(row, chain, found):
                continue
            named_in_full = any(one.suffixed for one in found if one.rank == rank)
            if rank == _COUNTY:
                against, cap = against + _OTHER_COUNTY, min(cap, match.conflict_county)
            elif named_in_full:
                against, cap = against + _OTHER_TOWNSHIP, min(cap, match.conflict_township)
            else:
                against += _OTHER_WEAK
        return against, cap

    def _fits(self, row: int, chain: set[int], found: list[Mention]) -> bool:
        """Whether a stretch of text can be read so that it does not contradict `row`."""
        ancestors = self.gazetteer.lineage
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

    def _without_ancestors(self, found: list[_Weighed]) -> list[_Weighed]:
        """Drop units that a likelier candidate lies in, and parts that say no more than their unit."""
        kept: list[_Weighed] = []
        for one in found:
            chain = set(self.gazetteer.chain(one.row))
            if any(one.row in self.gazetteer.chain(better.row) or better.row in chain for better in kept):
                continue
            kept.append(one)
            if len(kept) >= 40 or one.odds < kept[0].odds - 8.0:  # e^-8: less than 1 in 3,000
                break
        return kept

    def _candidates(self, text: str, weighed: list[_Weighed], around: Elsewhere) -> tuple[Candidate, ...]:
        best = weighed[0].odds
        total = sum(math.exp(one.odds - best) for one in weighed)
        match = self.settings.match
        cap = match.foreign_context if around.name else 1.0
        if not weighed[0].county_said and self._other_counties(weighed) >= _DOUBT:
            cap = min(cap, match.conflict_county)
        found = []
        for one in weighed[:_MOST_CANDIDATES]:
            probability = math.exp(one.odds - best) / total * min(one.most, cap)
            if probability >= _LEAST:
                found.append(self._candidate(text, one, probability, around.own))
        return tuple(sorted(found, key=lambda one: -one.probability))

    def _other_counties(self, weighed: list[_Weighed]) -> float:
        """Share of the odds that lies outside the county of the likeliest."""
        county = [self.gazetteer.lineage[one.row][_COUNTY] for one in weighed]
        odds = [math.exp(one.odds - weighed[0].odds) for one in weighed]
        return sum(o for o, c in zip(odds, county, strict=True) if c != county[0]) / sum(odds)

    def _candidate(
        self, text: str, one: _Weighed, probability: float, own: Iterable[tuple[int, int]]
    ) -> Candidate:
        gazetteer, level = self.gazetteer, self.gazetteer.level[one.row]
        used, unused = _split(text, (*one.spans, *own))
        radius = gazetteer.radius_metres(
            one.row, self.settings.level_radius_metres[level], self.settings.match.spacing_share
        )
        return Candidate(
            code=gazetteer.code[one.row],
            level=level,
            lon=float(gazetteer.lon[one.row]),
            lat=float(gazetteer.lat[one.row]),
            radius_metres=radius,
            probability=round(probability, 6),
            path=gazetteer.path_names(gazetteer.code[one.row]),
            used=used,
            unused=unused,
        )


def geocoder(gazetteer: Gazetteer, settings: PlaceSettings | None = None) -> Geocoder:
    """The geocoder of that gazetteer, made at the first call and kept as long as it is."""
    settings = settings or default_settings()
    # the geocoder holds its settings, so their id stays theirs
    made: Geocoder = gazetteer.readers.setdefault(id(settings), None) or Geocoder(gazetteer, settings)
    gazetteer.readers[id(settings)] = made
    return made


def geocode(
    addresses: Sequence[object],
    gazetteer: Gazetteer,
    hints: Sequence[Collection[str]] | None = None,
    settings: PlaceSettings | None = None,
) -> list[tuple[Candidate, ...]]:
    """Candidate places of each address, likeliest first, probabilities summing to at most 1.

    Levels may be missing, shortened or written with other suffixes; villages of the same
    name are told apart by the county and town named, else returned together. Where units
    contradict each other no candidate is likelier than the settings' caps. A text that names
    a place outside the area, is empty, or matches nothing has no candidate (`geocoder(...)
    .look_up` says which). House numbers are not resolved: they stay in `unused`.

    Parameters
    ----------
    addresses
        Texts as they came; what is not a string counts as empty.
    gazetteer
        The names of the area.
    hints
        Per address, codes of units where other evidence of the case lies.
    settings
        `[places]`; the bundled ones if None.
    """
    reader = geocoder(gazetteer, settings)
    given = hints if hints is not None else [()] * len(addresses)
    return [reader.look_up(text, hint).candidates for text, hint in zip(addresses, given, strict=True)]


def _split(text: str, spans: Iterable[tuple[int, int]]) -> tuple[str, str]:
    """The parts of `text` inside and outside of the spans, each divided by blanks."""
    inside = [False] * len(text)
    for start, end in spans:
        inside[start:end] = [True] * (end - start)
    parts: dict[bool, list[str]] = {True: [], False: []}
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or inside[end] != inside[start]:
            parts[inside[start]].append(text[start:end])
            start = end
    return " ".join(parts[True]), " ".join(parts[False])
