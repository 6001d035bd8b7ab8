"""The frozen set written by hand (tests/data/addresses.csv), held against what the geocoder says."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.address_names import Characters, Names
from benchmarks.address_scores import LIKELY, Key, reliability, said, share, within
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.geocode import Candidate, geocode, geocoder

HAND = Path(__file__).resolve().parents[1] / "tests" / "data" / "addresses.csv"


@dataclass(frozen=True, slots=True)
class HandRow:
    """One address as written, and what it determines. `verdict` is place, ambiguous, outside or nothing.

    `options` are the places it may mean: one of a place, none where too many to list.
    """

    address: str
    style: str
    verdict: str
    options: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class HandResult:
    """A row and its candidates as keys with their probabilities, likeliest first."""

    row: HandRow
    keys: tuple[Key, ...]
    odds: tuple[float, ...]
    note: str

    @property
    def right(self) -> bool:
        """Whether the answer fits the verdict.

        A place: the likeliest candidate is it. Ambiguous: nothing is likely that not all
        options share. Outside, or nothing at all: no candidate, and a reason.
        """
        if self.row.verdict == "place":
            return bool(self.keys) and self.keys[0] == self.row.options[0]
        if self.row.verdict == "ambiguous":
            return all(self._shared(key) for key in self.likely)
        return not self.keys and bool(self.note)

    @property
    def likely(self) -> tuple[Key, ...]:
        """Candidates of probability 0.5 and more."""
        return tuple(key for key, odds in zip(self.keys, self.odds, strict=True) if odds >= LIKELY)

    @property
    def wrong_county(self) -> bool:
        """Whether a county that is none of the options' is stated as likely."""
        if self.row.verdict == "ambiguous" and not self.row.options:
            return False
        counties = {option[0] for option in self.row.options} | {""}
        return any(key[0] not in counties for key in self.likely)

    def chance(self, key: Key) -> float | None:
        """Share of the options that lie in a candidate; None where the options are not listed."""
        if self.row.verdict == "ambiguous" and not self.row.options:
            return None
        options = self.row.options
        return sum(within(one, key) for one in options) / len(options) if options else 0.0

    def _shared(self, key: Key) -> bool:
        return bool(self.row.options) and all(within(option, key) for option in self.row.options)


def read_hand(path: Path = HAND) -> list[HandRow]:
    """The rows of the frozen set."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            HandRow(row["address"], row["style"], row["verdict"], tuple(_options(row)))
            for row in csv.DictReader(file)
        ]


def _options(row: dict[str, str]) -> Iterator[Key]:
    if not row["county"]:
        return
    columns = (row[name].split("|") for name in ("county", "township", "village"))
    for county, township, village in zip(*columns, strict=True):
        yield county, township, row["named"] or village


def answer_hand(rows: Sequence[HandRow], gazetteer: Gazetteer) -> list[HandResult]:
    """What the geocoder says to each row."""
    names, reader = Names(gazetteer, Characters()), geocoder(gazetteer)
    found = geocode([row.address for row in rows], gazetteer)
    return [
        HandResult(
            row,
            tuple(_key(one, gazetteer, names) for one in candidates),
            tuple(one.probability for one in candidates),
            "" if candidates else reader.look_up(row.address).note,
        )
        for row, candidates in zip(rows, found, strict=True)
    ]


def _key(one: Candidate, gazetteer: Gazetteer, names: Names) -> Key:
    """County, township and own name of a candidate; a shop in a village counts as what it is."""
    unit = names.unit_of_row.get(gazetteer.row_of[one.code])
    return (*unit.key[:2], unit.key[2].split(" ")[-1]) if unit is not None else ("", "", "")


def hand_figures(gazetteer: Gazetteer) -> dict[str, Any]:
    """Right by verdict and by style, likely wrong counties, the reliability table, what was missed."""
    results = answer_hand(read_hand(), gazetteer)
    chances = [
        (odds, chance)
        for one in results
        for key, odds in zip(one.keys, one.odds, strict=True)
        if (chance := one.chance(key)) is not None
    ]
    missed = [one for one in results if not one.right]
    return {
        "rows": len(results),
        "right": share(one.right for one in results),
        "by_verdict": {
            verdict: share(one.right for one in results if one.row.verdict == verdict)
            for verdict in dict.fromkeys(one.row.verdict for one in results)
        },
        "by_style": {
            style: {
                "rows": sum(one.row.style == style for one in results),
                "right": share(one.right for one in results if one.row.style == style),
            }
            for style in dict.fromkeys(one.row.style for one in results)
        },
        "wrong_county_likely": sum(one.wrong_county for one in results),
        "reliability": reliability(chances),
        "examples_of_missed": [
            {
                "text": one.row.address,
                "meant": " | ".join(map(said, one.row.options)) or one.row.verdict,
                "said": " | ".join(
                    f"{said(key)} {odds:.2f}" for key, odds in zip(one.keys[:2], one.odds[:2], strict=True)
                )
                or one.note,
            }
            for one in missed
        ],
    }
