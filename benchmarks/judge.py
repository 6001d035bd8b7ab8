"""What an answer to a published instance is worth: the file read again, plain Python, nothing of the search.

Routes hold customers by the number the file's order gives them, 1 to n; 0 is the depot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.published_files import Published, read_ccvrp, read_mtrpp, read_tsplib

Routes = Sequence[Sequence[int]]
TOLERANCE = 1e-9


class NotAnAnswer(ValueError):
    """The routes break a rule of the problem."""


def ccvrp_value(path: Path, vehicles: int, routes: Routes) -> float:
    """Cumulative VRP: the sum of arrivals. Everybody once, `vehicles` routes at most, none over capacity."""
    file = read_ccvrp(path)
    _everybody(file, routes)
    _fleet(file, routes, vehicles)
    for route in routes:
        load = sum(file.demand[one] for one in route)
        if load > file.capacity + TOLERANCE:
            raise NotAnAnswer(f"{path.name}: a vehicle carries {load:g}, it can carry {file.capacity:g}")
    return sum(sum(_arrivals(file, route)) for route in routes)


def mtrpp_value(path: Path, vehicles: int, routes: Routes) -> float:
    """Repairmen with profits: the sum of profit − arrival over those visited, each never below 0.

    Nobody twice; whoever is not visited brings nothing. References: Lu, Hao, Wu, "Hybrid
    evolutionary search for the traveling repairman problem with profits", Information Sciences
    502 (2019); Ren, Hao, Wu, Fu, "Intensification-driven local search for the traveling repairman
    problem with profits", Expert Systems with Applications 202 (2022).
    """
    file = read_mtrpp(path)
    _nobody_twice(file, routes)
    _fleet(file, routes, vehicles)
    return sum(
        max(0.0, file.profit[one] - arrival)
        for route in routes
        for one, arrival in zip(route, _arrivals(file, route), strict=True)
    )


def trp_value(path: Path, vehicles: int, routes: Routes) -> float:
    """Minimum latency: the sum of arrivals at every node and of the return to the depot."""
    file = read_tsplib(path)
    _everybody(file, routes)
    _fleet(file, routes, vehicles)
    total = 0.0
    for route in routes:
        arrivals = _arrivals(file, route)
        if route:
            total += sum(arrivals) + arrivals[-1] + file.distance(route[-1], 0)
    return total


Judge = Callable[[Path, int, Routes], float]


def _arrivals(file: Published, route: Sequence[int]) -> list[float]:
    clock, here, arrivals = 0.0, 0, []
    for one in route:
        clock += file.distance(here, one)
        arrivals.append(clock)
        here = one
    return arrivals


def _everybody(file: Published, routes: Routes) -> None:
    _nobody_twice(file, routes)
    missing = sorted(set(range(1, file.customers + 1)) - {one for route in routes for one in route})
    if missing:
        raise NotAnAnswer(
            f"{file.path.name}: {len(missing)} of {file.customers} are not visited, first {missing[0]}"
        )


def _nobody_twice(file: Published, routes: Routes) -> None:
    seen: set[int] = set()
    for one in (one for route in routes for one in route):
        if one in seen or not 1 <= one <= file.customers:
            raise NotAnAnswer(
                f"{file.path.name}: customer {one} is visited twice, or is no customer of 1 to {file.customers}"
            )
        seen.add(one)


def _fleet(file: Published, routes: Routes, vehicles: int) -> None:
    used = sum(bool(route) for route in routes)
    if used > vehicles:
        raise NotAnAnswer(f"{file.path.name}: {used} routes, {vehicles} vehicles")
