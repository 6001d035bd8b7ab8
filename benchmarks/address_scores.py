"""Right and wrong of answered addresses: counted, by corruption, and by how sure the answer was."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.address_maker import Row
from benchmarks.address_names import Names
from dispatch.places.gazetteer import Gazetteer

LIKELY = 0.5
BINS = (0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
Key = tuple[str, str, str]
"""A place: county, township, and level and name of what lies in it; "" where it is no finer."""


@dataclass(frozen=True, slots=True)
class Result:
    """One row and what was answered: units of the candidates as keys, likeliest first."""

    row: Row
    keys: tuple[Key, ...]
    odds: tuple[float, ...]
    note: str
    codes: tuple[str, ...] = ()

    @property
    def right_unit(self) -> bool:
        """Whether the likeliest candidate is the place meant, or lies in it (a door of the village)."""
        return bool(self.keys) and self.row.meant is not None and self.keys[0] == self.row.meant.key

    def right_until(self, depth: int) -> bool:
        """Whether the likeliest candidate agrees down to the county (1) or the township (2)."""
        return (
            bool(self.keys)
            and self.row.meant is not None
            and self.keys[0][:depth] == self.row.meant.key[:depth]
        )

    @property
    def wrong_county(self) -> bool:
        """Whether another county than the one meant is stated with a probability of at least 0.5."""
        county = self.row.meant.key[0] if self.row.meant is not None else None
        return any(
            key[0] not in ("", county)
            for key, odds in zip(self.keys, self.odds, strict=True)
            if odds >= LIKELY
        )

    @property
    def undecided(self) -> bool:
        """Whether nothing finer is stated as likely than what every meaning shares."""
        shared = 1 if self.row.truth.decided == "county" else 0
        claims = [key for key, odds in zip(self.keys, self.odds, strict=True) if odds >= LIKELY]
        too_fine = [key for key in claims if sum(map(bool, key)) > shared]
        several = len(self.keys) > 1 or bool(claims) or self.note == "ambiguous"
        return several and not too_fine


def unit_key(code: str, row: Row, gazetteer: Gazetteer, names: Names) -> Key:
    """The unit of a candidate's code as a key; a street, door or shop in the village meant counts as that village."""
    at = gazetteer.row_of[code]
    settled = row.meant is not None and row.meant.level in ("village", "hamlet")
    if (
        settled
        and row.meant is not None
        and any(
            unit >= 0 and unit in names.unit_of_row and names.unit_of_row[unit].key == row.meant.key
            for unit in gazetteer.lineage[at]
        )
    ):
        return row.meant.key
    unit = names.unit_of_row.get(at)
    return unit.key if unit is not None else ("", "", "")


def share(right: Iterable[bool]) -> float | None:
    """Share of true ones (0 to 1); None of nothing."""
    found = list(right)
    return round(sum(found) / len(found), 5) if found else None


def figures(results: Sequence[Result], seconds: dict[str, float]) -> dict[str, Any]:
    """Everything the goals speak of, and the same for each corruption and pair."""
    decided = [one for one in results if one.row.truth.decided == "unit"]
    by_group = {
        group: share(one.right_unit for one in decided if one.row.group == group)
        for group in ("clean", "one", "two", "hinted", "town", "named")
    }
    county_said = [one for one in results if one.row.truth.decided in ("unit", "township", "county")]
    open_ones = [one for one in results if one.row.truth.decided in ("county", "nothing")]
    outside = [one for one in results if one.row.group == "outside"]
    nothing = [one for one in results if one.row.group == "nothing"]
    wrong = [one for one in results if one.wrong_county]
    return {
        "rows": len(results),
        "right_place": by_group,
        "right_township_where_only_that_is_determined": share(
            one.right_until(2) for one in results if one.row.truth.decided == "township"
        ),
        "right_county": share(one.right_until(1) for one in county_said),
        "wrong_county_likely": len(wrong),
        "wrong_county_likely_per_10000": round(1e4 * len(wrong) / len(results), 2),
        "ambiguous_rows": len(open_ones),
        "ambiguous_recognised": share(one.undecided for one in open_ones),
        "ambiguous_meant_among_candidates": share(
            one.row.meant is not None and one.row.meant.key in one.keys for one in open_ones
        ),
        "outside_rows": len(outside),
        "outside_without_candidate": share(not one.keys for one in outside),
        "outside_said": share(one.note == "outside" for one in outside),
        "nothing_rows": len(nothing),
        "nothing_without_candidate": share(not one.keys for one in nothing),
        "by_corruption": _by_corruption(decided),
        "addresses_per_second": {
            group: round(sum(one.row.group == group for one in results) / spent)
            for group, spent in seconds.items()
            if spent > 0
        },
        "reliability": reliability(
            pair
            for one in results
            for pair in zip(one.odds, right_ones(one.row, one.keys, one.codes), strict=True)
        ),
        "examples_of_wrong": [_told("wrong county", one) for one in wrong[:30]],
        "examples_of_overconfident": [
            _told("too sure", one) for one in open_ones if not one.undecided and not one.wrong_county
        ][:20],
        "examples_of_missed": _missed(decided),
    }  # fmt: skip


