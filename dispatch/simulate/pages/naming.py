"""Scenarios by what differs: short names, the keys that are not the same, the value a sweep counts through."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.simulate.results.experiment import Result

LONGEST = 40
_KEY = re.compile(r"^(?:[\w-]+\.)+([\w-]+=)")
_OWN = {"name", "run"}


@dataclass(frozen=True, slots=True)
class Sweep:
    """A key counted through: `series` by what else differs, each the rows of the results with their values, in order."""

    key: str
    series: Mapping[str, tuple[tuple[float, int], ...]]


def short_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names without the words that all of them share; no two become the same, none empty.

    Examples
    --------
    >>> short_names(["night policy.rule=loss", "night policy.rule=nearest"])
    ('rule=loss', 'rule=nearest')
    """
    words = [name.split(" ") for name in names]
    shared = set.intersection(*map(set, words)) if len(names) > 1 else set()
    short = [" ".join(one for one in each if one not in shared) for each in words]
    if len(set(short)) < len(set(names)) or not all(short):
        short = list(names)
    ends = [" ".join(_KEY.sub(r"\1", one) for one in name.split(" ")) for name in short]
    if len(set(ends)) == len(set(names)):
        short = ends
    return tuple(one if len(one) <= LONGEST else one[: LONGEST - 1] + "…" for one in short)


def differing(results: Sequence[Result]) -> dict[str, tuple[Any, ...]]:
    """Every key that is not the same in all scenarios, dotted, with the value of each (None where it has none)."""
    flat = [_flat(one.keys) for one in results]
    keys = list(dict.fromkeys(key for one in flat for key in one))
    values = {key: tuple(one.get(key) for one in flat) for key in keys}
    return {key: each for key, each in values.items() if any(one != each[0] for one in each[1:])}


def sweep_of(results: Sequence[Result]) -> Sweep | None:
    """The one key with three or more numbers that scenarios were counted through; None where there is none."""
    found = differing(results)
    swept = [key for key, values in found.items() if _numbers(values) and len(set(values)) >= 3]
    if len(swept) != 1:
        return None
    key = swept[0]
    series: dict[str, list[tuple[float, int]]] = {}
    for row in range(len(results)):
        rest = ", ".join(
            f"{one.rsplit('.', 1)[-1]}={values[row]}" for one, values in found.items() if one != key
        )
        series.setdefault(rest, []).append((float(found[key][row]), row))
    if any(len({value for value, _ in one}) < len(one) for one in series.values()):
        return None
    return Sweep(key, {name: tuple(sorted(one)) for name, one in series.items()})


def _numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)


def _flat(keys: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in keys.items():
        if above == "" and key in _OWN:
            continue
        name = f"{above}.{key}" if above else key
        if isinstance(value, Mapping):
            flat |= _flat(value, name)
        else:
            flat[name.replace("responders.crews.", "responders.")] = value
    return flat
