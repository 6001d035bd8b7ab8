"""Counties by their codes, as the list of divisions has them."""

from __future__ import annotations

from functools import cache

from dispatch.places.divisions import divisions
from dispatch.redact import clean


def county_name(code: str) -> str:
    """The county's name; the code itself where the list does not know it, "" where there is none."""
    return _names().get(code, clean(code, 40))


@cache
def _names() -> dict[str, str]:
    return dict(divisions())
