"""Chance, compiled: the same numbers from the same seed on every machine.

SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.search.compiled import compiled

Draws = NDArray[np.uint64]
"""The state of a generator: one number."""

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 1.0 / (1 << 53)


def draws_from(seed: int) -> Draws:
    """A generator that begins at `seed`; negative and very large seeds are fine, too."""
    return np.array([seed % (1 << 64)], np.uint64)


@compiled
def draw(chance: Draws) -> float:
    """The next number from 0 to 1, 1 excluded."""
    chance[0] += _STEP
    z = chance[0]
    z = (z ^ (z >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    return float((z ^ (z >> _31)) >> _11) * _UNIT


@compiled
def draw_below(chance: Draws, most: int) -> int:
    """The next whole number from 0 to `most`, `most` excluded."""
    return int(draw(chance) * most)
