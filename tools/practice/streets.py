"""Names for the streets of a town: one a grid line, split at the middle where a city's avenue is long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from practice.lattice import Lattice
from practice.seats import STREETS
from practice.settle import Grid


def street_names(
    lattice: Lattice,
    grid: Grid,
    pieces: NDArray[np.int64],
    offset: NDArray[np.int64],
    rng: np.random.Generator,
) -> list[str]:
    """The name of each of the grid's `pieces`; `offset` is its line's distance from the middle."""
    lines = sorted({int(line) for line in lattice.line[pieces]}, key=lambda line: _middle_first(line, grid))
    firsts = list(STREETS[:12]) + list(rng.permutation(STREETS[12:]))
    ending = {line: (firsts[i % len(firsts)], i // len(firsts)) for i, line in enumerate(lines)}
    middle = grid.xy[grid.centre]
    names = []
    for piece, away in zip(pieces, offset, strict=True):
        line = int(lattice.line[piece])
        first, again = ending[line]
        if grid.city and away % 4 == 0:
            side = (lattice.xy[lattice.tail[piece]] + lattice.xy[lattice.head[piece]]) / 2 - middle
            names.append(first + _side(side, line, grid.radius) + "路" + ("二街" if again else ""))
        else:
            names.append(first + (("路" if away == 0 else "街"), "巷", "里")[min(again, 2)])
    return names


def _middle_first(line: int, grid: Grid) -> tuple[int, int]:
    centre = grid.column[grid.centre] if line % 2 else grid.row[grid.centre]
    return abs(line // 2 - int(centre)), line


def _side(side: NDArray[np.float64], line: int, radius: float) -> str:
    """东, 西, 南, 北 or 中 by where on its street a piece lies."""
    along = side[1] if line % 2 else side[0]
    if abs(along) < radius * 0.25:
        return "中"
    return ("北" if along > 0 else "南") if line % 2 else ("东" if along > 0 else "西")
