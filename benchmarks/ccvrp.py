"""Cumulative VRP: sum of arrival times, capacity and fleet fixed: ``python -m benchmarks.ccvrp FILE… --vehicles K``.

Files of Christofides, Mingozzi and Toth; without ``--vehicles`` the fleet is read from
best_known.csv beside the file. Ngueveu, Prins and Wolfler Calvo, Computers & Operations
Research 37(11), 2010.
"""

from __future__ import annotations

from benchmarks.judge import ccvrp_value
from benchmarks.published import BESIDE, Benchmark, main
from benchmarks.published_files import read_ccvrp

CCVRP = Benchmark("cumulative VRP", read_ccvrp, ccvrp_value, cpu_seconds=2.0, seeds="1,2,3")

if __name__ == "__main__":
    main(CCVRP, sorted((BESIDE / "ccvrp").glob("*.txt")))
