"""The pieces of `benchmarks.roads`, each in a process of its own: ``python -m benchmarks.road_work '{NAME: {…}}'``.

CPU seconds are this process's, all its threads together; memory is its peak. Every answer that
is timed is also compared, by ``==``, with another engine's.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.road_maker import FEWEST_NODES, road_network
from benchmarks.road_oracle import Oracle
from dispatch.area import import_area, open_area
from dispatch.roads.engines import EngineName
from dispatch.roads.network import Network
from dispatch.roads.travel import Closure, Travel

Floats = NDArray[np.float64]
Result = dict[str, Any]
PEAK_HOUR = datetime(2026, 5, 1, 8)
FEW_EDGES = 50


def cpu(work: Callable[[], Any], times: int = 1) -> tuple[Any, float]:
    """What the work gives, and the median of its CPU seconds over so many times."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        given = work()
        seconds.append(time.process_time() - start)
    return given, statistics.median(seconds)


def peak_megabytes() -> int:
    """The most memory this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # the other figure is never below that of the process that started this one
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(lines["VmHWM"].split()[0]) // 1024  # kB -> MB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def points_near(network: Network, count: int, seed: int) -> Floats:
    """Seeded points some 200 m around junctions, shape (count, 2)."""
    rng = np.random.default_rng(seed)
    row = rng.integers(network.node_count, size=count)
    lonlat = np.column_stack([network.node_lon[row], network.node_lat[row]])
    return lonlat + rng.normal(0, 0.002, lonlat.shape)


def prepared(network: Network, engine: EngineName, cache: Path | None = None) -> Travel:
    """A `Travel` that has answered once: whatever an engine puts off until then is done."""
    travel = Travel(network, "car", engine=engine, cache=cache)
    ends = points_near(network, 2, 0)
    travel.matrix(ends[:1], ends[1:])
    return travel


def importing(extract: str, folder: str) -> Result:
    """From extract to area."""
    area, seconds = cpu(lambda: import_area(Path(extract), Path(folder)))
    return {
        "import_cpu_seconds": seconds,
        "import_megabytes": peak_megabytes(),
        "junctions": area.network.node_count,
        "edges": area.network.edge_count,
        "turn_restrictions": len(area.network.turn_from_edge),
    }


def opening(folder: str) -> Result:
    """An imported area again, the first thing a fresh process does."""
    _, seconds = cpu(lambda: open_area(folder))
    return {"open_cpu_seconds": seconds, "open_megabytes": peak_megabytes()}


def town(folder: str, *, side: int, wide: int, stations: int, paths: int, sample: int, seed: int) -> Result:
    """All questions on one area, asked of both engines and of networkx on a sample."""
    network = open_area(folder).network
    cache = Path(folder).parent / "cache"
    _, cold = cpu(lambda: prepared(network, "cch", cache))
    network = open_area(folder).network  # what an engine keeps of a network in memory is forgotten
    fast, warm = cpu(lambda: prepared(network, "cch", cache))
    slow, plain = cpu(lambda: prepared(network, "scipy"))
    points = points_near(network, 2 * side + wide + stations, seed)
    sources, targets, many, bases = np.split(points, [side, 2 * side, 2 * side + wide])
    found: Result = {
        "junctions": network.node_count,
        "edges": network.edge_count,
        "turn_restrictions": len(network.turn_from_edge),
        "prepare_cold_cpu_seconds": cold,
        "prepare_cached_cpu_seconds": warm,
        "prepare_scipy_cpu_seconds": plain,
    }
    found |= matrices(network, fast, slow, (sources, targets, many), sample)
    found |= nearest(network, fast, bases, targets)
    found |= one_path(fast, sources[:paths], targets[:paths])
    found |= reweighting(network, fast, sources[:50], targets[:50], seed)
    found |= {"peak_megabytes": peak_megabytes()}
    made = prepared(road_network(max(network.node_count, FEWEST_NODES), seed), "cch")
    points = points_near(made.network, 2 * side, seed)
    _, seconds = cpu(lambda: made.matrix(points[:side], points[side:]), 3)
    return found | {"made_square_cpu_seconds": seconds}


def matrices(
    network: Network, fast: Travel, slow: Travel, points: tuple[Floats, Floats, Floats], sample: int
) -> Result:
    """Square and wide matrices; every cell the same from SciPy, every cell of a sample from networkx."""
    sources, targets, many = points
    square, seconds = cpu(lambda: fast.matrix(sources, targets), 3)
    other, scipy_seconds = cpu(lambda: slow.matrix(sources, targets))
    wide, wide_seconds = cpu(lambda: fast.matrix(sources[: len(sources) // 10], many), 3)
    wide_other, scipy_wide_seconds = cpu(lambda: slow.matrix(sources[: len(sources) // 10], many))
    found: Result = {}
    start, ends = slow.snap(sources), slow.snap(targets)
    for name, multigraph in (("networkx", False), ("multigraph", True)):
        oracle = Oracle(network, multigraph=multigraph)
        rows = [oracle.minutes(sources[row], start.row(row), targets, ends) for row in range(sample)]
        each = statistics.mean(one for _, one in rows)
        found[f"square_{name}_extrapolated_cpu_seconds"] = each * len(sources)
        found[f"square_{name}_ratio"] = each * len(sources) / seconds
        same = [(square[row] == minutes).all() for row, (minutes, _) in enumerate(rows)]
        found[f"same_square_as_{name}"] = all(map(bool, same))
    return found | {
        "square_cpu_seconds": seconds,
        "square_scipy_cpu_seconds": scipy_seconds,
        "square_scipy_ratio": scipy_seconds / seconds,
        "networkx_sources": sample,
        "wide_cpu_seconds": wide_seconds,
        "wide_scipy_cpu_seconds": scipy_wide_seconds,
        "share_reachable": float(np.isfinite(square).mean()),
        "same_square_as_scipy": bool((square == other).all()),
        "same_wide_as_scipy": bool((wide == wide_other).all()),
    }


def nearest(network: Network, travel: Travel, bases: Floats, targets: Floats) -> Result:
    """The nearest station of every junction; the same minutes from networkx, and as in the matrix."""
    (minutes, _), seconds = cpu(lambda: travel.nearest(bases), 5)
    oracle = Oracle(network)
    return {
        "nearest_cpu_seconds": seconds,
        "same_nearest_as_networkx": bool((oracle.nearest(travel.snap(bases)) == minutes).all()),
        "same_nearest_as_matrix": nearest_as_matrix(travel, bases, targets),
    }


def nearest_as_matrix(travel: Travel, bases: Floats, targets: Floats) -> bool:
    """Whether the nearest of points is the least of their column, and the station named has it."""
    table = travel.matrix(bases, targets)
    minutes, which = travel.nearest_of(targets, bases)
    named = table[which, np.arange(len(targets))]
    return bool((minutes == table.min(axis=0)).all() and (named == minutes).all())


def one_path(travel: Travel, origins: Floats, targets: Floats) -> Result:
    """Paths with their lines and street names, one at a time; as long as the matrix says."""
    seconds, same, streets = [], True, 0
    table = travel.matrix(origins, targets)
    travel.path(origins[0], targets[0])
    for row in range(len(origins)):
        leg, one = cpu(partial(travel.path, origins[row], targets[row]))
        seconds.append(one)
        streets += len(leg.streets)
        # minutes of a leg are a sum of its parts: the same whole milliseconds, added as floats
        same &= bool(np.isclose(leg.minutes, table[row, row], rtol=1e-9, atol=1e-9))
    return {
        "path_median_cpu_milliseconds": statistics.median(seconds) * 1000,
        "path_mean_cpu_milliseconds": statistics.mean(seconds) * 1000,
        "path_slowest_cpu_milliseconds": max(seconds) * 1000,
        "path_mean_streets": streets / len(origins),
        "same_path_as_matrix": same,
    }


def reweighting(network: Network, travel: Travel, origins: Floats, targets: Floats, seed: int) -> Result:
    """The whole network for another hour, and a few edges slowed; then one question, and SciPy's answer."""
    edges = np.random.default_rng(seed).choice(network.edge_count, FEW_EDGES, replace=False)
    works = Closure(edges=np.sort(edges), factor=0.3, reason="works")
    pair = origins[:1], targets[:1]
    found: Result = {}
    for name, change in (("whole", {"departure": PEAK_HOUR}), ("few", {"closures": [works]})):
        travel.matrix(*pair)
        _, asking = cpu(lambda: travel.matrix(*pair), 5)

        def change_and_ask(change: dict[str, Any] = change) -> Travel:
            changed = travel.reweighted(**change)
            changed.matrix(*pair)  # an engine may leave the work to the first question
            return changed

        seconds = []
        for _ in range(5):
            travel.matrix(*pair)  # the metric is the old one again
            changed, one = cpu(change_and_ask)
            seconds.append(one - asking)
        fresh = Travel(network, "car", engine="scipy", **change)
        found[f"reweight_{name}_cpu_seconds"] = statistics.median(seconds)
        found[f"same_{name}_reweighted_as_scipy"] = bool(
            (changed.matrix(origins, targets) == fresh.matrix(origins, targets)).all()
        )
    return found


