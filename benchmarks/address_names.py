"""What an address of known parts can mean, worked out from the lists of names alone.

No geocoder is asked: a part names every unit that is written so, an address means every unit
whose own name comes last and whose units above bear the names before it. What all meanings
share is what the text determines.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from dispatch.places.gazetteer import Gazetteer

CHARACTERS = Path(__file__).with_name("characters.txt")
SETTLED = ("township", "village", "hamlet")
Decided = Literal["unit", "township", "county", "nothing", "outside", "unsure"]

_COUNTY_ENDS = ("自治县", "自治旗", "县", "市", "区", "旗")
_OFFICE_ENDS = ("街道办事处", "街道", "回族满族乡", "回族乡", "镇", "乡")
_RURAL_ENDS = ("村民委员会", "村委会", "村")
_URBAN_ENDS = ("社区居民委员会", "社区居委会", "社区村委会", "居民委员会", "居委会", "社区")
CHINESE = re.compile(r"[\u3400-\u9fff]{2,}")


@dataclass(frozen=True, slots=True)
class Unit:
    """One entry of the lists.

    `names` are Chinese, the first of them official; `key` is the county's name, the
    township's name and its own: entries of one key are one place.
    """

    row: int
    code: str
    level: str
    names: tuple[str, ...]
    core: str
    urban: bool
    above: tuple[int, ...]
    key: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Truth:
    """What a text determines: the unit itself, only its township or county, or nothing.

    `unsure` is what the lists cannot settle: there only the probabilities are judged.
    """

    decided: Decided
    meanings: int


class Characters:
    """Characters taken for each other: by sound, by shape, and their traditional forms."""

    def __init__(self, path: Path = CHARACTERS) -> None:
        self.sound: dict[str, set[str]] = defaultdict(set)
        self.shape: dict[str, set[str]] = defaultdict(set)
        self.traditional: dict[str, str] = {}
        part = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                part = line.strip("[]")
            elif part == "traditional":
                self.traditional.update({pair[0]: pair[1] for pair in line.split()})
            elif part:
                groups = line.split()[1:] if part == "sound" else line.split()
                table = self.sound if part == "sound" else self.shape
                for group in groups:
                    for one in group:
                        table[one].update(set(group) - {one})

    def alike(self, one: str, other: str) -> bool:
        """Whether one is written for the other by sound or by shape."""
        return other in self.sound.get(one, ()) or other in self.shape.get(one, ())


class Names:
    """The lists of one area, and what parts of an address can mean by them."""

    def __init__(self, gazetteer: Gazetteer, characters: Characters) -> None:
        self.characters = characters
        self.units: list[Unit] = []
        self.unit_of_row: dict[int, Unit] = {}
        for row in range(len(gazetteer)):
            unit = _unit(gazetteer, row)
            if unit is not None:
                self.units.append(unit)
                self.unit_of_row[row] = unit
        self.by_form: dict[str, list[tuple[Unit, bool]]] = defaultdict(list)
        """What is written so: the unit, and whether the ending is of its own kind."""
        self._written: dict[int, set[str]] = {}
        for unit in self.units:
            written = forms(unit)
            self._written[unit.row] = set(written)
            for form, own_kind in written.items():
                self.by_form[form].append((unit, own_kind))

    @cached_property
    def by_gap(self) -> dict[tuple[str, int], list[str]]:
        """Forms by what is left of them when one sign is taken out."""
        found: dict[tuple[str, int], list[str]] = defaultdict(list)
        for form in self.by_form:
            for at in range(len(form)):
                found[form[:at] + form[at + 1 :], at].append(form)
        return found

    def meant_by_typo(self, written: str) -> set[str]:
        """Names that `written` is, with one character for another of its sound or shape."""
        return {
            form
            for at in range(len(written))
            for form in self.by_gap.get((written[:at] + written[at + 1 :], at), ())
            if self.characters.alike(written[at], form[at])
        }

    def meant_by_slip(self, written: str) -> set[str]:
        """Names that `written` is with a sign left out, one too many, or one for another like it."""
        longer = {form for at in range(len(written) + 1) for form in self.by_gap.get((written, at), ())}
        shorter = {written[:at] + written[at + 1 :] for at in range(len(written))} & self.by_form.keys()
        return longer | shorter | self.meant_by_typo(written)

    def meanings(self, parts: Sequence[str]) -> list[Unit]:
        """Units that the last part names and whose units above bear the others, upper first."""
        fitting = [
            (unit, own_kind) for unit, own_kind in self.by_form.get(parts[-1], ()) if self._fits(unit, parts)
        ]
        exact = [unit for unit, own_kind in fitting if own_kind]
        return exact or [unit for unit, _ in fitting]

    def truth(
        self, meant: Unit, readings: Sequence[Sequence[str]], counties: Callable[[str], bool] | None = None
    ) -> Truth:
        """What the text determines if it can be read as any of `readings`, in `counties` if a city is named."""
        fitting = counties or (lambda _: True)
        found = {unit.key for parts in readings for unit in self.meanings(parts) if fitting(unit.key[0])}
        keys = list(found | {meant.key})
        if len(keys) == 1:
            return Truth("unit", 1)
        if len({key[:2] for key in keys}) == 1 and keys[0][1]:
            return Truth("township", len(keys))
        if len({key[0] for key in keys}) == 1 and keys[0][0]:
            return Truth("county", len(keys))
        return Truth("nothing", len(keys))

    def _fits(self, unit: Unit, parts: Sequence[str]) -> bool:
        left = list(parts[:-1])
        for row in reversed(unit.above):
            if left and left[-1] in self._written.get(row, ()):
                left.pop()
        return not left


def forms(unit: Unit) -> dict[str, bool]:
    """Ways the unit is written, and whether the ending is of its own kind."""
    made = dict.fromkeys(unit.names, True)
    made.setdefault(unit.core, True)
    if unit.level == "township" and unit.names[0].endswith("街道"):
        made.update(dict.fromkeys((unit.core + "街道办", unit.core + "街道办事处"), True))
    if unit.level in ("village", "hamlet"):
        for ends, own_kind in ((_RURAL_ENDS, not unit.urban), (_URBAN_ENDS, unit.urban)):
            for end in ends:
                made.setdefault(unit.core + end, own_kind)
    return made


def core_of(name: str, level: str) -> str:
    """The name without its ending, where two signs are left."""
    ends = {"county": _COUNTY_ENDS, "township": _OFFICE_ENDS}.get(level, ())
    if level in ("village", "hamlet"):
        ends = (*_URBAN_ENDS, *_RURAL_ENDS, "委会", "虚拟生活区")
    for end in ends:
        if name.endswith(end) and len(name) - len(end) >= 2:
            return name[: -len(end)]
    return name


def _unit(gazetteer: Gazetteer, row: int) -> Unit | None:
    level = gazetteer.level[row]
    if level in ("province", "city"):
        return None
    # 夏邑县 (Xiayi), 陈集;陈集乡: each Chinese name counts, the longest first
    names = sorted(CHINESE.findall(gazetteer.name[row]), key=len, reverse=True)
    if not names or (level not in SETTLED and level != "county" and len(names) > 1):
        names = [gazetteer.name[row]]
    above = tuple(unit for unit in gazetteer.lineage[row][2:] if unit >= 0 and unit != row)
    own = core_of(names[0], level)
    county, township = (_name_of(gazetteer, row, rank) for rank in (2, 3))
    kind = "" if level in ("county", "township") else f"{level} {names[0]}"
    return Unit(
        row=row, code=gazetteer.code[row], level=level, names=tuple(dict.fromkeys(names)), core=own,
        urban=any(names[0].endswith(end) for end in _URBAN_ENDS), above=above, key=(county, township, kind),
    )  # fmt: skip


def _name_of(gazetteer: Gazetteer, row: int, rank: int) -> str:
    """Name of the unit it lies in at that rank of levels (2 county, 3 township); "" unknown."""
    at = gazetteer.lineage[row][rank]
    if at < 0:
        return ""
    found = sorted(CHINESE.findall(gazetteer.name[at]), key=len, reverse=True)
    return found[0] if found else gazetteer.name[at]
