"""Counties by their codes, and in addresses, as the list of divisions has them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from dispatch.places.divisions import divisions
from dispatch.redact import clean


def county_name(code: str) -> str:
    """The county's name; the code itself where the list does not know it, "" where there is none."""
    return _names().get(code, clean(code, 40))


def county_in(addresses: Iterable[str], codes: Iterable[str]) -> str:
    """The one county that the addresses name, of the prefectures that `codes` (of counties) lie in; "" if none or several."""
    near = _counties_near(frozenset(code[:4] for code in codes if len(code) == 6))
    said = {name for address in addresses for name in near if name in address}
    return said.pop() if len(said) == 1 else ""


@cache
def _counties_near(prefectures: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for code, name in _names().items() if len(code) == 6 and code[:4] in prefectures)


@cache
def _names() -> dict[str, str]:
    return dict(divisions())
