"""Travelling repairman, or minimum latency: one repairman, the return counted: ``python -m benchmarks.trp FILE…``.

TSPLIB files (EUC_2D, CEIL_2D, ATT, GEO, EXPLICIT); node 1 is the depot and everybody is visited.
"""

from __future__ import annotations

from benchmarks.judge import trp_value
from benchmarks.published import BESIDE, Benchmark, main
from benchmarks.published_files import read_tsplib

TRP = Benchmark("minimum latency", read_tsplib, trp_value, home_counts=True, cpu_seconds=5.0)

if __name__ == "__main__":
    main(TRP, sorted((BESIDE / "trp").glob("*.tsp")))
