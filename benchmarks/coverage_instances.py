"""What siting is measured on: OR-Library's p-median files, and points made up by size and seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import floyd_warshall
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]


class BadInstance(ValueError):
    """A file is no instance."""


def read_pmed(path: Path) -> tuple[Floats, int]:
    """Shortest distances between all nodes (n, n), and p, of a file of OR-Library (Beasley 1985).

    The first line has nodes, edges and p; an edge given twice counts as given last; edges go both ways.
    """
    try:
        numbers = np.array(path.read_text(encoding="ascii").split(), np.int64)
    except FileNotFoundError:
        raise BadInstance(f"{path} is missing") from None
    except ValueError:
        raise BadInstance(f"{path} is no p-median file: expected whole numbers only") from None
    if len(numbers) < 3 or len(numbers) != 3 + 3 * numbers[1]:
        raise BadInstance(
            f"{path} is no p-median file: expected 'nodes edges p' and three numbers for each edge"
        )
    nodes, _, number = map(int, numbers[:3])
    edges = numbers[3:].reshape(-1, 3)
    if edges[:, :2].min(initial=1) < 1 or edges[:, :2].max(initial=1) > nodes or not 1 <= number <= nodes:
        raise BadInstance(f"{path}: nodes must be 1 to {nodes}, p too")
    length = np.full((nodes, nodes), np.inf)
    np.fill_diagonal(length, 0.0)
    for one, other, cost in edges:
        if one != other:
            length[one - 1, other - 1] = length[other - 1, one - 1] = cost
    return floyd_warshall(length), number


@dataclass(frozen=True, slots=True)
class Made:
    """Sites and demand points in a square of 60 minutes: half of the demand in towns, half scattered.

    `radius` is set by the number of sites opened so that these can cover most but not all.
    """

    name: str
    minutes: Floats
    weight: Floats
    number: int
    radius: float


def made(sites: int, demands: int, number: int, seed: int) -> Made:
    """Points drawn with `seed`; candidate sites are demand points."""
    rng = np.random.default_rng(seed)
    towns = rng.random((max(4, demands // 200), 2))
    near = towns[rng.integers(len(towns), size=demands // 2)] + rng.normal(0, 0.02, (demands // 2, 2))
    points = 60 * np.clip(np.concatenate([near, rng.random((demands - demands // 2, 2))]), 0, 1)
    weight = np.rint(rng.lognormal(6.5, 0.8, demands))  # residents of villages: median 665
    bases = points[rng.choice(demands, sites, replace=False)]
    # as many discs as sites opened would cover the square 1.1 times if they could lie side by side
    radius = 60 * np.sqrt(1.1 / (np.pi * number))
    return Made(f"made-{sites}x{demands}-p{number}-seed{seed}", cdist(bases, points), weight, number, radius)
