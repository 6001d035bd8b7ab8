"""cpca (to the county) and jionlp (to the village) on the rows the geocoder was given.

Both are development-only; where one is not installed the comparison says how to install it.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import random
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.address_names import core_of
from benchmarks.address_scores import Result, share

INSTALL = "pip install --constraint constraints.txt --editable '.[bench]'"
GROUPS = ("clean", "one", "two")
Answer = tuple[str, str, str]
"""County, township and village as a tool writes them; "" where it says none."""


def compare(results: Sequence[Result], size: int, seed: int) -> dict[str, Any]:
    """Ours and theirs on one sample of rows that determine their village, and on rows from outside."""
    fitting = [one for one in results if one.row.group in GROUPS and one.row.truth.decided == "unit"]
    rng = random.Random(seed)
    sample = rng.sample(fitting, min(size, len(fitting)))
    outside = [one for one in results if one.row.group == "outside"][: size // 5]
    own_counties = {one.row.meant.key[0] for one in sample if one.row.meant is not None}
    ours = {
        "right_county": share(one.right_until(1) for one in sample),
        "right_village": share(one.right_unit for one in sample),
        "wrong_county_stated": share(one.wrong_county for one in sample),
        "outside_placed_inside": share(one.wrong_county for one in outside),
    } | {
        f"village_{group}": share(one.right_unit for one in sample if one.row.group == group)
        for group in GROUPS
    }
    report: dict[str, Any] = {"rows": len(sample), "outside_rows": len(outside), "dispatch": ours}
    for name, reader in (("cpca", _cpca), ("jionlp", _jionlp)):
        read = _quietly(reader)
        if read is None:
            report[name] = f"not installed; to compare: {INSTALL}"
            continue
        found, seconds = _timed(read, [one.row.text for one in sample])
        elsewhere, _ = _timed(read, [one.row.text for one in outside])
        report[name] = _figures(sample, found) | {
            "outside_placed_inside": share(said[0] in own_counties for said in elsewhere),
            "addresses_per_second": round(len(sample) / seconds) if seconds else None,
        }
    return report


def _figures(sample: Sequence[Result], found: Sequence[Answer]) -> dict[str, Any]:
    pairs = [
        (one.row.group, one.row.meant, said)
        for one, said in zip(sample, found, strict=True)
        if one.row.meant is not None
    ]
    right = [
        (group, said[:2] == unit.key[:2] and core_of(said[2], "village") == unit.core)
        for group, unit, said in pairs
    ]
    return {
        "right_county": share(said[0] == unit.key[0] for _, unit, said in pairs),
        "right_village": share(village for _, village in right),
        "wrong_county_stated": share(said[0] not in ("", unit.key[0]) for _, unit, said in pairs),
    } | {f"village_{kind}": share(village for group, village in right if group == kind) for kind in GROUPS}


def _timed(read: Callable[[list[str]], list[Answer]], texts: list[str]) -> tuple[list[Answer], float]:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        start = time.process_time()
        return read(texts), time.process_time() - start


def _quietly(
    reader: Callable[[], Callable[[list[str]], list[Answer]]],
) -> Callable[[list[str]], list[Answer]] | None:
    """The reader, loaded with nothing printed and one text read; None if it is not installed."""
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            read = reader()
            read(["广东省茂名市高州市"])
    except ImportError:
        return None
    return read


def _cpca() -> Callable[[list[str]], list[Answer]]:
    cpca = importlib.import_module("cpca")

    def read(texts: list[str]) -> list[Answer]:
        found = cpca.transform(texts)
        return [(name if isinstance(name, str) else "", "", "") for name in found["区"]]

    return read


def _jionlp() -> Callable[[list[str]], list[Answer]]:
    jionlp = importlib.import_module("jionlp")

    def read(texts: list[str]) -> list[Answer]:
        found = (jionlp.parse_location(text, town_village=True) for text in texts)
        return [tuple(one.get(level) or "" for level in ("county", "town", "village")) for one in found]

    return read