def reliability(pairs: Iterable[tuple[float, float | bool]]) -> list[dict[str, Any]]:
    """By bins of probability: candidates, their mean probability, the share that was right."""
    given = list(pairs)
    table = []
    for low, high in itertools.pairwise(BINS):
        inside = [(odds, right) for odds, right in given if low <= odds < high]
        if inside:
            mean = sum(odds for odds, _ in inside) / len(inside)
            right = sum(float(one) for _, one in inside) / len(inside)
            table.append({
                "from": low, "to": min(high, 1.0), "candidates": len(inside),
                "mean_probability": round(mean, 3), "share_right": round(right, 3),
            })  # fmt: skip
    return table


def within(meant: Key, key: Key) -> bool:
    """Whether the place meant is the candidate or lies in it."""
    return all(not said or said == own for said, own in zip(key, meant, strict=True)) and any(key)


def right_ones(row: Row, keys: Sequence[Key], codes: Sequence[str]) -> list[bool]:
    """Of each candidate whether the place meant is it or lies in it.

    Where a town has several of one name far from each other, only the one that was meant.
    """
    if row.meant is None:
        return [False] * len(keys)
    same = [code for key, code in zip(keys, codes, strict=True) if key == row.meant.key]
    only = row.meant.code if row.meant.code in same else same[0] if same else ""
    return [
        code == only if key == row.meant.key else within(row.meant.key, key)
        for key, code in zip(keys, codes, strict=True)
    ]


def _by_corruption(decided: Sequence[Result]) -> dict[str, dict[str, Any]]:
    found: dict[str, list[Result]] = {}
    for one in decided:
        if one.row.group in ("one", "two"):
            found.setdefault(" + ".join(one.row.corruptions), []).append(one)
    return {
        name: {
            "rows": len(rows),
            "right_village": share(one.right_unit for one in rows),
            "right_county": share(one.right_until(1) for one in rows),
            "wrong_county_likely": sum(one.wrong_county for one in rows),
        }
        for name, rows in found.items()
    }


def _missed(decided: Sequence[Result]) -> list[dict[str, Any]]:
    """The first few of each corruption whose place was not found."""
    seen: dict[str, int] = {}
    found = []
    for one in decided:
        name = f"{one.row.group} {' + '.join(one.row.corruptions)}"
        if not one.right_unit and one.row.meant is not None and seen.setdefault(name, 0) < 2:
            seen[name] += 1
            told = said(one.keys[0]) if one.keys else one.note
            found.append({"kind": name, "text": one.row.text, "meant": said(one.row.meant.key), "said": told})
    return found


def _told(kind: str, one: Result) -> dict[str, Any]:
    meant = said(one.row.meant.key) if one.row.meant is not None else "outside"
    told = f"{said(one.keys[0])} {one.odds[0]:.2f}" if one.keys else one.note
    return {"kind": kind, "text": one.row.text, "meant": meant, "said": told}


def said(key: Key) -> str:
    """A place as one reads it."""
    return "/".join(filter(None, (*key[:2], key[2].split(" ")[-1])))
