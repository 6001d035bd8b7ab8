"""Chinese signs: which is the simplified form of which, which sound alike, which look alike.

The table (data/characters.csv) joins OpenCC (simplified forms), pypinyin (sounds), the
decomposition dictionary of kfcd, four-corner codes and strokes; data/SOURCES.md names the versions.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import Literal

from dispatch.errors import MissingInput
from dispatch.settings import data_folder

Likeness = Literal["sound", "shape", "none"]

_DIGITS = MappingProxyType({
    **dict(zip("〇零一二三四五六七八九", "00123456789", strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖", "123456789", strict=True)),
})  # fmt: skip
_NUMERALS = MappingProxyType(dict(zip("0123456789", "零一二三四五六七八九", strict=True)))
# Sounds that speakers of the south write for each other; the longer first.
_MERGED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))
_RADICAL_SIGNS = 250
_SAME_CORNERS = 4  # of five digits of the four-corner code
_OTHER_STROKES, _OTHER_SHARE = 2, 3  # so many strokes differ, and no more than one in so many


@cache
def folding() -> Mapping[int, str]:
    """For `str.translate`: traditional to simplified, Chinese digits to 0–9, one sign for one sign."""
    table = {ord(sign): simplified for sign, simplified in _rows("sign", "simplified") if simplified}
    table |= {ord(sign): digit for sign, digit in _DIGITS.items()}
    return MappingProxyType({point: _DIGITS.get(sign, sign) for point, sign in table.items()})


@lru_cache(maxsize=50_000)
def likeness(sign: str, other: str) -> Likeness:
    """How one sign comes to be written for another: by its sound, by its shape, or not at all.

    Tones are not told apart, nor are zh and z, ch and c, sh and s, n and l, -ng and -n.
    """
    table = _features()
    sign, other = _NUMERALS.get(sign, sign), _NUMERALS.get(other, other)
    if sign not in table or other not in table:
        return "none"
    if not _sounds(sign).isdisjoint(_sounds(other)):
        return "sound"
    _, listed, corners, strokes = table[sign]
    _, other_listed, other_corners, other_strokes = table[other]
    parts, other_parts = listed.split(), other_listed.split()
    if sign in other_parts or other in parts or (parts and sorted(parts) == sorted(other_parts)):
        return "shape"
    shared = sum(one == two for one, two in zip(corners, other_corners, strict=False))
    telling = (set(parts) & set(other_parts)) - _radicals()
    if telling or shared >= _SAME_CORNERS:
        return "shape"
    return "shape" if _drawn_alike(strokes, other_strokes) else "none"


def _drawn_alike(strokes: str, other: str) -> bool:
    """Whether one sign becomes the other by a stroke or two: 大 and 六, 压 and 庄."""
    longer = max(len(strokes), len(other))
    most = min(_OTHER_STROKES, longer // _OTHER_SHARE) if longer > _OTHER_SHARE else 0
    if not strokes or not other or abs(len(strokes) - len(other)) > most:
        return False
    before = list(range(len(other) + 1))
    for at, stroke in enumerate(strokes, start=1):
        now = [at]
        for n, own in enumerate(other, start=1):
            now.append(min(before[n - 1] + (stroke != own), before[n] + 1, now[-1] + 1))
        before = now
    return before[-1] <= most


@cache
def _features() -> dict[str, tuple[str, str, str, str]]:
    """Sounds, parts, corners and strokes of each sign that has a sound, as they are listed."""
    columns = _rows("sign", "sounds", "parts", "corners", "strokes")
    return {sign: (sounds, parts, *more) for sign, sounds, parts, *more in columns if sounds}  # type: ignore[misc]


@cache
def _sounds(sign: str) -> frozenset[str]:
    return frozenset(_merged(one) for one in _features()[sign][0].split())


@cache
def _radicals() -> frozenset[str]:
    """Parts that so many signs share that sharing one makes no likeness."""
    counts = Counter(part for _, parts, *_ in _features().values() for part in parts.split())
    return frozenset(part for part, count in counts.items() if count > _RADICAL_SIGNS)


def _merged(sound: str) -> str:
    for written, kept in _MERGED:
        sound = sound.replace(written, kept)
    return "l" + sound[1:] if sound.startswith("n") else sound


def _rows(*names: str) -> Iterator[tuple[str, ...]]:
    """The columns of those names, a sign at a time."""
    path = data_folder() / "characters.csv"
    if not path.is_file():
        raise MissingInput(path)
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.reader(file)
        wanted = itemgetter(*map(next(table).index, names))
        yield from map(wanted, table)
