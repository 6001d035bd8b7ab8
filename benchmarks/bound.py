"""How near the bound is to the best known: ``python -m benchmarks.bound FILE… --vehicles K --seconds 60``.

Each FILE is a published instance of the cumulative VRP (Christofides, Mingozzi and Toth; the
fleet and the best known value from ``--vehicles``, ``--best`` or a best_known.csv beside it) or
the folder of a plan, whose own objective is then what the bound is compared with. CPU seconds
of one thread, compilation apart.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.published import BESIDE, Known, known, minutes_of
from benchmarks.published_files import Published, read_ccvrp
from dispatch.errors import BadInput, DispatchError
from dispatch.loss import plan_loss
from dispatch.planfile import PlanFile, read_plan
from dispatch.search.bound import gap_share, lower_bound
from dispatch.search.bound.counting import CountPricing, Even
from dispatch.search.bound.proof import compile_once, positions_bound

DEFAULTS = ("vrpnc1", "vrpnc2", "vrpnc3")
Instance = tuple[Path, Published, Known] | tuple[Path, PlanFile, None]


def even_of(file: Published, vehicles: int) -> Even:
    """The instance by positions. Leaving a customer out is dearer than any delay it could cause."""
    minutes, n = minutes_of(file), file.customers
    demand = np.array(file.demand[1:])
    if (demand != np.rint(demand)).any():
        raise BadInput(f"{file.path}: demands are not whole numbers; this bound counts loads in whole ones")
    whole = demand.astype(np.int64)
    longest = CountPricing.longest_route(whole, int(file.capacity))
    return Even(
        minutes=minutes[:n, :n].copy(),
        first=minutes[n, :n].copy(),
        demand=whole,
        capacity=int(file.capacity),
        crews=vehicles,
        never_yuan=np.full(n, 3.0 * longest * float(minutes.max())),
    )


def run_published(file: Published, best: Known, vehicles: int | None, seconds: float) -> dict[str, Any]:
    """The row of a published instance."""
    fleet = vehicles or best.vehicles or file.vehicles
    if fleet is None:
        raise BadInput(f"{file.path}: nothing says how many vehicles; give --vehicles")
    even, begun = even_of(file, fleet), time.process_time()
    bound, ended = positions_bound(even, seconds)
    return _row(
        file.path.stem, bound, best.value, "columns" if ended else "relaxed", time.process_time() - begun
    )


def run_plan(path: Path, file: PlanFile, seconds: float) -> dict[str, Any]:
    """The row of a plan folder."""
    begun = time.process_time()
    bound = lower_bound(file.problem, seconds=seconds, plan=file.plan)
    objective = plan_loss(file.problem, file.plan).objective_yuan
    return _row(path.name, bound.yuan, objective, bound.method, time.process_time() - begun)


def _row(name: str, bound: float | None, best: float | None, method: str, seconds: float) -> dict[str, Any]:
    gap = gap_share(best, bound) if best is not None else None
    return {
        "instance": name,
        "bound": None if bound is None else round(bound, 2),
        "best_known": None if best is None else round(best, 2),
        "gap_percent": None if gap is None else round(100 * gap, 4),
        "method": method,
        "cpu_seconds": round(seconds, 2),
    }


def warm_up() -> None:
    """Compile before anything is timed."""
    line = tuple((float(x), 0.0) for x in range(4))
    tiny = Published(Path("warm"), "EXACT", line, demand=(0.0, 1.0, 1.0, 1.0), capacity=9.0)
    positions_bound(even_of(tiny, 1), 1.0)
    compile_once()


def read(path: Path, best: Path | None) -> Instance:
    """A plan folder, or a published instance with what is known of it."""
    return (path, read_plan(path), None) if path.is_dir() else (path, read_ccvrp(path), known(path, best))


def main(arguments: list[str] | None = None) -> None:
    """Bound every instance; print lines or one JSON list."""
    options = argparse.ArgumentParser(description="lower bounds against the best known")
    options.add_argument(
        "files", nargs="*", type=Path, help="instances or plan folders; default: vrpnc1-3 beside"
    )
    options.add_argument("--vehicles", type=int, help="default: as the file or best_known.csv says")
    options.add_argument("--seconds", type=float, default=60.0, help="most wall seconds for each")
    options.add_argument(
        "--best", type=Path, help="a CSV of instance and best value; default: best_known.csv beside"
    )
    options.add_argument("--json", action="store_true")
    given = options.parse_args(arguments)
    files = given.files or [one for name in DEFAULTS if (one := BESIDE / "ccvrp" / f"{name}.txt").is_file()]
    if not files:
        options.error("name instance files or plan folders; none lie beside the repository")
    if given.seconds <= 0 or (given.vehicles is not None and given.vehicles < 1):
        options.error("--seconds is above 0, --vehicles at least 1")
    rows = []
    try:
        instances = [read(path, given.best) for path in files]  # bad files before any work
        warm_up()
        for path, file, best in instances:
            if isinstance(file, PlanFile):
                rows.append(run_plan(path, file, given.seconds))
            else:
                rows.append(run_published(file, best or Known(), given.vehicles, given.seconds))
            print(_line(rows[-1]), file=sys.stderr if given.json else sys.stdout, flush=True)
    except DispatchError as error:
        options.error(str(error))
    if given.json:
        print(json.dumps(rows, indent=1))


def _line(row: dict[str, Any]) -> str:
    bound = "no bound" if row["bound"] is None else f"{row['bound']:,.2f}"
    best = "–" if row["best_known"] is None else f"{row['best_known']:,.2f}"
    gap = "–" if row["gap_percent"] is None else f"gap ≤ {row['gap_percent']:.3f} %"
    return (
        f"{row['instance']:<16} {bound:>16} of {best:>16}  {gap}  {row['method']}  {row['cpu_seconds']:.1f} s"
    )


if __name__ == "__main__":
    main()
