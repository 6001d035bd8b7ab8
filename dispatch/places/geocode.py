"""From a Chinese address to candidate places, each with a level, a radius and a probability.

A text that names county, township and village in order is read straight from left to right.
In any other, names of the gazetteer are found by dictionary, where signs stay unexplained also
with one slip (`near`); every entry found is weighed by how much of the text its administrative
path explains and what contradicts it (`weigh`), and told how often such a reading is right (`sure`). Nothing is guessed
that the text does not name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from dispatch.places.divisions import Elsewhere, Surroundings
from dispatch.places.gazetteer import ADMIN, LEVELS, Gazetteer
from dispatch.places.mentions import Mention, Reader
from dispatch.places.near import NearReader
from dispatch.places.settings import PlaceSettings, default_settings
from dispatch.places.straight import Found, StraightReader
from dispatch.places.sure import Besides, Features, features, plain_features, sureness
from dispatch.places.text import clean, fold
from dispatch.places.weigh import SPOKEN_BEFORE, Read, Weighed, Weigher

Note = Literal["", "empty", "outside", "unmatched", "ambiguous"]

_COUNTY, _TOWNSHIP, _VILLAGE = (ADMIN.index(level) for level in ("county", "township", "village"))
_MOST_CANDIDATES = 6
_LEAST = 0.02
_LIKELY = 0.5  # below this nothing is said to be so
_SOLE = 0.9  # more than this share, and no other entry is a rival
_RIVAL = 0.5  # a second candidate with this share of the first makes a text ambiguous
_MOST_SUSPECTS = 8  # signs of one text that may be the wrong one
_UNIT_WORD = re.compile(
    r"村民委员会|居民委员会|村委会|居委会|社区|街道|办事处|居住|"
    r"大厦|大?酒店|宾馆|旅馆|饭店|花园|小区|广场|大道|商会|小吃店|药店|超市|公司|学校|中学|小学|医院|[村镇乡县区市住]"
)
_COUNTED_DOOR = re.compile(r"第?[0-9]+(?:村民小组|小组|单元|[组号栋幢座楼层室房巷弄队])?之?")
_TALK = re.compile(
    r"[\u4e00-\u9fff](?:先生|女士|小姐)|报警人称|事主|地址|住址|户籍地|现居?住|[我人]在|我[爸妈]?家"
)
_UNKNOWN_UNIT = re.compile(r"[\u4e00-\u9fff]{2,}(?:镇|乡|街道|县)")
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


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read an address: an entry, its `share` (0 to 1) among all ways, and what holds of it.

    `county_open` says that its county is not named, `contradicted` that another one is,
    or a place outside; `used` and `unused` are as
    in a candidate.
    """

    row: int
    share: float
    features: Features
    county_open: bool
    contradicted: bool
    used: str
    unused: str
    beside: bool


