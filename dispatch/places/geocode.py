"""From a Chinese address to candidate places, each with a level, a radius and a probability.

A text that names county, township and village in order is read straight from left to right.
In any other, names of the gazetteer are found by dictionary, where signs stay unexplained also
with one sign wrong; every entry found is weighed by how much of the text its administrative
path explains and what contradicts it, and what remains likely is returned. Nothing is guessed
that the text does not name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from dispatch.places.divisions import Elsewhere, Surroundings
from dispatch.places.gazetteer import ADMIN, LEVELS, Gazetteer
from dispatch.places.mentions import Mention, Reader
from dispatch.places.settings import PlaceSettings, default_settings
from dispatch.places.straight import DOOR, Found, StraightReader
from dispatch.places.text import clean, fold
from dispatch.places.weigh import Weighed, Weigher

Note = Literal["", "empty", "outside", "unmatched", "ambiguous"]

_COUNTY, _TOWNSHIP, _VILLAGE = (ADMIN.index(level) for level in ("county", "township", "village"))
_MOST_CANDIDATES = 6
_LEAST = 0.02
_DOUBT = 0.1  # this much in other counties, and none named, and no candidate is called likely
_RIVAL = 0.5  # a second candidate with this share of the first makes a text ambiguous
_MOST_SUSPECTS = 8  # signs of one text that may be the wrong one
_UNIT_WORD = re.compile(r"村民委员会|居民委员会|村委会|居委会|社区|街道|办事处|居住|[村镇乡县区市住]")
_UNKNOWN_UNIT = re.compile(r"[\u4e00-\u9fff]{2,}(?:镇|乡|街道|县)")
_SPOKEN_BEFORE = "在住址到去于是来往地省市"  # such a sign may stand before a name
_BESIDE = ("附近", "对面", "旁", "隔壁", "斜对面")


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


class Geocoder:
    """Reads addresses against one gazetteer; made once, then any number of addresses."""

    def __init__(self, gazetteer: Gazetteer, settings: PlaceSettings | None = None) -> None:
        self.gazetteer = gazetteer
        self.settings = settings or default_settings()
        self.reader = Reader(gazetteer)
        self._straight = StraightReader(self.reader.index)
        upper = LEVELS[: _COUNTY + 1]
        named = zip(self.reader.index.plain, gazetteer.level, strict=True)
        self.surroundings = Surroundings(name for name, level in named if level in upper)
        self._known: dict[int, tuple[float, float, float, tuple[str, ...]]] = {}

    def look_up(self, address: object, hint: Collection[str] = ()) -> Answer:
        """Candidates of one address; `hint` are codes of units other evidence speaks for."""
        shown = clean(address)
        if len(shown) < 2:
            return Answer(note="empty")
        text = fold(shown)
        plain = self._straight.read(text)
        if plain is not None and math.isfinite(self.gazetteer.lon[plain.row]):
            return self._straight_answer(shown, plain)
        return self._read(shown, text, frozenset(hint))

    def _straight_answer(self, shown: str, found: Found) -> Answer:
        used, unused = shown[: found.end], shown[found.end :]
        match = self.settings.match
        sure = match.certain * (match.wrong_sign[found.wrong] if found.wrong else 1.0)
        beside = unused.startswith(_BESIDE)
        return Answer((self._candidate(found.row, sure, used, unused, beside=beside),))

    def _read(self, shown: str, text: str, hint: frozenset[str]) -> Answer:
        mentions = self.reader.read(text)
        around = self._around(text, mentions)
        own_county = any(one.rank == _COUNTY and not one.part for one in mentions)
        if around.certain and self.surroundings.known and not own_county:
            return Answer(note="outside", elsewhere=around.name)
        match = self.settings.match
        weighed = Weigher(self.reader.index, match, mentions, hint).weigh()
        suspects = self._suspects(text, mentions, weighed, around)
        if suspects:
            near = self.reader.read_near(text, suspects, self._named(mentions, weighed))
            if near:
                weighed = Weigher(self.reader.index, match, mentions + near, hint).weigh()
        if not weighed:
            return Answer(note="outside" if around.name else "unmatched", elsewhere=around.name)
        candidates = self._candidates(shown, mentions, weighed, around)
        rivals = len(candidates) > 1 and candidates[1].probability >= _RIVAL * candidates[0].probability
        return Answer(candidates, "ambiguous" if rivals or not candidates else "")

    def _around(self, text: str, mentions: list[Mention]) -> Elsewhere:
        until = min(
            (one.start for one in mentions if one.rank == _COUNTY and not one.part), default=len(text)
        )
        known: dict[int, int] = {}
        for one in mentions:
            known[one.start] = max(one.end, known.get(one.start, 0))
        return self.surroundings.read(text, until, known)

    def _suspects(
        self, text: str, mentions: list[Mention], weighed: list[Weighed], around: Elsewhere
    ) -> list[int]:
        """Signs that may be wrong: those the best reading leaves over where a name should stand."""
        best = weighed[0] if weighed else None
        rank = self.reader.index.rank[best.row] if best else -1
        explained = self._explained(best, mentions, around)
        until = len(text)
        if best is not None and rank >= _VILLAGE and best.taken[0].suffixed:
            until = max(one.end for one in best.taken)
        if best is not None and best.against > 0:
            leaf = best.taken[0]
            explained = [span for span in explained if span != (leaf.start, leaf.end)]
        # a unit that is there sign for sign is meant, even where it contradicts the rest
        units = [
            (one.start, one.end) for one in mentions if one.rank in (_COUNTY, _TOWNSHIP) and one.suffixed
        ]
        free = _outside(text[:until], [*explained, *units])
        found: list[int] = []
        for start, end in free:
            left = _UNIT_WORD.sub(lambda one: "0" * len(one[0]), text[start:end])
            found += [start + at for at, sign in enumerate(left) if "\u4e00" <= sign <= "\u9fff"]
        return found[:_MOST_SUSPECTS]

    def _explained(
        self, one: Weighed | None, mentions: list[Mention], around: Elsewhere
    ) -> list[tuple[int, int]]:
        """Stretches of text that name an entry, its units, or the land they lie in, repetitions too."""
        if one is None:
            return list(around.own)
        chain = self.reader.index.chain(one.row)
        again = [other for other in mentions if other.row in chain and not other.part]
        return [*((other.start, other.end) for other in (*one.taken, *again)), *around.own]

    def _named(self, mentions: list[Mention], weighed: list[Weighed]) -> set[int]:
        """Rows that a name with a wrong sign may lie in, or around."""
        named = {one.row for one in mentions if one.rank in (_COUNTY, _TOWNSHIP) and one.suffixed}
        for one in weighed[:6]:
            named |= {mention.row for mention in one.taken if not mention.part}
        return named

    def _candidates(
        self, shown: str, mentions: list[Mention], weighed: list[Weighed], around: Elsewhere
    ) -> tuple[Candidate, ...]:
        best = weighed[0].odds
        total = sum(math.exp(one.odds - best) for one in weighed)
        match = self.settings.match
        cap = match.foreign_context if around.name else 1.0
        doubtful = not weighed[0].county_said and self._other_counties(weighed) >= _DOUBT
        found = []
        for one in weighed[:_MOST_CANDIDATES]:
            used, unused = _split(shown, self._explained(one, mentions, around))
            doubt = match.unknown_unit if _UNKNOWN_UNIT.search(fold(unused)) else 1.0
            probability = math.exp(one.odds - best) / total * min(one.most * doubt, cap)
            probability = min(probability, match.county_in_doubt) if doubtful else probability
            if self._is_cut_out(fold(shown), one):
                probability = min(probability, match.nearly_alone)
            if probability >= _LEAST:
                beside = fold(shown).startswith(_BESIDE, one.taken[0].end)
                found.append(self._candidate(one.row, probability, used, unused, beside=beside))
        return tuple(sorted(found, key=lambda one: -one.probability))

    def _is_cut_out(self, text: str, one: Weighed) -> bool:
        """Whether nothing but one name speaks for it, and that may be a part of a longer one."""
        leaf = one.taken[0]
        if len(one.taken) > 1 or one.county_said or self.reader.index.rank[one.row] < _TOWNSHIP:
            return False
        before = text[leaf.start - 1 : leaf.start]
        cut_before = "\u4e00" <= before <= "\u9fff" and before not in _SPOKEN_BEFORE
        after = text[leaf.end : leaf.end + 1]
        return cut_before or (
            not leaf.suffixed
            and "\u4e00" <= after <= "\u9fff"
            and not DOOR.match(text, leaf.end).end() > leaf.end  # type: ignore[union-attr]
        )

    def _other_counties(self, weighed: list[Weighed]) -> float:
        """Share of the odds that lies outside the county of the likeliest."""
        county = [self.reader.index.lineage[one.row][_COUNTY] for one in weighed]
        odds = [math.exp(one.odds - weighed[0].odds) for one in weighed]
        return sum(o for o, c in zip(odds, county, strict=True) if c != county[0]) / sum(odds)

    def _candidate(
        self, row: int, probability: float, used: str, unused: str, *, beside: bool = False
    ) -> Candidate:
        gazetteer = self.gazetteer
        known = self._known.get(row)
        if known is None:
            radius = gazetteer.radius_metres(
                row,
                self.settings.level_radius_metres[gazetteer.level[row]],
                self.settings.match.spacing_share,
            )
            path = gazetteer.path_names(gazetteer.code[row])
            known = self._known[row] = (float(gazetteer.lon[row]), float(gazetteer.lat[row]), radius, path)
        lon, lat, radius, path = known
        return Candidate(
            code=gazetteer.code[row],
            level=gazetteer.level[row],
            lon=lon,
            lat=lat,
            radius_metres=radius + self.settings.match.beside_metres if beside else radius,
            probability=round(probability, 6),
            path=path,
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


def _outside(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches of `text` that no span covers, as (start, end)."""
    found: list[tuple[int, int]] = []
    at = 0
    for start, end in sorted(spans):
        if start > at:
            found.append((at, min(start, len(text))))
        at = max(at, end)
    if at < len(text):
        found.append((at, len(text)))
    return [(start, end) for start, end in found if start < end]


def _split(text: str, spans: Iterable[tuple[int, int]]) -> tuple[str, str]:
    """The parts of `text` inside and outside of the spans, each divided by blanks."""
    free = _outside(text, spans)
    used = _outside(text, free)
    return " ".join(text[a:b] for a, b in used), " ".join(text[a:b] for a, b in free)
