"""Travelling repairmen with profits: ``python -m benchmarks.mtrpp FILE…``.

Choose whom to visit and in which order; each brings profit − arrival, never below 0. As money
lost that is: a yuan a minute until arrival, and the whole profit where nobody comes. Instances of
Avci and Avci 2019 and of Lu, Hao and Wu 2019; distances are rounded to whole numbers. Without
files: a tenth of those with 50 to 200 customers beside the repository.
"""

from __future__ import annotations

from benchmarks.judge import mtrpp_value
from benchmarks.published import BESIDE, Benchmark, main
from benchmarks.published_files import read_mtrpp

MTRPP = Benchmark(
    "travelling repairmen with profits",
    read_mtrpp,
    mtrpp_value,
    must=False,
    larger_is_better=True,
    cpu_seconds=10.0,
)

if __name__ == "__main__":
    sizes = ("50.", "100.", "200.")
    main(MTRPP, sorted(one for one in (BESIDE / "mtrpp").glob("*/*") if one.name.startswith(sizes))[::10])