class Geocoder:
    """Reads addresses against one gazetteer; made once, then any number of addresses."""

    def __init__(self, gazetteer: Gazetteer, settings: PlaceSettings | None = None) -> None:
        self.gazetteer = gazetteer
        self.settings = settings or default_settings()
        match = self.settings.match
        self.reader = Reader(gazetteer, match.worth)
        self._near = NearReader(self.reader.index, self.reader.mention, match.worth.slip_signs)
        upper = LEVELS[: _COUNTY + 1]
        named = zip(self.reader.index.plain, gazetteer.level, strict=True)
        self.surroundings = Surroundings(name for name, level in named if level in upper)
        upper_names = sorted(self.surroundings.own, key=len, reverse=True)
        self._upper_words = re.compile("|".join(map(re.escape, upper_names)) or "(?!)")
        self._straight = StraightReader(self.reader.index, self.surroundings.starts)
        self._known: dict[int, tuple[float, float, float, tuple[str, ...]]] = {}

    def look_up(self, address: object, hint: Collection[str] = ()) -> Answer:
        """Candidates of one address; `hint` are codes of units other evidence speaks for."""
        readings, note, elsewhere = self.readings(address, hint)
        if not readings:
            return Answer(note=note, elsewhere=elsewhere)
        candidates = self._candidates(readings)
        rivals = len(candidates) > 1 and candidates[1].probability >= _RIVAL * candidates[0].probability
        open_still = rivals or not candidates or candidates[0].probability < _LIKELY
        return Answer(candidates, "ambiguous" if open_still else "")

    def readings(self, address: object, hint: Collection[str] = ()) -> tuple[list[Reading], Note, str]:
        """Ways to read an address, likeliest first; where there is none, why, and the place elsewhere."""
        shown = clean(address)
        if len(shown) < 2:
            return [], "empty", ""
        text = fold(shown)
        plain = self._straight.read(text)
        if plain is not None and math.isfinite(self.gazetteer.lon[plain.row]):
            return [self._plain_reading(shown, plain)], "", ""
        return self._read(shown, text, frozenset(hint))

    def _plain_reading(self, shown: str, found: Found) -> Reading:
        used, unused = shown[: found.end], shown[found.end :]
        known = plain_features(
            self.gazetteer.level[found.row], found.wrong,
            slip_above=found.above, bare=found.bare, signs=found.end - found.start,
        )  # fmt: skip
        return Reading(
            found.row, 1.0, known, county_open=False, contradicted=False, used=used, unused=unused,
            beside=unused.startswith(_BESIDE),
        )  # fmt: skip

    def _read(self, shown: str, text: str, hint: frozenset[str]) -> tuple[list[Reading], Note, str]:
        mentions = self.reader.read(text)
        around = self._around(text, mentions)
        at = text.find(around.name)
        own_county = any(
            one.rank == _COUNTY and not one.part and not at <= one.start < at + len(around.name)
            for one in mentions
        )
        if around.certain and self.surroundings.known and not own_county:
            return [], "outside", around.name
        index, odds = self.reader.index, self.settings.match.odds
        weigher = Weigher(index, odds, Read(text, mentions, around.own), hint)
        weighed = weigher.weigh()
        suspects = self._suspects(text, mentions, weighed, around)
        if suspects:
            named, settled = self._named(mentions, weighed)
            near = self._near.read(text, suspects, named, settled=settled)
            if near:
                weigher = Weigher(index, odds, Read(text, mentions + near, around.own), hint)
                weighed = weigher.weigh()
        if not weighed:
            return [], "outside" if around.name else "unmatched", around.name
        found = list(self._weighed_readings(shown, text, mentions, weighed, around))
        unit = weigher.unit_named(weighed[0])
        if unit is not None and sum(map(self._sure, found)) < self.settings.match.least_finer:
            found = list(self._weighed_readings(shown, text, mentions, [unit], around))
        return found, "", around.name

    def _sure(self, one: Reading) -> float:
        """How likely a reading is right."""
        match = self.settings.match
        return min(one.share * sureness(one.features, match.sure), match.most)

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
        if best is not None and rank >= _VILLAGE and self._is_closed(text, best):
            until = max(one.end for one in best.taken)
        if best is not None and best.against:
            leaf = best.taken[0]
            explained = [span for span in explained if span != (leaf.start, leaf.end)]
        # a unit that is there sign for sign is meant, even where it contradicts the rest
        units = [
            (one.start, one.end) for one in mentions if one.rank in (_COUNTY, _TOWNSHIP) and one.suffixed
        ]
        free = _outside(text[:until], [*explained, *units])
        found: list[int] = []
        for start, end in free:
            left = text[start:end]
            for words in (_COUNTED_DOOR, _TALK, self._upper_words, _UNIT_WORD):
                left = words.sub(_blanked, left)
            found += [start + at for at, sign in enumerate(left) if "\u4e00" <= sign <= "\u9fff"]
        return found[:_MOST_SUSPECTS]

    def _is_closed(self, text: str, best: Weighed) -> bool:
        """Whether the name of a settlement ends where it ends: by its kind, or as it is listed in a unit named."""
        leaf = best.taken[0]
        listed = text[leaf.start : leaf.end] == self.reader.index.plain[best.row]
        return leaf.suffixed or (listed and bool(best.said) and not best.against)

    def _explained(
        self, one: Weighed | None, mentions: list[Mention], around: Elsewhere
    ) -> list[tuple[int, int]]:
        """Stretches of text that name an entry, its units, or the land they lie in, repetitions too."""
        if one is None:
            return list(around.own)
        chain = self.reader.index.chain(one.row)
        again = [other for other in mentions if other.row in chain and not other.part]
        return [*((other.start, other.end) for other in (*one.taken, *again)), *around.own]

    def _named(self, mentions: list[Mention], weighed: list[Weighed]) -> tuple[set[int], bool]:
        """Rows that a name with a slip may lie in, or around; whether some are named by their kind."""
        named = {one.row for one in mentions if one.rank in (_COUNTY, _TOWNSHIP) and one.suffixed}
        settled = bool(named)
        for one in weighed[:6]:
            named |= {mention.row for mention in one.taken if not mention.part}
        return named, settled

    def _weighed_readings(
        self, shown: str, text: str, mentions: list[Mention], weighed: list[Weighed], around: Elsewhere
    ) -> Iterator[Reading]:
        best = weighed[0].odds
        total = sum(math.exp(one.odds - best) for one in weighed)
        for one in weighed[:_MOST_CANDIDATES]:
            spans = self._explained(one, mentions, around)
            used, unused = _split(shown, spans)
            end = max(mention.end for mention in one.taken)
            free = _outside(text[:end], spans)
            share = math.exp(one.odds - best) / total
            besides = Besides(
                rivals=share < _SOLE,
                foreign=bool(around.name) and self.surroundings.known, unknown=_UNKNOWN_UNIT.search(fold(unused)) is not None,
                rest=fold(unused),
                joined=any(b == one.taken[0].start and _joins(text[b - 1]) for _, b in free),
            )  # fmt: skip
            yield Reading(
                one.row, share * one.taken[0].looked_at,
                features(self.reader.index, one, besides),
                county_open=not one.county_said, contradicted="county" in one.against or bool(around.name),
                used=used, unused=unused, beside=text.startswith(_BESIDE, one.taken[0].end),
            )  # fmt: skip

    def _candidates(self, readings: list[Reading]) -> tuple[Candidate, ...]:
        sure = [self._sure(one) for one in readings]
        if any(one.county_open or one.contradicted for one in readings):
            sure = self._held_back(readings, sure)
        found = [
            self._candidate(one.row, probability, one.used, one.unused, beside=one.beside)
            for one, probability in zip(readings, sure, strict=True)
            if probability >= _LEAST
        ]
        return tuple(sorted(found, key=lambda one: -one.probability))

    def _held_back(self, readings: list[Reading], sure: list[float]) -> list[float]:
        """No probability of a county that may be another one is called likely."""
        match, lineage = self.settings.match, self.reader.index.lineage
        counties: dict[int, float] = {}
        for one, probability in zip(readings, sure, strict=True):
            county = lineage[one.row][_COUNTY]
            counties[county] = counties.get(county, 0.0) + probability
        held = []
        for one, probability in zip(readings, sure, strict=True):
            settled = not one.county_open or counties[lineage[one.row][_COUNTY]] >= match.county_sure
            in_doubt = one.contradicted or not settled
            held.append(min(probability, match.county_doubt) if in_doubt else probability)
        return held

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


def _blanked(found: re.Match[str]) -> str:
    return "0" * len(found[0])


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


def _joins(sign: str) -> bool:
    """Whether a sign before a name may be the head of a longer one."""
    return "\u4e00" <= sign <= "\u9fff" and sign not in SPOKEN_BEFORE


def _split(text: str, spans: Iterable[tuple[int, int]]) -> tuple[str, str]:
    """The parts of `text` inside and outside of the spans, each divided by blanks."""
    free = _outside(text, spans)
    used = _outside(text, free)
    return " ".join(text[a:b] for a, b in used), " ".join(text[a:b] for a, b in free)