def million(nodes: int, *, side: int, stations: int, sample: int, seed: int) -> Result:
    """A network of invented roads: nearest and a square matrix, a sample of its rows the same from SciPy."""
    network, making = cpu(lambda: road_network(nodes, seed))
    fast, preparing = cpu(lambda: prepared(network, "cch"))
    points = points_near(network, 2 * side + stations, seed)
    sources, targets, bases = np.split(points, [side, 2 * side])
    square, seconds = cpu(lambda: fast.matrix(sources, targets))
    (minutes, _), nearest_seconds = cpu(lambda: fast.nearest(bases), 3)
    peak = peak_megabytes()
    slow = Travel(network, "car", engine="scipy")
    rows = np.random.default_rng(seed).choice(side, sample, replace=False)
    other, scipy_seconds = cpu(lambda: slow.matrix(sources[rows], targets))
    return {
        "million_junctions": network.node_count,
        "million_edges": network.edge_count,
        "million_turn_restrictions": len(network.turn_from_edge),
        "million_making_cpu_seconds": making,
        "million_prepare_cpu_seconds": preparing,
        "million_square_cpu_seconds": seconds,
        "million_square_scipy_extrapolated_cpu_seconds": scipy_seconds * side / sample,
        "million_scipy_sources": sample,
        "million_nearest_cpu_seconds": nearest_seconds,
        "million_peak_megabytes": peak,
        "million_share_reachable": float(np.isfinite(square).mean()),
        "same_million_square_as_scipy": bool((square[rows] == other).all()),
        "same_million_nearest_as_scipy": bool((slow.nearest(bases)[0] == minutes).all()),
        "same_million_nearest_as_matrix": nearest_as_matrix(fast, bases, targets),
    }


WORK: dict[str, Callable[..., Result]] = {
    "importing": importing, "opening": opening, "town": town, "million": million,
}  # fmt: skip


if __name__ == "__main__":
    results = [WORK[name](**given) for name, given in json.loads(sys.argv[1]).items()]
    print(json.dumps({key: value for result in results for key, value in result.items()}))
