"""What siting is measured on: OR-Library's p-median files, and points made up by size and seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]
NODES_MOST = 10_000
"""All distances between more would not fit into memory."""
COST_MOST = 10**9


class BadInstance(ValueError):
    """A file is no instance."""


def read_pmed(path: Path) -> tuple[Floats, int]:
    """Shortest distances between all nodes (n, n), and p, of a file of OR-Library (Beasley 1985).

    The first line has nodes, edges and p; an edge given twice counts as given last; edges go both ways.
    """
    numbers = _numbers(path)
    if len(numbers) < 3 or len(numbers) != 3 + 3 * numbers[1]:
        raise BadInstance(
            f"{path} is no p-median file: expected 'nodes edges p' and three numbers for each edge"
        )
    nodes, _, number = map(int, numbers[:3])
    if not 1 <= number <= nodes <= NODES_MOST:
        raise BadInstance(f"{path}: {nodes} nodes and p {number}; expected 1 <= p <= nodes <= {NODES_MOST}")
    edges = numbers[3:].reshape(-1, 3)
    for at, (one, other, cost) in enumerate(edges.tolist(), start=1):
        if not (1 <= one <= nodes and 1 <= other <= nodes and 0 <= cost <= COST_MOST):
            raise BadInstance(
                f"{path}, edge {at}: found {one} {other} {cost}, expected nodes of 1 to {nodes} and a cost of 0 to {COST_MOST}"
            )
    length = {(min(one, other), max(one, other)): cost for one, other, cost in edges.tolist() if one != other}
    ends = np.array(list(length), np.int64).reshape(-1, 2) - 1
    # sparse, where an edge of cost 0 is an edge: among the cells of an array it would be none
    graph = csr_array((np.array(list(length.values()), float), (ends[:, 0], ends[:, 1])), (nodes, nodes))
    distance = shortest_path(graph, method="D", directed=False)
    pieces = len(np.unique(np.isfinite(distance), axis=0))
    if pieces > number:
        raise BadInstance(f"{path}: its nodes lie in {pieces} pieces with no edge between, and p is {number}")
    return distance, number


def _numbers(path: Path) -> NDArray[np.int64]:
    """All numbers of a file, whatever ends its lines."""
    try:
        return np.array(path.read_text(encoding="utf-8-sig").split(), np.int64)
    except (FileNotFoundError, IsADirectoryError):
        raise BadInstance(f"{path} is missing") from None
    except (ValueError, OverflowError):
        raise BadInstance(f"{path} is no p-median file: expected whole numbers only") from None


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
